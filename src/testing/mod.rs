//! Tests of the changes: what a message of one version is in another, both ways.
//!
//! A case runs through what serves HTTP: the head as a client's request or a service's response would be changed, and the
//! body through the fused engine, byte by byte as a stream, and through the reference interpreter. They must agree.
//! The dates of versions do not count: a change can be tested before its version is released, and after it has ended.
//!
//! Cases stand beside the changes of an api, in the file as `[[api.case]]` or in Rust as
//! [`Api::with_case`](crate::catalog::Api::with_case). [`check`] runs them all, and so does `sunward test`. A test in Rust
//! can also say one [`case`] in a line:
//!
//! ```
//! use std::sync::Arc;
//! use sunward::catalog::{Api, Catalog, Version};
//! use sunward::change::{Change, OpSpec};
//! use sunward::testing;
//!
//! let state = Change::new("2", "`status` is called `state`")
//!     .with_at("GET /orders/{id} -> 200")
//!     .with_op(OpSpec::rename("/status", "/state"))
//!     .breaking();
//! let api = Api::new("shop")
//!     .with_header("Api-Version")
//!     .with_version(Version::new("1"))
//!     .with_version(Version::new("2"))
//!     .with_change(state);
//! let catalog = Arc::new(Catalog::new([api])?);
//!
//! testing::case(&catalog, "shop")
//!     .at("GET /orders/{id} -> 200")
//!     .from("1", r#"{"id": 7, "status": "paid"}"#)
//!     .to("2", r#"{"id": 7, "state": "paid"}"#);
//! # Ok::<(), sunward::diagnostic::Diagnostics>(())
//! ```

mod builder;
mod compare;
mod coverage;
mod message;
mod run;

use std::fmt;
use std::sync::Arc;

pub use builder::{CaseTest, case};
pub use coverage::{Coverage, Untouched};
pub use run::run;

use crate::catalog::{CaseEntry, Catalog};
use crate::diagnostic::Span;

/// What one direction of a case came to, where that is not what the case says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The version that the message spoke.
    pub from: Box<str>,
    /// The version that it was migrated to.
    pub to: Box<str>,
    /// Whether this is the way back.
    pub back: bool,
    /// What is not as expected.
    pub mismatches: Vec<Mismatch>,
    /// The body that was expected and the one that came, where they differ.
    pub bodies: Option<Bodies>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// What it is.
    pub part: MessagePart,
    /// What was expected; `None` for nothing.
    pub expected: Option<String>,
    /// What came; `None` for nothing.
    pub got: Option<String>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessagePart {
    /// The path of a request, below the base path.
    Path,
    /// The query of a request.
    Query,
    /// The status of a response.
    Status,
    /// A header field.
    Header(String),
    /// The whole body.
    Body,
    /// A value in the body, by its JSON Pointer, with the number of its line in a body of lines.
    Value(String),
    /// Whether the message is refused, and the error.
    Error,
    /// What a second way of running the same steps gives: the reference interpreter, or the engine fed byte by byte. The
    /// fault is not in the change: it is a bug of this crate.
    Agreement(&'static str),
}

/// A body that is not as expected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bodies {
    /// What was expected.
    pub expected: Vec<u8>,
    /// What came.
    pub got: Vec<u8>,
    /// Where the expected body is written, if it can be exchanged for what came: `from` never is.
    pub written: Option<WrittenBody>,
}

/// Where a body is written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WrittenBody {
    /// The body in the file, or the path of its own file.
    pub span: Span,
    /// The path as it is written, where the body is in a file of its own.
    pub file: Option<Box<str>>,
}

/// Runs all cases of a catalog. Bodies in files of their own are read relative to the working directory, which is the
/// package's in `cargo test`.
///
/// ```
/// use std::sync::Arc;
/// use sunward::catalog::{Api, Case, Catalog, Sample, Version};
/// use sunward::change::{Change, OpSpec};
/// use sunward::testing;
///
/// let sort = Change::new("2", "`name` is called `title`")
///     .with_at("GET /users <-")
///     .with_op(OpSpec::map_query("sort", &[("name", "title")]))
///     .breaking();
/// let case = Case::new("a list sorted by name", "GET /users <-")
///     .with_from(Sample::new("1").with_query("sort=-name,id"))
///     .with_to(Sample::new("2").with_query("sort=-title,id"));
/// let api = Api::new("shop")
///     .with_header("Api-Version")
///     .with_version(Version::new("1"))
///     .with_version(Version::new("2"))
///     .with_change(sort)
///     .with_case(case);
/// testing::check(&Arc::new(Catalog::new([api])?));
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
///
/// # Panics
/// If a case fails, with all differences; and if there is no case.
#[track_caller]
pub fn check(catalog: &Arc<Catalog>) {
    let mut report = String::new();
    let mut count = 0;
    for (at, api) in catalog.apis().iter().enumerate() {
        for entry in &api.cases {
            count += 1;
            report.push_str(&failed(catalog, at, entry.clone()));
        }
    }
    assert!(count > 0, "the catalog has no case");
    assert!(report.is_empty(), "{report}");
}

/// The failures of a case, in words; empty if there are none.
fn failed(catalog: &Arc<Catalog>, api: usize, mut case: CaseEntry) -> String {
    let title = format!("{}: {}\n", catalog.apis()[api].name, case.name());
    if let Err((_, error)) = case.read_bodies(|_, path| std::fs::read(path).map_err(|error| format!("{path}: {error}")))
    {
        return format!("{title}  {error}\n");
    }
    let failures = run(catalog, api, &case, &mut Coverage::new());
    let mut report = String::new();
    for failure in &failures {
        report.push_str(&failure.to_string());
    }
    if report.is_empty() { report } else { format!("{title}{report}") }
}

// === impl Failure ===

/// Several lines, each indented.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More differences than this are only counted.
        const SHOWN: usize = 12;
        writeln!(f, "  {}from {} to {}:", if self.back { "and back, " } else { "" }, self.from, self.to)?;
        for mismatch in self.mismatches.iter().take(SHOWN) {
            writeln!(f, "    {mismatch}")?;
        }
        if self.mismatches.len() > SHOWN {
            writeln!(f, "    and {} more", self.mismatches.len() - SHOWN)?;
        }
        match &self.bodies {
            Some(bodies) if bodies.expected.len().max(bodies.got.len()) <= 2000 => {
                let indented = |body: &[u8]| String::from_utf8_lossy(body).trim_end().replace('\n', "\n              ");
                writeln!(f, "    expected: {}", indented(&bodies.expected))?;
                writeln!(f, "    got:      {}", indented(&bodies.got))
            }
            _ => Ok(()),
        }
    }
}

// === impl Mismatch ===

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected.as_deref().map_or("nothing".to_owned(), excerpt);
        let got = self.got.as_deref().map_or("nothing".to_owned(), excerpt);
        match &self.part {
            MessagePart::Error => return write!(f, "expected {expected}, got {got}"),
            MessagePart::Agreement(way) => {
                return write!(f, "the engine gives {expected}, and {way} gives {got}: please report it");
            }
            MessagePart::Path => f.write_str("path")?,
            MessagePart::Query => f.write_str("query")?,
            MessagePart::Status => f.write_str("status")?,
            MessagePart::Header(name) => write!(f, "header {name}")?,
            MessagePart::Body => f.write_str("body")?,
            MessagePart::Value(place) => f.write_str(place)?,
        }
        write!(f, ": expected {expected}, got {got}")
    }
}

/// A value on one line, short enough to be read.
fn excerpt(text: &str) -> String {
    const SHORT: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
