//! The setters that several ops have, and the rule which ops have those of all ops.

use super::{HeadSpec, OpKind, OpSpec, ReplaceSpec, StructureSpec, When};
use crate::json::{Many, OnError, Otherwise};

/// A setter that works the same on every op that has it.
#[derive(Clone, Copy)]
enum Common {
    When,
    Else,
    OnError,
    Expand,
}

// === impl OpKind ===

impl OpKind {
    /// Whether a setter has an effect on this op; otherwise the catalog is refused.
    const fn has(&self, setter: Common) -> bool {
        match (self, setter) {
            (Self::Head(HeadSpec::MapStatus { .. }), Common::When) => true,
            (Self::Head(_) | Self::Route(_), _) => false,
            (_, Common::When | Common::Else | Common::OnError) => true,
            (_, Common::Expand) => matches!(self, Self::Rename { .. }),
        }
    }

    /// Whether it brings a value to a place that may have one already, so that `keep` says which of them stays.
    pub(crate) const fn has_target(&self) -> bool {
        match self {
            Self::Structure(structure) => structure.has_target(),
            Self::Copy { .. } | Self::Compute { .. } | Self::Evaluate { .. } => true,
            Self::Rename { .. } | Self::Move { .. } | Self::Split { .. } | Self::Join { .. } => true,
            Self::Head(head) => matches!(
                head,
                HeadSpec::RenameHeader { .. } | HeadSpec::RenameCookie { .. } | HeadSpec::RenameQuery { .. }
            ),
            _ => false,
        }
    }
}

// === impl OpSpec ===

impl OpSpec {
    /// The setters that were called and have no effect on this op. `keep` has a rule of its own: see
    /// [`has_target`](OpKind::has_target).
    pub(in super::super) fn without_effect(&self) -> Vec<&'static str> {
        let set = [
            (self.when.is_some(), Common::When, "with_when"),
            (self.otherwise != Otherwise::Skip, Common::Else, "with_else"),
            (self.on_error.is_some(), Common::OnError, "with_on_error"),
            (self.expand, Common::Expand, "with_expand"),
        ];
        let common = set.into_iter().filter(|(is_set, setter, _)| *is_set && !self.op.has(*setter));
        self.misplaced.iter().copied().chain(common.map(|(.., name)| name)).collect()
    }

    /// Runs only where the condition holds, in both directions. Default: always. For ops on bodies.
    #[must_use]
    pub fn with_when(mut self, condition: When) -> Self {
        self.when = Some(condition);
        self
    }

    /// What becomes of a message in which the condition does not hold where the op has something to do. Default: the op
    /// does nothing there. A catalog in which an op without a condition has it is refused.
    #[must_use]
    pub fn with_else(mut self, otherwise: Otherwise) -> Self {
        self.otherwise = otherwise;
        self
    }

    /// Whether the way back, or the way there, may lose something. Default: an op that would lose something is refused, at
    /// load where that can be known, and otherwise at the message.
    ///
    /// For [`remove`](Self::remove) and its siblings: the old side does without the value. For [`wrap`](Self::wrap),
    /// [`unwrap`](Self::unwrap) and the ops on structure: the other members of the object, or with [`Many::First`] the
    /// other elements, may be lost. For [`compute_cel`](Self::compute_cel), [`split`](Self::split) and
    /// [`join`](Self::join): values that do not come back as they were.
    #[must_use]
    pub fn with_lossy(mut self, lossy: bool) -> Self {
        let field = match &mut self.op {
            OpKind::Wrap { loss, .. } | OpKind::Unwrap { loss, .. } => Some(&mut loss.lossy),
            OpKind::Evaluate { lossy, .. }
            | OpKind::Replace { by: ReplaceSpec::Match { lossy, .. }, .. }
            | OpKind::Remove { lossy, .. }
            | OpKind::Split { lossy, .. }
            | OpKind::Join { lossy, .. }
            | OpKind::Head(HeadSpec::RemoveHeader { lossy, .. } | HeadSpec::RemoveQuery { lossy, .. }) => Some(lossy),
            OpKind::Structure(structure) => structure.lossy(),
            _ => None,
        };
        match field {
            Some(field) => *field = lossy,
            None => self.misplaced("with_lossy"),
        }
        self
    }

    /// For [`wrap`](Self::wrap) and [`unwrap`](Self::unwrap): what becomes of an array of several elements. Default: an
    /// error.
    #[must_use]
    pub fn with_many(mut self, many: Many) -> Self {
        match &mut self.op {
            OpKind::Wrap { loss, .. } | OpKind::Unwrap { loss, .. } => loss.many = many,
            _ => self.misplaced("with_many"),
        }
        self
    }

    /// For [`wrap`](Self::wrap) and [`unwrap`](Self::unwrap) with arrays: only elements for which the condition holds count.
    /// For [`pick`](Self::pick) and [`put`](Self::put): which element it is. The condition's pointers start at the element;
    /// without one it is about the element itself. Default: all elements count.
    #[must_use]
    pub fn with_which(mut self, condition: When) -> Self {
        match &mut self.op {
            OpKind::Wrap { loss, .. } | OpKind::Unwrap { loss, .. } => loss.which = Some(condition),
            OpKind::Structure(StructureSpec::Pick { which, .. } | StructureSpec::Put { which, .. }) => {
                *which = Some(condition);
            }
            _ => self.misplaced("with_which"),
        }
        self
    }

    /// Whether a target that already exists keeps its value; the source is then removed. Default: the target is replaced.
    ///
    /// For ops that bring a value to another place, such as `copy`, `rename` and `relocate`; a catalog in which another op
    /// has it is refused.
    #[must_use]
    pub fn with_keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// For [`rename`](Self::rename): whether responses of the new side carry both names while an older version lives.
    /// Default: they carry the new one.
    #[must_use]
    pub fn with_expand(mut self, expand: bool) -> Self {
        self.expand = expand;
        self
    }

    /// What to do when a value cannot be migrated: refuse the message, or pass the value as it is. Default: that of the
    /// change. For ops on bodies.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = Some(on_error);
        self
    }
}
