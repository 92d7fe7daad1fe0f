//! Towards clients: listeners, connections, and a request from its head to the end of its response.

pub(super) mod descriptors;
pub(super) mod flow;
pub(super) mod handler;
pub(super) mod listen;
pub(super) mod liveness;
pub(super) mod metrics;
pub(super) mod monitored;
pub(super) mod overload;
pub(super) mod server;
pub(super) mod streams;
