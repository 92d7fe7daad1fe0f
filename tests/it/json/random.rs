//! Random steps on random documents: the engine says what the interpreter says, at every split.

use proptest::prelude::*;

use super::agree;

/// How many chains are tried; `SUNWARD_RANDOM_CASES` says another number.
fn cases() -> u32 {
    std::env::var("SUNWARD_RANDOM_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(512)
}

/// Few names, so that steps meet; some of them twice, or spelled with an escape.
fn document() -> impl Strategy<Value = String> {
    let scalar =
        prop::sample::select(vec!["1", "2.50", "null", "\"x\"", "\"a\"", "\"{\\\"a\\\":1}\""]).prop_map(str::to_owned);
    let value = scalar.prop_recursive(4, 24, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "c", "d", "e", "ab", "A", "B", "\\u0061"]);
        let member = (key, inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
        let object = prop::collection::vec(member, 0..4);
        prop_oneof![
            3 => object.clone().prop_map(|members| format!("{{{}}}", members.join(","))),
            1 => object.prop_map(|members| format!("{{ {} }}", members.join(" , "))),
            2 => prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(","))),
        ]
    });
    value.prop_filter("an object or a list", |text| text.starts_with(['{', '[']) && text.len() < 160)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn engine_and_interpreter_agree(steps in prop::collection::vec(any::<[u8; 6]>(), 1..6), text in document()) {
        let steps = agree::steps_from(&steps.concat());
        agree::agrees(format_args!("{steps:#?}"), &steps, text.as_bytes());
    }
}
