//! What a response carries for logs, spans and `Server-Timing`.

use std::sync::Arc;
use std::time::Duration;

use crate::plan::Plan;

/// A response extension: how long the upstream took to begin its answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct UpstreamLatency(pub(in crate::gateway) Duration);

/// A response extension: which instance answered.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct AnsweredBy(pub(in crate::gateway) Arc<str>);

/// A response extension, for the log: the plan of its request.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct ResponsePlan(pub(in crate::gateway) Plan);
