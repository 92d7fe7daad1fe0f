//! What the README shows is true.

use std::sync::Arc;

use sunward::catalog::Catalog;
use sunward::config::{self, Sources};
use sunward::names;

const README: &str = include_str!("../../README.md");

#[test]
fn the_file_in_the_readme_loads() {
    let blocks = README.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let files: Vec<&str> = blocks.filter(|block| block.contains("[[api]]")).collect();
    assert!(!files.is_empty());
    for file in files {
        let (config, found) = config::read(file);
        assert!(found.is_empty(), "{}", config::render(&found, &Sources::new("README.md", file), false));
        let now = "2026-11-24".parse().expect("a date");
        let catalog = Catalog::at(config.expect("a config").apis, now).unwrap_or_else(|found| panic!("{found}"));
        assert!(catalog.warnings().is_empty(), "{}", catalog.warnings());
    }
}

/// The case stands alone; its api is the one of the first file.
#[test]
fn the_case_in_the_readme_passes() {
    let mut blocks = README.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let file = blocks.clone().find(|block| block.contains("[[api]]")).expect("a file");
    let case = blocks.find(|block| block.starts_with("[[api.case]]")).expect("a case");
    let (before, after) = file.split_once("[[upstream]]").expect("an upstream");
    let (config, found) = config::read(&format!("{before}{case}\n[[upstream]]{after}"));
    assert!(found.is_empty(), "{found}");
    let catalog = Catalog::new(config.expect("a config").apis).unwrap_or_else(|found| panic!("{found}"));
    sunward::testing::check(&Arc::new(catalog));
}

#[test]
fn every_metric_is_in_the_readme() {
    let all = [
        names::REQUESTS,
        names::DEPRECATED_REQUESTS,
        names::GONE,
        names::BROWNOUT,
        names::REQUESTED_DEPRECATED,
        names::SUNSET_TIMESTAMP,
        names::MIGRATION_DURATION,
        names::MIGRATION_ERRORS,
        names::MIGRATION_PASSED,
        names::MIGRATION_COLLISIONS,
        names::RESPONSE_BYTES,
        names::REQUEST_DURATION,
        names::RELOADS,
        names::CONFIG_ACCEPTED,
        names::CONNECTIONS,
        names::SHED,
        names::REFUSED,
        names::UPSTREAM_UP,
        names::UPSTREAM_PENDING,
        names::UPSTREAM_REQUESTS,
        names::UPSTREAM_RETRIES,
        names::UPSTREAM_EJECTIONS,
        names::ACCESS_LOG_DROPPED,
        names::PROCESS_MEMORY,
    ];
    for name in all {
        assert!(README.contains(&format!("| `{name}` |")), "{name}");
    }
}
