//! Names of cookies (RFC 6265): in `Cookie`, which clients send, and in `Set-Cookie`, which services do.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// A cookie that gets another name. Where both names are there, cookies of the new one go, unless they are kept: then
/// those of the old one go.
pub(super) struct CookieRenaming<'n> {
    pub(super) from: &'n str,
    pub(super) to: &'n str,
    pub(super) keep: bool,
}

// === impl CookieRenaming ===

impl CookieRenaming<'_> {
    /// Exchanges the name. All other bytes stay: values, attributes, other cookies, their order and their lines.
    /// Says whether a cookie had it.
    pub(super) fn run(&self, headers: &mut HeaderMap) -> bool {
        let sent = self.field(headers, &header::COOKIE, |line| line.split(|byte| *byte == b';').collect());
        // What follows are attributes of the one cookie.
        let set = self
            .field(headers, &header::SET_COOKIE, |line| vec![line.split(|byte| *byte == b';').next().unwrap_or(line)]);
        sent || set
    }

    /// `pairs` gives the parts of a line that are cookies, from its beginning on.
    fn field(&self, headers: &mut HeaderMap, field: &HeaderName, pairs: impl Fn(&[u8]) -> Vec<&[u8]>) -> bool {
        let lines: Vec<&HeaderValue> = headers.get_all(field).iter().collect();
        let has = |wanted: &str| {
            let mut all = lines.iter().flat_map(|line| pairs(line.as_bytes()));
            all.any(|pair| name(pair) == Some(wanted.as_bytes()))
        };
        if !has(self.from) {
            return false;
        }
        let renamed: Vec<HeaderValue> =
            lines.iter().filter_map(|line| self.line(line, &pairs(line.as_bytes()))).collect();
        headers.remove(field);
        headers.extend(renamed.into_iter().map(|line| (field.clone(), line)));
        true
    }

    /// `None` where no cookie is left of it.
    fn line(&self, line: &HeaderValue, pairs: &[&[u8]]) -> Option<HeaderValue> {
        let gone = if self.keep { self.from } else { self.to };
        let left: Vec<Vec<u8>> = pairs
            .iter()
            .filter(|pair| name(pair) != Some(gone.as_bytes()))
            .map(|pair| if name(pair) == Some(self.from.as_bytes()) { self.pair(pair) } else { pair.to_vec() })
            .collect();
        if left.is_empty() {
            return None;
        }
        let length: usize = pairs.iter().map(|pair| pair.len() + 1).sum();
        let attributes = line.as_bytes().get(length - 1..).unwrap_or_default();
        let joined = [left.join(&b';').trim_ascii_start(), attributes].concat();
        let mut value = HeaderValue::from_bytes(&joined).ok()?;
        value.set_sensitive(line.is_sensitive());
        Some(value)
    }

    fn pair(&self, pair: &[u8]) -> Vec<u8> {
        let start = pair.len() - pair.trim_ascii_start().len();
        [&pair[..start], self.to.as_bytes(), &pair[start + self.from.len()..]].concat()
    }
}

/// `None` for a cookie without a name.
fn name(pair: &[u8]) -> Option<&[u8]> {
    let end = pair.iter().position(|byte| *byte == b'=')?;
    Some(pair[..end].trim_ascii())
}

/// Whether it is a token, as names of cookies are (RFC 6265 §4.1.1).
pub(super) fn is_name(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(field: HeaderName, lines: &[&str], keep: bool) -> Vec<String> {
        let mut headers: HeaderMap =
            lines.iter().map(|line| (field.clone(), HeaderValue::try_from(*line).expect("a value"))).collect();
        CookieRenaming { from: "sid", to: "session", keep }.run(&mut headers);
        headers.get_all(field).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    }

    #[test]
    fn cookies_of_requests() {
        let rows: [(&[&str], bool, &[&str]); 14] = [
            (&["sid=1"], false, &["session=1"]),
            (&["a=b; sid=1=2;c"], false, &["a=b; session=1=2;c"]),
            (&["a=1; b=2"], false, &["a=1; b=2"]),
            (&["SID=1; sid2=2; xsid=3"], false, &["SID=1; sid2=2; xsid=3"]),
            (&["sid; =sid; a=sid"], false, &["sid; =sid; a=sid"]),
            (&["sid=; sid=2"], false, &["session=; session=2"]),
            (&["a=1", "sid=2", "b=3; sid=4"], false, &["a=1", "session=2", "b=3; session=4"]),
            (&[" sid = \"x y\" ;a=1"], false, &["session = \"x y\" ;a=1"]),
            (&["a=\u{e9}; sid=\u{e9}"], false, &["a=\u{e9}; session=\u{e9}"]),
            (&["session=9; sid=1; a=2"], false, &["session=1; a=2"]),
            (&["sid=1", "session=9"], false, &["session=1"]),
            (&["session=9; sid=1; a=2"], true, &["session=9; a=2"]),
            (&["session=9; a=2"], false, &["session=9; a=2"]),
            (&[""], false, &[""]),
        ];
        for (lines, keep, expected) in rows {
            assert_eq!(run(header::COOKIE, lines, keep), expected, "{lines:?}");
        }
    }

    #[test]
    fn cookies_of_responses() {
        let rows: [(&[&str], bool, &[&str]); 6] = [
            (
                &["sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; sid=2"],
                false,
                &["session=1; Path=/; Secure; HttpOnly; SameSite=Lax; sid=2"],
            ),
            (&["a=1; sid=2", "sid=; Max-Age=0"], false, &["a=1; sid=2", "session=; Max-Age=0"]),
            (&["sid=1", "sid=2; Path=/a"], false, &["session=1", "session=2; Path=/a"]),
            (&["session=; Max-Age=0", "sid=1;Secure"], false, &["session=1;Secure"]),
            (&["session=9; Secure", "sid=1"], true, &["session=9; Secure"]),
            (
                &["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "sid"],
                false,
                &["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "sid"],
            ),
        ];
        for (lines, keep, expected) in rows {
            assert_eq!(run(header::SET_COOKIE, lines, keep), expected, "{lines:?}");
        }
    }
}
