//! Changes as their author wrote them: old → new, not yet checked.
//!
//! | file | what |
//! |---|---|
//! | `declare` | changes, and the resources that they are about |
//! | `op` | an op: what it is |
//! | `when` | when an op applies |
//! | `body` | the ops on bodies |
//! | `constructor` | how the builder of an op is called |
//! | `structure` | the ops on structure |
//! | `scale` | numbers times a constant |
//! | `head` | the ops on heads and on the list of routes |
//! | `setters` | what several ops have, such as `when` |

mod body;
mod constructor;
mod declare;
mod head;
mod op;
mod scale;
mod setters;
mod structure;
mod when;

pub(crate) use declare::Place;
pub use declare::{Change, Resource};
pub(crate) use op::{HeadSpec, Loss, OpKind, ReplaceSpec, RestoreSource, RestoreSpec, RouteSpec, ScaleSpec};
pub use op::{OpSpec, ValueFormat};
pub(crate) use structure::{KeyedSpec, NamesSpec, StructureSpec};
pub use when::When;
