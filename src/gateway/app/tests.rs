//! Many reloads of a gateway that is bound.

use std::sync::Arc;

use super::*;

/// The process's memory, in KiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Old snapshots go, and what they had under way goes with them.
#[tokio::test]
#[ignore = "takes a minute"]
async fn ten_thousand_reloads_leave_nothing() {
    const CONFIG: &str = r#"
        [[api]]
        name = "reloads"
        version_from = { path = "/v{version}" }
        upstream = "a"
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[api.change]]
        version = "2"
        summary = "`name` is called `title`"
        at = "GET /users -> 200"
        breaking = true
        ops = [{ rename = "/name", to = "/title" }]
        [[upstream]]
        name = "a"
        instances = [{ url = "http://127.0.0.1:9", weight = WEIGHT }, { url = "http://127.0.0.1:WEIGHT" }]
        check = { path = "/", every = "1h" }
    "#;
    let file = std::env::temp_dir().join(format!("sunward-reloads-{}.toml", std::process::id()));
    std::fs::write(&file, CONFIG).expect("written");
    let turn = Arc::new(std::sync::atomic::AtomicUsize::new(1));
    let counted = Arc::clone(&turn);
    // An instance comes and goes with each text.
    let rewrite = move |text: String| {
        let weight = counted.load(std::sync::atomic::Ordering::Relaxed) % 100 + 1;
        text.replace("WEIGHT", &weight.to_string())
    };
    let loopback: SocketAddr = ([127, 0, 0, 1], 0).into();
    let metrics = Metrics::install().expect("no other recorder");
    let options = Options::new().with_rewrite(rewrite).with_listen(loopback).with_admin(loopback);
    let mut app = App::bind(&file, options).await.expect("bound");
    let mut sizes = Vec::new();
    for count in 0..=10_000 {
        turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        app.reloader.look(true).await;
        // What was given up is dropped by the runtime.
        // As a gateway that runs does now and then: samples are kept raw until they are drained.
        metrics.drain();
        tokio::task::yield_now().await;
        if count % 1000 == 0 {
            sizes.push(resident());
        }
    }
    std::fs::remove_file(&file).expect("removed");
    println!("KiB after each thousand reloads: {sizes:?}");
    let (early, late) = (sizes[2], sizes[10]);
    assert!(late < early + early / 10 + 4096, "{sizes:?}");
}
