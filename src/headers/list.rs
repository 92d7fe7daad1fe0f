//! Fields that are lists (RFC 9110 §5.6.1).

use http::HeaderValue;

use super::trim_ows;

/// The elements of a `#list` field (RFC 9110 §5.6.1): split at commas outside of quotes, trimmed, empty ones skipped.
pub(crate) fn list_items(text: &str) -> impl Iterator<Item = &str> {
    split_unquoted(text, b',').map(trim_ows).filter(|item| !item.is_empty())
}

/// Splits at `separator` outside of quoted-strings; a quote that never ends takes the rest.
fn split_unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = find_unquoted(text, separator);
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

fn find_unquoted(text: &str, separator: u8) -> Option<usize> {
    let (mut quoted, mut bytes) = (false, text.bytes().enumerate());
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

pub(super) fn text(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok()
}

#[cfg(test)]
mod tests {

    #[test]
    fn example_of_list_items() {
        use crate::headers::list::list_items;

        let items: Vec<_> = list_items(", no-cache=\"a, b\" ,,max-age=5").collect();
        assert_eq!(items, ["no-cache=\"a, b\"", "max-age=5"]);
    }
}
