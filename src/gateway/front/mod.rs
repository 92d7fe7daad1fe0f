//! Towards clients: listeners, connections, and a request from its head to the end of its response.

pub(super) mod descriptors;
pub(super) mod door;
pub(super) mod listen;
pub(super) mod server;
pub(super) mod shed;
pub(super) mod shell;
pub(super) mod streams;
pub(super) mod vital;
