//! The examples of an OpenAPI document.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

use crate::catalog::Content;
use crate::headers::media::MediaType;
use crate::json::Pointer;

/// A body that an OpenAPI document shows: of a request, or of a response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Example {
    /// Where in the document it is.
    pub pointer: Pointer,
    /// `GET`.
    pub method: String,
    /// The path as the document writes it: `/orders/{id}`.
    pub path: String,
    /// The status of a response, `200` or `4xx`, or `*` for all others; `None` for a request.
    pub status: Option<String>,
    /// Its Content-Type.
    pub content_type: String,
    /// The body as it is spelled.
    pub body: String,
}

/// An OpenAPI document: what it says of itself, and its examples.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenApiExamples {
    /// `info.version`.
    pub version: Option<String>,
    /// The examples, in the order of paths.
    pub examples: Vec<Example>,
}

/// Why a text is no OpenAPI document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenApiError(String);

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/// How many references lead to one another at most.
const MAX_REFERENCES: usize = 16;

type RawMembers<'t> = BTreeMap<String, &'t RawValue>;

/// A value of the document, and where it is.
#[derive(Clone)]
struct Spot<'t> {
    raw: &'t RawValue,
    at: Pointer,
}

struct Reader<'t> {
    root: Spot<'t>,
    examples: Vec<Example>,
}

// === impl OpenApiExamples ===

impl OpenApiExamples {
    /// Reads the examples of an OpenAPI document, version 2 or 3, in JSON: `example` and `examples` of request bodies
    /// and responses, and those of their schemas. `$ref` leads to other places of the same document.
    ///
    /// Bodies that are not JSON are left out, and so are examples in other files.
    ///
    /// ```
    /// use sunward::internals::cases::OpenApiExamples;
    ///
    /// let document = OpenApiExamples::parse(r##"{
    ///   "openapi": "3.1.0", "info": { "version": "2" },
    ///   "paths": { "/orders/{id}": { "get": { "responses": { "200": { "content": { "application/json": {
    ///     "example": { "id": 7, "price": 1.10 }
    ///   } } } } } } }
    /// }"##)?;
    /// assert_eq!(document.version.as_deref(), Some("2"));
    /// assert_eq!(document.examples[0].body, r#"{ "id": 7, "price": 1.10 }"#);
    /// # Ok::<(), sunward::internals::cases::OpenApiError>(())
    /// ```
    ///
    /// # Errors
    /// It is not JSON, or has no `paths`.
    pub fn parse(text: &str) -> Result<Self, OpenApiError> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
            OpenApiError(format!("not JSON: {error}; a YAML document is converted with `yq -o json`, for example"))
        })?;
        let root = Spot { raw, at: Pointer::ROOT };
        let paths = root.member("paths").ok_or_else(|| OpenApiError("an OpenAPI document has `paths`".to_owned()))?;
        let version = root.member("info").and_then(|info| info.member("version")).and_then(|version| version.text());
        let mut reader = Reader { root, examples: Vec::new() };
        for (path, item) in paths.members() {
            let item = reader.resolved(item);
            for method in METHODS {
                if let Some(operation) = item.member(method) {
                    reader.operation(&path, method, &operation);
                }
            }
        }
        Ok(Self { version, examples: reader.examples })
    }
}

// === impl Spot ===

impl<'t> Spot<'t> {
    fn members(&self) -> impl Iterator<Item = (String, Self)> + use<'t> {
        let members: RawMembers<'t> = serde_json::from_str(self.raw.get()).unwrap_or_default();
        let at = self.at.clone();
        members.into_iter().map(move |(name, raw)| (name.clone(), Self { raw, at: at.child(&name) }))
    }

    fn member(&self, name: &str) -> Option<Self> {
        let members: RawMembers<'t> = serde_json::from_str(self.raw.get()).ok()?;
        members.get(name).map(|raw| Self { raw, at: self.at.child(name) })
    }

    fn elements(&self) -> Vec<Self> {
        let elements: Vec<&'t RawValue> = serde_json::from_str(self.raw.get()).unwrap_or_default();
        let value = |(at, raw): (usize, _)| Self { raw, at: self.at.child(&at.to_string()) };
        elements.into_iter().enumerate().map(value).collect()
    }

    fn text(&self) -> Option<String> {
        serde_json::from_str(self.raw.get()).ok()
    }
}

// === impl Reader ===

impl<'t> Reader<'t> {
    /// What a reference leads to; the value itself, if it is none.
    fn resolved(&self, value: Spot<'t>) -> Spot<'t> {
        let mut value = value;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = value.member("$ref").and_then(|reference| reference.text()) else { break };
            let target = reference.strip_prefix('#').and_then(|pointer| Pointer::parse(pointer).ok());
            let target = target.and_then(|pointer| {
                pointer.tokens().iter().try_fold(self.root.clone(), |value, token| value.member(token))
            });
            match target {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    fn operation(&mut self, path: &str, method: &str, operation: &Spot<'t>) {
        if let Some(body) = operation.member("requestBody").map(|body| self.resolved(body)) {
            self.message(path, method, None, &body);
        }
        let responses: Vec<_> = operation.member("responses").iter().flat_map(Spot::members).collect();
        for (status, response) in responses {
            let response = self.resolved(response);
            let status = if status == "default" { "*".to_owned() } else { status.to_lowercase() };
            self.message(path, method, Some(&status), &response);
        }
    }

    fn message(&mut self, path: &str, method: &str, status: Option<&str>, message: &Spot<'t>) {
        let mut found = Vec::new();
        for (content_type, media) in message.member("content").iter().flat_map(Spot::members) {
            found.extend(self.shown(&media).into_iter().map(|value| (content_type.clone(), value)));
        }
        // Version 2: one for each media type.
        if message.member("content").is_none() {
            found.extend(message.member("examples").iter().flat_map(Spot::members));
        }
        for (content_type, value) in found.into_iter().filter(|(content_type, _)| is_document(content_type)) {
            self.examples.push(Example {
                pointer: value.at,
                method: method.to_uppercase(),
                path: path.to_owned(),
                status: status.map(str::to_owned),
                content_type,
                body: value.raw.get().to_owned(),
            });
        }
    }

    /// The examples of a media type; those of its schema, if there are no others.
    fn shown(&self, media: &Spot<'t>) -> Vec<Spot<'t>> {
        let mut found: Vec<Spot<'t>> = media.member("example").into_iter().collect();
        for (_, example) in media.member("examples").iter().flat_map(Spot::members) {
            found.extend(self.resolved(example).member("value"));
        }
        if let (true, Some(schema)) = (found.is_empty(), media.member("schema")) {
            let schema = self.resolved(schema);
            found.extend(schema.member("example"));
            found.extend(schema.member("examples").iter().flat_map(Spot::elements));
        }
        found
    }
}

/// Whether a body of this type is one JSON document, as the example is.
fn is_document(content_type: &str) -> bool {
    let content = MediaType::parse(content_type).and_then(|media| Content::of(&media));
    matches!(content, Some(Content::Json | Content::MergePatch | Content::JsonPatch))
}

// === impl OpenApiError ===

impl fmt::Display for OpenApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenApiError {}
