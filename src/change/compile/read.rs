//! Each op, read.

use serde_json::Value;

use super::super::spec::{Loss, OpKind, OpSpec, When};
use super::super::template::{self, TemplatePiece};
use super::pointers::{TEMPLATE_HELP, is_element};
use super::{AnchoredPointers, Compiled, InlinedObject, PointerReader};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::json::{
    Collision, Condition, Literal, Many, OnError, Op, Other, Pattern, Pointer, Segment, TextPart, Wrapper,
};

// === impl PointerReader ===

impl PointerReader<'_> {
    pub(super) fn op(&mut self, spec: &OpSpec) -> Option<Compiled> {
        let collision = if spec.keep { Collision::Keep } else { Collision::Replace };
        match &spec.op {
            OpKind::Add { at, value } => self.add(at, value.as_ref()),
            OpKind::Copy { from, to } => self.copy(from, to, collision),
            OpKind::Compute { at, template } => self.compute(at, template, collision),
            OpKind::Evaluate { at, cel, back, lossy } => self.evaluate(at, cel, back, *lossy, collision),
            OpKind::Rename { from, to } => self.rename(from, to, collision),
            OpKind::Move { from, to } => self.relocate(from, to, collision),
            OpKind::Remove { at, restore, lossy } => self.remove(at, restore, *lossy),
            OpKind::Wrap { at, into, loss } => self.wrap(at, into, loss, true),
            OpKind::Unwrap { at, from, loss } => self.wrap(at, from, loss, false),
            OpKind::Require { at, must } => self.require(at, must),
            OpKind::Split { at, into, on, lossy } => self.split(at, into, (on, *lossy), collision, true),
            OpKind::Join { from, to, on, lossy } => self.split(to, from, (on, *lossy), collision, false),
            OpKind::Map { at, pairs, other, back } => self.map(at, pairs, other, back),
            OpKind::Convert { at, from, to, scale } => self.convert(at, from, to, *scale),
            OpKind::Scale { at, by } => self.scale(at, by),
            OpKind::Replace { at, by } => self.replace(at, by),
            OpKind::Structure(spec) => self.structure(spec, collision),
            OpKind::Patch { ops, back } => self.patch(ops, back.as_ref()),
            OpKind::Custom { up, down } => {
                let whole = Pattern::parse("").ok()?;
                Some(Compiled::from_parts(whole, Some(Op::Custom(up.clone())), Some(Op::Custom(down.clone()))))
            }
            OpKind::Head(_) | OpKind::Route(_) => None,
        }
    }

    /// What an op says and what changes nothing about it.
    pub(super) fn without_effect(&mut self, spec: &OpSpec, on_error: OnError) {
        let requires = matches!(spec.op, OpKind::Require { .. });
        if requires && on_error == OnError::Pass {
            let message = "this `require` refuses nothing: with `on_error = \"pass\"`, all values pass";
            let help = "set `on_error = \"fail\"` on the op";
            self.found.push(Diagnostic::warning("require-passes", message, spec.span).help(help));
        }
    }

    pub(super) fn add(&mut self, at: &Spanned<String>, value: Option<&Literal>) -> Option<Compiled> {
        let pattern = self.named_member(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let at = pointers.pop()?;
        let up = Op::Add { at: at.clone(), value: value.cloned().unwrap_or_else(|| Literal::from(Value::Null)) };
        let mut compiled = Compiled::addition(each, up, at, true);
        if value.is_none() {
            compiled.up = None;
        }
        Some(compiled)
    }

    pub(super) fn copy(
        &mut self,
        from: &Spanned<String>,
        to: &Spanned<String>,
        collision: Collision,
    ) -> Option<Compiled> {
        let (source, target) = (self.pattern(from)?, self.member(to)?);
        self.apart(&source, &target, from, to)?;
        self.writable(&target, &[&source], to)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (to, from) = (pointers.pop()?, pointers.pop()?);
        let up = Op::Copy { from, to: to.clone(), collision };
        Some(Compiled::addition(each, up, to, false))
    }

    pub(super) fn compute(
        &mut self,
        at: &Spanned<String>,
        text: &Spanned<String>,
        collision: Collision,
    ) -> Option<Compiled> {
        let target = self.member(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&target, at)])?;
        let (template, reads) = self.template(text, &each)?;
        self.writable(&target, &reads.iter().collect::<Vec<_>>(), at)?;
        let at = pointers.pop()?;
        let up = Op::Compute { at: at.clone(), template, collision };
        Some(Compiled::addition(each, up, at, false))
    }

    /// The parts of a template, and the places that it reads.
    pub(super) fn template(&mut self, text: &Spanned<String>, each: &Pattern) -> Option<(Vec<TextPart>, Vec<Pattern>)> {
        let parts = match template::parse(text) {
            Ok(parts) => parts,
            Err(message) => {
                return self.error("bad-template", format!("`{}`: {message}", text.value), text.span, TEMPLATE_HELP);
            }
        };
        let mut template = Vec::new();
        let mut reads = Vec::new();
        for part in parts {
            template.push(self.part(part, text.span, each, &mut reads)?);
        }
        Some((template, reads))
    }

    fn part(&mut self, part: TemplatePiece, span: Span, each: &Pattern, reads: &mut Vec<Pattern>) -> Option<TextPart> {
        Some(match part {
            TemplatePiece::Text(text) => TextPart::Text(text.into()),
            TemplatePiece::PathParameter(name) => TextPart::PathParameter(name.into()),
            TemplatePiece::Encoded(part) => TextPart::Encoded(Box::new(self.part(*part, span, each, reads)?)),
            TemplatePiece::Pointer(pointer) => {
                let pointer = Spanned::new(pointer, span);
                let pattern = self.pattern(&pointer)?;
                let reference = self.reference(&pattern, each, &pointer)?;
                reads.push(pattern);
                TextPart::Value(reference)
            }
        })
    }

    pub(super) fn rename(
        &mut self,
        from: &Spanned<String>,
        to: &Spanned<String>,
        collision: Collision,
    ) -> Option<Compiled> {
        let (source, target) = (self.member(from)?, self.member(to)?);
        if source == target {
            let message = format!("`{}` is renamed to itself", from.value);
            return self.error("rename-to-itself", message, from.span, "remove the op");
        }
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (new, old) = (pointers.pop()?, pointers.pop()?);
        let ((object, from_name), (parent, to_name)) = (old.parent()?, new.parent()?);
        if object != parent {
            let message = format!("`{}` and `{}` are not members of one object", from.value, to.value);
            return self.error("rename-across-objects", message, from.span, "use `move`");
        }
        if is_element(from_name) && is_element(to_name) {
            return self.element(from);
        }
        let (from_name, to_name): (Box<str>, Box<str>) = (from_name.into(), to_name.into());
        let rename =
            |from: &str, to: &str| Op::Rename { object: object.clone(), from: from.into(), to: to.into(), collision };
        let (up, down) = (rename(&from_name, &to_name), rename(&to_name, &from_name));
        let compiled = Compiled::from_parts(each, Some(up), Some(down));
        Some(compiled.carrying(target.clone(), source.clone()))
    }

    pub(super) fn relocate(
        &mut self,
        from: &Spanned<String>,
        to: &Spanned<String>,
        collision: Collision,
    ) -> Option<Compiled> {
        let (source, target) = (self.member(from)?, self.member(to)?);
        self.apart(&source, &target, from, to)?;
        self.writable(&source, &[&target], from)?;
        self.writable(&target, &[&source], to)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (new, old) = (pointers.pop()?, pointers.pop()?);
        let shift = |from: &Pointer, to: &Pointer| Op::Move { from: from.clone(), to: to.clone(), collision };
        let mut compiled = Compiled::from_parts(each, Some(shift(&old, &new)), Some(shift(&new, &old)));
        // What is to be a member of an object that is none stays.
        compiled.may_leave = old.tokens().len() > 1 || new.tokens().len() > 1;
        Some(compiled.carrying(target.clone(), source.clone()))
    }

    pub(super) fn wrap(
        &mut self,
        at: &Spanned<String>,
        wrapper: &Wrapper,
        loss: &Loss,
        wraps: bool,
    ) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let which = self.loss(at, wrapper, loss)?;
        if let (Wrapper::Member(name), Some(Segment::Key(last)), true) =
            (wrapper, pattern.segments().last(), pattern.has_any_depth())
            && name == last
        {
            let message =
                format!("`{}` is also what is inside of it, so the way back would not know which is which", at.value);
            let help = "give the member another name, or name the places";
            return self.error("overlapping-parts", message, at.span, help);
        }
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let at = pointers.pop()?;
        let inner = match wrapper {
            Wrapper::Array => pattern.child(Segment::Every),
            Wrapper::Member(name) => pattern.child(Segment::Key(name.clone())),
        };
        let wrap = Op::Wrap { at: at.clone(), into: wrapper.clone() };
        let unwrap = Op::Unwrap { at, from: wrapper.clone(), which, many: loss.many, lossy: loss.lossy };
        let around = pattern.clone();
        let taken_out = InlinedObject { around, inner: inner.clone(), newer: wraps };
        let (up, down, new, old) =
            if wraps { (wrap, unwrap, inner, pattern.clone()) } else { (unwrap, wrap, pattern.clone(), inner) };
        let mut compiled = Compiled::from_parts(each, Some(up), Some(down)).carrying(new, old);
        compiled.taken_out = (!loss.lossy && *wrapper != Wrapper::Array).then_some(taken_out);
        Some(compiled)
    }

    /// What may be lost must be said, and only what can be.
    fn loss(&mut self, at: &Spanned<String>, wrapper: &Wrapper, loss: &Loss) -> Option<Option<Condition<Pointer>>> {
        let Loss { many, which, lossy } = loss;
        let list = *wrapper == Wrapper::Array;
        let (code, message, help) = match (many, which, lossy) {
            (Many::First, ..) | (_, Some(_), _) if !list => {
                let message =
                    format!("`{}` is taken out of an object, but `many` and `which` are for arrays", at.value);
                ("not-a-list", message, "remove them; to allow losing other members, set `lossy = true`")
            }
            (Many::First, None, false) => {
                let message = format!("the first of many at `{}` is taken, and the others are lost", at.value);
                let help = "select the element with `which = { at = \"/type\", equals = \"cpu\" }`, or set `lossy = \
                     true`";
                ("irreversible", message, help)
            }
            (Many::Error, _, true) if list => {
                let message =
                    format!("`lossy` has no effect at `{}`: an array of several elements is an error", at.value);
                ("lossy-without-loss", message, "set `many = \"first\"`, or remove `lossy`")
            }
            _ => return which.as_ref().map_or(Some(None), |which| self.inner(which).map(Some)),
        };
        self.error(code, message, at.span, help)
    }

    pub(super) fn require(&mut self, at: &Spanned<String>, must: &When) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        if let Some(text) = must.0.places().into_iter().find_map(|(at, _)| at.as_ref()) {
            let message = format!("`{}` is another place than the value that is required", text.value);
            let help = "say what must hold of the value itself; where it need not hold, say `when`";
            return self.error("require-elsewhere", message, text.span, help);
        }
        let op = Op::Require { at: pointers.pop()?, must: self.inner(must)? };
        let mut compiled = Compiled::from_parts(each, Some(op.clone()), Some(op));
        compiled.requires = Some(pattern);
        Some(compiled)
    }

    pub(super) fn split(
        &mut self,
        whole: &Spanned<String>,
        parts: &[Spanned<String>],
        (on, lossy): (&Spanned<String>, bool),
        collision: Collision,
        splits: bool,
    ) -> Option<Compiled> {
        if on.is_empty() {
            return self.error(
                "empty-separator",
                "`on` is empty".to_owned(),
                on.span,
                "set the separator, such as `on = \" \"`",
            );
        }
        if parts.len() < 2 {
            let message = format!("`{}` has {} targets: nothing is split or joined", whole.value, parts.len());
            return self.error("too-few-parts", message, whole.span, "use at least two members, or `rename`");
        }
        let mut named = vec![(self.member(whole)?, whole)];
        for part in parts {
            named.push((self.member(part)?, part));
        }
        for (at, (a, a_text)) in named.iter().enumerate() {
            for (b, b_text) in &named[at + 1..] {
                // The whole may be called what one of its parts is called.
                if at > 0 || a != b {
                    self.apart(a, b, a_text, b_text)?;
                }
            }
            let others: Vec<&Pattern> = named.iter().map(|(pattern, _)| pattern).filter(|other| *other != a).collect();
            self.writable(a, &others, a_text)?;
        }
        let borrowed: Vec<_> = named.iter().map(|(pattern, text)| (pattern, *text)).collect();
        let AnchoredPointers { each, mut pointers } = self.anchor(&borrowed)?;
        let at = pointers.remove(0);
        let split = Op::Split { at: at.clone(), into: pointers.clone(), on: on.as_str().into(), collision };
        let join = Op::Join { from: pointers, to: at, on: on.as_str().into(), lossy, collision };
        let (up, down) = if splits { (split, join) } else { (join, split) };
        let mut compiled = Compiled::from_parts(each, Some(up), Some(down));
        compiled.may_leave = true;
        Some(compiled)
    }

    pub(super) fn map(
        &mut self,
        at: &Spanned<String>,
        pairs: &[(Literal, Literal)],
        other: &Other,
        back: &[(Literal, Literal)],
    ) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let inverse = self.inverse(pairs, back, at.span)?;
        let at = pointers.pop()?;
        let mut pairs = pairs.to_vec();
        if matches!(other, Other::Keep) {
            // What `back` says of a new value, it says of one that was kept as well.
            let kept = back.iter().map(|(new, _)| new).filter(|new| !pairs.iter().any(|(old, _)| old.equals(new)));
            let kept: Vec<_> = kept.map(|new| (new.clone(), new.clone())).collect();
            pairs.extend(kept);
        }
        let up = Op::Map { at: at.clone(), pairs, other: other.clone() };
        let down = Op::Map { at, pairs: inverse, other: other.clone() };
        Some(Compiled::from_parts(each, Some(up), Some(down)))
    }

    /// New → old. Two olds for one new need a word from the author which of them it is.
    pub(super) fn inverse(
        &mut self,
        pairs: &[(Literal, Literal)],
        back: &[(Literal, Literal)],
        span: Span,
    ) -> Option<Vec<(Literal, Literal)>> {
        let mut inverse: Vec<(Literal, Literal)> = back.to_vec();
        for (at, (old, new)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(earlier, _)| earlier.equals(old)) {
                let message = format!("the old value `{}` is listed twice", old.as_str());
                return self.error("duplicate-value", message, span, "keep one of them");
            }
            if back.iter().any(|(named, _)| named.equals(new)) {
                continue;
            }
            if let Some((_, first)) = inverse.iter().find(|(known, _)| known.equals(new)) {
                let (first, old) = (first.as_str(), old.as_str());
                let message =
                    format!("both `{first}` and `{old}` become `{}`, so it cannot be mapped back", new.as_str());
                let back = match new.as_str().starts_with('"') {
                    true => format!("back = {{ {} = {first} }}", new.as_str()),
                    false => format!("back_pairs = [[{}, {first}]]", new.as_str()),
                };
                return self.error("irreversible", message, span, &format!("choose one: `{back}`"));
            }
            inverse.push((new.clone(), old.clone()));
        }
        Some(inverse)
    }

    pub(super) fn patch(&mut self, ops: &Literal, back: Option<&Literal>) -> Option<Compiled> {
        let Some(back) = back else {
            let message = "a patch has no derived way back".to_owned();
            return self.error(
                "irreversible",
                message,
                self.span,
                "add `back = [ … ]`, empty if nothing is to be done",
            );
        };
        let mut read = |document: &Literal| match super::super::patch::parse(document) {
            Ok(ops) => Some(ops),
            Err(message) => self.error("bad-patch", format!("not a JSON Patch: {message}"), self.span, "see RFC 6902"),
        };
        let (up, down) = (read(ops)?, read(back)?);
        Some(Compiled::from_parts(Pattern::parse("").ok()?, Some(Op::Patch(up)), Some(Op::Patch(down))))
    }
}
