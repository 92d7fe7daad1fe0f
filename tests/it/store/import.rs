//! `sunward usage import`: a line counts once, whatever became of its log.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::server::Server;

const CONFIG: &str = r#"
[gateway]
state = "STATE"
[gateway.ledger]
environment = "production"
days_kept = "800d"
[[api]]
name = "shop"
base_path = "/api"
version_from = { path = "/v{version}", header = "Api-Version" }
version = [{ name = "1" }, { name = "2" }]
consumer = "user-agent"
route = [{ route = "GET /users/{id}" }, { route = "* /orders" }]
[[consumer]]
name = "Acme"
matches = ["acme", "key-1"]
"#;

/// A folder with a config and a ledger.
struct Rig {
    folder: TempDir,
}

impl Rig {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let rig = Self { folder };
        rig.write("sunward.toml", CONFIG.replace("STATE", &rig.folder.path().display().to_string()));
        rig
    }

    /// With a ledger in PostgreSQL.
    fn on(url: &str) -> Self {
        let rig = Self::new();
        let text = std::fs::read_to_string(rig.path("sunward.toml")).expect("a text");
        rig.write("sunward.toml", text.replace("[gateway.ledger]", &format!("[gateway.ledger]\nurl = \"{url}\"")));
        rig
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    fn run(&self, command: &[&str], logs: &[&Path], options: &[&str]) -> (i32, String) {
        let mut sunward = Command::new(env!("CARGO_BIN_EXE_sunward"));
        sunward.args(command).arg(self.path("sunward.toml")).args(logs).args(options).args(["--now", "2026-12-01"]);
        let output = sunward.output().expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8(text).expect("a text"))
    }

    /// How many lines were counted, were known, were skipped and could not be read.
    fn import(&self, logs: &[&Path], options: &[&str]) -> [u64; 4] {
        let (code, text) = self.run(&["usage", "import"], logs, &[options, &["--json"]].concat());
        assert_eq!(code, 0, "{text}");
        let report: Value = serde_json::from_str(&text).expect(&text);
        let number = |value: &Value| value.as_u64().expect("a number");
        let sum = |value: &Value| value.as_object().expect("an object").values().map(number).sum::<u64>();
        let fates =
            [number(&report["counted"]), number(&report["known"]), sum(&report["skipped"]), sum(&report["unreadable"])];
        assert_eq!(number(&report["read"]), fates.iter().sum::<u64>(), "{text}");
        fates
    }

    /// All that is in the ledger, by consumer.
    fn lines(&self) -> Vec<String> {
        let (code, text) = self.run(&["usage"], &[], &["--by", "consumer", "--since", "700d", "--csv"]);
        assert_eq!(code, 0, "{text}");
        text.lines().skip(1).map(str::to_owned).collect()
    }
}

/// Lines of the combined format, each second three, of which two are the same.
fn log(from: u32, until: u32) -> String {
    (from..until).fold(String::new(), |mut text, number| {
        let second = number / 3;
        let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let id = if number % 3 == 0 { number } else { 7 };
        let line = format!(
            "192.0.2.1 - - [20/Nov/2026:{time} +0000] \"GET /api/v1/users/{id} HTTP/1.1\" 200 9 \"-\" \"acme/1\""
        );
        writeln!(text, "{line}").expect("a text");
        text
    })
}

fn gzip(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).expect("compressed");
    writer.finish().expect("compressed")
}

#[test]
fn a_line_counts_once_whatever_becomes_of_its_log() {
    import_again_and_again(&Rig::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_counts_once_in_postgresql() {
    let Some(server) = Server::start() else { return };
    import_again_and_again(&Rig::on(&server.database()));
}

fn import_again_and_again(rig: &Rig) {
    let all = log(0, 9000);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    let part = |from: usize, until: usize| lines[from..until].concat();
    let mut counted = 0;
    let other = all.replace("192.0.2.1", "192.0.2.2");
    let other: Vec<&str> = other.split_inclusive('\n').collect();
    let rows: Vec<(&str, Vec<u8>, u64, u64)> = vec![
        ("a few lines", part(0, 5).into(), 5, 0),
        ("the same again", part(0, 5).into(), 0, 5),
        ("some more", part(0, 20).into(), 15, 5),
        ("many more", part(0, 3000).into(), 2980, 20),
        ("renamed and compressed", gzip(&part(0, 3000)), 0, 3000),
        ("grown, and renamed", part(0, 4001).into(), 1001, 3000),
        ("cut at its end", part(0, 3517).into(), 0, 3517),
        ("cut at its beginning", part(1234, 4001).into(), 0, 2767),
        ("cut at its beginning, and grown", part(3700, 5000).into(), 999, 301),
        ("the next file", part(5000, 7000).into(), 2000, 0),
        ("all of them in one", gzip(&part(0, 7000)), 0, 7000),
        ("all of them in one, and more", part(100, 8000).into(), 1000, 6900),
        ("in two parts of gzip", [gzip(&part(0, 10)), gzip(&part(10, 8500))].concat(), 500, 8000),
        ("with other ends of lines", part(6000, 9000).replace('\n', "\r\n").into(), 500, 2500),
        ("of another server", other[..2000].concat().into(), 2000, 0),
        ("of both servers, one after the other", [&*other[..2000].concat(), &*all].concat().into(), 0, 11000),
    ];
    for (number, (what, text, fresh, known)) in rows.iter().enumerate() {
        let log = rig.write(&format!("access.log.{number}"), text);
        assert_eq!(rig.import(&[&log], &[]), [*fresh, *known, 0, 0], "{what}");
        counted += fresh;
        let expected = format!("production,shop,1,Acme,{counted},0,0,,2026-11-20T00:00:00Z,");
        let found = rig.lines();
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{what}: {found:?}, not {expected}");
    }
}

#[test]
fn logs_are_read_in_one_go_as_one_after_the_other() {
    let (rig, text) = (Rig::new(), log(0, 60_000));
    let (old, new) = text.split_at(text.len() / 3 * 2);
    let (cut, new) = new.split_once('\n').expect("a line");
    let old = rig.write("access.log.1.gz", gzip(&format!("{old}{cut}\n")));
    let new = rig.write("access.log", format!("{new}192.0.2.1 - - [20/Nov/2026:23:59:59 +0"));
    assert_eq!(rig.import(&[&new, &old], &[]), [60_000, 0, 1, 0]);
    assert_eq!(rig.import(&[&old, &new], &[]), [0, 60_000, 1, 0]);
    let whole = rig.write(
        "whole",
        format!("{text}192.0.2.1 - - [20/Nov/2026:23:59:59 +0000] \"GET /api/v2/orders HTTP/1.1\" 200 1\n"),
    );
    assert_eq!(rig.import(&[&whole], &[]), [1, 60_000, 0, 0]);
}

#[test]
fn what_is_not_counted_is_not_known_later() {
    let rig = Rig::new();
    let lines = [
        r#"192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /api/v1/users/7 HTTP/1.1" 200 9 "-" "acme/1""#,
        r#"192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "OPTIONS /api/v1/users/7 HTTP/1.1" 204 0 "-" "acme/1""#,
        r#"192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /other HTTP/1.1" 200 9 "-" "acme/1""#,
        r#"192.0.2.1 - - [20/Nov/2021:10:00:00 +0000] "GET /api/v1/users/7 HTTP/1.1" 200 9 "-" "acme/1""#,
        r#"192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "-" 400 0 "-" "-""#,
        r#"192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /api/v9/users/7 HTTP/1.1" 404 9 "-" "acme/1""#,
        r#"192.0.2.1 - globex [20/Nov/2026:10:00:00 +0000] "POST /api/v2/orders HTTP/1.1" 500 9 "-" "acme/1""#,
        "no line of a log",
    ];
    let log = rig.write("access.log", lines.join("\n") + "\n");
    assert_eq!(rig.import(&[&log], &[]), [3, 0, 3, 2]);
    assert_eq!(rig.import(&[&log], &[]), [0, 3, 3, 2]);
    // The part of the config that a later line needs may come later.
    let config =
        CONFIG.replace("STATE", &rig.folder.path().display().to_string()).replace("base_path = \"/api\"\n", "");
    rig.write("sunward.toml", config);
    assert_eq!(rig.import(&[&log], &[]), [1, 3, 2, 2]);
    assert_eq!(
        rig.lines(),
        [
            "production,shop,_other,Acme,2,1,0,,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,imported",
            "production,shop,1,Acme,1,0,0,,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,imported",
            "production,shop,2,globex,1,1,0,,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,imported",
        ]
    );
    let (code, text) = rig.run(&["usage", "import"], &[&log], &[]);
    assert_eq!(code, 0);
    for line in [
        "read           8",
        "already known  4",
        "skipped        2",
        "  1: it has no request",
        "  1: it is of another format",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn logs_of_json_are_read() {
    let rig = Rig::new();
    let own = r#"{"time":"2026-11-20T10:00:00Z","client":"192.0.2.1","method":"GET","path":"/api/users/7","status":410,"bytes":7,"api":"shop","version":"1","consumer":"key-1","outcome":"gone","request_id":"r-1"}"#;
    let log = rig.write("own.json", format!("{own}\n"));
    assert_eq!(rig.import(&[&log], &[]), [1, 0, 0, 0]);
    let theirs = r#"{"@t":1795168800,"http":{"verb":"POST","url":"/api/orders","code":201},"h":{"api-version":"2"},"app":"globex"}"#;
    let log = rig.write("theirs.json", format!("{theirs}\n"));
    let fields = ["time=@t", "method=http.verb", "path=http.url", "status=http.code", "consumer=app"];
    let fields = fields.iter().flat_map(|field| ["--field", *field]).chain(["--header", "Api-Version=h.api-version"]);
    let (code, text) = rig.run(&["usage", "import"], &[&log], &[]);
    assert!(code == 1 && text.contains("no line can be read; pass `--format`, and for JSON `--field`"), "{text}");
    assert_eq!(rig.import(&[&log], &fields.collect::<Vec<_>>()), [1, 0, 0, 0]);
    assert_eq!(
        rig.lines(),
        [
            "production,shop,1,Acme,1,1,1,,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,imported",
            "production,shop,2,globex,1,0,0,,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,imported",
        ]
    );
}

#[test]
fn what_cannot_be_imported_says_why() {
    let rig = Rig::new();
    let broken = gzip(&log(0, 3000));
    let broken = rig.write("broken.gz", &broken[..broken.len() / 2]);
    let (code, text) = rig.run(&["usage", "import"], &[&broken, &rig.path("missing")], &[]);
    assert!(code == 1 && text.contains("broken.gz: ") && text.contains("missing: No such file"), "{text}");
    // What could be read of it counts.
    assert!(rig.lines().len() == 1, "{text}");
    let whole = rig.write("whole", log(0, 3000));
    let [counted, known, ..] = rig.import(&[&whole], &[]);
    assert!(counted > 0 && known > 0 && counted + known == 3000, "{counted} {known}");
    let rows = [
        ("--format=xml", "expected `auto`, `common`, `combined` or `json`"),
        ("--field=when=t", "unknown field `when`; known: time, method"),
        ("--field=time", "expected a field and a member"),
        ("--header=A B=c", "expected a header and a member"),
    ];
    for (option, message) in rows {
        let (code, text) = rig.run(&["usage", "import"], &[&whole], &[option]);
        assert!(code == 2 && text.contains(message), "{option}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_recorded_is_skipped() {
    use sunward::usage::{Ledger, SqlLedger};
    let rig = Rig::new();
    let ledger = rig.path("ledger.sqlite");
    let store = SqlLedger::open(&ledger, "production").await.expect("a ledger");
    let counting = Ledger::new();
    counting.flush(&store, super::at("2026-11-20T00:00:10Z")).await.expect("stored");
    counting.flush(&store, super::at("2026-11-20T00:00:20Z")).await.expect("stored");
    let log = rig.write("access.log", log(0, 90));
    let (code, text) = rig.run(&["usage", "import"], &[&log], &[]);
    assert!(code == 2 && text.contains("another process has it open"), "{text}");
    store.close().await;
    assert_eq!(rig.import(&[&log], &[]), [60, 0, 30, 0]);
    assert_eq!(rig.import(&[&log], &["--environment", "staging"]), [90, 0, 0, 0]);
}
