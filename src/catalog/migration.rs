//! One chain as a plain function on bytes: for HTTP bodies, webhooks and queues alike.

use super::entry::ApiEntry;
use crate::change::{BodyChain, Location, Message, Program};
use crate::headers::media::MediaType;
use crate::json::{self, MigrateError, Migrated, Mode, Options, Step};
use crate::version::VersionId;

/// How JSON stands in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// One document.
    Json,
    /// One merge patch (RFC 7396): a `null` deletes, and nothing may be filled in.
    MergePatch,
    /// One JSON Patch (RFC 6902): its pointers are migrated.
    JsonPatch,
    /// A document on each line; blank lines are kept.
    Ndjson,
    /// Server-sent events, whose data are documents.
    EventStream,
}

/// What leads a body from one version to another. Borrowed from the catalog, made without work.
///
/// ```
/// use sunward::catalog::{Api, Catalog, Content, Version};
/// use sunward::change::{Change, OpSpec, Resource};
///
/// let api = Api::new("shop")
///     .with_header("Api-Version")
///     .with_unspecified("1")
///     .with_version(Version::new("1"))
///     .with_version(Version::new("2"))
///     .with_resource(Resource::new("order").with_at("GET /orders/{id} -> 200"))
///     .with_change(Change::new("2", "state").with_on("order").breaking().with_op(OpSpec::rename("/status", "/state")));
/// let catalog = Catalog::new([api])?;
///
/// // A webhook that is still registered for version 1:
/// let shop = catalog.api("shop").expect("it is there");
/// let migration = shop.migration("GET /orders/{id} -> 200", "2", "1").expect("both are there");
/// let sent = migration.run(Content::Json, br#"{"id": 9007199254740993, "state": "paid"}"#).expect("it is JSON");
/// assert_eq!(sent.body, br#"{"id": 9007199254740993, "status": "paid"}"#);
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Migration<'c> {
    chain: &'c BodyChain,
    from: VersionId,
    to: VersionId,
    program: Program<'c, Step>,
    options: Options,
}

/// A name that the api does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName(String);

// === impl Content ===

impl Content {
    /// What a `Content-Type` says; `None` for what is not migrated.
    #[must_use]
    pub fn of(media: &MediaType<'_>) -> Option<Self> {
        let kinds = [
            (media.is_merge_patch(), Self::MergePatch),
            (media.is_json_patch(), Self::JsonPatch),
            (media.is_ndjson(), Self::Ndjson),
            (media.is_event_stream(), Self::EventStream),
            (media.is_json(), Self::Json),
        ];
        kinds.into_iter().find(|(is, _)| *is).map(|(_, kind)| kind)
    }
}

// === impl Migration ===

impl<'c> Migration<'c> {
    /// What leads a body of `chain` from one version to the other.
    #[must_use]
    pub fn new(chain: &'c BodyChain, from: VersionId, to: VersionId) -> Self {
        Self { chain, from, to, program: chain.between(from, to), options: Options::default() }
    }

    /// Other limits.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Whether there is nothing to do: then the body need not be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.program.is_empty()
    }

    /// The steps and the changes behind them.
    #[must_use]
    pub const fn program(&self) -> &Program<'c, Step> {
        &self.program
    }

    /// Migrates a whole body. The same body twice gives the same bytes; what no op touches is copied exactly.
    ///
    /// # Errors
    /// Text that is not JSON, a value that an op cannot take, a limit. Nothing is half done.
    pub fn run(&self, content: Content, body: &[u8]) -> Result<Migrated, MigrateError> {
        if self.is_empty() {
            return Ok(Migrated { body: body.to_vec(), collisions: 0, passed: 0 });
        }
        match content {
            Content::Json => self.document(body, self.mode()),
            Content::MergePatch => self.document(body, Mode::MergePatch),
            Content::JsonPatch => json::migrate_json_patch(body, self.program.steps(), &self.options),
            Content::Ndjson => self.lines(body),
            Content::EventStream => self.events(body),
        }
    }

    /// How much a document shows: the place says so, whatever the content.
    const fn mode(&self) -> Mode {
        if self.chain.is_partial() { Mode::Partial } else { Mode::Whole }
    }

    fn document(&self, body: &[u8], mode: Mode) -> Result<Migrated, MigrateError> {
        let options = self.options.with_mode(mode);
        match mode {
            // What a `null` means there is not for a program that looks at one value after the other.
            Mode::MergePatch => json::migrate(body, self.program.steps(), &options),
            Mode::Whole | Mode::Partial => match self.chain.program(self.from, self.to).rewrite(body, &options) {
                // The program knows what is wrong, the interpreter also where.
                Err(error) if error.is_value() => json::migrate(body, self.program.steps(), &options),
                result => result,
            },
        }
    }

    fn lines(&self, body: &[u8]) -> Result<Migrated, MigrateError> {
        let mut all = Migrated { body: Vec::with_capacity(body.len()), collisions: 0, passed: 0 };
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            let text = line.trim_ascii();
            if text.is_empty() {
                all.body.extend_from_slice(line);
                continue;
            }
            let start = line.len() - line.trim_ascii_start().len();
            let end = line.trim_ascii_end().len();
            all.body.extend_from_slice(&line[..start]);
            let migrated = self.document(text, self.mode())?;
            all.body.extend_from_slice(&migrated.body);
            all.collisions += migrated.collisions;
            all.passed += migrated.passed;
            all.body.extend_from_slice(&line[end..]);
        }
        Ok(all)
    }

    /// WHATWG HTML §9.2: an event ends at a blank line, its `data` lines are joined by line feeds. Data that is no
    /// object or list (`[DONE]` is neither) passes, and so does an event that the end of the body cuts off.
    fn events(&self, body: &[u8]) -> Result<Migrated, MigrateError> {
        let mut all = Migrated { body: Vec::with_capacity(body.len()), collisions: 0, passed: 0 };
        let (mut others, mut data, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        let mut has_data = false;
        let mark = if body.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        all.body.extend_from_slice(&body[..mark]);
        for line in sse_lines(&body[mark..]) {
            raw.extend_from_slice(line);
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.is_empty() {
                self.event(&raw, &others, &data, line, &mut all)?;
                (others, data, raw) = Default::default();
                has_data = false;
            } else if let Some(value) = sse_data(text) {
                if has_data {
                    data.push(b'\n');
                }
                has_data = true;
                data.extend_from_slice(value);
            } else {
                others.extend_from_slice(line);
            }
        }
        all.body.extend_from_slice(&raw);
        Ok(all)
    }

    fn event(
        &self,
        raw: &[u8],
        others: &[u8],
        data: &[u8],
        end: &[u8],
        all: &mut Migrated,
    ) -> Result<(), MigrateError> {
        let structured = matches!(data.trim_ascii_start().first(), Some(b'{' | b'[')) && data.trim_ascii() != b"[DONE]";
        if !structured {
            all.body.extend_from_slice(raw);
            return Ok(());
        }
        let migrated = self.document(data, self.mode())?;
        all.body.extend_from_slice(others);
        for line in migrated.body.split(|byte| matches!(byte, b'\n' | b'\r')) {
            all.body.extend_from_slice(b"data: ");
            all.body.extend_from_slice(line);
            all.body.extend_from_slice(end);
        }
        all.body.extend_from_slice(end);
        all.collisions += migrated.collisions;
        all.passed += migrated.passed;
        Ok(())
    }
}

/// A stream may begin with it; it is no part of the first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Lines with their ends, which are CRLF, LF or CR.
fn sse_lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', rest).map_or(rest.len(), |at| {
            if rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n') { at + 2 } else { at + 1 }
        });
        let (line, after) = rest.split_at(end);
        rest = after;
        Some(line)
    })
}

/// The value of a `data` line, less one leading space.
fn sse_data(line: &[u8]) -> Option<&[u8]> {
    let value = if line == b"data" { &[][..] } else { line.strip_prefix(b"data:")? };
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

// === impl ApiEntry ===

impl ApiEntry {
    /// What leads the body at `place` (`GET /users/{id} -> 200`, `POST /users <-`, as the newest version has it) from
    /// one version to another.
    ///
    /// # Errors
    /// A name that the api does not have.
    pub fn migration(&self, place: &str, from: &str, to: &str) -> Result<Migration<'_>, UnknownName> {
        let unknown = |what: &str, name: &str| UnknownName(format!("{} has no {what} `{name}`", self.name));
        let location: Location = place.parse().map_err(|e: crate::change::PlaceError| UnknownName(e.to_string()))?;
        let route = self.routes.iter().find(|route| route.history.name == location.route);
        let route = route.ok_or_else(|| unknown("route", &location.route.to_string()))?;
        let version = |name: &str| self.lookup(name).ok_or_else(|| unknown("version", name));
        let chain = match location.message {
            Message::Request => Some(&route.history.request),
            Message::Response(of) => {
                let same = route.history.responses.iter().find(|(known, _)| known.covers(of));
                same.map(|(_, chain)| chain)
            }
        };
        Ok(Migration::new(chain.ok_or_else(|| unknown("place", place))?, version(from)?, version(to)?))
    }
}

// === impl UnknownName ===

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownName {}
