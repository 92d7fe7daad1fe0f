//! Values: gone into, passed over or held.

use std::borrow::Cow;

use super::super::evaluation::allowance;
use super::super::interpret::migrate_tree;
use super::super::tree::Tree;
use super::super::{MigrateError, Migrated, Mode};
use super::chunk::Chunk;
use super::code::{Children, Code, ProgramNode};
use super::object::Object;
use super::plan::NodeId;
use super::run::{OpenContainer, Run, RunState, SkipPurpose, TakenValue};
use super::text::after_white;

// === impl Run ===

impl Run {
    /// A value begins at `chunk.at`.
    pub(super) fn value(
        &mut self,
        code: &Code,
        node: NodeId,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let byte = chunk.text.bytes.get(chunk.at).copied().unwrap_or_default();
        let inside = match (code.node(node), byte) {
            (ProgramNode::Hold(_), _) => Children::Hold(node),
            (ProgramNode::ByKind { object, .. }, b'{') => *object,
            (ProgramNode::ByKind { array, .. }, b'[') => *array,
            _ => Children::Copy,
        };
        match inside {
            Children::Copy => self.skip_value(code, SkipPurpose::Copy, chunk, out),
            Children::Hold(node) => {
                self.pass(chunk, chunk.at, out);
                self.taken.push(TakenValue::at(chunk.at));
                self.skip_value(code, SkipPurpose::Hold(node), chunk, out)
            }
            Children::Every(node) if byte == b'[' => self.open(OpenContainer::Elements(node), chunk),
            Children::Every(node) => self.open(OpenContainer::Every(node), chunk),
            Children::Members(plan) => {
                let object = self.object_of(code, plan);
                self.open(OpenContainer::Members(object), chunk)
            }
        }
    }

    fn open(&mut self, frame: OpenContainer, chunk: &mut Chunk<'_>) -> Result<(), MigrateError> {
        if self.frames.len() >= self.options.max_depth() {
            return Err(MigrateError::depth(self.offset + chunk.at, self.options.max_depth()));
        }
        self.frames.push(frame);
        self.state = RunState::Opened;
        chunk.at += 1;
        Ok(())
    }

    fn object_of(&mut self, code: &Code, plan: usize) -> Box<Object> {
        match self.spare.iter().rposition(|object| object.plan == plan) {
            Some(at) => {
                let mut object = self.spare.swap_remove(at);
                object.reset();
                object
            }
            None => Box::new(Object::new(plan, &code.objects[plan])),
        }
    }

    /// An element of an array, or what is around it.
    pub(super) fn element(
        &mut self,
        code: &Code,
        node: NodeId,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, MigrateError> {
        loop {
            chunk.at = after_white(chunk.text.bytes, chunk.at);
            let Some(&byte) = chunk.text.bytes.get(chunk.at) else {
                self.pass(chunk, chunk.at, out);
                return Ok(false);
            };
            match (self.state, byte) {
                (RunState::Opened | RunState::Between, b']') => {
                    chunk.at += 1;
                    self.frames.pop();
                    return self.ended(code, chunk).map(|()| true);
                }
                (RunState::Between, b',') => {
                    chunk.at += 1;
                    self.state = RunState::Comma;
                }
                (RunState::Between, _) => return Err(MigrateError::syntax(self.offset + chunk.at, "`,` or `]`")),
                _ => return self.value(code, node, chunk, out).map(|()| true),
            }
        }
    }

    /// Goes past the value at `chunk.at`, at once if it is short.
    #[inline]
    pub(super) fn skip_value(
        &mut self,
        code: &Code,
        task: SkipPurpose,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        self.task = task;
        if let Some(end) = chunk.text.scalar(chunk.at) {
            chunk.at = end;
            return self.skipped(code, chunk, out);
        }
        self.skip.restart(self.room());
        self.state = RunState::Skipping;
        Ok(())
    }

    /// How many levels may still be opened.
    pub(super) fn room(&self) -> usize {
        self.options.max_depth() - self.frames.len()
    }

    pub(super) fn skip_on(
        &mut self,
        code: &Code,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, MigrateError> {
        if let Some(end) = self.skip.run(&mut chunk.text, chunk.at, self.offset)? {
            chunk.at = end;
            return self.skipped(code, chunk, out).map(|()| true);
        }
        chunk.at = chunk.text.bytes.len();
        match self.task {
            SkipPurpose::Copy => self.pass(chunk, chunk.at, out),
            SkipPurpose::Drop | SkipPurpose::Hold(_) | SkipPurpose::Try(_) | SkipPurpose::See(_) => {
                chunk.copied = chunk.at
            }
        }
        Ok(false)
    }

    /// A value that no frame is for has ended at `chunk.at`.
    #[inline]
    pub(super) fn skipped(
        &mut self,
        code: &Code,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        match self.task {
            SkipPurpose::Copy => {}
            SkipPurpose::Drop => chunk.copied = chunk.at,
            SkipPurpose::Hold(_) | SkipPurpose::Try(_) | SkipPurpose::See(_) => self.taken_whole(code, chunk, out)?,
        }
        self.ended(code, chunk)
    }

    /// A value that was taken for a node. Apart from the others, so that those stay small enough to be inlined.
    #[inline(never)]
    fn taken_whole(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let value = self.take(chunk)?;
        chunk.copied = chunk.at;
        match self.task {
            SkipPurpose::Copy | SkipPurpose::Drop => {}
            SkipPurpose::Hold(node) => {
                let migrated = self.interpreted(code, node, &value)?;
                self.sink(out).extend_from_slice(&migrated);
            }
            SkipPurpose::Try(node) => match self.rewritten(code, node, &value) {
                Ok(rewritten) => self.sink(out).extend_from_slice(&rewritten),
                Err(refused) => {
                    if let Some(object) = self.members() {
                        object.refuse(refused);
                    }
                }
            },
            SkipPurpose::See(node) => drop(self.rewritten(code, node, &value)?),
        }
        Ok(())
    }

    /// A value has ended, and so has what was taken of it for copies.
    #[inline]
    pub(super) fn ended(&mut self, code: &Code, chunk: &Chunk<'_>) -> Result<(), MigrateError> {
        self.state = if self.frames.is_empty() { RunState::Done } else { RunState::Between };
        match self.members().and_then(|object| object.taking.take()) {
            Some(index) => self.keep(code, index, chunk),
            None => Ok(()),
        }
    }

    /// Keeps what was taken for the copies of a source.
    fn keep(&mut self, code: &Code, index: usize, chunk: &Chunk<'_>) -> Result<(), MigrateError> {
        let value = self.take(chunk)?;
        let all = self.options.is_of_texts();
        if let Some(object) = self.members() {
            let source = &code.objects[object.plan].sources[index];
            for &(cell, rank) in &source.copied {
                object.keep_copy(cell, rank, &value, all);
            }
        }
        Ok(())
    }

    /// What was taken innermost, up to `chunk.at`.
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<Vec<u8>, MigrateError> {
        let Some(mut taken) = self.taken.pop() else { return Ok(Vec::new()) };
        taken.extend(chunk.text.bytes.get(taken.from..chunk.at).unwrap_or_default());
        self.check_hold(taken.bytes.len())?;
        Ok(taken.bytes)
    }

    /// The steps of a node, run on a value as the interpreter runs them.
    fn interpreted(&mut self, code: &Code, node: NodeId, value: &[u8]) -> Result<Vec<u8>, MigrateError> {
        let ProgramNode::Hold(steps) = code.node(node) else { return Ok(value.to_vec()) };
        // What is partial, the program's steps say themselves.
        let options = self.options.clone().with_mode(Mode::Whole).with_max_bytes(self.hold_limit);
        self.expression_steps = self.expression_steps.saturating_add(allowance(value.len()));
        let migrated = migrate_tree(Tree::of(Cow::Borrowed(value)), steps, &options, &mut self.expression_steps);
        let Migrated { body, collisions, passed, changes } =
            migrated.map_err(|error| self.placed(code, node, error))?;
        self.collisions += collisions;
        self.passed += passed;
        self.changes |= &changes;
        Ok(body)
    }

    /// The error of a held value: whether it is the document, or else the name of its member, if only one is held so.
    #[cold]
    fn placed(&mut self, code: &Code, node: NodeId, error: MigrateError) -> MigrateError {
        if self.frames.is_empty() {
            return error;
        }
        let sources = self.members().map_or(&[][..], |object| &code.objects[object.plan].sources);
        let mut names = sources.iter().filter(|source| source.node == node).map(|source| &*source.name);
        let name = names.next();
        error.inside(name.filter(|_| names.next().is_none()))
    }

    /// A value that is there whole, through the program from `node` on.
    pub(super) fn rewritten(&mut self, code: &Code, node: NodeId, value: &[u8]) -> Result<Vec<u8>, MigrateError> {
        let mut inner = Self::new(node, &self.options);
        inner.expression_steps = self.expression_steps;
        inner.hold_limit = self.hold_limit;
        let mut out = Vec::with_capacity(value.len());
        inner.feed(code, value, &mut out).map_err(|error| error.inside(None))?;
        inner.finish(code, &mut out).map_err(|error| error.inside(None))?;
        self.collisions += inner.collisions;
        self.passed += inner.passed;
        self.changes |= &inner.changes;
        self.expression_steps = inner.expression_steps;
        Ok(out)
    }
}
