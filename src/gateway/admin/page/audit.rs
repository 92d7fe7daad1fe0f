//! What operators did.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::query::PageQuery;
use super::render::page;
use super::session::Visitor;
use super::table::{SortBy, TablePage};
use crate::gateway::admin::Admin;

const COLUMNS: [SortBy<Value>; 1] = [SortBy {
    name: "Time",
    key: "time",
    largest_first: true,
    compare: |a, b| a["time"].as_str().cmp(&b["time"].as_str()),
}];

pub(super) async fn show(State(admin): State<Arc<Admin>>, visitor: Visitor, query: PageQuery) -> Response {
    let acts = TablePage::new(admin.store.audit.recent(), &COLUMNS, &query, Value::to_string);
    let frame = admin.frame("Audit", "audit", visitor);
    page(StatusCode::OK, "audit.html", &frame, minijinja::context! { acts })
}
