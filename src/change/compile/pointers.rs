//! The pointers of an op, and what is wrong with them.

use super::{AnchoredPointers, PointerReader, reference};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::json::{Pattern, Reference, Segment};

// === impl PointerReader ===

impl PointerReader<'_> {
    /// A pointer with stars, from the resource.
    pub(super) fn pattern(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        if let Some((message, help)) = common_mistake(text) {
            return self.error("bad-pointer", format!("`{}` {message}", text.value), text.span, help);
        }
        match Pattern::parse(text) {
            Ok(pattern) if pattern.has_any_depth() => self.any_depth(pattern, text),
            Ok(pattern) => Some(pattern),
            Err(e) => self.error("bad-pointer", e.to_string(), text.span, POINTER_HELP),
        }
    }

    /// `**` says where something is, so something must follow it.
    fn any_depth(&mut self, pattern: Pattern, text: &Spanned<String>) -> Option<Pattern> {
        let mut behind = pattern.segments().iter().skip_while(|segment| **segment != Segment::AnyDepth).skip(1);
        let (next, again) = (behind.next(), behind.any(|segment| *segment == Segment::AnyDepth));
        let (message, help) = match next {
            Some(Segment::Key(name)) if is_element(name) => ("has an element behind `**`", "name a member: `/**/name`"),
            Some(Segment::Key(_)) if !again => return Some(pattern),
            Some(Segment::Key(_)) => ("has `**` more than once", "once is enough: `/**/a/b` is any `b` in any `a`"),
            _ => ("has no name behind `**`", "name a member: `/**/name`"),
        };
        self.error("bad-pointer", format!("`{}` {message}", text.value), text.span, help)
    }

    /// A pointer to a member, so neither the resource itself nor all members at once.
    pub(super) fn member(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        let pattern = self.pattern(text)?;
        match pattern.segments().last() {
            Some(Segment::Key(_)) => Some(pattern),
            _ => {
                let message = format!("`{}` does not end in the name of a member", text.value);
                self.error("not-a-member", message, text.span, "end the pointer with a name, such as `/name`")
            }
        }
    }

    /// A member that is added: on a list, an index would do nothing.
    pub(super) fn named_member(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        let pattern = self.member(text)?;
        match pattern.segments().last() {
            Some(Segment::Key(name)) if is_element(name) => self.element(text),
            _ => Some(pattern),
        }
    }

    /// A member that an op writes, on the way up or on the way back. Missing objects on the path to it are created, but
    /// not arrays; so the path may lead through an element only if one of the `sources` shows that it is present.
    pub(super) fn writable(&mut self, target: &Pattern, sources: &[&Pattern], text: &Spanned<String>) -> Option<()> {
        let start = target.split_at_last_star().0.segments().len();
        let names = target.segments().iter().enumerate().skip(start);
        let mut elements = names.filter(|(_, segment)| matches!(segment, Segment::Key(name) if is_element(name)));
        let shown = |at: usize| {
            let way = &target.segments()[..=at];
            way.len() < target.segments().len() && sources.iter().any(|source| source.segments().starts_with(way))
        };
        match elements.find(|(at, _)| !shown(*at)) {
            Some(_) => self.element(text),
            None => Some(()),
        }
    }

    pub(super) fn element<T>(&mut self, text: &Spanned<String>) -> Option<T> {
        let message = format!(
            "`{}` points to an array element, but this op can only read and write members of objects",
            text.value
        );
        let help = "use members of the same element on both sides, or the whole array (`wrap` and `unwrap` with \
             `\"array\"`), or a `patch`";
        self.error("element-as-member", message, text.span, help)
    }

    /// Splits the pointers of one op at the last star: the part before is where each run starts.
    pub(super) fn anchor(&mut self, patterns: &[(&Pattern, &Spanned<String>)]) -> Option<AnchoredPointers> {
        let (first, _) = patterns.first()?;
        let (each, _) = first.split_at_last_star();
        let mut pointers = Vec::new();
        for (pattern, text) in patterns {
            let (prefix, pointer) = pattern.split_at_last_star();
            if prefix != each {
                let message = format!("`{}` and `{first}` have different `*`", text.value);
                return self.error(
                    "stars-differ",
                    message,
                    text.span,
                    "use pointers that are equal up to the last `*`; a `move` between one value and every element needs `many`",
                );
            }
            pointers.push(pointer);
        }
        Some(AnchoredPointers { each, pointers })
    }

    /// A pointer that may have fewer stars than the op: it starts further up.
    pub(super) fn reference(&mut self, pattern: &Pattern, each: &Pattern, text: &Spanned<String>) -> Option<Reference> {
        if let Some(reference) = reference(pattern, each) {
            return Some(reference);
        }
        let message = format!("`{}` has a `*` that the pointer of the op does not have", text.value);
        self.error("stars-differ", message, text.span, "use the same `*` as the op, so that it means the same element")
    }

    pub(super) fn apart(
        &mut self,
        a: &Pattern,
        b: &Pattern,
        a_text: &Spanned<String>,
        b_text: &Spanned<String>,
    ) -> Option<()> {
        if !a.starts_with(b) && !b.starts_with(a) {
            return Some(());
        }
        let (message, help) = if a == b {
            (format!("`{}` is listed twice", b_text.value), "use a different name for each")
        } else {
            let message = format!("`{}` and `{}` overlap", a_text.value, b_text.value);
            (message, "to put a value inside itself, use `wrap`")
        };
        self.error("overlapping-parts", message, b_text.span, help)
    }

    pub(super) fn error<T>(&mut self, code: &'static str, message: String, span: Span, help: &str) -> Option<T> {
        let span = if span.is_none() { self.span } else { span };
        self.found.push(Diagnostic::error(code, message, span).help(help));
        None
    }
}

const POINTER_HELP: &str = "write a JSON Pointer (RFC 6901), such as `/address/city`; `*` stands for every element";
pub(super) const TEMPLATE_HELP: &str = "write pointers in braces, such as `{/first} {/last}`, or parameters of \
     the request's path, such as `{path.id}`; for a value in a URL, write `{%/id}`; for literal braces, write `{{` and `}}`";

/// An index, or `-` for the place behind the last element (RFC 6901 §4).
pub(super) fn is_element(name: &str) -> bool {
    name == "-" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What people write who have JSONPath or dots in mind.
fn common_mistake(pointer: &str) -> Option<(&'static str, &'static str)> {
    if pointer.starts_with('$') {
        Some(("is JSONPath", POINTER_HELP))
    } else if !pointer.is_empty() && !pointer.starts_with('/') {
        Some(("does not start with `/`", POINTER_HELP))
    } else if has_brackets(pointer) {
        Some(("has brackets", "write `/*` for every element and `/0` for the first, such as `/items/*/name`"))
    } else if pointer.len() > 1 && pointer.ends_with('/') {
        Some(("ends in `/`, which means a member with an empty name", "remove the last `/`"))
    } else {
        None
    }
}

/// `[]`, `[*]` or `[0]` behind a name.
fn has_brackets(pointer: &str) -> bool {
    let mut rests = pointer.match_indices('[').map(|(at, _)| &pointer[at + 1..]);
    rests.any(|rest| rest.split_once(']').is_some_and(|(i, _)| i == "*" || i.bytes().all(|b| b.is_ascii_digit())))
}
