//! The query of a page, and links to pages.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::gateway::admin::Admin;

/// The parameters of a query. Those that a page does not know do nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct PageQuery {
    pub(super) path: String,
    pairs: BTreeMap<String, String>,
}

const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path, with names in it made safe.
pub(super) fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", utf8_percent_encode(part, &PLAIN))).collect()
}

/// A path with a query.
pub(super) fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, &PLAIN));
    format!("{path}?{}", pairs.iter().map(pair).collect::<Vec<_>>().join("&"))
}

// === impl PageQuery ===

impl PageQuery {
    fn new(path: &str, query: &str) -> Self {
        let read = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().trim().to_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self { path: path.to_owned(), pairs: pairs.map(|(name, value)| (read(name), read(value))).collect() }
    }

    /// The value of a parameter, if it says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same page with some parameters set, and those with an empty value left out.
    pub(super) fn with(&self, set: &[(&str, &str)]) -> String {
        let mut pairs: BTreeMap<&str, &str> = self.pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        pairs.extend(set.iter().copied());
        let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        if pairs.is_empty() { self.path.clone() } else { link(&self.path, &pairs) }
    }

    /// The parameters other than these, for a form that sets them.
    pub(super) fn others(&self, set: &[&str]) -> Vec<(String, String)> {
        let others = self.pairs.iter().filter(|(name, _)| !set.contains(&name.as_str()));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl FromRequestParts<Arc<Admin>> for PageQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Admin>) -> Result<Self, Infallible> {
        Ok(Self::new(parts.uri.path(), parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_is_not_set() {
        let query = PageQuery::new("/ui/audit", "q=a+b%26c&page=3&empty=");
        assert_eq!(query.get("q"), Some("a b&c"));
        assert_eq!(query.get("empty"), None);
        assert_eq!(query.with(&[("page", "4")]), "/ui/audit?page=4&q=a%20b%26c");
        assert_eq!(query.with(&[("page", ""), ("q", "")]), "/ui/audit");
        assert_eq!(query.others(&["page", "empty"]), [("q".to_owned(), "a b&c".to_owned())]);
        assert_eq!(path(&["ui", "apis", "a/b", "c d"]), "/ui/apis/a%2Fb/c%20d");
    }
}
