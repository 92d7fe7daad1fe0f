//! Which body a command is about, as arguments.

use sunward::catalog::{ApiEntry, Catalog, Explanation, Migration, UnknownName};
use sunward::clock::Timestamp;

#[derive(clap::Args)]
pub(crate) struct SelectionArgs {
    #[command(flatten)]
    pub(crate) file: super::ConfigArg,
    /// The api; not needed if there is only one.
    #[arg(long, value_name = "NAME")]
    api: Option<String>,
    /// The route, as it is in the newest version: "GET /users/{id}".
    #[arg(long, value_name = "ROUTE")]
    route: String,
    /// The version of the body.
    #[arg(long, value_name = "VERSION")]
    from: String,
    /// The target version.
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// Selects the body of the request instead of the response.
    #[arg(long, conflicts_with = "status")]
    pub(crate) request: bool,
    /// The status of the response. Default: the only one of the route, or the first 2xx.
    #[arg(long, value_name = "STATUS")]
    status: Option<u16>,
    /// Uses this time for dates. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) now: Option<Timestamp>,
}

// === impl SelectionArgs ===

impl SelectionArgs {
    /// The migration of the body from one version to the other; an unknown name is an error that lists the known ones.
    pub(crate) fn migration<'c>(&self, catalog: &'c Catalog) -> Result<Migration<'c>, String> {
        let found = self.api(catalog)?.migration(&self.text(), &self.from, &self.to);
        found.map_err(|error| self.hint(&error))
    }

    /// The same in words.
    pub(crate) fn explain(&self, catalog: &Catalog) -> Result<Explanation, String> {
        let found = self.api(catalog)?.explain(&self.text(), &self.from, &self.to);
        found.map_err(|error| self.hint(&error))
    }

    /// Why nothing happens to the body.
    pub(crate) fn why_nothing(&self, catalog: &Catalog) -> String {
        let place = self.text();
        let any = self.api(catalog).ok().and_then(|api| {
            let (oldest, newest) = (api.versions().first()?.name(), api.versions().last()?.name());
            Some(!api.explain(&place, oldest, newest).ok()?.changes().is_empty())
        });
        match any {
            _ if self.from == self.to => "both versions are the same".to_owned(),
            Some(true) => format!("no change between {} and {} alters the body of `{place}`", self.from, self.to),
            _ => format!("no change of any version applies to `{place}`; `at` of a resource or change names messages"),
        }
    }

    fn api<'c>(&self, catalog: &'c Catalog) -> Result<&'c ApiEntry, String> {
        super::names::api(catalog, self.api.as_deref())
    }

    /// As a place is written.
    fn text(&self) -> String {
        match self.status {
            _ if self.request => format!("{} <-", self.route),
            Some(status) => format!("{} -> {status}", self.route),
            None => self.route.clone(),
        }
    }

    fn hint(&self, error: &UnknownName) -> String {
        let hint = match (error.is_response(), self.status) {
            (true, None) => "; pass `--status`, or `--request` for the request body",
            (true, Some(_)) => "; for the request body, pass `--request`",
            (false, _) => "",
        };
        format!("{error}{hint}")
    }
}
