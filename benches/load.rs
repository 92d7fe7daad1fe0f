//! How long it takes to check and compile a large catalog. The goal: 200 versions and 1 000 changes in under 100 ms.

use criterion::{Criterion, criterion_group, criterion_main};
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, Resource};
use sunward::clock::Timestamp;

const VERSIONS: usize = 200;
const RESOURCES: usize = 20;
const CHANGES: usize = 1_000;

/// Each resource is at two places; each version but the first has about five changes. Names carry the change's
/// number, so that no change meets another one's members.
fn api() -> Api {
    let mut api = Api::new("large").with_version_path("/v{version}").with_unspecified("1");
    for version in 1..=VERSIONS {
        api = api.with_version(Version::new(version.to_string()));
    }
    for resource in 0..RESOURCES {
        api = api.with_resource(
            Resource::new(format!("r{resource}"))
                .with_at(format!("GET /r{resource}/{{id}} -> 200"))
                .with_at(format!("GET /r{resource} -> 200 /items/*")),
        );
    }
    for change in 0..CHANGES {
        let version = 2 + change * (VERSIONS - 1) / CHANGES;
        let op = match change % 3 {
            0 => OpSpec::rename(&format!("/old{change}"), &format!("/new{change}")),
            1 => OpSpec::add(&format!("/added{change}"), "free"),
            _ => OpSpec::remove(&format!("/gone{change}")).with_restore(""),
        };
        api = api.with_change(
            Change::new(version.to_string(), format!("change {change}"))
                .with_on(format!("r{}", change % RESOURCES))
                .with_op(op)
                .with_breaking(true),
        );
    }
    api
}

fn load(c: &mut Criterion) {
    let api = api();
    let now = Timestamp::from_secs(1_700_000_000).expect("in range");
    if let Err(found) = Catalog::at([api.clone()], now) {
        panic!("the catalog is refused:\n{found}");
    }
    c.bench_function("load/200 versions, 1000 changes, 20 resources, 40 places", |b| {
        b.iter_with_large_drop(|| Catalog::at([api.clone()], now));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = load
}
criterion_main!(benches);
