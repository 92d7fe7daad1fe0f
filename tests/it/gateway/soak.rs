//! Everything at once: load from clients of all versions, instances that fail in every way, and a file that changes all
//! the time. Each request has exactly one right outcome.
//!
//! `SUNWARD_SOAK_SECONDS=20 cargo test --test it soak -- --ignored --nocapture`

mod clients;
mod instances;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sunward::gateway::Options;
use tokio::task::JoinSet;

use super::Gateway;
use super::rig::{self, ClosedPort};
use clients::{Outcomes, h1_client, h2_client};
use instances::{Deeds, instance};

const INSTANCES: usize = 3;

/// The file, which is another one each time.
fn write(file: &Path, addresses: &[SocketAddr], turn: usize) {
    let instances: Vec<String> = addresses
        .iter()
        .enumerate()
        .map(|(i, address)| format!("{{ url = \"http://{address}\", weight = {} }}", 1 + (turn + i) % 3))
        .collect();
    let own = "[gateway]\ntimeouts = { response = \"300ms\", upstream_body = \"300ms\", upstream_idle = \"1s\" }\n";
    let upstream = "eject = { after = 5, for = \"100ms\" }\nresolve = \"200ms\"\n";
    let text = rig::config_of("soak", &instances.join(", "), own, upstream).replace(
        "[[upstream]]",
        "[[api.resource]]\nname = \"item\"\nat = [\"GET /items/{id} -> 200\", \"POST /items/{id} <-\", \
         \"POST /items/{id} -> 201\"]\n[[api.change]]\nversion = \"2\"\nsummary = \"`name` is called `title`\"\n\
         on = \"item\"\nbreaking = true\nops = [{ rename = \"/name\", to = \"/title\" }]\n[[upstream]]",
    );
    let new = file.with_extension("new");
    std::fs::write(&new, text).expect("written");
    std::fs::rename(&new, file).expect("renamed");
}

/// Load for so long, while the file changes.
async fn half(
    gateway: &Gateway,
    name: &str,
    file: &Path,
    addresses: &[SocketAddr],
    time: Duration,
    deeds: &Arc<Deeds>,
) -> Outcomes {
    let until = Instant::now() + time;
    let mut clients = JoinSet::new();
    for version in [1, 2] {
        for posts in [false, true] {
            for n in 0..2 {
                let name = format!("{name}-{version}-{posts}-{n}");
                clients.spawn(h1_client(gateway.listen, name, version, posts, until, Arc::clone(deeds)));
            }
        }
        clients.spawn(h2_client(gateway.listen, format!("{name}-{version}-h2"), version, until, Arc::clone(deeds)));
    }
    let mut every = tokio::time::interval(Duration::from_millis(100));
    for turn in 0.. {
        every.tick().await;
        write(file, addresses, turn);
        if Instant::now() >= until {
            break;
        }
    }
    let mut outcomes = Outcomes::default();
    while let Some(part) = clients.join_next().await {
        outcomes.add(part.expect("a client ran"));
    }
    outcomes
}

/// Open files, and memory in KiB, once idle connections are gone.
async fn held() -> (usize, usize) {
    let files = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let mut least = files();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        least = least.min(files());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    (least, line.trim().trim_end_matches(" kB").parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs for as long as it is configured to"]
async fn every_request_has_one_right_outcome() {
    let seconds = std::env::var("SUNWARD_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let deeds = Arc::new(Deeds::default());
    // While an instance is down, no other process gets its address.
    let places: Vec<ClosedPort> = (0..INSTANCES).map(|_| ClosedPort::bind()).collect();
    let addresses: Vec<SocketAddr> = places.iter().map(|place| place.address).collect();
    let mut instances = JoinSet::new();
    for address in &addresses {
        instances.spawn(instance(*address, Arc::clone(&deeds)));
    }
    let folder = std::env::temp_dir().join(format!("sunward-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("gateway.toml");
    write(&file, &addresses, 0);
    let gateway = Gateway::start(&file, Options::new()).await;

    let time = Duration::from_secs(seconds) / 2;
    let mut all = half(&gateway, "one", &file, &addresses, time, &deeds).await;
    let first = held().await;
    all.add(half(&gateway, "two", &file, &addresses, time, &deeds).await);
    let second = held().await;
    println!("{:#?}\nfiles and KiB after each half: {first:?} {second:?}", all.kinds);

    assert!(all.wrong.is_empty(), "{} are wrong: {:#?}", all.wrong.len(), &all.wrong[..all.wrong.len().min(10)]);
    assert!(all.kinds.get("right").is_some_and(|right| *right > 500), "most are well");
    let mut posts = std::mem::take(&mut *deeds.posts.lock().expect("no test failed"));
    let sent = posts.len();
    posts.sort_unstable();
    posts.dedup();
    assert_eq!(posts.len(), sent, "no POST was sent twice");
    assert!(second.0 <= first.0 + 10, "open files grow");
    assert!(second.1 <= first.1 + first.1 / 5 + 16 * 1024, "memory grows");
    gateway.stop().await;
    deeds.done.store(true, Ordering::Relaxed);
    instances.abort_all();
    let _ = std::fs::remove_dir_all(&folder);
}
