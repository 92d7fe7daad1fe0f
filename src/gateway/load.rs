//! From the text of a file to a catalog and its upstreams, with everything that is wrong said at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::Uri;

use crate::catalog::{Api, Catalog, Route};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::config::{self, Config, GatewaySpec, Upstream};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
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
    pub(super) upstreams: BTreeMap<String, Vec<Instance>>,
}

/// One instance of an upstream.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) url: Uri,
    pub(super) weight: u32,
    /// What it speaks, by api.
    pub(super) speaks: BTreeMap<String, VersionId>,
}

/// A file that may not be served.
#[derive(Debug)]
pub struct LoadError {
    /// The file.
    pub path: PathBuf,
    /// Its text; empty if it could not be read.
    pub source: String,
    /// What is wrong.
    pub found: Diagnostics,
}

/// Reads and checks a text, as things stand now.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(path: &Path, source: String) -> Result<Loaded, LoadError> {
    load_at(path, source, SystemClock.now())
}

/// Reads and checks a text, as things stand at `now`.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_at(path: &Path, source: String, now: Timestamp) -> Result<Loaded, LoadError> {
    let (config, mut found) = config::read(&source);
    let loaded = config.and_then(|config| build(config, now, &mut found));
    found.sort();
    match loaded {
        Some((gateway, catalog, upstreams)) if !found.has_errors() => {
            Ok(Loaded { gateway, catalog, warnings: found, upstreams })
        }
        _ => Err(LoadError { path: path.to_owned(), source, found }),
    }
}

type Built = (GatewaySpec, Catalog, BTreeMap<String, Vec<Instance>>);

fn build(config: Config, now: Timestamp, found: &mut Diagnostics) -> Option<Built> {
    let Config { gateway, mut apis, upstreams } = config;
    for api in &mut apis {
        check_upstream(api, found);
        prefixes(api, &upstreams);
    }
    let read_with_errors = found.has_errors();
    let catalog = match Catalog::at(apis, now) {
        Ok(catalog) => catalog,
        Err(more) => {
            found.append(more);
            return None;
        }
    };
    found.append(catalog.warnings().clone());
    let upstreams =
        upstreams.iter().map(|upstream| (upstream.name.value.clone(), instances(upstream, &catalog, found))).collect();
    (!read_with_errors).then_some((gateway, catalog, upstreams))
}

/// In a gateway every request goes somewhere.
fn check_upstream(api: &Api, found: &mut Diagnostics) {
    let routed = !api.routes.is_empty() && api.routes.iter().all(|route| route.upstream.is_some());
    if api.upstream.is_none() && !routed {
        let message = format!("the api `{}` has no upstream", api.name.value);
        found.push(Diagnostic::error("no-upstream", message, api.name.span).help("say `upstream = \"…\"`"));
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

fn instances(upstream: &Upstream, catalog: &Catalog, found: &mut Diagnostics) -> Vec<Instance> {
    let uses = |api: &&crate::catalog::ApiEntry| {
        let name = Some(upstream.name.as_str());
        api.upstream.as_deref() == name || api.routes.iter().any(|route| route.upstream.as_deref() == name)
    };
    let apis: Vec<_> = catalog.apis().iter().filter(uses).collect();
    if apis.is_empty() {
        let message = format!("no api is sent to the upstream `{}`", upstream.name.value);
        found.push(Diagnostic::warning("unused-upstream", message, upstream.name.span).help("name it, or remove it"));
    }
    let mut list = Vec::new();
    for instance in &upstream.instances {
        let mut speaks = BTreeMap::new();
        for (api, text) in apis.iter().filter_map(|api| Some((api, instance.speaks.as_ref()?))) {
            match api.lookup(text) {
                Some(id) => drop(speaks.insert(api.name.to_string(), id)),
                None => {
                    let known: Vec<&str> = api.versions.iter().map(|version| &*version.text).collect();
                    let near = nearest(text, known.iter().copied()).filter(|_| text.len() > 2);
                    let help = near.map_or_else(
                        || format!("known are {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("`{}` has no version `{}`", api.name, text.value);
                    found.push(Diagnostic::error("unknown-version", message, text.span).help(help));
                }
            }
        }
        list.push(Instance { url: instance.url.value.clone(), weight: instance.weight, speaks });
    }
    list
}

// === impl LoadError ===

impl LoadError {
    /// What is wrong, with its places, for a terminal.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        config::render(&self.found, &self.source, &self.path.display().to_string(), color)
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for LoadError {}
