//! How a request's version is found.

use std::collections::BTreeMap;

use super::{Class, Compare, became};
use crate::catalog::{ApiEntry, ConsumerSource, CorsEntry, OnUnacceptable, VersionSources};
use crate::headers::template::MediaTemplate;
use crate::version::VersionId;

const SLOT: &str = "{version}";

// === impl Compare ===

impl Compare<'_> {
    pub(super) fn resolution(&mut self) {
        self.sources();
        self.precedence();
        self.unspecified();
        self.aliases();
        self.pins();
        self.consumers();
        self.manners();
        self.cors();
    }

    /// Whose scripts may read refusals.
    fn cors(&mut self) {
        let (old, new) = (self.old.cors.as_ref(), self.new.cors.as_ref());
        let lines = |cors: Option<&CorsEntry>| cors.map(CorsEntry::texts).unwrap_or_default();
        let any = |cors: Option<&CorsEntry>| lines(cors) == ["*"];
        for origin in lines(old).iter().filter(|origin| !any(new) && !lines(new).contains(origin)) {
            self.say(Class::Breaking, "cors-removed", format!("scripts of `{origin}` cannot read refusals any more"));
        }
        for origin in lines(new).iter().filter(|origin| !any(old) && !lines(old).contains(origin)) {
            self.say(Class::Safe, "cors-added", format!("scripts of `{origin}` may read refusals"));
        }
        let credentials = |cors: Option<&CorsEntry>| cors.is_some_and(|cors| cors.credentials);
        if new.is_some() && credentials(old) && !credentials(new) {
            let message = "scripts that send credentials cannot read refusals any more";
            self.say(Class::Breaking, "cors-credentials", message.to_owned());
        }
    }

    /// The name of a version, unless it is refused all who ask for it.
    fn served(&self, api: &ApiEntry, id: Option<VersionId>) -> Option<String> {
        let kept = |id| api.extensions.iter().any(|e| e.version == id && e.until > self.now);
        name(api, id.filter(|id| api.is_live(*id, self.now) || kept(*id)))
    }

    fn sources(&mut self) {
        for ((name, old), (_, new)) in sources(&self.old.sources).into_iter().zip(sources(&self.new.sources)) {
            if old == new {
                continue;
            }
            let what = format!("the version in the {name}");
            let (class, code) = match (&old, &new) {
                (Some(_), None) => (Class::Breaking, "source-removed"),
                (None, _) => (Class::Notice, "source-added"),
                _ => (Class::Breaking, "source-changed"),
            };
            self.say(class, code, became(&what, &old, &new));
        }
    }

    fn precedence(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.precedence != new.precedence {
            let names = |api: &ApiEntry| match &api.precedence[..] {
                [] => "that is refused".to_owned(),
                list => {
                    format!("these count: {}", list.iter().map(|source| source.as_str()).collect::<Vec<_>>().join(", "))
                }
            };
            let message = format!("when sources disagree, {}; before, {}", names(new), names(old));
            let class = Class::breaking_if(!old.precedence.is_empty(), Class::Safe);
            self.say(class, "precedence-changed", message);
        }
    }

    fn unspecified(&mut self) {
        let what = "a request that names no version";
        if let Some((class, code, message)) = self.default_changed(what, self.old.unspecified, self.new.unspecified) {
            self.say(class, code, message);
        }
    }

    /// What a request speaks that names no version, if that is another one.
    pub(super) fn default_changed(
        &self,
        what: &str,
        old: Option<VersionId>,
        new: Option<VersionId>,
    ) -> Option<(Class, &'static str, String)> {
        if name(self.old, old) == name(self.new, new) {
            return None;
        }
        match (self.served(self.old, old), self.served(self.new, new)) {
            (Some(old), Some(new)) => {
                Some((Class::Breaking, "default-changed", format!("{what} speaks {new}, not {old}")))
            }
            (Some(old), None) => {
                Some((Class::Breaking, "default-removed", format!("{what} is refused; it spoke {old}")))
            }
            (None, Some(new)) => Some((Class::Safe, "default-added", format!("{what} speaks {new}; it was refused"))),
            (None, None) => None,
        }
    }

    fn aliases(&mut self) {
        let names = |api: &ApiEntry| -> BTreeMap<String, String> {
            let named = api.aliases.iter().filter_map(|(alias, id)| Some((alias.to_string(), name(api, Some(*id))?)));
            named.collect()
        };
        let (old, new) = (names(self.old), names(self.new));
        for (alias, version) in &old {
            // A name that a version has for itself now is no alias any more, and means that version.
            let meant = new.get(alias).cloned().or_else(|| name(self.new, self.new.lookup(alias)));
            let (code, message) = match meant {
                None => ("alias-removed", format!("`{alias}` no longer stands for version {version}")),
                Some(meant) if meant != *version => {
                    ("alias-changed", format!("`{alias}` stands for version {meant}, not {version}"))
                }
                Some(_) => continue,
            };
            let was = self.old.lookup(alias);
            let class = Class::breaking_if(self.served(self.old, was).is_some(), Class::Safe);
            self.say(class, code, message);
        }
        for (alias, version) in new.iter().filter(|(alias, _)| !old.contains_key(*alias)) {
            self.say(Class::Safe, "alias-added", format!("`{alias}` stands for version {version}"));
        }
    }

    fn pins(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut consumers: Vec<&str> = old.pins.keys().chain(new.pins.keys()).map(|consumer| &**consumer).collect();
        consumers.sort_unstable();
        consumers.dedup();
        for consumer in consumers {
            let [pinned, pins] = [old, new].map(|api| api.pins.get(consumer).copied());
            let (before, after) = (pinned.or(old.unspecified), pins.or(new.unspecified));
            let code = match (pinned, pins) {
                (None, _) => "pin-added",
                (_, None) => "pin-removed",
                _ => "pin-changed",
            };
            let what = format!("a request of `{consumer}` that names no version");
            if let Some((class, _, message)) = self.default_changed(&what, before, after) {
                self.say(class, code, message);
            } else if pinned.is_some() != pins.is_some() {
                let message = format!("`{consumer}` is {} pinned", if pins.is_some() { "now" } else { "no longer" });
                self.say(Class::Safe, code, message);
            }
        }
    }

    fn consumers(&mut self) {
        let (old, new) = (self.old, self.new);
        let names = |api: &ApiEntry| api.consumer.iter().map(ConsumerSource::describe).collect::<Vec<_>>().join(", ");
        let (before, after) = (names(old), names(new));
        if before != after {
            let some = |names: String| (!names.is_empty()).then_some(names);
            let message = became("where the consumer is read", &some(before), &some(after));
            let matters =
                !old.pins.is_empty() || !old.extensions.is_empty() || old.versions.iter().any(|v| !v.known.is_empty());
            self.say(Class::breaking_if(matters, Class::Safe), "consumer-changed", message);
        }
    }

    fn manners(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.waterfall != new.waterfall {
            let message = format!("dates between two versions are {}", if new.waterfall { "taken" } else { "refused" });
            self.say(Class::breaking_if(old.waterfall, Class::Safe), "waterfall-changed", message);
        }
        if old.on_unacceptable != new.on_unacceptable {
            let rejects = new.on_unacceptable == OnUnacceptable::Reject;
            let what = if rejects { "is refused" } else { "gets what one gets that names none" };
            let message = format!("a request whose `Accept` cannot be served {what}");
            self.say(Class::breaking_if(rejects, Class::Safe), "on-unacceptable-changed", message);
        }
        for path in old.exclude.iter().filter(|path| !new.exclude.contains(path)) {
            self.say(Class::Breaking, "exclude-removed", format!("`{path}` no longer passes untouched"));
        }
        for path in new.exclude.iter().filter(|path| !old.exclude.contains(path)) {
            self.say(Class::Notice, "exclude-added", format!("`{path}` passes untouched"));
        }
        if old.response_header != new.response_header {
            let message =
                became("the header with the version that was served", &old.response_header, &new.response_header);
            self.say(
                Class::breaking_if(old.response_header.is_some(), Class::Safe),
                "response-header-changed",
                message,
            );
        }
    }
}

/// The name of a version.
pub(super) fn name(api: &ApiEntry, id: Option<VersionId>) -> Option<String> {
    id.map(|id| api.version(id).text.to_string())
}

/// Each source, as it is written.
fn sources(sources: &VersionSources) -> [(&'static str, Option<String>); 5] {
    let media = |template: &MediaTemplate| {
        let text = template.pattern();
        match template.parameter() {
            Some(parameter) if !text.contains(';') => format!("{text};{parameter}={SLOT}"),
            _ => text,
        }
    };
    [
        ("path", sources.path.as_ref().map(|template| template.render(SLOT))),
        ("`Accept` header", sources.media.as_ref().map(media)),
        ("header", sources.header.as_ref().map(ToString::to_string)),
        ("query", sources.query.as_ref().map(ToString::to_string)),
        ("host", sources.host.as_ref().map(|template| template.render(SLOT))),
    ]
}
