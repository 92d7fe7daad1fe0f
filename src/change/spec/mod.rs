//! Changes as their author wrote them: old → new, not yet checked.
//!
//! | file | what |
//! |---|---|
//! | `declare` | changes, and the resources that they are about |
//! | `op` | an op: what it is |
//! | `when` | when an op applies |
//! | `structure` | an op on structure: what it is |
//! | `format` | the forms of values that are converted |
//! | `constructor` | how the builder of an op is called |
//! | `body` | builders: members of bodies |
//! | `values` | builders: values of members |
//! | `scale` | builders: numbers times a constant |
//! | `arrays` | builders: arrays, and objects that become arrays |
//! | `names` | builders: names by rule |
//! | `head` | builders: heads, and the list of routes |
//! | `setters` | builders: what several ops have, such as `when` |

mod arrays;
mod body;
mod constructor;
mod declare;
mod format;
mod head;
mod names;
mod op;
mod scale;
mod setters;
mod structure;
mod values;
mod when;

pub(crate) use declare::Place;
pub use declare::{Change, Resource};
pub use format::ValueFormat;
pub use op::OpSpec;
pub(crate) use op::{HeadSpec, Loss, OpKind, ReplaceSpec, RestoreSource, RestoreSpec, RouteSpec, ScaleSpec};
pub(crate) use structure::{KeyedSpec, NamesSpec, StructureSpec};
pub use when::When;
