//! The ops on values of bodies: what they must be, and what they become.

use super::{OpKind, OpSpec, ReplaceSpec, ValueFormat, When};
use crate::json::{Custom, Literal, Other, Test};

// === impl OpSpec ===

impl OpSpec {
    /// Refuses messages in which the value at `at` is another one, both ways; where it is absent, nothing happens. For
    /// what one side can say and the other cannot read: amounts that are not in euros.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"amount": {"value": 5, "currency": "USD"}} is refused
    /// let op = OpSpec::require("/amount/currency", "EUR");
    /// # let _ = op;
    /// ```
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

    /// Splits a string at the first separators; the last target gets the rest. `into` needs at least two places, `on` must
    /// not be empty. A string with fewer parts leaves the last targets absent. To get an array, use
    /// [`split_list`](Self::split_list). On the way back, parts that the string would not be split into again are an error,
    /// unless [`with_lossy`](Self::with_lossy) is set.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"name": "Ada Byron"} → {"first": "Ada", "last": "Byron"}
    /// let op = OpSpec::split("/name", &["/first", "/last"], " ");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn split(at: &str, into: &[&str], on: &str) -> Self {
        let into = into.iter().map(|target| (*target).into()).collect();
        Self::new(OpKind::Split { at: at.into(), into, on: on.into(), lossy: false })
    }

    /// Joins strings with a separator: the reverse of [`split`](Self::split). Absent ones are skipped. Parts that the string
    /// would not be split into again are an error, unless [`with_lossy`](Self::with_lossy) is set.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"first": "Ada", "last": "Byron"} → {"name": "Ada Byron"}
    /// let op = OpSpec::join(&["/first", "/last"], "/name", " ");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn join(from: &[&str], to: &str, on: &str) -> Self {
        let from = from.iter().map(|source| (*source).into()).collect();
        Self::new(OpKind::Join { from, to: to.into(), on: on.into(), lossy: false })
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

    /// Writes a value in another [form](ValueFormat), exactly and without rounding: `number` ↔ `string`, `integer` ↔ `decimal`,
    /// `json` ↔ `json-text`, or between two forms of a time. A value that does not have the form is an error.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"paid_at": 1767225600} → {"paid_at": "2026-01-01T00:00:00Z"}
    /// let op = OpSpec::convert("/paid_at", "unix-seconds", "rfc3339");
    /// # let _ = op;
    /// ```
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

    /// Strings that begin with `from` begin with `to`. Others are an error, in both directions. If `from` or `to` is empty,
    /// the prefix is added or removed.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"id": "cus_7"} → {"id": "customer:7"}
    /// let op = OpSpec::replace_prefix("/id", "cus_", "customer:");
    /// # let _ = op;
    /// ```
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

    /// Runs a JSON Patch (RFC 6902), and `back` on the way back. The whole body is held in memory.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    /// use serde_json::json;
    ///
    /// let forth = json!([{ "op": "move", "from": "/a", "path": "/b" }]);
    /// let back = json!([{ "op": "move", "from": "/b", "path": "/a" }]);
    /// let op = OpSpec::patch(forth, back);
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn patch(ops: impl Into<Literal>, back: impl Into<Literal>) -> Self {
        Self::new(OpKind::Patch { ops: ops.into(), back: Some(back.into()) })
    }

    /// Runs a function on the document, and another one on the way back. The whole body is held in memory. The text of an
    /// error is logged, and never sent to a client.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// let sort = |document: &mut serde_json::Value| {
    ///     let tags = document["tags"].as_array_mut().ok_or("`tags` is not an array")?;
    ///     tags.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    ///     Ok(())
    /// };
    /// let op = OpSpec::custom(sort, |_| Ok(()));
    /// # let _ = op;
    /// ```
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
