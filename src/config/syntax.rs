//! Text that is not TOML: what is wrong with it, and not what follows from that.
//!
//! Behind an error, the TOML reader takes all that follows for something else: an array that is not closed runs to the
//! end of the file, and each of its lines is an error. So the text is taken apart at the lines that begin a table or a
//! key, and each part has at most one error of its own.

use std::ops::Range;

use toml::de::DeTable;

use super::node::FileText;
use super::sources::SourceFile;
use crate::diagnostic::Diagnostic;

/// How many parts an array or a string may run over before it counts as not closed.
const MAX_JOINED: usize = 16;

/// The document, or what is wrong with its syntax, in order.
pub(super) fn parse(source: &SourceFile) -> Result<toml::Spanned<DeTable<'_>>, Vec<Diagnostic>> {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if errors.is_empty() {
        return Ok(document);
    }
    let mut own = Vec::new();
    // A key that is there twice is no reason to misread the rest.
    if errors.iter().any(|error| !is_duplicate(error)) {
        let text = source.text();
        for table in broken(text, &parts(text, 0..text.len(), is_header)) {
            let statements = broken(text, &parts(text, table.clone(), is_key));
            // Together they may be wrong where each of them is not.
            let broken = if statements.is_empty() { vec![table] } else { statements };
            own.extend(broken.into_iter().filter_map(|part| first_error(text, part)));
        }
    }
    let found = |(error, at): &(toml::de::Error, usize)| diagnostic(error, *at, source);
    Err(match own.is_empty() {
        true => errors.into_iter().map(|error| found(&(error, 0))).collect(),
        false => own.iter().map(found).collect(),
    })
}

fn is_duplicate(error: &toml::de::Error) -> bool {
    error.message() == "duplicate key"
}

/// The first error of a part, and where the part starts.
fn first_error(text: &str, part: Range<usize>) -> Option<(toml::de::Error, usize)> {
    let start = part.start;
    let errors = DeTable::parse_recoverable(&text[part]).1.into_iter();
    // A string that is not closed closes nothing around it either.
    let rank = |error: &toml::de::Error| (error.span().unwrap_or_default().start, !error.message().contains("string"));
    errors.min_by_key(rank).map(|error| (error, start))
}

/// The parts that are no TOML, where it is not only that they end too early.
fn broken(text: &str, parts: &[Range<usize>]) -> Vec<Range<usize>> {
    let reads = |range: Range<usize>| DeTable::parse_recoverable(&text[range]).1.is_empty();
    let mut broken = Vec::new();
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let ends = parts[at..].iter().take(MAX_JOINED).map(|last| last.end);
        match ends.into_iter().position(|end| reads(part.start..end)) {
            Some(joined) => at += joined + 1,
            None => {
                broken.push(part.clone());
                at += 1;
            }
        }
    }
    broken
}

/// The text, cut in front of each line that begins something.
fn parts(text: &str, whole: Range<usize>, begins: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut starts = vec![whole.start];
    let mut at = whole.start;
    let mut quotes = None;
    for line in text[whole.clone()].split_inclusive('\n') {
        if at > whole.start && quotes.is_none() && begins(line) {
            starts.push(at);
        }
        quotes = open_quotes(quotes, line);
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([whole.end]).collect::<Vec<_>>();
    starts.into_iter().zip(ends).map(|(start, end)| start..end).collect()
}

/// The quotes of the multi-line string that is open behind a line.
fn open_quotes(mut open: Option<&'static str>, mut line: &str) -> Option<&'static str> {
    loop {
        let wanted = open.as_slice();
        let wanted = if wanted.is_empty() { &["\"\"\"", "'''"][..] } else { wanted };
        let next = wanted.iter().filter_map(|quotes| Some((line.find(quotes)?, *quotes))).min();
        let Some((at, quotes)) = next else { return open };
        line = &line[at + quotes.len()..];
        open = if open.is_some() { None } else { Some(quotes) };
    }
}

/// `[table]` or `[[table]]`, though a bracket may be missing.
fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim();
    let name = line.trim_matches(['[', ']']);
    let brackets = line.len() - name.len();
    brackets >= 2 && line.starts_with('[') && !name.is_empty() && name.chars().all(is_part_of_name)
        || brackets == 3 && line.ends_with("]]") && name.chars().all(is_part_of_name)
}

/// `key = …`, at the start of its line.
fn is_key(line: &str) -> bool {
    let name = line.split_once('=').map(|(name, _)| name.trim_end());
    name.is_some_and(|name| !name.is_empty() && name.chars().all(is_part_of_name))
}

fn is_part_of_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.')
}

fn diagnostic(error: &toml::de::Error, at: usize, source: &SourceFile) -> Diagnostic {
    let range = error.span().unwrap_or_default();
    let range = range.start + at..range.end + at;
    // A span without an end would pass for none.
    let end = range.end.max(usize::from(!source.text().is_empty()));
    let span = FileText::new(source).span(range.start..end);
    match source.text().get(range) {
        Some(key) if is_duplicate(error) => {
            Diagnostic::error("duplicate-key", format!("the key `{key}` is defined twice"), span)
                .help("remove one; for several tables, write two brackets: `[[api]]`")
        }
        _ => Diagnostic::error("syntax", format!("invalid TOML: {}", error.message()), span),
    }
}
