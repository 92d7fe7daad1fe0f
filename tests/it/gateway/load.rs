//! What is wrong with files, when they are loaded for a gateway.

use sunward::clock::Timestamp;
use sunward::config::Sources;
use sunward::gateway::load_at;

const API: &str = "[[api]]\nname = \"shop\"\nupstream = \"shop\"\n[[api.version]]\nname = \"1\"\n";
const UPSTREAM: &str =
    "[[upstream]]\nname = \"shop\"\ninstances = [{ url = \"http://a:1\", speaks = \"${SPEAKS}\" }]\n";

fn environment(name: &str) -> Option<String> {
    match name {
        "SPEAKS" => Some("9".to_owned()),
        "PREFIX" => Some("no-secret-prefix".to_owned()),
        "NAME" => Some("secret-name".to_owned()),
        _ => None,
    }
}

/// `file line:column code message`.
fn found(sources: &Sources) -> Vec<String> {
    let error = load_at(sources, &environment, Timestamp::EPOCH).expect_err("errors");
    let shown = format!("{error}{error:?}");
    assert!(!shown.contains("secret") && !shown.contains("`9`"), "{shown}");
    let line = |found: &sunward::diagnostic::Diagnostic| {
        let file = sources.find(found.span()).map_or("", |(file, _)| file.name());
        let (line, column) = sources.line_column(found.span()).unwrap_or_default();
        format!("{file} {line}:{column} {} {}", found.code(), found.message())
    };
    error.found.iter().map(line).collect()
}

#[test]
fn later_checks_show_no_values_either() {
    let prefix = UPSTREAM.replace("${SPEAKS}", "1") + "forward_as = \"${PREFIX}\"\n";
    let twice = format!("{UPSTREAM}{UPSTREAM}").replace("\"shop\"", "\"${NAME}\"").replace("${SPEAKS}", "1");
    let rows = [
        (format!("{API}{UPSTREAM}"), vec!["m 8:45 unknown-version `shop` has no version `${SPEAKS}`"]),
        (format!("{API}{prefix}"), vec!["m 9:14 bad-prefix `${PREFIX}` is no prefix"]),
        (
            format!("{API}{twice}"),
            vec![
                "m 3:12 unknown-upstream there is no upstream `shop`",
                "m 7:8 unused-upstream no api is sent to the upstream `${NAME}`",
                "m 10:8 duplicate-upstream there are two upstreams `${NAME}`",
                "m 10:8 unused-upstream no api is sent to the upstream `${NAME}`",
            ],
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(found(&Sources::new("m", text.as_str())), expected, "{text}");
    }
}

/// What would be dropped on its way in names nothing.
#[test]
fn a_field_that_is_dropped_names_no_version() {
    let upstream = UPSTREAM.replace("${SPEAKS}", "1");
    let fields = "version_from = { header = \"Api_Version\" }\nconsumer = { header = \"x_client\" }\n";
    let api = API.replacen("name = \"shop\"\n", &format!("name = \"shop\"\n{fields}"), 1);
    let message = |name| format!("the field `{name}` does not get past the gateway: its name has an underscore");
    let expected = [
        format!("m 3:27 underscore-field {}", message("Api_Version")),
        format!("m 4:23 underscore-field {}", message("x_client")),
    ];
    assert_eq!(found(&Sources::new("m", format!("{api}{upstream}").as_str())), expected);
    let passing = format!("[gateway]\nproxy = {{ underscores = \"pass\" }}\n{api}{upstream}");
    load_at(&Sources::new("m", passing.as_str()), &environment, Timestamp::EPOCH).expect("it is fine");
}

#[test]
fn findings_of_all_files_come_in_their_order() {
    let upstream = UPSTREAM.replace("shop", "other").replace("${SPEAKS}", "1");
    let sources = Sources::new("m", API).with_file("u", upstream).with_file("x", "[[api]\n");
    // That the upstream is in none of them is not said: it may be in the one that is no TOML.
    assert_eq!(found(&sources).len(), 1);
    let sources = Sources::new("m", API.replace("\"1\"", "\"one\"")).with_file("u", "[[upstream]]\nname = \"shop\"\n");
    let codes: Vec<String> =
        found(&sources).iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(codes, ["m 5:8 bad-version", "u 1:1 missing-key"]);
}
