//! How an op moves what is inside of the places that it changes.

use std::sync::Arc;

use crate::json::{Pattern, Renaming, Segment};

/// How an op moves what is inside: where a place was before, and where it is then. Places start at the resource.
#[derive(Clone, Debug)]
pub(in super::super) struct PathShift {
    pub(in super::super) moved: Moved,
    /// Only some documents: the place before may be either.
    pub(in super::super) conditional: bool,
}

/// What an op did to places.
#[derive(Clone, Debug)]
pub(in super::super) enum Moved {
    /// A place below `new` was below `old` before.
    Place { new: Pattern, old: Pattern },
    /// Names below a place are others.
    Names { below: Pattern, renaming: Arc<Renaming>, back: Arc<Renaming>, depth: Option<u32> },
    /// Members beside others, with a prefix, are inside of an object of their own; or the other way round.
    Prefix { beside: Pattern, prefix: Box<str>, inside: Pattern, nests: bool },
}

// === impl Moved ===

impl Moved {
    /// The new place and the old one, if there is one of each.
    pub(in super::super) const fn ends(&self) -> Option<(&Pattern, &Pattern)> {
        match self {
            Self::Place { new, old } => Some((new, old)),
            _ => None,
        }
    }

    /// Every place that it names.
    pub(in super::super) fn places(&self) -> Vec<&Pattern> {
        match self {
            Self::Place { new, old } => vec![new, old],
            Self::Names { below, .. } => vec![below],
            Self::Prefix { beside, inside, .. } => vec![beside, inside],
        }
    }

    /// The same for a resource at `target`.
    pub(in super::super) fn at(&self, target: &Pattern) -> Self {
        let mut moved = self.clone();
        let places = match &mut moved {
            Self::Place { new, old } => vec![new, old],
            Self::Names { below, .. } => vec![below],
            Self::Prefix { beside, inside, .. } => vec![beside, inside],
        };
        places.into_iter().for_each(|place| *place = target.join(place));
        moved
    }

    /// Where a place was before; `None` if the op did not move it.
    pub(in super::super) fn before(&self, place: &Pattern) -> Option<Pattern> {
        match self {
            Self::Place { new, old } => place.carried_back(new, old),
            Self::Names { below, back, depth, .. } => renamed(place, below, back, *depth),
            Self::Prefix { beside, prefix, inside, nests: true } => prefixed(place, inside, beside, prefix),
            Self::Prefix { beside, prefix, inside, nests: false } => stripped(place, beside, inside, prefix),
        }
    }

    /// Whether the op leaves nothing in a place: what was there is elsewhere, and nothing came.
    pub(in super::super) fn empties(&self, place: &Pattern) -> bool {
        let stays = |to: Pattern| to == *place;
        self.after(place).is_some_and(|to| !stays(to)) && self.before(place).is_none_or(stays)
    }

    /// Where a place is then; `None` if the op does not move it.
    pub(in super::super) fn after(&self, place: &Pattern) -> Option<Pattern> {
        match self {
            Self::Place { new, old } if old.has_any_depth() => place.carried_at_any_depth(old, new),
            Self::Place { new, old } => place.starts_with(old).then(|| place.rebased(old, new)),
            Self::Names { below, renaming, depth, .. } => renamed(place, below, renaming, *depth),
            Self::Prefix { beside, prefix, inside, nests: true } => stripped(place, beside, inside, prefix),
            Self::Prefix { beside, prefix, inside, nests: false } => prefixed(place, inside, beside, prefix),
        }
    }
}

fn below<'p>(place: &'p Pattern, around: &Pattern) -> Option<&'p [Segment]> {
    place.segments().strip_prefix(around.segments())
}

fn extended(place: &Pattern, rest: &[Segment]) -> Pattern {
    Pattern::from_segments(place.segments().iter().chain(rest).cloned())
}

/// Names by rule, as far as it goes. A star is an element, which is as deep as its list.
fn renamed(place: &Pattern, around: &Pattern, renaming: &Renaming, depth: Option<u32>) -> Option<Pattern> {
    let rest = below(place, around)?;
    let mut left = depth.unwrap_or(u32::MAX);
    let mut segments = around.segments().to_vec();
    for segment in rest {
        segments.push(match segment {
            Segment::Key(name) if left > 0 => {
                left = if renaming.excepts(name) { 0 } else { left - 1 };
                Segment::Key(renaming.rename(name).map_or_else(|| name.clone(), |new| new.as_ref().into()))
            }
            _ => segment.clone(),
        });
    }
    Some(Pattern::from_segments(segments))
}

/// From inside an object to beside others.
fn prefixed(place: &Pattern, inside: &Pattern, beside: &Pattern, prefix: &str) -> Option<Pattern> {
    let (Segment::Key(name), rest) = below(place, inside)?.split_first()? else { return None };
    Some(extended(&beside.child(Segment::Key(format!("{prefix}{name}").into())), rest))
}

/// From beside others into an object.
fn stripped(place: &Pattern, beside: &Pattern, inside: &Pattern, prefix: &str) -> Option<Pattern> {
    let (Segment::Key(name), rest) = below(place, beside)?.split_first()? else { return None };
    let name = name.strip_prefix(prefix)?;
    Some(extended(&inside.child(Segment::Key(name.into())), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::NameCase;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect(text)
    }

    #[test]
    fn before_and_after() {
        let renaming = Renaming::new(NameCase::Snake, NameCase::Camel).with_exception("raw_data");
        let back = Arc::new(renaming.reversed());
        let names = |depth| Moved::Names {
            below: pattern("/r"),
            renaming: Arc::new(renaming.clone()),
            back: back.clone(),
            depth,
        };
        let prefix = |nests| {
            let (beside, inside) = (pattern("/r"), pattern("/r/billing"));
            Moved::Prefix { beside, prefix: "billing_".into(), inside, nests }
        };
        let place = |new, old| Moved::Place { new: pattern(new), old: pattern(old) };
        for (moved, old, new) in [
            (names(None), "/r/user_items/*/first_name", Some("/r/userItems/*/firstName")),
            (names(Some(1)), "/r/user_items/*/first_name", Some("/r/userItems/*/first_name")),
            (names(None), "/r/raw_data/first_name", Some("/r/raw_data/first_name")),
            (names(None), "/x/first_name", None),
            (prefix(true), "/r/billing_city/x", Some("/r/billing/city/x")),
            (prefix(true), "/r/city", None),
            (prefix(false), "/r/billing/city/x", Some("/r/billing_city/x")),
            (place("/r/**/b", "/r/**/a"), "/r/x/a/y", Some("/r/x/b/y")),
            (place("/r/b", "/r/a"), "/r/a/y", Some("/r/b/y")),
        ] {
            assert_eq!(moved.after(&pattern(old)), new.map(pattern), "{old}");
            if let Some(new) = new {
                assert_eq!(moved.before(&pattern(new)), Some(pattern(old)), "{new}");
            }
        }
    }
}
