//! Whose scripts may read what is answered here.

use crate::diagnostic::Spanned;

/// The origins whose scripts may read the answers that an api does not give itself: a 410, a brownout, a 400, a body that could
/// not be migrated, and in a gateway 502 to 504 (Fetch, CORS protocol).
///
/// It concerns these answers only. What the service answers, preflights included, is the service's to allow.
///
/// ```
/// use sunward::catalog::{Api, Cors};
///
/// let cors = Cors::new(["https://app.example.com", "https://*.partner.example"]).with_credentials(true);
/// let api = Api::new("shop").with_cors(cors);
/// # let _ = api;
/// ```
#[derive(Clone, Debug)]
pub struct Cors {
    pub(crate) origins: Vec<Spanned<String>>,
    pub(crate) credentials: bool,
}

// === impl Cors ===

impl Cors {
    /// Origins as browsers write them: `https://app.example.com`, with a port where it is not the scheme's own;
    /// `https://*.example.com` for all hosts below one; or `*` alone for all origins.
    pub fn new(origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { origins: origins.into_iter().map(Spanned::text).collect(), credentials: false }
    }

    /// Whether requests with cookies or other credentials may be made. Not together with `*`.
    #[must_use]
    pub fn with_credentials(mut self, credentials: bool) -> Self {
        self.credentials = credentials;
        self
    }
}
