//! CORS as a browser has it: a page of one origin asks the gateway on another. Chromium is asked, where it is installed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::missing;
use super::rig::{self, Served, Service};

/// How long the browser may take, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks for each path with a version, and says what a script got to know.
const PAGE: &str = r#"<!doctype html><title>page</title><script>
const ask = async ([path, version, method, credentials]) => {
  try {
    const headers = version ? { "Api-Version": version } : {};
    const response = await fetch(GATEWAY + path, { method, headers, credentials });
    const text = await response.text();
    const fields = Object.fromEntries(response.headers.entries());
    return { path, version, status: response.status, text, fields };
  } catch (error) {
    return { path, version, status: 0, text: String(error) };
  }
};
(async () => {
  const results = [];
  for (const row of ROWS) results.push(await ask(row));
  await fetch("/result", { method: "POST", body: JSON.stringify(results) });
})();
</script>"#;

struct Browser {
    child: Child,
    profile: PathBuf,
}

impl Browser {
    /// `None` if there is none.
    fn open(url: &str) -> Option<Self> {
        let profile = std::env::temp_dir().join(format!("sunward-browser-{}", std::process::id()));
        let child = Command::new("chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-extensions",
            ])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.ok().map(|child| Self { child, profile })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// Serves the page, and takes what it found out.
async fn page(gateway: Arc<std::sync::OnceLock<String>>, rows: Value, found: mpsc::Sender<Value>) -> Service {
    Service::start(move |mut served: Served| {
        let (gateway, rows, found) = (Arc::clone(&gateway), rows.clone(), found.clone());
        async move {
            while let Some(request) = served.request().await {
                let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
                if head.starts_with("POST /result ") {
                    let _ = found.send(serde_json::from_str(body).expect("JSON")).await;
                }
                let text = PAGE
                    .replace("GATEWAY", &json!(gateway.get().expect("it is known")).to_string())
                    .replace("ROWS", &rows.to_string());
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ";
                let _ = served.stream.write_all(format!("{head}{}\r\n\r\n{text}", text.len()).as_bytes()).await;
            }
        }
    })
    .await
}

/// A service with a CORS policy of its own, that knows nothing of versions, and of which one path breaks off.
async fn service(page: Arc<std::sync::OnceLock<String>>) -> Service {
    Service::start(move |mut served: Served| {
        let page = Arc::clone(&page);
        async move {
            while let Some(request) = served.request().await {
                let origin = page.get().expect("it is known");
                let allow = format!("Access-Control-Allow-Origin: {origin}|Vary: Origin|");
                if request.starts_with("OPTIONS ") {
                    // As the frameworks do that refuse fields which they do not know.
                    let knows = !request.to_ascii_lowercase().contains("api-version");
                    let fields =
                        format!("{allow}Access-Control-Allow-Methods: GET, PUT|Access-Control-Allow-Headers: X-A|");
                    let status = if knows { "204 No Content" } else { "403 Forbidden" };
                    served.write(&format!("HTTP/1.1 {status}|{fields}Content-Length: 0||")).await;
                } else if request.contains("/broken") {
                    return served.reset();
                } else {
                    served.write(&format!("HTTP/1.1 200 OK|{allow}Content-Length: 5||hello")).await;
                }
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_browsers_script_reads_what_the_policy_allows() {
    let (found, mut results) = mpsc::channel(1);
    let (at, origin) = (Arc::new(std::sync::OnceLock::new()), Arc::new(std::sync::OnceLock::new()));
    // Path, version, method, credentials; behind them, whether the script may read the answer, its status, and what it says.
    let rows = [
        (json!(["/api/things", "2", "GET", "omit"]), 200, "hello"),
        (json!(["/api/things", "2", "PUT", "omit"]), 200, "hello"),
        (json!(["/api/things", "1", "GET", "omit"]), 410, "version-sunset"),
        (json!(["/api/things", "1", "PUT", "omit"]), 410, "version-sunset"),
        (json!(["/api/things", "9", "GET", "omit"]), 400, "version-unknown"),
        (json!(["/api/things", "3", "GET", "omit"]), 503, "version-brownout"),
        (json!(["/api/broken", "2", "PUT", "omit"]), 502, "upstream-failed"),
        // The policy of this one does not allow credentials.
        (json!(["/api/things", "1", "GET", "include"]), 0, ""),
        // This one has no policy.
        (json!(["/closed/things", "1", "GET", "omit"]), 0, ""),
        (json!(["/closed/things", "2", "GET", "omit"]), 200, "hello"),
    ];
    let asked: Value = rows.iter().map(|(row, ..)| row.clone()).collect();
    let page = page(Arc::clone(&at), asked, found).await;
    origin.set(format!("http://{}", page.address)).expect("set once");
    let service = service(Arc::clone(&origin)).await;
    let api = |name: &str, path: &str, cors: &str| {
        format!(
            r#"
            [[api]]
            name = "{name}"
            base_path = "{path}"
            version_from = {{ header = "Api-Version" }}
            upstream = "{name}"
            {cors}
            [[api.version]]
            name = "1"
            sunset = 2021-01-01
            [[api.version]]
            name = "2"
            [[api.version]]
            name = "3"
            sunset = 2100-01-01
            brownouts = [{{ from = 2024-01-01, for = "20000d", status = 503 }}]
            [[upstream]]
            name = "{name}"
            instances = [{{ url = "http://{}", speaks = "2" }}]
            retries = 0
            "#,
            service.address
        )
    };
    let cors = format!("cors = {{ origins = [\"{}\"] }}", origin.get().expect("set"));
    let text = format!("{}{}", api("browsed", "/api", &cors), api("browsed-closed", "/closed", ""));
    let gateway = rig::gateway(text).await;
    at.set(format!("http://{}", gateway.listen)).expect("set once");

    let Some(browser) = Browser::open(origin.get().expect("set")) else {
        assert!(gateway.stop().await);
        return missing("chromium is not installed: what a browser does was not tested");
    };
    let found = tokio::time::timeout(PATIENCE, results.recv()).await.expect("the page tells what it found in time");
    drop(browser);
    let found = found.expect("it tells");
    for ((row, status, text), found) in rows.iter().zip(found.as_array().expect("a list")) {
        assert_eq!(found["status"], *status, "{row} {found:#}");
        assert!(found["text"].as_str().is_some_and(|found| found.contains(text)), "{row} {found:#}");
        if *status != 0 {
            let readable = found["fields"].as_object().expect("fields");
            assert!(readable.contains_key("x-request-id"), "{row} {found:#}");
            assert!(readable.contains_key("api-version") || *status == 400, "{row} {found:#}");
            assert_eq!(readable.contains_key("retry-after"), *status == 503, "{row} {found:#}");
        }
    }
    assert!(gateway.stop().await);
}
