//! What leads a message from one version to another, in words.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::entry::ApiEntry;
use super::places::{BodyBetween, UnknownName};
use super::view::{ExplainedChange, Explanation};
use crate::change::{BodyChain, ChainSlice, Message, RouteHistory, StatusLink, StatusMatch};
use crate::json::Step;
use crate::version::VersionId;

/// What each change does, by its place in the list of all.
#[derive(Default)]
struct ChangeSteps {
    list: BTreeMap<u32, Vec<String>>,
}

// === impl ApiEntry ===

impl ApiEntry {
    /// What [`migration`](Self::migration) gives, in words: the changes that do something to the message, with what they do
    /// to its head as well, and the program that they become for its body.
    ///
    /// ```
    /// use sunward::catalog::{Api, Catalog, Version};
    /// use sunward::change::{Change, OpSpec};
    ///
    /// let state = Change::new("2", "`status` is called `state`")
    ///     .with_at("GET /orders/{id} -> 200")
    ///     .with_op(OpSpec::rename("/status", "/state"))
    ///     .with_breaking(true);
    /// let api = Api::new("shop")
    ///     .with_version_header("Api-Version")
    ///     .with_version(Version::new("1"))
    ///     .with_version(Version::new("2"))
    ///     .with_change(state);
    /// let catalog = Catalog::new([api])?;
    /// let shop = catalog.api("shop").expect("it is there");
    /// let explanation = shop.explain("GET /orders/{id}", "2", "1").expect("both are there");
    /// assert_eq!(explanation.changes()[0].summary(), "`status` is called `state`");
    /// # Ok::<(), sunward::diagnostic::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// As [`migration`](Self::migration).
    pub fn explain(&self, place: &str, from: &str, to: &str) -> Result<Explanation, UnknownName> {
        let BodyBetween { route, message, chain, from, to } = self.body_between(place, from, to)?;
        let steps = changes_at(&route.history, message, chain, (from, to));
        let [before, behind] = chain
            .between(from, to)
            .around()
            .map(|steps| (!steps.is_empty()).then(|| self.explained_links(from.max(to), steps)));
        let changes: Vec<ExplainedChange> =
            steps.into_iter().map(|(change, steps)| self.explained(change, steps)).collect();
        let changes: Vec<ExplainedChange> = match from <= to {
            true => changes,
            false => changes.into_iter().rev().collect(),
        };
        let changes = before.into_iter().chain(changes).chain(behind);
        Ok(Explanation { changes: changes.collect(), program: chain.program(from, to).to_string() })
    }

    fn explained(&self, change: u32, steps: Vec<String>) -> ExplainedChange {
        let (version, summary) = &self.changes[change as usize];
        ExplainedChange { version: self.version(*version).text.clone(), summary: summary.clone(), steps }
    }

    /// The links that resources declare are of no change.
    fn explained_links(&self, version: VersionId, steps: &[Step]) -> ExplainedChange {
        let steps = steps.iter().map(ToString::to_string).collect();
        ExplainedChange { version: self.version(version).text.clone(), summary: "Declared links".into(), steps }
    }
}

/// What each change does to a message, by its place in the list of all: a line for each step.
pub(crate) fn changes_at(
    history: &RouteHistory,
    message: Message,
    chain: &BodyChain,
    between: (VersionId, VersionId),
) -> BTreeMap<u32, Vec<String>> {
    let mut steps = ChangeSteps::default();
    steps.head(history, message, between);
    steps.add(&chain.between(between.0, between.1));
    steps.list
}

// === impl ChangeSteps ===

impl ChangeSteps {
    fn add<S: Display>(&mut self, links: &ChainSlice<'_, S>) {
        for ((change, _), step) in links.ops() {
            self.push(change, step.to_string());
        }
    }

    fn push(&mut self, change: u32, step: String) {
        self.list.entry(change).or_default().push(step);
    }

    fn head(&mut self, history: &RouteHistory, message: Message, (from, to): (VersionId, VersionId)) {
        match message {
            Message::Request => {
                self.route(history, (from, to));
                self.add(&history.query.between(from, to));
                self.add(&history.request_headers.between(from, to));
                self.add(&history.accept.between(from, to));
            }
            Message::Response(of) => {
                for link in chain_statuses(history, of, from, to) {
                    self.push(link.op.0, explained_status(link, from < to));
                }
                if let Some((_, chain)) = history.response_headers.iter().find(|(known, _)| known.covers(of)) {
                    self.add(&chain.between(from, to));
                }
            }
        }
    }

    fn route(&mut self, history: &RouteHistory, (from, to): (VersionId, VersionId)) {
        let afters = history.moves.iter().skip(1).map(|moved| &moved.before).chain([&history.name]);
        for (moved, after) in history.moves.iter().zip(afters) {
            if !(from.min(to) < moved.version && moved.version <= from.max(to)) {
                continue;
            }
            let (old, new) = if from <= to { (&moved.before, after) } else { (after, &moved.before) };
            self.push(moved.op.0, format!("the route `{old}` becomes `{new}`"));
        }
    }
}

fn chain_statuses(
    history: &RouteHistory,
    of: StatusMatch,
    from: VersionId,
    to: VersionId,
) -> impl Iterator<Item = &StatusLink> {
    let between = move |link: &&StatusLink| from.min(to) < link.version && link.version <= from.max(to);
    let ours = move |link: &&StatusLink| of.contains(link.old) || of.contains(link.new);
    history.statuses.iter().filter(between).filter(ours)
}

fn explained_status(link: &StatusLink, upwards: bool) -> String {
    let (from, to) = if upwards { (link.old, link.new) } else { (link.new, link.old) };
    let when = link.when.as_ref().map(|when| format!(", where {when}; the whole body is held"));
    format!("replace the status {from} by {to}{}", when.unwrap_or_default())
}
