//! Who sends requests: what may say so, and what hangs on it.

use super::super::spec::ConsumerSource;
use super::Builder;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::headers::secret::{Carries, carries};

const HELP: &str = "add `consumer = { header = \"X-Consumer\" }` to the api, or remove it";

// === impl Builder ===

impl Builder<'_> {
    /// A consumer and a version are written to logs, to problem documents and to operators, so no secret may be one.
    pub(super) fn check_secrets(&mut self) {
        let api = self.api;
        for source in &api.consumer {
            let ConsumerSource::Header(name) = source else { continue };
            let help = "let the proxy that checks it set a field with the consumer's name, such as `X-Consumer`, or use \
                        `\"client-certificate\"`";
            match carries(name) {
                Carries::Credentials => {
                    let message =
                        format!("`{}` carries credentials: as a consumer they would stand in logs", name.value);
                    self.error("secret-consumer", message, name.span, help);
                }
                Carries::Key => {
                    let message =
                        format!("`{}` looks like a key: as a consumer it stands in logs as it is", name.value);
                    self.found.push(Diagnostic::warning("key-as-consumer", message, name.span).help(help));
                }
                Carries::Nothing => {}
            }
        }
        for name in [&api.sources.header, &api.response_header].into_iter().flatten() {
            if carries(name) == Carries::Credentials {
                let message = format!("`{}` carries credentials, and no version", name.value);
                self.error("secret-version", message, name.span, "name a field of its own, such as `Api-Version`");
            }
        }
    }

    /// What is said of consumers has no effect where nobody knows them.
    pub(super) fn check_consumers(&mut self) {
        let api = self.api;
        if !api.consumer.is_empty() {
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
        let of_routes = api.routes.iter().flat_map(|route| &route.lives).map(|(_, life)| life);
        for life in api.versions.iter().map(|version| &version.life).chain(of_routes) {
            for brownout in life.brownouts.iter().flatten() {
                if let Some(consumer) = brownout.consumers.iter().chain(&brownout.exempt).next() {
                    self.no_consumer("a brownout", &Spanned::new(consumer.clone(), brownout.span));
                }
            }
            if let Some(closed) = life.closed.as_ref().filter(|closed| closed.parse::<Timestamp>().is_ok()) {
                let message =
                    format!("closed {}: without a `consumer` nobody is known, so it is closed to all", closed.value);
                let warning = Diagnostic::warning("closed-to-all", message, closed.span);
                self.found.push(warning.help(HELP));
            }
        }
    }

    fn no_consumer(&mut self, what: &str, consumer: &Spanned<String>) {
        let message = format!("{what} names `{}`, and nothing says who sends a request", consumer.value);
        self.error("no-consumer", message, consumer.span, HELP);
    }
}
