//! Forms: bodies of fields, which the engine reads as one JSON object whose values are texts.
//!
//! `application/x-www-form-urlencoded` is migrated whole, `multipart/form-data` as it passes. What no step touches is
//! written back byte by byte: the order of fields, percent-encoding, `+`, part headers.

mod members;
mod multipart;
mod names;
mod part;
mod shape;
mod urlencoded;

pub(super) use self::multipart::Multipart;
pub use self::names::FieldNames;
pub(crate) use self::urlencoded::as_json;
pub use self::urlencoded::migrate_form;
