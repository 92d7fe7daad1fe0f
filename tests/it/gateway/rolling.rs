//! A service is rolled from one version to the next, instance by instance, under load: no client gets an error, and none
//! the shape of another version.

mod hosts;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sunward::gateway::Options;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::Gateway;
use super::rig::{self, Client, get};

const INSTANCES: usize = 3;

/// An instance that is one version, and can be stopped as services are that know how.
struct Origin {
    address: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

/// What all connections of an instance know.
struct State {
    version: u8,
    /// Its checks say no, and its answers say that the connection ends.
    draining: AtomicBool,
    requests: AtomicUsize,
}

// === impl Origin ===

impl Origin {
    /// Listens at `address`; port 0 takes a free one.
    fn start(address: SocketAddr, version: u8) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(address).expect("the port is free again");
        let listener = socket.listen(256).expect("it listens");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(State { version, draining: AtomicBool::new(false), requests: AtomicUsize::new(0) });
        let shared = Arc::clone(&state);
        let (stop, stopped) = watch::channel(false);
        let listening = tokio::spawn(async move {
            let mut open = JoinSet::new();
            let mut stop = stopped.clone();
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.expect("a connection").0,
                    _ = stop.wait_for(|stop| *stop) => break,
                };
                open.spawn(serve(stream, Arc::clone(&shared), stopped.clone()));
            }
            // What waits to be accepted is a client's already.
            while let Ok(Ok((stream, _))) = tokio::time::timeout(Duration::ZERO, listener.accept()).await {
                open.spawn(serve(stream, Arc::clone(&shared), stopped.clone()));
            }
            drop(listener);
            open.join_all().await;
        });
        Self { address, state, stop, listening }
    }

    /// Fails its health checks, and waits until no more requests arrive.
    async fn drain(&self) {
        self.state.draining.store(true, Ordering::Relaxed);
        let mut seen = usize::MAX;
        let mut every = tokio::time::interval(Duration::from_millis(150));
        loop {
            every.tick().await;
            let now = self.state.requests.load(Ordering::Relaxed);
            if now == seen {
                return;
            }
            seen = now;
        }
    }

    /// Takes no new connections, ends what is under way and closes what is kept alive.
    async fn stop(self) {
        let _ = self.stop.send(true);
        self.listening.await.expect("it ran");
    }
}

async fn serve(stream: tokio::net::TcpStream, state: Arc<State>, mut stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&state), request));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// A user as `version` has it: 1 has `name`, 2 calls it `title`, and 3 keeps it in `/about/title`.
fn user(version: u8, name: &str) -> String {
    match version {
        1 => format!(r#"{{"id":7,"name":"{name}"}}"#),
        2 => format!(r#"{{"id":7,"title":"{name}"}}"#),
        _ => format!(r#"{{"id":7,"about":{{"title":"{name}"}}}}"#),
    }
}

/// Gives what is asked for in its own shape, and takes nothing else.
async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (version, draining) = (state.version, state.draining.load(Ordering::Relaxed));
    if request.uri().path().starts_with("/api") {
        state.requests.fetch_add(1, Ordering::Relaxed);
    }
    let respond = |status: u16, body: String| {
        let connection = if draining { "close" } else { "keep-alive" };
        let builder = Response::builder().status(status).header("content-type", "application/json");
        let builder = builder.header("connection", connection);
        Ok(builder.header("x-speaks", version.to_string()).body(Full::new(body.into())).expect("a response"))
    };
    let (head, body) = request.into_parts();
    match (head.method, head.uri.path()) {
        (Method::GET, "/healthz") => respond(if draining { 503 } else { 200 }, "{}".to_owned()),
        (Method::GET, "/version") => respond(200, "{}".to_owned()),
        (Method::GET, "/api/users") => respond(200, user(version, "Ann")),
        (Method::POST, "/api/users") => match body.collect().await {
            Ok(body) => {
                let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
                let name = text.split('"').rev().nth(1).unwrap_or_default().to_owned();
                if text == user(version, &name) { respond(201, text) } else { respond(422, text) }
            }
            Err(_) => respond(400, String::new()),
        },
        _ => respond(404, String::new()),
    }
}

/// What the file says: `instances` as they are written, and more of the upstream.
fn config(name: &str, instances: &str, upstream: &str) -> String {
    format!(
        r#"
        [[api]]
        name = "{name}"
        base_path = "/api"
        version_from = {{ path = "/v{{version}}" }}
        upstream = "{name}"
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[api.version]]
        name = "3"
        [[api.resource]]
        name = "user"
        at = ["GET /users -> 200", "POST /users <-", "POST /users -> 201"]
        [[api.change]]
        version = "2"
        summary = "`name` is called `title`"
        on = "user"
        breaking = true
        ops = [{{ rename = "/name", to = "/title" }}]
        [[api.change]]
        version = "3"
        summary = "The title is kept in `about`"
        on = "user"
        breaking = true
        ops = [{{ move = "/title", to = "/about/title" }}]
        [[upstream]]
        name = "{name}"
        instances = [{instances}]
        {upstream}
        "#
    )
}

/// Clients of all versions that send requests as fast as they can, until the load ends.
struct Load {
    done: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

// === impl Load ===

impl Load {
    fn start(address: SocketAddr, methods: &[Method]) -> Self {
        let (done, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for version in [1, 2, 3] {
            for method in methods {
                clients.spawn(ask(address, version, method == Method::POST, Arc::clone(&done), Arc::clone(&asked)));
            }
        }
        Self { done, asked, clients }
    }

    /// Waits until so many more requests were answered.
    async fn goes_on(&self, more: usize) {
        let until = self.asked.load(Ordering::Relaxed) + more;
        assert!(
            rig::becomes(async || self.asked.load(Ordering::Relaxed) >= until).await,
            "no more requests are answered"
        );
    }

    /// How many requests there were; none of them went wrong.
    async fn end(self) -> usize {
        self.done.store(true, Ordering::Relaxed);
        let wrong = self.clients.join_all().await.concat();
        let asked = self.asked.load(Ordering::Relaxed);
        assert!(wrong.is_empty(), "{} of {asked}: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
        asked
    }
}

async fn ask(
    address: SocketAddr,
    version: u8,
    posts: bool,
    done: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut client = Client::connect(address).await;
    let mut wrong = Vec::new();
    for turn in 0.. {
        if done.load(Ordering::Relaxed) || wrong.len() > 20 {
            break;
        }
        let path = format!("/api/v{version}/users");
        let (request, status, expected) = if posts {
            let body = user(version, &format!("n{turn}"));
            let head =
                format!("POST {path} HTTP/1.1|Host: a|Content-Type: application/json|Content-Length: {}||", body.len());
            (head + &body, 201, body)
        } else {
            (get(&path), 200, user(version, "Ann"))
        };
        let answer = client.ask(&request).await;
        if (answer.status, &answer.body) != (status, &expected) {
            wrong.push(format!("{} {} for {request}", answer.status, answer.body));
        }
        asked.fetch_add(1, Ordering::Relaxed);
        if answer.head.contains("connection: close") {
            client = Client::connect(address).await;
        }
        if turn % 50 == 49 {
            tokio::task::yield_now().await;
        }
    }
    wrong
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sunward-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join("gateway.toml")
}

fn start() -> Vec<Origin> {
    (0..INSTANCES).map(|_| Origin::start(([127, 0, 0, 1], 0).into(), 2)).collect()
}

/// Each connection says what the process at its other end speaks. The instances stop as services do that know how: their
/// checks say no first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_instances_speak_is_learned() {
    roll_learned("rolled-learned", &[Method::GET, Method::POST], true).await;
}

/// Instances that close their connections without a drain cause no errors for `GET`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_stop_without_a_drain() {
    roll_learned("rolled-at-once", &[Method::GET], false).await;
}

async fn roll_learned(name: &str, methods: &[Method], drain: bool) {
    let mut origins = start();
    let urls: Vec<String> = origins.iter().map(|origin| format!("{{ url = \"http://{}\" }}", origin.address)).collect();
    let learned = "speaks_from = { path = \"/version\", header = \"X-Speaks\" }\nretry_budget = 100\n\
                   eject = { after = 3, for = \"50ms\" }\n\
                   check = { path = \"/healthz\", every = \"20ms\", timeout = \"1s\", rise = 1, fall = 1 }\n";
    let gateway = rig::gateway(config(name, &urls.join(", "), learned)).await;
    let began = Instant::now();
    let load = Load::start(gateway.listen, methods);
    for place in 0..INSTANCES {
        load.goes_on(300).await;
        let origin = origins.remove(place);
        let address = origin.address;
        if drain {
            origin.drain().await;
        }
        origin.stop().await;
        // For a moment nothing listens at this address.
        load.goes_on(100).await;
        let new = Origin::start(address, 3);
        // The next one goes when this one has its share.
        assert!(rig::becomes(async || new.state.requests.load(Ordering::Relaxed) > 20).await);
        origins.insert(place, new);
    }
    load.goes_on(1000).await;
    let asked = load.end().await;
    assert!(asked >= 2000 && began.elapsed() < Duration::from_secs(30), "{asked} in {:?}", began.elapsed());
    assert!(gateway.stop().await);
}

/// The file declares what each instance speaks, and takes one out before it is replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_instances_speak_is_declared() {
    let mut origins = start();
    let addresses: Vec<SocketAddr> = origins.iter().map(|origin| origin.address).collect();
    let file = scratch("rolled-declared");
    let write = |speaks: [u8; INSTANCES], weights: [u8; INSTANCES], mark: usize| {
        let instances: Vec<String> = (0..INSTANCES)
            .map(|i| {
                let (speaks, weight) = (speaks[i], weights[i]);
                format!("{{ url = \"http://{}\", speaks = \"{speaks}\", weight = {weight} }}", addresses[i])
            })
            .collect();
        // The docs say which text is served.
        let text = config("rolled-declared", &instances.join(", "), "retry_budget = 100\n");
        let text = text.replacen("name = \"3\"", &format!("name = \"3\"\n        docs = \"https://a.test/{mark}\""), 1);
        let new = file.with_extension("new");
        std::fs::write(&new, text).expect("written");
        std::fs::rename(&new, &file).expect("renamed");
    };
    let (mut speaks, mut mark) = ([2; INSTANCES], 0);
    write(speaks, [1; INSTANCES], mark);
    let gateway = Gateway::start(&file, Options::new()).await;
    let began = Instant::now();
    let load = Load::start(gateway.listen, &[Method::GET, Method::POST]);
    for place in 0..INSTANCES {
        load.goes_on(300).await;
        let mut weights = [1; INSTANCES];
        weights[place] = 0;
        mark += 1;
        write(speaks, weights, mark);
        assert!(reloaded(&gateway, mark).await);
        let origin = origins.remove(place);
        let address = origin.address;
        origin.drain().await;
        origin.stop().await;
        load.goes_on(100).await;
        origins.insert(place, Origin::start(address, 3));
        speaks[place] = 3;
        mark += 1;
        write(speaks, [1; INSTANCES], mark);
        assert!(reloaded(&gateway, mark).await);
    }
    load.goes_on(1000).await;
    let asked = load.end().await;
    assert!(asked >= 2000 && began.elapsed() < Duration::from_secs(30), "{asked} in {:?}", began.elapsed());
    assert!(gateway.stop().await);
    let _ = std::fs::remove_dir_all(file.parent().expect("a folder"));
}

async fn reloaded(gateway: &Gateway, mark: usize) -> bool {
    let mark = format!("\"https://a.test/{mark}\"");
    rig::becomes(async || gateway.admin("/versions").await.body.contains(&mark)).await
}
