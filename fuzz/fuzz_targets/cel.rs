//! Expressions: any text is read or refused, and what is computed is the same by the interpreter and by the engine at
//! every split, within the bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sunward::json::{Expression, ExpressionOp, MigrateOptions, Mode, Op, Pointer, Program, Rewriter, Step, migrate};

/// What an expression finds, if the input has no document.
const DOCUMENT: &[u8] = br#"{"a":[1,2.50,"x",null,{"b":1e3}],"b":{"a":"\u00e4 b","c":true},"c":123456789012345678901234567890}"#;

fuzz_target!(|input: &[u8]| {
    let (source, document) = match input.iter().position(|byte| *byte == 0) {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, DOCUMENT),
    };
    let Some(expression) = std::str::from_utf8(source).ok().and_then(|source| Expression::parse(source).ok()) else {
        return;
    };
    let target = Pointer::parse("/result").expect("a pointer");
    let step = Step::new(Op::Evaluate(ExpressionOp::adding(target, expression)));
    let options = MigrateOptions::default();
    let reference = migrate(document, [&step], &options).map(|migrated| migrated.body);
    let program = Program::new([&step], Mode::Whole);
    for at in 0..=document.len().min(128) {
        let mut rewriter = Rewriter::new(&program, &options);
        let mut out = Vec::new();
        let run = rewriter.feed(&document[..at], &mut out).and_then(|()| rewriter.feed(&document[at..], &mut out));
        let run = run.and_then(|()| rewriter.finish(&mut out).map(|_| ()));
        match (&reference, run) {
            (Ok(reference), Ok(())) => assert_eq!(reference, &out),
            (Err(_), Err(_)) => {}
            (reference, run) => panic!("the interpreter gives {reference:?}, the engine {run:?}"),
        }
    }
});
