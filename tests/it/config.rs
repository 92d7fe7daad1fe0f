//! The TOML file: what is right loads without a word, what is wrong is all said at once.
#![cfg(feature = "config")]

mod include;
mod schema;
mod variables;

use std::fs;
use std::path::{Path, PathBuf};

use crate::rows::each_row;
use proptest::prelude::*;
use sunward::catalog::Catalog;
use sunward::config::{self, SourceMap};
use sunward::diagnostic::{Diagnostic, Diagnostics, Severity, Span};

fn cases(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/config").join(folder);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a text"))).collect()
}

/// `12:5 unknown-key`, as the first lines of a case expect it.
fn line(found: &Diagnostic, source: &str) -> String {
    let (line, column) = found.span().line_column(source).expect("a position");
    format!("{line}:{column} {}", found.code())
}

#[test]
fn valid_files_load_without_a_word() {
    each_row(cases("valid"), |(path, source)| {
        let environment = |name: &str| (name == "SUNWARD_CONSUMER_SECRET").then(|| "0123456789abcdef".to_owned());
        let (config, found) = config::read_all(&SourceMap::new("", source), &environment);
        assert_eq!(found.to_string(), "", "{}", path.display());
        assert!(config.is_some(), "{}", path.display());
    });
}

#[test]
fn invalid_files_get_all_findings_and_no_others() {
    let cases = cases("invalid");
    assert!(cases.len() >= 25, "{}", cases.len());
    each_row(cases, |(path, source)| {
        let expected: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("#! ")).collect();
        let (_, found) = config::read(&source);
        let lines: Vec<String> = found.iter().map(|found| line(found, &source)).collect();
        assert_eq!(
            lines,
            expected,
            "{}\n{}",
            path.display(),
            config::render(&found, &SourceMap::new("", source.as_str()), false)
        );
    });
}

/// Every finding says what to do, except where only the author can know: the syntax.
#[test]
fn findings_help() {
    each_row(cases("invalid"), |(path, source)| {
        for found in &config::read(&source).1 {
            let help = found.help_text().unwrap_or_default();
            assert!(found.code() == "syntax" || !help.is_empty(), "{}: {found}", path.display());
        }
    });
}

#[test]
fn only_broken_toml_gives_no_config() {
    each_row(cases("invalid"), |(path, source)| {
        let (config, found) = config::read(&source);
        let broken = found.iter().any(|found| matches!(found.code(), "syntax" | "duplicate-key"));
        assert_eq!(config.is_none(), broken, "{}", path.display());
    });
}

#[test]
fn an_empty_file_has_the_defaults() {
    let (config, found) = config::read("");
    let config = config.expect("a config");
    assert!(found.is_empty());
    assert!(config.apis().is_empty());
}

/// Run with `UPDATE_DOCS=1` to write the tables anew.
#[test]
fn the_reference_documents_every_key() {
    const MARK: &str = "<!-- From here on, the tables of keys. -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let page = fs::read_to_string(&path).expect("the reference");
    let (intro, tables) = page.split_once(MARK).expect("the mark");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{intro}{MARK}{}", sunward::internals::reference())).expect("written");
        return;
    }
    assert!(tables == sunward::internals::reference(), "docs/reference.md is not up to date: run with UPDATE_DOCS=1");
}

#[test]
fn findings_are_shown_like_a_compilers() {
    let source = "[[api]]\r\nname = \"größe\"\r\n\"größe\" = 1\r\n";
    let shown = config::render(&config::read(source).1, &SourceMap::new("a.toml", source), false);
    assert!(
        shown.starts_with("error[unknown-key]: unknown key `größe` in [[api]] (its value is the integer `1`)\n"),
        "{shown}"
    );
    assert!(shown.contains("--> a.toml:3:1\n"), "{shown}");
    assert!(shown.contains("3 | \"größe\" = 1\n"), "{shown}");
    assert!(shown.contains("| ^^^^^^^\n"), "{shown}");
    assert!(shown.contains("= help: known: `"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\r'), "{shown:?}");
    assert!(config::render(&config::read(source).1, &SourceMap::new("a.toml", source), true).contains('\u{1b}'));
}

/// A finding about a part of a string points to that part.
#[test]
fn findings_point_into_strings() {
    let op = |op: &str| {
        format!(
            "[[api]]\nname = \"a\"\nversion_from = {{ header = \"V\" }}\nversion = [{{ name = \"1\" }}, {{ name = \"2\" }}]\n\
             [[api.change]]\nversion = \"2\"\nsummary = \"s\"\nat = \"GET /a -> 200\"\nops = [{{ {op} }}]\n"
        )
    };
    let rows = [
        (op(r#"compute = "/a", cel = "self.b +""#), "bad-expression", (9, 41)),
        (op(r#"compute = "/a", cel = '1 + $'"#), "bad-expression", (9, 37)),
        (op(r#"compute = "/a", cel = "\"b\" + $""#), "bad-expression", (9, 41)),
        (op(r#"add = "/a", value = 1, when = { cel = "1 +" }"#), "bad-expression", (9, 52)),
        (op("add = \"/a\", json = '''\n{\n \"a\": }'''"), "bad-json", (11, 7)),
    ];
    for (source, code, (line, column)) in rows {
        let (read, found) = config::read(&source);
        let found = match found.has_errors() {
            true => found,
            false => Catalog::new(read.expect("a config").into_apis()).expect_err("a finding"),
        };
        let found = config::to_json(&found, &SourceMap::new("a.toml", source.as_str()));
        let finding = found.as_array().into_iter().flatten().find(|finding| finding["code"] == code);
        let finding = finding.unwrap_or_else(|| panic!("{source}: {found}"));
        assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(line), Some(column)), "{source}");
    }
}

/// What to write instead is shown, as far as it is known.
#[test]
fn findings_show_what_to_write() {
    let rows = [
        ("[[api]]\nunspecified = \"1\"\n", "write `reject`, in quotes, or write `{ version = \"1\" }`"),
        ("[[api]]\nconsumer = \"X-Who\"\n", "or write `{ header = \"X-Who\" }`"),
        (
            "[[api]]\n[[api.change]]\nops = [{ map = \"/a\", keep = true }]\n",
            "remove it: `keep` is a key of `copy`, `compute`, `count`, `rename`, `move`, `split`, `join`, `entries`, `keyed`, `pick`, \
             `partition`, `nest`, `flatten`, `rename_header`, `rename_cookie` or `rename_query`",
        ),
        (
            "[[api]]\n[[api.case]]\nfrom = { version = \"1\", body = { d = 1 } }\n",
            "write it as JSON: `body = '{\"d\":1}'`",
        ),
        (
            "[[api]]\n[[api.change]]\nops = [{ copy = \"/a\", to = \"/b\", expand = true }]\n",
            "remove it: `expand` is a key of `rename`",
        ),
    ];
    let formats = [
        ("unix", "did you mean `unix-seconds`?"),
        ("iso8601", "did you mean `rfc3339`?"),
        ("sometime", "write one of these, in quotes, or write `{ format = \"…\" }`"),
        ("%Y", "or write `{ format = \"%Y\" }`"),
    ];
    let formats = formats.map(|(from, help)| {
        let op = format!("{{ convert = \"/a\", from = \"{from}\", to = \"date\" }}");
        (format!("[[api]]\n[[api.change]]\nops = [{op}]\n"), help)
    });
    let rows = rows.map(|(source, help)| (source.to_owned(), help)).into_iter().chain(formats);
    each_row(rows, |(source, help)| {
        let found = config::read(&source).1;
        let helps: Vec<&str> = found.iter().filter_map(Diagnostic::help_text).collect();
        assert!(helps.iter().any(|text| text.contains(help)), "{source}: {helps:?}");
    });
}

#[test]
fn findings_without_a_place_are_shown_plain() {
    let mut found = Diagnostics::new();
    found.push(Diagnostic::warning("odd", "something is odd", Span::NONE));
    found.push(Diagnostic::error("bad", "a\u{1b}[31mb", Span::NONE).help("mend it"));
    let shown = config::render(&found, &SourceMap::new("a.toml", "x = 1"), false);
    assert!(shown.starts_with("warning[odd]: something is odd\n\nerror[bad]: a"), "{shown}");
    assert!(shown.contains("help: mend it"), "{shown}");
    assert!(!shown.contains("a.toml") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn findings_outside_of_the_source_are_shown_all_the_same() {
    for source in ["", "ü", "a\r\n", "\n\n"] {
        for (start, end) in [(0, 1), (1, 2), (1, 1), (5, 9), (9, 5)] {
            let mut found = Diagnostics::new();
            found.push(Diagnostic::error("far", "far away", Span::new(start, end)));
            assert!(config::render(&found, &SourceMap::new("a.toml", source), true).contains("far away"));
            assert!(config::to_json(&found, &SourceMap::new("a.toml", source)).is_array());
        }
    }
}

#[test]
fn findings_are_json_for_programs() {
    let source = "[gateway]\nlog = \"jsno\"\n";
    let mut found = config::read(source).1;
    found.push(Diagnostic::warning("odd", "something is odd", Span::NONE));
    assert_eq!(found.iter().map(Diagnostic::severity).collect::<Vec<_>>(), [Severity::Error, Severity::Warning]);
    let expected = serde_json::json!([
        {
            "severity": "error", "code": "unknown-word", "message": "unknown value `jsno` of `log`; expected `text` or `json`",
            "help": "did you mean `json`?", "file": "a.toml", "line": 2, "column": 7
        },
        {
            "severity": "warning", "code": "odd", "message": "something is odd",
            "help": null, "file": "a.toml", "line": null, "column": null
        },
    ]);
    assert_eq!(config::to_json(&found, &SourceMap::new("a.toml", source)), expected);
}

#[test]
fn deep_values_are_refused() {
    // TOML limits each of the two, but not both together.
    let path = vec!["a"; 75].join(".");
    let source = format!(
        "[[api]]\nname = \"a\"\n[[api.change]]\nversion = \"1\"\nsummary = \"x\"\n[[api.change.ops]]\n\
         add = \"/a\"\nvalue.{path} = {{ {path} = 1 }}\n"
    );
    let (_, found) = config::read(&source);
    assert_eq!(found.iter().map(Diagnostic::code).collect::<Vec<_>>(), ["not-json"]);
}

// === any text ===

/// A valid file with some of its characters replaced, removed or repeated.
fn mutated() -> impl Strategy<Value = String> {
    let texts: Vec<String> = cases("valid").into_iter().map(|(_, text)| text).collect();
    let word = prop_oneof![
        Just(String::new()),
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "\"",
            "'",
            "[",
            "]",
            "{",
            "}",
            "=",
            ".",
            "\r\n",
            "\0",
            "1",
            "-",
            "inf",
            "2024-01-01",
            "12:00",
            "\"\"\"",
            "[[api]]",
            "[api]",
            "ü",
            "\u{feff}",
            "#",
            ",",
            "true",
            "json",
            "value",
        ])
        .prop_map(String::from),
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, word), 1..6);
    (prop::sample::select(texts), edits).prop_map(|(text, edits)| {
        edits.into_iter().fold(text, |text, (at, length, word)| {
            let mut chars: Vec<char> = text.chars().collect();
            let start = at.index(chars.len() + 1);
            let end = (start + length).min(chars.len());
            chars.splice(start..end, word.chars());
            chars.into_iter().collect()
        })
    })
}

fn reads(source: &str) -> Result<(), TestCaseError> {
    reads_as_included(source)?;
    let (config, found) = config::read(source);
    prop_assert!(config.is_some() || found.has_errors());
    for found in &found {
        prop_assert!(found.span().is_none() || found.span().line_column(source).is_some(), "{}", found);
        prop_assert!(found.span().end() <= source.len(), "{}", found);
    }
    prop_assert_eq!(config::render(&found, &SourceMap::new("a.toml", source), false).is_empty(), found.is_empty());
    prop_assert!(config::to_json(&found, &SourceMap::new("a.toml", source)).is_array());
    Ok(())
}

/// Behind another file, with every variable set.
fn reads_as_included(source: &str) -> Result<(), TestCaseError> {
    let sources = SourceMap::new("a.toml", "[gateway]\n").with_file("b.toml", source);
    let (config, found) = config::read_all(&sources, &|_| Some("value".to_owned()));
    prop_assert!(config.is_some());
    for found in &found {
        let file = sources.find(found.span()).map_or("", |(file, _)| file.name());
        prop_assert!(found.span().is_none() || sources.line_column(found.span()).is_some(), "{}", found);
        prop_assert!(file.is_empty() || file == "b.toml", "{}", found);
    }
    prop_assert_eq!(config::render(&found, &sources, false).is_empty(), found.is_empty());
    prop_assert!(config::to_json(&found, &sources).is_array());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn mutated_files_never_panic(source in mutated()) {
        reads(&source)?;
    }

    #[test]
    fn any_text_never_panics(source in any::<String>()) {
        reads(&source)?;
    }
}
