use std::fmt;

use super::pointer::{Pointer, PointerError, parse_tokens, write_token};

/// A [`Pointer`] in which a token may stand for every element or member.
///
/// ```
/// use sunward::json::Pattern;
///
/// let pattern = Pattern::parse("/items/*/tags/*/name")?;
/// assert_eq!(pattern.stars(), 2);
/// assert_eq!(pattern.to_string(), "/items/*/tags/*/name");
/// # Ok::<(), sunward::json::PointerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    segments: Vec<Segment>,
}

/// One step of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Segment {
    /// A member by its name, or an element by its index.
    Key(Box<str>),
    /// All members or elements.
    Every,
    /// The value itself and everything inside of it, at any depth.
    AnyDepth,
}

// === impl Pattern ===

impl Pattern {
    /// The empty pattern: the value itself.
    #[must_use]
    pub const fn root() -> Self {
        Self { segments: Vec::new() }
    }

    /// Reads a pointer in which a token that is exactly `*` stands for every element or member, and `**` for any number of
    /// levels of them, also none.
    ///
    /// # Errors
    /// As [`Pointer::parse`].
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let segment = |token: Box<str>| match &*token {
            "*" => Segment::Every,
            "**" => Segment::AnyDepth,
            _ => Segment::Key(token),
        };
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

    /// How many of its segments are stars: [`Segment::Every`] or [`Segment::AnyDepth`].
    #[must_use]
    pub fn stars(&self) -> usize {
        self.segments.iter().filter(|segment| segment.is_star()).count()
    }

    /// Whether it has a [`Segment::AnyDepth`].
    #[must_use]
    pub(crate) fn has_any_depth(&self) -> bool {
        self.segments.contains(&Segment::AnyDepth)
    }

    /// Whether every place that the other leads to is one that this leads to, or lies inside of one.
    pub(crate) fn is_around(&self, other: &Self) -> bool {
        covers(&self.segments, &other.segments, false)
    }

    /// Whether every place that the other leads to is one that this leads to. A star covers only a star: a name is not
    /// covered by one, unless `**` does.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        covers(&self.segments, &other.segments, true) || covers(&other.segments, &self.segments, true)
    }

    /// The pattern with `**` as so many levels of a place, as far as it can lead there: one for each number of levels. A
    /// pattern without `**` is the only one.
    pub(super) fn unfolded(&self, place: &Pointer) -> Vec<Self> {
        let Some(at) = self.segments.iter().position(|segment| *segment == Segment::AnyDepth) else {
            return vec![self.clone()];
        };
        let (before, behind) = (&self.segments[..at], &self.segments[at + 1..]);
        let levels = place.tokens().get(at..).unwrap_or_default();
        let level = |token: &str| Segment::Key(token.into());
        let of = |count: usize| {
            before.iter().cloned().chain(levels[..count].iter().map(|token| level(token))).chain(behind.iter().cloned())
        };
        (0..=levels.len()).map(|count| Self { segments: of(count).collect() }).collect()
    }

    /// One segment longer.
    #[must_use]
    pub(crate) fn child(&self, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments.push(segment);
        Self { segments }
    }

    /// Whether `prefix` is this pattern or its beginning, segment by segment: a name is not covered by a star.
    #[must_use]
    pub(crate) fn starts_with(&self, prefix: &Self) -> bool {
        self.segments.starts_with(&prefix.segments)
    }

    /// This place, which is inside `from`, moved along with `from` to `to`.
    #[must_use]
    pub(crate) fn rebased(&self, from: &Self, to: &Self) -> Self {
        self.segments[from.segments.len()..].iter().fold(to.clone(), |at, segment| at.child(segment.clone()))
    }

    /// Where this place was before the content of `old` moved to `new`; `None` if it is not inside `new`. Stars of both mean
    /// the same elements, so a name in the place of a star stays. A last star that only `new` has is that of an array of one.
    #[must_use]
    pub(crate) fn carried_back(&self, new: &Self, old: &Self) -> Option<Self> {
        if new.has_any_depth() {
            return self.carried_at_any_depth(new, old);
        }
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
            Segment::Key(_) | Segment::AnyDepth => segment.clone(),
        });
        Some(Self { segments: before.chain(rest.iter().cloned()).collect() })
    }

    /// As [`carried_back`](Self::carried_back), wherever behind the `**` what follows it is met; both have the same `**`.
    pub(crate) fn carried_at_any_depth(&self, new: &Self, old: &Self) -> Option<Self> {
        let at = new.segments.iter().position(|segment| *segment == Segment::AnyDepth)?;
        let (from, to) = (&new.segments[at + 1..], old.segments.get(at + 1..)?);
        let (way, mut rest) = self.segments.split_at_checked(at)?;
        let mut segments = way.to_vec();
        let mut moved = false;
        if *way != new.segments[..at] || from.is_empty() {
            return None;
        }
        while let Some(first) = rest.first() {
            match rest.strip_prefix(from) {
                Some(behind) => {
                    segments.extend(to.iter().cloned());
                    (rest, moved) = (behind, true);
                }
                None => {
                    segments.push(first.clone());
                    rest = &rest[1..];
                }
            }
        }
        moved.then_some(Self { segments })
    }

    /// This pattern, then the other from there.
    #[must_use]
    pub(crate) fn join(&self, rest: &Self) -> Self {
        Self { segments: [self.segments.as_slice(), &rest.segments].concat() }
    }

    /// Up to and with the last star, and what follows. Without stars all of it follows.
    #[must_use]
    pub(crate) fn split_at_last_star(&self) -> (Self, Pointer) {
        let cut = self.segments.iter().rposition(Segment::is_star).map_or(0, |star| star + 1);
        let (each, rest) = self.segments.split_at(cut);
        (Self { segments: each.to_vec() }, Pointer::from_tokens(rest.iter().filter_map(Segment::key)))
    }

    /// Up to and with the `count`th star; all of it if it has fewer.
    #[must_use]
    pub(crate) fn up_to_star(&self, count: usize) -> Self {
        let stars = self.segments.iter().enumerate().filter(|(_, segment)| segment.is_star());
        let cut = match count {
            0 => 0,
            _ => stars.map(|(at, _)| at + 1).nth(count - 1).unwrap_or(self.segments.len()),
        };
        Self { segments: self.segments[..cut].to_vec() }
    }

    /// The pointer, when there are no stars.
    #[must_use]
    pub(crate) fn to_pointer(&self) -> Option<Pointer> {
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
        self.segments.iter().try_for_each(|segment| {
            write_token(
                f,
                match segment {
                    Segment::Key(key) => key,
                    Segment::Every => "*",
                    Segment::AnyDepth => "**",
                },
            )
        })
    }
}

// === impl Segment ===

impl Segment {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Every | Self::AnyDepth => None,
        }
    }

    /// Whether it stands for several places.
    #[must_use]
    pub const fn is_star(&self) -> bool {
        matches!(self, Self::Every | Self::AnyDepth)
    }

    /// Whether it matches this token.
    pub(super) fn covers(&self, token: &str) -> bool {
        self.key().is_none_or(|key| key == token)
    }
}

/// Whether `pattern` leads to all that `of` leads to (`whole`), or to something around it.
fn covers(pattern: &[Segment], of: &[Segment], whole: bool) -> bool {
    match (pattern.split_first(), of.split_first()) {
        (None, None) => true,
        (None, Some(_)) => !whole,
        (Some((Segment::AnyDepth, rest)), first) => {
            covers(rest, of, whole) || first.is_some_and(|(_, below)| covers(pattern, below, whole))
        }
        (Some(_), None) => false,
        (Some((mine, rest)), Some((theirs, below))) => mine == theirs && covers(rest, below, whole),
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

    #[test]
    fn any_depth_is_anywhere() {
        for (around, of, expected) in [
            ("/**/a", "/a", true),
            ("/**/a", "/x/*/a/b", true),
            ("/x/**/a", "/a", false),
            ("/**/a", "/**/a", true),
            ("/a", "/**/a", false),
            ("/a/*", "/a/b", false),
        ] {
            assert_eq!(pattern(around).is_around(&pattern(of)), expected, "{around} {of}");
        }
        assert!(pattern("/x/a").is_same(&pattern("/**/a")) && !pattern("/**/a").is_same(&pattern("/a/b")));
        let place = pattern("/x/b/*/b/y").carried_back(&pattern("/x/**/b"), &pattern("/x/**/a"));
        assert_eq!(place, Some(pattern("/x/a/*/a/y")));
        let unfolded = pattern("/r/**/a").unfolded(&Pointer::parse("/r/a/0").expect("valid"));
        assert_eq!(unfolded.iter().map(Pattern::to_string).collect::<Vec<_>>(), ["/r/a", "/r/a/a", "/r/a/0/a"]);
    }
}
