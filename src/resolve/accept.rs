//! Content negotiation of versions (RFC 9110 §12.5.1): `Accept` for the response, `Content-Type` for the request's body.

use std::cmp::Reverse;

use http::{HeaderMap, HeaderValue, header};

use crate::headers::accept::{FULL, Quality, weight};
use crate::headers::media::MediaType;
use crate::headers::template::{MediaTemplate, Specificity};
use crate::headers::{list, single};
use crate::version::VersionId;

/// What an api knows about a version's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionLookup {
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
    /// No version in particular: no range names one, or the default is wanted most by a range that names none. Media
    /// types are then between the client and the service.
    Unspecified,
    /// This version: a range named it.
    Version(VersionId),
    /// This version, unless something else says one: a wildcard is served by it because the default is excluded by `q=0`.
    Implied(VersionId),
    /// Nothing but versions that are retired; this one is the most wanted.
    Retired(VersionId),
    /// Versions are named, and none of them can be served.
    Unacceptable,
}

/// All valid ranges of an `Accept` that concern the api.
#[derive(Default)]
struct Ranges {
    named: Vec<(VersionLookup, Quality)>,
    covering: Vec<(Specificity, Quality)>,
    /// A type that is none of the api's, and wanted.
    other: bool,
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
/// Weight and precedence are those of RFC 9110 §12.5.1; the most specific range decides, also with `q=0`. If no range of
/// an `Accept` names a version, the header does not select one, whatever types it accepts. An element that is malformed,
/// has a weight outside of 0 to 1, or has a parameter twice is skipped; if it tries to name a version, it counts as an
/// unknown version.
pub fn negotiate<'a>(
    values: impl Iterator<Item = &'a HeaderValue>,
    template: &MediaTemplate,
    lookup: impl Fn(&str) -> VersionLookup,
    preference: &[VersionId],
) -> Negotiated {
    let ranges = Ranges::read(values, template, lookup);
    if ranges.named.is_empty() {
        return Negotiated::Unspecified;
    }
    match ranges.best(preference) {
        Some(best) if !best.named && best.rank == Reverse(0) => Negotiated::Unspecified,
        Some(best) if !best.named => Negotiated::Implied(best.version),
        Some(best) => Negotiated::Version(best.version),
        None if ranges.other && !ranges.wants_version() => Negotiated::Unspecified,
        None => ranges.retired().map_or(Negotiated::Unacceptable, Negotiated::Retired),
    }
}

/// The version that the request's body is written in, if its `Content-Type` names one.
///
/// Also `None` if the header is malformed or occurs twice: it is then ignored (RFC 9110 §8.3).
#[must_use]
pub(crate) fn content_type_version(headers: &HeaderMap, template: &MediaTemplate) -> Option<String> {
    let text = std::str::from_utf8(single(headers, &header::CONTENT_TYPE)?.as_bytes()).ok()?;
    template.version_in(&MediaType::parse(text)?).map(String::from)
}

// === impl Ranges ===

impl Ranges {
    fn read<'a>(
        values: impl Iterator<Item = &'a HeaderValue>,
        template: &MediaTemplate,
        lookup: impl Fn(&str) -> VersionLookup,
    ) -> Self {
        let mut ranges = Self::default();
        for text in values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok()) {
            list::list_items(text).for_each(|element| ranges.add(element, template, &lookup));
        }
        ranges
    }

    fn add(&mut self, element: &str, template: &MediaTemplate, lookup: impl Fn(&str) -> VersionLookup) {
        let read = MediaType::parse(element).and_then(|range| Some((weight(&range)?, range)));
        let Some((quality, range)) = read else {
            if template.is_meant_by(element) {
                self.named.push((VersionLookup::Unknown, FULL));
            }
            return;
        };
        if let Some(name) = template.version_in(&range) {
            self.named.push((lookup(&name), quality));
        } else if let Some(coverage) = template.coverage(&range) {
            self.covering.push((coverage, quality));
        } else if template.is_meant_by(element) {
            // Subtype and parameter name two versions.
            self.named.push((VersionLookup::Unknown, quality));
        } else {
            self.other |= quality > 0;
        }
    }

    fn wants_version(&self) -> bool {
        self.named.iter().any(|(_, quality)| *quality > 0)
    }

    fn best(&self, preference: &[VersionId]) -> Option<Candidate> {
        let preferred = preference.iter().copied().enumerate();
        let preferred = preferred.filter_map(|(rank, version)| self.candidate(version, rank));
        preferred.chain(self.named_outside(preference)).filter(|candidate| candidate.quality > 0).max()
    }

    /// Live versions that wildcards do not reach, such as previews.
    fn named_outside(&self, preference: &[VersionId]) -> impl Iterator<Item = Candidate> {
        self.named.iter().filter_map(|(lookup, _)| match lookup {
            VersionLookup::Live(version) if !preference.contains(version) => self.candidate(*version, usize::MAX),
            _ => None,
        })
    }

    fn candidate(&self, version: VersionId, rank: usize) -> Option<Candidate> {
        let named = self.named_quality(VersionLookup::Live(version));
        let quality = named.or_else(|| self.covering_quality())?;
        Some(Candidate { quality, named: named.is_some(), rank: Reverse(rank), version })
    }

    fn named_quality(&self, wanted: VersionLookup) -> Option<Quality> {
        self.named.iter().filter(|(lookup, _)| *lookup == wanted).map(|(_, quality)| *quality).max()
    }

    /// The representation goes by two names, the template's type and `application/json`; refusing one does not refuse
    /// the other, so the better one counts, each by its most specific range.
    fn covering_quality(&self) -> Option<Quality> {
        let wide = self.coverage_quality(Specificity::Kind).or_else(|| self.coverage_quality(Specificity::Anything));
        let own = self.coverage_quality(Specificity::Own).or(wide);
        own.max(self.coverage_quality(Specificity::Json).or(wide))
    }

    fn coverage_quality(&self, wanted: Specificity) -> Option<Quality> {
        self.covering.iter().filter(|(coverage, _)| *coverage == wanted).map(|(_, quality)| *quality).max()
    }

    /// The retired version that was wanted most; of several, the first.
    fn retired(&self) -> Option<VersionId> {
        let wanted = self.named.iter().enumerate().filter(|(_, (_, quality))| *quality > 0);
        let retired = wanted.filter_map(|(at, (lookup, quality))| match lookup {
            VersionLookup::Retired(version) => Some((*quality, Reverse(at), *version)),
            _ => None,
        });
        retired.max().map(|(.., version)| version)
    }
}

#[cfg(test)]
mod tests;
