//! What is to be done to the bodies, and to the fields that speak of them.

use std::ops::Range;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::Plan;
use crate::catalog::{Content, Migration, Source};
use crate::change::{BodyChain, HeaderStep, run_header};
use crate::coding::Coding;
use crate::headers::{link, media::MediaType};
use crate::json::{MigrateError, Migrated, Options};
use crate::problem::{Kind, Problem};
use crate::resolve::Resolution;
use crate::version::VersionId;

/// A body that has to be migrated once it is there.
#[derive(Clone, Debug)]
pub struct BodyPlan {
    plan: Plan,
    content: Content,
    from: VersionId,
    to: VersionId,
    /// The status as the newest version has it; none for a request.
    response: Option<u16>,
    /// In the order in which they were applied; they come off before it is migrated.
    codings: Box<[Coding]>,
}

/// A message that cannot be migrated. Nothing of it is passed on.
#[derive(Debug)]
pub struct Unmigratable {
    response: bool,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Coded,
    Partial,
    Stream,
    TooLarge,
    Broken,
    Digest,
    Untransformable,
    Body(MigrateError),
}

/// Fields that speak of the very bytes.
const OF_THE_BYTES: [&str; 10] = [
    "content-digest",
    "repr-digest",
    "digest",
    "content-md5",
    "unencoded-digest",
    "accept-ranges",
    "signature",
    "signature-input",
    "content-length",
    // Trailers are not kept: they speak of the bytes as well.
    "trailer",
];

// === impl Plan ===

impl Plan {
    /// What is to be done to the request's body for a service that speaks `spoken`; `None`: it passes, unread.
    ///
    /// # Errors
    /// A body that has to be migrated and cannot be.
    pub fn request_body(&self, spoken: VersionId, headers: &HeaderMap) -> Result<Option<BodyPlan>, Unmigratable> {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return Ok(None) };
        let chain = &route.history.request;
        let body = self.body(chain, resolution.request, spoken, None, headers);
        let refuse = |reason| Err(Unmigratable { response: false, reason });
        match &body {
            Some(_) if Coding::list(headers).is_none() => refuse(Reason::Coded),
            Some(_) if headers.contains_key(header::CONTENT_RANGE) => refuse(Reason::Partial),
            Some(body) if body.content == Content::EventStream => refuse(Reason::Stream),
            _ => Ok(body),
        }
    }

    /// Makes the head of a response from a service that speaks `spoken` one of the client's version, and says what is
    /// to be done to its body; `None`: it passes, unread.
    ///
    /// # Errors
    /// A body that has to be migrated and cannot be.
    pub fn response_head(
        &self,
        spoken: VersionId,
        status: &mut StatusCode,
        headers: &mut HeaderMap,
    ) -> Result<Option<BodyPlan>, Unmigratable> {
        let Some(resolution) = self.resolution() else { return Ok(None) };
        self.map_urls(resolution, spoken, headers);
        self.name_content(resolution, headers);
        let Some(route) = self.route() else { return Ok(None) };
        let newest = self.api().newest();
        let canonical = route.history.status(status.as_u16(), spoken, newest);
        let mapped = route.history.status(status.as_u16(), spoken, resolution.response);
        let received = *status;
        *status = StatusCode::from_u16(mapped).unwrap_or(received);
        if let Some(chain) = route.history.response_header(canonical) {
            let steps: Vec<&HeaderStep> = chain.between(spoken, resolution.response).steps().collect();
            steps.iter().for_each(|step| run_header(step, headers));
        }
        let chain = route.history.response(canonical);
        let body = chain.and_then(|chain| self.body(chain, spoken, resolution.response, Some(canonical), headers));
        let refuse = |reason| Err(Unmigratable { response: true, reason });
        if self.stands_for_changed(received, spoken, resolution.response) {
            // A part has no version of its own; a 304 has no type to tell JSON by, and none but marked tags were asked for.
            forget_bytes(headers);
            self.mark_validators(self.shown(spoken), spoken, headers);
            let part = received == StatusCode::PARTIAL_CONTENT && !self.is_head();
            return if part { refuse(Reason::Partial) } else { Ok(None) };
        }
        let Some(body) = body else { return Ok(None) };
        forget_bytes(headers);
        self.mark_validators(chain, spoken, headers);
        if Self::has_no_content(received) || self.is_head() {
            return Ok(None);
        }
        match body.content {
            _ if Coding::list(headers).is_none() => refuse(Reason::Coded),
            Content::EventStream => refuse(Reason::Stream),
            _ => Ok(Some(body)),
        }
    }

    /// Whether a 206 or 304 speaks of a 200 that would be migrated.
    fn stands_for_changed(&self, status: StatusCode, spoken: VersionId, to: VersionId) -> bool {
        let stands = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
        let chain = self.shown(spoken).filter(|_| stands);
        chain.is_some_and(|chain| !chain.between(spoken, to).is_empty())
    }

    /// Takes the validators from a successful answer to a request whose content was changed: what is stored is not
    /// what was sent (RFC 9110 §9.3.4).
    pub fn drop_stored_validators(&self, status: StatusCode, headers: &mut HeaderMap) {
        let stores = matches!(self.inner.method, Method::PUT | Method::PATCH);
        if stores && status.is_success() {
            headers.remove(header::ETAG);
            headers.remove(header::LAST_MODIFIED);
        }
    }

    fn body(
        &self,
        chain: &BodyChain,
        from: VersionId,
        to: VersionId,
        response: Option<u16>,
        headers: &HeaderMap,
    ) -> Option<BodyPlan> {
        if chain.between(from, to).is_empty() {
            return None;
        }
        let content = content(headers)?;
        let codings = Coding::list(headers).unwrap_or_default().into();
        Some(BodyPlan { plan: self.clone(), content, from, to, response, codings })
    }

    /// The Content-Type of JSON that a client asked for by media type names the version that it gets.
    fn name_content(&self, resolution: &Resolution, headers: &mut HeaderMap) {
        let sources = &self.api().sources;
        let only =
            sources.path.is_none() && sources.header.is_none() && sources.query.is_none() && sources.host.is_none();
        let by_media = resolution.source == Source::Accept || (only && !resolution.source.is_in_url());
        let Some(ours) = &self.api().version(resolution.response).content_type else { return };
        let Some(template) = &sources.media else { return };
        let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
        let Some(media) = MediaType::parse(text) else { return };
        let names = template.version_in(&media).is_some();
        if names || (by_media && media.is_json()) {
            headers.insert(header::CONTENT_TYPE, ours.clone());
        }
    }

    /// Location, Content-Location and Link, and what stands in Refresh and Set-Cookie, lead to where this client's version has the resource.
    fn map_urls(&self, resolution: &Resolution, spoken: VersionId, headers: &mut HeaderMap) {
        for name in [header::LOCATION, header::CONTENT_LOCATION] {
            let target = headers.get(&name).and_then(|value| value.to_str().ok());
            let mapped = target.and_then(|target| self.map_url(resolution, spoken, target));
            if let Some(value) = mapped.and_then(|mapped| HeaderValue::try_from(mapped).ok()) {
                headers.insert(name, value);
            }
        }
        let mapped: Vec<HeaderValue> = headers
            .get_all(header::LINK)
            .iter()
            .map(|value| {
                link::map_targets(value, |target| self.map_url(resolution, spoken, target))
                    .unwrap_or_else(|| value.clone())
            })
            .collect();
        replace_lines(headers, &header::LINK, mapped);
        self.map_inner_urls(resolution, spoken, headers);
    }

    /// A cookie's `Path` and the target of `Refresh` do as well; what else stands in them stays as it is.
    fn map_inner_urls(&self, resolution: &Resolution, spoken: VersionId, headers: &mut HeaderMap) {
        type Find = fn(&str) -> Option<Range<usize>>;
        let fields: [(HeaderName, Find); 2] = [(header::SET_COOKIE, cookie_path), (header::REFRESH, refresh_target)];
        for (name, find) in fields {
            let map = |value: &HeaderValue| {
                let text = value.to_str().ok()?;
                let at = find(text)?;
                let url = self.map_url(resolution, spoken, &text[at.clone()])?;
                // The root of a service without a prefix is no empty path, which would be a cookie's default.
                let url = if url.is_empty() { "/" } else { &url };
                HeaderValue::try_from(format!("{}{url}{}", &text[..at.start], &text[at.end..])).ok()
            };
            let lines = headers.get_all(&name).iter();
            let mapped = lines.map(|value| map(value).unwrap_or_else(|| value.clone())).collect();
            replace_lines(headers, &name, mapped);
        }
    }

    fn map_url(&self, resolution: &Resolution, spoken: VersionId, url: &str) -> Option<String> {
        let (origin, target) = split_origin(url)?;
        if !origin.is_empty() && !self.is_ours(origin) {
            return None;
        }
        let end = target.find(['?', '#']).unwrap_or(target.len());
        let (path, suffix) = target.split_at(end);
        let below = path.strip_prefix(&self.forward_prefix(spoken))?;
        if !below.is_empty() && !below.starts_with('/') {
            return None;
        }
        let mapped = self.map_prefix(resolution, spoken, below).or_else(|| self.map_route(resolution, spoken, below));
        let below = mapped.as_deref().unwrap_or(below);
        Some(format!("{origin}{}{below}{suffix}", self.client_prefix(resolution, resolution.response)))
    }

    /// The same resource where the client's version has its route: of several methods, one that it has.
    fn map_route(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        self.api().routers[spoken.index()].find_any(below).find_map(|(route, params)| {
            let params: Vec<Box<str>> = params.into_iter().map(Into::into).collect();
            super::links::expand(self.api().route(route), spoken, &params, resolution.response)
        })
    }

    /// What the changes say of prefixes.
    fn map_prefix(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        let route = self.route()?;
        let mut now = below.to_owned();
        for (_, chain) in &route.history.response_headers {
            for step in chain.between(spoken, resolution.response).steps() {
                if let HeaderStep::Prefix(from, to) = step
                    && let Some(rest) =
                        now.strip_prefix(&**from).filter(|rest| rest.is_empty() || rest.starts_with('/'))
                {
                    now = format!("{to}{rest}");
                }
            }
        }
        (now != below).then_some(now)
    }

    fn is_ours(&self, origin: &str) -> bool {
        let host = origin.rsplit("//").next().unwrap_or("");
        self.inner.host.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(host))
    }
}

fn replace_lines(headers: &mut HeaderMap, name: &HeaderName, lines: Vec<HeaderValue>) {
    if !lines.is_empty() {
        headers.remove(name);
        headers.extend(lines.into_iter().map(|line| (name.clone(), line)));
    }
}

/// Where the value of the last `Path` stands, which is the one that counts (RFC 6265 §5.3).
fn cookie_path(cookie: &str) -> Option<Range<usize>> {
    let mut start = cookie.find(';')? + 1;
    let mut found = None;
    for attribute in cookie[start..].split(';') {
        if let Some((name, value)) = attribute.split_once('=')
            && name.trim().eq_ignore_ascii_case("path")
        {
            let end = start + attribute.trim_end().len();
            found = Some(end - value.trim().len()..end);
        }
        start += attribute.len() + 1;
    }
    found
}

/// Where the URL of `5; url=/users` stands, without quotes (HTML §4.2.5.3 says what browsers take).
fn refresh_target(refresh: &str) -> Option<Range<usize>> {
    let rest = refresh.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ';' | ',' | ' ' | '\t'));
    let name = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url"))?;
    let value = rest[name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let value = &value[usize::from(quote.is_some())..];
    let end = quote.and_then(|quote| value.find(quote)).unwrap_or(value.trim_end().len());
    let start = refresh.len() - value.len();
    Some(start..start + end)
}

/// `https://host` and the rest; no origin for a path.
fn split_origin(url: &str) -> Option<(&str, &str)> {
    if url.starts_with('/') && !url.starts_with("//") {
        return Some(("", url));
    }
    let start = url.find("//")? + 2;
    let end = url[start..].find('/').map(|at| start + at)?;
    Some(url.split_at(end))
}

fn content(headers: &HeaderMap) -> Option<Content> {
    Content::of(&MediaType::parse(headers.get(header::CONTENT_TYPE)?.to_str().ok()?)?)
}

// === impl BodyPlan ===

impl BodyPlan {
    /// Migrates the whole body, less its [`codings`](Self::codings).
    ///
    /// # Errors
    /// A body that cannot be migrated.
    pub fn run(&self, body: &[u8]) -> Result<Migrated, Unmigratable> {
        let result = self.migration().map_or_else(
            || Ok(Migrated { body: body.to_vec(), collisions: 0, passed: 0 }),
            |migration| migration.with_options(Options::default().with_max_bytes(usize::MAX)).run(self.content, body),
        );
        result.map_err(|error| Unmigratable { response: self.response.is_some(), reason: Reason::Body(error) })
    }

    /// The plan of the request.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether it is a response's.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.response.is_some()
    }

    /// The content codings of the body, in the order in which they were applied.
    #[must_use]
    pub fn codings(&self) -> &[Coding] {
        &self.codings
    }

    /// Says that the body is larger than what is migrated.
    #[must_use]
    pub fn too_large(&self) -> Unmigratable {
        Unmigratable { response: self.is_response(), reason: Reason::TooLarge }
    }

    /// Says that the body broke off.
    #[must_use]
    pub fn broken(&self) -> Unmigratable {
        Unmigratable { response: self.is_response(), reason: Reason::Broken }
    }

    /// Says that the content is not what its digests say.
    #[must_use]
    pub fn mismatch(&self) -> Unmigratable {
        Unmigratable { response: self.is_response(), reason: Reason::Digest }
    }

    /// Says that the body must stay as it is (RFC 9111 §5.2.2.6).
    #[must_use]
    pub fn untransformable(&self) -> Unmigratable {
        Unmigratable { response: self.is_response(), reason: Reason::Untransformable }
    }

    fn migration(&self) -> Option<Migration<'_>> {
        let history = &self.plan.route()?.history;
        let chain = match self.response {
            Some(status) => history.response(status)?,
            None => &history.request,
        };
        Some(Migration::new(chain, self.from, self.to))
    }
}

/// Takes from the head of a message whose body is about to be migrated what speaks of the bytes.
pub(crate) fn forget_bytes(headers: &mut HeaderMap) {
    for name in OF_THE_BYTES {
        headers.remove(HeaderName::from_static(name));
    }
}

// === impl Unmigratable ===

impl Unmigratable {
    /// Whether it is a response's.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.response
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.problem().status()
    }

    /// What the client is told: of its own body what is wrong with it, of the upstream's no more than that.
    #[must_use]
    pub fn problem(&self) -> Problem {
        if self.response {
            let detail = "the response could not be migrated to the version that was asked for";
            return Problem::new(Kind::UpstreamBodyInvalid).with_detail(detail);
        }
        match &self.reason {
            Reason::Coded => Problem::new(Kind::VersionUnsupportedBody)
                .with_detail("a body of this version is not taken with that content coding"),
            Reason::Partial => Problem::new(Kind::BodyInvalid).with_detail("a part of a body cannot be migrated"),
            Reason::Stream => Problem::new(Kind::VersionUnsupportedBody).with_detail("an event stream is not taken"),
            Reason::TooLarge => Problem::new(Kind::BodyTooLarge).with_detail("the body is too large to be migrated"),
            Reason::Broken => Problem::new(Kind::BodyInvalid).with_detail("the body broke off"),
            Reason::Digest => Problem::new(Kind::DigestMismatch).with_detail("the content is not what its digest says"),
            Reason::Untransformable => Problem::new(Kind::BodyInvalid).with_detail("the body must not be changed"),
            Reason::Body(error) if error.is_limit() => Problem::new(Kind::BodyTooLarge).with_detail(error.to_string()),
            Reason::Body(error) if error.is_syntax() => Problem::new(Kind::BodyInvalid).with_detail(error.to_string()),
            Reason::Body(error) => Problem::new(Kind::BodyUnprocessable).with_detail(error.to_string()),
        }
    }
}

impl std::fmt::Display for Unmigratable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = if self.response { "response" } else { "request" };
        match &self.reason {
            Reason::Coded => write!(f, "the {side} has a content coding that is not known"),
            Reason::Partial => write!(f, "the {side} is a part of a body"),
            Reason::Stream => write!(f, "the {side} is an event stream"),
            Reason::TooLarge => write!(f, "the {side} is too large"),
            Reason::Broken => write!(f, "the {side} broke off"),
            Reason::Digest => write!(f, "the {side} is not what its digest says"),
            Reason::Untransformable => write!(f, "the {side} must not be transformed"),
            Reason::Body(error) => write!(f, "the {side} cannot be migrated: {error}"),
        }
    }
}

impl std::error::Error for Unmigratable {}
