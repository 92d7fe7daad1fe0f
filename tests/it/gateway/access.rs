//! The log of requests, as a file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sunward::gateway::Options;
use tokio::sync::Notify;

use super::rig::{self, Client, Served, Service, config, get};
use super::{Gateway, demo_file, origins};

/// The lines, once there are so many: they are written when the response has ended, by another thread.
fn lines(file: &std::path::Path, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<Value> = text.lines().map_while(|line| serde_json::from_str(line).ok()).collect();
        if lines.len() >= count {
            return lines;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{text}");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_line_has_the_client_the_request_and_the_outcome() {
    let file = std::env::temp_dir().join(format!("sunward-access-{}.log", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let origin = origins::start(3).await.expect("a free port").to_string();
    let log = format!("[gateway]\naccess_log = {{ to = \"{}\" }}\n", file.display());
    let rewrite = move |text: String| {
        let text = text.replacen("name = \"shop\"", "name = \"logged\"", 1).replacen("[gateway]\n", &log, 1);
        text.replace("127.0.0.1:3001", &origin).replace("127.0.0.1:3002", &origin)
    };
    let gateway = Gateway::start(&demo_file(), Options::new().with_rewrite(rewrite)).await;
    // What is asked for, and what the line says of it.
    let rows = [
        (
            "/api/v3/users/1?token=secret",
            json!({"status": 200, "version": "3", "route": "GET /users/{id}", "api": "logged", "outcome": "served"}),
        ),
        ("/api/v1/users/1", json!({"status": 410, "version": "1", "api": "logged", "outcome": "gone"})),
        ("/api/v9/users/1", json!({"status": 404, "api": "logged", "outcome": "refused"})),
        ("/nowhere", json!({"status": 404})),
    ];
    for (at, (path, expected)) in rows.iter().enumerate() {
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
        let reply = gateway.send(&format!("{head}X-Forwarded-For: 8.8.8.8\r\nUser-Agent: curl/8 (x)\r\n\r\n")).await;
        let all = lines(&file, at + 1);
        let line = &all[at];
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(&line[key], value, "{path} {key} {line}");
        }
        assert_eq!(line["ended"], true, "{path} {line}");
        assert_eq!(line["bytes"], reply.body.len(), "{path} {line}");
        assert_eq!(line["path"], path.split('?').next().expect("a path"), "{line}");
        assert_eq!(line["request_id"], reply.field("x-request-id"), "{line}");
        assert_eq!((&line["peer"], &line["protocol"]), (&json!("127.0.0.1"), &json!("HTTP/1.1")), "{line}");
        assert_eq!((&line["client"], &line["user_agent"]), (&json!("127.0.0.1"), &json!("curl/8 (x)")), "{line}");
        assert!(!line.to_string().contains("secret"), "{line}");
    }
    assert!(gateway.stop().await);
    std::fs::remove_file(&file).expect("removed");
}

/// Who came in is written when the gateway has stopped: also whom trusted proxies name, and who was cut off.
#[tokio::test]
async fn no_line_is_lost_at_the_end() {
    let file = std::env::temp_dir().join(format!("sunward-access-end-{}.log", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let asked = Arc::new(Notify::new());
    let ask = Arc::clone(&asked);
    let service = Service::start(move |mut served: Served| {
        let asked = Arc::clone(&ask);
        async move {
            while let Some(request) = served.request().await {
                if request.contains("/never") {
                    asked.notify_one();
                    std::future::pending::<()>().await;
                }
                served.write("HTTP/1.1 200 OK|Content-Length: 5||hello").await;
            }
        }
    })
    .await;
    let own = format!(
        "[gateway]\ntimeouts = {{ drain = \"50ms\" }}\nproxy = {{ trusted = [\"127.0.0.1\"] }}\n\
         access_log = {{ to = \"{}\" }}\n",
        file.display()
    );
    let gateway = rig::gateway(config("logged-end", &[service.address], &own, "")).await;
    let mut client = Client::connect(gateway.listen).await;
    for number in 0..200 {
        let head = format!("Host: a|X-Forwarded-For: 1.1.1.1, 192.0.2.{number}|");
        let method = if number % 2 == 0 { "GET" } else { "HEAD" };
        client.write(&format!("{method} /api/v1/x HTTP/1.1|{head}|")).await;
        client.until("\r\n\r\n").await;
    }
    let mut cut = Client::connect(gateway.listen).await;
    cut.write(&get("/api/v1/never")).await;
    asked.notified().await;
    let mut stream = rig::h2(gateway.listen).await;
    let stream = tokio::spawn(async move { rig::h2_get(&mut stream, "/api/v1/never").await });
    asked.notified().await;
    assert!(!gateway.stop().await, "two did not end");
    // Nothing is waited for: all is there.
    let text = std::fs::read_to_string(&file).expect("it is there");
    std::fs::remove_file(&file).expect("removed");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 202, "{text}");
    for (number, line) in lines[..200].iter().enumerate() {
        assert_eq!(line["client"], format!("192.0.2.{number}"), "{line}");
        assert_eq!((&line["ended"], &line["outcome"]), (&json!(true), &json!("served")), "{line}");
        assert_eq!(line["bytes"], if number % 2 == 0 { 5 } else { 0 }, "{line}");
    }
    for line in &lines[200..] {
        assert_eq!((&line["ended"], &line["outcome"]), (&json!(false), &json!("aborted")), "{line}");
    }
    drop(stream);
}

/// A full disk costs lines of the log, and no request.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_written_is_counted() {
    let origin = origins::start(3).await.expect("a free port").to_string();
    let rewrite = move |text: String| {
        let text = text.replacen("[gateway]\n", "[gateway]\naccess_log = { to = \"/dev/full\" }\n", 1);
        text.replace("127.0.0.1:3001", &origin).replace("127.0.0.1:3002", &origin)
    };
    let gateway = Gateway::start(&demo_file(), Options::new().with_rewrite(rewrite)).await;
    for _ in 0..20 {
        assert_eq!(gateway.get("/api/v3/users/1").await.status, 200);
    }
    let began = Instant::now();
    let lost = |metrics: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix("sunward_access_log_dropped_total "));
        line.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
    };
    while lost(&gateway.admin("/metrics").await.body) < 20 {
        assert!(began.elapsed() < Duration::from_secs(10), "the lines are counted");
    }
    assert!(gateway.stop().await);
}
