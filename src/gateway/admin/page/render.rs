//! From a view to HTML.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use minijinja::{Environment, State, Value, context};
use serde::Serialize;

use super::assets;
use crate::gateway::admin::answer::AdminError;

/// What every page has around its own content.
#[derive(Debug, Serialize)]
pub(super) struct Frame {
    pub(super) title: String,
    /// The entry of the navigation that it belongs to.
    pub(super) tab: &'static str,
    /// The time that the page is of, in seconds since 1970.
    pub(super) now: i64,
    /// What operators should know before anything else.
    pub(super) warnings: Vec<String>,
    pub(super) environment: String,
    pub(super) csrf: String,
    pub(super) signed_in: bool,
}

/// What is wrong with a request for a page.
#[derive(Debug)]
pub(super) struct PageError(pub(super) AdminError);

/// A page, or what is wrong with the request.
pub(super) type PageResult = Result<Response, PageError>;

/// Only what the listener itself serves, and no script or style within the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

macro_rules! templates {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("templates/", $name)))),*] };
}

const TEMPLATES: [(&str, &str); 14] = templates![
    "layout.html",
    "macros.html",
    "overview.html",
    "version.html",
    "consumer.html",
    "upstreams.html",
    "config.html",
    "revision.html",
    "audit.html",
    "notices.html",
    "act.html",
    "done.html",
    "login.html",
    "error.html",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).expect("the templates are tested");
    }
    environment.add_filter("number", number);
    environment.add_filter("day", day);
    environment.add_filter("minute", minute);
    environment.add_filter("ago", |state: &State<'_, '_>, at: i64| ago(at, now(state)));
    environment.add_global("css", Value::from_safe_string(assets::CSS.path()));
    environment.add_global("js", Value::from_safe_string(assets::JS.path()));
    environment.add_global("icon", Value::from_safe_string(assets::ICON.path()));
    environment.add_global("release", env!("CARGO_PKG_VERSION"));
    environment
});

/// A page.
pub(super) fn page(status: StatusCode, template: &str, frame: &Frame, view: impl Serialize) -> Response {
    let text = ENVIRONMENT.get_template(template).and_then(|template| template.render(context! { frame, view }));
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(template, error = format!("{error:#}"), "cannot render a page");
            return AdminError::internal().into_response();
        }
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let fields: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The origin of a form is sent with it only under such a policy.
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "Accept, Cookie"),
    ];
    for (name, value) in fields {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn now(state: &State<'_, '_>) -> i64 {
    let frame = state.lookup("frame");
    frame.and_then(|frame| frame.get_attr("now").ok()).and_then(|now| i64::try_from(now).ok()).unwrap_or_default()
}

/// With a thin space between thousands.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn day(secs: i64) -> String {
    written(secs).chars().take(10).collect()
}

fn minute(secs: i64) -> String {
    written(secs).chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

fn written(secs: i64) -> String {
    crate::clock::Timestamp::from_secs(secs).map(|at| at.to_string()).unwrap_or_default()
}

/// How far it is from now, in words.
fn ago(at: i64, now: i64) -> String {
    let (past, secs) = (at <= now, at.abs_diff(now));
    let (count, unit) = match secs {
        0..60 => return if past { "just now".to_owned() } else { "in a moment".to_owned() },
        60..3_600 => (secs / 60, "minute"),
        3_600..86_400 => (secs / 3_600, "hour"),
        _ => (secs / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if past { format!("{count} {unit}{plural} ago") } else { format!("in {count} {unit}{plural}") }
}

// === impl PageError ===

impl From<AdminError> for PageError {
    fn from(error: AdminError) -> Self {
        Self(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let frame = Frame {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            tab: "",
            now: 0,
            warnings: Vec::new(),
            environment: String::new(),
            csrf: String::new(),
            signed_in: false,
        };
        page(status, "error.html", &frame, context! { status => status.as_u16(), detail => self.0.detail() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_for_people() {
        let numbers = [0, 999, 1_000, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
        assert_eq!(
            (day(1_767_225_661), minute(1_767_225_661)),
            ("2026-01-01".to_owned(), "2026-01-01 00:01".to_owned())
        );
        let rows = [
            (100, 100, "just now"),
            (101, 100, "in a moment"),
            (0, 60, "1 minute ago"),
            (0, 7_200, "2 hours ago"),
            (86_400 * 3, 0, "in 3 days"),
            (0, 86_399, "23 hours ago"),
        ];
        for (at, now, expected) in rows {
            assert_eq!(ago(at, now), expected);
        }
    }

    #[test]
    fn templates_are_well_formed() {
        assert_eq!(ENVIRONMENT.templates().count(), TEMPLATES.len());
    }
}
