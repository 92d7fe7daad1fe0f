//! Tests of the changes: what a message of one version is in another, both ways.
//!
//! A case runs through what serves HTTP: the head as a client's request or a service's response would be changed, and the
//! body through the fused engine, byte by byte as a stream, and through the reference interpreter. They must agree.
//! The dates of versions do not count: a change can be tested before its version is released, and after it has ended.
//!
//! Cases are next to the changes of an api, in the file as `[[api.case]]` or in Rust as
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
//!     .with_breaking(true);
//! let api = Api::new("shop")
//!     .with_version_header("Api-Version")
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
pub(crate) mod coverage;
mod message;
pub(crate) mod openapi;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod samples;

use std::sync::Arc;

pub use builder::{CaseTest, case};

use crate::catalog::{CaseEntry, Catalog};
use coverage::Coverage;
use run::run;

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
///     .with_breaking(true);
/// let case = Case::new("a list sorted by name", "GET /users <-")
///     .with_from(Sample::new("1").with_query("sort=-name,id"))
///     .with_to(Sample::new("2").with_query("sort=-title,id"));
/// let api = Api::new("shop")
///     .with_version_header("Api-Version")
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
