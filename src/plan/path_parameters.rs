//! The parameters of the request's path, for templates in changes.

use super::Plan;
use crate::path::decode;

// === impl Plan ===

impl Plan {
    /// The parameters of the path by their names, percent-decoded. One that is not UTF-8 is left out, and so is unknown to
    /// templates.
    pub(super) fn path_parameters(&self) -> Vec<(Box<str>, Box<str>)> {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return Vec::new() };
        let Some(name) = route.history.name_in(resolution.request) else { return Vec::new() };
        let values = self.api().routers[resolution.request.index()].params(self.below(resolution));
        let pairs = name.parameters().into_iter().zip(values);
        let decoded = |(name, value): (&str, &str)| Some((name.trim_start_matches('*').into(), decode(value)?.into()));
        pairs.filter_map(decoded).collect()
    }
}
