//! The program: all steps of a migration, compiled.

use std::sync::Arc;

use super::super::{MigrateError, MigrateOptions, Migrated, Mode, Step};
use super::code::Code;
use super::compile::Compiler;
use super::local::LocalStep;
use super::plan::COPY;
use super::run::Run;

/// All steps of a migration, composed. Immutable, and cheap to clone; any number of
/// [`Rewriter`](super::Rewriter)s run it at once.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) code: Arc<Code>,
}

/// Room for what is added to a short document.
const ADDED: usize = 64;

// === impl Program ===

impl Program {
    /// Composes `steps` for bodies of this `mode`. A merge patch is not for the engine: its `null`s mean something
    /// else.
    #[must_use]
    pub fn new<'s>(steps: impl IntoIterator<Item = &'s Step>, mode: Mode) -> Self {
        let mut compiler = Compiler::new();
        let locals = mode.running(steps).into_iter().map(|step| LocalStep::new(step, mode)).collect();
        let root = compiler.node(locals);
        let code = Code { nodes: compiler.nodes.into(), objects: compiler.objects.into(), root };
        Self { code: Arc::new(code) }
    }

    /// Whether it does nothing, so that the text need not even be JSON.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.code.root == COPY
    }

    /// Runs over a whole document. A program that does nothing passes any bytes.
    ///
    /// # Errors
    /// The document is not JSON, is past a limit of `options`, or holds a value that an op cannot take.
    pub fn rewrite(&self, document: &[u8], options: &MigrateOptions) -> Result<Migrated, MigrateError> {
        if self.is_empty() {
            return Ok(Migrated::unchanged(document));
        }
        if document.len() > options.max_bytes() {
            return Err(MigrateError::size(document.len(), options.max_bytes()));
        }
        let mut run = Run::new(self.code.root, options);
        run.hold_limit = options.max_bytes();
        let mut body = Vec::with_capacity(document.len() + document.len() / 8 + ADDED);
        run.feed(&self.code, document, &mut body)?;
        run.finish(&self.code, &mut body)?;
        Ok(Migrated { body, collisions: run.collisions, passed: run.passed, changes: run.changes })
    }
}
