//! Ops on the structure of a document: lists and objects that become one another, elements that go elsewhere, members
//! that go into an object of their own and come out of it.

mod count;
mod element;
mod keyed;
mod names;
mod only;
mod prefix;
mod run;
mod spread;
mod text_list;
mod words;

use super::touch::Touch;
use super::{Collision, Condition, Many, Pattern, Pointer};

/// An op on structure, in the direction it runs. Pointers start at the node that [`Step::each`](super::Step::each)
/// leads to; `key`, `value` and conditions of elements start at the element.
///
/// Each one runs completely or fails. A loss of data is an error, unless a field of the op allows it. If its source is
/// absent, an op does nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Structure {
    /// Cuts a text at every separator; the parts are the elements of a list. An empty text is an empty list.
    SplitList {
        /// The text.
        at: Pointer,
        /// The separator, not empty.
        on: Box<str>,
    },
    /// Puts the texts of a list together.
    JoinList {
        /// The list.
        at: Pointer,
        /// The separator, not empty.
        on: Box<str>,
        /// Elements may be lost as such: one that has the separator in it, or a single empty text. If not, they are an
        /// error.
        lossy: bool,
    },
    /// Makes a list of an object: one element for each member, in their order.
    Entries {
        /// The object.
        from: Pointer,
        /// Where the list is written.
        to: Pointer,
        /// The member of an element that gets the name.
        key: Box<str>,
        /// The member of an element that gets the value; `None`: the value is an object, and itself the element.
        value: Option<Box<str>>,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Makes an object of a list: the way back of [`Structure::Entries`].
    Keyed {
        /// The list.
        from: Pointer,
        /// Where the object is written.
        to: Pointer,
        /// The member of an element that is the name: a text, another one in each element.
        key: Box<str>,
        /// The member of an element that is the value; `None`: the element itself, without `key`.
        value: Option<Box<str>>,
        /// Whether the other members of an element may be lost.
        lossy: bool,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Writes the number of elements of an array, or of members of an object.
    Count {
        /// The array or object.
        from: Pointer,
        /// Where the number is written; the same as `from`: in its place.
        to: Pointer,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Takes a value into every element.
    Spread {
        /// The value.
        from: Pointer,
        /// The member of each element: a pattern with a star.
        to: Pattern,
        /// Whether the value may be lost where there is no element.
        lossy: bool,
        /// What wins when an element has the member.
        collision: Collision,
    },
    /// Takes one value out of all elements: the way back of [`Structure::Spread`].
    Gather {
        /// The member of each element: a pattern with a star.
        from: Pattern,
        /// Where the value is written.
        to: Pointer,
        /// Whether all elements must have the same value, or the first value is taken and the others are lost.
        many: Many,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Takes one element out of its list.
    Pick {
        /// The list.
        list: Pointer,
        /// Which elements count; `None`: all.
        which: Option<Condition<Pointer>>,
        /// Which of those that count.
        position: ElementPosition,
        /// Where it is written.
        to: Pointer,
        /// Whether a list that is left empty goes, too.
        drop_empty: bool,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Puts a value into a list as its first or last element: the way back of [`Structure::Pick`].
    Put {
        /// The value.
        from: Pointer,
        /// The list; it is made where it is absent.
        list: Pointer,
        /// What the value must meet.
        which: Option<Condition<Pointer>>,
        /// Where in the list.
        position: ElementPosition,
    },
    /// Takes the elements that meet a condition into a list of their own.
    Partition {
        /// The list.
        list: Pointer,
        /// Which elements go.
        which: Condition<Pointer>,
        /// Where their list is written, also if it is empty.
        to: Pointer,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Appends one list to another: the way back of [`Structure::Partition`].
    Merge {
        /// The list that is appended; its elements must meet the condition.
        from: Pointer,
        /// The other; its elements must not meet it.
        list: Pointer,
        /// The condition.
        which: Condition<Pointer>,
    },
    /// Takes the members whose names begin with a prefix into an object of their own, without the prefix.
    Nest {
        /// The object that has the members.
        object: Pointer,
        /// The prefix, not empty.
        prefix: Box<str>,
        /// Where the new object is written.
        to: Pointer,
        /// What wins when `to` exists.
        collision: Collision,
    },
    /// Takes all members of an object into another one, with a prefix: the way back of [`Structure::Nest`].
    Flatten {
        /// The object whose members go.
        from: Pointer,
        /// The object that gets them.
        object: Pointer,
        /// The prefix.
        prefix: Box<str>,
        /// What wins when a member of the name exists.
        collision: Collision,
    },
    /// Takes the only member out of its object, whatever its name; the name is written elsewhere.
    Only {
        /// The object.
        at: Pointer,
        /// Where the name is written; it may lie inside of the member's value.
        name: Pointer,
        /// What wins when `name` exists.
        collision: Collision,
    },
    /// Puts a value into an object of its own, under a name that the document says: the way back of
    /// [`Structure::Only`].
    Named {
        /// The value.
        at: Pointer,
        /// Where the name is.
        name: Pointer,
    },
}

/// One end of an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElementPosition {
    /// The front.
    #[default]
    First,
    /// The end.
    Last,
}

// === impl Structure ===

impl Structure {
    /// Every place that it names, and what it does there. Of a pattern the part before its first star.
    pub(super) fn touches(&self) -> Vec<(Pointer, Touch)> {
        use Touch::{Alters, Reads, Takes, Writes};
        let own = |at: &Pointer, touch| (at.clone(), touch);
        match self {
            Self::SplitList { at, .. } | Self::JoinList { at, .. } => vec![own(at, Alters)],
            Self::Entries { from, to, .. } | Self::Keyed { from, to, .. } if from == to => vec![own(from, Alters)],
            Self::Entries { from, to, .. } | Self::Keyed { from, to, .. } => vec![own(from, Takes), own(to, Writes)],
            Self::Count { from, to, .. } if from == to => vec![own(from, Alters)],
            Self::Count { from, to, .. } => vec![own(from, Reads), own(to, Writes)],
            Self::Spread { from, to, .. } => vec![own(from, Takes), (before_star(to), Reads)],
            Self::Gather { from, to, .. } => vec![(before_star(from), Reads), own(to, Writes)],
            Self::Pick { list, to, .. } | Self::Partition { list, to, .. } => vec![own(list, Alters), own(to, Writes)],
            Self::Put { from, list, .. } | Self::Merge { from, list, .. } => vec![own(from, Takes), own(list, Alters)],
            Self::Nest { object, to, .. } => vec![own(object, Reads), own(to, Writes)],
            Self::Flatten { from, object, .. } => vec![own(from, Takes), own(object, Reads)],
            Self::Only { at, name, .. } => vec![own(at, Alters), own(name, Writes)],
            Self::Named { at, name } => vec![own(at, Alters), own(name, Takes)],
        }
    }

    /// The value that becomes another in its place, if nothing else is looked at.
    pub(super) fn in_place(&self) -> Option<&Pointer> {
        match self {
            Self::SplitList { at, .. } | Self::JoinList { at, .. } => Some(at),
            Self::Entries { from, to, .. } | Self::Keyed { from, to, .. } | Self::Count { from, to, .. } => {
                (from == to).then_some(from)
            }
            _ => None,
        }
    }

    /// Says another place of the value, for one that is [`in_place`](Self::in_place).
    pub(super) fn move_to(&mut self, place: Pointer) {
        match self {
            Self::SplitList { at, .. } | Self::JoinList { at, .. } => *at = place,
            Self::Entries { from, to, .. } | Self::Keyed { from, to, .. } | Self::Count { from, to, .. }
                if from == to =>
            {
                (*from, *to) = (place.clone(), place);
            }
            _ => {}
        }
    }
}

fn before_star(pattern: &Pattern) -> Pointer {
    let keys = pattern.segments().iter().map_while(|segment| match segment {
        super::Segment::Key(key) => Some(key.clone()),
        _ => None,
    });
    Pointer::from_tokens(keys)
}
