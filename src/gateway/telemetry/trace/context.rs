//! The fields of W3C Trace Context: passed on when they can be read, dropped when they cannot.

use http::header::{HeaderMap, HeaderName};

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// What every version has (§3.2): `00-<trace>-<parent>-<flags>`.
const LENGTH: usize = 55;

/// What is passed on to the next hop: a valid `traceparent`, unchanged, with its `tracestate`; otherwise neither.
pub(in crate::gateway) fn settle(headers: &mut HeaderMap) {
    let is_context = |name: &HeaderName| *name == TRACEPARENT || *name == TRACESTATE;
    if headers.keys().any(is_context) && parent(headers).is_none() {
        headers.remove(TRACEPARENT);
        headers.remove(TRACESTATE);
    }
}

/// The part of `traceparent` that every version has; `None` if there is none, more than one, or one that is invalid.
pub(super) fn parent(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    read(value.to_str().ok()?)
}

fn read(text: &str) -> Option<&str> {
    let common = text.get(..LENGTH)?;
    let parts: [&str; 4] = common.split('-').collect::<Vec<_>>().try_into().ok()?;
    let shaped = parts.iter().zip([2, 32, 16, 2]).all(|(part, length)| part.len() == length && is_hex(part));
    // A later version may say more, after a dash (§3.2.4).
    let ends = match (parts[0], text.as_bytes().get(LENGTH)) {
        ("ff", _) => false,
        ("00", after) => after.is_none(),
        (_, after) => after.is_none_or(|byte| *byte == b'-'),
    };
    let named = parts[1..3].iter().all(|id| id.bytes().any(|byte| byte != b'0'));
    (shaped && ends && named).then_some(common)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_can_be_read() {
        let rows = [
            (GOOD.to_owned(), true),
            (GOOD.replace("-01", "-00"), true),
            (GOOD.replace("-01", "-ff"), true),
            (GOOD.replacen("00", "cc", 1), true),
            (GOOD.replacen("00", "cc", 1) + "-more", true),
            (GOOD.replacen("00", "cc", 1) + "-", true),
            (GOOD.replacen("00", "cc", 1) + ".more", false),
            (GOOD.replacen("00", "ff", 1), false),
            (GOOD.replacen("00", "0x", 1), false),
            (GOOD.to_owned() + "-more", false),
            (GOOD.to_owned() + "-", false),
            (GOOD.to_uppercase(), false),
            (GOOD.replace("-01", "-0A"), false),
            (GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)), false),
            (GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)), false),
            (GOOD.replace("-00f0", "0-0f0"), false),
            (GOOD.replace('-', "_"), false),
            (GOOD.replace("7b3", "é"), false),
            (GOOD[..54].to_owned(), false),
            (String::new(), false),
        ];
        for (text, readable) in rows {
            assert_eq!(read(&text), readable.then(|| &text[..LENGTH]), "{text}");
        }
    }

    #[test]
    fn what_is_passed_on() {
        let later = format!("cc{}-more", &GOOD[2..]);
        let rows: [(&[&str], &[&str], bool); 8] = [
            (&[GOOD], &[], true),
            (&[GOOD], &["a=1"], true),
            (&[GOOD], &["a=1", "b=2"], true),
            (&[&later], &["a=1"], true),
            (&["00-1-2-01"], &["a=1"], false),
            (&[GOOD, GOOD], &["a=1"], false),
            (&[], &["a=1"], false),
            (&[], &[], false),
        ];
        for (parents, states, stay) in rows {
            let mut headers = HeaderMap::new();
            let fields = parents.iter().map(|text| (TRACEPARENT, *text));
            for (name, text) in fields.chain(states.iter().map(|text| (TRACESTATE, *text))) {
                headers.append(name, HeaderValue::from_str(text).expect("a value"));
            }
            let before = headers.clone();
            settle(&mut headers);
            let expected = if stay { before } else { HeaderMap::new() };
            assert_eq!(headers, expected, "{parents:?} {states:?}");
        }
    }
}
