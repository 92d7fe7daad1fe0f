//! Sends a request to the instance that was picked, and takes its answer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service;

use super::edge::drop_hop_by_hop;
use super::select::Target;
use crate::layer::MigrateBody;
use crate::plan::Plan;
use crate::problem::{Kind, Problem, TYPE_BASE};

/// What comes from a client.
pub(super) type RequestBody = MigrateBody<Incoming>;
/// What goes back: an upstream's body, or a problem.
pub(super) type ProxyBody = Either<Incoming, Full<Bytes>>;

/// Sends requests on. It never fails: what went wrong is an answer.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    client: Client<HttpConnector, RequestBody>,
    timeout: Duration,
}

/// The connections to upstreams; they outlive a reload.
pub(super) type Connections = Client<HttpConnector, RequestBody>;

/// What this hop is called in `Via` (RFC 9110 §7.6.3).
const PSEUDONYM: &str = "sunward";

/// A pool of connections.
pub(super) fn connections(connect_timeout: Duration) -> Connections {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(connect_timeout));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build(connector)
}

// === impl Forward ===

impl Forward {
    pub(super) const fn new(client: Connections, timeout: Duration) -> Self {
        Self { client, timeout }
    }
}

impl Service<Request<RequestBody>> for Forward {
    type Response = Response<ProxyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let (client, timeout) = (self.client.clone(), self.timeout);
        Box::pin(async move { Ok(send(&client, timeout, request).await) })
    }
}

async fn send(client: &Connections, timeout: Duration, mut request: Request<RequestBody>) -> Response<ProxyBody> {
    let plan = request.extensions_mut().remove::<Plan>();
    let Some(Target(base)) = request.extensions_mut().remove::<Target>() else {
        return match &plan {
            None => problem(None, Kind::RouteAbsent, "no api is here"),
            Some(_) => problem(plan.as_ref(), Kind::UpstreamUnavailable, "no instance can be reached"),
        };
    };
    let received = request.version();
    let Some(uri) = join(&base, request.uri()) else {
        return problem(plan.as_ref(), Kind::PathInvalid, "the path cannot be sent on");
    };
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    append_via(request.headers_mut(), received);
    match tokio::time::timeout(timeout, client.request(request)).await {
        Err(_) => problem(plan.as_ref(), Kind::UpstreamTimeout, "the upstream did not answer in time"),
        Ok(Err(error)) if error.is_connect() => {
            tracing::warn!(%base, %error, "an upstream cannot be reached");
            problem(plan.as_ref(), Kind::UpstreamUnavailable, "the upstream cannot be reached")
        }
        Ok(Err(error)) => {
            tracing::warn!(%base, %error, "an upstream broke off");
            problem(plan.as_ref(), Kind::UpstreamFailed, "the upstream broke off")
        }
        // Nobody asked for another protocol: `Upgrade` is taken off at the edge.
        Ok(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            problem(plan.as_ref(), Kind::UpstreamFailed, "the upstream switched protocols unasked")
        }
        Ok(Ok(mut response)) => {
            drop_hop_by_hop(response.headers_mut());
            *response.version_mut() = Version::HTTP_11;
            response.map(Either::Left)
        }
    }
}

fn problem(plan: Option<&Plan>, kind: Kind, detail: &str) -> Response<ProxyBody> {
    let problem = Problem::new(kind).with_detail(detail);
    let base = plan.map_or(TYPE_BASE, |plan| &plan.api().problem_types);
    problem.response(base).map(|body| Either::Right(Full::new(Bytes::from(body))))
}

/// The instance's scheme, authority and prefix, with the request's path and query.
fn join(base: &Uri, target: &Uri) -> Option<Uri> {
    let path = target.path_and_query().map_or("/", PathAndQuery::as_str);
    let prefix = base.path().trim_end_matches('/');
    let mut parts = base.clone().into_parts();
    let joined = if prefix.is_empty() { path.to_owned() } else { format!("{prefix}{path}") };
    parts.path_and_query = Some(PathAndQuery::try_from(joined).ok()?);
    Uri::from_parts(parts).ok()
}

/// A gateway must say that it was there (RFC 9110 §7.6.3), with the version that it received.
fn append_via(headers: &mut HeaderMap, received: Version) {
    let version = match received {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2.0",
        _ => "1.1",
    };
    let before = headers.get_all(header::VIA).iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<String> = before.map(str::to_owned).collect();
    hops.push(format!("{version} {PSEUDONYM}"));
    if let Ok(value) = HeaderValue::try_from(hops.join(", ")) {
        headers.insert(HeaderName::from_static("via"), value);
    }
}
