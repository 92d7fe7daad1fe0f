//! What the specs hold once a file is read.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Config, GatewaySpec, LogFormat, SourceMap, read, read_all, value};
use crate::catalog::{
    Api, Brownout, ConsumerRole, ConsumerSource, Content, Cors, ExpectedUse, Extension, KeySource, KeysSpec,
    OnUnacceptable, OnUndeclared, OnUntyped, RegisteredConsumer, Route, ShareOf, Unspecified, VerifiedClaim, Version,
    VersionSource,
};
use crate::change::{Change, OpKind, OpSpec, Resource, ValueFormat, When};
use crate::json::{
    ElementPosition, FieldNames, JsonType, Literal, Many, NameCase, OnError, Other, Otherwise, Rounding, Test, Wrapper,
};
use crate::path::PathCase;
use crate::version::Scheme;

const EVERY_KEY: &str = include_str!("../../tests/cases/config/valid/every-key.toml");
const WORDS: &str = include_str!("../../tests/cases/config/valid/words.toml");

fn config(source: &str) -> Config {
    let (config, found) = read(source);
    assert_eq!(found.to_string(), "");
    config.expect("a config")
}

fn api(source: &str) -> Api {
    config(source).apis.remove(0)
}

/// The ops of a change, each written as in the file.
fn ops(ops: &str) -> Vec<OpSpec> {
    let change = format!("[[api.change]]\nversion = \"1\"\nsummary = \"x\"\nops = [{ops}]\n");
    api(&format!("[[api]]\nname = \"a\"\n{change}")).changes.remove(0).ops
}

fn literal(toml: &str) -> String {
    match &ops(&format!("{{ add = \"/a\", value = {toml} }}"))[0].op {
        OpKind::Add { value: Some(value), .. } => value.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn constants_keep_their_spelling() {
    for (toml, json) in [
        ("\"a\\\"ü\\n\"", "\"a\\\"ü\\n\""),
        ("1_000", "1000"),
        ("+7", "7"),
        ("-0", "0"),
        ("0xff", "255"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.10", "1.10"),
        ("+1.0", "1.0"),
        ("-0.0", "-0.0"),
        ("1_0.5e1_0", "10.5e10"),
        ("5E+22", "5E+22"),
        ("true", "true"),
        ("[1, [], {}]", "[1,[],{}]"),
        ("{ b = 1, a.d = 2, a.c = 3 }", r#"{"b":1,"a":{"d":2,"c":3}}"#),
    ] {
        assert_eq!(literal(toml), json, "{toml}");
    }
}

#[test]
fn durations_are_whole_and_descend() {
    for (text, seconds) in [("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("1d1h1m1s", 90_061)] {
        assert_eq!(value::duration(text), Some(Duration::from_secs(seconds)), "{text}");
    }
    for text in ["", "s", "1", "0s", "1s1m", "1.5h", "1w", " 1s", "+1s", "1S", "1m1m"] {
        assert_eq!(value::duration(text), None, "{text}");
    }
}

#[test]
fn dates_are_handed_on_as_rfc_3339() {
    let api = api(EVERY_KEY);
    let version = &api.versions[0];
    let text = |date: &Option<crate::diagnostic::Spanned<String>>| date.as_ref().map(|date| date.value.clone());
    assert_eq!(text(&version.released).as_deref(), Some("2023-01-01"));
    assert_eq!(text(&version.life.deprecated).as_deref(), Some("2025-01-01T00:00:00+02:00"));
    assert_eq!(text(&version.life.closed).as_deref(), Some("2025-06-01"));
    assert_eq!(text(&version.life.sunset).as_deref(), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    let brownout = &version.life.brownouts.as_ref().expect("brownouts")[0];
    assert_eq!(brownout.from.value, "2025-11-03T14:00:00Z");
    assert_eq!((brownout.lasting, brownout.every), (Duration::from_secs(7200), Some(Duration::from_secs(604_800))));
    assert_eq!((&brownout.shares[..], brownout.by), (&[1.0, 12.5, 100.0][..], ShareOf::Requests));
    assert_eq!(brownout.status.as_ref().map(|status| status.value), Some(503));
    assert_eq!((&brownout.consumers[..], brownout.dry_run), (&["acme".to_owned()][..], true));
}

#[test]
fn an_api_is_read() {
    let api = api(EVERY_KEY);
    assert_eq!((api.name.as_str(), api.base_path.as_str()), ("shop", "/api"));
    assert_eq!(api.sources.parameter.as_ref().map(|name| name.as_str()), Some("version"));
    assert!(matches!(&api.unspecified, Unspecified::Version(version) if version.value == "1"));
    assert_eq!((api.on_unacceptable, api.on_error), (OnUnacceptable::Default, OnError::Pass));
    let consumers: Vec<ConsumerSource> = api.consumer.iter().map(|source| source.value.clone()).collect();
    let header = ConsumerSource::Header("X-Consumer".to_owned());
    assert_eq!(consumers[..2], [ConsumerSource::ClientCertificate, header]);
    assert_eq!(api.resources[0].at[1].partial, Some(false));
    assert_eq!(api.routes[0].lives[0].1.brownouts.as_ref().map(Vec::len), Some(0));
    assert_eq!(api.extensions[0].approved_by, "kim");
    let at = &EVERY_KEY[api.name.span.start()..api.name.span.end()];
    assert_eq!(at, "\"shop\"");
}

/// What a file says of a verified claim, the builders say with the keys themselves.
#[test]
fn keys_of_tokens_are_a_file() {
    let api = api(include_str!("../../tests/cases/config/valid/tokens.toml"));
    let ConsumerSource::Claim(mut claim) = api.consumer[0].value.clone() else { panic!("a verified claim") };
    assert_eq!(claim.keys, KeysSpec::File("keys.json".into()));
    claim.keys = KeysSpec::Json("{}".into(), None);
    assert_eq!(claim, VerifiedClaim::new("azp", "{}").with_issuer("https://id.example").with_audience("shop"));
}

#[test]
fn gateway_and_upstreams_are_read() {
    let config = config(EVERY_KEY);
    let listen: Vec<String> = config.gateway.listen.iter().map(|listen| listen.value.to_string()).collect();
    assert_eq!(listen, ["0.0.0.0:80", "unix:/run/sunward.sock", "systemd"]);
    assert_eq!(config.gateway.limits.held_bytes, 1_000_000);
    assert_eq!(config.gateway.limits.decoded_ratio, 200);
    assert_eq!(config.gateway.timeouts.response.as_secs(), 90);
    assert_eq!(config.gateway.timeouts.drain.as_secs(), 36 * 3600);
    assert_eq!(config.gateway.log, LogFormat::Json);
    assert_eq!(config.apis.len(), 1);
    let [shop, other] = &config.upstreams[..] else { panic!("two upstreams") };
    assert_eq!((shop.name.as_str(), other.name.as_str()), ("shop", "other"));
    assert_eq!(shop.instances[0].weight, 3);
    assert_eq!(shop.instances[0].speaks.as_ref().map(|speaks| speaks.as_str()), Some("2"));
    assert_eq!(shop.instances[1].url.to_string(), "http://[::1]:3000/prefix");
    assert_eq!(shop.instances[2].weight, 1);
}

#[test]
fn texts_of_the_gateway_and_of_upstreams_have_variables() {
    let file = r#"[gateway]
listen = "127.0.0.1:${PORT}"
timeouts = { response = "${TIMEOUT:-90s}" }

[[upstream]]
name = "${NAME}"
forward_as = "$${NAME}"
instances = [{ url = "http://${HOST}:${PORT}/a", speaks = "${SPEAKS}" }]
"#;
    let variables = [("HOST", "secret-host.internal"), ("PORT", "8443"), ("SPEAKS", "7"), ("NAME", "shop")];
    let environment =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let (config, found) = read_all(&SourceMap::new("a.toml", file), &environment);
    assert_eq!(found.to_string(), "");
    let config = config.expect("a config");
    assert_eq!(config.gateway.listen[0].value.to_string(), "127.0.0.1:8443");
    assert_eq!(config.gateway.timeouts.response.as_secs(), 90);
    let upstream = &config.upstreams[0];
    assert_eq!(upstream.name.value, "shop");
    assert_eq!(upstream.forward_as.as_ref().map(|prefix| prefix.as_str()), Some("${NAME}"));
    assert_eq!(upstream.instances[0].url.to_string(), "http://secret-host.internal:8443/a");
    assert_eq!(upstream.instances[0].speaks.as_ref().map(|speaks| speaks.as_str()), Some("7"));
}

#[test]
fn an_empty_file_has_the_defaults_of_a_gateway() {
    assert_eq!(config("").gateway, GatewaySpec::default());
}

#[test]
fn one_may_stand_for_a_list() {
    let api = api(WORDS);
    assert!(matches!(&api.unspecified, Unspecified::Reject));
    assert_eq!(api.consumer.iter().map(|source| &source.value).collect::<Vec<_>>(), [&ConsumerSource::UserAgent]);
    assert_eq!(api.versions[0].known.len(), 1);
    assert_eq!((api.changes[0].on.len(), api.changes[0].at.len()), (1, 1));
    assert_eq!(api.versions[0].life.brownouts.as_ref().expect("brownouts")[0].shares, [50.0]);
}

#[test]
fn maps_are_read_in_the_order_of_the_file() {
    let ops = ops("{ map = \"/a\", values = { z = 1, a = \"x\" }, pairs = [[2, true]], back = { y = 3 }, \
                   back_pairs = [[4, 5]], other = { json = 'null' } }");
    let OpKind::Map { pairs, other, back, .. } = &ops[0].op else { panic!("a map") };
    let text = |pairs: &[(crate::json::Literal, crate::json::Literal)]| {
        pairs.iter().map(|(old, new)| format!("{} {}", old.as_str(), new.as_str())).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(text(pairs), "\"z\" 1, \"a\" \"x\", 2 true");
    assert_eq!(text(back), "\"y\" 3, 4 5");
    assert!(matches!(other, Other::Value(value) if value.as_str() == "null"));
}

/// What is left of a file with errors serves the checks that come after, and causes them no findings of its own.
#[test]
fn what_cannot_be_read_is_left_out() {
    let (config, found) = read(
        "[[api]]\nname = \"a\"\n[[api.version]]\nname = \"1\"\n[[api.version]]\n[[api.change]]\nversion = \"1\"\n\
         summary = \"x\"\nops = [{ renam = \"/a\" }, { add = \"/b\", value = 1 }]\n[[api.change]]\nversion = \"1\"\nops = []\n",
    );
    let api = &config.expect("a config").apis[0];
    assert_eq!(found.len(), 3);
    assert_eq!((api.versions.len(), api.changes.len()), (1, 1));
}

/// The entries of the lists named by `path`: all ops of all changes of all apis.
fn entries(table: &toml::Value, path: &[&str]) -> usize {
    let [key, rest @ ..] = path else { return 1 };
    match table.get(key) {
        Some(toml::Value::Array(list)) => list.iter().map(|entry| entries(entry, rest)).sum(),
        Some(other) => entries(other, rest),
        None => 0,
    }
}

/// What loads with a warning loads whole: a change that is left out would let bodies pass unmigrated.
#[test]
fn warnings_lose_nothing() {
    let mut warned = 0;
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/config");
    let files = ["valid", "semantic"].map(|folder| fs::read_dir(cases.join(folder)).expect("a folder"));
    for path in files.into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
        let source = fs::read_to_string(&path).expect("a string");
        let (Some(config), found) = read(&source) else { continue };
        if found.has_errors() {
            continue;
        }
        warned += usize::from(!found.is_empty());
        let table: toml::Value = toml::from_str(&source).expect("it was read");
        let apis = || config.apis.iter();
        let read = [
            (apis().count(), &["api"][..]),
            (apis().map(|api| api.versions.len()).sum(), &["api", "version"]),
            (apis().map(|api| api.routes.len()).sum(), &["api", "route"]),
            (apis().map(|api| api.extensions.len()).sum(), &["api", "extension"]),
            (apis().flat_map(|api| &api.resources).count(), &["api", "resource"]),
            (apis().flat_map(|api| &api.changes).count(), &["api", "change"]),
            (apis().flat_map(|api| &api.changes).map(|change| change.ops.len()).sum(), &["api", "change", "ops"]),
            (config.upstreams.len(), &["upstream"]),
            (config.upstreams.iter().map(|upstream| upstream.instances.len()).sum(), &["upstream", "instances"]),
        ];
        for (count, keys) in read {
            assert_eq!(count, entries(&table, keys), "{}: {}", path.display(), keys.join("."));
        }
    }
    assert!(warned > 0, "no file has a warning and no error");
}

/// The values of a file without their places in it.
fn unplaced(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:#?}");
    let mut lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.retain(|line| !line.starts_with("start: ") && !line.starts_with("end: "));
    lines.join("\n")
}

/// The builders say all that a file can say: this is the api of the file with every key. Cases are tried in
/// `tests/it/testing.rs`.
#[test]
fn builders_say_what_the_file_says() {
    let mut read = api(EVERY_KEY);
    read.cases.clear();
    assert_same(&read, &built());
    assert_same(&config(EVERY_KEY).consumers, &registered());
}

fn assert_same(read: &impl std::fmt::Debug, built: &impl std::fmt::Debug) {
    let (read, built) = (unplaced(read), unplaced(built));
    let differ = read.lines().zip(built.lines()).position(|(read, built)| read != built);
    let around = |text: &str| {
        let from = differ.unwrap_or_default().saturating_sub(8);
        text.lines().skip(from).take(16).collect::<Vec<_>>().join("\n")
    };
    assert!(read == built, "the file:\n{}\n\nRust:\n{}", around(&read), around(&built));
}

fn built() -> Api {
    let json = |text: &str| Literal::parse(text).expect("JSON");
    let hours = |hours: u64| Duration::from_secs(3600 * hours);
    let brownout = Brownout::new("2025-11-03T14:00:00Z", hours(2))
        .with_ramp(hours(7 * 24), [1.0, 12.5, 100.0])
        .with_share_of(ShareOf::Requests)
        .with_status(503)
        .with_route("GET /users")
        .with_consumer("acme")
        .with_exempt("umbrella")
        .with_dry_run(true);
    let first = Version::new("1")
        .with_released("2023-01-01")
        .with_deprecated("2025-01-01T00:00:00+02:00")
        .with_closed("2025-06-01")
        .with_sunset("Thu, 01 Jan 2026 00:00:00 GMT")
        .with_hold_sunset(true)
        .with_docs("https://docs.example.com/v2")
        .with_policy("https://docs.example.com/policy")
        .with_known("acme")
        .with_known("umbrella")
        .with_strict(false)
        .with_brownout(brownout);
    let user = Resource::new("user").with_at("GET /users/{id} -> 200").with_partial_at("PATCH /users/{id} <-", false);
    let user = user.with_except("GET /health").with_except("* /ping").with_link("/url").with_link("/pages/*/href");
    let change = Change::new("2", "Everything").with_on("user").with_on("order").with_at("GET /things -> 200");
    let change = change.with_except("GET /health").with_breaking(true).with_strict(false).with_on_error(OnError::Fail);
    let own = When::own;
    let cel = |text| When::cel(text).expect("an expression");
    let one_of = |list: &[&str]| Test::In(list.iter().map(|text| json(text)).collect());
    let codes = |which| OpSpec::unwrap("/codes", Wrapper::Array).with_which(which);
    let x_is_1 = || When::at("/x", Test::equals(1));
    let ops = [
        OpSpec::add("/plan", json(r#"{"name":"free","price":1.50,"tags":[1,16,true,"x"]}"#)),
        OpSpec::add("/none", Literal::null())
            .with_when(When::present("/plan"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::copy("/name", "/full_name").with_when(When::equals("/kind", "card")).with_on_error(OnError::Fail),
        OpSpec::compute("/label", "{/first} {/last}")
            .with_when(When::equals("/n", json("1.0")))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Fail)
            .with_keep(true),
        OpSpec::compute_cel("/visibility", "self.private ? 'private' : 'public'")
            .with_back_cel("/private", "self.visibility == 'private'")
            .with_lossy(true),
        OpSpec::rename("/a", "/b")
            .with_expand(true)
            .with_when(When::present("/a"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass)
            .with_keep(true),
        OpSpec::relocate("/city", "/address/city")
            .with_when(When::present("/city"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass)
            .with_keep(true),
        OpSpec::remove("/fax")
            .with_restore("")
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::remove("/tel").with_restore(Literal::null()),
        OpSpec::remove("/telex").with_lossy(true),
        OpSpec::add_optional("/topics"),
        OpSpec::remove("/virtual_size").with_restore_from("/size").with_restore(0),
        OpSpec::remove("/link").with_restore_text("/things/{/id}"),
        OpSpec::wrap("/tag", Wrapper::Array)
            .with_many(Many::First)
            .with_which(When::present("/x"))
            .with_lossy(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::wrap("", Wrapper::member("data")),
        OpSpec::unwrap("/list", Wrapper::Array)
            .with_which(When::equals("/x", 1))
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::split("/name", &["/first", "/last"], " ")
            .with_lossy(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass)
            .with_keep(true),
        OpSpec::join(&["/c", "/d"], "/e", ", ")
            .with_lossy(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass)
            .with_keep(true),
        OpSpec::map("/status", [("active", "enabled"), ("off", "disabled"), ("gone", "disabled")])
            .with_other(Other::Keep)
            .with_back([("disabled", "off")])
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::map("/level", [(1, "low"), (2, "low")]).with_other(Other::Value(0.into())).with_back([("low", 1)]),
        OpSpec::map("/list", [(json("[]"), Literal::null())]).with_back([(json("false"), json("[]"))]),
        OpSpec::map("/grade", Vec::<(Literal, Literal)>::new()).with_other(Other::Value(Literal::null())),
        OpSpec::convert("/cents", "integer", "decimal")
            .with_scale(2)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::convert("/at", "unix-seconds", "rfc3339"),
        OpSpec::convert("/created", ValueFormat::strftime("%d.%m.%Y"), "date"),
        OpSpec::convert("/sent", "rfc2822", "http-date"),
        OpSpec::convert("/payload", "json-text", "json"),
        OpSpec::scale("/price", "100")
            .with_digits(0)
            .with_back_digits(2)
            .with_rounding(Rounding::HalfEven)
            .with_text(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::divide("/size", "1024"),
        OpSpec::replace("/day", (r"(?<d>\d+)\.(?<m>\d+)", "{m}/{d}"), (r"(?<m>\d+)/(?<d>\d+)", "{d}.{m}"))
            .with_lossy(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::replace_prefix("/due/*", "legal_entity.", "individual.")
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::replace_suffix("/file", ".jpeg", "")
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::split_list("/tags", ", ").with_lossy(true).with_when(When::present("/x")).with_on_error(OnError::Pass),
        OpSpec::join_list("/scopes", " ").with_lossy(true),
        OpSpec::move_many("/end", "/items/*/end", Many::First).with_lossy(true).with_keep(true),
        OpSpec::count("/items", "/total")
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::entries("/volumes", "/path")
            .with_to("/mounts")
            .with_value("/source")
            .with_lossy(true)
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::keyed("/env", "/name")
            .with_to("/vars")
            .with_value("/value")
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::pick("/metrics", "/cpu")
            .with_which(When::equals("/name", "cpu"))
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::put("/email", "/emails")
            .with_which(When::own(Test::has_type([JsonType::String])))
            .with_position(ElementPosition::Last)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::partition("/items", When::at("/archived", Test::Present), "/archive")
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::nest("", "billing_", "/billing")
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::flatten("/shipping", "shipping_")
            .with_keep(true)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::unwrap_only("/settings", "/kind"),
        OpSpec::wrap_named("/target", "/target/type"),
        OpSpec::rename_all("", NameCase::Snake, NameCase::Camel)
            .with_except("_links")
            .with_name("line_2", "line2")
            .with_depth(2)
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::patch(
            json(r#"[{"op":"remove","path":"/y"}]"#),
            json(r#"[{ "op": "add", "path": "/y", "value": null }]"#),
        )
        .with_when(When::present("/x"))
        .with_else(Otherwise::Fail)
        .with_on_error(OnError::Pass),
        OpSpec::add_header("X-Plan", "free"),
        OpSpec::rename_header("X-Old", "X-New").with_keep(true),
        OpSpec::remove_header("X-Gone").with_restore("1"),
        OpSpec::add_query("page", "1"),
        OpSpec::rename_cookie("sid", "session").with_keep(true),
        OpSpec::rename_query("q", "query").with_keep(true),
        OpSpec::remove_query("debug").with_restore("").with_lossy(true),
        OpSpec::map_query("sort", &[("name", "title")]),
        OpSpec::rename_query_values("fields", NameCase::Snake, NameCase::Camel)
            .with_except("_links")
            .with_name("line_2", "line2"),
        OpSpec::map_status(200, 201),
        OpSpec::map_status(404, 200).with_when(When::equals("/error", "not_found")),
        OpSpec::map_content_type("application/json", "application/problem+json"),
        OpSpec::rename_prefix("/people", "/users"),
        OpSpec::add_route("POST /users"),
        OpSpec::remove_route("GET /faxes"),
        OpSpec::move_route("GET /people/{id}", "GET /users/{id}"),
        OpSpec::move_route("GET /{index}/{type}/{id}", "GET /{index}/_doc/{id}")
            .with_query("typed", "yes")
            .with_lost("type", "_doc"),
        OpSpec::wrap("/list", Wrapper::Array).with_which(When::equals("/x", 1)),
        OpSpec::require("/currency", "EUR")
            .with_when(When::present("/x"))
            .with_else(Otherwise::Fail)
            .with_on_error(OnError::Pass),
        OpSpec::require("/unit", Literal::null()),
        OpSpec::require_that("/size", own(one_of(&["\"S\"", "1.50"]))).with_when(When::absent("/x")),
        OpSpec::require_that("/size", own(one_of(&["null", "\"M\""]))).with_when(When::any([
            When::at("/k", Test::has_type([JsonType::String])),
            When::all([When::present("/x"), When::at("/k", one_of(&["1", "2"])).not()]),
        ])),
        OpSpec::require_that("/size", own(Test::has_type([JsonType::String, JsonType::Integer])))
            .with_when(When::at("/k", one_of(&["1"]))),
        OpSpec::require_that("/size", When::any([own(Test::has_type([JsonType::Null])), own(Test::equals("S"))])),
        OpSpec::require_that("/size", When::all([own(Test::has_type([JsonType::String]))])),
        OpSpec::require_that("/size", own(Test::equals(0)).not()),
        OpSpec::require_that("/size", cel("self > 0")).with_when(cel("has(self.size)")),
        OpSpec::relocate("/port", "/port_number").with_when(own(Test::has_type([JsonType::Number]))),
        codes(own(Test::has_type([JsonType::String]))),
        codes(When::absent("/x")),
        codes(cel("self != ''")),
        codes(own(one_of(&["\"a\""]))),
        codes(own(one_of(&["1"]))),
        codes(When::any([x_is_1()])),
        codes(When::all([x_is_1()])),
        codes(x_is_1().not()),
    ];
    let route = Route::new("GET /users/{id}")
        .with_default("1")
        .with_speaks("1")
        .with_upstream("other")
        .with_timeout(Duration::from_secs(10))
        .with_content(Content::Ndjson)
        .with_request_content(Content::Json)
        .with_on_untyped(OnUntyped::Pass)
        .with_forms(FieldNames::Plain)
        .with_deprecated("1", "2024-01-01")
        .with_closed("1", "2024-02-01")
        .with_sunset("1", "2024-03-01")
        .with_hold_sunset("1", false)
        .with_brownouts("1", []);
    Api::new("shop")
        .with_base_path("/api")
        .with_upstream("shop")
        .with_host("shop.example.com")
        .with_host("*.shops.example.com")
        .with_path_case(PathCase::Insensitive)
        .with_undeclared(OnUndeclared::Refuse)
        .with_scheme(Scheme::Major)
        .with_precedence([
            VersionSource::Path,
            VersionSource::Accept,
            VersionSource::Header,
            VersionSource::Query,
            VersionSource::Host,
        ])
        .with_unspecified("1")
        .with_on_unacceptable(OnUnacceptable::Default)
        .with_waterfall(false)
        .with_alias("stable", "2")
        .with_exclude("/api/health")
        .with_exclude("/api/docs/*")
        .with_speaks("2")
        .with_forward_as("/api/v{version}")
        .with_response_header("Api-Version")
        .with_docs("https://docs.example.com/versions")
        .with_problem_types("https://docs.example.com/problems/")
        .with_strict(true)
        .with_on_error(OnError::Pass)
        .with_on_untyped(OnUntyped::Fail)
        .with_forms(FieldNames::Brackets)
        .with_pause(true)
        .with_dry_run(true)
        .with_clamp_freshness(true)
        .with_cors(Cors::new(["https://app.example.com", "https://*.example.com"]).with_credentials(true))
        .with_consumer_source(ConsumerSource::ClientCertificate)
        .with_consumer_source(ConsumerSource::Header("X-Consumer".into()))
        .with_consumer_source(ConsumerSource::TrustedHeader("X-Authenticated-Client".into()))
        .with_consumer_source(ConsumerSource::Key(KeySource::Header("X-Api-Key".into())))
        .with_consumer_source(ConsumerSource::Key(KeySource::scheme("Authorization", "Bearer")))
        .with_consumer_source(ConsumerSource::Key(KeySource::Query("api_key".into())))
        .with_consumer_source(ConsumerSource::Key(KeySource::Basic))
        .with_consumer_source(ConsumerSource::Claimed("azp".into()))
        .with_consumer_source(ConsumerSource::Network)
        .with_consumer_source(ConsumerSource::UserAgent)
        .with_pin("acme", "1")
        .with_version_path("/v{version}")
        .with_version_accept("application/vnd.shop.v{version}+json")
        .with_version_parameter("version")
        .with_version_header("Api-Version")
        .with_version_query("version")
        .with_version_host("v{version}.example.com")
        .with_version(first)
        .with_version(Version::new("2"))
        .with_resource(user)
        .with_resource(Resource::new("order").with_at("GET /orders/{id} -> 200"))
        .with_change(ops.into_iter().fold(change, Change::with_op))
        .with_route(route)
        .with_extension(
            Extension::new("acme", "1", "2027-01-01").with_approved_by("kim").with_reason("their release is in June"),
        )
}

/// The register of the file with every key.
fn registered() -> [RegisteredConsumer; 2] {
    let acme = RegisteredConsumer::new("acme")
        .with_match("key-57d51e87c2b4bd55")
        .with_match("claimed:acme-app")
        .with_match("net:192.0.2.0/24")
        .with_owner("Acme, accounting")
        .with_contact("api@acme.example")
        .with_tag("partner")
        .with_tag("invoices")
        .with_expected_use(ExpectedUse::Monthly);
    let probe = RegisteredConsumer::new("probe")
        .with_match("blackbox-exporter")
        .with_contact("https://hooks.example.com/sunward")
        .with_role(ConsumerRole::Ignored("a probe, which follows the newest version".into()));
    [acme, probe]
}
