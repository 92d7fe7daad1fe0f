//! A version, the dates of its life, and who keeps it for longer.

use super::{Brownout, Date};
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
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Spanned::text(name),
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
        with_released => released: date, Some;
        /// Documentation for those who have to leave the version; the `deprecation` link.
        with_docs => docs: text, Some;
        /// The retirement policy; the `sunset` link.
        with_policy => policy: text, Some;
        /// Whether old clients and old servers lose what this version added. Default: that of the api.
        with_strict => strict: bool, Some;
    }

    /// From then on it is deprecated (RFC 9745).
    #[must_use]
    pub fn with_deprecated(mut self, at: impl Into<Date>) -> Self {
        self.life.deprecated = Some(at.into().into());
        self
    }

    /// From this date on, no new consumer may start to use it.
    #[must_use]
    pub fn with_closed(mut self, at: impl Into<Date>) -> Self {
        self.life.closed = Some(at.into().into());
        self
    }

    /// From then on it is gone (RFC 8594).
    #[must_use]
    pub fn with_sunset(mut self, at: impl Into<Date>) -> Self {
        self.life.sunset = Some(at.into().into());
        self
    }

    /// Whether it is served past its sunset, until this is taken back. Default: it is not.
    #[must_use]
    pub fn with_hold_sunset(mut self, hold: bool) -> Self {
        self.life.hold_sunset = Some(hold);
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
    pub fn with_known(mut self, consumer: impl Into<String>) -> Self {
        self.known.push(Spanned::text(consumer));
        self
    }
}

// === impl Extension ===

impl Extension {
    /// `consumer` keeps `version` until `until`.
    pub fn new(consumer: impl Into<String>, version: impl Into<String>, until: impl Into<Date>) -> Self {
        Self {
            consumer: Spanned::text(consumer),
            version: Spanned::text(version),
            until: until.into().into(),
            approved_by: String::new(),
            reason: String::new(),
        }
    }

    /// Who approved it. Default: not said.
    #[must_use]
    pub fn with_approved_by(mut self, by: impl Into<String>) -> Self {
        self.approved_by = by.into();
        self
    }

    /// Why it was given. Default: not said.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}
