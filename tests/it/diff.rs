//! What a change of the file means for clients: each row is an edit, and what it means there and back.

use sunward::catalog::Difference;
use sunward::clock::Timestamp;
use sunward::config::SourceMap;
use sunward::gateway::{Loaded, diff, load_at};

const BASE: &str = r#"
[[api]]
name = "shop"
base_path = "/api"
version_from = { path = "/v{version}", header = "Api-Version" }
unspecified = { version = "1" }
aliases = { stable = "2" }
consumer = { header = "X-Consumer" }
pins = { acme = "1" }
upstream = "shop"
# api

[[api.version]]
name = "1"
deprecated = 2026-01-01
sunset = 2027-01-01
brownouts = [{ from = 2026-12-01T14:00:00Z, for = "2h" }]
# one

[[api.version]]
name = "2"
# two

[[api.version]]
name = "3"
released = 2026-06-01
# three

[[api.resource]]
name = "user"
at = ["GET /users/{id} -> 200", "POST /users <-"]

[[api.change]]
version = "2"
summary = "title"
on = "user"
breaking = true
ops = [{ rename = "/name", to = "/title" }]

[[api.change]]
version = "3"
summary = "plan"
on = "user"
ops = [{ add = "/plan", value = "free" }]
# changes

[[upstream]]
name = "shop"
instances = [{ url = "http://10.0.0.1:3000", speaks = "3" }]
"#;

fn now() -> Timestamp {
    "2026-09-01".parse().expect("a date")
}

fn environment(name: &str) -> Option<String> {
    (name == "SECRET").then(|| "secret-host".to_owned())
}

fn loaded(text: &str) -> Loaded {
    load_at(&SourceMap::new("a.toml", text), &environment, now()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn lines(list: &[Difference]) -> String {
    let line = |found: &Difference| format!("{} {}", found.class.as_str(), found.code);
    list.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// What is replaced, by what, and what that means: there, and back.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn check(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (from, to, there, back) in rows {
        assert!(BASE.contains(from), "{from}");
        let (old, new) = (loaded(BASE), loaded(&BASE.replace(from, to)));
        let (forth, return_) = (diff(&old, &new, now()), diff(&new, &old, now()));
        if (lines(&forth).as_str(), lines(&return_).as_str()) != (*there, *back) {
            wrong.push(format!("{from} → {to}\n  {}\n  {}\n{forth:#?}", lines(&forth), lines(&return_)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_is_no_difference() {
    check(&[
        ("# api", "scheme = \"major\"", "", ""),
        ("2027-01-01", "\"Fri, 01 Jan 2027 00:00:00 GMT\"", "", ""),
        ("on = \"user\"\nbreaking", "at = [\"POST /users <-\", \"GET /users/{id} -> 200\"]\nbreaking", "", ""),
        ("upstream = \"shop\"\n", "upstream = \"shop\"\nforward_as = \"/api\"\n", "", ""),
    ]);
}

#[test]
fn scripts_that_may_read_refusals() {
    check(&[
        ("# api", "cors = { origins = [\"https://a.test\"] }", "safe cors-added", "breaking cors-removed"),
        ("# api", "cors = { origins = [\"*\"] }", "safe cors-added", "breaking cors-removed"),
    ]);
    let with = |origins: &str| BASE.replace("# api", &format!("cors = {{ origins = {origins} }}"));
    let (old, new) = (loaded(&with("[\"https://a.test\", \"https://*.b.test\"]")), loaded(&with("\"*\"")));
    assert_eq!(lines(&diff(&old, &new, now())), "safe cors-added");
    assert_eq!(lines(&diff(&new, &old, now())), "breaking cors-removed");
}

#[test]
fn dates() {
    check(&[
        ("sunset = 2027-01-01", "sunset = 2026-12-15", "breaking sunset-earlier", "notice sunset-later"),
        ("sunset = 2027-01-01\n", "", "notice sunset-removed", "notice sunset-set"),
        (
            "sunset = 2027-01-01\nbrownouts = [{ from = 2026-12-01T14:00:00Z, for = \"2h\" }]",
            "sunset = 2026-08-01",
            "breaking sunset-earlier, safe brownout-removed",
            "notice sunset-later, notice brownout-added",
        ),
        ("deprecated = 2026-01-01", "deprecated = 2026-02-01", "notice deprecated-later", "notice deprecated-earlier"),
        ("# two", "deprecated = 2026-12-01", "notice deprecated-set", "notice deprecated-removed"),
        ("# two", "closed = 2026-12-01", "notice closed-set", "notice closed-removed"),
        ("# two", "closed = 2026-08-01", "breaking closed-set", "notice closed-removed"),
        (
            "# two",
            "deprecated = 2026-01-01\nsunset = 2026-08-01",
            "breaking sunset-set, notice deprecated-set",
            "notice deprecated-removed, notice sunset-removed",
        ),
        (
            "# two",
            "deprecated = 2026-01-01\nsunset = 2026-08-01\nhold_sunset = true",
            "notice deprecated-set, notice sunset-set, safe sunset-held",
            "notice deprecated-removed, notice sunset-removed",
        ),
        ("# one", "hold_sunset = true", "safe sunset-held", "notice sunset-not-held"),
        ("released = 2026-06-01", "released = 2026-10-01", "breaking released-later", "notice released-earlier"),
        ("released = 2026-06-01\n", "", "notice released-removed", "notice released-set"),
        ("2026-12-01T14:00:00Z", "2026-11-01T14:00:00Z", "notice brownout-earlier", "notice brownout-later"),
        ("2026-12-01T14:00:00Z", "2026-08-31T23:00:00Z", "breaking brownout-earlier", "notice brownout-later"),
        ("for = \"2h\"", "for = \"3h\"", "notice brownout-altered", "notice brownout-altered"),
        (
            "for = \"2h\" }]",
            "for = \"2h\" }, { from = 2026-12-08T14:00:00Z, for = \"2h\" }]",
            "notice brownout-added",
            "safe brownout-removed",
        ),
        ("for = \"2h\" }]", "for = \"2h\", dry_run = true }]", "safe brownout-altered", "notice brownout-altered"),
        ("# api", "pause = true", "safe pause-begun", "notice pause-ended"),
        ("# api", "dry_run = true", "safe dry-run-begun", "notice dry-run-ended"),
        ("# one", "docs = \"https://example.com\"", "safe pages-changed", "safe pages-changed"),
        (
            "# changes",
            "[[api.route]]\nroute = \"GET /users/{id}\"\nversion = [{ name = \"1\", sunset = 2026-12-20 }]",
            "breaking sunset-earlier",
            "notice sunset-later",
        ),
        (
            "# changes",
            "[[api.extension]]\nconsumer = \"acme\"\nversion = \"1\"\nuntil = 2027-06-01\napproved_by = \"a\"\n\
            reason = \"b\"",
            "notice extension-added",
            "breaking extension-removed",
        ),
    ]);
}

#[test]
fn versions() {
    let four = BASE.replace("[[api.resource]]", "[[api.version]]\nname = \"4\"\n[[api.resource]]");
    let zero = BASE.replacen(
        "[[api.version]]",
        "[[api.version]]\nname = \"0\"\ndeprecated = 2020-01-01\nsunset = 2021-01-01\n[[api.version]]",
        1,
    );
    let unreleased = four.replace("name = \"4\"", "name = \"4\"\nreleased = 2026-10-01");
    for (other, there, back) in [
        (&four, "safe version-added, safe speaks-changed", "breaking version-removed, safe speaks-changed"),
        (&unreleased, "safe version-added, safe speaks-changed", "safe version-removed, safe speaks-changed"),
        (&zero, "safe version-added", "safe version-removed"),
    ] {
        let (old, new) = (loaded(BASE), loaded(other));
        assert_eq!(
            (lines(&diff(&old, &new, now())), lines(&diff(&new, &old, now()))),
            (there.to_owned(), back.to_owned())
        );
    }
}

#[test]
fn a_version_that_is_gone_goes_without_harm() {
    let gone = BASE.replace("2027-01-01", "2026-08-15").replace("2026-12-01T14", "2026-08-01T14");
    let (start, end) =
        (gone.find("[[api.version]]").expect("one"), gone.find("[[api.version]]\nname = \"2\"").expect("two"));
    let (change, plan) =
        (gone.find("[[api.change]]").expect("one"), gone.find("[[api.change]]\nversion = \"3\"").expect("two"));
    let without = [&gone[..start], &gone[end..change], &gone[plan..]].concat().replace("\"1\" }", "\"2\" }");
    let list = diff(&loaded(&gone), &loaded(&without), now());
    assert_eq!(lines(&list), "safe default-added, safe pin-changed, safe version-removed, safe change-removed");
}

#[test]
fn resolution() {
    check(&[
        (
            ", header = \"Api-Version\"",
            "",
            "breaking source-removed, breaking response-header-changed",
            "notice source-added, safe response-header-changed",
        ),
        ("\"/v{version}\"", "\"/{version}\"", "breaking source-changed", "breaking source-changed"),
        ("header = \"Api-Version\"", "header = \"api-version\"", "", ""),
        (
            "header = \"Api-Version\"",
            "header = \"Api-Version\", parameter = \"v\"",
            "notice source-added",
            "breaking source-removed",
        ),
        ("unspecified = { version = \"1\" }\n", "", "breaking default-removed", "safe default-added"),
        (
            "unspecified = { version = \"1\" }",
            "unspecified = { version = \"2\" }",
            "breaking default-changed",
            "breaking default-changed",
        ),
        ("stable = \"2\"", "stable = \"3\"", "breaking alias-changed", "breaking alias-changed"),
        ("aliases = { stable = \"2\" }\n", "", "breaking alias-removed", "safe alias-added"),
        ("acme = \"1\"", "acme = \"2\"", "breaking pin-changed", "breaking pin-changed"),
        ("pins = { acme = \"1\" }\n", "", "safe pin-removed", "safe pin-added"),
        ("acme = \"1\"", "acme = \"1\", other = \"2\"", "breaking pin-added", "breaking pin-removed"),
        ("X-Consumer", "X-Client", "breaking consumer-changed", "breaking consumer-changed"),
        ("# api", "precedence = [\"path\"]", "safe precedence-changed", "breaking precedence-changed"),
        ("# api", "on_unacceptable = \"default\"", "safe on-unacceptable-changed", "breaking on-unacceptable-changed"),
        (
            "# api",
            "on_untyped = \"fail\"",
            "breaking on-untyped-changed, breaking on-untyped-changed",
            "safe on-untyped-changed, safe on-untyped-changed",
        ),
        (
            "# changes",
            "[[api.route]]\nroute = \"GET /users/{id}\"\ncontent = \"ndjson\"\non_untyped = \"fail\"",
            "breaking on-untyped-changed, notice content-changed",
            "notice content-changed, safe on-untyped-changed",
        ),
        ("# api", "exclude = [\"/health\"]", "notice exclude-added", "breaking exclude-removed"),
        ("# api", "host = \"a.example\"", "breaking host-changed", "safe host-changed"),
        (
            "\"/api\"",
            "\"/shop\"",
            "breaking base-path-changed, safe forward-as-changed",
            "breaking base-path-changed, safe forward-as-changed",
        ),
        ("# api", "docs = \"https://example.com\"", "safe docs-changed", "safe docs-changed"),
        ("# api", "clamp_freshness = true", "safe clamp-freshness-changed", "safe clamp-freshness-changed"),
        (
            "# changes",
            "[[api.route]]\nroute = \"GET /users/{id}\"\ndefault = \"2\"",
            "breaking default-changed",
            "breaking default-changed",
        ),
        (
            "name = \"shop\"\nbase_path",
            "name = \"store\"\nbase_path",
            "breaking api-removed, safe api-added, \
            safe instance-speaks-changed",
            "breaking api-removed, safe api-added, safe instance-speaks-changed",
        ),
    ]);
}

#[test]
fn routes_and_changes() {
    check(&[
        ("# changes", "[[api.route]]\nroute = \"GET /orders\"", "safe route-added", "safe route-undeclared"),
        (
            "# changes",
            "[[api.change]]\nversion = \"3\"\nsummary = \"orders\"\nops = [{ add_route = \"GET /orders\" }]",
            "safe route-added, safe change-added",
            "safe route-undeclared, safe change-removed",
        ),
        (
            "# changes",
            "[[api.change]]\nversion = \"3\"\nsummary = \"moved\"\nbreaking = true\n\
            ops = [{ move_route = \"GET /people/{id}\", to = \"GET /users/{id}\" }]",
            "breaking route-removed, safe route-added, safe change-added",
            "safe route-undeclared, safe route-added, safe change-removed",
        ),
        ("summary = \"plan\"", "summary = \"A plan\"", "safe change-reworded", "safe change-reworded"),
        ("to = \"/title\"", "to = \"/label\"", "breaking change-altered", "breaking change-altered"),
        ("value = \"free\"", "value = \"paid\"", "breaking change-altered", "breaking change-altered"),
        ("# api", "strict = true", "breaking strict-on", "safe strict-off"),
        ("name = \"user\"\n", "name = \"user\"\nlinks = \"/url\"\n", "notice links-changed", "breaking links-changed"),
        (
            "at = [\"GET /users/{id} -> 200\", ",
            "at = [\"GET /users/{id} -> 200\", \"GET /users -> 200 /*\", ",
            "breaking change-altered, breaking change-altered, safe route-added",
            "breaking change-altered, breaking change-altered, safe route-undeclared",
        ),
        (
            "# changes",
            "[[api.change]]\nversion = \"3\"\nsummary = \"mail\"\non = \"user\"\nbreaking = true\n\
            ops = [{ rename = \"/mail\", to = \"/email\" }]",
            "breaking change-added",
            "breaking change-removed",
        ),
        (
            "# changes",
            "[[api.change]]\nversion = \"3\"\nsummary = \"created\"\non = \"user\"\nbreaking = true\n\
            ops = [{ map_status = 200, to = 203 }]",
            "breaking status-changed, safe change-added",
            "breaking status-changed, safe change-removed",
        ),
        (
            "# changes",
            "[[api.change]]\nversion = \"3\"\nsummary = \"created\"\non = \"user\"\nbreaking = true\n\
            ops = [{ map_status = 200, to = 404, when = { present = \"/error\" } }]",
            "breaking status-changed, safe change-added",
            "breaking status-changed, safe change-removed",
        ),
        (
            "to = \"/title\" }",
            "to = \"/title\", expand = true }",
            "safe expand-changed, safe expand-changed",
            "breaking expand-changed, breaking expand-changed",
        ),
    ]);
}

/// Two changes of one name, told apart by their order.
#[test]
fn changes_are_matched_by_what_they_are_called() {
    let change = |summary: &str, op: &str| {
        format!(
            "[[api.change]]\nversion = \"3\"\nsummary = \"{summary}\"\non = \"user\"\nbreaking = true\nops = [{op}]\n"
        )
    };
    let file = |changes: [&str; 2]| loaded(&BASE.replace("# changes", &changes.concat()));
    let (a, b) = (change("a", "{ rename = \"/a\", to = \"/aa\" }"), change("b", "{ rename = \"/b\", to = \"/bb\" }"));
    let (lossy, restored) =
        (change("fax", "{ remove = \"/fax\", lossy = true }"), change("fax", "{ remove = \"/fax\", restore = \"\" }"));
    let other = a.replace("\"/a", "\"/o");
    let rows = [
        ([&a, &b], [&a, &b], ""),
        ([&a, &b], [&b, &a], "breaking changes-reordered"),
        ([&a, &a.replace("\"/a", "\"/c")], [&a, &a.replace("\"/a", "\"/c")], ""),
        ([&a, &other], [&other, &a], "breaking change-altered, breaking change-altered"),
        ([&a, &other], [&a, &b], "breaking change-removed, breaking change-added"),
        ([&a, &lossy], [&a, &restored], "breaking change-altered"),
    ];
    for (old, new, expected) in rows {
        let list = diff(&file(old.map(String::as_str)), &file(new.map(String::as_str)), now());
        assert_eq!(lines(&list), expected, "{list:#?}");
    }
    let renamed = loaded(&BASE.replace("{id}", "{user}"));
    assert_eq!(lines(&diff(&loaded(BASE), &renamed, now())), "");
}

#[test]
fn instances() {
    check(&[
        (
            "10.0.0.1",
            "10.0.0.2",
            "safe instance-removed, safe instance-added",
            "safe instance-removed, safe instance-added",
        ),
        (", speaks = \"3\"", ", speaks = \"2\"", "safe instance-speaks-changed", "safe instance-speaks-changed"),
        (
            ", speaks = \"3\"",
            ", speaks = \"3\", weight = 0",
            "breaking upstream-empty, safe instance-weight-changed",
            "safe instance-weight-changed",
        ),
    ]);
}

#[test]
fn messages_say_what_was_and_what_is() {
    let old = BASE.replace("10.0.0.1", "${SECRET}.a");
    let new = BASE.replace("sunset = 2027-01-01", "sunset = 2026-12-15").replace("10.0.0.1", "${SECRET}.b");
    let list = diff(&loaded(&old), &loaded(&new), now());
    let messages: Vec<&str> = list.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "version 1: the sunset moves from 2027-01-01 to 2026-12-15, earlier",
            "the upstream `shop` loses the instance `http://${SECRET}.a:3000`",
            "the upstream `shop` gains the instance `http://${SECRET}.b:3000`, which speaks shop 3",
        ]
    );
    assert_eq!((list[0].api.as_deref(), list[0].version.as_deref()), (Some("shop"), Some("1")));
}

#[test]
fn messages_name_types_and_summaries_as_they_are() {
    let old = BASE.replace("path = \"/v{version}\",", "parameter = \"version\",");
    let old = old.replace("summary = \"plan\"", "summary = \"`plan` is new\"");
    let cut = old.find("[[api.change]]\nversion = \"3\"").expect("the change");
    let end = old.find("# changes").expect("its end");
    let new = format!("{}{}", &old[..cut], &old[end..]).replace("parameter = \"version\", ", "");
    let list = diff(&loaded(&old), &loaded(&new), now());
    let messages: Vec<&str> = list.iter().map(|found| found.message.as_str()).collect();
    for expected in [
        "the version in the `Accept` header is no longer `application/json;version={version}`",
        "version 3: the change \"`plan` is new\" is removed",
    ] {
        assert!(messages.contains(&expected), "{expected}: {messages:#?}");
    }
}
