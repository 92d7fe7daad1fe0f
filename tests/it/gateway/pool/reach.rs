//! What an instance is, and what it can read: Unix sockets, HTTP/1.0, bodies that need a length.

use super::*;

/// A service of `HTTP/1.<minor>` that keeps what it got.
async fn keeping(minor: u8) -> (Service, Arc<std::sync::Mutex<Vec<String>>>) {
    let got = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    let service = Service::start(move |mut served: Served| {
        let kept = Arc::clone(&kept);
        async move {
            while let Some(request) = served.request().await {
                kept.lock().expect("no test failed").push(request.to_ascii_lowercase());
                served.write(&format!("HTTP/1.{minor} 200 OK|connection: keep-alive|content-length: 2||ok")).await;
            }
        }
    })
    .await;
    (service, got)
}

const CHUNKED: &str = "POST /api/v1/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||";

/// The minor version of the instance, the keys of the upstream, a request, the status, and what frames it for the instance.
#[tokio::test]
async fn a_body_has_a_length_where_it_needs_one() {
    const KEY: &str = "request_buffer_bytes = 10\n";
    let large = format!("{CHUNKED}{:x}|{}|0||", 70_000, "x".repeat(70_000));
    let too_large = format!("{CHUNKED}{:x}|{}|0||", 1_100_000, "x".repeat(1_100_000));
    let rows = [
        (1, "", format!("{CHUNKED}5|hello|0||"), 200, Some("transfer-encoding: chunked")),
        (1, KEY, format!("{CHUNKED}2|he|3|llo|0||"), 200, Some("content-length: 5")),
        (1, KEY, format!("{CHUNKED}a|helloworld|0||"), 200, Some("content-length: 10")),
        (1, KEY, format!("{CHUNKED}a|helloworld|1|!|0||"), 413, None),
        (1, KEY, format!("{CHUNKED}0||"), 200, Some("content-length: 0")),
        (1, KEY, post("/api/v1/x", "longer than that"), 200, Some("content-length: 16")),
        (1, KEY, get("/api/v1/x"), 200, Some("get /api/x")),
        (1, KEY, format!("{CHUNKED}zz|"), 400, None),
        (0, "", format!("{CHUNKED}5|hello|0||"), 200, Some("content-length: 5")),
        (0, "", large.clone(), 200, Some("content-length: 70000")),
        (0, "", too_large, 413, None),
        (1, "", large, 200, Some("transfer-encoding: chunked")),
    ];
    for (minor, keys, request, status, framed) in rows {
        let (service, got) = keeping(minor).await;
        let gateway = rig::gateway(config("lengths", &[service.address], "", keys)).await;
        // What it speaks is known by its first answer.
        assert_eq!(gateway.get("/api/v1/x").await.status, 200);
        got.lock().expect("no test failed").clear();
        let what = (minor, keys, &request[..request.len().min(100)]);
        let mut client = Client::connect(gateway.listen).await;
        client.write(&request).await;
        assert_eq!(client.answer().await.expect("an answer").status, status, "{what:?}");
        let got = std::mem::take(&mut *got.lock().expect("no test failed"));
        match framed {
            None => assert!(got.is_empty(), "{what:?} {got:?}"),
            Some(framed) => {
                assert!(got.len() == 1 && got[0].contains(framed), "{what:?} {got:?}");
                let both = got[0].contains("content-length") && got[0].contains("transfer-encoding");
                assert!(!both, "{what:?} {got:?}");
            }
        }
        assert!(gateway.stop().await);
    }
}

/// Trailers need chunks: where a body has a length, they are not sent, nor announced.
#[tokio::test]
async fn trailers_are_dropped_with_the_chunks() {
    let (service, got) = keeping(1).await;
    let gateway = rig::gateway(config("untrailed", &[service.address], "", "request_buffer_bytes = 100\n")).await;
    let head = CHUNKED.replace("Host: a", "Host: a|Trailer: X-Sum");
    let answer = Client::connect(gateway.listen).await.ask(&format!("{head}5|hello|0|X-Sum: 1||")).await;
    assert_eq!(answer.status, 200);
    let got = got.lock().expect("no test failed").join("");
    assert!(got.contains("content-length: 5") && !got.contains("x-sum"), "{got}");
    assert!(gateway.stop().await);
}

/// A body with a length that is migrated as it passes, because it is large, has one for an instance that needs it.
#[tokio::test]
async fn a_body_that_is_migrated_as_it_passes_has_a_length() {
    const CHANGE: &str = "[[api.change]]\nversion = \"2\"\nsummary = \"renamed\"\nat = [\"POST /users <-\"]\nbreaking = true\n\
                          ops = [{ rename = \"/name\", to = \"/title\" }]\n[[upstream]]";
    for (minor, keys) in [(0, ""), (1, "request_buffer_bytes = 1000000\n")] {
        let (service, got) = keeping(minor).await;
        let text = config("migrated-length", &[service.address], "", keys).replacen("[[upstream]]", CHANGE, 1);
        let gateway = rig::gateway(text).await;
        assert_eq!(gateway.get("/api/v1/users").await.status, 200);
        let body = format!("{{\"name\":\"{}\"}}", "x".repeat(200_000));
        let request =
            post("/api/v1/users", &body).replacen("Host: a.test", "Host: a|Content-Type: application/json", 1);
        let answer = Client::connect(gateway.listen).await.ask(&request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let got = got.lock().expect("no test failed").pop().expect("a request");
        let head = got.split("\r\n\r\n").next().expect("a head");
        assert!(
            got.contains("{\"title\":\"x") && head.contains(&format!("content-length: {}", body.len() + 1)),
            "{head}"
        );
        assert!(gateway.stop().await);
    }
}

/// Which servers stand for an instance's origin is not for the clients of the gateway.
#[tokio::test]
async fn other_servers_of_an_instance_are_not_for_clients() {
    let service = Service::saying("HTTP/1.1 200 OK|alt-svc: h3=\":443\"; ma=2592000|content-length: 0||").await;
    for (keys, passed) in [("", false), ("alt_svc = true\n", true)] {
        let gateway = rig::gateway(config("alt-svc", &[service.address], "", keys)).await;
        let answer = Client::connect(gateway.listen).await.ask(&get("/api/v1/x")).await;
        assert_eq!((answer.status, answer.head.contains("alt-svc")), (200, passed), "{keys}");
        assert!(gateway.stop().await);
    }
}

#[cfg(unix)]
mod sockets {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;

    /// Requests over a Unix socket, health checks, and what the instance is called.
    #[tokio::test]
    async fn an_instance_may_listen_on_a_unix_socket() {
        let path = std::env::temp_dir().join(format!("sunward-{}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let got = Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        kept.lock()
                            .expect("no test failed")
                            .push(String::from_utf8_lossy(&buffer[..count]).into_owned());
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                    }
                });
            }
        });
        let url = format!("unix:{}", path.display());
        // As addresses of a name it would be looked up.
        let upstream = "addresses = \"ipv4\"\ncheck = { path = \"/healthz\" }\neject = { after = 0 }\n";
        let gateway = rig::gateway(config_of("socket", &format!("{{ url = \"{url}\" }}"), "", upstream)).await;
        for _ in 0..2 {
            let answer = Client::connect(gateway.listen).await.ask(&get("/api/v1/x")).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
        }
        let is_checked =
            async || got.lock().expect("no test failed").iter().any(|head| head.starts_with("GET /healthz"));
        assert!(rig::becomes(is_checked).await);
        for head in got.lock().expect("no test failed").iter().map(|head| head.to_ascii_lowercase()) {
            let host = if head.starts_with("get /healthz") { "host: localhost\r\n" } else { "host: a.test\r\n" };
            assert!(head.contains(host), "{head}");
        }
        let labels = [&*format!("instance=\"{url}\""), "result=\"ok\""];
        assert_eq!(limit::metric(&gateway, "sunward_upstream_requests_total", &labels).await, 2.0);
        assert!(gateway.admin("/upstreams").await.body.contains(&format!("\"{url}\"")));
        serving.abort();
        std::fs::remove_file(&path).expect("removed");
        assert!(gateway.stop().await);
    }
}
