//! Signing in with the admin token, and out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{self, HeaderValue};
use http::{Extensions, HeaderMap, StatusCode};
use minijinja::context;

use super::query::PageQuery;
use super::render::{PageResult, page};
use super::session::{Visitor, end};
use super::{Admin, is_page};
use crate::config::Secret;
use crate::gateway::admin::answer::AdminError;
use crate::gateway::admin::guard::{is_token, same_origin};
use crate::gateway::wire::peer::Peer;

/// What a form says.
pub(super) type Fields = Result<Form<BTreeMap<String, String>>, FormRejection>;

pub(super) async fn show(State(admin): State<Arc<Admin>>, visitor: Visitor, query: PageQuery) -> Response {
    form(&admin, visitor, query.get("next").unwrap_or("/"), None)
}

pub(super) async fn sign_in(
    State(admin): State<Arc<Admin>>,
    visitor: Visitor,
    headers: HeaderMap,
    extensions: Extensions,
    fields: Fields,
) -> PageResult {
    if !same_origin(&headers) {
        return Err(foreign().into());
    }
    let Form(fields) = fields.map_err(not_a_form)?;
    let field = |name: &str| fields.get(name).map_or("", |value| value.trim());
    let snapshot = admin.current.load();
    let token = snapshot.settings.admin_token.as_ref().map(Secret::expose).unwrap_or_default();
    if token.is_empty() {
        return Ok(Redirect::to("/").into_response());
    }
    if !is_token(field("token"), token) {
        let wrong = "This is not the `admin_token` of the config.";
        return Ok(form(&admin, visitor, field("next"), Some(wrong)));
    }
    let cookie = admin.sessions.begin(token, is_secure(&extensions), admin.store.now());
    Ok(with_cookie(Redirect::to(own(field("next"))), cookie))
}

pub(super) async fn sign_out(visitor: Visitor, extensions: Extensions, fields: Fields) -> PageResult {
    let Form(fields) = fields.map_err(not_a_form)?;
    if !visitor.sent(fields.get("csrf").map(String::as_str)) {
        return Err(foreign().into());
    }
    Ok(with_cookie(Redirect::to("/ui/login"), end(is_secure(&extensions))))
}

/// A form that no page of ours has sent.
pub(super) fn foreign() -> AdminError {
    AdminError::new(
        StatusCode::FORBIDDEN,
        "This form is not of this page, or your session has ended: open the page again.",
    )
}

pub(super) fn not_a_form(rejected: FormRejection) -> AdminError {
    AdminError::new(rejected.status(), rejected.body_text())
}

fn form(admin: &Admin, visitor: Visitor, next: &str, wrong: Option<&str>) -> Response {
    let status = if wrong.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let frame = admin.frame("Sign in", "login", visitor);
    let mut response = page(status, "login.html", &frame, context! { next => own(next), wrong });
    if wrong.is_some() {
        let challenge = HeaderValue::from_static("Bearer realm=\"sunward\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A page of this listener: `//` would begin another host.
fn own(next: &str) -> &str {
    let path = next.split('?').next().unwrap_or_default();
    let is_own = is_page(path) && !next.contains(|c: char| c == '\\' || c.is_control());
    if is_own { next } else { "/" }
}

fn is_secure(extensions: &Extensions) -> bool {
    extensions.get::<Arc<Peer>>().is_some_and(|peer| peer.tls)
}

fn with_cookie(response: impl IntoResponse, cookie: Option<HeaderValue>) -> Response {
    let mut response = response.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_sent_only_to_own_pages() {
        let rows = [
            ("/", "/"),
            ("/ui/audit?q=a", "/ui/audit?q=a"),
            ("//evil.test/ui/", "/"),
            ("https://evil.test/", "/"),
            ("/ui/\\evil", "/"),
            ("/ui/a\r\nb", "/"),
            ("/metrics", "/"),
            ("", "/"),
        ];
        for (next, expected) in rows {
            assert_eq!(own(next), expected, "{next:?}");
        }
    }
}
