//! Why a gateway did not start.

use std::io;

use crate::config::Listen;
use crate::gateway::config::load::LoadError;

/// Why a gateway did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The config file.
    Config(LoadError),
    /// A place cannot be listened on.
    Bind(Listen, io::Error),
    /// The access log cannot be opened.
    AccessLog(io::Error),
    /// The environment says where spans go, and they cannot go there.
    Traces(Box<dyn std::error::Error + Send + Sync>),
}

// === impl StartError ===

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Bind(place, error) => write!(f, "cannot listen on {place}: {error}"),
            Self::AccessLog(error) => write!(f, "cannot open the access log: {error}"),
            Self::Traces(error) => write!(f, "cannot export spans: {error}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Bind(_, error) | Self::AccessLog(error) => Some(error),
            Self::Traces(error) => Some(&**error),
        }
    }
}
