//! The TOML file: read into specs, with everything that is wrong with it said at once.
//!
//! [`read_all`] stops at nothing but broken TOML. What it cannot read it leaves out, so that the checks of
//! [`catalog`](crate::catalog) and [`change`](crate::change) can add their findings to the same list, and [`render`]
//! shows them all with their place in the file.
//!
//! ```
//! use sunward::config::{SourceMap, read_all, render};
//!
//! let sources = SourceMap::new("sunward.toml", "[[api]]\nname = \"shop\"\nbase_pat = \"/api\"\n");
//! let (config, found) = read_all(&sources, &|_| None);
//! let shown = render(&found, &sources, false);
//! assert!(shown.contains("error[unknown-key]"));
//! assert!(shown.contains("sunward.toml:3:1"));
//! assert!(shown.contains("did you mean `base_path`?"));
//! assert_eq!(config.expect("a config").apis().len(), 1);
//! ```

mod api;
pub(crate) mod case;
mod change;
mod common;
mod constant;
mod consumer;
#[cfg_attr(not(feature = "gateway"), expect(unreachable_pub, reason = "what is public of the gateway returns these"))]
mod gateway;
mod head;
mod include;
mod inside;
pub(crate) mod keys;
mod node;
mod notice;
mod op;
mod render;
mod schema;
mod sources;
mod structure;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod value;
mod variables;
mod version;
mod when;

pub(crate) use gateway::{
    AccessLog, ActAs, Addresses, Check, ForwardedHeaders, GatewaySpec, Instance, LedgerSpec, Limits, Listen, Proxy,
    Secret, Timeouts, Tls, Underscores, Upstream, UpstreamTls, check_references,
};
pub use gateway::{LogFormat, MailSpec, NoticesSpec, WebhookSpec};
pub use notice::{NoticeDate, NoticeSpec, NoticeTo};
pub use render::{render, to_json};
pub use schema::schema;
pub use sources::{SourceFile, SourceMap};
#[doc(hidden)]
pub use value::duration;
pub use variables::Environment;

use crate::catalog::{Api, RegisteredConsumer};
use crate::diagnostic::Diagnostics;
use node::FileText;
use tree::TableReader;

/// A file and those that it includes, read but not yet checked for their meaning.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The `[gateway]` table.
    pub(crate) gateway: GatewaySpec,
    /// The `[[api]]` tables.
    pub(crate) apis: Vec<Api>,
    /// The `[[upstream]]` tables.
    pub(crate) upstreams: Vec<Upstream>,
    /// The `[[consumer]]` tables.
    pub(crate) consumers: Vec<RegisteredConsumer>,
    /// The `[[notice]]` tables.
    pub(crate) notices: Vec<NoticeSpec>,
    /// Whether all that is included could be read, so that what is not here is nowhere.
    pub(crate) complete: bool,
    /// Whether the texts have an api, even if it could not be read and so is not here.
    pub(crate) names_api: bool,
    /// Whether something of the texts could not be read, and so is not here.
    pub(crate) broken: bool,
}

// === impl Config ===

impl Config {
    /// The `[[api]]` tables, in the order of the file; those of included files follow.
    #[must_use]
    pub fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// Adds an api that is built in Rust, such as one whose changes have functions.
    #[must_use]
    pub fn with_api(mut self, api: Api) -> Self {
        self.apis.push(api);
        self
    }

    /// The `[[consumer]]` tables, for [`Catalog::registered`](crate::catalog::Catalog::registered).
    #[must_use]
    pub fn consumers(&self) -> &[RegisteredConsumer] {
        &self.consumers
    }

    /// Adds a consumer to the register.
    #[must_use]
    pub fn with_consumer(mut self, consumer: RegisteredConsumer) -> Self {
        self.consumers.push(consumer);
        self
    }

    /// The `[[api]]` tables, for [`Catalog::new`](crate::catalog::Catalog::new).
    #[must_use]
    pub fn into_apis(self) -> Vec<Api> {
        self.apis
    }
}

/// Reads one text as far as it can be read, with all findings by their position. Nothing is included, and no
/// environment variable is set. There is no config only when the text is not TOML.
#[must_use]
pub fn read(source: &str) -> (Option<Config>, Diagnostics) {
    read_all(&SourceMap::new("", source), &|_| None)
}

/// Reads a file and those that it includes as far as they can be read, with all findings by their position. There is
/// no config only when the first one is not TOML.
#[must_use]
pub fn read_all(sources: &SourceMap, environment: Environment<'_>) -> (Option<Config>, Diagnostics) {
    let mut found = sources.problems().clone();
    let mut config = Config { complete: !found.has_errors(), ..Config::default() };
    let mut broken = false;
    // An upstream whose name could not be read may be the one that is looked for.
    let mut nameless = false;
    for (at, source) in sources.files().iter().enumerate() {
        let document = match syntax::parse(source) {
            Ok(document) => document,
            Err(errors) => {
                errors.into_iter().for_each(|error| found.push(error));
                broken |= at == 0;
                config.complete = false;
                continue;
            }
        };
        let keys = if at == 0 { &keys::ROOT } else { &keys::INCLUDED };
        let reader = TableReader::root(document.get_ref(), FileText::new(source), keys, &mut found);
        nameless |= tables(&mut config, reader, environment);
    }
    gateway::check_names(&config.upstreams, &mut found);
    if config.complete && !nameless {
        check_references(&config.apis, &config.upstreams, &mut found);
    }
    found.sort();
    config.broken = found.has_errors();
    ((!broken).then_some(config), found)
}

/// Reads the tables of one file. Says whether an upstream among them has no name.
fn tables<'t>(config: &mut Config, mut reader: TableReader<'t, '_>, environment: Environment<'t>) -> bool {
    // The loader has followed the entries; here it is only said what is wrong with them.
    reader.texts("include");
    config.names_api |= reader.has("api");
    config.apis.extend(reader.tables("api", api::api));
    config.consumers.extend(reader.tables("consumer", consumer::registered));
    config.notices.extend(reader.tables("notice", NoticeSpec::read));
    reader.allow_variables(environment);
    if let Some(gateway) = reader.table("gateway", GatewaySpec::read) {
        config.gateway = gateway;
    }
    let mut nameless = false;
    config.upstreams.extend(reader.tables("upstream", |reader| {
        let upstream = Upstream::read(reader);
        nameless |= upstream.is_none();
        upstream
    }));
    reader.finish();
    nameless
}
