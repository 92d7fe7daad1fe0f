//! `sunward timeline`: the versions and their dates, as a table, as JSON or as a picture.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;
use sunward::catalog::{ApiEntry, Catalog, VersionEntry};
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::decide::{Phase, Question, decide};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::File,
    /// Prints JSON.
    #[arg(long, conflicts_with = "svg")]
    json: bool,
    /// Prints an SVG picture.
    #[arg(long)]
    svg: bool,
    /// Shows things as they stand at this time; now, unless said.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let catalog = match super::open(&args.file.path, Some(now)) {
        Ok(loaded) => loaded.catalog,
        Err(code) => return code,
    };
    let text = if args.json {
        format!("{:#}\n", to_json(&catalog, now))
    } else if args.svg {
        super::svg::render(&catalog, now)
    } else {
        catalog.apis().iter().map(|api| table(api, now)).collect::<Vec<_>>().join("\n")
    };
    super::print(&text)
}

/// What a version is at `now`, in a word.
pub(crate) fn phase(version: &VersionEntry, now: Timestamp) -> &'static str {
    if version.released.is_some_and(|released| released > now) {
        return "not released";
    }
    match decide(&Question::new(&version.life, now)).phase {
        Phase::Current => "current",
        Phase::Announced => "end announced",
        Phase::Deprecated => "deprecated",
        Phase::Sunset => "gone",
    }
}

fn table(api: &ApiEntry, now: Timestamp) -> String {
    let mut rows =
        vec![["version", "phase", "released", "deprecated", "closed", "sunset", "brownouts"].map(str::to_owned)];
    for version in &api.versions {
        let life = &version.life;
        let phase = phase(version, now).to_owned();
        let dates = [version.released, life.deprecated, life.closed, life.sunset].map(day);
        let [released, deprecated, closed, sunset] = dates;
        rows.push([version.text.to_string(), phase, released, deprecated, closed, sunset, brownouts(version, now)]);
    }
    let mut text = format!("{} {}\n", api.name, if api.base_path.is_empty() { "/" } else { &api.base_path });
    for row in &rows {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let width = rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
            format!("{cell:width$}")
        });
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

fn day(date: Option<Timestamp>) -> String {
    let Some(date) = date else { return "–".to_owned() };
    let text = date.to_string();
    text.strip_suffix("T00:00:00Z").unwrap_or(&text).to_owned()
}

fn brownouts(version: &VersionEntry, now: Timestamp) -> String {
    let windows = &version.life.windows;
    match windows.iter().find(|window| now < window.until) {
        _ if windows.is_empty() => "–".to_owned(),
        None => format!("{}, all past", windows.len()),
        Some(next) => format!("{}, next {}", windows.len(), next.from),
    }
}

fn to_json(catalog: &Catalog, now: Timestamp) -> serde_json::Value {
    let text = |date: Option<Timestamp>| date.map(|date| date.to_string());
    let version = |version: &VersionEntry| {
        let windows: Vec<_> = version
            .life
            .windows
            .iter()
            .map(|w| json!({ "from": w.from.to_string(), "until": w.until.to_string() }))
            .collect();
        json!({
            "name": &*version.text,
            "phase": phase(version, now),
            "released": text(version.released),
            "deprecated": text(version.life.deprecated),
            "closed": text(version.life.closed),
            "sunset": text(version.life.sunset),
            "brownouts": windows,
        })
    };
    let api = |api: &ApiEntry| json!({ "name": &*api.name, "versions": api.versions.iter().map(version).collect::<Vec<_>>() });
    json!({ "now": now.to_string(), "apis": catalog.apis().iter().map(api).collect::<Vec<_>>() })
}
