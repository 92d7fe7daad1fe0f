//! What an operator says of an act: who, why, what it is about, and whether it is forced.
//!
//! All paths that change something take it in one way: as members of a JSON object in the body, as parameters of the
//! query, or some here and some there. Where the body is something else (`PUT /config`), the query has all of it.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::AdminError;
use crate::gateway::state::Actor;

/// The members that every act has.
const WHO: [&str; 2] = ["by", "reason"];
/// The member that lets an act do what it would be refused for.
pub(super) const FORCE: &str = "force";

/// The arguments of a request.
#[derive(Debug)]
pub(super) struct ActRequest {
    pub(super) actor: Actor,
    pub(super) force: bool,
    members: Map<String, Value>,
}

// === impl ActRequest ===

impl ActRequest {
    /// Reads query and body; beside who and why, only `members` may be there. Anything else is a mistake, and would do
    /// nothing without a word.
    pub(super) fn read(query: Option<&str>, body: &str, members: &[&str], via: String) -> Result<Self, AdminError> {
        let known: Vec<&str> = WHO.iter().chain(members).copied().collect();
        let read = || {
            let mut said = object(body)?;
            for (name, value) in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(pair) {
                let (name, value) = (name?, value?);
                if said.contains_key(&name) {
                    return Err(AdminError::bad(format!(
                        "{name:?} is given twice: send it once, in the body or in the query"
                    )));
                }
                said.insert(name, value.into());
            }
            if let Some(name) = said.keys().find(|name| !known.contains(&name.as_str())) {
                return Err(AdminError::bad(format!("unknown member `{name}`; known: {}", known.join(", "))));
            }
            let mut input = Self { actor: Actor { via, ..Actor::default() }, force: false, members: said };
            match (input.find("by"), input.find("reason")) {
                (Some(by), Some(reason)) => {
                    (input.actor.by, input.actor.reason) = (by.to_owned(), reason.to_owned());
                }
                _ => {
                    let detail = "\"by\" and \"reason\" (who does this, and why) are required: send them as \
                         non-empty strings, in a JSON object or in the query";
                    return Err(AdminError::bad(detail));
                }
            }
            input.force = input.flag(FORCE)?;
            Ok(input)
        };
        read().map_err(|fault| fault.with("known", known.clone().into()))
    }

    /// A text that has to be there, and has to say something.
    pub(super) fn text(&self, name: &str) -> Result<&str, AdminError> {
        self.find(name).ok_or_else(|| AdminError::bad(format!("{name:?} is required: send a non-empty string")))
    }

    /// A number that may be there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, AdminError> {
        let number = match self.members.get(name) {
            None | Some(Value::Null) => return Ok(None),
            // Parameters of a query are texts.
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
        };
        number.map(Some).ok_or_else(|| AdminError::bad(format!("{name:?} must be a whole number")))
    }

    fn flag(&self, name: &str) -> Result<bool, AdminError> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(AdminError::bad(format!("{name:?} must be true or false"))),
        }
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// The object in a body; an empty body is one without members.
fn object(body: &str) -> Result<Map<String, Value>, AdminError> {
    if body.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(AdminError::bad("the body must be a JSON object")),
        Err(error) => Err(AdminError::bad(format!("the body must be a JSON object: {error}"))),
    }
}

/// A parameter of a query, as forms write it.
fn pair(pair: &str) -> (Result<String, AdminError>, Result<String, AdminError>) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let read = |text: &str| {
        let text = text.replace('+', " ");
        let text = percent_decode_str(&text).decode_utf8().map(|text| text.trim().to_owned());
        text.map_err(|_| AdminError::bad("the query is not UTF-8"))
    };
    (read(name), read(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_and_query_say_the_same() {
        let both = r#"{"by":"ann","reason":"r"}"#;
        let ann = Some(("ann", "r", false));
        /// Query, body, and who, why and whether it is forced, or what is wrong.
        type Row = (&'static str, &'static str, Option<(&'static str, &'static str, bool)>, &'static str);
        let rows: [Row; 22] = [
            ("", both, ann, ""),
            ("by=ann&reason=r", "", ann, ""),
            ("by=ann&reason=r&", " \n", ann, ""),
            ("by=ann", r#"{"reason":" r "}"#, ann, ""),
            ("force=true", both, Some(("ann", "r", true)), ""),
            ("force=false", both, ann, ""),
            ("", r#"{"by":"ann","reason":"r","force":true}"#, Some(("ann", "r", true)), ""),
            ("by=a%20b&reason=they+know%21", "", Some(("a b", "they know!", false)), ""),
            ("", "", None, "\"by\" and \"reason\" (who"),
            ("force=true", "", None, "\"by\" and \"reason\" (who"),
            ("by=ann", "", None, "\"by\" and \"reason\" (who"),
            ("by=ann&reason=+", "", None, "\"by\" and \"reason\" (who"),
            ("", r#"{"by":"ann","reason":7}"#, None, "\"by\" and \"reason\" (who"),
            ("by=ann", both, None, "\"by\" is given twice"),
            ("by=ann&by=bob&reason=r", "", None, "\"by\" is given twice"),
            ("forced=true", both, None, "unknown member `forced`; known: by, reason, to, force"),
            ("", r#"{"by":"ann","reason":"r","for":"1h"}"#, None, "unknown member `for`"),
            ("force=1", both, None, "\"force\" must be true or false"),
            ("force", both, None, "\"force\" must be true or false"),
            ("", r#"{"by":"ann","reason":"r","force":"yes"}"#, None, "\"force\" must be true or false"),
            ("by=%ff&reason=r", "", None, "the query is not UTF-8"),
            ("", "[]", None, "the body must be a JSON object"),
        ];
        for (query, body, expected, part) in rows {
            let input = ActRequest::read(Some(query), body, &["to", FORCE], String::new());
            let problem = input.as_ref().err().map(AdminError::detail).unwrap_or_default();
            let said = input.as_ref().ok();
            let said = said.map(|input| (input.actor.by.as_str(), input.actor.reason.as_str(), input.force));
            assert_eq!(said, expected, "{query} {body}: {problem}");
            assert!(problem.contains(part), "{query} {body}: {problem}");
        }
    }

    #[test]
    fn numbers_are_numbers() {
        let rows =
            [("", "", Some(None)), ("&to=3", "", Some(Some(3))), ("", "3", Some(Some(3))), ("", "null", Some(None))];
        let wrong = [("&to=x", "", None), ("", "-1", None), ("", "1.5", None), ("", "\"\"", None)];
        for (query, to, expected) in rows.into_iter().chain(wrong) {
            let body = if to.is_empty() { String::new() } else { format!("{{\"to\":{to}}}") };
            let query = format!("by=a&reason=r{query}");
            let input = ActRequest::read(Some(&query), &body, &["to"], String::new()).expect("who and why");
            assert_eq!(input.number("to").ok(), expected, "{query} {body}");
        }
    }
}
