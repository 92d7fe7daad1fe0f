//! Where the lines of a JSON log have what.

use std::collections::HashMap;
use std::str::FromStr;

use http::HeaderName;

/// What a line of a JSON log may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogField {
    /// When the request was: RFC 3339, `10/Oct/2000:13:55:36 -0700`, or seconds or milliseconds since 1970.
    Time,
    /// The method.
    Method,
    /// The path, with or without the query, or the whole URL.
    Path,
    /// The query.
    Query,
    /// `GET /users HTTP/1.1`.
    Request,
    /// The status of the response.
    Status,
    /// The bytes of its body.
    Bytes,
    /// The host of the request.
    Host,
    /// The user of Basic authentication.
    User,
    /// The address of the client.
    Client,
    /// The user agent.
    UserAgent,
    /// The id of the request.
    RequestId,
    /// The identity of the consumer.
    Consumer,
    /// The version of the API.
    Version,
    /// The API, of a gateway's own log.
    Api,
    /// What the gateway did, of its own log.
    Outcome,
}

/// The members that are read, each by one name or several, the first of which counts that is there. A name with dots is that of a
/// member of objects.
#[derive(Clone, Debug)]
pub struct LogFields {
    members: Vec<(LogField, Vec<String>)>,
    headers: Vec<(HeaderName, String)>,
    /// Whether the member of the version was set, and not found by its usual name.
    version_is_set: bool,
}

/// The same, to find by the name of a member.
#[derive(Clone, Debug)]
pub(super) struct FieldIndex {
    by_name: HashMap<Box<str>, Vec<FieldPlace>>,
    /// Each has the slot behind those of the fields.
    pub(super) headers: Vec<HeaderName>,
    pub(super) version_is_set: bool,
}

/// What a member of a line may be.
#[derive(Clone, Debug)]
pub(super) struct FieldPlace {
    /// The number of the field.
    pub(super) slot: usize,
    /// Of several members, that of the lowest rank counts.
    pub(super) rank: usize,
    /// The names of the members below it.
    pub(super) below: Vec<Box<str>>,
}

/// How many fields there are.
pub(super) const FIELDS: usize = LogField::Outcome as usize + 1;

/// The usual names: of the gateway's own log, and of nginx, Apache, Envoy, Caddy and Traefik.
const USUAL: [(LogField, &[&str]); FIELDS] = [
    (
        LogField::Time,
        &[
            "time",
            "timestamp",
            "@timestamp",
            "ts",
            "time_iso8601",
            "time_local",
            "msec",
            "start_time",
            "StartUTC",
            "datetime",
            "date",
        ],
    ),
    (LogField::Method, &["method", "request_method", "request.method", "RequestMethod", "http_method", "verb"]),
    (
        LogField::Path,
        &["path", "request_uri", "uri", "request.uri", "url", "target", "x-envoy-original-path", "RequestPath"],
    ),
    (LogField::Query, &["query", "query_string", "args"]),
    (LogField::Request, &["request", "request_line"]),
    (
        LogField::Status,
        &["status", "status_code", "response_code", "response.status", "DownstreamStatus", "statusCode", "code"],
    ),
    (LogField::Bytes, &["bytes", "body_bytes_sent", "bytes_sent", "size", "response_size", "DownstreamContentSize"]),
    (LogField::Host, &["host", "http_host", "authority", "request.host", "RequestHost", "server_name"]),
    (LogField::User, &["user", "remote_user", "user_id", "ClientUsername"]),
    (LogField::Client, &["client", "remote_addr", "client_ip", "remote_ip", "request.client_ip", "ClientHost"]),
    (LogField::UserAgent, &["user_agent", "http_user_agent", "agent", "userAgent", "request_User-Agent"]),
    (LogField::RequestId, &["request_id", "requestId", "x_request_id"]),
    (LogField::Consumer, &["consumer"]),
    (LogField::Version, &["version"]),
    (LogField::Api, &["api"]),
    (LogField::Outcome, &["outcome"]),
];

// === impl LogField ===

impl LogField {
    /// All of them, by the names that the command line has.
    pub const NAMES: [(&'static str, Self); 14] = [
        ("time", Self::Time),
        ("method", Self::Method),
        ("path", Self::Path),
        ("query", Self::Query),
        ("request", Self::Request),
        ("status", Self::Status),
        ("bytes", Self::Bytes),
        ("host", Self::Host),
        ("user", Self::User),
        ("client", Self::Client),
        ("user-agent", Self::UserAgent),
        ("request-id", Self::RequestId),
        ("consumer", Self::Consumer),
        ("version", Self::Version),
    ];
}

impl FromStr for LogField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, field)| *field);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("unknown field `{text}`; known: {}", known.join(", "))
        })
    }
}

// === impl LogFields ===

impl LogFields {
    /// `field` is the member `name`, and none of the usual ones.
    #[must_use]
    pub fn with_member(mut self, field: LogField, name: impl Into<String>) -> Self {
        self.version_is_set |= field == LogField::Version;
        self.members.retain(|(known, _)| *known != field);
        self.members.push((field, vec![name.into()]));
        self
    }

    /// The member `name` has a header field of the request.
    #[must_use]
    pub fn with_header(mut self, header: HeaderName, name: impl Into<String>) -> Self {
        self.headers.push((header, name.into()));
        self
    }

    /// By the name of a member of a line, what it may be.
    pub(super) fn index(&self) -> FieldIndex {
        let mut by_name: HashMap<Box<str>, Vec<FieldPlace>> = HashMap::new();
        let mut add = |slot: usize, rank: usize, name: &str| {
            let mut place = |name: &str, below: &str| {
                let below = below.split('.').filter(|name| !name.is_empty()).map(Box::from).collect();
                by_name.entry(name.into()).or_default().push(FieldPlace { slot, rank, below });
            };
            place(name, "");
            if let Some((first, below)) = name.split_once('.') {
                place(first, below);
            }
        };
        for (field, names) in &self.members {
            names.iter().enumerate().for_each(|(rank, name)| add(*field as usize, rank, name));
        }
        self.headers.iter().enumerate().for_each(|(at, (_, name))| add(FIELDS + at, 0, name));
        let headers = self.headers.iter().map(|(header, _)| header.clone()).collect();
        FieldIndex { by_name, headers, version_is_set: self.version_is_set }
    }
}

// === impl FieldIndex ===

impl FieldIndex {
    /// What the member `name` may be.
    pub(super) fn places(&self, name: &str) -> &[FieldPlace] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// How many slots there are: one for each field, and then one for each header.
    pub(super) fn slots(&self) -> usize {
        FIELDS + self.headers.len()
    }
}

impl Default for LogFields {
    fn default() -> Self {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let members = USUAL.iter().map(|(field, names)| (*field, named(names))).collect();
        Self { members, headers: Vec::new(), version_is_set: false }
    }
}
