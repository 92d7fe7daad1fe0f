//! The engine against the interpreter: the first bytes are the steps, the rest is the document.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/json/agree.rs"]
mod agree;

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first() else { return };
    let (steps, document) = rest.split_at(rest.len().min(usize::from(length % 9) * 6));
    let steps = agree::steps_from(steps);
    // Without steps any bytes pass; at every split, so short texts only.
    if !steps.is_empty() && document.len() <= 96 {
        agree::agrees("fuzz", &steps, document);
    }
});
