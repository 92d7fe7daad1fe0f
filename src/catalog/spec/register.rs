//! Who the consumers are: an entry of the register.

use crate::diagnostic::{Span, Spanned};

/// What is known of a consumer: which identities are its own, who owns it and how to reach them. Consumers without an
/// entry have their identity as their name.
///
/// ```
/// use sunward::catalog::{ExpectedUse, RegisteredConsumer};
///
/// let acme = RegisteredConsumer::new("acme")
///     .with_match("key-57d51e87c2b4bd55")
///     .with_match("claimed:acme-app")
///     .with_owner("Acme, accounting")
///     .with_contact("api@acme.example")
///     .with_tag("partner")
///     .with_expected_use(ExpectedUse::Monthly);
/// # let _ = acme;
/// ```
#[derive(Clone, Debug)]
pub struct RegisteredConsumer {
    pub(crate) name: Spanned<String>,
    pub(crate) matches: Vec<Spanned<String>>,
    pub(crate) owner: Option<Spanned<String>>,
    pub(crate) contact: Option<Spanned<String>>,
    pub(crate) tags: Vec<Spanned<String>>,
    pub(crate) role: ConsumerRole,
    pub(crate) expected_use: Option<ExpectedUse>,
    pub(crate) span: Span,
}

/// What a consumer counts for when a version is to be retired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumerRole {
    /// A client like any other.
    #[default]
    Client,
    /// One of the own organisation: it is listed, and does not keep a version from being retired.
    Internal,
    /// It is listed, and does not keep a version from being retired, for this reason.
    Ignored(String),
}

/// How often a consumer is expected to send requests, so that one that is between two of them is not taken for one that is
/// gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedUse {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every year.
    Yearly,
}

// === impl RegisteredConsumer ===

impl RegisteredConsumer {
    /// A consumer that is called `name`, which is also one of its identities.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Spanned::text(name),
            matches: Vec::new(),
            owner: None,
            contact: None,
            tags: Vec::new(),
            role: ConsumerRole::Client,
            expected_use: None,
            span: Span::NONE,
        }
    }

    setters! {
        /// Who owns it.
        with_owner => owner: text, Some;
        /// How to reach the owner: a mail address, or the URL of a webhook.
        with_contact => contact: text, Some;
        /// What it counts for.
        with_role => role: ConsumerRole;
        /// How often it is expected.
        with_expected_use => expected_use: ExpectedUse, Some;
    }

    /// Adds an identity: what a source says, such as `key-57d51e87c2b4bd55` or `net:192.0.2.0/24`.
    #[must_use]
    pub fn with_match(mut self, identity: impl Into<String>) -> Self {
        self.matches.push(Spanned::text(identity));
        self
    }

    /// Adds a tag, for reports.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(Spanned::text(tag));
        self
    }
}

// === impl ExpectedUse ===

impl ExpectedUse {
    /// The longest time between two requests, in days.
    #[must_use]
    pub const fn days(self) -> u16 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
            Self::Monthly => 31,
            Self::Quarterly => 92,
            Self::Yearly => 366,
        }
    }
}
