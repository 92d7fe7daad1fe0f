//! The ops on the head of a message, and on the list of routes.

use super::{HeadSpec, OpKind, OpSpec, RouteSpec};

// === impl OpSpec ===

impl OpSpec {
    /// Renames a header.
    #[must_use]
    pub fn rename_header(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenameHeader { from: from.into(), to: to.into() }))
    }

    /// Renames a cookie: in `Cookie` at places of requests, and in `Set-Cookie` at those of responses.
    #[must_use]
    pub fn rename_cookie(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenameCookie { from: from.into(), to: to.into() }))
    }

    /// Adds a header where it is absent.
    #[must_use]
    pub fn add_header(name: &str, value: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::AddHeader { name: name.into(), value: value.to_owned() }))
    }

    /// Renames a query parameter.
    #[must_use]
    pub fn rename_query(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenameQuery { from: from.into(), to: to.into() }))
    }

    /// Exchanges values of a query parameter that name fields; in a comma list each, with a leading `-` or `+` kept.
    #[must_use]
    pub fn map_query(name: &str, values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        Self::new(OpKind::Head(HeadSpec::MapQuery { name: name.into(), values }))
    }

    /// Removes a header. It needs [`with_restore`](Self::with_restore), the value for the old side, or
    /// [`with_lossy`](Self::with_lossy) if the old side gets none.
    #[must_use]
    pub fn remove_header(name: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RemoveHeader { name: name.into(), restore: None, lossy: false }))
    }

    /// Adds a query parameter where it is absent.
    #[must_use]
    pub fn add_query(name: &str, value: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::AddQuery { name: name.into(), value: value.to_owned() }))
    }

    /// Removes a query parameter. It needs [`with_restore`](Self::with_restore), the value for the old side, or
    /// [`with_lossy`](Self::with_lossy) if the old side gets none.
    #[must_use]
    pub fn remove_query(name: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RemoveQuery { name: name.into(), restore: None, lossy: false }))
    }

    /// Exchanges a path prefix below the base path in `Location`, `Content-Location` and `Link`.
    #[must_use]
    pub fn rename_prefix(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenamePrefix { from: from.into(), to: to.into() }))
    }

    /// Exchanges one response status for another. With [`with_when`](Self::with_when), only where the condition holds of the
    /// body as it is at the op's place in the list; its pointers start at the whole body, which is held until then.
    ///
    /// ```
    /// use sunward::change::{Change, OpSpec, When};
    ///
    /// let missing = Change::new("2", "a missing user is a 200 with an error")
    ///     .with_at("GET /users/{id} -> 404")
    ///     .with_op(OpSpec::rename("/message", "/error"))
    ///     .with_op(OpSpec::map_status(404, 200).with_when(When::equals("/error", "not_found")));
    /// # let _ = missing;
    /// ```
    #[must_use]
    pub fn map_status(from: u16, to: u16) -> Self {
        Self::new(OpKind::Head(HeadSpec::MapStatus { from: from.into(), to: to.into() }))
    }

    /// Exchanges one media type for another in the `Content-Type`, with its parameters. For responses, a client that accepts
    /// the type of its version also accepts that of the service.
    ///
    /// ```
    /// use sunward::change::{Change, OpSpec};
    ///
    /// let errors = Change::new("2", "errors are problem documents")
    ///     .with_at("* -> 4xx")
    ///     .with_op(OpSpec::map_content_type("application/json", "application/problem+json"));
    /// # let _ = errors;
    /// ```
    #[must_use]
    pub fn map_content_type(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::MapContentType { from: from.into(), to: to.into() }))
    }

    /// The version added a route (`POST /users`): older clients do not have it.
    #[must_use]
    pub fn add_route(route: &str) -> Self {
        Self::new(OpKind::Route(RouteSpec::Add(route.into())))
    }

    /// The version removed a route: only older clients have it.
    #[must_use]
    pub fn remove_route(route: &str) -> Self {
        Self::new(OpKind::Route(RouteSpec::Remove(route.into())))
    }

    /// The version moved a route: `GET /people/{id}` to `GET /users/{id}`.
    #[must_use]
    pub fn move_route(from: &str, to: &str) -> Self {
        let (query, lost) = (Vec::new(), Vec::new());
        Self::new(OpKind::Route(RouteSpec::Move { from: from.into(), to: to.into(), query, lost }))
    }

    /// For [`move_route`](Self::move_route): the query of the new route has this parameter in place of the old name. It is
    /// set on the way up and taken off on the way back, where it also tells apart several old routes that became one.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// let channels = OpSpec::move_route("GET /channels", "GET /conversations").with_query("type", "public");
    /// let groups = OpSpec::move_route("GET /groups", "GET /conversations").with_query("type", "private");
    /// # let _ = (channels, groups);
    /// ```
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        match &mut self.op {
            OpKind::Route(RouteSpec::Move { query, .. }) => query.push((name.into(), value.to_owned())),
            _ => self.misplaced("with_query"),
        }
        self
    }

    /// For [`move_route`](Self::move_route): a parameter of the old path that the new one lacks, and its value on the way
    /// back.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    ///
    /// let document = OpSpec::move_route("GET /{index}/{type}/{id}", "GET /{index}/_doc/{id}").with_lost("type", "_doc");
    /// # let _ = document;
    /// ```
    #[must_use]
    pub fn with_lost(mut self, parameter: &str, value: &str) -> Self {
        match &mut self.op {
            OpKind::Route(RouteSpec::Move { lost, .. }) => lost.push((parameter.into(), value.to_owned())),
            _ => self.misplaced("with_lost"),
        }
        self
    }
}
