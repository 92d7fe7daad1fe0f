//! `sunward diff`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use sunward::catalog::{Class, Difference};
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::gateway;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The old config file.
    #[arg(value_name = "OLD", value_parser = super::file)]
    old: PathBuf,
    /// The new config file.
    #[arg(value_name = "NEW", value_parser = super::file)]
    new: PathBuf,
    /// Prints the differences as a JSON array.
    #[arg(long)]
    json: bool,
    /// Uses this time for dates. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    // Both are read before one is given up, so that all that is wrong comes at once.
    let (old, new) = match (super::open(&args.old, Some(now)), super::open(&args.new, Some(now))) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(code), _) | (_, Err(code)) => return code,
    };
    let list = gateway::diff(&old, &new, now);
    let printed = if args.json {
        super::print(&format!("{:#}\n", list.iter().map(object).collect::<serde_json::Value>()))
    } else {
        let printed = super::print(&text(&list, super::color(std::io::stdout())));
        super::tell(&format!("{}\n", summary(&list)));
        printed
    };
    let breaking = list.iter().any(|found| found.class == Class::Breaking);
    if breaking { ExitCode::from(super::FAILED) } else { printed }
}

fn object(found: &Difference) -> serde_json::Value {
    json!({
        "class": found.class.as_str(),
        "code": found.code,
        "api": found.api,
        "version": found.version,
        "route": found.route,
        "message": found.message,
    })
}

fn text(list: &[Difference], color: bool) -> String {
    let width = list.iter().map(|found| subject(found).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for found in list {
        let (start, end) = if color { (escape(found.class), "\u{1b}[0m") } else { ("", "") };
        let (class, subject) = (found.class.as_str(), subject(found));
        let _ = writeln!(text, "{start}{class:8}{end}  {subject:width$}  {}", super::printable(&found.message));
    }
    text
}

fn subject(found: &Difference) -> &str {
    found.api.as_deref().unwrap_or("–")
}

fn escape(class: Class) -> &'static str {
    match class {
        Class::Breaking => "\u{1b}[1;31m",
        Class::Notice => "\u{1b}[33m",
        Class::Safe => "\u{1b}[32m",
        _ => "",
    }
}

fn summary(list: &[Difference]) -> String {
    let count = |class| list.iter().filter(|found| found.class == class).count();
    match list.len() {
        0 => "no differences".to_owned(),
        _ => {
            let [breaking, notices, safe] = [Class::Breaking, Class::Notice, Class::Safe].map(count);
            format!("{breaking} breaking, {notices} notice{}, {safe} safe", if notices == 1 { "" } else { "s" })
        }
    }
}
