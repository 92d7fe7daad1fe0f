//! What expressions compute with.

use std::rc::Rc;

use super::super::evaluation::EvaluationStop;
use super::super::tree::TreeNodeId;
use super::decimal::Decimal;

/// A value. What is in the document stays there, and keeps its bytes.
#[derive(Clone, Debug)]
pub(in crate::json) enum ExprValue {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Rc<str>),
    List(Rc<[ExprValue]>),
    /// In the order in which it was written.
    Map(Rc<[(Rc<str>, ExprValue)]>),
    /// A value of the document.
    Node(TreeNodeId),
}

/// How long a text or list may become, in bytes and elements.
const MAX_SIZE: usize = 1 << 20;
/// How many bytes all that one computation makes may take.
pub(super) const MAX_MADE: usize = 16 << 20;

/// Whether something of this size may be made.
pub(super) fn fits(size: usize) -> Result<(), EvaluationStop> {
    if size <= MAX_SIZE { Ok(()) } else { Err(EvaluationStop::Limit("it makes a value of more than 1 MiB")) }
}
