//! `sunward timeline`: the versions and their dates, as a table, as JSON or as a picture.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::columns::columns;
use super::day::day;
use serde_json::json;
use sunward::catalog::{ApiEntry, Catalog, VersionEntry, Window};
use sunward::clock::{Clock, SystemClock, Timestamp};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// Prints the timeline as JSON.
    #[arg(long, conflicts_with = "svg")]
    json: bool,
    /// Prints the timeline as an SVG picture.
    #[arg(long)]
    svg: bool,
    /// Uses this time for dates. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

/// What the words of the table mean.
const LEGEND: &str = "\
announced: its deprecation or sunset is ahead; deprecated: served, and responses say that it ends; in brownout: switched off on
trial at this time; gone: past its sunset, requests get a 410; held: served past its sunset.
";

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
        let tables = catalog.apis().iter().map(|api| table(&catalog, api, now)).collect::<Vec<_>>().join("\n");
        format!("{tables}\nAt {now}; all dates are UTC.\n{LEGEND}")
    };
    super::print(&text)
}

fn table(catalog: &Catalog, api: &ApiEntry, now: Timestamp) -> String {
    let mut rows =
        vec![["version", "phase", "released", "deprecated", "closed", "sunset", "brownouts"].map(str::to_owned)];
    for version in api.versions() {
        let phase = catalog.standing(api, version, now).as_str().to_owned();
        let dates = [version.released(), version.deprecated(), version.closed(), version.sunset()].map(day);
        let [released, deprecated, closed, sunset] = dates;
        let brownouts = brownouts(catalog, api, version, now);
        rows.push([version.name().to_owned(), phase, released, deprecated, closed, sunset, brownouts]);
    }
    let mut text = format!("{} {}\n", api.name(), if api.base_path().is_empty() { "/" } else { api.base_path() });
    for line in columns(&rows, &[]) {
        let _ = writeln!(text, "  {line}");
    }
    for extension in api.extensions() {
        let (version, until) = (api.version(extension.version()).name(), day(Some(extension.until())));
        let ended = if extension.until() <= now { ", in the past" } else { "" };
        let line = format!(
            "{} may use {version} until {until}{ended} ({}: {})",
            extension.consumer(),
            extension.approved_by(),
            extension.reason()
        );
        let _ = writeln!(text, "  extension: {}", super::printable(&line));
    }
    text
}

fn brownouts(catalog: &Catalog, api: &ApiEntry, version: &VersionEntry, now: Timestamp) -> String {
    let windows = version.brownouts();
    let next = match windows.iter().find(|window| now < window.until()) {
        _ if windows.is_empty() => return "–".to_owned(),
        None => "all past".to_owned(),
        Some(window) if catalog.is_running(api, window, now) => format!("running until {}", window.until()),
        Some(window) if window.is_open(now) => {
            let why = if api.is_paused() { "paused" } else { "dry run" };
            format!("{why}, would run until {}", window.until())
        }
        Some(next) => format!("next {}", next.from()),
    };
    format!("{}, {next}", windows.len())
}

fn to_json(catalog: &Catalog, now: Timestamp) -> serde_json::Value {
    json!({ "now": now.to_string(), "apis": catalog.apis().iter().map(|api| api_json(catalog, api, now)).collect::<Vec<_>>() })
}

fn api_json(catalog: &Catalog, api: &ApiEntry, now: Timestamp) -> serde_json::Value {
    let text = |date: Option<Timestamp>| date.map(|date| date.to_string());
    let window = |window: &Window| {
        json!({
            "from": window.from().to_string(),
            "until": window.until().to_string(),
            "share": window.percent(),
            "dry_run": window.is_dry_run(),
            "running": catalog.is_running(api, window, now),
        })
    };
    let version = |version: &VersionEntry| {
        let extensions =
            api.extensions().iter().filter(|extension| extension.version() == version.id()).map(|extension| {
                json!({
                    "consumer": extension.consumer(),
                    "until": extension.until().to_string(),
                    "approved_by": extension.approved_by(),
                    "reason": extension.reason(),
                })
            });
        json!({
            "name": version.name(),
            "phase": catalog.standing(api, version, now).as_str(),
            "released": text(version.released()),
            "deprecated": text(version.deprecated()),
            "closed": text(version.closed()),
            "sunset": text(version.sunset()),
            "held": version.is_held(),
            "brownouts": version.brownouts().iter().map(window).collect::<Vec<_>>(),
            "extensions": extensions.collect::<Vec<_>>(),
        })
    };
    let versions: Vec<_> = api.versions().iter().map(version).collect();
    json!({ "name": api.name(), "paused": api.is_paused(), "versions": versions })
}
