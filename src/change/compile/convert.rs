//! `convert`, `scale`, and the ops that replace a part of strings.

use std::sync::Arc;

use super::super::spec::{ReplaceSpec, ScaleSpec, ValueFormat};
use super::{AnchoredPointers, Compiled, PointerReader};
use crate::diagnostic::Spanned;
use crate::json::{Conversion, Op, PatternReplacement, Replacement, Scaling, TimeFormat};

const FORMS_HELP: &str = "use number ↔ string, integer ↔ decimal, json ↔ json-text, or two formats of a time: \
     unix-seconds, unix-millis, rfc3339, rfc2822, http-date, date, { format = \"…\" }";

// === impl PointerReader ===

impl PointerReader<'_> {
    pub(super) fn convert(
        &mut self,
        at: &Spanned<String>,
        from: &ValueFormat,
        to: &ValueFormat,
        scale: Option<u32>,
    ) -> Option<Compiled> {
        let there = self.conversion(from, to, scale)?;
        let back = self.conversion(to, from, scale)?;
        self.converting(at, there, back)
    }

    fn converting(&mut self, at: &Spanned<String>, there: Conversion, back: Conversion) -> Option<Compiled> {
        let pattern = self.pattern(at)?;
        let AnchoredPointers { each, mut pointers } = self.anchor(&[(&pattern, at)])?;
        let at = pointers.pop()?;
        let up = Op::Convert { at: at.clone(), conversion: there };
        let down = Op::Convert { at, conversion: back };
        Some(Compiled::from_parts(each, Some(up), Some(down)))
    }

    fn conversion(&mut self, from: &ValueFormat, to: &ValueFormat, scale: Option<u32>) -> Option<Conversion> {
        let (a, b) = (&*from.text.value, &*to.text.value);
        let needs_scale = matches!((a, b), ("integer", "decimal") | ("decimal", "integer"));
        if needs_scale != scale.is_some() {
            let (message, help) = if needs_scale {
                (
                    format!("the conversion from `{a}` to `{b}` needs `scale`"),
                    "add `scale`, such as `scale = 2` for cents",
                )
            } else {
                (format!("the conversion from `{a}` to `{b}` has no `scale`"), "remove `scale`")
            };
            return self.error("bad-scale", message, from.text.span, help);
        }
        let (one, other) = (self.time_format(from)?, self.time_format(to)?);
        let scale = scale.unwrap_or(0);
        Some(match (a, b, one, other) {
            (_, _, Some(from), Some(to)) if from != to => Conversion::Time { from, to },
            ("number", "string", ..) => Conversion::NumberToString,
            ("string", "number", ..) => Conversion::StringToNumber,
            ("integer", "decimal", ..) => Conversion::IntegerToDecimal { scale },
            ("decimal", "integer", ..) => Conversion::DecimalToInteger { scale },
            ("json", "json-text", ..) => Conversion::JsonToString,
            ("json-text", "json", ..) => Conversion::StringToJson,
            _ => {
                let message = format!("there is no conversion from `{a}` to `{b}`");
                return self.error("unknown-conversion", message, from.text.span, FORMS_HELP);
            }
        })
    }

    /// `Some(None)` if it is no format of a time.
    fn time_format(&mut self, format: &ValueFormat) -> Option<Option<TimeFormat>> {
        let text = &format.text;
        if format.is_pattern {
            return match TimeFormat::custom(text) {
                Ok(format) => Some(Some(format)),
                Err(why) => {
                    let message = format!("`{}` is not a format of a time: {why}", text.value);
                    let help = "write a pattern of `strftime`, such as `%a %b %d %H:%M:%S %z %Y`";
                    self.error("bad-format", message, text.span, help)
                }
            };
        }
        Some(match &*text.value {
            "unix-seconds" => Some(TimeFormat::UnixSeconds),
            "unix-millis" => Some(TimeFormat::UnixMillis),
            "rfc3339" => Some(TimeFormat::Rfc3339),
            "rfc2822" => Some(TimeFormat::Rfc2822),
            "http-date" => Some(TimeFormat::HttpDate),
            "date" => Some(TimeFormat::Date),
            _ => None,
        })
    }

    pub(super) fn scale(&mut self, at: &Spanned<String>, spec: &ScaleSpec) -> Option<Compiled> {
        let ScaleSpec { factor, divides, digits, back_digits, rounding, text } = spec;
        if rounding.is_some() && digits.is_none() && back_digits.is_none() {
            let message = "`rounding` has no effect: no number of digits is set".to_owned();
            let help = "set the digits after the point: `digits` for the new value, `back_digits` for the old one; 0 for \
                 integers";
            return self.error("rounding-without-digits", message, factor.span, help);
        }
        let scaling = |divides: bool, digits: Option<u32>| {
            let scaling = if divides { Scaling::divide(factor) } else { Scaling::multiply(factor) }?.with_text(*text);
            let scaling = digits.iter().fold(scaling, |scaling, digits| scaling.with_digits(*digits));
            Ok(rounding.iter().fold(scaling, |scaling, rounding| scaling.with_rounding(*rounding)))
        };
        match (scaling(*divides, *digits), scaling(!divides, *back_digits)) {
            (Ok(there), Ok(back)) => self.converting(at, Conversion::Scale(there), Conversion::Scale(back)),
            (Err(why), _) | (_, Err(why)) => {
                let why: &str = why;
                let message = format!("the factor `{}` {why}", factor.value);
                let help = "write a decimal as a string, such as `by = \"100\"` or `divide = \"1024\"`";
                self.error("bad-factor", message, factor.span, help)
            }
        }
    }

    pub(super) fn replace(&mut self, at: &Spanned<String>, by: &ReplaceSpec) -> Option<Compiled> {
        let (there, back) = match by {
            ReplaceSpec::Prefix { from, to } | ReplaceSpec::Suffix { from, to } if from == to => {
                let message = format!("`{from}` is replaced by itself");
                return self.error("nothing-replaced", message, at.span, "remove the op, or give `to` another value");
            }
            ReplaceSpec::Prefix { from, to } => {
                let prefix = |from: &str, to: &str| Replacement::Prefix { from: from.into(), to: to.into() };
                (prefix(from, to), prefix(to, from))
            }
            ReplaceSpec::Suffix { from, to } => {
                let suffix = |from: &str, to: &str| Replacement::Suffix { from: from.into(), to: to.into() };
                (suffix(from, to), suffix(to, from))
            }
            ReplaceSpec::Match { regex, to, back_regex, back_to, lossy } => {
                match PatternReplacement::both_ways((regex, to), (back_regex, back_to), *lossy) {
                    Ok((there, back)) => (Replacement::Match(Arc::new(there)), Replacement::Match(Arc::new(back))),
                    Err(message) => {
                        let help = "write `regex = \"(?<a>…)-(?<b>…)\", to = \"{b}-{a}\"`, and the same for `back_regex` \
                             and `back_to`";
                        return self.error("bad-regex", message, regex.span, help);
                    }
                }
            }
        };
        self.converting(at, Conversion::Replace(there), Conversion::Replace(back))
    }
}
