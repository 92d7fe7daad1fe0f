//! A service that is one name is rolled by its addresses: new ones come, old ones go.

use super::super::hosts::Names;
use super::*;

/// Instances at one port of several addresses.
fn at_one_port(versions: &[u8]) -> Vec<Origin> {
    let ip = |place: usize| [127, 0, 0, u8::try_from(place + 1).expect("few")];
    'ports: for _ in 0..50 {
        let mut all: Vec<Origin> = Vec::new();
        for (place, version) in versions.iter().enumerate() {
            let port = all.first().map_or(0, |first| first.address.port());
            let address = SocketAddr::from((ip(place), port));
            if std::net::TcpListener::bind(address).is_err() {
                continue 'ports;
            }
            all.push(Origin::start(address, *version));
        }
        return all;
    }
    panic!("no port is free at all addresses");
}

/// Old and new instances under one name serve the clients of all versions, while addresses come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_addresses_of_a_name_speak_is_learned() {
    let names = Names::default();
    let mut origins: Vec<Option<Origin>> = at_one_port(&[2, 2, 3, 3]).into_iter().map(Some).collect();
    let states: Vec<_> = origins.iter().flatten().map(|origin| Arc::clone(&origin.state)).collect();
    let port = origins.iter().flatten().next().expect("one").address.port();
    let text = "speaks_from = { path = \"/version\", header = \"X-Speaks\" }\nresolve = \"20ms\"\n\
                slow_start = \"50ms\"\ncheck = { path = \"/healthz\", every = \"20ms\" }\n";
    names.set("shop.test", &["127.0.0.1", "127.0.0.2"]);
    let url = format!("{{ url = \"http://shop.test:{port}\" }}");
    let gateway = names.gateway(config("rolled-name", &url, text)).await;
    let load = Load::start(gateway.listen, &[Method::GET, Method::POST]);
    // The last numbers of the addresses after each step.
    for step in [&[1, 2, 3][..], &[2, 3, 4], &[3, 4]] {
        load.goes_on(300).await;
        let addresses: Vec<String> = step.iter().map(|number| format!("127.0.0.{number}")).collect();
        names.set("shop.test", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
        for (place, state) in states.iter().enumerate() {
            if step.contains(&(place + 1)) {
                let until = state.requests.load(Ordering::Relaxed) + 20;
                assert!(rig::becomes(async || state.requests.load(Ordering::Relaxed) > until).await, "{place}");
            } else if let Some(gone) = origins[place].take_if(|_| place + 1 < step[0]) {
                let shown = format!("127.0.0.{}:{port}", place + 1);
                assert!(rig::becomes(async || !gateway.admin("/upstreams").await.body.contains(&shown)).await);
                // A service with a graceful stop waits until no more requests arrive.
                gone.drain().await;
                gone.stop().await;
            }
        }
    }
    load.goes_on(300).await;
    let asked = load.end().await;
    assert!(asked >= 1000, "{asked}");
    let upstreams = gateway.admin("/upstreams").await.body;
    assert_eq!(upstreams.matches("\"learned\": \"3\"").count(), 2, "{upstreams}");
    assert!(gateway.stop().await);
}
