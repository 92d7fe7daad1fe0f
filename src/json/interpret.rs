use std::borrow::Cow;

use smallvec::smallvec;

use super::equal::{self, ValueType};
use super::error::Reason;
use super::evaluation::budget;
use super::layout::Layout;
use super::options::PathParameters;
use super::pattern::Segment;
use super::tree::{FoundNodes, Tree, TreeNodeId};
use super::{
    ChangeSet, Condition, LinkMapper, Literal, MigrateError, MigrateOptions, Mode, OnError, Op, Otherwise, Pointer,
    Reference, Step, Test, Wrapper, number, text,
};

/// A document after its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The document. Byte by byte the one that came in, when no step changed anything.
    pub body: Vec<u8>,
    /// How often a value that was to be written met one that was there.
    pub collisions: u64,
    /// How many values were left as they were under [`OnError::Pass`].
    pub passed: u64,
    /// The changes that altered something.
    pub changes: ChangeSet,
}

/// The interpreter with its document.
pub(super) struct Interpreter<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) mode: Mode,
    /// Whether the objects on the way to a patched value may stand for arrays.
    pub(super) objects_as_lists: bool,
    /// Whether what is absent is not stored either: what a JSON Patch says of it is looked at before.
    pub(super) complete: bool,
    /// Whether texts stand for other scalars as well, as in forms.
    pub(super) texts: bool,
    /// What becomes of links.
    pub(super) links: Option<&'a LinkMapper>,
    /// The parameters of the path of the request.
    pub(super) path: Option<&'a PathParameters>,
    /// Which change the step is of that is run.
    pub(super) change: u32,
    pub(super) collisions: u64,
    pub(super) passed: u64,
    pub(super) changes: ChangeSet,
    /// How many more steps expressions may take.
    pub(super) steps: u64,
}

/// One node that a step runs on.
pub(super) struct MatchedNode<'p> {
    /// The resource, then the node of each star.
    levels: &'p [TreeNodeId],
    pub(super) node: TreeNodeId,
}

/// An op that cannot be run on a value.
#[derive(Debug)]
pub(super) struct OpError {
    at: TreeNodeId,
    reason: Reason,
}

/// Runs the steps over a document, one after the other: the meaning that every faster way must have as well.
///
/// An empty document is returned as it is, and so is any document when no step is left to run (those that
/// [`Mode::Partial`] leaves out), even one that is not JSON. A path that leads nowhere is as an absent member: nothing
/// happens, for every op but [`Op::Patch`].
///
/// # Errors
/// When the document is not JSON, is past a limit of `options`, or when a step under [`OnError::Fail`] meets a value
/// that it cannot take.
pub fn migrate<'s>(
    document: &[u8],
    steps: impl IntoIterator<Item = &'s Step>,
    options: &MigrateOptions,
) -> Result<Migrated, MigrateError> {
    let steps = options.mode().running(steps);
    if steps.is_empty() || document.is_empty() {
        return Ok(Migrated::unchanged(document));
    }
    migrate_tree(Tree::parse(document, options)?, steps, options, &mut budget(document.len()))
}

/// The same for a document that is known to be JSON, with the steps that run in the mode, where expressions may take so
/// many steps; what is left of them is written back.
pub(super) fn migrate_tree<'s>(
    tree: Tree<'s>,
    steps: impl IntoIterator<Item = &'s Step>,
    options: &'s MigrateOptions,
    budget: &mut u64,
) -> Result<Migrated, MigrateError> {
    let mut run = Interpreter::new(tree, options.mode());
    run.tree.set_room(options.max_bytes());
    run.texts = options.is_of_texts();
    run.links = options.links();
    run.path = options.path_parameters();
    run.steps = *budget;
    for step in steps {
        run.step(step)?;
        if run.tree.is_full() {
            return Err(MigrateError::growth(options.max_bytes()));
        }
    }
    *budget = run.steps;
    let Interpreter { tree, collisions, passed, changes, .. } = run;
    Ok(Migrated { body: tree.document(), collisions, passed, changes })
}

// === impl Migrated ===

impl Migrated {
    /// A document that no step is for.
    pub(crate) fn unchanged(document: &[u8]) -> Self {
        Self { body: document.to_vec(), collisions: 0, passed: 0, changes: ChangeSet::default() }
    }
}

// === impl Interpreter ===

impl<'a> Interpreter<'a> {
    pub(super) fn new(tree: Tree<'a>, mode: Mode) -> Self {
        Self {
            tree,
            mode,
            objects_as_lists: false,
            complete: false,
            texts: false,
            links: None,
            path: None,
            change: 0,
            collisions: 0,
            passed: 0,
            changes: ChangeSet::default(),
            steps: budget(0),
        }
    }

    pub(super) fn step(&mut self, step: &'a Step) -> Result<(), MigrateError> {
        self.change = step.change;
        let before = self.tree.edits();
        self.resources(step, self.tree.root(), step.resource.segments())?;
        if self.tree.edits() != before {
            self.changes.insert(step.change);
        }
        self.tree.sweep();
        Ok(())
    }

    fn resources(&mut self, step: &'a Step, at: TreeNodeId, rest: &[Segment]) -> Result<(), MigrateError> {
        let Some((segment, rest)) = rest.split_first() else {
            return self.places(step, &mut smallvec![at], at, step.each.segments());
        };
        self.tree.matching(at, segment).into_iter().try_for_each(|child| self.resources(step, child, rest))
    }

    fn places(
        &mut self,
        step: &'a Step,
        levels: &mut FoundNodes,
        at: TreeNodeId,
        rest: &[Segment],
    ) -> Result<(), MigrateError> {
        let Some((segment, rest)) = rest.split_first() else {
            return self.place(step, &MatchedNode { levels, node: at });
        };
        for child in self.tree.matching(at, segment) {
            let depth = levels.len();
            levels.extend(segment.is_star().then_some(child));
            self.places(step, levels, child, rest)?;
            levels.truncate(depth);
        }
        Ok(())
    }

    fn place(&mut self, step: &'a Step, place: &MatchedNode<'_>) -> Result<(), MigrateError> {
        if self.mode == Mode::MergePatch
            && let Some(at) = self.half_deleted(&step.op, place.node)
        {
            return self.settle(step, Err(OpError::new(at, Reason::Torn)));
        }
        if let Some(condition) = &step.when {
            match self.may_lack(step) {
                false if self.holds(condition, place) => {}
                false => return self.unmet(step, place),
                true => match (self.holds_partly(condition, place, &step.op), self.source(&step.op, place)) {
                    (Some(true), _) => {}
                    (None, Some(at)) => return self.settle(step, Err(OpError::new(at, Reason::Undecided))),
                    (Some(false) | None, _) => return self.unmet(step, place),
                },
            }
        }
        let node = place.node;
        match &step.op {
            Op::Add { at, value } => {
                let only_made = step.constant && self.mode.is_partial(step);
                self.add(node, at, value, only_made);
            }
            Op::Restore { at, from } => {
                if let Some(source) = self.read(place, from) {
                    self.restore(node, at, source);
                }
            }
            Op::Drop { at, prune } => {
                let gone = if *prune { self.tree.find(node, at) } else { FoundNodes::new() };
                self.every(step, node, at, Self::drop_value)?;
                self.prune(node, &gone);
            }
            Op::Rename { object, from, to, collision } => self.rename(node, object, [from, to], *collision),
            Op::Wrap { at, into } => self.every(step, node, at, |run, id| run.wrap(id, into))?,
            Op::Unwrap { at, from: Wrapper::Member(name), lossy, .. } => {
                self.every(step, node, at, |run, id| run.take_out(id, name, *lossy))?;
            }
            Op::Unwrap { at, from: Wrapper::Array, which, many, .. } => {
                let choice = (which.as_ref(), *many);
                let around = (place.resource(), self.mode.is_partial(step));
                self.every(step, node, at, |run, id| run.take_element(id, around, choice))?;
            }
            Op::Require { at, must } => self.every(step, node, at, |run, id| run.require(id, must))?,
            Op::Map { at, pairs, other } => self.every(step, node, at, |run, id| run.map(id, pairs, other))?,
            Op::Convert { at, conversion } => self.every(step, node, at, |run, id| run.convert(id, conversion))?,
            Op::Link { at, .. } => self.tree.find(node, at).into_iter().for_each(|id| self.link(id)),
            Op::RenameAll { at, renaming, depth } => {
                for id in self.tree.find(node, at) {
                    self.rename_all(step, id, renaming, *depth)?;
                }
            }
            Op::Structure(op) => {
                let partial = self.mode.is_partial(step);
                match op.in_place() {
                    Some(at) => self.every(step, node, at, |run, id| run.restructure(id, op, partial))?,
                    None => {
                        let once = self.once(node, &step.op);
                        let result = once.and_then(|()| self.attempt(|run| run.structure(node, op, partial)));
                        self.settle(step, result)?;
                    }
                }
            }
            Op::Custom(custom) => self.every(step, node, &Pointer::ROOT, |run, id| run.custom(id, custom))?,
            Op::Patch(ops) => self.every(step, node, &Pointer::ROOT, |run, id| run.patch(id, ops))?,
            Op::Evaluate(op) => {
                let once = self.once(node, &step.op);
                let may_lack = self.may_lack(step);
                let result = once.and_then(|()| self.attempt(|run| run.evaluate(op, place, may_lack)));
                self.settle(step, result)?;
            }
            Op::Copy { .. } | Op::Compute { .. } | Op::Move { .. } | Op::Split { .. } | Op::Join { .. } => {
                let result = self.attempt(|run| run.transfer(step, place));
                self.settle(step, result)?;
            }
        }
        Ok(())
    }

    fn holds(&mut self, condition: &Condition<Reference>, place: &MatchedNode<'_>) -> bool {
        condition.holds(&mut |at, test| self.read(place, at).is_some_and(|id| self.passes(id, test)))
    }

    /// Whether what is absent may be stored.
    fn may_lack(&self, step: &Step) -> bool {
        !self.complete && self.mode.is_partial(step)
    }

    /// Whether a condition holds of the whole, of which only a part is here: what is absent may be stored. `None` if that
    /// cannot be told.
    fn holds_partly(&mut self, condition: &Condition<Reference>, place: &MatchedNode<'_>, op: &Op) -> Option<bool> {
        let own = self.source(op, place);
        condition.decided(&mut |at, test| {
            let id = self.read(place, at)?;
            let deleted = self.mode == Mode::MergePatch && self.tree.kind(id) == ValueType::Null;
            match test {
                // What was stored there is deleted, whatever it is.
                _ if deleted && Some(id) == own => None,
                _ if deleted => Some(false),
                Test::Holds(expression) => {
                    let hidden = expression.reads().iter().any(|read| self.tree.find(id, read).is_empty());
                    (!hidden).then(|| self.passes(id, test))
                }
                test => Some(self.passes(id, test)),
            }
        })
    }

    /// In a merge patch: a value in the place of an object that an op takes a member out of or puts one into. It deletes
    /// more, or less, than it did in the other version.
    fn half_deleted(&mut self, op: &Op, node: TreeNodeId) -> Option<TreeNodeId> {
        let touches = op.touches();
        for (at, _) in touches.iter().filter(|_| touches.len() > 1) {
            for len in 1..at.tokens().len() {
                let object = Pointer::from_tokens(at.tokens()[..len].iter().cloned());
                if touches.iter().all(|(at, _)| at.starts_with(&object)) {
                    continue;
                }
                let found = self.tree.find(node, &object).pop();
                if let Some(id) = found.filter(|id| self.tree.kind(*id) != ValueType::Object) {
                    return Some(id);
                }
            }
        }
        None
    }

    /// Whether a condition holds that is seen from this value.
    pub(super) fn holds_of(&mut self, condition: &Condition<Pointer>, value: TreeNodeId) -> bool {
        condition.holds(&mut |at, test| self.tree.find(value, at).pop().is_some_and(|id| self.passes(id, test)))
    }

    /// The condition of a step does not hold: where the step would have had something to do, this may refuse the document.
    fn unmet(&mut self, step: &Step, place: &MatchedNode<'_>) -> Result<(), MigrateError> {
        if step.otherwise == Otherwise::Skip {
            return Ok(());
        }
        match self.source(&step.op, place) {
            None => Ok(()),
            Some(at) => Err(MigrateError::value(self.tree.origin(at), Reason::Unmet).of_change(step.change)),
        }
    }

    /// The first value that an op would look at; for one that looks at none, the object that it would write to.
    fn source(&mut self, op: &Op, place: &MatchedNode<'_>) -> Option<TreeNodeId> {
        let touches = op.touches();
        let references = op.references();
        let mut sources: Vec<Pointer> =
            touches.iter().filter(|(_, touch)| touch.reads()).map(|(at, _)| at.clone()).collect();
        if sources.is_empty() && references.is_empty() {
            let written = |at: &Pointer| at.parent().map_or(Pointer::ROOT, |(object, _)| object);
            sources = touches.iter().map(|(at, _)| written(at)).collect();
            sources.extend(op.is_opaque().then_some(Pointer::ROOT));
        }
        let own = sources.iter().find_map(|at| self.tree.find(place.node, at).pop());
        own.or_else(|| references.into_iter().find_map(|at| self.read(place, at)))
    }

    /// The last value at a reference.
    pub(super) fn read(&mut self, place: &MatchedNode<'_>, reference: &Reference) -> Option<TreeNodeId> {
        self.read_all(place, reference).pop()
    }

    pub(super) fn read_all(&mut self, place: &MatchedNode<'_>, reference: &Reference) -> FoundNodes {
        match place.levels.get(reference.level) {
            Some(from) => self.tree.find(*from, &reference.pointer),
            None => FoundNodes::new(),
        }
    }

    /// Runs an op with one end on every value there, each by itself.
    fn every(
        &mut self,
        step: &Step,
        node: TreeNodeId,
        at: &Pointer,
        mut op: impl FnMut(&mut Self, TreeNodeId) -> Result<(), OpError>,
    ) -> Result<(), MigrateError> {
        for id in self.tree.find(node, at) {
            let result = self.attempt(|run| op(run, id).or_else(|fault| run.again_as_scalar(id, fault, &mut op)));
            self.settle(step, result)?;
        }
        Ok(())
    }

    /// An op that undoes what it did where it cannot be run.
    fn attempt(&mut self, op: impl FnOnce(&mut Self) -> Result<(), OpError>) -> Result<(), OpError> {
        let before = self.tree.edits();
        let result = op(self);
        if result.is_err() {
            self.tree.set_edits(before);
        }
        result
    }

    /// Where every value is a text: the op once more, on what the text spells.
    fn again_as_scalar(
        &mut self,
        id: TreeNodeId,
        fault: OpError,
        op: &mut impl FnMut(&mut Self, TreeNodeId) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        if !self.texts || self.tree.is_dead(id) {
            return Err(fault);
        }
        let value = self.tree.text(id).into_owned();
        let Some(scalar) = spelled_scalar(&value) else { return Err(fault) };
        self.tree.set(id, Cow::Owned(scalar));
        op(self, id).map_err(|_| {
            self.tree.set(id, Cow::Owned(value));
            fault
        })
    }

    /// Whether the value passes a test, or what it spells does where every value is a text.
    fn passes(&self, id: TreeNodeId, test: &Test) -> bool {
        let value = self.tree.text(id);
        test.passes(&value) || self.texts && spelled(&value).is_some_and(|value| test.passes(&value))
    }

    /// Whether the value is this literal, or spells it where every value is a text.
    pub(super) fn is_literal(&self, id: TreeNodeId, literal: &Literal) -> bool {
        self.is_value(id, literal.as_bytes())
    }

    pub(super) fn is_value(&self, id: TreeNodeId, json: &[u8]) -> bool {
        let value = self.tree.text(id);
        equal::equal(&value, json)
            || self.texts && spelled_scalar(&value).is_some_and(|value| equal::equal(&value, json))
    }

    pub(super) fn settle(&mut self, step: &Step, result: Result<(), OpError>) -> Result<(), MigrateError> {
        match (result, step.on_error) {
            (Ok(()), _) => Ok(()),
            (Err(_), OnError::Pass) => {
                self.passed += 1;
                Ok(())
            }
            (Err(OpError { at, reason }), OnError::Fail) => {
                let reason = match (reason, &step.op) {
                    (Reason::Unlisted { found, .. }, Op::Map { pairs, .. }) => {
                        Reason::unlisted(found, pairs.iter().map(|(listed, _)| listed.as_str()))
                    }
                    (reason, _) => reason,
                };
                Err(MigrateError::value(self.tree.origin(at), reason).of_change(step.change))
            }
        }
    }

    pub(super) fn wanted(&self, at: TreeNodeId, wanted: impl Into<Cow<'static, str>>) -> OpError {
        OpError::new(at, Reason::Wanted { wanted: wanted.into(), found: self.tree.kind(at).name() })
    }
}

/// The number or boolean that a JSON text spells.
fn spelled_scalar(value: &[u8]) -> Option<Vec<u8>> {
    let plain = (ValueType::of(value) == ValueType::Text).then(|| text::unescape(text::inner(value)))?;
    let scalar = matches!(&*plain, b"true" | b"false") || number::is_number(&plain);
    scalar.then(|| plain.into_owned())
}

/// A value with the numbers and booleans that the strings in it spell; `None` if there are none.
pub(super) fn spelled(value: &[u8]) -> Option<Vec<u8>> {
    if !matches!(ValueType::of(value), ValueType::Object | ValueType::List) {
        return spelled_scalar(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut written = 0;
    for slot in Layout::of(value) {
        if let Some(scalar) = spelled(&value[slot.value.clone()]) {
            out.extend_from_slice(&value[written..slot.value.start]);
            out.extend_from_slice(&scalar);
            written = slot.value.end;
        }
    }
    out.extend_from_slice(&value[written..]);
    (written > 0).then_some(out)
}

// === impl MatchedNode ===

impl MatchedNode<'_> {
    pub(super) fn resource(&self) -> TreeNodeId {
        self.levels[0]
    }
}

// === impl OpError ===

impl OpError {
    pub(super) fn new(at: TreeNodeId, reason: Reason) -> Self {
        Self { at, reason }
    }

    pub(super) fn structure(at: TreeNodeId, what: &'static str) -> Self {
        Self::new(at, Reason::Structure(what))
    }

    pub(super) fn patch(at: TreeNodeId, why: &'static str) -> Self {
        Self::new(at, Reason::Patch(why))
    }
}
