//! The ops on bodies.

use super::op::{RestoreSource, RestoreSpec};
use super::{Loss, OpKind, OpSpec, OtherSpec, When};
use crate::json::{Custom, Literal, Many, Test, Wrapper};

// === impl OpSpec ===

impl OpSpec {
    /// Adds a member where it is absent.
    #[must_use]
    pub fn add(at: &str, value: impl Into<Literal>) -> Self {
        Self::new(OpKind::Add { at: at.into(), value: Some(value.into()) })
    }

    /// A new member that messages may have, and that has no default. Nothing is added; a change that is
    /// [strict](super::Change::with_strict) removes it from messages for the old side.
    #[must_use]
    pub fn add_optional(at: &str) -> Self {
        Self::new(OpKind::Add { at: at.into(), value: None })
    }

    /// Copies the exact bytes of a value.
    #[must_use]
    pub fn copy(from: &str, to: &str) -> Self {
        Self::new(OpKind::Copy { from: from.into(), to: to.into() })
    }

    /// Writes a text made of others: `"{/first} {/last}"`.
    #[must_use]
    pub fn compute(at: &str, template: &str) -> Self {
        Self::new(OpKind::Compute { at: at.into(), template: template.into() })
    }

    /// Computes a member by an expression of the Common Expression Language, in which `self` is the object that `at` starts
    /// from: the element of its last `*`, or the resource. It needs the feature `cel`.
    #[must_use]
    pub fn compute_cel(at: &str, cel: &str) -> Self {
        Self::new(OpKind::Evaluate { at: at.into(), cel: cel.into(), back: Vec::new(), lossy: false })
    }

    /// For [`compute_cel`](Self::compute_cel): the member takes the place of this one, and the expression gives its value
    /// again on the way back. A message that would not come back as it was is refused, unless [`lossy`](Self::lossy)
    /// says otherwise.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// let visibility = OpSpec::compute_cel("/visibility", "self.private ? 'private' : 'public'")
    ///     .in_place_of("/private", "self.visibility == 'private'");
    /// # let _ = visibility;
    /// ```
    #[must_use]
    pub fn in_place_of(mut self, member: &str, cel: &str) -> Self {
        if let OpKind::Evaluate { back, .. } = &mut self.op {
            back.push((member.into(), cel.into()));
        }
        self
    }

    /// Renames a member within its object; its place is kept.
    #[must_use]
    pub fn rename(from: &str, to: &str) -> Self {
        Self::new(OpKind::Rename { from: from.into(), to: to.into() })
    }

    /// Takes a value to another place.
    #[must_use]
    pub fn relocate(from: &str, to: &str) -> Self {
        Self::new(OpKind::Move { from: from.into(), to: to.into() })
    }

    /// Removes a member. The old side gets `restore` back where it is absent.
    #[must_use]
    pub fn remove(at: &str, restore: impl Into<Literal>) -> Self {
        Self::removal(at, RestoreSpec { source: None, value: Some(restore.into()) }, false)
    }

    /// Removes a member whose value is also at `from`. The old side gets a copy of that value where the member is absent.
    #[must_use]
    pub fn remove_copy(at: &str, from: &str) -> Self {
        let source = Some(RestoreSource::Place(from.into()));
        Self::removal(at, RestoreSpec { source, value: None }, false)
    }

    /// Removes a string that is made of other values, by a template as for [`compute`](Self::compute). The old side gets the
    /// string where the member is absent.
    #[must_use]
    pub fn remove_computed(at: &str, template: &str) -> Self {
        let source = Some(RestoreSource::Text(template.into()));
        Self::removal(at, RestoreSpec { source, value: None }, false)
    }

    /// For [`remove_copy`](Self::remove_copy) and [`remove_computed`](Self::remove_computed): what the old side gets if the
    /// values that the member is made of are absent.
    #[must_use]
    pub fn or_restore(mut self, value: impl Into<Literal>) -> Self {
        if let OpKind::Remove { restore, .. } = &mut self.op {
            restore.value = Some(value.into());
        }
        self
    }

    fn removal(at: &str, restore: RestoreSpec, lossy: bool) -> Self {
        Self::new(OpKind::Remove { at: at.into(), restore, lossy })
    }

    /// Removes a member that the old side has to do without.
    #[must_use]
    pub fn remove_lossy(at: &str) -> Self {
        Self::removal(at, RestoreSpec::default(), true)
    }

    /// Puts a value into an array or object of its own. The way back is an error where it would lose other members or
    /// elements, unless [`lossy`](Self::lossy) or [`which_equals`](Self::which_equals) says so.
    #[must_use]
    pub fn wrap(at: &str, into: Wrapper) -> Self {
        Self::new(OpKind::Wrap { at: at.into(), into, loss: Loss::default() })
    }

    /// Takes a value out of its array or object. It is an error where other members or elements would be lost, unless
    /// [`lossy`](Self::lossy) or [`which_equals`](Self::which_equals) says so.
    #[must_use]
    pub fn unwrap(at: &str, from: Wrapper, many: Many) -> Self {
        Self::new(OpKind::Unwrap { at: at.into(), from, loss: Loss { many, ..Loss::default() } })
    }

    /// Refuses messages in which the value at `at` is another one, both ways; where it is absent, nothing happens. For
    /// what one side can say and the other cannot read: amounts that are not in euros.
    #[must_use]
    pub fn require(at: &str, equals: impl Into<Literal>) -> Self {
        Self::require_that(at, When::own(Test::Equals(equals.into())))
    }

    /// Refuses messages in which the condition does not hold of the value at `at`, both ways. It speaks of that value, so it
    /// has no pointers of its own: `When::own(Test::In(…))`.
    #[must_use]
    pub fn require_that(at: &str, must: When) -> Self {
        Self::new(OpKind::Require { at: at.into(), must })
    }

    /// Cuts a text at the first separators.
    #[must_use]
    pub fn split(at: &str, into: &[&str], on: &str) -> Self {
        let into = into.iter().map(|target| (*target).into()).collect();
        Self::new(OpKind::Split { at: at.into(), into, on: on.into() })
    }

    /// Puts several texts together.
    #[must_use]
    pub fn join(from: &[&str], to: &str, on: &str) -> Self {
        let from = from.iter().map(|source| (*source).into()).collect();
        Self::new(OpKind::Join { from, to: to.into(), on: on.into() })
    }

    /// Exchanges values by a table; a value that is not listed is an error.
    #[must_use]
    pub fn map(at: &str, pairs: Vec<(Literal, Literal)>) -> Self {
        Self::new(OpKind::Map { at: at.into(), pairs, other: OtherSpec::Error, back: Vec::new() })
    }

    /// As [`OpSpec::map`]; values that are not listed stay as they are, both ways.
    #[must_use]
    pub fn map_or_keep(at: &str, pairs: Vec<(Literal, Literal)>) -> Self {
        Self::new(OpKind::Map { at: at.into(), pairs, other: OtherSpec::Keep, back: Vec::new() })
    }

    /// As [`OpSpec::map`]; values that are not listed become `other`, both ways. Where two old values become one new
    /// one, `back` says which it was: new, then old.
    #[must_use]
    pub fn map_or(
        at: &str,
        pairs: Vec<(Literal, Literal)>,
        other: impl Into<Literal>,
        back: Vec<(Literal, Literal)>,
    ) -> Self {
        Self::new(OpKind::Map { at: at.into(), pairs, other: OtherSpec::Value(other.into()), back })
    }

    /// Which old value a new one goes back to, where two old ones of a [`map`](Self::map) become one: new, then old.
    #[must_use]
    pub fn with_back(mut self, pairs: Vec<(Literal, Literal)>) -> Self {
        if let OpKind::Map { back, .. } = &mut self.op {
            *back = pairs;
        }
        self
    }

    /// Writes a value in another form: `number`, `string`, `integer`, `decimal`, `unix-seconds`, `unix-millis`,
    /// `rfc3339`.
    #[must_use]
    pub fn convert(at: &str, from: &str, to: &str) -> Self {
        Self::new(OpKind::Convert { at: at.into(), from: from.into(), to: to.into(), scale: None })
    }

    /// The digits after the point of a [`convert`](Self::convert) between `integer` and `decimal`, which needs it.
    #[must_use]
    pub fn with_scale(mut self, digits: u32) -> Self {
        if let OpKind::Convert { scale, .. } = &mut self.op {
            *scale = Some(digits);
        }
        self
    }

    /// Runs a JSON Patch (RFC 6902), and `back` on the way back.
    #[must_use]
    pub fn patch(ops: impl Into<Literal>, back: impl Into<Literal>) -> Self {
        Self::new(OpKind::Patch { ops: ops.into(), back: Some(back.into()) })
    }

    /// Runs a function, and another one on the way back. Forces the body to be read as a whole.
    pub fn custom(
        up: impl Fn(&mut serde_json::Value) -> Result<(), String> + Send + Sync + 'static,
        down: impl Fn(&mut serde_json::Value) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(OpKind::Custom { up: Custom::new(up), down: Custom::new(down) })
    }

    /// A typed pair: the old and the new shape as Rust types, and how one becomes the other. Members that the types
    /// do not name are lost, so the types should be complete.
    pub fn typed<Old, New>(
        up: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static,
        down: impl Fn(New) -> Result<Old, String> + Send + Sync + 'static,
    ) -> Self
    where
        Old: serde::de::DeserializeOwned + serde::Serialize,
        New: serde::de::DeserializeOwned + serde::Serialize,
    {
        Self::custom(move |value| through(value, &up), move |value| through(value, &down))
    }
}

fn through<A, B>(value: &mut serde_json::Value, f: &impl Fn(A) -> Result<B, String>) -> Result<(), String>
where
    A: serde::de::DeserializeOwned,
    B: serde::Serialize,
{
    let from = serde_json::from_value(value.take()).map_err(|e| e.to_string())?;
    *value = serde_json::to_value(f(from)?).map_err(|e| e.to_string())?;
    Ok(())
}
