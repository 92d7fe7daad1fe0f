//! A row of the table of routes.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::request::Parts;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::Admin;
use super::answer::AdminError;

/// One of the things that can be asked.
pub(super) struct AdminRoute {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) handler: MethodRouter<Arc<Admin>>,
}

/// The names in a path.
pub(super) struct Names<T>(pub(super) T);

// === impl AdminRoute ===

impl AdminRoute {
    pub(super) fn new<H, T>(method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Admin>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self { method, path, handler: on(filter, handler) }
    }

    pub(super) fn get<H, T>(path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Admin>>,
        T: 'static,
    {
        Self::new(Method::GET, path, handler)
    }

    pub(super) fn post<H, T>(path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Admin>>,
        T: 'static,
    {
        Self::new(Method::POST, path, handler)
    }
}

// === impl Names ===

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Admin>> for Names<T> {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, AdminError> {
        let names = Path::from_request_parts(parts, admin).await;
        let unknown = |_| AdminError::new(StatusCode::NOT_FOUND, "unknown path: a name in it is not UTF-8");
        names.map(|Path(names)| Self(names)).map_err(unknown)
    }
}
