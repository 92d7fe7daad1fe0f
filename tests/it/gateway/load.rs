//! What is wrong with files, when they are loaded for a gateway.

use sunward::catalog::{Api, Version};
use sunward::clock::Timestamp;
use sunward::config::{Config, SourceMap, read_all};
use sunward::gateway::{App, Options, StartError, load_at};

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
fn found(sources: &SourceMap) -> Vec<String> {
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
        (format!("{API}{UPSTREAM}"), vec!["m 8:45 unknown-version unknown version `${SPEAKS}` of `shop`"]),
        (format!("{API}{prefix}"), vec!["m 9:14 bad-prefix `${PREFIX}` is not a valid prefix"]),
        (
            format!("{API}{twice}"),
            vec![
                "m 3:12 unknown-upstream unknown upstream `shop`",
                "m 7:8 unused-upstream no api or route uses the upstream `${NAME}`",
                "m 10:8 duplicate-upstream two upstreams are named `${NAME}`",
                "m 10:8 unused-upstream no api or route uses the upstream `${NAME}`",
            ],
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(found(&SourceMap::new("m", text.as_str())), expected, "{text}");
    }
}

/// What would be dropped on its way in names nothing.
#[test]
fn a_field_that_is_dropped_names_no_version() {
    let upstream = UPSTREAM.replace("${SPEAKS}", "1");
    let fields = "version_from = { header = \"Api_Version\" }\nconsumer = { header = \"x_client\" }\n";
    let api = API.replacen("name = \"shop\"\n", &format!("name = \"shop\"\n{fields}"), 1);
    let message = |name| format!("the header `{name}` is never received: its name has an underscore");
    let expected = [
        format!("m 3:27 underscore-field {}", message("Api_Version")),
        format!("m 4:23 underscore-field {}", message("x_client")),
    ];
    assert_eq!(found(&SourceMap::new("m", format!("{api}{upstream}").as_str())), expected);
    let passing = format!("[gateway]\nproxy = {{ underscores = \"pass\" }}\n{api}{upstream}");
    load_at(&SourceMap::new("m", passing.as_str()), &environment, Timestamp::EPOCH).expect("it is fine");
}

#[test]
fn findings_of_all_files_come_in_their_order() {
    let upstream = UPSTREAM.replace("shop", "other").replace("${SPEAKS}", "1");
    let sources = SourceMap::new("m", API).with_file("u", upstream).with_file("x", "[[api]\n");
    // That the upstream is in none of them is not said: it may be in the one that is no TOML.
    assert_eq!(found(&sources).len(), 1);
    let sources =
        SourceMap::new("m", API.replace("\"1\"", "\"one\"")).with_file("u", "[[upstream]]\nname = \"shop\"\n");
    let codes: Vec<String> =
        found(&sources).iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(codes, ["m 5:8 bad-version", "u 1:1 missing-key"]);
}

/// Files and folders, as far as they can be checked without serving: each with its place, and what to do.
#[test]
fn what_is_on_disk_is_checked() {
    let authority = super::cert::Authority::new("load");
    authority.sign("one", "one.test");
    authority.sign("two", "two.test");
    let file = |name: &str| authority.file(name);
    let (one, two) = (file("one.pem"), file("two.key"));
    let tls = |certificate: &str, key: &str, more: &str| {
        format!("[gateway.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n{more}")
    };
    let secure = |tls: &str| {
        let upstream = "[[upstream]]\nname = \"shop\"\ninstances = [{ url = \"https://a:1\" }]\n";
        format!("{upstream}tls = {{ {tls} }}\n")
    };
    let plain = UPSTREAM.replace(", speaks = \"${SPEAKS}\"", "");
    let slow = format!("[[api.route]]\nroute = \"GET /a\"\ntimeout = \"5s\"\n{plain}response_timeout = \"10s\"\n");
    let rows = [
        (tls(&one, &two, ""), plain.clone(), "4:7 bad-tls", "does not match the certificate"),
        (tls(&one, &file("none.key"), ""), plain.clone(), "4:7 bad-tls", "none.key`"),
        (tls(&two, &two, ""), plain.clone(), "3:15 bad-tls", "two.key`: it has no certificate"),
        (
            tls(&one, &file("one.key"), &format!("client_ca = \"{two}\"\n")),
            plain.clone(),
            "5:13 bad-tls",
            "it has no certificate",
        ),
        (String::new(), secure(&format!("ca = \"{}\"", file("none.pem"))), "9:14 bad-tls", "cannot read"),
        (
            String::new(),
            secure(&format!("certificate = \"{one}\", key = \"{two}\"")),
            "bad-tls",
            "the key does not match",
        ),
        (
            String::new(),
            secure("server_name = \"a b\""),
            "9:23 bad-server-name",
            "`a b` is not a name that a certificate can have",
        ),
        (format!("[gateway]\nstate = \"{one}\"\n"), plain.clone(), "2:9 unwritable-state", "is not a directory"),
        (
            format!("[gateway.access_log]\nto = \"{one}/log\"\n"),
            plain.clone(),
            "2:6 unwritable-log",
            "is not a directory",
        ),
        (format!("[gateway]\nstate = \"{one}/below\"\n"), plain.clone(), "2:9 unwritable-state", "is not a directory"),
        (format!("[gateway.access_log]\nto = \"{one}/log\"\n"), plain, "2:6 unwritable-log", "is not a directory"),
        (String::new(), slow, "10:8 timeout-never-reached", "the response timeout of 10s of `shop`"),
    ];
    for (gateway, rest, place, part) in rows {
        let text = format!("{gateway}{API}{rest}");
        let sources = SourceMap::new("m", text.as_str());
        let found = match load_at(&sources, &environment, Timestamp::EPOCH) {
            Ok(loaded) => loaded.warnings,
            Err(error) => error.found,
        };
        let [found] = &found.iter().collect::<Vec<_>>()[..] else { panic!("{text}\n{found}") };
        let (line, column) = sources.line_column(found.span()).expect("a place");
        let told = format!("{line}:{column} {}", found.code());
        assert!(told.ends_with(place) && found.message().contains(part), "{text}\n{told} {}", found.message());
        assert!(found.help_text().is_some(), "{found}");
    }
}

/// A config value is checked as texts are.
#[tokio::test]
async fn a_config_value_that_cannot_be_served_is_refused() {
    let upstream = "[[upstream]]\nname = \"shop\"\ninstances = [{ url = \"http://127.0.0.1:9\" }]\n";
    let api = |upstream: &str| Api::new("shop").with_upstream(upstream).with_version(Version::new("1"));
    let rows = [
        ("an unknown upstream", upstream, vec![api("shopp").with_version_path("/v{version}")], "unknown-upstream"),
        ("no upstream", "", vec![api("shop").with_version_path("/v{version}")], "unknown-upstream"),
        ("a part that could not be read", "[gateway]\nlisten = 1\n", Vec::new(), "broken-config"),
    ];
    let mut wrong = Vec::new();
    for (name, text, apis, code) in rows {
        let (config, _) = read_all(&SourceMap::new("m", text), &|_| None);
        let config = apis.into_iter().fold(config.expect("TOML"), Config::with_api);
        let bound = App::bind(config, Options::new()).await;
        match bound.expect_err(name) {
            StartError::Config(error) if error.found.iter().any(|found| found.code() == code) => {}
            error => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
