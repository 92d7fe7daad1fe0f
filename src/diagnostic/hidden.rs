//! What findings do not show.

use std::fmt;

use super::Diagnostic;

/// Values that no finding shows, and what is shown in their place; the longest first.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Hidden {
    pub(super) list: Vec<(String, String)>,
}

// === impl Hidden ===

impl Hidden {
    pub(super) const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Whether there is something new to hide.
    pub(super) fn add(&mut self, value: &str, shown: &str) -> bool {
        let pair = match value.chars().count() {
            0 => return false,
            1..8 => (format!("`{value}`"), format!("`{shown}`")),
            _ => (value.to_owned(), shown.to_owned()),
        };
        let new = !self.list.contains(&pair);
        if new {
            let at = self.list.partition_point(|(known, _)| known.len() >= pair.0.len());
            self.list.insert(at, pair);
        }
        new
    }

    pub(super) fn edit(&self, found: &mut Diagnostic) {
        let texts = [Some(&mut found.message), found.help.as_mut()];
        for text in texts.into_iter().flatten() {
            *text = self.mask(text);
        }
    }

    pub(super) fn mask(&self, text: &str) -> String {
        let list = self.list.iter();
        list.fold(text.to_owned(), |text, (value, shown)| text.replace(value.as_str(), shown))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hidden").field("values", &self.list.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Diagnostics, Span};
    use super::*;

    #[test]
    fn values_are_hidden_before_and_after() {
        let mut found = Diagnostics::new();
        found.push(Diagnostic::error("a", "`http://secret-host:80` and `7`, 7", Span::NONE).help("not secret-host"));
        found.hide("7", "${SEVEN}");
        found.hide("secret-host", "${HOST}");
        found.hide("http://secret-host:80", "http://${HOST}:80");
        found.hide("", "${EMPTY}");
        found.push(Diagnostic::error("b", "secret-host", Span::NONE));
        let mut other = Diagnostics::new();
        other.push(Diagnostic::error("c", "a secret-host", Span::NONE));
        found.append(other);
        assert_eq!(
            found.to_string(),
            "error[a]: `http://${HOST}:80` and `${SEVEN}`, 7; not ${HOST}\nerror[b]: ${HOST}\nerror[c]: a ${HOST}\n"
        );
        assert_eq!(found.mask("secret-hosts"), "${HOST}s");
        assert!(!format!("{found:?}").contains("secret"), "{found:?}");
    }
}
