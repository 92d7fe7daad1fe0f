//! The definitions of flags, read and compiled.

mod read;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::bucket::Bucketing;
use super::context::EvaluationContext;
use super::evaluation::{FlagError, FlagEvaluation, FlagReason, FlagVariant};
use super::logic::{Finding, Findings, Logic, Operand, RuleRun};
use super::place;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// The flags of one document in flagd's format, checked and compiled.
///
/// ```
/// use sunward::clock::Timestamp;
/// use sunward::flags::{Bucketing, EvaluationContext, FlagDefinitions, FlagReason};
///
/// let definitions = FlagDefinitions::parse(
///     r#"{"flags": {"new_checkout": {
///         "state": "ENABLED",
///         "variants": {"on": true, "off": false},
///         "defaultVariant": "off",
///         "targeting": {"if": [{"==": [{"var": "plan"}, "gold"]}, "on"]}
///     }}}"#,
///     Bucketing::V2,
/// )?;
/// let gold = EvaluationContext::new().with_attribute("plan", "gold");
/// let evaluation = definitions.evaluate("new_checkout", &gold, Timestamp::EPOCH);
/// assert_eq!((evaluation.variant(), evaluation.reason()), (Some("on"), FlagReason::TargetingMatch));
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
#[derive(Debug)]
pub struct FlagDefinitions {
    flags: Vec<FlagDefinition>,
    index: HashMap<Box<str>, usize>,
    metadata: Map<String, Value>,
    warnings: Vec<Diagnostic>,
    bucketing: Bucketing,
}

/// One flag.
#[derive(Debug)]
pub struct FlagDefinition {
    key: Box<str>,
    enabled: bool,
    flag_type: Option<FlagType>,
    pub(super) variants: Vec<Arc<FlagVariant>>,
    default_variant: Option<usize>,
    targeting: Option<Logic>,
    metadata: Map<String, Value>,
}

/// The type of a flag's variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlagType {
    /// `true` and `false`.
    Boolean,
    /// Strings.
    String,
    /// Numbers.
    Number,
    /// Objects.
    Object,
}

// === impl FlagDefinitions ===

impl FlagDefinitions {
    /// Reads `text`, a document in flagd's format.
    ///
    /// # Errors
    ///
    /// All errors at once, each with the JSON pointer and the byte range of its place.
    pub fn parse(text: &str, bucketing: Bucketing) -> Result<Self, Diagnostics> {
        let document: Value = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => {
                let mut found = Diagnostics::new();
                found.push(Diagnostic::error(
                    "flags-json",
                    format!("not JSON: {error}"),
                    read::syntax_span(text, &error),
                ));
                return Err(found);
            }
        };
        let mut findings = Findings::default();
        for pointer in place::duplicates(text) {
            findings.error(&pointer, "flags-duplicate", "the member occurs twice in its object");
        }
        let (flags, metadata) = read::document(&document, &mut findings);
        let located = |(pointer, code, message): &Finding, make: fn(&'static str, String, Span) -> Diagnostic| {
            let place = if pointer.is_empty() { "the document" } else { pointer };
            make(code, format!("{place}: {message}"), place::span(text, pointer))
        };
        let warnings: Vec<_> = findings.warnings.iter().map(|found| located(found, Diagnostic::warning)).collect();
        if findings.errors.is_empty() {
            let index = flags.iter().enumerate().map(|(at, flag)| (flag.key.clone(), at)).collect();
            return Ok(Self { flags, index, metadata, warnings, bucketing });
        }
        let mut all = Diagnostics::new();
        findings.errors.iter().for_each(|found| all.push(located(found, Diagnostic::error)));
        warnings.into_iter().for_each(|warning| all.push(warning));
        Err(all)
    }

    /// What is probably not meant, though it loads.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The flags, by key.
    pub fn iter(&self) -> impl Iterator<Item = &FlagDefinition> {
        self.flags.iter()
    }

    /// The flag `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&FlagDefinition> {
        self.position(key).map(|at| &self.flags[at])
    }

    /// How shares are made.
    #[must_use]
    pub fn bucketing(&self) -> Bucketing {
        self.bucketing
    }

    /// The metadata of the whole document; that of a flag is above it.
    #[must_use]
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// What the flag `key` evaluates to, by its definition alone.
    #[must_use]
    pub fn evaluate(&self, key: &str, context: &EvaluationContext<'_>, now: Timestamp) -> FlagEvaluation {
        match self.get(key) {
            Some(flag) => flag.evaluate(context, now, self.bucketing),
            None => FlagEvaluation::failed(FlagError::FlagNotFound),
        }
    }

    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.index.get(key).copied()
    }

    pub(super) fn at(&self, position: usize) -> &FlagDefinition {
        &self.flags[position]
    }
}

// === impl FlagDefinition ===

impl FlagDefinition {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether its state is `ENABLED`.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The type of its variants; `None` if it has none.
    #[must_use]
    pub fn flag_type(&self) -> Option<FlagType> {
        self.flag_type
    }

    /// The names of its variants, with their values.
    pub fn variants(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.variants.iter().map(|variant| (&*variant.name, &variant.value))
    }

    /// The variant that applies where the rule chooses none; `None`: the caller's own default.
    #[must_use]
    pub fn default_variant(&self) -> Option<&str> {
        self.default_variant.map(|at| &*self.variants[at].name)
    }

    /// Whether it has a rule.
    #[must_use]
    pub fn has_targeting(&self) -> bool {
        self.targeting.is_some()
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    pub(super) fn variant(&self, name: &str) -> Option<&Arc<FlagVariant>> {
        self.variants.iter().find(|variant| &*variant.name == name)
    }

    pub(super) fn evaluate(
        &self,
        context: &EvaluationContext<'_>,
        now: Timestamp,
        bucketing: Bucketing,
    ) -> FlagEvaluation {
        if !self.enabled {
            return FlagEvaluation::without(FlagReason::Disabled);
        }
        let Some(rule) = &self.targeting else { return self.default(FlagReason::Static) };
        let mut run = RuleRun::new(context, &self.key, now, bucketing);
        let Ok(answer) = run.value(rule) else { return FlagEvaluation::failed(FlagError::TooMuchWork) };
        let variant = match &answer {
            Operand::Null => return FlagEvaluation { keyless: run.keyless, ..self.default(FlagReason::Default) },
            Operand::String(name) => self.variant(name),
            Operand::Bool(true) => self.variant("true"),
            Operand::Bool(false) => self.variant("false"),
            _ => None,
        };
        let reason = if run.share.is_some() { FlagReason::Split } else { FlagReason::TargetingMatch };
        match variant {
            Some(variant) => FlagEvaluation { share: run.share, ..FlagEvaluation::with(variant, reason) },
            None => FlagEvaluation::failed(FlagError::UnknownVariant),
        }
    }

    fn default(&self, reason: FlagReason) -> FlagEvaluation {
        match self.default_variant {
            Some(at) => FlagEvaluation::with(&self.variants[at], reason),
            None => FlagEvaluation::without(FlagReason::Default),
        }
    }
}

impl FlagType {
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(_) => Self::Boolean,
            Value::String(_) => Self::String,
            Value::Number(_) => Self::Number,
            Value::Object(_) => Self::Object,
            Value::Null | Value::Array(_) => return None,
        })
    }

    /// Its name: `boolean`, `string`, `number` or `object`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Number => "number",
            Self::Object => "object",
        }
    }
}
