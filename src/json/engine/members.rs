//! Members: passed, renamed, dropped, copied, and at last those that are added.

use std::borrow::Cow;

use super::super::{MigrateError, OnError, text};
use super::chunk::Chunk;
use super::code::Code;
use super::head::{MemberHead, NextMember};
use super::object::{Object, PendingMembers, Retention};
use super::plan::{COPY, Cell, NameRule, NodeId, Others, Rank};
use super::run::{OpenContainer, Run, RunState, SkipPurpose, TakenValue};
use super::summary::Summary;

// === impl Run ===

impl Run {
    /// A member of an object whose members are all the same.
    pub(super) fn every_member(
        &mut self,
        code: &Code,
        node: NodeId,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, MigrateError> {
        match self.head(chunk)? {
            NextMember::Incomplete { .. } => {
                self.pass(chunk, chunk.at, out);
                return Ok(false);
            }
            NextMember::Close(bracket) => {
                chunk.at = bracket + 1;
                self.frames.pop();
                self.ended(code, chunk)?;
            }
            NextMember::Member(head) => {
                chunk.at = head.value;
                self.value(code, node, chunk, out)?;
            }
        }
        Ok(true)
    }

    /// Members of an object of a plan, as far as each of them is there whole.
    pub(super) fn member(
        &mut self,
        code: &Code,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, MigrateError> {
        // A key that was searched before is long, and must not be searched from its start again.
        if self.searched > 0 {
            return self.any_member(code, chunk, out);
        }
        while let Some((head, source)) = self.stroll(code, chunk)? {
            self.decide(code, &head, source, chunk, out)?;
            if self.state != RunState::Between {
                return Ok(true);
            }
        }
        match (self.state, chunk.text.bytes.get(chunk.at)) {
            (RunState::Skipping, _) => Ok(true),
            (_, Some(b'}')) => self.close(code, chunk.at, chunk, out).map(|()| true),
            _ => self.any_member(code, chunk, out),
        }
    }

    /// A member however it is spelled, or the end of the object.
    fn any_member(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        match self.head(chunk)? {
            NextMember::Member(head) => {
                let plan = self.members().map(|object| &code.objects[object.plan]);
                let source = plan.and_then(|plan| plan.source(head.quoted(&chunk.text)));
                self.decide(code, &head, source, chunk, out)?;
            }
            NextMember::Close(bracket) => self.close(code, bracket, chunk, out)?,
            NextMember::Incomplete { .. } => {
                self.pass(chunk, chunk.at, out);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes past members that no step is for. They are copied with what is around them, so nothing is to be done but to
    /// find their ends. Returns the first plain head that something is to be done about.
    fn stroll(
        &mut self,
        code: &Code,
        chunk: &mut Chunk<'_>,
    ) -> Result<Option<(MemberHead, Option<usize>)>, MigrateError> {
        let room = self.room();
        let Some(OpenContainer::Members(object)) = self.frames.last_mut() else { return Ok(None) };
        let plan = &code.objects[object.plan];
        let passes = object.flowing && object.waiting.is_none() && plan.others.is_none();
        let mut between = self.state == RunState::Between;
        while let Some(head) = MemberHead::plain(&mut chunk.text, chunk.at, between) {
            let source = plan.plain_source(&chunk.text.bytes[head.key + 1..head.key_end - 1]);
            if source.is_some() || !passes {
                return Ok(Some((head, source)));
            }
            object.written = true;
            chunk.at = head.value;
            let Some(end) = self.skip.start(&mut chunk.text, chunk.at, room, self.offset)? else {
                (self.task, self.state) = (SkipPurpose::Copy, RunState::Skipping);
                chunk.at = chunk.text.bytes.len();
                return Ok(None);
            };
            chunk.at = end;
            self.state = RunState::Between;
            between = true;
        }
        Ok(None)
    }

    /// A member that is changed, or the text before it.
    fn decide(
        &mut self,
        code: &Code,
        head: &MemberHead,
        source: Option<usize>,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        chunk.at = head.value;
        if self.waits > 0 {
            // What may be withdrawn must have been written.
            self.pass(chunk, head.start, out);
        }
        match source {
            Some(index) => self.change(code, head, index, chunk, out),
            None => match self.members().and_then(|object| code.objects[object.plan].others.as_ref()) {
                Some(others) => self.other(code, others, head, chunk, out),
                None => {
                    self.write_head(head, None, None, chunk, out);
                    self.skip_value(code, SkipPurpose::Copy, chunk, out)
                }
            },
        }
    }

    /// A member that is not known by name, where something is done to those. Apart, so that `decide` stays small.
    #[inline(never)]
    fn other(
        &mut self,
        code: &Code,
        others: &Others,
        head: &MemberHead,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let key = self.renamed(others, head.quoted(&chunk.text))?;
        self.write_head(head, key.as_deref(), None, chunk, out);
        match others.node {
            COPY => self.skip_value(code, SkipPurpose::Copy, chunk, out),
            node => self.value(code, node, chunk, out),
        }
    }

    /// What a key becomes, quotes included; `None`: it stays as it is spelled.
    fn renamed(&mut self, others: &Others, quoted: &[u8]) -> Result<Option<Vec<u8>>, MigrateError> {
        if others.renamings.is_empty() {
            return Ok(None);
        }
        let plain = text::unescape(text::inner(quoted));
        let mut renamed: Option<String> = None;
        for (number, NameRule { renaming, on_error, change }) in others.renamings.iter().enumerate() {
            let name = renamed.as_deref().map_or_else(|| std::str::from_utf8(&plain).ok(), Some);
            let new = name.and_then(|name| renaming.rename(name));
            let stays = new.is_none();
            if *on_error == OnError::Pass {
                self.passed += u64::from(stays);
                let names = self.members().map(|object| &mut object.names);
                if let Some((names, name)) = names.zip(new.as_deref().or(name))
                    && !names.add(number, name, stays)
                {
                    return Err(MigrateError::taken_name(&plain));
                }
            } else if stays {
                return Err(MigrateError::name(&plain));
            }
            if let Some(new) = new.filter(|new| name != Some(new)) {
                renamed = Some(new.into_owned());
                self.changes.insert(*change);
            }
        }
        Ok(renamed.map(|name| text::quote(&name)))
    }

    /// A member that steps are for.
    fn change(
        &mut self,
        code: &Code,
        head: &MemberHead,
        index: usize,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let Some(OpenContainer::Members(object)) = self.frames.last_mut() else { return Ok(()) };
        let source = &code.objects[object.plan].sources[index];
        if let Some(waiting) = &mut object.waiting {
            waiting.note_changes(&mut self.changes);
        }
        let verdict = object.meet(source, index, &mut self.held);
        let first_to_wait = verdict.fate == Retention::Waits && object.waiting.is_none();
        self.collisions += verdict.collisions;
        if verdict.taken {
            let summary = source.summarized.then(Summary::default);
            self.taken.push(TakenValue { summary, ..TakenValue::at(head.value) });
        }
        if !source.changes.is_empty() {
            *object.waiting.as_mut().map_or(&mut self.changes, PendingMembers::changes_of_all) |= &source.changes;
        }
        if verdict.fate == Retention::Goes {
            self.drop_head(head, chunk, out);
            return match source.seen {
                false => self.skip_value(code, SkipPurpose::Drop, chunk, out),
                true => self.take_for(code, SkipPurpose::See(source.node), chunk, out),
            };
        }
        if first_to_wait {
            self.begin_waiting(head, chunk, out);
        }
        self.write_head(head, source.key.as_deref(), source.stays, chunk, out);
        match source.node {
            COPY => self.skip_value(code, SkipPurpose::Copy, chunk, out),
            node if source.contested => self.take_for(code, SkipPurpose::Try(node), chunk, out),
            node => self.value(code, node, chunk, out),
        }
    }

    /// The value is taken whole. Apart, so that `change` stays small.
    #[inline(never)]
    fn take_for(
        &mut self,
        code: &Code,
        purpose: SkipPurpose,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        self.pass(chunk, chunk.at, out);
        self.taken.push(TakenValue::at(chunk.at));
        self.skip_value(code, purpose, chunk, out)
    }

    /// From this member on the object's output is held.
    fn begin_waiting(&mut self, head: &MemberHead, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, head.start, out);
        self.waits += 1;
        if let Some(object) = self.members() {
            object.wait();
        }
    }

    /// Writes the text before a member's value.
    #[inline]
    fn write_head(
        &mut self,
        head: &MemberHead,
        key: Option<&[u8]>,
        cell: Option<(usize, Rank)>,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) {
        let Some(object) = self.members() else { return };
        if object.flowing && object.waiting.is_none() {
            object.written = true;
        } else {
            self.write_lead(head, cell, chunk, out);
        }
        if let Some(key) = key {
            self.pass(chunk, head.key, out);
            self.sink(out).extend_from_slice(key);
            chunk.copied = head.key_end;
        }
    }

    /// Writes the text before a member's key, if it differs from the original.
    fn write_lead(&mut self, head: &MemberHead, cell: Option<(usize, Rank)>, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, head.start, out);
        let start = self.held.len();
        let Some(OpenContainer::Members(object)) = self.frames.last_mut() else { return };
        if let Some(waiting) = &mut object.waiting {
            waiting.note_changes(&mut self.changes);
        }
        let flowing = std::mem::replace(&mut object.flowing, true);
        let written = std::mem::replace(&mut object.written, true);
        let comma = if flowing {
            head.comma.map(|comma| start + comma - head.start)
        } else {
            written.then_some(start + object.trail.len())
        };
        object.begin_member(start, comma, cell);
        if !flowing {
            let sink = if self.waits > 0 { &mut self.held } else { out };
            sink.append(&mut object.trail);
            if written {
                sink.push(b',');
            }
            chunk.copied = head.lead;
        }
    }

    /// Leaves out the text before a member's value: one comma, and its white space.
    fn drop_head(&mut self, head: &MemberHead, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, head.start, out);
        if let Some(object) = self.members()
            && std::mem::replace(&mut object.flowing, false)
            && let Some(comma) = head.comma
        {
            object.trail.clear();
            object.trail.extend_from_slice(&chunk.text.bytes[head.start..comma]);
        }
        chunk.copied = head.value;
    }

    /// The end of an object: what is added comes last.
    fn close(
        &mut self,
        code: &Code,
        bracket: usize,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let Some(OpenContainer::Members(mut object)) = self.frames.pop() else { return Ok(()) };
        let start = chunk.at;
        if !object.flowing {
            self.pass(chunk, start, out);
            self.sink(out).extend_from_slice(&object.trail);
        }
        for (at, cell) in code.objects[object.plan].cells.iter().enumerate() {
            self.add(code, &mut object, (at, cell), chunk, out)?;
        }
        chunk.at = bracket + 1;
        if object.waiting.is_some() {
            if let Some(refused) = object.refused() {
                return Err(refused);
            }
            object.end_changes(&mut self.changes);
            self.end_waiting(chunk, out);
        }
        self.spare.push(object);
        self.ended(code, chunk)
    }

    fn end_waiting(&mut self, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, chunk.at, out);
        self.waits -= 1;
        if self.waits == 0 {
            out.append(&mut self.held);
        }
    }

    /// A member that is added at the end: a copy, or a constant where nothing else is.
    fn add(
        &mut self,
        code: &Code,
        object: &mut Object,
        (at, cell): (usize, &Cell),
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let Some(rank) = object.best(at) else {
            if let Some(member) = &cell.constant {
                cell.changes.last().into_iter().for_each(|changes| self.changes |= changes);
                self.append_member(object, &[member], chunk, out);
            }
            return Ok(());
        };
        let Some(value) = object.copied(at, rank) else { return Ok(()) };
        let node = cell.nodes[usize::from(rank)];
        let earlier = object.copied_before(at, rank);
        if !earlier.is_empty() && code.node(node).counts() {
            return Err(MigrateError::repeated(&cell.key));
        }
        for before in earlier {
            self.append_copied(code, object, (node, cell), &before, chunk, out)?;
        }
        self.changes |= &cell.changes[usize::from(rank)];
        self.append_copied(code, object, (node, cell), &value, chunk, out)
    }

    /// Writes a copy as a member, changed by what is to be done to it.
    fn append_copied(
        &mut self,
        code: &Code,
        object: &mut Object,
        (node, cell): (NodeId, &Cell),
        value: &[u8],
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let value = match node {
            COPY => Cow::Borrowed(value),
            node => Cow::Owned(self.rewritten(code, node, value)?),
        };
        self.append_member(object, &[b",", &cell.key, b":", &value], chunk, out);
        Ok(())
    }

    /// Writes the parts of a member, the first with the comma before it, at the end of the object.
    fn append_member(&mut self, object: &mut Object, parts: &[&[u8]], chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, chunk.at, out);
        let mut comma = usize::from(!std::mem::replace(&mut object.written, true));
        let sink = self.sink(out);
        for part in parts {
            sink.extend_from_slice(&part[std::mem::take(&mut comma)..]);
        }
    }

    /// The object that is gone through by name, if that is the innermost.
    #[inline]
    pub(super) fn members(&mut self) -> Option<&mut Object> {
        match self.frames.last_mut() {
            Some(OpenContainer::Members(object)) => Some(object),
            _ => None,
        }
    }
}
