//! The report of a test run, for people and for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use sunward::config::SourceMap;
use sunward::diagnostic::Span;
use sunward::internals::cases::{Coverage, Failure, MessagePart, Untouched};

use super::openapi::{self, ExampleRun};
use super::{CaseResult, Suite};

pub(super) fn text(
    suite: &Suite,
    outcomes: &[CaseResult<'_>],
    samples: &[ExampleRun],
    untouched: Option<&[Untouched]>,
    updated: &BTreeSet<usize>,
) -> String {
    let mut text = openapi::text(samples);
    for outcome in outcomes.iter().filter(|outcome| !outcome.failures.is_empty()) {
        let entry = &outcome.item.entry;
        let place = place(suite.sources(outcome.item), entry.span());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "FAILED {}: {} ({place})", suite.catalog.apis()[outcome.item.api].name(), entry.name());
        let _ = writeln!(text, "  {}", entry.place());
        outcome.failures.iter().for_each(|failure| text.push_str(&failure.to_string()));
        text.push('\n');
    }
    if let Some(untouched) = untouched {
        coverage(suite, untouched, &mut text);
    }
    for outcome in outcomes.iter().filter(|outcome| updated.contains(&outcome.index)) {
        let entry = &outcome.item.entry;
        let place = place(suite.sources(outcome.item), entry.span());
        let _ = writeln!(text, "updated {}: {} ({place})", suite.catalog.apis()[outcome.item.api].name(), entry.name());
    }
    let failed = failed(outcomes);
    let _ = write!(text, "{}: {} passed, {failed} failed", count(outcomes.len(), "case"), outcomes.len() - failed);
    if !updated.is_empty() {
        let _ = write!(text, ", {} updated", updated.len());
    }
    text.push('\n');
    text
}

fn coverage(suite: &Suite, untouched: &[Untouched], text: &mut String) {
    let total = Coverage::total(&suite.catalog);
    let all = Coverage::new().untouched(&suite.catalog);
    let same = |a: &Untouched, b: &Untouched| (a.api, a.change) == (b.api, b.change);
    for ops in untouched.chunk_by(same) {
        let op = &ops[0];
        let api = &suite.catalog.apis()[op.api];
        let (version, summary) = op.change_in(&suite.catalog);
        let whole = all.iter().filter(|other| same(op, other)).count() == ops.len();
        let what = if whole { "no case covers" } else { "no case covers these ops of" };
        let _ = writeln!(text, "{what} {} {version}: {summary}", api.name());
        for op in ops {
            let _ = writeln!(text, "  {} {}", place(&suite.config, op.span), written(suite, op));
        }
    }
    let _ = writeln!(text, "{} of {} covered", total - untouched.len(), count(total, "op"));
}

pub(super) fn json(
    suite: &Suite,
    outcomes: &[CaseResult<'_>],
    samples: &[ExampleRun],
    untouched: Option<&[Untouched]>,
    updated: &BTreeSet<usize>,
) -> Value {
    let cases: Vec<Value> = outcomes.iter().map(|outcome| case(suite, outcome, updated)).collect();
    let failed = failed(outcomes);
    let coverage = untouched.map(|untouched| {
        let list: Vec<Value> = untouched.iter().map(|op| uncovered(suite, op)).collect();
        json!({ "ops": Coverage::total(&suite.catalog), "uncovered": list })
    });
    json!({
        "passed": outcomes.len() - failed,
        "failed": failed,
        "updated": updated.len(),
        "cases": cases,
        "examples": samples.iter().map(openapi::json).collect::<Vec<_>>(),
        "coverage": coverage,
    })
}

fn case(suite: &Suite, outcome: &CaseResult<'_>, updated: &BTreeSet<usize>) -> Value {
    let (file, line, column) = position(suite.sources(outcome.item), outcome.item.entry.span());
    json!({
        "api": suite.catalog.apis()[outcome.item.api].name(),
        "name": outcome.item.entry.name(),
        "at": outcome.item.entry.place(),
        "file": file,
        "line": line,
        "column": column,
        "passed": outcome.failures.is_empty(),
        "updated": updated.contains(&outcome.index),
        "failures": outcome.failures.iter().map(failure).collect::<Vec<_>>(),
    })
}

fn failure(failure: &Failure) -> Value {
    let mismatches: Vec<Value> = failure
        .mismatches
        .iter()
        .map(|mismatch| {
            let (part, name) = part(&mismatch.part);
            json!({ "part": part, "name": name, "expected": mismatch.expected, "got": mismatch.got })
        })
        .collect();
    let body = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    json!({
        "from": failure.from,
        "to": failure.to,
        "back": failure.back,
        "mismatches": mismatches,
        "expected_body": failure.bodies.as_ref().map(|bodies| body(&bodies.expected)),
        "got_body": failure.bodies.as_ref().map(|bodies| body(&bodies.got)),
    })
}

fn part(part: &MessagePart) -> (&'static str, Option<&str>) {
    match part {
        MessagePart::Path => ("path", None),
        MessagePart::Query => ("query", None),
        MessagePart::Status => ("status", None),
        MessagePart::Header(name) => ("header", Some(name)),
        MessagePart::Body => ("body", None),
        MessagePart::Value(pointer) => ("value", Some(pointer)),
        MessagePart::Error => ("error", None),
        MessagePart::Agreement(way) => ("agreement", Some(way)),
        _ => ("other", None),
    }
}

fn uncovered(suite: &Suite, op: &Untouched) -> Value {
    let api = &suite.catalog.apis()[op.api];
    let (version, summary) = op.change_in(&suite.catalog);
    let (file, line, column) = position(&suite.config, op.span);
    json!({
        "api": api.name(),
        "version": version,
        "change": summary,
        "op": written(suite, op),
        "file": file,
        "line": line,
        "column": column,
    })
}

/// The op as written in the file, on one line.
fn written(suite: &Suite, op: &Untouched) -> String {
    suite.config.text(op.span).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn place(sources: &SourceMap, span: Span) -> String {
    match position(sources, span) {
        (file, Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        (file, ..) => file,
    }
}

fn position(sources: &SourceMap, span: Span) -> (String, Option<usize>, Option<usize>) {
    let file = sources.find(span).map_or(sources.name(), |(file, _)| file.name());
    let (line, column) = sources.line_column(span).unzip();
    (file.to_owned(), line, column)
}

fn failed(outcomes: &[CaseResult<'_>]) -> usize {
    outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count()
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
