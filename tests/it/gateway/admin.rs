//! The admin listener, over real sockets, with a folder of its own for each test.

mod acts;
mod config;
mod document;
#[cfg(feature = "postgres")]
mod fleet;
mod keep;
mod mistakes;
mod page;
mod revisions;
#[cfg(feature = "ledger")]
mod usage;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use sunward::gateway::{App, Metrics, Options};

use super::{Gateway, Reply, exchange, origins};

/// A folder with a config, which is removed at the end.
struct Desk {
    folder: PathBuf,
    port: u16,
}

/// Who does it, and why, as a query.
const WHO: &str = "by=ops&reason=a+test";

/// Version 2 is old, 3 is current; version 1 is gone.
const CONFIG: &str = r#"[gateway]
GATEWAY

[[api]]
name = "NAME"
base_path = "/api"
version_from = { path = "/v{version}" }
consumer = { header = "X-Consumer" }
upstream = "shop"

[[api.version]]
name = "1"
deprecated = 2020-01-01
sunset = 2021-01-01

[[api.version]]
name = "2"
deprecated = 2020-01-01

[[api.version]]
name = "3"

[[api.route]]
route = "GET /users/{id}"

[[upstream]]
name = "shop"
instances = [{ url = "http://127.0.0.1:PORT", speaks = "3" }]
"#;

// === impl Desk ===

impl Desk {
    /// With these lines in `[gateway]`; `STATE` stands for the folder of what is kept.
    async fn new(name: &str, gateway: &str) -> Self {
        static DESKS: AtomicUsize = AtomicUsize::new(0);
        let at = DESKS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sunward-admin-{name}-{}-{at}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let port = origins::start(3).await.expect("a free port").port();
        let desk = Self { folder, port };
        let gateway =
            gateway.replace("STATE", &format!("state = {:?}", desk.folder.join("state").display().to_string()));
        let text = CONFIG.replace("GATEWAY", &gateway).replace("NAME", name).replace("PORT", &port.to_string());
        std::fs::write(desk.file(), text).expect("written");
        desk
    }

    fn file(&self) -> PathBuf {
        self.folder.join("gateway.toml")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).expect("a text")
    }

    /// The text without version 2.
    fn without_2(&self) -> String {
        self.text().replace("[[api.version]]\nname = \"2\"\ndeprecated = 2020-01-01\n", "")
    }

    fn kept(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join("state").join(name)).unwrap_or_default()
    }

    async fn start(&self) -> Gateway {
        Gateway::start(&self.file(), Options::new()).await
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

// === impl Gateway ===

impl Gateway {
    /// Asks the admin listener: `METHOD /path`, then fields, a line each.
    async fn ask(&self, head: &str, body: &str) -> Reply {
        ask_at(self.admin, head, body).await
    }
}

async fn ask_at(address: SocketAddr, head: &str, body: &str) -> Reply {
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let host = if fields.contains("Host: ") { "" } else { "Host: localhost\r\n" };
    let fields: String = fields.lines().map(|field| format!("{field}\r\n")).collect();
    let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
    let reply = exchange(address, &format!("{line} HTTP/1.1\r\n{host}{fields}{length}\r\n{body}")).await;
    let (method, target) = line.split_once(' ').expect("a method and a target");
    document::hold(method, target, &reply);
    reply
}

// === impl Reply ===

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.head, self.body))
    }
}

#[tokio::test]
async fn who_may_ask() {
    let open = Desk::new("open", "").await;
    let closed = Desk::new("closed", "admin_token = \"secret\"").await;
    let (open, closed) = (open.start().await, closed.start().await);
    let rows = [
        (&open, "GET /versions", 200),
        (&open, "GET /versions\nHost: 127.0.0.1:9090", 200),
        (&open, "GET /versions\nHost: evil.test", 403),
        (&open, "GET http://evil.test/versions\nHost: evil.test", 403),
        (&open, "POST /apis/open/pause\nOrigin: https://evil.test", 403),
        (&open, "GET /metrics\nHost: evil.test", 200),
        (&open, "GET /nowhere\nHost: evil.test", 403),
        (&open, "GET /nowhere", 404),
        (&open, "DELETE /config", 405),
        (&closed, "GET /versions", 401),
        (&closed, "GET /nowhere", 401),
        (&closed, "GET /config\nAuthorization: Bearer wrong", 401),
        (&closed, "GET /config\nAuthorization: Basic secret", 401),
        (&closed, "GET /config\nAuthorization: Bearer secret", 200),
        (&closed, "GET /config\nHost: any.test\nAuthorization: bearer secret", 200),
        (&closed, "GET /healthz", 200),
        (&closed, "GET /readyz", 200),
        (&closed, "HEAD /metrics", 200),
        (&closed, "POST /metrics", 401),
    ];
    for (gateway, head, status) in rows {
        let reply = gateway.ask(head, "").await;
        assert_eq!(reply.status, status, "{head}\n{}\n{}", reply.head, reply.body);
        match status {
            200 => {}
            401 => assert_eq!(reply.field("www-authenticate"), "Bearer realm=\"sunward\""),
            405 => assert_eq!(reply.field("allow"), "GET, HEAD, PUT"),
            _ => assert_eq!(reply.field("content-type"), "application/problem+json", "{head}"),
        }
    }
    assert!(open.stop().await && closed.stop().await);
}

#[tokio::test]
async fn a_network_without_a_token_gets_metrics_only() {
    let desk = Desk::new("network", "").await;
    let (loopback, anywhere): (SocketAddr, SocketAddr) = (([127, 0, 0, 1], 0).into(), ([0, 0, 0, 0], 0).into());
    let metrics = Metrics::install().expect("no other recorder");
    let options = Options::new().with_listen(loopback).with_admin(anywhere).with_metrics(metrics);
    let app = App::bind(&desk.file(), options).await.unwrap_or_else(|e| panic!("{e}"));
    let address = SocketAddr::from(([127, 0, 0, 1], app.admin_addr().expect("bound").port()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(app.run(async { drop(stopped.await) }));
    for (head, status) in [("GET /versions", 403), ("GET /config", 403), ("GET /metrics", 200), ("GET /healthz", 200)] {
        assert_eq!(ask_at(address, head, "").await.status, status, "{head}");
    }
    drop(stop);
    assert!(task.await.expect("it ran"));
}

#[tokio::test]
async fn the_document_is_the_one_in_the_repository() {
    let desk = Desk::new("document", "").await;
    let gateway = desk.start().await;
    let served = gateway.ask("GET /openapi.json", "").await.json();
    let kept = document::document();
    assert_eq!(served, kept);
    assert!(gateway.stop().await);
}
