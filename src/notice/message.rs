//! Messages: the notices to one address.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::catalog::Contact;
use crate::clock::Timestamp;
use crate::usage::{NoticeKey, StoredNotice};

/// A notice that is due.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DueNotice {
    /// What it is about, and who gets it.
    pub key: NoticeKey,
    /// Where it goes; `None`: the register has no contact of the consumer.
    pub address: Option<NoticeAddress>,
    /// What it says.
    pub facts: serde_json::Value,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NoticeAddress {
    /// A mail address.
    Mail(String),
    /// The URL of a webhook.
    Webhook(String),
    /// The incoming webhook of a chat.
    Chat,
}

/// Notices to one address.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NoticeMessage {
    /// Its id: the same each time that it is tried.
    pub id: String,
    /// Where it goes.
    pub address: NoticeAddress,
    /// What each of its notices says.
    pub facts: Vec<Value>,
    /// How often it was tried.
    pub attempts: u64,
}

// === impl NoticeAddress ===

impl NoticeAddress {
    fn parse(text: &str) -> Self {
        match text {
            "chat" => Self::Chat,
            url if url.contains("://") => Self::Webhook(url.to_owned()),
            address => Self::Mail(address.to_owned()),
        }
    }

    /// What it is called in metrics: `mail`, `webhook` or `chat`.
    #[must_use]
    pub const fn sink(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Webhook(_) => "webhook",
            Self::Chat => "chat",
        }
    }
}

impl From<&Contact> for NoticeAddress {
    fn from(contact: &Contact) -> Self {
        match contact {
            Contact::Mail(address) => Self::Mail(address.to_string()),
            Contact::Webhook(url) => Self::Webhook(url.to_string()),
        }
    }
}

impl fmt::Display for NoticeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(text) | Self::Webhook(text) => f.write_str(text),
            Self::Chat => f.write_str("chat"),
        }
    }
}

// === impl NoticeMessage ===

impl NoticeMessage {
    /// Due notices by address, each group with an id of its own: one message to an address, however many notices there are. Notices
    /// without an address are left out.
    pub fn fold(due: Vec<DueNotice>, mut id: impl FnMut() -> String) -> Vec<Vec<StoredNotice>> {
        let mut groups: BTreeMap<NoticeAddress, Vec<StoredNotice>> = BTreeMap::new();
        for DueNotice { key, address, facts } in due {
            let Some(address) = address else { continue };
            let group = groups.entry(address.clone()).or_default();
            let message = group.first().map_or_else(&mut id, |first| first.message.clone());
            group.push(StoredNotice::new(key, address.to_string(), message, facts.to_string()));
        }
        groups.into_values().collect()
    }

    /// The messages of claimed notices.
    #[must_use]
    pub fn of(claimed: &[StoredNotice]) -> Vec<Self> {
        let mut messages: BTreeMap<&str, Self> = BTreeMap::new();
        for notice in claimed {
            let message = messages.entry(&notice.message).or_insert_with(|| Self {
                id: notice.message.clone(),
                address: NoticeAddress::parse(&notice.address),
                facts: Vec::new(),
                attempts: notice.attempts,
            });
            message.facts.push(serde_json::from_str(&notice.facts).unwrap_or_default());
        }
        messages.into_values().collect()
    }

    /// The message as a CloudEvent 1.0 in JSON, at the time of its first attempt or a later one.
    #[must_use]
    pub fn to_event(&self, now: Timestamp) -> Value {
        json!({
            "specversion": "1.0",
            "id": self.id,
            "source": "/sunward/notices",
            "type": "sunward.notice",
            "time": now.to_string(),
            "datacontenttype": "application/json",
            "data": { "notices": self.facts },
        })
    }
}
