//! What is refused, what is let through as it is, and what the stack must carry.

use sunward::json::{
    Custom, Framed, Framing, MigrateError, MigrateOptions, Mode, Op, Program, Structure, is_json, migrate,
};

use super::*;

fn refused(input: &[u8]) -> MigrateError {
    migrate(input, [&step(rename("/a", "b"))], &MigrateOptions::default()).expect_err("refused")
}

#[test]
fn what_is_not_json_is_an_error() {
    for input in
        [" ", "\n", "\u{feff}", "{", "{'a':1}", "[1,]", "nul", "{\"a\":1}x", "[1 2]", "\"\t\"", "01", "{\"a\":}"]
    {
        let error = refused(input.as_bytes());
        assert!(error.is_syntax() && !error.is_value(), "{input:?}: {error}");
        assert!(error.offset().is_some_and(|offset| offset <= input.len()), "{input:?}");
    }
    let error = refused(b"\xef\xbb\xbf[1,\n}");
    assert_eq!((error.offset(), error.pointer()), (Some(7), None));
    assert_eq!(error.to_string(), "not JSON: expected a value at byte 7");
}

#[test]
fn errors_are_also_found_where_no_step_looks() {
    assert!(refused(br#"{"a":1,"z":[[[tru]]]}"#).is_syntax());
    let on_error_pass = pass(step(rename("/a", "b")));
    assert!(migrate(b"{", [&on_error_pass], &MigrateOptions::default()).is_err());
}

#[test]
fn what_is_counted_is_not_held() {
    let collision = Collision::Replace;
    let count = step(Op::Structure(Structure::Count { from: pointer("/a"), to: pointer("/n"), collision }));
    let program = Program::new([&count], Mode::Whole);
    let long = format!("\"{}\"", "x".repeat(100_000));
    let text = format!("{{\"a\":[{long},[{long}],{{\"k\":{long}}}],\"z\":0}}");
    let mut framed = Framed::new(Framing::Document, &program, &MigrateOptions::default()).with_hold_limit(4096);
    let mut out = Vec::new();
    text.as_bytes().chunks(1000).try_for_each(|chunk| framed.feed(chunk, &mut out)).expect("it passes");
    framed.finish(&mut out).expect("it is whole");
    assert!(out.ends_with(b",\"z\":0,\"n\":3}") && out.starts_with(&text.as_bytes()[..text.len() - 1]));
    assert!(program.to_string().contains("\"a\": counted for \"n\", which is added at the end"), "{program}");
}

#[test]
fn empty_documents_and_no_steps_pass() {
    assert_eq!(migrate(b"", [&step(rename("/a", "b"))], &MigrateOptions::default()).expect("passes").body, b"");
    assert_eq!(migrate(b"no JSON", [], &MigrateOptions::default()).expect("passes").body, b"no JSON");
    let partial = MigrateOptions::default().with_mode(Mode::Partial);
    assert_eq!(migrate(b"no JSON", [&constant(step(add("/a", "1")))], &partial).expect("passes").body, b"no JSON");
}

#[test]
fn invalid_utf8_inside_a_text_is_copied() {
    let migrated =
        migrate(b"{\"a\":\"\xff\xed\xa0\x80\"}", [&step(rename("/a", "b"))], &MigrateOptions::default()).expect("JSON");
    assert_eq!(migrated.body, b"{\"b\":\"\xff\xed\xa0\x80\"}");
    let parts = step(split("/a", &["/b", "/c"], " "));
    let migrated = migrate(b"{\"a\":\"\xff \\u0041\xfe\"}", [&parts], &MigrateOptions::default()).expect("JSON");
    assert_eq!(migrated.body, b"{\"b\":\"\xff\",\"c\":\"A\xfe\"}");
}

#[test]
fn an_error_names_the_limit() {
    let options = MigrateOptions::default().with_max_bytes(4).with_max_depth(1);
    let steps = [step(rename("/a", "b"))];
    let error = migrate(b"[1,2]", &steps, &options).expect_err("too large");
    assert!(error.is_limit());
    assert_eq!(error.to_string(), "5 bytes, more than the limit of 4");
    let error = migrate(b"[[]]", &steps, &options).expect_err("too deep");
    assert!(error.is_limit());
    assert_eq!((error.to_string().as_str(), error.offset()), ("more than 1 levels deep at byte 1", Some(1)));
}

#[test]
fn errors_show_no_values_and_keep_the_cause() {
    let custom = Op::Custom(Custom::new(|_| Err("the cause".to_owned())));
    let error =
        migrate(br#"{"l":["secret"]}"#, [&step_at("/l/*", custom)], &MigrateOptions::default()).expect_err("refused");
    assert_eq!(error.pointer().as_deref(), Some("/l/0"));
    assert!(!format!("{error}{error:?}").contains("secret") && !error.to_string().contains("the cause"));
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("the cause"));
}

#[test]
fn an_error_is_placed_in_what_was_read() {
    let options = MigrateOptions::default();
    let number = |at: &str| step(convert(at, Conversion::NumberToString));
    let moved = || step(relocate("/a/b", "/z"));
    for (steps, document, expected) in [
        (vec![moved(), number("/z/n")], r#" {"x":[{}], "a" : {"b":{"m":1,"n":"no"}}}"#, "/a/b/n"),
        (vec![moved(), number("/z")], r#"{"a":{"b":{"n":[1]}}}"#, "/a/b"),
        (vec![moved(), number("/z/n")], r#"{"a":{"b":{"n":{}}}}"#, "/a/b/n"),
        (vec![moved(), step(rename("/z/n", "o")), number("/z/o")], r#"{"a":{"b":{"n":[ ]}}}"#, "/a/b/n"),
        (
            vec![step_at("/l/*", rename("/p", "q")), step_at("/l/*", convert("/q", Conversion::NumberToString))],
            "\u{feff}{\"l\":[{\"p\":1},{\"p\":false}]}",
            "/l/1/p",
        ),
        // One that was made is where it is now.
        (vec![step(add("/y", "true")), number("/y")], "{}", "/y"),
    ] {
        let error = migrate(document.as_bytes(), &steps, &options).expect_err("refused");
        assert_eq!(error.pointer().as_deref(), Some(expected), "{document}");
    }
}

/// Copies into what is copied later double the document with each level.
#[test]
fn what_steps_add_is_limited() {
    let document = format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60));
    let steps = [step_at("/**", copy("/a", "/b"))];
    let options = MigrateOptions::default().with_max_bytes(64 << 10);
    let error = migrate(document.as_bytes(), &steps, &options).expect_err("too large");
    assert!(error.is_limit());
    assert_eq!(error.to_string(), "its changes add more than the limit of 65536 bytes");
    let fused = Program::new(&steps, Mode::Whole).rewrite(document.as_bytes(), &options).expect_err("too large");
    assert!(fused.is_limit(), "{fused}");
    let shallow = r#"{"a":{"a":1}}"#;
    let migrated = migrate(shallow.as_bytes(), &steps, &options).expect("runs");
    assert_eq!(migrated.body, br#"{"a":{"a":1,"b":1},"b":{"a":1,"b":1}}"#);
}

/// Every way to go down a document, at the deepest that options allow, on the stack of a test thread or less.
#[test]
fn deep_documents_fit_on_a_small_stack() {
    let work = || {
        let options = MigrateOptions::default().with_max_depth(usize::MAX);
        let depth = options.max_depth();
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_json(format!("[{deep}]").as_bytes(), &options).expect_err("too deep").is_limit());
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let path = "/a".repeat(depth);
        let touch = Custom::new(|value| {
            let mut inner = value;
            while inner.is_object() {
                inner = &mut inner["a"];
            }
            *inner = 2.into();
            Ok(())
        });
        let steps = [
            step(convert(&path, Conversion::NumberToString)),
            step(convert(&path, Conversion::StringToNumber)),
            step(Op::Custom(touch)),
            step(copy("/a", "/b")),
            step(drop_op("/b")),
        ];
        let migrated = migrate(objects.as_bytes(), &steps, &options).expect("runs");
        assert_eq!(migrated.body, objects.replace('1', "2").into_bytes());
        let shallow = MigrateOptions::default().max_depth();
        let equal = literal(&format!("{}1{}", "[".repeat(shallow), "]".repeat(shallow)));
        assert!(equal.equals(&literal(&format!("{}1.0{}", "[".repeat(shallow), "]".repeat(shallow)))));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).expect("spawns").join().expect("runs");
}

/// Long arrays are gone over once per step, not once per element.
#[test]
fn long_arrays_are_not_quadratic() {
    let long = format!("[{}0]", "0,".repeat(200_000));
    let steps = [
        step_at("/*", wrap("", Wrapper::Array)),
        step_at("/*", unwrap("", Wrapper::Array)),
        step_at("/*", drop_op("")),
    ];
    assert!(migrate(long.as_bytes(), &steps[..2], &MigrateOptions::default()).expect("runs").body == long.as_bytes());
    assert_eq!(migrate(long.as_bytes(), &steps, &MigrateOptions::default()).expect("runs").body, b"[]");
}
