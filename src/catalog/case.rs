//! Cases, checked: their places, versions and heads are those of an api.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;

use super::Content;
use super::case_entry::{BackEntry, BodyEntry, CaseEntry, SampleEntry, WrittenHead};
use super::entry::ApiEntry;
use super::router::RouteId;
use super::spec::{Api, Back, Body, Case, Sample};
use crate::change::{Location, Message, PlaceError, RouteName};
use crate::diagnostic::{Diagnostic, Diagnostics, SUGGESTED, Span, Spanned, suggestion};
use crate::version::VersionId;

/// Reads the cases of all apis. Their spans are those of the specs.
pub(super) fn read_all(specs: &[Api], apis: &mut [ApiEntry], found: &mut Diagnostics) {
    for (spec, api) in specs.iter().zip(apis) {
        let cases: Vec<CaseEntry> = spec.cases.iter().filter_map(|case| api.case(case, found)).collect();
        api.cases = cases.into();
    }
}

// === impl ApiEntry ===

impl ApiEntry {
    /// Checks a case of this api. What is wrong goes to `found`, and then there is nothing to run.
    pub(crate) fn case(&self, case: &Case, found: &mut Diagnostics) -> Option<CaseEntry> {
        let before = found.errors();
        let mut reader = CaseReader { api: self, found };
        let place = reader.place(&case.at);
        let message = place.as_ref().map(|(_, message)| *message);
        let from = reader.sample(&case.from, message, None);
        let to = reader.sample(&case.to, message, None).map(|to| to.typed_as(from.as_ref()));
        let back = match &case.back {
            Back::From => Some(BackEntry::From),
            Back::Off => Some(BackEntry::Off),
            Back::Other(back) => {
                // Even if `from` is wrong, the rest of `back` is checked.
                let version = from.as_ref().map_or(VersionId::new(0), |from| from.version);
                let back = reader.sample(back, message, Some(version)).map(|back| back.typed_as(from.as_ref()));
                back.map(|back| BackEntry::Other(Box::new(back)))
            }
        };
        if let Some(error) = &case.from.error {
            reader.error("case-error", "`from` cannot have `error`".to_owned(), error.span, "remove it");
        }
        let ((route, message), mut from, mut to, mut back) = (place?, from?, to?, back?);
        if reader.reads_body(route, message, [&from, &to]) {
            // What is refused may be refused for its syntax.
            let other = if let BackEntry::Other(back) = &mut back { Some(&mut **back) } else { None };
            let bodies = [Some(&mut from).filter(|_| to.error.is_none()), Some(&mut to), other];
            bodies.into_iter().flatten().for_each(|sample| reader.syntax(sample));
        }
        for (sample, entry) in [(&case.from, &from), (&case.to, &to)] {
            reader.has_route(route, &sample.version, entry.version);
        }
        (reader.found.errors() == before).then(|| CaseEntry {
            name: case.name.as_str().into(),
            at: case.at.as_str().into(),
            route,
            message,
            from,
            to,
            back,
            exact: case.exact,
            span: case.span,
        })
    }
}

/// Reads one case.
struct CaseReader<'a> {
    api: &'a ApiEntry,
    found: &'a mut Diagnostics,
}

// === impl CaseReader ===

impl CaseReader<'_> {
    fn error(&mut self, code: &'static str, message: String, span: Span, help: impl Into<String>) {
        self.found.push(Diagnostic::error(code, message, span).help(help));
    }

    fn place(&mut self, at: &Spanned<String>) -> Option<(RouteId, Message)> {
        let place = match at.parse::<Location>() {
            Ok(place) => place,
            Err(e) => {
                let e: PlaceError = e;
                self.error("bad-place", e.to_string(), at.span, e.help());
                return None;
            }
        };
        if !place.pattern.is_root() {
            let message = format!("`{}` names a part of a message", at.value);
            self.error("case-place", message, at.span, "remove the pattern: a case has a whole message");
            return None;
        }
        match self.api.route_named(&place.route) {
            Some(route) => Some((route.id, place.message)),
            None => {
                self.unknown_route(&place.route, at.span);
                None
            }
        }
    }

    fn unknown_route(&mut self, name: &RouteName, span: Span) {
        let known: Vec<String> = self.api.routes.iter().map(|route| route.history.name.to_string()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let help = match (self.api.renamed(name), &known[..]) {
            (Some(newest), _) => format!("write `{newest}`, its name in the newest version"),
            (None, []) => "the api has no routes: no change and no `[[api.route]]` declares one".to_owned(),
            (None, known) => {
                let names = suggestion(&name.to_string(), known, SUGGESTED);
                format!("use the name of the newest version that has the route; {names}")
            }
        };
        self.error("unknown-route", format!("unknown route `{name}` of `{}`", self.api.name), span, help);
    }

    fn has_route(&mut self, route: RouteId, text: &Spanned<String>, version: VersionId) {
        if self.api.route(route).history.name_in(version).is_none() {
            let message = format!("version `{}` does not have the route", self.api.version(version).text);
            self.error("no-route-in-version", message, text.span, "use a version that has it");
        }
    }

    /// One message; of the way back, the version is known.
    fn sample(&mut self, sample: &Sample, message: Option<Message>, version: Option<VersionId>) -> Option<SampleEntry> {
        let before = self.found.errors();
        let version = version.or_else(|| self.version(&sample.version));
        match message {
            Some(Message::Request) => {
                self.absent("status", sample.status.as_ref().map(|status| status.span), "a request")
            }
            Some(Message::Response(_)) => {
                self.absent("query", sample.query.as_ref().map(|query| query.span), "a response");
            }
            None => {}
        }
        let headers = self.headers(sample);
        self.target(sample);
        self.alone(sample);
        let status = sample.status.as_ref().map(|status| status.value);
        if let Some(status) = sample.status.as_ref().filter(|status| !(100..=599).contains(&status.value)) {
            self.error(
                "bad-status",
                format!("`{}` is not a status", status.value),
                status.span,
                "use a number from \
                 100 to 599",
            );
        }
        let sample = SampleEntry {
            version: version?,
            path: sample.path.as_ref().map(|path| path.as_str().into()),
            query: sample.query.as_ref().map_or(Box::default(), |query| query.as_str().into()),
            headers,
            status,
            body: sample.body.as_ref().map(BodyEntry::from),
            error: sample.error.as_ref().map(|error| error.as_str().into()),
            inherited: None,
            written: WrittenHead::from(sample),
        };
        (self.found.errors() == before).then_some(sample)
    }

    /// Whether a change does something to the body.
    fn reads_body(&self, route: RouteId, message: Message, [from, to]: [&SampleEntry; 2]) -> bool {
        let history = &self.api.route(route).history;
        let chain = match message {
            Message::Request => Some(&history.request),
            Message::Response(of) => {
                history.responses.iter().find(|(known, _)| known.covers(of)).map(|(_, chain)| chain)
            }
        };
        chain.is_some_and(|chain| !chain.between(from.version, to.version).is_empty())
    }

    /// A body that should be JSON, and is not. One of a file of its own is looked at when that is read.
    fn syntax(&mut self, sample: &mut SampleEntry) {
        let content = sample.content();
        let (Some(body), Some(content)) = (&mut sample.body, content) else { return };
        body.content = Some(content);
        if body.file.is_none() {
            body.syntax_error().into_iter().for_each(|finding| self.found.push(finding));
        }
    }

    fn version(&mut self, text: &Spanned<String>) -> Option<VersionId> {
        let found = self.api.lookup(text);
        if found.is_none() {
            let known: Vec<&str> = self.api.versions.iter().map(|version| &*version.text).collect();
            let help = suggestion(text, &known, SUGGESTED);
            let message = format!("unknown version `{}` of `{}`", text.value, self.api.name);
            self.error("unknown-version", message, text.span, help);
        }
        found
    }

    fn absent(&mut self, key: &str, span: Option<Span>, what: &str) {
        if let Some(span) = span {
            self.error("case-head", format!("{what} has no {key}"), span, "remove it");
        }
    }

    /// An error stands for the whole message.
    fn alone(&mut self, sample: &Sample) {
        let Some(error) = &sample.error else { return };
        let others = sample.body.is_some()
            || sample.status.is_some()
            || sample.path.is_some()
            || sample.query.is_some()
            || sample.content_type.is_some()
            || !sample.headers.is_empty();
        if others {
            let message = "`error` cannot be combined with the content of a message".to_owned();
            self.error("case-error", message, error.span, "keep `version` and `error`, or remove `error`");
        }
        if error.is_empty() {
            self.error("empty-text", "`error` is empty".to_owned(), error.span, "write a part of the error message");
        }
    }

    fn target(&mut self, sample: &Sample) {
        for (key, text, start) in [("path", &sample.path, "/"), ("query", &sample.query, "?")] {
            let Some(text) = text else { continue };
            let wrong = match start {
                "/" => !text.starts_with('/') || text.contains(['?', '#']),
                _ => text.starts_with('?') || text.contains('#'),
            };
            let target = if start == "/" { text.value.clone() } else { format!("/?{}", text.value) };
            if wrong || PathAndQuery::try_from(target).is_err() {
                let message = format!("`{}` is not a valid {key}", text.value);
                let help = "a path begins with `/`, a query does not begin with `?`, and both are percent-encoded";
                self.error("bad-target", message, text.span, help);
            }
        }
    }

    fn headers(&mut self, sample: &Sample) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, values) in &sample.headers {
            match HeaderName::try_from(name.as_str()) {
                Ok(header::CONTENT_TYPE) => {
                    let message = "`headers` cannot set the Content-Type".to_owned();
                    self.error("case-head", message, name.span, "write `content_type = \"…\"`");
                }
                Ok(key) => values.value.iter().for_each(|text| self.field(&mut headers, key.clone(), text)),
                Err(_) => {
                    let message = format!("`{}` is not a valid header name", name.value.escape_debug());
                    self.error("bad-header", message, name.span, "use letters, digits and hyphens only");
                }
            }
        }
        if let Some(text) = &sample.content_type {
            self.field(&mut headers, header::CONTENT_TYPE, text);
        }
        headers
    }

    fn field(&mut self, headers: &mut HeaderMap, name: HeaderName, text: &Spanned<String>) {
        match HeaderValue::try_from(text.as_str()) {
            Ok(value) => drop(headers.append(name, value)),
            Err(_) => {
                let message = format!("`{}` is not a valid header value", text.value.escape_debug());
                self.error("bad-header", message, text.span, "remove control characters");
            }
        }
    }
}

// === impl SampleEntry ===

impl SampleEntry {
    /// How its body contains JSON.
    fn content(&self) -> Option<Content> {
        match self.headers.get(header::CONTENT_TYPE).or(self.inherited.as_ref()) {
            Some(media) => Content::from_content_type(media.to_str().ok()?),
            None => Some(Content::Json),
        }
    }

    fn typed_as(mut self, from: Option<&Self>) -> Self {
        self.inherited = from.and_then(|from| from.headers.get(header::CONTENT_TYPE).cloned());
        self
    }
}

// === impl WrittenHead ===

impl From<&Sample> for WrittenHead {
    fn from(sample: &Sample) -> Self {
        let of = |text: &Option<Spanned<String>>| text.as_ref().map_or(Span::NONE, |text| text.span);
        let field = |(name, values): &(Spanned<String>, Spanned<Vec<Spanned<String>>>)| {
            Some((HeaderName::try_from(name.as_str()).ok()?, values.span))
        };
        let content_type = sample.content_type.as_ref().map(|text| (header::CONTENT_TYPE, text.span));
        Self {
            path: of(&sample.path),
            query: of(&sample.query),
            status: sample.status.as_ref().map_or(Span::NONE, |status| status.span),
            headers: sample.headers.iter().filter_map(field).chain(content_type).collect(),
        }
    }
}

// === impl BodyEntry ===

impl From<&Body> for BodyEntry {
    fn from(body: &Body) -> Self {
        match body {
            Body::Text(text) => Self { bytes: text.as_bytes().to_vec(), span: text.span, ..Self::default() },
            Body::File(path) => Self { span: path.span, file: Some(path.as_str().into()), ..Self::default() },
        }
    }
}
