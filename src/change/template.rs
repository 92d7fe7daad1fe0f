//! The templates of `compute`: text with pointers, or parameters of the request's path, in braces; behind a `%`, they are
//! percent-encoded.

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TemplatePiece {
    Text(String),
    Pointer(String),
    /// `path.id`.
    PathParameter(String),
    /// `%` before one of the others.
    Encoded(Box<Self>),
}

/// Splits a template; `{{` and `}}` stand for braces.
pub(super) fn parse(template: &str) -> Result<Vec<TemplatePiece>, &'static str> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
        } else if brace == "}" {
            return Err("it has a `}` without `{`");
        } else {
            let (pointer, after) = rest.split_once('}').ok_or("it has a `{` without `}`")?;
            if !text.is_empty() {
                pieces.push(TemplatePiece::Text(std::mem::take(&mut text)));
            }
            pieces.push(match pointer.strip_prefix('%') {
                Some(encoded) => TemplatePiece::Encoded(Box::new(value(encoded)?)),
                None => value(pointer)?,
            });
            rest = after;
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(TemplatePiece::Text(text));
    }
    if pieces.iter().all(|piece| matches!(piece, TemplatePiece::Text(_))) {
        return Err("it has no pointer in braces");
    }
    Ok(pieces)
}

fn value(text: &str) -> Result<TemplatePiece, &'static str> {
    match text.strip_prefix("path.") {
        Some("") => Err("it has `{path.}` without the name of a parameter"),
        Some(name) => Ok(TemplatePiece::PathParameter(name.to_owned())),
        None => Ok(TemplatePiece::Pointer(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let text = |t: &str| TemplatePiece::Text(t.to_owned());
        let pointer = |p: &str| TemplatePiece::Pointer(p.to_owned());
        assert_eq!(parse("{/a} {/b}"), Ok(vec![pointer("/a"), text(" "), pointer("/b")]));
        assert_eq!(parse("{{{/a}}}"), Ok(vec![text("{"), pointer("/a"), text("}")]));
        let parameter = TemplatePiece::PathParameter("id".to_owned());
        assert_eq!(parse("/a/{path.id}"), Ok(vec![text("/a/"), parameter]));
        let encoded = |piece| TemplatePiece::Encoded(Box::new(piece));
        let parameter = TemplatePiece::PathParameter("id".to_owned());
        assert_eq!(parse("{%/a}{%path.id}"), Ok(vec![encoded(pointer("/a")), encoded(parameter)]));
        for wrong in ["{path.}", "{%path.}", "{/a", "/a}", "plain", "{{}}", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
