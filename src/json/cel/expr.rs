//! An expression after it was read: names are resolved and calls are checked.

use super::decimal::Decimal;
use super::functions::CelFunction;
use super::types::ExprType;

/// One node of an expression.
#[derive(Clone, Debug)]
pub(super) enum ExprNode {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Box<str>),
    /// The object that the op starts from (`self`), or a member of it that is named by constants.
    Path(ExprPath),
    /// The variable of a macro around it.
    Variable(usize),
    Select(Box<ExprNode>, Box<str>),
    Has(Box<ExprNode>, Box<str>),
    Index(Box<ExprNode>, Box<ExprNode>),
    List(Box<[ExprNode]>),
    Map(Box<[(ExprNode, ExprNode)]>),
    Not(Box<ExprNode>),
    Negate(Box<ExprNode>),
    Conditional(Box<[ExprNode; 3]>),
    Binary(BinaryOp, Box<[ExprNode; 2]>),
    Loop(Box<ElementLoop>),
    Call(CelFunction, Box<[ExprNode]>),
}

/// A place in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExprPath {
    pub(super) root: PathRoot,
    pub(super) tokens: Vec<Box<str>>,
}

/// What a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathRoot {
    /// The node that the op's pointers start from.
    Own,
    /// The whole resource.
    Resource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A loop over the elements of a list or the keys of a map.
#[derive(Clone, Debug)]
pub(super) struct ElementLoop {
    pub(super) kind: LoopKind,
    pub(super) range: ExprNode,
    /// The place of its variable among all that are bound.
    pub(super) slot: usize,
    /// Which elements a `map` with three arguments takes.
    pub(super) filter: Option<ExprNode>,
    pub(super) body: ExprNode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

// === impl ExprNode ===

impl ExprNode {
    pub(super) fn type_of(&self) -> ExprType {
        match self {
            Self::Path(_) | Self::Variable(_) | Self::Select(..) | Self::Index(..) => ExprType::Any,
            Self::Null => ExprType::Null,
            Self::Bool(_) | Self::Has(..) | Self::Not(_) => ExprType::Bool,
            Self::Number(_) | Self::Negate(_) => ExprType::Number,
            Self::Text(_) => ExprType::Text,
            Self::List(_) => ExprType::List,
            Self::Map(_) => ExprType::Map,
            Self::Conditional(parts) => match (parts[1].type_of(), parts[2].type_of()) {
                (yes, no) if yes == no => yes,
                _ => ExprType::Any,
            },
            Self::Binary(BinaryOp::Add, sides) => match (sides[0].type_of(), sides[1].type_of()) {
                (ExprType::Any, known) | (known, _) => known,
            },
            Self::Binary(BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder, _) => {
                ExprType::Number
            }
            Self::Binary(..) => ExprType::Bool,
            Self::Loop(own) => own.kind.gives(),
            Self::Call(function, _) => function.gives(),
        }
    }

    /// Whether it can be of one of these types.
    pub(super) fn may_be(&self, types: &[ExprType]) -> bool {
        self.type_of().may_be(types)
    }

    /// Calls `visit` with every path that is read. A path to a member's member is one path, and `has` reads what it
    /// tests.
    pub(super) fn paths(&self, visit: &mut dyn FnMut(ExprPath)) {
        match self {
            Self::Path(path) => visit(path.clone()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Variable(_) => {}
            Self::Has(object, name) => match &**object {
                Self::Path(path) => visit(path.child(name)),
                other => other.paths(visit),
            },
            Self::Select(inner, _) | Self::Not(inner) | Self::Negate(inner) => inner.paths(visit),
            Self::Index(inner, at) => {
                inner.paths(visit);
                at.paths(visit);
            }
            Self::List(elements) | Self::Call(_, elements) => elements.iter().for_each(|each| each.paths(visit)),
            Self::Map(entries) => entries.iter().for_each(|(key, value)| {
                key.paths(visit);
                value.paths(visit);
            }),
            Self::Conditional(parts) => parts.iter().for_each(|each| each.paths(visit)),
            Self::Binary(_, sides) => sides.iter().for_each(|each| each.paths(visit)),
            Self::Loop(own) => {
                own.range.paths(visit);
                own.filter.iter().for_each(|filter| filter.paths(visit));
                own.body.paths(visit);
            }
        }
    }
}

// === impl ExprPath ===

impl ExprPath {
    fn child(&self, name: &str) -> Self {
        let mut tokens = self.tokens.clone();
        tokens.push(name.into());
        Self { root: self.root, tokens }
    }
}

// === impl BinaryOp ===

impl BinaryOp {
    /// How it is written.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

// === impl LoopKind ===

impl LoopKind {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all" => Self::All,
            "exists" => Self::Exists,
            "exists_one" => Self::ExistsOne,
            "filter" => Self::Filter,
            "map" => Self::Map,
            _ => return None,
        })
    }

    const fn gives(self) -> ExprType {
        match self {
            Self::All | Self::Exists | Self::ExistsOne => ExprType::Bool,
            Self::Filter | Self::Map => ExprType::List,
        }
    }

    /// Whether its body is a condition.
    pub(super) const fn tests(self) -> bool {
        !matches!(self, Self::Map)
    }
}
