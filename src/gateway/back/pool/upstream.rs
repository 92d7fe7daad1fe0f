//! An upstream of a config, ready to become a pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Uri;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::config::Upstream;
use crate::version::VersionId;

/// An upstream, with what its names stand for.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct LoadedUpstream {
    pub(in crate::gateway) spec: Upstream,
    /// The version that each instance is configured to speak, by api.
    pub(in crate::gateway) speaks: Vec<BTreeMap<String, VersionId>>,
    /// The client's side of TLS, where an instance needs it.
    pub(in crate::gateway) tls: Option<Arc<ClientConfig>>,
}

// === impl LoadedUpstream ===

impl LoadedUpstream {
    /// The upstream's name.
    pub(in crate::gateway) fn name(&self) -> &str {
        &self.spec.name.value
    }

    /// The name that the certificate of the instance at `url` must have.
    pub(in crate::gateway) fn server_name(&self, url: &Uri) -> Option<ServerName<'static>> {
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = self.spec.tls.server_name.as_ref().map_or(host, |name| name.value.clone());
        ServerName::try_from(name).ok()
    }
}
