//! A request, as the ledger sees it.

use super::route::UsedRoute;

/// The sender of a request, and what the request is for.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub(super) route: &'a UsedRoute,
    pub(super) consumer: Option<&'a str>,
    pub(super) user_agent: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
}

// === impl Caller ===

impl<'a> Caller<'a> {
    /// A request for `route`, of no consumer.
    #[must_use]
    pub const fn new(route: &'a UsedRoute) -> Self {
        Self { route, consumer: None, user_agent: None, request_id: None }
    }

    /// The consumer. It is written to the store as it is, so it must not be a secret.
    #[must_use]
    pub const fn with_consumer(mut self, consumer: &'a str) -> Self {
        self.consumer = Some(consumer);
        self
    }

    /// The `User-Agent` field.
    #[must_use]
    pub const fn with_user_agent(mut self, agent: &'a str) -> Self {
        self.user_agent = Some(agent);
        self
    }

    /// The id that the access log has for the request.
    #[must_use]
    pub const fn with_request_id(mut self, id: &'a str) -> Self {
        self.request_id = Some(id);
        self
    }
}
