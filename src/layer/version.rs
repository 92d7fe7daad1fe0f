//! The version that a client speaks, for the service that must know.

use std::fmt;

use http::Extensions;

use crate::plan::Plan;

/// The version that the client of a request speaks, for the rare service that must know it. The body that the service
/// sees is that of the version that the service speaks all the same.
///
/// [`Resolve`](super::Resolve), which is the outermost layer of [`VersioningLayer`](super::VersioningLayer), notes it in
/// the request's extensions. In axum it is an extractor ([`extract`](crate::extract), feature `axum`).
///
/// ```
/// use http::{Request, Response};
/// use sunward::layer::ApiVersion;
///
/// async fn service<B>(request: Request<B>) -> Result<Response<String>, std::convert::Infallible> {
///     let version = ApiVersion::of(request.extensions());
///     Ok(Response::new(version.map_or_else(|| "none".to_owned(), |version| version.to_string())))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersion {
    api: Box<str>,
    version: Box<str>,
}

// === impl ApiVersion ===

impl ApiVersion {
    /// The one of the request with these extensions. `None` if no layer has resolved the request, its path is of no api, or
    /// the api passes it without a version.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<Self> {
        let plan = extensions.get::<Plan>()?;
        let version = plan.version()?;
        Some(Self { api: plan.api().name.clone(), version: version.text.clone() })
    }

    /// The api's name.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.api
    }

    /// The version's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.version
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.version)
    }
}
