//! What each source says.

use std::borrow::Cow;

use http::header;

use super::accept::{self, Negotiated, VersionLookup};
use super::{ResolveError, Resolver, host};
use crate::catalog::{ApiEntry, Match, VersionSource};
use crate::change::decode_query;
use crate::clock::Timestamp;
use crate::problem::{Problem, ProblemType};
use crate::version::{VersionId, VersionName};
use http::StatusCode;

/// What path, header, query and host say, in this order.
pub(super) type SpokenVersions = [Option<(VersionSource, VersionId)>; 4];

/// The name of the version in the path below the api, if there is one, and the path after it, which may be empty.
pub(super) fn split<'p>(api: &'p ApiEntry, below: &'p str) -> (Option<&'p str>, &'p str) {
    match api.split_version(below, api.path_case) {
        Some((text, rest)) => (Some(text), rest),
        None => (None, below),
    }
}

impl<'a> Resolver<'a> {
    /// Path, header, query and host.
    pub(super) fn spoken(&self) -> Result<SpokenVersions, Box<ResolveError>> {
        let mut spoken = SpokenVersions::default();
        if let Some(text) = self.named {
            spoken[0] = Some((VersionSource::Path, self.read_version(text, VersionSource::Path)?));
        }
        if let Some(text) = self.header()? {
            spoken[1] = Some((VersionSource::Header, self.read_version(text, VersionSource::Header)?));
        }
        if let Some(text) = self.query()? {
            spoken[2] = Some((VersionSource::Query, self.read_version(&text, VersionSource::Query)?));
        }
        let named = self.api.sources.host.as_ref().and_then(|template| template.take(host(&self.head)?));
        if let Some(text) = named {
            spoken[3] = Some((VersionSource::Host, self.read_version(&text, VersionSource::Host)?));
        }
        Ok(spoken)
    }

    /// A field that is there twice, or as a list, names no version: first-wins would let a policy be slipped past.
    fn header(&self) -> Result<Option<&'a str>, Box<ResolveError>> {
        let Some(name) = &self.api.sources.header else { return Ok(None) };
        let mut values = self.head.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().map(str::trim).unwrap_or("");
        if text.is_empty() || text.contains(',') || values.next().is_some() {
            let detail = format!("`{name}` must name exactly one version, and must be sent once");
            return Err(self.refuse(Problem::new(ProblemType::VersionInvalid).with_detail(detail)));
        }
        Ok(Some(text))
    }

    fn query(&self) -> Result<Option<Cow<'a, str>>, Box<ResolveError>> {
        let (Some(name), Some(query)) = (&self.api.sources.query, self.head.uri.query()) else { return Ok(None) };
        let mut values = query.split('&').filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_query(key) == **name).then(|| decode_query(value))
        });
        let Some(value) = values.next() else { return Ok(None) };
        if value.is_empty() || values.next().is_some() {
            let detail = format!("the query parameter `{name}` must name exactly one version, and must be sent once");
            return Err(self.refuse(Problem::new(ProblemType::VersionInvalid).with_detail(detail)));
        }
        Ok(Some(value))
    }

    /// What `text` names, or the answer to a client who made it up.
    pub(super) fn read_version(&self, text: &str, source: VersionSource) -> Result<VersionId, Box<ResolveError>> {
        if let Some(id) = self.canonical(text) {
            return Ok(id);
        }
        let name = VersionName::parse(text, self.api.scheme);
        if name.as_ref().is_some_and(|name| is_future(name, self.now)) {
            let detail = format!("version {text:?} is in the future: use one of `supported_versions`");
            return Err(self.refuse(Problem::new(ProblemType::VersionInvalid).with_detail(detail)));
        }
        let exact = self.api.lookup(text).filter(|id| self.is_released(*id));
        let nearest = || self.nearest_not_newer(name.as_ref()?);
        if let Some(id) = exact.or_else(nearest) {
            return Ok(id);
        }
        let kind = if name.is_some() { ProblemType::VersionUnknown } else { ProblemType::VersionInvalid };
        let status = if source == VersionSource::Path { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        let detail = format!("there is no version {text:?}: use one of `supported_versions`");
        Err(self.refuse(Problem::new(kind).with_status(status).with_detail(detail)))
    }

    /// The version of exactly this name, if nothing speaks against it: so are almost all named, and nothing is parsed.
    fn canonical(&self, text: &str) -> Option<VersionId> {
        let id = *self.api.names.get(text)?;
        let future = self.api.version(id).day.is_some_and(|day| day > self.now);
        (!future && self.is_released(id)).then_some(id)
    }

    fn is_released(&self, id: VersionId) -> bool {
        self.api.version(id).released.is_none_or(|released| released <= self.now)
    }

    fn nearest_not_newer(&self, name: &VersionName) -> Option<VersionId> {
        if !self.api.waterfall || name.is_preview() {
            return None;
        }
        let older =
            self.api.versions.iter().rev().filter(|version| version.name <= *name && !version.name.is_preview());
        older.map(|version| version.id).find(|id| self.is_released(*id))
    }

    pub(super) fn negotiated(&self) -> Negotiated {
        let Some(template) = &self.api.sources.media else { return Negotiated::Unspecified };
        if self.takes_anything() {
            return Negotiated::Unspecified;
        }
        let lookup = |text: &str| match self.read_version(text, VersionSource::Accept) {
            Ok(id) if self.is_gone(id) => VersionLookup::Retired(id),
            Ok(id) => VersionLookup::Live(id),
            Err(_) => VersionLookup::Unknown,
        };
        let values = self.head.headers.get_all(header::ACCEPT).iter();
        accept::negotiate(values, template, lookup, &self.preference())
    }

    /// Whether there is no `Accept`, or one that any version meets: then there is nothing to negotiate.
    fn takes_anything(&self) -> bool {
        let mut values = self.head.headers.get_all(header::ACCEPT).iter();
        match (values.next(), values.next()) {
            (None, _) => true,
            (Some(value), None) => value == "*/*" && self.api.versions.iter().any(|version| self.is_there(version.id)),
            _ => false,
        }
    }

    fn is_there(&self, id: VersionId) -> bool {
        self.is_released(id) && !self.is_gone(id)
    }

    /// Gone for this consumer: an extension keeps it alive.
    fn is_gone(&self, id: VersionId) -> bool {
        let extension = || self.catalog.extension(self.api, id, self.consumer.as_ref().map(|c| c.as_str()));
        !self.catalog.is_live(self.api, id, self.now) && extension().is_none_or(|until| until <= self.now)
    }

    /// Live versions: the default first, then from the newest on.
    fn preference(&self) -> Vec<VersionId> {
        let default = self.default_version().map(|(id, _)| id);
        let newest_first = self.api.versions.iter().rev().map(|version| version.id);
        let others = newest_first.filter(|id| Some(*id) != default);
        default.into_iter().chain(others).filter(|id| self.is_there(*id)).collect()
    }

    /// What the request's content says of itself.
    pub(super) fn content_version(&self) -> Result<Option<VersionId>, Box<ResolveError>> {
        let Some(template) = &self.api.sources.media else { return Ok(None) };
        let Some(text) = accept::content_type_version(self.head.headers, template) else { return Ok(None) };
        match self.read_version(&text, VersionSource::Accept) {
            Ok(id) => Ok(Some(id)),
            Err(_) => {
                let detail = format!(
                    "`Content-Type` names version {text:?}, which does not exist: use one of `supported_versions`"
                );
                Err(self.refuse(Problem::new(ProblemType::VersionUnsupportedBody).with_detail(detail)))
            }
        }
    }

    /// The pin, the route's default, or the api's; what is not released yet is none of them.
    pub(super) fn default_version(&self) -> Option<(VersionId, VersionSource)> {
        let released = |id: &VersionId| self.is_released(*id);
        let pin = self.pin().filter(released).map(|id| (id, VersionSource::Pin));
        let route = || self.route_default().filter(released);
        let default = || route().or(self.api.unspecified.filter(released)).map(|id| (id, VersionSource::Default));
        pin.or_else(default)
    }

    fn pin(&self) -> Option<VersionId> {
        let consumer = self.consumer.as_ref()?;
        if let Some(id) = self.api.pins.get(consumer.as_str()) {
            return Some(*id);
        }
        let pinned = self.catalog.pins()?.pinned(&self.api.name, consumer)?;
        self.api.lookup(&pinned)
    }

    fn route_default(&self) -> Option<VersionId> {
        match self.api.find(self.api.newest(), self.head.method, self.path) {
            Match::Route(route) => self.api.route(route).default,
            _ => None,
        }
    }

    pub(super) fn source_names(&self) -> String {
        let sources = &self.api.sources;
        let names = [
            sources.path.as_ref().map(|t| format!("the path `{}{}`", self.api.base_path, t.render("{version}"))),
            sources.media.as_ref().map(|template| format!("`Accept: {}`", template.pattern())),
            sources.header.as_ref().map(|name| format!("the header `{name}`")),
            sources.query.as_ref().map(|name| format!("the query parameter `{name}`")),
            sources.host.as_ref().map(|t| format!("the host `{}`", t.render("{version}"))),
        ];
        names.into_iter().flatten().collect::<Vec<_>>().join(", or ")
    }
}

fn is_future(name: &VersionName, now: Timestamp) -> bool {
    name.day().and_then(|day| day.parse::<Timestamp>().ok()).is_some_and(|day| day > now)
}
