//! Links: `x` leads to `/y"`, all others stay.

use super::*;

fn link(at: &str) -> Op {
    Op::Link { at: pointer(at), rules: 0 }
}

#[test]
fn links_are_translated_where_they_are_declared() {
    run(vec![
        ("a link", one(link("/next")), r#"{"next": "x", "a": "x"}"#, Ok(r#"{"next": "/y\"", "a": "x"}"#)),
        ("however it is spelled", one(link("/next")), r#"{"ne\u0078t": "\u0078"}"#, Ok(r#"{"ne\u0078t": "/y\""}"#)),
        (
            "one that stays keeps its bytes",
            one(link("/next")),
            r#"{"next": "\/\u00e9"}"#,
            Ok(r#"{"next": "\/\u00e9"}"#),
        ),
        ("a lone surrogate", one(link("/next")), r#"{"next": "x\ud800"}"#, Ok(r#"{"next": "x\ud800"}"#)),
        ("no string", one(link("/next")), r#"{"next": null}"#, Ok(r#"{"next": null}"#)),
        ("no string either", one(link("/next")), r#"{"next": ["x"]}"#, Ok(r#"{"next": ["x"]}"#)),
        ("not there", one(link("/next")), r#"{"a": 1.10}"#, Ok(r#"{"a": 1.10}"#)),
        ("each of two", one(link("/next")), r#"{"next":"x","next":"x"}"#, Ok(r#"{"next":"/y\"","next":"/y\""}"#)),
        ("the document", one(link("")), r#" "x" "#, Ok(r#" "/y\"" "#)),
        ("deep", one(link("/links/next")), r#"{"links":{"next":"x"}}"#, Ok(r#"{"links":{"next":"/y\""}}"#)),
        ("each element", vec![step_at("/*", link("/href"))], r#"[{"href":"x"},"x"]"#, Ok(r#"[{"href":"/y\""},"x"]"#)),
        ("each element itself", vec![step_at("/*", link(""))], r#"["x",["x"],1]"#, Ok(r#"["/y\"",["x"],1]"#)),
        ("at any depth", vec![step_at("/**", link("/u"))], r#"{"a":[{"u":"x"}]}"#, Ok(r#"{"a":[{"u":"/y\""}]}"#)),
    ]);
}

#[test]
fn links_go_with_other_ops() {
    let both = |first, second| vec![step(first), step(second)];
    run(vec![
        ("before a rename", both(link("/a"), rename("/a", "b")), r#"{"a":"x"}"#, Ok(r#"{"b":"/y\""}"#)),
        ("behind it", both(rename("/a", "b"), link("/b")), r#"{"a":"x"}"#, Ok(r#"{"b":"/y\""}"#)),
        ("before a copy", both(link("/a"), copy("/a", "/b")), r#"{"a":"x"}"#, Ok(r#"{"a":"/y\"","b":"/y\""}"#)),
        ("behind it", both(copy("/a", "/b"), link("/b")), r#"{"a":"x"}"#, Ok(r#"{"a":"x","b":"/y\""}"#)),
        ("of a constant", both(add("/a", "\"x\""), link("/a")), r#"{"b":1}"#, Ok(r#"{"b":1,"a":"/y\""}"#)),
        ("not of a later one", both(link("/a"), add("/a", "\"x\"")), "{}", Ok(r#"{"a":"x"}"#)),
        ("that is moved", both(link("/a"), relocate("/a", "/b/c")), r#"{"a":"x"}"#, Ok(r#"{"b":{"c":"/y\""}}"#)),
        (
            "in its wrapper",
            both(wrap("/a", member("href")), link("/a/href")),
            r#"{"a":"x"}"#,
            Ok(r#"{"a":{"href":"/y\""}}"#),
        ),
        ("that goes", both(link("/a"), drop_op("/a")), r#"{"a":"x","b":1}"#, Ok(r#"{"b":1}"#)),
        (
            "under a condition",
            vec![when(0, "/t", Some("1"), step(link("/a")))],
            r#"{"t":1,"a":"x"}"#,
            Ok(r#"{"t":1,"a":"/y\""}"#),
        ),
    ]);
}
