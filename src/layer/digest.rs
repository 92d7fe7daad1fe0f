//! Digests of content (RFC 9530): checked before the content is changed, and made anew after.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256, Sha512};

use crate::headers::sf::byte_members;

/// What the digest fields of a message say. Of a message that is held as a whole, and is no part of anything, content
/// and representation are the same bytes (§2, §3).
#[derive(Debug)]
pub(super) struct Digests {
    claims: Vec<Claim>,
}

#[derive(Debug)]
struct Claim {
    field: HeaderName,
    algorithm: Algorithm,
    sum: Vec<u8>,
}

/// The algorithms that are not deprecated (§5); others are not vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha512,
}

static FIELDS: [HeaderName; 2] = [HeaderName::from_static("content-digest"), HeaderName::from_static("repr-digest")];

// === impl Digests ===

impl Digests {
    /// The digests in `headers`. A malformed field is ignored (RFC 9651 §4.2).
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let there = FIELDS.iter().filter(|field| headers.contains_key(*field));
        Self { claims: there.flat_map(|field| claims(headers, field)).collect() }
    }

    /// Whether they say nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Whether the content is what they say.
    pub(super) fn hold(&self, content: &[u8]) -> bool {
        self.claims.iter().all(|claim| claim.algorithm.sum(content) == claim.sum)
    }

    /// Writes those of other content, by the same algorithms.
    pub(super) fn write(&self, content: &[u8], headers: &mut HeaderMap) {
        for field in &FIELDS {
            let claims = self.claims.iter().filter(|claim| claim.field == *field);
            let members = claims.map(|claim| claim.algorithm.member(content)).collect::<Vec<_>>().join(", ");
            if let Some(value) = HeaderValue::try_from(members).ok().filter(|value| !value.is_empty()) {
                headers.insert(field, value);
            }
        }
    }
}

fn claims(headers: &HeaderMap, field: &HeaderName) -> Vec<Claim> {
    let lines: Vec<&[u8]> = headers.get_all(field).iter().map(HeaderValue::as_bytes).collect();
    let value = lines.join(&b", "[..]);
    let mut members = byte_members(&value).unwrap_or_default();
    let mut claim = |algorithm: Algorithm| {
        let at = members.iter().position(|(key, _)| *key == algorithm.key())?;
        Some(Claim { field: field.clone(), algorithm, sum: members.swap_remove(at).1 })
    };
    [Algorithm::Sha256, Algorithm::Sha512].into_iter().filter_map(&mut claim).collect()
}

// === impl Algorithm ===

impl Algorithm {
    const fn key(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    fn sum(self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(content).to_vec(),
            Self::Sha512 => Sha512::digest(content).to_vec(),
        }
    }

    fn member(self, content: &[u8]) -> String {
        format!("{}=:{}:", self.key(), STANDARD.encode(self.sum(content)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9530, appendix B.1 and D.
    const WORLD: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

    fn digests(lines: &[&str]) -> Digests {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("content-digest", line.parse().expect(line));
        }
        Digests::of(&headers)
    }

    #[test]
    fn the_rfcs_example_holds() {
        let content = b"{\"hello\": \"world\"}\n";
        let rows: [(&[&str], bool); 11] = [
            // If a key occurs twice, the last one counts, whatever its type (RFC 9651 §4.2.2); a malformed field is ignored.
            (&["sha-256=:AAAA:, sha-256=1"], true),
            (&["sha-256=:AAAA:, other=:A:"], true),
            (&["sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:"], true),
            (&[WORLD], true),
            (&["sha-512=:AAAA:", WORLD], false),
            (&["sha-256=:AAAA:", WORLD], true),
            (&[WORLD, "sha-256=:AAAA:"], false),
            (&["md5=:AAAA:"], true),
            (&["sha-256=AAAA"], true),
            (&["sha-256=:AAAA:, ?"], true),
            (&[], true),
        ];
        for (lines, expected) in rows {
            assert_eq!(digests(lines).hold(content), expected, "{lines:?}");
        }
        let mut headers = HeaderMap::new();
        digests(&["md5=:AAAA:, sha-256=:AAAA:"]).write(content, &mut headers);
        assert_eq!((headers.len(), &headers["content-digest"]), (1, &HeaderValue::from_static(WORLD)));
    }
}
