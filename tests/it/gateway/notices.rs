//! Notices of real gateways, to a webhook, a chat and a mail server.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sunward::clock::{ManualClock, Timestamp};
use sunward::gateway::Options;
use sunward::notice::{WebhookSecret, signed_headers};
use sunward::usage::{SqlLedger, UsageFilter, UsageSum};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::rig::{self, OK, Service};
use super::{Gateway, demo_file};
use crate::store::server::Server;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A request that arrived: its head in lower case, and its body.
type Arrived = (String, Value);

/// A receiver of webhooks: it answers with the statuses in turn, and with the last one from then on.
struct Receiver {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    async fn start(statuses: &'static [u16]) -> Self {
        Self::holding(statuses, watch::channel(true).1).await
    }

    /// It answers no request before `released`.
    async fn holding(statuses: &'static [u16], released: watch::Receiver<bool>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let kept = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(message) = arrival(&mut stream).await else { continue };
                let count = {
                    let mut list = kept.lock().expect("no panic");
                    list.push(message);
                    list.len()
                };
                let status = statuses.get(count - 1).or(statuses.last()).copied().unwrap_or(204);
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let mut released = released.clone();
                tokio::spawn(async move {
                    let _ = released.wait_for(|released| *released).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { address, arrived }
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What arrived, once it is so many.
    async fn has(&self, count: usize) -> Vec<Arrived> {
        let came = rig::becomes(async || self.arrived.lock().expect("no panic").len() >= count).await;
        let list = self.arrived.lock().expect("no panic").clone();
        assert!(came, "{count} expected: {list:?}");
        list
    }
}

/// A whole request; `None` if the connection ends before.
async fn arrival(stream: &mut TcpStream) -> Option<Arrived> {
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.unwrap_or(0) > 0 {
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_str(body) {
            return Some((head.to_lowercase(), body));
        }
    }
    None
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("{name} of {head}"))
}

/// A gateway whose version 1 ends with the year; `own` are keys of `[gateway]`.
fn config(name: &str, service: &Service, own: &str, rest: &str) -> String {
    let dates = "name = \"1\"\ndeprecated = 2026-06-01\nsunset = 2027-01-01\ndocs = \"https://docs.example.com/v2\"";
    let text = rig::config(name, &[service.address], own, rest);
    let text = text.replacen("name = \"1\"", dates, 1);
    text.replacen("upstream =", "consumer = { header = \"X-Client\" }\nupstream =", 1)
}

async fn start(text: String, clock: &ManualClock, chat: &str) -> Gateway {
    let chat = chat.to_owned();
    let variables = move |name: &str| match name {
        "SECRET" => Some(SECRET.to_owned()),
        "CHAT" => Some(chat.clone()),
        _ => None,
    };
    let options =
        Options::new().with_clock(clock.clone()).with_variables(variables).with_rewrite(move |_| text.clone());
    Gateway::start(&demo_file(), options).await
}

async fn call(gateway: &Gateway, client: &str) {
    let request = format!("GET /api/v1/x HTTP/1.1\r\nHost: a.test\r\nX-Client: {client}\r\nConnection: close\r\n\r\n");
    assert_eq!(gateway.send(&request).await.status, 200);
}

fn date(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// Keys of `[gateway]` for a ledger in a file.
fn in_file(folder: &Path, sinks: &str) -> String {
    format!(
        "[gateway]\nstate = {:?}\n[gateway.ledger]\nflush = \"5ms\"\n[gateway.notices]\ncheck = \"5ms\"\nsender = \"any\"\n{sinks}\n",
        folder.join("state").display().to_string()
    )
}

#[tokio::test]
async fn a_consumer_gets_each_notice_once_by_its_webhook() {
    let (service, folder) = (Service::saying(OK).await, TempDir::new().expect("a folder"));
    // The first attempt fails.
    let (receiver, chat) = (Receiver::start(&[500, 204]).await, Receiver::start(&[200]).await);
    let sinks = "chat = \"${CHAT}\"\nwebhook = { secret = \"${SECRET}\", allow_private = true }";
    let rest = format!(
        "[[consumer]]\nname = \"acme\"\ncontact = {:?}\n[[consumer]]\nname = \"probe\"\nrole = \"ignored\"\nreason = \"a probe\"\n\
         [[notice]]\nname = \"end\"\nabout = \"sunset\"\nat = [\"-30d\", \"-7d\"]\nto = [\"consumers\", \"chat\"]\n",
        receiver.url()
    );
    let text = config("notices", &service, &in_file(folder.path(), sinks), &rest);
    // The notice is due when the ledger has what was called before.
    let clock = ManualClock::new(date("2026-12-01T23:00:00Z"));
    let gateway = start(text.clone(), &clock, &chat.url()).await;
    for client in ["acme", "acme", "probe", "<stranger>*"] {
        call(&gateway, client).await;
    }
    let path = folder.path().join("state/ledger.sqlite");
    let all = UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX);
    let written = async || {
        let Ok(ledger) = SqlLedger::open_read_only(&path).await else { return false };
        ledger.sums(&all).await.is_ok_and(|sums| sums.iter().map(UsageSum::requests).sum::<u64>() == 4)
    };
    assert!(rig::becomes(written).await);
    clock.set(date("2026-12-05"));

    let first = receiver.has(1).await;
    clock.set(date("2026-12-05T00:00:06Z"));
    let both = receiver.has(2).await;
    let data = &first[0].1["data"]["notices"][0];
    assert_eq!((data["consumer"].as_str(), data["days"].as_i64()), (Some("acme"), Some(27)), "{data}");
    assert_eq!(data["docs"], "https://docs.example.com/v2");
    assert_eq!(first[0].1["specversion"], "1.0");
    let (id, again) = (header(&both[0].0, "webhook-id"), header(&both[1].0, "webhook-id"));
    assert_eq!(id, again);
    assert_ne!(header(&both[0].0, "webhook-timestamp"), header(&both[1].0, "webhook-timestamp"));
    // The receiver knows the secret of its URL, and no other.
    let secret = WebhookSecret::parse(SECRET).expect("a secret").of_url(&receiver.url());
    let own = WebhookSecret::parse(&secret.expose()).expect("a secret");
    let sent = both[1].1.to_string();
    let signed = signed_headers(&[own], id, date("2026-12-05T00:00:06Z"), sent.as_bytes());
    assert_eq!(header(&both[1].0, "webhook-signature"), signed[2].1.to_lowercase());

    let told = chat.has(1).await[0].1["text"].as_str().expect("a text").to_owned();
    assert!(told.contains("ends on 2027-01-01") && told.contains("acme: "), "{told}");
    assert!(told.contains("&lt;stranger&gt;") && !told.contains("probe"), "{told}");
    assert!(gateway.stop().await);

    // Another process, later: what was sent is not sent again.
    clock.set(date("2026-12-26"));
    let gateway = start(text, &clock, &chat.url()).await;
    let all = receiver.has(3).await;
    assert_ne!(header(&all[2].0, "webhook-id"), id);
    assert_eq!(all[2].1["data"]["notices"][0]["days"], 6);
    chat.has(2).await;
    let counts = async || {
        let metrics = gateway.admin("/metrics").await.body;
        let mut lines = metrics.lines().filter(|line| line.starts_with("sunward_notices_total{"));
        lines.any(|line| line.contains("sink=\"webhook\"") && line.contains("result=\"sent\""))
    };
    assert!(rig::becomes(counts).await);
    assert!(gateway.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_send_each_notice_once() {
    let Some(server) = Server::start() else { return };
    let (service, url) = (Service::saying(OK).await, server.database());
    let (receiver, folder) = (Receiver::start(&[204]).await, TempDir::new().expect("a folder"));
    let clock = ManualClock::new(date("2026-12-10"));
    let mut gateways = Vec::new();
    for replica in ["a", "b", "c"] {
        gateways.push(start(of_a_fleet(replica, &service, &url, &receiver, folder.path()), &clock, "").await);
    }
    for n in 0..20 {
        call(&gateways[n % 3], &format!("c{n}")).await;
    }
    let arrived = receiver.has(20).await;
    for gateway in gateways {
        assert!(gateway.stop().await);
    }
    let all = receiver.has(arrived.len()).await;
    let ids: BTreeSet<&str> = all.iter().map(|(head, _)| header(head, "webhook-id")).collect();
    assert_eq!((all.len(), ids.len()), (20, 20));
}

/// The config of a replica; 20 consumers have a webhook each.
fn of_a_fleet(replica: &str, service: &Service, url: &str, receiver: &Receiver, folder: &Path) -> String {
    let consumers: String =
        (0..20).map(|n| format!("[[consumer]]\nname = \"c{n}\"\ncontact = \"{}/{n}\"\n", receiver.url())).collect();
    let rest = format!("{consumers}[[notice]]\nname = \"end\"\nabout = \"sunset\"\nat = \"-30d\"\n");
    let own = format!(
        "[gateway]\nstate = {:?}\n[gateway.ledger]\nflush = \"5ms\"\nurl = {url:?}\nreplica = {replica:?}\n[gateway.notices]\n\
         check = \"5ms\"\nwebhook = {{ secret = \"${{SECRET}}\", allow_private = true }}\n",
        folder.join(replica).display().to_string()
    );
    config("notices", service, &own, &rest)
}

/// One of three is killed when it has claimed messages, and none was received: the others send them, under the same ids.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_replica_had_claimed_is_sent_by_the_others() {
    let Some(server) = Server::start() else { return };
    let (service, url) = (Service::saying(OK).await, server.database());
    let (release, released) = watch::channel(false);
    let (receiver, folder) = (Receiver::holding(&[204], released).await, TempDir::new().expect("a folder"));
    let clock = ManualClock::new(date("2026-12-10"));
    let text = |replica| of_a_fleet(replica, &service, &url, &receiver, folder.path());
    // It has threads of its own, which end with it in the midst of everything.
    let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let (config, own_clock) = (text("a"), clock.clone());
    let first = doomed.spawn(async move { start(config, &own_clock, "").await }).await.expect("it starts");
    for n in 0..20 {
        call(&first, &format!("c{n}")).await;
    }
    let claimed: BTreeSet<String> =
        receiver.has(1).await.iter().map(|(head, _)| header(head, "webhook-id").to_owned()).collect();
    let others = [start(text("b"), &clock, "").await, start(text("c"), &clock, "").await];
    doomed.shutdown_background();
    std::mem::forget(first);
    release.send_replace(true);
    // A claim holds for two minutes.
    clock.set(date("2026-12-10T00:02:01Z"));
    let consumer = |(head, _): &Arrived| head.split(' ').nth(1).expect("a path").to_owned();
    let whole = async || {
        let list = receiver.arrived.lock().expect("no panic").clone();
        let again =
            claimed.iter().all(|id| list.iter().filter(|(head, _)| header(head, "webhook-id") == id).count() == 2);
        again && list.iter().map(consumer).collect::<BTreeSet<_>>().len() == 20
    };
    assert!(rig::becomes(whole).await, "{claimed:?} {:?}", receiver.arrived.lock().expect("no panic"));
    for gateway in others {
        assert!(gateway.stop().await);
    }
    let mut messages = BTreeMap::new();
    for arrived in receiver.arrived.lock().expect("no panic").iter() {
        let ids: &mut Vec<String> = messages.entry(consumer(arrived)).or_default();
        ids.push(header(&arrived.0, "webhook-id").to_owned());
    }
    for (consumer, ids) in messages {
        assert!(ids.len() <= 2 && ids.iter().all(|id| *id == ids[0]), "{consumer}: {ids:?}");
    }
}

/// A mail server, which prints each mail as a line of JSON.
struct MailServer {
    process: Child,
    port: u16,
    mails: Arc<Mutex<Vec<Value>>>,
}

const MAIL_SERVER: &str = r#"
import asyncio, json, sys, email, email.policy
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: mail.get_body((kind,)).get_content()
        print(json.dumps({"to": envelope.rcpt_tos, "from": mail["From"], "subject": mail["Subject"], "id": mail["Message-ID"],
            "text": part("plain"), "html": part("html")}), flush=True)
        return "250 OK"
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"#;

impl MailServer {
    /// `None` if this machine lacks it.
    fn start() -> Option<Self> {
        use std::io::{BufRead, BufReader};
        let python = std::env::var("SUNWARD_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let has = Command::new(&python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !has.is_ok_and(|status| status.success()) {
            assert!(std::env::var_os("CI").is_none(), "aiosmtpd is missing");
            return None;
        }
        let mut process =
            Command::new(python).args(["-c", MAIL_SERVER]).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let port = lines.next().expect("a port").expect("a text").parse().expect("a number");
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().expect("no panic").push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Some(Self { process, port, mails })
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_mail_has_all_that_a_consumer_needs() {
    let Some(server) = MailServer::start() else { return };
    let (service, folder) = (Service::saying(OK).await, TempDir::new().expect("a folder"));
    let sinks =
        format!("mail = {{ url = \"smtp://127.0.0.1:{}\", from = \"The API team <api@shop.example>\" }}", server.port);
    let rest = "[[consumer]]\nname = \"acme\"\ncontact = \"dev@acme.example\"\n\
                [[consumer]]\nname = \"beta\"\ncontact = \"dev@acme.example\"\n\
                [[notice]]\nname = \"end\"\nabout = \"sunset\"\nat = \"-30d\"\n";
    let clock = ManualClock::new(date("2026-12-10"));
    let gateway = start(config("notices", &service, &in_file(folder.path(), &sinks), rest), &clock, "").await;
    for client in ["acme", "beta"] {
        call(&gateway, client).await;
    }
    // Two consumers with one address may have come at two looks.
    let all = || server.mails.lock().expect("no panic").clone();
    let texts = || all().iter().map(|mail| mail["text"].as_str().unwrap_or_default().to_owned()).collect::<String>();
    let came = rig::becomes(async || ["acme sent 1", "beta sent 1"].iter().all(|text| texts().contains(text))).await;
    assert!(came, "{:?}", all());
    let mail = &all()[0];
    assert_eq!(
        (mail["to"][0].as_str(), mail["from"].as_str()),
        (Some("dev@acme.example"), Some("The API team <api@shop.example>"))
    );
    assert!(
        mail["subject"].as_str().is_some_and(|subject| subject.starts_with("notices 1 ends on 2027-01-01")),
        "{mail}"
    );
    assert!(
        texts().contains("The version to use instead: 2") && texts().contains("https://docs.example.com/v2"),
        "{}",
        texts()
    );
    assert!(
        mail["html"].as_str().is_some_and(|html| html.contains("<b>acme</b>") || html.contains("<b>beta</b>")),
        "{mail}"
    );
    assert!(gateway.stop().await);
}
