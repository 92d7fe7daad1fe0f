//! Feature flags: definitions in the JSON format of flagd, evaluated in process.
//!
//! [`FlagDefinitions`] are read from a text and never change. [`Flags`] are the handle that a program keeps: definitions that
//! can be replaced, the switches of operators above them, and counts. Nothing here does I/O, blocks on it, or panics because
//! of a definition or a context.
//!
//! ```
//! use sunward::flags::{Bucketing, EvaluationContext, FlagDefinitions, Flags};
//!
//! let text = r#"{"flags": {"new_checkout": {
//!     "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
//!     "targeting": {"fractional": [["on", 100], ["off", 0]]}
//! }}}"#;
//! let flags = Flags::new(FlagDefinitions::parse(text, Bucketing::V2)?);
//! let acme = EvaluationContext::new().with_targeting_key("acme");
//! assert!(flags.is_enabled("new_checkout", &acme));
//!
//! flags.disable("new_checkout", None);
//! assert!(!flags.is_enabled("new_checkout", &acme));
//! # Ok::<(), sunward::diagnostic::Diagnostics>(())
//! ```

mod bucket;
mod context;
mod definitions;
mod evaluation;
mod handle;
mod logic;
mod place;
mod sem_ver;

pub use bucket::Bucketing;
pub use context::{AttributeValue, EvaluationContext};
pub use definitions::{FlagDefinition, FlagDefinitions, FlagType};
pub use evaluation::{FlagError, FlagEvaluation, FlagReason};
pub use handle::{FlagOverride, FlagSwitch, Flags};
