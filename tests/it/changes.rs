//! The change language from end to end: a file as a user writes it, and what its changes make of bodies.
//!
//! Each file of `tests/cases/changes` is a config, a line `# ---`, and cases. `now` is fixed, so that a date before it
//! is past and one behind it is to come.

mod explained;
mod random;
mod semantic;
mod setters;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sunward::catalog::{Catalog, Content};
use sunward::clock::Timestamp;
use sunward::config::{self, SourceMap};
use sunward::diagnostic::Diagnostics;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    place: String,
    from: String,
    to: String,
    #[serde(default)]
    content: Kind,
    input: String,
    /// Either this is what comes out,
    output: Option<String>,
    /// or the error says this.
    error: Option<String>,
    /// Whether the output leads back to the input.
    #[serde(default)]
    inverse: bool,
    /// How many collisions there are, if that is of interest.
    collisions: Option<u64>,
    /// How many values are passed as they are, if that is of interest.
    passed: Option<u64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Json,
    MergePatch,
    JsonPatch,
    Ndjson,
    Sse,
}

impl From<Kind> for Content {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Json => Self::Json,
            Kind::MergePatch => Self::MergePatch,
            Kind::JsonPatch => Self::JsonPatch,
            Kind::Ndjson => Self::Ndjson,
            Kind::Sse => Self::EventStream,
        }
    }
}

fn now() -> Timestamp {
    "2025-06-01".parse().expect("a date")
}

/// The files of a folder below `tests/cases`, by name.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a text"))).collect()
}

/// Everything that is found in a file, by reading it and by checking what it means.
fn check(source: &str) -> (Option<Catalog>, Diagnostics) {
    let (config, mut found) = config::read(source);
    let Some(config) = config else { return (None, found) };
    match Catalog::at(config.into_apis(), now()) {
        Ok(catalog) => {
            found.append(catalog.warnings().clone());
            found.sort();
            (Some(catalog), found)
        }
        Err(more) => {
            found.append(more);
            found.sort();
            (None, found)
        }
    }
}

/// A file without a word against it.
fn catalog(source: &str, name: &str) -> Catalog {
    let (catalog, found) = check(source);
    assert!(found.is_empty(), "{}", config::render(&found, &SourceMap::new(name, source), false));
    catalog.expect("nothing was found")
}

#[derive(Debug)]
struct Outcome {
    body: String,
    collisions: u64,
    passed: u64,
}

fn run(catalog: &Catalog, case: &Case, from: &str, to: &str, input: &str) -> Result<Outcome, String> {
    let migration = catalog.apis()[0].migration(&case.place, from, to).map_err(|e| e.to_string())?;
    let migrated = migration.run(case.content.into(), input.as_bytes()).map_err(|e| e.to_string())?;
    let body = String::from_utf8(migrated.body).map_err(|e| e.to_string())?;
    Ok(Outcome { body, collisions: migrated.collisions, passed: migrated.passed })
}

fn judge(catalog: &Catalog, case: &Case) -> Result<(), String> {
    let outcome = match (run(catalog, case, &case.from, &case.to, &case.input), &case.error) {
        (Ok(outcome), None) => outcome,
        (Err(error), Some(expected)) if error.contains(expected.as_str()) => return Ok(()),
        (result, expected) => return Err(format!("{result:?}, expected the error {expected:?}")),
    };
    if let Some(output) = &case.output
        && *output != outcome.body
    {
        return Err(format!("\n     got {:?}\nexpected {output:?}", outcome.body));
    }
    if case.collisions.is_some_and(|count| count != outcome.collisions)
        || case.passed.is_some_and(|count| count != outcome.passed)
    {
        return Err(format!("counted {outcome:?}"));
    }
    if case.inverse {
        let back = run(catalog, case, &case.to, &case.from, &outcome.body)?;
        if back.body != case.input {
            return Err(format!("and back\n     got {:?}\nexpected {:?}", back.body, case.input));
        }
    }
    Ok(())
}

#[test]
fn cases_come_out_as_they_say() {
    let mut failures = Vec::new();
    let mut count = 0;
    for (path, source) in files("changes") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (file, cases) = source.split_once("\n# ---\n").unwrap_or_else(|| panic!("{name} has no line `# ---`"));
        let cases: Cases = toml::from_str(cases).unwrap_or_else(|e| panic!("{name}: {e}"));
        let catalog = catalog(file, &name);
        for case in &cases.case {
            count += 1;
            assert!(case.output.is_some() != case.error.is_some(), "{name}: {}: `output` or `error`", case.name);
            if let Err(message) = judge(&catalog, case) {
                failures.push(format!("{name}: {}: {message}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 100, "{count}");
}
