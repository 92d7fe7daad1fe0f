//! A line that gathers what is known of a request while it is served, and is logged when it is dropped.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, Version};
use http_body::Frame;
use hyper::body::Incoming;

use super::{Line, Log};
use crate::clock::{Clock, SystemClock};
use crate::gateway::telemetry::explain::Explained;
use crate::gateway::telemetry::extensions::ResponsePlan;
use crate::gateway::telemetry::extensions::{AnsweredBy, UpstreamLatency};
use crate::gateway::wire::peer::Peer;
use crate::names::{Outcome, Refusal};
use crate::plan::Plan;

/// A line of the log that is written when it is dropped.
pub(in crate::gateway) struct AccessEntry {
    log: Log,
    began: Instant,
    line: Box<Line>,
}

// === impl AccessEntry ===

impl AccessEntry {
    pub(in crate::gateway) fn new(log: &Log, request: &Request<Incoming>, peer: &Peer, client: Option<IpAddr>) -> Self {
        let line = Line {
            time: Some(SystemClock.now()),
            peer: peer.ip,
            client,
            method: request.method().clone(),
            target: request.uri().clone(),
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
            protocol: match request.version() {
                Version::HTTP_10 => "HTTP/1.0",
                Version::HTTP_2 => "HTTP/2",
                _ => "HTTP/1.1",
            },
            ..Line::default()
        };
        Self { log: log.clone(), began: Instant::now(), line: Box::new(line) }
    }

    /// The head of the response is there; `ended` if that is all of it.
    pub(in crate::gateway) fn answered<B>(&mut self, response: &Response<B>, ended: bool, id: Option<HeaderValue>) {
        let extensions = response.extensions();
        let line = &mut self.line;
        line.status = response.status().as_u16();
        line.ended = ended;
        line.upstream_took = extensions.get::<UpstreamLatency>().map(|took| took.0);
        line.instance = extensions.get::<AnsweredBy>().map(|answerer| Arc::clone(&answerer.0));
        line.request_id = id;
        line.error = extensions.get::<Explained>().map(|explained| explained.cause.as_str());
        line.plan = extensions.get::<ResponsePlan>().map(|planned| planned.0.clone());
        let refused = extensions.get::<Refusal>().map(|_| Outcome::Refused);
        let known = extensions.get::<Outcome>().copied().or(refused);
        line.outcome = known.or_else(|| line.plan.as_ref().map(Plan::outcome));
    }

    /// A frame of the response, or its end; `end` if none follows.
    pub(in crate::gateway) fn frame<E>(&mut self, frame: Option<&Result<Frame<Bytes>, E>>, end: bool) {
        let line = &mut self.line;
        line.ended = end || frame.is_none();
        match frame {
            Some(Ok(frame)) => line.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) => (line.ended, line.outcome) = (false, Some(Outcome::Error)),
            None => {}
        }
    }
}

impl Drop for AccessEntry {
    fn drop(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.took = self.began.elapsed();
        if !line.ended && line.outcome != Some(Outcome::Error) {
            line.outcome = Some(Outcome::Aborted);
        }
        self.log.line(line);
    }
}
