//! Lists and objects that become one another, elements and members that go elsewhere.

use sunward::json::{Collision, Condition, ElementPosition, Many, Structure, Test};

use super::*;

fn structure(op: Structure) -> Vec<Step> {
    one(Op::Structure(op))
}

/// `/type` is this one.
fn kind(json: &str) -> Condition<Pointer> {
    Condition::of(pointer("/type"), Test::Equals(literal(json)))
}

fn split_list(at: &str) -> Structure {
    Structure::SplitList { at: pointer(at), on: ", ".into() }
}

fn join_list(at: &str, lossy: bool) -> Structure {
    Structure::JoinList { at: pointer(at), on: ", ".into(), lossy }
}

fn entries(from: &str, to: &str, value: Option<&str>) -> Structure {
    let (key, value) = ("k".into(), value.map(Into::into));
    Structure::Entries { from: pointer(from), to: pointer(to), key, value, collision: Collision::Replace }
}

fn keyed(from: &str, to: &str, value: Option<&str>, lossy: bool) -> Structure {
    let (key, value) = ("k".into(), value.map(Into::into));
    Structure::Keyed { from: pointer(from), to: pointer(to), key, value, lossy, collision: Collision::Replace }
}

fn spread(from: &str, to: &str, lossy: bool) -> Structure {
    let to = Pattern::parse(to).expect(to);
    Structure::Spread { from: pointer(from), to, lossy, collision: Collision::Replace }
}

fn gather(from: &str, to: &str, many: Many) -> Structure {
    let from = Pattern::parse(from).expect(from);
    Structure::Gather { from, to: pointer(to), many, collision: Collision::Replace }
}

fn pick(list: &str, which: Option<Condition<Pointer>>, to: &str, drop_empty: bool) -> Structure {
    let (list, to) = (pointer(list), pointer(to));
    let position = ElementPosition::First;
    Structure::Pick { list, which, position, to, drop_empty, collision: Collision::Replace }
}

fn put(from: &str, which: Option<Condition<Pointer>>, list: &str) -> Structure {
    Structure::Put { from: pointer(from), list: pointer(list), which, position: ElementPosition::First }
}

fn at_the_end(mut op: Structure) -> Vec<Step> {
    if let Structure::Pick { position, .. } | Structure::Put { position, .. } = &mut op {
        *position = ElementPosition::Last;
    }
    structure(op)
}

fn nest(object: &str, to: &str, collision: Collision) -> Structure {
    Structure::Nest { object: pointer(object), prefix: "b_".into(), to: pointer(to), collision }
}

fn flatten(from: &str, object: &str, collision: Collision) -> Structure {
    Structure::Flatten { from: pointer(from), object: pointer(object), prefix: "b_".into(), collision }
}

fn only(at: &str, name: &str) -> Structure {
    Structure::Only { at: pointer(at), name: pointer(name), collision: Collision::Replace }
}

fn named(at: &str, name: &str) -> Structure {
    Structure::Named { at: pointer(at), name: pointer(name) }
}

fn count(from: &str, to: &str, collision: Collision) -> Structure {
    Structure::Count { from: pointer(from), to: pointer(to), collision }
}

/// What is at the target stays.
fn kept(mut op: Structure) -> Vec<Step> {
    match &mut op {
        Structure::Entries { collision, .. }
        | Structure::Keyed { collision, .. }
        | Structure::Spread { collision, .. }
        | Structure::Gather { collision, .. }
        | Structure::Pick { collision, .. }
        | Structure::Partition { collision, .. }
        | Structure::Only { collision, .. } => *collision = Collision::Keep,
        _ => panic!("it has no collision: {op:?}"),
    }
    structure(op)
}

#[test]
fn what_is_at_the_target_stays() {
    let apart = || {
        let (list, to) = (pointer("/l"), pointer("/a/b"));
        kept(Structure::Partition { list, which: kind("1"), to, collision: Collision::Replace })
    };
    run(vec![
        ("an element", kept(pick("/l", None, "/c", false)), r#"{"l":[1, 2],"c": 0}"#, Ok(r#"{"l":[ 2],"c": 0}"#)),
        ("an element, and null", kept(pick("/l", None, "/c", true)), r#"{"c":null,"l":[1]}"#, Ok(r#"{"c":null}"#)),
        ("an element, and nothing", kept(pick("/l", None, "/c", true)), r#"{"l":[1]}"#, Ok(r#"{"c":1}"#)),
        ("no element", kept(pick("/l", Some(kind("1")), "/c", true)), r#"{"l":[1],"c":0}"#, Ok(r#"{"l":[1],"c":0}"#)),
        (
            "no place for an element",
            kept(pick("/l", None, "/c/d", false)),
            r#"{"l":[1],"c":0}"#,
            Err("expected an object, found a number at `/c`"),
        ),
        ("a part", apart(), r#"{"l":[{"type":1},2],"a":{"b":0}}"#, Ok(r#"{"l":[2],"a":{"b":0}}"#)),
        ("a part of nothing", apart(), r#"{"l":[],"a":{}}"#, Ok(r#"{"l":[],"a":{"b":[]}}"#)),
        ("an empty part", apart(), r#"{"l":[2],"a":{"b":0}}"#, Ok(r#"{"l":[2],"a":{"b":0}}"#)),
        ("members", kept(entries("/o", "/l", None)), r#"{"o":{"x":{"v":1}},"l":[0]}"#, Ok(r#"{"l":[0]}"#)),
        ("members, and nothing", kept(entries("/o", "/l", None)), r#"{"o":{"x":{}}}"#, Ok(r#"{"l":[{"k":"x"}]}"#)),
        (
            "members in place",
            kept(entries("/o", "/o", Some("v"))),
            r#"{"o":{"x":1}}"#,
            Ok(r#"{"o":[{"k":"x","v":1}]}"#),
        ),
        ("elements", kept(keyed("/l", "/o", None, false)), r#"{"o":{},"l":[{"k":"x"}]}"#, Ok(r#"{"o":{}}"#)),
        (
            "elements that do not fit",
            kept(keyed("/l", "/o", None, false)),
            r#"{"o":{},"l":[{"k":1}]}"#,
            Err("expected a string, found a number"),
        ),
        (
            "with a prefix",
            structure(nest("/o", "/p/b", Collision::Keep)),
            r#"{"o":{"b_x":1,"n":2},"p":{"b":null}}"#,
            Ok(r#"{"o":{"n":2},"p":{"b":null}}"#),
        ),
        (
            "with a prefix, some of them",
            structure(flatten("/b", "", Collision::Keep)),
            r#"{"b_x":1,"b":{"x":2,"y":3}}"#,
            Ok(r#"{"b_x":1,"b_y":3}"#),
        ),
        (
            "a value in some elements",
            kept(spread("/c", "/l/*/c", false)),
            r#"{"c":1,"l":[{"c":5},{},{"c":null}]}"#,
            Ok(r#"{"l":[{"c":5},{"c":1},{"c":null}]}"#),
        ),
        ("one value", kept(gather("/l/*/c", "/c", Many::Error)), r#"{"l":[{"c":1}],"c":0}"#, Ok(r#"{"l":[{}],"c":0}"#)),
        ("a name", kept(only("/s", "/k")), r#"{"s":{"a":1},"k":"z"}"#, Ok(r#"{"s":1,"k":"z"}"#)),
    ]);
}

#[test]
fn counts() {
    let new = || structure(count("/a", "/n", Collision::Replace));
    run(vec![
        (
            "elements",
            new(),
            r#"{ "a" : [ 1, [2, 3], {"x": "],["} ], "z":0}"#,
            Ok(r#"{ "a" : [ 1, [2, 3], {"x": "],["} ], "z":0,"n":3}"#),
        ),
        ("no elements", new(), r#"{"a":[ ]}"#, Ok(r#"{"a":[ ],"n":0}"#)),
        ("members", new(), r#"{"a":{"x":1,"y":{"z":2}}}"#, Ok(r#"{"a":{"x":1,"y":{"z":2}},"n":2}"#)),
        ("a member that occurs twice", new(), r#"{"a":{"x":1,"\u0078":2}}"#, Ok(r#"{"a":{"x":1,"\u0078":2},"n":1}"#)),
        ("the last of duplicates", new(), r#"{"a":[1],"a":[]}"#, Ok(r#"{"a":[1],"a":[],"n":0}"#)),
        ("null", new(), r#"{"a":null}"#, Ok(r#"{"a":null,"n":null}"#)),
        ("absent", new(), r#"{"n":1}"#, Ok(r#"{"n":1}"#)),
        ("a string", new(), r#"{"a":"x"}"#, Err("expected an array or an object, found a string at `/a`")),
        ("or it passes", vec![pass(new().remove(0))], r#"{"a":"x"}"#, Ok(r#"{"a":"x"}"#)),
        ("what is there goes", new(), r#"{"n":9,"a":[1]}"#, Ok(r#"{"n":1,"a":[1]}"#)),
        ("or it stays", structure(count("/a", "/n", Collision::Keep)), r#"{"n":9,"a":[1]}"#, Ok(r#"{"n":9,"a":[1]}"#)),
        (
            "elsewhere",
            structure(count("/a/b", "/m/n", Collision::Replace)),
            r#"{"a":{"b":[1,2]}}"#,
            Ok(r#"{"a":{"b":[1,2]},"m":{"n":2}}"#),
        ),
        ("nowhere", structure(count("/a", "/m/n", Collision::Replace)), r#"{"a":[],"m":1}"#, Err("expected an object")),
        (
            "of each",
            vec![step_at("/*", Op::Structure(count("/a", "/n", Collision::Replace)))],
            r#"[{"a":[1]},{},{"a":[]}]"#,
            Ok(r#"[{"a":[1],"n":1},{},{"a":[],"n":0}]"#),
        ),
        (
            "what other ops made",
            [vec![step(wrap("/a", Wrapper::Array))], new(), vec![step(rename("/n", "m"))]].concat(),
            r#"{"a":1}"#,
            Ok(r#"{"a":[1],"m":1}"#),
        ),
        ("of a constant", [vec![step(add("/a", "[1,2]"))], new()].concat(), "{}", Ok(r#"{"a":[1,2],"n":2}"#)),
        (
            "and a copy",
            [new(), vec![step(copy("/a", "/b"))]].concat(),
            r#"{"a":[1,{"x":2}]}"#,
            Ok(r#"{"a":[1,{"x":2}],"n":2,"b":[1,{"x":2}]}"#),
        ),
        (
            "a copy, and",
            [vec![step(copy("/a", "/b"))], new()].concat(),
            r#"{"a":[1,{"x":2}]}"#,
            Ok(r#"{"a":[1,{"x":2}],"b":[1,{"x":2}],"n":2}"#),
        ),
        (
            "as a string",
            [new(), vec![step(convert("/n", Conversion::NumberToString))]].concat(),
            r#"{"a":{"x":[1,2],"y":"}"}}"#,
            Ok(r#"{"a":{"x":[1,2],"y":"}"},"n":"2"}"#),
        ),
        ("in its place", structure(count("/a", "/a", Collision::Replace)), r#"{"a":[1]}"#, Ok(r#"{"a":1}"#)),
    ]);
}

#[test]
fn a_text_and_a_list() {
    run(vec![
        ("every separator", structure(split_list("/t")), r#"{ "t" : "a, b, c" }"#, Ok(r#"{ "t" : ["a","b","c"] }"#)),
        ("none", structure(split_list("/t")), r#"{"t":"a,b"}"#, Ok(r#"{"t":["a,b"]}"#)),
        ("nothing", structure(split_list("/t")), r#"{"t":""}"#, Ok(r#"{"t":[]}"#)),
        ("ends", structure(split_list("/t")), r#"{"t":", a, "}"#, Ok(r#"{"t":["","a",""]}"#)),
        ("escapes", structure(split_list("/t")), r#"{"t":"\u0061\u002c \ud800"}"#, Ok(r#"{"t":["a","\ud800"]}"#)),
        ("null", structure(split_list("/t")), r#"{"t":null,"u":1}"#, Ok(r#"{"t":null,"u":1}"#)),
        ("absent", structure(split_list("/t/u")), r#"{"t":"x"}"#, Ok(r#"{"t":"x"}"#)),
        ("a number", structure(split_list("/t")), r#"{"t":1}"#, Err("expected a string, found a number at `/t`")),
        ("or it passes", vec![pass(step(Op::Structure(split_list("/t"))))], r#"{"t":1}"#, Ok(r#"{"t":1}"#)),
        ("the whole value", structure(split_list("")), r#" "a, b" "#, Ok(r#" ["a","b"] "#)),
        (
            "each",
            vec![step_at("/*", Op::Structure(split_list("/t")))],
            r#"[{"t":"a"},{"t":"b, c"}]"#,
            Ok(r#"[{"t":["a"]},{"t":["b","c"]}]"#),
        ),
        ("back", structure(join_list("/t", false)), r#"{"t":[ "a", "\u0062"]}"#, Ok(r#"{"t":"a, b"}"#)),
        ("back from nothing", structure(join_list("/t", false)), r#"{"t":[]}"#, Ok(r#"{"t":""}"#)),
        (
            "one empty text",
            structure(join_list("/t", false)),
            r#"{"t":[""]}"#,
            Err("would not come back from a string"),
        ),
        ("two of them", structure(join_list("/t", false)), r#"{"t":["",""]}"#, Ok(r#"{"t":", "}"#)),
        (
            "a separator in one",
            structure(join_list("/t", false)),
            r#"{"t":["a, b"]}"#,
            Err("would not come back from a string"),
        ),
        ("one between two", structure(join_list("/t", false)), r#"{"t":["a,"," b"]}"#, Ok(r#"{"t":"a,,  b"}"#)),
        ("or it is lost", structure(join_list("/t", true)), r#"{"t":["a, b",""]}"#, Ok(r#"{"t":"a, b, "}"#)),
        (
            "another kind in it",
            structure(join_list("/t", true)),
            r#"{"t":["a",1]}"#,
            Err("expected a string, found a number at `/t/1`"),
        ),
        ("no list", structure(join_list("/t", true)), r#"{"t":"a"}"#, Err("expected an array, found a string")),
    ]);
}

#[test]
fn an_object_and_a_list() {
    let twice = "the name occurs twice";
    run(vec![
        (
            "a value of its own",
            structure(entries("/v", "/m", Some("v"))),
            r#"{"v":{"a": 1.10 ,"\u0062":[ ]},"z":0}"#,
            Ok(r#"{"z":0,"m":[{"k":"a","v":1.10},{"k":"\u0062","v":[ ]}]}"#),
        ),
        (
            "the element itself",
            structure(entries("/v", "/v", None)),
            r#"{"v":{"a":{ "x" : 1 },"b":{}},"z":0}"#,
            Ok(r#"{"v":[{ "x" : 1,"k":"a" },{"k":"b"}],"z":0}"#),
        ),
        ("none", structure(entries("/v", "/m", None)), r#"{"v":{}}"#, Ok(r#"{"m":[]}"#)),
        ("null", structure(entries("/v", "/m", None)), r#"{"v":null}"#, Ok(r#"{"m":null}"#)),
        ("absent", structure(entries("/v", "/m", None)), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        (
            "no object",
            structure(entries("/v", "/m", Some("v"))),
            r#"{"v":[]}"#,
            Err("expected an object, found an array at `/v`"),
        ),
        ("no object in it", structure(entries("/v", "/m", None)), r#"{"v":{"a":1}}"#, Err("found a number at `/v/a`")),
        (
            "the name is taken",
            structure(entries("/v", "/m", None)),
            r#"{"v":{"a":{"k":1}}}"#,
            Err("already has the member"),
        ),
        ("twice", structure(entries("/v", "/m", Some("v"))), r#"{"v":{"a":1,"\u0061":2}}"#, Err(twice)),
        (
            "nowhere to go",
            structure(entries("/v", "/m/x", None)),
            r#"{"v":{},"m":1}"#,
            Err("expected an object, found a number"),
        ),
        ("what is there goes", structure(entries("/v", "/m", None)), r#"{"m":1,"v":{}}"#, Ok(r#"{"m":[]}"#)),
        (
            "back",
            structure(keyed("/m", "/v", Some("v"), false)),
            r#"{"m":[{"k":"a","v": 1.10 },{"v":[ ],"k":"\u0062"}]}"#,
            Ok(r#"{"v":{"a":1.10,"\u0062":[ ]}}"#),
        ),
        (
            "back from the element itself",
            structure(keyed("/v", "/v", None, false)),
            r#"{"v":[{ "x" : 1 ,"k":"a"},{"k":"b"}]}"#,
            Ok(r#"{"v":{"a":{ "x" : 1 },"b":{}}}"#),
        ),
        (
            "others beside",
            structure(keyed("/m", "/v", Some("v"), false)),
            r#"{"m":[{"k":"a","v":1,"w":2}]}"#,
            Err("would be lost at `/m/0`"),
        ),
        (
            "or they go",
            structure(keyed("/m", "/v", Some("v"), true)),
            r#"{"m":[{"k":"a","v":1,"w":2}]}"#,
            Ok(r#"{"v":{"a":1}}"#),
        ),
        (
            "no name",
            structure(keyed("/m", "/v", None, false)),
            r#"{"m":[{"x":1}]}"#,
            Err("does not have the member `k`"),
        ),
        (
            "no value",
            structure(keyed("/m", "/v", Some("v"), false)),
            r#"{"m":[{"k":"a"}]}"#,
            Err("does not have the member `v`"),
        ),
        (
            "a number for a name",
            structure(keyed("/m", "/v", None, false)),
            r#"{"m":[{"k":1}]}"#,
            Err("expected a string, found a number at `/m/0/k`"),
        ),
        ("the same name", structure(keyed("/m", "/v", None, false)), r#"{"m":[{"k":"a"},{"k":"\u0061"}]}"#, Err(twice)),
        (
            "no object in the list",
            structure(keyed("/m", "/m", None, false)),
            r#"{"m":[1]}"#,
            Err("expected an object, found a number"),
        ),
    ]);
}

#[test]
fn one_value_and_every_element() {
    run(vec![
        (
            "into each",
            structure(spread("/c", "/l/*/c", false)),
            r#"{"c":1.10,"l":[{},{"x":1}]}"#,
            Ok(r#"{"l":[{"c":1.10},{"x":1,"c":1.10}]}"#),
        ),
        ("deeper", structure(spread("/c", "/l/*/p/c", false)), r#"{"c":1,"l":[{}]}"#, Ok(r#"{"l":[{"p":{"c":1}}]}"#)),
        (
            "two levels",
            structure(spread("/c", "/l/*/m/*/c", false)),
            r#"{"c":1,"l":[{"m":[{},{}]}]}"#,
            Ok(r#"{"l":[{"m":[{"c":1},{"c":1}]}]}"#),
        ),
        (
            "no element",
            structure(spread("/c", "/l/*/c", false)),
            r#"{"c":1,"l":[]}"#,
            Err("there is no element at `/c`"),
        ),
        ("no list", structure(spread("/c", "/l/*/c", false)), r#"{"c":1}"#, Err("there is no element at `/c`")),
        ("or it is lost", structure(spread("/c", "/l/*/c", true)), r#"{"c":1,"l":[]}"#, Ok(r#"{"l":[]}"#)),
        ("nothing", structure(spread("/c", "/l/*/c", false)), r#"{"l":[]}"#, Ok(r#"{"l":[]}"#)),
        (
            "no object",
            structure(spread("/c", "/l/*/c", false)),
            r#"{"c":1,"l":[{},2]}"#,
            Err("expected an object, found a number at `/l/1`"),
        ),
        (
            "the first",
            structure(gather("/l/*/c", "/c", Many::First)),
            r#"{"l":[{},{"c":1},{"c":2}]}"#,
            Ok(r#"{"l":[{},{},{}],"c":1}"#),
        ),
        (
            "all agree",
            structure(gather("/l/*/c", "/c", Many::Error)),
            r#"{"l":[{"c":1.0},{"c":1}]}"#,
            Ok(r#"{"l":[{},{}],"c":1.0}"#),
        ),
        (
            "one does not",
            structure(gather("/l/*/c", "/c", Many::Error)),
            r#"{"l":[{"c":1},{"c":2}]}"#,
            Err("do not have the same value at `/l/1/c`"),
        ),
        ("one has none", structure(gather("/l/*/c", "/c", Many::Error)), r#"{"l":[{"c":1},{}]}"#, Err("at `/l/1`")),
        ("none has", structure(gather("/l/*/c", "/c", Many::Error)), r#"{"l":[{},{}]}"#, Ok(r#"{"l":[{},{}]}"#)),
        (
            "what is left empty goes",
            structure(gather("/l/*/p/c", "/c", Many::First)),
            r#"{"l":[{"p":{"c":1}}]}"#,
            Ok(r#"{"l":[{}],"c":1}"#),
        ),
    ]);
}

#[test]
fn an_element_by_its_content() {
    let cpu = || Some(kind("\"cpu\""));
    run(vec![
        (
            "the one that meets it",
            structure(pick("/l", cpu(), "/c", false)),
            r#"{"l":[{"type":"mem"}, {"type":"cpu", "n": 1.0},{"type":"cpu"}]}"#,
            Ok(r#"{"l":[{"type":"mem"},{"type":"cpu"}],"c":{"type":"cpu", "n": 1.0}}"#),
        ),
        (
            "none",
            structure(pick("/l", cpu(), "/c", false)),
            r#"{"l":[{"type":"mem"}]}"#,
            Ok(r#"{"l":[{"type":"mem"}]}"#),
        ),
        ("the first", structure(pick("/l", None, "/c", false)), r#"{"l":[1,2]}"#, Ok(r#"{"l":[2],"c":1}"#)),
        ("the last", at_the_end(pick("/l", None, "/c", false)), r#"{"l":[1,2]}"#, Ok(r#"{"l":[1],"c":2}"#)),
        (
            "the last that meets it",
            at_the_end(pick("/l", cpu(), "/c", false)),
            r#"{"l":[{"type":"cpu","n":1},{"type":"cpu","n":2},{"type":"mem"}]}"#,
            Ok(r#"{"l":[{"type":"cpu","n":1},{"type":"mem"}],"c":{"type":"cpu","n":2}}"#),
        ),
        (
            "back at the end",
            at_the_end(put("/c", cpu(), "/l")),
            r#"{"l":[{"type":"cpu"},{"type":"mem"}],"c":{"type":"cpu","n":2}}"#,
            Ok(r#"{"l":[{"type":"cpu"},{"type":"mem"},{"type":"cpu","n":2}]}"#),
        ),
        ("the end of none", at_the_end(put("/c", None, "/l")), r#"{"c":1}"#, Ok(r#"{"l":[1]}"#)),
        ("the last one left", structure(pick("/l", None, "/c", false)), r#"{"l":[1]}"#, Ok(r#"{"l":[],"c":1}"#)),
        ("an empty list goes", structure(pick("/l", None, "/c", true)), r#"{"l":[1]}"#, Ok(r#"{"c":1}"#)),
        ("null", structure(pick("/l", None, "/c", false)), r#"{"l":null}"#, Ok(r#"{"l":null}"#)),
        (
            "no list",
            structure(pick("/l", None, "/c", false)),
            r#"{"l":{}}"#,
            Err("expected an array, found an object at `/l`"),
        ),
        (
            "back",
            structure(put("/c", cpu(), "/l")),
            r#"{"l":[{"type":"mem"}],"c":{"type":"cpu"}}"#,
            Ok(r#"{"l":[{"type":"cpu"},{"type":"mem"}]}"#),
        ),
        (
            "another one",
            structure(put("/c", cpu(), "/l")),
            r#"{"l":[],"c":{"type":"mem"}}"#,
            Err("does not meet `where`"),
        ),
        ("back into no list", structure(put("/c", None, "/l")), r#"{"c":1}"#, Ok(r#"{"l":[1]}"#)),
        (
            "back into null",
            structure(put("/c", None, "/l")),
            r#"{"l":null,"c":1}"#,
            Err("expected an array, found null"),
        ),
        ("nothing to put back", structure(put("/c", None, "/l")), r#"{"l":null}"#, Ok(r#"{"l":null}"#)),
    ]);
}

#[test]
fn a_part_of_a_list() {
    let (list, to) = (pointer("/l"), pointer("/a"));
    let apart =
        || Structure::Partition { list: list.clone(), which: kind("1"), to: to.clone(), collision: Collision::Replace };
    let merge = || Structure::Merge { from: to.clone(), list: list.clone(), which: kind("1") };
    run(vec![
        (
            "those that meet it",
            structure(apart()),
            r#"{"l":[{"type":1},{"type":2},{"type":1.0, "x":0}]}"#,
            Ok(r#"{"l":[{"type":2}],"a":[{"type":1},{"type":1.0, "x":0}]}"#),
        ),
        ("none", structure(apart()), r#"{"l":[2]}"#, Ok(r#"{"l":[2],"a":[]}"#)),
        ("no list", structure(apart()), "{}", Ok("{}")),
        ("null", structure(apart()), r#"{"l":null}"#, Ok(r#"{"l":null}"#)),
        ("an object", structure(apart()), r#"{"l":{}}"#, Err("expected an array")),
        ("back", structure(merge()), r#"{"l":[{"type":2}],"a":[{"type":1}]}"#, Ok(r#"{"l":[{"type":2},{"type":1}]}"#)),
        ("back alone", structure(merge()), r#"{"a":[{"type":1}]}"#, Ok(r#"{"l":[{"type":1}]}"#)),
        ("back from nothing", structure(merge()), r#"{"l":[2]}"#, Ok(r#"{"l":[2]}"#)),
        ("among the wrong ones", structure(merge()), r#"{"l":[],"a":[{"type":2}]}"#, Err("does not meet `where`")),
        (
            "and the other way round",
            structure(merge()),
            r#"{"l":[{"type":1}],"a":[]}"#,
            Err("is among those that must not"),
        ),
        ("null in place of both", structure(merge()), r#"{"l":null,"a":[]}"#, Ok(r#"{"l":null}"#)),
        (
            "null in place of one",
            structure(merge()),
            r#"{"l":null,"a":[{"type":1}]}"#,
            Err("expected an array, found null"),
        ),
    ]);
}

#[test]
fn members_with_a_prefix() {
    use Collision::{Keep, Replace};
    run(vec![
        (
            "into an object",
            structure(nest("", "/b", Replace)),
            r#"{"b_x": 1.10,"n":0,"\u0062_\u0079": [ ],"b_":2}"#,
            Ok(r#"{"n":0,"b":{"x":1.10,"y":[ ],"":2}}"#),
        ),
        ("none", structure(nest("", "/b", Replace)), r#"{"n":0}"#, Ok(r#"{"n":0}"#)),
        ("no object", structure(nest("", "/b", Replace)), "[1]", Ok("[1]")),
        ("what is there goes", structure(nest("", "/b", Replace)), r#"{"b":1,"b_x":2}"#, Ok(r#"{"b":{"x":2}}"#)),
        ("or stays", structure(nest("", "/b", Keep)), r#"{"b":1,"b_x":2}"#, Ok(r#"{"b":1}"#)),
        (
            "elsewhere",
            structure(nest("/o", "/p/b", Replace)),
            r#"{"o":{"b_x":1}}"#,
            Ok(r#"{"o":{},"p":{"b":{"x":1}}}"#),
        ),
        (
            "out of the object",
            structure(flatten("/b", "", Replace)),
            r#"{"b":{"x": 1.10 ,"\"":2},"n":0}"#,
            Ok(r#"{"n":0,"b_x":1.10,"b_\"":2}"#),
        ),
        ("an empty one", structure(flatten("/b", "", Replace)), r#"{"b":{},"n":0}"#, Ok(r#"{"n":0}"#)),
        ("null", structure(flatten("/b", "", Replace)), r#"{"b":null}"#, Ok(r#"{"b":null}"#)),
        (
            "a text",
            structure(flatten("/b", "", Replace)),
            r#"{"b":"x"}"#,
            Err("expected an object, found a string at `/b`"),
        ),
        (
            "into an object that is absent",
            structure(flatten("/b", "/o/p", Collision::Replace)),
            r#"{"b":{"x":1}}"#,
            Ok(r#"{"o":{"p":{"b_x":1}}}"#),
        ),
        ("nothing into one", structure(flatten("/b", "/o/p", Collision::Replace)), r#"{"b":{}}"#, Ok("{}")),
        (
            "into an array",
            structure(flatten("/o/0", "/o", Collision::Replace)),
            r#"{"o":[{"x":1}]}"#,
            Err("expected an object, found an array at `/o`"),
        ),
        (
            "into null",
            structure(flatten("/b", "/o", Collision::Replace)),
            r#"{"o":null,"b":{"x":1}}"#,
            Err("expected an object, found null at `/o`"),
        ),
        ("out of an array", structure(nest("/o", "/b", Collision::Replace)), r#"{"o":[1]}"#, Ok(r#"{"o":[1]}"#)),
        ("the new one wins", structure(flatten("/b", "", Replace)), r#"{"b_x":1,"b":{"x":2}}"#, Ok(r#"{"b_x":2}"#)),
        ("or the old one", structure(flatten("/b", "", Keep)), r#"{"b_x":1,"b":{"x":2}}"#, Ok(r#"{"b_x":1}"#)),
    ]);
}

#[test]
fn the_only_member() {
    run(vec![
        (
            "whatever its name",
            structure(only("/s", "/k")),
            r#"{"s":{ "a\u0062" : 1.10 }}"#,
            Ok(r#"{"s":1.10,"k":"a\u0062"}"#),
        ),
        ("the name inside", structure(only("/s", "/s/k")), r#"{"s":{"a":{"x":1}}}"#, Ok(r#"{"s":{"x":1,"k":"a"}}"#)),
        ("the whole", structure(only("", "/k")), r#"{"a":{"x":1}}"#, Ok(r#"{"x":1,"k":"a"}"#)),
        (
            "no place for the name",
            structure(only("/s", "/s/k")),
            r#"{"s":{"a":1}}"#,
            Err("expected an object, found a number at `/s/a`"),
        ),
        ("two", structure(only("/s", "/k")), r#"{"s":{"a":1,"b":2}}"#, Err("not have exactly one member at `/s`")),
        ("none", structure(only("/s", "/k")), r#"{"s":{}}"#, Err("not have exactly one member at `/s`")),
        ("null", structure(only("/s", "/k")), r#"{"s":null}"#, Ok(r#"{"s":null}"#)),
        ("a list", structure(only("/s", "/k")), r#"{"s":[1]}"#, Err("expected an object, found an array at `/s`")),
        ("a list as the whole", structure(only("", "/k")), "[1]", Err("expected an object, found an array")),
        ("back", structure(named("/s", "/k")), r#"{"s": 1.10 ,"k":"a\u0062"}"#, Ok(r#"{"s": {"a\u0062":1.10} }"#)),
        ("back from inside", structure(named("/s", "/s/k")), r#"{"s":{"x":1,"k":"a"}}"#, Ok(r#"{"s":{"a":{"x":1}}}"#)),
        ("null in it", structure(only("/s", "/k")), r#"{"s":{"a":null}}"#, Ok(r#"{"s":null,"k":"a"}"#)),
        ("back from null", structure(named("/s", "/k")), r#"{"s":null,"k":"a"}"#, Ok(r#"{"s":{"a":null}}"#)),
        ("back from null alone", structure(named("/s", "/k")), r#"{"s":null}"#, Ok(r#"{"s":null}"#)),
        ("no name", structure(named("/s", "/k")), r#"{"s":1}"#, Err("does not have the member `k`")),
        (
            "a number for a name",
            structure(named("/s", "/k")),
            r#"{"s":1,"k":1}"#,
            Err("expected a string, found a number at `/k`"),
        ),
        ("a name alone", structure(named("/s", "/k")), r#"{"k":"a"}"#, Ok(r#"{"k":"a"}"#)),
    ]);
}

/// The root has no pointer to show.
#[test]
fn the_whole_value_is_named() {
    for (op, words) in [
        (split_list(""), "split the whole value at every \", \" into an array"),
        (entries("", "", None), "make the whole value an array of its members, by \"k\""),
        (nest("", "/a", Collision::Replace), "move the members \"b_\"… of the whole value into /a"),
        (flatten("/a", "", Collision::Replace), "move the members of /a into the whole value as \"b_\"…"),
        (only("", "/name"), "unwrap the whole value from its only member, whose name goes to /name"),
        (named("", "/name"), "wrap the whole value into the member that /name names"),
    ] {
        assert_eq!(Op::Structure(op).to_string(), words);
    }
}

#[test]
fn an_unrelated_element_is_not_taken_for_an_absent_value() {
    let alone = "would take this element for the value, which is absent";
    run(vec![
        ("in the array", structure(put("/e", None, "/es")), r#"{"es":["b"]}"#, Err(alone)),
        ("none in it", structure(put("/e", None, "/es")), r#"{"es":[]}"#, Ok(r#"{"es":[]}"#)),
        ("no array", structure(put("/e", None, "/es")), r#"{"es":7}"#, Ok(r#"{"es":7}"#)),
        (
            "one that counts",
            structure(put("/e", Some(kind("1")), "/es")),
            r#"{"es":[{"type":2},{"type":1}]}"#,
            Err("for the value, which is absent at `/es/1`"),
        ),
        (
            "none that counts",
            structure(put("/e", Some(kind("1")), "/es")),
            r#"{"es":[{"type":2}]}"#,
            Ok(r#"{"es":[{"type":2}]}"#),
        ),
        (
            "of two values the second",
            vec![step(Op::Structure(put("/e", None, "/es"))), step(Op::Structure(put("/f", None, "/es")))],
            r#"{"e":1}"#,
            Err(alone),
        ),
        (
            "or it passes",
            vec![pass(step(Op::Structure(put("/e", None, "/es"))))],
            r#"{"es":["b"]}"#,
            Ok(r#"{"es":["b"]}"#),
        ),
        (
            "an element of the array that is absent",
            structure(Structure::Merge { from: pointer("/old"), list: pointer("/all"), which: kind("1") }),
            r#"{"all":[{"type":2},{"type":1}]}"#,
            Err("is among those that must not at `/all/1`"),
        ),
    ]);
}

#[test]
fn a_prefix_is_that_of_the_object_alone() {
    let flatten = || Structure::Flatten {
        from: pointer("/b"),
        object: Pointer::ROOT,
        prefix: "b_".into(),
        collision: Collision::Replace,
    };
    let taken = "begins with the prefix of the op, so the way back would move the member into the object";
    run(vec![
        ("a member beside it", structure(flatten()), r#"{"b":{"x":1},"b_y":2}"#, Err(taken)),
        ("spelled otherwise", structure(flatten()), r#"{"b":{"x":1},"\u0062_y":2}"#, Err(taken)),
        ("a member that is replaced", structure(flatten()), r#"{"b_x":2,"b":{"x":1}}"#, Ok(r#"{"b_x":1}"#)),
        ("of an empty object", structure(flatten()), r#"{"b":{},"b_y":2}"#, Ok(r#"{"b_y":2}"#)),
        (
            "or it passes",
            vec![pass(step(Op::Structure(flatten())))],
            r#"{"b":{"x":1},"b_y":2}"#,
            Ok(r#"{"b":{"x":1},"b_y":2}"#),
        ),
    ]);
}
