//! Content codings (RFC 9110 §8.4): which there are, who takes them, and, with the feature `coding`, their bytes.
//!
//! Without the feature no coding is known, and what is coded cannot be changed.
// `internals` shows it with the feature only.
#![cfg_attr(not(feature = "coding"), allow(unreachable_pub))]

use http::header::{self, HeaderMap, HeaderValue};

use crate::headers::list::list_items;

#[cfg(feature = "coding")]
mod decode;
#[cfg(all(feature = "layer", not(feature = "coding")))]
mod disabled;
#[cfg(feature = "coding")]
mod encode;

#[cfg(feature = "coding")]
pub(crate) use decode::decode;
#[cfg(feature = "coding")]
pub use decode::{DecodeStep, Decoder};
#[cfg(all(feature = "layer", not(feature = "coding")))]
pub(crate) use disabled::{DecodeStep, Decoder, Encoder, decode, encode};
#[cfg(feature = "coding")]
pub(crate) use encode::{Encoder, encode};

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `gzip`, also called `x-gzip` (RFC 1952).
    Gzip,
    /// `deflate`: the zlib format (RFC 1950), and in the wild also bare deflate (RFC 1951).
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878), with windows of at most 8 MiB (RFC 9659).
    Zstd,
}

/// Why content was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodingError {
    /// It becomes larger than the limit.
    Limit,
    /// It becomes more times its size than such content ever does.
    Ratio,
    /// It is not what its coding says, or is cut off.
    Malformed,
}

/// The codings that a client takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    taken: [bool; 4],
}

/// More times its size no JSON becomes, but bombs do.
#[cfg(feature = "layer")]
pub(crate) const MAX_RATIO: u32 = 100;
/// More codings than that, one over the other, are an attack.
const MAX_STACK: usize = 4;

/// What is taken of a body that has to be migrated, for `Accept-Encoding` beside a 415 (RFC 9110 §15.5.16).
pub(crate) const WELCOME: &str =
    if cfg!(feature = "coding") { "gzip, deflate, br, zstd, identity" } else { "identity" };

// === impl Coding ===

impl Coding {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// The coding of that name, in whatever case; `None` for others, and for all without the feature.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let found = Self::ALL.into_iter().find(|coding| is(coding.name()));
        found.or_else(|| is("x-gzip").then_some(Self::Gzip)).filter(|_| cfg!(feature = "coding"))
    }

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding whose format begins like `bytes`: gzip or zstd. The others have no such sign.
    #[must_use]
    pub fn of_magic(bytes: &[u8]) -> Option<Self> {
        let is = |magic: &[u8]| bytes.starts_with(magic);
        let found =
            if is(b"\x1f\x8b") { Some(Self::Gzip) } else { Some(Self::Zstd).filter(|_| is(b"\x28\xb5\x2f\xfd")) };
        found.filter(|_| cfg!(feature = "coding"))
    }

    /// What `Content-Encoding` says, in the order in which they were applied; `None` if one is not known. What can only mean
    /// that there is none is taken for that, such as `none`, or the name of a charset.
    #[must_use]
    pub fn list(headers: &HeaderMap) -> Option<Vec<Self>> {
        let mut codings = Vec::new();
        for line in headers.get_all(header::CONTENT_ENCODING) {
            let names = list_items(line.to_str().ok()?).filter(|name| !means_none(name));
            for name in names {
                codings.push(Self::named(name)?);
            }
        }
        (codings.len() <= MAX_STACK).then_some(codings)
    }
}

// === impl CodingError ===

impl std::fmt::Display for CodingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Limit => "it decodes to more than the limit",
            Self::Ratio => "it decodes to many times its size",
            Self::Malformed => "it cannot be decoded, or is truncated",
        })
    }
}

impl std::error::Error for CodingError {}

// === impl Accepted ===

impl Accepted {
    /// The codings that `Accept-Encoding` names. A client that does not send it accepts any coding (RFC 9110 §12.5.3), but
    /// may not support them; the same is true for `*`.
    #[must_use]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        for (item, coding) in offers(headers) {
            accepted.taken[coding as usize] = !is_refused(item);
        }
        accepted
    }

    /// Whether it is among them.
    #[must_use]
    pub(crate) const fn takes(self, coding: Coding) -> bool {
        self.taken[coding as usize]
    }
}

/// The `Accept-Encoding` for a service whose response has to be changed: the client's codings that can be decoded, and its
/// preference for no coding. The header is always sent, because without it any coding would be acceptable (RFC 9110 §12.5.3).
///
/// `None` if the client takes neither a coding that is known nor content without one.
#[must_use]
pub(crate) fn narrowed(headers: &HeaderMap) -> Option<HeaderValue> {
    let (mut codes, mut identity, mut rest) = (false, None, true);
    let kept: Vec<&str> = items(headers)
        .filter(|(name, item)| {
            let (known, refused) = (Coding::named(name).is_some(), is_refused(item));
            codes |= known && !refused;
            match *name {
                _ if name.eq_ignore_ascii_case("identity") => identity = Some(!refused),
                "*" => rest = !refused,
                _ => {}
            }
            (known && !refused) || name.eq_ignore_ascii_case("identity") || (*name == "*" && refused)
        })
        .map(|(_, item)| item)
        .collect();
    if codes {
        return HeaderValue::try_from(kept.join(", ")).ok();
    }
    identity.unwrap_or(rest).then_some(HeaderValue::from_static("identity"))
}

/// Names in `Content-Encoding` that mean that there is no coding: `identity`, and values that belong into another header (a
/// charset, MIME's `Content-Transfer-Encoding`).
fn means_none(name: &str) -> bool {
    ["identity", "none", "utf-8", "utf8", "binary", "8bit", "7bit"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The elements that name a coding that is known here.
fn offers(headers: &HeaderMap) -> impl Iterator<Item = (&str, Coding)> {
    items(headers).filter_map(|(name, item)| Some((item, Coding::named(name)?)))
}

/// What each element names, and all of it.
fn items(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(list_items).map(|item| (item.split(';').next().unwrap_or_default().trim(), item))
}

/// A weight of zero (RFC 9110 §12.4.2).
fn is_refused(item: &str) -> bool {
    item.split(';').skip(1).filter_map(|parameter| parameter.split_once('=')).any(|(name, weight)| {
        let weight = weight.trim();
        let is_zero = weight.starts_with('0') && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        name.trim().eq_ignore_ascii_case("q") && is_zero
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, line.parse().expect(line));
        }
        headers
    }

    #[test]
    fn codings_are_listed_in_their_order() {
        let rows: [(&[&str], Option<&[Coding]>); 12] = [
            (&[], Some(&[])),
            (&["identity"], Some(&[])),
            (&["None"], Some(&[])),
            (&["utf-8"], Some(&[])),
            (&["", " , "], Some(&[])),
            (&["none, gzip"], Some(&[Coding::Gzip])),
            (&["GZIP"], Some(&[Coding::Gzip])),
            (&["x-gzip, br", "zstd"], Some(&[Coding::Gzip, Coding::Brotli, Coding::Zstd])),
            (&["gzip, identity, deflate"], Some(&[Coding::Gzip, Coding::Deflate])),
            (&["gzip, xyz"], None),
            (&["compress"], None),
            (&["gzip, gzip, gzip, gzip, gzip"], None),
        ];
        for (lines, expected) in rows {
            let listed = Coding::list(&headers(header::CONTENT_ENCODING, lines));
            assert_eq!(listed.as_deref(), expected, "{lines:?}");
        }
    }

    #[test]
    fn only_what_can_be_decoded_is_asked_for() {
        let rows: [(&[&str], &str, &[Coding]); 18] = [
            (&[], "identity", &[]),
            (&[""], "identity", &[]),
            (&["*"], "identity", &[]),
            (&["gzip, compress, br;q=0.5"], "gzip, br;q=0.5", &[Coding::Gzip, Coding::Brotli]),
            (&["compress", "X-Gzip"], "X-Gzip", &[Coding::Gzip]),
            (&["gzip;q=0, zstd; Q=1"], "zstd; Q=1", &[Coding::Zstd]),
            (&["gzip;q=0.000"], "identity", &[]),
            (&["gzip;q=0.001"], "gzip;q=0.001", &[Coding::Gzip]),
            (&["identity;q=0"], "", &[]),
            (&["Identity; Q=0.0", "compress"], "", &[]),
            (&["identity;q=0, gzip;q=0"], "", &[]),
            (&["*;q=0"], "", &[]),
            (&["compress, *;q=0"], "", &[]),
            (&["*;q=0, identity"], "identity", &[]),
            (&["gzip, identity;q=0"], "gzip, identity;q=0", &[Coding::Gzip]),
            (&["gzip;q=0.5, Identity;q=1"], "gzip;q=0.5, Identity;q=1", &[Coding::Gzip]),
            (&["br, *;q=0", "compress"], "br, *;q=0", &[Coding::Brotli]),
            (&["zstd, *;q=0.1"], "zstd", &[Coding::Zstd]),
        ];
        for (lines, expected, taken) in rows {
            let headers = headers(header::ACCEPT_ENCODING, lines);
            let asked = narrowed(&headers);
            assert_eq!(asked.as_ref().map_or("", |asked| asked.to_str().expect("text")), expected, "{lines:?}");
            let accepted = Accepted::of(&headers);
            let found: Vec<_> = Coding::ALL.into_iter().filter(|coding| accepted.takes(*coding)).collect();
            assert_eq!(found, taken, "{lines:?}");
        }
    }
}
