//! What a scraper and a probe see.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sunward::gateway::Options;
use tokio::sync::Semaphore;

use super::rig::{Client, OK, Service, becomes, config, get};
use super::{Gateway, exchange, missing};

#[tokio::test]
async fn metrics_pass_the_check_of_prometheus() {
    // The process has one recorder: an api of this name is in no other test.
    let gateway = Gateway::demo_as("scraped").await;
    for path in ["/api/v3/users/1", "/api/v2/users/1", "/api/v1/users/1", "/api/v9/users", "/api/v3/nowhere"] {
        gateway.get(path).await;
    }
    let metrics = gateway.admin("/metrics").await;
    assert!(metrics.field("content-type").starts_with("text/plain; version=0.0.4"));
    let body = dechunk(&metrics);
    for part in [
        r#"sunward_gone_total{api="scraped",version="1",route="/users/{id}",method="GET"}"#,
        r#"version="_other",route="_unmatched",method="GET",status_class="4xx",outcome="refused"}"#,
        r#"sunward_requested_deprecated{api="scraped",version="2",route="/users/{id}"} 1"#,
        r#"sunward_version_sunset_timestamp_seconds{api="scraped",version="2"} 1922486400"#,
        "# HELP sunward_requests_total ",
        "sunward_migration_duration_seconds_bucket{",
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
    let Ok(mut promtool) =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        return missing("promtool is not installed: the metrics were not checked by it");
    };
    promtool.stdin.take().expect("a pipe").write_all(body.as_bytes()).expect("it reads");
    let output = promtool.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn probes_and_versions() {
    let gateway = Gateway::demo().await;
    assert_eq!(gateway.admin("/healthz").await.status, 200);
    assert_eq!(gateway.admin("/readyz").await.status, 200);
    assert_eq!(gateway.admin("/else").await.status, 404);
    let versions = gateway.admin("/versions").await;
    let json: serde_json::Value = serde_json::from_str(&dechunk(&versions)).expect("JSON");
    let phases: Vec<_> =
        json["apis"][0]["versions"].as_array().expect("a list").iter().map(|v| v["phase"].clone()).collect();
    assert_eq!(phases, ["gone", "deprecated", "current"]);
    assert!(gateway.stop().await);
}

/// The body without its chunk sizes, if it has any.
pub(super) fn dechunk(reply: &super::Reply) -> String {
    if reply.field("transfer-encoding").is_empty() {
        return reply.body.clone();
    }
    let mut rest = reply.body.as_str();
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    whole
}

/// An instance that no config names has no gauges, once its requests have ended; its counters stay.
#[tokio::test]
async fn the_gauges_of_an_instance_end_with_the_instance() {
    let (go, asked) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (served, counted) = (Arc::clone(&go), Arc::clone(&asked));
    let leaves = Service::start(move |mut connection| {
        let (go, asked) = (Arc::clone(&served), Arc::clone(&counted));
        async move {
            while connection.request().await.is_some() {
                asked.fetch_add(1, Ordering::SeqCst);
                go.acquire().await.expect("open").forget();
                connection.write(OK).await;
            }
        }
    })
    .await;
    let stays = Service::saying(OK).await;
    let file = std::env::temp_dir().join(format!("sunward-gauges-{}.toml", std::process::id()));
    let write = |instances: &[SocketAddr], upstream: &str| {
        std::fs::write(&file, config("gauges", instances, "", upstream)).expect("written");
    };
    write(&[leaves.address], "");
    let gateway = Gateway::start(&file, Options::new()).await;
    let reload = async || {
        let head = "POST /config/reload?by=ops&reason=test HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        assert_eq!(exchange(gateway.admin, head).await.status, 200);
    };
    let line = |name: &str, instance: SocketAddr| {
        format!("\nsunward_upstream_{name}{{upstream=\"gauges\",instance=\"{instance}\"")
    };
    // The gauges of both, as far as they are there.
    let gauges = async || {
        let text = dechunk(&gateway.admin("/metrics").await);
        let value = |name: &str, instance: SocketAddr| {
            let (_, rest) = text.split_once(&line(name, instance))?;
            rest.lines().next().and_then(|line| line.strip_prefix("} ").map(str::to_owned))
        };
        let [leaves, stays] =
            [leaves.address, stays.address].map(|instance| ["up", "pending"].map(|name| value(name, instance)));
        [leaves, stays].concat().into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>()
    };
    assert_eq!(gauges().await, ["1", "0", "", ""]);
    let mut client = Client::connect(gateway.listen).await;
    client.write(&get("/api/v1/x")).await;
    assert!(becomes(async || asked.load(Ordering::SeqCst) == 1).await);

    write(&[stays.address], "");
    reload().await;
    assert_eq!(gauges().await, ["", "1", "1", "0"], "it still has a request");
    go.add_permits(1);
    assert_eq!(client.answer().await.expect("an answer").status, 200);
    assert!(becomes(async || gauges().await == ["", "", "1", "0"]).await, "{:?}", gauges().await);
    let text = dechunk(&gateway.admin("/metrics").await);
    assert!(text.contains(&format!("{},result=\"ok\"}} 1\n", line("requests_total", leaves.address))), "{text}");

    // Another setting makes it another instance with the same name.
    write(&[stays.address], "http2 = true");
    reload().await;
    assert!(becomes(async || gauges().await == ["", "", "1", "0"]).await);
    write(&[leaves.address, stays.address], "");
    reload().await;
    assert!(becomes(async || gauges().await == ["1", "0", "1", "0"]).await, "it is back");
    std::fs::remove_file(&file).expect("removed");
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_version_without_an_end_says_none() {
    let service = Service::saying(OK).await;
    let file = std::env::temp_dir().join(format!("sunward-endless-{}.toml", std::process::id()));
    let without = config("endless", &[service.address], "[gateway]\nprotect = \"off\"\n", "");
    let with = without.replacen("name = \"1\"\n", "name = \"1\"\ndeprecated = 2090-01-01\nsunset = 2099-01-01\n", 1);
    let dropped = without.replacen("[[api.version]]\n        name = \"1\"\n", "", 1);
    assert!(with != without && dropped != without);
    std::fs::write(&file, &with).expect("written");
    let gateway = Gateway::start(&file, Options::new()).await;
    let head = "POST /config/reload?by=ops&reason=test HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // Its log cannot be opened, which is found after the catalog was built.
    let log = "[gateway]\naccess_log = { to = \"/no/such/folder/log\" }\n";
    let refused = with.replacen("2099", "2098", 1).replacen("[gateway]\n", log, 1);
    let rows = [
        (&with, 200, true),
        (&without, 200, false),
        (&refused, 500, false),
        (&with, 200, true),
        (&dropped, 200, false),
    ];
    for (text, status, ends) in rows {
        std::fs::write(&file, text).expect("written");
        assert_eq!(exchange(gateway.admin, head).await.status, status, "{text}");
        let metrics = dechunk(&gateway.admin("/metrics").await);
        let line = "sunward_version_sunset_timestamp_seconds{api=\"endless\",version=\"1\"}";
        assert_eq!(metrics.contains(line), ends, "{text}");
    }
    std::fs::remove_file(&file).expect("removed");
    assert!(gateway.stop().await);
}
