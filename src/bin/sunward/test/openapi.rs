//! `sunward test --openapi`: the examples of a document as samples.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};
use sunward::catalog::Catalog;
use sunward::internals::cases::Coverage;
use sunward::internals::cases::{self, Example, OpenApiExamples, RoundTrip, TripResult};

/// An example, and what became of it.
pub(super) struct ExampleRun {
    file: String,
    example: Example,
    /// None if no change is about its message.
    trips: Option<Vec<RoundTrip>>,
}

/// Migrates the examples of all documents.
pub(super) fn run(
    catalog: &Arc<Catalog>,
    documents: &[String],
    coverage: &mut Coverage,
) -> Result<Vec<ExampleRun>, String> {
    let mut samples = Vec::new();
    for document in documents {
        let (version, file) = named(catalog, document);
        let text = std::fs::read_to_string(file).map_err(|error| format!("error: {file} cannot be read: {error}\n"))?;
        let document = OpenApiExamples::parse(&text).map_err(|error| format!("error: {file}: {error}\n"))?;
        let version = version.map(str::to_owned).or(document.version);
        let version =
            version.ok_or_else(|| format!("error: {file} has no `info.version`; write `VERSION={file}`\n"))?;
        let apis: Vec<usize> = speaking(catalog, &version).collect();
        if apis.is_empty() {
            return Err(format!(
                "error: {file} is about version `{version}`, which no api has; write `VERSION={file}`\n"
            ));
        }
        for example in document.examples {
            let trips = apis.iter().find_map(|api| cases::round_trips(catalog, *api, &version, &example, coverage));
            samples.push(ExampleRun { file: file.to_owned(), example, trips });
        }
    }
    Ok(samples)
}

/// `2=shop.json`, where an api has a version `2`; a file may have `=` in its name.
fn named<'d>(catalog: &Catalog, document: &'d str) -> (Option<&'d str>, &'d str) {
    match document.split_once('=') {
        Some((version, file)) if speaking(catalog, version).next().is_some() => (Some(version), file),
        _ => (None, document),
    }
}

fn speaking(catalog: &Catalog, version: &str) -> impl Iterator<Item = usize> {
    let apis = catalog.apis().iter().enumerate();
    apis.filter(move |(_, api)| api.lookup(version).is_some()).map(|(at, _)| at)
}

/// What is not the same again, and how many examples there were.
pub(super) fn text(samples: &[ExampleRun]) -> String {
    let mut text = String::new();
    if samples.is_empty() {
        return text;
    }
    let (mut passed, mut differ, mut failed) = (0, 0, 0);
    for sample in samples {
        let trips = sample.trips.as_deref().unwrap_or_default();
        let shown: Vec<&RoundTrip> = trips.iter().filter(|trip| !matches!(trip.outcome, TripResult::Same)).collect();
        match sample.failed() {
            true => failed += 1,
            false if !shown.is_empty() => differ += 1,
            false => passed += usize::from(sample.trips.is_some()),
        }
        if shown.is_empty() {
            continue;
        }
        let word = if sample.failed() { "FAILED" } else { "differs" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{word} {} ({}#{})", sample.title(), sample.file, sample.example.pointer);
        for trip in shown {
            let _ = writeln!(text, "  from {} to {} and back: {}", trip.from, trip.to, trip.outcome);
        }
    }
    let untouched = samples.iter().filter(|sample| sample.trips.is_none()).count();
    let count = samples.len();
    let _ = writeln!(
        text,
        "{count} example{}: {passed} the same after a round trip, {differ} different, {failed} failed, {untouched} without a change",
        if count == 1 { "" } else { "s" }
    );
    text
}

pub(super) fn json(sample: &ExampleRun) -> Value {
    let trips = sample.trips.iter().flatten().map(|trip| {
        let (outcome, what) = match &trip.outcome {
            TripResult::Same => ("same", Vec::new()),
            TripResult::Differs(found) => ("differs", found.iter().map(ToString::to_string).collect()),
            TripResult::Refused { error, .. } => ("refused", vec![error.clone()]),
            other => ("disagreement", vec![other.to_string()]),
        };
        json!({ "from": trip.from, "to": trip.to, "outcome": outcome, "what": what })
    });
    json!({
        "file": sample.file,
        "pointer": sample.example.pointer.to_string(),
        "at": sample.title(),
        "passed": !sample.failed(),
        "round_trips": trips.collect::<Vec<_>>(),
    })
}

// === impl ExampleRun ===

impl ExampleRun {
    /// A version cannot be given what another one shows as an example.
    pub(super) fn failed(&self) -> bool {
        let trips = self.trips.iter().flatten();
        trips.into_iter().any(|trip| !matches!(trip.outcome, TripResult::Same | TripResult::Differs(_)))
    }

    fn title(&self) -> String {
        let Example { method, path, status, .. } = &self.example;
        match status {
            Some(status) => format!("{method} {path} -> {status}"),
            None => format!("{method} {path} <-"),
        }
    }
}
