//! The gateway's own settings, and the services behind it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::Uri;

use super::keys::{Kind, listed};
use super::tree::Reader;
use super::value::show;
use crate::catalog::Api;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest};

/// How the gateway itself runs: the `[gateway]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewaySpec {
    /// Where clients are served.
    pub listen: Spanned<SocketAddr>,
    /// Where the admin listener is.
    pub admin: Spanned<SocketAddr>,
    /// Bodies that have to be migrated are held up to this size.
    pub max_body_bytes: u64,
    /// How long an upstream may take to start its answer.
    pub request_timeout: Duration,
    /// How long connecting to an upstream may take.
    pub connect_timeout: Duration,
    /// How long requests under way may take to end when the gateway stops.
    pub drain_timeout: Duration,
    /// The form of log lines.
    pub log: LogFormat,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object each.
    Json,
}

/// A service behind the gateway: an `[[upstream]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upstream {
    /// Its name.
    pub name: Spanned<String>,
    /// Its instances; at least one, or the file has an error.
    pub instances: Vec<Instance>,
    /// The prefix it knows the api by; what the api says, unless said.
    pub forward_as: Option<Spanned<String>>,
    /// The table.
    pub span: Span,
}

/// One instance of an [`Upstream`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// `http://host:port`, with a path prefix if it has one.
    pub url: Spanned<Uri>,
    /// The version it speaks; what the route or the api says, unless said.
    pub speaks: Option<Spanned<String>>,
    /// Its share of the requests.
    pub weight: u32,
    /// The table.
    pub span: Span,
}

// === impl GatewaySpec ===

impl Default for GatewaySpec {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)).into(),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)).into(),
            max_body_bytes: 4 * 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(30),
            log: LogFormat::Text,
        }
    }
}

impl GatewaySpec {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: Reader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let max_body_bytes = reader.integer("max_body_bytes").and_then(|bytes| bytes.value.try_into().ok());
        let spec = Self {
            listen: reader.address("listen").unwrap_or(default.listen),
            admin: reader.address("admin").unwrap_or(default.admin),
            max_body_bytes: max_body_bytes.unwrap_or(default.max_body_bytes),
            request_timeout: reader.duration("request_timeout").unwrap_or(default.request_timeout),
            connect_timeout: reader.duration("connect_timeout").unwrap_or(default.connect_timeout),
            drain_timeout: reader.duration("drain_timeout").unwrap_or(default.drain_timeout),
            log: if reader.word("log") == Some("json") { LogFormat::Json } else { LogFormat::Text },
        };
        reader.finish();
        Some(spec)
    }
}

// === impl Upstream ===

impl Upstream {
    pub(super) fn read(mut reader: Reader<'_, '_>) -> Option<Self> {
        let span = reader.span;
        let name = reader.text("name");
        let instances = reader.tables("instances", Instance::read);
        let forward_as = reader.text("forward_as");
        if reader.is_clean() && instances.is_empty() {
            let message = format!("the upstream `{}` has no instances", name.as_ref().map_or("", |name| name.as_str()));
            let help = "add one: `instances = [{ url = \"http://10.0.0.1:3000\" }]`";
            reader.found.push(Diagnostic::error("no-instances", message, span).help(help));
        }
        reader.finish();
        Some(Self { name: name?, instances, forward_as, span })
    }
}

// === impl Instance ===

impl Instance {
    fn read(mut reader: Reader<'_, '_>) -> Option<Self> {
        let span = reader.span;
        let url = url(&mut reader);
        let speaks = reader.text("speaks");
        let weight = reader.integer("weight").and_then(|weight| weight.value.try_into().ok());
        reader.finish_whole()?;
        Some(Self { url: url?, speaks, weight: weight.unwrap_or(1), span })
    }
}

fn url(reader: &mut Reader<'_, '_>) -> Option<Spanned<Uri>> {
    let (node, kind) = reader.node("url")?;
    let text = node.text(kind, reader.found)?;
    match parse_url(&text) {
        Ok(url) => Some(Spanned::new(url, node.span)),
        Err(problem) => {
            let message = format!("`url` is {}, which is no URL of an instance: {problem}", show(node.value));
            let help = Kind::Url.example().unwrap_or_default();
            reader.found.push(Diagnostic::error("bad-url", message, node.span).help(help));
            None
        }
    }
}

fn parse_url(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    let authority = url.authority().ok_or("it has no host")?;
    let port = authority.as_str().rsplit_once(']').map_or(authority.as_str(), |(_, rest)| rest).rsplit_once(':');
    if url.scheme_str() != Some("http") {
        return Err("it does not begin with `http://`".to_owned());
    }
    if authority.host().is_empty() || authority.as_str().contains('@') {
        return Err("only a host and a port may stand before the path".to_owned());
    }
    if port.is_some_and(|(_, port)| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err("the port is not a number from 1 to 65535".to_owned());
    }
    if text.contains(['?', '#']) {
        return Err("it has a query or a fragment".to_owned());
    }
    Ok(url)
}

// === checks between tables ===

/// Refuses two upstreams of one name.
pub(super) fn check_names(upstreams: &[Upstream], found: &mut Diagnostics) {
    for (index, upstream) in upstreams.iter().enumerate() {
        if upstreams[..index].iter().any(|earlier| earlier.name.value == upstream.name.value) {
            let message = format!("there are two upstreams `{}`", upstream.name.value);
            let diagnostic = Diagnostic::error("duplicate-upstream", message, upstream.name.span);
            found.push(diagnostic.help("give each a name of its own, or put the instances into one"));
        }
    }
}

/// Refuses upstreams that apis and routes name and that are not there.
pub(super) fn check_references(apis: &[Api], upstreams: &[Upstream], found: &mut Diagnostics) {
    let mut names: Vec<&str> = upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
    names.dedup();
    let routes = apis.iter().flat_map(|api| &api.routes).filter_map(|route| route.upstream.as_ref());
    for named in apis.iter().filter_map(|api| api.upstream.as_ref()).chain(routes) {
        if !names.contains(&named.as_str()) {
            let message = format!("there is no upstream `{}`", named.value);
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::config::{keys, read};

    /// The reference tells the defaults that the reader has.
    #[test]
    fn defaults_are_those_of_the_table() {
        let table = keys::tables().into_iter().find(|table| table.name == "gateway").expect("a table");
        let mut text = String::from("[gateway]\n");
        for key in table.all() {
            writeln!(text, "{} = {}", key.name, key.default).expect("a string");
        }
        let (config, found) = read(&text);
        assert_eq!(found.to_string(), "");
        let (said, default) = (config.expect("a config").gateway, GatewaySpec::default());
        assert_eq!(said.listen.value, default.listen.value);
        assert_eq!(said.admin.value, default.admin.value);
        assert_eq!(GatewaySpec { listen: default.listen.clone(), admin: default.admin.clone(), ..said }, default);
    }
}
