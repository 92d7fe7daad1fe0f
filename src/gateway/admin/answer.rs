//! Answers, problem documents, and the bodies of requests.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};

/// What is wrong with a request: it becomes a problem document (RFC 9457).
#[derive(Debug)]
pub(super) struct AdminError {
    status: StatusCode,
    members: Map<String, Value>,
    field: Option<(HeaderName, HeaderValue)>,
}

/// What a body may be.
pub(super) struct BodyRules {
    bytes: usize,
    media: &'static str,
    /// How the media types that are taken begin or end.
    like: &'static [&'static str],
}

/// A JSON object, which is short. Tools that know no better name the types of forms and of bytes (`curl -d`).
pub(super) const ACT: BodyRules = BodyRules {
    bytes: 64 * 1024,
    media: "application/json",
    like: &["application/json", "+json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"],
};
/// A config.
pub(super) const CONFIG: BodyRules = BodyRules {
    bytes: 1024 * 1024,
    media: "application/toml",
    like: &[
        "application/toml",
        "text/x-toml",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ],
};
/// A body takes no longer.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn text(status: StatusCode, body: &'static str) -> Response {
    typed(status, "text/plain; charset=utf-8", body.to_owned())
}

pub(super) fn json(status: StatusCode, value: &Value) -> Response {
    typed(status, "application/json", format!("{value:#}\n"))
}

pub(super) fn typed(status: StatusCode, media: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// Reads a whole body, or says what is wrong with it.
pub(super) async fn body(request: Request, takes: &BodyRules) -> Result<String, AdminError> {
    check_type(request.headers(), takes)?;
    let most = takes.bytes;
    let bytes = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), most)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if std::error::Error::source(&error).is_some_and(|source| source.is::<LengthLimitError>()) => {
            let detail = format!("the body is larger than {most} bytes");
            return Err(AdminError::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        Ok(Err(error)) => return Err(AdminError::bad(format!("the body ended early: {error}"))),
        Err(_) => return Err(AdminError::new(StatusCode::REQUEST_TIMEOUT, "the body arrived too slowly")),
    };
    String::from_utf8(bytes.into()).map_err(|_| AdminError::bad("the body is not UTF-8"))
}

/// Refuses a body of another type, or with a coding (RFC 9110 §15.5.16).
fn check_type(headers: &HeaderMap, takes: &BodyRules) -> Result<(), AdminError> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    if let Some(coding) = text(header::CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity")) {
        let fault = AdminError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("the body has the content coding {coding:?}: send it without one"),
        );
        return Err(fault.with_field(header::ACCEPT_ENCODING, "identity"));
    }
    let Some(said) = text(header::CONTENT_TYPE) else { return Ok(()) };
    let media = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if takes.like.iter().any(|like| media == *like || (like.starts_with('+') && media.ends_with(like))) {
        return Ok(());
    }
    let detail = format!("the Content-Type of the body is {said:?}: send {}", takes.media);
    Err(AdminError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).with_field(header::ACCEPT, takes.media))
}

// === impl AdminError ===

impl AdminError {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let mut members = Map::new();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or_default().into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("detail".to_owned(), detail.into().into());
        Self { status, members, field: None }
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, in a sentence.
    pub(super) fn detail(&self) -> &str {
        self.members["detail"].as_str().unwrap_or_default()
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// One more member of the document.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    pub(super) fn with_field(mut self, name: HeaderName, value: &str) -> Self {
        self.field = HeaderValue::try_from(value).ok().map(|value| (name, value));
        self
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "an error of the gateway itself: its log has more")
    }

    /// The request is valid, but conflicts with the current state.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(super) fn method(allow: &str) -> Self {
        let detail = format!("use one of the methods of this path: {allow}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail).with_field(header::ALLOW, allow)
    }

    pub(super) fn unauthorized() -> Self {
        let fault = Self::new(
            StatusCode::UNAUTHORIZED,
            "send `Authorization: Bearer TOKEN` with the `admin_token` of the config",
        );
        fault.with_field(header::WWW_AUTHENTICATE, "Bearer realm=\"sunward\"")
    }

    /// What was named is not there; this is.
    pub(super) fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> Self {
        let known: Vec<String> = known.collect();
        let detail = match &known[..] {
            [] => format!("unknown {what} `{name}`; the config has none"),
            _ => format!("unknown {what} `{name}`; known: {}", known.join(", ")),
        };
        Self::new(StatusCode::NOT_FOUND, detail).with("known", known.into())
    }

    /// What is wrong with a path that leads nowhere; `known` are the paths that there are.
    pub(super) fn path(known: Vec<&'static str>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown path; see `paths`, or `GET /openapi.json`")
            .with("paths", known.into())
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let body = format!("{:#}\n", Value::Object(self.members));
        let mut response = typed(self.status, "application/problem+json", body);
        if let Some((name, value)) = self.field {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
