//! Ops on members: they are added, dropped, renamed, moved and copied.

use super::*;

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
            Err("expected an object, found a string at `/b`"),
        ),
        ("move into null", one(relocate("/a", "/b/c")), r#"{"a":1,"b":null}"#, Err("found null at `/b`")),
        ("move into a list", one(relocate("/a", "/b/c")), r#"{"a":1,"b":[]}"#, Err("found an array at `/b`")),
        (
            "a failed move changes nothing",
            vec![pass(step(relocate("/a", "/b/c")))],
            r#"{ "a": 1, "b": "x" }"#,
            Ok(r#"{ "a": 1, "b": "x" }"#),
        ),
        ("move into itself", one(relocate("/a", "/a/b")), r#"{"a":1}"#, Err("inside its own target")),
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
