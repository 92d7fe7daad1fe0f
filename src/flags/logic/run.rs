//! Evaluates a rule.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::plain::{plain, work};
use super::{Fractional, Logic, Operand, Operator, VarPath, Weight};
use crate::clock::Timestamp;
use crate::flags::bucket::Bucketing;
use crate::flags::context::EvaluationContext;
use crate::flags::sem_ver::VersionRelation;

/// How many nodes of rules one evaluation may visit: lists in lists multiply.
const MAX_STEPS: u32 = 10_000;

/// One evaluation of one flag.
#[derive(Debug)]
pub(in crate::flags) struct RuleRun<'a, 'c> {
    context: &'a EvaluationContext<'c>,
    flag: &'a str,
    now: Timestamp,
    bucketing: Bucketing,
    steps: u32,
    /// The last share that was chosen: the position of the key, and the sum of the weights.
    pub(in crate::flags) share: Option<(u64, u64)>,
    /// Whether a share could not be chosen, because there is no key.
    pub(in crate::flags) keyless: bool,
}

/// The evaluation was given up after [`MAX_STEPS`].
#[derive(Clone, Copy, Debug)]
pub(in crate::flags) struct TooMuchWork;

type RuleResult<'a> = Result<Operand<'a>, TooMuchWork>;

/// What `var` looks into.
#[derive(Clone, Copy)]
enum Scope<'s, 'a> {
    Context,
    Item(&'s Operand<'a>),
    Fold { current: &'s Operand<'a>, accumulator: &'s Operand<'a> },
}

impl<'a, 'c: 'a> RuleRun<'a, 'c> {
    pub(in crate::flags) fn new(
        context: &'a EvaluationContext<'c>,
        flag: &'a str,
        now: Timestamp,
        bucketing: Bucketing,
    ) -> Self {
        Self { context, flag, now, bucketing, steps: 0, share: None, keyless: false }
    }

    /// What `rule` evaluates to.
    pub(in crate::flags) fn value(&mut self, rule: &'a Logic) -> RuleResult<'a> {
        self.eval(rule, Scope::Context)
    }

    fn eval(&mut self, rule: &'a Logic, scope: Scope<'_, 'a>) -> RuleResult<'a> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(TooMuchWork);
        }
        match rule {
            Logic::Literal(value) => Ok(Operand::from(value)),
            Logic::Array(items) => Ok(Operand::Array(self.each(items, scope)?)),
            Logic::Var(path, fallback) => {
                let found = self.var(path, scope)?;
                match fallback {
                    Some(fallback) if matches!(found, Operand::Null) => self.eval(fallback, scope),
                    _ => Ok(found),
                }
            }
            Logic::Call(operator, operands) => self.call(*operator, operands, scope),
            Logic::Fractional(fractional) => self.fractional(fractional, scope),
            Logic::SemVer(versions, relation) => self.sem_ver(versions, *relation, scope),
            Logic::Shared(rule) => self.eval(rule, scope),
        }
    }

    fn each(&mut self, rules: &'a [Logic], scope: Scope<'_, 'a>) -> Result<Vec<Operand<'a>>, TooMuchWork> {
        rules.iter().map(|rule| self.eval(rule, scope)).collect()
    }

    fn truthy(&mut self, rule: &'a Logic, scope: Scope<'_, 'a>) -> Result<bool, TooMuchWork> {
        Ok(self.eval(rule, scope)?.truthy())
    }

    fn call(&mut self, operator: Operator, rules: &'a [Logic], scope: Scope<'_, 'a>) -> RuleResult<'a> {
        match operator {
            Operator::If => self.conditional(rules, scope),
            Operator::And | Operator::Or => self.first(operator == Operator::Or, rules, scope),
            Operator::Not => Ok(Operand::Bool(!self.truthy(&rules[0], scope)?)),
            Operator::Truthy => Ok(Operand::Bool(self.truthy(&rules[0], scope)?)),
            Operator::Map | Operator::Filter | Operator::Reduce => self.transform(operator, rules, scope),
            Operator::All | Operator::None | Operator::Some => self.quantify(operator, rules, scope),
            Operator::Missing | Operator::MissingSome => self.missing(operator, rules, scope),
            _ => {
                let operands: SmallVec<[Operand<'a>; 3]> =
                    rules.iter().map(|rule| self.eval(rule, scope)).collect::<Result<_, _>>()?;
                self.steps = self.steps.saturating_add(work(&operands));
                Ok(plain(operator, &operands))
            }
        }
    }

    fn conditional(&mut self, mut rules: &'a [Logic], scope: Scope<'_, 'a>) -> RuleResult<'a> {
        while let [condition, then, rest @ ..] = rules {
            if self.truthy(condition, scope)? {
                return self.eval(then, scope);
            }
            rules = rest;
        }
        rules.first().map_or(Ok(Operand::Null), |otherwise| self.eval(otherwise, scope))
    }

    /// The first operand that is `wanted`, else the last one.
    fn first(&mut self, wanted: bool, rules: &'a [Logic], scope: Scope<'_, 'a>) -> RuleResult<'a> {
        let mut last = Operand::Null;
        for rule in rules {
            last = self.eval(rule, scope)?;
            if last.truthy() == wanted {
                break;
            }
        }
        Ok(last)
    }

    fn transform(&mut self, operator: Operator, rules: &'a [Logic], scope: Scope<'_, 'a>) -> RuleResult<'a> {
        let items = self.eval(&rules[0], scope)?.items();
        if operator == Operator::Reduce {
            let mut accumulator = self.eval(&rules[2], scope)?;
            for current in &items {
                accumulator = self.eval(&rules[1], Scope::Fold { current, accumulator: &accumulator })?;
            }
            return Ok(accumulator);
        }
        let mut made = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(&rules[1], Scope::Item(&item))?;
            match operator {
                Operator::Map => made.push(value),
                _ if value.truthy() => made.push(item),
                _ => {}
            }
        }
        Ok(Operand::Array(made))
    }

    fn quantify(&mut self, operator: Operator, rules: &'a [Logic], scope: Scope<'_, 'a>) -> RuleResult<'a> {
        let items = self.eval(&rules[0], scope)?.items();
        let empty = items.is_empty();
        for item in &items {
            let holds = self.truthy(&rules[1], Scope::Item(item))?;
            match operator {
                Operator::All if !holds => return Ok(Operand::Bool(false)),
                Operator::None if holds => return Ok(Operand::Bool(false)),
                Operator::Some if holds => return Ok(Operand::Bool(true)),
                _ => {}
            }
        }
        // `all` of an empty array is false in JSONLogic.
        Ok(Operand::Bool(match operator {
            Operator::All => !empty,
            operator => operator == Operator::None,
        }))
    }

    fn missing(&mut self, operator: Operator, rules: &'a [Logic], scope: Scope<'_, 'a>) -> RuleResult<'a> {
        let (needed, names) = if operator == Operator::MissingSome {
            (self.eval(&rules[0], scope)?.number(), self.eval(&rules[1], scope)?.items())
        } else {
            let operands = self.each(rules, scope)?;
            let listed = operands.first().is_some_and(Operand::is_array);
            (
                f64::INFINITY,
                if listed { operands.into_iter().next().map(Operand::items).unwrap_or_default() } else { operands },
            )
        };
        let all = names.len();
        let mut missing = Vec::new();
        for name in names {
            let name = name.into_text();
            if self.at(name.split('.'), scope).is_missing() {
                missing.push(Operand::String(name));
            }
        }
        let enough = (all - missing.len()) as f64 >= needed;
        Ok(Operand::Array(if enough { Vec::new() } else { missing }))
    }

    fn var(&mut self, path: &'a VarPath, scope: Scope<'_, 'a>) -> RuleResult<'a> {
        Ok(match path {
            VarPath::FlagKey => Operand::text(self.flag),
            VarPath::Timestamp => Operand::Number(self.now.as_secs() as f64),
            VarPath::Fixed(path) => self.at(path.iter().map(|segment| &**segment), scope),
            VarPath::Computed(rule) => {
                let path = self.eval(rule, scope)?.into_text();
                self.at(path.split('.').filter(|_| !path.is_empty()), scope)
            }
        })
    }

    fn at<'p>(&self, mut path: impl Iterator<Item = &'p str>, scope: Scope<'_, 'a>) -> Operand<'a> {
        let first = path.next();
        let found = match (scope, first) {
            (Scope::Context, None) => Operand::Context,
            (Scope::Context, Some("targetingKey")) => self.context.targeting_key().map_or(Operand::Null, Operand::text),
            (Scope::Context, Some(name)) => self.context.attribute(name).map_or(Operand::Null, Operand::from),
            (Scope::Item(item), None) => item.clone(),
            (Scope::Item(item), Some(name)) => item.get(name),
            (Scope::Fold { current, .. }, Some("current")) => current.clone(),
            (Scope::Fold { accumulator, .. }, Some("accumulator")) => accumulator.clone(),
            (Scope::Fold { .. }, _) => Operand::Null,
        };
        path.fold(found, |found, name| found.get(name))
    }

    fn fractional(&mut self, fractional: &'a Fractional, scope: Scope<'_, 'a>) -> RuleResult<'a> {
        let mut weights: SmallVec<[u64; 8]> = SmallVec::new();
        for share in &fractional.shares {
            weights.push(match &share.weight {
                Weight::Fixed(weight) => *weight,
                // Not a number and negative numbers become 0.
                Weight::Computed(rule) => self.eval(rule, scope)?.number() as u64,
            });
        }
        let total = weights.iter().fold(0, |sum: u64, weight| sum.saturating_add(*weight));
        let mut some = weights.iter().enumerate().filter(|(_, weight)| **weight > 0);
        let chosen = match (some.next(), some.next()) {
            // All of it needs no key.
            (Some((index, weight)), None) => Some((index, *weight - 1)),
            _ => self.chosen(fractional, &weights, total, scope)?,
        };
        let Some((index, position)) = chosen else { return Ok(Operand::Null) };
        self.share = Some((position, total));
        self.eval(&fractional.shares[index].variant, scope)
    }

    fn chosen(
        &mut self,
        fractional: &'a Fractional,
        weights: &[u64],
        total: u64,
        scope: Scope<'_, 'a>,
    ) -> Result<Option<(usize, u64)>, TooMuchWork> {
        if total > crate::flags::bucket::MAX_TOTAL {
            return Ok(None);
        }
        let key = match &fractional.key {
            None => BucketingKey::Implicit,
            Some(rule) => self.key(rule, scope)?,
        };
        let weights = weights.iter().copied();
        let explicit = match &key {
            BucketingKey::None => None,
            BucketingKey::Explicit(key) => Some(self.bucketing.share(&[key], weights)),
            BucketingKey::Implicit => {
                self.context.targeting_key().map(|key| self.bucketing.share(&[self.flag, key], weights))
            }
        };
        self.keyless |= explicit.is_none();
        Ok(explicit.flatten())
    }

    /// The key that `rule` makes. One that is put together from an attribute that is missing is none: else all requests
    /// without it were in one share.
    fn key(&mut self, rule: &'a Logic, scope: Scope<'_, 'a>) -> Result<BucketingKey<'a>, TooMuchWork> {
        if let Logic::Call(Operator::Cat, parts) = rule {
            let mut key = String::new();
            for part in parts {
                let value = self.eval(part, scope)?;
                if matches!(part, Logic::Var(..)) && value.is_missing() {
                    return Ok(BucketingKey::None);
                }
                key.push_str(&value.into_text());
            }
            return Ok(if key.is_empty() { BucketingKey::None } else { BucketingKey::Explicit(key.into()) });
        }
        Ok(match self.eval(rule, scope)? {
            Operand::Null => BucketingKey::Implicit,
            Operand::String(key) if !key.is_empty() => BucketingKey::Explicit(key),
            _ => BucketingKey::None,
        })
    }

    fn sem_ver(&mut self, versions: &'a [Logic; 2], relation: VersionRelation, scope: Scope<'_, 'a>) -> RuleResult<'a> {
        let [left, right] = versions;
        let (left, right) = (self.eval(left, scope)?.into_text(), self.eval(right, scope)?.into_text());
        Ok(relation.holds(&left, &right).map_or(Operand::Null, Operand::Bool))
    }
}

/// What shares are counted by.
enum BucketingKey<'a> {
    None,
    Explicit(Cow<'a, str>),
    Implicit,
}
