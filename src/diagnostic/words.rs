//! A finding about what was built in Rust, in Rust's words: messages name the keys of the config file.

/// Keys whose values are words, and the enum that has them in Rust.
const ENUMS: [(&str, &str); 9] = [
    ("else", "Otherwise"),
    ("forms", "FieldNames"),
    ("many", "Many"),
    ("on_error", "OnError"),
    ("on_unacceptable", "OnUnacceptable"),
    ("on_untyped", "OnUntyped"),
    ("path_case", "PathCase"),
    ("scheme", "Scheme"),
    ("undeclared", "OnUndeclared"),
];
/// Keys that messages name alone. Other words in backticks are values.
const KEYS: [&str; 15] = [
    "base_path",
    "breaking",
    "else",
    "expand",
    "hold_sunset",
    "keep",
    "lossy",
    "many",
    "on_error",
    "pairs",
    "precedence",
    "restore",
    "undeclared",
    "when",
    "which",
];
/// Words that Rust has another one for.
const OTHERS: [(&str, &str); 9] = [
    ("[[api]]", "Api::new"),
    ("[[api.change]]", "Change::new"),
    ("[[api.extension]]", "Extension::new"),
    ("[[api.resource]]", "Resource::new"),
    ("[[api.route]]", "Route::new"),
    ("[[api.version]]", "Version::new"),
    ("move", "relocate"),
    ("ops", "with_op"),
    ("version_from", "with_version_…"),
];

/// The text with the keys in backticks as the builders call them.
pub(super) fn in_rust(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        let quotes = if at == 0 { "" } else { "`" };
        out.push_str(quotes);
        match at % 2 {
            1 => out.push_str(&code(part)),
            _ => out.push_str(part),
        }
    }
    out
}

fn code(word: &str) -> String {
    if let Some((_, other)) = OTHERS.iter().find(|(known, _)| *known == word) {
        return (*other).to_owned();
    }
    match word.split_once(" = ") {
        Some((key, value)) if key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            format!("with_{key}({})", argument(key, value))
        }
        None if KEYS.contains(&word) => format!("with_{word}"),
        _ => word.to_owned(),
    }
}

fn argument(key: &str, value: &str) -> String {
    let word = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (ENUMS.iter().find(|(known, _)| *known == key), word) {
        (Some((_, of)), Some(word)) => format!("{of}::{}", capitalized(word)),
        _ if value.starts_with(['{', '[']) => "…".to_owned(),
        _ => value.to_owned(),
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::in_rust;

    #[test]
    fn keys_of_the_file_become_setters() {
        for (file, rust) in [
            ("set `breaking = true` on the change", "set `with_breaking(true)` on the change"),
            ("set `on_error = \"fail\"` on the op", "set `with_on_error(OnError::Fail)` on the op"),
            ("`keep` has no effect", "`with_keep` has no effect"),
            ("`/keep` is renamed to itself; use `move`", "`/keep` is renamed to itself; use `relocate`"),
            ("declare it in `[[api.route]]`", "declare it in `Route::new`"),
            ("select it with `which = { at = \"/x\" }`", "select it with `with_which(…)`"),
            ("`a=b`, `GET /x` and an odd ` stay", "`a=b`, `GET /x` and an odd ` stay"),
        ] {
            assert_eq!(in_rust(file), rust);
        }
    }
}
