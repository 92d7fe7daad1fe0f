//! One case, both ways.

use std::sync::Arc;

use super::compare::compare;
use super::coverage::Coverage;
use super::message::{Direction, Output};
use super::report::{Bodies, Failure, GotPart, GotValue, MessagePart, Mismatch, WrittenBody};
use crate::catalog::{ApiEntry, BackEntry, Case, CaseEntry, Catalog, SampleEntry};
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
    let (there, status) = one_way(catalog, api, case, [&case.from, &case.to], None, coverage);
    failures.extend(there.map(|failure| with_written(failure, Some(&case.to))));
    let (expected, written) = match &case.back {
        BackEntry::From => (Some(&case.from), None),
        BackEntry::Other(back) => (Some(&**back), Some(&**back)),
        BackEntry::Off => (None, None),
    };
    if let Some(expected) = expected.filter(|_| case.to.error.is_none()) {
        let (back, _) = one_way(catalog, api, case, [&case.to, expected], status, coverage);
        failures.extend(back.map(|failure| Failure { back: true, ..with_written(failure, written) }));
    }
    failures
}

/// Also gives the status that came out. `status`: that of the input, if its sample gives none.
fn one_way(
    catalog: &Arc<Catalog>,
    api: usize,
    case: &CaseEntry,
    [input, expected]: [&SampleEntry; 2],
    status: Option<u16>,
    coverage: &mut Coverage,
) -> (Option<Failure>, Option<u16>) {
    let to = expected.version;
    // The path of the request that a response answers is the same in all samples, in the spelling of their versions.
    let samples = [input, expected, &case.from, &case.to];
    let asked = samples.into_iter().find_map(|sample| Some((sample.version, &**sample.path.as_ref()?)));
    let result = Direction { catalog, api, case, input, to, status, asked }.run(coverage);
    let came = result.as_ref().ok().and_then(|output| output.status);
    let (mut bodies, mut head) = (None, Vec::new());
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
            head.extend(mismatches.iter().filter_map(|mismatch| got(&mismatch.part, expected, &output)));
            if mismatches.iter().any(|mismatch| matches!(mismatch.part, MessagePart::Body | MessagePart::Value(_))) {
                let expected = expected.body.as_ref().map_or_else(Vec::new, |body| body.bytes.clone());
                bodies = Some(Bodies { expected, got: output.body, written: None });
            }
            mismatches
        }
    };
    let name = |version| catalog.apis()[api].version(version).text.clone();
    let failure = Failure { from: name(input.version), to: name(to), back: false, mismatches, bodies, head };
    ((!failure.mismatches.is_empty()).then_some(failure), came)
}

/// What came in the place of a part of the head, if that is written.
fn got(part: &MessagePart, expected: &SampleEntry, output: &Output) -> Option<GotPart> {
    let written = &expected.written;
    let (span, value) = match part {
        MessagePart::Path => (written.path, GotValue::Text(output.path.clone()?)),
        MessagePart::Query => (written.query, GotValue::Text(output.query.clone())),
        MessagePart::Status => (written.status, GotValue::Number(output.status?)),
        MessagePart::Header(name) => {
            let (_, span) = written.headers.iter().find(|(known, _)| known == name.as_str())?;
            let values = output.headers.get_all(name).iter().map(|value| value.to_str().map(str::to_owned));
            (*span, GotValue::Texts(values.collect::<Result<_, _>>().ok()?))
        }
        _ => return None,
    };
    // A field that did not come is for its owner to remove.
    let absent = matches!(&value, GotValue::Texts(values) if values.is_empty());
    (!span.is_none() && !absent).then_some(GotPart { span, value })
}

/// Says where the expected body is written; `from` is not to be exchanged.
fn with_written(mut failure: Failure, expected: Option<&SampleEntry>) -> Failure {
    let disagree = failure.mismatches.iter().any(|mismatch| matches!(mismatch.part, MessagePart::Agreement(_)));
    let expected = expected.filter(|_| !disagree);
    if expected.is_none() {
        failure.head.clear();
    }
    let body = expected.and_then(|expected| expected.body.as_ref()).filter(|body| !body.span.is_none());
    if let (Some(bodies), Some(body)) = (&mut failure.bodies, body) {
        bodies.written = Some(WrittenBody { span: body.span, file: body.file.clone() });
    }
    failure
}
