//! Where messages go: mail, webhooks, a chat.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::clock::Timestamp;
use crate::config::MailSpec;
use crate::gateway::config::notices::LoadedNotices;
use crate::gateway::wire::outbound::{Outbound, OutboundAnswer, OutboundError};
use crate::notice::{NoticeAddress, NoticeMessage, NoticeTemplates, WebhookSecret, signed_headers};

/// All sinks of a config.
pub(super) struct Sinks {
    templates: NoticeTemplates,
    secrets: Vec<WebhookSecret>,
    mail: Option<MailSpec>,
    chat: Option<String>,
    /// Towards URLs that consumers gave.
    strangers: Outbound,
    /// Towards the URL that the operator gave.
    own: Outbound,
    pace: Arc<NoticePace>,
    /// The least time between two messages of a sink.
    gap: Duration,
}

/// When the next message of each sink may be sent.
#[derive(Default)]
pub(super) struct NoticePace {
    next: Mutex<BTreeMap<&'static str, Instant>>,
}

/// Why a message was not sent.
pub(super) struct SinkError {
    pub(super) why: String,
    /// What the receiver asked for.
    pub(super) retry_after: Option<Duration>,
    /// It would fail again.
    pub(super) is_final: bool,
}

/// How long a mail may take.
const MAIL_TIMEOUT: Duration = Duration::from_secs(30);

// === impl NoticePace ===

impl NoticePace {
    /// How long the next message has to wait.
    fn wait(&self, sink: &'static str, gap: Duration, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.get(sink).copied().unwrap_or(now).max(now);
        next.insert(sink, at + gap);
        at.duration_since(now)
    }
}

// === impl Sinks ===

impl Sinks {
    pub(super) fn new(notices: &LoadedNotices, pace: Arc<NoticePace>) -> Self {
        let settings = &notices.settings;
        Self {
            templates: notices.templates.clone(),
            secrets: notices.secrets.clone(),
            mail: settings.mail.clone(),
            chat: settings.chat.as_ref().map(|url| url.value.expose().to_owned()),
            strangers: Outbound::new(settings.webhook.as_ref().is_some_and(|webhook| webhook.allow_private)),
            own: Outbound::new(true),
            pace,
            gap: Duration::from_secs(60) / settings.rate.max(1),
        }
    }

    pub(super) async fn send(&self, message: &NoticeMessage, now: Timestamp) -> Result<(), SinkError> {
        tokio::time::sleep(self.pace.wait(message.address.sink(), self.gap, Instant::now())).await;
        match &message.address {
            NoticeAddress::Mail(address) => self.mail(address, message).await,
            NoticeAddress::Webhook(url) => self.webhook(url, message, now).await,
            NoticeAddress::Chat => self.chat(message, now).await,
        }
    }

    async fn webhook(&self, url: &str, message: &NoticeMessage, now: Timestamp) -> Result<(), SinkError> {
        if self.secrets.is_empty() {
            return Err(SinkError::last("there is no `[gateway.notices.webhook]`"));
        }
        let body = message.to_event(now).to_string();
        let secrets: Vec<WebhookSecret> = self.secrets.iter().map(|secret| secret.of_url(url)).collect();
        let mut headers = Vec::from(signed_headers(&secrets, &message.id, now, body.as_bytes()));
        headers.push(("content-type", "application/cloudevents+json".to_owned()));
        judge(self.strangers.post(url, &headers, Bytes::from(body), now).await)
    }

    async fn chat(&self, message: &NoticeMessage, now: Timestamp) -> Result<(), SinkError> {
        let Some(url) = &self.chat else { return Err(SinkError::last("there is no `chat` in `[gateway.notices]`")) };
        let body = self.templates.chat(&message.facts).map_err(SinkError::last)?.to_string();
        let headers = [("content-type", "application/json".to_owned())];
        judge(self.own.post(url, &headers, Bytes::from(body), now).await)
    }

    async fn mail(&self, address: &str, message: &NoticeMessage) -> Result<(), SinkError> {
        let Some(spec) = &self.mail else { return Err(SinkError::last("there is no `[gateway.notices.mail]`")) };
        let mail = self.compose(spec, address, message).map_err(SinkError::last)?;
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(spec.url.value.expose());
        let server = server.map_err(|error| SinkError::last(error.to_string()))?.timeout(Some(MAIL_TIMEOUT)).build();
        server.send(mail).await.map(drop).map_err(|error| SinkError {
            is_final: error.is_permanent(),
            why: error.to_string(),
            retry_after: None,
        })
    }

    fn compose(&self, spec: &MailSpec, address: &str, message: &NoticeMessage) -> Result<Message, String> {
        let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| error.to_string());
        let texts = self.templates.mail(&message.facts)?;
        let builder = Message::builder()
            .from(mailbox(&spec.from.value)?)
            .to(mailbox(address)?)
            // The same for each attempt, so that a mail that arrives twice can be told.
            .message_id(Some(format!("<{}@sunward>", message.id)))
            .subject(texts.subject);
        let builder = match &spec.reply_to {
            Some(reply_to) => builder.reply_to(mailbox(&reply_to.value)?),
            None => builder,
        };
        let body = MultiPart::alternative_plain_html(texts.text, texts.html);
        builder.multipart(body).map_err(|error| error.to_string())
    }
}

// === impl SinkError ===

impl SinkError {
    fn last(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: None, is_final: true }
    }
}

/// What an answer means, by Standard Webhooks: 2xx is received, 410 wants no more.
fn judge(answer: Result<OutboundAnswer, OutboundError>) -> Result<(), SinkError> {
    match answer {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(OutboundAnswer { status, retry_after }) => {
            Err(SinkError { why: status.to_string(), retry_after, is_final: status == StatusCode::GONE })
        }
        Err(error) => Err(SinkError { is_final: error.is_final(), why: error.to_string(), retry_after: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_sink_keep_a_distance() {
        let (pace, start, gap) = (NoticePace::default(), Instant::now(), Duration::from_secs(6));
        let waits = [("mail", 0), ("mail", 0), ("chat", 0), ("mail", 1), ("mail", 60)];
        let waits = waits.map(|(sink, at)| pace.wait(sink, gap, start + Duration::from_secs(at)).as_secs());
        assert_eq!(waits, [0, 6, 0, 11, 0]);
    }
}
