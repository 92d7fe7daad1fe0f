use super::touch::Touch;
use super::{Collision, Expression, Pointer, Reference};

/// An op that writes the values of expressions, see [`Op::Evaluate`](super::Op::Evaluate). All pointers start at the
/// node, which is `self` to the expressions.
#[derive(Clone, Debug)]
pub struct ExpressionOp {
    /// The members to write, each with its expression. All are computed before one is written.
    pub writes: Vec<(Pointer, Expression)>,
    /// The members that they take the place of.
    pub takes: Vec<Pointer>,
    /// What must give the members again that are taken. If it does not, the document is refused.
    pub check: Vec<(Pointer, Expression)>,
    /// What is read from the resource, and not from the node.
    pub outside: Vec<Reference>,
    /// What wins when a member to write exists.
    pub collision: Collision,
}

// === impl ExpressionOp ===

impl ExpressionOp {
    /// Writes one member, and takes none.
    #[must_use]
    pub fn adding(at: Pointer, expression: Expression) -> Self {
        Self::new(vec![(at, expression)], Vec::new())
    }

    /// Writes members in the place of others.
    #[must_use]
    pub fn new(writes: Vec<(Pointer, Expression)>, takes: Vec<Pointer>) -> Self {
        let mut outside: Vec<Reference> = Vec::new();
        for pointer in writes.iter().flat_map(|(_, expression)| expression.reads_of_resource()) {
            let reference = Reference { level: 0, pointer };
            if !outside.contains(&reference) {
                outside.push(reference);
            }
        }
        Self { writes, takes, check: Vec::new(), outside, collision: Collision::Replace }
    }

    /// What it reads from the node.
    #[must_use]
    pub(crate) fn reads(&self) -> Vec<Pointer> {
        self.writes.iter().flat_map(|(_, expression)| expression.reads()).collect()
    }

    /// Every place that it names from the node on.
    pub(super) fn touches(&self) -> Vec<(Pointer, Touch)> {
        let written = |at: &Pointer| self.writes.iter().any(|(to, _)| to == at);
        let takes = self.takes.iter().map(|at| (at.clone(), if written(at) { Touch::Alters } else { Touch::Takes }));
        let writes = self.writes.iter().map(|(to, _)| (to.clone(), Touch::Writes));
        let reads = self.reads().into_iter().map(|at| (at, Touch::Reads));
        takes.chain(writes).chain(reads).collect()
    }
}
