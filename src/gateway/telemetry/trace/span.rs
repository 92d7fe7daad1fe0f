//! One span for each request: from its head to the end of its response.
//!
//! Attributes are those of OpenTelemetry's conventions for HTTP servers. The query is in none: it may have secrets.

use std::time::Duration;

use http::header::{HeaderMap, HeaderValue};
use http::{Method, Request, Response};
use http_body::Frame;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};

use super::context::{TRACEPARENT, TRACESTATE, parent};
use super::{ExportError, export};
use crate::gateway::telemetry::extensions::ResponsePlan;
use crate::names::METHODS;

/// Makes the spans, if they are to be made. Clones export to the same place.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Tracer {
    on: Option<(SdkTracer, SdkTracerProvider)>,
}

/// The span of a request that is under way. It ends when it is dropped.
pub(in crate::gateway) struct Running {
    span: Span,
    method: &'static str,
    /// The parent's, or of a trace that begins here.
    flags: TraceFlags,
    answered: bool,
    /// All of the response was sent.
    ended: bool,
}

/// How long the last spans may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// The flags of a trace that pass from hop to hop: that its id is random.
const LASTING: TraceFlags = TraceFlags::new(2);
/// A method that the conventions do not know.
const OTHER: &str = "_OTHER";

// === impl Tracer ===

impl Tracer {
    /// Exports where these variables say; makes no spans if they do not. Called within a Tokio runtime.
    pub(in crate::gateway) fn new(variables: &dyn Fn(&str) -> Option<String>) -> Result<Self, ExportError> {
        let provider = export::provider(variables)?;
        Ok(Self { on: provider.map(|provider| (provider.tracer("sunward"), provider)) })
    }

    pub(in crate::gateway) const fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// Begins the span of a request whose head has come, in the trace that it says.
    pub(in crate::gateway) fn begin<B>(&self, request: &Request<B>, tls: bool) -> Option<Box<Running>> {
        let (tracer, _) = self.on.as_ref()?;
        let method = known(request.method());
        let attributes = [
            KeyValue::new("http.request.method", method),
            KeyValue::new("url.scheme", if tls { "https" } else { "http" }),
            KeyValue::new("url.path", request.uri().path().to_owned()),
        ];
        let inbound = remote(request.headers());
        let flags = inbound.as_ref().map_or(TraceFlags::default(), SpanContext::trace_flags);
        let context = inbound.map_or_else(Context::new, |inbound| Context::new().with_remote_span_context(inbound));
        let builder = tracer.span_builder(name(method)).with_kind(SpanKind::Server).with_attributes(attributes);
        let span = builder.start_with_context(tracer, &context);
        Some(Box::new(Running { span, method, flags, answered: false, ended: false }))
    }

    /// Exports what is not yet exported; spans that end after this are lost.
    pub(in crate::gateway) async fn stop(&self) {
        let Some((_, provider)) = self.on.clone() else { return };
        // It blocks, and what it waits for needs the runtime.
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FAREWELL)).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "cannot export the last spans");
        }
    }
}

/// The span that a request comes from.
fn remote(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parts = parent(headers)?.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let states: Vec<_> = headers.get_all(TRACESTATE).iter().filter_map(|value| value.to_str().ok()).collect();
    let state = states.join(",").parse::<TraceState>().unwrap_or_default();
    Some(SpanContext::new(trace, span, TraceFlags::new(flags), true, state))
}

fn known(method: &Method) -> &'static str {
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}

fn name(method: &'static str) -> &'static str {
    if method == OTHER { "HTTP" } else { method }
}

// === impl Running ===

impl Running {
    /// Makes this span the parent of the next hop's spans. A received `tracestate` is passed on unchanged.
    pub(in crate::gateway) fn inject(&self, headers: &mut HeaderMap) {
        let context = self.span.span_context();
        if !context.is_valid() {
            return;
        }
        let lasting = self.flags & LASTING;
        let flags = lasting.with_sampled(context.is_sampled());
        let text = format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), flags.to_u8());
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(TRACEPARENT, value);
        }
    }

    /// The head of the response is there; `ended` if that is all of it.
    pub(in crate::gateway) fn answered<B>(&mut self, response: &Response<B>, ended: bool) {
        self.answered = true;
        self.ended = ended;
        if !self.span.is_recording() {
            return;
        }
        let status = response.status();
        self.span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if let Some(ResponsePlan(plan)) = response.extensions().get::<ResponsePlan>() {
            self.span.set_attribute(KeyValue::new("sunward.api", plan.api().name.to_string()));
            if let Some(version) = plan.version() {
                self.span.set_attribute(KeyValue::new("sunward.version", version.text.to_string()));
            }
            if let Some(route) = plan.route() {
                let template = route.history.name.template.to_string();
                self.span.update_name(format!("{} {template}", name(self.method)));
                self.span.set_attribute(KeyValue::new("http.route", template));
            }
        }
        if status.is_server_error() {
            self.fail(status.as_str().to_owned());
        }
    }

    /// A frame of the response, or its end; `ended` if none follows.
    pub(in crate::gateway) fn frame<T, E>(&mut self, frame: Option<&Result<Frame<T>, E>>, ended: bool) {
        self.ended = match frame {
            None => true,
            Some(Ok(_)) => ended,
            Some(Err(_)) => false,
        };
    }

    fn fail(&mut self, kind: String) {
        self.span.set_attribute(KeyValue::new("error.type", kind));
        self.span.set_status(Status::error(""));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.answered {
            self.fail("cancelled".to_owned());
        } else if !self.ended {
            self.fail("aborted".to_owned());
        }
        self.span.end();
    }
}
