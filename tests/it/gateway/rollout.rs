//! Rollouts over real sockets.

use std::path::PathBuf;

use serde_json::Value;

use super::rig::{Client, Service, becomes, config_of};
use super::{Gateway, Options, demo_file, exchange};

const WELL: &str = "HTTP/1.1 200 OK|content-length: 6||stable";
const CANARY: &str = "HTTP/1.1 200 OK|content-length: 6||canary";
const BROKEN: &str = "HTTP/1.1 500 Internal Server Error|content-length: 0||";
const WHO: &str = "by=ops&reason=a+test";

/// A folder of its own, and a config with a stable instance and a canary.
struct Desk {
    folder: PathBuf,
    text: String,
}

impl Desk {
    fn new(name: &str, stable: &Service, canary: &Service, plan: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sunward-rollout-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let gateway = format!("[gateway]\nstate = {:?}\nledger = {{ flush = \"off\" }}", folder.join("state"));
        let instances = format!(
            "{{ url = \"http://{}\" }}, {{ url = \"http://{}\", group = \"canary\" }}",
            stable.address, canary.address
        );
        let text = config_of(name, &instances, &gateway, &format!("rollout = {{ {plan} }}"));
        let text = text.replace("base_path = \"/api\"", "base_path = \"/api\"\nconsumer = { header = \"X-Consumer\" }");
        Self { folder, text }
    }

    async fn gateway(&self) -> Gateway {
        let text = self.text.clone();
        Gateway::start(&demo_file(), Options::new().with_rewrite(move |_| text.clone())).await
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn act(gateway: &Gateway, upstream: &str, act: &str) -> (u16, Value) {
    let head =
        format!("POST /rollouts/{upstream}/{act}?{WHO} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let reply = exchange(gateway.admin, &head).await;
    (reply.status, serde_json::from_str(&reply.body).expect("JSON"))
}

async fn status(gateway: &Gateway) -> Value {
    let reply = gateway.admin("/rollouts").await;
    let mut status: Value = serde_json::from_str(&reply.body).expect("JSON");
    status["rollouts"][0].take()
}

/// Requests of so many consumers, one after the other: the status and the body of each.
async fn ask(gateway: &Gateway, consumers: std::ops::Range<u32>) -> Vec<(u16, String)> {
    let mut client = Client::connect(gateway.listen).await;
    let mut answers = Vec::new();
    for number in consumers {
        let get = format!("GET /api/v2/users HTTP/1.1|Host: a.test|X-Consumer: c{number}||");
        let answer = client.ask(&get).await;
        answers.push((answer.status, answer.body));
    }
    answers
}

fn errors(answers: &[(u16, String)]) -> usize {
    answers.iter().filter(|(status, _)| *status != 200).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_build_is_rolled_back_and_stays_so() {
    let (stable, canary) = (Service::saying(WELL).await, Service::saying(BROKEN).await);
    let desk = Desk::new("rollout-bad", &stable, &canary, "steps = [20]");
    let gateway = desk.gateway().await;
    assert_eq!(errors(&ask(&gateway, 0..200).await), 0, "nothing before the start");
    assert_eq!(status(&gateway).await["phase"], "none");
    assert_eq!(act(&gateway, "rollout-bad", "abort").await.0, 409);
    let (code, started) = act(&gateway, "rollout-bad", "start").await;
    assert_eq!((code, &started["rollout"]["phase"]), (200, &"progressing".into()), "{started}");
    assert_eq!(act(&gateway, "rollout-bad", "start").await.0, 409);
    let (mut failed, mut next) = (0, 0);
    let rolled_back = becomes(async || {
        failed += errors(&ask(&gateway, next..next + 10).await);
        next += 10;
        status(&gateway).await["phase"] == "rolled_back"
    })
    .await;
    assert!(rolled_back, "{}", status(&gateway).await);
    assert!(failed <= 20, "{failed} requests failed");
    assert_eq!(errors(&ask(&gateway, 0..300).await), 0);
    let end = status(&gateway).await;
    let reason = end["decisions"].as_array().and_then(|all| all.last()?["reason"].as_str()).unwrap_or_default();
    assert!(reason.starts_with("more errors in the canary group: evidence"), "{end}");
    for what in ["promote", "pause", "resume"] {
        assert_eq!(act(&gateway, "rollout-bad", what).await.0, 409, "{what}");
    }
    // What comes after it reads what it left: it is not told to stop.
    gateway.task.abort();
    let again = desk.gateway().await;
    assert_eq!(status(&again).await["phase"], "rolled_back");
    assert_eq!(errors(&ask(&again, 0..300).await), 0);
    assert!(again.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_build_gets_what_was_decided() {
    let (stable, canary) = (Service::saying(WELL).await, Service::saying(CANARY).await);
    let desk = Desk::new("rollout-good", &stable, &canary, "steps = [25, 50]");
    let gateway = desk.gateway().await;
    let canaries = async |gateway: &Gateway| -> Vec<bool> {
        ask(gateway, 0..200).await.iter().map(|(_, body)| body == "canary").collect()
    };
    let count = |all: &[bool]| all.iter().filter(|canary| **canary).count();
    assert_eq!(count(&canaries(&gateway).await), 0);
    act(&gateway, "rollout-good", "start").await;
    let quarter = canaries(&gateway).await;
    assert!((25..80).contains(&count(&quarter)), "{}", count(&quarter));
    assert_eq!(quarter, canaries(&gateway).await, "clients stay where they are");
    // The same after a restart.
    gateway.task.abort();
    let gateway = desk.gateway().await;
    assert_eq!(quarter, canaries(&gateway).await);
    act(&gateway, "rollout-good", "promote").await;
    let half = canaries(&gateway).await;
    assert!(quarter.iter().zip(&half).all(|(before, now)| now >= before), "no client comes back");
    assert!((70..130).contains(&count(&half)), "{}", count(&half));
    assert_eq!(act(&gateway, "rollout-good", "promote").await.1["rollout"]["phase"], "promoted");
    assert_eq!(count(&canaries(&gateway).await), 200);
    assert_eq!(act(&gateway, "rollout-good", "abort").await.1["rollout"]["phase"], "rolled_back");
    assert_eq!(count(&canaries(&gateway).await), 0);
    assert!(gateway.stop().await);
}

/// Nothing is listening any more: requests go to the stable group, and the rollout ends without statistics.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_group_that_is_down_fails_no_request() {
    let (stable, canary) = (Service::saying(WELL).await, Service::saying(CANARY).await);
    let desk = Desk::new("rollout-down", &stable, &canary, "steps = [50]");
    let gateway = desk.gateway().await;
    act(&gateway, "rollout-down", "start").await;
    drop(canary);
    let mut failed = 0;
    let rolled_back = becomes(async || {
        failed += errors(&ask(&gateway, 0..20).await);
        status(&gateway).await["phase"] == "rolled_back"
    })
    .await;
    assert!(rolled_back, "{}", status(&gateway).await);
    assert_eq!(failed, 0);
    assert!(gateway.stop().await);
}
