//! No definitions and no context make an evaluation panic.

use proptest::prelude::*;
use serde_json::{Value, json};
use sunward::clock::Timestamp;
use sunward::flags::{Bucketing, FlagDefinitions};

use super::rules::context;

const OPERATORS: [&str; 40] = [
    "if",
    "?:",
    "and",
    "or",
    "!",
    "!!",
    "==",
    "!=",
    "===",
    "!==",
    "<",
    "<=",
    ">",
    ">=",
    "max",
    "min",
    "+",
    "-",
    "*",
    "/",
    "%",
    "map",
    "filter",
    "reduce",
    "all",
    "none",
    "some",
    "merge",
    "in",
    "cat",
    "substr",
    "missing",
    "missing_some",
    "starts_with",
    "ends_with",
    "var",
    "fractional",
    "sem_ver",
    "$ref",
    "unknown",
];

fn rule() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["a", "b", "", "x", "x.0", "targetingKey", "$flagd.timestamp", "1.2", ">=", "ä€"])
            .prop_map(|text| json!(text)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let operands = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            3 => (prop::sample::select(OPERATORS.to_vec()), operands.clone())
                .prop_map(|(operator, operands)| json!({operator: operands})),
            1 => operands.prop_map(Value::Array),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn no_rule_panics(rule in rule(), x in rule(), key in "[a-z]{0,5}") {
        let document = json!({"flags": {"a": {
            "state": "ENABLED", "variants": {"a": 1, "b": 2}, "defaultVariant": "a", "targeting": rule.clone(),
        }}, "$evaluators": {"x": rule}});
        for bucketing in [Bucketing::V1, Bucketing::V2] {
            if let Ok(definitions) = FlagDefinitions::parse(&document.to_string(), bucketing) {
                let attributes = json!({"x": x, "targetingKey": key});
                let _ = definitions.evaluate("a", &context(&attributes), Timestamp::MAX);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}", document in rule()) {
        let _ = FlagDefinitions::parse(&text, Bucketing::V2);
        let _ = FlagDefinitions::parse(&document.to_string(), Bucketing::V2);
        let _ = FlagDefinitions::parse(&json!({"flags": {"a": document}}).to_string(), Bucketing::V2);
    }
}
