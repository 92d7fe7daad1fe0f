//! What a response says of its version: written on every one, also on 304, on errors, and on what the gate answers.

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{Plan, Planned};
use crate::catalog::Life;
use crate::clock::Timestamp;
use crate::consumer::Consumer;
use crate::decide::{Decision, Phase, Question, decide};
use crate::headers::{lifecycle, link, merge};
use crate::resolve::{Refusal, Resolution};
use crate::version::VersionId;

/// What there is to say of a version that is not simply current.
struct Announced<'a> {
    version: VersionId,
    life: &'a Life,
    phase: Phase,
    /// The end as this consumer has it.
    sunset: Option<Timestamp>,
    /// Where there is a resource, which may have a successor.
    resolution: Option<&'a Resolution>,
}

// === impl Plan ===

impl Plan {
    /// Writes the headers, merged with what the upstream sent: its earlier date stays, its links stay, its `Vary` is
    /// joined.
    pub fn annotate(&self, status: StatusCode, headers: &mut HeaderMap) {
        let api = self.api();
        merge::merge_vary(headers, &api.vary);
        let mut written: Vec<HeaderName> = Vec::new();
        if let (Some(name), Some(version)) = (&api.response_header, self.version()) {
            headers.insert(name.clone(), version.value.clone());
            written.push(name.clone());
        }
        if let Some(announced) = self.announced() {
            self.announce(&announced, status, headers);
            written.extend([lifecycle::DEPRECATION, lifecycle::SUNSET, header::LINK, header::RETRY_AFTER]);
        }
        if let Some(credentialed) = self.inner.cors {
            written.retain(|name| headers.contains_key(name));
            merge::expose(headers, &written, credentialed);
        }
    }

    /// What there is to say; also of a version that does not have what was asked for.
    fn announced(&self) -> Option<Announced<'_>> {
        let api = self.api();
        let announced = match &self.inner.outcome {
            Planned::Decided(resolution, decision) => Announced {
                version: resolution.response,
                life: api.life(resolution.response, resolution.route),
                phase: decision.phase,
                sunset: decision.sunset,
                resolution: Some(resolution),
            },
            Planned::Refused(Refusal { version: Some(version), consumer, .. }) => {
                let life = &api.version(*version).life;
                let extension = api.extension(*version, consumer.as_ref().map(Consumer::as_str));
                let question = Question {
                    extension: extension.map(|extension| extension.until),
                    held: self.inner.catalog.control().sunset_held(&api.name, &api.version(*version).text),
                    ..Question::new(life, self.inner.now)
                };
                let Decision { phase, sunset, .. } = decide(&question);
                Announced { version: *version, life, phase, sunset, resolution: None }
            }
            _ => return None,
        };
        (announced.phase != Phase::Current).then_some(announced)
    }

    fn announce(&self, announced: &Announced<'_>, status: StatusCode, headers: &mut HeaderMap) {
        let life = announced.life;
        if let (Some(at), Some(value)) = (life.deprecated, &life.deprecation_value) {
            lifecycle::merge_deprecation(headers, at, value);
        }
        if let Some((at, value)) = self.sunset(announced) {
            lifecycle::merge_sunset(headers, at, value, self.inner.now);
            if self.api().clamp_freshness && announced.phase != Phase::Announced {
                merge::clamp_freshness(headers, self.inner.now, at);
            }
        }
        if let Some(value) = self.links(announced, status) {
            link::append(headers, value);
        }
    }

    /// An end that is past is no announcement any more (RFC 8594 §3: it should be in the future).
    fn sunset<'a>(&'a self, announced: &Announced<'a>) -> Option<(Timestamp, &'a HeaderValue)> {
        let at = announced.sunset.filter(|at| *at > self.inner.now)?;
        let consumer = self.consumer().map(Consumer::as_str);
        let extension = self.api().extension(announced.version, consumer).filter(|extension| extension.until == at);
        Some((at, extension.map(|extension| &extension.value).or(announced.life.sunset_value.as_ref())?))
    }

    /// Our links, in one field line. On an error their context may be anonymous, so they name it (RFC 8288 §3.2).
    fn links(&self, announced: &Announced<'_>, status: StatusCode) -> Option<HeaderValue> {
        let version = self.api().version(announced.version);
        let error = status.is_client_error() || status.is_server_error();
        let anchor = error.then_some(&*self.inner.path);
        let page = |url: Option<&str>, rel| link::link_value(url?, rel, anchor, Some("text/html"));
        let successor = announced.resolution.and_then(|resolution| self.successor(resolution));
        let links = [
            page(version.docs.as_deref(), "deprecation"),
            page(version.policy.as_deref(), "sunset"),
            successor.and_then(|target| link::link_value(&target, "successor-version", anchor, None)),
        ];
        let lines: Vec<&[u8]> = links.iter().flatten().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() { None } else { HeaderValue::from_bytes(&lines.join(&b", "[..])).ok() }
    }
}
