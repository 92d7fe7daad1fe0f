//! What the composition of changes starts from.

use super::compile::Compiled;
use super::heads::HeadOp;
use super::place::RouteName;
use super::spec::{Change, Resource};
use crate::json::OnError;
use crate::version::VersionId;

/// What [`compose`](super::compose) needs to know of the api.
#[derive(Debug)]
pub(crate) struct ComposeInput<'a> {
    /// The named shapes.
    pub resources: &'a [Resource],
    /// The changes, sorted by version, in file order within one.
    pub changes: &'a [DatedChange<'a>],
    /// Routes that are named elsewhere.
    pub routes: &'a [RouteName],
    /// The oldest version that is not gone: what `expand` and reused names look at.
    pub oldest_live: VersionId,
    /// What to do with values that cannot be migrated, unless a change or op says.
    pub on_error: OnError,
}

/// A change whose version is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DatedChange<'a> {
    /// The change.
    pub change: &'a Change,
    /// The version that introduced it.
    pub version: VersionId,
    /// Whether old clients' responses lose what it adds.
    pub strict_responses: bool,
    /// Whether old servers' requests lose what it adds.
    pub strict_requests: bool,
}

/// A change's ops, read.
pub(super) struct ReadChange<'a> {
    pub(super) dated: DatedChange<'a>,
    pub(super) body: Vec<Compiled>,
    pub(super) heads: Vec<HeadOp>,
}
