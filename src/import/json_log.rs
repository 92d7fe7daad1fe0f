//! Logs with a JSON object on each line.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{FieldIndex, LogField};
use super::line::{LogLine, log_time, request_line, status};
use super::summary::UnreadableLine;
use crate::clock::Timestamp;

/// Reads a line.
pub(super) fn read<'a>(line: &'a [u8], fields: &FieldIndex) -> Result<LogLine<'a>, UnreadableLine> {
    let line = std::str::from_utf8(line).map_err(|_| UnreadableLine::Format)?;
    let values = values(line, fields).ok_or(UnreadableLine::Format)?;
    let text = |field: LogField| {
        values[field as usize].and_then(|(_, value)| text(value)).filter(|text| !text.is_empty() && text != "-")
    };
    let time = text(LogField::Time).and_then(|text| time(&text)).ok_or(UnreadableLine::Time)?;
    let (method, target) = request(&text)?;
    let status = status(&text(LogField::Status).ok_or(UnreadableLine::Status)?)?;
    let mut read = LogLine::new(time, method, target, status);
    read.bytes = text(LogField::Bytes).and_then(|text| text.parse().ok()).unwrap_or(0);
    read.host = text(LogField::Host);
    read.user = text(LogField::User);
    read.client = text(LogField::Client);
    read.user_agent = text(LogField::UserAgent);
    read.request_id = text(LogField::RequestId);
    read.consumer = text(LogField::Consumer);
    read.api = text(LogField::Api);
    read.outcome = text(LogField::Outcome);
    // Elsewhere, the usual member may be of something else.
    let knows_version = fields.version_is_set || read.api.is_some();
    read.version = text(LogField::Version).filter(|_| knows_version);
    for (name, value) in fields.headers.iter().zip(&values[super::fields::FIELDS..]) {
        if let Some(value) = value.and_then(|(_, value)| self::text(value)) {
            read.headers.push((name.clone(), value));
        }
    }
    Ok(read)
}

/// Method and target.
fn request<'a>(
    text: &impl Fn(LogField) -> Option<Cow<'a, str>>,
) -> Result<(Cow<'a, str>, Cow<'a, str>), UnreadableLine> {
    if let (Some(method), Some(path)) = (text(LogField::Method), text(LogField::Path)) {
        let query = text(LogField::Query).filter(|_| !path.contains('?'));
        let target = match query {
            Some(query) => Cow::Owned(format!("{path}?{}", query.trim_start_matches('?'))),
            None => path,
        };
        return Ok((method, target));
    }
    match text(LogField::Request).ok_or(UnreadableLine::Request)? {
        Cow::Borrowed(line) => request_line(line).map(|(method, target)| (method.into(), target.into())),
        Cow::Owned(line) => {
            request_line(&line).map(|(method, target)| (Cow::Owned(method.to_owned()), Cow::Owned(target.to_owned())))
        }
    }
}

/// A time in one of the forms that logs have.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        return since_1970(number);
    }
    text.parse().ok().or_else(|| log_time(text.as_bytes()))
}

/// Seconds since 1970, or a thousandth of them, of these, or of these: in seconds, the year 5138 is the first with twelve digits.
#[allow(clippy::cast_possible_truncation, reason = "as far as it is a time, it is small")]
fn since_1970(number: f64) -> Option<Timestamp> {
    const SECONDS: f64 = 1e11;
    let mut millis = number * 1000.0;
    while millis >= SECONDS * 1000.0 {
        millis /= 1000.0;
    }
    Timestamp::from_millis(millis.round() as i64)
}

/// A text, a number, a boolean, or the first of an array of them.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<MemberText<'_>>(raw).ok().map(|text| text.0),
        b'[' => serde_json::from_str::<Vec<&RawValue>>(raw).ok()?.first().and_then(|first| text(first)),
        b'{' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// A value and its rank, for each slot.
type SlotValues<'a> = Vec<Option<(usize, &'a RawValue)>>;

/// What the line has for each slot; `None` if it is no object.
fn values<'a>(line: &'a str, fields: &FieldIndex) -> Option<SlotValues<'a>> {
    let mut values: SlotValues<'a> = vec![None; fields.slots()];
    let members = Members(|name: &str, value: Option<&'a RawValue>| {
        let places = fields.places(name);
        let Some(value) = value else { return !places.is_empty() };
        for place in places {
            let found = place.below.iter().try_fold(value, |value, name| member(value, name));
            if let Some(found) = found.filter(|found| found.get() != "null")
                && values[place.slot].is_none_or(|(rank, _)| place.rank < rank)
            {
                values[place.slot] = Some((place.rank, found));
            }
        }
        true
    });
    read_members(line, members)?;
    Some(values)
}

/// The member `name` of an object.
fn member<'a>(value: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let mut found = None;
    let members = Members(|known: &str, value: Option<&'a RawValue>| {
        if known == name && value.is_some() {
            found = value;
        }
        known == name
    });
    read_members(value.get(), members)?;
    found
}

fn read_members<'a>(text: &'a str, members: Members<impl FnMut(&str, Option<&'a RawValue>) -> bool>) -> Option<()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(members).ok()?;
    reader.end().ok()
}

/// Asks of each member of an object whether its value is needed, and then gives it.
struct Members<F>(F);

impl<'de, F: FnMut(&str, Option<&'de RawValue>) -> bool> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<MemberText<'de>>()? {
            if (self.0)(&name.0, None) {
                let value = map.next_value::<&'de RawValue>()?;
                (self.0)(&name.0, Some(value));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A text that is borrowed where it has no escapes.
struct MemberText<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for MemberText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MemberTextVisitor;
        impl<'de> Visitor<'de> for MemberTextVisitor {
            type Value = MemberText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<MemberText<'de>, E> {
                Ok(MemberText(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<MemberText<'de>, E> {
                Ok(MemberText(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(MemberTextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::fields::LogFields;

    fn shown(line: &str, fields: &LogFields) -> String {
        match read(line.as_bytes(), &fields.index()) {
            Ok(line) => {
                let maybe = |text: Option<Cow<'_, str>>| text.map_or_else(|| "-".to_owned(), Cow::into_owned);
                let (consumer, version, agent) = (maybe(line.consumer), maybe(line.version), maybe(line.user_agent));
                let LogLine { time, method, target, status, bytes, headers, .. } = line;
                format!("{time}|{method}|{target}|{status}|{bytes}|{consumer}|{version}|{agent}|{}", headers.len())
            }
            Err(why) => format!("{why:?}"),
        }
    }

    #[test]
    fn lines_of_usual_logs_are_read() {
        let rows = [
            // The gateway's own.
            (
                r#"{"time":"2026-01-01T00:00:00Z","client":"192.0.2.1","method":"GET","path":"/a","status":200,"bytes":7,"api":"shop","version":"1","consumer":"acme","outcome":"served","user_agent":"a \"b\""}"#,
                "2026-01-01T00:00:00Z|GET|/a|200|7|acme|1|a \"b\"|0",
            ),
            // nginx
            (
                r#"{"msec":"1767225600.250","request":"GET /a?b HTTP/1.1","status":"404","body_bytes_sent":"7","version":"nginx 1.27"}"#,
                "2026-01-01T00:00:00.25Z|GET|/a?b|404|7|-|-|-|0",
            ),
            (
                r#"{"time_local":"01/Jan/2026:00:00:00 +0000","request_method":"GET","uri":"/a","args":"b=1","status":200}"#,
                "2026-01-01T00:00:00Z|GET|/a?b=1|200|0|-|-|-|0",
            ),
            // Caddy
            (
                r#"{"ts":1767225600.5,"request":{"method":"PUT","uri":"/a","headers":{"User-Agent":["curl/8"]}},"status":200,"size":1}"#,
                "2026-01-01T00:00:00.5Z|PUT|/a|200|1|-|-|-|0",
            ),
            (
                r#"{"time":1767225600000,"method":"GET","path":"/a","status":200}"#,
                "2026-01-01T00:00:00Z|GET|/a|200|0|-|-|-|0",
            ),
            (r#"{"method":"GET","path":"/a","status":200}"#, "Time"),
            (r#"{"time":"yesterday","method":"GET","path":"/a","status":200}"#, "Time"),
            (r#"{"time":1767225600,"path":"/a","status":200}"#, "Request"),
            (r#"{"time":1767225600,"method":"GET","path":"/a","status":null}"#, "Status"),
            (r#"{"time":1767225600"#, "Format"),
            (r#"{} {}"#, "Format"),
            ("[]", "Format"),
        ];
        for (line, expected) in rows {
            assert_eq!(shown(line, &LogFields::default()), expected, "{line}");
        }
    }

    #[test]
    fn members_can_be_named() {
        let fields = LogFields::default()
            .with_member(LogField::Version, "app.api")
            .with_member(LogField::Consumer, "key.id")
            .with_member(LogField::UserAgent, "request.headers.User-Agent")
            .with_header(http::HeaderName::from_static("api-version"), "h.api");
        let line = r#"{"time":1767225600,"method":"GET","path":"/a","status":200,"app":{"api":2},"key.id":"k1","consumer":"x",
            "request":{"headers":{"User-Agent":["curl/8"]}},"h":{"api":"3"}}"#;
        assert_eq!(shown(line, &fields), "2026-01-01T00:00:00Z|GET|/a|200|0|k1|2|curl/8|1");
    }
}
