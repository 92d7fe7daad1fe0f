//! A client's connection, whose reads and writes are noted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::liveness::Activity;
use crate::gateway::wire::io::IoStream;

/// A connection's bytes, watched.
#[derive(Debug)]
pub(in crate::gateway) struct MonitoredStream {
    stream: IoStream,
    activity: Arc<Activity>,
}

// === impl MonitoredStream ===

impl MonitoredStream {
    pub(in crate::gateway) const fn new(stream: IoStream, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        let activity = &self.activity;
        let (blocked, spent) = (activity.blocked.load(Ordering::Relaxed), activity.spent.load(Ordering::Relaxed));
        match written {
            Poll::Ready(written) if blocked != 0 || spent != 0 => {
                let waited = if blocked == 0 { 0 } else { activity.now().saturating_sub(blocked) };
                let bytes = written.as_ref().map_or(0, |bytes| *bytes as u64);
                let [spent, waited] = [spent, waited].map(Duration::from_millis);
                let spent = activity.send.spend(spent, waited, bytes);
                activity.spent.store(u64::try_from(spent.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
                activity.blocked.store(0, Ordering::Relaxed);
            }
            Poll::Pending if blocked == 0 => activity.blocked.store(activity.now(), Ordering::Relaxed),
            _ => {}
        }
    }
}

impl Drop for MonitoredStream {
    /// Over TLS the end of the data would have been said, so that clients can tell.
    fn drop(&mut self) {
        let activity = &self.activity;
        // Without it, the client would see the end that it expects.
        let unframed = activity.reset.load(Ordering::Relaxed) && matches!(self.stream, IoStream::Tcp(_));
        if unframed || activity.given_up.load(Ordering::Relaxed) {
            self.stream.give_up();
        }
    }
}

impl AsyncRead for MonitoredStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let activity = &self.activity;
        let waits = read.is_ready() && activity.pending.load(Ordering::Relaxed) == 0;
        if waits && activity.head.load(Ordering::Relaxed) == 0 {
            activity.head.store(activity.now(), Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for MonitoredStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
