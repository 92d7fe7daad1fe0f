//! `sunward usage forget`: forgets a consumer.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use serde_json::json;
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::gateway::{ForgetOrder, Loaded, forget_consumer, open_ledger_to_write};
use sunward::usage::{ForgottenConsumer, UsageFilter};

use super::{ledger, names};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// The consumer, as `sunward usage --by consumer` names it.
    #[arg(value_name = "CONSUMER")]
    consumer: String,
    /// Does not ask.
    #[arg(long)]
    yes: bool,
    /// The name of the operator, for the audit log. Default: the environment variable USER.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// The reason, for the audit log. It should not name the consumer.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = match super::open(&args.file.path, None) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match forget(args, &loaded) {
        Ok(forgotten) => super::print(&shown(args, &forgotten)),
        Err(code) => code,
    }
}

fn forget(args: &Args, loaded: &Loaded) -> Result<ForgottenConsumer, ExitCode> {
    let misused = |message: &str| super::misused(&format!("error: {message}"));
    if ["anonymous", "_other"].contains(&&*args.consumer) {
        return Err(misused(&format!("`{}` is no consumer: it has no name to forget", args.consumer)));
    }
    if !args.yes && !io::stdin().is_terminal() {
        return Err(misused("pass `--yes`: there is no terminal to ask on, and what is forgotten does not come back"));
    }
    let user = std::env::var("USER").ok();
    let Some(by) = args.by.as_deref().or(user.as_deref()).filter(|by| !by.trim().is_empty()) else {
        return Err(misused("`USER` is not set: pass `--by NAME`, for the audit log"));
    };
    let open = open_ledger_to_write(&loaded.gateway, &loaded.gateway.ledger.environment);
    let forgotten = ledger::change(open, async |ledger| {
        let past = ledger.past(&UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX)).await?;
        let known: Vec<String> = past.iter().map(|past| past.consumer.as_str().to_owned()).collect();
        if !args.yes && known.contains(&args.consumer) && !agreed(&args.consumer) {
            return Ok(Err("nothing was forgotten".to_owned()));
        }
        let order = ForgetOrder::new(by, &args.reason, SystemClock.now());
        let forgotten = forget_consumer(&loaded.gateway, ledger, &args.consumer, order).await?;
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Ok(forgotten.ok_or_else(|| names::unknown("consumer", &args.consumer, &known)))
    })?;
    forgotten.map_err(|message| misused(&message))
}

/// Asks on the terminal.
fn agreed(consumer: &str) -> bool {
    let consumer = super::printable(consumer);
    super::tell(&format!("Forget {consumer}? Its requests stay in the sums, and nothing names it any more. [y/N] "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

fn shown(args: &Args, forgotten: &ForgottenConsumer) -> String {
    let ForgottenConsumer { requests, notices, mentions, .. } = forgotten;
    if args.json {
        let object = json!({ "requests": requests, "notices": notices, "mentions": mentions });
        return format!("{object:#}\n");
    }
    format!(
        "forgotten: {requests} requests count for `_other` now; {notices} notices were deleted, and {mentions} do not name it any more\n"
    )
}
