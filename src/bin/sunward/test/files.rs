//! The files of a test run: read, and written again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use sunward::catalog::Catalog;
use sunward::clock::Timestamp;
use sunward::config::{self, SourceMap};
use sunward::consumer::ConsumerSecret;
use sunward::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use sunward::gateway::{self, environment};
use sunward::internals::cases::{self, GotValue, WrittenBody};
use sunward::internals::{SUGGESTED, suggestion};

use super::super::bodies;
use super::{Suite, SuiteCase};

/// What is to be written.
#[derive(Default)]
pub(super) struct Edits {
    /// Values in the files of cases.
    values: BTreeMap<PathBuf, EditedFile>,
    /// Files that are one body.
    files: BTreeMap<PathBuf, String>,
}

/// A file, and what takes the place of what in it.
struct EditedFile {
    text: String,
    edits: Vec<(Range<usize>, GotValue)>,
}

// === impl Suite ===

impl Suite {
    /// Reads and checks the config, and all cases.
    pub(super) fn open(path: &Path, cases: &[PathBuf], now: Timestamp) -> Result<Self, String> {
        let color = crate::color(io::stderr());
        let shown = |found: &Diagnostics, sources: &SourceMap| config::render(found, sources, color);
        let config = gateway::open(path, &|text| text).map_err(|error| error.render(color))?;
        let catalog = catalog(&config, now).map_err(|found| shown(&found, &config))?;
        let texts = texts(cases)?;
        let (mut items, mut found) = (Vec::new(), Diagnostics::new());
        for (api, entry) in catalog.apis().iter().enumerate() {
            items.extend(cases::declared(entry).iter().map(|case| SuiteCase {
                api,
                entry: case.clone(),
                in_config: true,
            }));
        }
        items.iter_mut().for_each(|item| bodies::read(&mut item.entry, &config, &mut found));
        if found.has_errors() {
            return Err(shown(&found, &config));
        }
        let mut named = named(&catalog, &texts, &mut found);
        named.iter_mut().for_each(|item| bodies::read(&mut item.entry, &texts, &mut found));
        if found.has_errors() {
            found.sort();
            return Err(shown(&found, &texts));
        }
        items.extend(named);
        Ok(Self { catalog: Arc::new(catalog), items, config, cases: texts })
    }
}

/// The apis of a config. Variables of the environment need not be set, and keys of consumers are not hashed under the real
/// secret: they matter only to a gateway.
fn catalog(sources: &SourceMap, now: Timestamp) -> Result<Catalog, Diagnostics> {
    let (config, all) = config::read_all(sources, &environment);
    let mut found = Diagnostics::new();
    all.iter().filter(|finding| finding.code() != "unset-variable").for_each(|finding| found.push(finding.clone()));
    let Some(config) = config.filter(|_| !found.has_errors()) else { return Err(found) };
    let Ok(stand_in) = ConsumerSecret::new([0; 32]) else { unreachable!("it is long enough") };
    Catalog::at(config.into_apis().into_iter().map(|api| api.with_consumer_secret(stand_in.clone())), now)
}

/// The files of cases, those of a folder by name.
fn texts(paths: &[PathBuf]) -> Result<SourceMap, String> {
    let unreadable = |path: &Path, error: io::Error| format!("error: cannot read {}: {error}\n", path.display());
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        collect(path, &mut files).map_err(|error| unreadable(path, error))?;
        if files.len() == before {
            return Err(format!("error: {} has no file `*.toml`\n", path.display()));
        }
    }
    let mut sources = SourceMap::default();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        sources = sources.with_file(path, text);
    }
    Ok(sources)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "toml") {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

/// The cases of files of their own.
fn named(catalog: &Catalog, texts: &SourceMap, found: &mut Diagnostics) -> Vec<SuiteCase> {
    let (named, more) = cases::read_cases(texts);
    found.append(more);
    let mut items = Vec::new();
    for named in &named {
        let place = named.span();
        let Some(api) = api(catalog, named.api.as_ref(), place, found) else { continue };
        let entry = cases::read(&catalog.apis()[api], &named.case, found);
        items.extend(entry.map(|entry| SuiteCase { api, entry, in_config: false }));
    }
    items
}

fn api(catalog: &Catalog, name: Option<&Spanned<String>>, case: Span, found: &mut Diagnostics) -> Option<usize> {
    let known: Vec<&str> = catalog.apis().iter().map(|api| api.name()).collect();
    let all = || format!("known: `{}`", known.join("`, `"));
    let (message, span, help) = match name {
        None if known.len() == 1 => return Some(0),
        None => ("the case does not name its api".to_owned(), case, format!("add `api`; {}", all())),
        Some(name) => match known.iter().position(|known| **known == **name) {
            Some(at) => return Some(at),
            None => (format!("unknown api `{}`", name.value), name.span, suggestion(name, &known, SUGGESTED)),
        },
    };
    found.push(Diagnostic::error("unknown-api", message, span).help(help));
    None
}

/// What came, as TOML.
fn written(got: &GotValue, old: &str) -> String {
    match got {
        GotValue::Number(number) => number.to_string(),
        GotValue::Text(text) => cases::quoted(text, old),
        GotValue::Texts(list) if list.len() == 1 => cases::quoted(&list[0], old),
        GotValue::Texts(list) => {
            format!("[{}]", list.iter().map(|text| cases::quoted(text, old)).collect::<Vec<_>>().join(", "))
        }
        _ => old.to_owned(),
    }
}

// === impl Edits ===

impl Edits {
    /// Exchanges a body for what came. Says whether there is a place to write it to.
    pub(super) fn add(&mut self, sources: &SourceMap, written: &WrittenBody, got: &str) -> bool {
        if let Some(path) = &written.file {
            self.files.insert(bodies::beside(sources, written.span, path), got.to_owned());
            return true;
        }
        self.add_value(sources, written.span, GotValue::Text(got.to_owned()))
    }

    /// Exchanges a value for what came. Says whether it is in a file.
    pub(super) fn add_value(&mut self, sources: &SourceMap, span: Span, got: GotValue) -> bool {
        let Some((file, span)) = sources.find(span) else { return false };
        let text = || EditedFile { text: file.text().to_owned(), edits: Vec::new() };
        let edits = &mut self.values.entry(file.path().to_owned()).or_insert_with(text).edits;
        edits.push((span.start()..span.end(), got));
        true
    }

    /// Writes the files.
    pub(super) fn write(self) -> Result<(), String> {
        let exchanged = self.values.into_iter().map(|(path, EditedFile { text, mut edits })| {
            // From the last to the first, so that what is before each stays where it is.
            edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
            edits.dedup_by_key(|(range, _)| range.start);
            let text = edits.into_iter().fold(text, |text, (range, got)| {
                let written = written(&got, text.get(range.clone()).unwrap_or_default());
                cases::replace(&text, range, &written)
            });
            (path, text)
        });
        for (path, text) in exchanged.chain(self.files) {
            let written = fs::write(&path, text);
            written.map_err(|error| format!("error: cannot write {}: {error}\n", path.display()))?;
        }
        Ok(())
    }
}
