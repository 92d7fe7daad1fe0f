//! What can be asked of the admin listener.

use http::Method;
use percent_encoding::percent_decode_str;

/// One of the things that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Metrics,
    Health,
    Ready,
    OpenApi,
    Versions,
    Upstreams,
    Drain,
    Undrain,
    Pause,
    Resume,
    Hold,
    Release,
    Extend,
    Withdraw,
    Audit,
    Config,
    PutConfig,
    Reload,
    Revisions,
    Rollback,
}

/// What a method and a path lead to.
pub(super) enum OperationMatch {
    /// A route, and the names in the path.
    Operation(Operation, Vec<String>),
    /// The path is known, with these methods.
    Methods(String),
    Nothing,
}

/// All of it. The document for machines has the same rows: a test compares them.
const ROUTES: [(Method, &str, Operation); 20] = [
    (Method::GET, "/metrics", Operation::Metrics),
    (Method::GET, "/healthz", Operation::Health),
    (Method::GET, "/readyz", Operation::Ready),
    (Method::GET, "/openapi.json", Operation::OpenApi),
    (Method::GET, "/versions", Operation::Versions),
    (Method::GET, "/upstreams", Operation::Upstreams),
    (Method::POST, "/upstreams/{name}/drain", Operation::Drain),
    (Method::POST, "/upstreams/{name}/undrain", Operation::Undrain),
    (Method::POST, "/apis/{api}/pause", Operation::Pause),
    (Method::POST, "/apis/{api}/resume", Operation::Resume),
    (Method::POST, "/apis/{api}/versions/{version}/hold", Operation::Hold),
    (Method::POST, "/apis/{api}/versions/{version}/release", Operation::Release),
    (Method::POST, "/apis/{api}/versions/{version}/extend", Operation::Extend),
    (Method::POST, "/apis/{api}/versions/{version}/withdraw", Operation::Withdraw),
    (Method::GET, "/audit", Operation::Audit),
    (Method::GET, "/config", Operation::Config),
    (Method::PUT, "/config", Operation::PutConfig),
    (Method::POST, "/config/reload", Operation::Reload),
    (Method::GET, "/revisions", Operation::Revisions),
    (Method::POST, "/rollback", Operation::Rollback),
];

// === impl Operation ===

impl Operation {
    /// Whether everybody may ask: scrapers and probes have no token.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Metrics | Self::Health | Self::Ready)
    }
}

/// The paths, once each.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    let mut before = "";
    ROUTES.iter().map(|(_, path, _)| *path).filter(move |path| std::mem::replace(&mut before, path) != *path)
}

pub(super) fn find(method: &Method, path: &str) -> OperationMatch {
    let known = ROUTES.iter().filter_map(|(of, template, route)| Some((of, route, names(template, path)?)));
    let mut allow = Vec::new();
    for (of, route, names) in known {
        if of == method {
            return OperationMatch::Operation(*route, names);
        }
        allow.push(of.as_str());
        if of == Method::GET {
            allow.push("HEAD");
        }
    }
    if allow.is_empty() { OperationMatch::Nothing } else { OperationMatch::Methods(allow.join(", ")) }
}

/// The names in a path, if it is one of the template's.
fn names(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(names),
            (Some(part), Some(name)) if part.starts_with('{') && !name.is_empty() => {
                names.push(percent_decode_str(name).decode_utf8().ok()?.into_owned());
            }
            (Some(part), Some(same)) if part == same => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn paths_lead_to_routes() {
        let rows = [
            ("GET", "/versions", "Versions []"),
            ("POST", "/apis/a%20b/versions/1.0/hold", "Hold [\"a b\", \"1.0\"]"),
            ("POST", "/apis//pause", "nothing"),
            ("POST", "/apis/%ff/pause", "nothing"),
            ("GET", "/apis/a/pause", "POST"),
            ("DELETE", "/config", "GET, HEAD, PUT"),
            ("GET", "/versions/", "nothing"),
            ("GET", "/", "nothing"),
        ];
        for (method, path, expected) in rows {
            let found = match find(&method.parse().expect("a method"), path) {
                OperationMatch::Operation(route, names) => format!("{route:?} {names:?}"),
                OperationMatch::Methods(allow) => allow,
                OperationMatch::Nothing => "nothing".to_owned(),
            };
            assert_eq!(found, expected, "{method} {path}");
        }
    }

    /// The document has every route, and no other; what is open there is open here.
    #[test]
    fn the_document_has_the_same_routes() {
        let document: serde_json::Value = serde_json::from_str(super::super::OPENAPI).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<(String, &str, bool)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("methods").iter().filter(|(name, _)| *name != "parameters");
                methods.map(move |(method, what)| {
                    (method.to_uppercase(), path.as_str(), what["security"] == serde_json::json!([]))
                })
            })
            .collect();
        let known = ROUTES.iter().map(|(method, path, route)| (method.to_string(), *path, route.is_open())).collect();
        assert_eq!(described, known);
    }
}
