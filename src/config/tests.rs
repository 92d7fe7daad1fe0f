//! What the specs hold once a file is read.

use std::time::Duration;

use super::{Config, read, value};
use crate::catalog::{Api, ConsumerSource, OnUnacceptable, ShareOf, Unspecified};
use crate::change::{HeadSpec, Loss, OpKind, OpSpec, OtherSpec, RouteSpec};
use crate::json::{Many, OnError, Wrapper};

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
        OpKind::Add { value, .. } => value.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn constants_are_spelled_as_they_stand() {
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
    assert!(matches!(
        &api.consumer[..],
        [ConsumerSource::ClientCertificate, ConsumerSource::Header(_), ConsumerSource::UserAgent]
    ));
    assert_eq!(api.resources[0].at[1].partial, Some(false));
    assert_eq!(api.routes[0].lives[0].1.brownouts.as_ref().map(Vec::len), Some(0));
    assert_eq!(api.extensions[0].approved_by, "kim");
    let at = &EVERY_KEY[api.name.span.start()..api.name.span.end()];
    assert_eq!(at, "\"shop\"");
}

#[test]
fn one_may_stand_for_a_list() {
    let api = api(WORDS);
    assert!(matches!(&api.unspecified, Unspecified::Reject));
    assert!(matches!(&api.consumer[..], [ConsumerSource::UserAgent]));
    assert_eq!(api.versions[0].known.len(), 1);
    assert_eq!((api.changes[0].on.len(), api.changes[0].at.len()), (1, 1));
    assert_eq!(api.versions[0].life.brownouts.as_ref().expect("brownouts")[0].shares, [50.0]);
}

#[test]
fn ops_are_read() {
    let ops = api(EVERY_KEY).changes.remove(0).ops;
    assert_eq!(ops.len(), 35);
    assert!(matches!(&ops[0].op, OpKind::Add { value, .. }
        if value.as_str() == r#"{"name":"free","price":1.50,"tags":[1,16,true,"x"]}"#));
    assert!(
        matches!(&ops[1], OpSpec { op: OpKind::Add { value, .. }, when: Some(when), on_error: Some(OnError::Pass), keep: true, .. }
        if value.as_str() == "null" && when.equals.is_none())
    );
    let equals = |op: &OpSpec| Some(op.when.as_ref()?.equals.as_ref()?.as_str().to_owned());
    assert_eq!((equals(&ops[2]).as_deref(), equals(&ops[3]).as_deref()), (Some("\"card\""), Some("1.0")));
    assert!(ops[4].expand && !ops[5].expand);
    assert!(matches!(&ops[8].op, OpKind::Remove { restore: None, lossy: true, .. }));
    assert!(matches!(
        &ops[9].op,
        OpKind::Wrap { into: Wrapper::Array, loss: Loss { many: Many::First, which: Some(_), lossy: true }, .. }
    ));
    assert!(matches!(&ops[10].op, OpKind::Wrap { into: Wrapper::Member(name), .. } if &**name == "data"));
    assert!(matches!(&ops[13].op, OpKind::Join { from, to, on } if from.len() == 2 && **to == "/e" && **on == ", "));
    assert!(matches!(&ops[19].op, OpKind::Patch { back: Some(_), .. }));
    assert!(
        matches!(&ops[22].op, OpKind::Head(HeadSpec::RemoveHeader { restore: Some(text), lossy: false, .. }) if text == "1")
    );
    assert!(
        matches!(&ops[27].op, OpKind::Head(HeadSpec::MapStatus { from, to }) if (from.value, to.value) == (200, 201))
    );
    assert!(matches!(&ops[31].op, OpKind::Route(RouteSpec::Move { .. })));
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
    assert!(matches!(other, OtherSpec::Value(value) if value.as_str() == "null"));
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
