//! The ops on structure, read.

use std::sync::Arc;

use super::super::spec::{KeyedSpec, NamesSpec, StructureSpec, When};
use super::{AnchoredPointers, Compiled, Footprint, Moved, PathShift, PointerReader};
use crate::diagnostic::Spanned;
use crate::json::{Collision, Condition, Many, Op, Pattern, Pointer, Renaming, Segment, Structure};

type SpannedText = Spanned<String>;

// === impl PointerReader ===

impl PointerReader<'_> {
    pub(super) fn structure(&mut self, spec: &StructureSpec, collision: Collision) -> Option<Compiled> {
        match spec {
            StructureSpec::SplitList { at, on, lossy } => self.split_list(at, on, *lossy, true),
            StructureSpec::JoinList { at, on, lossy } => self.split_list(at, on, *lossy, false),
            StructureSpec::Entries(keyed) => self.entries(keyed, collision, true),
            StructureSpec::Keyed(keyed) => self.entries(keyed, collision, false),
            StructureSpec::Count { from, to } => self.count(from, to, collision),
            StructureSpec::MoveMany { from, to, many, lossy } => self.move_many([from, to], *many, *lossy, collision),
            StructureSpec::Pick { list, which, position, to } => {
                let position = *position;
                let which = self.inner_if_any(which.as_ref())?;
                let ([list, to], each, (new, old)) = self.list_and_member(list, to)?;
                let down = Structure::Put { from: to.clone(), list: list.clone(), which: which.clone(), position };
                let up = Structure::Pick { list, which, position, to, drop_empty: false, collision };
                Some(Compiled::structure(each, up, down).carrying(new, old))
            }
            StructureSpec::Put { from, into, which, position } => {
                let position = *position;
                let which = self.inner_if_any(which.as_ref())?;
                let ([list, member], each, (new, old)) = self.list_and_member(into, from)?;
                let up = Structure::Put { from: member.clone(), list: list.clone(), which: which.clone(), position };
                let down = Structure::Pick { list, which, position, to: member, drop_empty: true, collision };
                Some(Compiled::structure(each, up, down).carrying(old, new))
            }
            StructureSpec::Partition { list, which, to } => {
                let which = self.inner(which)?;
                let ([list, member], each, _) = self.list_and_member(list, to)?;
                let (inner, outer) = (star(&each, &member), star(&each, &list));
                let down = Structure::Merge { from: member.clone(), list: list.clone(), which: which.clone() };
                let up = Structure::Partition { list, which, to: member, collision };
                Some(Compiled::structure(each, up, down).carrying(inner, outer))
            }
            StructureSpec::Nest { object, prefix, to } => self.nest(object, prefix, to, collision),
            StructureSpec::Flatten { from, prefix } => self.flatten(from, prefix, collision),
            StructureSpec::Only { at, name } => self.only(at, name.as_ref(), collision, true),
            StructureSpec::Named { at, name } => self.only(at, name.as_ref(), collision, false),
            StructureSpec::RenameAll { at, names, depth } => self.rename_all(at, names, *depth),
        }
    }

    fn count(&mut self, from: &SpannedText, to: &SpannedText, collision: Collision) -> Option<Compiled> {
        let (source, target) = (self.pattern(from)?, self.member(to)?);
        self.apart(&source, &target, from, to)?;
        self.writable(&target, &[&source], to)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&source, from), (&target, to)])?;
        let (to, from) = (pointers.pop()?, pointers.pop()?);
        let up = Op::Structure(Structure::Count { from, to: to.clone(), collision });
        Some(Compiled::addition(each, up, to, false))
    }

    fn inner_if_any(&mut self, which: Option<&When>) -> Option<Option<Condition<Pointer>>> {
        which.map_or(Some(None), |which| self.inner(which).map(Some))
    }

    fn split_list(&mut self, at: &SpannedText, on: &SpannedText, lossy: bool, splits: bool) -> Option<Compiled> {
        if on.is_empty() {
            let help = "give the separator, such as \", \"";
            return self.error("empty-separator", "`on` is empty".to_owned(), on.span, help);
        }
        let pattern = self.pattern(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let (at, on): (_, Box<str>) = (pointers.pop()?, on.as_str().into());
        let split = Structure::SplitList { at: at.clone(), on: on.clone() };
        let join = Structure::JoinList { at, on, lossy };
        Some(if splits { Compiled::structure(each, split, join) } else { Compiled::structure(each, join, split) })
    }

    fn entries(&mut self, spec: &KeyedSpec, collision: Collision, to_list: bool) -> Option<Compiled> {
        let key = self.name_in_element(&spec.key)?;
        let value = match &spec.value {
            Some(value) => Some(self.name_in_element(value)?),
            None => None,
        };
        if value.as_ref() == Some(&key) {
            let message = format!("`key` and `value` are both `{}`", spec.key.value);
            return self.error("overlapping-parts", message, spec.key.span, "give each a name of its own");
        }
        if spec.lossy && value.is_none() {
            let message = "nothing is lost: the value is the element itself".to_owned();
            return self.error("lossy-without-loss", message, spec.from.span, "remove `lossy`");
        }
        let source = if spec.to.is_some() { self.member(&spec.from)? } else { self.pattern(&spec.from)? };
        let target = match &spec.to {
            None => source.clone(),
            Some(to) => {
                let target = self.member(to)?;
                self.apart(&source, &target, &spec.from, to)?;
                self.writable(&source, &[&target], &spec.from)?;
                self.writable(&target, &[&source], to)?;
                target
            }
        };
        let to_text = spec.to.as_ref().unwrap_or(&spec.from);
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&source, &spec.from), (&target, to_text)])?;
        let (to, from) = (pointers.pop()?, pointers.pop()?);
        let element = |list: &Pattern| match &value {
            Some(value) => list.child(Segment::Every).child(Segment::Key(value.clone())),
            None => list.child(Segment::Every),
        };
        let entries = |from: &Pointer, to: &Pointer| {
            let (from, to) = (from.clone(), to.clone());
            Structure::Entries { from, to, key: key.clone(), value: value.clone(), collision }
        };
        let keyed = |from: &Pointer, to: &Pointer| {
            let (from, to, lossy) = (from.clone(), to.clone(), spec.lossy);
            Structure::Keyed { from, to, key: key.clone(), value: value.clone(), lossy, collision }
        };
        let mut compiled = if to_list {
            let compiled = Compiled::structure(each, entries(&from, &to), keyed(&to, &from));
            compiled.carrying(element(&target), source.child(Segment::Every))
        } else {
            let compiled = Compiled::structure(each, keyed(&from, &to), entries(&to, &from));
            compiled.carrying(target.child(Segment::Every), element(&source))
        };
        compiled.may_leave = spec.to.is_some();
        Some(compiled)
    }

    /// `/name`, a member of an element.
    fn name_in_element(&mut self, text: &SpannedText) -> Option<Box<str>> {
        let pattern = self.member(text)?;
        match pattern.segments() {
            [Segment::Key(name)] => Some(name.clone()),
            _ => {
                let message = format!("`{}` is no member of the element itself", text.value);
                self.error("not-a-member", message, text.span, "name one member, such as `/name`")
            }
        }
    }

    fn move_many(
        &mut self,
        [from, to]: [&SpannedText; 2],
        many: Many,
        lossy: bool,
        collision: Collision,
    ) -> Option<Compiled> {
        let (source, target) = (self.member(from)?, self.member(to)?);
        if let Some((text, _)) = [(from, &source), (to, &target)].into_iter().find(|(_, at)| at.has_any_depth()) {
            let message = format!("`{}` has a `**`, and it is not said of which element the value is", text.value);
            return self.error("stars-differ", message, text.span, "say each level: `/items/*/price`");
        }
        let spreads = target.stars() > source.stars();
        let ((one, one_text), (all, all_text)) =
            if spreads { ((&source, from), (&target, to)) } else { ((&target, to), (&source, from)) };
        let (each, one_end) = one.split_at_last_star();
        if all.stars() == one.stars() {
            let message =
                format!("`many` is about elements, and `{}` and `{}` have the same `*`", from.value, to.value);
            let help = "remove it, or name a member of every element on one side: `/items/*/price`";
            return self.error("many-without-elements", message, from.span, help);
        }
        if !all.starts_with(&each) {
            let message = format!("`{}` and `{}` do not begin with the same `*`", one_text.value, all_text.value);
            let help = "the one that has fewer stars has those of the other: `/orders/*/price` and \
                        `/orders/*/items/*/price`";
            return self.error("stars-differ", message, all_text.span, help);
        }
        self.writable(one, &[], one_text)?;
        self.writable(all, &[], all_text)?;
        let all_ends = Pattern::from_segments(all.segments()[each.segments().len()..].iter().cloned());
        let spread = Structure::Spread { from: one_end.clone(), to: all_ends.clone(), lossy, collision };
        let gather = Structure::Gather { from: all_ends, to: one_end, many, collision };
        let (up, down) = if spreads { (spread, gather) } else { (gather, spread) };
        let mut compiled = Compiled::structure(each, up, down).carrying(target.clone(), source.clone());
        compiled.reach = Footprint {
            reads: vec![source.clone()],
            takes: vec![source],
            writes: vec![target],
            ..Footprint::default()
        };
        compiled.may_leave = true;
        Some(compiled)
    }

    /// The list, then the member; and how elements and member carry what is inside.
    fn list_and_member(
        &mut self,
        list: &SpannedText,
        member: &SpannedText,
    ) -> Option<([Pointer; 2], Pattern, (Pattern, Pattern))> {
        let (list_at, member_at) = (self.pattern(list)?, self.member(member)?);
        self.apart(&list_at, &member_at, list, member)?;
        self.writable(&member_at, &[&list_at], member)?;
        self.writable(&list_at, &[&member_at], list)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&list_at, list), (&member_at, member)])?;
        let (to, from) = (pointers.pop()?, pointers.pop()?);
        Some(([from, to], each, (member_at, list_at.child(Segment::Every))))
    }

    fn nest(
        &mut self,
        object: &SpannedText,
        prefix: &SpannedText,
        to: &SpannedText,
        collision: Collision,
    ) -> Option<Compiled> {
        let (object_at, target) = (self.pattern(object)?, self.member(to)?);
        self.prefix(prefix)?;
        if object_at.starts_with(&target) {
            self.apart(&object_at, &target, object, to)?;
        }
        self.writable(&object_at, &[&target], object)?;
        self.writable(&target, &[&object_at], to)?;
        let inside =
            target.starts_with(&object_at).then(|| target.segments().get(object_at.segments().len())).flatten();
        if let Some(Segment::Key(name)) =
            inside.filter(|name| matches!(name, Segment::Key(n) if n.starts_with(&**prefix)))
        {
            let message = format!("`{name}` begins with `{}` itself, so it would be taken into itself", prefix.value);
            return self.error("overlapping-parts", message, to.span, "use another name, or a longer prefix");
        }
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&object_at, object), (&target, to)])?;
        let (to, object) = (pointers.pop()?, pointers.pop()?);
        let prefix: Box<str> = prefix.as_str().into();
        let up = Structure::Nest { object: object.clone(), prefix: prefix.clone(), to: to.clone(), collision };
        let down = Structure::Flatten { from: to, object, prefix: prefix.clone(), collision };
        let moved = Moved::Prefix { beside: object_at, prefix, inside: target, nests: true };
        Some(Compiled::structure(each, up, down).moving(moved))
    }

    fn flatten(&mut self, from: &SpannedText, prefix: &SpannedText, collision: Collision) -> Option<Compiled> {
        let source = self.member(from)?;
        self.prefix(prefix)?;
        let Some((Segment::Key(name), around)) = source.segments().split_last() else { return None };
        if name.starts_with(&**prefix) {
            let message =
                format!("`{name}` begins with `{}` itself, so the way back would take it for a part", prefix.value);
            return self.error("overlapping-parts", message, from.span, "use a longer prefix");
        }
        let object_at = Pattern::from_segments(around.iter().cloned());
        self.writable(&source, &[&object_at], from)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&source, from)])?;
        let from = pointers.pop()?;
        let (object, _) = from.parent()?;
        let prefix: Box<str> = prefix.as_str().into();
        let up = Structure::Flatten { from: from.clone(), object: object.clone(), prefix: prefix.clone(), collision };
        let down = Structure::Nest { object, prefix: prefix.clone(), to: from, collision };
        let moved = Moved::Prefix { beside: object_at, prefix, inside: source, nests: false };
        Some(Compiled::structure(each, up, down).moving(moved))
    }

    fn prefix(&mut self, prefix: &SpannedText) -> Option<()> {
        if !prefix.is_empty() {
            return Some(());
        }
        let help = "give the beginning of the members' names, such as \"billing_\"; for all members of an object, use `wrap` \
                    and `unwrap`";
        self.error("empty-prefix", "`prefix` is empty".to_owned(), prefix.span, help)
    }

    fn only(
        &mut self,
        at: &SpannedText,
        name: Option<&SpannedText>,
        collision: Collision,
        unwraps: bool,
    ) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let Some(name) = name else {
            let message = format!("the name of the only member of `{}` is lost", at.value);
            return self.error("irreversible", message, at.span, "say where it goes: `name = \"/kind\"`");
        };
        let name_at = self.member(name)?;
        if pattern.starts_with(&name_at) {
            let message = format!("`{}` and `{}` overlap", at.value, name.value);
            return self.error(
                "overlapping-parts",
                message,
                name.span,
                "name another member, or one inside of the value",
            );
        }
        self.writable(&name_at, &[], name)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at), (&name_at, name)])?;
        let (name, at) = (pointers.pop()?, pointers.pop()?);
        let only = Structure::Only { at: at.clone(), name: name.clone(), collision };
        let named = Structure::Named { at, name };
        let inner = pattern.child(Segment::Every);
        Some(match unwraps {
            true => Compiled::structure(each, only, named).carrying(pattern, inner),
            false => Compiled::structure(each, named, only).carrying(inner, pattern),
        })
    }

    fn rename_all(&mut self, at: &SpannedText, names: &NamesSpec, depth: Option<u32>) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        if depth == Some(0) {
            let help = "1 is the object itself, 2 also the objects in it; without `depth`, all of them";
            return self.error("bad-depth", "`depth` is 0: no name would change".to_owned(), at.span, help);
        }
        if pattern.has_any_depth() {
            let message = format!("`{}` has a `**`, and all names inside of a place change anyway", at.value);
            return self.error("stars-differ", message, at.span, "name the outermost place");
        }
        let renaming = match names.rule(at.span) {
            Ok(renaming) => Arc::new(renaming),
            Err(found) => {
                self.found.push(found);
                return None;
            }
        };
        let back = Arc::new(renaming.reversed());
        let at = pointers.pop()?;
        let op = |renaming: &Arc<Renaming>| Op::RenameAll { at: at.clone(), renaming: renaming.clone(), depth };
        let compiled = Compiled::from_parts(each, Some(op(&renaming)), Some(op(&back)));
        Some(compiled.moving(Moved::Names { below: pattern, renaming, back, depth }))
    }
}

fn star(each: &Pattern, pointer: &Pointer) -> Pattern {
    each.join(&pointer.clone().into()).child(Segment::Every)
}

// === impl Compiled ===

impl Compiled {
    fn structure(each: Pattern, up: Structure, down: Structure) -> Self {
        Self::from_parts(each, Some(Op::Structure(up)), Some(Op::Structure(down)))
    }

    fn moving(mut self, moved: Moved) -> Self {
        self.carry = Some(PathShift { moved, conditional: false });
        self
    }
}
