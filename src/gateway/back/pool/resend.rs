//! Sends a request over another connection to the same instance.

use std::sync::Arc;
use std::time::Duration;

use http::Request;

use super::endpoint::Endpoint;
use super::exchange::{Connection, Delivery, Outgoing, SendError, SendResult};

/// What it takes to send a request over another connection to the same instance.
#[derive(Debug)]
pub(super) struct Resend {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) connect_timeout: Duration,
    /// What the request was migrated for.
    pub(super) speaks: Option<Arc<str>>,
    pub(super) upgrade: bool,
}

// === impl Resend ===

impl Resend {
    /// Sends a request over a new connection, of which nothing was sent over one that ended with `error`.
    pub(super) async fn send(self, request: Box<Request<Outgoing>>, error: hyper::Error) -> SendResult {
        let Self { endpoint, connect_timeout, speaks, upgrade } = self;
        match endpoint.connections.fresh(connect_timeout).await {
            Ok(connection) if connection.speaks() == speaks.as_ref() => {
                return connection.send(*request, upgrade).await;
            }
            // It speaks another version than the one that this request was made for. The next try is made for it.
            Ok(Connection::H1(open)) => endpoint.park(open),
            Ok(Connection::H2(..)) => {}
            Err(error) => {
                let (upstream, instance) = (&endpoint.upstream, endpoint.label());
                tracing::debug!(%upstream, %instance, %error, "instance unreachable");
            }
        }
        Err(SendError { error, fate: Delivery::Unsent(request) })
    }
}
