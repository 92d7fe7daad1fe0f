use std::borrow::Cow;
use std::fmt;

use super::{Pointer, text};

/// Why a document was not migrated.
///
/// The message names places, JSON types and limits, never a value. The error of a custom function is the `source()`.
pub struct MigrateError {
    kind: Box<ErrorKind>,
}

#[derive(Debug)]
enum ErrorKind {
    Syntax {
        offset: usize,
        wanted: &'static str,
    },
    Depth {
        offset: usize,
        limit: usize,
    },
    Size {
        size: usize,
        limit: usize,
    },
    /// What the steps made of it.
    Growth {
        limit: usize,
    },
    /// `inside`: the pointer starts at a value somewhere in the document.
    Value {
        pointer: Pointer,
        reason: Reason,
        change: Option<u32>,
        inside: bool,
    },
    Malformed {
        pointer: Pointer,
        why: &'static str,
    },
    PatchTarget {
        pointer: Pointer,
        why: &'static str,
    },
    Form {
        offset: usize,
        why: &'static str,
    },
    Fields {
        limit: usize,
    },
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) enum Reason {
    /// It has another JSON type.
    Wanted { wanted: Cow<'static, str>, found: &'static str },
    /// A map does not list it; `known` is filled in once the document is refused for it.
    Unlisted { found: &'static str, known: Box<str> },
    /// A value that a map leaves as it is, and that another value becomes.
    Ambiguous,
    /// An array of several elements where one is required.
    Many { elements: usize },
    /// An object with other members than the one that is taken out.
    Siblings,
    /// An object without the member that is taken out.
    Missing { name: Box<str> },
    /// Another value than the one that is required.
    Required,
    /// A value for which the condition of an op does not hold, where it must.
    Unmet,
    /// A partial body without a member that the condition of an op looks at.
    Undecided,
    /// A merge patch that replaces an object of which the versions have different members.
    Torn,
    /// A merge patch with an object that is inside an array, or in a string, in the other version.
    Merged,
    /// A merge patch with an object, over one that may have members which this one lacks.
    Overlaid,
    /// An empty array in a place that cannot be left out.
    Nothing,
    /// An empty array in a partial body, in which what is absent stays as it is stored.
    Uncleared,
    /// The source is inside its target, or the target inside the source.
    Inside,
    /// Parts of which a joined string would not be split again.
    Parts,
    /// A partial body with only some parts of a joined string.
    SomeParts,
    /// The place is the whole document, which cannot be removed.
    Root,
    /// A JSON Patch that does not apply.
    Patch(&'static str),
    /// A value that a form field cannot contain.
    Unformed,
    /// A value of a partial body for which a form has no field.
    Inexpressible,
    /// A field that occurs several times in a form, where an op takes one value.
    Repeated,
    /// A value with a line that would end its part of a multipart form.
    Boundary,
    /// A file of a form that would have to be written twice.
    Twice,
    /// A name that cannot be converted to the other case and back.
    Name,
    /// A name that stays, and that another name becomes.
    TakenName,
    /// An op on structure cannot process it.
    Structure(&'static str),
    /// An expression has no value.
    Expression { source: Box<str>, why: &'static str },
    /// The way back would give a different value.
    Irreversible,
    /// A value that becomes `null` in a merge patch, where that deletes the member.
    Deletes,
    /// A partial body without all members that an expression reads; `missing`: those that it does not have.
    Hidden { missing: Box<str> },
    /// A parameter of the request's path that is not known.
    Parameter { name: Box<str> },
    /// A custom function rejected it.
    Custom(CustomError),
}

/// The error of a custom function.
#[derive(Debug)]
pub(super) struct CustomError(pub(super) String);

// === impl MigrateError ===

impl MigrateError {
    pub(super) fn syntax(offset: usize, wanted: &'static str) -> Self {
        ErrorKind::Syntax { offset, wanted }.into()
    }

    pub(super) fn depth(offset: usize, limit: usize) -> Self {
        ErrorKind::Depth { offset, limit }.into()
    }

    pub(super) fn size(size: usize, limit: usize) -> Self {
        ErrorKind::Size { size, limit }.into()
    }

    pub(super) fn growth(limit: usize) -> Self {
        ErrorKind::Growth { limit }.into()
    }

    pub(super) fn value(pointer: Pointer, reason: Reason) -> Self {
        ErrorKind::Value { pointer, reason, change: None, inside: false }.into()
    }

    /// The value was refused by a step of this change.
    pub(super) fn of_change(mut self, number: u32) -> Self {
        if let ErrorKind::Value { change, .. } = &mut *self.kind {
            *change = Some(number);
        }
        self
    }

    /// The error of a part of a document, of whose place no more than the name of the member may be known.
    pub(super) fn inside(mut self, name: Option<&str>) -> Self {
        if let ErrorKind::Value { pointer, inside, .. } = &mut *self.kind {
            *inside = true;
            if let Some(name) = name {
                *pointer = Pointer::from_tokens([name]).join(pointer);
            }
        }
        self
    }

    /// The change that refused a value, by the number of its steps.
    pub(crate) fn change(&self) -> Option<u32> {
        match *self.kind {
            ErrorKind::Value { change, .. } => change,
            _ => None,
        }
    }

    /// A member by its name alone: the engine does not keep the path to it.
    pub(super) fn name(name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name).into_owned();
        Self::value(Pointer::from_tokens([name]), Reason::Name)
    }

    /// The same for one that would stay and come back as another one.
    pub(super) fn taken_name(name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name).into_owned();
        Self::value(Pointer::from_tokens([name]), Reason::TakenName)
    }

    /// A field that occurs several times, by its key in quotes.
    pub(super) fn repeated(key: &[u8]) -> Self {
        let name = String::from_utf8_lossy(&text::unescape(text::inner(key))).into_owned();
        Self::value(Pointer::from_tokens([name]), Reason::Repeated)
    }

    pub(super) fn malformed_patch(pointer: Pointer, why: &'static str) -> Self {
        ErrorKind::Malformed { pointer, why }.into()
    }

    pub(super) fn patch_target(pointer: Pointer, why: &'static str) -> Self {
        ErrorKind::PatchTarget { pointer, why }.into()
    }

    /// A body that is not a form; `offset` is the byte of the body.
    pub(crate) fn malformed_form(offset: usize, why: &'static str) -> Self {
        ErrorKind::Form { offset, why }.into()
    }

    /// A form with more than `limit` fields.
    pub(super) fn fields(limit: usize) -> Self {
        ErrorKind::Fields { limit }.into()
    }

    /// Whether the body is malformed: not JSON (RFC 8259), not a form, or not an array of JSON Patch operations (RFC 6902 §3, §4).
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        matches!(*self.kind, ErrorKind::Syntax { .. } | ErrorKind::Malformed { .. } | ErrorKind::Form { .. })
    }

    /// Whether the document is too deep or too large, or a form has too many fields.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(
            *self.kind,
            ErrorKind::Depth { .. } | ErrorKind::Size { .. } | ErrorKind::Growth { .. } | ErrorKind::Fields { .. }
        )
    }

    /// Whether an op met a value that it cannot process.
    #[must_use]
    pub fn is_value(&self) -> bool {
        matches!(*self.kind, ErrorKind::Value { .. })
    }

    /// Whether a JSON Patch body names a place that has no single counterpart in the other version.
    #[must_use]
    pub fn is_patch_target(&self) -> bool {
        matches!(*self.kind, ErrorKind::PatchTarget { .. })
    }

    /// The byte of the body where the syntax is wrong or the nesting too deep.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        match *self.kind {
            ErrorKind::Syntax { offset, .. } | ErrorKind::Depth { offset, .. } | ErrorKind::Form { offset, .. } => {
                Some(offset)
            }
            _ => None,
        }
    }

    /// The place of the rejected value, or the path of the JSON Patch operation.
    ///
    /// Of a document that is migrated as it passes, only the last part of the place may be known: `…/name`.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        match &*self.kind {
            ErrorKind::Value { pointer, inside: true, .. } => (!pointer.is_root()).then(|| format!("…{pointer}")),
            ErrorKind::Value { pointer, .. }
            | ErrorKind::Malformed { pointer, .. }
            | ErrorKind::PatchTarget { pointer, .. } => Some(pointer.to_string()),
            _ => None,
        }
    }
}

impl From<ErrorKind> for MigrateError {
    fn from(kind: ErrorKind) -> Self {
        Self { kind: Box::new(kind) }
    }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            ErrorKind::Syntax { offset, wanted } => write!(f, "not JSON: expected {wanted} at byte {offset}"),
            ErrorKind::Depth { offset, limit } => write!(f, "more than {limit} levels deep at byte {offset}"),
            ErrorKind::Size { size, limit } => write!(f, "{size} bytes, more than the limit of {limit}"),
            ErrorKind::Growth { limit } => write!(f, "its changes add more than the limit of {limit} bytes"),
            ErrorKind::Value { pointer, reason, inside: true, .. } => match pointer.is_root() {
                true => write!(f, "{reason}"),
                false => write!(f, "{reason} at `…{pointer}`"),
            },
            ErrorKind::Value { pointer, reason, .. } if pointer.is_root() => write!(f, "{reason} at the root"),
            ErrorKind::Value { pointer, reason, .. } => write!(f, "{reason} at `{pointer}`"),
            ErrorKind::Malformed { pointer, why } if pointer.is_root() => write!(f, "not a JSON Patch: {why}"),
            ErrorKind::Malformed { pointer, why } => write!(f, "not a JSON Patch: {why} at `{pointer}`"),
            ErrorKind::Form { offset, why } => write!(f, "not a form: {why}, at byte {offset}"),
            ErrorKind::Fields { limit } => write!(f, "more than {limit} fields"),
            ErrorKind::PatchTarget { pointer, why } if pointer.is_root() => {
                write!(f, "a patch of the whole document cannot be migrated: {why}")
            }
            ErrorKind::PatchTarget { pointer, why } => write!(f, "a patch of `{pointer}` cannot be migrated: {why}"),
        }
    }
}

impl fmt::Debug for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MigrateError").field(&self.kind).finish()
    }
}

impl std::error::Error for MigrateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            ErrorKind::Value { reason: Reason::Custom(cause), .. } => Some(cause),
            _ => None,
        }
    }
}

// === impl Reason ===

/// How many characters of the text of a config file an error has.
const EXCERPT: usize = 60;

impl Reason {
    /// A value that is not among those that are `listed`, as JSON.
    pub(super) fn unlisted<'t>(found: &'static str, listed: impl ExactSizeIterator<Item = &'t str>) -> Self {
        const SHOWN: usize = 10;
        let more = listed.len().saturating_sub(SHOWN);
        let mut known: Vec<Cow<'_, str>> = listed.take(SHOWN).map(excerpt).collect();
        if more > 0 {
            known.push(format!("and {more} more").into());
        }
        Self::Unlisted { found, known: known.join(", ").into() }
    }

    /// A partial body that does not have these members.
    pub(super) fn hidden(missing: &[Pointer]) -> Self {
        let names: Vec<String> = missing.iter().map(|pointer| format!("`{pointer}`")).collect();
        Self::Hidden { missing: names.join(", ").into() }
    }

    pub(super) fn expression(source: &str, why: &'static str) -> Self {
        Self::Expression { source: excerpt(source).into(), why }
    }
}

fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted { wanted, found } => write!(f, "expected {wanted}, found {found}"),
            Self::Unlisted { found, known } => write!(f, "the map does not list this value ({found}; known: {known})"),
            Self::Ambiguous => f.write_str(
                "the map does not list this value and gives it to another one, so it would come back as that one",
            ),
            Self::Many { elements } => write!(f, "expected an array of one element, found {elements}"),
            Self::Siblings => f.write_str("the other members of the object would be lost"),
            Self::Missing { name } => write!(f, "the object does not have the member `{name}`"),
            Self::Required => f.write_str("the value is not the required one"),
            Self::Unmet => f.write_str("the condition of an op does not hold (`else = \"fail\"`)"),
            Self::Undecided => f.write_str(
                "the result depends on a member that is not in the partial body, and that the condition of an op looks \
                 at: send it as well",
            ),
            Self::Torn => f.write_str(
                "the merge patch replaces or deletes an object, and a value is moved into it or out of it: patch its \
                 members",
            ),
            Self::Merged => f.write_str(
                "a merge patch changes single members of an object, and in the other version the object is part of a \
                 value that is replaced as a whole",
            ),
            Self::Overlaid => f.write_str(
                "a merge patch keeps stored members that the map's object does not have, and another object of the map has",
            ),
            Self::Nothing => f.write_str("the array is empty"),
            Self::Uncleared => f.write_str(
                "the array is empty, and a partial body cannot say that the member is removed: send null or an element",
            ),
            Self::Inside => f.write_str("the value is inside its own target"),
            Self::Parts => f.write_str("the parts would not come back from the joined string"),
            Self::SomeParts => {
                f.write_str("the partial body has only some parts of a joined string: send all of them, or none")
            }
            Self::Root => f.write_str("the whole document cannot be removed"),
            Self::Patch(why) => write!(f, "the JSON Patch does not apply: {why}"),
            Self::Unformed => f.write_str("a form with plain field names cannot contain an object or an array"),
            Self::Inexpressible => f.write_str(
                "a form cannot express null or an empty array or object, and without it the stored value would stay",
            ),
            Self::Repeated => f.write_str("the field occurs more than once, and the op takes one value"),
            Self::Boundary => f.write_str("the value contains the boundary of the form, which would end its part"),
            Self::Twice => f.write_str("the file would have to be written twice"),
            Self::Name => f.write_str("the member name cannot be converted to the other case and back"),
            Self::TakenName => f.write_str("two members would have the same name: one that stays, and one that is converted"),
            Self::Structure(what) => f.write_str(what),
            Self::Expression { source, why } => write!(f, "the expression `{source}` cannot be computed: {why}"),
            Self::Irreversible => f.write_str("the expressions of `back` give a different value"),
            Self::Deletes => f.write_str("the value becomes null, and a merge patch cannot set a member to null"),
            Self::Hidden { missing } => write!(
                f,
                "the partial body has only some of the members that an expression reads: send all of them, also {missing}, \
                 or none"
            ),
            Self::Parameter { name } => {
                write!(f, "the parameter `{name}` of the request's path, which a template contains, is not known")
            }
            Self::Custom(_) => f.write_str("the custom function rejected the value"),
        }
    }
}

// === impl CustomError ===

impl fmt::Display for CustomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CustomError {}
