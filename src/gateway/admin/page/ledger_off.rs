//! The same without the feature `ledger`: nothing is known.

use std::collections::BTreeMap;

use super::usage::{ApiUse, ConsumerReport, NoticeRow, UsageResult, VersionReport};
use crate::gateway::admin::Admin;

const WHY: &str = "Usage is not counted: this program was built without the feature `ledger`.";

// === impl Admin ===

#[allow(clippy::unused_async, clippy::unused_self, reason = "with the feature, they ask the ledger")]
impl Admin {
    pub(super) fn environment(&self) -> String {
        String::new()
    }

    pub(super) async fn api_use(&self, _: &str, _: &[String], _: u64) -> UsageResult<ApiUse> {
        Err(WHY.to_owned())
    }

    pub(super) async fn version_report(&self, _: &str, _: &str, _: u64) -> UsageResult<VersionReport> {
        Err(WHY.to_owned())
    }

    pub(super) async fn trends(&self, _: &str, _: &str, _: &[&str], _: u64) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    pub(super) async fn consumer_report(&self, _: &str, _: &str, _: u64) -> UsageResult<ConsumerReport> {
        Err(WHY.to_owned())
    }

    pub(super) async fn notice_rows(&self) -> UsageResult<Vec<NoticeRow>> {
        Err(WHY.to_owned())
    }
}
