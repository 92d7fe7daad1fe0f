//! Who sends requests: what may say so, and what hangs on it.

use super::super::spec::{Api, ConsumerSource, KeySource, KeysSpec, LifecycleSpec, VerifiedClaim};
use super::Builder;
use crate::clock::Timestamp;
use crate::consumer::TokenVerifier;
use crate::diagnostic::{Diagnostic, Span, Spanned, is_typo};
use crate::headers::secret::{Sensitivity, carries};

const HELP: &str = "add `consumer = { header = \"X-Consumer\" }` to the api, or remove it";

// === impl Builder ===

impl Builder<'_> {
    /// A consumer and a version are written to logs, to problem documents and to operators, so no secret may be one.
    pub(super) fn check_secrets(&mut self) {
        let api = self.api;
        for source in &api.consumer {
            match &source.value {
                ConsumerSource::Header(name) | ConsumerSource::TrustedHeader(name) => {
                    self.check_plain_header(name, source.span);
                }
                ConsumerSource::Key(key) => self.check_key(key, source.span),
                ConsumerSource::Claimed(_) => self.check_feature("a claim", source.span),
                _ => {}
            }
        }
        for name in [&api.sources.header, &api.response_header].into_iter().flatten() {
            if carries(name) == Sensitivity::Credentials {
                let message = format!("`{}` carries credentials, not a version", name.value);
                self.error("secret-version", message, name.span, "use a separate header, such as `Api-Version`");
            }
        }
    }

    fn check_plain_header(&mut self, name: &str, span: Span) {
        let help = format!(
            "for a keyed hash of it, write `{{ key = {{ header = \"{name}\" }} }}`; or let the authenticating proxy set a \
             header with the consumer's name, such as `X-Consumer`"
        );
        match carries(name) {
            Sensitivity::Credentials => {
                let message = format!("`{name}` carries credentials, which would be written to logs as the consumer");
                self.error("secret-consumer", message, span, help);
            }
            Sensitivity::Key => {
                let message =
                    format!("`{name}` looks like a secret key, which would be written to logs as the consumer");
                self.found.push(Diagnostic::warning("key-as-consumer", message, span).help(help));
            }
            Sensitivity::Nothing => {}
        }
    }

    /// A key is hashed under a secret, or not at all.
    fn check_key(&mut self, key: &KeySource, span: Span) {
        self.check_feature("a key", span);
        if let KeySource::Header(name) | KeySource::Scheme { header: name, .. } = key
            && ["cookie", "set-cookie", "proxy-authorization"].contains(&name.to_ascii_lowercase().as_str())
        {
            let message = format!("`{name}` is not a header with an API key");
            self.error("secret-consumer", message, span, "use the header that has the key, such as `X-Api-Key`");
        }
        let (KeySource::Query(part) | KeySource::Scheme { scheme: part, .. }) = key else {
            return self.check_secret(span);
        };
        if part.is_empty() || part.contains(char::is_whitespace) {
            let message = format!("`{part}` is not the name of a scheme or a query parameter");
            self.error("bad-key-source", message, span, "write a name such as `Bearer` or `api_key`");
        }
        self.check_secret(span);
    }

    /// What verifies the tokens of each source.
    pub(super) fn verifiers(&mut self) -> Box<[Option<TokenVerifier>]> {
        let api = self.api;
        let verifier = |source: &Spanned<ConsumerSource>| match &source.value {
            ConsumerSource::Claim(claim) => self.verifier(claim, source.span),
            _ => None,
        };
        api.consumer.iter().map(verifier).collect()
    }

    fn verifier(&mut self, claim: &VerifiedClaim, span: Span) -> Option<TokenVerifier> {
        let (issuer, audience) = (claim.issuer.as_deref(), claim.audience.as_deref());
        let verifier = match &claim.keys {
            KeysSpec::Json(jwks, file) => {
                TokenVerifier::new(jwks, issuer, audience).map(|verifier| verifier.with_file(file.clone()))
            }
            KeysSpec::Url(url) => TokenVerifier::fetched(url.clone(), issuer, audience),
            KeysSpec::File(file) => {
                let message = format!("the keys in `{}` are not read, so `{}` is not used", file.display(), claim.name);
                self.doubt("unread-jwks", message, span, "in Rust, pass their text to `VerifiedClaim::new`");
                return None;
            }
        };
        match verifier {
            Ok(verifier) => Some(verifier),
            Err(problem) => {
                let message = format!("the keys for `{}` cannot be used: {problem}", claim.name);
                self.error("bad-jwks", message, span, "use the JWK Set of the issuer: a JSON object with `keys`");
                None
            }
        }
    }

    fn check_secret(&mut self, span: Span) {
        if self.api.consumer_secret.is_none() && cfg!(feature = "consumers") {
            let message = "keys are hashed under a secret, and there is none";
            let help = "add `consumer_secret_file` or `consumer_secret` to `[gateway]`; in Rust, call \
                        `Api::with_consumer_secret`";
            self.error("no-consumer-secret", message, span, help);
        }
    }

    fn check_feature(&mut self, what: &str, span: Span) {
        if cfg!(not(feature = "consumers")) {
            let message = format!("{what} as the consumer needs the feature `consumers`");
            self.error("consumers-off", message, span, "build sunward with the feature `consumers`");
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
        for (name, span) in &names {
            self.doubt_unregistered(name, *span);
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

    /// A name beside the register: one that no consumer has, or nearly that of one.
    fn doubt_unregistered(&mut self, name: &str, span: Span) {
        let registered = self.registered;
        match registered.get(name) {
            Some(entry) if entry.consumer.as_str() != name => {
                let message = format!("`{name}` is registered as `{}`, so no consumer has this name", entry.consumer);
                self.doubt("registered-identity", message, span, format!("write `{}`", entry.consumer));
            }
            Some(_) => {}
            None => {
                let mut entries = registered.entries().iter();
                if let Some(near) = entries.find(|entry| is_typo(entry.consumer.as_str(), name)) {
                    let message = format!("the consumer `{name}` is spelled almost like `{}`", near.consumer);
                    self.doubt("similar-consumers", message, span, format!("did you mean `{}`?", near.consumer));
                }
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
