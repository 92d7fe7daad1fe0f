//! An axum server whose handlers know version 2 only, and whose clients may still speak version 1.
//!
//! ```sh
//! cargo run --example axum_versions
//!
//! # Version 1, said in three ways: `name` is there, `title` and `plan` are not.
//! curl -i http://127.0.0.1:3000/api/v1/users/7
//! curl -i -H 'Accept: application/vnd.shop.v1+json' http://127.0.0.1:3000/api/users/7
//! curl -i -H 'Api-Version: 1' http://127.0.0.1:3000/api/users/7
//! # Version 2, as the handler wrote it.
//! curl -i http://127.0.0.1:3000/api/v2/users/7
//! # A request body goes up: `name` arrives as `title`, `plan` is filled in.
//! curl -i -H 'Content-Type: application/json' -d '{"name": "Ada"}' http://127.0.0.1:3000/api/v1/users
//! # Two versions at once, a version that never was: problem documents.
//! curl -i -H 'Api-Version: 1' http://127.0.0.1:3000/api/v2/users/7
//! curl -i http://127.0.0.1:3000/api/v9/users/7
//! ```

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, Resource};
use sunward::layer::VersioningLayer;
use tower::Layer;

fn shop() -> Api {
    let user =
        Resource::new("user").with_at("GET /users/{id} -> 200").with_at("POST /users <-").with_at("POST /users -> 200");
    let title = Change::new("2", "`name` is called `title`")
        .with_on("user")
        .with_op(OpSpec::rename("/name", "/title"))
        .with_breaking(true);
    let plan = Change::new("2", "a user has a `plan`").with_on("user").with_op(OpSpec::add("/plan", "free"));
    Api::new("shop")
        .with_base_path("/api")
        .with_version_path("/v{version}")
        .with_version_accept("application/vnd.shop.v{version}+json")
        .with_version_header("Api-Version")
        .with_unspecified("1")
        .with_strict(true)
        .with_version(
            Version::new("1")
                .with_deprecated("2026-01-01")
                .with_sunset("2030-01-01")
                .with_docs("https://docs.example.com/to-v2"),
        )
        .with_version(Version::new("2"))
        .with_resource(user)
        .with_change(title)
        .with_change(plan)
}

async fn show(Path(id): Path<u64>) -> Json<Value> {
    Json(json!({ "id": id, "title": "Ada", "plan": "paid" }))
}

async fn create(Json(user): Json<Value>) -> Json<Value> {
    println!("the handler got {user}");
    Json(user)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let handlers = Router::new().route("/api/users/{id}", get(show)).route("/api/users", post(create));
    // Around the whole router: paths are rewritten before they are routed.
    let versioned = VersioningLayer::new(Catalog::new([shop()])?).layer(handlers);
    // The layer rewrites paths, so it is outside of the router; `axum::serve` takes a router again.
    let app = Router::new().fallback_service(versioned);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
