//! Clients of the demo, which call it again and again at a low rate.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// A client calls so often.
const PAUSE: Duration = Duration::from_millis(700);
/// What each client calls itself, and what it asks for.
const CALLS: [(&str, &str); 8] = [
    ("acme-app/2.1", "/api/v2/users/1"),
    ("acme-app/3.0", "/api/v3/users/1"),
    ("umbrella-sync/1.4", "/api/v2/purchases?per_page=2"),
    ("hooli/7", "/api/v3/orders"),
    ("acme-app/3.0", "/api/v3/users"),
    ("report-job", "/api/v2/users"),
    ("initech/1", "/api/v3/users/2"),
    ("report-job", "/api/v1/users/1"),
];

/// Calls the gateway at `address` until the process ends.
pub(crate) async fn call(address: SocketAddr) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    for (agent, path) in CALLS.iter().cycle() {
        let request = Request::get(format!("http://{address}{path}")).header(header::USER_AGENT, *agent);
        let request = request.body(Full::default()).expect("a request");
        if let Ok(response) = client.request(request).await {
            // An answer is read to its end, so that the connection can be used again.
            let _ = response.into_body().collect().await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
