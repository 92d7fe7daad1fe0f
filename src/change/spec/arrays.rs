//! The builders of ops on structure: arrays and objects that become one another, elements and members that go elsewhere.

use super::{KeyedSpec, OpKind, OpSpec, StructureSpec, When};
use crate::json::{ElementPosition, Many};

// === impl OpSpec ===

impl OpSpec {
    fn structure(op: StructureSpec) -> Self {
        Self::new(OpKind::Structure(op))
    }

    /// Splits a string into an array of strings, in its place. On the way back an element that has the separator in it is an
    /// error, unless [`with_lossy`](Self::with_lossy) allows that it becomes several.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"tags": "new,hot"} → {"tags": ["new", "hot"]}
    /// let op = OpSpec::split_list("/tags", ",");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn split_list(at: &str, on: &str) -> Self {
        Self::structure(StructureSpec::SplitList { at: at.into(), on: on.into(), lossy: false })
    }

    /// Joins an array of strings into a string, in its place: the reverse of [`split_list`](Self::split_list). An element that
    /// has the separator in it is an error, unless [`with_lossy`](Self::with_lossy) allows that it becomes several.
    #[must_use]
    pub fn join_list(at: &str, on: &str) -> Self {
        Self::structure(StructureSpec::JoinList { at: at.into(), on: on.into(), lossy: false })
    }

    /// Turns an object into an array: each member becomes an element, which has its name at `key`, a pointer such as
    /// `/name`. The value is the element itself, or is at [`with_value`](Self::with_value).
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"limits": {"cpu": 2}} → {"limits": [{"name": "cpu", "value": 2}]}
    /// let op = OpSpec::entries("/limits", "/name").with_value("/value");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn entries(from: &str, key: &str) -> Self {
        Self::structure(StructureSpec::Entries(KeyedSpec::new(from, key)))
    }

    /// Turns an array into an object, by the string at `key` of each element: the reverse of [`entries`](Self::entries). Two
    /// elements with the same string are an error.
    #[must_use]
    pub fn keyed(from: &str, key: &str) -> Self {
        Self::structure(StructureSpec::Keyed(KeyedSpec::new(from, key)))
    }

    /// For [`entries`](Self::entries) and [`keyed`](Self::keyed): where in an element the value is.
    #[must_use]
    pub fn with_value(mut self, pointer: &str) -> Self {
        if let OpKind::Structure(StructureSpec::Entries(keyed) | StructureSpec::Keyed(keyed)) = &mut self.op {
            keyed.value = Some(pointer.into());
        } else {
            self.misplaced("with_value");
        }
        self
    }

    /// For [`entries`](Self::entries) and [`keyed`](Self::keyed): where the result goes. Default: in place.
    #[must_use]
    pub fn with_to(mut self, pointer: &str) -> Self {
        if let OpKind::Structure(StructureSpec::Entries(keyed) | StructureSpec::Keyed(keyed)) = &mut self.op {
            keyed.to = Some(pointer.into());
        } else {
            self.misplaced("with_to");
        }
        self
    }

    /// Writes the number of elements of an array, or of members of an object, to another member.
    #[must_use]
    pub fn count(from: &str, to: &str) -> Self {
        Self::structure(StructureSpec::Count { from: from.into(), to: to.into() })
    }

    /// Takes one value into every element, or one value of all elements out: `to` or `from` has a `*` that the other does
    /// not have. `many` says whether all elements must have the same value, or the first counts and the others are lost.
    /// Where there is no element, the value would be lost: an error, unless [`with_lossy`](Self::with_lossy) is set.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    /// use sunward::json::Many;
    ///
    /// // {"currency": "EUR", "items": [{}]} → {"items": [{"currency": "EUR"}]}
    /// let op = OpSpec::move_many("/currency", "/items/*/currency", Many::Error);
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn move_many(from: &str, to: &str, many: Many) -> Self {
        Self::structure(StructureSpec::MoveMany { from: from.into(), to: to.into(), many, lossy: false })
    }

    /// Takes the first element out of an array, or with [`with_which`](Self::with_which) the first that meets it. On the way back
    /// it becomes the first. [`with_position`](Self::with_position) makes it the last.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"emails": ["a@b.c", "d@e.f"]} → {"email": "a@b.c", "emails": ["d@e.f"]}
    /// let op = OpSpec::pick("/emails", "/email");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn pick(list: &str, to: &str) -> Self {
        let (list, position) = (list.into(), ElementPosition::First);
        Self::structure(StructureSpec::Pick { list, which: None, position, to: to.into() })
    }

    /// Puts a value into an array as its first element: the reverse of [`pick`](Self::pick).
    #[must_use]
    pub fn put(from: &str, into: &str) -> Self {
        let (into, position) = (into.into(), ElementPosition::First);
        Self::structure(StructureSpec::Put { from: from.into(), into, which: None, position })
    }

    /// For [`pick`](Self::pick) and [`put`](Self::put): whether the element is the first or the last of those that count.
    /// Default: the first.
    #[must_use]
    pub fn with_position(mut self, end: ElementPosition) -> Self {
        if let OpKind::Structure(StructureSpec::Pick { position, .. } | StructureSpec::Put { position, .. }) =
            &mut self.op
        {
            *position = end;
        } else {
            self.misplaced("with_position");
        }
        self
    }

    /// Moves the elements that meet a condition into an array of their own. On the way back they are the last ones.
    ///
    /// ```
    /// use sunward::change::{OpSpec, When};
    ///
    /// // {"users": [{"bot": true}, {}]} → {"bots": [{"bot": true}], "users": [{}]}
    /// let op = OpSpec::partition("/users", When::present("/bot"), "/bots");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn partition(list: &str, which: When, to: &str) -> Self {
        Self::structure(StructureSpec::Partition { list: list.into(), which, to: to.into() })
    }

    /// Moves the members whose names begin with `prefix` into an object of their own, without the prefix.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"home_city": "Rome"} → {"home": {"city": "Rome"}}
    /// let op = OpSpec::nest("", "home_", "/home");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn nest(object: &str, prefix: &str, to: &str) -> Self {
        Self::structure(StructureSpec::Nest { object: object.into(), prefix: prefix.into(), to: to.into() })
    }

    /// Moves the members of an object into the object around it, with `prefix` before their names: the reverse of
    /// [`nest`](Self::nest).
    #[must_use]
    pub fn flatten(from: &str, prefix: &str) -> Self {
        Self::structure(StructureSpec::Flatten { from: from.into(), prefix: prefix.into() })
    }

    /// Takes the only member out of its object, whatever its name, which goes to `name`. An object with another number of
    /// members is an error.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"card": {"visa": {"last4": "42"}}} → {"card": {"last4": "42"}, "kind": "visa"}
    /// let op = OpSpec::unwrap_only("/card", "/kind");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn unwrap_only(at: &str, name: &str) -> Self {
        Self::structure(StructureSpec::Only { at: at.into(), name: Some(name.into()) })
    }

    /// Puts a value into an object under the name that is at `name`: the reverse of
    /// [`unwrap_only`](Self::unwrap_only).
    #[must_use]
    pub fn wrap_named(at: &str, name: &str) -> Self {
        Self::structure(StructureSpec::Named { at: at.into(), name: Some(name.into()) })
    }
}
