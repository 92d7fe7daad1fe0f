//! Where spans go: OTLP over HTTP, in batches, over connections of the gateway's own making.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tokio_rustls::rustls::pki_types::ServerName;

use super::ExportError;
use crate::config::UpstreamTls;
use crate::diagnostic::{Diagnostics, Span, Spanned};
use crate::gateway::wire::client_tls::client_config;
use crate::gateway::wire::connect::Connector;

type VariableLookup<'a> = &'a dyn Fn(&str) -> Option<String>;
type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

/// Posts a batch. The exporter's thread has no runtime, so that of the gateway does the work.
#[derive(Debug)]
struct ExportClient {
    connector: Arc<Connector>,
    timeout: Duration,
    runtime: Handle,
}

/// How long an export may take by default.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of an answer.
const ANSWER: usize = 64 * 1024;

/// What exports spans where the variables say; `None` if they do not. The variables that are not read here, such as
/// that of the sampler, are read by the SDK itself.
pub(super) fn provider(variables: VariableLookup<'_>) -> Result<Option<SdkTracerProvider>, ExportError> {
    let Some(endpoint) = endpoint(variables) else { return Ok(None) };
    let uri: Uri = endpoint.parse().map_err(|error| format!("`{endpoint}` is not a valid URL: {error}"))?;
    let client = ExportClient::new(&uri, variables)?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .build()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    Ok(Some(provider))
}

/// The URL that spans are posted to.
fn endpoint(variables: VariableLookup<'_>) -> Option<String> {
    let set = |name: &str| variables(name).filter(|value| !value.is_empty());
    let disabled = set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if disabled || set("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none") {
        return None;
    }
    set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
        let base = set("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Some(format!("{}/v1/traces", base.strip_suffix('/').unwrap_or(&base)))
    })
}

/// A variable of the exporter: that for traces, or that for all signals.
fn setting(variables: VariableLookup<'_>, name: &str) -> Option<String> {
    let names = [format!("OTEL_EXPORTER_OTLP_TRACES_{name}"), format!("OTEL_EXPORTER_OTLP_{name}")];
    names.iter().find_map(|name| variables(name).filter(|value| !value.is_empty()))
}

/// Who exports: `sunward`, unless the environment says another name.
fn resource() -> Resource {
    let name = Resource::builder().build().get(&Key::from_static_str("service.name"));
    let builder = Resource::builder();
    let builder = match name {
        Some(name) if !name.as_str().starts_with("unknown_service") => builder,
        _ => builder.with_service_name("sunward"),
    };
    builder.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))).build()
}

// === impl ExportClient ===

impl ExportClient {
    fn new(uri: &Uri, variables: VariableLookup<'_>) -> Result<Self, ExportError> {
        let host = uri.host().ok_or_else(|| format!("`{uri}` has no host"))?;
        let tls = match uri.scheme_str() {
            Some("http") => None,
            Some("https") => {
                let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
                Some((tls(variables)?, ServerName::try_from(name)?))
            }
            _ => return Err(format!("`{uri}` is neither http nor https").into()),
        };
        let timeout = setting(variables, "TIMEOUT").and_then(|text| text.parse().ok());
        let timeout = timeout.map_or(TIMEOUT, Duration::from_millis);
        Ok(Self { connector: Arc::new(Connector::new(uri, tls)), timeout, runtime: Handle::current() })
    }
}

impl HttpClient for ExportClient {
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> Sending<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        let (connector, timeout) = (Arc::clone(&self.connector), self.timeout);
        let task = self.runtime.spawn(async move { tokio::time::timeout(timeout, send(&connector, request)).await });
        Box::pin(async move { task.await?? })
    }
}

fn tls(variables: VariableLookup<'_>) -> Result<Arc<tokio_rustls::rustls::ClientConfig>, ExportError> {
    let file = setting(variables, "CERTIFICATE");
    let ca = file.as_ref().map(|file| Spanned::new(PathBuf::from(file), Span::NONE));
    let spec = UpstreamTls { ca, ..UpstreamTls::default() };
    let config = client_config(&spec, false, &mut Diagnostics::new());
    config.ok_or_else(|| format!("`{}` has no certificate", file.unwrap_or_default()).into())
}

/// On a connection of its own: the next batch is seconds away.
async fn send(connector: &Connector, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let authority = authority.rsplit('@').next().unwrap_or_default();
    head.headers.insert(header::HOST, HeaderValue::try_from(authority)?);
    head.uri = head.uri.path_and_query().map_or_else(Uri::default, |path| Uri::from(path.clone()));
    let stream = connector.connect().await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let response = sender.send_request(Request::from_parts(head, Full::new(body))).await?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
    driving.abort();
    Ok(Response::from_parts(head, body))
}
