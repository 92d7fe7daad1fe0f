//! `sunward explain`: the changes between two versions, and the one program that they become.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::place::{SelectedChain, SelectionArgs};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SelectionArgs,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = match super::open(&args.place.file.path, args.place.now) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match args.place.find(&loaded.catalog) {
        Ok(found) if args.json => super::print(&format!("{:#}\n", to_json(&found))),
        Ok(found) => super::print(&text(&found)),
        Err(message) => super::misused(&format!("error: {message}")),
    }
}

/// The changes that do something, in the order in which they run: version, summary, steps.
fn changes<'c>(found: &SelectedChain<'c>) -> Vec<(&'c str, &'c str, Vec<String>)> {
    let links = found.chain.between(found.from, found.to);
    let named = links.links().map(|(change, steps)| {
        let (version, summary) = &found.api.changes[change as usize];
        let steps = steps.iter().map(ToString::to_string).collect();
        (&*found.api.version(*version).text, &**summary, steps)
    });
    named.filter(|(_, _, steps): &(_, _, Vec<String>)| !steps.is_empty()).collect()
}

fn text(found: &SelectedChain<'_>) -> String {
    let mut text = String::from("changes, in the order in which they run\n");
    let changes = changes(found);
    for (version, summary, steps) in &changes {
        let _ = writeln!(text, "  {version}: {summary}");
        for step in steps {
            let _ = writeln!(text, "    {step}");
        }
    }
    if changes.is_empty() {
        text.push_str("  none\n");
    }
    text.push_str("program, in one pass\n");
    for line in found.chain.program(found.from, found.to).to_string().lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn to_json(found: &SelectedChain<'_>) -> serde_json::Value {
    let changes: Vec<_> = changes(found)
        .into_iter()
        .map(|(version, summary, steps)| json!({ "version": version, "summary": summary, "steps": steps }))
        .collect();
    let program: Vec<String> =
        found.chain.program(found.from, found.to).to_string().lines().map(str::to_owned).collect();
    json!({ "changes": changes, "program": program })
}
