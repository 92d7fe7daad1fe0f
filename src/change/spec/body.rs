//! The ops on bodies.

use super::{HeadSpec, Loss, OpKind, OpSpec, ReplaceSpec, RestoreSource, RestoreSpec, ValueFormat, When};
use crate::json::{Custom, Literal, Other, Test, Wrapper};

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
    /// again on the way back. A message that would not come back as it was is refused, unless [`with_lossy`](Self::with_lossy)
    /// allows it.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// let visibility = OpSpec::compute_cel("/visibility", "self.private ? 'private' : 'public'")
    ///     .with_back_cel("/private", "self.visibility == 'private'");
    /// # let _ = visibility;
    /// ```
    #[must_use]
    pub fn with_back_cel(mut self, member: &str, cel: &str) -> Self {
        match &mut self.op {
            OpKind::Evaluate { back, .. } => back.push((member.into(), cel.into())),
            _ => self.misplaced("with_back_cel"),
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

    /// Removes a member. It needs [`with_restore`](Self::with_restore), the value for the old side, or
    /// [`with_lossy`](Self::with_lossy) if the old side gets none.
    #[must_use]
    pub fn remove(at: &str) -> Self {
        Self::new(OpKind::Remove { at: at.into(), restore: RestoreSpec::default(), lossy: false })
    }

    /// For [`remove`](Self::remove), [`remove_header`](Self::remove_header) and [`remove_query`](Self::remove_query): what
    /// the old side gets where it is absent. A header or a query parameter gets a string as it is, and another value as
    /// JSON text.
    #[must_use]
    pub fn with_restore(mut self, value: impl Into<Literal>) -> Self {
        let value = value.into();
        match &mut self.op {
            OpKind::Remove { restore, .. } => restore.value = Some(value),
            OpKind::Head(HeadSpec::RemoveHeader { restore, .. } | HeadSpec::RemoveQuery { restore, .. }) => {
                *restore = Some(value.to_text());
            }
            _ => self.misplaced("with_restore"),
        }
        self
    }

    /// For [`remove`](Self::remove): the place of another value in the message that the old side gets a copy of, where the
    /// member is absent. [`with_restore`](Self::with_restore) says what it gets if there is nothing either.
    #[must_use]
    pub fn with_restore_from(mut self, from: &str) -> Self {
        self.set_restore_source(RestoreSource::Place(from.into()), "with_restore_from");
        self
    }

    /// For [`remove`](Self::remove): a template, as for [`compute`](Self::compute), of the string that the old side gets
    /// where the member is absent. [`with_restore`](Self::with_restore) says what it gets if a value of the template is
    /// absent.
    #[must_use]
    pub fn with_restore_text(mut self, template: &str) -> Self {
        self.set_restore_source(RestoreSource::Text(template.into()), "with_restore_text");
        self
    }

    fn set_restore_source(&mut self, source: RestoreSource, setter: &'static str) {
        match &mut self.op {
            OpKind::Remove { restore, .. } => restore.source = Some(source),
            _ => self.misplaced(setter),
        }
    }

    /// Puts a value into an array or object of its own. The way back is an error where it would lose other members or
    /// elements, unless [`with_lossy`](Self::with_lossy) or [`with_which`](Self::with_which) says so.
    #[must_use]
    pub fn wrap(at: &str, into: Wrapper) -> Self {
        Self::new(OpKind::Wrap { at: at.into(), into, loss: Loss::default() })
    }

    /// Takes a value out of its array or object. It is an error where other members or elements would be lost, unless
    /// [`with_lossy`](Self::with_lossy) or [`with_which`](Self::with_which) says so.
    #[must_use]
    pub fn unwrap(at: &str, from: Wrapper) -> Self {
        Self::new(OpKind::Unwrap { at: at.into(), from, loss: Loss::default() })
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

    /// Exchanges values by a table of old and new ones. A value that is not listed is an error, unless
    /// [`with_other`](Self::with_other) says otherwise.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    /// use sunward::json::Other;
    ///
    /// let level = OpSpec::map("/level", [(1, "low"), (2, "low"), (3, "high")]).with_back([("low", 1)]);
    /// let status = OpSpec::map("/status", [("active", "enabled")]).with_other(Other::Keep);
    /// # let _ = (level, status);
    /// ```
    #[must_use]
    pub fn map<Old, New>(at: &str, pairs: impl IntoIterator<Item = (Old, New)>) -> Self
    where
        Old: Into<Literal>,
        New: Into<Literal>,
    {
        Self::new(OpKind::Map { at: at.into(), pairs: literals(pairs), other: Other::Error, back: Vec::new() })
    }

    /// For [`map`](Self::map): what becomes of a value that is not listed, both ways. Default: it is an error.
    #[must_use]
    pub fn with_other(mut self, value: Other) -> Self {
        match &mut self.op {
            OpKind::Map { other, .. } => *other = value,
            _ => self.misplaced("with_other"),
        }
        self
    }

    /// For [`map`](Self::map): which old value a new one goes back to, where two old ones become one: new, then old.
    #[must_use]
    pub fn with_back<New, Old>(mut self, pairs: impl IntoIterator<Item = (New, Old)>) -> Self
    where
        New: Into<Literal>,
        Old: Into<Literal>,
    {
        match &mut self.op {
            OpKind::Map { back, .. } => *back = literals(pairs),
            _ => self.misplaced("with_back"),
        }
        self
    }

    /// Writes a value in another form: `number` or `string`, `integer` or `decimal`, `json` or `json-text`, or a time as
    /// `unix-seconds`, `unix-millis`, `rfc3339`, `rfc2822`, `http-date`, `date` or a [pattern](ValueFormat::strftime).
    #[must_use]
    pub fn convert(at: &str, from: impl Into<ValueFormat>, to: impl Into<ValueFormat>) -> Self {
        Self::new(OpKind::Convert { at: at.into(), from: from.into(), to: to.into(), scale: None })
    }

    /// The digits after the point of a [`convert`](Self::convert) between `integer` and `decimal`, which needs it.
    #[must_use]
    pub fn with_scale(mut self, digits: u32) -> Self {
        match &mut self.op {
            OpKind::Convert { scale, .. } => *scale = Some(digits),
            _ => self.misplaced("with_scale"),
        }
        self
    }

    /// Strings that begin with `from` begin with `to`. Others are an error, in both directions. An empty one adds the
    /// prefix or removes it.
    #[must_use]
    pub fn replace_prefix(at: &str, from: &str, to: &str) -> Self {
        Self::new(OpKind::Replace { at: at.into(), by: ReplaceSpec::Prefix { from: from.into(), to: to.into() } })
    }

    /// As [`replace_prefix`](Self::replace_prefix), for the end of strings.
    #[must_use]
    pub fn replace_suffix(at: &str, from: &str, to: &str) -> Self {
        Self::new(OpKind::Replace { at: at.into(), by: ReplaceSpec::Suffix { from: from.into(), to: to.into() } })
    }

    /// Strings that the regular expression matches as a whole become the template, in which `{name}` is a group
    /// `(?<name>…)`: first the expression and the template of the way up, then those of the way back. A string that does
    /// not match, or would not come back as it was, is an error; [`with_lossy`](Self::with_lossy) allows the latter. It needs the
    /// feature `regex`.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// let forth = (r"(?<day>\d\d)\.(?<month>\d\d)", "{month}/{day}");
    /// let back = (r"(?<month>\d\d)/(?<day>\d\d)", "{day}.{month}");
    /// let swapped = OpSpec::replace("/day", forth, back);
    /// # let _ = swapped;
    /// ```
    #[must_use]
    pub fn replace(at: &str, forth: (&str, &str), back: (&str, &str)) -> Self {
        let ((regex, to), (back_regex, back_to)) = (forth, back);
        let (to, back_regex, back_to) = (to.into(), back_regex.into(), back_to.into());
        let by = ReplaceSpec::Match { regex: regex.into(), to, back_regex, back_to, lossy: false };
        Self::new(OpKind::Replace { at: at.into(), by })
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

fn literals<A: Into<Literal>, B: Into<Literal>>(pairs: impl IntoIterator<Item = (A, B)>) -> Vec<(Literal, Literal)> {
    pairs.into_iter().map(|(a, b)| (a.into(), b.into())).collect()
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
