//! What the files of a config were when they were last looked at. A look that finds the same has nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::config::{self, Environment, SourceMap};
use crate::gateway::wire::tls::stamp;

/// The texts of a config, and the files that they name: certificates, keys and authorities, towards clients and towards
/// instances.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Fingerprint {
    texts: SourceMap,
    files: BTreeMap<PathBuf, Option<u64>>,
}

// === impl Fingerprint ===

impl Fingerprint {
    /// With the files as they are now. What is loaded afterwards may be newer, never older.
    pub(in crate::gateway) fn new(texts: SourceMap, environment: Environment<'_>) -> Self {
        let files = stamped(named(&texts, environment));
        Self { texts, files }
    }

    /// The same at another time, with the texts of that time.
    pub(super) fn with(&self, texts: SourceMap, environment: Environment<'_>) -> Self {
        if texts != self.texts {
            return Self::new(texts, environment);
        }
        // Which files texts name depends on the texts alone.
        Self { texts, files: stamped(self.files.keys().cloned()) }
    }

    /// Where a change may be one of the config. The last component may be a pattern.
    pub(super) fn places(&self) -> impl Iterator<Item = &Path> {
        self.texts.places().chain(self.files.keys().map(PathBuf::as_path))
    }
}

fn stamped(files: impl IntoIterator<Item = PathBuf>) -> BTreeMap<PathBuf, Option<u64>> {
    files.into_iter().map(|file| (stamp(&file), file)).map(|(stamp, file)| (file, stamp)).collect()
}

/// The files that these texts name, as far as they can be read: a config that is refused may want for one of them.
fn named(texts: &SourceMap, environment: Environment<'_>) -> BTreeSet<PathBuf> {
    let Some(config) = config::read_all(texts, environment).0 else { return BTreeSet::new() };
    let clients =
        config.gateway.tls.iter().flat_map(|tls| [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref()]);
    let instances = config.upstreams.iter().flat_map(|upstream| {
        let (certificate, key) = upstream.tls.identity.as_ref().map(|(certificate, key)| (certificate, key)).unzip();
        [upstream.tls.ca.as_ref(), certificate, key]
    });
    clients.chain(instances).flatten().map(|file| file.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files that a config may name.
    const ALL: &str = r#"
        [gateway]
        tls = { listen = "127.0.0.1:1", certificate = "DIR/a", key = "DIR/b", client_ca = "DIR/c" }
        [[upstream]]
        name = "u"
        instances = [{ url = "https://h:1" }]
        tls = { ca = "DIR/d", certificate = "DIR/e", key = "DIR/f" }
    "#;

    #[test]
    fn a_change_of_any_file_is_seen_once() {
        let folder = std::env::temp_dir().join(format!("sunward-seen-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let main = folder.join("main.toml");
        let texts = |more: &str| {
            let text = ALL.replace("DIR", &folder.display().to_string().replace('\\', "/"));
            SourceMap::new(&main, text + more)
        };
        let mut seen = Fingerprint::new(texts(""), &|_| None);
        let mut wrong = Vec::new();
        // Each is made, changed and removed.
        for file in ["a", "b", "c", "d", "e", "f"] {
            for content in [Some("1"), Some("2"), None] {
                let path = folder.join(file);
                match content {
                    Some(content) => std::fs::write(&path, content).expect("written"),
                    None => std::fs::remove_file(&path).expect("removed"),
                }
                let now = seen.with(texts(""), &|_| None);
                let again = now.with(texts(""), &|_| None);
                if now == seen || again != now || !now.places().any(|place| place == path) {
                    wrong.push((file, content));
                }
                seen = now;
            }
        }
        // Nothing that the texts do not name.
        std::fs::write(folder.join("g"), "1").expect("written");
        let rows = [("", true), ("# another text", false), ("[broken", false)];
        wrong.extend(
            rows.iter()
                .filter(|(more, same)| (seen.with(texts(more), &|_| None) == seen) != *same)
                .map(|row| (row.0, None)),
        );
        std::fs::remove_dir_all(&folder).expect("removed");
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
