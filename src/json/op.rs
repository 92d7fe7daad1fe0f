//! What the interpreter does to a document: one [`Step`] after the other, each already turned into the direction it
//! runs in. The change language compiles to these; nothing here knows versions.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::policy::{Collision, Many, OnError, Otherwise};
use super::{
    Condition, Conversion, ExpressionOp, Literal, Mode, PatchOp, Pattern, Pointer, Reference, Renaming, Structure,
};

/// One op at every place it applies to.
#[derive(Clone)]
pub struct Step {
    /// The place of the resource in the document; `*` matches every element or member.
    pub resource: Pattern,
    /// From the resource to the node that the op's pointers start from: the path up to their last `*`, which all
    /// pointers of one op share. Empty when they have none.
    pub each: Pattern,
    /// Runs only where this holds.
    pub when: Option<Condition<Reference>>,
    /// What happens where `when` does not hold.
    pub otherwise: Otherwise,
    /// What to do.
    pub op: Op,
    /// What to do when a value is of the wrong kind.
    pub on_error: OnError,
    /// It fills in a constant (`add`, `restore`).
    pub constant: bool,
    /// The resource carries only some of its members here, so that what is absent is not missing: a constant is filled
    /// in only inside of an object that a step of the same change made, texts are joined only with all their parts, and
    /// arrays get back what belongs into them only if that is there, too.
    pub partial: bool,
    /// Which change it is of. Steps of one change have the same number, by which [`Migrated::changes`](super::Migrated::changes) names
    /// it. Numbers from 65 536 on are of no change.
    pub change: u32,
}

/// One op, in the direction it runs. All pointers start at the node that [`Step::each`] leads to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Op {
    /// Adds a member to an object that exists, unless it is there, be it as `null`.
    Add {
        /// The member.
        at: Pointer,
        /// Its value.
        value: Literal,
    },
    /// Copies the exact bytes of a value to a member of an object that exists, unless it is there, be it as `null`.
    Restore {
        /// The member.
        at: Pointer,
        /// The source.
        from: Reference,
    },
    /// Drops the member, all duplicates.
    Drop {
        /// The member.
        at: Pointer,
        /// Whether the objects that it leaves empty go as well, up to the node.
        prune: bool,
    },
    /// Copies the exact bytes of a value.
    Copy {
        /// The source.
        from: Pointer,
        /// The member to write.
        to: Pointer,
        /// What wins when it exists.
        collision: Collision,
    },
    /// Writes a text made of others.
    Compute {
        /// The member to write.
        at: Pointer,
        /// Its parts.
        template: Vec<TextPart>,
        /// What wins when it exists.
        collision: Collision,
    },
    /// Writes the values of expressions.
    Evaluate(ExpressionOp),
    /// Renames members in place, within one object.
    Rename {
        /// The object.
        object: Pointer,
        /// The name now.
        from: Box<str>,
        /// The name then.
        to: Box<str>,
        /// What wins when that exists.
        collision: Collision,
    },
    /// Takes a value from one place to another.
    Move {
        /// The source.
        from: Pointer,
        /// The member to write.
        to: Pointer,
        /// What wins when it exists.
        collision: Collision,
    },
    /// Puts the value into an array or object of its own.
    Wrap {
        /// The value.
        at: Pointer,
        /// What it is put into.
        into: Wrapper,
    },
    /// Takes the value out again.
    Unwrap {
        /// The value.
        at: Pointer,
        /// What it is in.
        from: Wrapper,
        /// Which elements of an array count, seen from the element; all, if `None`. The others are lost.
        which: Option<Condition<Pointer>>,
        /// What to do with an array in which several count.
        many: Many,
        /// Whether the other members of an object may be lost. If not, they are an error.
        lossy: bool,
    },
    /// Cuts a text into several members.
    Split {
        /// The text.
        at: Pointer,
        /// The members, at least two.
        into: Vec<Pointer>,
        /// The separator, not empty.
        on: Box<str>,
        /// What wins when one exists.
        collision: Collision,
    },
    /// Puts several texts together.
    Join {
        /// The texts.
        from: Vec<Pointer>,
        /// The member to write.
        to: Pointer,
        /// The separator.
        on: Box<str>,
        /// Whether the parts may be others when the text is split again. If not, that is an error.
        lossy: bool,
        /// What wins when it exists.
        collision: Collision,
    },
    /// Exchanges a value by a table.
    Map {
        /// The value.
        at: Pointer,
        /// From, to. Compared by value.
        pairs: Vec<(Literal, Literal)>,
        /// What becomes of a value that is not listed (never `null`).
        other: Other,
    },
    /// Writes the value in another form.
    Convert {
        /// The value.
        at: Pointer,
        /// The forms.
        conversion: Conversion,
    },
    /// Exchanges a URL for the one that leads to the same resource elsewhere: see [`LinkMapper`](super::LinkMapper). What is
    /// no string stays.
    Link {
        /// The value.
        at: Pointer,
        /// Which rules: another number for others, which may lead elsewhere.
        rules: u64,
    },
    /// Refuses every other value; changes nothing.
    Require {
        /// The value.
        at: Pointer,
        /// What must hold of it, seen from the value.
        must: Condition<Pointer>,
    },
    /// Writes the names of all members in another case. The elements of a list are as deep as the list.
    RenameAll {
        /// The value: an object, or what holds objects.
        at: Pointer,
        /// The rule.
        renaming: Arc<Renaming>,
        /// How many levels of objects; `None`: all.
        depth: Option<u32>,
    },
    /// Changes lists and objects.
    Structure(Structure),
    /// Runs a JSON Patch (RFC 6902) on the node.
    Patch(Vec<PatchOp>),
    /// Runs a function from Rust on the node.
    Custom(Custom),
}

/// A part of a computed text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextPart {
    /// As it is.
    Text(Box<str>),
    /// The text of the value there: a string's characters, a number's or boolean's spelling.
    Value(Reference),
    /// The parameter of this name in the path of the request: see
    /// [`MigrateOptions::with_path_parameters`](super::MigrateOptions::with_path_parameters).
    PathParameter(Box<str>),
    /// Another part, percent-encoded: of its bytes, only the unreserved characters of RFC 3986 §2.3 stay as they are.
    Encoded(Box<Self>),
}

/// What a value is wrapped into.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrapper {
    /// An array of one.
    Array,
    /// An object with this member.
    Member(Box<str>),
}

// === impl Wrapper ===

impl Wrapper {
    /// An object with one member, called `name`.
    #[must_use]
    pub fn member(name: &str) -> Self {
        Self::Member(name.into())
    }
}

/// What becomes of a value that a map does not list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Other {
    /// An error.
    Error,
    /// It stays.
    Keep,
    /// It becomes this.
    Value(Literal),
}

/// A function over a `serde_json::Value`. What it leaves equal keeps its bytes.
#[derive(Clone)]
pub struct Custom(Arc<CustomFn>);

type CustomFn = dyn Fn(&mut serde_json::Value) -> Result<(), String> + Send + Sync;

// === impl Step ===

impl Step {
    /// The op on the document, everywhere and always.
    #[must_use]
    pub fn new(op: Op) -> Self {
        Self {
            resource: Pattern::root(),
            each: Pattern::root(),
            when: None,
            otherwise: Otherwise::Skip,
            op,
            on_error: OnError::Fail,
            constant: false,
            partial: false,
            change: 0,
        }
    }
}

/// Without `change`: the same steps are written alike, whatever other changes there are.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, each, when, otherwise, op, on_error, constant, partial, change: _ } = self;
        let mut step = f.debug_struct("Step");
        step.field("resource", resource).field("each", each).field("when", when).field("op", op);
        step.field("otherwise", otherwise);
        step.field("on_error", on_error).field("constant", constant).field("partial", partial).finish()
    }
}

// === impl Mode ===

impl Mode {
    /// Whether absent members are not missing, see [`Step::partial`].
    pub(super) fn is_partial(self, step: &Step) -> bool {
        self != Self::Whole || step.partial
    }

    /// The steps that may do something: a constant of a partial body only behind a step of its change that makes objects.
    pub(super) fn running<'s>(self, steps: impl IntoIterator<Item = &'s Step>) -> Vec<&'s Step> {
        let mut makers = BTreeSet::new();
        let runs = |step: &&Step| {
            if step.op.makes_objects() {
                makers.insert(step.change);
            }
            !step.constant || !self.is_partial(step) || makers.contains(&step.change)
        };
        steps.into_iter().filter(runs).collect()
    }
}

// === impl Custom ===

impl Custom {
    /// Wraps `f`. Its error text ends up in the diagnostics and logs, never in front of a client.
    pub fn new(f: impl Fn(&mut serde_json::Value) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(f))
    }

    /// Runs it.
    ///
    /// # Errors
    /// What the function returns.
    pub fn call(&self, value: &mut serde_json::Value) -> Result<(), String> {
        (self.0)(value)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Custom").finish_non_exhaustive()
    }
}
