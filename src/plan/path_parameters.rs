//! The parameters of the request's path, for templates in changes.

use super::Plan;
use crate::path::decode;
use crate::resolve::Resolution;

// === impl Plan ===

impl Plan {
    /// The parameters of the path by their names, percent-decoded. One that is not UTF-8 is left out, and so is unknown to
    /// templates.
    pub(super) fn path_parameters(&self) -> Vec<(Box<str>, Box<str>)> {
        let pairs = self.resolution().and_then(|resolution| self.parameters(resolution)).unwrap_or_default();
        let decoded = |(name, value): (&str, &str)| Some((name.trim_start_matches('*').into(), decode(value)?.into()));
        pairs.into_iter().filter_map(decoded).collect()
    }

    /// The parameters of the path by their names, as they were sent.
    pub(super) fn parameters<'a>(&'a self, resolution: &'a Resolution) -> Option<Vec<(&'a str, &'a str)>> {
        let name = self.route()?.history.name_in(resolution.request)?;
        let values = self.api().routers[resolution.request.index()].params(self.below(resolution));
        Some(name.parameters().into_iter().zip(values).collect())
    }
}
