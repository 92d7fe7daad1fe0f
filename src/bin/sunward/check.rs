//! `sunward check`.

use std::process::ExitCode;

use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::config::{self, SourceMap};
use sunward::diagnostic::{Diagnostics, Severity};
use sunward::gateway::{self, Loaded, environment, load_at};
use sunward::internals::cases;

use super::bodies;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// Treats warnings as errors, for CI.
    #[arg(long)]
    strict: bool,
    /// Prints the findings as a JSON array on standard output.
    #[arg(long)]
    json: bool,
    /// Uses this time for dates. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let sources = match gateway::open(&args.file.path, &|text| text) {
        Ok(sources) => sources,
        Err(error) => {
            return super::misused(&error.render(super::color(std::io::stderr())));
        }
    };
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let found = match load_at(&sources, &environment, now) {
        Ok(loaded) => with_bodies(&loaded, &sources),
        Err(error) => error.found,
    };
    let printed = if args.json {
        super::print(&format!("{:#}\n", config::to_json(&found, &sources)))
    } else {
        let shown = config::render(&found, &sources, super::color(std::io::stderr()));
        super::tell(&format!("{shown}{}\n", summary(sources.name(), &found)));
        ExitCode::SUCCESS
    };
    let failed = found.has_errors() || (args.strict && !found.is_empty());
    if failed { ExitCode::from(super::FAILED) } else { printed }
}

/// The warnings, and what is wrong with the bodies of cases that are in files of their own.
fn with_bodies(loaded: &Loaded, sources: &SourceMap) -> Diagnostics {
    let mut found = loaded.warnings.clone();
    for case in loaded.catalog.apis().iter().flat_map(cases::declared) {
        bodies::read(&mut case.clone(), sources, &mut found);
    }
    found.sort();
    found
}

fn summary(name: &str, found: &Diagnostics) -> String {
    let errors = found.iter().filter(|finding| finding.severity() == Severity::Error).count();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    match (errors, found.len() - errors) {
        (0, 0) => format!("{name}: no findings"),
        (errors, warnings) => format!("{name}: {}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}
