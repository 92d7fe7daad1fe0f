//! What can be asked of the admin listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::handler::Handler;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use http::header::{self, HeaderValue};
use http::request::Parts;
use serde::de::DeserializeOwned;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::acts::OperatorAct;
use super::answer::AdminError;
use super::{Admin, config, guard, show};

/// One of the things that can be asked.
struct AdminRoute {
    method: Method,
    path: &'static str,
    handler: MethodRouter<Arc<Admin>>,
}

/// The names in a path. A path with names that are not UTF-8 is an unknown one.
pub(super) struct Names<T>(pub(super) T);

/// All of it. The document for machines has the same rows: a test compares them.
fn routes() -> Vec<AdminRoute> {
    vec![
        get("/metrics", show::metrics),
        get("/healthz", show::health),
        get("/readyz", show::ready),
        get("/openapi.json", show::openapi),
        get("/versions", show::versions),
        get("/upstreams", show::upstreams),
        named_act("/upstreams/{name}/drain", |upstream| OperatorAct::Drain { upstream }),
        named_act("/upstreams/{name}/undrain", |upstream| OperatorAct::Undrain { upstream }),
        named_act("/apis/{api}/pause", |api| OperatorAct::Pause { api }),
        named_act("/apis/{api}/resume", |api| OperatorAct::Resume { api }),
        version_act("/apis/{api}/versions/{version}/hold", |api, version| OperatorAct::Hold { api, version }),
        version_act("/apis/{api}/versions/{version}/release", |api, version| OperatorAct::Release { api, version }),
        version_act("/apis/{api}/versions/{version}/extend", |api, version| OperatorAct::Extend { api, version }),
        version_act("/apis/{api}/versions/{version}/withdraw", |api, version| OperatorAct::Withdraw { api, version }),
        get("/audit", show::audit),
        get("/config", config::show),
        route(Method::PUT, "/config", config::put),
        route(Method::POST, "/config/reload", config::reload),
        get("/revisions", config::revisions),
        route(Method::POST, "/rollback", config::rollback),
    ]
}

/// The service of the admin listener.
pub(super) fn router(admin: Arc<Admin>) -> Router {
    let mut paths: BTreeMap<&str, Vec<AdminRoute>> = BTreeMap::new();
    for route in routes() {
        paths.entry(route.path).or_default().push(route);
    }
    let mut router = Router::new();
    for (path, routes) in paths {
        let allow = allow(&routes);
        let other = MethodRouter::new().fallback(move || async move { AdminError::method(&allow) });
        router = router.route(path, routes.into_iter().fold(other, |methods, route| methods.merge(route.handler)));
    }
    let [no_store, nosniff] = ["no-store", "nosniff"].map(HeaderValue::from_static);
    router
        .fallback(|| async { unknown_path() })
        .layer(middleware::from_fn_with_state(Arc::clone(&admin), guard::admit))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, no_store))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, nosniff))
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
        .layer(CatchPanicLayer::custom(|_| AdminError::internal().into_response()))
        .with_state(admin)
}

fn unknown_path() -> AdminError {
    let mut known: Vec<&str> = routes().iter().map(|route| route.path).collect();
    known.dedup();
    AdminError::path(known)
}

/// The methods of a path. A HEAD is a GET whose body is not sent.
fn allow(routes: &[AdminRoute]) -> String {
    let methods = routes.iter().map(|route| route.method.as_str());
    methods.map(|method| if method == "GET" { "GET, HEAD" } else { method }).collect::<Vec<_>>().join(", ")
}

fn route<H, T>(method: Method, path: &'static str, handler: H) -> AdminRoute
where
    H: Handler<T, Arc<Admin>>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
    AdminRoute { method, path, handler: on(filter, handler) }
}

fn get<H, T>(path: &'static str, handler: H) -> AdminRoute
where
    H: Handler<T, Arc<Admin>>,
    T: 'static,
{
    route(Method::GET, path, handler)
}

/// An act on something that has a name.
fn named_act(path: &'static str, act: fn(String) -> OperatorAct) -> AdminRoute {
    route(
        Method::POST,
        path,
        move |State(admin): State<Arc<Admin>>, Names(name): Names<String>, request: Request| async move {
            admin.act(act(name), request).await
        },
    )
}

fn version_act(path: &'static str, act: fn(String, String) -> OperatorAct) -> AdminRoute {
    route(
        Method::POST,
        path,
        move |State(admin): State<Arc<Admin>>, Names((api, version)): Names<(String, String)>, request: Request| async move {
            admin.act(act(api, version), request).await
        },
    )
}

// === impl Names ===

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Admin>> for Names<T> {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, AdminError> {
        Path::from_request_parts(parts, admin).await.map(|Path(names)| Self(names)).map_err(|_| unknown_path())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The document has every route, and no other; what is open there is open here.
    #[test]
    fn the_document_has_the_same_routes() {
        let document: serde_json::Value = serde_json::from_str(show::OPENAPI).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<(String, &str, bool)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("methods").iter().filter(|(name, _)| *name != "parameters");
                methods.map(move |(method, what)| {
                    (method.to_uppercase(), path.as_str(), what["security"] == serde_json::json!([]))
                })
            })
            .collect();
        let known = routes();
        let known =
            known.iter().map(|of| (of.method.to_string(), of.path, guard::is_open(&of.method, of.path))).collect();
        assert_eq!(described, known);
    }
}
