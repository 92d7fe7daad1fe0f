//! One message through what serves HTTP.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

use super::coverage::Coverage;
use super::report::{MessagePart, Mismatch};
use crate::catalog::{CaseEntry, Catalog, Content, Match, Migration, RouteEntry, SampleEntry};
use crate::change::{Message, RouteName, StatusMatch};
use crate::headers::media::MediaType;
use crate::json::{self, MigrateError, MigrateOptions, Migrated};
use crate::plan::{BodyPlan, Handling, Plan, Unmigratable, empties};
use crate::version::VersionId;

/// A message that was migrated.
pub(super) struct Output {
    /// None in a response.
    pub(super) path: Option<String>,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    /// None in a request.
    pub(super) status: Option<u16>,
    pub(super) body: Vec<u8>,
    /// How the body contains JSON.
    pub(super) content: Option<Content>,
    /// Where two ways of running the same steps do not agree.
    pub(super) disagreements: Vec<Mismatch>,
}

/// One direction of a case.
pub(super) struct Direction<'a> {
    pub(super) catalog: &'a Arc<Catalog>,
    pub(super) api: usize,
    pub(super) case: &'a CaseEntry,
    pub(super) input: &'a SampleEntry,
    pub(super) to: VersionId,
    /// The status of a response whose sample gives none, if it is known from the other direction.
    pub(super) status: Option<u16>,
    /// The path of the request that a response answers, and the version that has it so.
    pub(super) asked: Option<(VersionId, &'a str)>,
}

// === impl Direction ===

impl Direction<'_> {
    /// What the message becomes, or the error that refuses it.
    pub(super) fn run(&self, coverage: &mut Coverage) -> Result<Output, String> {
        let headers = self.headers();
        match self.case.message {
            Message::Request => self.request(headers, coverage),
            Message::Response(of) => self.response(of, headers, coverage),
        }
    }

    fn route(&self) -> &RouteEntry {
        self.catalog.apis()[self.api].route(self.case.route)
    }

    fn body(&self) -> &[u8] {
        self.input.body.as_ref().map_or(&[], |body| &body.bytes)
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = self.input.headers.clone();
        if !self.body().is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, self.input.inherited.clone().unwrap_or(json));
        }
        headers
    }

    /// The plan of a client that speaks `version`, whose path is given or made up.
    fn plan(&self, version: VersionId, path: Option<&str>, query: &str) -> Result<Plan, String> {
        let api = &self.catalog.apis()[self.api];
        let name = self.route().history.name_in(version);
        let name = name.ok_or_else(|| format!("version {} does not have the route", api.version(version).text))?;
        // A route of every method may be named with one.
        let own = self.case.at.split(' ').next().filter(|method| *method != "*").unwrap_or("GET");
        let method = Method::from_bytes(name.method.as_deref().unwrap_or(own).as_bytes());
        let method = method.map_err(|error| error.to_string())?;
        let path = path.map_or_else(|| example(name), str::to_owned);
        let route = match api.find(version, &method, &path) {
            Match::Route(route) if route == self.case.route || api.route(route).branches.contains(&self.case.route) => {
                api.branch(route, version, Some(query))
            }
            _ => return Err(format!("`{path}` does not match `{name}`")),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let below = format!("{path}{mark}{query}");
        let plan = Plan::rehearse(self.catalog, self.api, route, version, method, &below);
        plan.map_err(|error| error.to_string())
    }

    /// The path of the request that a response answers, if it is given.
    fn asked_in(&self, version: VersionId) -> Result<Option<String>, String> {
        let Some((known, path)) = self.asked else { return Ok(None) };
        let target = self.plan(known, Some(path), "")?.rehearse_target(version);
        target.map(|(path, _)| Some(path)).ok_or_else(|| "the route does not exist".to_owned())
    }

    fn request(&self, mut headers: HeaderMap, coverage: &mut Coverage) -> Result<Output, String> {
        let plan = self.plan(self.input.version, self.input.path.as_deref(), &self.input.query)?;
        let history = &plan.route().unwrap_or(self.route()).history;
        let (from, to) = (self.input.version, self.to);
        coverage.query(self.api, history.query.between(from, to), &self.input.query);
        coverage.headers(self.api, history.request_headers.between(from, to).ops(), &headers);
        coverage.headers(self.api, history.accept.between(from, to).ops(), &headers);
        let (path, query) = plan.rehearse_target(to).ok_or("the route does not exist")?;
        let body = plan.request_body(to, &headers).map_err(said)?;
        let content = content(&headers);
        plan.forward_headers(to, &mut headers).map_err(|answer| format!("the answer is {}", answer.status))?;
        let (body, disagreements) = self.migrate(body, coverage)?;
        Ok(Output { path: Some(path), query, headers, status: None, body, content, disagreements })
    }

    fn response(&self, of: StatusMatch, mut headers: HeaderMap, coverage: &mut Coverage) -> Result<Output, String> {
        let path = self.asked_in(self.to)?;
        let plan = self.plan(self.to, path.as_deref(), "")?;
        let history = &self.route().history;
        let newest = self.catalog.apis()[self.api].newest();
        let (from, to) = (self.input.version, self.to);
        let given = self.input.status.or(self.status);
        let received = given.unwrap_or_else(|| history.status(status_of(of), newest, from));
        let received = StatusCode::from_u16(received).map_err(|error| error.to_string())?;
        let question = plan.status_question(from, received, &headers).map_err(said)?;
        let path = question.map(|question| question.decide(self.body())).transpose().map_err(said)?;
        let path = path.unwrap_or_else(|| history.unconditional_path(received.as_u16(), from, to));
        coverage.status(self.api, history, received.as_u16(), &path, (from, to));
        let fields = path.steps(|status| history.response_header(status), (from, to));
        coverage.headers(self.api, fields.into_iter(), &headers);
        let mut status = received;
        let content = content(&headers);
        let body = plan.response_head(from, &mut status, &mut headers, Some(&path)).map_err(said)?;
        let (body, disagreements) = if empties(received, status) {
            headers.remove(header::CONTENT_TYPE);
            (Vec::new(), Vec::new())
        } else {
            self.migrate(body, coverage)?
        };
        let status = Some(status.as_u16());
        Ok(Output { path: None, query: String::new(), headers, status, body, content, disagreements })
    }

    /// What becomes of the body, by everything that runs steps.
    fn migrate(&self, handling: Handling, coverage: &mut Coverage) -> Result<(Vec<u8>, Vec<Mismatch>), String> {
        let body = self.body();
        // A body always has a Content-Type here, so one without is empty.
        let (Handling::Migrate(plan), false) = (handling, body.is_empty()) else {
            return Ok((body.to_vec(), Vec::new()));
        };
        let Some(migration) = plan.migration() else { return Ok((body.to_vec(), Vec::new())) };
        coverage.body(self.api, &migration, plan.content(), body);
        let fused = plan.run(body);
        let mut disagreements = Vec::new();
        if let Some(reference) = reference(&migration, plan.content(), body) {
            let shown = reference.as_ref().map(|body| &**body).map_err(ToString::to_string);
            disagreements.extend(disagreement("the reference interpreter", &fused, shown, same_content));
        }
        let mut parts = std::iter::once(BodySplit::Bytes).chain(splits(body).map(BodySplit::Two));
        disagreements.extend(parts.find_map(|parts| {
            let streamed = streamed(&plan, body, parts)?;
            let shown = streamed.as_ref().map(|body| &**body).map_err(ToString::to_string);
            disagreement(parts.way(), &fused, shown, |a, b| a == b)
        }));
        let fused = fused.map_err(said);
        if fused.is_err() && !disagreements.is_empty() {
            // The report is that they disagree, not that one of them refuses the body.
            return Ok((Vec::new(), disagreements));
        }
        Ok((fused?.body, disagreements))
    }
}

/// The steps one after the other. Patches and events are run by one way only.
fn reference(migration: &Migration<'_>, content: Content, body: &[u8]) -> Option<Result<Vec<u8>, MigrateError>> {
    let document = |text: &[u8]| migration.reference(text).map(|migrated| migrated.body);
    match content {
        Content::Json => Some(document(body)),
        // Several documents in a row are run by one way only.
        Content::Concatenated => json::is_json(body, &MigrateOptions::default()).is_ok().then(|| document(body)),
        Content::Ndjson => Some(lines(body).try_fold(Vec::new(), |mut out, (line, end)| {
            let blank = line.iter().all(u8::is_ascii_whitespace);
            out.extend(if blank { line.to_vec() } else { document(line)? });
            out.extend_from_slice(end);
            Ok(out)
        })),
        Content::MergePatch | Content::JsonPatch | Content::EventStream | Content::Sequence => None,
        Content::Form(_) | Content::Multipart(_) => None,
    }
}

/// Each line and its end.
pub(super) fn lines(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    body.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        line.split_at(bare.len())
    })
}

/// How the engine is fed.
#[derive(Clone, Copy)]
enum BodySplit {
    /// One byte after the other.
    Bytes,
    /// Two parts, of which the first has this length.
    Two(usize),
}

impl BodySplit {
    const fn way(self) -> &'static str {
        match self {
            Self::Bytes => "the engine, fed byte by byte",
            Self::Two(_) => "the engine, fed in two parts",
        }
    }
}

/// Where a body is cut in two: everywhere, unless it is long.
fn splits(body: &[u8]) -> impl Iterator<Item = usize> {
    const MOST: usize = 2048;
    (1..body.len()).step_by(body.len().div_ceil(MOST).max(1))
}

fn streamed(plan: &BodyPlan, body: &[u8], parts: BodySplit) -> Option<Result<Vec<u8>, MigrateError>> {
    let mut run = plan.stream(usize::MAX)?;
    let mut out = Vec::new();
    let mut result = match parts {
        BodySplit::Bytes => body.chunks(1).try_for_each(|byte| run.feed(byte, &mut out)),
        BodySplit::Two(at) => run.feed(&body[..at], &mut out).and_then(|()| run.feed(&body[at..], &mut out)),
    };
    if result.is_ok() {
        result = run.finish(&mut out);
    }
    Some(result.map(|()| out))
}

/// Where two ways give two results. Errors need not be the same: one knows better than the other where it was.
fn disagreement(
    way: &'static str,
    fused: &Result<Migrated, Unmigratable>,
    other: Result<&[u8], String>,
    same: impl Fn(&[u8], &[u8]) -> bool,
) -> Option<Mismatch> {
    let shown = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    let (expected, got) = match (fused, other) {
        (Ok(fused), Ok(other)) if same(&fused.body, other) => return None,
        (Err(_), Err(_)) => return None,
        (Ok(fused), Ok(other)) => (shown(&fused.body), shown(other)),
        (Ok(fused), Err(error)) => (shown(&fused.body), format!("the error: {error}")),
        (Err(error), Ok(other)) => (format!("the error: {error}"), shown(other)),
    };
    Some(Mismatch { part: MessagePart::Agreement(way), expected: Some(expected), got: Some(got) })
}

/// The place of members that an op wrote may be another one.
fn same_content(one: &[u8], other: &[u8]) -> bool {
    let same = |one, other| json::differences(one, other).is_ok_and(|found| found.is_empty());
    one == other || same(one, other) || {
        let (mut these, mut those) = (lines(one), lines(other));
        let all = these.by_ref().zip(those.by_ref()).all(|((a, _), (b, _))| a == b || same(a, b));
        all && these.next().is_none() && those.next().is_none()
    }
}

fn content(headers: &HeaderMap) -> Option<Content> {
    Content::of(&MediaType::parse(headers.get(header::CONTENT_TYPE)?.to_str().ok()?)?)
}

fn said(error: Unmigratable) -> String {
    error.to_string()
}

/// A path of a route, whose parameters are their names.
fn example(name: &RouteName) -> String {
    let segments = name.template.split('/').map(|segment| {
        let parameter = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
        parameter.map_or(segment, |parameter| parameter.trim_start_matches('*'))
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The status of a response at a place that is about more than one.
const fn status_of(place: StatusMatch) -> u16 {
    match place {
        StatusMatch::Exact(status) => status,
        StatusMatch::Class(class) => class as u16 * 100,
        StatusMatch::Any => 200,
    }
}
