//! `sunward guide`, as it is run.

use std::fs;
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
docs = "https://docs.example.com/shop"
consumer = { header = "X-Client" }
[[api.version]]
name = "1"
deprecated = "2026-06-01"
sunset = "2027-01-04"
brownouts = [
    { from = "2026-11-02T10:00:00Z", for = "1h" },
    { from = "2026-12-07T10:00:00Z", for = "1h" },
    { from = "2026-12-08T10:00:00Z", for = "1h", consumers = ["other"] },
]
[[api.version]]
name = "2"
[[api.version]]
name = "3"
[[api.change]]
version = "2"
summary = "`mail` is `email`"
at = ["GET /users/{id} -> 200", "POST /users <-", "GET /teams -> 200"]
ops = [{ rename = "/mail", to = "/email" }]
breaking = true
[[api.change]]
version = "2"
summary = "A user has an age"
at = "GET /users/{id} -> 200"
ops = [{ add = "/age", value = 0 }]
[[api.change]]
version = "3"
summary = "Sorted by `title`"
at = "GET /users/{id} <-"
ops = [{ map_query = "sort", values = { name = "title" } }]
breaking = true
[[api.case]]
name = "a user"
at = "GET /users/{id} -> 200"
from = { version = "3", body_file = "user.json" }
to = { version = "1", body = '{"id": 7, "mail": "`<b>"}' }
[[api.case]]
name = "a new user"
at = "POST /users <-"
from = { version = "1", body = '{"mail": "c@d"}' }
to = { version = "2", body = '{"email": "c@d"}' }
[[api.case]]
name = "a sorted list"
at = "GET /users/{id} <-"
from = { version = "1", query = "sort=name" }
to = { version = "3", query = "sort=title" }
"#;
const ACTS: &str = r#"{"acts": [{"what": "extend", "api": "shop", "version": "1", "consumer": "acme", "until": "2027-03-01T00:00:00Z",
    "time": "2026-11-01T00:00:00Z", "by": "ops", "reason": "late"}]}"#;

fn run(file: &Path, arguments: &[&str]) -> (i32, String) {
    let mut sunward = Command::new(env!("CARGO_BIN_EXE_sunward"));
    let sunward = sunward.arg("guide").arg(file).args(["--now", "2026-12-01", "--consumer"]).args(arguments);
    let output = sunward.output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(text).expect("a text"))
}

async fn fill(store: &SqlLedger) {
    let ledger = Ledger::new();
    let count = |now: &str, consumer: &str, (version, method, template), changes: &[(&str, &str)]| {
        let route = UsedRoute::new("shop", version, method, template);
        let tally = ledger.tally(at(now), &Caller::new(&route).with_consumer(consumer));
        tally.add(200, None, 10);
        changes.iter().for_each(|(version, summary)| tally.add_change(&UsedChange::new(version, summary)));
    };
    let (mail, sorted, gone) = (("2", "`mail` is `email`"), ("3", "Sorted by `title`"), ("2", "a change of before"));
    count("2026-11-19T10:00:00Z", "acme", ("1", "GET", "/users/{id}"), &[mail, sorted, gone]);
    count("2026-11-20T10:00:00Z", "acme", ("1", "POST", "/users"), &[mail]);
    count("2026-11-20T10:00:00Z", "quiet*", ("1", "GET", "/users/{id}"), &[]);
    count("2026-11-20T10:00:00Z", "new", ("2", "GET", "/users/{id}"), &[sorted]);
    ledger.flush(store, at("2026-12-01")).await.expect("stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_has_the_changes_that_altered_requests_of_a_consumer() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("sunward.toml");
    fs::write(&file, CONFIG.replace("STATE", &folder.path().display().to_string())).expect("written");
    fs::write(folder.path().join("user.json"), r#"{"id":7,"email":"`<b>","age":36}"#).expect("written");
    fs::write(folder.path().join("acts.json"), ACTS).expect("written");
    let store = SqlLedger::open(&folder.path().join("ledger.sqlite"), "production").await.expect("a ledger");
    fill(&store).await;

    let markdown = "# shop 1 to 3: guide for acme

acme sent 2 requests to version 1, the last one at 2026-11-20T10:00:00Z.

## Dates

- **deprecated**: 2026-06-01
- **brownout**: 2026-12-07T10:00:00Z to 2026-12-07T11:00:00Z
- **sunset**: 2027-03-01 for acme, instead of 2027-01-04

## Changes

3 of 4 changes altered its requests, or what came back. The others altered none.

### `mail` is `email`

Since version 2. 2 requests, the last on 2026-11-20.

`GET /users/{id} -> 200`, what comes back:

- rename /mail to email

Before:

```json
{
  \"id\": 7,
  \"mail\": \"`<b>\",
  \"age\": 36
}
```

After:

```json
{
  \"id\": 7,
  \"email\": \"`<b>\",
  \"age\": 36
}
```

`POST /users <-`, what is sent:
";
    let rows: [(&[&str], i32, &[&str]); 9] = [
        (
            &["acme", "--from", "1"],
            0,
            &[
                markdown,
                "### a change of before",
                "does not have this change any more",
                "More: <https://docs.example.com/shop>",
            ],
        ),
        (
            &["acme", "--from", "1"],
            0,
            &[
                "### Sorted by `title`",
                "Since version 3. 1 request,",
                "```\n?sort=name\n",
                "?sort=title\n",
                "{\n  \"email\": \"c@d\"\n}",
            ],
        ),
        (
            &["acme", "--from", "1", "--format", "html"],
            0,
            &["<h3><code>mail</code> is <code>email</code></h3>", "&quot;`&lt;b&gt;&quot;"],
        ),
        (
            &["quiet*", "--from", "1", "--to", "2"],
            0,
            &["No change between these versions altered a request of quiet\\* or its response."],
        ),
        (&["new", "--from", "1", "--to", "2"], 0, &["new sent no requests to version 1."]),
        (&["amce", "--from", "1"], 2, &["error: unknown consumer `amce`; did you mean `acme`?"]),
        (&["acme", "--from", "9"], 2, &["error: unknown version `9`"]),
        (&["acme", "--from", "1", "--api", "shap"], 2, &["error: unknown api `shap`; did you mean `shop`?"]),
        (&["acme", "--from", "2", "--to", "1"], 2, &["error: `1` is not newer than `2`; choose another `--to`"]),
    ];
    for (arguments, code, expected) in rows {
        let (exit, output) = run(&file, arguments);
        assert_eq!(exit, code, "{arguments:?}: {output}");
        for part in expected {
            assert!(output.contains(part), "{arguments:?} lacks {part:?}:\n{output}");
        }
        assert!(!output.contains("/teams"), "a route that it does not use:\n{output}");
    }
    let (_, guide) = run(&file, &["acme", "--from", "1", "--json"]);
    let guide: Value = serde_json::from_str(&guide).expect("JSON");
    assert_eq!((&guide["requests"], &guide["other_changes"]), (&2.into(), &1.into()));
    assert_eq!(guide["changes"][0]["places"][0]["example"]["case"], "a user");
    assert!(guide["changes"][1]["places"].as_array().is_some_and(Vec::is_empty), "{guide:#}");
    fs::write(folder.path().join("acts.json"), "{").expect("written");
    let (exit, output) = run(&file, &["acme", "--from", "1"]);
    assert!(exit == 2 && output.contains("acts.json: "), "{output}");
    store.close().await;
}
