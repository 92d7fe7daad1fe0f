//! Variables of the environment in the texts of a file.

use crate::rows::each_row;
use sunward::config::{self, SourceMap};
use sunward::diagnostic::Diagnostic;

fn environment(name: &str) -> Option<String> {
    let value = match name {
        "HOST" => "secret-host.internal",
        "PORT" => "8443",
        "SPEAKS" => "7",
        "WORD" => "jsno-secret",
        "NAME" => "shop",
        "EMPTY" => "",
        _ => return None,
    };
    Some(value.to_owned())
}

const FILE: &str = r#"[gateway]
listen = "127.0.0.1:${PORT}"
timeouts = { response = "${TIMEOUT:-90s}" }

[[api]]
name = "shop"
base_path = "/${NAME}"
upstream = "shop"

[[upstream]]
name = "${NAME}"
forward_as = "$${NAME}"
instances = [{ url = "http://${HOST}:${PORT}/a", speaks = "${SPEAKS}" }]
"#;

#[test]
fn texts_of_apis_have_no_variables() {
    let (config, found) = config::read_all(&SourceMap::new("a.toml", FILE), &environment);
    assert_eq!(found.to_string(), "");
    let config = config.expect("a config");
    // Elsewhere they are no variables.
    assert!(format!("{:?}", config.apis()).contains("/${NAME}"));
}

#[test]
fn a_finding_has_its_place_and_no_values() {
    let upstream = |url: &str| format!("[[upstream]]\nname = \"u\"\ninstances = [{{ url = \"{url}\" }}]\n");
    let rows = [
        (upstream("http://${A}:${B}"), "3:30 unset-variable, 3:35 unset-variable", "variable `A` is not set"),
        (upstream("http://\\u0024{A}:80"), "3:22 unset-variable", "`A` is not set"),
        (upstream("http://${A"), "3:30 bad-variable", "`${A` is not a valid variable"),
        (upstream("ftp://${HOST}"), "3:22 bad-url", "`\"ftp://${HOST}\"`"),
        ("[gateway]\nlisten = \"${HOST}\"".to_owned(), "2:10 bad-address", "`\"${HOST}\"`"),
        ("[gateway]\nlog = \"${WORD}\"".to_owned(), "2:7 unknown-word", "unknown value `${WORD}` of `log`"),
        ("[gateway]\nrevisions = \"${PORT}\"".to_owned(), "2:13 wrong-type", "`\"${PORT}\"`"),
        ("[[upstream]]\nname = \"${EMPTY}\"\ninstances = []".to_owned(), "2:8 empty-text", "`name` is empty"),
        (
            "[[upstream]]\nname = \"${HOST}\"\ninstances = []".to_owned(),
            "1:1 no-instances",
            "the upstream `${HOST}` has",
        ),
        (
            "[[upstream]]\nname = \"${NAME}\"\ninstances = []\nodd = \"${HOST}\"".to_owned(),
            "1:1 no-instances, 4:1 unknown-key",
            "the upstream `${NAME}` has",
        ),
    ];
    each_row(rows, |(text, expected, part)| {
        let sources = SourceMap::new("a.toml", text.as_str());
        let (_, found) = config::read_all(&sources, &environment);
        let line = |found: &Diagnostic| {
            let (line, column) = sources.line_column(found.span()).expect("a place");
            format!("{line}:{column} {}", found.code())
        };
        let places: Vec<String> = found.iter().map(line).collect();
        assert_eq!(places.join(", "), expected, "{text}\n{found}");
        let shown = config::render(&found, &sources, false);
        assert!(shown.contains(part), "{text}\n{shown}");
        let all = format!("{shown}{found:?}{}", config::to_json(&found, &sources));
        for secret in ["secret", "8443", "`shop`"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
    });
}
