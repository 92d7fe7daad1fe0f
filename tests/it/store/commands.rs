//! `sunward usage` and `sunward ready`, as they are run, on a ledger that a gateway has open.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sunward::usage::{Caller, Ledger, SqlLedger, UsedChange, UsedRoute};
use tempfile::TempDir;

use super::at;

const CONFIG: &str = r#"
[gateway]
state = "STATE"
[gateway.ledger]
environment = "production"
[[api]]
name = "shop"
version_from = { header = "Api-Version" }
version = [{ name = "1" }, { name = "2" }]
consumer = { header = "X-Client" }
[[consumer]]
name = "acme"
owner = "Acme, accounting"
[[consumer]]
name = "probe"
role = "ignored"
reason = "a probe"
"#;

/// What a command prints to its output and its errors, and its exit code.
fn run(file: &Path, arguments: &[&str]) -> (i32, String, String) {
    let (command, rest) = arguments.split_first().expect("a command");
    let mut sunward = Command::new(env!("CARGO_BIN_EXE_sunward"));
    let output = sunward.arg(command).arg(file).args(rest).args(["--now", "2026-12-01"]).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

async fn fill(store: &SqlLedger) {
    let ledger = Ledger::new();
    let count = |now: &str, version: &str, consumer: Option<&str>, status| {
        let route = UsedRoute::new("shop", version, "GET", "/users/{id}");
        let caller = Caller::new(&route).with_request_id("r-9");
        let caller = consumer.map_or(caller, |name| caller.with_consumer(name));
        let tally = ledger.tally(at(now), &caller);
        tally.add(status, None, 10);
        if consumer == Some("acme") && version == "1" {
            tally.add_change(&UsedChange::new("2", "mail is email"));
        }
    };
    ledger.flush(store, at("2026-09-01")).await.expect("stored");
    count("2026-09-20T10:00:00Z", "1", Some("old"), 200);
    for (version, consumer, status) in [
        ("1", Some("acme"), 200),
        ("1", Some("acme"), 404),
        ("1", Some("probe"), 200),
        ("2", Some("new"), 200),
        ("2", Some("acme"), 200),
    ] {
        count("2026-11-20T10:00:00Z", version, consumer, status);
    }
    count("2026-11-30T23:59:59Z", "1", None, 200);
    ledger.flush(store, at("2026-12-01")).await.expect("stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_say_who_is_left() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("sunward.toml");
    std::fs::write(&file, CONFIG.replace("STATE", &folder.path().display().to_string())).expect("written");
    let (code, _, errors) = run(&file, &["usage"]);
    assert!(code == 2 && errors.contains("ledger.sqlite: there is none yet"), "{errors}");
    let store = SqlLedger::open(&folder.path().join("ledger.sqlite"), "production").await.expect("a ledger");
    fill(&store).await;

    let rows: [(&[&str], i32, &[&str]); 22] = [
        (
            &["usage", "--by", "change"],
            0,
            &[
                "api   version  change         since version  requests  consumers  evidence",
                "shop  1        mail is email  2                     2  acme       seen",
            ],
        ),
        (&["usage", "--by", "change", "--consumer", "new"], 0, &[]),
        (&["usage", "--by", "change", "--csv"], 0, &["production,shop,1,mail is email,2,2,acme,seen"]),
        (&["usage", "--by", "change", "--quiet-since", "1d"], 2, &["error: `--quiet-since` is about requests"]),
        (
            &["usage"],
            0,
            &[
                "api   version  requests  errors  refused  consumers  first seen            last seen             evidence",
                "shop  1               4       1        0          2  2026-11-20T10:00:00Z  2026-11-30T23:59:59Z  seen",
                "shop  2               2       0        0          2  2026-11-20T10:00:00Z  2026-11-20T10:00:00Z  seen",
            ],
        ),
        (&["usage", "--trend"], 0, &["evidence  trend", "seen                        █         ▃"]),
        (&["usage", "--trend", "--by", "consumer", "--version", "2"], 0, &["seen                        █"]),
        (&["usage", "--trend", "--csv", "--version", "2"], 0, &["evidence,trend\n", ",seen,                  █"]),
        (&["usage", "--trend", "--by", "route"], 2, &["error: `--trend` is about versions and consumers"]),
        (
            &["usage", "--by", "consumer", "--version", "1", "--since", "2026-09-01"],
            0,
            &[
                "api   version  consumer   requests  errors  refused  first seen            last seen             evidence",
                "shop  1        acme              2       1        0  2026-11-20T10:00:00Z  2026-11-20T10:00:00Z  seen",
            ],
        ),
        (
            &["usage", "--by", "consumer", "--quiet-since", "30d", "--since", "90d", "--csv"],
            0,
            &["production,shop,1,old,1,0,0,,2026-09-20T10:00:00Z,2026-09-20T10:00:00Z,seen"],
        ),
        (&["usage", "--by", "route", "--consumer", "anonymous"], 0, &["shop  1        GET /users/{id}         1"]),
        (&["usage", "--version", "9"], 2, &["error: unknown version `9`; known: `1`, `2`"]),
        (&["usage", "--consumer", "amce"], 2, &["error: unknown consumer `amce`; did you mean `acme`?"]),
        (
            &["usage", "--environment", "prodution"],
            2,
            &["error: unknown environment `prodution`; did you mean `production`?"],
        ),
        (&["ready", "--version", "1", "--environment", "staging"], 2, &["error: unknown environment `staging`"]),
        (
            &["usage", "--since", "soon"],
            2,
            &["error: `soon` is neither a time nor a duration; write `2026-11-01` or `30d`"],
        ),
        (
            &["ready", "--version", "1"],
            1,
            &[
                "shop 1 in `production` is not ready: 4 requests since 2026-11-01",
                "  acme uses it",
                "acme              2  2026-11-20T10:00:00Z  seen      Acme, accounting  GET /users/{id}",
                "anonymous         1  2026-11-30T23:59:59Z  seen                        GET /users/{id}",
                "probe                  1  2026-11-20T10:00:00Z  ignored: a probe",
            ],
        ),
        (
            &["ready", "--version", "1", "--allow", "acme", "--allow", "anonymous", "--allow", "new"],
            0,
            &["shop 1 in `production` is ready: 4 requests"],
        ),
        (&["ready", "--version", "1", "--max-requests", "4"], 0, &["is ready"]),
        (
            &["ready", "--version", "2", "--quiet-for", "120d", "--annotations"],
            1,
            &[
                "::error title=shop 2 is not ready::the ledger counts only since 2026-09-01T00:00:00Z",
                "::error title=shop 2 is not ready::acme uses it",
            ],
        ),
        (&["ready", "--version", "1", "--allow", "unheard-of"], 2, &["error: unknown consumer `unheard-of`"]),
    ];
    for (arguments, code, expected) in rows {
        let (exit, output, errors) = run(&file, arguments);
        let all = output + &errors;
        assert_eq!(exit, code, "{arguments:?}: {all}");
        for line in expected {
            assert!(all.contains(line), "{arguments:?} lacks {line:?}:\n{all}");
        }
    }
    let (_, report, _) = run(&file, &["ready", "--version", "1", "--json"]);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["ready"], &report["api"], &report["requests"]), (&false.into(), &"shop".into(), &4.into()));
    assert_eq!(report["blockers"][0]["last_request"], "r-9");
    assert_eq!(report["covered_since"], "2026-09-01T00:00:00Z");
    store.close().await;
}
