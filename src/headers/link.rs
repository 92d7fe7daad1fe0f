//! `Link` (RFC 8288): written so that nothing breaks out of it, and rewritten without touching anything else.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Characters that may occur neither in a URI reference (RFC 3986 §2) nor between `<` and `>`. `%` is not among them,
/// because targets are already escaped.
const FORBIDDEN: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// One piece of a `Link` field: a target without its brackets, or everything between two of them.
enum LinkPiece<'a> {
    Target(&'a str),
    Other(&'a str),
}

/// A link-value alone; `None` if there is none.
#[cfg(test)]
fn link_value(target: &str, rel: &str, anchor: Option<&str>, media_type: Option<&str>) -> Option<HeaderValue> {
    let mut line = String::with_capacity(target.len() + rel.len() + 48);
    push(&mut line, target, rel, anchor, media_type);
    if line.is_empty() { None } else { HeaderValue::try_from(line).ok() }
}

/// Adds a link-value to `line`, behind those that it has. `anchor` is the link's context, which an error response has to
/// name (RFC 8288 §3.2); `media_type` is the `type` hint.
///
/// Characters that may not be in a URI are percent-encoded in `target` and `anchor`, so neither can end the link or the
/// field. Nothing is added if `rel` is no list of relation types, or `media_type` no plain text.
pub(crate) fn push(line: &mut String, target: &str, rel: &str, anchor: Option<&str>, media_type: Option<&str>) {
    if rel.trim().is_empty() || !is_plain(rel) || !media_type.is_none_or(is_plain) {
        return;
    }
    let separator = if line.is_empty() { "<" } else { ", <" };
    for part in [separator, &encode(target), ">; rel=\"", rel, "\""] {
        line.push_str(part);
    }
    let anchor = anchor.map(encode);
    for (name, value) in [("; anchor=\"", anchor.as_deref()), ("; type=\"", media_type)] {
        if let Some(value) = value {
            line.extend([name, value, "\""]);
        }
    }
}

/// Adds the links to the pages on how to leave a version, and on how it ends.
pub(crate) fn push_pages(line: &mut String, docs: Option<&str>, policy: Option<&str>, anchor: Option<&str>) {
    for (url, rel) in [(docs, "deprecation"), (policy, "sunset")] {
        if let Some(url) = url {
            push(line, url, rel, anchor, Some("text/html"));
        }
    }
}

/// Adds a link in a line of its own; upstream's lines stay byte for byte.
pub(crate) fn append(headers: &mut HeaderMap, link: HeaderValue) {
    headers.append(header::LINK, link);
}

/// Rewrites the URI reference of every link-value for which `f` returns another one; all other bytes stay.
///
/// What `f` returns is percent-encoded as in [`push`]. `None` if nothing changed, or if `value` is no `Link` field.
pub(crate) fn map_targets(value: &HeaderValue, mut f: impl FnMut(&str) -> Option<String>) -> Option<HeaderValue> {
    let text = std::str::from_utf8(value.as_bytes()).ok()?;
    let (mut out, mut changed) = (String::with_capacity(text.len()), false);
    for piece in pieces(text)? {
        match piece {
            LinkPiece::Other(other) => out.push_str(other),
            LinkPiece::Target(old) => {
                let new = f(old).map(|new| encode(&new).into_owned()).filter(|new| new != old);
                changed |= new.is_some();
                out.push_str(new.as_deref().unwrap_or(old));
            }
        }
    }
    if changed { HeaderValue::from_bytes(out.as_bytes()).ok() } else { None }
}

/// Cuts a field into targets and the rest. Commas and semicolons may occur inside `<>` and quotes, so the grammar is
/// followed (RFC 8288 §3): a link-value is a target and then parameters, up to a comma outside of quotes.
fn pieces(text: &str) -> Option<Vec<LinkPiece<'_>>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let lead = rest.len() - rest.trim_start_matches([' ', '\t', ',']).len();
        if lead == rest.len() {
            pieces.push(LinkPiece::Other(rest));
            return Some(pieces);
        }
        let target = rest[lead..].strip_prefix('<')?;
        let end = target.find('>')?;
        pieces.extend([LinkPiece::Other(&rest[..=lead]), LinkPiece::Target(&target[..end])]);
        let tail = parameters_len(&target[end + 1..])?;
        pieces.push(LinkPiece::Other(&target[end..end + 1 + tail]));
        rest = &target[end + 1 + tail..];
    }
}

/// How far the parameters reach; `None` if they are none.
fn parameters_len(text: &str) -> Option<usize> {
    if !matches!(super::trim_ows(text).bytes().next(), None | Some(b';' | b',')) {
        return None;
    }
    let (mut quoted, mut bytes) = (false, text.bytes().enumerate());
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()?),
            b'"' => quoted = !quoted,
            b',' if !quoted => return Some(at),
            b'<' | b'>' if !quoted => return None,
            _ => {}
        }
    }
    if quoted { None } else { Some(text.len()) }
}

/// Visible ASCII and spaces that need no escape in a quoted-string.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\' | b'<' | b'>'))
}

fn encode(reference: &str) -> Cow<'_, str> {
    utf8_percent_encode(reference, FORBIDDEN).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn example_of_link_value() {
        use crate::headers::link::link_value;

        let link = link_value("https://acme.test/docs/v1", "sunset", None, Some("text/html"));
        assert_eq!(link.expect("a link"), "<https://acme.test/docs/v1>; rel=\"sunset\"; type=\"text/html\"");
        let link = link_value("/a>\r\nb", "deprecation", Some("/v1/a"), None);
        assert_eq!(link.expect("a link"), "</a%3E%0D%0Ab>; rel=\"deprecation\"; anchor=\"/v1/a\"");
    }

    #[test]
    fn example_of_map_targets() {
        use crate::headers::link::map_targets;
        use http::HeaderValue;

        let value =
            HeaderValue::from_static("</v5/a,b;c>; rel=\"next\"; title=\"x, </v5>\", <https://other.test/>;rel=help");
        let mapped = map_targets(&value, |target| target.strip_prefix("/v5/").map(|rest| format!("/v1/{rest}")));
        assert_eq!(
            mapped.expect("a change"),
            "</v1/a,b;c>; rel=\"next\"; title=\"x, </v5>\", <https://other.test/>;rel=help"
        );
    }

    #[test]
    fn links_do_not_break_out() {
        let rows = [
            (
                "/v2/orders/7?x=1",
                "successor-version",
                None,
                None,
                Some("</v2/orders/7?x=1>; rel=\"successor-version\""),
            ),
            ("/a\"b", "sunset", Some("/x\"y>"), None, Some("</a%22b>; rel=\"sunset\"; anchor=\"/x%22y%3E\"")),
            ("/a%20b/é", "help", None, Some("text/html"), Some("</a%20b/%C3%A9>; rel=\"help\"; type=\"text/html\"")),
            ("/a\r\nX: 1", "help", None, None, Some("</a%0D%0AX:%201>; rel=\"help\"")),
            ("/a", "", None, None, None),
            ("/a", "x\"; y", None, None, None),
            ("/a", "x\r\ny", None, None, None),
            ("/a", "help", None, Some("text/html\""), None),
        ];
        for (target, rel, anchor, media_type, expected) in rows {
            let link = link_value(target, rel, anchor, media_type);
            assert_eq!(link.as_ref().map(|link| link.to_str().expect("ASCII")), expected, "{target}");
        }
    }

    #[test]
    fn upstreams_lines_stay() {
        let upstream = "<a,b;c>; rel=\"next\"; title=\"x, y\"";
        let mut headers = HeaderMap::new();
        headers.append(header::LINK, HeaderValue::from_static(upstream));
        append(&mut headers, link_value("/docs", "deprecation", None, None).expect("a link"));
        let lines: Vec<_> = headers.get_all(header::LINK).iter().collect();
        assert_eq!(lines, [upstream, "</docs>; rel=\"deprecation\""]);
    }

    #[test]
    fn only_targets_are_mapped() {
        let rows = [
            ("</v5/a>;rel=x", Some("</v1/a>;rel=x")),
            (
                "</v5/a,b;c> ;  title=\"</v5/q>, \\\"</v5/r>\", ,\t</v5/d>",
                Some("</v1/a,b;c> ;  title=\"</v5/q>, \\\"</v5/r>\", ,\t</v1/d>"),
            ),
            (", </v5/a>; rel=x,", Some(", </v1/a>; rel=x,")),
            ("</v5/a>, </v5/b>", Some("</v1/a>, </v1/b>")),
            ("</v4/a>;rel=x", None),
            ("/v5/a;rel=x", None),
            ("</v5/a", None),
            ("</v5/a>;t=\"x", None),
            ("</v5/a> rel=x", None),
            ("</v5/a>;rel=x </v5/b>", None),
            ("</v5/a>; t=\"\\", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let value = HeaderValue::from_str(text).expect(text);
            let mapped = map_targets(&value, |target| target.strip_prefix("/v5/").map(|rest| format!("/v1/{rest}")));
            assert_eq!(mapped.as_ref().map(|value| value.to_str().expect("ASCII")), expected, "{text}");
        }
    }

    #[test]
    fn a_mapped_target_is_encoded() {
        let value = HeaderValue::from_static("<a>; rel=x");
        assert_eq!(map_targets(&value, |_| Some("b>\r\n".to_owned())).expect("a change"), "<b%3E%0D%0A>; rel=x");
        assert_eq!(map_targets(&value, |same| Some(same.to_owned())), None);
    }

    proptest! {
        #[test]
        fn written_links_are_always_one_link(target in any::<String>(), anchor in any::<String>()) {
            let link = link_value(&target, "help", Some(&anchor), None).expect("a link");
            let mut targets = Vec::new();
            map_targets(&link, |target| { targets.push(target.to_owned()); None });
            prop_assert_eq!(targets, [encode(&target)]);
        }

        #[test]
        fn anything_is_mapped_without_panic(text in "\\PC*|[<>\",;\\\\ a=]{0,40}") {
            if let Ok(value) = HeaderValue::from_str(&text) {
                map_targets(&value, |target| Some(format!("{target}x")));
            }
        }
    }
}
