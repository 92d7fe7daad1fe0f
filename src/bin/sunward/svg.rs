//! The timeline as a picture: a bar for each version, from its release to its end, and one for each extension.

use std::fmt::Write as _;

use sunward::catalog::{ApiEntry, Catalog, VersionEntry};
use sunward::clock::Timestamp;

use super::day::day;

/// Milliseconds and pixels.
struct Scale {
    from: f64,
    to: f64,
}

/// The text of the picture, and how far down it goes.
struct Canvas {
    svg: String,
    y: f64,
}

const LEFT: f64 = 210.0;
const WIDTH: f64 = 720.0;
const RIGHT: f64 = 50.0;
const TOP: f64 = 34.0;
const BAR: f64 = 18.0;
const YEAR: i64 = 365 * 24 * 3600 * 1000;
/// Two dates that are nearer than this are written to both sides of their marks.
const DATE: f64 = 74.0;

const CURRENT: &str = "#7fb77e";
const DEPRECATED: &str = "#f0b95b";
const BROWNOUT: &str = "#7a4b00";
const RUNNING: &str = "#c0392b";
const EXTENDED: &str = "url(#extended)";
const NOW: &str = "#1f6feb";

pub(crate) fn render(catalog: &Catalog, now: Timestamp) -> String {
    let scale = Scale::of(catalog, now);
    let mut rows = Canvas { svg: String::new(), y: TOP };
    for api in catalog.apis() {
        let title = format!("{} {}", api.name(), if api.base_path().is_empty() { "/" } else { api.base_path() });
        rows.text(10.0, rows.y + 16.0, "font-weight=\"600\"", &title);
        rows.y += 28.0;
        for version in api.versions() {
            row(&mut rows, (catalog, api), version, &scale, now);
        }
        rows.y += 8.0;
    }
    let (bottom, total) = (rows.y, LEFT + WIDTH + RIGHT);
    let height = bottom + 84.0;
    let mut canvas = Canvas { svg: head(total, height), y: 0.0 };
    scale.grid(&mut canvas, bottom);
    let x = scale.x(now);
    canvas.line(x, 24.0, bottom, &format!("stroke=\"{NOW}\" stroke-width=\"1.5\""));
    canvas.svg += &rows.svg;
    canvas.text(x, 18.0, &format!("text-anchor=\"middle\" fill=\"{NOW}\""), &format!("now, {}", short(now)));
    legend(&mut canvas, bottom + 30.0);
    canvas.svg + "</svg>\n"
}

fn head(width: f64, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <defs><pattern id=\"extended\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fdf0d5\"/>\
         <rect width=\"2\" height=\"6\" fill=\"{DEPRECATED}\"/></pattern></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    )
}

fn row(
    canvas: &mut Canvas,
    (catalog, api): (&Catalog, &ApiEntry),
    version: &VersionEntry,
    scale: &Scale,
    now: Timestamp,
) {
    let y = canvas.y;
    let start = scale.x(version.released().unwrap_or(Timestamp::EPOCH));
    let end = version.sunset().map_or(LEFT + WIDTH, |sunset| scale.x(sunset));
    let deprecated = version.deprecated().map_or(end, |at| scale.x(at)).clamp(start.min(end), end);
    canvas.text(22.0, y + 14.0, "", &format!("{} · {}", version.name(), catalog.standing(api, version, now).as_str()));
    canvas.bar(start, deprecated, y, CURRENT, "");
    canvas.bar(deprecated, end, y, DEPRECATED, "");
    if version.is_held() {
        canvas.bar(end, LEFT + WIDTH, y, EXTENDED, "the sunset is held");
    }
    for window in version.brownouts() {
        // A few hours are less than a pixel.
        let (color, least) = if catalog.is_running(api, window, now) { (RUNNING, 6.0) } else { (BROWNOUT, 3.0) };
        let title = format!("brownout from {} until {}, {} %", window.from(), window.until(), window.percent());
        let from = scale.x(window.from());
        canvas.bar(from, scale.x(window.until()).max(from + least), y, color, &title);
    }
    let dates = [version.released(), version.deprecated(), version.sunset()].into_iter().flatten();
    let dates: Vec<(f64, String)> = dates.map(|at| (scale.x(at), short(at))).collect();
    canvas.dates(&dates, y + BAR + 12.0);
    canvas.y += BAR + 20.0;
    for extension in api.extensions().iter().filter(|extension| extension.version() == version.id()) {
        let y = canvas.y;
        let who = format!("{} keeps {}", extension.consumer(), version.name());
        canvas.text(34.0, y + 11.0, "font-size=\"11\" fill=\"#555\"", &clip(&who));
        let until = scale.x(extension.until());
        let title = format!("{who} until {}: {} ({})", extension.until(), extension.reason(), extension.approved_by());
        canvas.bar(version.sunset().map_or(start, |sunset| scale.x(sunset)), until, y, EXTENDED, &title);
        canvas.dates(&[(until, short(extension.until()))], y + BAR + 12.0);
        canvas.y += BAR + 20.0;
    }
}

fn legend(canvas: &mut Canvas, y: f64) {
    let items = [
        (CURRENT, "served"),
        (DEPRECATED, "deprecated"),
        (BROWNOUT, "brownout"),
        (RUNNING, "current brownout"),
        (EXTENDED, "served past its sunset"),
    ];
    let mut x = 22.0;
    for (color, label) in items {
        canvas.bar(x, x + 22.0, y, color, "");
        canvas.text(x + 28.0, y + 14.0, "", label);
        x += 56.0 + label.len() as f64 * 7.0;
    }
    let note = "A bar ends at the sunset; later requests get a 410. A bar without a sunset extends to the edge. A \
         hatched bar is an extension for the named consumer. Dates are UTC.";
    canvas.text(22.0, y + 38.0, "fill=\"#555\"", note);
}

/// The day, where there is no room for more.
fn short(at: Timestamp) -> String {
    let text = day(Some(at));
    text.split('T').next().unwrap_or_default().to_owned()
}

/// As much as there is room for.
fn clip(text: &str) -> String {
    if text.chars().count() <= 28 { text.to_owned() } else { text.chars().take(27).chain(['…']).collect() }
}

/// XML has no control characters, not even escaped ones.
fn escape(text: &str) -> String {
    let text = super::printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

// === impl Canvas ===

impl Canvas {
    fn text(&mut self, x: f64, y: f64, style: &str, text: &str) {
        let _ = writeln!(self.svg, "<text x=\"{x}\" y=\"{y}\" {style}>{}</text>", escape(text));
    }

    fn line(&mut self, x: f64, from: f64, to: f64, style: &str) {
        let _ = writeln!(self.svg, "<line x1=\"{x}\" x2=\"{x}\" y1=\"{from}\" y2=\"{to}\" {style}/>");
    }

    fn bar(&mut self, from: f64, to: f64, y: f64, color: &str, title: &str) {
        let width = ((to - from).max(0.0) * 10.0).round() / 10.0;
        let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", escape(title)) };
        let _ = writeln!(
            self.svg,
            "<rect x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\" rx=\"2\" fill=\"{color}\">{title}</rect>"
        );
    }

    /// Dates below their marks; of two that are near each other, one goes to the left and one to the right.
    fn dates(&mut self, dates: &[(f64, String)], y: f64) {
        for (at, (x, text)) in dates.iter().enumerate() {
            let near = |other: Option<&(f64, String)>| other.is_some_and(|(other, _)| (other - x).abs() < DATE);
            let before = at.checked_sub(1).and_then(|at| dates.get(at));
            let anchor = match () {
                () if near(before) || *x < LEFT + DATE / 2.0 => "start",
                () if near(dates.get(at + 1)) => "end",
                () => "middle",
            };
            self.text(*x, y, &format!("font-size=\"11\" fill=\"#555\" text-anchor=\"{anchor}\""), text);
        }
    }
}

// === impl Scale ===

impl Scale {
    /// All dates, and a part of a year around them.
    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    fn of(catalog: &Catalog, now: Timestamp) -> Self {
        let versions = catalog.apis().iter().flat_map(|api| api.versions());
        let dates = versions.flat_map(|v| [v.released(), v.deprecated(), v.sunset()]).flatten();
        let windows = catalog.apis().iter().flat_map(|api| api.versions()).flat_map(|version| version.brownouts());
        let extensions = catalog.apis().iter().flat_map(|api| api.extensions()).map(|extension| extension.until());
        let dates = dates.chain(windows.map(|window| window.from())).chain(extensions).chain([now]);
        let millis: Vec<i64> = dates.map(Timestamp::as_millis).collect();
        let from = millis.iter().min().copied().unwrap_or(0) - YEAR / 4;
        let to = millis.iter().max().copied().unwrap_or(0) + YEAR / 4;
        Self { from: from as f64, to: to as f64 }
    }

    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    fn x(&self, at: Timestamp) -> f64 {
        let part = (at.as_millis() as f64 - self.from) / (self.to - self.from);
        ((LEFT + WIDTH * part.clamp(0.0, 1.0)) * 10.0).round() / 10.0
    }

    /// A line for each year, or each few of them where many are shown, and for each quarter where few are.
    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    fn grid(&self, canvas: &mut Canvas, bottom: f64) {
        let years = (self.to - self.from) / YEAR as f64;
        let step = [1, 2, 5, 10, 25, 50, 100].into_iter().find(|step| years / f64::from(*step) <= 14.0).unwrap_or(500);
        let months: &[u32] = if years < 4.0 { &[1, 4, 7, 10] } else { &[1] };
        for year in (1970..10_000).filter(|year| year % step == 0) {
            for month in months {
                let Ok(start) = format!("{year}-{month:02}-01").parse::<Timestamp>() else { continue };
                let at = start.as_millis() as f64;
                if at < self.from || at > self.to {
                    continue;
                }
                let (x, is_year) = (self.x(start), *month == 1);
                canvas.line(x, 24.0, bottom, if is_year { "stroke=\"#ccc\"" } else { "stroke=\"#eee\"" });
                let label = if is_year { year.to_string() } else { format!("{year}-{month:02}") };
                let size = if is_year { "" } else { " font-size=\"10\"" };
                canvas.text(x, bottom + 14.0, &format!("text-anchor=\"middle\" fill=\"#888\"{size}"), &label);
            }
        }
    }
}
