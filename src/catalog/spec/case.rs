//! Cases: what a message of one version is in another, for the tests of changes.

use crate::diagnostic::{Span, Spanned};

/// A test of the changes: a message of one version, and what it is in another. It runs both ways.
///
/// Nothing is run while an api is served. `sunward test` and [`testing`](crate::testing) run the cases of an api.
///
/// ```
/// use sunward::catalog::{Case, Sample};
///
/// let case = Case::new("the state was called status", "GET /orders/{id} -> 200")
///     .with_from(Sample::new("1").with_body(r#"{"id": 7, "status": "paid"}"#))
///     .with_to(Sample::new("2").with_body(r#"{"id": 7, "state": "paid"}"#));
/// # let _ = case;
/// ```
#[derive(Clone, Debug)]
pub struct Case {
    pub(crate) name: Spanned<String>,
    pub(crate) at: Spanned<String>,
    pub(crate) from: Sample,
    pub(crate) to: Sample,
    pub(crate) back: Back,
    pub(crate) exact: bool,
    pub(crate) span: Span,
}

/// What the second message of a [`Case`] is on the way back.
#[derive(Clone, Debug)]
pub(crate) enum Back {
    /// The first one again.
    From,
    /// Another one.
    Other(Box<Sample>),
    /// Nothing is run.
    Off,
}

/// A header's name and values. The span of the values includes the brackets of a list.
pub(crate) type HeaderSpec = (Spanned<String>, Spanned<Vec<Spanned<String>>>);

/// A message of a [`Case`], or the expected error. What is not given is absent, except the path, the status and the
/// Content-Type: these have a default and are not compared.
#[derive(Clone, Debug)]
pub struct Sample {
    pub(crate) version: Spanned<String>,
    pub(crate) path: Option<Spanned<String>>,
    pub(crate) query: Option<Spanned<String>>,
    pub(crate) headers: Vec<HeaderSpec>,
    pub(crate) status: Option<Spanned<u16>>,
    pub(crate) content_type: Option<Spanned<String>>,
    pub(crate) body: Option<Body>,
    pub(crate) error: Option<Spanned<String>>,
}

/// A body as it is written.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Text(Spanned<String>),
    #[cfg_attr(not(feature = "config"), allow(dead_code, reason = "only a file says it"))]
    File(Spanned<String>),
}

// === impl Case ===

impl Case {
    /// A case about the message at a place: `GET /orders/{id} -> 200`, or `POST /orders <-`.
    pub fn new(name: impl Into<String>, at: impl Into<String>) -> Self {
        Self {
            name: Spanned::text(name),
            at: Spanned::text(at),
            from: Sample::new(""),
            to: Sample::new(""),
            back: Back::From,
            exact: false,
            span: Span::NONE,
        }
    }

    /// What comes in.
    #[must_use]
    pub fn with_from(mut self, from: Sample) -> Self {
        self.from = from;
        self
    }

    /// What it becomes.
    #[must_use]
    pub fn with_to(mut self, to: Sample) -> Self {
        self.to = to;
        self
    }

    /// What `to` becomes on the way back, where that is not `from` again. Its version is that of `from`.
    #[must_use]
    pub fn with_back(mut self, back: Sample) -> Self {
        self.back = Back::Other(Box::new(back));
        self
    }

    /// Whether the way back is left out. Default: it is run.
    #[must_use]
    pub fn with_one_way(mut self, one_way: bool) -> Self {
        self.back = if one_way { Back::Off } else { Back::From };
        self
    }

    /// Whether bodies are compared byte by byte, and not by their content. Default: by their content.
    #[must_use]
    pub fn with_exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }
}

// === impl Sample ===

impl Sample {
    /// A message of a version, so far without anything in it.
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            version: Spanned::text(version),
            path: None,
            query: None,
            headers: Vec::new(),
            status: None,
            content_type: None,
            body: None,
            error: None,
        }
    }

    setters! {
        /// The path of a request, below the api's base path: `/orders/7`.
        with_path => path: text, Some;
        /// The query of a request, without the `?`.
        with_query => query: text, Some;
        /// The media type of the body. Default: `application/json`.
        with_content_type => content_type: text, Some;
        /// The message is refused, and the error contains this text.
        with_error => error: text, Some;
    }

    /// The status of a response.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Adds a header field. A field that is added twice has two values.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((Spanned::text(name), vec![Spanned::text(value)].into()));
        self
    }

    /// The body: a text, or a [`serde_json::Value`].
    #[must_use]
    pub fn with_body(mut self, body: impl std::fmt::Display) -> Self {
        self.body = Some(Body::Text(body.to_string().into()));
        self
    }
}
