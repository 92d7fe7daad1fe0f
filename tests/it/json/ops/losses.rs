//! Ops that could lose something, and what they refuse.

use sunward::json::{Many, Test, Wrapper};

use super::*;

fn require(at: &str, json: &str) -> Op {
    Op::Require { at: pointer(at), must: Condition::of(Pointer::ROOT, Test::Equals(literal(json))) }
}

fn prune(at: &str) -> Op {
    Op::Drop { at: pointer(at), prune: true }
}

/// Of the elements whose `/type` is this one.
fn which(at: &str, json: &str) -> Op {
    let which = Condition::of(pointer("/type"), Test::Equals(literal(json)));
    Op::Unwrap { at: pointer(at), from: Wrapper::Array, which: Some(which), many: Many::Error, lossy: false }
}

fn exactly(at: &str, name: &str) -> Op {
    Op::Unwrap { at: pointer(at), from: member(name), which: None, many: Many::Error, lossy: false }
}

#[test]
fn what_is_required() {
    run(vec![
        ("the value", one(require("/c", "\"EUR\"")), r#"{ "c" : "\u0045UR" }"#, Ok(r#"{ "c" : "\u0045UR" }"#)),
        ("another", one(require("/c", "\"EUR\"")), r#"{"c":"USD"}"#, Err("the required one at `/c`")),
        ("null is another", one(require("/c", "1")), r#"{"c":null}"#, Err("at `/c`")),
        ("nothing", one(require("/c/d", "1")), r#"{"c":[]}"#, Ok(r#"{"c":[]}"#)),
        ("by value of numbers", one(require("/a/c", "1.0")), r#"{"a":{"c":10e-1}}"#, Ok(r#"{"a":{"c":10e-1}}"#)),
        ("each", vec![step_at("/*", require("/c", "1"))], r#"[{"c":1},{"c":2}]"#, Err("at `/1/c`")),
        ("or it passes", vec![pass(step(require("/c", "1")))], r#"{"c":2}"#, Ok(r#"{"c":2}"#)),
        (
            "also of what goes",
            vec![step(require("/c", "1")), step(drop_op("/c"))],
            r#"{"c":2,"x":1}"#,
            Err("the required one"),
        ),
        (
            "also of what another becomes",
            vec![step(rename("/b", "c")), step(require("/c", "1"))],
            r#"{"c":2,"b":1}"#,
            Ok(r#"{"c":1}"#),
        ),
        (
            "also of what loses to a constant",
            vec![step(require("/b", "1")), step(add("/c", "3")), step(rename("/c", "b"))],
            r#"{"b":2,"x":1}"#,
            Err("the required one at `/b`"),
        ),
        (
            "what loses to a constant passes",
            vec![step(require("/b", "2")), step(add("/c", "3")), step(rename("/c", "b"))],
            r#"{"b":2,"x":1}"#,
            Ok(r#"{"x":1,"b":3}"#),
        ),
        ("of a constant", vec![step(add("/c", "2")), step(require("/c", "1"))], "{}", Err("the required one")),
        (
            "inside of what is taken out",
            vec![step(require("/a/c", "1")), step(exactly("/a", "c"))],
            r#"{"a":{"c":1}}"#,
            Ok(r#"{"a":1}"#),
        ),
    ]);
}

#[test]
fn members_beside_a_value() {
    run(vec![
        ("nothing", one(exactly("/a", "v")), r#"{"a":{ "v" : 1 },"b":2}"#, Ok(r#"{"a":1,"b":2}"#)),
        ("another member", one(exactly("/a", "v")), r#"{"a":{"v":1,"w":2}}"#, Err("would be lost at `/a`")),
        ("a duplicate", one(exactly("/a", "v")), r#"{"a":{"v":1,"\u0076":2}}"#, Ok(r#"{"a":2}"#)),
        ("null", one(exactly("/a", "v")), r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        (
            "the one that counts",
            one(which("/a", "1")),
            r#"{"a":[{"type":2},{"type":1,"x":3},4]}"#,
            Ok(r#"{"a":{"type":1,"x":3}}"#),
        ),
        ("none that counts", one(which("/a", "1")), r#"{"a":[{"type":2}],"b":1}"#, Ok(r#"{"b":1}"#)),
        ("two that count", one(which("/a", "1")), r#"{"a":[{"type":1},{"type":1.0}]}"#, Err("found 2")),
        ("none, of a list", vec![step(which("/0", "1"))], r#"[[{"type":2}]]"#, Err("the array is empty")),
    ]);
}

#[test]
fn what_is_left_empty() {
    run(vec![
        ("all that is", one(prune("/a/b/c")), r#"{"a":{"b":{"c":1}},"x":2}"#, Ok(r#"{"x":2}"#)),
        ("up to what has more", one(prune("/a/b/c")), r#"{"a":{"b":{"c":1},"x":2}}"#, Ok(r#"{"a":{"x":2}}"#)),
        ("not what was empty", one(prune("/a/b/c")), r#"{"a":{"b":{}}}"#, Ok(r#"{"a":{"b":{}}}"#)),
        ("not an element", vec![step_at("/*", prune("/a/b"))], r#"[{"a":{"b":1}}]"#, Ok("[{}]")),
        ("nor the resource", vec![within("/r", step(prune("/a")))], r#"{"r":{"a":1}}"#, Ok(r#"{"r":{}}"#)),
    ]);
}

#[test]
fn a_part_with_the_name_of_the_whole() {
    let apart = || one(split("/n", &["/n", "/l"], " "));
    let together = || one(join(&["/n", "/l"], "/n", " "));
    run(vec![
        ("it keeps its place", apart(), r#"{"n" : "a b c", "x":1}"#, Ok(r#"{"n" : "a", "x":1,"l":"b c"}"#)),
        (
            "it is the last part",
            one(split("/n", &["/f", "/n"], " ")),
            r#"{"n":"a b","x":1}"#,
            Ok(r#"{"n":"b","x":1,"f":"a"}"#),
        ),
        ("it is a part that is not there", one(split("/n", &["/f", "/n"], " ")), r#"{"n":"a"}"#, Ok(r#"{"f":"a"}"#)),
        ("the last of duplicates", apart(), r#"{"n":"x","n":"a b"}"#, Ok(r#"{"n":"a","l":"b"}"#)),
        ("joined", together(), r#"{"l":"b", "n" : "a"}"#, Ok(r#"{ "n" : "a b"}"#)),
        ("joined without it", together(), r#"{"l":"b"}"#, Ok(r#"{"n":"b"}"#)),
        ("a number is not cut", apart(), r#"{"n":1,"l":2}"#, Err("expected a string")),
        ("null", apart(), r#"{"n":null}"#, Ok(r#"{"n":null,"l":null}"#)),
    ]);
}

#[test]
fn constants_of_partial_places() {
    let of = |change: u32, op: Op| Step { change, partial: true, ..step(op) };
    let filled = |change: u32, at: &str| constant(of(change, add(at, "0")));
    run(vec![
        ("none", vec![filled(1, "/a")], "{}", Ok("{}")),
        (
            "none in what was sent",
            vec![of(1, wrap("/b", member("v"))), filled(1, "/a/c")],
            r#"{"a":{},"b":1}"#,
            Ok(r#"{"a":{},"b":{"v":1}}"#),
        ),
        (
            "in what was made",
            vec![of(1, wrap("/a", member("v"))), filled(1, "/a/c")],
            r#"{"a":1}"#,
            Ok(r#"{"a":{"v":1,"c":0}}"#),
        ),
        (
            "by another change",
            vec![of(1, wrap("/a", member("v"))), filled(2, "/a/c")],
            r#"{"a":1}"#,
            Ok(r#"{"a":{"v":1}}"#),
        ),
        (
            "wherever it went",
            vec![of(1, wrap("/a", member("v"))), of(1, relocate("/a", "/b")), filled(1, "/b/c")],
            r#"{"a":1}"#,
            Ok(r#"{"b":{"v":1,"c":0}}"#),
        ),
        (
            "on the way",
            vec![of(1, relocate("/a", "/b/x/a")), filled(1, "/b/x/c"), filled(1, "/b/c")],
            r#"{"a":{}}"#,
            Ok(r#"{"b":{"x":{"a":{},"c":0},"c":0}}"#),
        ),
        (
            "not inside of what moved",
            vec![of(1, relocate("/a", "/b/a")), filled(1, "/b/a/c")],
            r#"{"a":{}}"#,
            Ok(r#"{"b":{"a":{}}}"#),
        ),
        (
            "not on a way that was there",
            vec![of(1, relocate("/a", "/b/a")), filled(1, "/b/c")],
            r#"{"a":1,"b":{}}"#,
            Ok(r#"{"b":{"a":1}}"#),
        ),
        (
            "beside a place that is whole",
            vec![step(constant(step(add("/a", "1"))).op), of(1, wrap("/a", member("v"))), filled(1, "/a/c")],
            "{}",
            Ok(r#"{"a":{"v":1,"c":0}}"#),
        ),
    ]);
}
