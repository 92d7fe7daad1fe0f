//! Pools of instances: which one gets a request, and what becomes of those that fail.

mod again;
mod limit;
mod reach;
mod streams;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Gateway;
use super::instance::{Instance, asked};
use super::rig::{self, Client, OK, Served, Service, config, config_of, get, post};

/// One try for each request.
const NO_RETRIES: &str = "retries = 0\n";

async fn instances<const N: usize>() -> [Instance; N] {
    let mut all = Vec::new();
    for _ in 0..N {
        all.push(Instance::start().await);
    }
    all.try_into().ok().expect("so many")
}

async fn gateway(name: &str, instances: &[&Instance], upstream: &str) -> Gateway {
    let addresses: Vec<_> = instances.iter().map(|instance| instance.service.address).collect();
    rig::gateway(config(name, &addresses, "", upstream)).await
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let service = Service::saying(OK).await;
    let gateway = rig::gateway(config("reuse", &[service.address], "", "")).await;
    for (request, more) in [(get("/api/v1/x"), 1), (post("/api/v1/x", "body"), 0)] {
        let before = service.accepted();
        for _ in 0..50 {
            assert_eq!(Client::connect(gateway.listen).await.ask(&request).await.status, 200);
        }
        assert_eq!(service.accepted() - before, more, "{request}");
    }
    assert!(gateway.stop().await);

    let closing = Service::saying("HTTP/1.1 200 OK|connection: close|content-length: 2||ok").await;
    let gateway = rig::gateway(config("reuse", &[closing.address], "", "")).await;
    for _ in 0..5 {
        assert_eq!(gateway.get("/api/v1/x").await.status, 200);
    }
    assert_eq!(closing.accepted(), 5, "what is to be closed is not");
    assert!(gateway.stop().await);
}

/// Kept no longer than said.
#[tokio::test]
async fn an_idle_connection_is_closed() {
    let (closed, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (seen, count) = (Arc::clone(&closed), Arc::clone(&heard));
    let service = Service::start(move |mut served: Served| {
        let (seen, count) = (Arc::clone(&seen), Arc::clone(&count));
        async move {
            while served.request().await.is_some() {
                count.fetch_add(1, Ordering::SeqCst);
                served.write(OK).await;
            }
            seen.store(true, Ordering::SeqCst);
        }
    })
    .await;
    let own = "[gateway]\ntimeouts = { upstream_idle = \"100ms\" }\n";
    let gateway = rig::gateway(config("keep", &[service.address], own, "resolve = \"100ms\"\n")).await;
    assert_eq!(gateway.get("/api/v1/x").await.status, 200);
    assert!(rig::becomes(async || closed.load(Ordering::SeqCst)).await);
    assert_eq!(gateway.get("/api/v1/x").await.status, 200);
    assert_eq!((heard.load(Ordering::SeqCst), service.accepted()), (2, 2));
    assert!(gateway.stop().await);
}

/// Shares follow the weights while requests are under way at the same time.
#[tokio::test]
async fn weights_are_roughly_held() {
    let [heavy, light, none] = instances().await;
    for instance in [&heavy, &light] {
        instance.state.slow.store(true, Ordering::SeqCst);
    }
    let urls = [(&heavy, 3), (&light, 1), (&none, 0)]
        .map(|(instance, weight)| format!("{{ url = \"http://{}\", weight = {weight} }}", instance.service.address));
    let gateway = rig::gateway(config_of("weights", &urls.join(", "), "", "")).await;
    let mut clients = Vec::new();
    for _ in 0..80 {
        let mut client = Client::connect(gateway.listen).await;
        client.write(&get("/api/v1/x")).await;
        clients.push(client);
    }
    let count = |instance: &Instance| instance.state.requests.load(Ordering::SeqCst);
    assert!(rig::becomes(async || count(&heavy) + count(&light) == 80).await);
    let (many, few) = (heavy.take(), light.take());
    assert!((50..=70).contains(&many) && none.take() == 0, "{many} {few}");
    for instance in [&heavy, &light] {
        instance.state.slow.store(false, Ordering::SeqCst);
    }
    for mut client in clients {
        heavy.state.go.notify_waiters();
        light.state.go.notify_waiters();
        heavy.state.go.notify_one();
        light.state.go.notify_one();
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    assert!(gateway.stop().await);
}

/// An instance that is slow has more under way, and so gets less.
#[tokio::test]
async fn the_one_with_less_to_do_gets_the_next() {
    let [slow, fast] = instances().await;
    slow.state.slow.store(true, Ordering::SeqCst);
    let gateway = gateway("least", &[&slow, &fast], "").await;
    let mut waiting = Vec::new();
    while slow.state.requests.load(Ordering::SeqCst) == 0 {
        let mut client = Client::connect(gateway.listen).await;
        client.write(&get("/api/v1/x")).await;
        waiting.push(client);
        let count = || slow.state.requests.load(Ordering::SeqCst) + fast.state.requests.load(Ordering::SeqCst);
        assert!(rig::becomes(async || count() == waiting.len()).await);
    }
    fast.take();
    assert_eq!(asked(&gateway, 40).await, 40, "none of them waits for the slow one");
    assert_eq!((slow.take(), fast.take()), (1, 40));
    slow.state.go.notify_one();
    for mut client in waiting {
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn an_instance_that_fails_is_ejected_and_tried_again() {
    let [bad, good] = instances().await;
    bad.ill(true);
    let gateway = gateway("eject", &[&bad, &good], "retries = 0\neject = { after = 3, for = \"1s\" }\n").await;
    let failed = async || {
        let mut failed = 0;
        while failed < 3 {
            failed += 1 - asked(&gateway, 1).await;
        }
        Instant::now()
    };
    let at = failed().await;
    bad.take();
    assert_eq!((asked(&gateway, 40).await, bad.take()), (40, 0), "it gets none");
    assert!(at.elapsed() < Duration::from_secs(1), "within its time");
    // One request tries it, fails, and it is away again, for longer.
    assert!(rig::becomes(async || asked(&gateway, 1).await == 0).await);
    let at = Instant::now();
    assert_eq!(bad.take(), 1);
    assert_eq!(asked(&gateway, 20).await, 20);
    bad.ill(false);
    assert!(rig::becomes(async || asked(&gateway, 1).await == 1 && bad.take() > 0).await);
    assert!(at.elapsed() > Duration::from_millis(1900), "two seconds the second time");
    assert_eq!(asked(&gateway, 40).await, 40);
    assert!(bad.take() > 5, "it has its share again");

    // The last one is never ejected.
    good.ill(true);
    bad.ill(true);
    for _ in 0..20 {
        asked(&gateway, 1).await;
    }
    assert!(good.take() + bad.take() >= 20);
    assert!(gateway.stop().await);
}
