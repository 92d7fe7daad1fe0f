//! The page: versions, who uses them, and what operators do, for people with a browser.
//!
//! | file | what |
//! |---|---|
//! | `overview`, `version`, `consumer`, `upstreams`, `config`, `audit`, `notices` | one page each |
//! | `act`, `effect` | what operators do: shown first, then done |
//! | `login`, `session` | who is signed in |
//! | `usage`, `ledger`, `ledger_off` | what the ledger says |
//! | `chart`, `table` | time lines, bars and trends; long tables |
//! | `render`, `assets` | HTML, and the files that it refers to |
//!
//! All of it is made on the server and works without a script. It shows what the JSON of the same listener and the commands show.

mod act;
mod assets;
mod audit;
mod chart;
mod config;
mod consumer;
mod effect;
#[cfg(feature = "ledger")]
mod ledger;
#[cfg(not(feature = "ledger"))]
#[path = "ledger_off.rs"]
mod ledger;
mod login;
mod notices;
mod overview;
mod query;
mod render;
pub(super) mod session;
mod table;
mod upstreams;
#[cfg_attr(not(feature = "ledger"), allow(dead_code, reason = "nothing is known then"))]
mod usage;
mod version;

use axum::response::{IntoResponse, Redirect, Response};
use http::header::{self, HeaderMap};
use http::{Method, StatusCode};

use super::Admin;
use super::answer::AdminError;
use super::route::AdminRoute;
use query::link;
use render::{Frame, PageError};
use session::Visitor;

/// Pages, by path. They are no part of the document for machines.
pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::get("/", overview::show),
        AdminRoute::get("/ui/apis/{api}/versions/{version}", version::show),
        AdminRoute::get("/ui/apis/{api}/consumers/{consumer}", consumer::show),
        AdminRoute::get("/ui/upstreams", upstreams::show),
        AdminRoute::get("/ui/config", config::show),
        AdminRoute::get("/ui/config/revisions/{number}", config::revision),
        AdminRoute::get("/ui/notices", notices::show),
        AdminRoute::get("/ui/audit", audit::show),
        AdminRoute::get("/ui/acts/{what}", act::ask),
        AdminRoute::post("/ui/acts/{what}", act::perform),
        AdminRoute::get("/ui/login", login::show),
        AdminRoute::post("/ui/login", login::sign_in),
        AdminRoute::post("/ui/logout", login::sign_out),
        AdminRoute::get("/ui/assets/{name}", assets::serve),
    ]
}

/// Whether a path is that of a page.
pub(super) fn is_page(path: &str) -> bool {
    path == "/" || path.starts_with("/ui/")
}

/// Whether everybody may see it: where one signs in, and what that looks like.
pub(super) fn is_open(method: &Method, path: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    path == "/ui/login" || (reads && path.starts_with("/ui/assets/"))
}

/// Whether a browser asks for a page, and not a program for its data.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| range.trim_start().starts_with("text/html"))
}

/// Why somebody may not see a page, said as a page; who only has to sign in is sent there.
pub(super) fn refusal(error: AdminError, path: &str) -> Response {
    if error.status() == StatusCode::UNAUTHORIZED {
        return Redirect::to(&link("/ui/login", &[("next", path)])).into_response();
    }
    PageError(error).into_response()
}

// === impl Admin ===

impl Admin {
    /// What is around a page.
    fn frame(&self, title: impl Into<String>, tab: &'static str, visitor: Visitor) -> Frame {
        let draining = self.unready().map(|why| format!("This gateway gets no new clients: {}.", why.trim_end()));
        let warnings = draining.into_iter().chain(self.store.detail()).collect();
        let environment = self.environment();
        let Visitor { csrf, signed_in } = visitor;
        Frame { title: title.into(), tab, now: self.store.now().as_secs(), warnings, environment, csrf, signed_in }
    }
}

/// Something that the path names is not there.
fn unknown(what: &str, name: &str) -> PageError {
    PageError(AdminError::new(StatusCode::NOT_FOUND, format!("The config has no {what} `{name}`.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages() {
        let rows = [
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true),
            (Some("application/json, text/html"), true),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (None, false),
        ];
        for (accept, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().expect("a value"));
            }
            assert_eq!(wants_page(&headers), expected, "{accept:?}");
        }
    }
}
