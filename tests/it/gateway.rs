//! The gateway over real sockets, in one process with the services behind it.

#[path = "../../examples/gateway/origins.rs"]
mod origins;

mod access;
mod admin;
mod bodies;
mod browser;
mod cert;
mod clock;
mod consumers;
mod demo;
mod edge;
#[cfg(unix)]
mod explained;
mod framing;
mod framing_h2;
mod grpc;
mod hosts;
mod instance;
#[cfg(feature = "ledger")]
mod ledger;
mod limits;
mod live;
mod load;
#[cfg(feature = "notices")]
mod notices;
#[cfg(feature = "otel")]
mod otel;
mod pool;
mod refused;
mod reload;
mod rig;
mod rolling;
mod rollout;
mod scrape;
mod server;
mod soak;
mod stop;
mod truth;
mod urls;
mod waits;
mod webdriver;
mod websocket;
mod wire;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sunward::gateway::{App, Metrics, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A gateway that runs until it is stopped.
struct Gateway {
    listen: SocketAddr,
    admin: SocketAddr,
    tls: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<bool>,
}

/// A response, taken apart.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

// === impl Gateway ===

impl Gateway {
    async fn start(path: &Path, options: Options) -> Self {
        let loopback: SocketAddr = ([127, 0, 0, 1], 0).into();
        let metrics = Metrics::install().expect("no other recorder");
        let options = options.with_listen(loopback).with_admin(loopback).with_metrics(metrics);
        let app = App::bind(path, options).await.unwrap_or_else(|e| panic!("{e}"));
        let (listen, admin) = (app.listen_addr().expect("bound"), app.admin_addr().expect("bound"));
        let tls = app.tls_addr().ok();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(app.run(async { drop(stopped.await) }));
        Self { listen, admin, tls, stop: Some(stop), task }
    }

    /// The demo, with its services on free ports.
    async fn demo() -> Self {
        Self::demo_as("shop").await
    }

    /// The demo under another name of its api.
    async fn demo_as(api: &'static str) -> Self {
        let (a, b, legacy) = tokio::join!(origins::start(3), origins::start(3), origins::start(2));
        let bound = [("127.0.0.1:3001", a), ("127.0.0.1:3002", b), ("127.0.0.1:3003", legacy)]
            .map(|(written, bound)| (written, bound.expect("a free port").to_string()));
        let rewrite = move |text: String| {
            let text = text.replacen("name = \"shop\"", &format!("name = \"{api}\""), 1);
            bound.iter().fold(text, |text, (from, to)| text.replace(from, to))
        };
        Self::start(&demo_file(), Options::new().with_rewrite(rewrite)).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")).await
    }

    async fn send(&self, request: &str) -> Reply {
        exchange(self.listen, request).await
    }

    async fn admin(&self, path: &str) -> Reply {
        exchange(self.admin, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
    }

    /// Stops it, and says whether every request was answered.
    async fn stop(mut self) -> bool {
        self.stop.take().map(|stop| stop.send(()));
        self.task.await.expect("it ran")
    }
}

// === impl Reply ===

impl Reply {
    /// The values of a field, in order.
    fn fields(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    fn field(&self, name: &str) -> &str {
        self.fields(name).first().copied().unwrap_or("")
    }
}

/// Something that a test needs is not installed: CI has everything, elsewhere the test may be left out.
fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what}");
    println!("{what}");
}

fn demo_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gateway/gateway.toml")
}

/// Sends `request` and reads to the end of the connection.
async fn exchange(address: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("it answers");
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head:?}"));
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}
