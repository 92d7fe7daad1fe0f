//! `sunward test`: runs the cases next to the changes.

mod files;
mod openapi;
mod report;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use sunward::catalog::Catalog;
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::config::SourceMap;
use sunward::internals::cases::{self, CaseEntry, Coverage, Failure};

use files::Edits;
use openapi::ExampleRun;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// Further files of cases, or folders with such files (`*.toml`).
    #[arg(value_name = "CASES")]
    cases: Vec<std::path::PathBuf>,
    /// Runs only cases whose name or place contains this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Replaces what `to` and `back` expect in the files with what came: bodies, and the parts of the head that are written.
    #[arg(long)]
    update: bool,
    /// Lists the ops that no case tests: they changed and refused nothing in any case.
    #[arg(long)]
    coverage: bool,
    /// Fails if there are ops that no case tests, for CI.
    #[arg(long)]
    strict: bool,
    /// Migrates the examples of an OpenAPI document (JSON) to every other version and back. `VERSION=FILE` names the
    /// version that it describes, if that is not its `info.version`.
    #[arg(long, value_name = "[VERSION=]FILE")]
    openapi: Vec<String>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Uses this time for dates. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

/// All that is run.
struct Suite {
    catalog: Arc<Catalog>,
    items: Vec<SuiteCase>,
    config: SourceMap,
    cases: SourceMap,
}

/// One case.
struct SuiteCase {
    api: usize,
    entry: CaseEntry,
    /// Whether it is in the config, and not in a file of its own.
    in_config: bool,
}

/// What a case came to.
struct CaseResult<'s> {
    /// Which of the suite's cases it is.
    index: usize,
    item: &'s SuiteCase,
    failures: Vec<Failure>,
}

/// An `--update` writes `to` first and what follows from it then, so it needs a second round, and a third one to see
/// that all is well.
const ROUNDS: usize = 3;

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let mut updated = BTreeSet::new();
    for round in 1.. {
        let suite = match Suite::open(&args.file.path, &args.cases, now) {
            Ok(suite) => suite,
            Err(message) => return misused(&message),
        };
        let mut coverage = Coverage::new();
        let outcomes = suite.run(args.filter.as_deref(), &mut coverage);
        let samples = match openapi::run(&suite.catalog, &args.openapi, &mut coverage) {
            Ok(samples) => samples,
            Err(message) => return misused(&message),
        };
        if outcomes.is_empty() && (args.openapi.is_empty() || args.filter.is_some()) {
            return misused(&suite.nothing(args.filter.as_deref()));
        }
        if args.update && round < ROUNDS {
            match suite.update(&outcomes) {
                Ok(cases) if cases.is_empty() => {}
                Ok(cases) => {
                    updated.extend(cases);
                    continue;
                }
                Err(message) => return misused(&message),
            }
        }
        return finish(args, &suite, &outcomes, &samples, &coverage, &updated);
    }
    ExitCode::SUCCESS
}

fn finish(
    args: &Args,
    suite: &Suite,
    outcomes: &[CaseResult<'_>],
    samples: &[ExampleRun],
    coverage: &Coverage,
    updated: &BTreeSet<usize>,
) -> ExitCode {
    let untouched = coverage.untouched(&suite.catalog);
    let shown = (args.coverage || args.strict).then_some(&*untouched);
    let text = match args.json {
        true => format!("{:#}\n", report::json(suite, outcomes, samples, shown, updated)),
        false => report::text(suite, outcomes, samples, shown, updated),
    };
    let printed = super::print(&text);
    let failed = outcomes.iter().any(|outcome| !outcome.failures.is_empty()) || samples.iter().any(ExampleRun::failed);
    if failed || (args.strict && !untouched.is_empty()) { ExitCode::from(super::FAILED) } else { printed }
}

fn misused(message: &str) -> ExitCode {
    super::tell(message);
    ExitCode::from(super::MISUSED)
}

// === impl Suite ===

impl Suite {
    fn run(&self, filter: Option<&str>, coverage: &mut Coverage) -> Vec<CaseResult<'_>> {
        let wanted = |item: &&SuiteCase| {
            filter.is_none_or(|text| item.entry.name().contains(text) || item.entry.place().contains(text))
        };
        let mut run = |item: &SuiteCase| cases::run(&self.catalog, item.api, &item.entry, coverage);
        let wanted = self.items.iter().enumerate().filter(|(_, item)| wanted(item));
        wanted.map(|(index, item)| CaseResult { index, item, failures: run(item) }).collect()
    }

    /// A run of nothing would pass for one that found nothing.
    fn nothing(&self, filter: Option<&str>) -> String {
        match filter {
            Some(text) if !self.items.is_empty() => format!("error: no case has `{text}` in its name or place\n"),
            _ => format!(
                "error: {} has no case; add `[[api.case]]`, or pass files with `[[case]]`\n",
                self.config.name()
            ),
        }
    }

    /// Writes what came into the files. Says which cases are others now.
    fn update(&self, outcomes: &[CaseResult<'_>]) -> Result<Vec<usize>, String> {
        let mut edits = Edits::default();
        let mut updated = Vec::new();
        for outcome in outcomes {
            // What goes back depends on what came.
            let Some(failure) = outcome.failures.first() else { continue };
            let sources = self.sources(outcome.item);
            let mut changed = false;
            for part in &failure.head {
                changed |= edits.add_value(sources, part.span, part.value.clone());
            }
            let body = failure
                .bodies
                .as_ref()
                .and_then(|bodies| Some((bodies.written.as_ref()?, std::str::from_utf8(&bodies.got).ok()?)));
            changed |= body.is_some_and(|(written, got)| edits.add(sources, written, got));
            updated.extend(changed.then_some(outcome.index));
        }
        edits.write().map(|()| updated)
    }

    fn sources(&self, item: &SuiteCase) -> &SourceMap {
        if item.in_config { &self.config } else { &self.cases }
    }
}
