//! One case, both ways.

use std::sync::Arc;

use super::compare::compare;
use super::coverage::Coverage;
use super::message::Direction;
use super::report::{Bodies, Failure, MessagePart, Mismatch, WrittenBody};
use crate::catalog::{ApiEntry, BackEntry, BodyEntry, Case, CaseEntry, Catalog, SampleEntry};
use crate::diagnostic::Diagnostics;

/// The cases next to the changes of `api`.
#[must_use]
pub fn declared(api: &ApiEntry) -> &[CaseEntry] {
    &api.cases
}

/// Checks a case of `api`. What is wrong goes to `found`, and then there is nothing to run.
pub fn read(api: &ApiEntry, case: &Case, found: &mut Diagnostics) -> Option<CaseEntry> {
    api.case(case, found)
}

/// Runs a case of the `api`-th api of a catalog, and notes in `coverage` which ops altered something. Nothing failed
/// where the list is empty.
///
/// # Panics
/// If the case is not one of this api.
#[must_use]
pub fn run(catalog: &Arc<Catalog>, api: usize, case: &CaseEntry, coverage: &mut Coverage) -> Vec<Failure> {
    let mut failures = Vec::new();
    let there = one_way(catalog, api, case, [&case.from, &case.to], coverage);
    failures.extend(there.map(|failure| with_written(failure, case.to.body.as_ref())));
    let back = match &case.back {
        _ if case.to.error.is_some() => None,
        BackEntry::Off => None,
        BackEntry::From => one_way(catalog, api, case, [&case.to, &case.from], coverage),
        BackEntry::Other(back) => one_way(catalog, api, case, [&case.to, back], coverage)
            .map(|failure| with_written(failure, back.body.as_ref())),
    };
    failures.extend(back.map(|failure| Failure { back: true, ..failure }));
    failures
}

fn one_way(
    catalog: &Arc<Catalog>,
    api: usize,
    case: &CaseEntry,
    [input, expected]: [&SampleEntry; 2],
    coverage: &mut Coverage,
) -> Option<Failure> {
    let to = expected.version;
    // The path of the request that a response answers is the same in all samples, in the spelling of their versions.
    let samples = [input, expected, &case.from, &case.to];
    let asked = samples.into_iter().find_map(|sample| Some((sample.version, &**sample.path.as_ref()?)));
    let result = Direction { catalog, api, case, input, to, asked }.run(coverage);
    let mut bodies = None;
    let refused =
        |expected: Option<String>, got: String| Mismatch { part: MessagePart::Error, expected, got: Some(got) };
    let mismatches = match (result, &expected.error) {
        (Err(error), Some(text)) if error.contains(&**text) => Vec::new(),
        (Err(error), Some(text)) => {
            vec![refused(Some(format!("an error that contains `{text}`")), format!("the error: {error}"))]
        }
        (Err(error), None) => vec![refused(Some("a message".to_owned()), format!("the error: {error}"))],
        (Ok(output), Some(text)) if output.disagreements.is_empty() => {
            let got = match output.body.is_empty() {
                true => "a message without a body".to_owned(),
                false => format!("the body {}", String::from_utf8_lossy(&output.body)),
            };
            vec![refused(Some(format!("an error that contains `{text}`")), got)]
        }
        (Ok(output), Some(_)) => output.disagreements,
        (Ok(output), None) => {
            let mismatches = compare(expected, &output, case.exact);
            if mismatches.iter().any(|mismatch| matches!(mismatch.part, MessagePart::Body | MessagePart::Value(_))) {
                let expected = expected.body.as_ref().map_or_else(Vec::new, |body| body.bytes.clone());
                bodies = Some(Bodies { expected, got: output.body, written: None });
            }
            mismatches
        }
    };
    let name = |version| catalog.apis()[api].version(version).text.clone();
    let failure = Failure { from: name(input.version), to: name(to), back: false, mismatches, bodies };
    (!failure.mismatches.is_empty()).then_some(failure)
}

/// Says where the expected body is written.
fn with_written(mut failure: Failure, body: Option<&BodyEntry>) -> Failure {
    let disagree = failure.mismatches.iter().any(|mismatch| matches!(mismatch.part, MessagePart::Agreement(_)));
    let body = body.filter(|body| !disagree && !body.span.is_none());
    if let (Some(bodies), Some(body)) = (&mut failure.bodies, body) {
        bodies.written = Some(WrittenBody { span: body.span, file: body.file.clone() });
    }
    failure
}
