//! Which body a command is about, as arguments.

use sunward::catalog::{ApiEntry, Catalog, RouteEntry};
use sunward::change::{BodyChain, PlaceError, RouteName};
use sunward::clock::Timestamp;
use sunward::version::VersionId;

#[derive(clap::Args)]
pub(crate) struct SelectionArgs {
    #[command(flatten)]
    pub(crate) file: super::ConfigArg,
    /// The api; not needed if there is only one.
    #[arg(long, value_name = "NAME")]
    api: Option<String>,
    /// The route, as the newest version has it: "GET /users/{id}".
    #[arg(long, value_name = "ROUTE")]
    route: String,
    /// The version that the body speaks.
    #[arg(long, value_name = "VERSION")]
    from: String,
    /// The version that it shall speak.
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// The request's body, not the response's.
    #[arg(long, conflicts_with = "status")]
    pub(crate) request: bool,
    /// The response's status; the route's only or first 2xx, unless said.
    #[arg(long, value_name = "STATUS")]
    status: Option<u16>,
    /// As things stand at this time; now, unless said.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) now: Option<Timestamp>,
}

/// What the arguments name.
pub(crate) struct SelectedChain<'c> {
    pub(crate) api: &'c ApiEntry,
    pub(crate) chain: &'c BodyChain,
    pub(crate) from: VersionId,
    pub(crate) to: VersionId,
}

// === impl SelectionArgs ===

impl SelectionArgs {
    /// Finds it; a name that is not there is told with those that are.
    pub(crate) fn find<'c>(&self, catalog: &'c Catalog) -> Result<SelectedChain<'c>, String> {
        let api = self.api(catalog)?;
        let name: RouteName = self.route.parse().map_err(|e: PlaceError| format!("{e}; {}", e.help()))?;
        let route = api.route_named(&name);
        let known = || list(api.routes.iter().map(|route| route.history.name.to_string()));
        let route = route.ok_or_else(|| format!("{} has no route `{name}`; known: {}", api.name, known()))?;
        let chain = if self.request { &route.history.request } else { self.response(route)? };
        Ok(SelectedChain { api, chain, from: version(api, &self.from)?, to: version(api, &self.to)? })
    }

    fn api<'c>(&self, catalog: &'c Catalog) -> Result<&'c ApiEntry, String> {
        let known = || list(catalog.apis().iter().map(|api| api.name.to_string()));
        match (&self.api, catalog.apis()) {
            (Some(name), _) => catalog.api(name).ok_or_else(|| format!("unknown api `{name}`; known: {}", known())),
            (None, [only]) => Ok(only),
            (None, _) => Err(format!("pass `--api`; known: {}", known())),
        }
    }

    fn response<'c>(&self, route: &'c RouteEntry) -> Result<&'c BodyChain, String> {
        let history = &route.history;
        let found = match self.status {
            Some(status) => history.response(status),
            None => {
                let success = history.responses.iter().find(|(of, _)| (200..300).any(|status| of.contains(status)));
                success.map(|(_, chain)| chain)
            }
        };
        found.ok_or_else(|| {
            let what = self.status.map_or_else(|| "success".to_owned(), |status| format!("status {status}"));
            let declared = match &history.responses[..] {
                [] => "none is declared".to_owned(),
                list => format!("declared: {}", self::list(list.iter().map(|(of, _)| format!("`{of}`")))),
            };
            let name = &history.name;
            format!(
                "no resource is in a response of `{name}` with {what}: {declared}; for the request body, pass \
                 `--request`"
            )
        })
    }
}

fn version(api: &ApiEntry, text: &str) -> Result<VersionId, String> {
    let known = || list(api.versions.iter().map(|version| version.text.to_string()));
    api.lookup(text).ok_or_else(|| format!("{} has no version `{text}`; known: {}", api.name, known()))
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
