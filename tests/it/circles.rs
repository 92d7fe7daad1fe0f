//! No circles of files: what a file needs does not need that file.
//!
//! A file needs another if it names something that is defined there. A re-export passes a name on and needs nothing, and who
//! takes a name through it needs the file that defines the name. A module and its own parts may need each other. The check reads text, as that of `layering` does: macros,
//! methods and names that come through a glob are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::layering::{files, plain, tokens};

/// The rooms: the modules of the gateway. Each may import those before it; `mod.rs` lists them in this order.
const ROOMS: [&str; 8] = ["wire", "telemetry", "back", "state", "config", "front", "admin", "app"];

/// Names from the root of the crate. Those of the binary begin with `bin`.
type Names = Vec<String>;

/// An import: the name that it brings, and what it names.
struct Import {
    name: String,
    target: Names,
    public: bool,
}

/// The modules that are files, by their names, with their tokens and imports.
#[derive(Default)]
struct Modules {
    files: BTreeMap<Names, String>,
    code: BTreeMap<Names, Names>,
    imports: BTreeMap<Names, Vec<Import>>,
}

#[test]
fn files_do_not_need_each_other_in_a_circle() {
    let found = circles(&needs(source()));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn rooms_of_the_gateway_name_those_before_them() {
    let room = |file: &str| {
        let (room, _) = file.strip_prefix("gateway/")?.split_once(['/', '.'])?;
        ROOMS.iter().position(|known| *known == room)
    };
    let mut found = Vec::new();
    for (file, needed) in needs(source()) {
        let Some(own) = room(&file) else { continue };
        let later = needed.iter().filter(|file| room(file).is_some_and(|room| room > own));
        found.extend(later.map(|needed| format!("{file} names {needed}, which is in a later room")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_pages_list_the_rooms_of_the_gateway() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["src/gateway/mod.rs", "DESIGN.md"] {
        let text = fs::read_to_string(root.join(page)).expect(page);
        let rows =
            text.lines().filter_map(|line| line.trim_start_matches("//! ").strip_prefix("| `")?.split('`').next());
        let listed: Vec<&str> = rows.filter(|name| ROOMS.contains(name) && *name != "app").collect();
        let expected: Vec<&str> = ROOMS.into_iter().filter(|name| *name != "app").collect();
        // The table of modules has a room of that name as well.
        let listed = if page == "DESIGN.md" { &listed[listed.len() - expected.len()..] } else { &listed[..] };
        assert_eq!(listed, expected, "{page}");
    }
}

#[test]
fn the_check_finds_circles() {
    type Row = (&'static [(&'static str, &'static str)], &'static [&'static str]);
    let rows: [Row; 7] = [
        (
            &[("a.rs", "use crate::b::B; struct A;"), ("b.rs", "struct B(super::a::A);")],
            &["a.rs -> b.rs", "b.rs -> a.rs"],
        ),
        (&[("a.rs", "use crate::b::B;"), ("b.rs", "struct B;")], &[]),
        // A re-export is no need; who takes the name needs the file of the definition.
        (&[("a/mod.rs", "mod b; mod c; pub use b::B;"), ("a/b.rs", "struct B;"), ("a/c.rs", "use super::B;")], &[]),
        (
            &[
                ("a/mod.rs", "mod b; mod c; pub(crate) use b::B;"),
                ("a/b.rs", "use super::c::f;"),
                ("a/c.rs", "use crate::a::B;"),
            ],
            &["a/b.rs -> a/c.rs", "a/c.rs -> a/b.rs"],
        ),
        // A module and its part.
        (&[("a/mod.rs", "mod b; const C: u8 = b::D;"), ("a/b.rs", "use super::C;")], &[]),
        // To import a module is no need of the file that has its children.
        (
            &[
                ("a/mod.rs", "mod b; use b::f;"),
                ("a/b.rs", "use super::super::c; fn g() { c::h() }"),
                ("c.rs", "fn h() {}"),
            ],
            &[],
        ),
        (
            &[("bin/sunward/x.rs", "use crate::y::g;"), ("bin/sunward/y.rs", "use crate::{f, x::{h as i}};")],
            &["bin/sunward/x.rs -> bin/sunward/y.rs", "bin/sunward/y.rs -> bin/sunward/x.rs"],
        ),
    ];
    let mut wrong = Vec::new();
    for (texts, expected) in rows {
        let found = circles(&needs(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))));
        if found != expected {
            wrong.push(format!("{texts:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn source() -> impl Iterator<Item = (String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    files(&src).into_iter().filter(|path| !path.ends_with("tests.rs")).map(move |path| {
        let name = path.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).expect("a text"))
    })
}

/// For each file the files that it needs.
fn needs(texts: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, BTreeSet<String>> {
    let mut modules = Modules::default();
    for (file, text) in texts {
        let code = plain(&text);
        let code = code.split_once("#[cfg(test)]\nmod tests {").map_or(&*code, |(code, _)| code);
        let name = module(&file);
        modules.code.insert(name.clone(), tokens(code).into_iter().map(str::to_owned).collect());
        modules.files.insert(name, file);
    }
    for (name, code) in &modules.code {
        modules.imports.insert(name.clone(), modules.read_imports(name, code));
    }
    let needs =
        |name: &Names| modules.needs(name).into_iter().filter(|needed| *needed != modules.files[name]).collect();
    modules.files.iter().map(|(name, file)| (file.clone(), needs(name))).collect()
}

/// What is left of the arrows when those that lead into or out of no circle are taken off.
fn circles(needs: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut arrows: BTreeSet<(&str, &str)> =
        needs.iter().flat_map(|(file, needed)| needed.iter().map(|needed| (&**file, &**needed))).collect();
    arrows.retain(|(from, to)| {
        let (start, end) = (module(from), module(to));
        !start.starts_with(&end) && !end.starts_with(&start)
    });
    loop {
        let from: BTreeSet<&str> = arrows.iter().map(|(from, _)| *from).collect();
        let to: BTreeSet<&str> = arrows.iter().map(|(_, to)| *to).collect();
        let before = arrows.len();
        arrows.retain(|(start, end)| to.contains(start) && from.contains(end));
        if arrows.len() == before {
            return arrows.into_iter().map(|(from, to)| format!("{from} -> {to}")).collect();
        }
    }
}

fn module(file: &str) -> Names {
    let file = file.strip_prefix("bin/sunward").map_or(file.to_owned(), |rest| format!("bin{rest}"));
    let parts = file.trim_end_matches(".rs").split('/').map(str::to_owned);
    parts.filter(|part| !["mod", "lib", "main"].contains(&&**part)).collect()
}

// === impl Modules ===

impl Modules {
    fn needs(&self, name: &Names) -> BTreeSet<String> {
        let mut targets: Vec<Names> = Vec::new();
        let imports = &self.imports[name];
        targets.extend(imports.iter().filter(|import| !import.public).map(|import| import.target.clone()));
        targets.extend(self.paths(name));
        targets.iter().filter_map(|target| self.defines(target, 0)).map(|module| self.files[&module].clone()).collect()
    }

    /// The module in whose file a name is defined; none for a module as such, and for what is foreign.
    fn defines(&self, target: &[String], depth: usize) -> Option<Names> {
        let inside = (0..=target.len()).rev().find(|length| self.files.contains_key(&target[..*length]))?;
        let (module, rest) = (&target[..inside], &target[inside..]);
        let first = rest.first()?;
        let passed = self.imports[module].iter().find(|import| import.name == *first);
        match passed {
            Some(import) if depth < 8 => self.defines(&[&import.target, &rest[1..]].concat(), depth + 1),
            _ => Some(module.to_vec()),
        }
    }

    /// The paths in the code that begin with a module, outside of imports.
    fn paths(&self, name: &Names) -> Vec<Names> {
        let (code, mut at, mut found) = (&self.code[name], 0, Vec::new());
        while at < code.len() {
            if code[at] == "use" {
                at += code[at..].iter().position(|token| token == ";").unwrap_or(0);
            }
            let mut end = at + 1;
            while end + 1 < code.len() && code[end] == "::" && is_word(&code[end + 1]) {
                end += 2;
            }
            let path: Names = code[at..end].iter().step_by(2).cloned().collect();
            if path.len() > 1 && (at == 0 || code[at - 1] != "::") {
                found.extend(self.absolute(name, &path));
            }
            at = end;
        }
        found
    }

    fn absolute(&self, own: &Names, path: &[String]) -> Option<Names> {
        let first = &*path[0];
        if let Some(import) = self.imports.get(own).and_then(|all| all.iter().find(|import| import.name == first)) {
            return Some([&import.target, &path[1..]].concat());
        }
        let child = [&own[..], &path[..1]].concat();
        match first {
            "crate" if own.first().is_some_and(|root| root == "bin") => Some([&own[..1], &path[1..]].concat()),
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([own, &path[1..]].concat()),
            "super" => {
                let supers = path.iter().take_while(|part| *part == "super").count();
                Some([&own[..own.len().checked_sub(supers)?], &path[supers..]].concat())
            }
            _ if self.files.contains_key(&child) => Some([own, path].concat()),
            _ => None,
        }
    }

    fn read_imports(&self, own: &Names, code: &[String]) -> Vec<Import> {
        let mut imports = Vec::new();
        for at in (0..code.len()).filter(|at| code[*at] == "use") {
            let public = at > 0 && matches!(&*code[at - 1], "pub" | ")");
            let length = code[at..].iter().position(|token| token == ";").unwrap_or(1);
            for (name, path) in leaves(&code[at + 1..at + length]) {
                if let Some(target) = self.absolute(own, &path) {
                    imports.push(Import { name, target, public });
                }
            }
        }
        imports
    }
}

/// The names that an import brings, and their paths as they are written.
fn leaves(tree: &[String]) -> Vec<(String, Names)> {
    let Some(open) = tree.iter().position(|token| token == "{") else {
        let words: Names = tree.iter().filter(|token| *token != "::").cloned().collect();
        let renamed = words.iter().position(|word| word == "as");
        let mut path = words[..renamed.unwrap_or(words.len())].to_vec();
        let name = renamed.map_or_else(|| path.last().cloned(), |at| words.get(at + 1).cloned());
        let mut name = name.unwrap_or_default();
        if name == "self" {
            path.pop();
            name = path.last().cloned().unwrap_or_default();
        }
        return if path.is_empty() { Vec::new() } else { vec![(name, path)] };
    };
    let (before, inner) = (&tree[..open], &tree[open + 1..tree.len() - 1]);
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for at in 0..=inner.len() {
        match inner.get(at).map(String::as_str) {
            Some("{") => depth += 1,
            Some("}") => depth -= 1,
            Some(",") | None if depth == 0 => {
                if start < at {
                    found.extend(leaves(&[before, &inner[start..at]].concat()));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c == '_' || c.is_alphanumeric())
}
