//! Config files: whatever is in them, reading and checking end in findings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sunward::catalog::Catalog;
use sunward::clock::Timestamp;
use sunward::config::{SourceMap, read_all, render};

fuzz_target!(|source: &str| {
    // Two files, and a variable that is set.
    let (first, second) = source.split_once('\0').unwrap_or((source, ""));
    let sources = SourceMap::new("fuzz.toml", first).with_file("included.toml", second);
    let (config, found) = read_all(&sources, &|name| (name == "A").then(|| "a".to_owned()));
    let _ = render(&found, &sources, false);
    if let Some(config) = config {
        let _ = Catalog::at(config.into_apis(), Timestamp::EPOCH);
    }
});
