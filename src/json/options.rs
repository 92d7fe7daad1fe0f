use std::sync::Arc;

use super::LinkMapper;

/// What kind of body is migrated, and how large it may be.
///
/// ```
/// use sunward::json::{Mode, MigrateOptions};
///
/// let options = MigrateOptions::default().with_mode(Mode::MergePatch).with_max_bytes(64 * 1024);
/// assert_eq!(options.max_depth(), 512);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrateOptions {
    mode: Mode,
    max_depth: usize,
    max_bytes: usize,
    texts: bool,
    links: Option<LinkMapper>,
    path: Option<PathParameters>,
}

/// Names and values.
pub(super) type PathParameters = Arc<[(Box<str>, Box<str>)]>;

/// How much of the resource a body shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// All of it.
    #[default]
    Whole,
    /// Some members: what is absent is not missing, so constants are filled in only inside of objects that a step of the
    /// same change made.
    Partial,
    /// A JSON Merge Patch (RFC 7396): as [`Mode::Partial`], and `null` says that a member is deleted, so it is never
    /// taken for a value.
    MergePatch,
}

/// The deepest nesting that a stack of 2 MiB carries with room to spare.
const DEEPEST: usize = 1024;

// === impl MigrateOptions ===

impl MigrateOptions {
    /// With this mode.
    #[must_use]
    pub const fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// With at most so many arrays and objects around a value; more than 1024 are cut to 1024.
    #[must_use]
    pub const fn with_max_depth(mut self, levels: usize) -> Self {
        self.max_depth = if levels < DEEPEST { levels } else { DEEPEST };
        self
    }

    /// With documents of at most so many bytes.
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Every value is a text, as in forms: one that is a number, `true` or `false` is taken as such where a step wants it.
    pub(crate) const fn of_texts(mut self) -> Self {
        self.texts = true;
        self
    }

    pub(super) const fn is_of_texts(&self) -> bool {
        self.texts
    }

    /// What becomes of links, at the places that an api declares as such. Default: nothing.
    #[must_use]
    pub fn with_links(mut self, links: LinkMapper) -> Self {
        self.links = Some(links);
        self
    }

    pub(super) const fn links(&self) -> Option<&LinkMapper> {
        self.links.as_ref()
    }

    /// The parameters of the path of the request, decoded, which templates may contain (`{path.id}`). Default: none; a
    /// template that needs one is then an error of the document.
    ///
    /// ```
    /// use sunward::json::{Collision, MigrateOptions, Op, Pointer, Step, TextPart, migrate};
    ///
    /// let template = vec![TextPart::Text("/v1/orders/".into()), TextPart::PathParameter("id".into())];
    /// let step = Step::new(Op::Compute { at: Pointer::parse("/url")?, template, collision: Collision::Keep });
    /// let options = MigrateOptions::default().with_path_parameters([("id", "7")]);
    /// assert_eq!(migrate(b"{}", [&step], &options)?.body, br#"{"url":"/v1/orders/7"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_path_parameters<N, V>(mut self, parameters: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<Box<str>>,
        V: Into<Box<str>>,
    {
        self.path = Some(parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }

    pub(super) const fn path_parameters(&self) -> Option<&PathParameters> {
        self.path.as_ref()
    }

    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The limit of nesting.
    #[must_use]
    pub const fn max_depth(&self) -> usize {
        self.max_depth
    }

    /// The limit of size.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }
}

/// Whole documents, 512 levels, 16 MiB.
impl Default for MigrateOptions {
    fn default() -> Self {
        Self { mode: Mode::Whole, max_depth: 512, max_bytes: 16 << 20, texts: false, links: None, path: None }
    }
}
