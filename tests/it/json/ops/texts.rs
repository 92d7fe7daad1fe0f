//! Ops on texts: they are cut, put together and made of others; and the conditions of ops.

use super::*;

#[test]
fn split_and_join() {
    let apart = || split("/name", &["/first", "/last"], " ");
    let together = || join(&["/first", "/last"], "/name", " ");
    run(vec![
        ("split at the first", one(apart()), r#"{"name":"a b c","x":1}"#, Ok(r#"{"x":1,"first":"a","last":"b c"}"#)),
        ("split fewer", one(apart()), r#"{"name":"a"}"#, Ok(r#"{"first":"a"}"#)),
        ("split an empty text", one(apart()), r#"{"name":""}"#, Ok(r#"{"first":""}"#)),
        ("split null", one(apart()), r#"{"name":null}"#, Ok(r#"{"first":null,"last":null}"#)),
        ("split nothing", one(apart()), "{}", Ok("{}")),
        ("split a number", one(apart()), r#"{"name":1}"#, Err("expected a string, found a number at `/name`")),
        ("split an escaped separator", one(apart()), r#"{"name":"a\u0020\u0062"}"#, Ok(r#"{"first":"a","last":"b"}"#)),
        ("split keeps lone surrogates", one(apart()), r#"{"name":"\uDEAD b"}"#, Ok(r#"{"first":"\uDEAD","last":"b"}"#)),
        (
            "split into objects",
            one(split("/n", &["/n/a", "/n/b"], "-")),
            r#"{"n":"1-2"}"#,
            Ok(r#"{"n":{"a":"1","b":"2"}}"#),
        ),
        ("split onto another", one(apart()), r#"{"last":"z","name":"a b"}"#, Ok(r#"{"last":"b","first":"a"}"#)),
        ("split and keep", one(keep(apart())), r#"{"last":"z","name":"a b"}"#, Ok(r#"{"last":"z","first":"a"}"#)),
        (
            "split in vain",
            vec![pass(step(split("/name", &["/first", "/o/last"], " ")))],
            r#"{"name":"a b","o":1}"#,
            Ok(r#"{"name":"a b","o":1}"#),
        ),
        (
            "split out of an object",
            one(split("/o/name", &["/a", "/b"], " ")),
            r#"{"o":{"name":"a b"}}"#,
            Ok(r#"{"a":"a","b":"b"}"#),
        ),
        (
            "split the last of duplicates",
            one(apart()),
            r#"{"name":"x","name":"a b"}"#,
            Ok(r#"{"first":"a","last":"b"}"#),
        ),
        ("join", one(together()), r#"{"first":"a","x":1,"last":"b c"}"#, Ok(r#"{"x":1,"name":"a b c"}"#)),
        ("join what is present", one(together()), r#"{"last":"b"}"#, Ok(r#"{"name":"b"}"#)),
        ("join takes null for absent", one(together()), r#"{"first":null,"last":"b"}"#, Ok(r#"{"name":"b"}"#)),
        ("join nulls only", one(together()), r#"{"first":null,"last":null}"#, Ok(r#"{"name":null}"#)),
        ("join nothing", one(together()), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        (
            "join a number",
            one(together()),
            r#"{"first":"a","last":1}"#,
            Err("expected a string, found a number at `/last`"),
        ),
        (
            "join with fewest escapes",
            one(join(&["/a", "/b"], "/c", "\"\n")),
            r#"{"a":"\u0041\uDEAD","b":"\/"}"#,
            Ok(r#"{"c":"A\uDEAD\"\n/"}"#),
        ),
        ("join onto a source", one(join(&["/a", "/b"], "/a", " ")), r#"{"a":"1","b":"2"}"#, Ok(r#"{"a":"1 2"}"#)),
        (
            "join out of objects",
            one(join(&["/o/a", "/o/b"], "/n", "")),
            r#"{"o":{"a":"1","b":"2"}}"#,
            Ok(r#"{"n":"12"}"#),
        ),
        ("join and keep", one(keep(together())), r#"{"name":"z","first":"a"}"#, Ok(r#"{"name":"z"}"#)),
        (
            "join over its own parent",
            one(join(&["/n/a"], "/n", "")),
            r#"{"n":{"a":"1","b":2}}"#,
            Err("inside its own target"),
        ),
        ("split then join", vec![step(apart()), step(together())], r#"{"name":" a  b "}"#, Ok(r#"{"name":" a  b "}"#)),
    ]);
}

#[test]
fn computes_and_conditions() {
    let label = || compute("/label", &["/first", " {", "/n", "}"]);
    let by_kind = |step| when(0, "/kind", Some("\"card\""), step);
    let inner = Op::Compute {
        at: pointer("/id"),
        template: vec![
            TextPart::Value(Reference { level: 0, pointer: pointer("/p") }),
            TextPart::Value(Reference { level: 1, pointer: pointer("/q") }),
            TextPart::Value(Reference { level: 2, pointer: pointer("/r") }),
        ],
        collision: Collision::Replace,
    };
    run(vec![
        (
            "compute",
            one(label()),
            r#"{"first":"\u0041","n":1.10}"#,
            Ok(r#"{"first":"\u0041","n":1.10,"label":"A {1.10}"}"#),
        ),
        (
            "compute a flag",
            one(label()),
            r#"{"first":"a","n":true}"#,
            Ok(r#"{"first":"a","n":true,"label":"a {true}"}"#),
        ),
        ("compute without a source", one(label()), r#"{"first":"a"}"#, Ok(r#"{"first":"a"}"#)),
        ("compute with null", one(label()), r#"{"first":"a","n":null}"#, Ok(r#"{"first":"a","n":null}"#)),
        (
            "compute of an object",
            one(label()),
            r#"{"first":"a","n":{}}"#,
            Err("a string, a number or a boolean, found an object at `/n`"),
        ),
        (
            "compute onto another",
            one(label()),
            r#"{"label":"x","first":"a","n":1}"#,
            Ok(r#"{"label":"a {1}","first":"a","n":1}"#),
        ),
        (
            "compute and keep",
            one(keep(label())),
            r#"{"label":"x","first":"a","n":1}"#,
            Ok(r#"{"label":"x","first":"a","n":1}"#),
        ),
        ("compute makes objects", one(compute("/o/l", &["/a"])), r#"{"a":1}"#, Ok(r#"{"a":1,"o":{"l":"1"}}"#)),
        (
            "compute into a number",
            one(compute("/a/l", &["/a"])),
            r#"{"a":1}"#,
            Err("expected an object, found a number at `/a`"),
        ),
        (
            "compute over levels",
            vec![step_at("/a/*/b/*", inner)],
            r#"{"p":1,"a":[{"q":2,"b":[{"r":3},{"r":4},{}]}]}"#,
            Ok(r#"{"p":1,"a":[{"q":2,"b":[{"r":3,"id":"123"},{"r":4,"id":"124"},{}]}]}"#),
        ),
        (
            "when equal",
            vec![by_kind(step(rename("/a", "b")))],
            r#"{"kind":"c\u0061rd","a":1}"#,
            Ok(r#"{"kind":"c\u0061rd","b":1}"#),
        ),
        (
            "when not equal",
            vec![by_kind(step(rename("/a", "b")))],
            r#"{"kind":"cash","a":1}"#,
            Ok(r#"{"kind":"cash","a":1}"#),
        ),
        ("when equal by value", vec![when(0, "/v", Some("1e1"), step(drop_op("/v")))], r#"{"v":10.0}"#, Ok("{}")),
        (
            "when equal without order",
            vec![when(0, "/v", Some(r#"{"a":1,"b":[]}"#), step(drop_op("/v")))],
            r#"{"v":{"b":[ ],"a":1.0}}"#,
            Ok("{}"),
        ),
        (
            "when the last is equal",
            vec![by_kind(step(drop_op("/a")))],
            r#"{"kind":"cash","kind":"card","a":1}"#,
            Ok(r#"{"kind":"cash","kind":"card"}"#),
        ),
        (
            "when present as null",
            vec![when(0, "/x", None, step(drop_op("/a")))],
            r#"{"x":null,"a":1}"#,
            Ok(r#"{"x":null}"#),
        ),
        ("when absent", vec![when(0, "/x", None, step(drop_op("/a")))], r#"{"a":1}"#, Ok(r#"{"a":1}"#)),
        (
            "when, for each element",
            vec![when(1, "/x", None, step_at("/*", drop_op("/a")))],
            r#"[{"x":1,"a":1},{"a":1}]"#,
            Ok(r#"[{"x":1},{"a":1}]"#),
        ),
        (
            "when, seen from above",
            vec![when(0, "/x", None, step_at("/l/*", drop_op("/a")))],
            r#"{"x":1,"l":[{"a":1}]}"#,
            Ok(r#"{"x":1,"l":[{}]}"#),
        ),
        (
            "when level is the resource",
            vec![within("/d", when(0, "/x", None, step_at("/l/*", drop_op(""))))],
            r#"{"d":{"x":0,"l":[1]}}"#,
            Ok(r#"{"d":{"x":0,"l":[]}}"#),
        ),
    ]);
}

#[test]
fn parts_that_are_joined_come_back() {
    let together = || one(exact(join(&["/a", "/b", "/c"], "/n", "-")));
    run(vec![
        ("as they were", together(), r#"{"a":"1","b":"","c":"3-4"}"#, Ok(r#"{"n":"1--3-4"}"#)),
        ("without the last", together(), r#"{"a":"1","b":"2"}"#, Ok(r#"{"n":"1-2"}"#)),
        ("null like an absent one", together(), r#"{"a":"1","b":"2","c":null}"#, Ok(r#"{"n":"1-2"}"#)),
        ("escapes", together(), r#"{"a":"\u0031","b":"\u00e9"}"#, Ok(r#"{"n":"1-é"}"#)),
        ("all null", together(), r#"{"a":null,"b":null,"c":null}"#, Ok(r#"{"n":null}"#)),
        ("none", together(), "{}", Ok("{}")),
        (
            "a separator in a part",
            together(),
            r#"{"a":"1-2","b":"3"}"#,
            Err("would not come back from the joined string at `/a`"),
        ),
        ("a separator in the last that is there", together(), r#"{"a":"1-2"}"#, Err("would not come back")),
        ("an escaped separator", together(), r#"{"a":"1\u002d2"}"#, Err("would not come back")),
        ("a gap", together(), r#"{"a":"1","c":"3"}"#, Err("would not come back")),
        ("null before another", together(), r#"{"a":null,"b":"2"}"#, Err("would not come back")),
        ("or they pass", vec![pass(step(exact(join(&["/a", "/b"], "/n", "-"))))], r#"{"b":"2"}"#, Ok(r#"{"b":"2"}"#)),
    ]);
}

fn exact(mut op: Op) -> Op {
    if let Op::Join { lossy, .. } = &mut op {
        *lossy = false;
    }
    op
}

#[test]
fn a_part_that_is_not_in_the_text_is_absent() {
    let apart = || split("/n", &["/a", "/b"], " ");
    run(vec![
        ("another value goes", one(apart()), r#"{"n":"x","b":"old"}"#, Ok(r#"{"a":"x"}"#)),
        ("unless it is kept", one(keep(apart())), r#"{"n":"x","b":"old"}"#, Ok(r#"{"b":"old","a":"x"}"#)),
        ("with its object", one(split("/n", &["/a", "/o/b"], " ")), r#"{"n":"x","o":{"b":1}}"#, Ok(r#"{"a":"x"}"#)),
        ("all of them", one(apart()), r#"{"n":"x","b":1,"b":2}"#, Ok(r#"{"a":"x"}"#)),
    ]);
}

#[test]
fn parts_of_a_url_are_encoded() {
    let encoded = |at: &str| {
        let value = TextPart::Value(Reference { level: 0, pointer: pointer(at) });
        let template = vec![TextPart::Text("/a?b=".into()), TextPart::Encoded(Box::new(value))];
        one(Op::Compute { at: pointer("/url"), template, collision: Collision::Replace })
    };
    run(vec![
        (
            "what is unreserved stays",
            encoded("/i"),
            r#"{"i":"aZ09-._~"}"#,
            Ok(r#"{"i":"aZ09-._~","url":"/a?b=aZ09-._~"}"#),
        ),
        (
            "all else does not",
            encoded("/i"),
            r#"{"i":"a&b=c %?#/+\"é"}"#,
            Ok(r#"{"i":"a&b=c %?#/+\"é","url":"/a?b=a%26b%3Dc%20%25%3F%23%2F%2B%22%C3%A9"}"#),
        ),
        (
            "by the character",
            encoded("/i"),
            r#"{"i":"\u0041\u00e9\n"}"#,
            Ok(r#"{"i":"\u0041\u00e9\n","url":"/a?b=A%C3%A9%0A"}"#),
        ),
        ("a number", encoded("/i"), r#"{"i":-1.5e+3}"#, Ok(r#"{"i":-1.5e+3,"url":"/a?b=-1.5e%2B3"}"#)),
        ("null is absent", encoded("/i"), r#"{"i":null}"#, Ok(r#"{"i":null}"#)),
        ("nothing", encoded("/i"), "{}", Ok("{}")),
        ("an object", encoded("/i"), r#"{"i":{}}"#, Err("a string, a number or a boolean, found an object at `/i`")),
    ]);
}
