//! Decide: what becomes of a request for a version, on a route, by a consumer, now. A pure function.

mod standing;

use crate::catalog::{Lifecycle, ShareOf, Window};
use crate::clock::Timestamp;

/// All that a decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    /// The dates of the version on the route.
    pub life: &'a Lifecycle,
    /// The route as it is written, `GET /users/{id}`; none if the path is not among the api's. Like the draws, only
    /// an open window asks for it: see [`Lifecycle::is_tried`].
    pub route: Option<&'a str>,
    /// The consumer of the request.
    pub consumer: Option<&'a str>,
    /// Until when this consumer may keep the version past its sunset.
    pub extension: Option<Timestamp>,
    /// Whether the consumer used the version before it was closed.
    pub known: bool,
    /// Brownouts are stopped.
    pub paused: bool,
    /// The sunset is held back.
    pub held: bool,
    /// Nothing is refused, only counted.
    pub dry_run: bool,
    /// A number that is the consumer's own, for brownouts of a share of consumers.
    pub consumer_draw: u64,
    /// A number that is this request's own, for brownouts of a share of requests.
    pub request_draw: u64,
    /// The time.
    pub now: Timestamp,
}

/// Where a version is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// No end is announced.
    Current,
    /// Its deprecation or sunset is announced, and in the future.
    Announced,
    /// Deprecated, and served.
    Deprecated,
    /// Past its sunset.
    Sunset,
}

/// What becomes of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is served.
    Serve,
    /// The version is switched off on trial.
    Brownout {
        /// The end of the window.
        until: Timestamp,
        /// The status of the answer.
        status: u16,
        /// Seconds to wait: to the end of the window, rounded up, and a little more, so that not all come back at once.
        retry_after: u64,
    },
    /// The version is not for new consumers any more.
    Closed,
    /// The version is gone.
    Gone,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Where the version is in its life.
    pub phase: Phase,
    /// What becomes of the request.
    pub verdict: Verdict,
    /// What would have become of it without a dry run.
    pub would: Verdict,
    /// The end as this consumer has it.
    pub sunset: Option<Timestamp>,
}

/// Decides.
#[must_use]
pub(crate) fn decide(question: &Question<'_>) -> Decision {
    let sunset = match (question.life.sunset, question.extension) {
        (Some(sunset), Some(extension)) => Some(sunset.max(extension)),
        (sunset, _) => sunset,
    };
    let phase = phase(question, sunset);
    let (would, window_dry) = judge(question, phase);
    let verdict = if question.dry_run || window_dry { Verdict::Serve } else { would };
    Decision { phase, verdict, would, sunset }
}

fn phase(question: &Question<'_>, sunset: Option<Timestamp>) -> Phase {
    let past = |date: Option<Timestamp>| date.is_some_and(|date| date <= question.now);
    let held = question.held || question.life.held;
    if past(sunset) {
        if held { Phase::Deprecated } else { Phase::Sunset }
    } else if past(question.life.deprecated) {
        Phase::Deprecated
    } else if question.life.deprecated.is_some() || sunset.is_some() {
        Phase::Announced
    } else {
        Phase::Current
    }
}

/// The verdict, and whether it comes from a window that only counts.
fn judge(question: &Question<'_>, phase: Phase) -> (Verdict, bool) {
    if phase == Phase::Sunset {
        return (Verdict::Gone, false);
    }
    let closed = question.life.closed.is_some_and(|closed| closed <= question.now);
    if closed && !question.known && question.extension.is_none() {
        return (Verdict::Closed, false);
    }
    if question.paused {
        return (Verdict::Serve, false);
    }
    let hit = |window: &&Window| !window.dry_run && hits(window, question);
    let dry = |window: &&Window| window.dry_run && hits(window, question);
    let windows = &question.life.windows;
    match windows.iter().find(hit) {
        Some(window) => (brownout(window, question), false),
        None => windows.iter().find(dry).map_or((Verdict::Serve, false), |window| (brownout(window, question), true)),
    }
}

fn hits(window: &Window, question: &Question<'_>) -> bool {
    window.is_open(question.now) && reaches(window, question) && drawn(window, question)
}

fn reaches(window: &Window, question: &Question<'_>) -> bool {
    let names =
        |list: &[Box<str>], name: Option<&str>| name.is_some_and(|name| list.iter().any(|item| **item == *name));
    let route = window.routes.is_empty() || question.route.is_some_and(|route| names_route(&window.routes, route));
    let consumer = window.consumers.is_empty() || names(&window.consumers, question.consumer);
    route && consumer && !names(&window.exempt, question.consumer)
}

/// `* /users` names the routes of all methods there.
fn names_route(list: &[Box<str>], route: &str) -> bool {
    let template = route.split_once(' ').map(|(_, template)| template);
    list.iter().any(|item| **item == *route || item.strip_prefix("* ").is_some_and(|any| Some(any) == template))
}

/// A consumer that is hit by a small share is hit by every larger one: the draw is the same in all windows.
fn drawn(window: &Window, question: &Question<'_>) -> bool {
    let draw = match window.by {
        ShareOf::Consumers => question.consumer_draw,
        ShareOf::Requests => question.request_draw,
    };
    draw % 10_000 < u64::from(window.share)
}

fn brownout(window: &Window, question: &Question<'_>) -> Verdict {
    let left = window.until.since(question.now);
    let seconds = u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    let spread = (seconds / 10).min(30);
    let jitter = if spread == 0 { 0 } else { question.request_draw % (spread + 1) };
    Verdict::Brownout { until: window.until, status: window.status, retry_after: seconds + jitter }
}

// === impl Question ===

impl<'a> Question<'a> {
    /// A request at `now`, without consumer and route.
    #[must_use]
    pub(crate) const fn new(life: &'a Lifecycle, now: Timestamp) -> Self {
        Self {
            life,
            route: None,
            consumer: None,
            extension: None,
            known: false,
            paused: false,
            held: false,
            dry_run: false,
            consumer_draw: 0,
            request_draw: 0,
            now,
        }
    }
}

// === impl Decision ===

impl Decision {
    /// Whether a dry run let something pass that would have been refused.
    #[must_use]
    pub(crate) fn was_spared(&self) -> bool {
        self.verdict != self.would
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn example_of_decide() -> Result<(), crate::clock::ParseTimeError> {
        use crate::catalog::Lifecycle;
        use crate::decide::{Question, Verdict, decide};

        let life = Lifecycle { sunset: Some("2026-01-01".parse()?), ..Lifecycle::default() };
        let mut question = Question::new(&life, "2025-12-31T23:59:59Z".parse()?);
        assert_eq!(decide(&question).verdict, Verdict::Serve);
        question.now = "2026-01-01".parse()?;
        assert_eq!(decide(&question).verdict, Verdict::Gone);
        Ok(())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    fn window(from: &str, minutes: u64, share: u32) -> Window {
        Window {
            from: at(from),
            until: at(from).saturating_add(Duration::from_secs(minutes * 60)),
            share,
            by: ShareOf::Consumers,
            status: 410,
            routes: Box::default(),
            consumers: Box::default(),
            exempt: Box::new(["exempt".into()]),
            dry_run: false,
        }
    }

    fn life() -> Lifecycle {
        Lifecycle {
            deprecated: Some(at("2025-01-01")),
            closed: Some(at("2025-02-01")),
            sunset: Some(at("2026-01-01")),
            windows: Box::new([window("2025-06-01T10:00:00Z", 10, 5_000)]),
            ..Lifecycle::default()
        }
    }

    #[test]
    fn the_life_of_a_version() {
        let life = life();
        let rows = [
            ("2024-12-31T23:59:59Z", Phase::Announced, Verdict::Serve),
            ("2025-01-01", Phase::Deprecated, Verdict::Serve),
            ("2025-06-01T09:59:59Z", Phase::Deprecated, Verdict::Serve),
            ("2025-06-01T10:10:00Z", Phase::Deprecated, Verdict::Serve),
            ("2026-01-01", Phase::Sunset, Verdict::Gone),
            ("2030-01-01", Phase::Sunset, Verdict::Gone),
        ];
        for (now, phase, verdict) in rows {
            let question = Question { known: true, ..Question::new(&life, at(now)) };
            let decision = decide(&question);
            assert_eq!((decision.phase, decision.verdict), (phase, verdict), "{now}");
        }
    }

    #[test]
    fn a_brownout_says_when_it_ends() {
        let life = life();
        let mut question = Question { known: true, ..Question::new(&life, at("2025-06-01T10:04:00.2Z")) };
        let retry_after = |question: &Question<'_>| match decide(question).verdict {
            Verdict::Brownout { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(retry_after(&question), 360);
        question.request_draw = u64::MAX;
        assert!((360..=390).contains(&retry_after(&question)));
        question.now = at("2025-06-01T10:09:59.999Z");
        assert_eq!(retry_after(&question), 1);
    }

    #[test]
    fn a_brownout_spares_some() {
        let life = life();
        let now = at("2025-06-01T10:05:00Z");
        let hit = |change: fn(&mut Question<'_>)| {
            let mut question = Question { known: true, ..Question::new(&life, now) };
            change(&mut question);
            decide(&question).verdict != Verdict::Serve
        };
        assert!(hit(|_| {}));
        assert!(hit(|q| q.consumer_draw = 4_999));
        assert!(!hit(|q| q.consumer_draw = 5_000));
        assert!(!hit(|q| q.consumer = Some("exempt")));
        assert!(!hit(|q| q.paused = true));
        assert!(!hit(|q| q.dry_run = true));
    }

    #[test]
    fn closed_is_for_new_consumers() {
        let life = life();
        let question = Question::new(&life, at("2025-03-01"));
        assert_eq!(decide(&question).verdict, Verdict::Closed);
        assert_eq!(decide(&Question { known: true, ..question }).verdict, Verdict::Serve);
    }

    #[test]
    fn an_end_can_be_moved() {
        let life = life();
        let question = Question { known: true, ..Question::new(&life, at("2026-02-01")) };
        let extended = decide(&Question { extension: Some(at("2026-06-01")), ..question.clone() });
        assert_eq!((extended.verdict, extended.sunset), (Verdict::Serve, Some(at("2026-06-01"))));
        assert_eq!(decide(&Question { held: true, ..question.clone() }).verdict, Verdict::Serve);
        let spared = decide(&Question { dry_run: true, ..question });
        assert_eq!((spared.verdict, spared.would), (Verdict::Serve, Verdict::Gone));
        assert!(spared.was_spared());
    }
}
