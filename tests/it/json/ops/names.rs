//! Names by rule, and ops at any depth.

use std::sync::Arc;

use sunward::json::{NameCase, Program, Renaming};

use super::*;

fn rule() -> Renaming {
    let rule = Renaming::new(NameCase::Snake, NameCase::Camel).with_name("line_2", "line2");
    rule.with_exception("_links").with_exception("raw_data").with_name("raw_data", "rawData")
}

fn rename_all(at: &str, renaming: Renaming, depth: Option<u32>) -> Op {
    Op::RenameAll { at: pointer(at), renaming: Arc::new(renaming), depth }
}

fn all() -> Step {
    step(rename_all("", rule(), None))
}

fn back() -> Step {
    step(rename_all("", rule().reversed(), None))
}

/// No part of the document is held for the steps.
fn streams(steps: &[Step]) {
    let shown = Program::new(steps, sunward::json::Mode::Whole).to_string();
    assert!(!shown.contains("held whole"), "{shown}");
}

#[test]
fn names_by_rule() {
    run(vec![
        (
            "at any depth",
            vec![all()],
            r#"{ "first_name" : 1.10, "items":[{"a_b":[[{"c_d":null}]]}, 1],"id":{"x_y":{}} }"#,
            Ok(r#"{ "firstName" : 1.10, "items":[{"aB":[[{"cD":null}]]}, 1],"id":{"xY":{}} }"#),
        ),
        ("a list", vec![all()], r#"[{"a_b":1},2]"#, Ok(r#"[{"aB":1},2]"#)),
        ("a text", vec![all()], r#""a_b""#, Ok(r#""a_b""#)),
        ("spelled oddly", vec![all()], r#"{"a\u005fb":1,"i\u0064":2}"#, Ok(r#"{"aB":1,"i\u0064":2}"#)),
        ("twice", vec![all()], r#"{"a_b":1,"a_b":2}"#, Ok(r#"{"aB":1,"aB":2}"#)),
        (
            "exceptions",
            vec![all()],
            r#"{"line_2":{"a_b":1},"_links":{"a_b":1},"raw_data":[{"a_b":1}],"x_y":{"_links":{"a_b":1}}}"#,
            Ok(r#"{"line2":{"aB":1},"_links":{"a_b":1},"rawData":[{"a_b":1}],"xY":{"_links":{"a_b":1}}}"#),
        ),
        (
            "a name that does not come back",
            vec![all()],
            r#"{"a":{"userId":1}}"#,
            Err("cannot be converted to the other case and back"),
        ),
        (
            "one that another has by itself",
            vec![all()],
            r#"{"line2":1}"#,
            Err("cannot be converted to the other case and back"),
        ),
        ("a lone surrogate", vec![all()], r#"{"\ud800_a":1}"#, Err("cannot be converted to the other case and back")),
        (
            "it stays, and another becomes the same",
            vec![pass(all())],
            r#"{"x":[{"a_b":1,"aB":2}]}"#,
            Err("two members would have the same name"),
        ),
        (
            "the other way round",
            vec![pass(all())],
            r#"{"aB":1,"c":{},"a_b":2}"#,
            Err("two members would have the same name"),
        ),
        ("in different objects", vec![pass(all())], r#"[{"a_b":1},{"aB":2}]"#, Ok(r#"[{"aB":1},{"aB":2}]"#)),
        ("twice, and it stays", vec![pass(all())], r#"{"aB":1,"aB":2}"#, Ok(r#"{"aB":1,"aB":2}"#)),
        (
            "listed, and it stays",
            vec![pass(all())],
            r#"{"line_2":1,"line2":2}"#,
            Err("two members would have the same name"),
        ),
        (
            "of another op, and it stays",
            vec![step(copy("/a_b", "/c_d")), pass(all())],
            r#"{"a_b":1,"cD":2}"#,
            Err("two members would have the same name"),
        ),
        ("or it stays", vec![pass(all())], r#"{"userId":{"a_b":1},"c_d":2}"#, Ok(r#"{"userId":{"aB":1},"cD":2}"#)),
        (
            "one level",
            vec![step(rename_all("/a", rule(), Some(1)))],
            r#"{"a":[{"b_c":{"d_e":1}}],"f_g":1}"#,
            Ok(r#"{"a":[{"bC":{"d_e":1}}],"f_g":1}"#),
        ),
        (
            "two levels",
            vec![step(rename_all("", rule(), Some(2)))],
            r#"{"a_b":{"b_c":{"d_e":1}}}"#,
            Ok(r#"{"aB":{"bC":{"d_e":1}}}"#),
        ),
        (
            "of each",
            vec![step_at("/items/*", rename_all("", rule(), None))],
            r#"{"a_b":1,"items":[{"a_b":1}]}"#,
            Ok(r#"{"a_b":1,"items":[{"aB":1}]}"#),
        ),
        (
            "there and back",
            vec![all(), back()],
            r#"{ "first_name":{"raw_data":{"a_b":1}}}"#,
            Ok(r#"{ "first_name":{"raw_data":{"a_b":1}}}"#),
        ),
    ]);
}

#[test]
fn names_by_rule_and_other_ops() {
    let value = || Op::Convert { at: pointer("/firstName"), conversion: Conversion::NumberToString };
    run(vec![
        ("renamed before", vec![step(rename("/x", "y_z")), all()], r#"{"x":1,"a_b":2}"#, Ok(r#"{"yZ":1,"aB":2}"#)),
        (
            "and a better one is there",
            vec![step(rename("/x", "y_z")), all()],
            r#"{"y_z":{"a_b":0},"x":{"a_b":1}}"#,
            Ok(r#"{"yZ":{"aB":1}}"#),
        ),
        (
            "renamed behind",
            vec![all(), step(rename("/firstName", "givenName"))],
            r#"{"first_name":{"a_b":1},"n_m":1}"#,
            Ok(r#"{"givenName":{"aB":1},"nM":1}"#),
        ),
        (
            "onto one that is there",
            vec![all(), step(rename("/firstName", "lastName"))],
            r#"{"last_name":{"a_b":0},"first_name":{"a_b":1}}"#,
            Ok(r#"{"lastName":{"aB":1}}"#),
        ),
        (
            "that has a name that does not come back",
            vec![all(), step(rename("/firstName", "lastName"))],
            r#"{"last_name":{"aB":0},"first_name":1}"#,
            Err("cannot be converted to the other case and back"),
        ),
        (
            "whichever comes first",
            vec![all(), step(rename("/firstName", "lastName"))],
            r#"{"first_name":1,"last_name":{"aB":0}}"#,
            Err("cannot be converted to the other case and back"),
        ),
        (
            "one that loses before is not looked at",
            vec![step(rename("/x", "y_z")), all()],
            r#"{"y_z":{"aB":0},"x":1}"#,
            Ok(r#"{"yZ":1}"#),
        ),
        (
            "but it is if it stays",
            vec![step(rename("/x", "y_z")), all()],
            r#"{"y_z":{"aB":0},"w":1}"#,
            Err("cannot be converted to the other case and back"),
        ),
        (
            "three of them",
            vec![step(rename("/x", "y_z")), all(), step(rename("/yZ", "v"))],
            r#"{"v":{"a_b":0},"y_z":{"aB":0},"x":{"c_d":1}}"#,
            Ok(r#"{"v":{"cD":1}}"#),
        ),
        ("a name that none has", vec![all(), step(rename("/a_b", "c"))], r#"{"a_b":1}"#, Ok(r#"{"aB":1}"#)),
        ("dropped behind", vec![all(), step(drop_op("/aB"))], r#"{"a_b":{"c_d":1},"e_f":1}"#, Ok(r#"{"eF":1}"#)),
        (
            "dropped with a name that does not come back",
            vec![all(), step(drop_op("/aB"))],
            r#"{"a_b":{"cD":1}}"#,
            Err("cannot be converted to the other case and back"),
        ),
        ("dropped before", vec![step(drop_op("/a_b")), all()], r#"{"a_b":{"cD":1},"e_f":1}"#, Ok(r#"{"eF":1}"#)),
        (
            "what does not come back goes before",
            vec![step(drop_op("/aB")), all()],
            r#"{"aB":1,"e_f":1}"#,
            Ok(r#"{"eF":1}"#),
        ),
        ("added before", vec![step(add("/a_b", r#"{"c_d":1}"#)), all()], "{}", Ok(r#"{"aB":{"cD":1}}"#)),
        (
            "added behind",
            vec![all(), step(add("/aB", r#"{"c_d":1}"#))],
            r#"{"x_y":1}"#,
            Ok(r#"{"xY":1,"aB":{"c_d":1}}"#),
        ),
        ("it is there", vec![all(), step(add("/aB", "1"))], r#"{"a_b":2}"#, Ok(r#"{"aB":2}"#)),
        (
            "copied before",
            vec![step(copy("/a_b", "/c_d")), all()],
            r#"{"a_b":{"x_y":1}}"#,
            Ok(r#"{"aB":{"xY":1},"cD":{"xY":1}}"#),
        ),
        ("converted behind", vec![all(), step(value())], r#"{"first_name":1}"#, Ok(r#"{"firstName":"1"}"#)),
        (
            "deeper",
            vec![all(), step(rename("/aB/cD", "eF"))],
            r#"{"a_b":{"c_d":1,"x_y":2}}"#,
            Ok(r#"{"aB":{"eF":1,"xY":2}}"#),
        ),
        (
            "in each",
            vec![all(), step_at("/someItems/*", rename("/aB", "c"))],
            r#"{"some_items":[{"a_b":1}]}"#,
            Ok(r#"{"someItems":[{"c":1}]}"#),
        ),
        ("moved", vec![all(), step(relocate("/aB", "/c"))], r#"{"a_b":{"x_y":1},"a_b":2}"#, Ok(r#"{"c":2}"#)),
        (
            "a second rule",
            vec![all(), step(rename_all("", Renaming::new(NameCase::Camel, NameCase::Kebab), None))],
            r#"{"a_b":{"c_d":1}}"#,
            Ok(r#"{"a-b":{"c-d":1}}"#),
        ),
        (
            "every member",
            vec![step_at("/*", rename("/a", "b_c")), all(), step_at("/*", rename("/bC", "d"))],
            r#"{"x_y":{"a":1}}"#,
            Ok(r#"{"xY":{"d":1}}"#),
        ),
    ]);
}

#[test]
fn at_any_depth() {
    let convert = |at: &str| Op::Convert { at: pointer(at), conversion: Conversion::NumberToString };
    run(vec![
        (
            "if the resource has a member",
            vec![when(0, "/k", None, step_at("/**", rename("/a", "b")))],
            r#"{"x":{"a":1},"k":1}"#,
            Ok(r#"{"x":{"b":1},"k":1}"#),
        ),
        (
            "if it has none",
            vec![when(0, "/k", None, step_at("/**", rename("/a", "b")))],
            r#"{"x":{"a":1,"k":1}}"#,
            Ok(r#"{"x":{"a":1,"k":1}}"#),
        ),
        (
            "renamed",
            vec![step_at("/**", rename("/a", "b"))],
            r#"{"a":{"a":[{"a":1.10},[{"a":2}]]},"c":{"a":3}}"#,
            Ok(r#"{"b":{"b":[{"b":1.10},[{"b":2}]]},"c":{"b":3}}"#),
        ),
        (
            "below a place",
            vec![step_at("/q/**", rename("/a", "b"))],
            r#"{"a":1,"q":{"a":{"a":2}}}"#,
            Ok(r#"{"a":1,"q":{"b":{"b":2}}}"#),
        ),
        (
            "a better one is there",
            vec![step_at("/**", rename("/a", "b"))],
            r#"{"x":{"b":0,"a":1}}"#,
            Ok(r#"{"x":{"b":1}}"#),
        ),
        (
            "dropped",
            vec![step_at("/**", drop_op("/a"))],
            r#"{"a":{"a":1},"c":[{"a":1,"d":{"a":2}}]}"#,
            Ok(r#"{"c":[{"d":{}}]}"#),
        ),
        (
            "added",
            vec![step_at("/**", add("/a", r#"{"x":1}"#))],
            r#"{"c":[{}]}"#,
            Ok(r#"{"c":[{"a":{"x":1}}],"a":{"x":1}}"#),
        ),
        (
            "converted",
            vec![step_at("/**", convert("/a"))],
            r#"{"a":1,"c":[{"a":2}]}"#,
            Ok(r#"{"a":"1","c":[{"a":"2"}]}"#),
        ),
        (
            "refused",
            vec![step_at("/**", convert("/a"))],
            r#"{"c":[{"a":{"a":1}}]}"#,
            Err("expected a number, found an object"),
        ),
        (
            "wrapped, the inner one first",
            vec![step_at("/**", wrap("/a", member("v")))],
            r#"{"a":{"a":1}}"#,
            Ok(r#"{"a":{"v":{"a":{"v":1}}}}"#),
        ),
        (
            "taken out",
            vec![step_at("/**", unwrap("/a", member("v")))],
            r#"{"a":{"v":{"a":{"v":1}}}}"#,
            Ok(r#"{"a":{"a":1}}"#),
        ),
        (
            "with more behind",
            vec![step_at("/**/a/*", rename("/b", "c"))],
            r#"{"a":[{"b":1,"a":[{"b":2}]}],"b":3,"x":{"a":{"y":{"b":4}}}}"#,
            Ok(r#"{"a":[{"c":1,"a":[{"c":2}]}],"b":3,"x":{"a":{"y":{"c":4}}}}"#),
        ),
        (
            "two of them",
            vec![step_at("/**", rename("/a", "b")), step_at("/**", rename("/b", "c"))],
            r#"{"a":{"b":{"a":1}}}"#,
            Ok(r#"{"c":{"c":{"c":1}}}"#),
        ),
        (
            "and one that is not",
            vec![step_at("/**", rename("/a", "b")), step(rename("/b/b", "c"))],
            r#"{"a":{"a":{"a":1}}}"#,
            Ok(r#"{"b":{"c":{"b":1}}}"#),
        ),
        (
            "and names by rule",
            vec![step_at("/**", rename("/a", "b_c")), all()],
            r#"{"x_y":{"a":1},"a":2}"#,
            Ok(r#"{"xY":{"bC":1},"bC":2}"#),
        ),
        ("moved", vec![step_at("/**", relocate("/a", "/p/a"))], r#"{"a":{"a":1}}"#, Ok(r#"{"p":{"a":{"p":{"a":1}}}}"#)),
        (
            "where something is",
            vec![when(1, "/k", Some("1"), step_at("/**", rename("/a", "b")))],
            r#"{"a":1,"x":{"k":1,"a":2}}"#,
            Ok(r#"{"a":1,"x":{"k":1,"b":2}}"#),
        ),
        (
            "in a resource",
            vec![within("/r/*", step_at("/**", rename("/a", "b")))],
            r#"{"a":0,"r":[{"a":1,"x":{"a":2}}]}"#,
            Ok(r#"{"a":0,"r":[{"b":1,"x":{"b":2}}]}"#),
        ),
    ]);
}

#[test]
fn what_is_not_held() {
    streams(&[all()]);
    streams(&[all(), step(rename("/firstName", "givenName")), step(add("/plan", "1"))]);
    streams(&[step(drop_op("/fax_number")), all()]);
    streams(&[step(rename("/a", "b")), back(), step_at("/items/*", rename("/x", "y"))]);
    streams(&[step_at("/**", rename("/a", "b")), step_at("/**", drop_op("/c")), step_at("/q/**/x/*", add("/d", "1"))]);
    let deep = format!("{}{}", "[{\"a_b\":".repeat(200), "1".to_owned() + &"}]".repeat(200));
    let renamed = migrate(deep.as_bytes(), &[all()], &MigrateOptions::default()).expect("JSON");
    let program = Program::new(&[all()], sunward::json::Mode::Whole);
    assert_eq!(program.rewrite(deep.as_bytes(), &MigrateOptions::default()).expect("JSON").body, renamed.body);
}
