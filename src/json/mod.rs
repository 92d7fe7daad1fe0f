//! JSON documents that keep their spelling, and the reference interpreter that changes them.
//!
//! [`migrate`] runs [`Step`]s over a document, one after the other. What no step touches is written back byte by byte:
//! numbers of any length and spelling, escapes, white space, the order of members, duplicates, lone surrogates, even
//! invalid UTF-8 inside a text.
//!
//! ```
//! use sunward::json::{Collision, Op, MigrateOptions, Pattern, Pointer, Step, migrate};
//!
//! let (object, collision) = (Pointer::ROOT, Collision::Replace);
//! let op = Op::Rename { object, from: "name".into(), to: "title".into(), collision };
//! let rename = Step { each: Pattern::parse("/items/*")?, ..Step::new(op) };
//! let migrated = migrate(br#"{"items": [{"n\u0061me": "x", "p": 1.10}]}"#, [&rename], &MigrateOptions::default())?;
//! assert_eq!(migrated.body, br#"{"items": [{"title": "x", "p": 1.10}]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same steps as one [`Program`] change a document while it passes, in chunks: a [`Rewriter`] runs it over one
//! document, and [`Framed`] over a body of many, such as lines or server-sent events.
//!
//! Nothing here recurses deeper than [`MigrateOptions::max_depth`], and a document is refused before it is changed when it is
//! not JSON (RFC 8259). Memory follows what the steps look into, not the whole document; but a step that goes over all
//! elements of a long array takes some hundred bytes for each, even when the element is a single digit, so
//! [`MigrateOptions::max_bytes`] is the bound to set for documents of strangers.

#[cfg(feature = "cel")]
mod cel;
#[cfg(not(feature = "cel"))]
mod cel_off;
mod change;
mod change_set;
mod condition;
mod conversion;
mod custom;
mod decimal;
mod describe;
mod differ;
mod engine;
mod equal;
mod error;
mod evaluate;
mod evaluation;
mod expression;
mod expression_error;
mod expression_op;
mod facts;
mod form;
mod frame;
mod holds;
mod interpret;
mod json_type;
mod layout;
mod link;
mod literal;
mod number;
mod op;
mod options;
mod parts;
mod patch;
mod patch_body;
mod patch_op;
mod patch_reach;
mod pattern;
mod pointer;
mod policy;
mod reference;
mod renaming;
mod replacement;
mod scaling;
mod scan;
mod structure;
mod text;
mod time;
mod time_format;
mod touch;
mod transfer;
mod tree;

pub use self::change_set::ChangeSet;
pub use self::condition::{Condition, Test};
pub use self::conversion::Conversion;
pub use self::decimal::Rounding;
pub use self::differ::{ValueDifference, differences};
pub use self::engine::{Program, Rewriter};
pub use self::error::MigrateError;
pub use self::expression::Expression;
pub use self::expression_error::ExpressionError;
pub use self::expression_op::ExpressionOp;
pub(crate) use self::form::as_json;
pub use self::form::{FieldNames, migrate_form};
#[cfg(feature = "layer")]
pub(crate) use self::frame::Outline;
pub use self::frame::{Framed, Framing};
pub(crate) use self::holds::holds;
pub use self::interpret::{Migrated, migrate};
pub use self::json_type::JsonType;
pub use self::link::LinkMapper;
pub use self::literal::Literal;
pub use self::op::{Custom, Op, Other, Step, TextPart, Wrapper};
pub use self::options::{MigrateOptions, Mode};
pub use self::patch_body::migrate_json_patch;
pub use self::patch_op::PatchOp;
pub use self::pattern::{Pattern, Segment};
pub use self::pointer::{Pointer, PointerError};
pub use self::policy::{Collision, Many, OnError, Otherwise};
pub use self::reference::Reference;
pub use self::renaming::{NameCase, Renaming};
pub use self::replacement::{PatternReplacement, Replacement};
pub use self::scaling::Scaling;
pub use self::scan::is_json;
pub use self::structure::{ElementPosition, Structure};
pub use self::time_format::TimeFormat;
pub(crate) use self::touch::Touch;
