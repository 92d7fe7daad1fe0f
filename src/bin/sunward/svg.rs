//! The timeline as a picture: a bar for each version, from its release to its end.

use std::fmt::Write as _;

use sunward::catalog::{ApiEntry, Catalog, VersionEntry};
use sunward::clock::Timestamp;

use super::timeline::phase;

/// Milliseconds and pixels.
struct Scale {
    from: f64,
    to: f64,
}

const LEFT: f64 = 150.0;
const WIDTH: f64 = 720.0;
const ROW: f64 = 34.0;
const YEAR: i64 = 365 * 24 * 3600 * 1000;

pub(crate) fn render(catalog: &Catalog, now: Timestamp) -> String {
    let rows: usize = catalog.apis().iter().map(|api| api.versions.len() + 1).sum();
    let height = ROW * (rows as f64 + 1.5);
    let total = LEFT + WIDTH + 30.0;
    let scale = Scale::of(catalog, now);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total} {height}\" width=\"{total}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    scale.years(&mut svg, height);
    let mut y = ROW;
    for api in catalog.apis() {
        let _ = writeln!(svg, "<text x=\"10\" y=\"{}\" font-weight=\"600\">{}</text>", y + 20.0, escape(&api.name));
        y += ROW;
        for version in &api.versions {
            row(&mut svg, api, version, &scale, y, now);
            y += ROW;
        }
    }
    let x = scale.x(now);
    let _ = writeln!(svg, "<line x1=\"{x}\" x2=\"{x}\" y1=\"24\" y2=\"{height}\" stroke=\"#c0392b\"/>");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"18\" text-anchor=\"middle\" fill=\"#c0392b\">now</text>\n</svg>");
    svg
}

fn row(svg: &mut String, api: &ApiEntry, version: &VersionEntry, scale: &Scale, y: f64, now: Timestamp) {
    let start = scale.x(version.released.unwrap_or(Timestamp::EPOCH));
    let end = version.life.sunset.map_or(LEFT + WIDTH, |sunset| scale.x(sunset));
    let deprecated = version.life.deprecated.map_or(end, |at| scale.x(at)).clamp(start, end);
    let mut bar = |from: f64, to: f64, color: &str| {
        let width = (to - from).max(0.0);
        let _ =
            writeln!(svg, "<rect x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"20\" rx=\"3\" fill=\"{color}\"/>");
    };
    bar(start, deprecated, "#7fb77e");
    bar(deprecated, end, "#f0b95b");
    for window in &version.life.windows {
        bar(scale.x(window.from), scale.x(window.until).max(scale.x(window.from) + 2.0), "#7a4b00");
    }
    let label = format!("{} · {}", version.text, phase(version, now));
    let _ = writeln!(svg, "<text x=\"10\" y=\"{}\">{}</text>", y + 15.0, escape(&label));
    let title = format!("{} {}", api.name, version.text);
    let _ = writeln!(
        svg,
        "<rect x=\"{start}\" y=\"{y}\" width=\"{}\" height=\"20\" fill=\"none\"><title>{}</title></rect>",
        (end - start).max(0.0),
        escape(&title)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

// === impl Scale ===

impl Scale {
    /// All dates, and a year around them.
    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    fn of(catalog: &Catalog, now: Timestamp) -> Self {
        let versions = catalog.apis().iter().flat_map(|api| &api.versions);
        let dates = versions.flat_map(|v| [v.released, v.life.deprecated, v.life.sunset]).flatten().chain([now]);
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

    fn years(&self, svg: &mut String, height: f64) {
        for year in 1970..10_000 {
            let Ok(start) = format!("{year}-01-01").parse::<Timestamp>() else { continue };
            #[allow(clippy::cast_precision_loss, reason = "pixels")]
            let at = start.as_millis() as f64;
            if at > self.to {
                break;
            }
            if at >= self.from {
                let x = self.x(start);
                let _ = writeln!(svg, "<line x1=\"{x}\" x2=\"{x}\" y1=\"24\" y2=\"{height}\" stroke=\"#ddd\"/>");
                let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" fill=\"#888\">{year}</text>", x + 4.0, height - 6.0);
            }
        }
    }
}
