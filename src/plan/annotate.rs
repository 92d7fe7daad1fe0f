//! What a response says of its version: written on every one, also on 304, on errors, and on what the gate answers.

use std::borrow::Cow;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{Plan, PlanOutcome};
use crate::catalog::Lifecycle;
use crate::clock::Timestamp;
use crate::consumer::Consumer;
use crate::decide::{Decision, Phase, Question, decide};
use crate::headers::{freshness, lifecycle, link, merge};
use crate::resolve::{Resolution, ResolveError};
use crate::version::VersionId;

/// What there is to say of a version that is not simply current.
struct Announced<'a> {
    version: VersionId,
    life: &'a Lifecycle,
    phase: Phase,
    /// The end as this consumer has it.
    sunset: Option<Timestamp>,
    /// Where there is a resource, which may have a successor.
    resolution: Option<&'a Resolution>,
}

/// The fields that announce.
const ANNOUNCING: [HeaderName; 4] = [lifecycle::DEPRECATION, lifecycle::SUNSET, header::LINK, header::RETRY_AFTER];

// === impl Plan ===

impl Plan {
    /// Writes the headers, merged with what the upstream sent: its earlier date stays, its links stay, its `Vary` is
    /// joined.
    pub(crate) fn annotate(&self, status: StatusCode, headers: &mut HeaderMap) {
        let api = self.api();
        match &api.vary_value {
            Some(value) if !headers.contains_key(header::VARY) => drop(headers.insert(header::VARY, value.clone())),
            _ => merge::merge_vary(headers, &api.vary),
        }
        if self.inner.catalog.control().extends(&api.name) {
            merge::merge_vary(headers, &api.consumer_fields());
        }
        let named = api.response_header.as_ref().zip(self.version());
        if let Some((name, version)) = named {
            headers.insert(name, version.value.clone());
        }
        let announced = self.announced();
        if let Some(announced) = &announced {
            self.announce(announced, status, headers);
        }
        if let PlanOutcome::Preflight(_) = &self.inner.outcome {
            // The service knows nothing of it: it was not asked (`forward_headers`).
            if let Some(name) = &api.sources.header {
                merge::allow_field(headers, name);
            }
        } else if let Some(script) = &self.inner.cors {
            let written = named.map(|(name, _)| name.clone()).into_iter();
            let written = written.chain(announced.into_iter().flat_map(|_| ANNOUNCING));
            let written: Vec<HeaderName> = written.filter(|name| headers.contains_key(name)).collect();
            merge::expose(headers, &written, script.credentialed);
        }
    }

    /// What there is to say; also of a version that does not have what was asked for.
    fn announced(&self) -> Option<Announced<'_>> {
        let api = self.api();
        let announced = match &self.inner.outcome {
            PlanOutcome::Decided(resolution, decision) => Announced {
                version: resolution.response,
                life: api.life(resolution.response, resolution.route),
                phase: decision.phase,
                sunset: decision.sunset,
                resolution: Some(resolution),
            },
            PlanOutcome::Refused(refusal) => {
                let ResolveError { version: Some(version), consumer, .. } = &**refusal else { return None };
                let life = &api.version(*version).life;
                let extension = self.inner.catalog.extension(api, *version, consumer.as_ref().map(Consumer::as_str));
                let question = Question {
                    extension,
                    held: self.inner.catalog.control().sunset_held(&api.name, &api.version(*version).text),
                    ..Question::new(life, self.inner.now)
                };
                let Decision { phase, sunset, .. } = decide(&question);
                Announced { version: *version, life, phase, sunset, resolution: None }
            }
            PlanOutcome::Preflight(_) => return None,
        };
        (announced.phase != Phase::Current).then_some(announced)
    }

    fn announce(&self, announced: &Announced<'_>, status: StatusCode, headers: &mut HeaderMap) {
        let life = announced.life;
        if let (Some(at), Some(value)) = (life.deprecated, &life.deprecation_value) {
            lifecycle::merge_deprecation(headers, at, value);
        }
        if let Some((at, value)) = self.sunset(announced) {
            lifecycle::merge_sunset(headers, at, &value, self.inner.now);
            if self.api().clamp_freshness && announced.phase != Phase::Announced {
                freshness::clamp_freshness(headers, self.inner.now, at);
            }
        }
        if let Some(value) = self.links(announced, status) {
            link::append(headers, value);
        }
    }

    /// An end that is past is no announcement any more (RFC 8594 §3: it should be in the future).
    fn sunset<'a>(&'a self, announced: &Announced<'a>) -> Option<(Timestamp, Cow<'a, HeaderValue>)> {
        let at = announced.sunset.filter(|at| *at > self.inner.now)?;
        let consumer = self.consumer().map(Consumer::as_str);
        let extension = self.api().extension(announced.version, consumer).filter(|extension| extension.until == at);
        let common = || announced.life.sunset_value.as_ref().filter(|_| announced.life.sunset == Some(at));
        let known = extension.map(|extension| &extension.value).or_else(common);
        // Changes by acts since the config was read are rendered here.
        Some((at, known.map_or_else(|| Cow::Owned(lifecycle::sunset(at)), Cow::Borrowed)))
    }

    /// Our links, in one field line. On an error their context may be anonymous, so they name it (RFC 8288 §3.2).
    fn links(&self, announced: &Announced<'_>, status: StatusCode) -> Option<HeaderValue> {
        let version = self.api().version(announced.version);
        let error = status.is_client_error() || status.is_server_error();
        let anchor = error.then(|| format!("{}{}", self.inner.mount, self.target_path()));
        let successor = announced.resolution.and_then(|resolution| self.successor(resolution));
        if anchor.is_none() && successor.is_none() {
            return version.links.clone();
        }
        let pages = version.links.as_ref().and_then(|links| links.to_str().ok()).unwrap_or("");
        let mut line = String::with_capacity(pages.len() + successor.as_ref().map_or(0, String::len) + 64);
        match anchor.as_deref() {
            None => line.push_str(pages),
            anchor => link::push_pages(&mut line, version.docs.as_deref(), version.policy.as_deref(), anchor),
        }
        if let Some(successor) = successor {
            link::push(&mut line, &successor, "successor-version", anchor.as_deref(), None);
        }
        if line.is_empty() { None } else { HeaderValue::try_from(line).ok() }
    }
}
