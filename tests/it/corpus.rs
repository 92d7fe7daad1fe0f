//! The changes of real APIs in `tests/corpus`: every case holds, in every way of running it, and every op has a case.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use sunward::catalog::Catalog;
use sunward::clock::Timestamp;
use sunward::config;
use sunward::internals::cases::{self, Coverage};

/// The folders. `every_folder_is_run` says when one is missing.
const FOLDERS: [&str; 10] = [
    "docker",
    "elasticsearch",
    "github",
    "kubernetes-hpa",
    "kubernetes-ingress",
    "shopify",
    "slack",
    "stripe",
    "twilio",
    "twitter",
];

/// When the cases run; no date of a version is near.
const NOW: i64 = 1_790_000_000;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// What is wrong with a folder, in words.
fn run(folder: &str) -> String {
    let path = corpus().join(folder);
    let text = std::fs::read_to_string(path.join("sunward.toml")).expect("a config");
    let (read, found) = config::read(&text);
    let sources = config::SourceMap::new("sunward.toml", text.as_str());
    let Some(config) = read.filter(|_| found.is_empty()) else { return config::render(&found, &sources, false) };
    let catalog = match Catalog::at(config.into_apis(), Timestamp::from_secs(NOW).expect("a time")) {
        Ok(catalog) if catalog.warnings().is_empty() => Arc::new(catalog),
        Ok(catalog) => return config::render(catalog.warnings(), &sources, false),
        Err(found) => return config::render(&found, &sources, false),
    };
    let mut coverage = Coverage::new();
    let mut report = String::new();
    for (api, entry) in catalog.apis().iter().enumerate() {
        for case in cases::declared(entry) {
            let mut case = case.clone();
            case.read_bodies(|_, file| std::fs::read(path.join(file))).expect("a body");
            for failure in cases::run(&catalog, api, &case, &mut coverage) {
                write!(report, "{}\n{failure}", case.name()).expect("a text");
            }
        }
    }
    for op in coverage.untouched(&catalog) {
        writeln!(report, "no case is about {}", sources.text(op.span)).expect("a text");
    }
    report
}

#[test]
fn every_case_holds_and_every_op_has_one() {
    let failed = |folder: &&str| Some(run(folder)).filter(|report| !report.is_empty());
    let reports: Vec<String> =
        FOLDERS.iter().filter_map(|f| failed(f).map(|report| format!("{f}\n{report}"))).collect();
    assert!(reports.is_empty(), "{}", reports.join("\n"));
}

#[test]
fn every_folder_is_run_and_told_of() {
    let entries = std::fs::read_dir(corpus()).expect("the corpus").map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name());
    let found: BTreeSet<String> = folders.map(|name| name.into_string().expect("a name")).collect();
    assert_eq!(found, FOLDERS.map(str::to_owned).into());
    let page = std::fs::read_to_string(corpus().join("README.md")).expect("the page");
    for folder in FOLDERS {
        assert!(page.contains(&format!("[`{folder}`]({folder}/sunward.toml)")), "README.md: {folder}");
    }
}

#[test]
fn the_command_runs_them() {
    for folder in FOLDERS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sunward"));
        let output = command.current_dir(corpus().join(folder)).args(["test", "sunward.toml", "--strict"]).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{folder}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
