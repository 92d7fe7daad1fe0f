//! The gateway's own settings.

mod instance;
mod ledger;
pub(super) mod listen;
mod notices;
mod rollout;
mod settings;
mod upstream;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use instance::Instance;
pub(crate) use ledger::LedgerSpec;
pub(crate) use listen::Listen;
pub use notices::{MailSpec, NoticesSpec, WebhookSpec};
pub(crate) use settings::{AccessLog, ForwardedHeaders, Limits, Proxy, Timeouts, Tls, Underscores};
pub(super) use upstream::check_names;
pub(crate) use upstream::check_references;
pub(crate) use upstream::{ActAs, Addresses, Check, Upstream, UpstreamTls};

use super::tree::TableReader;
use crate::diagnostic::{Diagnostic, Spanned};

/// How the gateway itself runs: the `[gateway]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewaySpec {
    /// Where clients are served in the clear.
    pub listen: Vec<Spanned<Listen>>,
    /// Where they are served over TLS.
    pub tls: Option<Tls>,
    /// Where the admin listener is.
    pub admin: Spanned<Listen>,
    /// What operators have to say.
    pub admin_token: Option<Spanned<Secret>>,
    /// What the keys of consumers are hashed under.
    pub consumer_secret: Option<Spanned<Secret>>,
    /// The file of it.
    pub consumer_secret_file: Option<Spanned<PathBuf>>,
    /// Number of worker threads. Default: one per CPU core.
    pub workers: Option<usize>,
    /// Whether another process may listen on the same addresses.
    pub reuse_port: bool,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How large and how many things may be.
    pub limits: Limits,
    /// Forwarding headers, request ids, and what the gateway reports about itself.
    pub proxy: Proxy,
    /// The form of log lines.
    pub log: LogFormat,
    /// The log of requests.
    pub access_log: Option<AccessLog>,
    /// The folder of what is kept.
    pub state: Option<Spanned<PathBuf>>,
    /// The ledger, kept in the folder.
    pub ledger: LedgerSpec,
    /// How notices are sent.
    pub notices: NoticesSpec,
    /// How many revisions are kept.
    pub revisions: usize,
    /// For how long a version that was asked for is not dropped.
    pub protect: Option<Duration>,
}

/// A text that is shown nowhere: its `Debug` is dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object each.
    Json,
}

// === impl Secret ===

impl Secret {
    const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

// === impl GatewaySpec ===

impl Default for GatewaySpec {
    fn default() -> Self {
        Self {
            listen: vec![Listen::loopback(8080).into()],
            tls: None,
            admin: Listen::loopback(9090).into(),
            admin_token: None,
            consumer_secret: None,
            consumer_secret_file: None,
            workers: None,
            reuse_port: false,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            proxy: Proxy::default(),
            log: LogFormat::Text,
            access_log: None,
            state: None,
            ledger: LedgerSpec::default(),
            notices: NoticesSpec::default(),
            revisions: 10,
            protect: Some(Duration::from_secs(7 * 86_400)),
        }
    }
}

impl GatewaySpec {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(in crate::config) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let tls = reader.table("tls", Tls::read);
        let listen = reader.list("listen", listen::read);
        // With TLS alone, nothing is served in the clear.
        let listen = if reader.has("listen") || reader.has("tls") { listen } else { default.listen };
        let revisions = reader.count("revisions");
        let spec = Self {
            listen,
            tls,
            admin: reader.listen("admin").unwrap_or(default.admin),
            admin_token: reader.text("admin_token").map(|token| token.map(Secret)),
            consumer_secret: consumer_secret(&mut reader),
            consumer_secret_file: reader.text("consumer_secret_file").map(|path| path.map(PathBuf::from)),
            workers: reader.count("workers"),
            reuse_port: reader.flag("reuse_port").unwrap_or_default(),
            timeouts: reader.table("timeouts", Timeouts::read).unwrap_or_default(),
            limits: reader.table("limits", Limits::read).unwrap_or_default(),
            proxy: reader.table("proxy", Proxy::read).unwrap_or_default(),
            log: if reader.word("log") == Some("json") { LogFormat::Json } else { LogFormat::Text },
            access_log: reader.table("access_log", AccessLog::read),
            state: reader.text("state").map(|path| path.map(PathBuf::from)),
            ledger: reader.table("ledger", LedgerSpec::read).unwrap_or_default(),
            notices: reader.table("notices", NoticesSpec::read).unwrap_or_default(),
            revisions: revisions.unwrap_or(default.revisions),
            protect: reader.off_or_duration("protect").unwrap_or(default.protect),
        };
        spec.check_admin(&mut reader);
        spec.check_places(&mut reader);
        spec.check_state(&mut reader, revisions.is_some());
        spec.check_ledger(&mut reader);
        reader.finish();
        Some(spec)
    }

    /// Two listeners in one place: the second could not be bound.
    fn check_places(&self, reader: &mut TableReader<'_, '_>) {
        let secure = self.tls.iter().flat_map(|tls| &tls.listen);
        let all: Vec<_> = self.listen.iter().chain(secure).chain([&self.admin]).collect();
        for (at, place) in all.iter().enumerate() {
            if let Some(earlier) = all[..at].iter().find(|earlier| earlier.value.meets(&place.value)) {
                let message = if earlier.value == place.value {
                    format!("two listeners have the address `{}`", place.value)
                } else {
                    format!("the listeners on `{}` and `{}` overlap: only one can be bound", earlier.value, place.value)
                };
                let span = if place.span.is_none() { reader.span } else { place.span };
                reader.found.push(Diagnostic::error("duplicate-listen", message, span).help(
                    "change one of the \
                     addresses",
                ));
            }
        }
    }

    /// What needs a folder, where there is none.
    fn check_state(&self, reader: &mut TableReader<'_, '_>, revisions: bool) {
        // A folder that cannot be read has its own finding.
        if reader.has("state") {
            return;
        }
        let help = "add `state = \"/var/lib/sunward\"`, or remove it";
        if self.protect.is_some() {
            let message = "`protect` without `state` forgets the use of versions at each restart";
            reader.warn("protect-without-state", "protect", message, help);
        }
        if revisions {
            reader.warn("revisions-without-state", "revisions", "`revisions` has no effect without `state`", help);
        }
    }

    fn check_ledger(&self, reader: &mut TableReader<'_, '_>) {
        // Acts are shared there, also where nothing is counted.
        if self.ledger.url.is_some() && cfg!(not(feature = "postgres")) {
            let message = "`ledger` is in PostgreSQL, which this binary has no part for";
            let help = "use a binary with the feature `postgres`, or remove `url`";
            reader.found.push(Diagnostic::error("ledger-not-built", message, reader.span).help(help));
            return;
        }
        // That it is off is so in any case.
        if !reader.has("ledger") || self.ledger.flush.is_none() {
            return;
        }
        if cfg!(not(feature = "ledger")) {
            let help = "use a binary with the feature `ledger`, or remove it";
            reader.warn("ledger-not-built", "ledger", "`ledger` has no effect: this binary has no ledger", help);
        } else if !reader.has("state") && self.ledger.url.is_none() {
            let help = "add `state = \"/var/lib/sunward\"`, or the `url` of PostgreSQL, or remove it";
            reader.warn("ledger-without-state", "ledger", "`ledger` has no effect without `state` or `url`", help);
        }
    }

    fn check_admin(&self, reader: &mut TableReader<'_, '_>) {
        let span = if self.admin.span.is_none() { reader.span } else { self.admin.span };
        if let (Listen::Tcp(address), None) = (&self.admin.value, &self.admin_token)
            && !address.ip().is_loopback()
            // A token that cannot be read has its own finding.
            && !reader.has("admin_token")
        {
            let message = format!("the admin listener on `{address}` is open to everyone who can connect to it");
            let help = "set `admin_token = \"${SUNWARD_ADMIN_TOKEN}\"`, or listen on loopback";
            reader.found.push(Diagnostic::error("open-admin", message, span).help(help));
        }
        if self.admin.value == Listen::Systemd {
            let message = "`admin` cannot be a socket of the service manager";
            reader.found.push(Diagnostic::error("admin-systemd", message, span).help("write an address"));
        }
    }
}

/// A secret that is in the file is in its repository and its backups too.
fn consumer_secret(reader: &mut TableReader<'_, '_>) -> Option<Spanned<Secret>> {
    reader.exclude("consumer_secret", "consumer_secret_file");
    let (node, _) = reader.node("consumer_secret")?;
    if let Some(written) = node.value.as_str().filter(|written| !written.is_empty() && !is_variable(written)) {
        reader.found.hide(written, "…");
        let message = "`consumer_secret` is in the file in clear text";
        let help =
            "write a variable of the environment, `\"${SUNWARD_CONSUMER_SECRET}\"`, or use `consumer_secret_file`";
        reader.found.push(Diagnostic::error("secret-in-file", message, reader.span).help(help));
        return None;
    }
    reader.text("consumer_secret").map(|secret| secret.map(Secret))
}

/// Whether a string is one variable and nothing else, not even a default.
fn is_variable(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
    name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::config::{keys, read};

    #[test]
    fn a_token_is_not_shown() {
        let (config, _) = read("[gateway]\nadmin_token = \"hush\"\n");
        let config = config.expect("a config");
        assert_eq!(config.gateway.admin_token.as_ref().map(|token| token.expose()), Some("hush"));
        assert!(!format!("{config:?}").contains("hush"), "{config:?}");
    }

    /// The reference shows the defaults that the reader has.
    #[test]
    fn defaults_are_those_of_the_table() {
        let tables = keys::tables();
        let mut text = String::new();
        for name in ["gateway", "gateway.timeouts", "gateway.limits", "gateway.proxy", "gateway.ledger"] {
            let table = tables.iter().find(|table| table.name == name).expect("a table");
            writeln!(text, "[{name}]").expect("a string");
            for key in table.all().filter(|key| !key.default.is_empty()) {
                writeln!(text, "{} = {}", key.name, key.default).expect("a string");
            }
        }
        // Some of them want a folder.
        let text = text.replacen("[gateway]\n", "[gateway]\nstate = \"state\"\n", 1);
        let (config, found) = read(&text);
        assert_eq!(found.to_string(), "");
        let said = config.expect("a config").gateway;
        let (default, bare) = (GatewaySpec::default(), |listen: &[Spanned<Listen>]| listen[0].value.clone());
        assert_eq!(bare(&said.listen), bare(&default.listen));
        assert_eq!(said.admin.value, default.admin.value);
        assert_eq!(
            GatewaySpec { listen: default.listen.clone(), admin: default.admin.clone(), state: None, ..said },
            default
        );
    }
}
