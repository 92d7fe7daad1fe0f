//! Public test suites. If they are in `../shared/suites`, `cargo test -- --ignored` runs these tests.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use sunward::json::{Literal, MigrateOptions, Op, PatchOp, is_json, migrate};

use super::*;

pub(super) fn suite(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/suites").join(path)
}

#[test]
#[ignore = "needs ../shared/suites"]
fn json_test_suite() {
    let folder = suite("JSONTestSuite/test_parsing");
    let mut seen = [0; 2];
    for entry in fs::read_dir(folder).expect("readable") {
        let entry = entry.expect("readable");
        let (name, text) = (entry.file_name().into_string().expect("UTF-8"), fs::read(entry.path()).expect("readable"));
        let valid = is_json(&text, &MigrateOptions::default());
        match name.split('_').next() {
            Some("y") => assert!(valid.is_ok(), "{name}: {valid:?}"),
            Some("n") => assert!(valid.is_err(), "{name}"),
            _ => {}
        }
        let wrapped = [step_at("/*/*", wrap("", Wrapper::Array)), step_at("/*/*", unwrap("", Wrapper::Array))];
        match migrate(&text, &wrapped, &MigrateOptions::default()) {
            Ok(migrated) => assert_eq!(migrated.body, text, "{name}"),
            Err(_) => assert!(valid.is_err(), "{name}"),
        }
        seen[usize::from(valid.is_ok())] += 1;
    }
    assert!(seen[0] > 180 && seen[1] > 95, "{seen:?}");
}

#[test]
#[ignore = "needs ../shared/suites"]
fn json_patch_tests() {
    let mut run = 0;
    for file in ["tests.json", "spec_tests.json"] {
        let path = suite("json-patch-tests").join(file);
        let cases: Vec<Value> = serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON");
        for case in cases.iter().filter(|case| case.get("disabled").is_none() && case.get("patch").is_some()) {
            patch_case(case);
            run += 1;
        }
    }
    assert!(run > 100, "{run}");
}

fn patch_case(case: &Value) {
    let patched = PatchOp::parse_list(&case["patch"].to_string()).and_then(|ops| {
        let document = case["doc"].to_string();
        migrate(document.as_bytes(), [&step(Op::Patch(ops))], &MigrateOptions::default())
    });
    match (patched, case.get("expected")) {
        (Ok(migrated), Some(expected)) => {
            let body = literal(std::str::from_utf8(&migrated.body).expect("UTF-8"));
            assert!(body.equals(&Literal::from(expected)), "{case}: {body}");
        }
        (Ok(migrated), None) => assert!(case.get("error").is_none(), "{case}: {migrated:?}"),
        (Err(error), expected) => {
            assert!(expected.is_none() && (error.is_value() || error.is_syntax()), "{case}: {error}")
        }
    }
}
