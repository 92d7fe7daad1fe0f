//! `sunward explain`: the changes between two versions, and the one program that they become.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use sunward::catalog::Explanation;

use super::place::SelectionArgs;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SelectionArgs,
    /// Prints the explanation as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = match super::open(&args.place.file.path, args.place.now) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match args.place.explain(&loaded.catalog) {
        Ok(found) if args.json => super::print(&format!("{:#}\n", to_json(&found))),
        Ok(found) => super::print(&text(&found)),
        Err(message) => super::misused(&format!("error: {message}")),
    }
}

fn text(found: &Explanation) -> String {
    let mut text = String::from("changes, in the order in which they run\n");
    for change in found.changes() {
        let _ = writeln!(text, "  {}: {}", change.version(), change.summary());
        for step in change.steps() {
            let _ = writeln!(text, "    {step}");
        }
    }
    if found.changes().is_empty() {
        text.push_str("  none\n");
    }
    text.push_str("program, in one pass\n");
    for line in found.program().lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn to_json(found: &Explanation) -> serde_json::Value {
    let changes = found
        .changes()
        .iter()
        .map(|change| json!({ "version": change.version(), "summary": change.summary(), "steps": change.steps() }));
    json!({ "changes": changes.collect::<Vec<_>>(), "program": found.program().lines().collect::<Vec<_>>() })
}
