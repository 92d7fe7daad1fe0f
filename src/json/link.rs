//! Links in documents: a URL in a string, exchanged for the one that leads to the same resource elsewhere.

use std::fmt;
use std::sync::Arc;

/// What becomes of the links of a document: a function from a URL to another, or to none where it stays as it is.
///
/// ```
/// use sunward::json::{LinkMapper, MigrateOptions, Op, Pointer, Step, migrate};
///
/// let mapper = LinkMapper::new(|url| url.strip_prefix("/v2/").map(|rest| format!("/v1/{rest}")));
/// let step = Step::new(Op::Link { at: Pointer::parse("/next")?, rules: 0 });
/// let options = MigrateOptions::default().with_links(mapper);
/// let migrated = migrate(br#"{"next": "/v2/orders?page=2", "url": "/v2/"}"#, [&step], &options)?;
/// assert_eq!(migrated.body, br#"{"next": "/v1/orders?page=2", "url": "/v2/"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct LinkMapper(Arc<LinkFn>);

type LinkFn = dyn Fn(&str) -> Option<String> + Send + Sync;

// === impl LinkMapper ===

impl LinkMapper {
    /// Of a function that gives the URL to write, or `None` where nothing is to be written.
    pub fn new(f: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(f))
    }

    /// What becomes of `url`.
    #[must_use]
    pub fn map(&self, url: &str) -> Option<String> {
        (self.0)(url).filter(|mapped| mapped != url)
    }
}

impl fmt::Debug for LinkMapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LinkMapper").finish_non_exhaustive()
    }
}

/// The same function, not another that does the same.
impl PartialEq for LinkMapper {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for LinkMapper {}
