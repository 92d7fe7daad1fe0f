//! The use of one connection for one request.

use std::future::Future;
use std::sync::Arc;

use http::{Request, Version};

use super::endpoint::Endpoint;
use super::exchange::{Connection, HyperResult, Outgoing};
use super::head::{Exchange, ResponseDeadline, Transmission};
use super::resend::Resend;
use super::tracker::{BeginError, RequestTracker};
use crate::names::UpstreamResult;

/// A connection to the instance that was picked, for one request.
#[derive(Debug)]
pub(in crate::gateway) struct Lease {
    connection: Connection,
    tracker: RequestTracker,
}

// === impl Lease ===

impl Lease {
    /// Connects for the request that `tracker` counts. A failure counts against the instance, unless it is this process that lacks something.
    pub(super) async fn begin(mut tracker: RequestTracker) -> Result<Self, BeginError> {
        tracker.enter().await?;
        match tracker.endpoint.connections.take(tracker.pool.connect_timeout).await {
            Ok(connection) => Ok(Self { connection, tracker }),
            Err(error) => {
                let (upstream, instance) = (&tracker.endpoint.upstream, tracker.endpoint.label());
                // A request that fails by it is logged as that; and each that is sent again would write a line.
                tracing::debug!(%upstream, %instance, %error, "instance unreachable");
                // A process without file descriptors or ports would blame all its instances, one after the other.
                if !error.is_own() {
                    tracker.fail(UpstreamResult::Connect);
                }
                Err(BeginError::Connect(error))
            }
        }
    }

    /// What the process at the other end said that it speaks, where it was asked.
    pub(in crate::gateway) fn speaks(&self) -> Option<&str> {
        self.connection.speaks().map(|speaks| &**speaks)
    }

    pub(in crate::gateway) fn endpoint(&self) -> &Endpoint {
        &self.tracker.endpoint
    }

    /// Sends the request; the head of its response is waited for, at most as `wait` has it. One that asks for another
    /// protocol (`upgrade`) has the connection for itself, also afterwards.
    pub(in crate::gateway) fn send(
        self,
        mut request: Request<Outgoing>,
        upgrade: bool,
        wait: ResponseDeadline,
    ) -> Exchange<impl Future<Output = HyperResult>> {
        let Self { connection, tracker } = self;
        let resend = || {
            let (endpoint, connect_timeout) = (Arc::clone(&tracker.endpoint), tracker.pool.connect_timeout);
            Resend { endpoint, connect_timeout, speaks: connection.speaks().cloned(), upgrade }
        };
        // A connection that is new has no excuse to end.
        let resend = connection.may_have_ended().then(resend);
        let (used, sending) = match connection {
            Connection::H1(open) => {
                *request.version_mut() = Version::HTTP_11;
                let used = open.used;
                let sending = if upgrade {
                    Transmission::apart(open.upgrade(request))
                } else {
                    Transmission::Driven { sending: open.send(request) }
                };
                (used, sending)
            }
            Connection::H2(open, stream) => {
                *request.version_mut() = Version::HTTP_2;
                (false, Transmission::apart(open.send(request, stream)))
            }
        };
        Exchange::new(sending, tracker, used, resend, wait)
    }
}

#[cfg(test)]
mod tests;
