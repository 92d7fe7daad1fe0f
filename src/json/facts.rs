//! What there is to know of an op without running it: which places it names, and what it does there.
//!
//! All that looks at ops from outside asks here: the engine (what to hold), the checks between ops, JSON Patch bodies. An
//! op that is new has its rows here, its run in the interpreter, its words in `describe`, and no other list to be in.

use super::{JsonType, Literal, Op, Other, Pointer, Reference, Structure, Test, TextPart, Touch, Wrapper};

// === impl Op ===

impl Op {
    /// The value that it acts on, if it needs to see nothing else.
    pub(crate) fn value(&self) -> Option<&Pointer> {
        match self {
            Self::Wrap { at, .. }
            | Self::Unwrap { at, .. }
            | Self::Map { at, .. }
            | Self::Convert { at, .. }
            | Self::Link { at, .. }
            | Self::Require { at, .. }
            | Self::RenameAll { at, .. } => Some(at),
            Self::Structure(structure) => structure.in_place(),
            _ => None,
        }
    }

    /// The same op on a value at another place; an op that acts on more than one value stays as it is.
    pub(super) fn at_value(mut self, to: Pointer) -> Self {
        match &mut self {
            Self::Wrap { at, .. }
            | Self::Unwrap { at, .. }
            | Self::Map { at, .. }
            | Self::Convert { at, .. }
            | Self::Link { at, .. }
            | Self::Require { at, .. }
            | Self::RenameAll { at, .. } => *at = to,
            Self::Structure(structure) => structure.move_to(to),
            _ => {}
        }
        self
    }

    /// Every place that it names, from its own node on. Not those of [`references`](Self::references), and none of what
    /// [`is_opaque`](Self::is_opaque).
    pub(crate) fn touches(&self) -> Vec<(Pointer, Touch)> {
        use Touch::{Alters, Reads, Takes, Writes};
        let kept = |at: &Pointer, targets: &[Pointer]| if targets.contains(at) { Reads } else { Takes };
        match self {
            Self::Add { at, .. } | Self::Restore { at, .. } | Self::Compute { at, .. } => vec![(at.clone(), Writes)],
            Self::Drop { at, .. } => vec![(at.clone(), Takes)],
            Self::Copy { from, to, .. } => vec![(from.clone(), Reads), (to.clone(), Writes)],
            Self::Move { from, to, .. } => vec![(from.clone(), Takes), (to.clone(), Writes)],
            Self::Rename { object, from, to, .. } => vec![(object.child(from), Takes), (object.child(to), Writes)],
            Self::Split { at, into, .. } => {
                let targets = into.iter().map(|to| (to.clone(), Writes));
                std::iter::once((at.clone(), kept(at, into))).chain(targets).collect()
            }
            Self::Join { from, to, .. } => {
                let target = std::slice::from_ref(to);
                let sources = from.iter().map(|from| (from.clone(), kept(from, target)));
                sources.chain([(to.clone(), Writes)]).collect()
            }
            Self::Require { at, .. } => vec![(at.clone(), Reads)],
            Self::Wrap { at, .. }
            | Self::Unwrap { at, .. }
            | Self::Map { at, .. }
            | Self::Convert { at, .. }
            | Self::Link { at, .. }
            | Self::RenameAll { at, .. } => vec![(at.clone(), Alters)],
            Self::Structure(structure) => structure.touches(),
            Self::Evaluate(op) => op.touches(),
            Self::Patch(_) | Self::Custom(_) => Vec::new(),
        }
    }

    /// What it reads from above its own node.
    pub(crate) fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Restore { from, .. } => vec![from],
            Self::Compute { template, .. } => template.iter().filter_map(TextPart::reference).collect(),
            Self::Evaluate(op) => op.outside.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The same, to be changed.
    pub(super) fn references_mut(&mut self) -> Vec<&mut Reference> {
        match self {
            Self::Restore { from, .. } => vec![from],
            Self::Compute { template, .. } => template.iter_mut().filter_map(TextPart::reference_mut).collect(),
            Self::Evaluate(op) => op.outside.iter_mut().collect(),
            _ => Vec::new(),
        }
    }

    /// The parameters of the request's path that it reads.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &str> {
        let template = if let Self::Compute { template, .. } = self { &template[..] } else { &[] };
        template.iter().filter_map(TextPart::path_parameter)
    }

    /// Whether the result depends on the message, and not on the document alone.
    pub(crate) fn depends_on_message(&self) -> bool {
        matches!(self, Self::Link { .. }) || self.path_parameters().next().is_some()
    }

    /// The types of what it leaves where it acted on its value; `None` where it may be any.
    pub(crate) fn leaves(&self) -> Option<Vec<JsonType>> {
        match self {
            Self::Wrap { into: Wrapper::Array, .. } => Some(vec![JsonType::Array]),
            Self::Wrap { into: Wrapper::Member(_), .. } => Some(vec![JsonType::Object]),
            Self::Convert { conversion, .. } => conversion.leaves().map(|of| vec![of]),
            Self::Map { pairs, other, .. } => {
                let other = match other {
                    Other::Error => None,
                    Other::Keep => return None,
                    Other::Value(value) => Some(value),
                };
                Some(pairs.iter().map(|(_, to)| to).chain(other).map(Literal::json_type).collect())
            }
            _ => None,
        }
    }

    /// What every value but `null` passes that it leaves where it acted on its value, if that is known.
    pub(crate) fn left(&self) -> Option<Test> {
        match self {
            Self::Map { pairs, other, .. } => {
                let other = match other {
                    Other::Error => None,
                    Other::Keep => return None,
                    Other::Value(value) => Some(value),
                };
                Some(Test::one_of(pairs.iter().map(|(_, to)| to).chain(other).cloned()))
            }
            op => op.leaves().map(Test::has_type),
        }
    }

    /// What every value but `null` must pass that it acts on; `None` if it takes any, or more must hold.
    pub(crate) fn accepts(&self) -> Option<Test> {
        match self {
            Self::Map { pairs, other: Other::Error, .. } => {
                Some(Test::one_of(pairs.iter().map(|(from, _)| from).cloned()))
            }
            Self::Convert { conversion, .. } => conversion.takes().map(|of| Test::has_type([of])),
            _ => None,
        }
    }

    /// Whether nothing is known of what it does inside of its node.
    pub(super) const fn is_opaque(&self) -> bool {
        matches!(self, Self::Patch(_) | Self::Custom(_))
    }

    /// Whether it may act on its own node, whatever that is.
    pub(super) fn sees_node(&self) -> bool {
        let is_own = |(at, touch): &(Pointer, Touch)| at.is_root() && touch.reads();
        match self {
            Self::RenameAll { .. } => false,
            Self::Structure(structure) => structure.touches().iter().any(is_own),
            op => op.is_opaque() || op.value().is_some_and(Pointer::is_root),
        }
    }

    /// Whether it may take its own value away, so that what is around it must be seen.
    pub(super) const fn may_vanish(&self) -> bool {
        matches!(self, Self::Drop { .. } | Self::Unwrap { from: Wrapper::Array, .. })
    }

    /// Whether no value can make it fail.
    pub(super) const fn is_safe(&self) -> bool {
        matches!(
            self,
            Self::Add { .. } | Self::Restore { .. } | Self::Drop { .. } | Self::Rename { .. } | Self::Link { .. }
        )
    }

    /// Whether a client that knows nothing of it does well with the result: it only adds or refuses.
    pub(crate) fn is_harmless(&self) -> bool {
        match self {
            Self::Evaluate(op) => op.takes.is_empty(),
            Self::Structure(Structure::Count { from, to, .. }) => from != to,
            _ => matches!(
                self,
                Self::Add { .. }
                    | Self::Restore { .. }
                    | Self::Copy { .. }
                    | Self::Compute { .. }
                    | Self::Require { .. }
            ),
        }
    }

    /// Whether it may make an object that was not there before, in which a partial body has all members.
    pub(crate) fn makes_objects(&self) -> bool {
        let deep = |pointer: &Pointer| pointer.tokens().len() > 1;
        match self {
            Self::Wrap { into, .. } => matches!(into, Wrapper::Member(_)),
            Self::Map { .. } => true,
            // These write where the object is already.
            Self::Add { .. } | Self::Restore { .. } | Self::Rename { .. } => false,
            op => op.touches().iter().any(|(at, touch)| *touch == Touch::Writes && deep(at)),
        }
    }
}

// === impl TextPart ===

impl TextPart {
    pub(super) fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Value(reference) => Some(reference),
            Self::Encoded(part) => part.reference(),
            Self::Text(_) | Self::PathParameter(_) => None,
        }
    }

    fn reference_mut(&mut self) -> Option<&mut Reference> {
        match self {
            Self::Value(reference) => Some(reference),
            Self::Encoded(part) => part.reference_mut(),
            Self::Text(_) | Self::PathParameter(_) => None,
        }
    }

    fn path_parameter(&self) -> Option<&str> {
        match self {
            Self::PathParameter(name) => Some(name),
            Self::Encoded(part) => part.path_parameter(),
            Self::Text(_) | Self::Value(_) => None,
        }
    }
}
