//! What `explain` says of each op, and that what it says is held is what is held.

use sunward::catalog::{Catalog, Content};

use super::check;

/// An op, its words on the way up, and a document of which `~` stands for a long value, with what is held of it.
struct Row(&'static str, &'static str, &'static str, Held);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Yes,
    No,
}

use Held::{No, Yes};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row(r#"add = "/z", value = 1"#, "add /z as 1", r#"{"a":"~"}"#, No),
    Row(r#"remove = "/a", lossy = true"#, "remove /a", r#"{"a":"~"}"#, No),
    Row(r#"rename = "/a", to = "/b", keep = true"#, "rename /a to b, keeping an existing value", r#"{"a":"~"}"#, Yes),
    Row(r#"copy = "/a", to = "/b""#, "copy /a to /b", r#"{"a":"~"}"#, Yes),
    Row(r#"move = "/a", to = "/o/b", on_error = "pass""#,
        "move /a to /o/b; a value that cannot be migrated passes", r#"{"a":"~"}"#, Yes),
    Row(r#"compute = "/n", from = "{%/a}-{{{/b}""#, "compute /n as \"{%/a}-{{{/b}\"", r#"{"a":"~","b":1}"#, Yes),
    Row(r#"compute = "/n", cel = "self.a", when = { present = "/p" }, else = "fail""#,
        "compute /n as `self.a`, where /p is present; elsewhere, refuse what it would change", r#"{"a":"~","p":1}"#, Yes),
    Row(r#"remove = "/n", restore_text = "x{/a}""#, "remove /n", r#"{"a":"~"}"#, No),
    Row(r#"wrap = "/a", as = "array""#, "wrap /a into an array", r#"{"a":"~"}"#, Yes),
    Row(r#"split = "/a", into = ["/b", "/c"], on = "-", keep = true"#,
        "split /a at \"-\" into /b, /c, keeping an existing value", r#"{"a":"~-x"}"#, Yes),
    Row(r#"join = ["/a", "/b"], to = "/c", on = "-""#, "join /a, /b with \"-\" to /c", r#"{"a":"~","b":"x"}"#, Yes),
    Row(r#"split = "/a", into = "array", on = "-""#, "split /a at every \"-\" into an array", r#"{"a":"~-x"}"#, Yes),
    Row(r#"map = "/a", values = { x = "y" }, other = "keep""#, "map /a by 1 pair, keeping other values", r#"{"a":"~"}"#, Yes),
    Row(r#"convert = "/a", from = "json", to = "json-text""#, "convert /a from json to json-text", r#"{"a":"~"}"#, Yes),
    Row(r#"replace_prefix = "/a", from = "", to = "p""#, "convert /a from prefix \"\" to \"p\"", r#"{"a":"~"}"#, Yes),
    Row(r#"require = "/a", type = "string""#, "require of /a that it is a string", r#"{"a":"~"}"#, Yes),
    Row(r#"entries = "/a", key = "/k", value = "/v""#,
        "make /a an array of its members, by \"k\"", r#"{"a":{"x":"~"}}"#, Yes),
    Row(r#"keyed = "/a", key = "/k", value = "/v", lossy = true"#,
        "make /a an object of its elements, by \"k\", losing the other members of its elements",
        r#"{"a":[{"k":"x","v":"~"}]}"#, Yes),
    Row(r#"count = "/a", to = "/n""#, "write the number of elements of /a to /n", r#"{"a":["~"]}"#, No),
    Row(r#"pick = "/a", where = { at = "/k", equals = 1 }, to = "/b""#,
        "move the first element of /a where `/k` is 1 to /b", r#"{"a":[{"k":1,"v":"~"}]}"#, Yes),
    Row(r#"put = "/b", where = { at = "/k", equals = 1 }, into = "/a""#,
        "move /b to the front of the array /a, and refuse it unless `/k` is 1", r#"{"b":{"k":1,"v":"~"}}"#, Yes),
    Row(r#"partition = "/a", where = { at = "/k", equals = 1 }, to = "/b""#,
        "move the elements of /a where `/k` is 1 to /b", r#"{"a":[{"k":1,"v":"~"}]}"#, Yes),
    Row(r#"move = "/a", to = "/l/*/a", many = "first", lossy = true"#,
        "move /a into every /l/*/a, losing it if there are none", r#"{"a":"~","l":[{}]}"#, Yes),
    Row(r#"nest = "", prefix = "b_", to = "/b""#, "move the members \"b_\"… of the whole value into /b", r#"{"b_a":"~"}"#, Yes),
    Row(r#"rename_all = "", from = "snake_case", to = "camelCase", values = { a_b = "c" }"#,
        "rename all members of the whole value from snake_case to camelCase, 1 name listed, at any depth",
        r#"{"a_x":"~"}"#, No),
    Row(r#"patch = [{ op = "remove", path = "/a" }], back = [{ op = "test", path = "", value = {} }]"#,
        "patch: remove /a", r#"{"a":"~"}"#, Yes),
];

fn catalog(op: &str) -> Catalog {
    let source = format!(
        "[[api]]\nname = \"shop\"\nversion_from = {{ header = \"Api-Version\" }}\n\
         version = [{{ name = \"1\" }}, {{ name = \"2\" }}]\n[[api.change]]\nversion = \"2\"\nsummary = \"One op\"\n\
         at = \"GET /a -> 200\"\nbreaking = true\nops = [{{ {op} }}]\n"
    );
    let (catalog, found) = check(&source);
    catalog.unwrap_or_else(|| panic!("{op}: {found:?}"))
}

#[test]
fn explain_shows_what_is_held() {
    let mut failures = Vec::new();
    for Row(op, words, document, held) in ROWS {
        let catalog = catalog(op);
        let api = catalog.api("shop").expect("it is there");
        let explained = api.explain("GET /a -> 200", "1", "2").expect("it is there");
        let steps: Vec<&String> = explained.changes().iter().flat_map(|change| change.steps()).collect();
        if steps != [words] {
            failures.push(format!("{op}: {steps:?}"));
        }
        let migration = api.migration("GET /a -> 200", "1", "2").expect("it is there");
        let mut framed = migration.stream(Content::Json).expect("it is a document").with_hold_limit(4096);
        let mut out = Vec::new();
        let document = document.replace('~', &"x".repeat(100_000));
        let fed = document.as_bytes().chunks(1000).try_for_each(|chunk| framed.feed(chunk, &mut out));
        let fed = fed.and_then(|()| framed.finish(&mut out));
        let really = match &fed {
            Ok(()) => No,
            Err(error) if error.is_limit() => Yes,
            Err(error) => panic!("{op}: {error}"),
        };
        let said = explained.program().lines().map(str::trim).any(|line| {
            // That one is held only if it comes.
            let comes = line.split(':').next().is_some_and(|name| document.contains(name));
            ["held in memory", "is held", "kept for"].iter().any(|word| line.contains(word))
                || (line.contains("held, with what follows") && comes)
        });
        if really != *held || said != (*held == Yes) {
            failures.push(format!("{op}: held: {really:?}, said: {said}\n{}", explained.program()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
