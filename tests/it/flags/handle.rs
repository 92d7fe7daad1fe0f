//! The handle: typed values, switches, counts, replaced definitions.

use serde_json::json;
use sunward::clock::{ManualClock, Timestamp};
use sunward::flags::{Bucketing, EvaluationContext, FlagDefinitions, FlagError, FlagReason, FlagSwitch, Flags};

fn definitions() -> FlagDefinitions {
    let text = json!({"flags": {
        "switch": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"},
        "colour": {"state": "ENABLED", "variants": {"red": "#f00", "blue": "#00f"}, "defaultVariant": "blue"},
        "limit": {"state": "ENABLED", "variants": {"low": 10, "half": 0.5}, "defaultVariant": "low"},
        "banner": {"state": "ENABLED", "variants": {"short": {"text": "hi"}}, "defaultVariant": "short"},
        "off": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
        "open": {"state": "ENABLED", "variants": {"on": true}},
    }});
    FlagDefinitions::parse(&text.to_string(), Bucketing::V2).expect("sound")
}

#[test]
fn values_have_types_and_defaults() {
    let (flags, anyone) = (Flags::new(definitions()), EvaluationContext::new());
    assert!(flags.is_enabled("switch", &anyone));
    for key in ["off", "open", "colour", "nothing"] {
        assert!(!flags.is_enabled(key, &anyone), "{key}");
        assert!(flags.boolean(key, &anyone, true), "{key}");
    }
    assert_eq!(flags.string("colour", &anyone, "-"), "#00f");
    assert_eq!(flags.string("limit", &anyone, "-"), "-");
    assert_eq!((flags.integer("limit", &anyone, 1), flags.number("limit", &anyone, 1.0)), (10, 10.0));
    assert_eq!((flags.integer("switch", &anyone, 1), flags.number("colour", &anyone, 1.0)), (1, 1.0));
    assert_eq!(flags.object("banner", &anyone, json!({})), json!({"text": "hi"}));
    assert_eq!(flags.object("colour", &anyone, json!({})), json!({}));
    for (key, reason, error) in [
        ("switch", FlagReason::Static, None),
        ("off", FlagReason::Disabled, None),
        ("open", FlagReason::Default, None),
        ("nothing", FlagReason::Error, Some(FlagError::FlagNotFound)),
    ] {
        let evaluation = flags.evaluate(key, &anyone);
        assert_eq!((evaluation.reason(), evaluation.error()), (reason, error), "{key}");
    }
}

#[test]
fn switches_are_above_definitions() {
    let clock = ManualClock::new("2026-01-01".parse().expect("a date"));
    let (flags, anyone) = (Flags::by_clock(definitions(), clock.clone()), EvaluationContext::new());
    let tomorrow: Timestamp = "2026-01-02".parse().expect("a date");

    flags.disable("switch", None);
    flags.disable("switch", None);
    assert_eq!(flags.evaluate("switch", &anyone).reason(), FlagReason::Disabled);
    flags.replace(definitions());
    assert!(!flags.is_enabled("switch", &anyone), "also after a reload");
    flags.enable("switch");
    flags.enable("switch");
    assert!(flags.is_enabled("switch", &anyone));

    assert_eq!(flags.pin("colour", "red", Some(tomorrow)), Ok(()));
    assert_eq!(flags.string("colour", &anyone, "-"), "#f00");
    assert_eq!(flags.overrides()["colour"].switch, FlagSwitch::Pinned("red".into()));
    clock.set(tomorrow);
    assert_eq!(flags.string("colour", &anyone, "-"), "#00f");
    assert!(flags.overrides().is_empty());

    assert_eq!(flags.pin("colour", "green", None), Err(FlagError::UnknownVariant));
    assert_eq!(flags.pin("nothing", "on", None), Err(FlagError::FlagNotFound));
    flags.disable("planned", None);
    assert_eq!(flags.evaluate("planned", &anyone).reason(), FlagReason::Disabled);

    flags.pin("switch", "off", None).expect("it is there");
    let other = r#"{"flags": {"switch": {"state": "ENABLED", "variants": {"yes": true}, "defaultVariant": "yes"}}}"#;
    flags.replace(FlagDefinitions::parse(other, Bucketing::V2).expect("sound"));
    assert_eq!(flags.evaluate("switch", &anyone).error(), Some(FlagError::PinnedVariantMissing));
}

#[test]
fn evaluations_are_counted_by_variant() {
    let (flags, anyone) = (Flags::new(definitions()), EvaluationContext::new());
    let _ = (flags.evaluate("colour", &anyone), flags.evaluate("colour", &anyone));
    flags.replace(definitions());
    flags.disable("colour", None);
    let _ = flags.evaluate("colour", &anyone);
    let expected = [("red", 0), ("blue", 2), ("", 1)].map(|(name, count)| (name.to_owned(), count));
    let mut counts = flags.counts("colour").expect("it is there");
    counts.sort_by_key(|(name, _)| expected.iter().position(|(known, _)| known == name));
    assert_eq!(counts, expected);
    assert_eq!(flags.counts("nothing"), None);
}
