//! Names on the command line: of apis and versions.

use sunward::catalog::{ApiEntry, Catalog, VersionEntry};
use sunward::internals::{SUGGESTED, suggestion};

/// The api with this name; the only one if none is named.
pub(crate) fn api<'c>(catalog: &'c Catalog, name: Option<&str>) -> Result<&'c ApiEntry, String> {
    let known: Vec<&str> = catalog.apis().iter().map(ApiEntry::name).collect();
    match (name, catalog.apis()) {
        (Some(name), _) => catalog.api(name).ok_or_else(|| unknown("api", name, &known)),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("pass `--api`; known: `{}`", known.join("`, `"))),
    }
}

/// The version of the api with this name.
pub(crate) fn version<'c>(api: &'c ApiEntry, name: &str) -> Result<&'c VersionEntry, String> {
    let known: Vec<&str> = api.versions().iter().map(VersionEntry::name).collect();
    let found = api.versions().iter().find(|version| version.name() == name);
    found.ok_or_else(|| unknown("version", name, &known))
}

/// What to write in the place of an unknown name.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("unknown {what} `{name}`; none is known");
    }
    format!("unknown {what} `{name}`; {}", suggestion(name, known, SUGGESTED))
}
