//! `sunward ready`: whether a version may be retired.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::gateway::{self, Loaded};
use sunward::internals::duration;
use sunward::report::{self, Blocker, Readiness, ReadinessEvidence, ReadinessRule};
use sunward::usage::UsageFilter;

use super::columns::columns;
use super::day::day;
use super::{ledger, names};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// The api; not needed if there is only one.
    #[arg(long, value_name = "NAME")]
    api: Option<String>,
    /// The version that is to go.
    #[arg(long, value_name = "VERSION")]
    version: String,
    /// For how long it has to be unused.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = a_duration)]
    quiet_for: Duration,
    /// Accepts the use of this consumer: a name, `anonymous`, or `_other`. May be repeated.
    #[arg(long, value_name = "CONSUMER")]
    allow: Vec<String>,
    /// Accepts so many requests, of everybody together.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    max_requests: u64,
    /// The environment. Default: that of the config.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Prints JSON.
    #[arg(long, conflicts_with = "annotations")]
    json: bool,
    /// Prints each reason as an error of GitHub Actions.
    #[arg(long)]
    annotations: bool,
    /// Uses this time. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

/// Which version of what, for people.
struct ReadyQuestion {
    api: String,
    version: String,
    environment: String,
}

fn a_duration(text: &str) -> Result<Duration, &'static str> {
    duration(text).ok_or("no duration; write `30d` or `12h`")
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let loaded = match super::open(&args.file.path, Some(now)) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match answer(args, &loaded, now) {
        Ok((question, answer)) => {
            let printed = super::print(&shown(args, &question, &answer));
            if answer.is_ready() { printed } else { ExitCode::from(super::FAILED) }
        }
        Err(code) => code,
    }
}

fn answer(args: &Args, loaded: &Loaded, now: Timestamp) -> Result<(ReadyQuestion, Readiness), ExitCode> {
    let misused = |message: String| super::misused(&format!("error: {message}"));
    let api = names::api(&loaded.catalog, args.api.as_deref()).map_err(misused)?;
    let version = names::version(api, &args.version).map_err(misused)?;
    let environment = args.environment.clone().unwrap_or_else(|| loaded.gateway.ledger.environment.clone());
    let mut rule = ReadinessRule::new(args.quiet_for);
    rule.allowed.clone_from(&args.allow);
    rule.max_requests = args.max_requests;
    let filter = UsageFilter::new(rule.since(now), now.saturating_add(Duration::from_secs(1)));
    let filter = filter.with_environment(&environment).with_api(api.name()).with_version(version.name());
    // Consumers of other versions are known, too.
    let anywhere = UsageFilter::new(rule.since(now), now);
    let (sums, past, covered, changes, known, environments, mut notices, control) =
        ledger::ask(loaded, async |ledger| {
            let known = if args.allow.is_empty() { Vec::new() } else { ledger.past(&anywhere).await? };
            let (sums, past) = (ledger.sums(&filter).await?, ledger.past(&filter).await?);
            let (covered, changes) = (ledger.covered(&filter).await?, ledger.change_sums(&filter).await?);
            let notices = ledger.notices(&environment, None).await?;
            let control = gateway::open_control(&loaded.gateway, ledger, now).await;
            Ok((sums, past, covered, changes, known, ledger.environments().await?, notices, control))
        })?;
    ledger::environment(&environments, args.environment.as_deref()).map_err(misused)?;
    for name in &args.allow {
        ledger::consumer(loaded, &known, name).map_err(misused)?;
    }
    let (register, control) = (loaded.catalog.register(), control.map_err(misused)?);
    notices.retain(|notice| notice.key.api == api.name() && notice.key.version == version.name());
    let extensions = report::extensions(api, version, &control);
    let evidence = ReadinessEvidence::new(&sums, &past, &covered, register).with_changes(&changes);
    let evidence = evidence.with_notices(&notices).with_extensions(&extensions);
    let question = ReadyQuestion { api: api.name().to_owned(), version: version.name().to_owned(), environment };
    Ok((question, rule.apply(evidence, now)))
}

fn shown(args: &Args, question: &ReadyQuestion, answer: &Readiness) -> String {
    let ReadyQuestion { api, version, environment } = question;
    if args.json {
        let mut object = json!({ "api": api, "version": version, "environment": environment });
        if let (Some(all), serde_json::Value::Object(more)) = (object.as_object_mut(), answer.to_json()) {
            all.extend(more);
        }
        return format!("{object:#}\n");
    }
    if args.annotations {
        // In a workflow command, `%` begins an escape.
        let reason = |blocker: &Blocker| super::printable(&blocker.reason).replace('%', "%25");
        let line = |blocker: &Blocker| format!("::error title={api} {version} is not ready::{}\n", reason(blocker));
        return answer.blockers.iter().map(line).collect();
    }
    text(question, answer)
}

fn text(question: &ReadyQuestion, answer: &Readiness) -> String {
    let ReadyQuestion { api, version, environment } = question;
    let verdict = if answer.is_ready() { "ready" } else { "not ready" };
    let mut text = format!(
        "{api} {version} in `{environment}` is {verdict}: {} requests since {}\n",
        answer.requests,
        day(Some(answer.since))
    );
    for blocker in &answer.blockers {
        let _ = writeln!(text, "  {}", super::printable(&blocker.reason));
    }
    let used: Vec<&Blocker> = answer.blockers.iter().filter(|blocker| blocker.consumer.is_some()).collect();
    if !used.is_empty() {
        let head = ["consumer", "requests", "last seen", "told", "extension", "evidence", "owner", "routes", "changes"];
        let head = head.map(str::to_owned);
        let mut rows: Vec<[String; 9]> = std::iter::once(head).chain(used.iter().map(|used| cells(used))).collect();
        // A column without anything in it has no head either.
        for at in [3, 4, 8] {
            if rows.iter().skip(1).all(|row| row[at].is_empty()) {
                rows[0][at].clear();
            }
        }
        let _ = writeln!(text, "\n{}", columns(&rows, &[1]).join("\n"));
    }
    if !answer.spared.is_empty() {
        let head = ["does not count", "requests", "last seen", "because"].map(str::to_owned);
        let rows = answer.spared.iter().map(|spared| {
            let (consumer, reason) = (super::printable(&spared.consumer), super::printable(&spared.reason));
            [consumer, spared.requests.to_string(), spared.last_seen.to_string(), reason]
        });
        let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
        let _ = writeln!(text, "\n{}", columns(&rows, &[1]).join("\n"));
    }
    text
}

fn cells(blocker: &Blocker) -> [String; 9] {
    let told = match (blocker.told, blocker.reached) {
        (Some(at), _) => day(Some(at)),
        (None, Some(false)) => "never reached".to_owned(),
        (None, _) => String::new(),
    };
    [
        blocker.consumer.clone().unwrap_or_default(),
        blocker.requests.to_string(),
        blocker.last_seen.map(|at| at.to_string()).unwrap_or_default(),
        told,
        blocker.extension.map(|until| day(Some(until))).unwrap_or_default(),
        blocker.evidence.join(", "),
        blocker.owner.clone().unwrap_or_default(),
        blocker.routes.join(", "),
        blocker.changes.join("; "),
    ]
    .map(|cell| super::printable(&cell))
}
