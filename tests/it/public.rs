//! The public interface: what it has, that it can grow, and how its setters are called.
//!
//! `tests/public.txt` lists all that a user can name. A change of that list is a decision: `UPDATE_DOCS=1 cargo test public`
//! writes it anew, and the difference is for the reviewer to read. The check reads text as rustfmt leaves it, of all features
//! at once; it does not see types, which `cargo semver-checks` compares between releases.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::layering::{files, plain, tokens};

/// Public types that have neither private fields nor `#[non_exhaustive]`, and why.
const EXHAUSTIVE: [(&str, &str); 4] = [
    ("json::ExpressionOp", MADE_BY_UPDATE),
    ("json::Reference", "a pair: a level and a pointer from there"),
    ("json::Step", MADE_BY_UPDATE),
    ("diagnostic::Spanned", "a pair: a value and its place"),
];
const MADE_BY_UPDATE: &str = "made as `Step { each, ..Step::new(op) }`, which a new field does not break";

/// Methods that take a value and return it, and are no setters.
const NO_SETTERS: [(&str, &str); 12] = [
    ("change::When::not", AN_OPERATOR),
    ("json::Condition::not", AN_OPERATOR),
    ("clock::Timestamp::saturating_add", "arithmetic, named as the standard library does"),
    ("clock::Timestamp::saturating_sub", "arithmetic, named as the standard library does"),
    ("diagnostic::Diagnostic::help", A_SENTENCE),
    ("testing::CaseTest::at", A_SENTENCE),
    ("testing::CaseTest::back", A_SENTENCE),
    ("testing::CaseTest::back_sample", A_SENTENCE),
    ("testing::CaseTest::exact", A_SENTENCE),
    ("testing::CaseTest::from", A_SENTENCE),
    ("testing::CaseTest::from_sample", A_SENTENCE),
    ("testing::CaseTest::one_way", A_SENTENCE),
];
const AN_OPERATOR: &str = "an operator";
const A_SENTENCE: &str = "a word of a sentence that ends where it is used: no value is built to be passed on";

/// One thing that a user can name.
#[derive(Debug)]
struct Item {
    path: String,
    /// It takes `self` and returns it.
    is_setter: bool,
    /// A type that another variant or field would break.
    is_exhaustive: bool,
}

#[test]
fn the_public_interface_is_the_listed_one() {
    let found: BTreeSet<String> = public().into_iter().map(|item| item.path).collect();
    let text = found.iter().fold(String::new(), |text, path| text + path + "\n");
    let list = root().join("tests/public.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return fs::write(&list, text).expect("the list is written");
    }
    let known = fs::read_to_string(&list).expect("tests/public.txt");
    let known: BTreeSet<String> = known.lines().map(str::to_owned).collect();
    let more: Vec<_> = found.difference(&known).collect();
    let less: Vec<_> = known.difference(&found).collect();
    let help = "if that is meant, write the list anew: UPDATE_DOCS=1 cargo test --all-features --test it -- public";
    assert!(more.is_empty() && less.is_empty(), "new: {more:#?}\ngone: {less:#?}\n{help}");
}

#[test]
fn public_data_can_grow() {
    let items = public();
    let exhaustive: Vec<&str> = items.iter().filter(|item| item.is_exhaustive).map(|item| &*item.path).collect();
    let unknown: Vec<_> =
        exhaustive.iter().filter(|path| !EXHAUSTIVE.iter().any(|(known, _)| known == *path)).collect();
    assert!(unknown.is_empty(), "add `#[non_exhaustive]`, or a reason to the table: {unknown:#?}");
    let stale: Vec<_> = EXHAUSTIVE.iter().filter(|(known, _)| !exhaustive.contains(known)).collect();
    assert!(stale.is_empty(), "no longer exhaustive: {stale:?}");
}

#[test]
fn setters_have_one_form() {
    let items = public();
    let odd = |item: &&Item| {
        let name = item.path.rsplit("::").next().unwrap_or_default();
        item.is_setter && !name.starts_with("with_") && !NO_SETTERS.iter().any(|(known, _)| *known == item.path)
    };
    let odd: Vec<&Item> = items.iter().filter(odd).collect();
    assert!(odd.is_empty(), "a setter is called `with_…`: {odd:#?}");
}

/// A name alone says nothing that the type does not say: what has no fields to show ends in `(..)` or `{ .. }`.
#[test]
fn debug_shows_more_than_the_name() {
    let mut found = Vec::new();
    for path in files(&root().join("src")) {
        let text = fs::read_to_string(&path).expect("a text");
        let bare = |line: &&str| {
            let name = line.trim().strip_prefix("f.write_str(\"").and_then(|rest| rest.strip_suffix("\")"));
            name.is_some_and(|name| name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric))
        };
        found.extend(text.lines().filter(bare).map(|line| format!("{}: {}", path.display(), line.trim())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// All that is public, module by module.
fn public() -> Vec<Item> {
    let src = root().join("src");
    let read = |path: &Path| plain_lines(&fs::read_to_string(path).expect("a text"));
    let in_bin = |path: &Path| path.starts_with(src.join("bin"));
    let all: Vec<Vec<String>> = files(&src).iter().filter(|path| !in_bin(path)).map(|path| read(path)).collect();
    let mut items = Vec::new();
    for module in declared(&read(&src.join("lib.rs")), "pub mod ") {
        let file = src.join(format!("{module}.rs"));
        let top = read(&if file.exists() { file } else { src.join(&module).join("mod.rs") });
        for name in names(&top) {
            all.iter().for_each(|lines| describe(&module, &name, lines, &mut items));
        }
    }
    items
}

/// The lines before the tests, without comments.
fn plain_lines(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    plain(code).lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// What follows `word` at the start of a line and is not hidden.
fn declared(lines: &[String], word: &str) -> Vec<String> {
    let starts = (0..lines.len()).filter(|at| lines[*at].starts_with(word) && !is_marked(lines, *at, "doc(hidden)"));
    starts.filter_map(|at| tokens(&lines[at][word.len()..]).first().map(|name| (*name).to_owned())).collect()
}

/// Whether an attribute above a line has this text.
fn is_marked(lines: &[String], at: usize, attribute: &str) -> bool {
    let above = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("#["));
    above.into_iter().any(|line| line.contains(attribute))
}

/// What a module declares or exports.
fn names(lines: &[String]) -> Vec<String> {
    let words = ["struct", "enum", "trait", "type", "const", "fn", "async fn"];
    let mut names: Vec<String> = words.iter().flat_map(|word| declared(lines, &format!("pub {word} "))).collect();
    for at in (0..lines.len()).filter(|at| lines[*at].starts_with("pub use ") && !is_marked(lines, *at, "hidden")) {
        let end = (at..lines.len()).find(|end| lines[*end].ends_with(';')).expect("an end");
        let text = lines[at..=end].join(" ");
        let path = tokens(&text);
        let leaf = |at: &usize| path[*at].starts_with(char::is_alphanumeric) && path.get(at + 1) != Some(&"::");
        names.extend((2..path.len()).filter(leaf).map(|at| path[at].to_owned()));
    }
    names
}

/// The declaration of `name` and its methods, as far as these lines have them.
fn describe(module: &str, name: &str, lines: &[String], items: &mut Vec<Item>) {
    let path = format!("{module}::{name}");
    let of = |path: String, is_setter| Item { path, is_setter, is_exhaustive: false };
    for at in 0..lines.len() {
        let line = &*lines[at];
        let declares = |word: &str| {
            let rest =
                line.strip_prefix("pub ").and_then(|rest| rest.strip_prefix(word)).and_then(|r| r.strip_prefix(' '));
            rest.is_some_and(|rest| tokens(rest).first() == Some(&name))
        };
        if ["enum", "struct", "trait"].into_iter().any(declares) {
            let body = body(lines, at);
            let is_enum = declares("enum");
            let open = is_enum || !body.is_empty() && body.iter().all(|line| line.starts_with("    pub "));
            let is_exhaustive = open && !declares("trait") && !is_marked(lines, at, "non_exhaustive");
            items.push(Item { path: path.clone(), is_setter: false, is_exhaustive });
            items.extend(
                members(&body, is_enum, declares("trait")).map(|member| of(format!("{path}::{member}"), false)),
            );
        } else if ["fn", "async fn", "const fn", "const", "type"].into_iter().any(declares) {
            items.push(of(path.clone(), false));
        } else if implements(line, name) {
            let body = body(lines, at);
            let methods = (0..body.len()).filter_map(|at| method(&body, at));
            items.extend(methods.map(|(method, is_setter)| of(format!("{path}::{method}"), is_setter)));
        }
    }
}

/// The lines of a block that begins at `at`, one level deep.
fn body(lines: &[String], at: usize) -> Vec<String> {
    if lines[at].ends_with(['}', ';']) {
        return Vec::new();
    }
    let inner = lines[at + 1..].iter().take_while(|line| line.starts_with(' ') || line.starts_with('{'));
    inner.filter(|line| line.starts_with("    ")).cloned().collect()
}

/// The variants of an enum, the public fields of a struct, the methods of a trait.
fn members<'l>(body: &'l [String], is_enum: bool, is_trait: bool) -> impl Iterator<Item = String> + 'l {
    let lines = body.iter().filter(|line| !line[4..].starts_with([' ', '#', '}', ')', '{']));
    lines.filter_map(move |line| {
        let rest = match (is_enum, is_trait) {
            (true, _) => &line[4..],
            (_, true) => line[4..].strip_prefix("fn ")?,
            _ => line[4..].strip_prefix("pub ")?,
        };
        tokens(rest).first().filter(|name| **name != "fn").map(|name| (*name).to_owned())
    })
}

/// Whether a line begins the methods of `name`.
fn implements(line: &str, name: &str) -> bool {
    let Some(rest) = line.strip_prefix("impl") else { return false };
    let all = tokens(rest);
    let mut depth = 0;
    let outside: Vec<&str> = all
        .into_iter()
        .filter(|token| {
            depth += i32::from(*token == "<");
            let keep = depth == 0;
            depth -= i32::from(*token == ">");
            keep
        })
        .collect();
    outside.first() == Some(&name) && !outside.contains(&"for")
}

/// The public method that begins at a line, and whether it is a setter.
fn method(body: &[String], at: usize) -> Option<(String, bool)> {
    let line = &body[at];
    if let Some((name, _)) = line.trim_start().split_once(" => ").filter(|(name, _)| name.starts_with("with_")) {
        return Some((name.to_owned(), true));
    }
    let rest = line.strip_prefix("    pub ")?;
    let rest = ["const ", "async "].iter().fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let name = match (rest.strip_prefix("fn "), line.strip_prefix("    pub const ")) {
        (Some(rest), _) => rest,
        (None, Some(constant)) => constant,
        (None, None) => return None,
    };
    if is_marked(body, at, "doc(hidden)") {
        return None;
    }
    let end = (at..body.len()).find(|end| body[*end].ends_with(['{', ';', '}'])).unwrap_or(at);
    let signature: String = body[at..=end].iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let takes_self = ["(self", "(mut self", "( self", "( mut self"].iter().any(|text| signature.contains(text));
    Some((tokens(name)[0].to_owned(), takes_self && signature.contains("-> Self")))
}
