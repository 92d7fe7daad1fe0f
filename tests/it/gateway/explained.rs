//! What the process says of itself, and of requests that it could not serve.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::bodies;
use super::exchange;
use super::rig::{Client, ClosedPort, Served, Service, config_of, get};

/// Ends the command however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(file: &std::path::Path) -> (Self, SocketAddr) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
            .arg("serve")
            .arg(file)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where");
        let address = line.trim().trim_start_matches("listening http://").parse().expect("an address");
        (Self(child), address)
    }

    /// Asks it to stop: what it logged, each line's fields.
    fn stop(mut self) -> Vec<Value> {
        let killed = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let mut logged = String::new();
        self.0.stderr.take().expect("a pipe").read_to_string(&mut logged).expect("text");
        assert!(self.0.wait().expect("it ends").success(), "{logged}");
        logged.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["fields"].take()).collect()
    }
}

/// Each 502, 503 and 504 that is made here has a line with all that an operator needs, and says of itself what RFC 9209 has.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_says_why() {
    let service = Service::start(|mut served: Served| async move {
        while let Some(request) = served.request().await {
            match request.split(' ').nth(1).unwrap_or_default() {
                "/api/gone" => return served.reset(),
                "/api/slow" => std::future::pending().await,
                "/api/odd" => served.write("HTTP/1.1 200 OK|Transfer-Encoding: gzip||x").await,
                "/api/bad" => served.write("HTTP/1.1 503 Service Unavailable|Content-Length: 0||").await,
                _ => served.write("HTTP/1.1 200 OK|Content-Length: 2||ok").await,
            }
        }
    })
    .await;
    let closed_port = ClosedPort::bind();
    let nowhere = closed_port.address.to_string();
    let own = "[gateway]\nlog = \"json\"\ntimeouts = { response = \"200ms\" }\nproxy = { proxy_status = true }\n";
    let there = format!("{{ url = \"http://{}\" }}", service.address);
    let text = config_of("said", &there, own, "retries = 0\neject = { after = 0 }");
    let other =
        config_of("away", &format!("{{ url = \"http://{nowhere}\" }}"), "", "").replace("\"/api\"", "\"/away\"");
    let file = std::env::temp_dir().join(format!("sunward-explained-{}.toml", std::process::id()));
    std::fs::write(&file, format!("{text}{other}")).expect("written");
    let (running, address) = Running::start(&file);
    // The path, the status, the type of error, the cause, and the instance.
    let here = service.address.to_string();
    let rows = [
        ("/api/v2/gone", 502, "connection_terminated", "connection closed", here.as_str()),
        ("/api/v2/odd", 502, "http_protocol_error", "invalid response", here.as_str()),
        ("/api/v2/slow", 504, "connection_read_timeout", "response timeout", here.as_str()),
        ("/away/v2/x", 503, "connection_refused", "connection refused", nowhere.as_str()),
        // These are not made here, or are no failure.
        ("/api/v2/bad", 503, "", "", ""),
        ("/api/v2/fine", 200, "", "", ""),
        ("/api/v9/x", 404, "http_request_error", "", ""),
    ];
    let mut ids = Vec::new();
    for (path, status, error, ..) in rows {
        let reply = exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(reply.status, status, "{path} {}", reply.body);
        let expected = if error.is_empty() { String::new() } else { format!("sunward; error={error}") };
        assert_eq!(reply.field("proxy-status"), expected, "{path}");
        ids.push(reply.field("x-request-id").to_owned());
    }
    let logged = tokio::task::spawn_blocking(move || running.stop()).await.expect("it ran");
    std::fs::remove_file(&file).expect("removed");
    let failed: Vec<&Value> = logged.iter().filter(|line| line["message"] == "request failed").collect();
    assert_eq!(failed.len(), 4, "{logged:#?}");
    for ((line, (path, status, _, cause, instance)), id) in failed.iter().zip(rows).zip(&ids) {
        assert_eq!((&line["status"], &line["cause"]), (&Value::from(status), &Value::from(cause)), "{path} {line}");
        assert_eq!(line["request_id"], id.as_str(), "{path} {line}");
        let upstream = if path.starts_with("/away") { "away" } else { "said" };
        assert_eq!(line["upstream"], upstream, "{path} {line}");
        assert!(line["instance"].as_str().unwrap_or_default().contains(instance), "{path} {line}");
        assert_eq!(line["error"].is_string(), status != 504, "{path} {line}");
    }
    // From the start to the end.
    let said = |message: &str| {
        let line = logged.iter().find(|line| line["message"] == message);
        line.unwrap_or_else(|| panic!("{message}: {logged:#?}"))
    };
    assert_eq!(said("starting")["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(said("starting")["config"], file.display().to_string());
    assert_eq!(
        (&said("listening")["address"], &said("listening")["tls"]),
        (&address.to_string().into(), &false.into())
    );
    assert!(said("admin listening")["address"].is_string());
    assert_eq!(said("draining")["in_flight"], 0);
    assert!(said("stopped")["seconds"].is_number());
}

/// One line has the change that could not be made, of all between the two versions, and the value that it could not take.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_cannot_be_migrated_is_one_line() {
    const OK: &str = "HTTP/1.1 200 OK|content-type: application/json|connection: close|";
    let service = Service::start(|mut served: Served| async move {
        let request = served.request().await.unwrap_or_default();
        let many = if request.contains("/long") { "{\"state\":1},".repeat(30_000) } else { String::new() };
        let body = format!("{{\"items\":[{many}{{\"state\":1}},{{\"state\":\"x\"}}]}}");
        // With its length the body is known to be whole once it is there, however late the connection is closed.
        served.write(&format!("{OK}content-length: {}||{body}", body.len())).await;
    })
    .await;
    let instance = format!("{{ url = \"http://{}\" }}", service.address);
    let text = config_of("shop", &instance, "[gateway]\nlog = \"json\"\n", "");
    let changes = r#"
        [[api.change]]
        version = "2"
        summary = "Orders have a plan"
        at = "GET /orders -> 200 /items/*"
        ops = [{ add = "/plan", value = 1 }]
        [[api.change]]
        version = "2"
        summary = "States have names"
        at = ["GET /orders -> 200 /items/*", "GET /orders/long -> 200 /items/*"]
        breaking = true
        ops = [{ map = "/state", pairs = [[0, 1]] }]
        [[upstream]]"#;
    let file = std::env::temp_dir().join(format!("sunward-unmigratable-{}.toml", std::process::id()));
    std::fs::write(&file, text.replacen("[[upstream]]", changes, 1)).expect("written");
    let (running, address) = Running::start(&file);
    let request = "GET /api/v1/orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(exchange(address, request).await.status, 502);
    // A head that is sent cannot be taken back, and of what has passed the place is not known.
    let mut client = Client::connect(address).await;
    client.write(&get("/api/v1/orders/long").replace("||", "|Connection: close||")).await;
    assert!(client.end().await.0.starts_with("HTTP/1.1 200 "));
    let logged = tokio::task::spawn_blocking(move || running.stop()).await.expect("it ran");
    std::fs::remove_file(&file).expect("removed");
    let lines: Vec<&Value> = logged.iter().filter(|line| line["error"].is_string()).collect();
    assert_eq!(lines.len(), 2, "{logged:#?}");
    for (line, rest) in lines.into_iter().zip([
        [("message", "request failed"), ("route", "GET /orders"), ("pointer", "/items/1/state")],
        [("message", "response ended early"), ("route", "GET /orders/long"), ("pointer", "…/state")],
    ]) {
        let same = [("cause", "response cannot be migrated"), ("api", "shop"), ("change", "2: States have names")];
        for (field, value) in same.into_iter().chain(rest) {
            assert_eq!(line[field], value, "{logged:#?}");
        }
    }
}

/// Once the head is sent, no client can be told why a response is not whole: the log is.
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_early_says_why() {
    const LINES: &str = "HTTP/1.1 200 OK|content-type: application/x-ndjson|connection: close||{\"title\":1}\n";
    const CHUNKS: &str = "HTTP/1.1 200 OK|content-type: text/plain|transfer-encoding: chunked||5|hello|";
    // A response ends only once the client has its beginning: before, it would be a 502.
    let begun = Arc::new(Semaphore::new(0));
    let may_end = begun.clone();
    let service = Service::start(move |mut served: Served| {
        let may_end = may_end.clone();
        async move {
            match served.request().await.unwrap_or_default() {
                request if request.contains("/x?bad") => {
                    // More than is held before the head is sent.
                    let many = "{\"title\":1}\n".repeat(30_000);
                    served.write(&format!("{LINES}{many}")).await;
                    may_end.acquire().await.expect("it is open").forget();
                    served.write("}\n").await;
                }
                request if request.contains("/x?cut") => {
                    served.write(CHUNKS).await;
                    may_end.acquire().await.expect("it is open").forget();
                }
                request if request.contains("/x?slow") => {
                    served.write(CHUNKS).await;
                    served.ended().await;
                }
                _ => served.write(LINES).await,
            }
        }
    })
    .await;
    let instance = format!("http://{}", service.address);
    // The target, the cause, and where: the route that could not be migrated, or the instance.
    let rows = [
        ("/v1/x?bad", "response cannot be migrated", "route", "GET /x"),
        ("/v2/x?cut", "connection closed", "instance", &*instance),
        ("/v1/x?fine", "", "", ""),
    ];
    let slow = [("/v2/x?slow", "response body timeout", "instance", &*instance)];
    let config = |timeouts: &str| {
        let own = format!("[gateway]\nlog = \"json\"\n{timeouts}\n");
        format!("{own}{}", bodies::config(service.address, "", ""))
    };
    ended_early(&config(""), &rows, &begun).await;
    ended_early(&config("timeouts = { upstream_body = \"200ms\" }"), &slow, &begun).await;
}

/// Sends these requests one after the other, and looks for what is logged of them.
async fn ended_early(config: &str, rows: &[(&str, &str, &str, &str)], begun: &Semaphore) {
    let file = std::env::temp_dir().join(format!("sunward-early-{}.toml", std::process::id()));
    std::fs::write(&file, config).expect("written");
    let (running, address) = Running::start(&file);
    let mut ids = Vec::new();
    for (target, ..) in rows {
        let mut client = Client::connect(address).await;
        client.write(&get(target).replace("||", "|Connection: close||")).await;
        let mut came = client.until("\r\n\r\n").await;
        begun.add_permits(usize::from(target.ends_with("bad") || target.ends_with("cut")));
        came += &client.end().await.0;
        assert!(came.starts_with("HTTP/1.1 200 "), "{target}: {came}");
        // Whether it comes in chunks depends on when the service's connection is closed.
        let whole = !target.contains("?bad") && came.contains("{\"name\":1}\n");
        assert_eq!(whole, target.ends_with("fine"), "{target}: {came}");
        let id = came.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap_or_default();
        ids.push(id.to_owned());
    }
    let logged = tokio::task::spawn_blocking(move || running.stop()).await.expect("it ran");
    std::fs::remove_file(&file).expect("removed");
    let early: Vec<&Value> = logged.iter().filter(|line| line["message"] == "response ended early").collect();
    let expected = rows.iter().zip(&ids).filter(|((_, cause, ..), _)| !cause.is_empty());
    assert_eq!(early.len(), expected.clone().count(), "{logged:#?}");
    for (line, (&(target, cause, name, place), id)) in early.iter().zip(expected) {
        assert_eq!((&line["status"], &line["cause"]), (&Value::from(200), &Value::from(cause)), "{target} {line}");
        assert_eq!((&line["request_id"], &line[name]), (&Value::from(&**id), &Value::from(place)), "{target} {line}");
        assert!(line["error"].as_str().is_some_and(|error| error.len() > 10), "{target} {line}");
    }
}
