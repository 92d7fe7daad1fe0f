//! One connection to an instance: a request over it, and the response.
//!
//! An HTTP/1.1 connection has no task of its own: the request that waits for its response drives it. So a request costs
//! no task switch, a client that disconnects closes its connection, and an idle connection needs no task.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pin_project_lite::pin_project;

use super::streams::{StreamCount, StreamPermit};
use super::waker::ConnectionWaker;
use crate::gateway::back::replay::Replay;
use crate::gateway::wire::io::IoStream;
use crate::gateway::wire::timer::{LazyTimer, TimedOut};
use crate::layer::MigrateBody;

/// What goes to an instance.
pub(in crate::gateway) type Outgoing = MigrateBody<Replay>;

/// A connection that may take a request.
#[derive(Debug)]
pub(super) enum Connection {
    H1(Box<H1>),
    H2(H2, StreamPermit),
}

/// How large the head of a response may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResponseHeadLimits {
    pub(super) bytes: usize,
    pub(super) fields: usize,
}

/// An HTTP/1.1 connection, with one request at a time.
pub(super) struct H1 {
    sender: http1::SendRequest<Outgoing>,
    /// Dropped as soon as it is over: a request that it has not taken waits until then.
    driver: Option<Driver>,
    waker: ConnectionWaker,
    timer: LazyTimer,
    /// What the process at the other end said that it speaks.
    pub(super) speaks: Option<Arc<str>>,
    /// The addresses of its host as they were then.
    pub(super) generation: u64,
    /// Since when it lies idle.
    pub(super) idle_since: Instant,
    /// It took requests before, so that the other end may have closed it while this one was on its way.
    pub(super) used: bool,
}

type Driver = http1::Connection<TokioIo<IoStream>, Outgoing>;
/// What hyper says of a request.
pub(in crate::gateway) type HyperResult = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>;
pub(super) type SendResult = Result<ResponseHead, SendError>;

/// The head of a response, and what its body comes over.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub(super) response: Response<Incoming>,
    /// The connection, unless it is over or is shared.
    pub(super) open: Option<Box<H1>>,
    /// The stream of a connection that is shared.
    pub(super) stream: Option<StreamPermit>,
}

pin_project! {
    /// A request on its way over an HTTP/1.1 connection, until the head of its response is there.
    #[must_use = "the request is sent while its response is awaited"]
    pub(super) struct H1Exchange<F> {
        #[pin]
        answer: F,
        open: Option<Box<H1>>,
    }
}

/// An HTTP/2 connection, shared.
#[derive(Clone, Debug)]
pub(super) struct H2 {
    sender: http2::SendRequest<Outgoing>,
    pub(super) speaks: Option<Arc<str>>,
    pub(super) generation: u64,
    pub(super) load: Arc<StreamCount>,
}

/// A request that was not answered.
#[derive(Debug)]
pub(super) struct SendError {
    pub(super) error: hyper::Error,
    pub(super) fate: Delivery,
}

/// What became of a request that was not answered.
#[derive(Debug)]
pub(super) enum Delivery {
    /// Nothing of it was sent, and nothing of its body read: it may go over another connection as it is.
    Unsent(Box<Request<Outgoing>>),
    /// The instance refused its stream, and says by that that it did not process it (RFC 9113 §8.7).
    Refused,
    /// The instance closes the connection, and says that it did not process the request (RFC 9113 §6.8).
    Closing,
    /// Something of it may have reached the instance.
    SendResult,
}

// === impl H1 ===

impl H1 {
    pub(super) async fn handshake(
        stream: IoStream,
        head_limits: ResponseHeadLimits,
        generation: u64,
    ) -> hyper::Result<Self> {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(head_limits.bytes.max(super::BUFFER)).max_header_size(head_limits.bytes);
        // What hyper does anyway is not asked for: that would cost an allocation for each response.
        if head_limits.fields != ResponseHeadLimits::default().fields {
            builder.max_headers(head_limits.fields);
        }
        let (sender, driver) = builder.handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            sender,
            driver: Some(driver),
            waker: ConnectionWaker::new(),
            timer: LazyTimer::default(),
            speaks: None,
            generation,
            idle_since: Instant::now(),
            used: false,
        })
    }

    /// What `poll` has, when the connection has done what it can; [`TimedOut`] if that is nothing and it is `until`.
    /// `true` once the connection is over.
    pub(super) fn drive<T>(
        &mut self,
        cx: &mut Context<'_>,
        until: Option<Instant>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> (Poll<Result<T, TimedOut>>, bool) {
        let Self { driver, waker, timer, .. } = self;
        let polled = waker.poll(cx, |cx| {
            if let Poll::Ready(ready) = poll(cx) {
                return Poll::Ready(Ok(ready));
            }
            drive(driver, cx);
            timer.within(until, cx, &mut poll)
        });
        (polled, driver.is_none())
    }

    /// The caller no longer waits for it.
    pub(super) fn rest(&mut self) {
        self.waker.forget();
        self.idle_since = Instant::now();
        self.used = true;
    }

    /// Whether it can take a request now: the other end has not closed it, and the last response has ended.
    pub(super) fn is_usable(&mut self) -> bool {
        drive(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Sends a request.
    pub(super) fn send(
        mut self: Box<Self>,
        request: Request<Outgoing>,
    ) -> H1Exchange<impl Future<Output = HyperResult>> {
        let answer = self.sender.try_send_request(request);
        H1Exchange { answer, open: Some(self) }
    }

    /// Sends a request that asks for another protocol. The connection does not come back: a task drives it until it is
    /// of that protocol, or over.
    pub(super) async fn upgrade(self: Box<Self>, request: Request<Outgoing>) -> SendResult {
        let Self { mut sender, driver, .. } = *self;
        if let Some(driver) = driver {
            tokio::spawn(driver.with_upgrades());
        }
        sent(sender.try_send_request(request).await, None, None)
    }
}

fn drive(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
        *driver = None;
    }
}

impl std::fmt::Debug for H1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("H1").field("speaks", &self.speaks).finish_non_exhaustive()
    }
}

// === impl H1Exchange ===

impl<F: Future<Output = HyperResult>> H1Exchange<F> {
    /// Ready with [`TimedOut`] if the head is not there at `until`.
    pub(super) fn poll_until(
        self: Pin<&mut Self>,
        until: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<SendResult, TimedOut>> {
        let mut this = self.project();
        let open = this.open.as_mut().expect("polled after completion");
        let (answer, over) = open.drive(cx, until, |cx| this.answer.as_mut().poll(cx));
        let answer = ready!(answer)?;
        let open = this.open.take().filter(|_| !over);
        Poll::Ready(Ok(sent(answer, open, None)))
    }
}

impl<F: Future<Output = HyperResult>> Future for H1Exchange<F> {
    type Output = SendResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SendResult> {
        let sent = ready!(self.poll_until(None, cx));
        Poll::Ready(sent.expect("no timer is set"))
    }
}

fn sent(answer: HyperResult, open: Option<Box<H1>>, stream: Option<StreamPermit>) -> SendResult {
    answer.map(|response| ResponseHead { response, open, stream }).map_err(|mut error| {
        let fate = match error.take_message() {
            Some(request) => Delivery::Unsent(Box::new(request)),
            None => Delivery::of(error.error()),
        };
        SendError { error: error.into_error(), fate }
    })
}

// === impl ResponseHeadLimits ===

impl Default for ResponseHeadLimits {
    /// What hyper allows without being asked.
    fn default() -> Self {
        Self { bytes: super::BUFFER, fields: 100 }
    }
}

// === impl Connection ===

impl Connection {
    /// What the process at the other end said that it speaks, where it was asked.
    pub(super) fn speaks(&self) -> Option<&Arc<str>> {
        match self {
            Self::H1(open) => open.speaks.as_ref(),
            Self::H2(open, _) => open.speaks.as_ref(),
        }
    }

    /// Whether the other end may have closed it since it was made.
    pub(super) const fn may_have_ended(&self) -> bool {
        match self {
            Self::H1(open) => open.used,
            Self::H2(..) => true,
        }
    }

    /// Sends a request.
    pub(super) async fn send(self, request: Request<Outgoing>, upgrade: bool) -> SendResult {
        match self {
            Self::H1(open) if upgrade => open.upgrade(request).await,
            Self::H1(open) => open.send(request).await,
            Self::H2(open, stream) => open.send(request, stream).await,
        }
    }
}

// === impl Delivery ===

impl Delivery {
    /// By what the connection says of it.
    fn of(error: &hyper::Error) -> Self {
        match h2_error(error).filter(|error| error.is_remote()) {
            Some(error) if error.reason() == Some(h2::Reason::REFUSED_STREAM) => Self::Refused,
            // Streams up to the last one that it names go on: those get no such error.
            Some(error) if error.is_go_away() => Self::Closing,
            _ => Self::SendResult,
        }
    }
}

// === impl SendError ===

impl SendError {
    /// Whether an answer came: one that is no valid response, or whose head is too large.
    pub(super) fn was_answered(&self) -> bool {
        self.error.is_parse() || self.was_reset()
    }

    /// Whether the answer may have been well, but for the size of its head.
    pub(super) fn may_be_too_large(&self) -> bool {
        self.error.is_parse_too_large() || self.was_reset()
    }

    /// Over HTTP/2, this side resets the stream of an answer whose head is too large, and of one that is malformed.
    fn was_reset(&self) -> bool {
        let is_own = |error: &h2::Error| error.is_reset() && error.is_library();
        h2_error(&self.error).is_some_and(|error| is_own(error) && error.reason() == Some(h2::Reason::PROTOCOL_ERROR))
    }
}

// === impl H2 ===

impl H2 {
    /// Begins to speak HTTP/2. Its frames are exchanged by a task, since many requests share it.
    pub(super) async fn handshake(
        stream: IoStream,
        head_limits: ResponseHeadLimits,
        generation: u64,
    ) -> hyper::Result<Self> {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(super::H2_PING)
            .max_header_list_size(u32::try_from(head_limits.bytes).unwrap_or(u32::MAX))
            .handshake(TokioIo::new(stream))
            .await?;
        let load = StreamCount::new(driver.current_max_send_streams());
        let seen = Arc::clone(&load);
        tokio::spawn(async move {
            let mut driver = pin!(driver);
            let driving = poll_fn(|cx| {
                let polled = driver.as_mut().poll(cx);
                seen.allow(driver.current_max_send_streams());
                polled
            });
            if let Err(error) = driving.await {
                tracing::debug!(%error, "HTTP/2 connection to an instance ended early");
            }
        });
        Ok(Self { sender, speaks: None, generation, load })
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    /// A stream, whatever the instance allows.
    pub(super) fn stream(&self) -> StreamPermit {
        StreamCount::begin(&self.load)
    }

    /// Sends a request over a stream that was taken for it.
    pub(super) async fn send(mut self, request: Request<Outgoing>, stream: StreamPermit) -> SendResult {
        if let Err(error) = poll_fn(|cx| self.sender.poll_ready(cx)).await {
            return Err(SendError { error, fate: Delivery::Unsent(Box::new(request)) });
        }
        sent(self.sender.try_send_request(request).await, None, Some(stream))
    }
}

fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return Some(error);
        }
        source = error.source();
    }
    None
}
