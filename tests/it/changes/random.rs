//! Random chains of changes that lose nothing: what leads there leads back, and every stop on the way gives the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::value::RawValue;
use sunward::catalog::{Api, Catalog, Content, Version};
use sunward::change::{Change, OpSpec, Resource, When};
use sunward::json::{Literal, NameCase, OnError, Renaming, Wrapper};

use super::now;

/// What a member of the shape holds, where it is present and not null.
#[derive(Clone, Debug)]
enum Kind {
    Number,
    NumberText,
    Integer,
    Decimal {
        scale: u32,
    },
    Seconds,
    Time,
    Text,
    Word(Vec<String>),
    Wrapped(Box<Kind>, Wrapper),
    /// A text that is a list of its parts.
    Parts,
    /// An object with one member that is a list of one, with the name in it.
    Entries(Box<Kind>),
}

#[derive(Clone, Debug)]
struct Field {
    at: String,
    kind: Kind,
}

/// The shape of the newest version so far. Every new name is a fresh one, so that nothing ever collides.
#[derive(Debug)]
struct Shape {
    fields: Vec<Field>,
    envelopes: Vec<String>,
    fresh: usize,
    /// Prefixes that members of an object have, where it was.
    prefixes: Vec<(String, String)>,
    /// Whether names are in camel case by now.
    camel: bool,
}

/// Which op, on which field, and one more choice.
type Choice = (u8, prop::sample::Index, u8);

// === impl Kind ===

impl Kind {
    fn is_plain(&self) -> bool {
        !matches!(self, Self::Wrapped(..) | Self::Parts | Self::Entries(_))
    }
}

// === impl Shape ===

impl Shape {
    fn new() -> Self {
        let words = ["new", "open", "gone"].map(str::to_owned).to_vec();
        let kinds = [
            ("/id", Kind::Number),
            ("/cents", Kind::Integer),
            ("/at", Kind::Seconds),
            ("/name", Kind::Text),
            ("/status", Kind::Word(words)),
            ("/nested/city", Kind::Text),
        ];
        let fields = kinds.map(|(at, kind)| Field { at: at.to_owned(), kind }).to_vec();
        Self { fields, envelopes: Vec::new(), fresh: 0, prefixes: Vec::new(), camel: false }
    }

    fn name(&mut self) -> String {
        self.fresh += 1;
        // Some need escapes, as pointers and as JSON.
        match self.fresh % 4 {
            0 => format!("f~1\"{}", self.fresh),
            1 if self.camel => format!("longName{}", self.fresh),
            1 => format!("long_name{}", self.fresh),
            _ => format!("f{}", self.fresh),
        }
    }

    fn top(&self) -> String {
        self.envelopes.concat()
    }

    /// The op of a choice, which also changes the shape.
    fn op(&mut self, (op, field, more): Choice) -> OpSpec {
        if self.fields.is_empty() {
            return self.envelope(more);
        }
        let at = field.index(self.fields.len());
        match op % 17 {
            0 => self.rename(at),
            1 => self.relocate(at, more),
            2 | 3 => self.change_value(at, more),
            4 => self.wrap(at, more),
            5 => self.envelope(more),
            6 => self.split(at),
            7 => self.rename_when(at),
            8 => self.addition(at, more),
            9 => self.list(at),
            10 => self.entries(at, more),
            11 => self.put(at),
            12 => self.flatten(at, more),
            13 => self.only(at),
            14 => self.names(),
            15 => self.expression(at),
            _ => self.unwrap(at),
        }
    }

    fn rename(&mut self, at: usize) -> OpSpec {
        let name = self.name();
        let field = &mut self.fields[at];
        let parent = field.at.rsplit_once('/').map_or("", |(parent, _)| parent);
        let to = format!("{parent}/{name}");
        let op = OpSpec::rename(&field.at, &to);
        field.at = to;
        op
    }

    fn relocate(&mut self, at: usize, more: u8) -> OpSpec {
        let mut to = format!("{}/{}", self.top(), self.name());
        if more.is_multiple_of(2) {
            to = format!("{to}/{}", self.name());
        }
        let field = &mut self.fields[at];
        let op = OpSpec::relocate(&field.at, &to);
        field.at = to;
        op
    }

    fn change_value(&mut self, at: usize, more: u8) -> OpSpec {
        let fresh = self.name();
        let field = &mut self.fields[at];
        let convert = |from, to| OpSpec::convert(&field.at, from, to);
        let (kind, op) = match &field.kind {
            Kind::Number => (Kind::NumberText, convert("number", "string")),
            Kind::NumberText => (Kind::Number, convert("string", "number")),
            Kind::Integer if more.is_multiple_of(5) => (Kind::Integer, OpSpec::scale(&field.at, "1000").with_digits(0)),
            Kind::Integer if more.is_multiple_of(7) => (Kind::Number, OpSpec::divide(&field.at, "80")),
            Kind::Integer => {
                let scale = u32::from(more % 4);
                (Kind::Decimal { scale }, convert("integer", "decimal").with_scale(scale))
            }
            Kind::Decimal { scale } => (Kind::Integer, convert("decimal", "integer").with_scale(*scale)),
            Kind::Seconds => (Kind::Time, convert("unix-seconds", "rfc3339")),
            Kind::Time => (Kind::Seconds, convert("rfc3339", "unix-seconds")),
            Kind::Word(words) => {
                let new: Vec<String> = words.iter().map(|word| format!("{word} {fresh}")).collect();
                let pairs = words.iter().zip(&new).map(|(old, new)| (Literal::string(old), Literal::string(new)));
                let op = OpSpec::map(&field.at, pairs);
                (Kind::Word(new), op)
            }
            Kind::Text | Kind::Wrapped(..) | Kind::Parts | Kind::Entries(_) => return self.rename(at),
        };
        field.kind = kind;
        op
    }

    fn wrap(&mut self, at: usize, more: u8) -> OpSpec {
        let into = if more.is_multiple_of(2) { Wrapper::Array } else { Wrapper::Member("it".into()) };
        let field = &mut self.fields[at];
        field.kind = Kind::Wrapped(Box::new(field.kind.clone()), into.clone());
        OpSpec::wrap(&field.at, into)
    }

    fn unwrap(&mut self, at: usize) -> OpSpec {
        let field = &mut self.fields[at];
        let Kind::Wrapped(inner, from) = field.kind.clone() else { return self.rename(at) };
        field.kind = *inner;
        OpSpec::unwrap(&field.at, from)
    }

    fn list(&mut self, at: usize) -> OpSpec {
        let field = &mut self.fields[at];
        match field.kind {
            Kind::Text => {
                field.kind = Kind::Parts;
                OpSpec::split_list(&field.at, " ")
            }
            Kind::Parts => {
                field.kind = Kind::Text;
                OpSpec::join_list(&field.at, " ")
            }
            _ => self.rename(at),
        }
    }

    /// Of an object with one member, which is called `it`.
    fn entries(&mut self, at: usize, more: u8) -> OpSpec {
        let to = more.is_multiple_of(2).then(|| format!("{}/{}", self.top(), self.name()));
        let field = &mut self.fields[at];
        let (op, kind) = match field.kind.clone() {
            Kind::Wrapped(inner, Wrapper::Member(_)) => (OpSpec::entries(&field.at, "/k"), Kind::Entries(inner)),
            Kind::Entries(inner) => {
                (OpSpec::keyed(&field.at, "/k"), Kind::Wrapped(inner, Wrapper::Member("it".into())))
            }
            _ => return self.rename(at),
        };
        field.kind = kind;
        let op = op.with_value("/v");
        match to {
            Some(to) => {
                field.at.clone_from(&to);
                op.with_to(&to)
            }
            None => op,
        }
    }

    /// Into a list that is not there, or out of one that has one element.
    fn put(&mut self, at: usize) -> OpSpec {
        let to = format!("{}/{}", self.top(), self.name());
        let field = &mut self.fields[at];
        let from = std::mem::replace(&mut field.at, to.clone());
        field.kind = Kind::Wrapped(Box::new(field.kind.clone()), Wrapper::Array);
        OpSpec::put(&from, &to)
    }

    /// The members of an object go beside it, or what went there comes back.
    fn flatten(&mut self, at: usize, more: u8) -> OpSpec {
        let (top, name) = (self.top(), self.name());
        let place = self.fields[at].at.clone();
        let below = |at: &str, around: &str| at.strip_prefix(around).map(str::to_owned);
        let known = self.prefixes.iter().position(|(_, of)| *of == top).filter(|_| more.is_multiple_of(2));
        if let Some(known) = known {
            // An op takes all of them.
            let (prefix, _) = self.prefixes.remove(known);
            let to = format!("{top}/{name}");
            let beside = format!("{top}/{prefix}");
            for field in &mut self.fields {
                if let Some(rest) = below(&field.at, &beside) {
                    field.at = format!("{to}/{rest}");
                }
            }
            return OpSpec::nest(&top, &prefix, &to);
        }
        let inside = below(&place, &top).unwrap_or_default();
        let Some((object, _)) = inside[1..].split_once('/') else { return self.rename(at) };
        let from = format!("{top}/{object}/");
        let prefix = format!("p{}", self.fresh);
        for field in &mut self.fields {
            if let Some(rest) = below(&field.at, &from) {
                field.at = format!("{top}/{prefix}{rest}");
            }
        }
        self.prefixes.push((prefix.clone(), top));
        OpSpec::flatten(&from[..from.len() - 1], &prefix)
    }

    fn only(&mut self, at: usize) -> OpSpec {
        let name = self.name();
        let top = self.top();
        let field = &mut self.fields[at];
        let Kind::Wrapped(inner, Wrapper::Member(_)) = field.kind.clone() else { return self.rename(at) };
        field.kind = *inner;
        OpSpec::unwrap_only(&field.at, &format!("{top}/{name}"))
    }

    /// All names, but those of the documents that no member has.
    fn names(&mut self) -> OpSpec {
        let (from, to) =
            if self.camel { (NameCase::Camel, NameCase::Snake) } else { (NameCase::Snake, NameCase::Camel) };
        let renaming = Renaming::new(from, to);
        let renamed = |place: &str| {
            let names = place.split('/').map(|name| renaming.rename(name).map_or(name.to_owned(), Into::into));
            names.collect::<Vec<_>>().join("/")
        };
        self.fields.iter_mut().for_each(|field| field.at = renamed(&field.at));
        self.prefixes.clear();
        self.camel = !self.camel;
        let op = OpSpec::rename_all(&self.top(), from, to);
        op.with_on_error(OnError::Pass)
    }

    /// Of a member on top, so that its name needs no escape.
    fn expression(&mut self, at: usize) -> OpSpec {
        let (top, name) = (self.top(), self.name());
        let field = &mut self.fields[at];
        let own = field.at.rsplit('/').next().unwrap_or_default().to_owned();
        let plain = |name: &str| name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        if field.at != format!("{top}/{own}") || !plain(&own) || !plain(&name) {
            return self.rename(at);
        }
        let this = format!("self{}", field.at.replace('/', "."));
        let to = format!("{top}/{name}");
        let that = format!("self{}", to.replace('/', "."));
        let (forth, back) = match field.kind {
            Kind::Text => (
                format!("{this} == null ? null : 'x' + {this}"),
                format!("{that} == null ? null : {that}.substring(1)"),
            ),
            Kind::Integer => (
                format!("{this} == null ? null : {this} * 10 + 1"),
                format!("{that} == null ? null : ({that} - 1) / 10"),
            ),
            _ => (format!("[{this}]"), format!("{that}[0]")),
        };
        let op = OpSpec::compute_cel(&to, &forth).with_back_cel(&field.at, &back);
        field.at = to;
        match field.kind.clone() {
            Kind::Text => {}
            Kind::Integer => {}
            kind => field.kind = Kind::Wrapped(Box::new(kind), Wrapper::Array),
        }
        op
    }

    fn envelope(&mut self, more: u8) -> OpSpec {
        if more.is_multiple_of(3) && !self.envelopes.is_empty() {
            let outer = self.envelopes.remove(0);
            for field in &mut self.fields {
                field.at = field.at.strip_prefix(&outer).expect("all are inside").to_owned();
            }
            return OpSpec::unwrap("", Wrapper::member(&outer[1..]));
        }
        self.fresh += 1;
        let name = format!("e{}", self.fresh);
        let outer = format!("/{name}");
        for field in &mut self.fields {
            field.at = format!("{outer}{}", field.at);
        }
        self.envelopes.insert(0, outer);
        OpSpec::wrap("", Wrapper::Member(name.into()))
    }

    fn split(&mut self, at: usize) -> OpSpec {
        if !matches!(self.fields[at].kind, Kind::Text) {
            return self.rename(at);
        }
        let (top, first, rest) = (self.top(), self.name(), self.name());
        let into = [format!("{top}/{first}"), format!("{top}/parts{}/{rest}", self.fresh)];
        let field = self.fields.remove(at);
        self.fields.extend(into.iter().map(|at| Field { at: at.clone(), kind: Kind::Text }));
        OpSpec::split(&field.at, &[&into[0], &into[1]], " ")
    }

    /// Afterwards the field is at either of two places, so nothing more is done with it.
    fn rename_when(&mut self, at: usize) -> OpSpec {
        let is_word = |field: &&Field| field.at != self.fields[at].at && matches!(field.kind, Kind::Word(_));
        let Some(Field { at: place, kind: Kind::Word(words) }) = self.fields.iter().find(is_word).cloned() else {
            return self.rename(at);
        };
        let op = self.rename(at).with_when(When::equals(&place, Literal::string(&words[0])));
        self.fields.remove(at);
        op
    }

    fn addition(&mut self, at: usize, more: u8) -> OpSpec {
        let (to, inner) = (format!("{}/{}", self.top(), self.name()), self.name());
        // A constant makes no objects; what undoes the others drops those that they made.
        let to = if more.is_multiple_of(3) || more < 128 { to } else { format!("{to}/{inner}") };
        let field = &self.fields[at];
        match more % 4 {
            3 if matches!(field.kind, Kind::Wrapped(..) | Kind::Parts | Kind::Entries(_)) => {
                OpSpec::count(&field.at, &to)
            }
            0 => OpSpec::add(&to, Literal::string("added")),
            1 if field.kind.is_plain() && !field.at.contains(['~', '"']) => {
                OpSpec::compute(&to, &format!("<{{{}}}>", field.at))
            }
            _ => OpSpec::copy(&field.at, &to),
        }
    }
}

// === documents ===

fn member(value: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Option<String>> {
    prop_oneof![1 => Just(None), 1 => Just(Some("null".to_owned())), 6 => value.prop_map(Some)].boxed()
}

fn text() -> impl Strategy<Value = String> {
    "[a-zé\\\\\"\u{1}\u{1f600} ]{0,12}".prop_map(|text| serde_json::to_string(&text).expect("a text"))
}

fn document() -> impl Strategy<Value = String> {
    let numbers = vec!["0", "-0", "1.10", "1E400", "123456789012345678901234567890", "-2.5e-3"];
    let words = vec!["\"new\"", "\"open\"", "\"g\\u006fne\""];
    let extra = vec!["", "\"zz\": [1.0, {\"id\": 7, \"it\": {}}], ", "\"\\ud800\":1,\"d\":1,\"d\":2,"];
    (
        member(prop::sample::select(numbers).prop_map(str::to_owned)),
        member(any::<i64>().prop_map(|cents| cents.to_string())),
        member((-62_167_219_200_i64..253_402_300_800).prop_map(|at| at.to_string())),
        member(text()),
        member(prop::sample::select(words).prop_map(str::to_owned)),
        member(text()),
        prop::sample::select(extra),
    )
        .prop_map(|(id, cents, at, name, status, city, extra)| {
            let city = city.map(|city| format!("{{\"city\":{city}}}"));
            let members = [("id", id), ("cents", cents), ("at", at), ("name", name), ("nested", city)];
            let members = members.into_iter().filter_map(|(name, value)| Some(format!("\"{name}\": {},", value?)));
            let status = status.unwrap_or_else(|| "null".to_owned());
            format!("{{{extra}{}\"status\":{status} }}", members.collect::<String>())
        })
}

/// The same document, members sorted (an op writes to the end), numbers as they are spelled, texts in one spelling.
/// Of duplicates the last counts; a key that no text can hold is made into one that a text can.
fn canonical(json: &str) -> String {
    let json = json.trim();
    if let Ok(members) = serde_json::from_str::<Vec<Box<RawValue>>>(json) {
        let items: Vec<String> = members.iter().map(|item| canonical(item.get())).collect();
        return format!("[{}]", items.join(","));
    }
    if json.starts_with('{') {
        let Ok(members) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(&json.replace("\\ud800", "ud800"))
        else {
            return json.to_owned();
        };
        let items: Vec<String> =
            members.iter().map(|(name, value)| format!("{name:?}:{}", canonical(value.get()))).collect();
        return format!("{{{}}}", items.join(","));
    }
    serde_json::from_str::<String>(json).map_or_else(|_| json.to_owned(), |text| format!("{text:?}"))
}

// === chains ===

fn catalog(choices: &[Vec<Choice>]) -> Catalog {
    let mut shape = Shape::new();
    let resource = Resource::new("doc").with_at("GET /doc -> 200").with_at("GET /list -> 200 /items/*");
    let mut api =
        Api::new("random").with_version_header("Api-Version").with_resource(resource).with_version(Version::new("1"));
    for (at, ops) in choices.iter().enumerate() {
        let version = (at + 2).to_string();
        let change = Change::new(version.as_str(), "Random").with_on("doc").with_breaking(true).with_strict(true);
        let change = ops.iter().fold(change, |change, choice| change.with_op(shape.op(*choice)));
        api = api.with_version(Version::new(version.as_str())).with_change(change);
    }
    let catalog = Catalog::at([api], now()).unwrap_or_else(|found| panic!("{found}"));
    assert!(catalog.warnings().is_empty(), "{}", catalog.warnings());
    catalog
}

fn run(catalog: &Catalog, place: &str, from: usize, to: usize, body: &str) -> String {
    let migration = catalog.apis()[0].migration(place, &from.to_string(), &to.to_string()).expect("a place");
    let migrated = migration.run(Content::Json, body.as_bytes());
    let migrated = migrated.unwrap_or_else(|e| panic!("from {from} to {to}: {e}: {body}"));
    assert_eq!(migrated.collisions, 0, "{body}");
    String::from_utf8(migrated.body).expect("UTF-8")
}

fn leads_back(choices: &[Vec<Choice>], place: &str, body: &str) -> Result<(), TestCaseError> {
    let (catalog, newest) = (catalog(choices), choices.len() + 1);
    let up = run(&catalog, place, 1, newest, body);
    let down = run(&catalog, place, newest, 1, &up);
    prop_assert_eq!(canonical(&down), canonical(body), "by way of {}", up);
    prop_assert_eq!(run(&catalog, place, 1, newest, body), up.clone());
    for middle in 1..=newest {
        let half = run(&catalog, place, 1, middle, body);
        prop_assert_eq!(canonical(&run(&catalog, place, middle, newest, &half)), canonical(&up), "by {}", middle);
        let back = run(&catalog, place, newest, middle, &up);
        prop_assert_eq!(canonical(&back), canonical(&half), "down to {}", middle);
        prop_assert_eq!(canonical(&run(&catalog, place, middle, 1, &back)), canonical(body), "down by {}", middle);
    }
    Ok(())
}

fn choices() -> impl Strategy<Value = Vec<Vec<Choice>>> {
    let choice = (any::<u8>(), any::<prop::sample::Index>(), any::<u8>());
    prop::collection::vec(prop::collection::vec(choice, 1..3), 1..=6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_document_comes_back(choices in choices(), body in document()) {
        leads_back(&choices, "GET /doc -> 200", &body)?;
    }

    #[test]
    fn every_element_comes_back(choices in choices(), items in prop::collection::vec(document(), 0..3)) {
        leads_back(&choices, "GET /list -> 200", &format!("{{\"n\":1,\"items\":[{}] }}", items.join(", ")))?;
    }
}
