//! From the texts of a file to a catalog and its upstreams, with everything that is wrong said at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{checks, secret};
use crate::gateway::back::pool::LoadedUpstream;
use crate::gateway::wire::client_tls::client_config;
use crate::gateway::wire::tls;

use crate::catalog::{Api, ApiEntry, Catalog, Route};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::config::{self, Config, Environment, GatewaySpec, Instance, LogFormat, SourceMap, Underscores, Upstream};
use crate::consumer::ConsumerSecret;
use crate::diagnostic::{Diagnostic, Diagnostics, SUGGESTED, Severity, Span, suggestion};
use crate::version::VersionId;

/// A file that may be served.
#[derive(Debug)]
pub struct Loaded {
    /// The `[gateway]` table.
    pub gateway: GatewaySpec,
    /// The apis.
    pub catalog: Catalog,
    /// What was found that does not keep it from being served.
    pub warnings: Diagnostics,
    /// The notices; `None` if there are none.
    #[cfg(feature = "notices")]
    pub notices: Option<super::notices::LoadedNotices>,
    pub(in crate::gateway) services: Vec<LoadedUpstream>,
    /// The server's side of TLS, if there is one.
    pub(in crate::gateway) tls: Option<Arc<ServerConfig>>,
}

/// A file that may not be served.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoadError {
    /// The file, with those that it includes; its text is empty if it could not be read.
    pub sources: Box<SourceMap>,
    /// What is wrong.
    pub found: Diagnostics,
}

/// Reads a file and all that it includes, each text edited before it is looked at.
///
/// # Errors
/// The file cannot be read.
pub fn open(path: &Path, edit: &dyn Fn(String) -> String) -> Result<SourceMap, LoadError> {
    SourceMap::open_with(path, edit).map_err(|error| {
        let mut found = Diagnostics::new();
        let message = format!("cannot read {}: {error}", path.display());
        found.push(Diagnostic::error("unreadable", message, Span::NONE));
        LoadError { sources: SourceMap::new(path, "").into(), found }
    })
}

/// Reads and checks a config that is to be served, at the current time.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(sources: &SourceMap, environment: Environment<'_>) -> Result<Loaded, LoadError> {
    serve_at(sources, environment, SystemClock.now())
}

/// The same at the time `now`.
pub(in crate::gateway) fn serve_at(
    sources: &SourceMap,
    environment: Environment<'_>,
    now: Timestamp,
) -> Result<Loaded, LoadError> {
    read(sources, environment, now, Severity::Error)
}

/// Checks a config that was already read or built, at the current time.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_config(config: Config) -> Result<Loaded, LoadError> {
    load_config_at(config, SystemClock.now())
}

/// The same at the time `now`.
pub(in crate::gateway) fn load_config_at(config: Config, now: Timestamp) -> Result<Loaded, LoadError> {
    let mut found = Diagnostics::new();
    if config.broken {
        let message = "the config was read with errors, so a part of it is missing";
        let finding = Diagnostic::error("broken-config", message, Span::NONE);
        found.push(finding.help("fix the findings that came with the config, and read it again"));
    } else {
        config::check_references(&config.apis, &config.upstreams, &mut found);
    }
    let checked = checked(Some(config), found, now, Severity::Error);
    checked.map_err(|found| LoadError { sources: Box::default(), found })
}

/// Reads and checks a config for inspection, at the time `now`. If the file has no upstreams, its apis need none: that is
/// only a warning.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_at(sources: &SourceMap, environment: Environment<'_>, now: Timestamp) -> Result<Loaded, LoadError> {
    read(sources, environment, now, Severity::Warning)
}

/// `unserved`: the severity of a config in which no api has an upstream.
fn read(
    sources: &SourceMap,
    environment: Environment<'_>,
    now: Timestamp,
    unserved: Severity,
) -> Result<Loaded, LoadError> {
    let (config, found) = config::read_all(sources, environment);
    checked(config, found, now, unserved).map_err(|found| LoadError { sources: sources.clone().into(), found })
}

fn checked(
    config: Option<Config>,
    mut found: Diagnostics,
    now: Timestamp,
    unserved: Severity,
) -> Result<Loaded, Diagnostics> {
    let loaded = config.and_then(|config| build(config, now, unserved, &mut found));
    found.sort();
    match loaded {
        Some(built) if !found.has_errors() => Ok(Loaded { warnings: found, ..built }),
        _ => Err(found),
    }
}

/// The threads that a file asks for; whether it may be served is another matter.
#[must_use]
pub fn workers(path: &Path) -> Option<usize> {
    table(path)?.workers
}

/// The log format that a file sets, for callers that log before the gateway is bound.
#[must_use]
pub fn log_format(path: &Path) -> Option<LogFormat> {
    Some(table(path)?.log)
}

fn table(path: &Path) -> Option<GatewaySpec> {
    let sources = open(path, &|text| text).ok()?;
    Some(config::read_all(&sources, &environment).0?.gateway)
}

/// The secret of a config, without any check of the rest.
///
/// # Errors
/// The file cannot be read as TOML, or has no secret that can be used.
pub fn consumer_secret(sources: &SourceMap, environment: Environment<'_>) -> Result<ConsumerSecret, LoadError> {
    let (config, mut found) = config::read_all(sources, environment);
    let gateway = config.map(|config| config.gateway).unwrap_or_default();
    if secret::place(&gateway).is_some() {
        // What else is wrong is for `sunward check`.
        found = Diagnostics::new();
    }
    let secret = secret::read(&gateway, &mut found);
    if secret.is_none() && !found.has_errors() {
        let message = "the config has no secret for the keys of consumers";
        let help = "add `consumer_secret_file` or `consumer_secret` to `[gateway]`";
        found.push(Diagnostic::error("no-consumer-secret", message, Span::NONE).help(help));
    }
    secret.ok_or_else(|| LoadError { sources: sources.clone().into(), found })
}

/// The environment of the process.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn build(config: Config, now: Timestamp, unserved: Severity, found: &mut Diagnostics) -> Option<Loaded> {
    let Config { gateway, mut apis, upstreams, consumers, notices, complete, names_api, .. } = config;
    if apis.is_empty() && (names_api || !complete) {
        return None;
    }
    let unserved = if upstreams.is_empty() && complete { unserved } else { Severity::Error };
    for api in &mut apis {
        check_upstream(api, unserved, found);
        check_underscores(api, gateway.proxy.underscores, found);
        prefixes(api, &upstreams);
    }
    secret::hash_keys(&gateway, &mut apis, found);
    secret::read_token_keys(&mut apis, found);
    let read_with_errors = found.has_errors();
    let catalog = match Catalog::draft(apis, &consumers, now) {
        Ok(catalog) => catalog,
        Err(more) => {
            found.append(more);
            return None;
        }
    };
    found.append(catalog.warnings().clone());
    // What is not here may be in a file that could not be read.
    if !complete {
        return None;
    }
    let tls = gateway.tls.as_ref().and_then(|spec| tls::server_config(spec, found));
    checks::check(&gateway, &catalog, &upstreams, found);
    #[cfg(feature = "notices")]
    let notices = super::notices::check(notices, &gateway, &catalog, found);
    #[cfg(not(feature = "notices"))]
    if let Some(notice) = notices.first() {
        let finding = Diagnostic::error("notices-not-built", "this binary sends no notices", notice.span);
        found.push(finding.help("use a binary with the feature `notices`, or remove them"));
    }
    let services = upstreams.into_iter().map(|upstream| service(upstream, &catalog, found)).collect();
    (!read_with_errors).then_some(Loaded {
        gateway,
        catalog,
        warnings: Diagnostics::new(),
        #[cfg(feature = "notices")]
        notices,
        services,
        tls,
    })
}

/// In a gateway every request goes somewhere.
fn check_upstream(api: &Api, severity: Severity, found: &mut Diagnostics) {
    let routed = !api.routes.is_empty() && api.routes.iter().all(|route| route.upstream.is_some());
    if api.upstream.is_none() && !routed {
        let message = format!("the api `{}` has no upstream", api.name.value);
        let found_it = match severity {
            Severity::Error => Diagnostic::error("no-upstream", message, api.name.span),
            Severity::Warning => Diagnostic::warning("no-upstream", message, api.name.span),
        };
        found.push(found_it.help("add `upstream = \"…\"`: without it, the file can be checked but not served"));
    }
}

/// A field that never gets here names no version and no consumer.
fn check_underscores(api: &Api, underscores: Underscores, found: &mut Diagnostics) {
    if underscores == Underscores::Pass {
        return;
    }
    let consumers = api.consumer.iter().filter_map(|source| Some((source.value.field()?, source.span)));
    let versions = api.sources.header.iter().map(|name| (name.as_str(), name.span));
    for (name, span) in versions.chain(consumers).filter(|(name, _)| name.contains('_')) {
        let message = format!("the header `{name}` is never received: its name has an underscore");
        let help = "write the name with `-`, or set `underscores = \"pass\"` in `[gateway.proxy]`";
        found.push(Diagnostic::error("underscore-field", message, span).help(help));
    }
}

/// An upstream's own prefix holds wherever the api is sent to it.
fn prefixes(api: &mut Api, upstreams: &[Upstream]) {
    let prefix = |name: &str| {
        let upstream = upstreams.iter().find(|upstream| upstream.name.as_str() == name)?;
        upstream.forward_as.clone()
    };
    for route in &mut api.routes {
        let Route { upstream, forward_as, .. } = route;
        *forward_as = upstream.as_ref().and_then(|name| prefix(name));
    }
    if let Some(own) = api.upstream.as_ref().and_then(|name| prefix(name)) {
        api.forward_as = Some(own);
    }
}

fn service(upstream: Upstream, catalog: &Catalog, found: &mut Diagnostics) -> LoadedUpstream {
    let uses = |api: &&ApiEntry| {
        let name = Some(upstream.name.as_str());
        api.upstream.as_deref() == name || api.routes.iter().any(|route| route.upstream.as_deref() == name)
    };
    let apis: Vec<_> = catalog.apis().iter().filter(uses).collect();
    if apis.is_empty() {
        let message = format!("no api or route uses the upstream `{}`", upstream.name.value);
        found.push(Diagnostic::warning("unused-upstream", message, upstream.name.span).help("use it, or remove it"));
    }
    let speaks = upstream.instances.iter().map(|instance| speaks(instance, &apis, found)).collect();
    let secure = upstream.instances.iter().any(|instance| instance.url.scheme_str() == Some("https"));
    let tls = if secure { client_config(&upstream.tls, upstream.http2, found) } else { None };
    if let Some(name) = &upstream.tls.server_name
        && ServerName::try_from(name.as_str()).is_err()
    {
        let message = format!("`{}` is not a name that a certificate can have", name.value);
        let help = "write a host name, such as `shop.internal`, or an address";
        found.push(Diagnostic::error("bad-server-name", message, name.span).help(help));
    }
    LoadedUpstream { spec: upstream, speaks, tls }
}

/// The version that an instance is configured to speak, by api.
fn speaks(instance: &Instance, apis: &[&ApiEntry], found: &mut Diagnostics) -> BTreeMap<String, VersionId> {
    let mut speaks = BTreeMap::new();
    for (api, text) in apis.iter().filter_map(|api| Some((api, instance.speaks.as_ref()?))) {
        match api.lookup(text) {
            Some(id) => drop(speaks.insert(api.name.to_string(), id)),
            None => {
                let known: Vec<&str> = api.versions.iter().map(|version| &*version.text).collect();
                let help = suggestion(text, &known, SUGGESTED);
                let message = format!("unknown version `{}` of `{}`", text.value, api.name);
                found.push(Diagnostic::error("unknown-version", message, text.span).help(help));
            }
        }
    }
    speaks
}

// === impl LoadError ===

impl LoadError {
    /// What is wrong, with its places, for a terminal.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        config::render(&self.found, &self.sources, color)
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for LoadError {}
