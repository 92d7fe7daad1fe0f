//! Each edge of each op as a row: steps, what goes in, what comes out.

mod conditions;
mod expressions;
mod links;
mod losses;
mod members;
mod names;
mod structure;
mod texts;
mod values;
mod wholes;

use sunward::json::{Conversion, MigrateOptions, Migrated, Op, Step, migrate};

use super::*;
use crate::rows::each_row;

/// What comes out, or a part of the error's text.
type Row<'r> = (&'r str, Vec<Step>, &'r str, Result<&'r str, &'r str>);

fn run(rows: Vec<Row<'_>>) {
    each_row(rows, |(name, steps, input, expected)| {
        super::agree::agrees(name, &steps, input.as_bytes());
        let result = migrate(input.as_bytes(), &steps, &super::agree::options());
        match (result.map(|migrated| text(&migrated)), expected) {
            (Ok(body), Ok(expected)) => assert_eq!(body, expected, "{name}"),
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{name}: `{error}` does not say `{expected}`");
                assert!(error.is_value(), "{name}");
            }
            (result, expected) => panic!("{name}: {result:?}, expected {expected:?}"),
        }
    });
}

fn text(migrated: &Migrated) -> String {
    String::from_utf8(migrated.body.clone()).expect("UTF-8")
}

fn one(op: Op) -> Vec<Step> {
    vec![step(op)]
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
        let migrated = migrate(input.as_bytes(), steps, &MigrateOptions::default()).expect(input);
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
