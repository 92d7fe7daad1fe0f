//! The structured fields read here (RFC 9651): an Item whose value is a Date (§3.3.7), with any parameters, and a
//! Dictionary of Byte Sequences (§3.2, §3.3.5).
//!
//! Strict as §4.2 demands: a field that fails anywhere is ignored as a whole.

#[cfg(feature = "layer")]
use std::convert::Infallible;

use sfv::Parser;
#[cfg(feature = "layer")]
use sfv::visitor::{DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor};
#[cfg(feature = "layer")]
use sfv::{BareItemFromInput, KeyRef};

/// The seconds since 1970 of a field value that is a Date item; `None` if it is anything else.
pub(super) fn date_item(value: &[u8]) -> Option<i64> {
    let date: sfv::Date = Parser::new(value).parse_item().ok()?;
    Some(date.unix_seconds().into())
}

/// The members of a field value that is a Dictionary whose values are Byte Sequences: keys, and the decoded bytes.
/// Members of other types are left out; `None` if it is no Dictionary.
#[cfg(feature = "layer")]
pub(crate) fn byte_members(value: &[u8]) -> Option<Vec<(&str, Vec<u8>)>> {
    Parser::new(value).parse_dictionary_with_visitor(ByteMembers(Vec::new())).ok()
}

#[cfg(feature = "layer")]
struct ByteMembers<'de>(Vec<(&'de str, Vec<u8>)>);

#[cfg(feature = "layer")]
struct ByteMember<'m, 'de> {
    key: &'de str,
    members: &'m mut Vec<(&'de str, Vec<u8>)>,
}

// === impl ByteMembers ===

#[cfg(feature = "layer")]
impl<'de> DictionaryVisitor<'de> for ByteMembers<'de> {
    type Out = Vec<(&'de str, Vec<u8>)>;
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        let key = key.as_str();
        // The last one counts, of whatever type it is (§4.2.2).
        self.0.retain(|(earlier, _)| *earlier != key);
        Ok(ByteMember { key, members: &mut self.0 })
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(self.0)
    }
}

// === impl ByteMember ===

#[cfg(feature = "layer")]
impl<'de> EntryVisitor<'de> for ByteMember<'_, 'de> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(move |item: BareItemFromInput<'de>| {
            if let BareItemFromInput::ByteSequence(bytes) = item {
                self.members.push((self.key, bytes));
            }
            Ok::<_, Infallible>(Ignored)
        })
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        Ok(Ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_strictly() {
        let rows = [
            ("@1688169599", Some(1_688_169_599)),
            ("  @0  ", Some(0)),
            ("@-0", Some(0)),
            ("@-1659578233", Some(-1_659_578_233)),
            ("@999999999999999", Some(999_999_999_999_999)),
            ("@1;a", Some(1)),
            ("@1; a=1.5;b=\"x, \\\"y\";c=:AAA=:;d=?0;*e=@5;f=%\"%c3%a9\";g=*t/k", Some(1)),
            ("@1 ;a", None),
            ("@1;A", None),
            ("@1;a=", None),
            ("@1;a=%\"%C3\"", None),
            ("@1;a=%\"%ff\"", None),
            ("@1688169599.0", None),
            ("@ 1688169599", None),
            ("\"@1688169599\"", None),
            ("@1688169599, @1700000000", None),
            ("@1234567890123456", None),
            ("@", None),
            ("@-", None),
            ("@+1", None),
            ("\t@1", None),
            ("", None),
            ("true", None),
            ("?1", None),
        ];
        for (text, expected) in rows {
            assert_eq!(date_item(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn the_working_groups_cases_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/suites/structured-field-tests/date.json");
        let Ok(text) = std::fs::read(path) else {
            println!("the structured field test suite is not here: skipped");
            return;
        };
        let cases: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("JSON");
        for case in cases.iter().filter(|case| case["header_type"] == "item") {
            let raw: Vec<&str> =
                case["raw"].as_array().into_iter().flatten().filter_map(|line| line.as_str()).collect();
            let expected = case["expected"][0]["value"].as_i64();
            assert_eq!(date_item(raw.join(", ").as_bytes()), expected, "{}", case["name"]);
        }
    }

    #[test]
    fn byte_sequences_differ_from_other_values() {
        type Row = (&'static str, Option<&'static [(&'static str, &'static [u8])]>);
        let rows: [Row; 14] = [
            ("sha-256=:YQ==:", Some(&[("sha-256", b"a")])),
            ("sha-256=:YQ:", Some(&[("sha-256", b"a")])),
            ("a=:YQ==:;b=1 , c=:Yg==:", Some(&[("a", b"a"), ("c", b"b")])),
            ("a=1, b, c=\"x, d=:YQ==:\", e=(:YQ==: 1;x)", Some(&[])),
            ("a=:YQ==:, b=:YQ==:, a=:Yg==:", Some(&[("b", b"a"), ("a", b"b")])),
            ("a=:YQ==:, a=1", Some(&[])),
            ("", Some(&[])),
            ("a=:YQ==:,", None),
            ("a=:YQ==: b", None),
            ("a=:Y Q:", None),
            ("a=:Y:", None),
            ("A=:YQ==:", None),
            ("a=", None),
            ("e=(:YQ==:1)", None),
        ];
        for (text, expected) in rows {
            let members = byte_members(text.as_bytes());
            let expected =
                expected.map(|rows| rows.iter().map(|(key, bytes)| (*key, bytes.to_vec())).collect::<Vec<_>>());
            assert_eq!(members, expected, "{text}");
        }
    }
}
