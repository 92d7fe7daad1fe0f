//! What the README and the pages of `docs/` show is true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sunward::catalog::Catalog;
use sunward::config::{self, SourceMap};
use sunward::internals::names::Refusal;

const README: &str = include_str!("../../README.md");
const GATEWAY: &str = include_str!("../../docs/gateway.md");
const METRICS: &str = include_str!("../../docs/metrics.md");
const NAMES: &str = include_str!("../../src/names.rs");

fn toml_blocks(page: &str) -> impl Iterator<Item = &str> + Clone {
    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Markdown files that users read.
fn pages() -> Vec<PathBuf> {
    let folder = |name: &str| {
        let files = std::fs::read_dir(root().join(name)).expect("a folder");
        files.map(|file| file.expect("a file").path()).collect::<Vec<_>>()
    };
    let files = [".", "docs", "deploy", "benches/peers"].into_iter().flat_map(folder);
    files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn the_files_on_the_pages_load() {
    let mut files = 0;
    for (name, page) in [("README.md", README), ("docs/gateway.md", GATEWAY)] {
        for file in toml_blocks(page).filter(|block| block.contains("[[api]]")) {
            let (config, found) = config::read(file);
            assert!(found.is_empty(), "{}", config::render(&found, &SourceMap::new(name, file), false));
            let now = "2026-11-24".parse().expect("a date");
            let catalog =
                Catalog::at(config.expect("a config").into_apis(), now).unwrap_or_else(|found| panic!("{found}"));
            assert!(catalog.warnings().is_empty(), "{}", catalog.warnings());
            files += 1;
        }
    }
    assert_eq!(files, 3);
}

/// The case is in a file of its own; its api is the one of the first file.
#[test]
fn the_case_on_the_page_passes() {
    let mut blocks = toml_blocks(GATEWAY);
    let file = blocks.clone().find(|block| block.contains("[[api]]")).expect("a file");
    let case = blocks.find(|block| block.starts_with("[[api.case]]")).expect("a case");
    let (before, after) = file.split_once("[[upstream]]").expect("an upstream");
    let (config, found) = config::read(&format!("{before}{case}\n[[upstream]]{after}"));
    assert!(found.is_empty(), "{found}");
    let catalog = Catalog::new(config.expect("a config").into_apis()).unwrap_or_else(|found| panic!("{found}"));
    sunward::testing::check(&Arc::new(catalog));
}

/// Compared with the source, so that a new metric cannot be forgotten here.
#[test]
fn every_metric_has_a_row() {
    let named: BTreeSet<&str> = NAMES
        .lines()
        .filter_map(|line| line.split_once("const ")?.1.split_once("&str = \"")?.1.strip_suffix("\";"))
        .filter(|name| !name.starts_with('_'))
        .collect();
    let rows = METRICS.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | ").map(|(name, _)| name));
    assert!(named.len() > 25, "{named:?}");
    assert_eq!(rows.collect::<BTreeSet<_>>(), named);
}

#[test]
fn every_outcome_and_every_refusal_has_a_row() {
    let rows = |heading: &str| -> Vec<&str> {
        let (_, section) = METRICS.split_once(heading).expect("a section");
        let section = section.split("\n## ").next().expect("its text");
        let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | ").map(|(name, _)| name));
        rows.skip(1).collect()
    };
    let refusals: Vec<&str> = Refusal::ALL.into_iter().map(Refusal::as_str).collect();
    assert_eq!(rows("\n## Refusals\n"), refusals);
    let (_, outcomes) = NAMES.split_once("impl Outcome {").expect("the outcomes");
    let outcomes = outcomes.split("\n}").next().expect("their labels").lines();
    let outcomes: Vec<&str> = outcomes.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\",")).collect();
    assert_eq!(rows("\n## Outcomes\n"), outcomes);
}

/// The anchor of a heading, as forges make it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Paths of the repository that pages name in their text.
#[test]
fn paths_on_the_pages_exist() {
    const FOLDERS: [&str; 8] = ["src/", "tests/", "docs/", "examples/", "benches/", "fuzz/", "deploy/", ".ci/"];
    let mut wrong = Vec::new();
    let mut paths = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a text");
        // Code in a line; what is fenced are programs and files.
        let prose = text.split("```").step_by(2);
        for path in prose.flat_map(|text| text.split('`').skip(1).step_by(2)) {
            let path = path.split(['*', ' ', '{']).next().unwrap_or_default();
            if FOLDERS.iter().any(|folder| path.starts_with(folder)) {
                paths += 1;
                if !root().join(path).exists() {
                    wrong.push(format!("{}: {path}", page.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty() && paths > 100, "{paths} paths; these do not exist:\n{}", wrong.join("\n"));
}

/// Whether a link from a page leads somewhere: to a file, and to a heading of it.
fn leads(page: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_path_buf() } else { page.parent().expect("a folder").join(file) };
    if heading.is_empty() {
        return target.exists();
    }
    let text = std::fs::read_to_string(&target).unwrap_or_default();
    text.lines().any(|line| line.starts_with('#') && anchor(line.trim_start_matches('#').trim()) == heading)
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            links += 1;
            if !link.starts_with("https://") && !leads(&page, link) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(links > 40, "{links}");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Readers do not find a page that the index does not name.
#[test]
fn every_page_is_in_the_index() {
    let index = include_str!("../../docs/README.md");
    for file in std::fs::read_dir(root().join("docs")).expect("a folder") {
        let file = file.expect("a file");
        let name = file.file_name().into_string().expect("a name");
        assert!(file.path().is_dir() || name == "README.md" || index.contains(&format!("]({name})")), "{name}");
    }
}
