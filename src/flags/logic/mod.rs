//! Rules in JSONLogic, compiled: the operators that flagd documents.

mod compile;
mod operand;
mod plain;
mod run;

use std::sync::Arc;

use serde_json::Value;

pub(super) use compile::{Evaluators, Finding, Findings, escaped};
pub(super) use operand::Operand;
pub(super) use run::RuleRun;

use super::sem_ver::VersionRelation;

/// A compiled rule.
#[derive(Debug)]
pub(super) enum Logic {
    Literal(Value),
    Array(Vec<Logic>),
    Var(VarPath, Option<Box<Logic>>),
    Call(Operator, Vec<Logic>),
    Fractional(Fractional),
    SemVer(Box<[Logic; 2]>, VersionRelation),
    Shared(Arc<Logic>),
}

/// Where a value is.
#[derive(Debug)]
pub(super) enum VarPath {
    FlagKey,
    Timestamp,
    Fixed(Vec<Box<str>>),
    Computed(Box<Logic>),
}

/// An operator whose operands are plain rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    If,
    And,
    Or,
    Not,
    Truthy,
    Equal,
    NotEqual,
    StrictlyEqual,
    StrictlyNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Max,
    Min,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Map,
    Filter,
    Reduce,
    All,
    None,
    Some,
    Merge,
    In,
    Cat,
    Substr,
    Missing,
    MissingSome,
    StartsWith,
    EndsWith,
}

/// The op `fractional`.
#[derive(Debug)]
pub(super) struct Fractional {
    /// `None`: the key of the flag and the targeting key.
    key: Option<Box<Logic>>,
    shares: Vec<Share>,
}

/// A variant and its weight.
#[derive(Debug)]
struct Share {
    variant: Logic,
    weight: Weight,
}

#[derive(Debug)]
enum Weight {
    Fixed(u64),
    Computed(Logic),
}

impl Logic {
    /// The strings that the rule may answer with, as far as they are written in it.
    pub(super) fn answers<'l>(&'l self, found: &mut Vec<&'l str>) {
        match self {
            Self::Literal(Value::String(text)) => found.push(text),
            Self::Call(Operator::If, operands) => {
                let last = operands.len().saturating_sub(1);
                for (at, operand) in operands.iter().enumerate() {
                    if at % 2 == 1 || at == last {
                        operand.answers(found);
                    }
                }
            }
            Self::Fractional(fractional) => {
                fractional.shares.iter().for_each(|share| share.variant.answers(found));
            }
            Self::Shared(logic) => logic.answers(found),
            _ => {}
        }
    }
}
