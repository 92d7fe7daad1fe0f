//! The operators whose operands are all evaluated.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Operand, Operator};

/// What an operator costs beyond its operands: lists and strings that it reads whole.
pub(super) fn work(operands: &[Operand<'_>]) -> u32 {
    let size = |operand: &Operand<'_>| match operand {
        Operand::Json(Value::Array(items)) => items.len(),
        Operand::Array(items) => items.len(),
        Operand::String(text) => text.len() / 1024,
        _ => 0,
    };
    operands.iter().map(size).sum::<usize>().try_into().unwrap_or(u32::MAX)
}

/// The result of an operator whose operands are all evaluated.
pub(super) fn plain<'a>(operator: Operator, operands: &[Operand<'a>]) -> Operand<'a> {
    let ordered = |accepted: fn(Ordering) -> bool| {
        Operand::Bool(operands.windows(2).all(|pair| pair[0].order(&pair[1]).is_some_and(accepted)))
    };
    match operator {
        Operator::Equal => Operand::Bool(operands[0].loosely_equals(&operands[1])),
        Operator::NotEqual => Operand::Bool(!operands[0].loosely_equals(&operands[1])),
        Operator::StrictlyEqual => Operand::Bool(operands[0].strictly_equals(&operands[1])),
        Operator::StrictlyNotEqual => Operand::Bool(!operands[0].strictly_equals(&operands[1])),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::In => Operand::Bool(contains(&operands[1], &operands[0])),
        Operator::Cat => Operand::text(operands.iter().cloned().map(Operand::into_text).collect::<String>()),
        Operator::Substr => substring(operands),
        Operator::Merge => Operand::Array(operands.iter().cloned().flat_map(flattened).collect()),
        Operator::StartsWith | Operator::EndsWith => {
            let [Operand::String(text), Operand::String(part)] = operands else { return Operand::Null };
            Operand::Bool(if operator == Operator::StartsWith {
                text.starts_with(&**part)
            } else {
                text.ends_with(&**part)
            })
        }
        _ => arithmetic(operator, operands),
    }
}

fn arithmetic<'a>(operator: Operator, operands: &[Operand<'a>]) -> Operand<'a> {
    let mut numbers = operands.iter().map(Operand::number);
    let first = numbers.next().unwrap_or(f64::NAN);
    let result = match operator {
        Operator::Max => numbers.fold(first, |a, b| if a >= b { a } else { b }),
        Operator::Min => numbers.fold(first, |a, b| if a <= b { a } else { b }),
        Operator::Add => numbers.fold(first, |a, b| a + b),
        Operator::Multiply => numbers.fold(first, |a, b| a * b),
        Operator::Subtract => numbers.next().map_or(-first, |second| first - second),
        Operator::Divide => first / numbers.next().unwrap_or(f64::NAN),
        _ => first % numbers.next().unwrap_or(f64::NAN),
    };
    if result.is_finite() { Operand::Number(result) } else { Operand::Null }
}

fn contains(within: &Operand<'_>, value: &Operand<'_>) -> bool {
    match within {
        Operand::String(text) => text.contains(&*value.clone().into_text()),
        Operand::Json(Value::Array(items)) => items.iter().any(|item| Operand::from(item).strictly_equals(value)),
        Operand::Array(items) => items.iter().any(|item| item.strictly_equals(value)),
        _ => false,
    }
}

fn flattened(operand: Operand<'_>) -> Vec<Operand<'_>> {
    if operand.is_array() { operand.items() } else { vec![operand] }
}

/// From a character on, for a number of characters; negative numbers count from the end.
fn substring<'a>(operands: &[Operand<'a>]) -> Operand<'a> {
    let text = operands[0].clone().into_text();
    let length = text.chars().count();
    let from_end =
        |number: f64| if number < 0.0 { (length as f64 + number).max(0.0) as usize } else { number as usize };
    let start = from_end(operands[1].number()).min(length);
    let end = match operands.get(2).map(Operand::number) {
        None => length,
        Some(count) if count < 0.0 => from_end(count),
        Some(count) => start.saturating_add(count as usize).min(length),
    };
    Operand::text(text.chars().skip(start).take(end.saturating_sub(start)).collect::<String>())
}
