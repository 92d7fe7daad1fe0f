//! Who may keep a version for longer.

use crate::catalog::{ApiEntry, Control, ExtensionEntry, VersionEntry};
use crate::clock::Timestamp;

/// The extensions of a version, of the config and of operators; a consumer may have one of each, of which the later holds.
#[must_use]
pub fn extensions(api: &ApiEntry, version: &VersionEntry, control: &Control) -> Vec<(String, Timestamp)> {
    let own = api.extensions().iter().filter(|extension| extension.version() == version.id());
    let own = own.map(|extension| (extension.consumer().to_owned(), extension.until()));
    own.chain(control.extensions(api.name(), version.name())).collect()
}

/// Until when a consumer keeps the version: the later of what the config says, and an operator.
pub(super) fn extension(
    api: &ApiEntry,
    version: &VersionEntry,
    consumer: &str,
    control: Option<&Control>,
) -> Option<Timestamp> {
    let own = api.extension(version.id(), Some(consumer)).map(ExtensionEntry::until);
    own.max(control.and_then(|control| control.extension(api.name(), version.name(), consumer)))
}
