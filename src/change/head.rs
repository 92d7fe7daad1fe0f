//! Ops on the head of a message, compiled for one direction each.

use std::borrow::Cow;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A step on the header fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderStep {
    /// Adds a field where it is absent.
    Add(HeaderName, HeaderValue),
    /// Drops a field.
    Drop(HeaderName),
    /// Renames a field; what stood under the new name goes.
    Rename(HeaderName, HeaderName),
    /// Exchanges a path prefix in `Location`, `Content-Location` and `Link`.
    Prefix(Box<str>, Box<str>),
}

/// A step on the query parameters. Names are compared after percent-decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryStep {
    /// Adds a parameter where it is absent.
    Add(Box<str>, Box<str>),
    /// Drops a parameter.
    Drop(Box<str>),
    /// Renames a parameter.
    Rename(Box<str>, Box<str>),
    /// Exchanges values of a parameter, each of a comma list, a leading `-` or `+` kept.
    Map(Box<str>, Box<[(Box<str>, Box<str>)]>),
}

/// Runs `step` on `headers`. Prefixes are for whoever knows which part of a URL is the api's.
pub fn run_header(step: &HeaderStep, headers: &mut HeaderMap) {
    match step {
        HeaderStep::Add(name, value) => {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        HeaderStep::Drop(name) => {
            headers.remove(name);
        }
        HeaderStep::Rename(from, to) => {
            let values: Vec<HeaderValue> = headers.get_all(from).iter().cloned().collect();
            if !values.is_empty() {
                headers.remove(from);
                headers.remove(to);
                for value in values {
                    headers.append(to, value);
                }
            }
        }
        HeaderStep::Prefix(..) => {}
    }
}

/// Runs `step` on a query string (without `?`). What no step touches keeps its bytes.
#[must_use]
pub fn run_query(step: &QueryStep, query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    match step {
        QueryStep::Add(name, value) => {
            let present = query.split('&').any(|pair| name_of(pair) == **name);
            if present { query.to_owned() } else { join(pairs.map(Cow::from).chain([pair(name, value).into()])) }
        }
        QueryStep::Drop(name) => join(pairs.filter(|pair| name_of(pair) != **name).map(Cow::from)),
        QueryStep::Rename(from, to) => join(pairs.map(|pair| rename(pair, from, to))),
        QueryStep::Map(name, values) => join(pairs.map(|pair| map(pair, name, values))),
    }
}

fn name_of(pair: &str) -> Cow<'_, str> {
    decode(pair.split_once('=').map_or(pair, |(name, _)| name))
}

fn decode(text: &str) -> Cow<'_, str> {
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

fn map<'q>(pair: &'q str, name: &str, values: &[(Box<str>, Box<str>)]) -> Cow<'q, str> {
    let Some((key, value)) = pair.split_once('=').filter(|(key, _)| decode(key) == name) else {
        return Cow::Borrowed(pair);
    };
    let items: Vec<String> = value.split(',').map(|item| map_item(item, values)).collect();
    format!("{key}={}", items.join(",")).into()
}

fn map_item(item: &str, values: &[(Box<str>, Box<str>)]) -> String {
    // A `+` in a query is a space to some and a sign to others; in front of a field name it is a sign.
    let (sign, bare) = match item.as_bytes() {
        [b'-' | b'+', ..] => item.split_at(1),
        _ if item.starts_with("%2B") || item.starts_with("%2D") => item.split_at(3),
        _ => ("", item),
    };
    let bare_text = decode(bare);
    match values.iter().find(|(from, _)| **from == *bare_text) {
        Some((_, to)) => format!("{sign}{}", encode(to)),
        None => item.to_owned(),
    }
}

fn join<'q>(pairs: impl Iterator<Item = Cow<'q, str>>) -> String {
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let rename = QueryStep::Rename("per_page".into(), "page size".into());
        let sort = QueryStep::Map("sort".into(), Box::new([("name".into(), "full_name".into())]));
        let add = QueryStep::Add("page".into(), "1".into());
        let drop = QueryStep::Drop("debug".into());
        let rows = [
            (&rename, "a=1&per_page=5&b=%20", "a=1&page%20size=5&b=%20"),
            (&rename, "per%5Fpage=5", "page%20size=5"),
            (&rename, "per_page", "page%20size"),
            (&rename, "", ""),
            (&sort, "sort=-name,id&name=x", "sort=-full_name,id&name=x"),
            (&sort, "sort=+name", "sort=+full_name"),
            (&add, "", "page=1"),
            (&add, "x=%zz", "x=%zz&page=1"),
            (&add, "page=7", "page=7"),
            (&drop, "debug=1&x=2&debug", "x=2"),
        ];
        for (step, query, expected) in rows {
            assert_eq!(run_query(step, query), expected, "{step:?} on {query}");
        }
    }
}
