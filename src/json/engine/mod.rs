//! The engine: all steps between two versions as one program that runs over the bytes as they pass.
//!
//! [`Program::new`] composes the steps once, symbolically: what each member of the result is made of, in terms of the
//! source. A [`Rewriter`] then goes over the text once, at any split into chunks. What no step touches is copied as a
//! span. A member that is renamed, dropped, copied or added needs no tree and, but for a name that may still be taken
//! by a later member, no holding. Ops that look at values (`when`, `map`, `convert`, `move`, `split`, …) hold the
//! smallest value that shows all they look at, and are run on it as the interpreter runs them.

mod chunk;
mod code;
mod compile;
mod explain;
mod fast_path;
mod fuse;
mod head;
mod local;
mod members;
mod object;
mod output;
mod plan;
mod program;
mod rewriter;
mod run;
mod skip;
mod stack;
mod summary;
mod text;
mod values;

pub use program::Program;
pub use rewriter::Rewriter;
pub(in crate::json) use run::ends_itself;
