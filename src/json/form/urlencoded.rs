//! `application/x-www-form-urlencoded` bodies.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::super::equal::ValueType;
use super::super::error::{MigrateError, Reason};
use super::super::interpret::Migrated;
use super::super::layout::Layout;
use super::super::{MigrateOptions, Mode, Pointer, Program, text};
use super::names::{FieldNames, MAX_FIELDS, quote};
use super::shape::{self, Lists};

/// A field as received.
struct Field<'b> {
    /// The name as it is spelled.
    name: &'b [u8],
    /// `=` and the value, as they are spelled; empty if there is no `=`.
    value: &'b [u8],
    /// The name without its encoding.
    plain: Cow<'b, [u8]>,
    /// The value as a JSON text.
    json: Vec<u8>,
}

/// A member of the object that a form is read as.
struct FormMember {
    key: Vec<u8>,
    /// Its JSON value.
    value: Vec<u8>,
    /// Which fields it is made of.
    fields: Vec<usize>,
}

struct Form<'b> {
    fields: Vec<Field<'b>>,
    members: Vec<FormMember>,
    lists: Lists,
    /// Whether the fields of some first name have others between them.
    mixed: bool,
}

/// Members as received that are not used yet.
struct Unused {
    exact: HashMap<(Vec<u8>, Vec<u8>), VecDeque<usize>>,
    by_value: HashMap<Vec<u8>, VecDeque<usize>>,
    by_key: HashMap<Vec<u8>, VecDeque<usize>>,
    used: Vec<bool>,
}

/// How a member of the result came to be.
enum Origin {
    /// It is as it was.
    Same(usize),
    /// It has another name.
    Renamed(usize),
    /// It has another value.
    Changed(Option<usize>),
}

/// Migrates a form: its fields are the members of an object, and every value is a text.
///
/// Fields that no step touches keep their bytes and their order. Texts that are numbers, `true` or `false` are taken
/// as such by steps that want them, and every value is written as a text. A null is left out.
///
/// ```
/// use sunward::json::{
///     Collision, FieldNames, Mode, OnError, Op, MigrateOptions, Otherwise, Pattern, Pointer, Program, Step,
///     migrate_form,
/// };
///
/// let rename = Step {
///     resource: Pattern::root(),
///     each: Pattern::root(),
///     when: None,
///     otherwise: Otherwise::Skip,
///     op: Op::Rename { object: Pointer::ROOT, from: "a".into(), to: "b".into(), collision: Collision::Replace },
///     on_error: OnError::Fail,
///     constant: false,
///     partial: false,
///     change: 0,
/// };
/// let program = Program::new([&rename], Mode::Whole);
/// let migrated = migrate_form(b"x=%7e+1&a=2%20", FieldNames::Plain, &program, &MigrateOptions::default())?;
/// assert_eq!(migrated.body, b"x=%7e+1&b=2%20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A limit, a value that a step cannot take, and an object or a list that the names have no way to say.
pub fn migrate_form(
    body: &[u8],
    names: FieldNames,
    program: &Program,
    options: &MigrateOptions,
) -> Result<Migrated, MigrateError> {
    if program.is_empty() {
        return Ok(Migrated::unchanged(body));
    }
    if body.len() > options.max_bytes() {
        return Err(MigrateError::size(body.len(), options.max_bytes()));
    }
    let form = Form::read(body, names)?;
    let document = form.document();
    let migrated = program.rewrite(&document, &options.clone().with_max_bytes(usize::MAX).of_texts())?;
    let body = if migrated.body == document {
        body.to_vec()
    } else {
        form.write(&migrated.body, (names, options.mode() != Mode::Whole))?
    };
    Ok(Migrated { body, ..migrated })
}

/// The object that a form is read as.
///
/// # Errors
/// A limit.
pub(crate) fn as_json(body: &[u8], names: FieldNames) -> Result<Vec<u8>, MigrateError> {
    Ok(Form::read(body, names)?.document())
}

// === impl Form ===

impl<'b> Form<'b> {
    fn read(body: &'b [u8], names: FieldNames) -> Result<Self, MigrateError> {
        // Clients that do not say a type are given this one by some libraries, whatever they send.
        if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return Err(MigrateError::malformed_form(0, "it looks like JSON; send it with the Content-Type of JSON"));
        }
        let mut fields = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == MAX_FIELDS {
                return Err(MigrateError::fields(MAX_FIELDS));
            }
            let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let (name, value) = pair.split_at(equals);
            let json = quote(&decode(value.get(1..).unwrap_or_default()));
            fields.push(Field { name, value, plain: decode(name), json });
        }
        let mut form = Self { fields, members: Vec::new(), lists: Lists::default(), mixed: false };
        form.members = form.group(names)?;
        Ok(form)
    }

    fn group(&mut self, names: FieldNames) -> Result<Vec<FormMember>, MigrateError> {
        let mut groups: Vec<(&[u8], Vec<usize>)> = Vec::new();
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        for (at, field) in self.fields.iter().enumerate() {
            let (first, _) = shape::path(&field.plain, names);
            match known.get(first).filter(|_| names == FieldNames::Brackets) {
                Some(&group) => {
                    self.mixed |= group + 1 != groups.len();
                    groups[group].1.push(at);
                }
                None => {
                    known.insert(first, groups.len());
                    groups.push((first, vec![at]));
                }
            }
        }
        let mut members = Vec::new();
        for (first, at) in groups {
            let keys = |at: &usize| shape::path(&self.fields[*at].plain, names).1;
            let values = shape::join(first, at.iter().map(|at| (keys(at), &*self.fields[*at].json)), &mut self.lists)?;
            if let [value] = &*values {
                members.push(FormMember { key: first.to_vec(), value: value.clone(), fields: at });
                continue;
            }
            // A name that occurs with brackets and without: each is kept as it is.
            let (nested, plain): (Vec<usize>, Vec<usize>) = at.iter().partition(|at| !keys(at).is_empty());
            let mut plain = plain.into_iter();
            for value in values {
                let is_text = ValueType::of(&value) == ValueType::Text;
                let fields = if is_text { plain.next().into_iter().collect() } else { nested.clone() };
                members.push(FormMember { key: first.to_vec(), value, fields });
            }
        }
        Ok(members)
    }

    fn document(&self) -> Vec<u8> {
        let mut document = vec![b'{'];
        for (at, member) in self.members.iter().enumerate() {
            if at > 0 {
                document.push(b',');
            }
            document.extend_from_slice(&quote(&member.key));
            document.push(b':');
            document.extend_from_slice(&member.value);
        }
        document.push(b'}');
        document
    }

    fn write(&self, document: &[u8], (names, partial): (FieldNames, bool)) -> Result<Vec<u8>, MigrateError> {
        if ValueType::of(document) != ValueType::Object {
            return Err(MigrateError::value(Pointer::ROOT, Reason::Unformed));
        }
        let result: Vec<(Vec<u8>, &[u8])> = Layout::of(document)
            .map(|slot| (text::unescape(text::inner(&document[slot.key])).into_owned(), &document[slot.value]))
            .collect();
        let origins = self.origins(&result);
        let mut written: Vec<(usize, Vec<u8>)> = Vec::with_capacity(self.fields.len());
        for ((key, value), origin) in result.iter().zip(origins) {
            match origin {
                Origin::Same(at) => {
                    written.extend(self.members[at].fields.iter().map(|at| (*at, self.fields[*at].raw())))
                }
                Origin::Renamed(at) => {
                    written
                        .extend(self.members[at].fields.iter().map(|at| (*at, self.fields[*at].renamed(key, names))));
                }
                Origin::Changed(at) => self.write_changed((key, value), at, (names, partial), &mut written)?,
            }
        }
        // The engine has joined what was apart.
        if self.mixed {
            written.sort_by_key(|(at, _)| *at);
        }
        let pairs: Vec<Vec<u8>> = written.into_iter().map(|(_, pair)| pair).collect();
        Ok(pairs.join(&b'&'))
    }

    /// What is as it was is found first, so that nothing else takes its bytes.
    fn origins(&self, result: &[(Vec<u8>, &[u8])]) -> Vec<Origin> {
        let mut unused = Unused::of(&self.members);
        let same: Vec<Option<usize>> = result.iter().map(|(key, value)| unused.same(key, value)).collect();
        // A new name takes the bytes of a value before a name that has fields of its own, whatever their order.
        let known: Vec<bool> = result.iter().map(|(key, _)| unused.knows(key)).collect();
        let mut order: Vec<usize> = (0..result.len()).collect();
        order.sort_by(|one, other| (known[*one], &result[*one].0).cmp(&(known[*other], &result[*other].0)));
        let mut renamed: Vec<Option<usize>> = vec![None; result.len()];
        for at in order.into_iter().filter(|at| same[*at].is_none()) {
            renamed[at] = unused.of_value(result[at].1);
        }
        let origin = |((key, _), found): (&(Vec<u8>, &[u8]), _)| match found {
            (Some(at), _) => Origin::Same(at),
            (None, Some(at)) => Origin::Renamed(at),
            (None, None) => Origin::Changed(unused.of_key(key)),
        };
        result.iter().zip(same.into_iter().zip(renamed)).map(origin).collect()
    }

    fn write_changed(
        &self,
        (key, value): (&[u8], &[u8]),
        from: Option<usize>,
        names: (FieldNames, bool),
        written: &mut Vec<(usize, Vec<u8>)>,
    ) -> Result<(), MigrateError> {
        let before: &[usize] = from.map_or(&[], |at| &self.members[at].fields);
        let mut place = written.last().map_or(0, |(at, _)| *at);
        if let Some(first) = before.first().filter(|_| from.is_some()) {
            place = *first;
        }
        let mut at = 0;
        for leaf in shape::leaves((key, value), names, &self.lists, |_| false)? {
            // Behind the last one that was found, so that the order of lists is the engine's.
            let found = before[at..].iter().position(|field| *self.fields[*field].plain == *leaf.name);
            let pair = match found {
                Some(found) => {
                    let field = &self.fields[before[at + found]];
                    (place, at) = (before[at + found], at + found + 1);
                    if field.json == leaf.value {
                        field.raw()
                    } else {
                        [field.name, b"=", &value_of(&leaf.value)].concat()
                    }
                }
                None => {
                    let spelled = before.iter().find(|field| self.fields[**field].json == leaf.value);
                    let value = spelled.map(|field| self.fields[*field].value).filter(|value| !value.is_empty());
                    let value = value.map_or_else(|| [b"=", &*value_of(&leaf.value)].concat(), <[u8]>::to_vec);
                    [self.name(&leaf.name), value].concat()
                }
            };
            written.push((place, pair));
        }
        Ok(())
    }

    /// A name, with its brackets as the others have them.
    fn name(&self, name: &[u8]) -> Vec<u8> {
        let bare = self.fields.iter().any(|field| field.name.contains(&b'['));
        encode(name, |byte| bare && matches!(byte, b'[' | b']'))
    }
}

// === impl Field ===

impl Field<'_> {
    fn raw(&self) -> Vec<u8> {
        [self.name, self.value].concat()
    }

    /// With another first name; the brackets behind it and the value are spelled as they were.
    fn renamed(&self, key: &[u8], names: FieldNames) -> Vec<u8> {
        let brackets = if shape::path(&self.plain, names).1.is_empty() {
            self.name.len()..self.name.len()
        } else {
            self.brackets()
        };
        [&encode(key, |_| false), &self.name[brackets], self.value].concat()
    }

    /// The positions of brackets in the spelled name.
    fn brackets(&self) -> Range<usize> {
        let escaped = [&b"%5B"[..], b"%5b"].into_iter().filter_map(|open| memchr::memmem::find(self.name, open));
        let start = memchr::memchr(b'[', self.name).into_iter().chain(escaped).min();
        start.unwrap_or(self.name.len())..self.name.len()
    }
}

// === impl Unused ===

impl Unused {
    fn of(members: &[FormMember]) -> Self {
        let (mut exact, mut by_value, mut by_key) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (at, member) in members.iter().enumerate() {
            let both = (member.key.clone(), member.value.clone());
            exact.entry(both).or_insert_with(VecDeque::new).push_back(at);
            by_value.entry(member.value.clone()).or_insert_with(VecDeque::new).push_back(at);
            by_key.entry(member.key.clone()).or_insert_with(VecDeque::new).push_back(at);
        }
        Self { exact, by_value, by_key, used: vec![false; members.len()] }
    }

    fn same(&mut self, key: &[u8], value: &[u8]) -> Option<usize> {
        take(self.exact.get_mut(&(key.to_vec(), value.to_vec())), &mut self.used)
    }

    fn of_value(&mut self, value: &[u8]) -> Option<usize> {
        take(self.by_value.get_mut(value), &mut self.used)
    }

    fn knows(&self, key: &[u8]) -> bool {
        self.by_key.contains_key(key)
    }

    fn of_key(&mut self, key: &[u8]) -> Option<usize> {
        take(self.by_key.get_mut(key), &mut self.used)
    }
}

fn take(queue: Option<&mut VecDeque<usize>>, used: &mut [bool]) -> Option<usize> {
    let queue = queue?;
    while let Some(at) = queue.pop_front() {
        if !std::mem::replace(&mut used[at], true) {
            return Some(at);
        }
    }
    None
}

/// The text of a scalar, encoded.
fn value_of(json: &[u8]) -> Vec<u8> {
    encode(&plain_text(json), |_| false)
}

/// The text of a scalar.
pub(super) fn plain_text(json: &[u8]) -> Cow<'_, [u8]> {
    match ValueType::of(json) {
        ValueType::Text => text::unescape(text::inner(json)),
        _ => Cow::Borrowed(json),
    }
}

/// The WHATWG URL standard, §5.1: `+` is a space, and a `%` that begins no escape is one.
fn decode(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'%', b'+', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let spaced: Vec<u8> = raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_encoding::percent_decode(&spaced).collect())
}

/// §5.2 of the same.
fn encode(plain: &[u8], keeps: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(plain.len());
    for &byte in plain {
        match byte {
            b' ' => encoded.push(b'+'),
            b'*' | b'-' | b'.' | b'_' => encoded.push(byte),
            _ if byte.is_ascii_alphanumeric() || keeps(byte) => encoded.push(byte),
            _ => encoded.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    encoded
}
