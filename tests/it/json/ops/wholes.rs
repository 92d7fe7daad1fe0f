//! Ops that see the whole value: JSON Patches and functions.

use sunward::json::{Custom, PatchOp};

use super::*;

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
            Err("does not apply: a path leads to nothing"),
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
        ("custom that refuses", one(Op::Custom(upper)), "{}", Err("the custom function rejected the value")),
    ]);
}
