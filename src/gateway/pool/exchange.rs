//! One connection to an instance: a request over it, and the response.
//!
//! An HTTP/1.1 connection has no task of its own: whoever waits for its response drives it. So a request costs no
//! change of tasks, a client that goes away takes its connection with it, and a connection that lies idle is no task.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use super::super::io::Stream;
use crate::gateway::replay::Replay;
use crate::layer::MigrateBody;

/// What goes to an instance.
pub(in crate::gateway) type Outgoing = MigrateBody<Replay>;

/// A connection that may take a request.
#[derive(Debug)]
pub(super) enum Connection {
    H1(Box<H1>),
    H2(H2),
}

/// An HTTP/1.1 connection, with one request at a time.
pub(super) struct H1 {
    sender: http1::SendRequest<Outgoing>,
    /// Dropped as soon as it is over: a request that it has not taken waits until then.
    driver: Option<http1::Connection<TokioIo<Stream>, Outgoing>>,
    /// What the process at the other end said that it speaks.
    pub(super) speaks: Option<Arc<str>>,
    /// The addresses of its host as they were then.
    pub(super) generation: u64,
    /// Since when it lies idle.
    pub(super) idle_since: Instant,
    /// It took requests before, so that the other end may have closed it while this one was on its way.
    pub(super) used: bool,
}

/// An HTTP/2 connection, shared.
#[derive(Clone, Debug)]
pub(super) struct H2 {
    sender: http2::SendRequest<Outgoing>,
    pub(super) speaks: Option<Arc<str>>,
    pub(super) generation: u64,
}

/// A request that was not answered.
#[derive(Debug)]
pub(super) struct SendError {
    pub(super) error: hyper::Error,
    /// Whether something of it may have reached the instance.
    pub(super) sent: bool,
}

// === impl H1 ===

impl H1 {
    pub(super) async fn handshake(stream: Stream, generation: u64) -> hyper::Result<Self> {
        let (sender, driver) =
            http1::Builder::new().max_buf_size(super::BUFFER).handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Some(driver), speaks: None, generation, idle_since: Instant::now(), used: false })
    }

    /// Lets it do what it can. `true` once it is over.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.driver, cx)
    }

    /// Whether it can take a request now: the other end has not closed it, and the last response has ended.
    pub(super) fn is_usable(&mut self) -> bool {
        let over = self.drive(&mut Context::from_waker(Waker::noop()));
        !over && self.sender.is_ready()
    }

    /// Sends a request, and waits for the head of its response. The connection comes back with it, unless it is over.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: Request<Outgoing>,
    ) -> Result<(Response<Incoming>, Option<Box<Self>>), SendError> {
        let (response, over) = {
            let mut answer = pin!(self.sender.try_send_request(request));
            let driver = &mut self.driver;
            let mut over = false;
            poll_fn(|cx| {
                over = drive(driver, cx);
                answer.as_mut().poll(cx).map(|answer| (answer, over))
            })
            .await
        };
        match response {
            Ok(response) => Ok((response, (!over).then_some(self))),
            Err(mut error) => {
                let sent = error.take_message().is_none();
                Err(SendError { error: error.into_error(), sent })
            }
        }
    }
}

fn drive(driver: &mut Option<http1::Connection<TokioIo<Stream>, Outgoing>>, cx: &mut Context<'_>) -> bool {
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
        *driver = None;
    }
    driver.is_none()
}

impl std::fmt::Debug for H1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("H1").field("speaks", &self.speaks).finish_non_exhaustive()
    }
}

// === impl H2 ===

impl H2 {
    /// Begins to speak HTTP/2. Its frames are exchanged by a task, since many requests share it.
    pub(super) async fn handshake(stream: Stream, generation: u64) -> hyper::Result<Self> {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(super::H2_PING)
            .max_header_list_size(super::MAX_RESPONSE_HEADER_BYTES)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "an HTTP/2 connection to an instance ended early");
            }
        });
        Ok(Self { sender, speaks: None, generation })
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) async fn send(mut self, request: Request<Outgoing>) -> Result<Response<Incoming>, SendError> {
        let ready = poll_fn(|cx| match self.sender.poll_ready(cx) {
            Poll::Ready(ready) => Poll::Ready(ready),
            Poll::Pending => Poll::Pending,
        });
        if let Err(error) = ready.await {
            return Err(SendError { error, sent: false });
        }
        self.sender.try_send_request(request).await.map_err(|mut error| {
            let sent = error.take_message().is_none() && !is_refused(error.error());
            SendError { error: error.into_error(), sent }
        })
    }
}

/// Refused streams were not processed (RFC 9113 §8.7).
fn is_refused(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(h2) = error.downcast_ref::<h2::Error>() {
            return h2.reason() == Some(h2::Reason::REFUSED_STREAM);
        }
        source = error.source();
    }
    false
}
