//! Forms: what each op does to their fields, what stays byte by byte, and parts at every split.

use proptest::prelude::*;
use sunward::json::{
    Condition, Expression, ExpressionOp, FieldNames, Framed, MigrateError, Mode, Program, Reference, Structure, Test,
    migrate_form,
};

use super::*;
use crate::rows::each_row;

const PLAIN: FieldNames = FieldNames::Plain;
const BRACKETS: FieldNames = FieldNames::Brackets;

fn join_list(at: &str) -> Op {
    Op::Structure(Structure::JoinList { at: pointer(at), on: ",".into(), lossy: true })
}

fn form(names: FieldNames, steps: &[Step], body: &str) -> Result<String, String> {
    let program = Program::new(steps, Mode::Whole);
    let migrated = migrate_form(body.as_bytes(), names, &program, &super::agree::options());
    migrated.map(|migrated| String::from_utf8(migrated.body).expect("UTF-8")).map_err(|error| error.to_string())
}

/// Rows of steps, a form, and what becomes of it; what begins with `!` is a part of the error.
fn check(names: FieldNames, rows: &[(&[Step], &str, &str)]) {
    each_row(rows, |(steps, input, output)| match (form(names, steps, input), output.strip_prefix('!')) {
        (Err(error), Some(part)) => assert!(error.contains(part), "{input}: {error}"),
        (result, _) => assert_eq!(result.as_deref(), Ok(*output), "{input} {steps:?}"),
    });
}

#[test]
fn links_in_fields() {
    let link = |at| [step(Op::Link { at: pointer(at), rules: 0 })];
    check(
        PLAIN,
        &[
            (&link("/next"), "a=%7e&next=x&b=x", "a=%7e&next=%2Fy%22&b=x"),
            (&link("/next"), "next=%78&next=%7e", "next=%2Fy%22&next=%7e"),
            (&link("/next"), "next=%ff&a", "next=%ff&a"),
        ],
    );
    check(BRACKETS, &[(&link("/page/next"), "page[next]=x&page[x]=x", "page[next]=%2Fy%22&page[x]=x")]);
}

#[test]
fn ops_on_urlencoded_fields() {
    let condition = |json| when(0, "/kind", Some(json), step(rename("/a", "b")));
    let expression = |text: &str| Expression::parse(text).expect("an expression");
    let when_cel = |text: &str| {
        let at = Reference { level: 0, pointer: Pointer::ROOT };
        Step { when: Some(Condition::of(at, Test::Holds(expression(text)))), ..step(rename("/a", "b")) }
    };
    let cel = |at: &str, text: &str| step(Op::Evaluate(ExpressionOp::adding(pointer(at), expression(text))));
    let doubled = || {
        let mut op = ExpressionOp::new(vec![(pointer("/n"), expression("self.a * 2"))], vec![pointer("/a")]);
        op.check = vec![(pointer("/a"), expression("self.n / 2"))];
        step(Op::Evaluate(op))
    };
    check(
        PLAIN,
        &[
            (&[step(rename("/a", "b"))], "x=1&a=2&y=3", "x=1&b=2&y=3"),
            (&[step(rename("/a", "b c&d"))], "a=%7e+1", "b+c%26d=%7e+1"),
            (&[step(rename("/a", "b"))], "x=%zz&a=1&a=2&x&=&&y=%7e", "x=%zz&b=1&b=2&x&=&y=%7e"),
            (&[step(rename("/a", "b"))], "a", "b"),
            (&[step(rename("/a", "b"))], "%61=1", "b=1"),
            (&[step(rename("/é ü", "b"))], "%C3%A9+%c3%bc=1", "b=1"),
            (&[step(rename("/a", "b"))], "x=%zz&&y=%7e&", "x=%zz&&y=%7e&"),
            (&[step(rename("/a", "b"))], "", ""),
            (&[step(rename("/a", "b"))], "a=1&b=2", "b=1"),
            (&[step(keep(rename("/a", "b")))], "a=1&b=2", "b=2"),
            (&[step(drop_op("/a"))], "a=1&x=%ff&a=2", "x=%ff"),
            (&[step(drop_op("/a"))], "a=1", ""),
            (&[step(add("/a", "\"x y\""))], "x=1", "x=1&a=x+y"),
            (&[step(add("/a", "5"))], "", "a=5"),
            (&[step(add("/a", "true")), step(add("/b", "1.10"))], "x=1", "x=1&a=true&b=1.10"),
            (&[step(add("/a", "null"))], "x=1", "x=1"),
            (&[step(add("/a", "7"))], "a=", "a="),
            (&[step(copy("/a", "/b"))], "a=%7e", "a=%7e&b=%7E"),
            (&[step(relocate("/a", "/b"))], "a=%7e&x=1", "x=1&b=%7e"),
            (&[step(relocate("/a", "/b"))], "a=1&x=3&a=%7e", "x=3&b=1&b=%7e"),
            (&[step(relocate("/a", "/b"))], "b=0&a=1&a=2", "b=1&b=2"),
            (&[step(keep(relocate("/a", "/b")))], "b=0&a=1&a=2", "b=0"),
            (&[step(relocate("/a", "/b")), step(rename("/b", "c"))], "a=1&a=2", "c=1&c=2"),
            (
                &[step(relocate("/a", "/b")), step(convert("/b", Conversion::IntegerToDecimal { scale: 1 }))],
                "a=1&a=20",
                "b=0.1&b=2.0",
            ),
            (&[step(copy("/a", "/b"))], "a=1&a=2", "a=1&a=2&b=1&b=2"),
            (
                &[step(split("/a", &["/b", "/c"], " "))],
                "a=1&a=2",
                "!more than once, and the op takes one value at `/a`",
            ),
            (&[pass(step(split("/a", &["/b", "/c"], " ")))], "a=1&a=2", "a=1&a=2"),
            (&[step(join(&["/a", "/b"], "/c", " "))], "a=1&a=2&b=3", "!more than once"),
            (&[step(compute("/c", &["/a", "-"]))], "a=1&a=2", "!more than once"),
            (&[step(map("/a", &[("\"on\"", "\"off\"")], Other::Error))], "x=on&a=on", "x=on&a=off"),
            (&[step(map("/a", &[("1", "\"one\""), ("true", "\"yes\"")], Other::Error))], "a=1&a=true", "a=one&a=yes"),
            (&[step(map("/a", &[("1", "2")], Other::Keep))], "a=01&a=1.0", "a=01&a=2"),
            (&[step(map("/a", &[("1", "2")], Other::Error))], "a=x", "!does not list"),
            (&[step(convert("/a", Conversion::NumberToString))], "a=1.10&x=a", "a=1.10&x=a"),
            (&[step(convert("/a", Conversion::StringToNumber))], "a=1.10", "a=1.10"),
            (&[step(convert("/a", Conversion::StringToNumber))], "a=one", "!expected a string that is a number"),
            (&[step(convert("/a", Conversion::IntegerToDecimal { scale: 2 }))], "a=1250", "a=12.50"),
            (
                &[step(convert("/a", Conversion::Time { from: TimeFormat::UnixSeconds, to: TimeFormat::Rfc3339 }))],
                "a=0",
                "a=1970-01-01T00%3A00%3A00Z",
            ),
            (&[step(convert("/a", Conversion::NumberToString))], "a=x", "!expected a number"),
            (&[pass(step(convert("/a", Conversion::NumberToString)))], "a=x", "a=x"),
            (&[step(split("/a", &["/b", "/c"], " "))], "a=x+y%20z", "b=x&c=y+z"),
            (&[step(join(&["/b", "/c"], "/a", " "))], "b=x&c=y&z=%7e", "z=%7e&a=x+y"),
            (&[step(compute("/c", &["/a", "-", "/b"]))], "a=1&b=x+y", "a=1&b=x+y&c=1-x+y"),
            (&[step(wrap("/a", Wrapper::Array))], "a=1&x=2", "a=1&x=2"),
            (&[step(wrap("/a", member("b")))], "a=1&x=2", "!cannot contain an object or an array at `/a`"),
            (&[step(wrap("", member("b")))], "a=1", "!cannot contain an object or an array at `/b`"),
            (&[condition("\"1\"")], "kind=1&a=2", "kind=1&b=2"),
            (&[condition("1")], "kind=1&a=2", "kind=1&b=2"),
            (&[condition("true")], "kind=tru%65&a=2", "kind=tru%65&b=2"),
            (&[condition("2")], "kind=1&a=2", "kind=1&a=2"),
            (&[when_cel("self.kind == 1")], "kind=1&a=2", "kind=1&b=2"),
            (&[when_cel("self.kind == '1'")], "kind=1&a=2", "kind=1&b=2"),
            (&[when_cel("self.kind > 1")], "kind=1&a=2", "kind=1&a=2"),
            (&[when_cel("self.kind && self.n > 0")], "kind=true&n=1&a=2", "kind=true&n=1&b=2"),
            (&[cel("/c", "self.a * self.b")], "a=3&b=2", "a=3&b=2&c=6"),
            (&[cel("/c", "self.a + self.b")], "a=3&b=2", "a=3&b=2&c=32"),
            (&[cel("/c", "double(self.a) + double(self.b)")], "a=3&b=2", "a=3&b=2&c=5"),
            (&[cel("/c", "self.a * self.b")], "a=3&b=x", "!cannot be computed"),
            (&[cel("/c", "self.a")], "a=3&a=x", "!more than once"),
            (&[doubled()], "a=1.50&x=%7e", "x=%7e&n=3"),
            (&[step(rename("/a[b]", "a[c]"))], "a[b]=1&a%5Bb%5D=2", "a%5Bc%5D=1&a%5Bc%5D=2"),
            (&[step(rename("/a", "b"))], "{\"a\": 1}", "!send it with the Content-Type of JSON"),
            (&[step(rename("/a", "b"))], &"x&".repeat(10_001), "!more than 10000 fields"),
        ],
    );
}

#[test]
fn ops_on_fields_in_brackets() {
    let each = |op| step_at("/items/*", op);
    check(
        BRACKETS,
        &[
            (&[step(rename("/a/b", "c"))], "a[b]=%7e&x=1&a[d]=2", "a[c]=%7e&x=1&a[d]=2"),
            (&[step(rename("/a/b", "c"))], "a%5Bb%5D=1&a%5Bd%5D=2", "a%5Bc%5D=1&a%5Bd%5D=2"),
            (&[step(rename("/a", "b"))], "a[x][y]=1&a%5bz%5d=2&q=%7e", "b[x][y]=1&b%5bz%5d=2&q=%7e"),
            (
                &[each(rename("/p", "q"))],
                "items[0][p]=1&items[0][n]=2&items[1][p]=3",
                "items[0][q]=1&items[0][n]=2&items[1][q]=3",
            ),
            (&[each(rename("/p", "q"))], "items[7][p]=1", "items[7][q]=1"),
            (&[step(join_list("/a"))], "a[1]=y&a[0]=x", "a=x%2Cy"),
            (&[step(join_list("/a"))], "a[10]=z&a[9]=y&a[08]=x", "a=x%2Cy%2Cz"),
            (&[step(join_list("/a"))], "a[1]=y&a[]=x", "a=y%2Cx"),
            (&[step(first(unwrap("/a", Wrapper::Array)))], "a[1]=y&a[0]=x&q=%7e", "a=x&q=%7e"),
            (
                &[step(join_list("/b")), step(add("/c", "1")), step(rename("/c", "b"))],
                "b=x&q=1",
                "!expected an array, found a string",
            ),
            (&[step(join_list("/b")), step(add("/c", "1")), step(rename("/c", "b"))], "b[]=x&b[]=y&q=1", "q=1&b=1"),
            (&[step(rename("/c", "b")), step(copy("/b", "/a"))], "a[]=x&c[0]=y", "b[0]=y&a[]=y"),
            (&[each(rename("/p", "q"))], "items[1][p]=1&x=%7e&items[0][p]=2", "items[0][q]=2&items[1][q]=1&x=%7e"),
            (&[step(rename("/a", "b"))], "a[1]=y&a[0]=x", "b[1]=y&b[0]=x"),
            (
                &[each(rename("/p", "q"))],
                "items[][p]=1&items[][n]=2&items[][p]=3",
                "items[][q]=1&items[][n]=2&items[][q]=3",
            ),
            (
                &[each(add("/n", "1"))],
                "items[0][p]=1&x=2&items[1][p]=3",
                "items[0][p]=1&items[0][n]=1&x=2&items[1][p]=3&items[1][n]=1",
            ),
            (&[step(add("/a/c", "1"))], "a[b]=1", "a[b]=1&a[c]=1"),
            (&[step(relocate("/city", "/address/city"))], "city=Bern&x=1", "x=1&address%5Bcity%5D=Bern"),
            (
                &[step(relocate("/address/city", "/city"))],
                "address[city]=Bern&address[zip]=1&x=1",
                "address[zip]=1&x=1&city=Bern",
            ),
            (&[step(wrap("/tag", Wrapper::Array))], "tag=a%7e&x=1", "tag%5B%5D=a%7e&x=1"),
            (&[step(wrap("/tag", Wrapper::Array))], "tag=a&x[0]=1", "tag[0]=a&x[0]=1"),
            (&[step(unwrap("/tag", Wrapper::Array))], "tag[]=a%7e&x=1", "tag=a%7e&x=1"),
            (&[step(first(unwrap("/tag", Wrapper::Array)))], "tag[0]=a&tag[1]=b", "tag=a"),
            (
                &[step(map("/tags/*", &[("\"x\"", "\"y\""), ("\"y\"", "\"x\"")], Other::Keep))],
                "tags[]=x&q=1&tags[]=y",
                "tags[]=x&q=1&tags[]=y",
            ),
            (
                &[step_at("/tags/*", map("", &[("\"x\"", "\"y\""), ("\"y\"", "\"x\"")], Other::Keep))],
                "tags[]=x&q=1&tags[]=y",
                "tags[]=y&q=1&tags[]=x",
            ),
            (&[step(wrap("/a", member("b")))], "a=1&x=2", "a%5Bb%5D=1&x=2"),
            (&[step(wrap("", member("data")))], "a=1&b[c]=2", "data[a]=1&data[b][c]=2"),
            (&[step(unwrap("", member("data")))], "data[a]=1&data[b][c]=2", "a=1&b[c]=2"),
            (&[step(rename("/a/b", "c[d]"))], "a[b]=1", "!cannot contain an object or an array at `/a`"),
            (&[step(rename("/a", "b"))], "a=1&a[c]=2&a=3", "b=1&b[c]=2&b=3"),
            (&[step(rename("/a", "b"))], &format!("a{}=1", "[x]".repeat(40)), "!32 levels"),
        ],
    );
}

/// A field that is left out keeps the value that is stored.
#[test]
fn a_partial_form_cannot_leave_out_what_is_empty() {
    let partial = |names, step: Step, body: &str| {
        let options = super::agree::options().with_mode(Mode::Partial);
        let migrated = migrate_form(body.as_bytes(), names, &Program::new(&[step], Mode::Partial), &options);
        migrated.map(|migrated| String::from_utf8(migrated.body).expect("UTF-8")).map_err(|error| error.to_string())
    };
    let split_list = || step(Op::Structure(Structure::SplitList { at: pointer("/a"), on: ",".into() }));
    let rows = [
        (partial(PLAIN, split_list(), "a=&x=1"), Err("an empty array or object, and without it")),
        (partial(BRACKETS, split_list(), "a=&x=1"), Err("stored value would stay at `/a`")),
        (partial(PLAIN, split_list(), "a=1,2&x=1"), Ok("a=1&a=2&x=1")),
        (partial(PLAIN, step(map("/a", &[("1", "null")], Other::Keep)), "a=1&x=1"), Err("stored value would stay")),
        (partial(PLAIN, step(map("/a", &[("1", "{}")], Other::Keep)), "a=1&x=1"), Err("cannot contain an object")),
        (partial(BRACKETS, step(map("/a", &[("1", "{}")], Other::Keep)), "a=1&x=1"), Err("stored value would stay")),
        (form(PLAIN, &[split_list()], "a=&x=1"), Ok("x=1")),
    ];
    for (got, expected) in rows {
        match (&got, expected) {
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (got, expected) => assert_eq!(got.as_deref(), Ok(expected.expect("no error"))),
        }
    }
}

/// Two fields, a file whose content looks like boundaries, and another field; LF stands for CRLF.
const PARTS: &str = "--x\nContent-Disposition: form-data; name=\"a\"\n\nA\n--x\nContent-Disposition: form-data; \
     name=\"file\"; filename=\"f.bin\"\nContent-Type: application/octet-stream\n\n\n--\n--y\n--x-\r--x--\rx\n\n--x \t\n\
     content-disposition: form-data; name=n\nX-Other: 1\n\n7\n--x--\nepilogue\n";

/// The content of the file must not end early.
const FILE: &str = "\n--\n--y\n--x-\r--x--\rx\n";

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn multipart(
    names: FieldNames,
    steps: &[Step],
    body: &[u8],
    limit: usize,
    cuts: &[usize],
) -> Result<Vec<u8>, MigrateError> {
    let program = Program::new(steps, Mode::Whole);
    let mut framed = Framed::multipart("x", names, &program, &super::agree::options()).with_hold_limit(limit);
    let (mut out, mut from) = (Vec::new(), 0);
    for &cut in cuts.iter().chain([&body.len()]) {
        framed.feed(&body[from..cut], &mut out)?;
        from = cut;
    }
    framed.finish(&mut out)?;
    Ok(out)
}

/// The same at every split.
fn everywhere(names: FieldNames, steps: &[Step], body: &str) -> Result<String, String> {
    let run = |cuts: &[usize]| {
        let out = multipart(names, steps, body.as_bytes(), 4 << 20, cuts);
        out.map(|out| String::from_utf8(out).expect("UTF-8").replace("\r\n", "\n")).map_err(|error| error.to_string())
    };
    let whole = run(&[]);
    // An offset may be that of the chunk.
    let same = |other: &Result<String, String>| *other == whole || (other.is_err() && whole.is_err());
    for cut in 0..=body.len() {
        assert!(same(&run(&[cut])), "{body:?} cut at {cut}");
    }
    let all: Vec<usize> = (0..body.len()).collect();
    assert!(same(&run(&all)), "{body:?} byte by byte");
    whole
}

#[test]
fn ops_on_parts() {
    let parts = PARTS.to_owned();
    assert!(parts.contains(FILE));
    let head = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"\n\n");
    let rows: [(&str, Vec<Step>, String); 11] = [
        ("nothing is touched", vec![step(rename("/none", "b"))], parts.clone()),
        ("a field is renamed", vec![step(rename("/a", "b \""))], parts.replacen("name=\"a\"", "name=\"b %22\"", 1)),
        ("a name without quotes", vec![step(rename("/n", "m"))], parts.replacen("name=n", "name=\"m\"", 1)),
        (
            "a file is renamed",
            vec![step(rename("/file", "upload"))],
            parts.replacen("name=\"file\"", "name=\"upload\"", 1),
        ),
        (
            "a value",
            vec![step(convert("/n", Conversion::IntegerToDecimal { scale: 1 }))],
            parts.replacen("\n\n7\n", "\n\n0.7\n", 1),
        ),
        ("a field is removed", vec![step(drop_op("/a"))], parts.replacen(&format!("--x\n{}A\n", head("a")), "", 1)),
        ("a file is removed", vec![step(drop_op("/file"))], {
            let start = parts.find("--x\nContent-Disposition: form-data; name=\"file\"").expect("it is there");
            let end = parts.find("--x \t\n").expect("it is there");
            format!("{}{}", &parts[..start], &parts[end..])
        }),
        (
            "a field is added",
            vec![step(add("/plan", "\"free\""))],
            parts.replacen("--x--\n", &format!("--x\n{}free\n--x--\n", head("plan")), 1),
        ),
        (
            "a field goes to the end",
            vec![step(relocate("/a", "/z"))],
            parts.replacen(&format!("--x\n{}A\n", head("a")), "", 1).replacen(
                "--x--\n",
                &format!("--x\n{}A\n--x--\n", head("z")),
                1,
            ),
        ),
        ("a file goes to the end", vec![step(relocate("/file", "/z"))], {
            let start = parts.find("--x\nContent-Disposition: form-data; name=\"file\"").expect("it is there");
            let end = parts.find("--x \t\n").expect("it is there");
            let part = parts[start..end].replacen("name=\"file\"", "name=\"z\"", 1);
            format!("{}{}", &parts[..start], &parts[end..]).replacen("--x--\n", &format!("{part}--x--\n"), 1)
        }),
        (
            "preamble",
            vec![step(rename("/a", "b"))],
            format!("say\n\n{}", parts.replacen("name=\"a\"", "name=\"b\"", 1)),
        ),
    ];
    each_row(rows, |(name, steps, expected)| {
        let body = if name == "preamble" { format!("say\n\n{parts}") } else { parts.clone() };
        let got = everywhere(PLAIN, &steps, &crlf(&body));
        assert_eq!(got.as_deref(), Ok(&*expected), "{name}");
    });
    // Fields on both sides of a file.
    let joined = everywhere(PLAIN, &[step(join(&["/a", "/n"], "/a", "-"))], &crlf(&parts)).expect("it is small");
    assert!(joined.contains(&format!("{}A-7\n", head("a"))), "{joined}");
    assert!(joined.contains(FILE) && !joined.contains("name=n"), "{joined}");
}

#[test]
fn what_is_no_multipart_and_what_a_file_cannot() {
    let field =
        |name: &str, content: &str| format!("--x\nContent-Disposition: form-data; name=\"{name}\"\n\n{content}\n");
    let file = "--x\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\n\ncontent\n--x--\n";
    let rows: [(Step, String, &str); 12] = [
        (step(rename("/a", "b")), String::new(), ""),
        (step(rename("/a", "b")), "--x--\n".to_owned(), "--x--\n"),
        (step(add("/a", "1")), "--x--".to_owned(), "--x\nContent-Disposition: form-data; name=\"a\"\n\n1\n--x--"),
        (step(rename("/a", "b")), "nothing".to_owned(), "!it ends before the last boundary"),
        (step(rename("/a", "b")), field("a", "1"), "!it ends before the last boundary"),
        (step(rename("/a", "b")), "y".repeat(20_000), "!the boundary is missing"),
        (step(rename("/a", "b")), "--x\nContent-Type: text/plain\n\n1\n--x--".to_owned(), "!a part has no name"),
        (step(rename("/a", "b")), "--x\n\n1\n--x--".to_owned(), "!a part has no name"),
        (step(rename("/a", "b")), format!("--x\nX: {}\n", "y".repeat(20_000)), "!the headers of a part are too large"),
        (step(convert("/f", Conversion::NumberToString)), file.to_owned(), "!expected a number, found an object"),
        (step(copy("/f", "/g")), file.to_owned(), "!written twice"),
        (step(map("/f", &[], Other::Error)), file.to_owned(), "!does not list"),
    ];
    each_row(rows, |(step, body, expected)| {
        let got = everywhere(PLAIN, &[step], &crlf(&body));
        match (got, expected.strip_prefix('!')) {
            (Err(error), Some(part)) => assert!(error.contains(part), "{body}: {error}"),
            (got, _) => assert_eq!(got.as_deref(), Ok(expected), "{body}"),
        }
    });
}

/// Content that an op writes must not end its part. LF stands for CRLF.
#[test]
fn no_value_ends_its_part() {
    let part = |content: &str| {
        format!("--x\nContent-Disposition: form-data; name=\"j\"\nContent-Type: application/json\n\n{content}\n--x--\n")
    };
    let refused = "!the value contains the boundary of the form, which would end its part at `/z`";
    let rows = [
        (r#"{"s":"q\r\n--x--\r\n"}"#, refused),
        (r#"{"s":"--x\r\nContent-Disposition: form-data; name=\"role\"\r\n\r\nadmin"}"#, refused),
        (r#"{"s":"q\n--x"}"#, refused),
        (r#"{"s":"q\r--xy"}"#, refused),
        (r#"{"s":"q --x--"}"#, "q --x--"),
        (r#"{"s":"-x\n- --x"}"#, "-x\n- --x"),
    ];
    for (sent, expected) in rows {
        let got = everywhere(PLAIN, &[step(relocate("/j/s", "/z"))], &crlf(&part(sent)));
        match (got, expected.strip_prefix('!')) {
            (Err(error), Some(part)) => assert!(error.contains(part), "{sent}: {error}"),
            (got, _) => assert!(got.as_ref().is_ok_and(|got| got.contains(expected)), "{sent}: {got:?}"),
        }
    }
    let text = "--x\nContent-Disposition: form-data; name=\"z\"\n\ny\n--x--\n";
    let replaced = step(map("/z", &[("\"y\"", "\"--x\"")], Other::Error));
    let got = everywhere(PLAIN, &[replaced], &crlf(text));
    assert!(got.is_err_and(|error| error.contains(&refused[1..])));
}

/// Elements are in the order of their indexes to ops; parts that do not change keep their own.
#[test]
fn parts_in_brackets_keep_their_order() {
    let field =
        |name: &str, content: &str| format!("--x\nContent-Disposition: form-data; name=\"{name}\"\n\n{content}\n");
    let body = |parts: &[(&str, &str)]| {
        parts.iter().map(|(name, content)| field(name, content)).chain(["--x--".to_owned()]).collect::<String>()
    };
    let sent = body(&[("a[1]", "y"), ("a[0]", "x"), ("q", "1")]);
    let rows = [
        (rename("/q", "r"), body(&[("a[1]", "y"), ("a[0]", "x"), ("r", "1")])),
        (rename("/a", "b"), body(&[("b[1]", "y"), ("b[0]", "x"), ("q", "1")])),
        (join_list("/a"), body(&[("a", "x,y"), ("q", "1")])),
        (first(unwrap("/a", Wrapper::Array)), body(&[("a", "x"), ("q", "1")])),
    ];
    for (op, expected) in rows {
        assert_eq!(everywhere(BRACKETS, &[step(op)], &crlf(&sent)), Ok(expected));
    }
}

#[test]
fn an_array_in_two_places_is_not_counted() {
    let field = |name: &str| format!("--x\nContent-Disposition: form-data; name=\"{name}\"\n\n1\n");
    let count = || {
        step(Op::Structure(Structure::Count { from: pointer("/a"), to: pointer("/n"), collision: Collision::Replace }))
    };
    let body = |names: &[&str]| names.iter().map(|name| field(name)).chain(["--x--".to_owned()]).collect::<String>();
    let counted = everywhere(BRACKETS, &[count()], &crlf(&body(&["a[]", "a[]", "x"])));
    assert_eq!(counted, Ok(body(&["a[]", "a[]", "x", "n"]).replace("\"n\"\n\n1\n", "\"n\"\n\n2\n")));
    let apart = everywhere(BRACKETS, &[count()], &crlf(&body(&["a[]", "x", "a[]"])));
    assert!(apart.is_err_and(|error| error.contains("more than once, and the op takes one value")));
}

#[test]
fn repeated_files_and_parts_are_moved() {
    let file = |name: &str, content: &str| {
        format!("--x\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{content}\"\n\n{content}\n")
    };
    let field = |name: &str| format!("--x\nContent-Disposition: form-data; name=\"{name}\"\n\n1\n");
    let body = [file("f", "one"), field("a"), file("f", "two"), "--x--".to_owned()].concat();
    let moved = [field("a"), file("g", "one"), file("g", "two"), "--x--".to_owned()].concat();
    assert_eq!(everywhere(PLAIN, &[step(relocate("/f", "/g"))], &crlf(&body)), Ok(moved));
    let body = [field("a"), field("a"), "--x--".to_owned()].concat();
    let copied = [field("a"), field("a"), field("b"), field("b"), "--x--".to_owned()].concat();
    assert_eq!(everywhere(PLAIN, &[step(copy("/a", "/b"))], &crlf(&body)), Ok(copied));
}

#[test]
fn json_parts_and_brackets() {
    let json = "--x\nContent-Disposition: form-data; name=\"meta\"\nContent-Type: application/json\n\n {\"a\": 1.10} \n--x--\n";
    let renamed = everywhere(PLAIN, &[step(rename("/meta/a", "b"))], &crlf(json));
    assert_eq!(renamed, Ok(json.replacen(" {\"a\": 1.10} ", "{\"b\": 1.10}", 1)));
    let moved = everywhere(PLAIN, &[step(rename("/meta", "data"))], &crlf(json));
    assert_eq!(moved, Ok(json.replacen("\"meta\"", "\"data\"", 1)));
    let broken = json.replacen("1.10", "1,10", 1);
    assert!(everywhere(PLAIN, &[step(rename("/meta/a", "b"))], &crlf(&broken)).is_err());
    let field =
        |name: &str, content: &str| format!("--x\nContent-Disposition: form-data; name=\"{name}\"\n\n{content}\n");
    let body =
        [field("a[b]", "1"), field("a[c]", "2"), field("t[]", "3"), field("t[]", "4"), "--x--".to_owned()].concat();
    let got = everywhere(BRACKETS, &[step(rename("/a/b", "d")), step(rename("/t", "u"))], &crlf(&body));
    assert_eq!(got, Ok(body.replacen("a[b]", "a[d]", 1).replace("t[]", "u[]")));
}

#[test]
fn files_are_not_held() {
    let head = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n";
    let field = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
    let content = vec![b'\r'; 1 << 20];
    let body = [field.as_bytes(), head.as_bytes(), &content, b"\r\n--x--"].concat();
    let cuts: Vec<usize> = (0..body.len()).step_by(4096).collect();
    let run = |step: Step| multipart(PLAIN, &[step], &body, 1024, &cuts).map(|out| out.len());
    assert_eq!(run(step(rename("/a", "b"))).ok(), Some(body.len()), "it passes");
    assert_eq!(run(step(rename("/f", "g"))).ok(), Some(body.len()), "under another name too");
    assert_eq!(run(step(drop_op("/f"))).ok(), Some(field.len() + 5), "it goes");
    assert!(run(step(relocate("/f", "/g"))).is_err_and(|error| error.is_limit()), "it has to wait, and is too large");
    let late = when(0, "/z", None, step(rename("/f", "g")));
    assert!(run(late).is_err_and(|error| error.is_limit()), "whether it is renamed shows later");
    let text = [field.replace("\r\n1\r\n", "\r\n").as_bytes(), &content, b"\r\n--x--"].concat();
    let long = multipart(PLAIN, &[step(rename("/a", "b"))], &text, 1024, &cuts);
    assert!(long.is_err_and(|error| error.is_limit()), "a field is held");
}

/// Fields of a small alphabet, so that names meet those of the steps.
fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[abcx]{1,2}|[abc]\\[[ab0]?\\]", "[a1 &=%+é\"\\\\]{0,4}"), 0..6)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || prop::sample::select(vec!["/a", "/b", "/c", "/a/b", "/b/0"]);
    let one = (0..13_u8, name(), name()).prop_map(|(kind, from, to)| {
        step(match kind {
            0 => rename(from, &to[1..2]),
            1 => relocate(from, to),
            2 => copy(from, to),
            3 => drop_op(from),
            4 => add(from, "\"1 &\""),
            5 => map(from, &[("\"1\"", "\"a\""), ("\"a\"", "1")], Other::Keep),
            6 => wrap(from, Wrapper::Array),
            7 => compute(to, &[from, "+"]),
            8 => Op::Link { at: pointer(from), rules: 0 },
            9 => join(&[from, "/c"], "/c", "-"),
            10 => {
                Op::Structure(Structure::Count { from: pointer(from), to: pointer(to), collision: Collision::Replace })
            }
            11 => join_list(from),
            _ => split(from, &["/c", "/a"], "1"),
        })
    });
    prop::collection::vec(one, 1..4)
}

fn encoded(fields: &[(String, String)]) -> String {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

fn parts(fields: &[(String, String)]) -> Vec<u8> {
    let part = |(name, value): &(String, String)| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).chain(["--x--".to_owned()]).collect::<String>().into_bytes()
}

fn decoded(form: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let plain = |text: &str| percent_decode(&text.replace('+', " "));
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (plain(n), plain(v))).collect()
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut hex = || bytes.next().and_then(|digit| char::from(digit).to_digit(16)).expect("a digit");
        plain.push(if byte == b'%' { (hex() * 16 + hex()) as u8 } else { byte });
    }
    plain
}

fn undisposed(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let parts = text.split("--x\r\nContent-Disposition: form-data; name=\"").skip(1);
    parts
        .map(|part| part.trim_end_matches("--x--").split_once("\"\r\n\r\n").expect("a part"))
        .map(|(name, value)| (name.as_bytes().to_vec(), value.strip_suffix("\r\n").expect("a line end").into()))
        .collect()
}

proptest! {
    #[test]
    fn both_kinds_of_forms_agree(fields in fields(), steps in steps()) {
        let urlencoded = form(PLAIN, &steps, &encoded(&fields));
        let body = parts(&fields);
        let multipart = multipart(PLAIN, &steps, &body, 4 << 20, &[]);
        prop_assert_eq!(urlencoded.is_ok(), multipart.is_ok(), "{:?} {:?}", &urlencoded, &multipart);
        if let (Ok(one), Ok(other)) = (&urlencoded, &multipart) {
            prop_assert_eq!(decoded(one), undisposed(other));
        }
        let bytes: Vec<usize> = (0..body.len()).collect();
        let split = super::forms::multipart(PLAIN, &steps, &body, 4 << 20, &bytes);
        prop_assert_eq!(multipart.ok(), split.ok());
    }

    /// A condition that always holds makes the engine hold the form, and run each step as the interpreter does.
    #[test]
    fn forms_are_migrated_alike_when_held(fields in fields(), steps in steps()) {
        let nowhere = Reference { level: 0, pointer: pointer("/no such field") };
        let absent = Condition::Not(Box::new(Condition::of(nowhere, Test::Present)));
        let held: Vec<Step> = steps.iter().map(|step| Step { when: Some(absent.clone()), ..step.clone() }).collect();
        for names in [PLAIN, BRACKETS] {
            let (fused, held) = (form(names, &steps, &encoded(&fields)), form(names, &held, &encoded(&fields)));
            prop_assert_eq!(fused.is_ok(), held.is_ok(), "{:?} {:?}", &fused, &held);
            if let (Ok(fused), Ok(held)) = (&fused, &held) {
                let sorted = |form: &str| {
                    let mut pairs = decoded(form);
                    pairs.sort_by(|one, other| one.0.cmp(&other.0));
                    pairs
                };
                prop_assert_eq!(sorted(fused), sorted(held));
            }
        }
    }

    #[test]
    fn an_untouched_form_keeps_its_bytes(body in "[ab=&%+\\[\\]0x]{0,24}") {
        for names in [PLAIN, BRACKETS] {
            // What is renamed there and back went through all of it.
            let there = form(names, &[step(rename("/q", "b"))], &body);
            if !body.starts_with('[') {
                prop_assert_eq!(there.as_deref(), Ok(&*body));
            }
        }
    }
}
