//! What a response says of its version: written on every one, also on 304, on errors, and on what the gate answers.

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{Plan, Planned};
use crate::catalog::Life;
use crate::decide::{Decision, Phase};
use crate::headers::{lifecycle, link, merge};
use crate::resolve::Resolution;

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
        if let Planned::Decided(resolution, decision) = &self.inner.outcome
            && decision.phase != Phase::Current
        {
            self.announce(resolution, decision, status, headers);
            written.extend([lifecycle::DEPRECATION, lifecycle::SUNSET, header::LINK, header::RETRY_AFTER]);
        }
        if let Some(credentialed) = self.inner.cors {
            written.retain(|name| headers.contains_key(name));
            merge::expose(headers, &written, credentialed);
        }
    }

    fn announce(&self, resolution: &Resolution, decision: &Decision, status: StatusCode, headers: &mut HeaderMap) {
        let api = self.api();
        let life = api.life(resolution.response, resolution.route);
        if let (Some(at), Some(value)) = (life.deprecated, &life.deprecation_value) {
            lifecycle::merge_deprecation(headers, at, value);
        }
        if let Some((at, value)) = self.sunset(resolution, decision, life) {
            lifecycle::merge_sunset(headers, at, value, self.inner.now);
            if api.clamp_freshness && decision.phase != Phase::Announced {
                merge::clamp_freshness(headers, self.inner.now, at);
            }
        }
        if let Some(value) = self.links(resolution, status) {
            link::append(headers, value);
        }
    }

    /// An end that is past is no announcement any more (RFC 8594 §3: it should be in the future).
    fn sunset<'a>(
        &'a self,
        resolution: &Resolution,
        decision: &Decision,
        life: &'a Life,
    ) -> Option<(crate::clock::Timestamp, &'a HeaderValue)> {
        let at = decision.sunset.filter(|at| *at > self.inner.now)?;
        let consumer = resolution.consumer.as_ref().map(|consumer| consumer.as_str());
        let extension = self.api().extension(resolution.response, consumer).filter(|extension| extension.until == at);
        Some((at, extension.map(|extension| &extension.value).or(life.sunset_value.as_ref())?))
    }

    /// Our links, in one field line. On an error their context may be anonymous, so they name it (RFC 8288 §3.2).
    fn links(&self, resolution: &Resolution, status: StatusCode) -> Option<HeaderValue> {
        let version = self.api().version(resolution.response);
        let error = status.is_client_error() || status.is_server_error();
        let anchor = error.then_some(&*self.inner.path);
        let page = |url: Option<&str>, rel| link::link_value(url?, rel, anchor, Some("text/html"));
        let successor = self.successor(resolution);
        let links = [
            page(version.docs.as_deref(), "deprecation"),
            page(version.policy.as_deref(), "sunset"),
            successor.and_then(|target| link::link_value(&target, "successor-version", anchor, None)),
        ];
        let lines: Vec<&[u8]> = links.iter().flatten().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() { None } else { HeaderValue::from_bytes(&lines.join(&b", "[..])).ok() }
    }
}
