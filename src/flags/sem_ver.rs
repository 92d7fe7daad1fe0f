//! The op `sem_ver`: a version compared with another one.

use semver::Version;

/// How two versions have to relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VersionRelation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The same major number.
    SameMajor,
    /// The same major and minor number.
    SameMinor,
}

/// The relations as the definitions write them.
pub(super) const RELATIONS: [&str; 8] = ["=", "!=", "<", "<=", ">", ">=", "^", "~"];

impl VersionRelation {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "^" => Self::SameMajor,
            "~" => Self::SameMinor,
            _ => return None,
        })
    }

    /// Whether `left` relates so to `right`; `None` if one of them is no version.
    pub(super) fn holds(self, left: &str, right: &str) -> Option<bool> {
        let (left, right) = (version(left)?, version(right)?);
        let order = left.cmp_precedence(&right);
        Some(match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::SameMajor => left.major == right.major,
            Self::SameMinor => left.major == right.major && left.minor == right.minor,
        })
    }
}

/// `text` as a version: a `v` before it is left out, and missing numbers are 0.
pub(super) fn version(text: &str) -> Option<Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if let Ok(version) = Version::parse(text) {
        return Some(version);
    }
    let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let missing = match numbers.bytes().filter(|byte| *byte == b'.').count() {
        0 => ".0.0",
        1 => ".0",
        _ => return None,
    };
    Version::parse(&format!("{numbers}{missing}{rest}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_relate() {
        for (left, relation, right, expected) in [
            ("1.2.3", "=", "v1.2.3", Some(true)),
            ("1.2.3+a", "=", "1.2.3+b", Some(true)),
            ("1", "=", "1.0.0", Some(true)),
            ("V1.2-rc.1", "<", "1.2", Some(true)),
            ("1.10.0", ">", "1.9.0", Some(true)),
            ("2.0.0", "<=", "1.9.9", Some(false)),
            ("2.0.0", ">=", "2", Some(true)),
            ("2.0.0", "!=", "2.0.1", Some(true)),
            ("3.1.0", "^", "3.9.9", Some(true)),
            ("3.1.0", "^", "4.0.0", Some(false)),
            ("3.1.0", "~", "3.1.7", Some(true)),
            ("3.1.0", "~", "3.2.0", Some(false)),
            ("three", "=", "3.0.0", None),
            ("1.2.3.4", "=", "1.2.3", None),
            ("", "=", "1.0.0", None),
        ] {
            let relation = VersionRelation::named(relation).expect(relation);
            assert_eq!(relation.holds(left, right), expected, "{left} {relation:?} {right}");
        }
    }
}
