//! What operators should know of the bodies of an exchange.

use http::StatusCode;

use crate::json::MigrateError;
use crate::plan::{Plan, Unmigratable, Untyped};
use crate::version::VersionId;

/// A response extension: what became of bodies of the exchange that a change is about and that were not migrated. For a
/// log; the metrics have counted it.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    plan: Plan,
    list: Vec<Notice>,
}

/// One of [`Notices`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub(crate) enum Notice {
    /// The body passed as it was, since its `Content-Type` did not say that it is JSON.
    Untyped {
        /// What passed, and its type.
        body: Untyped,
        /// Whether it is the first on its route, in its direction, since the catalog was built.
        first: bool,
    },
    /// The message was answered by a problem document: it could not be migrated.
    Failed(FailedMessage),
}

/// A message that could not be migrated, as a log shows it.
#[derive(Clone, Debug)]
pub(crate) struct FailedMessage {
    /// Whether it was a response.
    pub(crate) response: bool,
    /// What was wrong with it.
    pub(crate) detail: String,
    /// The status of the answer.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) status: StatusCode,
    /// The version that it was in, and the one that it was to be migrated to.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) versions: Option<(VersionId, VersionId)>,
    /// The version and the summary of the change that could not be made, if it got so far.
    pub(crate) change: Option<Box<str>>,
    /// The place of the value that this change could not process.
    pub(crate) pointer: Option<String>,
}

// === impl Notices ===

impl Notices {
    /// In the order in which they came to light.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }

    /// What was wrong with a message that could not be migrated, if there was one.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<&FailedMessage> {
        self.list.iter().find_map(|notice| match notice {
            Notice::Failed(failed) => Some(failed),
            Notice::Untyped { .. } => None,
        })
    }

    /// The plan of the request, which knows api and route.
    #[must_use]
    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn push(all: &mut Option<Box<Self>>, plan: &Plan, notice: Notice) {
        all.get_or_insert_with(|| Box::new(Self { plan: plan.clone(), list: Vec::new() })).list.push(notice);
    }
}

// === impl Notice ===

impl Notice {
    pub(super) fn failed(plan: &Plan, failure: &Unmigratable) -> Self {
        Self::Failed(FailedMessage::new(plan, failure))
    }

    /// Whether it is about the response.
    #[must_use]
    pub(crate) const fn is_response(&self) -> bool {
        match self {
            Self::Untyped { body, .. } => body.is_response(),
            Self::Failed(failed) => failed.response,
        }
    }
}

// === impl FailedMessage ===

impl FailedMessage {
    pub(super) fn new(plan: &Plan, failure: &Unmigratable) -> Self {
        let response = failure.is_response();
        let (client, service) = (if response { plan.version() } else { plan.request_version() }, plan.spoken());
        let versions = client.map(|client| if response { (service, client.id()) } else { (client.id(), service) });
        let error = failure.migrate_error();
        let change = error.and_then(MigrateError::change).and_then(|number| plan.api().change_name(number));
        Self {
            response,
            detail: failure.to_string(),
            status: failure.status(),
            versions,
            change: change.map(Into::into),
            pointer: error.and_then(MigrateError::pointer),
        }
    }
}
