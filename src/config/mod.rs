//! The TOML file: read into specs, with everything that is wrong with it said at once.
//!
//! [`read`] stops at nothing but broken TOML. What it cannot read it leaves out, so that the checks of
//! [`catalog`](crate::catalog) and [`change`](crate::change) can add their findings to the same list, and [`render`]
//! shows them all with their place in the file.
//!
//! ```
//! let (config, found) = sunward::config::read("[[api]]\nname = \"shop\"\nbase_pat = \"/api\"\n");
//! let shown = sunward::config::render(&found, "[[api]]\nname = \"shop\"\nbase_pat = \"/api\"\n", "sunward.toml", false);
//! assert!(shown.contains("error[unknown-key]"));
//! assert!(shown.contains("sunward.toml:3:1"));
//! assert!(shown.contains("did you mean `base_path`?"));
//! assert_eq!(config.expect("a config").apis.len(), 1);
//! ```

mod api;
mod change;
mod gateway;
mod head;
mod keys;
mod node;
mod op;
mod render;
mod schema;
#[cfg(test)]
mod tests;
mod tree;
mod value;
mod version;

use toml::de::DeTable;

pub use gateway::{GatewaySpec, Instance, LogFormat, Upstream};
pub use keys::reference;
pub use render::{render, to_json};
pub use schema::schema;

use crate::catalog::Api;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use tree::Reader;

/// A file, read but not yet checked for its meaning.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The `[gateway]` table.
    pub gateway: GatewaySpec,
    /// The `[[api]]` tables.
    pub apis: Vec<Api>,
    /// The `[[upstream]]` tables.
    pub upstreams: Vec<Upstream>,
}

/// Reads a file as far as it can be read, with all findings by their position. There is no config only when the text
/// is not TOML.
#[must_use]
pub fn read(source: &str) -> (Option<Config>, Diagnostics) {
    let mut found = Diagnostics::new();
    let (document, errors) = DeTable::parse_recoverable(source);
    if !errors.is_empty() {
        errors.iter().for_each(|error| found.push(syntax(error, source)));
        found.sort();
        return (None, found);
    }
    let config = config(Reader::root(document.get_ref(), &keys::ROOT, &mut found));
    found.sort();
    (Some(config), found)
}

fn config(mut reader: Reader<'_, '_>) -> Config {
    let gateway = reader.table("gateway", GatewaySpec::read).unwrap_or_default();
    let apis = reader.tables("api", api::api);
    let mut nameless = false;
    let upstreams = reader.tables("upstream", |reader| {
        let upstream = Upstream::read(reader);
        nameless |= upstream.is_none();
        upstream
    });
    gateway::check_names(&upstreams, reader.found);
    // An upstream whose name could not be read may be the one that is looked for.
    if !nameless {
        gateway::check_references(&apis, &upstreams, reader.found);
    }
    reader.finish();
    Config { gateway, apis, upstreams }
}

fn syntax(error: &toml::de::Error, source: &str) -> Diagnostic {
    let range = error.span().unwrap_or_default();
    // A span without an end would pass for none.
    let span = Span::new(range.start, range.end.max(usize::from(!source.is_empty())));
    match (error.message(), source.get(range)) {
        ("duplicate key", Some(key)) => Diagnostic::error("duplicate-key", format!("`{key}` is said twice"), span)
            .help("remove one; a list of tables has two brackets: `[[api]]`"),
        (message, _) => Diagnostic::error("syntax", format!("this is not TOML: {message}"), span),
    }
}
