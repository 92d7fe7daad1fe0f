//! On whose behalf bodies are changed.

use http::header::{self, HeaderMap};

use crate::headers::list::list_items;

/// Whether the layers are a part of the origin server or of an intermediary. Some rules bind intermediaries only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// In the process of the service, as a part of the origin.
    #[default]
    Origin,
    /// An intermediary before it: what the service says must not be transformed is not, and what has to be becomes a 502
    /// (RFC 9110 §7.7, RFC 9111 §5.2.2.6).
    Gateway,
}

// === impl Role ===

impl Role {
    /// Whether content with these fields must stay as it is. A request's `no-transform` is a wish, and one that a
    /// client of an old version cannot be granted.
    pub(super) fn must_keep(self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
        let mut names = lines.flat_map(list_items).filter_map(|item| item.split('=').next());
        self == Self::Gateway && names.any(|name| name.trim().eq_ignore_ascii_case("no-transform"))
    }
}
