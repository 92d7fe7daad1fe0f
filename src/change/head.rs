//! Ops on the head of a message, compiled for one direction each.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::cookie::CookieRenaming;
use crate::json::Renaming;

/// A step on the header fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderStep {
    /// Adds a field where it is absent.
    Add(HeaderName, HeaderValue),
    /// Drops a field.
    Drop(HeaderName),
    /// Renames a field. Where both names are there, the lines of the new one go, unless they are kept: then those of the
    /// old one go.
    Rename(HeaderName, HeaderName, bool),
    /// Renames a cookie, in `Cookie` and in `Set-Cookie`; with both names as [`Rename`](Self::Rename).
    Cookie(Box<str>, Box<str>, bool),
    /// Exchanges a path prefix in `Location`, `Content-Location` and `Link`.
    Prefix(Box<str>, Box<str>),
    /// Exchanges the media type of the content.
    ContentType(Box<str>, Box<str>),
    /// Lets who accepts content of the one media type accept the other, which becomes it.
    Accept(Box<str>, Box<str>),
}

/// A step on the query parameters. Names are compared after percent-decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueryStep {
    /// Adds a parameter where it is absent.
    Add(Box<str>, Box<str>),
    /// Drops a parameter.
    Drop(Box<str>),
    /// Sets a parameter to a value that says which of several old routes a request was for.
    Mark(Box<str>, Box<str>),
    /// Drops such a parameter. It is the step of one route only: see [`takes`].
    Unmark(Box<str>, Box<str>),
    /// Renames a parameter, each time it is given. Where both names are there, those of the new one go, unless they are
    /// kept: then those of the old one go.
    Rename(Box<str>, Box<str>, bool),
    /// Exchanges values of a parameter, each of a comma list, whatever sign or space is around it. Commas, signs and
    /// spaces may be escaped, and stay as they are written.
    Map(Box<str>, Box<[(Box<str>, Box<str>)]>),
    /// Writes names of members in another case, in values as those of [`Map`](Self::Map): each part of a path between
    /// dots or slashes. A name that would not come back stays.
    Names(Box<str>, Arc<Renaming>),
}

/// Runs `step` on `headers`, except those that need to know more than the language of changes does: steps on prefixes (which
/// part of a URL is the api's), and on media types.
pub(crate) fn run_header(step: &HeaderStep, headers: &mut HeaderMap) -> bool {
    match step {
        HeaderStep::Add(name, value) => {
            let adds = !headers.contains_key(name);
            if adds {
                headers.insert(name, value.clone());
            }
            adds
        }
        HeaderStep::Drop(name) => headers.remove(name).is_some(),
        HeaderStep::Rename(from, to, keep) => {
            let values: Vec<HeaderValue> = headers.get_all(from).iter().cloned().collect();
            if values.is_empty() {
                return false;
            }
            headers.remove(from);
            if *keep && headers.contains_key(to) {
                return true;
            }
            headers.remove(to);
            for value in values {
                headers.append(to, value);
            }
            true
        }
        HeaderStep::Cookie(from, to, keep) => CookieRenaming { from, to, keep: *keep }.run(headers),
        HeaderStep::Prefix(..) | HeaderStep::ContentType(..) | HeaderStep::Accept(..) => false,
    }
}

/// Runs `step` on a query string (without `?`). What the step does not touch keeps its bytes, empty pairs as well.
#[must_use]
pub(crate) fn run_query(step: &QueryStep, query: &str) -> String {
    let has = |name: &str| query.split('&').any(|pair| name_of(pair) == name);
    let pairs = query.split('&');
    match step {
        QueryStep::Add(name, _) if has(name) => query.to_owned(),
        QueryStep::Add(name, value) => {
            let joint = if query.is_empty() || query.ends_with('&') { "" } else { "&" };
            format!("{query}{joint}{}", pair(name, value))
        }
        QueryStep::Mark(name, value) => {
            let others = join(pairs.filter(|pair| name_of(pair) != **name).map(Cow::from));
            run_query(&QueryStep::Add(name.clone(), value.clone()), &others)
        }
        QueryStep::Drop(name) | QueryStep::Unmark(name, _) => {
            join(pairs.filter(|pair| name_of(pair) != **name).map(Cow::from))
        }
        QueryStep::Rename(from, to, keep) if has(from) && has(to) => {
            let dropped = if *keep { from } else { to };
            join(pairs.filter(|pair| name_of(pair) != **dropped).map(|pair| rename(pair, from, to)))
        }
        QueryStep::Rename(from, to, _) => join(pairs.map(|pair| rename(pair, from, to))),
        QueryStep::Map(name, values) => {
            let listed = |item: &str| values.iter().find(|(from, _)| **from == *item).map(|(_, to)| to.to_string());
            join(pairs.map(|pair| map(pair, name, &listed)))
        }
        QueryStep::Names(name, renaming) => join(pairs.map(|pair| map(pair, name, &|item| path(item, renaming)))),
    }
}

/// Whether a query is one that `step` can be run on: what marks a route must be there once, and have its value.
#[must_use]
pub(crate) fn takes(step: &QueryStep, query: &str) -> bool {
    let QueryStep::Unmark(name, value) = step else { return true };
    let mut marks = query.split('&').filter(|pair| name_of(pair) == **name);
    let mark = marks.next().and_then(|pair| pair.split_once('='));
    mark.is_some_and(|(_, mark)| decode_query(mark) == **value) && marks.next().is_none()
}

fn name_of(pair: &str) -> Cow<'_, str> {
    decode_query(pair.split_once('=').map_or(pair, |(name, _)| name))
}

/// A name or a value of a query: escapes decoded, `+` is a space.
pub(crate) fn decode_query(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// What RFC 3986 §2.3 leaves unreserved stays, and the characters that lists and pointers are made of.
const VALUE: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b'/')
    .remove(b':');

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, VALUE).to_string()
}

fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encode(name), encode(value))
}

fn rename<'q>(pair: &'q str, from: &str, to: &str) -> Cow<'q, str> {
    if name_of(pair) != from {
        return Cow::Borrowed(pair);
    }
    match pair.split_once('=') {
        Some((_, value)) => format!("{}={value}", encode(to)).into(),
        None => encode(to).into(),
    }
}

/// A path of names, if a rule makes another of it.
fn path(path: &str, renaming: &Renaming) -> Option<String> {
    let mut renamed = String::with_capacity(path.len());
    for part in path.split_inclusive(['.', '/']) {
        let name = part.trim_end_matches(['.', '/']);
        renamed.push_str(&renaming.rename(name).unwrap_or(Cow::Borrowed(name)));
        renamed.push_str(&part[name.len()..]);
    }
    (renamed != path).then_some(renamed)
}

fn map<'q>(pair: &'q str, name: &str, exchange: &impl Fn(&str) -> Option<String>) -> Cow<'q, str> {
    let Some((key, value)) = pair.split_once('=').filter(|(key, _)| decode_query(key) == name) else {
        return Cow::Borrowed(pair);
    };
    let mut mapped = format!("{key}=");
    let mut rest = value;
    loop {
        let (item, comma, after) = first_item(rest);
        mapped.push_str(&map_item(item, exchange));
        mapped.push_str(comma);
        if comma.is_empty() {
            return mapped.into();
        }
        rest = after;
    }
}

/// Up to the first comma of a list, the comma as it is written, and what follows.
fn first_item(list: &str) -> (&str, &str, &str) {
    let plain = list.find(',').map(|at| (at, 1));
    let escaped = ["%2C", "%2c"].into_iter().filter_map(|comma| Some((list.find(comma)?, comma.len())));
    match plain.into_iter().chain(escaped).min() {
        Some((at, length)) => (&list[..at], &list[at..at + length], &list[at + length..]),
        None => (list, "", ""),
    }
}

fn map_item(item: &str, exchange: impl Fn(&str) -> Option<String>) -> String {
    // A `+` in a query is a space to some and a sign to others: around the name of a field it is neither's business.
    let bare = trim_all(item, |text| MARKS.iter().find_map(|mark| text.strip_prefix(mark)));
    let start = item.len() - bare.len();
    let bare = trim_all(bare, |text| SPACES.iter().find_map(|space| text.strip_suffix(space)));
    let end = start + bare.len();
    let text = decode_query(bare);
    match exchange(&text) {
        Some(to) => format!("{}{}{}", &item[..start], encode(&to), &item[end..]),
        None => item.to_owned(),
    }
}

/// What may precede the name of a field.
const MARKS: [&str; 8] = ["-", "+", " ", "%20", "%2B", "%2b", "%2D", "%2d"];
/// What may follow it.
const SPACES: [&str; 3] = ["+", " ", "%20"];

fn trim_all<'t>(mut text: &'t str, trim: impl Fn(&'t str) -> Option<&'t str>) -> &'t str {
    while let Some(rest) = trim(text) {
        text = rest;
    }
    text
}

fn join<'q>(pairs: impl Iterator<Item = Cow<'q, str>>) -> String {
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::NameCase;

    #[test]
    fn example_of_run_query() {
        use crate::change::{QueryStep, run_query};

        let step = QueryStep::Rename("per_page".into(), "limit".into(), false);
        assert_eq!(run_query(&step, "a=%7e&&per%5fpage=5"), "a=%7e&&limit=5");
    }

    #[test]
    fn queries() {
        let rename = QueryStep::Rename("per_page".into(), "page size".into(), false);
        let keep = QueryStep::Rename("per_page".into(), "page size".into(), true);
        let sort = QueryStep::Map("sort".into(), Box::new([("name".into(), "full_name".into())]));
        let add = QueryStep::Add("page".into(), "1".into());
        let renaming = Renaming::new(NameCase::Snake, NameCase::Camel).with_exception("_raw_data");
        let names = QueryStep::Names("fields".into(), renaming.into());
        let drop = QueryStep::Drop("debug".into());
        let mark = QueryStep::Mark("types".into(), "private channel".into());
        let unmark = QueryStep::Unmark("types".into(), "private channel".into());
        let rows = [
            (&mark, "", "types=private%20channel"),
            (&mark, "types=x&a=1&typ%65s", "a=1&types=private%20channel"),
            (&unmark, "types=private+channel&a=%7e", "a=%7e"),
            (&rename, "a=1&per_page=5&b=%20", "a=1&page%20size=5&b=%20"),
            (&rename, "per%5Fpage=5", "page%20size=5"),
            (&rename, "per_page", "page%20size"),
            (&rename, "per_page=1&x&per_page=2", "page%20size=1&x&page%20size=2"),
            (&rename, "page+size=1&per_page=2&page%20size=3&per_page=4", "page%20size=2&page%20size=4"),
            (&rename, "page+size=1&&x", "page+size=1&&x"),
            (&rename, "&&per_page=%zz&", "&&page%20size=%zz&"),
            (&rename, "", ""),
            (&keep, "a&per_page=5", "a&page%20size=5"),
            (&keep, "page+size=1&per_page=2&page%20size=3&per_page=4", "page+size=1&page%20size=3"),
            (&keep, "page+size=1&&x", "page+size=1&&x"),
            (&sort, "sort=-name,id&name=x", "sort=-full_name,id&name=x"),
            (&sort, "sort=+name", "sort=+full_name"),
            (&sort, "sort=name%2Cid", "sort=full_name%2Cid"),
            (&sort, "sort=id%2cname,%2Dname%2C-name", "sort=id%2cfull_name,%2Dfull_name%2C-full_name"),
            (&sort, "sort=%2bname,+name,%20name%20,n%61me", "sort=%2bfull_name,+full_name,%20full_name%20,full_name"),
            (&sort, "sort=names%2Csurname,,%2C", "sort=names%2Csurname,,%2C"),
            (&sort, "sort=%252Cname&sort&sort=", "sort=%252Cname&sort&sort="),
            (&sort, "s%6Frt=name&&sort=name", "s%6Frt=full_name&&sort=full_name"),
            (&names, "fields=-first_name,home.zip_code,a_b/c_d", "fields=-firstName,home.zipCode,aB/cD"),
            (&names, "fields=_raw_data,userId,id,,a.&sort=a_b", "fields=_raw_data,userId,id,,a.&sort=a_b"),
            (&add, "", "page=1"),
            (&add, "x=%zz", "x=%zz&page=1"),
            (&add, "x=1&&", "x=1&&page=1"),
            (&add, "page=7", "page=7"),
            (&drop, "debug=1&x=2&debug", "x=2"),
            (&drop, "a&&debug=1&b&", "a&&b&"),
        ];
        for (step, query, expected) in rows {
            assert_eq!(run_query(step, query), expected, "{step:?} on {query}");
        }
        for (query, expected) in [
            ("types=private%20channel", true),
            ("a&t%79pes=private+channel", true),
            ("", false),
            ("types", false),
            ("types=private", false),
            ("types=private+channel&types=private+channel", false),
        ] {
            assert_eq!(takes(&unmark, query), expected, "{query}");
            assert!(takes(&mark, query), "{query}");
        }
    }
}
