//! What is wrong with definitions, and where.

use sunward::flags::{Bucketing, FlagDefinitions, FlagType};

const SOUND: &str = r#"{"state": "ENABLED", "variants": {"on": true, "off": false}}"#;

/// Each finding as `line:column: text`.
fn findings(text: &str) -> Vec<String> {
    let found = FlagDefinitions::parse(text, Bucketing::V2).map(|definitions| definitions.warnings().to_vec());
    let found = found.unwrap_or_else(|found| found.iter().cloned().collect());
    let line = |found: &sunward::diagnostic::Diagnostic| {
        let (line, column) = found.span().line_column(text).expect("a place");
        format!("{line}:{column}: {}", found.message())
    };
    found.iter().map(line).collect()
}

#[test]
fn errors_have_a_place() {
    let flag = |targeting: &str| {
        format!(r#"{{"flags": {{"a": {{"state": "ENABLED", "variants": {{"on": true}}, "targeting": {targeting}}}}}}}"#)
    };
    let rows = [
        (String::from("{\"flags\":\n {,}}"), "2:3: not JSON"),
        ("[]".into(), "1:1: the document: the document is an object with the member `flags`"),
        ("{}".into(), "1:1: the document: `flags` is missing"),
        (r#"{"flags": 1}"#.into(), "1:11: /flags: `flags` is an object"),
        (r#"{"flags": {"a": 1}}"#.into(), "1:17: /flags/a: a flag is an object"),
        (format!(r#"{{"flags": {{"a": {SOUND}, "a": {SOUND}}}}}"#), "/flags/a: the member occurs twice in its object"),
        (r#"{"flag": {}, "flags": {}}"#.into(), "1:10: /flag: unknown key `flag`; did you mean `flags`?"),
        (
            r#"{"flags": {"a/b": {"variants": {"on": 1}}}}"#.into(),
            "1:19: /flags/a~1b: `state` is missing; it is `ENABLED` or `DISABLED`",
        ),
        (
            r#"{"flags": {"a": {"state": "ON", "variants": {"on": 1}}}}"#.into(),
            "1:27: /flags/a/state: unknown state \"ON\"",
        ),
        (r#"{"flags": {"a": {"state": "ENABLED"}}}"#.into(), "1:17: /flags/a: `variants` is missing"),
        (
            r#"{"flags": {"a": {"state": "ENABLED", "variants": {}}}}"#.into(),
            "/flags/a/variants: a flag has at least one variant",
        ),
        (
            r#"{"flags": {"a": {"state": "ENABLED", "variants": {"x": []}}}}"#.into(),
            "/flags/a/variants/x: a variant is a boolean",
        ),
        (
            r#"{"flags": {"a": {"state": "ENABLED", "variants": {"x": 1, "y": "2"}}}}"#.into(),
            "1:64: /flags/a/variants/y: the variant `y` is of type string, but the first one is of type number",
        ),
        (
            r#"{"flags": {"a": {"state": "ENABLED", "variants": {"blue": 1}, "defaultVariant": "bleu"}}}"#.into(),
            "/flags/a/defaultVariant: unknown variant `bleu`; ",
        ),
        (flag(r#"{"if": [true, "off"]}"#), "/flags/a/targeting: unknown variant `off`; known: `on`"),
        (flag(r#"{"fractional": [["on", 1], ["off", 1]]}"#), "/flags/a/targeting: unknown variant `off`; known: `on`"),
        (flag(r#"{"iff": [true, "on"]}"#), "/flags/a/targeting/iff: unknown operator `iff`; "),
        (flag(r#"{"==": [1]}"#), "/flags/a/targeting/==: `==` has 1 operands, but needs 2"),
        (flag(r#"{"<": [1]}"#), "/flags/a/targeting/<: `<` has 1 operands, but needs 2 to 3"),
        (
            flag(r#"{"==": [1, 2], "<": [1, 2]}"#),
            "/flags/a/targeting: an object in a rule has one member, its operator; this one has 2",
        ),
        (flag(r#"{"$ref": "b"}"#), "/flags/a/targeting/$ref: unknown evaluator `b`; the document has no `$evaluators`"),
        (
            flag(r#"{"sem_ver": [{"var": "v"}, ">>", "1.0.0"]}"#),
            "/flags/a/targeting/sem_ver/1: unknown relation \">>\"",
        ),
        (flag(r#"{"sem_ver": [{"var": "v"}, ">", "one"]}"#), "/flags/a/targeting/sem_ver/2: `one` is no version"),
        (flag(r#"{"fractional": ["key"]}"#), "/flags/a/targeting/fractional: `fractional` has no shares"),
        (flag(r#"{"fractional": [["on", 0]]}"#), "the weights sum to 0, so no request is in any share"),
        (
            flag(r#"{"fractional": [["on", 1.5]]}"#),
            "/flags/a/targeting/fractional/0/1: a weight is a whole number, not 1.5",
        ),
        (
            flag(r#"{"fractional": [["on", 2147483648]]}"#),
            "the weights sum to 2147483648; at most 2147483647 is allowed",
        ),
        (
            flag(r#"{"fractional": ["key", "on"]}"#),
            "/flags/a/targeting/fractional/1: a share is an array of a variant and a weight",
        ),
        (
            r#"{"flags": {}, "$evaluators": {"x": {"!": {"$ref": "y"}}, "y": {"!": {"$ref": "x"}}}}"#.into(),
            "/$evaluators/y/!/0/$ref: the evaluator `x` refers to itself",
        ),
        // Warnings.
        (flag(r#"{"fractional": [{"var": "$flagd.timestamp"}, ["on", 1]]}"#), "shares by a time are not sticky"),
        (flag(r#"{"fractional": [{"+": [1, 2]}, ["on", 1]]}"#), "a number is no key"),
    ];
    for (text, expected) in rows {
        let found = findings(&text);
        assert!(found.len() == 1 && found[0].contains(expected), "{text}\n{expected}\n{found:#?}");
    }
}

#[test]
fn all_errors_are_found_at_once() {
    let found = findings(
        r#"{"flags": {
            "a": {"state": "on", "variants": {"x": 1}, "defaultVariant": "y", "targeting": {"=": [1, 1]}},
            "b": {"state": "ENABLED", "variants": {"x": 1, "y": true}, "colour": "red"}
        }}"#,
    );
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn rules_that_refer_to_each_other_are_bounded_in_depth() {
    let link = |at: usize| format!(r#""r{at}": {{"!": {{"$ref": "r{}"}}}}"#, at + 1);
    let links: Vec<_> = (0..200).map(link).collect();
    let text = format!(
        r#"{{"flags": {{"a": {{"state": "ENABLED", "variants": {{"true": true}}, "targeting": {{"$ref": "r0"}}}}}},
            "$evaluators": {{{}, "r200": true}}}}"#,
        links.join(", ")
    );
    let found = findings(&text);
    assert!(found.iter().any(|found| found.contains("levels deep")), "{found:#?}");
}

#[test]
fn definitions_say_what_they_have() {
    let text = r#"{"$schema": "https://flagd.dev/schema/v0/flags.json", "metadata": {"flagSetId": "shop"}, "flags": {
        "colour": {"state": "DISABLED", "variants": {"red": "r", "blue": "b"}, "defaultVariant": "red", "metadata": {"owner": "web"}}
    }}"#;
    let definitions = FlagDefinitions::parse(text, Bucketing::V1).expect("sound");
    let flag = definitions.get("colour").expect("it is there");
    assert_eq!((flag.key(), flag.is_enabled(), flag.flag_type()), ("colour", false, Some(FlagType::String)));
    assert_eq!((flag.default_variant(), flag.has_targeting()), (Some("red"), false));
    assert_eq!(flag.metadata()["owner"], "web");
    assert_eq!(definitions.metadata()["flagSetId"], "shop");
    assert_eq!((definitions.iter().count(), definitions.bucketing()), (1, Bucketing::V1));
}
