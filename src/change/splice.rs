//! One chain of the chains of several statuses.

use super::chain::{BodyChain, Chain, Link};
use super::status_path::OpRange;
use crate::json::Step;

// === impl BodyChain ===

impl BodyChain {
    /// The parts of several chains, the oldest first: of each the steps of its ops. `upwards`: it leads to the newer end.
    pub(super) fn spliced(parts: &[(&Self, OpRange)], upwards: bool) -> Self {
        let links =
            parts.iter().flat_map(|(body, ops)| body.chain().links().iter().filter_map(|link| link.within(*ops)));
        let newest = parts.last().map(|(body, _)| *body);
        let end = if upwards { newest } else { parts.first().map(|(body, _)| *body) };
        let beside = end.map(|body| body.beside()[0].to_vec()).unwrap_or_default();
        let references = newest.map(|body| body.beside()[1].to_vec()).unwrap_or_default();
        Self::new(Chain::new(links.collect()), beside, references)
    }
}

// === impl Link ===

impl Link<Step> {
    /// What it does by these ops; `None` for nothing.
    fn within(&self, range: OpRange) -> Option<Self> {
        let some = |steps: &[Step], ops: &[u32]| -> Vec<(u32, Step)> {
            let steps = ops.iter().zip(steps).filter(|(op, _)| range.contains((self.change, **op)));
            steps.map(|(op, step)| (*op, step.clone())).collect()
        };
        let [up, down] = [some(&self.up, &self.ops[0]), some(&self.down, &self.ops[1])];
        (!up.is_empty() || !down.is_empty()).then(|| Self::new(self.version, self.change, up, down))
    }
}
