//! One row: a rule, a context, and the variant that they lead to.

use serde_json::{Value, json};
use sunward::clock::Timestamp;
use sunward::flags::{Bucketing, EvaluationContext, FlagDefinitions, FlagReason};

pub(super) fn context(attributes: &Value) -> EvaluationContext<'_> {
    let attributes = attributes.as_object().expect("an object");
    attributes
        .iter()
        .fold(EvaluationContext::new(), |context, (name, value)| context.with_attribute(name.as_str(), value))
}

/// The variant and reason of a flag with the rule, the variants `true`, `false`, `a`, `b`, `c`, and the default `c`.
pub(super) fn outcome(rule: &Value, attributes: &Value, bucketing: Bucketing) -> (Option<String>, FlagReason) {
    let document = json!({
        "flags": {"tried": {
            "state": "ENABLED",
            "variants": {"true": "t", "false": "f", "a": "A", "b": "B", "c": "C"},
            "defaultVariant": "c",
            "targeting": rule,
        }},
        "$evaluators": {
            "staff": {"ends_with": [{"var": "mail"}, "@sunward.test"]},
            "staff_of_berlin": {"and": [{"$ref": "staff"}, {"==": [{"var": "city"}, "Berlin"]}]},
        },
    });
    let definitions =
        FlagDefinitions::parse(&document.to_string(), bucketing).unwrap_or_else(|found| panic!("{rule}: {found}"));
    let now = Timestamp::from_secs(1_767_225_600).expect("in range");
    let evaluation = definitions.evaluate("tried", &context(attributes), now);
    (evaluation.variant().map(str::to_owned), evaluation.reason())
}

#[test]
fn rules_choose_variants() {
    let rows = [
        // Values and their places.
        (json!({}), json!({}), "c STATIC"),
        (json!("a"), json!({}), "a TARGETING_MATCH"),
        (json!(null), json!({}), "c STATIC"),
        (json!({"var": "wanted"}), json!({"wanted": "b"}), "b TARGETING_MATCH"),
        (json!({"var": "wanted"}), json!({}), "c DEFAULT"),
        (json!({"var": ["wanted", "a"]}), json!({}), "a TARGETING_MATCH"),
        (json!({"var": "plan.name"}), json!({"plan": {"name": "b"}}), "b TARGETING_MATCH"),
        (json!({"var": "plans.1"}), json!({"plans": ["a", "b"]}), "b TARGETING_MATCH"),
        (json!({"var": {"cat": ["wan", "ted"]}}), json!({"wanted": "a"}), "a TARGETING_MATCH"),
        (json!({"var": "wanted"}), json!({"wanted": "d"}), "- ERROR"),
        (json!({"var": "wanted"}), json!({"wanted": 7}), "- ERROR"),
        (json!({"==": [{"var": "targetingKey"}, "acme"]}), json!({"targetingKey": "acme"}), "true TARGETING_MATCH"),
        (json!({"==": [{"var": "$flagd.flagKey"}, "tried"]}), json!({}), "true TARGETING_MATCH"),
        (json!({">=": [{"var": "$flagd.timestamp"}, 1_767_225_600]}), json!({}), "true TARGETING_MATCH"),
        (json!({"<": [{"var": "$flagd.timestamp"}, 1_767_225_600]}), json!({}), "false TARGETING_MATCH"),
        // Conditions.
        (json!({"if": [{"var": "x"}, "a"]}), json!({"x": true}), "a TARGETING_MATCH"),
        (json!({"if": [{"var": "x"}, "a"]}), json!({"x": []}), "c DEFAULT"),
        (json!({"if": [{"var": "x"}, "a", {"var": "y"}, "b", "c"]}), json!({"y": "0"}), "b TARGETING_MATCH"),
        (json!({"if": [{"var": "x"}, "a", {"var": "y"}, "b", "c"]}), json!({"y": 0}), "c TARGETING_MATCH"),
        (json!({"?:": [{"var": "x"}, "a", "b"]}), json!({"x": ""}), "b TARGETING_MATCH"),
        (json!({"and": [true, "a"]}), json!({}), "a TARGETING_MATCH"),
        (json!({"and": [null, "a"]}), json!({}), "c DEFAULT"),
        (json!({"or": ["", "b"]}), json!({}), "b TARGETING_MATCH"),
        (json!({"!": [{"var": "x"}]}), json!({}), "true TARGETING_MATCH"),
        (json!({"!!": {"var": "x"}}), json!({"x": {}}), "true TARGETING_MATCH"),
        // Comparisons.
        (json!({"==": [{"var": "x"}, 1]}), json!({"x": "1"}), "true TARGETING_MATCH"),
        (json!({"===": [{"var": "x"}, 1]}), json!({"x": "1"}), "false TARGETING_MATCH"),
        (json!({"!==": [{"var": "x"}, 1]}), json!({"x": "1"}), "true TARGETING_MATCH"),
        (json!({"!=": [{"var": "x"}, null]}), json!({}), "false TARGETING_MATCH"),
        (json!({"==": [{"var": "x"}, 0]}), json!({}), "false TARGETING_MATCH"),
        (json!({"==": [{"var": "x"}, true]}), json!({"x": 1}), "true TARGETING_MATCH"),
        (json!({"<": [1, {"var": "x"}, 3]}), json!({"x": 2}), "true TARGETING_MATCH"),
        (json!({"<=": [1, {"var": "x"}, 3]}), json!({"x": 4}), "false TARGETING_MATCH"),
        (json!({"<": ["10", "9"]}), json!({}), "true TARGETING_MATCH"),
        (json!({"<": ["10", 9]}), json!({}), "false TARGETING_MATCH"),
        (json!({">": [{"var": "x"}, 1]}), json!({"x": "many"}), "false TARGETING_MATCH"),
        // Numbers.
        (json!({"==": [{"+": [1, "2", 3]}, 6]}), json!({}), "true TARGETING_MATCH"),
        (json!({"==": [{"-": [4]}, -4]}), json!({}), "true TARGETING_MATCH"),
        (json!({"==": [{"*": [2, 3]}, 6]}), json!({}), "true TARGETING_MATCH"),
        (json!({"/": [1, 0]}), json!({}), "c DEFAULT"),
        (json!({"==": [{"%": [{"var": "x"}, 3]}, 1]}), json!({"x": 7}), "true TARGETING_MATCH"),
        (json!({"==": [{"max": [1, 5, 3]}, 5]}), json!({}), "true TARGETING_MATCH"),
        (json!({"==": [{"min": [4, 2, 3]}, 2]}), json!({}), "true TARGETING_MATCH"),
        // Strings and arrays.
        (json!({"in": [{"var": "x"}, ["DE", "AT"]]}), json!({"x": "AT"}), "true TARGETING_MATCH"),
        (json!({"in": ["gold", {"var": "tags"}]}), json!({"tags": ["new", "gold"]}), "true TARGETING_MATCH"),
        (json!({"in": ["old", "golden"]}), json!({}), "true TARGETING_MATCH"),
        (json!({"in": ["old", {"var": "tags"}]}), json!({}), "false TARGETING_MATCH"),
        (json!({"==": [{"cat": ["v", 1, ".", 5, null, true]}, "v1.5true"]}), json!({}), "true TARGETING_MATCH"),
        (json!({"substr": ["xäby", -2, 1]}), json!({}), "b TARGETING_MATCH"),
        (json!({"substr": ["a---", 0, -3]}), json!({}), "a TARGETING_MATCH"),
        (json!({"starts_with": [{"var": "path"}, "/v2"]}), json!({"path": "/v2/users"}), "true TARGETING_MATCH"),
        (json!({"ends_with": [{"var": "path"}, "/v2"]}), json!({"path": "/v2/users"}), "false TARGETING_MATCH"),
        (json!({"starts_with": [{"var": "path"}, "/v2"]}), json!({"path": 2}), "c DEFAULT"),
        (json!({"in": [3, {"map": [[1, 2], {"+": [{"var": ""}, 1]}]}]}), json!({}), "true TARGETING_MATCH"),
        (
            json!({"!!": [{"filter": [{"var": "x"}, {">": [{"var": "n"}, 1]}]}]}),
            json!({"x": [{"n": 1}]}),
            "false TARGETING_MATCH",
        ),
        (
            json!({"==": [{"reduce": [[1, 2, 3], {"+": [{"var": "current"}, {"var": "accumulator"}]}, 4]}, 10]}),
            json!({}),
            "true TARGETING_MATCH",
        ),
        (json!({"all": [[1, 2], {">": [{"var": ""}, 0]}]}), json!({}), "true TARGETING_MATCH"),
        (json!({"all": [[], true]}), json!({}), "false TARGETING_MATCH"),
        (json!({"none": [[1, 2], {">": [{"var": ""}, 2]}]}), json!({}), "true TARGETING_MATCH"),
        (json!({"some": [[1, 2], {">": [{"var": ""}, 1]}]}), json!({}), "true TARGETING_MATCH"),
        (json!({"in": [2, {"merge": [[1], 2]}]}), json!({}), "true TARGETING_MATCH"),
        (json!({"!": [{"missing": ["x", "y"]}]}), json!({"x": 1, "y": 2}), "true TARGETING_MATCH"),
        (json!({"!": [{"missing": ["x", "y"]}]}), json!({"x": 1}), "false TARGETING_MATCH"),
        (json!({"!": [{"missing_some": [1, ["x", "y"]]}]}), json!({"x": 1}), "true TARGETING_MATCH"),
        // Versions.
        (json!({"sem_ver": [{"var": "app"}, ">=", "1.9.0"]}), json!({"app": "v1.10"}), "true TARGETING_MATCH"),
        (json!({"sem_ver": [{"var": "app"}, "~", "1.9.0"]}), json!({"app": "1.10.0"}), "false TARGETING_MATCH"),
        (json!({"sem_ver": [{"var": "app"}, "=", "1.9.0"]}), json!({"app": "beta"}), "c DEFAULT"),
        // Shared rules.
        (json!({"if": [{"$ref": "staff"}, "a", "b"]}), json!({"mail": "kim@sunward.test"}), "a TARGETING_MATCH"),
        (
            json!({"if": [{"$ref": "staff_of_berlin"}, "a", "b"]}),
            json!({"mail": "kim@sunward.test", "city": "Köln"}),
            "b TARGETING_MATCH",
        ),
    ];
    for (rule, attributes, expected) in rows {
        let (variant, reason) = outcome(&rule, &attributes, Bucketing::V2);
        let found = format!("{} {}", variant.as_deref().unwrap_or("-"), reason.as_str());
        assert_eq!(found, expected, "{rule} for {attributes}");
    }
}

#[test]
fn a_rule_that_multiplies_lists_is_given_up() {
    let numbers: Vec<_> = (0..100).collect();
    let inner = json!({"map": [numbers, {"var": ""}]});
    let middle = json!({"map": [numbers, inner]});
    let rule = json!({"if": [{"map": [numbers, middle]}, "a"]});
    assert_eq!(outcome(&rule, &json!({}), Bucketing::V2), (None, FlagReason::Error));
}
