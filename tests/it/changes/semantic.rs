//! What is wrong with a file that reads well: all of it is reported, and nothing else.

use std::collections::BTreeSet;

use sunward::catalog::{Api, Catalog, Version, VersionSource};
use sunward::change::{Change, OpSpec, When};
use sunward::config::{self, SourceMap};
use sunward::diagnostic::{Diagnostic, Severity};

use super::{check, files, now};

/// `12:5 code`, as the first lines of a case expect it; a warning says so.
fn line(found: &Diagnostic, source: &str) -> String {
    let place = found.span().line_column(source).map_or("nowhere".to_owned(), |(l, c)| format!("{l}:{c}"));
    let severity = if found.severity() == Severity::Warning { " (warning)" } else { "" };
    format!("{place} {}{severity}", found.code())
}

#[test]
fn files_get_all_findings_and_no_others() {
    let mut failures = Vec::new();
    for (path, source) in files("config/semantic") {
        let expected: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("#! ")).collect();
        let found = check(&source).1;
        let lines: Vec<String> = found.iter().map(|found| line(found, &source)).collect();
        if lines != expected {
            let shown = config::render(&found, &SourceMap::new("", source.as_str()), false);
            failures.push(format!("{}\n#! {}\n{shown}", path.display(), lines.join("\n#! ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A message starts in lower case (or with the value) and names what it is about; there is always something to do.
#[test]
fn findings_are_written_alike() {
    let mut codes = BTreeSet::new();
    for (path, source) in files("config/semantic") {
        for found in &check(&source).1 {
            codes.insert(found.code());
            assert!(!found.span().is_none() || found.code() == "no-api", "{}: {found}", path.display());
            let first = found.message().chars().next();
            assert!(first.is_some_and(|c| !c.is_uppercase()), "{}: {found}", path.display());
            assert!(!found.message().ends_with(['.', '!']), "{}: {found}", path.display());
            let help = found.help_text().unwrap_or_default();
            assert!(!help.is_empty() && !help.ends_with('.'), "{}: {found}", path.display());
            assert!(help.chars().next().is_some_and(|c| !c.is_uppercase()), "{}: {found}", path.display());
        }
    }
    assert!(codes.len() >= 50, "{codes:?}");
}

/// `main` prints an error that it returns by its `Debug`.
#[test]
fn a_catalog_of_builders_prints_its_findings_in_words_of_rust() {
    let rename = OpSpec::rename("/name", "/name").with_when(When::present("/name"));
    let change =
        Change::new("2", "full names").with_at("GET /a -> 200").with_op(rename).with_op(OpSpec::remove("/fax"));
    let api = Api::new("shop").with_version_header("Api-Version").with_version(Version::new("1"));
    let found =
        Catalog::at([api.with_version(Version::new("2")).with_change(change)], now()).expect_err("two findings");
    let expected = "2 errors\n\n\
        error[rename-to-itself]: `/name` is renamed to itself\n  \
          --> the change `full names`, op 1: OpSpec::rename\n  \
          = help: remove the op\n\n";
    let shown = format!("{found:?}");
    assert!(shown.starts_with(expected), "{shown}");
    assert!(shown.contains("op 2: OpSpec::remove") && shown.contains("`with_lossy(true)`"), "{shown}");
    assert!(!shown.contains(" = true") && !shown.contains("lossy ="), "{shown}");
}

/// What a file cannot say, because reading it says so first.
#[test]
fn what_only_rust_can_say() {
    let change = Change::new("2", "Slips").with_at("GET /a -> 200").with_breaking(true);
    let change =
        change.with_op(OpSpec::split("/a", &["/b", "/c"], "")).with_op(OpSpec::add("/d", "x").with_expand(true));
    let change = change.with_op(OpSpec::add("/e", "x").with_keep(true)).with_op(OpSpec::add("/f", "x").with_scale(2));
    let change = change.with_op(OpSpec::add_header("X-A", "1").with_when(When::present("/a")));
    let api = Api::new("shop")
        .with_version_header("Api-Version")
        .with_precedence([VersionSource::Header, VersionSource::Pin]);
    let api = api.with_version(Version::new("1")).with_version(Version::new("2")).with_change(change);
    let found = Catalog::at([api], now()).expect_err("slips");
    let codes: Vec<&str> = found.iter().map(Diagnostic::code).collect();
    assert_eq!(
        codes,
        [
            "empty-separator",
            "misplaced-setter",
            "keep-without-target",
            "misplaced-setter",
            "misplaced-setter",
            "unknown-source"
        ]
    );
    let places: Vec<Option<&str>> = found.iter().map(Diagnostic::place).collect();
    assert_eq!(places[0], Some("the change `Slips`, op 1: OpSpec::split"));
    assert_eq!(places[5], Some("the api `shop`"));
    let found = Catalog::at([], now()).expect_err("nothing");
    assert_eq!(found.to_string(), "error[no-api]: the catalog has no api; add one: `[[api]]`\n");
}
