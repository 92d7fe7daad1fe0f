//! A real browser, by WebDriver (W3C): Chromium, where it and its driver are installed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::PATIENCE;

/// A session of a browser.
pub(super) struct WebDriver {
    driver: Child,
    address: SocketAddr,
    session: String,
}

/// What is written down from the beginning of each page: what its policy forbade, and what failed.
const WATCH: &str = "window.faults = [];
addEventListener('securitypolicyviolation', (event) => faults.push('policy: ' + event.violatedDirective + ' ' + event.blockedURI));
addEventListener('error', (event) => faults.push('error: ' + (event.message || event.target.outerHTML)), true);
addEventListener('unhandledrejection', (event) => faults.push('rejected: ' + event.reason));";

// === impl WebDriver ===

impl WebDriver {
    /// `None` if there is no browser.
    pub(super) async fn start() -> Option<Self> {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let lines = BufReader::new(driver.stdout.take().expect("it is piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let address = ([127, 0, 0, 1], port.expect("the driver says its port")).into();
        let mut browser = Self { driver, address, session: String::new() };
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ];
        let options = json!({ "goog:chromeOptions": { "args": args }, "goog:loggingPrefs": { "browser": "ALL" } });
        let begun = browser.send("POST", "/session", &json!({ "capabilities": { "alwaysMatch": options } })).await;
        let session = begun["sessionId"].as_str().unwrap_or_else(|| panic!("a session: {begun}"));
        browser.session = format!("/session/{session}");
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await;
        Some(browser)
    }

    pub(super) async fn open(&self, url: &str) {
        self.command("url", &json!({ "url": url })).await;
    }

    /// The window, and what people prefer.
    pub(super) async fn look(&self, width: u32, scheme: &str) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    pub(super) async fn devtools(&self, command: &str, params: Value) {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": params })).await;
    }

    /// What a script returns.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Writes into a field, named by a selector of CSS.
    pub(super) async fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.command(&format!("element/{element}/value"), &json!({ "text": text })).await;
    }

    pub(super) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.command(&format!("element/{element}/click"), &json!({})).await;
    }

    /// The text of an element.
    pub(super) async fn text(&self, selector: &str) -> String {
        let element = self.find(selector).await;
        let path = format!("{}/element/{element}/text", self.session);
        self.send("GET", &path, &Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element has this text: a click may lead to another page.
    pub(super) async fn see(&self, selector: &str, expected: &str) {
        let script = format!(
            "const found = document.querySelector({}); return found ? found.innerText : null;",
            Value::from(selector)
        );
        let seen = async {
            while self.run(&script).await != expected {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, seen).await.is_ok();
        assert!(in_time, "{selector} is not {expected:?}, but {}", self.run("return document.body.innerText").await);
    }

    /// What the console said since it was asked before.
    pub(super) async fn console(&self) -> Vec<String> {
        let lines = self.command("se/log", &json!({ "type": "browser" })).await;
        let lines = lines.as_array().expect("lines").iter().filter(|line| line["level"] != "DEBUG");
        lines.map(|line| format!("{} {}", line["level"], line["message"])).collect()
    }

    async fn find(&self, selector: &str) -> String {
        let found = self.command("element", &json!({ "using": "css selector", "value": selector })).await;
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("no {selector}: {found}")).to_owned()
    }

    async fn command(&self, name: &str, body: &Value) -> Value {
        self.send("POST", &format!("{}/{name}", self.session), body).await
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address
        );
        let mut stream = TcpStream::connect(self.address).await.expect("the driver listens");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        // The driver keeps the connection open all the same.
        loop {
            let read = stream.read_buf(&mut answer).await.expect("it answers");
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
                if read == 0 || length.is_some_and(|length: usize| body.len() >= length) {
                    let mut answer: Value = serde_json::from_str(body).expect("JSON");
                    return answer["value"].take();
                }
            }
            assert!(read > 0, "{text}");
        }
    }
}

impl Drop for WebDriver {
    fn drop(&mut self) {
        // The driver ends the browser when it is asked to stop.
        if let Ok(mut stream) = std::net::TcpStream::connect(self.address) {
            use std::io::{Read, Write};
            let _ = stream.write_all(format!("DELETE {} HTTP/1.1\r\nHost: a\r\n\r\n", self.session).as_bytes());
            let _ = stream.read(&mut [0; 1]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
