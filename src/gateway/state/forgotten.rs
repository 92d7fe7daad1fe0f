//! A consumer is forgotten by a command, and the audit log says so.

use super::audit::{Actor, Audit, AuditAction};
use super::files;
use crate::clock::Timestamp;
use crate::config::GatewaySpec;
use crate::usage::{ForgottenConsumer, LedgerError, SqlLedger};

/// Who wants a consumer to be forgotten, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForgetOrder<'a> {
    /// Who, for the audit log.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Forgets a consumer, see [`SqlLedger::forget`], and writes to the audit log of the `state` directory, and of the database that
/// replicas share, that one was forgotten: not which one. `ledger` is that of [`open_ledger_to_write`](super::open_ledger_to_write).
///
/// # Errors
///
/// If the database fails.
pub async fn forget_consumer(
    gateway: &GatewaySpec,
    ledger: &SqlLedger,
    consumer: &str,
    order: ForgetOrder<'_>,
) -> Result<Option<ForgottenConsumer>, LedgerError> {
    let Some(forgotten) = ledger.forget(consumer).await? else { return Ok(None) };
    let actor = Actor { by: order.by.to_owned(), via: "command".to_owned(), reason: order.reason.to_owned() };
    let action = forgetting(&forgotten);
    if let Some(folder) = &gateway.state
        && files::make_folder(&folder.value).is_ok()
    {
        Audit::open(Some(&folder.value), super::replica(&gateway.ledger)).keep(&actor, &action, order.at);
    }
    #[cfg(feature = "postgres")]
    super::shared::note(&gateway.ledger, super::ledger::replica(&gateway.ledger), &actor, &action, order.at).await?;
    Ok(Some(forgotten))
}

/// What the audit log says of it.
pub(in crate::gateway) fn forgetting(forgotten: &ForgottenConsumer) -> AuditAction {
    let ForgottenConsumer { requests, notices, mentions, .. } = forgotten;
    let target = format!("a consumer with {requests} requests, {notices} notices to it and {mentions} that named it");
    AuditAction { what: "forget", target }
}

// === impl ForgetOrder ===

impl<'a> ForgetOrder<'a> {
    /// See the fields.
    #[must_use]
    pub const fn new(by: &'a str, reason: &'a str, at: Timestamp) -> Self {
        Self { by, reason, at }
    }
}
