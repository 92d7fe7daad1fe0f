//! The tables about notices.

use super::{Table, ValueKind, key};

#[rustfmt::skip]
pub(super) static NOTICE: Table = Table {
    name: "notice",
    title: "[[notice]]",
    doc: "A notice to those who use a version, some time before a date in its life. See docs/notices.md.",
    keys: &[
        key("name", ValueKind::Name, "Its name. With another name, it is another notice, and is sent again.").required(),
        key("api", ValueKind::OneOrMore(&ValueKind::Name), "The apis that it is about. Default: all."),
        key("version", ValueKind::OneOrMore(&ValueKind::Name), "The versions that it is about. Default: all that have the date."),
        key("about", ValueKind::Word(&["deprecated", "closed", "brownout", "brownout-end", "sunset", "week"]),
            "The date: when a version is deprecated, closed to new consumers, switched off on trial, served again, or gone; or each \
             Monday (`week`) while it is deprecated and served, for a weekly digest.").required(),
        key("at", ValueKind::OneOrMore(&ValueKind::Name),
            "How far from the date it is sent: `-30d` is 30 days before it, `0d` at the date, `7d` a week after it.").required(),
        key("to", ValueKind::OneOrMore(&ValueKind::Name),
            "Who gets it: `consumers` are those that use the version, each by its `contact` in the register; `chat` is that of \
             `[gateway.notices]`; or a mail address, or the URL of a webhook. Default: `consumers`."),
    ],
    common: &[],
};

#[rustfmt::skip]
pub(super) static NOTICES: Table = Table {
    name: "gateway.notices",
    title: "[gateway.notices]",
    doc: "How notices are sent. They need a ledger: it knows who uses a version, and what was sent.",
    keys: &[
        key("check", ValueKind::Duration, "How often the gateway looks for notices that are due.").or("\"1m\""),
        key("quiet", ValueKind::Duration, "A consumer gets no notice if it has not used the version for this long.").or("\"30d\""),
        key("sender", ValueKind::Name,
            "The replica that sends, by its name: that of the host, or `replica` of `[gateway.ledger]`; `any` if there is only \
             one. Required unless the ledger is in PostgreSQL, where replicas know what others have sent."),
        key("rate", ValueKind::Integer { min: 1, max: 1_000_000 }, "How many messages each sink gets in a minute at most: mail, webhooks and the chat each. Others wait.").or("600"),
        key("templates", ValueKind::Name,
            "A directory with templates in place of the built-in ones: `subject.txt`, `mail.txt`, `mail.html` and `chat.txt`."),
        key("mail", ValueKind::Table(&MAIL), "The server that mail is given to."),
        key("webhook", ValueKind::Table(&WEBHOOK), "How webhooks are called."),
        key("chat", ValueKind::Name,
            "The URL of an incoming webhook of Slack, or of a chat that takes the same JSON. Best taken from the environment."),
    ],
    common: &[],
};

#[rustfmt::skip]
static MAIL: Table = Table {
    name: "gateway.notices.mail",
    title: "[gateway.notices.mail]",
    doc: "The server that mail is given to.",
    keys: &[
        key("url", ValueKind::Name,
            "Its URL: `smtps://user:password@mail.example.com` for TLS, `smtp://mail.example.com?tls=required` for STARTTLS, \
             `smtp://localhost:25` for neither. With a password, it must be a variable of the environment.").required(),
        key("from", ValueKind::Name, "The sender: `api@example.com`, or `The API team <api@example.com>`.").required(),
        key("reply_to", ValueKind::Name, "Where answers go. Default: to the sender."),
    ],
    common: &[],
};

#[rustfmt::skip]
static WEBHOOK: Table = Table {
    name: "gateway.notices.webhook",
    title: "[gateway.notices.webhook]",
    doc: "How webhooks are called: by Standard Webhooks 1.0, with a CloudEvent (1.0, JSON) inside.",
    keys: &[
        key("secret", ValueKind::Name,
            "The secret that requests are signed with: `whsec_` and 24 to 64 bytes in base64. It must be a variable of the environment.")
            .required(),
        key("old_secret", ValueKind::Name, "The secret before, while receivers change theirs: requests have both signatures."),
        key("allow_private", ValueKind::Flag,
            "Whether addresses of private networks, of this machine and `http` URLs may be called.").or("false"),
    ],
    common: &[],
};
