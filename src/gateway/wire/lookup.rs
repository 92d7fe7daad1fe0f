//! Looks up the addresses of host names.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::Uri;

/// What finds the addresses of a host name: the best first.
pub(in crate::gateway) type HostLookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;
pub(in crate::gateway) type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The resolver of the system.
pub(in crate::gateway) fn system() -> HostLookup {
    Arc::new(|host| {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    })
}

/// The host of a URL, without the brackets, which are a URL's and not an address's.
pub(in crate::gateway) fn host(url: &Uri) -> &str {
    url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}
