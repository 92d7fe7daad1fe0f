//! Every table and key of the file, described once: the reader, the JSON Schema and the reference are made from this.

mod cases;
mod conditions;
mod consumers;
mod gateway;
mod notices;
mod op_table;
mod ops;
mod reference;
mod structure;
mod tables;
mod upstream;
mod values;

use std::borrow::Cow;

pub(super) use cases::CASES;
pub(super) use ops::OPS;
pub use reference::reference;
pub(super) use tables::{INCLUDED, ROOT};

/// A table of the file and the keys it may have.
pub(super) struct Table {
    /// Its name in the schema.
    pub(super) name: &'static str,
    /// Its name in messages.
    pub(super) title: &'static str,
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
    /// Keys that it shares with other tables.
    pub(super) common: &'static [Key],
}

/// One key.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: ValueKind,
    pub(super) required: bool,
    /// As written in the file; empty if there is no default.
    pub(super) default: &'static str,
    pub(super) doc: &'static str,
}

/// What a key's value may be.
#[derive(Clone, Copy)]
pub(super) enum ValueKind {
    Text,
    /// A string that is not empty.
    Name,
    Flag,
    Integer {
        min: i64,
        max: i64,
    },
    /// From 0 to 100.
    Percent,
    Date,
    Duration,
    /// Where to listen.
    Listen,
    /// An address, or a network of addresses.
    Network,
    Url,
    /// Any value that JSON has.
    Literal,
    /// A string that contains JSON.
    Json,
    /// `[old, new]`.
    Pair,
    /// A JSON Patch, as tables or as its JSON text.
    Patch,
    Op,
    Word(&'static [&'static str]),
    Table(&'static Table),
    Map(&'static ValueKind),
    List(&'static ValueKind),
    /// A list; a single element may be written without brackets.
    OneOrMore(&'static ValueKind),
    Either(&'static ValueKind, &'static ValueKind),
}

// === impl Table ===

impl Table {
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().chain(self.common)
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.all().find(|key| key.name == name)
    }
}

/// All tables, those that hold others first; ops last.
pub(super) fn tables() -> Vec<&'static Table> {
    let mut list = Vec::new();
    visit(&ROOT, &mut list);
    list.extend(OPS);
    for op in OPS {
        op.all().for_each(|key| visit_kind(key.kind, &mut list));
    }
    list
}

/// Whether strings in the table may contain variables of the environment.
pub(super) fn has_variables(table: &Table) -> bool {
    let mut list = Vec::new();
    let holders = ROOT.keys.iter().filter(|key| matches!(key.name, "gateway" | "upstream"));
    holders.for_each(|key| visit_kind(key.kind, &mut list));
    list.iter().any(|known| known.name == table.name)
}

fn visit(table: &'static Table, list: &mut Vec<&'static Table>) {
    if list.iter().any(|known| known.name == table.name) {
        return;
    }
    list.push(table);
    table.all().for_each(|key| visit_kind(key.kind, list));
}

fn visit_kind(kind: ValueKind, list: &mut Vec<&'static Table>) {
    match kind {
        ValueKind::Table(table) => visit(table, list),
        ValueKind::Map(inner) | ValueKind::List(inner) | ValueKind::OneOrMore(inner) => visit_kind(*inner, list),
        ValueKind::Either(one, other) => {
            visit_kind(*one, list);
            visit_kind(*other, list);
        }
        _ => {}
    }
}

// === impl Key ===

const fn key(name: &'static str, kind: ValueKind, doc: &'static str) -> Key {
    Key { name, kind, required: false, default: "", doc }
}

impl Key {
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }
}

// === impl ValueKind ===

impl ValueKind {
    /// The expected kind of value, with its article.
    pub(super) fn describe(self) -> String {
        let label = self.label();
        match label.bytes().next() {
            _ if label.starts_with("any") => label.into_owned(),
            Some(b'`') => label.into_owned(),
            Some(b'a' | b'e' | b'i' | b'o' | b'u') => format!("an {label}"),
            _ => format!("a {label}"),
        }
    }

    /// The expected kind of value, without an article.
    pub(super) fn label(self) -> Cow<'static, str> {
        match self {
            Self::Text | Self::Name => "string".into(),
            Self::Flag => "`true` or `false`".into(),
            Self::Integer { .. } => "integer".into(),
            Self::Percent => "number from 0 to 100".into(),
            Self::Date => "date".into(),
            Self::Duration => "duration".into(),
            Self::Listen => "listen address".into(),
            Self::Network => "CIDR network".into(),
            Self::Url => "URL".into(),
            Self::Literal => "any value".into(),
            Self::Json => "JSON text".into(),
            Self::Pair => "pair `[old, new]`".into(),
            Self::Patch => "list of JSON Patch operations".into(),
            Self::Op => "op".into(),
            Self::Word(words) => listed(words).into(),
            Self::Table(_) => "table".into(),
            Self::Map(inner) => format!("table of {}", inner.plural()).into(),
            Self::List(inner) => format!("list of {}", inner.plural()).into(),
            Self::OneOrMore(inner) => format!("{}, or a list of {}", inner.label(), inner.plural()).into(),
            Self::Either(Self::Word(words @ [_, _, ..]), other) => {
                format!("{}, or {}", listed(words), other.describe()).into()
            }
            Self::Either(one, other) => format!("{} or {}", one.label(), other.describe()).into(),
        }
    }

    fn plural(self) -> String {
        match self {
            Self::Text | Self::Name | Self::Table(_) | Self::Op => format!("{}s", self.label()),
            Self::Percent => "numbers from 0 to 100".to_owned(),
            Self::Literal => "values".to_owned(),
            Self::Pair => "pairs `[old, new]`".to_owned(),
            Self::Either(one, other) => format!("{} or {}", one.plural(), other.plural()),
            _ => self.label().into_owned(),
        }
    }

    /// How to write such a value.
    pub(super) fn example(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Name => Some("a string is in quotes: `\"…\"`"),
            Self::Flag => Some("write `true` or `false`, without quotes"),
            Self::Integer { .. } | Self::Percent => Some("write the number without quotes"),
            Self::Date => Some("write `2026-01-01`, `2026-01-01T00:00:00Z` or an HTTP-date in quotes"),
            Self::Duration => Some("write a string such as `\"30s\"`, `\"1h30m\"` or `\"250ms\"`"),
            Self::Listen => {
                Some("write a string such as `\"127.0.0.1:8080\"`, `\"unix:/run/sunward.sock\"` or `\"systemd\"`")
            }
            Self::Network => Some("write a string such as `\"10.0.0.0/8\"` or `\"127.0.0.1\"`"),
            Self::Url => Some("write a string such as `\"http://10.0.0.1:3000\"` or `\"unix:/run/app.sock\"`"),
            Self::Json => Some("put the JSON into single quotes: `'{\"a\": null}'`"),
            Self::Op => Some("write a table whose first key is the op: `{ rename = \"/old\", to = \"/new\" }`"),
            _ => None,
        }
    }
}

/// `` `a`, `b` or `c` ``.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => format!("`{word}`"),
        [first @ .., last] => format!("`{}` or `{last}`", first.join("`, `")),
    }
}
