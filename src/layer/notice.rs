//! What operators should know of the bodies of an exchange.

use crate::plan::{Plan, Unmigratable, Untyped};

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
    Failed {
        /// Whether it was a response.
        response: bool,
        /// What was wrong with it.
        detail: String,
    },
}

// === impl Notices ===

impl Notices {
    /// In the order in which they came to light.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }

    /// What was wrong with a message that could not be migrated, if there was one.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<&str> {
        self.list.iter().find_map(|notice| match notice {
            Notice::Failed { detail, .. } => Some(&**detail),
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
    pub(super) fn failed(failure: &Unmigratable) -> Self {
        Self::Failed { response: failure.is_response(), detail: failure.to_string() }
    }

    /// Whether it is about the response.
    #[must_use]
    pub(crate) const fn is_response(&self) -> bool {
        match self {
            Self::Untyped { body, .. } => body.is_response(),
            Self::Failed { response, .. } => *response,
        }
    }
}
