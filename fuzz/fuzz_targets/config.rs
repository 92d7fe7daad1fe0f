//! Config files: whatever is in them, reading and checking end in findings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sunward::catalog::Catalog;
use sunward::clock::Timestamp;

fuzz_target!(|source: &str| {
    let (config, found) = sunward::config::read(source);
    let _ = sunward::config::render(&found, source, "fuzz.toml", false);
    if let Some(config) = config {
        let _ = Catalog::at(config.apis, Timestamp::EPOCH);
    }
});
