//! Around and inside an axum router.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sunward::extract::ApiVersion;
use tower::{Layer, ServiceExt};

use super::{Bench, run, users};

fn router() -> Router {
    let create = |Json(user): Json<Value>| async move {
        (StatusCode::CREATED, [(header::LOCATION, "/api/users/8")], Json(user)).into_response()
    };
    let show = || async { Json(json!({ "id": 7, "title": "a" })) };
    let who = |version: ApiVersion| async move { format!("{} {version}", version.api()) };
    let maybe =
        |version: Option<ApiVersion>| async move { version.map_or("none".to_owned(), |v| v.as_str().to_owned()) };
    Router::new()
        .route("/users/{id}", get(show))
        .route("/users", post(create))
        .route("/who", get(who))
        .route("/maybe", get(maybe))
        .route("/any", any(|| async { "any" }))
}

fn bench() -> Bench {
    Bench::new(
        users()
            .with_base_path("/api")
            .with_version_path("/v{version}")
            .with_version_header("Api-Version")
            .with_unspecified("1"),
    )
}

/// Status, body and one field.
fn ask<S, B>(service: S, request: Request<Body>, name: &str) -> (u16, String, String)
where
    S: tower::Service<Request<Body>, Response = axum::http::Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    run(async {
        let response = service.oneshot(request).await.expect("an answer");
        let field = response.headers().get(name).map_or("", |value| value.to_str().expect("text")).to_owned();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"), field)
    })
}

fn request(line: &str, body: &str) -> Request<Body> {
    let (method, uri) = line.split_once(' ').expect("a line");
    let request = Request::builder().method(method).uri(uri).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_owned())).expect("a request")
}

fn check<S, B>(service: &S)
where
    S: tower::Service<Request<Body>, Response = axum::http::Response<B>> + Clone,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let rows = [
        ("GET /api/v1/users/7", "", (200, "{\"id\":7,\"name\":\"a\"}", "1"), "api-version"),
        ("GET /api/v3/users/7", "", (200, "{\"id\":7,\"title\":\"a\"}", "3"), "api-version"),
        ("GET /api/users/7", "", (200, "{\"id\":7,\"name\":\"a\"}", "@1735689600"), "deprecation"),
        ("POST /api/v1/users", "{\"name\":\"b\"}", (201, "{\"name\":\"b\"}", "/api/v1/users/8"), "location"),
        ("GET /api/v2/who", "", (200, "shop 2", "2"), "api-version"),
        ("GET /api/v2/maybe", "", (200, "2", "2"), "api-version"),
        ("HEAD /api/v1/users/7", "", (200, "", ""), "content-length"),
        ("GET /api/v2/nowhere", "", (404, "", "2"), "api-version"),
    ];
    for (line, body, (status, expected, field), name) in rows {
        let got = ask(service.clone(), request(line, body), name);
        assert_eq!(got, (status, expected.to_owned(), field.to_owned()), "{line}");
    }
    let (status, problem, _) = ask(service.clone(), request("GET /api/v9/users/7", ""), "vary");
    assert!(status == 404 && problem.contains("version-unknown"), "{problem}");
}

#[test]
fn around_a_router() {
    check(&bench().layer().layer(Router::new().nest("/api", router())));
}

#[test]
fn inside_a_router() {
    let versioned = bench().layer().with_mount("/api").layer(router());
    let app = Router::new().nest_service("/api", versioned).route("/health", get(|| async { "up" }));
    check(&app);
    assert_eq!(ask(app, request("GET /health", ""), "vary"), (200, "up".to_owned(), String::new()));
}

#[test]
fn an_inner_service_knows_the_whole_path() {
    let versioned = bench().at("2028-01-01").layer().with_mount("/api").layer(router());
    let app = Router::new().nest_service("/api", versioned);
    let (status, problem, link) = ask(app.clone(), request("GET /api/v1/users/7", ""), "link");
    assert!(status == 410 && problem.contains("\"successor\":\"/api/v2/users/7\""), "{problem}");
    assert_eq!(link, "</api/v2/users/7>; rel=\"successor-version\"; anchor=\"/api/v1/users/7\"");
    let (status, ..) = ask(app, request("GET /api/%761/users/7", ""), "link");
    assert_eq!(status, 410);
}

#[test]
fn the_extractor_needs_the_layers() {
    let (status, body, _) = ask(router(), request("GET /who", ""), "x");
    assert_eq!((status, body.as_str()), (500, "no version was resolved for this request"));
    assert_eq!(ask(router(), request("GET /maybe", ""), "x").1, "none");
}
