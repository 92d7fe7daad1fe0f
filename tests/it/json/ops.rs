//! Each edge of each op as a row: steps, what goes in, what comes out.

use sunward::json::{Conversion, Custom, Migrated, Op, Options, Other, PatchOp, Step, Wrapper, migrate};

use super::*;

/// What comes out, or a part of the error's text.
type Row<'r> = (&'r str, Vec<Step>, &'r str, Result<&'r str, &'r str>);

fn run(rows: Vec<Row<'_>>) {
    for (name, steps, input, expected) in rows {
        super::agree::agrees(name, &steps, input.as_bytes());
        let result = migrate(input.as_bytes(), &steps, &Options::default());
        match (result.map(|migrated| text(&migrated)), expected) {
            (Ok(body), Ok(expected)) => assert_eq!(body, expected, "{name}"),
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{name}: `{error}` does not say `{expected}`");
                assert!(error.is_value(), "{name}");
            }
            (result, expected) => panic!("{name}: {result:?}, expected {expected:?}"),
        }
    }
}

fn text(migrated: &Migrated) -> String {
    String::from_utf8(migrated.body.clone()).expect("UTF-8")
}

fn one(op: Op) -> Vec<Step> {
    vec![step(op)]
}

#[test]
fn add_and_drop() {
    run(vec![
        (
            "add goes to the end, compact",
            one(add("/plan", "\"free\"")),
            r#"{ "id": 1 }"#,
            Ok(r#"{ "id": 1,"plan":"free" }"#),
        ),
        ("add to an empty object", one(add("/a", "[1, 2]")), "{ }", Ok("{\"a\":[1,2] }")),
        ("add keeps spelling", one(add("/a", "1.10")), "{}", Ok(r#"{"a":1.10}"#)),
        ("add escapes its key", one(add("/a\"\n", "1")), "{}", Ok(r#"{"a\"\n":1}"#)),
        ("add leaves what is there", one(add("/a", "1")), r#"{"a":2}"#, Ok(r#"{"a":2}"#)),
        ("add sees null as present", one(add("/a", "1")), r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        ("add sees an escaped key", one(add("/a", "1")), r#"{"\u0061":2}"#, Ok(r#"{"\u0061":2}"#)),
        ("add makes no objects", one(add("/a/b", "1")), "{}", Ok("{}")),
        ("add into what is no object", one(add("/a/b", "1")), r#"{"a":"x"}"#, Ok(r#"{"a":"x"}"#)),
        ("add into null", one(add("/a/b", "1")), r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        ("add to a list", one(add("/a/0", "1")), r#"{"a":[]}"#, Ok(r#"{"a":[]}"#)),
        ("add to a scalar root", one(add("/a", "1")), "5", Ok("5")),
        (
            "add to each",
            vec![step_at("/items/*", add("/a", "1"))],
            r#"{"items":[{},3,{"a":2}]}"#,
            Ok(r#"{"items":[{"a":1},3,{"a":2}]}"#),
        ),
        ("add in op order", vec![step(add("/b", "1")), step(add("/a", "2"))], "{}", Ok(r#"{"b":1,"a":2}"#)),
        ("add into what was added", vec![step(add("/a", "{}")), step(add("/a/b", "2"))], "{}", Ok(r#"{"a":{"b":2}}"#)),
        ("drop the only", one(drop_op("/a")), r#"{ "a" : 1 }"#, Ok("{ }")),
        ("drop the first", one(drop_op("/a")), r#"{ "a": 1 , "b": 2 }"#, Ok(r#"{ "b": 2 }"#)),
        ("drop the middle", one(drop_op("/b")), r#"{"a":1, "b": 2 , "c":3}"#, Ok(r#"{"a":1, "c":3}"#)),
        ("drop the last", one(drop_op("/b")), "{\n  \"a\": 1,\n  \"b\": 2\n}", Ok("{\n  \"a\": 1\n}")),
        ("drop all duplicates", one(drop_op("/a")), r#"{"a":1,"b":2,"\u0061":3}"#, Ok(r#"{"b":2}"#)),
        (
            "drop through duplicates",
            one(drop_op("/a/x")),
            r#"{"a":{"x":1},"a":{"x":2,"y":3}}"#,
            Ok(r#"{"a":{},"a":{"y":3}}"#),
        ),
        ("drop keeps an emptied object", one(drop_op("/a/x")), r#"{"a":{"x":1}}"#, Ok(r#"{"a":{}}"#)),
        ("drop nothing", one(drop_op("/a/x")), r#"{"a":[1]}"#, Ok(r#"{"a":[1]}"#)),
        ("drop an element", one(drop_op("/a/1")), r#"{"a":[1, 2, 3]}"#, Ok(r#"{"a":[1, 3]}"#)),
        ("an index has no leading zero", one(drop_op("/a/01")), r#"{"a":[1,2]}"#, Ok(r#"{"a":[1,2]}"#)),
        ("drop each element", vec![step_at("/a/*", drop_op(""))], r#"{"a":[1,2],"b":3}"#, Ok(r#"{"a":[],"b":3}"#)),
        (
            "drop every member",
            vec![step_at("/*", drop_op("/x"))],
            r#"{"a":{"x":1,"y":2},"b":{"x":3}}"#,
            Ok(r#"{"a":{"y":2},"b":{}}"#),
        ),
        ("drop the document", one(drop_op("")), "{}", Err("whole document")),
        ("the name * is not a star", one(drop_op("/*")), r#"{"a":1,"*":2}"#, Ok(r#"{"a":1}"#)),
    ]);
}

#[test]
fn renames() {
    run(vec![
        (
            "rename in place",
            one(rename("/name", "title")),
            r#"{"a":1, "name" : "x", "b":2}"#,
            Ok(r#"{"a":1, "title" : "x", "b":2}"#),
        ),
        (
            "only the key changes",
            one(rename("/name", "title")),
            r#"{"id":12345678901234567890123,"p":1.10,"z":-0,"e":1E400,"\u006eame":"x","s":"\uDEAD"}"#,
            Ok(r#"{"id":12345678901234567890123,"p":1.10,"z":-0,"e":1E400,"title":"x","s":"\uDEAD"}"#),
        ),
        ("rename duplicates", one(rename("/name", "title")), r#"{"name":1,"name":2}"#, Ok(r#"{"title":1,"title":2}"#)),
        ("rename drops old targets", one(rename("/a", "b")), r#"{"b":0,"a":1,"b":2,"c":3}"#, Ok(r#"{"b":1,"c":3}"#)),
        ("rename and keep", one(keep(rename("/a", "b"))), r#"{"b":0,"a":1}"#, Ok(r#"{"b":0}"#)),
        ("rename null", one(rename("/a", "b")), r#"{"a":null}"#, Ok(r#"{"b":null}"#)),
        ("rename nothing", one(rename("/a", "b")), r#"{"b":1}"#, Ok(r#"{"b":1}"#)),
        ("rename in a list", one(rename("/0", "b")), "[1]", Ok("[1]")),
        ("rename a pair of surrogates", one(rename("/\u{1f600}", "b")), r#"{"\ud83d\ude00":1}"#, Ok(r#"{"b":1}"#)),
        ("a lone surrogate is no name", one(rename("/\u{fffd}", "b")), r#"{"\udead":1}"#, Ok(r#"{"\udead":1}"#)),
        ("rename with fewest escapes", one(rename("/a", "\u{e9}\"/")), r#"{"a":1}"#, Ok("{\"\u{e9}\\\"/\":1}")),
        ("rename empty names", one(rename("/", "a/b")), r#"{"":1}"#, Ok(r#"{"a/b":1}"#)),
        (
            "swap by a third",
            vec![step(rename("/a", "t")), step(rename("/b", "a")), step(rename("/t", "b"))],
            r#"{"a":1,"b":2}"#,
            Ok(r#"{"b":1,"a":2}"#),
        ),
        (
            "rename in all duplicates",
            one(rename("/o/a", "b")),
            r#"{"o":{"a":1},"o":{"a":2}}"#,
            Ok(r#"{"o":{"b":1},"o":{"b":2}}"#),
        ),
        (
            "rename in mixed elements",
            vec![step_at("/*", rename("/a", "b"))],
            r#"[{"a":1},null,"a",[{"a":2}]]"#,
            Ok(r#"[{"b":1},null,"a",[{"a":2}]]"#),
        ),
        ("rename to itself", one(rename("/a", "a")), r#"{"\u0061":1}"#, Ok(r#"{"\u0061":1}"#)),
        (
            "rename in a resource",
            vec![within("/data/*", step_at("/x/*", rename("/a", "b")))],
            r#"{"data":[{"x":[{"a":1}]}]}"#,
            Ok(r#"{"data":[{"x":[{"b":1}]}]}"#),
        ),
        ("a byte order mark stays", one(rename("/a", "b")), "\u{feff}{\"a\":1}\n", Ok("\u{feff}{\"b\":1}\n")),
    ]);
}

#[test]
fn moves_and_copies() {
    run(vec![
        (
            "move makes objects",
            one(relocate("/city", "/address/geo/city")),
            r#"{"city": 1.10 , "x":1}"#,
            Ok(r#"{ "x":1,"address":{"geo":{"city":1.10}}}"#),
        ),
        (
            "move into an object",
            one(relocate("/city", "/address/city")),
            r#"{"address":{"zip":1},"city":"x"}"#,
            Ok(r#"{"address":{"zip":1,"city":"x"}}"#),
        ),
        (
            "move out drops what is left empty",
            one(relocate("/a/b/c", "/c")),
            r#"{"a":{"b":{"c":1}},"x":2}"#,
            Ok(r#"{"x":2,"c":1}"#),
        ),
        (
            "move out keeps what is not empty",
            one(relocate("/a/b/c", "/c")),
            r#"{"a":{"b":{"c":1},"d":{}}}"#,
            Ok(r#"{"a":{"d":{}},"c":1}"#),
        ),
        ("an object that was empty stays", one(relocate("/a/b", "/c")), r#"{"a":{}}"#, Ok(r#"{"a":{}}"#)),
        ("move within an object", one(relocate("/a/b", "/a/c/d")), r#"{"a":{"b":1}}"#, Ok(r#"{"a":{"c":{"d":1}}}"#)),
        (
            "move out of a resource keeps it",
            vec![within("/data", step(relocate("/a", "/b/a")))],
            r#"{"data":{"a":1}}"#,
            Ok(r#"{"data":{"b":{"a":1}}}"#),
        ),
        ("move null", one(relocate("/a", "/b/a")), r#"{"a":null}"#, Ok(r#"{"b":{"a":null}}"#)),
        ("move nothing", one(relocate("/a", "/b/a")), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        ("move from null", one(relocate("/a/b", "/c")), r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        (
            "move onto another",
            one(relocate("/a", "/b/c")),
            r#"{"b":{"c":0,"d":1},"a":[ 1 ]}"#,
            Ok(r#"{"b":{"c":[ 1 ],"d":1}}"#),
        ),
        ("move and keep", one(keep(relocate("/a", "/b/c"))), r#"{"b":{"c":0},"a":1}"#, Ok(r#"{"b":{"c":0}}"#)),
        (
            "move the last of duplicates",
            one(relocate("/a", "/b/a")),
            r#"{"a":1,"x":0,"a":2}"#,
            Ok(r#"{"x":0,"b":{"a":2}}"#),
        ),
        ("move onto duplicates", one(relocate("/a", "/b")), r#"{"b":1,"b":2,"a":3}"#, Ok(r#"{"b":3}"#)),
        (
            "move into a text",
            one(relocate("/a", "/b/c")),
            r#"{"a":1,"b":"x"}"#,
            Err("expected an object, found a text at `/b`"),
        ),
        ("move into null", one(relocate("/a", "/b/c")), r#"{"a":1,"b":null}"#, Err("found null at `/b`")),
        ("move into a list", one(relocate("/a", "/b/c")), r#"{"a":1,"b":[]}"#, Err("found a list at `/b`")),
        (
            "a failed move changes nothing",
            vec![pass(step(relocate("/a", "/b/c")))],
            r#"{ "a": 1, "b": "x" }"#,
            Ok(r#"{ "a": 1, "b": "x" }"#),
        ),
        ("move into itself", one(relocate("/a", "/a/b")), r#"{"a":1}"#, Err("inside of its own target")),
        (
            "move each",
            vec![step_at("/items/*", relocate("/a", "/b/a"))],
            r#"{"items":[{"a":1},{"a":2}]}"#,
            Ok(r#"{"items":[{"b":{"a":1}},{"b":{"a":2}}]}"#),
        ),
        (
            "move out of an element",
            one(relocate("/items/0/a", "/a")),
            r#"{"items":[{"a":1},{"a":2}]}"#,
            Ok(r#"{"items":[{},{"a":2}],"a":1}"#),
        ),
        (
            "copy exact bytes",
            one(copy("/name", "/full_name")),
            r#"{"name": "\u0041 " }"#,
            Ok(r#"{"name": "\u0041 ","full_name":"\u0041 " }"#),
        ),
        (
            "copy an opened value",
            vec![step(rename("/a/x", "y")), step(copy("/a", "/b/c"))],
            r#"{"a":{ "x":1 }}"#,
            Ok(r#"{"a":{ "y":1 },"b":{"c":{ "y":1 }}}"#),
        ),
        ("copy onto another", one(copy("/a", "/b")), r#"{"b":1,"a":2}"#, Ok(r#"{"b":2,"a":2}"#)),
        ("copy and keep", one(keep(copy("/a", "/b"))), r#"{"b":1,"a":2}"#, Ok(r#"{"b":1,"a":2}"#)),
        ("copy null", one(copy("/a", "/b")), r#"{"a":null}"#, Ok(r#"{"a":null,"b":null}"#)),
        ("copy the last", one(copy("/a", "/b")), r#"{"a":1,"a":2}"#, Ok(r#"{"a":1,"a":2,"b":2}"#)),
        ("copy into itself", one(copy("/a", "/a/b")), r#"{"a":{"x":1}}"#, Ok(r#"{"a":{"x":1,"b":{"x":1}}}"#)),
    ]);
}

#[test]
fn wrappers() {
    run(vec![
        ("wrap in an array", one(wrap("/tag", Wrapper::Array)), r#"{"tag" : "x" }"#, Ok(r#"{"tag" : ["x"] }"#)),
        ("wrap the document", one(wrap("", member("data"))), " {\"a\":1} ", Ok(" {\"data\":{\"a\":1}} ")),
        ("wrap null", one(wrap("/a", Wrapper::Array)), r#"{"a":null}"#, Ok(r#"{"a":[null]}"#)),
        ("wrap nothing", one(wrap("/a", Wrapper::Array)), "{}", Ok("{}")),
        ("wrap all duplicates", one(wrap("/a", Wrapper::Array)), r#"{"a":1,"a":2}"#, Ok(r#"{"a":[1],"a":[2]}"#)),
        (
            "wrap, then go in",
            vec![step(wrap("", member("data"))), step(rename("/data/a", "b"))],
            r#"{"a":1}"#,
            Ok(r#"{"data":{"b":1}}"#),
        ),
        (
            "wrap an opened value",
            vec![step(rename("/a/x", "y")), step(wrap("/a", Wrapper::Array)), step(rename("/a/0/y", "z"))],
            r#"{"a":{"x":1}}"#,
            Ok(r#"{"a":[{"z":1}]}"#),
        ),
        ("unwrap an array", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":[ {"a": 1} ]}"#, Ok(r#"{"tag":{"a": 1}}"#)),
        ("unwrap null", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":null}"#, Ok(r#"{"tag":null}"#)),
        ("unwrap an empty array", one(unwrap("/tag", Wrapper::Array)), r#"{"a":1, "tag":[ ]}"#, Ok(r#"{"a":1}"#)),
        ("unwrap an empty element", vec![step_at("/*", unwrap("", Wrapper::Array))], "[[1],[]]", Err("empty list")),
        ("unwrap an empty document", one(unwrap("", Wrapper::Array)), "[]", Err("empty list")),
        (
            "unwrap an empty resource",
            vec![within("/data", step(unwrap("", Wrapper::Array)))],
            r#"{"data":[]}"#,
            Err("empty list"),
        ),
        ("unwrap several", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":[1,2]}"#, Err("found 2 elements at `/tag`")),
        ("unwrap the first", one(first(unwrap("/tag", Wrapper::Array))), r#"{"tag":[1,2]}"#, Ok(r#"{"tag":1}"#)),
        ("unwrap a text", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":"x"}"#, Err("expected a list, found a text")),
        (
            "unwrap an object that is no array",
            one(unwrap("/tag", Wrapper::Array)),
            r#"{"tag":{"0":1}}"#,
            Err("expected a list, found an object"),
        ),
        (
            "unwrap an envelope",
            one(unwrap("", member("data"))),
            r#" { "meta": 1, "data": {"a": 1} } "#,
            Ok(r#" {"a": 1} "#),
        ),
        (
            "unwrap no envelope",
            one(unwrap("", member("data"))),
            r#"{"meta":1}"#,
            Err("expected an object with the member"),
        ),
        ("unwrap a list as envelope", one(unwrap("", member("data"))), "[]", Err("expected an object, found a list")),
        ("unwrap the last of duplicates", one(unwrap("/a", member("v"))), r#"{"a":{"v":1,"v":2}}"#, Ok(r#"{"a":2}"#)),
        ("unwrap, pass one", vec![pass(step_at("/*", unwrap("", Wrapper::Array)))], "[[1], 2, [3]]", Ok("[1, 2, 3]")),
    ]);
}

#[test]
fn split_and_join() {
    let apart = || split("/name", &["/first", "/last"], " ");
    let together = || join(&["/first", "/last"], "/name", " ");
    run(vec![
        ("split at the first", one(apart()), r#"{"name":"a b c","x":1}"#, Ok(r#"{"x":1,"first":"a","last":"b c"}"#)),
        ("split fewer", one(apart()), r#"{"name":"a"}"#, Ok(r#"{"first":"a"}"#)),
        ("split an empty text", one(apart()), r#"{"name":""}"#, Ok(r#"{"first":""}"#)),
        ("split null", one(apart()), r#"{"name":null}"#, Ok(r#"{"name":null}"#)),
        ("split nothing", one(apart()), "{}", Ok("{}")),
        ("split a number", one(apart()), r#"{"name":1}"#, Err("expected a text, found a number at `/name`")),
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
        ("join nulls only", one(together()), r#"{"first":null,"last":null}"#, Ok(r#"{"first":null,"last":null}"#)),
        ("join nothing", one(together()), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        (
            "join a number",
            one(together()),
            r#"{"first":"a","last":1}"#,
            Err("expected a text, found a number at `/last`"),
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
            Err("inside of its own target"),
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
            Part::Value(Reference { level: 0, pointer: pointer("/p") }),
            Part::Value(Reference { level: 1, pointer: pointer("/q") }),
            Part::Value(Reference { level: 2, pointer: pointer("/r") }),
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
            Err("a text, a number or a boolean, found an object at `/n`"),
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
fn maps() {
    let status = |other| map("/s", &[("\"active\"", "\"enabled\""), ("1", "\"low\""), ("[1]", "{\"a\":1.0}")], other);
    let nulls = || map("/s", &[("null", "\"none\"")], Other::Error);
    run(vec![
        ("map", one(status(Other::Error)), r#"{"s" : "\u0061ctive" }"#, Ok(r#"{"s" : "enabled" }"#)),
        ("map by value", one(status(Other::Error)), r#"{"s":1.0}"#, Ok(r#"{"s":"low"}"#)),
        ("map a list", one(status(Other::Error)), r#"{"s":[ 1e0 ]}"#, Ok(r#"{"s":{"a":1.0}}"#)),
        (
            "map what is not listed",
            one(status(Other::Error)),
            r#"{"s":"secret"}"#,
            Err("a text that the map does not list at `/s`"),
        ),
        ("map and keep", one(status(Other::Keep)), r#"{"s":"\u0078"}"#, Ok(r#"{"s":"\u0078"}"#)),
        ("map to another", one(status(Other::Value(literal("\"?\"")))), r#"{"s":{}}"#, Ok(r#"{"s":"?"}"#)),
        ("map leaves null", one(status(Other::Value(literal("\"?\"")))), r#"{"s":null}"#, Ok(r#"{"s":null}"#)),
        ("map leaves null, strictly", one(status(Other::Error)), r#"{"s":null}"#, Ok(r#"{"s":null}"#)),
        ("map a listed null", one(nulls()), r#"{"s":null}"#, Ok(r#"{"s":"none"}"#)),
        (
            "map passes one",
            vec![pass(step_at("/*", status(Other::Error)))],
            r#"[{"s":2},{"s":1}]"#,
            Ok(r#"[{"s":2},{"s":"low"}]"#),
        ),
        (
            "map all duplicates",
            one(status(Other::Error)),
            r#"{"s":1,"s":"active"}"#,
            Ok(r#"{"s":"low","s":"enabled"}"#),
        ),
    ]);
}

#[test]
fn conversions() {
    use Conversion::*;
    let of = |conversion| one(convert("", conversion));
    run(vec![
        ("number to text", of(NumberToString), "-1.10E+02", Ok("\"-1.10E+02\"")),
        ("null to text", of(NumberToString), "null", Ok("null")),
        ("text to text", of(NumberToString), "\"1\"", Err("expected a number, found a text at ``")),
        ("text to number", of(StringToNumber), r#""\u0031.10""#, Ok("1.10")),
        (
            "long text to number",
            of(StringToNumber),
            "\"123456789012345678901234567890\"",
            Ok("123456789012345678901234567890"),
        ),
        ("text that is no number", of(StringToNumber), "\"01\"", Err("expected a text that is a number")),
        ("text with white space", of(StringToNumber), "\"1 \"", Err("expected a text that is a number")),
        ("empty text", of(StringToNumber), "\"\"", Err("expected a text that is a number")),
        ("number to number", of(StringToNumber), "1", Err("found a number")),
        ("integer to decimal", of(IntegerToDecimal { scale: 2 }), "1234", Ok("\"12.34\"")),
        ("small integer to decimal", of(IntegerToDecimal { scale: 3 }), "-5", Ok("\"-0.005\"")),
        ("minus zero to decimal", of(IntegerToDecimal { scale: 2 }), "-0", Ok("\"-0.00\"")),
        ("scale 0", of(IntegerToDecimal { scale: 0 }), "7", Ok("\"7\"")),
        (
            "long integer to decimal",
            of(IntegerToDecimal { scale: 2 }),
            "123456789012345678901234567890",
            Ok("\"1234567890123456789012345678.90\""),
        ),
        ("exponent to decimal", of(IntegerToDecimal { scale: 2 }), "1e2", Err("integer of digits only")),
        ("fraction to decimal", of(IntegerToDecimal { scale: 2 }), "12.0", Err("integer of digits only")),
        ("decimal to integer", of(DecimalToInteger { scale: 2 }), "\"12.34\"", Ok("1234")),
        ("minus zero back", of(DecimalToInteger { scale: 2 }), "\"-0.00\"", Ok("-0")),
        ("fewer decimals", of(DecimalToInteger { scale: 2 }), "\"12.3\"", Ok("1230")),
        ("no decimals", of(DecimalToInteger { scale: 2 }), "\"12\"", Ok("1200")),
        ("zeros past the scale", of(DecimalToInteger { scale: 2 }), "\"12.3400\"", Ok("1234")),
        ("more past the scale", of(DecimalToInteger { scale: 2 }), "\"12.345\"", Err("decimal of this scale")),
        (
            "number in place of decimal",
            of(DecimalToInteger { scale: 2 }),
            "12.34",
            Err("decimal of this scale, found a number"),
        ),
        ("seconds to text", of(UnixSecondsToRfc3339), "1704067200", Ok("\"2024-01-01T00:00:00Z\"")),
        ("seconds before 1970", of(UnixSecondsToRfc3339), "-1", Ok("\"1969-12-31T23:59:59Z\"")),
        ("seconds with a fraction", of(UnixSecondsToRfc3339), "1.0", Err("integer of Unix seconds")),
        ("seconds out of range", of(UnixSecondsToRfc3339), "253402300800", Err("years 0000 to 9999")),
        ("seconds beyond any integer", of(UnixSecondsToRfc3339), "99999999999999999999", Err("years 0000 to 9999")),
        ("millis to text", of(UnixMillisToRfc3339), "1704067200500", Ok("\"2024-01-01T00:00:00.500Z\"")),
        ("millis always have three digits", of(UnixMillisToRfc3339), "0", Ok("\"1970-01-01T00:00:00.000Z\"")),
        ("text to seconds", of(Rfc3339ToUnixSeconds), "\"2024-01-01t01:00:00.000+01:00\"", Ok("1704067200")),
        ("leap second", of(Rfc3339ToUnixSeconds), "\"2016-12-31T23:59:60Z\"", Ok("1483228800")),
        ("no leap second", of(Rfc3339ToUnixSeconds), "\"2016-12-31T22:59:60Z\"", Err("RFC 3339 time")),
        ("fraction of a second", of(Rfc3339ToUnixSeconds), "\"2024-01-01T00:00:00.5Z\"", Err("whole seconds")),
        ("space in place of T", of(Rfc3339ToUnixSeconds), "\"2024-01-01 00:00:00Z\"", Err("RFC 3339 time")),
        ("text to millis", of(Rfc3339ToUnixMillis), "\"2024-01-01T00:00:00.5000-00:00\"", Ok("1704067200500")),
        ("fraction of a milli", of(Rfc3339ToUnixMillis), "\"2024-01-01T00:00:00.0005Z\"", Err("whole milliseconds")),
        ("convert all duplicates", one(convert("/a", NumberToString)), r#"{"a":1,"a":2}"#, Ok(r#"{"a":"1","a":"2"}"#)),
        (
            "convert each",
            vec![step_at("/*/p", convert("", NumberToString))],
            r#"[{"p":1},{"p":null},{}]"#,
            Ok(r#"[{"p":"1"},{"p":null},{}]"#),
        ),
        (
            "pass one, convert the rest",
            vec![pass(step_at("/*", convert("", NumberToString)))],
            r#"[1, "x", 2]"#,
            Ok(r#"["1", "x", "2"]"#),
        ),
    ]);
}

#[test]
fn patches_and_functions() {
    let patch = |json: &str| one(Op::Patch(PatchOp::parse_list(json).expect(json)));
    let upper = Custom::new(|value| match value.get_mut("a") {
        Some(serde_json::Value::String(text)) => {
            *text = text.to_uppercase();
            Ok(())
        }
        _ => Err("no text".to_owned()),
    });
    run(vec![
        (
            "patch keeps bytes",
            patch(r#"[{"op":"add","path":"/b/-","value":1.10}]"#),
            r#"{ "a": 1E400, "b": [ 1 ] }"#,
            Ok(r#"{ "a": 1E400, "b": [ 1,1.10 ] }"#),
        ),
        (
            "patch in the middle",
            patch(r#"[{"op":"add","path":"/1","value":9},{"op":"remove","path":"/0"}]"#),
            "[1, 2]",
            Ok("[9, 2]"),
        ),
        (
            "patch test by value",
            patch(r#"[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}]"#),
            r#"{"a":1.0}"#,
            Ok("{}"),
        ),
        (
            "patch is atomic",
            vec![pass(step(Op::Patch(
                PatchOp::parse_list(r#"[{"op":"remove","path":"/a"},{"op":"remove","path":"/x"}]"#).expect("valid"),
            )))],
            r#"{"a":1}"#,
            Ok(r#"{"a":1}"#),
        ),
        (
            "patch that fails",
            patch(r#"[{"op":"remove","path":"/x"}]"#),
            "{}",
            Err("does not apply: a path leads nowhere"),
        ),
        ("patch over duplicates", patch(r#"[{"op":"remove","path":"/a"}]"#), r#"{"a":1,"a":2}"#, Err("duplicate")),
        (
            "patch through duplicates",
            patch(r#"[{"op":"add","path":"/a/b","value":1}]"#),
            r#"{"a":{},"a":{}}"#,
            Err("duplicate"),
        ),
        ("* is a name in a patch", patch(r#"[{"op":"remove","path":"/*"}]"#), r#"{"a":1,"*":2}"#, Ok(r#"{"a":1}"#)),
        ("patch the whole", patch(r#"[{"op":"replace","path":"","value":[]}]"#), " {} ", Ok(" [] ")),
        (
            "patch moves exact bytes",
            patch(r#"[{"op":"move","from":"/a","path":"/b"},{"op":"copy","from":"/b","path":"/c"}]"#),
            r#"{"a":[ 1.0 ]}"#,
            Ok(r#"{"b":[ 1.0 ],"c":[ 1.0 ]}"#),
        ),
        ("custom", one(Op::Custom(upper.clone())), r#"{ "p": 1.10, "a": "x" }"#, Ok(r#"{ "p": 1.10, "a": "X" }"#)),
        (
            "custom that changes nothing",
            one(Op::Custom(upper.clone())),
            r#"{"a":"\u0041","a":"\u0042","e":1E400}"#,
            Ok(r#"{"a":"\u0041","a":"\u0042","e":1E400}"#),
        ),
        (
            "custom on the last of duplicates",
            one(Op::Custom(upper.clone())),
            r#"{"a":"x","a":"y"}"#,
            Ok(r#"{"a":"Y"}"#),
        ),
        ("custom that refuses", one(Op::Custom(upper)), "{}", Err("the custom function refused the value")),
    ]);
}

#[test]
fn what_waits_is_not_judged_before_it_stays() {
    let convert = Op::Convert { at: pointer("/b"), conversion: Conversion::NumberToString };
    run(vec![(
        "what does not fit goes, as a better one comes behind it",
        vec![step(rename("/a", "b")), step(convert)],
        r#"{"b":{},"a":1}"#,
        Ok(r#"{"b":"1"}"#),
    )]);
}

#[test]
fn what_is_counted() {
    let count = |steps: &[Step], input: &str| {
        let migrated = migrate(input.as_bytes(), steps, &Options::default()).expect(input);
        (migrated.collisions, migrated.passed)
    };
    assert_eq!(count(&one(rename("/a", "b")), r#"{"a":1,"b":2}"#), (1, 0));
    assert_eq!(count(&one(keep(rename("/a", "b"))), r#"{"a":1,"b":2}"#), (1, 0));
    assert_eq!(count(&one(rename("/a", "b")), r#"{"b":2}"#), (0, 0));
    assert_eq!(count(&one(relocate("/a", "/b")), r#"{"a":1,"b":2,"b":3}"#), (1, 0));
    assert_eq!(count(&one(split("/n", &["/a", "/b"], " ")), r#"{"n":"x y","a":0,"b":0}"#), (2, 0));
    let steps = [pass(step_at("/*", convert("", Conversion::NumberToString))), step(copy("/0", "/1"))];
    assert_eq!(count(&steps, r#"["a",1,"b"]"#), (1, 2));
}
