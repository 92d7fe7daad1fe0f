//! Imports point down: a module may name only modules of a lower rank, and foreign crates have a home.
//!
//! The check reads text. Macros and re-exports can slip past it; it guards against carelessness. A new arrow is a
//! decision, and it is made here, in the two tables, where everyone sees it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each row may name the rows above it.
const RANKS: [&[&str]; 11] = [
    &["version", "clock", "consumer", "diagnostic", "path"],
    &["json"],
    &["change", "names", "headers", "shadow", "rollout"],
    &["problem", "coding", "usage", "flags"],
    &["catalog"],
    &["resolve", "decide", "config", "report"],
    &["plan", "notice"],
    &["layer", "testing", "import"],
    &["extract", "gateway"],
    &["internals"],
    &["bin"],
];

/// Modules that are not there yet, but whose rank is known.
const PLANNED: [&str; 1] = ["shadow"];

/// Who may name a foreign crate: modules, or single files. Test code may name what it likes.
const FOREIGN: [(&str, &[&str]); 68] = [
    ("annotate_snippets", &["config/render.rs"]),
    ("arc_swap", &["gateway", "flags/handle.rs"]),
    ("atomic_waker", &["gateway/back/pool/waker.rs"]),
    ("axum", &["gateway/admin"]),
    ("axum_core", &["extract"]),
    (
        "base64",
        &["layer/digest.rs", "consumer", "import/request.rs", "notice/webhook.rs", "gateway/admin/page/session.rs"],
    ),
    ("brotli", &["coding"]),
    ("bytes", &["layer", "gateway"]),
    ("clap", &["bin"]),
    ("csv", &["bin"]),
    ("datasketches", &["usage/distinct.rs"]),
    ("fastrand", &["gateway"]),
    ("flate2", &["coding", "import/reader.rs"]),
    ("h2", &["gateway"]),
    ("hmac", &["consumer/secret.rs", "notice/webhook.rs", "gateway/admin/page/session.rs"]),
    (
        "http",
        &[
            "change", "headers", "problem", "coding", "catalog", "resolve", "config", "plan", "layer", "extract",
            "testing", "import", "gateway", "bin",
        ],
    ),
    ("http_body", &["layer", "gateway"]),
    ("http_body_util", &["layer", "gateway"]),
    ("httpdate", &["clock", "headers", "json/time_format.rs", "gateway/wire/outbound.rs"]),
    ("hyper", &["gateway"]),
    ("hyper_util", &["gateway"]),
    ("ipnet", &["config", "gateway"]),
    ("jiff", &["clock", "version", "headers/date.rs", "json/time.rs", "json/time_format.rs"]),
    ("json_patch", &["change/patch.rs"]),
    ("jsonwebtoken", &["consumer/token.rs", "consumer/signature.rs"]),
    ("lettre", &["gateway/notices/sinks.rs", "gateway/config/notices.rs"]),
    ("listenfd", &["gateway"]),
    ("matchit", &["catalog/router.rs"]),
    ("memchr", &["json", "catalog/migration.rs", "import"]),
    ("metrics", &["names", "gateway"]),
    ("minijinja", &["notice/text.rs", "report/guide/text.rs", "gateway/admin/page"]),
    ("metrics_exporter_prometheus", &["gateway"]),
    ("notify", &["gateway"]),
    ("opentelemetry", &["gateway/telemetry/trace/span.rs", "gateway/telemetry/trace/export.rs"]),
    ("opentelemetry_http", &["gateway/telemetry/trace/export.rs"]),
    ("opentelemetry_otlp", &["gateway/telemetry/trace/export.rs"]),
    ("opentelemetry_sdk", &["gateway/telemetry/trace/span.rs", "gateway/telemetry/trace/export.rs"]),
    ("percent_encoding", &["path", "json/form/urlencoded.rs", "change", "headers", "gateway"]),
    ("pin_project_lite", &["layer", "gateway"]),
    ("regex", &["json/replacement.rs"]),
    ("ring", &["consumer/signature.rs", "gateway/admin/page/session.rs"]),
    ("rlimit", &["gateway/front/descriptors.rs"]),
    ("rustls_native_certs", &["gateway"]),
    ("semver", &["flags/sem_ver.rs"]),
    ("serde", &["change", "problem", "consumer", "import/json_log.rs", "flags/place.rs", "gateway/admin", "rollout"]),
    (
        "serde_json",
        &[
            "notice",
            "json",
            "consumer",
            "change",
            "problem",
            "config",
            "report",
            "testing/openapi.rs",
            "gateway",
            "bin",
            "usage/sql",
            "import/json_log.rs",
            "flags",
        ],
    ),
    ("sfv", &["headers/sf.rs"]),
    ("sha2", &["layer/digest.rs", "consumer/secret.rs", "gateway", "notice/webhook.rs"]),
    ("similar", &["gateway/admin/page/config.rs"]),
    ("siphasher", &["change", "plan", "layer", "import", "rollout"]),
    ("smallvec", &["gateway/back/pool/mod.rs", "json", "flags"]),
    ("socket2", &["gateway"]),
    ("sqlx", &["usage/sql"]),
    ("strsim", &["diagnostic"]),
    ("subtle", &["gateway"]),
    ("tempfile", &["gateway/state/files.rs"]),
    ("tokio", &["gateway", "bin"]),
    ("tokio_rustls", &["gateway"]),
    ("toml", &["config"]),
    ("tower", &["gateway"]),
    ("tower_http", &["gateway/admin"]),
    ("tower_layer", &["layer", "gateway"]),
    ("tower_service", &["layer", "gateway"]),
    ("tracing", &["gateway", "layer/event.rs", "bin"]),
    ("tracing_subscriber", &["gateway", "bin"]),
    ("webpki", &["gateway"]),
    ("zstd", &["coding", "import/reader.rs"]),
    ("sunward", &["bin"]),
];

#[test]
fn imports_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for path in files(&src) {
        let name = path.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        found.extend(findings(&name, &fs::read_to_string(&path).expect("a text")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn planned_modules_are_not_there() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let there = |name: &&&str| src.join(name).exists() || src.join(format!("{name}.rs")).exists();
    let found: Vec<_> = PLANNED.iter().filter(there).collect();
    assert!(found.is_empty(), "they are not planned any more: {found:?}");
}

#[test]
fn the_table_in_the_design_is_this_one() {
    let design = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("DESIGN.md")).expect("it is there");
    let (_, modules) = design.split_once("\n## Modules\n").expect("a section");
    let mut listed = BTreeSet::new();
    for line in modules.lines().take_while(|line| !line.starts_with("## ")) {
        let mut cells = line.trim_start_matches('|').split('|').map(str::trim);
        let Some(rank) = cells.next().and_then(|rank| rank.parse::<usize>().ok()) else { continue };
        let names = cells.next().unwrap_or_default().split('`').filter(|name| !name.trim().is_empty());
        listed.extend(names.map(|name| (rank, name)));
    }
    let expected: BTreeSet<_> =
        RANKS.iter().enumerate().flat_map(|(rank, row)| row.iter().map(move |name| (rank, *name))).collect();
    assert_eq!(listed, expected);
}

#[test]
fn every_dependency_has_a_home() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    let table = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let names = table.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    for (name, _) in names {
        let name = name.replace('-', "_");
        assert!(FOREIGN.iter().any(|(known, _)| **known == name), "{name} is not in the table");
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let rows = [
        ("decide.rs", "use crate::plan::Plan;", "decide.rs names plan, which is not below it"),
        (
            "resolve/mod.rs",
            "use crate::{decide::Verdict, version};",
            "resolve/mod.rs names decide, which is not below it",
        ),
        ("json/tree/mod.rs", "use super::super::change;", "json/tree/mod.rs names change, which is not below it"),
        ("ledger.rs", "", "ledger.rs is in no row of the table"),
        ("plan/mod.rs", "use crate::ledger::Ledger;", "plan/mod.rs names ledger, which is in no row of the table"),
        ("plan/mod.rs", "fn f() -> tokio::time::Instant;", "plan/mod.rs names tokio, whose home is elsewhere"),
        ("change/mod.rs", "use json_patch as patch;", "change/mod.rs names json_patch, whose home is elsewhere"),
    ];
    for (path, text, expected) in rows {
        assert_eq!(findings(path, text), [expected]);
    }
}

#[test]
fn the_check_finds_nothing_else() {
    let rows = [
        ("plan/mod.rs", "use crate::{decide::{Phase, plan}, version};\nuse crate::plan::answer;"),
        ("json/tree/edit.rs", "use super::super::change::Run;"),
        ("json/mod.rs", "//! use crate::plan::Plan;\n/* tokio::spawn */ const A: &str = r#\"crate::plan \"\"#;"),
        ("json/mod.rs", "fn f<'a>(b: &'a u8) -> bool { *b == b'\"' }\nconst B: [char; 2] = ['\\'', '\"'];"),
        ("json/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::plan::Plan;\n}"),
        ("bin/sunward.rs", "use clap::Parser; use sunward::gateway; mod check; use crate::check::run;"),
    ];
    for (path, text) in rows {
        assert_eq!(findings(path, text), [""; 0]);
    }
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|row| row.contains(&module))
}

/// What is wrong with the imports of the file at `path` below `src`.
fn findings(path: &str, text: &str) -> Vec<String> {
    let mut parts: Vec<&str> = path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
    let module = if parts == ["main"] { "bin" } else { parts[0] };
    if module == "lib" || parts.pop() == Some("tests") {
        return Vec::new();
    }
    let Some(own) = rank(module) else { return vec![format!("{path} is in no row of the table")] };
    let code = plain(text);
    let code = code.split_once("#[cfg(test)]\nmod tests {").map_or(&*code, |(code, _)| code);
    let tokens = tokens(code);
    let mut found = Vec::new();
    // In a binary, `crate` is the binary.
    let named = if module == "bin" { Vec::new() } else { imports(&tokens, parts.len() + 1) };
    for name in named.into_iter().filter(|name| *name != module) {
        match rank(name) {
            None => found.push(format!("{path} names {name}, which is in no row of the table")),
            Some(rank) if rank >= own => found.push(format!("{path} names {name}, which is not below it")),
            Some(_) => {}
        }
    }
    for name in foreign(&tokens) {
        let (_, homes) = FOREIGN.iter().find(|(known, _)| *known == name).expect("it is known");
        if !homes.iter().any(|home| {
            path.strip_prefix(home).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || *home == module
        }) {
            found.push(format!("{path} names {name}, whose home is elsewhere"));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What follows `crate::`, and as many `super::` as lead to the root from a module at `depth`.
fn imports<'t>(tokens: &[&'t str], depth: usize) -> Vec<&'t str> {
    let mut named = Vec::new();
    for at in 0..tokens.len() {
        let first = at == 0 || tokens[at - 1] != "::";
        let supers = tokens[at..].chunks(2).take_while(|pair| *pair == ["super", "::"]).count();
        if tokens[at] == "crate" && tokens.get(at + 1) == Some(&"::") {
            named.extend(heads(&tokens[at + 2..]));
        } else if first && supers >= depth {
            named.extend(heads(&tokens[at + 2 * supers..]));
        }
    }
    named
}

/// The first names of a path, or of each path in braces.
fn heads<'t>(tokens: &[&'t str]) -> Vec<&'t str> {
    let Some((&open, rest)) = tokens.split_first() else { return Vec::new() };
    if open != "{" {
        return vec![open];
    }
    let (mut depth, mut before, mut named) = (1, open, Vec::new());
    for &token in rest {
        if depth == 1 && matches!(before, "{" | ",") && token != "}" {
            named.push(token);
        }
        match token {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        before = token;
    }
    named
}

/// The foreign crates of the table that are named.
fn foreign<'t>(tokens: &[&'t str]) -> Vec<&'t str> {
    let known = |token: &str| FOREIGN.iter().any(|(name, _)| *name == token);
    let is_use = |at: usize| {
        let (before, after) = (at.checked_sub(1).map(|at| tokens[at]), tokens.get(at + 1).copied());
        let inner = before == Some("::") && at.checked_sub(2).is_some_and(|at| is_word(tokens[at]));
        after == Some("::") && !inner || before == Some("use") && matches!(after, Some(";" | "as"))
    };
    (0..tokens.len()).filter(|at| known(tokens[*at]) && is_use(*at)).map(|at| tokens[at]).collect()
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c == '_' || c.is_alphanumeric())
}

/// Words, `::`, and single signs.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let end = if word > 0 {
            word
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        all.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    all
}

/// The code without comments, and with texts and characters empty.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word_before = out.ends_with(|c: char| c == '_' || c.is_alphanumeric());
        let skipped = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' => quoted(rest, '"'),
            '\'' if is_char(rest) => quoted(rest, '\''),
            'r' if !word_before || out.ends_with('b') => raw(rest),
            _ => 0,
        };
        if skipped == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            rest = &rest[skipped..];
        }
    }
    out
}

/// `'x'` or `'\n'`, but not the lifetime `'x`.
fn is_char(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// The length of a raw text at the start of `rest`; 0 if there is none.
fn raw(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|b| *b == b'#').count();
    let start = 1 + hashes;
    if !rest[start..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[start + 1..].find(&end).map_or(rest.len(), |at| start + 1 + at + end.len())
}
