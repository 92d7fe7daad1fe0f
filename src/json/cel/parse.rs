//! Reads an expression, and checks it on the way: every name is known, every call has its arguments, and no operator
//! gets what it can never take.

use super::super::expression_error::ExpressionError;
use super::decimal::Decimal;
use super::expr::{BinaryOp, ElementLoop, ExprNode, ExprPath, LoopKind, PathRoot};
use super::node::{ParsedExpr, called, indexed, joined, select, takes};
use super::token::{ExprToken, ExprTokens};
use super::types::ExprType;

/// How long an expression may be, in bytes.
const MAX_LEN: usize = 4096;
/// How deep operators, calls and brackets may be nested.
const MAX_DEPTH: usize = 48;
/// How deep macros may be nested: the work grows by the length of a list with each.
const MAX_LOOPS: usize = 2;

const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

struct ExprParser<'s> {
    tokens: ExprTokens<'s>,
    token: ExprToken,
    at: usize,
    depth: usize,
    /// The names of the macros around, innermost last.
    scope: Vec<String>,
}

/// Reads a whole expression.
pub(super) fn parse(source: &str) -> ParsedExpr {
    if source.len() > MAX_LEN {
        let message = format!("the expression has {} bytes, more than the limit of {MAX_LEN}", source.len());
        return Err(ExpressionError::new(0, message));
    }
    let mut parser =
        ExprParser { tokens: ExprTokens::new(source), token: ExprToken::End, at: 0, depth: 0, scope: Vec::new() };
    parser.advance()?;
    let expr = parser.expression()?;
    match parser.token {
        ExprToken::End => Ok(expr),
        _ => Err(parser.wrong("an operator or the end")),
    }
}

// === impl ExprParser ===

impl ExprParser<'_> {
    fn advance(&mut self) -> Result<ExprToken, ExpressionError> {
        let (token, at) = self.tokens.next()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn wrong(&self, wanted: &str) -> ExpressionError {
        let found = match &self.token {
            ExprToken::Name(name) | ExprToken::Number(name) => format!("`{name}`"),
            ExprToken::Text(_) => "a string".to_owned(),
            ExprToken::Sign(sign) => format!("`{sign}`"),
            ExprToken::End => "the end".to_owned(),
        };
        ExpressionError::new(self.at, format!("expected {wanted}, found {found}"))
    }

    /// Goes over the sign if it is there.
    fn eat(&mut self, sign: &str) -> Result<bool, ExpressionError> {
        if !matches!(self.token, ExprToken::Sign(found) if found == sign) {
            return Ok(false);
        }
        self.advance().map(|_| true)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), ExpressionError> {
        if self.eat(sign)? { Ok(()) } else { Err(self.wrong(&format!("`{sign}`"))) }
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ExpressionError>) -> Result<T, ExpressionError> {
        if self.depth >= MAX_DEPTH {
            let message = format!("the expression is more than {MAX_DEPTH} levels deep");
            return Err(ExpressionError::new(self.at, message));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> ParsedExpr {
        self.nested(|parser| {
            let at = parser.at;
            let condition = parser.binary(0)?;
            if !parser.eat("?")? {
                return Ok(condition);
            }
            takes(&condition, &[ExprType::Bool], "`?`", at)?;
            let yes = parser.nested(|parser| parser.binary(0))?;
            parser.expect(":")?;
            let no = parser.expression()?;
            Ok(ExprNode::Conditional(Box::new([condition, yes, no])))
        })
    }

    /// Operators of this rank and above, from the left. A chain is as deep as it is long.
    fn binary(&mut self, rank: usize) -> ParsedExpr {
        if rank == 5 {
            return self.unary();
        }
        let depth = self.depth;
        let mut left = self.binary(rank + 1)?;
        while let Some(op) = self.operator(rank) {
            let at = self.at;
            self.advance()?;
            let right = self.binary(rank + 1)?;
            left = joined(op, left, right, at)?;
            self.deeper()?;
        }
        self.depth = depth;
        Ok(left)
    }

    fn deeper(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        self.nested(|_| Ok(()))
    }

    fn operator(&self, rank: usize) -> Option<BinaryOp> {
        let sign = match &self.token {
            ExprToken::Sign(sign) => *sign,
            ExprToken::Name(name) if name == "in" => "in",
            _ => return None,
        };
        let (op, own) = match sign {
            "||" => (BinaryOp::Or, 0),
            "&&" => (BinaryOp::And, 1),
            "==" => (BinaryOp::Equal, 2),
            "!=" => (BinaryOp::NotEqual, 2),
            "<" => (BinaryOp::Less, 2),
            "<=" => (BinaryOp::LessEqual, 2),
            ">" => (BinaryOp::Greater, 2),
            ">=" => (BinaryOp::GreaterEqual, 2),
            "in" => (BinaryOp::In, 2),
            "+" => (BinaryOp::Add, 3),
            "-" => (BinaryOp::Subtract, 3),
            "*" => (BinaryOp::Multiply, 4),
            "/" => (BinaryOp::Divide, 4),
            "%" => (BinaryOp::Remainder, 4),
            _ => return None,
        };
        (own == rank).then_some(op)
    }

    fn unary(&mut self) -> ParsedExpr {
        let at = self.at;
        if self.eat("!")? {
            let inner = self.nested(Self::unary)?;
            takes(&inner, &[ExprType::Bool], "`!`", at)?;
            return Ok(ExprNode::Not(Box::new(inner)));
        }
        if self.eat("-")? {
            let inner = self.nested(Self::unary)?;
            takes(&inner, &[ExprType::Number], "`-`", at)?;
            return Ok(ExprNode::Negate(Box::new(inner)));
        }
        self.member()
    }

    fn member(&mut self) -> ParsedExpr {
        let depth = self.depth;
        let mut value = self.primary()?;
        loop {
            let at = self.at;
            if self.eat(".")? {
                let name = self.name("the name of a member or function")?;
                value = if self.eat("(")? { self.method(value, &name, at)? } else { select(value, name, at)? };
            } else if self.eat("[")? {
                let index = self.expression()?;
                self.expect("]")?;
                value = indexed(value, index, at)?;
            } else {
                self.depth = depth;
                return Ok(value);
            }
            self.deeper()?;
        }
    }

    fn name(&mut self, wanted: &str) -> Result<String, ExpressionError> {
        match self.advance()? {
            ExprToken::Name(name) => Ok(name),
            other => {
                self.token = other;
                Err(self.wrong(wanted))
            }
        }
    }

    fn primary(&mut self) -> ParsedExpr {
        let at = self.at;
        match &self.token {
            ExprToken::Sign("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            ExprToken::Sign("[") => {
                self.advance()?;
                return Ok(ExprNode::List(self.several("]", Self::expression)?.into()));
            }
            ExprToken::Sign("{") => {
                self.advance()?;
                return Ok(ExprNode::Map(self.several("}", Self::entry)?.into()));
            }
            ExprToken::Sign(_) | ExprToken::End => return Err(self.wrong("a value")),
            ExprToken::Name(_) | ExprToken::Number(_) | ExprToken::Text(_) => {}
        }
        match self.advance()? {
            ExprToken::Text(text) => Ok(ExprNode::Text(text.into())),
            ExprToken::Number(spelled) => match Decimal::parse(spelled.as_bytes()) {
                Some(number) => Ok(ExprNode::Number(number)),
                None => Err(ExpressionError::new(at, format!("the number `{spelled}` is too long to compute with"))),
            },
            ExprToken::Name(name) if self.eat("(")? => self.function(&name, at),
            ExprToken::Name(name) => self.variable(&name, at),
            ExprToken::Sign(_) | ExprToken::End => Err(self.wrong("a value")),
        }
    }

    fn several<T>(
        &mut self,
        end: &'static str,
        one: impl Fn(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<Vec<T>, ExpressionError> {
        let mut list = Vec::new();
        while !self.eat(end)? {
            list.push(one(self)?);
            if !self.eat(",")? && self.token != ExprToken::Sign(end) {
                return Err(self.wrong(&format!("`,` or `{end}`")));
            }
        }
        Ok(list)
    }

    fn entry(&mut self) -> Result<(ExprNode, ExprNode), ExpressionError> {
        let at = self.at;
        let key = self.expression()?;
        takes(&key, &[ExprType::Text], "the key of an object", at)?;
        self.expect(":")?;
        Ok((key, self.expression()?))
    }

    fn variable(&self, name: &str, at: usize) -> ParsedExpr {
        if let Some(slot) = self.scope.iter().rposition(|known| known == name) {
            return Ok(ExprNode::Variable(slot));
        }
        let path = |root| Ok(ExprNode::Path(ExprPath { root, tokens: Vec::new() }));
        match name {
            "null" => Ok(ExprNode::Null),
            "true" => Ok(ExprNode::Bool(true)),
            "false" => Ok(ExprNode::Bool(false)),
            "self" => path(PathRoot::Own),
            "resource" => path(PathRoot::Resource),
            _ if RESERVED.contains(&name) => Err(ExpressionError::new(at, format!("`{name}` is a reserved word"))),
            _ => {
                let message = format!("unknown variable `{name}`; write `self.{name}` for a member");
                Err(ExpressionError::new(at, message))
            }
        }
    }

    /// `has(self.name)`, or a function. Its bracket is open.
    fn function(&mut self, name: &str, at: usize) -> ParsedExpr {
        let arguments = self.several(")", Self::expression)?;
        if name != "has" {
            return called(name, arguments, at);
        }
        match <[ExprNode; 1]>::try_from(arguments) {
            Ok([ExprNode::Select(object, name)]) => Ok(ExprNode::Has(object, name)),
            Ok([ExprNode::Path(ExprPath { root, mut tokens })]) if !tokens.is_empty() => {
                let name = tokens.pop().unwrap_or_default();
                Ok(ExprNode::Has(Box::new(ExprNode::Path(ExprPath { root, tokens })), name))
            }
            _ => Err(ExpressionError::new(at, "`has` takes one member, such as `has(self.name)`".to_owned())),
        }
    }

    /// A macro or a function of a value. Its bracket is open.
    fn method(&mut self, value: ExprNode, name: &str, at: usize) -> ParsedExpr {
        let Some(kind) = LoopKind::named(name) else {
            let mut arguments = self.several(")", Self::expression)?;
            arguments.insert(0, value);
            return called(name, arguments, at);
        };
        takes(&value, &[ExprType::List, ExprType::Map], &format!("`{name}`"), at)?;
        let variable = self.name("the name of a variable")?;
        if self.variable(&variable, at).is_ok() || RESERVED.contains(&variable.as_str()) {
            return Err(ExpressionError::new(at, format!("`{variable}` is taken; give the variable another name")));
        }
        if self.scope.len() >= MAX_LOOPS {
            let message = format!("macros are nested more than {MAX_LOOPS} deep");
            return Err(ExpressionError::new(at, message));
        }
        self.expect(",")?;
        self.scope.push(variable);
        let slot = self.scope.len() - 1;
        let body_at = self.at;
        let mut body = self.expression()?;
        let mut filter = None;
        if kind == LoopKind::Map && self.eat(",")? {
            takes(&body, &[ExprType::Bool], "the second argument of `map`", body_at)?;
            filter = Some(std::mem::replace(&mut body, self.expression()?));
        }
        if kind.tests() {
            takes(&body, &[ExprType::Bool], &format!("the condition of `{name}`"), body_at)?;
        }
        self.scope.pop();
        self.expect(")")?;
        Ok(ExprNode::Loop(Box::new(ElementLoop { kind, range: value, slot, filter, body })))
    }
}
