//! The engine against the interpreter: the same meaning, at every split of the text.

use proptest::prelude::*;
use sunward::json::{Literal, MigrateOptions, Mode, OnError, Program, migrate};

use super::agree::{agrees, canonical, rewrite};
use super::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// Keys may be spelled in more than one way.
fn spelled() -> impl Strategy<Value = String> {
    (name(), 0..6u8).prop_map(|(name, how)| {
        if how == 0 { format!("\"\\u{:04x}\"", name.as_bytes()[0]) } else { format!("\"{name}\"") }
    })
}

fn scalar() -> impl Strategy<Value = String> {
    prop::sample::select(
        &[
            "1",
            "1.10",
            "-0",
            "1E400",
            "9007199254740993",
            "null",
            "true",
            "\"x y\"",
            "\"\\u0041\\n\"",
            "\"\"",
            "\"\\uDEAD\"",
        ][..],
    )
    .prop_map(str::to_owned)
}

fn white() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["", "", " ", "\n\t"][..])
}

fn document() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        let member = (spelled(), white(), white(), white(), inner.clone())
            .prop_map(|(key, a, b, c, value)| format!("{a}{key}{b}:{c}{value}"));
        prop_oneof![
            3 => (prop::collection::vec(member, 0..6), white()).prop_map(|(list, end)| format!("{{{}{end}}}", list.join(" ,"))),
            1 => (prop::collection::vec(inner, 0..4), white()).prop_map(|(list, end)| format!("[{}{end}]", list.join(", "))),
        ]
    })
}

/// A pointer of one to two names, no longer, so that steps meet.
fn at() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => name().prop_map(|name| format!("/{name}")),
        1 => (name(), name()).prop_map(|(a, b)| format!("/{a}/{b}")),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let collision = || prop_oneof![2 => Just(Collision::Replace), 1 => Just(Collision::Keep)];
    prop_oneof![
        2 => (at(), scalar()).prop_map(|(at, value)| add(&at, &value)),
        2 => at().prop_map(|at| drop_op(&at)),
        4 => (at(), name(), collision()).prop_filter_map("a name of its own", |(at, to, collision)| {
            let (object, from) = pointer(&at).parent().map(|(object, from)| (object, from.to_owned()))?;
            (from != to).then(|| Op::Rename { object, from: from.into(), to: to.into(), collision })
        }),
        2 => (name(), name(), collision()).prop_filter_map("two names", |(from, to, collision)| {
            (from != to).then(|| Op::Copy { from: pointer(&format!("/{from}")), to: pointer(&format!("/{to}")), collision })
        }),
        1 => (at(), at()).prop_filter_map("apart", |(from, to)| {
            let (a, b) = (pointer(&from), pointer(&to));
            (!a.starts_with(&b) && !b.starts_with(&a)).then(|| relocate(&from, &to))
        }),
        1 => at().prop_map(|at| wrap(&at, Wrapper::Array)),
        1 => at().prop_map(|at| wrap(&at, member("a"))),
        1 => at().prop_map(|at| map(&at, &[("1", "\"one\"")], Other::Keep)),
        1 => at().prop_map(|at| Op::Convert { at: pointer(&at), conversion: Conversion::NumberToString }),
    ]
}

fn a_step() -> impl Strategy<Value = Step> {
    let resource = prop_oneof![4 => Just(""), 1 => Just("/a"), 1 => Just("/*"), 1 => Just("/b/*"), 1 => Just("/0")];
    let condition = prop::option::weighted(0.2, (at(), prop::option::of(scalar())));
    (resource, prop_oneof![3 => Just(""), 1 => Just("/*"), 1 => Just("/c/*")], op(), condition, any::<bool>()).prop_map(
        |(resource, each, op, condition, passes)| {
            let step = within(resource, step_at(each, op));
            let step = match condition {
                Some((at, equals)) => when(each.matches('*').count(), &at, equals.as_deref(), step),
                None => step,
            };
            Step { on_error: if passes { OnError::Pass } else { OnError::Fail }, ..step }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_chain_on_any_document(document in document(), steps in prop::collection::vec(a_step(), 1..9)) {
        agrees("random", &steps, document.as_bytes());
    }

    #[test]
    fn any_bytes_are_refused_or_copied(bytes in prop::collection::vec(prop::sample::select(&b"{}[]:,\"\\ue0-1.tfn \n\x01\xff"[..]), 0..24)) {
        let whole = rewrite(&Program::new(&[], Mode::Whole), &bytes, &[]);
        let cuts: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(rewrite(&Program::new(&[], Mode::Whole), &bytes, &cuts).is_ok(), whole.is_ok());
        if let Ok(whole) = whole {
            prop_assert_eq!(&whole, &bytes);
            prop_assert!(bytes.is_empty() || sunward::json::is_json(&bytes, &MigrateOptions::default()).is_ok());
        } else {
            prop_assert!(sunward::json::is_json(&bytes, &MigrateOptions::default()).is_err());
        }
    }
}

#[test]
#[ignore = "needs ../shared/suites"]
fn the_public_suite_at_every_split() {
    let folder = super::suites::suite("JSONTestSuite/test_parsing");
    let program = Program::new(&[], Mode::Whole);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("readable") {
        let entry = entry.expect("readable");
        seen += 1;
        let name = entry.file_name().into_string().expect("UTF-8");
        let text = std::fs::read(entry.path()).expect("readable");
        let whole = rewrite(&program, &text, &[]);
        match name.split('_').next() {
            Some("y") => assert_eq!(whole.as_ref().ok(), Some(&text), "{name}"),
            // An empty body passes, which is no JSON text all the same.
            Some("n") => assert!(whole.is_err() || text.is_empty(), "{name}"),
            _ => {}
        }
        // The two of 100 000 brackets would be cut 100 000 times.
        for cut in (0..text.len()).take(2_000) {
            assert_eq!(rewrite(&program, &text, &[cut]).ok(), whole.as_ref().ok().cloned(), "{name}, cut at {cut}");
        }
    }
    assert!(seen > 280, "{seen}");
}

#[test]
fn a_constant_is_spelled_as_it_was_written() {
    let steps = [step(add("/price", "1.10"))];
    let program = Program::new(&steps, Mode::Whole);
    assert_eq!(rewrite(&program, b"{}", &[]).expect("JSON"), br#"{"price":1.10}"#);
    assert_eq!(literal("1.10"), Literal::parse("1.10").expect("JSON"));
}

#[test]
fn texts_and_numbers_of_any_length_at_any_place() {
    let steps = [step_at("", rename("/a", "b")), step_at("", drop_op("/c")), step_at("", add("/d", "1"))];
    for length in [0, 1, 7, 8, 15, 16, 17, 61, 62, 63, 64, 65, 127, 128, 130] {
        let (plain, escaped) = ("x".repeat(length), "\\n\\u00e9".repeat(length / 8));
        for lead in (0..70).step_by(3) {
            let digits = "1234567890".repeat(3)[..length.min(25) + 1].to_owned();
            let text = format!(
                "{}{{\"{plain}\":\"{plain}\",\"a\":{digits},\"c\":\"{escaped}\",\"e\":[-{digits}.{digits}e+7,\"{plain}{escaped}\"]}}",
                " ".repeat(lead)
            );
            let ours = rewrite(&Program::new(&steps, Mode::Whole), text.as_bytes(), &[]).expect("JSON");
            let reference = migrate(text.as_bytes(), &steps, &MigrateOptions::default()).expect("JSON").body;
            assert_eq!(canonical(&ours), canonical(&reference), "{text}");
            for cut in (0..text.len()).step_by(5) {
                let cut = rewrite(&Program::new(&steps, Mode::Whole), text.as_bytes(), &[cut]);
                assert_eq!(cut.as_ref().ok(), Some(&ours), "{text}");
            }
        }
    }
}

#[test]
fn what_is_skipped_may_be_deep() {
    let steps = [step_at("", drop_op("/gone"))];
    for depth in [63, 64, 65, 127, 128, 129, 200] {
        let open: String = (0..depth).map(|level| if level % 3 == 0 { "[" } else { "{\"k\":" }).collect();
        let shut: String = (0..depth).rev().map(|level| if level % 3 == 0 { "]" } else { "}" }).collect();
        agrees("deep", &steps, format!("{{\"a\":{open}1{shut},\"gone\":2}}").as_bytes());
        let wrong = shut.replacen(']', "}", 1);
        agrees("deep and wrong", &steps, format!("{{\"a\":{open}1{wrong}}}").as_bytes());
    }
}

#[test]
fn moves_between_siblings() {
    for collision in [Collision::Replace, Collision::Keep] {
        let steps = [step_at("", Op::Move { from: pointer("/a"), to: pointer("/b"), collision })];
        for text in [
            r#"{"a": 1, "b": 2, "c": 3}"#,
            r#"{"b": 2, "a": 1}"#,
            r#"{"a": 1, "a": [4], "c": 3}"#,
            r#"{"b": 1, "a": [4], "b": 3, "\u0061": 5}"#,
            r#"{"a": 1}"#,
            r#"{"c": 1}"#,
            "[1, 2]",
        ] {
            agrees("a move", &steps, text.as_bytes());
        }
    }
}
