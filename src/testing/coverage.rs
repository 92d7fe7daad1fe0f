//! Which ops altered something in some case.

use std::collections::BTreeSet;

use http::header::HeaderMap;

use crate::catalog::{Catalog, Content, Migration};
use crate::change::{ChainSlice, HeaderStep, OpKey, QueryStep, RouteHistory, StatusPath, run_query};
use crate::diagnostic::Span;
use crate::json::{self, Framed, MigrateError, Mode, Program, Step};
use crate::plan::run_field;
use crate::version::VersionId;

/// The ops that altered something, or refused a value, in the cases that were run; in either direction. The steps of a
/// case are run for it one more at a time.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Api, change, op.
    touched: BTreeSet<(usize, u32, u32)>,
}

/// An op that no case touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Untouched {
    /// Which of the catalog's apis.
    pub api: usize,
    /// Which of its changes.
    pub change: usize,
    /// Which op of the change.
    pub op: usize,
    /// Where it is written.
    pub span: Span,
}

/// URLs whose paths have prefixes.
const URLS: [&str; 5] = ["location", "content-location", "link", "refresh", "set-cookie"];

// === impl Untouched ===

impl Untouched {
    /// The version and the summary of its change, in the catalog that it is of.
    ///
    /// # Panics
    /// If it is another catalog's.
    #[must_use]
    pub fn change_in(self, catalog: &Catalog) -> (&str, &str) {
        let api = &catalog.apis()[self.api];
        let (version, summary) = &api.changes[self.change];
        (&api.version(*version).text, summary)
    }
}

// === impl Coverage ===

impl Coverage {
    /// Nothing was run yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The ops of a catalog that no case touched, in the order of its changes. Ops that say which versions have a route
    /// alter no message, and do not count.
    #[must_use]
    pub fn untouched(&self, catalog: &Catalog) -> Vec<Untouched> {
        let ops = ops(catalog);
        ops.filter(|op| !self.touched.contains(&(op.api, index(op.change), index(op.op)))).collect()
    }

    /// How many ops a catalog has that count.
    #[must_use]
    pub fn total(catalog: &Catalog) -> usize {
        ops(catalog).count()
    }

    pub(super) fn query(&mut self, api: usize, stretch: ChainSlice<'_, QueryStep>, query: &str) {
        let mut now = query.to_owned();
        for (op, step) in stretch.ops() {
            let next = run_query(step, &now);
            self.note(api, op, next != now);
            now = next;
        }
    }

    pub(super) fn headers<'c>(
        &mut self,
        api: usize,
        steps: impl Iterator<Item = (OpKey, &'c HeaderStep)>,
        headers: &HeaderMap,
    ) {
        let mut now = headers.clone();
        for (op, step) in steps {
            let before = now.clone();
            run_field(step, &mut now);
            self.note(api, op, now != before || has_prefix(step, headers));
        }
    }

    pub(super) fn status(
        &mut self,
        api: usize,
        history: &RouteHistory,
        status: u16,
        path: &StatusPath,
        (from, to): (VersionId, VersionId),
    ) {
        let mut now = status;
        let mut links: Vec<_> = history.statuses.iter().collect();
        let (low, high) = (from.min(to), from.max(to));
        links.retain(|link| low < link.version && link.version <= high);
        if from > to {
            links.reverse();
        }
        for link in links {
            let (old, new) = if from <= to { (link.old, link.new) } else { (link.new, link.old) };
            let holds = now == old && (link.when.is_none() || path.taken.contains(&link.op));
            self.note(api, link.op, holds);
            now = if holds { new } else { now };
        }
    }

    pub(super) fn body(&mut self, api: usize, migration: &Migration<'_>, content: Content, body: &[u8]) {
        let (ops, steps): (Vec<_>, Vec<&Step>) = migration.stretch().ops().unzip();
        let mut now = body.to_vec();
        for (at, op) in ops.into_iter().enumerate() {
            // From the start each time: what a step does may depend on what steps of its change did before.
            match first(&steps[..=at], migration, content, body) {
                Ok(next) => {
                    self.note(api, op, next != now);
                    now = next;
                }
                Err(_) => return self.note(api, op, true),
            }
        }
    }

    fn note(&mut self, api: usize, (change, op): (u32, u32), altered: bool) {
        if altered {
            self.touched.insert((api, change, op));
        }
    }
}

/// Every op that counts.
fn ops(catalog: &Catalog) -> impl Iterator<Item = Untouched> {
    catalog.apis().iter().enumerate().flat_map(|(at, api)| {
        api.ops.iter().enumerate().flat_map(move |(change, ops)| {
            let ops = ops.iter().enumerate().filter(|(_, op)| op.alters);
            ops.map(move |(op, entry)| Untouched { api: at, change, op, span: entry.span })
        })
    })
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Whether a URL of the message has the prefix that the step exchanges.
fn has_prefix(step: &HeaderStep, headers: &HeaderMap) -> bool {
    let HeaderStep::Prefix(from, _) = step else { return false };
    let values = URLS.iter().flat_map(|name| headers.get_all(*name));
    values.into_iter().any(|value| value.to_str().is_ok_and(|text| text.contains(&**from)))
}

/// The first steps.
fn first(steps: &[&Step], migration: &Migration<'_>, content: Content, body: &[u8]) -> Result<Vec<u8>, MigrateError> {
    let (options, steps) = (migration.options(), steps.iter().copied());
    let migrated = match (content, content.framing()) {
        (Content::Json, _) => json::migrate(body, steps, &options)?,
        (Content::MergePatch, _) => json::migrate(body, steps, &options.clone().with_mode(Mode::MergePatch))?,
        (Content::JsonPatch, _) => json::migrate_json_patch(body, steps, &options)?,
        (Content::Form(names), _) => {
            let program = Program::new(steps, options.mode());
            json::migrate_form(body, names, &program, &options)?
        }
        (Content::Multipart(names), _) => {
            let Some(boundary) = migration.boundary() else { return Ok(body.to_vec()) };
            let program = Program::new(steps, options.mode());
            return run(Framed::multipart(boundary, names, &program, &options), body);
        }
        (_, None) => return Ok(body.to_vec()),
        (_, Some(framing)) => {
            return run(Framed::new(framing, &Program::new(steps, options.mode()), &options), body);
        }
    };
    Ok(migrated.body)
}

fn run(mut framed: Framed, body: &[u8]) -> Result<Vec<u8>, MigrateError> {
    let mut out = Vec::new();
    framed.feed(body, &mut out)?;
    framed.finish(&mut out)?;
    Ok(out)
}
