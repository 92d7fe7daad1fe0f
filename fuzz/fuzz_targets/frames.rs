//! Bodies of many documents: what a run says of the whole, it says of any chunks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sunward::json::{Framed, Framing, MigrateError, Mode, MigrateOptions, Program};

#[allow(dead_code, reason = "a part of it serves the other target")]
#[path = "../../tests/it/json/agree.rs"]
mod agree;

const FRAMINGS: [Framing; 5] =
    [Framing::Document, Framing::Concatenated, Framing::Lines, Framing::Events, Framing::Sequence];

fuzz_target!(|input: &[u8]| {
    let [framing, length, rest @ ..] = input else { return };
    let (steps, body) = rest.split_at(rest.len().min(usize::from(length % 9) * 6));
    if body.len() > 96 {
        return;
    }
    let framing = FRAMINGS[usize::from(*framing) % FRAMINGS.len()];
    let program = Program::new(&agree::steps_from(steps), Mode::Whole);
    let whole = run(framing, &program, [body]);
    for at in 0..=body.len() {
        let (head, tail) = body.split_at(at);
        same(&whole, &run(framing, &program, [head, tail]));
    }
    same(&whole, &run(framing, &program, body.chunks(1)));
});

fn run<'a>(
    framing: Framing,
    program: &Program,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, MigrateError> {
    let mut framed = Framed::new(framing, program, &MigrateOptions::default());
    let mut out = Vec::new();
    for chunk in chunks {
        framed.feed(chunk, &mut out)?;
    }
    framed.finish(&mut out)?;
    Ok(out)
}

fn same(whole: &Result<Vec<u8>, MigrateError>, split: &Result<Vec<u8>, MigrateError>) {
    match (whole, split) {
        (Ok(whole), Ok(split)) => assert_eq!(String::from_utf8_lossy(whole), String::from_utf8_lossy(split)),
        (Err(_), Err(_)) => {}
        _ => panic!("whole {whole:?}, in chunks {split:?}"),
    }
}
