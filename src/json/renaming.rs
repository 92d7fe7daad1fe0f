//! Names by rule: from one case to another, with exceptions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How the words of a name are written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NameCase {
    /// `first_name`
    Snake,
    /// `firstName`
    Camel,
    /// `FirstName`
    Pascal,
    /// `first-name`
    Kebab,
    /// `FIRST_NAME`
    ScreamingSnake,
}

/// A reversible rule for names: each name has exactly one counterpart in the other case.
///
/// Characters before the first letter or digit (`_id`, `@type`, `$ref`), and underscores or hyphens at the end, belong to
/// no word and are kept. A name that could not be converted back has no counterpart: `userId` among names in snake case, or
/// `line_2` if the other case is camel, because `line2` would become `line2` again. Such a name needs an entry of its own.
///
/// ```
/// use sunward::json::{NameCase, Renaming};
///
/// let renaming = Renaming::new(NameCase::Snake, NameCase::Camel).with_name("line_2", "line2").with_exception("_links");
/// assert_eq!(renaming.rename("first_name").as_deref(), Some("firstName"));
/// assert_eq!(renaming.rename("_id").as_deref(), Some("_id"));
/// assert_eq!(renaming.rename("line_2").as_deref(), Some("line2"));
/// assert_eq!(renaming.rename("line_3"), None);
/// assert_eq!(renaming.reversed().rename("firstName").as_deref(), Some("first_name"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renaming {
    from: NameCase,
    to: NameCase,
    /// Names with one of their own.
    there: BTreeMap<Box<str>, Box<str>>,
    back: BTreeMap<Box<str>, Box<str>>,
    /// What is inside of them keeps its names; they do, too, unless they have one of their own.
    except: BTreeSet<Box<str>>,
}

/// The names of one object where some stay that do not fit: none of them may be one that another name becomes.
#[derive(Debug, Default)]
pub(super) struct MixedNames(BTreeMap<(usize, Box<str>), bool>);

// === impl NameCase ===

impl NameCase {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Snake, Self::Camel, Self::Pascal, Self::Kebab, Self::ScreamingSnake];

    /// Its name, written in the case itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snake => "snake_case",
            Self::Camel => "camelCase",
            Self::Pascal => "PascalCase",
            Self::Kebab => "kebab-case",
            Self::ScreamingSnake => "SCREAMING_SNAKE_CASE",
        }
    }

    const fn separator(self) -> Option<char> {
        match self {
            Self::Snake | Self::ScreamingSnake => Some('_'),
            Self::Kebab => Some('-'),
            Self::Camel | Self::Pascal => None,
        }
    }

    /// Whether a word is written with a capital: the first one, or a later one.
    const fn capitalizes(self, is_first: bool) -> bool {
        match self {
            Self::Pascal => true,
            Self::Camel => !is_first,
            Self::Snake | Self::Kebab | Self::ScreamingSnake => false,
        }
    }

    /// The same name in another case, whether it comes back or not.
    fn convert(self, to: Self, name: &str) -> String {
        let start = name.find(|char: char| char.is_alphanumeric()).unwrap_or(name.len());
        let (lead, rest) = name.split_at(start);
        let core = rest.trim_end_matches(['_', '-']);
        let mut converted = String::with_capacity(name.len() + name.len() / 2);
        converted.push_str(lead);
        let mut capital = to.capitalizes(true);
        for (at, char) in core.char_indices() {
            let is_separator = self.separator() == Some(char);
            let is_capital = self.separator().is_none() && char.is_ascii_uppercase() && at > 0;
            if is_separator || is_capital {
                converted.extend(to.separator());
                capital = to.capitalizes(false);
            }
            if !is_separator {
                let upper = std::mem::take(&mut capital) || to == Self::ScreamingSnake;
                converted.push(if upper { char.to_ascii_uppercase() } else { char.to_ascii_lowercase() });
            }
        }
        converted.push_str(&rest[core.len()..]);
        converted
    }

    /// Whether a name of small letters and digits is alike in both cases.
    const fn shares_plain(self, other: Self) -> bool {
        matches!(self, Self::Snake | Self::Camel | Self::Kebab)
            && matches!(other, Self::Snake | Self::Camel | Self::Kebab)
    }
}

impl fmt::Display for NameCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Renaming ===

impl Renaming {
    /// Without exceptions.
    #[must_use]
    pub const fn new(from: NameCase, to: NameCase) -> Self {
        Self { from, to, there: BTreeMap::new(), back: BTreeMap::new(), except: BTreeSet::new() }
    }

    /// A name that has this one in the other case. Of two that have the same, the later counts on the way back.
    #[must_use]
    pub fn with_name(mut self, from: &str, to: &str) -> Self {
        self.there.insert(from.into(), to.into());
        self.back.insert(to.into(), from.into());
        self
    }

    /// A member of this name keeps it, and so do all members inside of it. If it also has a name of its own, it gets that.
    #[must_use]
    pub fn with_exception(mut self, name: &str) -> Self {
        self.except.insert(name.into());
        self
    }

    /// The rule of the way back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let except = self.except.iter().map(|name| self.there.get(name).unwrap_or(name).clone()).collect();
        Self { from: self.to, to: self.from, there: self.back.clone(), back: self.there.clone(), except }
    }

    /// The name in the other case; `None` if it would not come back.
    #[must_use]
    pub fn rename<'n>(&'n self, name: &'n str) -> Option<Cow<'n, str>> {
        if self.is_plain(name) {
            return Some(Cow::Borrowed(name));
        }
        let renamed = Self::one_way(&self.there, &self.except, [self.from, self.to], name);
        let back = match self.back.get(&*renamed) {
            Some(back) => Cow::Borrowed(&**back),
            None if self.is_exception_of(&renamed) => Cow::Borrowed(&*renamed),
            None => Cow::Owned(self.to.convert(self.from, &renamed)),
        };
        (back == name).then_some(renamed)
    }

    fn one_way<'n>(
        own: &'n BTreeMap<Box<str>, Box<str>>,
        except: &BTreeSet<Box<str>>,
        [from, to]: [NameCase; 2],
        name: &'n str,
    ) -> Cow<'n, str> {
        match own.get(name) {
            Some(renamed) => Cow::Borrowed(renamed),
            None if except.contains(name) => Cow::Borrowed(name),
            None => Cow::Owned(from.convert(to, name)),
        }
    }

    /// Whether a name of the other case is one that stays.
    fn is_exception_of(&self, renamed: &str) -> bool {
        self.except.contains(renamed) && !self.there.contains_key(renamed)
    }

    /// Most names are one word in small letters, and the same in most cases.
    fn is_plain(&self, name: &str) -> bool {
        self.from.shares_plain(self.to)
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && !self.there.contains_key(name)
            && !self.back.contains_key(name)
    }

    /// Whether what is inside of a member of this name keeps its names.
    #[must_use]
    pub fn excepts(&self, name: &str) -> bool {
        self.except.contains(name)
    }

    /// The names that are listed one by one.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.there.keys().chain(&self.except).map(|name| &**name)
    }
}

// === impl MixedNames ===

impl MixedNames {
    /// Adds a name that rule number `rule` has left as it is, or has made. Returns whether no other name is the same.
    pub(super) fn add(&mut self, rule: usize, name: &str, stays: bool) -> bool {
        *self.0.entry((rule, name.into())).or_insert(stays) == stays
    }

    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// In words.
impl fmt::Display for Renaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", self.from, self.to)?;
        match self.known().collect::<BTreeSet<_>>().len() {
            0 => Ok(()),
            1 => f.write_str(", 1 name listed"),
            count => write!(f, ", {count} names listed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_back() {
        use NameCase::{Camel, Kebab, Pascal, ScreamingSnake, Snake};
        for (from, to, name, expected) in [
            (Snake, Camel, "first_name", Some("firstName")),
            (Snake, Camel, "id", Some("id")),
            (Snake, Camel, "_first_name", Some("_firstName")),
            (Snake, Camel, "__typename", Some("__typename")),
            (Snake, Camel, "$ref", Some("$ref")),
            (Snake, Camel, "class_", Some("class_")),
            (Snake, Camel, "_", Some("_")),
            (Snake, Camel, "", Some("")),
            (Snake, Camel, "content-type", Some("content-type")),
            (Snake, Camel, "firstName", None),
            (Snake, Camel, "en_US", None),
            (Snake, Camel, "line_2", None),
            (Snake, Camel, "a__b", None),
            (Snake, Camel, "größe_xl", Some("größeXl")),
            (Snake, Camel, "x_öl", None),
            (Camel, Snake, "userID", Some("user_i_d")),
            (Camel, Snake, "FirstName", None),
            (Camel, Snake, "line2", Some("line2")),
            (Snake, Pascal, "first_name", Some("FirstName")),
            (Snake, Pascal, "_id", Some("_Id")),
            (Snake, Pascal, "2fa", Some("2fa")),
            (Pascal, Camel, "VirtualSize", Some("virtualSize")),
            (Snake, Kebab, "first_name", Some("first-name")),
            (Kebab, Snake, "a_b", None),
            (Snake, ScreamingSnake, "first_name", Some("FIRST_NAME")),
            (ScreamingSnake, Snake, "First", None),
        ] {
            let renaming = Renaming::new(from, to);
            assert_eq!(renaming.rename(name).as_deref(), expected, "{name} from {from} to {to}");
            if let Some(renamed) = expected {
                assert_eq!(renaming.reversed().rename(renamed).as_deref(), Some(name), "{renamed} back");
            }
        }
    }

    #[test]
    fn names_by_themselves() {
        let renaming = Renaming::new(NameCase::Snake, NameCase::Camel);
        let renaming = renaming.with_name("special_name", "other").with_name("user_meta", "UserMeta");
        let renaming = renaming.with_exception("user_meta").with_exception("Raw_Data");
        for (name, expected) in [
            ("special_name", Some("other")),
            ("other", None),
            ("user_meta", Some("UserMeta")),
            ("userMeta", None),
            ("Raw_Data", Some("Raw_Data")),
            ("first_name", Some("firstName")),
        ] {
            assert_eq!(renaming.rename(name).as_deref(), expected, "{name}");
            if let Some(renamed) = expected {
                assert_eq!(renaming.reversed().rename(renamed).as_deref(), Some(name), "{renamed} back");
                assert_eq!(renaming.reversed().excepts(renamed), renaming.excepts(name), "{name}");
            }
        }
    }
}
