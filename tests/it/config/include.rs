//! Files that include others.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rows::each_row;
use sunward::config::{self, SourceMap};

/// A folder of its own for a test, with these files in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let scratch = Self(std::env::temp_dir().join(format!("sunward-include-{}-{name}", std::process::id())));
        for (path, text) in files {
            scratch.write(path, text);
        }
        scratch
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn open(&self) -> SourceMap {
        SourceMap::open(&self.0.join("main.toml")).expect("a file")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const UPSTREAM: &str = "[[upstream]]\nname = \"u\"\ninstances = [{ url = \"http://a:1\" }]\n";

fn api(name: &str) -> String {
    format!("[[api]]\nname = \"{name}\"\nbase_path = \"/{name}\"\nupstream = \"u\"\n")
}

/// `b.toml 3:1 code`, the file without its folder.
fn lines(sources: &SourceMap) -> Vec<String> {
    let (_, found) = config::read_all(sources, &|_| None);
    let line = |found: &sunward::diagnostic::Diagnostic| {
        let (file, _) = sources.find(found.span()).expect("a file");
        let (line, column) = sources.line_column(found.span()).expect("a place");
        let name = file.path().file_name().expect("a name").to_string_lossy().into_owned();
        format!("{name} {line}:{column} {}", found.code())
    };
    found.iter().map(line).collect()
}

#[test]
fn tables_of_all_files_are_one_config() {
    let scratch = Scratch::new(
        "all",
        &[
            ("main.toml", "include = [\"apis/*.toml\", \"upstreams.toml\"]\n[[api]]\nname = \"a\"\nupstream = \"u\"\n"),
            ("apis/c.toml", &api("c")),
            ("apis/b.toml", &api("b")),
            ("apis/.#b.toml", "an editor's"),
            ("apis/b.toml.bak", "another editor's"),
            ("apis/deeper.toml/x", "a folder's"),
            ("upstreams.toml", UPSTREAM),
        ],
    );
    let sources = scratch.open();
    let (config, found) = config::read_all(&sources, &|_| None);
    assert_eq!(found.to_string(), "");
    let config = config.expect("a config");
    assert_eq!(config.apis().len(), 3);
    assert_eq!(format!("{:?}", lines(&sources)), "[]");
    let names: Vec<&Path> =
        sources.files().iter().map(|file| file.path().strip_prefix(&scratch.0).expect("in it")).collect();
    assert_eq!(names, ["main.toml", "apis/b.toml", "apis/c.toml", "upstreams.toml"].map(Path::new));
    let places: Vec<&Path> = sources.places().map(|place| place.strip_prefix(&scratch.0).expect("in it")).collect();
    assert_eq!(places, ["apis/*.toml", "apis/b.toml", "apis/c.toml", "main.toml", "upstreams.toml"].map(Path::new));
}

#[test]
fn the_texts_are_the_same_until_one_changes() {
    let scratch = Scratch::new("same", &[("main.toml", "include = \"*.toml\"\n"), ("u.toml", UPSTREAM)]);
    let first = scratch.open();
    assert_eq!(first, scratch.open());
    scratch.write("u.toml", "");
    let second = scratch.open();
    assert_ne!(first, second);
    scratch.write("v.toml", "");
    assert_ne!(second, scratch.open());
}

#[test]
fn all_findings_are_reported_at_once() {
    let long = format!("{}[gateway]\n[[api.version]]\nname = 1\n", api("b"));
    let rows: [(&str, &str, &[&str]); 9] = [
        (
            "missing",
            "include = [\n\"no.toml\",\n\"none/*.toml\", \"no*.toml\"]\n",
            &[
                "main.toml 2:1 unreadable-include",
                "main.toml 3:1 unreadable-include",
                "main.toml 3:16 unmatched-include",
            ],
        ),
        (
            "twice",
            "include = [\"u.toml\", \"./u.toml\", \"u*.toml\", \"main.toml\"]\n",
            &[
                "main.toml 1:22 duplicate-include",
                "main.toml 1:34 duplicate-include",
                "main.toml 1:45 duplicate-include",
            ],
        ),
        ("itself", "include = [\"main*.toml\"]\n", &["main.toml 1:12 unmatched-include"]),
        ("star", "include = [\"*/u.toml\"]\n", &["main.toml 1:12 bad-include"]),
        ("types", "include = [1, \"\"]\n", &["main.toml 1:12 wrong-type", "main.toml 1:15 empty-text"]),
        ("type", "include = true\n", &["main.toml 1:11 wrong-type"]),
        (
            "tables",
            "include = [\"b.toml\", \"u.toml\"]\nodd = 1\n",
            &["main.toml 2:1 unknown-key", "b.toml 5:2 unknown-key", "b.toml 7:8 wrong-type", "u.toml 1:1 unknown-key"],
        ),
        // What the others name may be in what could not be read.
        (
            "syntax",
            "include = [\"b.toml\", \"x.toml\"]\n",
            &["b.toml 5:2 unknown-key", "b.toml 7:8 wrong-type", "x.toml 2:7 syntax"],
        ),
        ("broken", "include = [\"u.toml\"]\n[\n", &["main.toml 2:2 syntax", "u.toml 1:1 unknown-key"]),
    ];
    each_row(rows, |(name, main, expected)| {
        let included = format!("include = [\"b.toml\"]\n{UPSTREAM}");
        let files = [("main.toml", main), ("b.toml", &*long), ("u.toml", &*included), ("x.toml", "a = 1\n[[api]\n")];
        let mut found = lines(&Scratch::new(name, &files).open());
        // What the parser says of broken lines beside is its own affair.
        found.dedup();
        let used = name != "twice";
        found.retain(|line| used || !line.starts_with("u.toml"));
        assert_eq!(found, expected, "{name}");
    });
}

#[test]
fn findings_name_their_file() {
    let scratch = Scratch::new("named", &[("main.toml", "include = \"b.toml\"\n"), ("b.toml", "\n[gateway]\n")]);
    let sources = scratch.open();
    let found = config::read_all(&sources, &|_| None).1;
    let b = scratch.0.join("b.toml").display().to_string();
    let shown = config::render(&found, &sources, false);
    assert!(shown.contains(&format!("{b}:2:2\n")) && shown.contains("2 | [gateway]"), "{shown}");
    assert!(shown.contains("unknown key `gateway` in an included file"), "{shown}");
    let json = config::to_json(&found, &sources);
    assert_eq!((json[0]["file"].as_str(), json[0]["line"].as_u64()), (Some(b.as_str()), Some(2)));
}

#[test]
fn a_duplicate_in_another_file_is_found() {
    let main = format!("include = \"b.toml\"\n{UPSTREAM}");
    let scratch = Scratch::new("across", &[("main.toml", &main), ("b.toml", UPSTREAM)]);
    assert_eq!(lines(&scratch.open()), ["b.toml 2:8 duplicate-upstream"]);
}
