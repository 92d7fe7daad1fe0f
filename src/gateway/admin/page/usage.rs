//! What pages show of the ledger: figures and rows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::Timestamp;

/// What the ledger says, or in a sentence why it says nothing.
pub(super) type UsageResult<T> = Result<T, String>;

/// How an API was used.
#[derive(Debug, Default)]
pub(super) struct ApiUse {
    /// By version: the use of the last days.
    pub(super) versions: BTreeMap<String, VersionFigures>,
    /// Version, day, requests.
    pub(super) days: Vec<(String, Timestamp, u64)>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct VersionFigures {
    pub(super) requests: u64,
    pub(super) consumers: u64,
    pub(super) spark: Option<String>,
    /// Whether it may be retired; `None` if it was not looked at.
    pub(super) ready: Option<bool>,
    /// Why not, in a few words.
    pub(super) blockers: usize,
}

/// How a version was used.
#[derive(Debug, Serialize)]
pub(super) struct VersionReport {
    pub(super) requests: u64,
    pub(super) ready: bool,
    pub(super) covered_since: Option<i64>,
    pub(super) reasons: Vec<String>,
    pub(super) spared: Vec<(String, String, u64)>,
    #[serde(skip)]
    pub(super) consumers: Vec<ConsumerRow>,
    pub(super) routes: Vec<RouteRow>,
    pub(super) changes: Vec<ChangeRow>,
}

/// A consumer of a version.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ConsumerRow {
    pub(super) name: String,
    /// It has a page: neither `anonymous` nor `_other`.
    pub(super) named: bool,
    pub(super) owner: String,
    pub(super) requests: u64,
    pub(super) errors: u64,
    /// Requests that were answered with a brownout.
    pub(super) brownouts: u64,
    pub(super) last_seen: i64,
    pub(super) last_request: Option<String>,
    pub(super) evidence: &'static str,
    pub(super) routes: Vec<String>,
    pub(super) changes: Vec<String>,
    /// When it got a notice for the last time.
    pub(super) told: Option<i64>,
    /// Until when it may keep the version beyond its sunset.
    pub(super) until: Option<i64>,
    pub(super) spark: Option<String>,
    /// It keeps the version from going.
    pub(super) blocks: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct RouteRow {
    pub(super) version: String,
    pub(super) route: String,
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) refused: u64,
    pub(super) consumers: u64,
    pub(super) last_seen: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangeRow {
    pub(super) version: String,
    /// The version that introduced it.
    pub(super) since: String,
    pub(super) summary: String,
    pub(super) requests: u64,
    pub(super) consumers: usize,
}

/// How a consumer used an API.
#[derive(Debug, Serialize)]
pub(super) struct ConsumerReport {
    pub(super) requests: u64,
    pub(super) routes: Vec<RouteRow>,
    pub(super) changes: Vec<ChangeRow>,
    pub(super) spark: Option<String>,
    pub(super) notices: Vec<NoticeRow>,
}

/// A notice that was sent, or is to be.
#[derive(Debug, Serialize)]
pub(super) struct NoticeRow {
    pub(super) notice: String,
    pub(super) api: String,
    pub(super) version: String,
    pub(super) date: String,
    pub(super) recipient: String,
    pub(super) address: String,
    pub(super) state: &'static str,
    pub(super) sent: Option<i64>,
    pub(super) attempts: u64,
    pub(super) error: Option<String>,
}
