//! What a config says about notices, checked against the rest.

use std::collections::BTreeSet;

use lettre::{AsyncSmtpTransport, Tokio1Executor};

use crate::catalog::{ApiEntry, Catalog, Contact};
use crate::config::{GatewaySpec, NoticeSpec, NoticeTo, NoticesSpec};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::notice::{NoticeTemplates, WebhookSecret};

/// The notices of a config, ready to be sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadedNotices {
    /// The `[[notice]]` tables.
    pub specs: Vec<NoticeSpec>,
    /// The subjects and texts.
    pub templates: NoticeTemplates,
    /// The secrets of webhooks.
    pub secrets: Vec<WebhookSecret>,
    /// How they are sent.
    pub settings: NoticesSpec,
}

// === impl LoadedNotices ===

impl LoadedNotices {
    /// Whether the replica of this name sends.
    #[must_use]
    pub fn sends(&self, replica: &str) -> bool {
        self.settings.sender.as_ref().is_none_or(|sender| sender.value == "any" || sender.value == replica)
    }
}

/// Checks the notices. None is not ready: there are none, or something is wrong with them.
pub(super) fn check(
    specs: Vec<NoticeSpec>,
    gateway: &GatewaySpec,
    catalog: &Catalog,
    found: &mut Diagnostics,
) -> Option<LoadedNotices> {
    let templates = templates(gateway, found);
    let secrets = secrets(gateway, found);
    check_chat(gateway, found);
    check_mail(gateway, found);
    if specs.is_empty() {
        return None;
    }
    check_names(&specs, catalog, found);
    check_sinks(&specs, gateway, catalog, found);
    check_ledger(specs[0].span, gateway, found);
    Some(LoadedNotices { specs, templates: templates?, secrets, settings: gateway.notices.clone() })
}

fn templates(gateway: &GatewaySpec, found: &mut Diagnostics) -> Option<NoticeTemplates> {
    let folder = gateway.notices.templates.as_ref();
    if let Some(folder) = folder.filter(|folder| !folder.value.is_dir()) {
        let message = format!("`{}` is no directory", folder.value.display());
        found.push(Diagnostic::error("bad-template", message, folder.span).help("create it, or remove `templates`"));
        return None;
    }
    let loaded = NoticeTemplates::load(folder.map(|folder| folder.value.as_path()));
    let problem = |(name, why): (String, String)| {
        let span = folder.map_or(Span::NONE, |folder| folder.span);
        let finding = Diagnostic::error("bad-template", format!("the template `{name}` cannot be used: {why}"), span);
        found.push(finding.help("see docs/notices.md for what a template can show"));
    };
    loaded.map_err(problem).ok()
}

fn secrets(gateway: &GatewaySpec, found: &mut Diagnostics) -> Vec<WebhookSecret> {
    let written = gateway.notices.webhook.iter().flat_map(|webhook| &webhook.secrets);
    let read = written.filter_map(|secret| {
        let read = WebhookSecret::parse(secret.value.expose());
        if read.is_none() {
            let finding =
                Diagnostic::error("bad-webhook-secret", "this is no secret of Standard Webhooks", secret.span);
            found.push(finding.help("make one by `echo \"whsec_$(openssl rand -base64 32)\"`"));
        }
        read
    });
    read.collect()
}

fn check_chat(gateway: &GatewaySpec, found: &mut Diagnostics) {
    let Some(chat) = &gateway.notices.chat else { return };
    if !matches!(Contact::parse(chat.value.expose()), Some(Contact::Webhook(_))) {
        let finding = Diagnostic::error("bad-chat-url", "`chat` is no URL of a webhook", chat.span);
        found.push(finding.help("write the URL of the incoming webhook, `https://hooks.slack.com/services/…`"));
    }
}

fn check_mail(gateway: &GatewaySpec, found: &mut Diagnostics) {
    let Some(mail) = &gateway.notices.mail else { return };
    if let Err(why) = AsyncSmtpTransport::<Tokio1Executor>::from_url(mail.url.value.expose()) {
        let finding =
            Diagnostic::error("bad-mail-url", format!("`url` is no URL of a mail server: {why}"), mail.url.span);
        found.push(finding.help("write `smtps://user:password@mail.example.com`, or `smtp://localhost:25`"));
    }
}

fn check_names(specs: &[NoticeSpec], catalog: &Catalog, found: &mut Diagnostics) {
    let mut names = BTreeSet::new();
    for spec in specs {
        if !names.insert(&*spec.name.value) {
            let message = format!("there is more than one notice `{}`", spec.name.value);
            found.push(Diagnostic::error("duplicate-notice", message, spec.name.span).help("rename one of them"));
        }
        for api in spec.apis.iter().filter(|api| catalog.api(&api.value).is_none()) {
            let known = catalog.apis().iter().map(ApiEntry::name).collect::<Vec<_>>();
            found.push(unknown("api", api, &known));
        }
        let apis = catalog
            .apis()
            .iter()
            .filter(|api| spec.apis.is_empty() || spec.apis.iter().any(|name| name.value == api.name()));
        let versions: Vec<&str> = apis.flat_map(|api| api.versions()).map(|version| version.name()).collect();
        for version in spec.versions.iter().filter(|version| !versions.contains(&&*version.value)) {
            found.push(unknown("version", version, &versions));
        }
    }
}

fn unknown(what: &str, name: &Spanned<String>, known: &[&str]) -> Diagnostic {
    let message = format!("unknown {what} `{}`", name.value);
    let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let help = if known.is_empty() { format!("there is no {what}") } else { format!("known: {known}") };
    Diagnostic::error("unknown-reference", message, name.span).help(help)
}

/// Each recipient needs a sink; a consumer without one is only a warning.
fn check_sinks(specs: &[NoticeSpec], gateway: &GatewaySpec, catalog: &Catalog, found: &mut Diagnostics) {
    let notices = &gateway.notices;
    let missing = |contact: &Contact| match contact {
        Contact::Mail(_) if notices.mail.is_none() => Some("mail"),
        Contact::Webhook(_) if notices.webhook.is_none() => Some("webhook"),
        _ => None,
    };
    let no_sink =
        |sink: &str| (format!("nothing says how `{sink}` is sent"), format!("add `[gateway.notices.{sink}]`"));
    for spec in specs {
        for to in &spec.to {
            let sink = match to {
                NoticeTo::Chat if notices.chat.is_none() => Some("chat"),
                NoticeTo::Contact(contact) => missing(contact),
                NoticeTo::Chat | NoticeTo::Consumers => None,
            };
            if let Some(sink) = sink {
                let (message, help) = no_sink(sink);
                found.push(Diagnostic::error("notice-without-sink", message, spec.span).help(help));
            }
        }
    }
    let mut warned = BTreeSet::new();
    let to_consumers = specs.iter().find(|spec| spec.to.contains(&NoticeTo::Consumers));
    let contacts = catalog.register().entries().iter().filter_map(|entry| entry.contact.as_ref());
    for sink in contacts.filter_map(missing) {
        if let Some(spec) = to_consumers.filter(|_| warned.insert(sink)) {
            let (message, help) = no_sink(sink);
            let message = format!("{message}, and consumers of the register are reached by it");
            found.push(Diagnostic::warning("notice-without-sink", message, spec.span).help(help));
        }
    }
}

/// Who uses a version, and what was sent, the ledger knows.
fn check_ledger(span: Span, gateway: &GatewaySpec, found: &mut Diagnostics) {
    let ledger = &gateway.ledger;
    if ledger.flush.is_none() || (ledger.url.is_none() && gateway.state.is_none()) {
        let finding = Diagnostic::error("notice-without-ledger", "notices need a ledger, and there is none", span);
        found.push(finding.help(
            "add `state = \"/var/lib/sunward\"` to `[gateway]`, or the `url` of PostgreSQL to `[gateway.ledger]`",
        ));
    } else if ledger.url.is_none() && gateway.notices.sender.is_none() {
        let message = "without a shared ledger, each replica would send every notice";
        let help = "name the replica that sends, `sender = \"…\"` in `[gateway.notices]`; or write `sender = \"any\"` if there is only one";
        found.push(Diagnostic::error("notice-without-sender", message, span).help(help));
    }
}
