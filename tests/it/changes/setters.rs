//! A setter of an op has an effect, or the catalog is refused: every constructor with every setter.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, When};
use sunward::diagnostic::{Diagnostic, Diagnostics};
use sunward::json::{
    ElementPosition, JsonType, Literal, Many, NameCase, OnError, Other, Otherwise, Rounding, Test, Wrapper,
};

use super::now;

type Setter = fn(OpSpec) -> OpSpec;

/// Each setter, and the constructors on which it has an effect.
#[rustfmt::skip]
const SETTERS: &[(&str, Setter, &[&str])] = &[
    ("with_when", |op| op.with_when(When::present("/w")), BODY),
    ("with_else", |op| op.with_when(When::present("/w")).with_else(Otherwise::Fail), BODY),
    ("with_on_error", |op| op.with_on_error(OnError::Pass), BODY),
    ("with_keep", |op| op.with_keep(true), &[
        "copy", "compute", "compute_cel", "count", "rename", "relocate", "split", "join", "move_many", "pick", "partition", "nest",
        "flatten", "rename_header", "rename_cookie", "rename_query",
    ]),
    ("with_expand", |op| op.with_expand(true), &["rename"]),
    ("with_lossy", |op| op.with_lossy(true), &[
        "compute_cel", "remove", "wrap", "unwrap", "split", "join", "replace", "split_list", "join_list", "entries", "keyed", "move_many",
        "remove_header", "remove_query",
    ]),
    ("with_many", |op| op.with_many(Many::First), &["wrap", "unwrap"]),
    ("with_which", |op| op.with_which(When::present("/x")), &["wrap", "unwrap", "pick", "put"]),
    ("with_back_cel", |op| op.with_back_cel("/b", "self.c"), &["compute_cel"]),
    ("with_restore", |op| op.with_restore("x"), &["remove", "remove_header", "remove_query"]),
    ("with_restore_from", |op| op.with_restore_from("/r"), &["remove"]),
    ("with_restore_text", |op| op.with_restore_text("{/r}"), &["remove"]),
    ("with_other", |op| op.with_other(Other::Keep), &["map"]),
    ("with_back", |op| op.with_back([("z", "x")]), &["map"]),
    ("with_scale", |op| op.with_scale(2), &["convert"]),
    ("with_digits", |op| op.with_digits(2), &["scale", "divide"]),
    ("with_back_digits", |op| op.with_back_digits(2), &["scale", "divide"]),
    ("with_rounding", |op| op.with_digits(2).with_rounding(Rounding::HalfEven), &["scale", "divide"]),
    ("with_text", |op| op.with_text(true), &["scale", "divide"]),
    ("with_value", |op| op.with_value("/v"), &["entries", "keyed"]),
    ("with_to", |op| op.with_to("/t"), &["entries", "keyed"]),
    ("with_position", |op| op.with_position(ElementPosition::Last), &["pick", "put"]),
    ("with_name", |op| op.with_name("a_b", "ab"), &["rename_all", "rename_query_values"]),
    ("with_except", |op| op.with_except("a_b"), &["rename_all", "rename_query_values"]),
    ("with_depth", |op| op.with_depth(1), &["rename_all"]),
    ("with_query", |op| op.with_query("q", "x"), &["move_route"]),
    ("with_lost", |op| op.with_lost("id", "x"), &["move_route"]),
];

/// Beside the ops on bodies, one on heads has a condition.
const CONDITIONAL: (&str, &str) = ("with_when", "map_status");

const BODY: &[&str] = &[
    "add",
    "add_optional",
    "copy",
    "compute",
    "compute_cel",
    "rename",
    "relocate",
    "remove",
    "wrap",
    "unwrap",
    "split",
    "join",
    "map",
    "convert",
    "scale",
    "divide",
    "replace_prefix",
    "replace_suffix",
    "replace",
    "require",
    "require_that",
    "split_list",
    "join_list",
    "count",
    "entries",
    "keyed",
    "move_many",
    "count",
    "pick",
    "put",
    "partition",
    "nest",
    "flatten",
    "unwrap_only",
    "wrap_named",
    "rename_all",
    "patch",
    "custom",
    "typed",
];

fn constructors() -> Vec<(&'static str, OpSpec)> {
    let patch = || Literal::from(serde_json::json!([]));
    let same = |_: &mut serde_json::Value| Ok(());
    vec![
        ("add", OpSpec::add("/a", 1)),
        ("add_optional", OpSpec::add_optional("/a")),
        ("copy", OpSpec::copy("/a", "/b")),
        ("compute", OpSpec::compute("/a", "{/b}")),
        ("compute_cel", OpSpec::compute_cel("/a", "self.b")),
        ("rename", OpSpec::rename("/a", "/b")),
        ("relocate", OpSpec::relocate("/a", "/b/c")),
        ("remove", OpSpec::remove("/a")),
        ("wrap", OpSpec::wrap("/a", Wrapper::Array)),
        ("unwrap", OpSpec::unwrap("/a", Wrapper::Array)),
        ("split", OpSpec::split("/a", &["/b", "/c"], " ")),
        ("join", OpSpec::join(&["/b", "/c"], "/a", " ")),
        ("map", OpSpec::map("/a", [("x", "y")])),
        ("convert", OpSpec::convert("/a", "integer", "decimal")),
        ("scale", OpSpec::scale("/a", "100")),
        ("divide", OpSpec::divide("/a", "1000")),
        ("replace_prefix", OpSpec::replace_prefix("/a", "x", "y")),
        ("replace_suffix", OpSpec::replace_suffix("/a", "x", "y")),
        ("replace", OpSpec::replace("/a", ("x", "y"), ("y", "x"))),
        ("require", OpSpec::require("/a", 1)),
        ("require_that", OpSpec::require_that("/a", When::own(Test::has_type([JsonType::Number])))),
        ("split_list", OpSpec::split_list("/a", ",")),
        ("join_list", OpSpec::join_list("/a", ",")),
        ("count", OpSpec::count("/a", "/b")),
        ("entries", OpSpec::entries("/a", "/name")),
        ("keyed", OpSpec::keyed("/a", "/name")),
        ("move_many", OpSpec::move_many("/a/*/x", "/b", Many::First)),
        ("count", OpSpec::count("/a", "/b")),
        ("pick", OpSpec::pick("/a", "/b")),
        ("put", OpSpec::put("/b", "/a")),
        ("partition", OpSpec::partition("/a", When::present("/x"), "/b")),
        ("nest", OpSpec::nest("", "x_", "/x")),
        ("flatten", OpSpec::flatten("/x", "x_")),
        ("unwrap_only", OpSpec::unwrap_only("/a", "/kind")),
        ("wrap_named", OpSpec::wrap_named("/a", "/kind")),
        ("rename_all", OpSpec::rename_all("", NameCase::Snake, NameCase::Camel)),
        ("patch", OpSpec::patch(patch(), patch())),
        ("custom", OpSpec::custom(same, same)),
        ("typed", OpSpec::typed(|old: String| Ok(old), |new: String| Ok(new))),
        ("add_header", OpSpec::add_header("x-a", "1")),
        ("rename_header", OpSpec::rename_header("x-a", "x-b")),
        ("remove_header", OpSpec::remove_header("x-a")),
        ("add_query", OpSpec::add_query("a", "1")),
        ("rename_cookie", OpSpec::rename_cookie("a", "b")),
        ("rename_query", OpSpec::rename_query("a", "b")),
        ("remove_query", OpSpec::remove_query("a")),
        ("map_query", OpSpec::map_query("a", &[("x", "y")])),
        ("rename_query_values", OpSpec::rename_query_values("a", NameCase::Snake, NameCase::Camel)),
        ("map_content_type", OpSpec::map_content_type("application/json", "application/problem+json")),
        ("map_status", OpSpec::map_status(200, 202)),
        ("rename_prefix", OpSpec::rename_prefix("/a", "/b")),
        ("add_route", OpSpec::add_route("POST /b")),
        ("remove_route", OpSpec::remove_route("POST /b")),
        ("move_route", OpSpec::move_route("GET /b/{id}", "GET /a")),
    ]
}

#[test]
fn a_setter_has_an_effect_or_is_refused() {
    let mut failures = Vec::new();
    for (setter, set, with_effect) in SETTERS {
        for (constructor, op) in constructors() {
            let has_effect = with_effect.contains(&constructor) || (*setter, constructor) == CONDITIONAL;
            let (plain, with_setter) = (catalog(op.clone()), catalog(set(op)));
            let wrong = match (&plain, &with_setter) {
                (_, Err(found)) if has_effect == found.iter().any(|found| NO_EFFECT.contains(&found.code())) => {
                    format!("{found:?}")
                }
                (_, Ok(_)) if !has_effect => "it is not refused".to_owned(),
                (Ok(plain), Ok(with_setter)) if compiled(plain) == compiled(with_setter) => {
                    "it has no effect".to_owned()
                }
                _ => continue,
            };
            failures.push(format!("OpSpec::{constructor}(…).{setter}(…): {wrong}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// `keep` needs a target: a list or an object that is turned in its place has none.
#[test]
fn keep_has_an_effect_on_entries_that_go_elsewhere() {
    for op in [OpSpec::entries("/a", "/name"), OpSpec::keyed("/a", "/name")] {
        let found = catalog(op.clone().with_keep(true)).expect_err("there is no target");
        assert_eq!(found.iter().map(Diagnostic::code).collect::<Vec<_>>(), ["keep-without-target"]);
        catalog(op.with_keep(true).with_to("/b")).expect("there is a target");
    }
}

#[test]
fn every_constructor_and_setter_is_in_the_tables() {
    let public = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/public.txt")).expect("a text");
    let known: BTreeSet<&str> = public.lines().filter_map(|line| line.strip_prefix("change::OpSpec::")).collect();
    let names = SETTERS.iter().map(|(name, ..)| *name);
    let listed: BTreeSet<&str> = names.chain(constructors().into_iter().map(|(name, _)| name)).collect();
    assert_eq!(known, listed);
}

fn catalog(op: OpSpec) -> Result<Catalog, Diagnostics> {
    let change = Change::new("2", "A setter").with_at("GET /a -> 200").with_at("POST /b <-").with_at("POST /b -> 200");
    let api = Api::new("shop").with_version_header("Api-Version").with_version(Version::new("1"));
    let api = api.with_version(Version::new("2")).with_change(change.with_breaking(true).with_op(op));
    Catalog::at([api], now())
}

/// What requests are served with.
fn compiled(catalog: &Catalog) -> String {
    format!("{:?}", catalog.apis())
}

/// The findings that say that a setter has no effect.
const NO_EFFECT: [&str; 2] = ["misplaced-setter", "keep-without-target"];
