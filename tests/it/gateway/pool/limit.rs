//! Instances that take only so many requests at once, and the queue of the others.

use super::*;
use crate::gateway::exchange;
use crate::gateway::scrape::dechunk;

/// What `/metrics` has for a name and its labels; 0 if it is not there.
pub(super) async fn metric(gateway: &Gateway, name: &str, labels: &[&str]) -> f64 {
    let metrics = dechunk(&gateway.admin("/metrics").await);
    let is_it = |line: &&str| line.starts_with(&format!("{name}{{")) && labels.iter().all(|label| line.contains(label));
    metrics.lines().filter(is_it).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Clients that have each sent a request and wait for its answer.
async fn waiting(gateway: &Gateway, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = Client::connect(gateway.listen).await;
        client.write(&get("/api/v1/x")).await;
        clients.push(client);
    }
    clients
}

fn held(instance: &Instance) -> usize {
    instance.state.requests.load(Ordering::SeqCst)
}

#[tokio::test]
async fn who_gets_no_place_waits_or_is_refused() {
    let [one] = instances().await;
    one.state.slow.store(true, Ordering::SeqCst);
    let upstream = "connections = 2\nqueue = 1\nqueue_timeout = \"1h\"\n";
    let own = "[gateway]\nproxy = { proxy_status = true }\n";
    let text = config("places", &[one.service.address], own, upstream);
    let text = text.replacen("upstream = ", "cors = { origins = \"https://a.test\" }\nupstream = ", 1);
    let gateway = rig::gateway(text).await;
    let labels = ["upstream=\"places\""];
    let mut inside = waiting(&gateway, 2).await;
    assert!(rig::becomes(async || held(&one) == 2).await);
    let queued = async |count: f64| metric(&gateway, "sunward_upstream_queued", &labels).await == count;
    for turn in 1..=2 {
        let leaving = waiting(&gateway, 1).await;
        assert!(rig::becomes(async || queued(1.0).await).await);
        let refused =
            Client::connect(gateway.listen).await.ask("GET /api/v1/x HTTP/1.1|Host: a|Origin: https://a.test||").await;
        assert_eq!(refused.status, 503);
        let exposed = refused.head.lines().find(|line| line.starts_with("access-control-expose-headers: "));
        assert!(exposed.is_some_and(|exposed| exposed.contains("retry-after")), "{}", refused.head);
        let counted = ["api=\"places\"", "status_class=\"5xx\"", "outcome=\"error\""];
        let errors = async || metric(&gateway, "sunward_requests_total", &counted).await;
        assert!(rig::becomes(async || errors().await == f64::from(turn)).await);
        assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
        assert!(refused.head.contains("error=connection_limit_reached"), "{}", refused.head);
        assert!(refused.body.contains("/overloaded\""), "{}", refused.body);
        let rejected = metric(&gateway, "sunward_upstream_rejected_total", &[labels[0], "queue_full"]).await;
        assert_eq!(rejected, f64::from(turn));
        // A client that leaves the queue frees its place there.
        drop(leaving);
        assert!(rig::becomes(async || queued(0.0).await).await);
    }
    inside.extend(waiting(&gateway, 1).await);
    assert!(rig::becomes(async || queued(1.0).await).await);
    assert_eq!((held(&one), one.service.accepted()), (2, 2), "it waits");
    one.state.slow.store(false, Ordering::SeqCst);
    one.state.go.notify_waiters();
    for client in &mut inside {
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    assert_eq!(one.service.accepted(), 2, "over the connections that were open");
    assert!(rig::becomes(async || metric(&gateway, "sunward_upstream_pending", &labels).await == 0.0).await);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn the_queue_has_a_time() {
    let [one] = instances().await;
    one.state.slow.store(true, Ordering::SeqCst);
    let gateway = gateway("place-time", &[&one], "connections = 1\nqueue_timeout = \"20ms\"\n").await;
    let mut inside = waiting(&gateway, 1).await;
    assert!(rig::becomes(async || held(&one) == 1).await);
    for _ in 0..3 {
        assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    }
    let labels = ["upstream=\"place-time\"", "queue_timeout"];
    assert_eq!(metric(&gateway, "sunward_upstream_rejected_total", &labels).await, 3.0);
    one.state.go.notify_waiters();
    assert_eq!(inside[0].answer().await.expect("an answer").status, 200);
    assert!(gateway.stop().await);
}

/// An instance that closes each connection beyond its own limit, as servers with few workers do: none is opened to it.
#[tokio::test]
async fn no_connection_beyond_the_limit_is_opened() {
    const MOST: usize = 4;
    let (open, worst) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, seen) = (Arc::clone(&open), Arc::clone(&worst));
    let service = Service::start(move |mut served: Served| {
        let (count, seen) = (Arc::clone(&count), Arc::clone(&seen));
        async move {
            let now = count.fetch_add(1, Ordering::SeqCst) + 1;
            seen.fetch_max(now, Ordering::SeqCst);
            // It closes some itself, so that others have to be made in their place.
            for _ in 0..20 {
                if now > MOST || served.request().await.is_none() {
                    break;
                }
                served.write(OK).await;
            }
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    // Room for the moment in which one is closed and the instance does not know it yet.
    let upstream = format!("connections = {}\n", MOST / 2);
    let gateway = rig::gateway(config("workers", &[service.address], "", &upstream)).await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let listen = gateway.listen;
        clients.spawn(async move {
            let mut client = Client::connect(listen).await;
            for _ in 0..20 {
                assert_eq!(client.ask(&get("/api/v1/x")).await.status, 200);
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("each request was answered");
    }
    assert!(worst.load(Ordering::SeqCst) <= MOST, "{worst:?}");
    assert!(gateway.stop().await);
}

/// No request waits at one instance while another has a free place.
#[tokio::test]
async fn a_free_place_is_found() {
    let all: [Instance; 3] = instances().await;
    for instance in &all {
        instance.state.slow.store(true, Ordering::SeqCst);
    }
    let gateway = gateway("spread", &[&all[0], &all[1], &all[2]], "connections = 2\nqueue = 0\n").await;
    let mut inside = Vec::new();
    for count in 1..=6 {
        inside.extend(waiting(&gateway, 1).await);
        assert!(rig::becomes(async || all.iter().map(held).sum::<usize>() == count).await, "{count}");
    }
    assert_eq!(all.each_ref().map(held), [2, 2, 2]);
    assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    for instance in &all {
        instance.state.slow.store(false, Ordering::SeqCst);
        instance.state.go.notify_waiters();
    }
    for mut client in inside {
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    assert!(gateway.stop().await);
}

/// A request that waits at an instance which is taken out goes to another.
#[tokio::test]
async fn who_waits_at_an_instance_that_is_drained_goes_elsewhere() {
    let [one, two] = instances().await;
    one.state.slow.store(true, Ordering::SeqCst);
    let urls = [(&one, 1), (&two, 0)]
        .map(|(instance, weight)| format!("{{ url = \"http://{}\", weight = {weight} }}", instance.service.address));
    let text = config_of("place-drain", &urls.join(", "), "", "connections = 1\n");
    let gateway = rig::gateway(text).await;
    let mut inside = waiting(&gateway, 2).await;
    let labels = ["upstream=\"place-drain\""];
    assert!(rig::becomes(async || metric(&gateway, "sunward_upstream_queued", &labels).await == 1.0).await);
    let url = format!("http://{}", one.service.address);
    let body = format!("{{\"by\":\"a\",\"reason\":\"r\",\"instance\":\"{url}\"}}");
    let head = "POST /upstreams/place-drain/drain HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let drained = exchange(gateway.admin, &request).await;
    assert_eq!(drained.status, 200, "{}", drained.body);
    one.state.go.notify_waiters();
    let first = [inside.remove(0).answer().await, inside.remove(0).answer().await];
    let mut statuses = first.map(|answer| answer.expect("an answer").status);
    statuses.sort_unstable();
    // No other instance has a share: the client gets a 503, and nothing was sent to the instance that is drained.
    assert_eq!((statuses, held(&one)), ([200, 503], 1));
    assert!(gateway.stop().await);
}

/// A tunnel holds its place for as long as it is open.
#[tokio::test]
async fn a_tunnel_holds_its_place() {
    const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols|connection: upgrade|upgrade: websocket||hello";
    let service = Service::start(|mut served: Served| async move {
        while let Some(request) = served.request().await {
            if request.contains("websocket") {
                served.write(SWITCHED).await;
                return served.ended().await;
            }
            served.write(OK).await;
        }
    })
    .await;
    let upstream = "websocket = true\nconnections = 1\nqueue = 0\n";
    let gateway = rig::gateway(config("place-tunnel", &[service.address], "", upstream)).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write("GET /api/v1/x HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13||").await;
    client.until("hello").await;
    assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    drop(client);
    assert!(rig::becomes(async || gateway.get("/api/v1/x").await.status == 200).await);
    assert!(gateway.stop().await);
}

/// What an instance does that takes only so many connections: it closes the one that was idle for the longest, or, if all
/// are busy, the new one.
struct Crowded {
    most: usize,
    open: AtomicUsize,
    idle: std::sync::Mutex<Vec<Arc<Notify>>>,
}

impl Crowded {
    async fn serve(self: Arc<Self>, mut served: Served) {
        let close = Arc::new(Notify::new());
        if self.open.fetch_add(1, Ordering::SeqCst) >= self.most {
            let mut idle = self.idle.lock().expect("no test failed");
            if idle.is_empty() {
                self.open.fetch_sub(1, Ordering::SeqCst);
                return;
            }
            idle.remove(0).notify_one();
        }
        loop {
            let asked = tokio::select! {
                asked = served.request() => asked.is_some(),
                () = close.notified() => false,
            };
            let idle = |close: &Arc<Notify>| {
                let mut idle = self.idle.lock().expect("no test failed");
                idle.retain(|other| !Arc::ptr_eq(other, close));
                idle
            };
            drop(idle(&close));
            if !asked {
                break;
            }
            tokio::task::yield_now().await;
            served.write(OK).await;
            idle(&close).push(Arc::clone(&close));
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A thousand streams at once to an instance that takes fewer connections. `SUNWARD_LOAD_REQUESTS=200000`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs for as long as it is configured to"]
async fn many_streams_to_an_instance_with_few_connections() {
    const MOST: usize = 200;
    let requests = std::env::var("SUNWARD_LOAD_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    for keys in ["", "connections = 180\n"] {
        let crowded = Arc::new(Crowded { most: MOST, open: AtomicUsize::new(0), idle: std::sync::Mutex::default() });
        let service = Service::start(move |served: Served| Arc::clone(&crowded).serve(served)).await;
        let gateway = rig::gateway(config("crowded", &[service.address], "", keys)).await;
        let left = Arc::new(AtomicUsize::new(requests));
        let mut streams = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let client = rig::h2(gateway.listen).await;
            for _ in 0..100 {
                let (mut client, left) = (client.clone(), Arc::clone(&left));
                streams.spawn(async move {
                    let mut failed = 0;
                    while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                        let answer = rig::h2_get(&mut client, "/api/v1/x").await;
                        failed += usize::from(!matches!(answer, Ok((200, _))));
                    }
                    failed
                });
            }
        }
        let began = Instant::now();
        let failed: usize = streams.join_all().await.into_iter().sum();
        println!("{keys:?}: {failed} of {requests} failed, {} connections, {:?}", service.accepted(), began.elapsed());
        assert!(keys.is_empty() || failed == 0, "{failed}");
        assert!(gateway.stop().await);
    }
}
