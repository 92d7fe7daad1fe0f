//! Replies of the gateway's own, in place of an instance's.

use bytes::Bytes;
use http::Response;
use http_body_util::{Either, Full};

use super::pool::UpstreamBody;
use crate::gateway::telemetry::explain::{Cause, Explained};
use crate::gateway::wire::edge::CleanTrailers;
use crate::layer::LocalReply;
use crate::names::Outcome;
use crate::plan::Plan;
use crate::problem::{Problem, ProblemType, TYPE_BASE};

/// What goes back: an upstream's body, or a problem.
pub(in crate::gateway) type ProxyBody = Either<CleanTrailers<UpstreamBody>, Full<Bytes>>;

/// Seconds after which a request that got no place may come again.
const RETRY_AFTER: u64 = 1;

/// The response to a client whose request body did not arrive completely.
pub(in crate::gateway) const fn body_fault(kind: ProblemType) -> &'static str {
    match kind {
        ProblemType::BodyTooLarge => "the body is larger than the limit: send a smaller body",
        ProblemType::BodyTimeout => "the body arrived too slowly: retry over a faster connection",
        _ => "the body ended early, or its framing is invalid: send the whole body",
    }
}

/// The response to a request that failed through no fault of the client. The log has the cause; the client learns what it can do.
pub(in crate::gateway) fn failure(plan: Option<&Plan>, kind: ProblemType, explained: Explained) -> Response<ProxyBody> {
    let detail = match explained.cause {
        Cause::Overloaded
        | Cause::NoUpstream
        | Cause::NoInstance
        | Cause::Unreachable
        | Cause::Refused
        | Cause::ConnectTimeout
        | Cause::Tls
        | Cause::Certificate
        | Cause::QueueFull
        | Cause::QueueTimeout => "the service is unavailable, and the request did not reach it: retry later",
        Cause::RouteTimeout | Cause::ResponseTimeout | Cause::BodyTimeout => {
            "the service did not respond in time and may have processed the request: retry only if the request is \
             safe to repeat"
        }
        Cause::Broken => {
            "the service closed the connection without a response and may have processed the request: retry only if \
             the request is safe to repeat"
        }
        Cause::InvalidResponse | Cause::HeadersTooLarge | Cause::UnknownVersion | Cause::Unmigratable => {
            "the response of the service is invalid: a retry does not help; report the request id to the operators"
        }
    };
    let mut problem = Problem::new(kind).with_detail(detail);
    if matches!(explained.cause, Cause::QueueFull | Cause::QueueTimeout) {
        problem = problem.with_retry_after(RETRY_AFTER);
    }
    let mut response = own(plan, &problem);
    response.extensions_mut().insert(explained);
    response
}

pub(in crate::gateway) fn problem(plan: Option<&Plan>, kind: ProblemType, detail: &str) -> Response<ProxyBody> {
    own(plan, &Problem::new(kind).with_detail(detail))
}

/// An answer of the gateway's own. It has all its fields when it is rendered, since that also decides which of them scripts
/// may read.
fn own(plan: Option<&Plan>, problem: &Problem) -> Response<ProxyBody> {
    let response = match plan {
        Some(plan) => {
            let answer = plan.render(problem);
            let mut response = Response::new(answer.body);
            (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
            response
        }
        None => problem.response(TYPE_BASE),
    };
    let mut response = response.map(|body| Either::Right(Full::new(Bytes::from(body))));
    let outcome = if response.status().is_server_error() { Outcome::Error } else { Outcome::Refused };
    response.extensions_mut().insert(outcome);
    response.extensions_mut().insert(LocalReply);
    response
}
