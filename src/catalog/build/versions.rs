//! Versions and their names.

use std::collections::BTreeSet;

use http::header::HeaderValue;

use super::super::entry::VersionEntry;
use super::super::life::{self, Lifecycle};
use super::super::spec::Version;
use super::Builder;
use crate::diagnostic::{Diagnostic, SUGGESTED, Spanned, suggestion};
use crate::version::{Scheme, VersionId, VersionName};

// === impl Builder ===

impl<'a> Builder<'a> {
    pub(super) fn read_versions(&mut self) {
        if self.api.versions.is_empty() {
            let message = format!("the api `{}` has no version", self.api.name.value);
            self.error("no-version", message, self.api.name.span, "add `[[api.version]]`, oldest first");
        }
        for version in &self.api.versions {
            if let Some(entry) = self.read_version(version) {
                self.check_after_last(&entry, version);
                self.versions.push(entry);
            }
        }
    }

    pub(super) fn read_version(&mut self, version: &Version) -> Option<VersionEntry> {
        let Some(name) = VersionName::parse(&version.name, self.api.scheme) else {
            let message =
                format!("`{}` is not a valid version of the scheme `{}`", version.name.value, self.api.scheme.as_str());
            self.error(
                "bad-version",
                message,
                version.name.span,
                format!("write a version such as `{}`", self.api.scheme.example()),
            );
            return None;
        };
        // What is declared is spelled as it is declared, though it is found in any letter case.
        let text = if self.api.scheme == Scheme::Declared { version.name.value.clone() } else { name.to_string() };
        let life = Lifecycle::read(&version.life, &Lifecycle::default(), self.found);
        let released = version.released.as_ref().and_then(|text| life::date(text, "released", self.found));
        if let (Some(released), Some(end)) = (released, life.sunset.or(life.deprecated))
            && end < released
        {
            let message = format!("version `{text}` ends {end}, before its release {released}");
            self.error("end-before-release", message, version.name.span, "change one of the dates");
        }
        if version.life.hold_sunset == Some(true) && version.life.sunset.is_none() {
            let message = format!("version `{text}` has no sunset to hold");
            let warning = Diagnostic::warning("hold-without-sunset", message, version.name.span);
            self.found.push(warning.help("add `sunset`, or remove `hold_sunset`"));
        }
        for link in [&version.docs, &version.policy].into_iter().flatten() {
            self.check_link(link);
        }
        Some(VersionEntry {
            id: VersionId::new(u16::try_from(self.versions.len()).unwrap_or(u16::MAX)),
            value: HeaderValue::try_from(&text).unwrap_or_else(|_| HeaderValue::from_static("")),
            day: name.day().and_then(|day| day.parse().ok()),
            name,
            text: text.into(),
            content_type: None,
            released,
            life,
            docs: version.docs.as_ref().map(|text| text.as_str().into()),
            policy: version.policy.as_ref().map(|text| text.as_str().into()),
            links: super::pages(version),
            known: version.known.iter().map(|name| name.as_str().into()).collect(),
        })
    }

    pub(super) fn check_link(&mut self, link: &Spanned<String>) {
        if link.parse::<http::Uri>().is_err() || link.is_empty() {
            let message = format!("`{}` is not a valid URL", link.value);
            self.error("bad-url", message, link.span, "write a URL such as `https://docs.example.com/migrate-to-v2`");
        }
    }

    pub(super) fn check_after_last(&mut self, entry: &VersionEntry, version: &Version) {
        let Some(last) = self.versions.last() else { return };
        if entry.name == last.name || self.versions.iter().any(|known| known.name == entry.name) {
            let message = format!("version `{}` is defined twice", entry.text);
            self.error("duplicate-name", message, version.name.span, "remove one");
        } else if self.api.scheme != Scheme::Declared && entry.name < last.name {
            let message = format!("version `{}` is listed after `{}`", entry.text, last.text);
            self.error("unordered-versions", message, version.name.span, "list versions oldest first");
        }
    }

    /// The version that `text` names.
    pub(super) fn known_version(&self, text: &str) -> Option<VersionId> {
        let name = VersionName::parse(text, self.api.scheme);
        let id = name.and_then(|name| self.versions.iter().find(|v| v.name == name)).map(|v| v.id);
        id.or_else(|| self.aliases.get(text).copied())
    }

    /// The version that `text` names, or a finding.
    pub(super) fn version(&mut self, text: &Spanned<String>) -> Option<VersionId> {
        if let Some(id) = self.known_version(text) {
            return Some(id);
        }
        let message = format!("unknown version `{}`", text.value);
        let is_known_slip = self.found.iter().any(|other| other.message() == message);
        if is_known_slip && self.has_unclear_versions() {
            return None;
        }
        let known: Vec<&str> = self.versions.iter().map(|v| &*v.text).collect();
        let help = match &known[..] {
            [] => "add `[[api.version]]`, oldest first".to_owned(),
            known => suggestion(text, known, SUGGESTED),
        };
        self.error("unknown-version", message, text.span, help);
        None
    }

    /// Whether a version could not be read, or two have one name: one of them is most likely the one that is not known, and
    /// then it is so at all places that name it.
    fn has_unclear_versions(&self) -> bool {
        let names: BTreeSet<&VersionName> = self.versions.iter().map(|version| &version.name).collect();
        names.len() < self.api.versions.len()
    }

    pub(super) fn read_aliases(&mut self) {
        for (alias, version) in &self.api.aliases {
            if VersionName::parse(alias, self.api.scheme)
                .is_some_and(|name| self.versions.iter().any(|v| v.name == name))
            {
                self.error(
                    "alias-is-version",
                    format!("the alias `{}` is also a version", alias.value),
                    alias.span,
                    "rename the alias",
                );
            } else if let Some(id) = self.version(version) {
                self.aliases.insert(alias.as_str().into(), id);
            }
        }
    }

    pub(super) fn waterfall(&mut self) -> bool {
        let calendar = matches!(self.api.scheme, Scheme::Date | Scheme::Month);
        if self.api.waterfall && !calendar {
            let message = format!("`waterfall` is not available for the scheme `{}`", self.api.scheme.as_str());
            self.error("waterfall-without-dates", message, self.api.span, "remove it, or use an alias");
        }
        self.api.waterfall && calendar
    }
}
