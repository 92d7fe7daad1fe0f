//! Ops on a value: it is wrapped, exchanged by a table, and written in another form.

use super::*;

#[test]
fn wrappers() {
    run(vec![
        ("wrap in an array", one(wrap("/tag", Wrapper::Array)), r#"{"tag" : "x" }"#, Ok(r#"{"tag" : ["x"] }"#)),
        ("wrap the document", one(wrap("", member("data"))), " {\"a\":1} ", Ok(" {\"data\":{\"a\":1}} ")),
        ("wrap null", one(wrap("/a", Wrapper::Array)), r#"{"a":null}"#, Ok(r#"{"a":[null]}"#)),
        ("wrap nothing", one(wrap("/a", Wrapper::Array)), "{}", Ok("{}")),
        ("wrap all duplicates", one(wrap("/a", Wrapper::Array)), r#"{"a":1,"a":2}"#, Ok(r#"{"a":[1],"a":[2]}"#)),
        (
            "wrap, then go in",
            vec![step(wrap("", member("data"))), step(rename("/data/a", "b"))],
            r#"{"a":1}"#,
            Ok(r#"{"data":{"b":1}}"#),
        ),
        (
            "wrap an opened value",
            vec![step(rename("/a/x", "y")), step(wrap("/a", Wrapper::Array)), step(rename("/a/0/y", "z"))],
            r#"{"a":{"x":1}}"#,
            Ok(r#"{"a":[{"z":1}]}"#),
        ),
        ("unwrap an array", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":[ {"a": 1} ]}"#, Ok(r#"{"tag":{"a": 1}}"#)),
        ("unwrap null", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":null}"#, Ok(r#"{"tag":null}"#)),
        (
            "unwrap an the array is empty",
            one(unwrap("/tag", Wrapper::Array)),
            r#"{"a":1, "tag":[ ]}"#,
            Ok(r#"{"a":1}"#),
        ),
        (
            "unwrap an empty element",
            vec![step_at("/*", unwrap("", Wrapper::Array))],
            "[[1],[]]",
            Err("the array is empty"),
        ),
        ("unwrap an empty document", one(unwrap("", Wrapper::Array)), "[]", Err("the array is empty")),
        (
            "unwrap an empty resource",
            vec![within("/data", step(unwrap("", Wrapper::Array)))],
            r#"{"data":[]}"#,
            Err("the array is empty"),
        ),
        ("unwrap several", one(unwrap("/tag", Wrapper::Array)), r#"{"tag":[1,2]}"#, Err("found 2 at `/tag`")),
        ("unwrap the first", one(first(unwrap("/tag", Wrapper::Array))), r#"{"tag":[1,2]}"#, Ok(r#"{"tag":1}"#)),
        (
            "unwrap a text",
            one(unwrap("/tag", Wrapper::Array)),
            r#"{"tag":"x"}"#,
            Err("expected an array, found a string"),
        ),
        (
            "unwrap an object that is no array",
            one(unwrap("/tag", Wrapper::Array)),
            r#"{"tag":{"0":1}}"#,
            Err("expected an array, found an object"),
        ),
        (
            "unwrap an envelope",
            one(unwrap("", member("data"))),
            r#" { "meta": 1, "data": {"a": 1} } "#,
            Ok(r#" {"a": 1} "#),
        ),
        (
            "unwrap no envelope",
            one(unwrap("", member("data"))),
            r#"{"meta":1}"#,
            Err("the object does not have the member `data`"),
        ),
        ("unwrap a list as envelope", one(unwrap("", member("data"))), "[]", Err("expected an object, found an array")),
        ("unwrap the last of duplicates", one(unwrap("/a", member("v"))), r#"{"a":{"v":1,"v":2}}"#, Ok(r#"{"a":2}"#)),
        ("unwrap, pass one", vec![pass(step_at("/*", unwrap("", Wrapper::Array)))], "[[1], 2, [3]]", Ok("[1, 2, 3]")),
    ]);
}

#[test]
fn maps() {
    let status = |other| map("/s", &[("\"active\"", "\"enabled\""), ("1", "\"low\""), ("[1]", "{\"a\":1.0}")], other);
    let nulls = || map("/s", &[("null", "\"none\"")], Other::Error);
    run(vec![
        ("map", one(status(Other::Error)), r#"{"s" : "\u0061ctive" }"#, Ok(r#"{"s" : "enabled" }"#)),
        ("map by value", one(status(Other::Error)), r#"{"s":1.0}"#, Ok(r#"{"s":"low"}"#)),
        ("map a list", one(status(Other::Error)), r#"{"s":[ 1e0 ]}"#, Ok(r#"{"s":{"a":1.0}}"#)),
        (
            "map what is not listed",
            one(status(Other::Error)),
            r#"{"s":"secret"}"#,
            Err("the map does not list this value (a string; known: \"active\", 1, [1]) at `/s`"),
        ),
        (
            "map lists the first ten",
            one(map("/s", &[("\"x\"", "0"); 12], Other::Error)),
            r#"{"s":2}"#,
            Err("known: \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", and 2 more) at `/s`"),
        ),
        ("map and keep", one(status(Other::Keep)), r#"{"s":"\u0078"}"#, Ok(r#"{"s":"\u0078"}"#)),
        ("map to another", one(status(Other::Value(literal("\"?\"")))), r#"{"s":{}}"#, Ok(r#"{"s":"?"}"#)),
        ("map leaves null", one(status(Other::Value(literal("\"?\"")))), r#"{"s":null}"#, Ok(r#"{"s":null}"#)),
        ("map leaves null, strictly", one(status(Other::Error)), r#"{"s":null}"#, Ok(r#"{"s":null}"#)),
        ("map a listed null", one(nulls()), r#"{"s":null}"#, Ok(r#"{"s":"none"}"#)),
        (
            "map passes one",
            vec![pass(step_at("/*", status(Other::Error)))],
            r#"[{"s":2},{"s":1}]"#,
            Ok(r#"[{"s":2},{"s":"low"}]"#),
        ),
        (
            "map all duplicates",
            one(status(Other::Error)),
            r#"{"s":1,"s":"active"}"#,
            Ok(r#"{"s":"low","s":"enabled"}"#),
        ),
    ]);
}

#[test]
fn conversions() {
    use Conversion::*;
    use TimeFormat::*;
    let of = |conversion| one(convert("", conversion));
    let time = |from, to| Time { from, to };
    let times = |factor| Scale(Scaling::multiply(factor).expect(factor));
    let by = |divisor| Scale(Scaling::divide(divisor).expect(divisor));
    let rounded = |conversion| match conversion {
        Scale(scaling) => Scale(scaling.with_digits(0).with_rounding(Rounding::HalfUp)),
        other => other,
    };
    let texts = Scaling::multiply("100").expect("a factor").with_text(true);
    run(vec![
        ("number to text", of(NumberToString), "-1.10E+02", Ok("\"-1.10E+02\"")),
        ("null to text", of(NumberToString), "null", Ok("null")),
        ("text to text", of(NumberToString), "\"1\"", Err("expected a number, found a string at the root")),
        ("text to number", of(StringToNumber), r#""\u0031.10""#, Ok("1.10")),
        (
            "long text to number",
            of(StringToNumber),
            "\"123456789012345678901234567890\"",
            Ok("123456789012345678901234567890"),
        ),
        ("text that is no number", of(StringToNumber), "\"01\"", Err("expected a string that is a number")),
        ("text with white space", of(StringToNumber), "\"1 \"", Err("expected a string that is a number")),
        ("empty text", of(StringToNumber), "\"\"", Err("expected a string that is a number")),
        ("number to number", of(StringToNumber), "1", Err("found a number")),
        ("integer to decimal", of(IntegerToDecimal { scale: 2 }), "1234", Ok("\"12.34\"")),
        ("small integer to decimal", of(IntegerToDecimal { scale: 3 }), "-5", Ok("\"-0.005\"")),
        ("minus zero to decimal", of(IntegerToDecimal { scale: 2 }), "-0", Ok("\"-0.00\"")),
        ("scale 0", of(IntegerToDecimal { scale: 0 }), "7", Ok("\"7\"")),
        (
            "long integer to decimal",
            of(IntegerToDecimal { scale: 2 }),
            "123456789012345678901234567890",
            Ok("\"1234567890123456789012345678.90\""),
        ),
        ("exponent to decimal", of(IntegerToDecimal { scale: 2 }), "1e2", Err("integer without fraction")),
        ("fraction to decimal", of(IntegerToDecimal { scale: 2 }), "12.0", Err("integer without fraction")),
        ("decimal to integer", of(DecimalToInteger { scale: 2 }), "\"12.34\"", Ok("1234")),
        ("minus zero back", of(DecimalToInteger { scale: 2 }), "\"-0.00\"", Ok("-0")),
        ("fewer decimals", of(DecimalToInteger { scale: 2 }), "\"12.3\"", Ok("1230")),
        ("no decimals", of(DecimalToInteger { scale: 2 }), "\"12\"", Ok("1200")),
        ("zeros past the scale", of(DecimalToInteger { scale: 2 }), "\"12.3400\"", Ok("1234")),
        (
            "more past the scale",
            of(DecimalToInteger { scale: 2 }),
            "\"12.345\"",
            Err("decimal of at most 2 digits after the point"),
        ),
        (
            "number in place of decimal",
            of(DecimalToInteger { scale: 2 }),
            "12.34",
            Err("decimal of at most 2 digits after the point, found a number"),
        ),
        ("seconds to text", of(time(UnixSeconds, Rfc3339)), "1704067200", Ok("\"2024-01-01T00:00:00Z\"")),
        ("seconds before 1970", of(time(UnixSeconds, Rfc3339)), "-1", Ok("\"1969-12-31T23:59:59Z\"")),
        ("seconds with a fraction", of(time(UnixSeconds, Rfc3339)), "1.0", Err("integer of Unix seconds")),
        ("seconds out of range", of(time(UnixSeconds, Rfc3339)), "253402300800", Err("years 0000 to 9999")),
        (
            "seconds beyond any integer",
            of(time(UnixSeconds, Rfc3339)),
            "99999999999999999999",
            Err("years 0000 to 9999"),
        ),
        ("millis to text", of(time(UnixMillis, Rfc3339)), "1704067200500", Ok("\"2024-01-01T00:00:00.500Z\"")),
        ("millis always have three digits", of(time(UnixMillis, Rfc3339)), "0", Ok("\"1970-01-01T00:00:00.000Z\"")),
        ("text to seconds", of(time(Rfc3339, UnixSeconds)), "\"2024-01-01t01:00:00.000+01:00\"", Ok("1704067200")),
        ("leap second", of(time(Rfc3339, UnixSeconds)), "\"2016-12-31T23:59:60Z\"", Err("RFC 3339 time")),
        ("no leap second", of(time(Rfc3339, UnixSeconds)), "\"2016-12-31T22:59:60Z\"", Err("RFC 3339 time")),
        ("fraction of a second", of(time(Rfc3339, UnixSeconds)), "\"2024-01-01T00:00:00.5Z\"", Err("whole seconds")),
        ("space in place of T", of(time(Rfc3339, UnixSeconds)), "\"2024-01-01 00:00:00Z\"", Err("RFC 3339 time")),
        ("text to millis", of(time(Rfc3339, UnixMillis)), "\"2024-01-01T00:00:00.5000-00:00\"", Ok("1704067200500")),
        (
            "fraction of a milli",
            of(time(Rfc3339, UnixMillis)),
            "\"2024-01-01T00:00:00.0005Z\"",
            Err("whole milliseconds"),
        ),
        ("times 100", of(times("100")), "19.99", Ok("1999")),
        ("times a fraction", of(times("0.001")), "-1500", Ok("-1.5")),
        ("times minus one", of(times("-1")), "5.0", Ok("-5")),
        ("minus zero times minus one", of(times("-1")), "-0.0", Ok("-0")),
        ("times what has an exponent", of(times("1e3")), "1.50E-2", Ok("15")),
        (
            "a long number times 100",
            of(times("100")),
            "123456789012345678901234567890.123",
            Ok("12345678901234567890123456789012.3"),
        ),
        ("an exponent that is too large", of(times("100")), "1e400", Err("an exponent of at most 64")),
        ("null times 100", of(times("100")), "null", Ok("null")),
        ("a string times 100", of(times("100")), "\"1\"", Err("expected a number")),
        ("a quotient that ends", of(by("1024")), "1000", Ok("0.9765625")),
        ("a quotient that does not end", of(by("3")), "1000", Err("whose result is exact")),
        ("a quotient that is rounded", of(rounded(by("3"))), "2000", Ok("667")),
        (
            "a quotient with too many digits",
            of(Scale(Scaling::divide("2").expect("2").with_digits(0))),
            "3",
            Err("digits"),
        ),
        ("a string with a decimal times 100", of(Scale(texts.clone())), "\"-0.50\"", Ok("\"-50\"")),
        ("a string with an exponent", of(Scale(texts.clone())), "\"1e2\"", Err("a string with a decimal")),
        ("a number in place of a string", of(Scale(texts)), "1", Err("a string with a decimal")),
        ("convert all duplicates", one(convert("/a", NumberToString)), r#"{"a":1,"a":2}"#, Ok(r#"{"a":"1","a":"2"}"#)),
        (
            "convert each",
            vec![step_at("/*/p", convert("", NumberToString))],
            r#"[{"p":1},{"p":null},{}]"#,
            Ok(r#"[{"p":"1"},{"p":null},{}]"#),
        ),
        (
            "pass one, convert the rest",
            vec![pass(step_at("/*", convert("", NumberToString)))],
            r#"[1, "x", 2]"#,
            Ok(r#"["1", "x", "2"]"#),
        ),
    ]);
}

#[test]
fn a_value_that_stays_is_not_one_that_another_becomes() {
    let keeps = |pairs| one(map("/s", pairs, Other::Keep));
    let both: &[(&str, &str)] = &[("\"a\"", "\"b\""), ("\"b\"", "\"a\"")];
    run(vec![
        (
            "it would come back as that",
            keeps(&[("\"a\"", "\"b\"")]),
            r#"{"s":"b"}"#,
            Err("would come back as that one at `/s`"),
        ),
        ("by value", keeps(&[("1", "2")]), r#"{"s":2.0}"#, Err("would come back")),
        ("another", keeps(&[("\"a\"", "\"b\"")]), r#"{"s":"c"}"#, Ok(r#"{"s":"c"}"#)),
        ("it is listed", keeps(both), r#"{"s":"b"}"#, Ok(r#"{"s":"a"}"#)),
        ("null stays, too", one(map("/s", &[("1", "null")], Other::Error)), r#"{"s":null}"#, Err("would come back")),
        ("or it passes", vec![pass(step(map("/s", &[("1", "2")], Other::Keep)))], r#"{"s":2}"#, Ok(r#"{"s":2}"#)),
    ]);
}
