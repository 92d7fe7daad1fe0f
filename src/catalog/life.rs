//! The life of a version: dates and windows, read and checked.

use std::time::Duration;

use http::header::HeaderValue;

use super::spec::{self, Brownout, ShareOf};
use crate::change::RouteName;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};
use crate::headers::lifecycle;

/// When a version is deprecated, closed, tried without, and gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    /// From then on, deprecated (RFC 9745).
    pub deprecated: Option<Timestamp>,
    /// From then on, closed to new consumers.
    pub closed: Option<Timestamp>,
    /// From then on, gone (RFC 8594).
    pub sunset: Option<Timestamp>,
    /// The sunset is held back: served all the same.
    pub held: bool,
    /// By start.
    pub windows: Box<[Window]>,
    /// `Deprecation`, rendered.
    pub deprecation_value: Option<HeaderValue>,
    /// `Sunset`, rendered.
    pub sunset_value: Option<HeaderValue>,
}

/// One time in which a version is switched off on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its start.
    pub(crate) from: Timestamp,
    /// Its end, no longer part of it.
    pub(crate) until: Timestamp,
    /// How many of 10 000 it hits.
    pub(crate) share: u32,
    /// Of what.
    pub(crate) by: ShareOf,
    /// The status of the answer.
    pub(crate) status: u16,
    /// The routes that it hits, as they are written; all if there are none.
    pub(crate) routes: Box<[Box<str>]>,
    /// The consumers that it hits; all if there are none.
    pub(crate) consumers: Box<[Box<str>]>,
    /// The consumers that it never hits.
    pub(crate) exempt: Box<[Box<str>]>,
    /// Only counts.
    pub(crate) dry_run: bool,
}

// === impl Lifecycle ===

impl Lifecycle {
    /// Reads `life`, with `base` for what it does not say.
    pub(super) fn read(life: &spec::LifecycleSpec, base: &Self, found: &mut Diagnostics) -> Self {
        // If a date is malformed, the date of the base must not be checked in its place.
        let mut date = |text: &Option<Spanned<String>>, base: Option<Timestamp>, key| match text {
            Some(text) => date(text, key, found),
            None => base,
        };
        let deprecated = date(&life.deprecated, base.deprecated, "deprecated");
        let closed = date(&life.closed, base.closed, "closed");
        let sunset = date(&life.sunset, base.sunset, "sunset");
        let windows = match &life.brownouts {
            Some(brownouts) => {
                // A malformed date has its own finding.
                let unread = deprecated.is_none() && life.deprecated.is_some();
                windows(brownouts, if unread { Some(Timestamp::EPOCH) } else { deprecated }, sunset, found)
            }
            None => base.windows.clone(),
        };
        let life_read = Self {
            deprecated,
            closed,
            sunset,
            held: life.hold_sunset.unwrap_or(base.held),
            windows,
            deprecation_value: deprecated.map(lifecycle::deprecation),
            sunset_value: sunset.map(lifecycle::sunset),
        };
        life_read.check_order(life, found);
        life_read
    }

    /// Judges only what `life` says itself: of the rest, its base has been judged.
    fn check_order(&self, life: &spec::LifecycleSpec, found: &mut Diagnostics) {
        const HELP: &str = "change one of the dates";
        let said = |texts: [&Option<Spanned<String>>; 2]| texts.into_iter().flatten().map(|text| text.span).next();
        if let (Some(deprecated), Some(sunset), Some(span)) =
            (self.deprecated, self.sunset, said([&life.sunset, &life.deprecated]))
            && sunset < deprecated
        {
            let message = format!("sunset {sunset} is before deprecation {deprecated} (RFC 9745 §4)");
            found.push(Diagnostic::error("sunset-before-deprecation", message, span).help(HELP));
        }
        if let (Some(closed), Some(sunset), Some(span)) = (self.closed, self.sunset, said([&life.closed, &life.sunset]))
            && sunset < closed
        {
            let message = format!("closed {closed} is after sunset {sunset}, so it has no effect");
            found.push(Diagnostic::error("closed-after-sunset", message, span).help(HELP));
        }
        if let (Some(sunset), Some(text)) = (self.sunset, &life.sunset)
            && self.deprecated.is_none()
            && life.deprecated.is_none()
        {
            let message = format!("sunset {sunset} has no deprecation before it, so clients get no notice");
            let warning = Diagnostic::warning("sunset-without-deprecation", message, text.span);
            found.push(warning.help("add `deprecated = …`"));
        }
    }

    /// Whether a window is open at `now`.
    #[must_use]
    pub(crate) fn is_tried(&self, now: Timestamp) -> bool {
        self.windows.iter().any(|window| window.is_open(now))
    }

    /// Whether it is past its sunset at `now`, and that is not held back.
    #[must_use]
    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        !self.held && self.sunset.is_some_and(|sunset| sunset <= now)
    }
}

// === impl Window ===

impl Window {
    /// Whether it is open at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

const FORMS: &str =
    "write a day that exists, as `2026-01-01`, `2026-01-01T00:00:00Z` or `\"Thu, 01 Jan 2026 00:00:00 GMT\"`";

/// Reads a date, and says what is wrong with it.
pub(super) fn date(text: &Spanned<String>, key: &str, found: &mut Diagnostics) -> Option<Timestamp> {
    match text.parse() {
        Ok(at) => Some(at),
        Err(e) => {
            let e: crate::clock::ParseTimeError = e;
            let (code, help) = match e {
                crate::clock::ParseTimeError::Weekday { .. } => ("wrong-weekday", "use a date that exists"),
                crate::clock::ParseTimeError::Range => ("date-out-of-range", "use a date that exists"),
                crate::clock::ParseTimeError::Malformed => ("bad-date", FORMS),
            };
            let message = format!("{key} `{}`: {e}", text.value);
            found.push(Diagnostic::error(code, message, text.span).help(help));
            None
        }
    }
}

fn windows(
    brownouts: &[Brownout],
    deprecated: Option<Timestamp>,
    sunset: Option<Timestamp>,
    found: &mut Diagnostics,
) -> Box<[Window]> {
    let mut list = Vec::new();
    for brownout in brownouts {
        let ramp = ramp(brownout, sunset, found);
        if let Some(last) = ramp.last() {
            check_deprecated(brownout, last.until, deprecated, found);
        }
        list.extend(ramp);
    }
    list.sort_by_key(|window| window.from);
    list.into()
}

/// A version is deprecated first, and its end is rehearsed afterwards.
fn check_deprecated(brownout: &Brownout, end: Timestamp, deprecated: Option<Timestamp>, found: &mut Diagnostics) {
    let message = match deprecated {
        None => "the version has a brownout and is not deprecated, so clients get no notice".to_owned(),
        Some(deprecated) if end <= deprecated => {
            format!("a brownout ends {end}, before the deprecation {deprecated}, so clients get no notice")
        }
        Some(_) => return,
    };
    let warning = Diagnostic::warning("brownout-before-deprecation", message, brownout.span);
    found.push(warning.help("set `deprecated = …` to an earlier date, or move the brownout"));
}

fn ramp(brownout: &Brownout, sunset: Option<Timestamp>, found: &mut Diagnostics) -> Vec<Window> {
    let Some(start) = date(&brownout.from, "brownout", found) else { return Vec::new() };
    let error = |code, message: String, help: &str| Diagnostic::error(code, message, brownout.span).help(help);
    let status = brownout.status.as_ref().map_or(410, |status| status.value);
    if !matches!(status, 410 | 503) {
        let message = format!("a brownout cannot answer {status}");
        let span = brownout.status.as_ref().map_or(brownout.span, |status| status.span);
        found.push(Diagnostic::error("bad-status", message, span).help("use 410, as after the sunset, or 503"));
    }
    let wrong = match &brownout.shares[..] {
        [] => Some("a brownout without shares has no effect".to_owned()),
        shares => shares
            .iter()
            .find(|share| !(**share >= 0.01 && **share <= 100.0))
            .map(|share| format!("{share} is not a percentage from 0.01 to 100")),
    };
    if let Some(message) = wrong {
        found.push(error("bad-share", message, "write percentages, such as `shares = [1, 10, 50]`"));
        return Vec::new();
    }
    let every = brownout.every.unwrap_or(Duration::ZERO);
    if brownout.shares.len() > 1 && every < brownout.lasting {
        let windows = format!("{} windows of {}s", brownout.shares.len(), brownout.lasting.as_secs());
        let message = match brownout.every {
            Some(every) => format!("{windows} overlap when one starts every {}s", every.as_secs()),
            None => format!("{windows} have no time between their starts"),
        };
        found.push(error("bad-ramp", message, "set `every`, the time from one start to the next, to at least `for`"));
        return Vec::new();
    }
    if brownout.every.is_some() && brownout.shares.len() == 1 {
        let message = "`every` has no effect on a brownout of one window";
        let warning = Diagnostic::warning("every-without-ramp", message, brownout.span);
        found.push(warning.help("add a share for each window, such as `shares = [1, 10, 50]`, or remove `every`"));
    }
    let mut from = start;
    let mut list = Vec::new();
    for share in &brownout.shares {
        list.push(window(brownout, from, *share, status));
        from = from.saturating_add(every);
    }
    if let (Some(sunset), Some(last)) = (sunset, list.last())
        && last.until > sunset
    {
        let message = format!("a brownout ends {}, after the sunset {sunset}", last.until);
        found.push(error("brownout-after-sunset", message, "move the brownout before the sunset"));
    }
    list
}

/// A route in the one spelling that it is compared by.
fn canonical(route: &str) -> Box<str> {
    route.parse::<RouteName>().map_or_else(|_| route.into(), |name| name.to_string().into())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is checked to be from 0 to 100")]
fn window(brownout: &Brownout, from: Timestamp, share: f64, status: u16) -> Window {
    let boxed = |list: &[String]| list.iter().map(|item| item.as_str().into()).collect();
    Window {
        from,
        until: from.saturating_add(brownout.lasting),
        share: (share * 100.0).round() as u32,
        by: brownout.by,
        status,
        routes: brownout.routes.iter().map(|route| canonical(route)).collect(),
        consumers: boxed(&brownout.consumers),
        exempt: boxed(&brownout.exempt),
        dry_run: brownout.dry_run,
    }
}
