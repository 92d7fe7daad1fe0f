//! Without the feature `jwt` no token is verified, so a catalog with a source that needs it is refused.

use super::token_error::TokenError;

/// As with the feature, but there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenVerifier {}

// === impl TokenVerifier ===

impl TokenVerifier {
    pub(crate) fn new(_: &str, _: Option<&str>, _: Option<&str>) -> Result<Self, String> {
        Err("this needs the feature `jwt`".to_owned())
    }

    pub(crate) fn fetched(_: String, _: Option<&str>, _: Option<&str>) -> Result<Self, String> {
        Self::new("", None, None)
    }

    pub(crate) fn with_file(self, _: Option<std::path::PathBuf>) -> Self {
        self
    }

    pub(crate) fn claim(&self, _: &[u8], _: &str, _: i64) -> Result<Option<String>, TokenError> {
        match *self {}
    }
}
