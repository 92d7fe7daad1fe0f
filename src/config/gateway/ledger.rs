//! The `[gateway.ledger]` table.

use std::time::Duration;

use super::{Secret, is_variable};
use crate::config::tree::TableReader;
use crate::diagnostic::{Diagnostic, Spanned};

/// The ledger, in the `state` folder or in PostgreSQL: the `[gateway.ledger]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerSpec {
    /// How often it is written; `None`: there is no ledger.
    pub flush: Option<Duration>,
    /// How many consumers of each api have rows of their own on a day.
    pub consumers: usize,
    /// After how long hours are merged into days.
    pub hours_kept: Duration,
    /// After how long days are deleted.
    pub days_kept: Duration,
    /// What is written to each row, to tell staging from production.
    pub environment: String,
    /// The URL of PostgreSQL; `None`: the ledger is a file in the `state` folder.
    pub url: Option<Spanned<Secret>>,
    /// Another URL, for what creates and changes the tables.
    pub migrate_url: Option<Spanned<Secret>>,
    /// Another URL, for the connection that hears of changes.
    pub listen_url: Option<Spanned<Secret>>,
    /// Whether statements are prepared by name.
    pub prepared_statements: bool,
    /// The name of this replica; `None`: that of the host.
    pub replica: Option<String>,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

// === impl LedgerSpec ===

impl Default for LedgerSpec {
    fn default() -> Self {
        Self {
            flush: Some(Duration::from_secs(5)),
            consumers: 10_000,
            hours_kept: 14 * DAY,
            days_kept: 400 * DAY,
            environment: "default".into(),
            url: None,
            migrate_url: None,
            listen_url: None,
            prepared_statements: true,
            replica: None,
        }
    }
}

impl LedgerSpec {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let spec = Self {
            flush: reader.off_or_duration("flush").unwrap_or(default.flush),
            consumers: reader.count("consumers").unwrap_or(default.consumers),
            hours_kept: reader.duration("hours_kept").unwrap_or(default.hours_kept),
            days_kept: reader.duration("days_kept").unwrap_or(default.days_kept),
            environment: reader.text("environment").map_or(default.environment, |text| text.value),
            url: url(&mut reader, "url"),
            migrate_url: url(&mut reader, "migrate_url"),
            listen_url: url(&mut reader, "listen_url"),
            prepared_statements: reader.flag("prepared_statements").unwrap_or(default.prepared_statements),
            replica: reader.text("replica").map(|text| text.value),
        };
        for name in ["migrate_url", "listen_url", "prepared_statements", "replica"] {
            let says_default = name == "prepared_statements" && spec.prepared_statements;
            if reader.has(name) && !says_default && !reader.has("url") {
                let message = format!("`{name}` has no effect without `url`");
                reader.warn("no-effect", name, message, "add the `url` of PostgreSQL, or remove it");
            }
        }
        if spec.hours_kept > spec.days_kept {
            let message = "`hours_kept` is longer than `days_kept`, so hours would be deleted before they are merged";
            let found = Diagnostic::error("ledger-retention", message, reader.span);
            reader.found.push(found.help("make `days_kept` the longer one"));
        }
        reader.finish();
        Some(spec)
    }
}

/// The URL of a database. A password in the file is in its repository and its backups too.
fn url(reader: &mut TableReader<'_, '_>, name: &'static str) -> Option<Spanned<Secret>> {
    let (node, _) = reader.node(name)?;
    let written = node.value.as_str().unwrap_or_default();
    let in_file = !is_variable(written) && has_password(written);
    if in_file {
        reader.found.hide(written, "…");
        let message = format!("`{name}` has a password in clear text");
        let help = "write a variable of the environment, `\"${SUNWARD_LEDGER_URL}\"`, or have the password in a `.pgpass` file";
        reader.found.push(Diagnostic::error("secret-in-file", message, node.span).help(help));
    }
    let url = reader.text(name)?;
    if !in_file && !["postgres://", "postgresql://"].iter().any(|scheme| url.value.starts_with(scheme)) {
        reader.found.hide(&url.value, "…");
        let finding = Diagnostic::error("bad-ledger-url", format!("`{name}` is no URL of PostgreSQL"), url.span);
        let help = "write it as `postgres://user@host:5432/database`; without it, the ledger is a file in `state`";
        reader.found.push(finding.help(help));
    }
    Some(url.map(Secret))
}

fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}
