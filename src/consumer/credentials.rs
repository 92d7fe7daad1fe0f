//! What `Authorization` says (RFC 9110 §11.4), as far as consumers are read from it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Some clients leave the padding out.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The credentials of a field's value, if it has this scheme, whose letter case does not matter.
pub(crate) fn with_scheme<'v>(value: &'v [u8], scheme: &str) -> Option<&'v [u8]> {
    let (said, rest) = value.trim_ascii_start().split_at_checked(scheme.len())?;
    let is_it = said.eq_ignore_ascii_case(scheme.as_bytes()) && rest.first() == Some(&b' ');
    let credentials = rest.trim_ascii();
    (is_it && !credentials.is_empty()).then_some(credentials)
}

/// The user of Basic authentication (RFC 7617): what comes before the first colon.
pub(crate) fn basic_user(value: &[u8]) -> Option<Vec<u8>> {
    let mut pair = BASIC.decode(with_scheme(value, "basic")?).ok()?;
    let colon = pair.iter().position(|b| *b == b':').filter(|at| *at > 0)?;
    pair.truncate(colon);
    Some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_follow_their_scheme() {
        let rows: [(&str, Option<&str>); 9] = [
            ("Bearer abc", Some("abc")),
            ("bEARER   abc ", Some("abc")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearerabc", None),
            ("Basic abc", None),
            ("", None),
            ("ü", None),
            ("Bearer a b", Some("a b")),
        ];
        for (value, expected) in rows {
            assert_eq!(with_scheme(value.as_bytes(), "Bearer"), expected.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn the_user_ends_at_the_first_colon() {
        let rows: [(&str, Option<&[u8]>); 9] = [
            // user:pass, user:pa:ss, user:, :pass, user, ü:x
            ("Basic dXNlcjpwYXNz", Some(b"user")),
            ("Basic dXNlcjpwYTpzcw==", Some(b"user")),
            ("Basic dXNlcjpwYTpzcw", Some(b"user")),
            ("Basic dXNlcjo=", Some(b"user")),
            ("Basic OnBhc3M=", None),
            ("Basic dXNlcg==", None),
            ("Basic w7w6eA==", Some("ü".as_bytes())),
            ("Basic !", None),
            ("Bearer dXNlcjpwYXNz", None),
        ];
        for (value, expected) in rows {
            assert_eq!(basic_user(value.as_bytes()).as_deref(), expected, "{value}");
        }
    }
}
