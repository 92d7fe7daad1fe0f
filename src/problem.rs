//! Problem documents (RFC 9457): every refusal says what was wrong, and what there is instead.

use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::headers::lifecycle;

mod kind;

pub use kind::ProblemType;

/// Where the problem types are documented, unless the gateway's owner has pages of their own.
pub(crate) const TYPE_BASE: &str = "https://sunward.dev/problems/";

/// A problem document and the response that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: ProblemType,
    status: StatusCode,
    members: ProblemMembers,
}

/// The members that depend on the occurrence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct ProblemMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supported_versions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sunset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// The document, its members in this order.
#[derive(Serialize)]
struct Document<'p> {
    #[serde(rename = "type")]
    kind: &'p str,
    title: &'p str,
    status: u16,
    #[serde(flatten)]
    members: &'p ProblemMembers,
}

// === impl Problem ===

impl Problem {
    /// The problem with its type, title and usual status, and nothing else.
    #[must_use]
    pub(crate) fn new(kind: ProblemType) -> Self {
        Self { kind, status: kind.status(), members: ProblemMembers::default() }
    }

    /// Another status, such as 404 for an unknown version in the path.
    #[must_use]
    pub(crate) const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// What helps the client with this occurrence; nothing that leaks internals.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.members.detail = Some(detail.into());
        self
    }

    /// The version that the problem is about.
    #[must_use]
    pub(crate) fn with_api_version(mut self, version: impl Into<String>) -> Self {
        self.members.api_version = Some(version.into());
        self
    }

    /// The versions that can be asked for instead.
    #[must_use]
    pub(crate) fn with_supported_versions(mut self, versions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.members.supported_versions = Some(versions.into_iter().map(Into::into).collect());
        self
    }

    /// The documentation's URL.
    #[must_use]
    pub(crate) fn with_docs(mut self, url: impl Into<String>) -> Self {
        self.members.docs = Some(url.into());
        self
    }

    /// When the version ends, or ended.
    #[must_use]
    pub(crate) fn with_sunset(mut self, sunset: Timestamp) -> Self {
        self.members.sunset = Some(sunset.to_string());
        self
    }

    /// The same resource's URL under the next version.
    #[must_use]
    pub(crate) fn with_successor(mut self, url: impl Into<String>) -> Self {
        self.members.successor = Some(url.into());
        self
    }

    /// After how many seconds a retry makes sense; also sent as `Retry-After`.
    #[must_use]
    pub(crate) const fn with_retry_after(mut self, secs: u64) -> Self {
        self.members.retry_after = Some(secs);
        self
    }

    /// Its type.
    #[must_use]
    pub(crate) const fn kind(&self) -> ProblemType {
        self.kind
    }

    /// Its status.
    #[must_use]
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The document as compact JSON; `type_base` and the slug make the type's URI.
    #[must_use]
    pub(crate) fn body(&self, type_base: &str) -> Vec<u8> {
        let kind = format!("{type_base}{}", self.kind.slug());
        let (title, status) = (self.kind.title(), self.status.as_u16());
        let document = Document { kind: &kind, title, status, members: &self.members };
        serde_json::to_vec(&document).expect("texts and numbers are JSON")
    }

    /// The response: the document as `application/problem+json`, kept by no cache, so that none defeats a change of dates.
    ///
    /// For `HEAD`, its body is to be dropped; the header fields stay.
    #[must_use]
    pub(crate) fn response(&self, type_base: &str) -> Response<Vec<u8>> {
        let body = self.body(type_base);
        let length = body.len();
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(secs) = self.members.retry_after {
            headers.insert(header::RETRY_AFTER, lifecycle::retry_after(secs));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_problem() {
        use crate::problem::{Problem, ProblemType, TYPE_BASE};

        let problem =
            Problem::new(ProblemType::VersionSunset).with_api_version("v1").with_supported_versions(["v4", "v5"]);
        let response = problem.response(TYPE_BASE);
        assert_eq!(response.status(), 410);
        assert_eq!(
            String::from_utf8_lossy(response.body()),
            "{\"type\":\"https://sunward.dev/problems/version-sunset\",\"title\":\"API version retired\",\"status\":410,\
             \"api_version\":\"v1\",\"supported_versions\":[\"v4\",\"v5\"]}",
        );
    }

    fn json(problem: &Problem) -> serde_json::Value {
        serde_json::from_slice(&problem.body(TYPE_BASE)).expect("JSON")
    }

    #[test]
    fn every_kind_has_its_status() {
        let statuses = [
            400, 400, 400, 400, 406, 406, 415, 410, 410, 403, 404, 405, 400, 400, 400, 422, 413, 400, 408, 503, 502,
            502, 503, 504,
        ];
        for (kind, status) in ProblemType::ALL.into_iter().zip(statuses) {
            let document = json(&Problem::new(kind));
            assert_eq!(document["type"], format!("{TYPE_BASE}{}", kind.slug()));
            assert_eq!(document["status"], status, "{kind:?}");
            assert_eq!(document["title"], kind.title());
            assert_eq!(Problem::new(kind).response(TYPE_BASE).status(), status);
        }
        let mut slugs = ProblemType::ALL.map(ProblemType::slug).to_vec();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), ProblemType::ALL.len());
    }

    #[test]
    fn members_are_what_the_rfc_names() {
        let problem = Problem::new(ProblemType::VersionBrownout)
            .with_status(StatusCode::SERVICE_UNAVAILABLE)
            .with_detail("a \"quoted\"\r\nline \u{1}é")
            .with_api_version("v1")
            .with_supported_versions(["v4", "v5"])
            .with_docs("https://acme.test/docs")
            .with_sunset("2026-11-11T11:11:11Z".parse().expect("a time"))
            .with_successor("https://api.acme.test/v4/orders/7")
            .with_retry_after(360);
        let expected = serde_json::json!({
            "type": "https://acme.test/p/version-brownout", "title": "API version in brownout", "status": 503,
            "detail": "a \"quoted\"\r\nline \u{1}é", "api_version": "v1",
            "supported_versions": ["v4", "v5"], "docs": "https://acme.test/docs", "sunset": "2026-11-11T11:11:11Z",
            "successor": "https://api.acme.test/v4/orders/7", "retry_after": 360,
        });
        let body = problem.body("https://acme.test/p/");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).expect("JSON"), expected);
        assert_eq!((problem.kind(), problem.status().as_u16()), (ProblemType::VersionBrownout, 503));
    }

    #[test]
    fn responses_are_kept_by_no_cache() {
        let response = Problem::new(ProblemType::VersionSunset).with_retry_after(9).response(TYPE_BASE);
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::CONTENT_LENGTH], response.body().len().to_string());
        assert_eq!(headers[header::RETRY_AFTER], "9");
        assert!(
            !Problem::new(ProblemType::VersionSunset).response(TYPE_BASE).headers().contains_key(header::RETRY_AFTER)
        );
    }
}
