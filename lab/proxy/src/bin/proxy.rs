//! What one writes by hand: an axum proxy that parses every body into `serde_json::Value`, edits it and prints it:
//! `proxy UPSTREAM [ADDRESS]`.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use http_body_util::BodyExt as _;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST};
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
struct Upstream {
    authority: String,
    client: Client<HttpConnector, Body>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let authority = args.next().ok_or("the address of the upstream is needed")?;
    let address: SocketAddr = args.next().unwrap_or_else(|| "127.0.0.1:0".into()).parse()?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let upstream = Upstream { authority, client: Client::builder(TokioExecutor::new()).build(connector) };
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening {}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, Router::new().fallback(forward).with_state(upstream)).await?;
    Ok(())
}

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    match upstream.send(request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Upstream {
    async fn send(&self, mut request: Request) -> Result<Response, Error> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = Uri::try_from(format!("http://{}{path}", self.authority))?;
        request.headers_mut().remove(HOST);
        request.headers_mut().remove(CONNECTION);
        let (mut head, body) = self.client.request(request).await?.into_parts();
        let body = migrate(&body.collect().await?.to_bytes())?;
        head.headers.remove(CONTENT_LENGTH);
        head.headers.remove(CONNECTION);
        Ok(Response::from_parts(head, Body::from(body)))
    }
}

/// In every element of `data`: `customer` becomes `customer_id`, and `currency_code` is added.
fn migrate(body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut document: Value = serde_json::from_slice(body)?;
    let elements = document.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten();
    for object in elements.filter_map(Value::as_object_mut) {
        if let Some(customer) = object.remove("customer") {
            object.insert("customer_id".into(), customer);
        }
        object.insert("currency_code".into(), "EUR".into());
    }
    Ok(serde_json::to_vec(&document)?)
}
