//! What must still be true of a response that was changed on its way through a proxy.

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, StatusCode, Uri};
use sunward::gateway::Options;
use tokio::net::TcpListener;

use super::{Gateway, demo_file};

/// Compresses whatever it is asked, and knows its document by its tag.
async fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn answer(uri: Uri, headers: HeaderMap) -> Response {
    if headers.get("if-none-match").is_some_and(|tag| tag == "\"a\"") {
        return (StatusCode::NOT_MODIFIED, [("etag", "\"a\"")]).into_response();
    }
    let control = if uri.path().ends_with("/2") { "no-transform" } else { "max-age=5" };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"{\"title\":\"a\"}").expect("it is encoded");
    let body = encoder.finish().expect("it is encoded");
    let fields = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("etag", "\"a\""),
        ("cache-control", control),
    ];
    (fields, body).into_response()
}

async fn gateway() -> Gateway {
    let address = origin().await;
    let text = format!(
        r#"
        [[api]]
        name = "shop"
        version_from = {{ path = "/v{{version}}" }}
        upstream = "shop"
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[api.change]]
        version = "2"
        summary = "`name` is called `title`"
        at = "GET /users/{{id}} -> 200"
        breaking = true
        ops = [{{ rename = "/name", to = "/title" }}]
        [[upstream]]
        name = "shop"
        instances = [{{ url = "http://{address}", speaks = "2" }}]
        "#
    );
    Gateway::start(&demo_file(), Options::new().with_rewrite(move |_| text.clone())).await
}

#[tokio::test]
async fn a_coded_response_with_a_tag_is_migrated() {
    let gateway = gateway().await;
    let get = |path: &str, tag: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n")
    };
    let first = gateway.get("/v1/users/1").await;
    assert_eq!((first.status, first.body.as_str()), (200, "{\"name\":\"a\"}"), "{}", first.head);
    assert_eq!((first.field("content-encoding"), first.field("content-length")), ("", "12"));
    let tag = first.field("etag");
    assert!(tag.starts_with("W/\"a;w1-"), "{tag}");
    let again = gateway.send(&get("/v1/users/1", tag)).await;
    assert_eq!((again.status, again.field("etag")), (304, tag), "it names what the client has");
    let other = gateway.send(&get("/v1/users/1", "\"a\"")).await;
    assert_eq!(other.status, 200, "the tag of another version");
    let forbidden = gateway.get("/v1/users/2").await;
    assert_eq!(forbidden.status, 502, "what must not be transformed");
    assert!(gateway.stop().await);
}
