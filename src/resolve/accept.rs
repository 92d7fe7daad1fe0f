//! Content negotiation of versions (RFC 9110 §12.5.1): `Accept` for the response, `Content-Type` for the request's body.

use std::cmp::Reverse;

use http::{HeaderMap, HeaderValue, header};

use crate::headers::media::{Coverage, MediaTemplate, MediaType};
use crate::headers::{merge, single};
use crate::version::VersionId;

/// What an api knows about a version's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// It can be served.
    Live(VersionId),
    /// It was, and is no longer.
    Retired(VersionId),
    /// It never was.
    Unknown,
}

/// What an `Accept` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Negotiated {
    /// No version in particular: there is no `Accept`, or it meets the default by a range that names no version.
    Unspecified,
    /// This version: a range named it.
    Version(VersionId),
    /// This version, unless something else says one: a wildcard is served by it because the default is excluded by `q=0`.
    Implied(VersionId),
    /// Nothing but versions that are retired; this one is the most wanted.
    Retired(VersionId),
    /// Nothing that there is.
    Unacceptable,
}

/// A weight in thousandths.
type Quality = u16;

const FULL: Quality = 1000;

/// All valid ranges of an `Accept` that concern the api, and whether it had any element at all.
#[derive(Default)]
struct Ranges {
    named: Vec<(Lookup, Quality)>,
    covering: Vec<(Coverage, Quality)>,
    any: bool,
}

/// A live version with its weight; of two, the greater one is served.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    quality: Quality,
    named: bool,
    rank: Reverse<usize>,
    version: VersionId,
}

/// Chooses a version by the `values` of `Accept`, all its lines in their order.
///
/// `preference` lists the live versions, the default first and then newest to oldest: it breaks ties and answers
/// wildcards. Of two versions with the same weight, one that a range names goes before one that a wildcard covers.
///
/// Weight and precedence are those of RFC 9110 §12.5.1; the most specific range decides, also with `q=0`. An element that
/// is malformed, weighed outside of 0 to 1, or has a parameter twice is skipped. `*/*` names no version. An `Accept` of
/// malformed elements only is not taken for none: that client asked for something.
///
/// ```
/// use http::HeaderValue;
/// use sunward::headers::media::MediaTemplate;
/// use sunward::resolve::accept::{Lookup, Negotiated, negotiate};
/// use sunward::version::VersionId;
///
/// let template = MediaTemplate::new("application/vnd.acme.v{version}+json", None)?;
/// let (v2, v3) = (VersionId::new(1), VersionId::new(2));
/// let lookup = |name: &str| match name {
///     "1" => Lookup::Retired(VersionId::new(0)),
///     "2" => Lookup::Live(v2),
///     "3" => Lookup::Live(v3),
///     _ => Lookup::Unknown,
/// };
/// let accept = HeaderValue::from_static("application/vnd.acme.v9+json, application/vnd.acme.v3+json;q=0.1");
/// assert_eq!(negotiate([&accept].into_iter(), &template, lookup, &[v2, v3]), Negotiated::Version(v3));
/// # Ok::<(), String>(())
/// ```
pub fn negotiate<'a>(
    values: impl Iterator<Item = &'a HeaderValue>,
    template: &MediaTemplate,
    lookup: impl Fn(&str) -> Lookup,
    preference: &[VersionId],
) -> Negotiated {
    let ranges = Ranges::read(values, template, lookup);
    if !ranges.any {
        return Negotiated::Unspecified;
    }
    match ranges.best(preference) {
        Some(best) if !best.named && best.rank == Reverse(0) => Negotiated::Unspecified,
        Some(best) if !best.named => Negotiated::Implied(best.version),
        Some(best) => Negotiated::Version(best.version),
        None => ranges.retired().map_or(Negotiated::Unacceptable, Negotiated::Retired),
    }
}

/// The version that the request's body is written in, if its `Content-Type` names one.
///
/// `None` also if the field is malformed or came twice: then it says nothing (RFC 9110 §8.3).
///
/// ```
/// use http::{HeaderMap, header};
/// use sunward::headers::media::MediaTemplate;
/// use sunward::resolve::accept::content_type_version;
///
/// let template = MediaTemplate::new("application/vnd.acme.v{version}+json", None)?;
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONTENT_TYPE, "application/vnd.acme.v2+json".parse().expect("a value"));
/// assert_eq!(content_type_version(&headers, &template).as_deref(), Some("2"));
/// # Ok::<(), String>(())
/// ```
#[must_use]
pub fn content_type_version(headers: &HeaderMap, template: &MediaTemplate) -> Option<String> {
    let text = std::str::from_utf8(single(headers, &header::CONTENT_TYPE)?.as_bytes()).ok()?;
    template.version_in(&MediaType::parse(text)?).map(String::from)
}

// === impl Ranges ===

impl Ranges {
    fn read<'a>(
        values: impl Iterator<Item = &'a HeaderValue>,
        template: &MediaTemplate,
        lookup: impl Fn(&str) -> Lookup,
    ) -> Self {
        let mut ranges = Self::default();
        for value in values {
            let Ok(text) = std::str::from_utf8(value.as_bytes()) else {
                ranges.any = true;
                continue;
            };
            for element in merge::list_items(text) {
                ranges.any = true;
                ranges.add(element, template, &lookup);
            }
        }
        ranges
    }

    fn add(&mut self, element: &str, template: &MediaTemplate, lookup: impl Fn(&str) -> Lookup) {
        let Some(range) = MediaType::parse(element) else { return };
        let Some(quality) = range.param("q").map_or(Some(FULL), quality) else { return };
        if let Some(name) = template.version_in(&range) {
            self.named.push((lookup(&name), quality));
        } else if let Some(coverage) = template.coverage(&range) {
            self.covering.push((coverage, quality));
        }
    }

    fn best(&self, preference: &[VersionId]) -> Option<Candidate> {
        let preferred = preference.iter().copied().enumerate();
        let preferred = preferred.filter_map(|(rank, version)| self.candidate(version, rank));
        preferred.chain(self.named_outside(preference)).filter(|candidate| candidate.quality > 0).max()
    }

    /// Live versions that wildcards do not reach, such as previews.
    fn named_outside(&self, preference: &[VersionId]) -> impl Iterator<Item = Candidate> {
        self.named.iter().filter_map(|(lookup, _)| match lookup {
            Lookup::Live(version) if !preference.contains(version) => self.candidate(*version, usize::MAX),
            _ => None,
        })
    }

    fn candidate(&self, version: VersionId, rank: usize) -> Option<Candidate> {
        let named = self.named_quality(Lookup::Live(version));
        let quality = named.or_else(|| self.covering_quality())?;
        Some(Candidate { quality, named: named.is_some(), rank: Reverse(rank), version })
    }

    fn named_quality(&self, wanted: Lookup) -> Option<Quality> {
        self.named.iter().filter(|(lookup, _)| *lookup == wanted).map(|(_, quality)| *quality).max()
    }

    /// The representation goes by two names, the template's type and `application/json`; refusing one does not refuse
    /// the other, so the better one counts, each by its most specific range.
    fn covering_quality(&self) -> Option<Quality> {
        let wide = self.coverage_quality(Coverage::Kind).or_else(|| self.coverage_quality(Coverage::Anything));
        let own = self.coverage_quality(Coverage::Own).or(wide);
        own.max(self.coverage_quality(Coverage::Json).or(wide))
    }

    fn coverage_quality(&self, wanted: Coverage) -> Option<Quality> {
        self.covering.iter().filter(|(coverage, _)| *coverage == wanted).map(|(_, quality)| *quality).max()
    }

    /// The retired version that was wanted most; of several, the first.
    fn retired(&self) -> Option<VersionId> {
        let wanted = self.named.iter().enumerate().filter(|(_, (_, quality))| *quality > 0);
        let retired = wanted.filter_map(|(at, (lookup, quality))| match lookup {
            Lookup::Retired(version) => Some((*quality, Reverse(at), *version)),
            _ => None,
        });
        retired.max().map(|(.., version)| version)
    }
}

/// `qvalue` of RFC 9110 §12.4.2, in thousandths.
fn quality(text: &str) -> Option<Quality> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: Quality = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
