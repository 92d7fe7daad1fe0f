//! What holds for every document.

use proptest::prelude::*;
use serde_json::Value;
use sunward::json::{Custom, Literal, MigrateOptions, Op, PatchOp, migrate};

use super::*;

fn white() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "\n  ", "\t", " \r\n "])
}

fn scalar() -> impl Strategy<Value = String> {
    let odd =
        vec!["1.10", "-0", "1E400", "123456789012345678901234567890", "\"\\uDEAD\"", "\"\\u0041\"", "null", "true"];
    prop_oneof![
        prop::sample::select(odd).prop_map(str::to_owned),
        any::<i32>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| Value::String(text).to_string()),
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["\"a\"", "\"b\"", "\"c\"", "\"\\u0061\"", "\"d/~\"", "\"\""])
}

/// Any JSON text, with odd white space, duplicate keys, escapes and numbers.
fn document() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(5, 64, 5, |inner| {
        let item =
            (white(), inner, white()).prop_map(|(before, value, after)| format!("{before}{value}{after}")).boxed();
        let member = (white(), key(), white(), item.clone())
            .prop_map(|(before, key, after, value)| format!("{before}{key}{after}:{value}"));
        let list = prop::collection::vec(item, 0..5).prop_map(|items| format!("[{}]", items.join(",")));
        let object = prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")));
        prop_oneof![list, object, white().prop_map(|white| format!("{{{white}}}"))]
    });
    (white(), value, white()).prop_map(|(before, value, after)| format!("{before}{value}{after}"))
}

fn migrated(document: &str, steps: &[Step]) -> String {
    let migrated = migrate(document.as_bytes(), steps, &MigrateOptions::default()).expect(document);
    String::from_utf8(migrated.body).expect("UTF-8")
}

/// A document that names its members once and spells nothing oddly.
fn canonical() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![Just(Value::Null), any::<i16>().prop_map(Value::from), "[a-c]{0,2}".prop_map(Value::from)];
    scalar.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "0", "1", "-"]), 0..3)
        .prop_map(|tokens| tokens.iter().map(|token| format!("/{token}")).collect())
}

/// Without moves of the whole, which the crate refuses even onto itself, and removals of it, which it takes for `null`.
fn patch_op() -> impl Strategy<Value = Value> {
    let ops = prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]);
    let some = |path: String| if path.is_empty() { "/a".to_owned() } else { path };
    (ops, path().prop_map(some), path(), canonical()).prop_map(move |(op, from, path, value)| {
        let path = if op == "remove" { some(path) } else { path };
        serde_json::json!({"op": op, "from": from, "path": path, "value": value})
    })
}

proptest! {
    #[test]
    fn what_no_step_touches_stays(document in document()) {
        let looks = [
            step_at("/*/*/*", rename("/nowhere", "else")),
            step(Op::Custom(Custom::new(|_| Ok(())))),
            step(Op::Patch(Vec::new())),
            step_at("/*/*", relocate("/nowhere", "/else")),
        ];
        prop_assert_eq!(migrated(&document, &looks), document);
    }

    #[test]
    fn wrapping_and_back_is_nothing(document in document()) {
        let steps = [
            step_at("/*", wrap("", Wrapper::Array)),
            step(wrap("", member("data"))),
            step(unwrap("", member("data"))),
            step_at("/*", first(unwrap("", Wrapper::Array))),
        ];
        prop_assert_eq!(migrated(&document, &steps), document);
    }

    #[test]
    fn renaming_there_and_back_is_nothing_but_spelling(document in document()) {
        let there = migrated(&document, &[step(rename("/a", "new")), step_at("/*", rename("/a", "new"))]);
        let back = migrated(&there, &[step_at("/*", rename("/new", "a")), step(rename("/new", "a"))]);
        prop_assert!(literal(&back).equals(&literal(&document)));
        if !document.contains("\\u0061") {
            prop_assert_eq!(back, document);
        }
    }

    #[test]
    fn moving_there_and_back_keeps_the_value(document in document()) {
        let steps = [step(relocate("/b", "/x/y/b")), step(relocate("/x/y/b", "/b"))];
        let moved = migrated(&document, &steps);
        prop_assert!(literal(&moved).equals(&literal(&document)));
    }

    #[test]
    fn every_document_equals_itself_compact(document in document()) {
        let compact = literal(&document);
        prop_assert_eq!(literal(compact.as_str()), compact.clone());
        prop_assert!(compact.equals(&compact));
    }

    #[test]
    fn patches_do_what_the_json_patch_crate_does(document in canonical(), ops in prop::collection::vec(patch_op(), 1..4)) {
        let patch = Value::Array(ops);
        let mut expected = document.clone();
        let oracle: json_patch::Patch = serde_json::from_value(patch.clone()).expect("a patch");
        // Its atomic form panics when it must undo a move onto the whole document.
        let theirs = json_patch::patch_unsafe(&mut expected, &oracle);
        let ours = PatchOp::parse_list(&patch.to_string()).expect("a patch");
        let ours = migrate(document.to_string().as_bytes(), [&step(Op::Patch(ours))], &MigrateOptions::default());
        match (ours, theirs) {
            (Ok(migrated), Ok(())) => {
                let body = literal(std::str::from_utf8(&migrated.body).expect("UTF-8"));
                prop_assert!(body.equals(&Literal::from(&expected)), "{} {} {}", document, patch, body);
            }
            (ours, theirs) => prop_assert!(ours.is_err() && theirs.is_err(), "{} {} {:?} {:?}", document, patch, ours, theirs),
        }
    }
}
