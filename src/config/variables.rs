//! Texts with variables of the environment in them: `${NAME}`, `${NAME:-default}`, and `$${` for a literal `${`.

/// Where variables come from: the value of a name, if it is set.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// A text with the values in the place of the variables.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded<'t> {
    pub(super) text: String,
    /// Values of the environment, and the text in the file that they replace.
    pub(super) values: Vec<(String, &'t str)>,
    pub(super) problems: Vec<VariableError<'t>>,
}

/// What is wrong with a variable, and the part of the text that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VariableError<'t> {
    Unset { part: &'t str, name: &'t str },
    Malformed { part: &'t str },
}

/// Puts the values in. A variable that is set to nothing has its default, as in a shell.
pub(super) fn expand<'t>(text: &'t str, environment: Environment<'_>) -> Expanded<'t> {
    let mut expanded = Expanded::default();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, variable) = rest.split_at(at);
        expanded.text.push_str(before);
        rest = if let Some(after) = variable.strip_prefix("$${") {
            expanded.text.push_str("${");
            after
        } else if variable.starts_with("${") {
            let end = variable.find('}').map_or(variable.len(), |end| end + 1);
            expanded.variable(&variable[..end], environment);
            &variable[end..]
        } else {
            expanded.text.push('$');
            &variable[1..]
        };
    }
    expanded.text.push_str(rest);
    expanded
}

// === impl Expanded ===

impl<'t> Expanded<'t> {
    fn variable(&mut self, part: &'t str, environment: Environment<'_>) {
        let inside = part.strip_prefix("${").and_then(|part| part.strip_suffix('}'));
        let (name, default) = match inside.map(|inside| (inside, inside.split_once(":-"))) {
            Some((_, Some((name, default)))) => (name, Some(default)),
            Some((name, None)) => (name, None),
            None => ("", None),
        };
        if !is_name(name) {
            return self.problems.push(VariableError::Malformed { part });
        }
        let value = environment(name).filter(|value| default.is_none() || !value.is_empty());
        match (value, default) {
            (Some(value), _) => {
                self.text.push_str(&value);
                self.values.push((value, part));
            }
            (None, Some(default)) => self.text.push_str(default),
            (None, None) => self.problems.push(VariableError::Unset { part, name }),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("10.0.0.1".to_owned()),
            "EMPTY" => Some(String::new()),
            "ODD" => Some("${HOST}$".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_once() {
        let rows = [
            ("", ""),
            ("no $variable, $5, $$", "no $variable, $5, $$"),
            ("http://${HOST}:80", "http://10.0.0.1:80"),
            ("${HOST}${HOST}", "10.0.0.110.0.0.1"),
            ("${NONE:-a:-b}", "a:-b"),
            ("${NONE:-}", ""),
            ("${EMPTY}", ""),
            ("${EMPTY:-x}", "x"),
            ("${HOST:-x}", "10.0.0.1"),
            ("$${HOST}", "${HOST}"),
            ("$$${HOST}", "$${HOST}"),
            ("${ODD}", "${HOST}$"),
            ("ü${HOST}ü", "ü10.0.0.1ü"),
        ];
        for (text, expected) in rows {
            let expanded = expand(text, &environment);
            assert_eq!((expanded.text.as_str(), &expanded.problems[..]), (expected, &[][..]), "{text}");
        }
    }

    #[test]
    fn all_problems_are_reported() {
        let part = "${NONE}";
        let rows: [(&str, &[VariableError<'_>]); 6] = [
            (
                "${NONE} ${NONE}",
                &[VariableError::Unset { part, name: "NONE" }, VariableError::Unset { part, name: "NONE" }],
            ),
            ("${}", &[VariableError::Malformed { part: "${}" }]),
            ("a${HOST", &[VariableError::Malformed { part: "${HOST" }]),
            ("${1A}", &[VariableError::Malformed { part: "${1A}" }]),
            ("${A-B}", &[VariableError::Malformed { part: "${A-B}" }]),
            ("${:-x}", &[VariableError::Malformed { part: "${:-x}" }]),
        ];
        for (text, expected) in rows {
            assert_eq!(expand(text, &environment).problems, expected, "{text}");
        }
    }
}
