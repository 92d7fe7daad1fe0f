//! What was sent to whom.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::query::PageQuery;
use super::render::page;
use super::session::Visitor;
use super::table::{SortBy, TablePage};
use super::usage::NoticeRow;
use crate::gateway::admin::Admin;

const COLUMNS: [SortBy<NoticeRow>; 2] = [
    SortBy { name: "Sent", key: "sent", largest_first: true, compare: |a, b| a.sent.cmp(&b.sent) },
    SortBy { name: "To", key: "to", largest_first: false, compare: |a, b| a.recipient.cmp(&b.recipient) },
];

pub(super) async fn show(State(admin): State<Arc<Admin>>, visitor: Visitor, query: PageQuery) -> Response {
    let (notices, unknown) = match admin.notice_rows().await {
        Ok(rows) => {
            let text = |row: &NoticeRow| {
                format!("{} {} {} {} {} {}", row.notice, row.api, row.version, row.recipient, row.address, row.state)
            };
            (Some(TablePage::new(rows, &COLUMNS, &query, text)), None)
        }
        Err(why) => (None, Some(why)),
    };
    let frame = admin.frame("Notices", "notices", visitor);
    page(StatusCode::OK, "notices.html", &frame, minijinja::context! { notices, unknown })
}
