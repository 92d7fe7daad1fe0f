//! Traces: what a request says of the trace that it is part of.

mod context;

pub(super) use context::settle;
