//! The instances behind the gateway.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use minijinja::context;

use super::render::page;
use super::session::Visitor;
use crate::gateway::admin::{Admin, show};

pub(super) async fn show(State(admin): State<Arc<Admin>>, visitor: Visitor) -> Response {
    let view = show::upstreams_json(&admin.current.load());
    let frame = admin.frame("Upstreams", "upstreams", visitor);
    page(StatusCode::OK, "upstreams.html", &frame, context! { upstreams => view["upstreams"] })
}
