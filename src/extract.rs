//! Extractors for axum handlers.

use std::convert::Infallible;
use std::fmt;

use axum_core::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;

use crate::plan::Plan;

/// The version that the client speaks, for the rare handler that must know. The body it sees is that of the version
/// that the service speaks all the same.
///
/// As an extractor it answers 500 where no layer has planned the request: the layers are missing, or the path is none
/// of the apis'. `Option<ApiVersion>` is `None` there.
///
/// ```
/// use axum::{Router, routing::get};
/// use sunward::extract::ApiVersion;
///
/// let app: Router = Router::new().route("/whoami", get(|version: ApiVersion| async move { version.to_string() }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersion {
    api: Box<str>,
    version: Box<str>,
}

// === impl ApiVersion ===

impl ApiVersion {
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

    fn of(parts: &Parts) -> Option<Self> {
        let plan = parts.extensions.get::<Plan>()?;
        let version = plan.version()?;
        Some(Self { api: plan.api().name.clone(), version: version.text.clone() })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.version)
    }
}

impl<S: Sync> FromRequestParts<S> for ApiVersion {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::of(parts).ok_or((StatusCode::INTERNAL_SERVER_ERROR, "no version was resolved for this request"))
    }
}

impl<S: Sync> axum_core::extract::OptionalFromRequestParts<S> for ApiVersion {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::of(parts))
    }
}
