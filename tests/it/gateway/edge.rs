//! What comes in from strangers.

use std::sync::{Arc, Mutex};

use super::Gateway;
use super::rig::{self, Client, Served, Service, config};

#[tokio::test]
async fn what_is_ambiguous_is_refused() {
    let gateway = Gateway::demo().await;
    let rows = [
        ("GET /api/v3/users/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("GET /api/v3/users/1 HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET /api//v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        ("GET /api/%76%31/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 410),
        ("GET /api/v2/../v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        ("TRACE /api/v3/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
        ("GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /api/v9/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /api/users/1 HTTP/1.1\r\nHost: a\r\nApi-Version: 9\r\nConnection: close\r\n\r\n", 400),
    ];
    for (request, status) in rows {
        assert_eq!(gateway.send(request).await.status, status, "{request}");
    }
    assert!(gateway.stop().await);
}

/// The version header cannot be taken off behind the decision: it is gone before.
#[tokio::test]
async fn connection_cannot_hide_a_version() {
    let gateway = Gateway::demo().await;
    let request = "GET /api/users/1 HTTP/1.1\r\nHost: a\r\nApi-Version: 1\r\nConnection: close, api-version\r\n\r\n";
    let reply = gateway.send(request).await;
    assert_eq!((reply.status, reply.field("api-version")), (200, "2"));
    assert!(gateway.stop().await);
}

/// A service that says where it has things, with what it knows of the prefix before its paths, and remembers what it was
/// asked.
async fn located(asked: &Arc<Mutex<String>>) -> Service {
    let asked = Arc::clone(asked);
    Service::start(move |mut served: Served| {
        let asked = Arc::clone(&asked);
        async move {
            while let Some(request) = served.request().await {
                let prefix = request.lines().find_map(|line| line.strip_prefix("x-forwarded-prefix: "));
                let location = format!("{}/things/7", prefix.unwrap_or_default());
                served.write(&format!("HTTP/1.1 201 Created|Location: {location}|Content-Length: 0||")).await;
                *asked.lock().expect("no test failed") = request;
            }
        }
    })
    .await
}

/// Whether or not a service uses the prefix that is forwarded to it, its URLs lead to the routes that its client requested.
#[tokio::test]
async fn the_prefix_that_is_removed_is_forwarded() {
    let asked = Arc::new(Mutex::new(String::new()));
    let service = located(&asked).await;
    let trusting = "[gateway.proxy]\ntrusted = [\"127.0.0.1\"]\n";
    // What the file sets, what a proxy in front sends, the path that the service gets, and the prefix that it gets.
    let rows = [
        ("", "forward_as = \"\"", "", "GET /things ", "x-forwarded-prefix: /api/v1"),
        ("", "", "", "GET /api/things ", ""),
        ("", "forward_as = \"/inner\"", "", "GET /inner/things ", ""),
        ("", "forward_as = \"/v{version}\"", "X-Forwarded-Prefix: /evil|", "GET /v2/things ", ""),
        ("[gateway.proxy]\nforwarded = \"rfc7239\"\n", "forward_as = \"\"", "", "GET /things ", ""),
        (
            trusting,
            "forward_as = \"\"",
            "X-Forwarded-Prefix: /shop/|",
            "GET /things ",
            "x-forwarded-prefix: /shop/api/v1",
        ),
    ];
    for (own, upstream, fields, line, told) in rows {
        let gateway = rig::gateway(config("prefixed", &[service.address], own, upstream)).await;
        let mut client = Client::connect(gateway.listen).await;
        let answer = client.ask(&format!("GET /api/v1/things HTTP/1.1|Host: a|{fields}|")).await;
        let request = asked.lock().expect("no test failed").clone();
        assert!(request.starts_with(line), "{line} {request}");
        let prefix = request.lines().find(|line| line.starts_with("x-forwarded-prefix:")).unwrap_or("");
        assert_eq!(prefix, told, "{own} {upstream} {request}");
        if told == "x-forwarded-prefix: /api/v1" {
            assert!(answer.head.contains("\r\nlocation: /api/v1/things/7\r\n"), "{}", answer.head);
        }
        drop(client);
        assert!(gateway.stop().await);
    }
}

#[tokio::test]
async fn underscores_are_refused_or_passed_if_the_file_says_so() {
    let asked = Arc::new(Mutex::new(String::new()));
    let service = located(&asked).await;
    for (how, status, passed) in [("drop", 201, false), ("refuse", 400, false), ("pass", 201, true)] {
        let own = format!("[gateway.proxy]\nunderscores = \"{how}\"\n");
        let gateway = rig::gateway(config("underscored", &[service.address], &own, "")).await;
        let mut client = Client::connect(gateway.listen).await;
        let answer = client.ask("GET /api/v1/things HTTP/1.1|Host: a|Api_Key: k||").await;
        assert_eq!(answer.status, status, "{how} {}", answer.body);
        let request = std::mem::take(&mut *asked.lock().expect("no test failed"));
        assert_eq!(request.contains("api_key: k"), passed, "{how} {request}");
        if how == "drop" {
            let metrics = gateway.admin("/metrics").await.body;
            let counted = metrics
                .lines()
                .any(|line| line.strip_prefix("sunward_underscore_fields_total ").is_some_and(|count| count != "0"));
            assert!(counted, "{metrics}");
        }
        drop(client);
        assert!(gateway.stop().await);
    }
}

/// What is refused for its size, before the api has had a look at it, is for the same scripts as what the api refuses.
#[tokio::test]
async fn scripts_may_read_what_the_limits_refuse() {
    let service = Service::saying("HTTP/1.1 200 OK|Content-Length: 0||").await;
    let own = "[gateway]\nlimits = { body_bytes = 10 }\n";
    let text = config("cors-limits", &[service.address], own, "");
    let text = text.replacen("upstream = ", "cors = { origins = \"https://a.test\" }\nupstream = ", 1);
    let gateway = rig::gateway(text).await;
    for (path, origin, readable) in [
        ("/api/v1/x", "https://a.test", true),
        ("/api/v1/x", "https://b.test", false),
        ("/other", "https://a.test", false),
    ] {
        let mut client = Client::connect(gateway.listen).await;
        let answer =
            client.ask(&format!("POST {path} HTTP/1.1|Host: a|Origin: {origin}|Content-Length: 11||hello world")).await;
        let allowed = answer.head.contains("access-control-allow-origin: https://a.test");
        assert_eq!((answer.status, allowed), (413, readable), "{path} {origin} {}", answer.head);
        assert_eq!(answer.head.contains("access-control-expose-headers: x-request-id"), readable, "{}", answer.head);
    }
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_preflight_passes_whatever_its_version() {
    let gateway = Gateway::demo().await;
    let request = "OPTIONS /api/v1/users/1 HTTP/1.1\r\nHost: a\r\nOrigin: https://app.test\r\n\
                   Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n";
    // The demo's services know no CORS: it is they who answer.
    assert_eq!(gateway.send(request).await.status, 404);
    assert!(gateway.stop().await);
}
