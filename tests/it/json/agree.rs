//! What the engine owes the interpreter, as functions that property tests and fuzz targets call alike.

use sunward::json::{
    ChangeSet, Collision, Condition, Conversion, ElementPosition, Expression, ExpressionOp, JsonType, LinkMapper,
    Literal, Many, MigrateError, MigrateOptions, Mode, NameCase, OnError, Op, Other, Pattern, PatternReplacement,
    Pointer, Program, Reference, Renaming, Replacement, Rewriter, Rounding, Scaling, Step, Structure, Test, TimeFormat,
    Wrapper, migrate,
};

/// Links to `x` or `a` lead to `/y"` elsewhere.
pub(crate) fn options() -> MigrateOptions {
    MigrateOptions::default().with_links(LinkMapper::new(|url| matches!(url, "x" | "a").then(|| "/y\"".to_owned())))
}

/// Through the engine, in chunks that end at `cuts`.
pub(crate) fn rewrite(program: &Program, text: &[u8], cuts: &[usize]) -> Result<Vec<u8>, MigrateError> {
    run(program, text, cuts).map(|(out, _)| out)
}

/// The same, with the changes that altered something.
fn run(program: &Program, text: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, ChangeSet), MigrateError> {
    let mut rewriter = Rewriter::new(program, &options());
    let mut out = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&text.len()]) {
        rewriter.feed(&text[from..cut], &mut out)?;
        from = cut;
    }
    rewriter.finish(&mut out)?;
    Ok((out, rewriter.changes().clone()))
}

/// The text without white space between tokens, and with members in an order of their own: ops may put what they
/// write at different places.
pub(crate) fn canonical(text: &[u8]) -> Vec<u8> {
    let mut at = 0;
    value(text, &mut at)
}

fn value(text: &[u8], at: &mut usize) -> Vec<u8> {
    blank(text, at);
    match text.get(*at) {
        Some(b'{') => items(text, at, b'}', true),
        Some(b'[') => items(text, at, b']', false),
        Some(b'"') => quoted(text, at),
        _ => {
            let start = *at;
            while text.get(*at).is_some_and(|b| !matches!(b, b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r')) {
                *at += 1;
            }
            text[start..*at].to_vec()
        }
    }
}

fn items(text: &[u8], at: &mut usize, end: u8, object: bool) -> Vec<u8> {
    let mut list: Vec<Vec<u8>> = Vec::new();
    let open = text[*at];
    *at += 1;
    loop {
        blank(text, at);
        match text.get(*at) {
            Some(&byte) if byte == end => break,
            Some(b',') => *at += 1,
            None => return b"broken".to_vec(),
            Some(_) => {
                let mut item = Vec::new();
                if object {
                    item = plain(&quoted(text, at));
                    blank(text, at);
                    *at += 1;
                    item.push(b':');
                }
                item.extend(value(text, at));
                list.push(item);
            }
        }
    }
    *at += 1;
    if object {
        list.sort();
    }
    let mut out = vec![open];
    out.extend(list.join(&b','));
    out.push(end);
    out
}

fn quoted(text: &[u8], at: &mut usize) -> Vec<u8> {
    let start = *at;
    *at += 1;
    while text[*at] != b'"' {
        *at += if text[*at] == b'\\' { 2 } else { 1 };
    }
    *at += 1;
    text[start..*at].to_vec()
}

/// A key in one spelling; one with a lone surrogate has only its own.
fn plain(key: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<String>(key).map_or(key.to_vec(), |name| serde_json::Value::from(name).to_string().into())
}

fn blank(text: &[u8], at: &mut usize) {
    while matches!(text.get(*at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
        *at += 1;
    }
}

/// The engine must say what the interpreter says, whole and cut in two anywhere.
pub(crate) fn agrees(name: impl std::fmt::Display, steps: &[Step], text: &[u8]) {
    let program = Program::new(steps, Mode::Whole);
    let expected = migrate(text, steps, &options());
    let whole = run(&program, text, &[]);
    match (&whole, &expected) {
        (Ok((ours, changes)), Ok(reference)) => {
            let shown = (String::from_utf8_lossy(ours), String::from_utf8_lossy(&reference.body));
            assert_eq!(
                canonical(ours),
                canonical(&reference.body),
                "{name}: {shown:?} from {}",
                String::from_utf8_lossy(text)
            );
            if program.is_empty() {
                assert_eq!(ours, text, "{name}: nothing was touched");
            }
            let shown = String::from_utf8_lossy(text);
            let altered = canonical(ours) != canonical(text);
            let known = changes.iter().all(|change| reference.changes.contains(change));
            assert!(known, "{name}: {changes:?}, but {:?} for {shown}", reference.changes);
            assert!(!altered || !changes.is_empty(), "{name}: no change for {shown}");
            if steps.len() == 1 {
                assert_eq!(*changes, reference.changes, "{name}: for {shown}");
            }
        }
        // What is wrong further on is not seen by then.
        (Err(ours), Err(reference)) if reference.is_syntax() => {
            assert!(ours.is_syntax() || ours.is_value(), "{name}: {ours}")
        }
        (Err(ours), Err(reference)) => {
            let kind = |e: &MigrateError| (e.is_syntax(), e.is_limit(), e.is_value());
            assert_eq!(kind(ours), kind(reference), "{name}: {ours} / {reference}");
        }
        (ours, reference) => panic!("{name}: {ours:?}, but {reference:?} for {}", String::from_utf8_lossy(text)),
    }
    for cut in 0..=text.len() {
        match (&whole, run(&program, text, &[cut])) {
            (Ok(whole), Ok(ours)) => assert_eq!(*whole, ours, "{name}, cut at {cut}"),
            (Err(_), Err(_)) => {}
            (whole, ours) => panic!("{name}, cut at {cut}: {ours:?}, whole {whole:?}"),
        }
    }
    let bytewise: Vec<usize> = (0..text.len()).collect();
    assert_eq!(run(&program, text, &bytewise).ok(), whole.ok(), "{name}, byte by byte");
}

/// Steps that bytes stand for: any bytes give some. Names are few, so that steps meet.
pub(crate) fn steps_from(bytes: &[u8]) -> Vec<Step> {
    bytes
        .chunks_exact(6)
        .take(8)
        .filter_map(|chunk| step_from([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5]]))
        .collect()
}

/// A change of form; some lead to what others take.
fn conversion(byte: u8) -> Option<Conversion> {
    let time = |from, to| Conversion::Time { from, to };
    let prefix = |from: &str, to: &str| Conversion::Replace(Replacement::Prefix { from: from.into(), to: to.into() });
    Some(match byte % 14 {
        0 => Conversion::NumberToString,
        1 => Conversion::StringToNumber,
        2 => Conversion::JsonToString,
        3 => Conversion::StringToJson,
        4 => time(TimeFormat::UnixSeconds, TimeFormat::Rfc2822),
        5 => time(TimeFormat::Rfc2822, TimeFormat::UnixMillis),
        6 => time(TimeFormat::UnixMillis, TimeFormat::custom("%d.%m.%Y %H:%M:%S").ok()?),
        7 => prefix("", "a"),
        8 => prefix("a", ""),
        9 => Conversion::Replace(Replacement::Suffix { from: "".into(), to: "}".into() }),
        10 => Conversion::IntegerToDecimal { scale: 1 },
        11 => Conversion::Scale(Scaling::multiply("0.1").ok()?.with_text(byte & 0x80 == 0)),
        12 => Conversion::Scale(
            Scaling::divide("3").ok()?.with_digits(u32::from(byte >> 6)).with_rounding(Rounding::HalfEven),
        ),
        _ => {
            let (there, _) =
                PatternReplacement::both_ways(("(?<x>[a-z]*)", "\"{x}"), ("\"(?<x>[a-z]*)", "{x}"), byte & 0x80 == 0)
                    .ok()?;
            Conversion::Replace(Replacement::Match(there.into()))
        }
    })
}

fn step_from([kind, a, b, place, condition, rest]: [u8; 6]) -> Option<Step> {
    // By the rule of names, `a` is `A`, and `A` is none.
    let name = |byte: u8| ["a", "b", "c", "d", "e", "A", "B"][usize::from(byte % 7)];
    let at = |byte: u8| {
        let text =
            if byte & 0x80 == 0 { format!("/{}", name(byte)) } else { format!("/{}/{}", name(byte), name(byte >> 3)) };
        Pointer::parse(&text).ok()
    };
    let collision = if rest & 1 == 0 { Collision::Replace } else { Collision::Keep };
    let each =
        Pattern::parse(["", "", "/*", "/c/*", "/**", "/**/a", "/b/**", "/**/c/*"][usize::from(place >> 4 & 7)]).ok()?;
    let op = match kind % 20 {
        0 => Op::Add { at: at(a)?, value: Literal::parse(["1.10", "{}", "null"][usize::from(b % 3)]).ok()? },
        1 => Op::Drop { at: at(a)?, prune: b & 1 == 1 },
        2 if name(a) != name(b) => {
            Op::Rename { object: Pointer::ROOT, from: name(a).into(), to: name(b).into(), collision }
        }
        3 if name(a) != name(b) => {
            let pointer = |byte| Pointer::parse(&format!("/{}", name(byte))).ok();
            Op::Copy { from: pointer(a)?, to: pointer(b)?, collision }
        }
        4 => Op::Wrap { at: at(a)?, into: Wrapper::Array },
        5 => Op::Wrap { at: at(a)?, into: Wrapper::Member("a".into()) },
        6 => {
            let pairs = vec![(Literal::parse("1").ok()?, Literal::string("one"))];
            Op::Map { at: at(a)?, pairs, other: Other::Keep }
        }
        7 => Op::Convert { at: at(a)?, conversion: conversion(b)? },
        8 => {
            let (from, to) = (at(a)?, at(b)?);
            if from.starts_with(&to) || to.starts_with(&from) {
                return None;
            }
            Op::Move { from, to, collision }
        }
        9 | 10 => {
            let (from, to) =
                if a & 1 == 0 { (NameCase::Snake, NameCase::Pascal) } else { (NameCase::Pascal, NameCase::Snake) };
            let renaming = Renaming::new(from, to);
            let renaming = if b & 1 == 0 { renaming } else { renaming.with_exception(name(b)) };
            let at = if kind % 20 == 9 { Pointer::ROOT } else { at(a)? };
            Op::RenameAll { at, renaming: renaming.into(), depth: [None, Some(1), Some(2)][usize::from(b >> 1) % 3] }
        }
        13 => Op::Unwrap {
            at: at(a)?,
            from: Wrapper::Member("a".into()),
            which: None,
            many: Many::Error,
            lossy: b & 1 == 0,
        },
        14 => {
            let level = usize::from(b >> 7) * each.stars();
            Op::Restore { at: at(a)?, from: Reference { level, pointer: at(b)? } }
        }
        16 => Op::Evaluate(ExpressionOp { collision, ..ExpressionOp::adding(at(a)?, expression(b)?) }),
        17 => {
            // Of what it takes, it reads something or not.
            let back = Expression::parse(["self.e", "self.e.a", "[self.e]"][usize::from(b >> 6) % 3]).ok()?;
            let (target, member) = (Pointer::parse("/e").ok()?, at(a & 1)?);
            let check = if b & 0x20 == 0 { Vec::new() } else { vec![(member.clone(), back)] };
            Op::Evaluate(ExpressionOp { check, ..ExpressionOp::new(vec![(target, expression(b)?)], vec![member]) })
        }
        18 => Op::Link { at: at(a)?, rules: 0 },
        _ => Op::Structure(structure_from(kind / 20 + condition % 2 * 3, [at(a)?, at(b)?], rest, collision)?),
    };
    let when = (condition & 7 == 0).then(|| at(condition >> 3)).flatten();
    let level = if condition & 0x80 == 0 { each.stars() } else { 0 };
    Some(Step {
        resource: Pattern::parse(["", "", "/a", "/*", "/b/*", "/0"][usize::from(place % 6)]).ok()?,
        when: when.map(|pointer| Condition::of(Reference { level, pointer }, Test::Present)),
        each,
        on_error: if rest & 2 == 0 { OnError::Fail } else { OnError::Pass },
        constant: kind % 20 == 0 && rest & 4 != 0,
        partial: rest & 8 != 0,
        change: u32::from(rest >> 4 & 1),
        ..Step::new(op)
    })
}

fn structure_from(kind: u8, [from, to]: [Pointer; 2], rest: u8, collision: Collision) -> Option<Structure> {
    let (key, value, lossy) = ("a".into(), (rest & 0x20 != 0).then(|| "b".into()), rest & 0x40 != 0);
    let tests = [Test::Present, Test::Type(vec![JsonType::String]), Test::Equals(Literal::parse("1").ok()?)];
    let at = if rest & 0x80 == 0 { Pointer::ROOT } else { Pointer::parse("/a").ok()? };
    let which = Condition::of(at, tests[usize::from(rest >> 5) % 3].clone());
    let position = if lossy { ElementPosition::First } else { ElementPosition::Last };
    let apart = !from.starts_with(&to) && !to.starts_with(&from);
    Some(match kind % 16 {
        0 => Structure::Entries { to: from.clone(), from, key, value, collision },
        1 if apart => Structure::Entries { from, to, key, value, collision },
        2 => Structure::Keyed { to: from.clone(), from, key, value, lossy, collision },
        3 if apart => Structure::Keyed { from, to, key, value, lossy, collision },
        4 => Structure::Nest { object: Pointer::ROOT, prefix: "a".into(), to, collision },
        5 => {
            let (object, _) = from.parent()?;
            Structure::Flatten { from, object, prefix: "a".into(), collision }
        }
        6 => Structure::SplitList { at: from, on: "x".into() },
        7 => Structure::JoinList { at: from, on: "x".into(), lossy },
        8 if apart => Structure::Pick { list: from, which: Some(which), position, to, drop_empty: lossy, collision },
        9 if apart => Structure::Put { from, list: to, which: lossy.then_some(which), position },
        10 if apart => Structure::Partition { list: from, which, to, collision },
        11 if apart => Structure::Merge { from, list: to, which },
        12 if apart => {
            let elements = Pattern::parse(&format!("{from}/*/b")).ok()?;
            let many = if rest & 0x20 == 0 { Many::Error } else { Many::First };
            match rest & 0x80 {
                0 => Structure::Spread { from: to, to: elements, lossy, collision },
                _ => Structure::Gather { from: elements, to, many, collision },
            }
        }
        14 if apart => Structure::Count { from, to, collision },
        15 => Structure::Count { to: from.clone(), from, collision },
        13 if !from.starts_with(&to) => match rest & 0x80 {
            0 => Structure::Only { at: from, name: to, collision },
            _ => Structure::Named { at: from, name: to },
        },
        _ => return None,
    })
}

/// Without the feature, there is none.
fn expression(byte: u8) -> Option<Expression> {
    const SOURCES: [&str; 12] = [
        "self.a",
        "has(self.b) ? self.b : 'none'",
        "self.a + 1",
        "[self.a, self.b, 2.50]",
        "{'x': self.c, 'y': size(self.c)}",
        "resource.a",
        "self.a == self.b || has(self.c.d)",
        "self.c.map(x, [x, self.a])",
        "string(self.a) + string(self.b)",
        "self == null",
        "self.d.filter(x, x != 1)",
        "resource",
    ];
    Expression::parse(SOURCES[usize::from(byte & 0x1f) % SOURCES.len()]).ok()
}
