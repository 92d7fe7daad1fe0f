//! One claim of a JSON Web Token (RFC 7519).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};

use super::identity::CLAIMED;

/// A longer token is not read.
pub(super) const MAX_TOKEN: usize = 16 * 1024;
/// A longer claim is not the name of a consumer.
const MAX_CLAIM: usize = 256;

/// Reads one claim of an object, and skips the others.
struct ClaimReader<'n>(&'n str);

/// The identity of the consumer that a token claims to be from: nothing of the token was verified.
pub(crate) fn claimed(token: &[u8], name: &str) -> Option<String> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let mut parts = token.split(|b| *b == b'.');
    // The header, the payload, and a signature, which may be empty.
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let claim = claim(&URL_SAFE_NO_PAD.decode(payload).ok()?, name)?;
    Some(format!("{CLAIMED}{claim}"))
}

/// The claim `name` of a payload, if it can be the name of a consumer: a string, not too long, without characters that
/// would be invisible or misleading in a log.
pub(super) fn claim(payload: &[u8], name: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_slice(payload);
    let claim = ClaimReader(name).deserialize(&mut reader).ok()??;
    reader.end().ok()?;
    let is_visible = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    let is_name = !claim.is_empty() && claim.len() <= MAX_CLAIM && claim.trim() == claim;
    (is_name && claim.chars().all(is_visible)).then_some(claim)
}

// === impl ClaimReader ===

impl<'de> DeserializeSeed<'de> for ClaimReader<'_> {
    type Value = Option<String>;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ClaimReader<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = claims.next_key::<std::borrow::Cow<'de, str>>()? {
            if name != self.0 {
                claims.next_value::<IgnoredAny>()?;
            } else if found.replace(claims.next_value::<String>()?).is_some() {
                // Of two, another reader may take the other one (RFC 7519 §4).
                return Err(A::Error::custom("the claim occurs twice"));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{\"alg\":\"RS256\"}"), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_claim_is_a_plain_string() {
        let deep = format!("{{\"a\":{}1{},\"azp\":\"acme\"}}", "[".repeat(10_000), "]".repeat(10_000));
        let long = format!("{{\"azp\":\"{}\"}}", "a".repeat(257));
        let rows: [(&str, Option<&str>); 18] = [
            (r#"{"azp":"acme"}"#, Some("claimed:acme")),
            (r#"{"aud":["x"],"azp":"acme","exp":1}"#, Some("claimed:acme")),
            (r#"{"azp":"Käse GmbH"}"#, Some("claimed:Käse GmbH")),
            (r#"{"azp":"acme"#, None),
            (r#"{"azp":"a","azp":"b"}"#, None),
            (r#"{"azp":""}"#, None),
            (r#"{"azp":" acme"}"#, None),
            (r#"{"azp":"a\nb"}"#, None),
            ("{\"azp\":\"a\u{202e}b\"}", None),
            (r#"{"azp":1}"#, None),
            (r#"{"azp":null}"#, None),
            (r#"{"azp":{"a":1}}"#, None),
            (r#"{"sub":"acme"}"#, None),
            (r#"{"azp":"acme"} x"#, None),
            (r#"["azp"]"#, None),
            ("", None),
            (&deep, None),
            (&long, None),
        ];
        for (payload, expected) in rows {
            assert_eq!(claimed(token(payload).as_bytes(), "azp").as_deref(), expected, "{payload:.60}");
        }
    }

    #[test]
    fn a_token_has_three_parts_and_is_not_large() {
        let good = token(r#"{"azp":"acme"}"#);
        let large = token(&format!("{{\"azp\":\"acme\",\"x\":\"{}\"}}", "a".repeat(MAX_TOKEN)));
        let padded = good.replacen(".c2ln", "=.c2ln", 1);
        for bad in ["", ".", "..", "a.b", "a.!.c", &format!("{good}.d.e"), &large, &padded, "opaque"] {
            assert_eq!(claimed(bad.as_bytes(), "azp"), None, "{bad:.40}");
        }
        assert_eq!(claimed(&[0xff, b'.', 0xff, b'.', 0xff], "azp"), None);
        assert!(claimed(good.as_bytes(), "azp").is_some());
    }
}
