//! The head of a request, as the service behind shall see it.

use std::borrow::Cow;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};

use super::answer::Answer;
use super::fields::run_field;
use super::links::set_query;
use super::{Plan, PlanOutcome};
use crate::catalog::strip_start;
use crate::coding;
use crate::headers::{accept, merge};
use crate::version::VersionId;

/// The head for the service behind.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// Path and query, without the prefix that an outer router has removed; `None` if they are unchanged.
    pub target: Option<PathAndQuery>,
}

/// Fields by which a client asks for part of a response, or for one that it has by its date: of no use once that is
/// changed.
static CONDITIONS: [HeaderName; 3] = [header::IF_MODIFIED_SINCE, header::IF_RANGE, header::RANGE];

// === impl Plan ===

impl Plan {
    /// The target for a service that speaks `spoken`; `None` if that version does not have the route, and for a
    /// request that is refused.
    #[must_use]
    pub(crate) fn forward(&self, spoken: VersionId) -> Option<Forward> {
        let resolution = self.resolution()?;
        let below = match self.path_in(resolution, spoken) {
            // A preflight passes whatever the version: the service is asked as well as can be.
            None if matches!(self.inner.outcome, PlanOutcome::Preflight(_)) => self.below(resolution).into(),
            below => below?,
        };
        let query = match self.query_in(resolution, spoken) {
            None if matches!(self.inner.outcome, PlanOutcome::Preflight(_)) => self.query().into(),
            query => query?,
        };
        self.note_target_changes(resolution, spoken);
        let (prefix, query) = (self.prefix(spoken), self.with_version(query, spoken));
        if self.is_unchanged(prefix, &below, &query) {
            return Some(Forward { target: None });
        }
        // To the byte: a string with room left would be allocated once more to be shared.
        let room =
            prefix.map(str::len).iter().sum::<usize>() + below.len() + query.len() + usize::from(!query.is_empty());
        let mut target = String::with_capacity(room);
        target.extend(prefix);
        target.push_str(&below);
        self.take_mount(&mut target);
        if !query.is_empty() {
            target.extend(["?", &query]);
        }
        Some(Forward { target: Some(target.try_into().ok()?) })
    }

    /// Nothing to rewrite: so it is for most, and then nothing is put together.
    fn is_unchanged(&self, prefix: [&str; 3], below: &str, query: &str) -> bool {
        let target = self.inner.target.as_ref();
        let came = prefix.iter().try_fold(self.target_path(), |rest, part| strip_start(rest, part));
        self.inner.mount.is_empty()
            && came == Some(below)
            && target.and_then(PathAndQuery::query) == Some(query).filter(|query| !query.is_empty())
    }

    /// Takes off what the outer router has taken off; at least `/` stays.
    fn take_mount(&self, path: &mut String) {
        let mount = &*self.inner.mount;
        if strip_start(path, mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            path.drain(..mount.len());
        }
        if path.is_empty() {
            path.push('/');
        }
    }

    /// The prefix that the service behind knows the api by.
    pub(super) fn forward_prefix(&self, spoken: VersionId) -> String {
        self.prefix(spoken).concat()
    }

    /// The prefix of the received path before the path that the service gets: empty, unless only a prefix is removed.
    pub(crate) fn taken_prefix(&self, spoken: VersionId) -> Option<&str> {
        let resolution = self.resolution()?;
        let whole = resolution.normal.as_deref().unwrap_or(self.target_path());
        let [before, version, after] = self.prefix(spoken);
        let rest = whole.get(..resolution.below)?.strip_suffix(after)?.strip_suffix(version)?.strip_suffix(before)?;
        Some(rest).filter(|taken| !taken.is_empty())
    }

    /// The same in three parts, the version in the middle.
    fn prefix(&self, spoken: VersionId) -> [&str; 3] {
        let route = self.route().and_then(|route| route.forward_as.as_deref());
        let template = route.unwrap_or(&self.api().forward_as);
        // No other braces are let in, and one character is found faster than nine.
        let slot = template.split_once('{').and_then(|(before, rest)| Some((before, rest.strip_prefix("version}")?)));
        match slot {
            Some((before, after)) => [before, &self.api().version(spoken).text, after],
            None => [template, "", ""],
        }
    }

    /// The query, with the version that the service speaks where the client's is in it.
    fn with_version<'q>(&self, query: Cow<'q, str>, spoken: VersionId) -> Cow<'q, str> {
        match &self.api().sources.query {
            Some(name) if !query.is_empty() => set_query(&query, name, &self.api().version(spoken).text).into(),
            _ => query,
        }
    }

    /// Makes the fields those of a request that speaks `spoken`.
    ///
    /// # Errors
    /// The response has to be migrated, and the client takes it in no coding that can be made.
    pub(crate) fn forward_headers(&self, spoken: VersionId, headers: &mut HeaderMap) -> Result<(), Box<Answer>> {
        let Some(resolution) = self.resolution() else { return Ok(()) };
        if let (PlanOutcome::Preflight(_), Some(name)) = (&self.inner.outcome, &self.api().sources.header) {
            // It is not the service's, which may refuse what it does not know.
            merge::ask_no_more(headers, name);
        }
        self.unmark_conditions(spoken, headers);
        if resolution.request == spoken && resolution.response == spoken {
            return Ok(());
        }
        let api = self.api();
        let version = api.version(spoken);
        if let Some(route) = self.route() {
            self.run_fields(route.history.request_headers.between(resolution.request, spoken).ops(), headers);
        }
        if let Some(name) = &api.sources.header
            && headers.contains_key(name)
        {
            headers.insert(name.clone(), version.value.clone());
        }
        self.forward_media(spoken, headers);
        if let Some(route) = self.route() {
            let accept = route.history.accept.between(resolution.response, spoken);
            accept.steps().for_each(|step| _ = run_field(step, headers));
        }
        if self.changes_responses(spoken) || self.decides_by_bodies(spoken) {
            if headers.keys().any(|name| CONDITIONS.contains(name)) {
                CONDITIONS.iter().for_each(|name| drop(headers.remove(name)));
            }
            let narrowed = coding::narrowed(headers).ok_or_else(|| Box::new(self.no_coding()))?;
            headers.insert(header::ACCEPT_ENCODING, narrowed);
        }
        Ok(())
    }

    /// Media types that name a version name the spoken one.
    fn forward_media(&self, spoken: VersionId, headers: &mut HeaderMap) {
        let Some(template) = &self.api().sources.media else { return };
        let version = &*self.api().version(spoken).text;
        let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let renamed = content.and_then(|content| HeaderValue::try_from(template.rename(content, version)?).ok());
        if let Some(renamed) = renamed {
            headers.insert(header::CONTENT_TYPE, renamed);
        }
        if let Some(asked) = accept::for_service(headers.get_all(header::ACCEPT).iter(), template, version) {
            headers.insert(header::ACCEPT, asked);
        }
    }

    /// Whether some response to this request would be migrated.
    pub(super) fn changes_responses(&self, spoken: VersionId) -> bool {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return false };
        route.history.responses.iter().any(|(_, chain)| !self.stretch(chain, spoken, resolution.response).is_empty())
    }

    /// Whether the content of a response to this method is that of the resource, so that its fields describe it.
    pub(super) fn is_head(&self) -> bool {
        self.inner.method == Method::HEAD
    }

    pub(super) fn has_no_content(status: StatusCode) -> bool {
        status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
    }
}
