//! What came, against what was expected.

use std::collections::BTreeSet;

use http::header::{self, HeaderMap, HeaderName};

use super::message::{Output, lines};
use super::report::{MessagePart, Mismatch};
use crate::catalog::{Content, SampleEntry};
use crate::json;

/// Fields that are the proxy's own business, and compared only where a case names them.
static OF_THE_PROXY: [HeaderName; 3] = [header::ACCEPT_ENCODING, header::CONTENT_LENGTH, header::CONTENT_TYPE];

/// What is not as expected.
pub(super) fn compare(expected: &SampleEntry, output: &Output, exact: bool) -> Vec<Mismatch> {
    let mut found = output.disagreements.clone();
    let mut push = |part, expected: Option<String>, got: Option<String>| found.push(Mismatch { part, expected, got });
    if let (Some(path), Some(got)) = (&expected.path, &output.path)
        && **path != **got
    {
        push(MessagePart::Path, Some(path.to_string()), Some(got.clone()));
    }
    if pairs(&expected.query) != pairs(&output.query) {
        let shown = |query: &str| (!query.is_empty()).then(|| query.to_owned());
        push(MessagePart::Query, shown(&expected.query), shown(&output.query));
    }
    if let (Some(status), Some(got)) = (expected.status, output.status)
        && status != got
    {
        push(MessagePart::Status, Some(status.to_string()), Some(got.to_string()));
    }
    found.extend(headers(&expected.headers, &output.headers));
    let body = expected.body.as_ref().map_or(&[][..], |body| &body.bytes);
    found.extend(bodies(body, output, exact));
    found
}

/// The parameters, those of one name in their order.
fn pairs(query: &str) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| (pair.split_once('=').map_or(pair, |(name, _)| name), pair))
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs
}

fn headers(expected: &HeaderMap, got: &HeaderMap) -> Vec<Mismatch> {
    let foreign = got.keys().filter(|name| !OF_THE_PROXY.contains(name));
    let names: BTreeSet<&str> = expected.keys().chain(foreign).map(HeaderName::as_str).collect();
    let values = |headers: &HeaderMap, name: &str| {
        let list: Vec<String> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        (!list.is_empty()).then(|| list.join(", "))
    };
    let compared = names.into_iter().map(|name| Mismatch {
        part: MessagePart::Header(name.to_owned()),
        expected: values(expected, name),
        got: values(got, name),
    });
    compared.filter(|mismatch| mismatch.expected != mismatch.got).collect()
}

fn bodies(expected: &[u8], output: &Output, exact: bool) -> Vec<Mismatch> {
    let got = &*output.body;
    if expected == got {
        return Vec::new();
    }
    let shown = |body: &[u8]| (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
    let whole = || vec![Mismatch { part: MessagePart::Body, expected: shown(expected), got: shown(got) }];
    match output.content {
        _ if exact => whole(),
        Some(Content::Json | Content::Concatenated | Content::MergePatch | Content::JsonPatch) => {
            documents("", expected, got).unwrap_or_else(whole)
        }
        Some(Content::Ndjson) => by_line(expected, got).unwrap_or_else(whole),
        Some(Content::EventStream | Content::Sequence | Content::Form(_) | Content::Multipart(_)) | None => whole(),
    }
}

/// None if one of them is not JSON.
fn documents(line: &str, expected: &[u8], got: &[u8]) -> Option<Vec<Mismatch>> {
    let found = json::differences(expected, got).ok()?.into_iter();
    Some(
        found
            .map(|difference| {
                let root = difference.pointer.is_root();
                let place = if root { "the document".to_owned() } else { difference.pointer.to_string() };
                Mismatch {
                    part: MessagePart::Value(format!("{line}{place}")),
                    expected: difference.expected,
                    got: difference.got,
                }
            })
            .collect(),
    )
}

/// `None` if the lines do not correspond.
fn by_line(expected: &[u8], got: &[u8]) -> Option<Vec<Mismatch>> {
    let (expected, got): (Vec<_>, Vec<_>) = (lines(expected).collect(), lines(got).collect());
    if expected.len() != got.len() {
        return None;
    }
    let mut found = Vec::new();
    for (at, ((one, _), (other, _))) in
        expected.iter().zip(&got).enumerate().filter(|(_, (one, other))| one.0 != other.0)
    {
        found.extend(documents(&format!("line {}: ", at + 1), one, other)?);
    }
    Some(found)
}
