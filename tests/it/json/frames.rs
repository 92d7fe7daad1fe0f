//! Bodies of many documents: the same at every split, and what a client reads is what was meant.

use proptest::prelude::*;
use sunward::catalog::Content;
use sunward::json::{Framed, Framing, MigrateError, MigrateOptions, Mode, Program};

use super::*;
use crate::rows::each_row;

/// `name` is `title` by now, `n` is a text, and `secret` is gone.
fn program() -> Program {
    let convert = step(convert("/n", Conversion::NumberToString));
    Program::new(&[step(rename("/name", "title")), convert, step(drop_op("/secret"))], Mode::Whole)
}

fn feed(mut framed: Framed, text: &[u8], cuts: &[usize]) -> Result<Vec<u8>, MigrateError> {
    let mut out = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&text.len()]) {
        framed.feed(&text[from..cut], &mut out)?;
        from = cut;
    }
    framed.finish(&mut out)?;
    Ok(out)
}

fn run(framing: Framing, program: &Program, text: &[u8], cuts: &[usize]) -> Result<Vec<u8>, MigrateError> {
    feed(Framed::new(framing, program, &MigrateOptions::default()), text, cuts)
}

/// What comes out whole, which must be the same at every split and byte by byte.
fn everywhere(framing: Framing, program: &Program, text: &[u8]) -> Result<String, String> {
    let said = |cuts: &[usize]| {
        let result = run(framing, program, text, cuts);
        result.map(|out| String::from_utf8(out).expect("UTF-8")).map_err(|e| e.to_string())
    };
    let whole = said(&[]);
    for cut in 0..=text.len() {
        assert_eq!(said(&[cut]), whole, "{framing:?} {:?} cut at {cut}", String::from_utf8_lossy(text));
    }
    let all: Vec<usize> = (0..text.len()).collect();
    assert_eq!(said(&all), whole, "{framing:?} {:?} byte by byte", String::from_utf8_lossy(text));
    whole
}

/// Rows of input and output; an output that begins with `!` is a part of the error.
fn check(framing: Framing, rows: &[(&str, &str)]) {
    each_row(rows, |(input, output)| {
        match (everywhere(framing, &program(), input.as_bytes()), output.strip_prefix('!')) {
            (Err(error), Some(part)) => assert!(error.contains(part), "{input:?}: {error}"),
            (result, _) => assert_eq!(result.as_deref(), Ok(*output), "{input:?}"),
        }
    });
}

#[test]
fn a_document() {
    check(Framing::Document, &[(r#" {"name": 1.10} "#, r#" {"title": 1.10} "#), ("", ""), ("{", "!at byte 1")]);
}

#[test]
fn documents_one_behind_the_other() {
    let rows = [
        ("", ""),
        (" {\"name\": 1.10} ", " {\"title\": 1.10} "),
        ("{\"name\":1}{\"name\":2}", "{\"title\":1}{\"title\":2}"),
        ("{\"name\":1}\r\n\n{\n\"name\":2}\n", "{\"title\":1}\r\n\n{\n\"title\":2}\n"),
        ("[]{\"secret\":[{}],\"n\":1.0}\t7 8 null\"\"[{}]", "[]{\"n\":\"1.0\"}\t7 8 null\n\"\"[{}]"),
        ("\u{feff}{\"name\":1}{}", "\u{feff}{\"title\":1}{}"),
        ("{}\u{feff}{}", "!at byte 2"),
        ("{\"name\":1} {\"name\"", "!at byte 18"),
        ("{} x", "!at byte 3"),
        ("{}}", "!at byte 2"),
        ("{}{\"n\":\"1\"}", "!expected a number"),
    ];
    check(Framing::Concatenated, &rows);
    // What is two documents does not become one.
    let program = Program::new(&[step(convert("", Conversion::StringToNumber))], Mode::Whole);
    let out = everywhere(Framing::Concatenated, &program, b"\"1\"\"2\" \"3\"4");
    assert!(out.is_err_and(|error| error.contains("found a number")), "the last is one already");
    let out = everywhere(Framing::Concatenated, &program, b"\"1\"\"2\" \"3\"");
    assert_eq!(out.as_deref(), Ok("1\n2 3"));
}

#[test]
fn lines() {
    let rows = [
        ("", ""),
        ("\n", "\n"),
        (" \r\n\n\t", " \r\n\n\t"),
        ("{\"name\":1}\n{\"name\":2}\n", "{\"title\":1}\n{\"title\":2}\n"),
        (
            "{\"name\":1}\r\n\r\n \n {\"name\":\r2} \r\n7\nnull\n",
            "{\"title\":1}\r\n\r\n \n {\"title\":\r2} \r\n7\nnull\n",
        ),
        // The last line needs no end.
        ("7\n{\"name\":1}", "7\n{\"title\":1}"),
        ("7\n7", "7\n7"),
        ("{\"secret\":1}\n{\"secret\":[{}],\"n\":1.0}\n", "{}\n{\"n\":\"1.0\"}\n"),
        // One mark, and only where the stream begins.
        ("\u{feff}{\"name\":1}\n{\"name\":1}\n", "\u{feff}{\"title\":1}\n{\"title\":1}\n"),
        ("\u{feff}\n{\"name\":1}\n", "\u{feff}\n{\"title\":1}\n"),
        ("7\n\u{feff}{\"name\":1}\n", "!at byte 2"),
        // Places are those of the stream.
        ("{\"a\":1}\n{\"a\":\n1}\n", "!at byte 13"),
        ("7\n7 7\n", "!at byte 4"),
        ("{\"n\":1}\n{\"n\":\"1\"}\n", "!expected a number"),
    ];
    check(Framing::Lines, &rows);
}

#[test]
fn no_line_feed_gets_into_a_line() {
    let steps = [step(add("/a", "{\n\"b\":\n[1,\r\n2]}")), step(wrap("/c", Wrapper::Array))];
    let program = Program::new(&steps, Mode::Whole);
    let out = everywhere(Framing::Lines, &program, b"{\"c\": 1}\n{}\n");
    assert_eq!(out.as_deref(), Ok("{\"c\": [1],\"a\":{\"b\":[1,2]}}\n{\"a\":{\"b\":[1,2]}}\n"));
    let program = Program::new(&[step(convert("/p", Conversion::StringToJson))], Mode::Whole);
    let out = everywhere(Framing::Lines, &program, b"{\"p\":\"{\\n \\\"a\\\":\\n1}\\n\"}\n{}\n");
    assert_eq!(out.as_deref(), Ok("{\"p\":{ \"a\":1}}\n{}\n"));
}

#[test]
fn events() {
    let rows = [
        ("", ""),
        ("\n\r\n\r", "\n\r\n\r"),
        ("data: {\"name\":1}\n\n", "data: {\"title\":1}\n\n"),
        // Line ends are LF, CR or CRLF, and each event has its own.
        ("data: {\"name\":1}\r\rdata: {\"name\":2}\r\r", "data: {\"title\":1}\r\rdata: {\"title\":2}\r\r"),
        ("id: 1\r\ndata: {\"name\":1}\r\n\r\n", "id: 1\r\ndata: {\"title\":1}\r\n\r\n"),
        ("data: {\"name\":1}\r\n\n\rdata: 7\n\r", "data: {\"title\":1}\r\n\n\rdata: 7\n\r"),
        // Where lines are fewer than they were, no CR meets the LF of the blank line.
        ("data: {\"n\":1\rdata: }\n\n", "data: {\"n\":\"1\"\rdata: }\r\n\n"),
        ("data: {\nid\rdata: \"n\":1}\n\n", "data: {\ndata: \"n\":\"1\"}\nid\r\n\n"),
        // Other fields and comments stay, and stay in order.
        (
            ": a\n\nid\ndata: {\n:b\nevent: x\ndata: \"name\":1}\nretry: 3\nx y\n\n:c",
            ": a\n\nid\ndata: {\ndata: \"title\":1}\n:b\nevent: x\nretry: 3\nx y\n\n:c",
        ),
        // A document on several lines, with an empty one.
        ("data\ndata:{\"name\":\ndata:  1\ndata: }\n\n", "data: \ndata: {\"title\":\ndata:  1\ndata: }\n\n"),
        // What no step touches, and what is no document.
        ("data:{\"a\":\ndata:  1}\r\n\r\n", "data:{\"a\":\ndata:  1}\r\n\r\n"),
        ("data: [DONE]\n\ndata: [DONE] \n\n", "data: [DONE]\n\ndata: [DONE] \n\n"),
        ("data: name\n\ndata: 7\n\ndata\n\ndata: \"{\"\n\n", "data: name\n\ndata: 7\n\ndata\n\ndata: \"{\"\n\n"),
        ("datas: {\"name\":1}\n\nDATA: {\"name\":1}\n\n", "datas: {\"name\":1}\n\nDATA: {\"name\":1}\n\n"),
        // One mark, and only where the stream begins.
        ("\u{feff}data: {\"name\":1}\n\n", "\u{feff}data: {\"title\":1}\n\n"),
        ("\u{feff}\u{feff}data: {\"name\":1}\n\n", "\u{feff}\u{feff}data: {\"name\":1}\n\n"),
        ("\n\u{feff}data: {\"name\":1}\n\n", "\n\u{feff}data: {\"name\":1}\n\n"),
        ("\u{feff}", "\u{feff}"),
        // What is cut off has been migrated, or shows nothing, or goes.
        ("data: 7\n\ndata: {\"secret\":1}", "data: 7\n\n"),
        ("data: 7\n\nid: 2\ndata: {\"secret\":1}\n", "data: 7\n\n"),
        ("data: 7\r\rdata: {\"secret\":1}\r\n", "data: 7\r\r"),
        ("data: 7\n\nid: 2\nda", "data: 7\n\nid: 2\nda"),
        // Places are those of the stream.
        ("data: {name}\n\n", "!at byte 7"),
        ("id\n\ndata: {\r\nid\r\ndata:name}\n\n", "!at byte 22"),
        ("data: {\"a\":\ndata\n\n", "!at byte 16"),
        ("data: {\"n\":\"1\"}\n\n", "!expected a number"),
    ];
    check(Framing::Events, &rows);
}

#[test]
fn an_event_is_there_as_soon_as_its_blank_line_is() {
    let mut framed = Framed::new(Framing::Events, &program(), &MigrateOptions::default());
    let mut out = Vec::new();
    let steps: [(&str, &str); 9] = [
        ("\u{feff}:", "\u{feff}"),
        (" on\r", ": on\r"),
        ("\ndata: {\"name\"", "\n"),
        (":1}\r\n", ""),
        ("\r", "data: {\"title\":1}\r\n\r"),
        ("\ndata: {\r", "\n"),
        ("data: \"name\":2}\r\r", "data: {\rdata: \"title\":2}\r\r"),
        ("data: [DONE]\n\nid", "data: [DONE]\n\n"),
        (": 3\ndata: {\"secret\":1}\n", ""),
    ];
    for (chunk, expected) in steps {
        framed.feed(chunk.as_bytes(), &mut out).expect(chunk);
        assert_eq!(String::from_utf8(std::mem::take(&mut out)).expect("UTF-8"), expected, "{chunk:?}");
    }
    framed.finish(&mut out).expect("an end");
    assert_eq!(out, b"");
}

#[test]
fn an_event_has_a_limit_and_a_stream_has_none() {
    let event = "data: {\"name\":1}\n\n".as_bytes();
    let limited = |limit| Framed::new(Framing::Events, &program(), &MigrateOptions::default()).with_hold_limit(limit);
    for cut in 0..event.len() {
        let error = feed(limited(event.len() - 1), event, &[cut]).expect_err("it is too large");
        assert!(error.is_limit(), "{error}");
        assert!(feed(limited(event.len()), &event.repeat(9), &[cut]).is_ok());
    }
    assert!(feed(limited(9), b": no end in sight", &[]).expect_err("it is too large").is_limit());
}

#[test]
fn sequences() {
    let rows = [
        ("", ""),
        ("\u{1e}{\"name\":1}\n\u{1e}{\"name\":2}\n", "\u{1e}{\"title\":1}\n\u{1e}{\"title\":2}\n"),
        // Empty texts, line feeds inside, no line feed behind.
        ("\n\u{1e}\u{1e}\n\u{1e}{\n\"name\":\n1}\u{1e}[]", "\n\u{1e}\u{1e}\n\u{1e}{\n\"title\":\n1}\u{1e}[]"),
        ("\u{1e}7\n\u{1e}true \u{1e}null\t\u{1e}\"\"", "\u{1e}7\n\u{1e}true \u{1e}null\t\u{1e}\"\""),
        // A number or word that may be cut off.
        ("\u{1e}7\u{1e}7\n", "!white space after the value at byte 2"),
        ("\u{1e}1\n\u{1e}false", "!white space after the value at byte 9"),
        ("\u{1e}1\n\u{1e}fals", "!not JSON"),
        ("\u{1e}{\"name\":\u{1e}{}\n", "!at byte 9"),
        ("{}\n", "!a record separator at byte 0"),
        (" 7", "!a record separator at byte 1"),
    ];
    check(Framing::Sequence, &rows);
}

#[test]
fn a_text_that_becomes_a_number_gets_its_line_feed() {
    let program = Program::new(&[step(convert("", Conversion::StringToNumber))], Mode::Whole);
    let out = everywhere(Framing::Sequence, &program, b"\x1e\"1\"\x1e\"2\"\n\x1e\"3\"");
    assert_eq!(out.as_deref(), Ok("\x1e1\n\x1e2\n\x1e3\n"));
}

#[test]
fn counts_are_those_of_all_documents() {
    let steps = [step(rename("/a", "b")), pass(step(convert("/n", Conversion::NumberToString)))];
    let program = Program::new(&steps, Mode::Whole);
    let bodies = [
        (Framing::Lines, "{\"a\":1,\"b\":2,\"n\":\"\"}\n{\"b\":1,\"a\":2,\"n\":\"\"}"),
        (Framing::Events, "data: {\"a\":1,\"b\":2,\"n\":\"\"}\n\ndata: {\"b\":1,\"a\":2,\"n\":\"\"}\n\n"),
        (Framing::Sequence, "\x1e{\"a\":1,\"b\":2,\"n\":\"\"}\n\x1e{\"b\":1,\"a\":2,\"n\":\"\"}\n"),
    ];
    for (framing, body) in bodies {
        let mut framed = Framed::new(framing, &program, &MigrateOptions::default());
        let mut out = Vec::new();
        framed.feed(body.as_bytes(), &mut out).and_then(|()| framed.finish(&mut out)).expect("JSON");
        assert_eq!((framed.collisions(), framed.passed()), (2, 2), "{framing:?}");
    }
}

#[test]
fn a_content_type_says_how_documents_are_framed() {
    let rows = [
        ("application/json", Some(Framing::Document)),
        ("application/problem+json", Some(Framing::Document)),
        ("application/jsonl", Some(Framing::Lines)),
        ("application/vnd.acme+ndjson", Some(Framing::Lines)),
        ("application/stream+json", Some(Framing::Lines)),
        ("text/event-stream; charset=utf-8", Some(Framing::Events)),
        ("application/json-seq", Some(Framing::Sequence)),
        ("application/geo+JSON-seq", Some(Framing::Sequence)),
        ("application/geo-json-seq", None),
        ("application/merge-patch+json", None),
        ("application/json-patch+json", None),
    ];
    each_row(rows, |(text, expected)| {
        let content = Content::from_content_type(text);
        assert_eq!(content.and_then(Content::framing), expected, "{text}");
    });
}

const FRAMINGS: [Framing; 5] =
    [Framing::Document, Framing::Concatenated, Framing::Lines, Framing::Events, Framing::Sequence];

/// What one client reads: the fields of each event but its data, and its data.
type Seen = Vec<(Vec<String>, Option<String>)>;

/// A client as WHATWG HTML §9.2.6 has it, but for the fields that it does not know, which it tells as well.
fn client(stream: &str) -> Seen {
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream).replace("\r\n", "\n").replace('\r', "\n");
    let Some((complete, _)) = stream.rsplit_once("\n\n") else { return Vec::new() };
    let mut seen = vec![(Vec::new(), None)];
    for line in complete.split('\n') {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let (fields, data): &mut (Vec<String>, Option<String>) = seen.last_mut().expect("one");
        match name {
            "" if line.is_empty() => seen.push((Vec::new(), None)),
            "data" => {
                let value = value.strip_prefix(' ').unwrap_or(value);
                *data = Some(data.take().map_or(value.to_owned(), |before| format!("{before}\n{value}")));
            }
            _ => fields.push(line.to_owned()),
        }
    }
    seen
}

fn expected(seen: Seen) -> Seen {
    let program = program();
    let migrated = |data: String| match data.trim_start().starts_with('{') {
        true => String::from_utf8(program.rewrite(data.as_bytes(), &MigrateOptions::default()).expect("JSON").body)
            .expect("UTF-8"),
        false => data,
    };
    seen.into_iter().map(|(fields, data)| (fields, data.map(migrated))).collect()
}

fn end() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["\n", "\r", "\r\n"][..])
}

/// One document as data lines, with other lines between them.
fn event() -> impl Strategy<Value = String> {
    let lines = [
        "data: {\u{b6}data:\"name\":1,\u{b6}:x\u{b6}data: \"n\": 2\u{b6}data:}",
        "id: 7\u{b6}data: {\"name\": \"x\", \"secret\": [1, {}]}\u{b6}event: e",
        "data\u{b6}data: {\"a\\n\": 1E400}\u{b6}retry: 9",
        "data: [DONE]",
        "data: {\"secret\":\u{b6}data: 1}",
        ":\u{b6}: on",
        "data\u{b6}",
        "id",
        "",
    ];
    (prop::sample::select(lines.to_vec()), end(), end(), any::<bool>()).prop_map(|(lines, one, other, blank)| {
        format!("{}{one}{}", lines.replace('\u{b6}', one), if blank { other } else { "" })
    })
}

fn line() -> impl Strategy<Value = &'static str> {
    let texts = ["{\"name\":1}", "{\"secret\":{\"a\":[]},\"n\":1.0}", "", " \t", "7", " [1, null] ", "\"\\n\"", "{}"];
    prop::sample::select(texts.to_vec())
}

fn cuts(picks: &[prop::sample::Index], length: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = picks.iter().map(|pick| pick.index(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

fn picks() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_client_reads_migrated_events(events in prop::collection::vec(event(), 0..7), mark: bool, picks in picks()) {
        let stream = format!("{}{}", if mark { "\u{feff}" } else { "" }, events.concat());
        let run = |cuts: &[usize]| run(Framing::Events, &program(), stream.as_bytes(), cuts).map_err(|e| e.to_string());
        let whole = run(&[]);
        prop_assert_eq!(&run(&cuts(&picks, stream.len())), &whole);
        if let Ok(whole) = whole {
            let whole = String::from_utf8(whole).expect("UTF-8");
            prop_assert_eq!(client(&whole), expected(client(&stream)), "{:?} from {:?}", whole, stream);
        }
    }

    #[test]
    fn lines_are_documents(lines in prop::collection::vec((line(), any::<bool>()), 0..7), picks in picks()) {
        let (mut stream, mut expected) = (String::new(), Vec::new());
        for (line, crlf) in lines {
            let end = if crlf { "\r\n" } else { "\n" };
            let blank = line.trim().is_empty();
            let line = [line, end].concat();
            let migrated = program().rewrite(line.as_bytes(), &MigrateOptions::default());
            expected.extend(if blank { line.clone().into() } else { migrated.expect("JSON").body });
            stream.push_str(&line);
        }
        let out = run(Framing::Lines, &program(), stream.as_bytes(), &cuts(&picks, stream.len()));
        prop_assert_eq!(out.expect("JSON"), expected);
    }

    #[test]
    fn records_are_documents(texts in prop::collection::vec(line(), 0..7), picks in picks()) {
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for text in texts {
            let text = format!("{text}\n");
            let migrated = program().rewrite(text.as_bytes(), &MigrateOptions::default());
            stream.extend([&[0x1e], text.as_bytes()].concat());
            expected.push(0x1e);
            expected.extend(migrated.map_or(text.into(), |migrated| migrated.body));
        }
        let out = run(Framing::Sequence, &program(), &stream, &cuts(&picks, stream.len()));
        prop_assert_eq!(out.expect("JSON"), expected);
    }

    #[test]
    fn any_bytes_do_the_same_at_any_split(
        words in prop::collection::vec(prop::sample::select(&["data", ":", " ", "{", "}", "\"name\"", "\"", ",", "[", "]",
            "1", "-", "\r", "\n", "\r\n", "\n\n", "\u{feff}", "\u{1e}", "id", "null", "\\", "[DONE]", "\u{1}"][..]), 0..16),
        picks in picks(),
    ) {
        let stream = words.concat();
        for framing in FRAMINGS {
            let said = |cuts: &[usize]| run(framing, &program(), stream.as_bytes(), cuts).map_err(|e| e.to_string());
            prop_assert_eq!(said(&cuts(&picks, stream.len())), said(&[]), "{:?} {:?}", framing, stream);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), picks in picks()) {
        for framing in FRAMINGS {
            let _ = run(framing, &program(), &bytes, &cuts(&picks, bytes.len()));
        }
    }

    #[test]
    fn nothing_to_do_is_nothing_read(bytes in prop::collection::vec(any::<u8>(), 0..64), picks in picks()) {
        let nothing = Program::new(&[], Mode::Whole);
        for framing in FRAMINGS {
            let out = run(framing, &nothing, &bytes, &cuts(&picks, bytes.len()));
            prop_assert_eq!(&out.expect("it is not read"), &bytes);
        }
    }
}
