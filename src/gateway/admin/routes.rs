//! What can be asked of the admin listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::Method;
use http::header::{self, HeaderValue};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, Predicate};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::acts::OperatorAct;
use super::answer::AdminError;
use super::route::{AdminRoute, Names};
use super::{Admin, config, guard, page, rollouts, show};
use crate::rollout::RolloutAct;

/// What is compressed: long answers without an entity tag. A strong tag is of one form only (RFC 9110 §8.8.1).
#[derive(Clone, Copy)]
struct Untagged;

/// A shorter answer gains nothing.
const SHORT: u64 = 1024;

/// All of it. The document for machines has the same rows: a test compares them.
fn routes() -> Vec<AdminRoute> {
    #[cfg_attr(not(feature = "ledger"), allow(unused_mut))]
    let mut all = vec![
        AdminRoute::get("/metrics", show::metrics),
        AdminRoute::get("/healthz", show::health),
        AdminRoute::get("/readyz", show::ready),
        AdminRoute::get("/openapi.json", show::openapi),
        AdminRoute::get("/versions", show::versions),
        AdminRoute::get("/upstreams", show::upstreams),
        named_act("/upstreams/{name}/drain", |upstream| OperatorAct::Drain { upstream }),
        named_act("/upstreams/{name}/undrain", |upstream| OperatorAct::Undrain { upstream }),
        named_act("/apis/{api}/pause", |api| OperatorAct::Pause { api }),
        named_act("/apis/{api}/resume", |api| OperatorAct::Resume { api }),
        version_act("/apis/{api}/versions/{version}/hold", |api, version| OperatorAct::Hold { api, version }),
        version_act("/apis/{api}/versions/{version}/release", |api, version| OperatorAct::Release { api, version }),
        version_act("/apis/{api}/versions/{version}/extend", |api, version| OperatorAct::Extend { api, version }),
        version_act("/apis/{api}/versions/{version}/withdraw", |api, version| OperatorAct::Withdraw { api, version }),
        AdminRoute::get("/rollouts", rollouts::show),
        AdminRoute::post("/rollouts/{upstream}/start", rollouts::start),
        rollouts::act("/rollouts/{upstream}/promote", RolloutAct::Promote),
        rollouts::act("/rollouts/{upstream}/pause", RolloutAct::Pause),
        rollouts::act("/rollouts/{upstream}/resume", RolloutAct::Resume),
        rollouts::act("/rollouts/{upstream}/abort", RolloutAct::Abort),
        AdminRoute::get("/audit", show::audit),
        AdminRoute::get("/config", config::show),
        AdminRoute::new(Method::PUT, "/config", config::put),
        AdminRoute::post("/config/reload", config::reload),
        AdminRoute::get("/revisions", config::revisions),
        AdminRoute::post("/rollback", config::rollback),
    ];
    #[cfg(feature = "ledger")]
    all.extend(super::usage::routes());
    all
}

/// The service of the admin listener.
pub(super) fn router(admin: Arc<Admin>) -> Router {
    let mut by_path: BTreeMap<&str, Vec<AdminRoute>> = BTreeMap::new();
    for route in routes().into_iter().chain(page::routes()) {
        by_path.entry(route.path).or_default().push(route);
    }
    let mut router = Router::new();
    for (path, routes) in by_path {
        let allow = allow(&routes);
        let other = MethodRouter::new().fallback(move || async move { AdminError::method(&allow) });
        router = router.route(path, routes.into_iter().fold(other, |methods, route| methods.merge(route.handler)));
    }
    let [no_store, nosniff] = ["no-store", "nosniff"].map(HeaderValue::from_static);
    router
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(Arc::clone(&admin), guard::admit))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, no_store))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, nosniff))
        .layer(CompressionLayer::new().compress_when(Untagged))
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
        .layer(CatchPanicLayer::custom(|_| AdminError::internal().into_response()))
        .with_state(admin)
}

async fn unknown_path(request: Request) -> Response {
    let error = AdminError::path(paths());
    let is_for_people = page::is_page(request.uri().path()) && page::wants_page(request.headers());
    if is_for_people { page::refusal(error, "/") } else { error.into_response() }
}

/// The paths of what programs can ask, once each.
pub(super) fn paths() -> Vec<&'static str> {
    let mut known: Vec<&str> = routes().iter().map(|route| route.path).collect();
    known.dedup();
    known
}

/// The methods of a path. A HEAD is a GET whose body is not sent.
fn allow(routes: &[AdminRoute]) -> String {
    let methods = routes.iter().map(|route| route.method.as_str());
    methods.map(|method| if method == "GET" { "GET, HEAD" } else { method }).collect::<Vec<_>>().join(", ")
}

/// An act on something that has a name.
fn named_act(path: &'static str, act: fn(String) -> OperatorAct) -> AdminRoute {
    AdminRoute::post(
        path,
        move |State(admin): State<Arc<Admin>>, Names(name): Names<String>, request: Request| async move {
            admin.act(act(name), request).await
        },
    )
}

fn version_act(path: &'static str, act: fn(String, String) -> OperatorAct) -> AdminRoute {
    AdminRoute::post(
        path,
        move |State(admin): State<Arc<Admin>>, Names((api, version)): Names<(String, String)>, request: Request| async move {
            admin.act(act(api, version), request).await
        },
    )
}

// === impl Untagged ===

impl Predicate for Untagged {
    fn should_compress<B: http_body::Body>(&self, response: &http::Response<B>) -> bool {
        let is_long = response.body().size_hint().exact().is_none_or(|size| size >= SHORT);
        is_long && !response.headers().contains_key(header::ETAG)
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
