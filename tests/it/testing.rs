//! `sunward test` and `sunward::testing`, on the files of `tests/cases/testing`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sunward::catalog::{Api, Case, Catalog, Sample, Version};
use sunward::change::{Change, OpSpec};
use sunward::internals::cases::{self, Coverage, MessagePart};
use sunward::testing;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/testing")
}

fn sunward(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunward"));
    command.current_dir(folder).arg("test").args(args).output().expect("it runs")
}

/// Exit code, standard output, standard error.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = sunward(folder, args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
}

/// A folder of its own for a test, with these files.
fn scratch(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sunward-testing-{}-{name}", std::process::id()));
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

#[test]
fn cases_that_hold_pass() {
    let (code, out, err) = run(&cases(), &["shop.toml", "pass.toml"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "15 cases: 15 passed, 0 failed\n", ""));
}

#[test]
fn cases_that_do_not_hold_say_what_differs() {
    let (code, out, err) = run(&cases(), &["shop.toml", "fail.toml"]);
    let expected = r#"FAILED shop: values (fail.toml:1:1)
  GET /orders/{id} -> 200
  from 1 to 2:
    /state: expected "pad", got "paid"
    /cents: expected "12.5", got "12.50"
    /tags/1: expected nothing, got 2
    expected: {"state": "pad", "cents": "12.5", "tags": [1], "plan": "free"}
    got:      {"state": "paid", "cents": "12.50", "tags": [1, 2],"plan":"free"}

FAILED shop: the way back (fail.toml:8:1)
  GET /orders/{id} -> 200
  and back, from 2 to 1:
    /plan: expected nothing, got "free"
    expected: {"status": "paid"}
    got:      {"status": "paid", "plan": "free"}

FAILED shop: heads (fail.toml:14:1)
  GET /orders <-
  from 1 to 2:
    path: expected /order, got /orders
    query: expected sort=name, got sort=title
    header x-new: expected nothing, got a
    header x-old: expected a, got nothing

FAILED shop: a status (fail.toml:21:1)
  POST /orders -> 201
  from 1 to 3:
    status: expected 200, got 201

FAILED shop: errors (fail.toml:28:1)
  POST /orders <-
  from 1 to 2:
    expected an error that contains `expected`, got the body {"cents": "0.01","plan":"free"}

FAILED shop: another error (fail.toml:34:1)
  POST /orders <-
  from 1 to 2:
    expected an error that contains `a map`, got the error: the request cannot be migrated: expected an integer without fraction and exponent, found a string at `/cents`

FAILED shop: no error (fail.toml:40:1)
  POST /orders <-
  from 1 to 2:
    expected a message, got the error: the request cannot be migrated: expected an integer without fraction and exponent, found a string at `/cents`

FAILED shop: bytes (fail.toml:47:1)
  GET /orders/{id} -> 200
  from 1 to 2:
    body:
    expected: {"plan": 1, "state": 1}
    got:      {"state": 1, "plan": 1}

FAILED shop: a path of another route (fail.toml:55:1)
  GET /users/{id} <-
  from 1 to 3:
    expected a message, got the error: `/users/7` does not match `GET /people/{id}`

9 cases: 0 passed, 9 failed
"#;
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(out, expected);
}

#[test]
fn programs_get_json() {
    let (code, out, _) = run(&cases(), &["shop.toml", "fail.toml", "--json", "--filter", "way back"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    let expected = json!({
        "passed": 0,
        "failed": 1,
        "updated": 0,
        "examples": [],
        "coverage": null,
        "cases": [{
            "api": "shop", "name": "the way back", "at": "GET /orders/{id} -> 200",
            "file": "fail.toml", "line": 8, "column": 1, "passed": false, "updated": false,
            "failures": [{
                "from": "2", "to": "1", "back": true,
                "mismatches": [{ "part": "value", "name": "/plan", "expected": null, "got": "\"free\"" }],
                "expected_body": "{\"status\": \"paid\"}",
                "got_body": "{\"status\": \"paid\", \"plan\": \"free\"}",
            }],
        }],
    });
    assert_eq!((code, report), (1, expected));
}

#[test]
fn coverage_names_what_no_case_touched() {
    let of = |filter: &str| run(&cases(), &["shop.toml", "pass.toml", "--coverage", "--filter", filter]);
    let (code, out, _) = of("a query");
    assert_eq!(code, 0);
    let expected = r#"no case covers shop 2: Orders have a state and prices are decimals
  shop.toml:14:3 { rename = "/status", to = "/state" }
  shop.toml:15:3 { convert = "/cents", from = "integer", to = "decimal", scale = 2 }
  shop.toml:16:3 { remove = "/fax", lossy = true }
  shop.toml:17:3 { add = "/plan", value = "free" }
no case covers shop 3: An order is created with 201, and people are users
  shop.toml:37:3 { map_status = 200, to = 201 }
  shop.toml:38:3 { rename_prefix = "/people", to = "/users" }
no case covers shop 3: Events have a kind
  shop.toml:47:8 { rename = "/type", to = "/kind" }
3 of 10 ops covered
1 case: 1 passed, 0 failed
"#;
    assert_eq!(out, expected);
    // Framed bodies, patches and refused values count.
    for (filter, ops) in [
        ("lines", 1),
        ("events", 1),
        ("JSON Patch", 1),
        ("a merge patch", 1),
        ("the op cannot take, up", 1),
        ("a status", 2),
        ("a route", 0),
        ("byte by byte", 1),
    ] {
        assert!(of(filter).1.contains(&format!("{ops} of 10 ops covered")), "{filter}: {}", of(filter).1);
    }
}

#[test]
fn strict_is_for_ci() {
    let (code, out, _) = run(&cases(), &["shop.toml", "pass.toml", "--strict"]);
    assert!(code == 0 && out.starts_with("10 of 10 ops covered\n"), "{out}");
    let (code, out, _) = run(&cases(), &["shop.toml", "pass.toml", "--strict", "--json", "--filter", "byte"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["coverage"]["ops"], &report["failed"]), (1, &json!(10), &json!(0)));
    let first = json!({
        "api": "shop", "version": "2", "change": "Orders have a state and prices are decimals",
        "op": "{ convert = \"/cents\", from = \"integer\", to = \"decimal\", scale = 2 }",
        "file": "shop.toml", "line": 15, "column": 3,
    });
    assert_eq!(report["coverage"]["uncovered"][0], first);
}

/// Only the bodies that were expected are others, in their quotes; a body of its own file too.
#[test]
fn update_writes_what_came() {
    let config = r#"# A shop.
[[api]]
name = "shop"
version_from = { header = "Api-Version" }
version = [{ name = "1" }, { name = "2" }]

[[api.change]]
version = "2"
summary = "Orders"
at = "GET /orders/{id} -> 200"
breaking = true
ops = [{ rename = "/status", to = "/state" }, { remove = "/fax", lossy = true }]

[[api.case]]
name = "two of them"      # as it was
at   = "GET /orders/{id} -> 200"
from = { version = "1", body = '{"status": "it''s", "fax": 1}' }
to   = { version = "2", body = "" } # new
back = { body = '''
{}
''' }

[[api.case]]
name = "a file"
at   = "GET /orders/{id} -> 200"
from = { version = "1", body = '{"status": 1}' }
to   = { version = "2", body_file = "b/new.json" }

[[api.case]]
name = "nowhere to write"
at   = "GET /orders/{id} -> 200"
from = { version = "1", body = '{"fax": 1}' }
to   = { version = "2", body = '{}' }
"#
    .replace("it''s", "its");
    let folder = scratch("update", &[("shop.toml", &config), ("b/new.json", "{}")]);
    let (code, out, err) = run(&folder, &["shop.toml", "--update"]);
    let expected = "updated shop: two of them (shop.toml:14:1)\nupdated shop: a file (shop.toml:22:1)\n\
                    3 cases: 2 passed, 1 failed, 2 updated\n";
    assert!(out.ends_with(expected), "{out}{err}");
    assert!(out.contains("FAILED shop: nowhere to write") && out.contains("and back, from 2 to 1"), "{out}");
    assert_eq!(code, 1);
    let written = std::fs::read_to_string(folder.join("shop.toml")).expect("there");
    let expected = config.replace(r#"body = "" } # new"#, r#"body = '{"state": "its"}' } # new"#);
    let expected = expected.replace("'''\n{}\n'''", "'''\n{\"status\": \"its\"}'''");
    assert_eq!(written, expected);
    assert_eq!(std::fs::read_to_string(folder.join("b/new.json")).expect("there"), r#"{"state": 1}"#);
    let (code, out, _) = run(&folder, &["shop.toml", "--filter", "two of them"]);
    assert_eq!((code, out.as_str()), (0, "1 case: 1 passed, 0 failed\n"));
    std::fs::remove_dir_all(folder).expect("removed");
}

/// What a case says of a head is exchanged, and nothing else is.
#[test]
fn update_writes_heads() {
    let config = r#"[[api]]
name = "shop"
version_from = { header = "Api-Version" }
version = [{ name = "1" }, { name = "2" }]

[[api.change]]
version = "2"
summary = "Orders"
at = ["GET /orders -> 200", "GET /orders <-"]
breaking = true
ops = [{ map_status = 202, to = 200 }, { rename_header = "X-Old", to = "X-New" }, { rename_query = "q", to = "query" }]

[[api.case]]
name = "a response"
at   = "GET /orders -> 200"
from = { version = "1", status = 202, headers = { X-Old = ["a", "it's"] } }
to   = { version = "2", status = 202, headers = { "X-New" = "b" } } # the status

[[api.case]]
name = "a request"
at   = "GET /orders <-"
from = { version = "1", path = "/orders", query = "q=1" }
to   = { version = "2", path = "/order", query = "q=1" }
"#;
    let folder = scratch("update-heads", &[("shop.toml", config)]);
    let (code, out, err) = run(&folder, &["shop.toml", "--update", "--json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["updated"], &report["cases"][0]["updated"]), (0, &json!(2), &json!(true)), "{out}{err}");
    let written = std::fs::read_to_string(folder.join("shop.toml")).expect("there");
    let expected = config
        .replace(
            r#"status = 202, headers = { "X-New" = "b" }"#,
            r#"status = 200, headers = { "X-New" = ["a", "it's"] }"#,
        )
        .replace(r#"path = "/order", query = "q=1""#, r#"path = "/orders", query = "query=1""#);
    assert_eq!(written, expected);
    std::fs::remove_dir_all(folder).expect("removed");
}

/// A sample without a status has the one that came out, also on the way back.
#[test]
fn a_case_may_leave_the_status_out() {
    let config = r#"[[api]]
name = "shop"
version_from = { header = "Api-Version" }
version = [{ name = "1" }, { name = "2" }]

[[api.change]]
version = "2"
summary = "Errors"
at = "GET /orders -> 4xx"
breaking = true
ops = [{ map_status = 200, to = 404, when = { present = "/error" } }, { rename = "/message", to = "/title" }]

[[api.case]]
name = "a place of several statuses"
at   = "GET /orders -> 4xx"
from = { version = "1", status = 409, body = '{"message": "a"}' }
to   = { version = "2", body = '{"title": "a"}' }

[[api.case]]
name = "the body says the status"
at   = "GET /orders -> 404"
from = { version = "1", status = 200, body = '{"error": 1}' }
to   = { version = "2", body = '{"error": 1}' }
"#;
    let folder = scratch("statuses", &[("shop.toml", config)]);
    let (code, out, err) = run(&folder, &["shop.toml"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "2 cases: 2 passed, 0 failed\n", ""));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn files_of_cases_have_findings_of_their_own() {
    let config = std::fs::read_to_string(cases().join("shop.toml")).expect("there");
    let two = config.clone()
        + "[[api]]\nname = \"pets\"\nbase_path = \"/pets\"\nversion_from = { header = \"Api-Version\" }\nversion = [{ name = \"1\" }]\n";
    let case = |head: &str| {
        format!(
            "[[case]]\n{head}name = \"x\"\nat = \"GET /orders/{{id}} -> 200\"\nfrom = {{ version = \"1\" }}\nto = {{ version = \"2\" }}\n"
        )
    };
    let folder = scratch(
        "files",
        &[
            ("shop.toml", &config),
            ("two.toml", &two),
            ("good/a.toml", &case("")),
            ("good/b/c.toml", &case("api = \"shop\"\n")),
            ("good/readme.md", "not read"),
            ("slip.toml", &case("api = \"shp\"\n")),
            ("keys.toml", &case("nam = 1\n")),
            ("version.toml", &case("").replace("\"2\"", "\"9\"")),
            ("body.toml", &case("").replace("version = \"2\"", "version = \"2\", body_file = \"none.json\"")),
            ("empty.toml", ""),
            ("none/readme.md", "not read"),
        ],
    );
    let rows: [(&[&str], i32, &[&str]); 10] = [
        (&["shop.toml", "good"], 0, &["2 cases: 2 passed"]),
        (&["two.toml", "good/b"], 0, &["1 case: 1 passed"]),
        (
            &["two.toml", "good/a.toml"],
            2,
            &["error[unknown-api]: the case does not name its api", "good/a.toml:1:1", "known: `shop`, `pets`"],
        ),
        (&["shop.toml", "slip.toml"], 2, &["unknown api `shp`", "slip.toml:2:7", "did you mean `shop`?"]),
        (&["shop.toml", "keys.toml"], 2, &["unknown key `nam` in [[case]]", "keys.toml:2:1"]),
        (
            &["shop.toml", "version.toml"],
            2,
            &["unknown version `9` of `shop`", "version.toml:5:18", "known: `1`, `2`, `3`"],
        ),
        (&["shop.toml", "body.toml"], 2, &["error[unreadable-body]", "cannot read none.json", "body.toml:5:35"]),
        (&["shop.toml", "none"], 2, &["none has no file `*.toml`"]),
        (&["shop.toml"], 2, &["shop.toml has no case"]),
        (&["shop.toml", "good", "--filter", "zzz"], 2, &["no case has `zzz`"]),
    ];
    for (args, code, parts) in rows {
        let (got, out, err) = run(&folder, args);
        assert_eq!(got, code, "{args:?} {out}{err}");
        for part in parts {
            assert!(format!("{out}{err}").contains(part), "{args:?} {part}\n{out}{err}");
        }
        assert!(code == 0 || out.is_empty(), "{args:?} {out}");
    }
    let (code, _, err) = run(&folder, &["shop.toml", "empty.toml"]);
    assert!(code == 2 && err.contains("a file of cases has no `case`"), "{err}");
    std::fs::remove_dir_all(folder).expect("removed");
}

/// `check` reads the bodies of the cases of a config, too.
#[test]
fn a_body_in_a_file_that_is_not_json_is_found() {
    let shop = "[[api]]\nname = \"shop\"\nversion_from = { header = \"Api-Version\" }\n\
                version = [{ name = \"1\" }, { name = \"2\" }]\n[[api.change]]\nversion = \"2\"\nsummary = \"A state\"\n\
                at = \"GET /orders/{id} -> 200\"\nbreaking = true\nops = [{ rename = \"/status\", to = \"/state\" }]\n";
    let case = |file: &str| {
        format!(
            "{shop}\n[[api.case]]\nname = \"in a file\"\nat = \"GET /orders/{{id}} -> 200\"\n\
             from = {{ version = \"2\", body_file = \"{file}\" }}\nto = {{ version = \"1\", body = '{{}}' }}\n"
        )
    };
    let (broken, absent) = (case("broken.json"), case("none.json"));
    let folder = scratch("broken", &[("a.toml", &broken), ("b.toml", &absent), ("broken.json", "{\"status\": }")]);
    for command in ["check", "test"] {
        for (file, part) in [
            ("a.toml", "error[case-body]: the body is not JSON: expected a value at byte 11"),
            ("b.toml", "error[unreadable-body]: cannot read none.json"),
        ] {
            let output =
                Command::new(env!("CARGO_BIN_EXE_sunward")).current_dir(&folder).args([command, file]).output();
            let output = output.expect("it runs");
            let shown = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && shown.contains(part), "{command} {file}: {shown}");
            assert!(shown.contains(&format!("{file}:")), "{command} {file}: {shown}");
        }
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

// === in Rust ===

fn shop(change: Change) -> Api {
    let versions = [Version::new("1"), Version::new("2")];
    let api = Api::new("shop").with_version_header("Api-Version").with_change(change);
    versions.into_iter().fold(api, Api::with_version)
}

fn state() -> Change {
    Change::new("2", "state")
        .with_at("GET /orders/{id} -> 200")
        .with_op(OpSpec::rename("/status", "/state"))
        .with_breaking(true)
}

fn catalog(api: Api) -> Arc<Catalog> {
    Arc::new(Catalog::new([api]).expect("fine"))
}

/// What a panic says.
fn panics(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    payload
        .downcast_ref::<String>()
        .cloned()
        .or(payload.downcast_ref::<&str>().map(ToString::to_string))
        .expect("a text")
}

#[test]
fn a_case_in_a_line_says_what_differs() {
    let catalog = catalog(shop(state()));
    let order = || testing::case(&catalog, "shop").at("GET /orders/{id} -> 200").from("1", json!({ "status": 1 }));
    order().to("2", json!({ "state": 1 }));
    order().exact().to("2", r#"{"state":1}"#);
    let wrong = panics(|| order().to("2", json!({ "state": 2 })));
    let expected = "shop: GET /orders/{id} -> 200\n  from 1 to 2:\n    /state: expected 2, got 1\n    \
                    expected: {\"state\":2}\n    got:      {\"state\":1}\n  and back, from 2 to 1:\n    \
                    /status: expected 1, got 2\n";
    assert!(wrong.starts_with(expected), "{wrong}");
    assert!(!panics(|| order().one_way().to("2", "{}")).contains("and back"));
    assert!(
        panics(|| order().exact().one_way().to("2", r#"{"state": 1}"#))
            .ends_with("    body:\n    expected: {\"state\": 1}\n    got:      {\"state\":1}\n")
    );
    assert!(
        panics(|| order().one_way().to("2", ""))
            .ends_with("    body:\n    expected: nothing\n    got:      {\"state\":1}\n")
    );
    assert!(panics(|| order().back("{}").to("2", json!({ "state": 1 }))).contains("/status: expected nothing, got 1"));
    assert!(panics(|| order().refused("2", "expected")).contains("got the body"));
    assert!(panics(|| order().at("GET /order/{id} -> 200").to("2", "{}")).contains("did you mean `GET /orders/{id}`?"));
    assert!(panics(|| order().to("3", "{}")).contains("known: `1`, `2`"));
    assert!(panics(|| drop(testing::case(&catalog, "shp"))).contains("known: shop"));
}

#[test]
fn the_cases_of_a_catalog_are_checked() {
    let case = |to: &str| {
        Case::new("an order", "GET /orders/{id} -> 200")
            .with_from(Sample::new("1").with_body(r#"{"status": 1}"#).with_header("X", "a").with_header("X", "b"))
            .with_to(Sample::new("2").with_body(to).with_header("X", "a").with_header("X", "b"))
    };
    testing::check(&catalog(shop(state()).with_case(case(r#"{"state": 1}"#))));
    let wrong = panics(|| testing::check(&catalog(shop(state()).with_case(case("{}")))));
    assert!(wrong.starts_with("shop: an order\n  from 1 to 2:\n    /state: expected nothing, got 1\n"), "{wrong}");
    assert_eq!(panics(|| testing::check(&catalog(shop(state())))), "the catalog has no case");
    let found =
        Catalog::new([shop(state()).with_case(case("{}").with_to(Sample::new("7")))]).expect_err("no such version");
    assert!(found.to_string().contains("unknown version `7` of `shop`"), "{found}");
}

/// A function that does not do the same twice is the one way to make them disagree from outside.
#[test]
fn ways_that_do_not_agree_are_a_failure_of_their_own() {
    let count = AtomicU64::new(0);
    let up = move |value: &mut Value| {
        value["n"] = count.fetch_add(1, Ordering::Relaxed).into();
        Ok(())
    };
    let change =
        Change::new("2", "n").with_at("GET /a -> 200").with_op(OpSpec::custom(up, |_| Ok(()))).with_breaking(true);
    let case = Case::new("n", "GET /a -> 200").with_one_way(true);
    let case = case.with_from(Sample::new("1").with_body("{}")).with_to(Sample::new("2").with_body(r#"{"n": 1}"#));
    let catalog = catalog(shop(change).with_case(case));
    let mut coverage = Coverage::new();
    let failures = cases::run(&catalog, 0, &cases::declared(&catalog.apis()[0])[0], &mut coverage);
    let parts: Vec<&MessagePart> = failures[0].mismatches.iter().map(|mismatch| &mismatch.part).collect();
    assert_eq!(
        parts,
        [&MessagePart::Agreement("the reference interpreter"), &MessagePart::Agreement("the engine, fed byte by byte")]
    );
    assert!(failures[0].to_string().contains("please report it"), "{}", failures[0]);
    assert!(coverage.untouched(&catalog).is_empty());
}

/// What an OpenAPI document shows of version 1 is in the others, and again in version 1.
#[test]
fn examples_of_an_openapi_document_are_samples() {
    let (code, out, err) = run(&cases(), &["shop.toml", "pass.toml", "--openapi", "openapi.json"]);
    let expected = r#"FAILED POST /api/orders <- (openapi.json#/components/schemas/Order/examples/0)
  from 1 to 2 and back: refused: the request cannot be migrated: expected an integer without fraction and exponent, found a string at `/cents`
  from 1 to 3 and back: refused: the request cannot be migrated: expected an integer without fraction and exponent, found a string at `/cents`
differs POST /api/orders <- (openapi.json#/components/schemas/Order/examples/1)
  from 1 to 2 and back: /plan: expected "free", got nothing
  from 1 to 3 and back: /plan: expected "free", got nothing
differs GET /orders/{number} -> 200 (openapi.json#/components/examples/with~1fax/value)
  from 1 to 2 and back: /fax: expected "1", got nothing
  from 1 to 3 and back: /fax: expected "1", got nothing
6 examples: 2 the same after a round trip, 2 different, 1 failed, 1 without a change
15 cases: 15 passed, 0 failed
"#;
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(out, expected);

    // Without a case, and what the samples are about is covered.
    let (code, out, _) = run(&cases(), &["shop.toml", "--openapi", "1=openapi.json", "--coverage", "--json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["passed"], report["examples"].as_array().map(Vec::len)), (1, &json!(0), Some(6)));
    let uncovered = report["coverage"]["uncovered"].to_string();
    assert!(!uncovered.contains("/cents") && uncovered.contains("map_status"), "{uncovered}");
    let mut trips = report["examples"].as_array().into_iter().flatten().map(|example| &example["round_trips"][0]);
    let same = trips.find(|trip| trip["outcome"] == "same").expect("one that is the same again");
    assert_eq!(*same, json!({ "from": "1", "to": "2", "outcome": "same", "what": [] }));
}

#[test]
fn a_document_that_is_not_openapi_is_reported() {
    let folder = scratch(
        "openapi",
        &[
            ("shop.toml", &std::fs::read_to_string(cases().join("shop.toml")).expect("a file")),
            ("document.yaml", "openapi: 3.1.0\npaths: {}\n"),
            ("none.json", "{}"),
            ("nine.json", r#"{ "info": { "version": "9" }, "paths": {} }"#),
            ("plain.json", r#"{ "paths": {} }"#),
            (
                "two.json",
                r#"{ "swagger": "2.0", "info": { "version": "2" }, "paths": { "/orders/{id}": { "get": { "responses": {
                "200": { "examples": { "application/json": { "state": "paid", "plan": "free" } } } } } } } }"#,
            ),
        ],
    );
    for (document, expected) in [
        ("absent.json", "error: absent.json cannot be read"),
        ("document.yaml", "not JSON: "),
        ("none.json", "error: none.json: an OpenAPI document has `paths`"),
        ("nine.json", "error: nine.json is about version `9`, which no api has; write `VERSION=nine.json`"),
        ("plain.json", "error: plain.json has no `info.version`; write `VERSION=plain.json`"),
    ] {
        let (code, out, err) = run(&folder, &["shop.toml", "--openapi", document]);
        assert_eq!((code, out.as_str()), (2, ""), "{document}");
        assert!(err.contains(expected), "{document}: {err}");
    }
    let (code, out, err) = run(&folder, &["shop.toml", "--openapi", "two.json", "--openapi", "2=nine.json"]);
    let expected = "1 example: 1 the same after a round trip, 0 different, 0 failed, 0 without a change\n0 cases: 0 passed, 0 failed\n";
    assert_eq!((code, out.as_str(), err.as_str()), (0, expected, ""));
}
