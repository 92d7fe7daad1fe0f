//! One case in one line of Rust.

use std::fmt::Display;
use std::sync::Arc;

use super::failed;
use crate::catalog::{Case, Catalog, Sample};
use crate::diagnostic::Diagnostics;

/// A case that is put together; it runs with [`to`](Self::to), [`to_sample`](Self::to_sample) or
/// [`refused`](Self::refused).
#[derive(Clone, Debug)]
#[must_use = "a case must be run with `to`, `to_sample` or `refused`"]
pub struct CaseTest<'c> {
    catalog: &'c Arc<Catalog>,
    api: usize,
    case: Case,
}

/// A case about an api of a catalog, see [the module](super).
///
/// ```
/// # use std::sync::Arc;
/// # use sunward::catalog::{Api, Catalog, Sample, Version};
/// # use sunward::change::{Change, OpSpec};
/// # use sunward::testing;
/// # let price = Change::new("2", "prices are decimals")
/// #     .with_at("GET /orders/{id} -> 200")
/// #     .with_op(OpSpec::remove("/fax").with_lossy(true))
/// #     .with_op(OpSpec::convert("/cents", "integer", "decimal").with_scale(2))
/// #     .with_breaking(true);
/// # let api = Api::new("shop")
/// #     .with_version_header("Api-Version")
/// #     .with_version(Version::new("1"))
/// #     .with_version(Version::new("2"))
/// #     .with_change(price);
/// # let catalog = Arc::new(Catalog::new([api])?);
/// let shop = testing::case(&catalog, "shop").at("GET /orders/{id} -> 200");
///
/// // The way back gives something else, because the change drops the fax.
/// shop.clone()
///     .from("1", r#"{"cents": 1250, "fax": "1"}"#)
///     .back(r#"{"cents": 1250}"#)
///     .to("2", r#"{"cents": "12.50"}"#);
///
/// // A value that the op cannot take.
/// shop.from("1", r#"{"cents": "free"}"#).refused("2", "expected an integer");
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
///
/// # Panics
/// If the catalog has no such api.
#[track_caller]
pub fn case<'c>(catalog: &'c Arc<Catalog>, api: &str) -> CaseTest<'c> {
    let at = catalog.apis().iter().position(|entry| *entry.name == *api);
    let api = at.unwrap_or_else(|| {
        let known: Vec<&str> = catalog.apis().iter().map(|api| &*api.name).collect();
        panic!("unknown api `{api}`; known: {}", known.join(", "))
    });
    CaseTest { catalog, api, case: Case::new("case", "") }
}

// === impl CaseTest ===

impl CaseTest<'_> {
    /// The message that it is about: `GET /orders/{id} -> 200`, or `POST /orders <-`.
    pub fn at(mut self, place: &str) -> Self {
        self.case.at = place.into();
        self
    }

    /// What comes in: a body of this version, as text or as a [`serde_json::Value`].
    pub fn from(self, version: &str, body: impl Display) -> Self {
        self.from_sample(Sample::new(version).with_body(body))
    }

    /// What comes in, with its head.
    pub fn from_sample(mut self, from: Sample) -> Self {
        self.case.from = from;
        self
    }

    /// The body on the way back, where that is not what came in, because the change loses something.
    pub fn back(self, body: impl Display) -> Self {
        self.back_sample(Sample::new("").with_body(body))
    }

    /// The same with a head, or an error.
    pub fn back_sample(mut self, back: Sample) -> Self {
        self.case = self.case.with_back(back);
        self
    }

    /// Does not run the way back.
    pub fn one_way(mut self) -> Self {
        self.case = self.case.with_one_way(true);
        self
    }

    /// Compares bodies byte by byte, not by their content.
    pub fn exact(mut self) -> Self {
        self.case = self.case.with_exact(true);
        self
    }

    /// Runs the case: the body becomes this one in `version`.
    ///
    /// # Panics
    /// If it does not, with the difference; or if the case names what the api does not have.
    #[track_caller]
    pub fn to(self, version: &str, body: impl Display) {
        self.to_sample(Sample::new(version).with_body(body));
    }

    /// The same with a head.
    ///
    /// # Panics
    /// As [`to`](Self::to).
    #[track_caller]
    pub fn to_sample(self, to: Sample) {
        let Self { catalog, api, case } = self;
        let mut found = Diagnostics::new();
        let case = Case { name: case.at.clone(), ..case }.with_to(to);
        let Some(entry) = catalog.apis()[api].case(&case, &mut found) else { panic!("{found}") };
        let report = failed(catalog, api, entry);
        assert!(report.is_empty(), "{report}");
    }

    /// Runs the case: the message is refused on its way to `version`, and the error contains `text`.
    ///
    /// # Panics
    /// If it is not; or if the case names what the api does not have.
    #[track_caller]
    pub fn refused(self, version: &str, text: &str) {
        self.to_sample(Sample::new(version).with_error(text));
    }
}
