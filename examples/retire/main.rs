//! The end of a version, from its announcement to its 410, in half a year that takes some seconds: the clock of the gateway is set by hand.
//!
//! ```sh
//! cargo run --example retire
//! ```
//!
//! `docs/retire.md` says the same for a real API.

mod receivers;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sunward::clock::{ManualClock, Timestamp};
use sunward::gateway::{App, Options, load_at};
use sunward::report::{Grouping, ReadinessEvidence, ReadinessRule, usage};
use sunward::usage::{SqlLedger, UsageFilter, UsageSum};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is written when the end is announced.
const DATES: &str = "deprecated = 2027-01-11\nsunset = 2027-06-01\n\
                     brownouts = [{ from = 2027-05-04T10:00:00Z, for = \"2h\" }]\n\
                     docs = \"https://docs.example.com/shop/leave-v1\"";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The gateway, and what happens around it.
struct Story {
    clock: ManualClock,
    config: PathBuf,
    ledger: PathBuf,
    clients: SocketAddr,
    admin: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    received: UnboundedReceiver<String>,
    /// So many requests were sent.
    sent: u64,
}

#[tokio::main]
pub(crate) async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (receipts, received) = unbounded_channel();
    let (shop, mail) = (receivers::shop().await?, receivers::mail(receipts.clone()).await?);
    let hook = receivers::hook(receipts).await?;
    let state = folder.path().join("state");
    let text = include_str!("retire.toml").replace("SHOP", &shop.to_string()).replace("HOOK", &hook.to_string());
    let text = text.replace("MAIL", &mail.to_string()).replace("STATE", &state.display().to_string());
    let config = folder.path().join("sunward.toml");
    std::fs::write(&config, text)?;

    let clock = ManualClock::new("2027-01-04T09:00:00Z".parse()?);
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options::new().with_clock(clock.clone()).with_listen(free).with_admin(free).with_variables(variables);
    let app = App::bind(&config, options).await.map_err(|error| error.to_string())?;
    let (clients, admin) = (app.listen_addr()?, app.admin_addr()?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let gateway = tokio::spawn(app.run(async { drop(stopped.await) }));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let ledger = state.join("ledger.sqlite");
    let mut story = Story { clock, config, ledger, clients, admin, client, received, sent: 0 };
    let outcome = story.run().await;
    drop(stop);
    gateway.await?;
    outcome
}

/// The environment of the gateway.
fn variables(name: &str) -> Option<String> {
    (name == "SUNWARD_NOTICES_SECRET").then(|| "whsec_c3Vud2FyZCBrbm93cyB3aG8gc3RpbGwgY2FsbHM=".to_owned())
}

// === impl Story ===

impl Story {
    async fn run(&mut self) -> Outcome<()> {
        println!("2027-01-04  Version 1 has three clients; nothing is announced.");
        for agent in ["acme-app/2.1", "umbrella-sync/1.4", "report-job"] {
            self.call("1", agent, 200).await?;
        }

        self.at("2027-01-11T09:00:00Z", "The end of version 1 is announced.")?;
        let text = std::fs::read_to_string(&self.config)?;
        std::fs::write(&self.config, text.replace("# DATES", DATES))?;
        self.act("/config/reload", "announce the end of version 1", "{}").await?;
        let response = self.call("1", "acme-app/2.1", 200).await?;
        for name in ["deprecation", "sunset", "link"] {
            println!("    {name}: {}", response.headers()[name].to_str()?);
        }

        self.weeks("2027-01-18", 7, &["acme-app/2.1", "umbrella-sync/1.4"]).await?;
        self.at("2027-03-03T09:00:00Z", "90 days before the end, those who use it get a notice.")?;
        self.notices(2).await?;

        self.at("2027-03-22T09:00:00Z", "umbrella moves to version 2; acme does not.")?;
        self.call("2", "umbrella-sync/2.0", 200).await?;
        self.weeks("2027-03-29", 4, &["acme-app/2.1"]).await?;
        self.at("2027-04-26T09:00:00Z", "Is version 1 ready to retire?")?;
        self.ready(false).await?;

        self.at(
            "2027-05-01T10:30:00Z",
            "A brownout comes: for two hours, version 1 will be off. Only acme still uses it, and gets a notice.",
        )?;
        self.notices(1).await?;
        self.at("2027-05-04T11:00:00Z", "The brownout: acme gets the answer that it will get after the end.")?;
        self.call("1", "acme-app/2.1", 410).await?;
        self.call("2", "umbrella-sync/2.0", 200).await?;

        self.at("2027-05-05T09:00:00Z", "acme asks for a month more, and gets it.")?;
        let until = r#"{"consumer": "acme", "until": "2027-07-01"}"#;
        self.act("/apis/shop/versions/1/extend", "their release slipped", until).await?;

        self.at("2027-06-01T09:00:00Z", "The sunset. Version 1 is gone for all but acme.")?;
        self.call("1", "report-job", 410).await?;
        let response = self.call("1", "acme-app/2.1", 200).await?;
        println!("    acme still has it until {}", response.headers()["sunset"].to_str()?);

        self.at("2027-06-14T09:00:00Z", "acme moves to version 2.")?;
        self.call("2", "acme-app/3.0", 200).await?;
        self.at("2027-07-20T09:00:00Z", "The extension is over. Is version 1 ready to retire?")?;
        self.ready(true).await?;
        println!("    What still comes is refused:");
        self.call("1", "acme-app/2.1", 410).await?;
        self.report().await
    }

    fn at(&self, time: &str, what: &str) -> Outcome<()> {
        self.clock.set(time.parse()?);
        println!("\n{}  {what}", &time[..10]);
        Ok(())
    }

    /// Some weeks in which each of the clients calls version 1 once a week.
    async fn weeks(&mut self, from: &str, count: u64, agents: &[&str]) -> Outcome<()> {
        let from: Timestamp = from.parse()?;
        for week in 0..count {
            self.clock.set(from.saturating_add(Duration::from_secs(week * 7 * 86_400)));
            for agent in agents {
                self.call("1", agent, 200).await?;
            }
        }
        Ok(())
    }

    async fn call(&mut self, version: &str, agent: &str, expected: u16) -> Outcome<Response<Bytes>> {
        let path = if agent.starts_with("umbrella") { "orders/1" } else { "users/7" };
        let url = format!("http://{}/v{version}/{path}", self.clients);
        let request = Request::get(url).header(header::USER_AGENT, agent).body(Full::default())?;
        let response = self.send(request).await?;
        self.sent += 1;
        if response.status() != expected {
            return Err(format!("{agent} got {} from version {version}, not {expected}", response.status()).into());
        }
        let name = agent.split('/').next().unwrap_or(agent);
        if expected != 200 {
            println!("    {name}: {}", response.status());
        }
        Ok(response)
    }

    /// Asks the admin listener, as an operator.
    async fn act(&self, path: &str, reason: &str, body: &str) -> Outcome<()> {
        let url = format!("http://{}{path}?by=ann&reason={}", self.admin, reason.replace(' ', "+"));
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        let response = self.send(request.body(Full::from(body.to_owned()))?).await?;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        if response.status() == StatusCode::OK { Ok(()) } else { Err(text.into()) }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Outcome<Response<Bytes>> {
        let (head, body) = self.client.request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    /// Waits for notices, and shows them.
    async fn notices(&mut self, count: usize) -> Outcome<()> {
        for _ in 0..count {
            let received = tokio::time::timeout(PATIENCE, self.received.recv()).await;
            println!("{}", received.map_err(|_| "no notice came")?.ok_or("no receiver")?);
        }
        Ok(())
    }

    /// What `sunward ready --version 1 --quiet-for 30d` says.
    async fn ready(&self, expected: bool) -> Outcome<()> {
        let now = sunward::clock::Clock::now(&self.clock);
        let rule = ReadinessRule::new(Duration::from_secs(30 * 86_400));
        let filter = UsageFilter::new(rule.since(now), Timestamp::MAX).with_api("shop").with_version("1");
        let ledger = self.written().await?;
        let (sums, past, covered) =
            (ledger.sums(&filter).await?, ledger.past(&filter).await?, ledger.covered(&filter).await?);
        let changes = ledger.change_sums(&filter).await?;
        let texts = sunward::config::SourceMap::open(&self.config)?;
        let loaded = load_at(&texts, &variables, now)?;
        let evidence = ReadinessEvidence::new(&sums, &past, &covered, loaded.catalog.register());
        let readiness = rule.apply(evidence.with_changes(&changes), now);
        println!("    {}", if readiness.is_ready() { "ready" } else { "not ready:" });
        for blocker in &readiness.blockers {
            println!("    - {}; changes that hit: {}", blocker.reason, blocker.changes.join(", "));
        }
        if readiness.is_ready() == expected { Ok(()) } else { Err("the ledger says something else".into()) }
    }

    /// The ledger, once it has all that was sent.
    async fn written(&self) -> Outcome<SqlLedger> {
        let all = UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX);
        let waiting = async {
            loop {
                let ledger = SqlLedger::open_read_only(&self.ledger).await?;
                let sums = ledger.sums(&all).await?;
                if sums.iter().map(UsageSum::requests).sum::<u64>() == self.sent {
                    return Ok::<_, Box<dyn Error>>(ledger);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await?
    }

    async fn report(&self) -> Outcome<()> {
        println!("\nThe whole of it:");
        let ledger = self.written().await?;
        let sums = ledger.sums(&UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX)).await?;
        for line in usage(&sums, Grouping::Consumer) {
            let (name, last) = (line.consumer.unwrap_or_default(), line.last_seen.to_string());
            println!(
                "    version {}  {name:<9} {:>3} requests, {} refused, the last on {}",
                line.version,
                line.requests,
                line.refused,
                &last[..10]
            );
        }
        let url = format!("http://{}/audit", self.admin);
        let audit = self.send(Request::get(url).body(Full::default())?).await?;
        let audit: serde_json::Value = serde_json::from_slice(audit.body())?;
        for act in audit["acts"].as_array().into_iter().flatten().filter(|act| act["by"] != "") {
            let text = |name: &str| act[name].as_str().unwrap_or_default().to_owned();
            println!("    {}  {} {}: {}", &text("time")[..10], text("by"), text("what"), text("reason"));
        }
        Ok(())
    }
}
