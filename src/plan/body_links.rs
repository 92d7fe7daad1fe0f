//! Links in bodies: what is done to them, and when.

use std::sync::Arc;

use super::Plan;
use super::origin::OwnAddress;
use super::reference::ReferenceMap;
use crate::catalog::VersionSource;
use crate::change::{BodyChain, ChainSlice};
use crate::json::{LinkMapper, Step};
use crate::resolve::Resolution;
use crate::version::VersionId;

// === impl Plan ===

impl Plan {
    /// What is done to a body of `chain` between the client and the service.
    pub(super) fn stretch<'c>(&self, chain: &'c BodyChain, from: VersionId, to: VersionId) -> ChainSlice<'c, Step> {
        if self.relinks(chain, from, to) { chain.relinked(from) } else { chain.between(from, to) }
    }

    /// Whether the links of a body of the service's own version are not those of the client: it has the API under another
    /// prefix, or names its version in the query.
    pub(super) fn relinks(&self, chain: &BodyChain, from: VersionId, to: VersionId) -> bool {
        let Some(resolution) = self.resolution().filter(|_| from == to && chain.has_links()) else { return false };
        resolution.source == VersionSource::Query || self.client_prefix(resolution, to) != self.forward_prefix(to)
    }

    /// What becomes of the links in a body of the request, or of the response from a service at `own`.
    pub(super) fn link_mapper(&self, request: bool, spoken: VersionId, own: Option<Arc<OwnAddress>>) -> LinkMapper {
        let plan = self.clone();
        LinkMapper::new(move |url| {
            let resolution = plan.resolution().filter(|_| is_link(url))?;
            if request {
                return ReferenceMap::for_service(&plan, resolution, spoken).map(url);
            }
            plan.link_for_client(resolution, spoken, own.as_deref(), url)
        })
    }

    fn link_for_client(
        &self,
        resolution: &Resolution,
        spoken: VersionId,
        own: Option<&OwnAddress>,
        url: &str,
    ) -> Option<String> {
        // What would need a host to be told from another reference stays: the client's may be anybody's.
        let published = own.and_then(|own| own.public(url, None));
        let references = ReferenceMap::for_client(self, resolution, spoken);
        references.map(published.as_deref().unwrap_or(url)).or(published)
    }
}

/// A template (RFC 6570) is no link yet, and what has control characters or spaces is none.
fn is_link(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'{' | b'}'))
}
