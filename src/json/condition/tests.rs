use super::*;
use crate::json::Pointer;

fn at(place: &str, test: Test) -> Condition<Pattern> {
    Condition::of(Pattern::parse(place).expect(place), test)
}

fn one_of(values: &[&str]) -> Test {
    Test::In(values.iter().map(|json| Literal::parse(json).expect(json)).collect())
}

fn equals(json: &str) -> Test {
    Test::Equals(Literal::parse(json).expect(json))
}

#[test]
fn what_excludes_what() {
    use JsonType::{Integer, Null, Number, String};
    let kind = |test| at("/kind", test);
    let any = |list: Vec<Condition<Pattern>>| Condition::Any(list);
    let all = |list: Vec<Condition<Pattern>>| Condition::All(list);
    for (name, a, b, apart) in [
        ("two values", kind(equals("1")), kind(equals("2")), true),
        ("one value, spelled twice", kind(equals("1")), kind(equals("1.0")), false),
        ("two places", kind(equals("1")), at("/other", equals("2")), false),
        ("a value of a list", kind(equals("1")), kind(one_of(&["2", "1"])), false),
        ("a value beside a list", kind(equals("3")), kind(one_of(&["2", "1"])), true),
        ("a value of a type", kind(equals("3")), kind(Test::Type(vec![String, Number])), false),
        ("a value of no type", kind(equals("3")), kind(Test::Type(vec![String, Null])), true),
        ("integers are numbers", kind(Test::Type(vec![Integer])), kind(Test::Type(vec![Number])), false),
        ("two types", kind(Test::Type(vec![Integer])), kind(Test::Type(vec![String])), true),
        ("present and absent", kind(Test::Present), kind(Test::Present).not(), true),
        ("below what is absent", at("/kind/x", Test::Present), kind(Test::Present).not(), true),
        ("above what is absent", kind(Test::Present), at("/kind/x", Test::Present).not(), false),
        ("a value and not it", kind(equals("1")), kind(equals("1e0")).not(), true),
        ("a value and not another", kind(equals("1")), kind(equals("2")).not(), false),
        ("some and not all", kind(one_of(&["1", "2"])), kind(one_of(&["1", "2", "3"])).not(), true),
        ("all and not some", kind(one_of(&["1", "2", "3"])), kind(one_of(&["1", "2"])).not(), false),
        ("a type and not a wider", kind(Test::Type(vec![Integer])), kind(Test::Type(vec![Number])).not(), true),
        ("a type and not a narrower", kind(Test::Type(vec![Number])), kind(Test::Type(vec![Integer])).not(), false),
        ("neither", kind(equals("1")).not(), kind(equals("2")).not(), false),
        ("any of two", any(vec![kind(equals("1")), kind(equals("2"))]), kind(equals("2")), false),
        ("none of two", any(vec![kind(equals("1")), kind(equals("2"))]), kind(equals("3")), true),
        ("not any", any(vec![kind(equals("1")), kind(equals("2"))]).not(), kind(equals("2")), true),
        ("one of all", all(vec![kind(equals("1")), at("/x", Test::Present)]), kind(equals("2")), true),
        ("not all", all(vec![kind(equals("1")), at("/x", Test::Present)]).not(), kind(equals("1")), false),
        ("never", any(vec![]), kind(equals("1")), true),
        ("always", all(vec![]), kind(equals("1")), false),
    ] {
        assert_eq!((a.excludes(&b), b.excludes(&a)), (apart, apart), "{name}");
    }
    let many = |list: &[&str]| all(list.iter().map(|p| any(vec![at(p, Test::Present), kind(equals("1"))])).collect());
    let places = ["/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h", "/i", "/j"];
    assert!(!many(&places).excludes(&kind(equals("2"))), "too many cases to look at");
    assert!(many(&places[..2]).excludes(&all(vec![kind(equals("2")), at("/a", Test::Present).not()])));
}

#[test]
fn types_by_value() {
    use JsonType::{Array, Boolean, Integer, Null, Number, Object, String};
    for (value, of) in [
        ("null", vec![Null]),
        ("true", vec![Boolean]),
        ("1", vec![Number, Integer]),
        ("-0.0", vec![Number, Integer]),
        ("1.50e1", vec![Number, Integer]),
        ("1.5", vec![Number]),
        ("1e-1", vec![Number]),
        ("1E99999999999999999999999999999999999999999999", vec![Number, Integer]),
        ("\"1\"", vec![String]),
        ("[]", vec![Array]),
        ("{}", vec![Object]),
    ] {
        let found: Vec<_> = JsonType::ALL.iter().map(|(_, of)| *of).filter(|of| of.is_of(value.as_bytes())).collect();
        assert_eq!(found, of, "{value}");
    }
}

#[test]
fn in_words() {
    let kind = |test| Condition::of(Pointer::parse("/kind").expect("a pointer"), test);
    let condition = Condition::Any(vec![
        kind(one_of(&["1", "\"a\""])),
        Condition::All(vec![kind(Test::Present).not(), kind(Test::Type(vec![JsonType::Null, JsonType::Integer]))]),
    ]);
    assert_eq!(
        condition.to_string(),
        "`/kind` is one of 1, \"a\" or (not (`/kind` is present) and `/kind` is null or an integer)"
    );
}
