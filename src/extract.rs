//! Extractors for axum handlers.
//!
//! [`ApiVersion`] can be taken as an argument. As an extractor it answers 500 where no layer has resolved the request: the
//! layers are missing, or the path is of no api. `Option<ApiVersion>` is `None` there.
//!
//! ```
//! use axum::{Router, routing::get};
//! use sunward::extract::ApiVersion;
//!
//! let app: Router = Router::new().route("/whoami", get(|version: ApiVersion| async move { version.to_string() }));
//! ```

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::StatusCode;
use http::request::Parts;

pub use crate::layer::ApiVersion;

// === impl ApiVersion ===

impl<S: Sync> FromRequestParts<S> for ApiVersion {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::of(&parts.extensions)
            .ok_or((StatusCode::INTERNAL_SERVER_ERROR, "no version was resolved for this request"))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for ApiVersion {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}
