//! One chain as a plain function on bytes: for HTTP bodies, webhooks and queues alike.

use super::content::Content;
use crate::change::{BodyChain, ChainSlice};
use crate::json::{self, FieldNames, Framed, Framing, MigrateError, MigrateOptions, Migrated, Mode, Step};
use crate::version::VersionId;

/// What leads a body from one version to another. Borrowed from the catalog, made without work.
///
/// ```
/// use sunward::catalog::{Api, Catalog, Content, Version};
/// use sunward::change::{Change, OpSpec, Resource};
///
/// let api = Api::new("shop")
///     .with_version_header("Api-Version")
///     .with_unspecified("1")
///     .with_version(Version::new("1"))
///     .with_version(Version::new("2"))
///     .with_resource(Resource::new("order").with_at("GET /orders/{id} -> 200"))
///     .with_change(Change::new("2", "state").with_on("order").with_breaking(true).with_op(OpSpec::rename("/status", "/state")));
/// let catalog = Catalog::new([api])?;
///
/// // A webhook that is still registered for version 1:
/// let shop = catalog.api("shop").expect("it is there");
/// let migration = shop.migration("GET /orders/{id} -> 200", "2", "1").expect("both are there");
/// let sent = migration.run(Content::Json, br#"{"id": 9007199254740993, "state": "paid"}"#).expect("it is JSON");
/// assert_eq!(sent.body, br#"{"id": 9007199254740993, "status": "paid"}"#);
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct Migration<'c> {
    chain: &'c BodyChain,
    from: VersionId,
    to: VersionId,
    stretch: ChainSlice<'c, Step>,
    options: MigrateOptions,
    field_names: FieldNames,
    boundary: Option<&'c str>,
    /// Whether it translates links within one version.
    relinks: bool,
}

// === impl Migration ===

impl<'c> Migration<'c> {
    /// What leads a body of `chain` from one version to the other.
    pub(crate) fn new(chain: &'c BodyChain, from: VersionId, to: VersionId) -> Self {
        let stretch = chain.between(from, to);
        let (options, field_names) = (MigrateOptions::default(), FieldNames::default());
        Self { chain, from, to, stretch, options, field_names, boundary: None, relinks: false }
    }

    /// What translates the links of a body of `chain` for a client that has the API under another prefix.
    pub(crate) fn relinking(chain: &'c BodyChain, version: VersionId) -> Self {
        Self { stretch: chain.relinked(version), relinks: true, ..Self::new(chain, version, version) }
    }

    /// Other limits.
    #[must_use]
    pub fn with_options(mut self, options: MigrateOptions) -> Self {
        self.options = options;
        self
    }

    pub(crate) const fn with_field_names(mut self, names: FieldNames) -> Self {
        self.field_names = names;
        self
    }

    /// How the fields of a form are named in this place: see [`Content::with_field_names`].
    #[must_use]
    pub const fn field_names(&self) -> FieldNames {
        self.field_names
    }

    /// What separates the parts of `multipart/form-data`: the parameter `boundary` of its `Content-Type`.
    #[must_use]
    pub const fn with_boundary(mut self, boundary: &'c str) -> Self {
        self.boundary = Some(boundary);
        self
    }

    /// Whether there is nothing to do: then the body need not be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stretch.is_empty()
    }

    /// The steps and the changes behind them.
    pub(crate) const fn stretch(&self) -> &ChainSlice<'c, Step> {
        &self.stretch
    }

    /// Migrates a whole body. The same body twice gives the same bytes; what no op touches is copied exactly.
    ///
    /// # Errors
    /// Text that is not JSON, a value that an op cannot take, a limit. Nothing is half done.
    pub fn run(&self, content: Content, body: &[u8]) -> Result<Migrated, MigrateError> {
        if self.is_empty() {
            return Ok(Migrated::unchanged(body));
        }
        match content {
            Content::Json => self.document(body, Mode::Whole),
            Content::Concatenated => match self.document(body, Mode::Whole) {
                // Almost always there is one, and then this is the fastest way through it.
                Err(error) if error.is_syntax() => self.framed(Framing::Concatenated, body),
                result => result,
            },
            Content::MergePatch => self.document(body, Mode::MergePatch),
            Content::JsonPatch => json::migrate_json_patch(body, self.stretch.steps(), &self.options),
            Content::Ndjson => self.framed(Framing::Lines, body),
            Content::EventStream => self.framed(Framing::Events, body),
            Content::Sequence => self.framed(Framing::Sequence, body),
            Content::Form(names) => self.form(body, names),
            Content::Multipart(_) => match self.stream(content) {
                Some(framed) => self.run_framed(framed, &self.options().of_texts(), body),
                None => Err(MigrateError::malformed_form(0, "its Content-Type has no `boundary`")),
            },
        }
    }

    /// The same for a body that comes in chunks, as long as it may be: only what has to be held is, up to a limit.
    /// `None` for patches and urlencoded forms, which are migrated as a whole, and for `multipart/form-data` without a
    /// [boundary](Self::with_boundary). A value that is refused is not placed as well as by
    /// [`run`](Self::run).
    ///
    /// ```
    /// # use sunward::catalog::{Api, Catalog, Content, Version};
    /// # use sunward::change::{Change, OpSpec, Resource};
    /// # let api = Api::new("shop")
    /// #     .with_version_header("Api-Version")
    /// #     .with_unspecified("1")
    /// #     .with_version(Version::new("1"))
    /// #     .with_version(Version::new("2"))
    /// #     .with_resource(Resource::new("order").with_at("GET /orders -> 200"))
    /// #     .with_change(Change::new("2", "state").with_on("order").with_breaking(true).with_op(OpSpec::rename("/status", "/state")));
    /// # let catalog = Catalog::new([api])?;
    /// # let shop = catalog.api("shop").expect("it is there");
    /// let migration = shop.migration("GET /orders -> 200", "2", "1").expect("both are there");
    /// let mut stream = migration.stream(Content::Ndjson).expect("lines can be streamed");
    /// let mut out = Vec::new();
    /// stream.feed(b"{\"state\": 1}\n{\"sta", &mut out).expect("it is JSON");
    /// assert_eq!(out, b"{\"status\": 1}\n{");
    /// stream.feed(b"te\": 2}", &mut out).expect("it is JSON");
    /// stream.finish(&mut out).expect("it is whole");
    /// assert_eq!(out, b"{\"status\": 1}\n{\"status\": 2}");
    /// assert!(migration.stream(Content::MergePatch).is_none());
    /// # Ok::<(), sunward::diagnostic::Diagnostics>(())
    /// ```
    #[must_use]
    pub fn stream(&self, content: Content) -> Option<Framed> {
        if let Content::Multipart(names) = content {
            let program = self.program();
            return Some(Framed::multipart(
                self.boundary?,
                names,
                &program,
                &self.options().with_mode(self.form_mode()),
            ));
        }
        content.framing().map(|framing| self.run_of(framing))
    }

    /// The limits.
    pub(crate) fn options(&self) -> MigrateOptions {
        self.options.clone()
    }

    /// What separates the parts of `multipart/form-data`.
    pub(crate) const fn boundary(&self) -> Option<&'c str> {
        self.boundary
    }

    /// What the interpreter makes of a document: the steps one after the other, which is what [`run`](Self::run) means.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) fn reference(&self, document: &[u8]) -> Result<Migrated, MigrateError> {
        json::migrate(document, self.stretch.steps(), &self.options)
    }

    fn document(&self, body: &[u8], mode: Mode) -> Result<Migrated, MigrateError> {
        let options = self.options().with_mode(mode);
        match mode {
            // What a `null` means there is not for a program that looks at one value after the other.
            Mode::MergePatch => json::migrate(body, self.stretch.steps(), &options),
            Mode::Whole | Mode::Partial => match self.program().rewrite(body, &options) {
                // The program knows what is wrong, the interpreter also where.
                Err(error) if error.is_value() => json::migrate(body, self.stretch.steps(), &options),
                result => result,
            },
        }
    }

    /// A body of many documents.
    fn framed(&self, framing: Framing, body: &[u8]) -> Result<Migrated, MigrateError> {
        self.run_framed(self.run_of(framing), &self.options, body)
    }

    fn run_framed(&self, framed: Framed, options: &MigrateOptions, body: &[u8]) -> Result<Migrated, MigrateError> {
        let mut framed = framed.with_hold_limit(self.options.max_bytes());
        let mut migrated = Vec::with_capacity(body.len() + body.len() / 8);
        let result = framed.feed(body, &mut migrated).and_then(|()| framed.finish(&mut migrated));
        match result {
            Ok(()) => Ok(Migrated {
                body: migrated,
                collisions: framed.collisions(),
                passed: framed.passed(),
                changes: framed.changes().clone(),
            }),
            // The program knows what is wrong, the interpreter also where.
            Err(error) if error.is_value() => {
                let options = options.clone().with_mode(Mode::Whole);
                let again = json::migrate(framed.refused(body), self.stretch.steps(), &options);
                Err(again.err().filter(MigrateError::is_value).unwrap_or(error))
            }
            Err(error) => Err(error),
        }
    }

    fn form(&self, body: &[u8], names: FieldNames) -> Result<Migrated, MigrateError> {
        let options = self.options().with_mode(Mode::Whole);
        match json::migrate_form(body, names, &self.program(), &options.clone().with_mode(self.form_mode())) {
            Err(error) if error.is_value() => {
                let document = json::as_json(body, names)?;
                let again = json::migrate(&document, self.stretch.steps(), &options.clone().of_texts());
                Err(again.err().filter(MigrateError::is_value).unwrap_or(error))
            }
            result => result,
        }
    }

    /// What is partial, the steps say themselves; of a form it also says what a field means that is left out.
    fn form_mode(&self) -> Mode {
        if self.stretch.steps().any(|step| step.partial) { Mode::Partial } else { Mode::Whole }
    }

    fn program(&self) -> json::Program {
        match self.relinks {
            true => self.chain.relinking_program(self.from),
            false => self.chain.program(self.from, self.to),
        }
    }

    fn run_of(&self, framing: Framing) -> Framed {
        let program = self.program();
        Framed::new(framing, &program, &self.options().with_mode(Mode::Whole))
    }
}
