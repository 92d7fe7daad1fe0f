//! The geometry of charts: SVG is made of it by the templates.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::Timestamp;

/// The lives of versions on one line of time. Its width is 960, a row's height is 30.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    height: u64,
    rows: Vec<TimelineRow>,
    ticks: Vec<Tick>,
    today: f64,
}

/// What there is to say of a version.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) released: Option<Timestamp>,
    pub(super) deprecated: Option<Timestamp>,
    pub(super) closed: Option<Timestamp>,
    pub(super) sunset: Option<Timestamp>,
    pub(super) held: bool,
    pub(super) brownouts: Vec<(Timestamp, Timestamp)>,
}

#[derive(Debug, Serialize)]
struct TimelineRow {
    name: String,
    href: String,
    y: u64,
    bars: Vec<TimelineBar>,
    marks: Vec<TimelineMark>,
}

#[derive(Debug, Serialize)]
struct TimelineBar {
    x: f64,
    width: f64,
    class: &'static str,
    title: String,
}

#[derive(Debug, Serialize)]
struct TimelineMark {
    x: f64,
    class: &'static str,
    title: String,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: f64,
    text: String,
}

/// Of each day, how its requests are shared by versions. Its width is 960, its height 140.
#[derive(Debug, Serialize)]
pub(super) struct Shares {
    bars: Vec<ShareBar>,
    legend: Vec<ShareKey>,
    first: String,
    last: String,
}

#[derive(Debug, Serialize)]
struct ShareBar {
    x: f64,
    width: f64,
    y: f64,
    height: f64,
    class: usize,
    title: String,
}

#[derive(Debug, Serialize)]
struct ShareKey {
    name: String,
    class: usize,
    requests: u64,
    percent: String,
}

const LEFT: f64 = 120.0;
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 140.0;
const ROW: u64 = 30;
/// The room that the word below a line takes.
const BESIDE: f64 = 50.0;
/// So many letters fit before a line.
const NAME: usize = 14;
const DAY: i64 = 86_400;
/// What is shown of the past and the future at least.
const AROUND: (i64, i64) = (120 * DAY, 60 * DAY);
/// So many versions have a colour of their own.
const COLOURS: usize = 6;

// === impl Timeline ===

impl Timeline {
    pub(super) fn new(lives: &[Life], now: Timestamp) -> Self {
        let range = range(lives, now.as_secs());
        let x = |at: i64| {
            let part = (at - range.0) as f64 / (range.1 - range.0) as f64;
            round(LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT))
        };
        let rows: Vec<TimelineRow> = lives.iter().zip(0..).map(|(life, at)| row(life, at * ROW, range, &x)).collect();
        let height = rows.len() as u64 * ROW;
        let today = x(now.as_secs());
        let ticks = ticks(range, &x).into_iter().filter(|tick| (tick.x - today).abs() > BESIDE);
        Self { height, rows, ticks: ticks.collect(), today }
    }
}

/// From the first date to the last one, with some room.
fn range(lives: &[Life], now: i64) -> (i64, i64) {
    let dates = lives.iter().flat_map(|life| {
        let windows = life.brownouts.iter().flat_map(|(from, until)| [*from, *until]);
        let own = [life.released, life.deprecated, life.closed, life.sunset];
        own.into_iter().flatten().chain(windows).map(Timestamp::as_secs).collect::<Vec<_>>()
    });
    let dates: Vec<i64> = dates.collect();
    let first = dates.iter().copied().min().unwrap_or(now).min(now - AROUND.0);
    let last = dates.iter().copied().max().unwrap_or(now).max(now + AROUND.1);
    // What was long ago would leave no room for what is now.
    (first.max(now - 3 * 365 * DAY), last.min(now + 3 * 365 * DAY) + 20 * DAY)
}

fn row(life: &Life, y: u64, range: (i64, i64), x: &dyn Fn(i64) -> f64) -> TimelineRow {
    let secs = |at: Option<Timestamp>, default: i64| at.map_or(default, Timestamp::as_secs);
    let start = secs(life.released, range.0);
    let end = if life.held { range.1 } else { secs(life.sunset, range.1) };
    let turn = secs(life.deprecated, end).clamp(start.min(end), end);
    let bar = |from: i64, until: i64, class, title| {
        let width = round(x(until) - x(from));
        (width > 0.0).then(|| TimelineBar { x: x(from), width, class, title })
    };
    let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
    let served = bar(start, turn, "served", format!("{}: served", life.name));
    let since = life.deprecated.map(day).unwrap_or_default();
    let deprecated = bar(turn, end, "deprecated", format!("{}: deprecated since {since}", life.name));
    let windows = life.brownouts.iter().map(|(from, until)| TimelineBar {
        x: x(from.as_secs()),
        width: (x(until.as_secs()) - x(from.as_secs())).max(3.0),
        class: "brownout",
        title: format!("{}: brownout on {}", life.name, day(*from)),
    });
    let mark = |at: Option<Timestamp>, class, what: &str| {
        at.map(|at| TimelineMark { x: x(at.as_secs()), class, title: format!("{}: {what} {}", life.name, day(at)) })
    };
    let closed = mark(life.closed, "closed", "closed to new consumers from");
    let sunset = mark(life.sunset, "sunset", if life.held { "sunset (held)" } else { "sunset" });
    TimelineRow {
        name: short(&life.name),
        href: life.href.clone(),
        y,
        bars: served.into_iter().chain(deprecated).chain(windows).collect(),
        marks: closed.into_iter().chain(sunset).collect(),
    }
}

/// As much of a name as there is room for.
fn short(name: &str) -> String {
    if name.chars().count() <= NAME { name.to_owned() } else { name.chars().take(NAME - 1).chain(['…']).collect() }
}

/// About eight lines, at the beginnings of months.
fn ticks((from, until): (i64, i64), x: &dyn Fn(i64) -> f64) -> Vec<Tick> {
    let months: Vec<(i64, String)> = (from / DAY..=until / DAY)
        .filter_map(|day| Timestamp::from_secs(day * DAY))
        .map(|at| (at.as_secs(), at.to_string()))
        .filter(|(_, text)| text.get(8..10) == Some("01"))
        .map(|(at, text)| (at, text.chars().take(7).collect()))
        .collect();
    let every = months.len().div_ceil(8).max(1);
    months.into_iter().step_by(every).map(|(at, text)| Tick { x: x(at), text }).collect()
}

// === impl Shares ===

impl Shares {
    /// `days` are requests by version and day; `versions` are in the order of their age.
    pub(super) fn new(days: &[(String, Timestamp, u64)], versions: &[String], from: Timestamp, count: usize) -> Self {
        let first = from.as_secs() / DAY;
        let mut sums: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for (version, day, requests) in days {
            let at = usize::try_from(day.as_secs() / DAY - first).ok().filter(|at| *at < count);
            let version = versions.iter().position(|name| name == version);
            if let (Some(at), Some(version)) = (at, version) {
                *sums.entry((at, version)).or_default() += requests;
            }
        }
        let step = WIDTH / count as f64;
        let mut bars = Vec::new();
        for at in 0..count {
            let total: u64 = (0..versions.len()).filter_map(|version| sums.get(&(at, version))).sum();
            let mut y = HEIGHT;
            for (version, name) in versions.iter().enumerate() {
                let Some(requests) = sums.get(&(at, version)).filter(|requests| **requests > 0) else { continue };
                let height = HEIGHT * *requests as f64 / total as f64;
                y -= height;
                let title = format!("{}: {name} {} of {total}", day(first + at as i64), requests);
                let (x, width) = (round(at as f64 * step), round(step - 2.0));
                bars.push(ShareBar { x, width, y: round(y), height: round(height), class: version % COLOURS, title });
            }
        }
        let all: u64 = sums.values().sum();
        let legend = versions.iter().enumerate().map(|(version, name)| {
            let requests = (0..count).filter_map(|at| sums.get(&(at, version))).sum();
            ShareKey { name: name.clone(), class: version % COLOURS, requests, percent: percent(requests, all) }
        });
        let last = day(first + count as i64 - 1);
        Self { legend: legend.collect(), bars, first: day(first), last }
    }
}

fn day(days: i64) -> String {
    Timestamp::from_secs(days * DAY).map(|at| at.to_string().chars().take(10).collect()).unwrap_or_default()
}

/// A share, with a decimal where it is small.
pub(super) fn percent(part: u64, all: u64) -> String {
    let value = if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 };
    match value {
        0.0 => "0 %".to_owned(),
        value if value < 0.1 => "< 0.1 %".to_owned(),
        value if value < 10.0 => format!("{value:.1} %"),
        value => format!("{value:.0} %"),
    }
}

/// The points of a line in a box of 100 × 24; nothing if there is nothing to show.
#[cfg_attr(not(feature = "ledger"), allow(dead_code, reason = "nothing is known then"))]
pub(super) fn spark(days: &[u64]) -> Option<String> {
    let most = days.iter().copied().max().filter(|most| *most > 0)?;
    let step = 100.0 / (days.len().max(2) - 1) as f64;
    let point = |(at, value): (usize, &u64)| {
        format!("{:.1},{:.1}", at as f64 * step, 23.0 - 22.0 * *value as f64 / most as f64)
    };
    Some(days.iter().enumerate().map(point).collect::<Vec<_>>().join(" "))
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_life_is_drawn_from_its_beginning_to_its_end() {
        let life = Life {
            name: "1".to_owned(),
            released: Some(at("2026-01-01")),
            deprecated: Some(at("2026-06-01")),
            sunset: Some(at("2026-12-01")),
            brownouts: vec![(at("2026-11-01"), at("2026-11-02"))],
            ..Life::default()
        };
        let chart = Timeline::new(&[life], at("2026-07-01"));
        let row = &chart.rows[0];
        let bars: Vec<(&str, bool)> = row.bars.iter().map(|bar| (bar.class, bar.width >= 3.0)).collect();
        assert_eq!(bars, [("served", true), ("deprecated", true), ("brownout", true)]);
        assert!((row.bars[0].x + row.bars[0].width - row.bars[1].x).abs() < 0.2, "they meet");
        assert!((row.bars[1].x + row.bars[1].width - row.marks[0].x).abs() < 0.2, "it ends at the sunset");
        assert!(chart.today > row.bars[1].x && chart.today < row.marks[0].x);
        assert!((5..=9).contains(&chart.ticks.len()), "{:?}", chart.ticks);
    }

    #[test]
    fn dates_in_any_order_draw_nothing_outside() {
        let life = Life {
            released: Some(at("2026-12-01")),
            deprecated: Some(at("1999-01-01")),
            sunset: Some(at("2026-01-01")),
            closed: Some(at("9999-01-01")),
            ..Life::default()
        };
        let chart = Timeline::new(&[life, Life::default()], at("2026-07-01"));
        let inside = |x: f64| (LEFT..=WIDTH).contains(&x);
        for row in &chart.rows {
            assert!(row.bars.iter().all(|bar| inside(bar.x) && inside(bar.x + bar.width) && bar.width >= 0.0));
            assert!(row.marks.iter().all(|mark| inside(mark.x)));
        }
    }

    #[test]
    fn shares_of_a_day_fill_it() {
        let days = [
            ("1", "2026-01-01", 30),
            ("2", "2026-01-01", 10),
            ("2", "2026-01-02", 5),
            ("9", "2026-01-02", 5),
            ("2", "2026-02-01", 1),
        ]
        .map(|(version, day, requests)| (version.to_owned(), at(day), requests));
        let versions = ["1", "2"].map(str::to_owned);
        let shares = Shares::new(&days, &versions, at("2026-01-01"), 3);
        let heights: Vec<f64> = shares.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [105.0, 35.0, 140.0]);
        let legend: Vec<(u64, &str)> = shares.legend.iter().map(|key| (key.requests, &*key.percent)).collect();
        assert_eq!(legend, [(30, "67 %"), (15, "33 %")]);
    }

    #[test]
    fn trends_and_shares_in_words() {
        assert_eq!(spark(&[]), None);
        assert_eq!(spark(&[0, 0]), None);
        assert_eq!(spark(&[1]).as_deref(), Some("0.0,1.0"));
        assert_eq!(spark(&[0, 5, 10]).as_deref(), Some("0.0,23.0 50.0,12.0 100.0,1.0"));
        let rows = [(0, 0, "0 %"), (0, 5, "0 %"), (1, 100_000, "< 0.1 %"), (1, 40, "2.5 %"), (1, 2, "50 %")];
        for (part, all, expected) in rows {
            assert_eq!(percent(part, all), expected);
        }
    }
}
