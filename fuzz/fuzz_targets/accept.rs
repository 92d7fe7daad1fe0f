//! `Accept`, media types and paths, as strangers write them.
#![no_main]

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use sunward::internals::media::{MediaTemplate, MediaType};
use sunward::internals::{accept, path};
use sunward::version::VersionId;

fuzz_target!(|input: &[u8]| {
    let template = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version")).expect("a template");
    if let Ok(value) = HeaderValue::from_bytes(input) {
        let lookup = |text: &str| match text {
            "1" => accept::VersionLookup::Retired(VersionId::new(0)),
            "2" => accept::VersionLookup::Live(VersionId::new(1)),
            _ => accept::VersionLookup::Unknown,
        };
        let _ = accept::negotiate([&value].into_iter(), &template, lookup, &[VersionId::new(1)]);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = MediaType::parse(text);
        if let Ok(normal) = path::normalize(text) {
            assert_eq!(path::normalize(&normal).as_deref(), Ok(&*normal));
        }
    }
});
