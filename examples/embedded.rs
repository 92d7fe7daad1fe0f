//! The gateway inside of another program: a config value, whose api is written in Rust, and a recorder, a log and a shutdown
//! of the program's own.
//!
//! ```sh
//! cargo run --example embedded --features gateway
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sunward::catalog::{Api, Version};
use sunward::change::{Change, OpSpec};
use sunward::config::{SourceMap, read_all, render};
use sunward::gateway::{App, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// What operators set stays text.
const SETTINGS: &str = r#"
[gateway.timeouts]
drain = "5s"

[[upstream]]
name = "users"
instances = [{ url = "http://${USERS}" }]
"#;

/// What a text cannot say: a change by a function.
fn api() -> Api {
    let change = Change::new("2", "the `name` is in capitals")
        .with_at("GET /users/{id} -> 200")
        .with_op(OpSpec::custom(|user| edit(user, str::to_uppercase), |user| edit(user, str::to_lowercase)))
        .with_breaking(true);
    Api::new("users")
        .with_version_path("/v{version}")
        .with_upstream("users")
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
        .with_change(change)
}

fn edit(user: &mut serde_json::Value, edit: impl Fn(&str) -> String) -> Result<(), String> {
    let name = user["name"].as_str().ok_or("`name` is not a string")?;
    user["name"] = edit(name).into();
    Ok(())
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let service = serve().await?;
    let texts = SourceMap::new("settings.toml", SETTINGS);
    let (settings, found) = read_all(&texts, &|name| (name == "USERS").then(|| service.to_string()));
    if found.has_errors() {
        return Err(render(&found, &texts, false).into());
    }
    let config = settings.ok_or("the settings are no TOML")?.with_api(api());

    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    // `with_metrics` is for programs without a recorder of their own: here `GET /metrics` is a 404.
    let app = App::bind(config, Options::new().with_listen(loopback).with_admin(loopback)).await?;
    let address = app.listen_addr()?;
    let control = app.control();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(app.run(async { drop(stopped.await) }));

    for (path, status, name) in
        [("/v2/users/7", "200", "ADA"), ("/v1/users/7", "200", "ada"), ("/v3/users/7", "404", "version-unknown")]
    {
        let answer = get(address, path).await?;
        println!("{path}: {}", answer.lines().last().unwrap_or_default());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(name), "{path}: {answer}");
    }
    println!("acts in force: {control:?}");

    drop(stop);
    assert!(running.await?, "all requests were answered");
    Ok(())
}

/// A service that speaks version 2.
async fn serve() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let answer = |_: Request<Incoming>| async {
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(response.body(Full::new(Bytes::from_static(br#"{"name":"ADA"}"#))).expect("a valid head"))
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
    Ok(address)
}

async fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
