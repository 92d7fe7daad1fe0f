//! JSON on several lines. Numbers, strings and the order of members stay as they are.

/// The document with a line for each member and element. What is no JSON comes out as no worse than it was.
pub(super) fn indented(document: &str) -> String {
    let mut text = String::with_capacity(document.len() * 2);
    let (mut depth, mut chars) = (0, document.trim().chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                text.push('"');
                while let Some(c) = chars.next() {
                    text.push(c);
                    match c {
                        '\\' => text.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                text.push(c);
                while chars.next_if(|next| next.is_whitespace()).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = usize::saturating_sub(depth, 1);
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(',');
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_whitespace() => {}
            c => text.push(c),
        }
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[test]
fn documents_get_a_line_for_each_member() {
    let rows = [
        (r#"{"a":1.50,"b":[],"c":{ }}"#, "{\n  \"a\": 1.50,\n  \"b\": [],\n  \"c\": {}\n}"),
        (r#"[{"a":"x: {\",\"}"}, 2]"#, "[\n  {\n    \"a\": \"x: {\\\",\\\"}\"\n  },\n  2\n]"),
        ("7", "7"),
    ];
    for (document, expected) in rows {
        assert_eq!(indented(document), expected);
        assert_eq!(indented(expected), expected, "it stays as it is");
    }
}
