//! The examples of `docs/changes.md` are true.

use std::sync::Arc;

use sunward::catalog::{Case, Catalog, Sample};
use sunward::config::{self, SourceMap};
use sunward::gateway::load_at;
use sunward::internals::cases::{self, Coverage};
use sunward::internals::problem::ProblemType;

const PAGE: &str = include_str!("../../docs/changes.md");

/// The keys of a change, and what it makes of messages.
struct Example<'t> {
    /// The line of the page.
    line: usize,
    change: String,
    /// `old`, `new`, `back` or `error`, and what follows.
    lines: Vec<(&'t str, &'t str)>,
}

/// Each block of ops with the blocks of messages behind it.
fn fenced() -> Vec<Example<'static>> {
    let mut examples = Vec::new();
    let mut change = "";
    let mut at = 1;
    for (index, block) in PAGE.split("\n```").enumerate() {
        let line = at + 1;
        at += block.matches('\n').count() + 1;
        let Some((language, text)) = block.split_once('\n').filter(|_| index % 2 == 1) else { continue };
        match language {
            "toml" if text.starts_with("[[") && !text.contains("links = ") => {}
            "toml" => change = text,
            "text" => examples.extend(text.split("\n\n").map(|pair| {
                let lines = pair.lines().map(|line| line.split_once(' ').expect("a word and a message"));
                let lines = lines.map(|(word, message)| (word, message.trim())).collect();
                Example { line, change: change.to_owned(), lines }
            })),
            _ => panic!("line {line}: a block of {language}"),
        }
    }
    examples
}

/// Each row of the last table.
fn idioms() -> Vec<Example<'static>> {
    let (before, table) = PAGE.split_once("\n## Idioms\n").expect("the table");
    let first = before.matches('\n').count() + 2;
    let rows = table.lines().enumerate().filter(|(_, line)| line.starts_with("| ") && !line.starts_with("| to say"));
    rows.map(|(at, row)| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let code = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect::<Vec<_>>();
        let [_, change, old, new, back] = cells[..] else { panic!("line {}: five cells", first + at) };
        let messages = [("old", old), ("new", new), ("back", back)].into_iter();
        let lines = messages.filter_map(|(word, cell)| Some((word, *code(cell).first()?))).collect();
        Example { line: first + at, change: code(change).join("\n"), lines }
    })
    .collect()
}

fn sample(version: &str, message: &str) -> Sample {
    let sample = Sample::new(version);
    let status = message.split_once(' ').and_then(|(status, rest)| Some((status.parse().ok()?, rest)));
    let (sample, message) = match status {
        Some((status, rest)) => (sample.with_status(status), rest),
        None => (sample, message),
    };
    if message.starts_with(['{', '[']) {
        return sample.with_body(message);
    }
    if let Some(form) = message.strip_prefix("form ") {
        return sample.with_content_type("application/x-www-form-urlencoded").with_body(form);
    }
    // The path of the request, and a body.
    if let Some((path, body)) = message.split_once(" {").filter(|(path, _)| path.starts_with('/')) {
        return sample.with_path(path).with_body(format!("{{{body}"));
    }
    if message.starts_with('/') {
        let (path, query) = message.split_once('?').unwrap_or((message, ""));
        return sample.with_path(path).with_query(query);
    }
    let (head, body) =
        message.split_once(" {").map_or((message, None), |(head, body)| (head, Some(format!("{{{body}"))));
    let sample = body.into_iter().fold(sample, |sample, body| sample.with_body(body));
    head.split(", ").fold(sample, |sample, part| match (part.strip_prefix('?'), part.split_once(": ")) {
        (None, Some(("Content-Type", value))) => sample.with_content_type(value),
        (Some(query), _) => sample.with_query(query),
        (None, Some((name, value))) => sample.with_header(name, value),
        (None, None) => panic!("`{part}` is no part of a message"),
    })
}

/// The failures of an example, in words.
fn run(example: &Example<'_>) -> Option<String> {
    let keys: toml::Table = example.change.parse().expect("TOML");
    // A resource and its changes say all themselves.
    let resource = keys.get("api").and_then(|api| api.get("resource")?.get(0)?.get("at")?.as_str());
    let own = |key: &str, line: &str| if keys.contains_key(key) { String::new() } else { format!("{line}\n") };
    let at =
        keys.get("at").map_or("GET /things -> 200", |at| at.as_str().or_else(|| at.get(0)?.as_str()).expect("a text"));
    let place = resource.unwrap_or(at);
    let of_every_route = ["* ->", "* <-"].iter().any(|every| place.starts_with(every));
    let versions = "[[api]]\nname = \"page\"\nversion_from = { header = \"Version\" }\nversion = [{ name = \"1\" }, { name = \"2\" }]\n";
    let change = format!(
        "[[api.change]]\nversion = \"2\"\nsummary = \"An example\"\nbreaking = true\n{}{}\n",
        own("at", &format!("at = \"{place}\"")),
        example.change
    );
    let routes = if of_every_route {
        "[[api.route]]\nroute = \"GET /things\"\n[[api.route]]\nroute = \"GET /health\"\n"
    } else {
        ""
    };
    let file = format!("{versions}{}{routes}", if resource.is_some() { &example.change } else { &change });
    let place = match place {
        "* <-" => "GET /things <-",
        _ if of_every_route => "GET /things -> 404",
        place => place,
    };
    let (config, found) = config::read(&file);
    let shown = |found| config::render(found, &SourceMap::new("", file.as_str()), false);
    assert!(found.is_empty(), "{}", shown(&found));
    let catalog = match Catalog::new(config.expect("a config").into_apis()) {
        Ok(catalog) => Arc::new(catalog),
        Err(found) => return Some(shown(&found)),
    };
    let [(first, from), (second, to), rest @ ..] = &example.lines[..] else { panic!("two lines: {:?}", example.lines) };
    let (old, new) = if *first == "old" { ("1", "2") } else { ("2", "1") };
    let to = if *second == "error" { Sample::new(new).with_error(*to) } else { sample(new, to) };
    let case = Case::new("an example", place).with_from(sample(old, from)).with_to(to);
    let case = rest.iter().fold(case, |case, (_, back)| case.with_back(sample(old, back)));
    let mut found = config::read("").1;
    let entry = cases::read(&catalog.apis()[0], &case, &mut found).unwrap_or_else(|| panic!("{found}"));
    let failures = cases::run(&catalog, 0, &entry, &mut Coverage::new());
    (!failures.is_empty()).then(|| failures.iter().map(ToString::to_string).collect())
}

/// The config of `docs/consumers.md` is complete but for its secret and its upstream.
#[test]
fn the_config_of_consumers_is_valid() {
    let page = include_str!("../../docs/consumers.md");
    let (_, config) = page.split_once("```toml\n").expect("a config");
    let (config, _) = config.split_once("```").expect("its end");
    let secret = std::env::temp_dir().join(format!("sunward-docs-secret-{}", std::process::id()));
    std::fs::write(&secret, "0123456789abcdef").expect("written");
    let config = config.replace("/run/secrets/sunward-consumers", &secret.display().to_string());
    let sources = SourceMap::new("consumers.toml", config);
    let loaded = load_at(&sources, &|_| None, "2026-01-01".parse().expect("a time"));
    std::fs::remove_file(secret).expect("removed");
    let found = loaded.unwrap_or_else(|error| panic!("{error}")).warnings;
    let codes: Vec<&str> = found.iter().map(|found| found.code()).filter(|code| *code != "no-upstream").collect();
    assert!(codes.is_empty(), "{found}");
}

#[test]
fn the_examples_come_out_as_they_say() {
    let (fenced, idioms) = (fenced(), idioms());
    assert!(fenced.len() >= 35 && idioms.len() >= 10, "{} {}", fenced.len(), idioms.len());
    let failed = fenced.iter().chain(&idioms).filter_map(|example| Some((example.line, run(example)?)));
    let report: String = failed.map(|(line, report)| format!("docs/changes.md:{line}\n{report}\n")).collect();
    assert!(report.is_empty(), "{report}");
}

/// An op on bodies has a section of its own; one on heads or routes is at least named.
#[test]
fn every_op_is_on_the_page() {
    for name in sunward::internals::reference().lines().filter_map(|line| line.strip_prefix("## op `")) {
        let name = name.trim_end_matches('`');
        let section = format!("\n### {name}\n");
        assert!(PAGE.contains(&section) || (name.contains('_') && PAGE.contains(&format!("`{name}`"))), "{name}");
    }
}

/// Each type has a row, in the order of the types, with its usual status.
#[test]
fn every_problem_type_is_on_its_page() {
    let page = include_str!("../../docs/problems.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), ProblemType::ALL.len());
    for (kind, row) in ProblemType::ALL.into_iter().zip(rows) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [slug, status, when, what] = cells[..] else { panic!("four cells: {row}") };
        assert_eq!(slug, format!("`{}`", kind.slug()), "{row}");
        assert!(status.starts_with(kind.status().as_str()), "{row}");
        assert!(!when.is_empty() && !what.is_empty(), "{row}");
    }
}

/// The file at the top of the reference loads, without a finding.
#[test]
fn the_example_of_the_reference_loads() {
    let page = include_str!("../../docs/reference.md");
    let (_, rest) = page.split_once("```toml\n").expect("a block");
    let (file, _) = rest.split_once("```").expect("its end");
    let now = "2026-11-24".parse().expect("a date");
    let sources = SourceMap::new("reference.toml", file);
    let loaded = load_at(&sources, &|_| None, now).unwrap_or_else(|error| panic!("{error}"));
    assert!(loaded.warnings.is_empty() && loaded.catalog.warnings().is_empty(), "{}", loaded.warnings);
    assert!(file.contains("[[upstream]]") && file.contains("[[api.change]]"));
}
