//! `remove`, and what the old side gets in place of the member.

use super::super::spec::{RestoreSource, RestoreSpec};
use super::{AnchoredPointers, Compiled, DirectedOp, PointerReader};
use crate::diagnostic::Spanned;
use crate::json::{Collision, Op, Pattern, Pointer, Segment};

/// What writes the member again, from the object that holds it, and what it reads.
struct Restoration {
    op: Op,
    reads: Vec<Pattern>,
}

// === impl PointerReader ===

impl PointerReader<'_> {
    pub(super) fn remove(&mut self, at: &Spanned<String>, restore: &RestoreSpec, lossy: bool) -> Option<Compiled> {
        let restores = restore.source.is_some() || restore.value.is_some();
        let pattern = if restores { self.named_member(at)? } else { self.member(at)? };
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let pointer = pointers.pop()?;
        let problem = match (restores, lossy) {
            (true, true) => {
                let message = format!("`{}` is both restored and `lossy`", at.value);
                Some(("restore-and-lossy", message, "remove `lossy`, or what restores the member"))
            }
            (false, false) => {
                let message = format!("old clients lose `{}`, and the op does not say what they get instead", at.value);
                Some(("irreversible", message, "add `restore = …`, `restore_from = \"/other\"` or `lossy = true`"))
            }
            _ => None,
        };
        if let Some((code, message, help)) = problem {
            return self.error(code, message, at.span, help);
        }
        let source = match &restore.source {
            Some(source) => Some(self.restoration(source, at, &pattern, &each)?),
            None => None,
        };
        let value = restore.value.clone().map(|value| Op::Add { at: pointer.clone(), value });
        let mut compiled = Compiled::from_parts(each, Some(Op::Drop { at: pointer.clone(), prune: false }), None);
        let constant = value.map(|op| DirectedOp { constant: true, ..DirectedOp::down(op) });
        let (object, _) = pointer.parent()?;
        compiled.down = match source {
            Some(Restoration { op, reads }) => {
                compiled.reach.reads.extend(reads);
                Some(DirectedOp { below: object, default: constant.map(Box::new), ..DirectedOp::down(op) })
            }
            None => constant,
        };
        compiled.down_strict.clone_from(&compiled.down);
        Some(compiled)
    }

    /// Like a constant, it makes no objects: it starts from the object that holds the member.
    fn restoration(
        &mut self,
        source: &RestoreSource,
        at: &Spanned<String>,
        removed: &Pattern,
        each: &Pattern,
    ) -> Option<Restoration> {
        let (Segment::Key(name), object) = removed.segments().split_last()? else { return None };
        let (member, object) = (Pointer::from_tokens([name.clone()]), Pattern::from_segments(object.iter().cloned()));
        match source {
            RestoreSource::Text(text) => {
                let (template, reads) = self.template(text, each)?;
                for read in &reads {
                    self.apart(removed, read, at, text)?;
                }
                Some(Restoration { op: Op::Compute { at: member, template, collision: Collision::Keep }, reads })
            }
            RestoreSource::Place(from) => {
                let pattern = self.pattern(from)?;
                self.apart(removed, &pattern, at, from)?;
                let reference = self.reference(&pattern, each, from)?;
                let op = match inside(&pattern, &object) {
                    Some(from) => Op::Copy { from, to: member, collision: Collision::Keep },
                    None => Op::Restore { at: member, from: reference },
                };
                Some(Restoration { op, reads: vec![pattern] })
            }
        }
    }
}

/// A place as seen from an object that it is in, without stars on the way.
fn inside(place: &Pattern, object: &Pattern) -> Option<Pointer> {
    let rest = place.segments().strip_prefix(object.segments())?;
    Pattern::from_segments(rest.iter().cloned()).to_pointer()
}
