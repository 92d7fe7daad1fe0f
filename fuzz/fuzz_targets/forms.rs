//! Forms: parts give the same at any split, and no body panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sunward::json::{FieldNames, Framed, MigrateError, Mode, MigrateOptions, Program, migrate_form};

#[allow(dead_code, reason = "a part of it serves the other target")]
#[path = "../../tests/it/json/agree.rs"]
mod agree;

fuzz_target!(|input: &[u8]| {
    let [kind, length, rest @ ..] = input else { return };
    let (steps, body) = rest.split_at(rest.len().min(usize::from(length % 9) * 6));
    if body.len() > 160 {
        return;
    }
    let names = if kind % 2 == 0 { FieldNames::Plain } else { FieldNames::Brackets };
    let program = Program::new(&agree::steps_from(steps), Mode::Whole);
    let _ = migrate_form(body, names, &program, &MigrateOptions::default());
    // Boundaries and heads are hard to guess.
    let body = String::from_utf8_lossy(body).replace('|', "\r\n--x").replace('~', "\r\nContent-Disposition: form-data; name=\"");
    let body = body.replace('^', "\"\r\n\r\n");
    let whole = run(names, &program, [body.as_bytes()]);
    for at in 0..=body.len() {
        let (head, tail) = body.as_bytes().split_at(at);
        same(&whole, &run(names, &program, [head, tail]));
    }
    same(&whole, &run(names, &program, body.as_bytes().chunks(1)));
});

fn run<'a>(
    names: FieldNames,
    program: &Program,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, MigrateError> {
    let mut framed = Framed::multipart("x", names, program, &MigrateOptions::default());
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
