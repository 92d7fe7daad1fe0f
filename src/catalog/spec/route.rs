//! What is particular about one route.

use std::time::Duration;

use super::{Brownout, Date, LifecycleSpec, OnUntyped};
use crate::catalog::Content;
use crate::diagnostic::Spanned;
use crate::json::FieldNames;

/// What is particular about one route.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET /users/{id}`; `* /users/{id}` stands for every method.
    pub(crate) route: Spanned<String>,
    pub(crate) default: Option<Spanned<String>>,
    pub(crate) upstream: Option<Spanned<String>>,
    pub(crate) speaks: Option<Spanned<String>>,
    pub(crate) forward_as: Option<Spanned<String>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) content: Option<Content>,
    pub(crate) request_content: Option<Content>,
    pub(crate) on_untyped: Option<OnUntyped>,
    pub(crate) forms: Option<FieldNames>,
    pub(crate) lives: Vec<(Spanned<String>, LifecycleSpec)>,
}

// === impl Route ===

impl Route {
    /// `GET /users/{id}`, as the newest version has it; `*` stands for every method.
    pub fn new(route: impl Into<String>) -> Self {
        Self {
            route: Spanned::text(route),
            default: None,
            upstream: None,
            speaks: None,
            forward_as: None,
            timeout: None,
            content: None,
            request_content: None,
            on_untyped: None,
            forms: None,
            lives: Vec::new(),
        }
    }

    setters! {
        /// What a request to it speaks that names no version.
        with_default => default: text, Some;
        /// The version that the service behind it speaks.
        with_speaks => speaks: text, Some;
        /// The upstream of a gateway that its requests are sent to. Default: that of the api.
        with_upstream => upstream: text, Some;
        /// How long a gateway lets a request to it take, retries included. Default: no limit for the whole.
        with_timeout => timeout: Duration, Some;
        /// The path prefix of the api at the route's service. Default: that of the api.
        with_forward_as => forward_as: text, Some;
        /// How its successful responses contain JSON, whatever their `Content-Type`: for a service that sends a wrong
        /// one, or none.
        with_content => content: Content, Some;
        /// How its requests contain JSON, whatever their `Content-Type`, unless that is a patch's.
        with_request_content => request_content: Content, Some;
        /// What to do with a body that a change affects and whose `Content-Type` is not a JSON type. Default: that of
        /// the api.
        with_on_untyped => on_untyped: OnUntyped, Some;
        /// How the names of its form fields are read. Default: that of the api.
        with_forms => forms: FieldNames, Some;
    }

    /// The end of one version on this route, if it is not the version's own.
    #[must_use]
    pub fn with_sunset(mut self, version: impl Into<String>, sunset: impl Into<Date>) -> Self {
        self.life(version).sunset = Some(sunset.into().into());
        self
    }

    /// The deprecation of one version on this route, if it is not the version's own.
    #[must_use]
    pub fn with_deprecated(mut self, version: impl Into<String>, at: impl Into<Date>) -> Self {
        self.life(version).deprecated = Some(at.into().into());
        self
    }

    /// From when on no new consumer may start to use one version on this route, if it is not the version's own date.
    #[must_use]
    pub fn with_closed(mut self, version: impl Into<String>, at: impl Into<Date>) -> Self {
        self.life(version).closed = Some(at.into().into());
        self
    }

    /// Whether one version is served past its sunset on this route, whatever the version itself says.
    #[must_use]
    pub fn with_hold_sunset(mut self, version: impl Into<String>, hold: bool) -> Self {
        self.life(version).hold_sunset = Some(hold);
        self
    }

    /// The brownouts of one version on this route, in the place of the version's own. An empty list: it has none here.
    #[must_use]
    pub fn with_brownouts(mut self, version: impl Into<String>, brownouts: impl IntoIterator<Item = Brownout>) -> Self {
        self.life(version).brownouts = Some(brownouts.into_iter().collect());
        self
    }

    /// The dates of one version.
    fn life(&mut self, version: impl Into<String>) -> &mut LifecycleSpec {
        let version = Spanned::text(version);
        let at = self.lives.iter().position(|(known, _)| known.value == version.value).unwrap_or_else(|| {
            self.lives.push((version, LifecycleSpec::default()));
            self.lives.len() - 1
        });
        &mut self.lives[at].1
    }
}
