//! The builders of ops that rename members by rule.

use super::{HeadSpec, NamesSpec, OpKind, OpSpec, StructureSpec};
use crate::json::NameCase;

// === impl OpSpec ===

impl OpSpec {
    /// Writes the names of all members in another case, at any depth. A name that would not come back as it is, is an
    /// error: give it one [of its own](Self::with_name), or [except](Self::with_except) it.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    /// use sunward::json::NameCase;
    ///
    /// // {"zip_code": "1"} → {"zipCode": "1"}
    /// let op = OpSpec::rename_all("", NameCase::Snake, NameCase::Camel);
    /// # let _ = op;
    /// ```
    #[must_use]
    pub fn rename_all(at: &str, from: NameCase, to: NameCase) -> Self {
        let names = NamesSpec { from, to, except: Vec::new(), values: Vec::new() };
        Self::new(OpKind::Structure(StructureSpec::RenameAll { at: at.into(), names, depth: None }))
    }

    /// For [`rename_all`](Self::rename_all) and [`rename_query_values`](Self::rename_query_values): a name, and what it
    /// becomes.
    #[must_use]
    pub fn with_name(mut self, old: &str, new: &str) -> Self {
        if let Some(names) = self.names() {
            names.values.push((old.into(), new.into()));
        } else {
            self.misplaced("with_name");
        }
        self
    }

    /// For [`rename_all`](Self::rename_all) and [`rename_query_values`](Self::rename_query_values): members of this name
    /// keep it, and all that is inside of them is left alone.
    #[must_use]
    pub fn with_except(mut self, name: &str) -> Self {
        if let Some(names) = self.names() {
            names.except.push(name.into());
        } else {
            self.misplaced("with_except");
        }
        self
    }

    /// Writes names of members that are values of a query parameter, such as those of `fields` and `sort`, in another case:
    /// each of a comma-separated list, and each part of a path in it. A name that would not come back stays as it is.
    #[must_use]
    pub fn rename_query_values(name: &str, from: NameCase, to: NameCase) -> Self {
        let names = NamesSpec { from, to, except: Vec::new(), values: Vec::new() };
        Self::new(OpKind::Head(HeadSpec::QueryNames { name: name.into(), names }))
    }

    /// For [`rename_all`](Self::rename_all): how many levels of objects are renamed. 1 is the object itself. Default: all.
    #[must_use]
    pub fn with_depth(mut self, levels: u32) -> Self {
        if let OpKind::Structure(StructureSpec::RenameAll { depth, .. }) = &mut self.op {
            *depth = Some(levels);
        } else {
            self.misplaced("with_depth");
        }
        self
    }

    const fn names(&mut self) -> Option<&mut NamesSpec> {
        match &mut self.op {
            OpKind::Structure(StructureSpec::RenameAll { names, .. })
            | OpKind::Head(HeadSpec::QueryNames { names, .. }) => Some(names),
            _ => None,
        }
    }
}
