//! `sunward migrate`: try a change in the shell, on a body of any size.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use sunward::catalog::{Content, Migration};
use sunward::json::{Framed, Framing, MigrateError, MigrateOptions};

use super::input::{Input, NextChunk};
use super::place::SelectionArgs;
use super::progress::Progress;

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SelectionArgs,
    /// The content type of the body: a JSON type, application/x-www-form-urlencoded, or multipart/form-data with its boundary.
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
    /// A parameter of the path of the request, decoded, for templates that contain it: `id=7`. Repeat it for more.
    #[arg(long = "path-parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    path_parameters: Vec<(String, String)>,
    /// Decompresses the input if its first bytes are those of gzip or zstd; the output is not compressed.
    #[arg(long)]
    decompress: bool,
    /// The most bytes of one document that are held: a value that moves is held until its new position is reached, and a
    /// patch is held as a whole.
    #[arg(long, value_name = "BYTES", default_value_t = MigrateOptions::default().max_bytes(), value_parser = at_least_one)]
    held_bytes: usize,
}

const HELP: &str = "Up to 64 KiB of input are migrated before anything is written. Larger documents, and streams of \
     lines, events, sequences or concatenated documents, are migrated as they are read, in bounded memory; if that \
     fails, the output is incomplete and the exit code is 1. Patches and urlencoded forms are read completely, up to --held-bytes. \
     Streams are flushed when the input pauses. Declared links stay as they are, since there is no request \
     to resolve them against.";

/// Up to so much input nothing is written before it is migrated.
const WHOLE: usize = 64 * 1024;
/// How long documents that are there wait for more input.
const PAUSE: Duration = Duration::from_millis(200);

/// Why it ended early.
enum MigrateFailure {
    /// The reader of the output has closed it.
    Closed,
    /// The message for standard error.
    Failed(String),
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = match super::open(&args.place.file.path, args.place.now) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let found = content(&args.content_type, args.place.request)
        .and_then(|content| Ok((content, args.place.migration(&loaded.catalog)?)));
    let (content, migration) = match found {
        Ok(found) => found,
        Err(message) => return super::misused(&format!("error: {message}")),
    };
    if migration.is_empty() {
        super::tell(&format!("note: the body is copied: {}\n", args.place.why_nothing(&loaded.catalog)));
    }
    let parameters = args.path_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let options = MigrateOptions::default().with_max_bytes(args.held_bytes).with_path_parameters(parameters);
    let content = content.with_field_names(migration.field_names());
    let mut migration = migration.with_options(options);
    let boundary = Content::boundary(&args.content_type);
    if let (Content::Multipart(_), Some(boundary)) = (content, &boundary) {
        migration = migration.with_boundary(boundary);
    }
    let mut input = Input::stdin(args.decompress);
    let migrated = migrate(&migration, content, &mut input, args.held_bytes);
    match migrated {
        Ok([passed, collisions]) => {
            report("a value that could not be migrated was left unchanged", passed);
            report("a value was in the place where an op had to write", collisions);
            ExitCode::SUCCESS
        }
        // As for any command of a pipe: `| head` is no failure.
        Err(MigrateFailure::Closed) => ExitCode::SUCCESS,
        Err(MigrateFailure::Failed(message)) => {
            let hint = input.coding().map(|coding| format!("; the input is {}: pass --decompress", coding.name()));
            super::tell(&format!("error: {message}{}\n", hint.unwrap_or_default()));
            ExitCode::from(super::FAILED)
        }
    }
}

/// Returns how many values passed unchanged (`on_error = "pass"`), and how many collisions there were.
fn migrate(
    migration: &Migration<'_>,
    content: Content,
    input: &mut Input,
    held_bytes: usize,
) -> Result<[u64; 2], MigrateFailure> {
    let stream = migration.stream(content);
    let limit = if stream.is_some() { WHOLE } else { held_bytes };
    let many = content.framing().is_some_and(|framing| framing != Framing::Document);
    let (mut held, mut ended) = (Vec::new(), false);
    while !ended && held.len() <= limit {
        let pause = Some(PAUSE).filter(|_| many && !held.is_empty());
        match input.next(pause).map_err(MigrateFailure::Failed)? {
            NextChunk::Chunk(chunk) => held.extend(chunk),
            NextChunk::Pause => break,
            NextChunk::End => ended = true,
        }
    }
    match stream {
        // All of it can be placed well, and nothing is written unless it is migrated.
        _ if ended => {
            let migrated = migration.run(content, &held).map_err(|error| {
                let line = stream.and_then(|framed| refused_line(framed, &held)).map(in_line).unwrap_or_default();
                MigrateFailure::Failed(format!("{error}{line}"))
            })?;
            write(&migrated.body)?;
            Ok([migrated.passed, migrated.collisions])
        }
        Some(framed) => pass(framed.with_hold_limit(held_bytes), held, input),
        None => {
            Err(MigrateFailure::Failed(format!("the patch or form is larger than {limit} bytes: raise --held-bytes")))
        }
    }
}

fn pass(mut framed: Framed, held: Vec<u8>, input: &mut Input) -> Result<[u64; 2], MigrateFailure> {
    let mut progress = Progress::new(std::io::stderr().is_terminal());
    let (mut read, mut written, mut out) = (0, 0, Vec::new());
    let mut next = NextChunk::Chunk(held);
    loop {
        let fed = match &next {
            NextChunk::Chunk(chunk) => {
                read += chunk.len();
                framed.feed(chunk, &mut out)
            }
            NextChunk::Pause => Ok(()),
            NextChunk::End => framed.finish(&mut out),
        };
        fed.map_err(|error| {
            progress.clear();
            MigrateFailure::Failed(format!("{}{}", broke(&error, framed.line(), read), cut(written)))
        })?;
        write(&out)?;
        written += out.len();
        progress.at(read, out.len());
        out.clear();
        if matches!(next, NextChunk::End) {
            progress.clear();
            return Ok([framed.passed(), framed.collisions()]);
        }
        next = input.next(None).map_err(|message| {
            progress.clear();
            MigrateFailure::Failed(format!("{message}{}", cut(written)))
        })?;
    }
}

/// The line that a whole body is refused for.
fn refused_line(mut framed: Framed, body: &[u8]) -> Option<u64> {
    let mut out = Vec::new();
    let refused = framed.feed(body, &mut out).and_then(|()| framed.finish(&mut out)).is_err();
    framed.line().filter(|_| refused)
}

fn in_line(line: u64) -> String {
    format!(", in line {line}")
}

/// An error has a byte offset or a pointer. The line, or the number of bytes read, shows which document it is in.
fn broke(error: &MigrateError, line: Option<u64>, read: usize) -> String {
    let place = match line {
        Some(line) => in_line(line),
        None if error.offset().is_some() => String::new(),
        None => format!(", in the first {read} bytes of input"),
    };
    // A limit with a place is that of the depth.
    let held = error.is_limit() && error.offset().is_none();
    let help =
        if held { ": a part of a document must be held in memory and is too large: raise --held-bytes" } else { "" };
    format!("{error}{place}{help}")
}

/// What it means for the output, of which so many bytes are written.
const fn cut(written: usize) -> &'static str {
    if written == 0 { "" } else { "; the output is incomplete" }
}

fn write(bytes: &[u8]) -> Result<(), MigrateFailure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => MigrateFailure::Closed,
        _ => MigrateFailure::Failed(format!("standard output: {error}")),
    })
}

/// As the gateway reads it: a response of one document may be several.
fn content(media: &str, request: bool) -> Result<Content, String> {
    let content = Content::from_content_type(media);
    let content =
        content.map(|content| if content == Content::Json && !request { Content::Concatenated } else { content });
    content.ok_or_else(|| {
        format!(
            "`{media}` is neither a JSON type nor a form: use one such as application/json, application/x-ndjson, \
             text/event-stream, application/merge-patch+json or application/x-www-form-urlencoded"
        )
    })
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "expected a name and a value, such as id=7".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected a whole number of bytes, at least 1".to_owned())
}

fn report(what: &str, times: u64) {
    if times > 0 {
        super::tell(&format!("warning: {what} ({times}×)\n"));
    }
}
