//! Takes connections in and serves each until it ends, is given up, or the gateway stops.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::sync::Semaphore;
use tokio_rustls::{TlsAcceptor, TlsStream};

use http::{HeaderValue, Request, Response};

use super::listen::{self, Listener};
use super::liveness::{Activity, CloseReason, ConnectionTimeouts, Liveness};
use super::metrics::ListenerMetrics;
use super::monitored::MonitoredStream;
use super::streams::StreamExecutor;
use crate::config::Limits;
use crate::consumer::Consumer;
use crate::gateway::wire::io::IoStream;
use crate::gateway::wire::peer::{ConnectionPermit, Peer};
use crate::gateway::wire::shutdown::Shutdown;
use crate::gateway::wire::tls::{self, ServerTls};

/// What serves the requests of all connections.
pub(in crate::gateway) trait Handler: Send + Sync + 'static {
    type Body: http_body::Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static;

    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Arc<Peer>,
        activity: Arc<Activity>,
    ) -> impl Future<Output = Result<Response<Self::Body>, Infallible>> + Send + 'static;
}

/// A server: its listeners have its settings in common.
pub(in crate::gateway) struct Server<H> {
    handler: Arc<H>,
    head_limits: HeadLimits,
    timeouts: ConnectionTimeouts,
    /// One for each connection that may be open.
    permits: Arc<Semaphore>,
    connections: usize,
    metrics: ListenerMetrics,
    /// Said when connections that are still open are cut.
    cut: Shutdown,
}

/// What the heads of requests are held to by hyper.
#[derive(Clone, Copy, Debug)]
struct HeadLimits {
    /// How many fields HTTP/1.1 may have, if more than hyper takes by itself.
    fields: Option<usize>,
    streams: u32,
    bytes: u32,
}

/// After a failed accept (out of file handles) the next one would fail at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// It is logged at most so often.
const ACCEPT_WARNING: Duration = Duration::from_secs(10);
/// What is read and written at once, at most.
const BUFFER: usize = 128 * 1024;

// === impl Server ===

impl<H: Handler> Server<H> {
    pub(in crate::gateway) fn new(
        handler: Arc<H>,
        limits: &Limits,
        timeouts: ConnectionTimeouts,
        metrics: ListenerMetrics,
        cut: Shutdown,
    ) -> Arc<Self> {
        let head_limits = HeadLimits {
            fields: Some(limits.headers).filter(|fields| *fields > 100),
            streams: limits.streams,
            bytes: u32::try_from(limits.header_bytes + limits.url_bytes).unwrap_or(u32::MAX),
        };
        let connections = limits.connections.min(Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(connections));
        Arc::new(Self { handler, head_limits, timeouts, permits, connections, metrics, cut })
    }

    /// Accepts connections until the shutdown signal.
    pub(in crate::gateway) async fn listen(self: Arc<Self>, listener: Listener, mut stop: Shutdown) {
        let closing = stop.clone();
        let mut warned = None;
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, ip)) => {
                        // Beyond the limit, one waits here and the others in the kernel's queue. A permit that waited
                        // for a connection would be missing where other listeners have some.
                        if self.permits.available_permits() == 0 {
                            self.metrics.waited.increment(1);
                        }
                        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return };
                        let place = ConnectionPermit::new(permit, &self.metrics.open, closing.clone());
                        let (tls, stop) = (listener.tls.clone(), closing.clone());
                        tokio::spawn(Arc::clone(&self).connection(stream, ip, tls, place, stop));
                    }
                    Err(error) if listen::is_of_one_connection(&error) => {
                        tracing::debug!(%error, "connection ended before it was accepted");
                    }
                    Err(error) => {
                        self.metrics.unaccepted.increment(1);
                        // It may fail for a long time, and repeated lines would flood the log.
                        if warned.is_none_or(|warned: Instant| warned.elapsed() >= ACCEPT_WARNING) {
                            tracing::warn!(%error, "cannot accept connections");
                            warned = Some(Instant::now());
                        }
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stop.requested() => {}
        }
    }

    /// Ends when all connections have.
    pub(in crate::gateway) async fn ended(&self) {
        let all = u32::try_from(self.connections).unwrap_or(u32::MAX);
        let _ = self.permits.acquire_many(all).await;
    }

    async fn connection(
        self: Arc<Self>,
        stream: IoStream,
        ip: Option<IpAddr>,
        tls: Option<ServerTls>,
        place: ConnectionPermit,
        stop: Shutdown,
    ) {
        match self.secured(stream, tls).await {
            Ok((stream, consumer, tls)) => {
                self.serve(stream, Peer { ip, text: ip.and_then(text), tls, consumer, place: Some(place) }, stop).await;
            }
            Err(error) => {
                self.metrics.unsecured();
                tracing::debug!(%error, "TLS handshake failed");
            }
        }
    }

    async fn secured(
        &self,
        stream: IoStream,
        tls: Option<ServerTls>,
    ) -> std::io::Result<(IoStream, Option<Consumer>, bool)> {
        let (stream, tls) = match (stream, tls) {
            (IoStream::Tcp(stream), Some(tls)) => (stream, tls),
            (stream, _) => return Ok((stream, None, false)),
        };
        let handshake = TlsAcceptor::from(tls.config()).accept(stream);
        let stream = tokio::time::timeout(self.timeouts.head, handshake).await??;
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let consumer = certificate.and_then(tls::subject);
        Ok((IoStream::Tls(Box::new(TlsStream::Server(stream))), consumer, true))
    }

    fn builder(&self, activity: &Arc<Activity>) -> Builder<StreamExecutor> {
        let mut builder = Builder::new(StreamExecutor::new(Arc::clone(activity), self.metrics.clone()));
        builder.http1().max_buf_size(BUFFER);
        if let Some(fields) = self.head_limits.fields {
            builder.http1().max_headers(fields);
        }
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(self.timeouts.ping)
            .keep_alive_timeout(self.timeouts.pong)
            .max_concurrent_streams(self.head_limits.streams)
            .max_header_list_size(self.head_limits.bytes);
        builder
    }

    async fn serve(&self, stream: IoStream, peer: Peer, mut stop: Shutdown) {
        let (activity, peer) = (Arc::new(Activity::new(self.timeouts.send)), Arc::new(peer));
        let io = TokioIo::new(MonitoredStream::new(stream, Arc::clone(&activity)));
        let (handler, signs) = (Arc::clone(&self.handler), Arc::clone(&activity));
        let service =
            service_fn(move |request| Arc::clone(&handler).handle(request, Arc::clone(&peer), Arc::clone(&signs)));
        let builder = self.builder(&activity);
        let mut connection = pin!(builder.serve_connection_with_upgrades(io, service));
        let (mut stopping, mut idle) = (false, false);
        let mut cut = self.cut.clone();
        loop {
            // Each wake polls all of it: what cannot come yet is left out, and the connection goes first.
            let verdict = tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        self.metrics.broke(&*error);
                        tracing::debug!(%error, "connection ended early");
                    }
                    return;
                }
                verdict = activity.watch(self.timeouts) => verdict,
                // Connections are cut only after they were asked to stop.
                () = cut.requested(), if stopping => return,
                () = stop.requested(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
            };
            match verdict {
                Liveness::Dead(cause) => {
                    self.metrics.gave_up(cause);
                    if cause == CloseReason::TakesNothing {
                        activity.give_up();
                    }
                    tracing::debug!(?cause, "connection closed");
                    return;
                }
                Liveness::Idle if idle => return,
                // A request may cross the word that the connection ends, so it is served to the end of that.
                _ => {
                    idle = true;
                    activity.told_to_end();
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

fn text(ip: IpAddr) -> Option<HeaderValue> {
    HeaderValue::try_from(ip.to_string()).ok()
}
