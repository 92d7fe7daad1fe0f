//! Without the feature `consumers` there is no secret, so a catalog with sources that need one is refused.

/// As with the feature, but there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ConsumerSecret {}

// === impl ConsumerSecret ===

impl ConsumerSecret {
    pub(crate) fn identity(&self, _: &[u8]) -> super::Consumer {
        match *self {}
    }
}

pub(crate) fn basic_user(_: &[u8]) -> Option<Vec<u8>> {
    None
}

pub(crate) fn with_scheme<'v>(_: &'v [u8], _: &str) -> Option<&'v [u8]> {
    None
}

pub(crate) fn claimed(_: &[u8], _: &str) -> Option<String> {
    None
}
