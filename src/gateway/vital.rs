//! Whether a client's connection lives: when it last did what it has to do, and when it is given up.
//!
//! One timer for each connection, which looks now and then: no request sets one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::io::Stream;

/// The signs of life of one connection. Times are milliseconds since it began, plus one; 0 is never.
#[derive(Debug)]
pub(super) struct Vital {
    began: Instant,
    /// Requests under way.
    pending: AtomicU32,
    /// Responses of which a part is waiting to be taken.
    sending: AtomicU32,
    /// When the last request ended.
    quiet: AtomicU64,
    /// When the first byte came after that.
    head: AtomicU64,
    /// Since when nothing could be written.
    blocked: AtomicU64,
    /// When something was written.
    written: AtomicU64,
    http2: AtomicBool,
}

/// What a connection is held to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) send: Duration,
}

/// The signs, read.
#[derive(Clone, Copy, Debug, Default)]
struct Signs {
    pending: u32,
    sending: u32,
    quiet: Option<Duration>,
    head: Option<Duration>,
    blocked: Option<Duration>,
    written: Option<Duration>,
    http2: bool,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is looked at again in so long a time.
    Lives(Duration),
    /// It is told to end: it has nothing to do.
    Idle,
    /// It is cut.
    Dead(Cause),
}

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    NoRequest,
    /// A request's head came too slowly.
    SlowHead,
    /// The client does not read.
    TakesNothing,
}

/// A connection's bytes, watched.
#[derive(Debug)]
pub(super) struct Watched {
    stream: Stream,
    vital: Arc<Vital>,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Pulse {
    vital: Arc<Vital>,
    sending: bool,
}

// === impl Vital ===

impl Vital {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            pending: AtomicU32::new(0),
            sending: AtomicU32::new(0),
            quiet: AtomicU64::new(0),
            head: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            written: AtomicU64::new(0),
            http2: AtomicBool::new(false),
        }
    }

    /// A request's head has come.
    pub(super) fn request(self: &Arc<Self>, http2: bool) -> Pulse {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
        self.http2.store(http2, Ordering::Relaxed);
        Pulse { vital: Arc::clone(self), sending: false }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Ends when the connection is to be given up.
    pub(super) async fn watch(&self, patience: Patience) -> Verdict {
        loop {
            match verdict(self.signs(), self.began.elapsed(), patience) {
                Verdict::Lives(next) => tokio::time::sleep(next).await,
                end => return end,
            }
        }
    }

    fn signs(&self) -> Signs {
        let time = |at: &AtomicU64| at.load(Ordering::Relaxed).checked_sub(1).map(Duration::from_millis);
        Signs {
            pending: self.pending.load(Ordering::Relaxed),
            sending: self.sending.load(Ordering::Relaxed),
            quiet: time(&self.quiet),
            head: time(&self.head),
            blocked: time(&self.blocked),
            written: time(&self.written),
            http2: self.http2.load(Ordering::Relaxed),
        }
    }
}

/// Pure: `now` is the connection's age.
fn verdict(signs: Signs, now: Duration, patience: Patience) -> Verdict {
    let left = |since: Duration, allowed: Duration| (since + allowed).checked_sub(now).filter(|left| !left.is_zero());
    // Signs change while nobody looks, so that the next look is not far.
    let look = (patience.head.min(patience.send).min(patience.idle) / 2).max(Duration::from_millis(10));
    let lives = |left: Duration| Verdict::Lives(left.min(look).max(Duration::from_millis(1)));
    // An HTTP/2 client can hold back one response while the connection itself takes bytes.
    let held_back = signs.written.filter(|_| signs.http2 && signs.sending > 0);
    if let Some(since) = signs.blocked.or(held_back) {
        return left(since, patience.send).map_or(Verdict::Dead(Cause::TakesNothing), lives);
    }
    match signs {
        Signs { pending: 1.., .. } => Verdict::Lives(look),
        Signs { quiet: None, .. } => left(Duration::ZERO, patience.head).map_or(Verdict::Dead(Cause::NoRequest), lives),
        Signs { head: Some(since), http2: false, .. } => {
            left(since, patience.head).map_or(Verdict::Dead(Cause::SlowHead), lives)
        }
        Signs { quiet: Some(since), .. } => left(since, patience.idle).map_or(Verdict::Idle, lives),
    }
}

// === impl Pulse ===

impl Pulse {
    /// Says whether a part of the response is waiting to be taken.
    pub(super) fn sending(&mut self, sending: bool) {
        if sending != self.sending {
            self.sending = sending;
            if sending {
                self.vital.sending.fetch_add(1, Ordering::Relaxed);
            } else {
                self.vital.sending.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.sending(false);
        self.vital.quiet.store(self.vital.now(), Ordering::Relaxed);
        self.vital.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl Watched ===

impl Watched {
    pub(super) const fn new(stream: Stream, vital: Arc<Vital>) -> Self {
        Self { stream, vital }
    }

    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        let vital = &self.vital;
        match written {
            Poll::Ready(_) => {
                if vital.blocked.load(Ordering::Relaxed) != 0 {
                    vital.blocked.store(0, Ordering::Relaxed);
                }
                if vital.http2.load(Ordering::Relaxed) {
                    vital.written.store(vital.now(), Ordering::Relaxed);
                }
            }
            Poll::Pending if vital.blocked.load(Ordering::Relaxed) == 0 => {
                vital.blocked.store(vital.now(), Ordering::Relaxed);
            }
            Poll::Pending => {}
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let vital = &self.vital;
        let waits = read.is_ready() && vital.pending.load(Ordering::Relaxed) == 0;
        if waits && vital.head.load(Ordering::Relaxed) == 0 {
            vital.head.store(vital.now(), Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Watched {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        const fn s(seconds: u64) -> Duration {
            Duration::from_secs(seconds)
        }
        let patience = Patience { head: s(10), idle: s(60), send: s(30) };
        let none = Signs::default();
        let quiet = Signs { quiet: Some(s(100)), ..none };
        let rows = [
            ("nothing came yet", none, s(9), Verdict::Lives(s(1))),
            ("nothing came", none, s(10), Verdict::Dead(Cause::NoRequest)),
            ("a first head comes slowly", Signs { head: Some(s(9)), ..none }, s(10), Verdict::Dead(Cause::NoRequest)),
            ("a request is under way", Signs { pending: 1, ..none }, s(1000), Verdict::Lives(s(5))),
            ("kept alive", quiet, s(158), Verdict::Lives(s(2))),
            ("kept alive for too long", quiet, s(160), Verdict::Idle),
            ("the next head comes", Signs { head: Some(s(150)), ..quiet }, s(155), Verdict::Lives(s(5))),
            (
                "the next head comes slowly",
                Signs { head: Some(s(150)), ..quiet },
                s(160),
                Verdict::Dead(Cause::SlowHead),
            ),
            (
                "pings of HTTP/2 are no head",
                Signs { head: Some(s(101)), http2: true, ..quiet },
                s(150),
                Verdict::Lives(s(5)),
            ),
            ("nothing is taken", Signs { pending: 1, blocked: Some(s(70)), ..quiet }, s(99), Verdict::Lives(s(1))),
            (
                "nothing is taken for too long",
                Signs { pending: 1, blocked: Some(s(70)), ..quiet },
                s(100),
                Verdict::Dead(Cause::TakesNothing),
            ),
            (
                "a stream is held back",
                Signs { pending: 1, sending: 1, written: Some(s(70)), http2: true, ..quiet },
                s(100),
                Verdict::Dead(Cause::TakesNothing),
            ),
            (
                "a stream waits for the upstream",
                Signs { pending: 1, written: Some(s(70)), http2: true, ..quiet },
                s(1000),
                Verdict::Lives(s(5)),
            ),
        ];
        for (what, signs, now, expected) in rows {
            assert_eq!(verdict(signs, now, patience), expected, "{what}");
        }
    }
}
