//! What the engine gives back, written as parts.

use super::super::super::error::{MigrateError, Reason};
use super::super::super::{Mode, Pointer};
use super::super::part::{PartHead, PartKind};
use super::super::shape::{self, FormLeaf};
use super::super::urlencoded::plain_text;
use super::{File, Group, Multipart, Part, stands_for};

// === impl Multipart ===

impl Multipart {
    /// Writes a member as parts: those that it was, as far as it is the same.
    pub(super) fn emit(&mut self, key: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let same = self.pending.iter().position(|group| group.key == key && group.value == value);
        let renamed = || self.pending.iter().position(|group| group.value == value);
        let changed = || self.pending.iter().position(|group| group.key == key);
        let group = same.or_else(renamed).or_else(changed).map(|at| self.pending.remove(at));
        let unchanged = group.as_ref().filter(|group| group.value == value).map(|group| group.named(key));
        let (mut parts, lists) = group.map_or_else(Default::default, |group| (group.parts, group.lists));
        let json = parts.iter().position(|part| part.head.kind() == PartKind::Json);
        let leaves = match (json, unchanged) {
            (Some(_), _) => vec![FormLeaf { name: key.to_vec(), value: value.to_vec() }],
            (None, Some(leaves)) => leaves,
            (None, None) => {
                shape::leaves((key, value), (self.names, self.options.mode() != Mode::Whole), &lists, |value| {
                    stands_for(value).is_some()
                })?
            }
        };
        let mut last = None;
        for leaf in leaves {
            let named = || parts.iter().position(|part| part.head.name() == leaf.name);
            let at = match json {
                Some(at) => Some(at),
                None => parts.iter().position(|part| part.value == leaf.value).or_else(named),
            };
            let part = at.map(|at| parts.remove(at));
            match stands_for(&leaf.value) {
                Some(file) if self.current == Some(file) => last = Some((file, leaf, part)),
                Some(file) => self.emit_held(file, &leaf, part, out)?,
                None => self.emit_field(&leaf, part, out)?,
            }
        }
        // Its content follows.
        if let Some((file, leaf, part)) = last {
            let Some(part) = part else { return Err(twice(&leaf)) };
            out.extend_from_slice(&part.head.renamed(&leaf.name));
            self.files[file] = File::Passing;
        }
        Ok(())
    }

    fn emit_field(&mut self, leaf: &FormLeaf, part: Option<Part>, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let Some(part) = part else {
            out.extend_from_slice(&PartHead::new(&self.boundary, &leaf.name).renamed(&leaf.name));
            return self.write_content(leaf, &plain_text(&leaf.value), out);
        };
        out.extend_from_slice(&part.head.renamed(&leaf.name));
        self.held = self.held.saturating_sub(part.body.len() + part.head.len());
        match part.head.kind() {
            _ if part.value == leaf.value => {
                out.extend_from_slice(&part.body);
                out.extend_from_slice(b"\r\n");
                Ok(())
            }
            PartKind::Json => self.write_content(leaf, &leaf.value, out),
            PartKind::Text | PartKind::File => self.write_content(leaf, &plain_text(&leaf.value), out),
        }
    }

    /// Content that is new to the form must not contain its boundary (RFC 2046 §5.1.1). Some readers take a line feed
    /// alone for a line end.
    fn write_content(&self, leaf: &FormLeaf, content: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let is_delimiter = |line: &[u8]| line.strip_prefix(b"--").is_some_and(|rest| rest.starts_with(&self.boundary));
        if content.split(|byte| matches!(byte, b'\r' | b'\n')).any(is_delimiter) {
            let token = String::from_utf8_lossy(&leaf.name).into_owned();
            return Err(MigrateError::value(Pointer::from_tokens([token]), Reason::Boundary));
        }
        out.extend_from_slice(content);
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// A file whose place is only known now.
    fn emit_held(
        &mut self,
        file: usize,
        leaf: &FormLeaf,
        part: Option<Part>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let content = self.files.get_mut(file).map(|file| std::mem::replace(file, File::Done));
        let (Some(File::Held(content)), Some(part)) = (content, part) else { return Err(twice(leaf)) };
        out.extend_from_slice(&part.head.renamed(&leaf.name));
        out.extend_from_slice(&content);
        out.extend_from_slice(b"\r\n");
        self.held = self.held.saturating_sub(content.len());
        Ok(())
    }
}

// === impl Group ===

impl Group {
    /// Its parts unchanged, with another first name.
    fn named(&self, key: &[u8]) -> Vec<FormLeaf> {
        let leaf = |part: &Part| {
            let brackets = part.head.name().get(self.key.len()..).unwrap_or_default();
            FormLeaf { name: [key, brackets].concat(), value: part.value.clone() }
        };
        self.parts.iter().map(leaf).collect()
    }
}

fn twice(leaf: &FormLeaf) -> MigrateError {
    let token = String::from_utf8_lossy(&leaf.name).into_owned();
    MigrateError::value(Pointer::from_tokens([token]), Reason::Twice)
}
