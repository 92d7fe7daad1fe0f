//! `sunward flags`: the definitions of feature flags, and what they evaluate to.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::flags::{Bucketing, EvaluationContext, FlagDefinition, FlagDefinitions, FlagEvaluation};
use sunward::internals::{SUGGESTED, suggestion};

use super::columns::columns;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The definitions, in the JSON format of flagd.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// How shares are made: as flagd makes them now (v2), or as some providers still make them (v1).
    #[arg(long, value_name = "VERSION", default_value = "v2", value_parser = bucketing, global = true)]
    bucketing: Bucketing,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks the file and lists its flags.
    List,
    /// Shows what a flag evaluates to, and why.
    Explain(ExplainFlag),
}

#[derive(clap::Args)]
struct ExplainFlag {
    /// The flag.
    key: String,
    /// The targeting key.
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// An attribute of the context. A value that is JSON is taken as JSON, else as a string. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = attribute)]
    attribute: Vec<(String, Value)>,
    /// Uses this time. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

fn bucketing(text: &str) -> Result<Bucketing, &'static str> {
    match text {
        "v1" => Ok(Bucketing::V1),
        "v2" => Ok(Bucketing::V2),
        _ => Err("known: `v1`, `v2`"),
    }
}

fn attribute(text: &str) -> Result<(String, Value), &'static str> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write `name=value`")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let definitions = match read(args) {
        Ok(definitions) => definitions,
        Err(message) => return super::misused(&message),
    };
    match &args.command {
        Command::List => super::print(&list(&definitions, args.json)),
        Command::Explain(question) => {
            let Some(flag) = definitions.get(&question.key) else {
                let known: Vec<&str> = definitions.iter().map(FlagDefinition::key).collect();
                let help = suggestion(&question.key, &known, SUGGESTED);
                return super::misused(&format!("error: unknown flag `{}`; {help}", super::printable(&question.key)));
            };
            let evaluation = evaluate(&definitions, question);
            super::print(&if args.json { explained(flag, &evaluation) } else { text(flag, &evaluation) })
        }
    }
}

/// The definitions; the findings about them as `file:line:column: …`.
fn read(args: &Args) -> Result<FlagDefinitions, String> {
    let path = args.path.display();
    let text = std::fs::read_to_string(&args.path).map_err(|error| format!("error: {path}: {error}"))?;
    let line = |finding: &sunward::diagnostic::Diagnostic| {
        let (line, column) = finding.span().line_column(&text).unwrap_or((1, 1));
        format!("{path}:{line}:{column}: {}\n", super::printable(&finding.to_string()))
    };
    let definitions = FlagDefinitions::parse(&text, args.bucketing);
    let definitions = definitions.map_err(|found| found.iter().map(&line).collect::<String>())?;
    super::tell(&definitions.warnings().iter().map(line).collect::<String>());
    Ok(definitions)
}

fn list(definitions: &FlagDefinitions, json: bool) -> String {
    if json {
        let flags: Vec<Value> = definitions.iter().map(described).collect();
        return format!("{:#}\n", json!({ "flags": flags }));
    }
    let row = |flag: &FlagDefinition| {
        let variants: Vec<&str> = flag.variants().map(|(name, _)| name).collect();
        let cells = [
            flag.key(),
            state(flag),
            flag.flag_type().map_or("", |flag_type| flag_type.as_str()),
            flag.default_variant().unwrap_or("-"),
            if flag.has_targeting() { "rule" } else { "-" },
            &variants.join(", "),
        ];
        cells.map(super::printable)
    };
    let head = ["FLAG", "STATE", "TYPE", "DEFAULT", "TARGETING", "VARIANTS"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(definitions.iter().map(row)).collect();
    columns(&rows, &[]).iter().map(|line| format!("{line}\n")).collect()
}

fn state(flag: &FlagDefinition) -> &'static str {
    if flag.is_enabled() { "ENABLED" } else { "DISABLED" }
}

fn described(flag: &FlagDefinition) -> Value {
    json!({
        "key": flag.key(),
        "state": state(flag),
        "type": flag.flag_type().map(|flag_type| flag_type.as_str()),
        "variants": flag.variants().map(|(name, value)| (name.to_owned(), value.clone())).collect::<serde_json::Map<_, _>>(),
        "default_variant": flag.default_variant(),
        "targeting": flag.has_targeting(),
        "metadata": flag.metadata(),
    })
}

fn evaluate(definitions: &FlagDefinitions, question: &ExplainFlag) -> FlagEvaluation {
    let mut context = EvaluationContext::new();
    if let Some(consumer) = &question.consumer {
        context = context.with_targeting_key(consumer.as_str());
    }
    for (name, value) in &question.attribute {
        context = context.with_attribute(name.as_str(), value);
    }
    definitions.evaluate(&question.key, &context, question.now.unwrap_or_else(|| SystemClock.now()))
}

fn explained(flag: &FlagDefinition, evaluation: &FlagEvaluation) -> String {
    let share = evaluation.share().map(|(position, total)| json!({ "position": position, "total": total }));
    let object = json!({
        "key": flag.key(),
        "value": evaluation.value(),
        "variant": evaluation.variant(),
        "reason": evaluation.reason().as_str(),
        "error": evaluation.error().map(|error| json!({ "code": error.code(), "message": error.to_string() })),
        "share": share,
        "key_missing": evaluation.is_keyless(),
    });
    format!("{object:#}\n")
}

fn text(flag: &FlagDefinition, evaluation: &FlagEvaluation) -> String {
    let mut lines = vec![match (evaluation.variant(), evaluation.value()) {
        (Some(variant), Some(value)) => format!("{} is {value} (variant {variant})", flag.key()),
        _ => format!("{} has no value: the caller's own default applies", flag.key()),
    }];
    lines.push(format!("reason: {}", evaluation.reason().as_str()));
    if let Some(error) = evaluation.error() {
        lines.push(format!("error: {}: {error}", error.code()));
    }
    if let Some((position, total)) = evaluation.share() {
        lines.push(format!("share: position {position} of {total}"));
    }
    if evaluation.is_keyless() {
        lines.push("no share: the context has no key for it".to_owned());
    }
    lines.iter().map(|line| super::printable(line) + "\n").collect()
}
