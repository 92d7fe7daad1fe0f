//! What is answered here and now instead of passing on.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::{Plan, PlanOutcome, Unmigratable};
use crate::coding::WELCOME;
use crate::decide::{Decision, Verdict};
use crate::headers::lifecycle;
use crate::problem::{Problem, ProblemType};
use crate::resolve::{Resolution, ResolveError};
use crate::version::VersionId;

/// A response that is made here. Its headers are not annotated yet: that is done alike for all responses.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The fields.
    pub headers: HeaderMap,
    /// The body; empty for HEAD, whose fields are those of a GET.
    pub body: Vec<u8>,
}

// === impl Plan ===

impl Plan {
    /// The answer, if the request is not to be passed on. It depends on the head alone, so the body need not be read
    /// (RFC 9110 §10.1.1: a final status may be sent at once).
    #[must_use]
    pub(crate) fn answer(&self) -> Option<Answer> {
        match &self.inner.outcome {
            PlanOutcome::Preflight(_) => None,
            PlanOutcome::Refused(refusal) => Some(self.refuse(refusal)),
            PlanOutcome::Decided(resolution, decision) => self.problem(resolution, decision).map(|(problem, retry)| {
                let retry = retry.map(|seconds| (header::RETRY_AFTER, lifecycle::retry_after(seconds)));
                self.render_with(&problem, retry)
            }),
        }
    }

    /// The answer to a message whose body cannot be migrated.
    #[must_use]
    pub(crate) fn failure(&self, failure: &Unmigratable) -> Answer {
        let unsupported = failure.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let welcome = unsupported.then(|| match failure.is_coding() {
            true => (header::ACCEPT_ENCODING, HeaderValue::from_static(WELCOME)),
            false => (self.accept_field(), self.json_type()),
        });
        self.render_with(&failure.problem(), welcome)
    }

    /// The answer when the version that the service speaks does not have the route.
    #[must_use]
    pub(crate) fn no_route_behind(&self) -> Answer {
        let detail = "the service does not have this route yet: retry later, or use a version that has it";
        self.render(
            &Problem::new(ProblemType::RouteAbsent).with_detail(detail).with_supported_versions(self.supported()),
        )
    }

    /// The answer when the response has to be migrated, and the client takes no coding that can be made of it.
    #[must_use]
    pub(super) fn no_coding(&self) -> Answer {
        let detail = format!(
            "no content coding that `Accept-Encoding` allows can be used for this version: allow one of {WELCOME}"
        );
        self.render(&Problem::new(ProblemType::CodingUnacceptable).with_detail(detail))
    }

    /// Any other problem, rendered for this request. Scripts of the origins that the api's [`Cors`](crate::catalog::Cors)
    /// allows may read it.
    #[must_use]
    pub(crate) fn render(&self, problem: &Problem) -> Answer {
        self.render_with(problem, None)
    }

    fn render_with(&self, problem: &Problem, more: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Answer {
        let (parts, body) = problem.response(&self.api().problem_types).into_parts();
        let mut headers = parts.headers;
        if let Ok(date) = HeaderValue::try_from(self.inner.now.http_date()) {
            headers.insert(header::DATE, date);
        }
        for (name, value) in more {
            headers.insert(name, value);
        }
        if let Some(policy) = &self.api().cors {
            policy.grant(self.inner.cors.as_ref().map(|script| &script.origin), &mut headers);
        }
        let body = if self.inner.method == Method::HEAD { Vec::new() } else { body };
        Answer { status: parts.status, headers, body }
    }

    fn refuse(&self, refusal: &ResolveError) -> Answer {
        let mut more = Vec::new();
        let list = |items: Vec<&str>| HeaderValue::try_from(items.join(", ")).ok();
        if refusal.problem.kind() == ProblemType::MethodAbsent {
            let allow = list(refusal.allow.iter().map(|method| &**method).collect());
            more.extend(allow.map(|allow| (header::ALLOW, allow)));
        }
        if refusal.problem.kind() == ProblemType::VersionUnsupportedBody {
            let live = self.api().versions.iter().filter(|version| self.is_live(version.id));
            let types = live.filter_map(|version| version.content_type.as_ref()?.to_str().ok()).collect();
            more.extend(list(types).map(|types| (self.accept_field(), types)));
        }
        self.render_with(&refusal.problem, more)
    }

    /// The field that says beside a 415 which types are taken (RFC 9110 §15.5.16, RFC 5789 §2.2).
    fn accept_field(&self) -> HeaderName {
        let patch = self.inner.method == Method::PATCH;
        if patch { HeaderName::from_static("accept-patch") } else { header::ACCEPT }
    }

    /// The type of JSON that a request of its version has.
    fn json_type(&self) -> HeaderValue {
        let ours = self.request_version().and_then(|version| version.content_type.clone());
        ours.unwrap_or(HeaderValue::from_static("application/json"))
    }

    fn supported(&self) -> Vec<&str> {
        self.inner.catalog.supported(self.api(), self.inner.now)
    }

    /// The versions that would serve this request now, without the one that does not.
    fn usable(&self, resolution: &Resolution, refused: VersionId) -> Vec<&str> {
        let others = self.api().versions.iter().filter(|version| version.id != refused && self.is_live(version.id));
        others.filter(|version| self.would_serve(resolution, version.id)).map(|version| &*version.text).collect()
    }

    /// The problem and the seconds to wait.
    fn problem(&self, resolution: &Resolution, decision: &Decision) -> Option<(Problem, Option<u64>)> {
        let api = self.api();
        let (judged, sunset) = self.inner.judged.unwrap_or((resolution.response, decision.sunset));
        let version = api.version(judged);
        let text = &*version.text;
        let usable = self.usable(resolution, judged);
        let instead =
            if usable.is_empty() { "no other version is available" } else { "use one of `supported_versions`" };
        let common = |kind| {
            let problem = Problem::new(kind).with_api_version(text).with_supported_versions(usable);
            let problem = match version.docs.as_ref().or(api.docs.as_ref()) {
                Some(docs) => problem.with_docs(&**docs),
                None => problem,
            };
            match self.successor(resolution) {
                Some(successor) => problem.with_successor(successor),
                None => problem,
            }
        };
        match decision.verdict {
            Verdict::Serve => None,
            Verdict::Closed => {
                let detail = format!("version {text} is closed to new consumers: {instead}");
                Some((common(ProblemType::VersionClosed).with_detail(detail), None))
            }
            Verdict::Brownout { until, status, retry_after } => {
                let detail =
                    format!("version {text} is in a brownout until {until}, a trial of its retirement: {instead}");
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::GONE);
                let problem = common(ProblemType::VersionBrownout).with_status(status).with_detail(detail);
                let problem = problem.with_retry_after(retry_after);
                let problem = sunset.map_or(problem.clone(), |sunset| problem.with_sunset(sunset));
                Some((problem, Some(retry_after)))
            }
            Verdict::Gone => {
                let sunset = sunset.unwrap_or(self.inner.now);
                let detail = format!("version {text} was retired on {}: {instead}", &sunset.to_string()[..10]);
                Some((common(ProblemType::VersionSunset).with_detail(detail).with_sunset(sunset), None))
            }
        }
    }
}
