//! Strings with another beginning, another end, or in another pattern.

use std::fmt;
use std::sync::Arc;

/// What of a string is replaced by what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replacement {
    /// The beginning.
    Prefix {
        /// What the string begins with now.
        from: Box<str>,
        /// What it begins with then.
        to: Box<str>,
    },
    /// The end.
    Suffix {
        /// What the string ends with now.
        from: Box<str>,
        /// What it ends with then.
        to: Box<str>,
    },
    /// The whole string, by a regular expression.
    Match(Arc<PatternReplacement>),
}

/// Strings that a regular expression matches, rewritten by a template; and the way back, which must give the same string.
#[derive(Debug)]
pub struct PatternReplacement {
    forth: TextRewrite,
    /// `None`: what comes back is not looked at.
    check: Option<TextRewrite>,
}

#[derive(Clone, Debug)]
struct TextRewrite {
    source: Box<str>,
    #[cfg(feature = "regex")]
    regex: regex::Regex,
    template: Vec<RewritePiece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RewritePiece {
    Text(Box<str>),
    /// A group of the regular expression.
    Group(Box<str>),
}

/// How large a compiled expression may be, in bytes.
#[cfg(feature = "regex")]
const MAX_SIZE: usize = 1 << 20;

// === impl Replacement ===

impl Replacement {
    /// The new string; `None` if the string does not fit.
    pub(super) fn apply(&self, plain: &str) -> Option<String> {
        match self {
            Self::Prefix { from, to } => plain.strip_prefix(&**from).map(|rest| format!("{to}{rest}")),
            Self::Suffix { from, to } => plain.strip_suffix(&**from).map(|rest| format!("{rest}{to}")),
            Self::Match(pattern) => pattern.apply(plain),
        }
    }

    pub(super) const fn wanted(&self) -> &'static str {
        match self {
            Self::Prefix { .. } => "a string with the prefix of the op",
            Self::Suffix { .. } => "a string with the suffix of the op",
            Self::Match(_) => "a string that matches the regular expression and comes back the same",
        }
    }
}

impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { from, to } => write!(f, "from prefix {from:?} to {to:?}"),
            Self::Suffix { from, to } => write!(f, "from suffix {from:?} to {to:?}"),
            Self::Match(pattern) => write!(f, "by the regular expression {:?}", pattern.forth.source),
        }
    }
}

// === impl PatternReplacement ===

impl PatternReplacement {
    /// Strings that `regex` matches as a whole become `template`, in which `{name}` is a group of `regex`; and so on the
    /// way back. Unless `lossy`, a string that would not come back as it was does not fit. The second is the way back.
    ///
    /// # Errors
    /// If an expression or template cannot be read, or a template names a group that its expression does not have.
    pub fn both_ways(forth: (&str, &str), back: (&str, &str), lossy: bool) -> Result<(Self, Self), String> {
        let (up, down) = (TextRewrite::new(forth)?, TextRewrite::new(back)?);
        for (one, other) in [(&up, &down), (&down, &up)] {
            one.comes_back_by(other)?;
        }
        let check = |other: &TextRewrite| (!lossy).then(|| other.clone());
        let (checked_up, checked_down) = (check(&down), check(&up));
        Ok((Self { forth: up, check: checked_up }, Self { forth: down, check: checked_down }))
    }

    fn apply(&self, plain: &str) -> Option<String> {
        let new = self.forth.apply(plain)?;
        let same = self.check.as_ref().is_none_or(|back| back.apply(&new).as_deref() == Some(plain));
        same.then_some(new)
    }
}

impl PartialEq for PatternReplacement {
    fn eq(&self, other: &Self) -> bool {
        let parts = |rewrite: &TextRewrite| (rewrite.source.clone(), rewrite.template.clone());
        parts(&self.forth) == parts(&other.forth) && self.check.as_ref().map(parts) == other.check.as_ref().map(parts)
    }
}

impl Eq for PatternReplacement {}

// === impl TextRewrite ===

#[cfg(feature = "regex")]
impl TextRewrite {
    fn new((source, template): (&str, &str)) -> Result<Self, String> {
        // A replacement is about the whole string.
        let whole = format!("^(?:{source})$");
        let parsed = regex::RegexBuilder::new(source).size_limit(MAX_SIZE).build();
        parsed.map_err(|error| format!("`{source}` is not a regular expression: {}", last_line(&error.to_string())))?;
        let regex = regex::RegexBuilder::new(&whole).size_limit(MAX_SIZE).build().map_err(|e| e.to_string())?;
        let template = pieces(template)?;
        for piece in &template {
            if let RewritePiece::Group(name) = piece
                && !regex.capture_names().flatten().any(|known| known == &**name)
            {
                return Err(format!("`{source}` has no group `{name}`: write `(?<{name}>…)`"));
            }
        }
        Ok(Self { source: source.into(), regex, template })
    }

    fn apply(&self, plain: &str) -> Option<String> {
        let groups = self.regex.captures(plain)?;
        let text = |piece: &RewritePiece| match piece {
            RewritePiece::Text(text) => text.to_string(),
            RewritePiece::Group(name) => groups.name(name).map_or_else(String::new, |group| group.as_str().to_owned()),
        };
        Some(self.template.iter().map(text).collect())
    }

    /// Refuses a constant that the other way never matches.
    fn comes_back_by(&self, other: &Self) -> Result<(), String> {
        let texts = self.template.iter().map(|piece| match piece {
            RewritePiece::Text(text) => Some(&**text),
            RewritePiece::Group(_) => None,
        });
        match texts.collect::<Option<String>>() {
            Some(constant) if !other.regex.is_match(&constant) => {
                Err(format!("`{}` does not match {constant:?}, which is what every string becomes", other.source))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(not(feature = "regex"))]
impl TextRewrite {
    fn new((source, template): (&str, &str)) -> Result<Self, String> {
        let _ = (source, pieces(template)?);
        Err("this build does not include regular expressions; build it with the feature `regex`, which `gateway` enables"
            .to_owned())
    }

    fn apply(&self, _plain: &str) -> Option<String> {
        None
    }

    fn comes_back_by(&self, _other: &Self) -> Result<(), String> {
        Ok(())
    }
}

/// The error of an expression comes with a picture of it; what is wrong is in its last line.
#[cfg(feature = "regex")]
fn last_line(error: &str) -> String {
    error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// `{name}` is a group; `{{` and `}}` are braces.
fn pieces(template: &str) -> Result<Vec<RewritePiece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let brace = &rest[at..=at];
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let closed = if brace == "{" { rest.split_once('}') } else { None };
        let (name, after) = closed.ok_or_else(|| format!("`{template}` has a `{brace}` without its other half"))?;
        pieces.push(RewritePiece::Text(std::mem::take(&mut plain).into()));
        pieces.push(RewritePiece::Group(name.into()));
        rest = after;
    }
    plain.push_str(rest);
    pieces.push(RewritePiece::Text(plain.into()));
    pieces.retain(|piece| !matches!(piece, RewritePiece::Text(text) if text.is_empty()));
    Ok(pieces)
}
