//! One op, read and turned into the steps of both directions.

use super::spec::{OpKind, OpSpec, OtherSpec, When};
use super::template;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::json::{
    Collision, Condition, Conversion, Literal, OnError, Op, Other, Part, Pattern, Pointer, Reference, Segment, Step,
    Test, Wrapper,
};

/// An op that has been checked: what runs from old to new and from new to old, at one resource wherever it stands.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) each: Pattern,
    pub(super) when: Option<Condition>,
    pub(super) up: Option<Direction>,
    /// What any old client gets.
    pub(super) down: Option<Direction>,
    /// What an old client gets that may not see additions.
    pub(super) down_strict: Option<Direction>,
    /// Whether new clients get the old name beside the new one while an old version lives.
    pub(super) expand: bool,
    pub(super) on_error: OnError,
    pub(super) carry: Option<Carry>,
    pub(super) reach: Reach,
    pub(super) breaking: bool,
    pub(super) span: Span,
}

/// The op of one direction.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    op: Op,
    constant: bool,
}

/// How an op moves what stands inside: a place below `new` was below `old` before. Both start at the resource.
#[derive(Clone, Debug)]
pub(super) struct Carry {
    pub(super) new: Pattern,
    pub(super) old: Pattern,
    /// Only some documents: the place before may be either.
    pub(super) conditional: bool,
}

/// What an op reads, takes away and writes, as patterns from the resource; for the checks between ops.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    pub(super) reads: Vec<Pattern>,
    pub(super) takes: Vec<Pattern>,
    pub(super) writes: Vec<Pattern>,
    /// Values that stay where they are and become others.
    pub(super) alters: Vec<Pattern>,
    /// A name that only adds to the shape.
    pub(super) adds: bool,
}

/// Reads pointers, and remembers what they were for the messages.
struct Reader<'a> {
    found: &'a mut Diagnostics,
    span: Span,
}

/// The pointers of an op, split at the last star that they share.
struct Anchored {
    each: Pattern,
    pointers: Vec<Pointer>,
}

// === impl Compiled ===

impl Compiled {
    /// Reads `spec`; what is wrong goes to `found`, and then there is nothing to run.
    pub(super) fn new(spec: &OpSpec, on_error: OnError, found: &mut Diagnostics) -> Option<Self> {
        let mut reader = Reader { found, span: spec.span };
        let mut compiled = reader.op(spec)?;
        compiled.on_error = spec.on_error.unwrap_or(on_error);
        compiled.when = match &spec.when {
            Some(when) => Some(reader.condition(when, &compiled)?),
            None => None,
        };
        if let Some(carry) = &mut compiled.carry {
            carry.conditional = compiled.when.is_some();
        }
        compiled.span = spec.span;
        if spec.expand && !matches!(spec.op, OpKind::Rename { .. }) {
            let message = "`expand` is for renames".to_owned();
            return reader.error("expand-without-rename", message, spec.span, "remove it");
        }
        compiled.expand = spec.expand;
        Some(compiled)
    }

    /// The step of one direction, for a resource at `resource`.
    pub(super) fn step(&self, direction: &Direction, resource: &Pattern) -> Step {
        Step {
            resource: resource.clone(),
            each: self.each.clone(),
            when: self.when.clone(),
            op: direction.op.clone(),
            on_error: self.on_error,
            constant: direction.constant,
        }
    }

    fn from_parts(each: Pattern, up: Option<Op>, down: Option<Op>) -> Self {
        let direction = |op| Direction { op, constant: false };
        Self {
            each,
            when: None,
            down: down.clone().map(direction),
            down_strict: down.map(direction),
            up: up.map(direction),
            expand: false,
            on_error: OnError::Fail,
            carry: None,
            reach: Reach::default(),
            breaking: true,
            span: Span::NONE,
        }
    }

    fn addition(each: Pattern, up: Op, at: Pointer, constant: bool) -> Self {
        let mut compiled = Self::from_parts(each, None, None);
        compiled.up = Some(Direction { op: up, constant });
        compiled.down_strict = Some(Direction { op: Op::Drop { at }, constant: false });
        compiled.breaking = false;
        compiled.reach.adds = true;
        compiled
    }

    fn reaching(mut self, reads: &[&Pattern], takes: &[&Pattern], writes: &[&Pattern]) -> Self {
        let own = |list: &[&Pattern]| list.iter().map(|p| (*p).clone()).collect();
        self.reach = Reach { reads: own(reads), takes: own(takes), writes: own(writes), ..self.reach };
        self
    }

    /// Reads the value at `pattern` and puts another in its place.
    fn altering(mut self, pattern: &Pattern) -> Self {
        self.reach.reads.push(pattern.clone());
        self.reach.alters.push(pattern.clone());
        self
    }

    fn carrying(mut self, new: Pattern, old: Pattern) -> Self {
        self.carry = Some(Carry { new, old, conditional: false });
        self
    }
}

// === impl Reader ===

impl Reader<'_> {
    fn op(&mut self, spec: &OpSpec) -> Option<Compiled> {
        let collision = if spec.keep { Collision::Keep } else { Collision::Replace };
        match &spec.op {
            OpKind::Add { at, value } => self.add(at, value),
            OpKind::Copy { from, to } => self.copy(from, to, collision),
            OpKind::Compute { at, template } => self.compute(at, template, collision),
            OpKind::Rename { from, to } => self.rename(from, to, collision),
            OpKind::Move { from, to } => self.relocate(from, to, collision),
            OpKind::Remove { at, restore, lossy } => self.remove(at, restore.as_ref(), *lossy),
            OpKind::Wrap { at, into, many } => self.wrap(at, into, *many, true),
            OpKind::Unwrap { at, from, many } => self.wrap(at, from, *many, false),
            OpKind::Split { at, into, on } => self.split(at, into, on, collision, true),
            OpKind::Join { from, to, on } => self.split(to, from, on, collision, false),
            OpKind::Map { at, pairs, other, back } => self.map(at, pairs, other, back),
            OpKind::Convert { at, from, to, scale } => self.convert(at, from, to, *scale),
            OpKind::Patch { ops, back } => self.patch(ops, back.as_ref()),
            OpKind::Custom { up, down } => {
                let whole = Pattern::parse("").ok()?;
                Some(Compiled::from_parts(whole, Some(Op::Custom(up.clone())), Some(Op::Custom(down.clone()))))
            }
            OpKind::Head(_) | OpKind::Route(_) => None,
        }
    }

    fn add(&mut self, at: &Spanned<String>, value: &Literal) -> Option<Compiled> {
        let pattern = self.member(at)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let at = pointers.pop()?;
        let up = Op::Add { at: at.clone(), value: value.clone() };
        Some(Compiled::addition(each, up, at, true).reaching(&[], &[], &[&pattern]))
    }

    fn copy(&mut self, from: &Spanned<String>, to: &Spanned<String>, collision: Collision) -> Option<Compiled> {
        let (source, target) = (self.pattern(from)?, self.member(to)?);
        self.apart(&source, &target, from, to)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (to, from) = (pointers.pop()?, pointers.pop()?);
        let up = Op::Copy { from, to: to.clone(), collision };
        Some(Compiled::addition(each, up, to, false).reaching(&[&source], &[], &[&target]))
    }

    fn compute(&mut self, at: &Spanned<String>, text: &Spanned<String>, collision: Collision) -> Option<Compiled> {
        let target = self.member(at)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&target, at)])?;
        let parts = match template::parse(text) {
            Ok(parts) => parts,
            Err(message) => {
                return self.error("bad-template", format!("`{}`: {message}", text.value), text.span, TEMPLATE_HELP);
            }
        };
        let mut template = Vec::new();
        let mut reads = Vec::new();
        for part in parts {
            template.push(match part {
                template::Piece::Text(text) => Part::Text(text.into()),
                template::Piece::Pointer(pointer) => {
                    let pointer = Spanned::new(pointer, text.span);
                    let pattern = self.pattern(&pointer)?;
                    let reference = self.reference(&pattern, &each, &pointer)?;
                    reads.push(pattern);
                    Part::Value(reference)
                }
            });
        }
        let at = pointers.pop()?;
        let up = Op::Compute { at: at.clone(), template, collision };
        let reads: Vec<&Pattern> = reads.iter().collect();
        Some(Compiled::addition(each, up, at, false).reaching(&reads, &[], &[&target]))
    }

    fn rename(&mut self, from: &Spanned<String>, to: &Spanned<String>, collision: Collision) -> Option<Compiled> {
        let (source, target) = (self.member(from)?, self.member(to)?);
        if source == target {
            let message = format!("`{}` is renamed to itself", from.value);
            return self.error("rename-to-itself", message, from.span, "remove the op");
        }
        let Anchored { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (new, old) = (pointers.pop()?, pointers.pop()?);
        let ((object, from_name), (parent, to_name)) = (old.parent()?, new.parent()?);
        if object != parent {
            let message = format!("`{}` and `{}` are not members of one object", from.value, to.value);
            return self.error("rename-across-objects", message, from.span, "use `move`");
        }
        let (from_name, to_name): (Box<str>, Box<str>) = (from_name.into(), to_name.into());
        let rename =
            |from: &str, to: &str| Op::Rename { object: object.clone(), from: from.into(), to: to.into(), collision };
        let (up, down) = (rename(&from_name, &to_name), rename(&to_name, &from_name));
        let compiled = Compiled::from_parts(each, Some(up), Some(down)).reaching(&[&source], &[&source], &[&target]);
        Some(compiled.carrying(target.clone(), source.clone()))
    }

    fn relocate(&mut self, from: &Spanned<String>, to: &Spanned<String>, collision: Collision) -> Option<Compiled> {
        let (source, target) = (self.member(from)?, self.member(to)?);
        self.apart(&source, &target, from, to)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (new, old) = (pointers.pop()?, pointers.pop()?);
        let shift = |from: &Pointer, to: &Pointer| Op::Move { from: from.clone(), to: to.clone(), collision };
        let compiled = Compiled::from_parts(each, Some(shift(&old, &new)), Some(shift(&new, &old)));
        Some(compiled.reaching(&[&source], &[&source], &[&target]).carrying(target.clone(), source.clone()))
    }

    fn remove(&mut self, at: &Spanned<String>, restore: Option<&Literal>, lossy: bool) -> Option<Compiled> {
        let pattern = self.member(at)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let at_pointer = pointers.pop()?;
        let down = match (restore, lossy) {
            (Some(value), false) => Some(Op::Add { at: at_pointer.clone(), value: value.clone() }),
            (None, true) => None,
            (Some(_), true) => {
                let message = format!("`{}` is both restored and lossy", at.value);
                return self.error("restore-and-lossy", message, at.span, "keep one of the two");
            }
            (None, false) => {
                let message = format!("old clients lose `{}`, and nothing says what they get in its place", at.value);
                return self.error("irreversible", message, at.span, "give `restore = …`, or say `lossy = true`");
            }
        };
        let mut compiled = Compiled::from_parts(each, Some(Op::Drop { at: at_pointer }), down);
        for direction in [&mut compiled.down, &mut compiled.down_strict].into_iter().flatten() {
            direction.constant = true;
        }
        Some(compiled.reaching(&[&pattern], &[&pattern], &[]))
    }

    fn wrap(
        &mut self,
        at: &Spanned<String>,
        wrapper: &Wrapper,
        many: crate::json::Many,
        wraps: bool,
    ) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let at = pointers.pop()?;
        let inner = match wrapper {
            Wrapper::Array => pattern.child(Segment::Every),
            Wrapper::Member(name) => pattern.child(Segment::Key(name.clone())),
        };
        let wrap = Op::Wrap { at: at.clone(), into: wrapper.clone() };
        let unwrap = Op::Unwrap { at, from: wrapper.clone(), many };
        let (up, down, new, old) =
            if wraps { (wrap, unwrap, inner, pattern.clone()) } else { (unwrap, wrap, pattern.clone(), inner) };
        Some(Compiled::from_parts(each, Some(up), Some(down)).altering(&pattern).carrying(new, old))
    }

    fn split(
        &mut self,
        whole: &Spanned<String>,
        parts: &[Spanned<String>],
        on: &Spanned<String>,
        collision: Collision,
        splits: bool,
    ) -> Option<Compiled> {
        if on.is_empty() {
            return self.error(
                "empty-separator",
                "`on` is empty".to_owned(),
                on.span,
                "give the separator, such as \" \"",
            );
        }
        if parts.len() < 2 {
            let message = format!("`{}` has {} parts: there is nothing to separate", whole.value, parts.len());
            return self.error("too-few-parts", message, whole.span, "name at least two members, or use `rename`");
        }
        let mut named = vec![(self.member(whole)?, whole)];
        for part in parts {
            named.push((self.member(part)?, part));
        }
        for (at, (a, a_text)) in named.iter().enumerate() {
            for (b, b_text) in &named[at + 1..] {
                self.apart(a, b, a_text, b_text)?;
            }
        }
        let borrowed: Vec<_> = named.iter().map(|(pattern, text)| (pattern, *text)).collect();
        let Anchored { each, mut pointers } = self.anchor(&borrowed)?;
        let at = pointers.remove(0);
        let split = Op::Split { at: at.clone(), into: pointers.clone(), on: on.as_str().into(), collision };
        let join = Op::Join { from: pointers, to: at, on: on.as_str().into(), collision };
        let (up, down) = if splits { (split, join) } else { (join, split) };
        let compiled = Compiled::from_parts(each, Some(up), Some(down));
        let whole = [&named[0].0];
        let parts: Vec<&Pattern> = named[1..].iter().map(|(pattern, _)| pattern).collect();
        Some(if splits { compiled.reaching(&whole, &whole, &parts) } else { compiled.reaching(&parts, &parts, &whole) })
    }

    fn map(
        &mut self,
        at: &Spanned<String>,
        pairs: &[(Literal, Literal)],
        other: &OtherSpec,
        back: &[(Literal, Literal)],
    ) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let inverse = self.inverse(pairs, back, at.span)?;
        let other = match other {
            OtherSpec::Error => Other::Error,
            OtherSpec::Keep => Other::Keep,
            OtherSpec::Value(value) => Other::Value(value.clone()),
        };
        let at = pointers.pop()?;
        let up = Op::Map { at: at.clone(), pairs: pairs.to_vec(), other: other.clone() };
        let down = Op::Map { at, pairs: inverse, other };
        Some(Compiled::from_parts(each, Some(up), Some(down)).altering(&pattern))
    }

    /// New → old. Two olds for one new need a word from the author which of them it is.
    fn inverse(
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
            if inverse.iter().any(|(known, _)| known.equals(new)) {
                let message = format!("two old values become `{}`, and nothing says which it was", new.as_str());
                return self.error("irreversible", message, span, "name it in `back = { new = old }`");
            }
            inverse.push((new.clone(), old.clone()));
        }
        Some(inverse)
    }

    fn convert(
        &mut self,
        at: &Spanned<String>,
        from: &Spanned<String>,
        to: &Spanned<String>,
        scale: Option<u32>,
    ) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let Anchored { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let there = self.conversion(from, to, scale)?;
        let back = self.conversion(to, from, scale)?;
        let at = pointers.pop()?;
        let up = Op::Convert { at: at.clone(), conversion: there };
        let down = Op::Convert { at, conversion: back };
        Some(Compiled::from_parts(each, Some(up), Some(down)).altering(&pattern))
    }

    fn conversion(&mut self, from: &Spanned<String>, to: &Spanned<String>, scale: Option<u32>) -> Option<Conversion> {
        let needs_scale = matches!((from.as_str(), to.as_str()), ("integer", "decimal") | ("decimal", "integer"));
        if needs_scale != scale.is_some() {
            let (message, help) = if needs_scale {
                (format!("from `{}` to `{}` without a `scale`", from.value, to.value), "say `scale = 2` for cents")
            } else {
                (format!("`scale` does not go with `{}` and `{}`", from.value, to.value), "remove `scale`")
            };
            return self.error("bad-scale", message, from.span, help);
        }
        let scale = scale.unwrap_or(0);
        Some(match (from.as_str(), to.as_str()) {
            ("number", "string") => Conversion::NumberToString,
            ("string", "number") => Conversion::StringToNumber,
            ("integer", "decimal") => Conversion::IntegerToDecimal { scale },
            ("decimal", "integer") => Conversion::DecimalToInteger { scale },
            ("unix-seconds", "rfc3339") => Conversion::UnixSecondsToRfc3339,
            ("rfc3339", "unix-seconds") => Conversion::Rfc3339ToUnixSeconds,
            ("unix-millis", "rfc3339") => Conversion::UnixMillisToRfc3339,
            ("rfc3339", "unix-millis") => Conversion::Rfc3339ToUnixMillis,
            (a, b) => {
                let message = format!("there is no conversion from `{a}` to `{b}`");
                let help = "number ↔ string, integer ↔ decimal, unix-seconds ↔ rfc3339, unix-millis ↔ rfc3339";
                return self.error("unknown-conversion", message, from.span, help);
            }
        })
    }

    fn patch(&mut self, ops: &Literal, back: Option<&Literal>) -> Option<Compiled> {
        let Some(back) = back else {
            let message = "a patch cannot be reversed by itself".to_owned();
            return self.error(
                "irreversible",
                message,
                self.span,
                "give `back = [ … ]`, empty if nothing is to be done",
            );
        };
        let mut read = |document: &Literal| match super::patch::parse(document) {
            Ok(ops) => Some(ops),
            Err(message) => self.error("bad-patch", format!("not a JSON Patch: {message}"), self.span, "see RFC 6902"),
        };
        let (up, down) = (read(ops)?, read(back)?);
        Some(Compiled::from_parts(Pattern::parse("").ok()?, Some(Op::Patch(up)), Some(Op::Patch(down))))
    }

    fn condition(&mut self, when: &When, compiled: &Compiled) -> Option<Condition> {
        let pattern = self.pattern(&when.at)?;
        let Reach { takes, writes, alters, .. } = &compiled.reach;
        let mut changed = takes.iter().chain(writes).chain(alters);
        // A whole value is another one as soon as something inside is.
        let whole = when.equals.is_some();
        let touches = |written: &&Pattern| pattern.starts_with(written) || (whole && written.starts_with(&pattern));
        if let Some(written) = changed.find(touches) {
            let message = format!("`when` looks at `{}`, which the op itself changes (`{written}`)", when.at.value);
            return self.error("when-on-own-place", message, when.at.span, "test another member");
        }
        let at = self.reference(&pattern, &compiled.each, &when.at)?;
        let test = when.equals.clone().map_or(Test::Present, Test::Equals);
        Some(Condition { at, test })
    }

    /// A pointer with stars, from the resource.
    fn pattern(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        if let Some((message, help)) = slip(text) {
            return self.error("bad-pointer", format!("`{}` {message}", text.value), text.span, help);
        }
        match Pattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(e) => self.error("bad-pointer", e.to_string(), text.span, POINTER_HELP),
        }
    }

    /// A pointer to a member, so neither the resource itself nor all members at once.
    fn member(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        let pattern = self.pattern(text)?;
        match pattern.segments().last() {
            Some(Segment::Key(_)) => Some(pattern),
            _ => {
                let message = format!("`{}` is no member with a name", text.value);
                self.error("not-a-member", message, text.span, "end the pointer in a member's name, such as `/name`")
            }
        }
    }

    /// Splits the pointers of one op at the last star: the part before is where each run starts.
    fn anchor(&mut self, patterns: &[(&Pattern, &Spanned<String>)]) -> Option<Anchored> {
        let (first, _) = patterns.first()?;
        let (each, _) = first.split_at_last_star();
        let mut pointers = Vec::new();
        for (pattern, text) in patterns {
            let (prefix, pointer) = pattern.split_at_last_star();
            if prefix != each {
                let message = format!("`{}` and `{first}` do not have the same `*`", text.value);
                return self.error(
                    "stars-differ",
                    message,
                    text.span,
                    "the pointers of an op are alike up to the last `*`",
                );
            }
            pointers.push(pointer);
        }
        Some(Anchored { each, pointers })
    }

    /// A pointer that may have fewer stars than the op: it starts further up.
    fn reference(&mut self, pattern: &Pattern, each: &Pattern, text: &Spanned<String>) -> Option<Reference> {
        let (prefix, pointer) = pattern.split_at_last_star();
        if each.starts_with(&prefix) {
            return Some(Reference { level: prefix.stars(), pointer });
        }
        let message = format!("`{}` has a `*` that the op does not have", text.value);
        self.error("stars-differ", message, text.span, "the same stars mean the same element")
    }

    fn apart(&mut self, a: &Pattern, b: &Pattern, a_text: &Spanned<String>, b_text: &Spanned<String>) -> Option<()> {
        if !a.starts_with(b) && !b.starts_with(a) {
            return Some(());
        }
        let (message, help) = if a == b {
            (format!("`{}` is named twice", b_text.value), "give each part a name of its own")
        } else {
            let message = format!("`{}` and `{}` overlap", a_text.value, b_text.value);
            (message, "to put a value inside itself, use `wrap`")
        };
        self.error("overlapping-parts", message, b_text.span, help)
    }

    fn error<T>(&mut self, code: &'static str, message: String, span: Span, help: &str) -> Option<T> {
        let span = if span.is_none() { self.span } else { span };
        self.found.push(Diagnostic::error(code, message, span).help(help));
        None
    }
}

const POINTER_HELP: &str = "a JSON Pointer (RFC 6901) such as `/address/city`; `*` stands for every element";
const TEMPLATE_HELP: &str = "pointers in braces, `{/first} {/last}`; `{{` and `}}` stand for braces";

/// What people write who have JSONPath or dots in mind.
fn slip(pointer: &str) -> Option<(&'static str, &'static str)> {
    if pointer.starts_with('$') {
        Some(("is JSONPath", POINTER_HELP))
    } else if !pointer.is_empty() && !pointer.starts_with('/') {
        Some(("does not start with `/`", POINTER_HELP))
    } else if has_brackets(pointer) {
        Some(("has brackets", "every element is `/*`, the first is `/0`: `/items/*/name`"))
    } else if pointer.len() > 1 && pointer.ends_with('/') {
        Some(("ends in `/`, which names a member without a name", "remove the last `/`"))
    } else {
        None
    }
}

/// `[]`, `[*]` or `[0]` behind a name.
fn has_brackets(pointer: &str) -> bool {
    let mut rests = pointer.match_indices('[').map(|(at, _)| &pointer[at + 1..]);
    rests.any(|rest| rest.split_once(']').is_some_and(|(i, _)| i == "*" || i.bytes().all(|b| b.is_ascii_digit())))
}
