//! The dates of a version that hold for a consumer.

use serde_json::{Value, json};

use crate::catalog::{ApiEntry, Control, VersionEntry, Window};
use crate::clock::Timestamp;
use crate::report::extensions::extension;

/// A date of the version that a consumer uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuideDate {
    /// `deprecated`, `closed`, `brownout` or `sunset`.
    pub what: &'static str,
    /// When it is.
    pub at: Timestamp,
    /// When it ends, if it is a brownout.
    pub until: Option<Timestamp>,
    /// The sunset of the other consumers, if this one has an extension.
    pub instead_of: Option<Timestamp>,
    /// Whether an operator or the config holds the sunset back.
    pub held: bool,
}

/// So many brownouts are named at most.
const BROWNOUTS: usize = 5;

pub(super) fn of(
    api: &ApiEntry,
    version: &VersionEntry,
    consumer: &str,
    control: Option<&Control>,
    now: Timestamp,
) -> Vec<GuideDate> {
    let date = |what, at| GuideDate { what, at, until: None, instead_of: None, held: false };
    let mut dates: Vec<GuideDate> = [("deprecated", version.deprecated()), ("closed", version.closed())]
        .into_iter()
        .filter_map(|(what, at)| at.map(|at| date(what, at)))
        .collect();
    let paused = api.is_paused() || control.is_some_and(|control| control.brownouts_paused(api.name()));
    let ahead = version.brownouts().iter().filter(|window| !paused && window.until() > now && hits(window, consumer));
    dates.extend(
        ahead
            .take(BROWNOUTS)
            .map(|window| GuideDate { until: Some(window.until()), ..date("brownout", window.from()) }),
    );
    if let Some(sunset) = version.sunset() {
        let extended = extension(api, version, consumer, control).filter(|until| *until > sunset);
        let held = version.is_held() || control.is_some_and(|control| control.sunset_held(api.name(), version.name()));
        let instead_of = extended.map(|_| sunset);
        dates.push(GuideDate { instead_of, held, ..date("sunset", extended.unwrap_or(sunset)) });
    }
    dates.sort_by_key(|date| date.at);
    dates
}

fn hits(window: &Window, consumer: &str) -> bool {
    let names = |list: &[Box<str>]| list.iter().any(|name| **name == *consumer);
    !window.dry_run && !names(&window.exempt) && (window.consumers.is_empty() || names(&window.consumers))
}

// === impl GuideDate ===

impl GuideDate {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "at": self.at.to_string(),
            "until": self.until.map(|at| at.to_string()),
            "instead_of": self.instead_of.map(|at| at.to_string()),
            "held": self.held,
        })
    }
}
