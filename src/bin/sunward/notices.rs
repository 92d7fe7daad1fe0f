//! `sunward notices`: what was sent to whom, and what would be.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::gateway::{Loaded, LoadedNotices};
use sunward::notice::{DueNotice, NoticeQuestion};
use sunward::usage::{StoredNotice, UsageFilter};

use super::columns::columns;
use super::ledger;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// Shows what would be sent, and sends nothing.
    #[arg(long)]
    dry_run: bool,
    /// Shows the mail of a notice that would be sent.
    #[arg(long, value_name = "NOTICE", conflicts_with = "json")]
    preview: Option<String>,
    /// Only notices to this consumer.
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// The time at which notices would be sent. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    at: Option<Timestamp>,
    /// Prints the secret that a receiver of webhooks verifies requests with, for its URL.
    #[arg(long, value_name = "URL", conflicts_with_all = ["dry_run", "preview", "consumer", "at", "json"])]
    webhook_secret: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

const WEEK: Duration = Duration::from_secs(7 * 86_400);
const HEAD: [&str; 8] = ["state", "notice", "api", "version", "date", "distance", "recipient", "address"];

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.at.unwrap_or_else(|| SystemClock.now());
    let loaded = match super::open(&args.file.path, Some(now)) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let Some(notices) = &loaded.notices else {
        return super::misused("error: the config has no notices; add `[[notice]]`");
    };
    let shown = match (&args.webhook_secret, &args.preview) {
        (Some(url), _) => return webhook_secret(notices, url),
        (None, Some(name)) => due(args, &loaded, notices, now).map(|due| preview(name, notices, &due, now)),
        (None, None) if args.dry_run || args.at.is_some() => {
            due(args, &loaded, notices, now).map(|due| show_due(args, &due, now))
        }
        (None, None) => sent(args, &loaded).map(|sent| show_sent(args, &sent)),
    };
    shown.unwrap_or_else(|code| code)
}

fn webhook_secret(notices: &LoadedNotices, url: &str) -> ExitCode {
    match notices.secrets.first() {
        Some(secret) => super::print(&format!("{}\n", secret.of_url(url).expose())),
        None => super::misused("error: the config has no `[gateway.notices.webhook]`"),
    }
}

fn due(args: &Args, loaded: &Loaded, notices: &LoadedNotices, now: Timestamp) -> Result<Vec<DueNotice>, ExitCode> {
    let environment = &loaded.gateway.ledger.environment;
    let since = |ago| {
        let until = now.saturating_add(Duration::from_secs(1));
        UsageFilter::new(now.saturating_sub(ago), until).with_environment(environment)
    };
    let (known, sums, week, changes, past) = ledger::ask(loaded, async |ledger| {
        let known = ledger.notices(environment, None).await?;
        let (sums, week) = (ledger.sums(&since(notices.settings.quiet)).await?, ledger.sums(&since(WEEK)).await?);
        let past =
            if args.consumer.is_some() { ledger.past(&since(notices.settings.quiet)).await? } else { Vec::new() };
        Ok((known, sums, week, ledger.change_sums(&since(WEEK)).await?, past))
    })?;
    if let Some(name) = &args.consumer {
        ledger::consumer(loaded, &past, name).map_err(|message| super::misused(&format!("error: {message}")))?;
    }
    let known = known.into_iter().map(|notice| notice.key).collect();
    let question = NoticeQuestion::new(&loaded.catalog, &notices.specs, &sums, now);
    let mut due = question.with_week(&week, &changes).with_known(&known).due();
    if let Some(name) = &args.consumer {
        due.retain(|notice| notice.key.recipient == format!("consumer {name}"));
    }
    Ok(due)
}

fn sent(args: &Args, loaded: &Loaded) -> Result<Vec<StoredNotice>, ExitCode> {
    let environment = &loaded.gateway.ledger.environment;
    ledger::ask(loaded, async |ledger| ledger.notices(environment, args.consumer.as_deref()).await)
}

fn show_due(args: &Args, due: &[DueNotice], now: Timestamp) -> ExitCode {
    if args.json {
        let line = |notice: &DueNotice| {
            let mut line = of_key(&notice.key);
            line["address"] = notice.address.as_ref().map(ToString::to_string).into();
            line["facts"] = notice.facts.clone();
            line
        };
        let due: Vec<Value> = due.iter().map(line).collect();
        return super::print(&format!("{:#}\n", json!({ "at": now.to_string(), "due": due })));
    }
    let rows = due.iter().map(|notice| {
        let address = notice.address.as_ref().map_or_else(|| "none in the register".to_owned(), ToString::to_string);
        let state = if notice.address.is_some() { "due" } else { "not sent" };
        cells(state, &notice.key, &address)
    });
    table(rows, &format!("no notice is due at {now}"))
}

fn show_sent(args: &Args, sent: &[StoredNotice]) -> ExitCode {
    if args.json {
        let line = |notice: &StoredNotice| {
            let mut line = of_key(&notice.key);
            line["address"] = notice.address.as_str().into();
            line["message"] = notice.message.as_str().into();
            line["state"] = notice.state.as_str().into();
            line["attempts"] = notice.attempts.into();
            line["sent"] = notice.sent.map(|at| at.to_string()).into();
            line["error"] = notice.error.as_deref().into();
            line["facts"] = serde_json::from_str(&notice.facts).unwrap_or_default();
            line
        };
        let sent: Vec<Value> = sent.iter().map(line).collect();
        return super::print(&format!("{:#}\n", json!({ "notices": sent })));
    }
    let rows = sent.iter().map(|notice| {
        let state = match (&notice.sent, &notice.error) {
            (Some(at), _) => format!("sent {at}"),
            (None, Some(error)) => format!("{} ({error})", notice.state.as_str()),
            (None, None) => notice.state.as_str().to_owned(),
        };
        cells(&state, &notice.key, &notice.address)
    });
    table(rows, "no notice was sent yet")
}

fn of_key(key: &sunward::usage::NoticeKey) -> Value {
    json!({
        "notice": key.notice,
        "api": key.api,
        "version": key.version,
        "date": key.date,
        "distance": key.distance,
        "recipient": key.recipient,
    })
}

fn cells(state: &str, key: &sunward::usage::NoticeKey, address: &str) -> [String; HEAD.len()] {
    let distance = match key.distance.unsigned_abs() {
        secs if secs % 86_400 == 0 => format!("{}d", key.distance / 86_400),
        _ => format!("{}s", key.distance),
    };
    [state, &key.notice, &key.api, &key.version, &key.date, &distance, &key.recipient, address].map(super::printable)
}

fn table(rows: impl Iterator<Item = [String; HEAD.len()]>, none: &str) -> ExitCode {
    let rows: Vec<_> = std::iter::once(HEAD.map(str::to_owned)).chain(rows).collect();
    if rows.len() == 1 {
        super::tell(&format!("{none}\n"));
        return ExitCode::SUCCESS;
    }
    super::print(&format!("{}\n", columns(&rows, &[5]).join("\n")))
}

fn preview(name: &str, notices: &LoadedNotices, due: &[DueNotice], now: Timestamp) -> ExitCode {
    let known: Vec<&str> = notices.specs.iter().map(|spec| &*spec.name.value).collect();
    if !known.contains(&name) {
        let help = super::suggestion(name, &known, super::SUGGESTED);
        return super::misused(&format!("error: unknown notice `{}`; {help}", super::printable(name)));
    }
    let Some(notice) = due.iter().find(|notice| notice.key.notice == name) else {
        let message = format!("error: the notice `{name}` is not due at {now}; choose another time with `--at`");
        return super::misused(&message);
    };
    match notices.templates.mail(std::slice::from_ref(&notice.facts)) {
        Ok(texts) => {
            let to = notice.address.as_ref().map(ToString::to_string).unwrap_or_default();
            super::print(&format!("To: {to}\nSubject: {}\n\n{}\n", texts.subject, texts.text.trim_end()))
        }
        Err(why) => super::misused(&format!("error: {why}")),
    }
}
