//! The services behind the gateway.

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use super::{Instance, rollout};
use crate::catalog::Api;
use crate::config::keys::listed;
use crate::config::tree::TableReader;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::rollout::{RolloutGroup, RolloutPlan};

/// A service behind the gateway: an `[[upstream]]` table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub(crate) struct Upstream {
    /// Its name.
    pub name: Spanned<String>,
    /// Its instances; at least one, or the file has an error.
    pub instances: Vec<Instance>,
    /// The path prefix of the api at this upstream. Default: that of the api.
    pub forward_as: Option<Spanned<String>>,
    /// HTTP/2 to its instances.
    pub http2: bool,
    /// Whom to trust and what to show.
    pub tls: UpstreamTls,
    /// Whether WebSocket upgrades are passed on.
    pub websocket: bool,
    /// On whose behalf the gateway migrates its responses.
    pub act_as: ActAs,
    /// Whether URLs with an instance's own address, in the header of a response, become those of the client.
    pub public_urls: bool,
    /// Its start of an answer, where it is not what the gateway says.
    pub response_timeout: Option<Duration>,
    /// Requests to each instance at once; `None` for no limit.
    pub connections: Option<usize>,
    /// Requests that may wait for each instance beyond `connections`.
    pub queue: usize,
    /// How long each of them may wait.
    pub queue_timeout: Duration,
    /// How much of a request's body is read to know its length; `None` if chunks are sent.
    pub request_buffer_bytes: Option<usize>,
    /// Whether `Alt-Svc` of its responses is passed on.
    pub alt_svc: bool,
    /// How large the head of a response may be.
    pub response_header_bytes: usize,
    /// Fields in the head of a response.
    pub response_headers: usize,
    /// How often a failed request is sent again.
    pub retries: u32,
    /// Retries as a share of requests, in percent.
    pub retry_budget: f64,
    /// Active health checks.
    pub check: Option<Check>,
    /// Passive ones.
    pub eject: Eject,
    /// How long an instance that comes back takes to its full share.
    pub slow_start: Option<Duration>,
    /// The share of instances, in percent, below which health is not believed.
    pub panic: f64,
    /// How to learn what an instance speaks.
    pub speaks_from: Option<SpeaksFrom>,
    /// How often host names are looked up again.
    pub resolve: Duration,
    /// Which addresses of a host name are instances.
    pub addresses: Addresses,
    /// How rollouts of its canary group go.
    pub rollout: RolloutPlan,
    /// The table.
    pub span: Span,
}

/// TLS towards instances: an upstream's `tls` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct UpstreamTls {
    /// The file of the certificate authorities to trust. Default: those of the system.
    pub ca: Option<Spanned<PathBuf>>,
    /// The files of the certificate chain to show and of its key.
    pub identity: Option<(Spanned<PathBuf>, Spanned<PathBuf>)>,
    /// The name that the certificate must have.
    pub server_name: Option<Spanned<String>>,
}

/// Active health checks: an upstream's `check` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Check {
    /// The path to ask for.
    pub path: Spanned<String>,
    /// How often.
    pub every: Duration,
    /// How long the answer may take.
    pub timeout: Duration,
    /// So many in a row make it well.
    pub rise: u32,
    /// So many in a row make it unwell.
    pub fall: u32,
}

/// Passive health: an upstream's `eject` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Eject {
    /// So many failures in a row; 0 for never.
    pub after: u32,
    /// For how long.
    pub lasting: Duration,
}

/// How to learn what an instance speaks: an upstream's `speaks_from` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct SpeaksFrom {
    /// The path to ask for.
    pub path: Spanned<String>,
    /// The response header that names the version.
    pub header: Spanned<String>,
}

/// Which addresses of a host name are instances: an upstream's `addresses`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Addresses {
    /// Each of the kind, IPv4 or IPv6, that the system puts first; `localhost` is one instance.
    #[default]
    Each,
    /// Each of IPv4.
    Ipv4,
    /// Each of IPv6.
    Ipv6,
    /// None: the name is one instance, and connections go to the first address that answers.
    First,
}

/// On whose behalf the gateway migrates responses: an upstream's `act_as`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum ActAs {
    /// An intermediary's: `no-transform` is obeyed.
    #[default]
    Gateway,
    /// The origin's, of which the gateway is a part.
    Origin,
}

// === impl Upstream ===

impl Upstream {
    pub(in crate::config) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let span = reader.span;
        let name = reader.text("name");
        let instances = reader.tables("instances", Instance::read);
        let forward_as = reader.text("forward_as");
        let upstream = Self {
            name: Spanned::default(),
            instances: Vec::new(),
            forward_as,
            http2: reader.flag("http2").unwrap_or_default(),
            tls: reader.table("tls", UpstreamTls::read).unwrap_or_default(),
            websocket: reader.flag("websocket").unwrap_or_default(),
            act_as: match reader.word("act_as") {
                Some("origin") => ActAs::Origin,
                _ => ActAs::Gateway,
            },
            public_urls: reader.flag("public_urls").unwrap_or(true),
            response_timeout: reader.duration("response_timeout"),
            connections: reader.count("connections"),
            queue: reader.count("queue").unwrap_or(1024),
            queue_timeout: reader.duration("queue_timeout").unwrap_or(Duration::from_secs(5)),
            request_buffer_bytes: reader.count("request_buffer_bytes"),
            alt_svc: reader.flag("alt_svc").unwrap_or_default(),
            response_header_bytes: reader.count("response_header_bytes").unwrap_or(32 * 1024),
            response_headers: reader.count("response_headers").unwrap_or(100),
            retries: reader.count("retries").unwrap_or(2),
            retry_budget: reader.percent("retry_budget").unwrap_or(20.0),
            check: reader.table("check", Check::read),
            eject: reader.table("eject", Eject::read).unwrap_or_default(),
            slow_start: reader.duration("slow_start"),
            panic: reader.percent("panic").unwrap_or(50.0),
            speaks_from: reader.table("speaks_from", SpeaksFrom::read),
            resolve: reader.duration("resolve").unwrap_or(Duration::from_secs(30)),
            addresses: addresses(&mut reader),
            rollout: reader.table("rollout", rollout::read).unwrap_or_default(),
            span,
        };
        if reader.is_clean() && instances.is_empty() {
            let message = format!("the upstream `{}` has no instances", name.as_ref().map_or("", |name| name.as_str()));
            let help = "add one: `instances = [{ url = \"http://10.0.0.1:3000\" }]`";
            reader.found.push(Diagnostic::error("no-instances", message, span).help(help));
        }
        if upstream.http2 && upstream.websocket {
            let message = "the upstream has both `http2` and `websocket`, but WebSockets use HTTP/1.1";
            let help = "remove one of them, or split it into two upstreams";
            reader.found.push(Diagnostic::error("websocket-http2", message, span).help(help));
        }
        let upstream = Self { instances, ..upstream };
        upstream.check_effects(&mut reader);
        reader.finish();
        Some(Self { name: name?, ..upstream })
    }
}

impl Upstream {
    /// Settings that can have no effect.
    fn check_effects(&self, reader: &mut TableReader<'_, '_>) {
        let urls = || self.instances.iter().map(|instance| &instance.url.value);
        // What could not be read may have been what is missed here.
        if !reader.is_clean() || self.instances.is_empty() {
            return;
        }
        if urls().all(|url| url.scheme_str() == Some("http")) {
            let message = "`tls` has no effect: no instance has an `https://` URL";
            reader.warn("unused-tls", "tls", message, "use `https://`, or remove `tls`");
        }
        if self.instances.iter().all(|instance| instance.socket.is_some() || has_address(&instance.url.value)) {
            for key in ["resolve", "addresses"] {
                let message = format!("`{key}` has no effect: no instance has a host name");
                reader.warn("nothing-to-resolve", key, message, "use a host name, or remove it");
            }
        }
        if self.instances.iter().all(|instance| instance.weight == 0) {
            let message = "no instance gets requests: all have weight 0";
            reader.warn("no-weight", "instances", message, "set the weight of at least one, or remove the instances");
        }
        self.check_groups(reader);
        if self.connections.is_none() {
            for key in ["queue", "queue_timeout"] {
                let message = format!("`{key}` has no effect without `connections`: there is no queue");
                reader.warn(
                    "unused-queue",
                    key,
                    message,
                    "add `connections`, such as `connections = 100`, or remove it",
                );
            }
        }
        if self.http2 {
            let message = "`request_buffer_bytes` has no effect with `http2`, where bodies need no length";
            reader.warn("unused-buffer", "request_buffer_bytes", message, "remove one of them");
        }
        if self.retries == 0 {
            let message = "`retry_budget` has no effect: `retries` is 0";
            reader.warn("unused-budget", "retry_budget", message, "remove one of them");
        } else if self.retry_budget <= 0.0 {
            let message = "`retries` has no effect: `retry_budget` is 0";
            reader.warn("unused-retries", "retries", message, "remove one of them");
        }
        if let Some(check) = self.check.as_ref().filter(|check| check.timeout > check.every) {
            let (timeout, every) = (check.timeout.as_secs_f64(), check.every.as_secs_f64());
            let message = format!(
                "`timeout` of the check is {timeout}s, longer than its interval, `every`, of \
                 {every}s"
            );
            reader.warn("slow-check", "check", message, "set `timeout` to at most `every`");
        }
        if self.eject.after == 0 && self.eject.lasting != Eject::default().lasting {
            let message = "`for` has no effect: with `after = 0`, no instance is ejected";
            reader.warn("unused-eject", "eject", message, "remove one of them");
        }
    }
}

impl Upstream {
    /// Whether it has instances for rollouts.
    pub(crate) fn has_canary(&self) -> bool {
        self.instances.iter().any(|instance| instance.group == RolloutGroup::Canary)
    }

    fn check_groups(&self, reader: &mut TableReader<'_, '_>) {
        if self.instances.iter().all(|instance| instance.group == RolloutGroup::Canary) {
            let message = "the upstream has only canary instances, so there is nothing to compare them with";
            let help = "remove `group` from the instances that serve requests now";
            reader.found.push(Diagnostic::error("no-stable-group", message, self.span).help(help));
        }
        if !self.has_canary() {
            let message = "`rollout` has no effect: no instance has `group = \"canary\"`";
            reader.warn("unused-rollout", "rollout", message, "add `group` to the instances with the new build");
        }
    }
}

fn has_address(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok()
}

// === impl UpstreamTls ===

impl UpstreamTls {
    fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let path = |text: Spanned<String>| text.map(PathBuf::from);
        let ca = reader.text("ca").map(path);
        let (certificate, key) = (reader.text("certificate"), reader.text("key"));
        if certificate.is_some() != key.is_some() {
            return reader.missing_one_of(&[if key.is_some() { "certificate" } else { "key" }]);
        }
        let server_name = reader.text("server_name");
        reader.finish();
        Some(Self { ca, identity: certificate.map(path).zip(key.map(path)), server_name })
    }
}

// === impl Check ===

impl Check {
    fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let path = reader.path("path");
        let check = Self {
            path: Spanned::default(),
            every: reader.duration("every").unwrap_or(Duration::from_secs(5)),
            timeout: reader.duration("timeout").unwrap_or(Duration::from_secs(2)),
            rise: reader.count("rise").unwrap_or(2),
            fall: reader.count("fall").unwrap_or(3),
        };
        reader.finish();
        Some(Self { path: path?, ..check })
    }
}

// === impl Eject ===

impl Default for Eject {
    fn default() -> Self {
        Self { after: 5, lasting: Duration::from_secs(30) }
    }
}

impl Eject {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let after = reader.count("after").unwrap_or(default.after);
        let lasting = reader.duration("for").unwrap_or(default.lasting);
        reader.finish();
        Some(Self { after, lasting })
    }
}

// === impl SpeaksFrom ===

impl SpeaksFrom {
    fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let (path, header) = (reader.path("path"), reader.field_name("header"));
        reader.finish();
        Some(Self { path: path?, header: header?.into() })
    }
}

fn addresses(reader: &mut TableReader<'_, '_>) -> Addresses {
    match reader.word("addresses") {
        Some("ipv4") => Addresses::Ipv4,
        Some("ipv6") => Addresses::Ipv6,
        Some("first") => Addresses::First,
        _ => Addresses::Each,
    }
}

// === checks between tables ===

/// Refuses two upstreams of one name.
pub(in crate::config) fn check_names(upstreams: &[Upstream], found: &mut Diagnostics) {
    for (index, upstream) in upstreams.iter().enumerate() {
        if upstreams[..index].iter().any(|earlier| earlier.name.value == upstream.name.value) {
            let message = format!("two upstreams are named `{}`", upstream.name.value);
            let diagnostic = Diagnostic::error("duplicate-upstream", message, upstream.name.span);
            found.push(diagnostic.help("rename one, or merge their instances"));
        }
    }
}

/// Refuses upstreams that apis and routes name and that are not there.
pub(crate) fn check_references(apis: &[Api], upstreams: &[Upstream], found: &mut Diagnostics) {
    let mut names: Vec<&str> = upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
    names.dedup();
    let routes = apis.iter().flat_map(|api| &api.routes).filter_map(|route| route.upstream.as_ref());
    for named in apis.iter().filter_map(|api| api.upstream.as_ref()).chain(routes) {
        if !names.contains(&named.as_str()) {
            let message = format!("unknown upstream `{}`", named.value);
            found.push(Diagnostic::error("unknown-upstream", message, named.span).help(known(named, &names)));
        }
    }
}

fn known(named: &str, names: &[&str]) -> String {
    match nearest(named, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => format!("add `[[upstream]]` with `name = \"{named}\"`"),
        None => format!("write {}, or add `[[upstream]]` with `name = \"{named}\"`", listed(names)),
    }
}
