//! The op `fractional`: its key, its shares and their weights.

use serde_json::Value;

use super::{Built, Evaluators, Findings};
use crate::flags::bucket::MAX_TOTAL;
use crate::flags::logic::{Fractional, Logic, Operator, Share, VarPath, Weight};

impl<'v> Evaluators<'v> {
    pub(super) fn fractional(&mut self, operands: &'v [Value], pointer: &str, findings: &mut Findings) -> Built {
        let (key, first) = match &operands[0] {
            Value::Array(_) => (None, 0),
            value => (Some(value), 1),
        };
        let mut deepest = 0;
        let key = match key {
            None | Some(Value::Null) => None,
            Some(value) => {
                let at = format!("{pointer}/0");
                let (logic, depth) = self.rule(value, &at, findings)?;
                warn_of_key(&logic, &at, findings);
                deepest = depth;
                Some(Box::new(logic))
            }
        };
        let mut shares = Vec::new();
        let before = findings.errors.len();
        for (at, operand) in operands.iter().enumerate().skip(first) {
            if let Some((share, depth)) = self.share(operand, &format!("{pointer}/{at}"), findings) {
                deepest = deepest.max(depth);
                shares.push(share);
            }
        }
        if findings.errors.len() == before {
            check_total(&shares, pointer, findings);
        }
        (findings.errors.len() == before).then_some((Logic::Fractional(Fractional { key, shares }), deepest + 1))
    }

    fn share(&mut self, value: &'v Value, pointer: &str, findings: &mut Findings) -> Option<(Share, usize)> {
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        let (variant, weight) = match list {
            [variant] => (variant, None),
            [variant, weight] => (variant, Some(weight)),
            _ => {
                let message = "a share is an array of a variant and a weight: `[\"on\", 10]`";
                findings.error(pointer, "flag-share", message);
                return None;
            }
        };
        let (variant, mut depth) = self.rule(variant, &format!("{pointer}/0"), findings)?;
        let weight = match weight {
            None => Weight::Fixed(1),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(weight) => Weight::Fixed(weight.max(0).unsigned_abs()),
                None => {
                    let message = format!("a weight is a whole number, not {number}");
                    findings.error(&format!("{pointer}/1"), "flag-weight", message);
                    return None;
                }
            },
            Some(computed @ Value::Object(_)) => {
                let (logic, inner) = self.rule(computed, &format!("{pointer}/1"), findings)?;
                depth = depth.max(inner);
                Weight::Computed(logic)
            }
            Some(other) => {
                let message = format!("a weight is a whole number, not {other}");
                findings.error(&format!("{pointer}/1"), "flag-weight", message);
                return None;
            }
        };
        Some((Share { variant, weight }, depth))
    }
}

/// A key that differs at each request puts the same consumer now into this share, now into that one.
fn warn_of_key(key: &Logic, pointer: &str, findings: &mut Findings) {
    let by_time = matches!(key, Logic::Var(VarPath::Timestamp, _))
        || matches!(key, Logic::Call(Operator::Cat, parts) if parts.iter().any(|part| matches!(part, Logic::Var(VarPath::Timestamp, _))));
    if by_time {
        let message = "shares by a time are not sticky: the same consumer is in another share a second later";
        findings.warning(pointer, "flag-bucketing-key", message);
    }
    let number = matches!(key, Logic::Literal(serde_json::Value::Number(_)))
        || matches!(
            key,
            Logic::Call(
                Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder,
                _
            )
        );
    if number {
        let message = "a number is no key, so every request gets the default variant; make it a string with `cat`";
        findings.warning(pointer, "flag-bucketing-key", message);
    }
}

fn check_total(shares: &[Share], pointer: &str, findings: &mut Findings) {
    let mut total = 0u64;
    for share in shares {
        match share.weight {
            Weight::Fixed(weight) => total = total.saturating_add(weight),
            Weight::Computed(_) => return,
        }
    }
    if shares.is_empty() {
        findings.error(pointer, "flag-share", "`fractional` has no shares");
    } else if total == 0 {
        findings.error(pointer, "flag-weight", "the weights sum to 0, so no request is in any share");
    } else if total > MAX_TOTAL {
        findings.error(pointer, "flag-weight", format!("the weights sum to {total}; at most {MAX_TOTAL} is allowed"));
    }
}
