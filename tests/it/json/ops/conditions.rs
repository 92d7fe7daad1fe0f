//! Conditions: what is looked at, how tests are put together, and what happens where they do not hold.

use sunward::json::{JsonType, Otherwise, Test, Wrapper};

use super::*;

type When = Condition<Reference>;

fn of(at: &str, test: Test) -> When {
    Condition::of(Reference { level: 0, pointer: pointer(at) }, test)
}

fn is(at: &str, json: &str) -> When {
    of(at, Test::Equals(literal(json)))
}

fn typed(at: &str, types: &[JsonType]) -> When {
    of(at, Test::Type(types.to_vec()))
}

fn present(at: &str) -> When {
    of(at, Test::Present)
}

fn where_holds(when: When, op: Op) -> Vec<Step> {
    vec![Step { when: Some(when), ..step(op) }]
}

fn or_fail(when: When, op: Op) -> Vec<Step> {
    vec![Step { when: Some(when), otherwise: Otherwise::Fail, ..step(op) }]
}

#[test]
fn tests_and_how_they_are_put_together() {
    use JsonType::{Integer, Null, Number, String};
    let some = |values: &[&str]| Test::In(values.iter().map(|json| literal(json)).collect());
    let go = |when: When| where_holds(when, drop_op("/a"));
    let (gone, stays) = (Ok(r#"{"k":1}"#), Ok(r#"{"a":0,"k":1}"#));
    let input = r#"{"a":0,"k":1}"#;
    run(vec![
        ("one of a list", go(of("/k", some(&["\"1\"", "1e0"]))), input, gone),
        ("none of a list", go(of("/k", some(&["\"1\"", "2"]))), input, stays),
        ("of a type", go(typed("/k", &[String, Integer])), input, gone),
        ("of no type", go(typed("/k", &[String, Null])), input, stays),
        ("absent", go(present("/x").not()), input, gone),
        ("not absent", go(present("/k").not()), input, stays),
        ("no test holds of what is absent", go(typed("/x", &[Null])), input, stays),
        ("but its opposite does", go(typed("/x", &[Null]).not()), input, gone),
        ("any", go(Condition::Any(vec![is("/k", "2"), is("/k", "1")])), input, gone),
        ("none", go(Condition::Any(vec![is("/k", "2"), is("/x", "1")])), input, stays),
        ("all", go(Condition::All(vec![is("/k", "1"), present("/a")])), input, gone),
        ("not all", go(Condition::All(vec![is("/k", "1"), present("/x")])), input, stays),
        (
            "deep",
            go(Condition::All(vec![Condition::Any(vec![is("/x", "1"), present("/x").not()]).not().not()])),
            input,
            gone,
        ),
        ("the last of duplicates", go(is("/k", "1")), r#"{"a":0,"k":2,"k":1}"#, Ok(r#"{"k":2,"k":1}"#)),
        (
            "the op's own place",
            where_holds(typed("/port", &[Number]), relocate("/port", "/port_number")),
            r#"{"port":80,"x":1}"#,
            Ok(r#"{"x":1,"port_number":80}"#),
        ),
        (
            "the op's own place, of another type",
            where_holds(typed("/port", &[Number]), relocate("/port", "/port_number")),
            r#"{"port":"http"}"#,
            Ok(r#"{"port":"http"}"#),
        ),
    ]);
}

#[test]
fn each_part_is_seen_from_its_own_level() {
    let when = Condition::All(vec![
        Condition::of(Reference { level: 0, pointer: pointer("/on") }, Test::Equals(literal("true"))),
        Condition::of(Reference { level: 1, pointer: pointer("/k") }, Test::Equals(literal("1"))),
    ]);
    let steps = vec![Step { when: Some(when), ..step_at("/l/*", drop_op("/a")) }];
    run(vec![
        (
            "both",
            steps.clone(),
            r#"{"on":true,"l":[{"k":1,"a":0},{"k":2,"a":0}]}"#,
            Ok(r#"{"on":true,"l":[{"k":1},{"k":2,"a":0}]}"#),
        ),
        ("from above not", steps, r#"{"l":[{"k":1,"a":0}]}"#, Ok(r#"{"l":[{"k":1,"a":0}]}"#)),
    ]);
}

#[test]
fn where_it_must_hold() {
    let euros = || is("/currency", "\"EUR\"");
    let steps = || or_fail(euros(), rename("/amount", "cents"));
    let fails = Err("does not hold (`else = \"fail\"`) at `/amount`");
    let passes = |steps: Vec<Step>| steps.into_iter().map(pass).collect::<Vec<_>>();
    run(vec![
        ("holds", steps(), r#"{"amount":1,"currency":"EUR"}"#, Ok(r#"{"cents":1,"currency":"EUR"}"#)),
        ("does not hold", steps(), r#"{"amount":1,"currency":"CHF"}"#, fails),
        ("nothing to do", steps(), r#"{"currency":"CHF"}"#, Ok(r#"{"currency":"CHF"}"#)),
        ("what passes must hold as well", passes(steps()), r#"{"amount":1}"#, fails),
        ("an addition to an object", or_fail(euros(), add("/o/x", "1")), r#"{"o":{}}"#, Err("does not hold")),
        ("an addition to nothing", or_fail(euros(), add("/o/x", "1")), r#"{"p":{}}"#, Ok(r#"{"p":{}}"#)),
        ("a computed text", or_fail(euros(), compute("/x", &["/amount"])), r#"{"amount":1}"#, fails),
        ("a computed text of nothing", or_fail(euros(), compute("/x", &["/amount"])), "{}", Ok("{}")),
        ("a value", or_fail(euros(), wrap("/amount", Wrapper::Array)), r#"{"amount":1}"#, fails),
        ("a value that may go", or_fail(euros(), drop_op("/amount")), r#"{"amount":1}"#, fails),
        (
            "the whole, patched",
            or_fail(euros(), Op::Patch(Vec::new())),
            r#"{"amount":1}"#,
            Err("does not hold (`else = \"fail\"`) at the root"),
        ),
        (
            "in elements",
            vec![Step {
                when: Some(Condition::of(Reference { level: 1, pointer: pointer("/k") }, Test::Present)),
                otherwise: Otherwise::Fail,
                ..step_at("/*", drop_op("/a"))
            }],
            r#"[{"k":1,"a":0},{"a":0}]"#,
            Err("at `/1/a`"),
        ),
        ("a later op does not hide it", [steps(), vec![step(drop_op("/amount"))]].concat(), r#"{"amount":1}"#, fails),
    ]);
}

#[test]
fn elements_and_values() {
    let texts = Condition::of(Pointer::ROOT, Test::Type(vec![JsonType::String]));
    let inner = Condition::Any(vec![texts.clone(), Condition::of(pointer("/main"), Test::Present)]);
    let take = |which: &Condition<Pointer>| {
        one(Op::Unwrap {
            at: pointer("/l"),
            from: Wrapper::Array,
            which: Some(which.clone()),
            many: Many::First,
            lossy: false,
        })
    };
    let must = |must: &Condition<Pointer>| one(Op::Require { at: pointer("/l"), must: must.clone() });
    run(vec![
        ("the element itself", take(&texts), r#"{"l":[1,"a","b"]}"#, Ok(r#"{"l":"a"}"#)),
        ("one of two tests", take(&inner), r#"{"l":[{},{"main":null},"b"]}"#, Ok(r#"{"l":{"main":null}}"#)),
        ("no element", take(&inner), r#"{"l":[{},1],"x":0}"#, Ok(r#"{"x":0}"#)),
        ("required of the value", must(&inner), r#"{"l":{"main":1}}"#, Ok(r#"{"l":{"main":1}}"#)),
        ("required, and not so", must(&inner), r#"{"l":{"other":1}}"#, Err("is not the required one at `/l`")),
        ("not required of what is absent", must(&texts), "{}", Ok("{}")),
    ]);
}

/// What is asked of the resource is asked of it alone, however deep the op acts.
#[test]
fn conditions_on_the_resource_hold_at_any_depth() {
    let rename = |each| vec![when(0, "/t", Some("1"), step_at(each, rename("/a", "b")))];
    run(vec![
        ("all", rename("/**"), r#"{"t":1,"a":1,"x":[{"a":2}]}"#, Ok(r#"{"t":1,"b":1,"x":[{"b":2}]}"#)),
        ("none", rename("/**"), r#"{"t":2,"a":1,"x":{"t":1,"a":2}}"#, Ok(r#"{"t":2,"a":1,"x":{"t":1,"a":2}}"#)),
        ("below a member", rename("/x/**"), r#"{"t":1,"a":1,"x":{"a":2}}"#, Ok(r#"{"t":1,"a":1,"x":{"b":2}}"#)),
        ("of no object", rename("/**"), r#"[{"t":1,"a":1}]"#, Ok(r#"[{"t":1,"a":1}]"#)),
    ]);
}
