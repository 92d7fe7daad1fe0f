//! Answers, problem documents, and the bodies of requests.

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value};

use crate::gateway::state::Who;

/// What is wrong with a request: it becomes a problem document (RFC 9457).
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    members: Map<String, Value>,
    field: Option<(HeaderName, HeaderValue)>,
}

/// A JSON object, with the members that were asked for.
pub(super) struct Said {
    members: Map<String, Value>,
}

/// What an act says of itself is short.
pub(super) const ACT_BYTES: usize = 64 * 1024;
/// A config is not.
pub(super) const CONFIG_BYTES: usize = 1024 * 1024;
/// A body takes no longer.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    typed(status, "text/plain; charset=utf-8", body.to_owned())
}

pub(super) fn json(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    typed(status, "application/json", format!("{value:#}\n"))
}

pub(super) fn typed(status: StatusCode, media: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Reads a whole body, or says what is wrong with it.
pub(super) async fn body(request: Request<Incoming>, most: usize) -> Result<String, Fault> {
    let reading = Limited::new(request.into_body(), most).collect();
    let bytes = match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(whole)) => whole.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, format!("at most {most} bytes are taken")));
        }
        Ok(Err(error)) => return Err(Fault::bad(format!("the body breaks off: {error}"))),
        Err(_) => return Err(Fault::new(StatusCode::REQUEST_TIMEOUT, "the body takes too long")),
    };
    String::from_utf8(bytes.into()).map_err(|_| Fault::bad("the body is not UTF-8"))
}

// === impl Fault ===

impl Fault {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let mut members = Map::new();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or_default().into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("detail".to_owned(), detail.into().into());
        Self { status, members, field: None }
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

    pub(super) fn method(allow: &str) -> Self {
        let detail = format!("it takes {allow}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail).with_field(header::ALLOW, allow)
    }

    pub(super) fn unauthorized() -> Self {
        let fault = Self::new(StatusCode::UNAUTHORIZED, "say `Authorization: Bearer …` with the token of the config");
        fault.with_field(header::WWW_AUTHENTICATE, "Bearer realm=\"sunward\"")
    }

    /// What was named is not there; this is.
    pub(super) fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> Self {
        let known: Vec<String> = known.collect();
        let detail = format!("there is no {what} {name:?}; there are {}", known.join(", "));
        Self::new(StatusCode::NOT_FOUND, detail).with("known", known.into())
    }

    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let body = format!("{:#}\n", Value::Object(self.members));
        let mut response = typed(self.status, "application/problem+json", body);
        if let Some((name, value)) = self.field {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

// === impl Said ===

impl Said {
    /// Reads the object in a body; a member that is not among `known` is a mistake.
    pub(super) fn read(body: &str, known: &[&str]) -> Result<Self, Fault> {
        let Ok(Value::Object(members)) = serde_json::from_str(body) else {
            return Err(Fault::bad("the body must be a JSON object").with("known", known.to_vec().into()));
        };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Fault::bad(format!("there is no member {name:?}")).with("known", known.to_vec().into())),
            None => Ok(Self { members }),
        }
    }

    /// A text that has to be there, and has to say something.
    pub(super) fn text(&self, name: &str) -> Result<&str, Fault> {
        let text = self.members.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        text.ok_or_else(|| Fault::bad(format!("say {name:?}: a text that is not empty")))
    }

    /// A number that may be there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Fault> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_u64().map(Some).ok_or_else(|| Fault::bad(format!("{name:?} must be a whole number")))
            }
        }
    }

    /// Who says it, and why.
    pub(super) fn who(&self, via: String) -> Result<Who, Fault> {
        Ok(Who { by: self.text("by")?.to_owned(), reason: self.text("reason")?.to_owned(), via })
    }
}
