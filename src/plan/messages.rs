//! What is to be done to the bodies, and to the fields that speak of them.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::Plan;
use super::body_plan::BodyPlan;
use super::content::{self, DeclaredContent, Untyped};
use super::unmigratable::{Unmigratable, UnmigratableReason};
use crate::catalog::{Content, VersionSource};
use crate::change::{BodyChain, Chain, HeaderStep, StatusPath};
use crate::coding::Coding;
use crate::headers::media::MediaType;
use crate::resolve::Resolution;
use crate::version::VersionId;

/// What is to be done to the body of a message.
#[derive(Clone, Debug)]
pub(crate) enum Handling {
    /// No change is about it: it passes, unread.
    Pass,
    /// A change is about it, but its `Content-Type` does not say that it is JSON. If it turns out to have no content at
    /// all, it passes; else [`Plan::refuses_untyped`](super::Plan::refuses_untyped) says what becomes of it.
    Untyped(Untyped),
    /// It is to be migrated.
    Migrate(BodyPlan),
    /// The response to a HEAD: it has no content, and its fields are those that a GET gets (RFC 9110 §9.3.2), whose content
    /// has content codings and would be migrated.
    Describe(BodyPlan),
}

/// Fields that speak of the very bytes.
static OF_THE_BYTES: [HeaderName; 10] = [
    header::ACCEPT_RANGES,
    header::CONTENT_LENGTH,
    // Trailers are not kept: they speak of the bytes as well.
    header::TRAILER,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
    HeaderName::from_static("unencoded-digest"),
];

// === impl Handling ===

impl Handling {
    fn along(self, spliced: Option<Arc<BodyChain>>) -> Self {
        match self {
            Self::Migrate(body) => Self::Migrate(BodyPlan { spliced, ..body }),
            other => other,
        }
    }
}

// === impl Plan ===

impl Plan {
    /// What is to be done to the request's body for a service that speaks `spoken`.
    ///
    /// # Errors
    /// A body that has to be migrated and cannot be.
    pub(crate) fn request_body(&self, spoken: VersionId, headers: &HeaderMap) -> Result<Handling, Unmigratable> {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return Ok(Handling::Pass) };
        let chain = &route.history.request;
        if self.stretch(chain, resolution.request, spoken).is_empty() {
            return Ok(Handling::Pass);
        }
        let declared = DeclaredContent::known(headers, route.request_content);
        let handling = self.body((resolution.request, spoken), None, declared, headers)?;
        match &handling {
            Handling::Migrate(_) if headers.contains_key(header::CONTENT_RANGE) => {
                Err(Unmigratable::new(false, UnmigratableReason::Partial))
            }
            _ => Ok(handling),
        }
    }

    /// Makes the head of a response from a service that speaks `spoken` one of the client's version, and says what is
    /// to be done to its body. `path`: what [`status_question`](Self::status_question) led to.
    ///
    /// # Errors
    /// A body that has to be migrated and cannot be.
    pub(crate) fn response_head(
        &self,
        spoken: VersionId,
        status: &mut StatusCode,
        headers: &mut HeaderMap,
        path: Option<&StatusPath>,
    ) -> Result<Handling, Unmigratable> {
        let Some(resolution) = self.resolution() else { return Ok(Handling::Pass) };
        if !self.passes_undeclared() && self.is_undeclared(spoken, *status, headers) {
            return Err(Unmigratable::new(true, UnmigratableReason::Undeclared));
        }
        self.map_urls(resolution, spoken, headers);
        let Some(route) = self.route() else {
            self.name_content(resolution, headers);
            return Ok(Handling::Pass);
        };
        let (history, to) = (&route.history, resolution.response);
        let received = *status;
        let canonical = match path {
            Some(path) => path.newest_status(spoken < to),
            None => history.status(received.as_u16(), spoken, self.api().newest()),
        };
        let mapped = path.map_or_else(|| history.status(received.as_u16(), spoken, to), |path| path.status);
        *status = StatusCode::from_u16(mapped).unwrap_or(received);
        let taken = path.map_or(&[][..], |path| &path.taken);
        history.status_changes(received.as_u16(), (spoken, to), taken).for_each(|change| self.note_change(change));
        self.response_fields((spoken, to), canonical, path, headers);
        if matches!(received, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED) {
            self.retype_as_shown(canonical, spoken, to, headers);
        }
        // Behind the changes: the name of a version is no matter of theirs.
        self.name_content(resolution, headers);
        if self.stands_for_changed(received, spoken, to) {
            // A part has no version of its own; a 304 has no type to tell JSON by, and none but marked tags were asked for.
            forget_bytes(headers);
            self.mark_validators(self.shown(spoken), spoken, headers);
            let part = received == StatusCode::PARTIAL_CONTENT && !self.is_head();
            return if part { Err(Unmigratable::new(true, UnmigratableReason::Partial)) } else { Ok(Handling::Pass) };
        }
        let split = path.filter(|path| path.segments.len() > 1);
        let spliced = split.map(|path| history.chain_of(path, spoken < to));
        let chain = spliced.as_ref().map_or_else(|| history.response(canonical), |chain| chain.as_deref());
        if chain.is_none_or(|chain| self.stretch(chain, spoken, to).is_empty()) {
            return Ok(Handling::Pass);
        }
        let declared = DeclaredContent::known(headers, route.content.filter(|_| received.is_success()));
        if declared != DeclaredContent::Other {
            forget_bytes(headers);
            self.mark_validators(chain, spoken, headers);
        }
        if Self::has_no_content(received) {
            return Ok(Handling::Pass);
        }
        let handling = self.body((spoken, to), Some(canonical), declared, headers);
        if !self.is_head() {
            return handling.map(|handling| handling.along(spliced.flatten()));
        }
        Ok(match handling {
            Ok(Handling::Migrate(body)) if !body.codings.is_empty() => Handling::Describe(body),
            _ => Handling::Pass,
        })
    }

    /// Runs what changes say of the fields of a response.
    fn response_fields(
        &self,
        (from, to): (VersionId, VersionId),
        canonical: u16,
        path: Option<&StatusPath>,
        headers: &mut HeaderMap,
    ) {
        let Some(history) = self.route().map(|route| &route.history) else { return };
        match path {
            Some(path) => {
                let steps = path.steps(|status| history.response_header(status), (from, to));
                self.run_fields(steps.into_iter(), headers);
            }
            None => {
                let chain = history.response_header(canonical);
                let steps = chain.into_iter().flat_map(|chain| chain.between(from, to).ops());
                self.run_fields(steps, headers);
            }
        }
    }

    /// Whether a JSON response from a service that speaks `spoken` has a status that no place of its route names, although
    /// other responses of the route differ between that version and the client's: no change declares whether this one does.
    #[must_use]
    pub(crate) fn is_undeclared(&self, spoken: VersionId, status: StatusCode, headers: &HeaderMap) -> bool {
        let (Some(resolution), Some(route)) = (self.resolution(), self.route()) else { return false };
        if resolution.response == spoken || Self::has_no_content(status) || status == StatusCode::PARTIAL_CONTENT {
            return false;
        }
        let canonical = route.history.status(status.as_u16(), spoken, self.api().newest());
        route.history.response(canonical).is_none()
            && !route.history.names_status(canonical)
            && self.changes_responses(spoken)
            && !self.is_head()
            && DeclaredContent::of(headers) != DeclaredContent::Other
            && !is_problem(headers)
    }

    /// Whether a 206 or 304 speaks of a 200 that would be migrated.
    fn stands_for_changed(&self, status: StatusCode, spoken: VersionId, to: VersionId) -> bool {
        let stands = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
        let chain = self.shown(spoken).filter(|_| stands);
        chain.is_some_and(|chain| !self.stretch(chain, spoken, to).is_empty())
    }

    /// A 206 or 304 has the type of the 200 that it stands for, unless a change says something of its own status.
    fn retype_as_shown(&self, canonical: u16, spoken: VersionId, to: VersionId, headers: &mut HeaderMap) {
        let Some(history) = self.route().map(|route| &route.history) else { return };
        let steps = |chain: &Chain<HeaderStep>| -> Vec<HeaderStep> {
            let steps = chain.between(spoken, to).steps();
            steps.filter(|step| matches!(step, HeaderStep::ContentType(..))).cloned().collect()
        };
        if history.response_header(canonical).is_some_and(|chain| !steps(chain).is_empty()) {
            return;
        }
        let shown = history.response_header(history.status(200, spoken, self.api().newest()));
        shown.map(steps).into_iter().flatten().for_each(|step| _ = self.run_field(&step, headers));
    }

    /// Takes the validators from a successful answer to a request whose content was changed: what is stored is not
    /// what was sent (RFC 9110 §9.3.4).
    pub(crate) fn drop_stored_validators(&self, status: StatusCode, headers: &mut HeaderMap) {
        let stores = matches!(self.inner.method, Method::PUT | Method::PATCH);
        if stores && status.is_success() {
            headers.remove(header::ETAG);
            headers.remove(header::LAST_MODIFIED);
        }
    }

    /// What is to be done to a body that a change is about.
    fn body(
        &self,
        (from, to): (VersionId, VersionId),
        response: Option<u16>,
        declared: DeclaredContent,
        headers: &HeaderMap,
    ) -> Result<Handling, Unmigratable> {
        let refuse = |reason| Err(Unmigratable::new(response.is_some(), reason));
        let content = match declared {
            DeclaredContent::Other => {
                let untyped = Untyped { response: response.is_some(), media: content::media(headers) };
                return Ok(Handling::Untyped(untyped));
            }
            DeclaredContent::Wide => return refuse(UnmigratableReason::Charset),
            // Some services stream documents under the type of one.
            DeclaredContent::Content(Content::Json) if response.is_some() => Content::Concatenated,
            DeclaredContent::Content(content) => content.with_field_names(self.field_names()),
        };
        let boundary = if let Content::Multipart(_) = content { content::boundary(headers) } else { None };
        let Some(codings) = Coding::list(headers) else { return refuse(UnmigratableReason::Coded) };
        Ok(Handling::Migrate(BodyPlan {
            plan: self.clone(),
            content,
            boundary,
            from,
            to,
            response,
            codings: codings.into(),
            spliced: None,
            own: None,
        }))
    }

    /// The Content-Type of JSON that a client asked for by media type names the version that it gets.
    fn name_content(&self, resolution: &Resolution, headers: &mut HeaderMap) {
        let sources = &self.api().sources;
        let only =
            sources.path.is_none() && sources.header.is_none() && sources.query.is_none() && sources.host.is_none();
        let by_media = resolution.source == VersionSource::Accept || (only && !resolution.source.is_in_url());
        let Some(template) = &sources.media else { return };
        let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
        let version = &*self.api().version(resolution.response).text;
        let described = || template.describe(text, version).filter(|_| by_media);
        let named = template.rename(text, version).or_else(described);
        if let Some(value) = named.and_then(|named| HeaderValue::try_from(named).ok()) {
            headers.insert(header::CONTENT_TYPE, value);
        }
    }
}

/// A problem document (RFC 9457) is no representation of the resource.
fn is_problem(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| MediaType::parse_lenient(value.to_str().ok()?));
    media.is_some_and(|media| media.is("application/problem+json"))
}

/// Whether the client's version knows a status without content where the service's has one with.
pub(crate) fn empties(received: StatusCode, status: StatusCode) -> bool {
    status != received
        && matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Takes from the head of a message whose body is about to be migrated what speaks of the bytes.
pub(crate) fn forget_bytes(headers: &mut HeaderMap) {
    // One pass over all headers, because few of these are present.
    let there: Vec<HeaderName> = headers.keys().filter(|name| OF_THE_BYTES.contains(name)).cloned().collect();
    for name in there {
        headers.remove(name);
    }
}
