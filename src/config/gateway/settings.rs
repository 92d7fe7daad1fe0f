//! The tables within `[gateway]`.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::listen::{self, Listen};
use crate::config::tree::TableReader;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::headers::secret::{Sensitivity, carries};

/// TLS towards clients: the `[gateway.tls]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// Where.
    pub listen: Vec<Spanned<Listen>>,
    /// The certificate chain's file.
    pub certificate: Spanned<PathBuf>,
    /// The private key's file.
    pub key: Spanned<PathBuf>,
    /// The file of the authorities that clients' certificates are checked by.
    pub client_ca: Option<Spanned<PathBuf>>,
    /// Whether a client may come without one.
    pub client_optional: bool,
}

/// How long things may take: the `[gateway.timeouts]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// A client's request head, and a TLS handshake.
    pub client_headers: Duration,
    /// An open connection without a request.
    pub client_idle: Duration,
    /// The wait for the next part of a request's body.
    pub client_body: Duration,
    /// A client that takes nothing of what is sent.
    pub client_send: Duration,
    /// How long an HTTP/2 client may send nothing before it gets a PING.
    pub client_ping: Option<Duration>,
    /// How long its answer to a PING may take.
    pub client_ping_timeout: Duration,
    /// Connecting to an instance.
    pub connect: Duration,
    /// An upstream's start of an answer.
    pub response: Duration,
    /// The wait for the next part of a response's body.
    pub upstream_body: Option<Duration>,
    /// How long an unused connection to an instance is kept.
    pub upstream_idle: Duration,
    /// A WebSocket on which nothing moves.
    pub tunnel: Duration,
    /// How long everything is still served after a stop was asked for.
    pub shutdown_delay: Option<Duration>,
    /// How long requests under way may then take to end.
    pub drain: Duration,
}

/// How large and how many things may be: the `[gateway.limits]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections of clients.
    pub connections: usize,
    /// Requests under way.
    pub requests: usize,
    /// The process's memory.
    pub memory_bytes: Option<u64>,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// The fields of a request's head.
    pub header_bytes: usize,
    /// How many they are.
    pub headers: usize,
    /// The request target.
    pub url_bytes: usize,
    /// A request's body.
    pub body_bytes: u64,
    /// What is held of a body that has to be migrated.
    pub held_bytes: usize,
    /// How many times its size a body may become when it is decoded.
    pub decoded_ratio: u32,
    /// Bytes per second that a request's body must bring; 0 for none.
    pub body_rate: u64,
    /// Bytes per second that a client must take of a response; 0 for none.
    pub response_rate: u64,
}

/// Forwarding headers, request ids, and what the gateway reports about itself: the `[gateway.proxy]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxy {
    /// Proxies before this one.
    pub trusted: Vec<IpNet>,
    /// The headers that describe the client to upstreams.
    pub forwarded: ForwardedHeaders,
    /// What becomes of request fields with an underscore in their name.
    pub underscores: Underscores,
    /// The field of a request's id; empty for none.
    pub request_id: String,
    /// What this hop is called.
    pub name: String,
    /// Whether `Proxy-Status` is sent.
    pub proxy_status: bool,
    /// Whether `Server-Timing` is sent.
    pub server_timing: bool,
}

/// The headers that describe the client to upstreams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeaders {
    /// `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Rfc7239,
    /// Both.
    Both,
    /// None; those that clients send are removed.
    Off,
}

/// What becomes of request fields with an underscore in their name. Many services read fields as variables in the manner
/// of CGI, where `X_Forwarded_For` and `X-Forwarded-For` are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Underscores {
    /// They are dropped and counted.
    #[default]
    Drop,
    /// The request gets a 400.
    Refuse,
    /// They are passed on.
    Pass,
}

/// The log of requests: the `[gateway.access_log]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessLog {
    /// The file; standard output if there is none.
    pub file: Option<Spanned<PathBuf>>,
    /// JSON objects, or text.
    pub json: bool,
}

// === impl Tls ===

impl Tls {
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let listen = reader.list("listen", listen::read);
        let (certificate, key) = reader.two("certificate", "key").unzip();
        let client_ca = reader.text("client_ca");
        let client_optional = reader.word("client_auth") == Some("optional");
        if client_ca.is_none() && reader.has("client_auth") && !reader.has("client_ca") {
            let message = "`client_auth` has no effect without `client_ca`";
            let found = Diagnostic::error("client-auth-without-ca", message, reader.span);
            reader.found.push(found.help("add `client_ca`, the path of the CA certificates, or remove it"));
        }
        reader.finish_whole()?;
        let path = |text: Spanned<String>| text.map(PathBuf::from);
        let (certificate, key) = (path(certificate?), path(key?));
        Some(Self { listen, certificate, key, client_ca: client_ca.map(path), client_optional })
    }
}

// === impl Timeouts ===

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            client_headers: seconds(10),
            client_idle: seconds(75),
            client_body: seconds(60),
            client_send: seconds(60),
            client_ping: Some(seconds(30)),
            client_ping_timeout: seconds(20),
            connect: seconds(5),
            response: seconds(30),
            upstream_body: Some(seconds(60)),
            upstream_idle: seconds(60),
            tunnel: seconds(3600),
            shutdown_delay: None,
            drain: seconds(30),
        }
    }
}

impl Timeouts {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let mut time = |name, default| reader.duration(name).unwrap_or(default);
        let spec = Self {
            client_headers: time("client_headers", default.client_headers),
            client_idle: time("client_idle", default.client_idle),
            client_body: time("client_body", default.client_body),
            client_send: time("client_send", default.client_send),
            client_ping_timeout: time("client_ping_timeout", default.client_ping_timeout),
            connect: time("connect", default.connect),
            response: time("response", default.response),
            upstream_idle: time("upstream_idle", default.upstream_idle),
            tunnel: time("tunnel", default.tunnel),
            drain: time("drain", default.drain),
            client_ping: reader.off_or_duration("client_ping").unwrap_or(default.client_ping),
            upstream_body: reader.off_or_duration("upstream_body").unwrap_or(default.upstream_body),
            shutdown_delay: reader.off_or_duration("shutdown_delay").unwrap_or(default.shutdown_delay),
        };
        reader.finish();
        Some(spec)
    }
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            requests: 5000,
            memory_bytes: None,
            streams: 100,
            header_bytes: 32 * 1024,
            headers: 100,
            url_bytes: 8192,
            body_bytes: 100 * 1024 * 1024,
            held_bytes: 4 * 1024 * 1024,
            decoded_ratio: 100,
            body_rate: 100,
            response_rate: 100,
        }
    }
}

impl Limits {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let spec = Self {
            connections: reader.count("connections").unwrap_or(default.connections),
            requests: reader.count("requests").unwrap_or(default.requests),
            memory_bytes: reader.count("memory_bytes"),
            streams: reader.count("streams").unwrap_or(default.streams),
            header_bytes: reader.count("header_bytes").unwrap_or(default.header_bytes),
            headers: reader.count("headers").unwrap_or(default.headers),
            url_bytes: reader.count("url_bytes").unwrap_or(default.url_bytes),
            body_bytes: reader.count("body_bytes").unwrap_or(default.body_bytes),
            held_bytes: reader.count("held_bytes").unwrap_or(default.held_bytes),
            decoded_ratio: reader.count("decoded_ratio").unwrap_or(default.decoded_ratio),
            body_rate: reader.count("body_rate").unwrap_or(default.body_rate),
            response_rate: reader.count("response_rate").unwrap_or(default.response_rate),
        };
        spec.check(&mut reader);
        reader.finish();
        Some(spec)
    }
}

impl Limits {
    /// Limits that others never let be reached.
    fn check(&self, reader: &mut TableReader<'_, '_>) {
        if let Some(memory) = self.memory_bytes.filter(|memory| *memory <= self.held_bytes as u64) {
            let message = format!(
                "`memory_bytes` is {memory}, not more than `held_bytes` ({}) for a single body",
                self.held_bytes
            );
            reader.warn("memory-below-held", "memory_bytes", message, "raise it, or lower `held_bytes`");
        }
        if (self.streams as usize) > self.requests {
            let (streams, requests) = (self.streams, self.requests);
            let message = format!(
                "one HTTP/2 connection may have {streams} requests in flight, but `requests` allows only \
                     {requests} in total"
            );
            let help = "set `streams` to at most `requests`";
            let key = if reader.has("requests") { "requests" } else { "streams" };
            reader.warn("streams-above-requests", key, message, help);
        }
    }
}

// === impl Proxy ===

impl Default for Proxy {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            forwarded: ForwardedHeaders::XForwarded,
            underscores: Underscores::Drop,
            request_id: "X-Request-Id".into(),
            name: "sunward".into(),
            proxy_status: false,
            server_timing: false,
        }
    }
}

impl Proxy {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let spec = Self {
            trusted: reader.list("trusted", listen::network),
            forwarded: match reader.word("forwarded") {
                Some("rfc7239") => ForwardedHeaders::Rfc7239,
                Some("both") => ForwardedHeaders::Both,
                Some("off") => ForwardedHeaders::Off,
                _ => ForwardedHeaders::XForwarded,
            },
            underscores: match reader.word("underscores") {
                Some("refuse") => Underscores::Refuse,
                Some("pass") => Underscores::Pass,
                _ => Underscores::Drop,
            },
            request_id: reader.field_name("request_id").unwrap_or(default.request_id),
            name: reader.field_name("name").unwrap_or(default.name),
            proxy_status: reader.flag("proxy_status").unwrap_or_default(),
            server_timing: reader.flag("server_timing").unwrap_or_default(),
        };
        if carries(&spec.request_id) != Sensitivity::Nothing {
            let message = format!(
                "`request_id` is `{}`, a header that carries a secret, and request ids are \
                 logged",
                spec.request_id
            );
            let found = Diagnostic::error("secret-request-id", message, reader.span);
            reader.found.push(found.help("use a separate header, such as `X-Request-Id`"));
        }
        reader.finish();
        Some(spec)
    }
}

// === impl AccessLog ===

impl AccessLog {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let file = reader.text("to").filter(|to| to.value != "stdout").map(|to| to.map(PathBuf::from));
        let json = reader.word("format") != Some("text");
        reader.finish();
        Some(Self { file, json })
    }
}
