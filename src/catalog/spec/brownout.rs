//! When a version is switched off on trial.

use std::time::Duration;

use super::Date;
use crate::diagnostic::{Span, Spanned};

/// A time in which a version is switched off on trial: one window, or a ramp of windows of growing share.
#[derive(Clone, Debug)]
pub struct Brownout {
    pub(crate) from: Spanned<String>,
    pub(crate) lasting: Duration,
    /// From the start of one window to the start of the next.
    pub(crate) every: Option<Duration>,
    /// Percent, one window each; a single window has one.
    pub(crate) shares: Vec<f64>,
    pub(crate) by: ShareOf,
    pub(crate) status: Option<Spanned<u16>>,
    pub(crate) routes: Vec<Spanned<String>>,
    pub(crate) consumers: Vec<String>,
    pub(crate) exempt: Vec<String>,
    pub(crate) dry_run: bool,
    pub(crate) span: Span,
}

/// What a brownout's share is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShareOf {
    /// The same consumers from the first window on, and more with each.
    #[default]
    Consumers,
    /// Any request may be hit.
    Requests,
}

// === impl Brownout ===

impl Brownout {
    /// One window that hits everybody.
    pub fn new(from: impl Into<Date>, lasting: Duration) -> Self {
        Self {
            from: from.into().into(),
            lasting,
            every: None,
            shares: vec![100.0],
            by: ShareOf::Consumers,
            status: None,
            routes: Vec::new(),
            consumers: Vec::new(),
            exempt: Vec::new(),
            dry_run: false,
            span: Span::NONE,
        }
    }

    /// A ramp: a window `every` so often, each with its share in percent.
    #[must_use]
    pub fn with_ramp(mut self, every: Duration, shares: impl Into<Vec<f64>>) -> Self {
        self.every = Some(every);
        self.shares = shares.into();
        self
    }

    setters! {
        /// What the share is a share of.
        with_share_of => by: ShareOf;
        /// Only counts whom it would have hit.
        with_dry_run => dry_run: bool;
    }

    /// The status of the response: 410, as after the sunset, or 503. Default: 410.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Adds a route that it affects. Default: all routes.
    #[must_use]
    pub fn with_route(mut self, route: impl Into<String>) -> Self {
        self.routes.push(Spanned::text(route));
        self
    }

    /// Adds a consumer that it affects. Default: all consumers.
    #[must_use]
    pub fn with_consumer(mut self, consumer: impl Into<String>) -> Self {
        self.consumers.push(consumer.into());
        self
    }

    /// Never hits this consumer; may be said again.
    #[must_use]
    pub fn with_exempt(mut self, consumer: impl Into<String>) -> Self {
        self.exempt.push(consumer.into());
        self
    }
}
