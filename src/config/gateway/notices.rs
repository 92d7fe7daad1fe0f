//! How notices are sent: the `[gateway.notices]` table.

use std::path::PathBuf;
use std::time::Duration;

use super::{Secret, is_variable};
use crate::catalog::Contact;
use crate::config::tree::TableReader;
use crate::diagnostic::{Diagnostic, Spanned};

/// How notices are sent: the `[gateway.notices]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoticesSpec {
    /// How often is looked for notices that are due.
    pub check: Duration,
    /// A consumer gets notices if it used the version within this time.
    pub quiet: Duration,
    /// The name of the replica that sends; `None`: each does, and they share a database.
    pub sender: Option<Spanned<String>>,
    /// How many messages a sink gets in a minute, at most.
    pub rate: u32,
    /// The folder of templates that replace the built-in ones.
    pub templates: Option<Spanned<PathBuf>>,
    /// Mail; `None`: none is sent.
    pub mail: Option<MailSpec>,
    /// Webhooks; `None`: none are called.
    pub webhook: Option<WebhookSpec>,
    /// The URL of the chat's incoming webhook.
    pub chat: Option<Spanned<Secret>>,
}

/// The server that mail is given to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailSpec {
    /// Its URL: `smtps://user:password@mail.example.com`, or `smtp://localhost:25`.
    pub url: Spanned<Secret>,
    /// The sender's address.
    pub from: Spanned<String>,
    /// Where answers go.
    pub reply_to: Option<Spanned<String>>,
}

/// How webhooks are called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookSpec {
    /// The secrets that requests are signed with; more than one while a secret is changed.
    pub secrets: Vec<Spanned<Secret>>,
    /// Whether addresses of private networks may be called, and `http` URLs.
    pub allow_private: bool,
}

// === impl NoticesSpec ===

impl Default for NoticesSpec {
    fn default() -> Self {
        Self {
            check: Duration::from_secs(60),
            quiet: Duration::from_secs(30 * 86_400),
            sender: None,
            rate: 600,
            templates: None,
            mail: None,
            webhook: None,
            chat: None,
        }
    }
}

impl NoticesSpec {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let spec = Self {
            check: reader.duration("check").unwrap_or(default.check),
            quiet: reader.duration("quiet").unwrap_or(default.quiet),
            sender: reader.text("sender"),
            rate: reader.count("rate").unwrap_or(default.rate),
            templates: reader.text("templates").map(|path| path.map(PathBuf::from)),
            mail: reader.table("mail", MailSpec::read),
            webhook: reader.table("webhook", WebhookSpec::read),
            chat: secret(&mut reader, "chat", &|text| text.starts_with("https://") || text.starts_with("http://")),
        };
        reader.finish();
        Some(spec)
    }
}

// === impl MailSpec ===

impl MailSpec {
    fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let url = secret(&mut reader, "url", &|text| text.contains('@'));
        let (from, reply_to) = (mailbox(&mut reader, "from"), mailbox(&mut reader, "reply_to"));
        reader.finish();
        Some(Self { url: url?, from: from?, reply_to })
    }
}

fn mailbox(reader: &mut TableReader<'_, '_>, name: &'static str) -> Option<Spanned<String>> {
    let text = reader.text(name)?;
    let address = text.value.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(&text.value);
    if !matches!(Contact::parse(address), Some(Contact::Mail(_))) {
        let message = format!("`{}` is no mail address", text.value);
        let finding = Diagnostic::error("bad-mail-address", message, text.span);
        reader.found.push(finding.help("write `api@example.com`, or `The API team <api@example.com>`"));
    }
    Some(text)
}

// === impl WebhookSpec ===

impl WebhookSpec {
    fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let clear = |text: &str| text.starts_with("whsec_");
        let secrets = [secret(&mut reader, "secret", &clear), secret(&mut reader, "old_secret", &clear)];
        let allow_private = reader.flag("allow_private").unwrap_or_default();
        reader.finish();
        let secrets: Vec<_> = secrets.into_iter().flatten().collect();
        (!secrets.is_empty()).then_some(Self { secrets, allow_private })
    }
}

/// A text that must not be in the file as it is, where `clear` says that it is a secret.
fn secret(
    reader: &mut TableReader<'_, '_>,
    name: &'static str,
    clear: &dyn Fn(&str) -> bool,
) -> Option<Spanned<Secret>> {
    let (node, _) = reader.node(name)?;
    let written = node.value.as_str().unwrap_or_default();
    if !is_variable(written) && clear(written) {
        reader.found.hide(written, "…");
        let message = format!("`{name}` is a secret in clear text");
        let help =
            format!("write a variable of the environment, `{name} = \"${{SUNWARD_NOTICES_{}}}\"`", name.to_uppercase());
        reader.found.push(Diagnostic::error("secret-in-file", message, node.span).help(help));
    }
    reader.text(name).map(|text| text.map(Secret::new))
}
