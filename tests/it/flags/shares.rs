//! The op `fractional`: which share a key is in.

use serde_json::{Value, json};
use sunward::clock::Timestamp;
use sunward::flags::{Bucketing, EvaluationContext, FlagDefinitions};

use super::rules::outcome;

#[test]
fn keys_and_their_shares() {
    let halves = || (json!(["a", 50]), json!(["b", 50]));
    let by = |key: Value| {
        let (a, b) = halves();
        json!({"fractional": [key, a, b]})
    };
    let implicit = json!({"fractional": [["a", 50], ["b", 50]]});
    let key = json!({"cat": [{"var": "$flagd.flagKey"}, {"var": "mail"}]});
    let rows = [
        // At the edges of the range, by both versions.
        (by(json!({"var": "id"})), json!({"id": "ejOoVL"}), "a SPLIT", "a SPLIT"),
        (by(json!({"var": "id"})), json!({"id": "SI7p-"}), "a SPLIT", "c DEFAULT"),
        (by(json!({"var": "id"})), json!({"id": "6LvT0"}), "b SPLIT", "c DEFAULT"),
        (by(json!({"var": "id"})), json!({"id": "ceQdGm"}), "b SPLIT", "a SPLIT"),
        // Without a key, the default.
        (implicit.clone(), json!({}), "c DEFAULT", "c DEFAULT"),
        (implicit.clone(), json!({"targetingKey": ""}), "c DEFAULT", "c DEFAULT"),
        (implicit, json!({"targetingKey": null}), "c DEFAULT", "c DEFAULT"),
        (by(json!({"var": "id"})), json!({}), "c DEFAULT", "c DEFAULT"),
        (by(json!({"var": "id"})), json!({"id": ""}), "c DEFAULT", "c DEFAULT"),
        (by(json!({"var": "id"})), json!({"id": 7}), "c DEFAULT", "c DEFAULT"),
        (by(key), json!({}), "c DEFAULT", "c DEFAULT"),
        // All of it needs no key.
        (json!({"fractional": [["a", 100], ["b", 0]]}), json!({}), "a SPLIT", "a SPLIT"),
        (json!({"fractional": [["b"]]}), json!({}), "b SPLIT", "b SPLIT"),
        // Negative weights are 0, and weights and variants may be computed.
        (json!({"fractional": [["a", -5], ["b", 5]]}), json!({}), "b SPLIT", "b SPLIT"),
        (json!({"fractional": [["a", {"var": "weight"}], ["b", 0]]}), json!({"weight": 9}), "a SPLIT", "a SPLIT"),
        (json!({"fractional": [["a", {"var": "weight"}], ["b", 0]]}), json!({}), "c DEFAULT", "c DEFAULT"),
        (json!({"fractional": [[{"var": "chosen"}, 1]]}), json!({"chosen": "b"}), "b SPLIT", "b SPLIT"),
    ];
    for (rule, attributes, v2, v1) in rows {
        for (bucketing, expected) in [(Bucketing::V2, v2), (Bucketing::V1, v1)] {
            let (variant, reason) = outcome(&rule, &attributes, bucketing);
            let found = format!("{} {}", variant.as_deref().unwrap_or("-"), reason.as_str());
            assert_eq!(found, expected, "{rule} for {attributes} by {bucketing:?}");
        }
    }
}

#[test]
fn shares_have_their_size_and_grow() {
    for bucketing in [Bucketing::V1, Bucketing::V2] {
        let flag = |percent: u32| {
            json!({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
                "targeting": {"fractional": [{"var": "targetingKey"}, ["on", percent], ["off", 100 - percent]]}})
        };
        let document = json!({"flags": {"tenth": flag(10), "fifth": flag(20)}}).to_string();
        let definitions = FlagDefinitions::parse(&document, bucketing).expect("sound");
        let on = |key: &str, consumer: &str| {
            let context = EvaluationContext::new().with_targeting_key(consumer);
            definitions.evaluate(key, &context, Timestamp::EPOCH).variant() == Some("on")
        };
        let mut count = 0;
        for number in 0..100_000 {
            let consumer = format!("consumer-{number}");
            if on("tenth", &consumer) {
                count += 1;
                assert!(on("fifth", &consumer), "{consumer} left by {bucketing:?}");
            }
        }
        assert!((9_700..=10_300).contains(&count), "{count} by {bucketing:?}");
    }
}

#[test]
fn a_share_says_where_its_key_is() {
    let document = json!({"flags": {"tried": {"state": "ENABLED", "variants": {"on": true, "off": false},
        "targeting": {"fractional": [{"var": "targetingKey"}, ["on", 50], ["off", 50]]}}}});
    let definitions = FlagDefinitions::parse(&document.to_string(), Bucketing::V2).expect("sound");
    let edge = EvaluationContext::new().with_targeting_key("ceQdGm");
    assert_eq!(definitions.evaluate("tried", &edge, Timestamp::EPOCH).share(), Some((99, 100)));
    let without = definitions.evaluate("tried", &EvaluationContext::new(), Timestamp::EPOCH);
    assert!(without.is_keyless() && without.value().is_none());
}
