//! Members that expressions compute.
#![cfg(feature = "cel")]

use sunward::json::{Expression, ExpressionOp};

use super::*;

fn expression(source: &str) -> Expression {
    Expression::parse(source).expect(source)
}

fn adding(at: &str, source: &str) -> Op {
    Op::Evaluate(ExpressionOp::adding(pointer(at), expression(source)))
}

/// In the place of these members.
fn replacing(at: &str, source: &str, members: &[&str]) -> ExpressionOp {
    ExpressionOp::new(vec![(pointer(at), expression(source))], members.iter().map(|member| pointer(member)).collect())
}

#[test]
fn values() {
    let kept = ExpressionOp { collision: Collision::Keep, ..ExpressionOp::adding(pointer("/t"), expression("self.a")) };
    run(vec![
        ("a sum", one(adding("/t", "self.a + self.b")), r#"{"a":0.1,"b":0.2}"#, Ok(r#"{"a":0.1,"b":0.2,"t":0.3}"#)),
        ("the target first", one(adding("/t", "self.a")), r#"{"t":0,"a":1.10}"#, Ok(r#"{"t":1.10,"a":1.10}"#)),
        ("the target is kept", one(Op::Evaluate(kept)), r#"{"t":0,"a":1}"#, Ok(r#"{"t":0,"a":1}"#)),
        ("the last of duplicates", one(adding("/t", "self.a")), r#"{"a":1,"a":2}"#, Ok(r#"{"a":1,"a":2,"t":2}"#)),
        ("by an escaped name", one(adding("/t", "self.a")), r#"{"\u0061":1}"#, Ok(r#"{"\u0061":1,"t":1}"#)),
        ("of nothing", one(adding("/t", "self.a")), r#"{"b":1}"#, Ok(r#"{"b":1}"#)),
        ("of null", one(adding("/t", "self.a")), r#"{"a":null}"#, Ok(r#"{"a":null,"t":null}"#)),
        ("of a list", one(adding("/t", "self.a")), "[1]", Ok("[1]")),
        ("of a string", one(adding("/t", "self.a + '!'")), r#"{"a":"\u0041"}"#, Ok(r#"{"a":"\u0041","t":"A!"}"#)),
        (
            "wrong",
            one(adding("/t", "self.a + 1")),
            r#"{"a":"x"}"#,
            Err(
                "the expression `self.a + 1` cannot be computed: `+` takes two numbers, two strings or two arrays at the root",
            ),
        ),
        ("passes", vec![pass(step(adding("/t", "self.a + 1")))], r#"{"a":"x"}"#, Ok(r#"{"a":"x"}"#)),
        ("into an object that is made", one(adding("/o/t", "self.a")), r#"{"a":1}"#, Ok(r#"{"a":1,"o":{"t":1}}"#)),
        (
            "into a number",
            one(adding("/a/t", "self.a")),
            r#"{"a":1}"#,
            Err("expected an object, found a number at `/a`"),
        ),
        (
            "of each element and the resource",
            vec![step_at("/l/*", adding("/t", "self.n * resource.f"))],
            r#"{"l":[{"n":2},{"n":3.5},{}],"f":10}"#,
            Ok(r#"{"l":[{"n":2,"t":20},{"n":3.5,"t":35},{}],"f":10}"#),
        ),
    ]);
}

#[test]
fn in_the_place_of_others() {
    let word = || replacing("/word", "self.flag ? 'yes' : 'no'", &["/flag"]);
    let checked = ExpressionOp { check: vec![(pointer("/flag"), expression("self.word == 'yes'"))], ..word() };
    let name = || replacing("/name", "self.first + ' ' + self.last", &["/first", "/o/last"]);
    let own = || replacing("/id", "'u' + self.id", &["/id"]);
    run(vec![
        ("one", one(Op::Evaluate(word())), r#"{"flag":true,"x":1}"#, Ok(r#"{"x":1,"word":"yes"}"#)),
        ("it comes back", one(Op::Evaluate(checked.clone())), r#"{"flag":false}"#, Ok(r#"{"word":"no"}"#)),
        (
            "all duplicates go",
            one(Op::Evaluate(checked.clone())),
            r#"{"flag":true,"flag":false}"#,
            Ok(r#"{"word":"no"}"#),
        ),
        ("nothing to replace", one(Op::Evaluate(checked)), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        ("under its own name", one(Op::Evaluate(own())), r#"{"id":"1","x":1}"#, Ok(r#"{"id":"u1","x":1}"#)),
        ("not all are there", one(Op::Evaluate(name())), r#"{"first":"a"}"#, Ok(r#"{"first":"a"}"#)),
        (
            "an object that is left empty goes",
            one(Op::Evaluate(replacing("/n", "self.o.a", &["/o/a"]))),
            r#"{"o":{"a":1}}"#,
            Ok(r#"{"n":1}"#),
        ),
    ]);
    let irreversible = ExpressionOp {
        check: vec![(pointer("/a"), expression("self.b * 2"))],
        ..replacing("/b", "int(self.a / 2)", &["/a"])
    };
    run(vec![
        ("an even number", one(Op::Evaluate(irreversible.clone())), r#"{"a":4}"#, Ok(r#"{"b":2}"#)),
        (
            "an odd number",
            one(Op::Evaluate(irreversible)),
            r#"{"a":5}"#,
            Err("the expressions of `back` give a different value"),
        ),
    ]);
}
