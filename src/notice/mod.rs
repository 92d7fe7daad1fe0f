//! Notices to those who use a version: which are due, what they say, and how a message is written. Pure functions; a gateway sends.
//!
//! | file | what |
//! |---|---|
//! | `due` | which notices are due, to whom |
//! | `facts` | what a notice says |
//! | `message` | notices to one address, folded into one message |
//! | `text` | subjects and texts by templates |
//! | `webhook` | requests by Standard Webhooks |
//! | `retry` | when a message is tried again |

mod due;
mod facts;
mod message;
mod retry;
mod text;
mod webhook;

pub use due::NoticeQuestion;
pub use message::{DueNotice, NoticeAddress, NoticeMessage};
pub use retry::next_attempt;
pub use text::{NoticeTemplates, NoticeTexts};
pub use webhook::{WebhookSecret, signed_headers};

#[cfg(test)]
mod tests;
