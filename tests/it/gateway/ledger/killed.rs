//! Real gateways that are killed under load: what their clients counted, against the ledger.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::*;
use crate::gateway::rig::Client;

/// A gateway that is a process of its own.
struct Process {
    child: Child,
    listen: SocketAddr,
}

/// Clients that ask for as long as they are not stopped.
struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<Instant>>,
}

const FLUSH: Duration = Duration::from_secs(1);
/// A machine may have other things to do than to flush.
const LATE: Duration = Duration::from_secs(2);
const CLIENTS: usize = 4;

// === impl Process ===

impl Process {
    /// Starts it, and returns when it serves.
    fn start(file: &Path) -> Self {
        let mut sunward = Command::new(env!("CARGO_BIN_EXE_sunward"));
        sunward.arg("serve").arg(file).args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        let mut child = sunward.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let listen = output.lines().find_map(|line| {
            let line = line.expect("a text");
            line.strip_prefix("listening http://").map(|address| address.parse().expect("an address"))
        });
        Self { child, listen: listen.expect("it listens") }
    }

    fn kill(mut self) {
        self.child.kill().expect("it ran");
        self.child.wait().expect("it ended");
    }

    /// Has it stop as a service manager would.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().is_ok_and(|status| status.success()));
        assert!(self.child.wait().expect("it ended").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// === impl Load ===

impl Load {
    fn start(address: SocketAddr, consumer: &'static str) -> Self {
        let (stop, mut clients) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for _ in 0..CLIENTS {
            let stop = Arc::clone(&stop);
            clients.spawn(async move {
                let (mut client, mut answered) = (Client::connect(address).await, Vec::new());
                let request = format!("GET /api/v1/x HTTP/1.1\r\nHost: a.test\r\nX-Client: {consumer}\r\n\r\n");
                while !stop.load(Ordering::Relaxed) {
                    let sent = client.stream.write_all(request.as_bytes()).await;
                    let answer = if sent.is_ok() { client.answer().await } else { None };
                    let Some(answer) = answer else { break };
                    assert_eq!(answer.status, 200);
                    answered.push(Instant::now());
                }
                answered
            });
        }
        Self { stop, clients }
    }

    /// When each request was answered.
    async fn end(self) -> Vec<Instant> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}

async fn service() -> Service {
    Service::saying(OK).await
}

/// A config file for each gateway, with these lines of the ledger.
fn file(folder: &Path, name: &str, service: &Service, ledger: &str) -> PathBuf {
    let state = folder.join(name);
    let own = format!(
        "[gateway]\nstate = {:?}\nproxy = {{ trusted = [\"127.0.0.1\"] }}\n\
         [gateway.ledger]\nenvironment = \"test\"\nflush = \"1s\"\n{ledger}",
        state.display().to_string()
    );
    let text = rig::config("killed", &[service.address], &own, "");
    let text = text.replacen("upstream =", "consumer = { header = \"X-Client\" }\nupstream =", 1);
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, text).expect("written");
    file
}

/// How many requests of a consumer are stored.
async fn requests(store: &SqlLedger, consumer: &str) -> usize {
    let rows = store.rows(Timestamp::EPOCH, Timestamp::MAX).await.expect("rows");
    let rows = rows.iter().filter(|stored| stored.row.key.consumer.as_str() == consumer);
    usize::try_from(rows.map(|stored| stored.row.counts.requests()).sum::<u64>()).expect("a small number")
}

/// What is stored is what was answered, but for the last interval, and for requests whose answer did not arrive.
fn hold(stored: usize, answered: &[Instant], killed: Instant) {
    let old = answered.iter().filter(|at| killed.duration_since(**at) > FLUSH + LATE).count();
    let most = answered.len() + CLIENTS;
    assert!((old..=most).contains(&stored), "{stored} stored; at least {old}, at most {most}");
    println!("stored {stored} of {} requests, {old} of which were old", answered.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_loses_at_most_an_interval() {
    let (folder, service) = (TempDir::new().expect("a folder"), service().await);
    let file = file(folder.path(), "alone", &service, "");
    let path = folder.path().join("alone/ledger.sqlite");
    let process = Process::start(&file);
    let load = Load::start(process.listen, "acme");
    // So many intervals that there is something to lose and something to keep.
    let began = Instant::now();
    let stored = rig::becomes(async || {
        let store = SqlLedger::open_read_only(&path).await;
        let Ok(store) = store else { return false };
        requests(&store, "acme").await > 0 && began.elapsed() > 2 * FLUSH + LATE
    });
    assert!(stored.await);
    let killed = Instant::now();
    process.kill();
    let answered = load.end().await;
    let stored = requests(&SqlLedger::open_read_only(&path).await.expect("a ledger"), "acme").await;
    assert!(stored > 0);
    hold(stored, &answered, killed);

    // The next process goes on from there.
    let process = Process::start(&file);
    let load = Load::start(process.listen, "acme");
    let more = {
        rig::becomes(async || began.elapsed() > 4 * FLUSH + LATE).await;
        load.end().await.len()
    };
    process.stop();
    let store = SqlLedger::open_read_only(&path).await.expect("a ledger");
    assert_eq!(requests(&store, "acme").await, stored + more);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_replicas_one_is_killed() {
    let Some(server) = Server::start() else { return };
    let (folder, service, url) = (TempDir::new().expect("a folder"), service().await, server.database());
    let names = ["a", "b", "c"];
    let files = names.map(|name| file(folder.path(), name, &service, &format!("url = {url:?}\nreplica = {name:?}\n")));
    // The database is empty, and all three want to make its tables.
    let mut processes: Vec<_> = files.iter().map(|file| Process::start(file)).collect();
    let store = SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database");
    let first = answered(&processes, names).await;
    for (name, answered) in names.iter().zip(&first) {
        assert!(rig::becomes(async || requests(&store, name).await == answered.len()).await, "{name}");
    }

    let began = Instant::now();
    let loads = [
        Load::start(processes[0].listen, "a"),
        Load::start(processes[1].listen, "b"),
        Load::start(processes[2].listen, "c"),
    ];
    assert!(rig::becomes(async || began.elapsed() > 2 * FLUSH + LATE).await);
    let killed = Instant::now();
    processes.remove(2).kill();
    let mut all = Vec::new();
    for load in loads {
        all.push(load.end().await);
    }
    for process in processes {
        process.stop();
    }
    for (at, name) in ["a", "b"].iter().enumerate() {
        assert_eq!(requests(&store, name).await, first[at].len() + all[at].len(), "{name}");
    }
    let stored = requests(&store, "c").await;
    hold(stored - first[2].len(), &all[2], killed);

    // Its successor has the same name.
    let process = Process::start(&files[2]);
    let [more] = &answered(std::slice::from_ref(&process), ["c"]).await[..] else { panic!("one") };
    process.stop();
    assert_eq!(requests(&store, "c").await, stored + more.len());
}

/// What each answers in a short time.
async fn answered<const N: usize>(processes: &[Process], names: [&'static str; N]) -> Vec<Vec<Instant>> {
    let (loads, began) =
        (processes.iter().zip(names).map(|(process, name)| Load::start(process.listen, name)), Instant::now());
    let loads: Vec<_> = loads.collect();
    rig::becomes(async || began.elapsed() > Duration::from_millis(300)).await;
    let mut all = Vec::new();
    for load in loads {
        all.push(load.end().await);
    }
    all
}
