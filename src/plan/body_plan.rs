//! A body that has to be migrated, and how.

use std::sync::Arc;

use super::Plan;
use super::origin::OwnAddress;
use super::unmigratable::{Unmigratable, UnmigratableReason};
use crate::catalog::{Content, Migration};
use crate::change::BodyChain;
use crate::coding::Coding;
use crate::json::{Framed, Framing, MigrateError, Migrated};
use crate::version::VersionId;

/// A body that has to be migrated once it is there.
#[derive(Clone, Debug)]
pub(crate) struct BodyPlan {
    pub(super) plan: Plan,
    pub(super) content: Content,
    /// What separates its parts, if it has parts.
    pub(super) boundary: Option<Box<str>>,
    pub(super) from: VersionId,
    pub(super) to: VersionId,
    /// The status as the newest version has it; none for a request.
    pub(super) response: Option<u16>,
    /// In the order in which they were applied; they come off before it is migrated.
    pub(super) codings: Box<[Coding]>,
    /// What is done to it where its status changes on the way; none: what is done to a body with that status.
    pub(super) spliced: Option<Arc<BodyChain>>,
    /// The address by which the service may call itself in a response.
    pub(super) own: Option<Arc<OwnAddress>>,
}

// === impl BodyPlan ===

impl BodyPlan {
    /// Migrates the whole body, less its [`codings`](Self::codings).
    ///
    /// # Errors
    /// A body that cannot be migrated.
    pub(crate) fn run(&self, body: &[u8]) -> Result<Migrated, Unmigratable> {
        let result = self.migration().map_or_else(
            || Ok(Migrated::unchanged(body)),
            |migration| {
                let options = migration.options().with_max_bytes(usize::MAX);
                migration.with_options(options).run(self.content, body)
            },
        );
        result.map_err(|error| Unmigratable::new(self.response.is_some(), UnmigratableReason::Body(error)))
    }

    /// A run that migrates the body, less its [`codings`](Self::codings), as it passes, holding no more than `limit`; `None`
    /// for one that must be there whole: a patch, and an urlencoded form.
    #[must_use]
    pub(crate) fn stream(&self, limit: usize) -> Option<Framed> {
        Some(self.migration()?.stream(self.content)?.with_hold_limit(limit))
    }

    /// Whether the body is one document, as far as its head says, and not many that each stand for themselves.
    #[must_use]
    pub(crate) fn is_document(&self) -> bool {
        let documents = |framing| matches!(framing, Framing::Document | Framing::Concatenated);
        self.content.framing().is_none_or(documents)
    }

    /// For a response of a service with an address of its own: links that begin with it lead to where the client is.
    #[must_use]
    #[cfg(feature = "layer")]
    pub(crate) fn with_own_address(mut self, own: Option<Arc<OwnAddress>>) -> Self {
        self.own = own;
        self
    }

    /// What the service speaks.
    const fn spoken(&self) -> VersionId {
        if self.response.is_some() { self.from } else { self.to }
    }

    /// Says that the body does not fit.
    #[must_use]
    pub(crate) fn unfit(&self, error: MigrateError) -> Unmigratable {
        Unmigratable::new(self.is_response(), UnmigratableReason::Body(error))
    }

    /// How the body contains JSON.
    #[must_use]
    pub(crate) const fn content(&self) -> Content {
        self.content
    }

    /// The plan of the request.
    #[must_use]
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether it is a response's.
    #[must_use]
    pub(crate) fn is_response(&self) -> bool {
        self.response.is_some()
    }

    /// The content codings of the body, in the order in which they were applied.
    #[must_use]
    pub(crate) fn codings(&self) -> &[Coding] {
        &self.codings
    }

    /// Says that the body is larger than what is migrated.
    #[must_use]
    pub(crate) fn too_large(&self) -> Unmigratable {
        Unmigratable::new(self.is_response(), UnmigratableReason::TooLarge)
    }

    /// Says that the body is not what its codings say.
    #[must_use]
    pub(crate) fn miscoded(&self) -> Unmigratable {
        Unmigratable::new(self.is_response(), UnmigratableReason::Miscoded)
    }

    /// Says that the body broke off.
    #[must_use]
    pub(crate) fn broken(&self) -> Unmigratable {
        Unmigratable::new(self.is_response(), UnmigratableReason::Broken)
    }

    /// Says that the content is not what its digests say.
    #[must_use]
    pub(crate) fn mismatch(&self) -> Unmigratable {
        Unmigratable::new(self.is_response(), UnmigratableReason::Digest)
    }

    /// Says that the body must stay as it is (RFC 9111 §5.2.2.6).
    #[must_use]
    pub(crate) fn untransformable(&self) -> Unmigratable {
        Unmigratable::new(self.is_response(), UnmigratableReason::Untransformable)
    }

    /// Whether another document may follow, although the head says that there is one.
    #[must_use]
    pub(crate) fn may_go_on(&self) -> bool {
        self.content == Content::Concatenated
    }

    pub(crate) fn migration(&self) -> Option<Migration<'_>> {
        let history = &self.plan.route()?.history;
        let chain = match (&self.spliced, self.response) {
            (Some(chain), _) => chain,
            (None, Some(status)) => history.response(status)?,
            (None, None) => &history.request,
        };
        let plan = &self.plan;
        let migration = match plan.relinks(chain, self.from, self.to) {
            true => Migration::relinking(chain, self.from),
            false => Migration::new(chain, self.from, self.to),
        };
        let migration = match chain.has_links() {
            true => {
                let links = plan.link_mapper(self.response.is_none(), self.spoken(), self.own.clone());
                let options = migration.options().with_links(links);
                migration.with_options(options)
            }
            false => migration,
        };
        let migration = match chain.needs_path() {
            true => {
                let options = migration.options().with_path_parameters(plan.path_parameters());
                migration.with_options(options)
            }
            false => migration,
        };
        Some(match &self.boundary {
            Some(boundary) => migration.with_boundary(boundary),
            None => migration,
        })
    }
}
