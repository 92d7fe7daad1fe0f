//! `sunward usage`: who used what.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::gateway::Loaded;
use sunward::report::{self, ChangeLine, Grouping, Trend, UsageLine};
use sunward::usage::{ChangeSum, ConsumerKey, LedgerError, SqlLedger, UsageDay, UsageFilter, UsageSum, UsageTotal};

use super::columns::columns;
use super::{changed, ledger, names, usage_forget, usage_import};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    act: Option<UsageAct>,
    #[command(flatten)]
    report: ReportArgs,
}

#[derive(clap::Subcommand)]
enum UsageAct {
    /// Reads access logs into the ledger.
    Import(usage_import::Args),
    /// Forgets a consumer: its requests stay in the sums, without its name.
    Forget(usage_forget::Args),
}

#[derive(clap::Args)]
struct ReportArgs {
    /// The config file.
    #[arg(value_name = "FILE", required = true, value_parser = super::file)]
    file: Option<PathBuf>,
    /// What a line is about.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    by: By,
    /// Counts requests since this time, or of this long before now.
    #[arg(long, value_name = "TIME|DURATION", default_value = "30d")]
    since: String,
    /// Only this api.
    #[arg(long, value_name = "NAME")]
    api: Option<String>,
    /// Only this version.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Only this consumer: a name, `anonymous`, or `_other`.
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// Only this environment.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Adds how the requests came over the time, in up to 30 parts, as a line of characters.
    #[arg(long)]
    trend: bool,
    /// Only lines whose last request was before this time, or longer ago than this.
    #[arg(long, value_name = "TIME|DURATION")]
    quiet_since: Option<String>,
    /// Prints JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Prints CSV.
    #[arg(long)]
    csv: bool,
    /// Uses this time. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum By {
    /// A version.
    #[default]
    Version,
    /// A route of a version.
    Route,
    /// A consumer of a version.
    Consumer,
    /// A change that altered requests to a version.
    Change,
}

const HEAD: [&str; 12] = [
    "environment",
    "api",
    "version",
    "what",
    "requests",
    "errors",
    "refused",
    "consumers",
    "first seen",
    "last seen",
    "evidence",
    "trend",
];
/// The column of the trend.
const TREND: usize = 11;
/// A trend has so many parts at most.
const PARTS: usize = 30;
/// So many consumers are asked for in one query.
const AT_ONCE: usize = 500;
/// Of numbers.
const RIGHT: [usize; 4] = [4, 5, 6, 7];

pub(crate) fn run(command: &Command) -> ExitCode {
    match (&command.act, &command.report.file) {
        (Some(UsageAct::Import(args)), _) => usage_import::run(args),
        (Some(UsageAct::Forget(args)), _) => usage_forget::run(args),
        (None, Some(file)) => report(file, &command.report),
        (None, None) => super::misused("error: pass the config file"),
    }
}

fn report(file: &Path, args: &ReportArgs) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let loaded = match super::open(file, Some(now)) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    answer(args, &loaded, now).unwrap_or_else(|code| code)
}

/// What the ledger knows of the requests in question.
enum UsageAnswer {
    Totals(Vec<UsageTotal>),
    Sums(Vec<UsageSum>),
    Changes(Vec<ChangeSum>),
}

fn answer(args: &ReportArgs, loaded: &Loaded, now: Timestamp) -> Result<ExitCode, ExitCode> {
    let misused = |message: String| super::misused(&format!("error: {message}"));
    let since = ledger::before(&args.since, now).map_err(misused)?;
    let quiet = args.quiet_since.as_deref().map(|text| ledger::before(text, now)).transpose().map_err(misused)?;
    let by = match args.by {
        By::Version => Some(Grouping::Version),
        By::Route => Some(Grouping::Route),
        By::Consumer => Some(Grouping::Consumer),
        By::Change => None,
    };
    if by.is_none() && quiet.is_some() {
        return Err(misused("`--quiet-since` is about requests, and not about changes; use another `--by`".to_owned()));
    }
    if args.trend && !matches!(by, Some(Grouping::Version | Grouping::Consumer)) {
        return Err(misused(
            "`--trend` is about versions and consumers; use `--by version` or `--by consumer`".to_owned(),
        ));
    }
    let filter = filter(args, loaded, since, now).map_err(misused)?;
    let (known, past, days, environments) = ledger::ask(loaded, async |ledger| {
        // A consumer of other versions is known, too.
        let anywhere = UsageFilter::new(since, now);
        let past = if args.consumer.is_some() { ledger.past(&anywhere).await? } else { Vec::new() };
        let known = match by {
            Some(Grouping::Version) if args.consumer.is_none() => UsageAnswer::Totals(ledger.totals(&filter).await?),
            Some(_) => UsageAnswer::Sums(ledger.sums(&filter).await?),
            None => UsageAnswer::Changes(ledger.change_sums(&filter).await?),
        };
        let days = days_of(args, &known, ledger, &filter).await?;
        Ok((known, past, days, ledger.environments().await?))
    })?;
    ledger::environment(&environments, args.environment.as_deref()).map_err(misused)?;
    if let Some(name) = &args.consumer {
        ledger::consumer(loaded, &past, name).map_err(misused)?;
    }
    let wanted = |consumer: &ConsumerKey| args.consumer.as_ref().is_none_or(|name| consumer.as_str() == name);
    let show = |mut lines: Vec<UsageLine>| {
        lines.retain(|line| quiet.is_none_or(|quiet| line.last_seen < quiet));
        let trends = args.trend.then(|| lines.iter().map(|line| trend(line, args, &days, since, now)).collect());
        show(args, &lines, trends, since, now)
    };
    Ok(match known {
        UsageAnswer::Totals(totals) => show(report::usage_by_version(&totals)),
        UsageAnswer::Sums(mut sums) => {
            sums.retain(|sum| wanted(&sum.consumer));
            show(report::usage(&sums, by.unwrap_or_default()))
        }
        UsageAnswer::Changes(mut sums) => {
            sums.retain(|sum| wanted(&sum.consumer));
            show_changes(args, &report::changes(&sums), since, now)
        }
    })
}

/// The requests by day that trends are made of.
async fn days_of(
    args: &ReportArgs,
    known: &UsageAnswer,
    ledger: &SqlLedger,
    filter: &UsageFilter,
) -> Result<Vec<UsageDay>, LedgerError> {
    if !args.trend {
        return Ok(Vec::new());
    }
    let UsageAnswer::Sums(sums) = known else { return ledger.days(filter).await };
    let wanted = |name: &str| args.consumer.as_deref().is_none_or(|wanted| wanted == name);
    let names: BTreeSet<&str> = sums
        .iter()
        .filter(|sum| matches!(sum.consumer, ConsumerKey::Named(_)) && wanted(sum.consumer.as_str()))
        .map(|sum| sum.consumer.as_str())
        .collect();
    let mut days = Vec::new();
    for names in names.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        days.extend(ledger.consumer_days(filter, names).await?);
    }
    Ok(days)
}

fn trend(line: &UsageLine, args: &ReportArgs, days: &[UsageDay], since: Timestamp, now: Timestamp) -> Trend {
    let mut trend = Trend::new(since, now, PARTS);
    let consumer = line.consumer.as_deref().or(args.consumer.as_deref());
    let own = |day: &&UsageDay| {
        let name = day.consumer.as_ref().map(ConsumerKey::as_str);
        day.environment == line.environment && day.api == line.api && day.version == line.version && name == consumer
    };
    days.iter().filter(own).for_each(|day| trend.add(day));
    trend
}

fn filter(args: &ReportArgs, loaded: &Loaded, since: Timestamp, now: Timestamp) -> Result<UsageFilter, String> {
    let mut filter = UsageFilter::new(since, now.saturating_add(Duration::from_secs(1)));
    filter.environment.clone_from(&args.environment);
    let catalog = &loaded.catalog;
    if let Some(name) = &args.api {
        filter.api = Some(names::api(catalog, Some(name))?.name().to_owned());
    }
    if let Some(name) = &args.version {
        let known = catalog.apis().iter().filter(|api| args.api.as_ref().is_none_or(|name| api.name() == name));
        let found: Vec<_> = known.map(|api| names::version(api, name)).collect();
        let version = found.iter().find_map(|found| found.as_ref().ok()).map(|version| version.name().to_owned());
        let unknown = || found.iter().find_map(|found| found.as_ref().err()).cloned();
        filter.version = Some(version.ok_or_else(|| unknown().unwrap_or_default())?);
    }
    Ok(filter)
}

fn show(
    args: &ReportArgs,
    lines: &[UsageLine],
    trends: Option<Vec<Trend>>,
    since: Timestamp,
    now: Timestamp,
) -> ExitCode {
    if args.json {
        let mut all: Vec<_> = lines.iter().map(UsageLine::to_json).collect();
        for (line, trend) in all.iter_mut().zip(trends.iter().flatten()) {
            line["trend"] = trend.parts().into();
        }
        let lines = all;
        return super::print(&format!(
            "{:#}\n",
            json!({ "since": since.to_string(), "until": now.to_string(), "usage": lines })
        ));
    }
    let mut rows: Vec<[String; HEAD.len()]> = lines.iter().map(cells).collect();
    for (row, trend) in rows.iter_mut().zip(trends.iter().flatten()) {
        row[TREND] = trend.to_string();
    }
    match lines {
        _ if args.csv && !args.trend => {
            let rows: Vec<_> = rows.iter().map(|row| std::array::from_fn(|at| row[at].clone())).collect();
            print_csv::<TREND>(&std::array::from_fn(|at| HEAD[at]), &rows)
        }
        _ if args.csv => print_csv(&HEAD, &rows),
        [] => nothing(&format!("no requests since {since}")),
        _ => super::print(&format!("{}\n", table(args, rows).join("\n"))),
    }
}

fn show_changes(args: &ReportArgs, lines: &[ChangeLine], since: Timestamp, now: Timestamp) -> ExitCode {
    if args.json {
        let lines: Vec<_> = lines.iter().map(ChangeLine::to_json).collect();
        return super::print(&format!(
            "{:#}\n",
            json!({ "since": since.to_string(), "until": now.to_string(), "changes": lines })
        ));
    }
    let rows: Vec<_> = lines.iter().map(changed::cells).collect();
    match lines {
        _ if args.csv => print_csv(&changed::HEAD, &rows),
        [] => nothing(&format!("no change altered a request since {since}")),
        _ => super::print(&format!("{}\n", changed::table(lines).join("\n"))),
    }
}

fn nothing(text: &str) -> ExitCode {
    super::tell(&format!("{text}\n"));
    ExitCode::SUCCESS
}

fn print_csv<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> ExitCode {
    match csv(head, rows) {
        Ok(bytes) => super::print_bytes(&bytes),
        Err(error) => super::misused(&format!("error: {error}")),
    }
}

fn cells(line: &UsageLine) -> [String; HEAD.len()] {
    let what = line.consumer.as_deref().or(line.route.as_deref()).unwrap_or_default();
    let consumers = if line.consumer.is_some() { String::new() } else { line.consumers.to_string() };
    [
        line.environment.clone(),
        line.api.clone(),
        line.version.clone(),
        what.to_owned(),
        line.requests.to_string(),
        line.errors.to_string(),
        line.refused.to_string(),
        consumers,
        line.first_seen.to_string(),
        line.last_seen.to_string(),
        line.evidence().to_owned(),
        String::new(),
    ]
}

fn csv<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head.map(|name| name.replace(' ', "_")))?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Columns without anything in them are left out, and so is the environment if there is only one.
fn table(args: &ReportArgs, rows: Vec<[String; HEAD.len()]>) -> Vec<String> {
    let one = rows.iter().all(|row| row[0] == rows[0][0]);
    let mut head = HEAD.map(str::to_owned);
    head[3] = match args.by {
        By::Version | By::Change => String::new(),
        By::Route => "route".to_owned(),
        By::Consumer => "consumer".to_owned(),
    };
    let mut all = vec![head];
    all.extend(rows.into_iter().map(|row| row.map(|cell| super::printable(&cell))));
    if matches!(args.by, By::Consumer) {
        all[0][7].clear();
    }
    if !args.trend {
        all[0][TREND].clear();
    }
    if one {
        all.iter_mut().for_each(|row| row[0].clear());
    }
    columns(&all, &RIGHT)
}
