//! What a change does to messages: in words, and on an example.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::CaseBodyReader;
use super::layout::indented;
use crate::catalog::{ApiEntry, CaseEntry, Content, Migration, RouteEntry, SampleEntry, changes_at};
use crate::change::{BodyChain, Message};
use crate::json::{self, MigrateOptions};
use crate::version::VersionId;

/// What a change does to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuidePlace {
    /// The message: `POST /users <-` for a request, `GET /users -> 200` for a response.
    pub at: String,
    /// Whether it is a request.
    pub is_request: bool,
    /// What it does from the older to the newer version, a line for each step. Their wording may change.
    pub steps: Vec<String>,
    /// A message before and after the change.
    pub example: Option<GuideExample>,
}

/// A message before and after one change: a JSON body, or the part of the head that is another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuideExample {
    /// As the older version has it.
    pub before: String,
    /// As the newer version has it.
    pub after: String,
    /// The case of the config that it is from.
    pub case: String,
}

/// The messages of an API that a consumer may have to do with.
pub(super) struct GuidePlaces<'a> {
    api: &'a ApiEntry,
    from: VersionId,
    to: VersionId,
    cases: Vec<CaseEntry>,
    /// What each change does, by its number.
    places: Vec<(u32, RouteMessage<'a>, Vec<String>)>,
}

#[derive(Clone, Copy)]
struct RouteMessage<'a> {
    route: &'a RouteEntry,
    message: Message,
    chain: &'a BodyChain,
}

// === impl GuidePlaces ===

impl<'a> GuidePlaces<'a> {
    /// Of the routes with these templates; of all that a change alters only others.
    pub(super) fn new(
        api: &'a ApiEntry,
        (from, to): (VersionId, VersionId),
        templates: &BTreeSet<&str>,
        read: Option<&CaseBodyReader<'_>>,
    ) -> Self {
        let mut places = Self { api, from, to, cases: cases(api, read), places: Vec::new() };
        let (used, others): (Vec<&RouteEntry>, Vec<_>) =
            api.routes.iter().partition(|route| templates.contains(route.label()));
        used.into_iter().for_each(|route| places.route(route));
        let known: BTreeSet<u32> = places.places.iter().map(|(number, ..)| *number).collect();
        let own = places.places.len();
        others.into_iter().for_each(|route| places.route(route));
        let mut at = 0;
        places.places.retain(|(number, ..)| {
            at += 1;
            at <= own || !known.contains(number)
        });
        places
    }

    fn route(&mut self, route: &'a RouteEntry) {
        let history = &route.history;
        let request = (Message::Request, &history.request);
        let responses = history.responses.iter().map(|(of, chain)| (Message::Response(*of), chain));
        for (message, chain) in std::iter::once(request).chain(responses) {
            for (number, steps) in changes_at(history, message, chain, (self.from, self.to)) {
                self.places.push((number, RouteMessage { route, message, chain }, steps));
            }
        }
    }

    /// What the change with this number does.
    pub(super) fn of(&self, number: u32) -> Vec<GuidePlace> {
        let own = self.places.iter().filter(|(of, ..)| *of == number);
        own.map(|(_, at, steps)| GuidePlace {
            at: at.to_string(),
            is_request: at.message == Message::Request,
            steps: steps.clone(),
            example: self.example(number, *at),
        })
        .collect()
    }

    fn example(&self, number: u32, at: RouteMessage<'_>) -> Option<GuideExample> {
        let own = || self.cases.iter().filter(|case| case.route == at.route.id && case.message == at.message);
        own().find_map(|case| self.body(case, number, at)).or_else(|| {
            // A head does not say which change it is by.
            let only = self.places.iter().filter(|(_, other, _)| other.is(at)).count() == 1;
            own().filter(|_| only).find_map(|case| self.head(case, number))
        })
    }

    /// The body of a case before and after the steps of this change alone.
    fn body(&self, case: &CaseEntry, number: u32, at: RouteMessage<'_>) -> Option<GuideExample> {
        let (newer, _) = self.api.changes.get(number as usize)?;
        let older = VersionId::new(u16::try_from(newer.index().checked_sub(1)?).ok()?);
        let is_request = at.message == Message::Request;
        let (begin, end) = if is_request { (older, *newer) } else { (*newer, older) };
        // A message that goes the way that it goes in life says more than one that comes back.
        let mut samples: Vec<&SampleEntry> =
            [&case.from, &case.to].into_iter().filter(|sample| sample.error.is_none()).collect();
        samples.sort_by_key(|sample| (sample.version < *newer) != is_request);
        samples.into_iter().find_map(|sample| {
            let body = sample.body.as_ref().filter(|body| !body.bytes.is_empty())?;
            let document = Migration::new(at.chain, sample.version, begin).run(Content::Json, &body.bytes).ok()?.body;
            let steps = || at.chain.chain().between(begin, end).steps();
            let options = MigrateOptions::default();
            let first = steps().take_while(|step| step.change != number);
            let start = json::migrate(&document, first, &options).ok()?.body;
            let done = json::migrate(&start, steps().filter(|step| step.change == number), &options).ok()?;
            let (start, done) = (text(&start)?, done.changes.contains(number).then(|| text(&done.body))??);
            let (before, after) = if is_request { (start, done) } else { (done, start) };
            Some(GuideExample { before, after, case: case.name().to_owned() })
        })
    }

    /// The parts of the head of a case that are others before and after a change.
    fn head(&self, case: &CaseEntry, number: u32) -> Option<GuideExample> {
        let (newer, _) = self.api.changes.get(number as usize)?;
        let (older, newer) = match case.from.version < case.to.version {
            true if case.from.version < *newer && *newer <= case.to.version => (&case.from, &case.to),
            false if case.to.version < *newer && *newer <= case.from.version => (&case.to, &case.from),
            _ => return None,
        };
        let (before, after) = (head_lines(older), head_lines(newer));
        let only = |own: &[String], other: &[String]| {
            own.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>().join("\n")
        };
        let (before, after) = (only(&before, &after), only(&after, &before));
        let is_another = older.error.is_none() && newer.error.is_none() && before != after;
        is_another.then(|| GuideExample { before, after, case: case.name().to_owned() })
    }
}

/// The cases of the API, with the bodies that are in files if they can be read.
fn cases(api: &ApiEntry, read: Option<&CaseBodyReader<'_>>) -> Vec<CaseEntry> {
    let mut cases = api.cases.to_vec();
    if let Some(read) = read {
        for case in &mut cases {
            // One that cannot be read is no example.
            let _ = case.read_bodies(|span, path| read(span, path).ok_or(()));
        }
    }
    cases
}

fn text(document: &[u8]) -> Option<String> {
    std::str::from_utf8(document).ok().map(indented)
}

fn head_lines(sample: &SampleEntry) -> Vec<String> {
    let query = (!sample.query.is_empty()).then(|| format!("?{}", sample.query));
    let path = sample.path.as_deref().map(str::to_owned);
    let status = sample.status.map(|status| format!("status {status}"));
    let fields =
        sample.headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    [path, query, status].into_iter().flatten().chain(fields).collect()
}

// === impl RouteMessage ===

impl RouteMessage<'_> {
    fn is(self, other: RouteMessage<'_>) -> bool {
        self.route.id == other.route.id && self.message == other.message
    }
}

impl std::fmt::Display for RouteMessage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.message {
            Message::Request => write!(f, "{} <-", self.route.history.name),
            Message::Response(of) => write!(f, "{} -> {of}", self.route.history.name),
        }
    }
}

// === impl GuidePlace ===

impl GuidePlace {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "at": self.at,
            "is_request": self.is_request,
            "steps": self.steps,
            "example": self.example.as_ref().map(|example| {
                json!({ "before": example.before, "after": example.after, "case": example.case })
            }),
        })
    }
}
