//! The change language: declared once, from old to new, and run both ways.
//!
//! A [`Change`] is a list of ops on [`Resource`]s. `compose` reads and checks all changes of an api and works out, for
//! every message of every route, the chain of steps between any two versions.

mod chain;
mod check;
mod compile;
mod compose;
mod cookie;
mod expand;
mod head;
mod head_words;
mod heads;
mod history;
mod input;
mod known;
mod link_places;
mod patch;
mod path_parameters;
mod place;
mod placement;
mod response_ops;
mod routes;
mod spec;
mod splice;
mod status;
mod status_path;
mod status_places;
mod template;

pub(crate) use chain::{BodyChain, Chain, ChainSlice};
pub(crate) use compose::compose;
pub(crate) use head::{HeaderStep, QueryStep, decode_query, run_header, run_query};
pub(crate) use history::{RouteHistory, StatusLink};
pub(crate) use input::{ComposeInput, DatedChange};
pub(crate) use place::{Location, Message, PlaceError, RouteName, StatusMatch};
pub(crate) use placement::inside_of;
pub use spec::{Change, OpSpec, Resource, ValueFormat, When};
pub(crate) use spec::{HeadSpec, OpKind};
#[cfg(feature = "config")]
pub(crate) use spec::{
    KeyedSpec, Loss, NamesSpec, Place, ReplaceSpec, RestoreSource, RestoreSpec, RouteSpec, ScaleSpec, StructureSpec,
};
pub(crate) use status_path::{OpKey, StatusPath};
