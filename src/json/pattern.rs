use std::fmt;

use super::pointer::{Pointer, PointerError, parse_tokens, write_token};

/// A [`Pointer`] in which a token may stand for every element or member.
///
/// ```
/// use sunward::json::Pattern;
///
/// let pattern = Pattern::parse("/items/*/tags/*/name")?;
/// assert_eq!(pattern.stars(), 2);
/// let (each, rest) = pattern.split_at_last_star();
/// assert_eq!((each.to_string().as_str(), rest.to_string().as_str()), ("/items/*/tags/*", "/name"));
/// # Ok::<(), sunward::json::PointerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    segments: Vec<Segment>,
}

/// One step of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A member by its name, or an element by its index.
    Key(Box<str>),
    /// All members or elements.
    Every,
}

// === impl Pattern ===

impl Pattern {
    /// The empty pattern: the value itself.
    #[must_use]
    pub const fn root() -> Self {
        Self { segments: Vec::new() }
    }

    /// Reads a pointer in which a token that is exactly `*` stands for every element or member.
    ///
    /// # Errors
    /// As [`Pointer::parse`].
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let segment = |token: Box<str>| if &*token == "*" { Segment::Every } else { Segment::Key(token) };
        Ok(Self { segments: parse_tokens(text)?.into_iter().map(segment).collect() })
    }

    /// A pattern of these segments.
    #[must_use]
    pub fn from_segments(segments: impl IntoIterator<Item = Segment>) -> Self {
        Self { segments: segments.into_iter().collect() }
    }

    /// Its segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether it is the empty pattern.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// How many of its segments are [`Segment::Every`].
    #[must_use]
    pub fn stars(&self) -> usize {
        self.segments.iter().filter(|segment| **segment == Segment::Every).count()
    }

    /// One segment longer.
    #[must_use]
    pub fn child(&self, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments.push(segment);
        Self { segments }
    }

    /// Whether `prefix` is this pattern or its beginning, segment by segment: a name is not covered by a star.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.segments.starts_with(&prefix.segments)
    }

    /// The place that stands to `to` as this one stands to `from`, which it is inside of.
    #[must_use]
    pub(crate) fn rebased(&self, from: &Self, to: &Self) -> Self {
        self.segments[from.segments.len()..].iter().fold(to.clone(), |at, segment| at.child(segment.clone()))
    }

    /// Where this stood before what is inside `new` stood inside `old`; `None` if it is not inside. Stars of both mean the
    /// same elements, so a name in a star's place stays. A last star that only `new` has is that of a list of one.
    #[must_use]
    pub(crate) fn carried_back(&self, new: &Self, old: &Self) -> Option<Self> {
        let (way, rest) = self.segments.split_at_checked(new.segments.len())?;
        let stars = old.stars();
        let mut bound = Vec::new();
        for (segment, by) in way.iter().zip(&new.segments) {
            match by {
                Segment::Every if bound.len() < stars => bound.push(segment.clone()),
                Segment::Every if *segment == Segment::Every || *segment == Segment::Key("0".into()) => {}
                _ if segment == by => {}
                _ => return None,
            }
        }
        let mut bound = bound.into_iter();
        let before = old.segments.iter().map(|segment| match segment {
            Segment::Every => bound.next().unwrap_or(Segment::Every),
            Segment::Key(_) => segment.clone(),
        });
        Some(Self { segments: before.chain(rest.iter().cloned()).collect() })
    }

    /// This pattern, then the other from there.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self { segments: [self.segments.as_slice(), &rest.segments].concat() }
    }

    /// Up to and with the last star, and what follows. Without stars all of it follows.
    #[must_use]
    pub fn split_at_last_star(&self) -> (Self, Pointer) {
        let cut = self.segments.iter().rposition(|segment| *segment == Segment::Every).map_or(0, |star| star + 1);
        let (each, rest) = self.segments.split_at(cut);
        (Self { segments: each.to_vec() }, Pointer::from_tokens(rest.iter().filter_map(Segment::key)))
    }

    /// Up to and with the `count`th star; all of it if it has fewer.
    #[must_use]
    pub fn up_to_star(&self, count: usize) -> Self {
        let stars = self.segments.iter().enumerate().filter(|(_, segment)| **segment == Segment::Every);
        let cut = match count {
            0 => 0,
            _ => stars.map(|(at, _)| at + 1).nth(count - 1).unwrap_or(self.segments.len()),
        };
        Self { segments: self.segments[..cut].to_vec() }
    }

    /// The pointer, when there are no stars.
    #[must_use]
    pub fn to_pointer(&self) -> Option<Pointer> {
        let tokens: Option<Vec<&str>> = self.segments.iter().map(Segment::key).collect();
        tokens.map(Pointer::from_tokens)
    }
}

impl From<Pointer> for Pattern {
    fn from(pointer: Pointer) -> Self {
        Self { segments: pointer.tokens().iter().cloned().map(Segment::Key).collect() }
    }
}

/// A name `*` and a star look alike here: the text form has no escape for it.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write_token(f, segment.key().unwrap_or("*")))
    }
}

// === impl Segment ===

impl Segment {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Every => None,
        }
    }

    /// Whether it matches this token.
    pub(super) fn covers(&self, token: &str) -> bool {
        self.key().is_none_or(|key| key == token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect(text)
    }

    #[test]
    fn a_star_is_a_whole_token() {
        assert_eq!(pattern("/a/*").segments()[1], Segment::Every);
        assert_eq!(pattern("/a*").segments()[0], Segment::Key("a*".into()));
        assert_eq!(pattern("/a/*").to_pointer(), None);
        assert_eq!(pattern("/a/b").to_pointer(), Some(Pointer::from_tokens(["a", "b"])));
        assert_eq!(Pattern::from(Pointer::from_tokens(["*"])).stars(), 0);
    }

    #[test]
    fn splits_and_joins() {
        let (each, rest) = pattern("/a/b").split_at_last_star();
        assert!(each.is_root());
        assert_eq!(rest.to_string(), "/a/b");
        let whole = pattern("/a/*/b");
        let (each, rest) = whole.split_at_last_star();
        assert_eq!(each.join(&rest.into()), whole);
        assert!(whole.starts_with(&each) && !pattern("/a/x").starts_with(&each));
        assert_eq!(Pattern::root().child(Segment::Every).to_string(), "/*");
        let stars = pattern("/a/*/b/*/c");
        let cuts = [0, 1, 2, 3].map(|count| stars.up_to_star(count).to_string());
        assert_eq!(cuts, ["", "/a/*", "/a/*/b/*", "/a/*/b/*/c"]);
    }
}
