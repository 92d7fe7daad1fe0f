//! What a scraper and a probe see.

use std::io::Write;
use std::process::{Command, Stdio};

use super::Gateway;

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
        r#"sunward_version_sunset_timestamp_seconds{api="scraped",version="2"} 1922313600"#,
        "# HELP sunward_requests_total ",
        "sunward_migration_duration_seconds_bucket{",
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
    let Ok(mut promtool) =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        println!("promtool is not installed: the metrics were not checked by it");
        return;
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
    assert_eq!(phases, ["sunset", "deprecated", "current"]);
    assert!(gateway.stop().await);
}

/// The body without its chunk sizes, if it has any.
fn dechunk(reply: &super::Reply) -> String {
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
