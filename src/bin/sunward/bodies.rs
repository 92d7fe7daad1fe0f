//! The bodies of cases that are in files of their own.

use std::fs;
use std::path::PathBuf;

use sunward::config::SourceMap;
use sunward::diagnostic::{Diagnostic, Diagnostics, Span};
use sunward::internals::cases::CaseEntry;

/// Reads them and checks their syntax. Paths are relative to the file that names them.
pub(crate) fn read(entry: &mut CaseEntry, sources: &SourceMap, found: &mut Diagnostics) {
    let read = |span, path: &str| {
        let path = beside(sources, span, path);
        fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    match entry.read_bodies(read) {
        Ok(()) => found.append(entry.wrong_bodies()),
        Err((span, message)) => {
            found.push(Diagnostic::error("unreadable-body", message, span).help("paths are relative to this file"));
        }
    }
}

pub(crate) fn beside(sources: &SourceMap, span: Span, path: &str) -> PathBuf {
    let folder = sources.find(span).and_then(|(file, _)| file.path().parent());
    folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
}
