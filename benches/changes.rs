//! The documents of `tests/corpus`, migrated by the engine, against what people write by hand; and what an expression
//! costs against an op that says the same.
//!
//! By hand a document is parsed into a `serde_json::Value` and printed. The edit is left out, so the ratios are lower
//! bounds. Each document is measured alone and as the lines of a body of 64 KiB. Rounds take turns; medians count.
//! `cargo bench --bench changes`.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use sunward::catalog::{ApiEntry, Catalog, Content};
use sunward::clock::Timestamp;
use sunward::config;

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(12);
const LINES: usize = 64 << 10;
/// When the changes are looked at; no date of a version is near.
const NOW: i64 = 1_790_000_000;

/// A document of a case, and where it goes.
struct Document {
    folder: String,
    case: String,
    at: String,
    from: String,
    to: String,
    text: Vec<u8>,
}

/// Nanoseconds of one call, the median of rounds that take turns.
fn medians<const N: usize>(runs: [&dyn Fn() -> usize; N]) -> [f64; N] {
    let counts = runs.map(|run| {
        let start = Instant::now();
        let mut count = 0_u32;
        while start.elapsed() < ROUND {
            black_box(run());
            count += 1;
        }
        count.max(1)
    });
    let mut times = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for ((run, count), times) in runs.iter().zip(counts).zip(&mut times) {
            let start = Instant::now();
            for _ in 0..count {
                black_box(run());
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(count));
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

fn catalog(text: &str) -> Catalog {
    let (config, found) = config::read(text);
    let config = config.unwrap_or_else(|| panic!("{found}"));
    Catalog::at(config.into_apis(), Timestamp::from_secs(NOW).expect("a time"))
        .unwrap_or_else(|found| panic!("{found}"))
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Every JSON document of a folder's cases, also the way back.
fn documents(folder: &str, text: &str) -> Vec<Document> {
    let file: toml::Table = text.parse().expect("TOML");
    let cases = file["api"].as_array().into_iter().flatten().filter_map(|api| api.get("case")?.as_array());
    let side = |case: &toml::Value, from: &str, to: &str| {
        let message = case.get(from)?;
        let text = match (message.get("body"), message.get("body_file")) {
            (Some(body), _) => body.as_str()?.as_bytes().to_vec(),
            (None, Some(file)) => fs::read(corpus().join(folder).join(file.as_str()?)).expect("a file"),
            (None, None) => return None,
        };
        let version = |side: &str| Some(case.get(side)?.get("version")?.as_str()?.to_owned());
        Some(Document {
            folder: folder.to_owned(),
            case: case.get("name")?.as_str()?.to_owned(),
            at: case.get("at")?.as_str()?.to_owned(),
            from: version(from)?,
            to: version(to)?,
            text,
        })
    };
    let both = |case| [side(case, "from", "to"), side(case, "to", "from")];
    let found = cases.flatten().flat_map(both).flatten();
    found.filter(|document| serde_json::from_slice::<Value>(&document.text).is_ok()).collect()
}

fn by_hand(text: &[u8]) -> usize {
    let value: Value = serde_json::from_slice(text).expect("JSON");
    serde_json::to_vec(&value).expect("JSON").len()
}

/// The document on one line, as often as it takes.
fn lines(text: &[u8]) -> Vec<u8> {
    let line: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).chain([b'\n']).collect();
    line.repeat(LINES.div_ceil(line.len()))
}

/// How often the engine does it in the time of the other: alone, and as lines. `None` if it is refused.
fn ratios(api: &ApiEntry, document: &Document) -> Option<(bool, f64, f64)> {
    let Document { at, from, to, text, .. } = document;
    let migration = api.migration(at, from, to).ok().filter(|migration| !migration.is_empty())?;
    migration.run(Content::Json, text).ok()?;
    let held = api.explain(at, from, to).ok()?.program().contains("held");
    let alone = medians([&|| migration.run(Content::Json, text).map_or(0, |out| out.body.len()), &|| by_hand(text)]);
    let body = lines(text);
    let streamed = || {
        let mut out = Vec::with_capacity(body.len() * 2);
        let mut stream = migration.stream(Content::Ndjson).expect("lines");
        stream.feed(&body, &mut out).and_then(|()| stream.finish(&mut out).map(|_| out.len())).expect("it migrates")
    };
    let each = || body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(by_hand).sum();
    let together = medians([&streamed, &each]);
    Some((held, alone[1] / alone[0], together[1] / together[0]))
}

fn run_corpus() {
    let mut folders: Vec<_> = fs::read_dir(corpus()).expect("the corpus").flatten().map(|entry| entry.path()).collect();
    folders.sort();
    println!("| folder | case | from, to | bytes | held | alone | as lines |\n|---|---|---|---|---|---|---|");
    let (mut all, mut free) = (Vec::new(), Vec::new());
    for path in folders.iter().filter(|path| path.is_dir()) {
        let folder = path.file_name().expect("a name").to_string_lossy();
        let text = fs::read_to_string(path.join("sunward.toml")).expect("a config");
        let catalog = catalog(&text);
        for document in documents(&folder, &text) {
            let Some((held, alone, together)) = ratios(&catalog.apis()[0], &document) else { continue };
            let Document { folder, case, from, to, text, .. } = &document;
            let word = if held { "yes" } else { "" };
            println!("| {folder} | {case} | {from}, {to} | {} | {word} | {alone:.1} | {together:.1} |", text.len());
            if held { &mut all } else { &mut free }.push((alone, together));
        }
    }
    for (what, ratios) in [("nothing is held", &free), ("something is held", &all)] {
        let mean =
            |of: fn(&(f64, f64)) -> f64| (ratios.iter().map(of).map(f64::ln).sum::<f64>() / ratios.len() as f64).exp();
        println!(
            "{what}: {} documents, geometric mean {:.1} alone, {:.1} as lines",
            ratios.len(),
            mean(|r| r.0),
            mean(|r| r.1)
        );
    }
}

/// The same change by ops and by an expression, on lists of this many bytes.
fn run_expressions() {
    const PAIRS: [(&str, &str, &str); 4] = [
        (
            "a boolean becomes a word",
            r#"{ map = "/items/*/private", pairs = [[true, "private"], [false, "public"]] }, { rename = "/items/*/private", to = "/items/*/visibility" }"#,
            r#"{ compute = "/items/*/visibility", cel = "self.private ? 'private' : 'public'", back = { "/items/*/private" = "self.visibility == 'private'" } }"#,
        ),
        (
            "two strings become one",
            r#"{ compute = "/items/*/label", from = "{/items/*/first} {/items/*/last}" }"#,
            r#"{ compute = "/items/*/label", cel = "self.first + ' ' + self.last" }"#,
        ),
        (
            "a condition",
            r#"{ rename = "/items/*/first", to = "/items/*/given", when = { at = "/items/*/kind", equals = "person" } }"#,
            r#"{ rename = "/items/*/first", to = "/items/*/given", when = { at = "/items/*/kind", cel = "self == 'person'" } }"#,
        ),
        (
            "exact arithmetic, which no op does",
            r#"{ compute = "/items/*/total", from = "{/items/*/price}" }"#,
            r#"{ compute = "/items/*/total", cel = "self.price * self.count" }"#,
        ),
    ];
    let item = r#"{"id":9007199254740993,"private":true,"first":"Ada","last":"King","kind":"person","price":19.90,"count":3,"note":"leave at the door, ring twice"}"#;
    println!("\n| change | bytes | ops | expression | by hand |\n|---|---|---|---|---|");
    for (what, ops, cel) in PAIRS {
        for count in [1, 420] {
            let body = format!("{{\"items\":[{}]}}", vec![item; count].join(",")).into_bytes();
            let catalogs = [ops, cel].map(|ops| {
                catalog(&format!(
                    "[[api]]\nname = \"a\"\nversion_from = {{ header = \"V\" }}\nversion = [{{ name = \"1\" }}, {{ name = \"2\" }}]\n\
                     [[api.change]]\nversion = \"2\"\nsummary = \"x\"\nat = \"GET /a -> 200\"\nbreaking = true\nops = [{ops}]\n"
                ))
            });
            let [native, expression] = catalogs.each_ref().map(|catalog| {
                let migration = catalog.apis()[0].migration("GET /a -> 200", "1", "2").expect("a place");
                let body = &body;
                move || migration.run(Content::Json, body).expect("it migrates").body.len()
            });
            let times = medians([&native, &expression, &|| by_hand(&body)]).map(|nanos| nanos / 1e3);
            println!("| {what} | {} | {:.1} µs | {:.1} µs | {:.1} µs |", body.len(), times[0], times[1], times[2]);
        }
    }
}

fn main() {
    // `cargo test --benches` only looks whether it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    run_corpus();
    run_expressions();
}
