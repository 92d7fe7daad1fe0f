//! Bodies of PATCH requests.

use sunward::json::{
    Custom, Expression, ExpressionOp, MigrateOptions, Mode, Op, Other, Step, Structure, Wrapper, migrate,
    migrate_json_patch,
};

use super::*;
use crate::rows::each_row;

type Row<'r> = (&'r str, Vec<Step>, &'r str, Result<&'r str, &'r str>);

fn run(rows: Vec<Row<'_>>, body: impl Fn(&str, &[Step]) -> Result<String, String>) {
    each_row(rows, |(name, steps, input, expected)| match (body(input, &steps), expected) {
        (Ok(body), Ok(expected)) => assert_eq!(body, expected, "{name}"),
        (Err(error), Err(expected)) => {
            assert!(error.contains(expected), "{name}: `{error}`, expected `{expected}`")
        }
        (result, expected) => panic!("{name}: {result:?}, expected {expected:?}"),
    });
}

fn in_mode(mode: Mode) -> impl Fn(&str, &[Step]) -> Result<String, String> {
    move |input, steps| {
        let migrated = migrate(input.as_bytes(), steps, &MigrateOptions::default().with_mode(mode));
        migrated.map(|migrated| String::from_utf8_lossy(&migrated.body).into_owned()).map_err(|error| error.to_string())
    }
}

fn count(from: &str, to: &str) -> Op {
    Op::Structure(Structure::Count { from: pointer(from), to: pointer(to), collision: Collision::Replace })
}

#[test]
fn partial_bodies() {
    let together = || vec![step(join(&["/first", "/last"], "/name", " "))];
    let rows: Vec<Row<'_>> = vec![
        ("join all", together(), r#"{"first":"a","last":"b"}"#, Ok(r#"{"name":"a b"}"#)),
        ("join the last", together(), r#"{"last":"b"}"#, Err("some parts")),
        ("join the first", together(), r#"{"first":"a"}"#, Err("some parts")),
        ("join null as absent", together(), r#"{"first":null,"last":"b"}"#, Ok(r#"{"name":"b"}"#)),
        ("join none", together(), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        ("join some, and pass", together().into_iter().map(pass).collect(), r#"{"last":"b"}"#, Ok(r#"{"last":"b"}"#)),
        ("no constants", vec![constant(step(add("/a", "1"))), step(rename("/b", "c"))], r#"{"b":1}"#, Ok(r#"{"c":1}"#)),
        ("count an array", vec![step(count("/a", "/n"))], r#"{"a":[1]}"#, Ok(r#"{"a":[1],"n":1}"#)),
        ("count an object", vec![step(count("/a", "/n"))], r#"{"a":{"x":1}}"#, Err("only some members of the object")),
        ("null is a value", vec![step(wrap("/a", Wrapper::Array))], r#"{"a":null}"#, Ok(r#"{"a":[null]}"#)),
    ];
    run(rows, in_mode(Mode::Partial));
}

#[test]
fn merge_patches() {
    let apart = || vec![step(split("/name", &["/first", "/last"], " "))];
    let together = || vec![step(join(&["/first", "/last"], "/name", " "))];
    let nulls = || vec![step(map("/a", &[("null", "\"none\"")], Other::Error))];
    let rows: Vec<Row<'_>> = vec![
        (
            "no constants",
            vec![constant(step(add("/a", "1"))), step(rename("/name", "title"))],
            r#"{"name":null}"#,
            Ok(r#"{"title":null}"#),
        ),
        (
            "move a deletion",
            vec![step(relocate("/city", "/address/city"))],
            r#"{"city":null}"#,
            Ok(r#"{"address":{"city":null}}"#),
        ),
        ("split a deletion", apart(), r#"{"name":null}"#, Ok(r#"{"first":null,"last":null}"#)),
        ("split a text of one part", apart(), r#"{"name":"a"}"#, Ok(r#"{"first":"a","last":null}"#)),
        ("split a text", apart(), r#"{"name":"a b"}"#, Ok(r#"{"first":"a","last":"b"}"#)),
        ("join all", together(), r#"{"first":"a","last":"b"}"#, Ok(r#"{"name":"a b"}"#)),
        ("join deletions", together(), r#"{"first":null,"last":null}"#, Ok(r#"{"name":null}"#)),
        ("join some", together(), r#"{"first":"a"}"#, Err("some parts")),
        ("join a mixture", together(), r#"{"first":"a","last":null}"#, Err("some parts")),
        ("join none", together(), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        ("join some, and pass", together().into_iter().map(pass).collect(), r#"{"first":"a"}"#, Ok(r#"{"first":"a"}"#)),
        (
            "convert a deletion",
            vec![step(convert("/a", Conversion::NumberToString))],
            r#"{"a":null}"#,
            Ok(r#"{"a":null}"#),
        ),
        ("map a deletion", nulls(), r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        (
            "map to null",
            vec![step(map("/a", &[("1", "null")], Other::Keep))],
            r#"{"a":1}"#,
            Err("cannot set a member to null at `/a`"),
        ),
        ("map to another value", vec![step(map("/a", &[("1", "null")], Other::Keep))], r#"{"a":2}"#, Ok(r#"{"a":2}"#)),
        (
            "an expression of null",
            vec![step(Op::Evaluate(ExpressionOp::adding(
                pointer("/b"),
                Expression::parse("self.a ? null : 1").expect("CEL"),
            )))],
            r#"{"a":true}"#,
            Err("cannot set a member to null"),
        ),
        ("count a deletion", vec![step(count("/a", "/n"))], r#"{"a":null}"#, Ok(r#"{"a":null,"n":null}"#)),
        ("count an object", vec![step(count("/a", "/n"))], r#"{"a":{"x":1}}"#, Err("only some members of the object")),
        ("wrap a deletion", vec![step(wrap("/a", Wrapper::Array))], r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        ("unwrap nothing", vec![step(unwrap("/a", Wrapper::Array))], r#"{"a":[]}"#, Ok(r#"{"a":null}"#)),
    ];
    run(rows, in_mode(Mode::MergePatch));
}

/// In a merge patch an object is merged into what is stored, and an array or a string replaces it.
#[test]
fn merge_patches_of_objects_that_are_replaced() {
    let merged = Err("part of a value that is replaced as a whole");
    let array = || vec![step(wrap("/a", Wrapper::Array))];
    let element = || vec![step(unwrap("/a", Wrapper::Array))];
    let text = || vec![step(convert("/a", Conversion::StringToJson))];
    let json = || vec![step(convert("/a", Conversion::JsonToString))];
    let rows: Vec<Row<'_>> = vec![
        ("an object into an array", array(), r#"{"a":{"x":1}}"#, merged),
        ("a number into an array", array(), r#"{"a":1}"#, Ok(r#"{"a":[1]}"#)),
        ("an object out of an array", element(), r#"{"a":[{"x":1}]}"#, merged),
        ("a number out of an array", element(), r#"{"a":[1]}"#, Ok(r#"{"a":1}"#)),
        ("an object out of a string", text(), r#"{"a":"{\"x\":1}"}"#, merged),
        ("an array out of a string", text(), r#"{"a":"[1]"}"#, Ok(r#"{"a":[1]}"#)),
        ("an object into a string", json(), r#"{"a":{"x":1}}"#, merged),
        (
            "an object into a member",
            vec![step(wrap("/a", member("v")))],
            r#"{"a":{"x":1}}"#,
            Ok(r#"{"a":{"v":{"x":1}}}"#),
        ),
    ];
    run(rows, in_mode(Mode::MergePatch));
}

/// What deletes an object deletes more, or less, than in the other version, if a value is moved out of it or into it.
#[test]
fn merge_patches_of_objects_around_what_moves() {
    let torn = Err("a value is moved into it or out of it");
    let out = || vec![step(relocate("/addr/city", "/city"))];
    let into = || vec![step(relocate("/city", "/addr/city"))];
    let rows: Vec<Row<'_>> = vec![
        ("deleted around the source", out(), r#"{"addr":null}"#, torn),
        ("replaced around the source", out(), r#"{"addr":5}"#, torn),
        ("deleted around the target", into(), r#"{"addr":null}"#, torn),
        ("the source itself", out(), r#"{"addr":{"city":null}}"#, Ok(r#"{"city":null}"#)),
        ("nothing of it", out(), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
        (
            "within one object",
            vec![step(relocate("/addr/city", "/addr/town"))],
            r#"{"addr":null}"#,
            Ok(r#"{"addr":null}"#),
        ),
        ("passes", out().into_iter().map(pass).collect(), r#"{"addr":null}"#, Ok(r#"{"addr":null}"#)),
    ];
    run(rows, in_mode(Mode::MergePatch));
}

/// What is absent from a partial body may be stored: a condition that looks at it is not decided.
#[test]
fn conditions_of_partial_bodies() {
    let undecided = Err("depends on a member that is not in the partial body");
    let iban = || vec![when(0, "/kind", Some("\"acc\""), step(rename("/n", "iban")))];
    let rows = || -> Vec<Row<'_>> {
        vec![
            ("not shown", iban(), r#"{"n":"1"}"#, undecided),
            ("it holds", iban(), r#"{"n":"1","kind":"acc"}"#, Ok(r#"{"iban":"1","kind":"acc"}"#)),
            ("it does not hold", iban(), r#"{"n":"1","kind":"x"}"#, Ok(r#"{"n":"1","kind":"x"}"#)),
            ("nothing to do", iban(), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
            ("passes", iban().into_iter().map(pass).collect(), r#"{"n":"1"}"#, Ok(r#"{"n":"1"}"#)),
        ]
    };
    run(rows(), in_mode(Mode::Partial));
    run(rows(), in_mode(Mode::MergePatch));
    let port = || {
        let own = sunward::json::Test::has_type([sunward::json::JsonType::Number]);
        let at = sunward::json::Reference { level: 0, pointer: pointer("/port") };
        let when = Some(sunward::json::Condition::of(at, own));
        vec![Step { when, ..step(relocate("/port", "/port_number")) }]
    };
    let rows: Vec<Row<'_>> = vec![
        ("a deletion of either", port(), r#"{"port":null}"#, undecided),
        ("a number", port(), r#"{"port":1}"#, Ok(r#"{"port_number":1}"#)),
        ("a string", port(), r#"{"port":"x"}"#, Ok(r#"{"port":"x"}"#)),
    ];
    run(rows, in_mode(Mode::MergePatch));
}

/// What is computed of several members is computed of all of them, or of none.
#[test]
fn values_of_several_members() {
    let some = Err("only some of the members");
    let label = || vec![step(compute("/label", &["/first", " ", "/last"]))];
    let rows: Vec<Row<'_>> = vec![
        ("all", label(), r#"{"first":"a","last":"b"}"#, Ok(r#"{"first":"a","last":"b","label":"a b"}"#)),
        ("one", label(), r#"{"first":"a"}"#, some),
        ("none", label(), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
    ];
    run(rows, in_mode(Mode::MergePatch));
    #[cfg(feature = "cel")]
    {
        use sunward::json::{Expression, ExpressionOp};
        let name = Expression::parse("self.first + ' ' + self.last").expect("an expression");
        let op = ExpressionOp::new(vec![(pointer("/name"), name)], vec![pointer("/first"), pointer("/last")]);
        let name = || vec![step(Op::Evaluate(op.clone()))];
        let rows = || -> Vec<Row<'_>> {
            vec![
                ("all", name(), r#"{"first":"a","last":"b"}"#, Ok(r#"{"name":"a b"}"#)),
                ("one", name(), r#"{"first":"a"}"#, some),
                ("none", name(), r#"{"x":1}"#, Ok(r#"{"x":1}"#)),
            ]
        };
        run(rows(), in_mode(Mode::Partial));
        run(rows(), in_mode(Mode::MergePatch));
    }
}

#[test]
fn json_patches() {
    let money = || vec![step_at("/items/*", convert("/cents", Conversion::IntegerToDecimal { scale: 2 }))];
    let title = || vec![step(rename("/name", "title"))];
    let city = || vec![step(relocate("/city", "/address/city"))];
    let all = || Pattern::parse("/l/*/c").expect("a pattern");
    let collision = Collision::Replace;
    let gathered = || {
        let gather = Structure::Gather { from: all(), to: pointer("/c"), many: Many::Error, collision };
        vec![step(Op::Structure(gather))]
    };
    let spread =
        |lossy| vec![step(Op::Structure(Structure::Spread { from: pointer("/c"), to: all(), lossy, collision }))];
    let custom = || vec![step(Op::Custom(Custom::new(|_| Err("called".to_owned()))))];
    let card = |op| vec![when(0, "/kind", Some("\"card\""), step(op))];
    let rows: Vec<Row<'_>> = vec![
        (
            "bytes stay",
            title(),
            r#" [ {"op":"add" , "path":"/n\u0061m","value":1.10} ] "#,
            Ok(r#" [ {"op":"add" , "path":"/n\u0061m","value":1.10} ] "#),
        ),
        (
            "path",
            title(),
            r#"[{"op":"replace","path":"/n\u0061me","value":1.10,"x":0}]"#,
            Ok(r#"[{"op":"replace","path":"/title","value":1.10,"x":0}]"#),
        ),
        (
            "escaped path",
            vec![step(rename("/~01", "a/b"))],
            r#"[{"op":"remove","path":"/~01"},{"op":"remove","path":"/~1"}]"#,
            Ok(r#"[{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/~1"}]"#),
        ),
        (
            "path inside a renamed",
            title(),
            r#"[{"op":"remove","path":"/name/0/x"}]"#,
            Ok(r#"[{"op":"remove","path":"/title/0/x"}]"#),
        ),
        (
            "path above a renamed",
            title(),
            r#"[{"op":"add","path":"","value":{"name" : 1}}]"#,
            Ok(r#"[{"op":"add","path":"","value":{"title" : 1}}]"#),
        ),
        (
            "element",
            money(),
            r#"[{"op":"add","path":"/items/-","value":{"cents":5}}]"#,
            Ok(r#"[{"op":"add","path":"/items/-","value":{"cents":"0.05"}}]"#),
        ),
        (
            "member of an element",
            money(),
            r#"[{"op":"test","path":"/items/0/cents","value":5}]"#,
            Ok(r#"[{"op":"test","path":"/items/0/cents","value":"0.05"}]"#),
        ),
        (
            "removed value",
            money(),
            r#"[{"op":"remove","path":"/items/0/cents"}]"#,
            Ok(r#"[{"op":"remove","path":"/items/0/cents"}]"#),
        ),
        (
            "wrong value",
            money(),
            r#"[{"op":"test","path":"/items/0/cents","value":"x"}]"#,
            Err("expected an integer without fraction and exponent, found a string"),
        ),
        (
            "inside a converted",
            money(),
            r#"[{"op":"remove","path":"/items/0/cents/x"}]"#,
            Err("part of a value that is changed"),
        ),
        (
            "dropped",
            vec![step(drop_op("/a"))],
            r#"[{"op":"test","path":"/a","value":1}]"#,
            Err("does not have the member"),
        ),
        (
            "inside a dropped",
            vec![step(drop_op("/a"))],
            r#"[{"op":"remove","path":"/a/b"}]"#,
            Err("does not have the member"),
        ),
        (
            "above a dropped",
            vec![step(drop_op("/a/b"))],
            r#"[{"op":"add","path":"/a","value":{"b":1,"c":2}}]"#,
            Ok(r#"[{"op":"add","path":"/a","value":{"c":2}}]"#),
        ),
        (
            "moved",
            city(),
            r#"[{"op":"replace","path":"/city","value":"x"},{"op":"remove","path":"/city"}]"#,
            Ok(r#"[{"op":"replace","path":"/address/city","value":"x"},{"op":"remove","path":"/address/city"}]"#),
        ),
        (
            "moved into the value",
            city(),
            r#"[{"op":"replace","path":"/address","value":{"zip":1}}]"#,
            Err("moved into it or out of it"),
        ),
        (
            "moved out of the value",
            vec![step(relocate("/a/b", "/b"))],
            r#"[{"op":"replace","path":"/a","value":{}}]"#,
            Err("moved into it or out of it"),
        ),
        (
            "moved within the value",
            city(),
            r#"[{"op":"replace","path":"","value":{"city":1}}]"#,
            Ok(r#"[{"op":"replace","path":"","value":{"address":{"city":1}}}]"#),
        ),
        (
            "copied",
            vec![step(copy("/a", "/b"))],
            r#"[{"op":"replace","path":"/a","value": 1},{"op":"remove","path":"/x"}]"#,
            Ok(
                r#"[{"op":"replace","path":"/a","value": 1},{"op":"replace","path":"/b","value": 1},{"op":"remove","path":"/x"}]"#,
            ),
        ),
        (
            "copied, and removed",
            vec![step(copy("/a", "/b"))],
            r#"[{"op":"remove","path":"/a/x"}]"#,
            Ok(r#"[{"op":"remove","path":"/a/x"},{"op":"remove","path":"/b/x"}]"#),
        ),
        (
            "wrapped",
            vec![step(wrap("/t", Wrapper::Array))],
            r#"[{"op":"add","path":"/t","value":1},{"op":"test","path":"/t/x","value":1}]"#,
            Ok(r#"[{"op":"add","path":"/t","value":[1]},{"op":"test","path":"/t/0/x","value":1}]"#),
        ),
        (
            "enveloped",
            vec![step(wrap("", member("data")))],
            r#"[{"op":"remove","path":"/a"},{"op":"add","path":"","value":1}]"#,
            Ok(r#"[{"op":"remove","path":"/data/a"},{"op":"add","path":"","value":{"data":1}}]"#),
        ),
        (
            "unwrapped",
            vec![step(unwrap("/t", Wrapper::Array))],
            r#"[{"op":"add","path":"/t","value":[1]},{"op":"remove","path":"/t/0/x"}]"#,
            Ok(r#"[{"op":"add","path":"/t","value":1},{"op":"remove","path":"/t/x"}]"#),
        ),
        (
            "unwrapped further on",
            vec![step(unwrap("/t", Wrapper::Array))],
            r#"[{"op":"add","path":"/t/-","value":1}]"#,
            Err("changed as a whole"),
        ),
        (
            "unwrapped to nothing",
            vec![step(unwrap("/t", Wrapper::Array))],
            r#"[{"op":"add","path":"/t","value":[]}]"#,
            Err("a partial body cannot say that the member is removed"),
        ),
        (
            "out of an envelope",
            vec![step(unwrap("", member("data")))],
            r#"[{"op":"remove","path":"/data/a"}]"#,
            Ok(r#"[{"op":"remove","path":"/a"}]"#),
        ),
        (
            "beside an envelope",
            vec![step(unwrap("", member("data")))],
            r#"[{"op":"remove","path":"/meta"}]"#,
            Err("does not have the member"),
        ),
        (
            "split",
            vec![step(split("/n", &["/a", "/b"], " "))],
            r#"[{"op":"replace","path":"/n","value":"x y"}]"#,
            Err("split or joined"),
        ),
        (
            "split inside",
            vec![step(split("/n", &["/a", "/b"], " "))],
            r#"[{"op":"replace","path":"","value":{"n":"x y"}}]"#,
            Ok(r#"[{"op":"replace","path":"","value":{"a":"x","b":"y"}}]"#),
        ),
        (
            "join",
            vec![step(join(&["/a", "/b"], "/n", " "))],
            r#"[{"op":"replace","path":"/a","value":"x"}]"#,
            Err("split or joined"),
        ),
        (
            "compute",
            vec![step(compute("/l", &["/a"]))],
            r#"[{"op":"replace","path":"/a","value":"x"}]"#,
            Ok(r#"[{"op":"replace","path":"/a","value":"x"}]"#),
        ),
        ("custom above", custom(), r#"[{"op":"remove","path":"/a"}]"#, Err("changed as a whole")),
        ("custom on nothing", custom(), r#"[{"op":"remove","path":""}]"#, Ok(r#"[{"op":"remove","path":""}]"#)),
        (
            "unknown condition",
            card(rename("/a", "b")),
            r#"[{"op":"remove","path":"/a"}]"#,
            Err("values that are not in the patch"),
        ),
        (
            "unknown condition elsewhere",
            card(rename("/a", "b")),
            r#"[{"op":"remove","path":"/x"}]"#,
            Ok(r#"[{"op":"remove","path":"/x"}]"#),
        ),
        (
            "known condition",
            card(rename("/a", "b")),
            r#"[{"op":"add","path":"","value":{"kind":"card","a":1}},{"op":"add","path":"","value":{"a":1}}]"#,
            Ok(r#"[{"op":"add","path":"","value":{"kind":"card","b":1}},{"op":"add","path":"","value":{"a":1}}]"#),
        ),
        (
            "move",
            title(),
            r#"[{"op":"move","from":"/name","path":"/x/name"}]"#,
            Ok(r#"[{"op":"move","from":"/title","path":"/x/name"}]"#),
        ),
        (
            "copy",
            title(),
            r#"[{"op":"copy","from":"/x","path":"/name/-"}]"#,
            Ok(r#"[{"op":"copy","from":"/x","path":"/title/-"}]"#),
        ),
        (
            "move elements alike",
            money(),
            r#"[{"op":"move","from":"/items/0","path":"/items/1"}]"#,
            Ok(r#"[{"op":"move","from":"/items/0","path":"/items/1"}]"#),
        ),
        (
            "move to different form",
            money(),
            r#"[{"op":"move","from":"/items/0/cents","path":"/x"}]"#,
            Err("different form"),
        ),
        (
            "no constants",
            vec![constant(step(add("/b", "1"))), step(rename("/name", "title"))],
            r#"[{"op":"add","path":"","value":{}}]"#,
            Ok(r#"[{"op":"add","path":"","value":{}}]"#),
        ),
        (
            "within a resource",
            vec![within("/d/*", step(rename("/a", "b")))],
            r#"[{"op":"remove","path":"/d/3/a"},{"op":"remove","path":"/a"}]"#,
            Ok(r#"[{"op":"remove","path":"/d/3/b"},{"op":"remove","path":"/a"}]"#),
        ),
        (
            "an element of what is counted",
            vec![step(count("/a", "/n"))],
            r#"[{"op":"add","path":"/a/-","value":1}]"#,
            Err("are counted"),
        ),
        (
            "what is counted, and its number",
            vec![step(count("/o/a", "/o/n"))],
            r#"[{"op":"add","path":"/o","value":{"a":[1]}}]"#,
            Ok(r#"[{"op":"add","path":"/o","value":{"a":[1],"n":1}}]"#),
        ),
        (
            "an element is removed, with its share of a value",
            gathered(),
            r#"[{"op":"remove","path":"/l/0"},{"op":"remove","path":"/l/0/n"},{"op":"add","path":"/x","value":1}]"#,
            Ok(r#"[{"op":"remove","path":"/l/0"},{"op":"remove","path":"/l/0/n"},{"op":"add","path":"/x","value":1}]"#),
        ),
        (
            "all elements are removed",
            gathered(),
            r#"[{"op":"remove","path":"/l"}]"#,
            Ok(r#"[{"op":"remove","path":"/l"}]"#),
        ),
        (
            "the share itself",
            gathered(),
            r#"[{"op":"replace","path":"/l/0/c","value":1}]"#,
            Err("the value belongs to each element of an array, and the patch does not show the others"),
        ),
        (
            "an element with its share",
            gathered(),
            r#"[{"op":"add","path":"/l/-","value":{"n":1,"c":2}}]"#,
            Err("so an element can only be removed"),
        ),
        (
            "elements with shares do not move",
            gathered(),
            r#"[{"op":"move","from":"/l/0","path":"/l/1"}]"#,
            Err("so an element can only be removed"),
        ),
        (
            "an element, which may be the last",
            spread(false),
            r#"[{"op":"remove","path":"/l/0"}]"#,
            Err("without elements a value that belongs to each of them would be lost"),
        ),
        (
            "an element, and the value may be lost",
            spread(true),
            r#"[{"op":"remove","path":"/l/0"},{"op":"remove","path":"/l/0/n"}]"#,
            Ok(r#"[{"op":"remove","path":"/l/0"},{"op":"remove","path":"/l/0/n"}]"#),
        ),
        (
            "an element without its share",
            spread(true),
            r#"[{"op":"add","path":"/l/-","value":{"n":1}}]"#,
            Err("so an element can only be removed"),
        ),
        (
            "what each element gets",
            spread(true),
            r#"[{"op":"remove","path":"/c"}]"#,
            Err("the value belongs to each element of an array"),
        ),
        (
            "the elements and what each gets",
            spread(false),
            r#"[{"op":"add","path":"","value":{"c":1,"l":[{"n":2}]}}]"#,
            Ok(r#"[{"op":"add","path":"","value":{"l":[{"n":2,"c":1}]}}]"#),
        ),
        ("no list", title(), "{}", Err("not an array of operations")),
        ("no operation", title(), "[1]", Err("exactly one `op`")),
        ("unknown operation", title(), r#"[{"op":"spam","path":""}]"#, Err("the operation is unknown")),
        (
            "two operations in one",
            title(),
            r#"[{"op":"add","op":"remove","path":"","value":1}]"#,
            Err("exactly one `op`"),
        ),
        ("no value", title(), r#"[{"op":"add","path":""}]"#, Err("its `from` or `value`")),
        ("no pointer", title(), r#"[{"op":"remove","path":"name"}]"#, Err("not a JSON Pointer")),
        ("no JSON", title(), "[", Err("not JSON")),
    ];
    run(rows, |input, steps| {
        let migrated = migrate_json_patch(input.as_bytes(), steps, &MigrateOptions::default());
        migrated.map(|migrated| String::from_utf8_lossy(&migrated.body).into_owned()).map_err(|error| error.to_string())
    });
}

#[test]
fn a_path_without_counterpart_is_named() {
    let steps = [step(drop_op("/a"))];
    let body = br#"[{"op":"remove","path":"/a/b"}]"#;
    let error = migrate_json_patch(body, &steps, &MigrateOptions::default()).expect_err("refused");
    assert!(error.is_patch_target() && !error.is_value());
    assert_eq!(error.pointer().as_deref(), Some("/a/b"));
    let deep = format!(r#"[{{"op":"remove","path":"{}"}}]"#, "/a".repeat(100_000));
    assert!(migrate_json_patch(deep.as_bytes(), &steps, &MigrateOptions::default()).expect_err("too deep").is_limit());
}
