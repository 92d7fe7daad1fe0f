//! The templates of `compute`: text with pointers in braces.

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TemplatePiece {
    Text(String),
    Pointer(String),
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
            pieces.push(TemplatePiece::Pointer(pointer.to_owned()));
            rest = after;
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(TemplatePiece::Text(text));
    }
    if pieces.iter().any(|piece| matches!(piece, TemplatePiece::Pointer(_))) {
        Ok(pieces)
    } else {
        Err("it has no pointer in braces")
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
        for wrong in ["{/a", "/a}", "plain", "{{}}", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
