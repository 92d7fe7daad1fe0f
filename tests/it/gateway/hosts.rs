//! Names of hosts that stand for several instances, and come to stand for others.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sunward::gateway::Options;

use super::instance::{Instance, asked};
use super::rig::{self, Client, OK, Service, config_of, get};
use super::{Gateway, demo_file, exchange};

/// What names stand for, as a test has it.
#[derive(Clone, Default)]
pub(super) struct Names {
    known: Arc<Mutex<BTreeMap<String, Vec<IpAddr>>>>,
    asked: Arc<AtomicUsize>,
}

/// Names are looked up so often that a test need not wait.
const OFTEN: &str = "resolve = \"20ms\"\n";

// === impl Names ===

impl Names {
    /// From now on, `name` stands for these; it cannot be looked up without any.
    pub(super) fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        self.known.lock().expect("whole").insert(name.to_owned(), addresses);
    }

    /// A gateway that reads `text`, for which names stand for this.
    pub(super) async fn gateway(&self, text: String) -> Gateway {
        Gateway::start(&demo_file(), self.options().with_rewrite(move |_| text.clone())).await
    }

    pub(super) fn options(&self) -> Options {
        let names = self.clone();
        Options::new().with_lookup(move |name| {
            names.asked.fetch_add(1, Ordering::SeqCst);
            let found = names.known.lock().expect("whole").get(&name).cloned().unwrap_or_default();
            async move {
                if found.is_empty() { Err(std::io::Error::other("there is no such name")) } else { Ok(found) }
            }
        })
    }

    /// Waits for so many more lookups.
    async fn are_asked(&self, more: usize) -> bool {
        let until = self.asked.load(Ordering::SeqCst) + more;
        rig::becomes(async || self.asked.load(Ordering::SeqCst) >= until).await
    }
}

/// Instances at 127.0.0.1, 127.0.0.2 and so on, all at one port.
async fn instances<const N: usize>() -> [Instance; N] {
    'ports: for _ in 0..50 {
        let mut all = Vec::new();
        let mut port = 0;
        for place in 0..N {
            let ip = [127, 0, 0, u8::try_from(place + 1).expect("few")];
            let Some(instance) = Instance::at((ip, port).into()).await else { continue 'ports };
            port = instance.service.address.port();
            all.push(instance);
        }
        return all.try_into().ok().expect("so many");
    }
    panic!("no port is free at all addresses");
}

/// An api in front of `orders.test`.
fn config(name: &str, instance: &Instance, upstream: &str) -> String {
    let url = format!("{{ url = \"http://orders.test:{}\" }}", instance.service.address.port());
    config_of(name, &url, "", &format!("{OFTEN}{upstream}"))
}

/// The instances of the one upstream, as operators see them.
async fn shown(gateway: &Gateway) -> Vec<Value> {
    let body = gateway.admin("/upstreams").await.body;
    let all: Value = serde_json::from_str(&body).expect("JSON");
    all["upstreams"][0]["instances"].as_array().expect("a list").clone()
}

/// The addresses that get requests or may come to, in order, without the port.
async fn addresses(gateway: &Gateway) -> Vec<String> {
    let ip = |instance: &Value| {
        let address = instance["address"].as_str().unwrap_or("-");
        address.rsplit_once(':').map_or(address, |(ip, _)| ip).to_owned()
    };
    shown(gateway).await.iter().map(ip).collect()
}

async fn becomes(gateway: &Gateway, expected: &[&str]) -> bool {
    rig::becomes(async || addresses(gateway).await == expected).await
}

/// Each address is an instance: it is balanced, counted and shown by itself.
#[tokio::test]
async fn addresses_share_the_load() {
    let names = Names::default();
    let [one, two] = instances().await;
    names.set("orders.test", &["127.0.0.2", "127.0.0.1"]);
    let gateway = names.gateway(config("hosts-share", &one, "")).await;
    assert_eq!(asked(&gateway, 60).await, 60);
    let (first, second) = (one.take(), two.take());
    assert!(first >= 10 && second >= 10 && first + second == 60, "{first} {second}");
    let port = one.service.address.port();
    let expected = |ip: &str| {
        json!({ "url": format!("http://orders.test:{port}"), "address": format!("{ip}:{port}"), "weight": 1,
                "state": "up", "pending": 0, "speaks": {}, "learned": null })
    };
    assert_eq!(shown(&gateway).await, [expected("127.0.0.1"), expected("127.0.0.2")]);
    let metrics = gateway.admin("/metrics").await.body;
    for (ip, count) in [("127.0.0.1", first), ("127.0.0.2", second)] {
        let line = format!(
            "sunward_upstream_requests_total{{upstream=\"hosts-share\",instance=\"orders.test:{port}#{ip}\",result=\"ok\"}} {count}"
        );
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    // The order of an answer says nothing.
    let before = shown(&gateway).await;
    names.set("orders.test", &["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
    assert!(names.are_asked(3).await);
    assert_eq!(shown(&gateway).await, before);
    assert_eq!(one.service.accepted() + two.service.accepted(), 2, "connections stay");
    assert!(gateway.stop().await);
}

/// A new address gets requests once it is known to be well, and an old one no more when it is gone. What is under way
/// there ends.
#[tokio::test]
async fn addresses_come_and_go() {
    let names = Names::default();
    let [one, two] = instances().await;
    names.set("orders.test", &["127.0.0.1"]);
    let check = "retries = 0\ncheck = { path = \"/healthz\", every = \"20ms\", timeout = \"60s\" }\n";
    let gateway = names.gateway(config("hosts-come", &one, check)).await;
    assert!(rig::becomes(async || gateway.admin("/readyz").await.status == 200).await);
    let check = one.state.check.lock().expect("whole").clone();
    assert!(
        check.contains("\r\nhost: orders.test:"),
        "whatever the address, it is the name that is asked for: {check}"
    );
    assert_eq!((asked(&gateway, 10).await, one.take()), (10, 10));

    two.state.mute.store(true, Ordering::SeqCst);
    names.set("orders.test", &["127.0.0.1", "127.0.0.2"]);
    assert!(becomes(&gateway, &["127.0.0.1", "127.0.0.2"]).await);
    assert_eq!(shown(&gateway).await[1]["state"], "joining");
    assert_eq!(gateway.admin("/readyz").await.status, 200, "it stays ready");
    assert_eq!((asked(&gateway, 20).await, two.take()), (20, 0), "its first check is not in");
    two.state.mute.store(false, Ordering::SeqCst);
    two.state.go.notify_one();
    assert!(rig::becomes(async || asked(&gateway, 5).await == 5 && two.take() > 0).await);

    two.state.slow.store(true, Ordering::SeqCst);
    one.state.slow.store(true, Ordering::SeqCst);
    one.take();
    let mut waiting = Vec::new();
    while two.state.requests.load(Ordering::SeqCst) == 0 {
        let mut client = Client::connect(gateway.listen).await;
        client.write(&get("/api/v1/x")).await;
        waiting.push(client);
        let count = || one.state.requests.load(Ordering::SeqCst) + two.state.requests.load(Ordering::SeqCst);
        assert!(rig::becomes(async || count() == waiting.len()).await);
    }
    names.set("orders.test", &["127.0.0.1"]);
    assert!(becomes(&gateway, &["127.0.0.1"]).await);
    one.state.slow.store(false, Ordering::SeqCst);
    two.take();
    assert_eq!((asked(&gateway, 20).await, two.take()), (20, 0), "it is gone");
    one.state.go.notify_waiters();
    two.state.go.notify_waiters();
    for client in &mut waiting {
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    assert!(gateway.stop().await);
}

/// Addresses stay while a lookup finds none, and a name that cannot be resolved affects only its own upstream.
#[tokio::test]
async fn lookups_that_fail() {
    let names = Names::default();
    let [one, two] = instances().await;
    let gateway = names.gateway(config("hosts-fail", &one, "")).await;
    assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    assert_eq!(gateway.admin("/readyz").await.status, 503);
    let port = one.service.address.port();
    let expected = json!({ "url": format!("http://orders.test:{port}"), "address": null, "weight": 1,
                           "state": "unresolved", "pending": 0, "speaks": {}, "learned": null });
    assert_eq!(shown(&gateway).await, [expected]);
    let down = format!("instance=\"orders.test:{port}\"}} 0\n");
    let is_down = async || {
        gateway.admin("/metrics").await.body.contains(&format!("sunward_upstream_up{{upstream=\"hosts-fail\",{down}"))
    };
    assert!(is_down().await);

    names.set("orders.test", &["127.0.0.1", "127.0.0.2"]);
    assert!(becomes(&gateway, &["127.0.0.1", "127.0.0.2"]).await);
    assert_eq!(gateway.admin("/readyz").await.status, 200);
    assert!(!is_down().await);
    assert_eq!(asked(&gateway, 20).await, 20);
    one.take();

    names.set("orders.test", &[]);
    assert!(names.are_asked(3).await);
    assert_eq!(addresses(&gateway).await.len(), 2);
    assert_eq!(asked(&gateway, 20).await, 20);
    assert!(one.take() > 0);
    names.set("orders.test", &["127.0.0.2"]);
    assert!(becomes(&gateway, &["127.0.0.2"]).await);
    two.take();
    assert_eq!((asked(&gateway, 20).await, two.take()), (20, 20));
    assert!(gateway.stop().await);
}

/// An address where nothing listens is passed over, like any other instance.
#[tokio::test]
async fn an_address_where_nothing_listens() {
    let names = Names::default();
    let [one] = instances().await;
    names.set("orders.test", &["127.0.0.1", "127.0.0.9"]);
    let gateway = names.gateway(config("hosts-dead", &one, "eject = { after = 2 }\n")).await;
    assert_eq!(asked(&gateway, 40).await, 40);
    assert_eq!(shown(&gateway).await[1]["state"], "down");
    assert!(gateway.stop().await);
}

/// `localhost` is one machine, and so is any name that is configured as one: connections go to the address that answers.
#[tokio::test]
async fn names_that_are_one_instance() {
    let names = Names::default();
    for (host, upstream) in [("localhost", ""), ("machine.test", "addresses = \"first\"\n")] {
        let service = Service::saying(OK).await;
        let port = service.address.port();
        names.set(host, &["::1", "127.0.0.9", "127.0.0.1"]);
        let url = format!("{{ url = \"http://{host}:{port}\" }}");
        let text = config_of("hosts-one", &url, "", &format!("retries = 0\n{OFTEN}{upstream}"));
        let gateway = names.gateway(text).await;
        assert_eq!(asked(&gateway, 20).await, 20, "{host}");
        assert!(names.are_asked(3).await);
        for _ in 0..20 {
            assert_eq!(asked(&gateway, 1).await, 1, "{host}");
        }
        let expected = json!({ "url": format!("http://{host}:{port}"), "address": null, "weight": 1, "state": "up",
                               "pending": 0, "speaks": {}, "learned": null });
        assert_eq!(shown(&gateway).await, [expected]);
        assert_eq!(service.accepted(), 1, "{host}: the connection stays");
        assert!(gateway.stop().await);
    }
}

/// Of a machine with both kinds of addresses, one kind is used.
#[tokio::test]
async fn which_addresses_are_instances() {
    let names = Names::default();
    let [one, _two] = instances().await;
    names.set("orders.test", &["127.0.0.2", "::1", "127.0.0.1"]);
    let rows: [(&str, &[&str]); 3] = [
        ("", &["127.0.0.1", "127.0.0.2"]),
        ("addresses = \"ipv4\"\n", &["127.0.0.1", "127.0.0.2"]),
        ("addresses = \"ipv6\"\n", &["[::1]"]),
    ];
    for (upstream, expected) in rows {
        let gateway = names.gateway(config("hosts-which", &one, upstream)).await;
        assert_eq!(addresses(&gateway).await, expected, "{upstream}");
        assert!(gateway.stop().await);
    }
}

/// By its URL an instance is drained with all addresses that it has and will have, by an address with that one.
#[tokio::test]
async fn drains() {
    let names = Names::default();
    let [one, _two, _three] = instances().await;
    names.set("orders.test", &["127.0.0.1", "127.0.0.2"]);
    let gateway = names.gateway(config("hosts-drain", &one, "")).await;
    let port = one.service.address.port();
    let url = format!("http://orders.test:{port}");
    let states = async || {
        let states = shown(&gateway).await;
        let draining = |instance: &Value| if instance["state"] == "draining" { 'd' } else { 'u' };
        states.iter().map(draining).collect::<String>()
    };
    // The instance as it is named, the action, the status, and which instances are draining then.
    let rows = [
        (format!("127.0.0.1:{port}"), "drain", 200, "du"),
        ("127.0.0.1".to_owned(), "undrain", 200, "uu"),
        (format!("{url}#127.0.0.2"), "drain", 200, "ud"),
        (format!("{url}/"), "drain", 200, "dd"),
        ("127.0.0.1".to_owned(), "undrain", 409, "dd"),
        ("127.0.0.3".to_owned(), "drain", 404, "dd"),
        ("orders.test".to_owned(), "drain", 404, "dd"),
    ];
    for (instance, act, status, expected) in rows {
        assert_eq!(drained(&gateway, act, &instance).await, status, "{act} {instance}");
        assert_eq!(states().await, expected, "{act} {instance}");
    }
    assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    names.set("orders.test", &["127.0.0.2", "127.0.0.3"]);
    assert!(becomes(&gateway, &["127.0.0.2", "127.0.0.3"]).await);
    assert_eq!(states().await, "dd", "a new one is drained too");
    assert_eq!(drained(&gateway, "undrain", &url).await, 200);
    assert_eq!(states().await, "uu");
    assert_eq!(drained(&gateway, "drain", "127.0.0.2").await, 200);
    assert_eq!(states().await, "du");
    names.set("orders.test", &["127.0.0.1"]);
    assert!(becomes(&gateway, &["127.0.0.1"]).await);
    assert_eq!(states().await, "u");
    names.set("orders.test", &["127.0.0.1", "127.0.0.2"]);
    assert!(becomes(&gateway, &["127.0.0.1", "127.0.0.2"]).await);
    assert_eq!(states().await, "uu", "an address that was away may be another machine's");
    assert_eq!(asked(&gateway, 5).await, 5);
    assert!(gateway.stop().await);
}

async fn drained(gateway: &Gateway, act: &str, instance: &str) -> u16 {
    let body = json!({ "by": "ops", "reason": "a new disk", "instance": instance }).to_string();
    let head = format!("POST /upstreams/hosts-drain/{act} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    exchange(gateway.admin, &request).await.status
}

/// A file that names other hosts is served when they are looked up; those that are known: not looked up for it.
#[tokio::test]
async fn reloads_look_up_what_is_new() {
    let names = Names::default();
    let [one, two] = instances().await;
    names.set("orders.test", &["127.0.0.1"]);
    let port = one.service.address.port();
    let text = config("hosts-reload", &one, "").replace(OFTEN, "");
    let file = std::env::temp_dir().join(format!("sunward-hosts-{}.toml", std::process::id()));
    std::fs::write(&file, &text).expect("written");
    let gateway = Gateway::start(&file, names.options()).await;
    assert_eq!(asked(&gateway, 5).await, 5);
    one.take();
    let before = names.asked.load(Ordering::SeqCst);
    names.set("new.orders.test", &["127.0.0.2"]);
    let url = format!("http://orders.test:{port}");
    let other = format!("http://new.orders.test:{port}");
    let instances = format!("{{ url = \"{url}\" }}, {{ url = \"{other}\", weight = 0 }}");
    std::fs::write(&file, text.replace(&format!("{{ url = \"{url}\" }}"), &instances)).expect("written");
    assert!(becomes(&gateway, &["127.0.0.1", "127.0.0.2"]).await);
    assert_eq!(names.asked.load(Ordering::SeqCst), before + 1);
    assert_eq!((asked(&gateway, 5).await, one.take(), two.take()), (5, 5, 0));
    assert_eq!(one.service.accepted(), 1, "the connection stays");
    std::fs::remove_file(&file).expect("removed");
    assert!(gateway.stop().await);
}
