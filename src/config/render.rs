//! Findings as people read them, and as programs do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use serde_json::{Value, json};

use super::sources::SourceMap;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Span};

/// The findings with the lines they are about, as a compiler shows them; `color` with the escapes of a terminal.
#[must_use]
pub fn render(diagnostics: &Diagnostics, sources: &SourceMap, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for found in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&renderer.render(&[group(found, sources)]));
        out.push('\n');
    }
    out
}

/// The findings as an array of `{ severity, code, message, help, file, line, column }`, line and column from 1.
#[must_use]
pub fn to_json(diagnostics: &Diagnostics, sources: &SourceMap) -> Value {
    diagnostics.iter().map(|found| object(found, sources)).collect()
}

fn group<'s>(found: &'s Diagnostic, sources: &'s SourceMap) -> Group<'s> {
    let level = match found.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(normalize_untrusted_str(found.message())).id(found.code());
    let mut group = Group::with_title(title);
    if let Some((file, span)) = sources.find(sources.place(found)) {
        let annotation = AnnotationKind::Primary.span(range(span, file.text()));
        group = group.element(Snippet::source(file.text()).path(file.name()).annotation(annotation));
    }
    match found.help_text() {
        Some(help) => group.element(Level::HELP.message(normalize_untrusted_str(help))),
        None => group,
    }
}

/// The bytes to underline: on character boundaries, within the source, and of a table no more than its first line.
fn range(span: Span, source: &str) -> Range<usize> {
    let start = boundary(source, span.start());
    let end = boundary(source, span.end()).max(start);
    let line = source[start..end].find(['\r', '\n']).unwrap_or(end - start);
    start..start + line
}

fn boundary(source: &str, at: usize) -> usize {
    let at = at.min(source.len());
    (0..=at).rev().find(|at| source.is_char_boundary(*at)).unwrap_or_default()
}

fn object(found: &Diagnostic, sources: &SourceMap) -> Value {
    let (line, column) = sources.line_column(sources.place(found)).unzip();
    let file = sources.find(found.span()).map_or(sources.name(), |(file, _)| file.name());
    let severity = match found.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "severity": severity,
        "code": found.code(),
        "message": found.message(),
        "help": found.help_text(),
        "file": file,
        "line": line,
        "column": column,
    })
}
