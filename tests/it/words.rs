//! The words of the project are those of its field: the rules are in CONTRIBUTING.md, and a part of them is checked here.
//!
//! The check reads Markdown without its code, and of Rust the comments, the string literals and the names of tests. It
//! looks at one line at a time, so it misses a phrase that is broken over two.

use std::fs;
use std::path::{Path, PathBuf};

/// A phrase, and what to write instead.
const WORDS: [(&str, &str); 24] = [
    ("whoever", SUBJECT),
    ("nobody", SUBJECT),
    ("who asks", SUBJECT),
    ("who asked", SUBJECT),
    ("for want of", "without, or: because there is no"),
    ("as it came", "unchanged, as received"),
    ("as they came", "unchanged, as received"),
    ("goes with it", RELATION),
    ("go with it", RELATION),
    ("is told", SAID),
    ("are told", SAID),
    ("was told", SAID),
    ("were told", SAID),
    ("unless told", SAID),
    ("is said", SAID),
    ("are said", SAID),
    ("was said", SAID),
    ("unless said", SAID),
    ("says nothing of", "does not mention, does not depend on"),
    ("lets go", "closes, releases, drops"),
    ("let go", "close, release, drop"),
    ("stands", STANDS),
    ("stand", STANDS),
    ("stood", STANDS),
];
const SUBJECT: &str = "name the subject: the client, the caller, an operator";
const RELATION: &str = "say how they belong together";
const SAID: &str = "name who sets, configures, reports or announces it: by default, if set";
const STANDS: &str = "is, is in, applies (`stands for` is fine)";

/// What may follow a word that is otherwise refused.
const IDIOMS: [(&str, &str); 4] = [("stands", " for"), ("stand", " for"), ("stands", " in for"), ("stand", " in for")];

/// Files and folders that keep to the words.
const CLEAN: [&str; 12] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "DESIGN.md",
    "LIFECYCLE.md",
    "docs",
    "src",
    "tests",
    "benches",
    "examples",
    "deploy",
    "lab",
];

#[test]
fn prose_has_the_words_of_the_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for path in CLEAN.iter().flat_map(|name| prose_files(&root.join(name))) {
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        let text = fs::read_to_string(&path).expect("UTF-8");
        found.extend(hits(&name, &text));
    }
    assert!(found.is_empty(), "{} hits; see the words in CONTRIBUTING.md:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_check_finds_what_is_wrong() {
    let rows: [(&str, &str, &[&str]); 10] = [
        ("a.md", "Whoever reads this", &["a.md:1: `whoever`"]),
        ("a.md", "one\n\nit stands there; `*` stands for all", &["a.md:3: `stands`"]),
        ("a.md", "`nobody` and\n```\nwho asks\n```\nfor want of words", &["a.md:5: `for want of`"]),
        ("a.md", "nobodys, standing", &[]),
        ("a.rs", "let nobody = stand(1);", &[]),
        ("a.rs", "/// Nobody.\nlet x = \"as it came\";", &["a.rs:1: `nobody`", "a.rs:2: `as it came`"]),
        ("a.rs", "call(nobody); // is said", &["a.rs:1: `is said`"]),
        ("a.rs", "fn stand() {}", &[]),
        ("a.rs", "async fn a_client_is_told_why() {", &["a.rs:1: `is told`"]),
        ("a.rs", "a(\"x\", stand, \"y\")", &[]),
    ];
    for (name, text, expected) in rows {
        let found = hits(name, text);
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (hit, start) in found.iter().zip(expected) {
            assert!(hit.starts_with(start), "{hit}");
        }
    }
}

/// The Markdown and Rust files at or below `path`, in order, but for this one and what is built.
fn prose_files(path: &Path) -> Vec<PathBuf> {
    if path.ends_with("target") {
        return Vec::new();
    }
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        return entries.iter().flat_map(|entry| prose_files(entry)).collect();
    }
    assert!(path.exists(), "{} is not there", path.display());
    let is_prose = path.extension().is_some_and(|extension| extension == "md" || extension == "rs");
    if is_prose && !path.ends_with("tests/it/words.rs") { vec![path.to_owned()] } else { Vec::new() }
}

/// `file:line: word` for each word that is refused.
fn hits(name: &str, text: &str) -> Vec<String> {
    let lines = if name.ends_with(".md") { markdown(text) } else { text.lines().map(rust).collect() };
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line = line.to_lowercase();
        for (word, instead) in WORDS.iter().filter(|(word, _)| has(&line, word)) {
            found.push(format!("{name}:{}: `{word}`; {instead}", at + 1));
        }
    }
    found
}

/// Whether a line has a phrase as whole words, and not as a part of an idiom.
fn has(line: &str, phrase: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    line.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + phrase.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        whole && !IDIOMS.iter().any(|(word, next)| *word == phrase && after.starts_with(next))
    })
}

/// The lines of a page, without blocks and spans of code.
fn markdown(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        let prose =
            if fence || in_code { String::new() } else { line.split('`').step_by(2).collect::<Vec<_>>().join("`") };
        lines.push(prose);
    }
    lines
}

/// The comments and string literals of a line, and the name of a function that is a sentence.
fn rust(line: &str) -> String {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") {
        return trimmed.to_owned();
    }
    let (code, comment) = line.split_once(" // ").unwrap_or((line, ""));
    let strings = code.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("\n");
    let function = trimmed.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
    let sentence = function.filter(|name| name.matches('_').count() >= 3).map(|name| name.replace('_', " "));
    [&strings, comment, sentence.as_deref().unwrap_or("")].join("\n")
}
