//! Where a version was named.

/// What named a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VersionSource {
    /// The path.
    Path,
    /// `Accept`, or `Content-Type` for a request's body.
    Accept,
    /// The header.
    Header,
    /// The query parameter.
    Query,
    /// The host.
    Host,
    /// The consumer's pin.
    Pin,
    /// Nothing did: the route's or the api's default.
    Default,
}

// === impl VersionSource ===

impl VersionSource {
    /// The word of the config.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Accept => "accept",
            Self::Header => "header",
            Self::Query => "query",
            Self::Host => "host",
            Self::Pin => "pin",
            Self::Default => "default",
        }
    }

    /// Whether the version is part of the URL, so that the same resource under another version has another one.
    #[must_use]
    pub const fn is_in_url(self) -> bool {
        matches!(self, Self::Path | Self::Query | Self::Host)
    }
}
