//! What a case came to, where that is not what it says.

use std::fmt;

use crate::diagnostic::Span;

/// What one direction of a case came to, where that is not what the case says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The version that the message spoke.
    pub from: Box<str>,
    /// The version that it was migrated to.
    pub to: Box<str>,
    /// Whether this is the way back.
    pub back: bool,
    /// What is not as expected.
    pub mismatches: Vec<Mismatch>,
    /// The body that was expected and the one that came, where they differ.
    pub bodies: Option<Bodies>,
    /// What came in the place of parts of the head, where these are written and can be exchanged: `from` never is.
    pub head: Vec<GotPart>,
}

/// A part of a head that is not as expected, and where the expected one is written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GotPart {
    /// Where the expected value is written.
    pub span: Span,
    /// What came.
    pub value: GotValue,
}

/// What came, as a file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GotValue {
    /// A status.
    Number(u16),
    /// A path or a query.
    Text(String),
    /// The values of a header field.
    Texts(Vec<String>),
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// What it is.
    pub part: MessagePart,
    /// What was expected; `None` for nothing.
    pub expected: Option<String>,
    /// What came; `None` for nothing.
    pub got: Option<String>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessagePart {
    /// The path of a request, below the base path.
    Path,
    /// The query of a request.
    Query,
    /// The status of a response.
    Status,
    /// A header field.
    Header(String),
    /// The whole body.
    Body,
    /// A value in the body, by its JSON Pointer, with the number of its line in a body of lines.
    Value(String),
    /// Whether the message is refused, and the error.
    Error,
    /// What a second way of running the same steps gives: the reference interpreter, or the engine fed byte by byte. The
    /// fault is not in the change: it is a bug of this crate.
    Agreement(&'static str),
}

/// A body that is not as expected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bodies {
    /// What was expected.
    pub expected: Vec<u8>,
    /// What came.
    pub got: Vec<u8>,
    /// Where the expected body is written, if it can be exchanged for what came: `from` never is.
    pub written: Option<WrittenBody>,
}

/// Where a body is written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WrittenBody {
    /// The body in the file, or the path of its own file.
    pub span: Span,
    /// The path as it is written, where the body is in a file of its own.
    pub file: Option<Box<str>>,
}

// === impl Failure ===

/// Several lines, each indented.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More differences than this are only counted.
        const SHOWN: usize = 12;
        writeln!(f, "  {}from {} to {}:", if self.back { "and back, " } else { "" }, self.from, self.to)?;
        let bodies = self.bodies.as_ref().filter(|bodies| bodies.expected.len().max(bodies.got.len()) <= 2000);
        for mismatch in self.mismatches.iter().take(SHOWN) {
            match &mismatch.part {
                // It follows, as it is.
                MessagePart::Body if bodies.is_some() => writeln!(f, "    body:")?,
                _ => writeln!(f, "    {mismatch}")?,
            }
        }
        if self.mismatches.len() > SHOWN {
            writeln!(f, "    and {} more", self.mismatches.len() - SHOWN)?;
        }
        let Some(bodies) = bodies else { return Ok(()) };
        writeln!(f, "    expected: {}", indented(&bodies.expected))?;
        writeln!(f, "    got:      {}", indented(&bodies.got))
    }
}

// === impl Mismatch ===

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected.as_deref().map_or("nothing".to_owned(), excerpt);
        let got = self.got.as_deref().map_or("nothing".to_owned(), excerpt);
        match &self.part {
            MessagePart::Error => return write!(f, "expected {expected}, got {got}"),
            MessagePart::Agreement(way) => {
                return write!(f, "the engine gives {expected}, and {way} gives {got}: please report it");
            }
            MessagePart::Path => f.write_str("path")?,
            MessagePart::Query => f.write_str("query")?,
            MessagePart::Status => f.write_str("status")?,
            MessagePart::Header(name) => write!(f, "header {name}")?,
            MessagePart::Body => f.write_str("body")?,
            MessagePart::Value(place) => f.write_str(place)?,
        }
        write!(f, ": expected {expected}, got {got}")
    }
}

/// A body below the first line of a list.
fn indented(body: &[u8]) -> String {
    match String::from_utf8_lossy(body).trim_end() {
        "" => "nothing".to_owned(),
        body => body.replace('\n', "\n              "),
    }
}

/// A value on one line, short enough to be read.
fn excerpt(text: &str) -> String {
    const SHORT: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
