//! A version, the dates of its life, and who keeps it for longer.

use super::Brownout;
use crate::diagnostic::Spanned;

/// A version and the dates of its life.
#[derive(Clone, Debug)]
pub struct Version {
    pub(crate) name: Spanned<String>,
    pub(crate) released: Option<Spanned<String>>,
    pub(crate) life: LifecycleSpec,
    pub(crate) docs: Option<Spanned<String>>,
    pub(crate) policy: Option<Spanned<String>>,
    pub(crate) known: Vec<Spanned<String>>,
    pub(crate) strict: Option<bool>,
}

/// The dates that a version has, and that a route may override.
#[derive(Clone, Debug, Default)]
pub(crate) struct LifecycleSpec {
    pub(crate) deprecated: Option<Spanned<String>>,
    pub(crate) closed: Option<Spanned<String>>,
    pub(crate) sunset: Option<Spanned<String>>,
    pub(crate) hold_sunset: Option<bool>,
    pub(crate) brownouts: Option<Vec<Brownout>>,
}

/// A consumer that keeps a version for longer than the others.
#[derive(Clone, Debug)]
pub struct Extension {
    pub(crate) consumer: Spanned<String>,
    pub(crate) version: Spanned<String>,
    pub(crate) until: Spanned<String>,
    pub(crate) approved_by: String,
    pub(crate) reason: String,
}

// === impl Version ===

impl Version {
    /// A version without dates: released, and not deprecated.
    ///
    /// A date is an HTTP-date, an RFC 3339 time or a plain date.
    pub fn new(name: impl Into<Spanned<String>>) -> Self {
        Self {
            name: name.into(),
            released: None,
            life: LifecycleSpec::default(),
            docs: None,
            policy: None,
            known: Vec::new(),
            strict: None,
        }
    }

    setters! {
        /// Before it, the version does not exist.
        with_released => released: Spanned<String>, Some;
        /// Documentation for those who have to leave the version; the `deprecation` link.
        with_docs => docs: Spanned<String>, Some;
        /// The retirement policy; the `sunset` link.
        with_policy => policy: Spanned<String>, Some;
        /// Whether old clients and old servers lose what this version added; what the api says, unless said.
        with_strict => strict: bool, Some;
    }

    /// From then on it is deprecated (RFC 9745).
    #[must_use]
    pub fn with_deprecated(mut self, at: impl Into<Spanned<String>>) -> Self {
        self.life.deprecated = Some(at.into());
        self
    }

    /// From then on nobody new may start to use it.
    #[must_use]
    pub fn with_closed(mut self, at: impl Into<Spanned<String>>) -> Self {
        self.life.closed = Some(at.into());
        self
    }

    /// From then on it is gone (RFC 8594).
    #[must_use]
    pub fn with_sunset(mut self, at: impl Into<Spanned<String>>) -> Self {
        self.life.sunset = Some(at.into());
        self
    }

    /// Serves it past its sunset until this is taken back.
    #[must_use]
    pub fn hold_sunset(mut self) -> Self {
        self.life.hold_sunset = Some(true);
        self
    }

    /// Adds a brownout.
    #[must_use]
    pub fn with_brownout(mut self, brownout: Brownout) -> Self {
        self.life.brownouts.get_or_insert_default().push(brownout);
        self
    }

    /// A consumer that used it before it was closed.
    #[must_use]
    pub fn with_known(mut self, consumer: impl Into<Spanned<String>>) -> Self {
        self.known.push(consumer.into());
        self
    }
}

// === impl Extension ===

impl Extension {
    /// `consumer` keeps `version` until `until`.
    pub fn new(
        consumer: impl Into<Spanned<String>>,
        version: impl Into<Spanned<String>>,
        until: impl Into<Spanned<String>>,
    ) -> Self {
        Self {
            consumer: consumer.into(),
            version: version.into(),
            until: until.into(),
            approved_by: String::new(),
            reason: String::new(),
        }
    }

    /// Who approved it, and why.
    #[must_use]
    pub fn approved(mut self, by: impl Into<String>, reason: impl Into<String>) -> Self {
        self.approved_by = by.into();
        self.reason = reason.into();
        self
    }
}
