//! What operators read: metrics, the access log, spans, and why a response came about.

pub(super) mod access;
pub(super) mod explain;
pub(super) mod extensions;
pub(super) mod memory;
pub(super) mod recorder;
pub(super) mod trace;
