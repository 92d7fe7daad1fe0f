//! What the ledger gets of a request. Without the feature `usage`, or without a ledger, nothing is done and nothing is kept.

#[cfg(feature = "usage")]
use std::sync::Arc;

#[cfg(feature = "usage")]
use http::header::{HeaderName, USER_AGENT};
use http::{HeaderMap, StatusCode};

use crate::plan::Plan;
#[cfg(feature = "usage")]
use crate::usage::{Caller, Ledger, RefusalKind, Tally, UsedRoute};

/// The ledger of a [`Count`](super::Count).
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "usage"), derive(Default))]
pub(super) struct Recorder {
    #[cfg(feature = "usage")]
    pub(super) ledger: Option<Arc<Ledger>>,
    /// The header of a request's id.
    #[cfg(feature = "usage")]
    pub(super) request_id: HeaderName,
}

/// The rows of one request.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    #[cfg(feature = "usage")]
    tallies: Option<Tallies>,
}

#[cfg(feature = "usage")]
#[derive(Debug)]
struct Tallies {
    response: Tally,
    /// Of the version of the request's content, where that is another one: its client uses both.
    content: Option<Tally>,
    refusal: Option<RefusalKind>,
}

#[cfg(feature = "usage")]
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(feature = "usage")]
impl Default for Recorder {
    fn default() -> Self {
        Self { ledger: None, request_id: REQUEST_ID }
    }
}

#[cfg(feature = "usage")]
impl Recorder {
    /// A preflight is not recorded: the browser sends it, and the script's request follows.
    pub(super) fn begin(&self, plan: &Plan, headers: &HeaderMap) -> Recorded {
        let Some(ledger) = self.ledger.as_deref().filter(|_| !plan.is_preflight()) else { return Recorded::default() };
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let tally = |route: &UsedRoute| {
            let mut caller = Caller::new(route);
            if let Some(consumer) = plan.consumer() {
                caller = caller.with_consumer(consumer.as_str());
            }
            if let Some(agent) = text(&USER_AGENT) {
                caller = caller.with_user_agent(agent);
            }
            if let Some(id) = text(&self.request_id) {
                caller = caller.with_request_id(id);
            }
            ledger.tally(plan.now(), &caller)
        };
        let (response, content) = (tally(plan.used_route()), plan.content_used_route().map(tally));
        Recorded { tallies: Some(Tallies { response, content, refusal: plan.usage_refusal() }) }
    }
}

#[cfg(feature = "usage")]
impl Recorded {
    pub(super) fn end(&self, plan: &Plan, status: StatusCode, bytes: u64) {
        let Some(tallies) = &self.tallies else { return };
        for tally in [Some(&tallies.response), tallies.content.as_ref()].into_iter().flatten() {
            tally.add(status.as_u16(), tallies.refusal, bytes);
            plan.each_altered(|change| tally.add_change(change));
        }
    }
}

#[cfg(not(feature = "usage"))]
impl Recorder {
    pub(super) fn begin(&self, _: &Plan, _: &HeaderMap) -> Recorded {
        Recorded::default()
    }
}

#[cfg(not(feature = "usage"))]
impl Recorded {
    pub(super) fn end(&self, _: &Plan, _: StatusCode, _: u64) {}
}
