//! Who sends requests: what may say so, and what hangs on it.

use super::super::spec::{Api, ConsumerSource, LifecycleSpec};
use super::Builder;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Span, Spanned, is_typo};
use crate::headers::secret::{Sensitivity, carries};

const HELP: &str = "add `consumer = { header = \"X-Consumer\" }` to the api, or remove it";

// === impl Builder ===

impl Builder<'_> {
    /// A consumer and a version are written to logs, to problem documents and to operators, so no secret may be one.
    pub(super) fn check_secrets(&mut self) {
        let api = self.api;
        for source in &api.consumer {
            let ConsumerSource::Header(name) = &source.value else { continue };
            let help = "let the authenticating proxy set a header with the consumer's name, such as `X-Consumer`, or \
                 use `\"client-certificate\"`";
            match carries(name) {
                Sensitivity::Credentials => {
                    let message =
                        format!("`{name}` carries credentials, which would be written to logs as the consumer");
                    self.error("secret-consumer", message, source.span, help);
                }
                Sensitivity::Key => {
                    let message =
                        format!("`{name}` looks like a secret key, which would be written to logs as the consumer");
                    self.found.push(Diagnostic::warning("key-as-consumer", message, source.span).help(help));
                }
                Sensitivity::Nothing => {}
            }
        }
        for name in [&api.sources.header, &api.response_header].into_iter().flatten() {
            if carries(name) == Sensitivity::Credentials {
                let message = format!("`{}` carries credentials, not a version", name.value);
                self.error("secret-version", message, name.span, "use a separate header, such as `Api-Version`");
            }
        }
    }

    /// Keys that name consumers have no effect without a source of consumers.
    pub(super) fn check_consumers(&mut self) {
        let api = self.api;
        if !api.consumer.is_empty() {
            self.doubt_consumers();
            return;
        }
        for (consumer, _) in &api.pins {
            self.no_consumer("a pin", consumer);
        }
        for extension in &api.extensions {
            self.no_consumer("an extension", &extension.consumer);
        }
        for version in &api.versions {
            for consumer in &version.known {
                self.no_consumer("`known`", consumer);
            }
        }
        for life in lives(api) {
            for brownout in life.brownouts.iter().flatten() {
                if let Some(consumer) = brownout.consumers.iter().chain(&brownout.exempt).next() {
                    self.no_consumer("a brownout", &Spanned::new(consumer.clone(), brownout.span));
                }
            }
            if let Some(closed) = life.closed.as_ref().filter(|closed| closed.parse::<Timestamp>().is_ok()) {
                let message = format!(
                    "closed {}: the api has no `consumer` source, so the version is closed to all consumers",
                    closed.value
                );
                let warning = Diagnostic::warning("closed-to-all", message, closed.span);
                self.found.push(warning.help(HELP));
            }
        }
    }

    /// Any name may be a consumer's, so only a typo of another and one without effect are found.
    fn doubt_consumers(&mut self) {
        let api = self.api;
        let brownouts = || lives(api).flat_map(|life| life.brownouts.iter().flatten());
        let known = api.versions.iter().flat_map(|version| &version.known);
        let mut names: Vec<(&str, Span)> = known.map(|consumer| (consumer.as_str(), consumer.span)).collect();
        names.extend(api.pins.iter().map(|(consumer, _)| (consumer.as_str(), consumer.span)));
        names.extend(api.extensions.iter().map(|extension| (extension.consumer.as_str(), extension.consumer.span)));
        for brownout in brownouts() {
            names.extend(brownout.consumers.iter().chain(&brownout.exempt).map(|name| (name.as_str(), brownout.span)));
        }
        for (at, (name, span)) in names.iter().enumerate() {
            let is_first = !names[..at].iter().any(|(earlier, _)| earlier == name);
            if let Some((other, _)) = names[..at].iter().find(|(earlier, _)| is_first && is_typo(earlier, name)) {
                let message = format!("the consumer `{name}` is spelled almost like `{other}`");
                self.doubt("similar-consumers", message, *span, "if they are the same, use one spelling");
            }
        }
        for brownout in brownouts().filter(|brownout| !brownout.consumers.is_empty()) {
            for name in brownout.exempt.iter().filter(|name| !brownout.consumers.contains(name)) {
                let message = format!("`{name}` is exempt from a brownout that does not affect it");
                self.doubt("unused-exempt", message, brownout.span, "remove it from `exempt`");
            }
        }
    }

    fn no_consumer(&mut self, what: &str, consumer: &Spanned<String>) {
        let message = format!("{what} names the consumer `{}`, but the api has no `consumer` source", consumer.value);
        self.error("no-consumer", message, consumer.span, HELP);
    }
}

/// The lives of all versions, as the api and its routes have them.
fn lives(api: &Api) -> impl Iterator<Item = &LifecycleSpec> {
    let of_routes = api.routes.iter().flat_map(|route| &route.lives).map(|(_, life)| life);
    api.versions.iter().map(|version| &version.life).chain(of_routes)
}
