//! From specs to entries: every check that needs more than one value.

mod consumers;
mod content_types;
mod register;
mod routes;
mod sources;
mod statuses;
mod versions;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use http::header::HeaderValue;

pub(super) use register::register;

use super::entry::{ApiEntry, OpEntry, VersionEntry};
use super::register::Register;
use super::spec::{Api, Unspecified, Version};
use super::template;
use crate::change::OpSpec;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, quoted};
use crate::headers::{link, merge};
use crate::path::PathCase;
#[cfg(feature = "usage")]
use crate::usage::UsedChange;
use crate::version::VersionId;

/// Reads one api; knows its versions.
struct Builder<'a> {
    api: &'a Api,
    registered: &'a Register,
    now: Timestamp,
    versions: Vec<VersionEntry>,
    aliases: BTreeMap<Box<str>, VersionId>,
    found: &'a mut Diagnostics,
}

/// Reads all apis. The entries are of use only if `found` has no errors.
pub(super) fn build(apis: &[Api], registered: &Register, now: Timestamp, found: &mut Diagnostics) -> Vec<ApiEntry> {
    if apis.is_empty() {
        found.push(Diagnostic::error("no-api", "the catalog has no api", Span::NONE).help("add one: `[[api]]`"));
    }
    apart(apis, found);
    let built = |api| {
        let from = found.len();
        let entry = Builder { api, registered, now, versions: Vec::new(), aliases: BTreeMap::new(), found }.build();
        if api.span.is_none() {
            found.locate(from, || format!("the api {}", quoted(&api.name)));
        }
        entry
    };
    apis.iter().map(built).collect()
}

/// Two apis need two names and two places.
fn apart(apis: &[Api], found: &mut Diagnostics) {
    let mut names = BTreeSet::new();
    let mut places = BTreeMap::new();
    for api in apis {
        if !names.insert(api.name.as_str()) {
            let message = format!("two apis are named `{}`", api.name.value);
            found.push(Diagnostic::error("duplicate-name", message, api.name.span).help("rename one"));
        }
        let mut hosts: Vec<Option<String>> = api.hosts.iter().map(|host| Some(host.to_ascii_lowercase())).collect();
        hosts.dedup();
        if hosts.is_empty() {
            hosts.push(None);
        }
        let folds = api.path_case == PathCase::Insensitive;
        let base = if folds { api.base_path.to_ascii_lowercase() } else { api.base_path.to_string() };
        let taken = hosts.into_iter().filter_map(|host| places.insert((host, base.clone()), api.name.as_str()));
        if let Some(other) = taken.last() {
            let place = if api.base_path.is_empty() { "the root" } else { api.base_path.as_str() };
            let message = format!("`{}` and `{other}` are both at {place}", api.name.value);
            let span = if api.base_path.span.is_none() { api.span } else { api.base_path.span };
            let help = "change `base_path` or `host` of one";
            found.push(Diagnostic::error("duplicate-place", message, span).help(help));
        }
    }
}

/// The `Link` to the pages of `version`.
fn pages(version: &Version) -> Option<HeaderValue> {
    let [docs, policy] = [&version.docs, &version.policy].map(|url| url.as_ref().map(|url| url.as_str()));
    let mut line = String::new();
    link::push_pages(&mut line, docs, policy, None);
    if line.is_empty() { None } else { HeaderValue::try_from(line).ok() }
}

fn op(op: &OpSpec) -> OpEntry {
    OpEntry { span: op.span, alters: op.alters() }
}

// === impl Builder ===

impl<'a> Builder<'a> {
    fn build(mut self) -> ApiEntry {
        let api = self.api;
        self.check_name();
        self.read_versions();
        self.read_aliases();
        let sources = self.sources();
        self.fill_content_types(&sources);
        self.check_version_hosts(&sources);
        self.check_version_paths(&sources);
        self.check_content_types(&sources);
        let dated = self.dated();
        let histories = self.histories(&dated);
        let routes = self.routes(histories);
        self.check_status_conditions(&routes, &dated);
        let routers = self.routers(&routes);
        let known_paths = self.known_paths(&routes);
        self.check_brownout_routes(&routes);
        self.check_secrets();
        self.check_consumers();
        self.warnings(&routes);
        let newest = VersionId::new(u16::try_from(self.versions.len().saturating_sub(1)).unwrap_or(u16::MAX));
        let speaks = api.speaks.as_ref().and_then(|text| self.version(text)).unwrap_or(newest);
        let unspecified = match &api.unspecified {
            Unspecified::Version(text) => self.version(text),
            Unspecified::Reject => None,
        };
        let vary = self.vary(&sources);
        let pins: BTreeMap<Box<str>, VersionId> = api
            .pins
            .iter()
            .filter_map(|(consumer, version)| Some((consumer.as_str().into(), self.version(version)?)))
            .collect();
        ApiEntry {
            name: api.name.as_str().into(),
            base_path: self.base_path(),
            hosts: self.hosts(),
            path_case: api.path_case,
            undeclared: api.undeclared,
            scheme: api.scheme,
            precedence: self.precedence(),
            vary_value: merge::vary(&vary),
            vary,
            response_header: self.response_header(&sources),
            sources,
            unspecified,
            on_unacceptable: api.on_unacceptable,
            on_untyped: api.on_untyped,
            forms: api.forms,
            waterfall: self.waterfall(),
            exclude: self.exclude(),
            routes: routes.into(),
            routers: routers.into(),
            known_paths,
            consumer: api.consumer.iter().map(|source| source.value.clone()).collect(),
            consumer_secret: api.consumer_secret.clone(),
            verifiers: self.verifiers(),
            pins,
            extensions: self.extensions(),
            speaks,
            forward_as: self.forward_as(),
            upstream: api.upstream.as_ref().map(|name| name.as_str().into()),
            problem_types: self.problem_types(),
            docs: self.docs(),
            pause: api.pause,
            dry_run: api.dry_run,
            clamp_freshness: api.clamp_freshness,
            cors: self.cors(),
            changes: dated.iter().map(|dated| (dated.version, dated.change.summary.as_str().into())).collect(),
            #[cfg(feature = "usage")]
            used_changes: dated
                .iter()
                .map(|dated| UsedChange::new(&dated.change.version, &dated.change.summary))
                .collect(),
            ops: dated.iter().map(|dated| dated.change.ops.iter().map(op).collect()).collect(),
            cases: Box::default(),
            names: self.versions.iter().map(|version| (version.text.clone(), version.id)).collect(),
            aliases: self.aliases,
            versions: self.versions.into(),
        }
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, span: Span, help: impl Into<String>) {
        self.found.push(Diagnostic::error(code, message, span).help(help));
    }

    fn check_name(&mut self) {
        let name = &self.api.name;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            let message = format!("`{}` is not a valid api name", name.value);
            self.error("bad-name", message, name.span, "use letters, digits, `-`, `_` and `.` only");
        }
    }

    fn base_path(&mut self) -> Box<str> {
        let path = &self.api.base_path;
        let legal = path.is_empty() || (path.starts_with('/') && !path.ends_with('/') && !path.contains("//"));
        if !legal || path.contains(['{', '?', '#']) {
            let message = format!("`{}` is not a valid base path", path.value);
            let help = "leave it empty, or write a path that starts with `/` and does not end with it, such as `/api`";
            self.error("bad-base-path", message, path.span, help);
        } else if let Some(Err(why)) = (!path.is_empty()).then(|| template::normal(path)) {
            let message = format!("no request can match `{}`: {why}", path.value);
            self.error("bad-base-path", message, path.span, "write the normalized path");
        }
        path.as_str().into()
    }
}
