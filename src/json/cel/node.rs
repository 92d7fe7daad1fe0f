//! Nodes of an expression, made if their operands can have the types that they need.

use super::super::expression_error::ExpressionError;
use super::expr::{BinaryOp, ExprNode};
use super::functions::CelFunction;
use super::types::ExprType;

pub(super) type ParsedExpr = Result<ExprNode, ExpressionError>;

pub(super) fn called(name: &str, arguments: Vec<ExprNode>, at: usize) -> ParsedExpr {
    let Some(function) = CelFunction::named(name) else {
        let message = format!(
            "unknown function `{name}`; known: `has`, `all`, `exists`, `exists_one`, `filter`, `map`, {}",
            CelFunction::names()
        );
        return Err(ExpressionError::new(at, message));
    };
    let types: Vec<ExprType> = arguments.iter().map(ExprNode::type_of).collect();
    function.check(&types).map_err(|message| ExpressionError::new(at, message))?;
    Ok(ExprNode::Call(function, arguments.into()))
}

pub(super) fn select(value: ExprNode, name: String, at: usize) -> ParsedExpr {
    takes(&value, &[ExprType::Map], "a member", at)?;
    Ok(match value {
        ExprNode::Path(mut path) => {
            path.tokens.push(name.into());
            ExprNode::Path(path)
        }
        other => ExprNode::Select(Box::new(other), name.into()),
    })
}

pub(super) fn indexed(value: ExprNode, index: ExprNode, at: usize) -> ParsedExpr {
    takes(&value, &[ExprType::Map, ExprType::List], "an index", at)?;
    match (value, index) {
        (value @ (ExprNode::Path(_) | ExprNode::Map(_)), ExprNode::Text(name)) => select(value, name.into(), at),
        (value, index) => {
            takes(&index, &[ExprType::Number, ExprType::Text], "an index", at)?;
            Ok(ExprNode::Index(Box::new(value), Box::new(index)))
        }
    }
}

pub(super) fn joined(op: BinaryOp, left: ExprNode, right: ExprNode, at: usize) -> ParsedExpr {
    let symbol = format!("`{}`", op.symbol());
    let both = |types: &[ExprType]| {
        takes(&left, types, &symbol, at)?;
        takes(&right, types, &symbol, at)
    };
    match op {
        BinaryOp::Or | BinaryOp::And => both(&[ExprType::Bool])?,
        BinaryOp::Equal | BinaryOp::NotEqual => {}
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
            both(&[ExprType::Number, ExprType::Text])?;
            alike(&left, &right, &symbol, at)?;
        }
        BinaryOp::In => takes(&right, &[ExprType::List, ExprType::Map], &symbol, at)?,
        BinaryOp::Add => {
            both(&[ExprType::Number, ExprType::Text, ExprType::List])?;
            alike(&left, &right, &symbol, at)?;
        }
        BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => both(&[ExprType::Number])?,
    }
    if let (BinaryOp::Divide | BinaryOp::Remainder, ExprNode::Number(by)) = (op, &right)
        && by.is_zero()
    {
        return Err(ExpressionError::new(at, format!("{symbol} divides by zero")));
    }
    Ok(ExprNode::Binary(op, Box::new([left, right])))
}

pub(super) fn takes(value: &ExprNode, types: &[ExprType], what: &str, at: usize) -> Result<(), ExpressionError> {
    if value.may_be(types) {
        return Ok(());
    }
    let wanted = types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let message = format!("{what} needs {wanted}, and this is {}", value.type_of());
    Err(ExpressionError::new(at, message))
}

pub(super) fn alike(left: &ExprNode, right: &ExprNode, symbol: &str, at: usize) -> Result<(), ExpressionError> {
    let (left, right) = (left.type_of(), right.type_of());
    if left == right || left == ExprType::Any || right == ExprType::Any {
        return Ok(());
    }
    Err(ExpressionError::new(at, format!("{symbol} does not take {left} and {right}")))
}
