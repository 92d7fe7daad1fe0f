//! The ops that add, move and remove members of bodies.

use super::{HeadSpec, Loss, OpKind, OpSpec, RestoreSource, RestoreSpec};
use crate::json::{Literal, Wrapper};

// === impl OpSpec ===

impl OpSpec {
    /// Adds a member where it is absent. A member that is there keeps its value. Additive: a change needs no
    /// [`with_breaking`](super::Change::with_breaking) for it.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"id": 1} → {"id": 1, "plan": "free"}
    /// let op = OpSpec::add("/plan", "free");
    /// # let _ = op;
    /// ```
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

    /// Copies the exact bytes of a value. Where the source is absent, nothing happens; a target that exists is replaced,
    /// unless [`with_keep`](Self::with_keep) is set. Additive.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"name": "Ada"} → {"name": "Ada", "label": "Ada"}
    /// let op = OpSpec::copy("/name", "/label");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn copy(from: &str, to: &str) -> Self {
        Self::new(OpKind::Copy { from: from.into(), to: to.into() })
    }

    /// Writes a string made of other values: `"{/first} {/last}"`. `{{` and `}}` are literal braces. Where one of the places
    /// is absent or null, nothing happens. Additive.
    ///
    /// `{path.id}` is a parameter of the request's path, and `{%/id}` percent-encodes a value for a URL.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"first": "Ada", "last": "Byron"} → {…, "name": "Ada Byron"}
    /// let op = OpSpec::compute("/name", "{/first} {/last}");
    /// # let _ = op;
    /// ```
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

    /// Renames a member within its object; its position among the members is kept. To move it into another object, use
    /// [`relocate`](Self::relocate).
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"name": "Ada", "id": 1} → {"full_name": "Ada", "id": 1}
    /// let op = OpSpec::rename("/name", "/full_name");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn rename(from: &str, to: &str) -> Self {
        Self::new(OpKind::Rename { from: from.into(), to: to.into() })
    }

    /// Moves a value to another place, and creates the objects on the way: `move` in the config. Objects that become empty
    /// are removed on the way back.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"city": "Rome"} → {"address": {"city": "Rome"}}
    /// let op = OpSpec::relocate("/city", "/address/city");
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn relocate(from: &str, to: &str) -> Self {
        Self::new(OpKind::Move { from: from.into(), to: to.into() })
    }

    /// Removes a member. It needs [`with_restore`](Self::with_restore), the value for the old side, or
    /// [`with_lossy`](Self::with_lossy) if the old side gets none.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// // {"id": 1, "fax": "+1"} → {"id": 1}
    /// let op = OpSpec::remove("/fax").with_restore("");
    /// # let _ = op;
    /// ```
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

    /// Puts a value into an array or object of its own. `at` may be `""`, the whole resource. The way back is an error where it would lose other members or
    /// elements, unless [`with_lossy`](Self::with_lossy) or [`with_which`](Self::with_which) says so.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    /// use sunward::json::Wrapper;
    ///
    /// // {"amount": 5} → {"amount": {"value": 5}}
    /// let amount = OpSpec::wrap("/amount", Wrapper::Member("value".into()));
    /// // {"tag": "new"} → {"tag": ["new"]}
    /// let tag = OpSpec::wrap("/tag", Wrapper::Array);
    /// # let _ = (amount, tag);
    /// ```
    #[must_use]
    pub fn wrap(at: &str, into: Wrapper) -> Self {
        Self::new(OpKind::Wrap { at: at.into(), into, loss: Loss::default() })
    }

    /// Takes a value out of its array or object: the reverse of [`wrap`](Self::wrap). It is an error where other members or elements would be lost, unless
    /// [`with_lossy`](Self::with_lossy) or [`with_which`](Self::with_which) says so.
    #[must_use]
    pub fn unwrap(at: &str, from: Wrapper) -> Self {
        Self::new(OpKind::Unwrap { at: at.into(), from, loss: Loss::default() })
    }
}
