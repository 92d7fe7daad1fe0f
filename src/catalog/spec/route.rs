//! What is particular about one route.

use std::time::Duration;

use super::Life;
use crate::diagnostic::Spanned;

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
    pub(crate) lives: Vec<(Spanned<String>, Life)>,
}

// === impl Route ===

impl Route {
    /// `GET /users/{id}`, as the newest version has it; `*` stands for every method.
    pub fn new(route: impl Into<Spanned<String>>) -> Self {
        Self {
            route: route.into(),
            default: None,
            upstream: None,
            speaks: None,
            forward_as: None,
            timeout: None,
            lives: Vec::new(),
        }
    }

    setters! {
        /// What a request to it speaks that names no version.
        with_default => default: Spanned<String>, Some;
        /// The version that the service behind it speaks.
        with_speaks => speaks: Spanned<String>, Some;
        /// The prefix that the service behind it knows the api by; what the api says, unless said.
        with_forward_as => forward_as: Spanned<String>, Some;
    }

    /// The end of one version on this route, if it is not the version's own.
    #[must_use]
    pub fn with_sunset(mut self, version: impl Into<Spanned<String>>, sunset: impl Into<Spanned<String>>) -> Self {
        self.lives.push((version.into(), Life { sunset: Some(sunset.into()), ..Life::default() }));
        self
    }

    /// The deprecation of one version on this route, if it is not the version's own.
    #[must_use]
    pub fn with_deprecated(mut self, version: impl Into<Spanned<String>>, at: impl Into<Spanned<String>>) -> Self {
        self.lives.push((version.into(), Life { deprecated: Some(at.into()), ..Life::default() }));
        self
    }
}
