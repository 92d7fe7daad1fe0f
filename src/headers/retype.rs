//! Media types that another version has another name for: in `Content-Type`, and in `Accept` (RFC 9110 §12.5.1).

use http::header::{self, HeaderMap, HeaderValue};

use super::accept::{Quality, weight};
use super::list::{list_items, text};
use super::media::MediaType;
use super::trim_ows;

/// A name of the media type on one side, and the one on the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retyping<'a> {
    /// Type and subtype, without parameters.
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

/// An element of `Accept`.
struct AcceptRange<'a> {
    element: &'a str,
    /// `None` for one that is malformed: it stays as it is.
    read: Option<(MediaType<'a>, Quality)>,
}

// === impl Retyping ===

impl Retyping<'_> {
    /// Exchanges the media type of the content. Parameters keep their spelling.
    pub(crate) fn run_content_type(self, headers: &mut HeaderMap) -> bool {
        let header::Entry::Occupied(mut entry) = headers.entry(header::CONTENT_TYPE) else { return false };
        let mut altered = false;
        for value in entry.iter_mut() {
            let renamed = text(value).and_then(|text| self.rename(text));
            if let Some(renamed) = renamed.and_then(|renamed| HeaderValue::try_from(renamed).ok()) {
                altered |= *value != renamed;
                *value = renamed;
            }
        }
        altered
    }

    /// Lets a client that accepts the one type accept the other: each range that names `from` is followed by one that names
    /// `to`, with the same parameters and weight, unless the client's own ranges already give `to` that weight.
    ///
    /// A range of the client for `to` stays, except one that refuses what is accepted under the name `from`.
    pub(crate) fn run_accept(self, headers: &mut HeaderMap) {
        let lines: Vec<HeaderValue> = headers.get_all(header::ACCEPT).iter().cloned().collect();
        let elements = lines.iter().filter_map(text).flat_map(list_items);
        let ranges: Vec<AcceptRange<'_>> = elements.map(AcceptRange::read).collect();
        let mut asked: Vec<String> = ranges.iter().map(|range| range.element.to_owned()).collect();
        let mut added: Vec<(usize, String)> = Vec::new();
        for (at, AcceptRange { element, read }) in ranges.iter().enumerate() {
            let Some((range, quality)) = read.as_ref().filter(|(range, _)| range.is(self.from)) else { continue };
            let Some(renamed) = self.rename(element) else { continue };
            match self.own(&ranges, range) {
                Some((own, 0)) if *quality > 0 => asked[own] = renamed,
                Some(_) => {}
                None if self.inherited(&ranges, range) == *quality => {}
                None if added.iter().any(|(_, known)| *known == renamed) => {}
                None => added.push((at, renamed)),
            }
        }
        for (at, range) in added.into_iter().rev() {
            asked.insert(at + 1, range);
        }
        if asked.len() == ranges.len() && asked.iter().zip(&ranges).all(|(asked, range)| asked == range.element) {
            return;
        }
        if let Ok(line) = HeaderValue::try_from(asked.join(", ")) {
            headers.insert(header::ACCEPT, line);
        }
    }

    /// A media type or range under its other name; `None` if it is another one.
    fn rename(self, text: &str) -> Option<String> {
        let text = trim_ows(text);
        let essence = trim_ows(text.split(';').next()?);
        MediaType::parse(essence)?.is(self.from).then(|| format!("{}{}", self.to, &text[essence.len()..]))
    }

    /// The client's own range for `to` with the parameters of `range`.
    fn own(self, ranges: &[AcceptRange<'_>], range: &MediaType<'_>) -> Option<(usize, Quality)> {
        let same = |known: &MediaType<'_>| known.is(self.to) && known.selects(range) && range.selects(known);
        ranges.iter().enumerate().find_map(|(at, known)| {
            let (_, quality) = known.read.as_ref().filter(|(media, _)| same(media))?;
            Some((at, *quality))
        })
    }

    /// The weight of `to` with the parameters of `range`, by the most specific range that it is in.
    fn inherited(self, ranges: &[AcceptRange<'_>], range: &MediaType<'_>) -> Quality {
        let (kind, _) = self.to.split_once('/').unwrap_or((self.to, ""));
        let specificity = |known: &MediaType<'_>| match known {
            _ if !known.selects(range) => None,
            _ if known.is(self.to) => Some(2),
            _ if known.subtype() != "*" => None,
            _ if known.kind().eq_ignore_ascii_case(kind) => Some(1),
            _ => (known.kind() == "*").then_some(0),
        };
        let known = ranges.iter().filter_map(|known| known.read.as_ref());
        let ranked = known.filter_map(|(known, quality)| {
            Some(((specificity(known)?, known.parameters_but_weight().count()), *quality))
        });
        ranked.max().map_or(0, |(_, quality)| quality)
    }
}

// === impl AcceptRange ===

impl<'a> AcceptRange<'a> {
    fn read(element: &'a str) -> Self {
        let read = MediaType::parse(element).and_then(|range| Some((weight(&range)?, range)));
        Self { element, read: read.map(|(quality, range)| (range, quality)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: Retyping<'_> = Retyping { from: "application/json", to: "application/problem+json" };

    fn with(name: header::HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, line.parse().expect(line));
        }
        headers
    }

    fn lines(name: header::HeaderName, headers: &HeaderMap) -> Vec<&str> {
        headers.get_all(name).iter().map(|line| line.to_str().expect("ASCII")).collect()
    }

    #[test]
    fn a_content_type_keeps_its_parameters() {
        let rows = [
            ("application/json", "application/problem+json"),
            ("Application/JSON ; Charset=\"utf-8\"", "application/problem+json ; Charset=\"utf-8\""),
            ("application/json; utf-8", "application/problem+json; utf-8"),
            ("application/json;charset=\u{e9}", "application/problem+json;charset=\u{e9}"),
            ("application/vnd.acme+json", "application/vnd.acme+json"),
            ("application/json, text/html", "application/json, text/html"),
            ("json", "json"),
        ];
        for (came, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_bytes(came.as_bytes()).expect(came));
            PROBLEM.run_content_type(&mut headers);
            assert_eq!(headers[header::CONTENT_TYPE].as_bytes(), expected.as_bytes(), "{came}");
        }
        let mut none = HeaderMap::new();
        PROBLEM.run_content_type(&mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn who_accepts_one_type_accepts_the_other() {
        let rows: [(&[&str], &[&str]); 17] = [
            (&[], &[]),
            (&["*/*"], &["*/*"]),
            (&["application/*;q=0.5, text/html"], &["application/*;q=0.5, text/html"]),
            (&["text/html"], &["text/html"]),
            (&["application/json"], &["application/json, application/problem+json"]),
            (&["application/json, text/plain, */*"], &["application/json, text/plain, */*"]),
            (
                &["application/json;q=0.8", "text/html"],
                &["application/json;q=0.8, application/problem+json;q=0.8, text/html"],
            ),
            // A wildcard of another weight does not stand for it.
            (&["application/json, */*;q=0.1"], &["application/json, application/problem+json, */*;q=0.1"]),
            (
                &["application/json, application/*;q=0"],
                &["application/json, application/problem+json, application/*;q=0"],
            ),
            // What is refused under one name is refused under the other.
            (&["*/*, application/json;q=0"], &["*/*, application/json;q=0, application/problem+json;q=0"]),
            (&["application/json;q=0, text/html"], &["application/json;q=0, text/html"]),
            // What the client says of the other type itself stays, unless it refuses what it is going to be.
            (
                &["application/json, application/problem+json;q=0.5"],
                &["application/json, application/problem+json;q=0.5"],
            ),
            (&["application/problem+json;q=0, application/json"], &["application/problem+json, application/json"]),
            (&["application/json;q=0, application/problem+json"], &["application/json;q=0, application/problem+json"]),
            // Parameters narrow a range.
            (
                &["application/json;profile=\"a, b\";q=0.3, */*"],
                &["application/json;profile=\"a, b\";q=0.3, application/problem+json;profile=\"a, b\";q=0.3, */*"],
            ),
            (
                &["application/json, Application/JSON"],
                &["application/json, application/problem+json, Application/JSON"],
            ),
            (&["application/json;q=2, application/json;=1"], &["application/json;q=2, application/json;=1"]),
        ];
        for (came, expected) in rows {
            let mut headers = with(header::ACCEPT, came);
            PROBLEM.run_accept(&mut headers);
            assert_eq!(lines(header::ACCEPT, &headers), expected, "{came:?}");
        }
    }
}
