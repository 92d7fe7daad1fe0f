//! The catalog: every api, validated and compiled, immutable, behind one `Arc`.
//!
//! A server holds an `Arc<Catalog>`; a request keeps the catalog it was planned with until its end, so a reload never
//! changes the rules for in-flight requests.

mod build;
mod case;
pub(crate) mod case_entry;
mod content;
mod control;
mod cors;
mod diff;
mod entry;
mod explain;
mod handles;
mod life;
mod migration;
mod places;
mod register;
mod router;
mod spec;
mod template;
mod version_source;
mod view;

use std::sync::Arc;

pub(crate) use case_entry::{BackEntry, BodyEntry, CaseEntry, SampleEntry};
pub use content::Content;
pub use control::{Act, ActOrigin, Control};
pub(crate) use cors::CorsEntry;
pub use diff::{Class, Difference, diff};
pub use entry::{ApiEntry, ExtensionEntry, VersionEntry};
pub(crate) use entry::{RouteEntry, VersionSources};
#[cfg(feature = "ledger")]
pub(crate) use explain::changes_at;
pub(crate) use life::Lifecycle;
pub use life::Window;
pub use migration::Migration;
pub use places::UnknownName;
pub use register::{ConsumerEntry, Contact, Register};
pub(crate) use router::{Match, RouteId};
pub use spec::{
    Api, Brownout, Case, ConsumerRole, ConsumerSource, Cors, Date, ExpectedUse, Extension, KeySource, OnUnacceptable,
    OnUndeclared, OnUntyped, RegisteredConsumer, Route, Sample, ShareOf, VerifiedClaim, Version,
};
pub(crate) use template::{HostPattern, strip_start};
pub use version_source::VersionSource;
pub use view::{ExplainedChange, Explanation, Standing};

pub use crate::path::PathCase;

#[cfg(feature = "config")]
pub(crate) use spec::{Back, Body, KeysSpec, LifecycleSpec, Unspecified, VersionSourcesSpec};

use crate::clock::{Clock, SystemClock, Timestamp};
#[cfg(feature = "gateway")]
use crate::consumer::{KeysOrigin, TokenVerifier};
use crate::consumer::{KnownConsumers, Pins};
use crate::diagnostic::Diagnostics;
use crate::version::VersionId;

use handles::ApiHandles;

/// Where a layer finds the catalog of the moment: an `Arc<Catalog>` for one that never changes, the gateway's snapshot
/// for one that is reloaded.
pub trait CurrentCatalog: Send + Sync + 'static {
    /// The catalog of the moment.
    fn current(&self) -> Arc<Catalog>;
}

/// Every api of a process.
///
/// Metric handles are registered with the recorder of the moment: install it before.
pub struct Catalog {
    apis: Box<[ApiEntry]>,
    handles: Box<[ApiHandles]>,
    warnings: Diagnostics,
    pins: Option<Arc<dyn Pins>>,
    known: Option<Arc<dyn KnownConsumers>>,
    register: Register,
    control: Control,
    needs_origin: bool,
}

impl CurrentCatalog for Arc<Catalog> {
    fn current(&self) -> Arc<Catalog> {
        Self::clone(self)
    }
}

// === impl Catalog ===

impl Catalog {
    /// Checks and compiles `apis` at the current time. See [`Catalog::at`].
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn new(apis: impl IntoIterator<Item = Api>) -> Result<Self, Diagnostics> {
        Self::at(apis, SystemClock.now())
    }

    /// Checks and compiles `apis` at the time `now`, which decides which old versions are still served, and so whether
    /// responses still contain both names of an expanded rename.
    ///
    /// # Errors
    /// Everything that is wrong, at once, warnings included.
    pub fn at(apis: impl IntoIterator<Item = Api>, now: Timestamp) -> Result<Self, Diagnostics> {
        Self::draft(apis, &[], now).inspect(Self::publish)
    }

    /// As [`Catalog::new`], with names for the identities of consumers.
    ///
    /// ```
    /// use sunward::catalog::{Api, Catalog, RegisteredConsumer, Version};
    ///
    /// let shop = Api::new("shop").with_version_header("Api-Version").with_version(Version::new("1"));
    /// let catalog = Catalog::registered([shop], [RegisteredConsumer::new("acme").with_match("acme-app")])?;
    /// assert_eq!(catalog.register().get("acme-app").expect("an entry").consumer.as_str(), "acme");
    /// # Ok::<(), sunward::diagnostic::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn registered(
        apis: impl IntoIterator<Item = Api>,
        consumers: impl IntoIterator<Item = RegisteredConsumer>,
    ) -> Result<Self, Diagnostics> {
        let consumers: Vec<RegisteredConsumer> = consumers.into_iter().collect();
        Self::draft(apis, &consumers, SystemClock.now()).inspect(Self::publish)
    }

    /// The same, but metrics know nothing of it until it is [published](Self::publish): it may be looked at only.
    pub(crate) fn draft(
        apis: impl IntoIterator<Item = Api>,
        consumers: &[RegisteredConsumer],
        now: Timestamp,
    ) -> Result<Self, Diagnostics> {
        let specs: Vec<Api> = apis.into_iter().collect();
        let mut found = Diagnostics::new();
        let register = build::register(consumers, &mut found);
        let mut apis = build::build(&specs, &register, now, &mut found);
        // Their names are looked up in the apis, so those have to be sound.
        if !found.has_errors() {
            case::read_all(&specs, &mut apis, &mut found);
        }
        if specs.iter().any(|api| api.span.is_none()) {
            found.speak_rust();
        }
        found.sort();
        if found.has_errors() {
            return Err(found);
        }
        let handles = apis.iter().map(ApiHandles::new).collect();
        let (apis, control): (Box<[ApiEntry]>, _) = (apis.into(), Control::new());
        let needs_origin = apis.iter().flat_map(|api| &api.consumer).any(ConsumerSource::needs_origin);
        Ok(Self { apis, handles, warnings: found, pins: None, known: None, register, control, needs_origin })
    }

    /// Says in the metrics when its versions end.
    pub(crate) fn publish(&self) {
        handles::register(&self.apis);
    }

    /// Asks `pins` for the version of consumers that the api's own table does not name.
    #[must_use]
    pub fn with_pins(mut self, pins: impl Pins) -> Self {
        self.apis.iter_mut().for_each(ApiEntry::vary_by_consumer);
        self.pins = Some(Arc::new(pins));
        self
    }

    /// Asks `known` who used a version before it was closed.
    #[must_use]
    pub fn with_known(mut self, known: impl KnownConsumers) -> Self {
        self.known = Some(Arc::new(known));
        self
    }

    /// Obeys `control`.
    #[must_use]
    pub fn with_control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// The apis.
    #[must_use]
    pub fn apis(&self) -> &[ApiEntry] {
        &self.apis
    }

    /// The api called `name`.
    #[must_use]
    pub fn api(&self, name: &str) -> Option<&ApiEntry> {
        self.apis.iter().find(|api| &*api.name == name)
    }

    /// The registered consumers.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// What verifies tokens, for those whose keys can be read again.
    #[cfg(feature = "gateway")]
    pub(crate) fn token_verifiers(&self) -> impl Iterator<Item = (&KeysOrigin, &TokenVerifier)> {
        let all = self.apis.iter().flat_map(|api| api.verifiers.iter().flatten());
        all.filter_map(|verifier| Some((verifier.origin()?, verifier)))
    }

    /// Whether a source of consumers depends on where requests come from.
    pub(crate) const fn needs_origin(&self) -> bool {
        self.needs_origin
    }

    /// What the check found that does not keep it from being served.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// The emergency handle.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Whether `version` of `api` is there at `now`: released, and not gone, or held back.
    pub(crate) fn is_live(&self, api: &ApiEntry, version: VersionId, now: Timestamp) -> bool {
        let entry = api.version(version);
        let held = || self.control.sunset_held(&api.name, &entry.text);
        api.is_live(version, now) || (entry.released.is_none_or(|released| released <= now) && held())
    }

    /// Until when `consumer` may keep `version`: by the config or by a later act, whichever is later.
    pub(crate) fn extension(&self, api: &ApiEntry, version: VersionId, consumer: Option<&str>) -> Option<Timestamp> {
        let consumer = consumer?;
        let said = api.extension(version, Some(consumer)).map(|extension| extension.until);
        said.max(self.control.extension(&api.name, &api.version(version).text, consumer))
    }

    /// The names of the versions of `api` that are there at `now`, oldest first.
    pub(crate) fn supported<'a>(&self, api: &'a ApiEntry, now: Timestamp) -> Vec<&'a str> {
        let live = api.versions.iter().filter(|version| self.is_live(api, version.id, now));
        live.map(|version| &*version.text).collect()
    }

    pub(crate) fn handles(&self, api: usize) -> &ApiHandles {
        &self.handles[api]
    }

    pub(crate) fn pins(&self) -> Option<&dyn Pins> {
        self.pins.as_deref()
    }

    pub(crate) fn known(&self) -> Option<&dyn KnownConsumers> {
        self.known.as_deref()
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("apis", &self.apis).field("control", &self.control).finish_non_exhaustive()
    }
}
