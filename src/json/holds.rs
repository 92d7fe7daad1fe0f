//! A condition on a whole document, by itself.

use super::interpret::Interpreter;
use super::tree::Tree;
use super::{Condition, MigrateError, MigrateOptions, Pointer};

/// Whether a condition holds of a document.
///
/// # Errors
/// When the document is not JSON, or is past a limit of `options`.
pub(crate) fn holds(
    document: &[u8],
    condition: &Condition<Pointer>,
    options: &MigrateOptions,
) -> Result<bool, MigrateError> {
    let mut run = Interpreter::new(Tree::parse(document, options)?, options.mode());
    let root = run.tree.root();
    Ok(run.holds_of(condition, root))
}
