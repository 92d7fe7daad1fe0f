//! The headers of a part of `multipart/form-data` (RFC 7578).

use std::borrow::Cow;
use std::ops::Range;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// A field: its content is a text.
    Text,
    /// A field whose content is JSON.
    Json,
    /// All else: its content is not looked at.
    File,
}

/// The headers of a part, from the line of the boundary up to the blank line.
#[derive(Clone, Debug)]
pub(super) struct PartHead {
    raw: Vec<u8>,
    /// The position of the value of `name`, including its quotes.
    at: Range<usize>,
    name: Vec<u8>,
    kind: PartKind,
}

// === impl PartHead ===

impl PartHead {
    /// Reads a head; `None` if it has no name (RFC 7578 §4.2 demands one).
    pub(super) fn read(raw: &[u8]) -> Option<Self> {
        let mut found = None;
        let (mut is_file, mut media, mut encoding) = (false, None, None);
        for line in lines(raw) {
            let text = &raw[line.clone()];
            let colon = memchr::memchr(b':', text).unwrap_or(text.len());
            let (name, value) = (text[..colon].trim_ascii(), text.get(colon + 1..).unwrap_or_default());
            if name.eq_ignore_ascii_case(b"content-disposition") {
                for (parameter, at) in parameters(value) {
                    let at = line.start + colon + 1 + at.start..line.start + colon + 1 + at.end;
                    match parameter.to_ascii_lowercase().as_slice() {
                        b"name" if found.is_none() => found = Some(at),
                        b"filename" | b"filename*" => is_file = true,
                        _ => {}
                    }
                }
            } else if name.eq_ignore_ascii_case(b"content-type") {
                media = Some(value.trim_ascii().to_ascii_lowercase());
            } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
                encoding = Some(value.trim_ascii().to_ascii_lowercase());
            }
        }
        let at = found?;
        let plain = encoding.is_none_or(|encoding| matches!(&*encoding, b"7bit" | b"8bit" | b"binary"));
        let kind = if is_file || !plain { PartKind::File } else { kind(media.as_deref()) };
        let name = unquote(&raw[at.clone()]).into_owned();
        Some(Self { raw: raw.to_vec(), at, name, kind })
    }

    /// A head of a field that is not in the form yet.
    pub(super) fn new(boundary: &[u8], name: &[u8]) -> Self {
        let before = [b"--", boundary, b"\r\nContent-Disposition: form-data; name="].concat();
        let raw = [&*before, b"\"\"\r\n\r\n"].concat();
        let head = Self { at: before.len()..before.len() + 2, raw, name: Vec::new(), kind: PartKind::Text };
        Self { raw: head.renamed(name), name: name.to_vec(), at: before.len()..before.len(), ..head }
    }

    /// The name, without quotes and escapes.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(super) fn kind(&self) -> PartKind {
        self.kind
    }

    /// The headers as received, also with another name.
    pub(super) fn renamed(&self, name: &[u8]) -> Vec<u8> {
        if name == self.name {
            return self.raw.clone();
        }
        [&self.raw[..self.at.start], &quoted(name), &self.raw[self.at.end..]].concat()
    }

    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }
}

/// The fields of a head, behind the line of the boundary. Folded lines (RFC 5322 §2.2.3) are one.
fn lines(raw: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut starts: Vec<usize> = memchr::memmem::find_iter(raw, b"\r\n").map(|at| at + 2).collect();
    starts.retain(|start| !matches!(raw.get(*start), Some(b' ' | b'\t')));
    let ends: Vec<usize> = starts.iter().skip(1).map(|next| next - 2).collect();
    starts.into_iter().zip(ends).map(|(start, end)| start..end)
}

fn kind(media: Option<&[u8]>) -> PartKind {
    let Some(media) = media else { return PartKind::Text };
    let mut parts = media.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let essence = parts.next().unwrap_or_default();
    let utf8 = parts.all(|parameter| {
        parameter
            .strip_prefix(b"charset=")
            .is_none_or(|charset| matches!(charset, b"utf-8" | b"us-ascii" | b"utf8" | b"\"utf-8\"" | b"\"us-ascii\""))
    });
    match essence {
        _ if !utf8 => PartKind::File,
        b"text/plain" => PartKind::Text,
        b"application/json" => PartKind::Json,
        _ if essence.ends_with(b"+json") => PartKind::Json,
        _ => PartKind::File,
    }
}

/// The parameters after the disposition: each name, and the position of its value, including its quotes.
fn parameters(value: &[u8]) -> Vec<(&[u8], Range<usize>)> {
    let mut found = Vec::new();
    let mut at = memchr::memchr(b';', value).unwrap_or(value.len());
    while at < value.len() {
        at += value[at..].iter().take_while(|byte| matches!(byte, b';' | b' ' | b'\t' | b'\r' | b'\n')).count();
        let length = value[at..].iter().take_while(|byte| !matches!(byte, b'=' | b';')).count();
        let name = value[at..at + length].trim_ascii();
        at += length;
        if value.get(at) != Some(&b'=') {
            continue;
        }
        at += 1;
        at += value[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let start = at;
        if value.get(at) == Some(&b'"') {
            at += 1;
            while let Some(&byte) = value.get(at) {
                at += if byte == b'\\' && value.get(at + 1).is_some_and(|next| matches!(next, b'"' | b'\\')) {
                    2
                } else {
                    1
                };
                if byte == b'"' {
                    break;
                }
            }
        } else {
            at += value[at..].iter().take_while(|byte| !matches!(byte, b';' | b' ' | b'\t')).count();
        }
        found.push((name, start..at));
    }
    found
}

/// Clients escape a quote as `%22` (WHATWG HTML, multipart/form-data encoding algorithm) or as `\"` (RFC 7578 §4.2).
fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let inner = value.strip_prefix(b"\"").map(|rest| rest.strip_suffix(b"\"").unwrap_or(rest)).unwrap_or(value);
    if memchr::memchr2(b'\\', b'%', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, after)) = rest.split_first() {
        let escape = |text: &[u8]| rest.get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(text));
        let (byte, length) = match byte {
            b'\\' if matches!(after.first(), Some(b'"' | b'\\')) => (after[0], 2),
            _ if escape(b"%22") => (b'"', 3),
            _ if escape(b"%0d") => (b'\r', 3),
            _ if escape(b"%0a") => (b'\n', 3),
            _ => (byte, 1),
        };
        plain.push(byte);
        rest = &rest[length..];
    }
    Cow::Owned(plain)
}

fn quoted(name: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for byte in name {
        match byte {
            b'"' => quoted.extend_from_slice(b"%22"),
            b'\r' => quoted.extend_from_slice(b"%0D"),
            b'\n' => quoted.extend_from_slice(b"%0A"),
            _ => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_renamed() {
        let rows = [
            (
                "Content-Disposition: form-data; name=\"a\"",
                Some(("a", PartKind::Text)),
                "Content-Disposition: form-data; name=\"z\"",
            ),
            (
                "content-disposition:form-data;name=a",
                Some(("a", PartKind::Text)),
                "content-disposition:form-data;name=\"z\"",
            ),
            (
                "X-A: 1\r\nContent-Disposition: form-data; filename=\"x;name=b\"; name=\"a%22\"; x=y\r\nContent-Type: text/plain",
                Some(("a\"", PartKind::File)),
                "X-A: 1\r\nContent-Disposition: form-data; filename=\"x;name=b\"; name=\"z\"; x=y\r\nContent-Type: text/plain",
            ),
            (
                "Content-Disposition: form-data; name=\"a\\\"b\\c\"\r\nContent-Type: Text/Plain; charset=UTF-8",
                Some(("a\"b\\c", PartKind::Text)),
                "Content-Disposition: form-data; name=\"z\"\r\nContent-Type: Text/Plain; charset=UTF-8",
            ),
            (
                "Content-Disposition: form-data;\r\n name=\"a\"\r\nContent-Type: application/json",
                Some(("a", PartKind::Json)),
                "Content-Disposition: form-data;\r\n name=\"z\"\r\nContent-Type: application/json",
            ),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=utf-16",
                Some(("a", PartKind::File)),
                "Content-Disposition: form-data; name=\"z\"\r\nContent-Type: text/plain; charset=utf-16",
            ),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
                Some(("a", PartKind::File)),
                "Content-Disposition: form-data; name=\"z\"\r\nContent-Transfer-Encoding: base64",
            ),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: image/png",
                Some(("a", PartKind::File)),
                "Content-Disposition: form-data; name=\"z\"\r\nContent-Type: image/png",
            ),
            ("Content-Disposition: form-data; filename=\"a\"", None, ""),
            ("Content-Type: text/plain", None, ""),
            (
                "Content-Disposition: form-data; name=\"",
                Some(("", PartKind::Text)),
                "Content-Disposition: form-data; name=\"z\"",
            ),
        ];
        for (fields, expected, renamed) in rows {
            let head = PartHead::read(format!("--b\r\n{fields}\r\n\r\n").as_bytes());
            let shown = head.as_ref().map(|head| (std::str::from_utf8(head.name()).expect("UTF-8"), head.kind()));
            assert_eq!(shown, expected, "{fields}");
            if let Some(head) = head {
                assert_eq!(head.renamed(b"z"), format!("--b\r\n{renamed}\r\n\r\n").as_bytes(), "{fields}");
            }
        }
        let new = PartHead::new(b"b", b"a\"\r\n");
        assert_eq!(new.renamed(b"a\"\r\n"), b"--b\r\nContent-Disposition: form-data; name=\"a%22%0D%0A\"\r\n\r\n");
    }
}
