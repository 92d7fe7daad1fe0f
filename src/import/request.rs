//! Which route, version and consumer a line is about, as the catalog would say of the request.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Uri};

use super::line::LogLine;
use super::summary::{SkippedLine, UnreadableLine};
use crate::catalog::{ApiEntry, Catalog, ConsumerSource, KeySource};
use crate::consumer::{ClientOrigin, Consumer, is_reserved};
use crate::resolve::{RequestHead, Resolved, resolve, whose};
use crate::usage::UsedRoute;

/// Reads lines by a catalog.
#[derive(Clone)]
pub(super) struct RequestReader {
    catalog: Arc<Catalog>,
    /// The host of lines that have none.
    host: Option<HeaderValue>,
    /// Whether an api names consumers by their user agent.
    needs_agent: bool,
    /// Whether one does by where they are.
    needs_origin: bool,
    /// Whether one does by the user of Basic authentication.
    needs_user: bool,
}

/// What a line is about.
#[derive(Debug)]
pub(super) struct LineUse<'c> {
    pub(super) route: &'c UsedRoute,
    /// The route of the request's content, where its version is another one.
    pub(super) content: Option<&'c UsedRoute>,
    pub(super) consumer: Option<Consumer>,
}

/// Why a line is about nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotUsed {
    Skipped(SkippedLine),
    Unreadable(UnreadableLine),
}

// === impl RequestReader ===

impl RequestReader {
    pub(super) fn new(catalog: Arc<Catalog>, host: Option<HeaderValue>) -> Self {
        let mut sources = catalog.apis().iter().flat_map(|api| &api.consumer);
        let needs_user = sources.clone().any(is_user);
        let needs_agent = sources.any(|source| matches!(source, ConsumerSource::UserAgent));
        let needs_origin = catalog.needs_origin();
        Self { catalog, host, needs_agent, needs_origin, needs_user }
    }

    pub(super) fn read(&self, line: &LogLine<'_>) -> Result<LineUse<'_>, NotUsed> {
        let unreadable = NotUsed::Unreadable(UnreadableLine::Target);
        let method = Method::from_bytes(line.method.as_bytes()).map_err(|_| unreadable)?;
        if method == Method::OPTIONS {
            return Err(NotUsed::Skipped(SkippedLine::Options));
        }
        let mut uri = Uri::try_from(&*line.target).map_err(|_| unreadable)?;
        let mut headers = self.headers(line);
        if let Some(version) = &line.version
            && let Some(api) = whose(&uri, &headers, &self.catalog)
        {
            name_version(api, version, &mut uri, &mut headers);
        }
        let address = line.client.as_deref().filter(|_| self.needs_origin).and_then(|client| client.parse().ok());
        let head = RequestHead {
            method: &method,
            uri: &uri,
            headers: &headers,
            mount: "",
            trusts_forwarded: false,
            peer: None,
            // Its fields are those of a log, which no client writes.
            origin: Some(ClientOrigin::new(address).with_trusted_proxy(true)),
        };
        let (api, request, response, route, consumer) = match resolve(head, &self.catalog, line.time) {
            Resolved::Outside | Resolved::Excluded(_) => return Err(NotUsed::Skipped(SkippedLine::NoApi)),
            Resolved::Preflight(_) => return Err(NotUsed::Skipped(SkippedLine::Options)),
            Resolved::Request(found) => {
                (found.api, Some(found.request), Some(found.response), found.route, found.consumer)
            }
            Resolved::Refused(found) => (found.api, None, found.version, found.route, found.consumer),
        };
        let entry = &self.catalog.apis()[api];
        let used = |version| self.catalog.handles(api).used_route(entry, version, route, method.as_str());
        Ok(LineUse {
            route: used(response),
            content: request.filter(|_| request != response).map(|version| used(Some(version))),
            consumer: self.consumer(entry, line, consumer),
        })
    }

    fn headers(&self, line: &LogLine<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.append(name, value);
            }
        };
        for (name, value) in &line.headers {
            set(name.clone(), value);
        }
        if let Some(agent) = line.user_agent.as_deref().filter(|_| self.needs_agent) {
            set(USER_AGENT, agent);
        }
        if let Some(user) = line.user.as_deref().filter(|_| self.needs_user) {
            set(AUTHORIZATION, &format!("Basic {}", STANDARD.encode(format!("{user}:"))));
        }
        if let Some(host) = &line.host {
            set(HOST, host);
        } else if let Some(host) = &self.host {
            headers.insert(HOST, host.clone());
        }
        headers
    }

    /// The consumer that the log names, the user of Basic authentication, or what the sources of the api say.
    fn consumer(&self, api: &ApiEntry, line: &LogLine<'_>, found: Option<Consumer>) -> Option<Consumer> {
        let named = |name: &Cow<'_, str>| self.catalog.register().name(name);
        if let Some(consumer) = &line.consumer {
            return Some(named(consumer));
        }
        match &line.user {
            Some(user) if !is_reserved(user) && !api.consumer.iter().any(is_user) => Some(named(user)),
            _ => found,
        }
    }
}

fn is_user(source: &ConsumerSource) -> bool {
    matches!(source, ConsumerSource::Key(KeySource::Basic))
}

/// Names the version as a client would, where the path does not.
fn name_version(api: &ApiEntry, version: &str, uri: &mut Uri, headers: &mut HeaderMap) {
    let below = uri.path().get(api.base_path.len()..).unwrap_or_default();
    if api.split_version(below, api.path_case).is_some() || api.lookup(version).is_none() {
        return;
    }
    let sources = &api.sources;
    if let Some(header) = &sources.header {
        if let Ok(value) = HeaderValue::from_str(version) {
            headers.insert(header, value);
        }
    } else if let Some(query) = &sources.query {
        let sign = if uri.query().is_some() { '&' } else { '?' };
        if let Ok(named) = Uri::try_from(format!("{uri}{sign}{query}={version}")) {
            *uri = named;
        }
    } else if let Some(value) = sources.media.as_ref().and_then(|media| media.render(version)) {
        headers.insert(ACCEPT, value);
    }
}
