//! Examples of an OpenAPI document, migrated to every other version and back.

use std::fmt;
use std::sync::Arc;

use super::coverage::Coverage;
use super::message::Direction;
use super::openapi::Example;
use crate::catalog::{ApiEntry, BodyEntry, Case, CaseEntry, Catalog, Match, Sample, SampleEntry};
use crate::diagnostic::Diagnostics;
use crate::json::{self, ValueDifference};
use crate::version::VersionId;

/// What became of an [`Example`] in another version, and on the way back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoundTrip {
    /// The version of the example.
    pub from: Box<str>,
    /// The other version.
    pub to: Box<str>,
    /// What it came to.
    pub outcome: TripResult,
}

/// What a [`RoundTrip`] came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TripResult {
    /// It is the same again.
    Same,
    /// It is not: what is lost, or added. The changes of an api may say so.
    Differs(Vec<ValueDifference>),
    /// The other version cannot be given it, or it cannot come back.
    Refused {
        /// Whether it was on the way back.
        back: bool,
        /// Why.
        error: String,
    },
    /// Two ways of running the same steps do not agree: a bug of this crate.
    Disagreement(String),
}

/// Migrates an example, which is a message of `version`, to every other version that has its route, and back.
///
/// `None` if the version has no route for it that a change or the config names, or if the body has a media type that is
/// not migrated.
///
/// # Panics
/// If the catalog has no such api.
#[must_use]
pub fn round_trips(
    catalog: &Arc<Catalog>,
    api: usize,
    version: &str,
    example: &Example,
    coverage: &mut Coverage,
) -> Option<Vec<RoundTrip>> {
    let entry = &catalog.apis()[api];
    let from = entry.lookup(version)?;
    let case = case(entry, from, example)?;
    let history = &entry.route(case.route).history;
    let others = (0..).map(VersionId::new).take(entry.versions.len()).filter(|to| *to != from);
    let trips = others.filter(|to| history.name_in(*to).is_some()).map(|to| {
        let outcome = there_and_back(catalog, api, &case, to, coverage);
        RoundTrip { from: entry.version(from).text.clone(), to: entry.version(to).text.clone(), outcome }
    });
    Some(trips.collect())
}

fn there_and_back(
    catalog: &Arc<Catalog>,
    api: usize,
    case: &CaseEntry,
    to: VersionId,
    coverage: &mut Coverage,
) -> TripResult {
    let mut one_way =
        |input: &SampleEntry, to| Direction { catalog, api, case, input, to, status: None, asked: None }.run(coverage);
    let there = match one_way(&case.from, to) {
        Ok(there) => there,
        Err(error) => return TripResult::Refused { back: false, error },
    };
    let input = SampleEntry {
        version: to,
        headers: there.headers,
        status: there.status,
        path: there.path.map(Into::into),
        query: there.query.into(),
        body: Some(BodyEntry { bytes: there.body, ..BodyEntry::default() }),
        ..case.from.clone()
    };
    let back = match one_way(&input, case.from.version) {
        Ok(back) => back,
        Err(error) => return TripResult::Refused { back: true, error },
    };
    if let Some(disagreement) = there.disagreements.iter().chain(&back.disagreements).next() {
        return TripResult::Disagreement(disagreement.to_string());
    }
    let sent = case.from.body.as_ref().map_or(&[][..], |body| &body.bytes);
    match json::differences(sent, &back.body) {
        Ok(found) if found.is_empty() => TripResult::Same,
        Ok(found) => TripResult::Differs(found),
        Err(error) => TripResult::Refused { back: true, error: error.to_string() },
    }
}

/// The example as a case, if the version has its route.
fn case(api: &ApiEntry, version: VersionId, example: &Example) -> Option<CaseEntry> {
    let method = example.method.parse().ok()?;
    let found = candidates(api, &example.path).into_iter().find_map(|path| match api.find(version, &method, path) {
        Match::Route(route) => Some(api.route(route)),
        _ => None,
    })?;
    let name = &found.history.name;
    let at = match &example.status {
        None => format!("{name} <-"),
        Some(status) => format!("{name} -> {status}"),
    };
    let sample =
        Sample::new(&*api.version(version).text).with_content_type(&*example.content_type).with_body(&*example.body);
    let case = Case::new("an example", at).with_from(sample.clone()).with_to(sample);
    api.case(&case, &mut Diagnostics::new())
}

/// The path below the api's base path: a document has it with or without that, and with or without a version.
fn candidates<'p>(api: &ApiEntry, path: &'p str) -> Vec<&'p str> {
    let below = path.strip_prefix(&*api.base_path).filter(|rest| rest.starts_with('/'));
    let behind = |path: &'p str| path[1..].find('/').map(|at| &path[at + 1..]);
    let own = [Some(path), below];
    own.into_iter().chain([below.and_then(behind), behind(path)]).flatten().collect()
}

// === impl TripResult ===

impl fmt::Display for TripResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the same again"),
            Self::Differs(found) => {
                let shown: Vec<String> = found.iter().take(3).map(ToString::to_string).collect();
                write!(f, "{}", shown.join("; "))?;
                if found.len() > shown.len() { write!(f, "; and {} more", found.len() - shown.len()) } else { Ok(()) }
            }
            Self::Refused { back: false, error } => write!(f, "refused: {error}"),
            Self::Refused { back: true, error } => write!(f, "refused on the way back: {error}"),
            Self::Disagreement(what) => f.write_str(what),
        }
    }
}
