//! Who is refused before an api is known is counted, once and by its reason.

use std::collections::BTreeMap;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sunward::internals::names::{REFUSED, Refusal};
use tokio::io::AsyncWriteExt;

use super::cert::Authority;
use super::rig::{self, Client, OK, Service, becomes, config, get, post};

/// Magic, no settings, and a part of a body that belongs to no request.
const NOT_HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0\0\0\0x";

/// What was counted, by reason.
fn counted(metrics: &PrometheusHandle) -> BTreeMap<String, u64> {
    let text = metrics.render();
    let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("{REFUSED}{{reason=\"")));
    let lines = lines.map(|line| line.split_once("\"} ").expect("a reason and a number"));
    lines.map(|(reason, count)| (reason.to_owned(), count.parse().expect("a number"))).collect()
}

/// A gateway for one short wait after the other would take its time: this one has all of them, and TLS.
fn gateway_config(authority: &Authority) -> String {
    format!(
        "[gateway]\nlimits = {{ body_bytes = 1000, url_bytes = 1000, header_bytes = 1024 }}\n\
         timeouts = {{ client_headers = \"300ms\", client_send = \"300ms\" }}\n\
         [gateway.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n",
        authority.file("server.pem"),
        authority.file("server.key")
    )
}

/// All of a test is in one thread, and so is the recorder: what other tests do is not counted here.
#[tokio::test]
async fn each_is_counted_by_its_reason() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _mine = metrics::set_default_local_recorder(&recorder);
    let authority = Authority::new("refused");
    authority.sign("server", "localhost");
    let service = Service::start(|mut served| async move {
        while let Some(request) = served.request().await {
            if request.contains("/endless") {
                served.write("HTTP/1.1 200 OK||").await;
                while served.stream.write_all(&[b'x'; 65536]).await.is_ok() {}
                return;
            }
            served.write(OK).await;
        }
    })
    .await;
    let gateway = rig::gateway(config("refused", &[service.address], &gateway_config(&authority), "")).await;
    let (plain, tls) = (gateway.listen, gateway.tls.expect("it has TLS"));

    let line = |line: &str| format!("{line}|Host: a||").into_bytes();
    let field = |field: &str| format!("GET /api/v1/x HTTP/1.1|Host: a|{field}||").into_bytes();
    let rows: [(Vec<u8>, &str, &str); 24] = [
        (get("/api/v1/x").into_bytes(), "200", ""),
        (get("/api/v9/x").into_bytes(), "404", ""),
        (line("OPTIONS * HTTP/1.1"), "204", ""),
        (line("TRACE /api/v1/x HTTP/1.1"), "405", "method"),
        (line(&format!("{} / HTTP/1.1", "X".repeat(40))), "501", "method"),
        (line("GET ftp://a/api/v1/x HTTP/1.1"), "400", "target"),
        (line(&format!("GET /{} HTTP/1.1", "x".repeat(1000))), "414", "target_too_long"),
        (field(&format!("X-A: {}", "x".repeat(1024))), "431", "headers_too_large"),
        // hyper's own.
        (field(&format!("X-A: {}", "x".repeat(300_000))), "431", "headers_too_large"),
        (line(&format!("GET /{} HTTP/1.1", "x".repeat(70_000))), "414", "headers_too_large"),
        (field("Transfer-Encoding: gzip, chunked"), "501", "framing"),
        (field("Content-Length: 1|Content-Length: 2"), "400", "malformed"),
        (field("Host: b"), "400", "host"),
        (b"GET /api/v1/x HTTP/1.1||".to_vec(), "400", "host"),
        (field("Expect: the-best"), "417", "field"),
        (b"OPTIONS /api/v1/x HTTP/1.1|Host: a|Max-Forwards: many||".to_vec(), "400", "field"),
        (post("/api/v1/x", &"x".repeat(1001)).into_bytes(), "413", "body_too_large"),
        (get("/elsewhere").into_bytes(), "404", "no_api"),
        (line("GET /api/v1/x HTTP/7"), "400", "malformed"),
        (b"\x16\x03\x01\x02\x00".to_vec(), "400", "malformed"),
        (NOT_HTTP2.to_vec(), "", "http2"),
        (Vec::new(), "", "headers_timeout"),
        (b"GET /api/v1/x HT".to_vec(), "", "headers_timeout"),
        // A client that goes away is not refused.
        (b"gone".to_vec(), "", ""),
    ];
    let mut expected =
        Refusal::ALL.map(|refusal| (refusal.as_str().to_owned(), 0)).into_iter().collect::<BTreeMap<_, _>>();
    assert!(becomes(async || counted(&metrics) == expected).await, "all are there from the start");
    for (bytes, status, reason) in rows {
        let what = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        let mut client = Client::connect(plain).await;
        if bytes == b"gone" {
            drop(client);
            continue;
        }
        // hyper may have answered before it has read all.
        let _ = client.stream.write_all(&if bytes == NOT_HTTP2 { bytes } else { raw(&bytes) }).await;
        match status {
            "" => drop(client.end().await),
            status => {
                let answer = client.answer().await.unwrap_or_else(|| panic!("no answer to {what}"));
                assert_eq!(answer.status.to_string(), status, "{what}");
            }
        }
        drop(client);
        if !reason.is_empty() {
            *expected.get_mut(reason).expect("a reason") += 1;
        }
        assert!(becomes(async || counted(&metrics) == expected).await, "{what}: {:?}", counted(&metrics));
    }

    let mut mute = Client::connect(tls).await;
    mute.write("GET / HTTP/1.1|Host: a||").await;
    drop(mute.end().await);
    *expected.get_mut("tls").expect("a reason") += 1;
    assert!(becomes(async || counted(&metrics) == expected).await, "{:?}", counted(&metrics));

    let mut deaf = Client::connect(plain).await;
    deaf.write(&get("/api/v1/endless")).await;
    *expected.get_mut("send_timeout").expect("a reason") += 1;
    assert!(becomes(async || counted(&metrics) == expected).await, "{:?}", counted(&metrics));
    assert!(metrics.render().contains("sunward_shed_total{reason=\"connections\"} 0"));
    assert!(gateway.stop().await);
}

fn raw(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.iter().flat_map(|byte| if *byte == b'|' { b"\r\n".to_vec() } else { vec![*byte] });
    text.collect()
}

/// They wait; that they have to is counted.
#[tokio::test]
async fn connections_that_wait_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _mine = metrics::set_default_local_recorder(&recorder);
    let service = Service::saying(OK).await;
    let own = "[gateway]\nlimits = { connections = 1 }\n";
    let gateway = rig::gateway(config("waiting", &[service.address], own, "")).await;
    let waited =
        |count: u32| metrics.render().contains(&format!("sunward_shed_total{{reason=\"connections\"}} {count}\n"));
    let mut first = Client::connect(gateway.listen).await;
    assert_eq!(first.ask(&get("/api/v1/x")).await.status, 200);
    assert!(waited(0));
    let mut second = Client::connect(gateway.listen).await;
    assert!(becomes(async || waited(1)).await);
    drop(first);
    assert_eq!(second.ask(&get("/api/v1/x")).await.status, 200);
    assert!(waited(1));
    drop(second);
    assert!(gateway.stop().await);
}
