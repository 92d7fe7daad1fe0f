//! Where a gateway has its config from.

use std::path::{Path, PathBuf};

use super::load::{LoadError, Loaded, load_config_at, open, serve_at};
use super::options::Rewrite;
use crate::clock::Timestamp;
use crate::config::{Config, SourceMap};

/// Where a gateway has its config from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConfigSource {
    /// A file. It is watched, and read again on SIGHUP; what operators send to the admin listener is written to it.
    File(PathBuf),
    /// Texts in memory. What operators send is served, and not written anywhere. The TLS files that the texts name are
    /// watched; no signal is listened for.
    Text(SourceMap),
    /// A config that was read or built already. It has no text, so that `GET /config` is empty and
    /// `POST /config/reload` is refused; otherwise as [`ConfigSource::Text`].
    Value(Box<Config>),
}

// === impl ConfigSource ===

impl ConfigSource {
    /// The path of the main file, or what messages call the config.
    pub(in crate::gateway) fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Text(texts) => texts.files().first().map_or_else(|| PathBuf::from("text"), |file| file.path().into()),
            Self::Value(_) => PathBuf::from("value"),
        }
    }

    /// The texts that it is made of: of the file and of those that it includes, as they are to be parsed.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(in crate::gateway) fn read(&self, rewrite: Option<&Rewrite>) -> Result<SourceMap, LoadError> {
        match self {
            Self::File(path) => open(path, &|text| match rewrite {
                Some(rewrite) => rewrite(text),
                None => text,
            }),
            Self::Text(texts) => Ok(texts.clone()),
            Self::Value(_) => Ok(SourceMap::default()),
        }
    }

    /// The config, read from its texts, or as it was built, and checked.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(in crate::gateway) fn load(
        &self,
        texts: &SourceMap,
        variables: &dyn Fn(&str) -> Option<String>,
        now: Timestamp,
    ) -> Result<Loaded, LoadError> {
        match self {
            Self::Value(config) => load_config_at((**config).clone(), now),
            Self::File(_) | Self::Text(_) => serve_at(texts, variables, now),
        }
    }
}

impl From<&Path> for ConfigSource {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for ConfigSource {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<PathBuf> for ConfigSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<SourceMap> for ConfigSource {
    fn from(texts: SourceMap) -> Self {
        Self::Text(texts)
    }
}

impl From<Config> for ConfigSource {
    fn from(config: Config) -> Self {
        Self::Value(Box::new(config))
    }
}
