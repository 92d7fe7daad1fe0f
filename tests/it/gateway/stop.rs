//! The end: what is still served, what is refused, and how long it takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::Gateway;
use super::rig::{self, Client, OK, Served, Service, config, get};

/// A service that answers `/slow` when the test notifies it.
async fn slow(go: &Arc<Notify>, asked: &Arc<Notify>) -> Service {
    let (go, asked) = (Arc::clone(go), Arc::clone(asked));
    Service::start(move |mut served: Served| {
        let (go, asked) = (Arc::clone(&go), Arc::clone(&asked));
        async move {
            while let Some(request) = served.request().await {
                if request.contains("/slow") {
                    asked.notify_one();
                    go.notified().await;
                }
                served.write(OK).await;
            }
        }
    })
    .await
}

async fn ready(gateway: &Gateway) -> u16 {
    gateway.admin("/readyz").await.status
}

#[tokio::test]
async fn it_reports_unready_then_refuses_connections_then_drains() {
    let (go, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let service = slow(&go, &asked).await;
    let own = "[gateway]\ntimeouts = { shutdown_delay = \"2s\" }\n";
    let delay = Duration::from_secs(2);
    let mut gateway = rig::gateway(config("stop", &[service.address], own, "")).await;
    assert!(rig::becomes(async || ready(&gateway).await == 200).await);
    let mut kept = Client::connect(gateway.listen).await;
    assert_eq!(kept.ask(&get("/api/v1/x")).await.status, 200);
    let mut busy = Client::connect(gateway.listen).await;
    busy.write(&get("/api/v1/slow")).await;
    asked.notified().await;
    let mut streams = rig::h2(gateway.listen).await;
    let mut more = streams.clone();
    let stream = tokio::spawn(async move { rig::h2_get(&mut more, "/api/v1/slow").await });
    asked.notified().await;

    let began = Instant::now();
    gateway.stop.take().expect("it runs").send(()).expect("it runs");
    assert!(rig::becomes(async || ready(&gateway).await == 503).await);
    // Load balancers have not heard of it yet: everybody is served. On a slow machine, a question may come too late.
    let served = |status: Option<u16>| assert!(status == Some(200) || began.elapsed() >= delay, "{status:?}");
    kept.write(&get("/api/v1/x")).await;
    served(kept.answer().await.map(|answer| answer.status));
    served(rig::h2_get(&mut streams, "/api/v1/x").await.ok().map(|answer| answer.0));
    let fresh = async {
        let mut fresh = Client::over(TcpStream::connect(gateway.listen).await.ok()?);
        fresh.write(&get("/api/v1/x")).await;
        Some(fresh.answer().await?.status)
    };
    served(fresh.await);

    assert!(rig::becomes(async || TcpStream::connect(gateway.listen).await.is_err()).await, "connections are refused");
    assert!(began.elapsed() > Duration::from_millis(1950));
    assert_eq!(kept.end().await.0, "", "what is idle is closed");
    assert!(rig::becomes(async || rig::h2_get(&mut streams, "/api/v1/x").await.is_err()).await, "no new streams");
    assert_eq!(ready(&gateway).await, 503, "probes are served to the end");
    assert!(!gateway.task.is_finished() && !stream.is_finished());

    // One permit wakes one of them.
    go.notify_waiters();
    go.notify_one();
    assert_eq!(stream.await.expect("it ran").expect("its stream ends well").0, 200);
    assert_eq!(busy.answer().await.expect("it is answered").status, 200);
    assert_eq!(busy.end().await.0, "");
    assert!(gateway.task.await.expect("it ran"), "all ended");
}

#[tokio::test]
async fn it_waits_no_longer_than_it_should() {
    for http2 in [false, true] {
        let (go, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let service = slow(&go, &asked).await;
        let own = "[gateway]\ntimeouts = { drain = \"300ms\" }\n";
        let gateway = rig::gateway(config("drain", &[service.address], own, "")).await;
        let mut busy = Client::connect(gateway.listen).await;
        let mut stream = rig::h2(gateway.listen).await;
        if http2 {
            tokio::spawn(async move { rig::h2_get(&mut stream, "/api/v1/slow").await });
        } else {
            busy.write(&get("/api/v1/slow")).await;
        }
        asked.notified().await;
        let began = Instant::now();
        assert!(!gateway.stop().await, "one did not end");
        let took = began.elapsed();
        // Far less than the 30 seconds that it would be without the key.
        assert!(took > Duration::from_millis(290) && took < Duration::from_secs(20), "{took:?}");
    }
}

/// The drain does not wait for a client that sent half of its headers, and closes idle connections.
#[tokio::test]
async fn clients_without_a_request_do_not_delay_the_drain() {
    let service = Service::saying(OK).await;
    // If any of them were waited for, not all would have ended when the drain does.
    let own = "[gateway]\ntimeouts = { client_headers = \"1h\", client_idle = \"1h\", drain = \"20s\" }\n";
    let gateway = rig::gateway(config("idlers", &[service.address], own, "")).await;
    let mut silent = Client::connect(gateway.listen).await;
    let mut fresh = rig::h2(gateway.listen).await;
    assert_eq!(rig::h2_get(&mut fresh, "/api/v1/x").await.expect("an answer").0, 200);
    let mut used = Client::connect(gateway.listen).await;
    assert_eq!(used.ask(&get("/api/v1/x")).await.status, 200);
    assert!(gateway.stop().await, "all ended before the drain did");
    silent.end().await;
    used.end().await;
    assert!(rig::becomes(async || fresh.is_closed()).await);
}
