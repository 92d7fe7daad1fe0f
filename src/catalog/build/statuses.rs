//! Statuses that depend on the body.

use super::super::content::Content;
use super::super::entry::RouteEntry;
use super::Builder;
use crate::change::{DatedChange, StatusLink};
use crate::diagnostic::{Diagnostic, quoted};

// === impl Builder ===

impl Builder<'_> {
    /// Refuses conditions that never hold, because the body is declared to be something else than one document.
    pub(super) fn check_status_conditions(&mut self, routes: &[RouteEntry], dated: &[DatedChange<'_>]) {
        for route in routes {
            let Some(kind) = route.content.and_then(kind) else { continue };
            let success = |status: u16| (200..300).contains(&status);
            let idle = |link: &&StatusLink| link.when.is_some() && (success(link.old) || success(link.new));
            for link in route.history.statuses.iter().filter(idle) {
                let (change, op) = (dated[link.op.0 as usize].change, link.op.1 as usize);
                let message =
                    format!("the `when` of this op never holds: responses of `{}` are {kind}", route.history.name);
                let help = "remove `when`, or the `content` of the route: a condition is about one JSON document";
                let from = self.found.len();
                self.found.push(Diagnostic::error("condition-on-stream", message, change.ops[op].span).help(help));
                if change.span.is_none() {
                    let number = op + 1;
                    let at = || format!("the change {}, op {number}: OpSpec::map_status", quoted(&change.summary));
                    self.found.locate(from, at);
                }
            }
        }
    }
}

/// What a body is that is not one document.
const fn kind(content: Content) -> Option<&'static str> {
    match content {
        Content::Json | Content::Concatenated => None,
        Content::Ndjson => Some("a document on each line"),
        Content::EventStream => Some("streams of events"),
        Content::Sequence => Some("JSON text sequences"),
        Content::Form(_) | Content::Multipart(_) => Some("forms"),
        Content::MergePatch | Content::JsonPatch => Some("patches"),
    }
}
