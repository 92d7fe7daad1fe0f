//! One name has one meaning: no two types of the crate share a name.
//!
//! A reader who knows what a `Plan` is must not meet another one two files on. A name that is fine in several modules is
//! listed here with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::layering::{files, plain, tokens};

/// Names that several types may have: in which modules, and why. A folder stands for all files in it.
const SHARED: [(&str, &[&str], &str); 11] = [
    ("Inner", &[""], "the shared part behind a handle, private to the handle's module"),
    ("Command", &["bin"], "the subcommands, as clap's documentation calls them; private to their file"),
    ("ConsumerSecret", &["consumer"], STAND_IN),
    ("TokenVerifier", &["consumer"], STAND_IN),
    ("Args", &["bin"], "a command's arguments, as clap's documentation calls them; always qualified by the command"),
    ("CompiledExpression", &["json/cel"], STAND_IN),
    ("DecodeStep", &["coding"], STAND_IN),
    ("Decoder", &["coding"], STAND_IN),
    ("Encoder", &["coding"], STAND_IN),
    ("Running", &["gateway/telemetry/trace"], STAND_IN),
    ("Tracer", &["gateway/telemetry/trace"], STAND_IN),
];
const STAND_IN: &str = "without its feature, another type stands in for it";

#[test]
fn each_type_has_a_name_of_its_own() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let texts = files(&src).into_iter().map(|path| {
        let name = path.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).expect("a text"))
    });
    let found = shared_names(texts.filter(|(name, _)| !name.ends_with("tests.rs")));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_glossary_has_types_that_exist_and_each_word_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let design = fs::read_to_string(root.join("DESIGN.md")).expect("it is there");
    let (_, words) = design.split_once("\n## The words\n").expect("a section");
    let known: BTreeSet<String> =
        files(&root.join("src")).iter().flat_map(|path| declared(&fs::read_to_string(path).expect("a text"))).collect();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for row in
        words.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'))
    {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [word, _, types] = cells[..] else { panic!("three cells: {row}") };
        if !seen.insert(word) {
            wrong.push(format!("{word} has two rows"));
        }
        let types = types.split('`').skip(1).step_by(2);
        wrong.extend(
            types.filter(|name| !known.contains(*name)).map(|name| format!("{word}: no type is called {name}")),
        );
    }
    assert!(wrong.is_empty() && seen.len() > 20, "{} words: {}", seen.len(), wrong.join("\n"));
}

#[test]
fn the_check_finds_what_is_wrong() {
    type Row = (&'static [(&'static str, &'static str)], &'static [&'static str]);
    let rows: [Row; 6] = [
        (&[("a.rs", "pub struct Plan;"), ("b/c.rs", "enum Plan {}")], &["Plan is a type of a.rs and of b/c.rs"]),
        (&[("a.rs", "type Route = u8; trait Route {}")], &["Route is a type of a.rs and of a.rs"]),
        (
            &[
                ("a.rs", "struct Plan;"),
                (
                    "b.rs",
                    "#[cfg(test)]\nmod tests;\nimpl Plan {} // struct Plan\n#[cfg(test)]\nmod tests { struct Plan; }",
                ),
            ],
            &[],
        ),
        (&[("a.rs", "trait A { type Error; }"), ("b.rs", "impl A for B {\n    type Error = C;\n}")], &[]),
        (
            &[
                ("a.rs", "struct Inner;"),
                ("b.rs", "#[cfg(test)]\nmod tests;\nstruct Inner; struct Plan;"),
                ("c.rs", "struct Plan;"),
            ],
            &["Plan is a type of b.rs and of c.rs"],
        ),
        (
            &[("coding/a.rs", "struct Decoder;"), ("b.rs", "struct Decoder;")],
            &["Decoder is a type of b.rs and of coding/a.rs"],
        ),
    ];
    for (texts, expected) in rows {
        let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        assert_eq!(shared_names(texts), expected);
    }
}

fn shared_names(texts: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in texts {
        for name in declared(&text) {
            types.entry(name).or_default().push(path.clone());
        }
    }
    let mut found = Vec::new();
    for (name, mut paths) in types {
        let may_be_shared = |path: &String| {
            let of = SHARED.iter().find(|(shared, _, _)| *shared == name);
            of.is_some_and(|(_, folders, _)| folders.iter().any(|folder| path.starts_with(folder)))
        };
        if paths.len() > 1 && !paths.iter().all(may_be_shared) {
            paths.sort();
            found.push(format!("{name} is a type of {}", paths.join(" and of ")));
        }
    }
    found
}

/// The types that a file declares, but for those of its tests and those that belong to a trait.
fn declared(text: &str) -> Vec<String> {
    let code = plain(text);
    let code = code.split_once("#[cfg(test)]\nmod tests {").map_or(&*code, |(code, _)| code);
    let tokens = tokens(code);
    let mut depth = 0_usize;
    let mut names = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "struct" | "enum" | "trait" | "union" => names.extend(tokens.get(at + 1).map(|name| (*name).to_owned())),
            "type" if depth == 0 => names.extend(tokens.get(at + 1).map(|name| (*name).to_owned())),
            _ => {}
        }
    }
    names.retain(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    names
}
