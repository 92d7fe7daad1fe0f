//! From JSON to a rule.

mod fractional;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Logic, Operator, VarPath};
use crate::diagnostic::{SUGGESTED, suggestion};
use crate::flags::sem_ver::{RELATIONS, VersionRelation, version};

/// How deep rules may be, with all that they refer to.
const MAX_DEPTH: usize = 100;

/// The JSON pointer of the place, the code and the message.
pub(in crate::flags) type Finding = (String, &'static str, String);

/// What is wrong with a document.
#[derive(Debug, Default)]
pub(in crate::flags) struct Findings {
    pub(in crate::flags) errors: Vec<Finding>,
    pub(in crate::flags) warnings: Vec<Finding>,
}

/// The shared rules of `$evaluators`, compiled at first use.
#[derive(Debug)]
pub(in crate::flags) struct Evaluators<'v> {
    sources: BTreeMap<&'v str, &'v Value>,
    compiled: HashMap<&'v str, SharedRule>,
}

#[derive(Clone, Debug)]
enum SharedRule {
    /// It is being compiled: a reference to it now is a circle.
    Open,
    Failed,
    Done(Arc<Logic>, usize),
}

/// A rule and how deep it is; `None` where an error was found.
type Built = Option<(Logic, usize)>;

const OPERATORS: [(&str, Operator, usize, usize); 38] = [
    ("if", Operator::If, 0, MANY),
    ("?:", Operator::If, 0, MANY),
    ("and", Operator::And, 1, MANY),
    ("or", Operator::Or, 1, MANY),
    ("!", Operator::Not, 1, 1),
    ("!!", Operator::Truthy, 1, 1),
    ("==", Operator::Equal, 2, 2),
    ("!=", Operator::NotEqual, 2, 2),
    ("===", Operator::StrictlyEqual, 2, 2),
    ("!==", Operator::StrictlyNotEqual, 2, 2),
    ("<", Operator::Less, 2, 3),
    ("<=", Operator::LessOrEqual, 2, 3),
    (">", Operator::Greater, 2, 2),
    (">=", Operator::GreaterOrEqual, 2, 2),
    ("max", Operator::Max, 1, MANY),
    ("min", Operator::Min, 1, MANY),
    ("+", Operator::Add, 1, MANY),
    ("-", Operator::Subtract, 1, 2),
    ("*", Operator::Multiply, 1, MANY),
    ("/", Operator::Divide, 2, 2),
    ("%", Operator::Remainder, 2, 2),
    ("map", Operator::Map, 2, 2),
    ("filter", Operator::Filter, 2, 2),
    ("reduce", Operator::Reduce, 3, 3),
    ("all", Operator::All, 2, 2),
    ("none", Operator::None, 2, 2),
    ("some", Operator::Some, 2, 2),
    ("merge", Operator::Merge, 0, MANY),
    ("in", Operator::In, 2, 2),
    ("cat", Operator::Cat, 1, MANY),
    ("substr", Operator::Substr, 2, 3),
    ("missing", Operator::Missing, 1, MANY),
    ("missing_some", Operator::MissingSome, 2, 2),
    ("starts_with", Operator::StartsWith, 2, 2),
    ("ends_with", Operator::EndsWith, 2, 2),
    // These are compiled apart; the operator here is never used.
    ("var", Operator::Truthy, 0, 2),
    ("fractional", Operator::Truthy, 1, MANY),
    ("sem_ver", Operator::Truthy, 3, 3),
];
const MANY: usize = usize::MAX;

impl Findings {
    pub(in crate::flags) fn error(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push((pointer.to_owned(), code, message.into()));
    }

    pub(in crate::flags) fn warning(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        self.warnings.push((pointer.to_owned(), code, message.into()));
    }
}

impl<'v> Evaluators<'v> {
    pub(in crate::flags) fn new(sources: Option<&'v Map<String, Value>>) -> Self {
        let sources = sources.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
        Self { sources, compiled: HashMap::new() }
    }

    /// Compiles those too that no flag refers to, so that their errors are found.
    pub(in crate::flags) fn compile_all(&mut self, findings: &mut Findings) {
        for name in self.sources.keys().copied().collect::<Vec<_>>() {
            self.shared(name, "", findings);
        }
    }

    /// The rule `value` at `pointer`.
    pub(in crate::flags) fn compile(
        &mut self,
        value: &'v Value,
        pointer: &str,
        findings: &mut Findings,
    ) -> Option<Logic> {
        let (logic, depth) = self.rule(value, pointer, findings)?;
        if depth > MAX_DEPTH {
            let message =
                format!("the rule is {depth} levels deep with all that it refers to; at most {MAX_DEPTH} are allowed");
            findings.error(pointer, "flag-rule-depth", message);
            return None;
        }
        Some(logic)
    }

    fn rule(&mut self, value: &'v Value, pointer: &str, findings: &mut Findings) -> Built {
        match value {
            Value::Array(items) => {
                let (items, depth) = self.rules(items, pointer, findings)?;
                Some((Logic::Array(items), depth + 1))
            }
            Value::Object(object) => self.operation(object, pointer, findings),
            literal => Some((Logic::Literal(literal.clone()), 1)),
        }
    }

    fn rules(&mut self, values: &'v [Value], pointer: &str, findings: &mut Findings) -> Option<(Vec<Logic>, usize)> {
        let mut deepest = 0;
        let mut rules = Vec::with_capacity(values.len());
        for (at, value) in values.iter().enumerate() {
            if let Some((rule, depth)) = self.rule(value, &format!("{pointer}/{at}"), findings) {
                deepest = deepest.max(depth);
                rules.push(rule);
            }
        }
        (rules.len() == values.len()).then_some((rules, deepest))
    }

    fn operation(&mut self, object: &'v Map<String, Value>, pointer: &str, findings: &mut Findings) -> Built {
        let mut members = object.iter();
        let (Some((name, operands)), None) = (members.next(), members.next()) else {
            let message = format!("an object in a rule has one member, its operator; this one has {}", object.len());
            findings.error(pointer, "flag-rule", message);
            return None;
        };
        let pointer = format!("{pointer}/{}", escaped(name));
        if name == "$ref" {
            let Value::String(name) = operands else {
                findings.error(&pointer, "flag-ref", "`$ref` is the name of one of `$evaluators`, as a string");
                return None;
            };
            let (logic, depth) = self.shared(name, &pointer, findings)?;
            return Some((Logic::Shared(logic), depth + 1));
        }
        let Some((_, operator, least, most)) = OPERATORS.iter().find(|(known, ..)| known == name) else {
            let mut known: Vec<_> = OPERATORS.iter().map(|(name, ..)| *name).collect();
            known.push("$ref");
            let message = format!("unknown operator `{name}`; {}", suggestion(name, &known, SUGGESTED));
            findings.error(&pointer, "flag-operator", message);
            return None;
        };
        let list = match operands {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        if list.len() < *least || list.len() > *most {
            let expected = match (*least, *most) {
                (least, most) if least == most => format!("{least}"),
                (least, MANY) => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("`{name}` has {} operands, but needs {expected}", list.len());
            findings.error(&pointer, "flag-operands", message);
            return None;
        }
        match name.as_str() {
            "var" => self.var(list, &pointer, findings),
            "fractional" => self.fractional(list, &pointer, findings),
            "sem_ver" => self.sem_ver(list, &pointer, findings),
            _ => {
                let (operands, depth) = self.rules(list, &pointer, findings)?;
                Some((Logic::Call(*operator, operands), depth + 1))
            }
        }
    }

    fn shared(&mut self, name: &str, pointer: &str, findings: &mut Findings) -> Option<(Arc<Logic>, usize)> {
        let Some((&name, &source)) = self.sources.get_key_value(name) else {
            let known: Vec<_> = self.sources.keys().copied().collect();
            let known = if known.is_empty() {
                "the document has no `$evaluators`".to_owned()
            } else {
                suggestion(name, &known, SUGGESTED)
            };
            findings.error(pointer, "flag-ref", format!("unknown evaluator `{name}`; {known}"));
            return None;
        };
        match self.compiled.get(name) {
            Some(SharedRule::Done(logic, depth)) => return Some((logic.clone(), *depth)),
            Some(SharedRule::Failed) => return None,
            Some(SharedRule::Open) => {
                findings.error(pointer, "flag-ref", format!("the evaluator `{name}` refers to itself"));
                return None;
            }
            None => {}
        }
        self.compiled.insert(name, SharedRule::Open);
        let built = self.rule(source, &format!("/$evaluators/{}", escaped(name)), findings);
        let (state, built) = match built {
            Some((logic, depth)) => {
                let logic = Arc::new(logic);
                (SharedRule::Done(logic.clone(), depth), Some((logic, depth)))
            }
            None => (SharedRule::Failed, None),
        };
        self.compiled.insert(name, state);
        built
    }

    fn var(&mut self, operands: &'v [Value], pointer: &str, findings: &mut Findings) -> Built {
        let (fallback, mut depth) = match operands.get(1) {
            None => (None, 0),
            Some(value) => {
                let (logic, depth) = self.rule(value, &format!("{pointer}/1"), findings)?;
                (Some(Box::new(logic)), depth)
            }
        };
        let path = match operands.first() {
            None | Some(Value::Null) => VarPath::Fixed(Vec::new()),
            Some(Value::String(path)) => match path.as_str() {
                "$flagd.flagKey" => VarPath::FlagKey,
                "$flagd.timestamp" => VarPath::Timestamp,
                "" => VarPath::Fixed(Vec::new()),
                path => VarPath::Fixed(path.split('.').map(Box::from).collect()),
            },
            Some(Value::Number(index)) => VarPath::Fixed(vec![index.to_string().into()]),
            Some(computed) => {
                let (logic, inner) = self.rule(computed, &format!("{pointer}/0"), findings)?;
                depth = depth.max(inner);
                VarPath::Computed(Box::new(logic))
            }
        };
        Some((Logic::Var(path, fallback), depth + 1))
    }

    fn sem_ver(&mut self, operands: &'v [Value], pointer: &str, findings: &mut Findings) -> Built {
        let relation = operands[1].as_str().and_then(VersionRelation::named);
        if relation.is_none() {
            let message = format!("unknown relation {}; known: `{}`", operands[1], RELATIONS.join("`, `"));
            findings.error(&format!("{pointer}/1"), "flag-sem-ver", message);
        }
        for at in [0, 2] {
            if let Some(text) = operands[at].as_str().filter(|text| version(text).is_none()) {
                findings.error(&format!("{pointer}/{at}"), "flag-sem-ver", format!("`{text}` is no version"));
                return None;
            }
        }
        let (left, depth) = self.rule(&operands[0], &format!("{pointer}/0"), findings)?;
        let (right, other) = self.rule(&operands[2], &format!("{pointer}/2"), findings)?;
        Some((Logic::SemVer(Box::new([left, right]), relation?), depth.max(other) + 1))
    }
}

/// `name` as a segment of a JSON pointer.
pub(in crate::flags) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
