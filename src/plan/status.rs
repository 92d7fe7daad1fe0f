//! Statuses that depend on the body.

use http::StatusCode;
use http::header::HeaderMap;

use super::Plan;
use super::content::DeclaredContent;
use super::unmigratable::{Unmigratable, UnmigratableReason};
use crate::catalog::Content;
use crate::change::StatusPath;
use crate::coding::Coding;
use crate::json::MigrateOptions;
use crate::version::VersionId;

/// A response whose status in the client's version depends on its body, which has to be there whole.
#[derive(Clone, Debug)]
pub(crate) struct StatusQuestion {
    plan: Plan,
    spoken: VersionId,
    received: StatusCode,
    codings: Box<[Coding]>,
}

// === impl Plan ===

impl Plan {
    /// What has to be known of the body of a response before its head can be made one of the client's version; `None`: nothing.
    ///
    /// # Errors
    /// A body with an unknown content coding.
    pub(crate) fn status_question(
        &self,
        spoken: VersionId,
        received: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<StatusQuestion>, Unmigratable> {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return Ok(None) };
        let asks = route.history.asks_body(received.as_u16(), spoken, resolution.response);
        if !asks || self.is_head() || Self::has_no_content(received) || received == StatusCode::PARTIAL_CONTENT {
            return Ok(None);
        }
        let declared = DeclaredContent::known(headers, route.content.filter(|_| received.is_success()));
        if declared != DeclaredContent::Content(Content::Json) {
            return Ok(None);
        }
        let Some(codings) = Coding::list(headers) else {
            return Err(Unmigratable::new(true, UnmigratableReason::Coded));
        };
        Ok(Some(StatusQuestion { plan: self.clone(), spoken, received, codings: codings.into() }))
    }

    /// Whether the status of some response to this request depends on its body.
    pub(super) fn decides_by_bodies(&self, spoken: VersionId) -> bool {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return false };
        route.history.has_conditions(spoken, resolution.response)
    }
}

// === impl StatusQuestion ===

impl StatusQuestion {
    /// Decides by the whole body, less its [`codings`](Self::codings).
    ///
    /// # Errors
    /// A body that cannot be migrated as far as a condition.
    pub(crate) fn decide(&self, body: &[u8]) -> Result<StatusPath, Unmigratable> {
        let Some((route, to)) = self.plan.route().zip(self.plan.version_id()) else {
            return Ok(StatusPath::unchanged(self.received.as_u16()));
        };
        let options =
            MigrateOptions::default().with_max_bytes(usize::MAX).with_path_parameters(self.plan.path_parameters());
        let path = route.history.status_path(self.received.as_u16(), (self.spoken, to), body, &options);
        path.map_err(|error| Unmigratable::new(true, UnmigratableReason::Body(error)))
    }

    /// The content codings of the body, in the order in which they were applied.
    #[cfg(feature = "layer")]
    pub(crate) fn codings(&self) -> &[Coding] {
        &self.codings
    }

    /// The plan of the request.
    #[cfg(feature = "layer")]
    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }
}

// === impl Unmigratable ===

#[cfg(feature = "layer")]
impl Unmigratable {
    /// A response that is larger than what is held.
    pub(crate) const fn too_large_response() -> Self {
        Self::new(true, UnmigratableReason::TooLarge)
    }

    /// A response that broke off.
    pub(crate) const fn broken_response() -> Self {
        Self::new(true, UnmigratableReason::Broken)
    }

    /// A response that is not what its codings say.
    pub(crate) const fn miscoded_response() -> Self {
        Self::new(true, UnmigratableReason::Miscoded)
    }
}
