//! One version: its dates, who uses it, and whether it may go.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;

use super::chart::Timeline;
use super::overview::{DAYS, life};
use super::query::PageQuery;
use super::render::{PageResult, page};
use super::session::Visitor;
use super::table::{SortBy, TablePage};
use super::unknown;
use super::usage::{ConsumerRow, VersionReport};
use crate::catalog::{ApiEntry, VersionEntry, Window};
use crate::clock::Timestamp;
use crate::gateway::admin::Admin;
use crate::gateway::admin::route::Names;

#[derive(Debug, Serialize)]
struct VersionView {
    api: String,
    version: String,
    phase: &'static str,
    held: bool,
    paused: bool,
    docs: Option<String>,
    released: Option<i64>,
    deprecated: Option<i64>,
    closed: Option<i64>,
    sunset: Option<i64>,
    last_used: Option<i64>,
    timeline: Timeline,
    windows: Vec<WindowRow>,
    extensions: Vec<ExtensionRow>,
    days: u64,
    report: Option<VersionReport>,
    consumers: Option<TablePage<ConsumerRow>>,
    /// Why there are no figures.
    unknown: Option<String>,
}

#[derive(Debug, Serialize)]
struct WindowRow {
    from: i64,
    until: i64,
    status: u16,
    share: String,
    routes: Vec<String>,
    consumers: Vec<String>,
    exempt: Vec<String>,
    dry_run: bool,
    /// `past`, `now` or `to come`.
    when: &'static str,
}

/// Who may keep a version beyond its sunset.
#[derive(Debug, Serialize)]
pub(super) struct ExtensionRow {
    pub(super) version: String,
    pub(super) consumer: String,
    pub(super) until: i64,
    /// Why, and by whose word.
    pub(super) reason: String,
    /// It is an act, and can be withdrawn here.
    pub(super) is_act: bool,
}

const COLUMNS: [SortBy<ConsumerRow>; 4] = [
    SortBy { name: "Consumer", key: "consumer", largest_first: false, compare: |a, b| a.name.cmp(&b.name) },
    SortBy {
        name: "Requests",
        key: "requests",
        largest_first: true,
        compare: |a, b| a.requests.cmp(&b.requests).then(b.name.cmp(&a.name)),
    },
    SortBy {
        name: "Last seen",
        key: "seen",
        largest_first: true,
        compare: |a, b| a.last_seen.cmp(&b.last_seen).then(b.name.cmp(&a.name)),
    },
    SortBy {
        name: "Owner",
        key: "owner",
        largest_first: false,
        compare: |a, b| (a.owner.is_empty(), &a.owner, &a.name).cmp(&(b.owner.is_empty(), &b.owner, &b.name)),
    },
];

pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Names((api, version)): Names<(String, String)>,
    visitor: Visitor,
    query: PageQuery,
) -> PageResult {
    let catalog = admin.current.catalog();
    let entry = catalog.api(&api).ok_or_else(|| unknown("API", &api))?;
    let id = entry.lookup(&version).ok_or_else(|| unknown("version", &version))?;
    let (of, now) = (entry.version(id), admin.store.now());
    let days = days(&query);
    let (report, unknown) = match admin.version_report(&api, &of.text, days).await {
        Ok(report) => (Some(report), None),
        Err(why) => (None, Some(why)),
    };
    let (report, consumers) = match report {
        None => (None, None),
        Some(mut report) => {
            let rows = std::mem::take(&mut report.consumers);
            let text = |row: &ConsumerRow| format!("{} {} {}", row.name, row.owner, row.changes.join(" "));
            let mut table = TablePage::new(rows, &COLUMNS, &query, text);
            let shown: Vec<&str> = table.rows.iter().filter(|row| row.named).map(|row| &*row.name).collect();
            let trends = admin.trends(&api, &of.text, &shown, days).await;
            for row in &mut table.rows {
                row.spark = trends.get(&row.name).cloned();
            }
            (Some(report), Some(table))
        }
    };
    let secs = |at: Option<Timestamp>| at.map(Timestamp::as_secs);
    let held = admin.control.sunset_held(&api, &of.text) || of.life.held;
    let view = VersionView {
        api: entry.name.to_string(),
        version: of.text.to_string(),
        phase: catalog.standing(entry, of, now).as_str(),
        held,
        paused: entry.pause || admin.control.brownouts_paused(&api),
        docs: of.docs.as_deref().map(str::to_owned),
        released: secs(of.released),
        deprecated: secs(of.life.deprecated),
        closed: secs(of.life.closed),
        sunset: secs(of.life.sunset),
        last_used: secs(admin.store.traffic.last(&api, &of.text)),
        timeline: Timeline::new(&[life(entry, of, held)], now),
        windows: of.life.windows.iter().map(|window| window_row(window, now)).collect(),
        extensions: admin.extensions(entry, of),
        days,
        report,
        consumers,
        unknown,
    };
    let frame = admin.frame(format!("{} {}", view.api, view.version), "apis", visitor);
    Ok(page(StatusCode::OK, "version.html", &frame, view))
}

/// The days that are asked for.
pub(super) fn days(query: &PageQuery) -> u64 {
    query.get("days").and_then(|days| days.parse().ok()).filter(|days| [7, 30, 90, 365].contains(days)).unwrap_or(DAYS)
}

fn window_row(window: &Window, now: Timestamp) -> WindowRow {
    let texts = |list: &[Box<str>]| list.iter().map(ToString::to_string).collect();
    WindowRow {
        from: window.from.as_secs(),
        until: window.until.as_secs(),
        status: window.status,
        share: format!("{} %", f64::from(window.share) / 100.0),
        routes: texts(&window.routes),
        consumers: texts(&window.consumers),
        exempt: texts(&window.exempt),
        dry_run: window.dry_run,
        when: match () {
            () if window.until <= now => "past",
            () if window.from <= now => "now",
            () => "to come",
        },
    }
}

// === impl Admin ===

impl Admin {
    /// Those of the config, and those that were given since.
    pub(super) fn extensions(&self, api: &ApiEntry, version: &VersionEntry) -> Vec<ExtensionRow> {
        let configured = api.extensions.iter().filter(|extension| extension.version == version.id);
        let configured = configured.map(|extension| ExtensionRow {
            version: version.text.to_string(),
            consumer: extension.consumer.to_string(),
            until: extension.until.as_secs(),
            reason: format!("{} (approved by {})", extension.reason, extension.approved_by),
            is_act: false,
        });
        let acts = self.control.standing();
        let acts = acts.iter().filter(|act| act.api == *api.name && act.version.as_deref() == Some(&*version.text));
        let given = acts.filter_map(|act| {
            Some(ExtensionRow {
                version: version.text.to_string(),
                consumer: act.consumer.clone()?,
                until: act.until?.as_secs(),
                reason: format!("{} (by {})", act.reason, act.by),
                is_act: true,
            })
        });
        configured.chain(given).collect()
    }
}
