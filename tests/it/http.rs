//! The layers around a service, driven by single requests: no socket, and a stopped clock.
//!
//! A row is a request, what the service answers, and what must come of it, each written as text:
//!
//! ```text
//! 410                 the status
//! vary: accept        the field, all its lines joined by ` | `
//! link ~ anchor=      a part of it
//! -etag               no such field
//! +date               the field is there
//! = {"id":1}          the body
//! ~ "status":410      a part of it
//! > GET /users?a=1    what the service saw: its request line
//! > accept: a/b       its fields, also `> -range`; its body `> = {}`
//! > nothing           the service was not called, and the body not read
//! ```

#[cfg(feature = "axum")]
mod axum;
mod bodies;
mod bugs;
mod codings;
#[cfg(feature = "consumers")]
mod consumers;
mod content_types;
mod cookies;
mod digests;
mod forms;
mod headers;
mod layers;
#[cfg(feature = "usage")]
mod ledger;
mod lifecycle;
mod links;
mod metrics;
mod negotiation;
mod parameters;
mod resolution;
mod routes;
mod statuses;
mod streams;
mod truth;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, Resource};
use sunward::clock::{ManualClock, Timestamp};
use sunward::layer::VersioningLayer;
use tower::{Layer, ServiceExt, service_fn};

/// Name, request, the service's answer, expectations.
type Row<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);

/// A message as it is written in a row.
struct Message {
    start: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A body of one frame, that says whether it may be read.
struct Content {
    bytes: Option<Bytes>,
    read: Arc<Mutex<bool>>,
}

/// What came of a request.
struct Exchange {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    seen: Option<Message>,
    /// Whether the request's body was polled.
    read: bool,
}

/// The stack for a catalog, at a time.
struct Bench {
    catalog: Arc<Catalog>,
    clock: ManualClock,
}

const NOW: &str = "2026-06-01T00:00:00Z";
const JSON: &str = "200\ncontent-type: application/json\n\n";

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// Runs what needs no runtime's help, only one to poll it.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// A user's `name` is a `title` from version 2 on, and has a `plan` from version 3 on.
fn users() -> Api {
    let user = Resource::new("user")
        .with_at("GET /users/{id} -> 200")
        .with_at("GET /users -> 200 /items/*")
        .with_at("POST /users <-")
        .with_at("POST /users -> 201")
        .with_at("PUT /users/{id} <-")
        .with_at("PUT /users/{id} -> 200")
        .with_at("PATCH /users/{id} <-")
        .with_at("PATCH /users/{id} -> 200");
    Api::new("shop")
        .with_resource(user)
        .with_change(
            Change::new("2", "a title").with_on("user").with_breaking(true).with_op(OpSpec::rename("/name", "/title")),
        )
        .with_change(Change::new("3", "a plan").with_on("user").with_strict(true).with_op(OpSpec::add("/plan", "free")))
        .with_version(Version::new("1").with_deprecated("2025-01-01").with_sunset("2027-01-01"))
        .with_version(Version::new("2"))
        .with_version(Version::new("3"))
}

// === impl Message ===

impl Message {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let start = lines.next().unwrap_or("").to_owned();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').expect(line);
            let value = value.strip_prefix(' ').unwrap_or(value);
            let name = HeaderName::try_from(name).expect(line);
            headers.append(name, HeaderValue::try_from(value).expect(line));
        }
        Self { start, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn response(&self) -> Response<Content> {
        let mut response = Response::new(Content::new(self.body.clone()));
        *response.status_mut() = self.start.parse().expect(&self.start);
        *response.headers_mut() = self.headers.clone();
        response
    }

    fn request(&self) -> Request<Content> {
        let (method, uri) = self.start.split_once(' ').expect(&self.start);
        let request = Request::builder().method(method).uri(uri).body(Content::new(self.body.clone()));
        let mut request = request.expect(&self.start);
        *request.headers_mut() = self.headers.clone();
        request
    }
}

// === impl Content ===

impl Content {
    fn new(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), read: Arc::default() }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        *self.read.lock().expect("no panic") = true;
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

// === impl Bench ===

impl Bench {
    fn new(api: Api) -> Self {
        Self::with([api], |catalog| catalog)
    }

    fn with(apis: impl IntoIterator<Item = Api>, finish: impl FnOnce(Catalog) -> Catalog) -> Self {
        let catalog = Catalog::at(apis, at(NOW)).unwrap_or_else(|found| panic!("{found}"));
        Self { catalog: Arc::new(finish(catalog)), clock: ManualClock::new(at(NOW)) }
    }

    fn at(self, now: &str) -> Self {
        self.clock.set(at(now));
        self
    }

    fn layer(&self) -> VersioningLayer {
        VersioningLayer::new(Arc::clone(&self.catalog)).with_clock(self.clock.clone())
    }

    fn exchange(&self, request: &str, upstream: &str) -> Exchange {
        run(exchange(self.layer(), request, upstream))
    }

    fn check(&self, rows: &[Row<'_>]) {
        let wrong: Vec<String> = rows
            .iter()
            .flat_map(|(name, request, upstream, expected)| {
                let exchange = self.exchange(request, upstream);
                expected.iter().filter_map(move |line| Some(format!("{name}: {}", exchange.differs(line)?)))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

async fn exchange(layer: VersioningLayer, request: &str, upstream: &str) -> Exchange {
    let upstream = Message::parse(if upstream.is_empty() { "200" } else { upstream });
    exchange_messages(layer, Message::parse(request), upstream).await
}

async fn exchange_messages(layer: VersioningLayer, request: Message, upstream: Message) -> Exchange {
    let seen = Arc::new(Mutex::new(None));
    let answer = Arc::new(upstream);
    let sees = Arc::clone(&seen);
    let service = layer.layer(service_fn(move |request: Request<_>| {
        let (seen, answer) = (Arc::clone(&sees), Arc::clone(&answer));
        async move {
            let (parts, body) = request.into_parts();
            let start = format!("{} {}", parts.method, parts.uri);
            let body = BodyExt::collect(body).await.expect("a body").to_bytes();
            *seen.lock().expect("no panic") = Some(Message { start, headers: parts.headers, body });
            Ok::<_, Infallible>(answer.response())
        }
    }));
    let request = request.request();
    let read = Arc::clone(&request.body().read);
    let response = service.oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let hint = body.size_hint().exact();
    let body = body.collect().await.expect("a body").to_bytes();
    assert!(hint.is_none_or(|hint| hint == body.len() as u64), "{hint:?} bytes were announced, {} came", body.len());
    let read = *read.lock().expect("no panic");
    let seen = seen.lock().expect("no panic").take();
    Exchange { status: parts.status.as_u16(), headers: parts.headers, body, seen, read }
}

// === impl Exchange ===

impl Exchange {
    /// The field, all its lines.
    fn field(&self, name: &str) -> Option<String> {
        joined(&self.headers, name)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// What is not as `line` says.
    fn differs(&self, line: &str) -> Option<String> {
        if let Ok(status) = line.parse::<u16>() {
            return (self.status != status).then(|| format!("{} is not {status}: {}", self.status, self.text()));
        }
        let Some(line) = line.strip_prefix("> ") else { return differs(line, &self.headers, &self.body) };
        match (&self.seen, line) {
            (None, "nothing") => self.read.then(|| "the body was read".to_owned()),
            (Some(seen), "nothing") => Some(format!("the service saw {}", seen.start)),
            (None, _) => Some(format!("the service was not called: {} {}", self.status, self.text())),
            (Some(seen), line) if is_start(line) => {
                (seen.start != line).then(|| format!("the service saw {}, not {line}", seen.start))
            }
            (Some(seen), line) => differs(line, &seen.headers, &seen.body).map(|wrong| format!("service: {wrong}")),
        }
    }
}

fn is_start(line: &str) -> bool {
    line.split_once(' ').is_some_and(|(method, _)| !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase()))
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

fn differs(line: &str, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    if let Some(expected) = line.strip_prefix("= ").or((line == "=").then_some("")) {
        return (text != expected).then(|| format!("the body is {text}, not {expected}"));
    }
    if let Some(part) = line.strip_prefix("~ ") {
        return (!text.contains(part)).then(|| format!("the body {text} does not have {part}"));
    }
    if let Some(name) = line.strip_prefix('-') {
        return joined(headers, name).map(|value| format!("{name} is {value}"));
    }
    if let Some(name) = line.strip_prefix('+') {
        return joined(headers, name).is_none().then(|| format!("{name} is not there"));
    }
    if let Some((name, part)) = line.split_once(" ~ ") {
        let value = joined(headers, name).unwrap_or_default();
        return (!value.contains(part)).then(|| format!("{name} is {value:?}, without {part}"));
    }
    let (name, expected) = line.split_once(": ").expect(line);
    let value = joined(headers, name);
    (value.as_deref() != Some(expected)).then(|| format!("{name} is {value:?}, not {expected}"))
}
