//! The ledger of a config, for commands that read it.

use std::process::ExitCode;

use sunward::clock::Timestamp;
use sunward::gateway::{self, Loaded};
use sunward::internals::duration;
use sunward::usage::{LedgerError, SqlLedger, UsagePast};

use super::names;

/// Opens the ledger and asks it, while a gateway may write to it.
pub(crate) fn ask<T>(
    loaded: &Loaded,
    question: impl AsyncFnOnce(&SqlLedger) -> Result<T, LedgerError>,
) -> Result<T, ExitCode> {
    run(async {
        match gateway::open_ledger(&loaded.gateway).await.transpose()? {
            Some(ledger) => question(&ledger).await.map(Some),
            None => Ok(None),
        }
    })
}

/// Changes a ledger that `open` opens, while no gateway has it open.
pub(crate) fn change<T>(
    open: impl Future<Output = Option<Result<SqlLedger, LedgerError>>>,
    change: impl AsyncFnOnce(&SqlLedger) -> Result<T, LedgerError>,
) -> Result<T, ExitCode> {
    run(async {
        match open.await.transpose()? {
            Some(ledger) => {
                let changed = change(&ledger).await;
                ledger.close().await;
                changed.map(Some)
            }
            None => Ok(None),
        }
    })
}

fn run<T>(work: impl Future<Output = Result<Option<T>, LedgerError>>) -> Result<T, ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| super::misused(&format!("error: {error}")))?;
    match runtime.block_on(work).map_err(|error| fail(&error))? {
        Some(answer) => Ok(answer),
        None => Err(super::misused(
            "error: the config has no ledger: add `state = \"/var/lib/sunward\"` to `[gateway]`, or `url` to `[gateway.ledger]`",
        )),
    }
}

fn fail(error: &LedgerError) -> ExitCode {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    super::misused(&format!("error: {}", super::printable(&format!("{error}{cause}"))))
}

/// A time, or how long before `now`.
pub(crate) fn before(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Some(ago) = duration(text) {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        return Ok(Timestamp::from_millis(now.as_millis().saturating_sub(ago)).unwrap_or(Timestamp::EPOCH));
    }
    text.parse().map_err(|_| format!("`{text}` is neither a time nor a duration; write `2026-11-01` or `30d`"))
}

/// An environment that the ledger knows, if one is named.
pub(crate) fn environment(known: &[String], name: Option<&str>) -> Result<(), String> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match name.filter(|name| !known.contains(name)) {
        Some(name) => Err(names::unknown("environment", name, &known)),
        None => Ok(()),
    }
}

/// A consumer that the ledger or the register knows.
pub(crate) fn consumer(loaded: &Loaded, past: &[UsagePast], name: &str) -> Result<(), String> {
    let registered = loaded.catalog.register().entries().iter().map(|entry| entry.consumer.as_str());
    let known: Vec<&str> = past.iter().map(|past| past.consumer.as_str()).chain(registered).collect();
    if known.contains(&name) || ["anonymous", "_other"].contains(&name) {
        return Ok(());
    }
    Err(names::unknown("consumer", name, &known))
}
