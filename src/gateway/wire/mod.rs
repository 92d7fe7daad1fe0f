//! What both sides of the gateway need of a socket and of a message: bytes, TLS, the edge of HTTP, bodies on their way in.

pub(super) mod body_error;
pub(super) mod client_tls;
pub(super) mod connect;
pub(super) mod edge;
pub(super) mod forwarded;
pub(super) mod io;
pub(super) mod lookup;
#[cfg_attr(not(feature = "notices"), allow(dead_code, reason = "without notices, only keys are fetched"))]
pub(super) mod outbound;
pub(super) mod pace;
pub(super) mod peer;
pub(super) mod request_body;
pub(super) mod shutdown;
pub(super) mod timer;
pub(super) mod tls;
pub(super) mod unread;
pub(super) mod upload;
