//! Three small services, so that the example needs nothing else.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::value::RawValue;
use tokio::net::TcpListener;

const JOHN: &str =
    r#"{"id":9007199254740993,"name":"John Doe","full_name":"John Doe","email":"john@example.com","plan":"free"}"#;
const JANE: &str = r#"{"id":2,"name":"Jane Roe","full_name":"Jane Roe","email":"jane@example.com","plan":"team"}"#;
const JOE: &str = r#"{"id":3,"name":"Joe Bloggs","full_name":"Joe Bloggs","email":"joe@example.com","plan":"free"}"#;
const LEGACY: &str = r#"{"id":9007199254740993,"name":"John Doe","email":"john@example.com"}"#;

/// Starts a service on a free port.
pub(crate) async fn start(version: u8) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(move |request| answer(version, request));
            tokio::spawn(async move {
                Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    Ok(address)
}

async fn answer(version: u8, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let found = match (version, &method, path.as_str()) {
        (3, &Method::GET, "/api/users") => Some(list(&[JOHN, JANE, JOE])),
        (3, &Method::GET, "/api/users/1") => Some(JOHN.to_owned()),
        (3, &Method::GET, "/api/users/2") => Some(JANE.to_owned()),
        (3, &Method::GET, "/api/users/3") => Some(JOE.to_owned()),
        (3, &Method::GET, "/api/orders") => return Ok(orders(request.uri().query().unwrap_or(""))),
        (3, &Method::GET, path) if path.strip_prefix("/api/orders/").is_some_and(is_order) => {
            Some(order(path.trim_start_matches("/api/orders/")))
        }
        (3, &Method::POST, "/api/users") => return Ok(create(request).await),
        (2, &Method::GET, "/api/legacy-users") => Some(list(&[LEGACY])),
        (2, &Method::GET, "/api/legacy-users/1") => Some(LEGACY.to_owned()),
        _ => None,
    };
    Ok(match found {
        Some(body) => json(StatusCode::OK, body),
        None => json(StatusCode::NOT_FOUND, r#"{"error":"not found"}"#.to_owned()),
    })
}

fn list(users: &[&str]) -> String {
    format!(r#"{{"items":[{}],"total":{}}}"#, users.join(","), users.len())
}

const ORDERS: usize = 5;

fn is_order(id: &str) -> bool {
    id.parse().is_ok_and(|id: usize| (1..=ORDERS).contains(&id))
}

fn order(id: impl std::fmt::Display) -> String {
    format!(r#"{{"id":{id},"url":"/api/orders/{id}"}}"#)
}

/// A page of orders, with links to itself and to the next.
fn orders(query: &str) -> Response<Full<Bytes>> {
    let number =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    let (limit, after): (usize, usize) =
        (number("limit").unwrap_or(2).max(1), number("after").unwrap_or(0).min(ORDERS));
    let last = after.saturating_add(limit).min(ORDERS);
    let items: Vec<String> = (after + 1..=last).map(order).collect();
    let link = |after: usize| format!("/api/orders?limit={limit}&after={after}");
    let next = (last < ORDERS).then(|| link(last));
    let shown = next.as_ref().map(|next| format!(r#","next":"{next}""#)).unwrap_or_default();
    let body = format!(r#"{{"items":[{}],"links":{{"self":"{}"{shown}}}}}"#, items.join(","), link(after));
    let mut response = json(StatusCode::OK, body);
    if let Some(value) = next.and_then(|next| format!("<{next}>; rel=\"next\"").parse().ok()) {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

/// Keeps the spelling of what it is sent: the service speaks version 3, and only that.
async fn create(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let user: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&body).unwrap_or_default();
    let text = |member: &str| user.get(member).is_some_and(|value| value.get().starts_with('"'));
    let complete = ["name", "full_name", "email", "plan"].into_iter().all(text);
    if !complete {
        return json(StatusCode::UNPROCESSABLE_ENTITY, r#"{"error":"name, full_name, email and plan"}"#.to_owned());
    }
    let members = std::str::from_utf8(&body).unwrap_or("").trim().trim_start_matches('{');
    let mut response = json(StatusCode::CREATED, format!(r#"{{"id":42,{members}"#));
    response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static("/api/users/42"));
    response
}

fn json(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
