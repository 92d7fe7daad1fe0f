//! Which bodies the gateway migrates, and what it logs about the others.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{Client, PATIENCE, Service, gateway, get};
use super::wire::raw;

const EVENTS: &str = "HTTP/1.1 200 OK|content-type: text/event-stream|cache-control: no-cache, no-transform|\
                      connection: close||data: {\"title\":1}\n\n";
const UNTYPED: &str = "HTTP/1.1 200 OK|content-type: text/plain|content-length: 11||{\"title\":1}";

/// An api whose service speaks version 2, with more keys for the api and the upstream.
pub(super) fn config(address: impl std::fmt::Display, api: &str, upstream: &str) -> String {
    format!(
        r#"
        [[api]]
        name = "bodies"
        version_from = {{ path = "/v{{version}}" }}
        upstream = "bodies"
        {api}
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[api.change]]
        version = "2"
        summary = "`name` is called `title`"
        at = ["GET /x -> 200", "GET /x -> 5xx"]
        breaking = true
        ops = [{{ rename = "/name", to = "/title" }}]
        [[upstream]]
        name = "bodies"
        retries = 0
        instances = [{{ url = "http://{address}" }}]
        {upstream}
        "#
    )
}

#[tokio::test]
async fn a_gateway_of_the_origin_may_transform() {
    let service = Service::start(|mut served| async move {
        served.request().await;
        served.write(EVENTS).await;
    })
    .await;
    for (upstream, expected) in [("act_as = \"origin\"", "data: {\"name\":1}\n\n"), ("", "upstream-body-invalid")] {
        let gateway = gateway(config(service.address, "", upstream)).await;
        let mut client = Client::connect(gateway.listen).await;
        client.write(&get("/v1/x").replace("||", "|Connection: close||")).await;
        let (answer, _) = client.end().await;
        assert!(answer.contains(expected), "{upstream}: {answer}");
        assert!(gateway.stop().await);
    }
}

/// The head waits for the body, and is one of a response with a length.
#[tokio::test]
async fn a_status_that_depends_on_the_body() {
    const CHUNKED: &str = "HTTP/1.1 200 OK|content-type: application/json|transfer-encoding: chunked|connection: close||\
                           12|{\"error\":\"not_foun|6|d\",\"n\"|6|:1.00}|0||";
    let service = Service::start(|mut served| async move {
        served.request().await;
        served.write(CHUNKED).await;
    })
    .await;
    let ops = r#"
        [[api.change]]
        version = "2"
        summary = "Errors with 200"
        at = "GET /x -> 404"
        breaking = true
        ops = [
          { rename = "/message", to = "/error" },
          { map_status = 404, to = 200, when = { at = "/error", equals = "not_found" } },
        ]"#;
    let config = config(service.address, "", "").replace("[[upstream]]", &format!("{ops}\n[[upstream]]"));
    let gateway = gateway(config).await;
    let old = gateway.get("/v1/x").await;
    assert_eq!((old.status, &*old.body), (404, "{\"message\":\"not_found\",\"n\":1.00}"));
    assert_eq!(old.field("content-length"), "32");
    let new = gateway.get("/v2/x").await;
    // Nothing is decided for it, so it comes in the chunks of the service.
    assert_eq!((new.status, new.field("transfer-encoding")), (200, "chunked"));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn an_answer_of_the_gateway_s_own_is_of_no_version() {
    // It closes each connection without a word.
    let service = Service::start(|mut served| async move { drop(served.request().await) }).await;
    let gateway = gateway(config(service.address, "", "")).await;
    let old = gateway.get("/v1/x").await;
    assert_eq!((old.status, old.field("content-type")), (502, "application/problem+json"), "{}", old.body);
    assert!(old.body.contains("\"title\":\"Upstream failed\"") && !old.body.contains("\"name\""), "{}", old.body);
    assert!(gateway.stop().await);
}

/// HTTP/1.0 has no chunks: the end of the connection is the end of the response, so one that is not whole is reset.
#[tokio::test]
async fn a_client_of_http_1_0_sees_that_a_response_broke_off() {
    const LINES: &str = "HTTP/1.1 200 OK|content-type: application/x-ndjson|connection: close||{\"title\":1}\n";
    const CHUNKS: &str = "HTTP/1.1 200 OK|content-type: text/plain|transfer-encoding: chunked||5|hello|";
    // More than is held before the head is sent.
    let many = "{\"title\":1}\n".repeat(30_000);
    let rows = [
        ("cannot be migrated", format!("{LINES}{many}}}\n"), "/v1/x", "{\"name\":1}\n", true),
        ("migrated", LINES.to_owned(), "/v1/x", "{\"name\":1}\n", false),
        ("cut off", CHUNKS.to_owned(), "/v2/x", "hello", true),
        ("whole", format!("{CHUNKS}0||"), "/v2/x", "hello", false),
    ];
    for (what, answer, path, body, breaks) in rows {
        let service = Service::start(move |mut served| {
            let answer = answer.clone();
            async move {
                served.request().await;
                served.write(&answer).await;
            }
        })
        .await;
        let gateway = gateway(config(service.address, "", "")).await;
        let mut stream = tokio::net::TcpStream::connect(gateway.listen).await.expect("it listens");
        let request = raw(&get(path).replace("HTTP/1.1", "HTTP/1.0"));
        stream.write_all(&request).await.expect("written");
        let mut came = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut came)).await.expect("it ends");
        let came = String::from_utf8_lossy(&came);
        assert!(came.starts_with("HTTP/1.0 200 ") || came.starts_with("HTTP/1.1 200 "), "{what}: {came}");
        assert!(came.contains(&format!("\r\n\r\n{body}")), "{what}: {came}");
        assert_eq!(ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), breaks, "{what}");
        assert!(gateway.stop().await);
    }
}

#[test]
fn what_passes_unmigrated_is_logged_once_for_each_route() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let service = runtime.block_on(Service::saying(UNTYPED));
    let file = std::env::temp_dir().join(format!("sunward-untyped-{}.toml", std::process::id()));
    std::fs::write(&file, config(service.address, "", "")).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
        .arg("serve")
        .arg(&file)
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where");
    let mut stream = TcpStream::connect(line.trim().trim_start_matches("listening http://")).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time");
    let requests = [get("/v1/x"), get("/v1/x"), get("/v1/x").replace("||", "|Connection: close||")].concat();
    stream.write_all(&raw(&requests)).expect("written");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("three answers");
    let mut stderr = child.stderr.take().expect("a pipe");
    child.kill().and_then(|()| child.wait()).expect("it ends");
    std::fs::remove_file(&file).expect("removed");
    let mut logged = String::new();
    stderr.read_to_string(&mut logged).expect("it ends");
    assert_eq!(answers.matches("{\"title\":1}").count(), 3, "{answers}");
    let lines: Vec<&str> = logged.lines().filter(|line| line.contains("Content-Type")).collect();
    let [line] = lines[..] else { panic!("{logged}") };
    for part in ["WARN", "GET /x", "response", "text/plain", "bodies"] {
        assert!(line.contains(part), "{line}");
    }
}
