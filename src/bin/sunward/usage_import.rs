//! `sunward usage import`: reads access logs into the ledger.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde_json::json;
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::gateway::{Loaded, open_ledger_to_write};
use sunward::internals::import::{ImportOptions, ImportSummary, LogField, LogFields, LogSyntax, import_logs};
use sunward::usage::LedgerRetention;

use super::ledger;
use super::progress::Progress;

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// Access logs, also those that gzip or zstd has compressed.
    #[arg(value_name = "LOG", required = true, value_parser = super::file)]
    logs: Vec<PathBuf>,
    /// The format of the lines: `auto`, `common`, `combined` or `json`.
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = str::parse::<LogSyntax>)]
    format: LogSyntax,
    /// The member of a JSON line that has a field: `path=req.url`. May be repeated.
    #[arg(long, value_name = "FIELD=MEMBER", value_parser = field)]
    field: Vec<(LogField, String)>,
    /// The member of a JSON line that has a header of the request: `Api-Version=http_api_version`. May be repeated.
    #[arg(long, value_name = "HEADER=MEMBER", value_parser = header)]
    header: Vec<(HeaderName, String)>,
    /// The host of requests whose lines have none.
    #[arg(long, value_name = "HOST", value_parser = str::parse::<HeaderValue>)]
    host: Option<HeaderValue>,
    /// The environment. Default: that of the config.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Uses this time to tell which rows are too old. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

const HELP: &str = "Each line counts once, however often it is imported: also if its log has grown since, or was renamed, compressed \
     or cut. Requests of a time that a gateway has recorded itself are skipped. A gateway must not have the ledger open, unless \
     it is in PostgreSQL. Fields: time, method, path, query, request, status, bytes, host, user, client, user-agent, request-id, consumer, \
     version.";

/// What became of the lines, and why some logs were not read to their end.
type Imported = (ImportSummary, Vec<(PathBuf, io::Error)>);

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let loaded = match super::open(&args.file.path, Some(now)) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let (summary, failed) = match import(args, loaded, now) {
        Ok(imported) => imported,
        Err(code) => return code,
    };
    for (log, error) in &failed {
        super::tell(&format!("error: {}: {error}\n", super::printable(&log.display().to_string())));
    }
    let printed = super::print(&if args.json { in_json(&summary) } else { text(&summary) });
    let nothing = summary.read() > 0 && summary.unreadable.values().sum::<u64>() == summary.read();
    if nothing {
        super::tell("error: no line can be read; pass `--format`, and for JSON `--field`\n");
    }
    if failed.is_empty() && !nothing { printed } else { ExitCode::from(super::FAILED) }
}

fn import(args: &Args, loaded: Loaded, now: Timestamp) -> Result<Imported, ExitCode> {
    let Loaded { catalog, gateway, .. } = loaded;
    let (catalog, spec) = (Arc::new(catalog), &gateway.ledger);
    let fields = args.field.iter().fold(LogFields::default(), |all, (field, name)| all.with_member(*field, name));
    let options = ImportOptions {
        format: args.format,
        fields: args.header.iter().fold(fields, |all, (header, name)| all.with_header(header.clone(), name)),
        host: args.host.clone(),
        now,
        retention: LedgerRetention::default().with_hours(spec.hours_kept).with_days(spec.days_kept),
        consumers: spec.consumers,
    };
    let environment = args.environment.as_deref().unwrap_or(&spec.environment);
    let mut progress = Progress::new(io::stderr().is_terminal());
    let imported = ledger::change(open_ledger_to_write(&gateway, environment), async |ledger| {
        let show = |at: sunward::internals::import::ImportProgress| {
            progress.show(|| {
                let percent = (at.read * 100).checked_div(at.total).unwrap_or(100).min(100);
                format!("{percent} % of {} MiB read, {} lines", at.total >> 20, at.lines)
            });
        };
        import_logs(&catalog, ledger, &args.logs, &options, show).await
    });
    progress.clear();
    imported
}

fn text(summary: &ImportSummary) -> String {
    let skipped = summary.skipped.iter().map(|(why, lines)| (why.reason(), *lines));
    let unreadable = summary.unreadable.iter().map(|(why, lines)| (why.reason(), *lines));
    let rows = [
        ("read", summary.read(), Vec::new()),
        ("counted", summary.counted, Vec::new()),
        ("already known", summary.known, Vec::new()),
        ("skipped", summary.skipped.values().sum(), skipped.collect()),
        ("unreadable", summary.unreadable.values().sum(), unreadable.collect()),
    ];
    let width = summary.read().to_string().len();
    let mut text = String::new();
    for (name, lines, reasons) in rows {
        let _ = writeln!(text, "{name:13}  {lines:>width$}");
        for (reason, lines) in reasons {
            let _ = writeln!(text, "  {lines}: {reason}");
        }
    }
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        let _ = writeln!(text, "\ncounted requests from {first} to {last}");
    }
    text
}

fn in_json(summary: &ImportSummary) -> String {
    let skipped: serde_json::Map<_, _> =
        summary.skipped.iter().map(|(why, lines)| (why.as_str().to_owned(), json!(lines))).collect();
    let unreadable: serde_json::Map<_, _> =
        summary.unreadable.iter().map(|(why, lines)| (why.as_str().to_owned(), json!(lines))).collect();
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let all = json!({
        "read": summary.read(), "counted": summary.counted, "known": summary.known, "skipped": skipped,
        "unreadable": unreadable, "first": time(summary.first), "last": time(summary.last),
    });
    format!("{all:#}\n")
}

fn field(text: &str) -> Result<(LogField, String), String> {
    let (field, member) = text.split_once('=').ok_or("expected a field and a member, such as path=req.url")?;
    Ok((field.parse()?, member.to_owned()))
}

fn header(text: &str) -> Result<(HeaderName, String), String> {
    let pair = text.split_once('=').and_then(|(header, member)| Some((header.parse().ok()?, member.to_owned())));
    pair.ok_or_else(|| "expected a header and a member, such as Api-Version=http_api_version".to_owned())
}
