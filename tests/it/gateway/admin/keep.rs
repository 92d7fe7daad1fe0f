//! What of the acts of operators outlives the process.

use std::io::Read;
use std::process::{Command, Stdio};

use super::*;

const ACT: &str = r#"{"by":"ops","reason":"an incident"}"#;
const EXTEND: &str = r#"{"by":"ops","reason":"a contract","consumer":"bob","until":"2099-01-01"}"#;

// === impl Desk ===

impl Desk {
    fn drain(&self) -> String {
        format!(r#"{{"by":"ops","reason":"a new disk","instance":"http://127.0.0.1:{}"}}"#, self.port)
    }

    /// Puts this into the file of acts, for the next process.
    fn keep(&self, text: &str) {
        std::fs::create_dir_all(self.folder.join("state")).expect("a folder");
        std::fs::write(self.folder.join("state/acts.json"), text).expect("written");
    }
}

// === impl Gateway ===

impl Gateway {
    async fn act(&self, path: &str, body: &str) -> Value {
        let reply = self.ask(&format!("POST {path}"), body).await;
        assert_eq!(reply.status, 200, "{path} {}", reply.body);
        reply.json()
    }

    async fn status(&self, version: &str, consumer: &str) -> u16 {
        let fields = format!("Host: a\r\nX-Consumer: {consumer}\r\nConnection: close");
        self.send(&format!("GET /api/{version}/users/1 HTTP/1.1\r\n{fields}\r\n\r\n")).await.status
    }

    /// Whether the api is paused, its first version held, who has an extension of it, and the state of the instance.
    async fn state(&self) -> Value {
        let api = self.ask("GET /versions", "").await.json()["apis"][0].clone();
        let first = &api["versions"][0];
        let upstreams = self.ask("GET /upstreams", "").await.json();
        let state = &upstreams["upstreams"][0]["instances"][0]["state"];
        serde_json::json!([api["paused"], first["held"], first["extensions"], state])
    }
}

fn nothing() -> Value {
    serde_json::json!([false, false, {}, "up"])
}

#[tokio::test]
async fn what_was_done_holds_in_the_next_process() {
    let desk = Desk::new("outlives", "STATE").await;
    let gateway = desk.start().await;
    assert_eq!(gateway.status("v1", "bob").await, 410);
    let rows = [
        ("/apis/outlives/pause", ACT.to_owned()),
        ("/apis/outlives/versions/1/extend", EXTEND.to_owned()),
        ("/upstreams/shop/drain", desk.drain()),
    ];
    for (path, body) in &rows {
        let done = gateway.act(path, body).await;
        assert!(done["kept"] == true && !done["note"].to_string().contains("ends with the process"), "{path} {done}");
    }
    let expected = serde_json::json!([true, false, { "bob": "2099-01-01T00:00:00Z" }, "draining"]);
    assert_eq!(gateway.state().await, expected);
    assert!(gateway.stop().await);

    let gateway = desk.start().await;
    assert_eq!(gateway.state().await, expected);
    assert_eq!((gateway.status("v1", "ann").await, gateway.status("v1", "bob").await), (410, 503));
    gateway.act("/upstreams/shop/undrain", &desk.drain()).await;
    assert_eq!((gateway.status("v1", "ann").await, gateway.status("v1", "bob").await), (410, 200));
    gateway.act("/apis/outlives/resume", ACT).await;
    gateway.act("/apis/outlives/versions/1/hold", ACT).await;
    assert!(gateway.stop().await);

    // What was taken back does not come again.
    let gateway = desk.start().await;
    assert_eq!(gateway.state().await, serde_json::json!([false, true, { "bob": "2099-01-01T00:00:00Z" }, "up"]));
    assert_eq!(gateway.status("v1", "ann").await, 200);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn without_a_folder_it_ends_with_the_process() {
    let desk = Desk::new("forgets", "").await;
    let gateway = desk.start().await;
    let rows = [
        ("/apis/forgets/pause", ACT.to_owned(), true),
        ("/apis/forgets/versions/1/hold", ACT.to_owned(), true),
        ("/apis/forgets/versions/1/release", ACT.to_owned(), false),
        ("/apis/forgets/versions/1/extend", EXTEND.to_owned(), true),
        ("/upstreams/shop/drain", desk.drain(), true),
    ];
    for (path, body, begins) in &rows {
        let done = gateway.act(path, body).await;
        let noted =
            done["note"].as_str().unwrap_or_default().contains("ends with the process: `state` is not configured");
        assert_eq!((&done["kept"], noted), (&false.into(), *begins), "{path} {done}");
    }
    assert!(gateway.stop().await);
    let gateway = desk.start().await;
    assert_eq!(gateway.state().await, nothing());
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn what_has_ended_or_has_no_like_holds_nothing() {
    let desk = Desk::new("strays", "STATE").await;
    let said = r#""time": "2020-01-01", "by": "ops", "reason": "r""#;
    desk.keep(&format!(
        r#"{{ "acts": [
            {{ "what": "extend", "api": "strays", "version": "1", "consumer": "bob", "until": "2021-01-02", {said} }},
            {{ "what": "hold", "api": "strays", "version": "0", {said} }},
            {{ "what": "pause", "api": "gone", {said} }},
            {{ "what": "drain", "upstream": "shop", "instance": "http://127.0.0.1:1", {said} }}
        ] }}"#
    ));
    let gateway = desk.start().await;
    assert_eq!(gateway.state().await, nothing());
    assert_eq!((gateway.status("v1", "bob").await, gateway.status("v3", "bob").await), (410, 200));
    gateway.act("/apis/strays/pause", ACT).await;
    let kept: Value = serde_json::from_str(&desk.kept("acts.json")).expect("JSON");
    let kept = kept["acts"].as_array().expect("a list").iter().map(|act| (act["what"].clone(), act["api"].clone()));
    let expected = [("pause", "gone"), ("pause", "strays"), ("hold", "strays"), ("drain", "")];
    let expected = expected.map(|(what, api)| (what.into(), if api.is_empty() { Value::Null } else { api.into() }));
    assert_eq!(kept.collect::<Vec<_>>(), expected, "strays are kept, and what has ended is not");
    assert!(gateway.stop().await);
}

/// A version that leaves the file and comes back, and an instance that becomes another one.
#[tokio::test]
async fn an_act_waits_for_what_it_is_about() {
    let desk = Desk::new("waits", "protect = \"off\"\nSTATE").await;
    let first = "[[api.version]]\nname = \"1\"\ndeprecated = 2020-01-01\nsunset = 2021-01-01\n";
    let gateway = desk.start().await;
    gateway.act("/apis/waits/versions/1/hold", ACT).await;
    gateway.act("/upstreams/shop/drain", &desk.drain()).await;
    assert!(gateway.stop().await);

    let text = desk.text();
    assert!(text.contains(first));
    std::fs::write(desk.file(), text.replace(first, "")).expect("written");
    let gateway = desk.start().await;
    assert_eq!(gateway.status("v1", "ann").await, 404);
    // Everything that makes an instance another one, but for its URL.
    std::fs::write(desk.file(), format!("{text}\nspeaks_from = {{ path = \"/version\", header = \"V\" }}"))
        .expect("written");
    assert_eq!(gateway.ask(&format!("POST /config/reload?{WHO}"), "").await.status, 200);
    assert_eq!(gateway.state().await, serde_json::json!([false, true, {}, "draining"]));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_broken_file_is_reported_and_kept() {
    let desk = Desk::new("broken", "STATE").await;
    let hold = r#"{ "what": "hold", "api": "broken", "version": "1", "time": "2020-01-01", "by": "o", "reason": "r" }"#;
    let text = format!("{{ \"acts\": [{hold}, {{ \"what\": \"pause\" }}, {}] }}", hold.replace("broken", "none"));
    desk.keep(&text);
    let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
        .arg("serve")
        .arg(desk.file())
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // It says where it listens once all of this is behind it.
    let said = super::super::rig::becomes(async || !desk.kept("audit.jsonl").is_empty()).await;
    child.kill().expect("it ran");
    let mut log = String::new();
    for stream in
        [&mut child.stderr.take().expect("a pipe") as &mut dyn Read, &mut child.stdout.take().expect("a pipe")]
    {
        stream.read_to_string(&mut log).expect("a text");
    }
    child.wait().expect("it ended");
    assert!(said, "it does not start: {log}");
    let file = desk.folder.join("state/acts.json").display().to_string();
    for part in
        ["WARN", &file, "acts[1]: `time` is not a string", "acts.json.broken-1", "hold=2", "act=\"hold none 1\""]
    {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert_eq!(desk.kept("acts.json.broken-1"), text);
    let gateway = desk.start().await;
    assert_eq!(gateway.status("v1", "ann").await, 200);
    assert!(gateway.stop().await);
}
