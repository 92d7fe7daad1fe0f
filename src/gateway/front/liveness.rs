//! Whether a client's connection lives: when it last did what it has to do, and when it is given up.
//!
//! One timer for each connection, which looks now and then: no request sets one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Version;
use http_body::Frame;

use super::flow::{LatestStream, StreamFlow};
use crate::config::GatewaySpec;
use crate::gateway::wire::pace::Pace;

/// The signs of life of one connection. Times are milliseconds since it began, plus one; 0 is never.
#[derive(Debug)]
pub(in crate::gateway) struct Activity {
    began: Instant,
    pub(super) send: Pace,
    /// Requests under way.
    pub(super) pending: AtomicU32,
    /// When the last request ended.
    quiet: AtomicU64,
    /// When the first byte came after that.
    pub(super) head: AtomicU64,
    /// Since when nothing could be written.
    pub(super) blocked: AtomicU64,
    /// What the client has used up of its time to take what is sent.
    pub(super) spent: AtomicU64,
    http2: AtomicBool,
    /// When the idle connection was asked to end.
    told: AtomicU64,
    /// A response without an end of its own was not sent as a whole: the connection is to be reset.
    pub(super) reset: AtomicBool,
    /// What the client does not take is not kept for it: the connection is to be reset.
    pub(super) given_up: AtomicBool,
    latest: LatestStream,
}

/// What a connection is held to.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct ConnectionTimeouts {
    pub(in crate::gateway) head: Duration,
    pub(in crate::gateway) idle: Duration,
    pub(in crate::gateway) send: Pace,
    /// How long an HTTP/2 client may say nothing before it is asked whether it is still there.
    pub(in crate::gateway) ping: Option<Duration>,
    /// How long its answer to that may take.
    pub(in crate::gateway) pong: Duration,
}

/// The signs, read.
#[derive(Clone, Copy, Debug, Default)]
struct ActivityTimes {
    pending: u32,
    quiet: Option<Duration>,
    head: Option<Duration>,
    blocked: Option<Duration>,
    spent: Duration,
    http2: bool,
    told: Option<Duration>,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Liveness {
    /// It is looked at again in so long a time.
    Lives(Duration),
    /// The connection is idle, so it is asked to end; if it was asked before, it is closed.
    Idle,
    /// It is cut.
    Dead(CloseReason),
}

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum CloseReason {
    NoRequest,
    /// A request's head came too slowly.
    SlowHead,
    /// The client does not read.
    TakesNothing,
}

/// A request under way.
#[derive(Debug)]
pub(in crate::gateway) struct ActiveRequest {
    activity: Arc<Activity>,
    /// How its response is taken, where that is the stream's matter (HTTP/2).
    flow: Option<Arc<StreamFlow>>,
    /// The client takes the end of the connection for that of a response (RFC 9112 §6.3), since HTTP/1.0 has no chunks.
    unframed: bool,
    /// What the client has not been offered yet.
    rest: Bytes,
}

/// How long an idle connection may take to end after it was asked to.
const FAREWELL: Duration = Duration::from_secs(1);

// === impl ConnectionTimeouts ===

impl ConnectionTimeouts {
    /// As the config says.
    pub(in crate::gateway) fn of(spec: &GatewaySpec) -> Self {
        let GatewaySpec { timeouts, limits, .. } = spec;
        Self {
            head: timeouts.client_headers,
            idle: timeouts.client_idle,
            send: Pace { idle: timeouts.client_send, rate: limits.response_rate },
            ping: timeouts.client_ping,
            pong: timeouts.client_ping_timeout,
        }
    }
}

// === impl Activity ===

impl Activity {
    pub(in crate::gateway) fn new(send: Pace) -> Self {
        Self {
            began: Instant::now(),
            send,
            pending: AtomicU32::new(0),
            quiet: AtomicU64::new(0),
            head: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            spent: AtomicU64::new(0),
            http2: AtomicBool::new(false),
            told: AtomicU64::new(0),
            reset: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            latest: LatestStream::default(),
        }
    }

    /// A request's head has come.
    pub(in crate::gateway) fn request(self: &Arc<Self>, version: Version) -> ActiveRequest {
        let http2 = version == Version::HTTP_2;
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
        self.http2.store(http2, Ordering::Relaxed);
        let flow = http2.then(|| self.latest.put(StreamFlow::new(self.send)));
        ActiveRequest { activity: Arc::clone(self), flow, unframed: version < Version::HTTP_11, rest: Bytes::new() }
    }

    /// The latest request, for the code that spawns a task for it.
    pub(in crate::gateway) const fn latest(&self) -> &LatestStream {
        &self.latest
    }

    /// It was asked to end. A request that was already on its way is still served.
    pub(in crate::gateway) fn told_to_end(&self) {
        self.told.store(self.now(), Ordering::Relaxed);
    }

    /// The client does not take what was written for it: without a reset, the kernel would keep that for as long as the
    /// client likes, and a response whose end is the end of the connection would seem whole.
    pub(in crate::gateway) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Ends when the connection is to be given up.
    pub(in crate::gateway) async fn watch(&self, timeouts: ConnectionTimeouts) -> Liveness {
        loop {
            match verdict(self.times(), self.began.elapsed(), timeouts) {
                Liveness::Lives(next) => tokio::time::sleep(next).await,
                end => return end,
            }
        }
    }

    fn times(&self) -> ActivityTimes {
        let time = |at: &AtomicU64| at.load(Ordering::Relaxed).checked_sub(1).map(Duration::from_millis);
        ActivityTimes {
            pending: self.pending.load(Ordering::Relaxed),
            quiet: time(&self.quiet),
            head: time(&self.head),
            blocked: time(&self.blocked),
            spent: Duration::from_millis(self.spent.load(Ordering::Relaxed)),
            http2: self.http2.load(Ordering::Relaxed),
            told: time(&self.told),
        }
    }
}

/// Pure: `now` is the connection's age.
fn verdict(times: ActivityTimes, now: Duration, timeouts: ConnectionTimeouts) -> Liveness {
    let left = |since: Duration, allowed: Duration| (since + allowed).checked_sub(now).filter(|left| !left.is_zero());
    // The state changes between two checks, so the next check must not be far away.
    let look = (timeouts.head.min(timeouts.send.idle).min(timeouts.idle) / 2).max(Duration::from_millis(10));
    let lives = |left: Duration| Liveness::Lives(left.min(look).max(Duration::from_millis(1)));
    if let Some(since) = times.blocked {
        let left = timeouts.send.left(times.spent, now.saturating_sub(since));
        return left.map_or(Liveness::Dead(CloseReason::TakesNothing), lives);
    }
    match times {
        ActivityTimes { pending: 1.., .. } => Liveness::Lives(look),
        ActivityTimes { told: Some(told), quiet, .. } => {
            left(quiet.map_or(told, |quiet| quiet.max(told)), FAREWELL).map_or(Liveness::Idle, lives)
        }
        ActivityTimes { quiet: None, .. } => {
            left(Duration::ZERO, timeouts.head).map_or(Liveness::Dead(CloseReason::NoRequest), lives)
        }
        ActivityTimes { head: Some(since), http2: false, .. } => {
            left(since, timeouts.head).map_or(Liveness::Dead(CloseReason::SlowHead), lives)
        }
        ActivityTimes { quiet: Some(since), .. } => left(since, timeouts.idle).map_or(Liveness::Idle, lives),
    }
}

// === impl ActiveRequest ===

impl ActiveRequest {
    /// The next part of the response, from `poll`. The client takes what it was offered before: an HTTP/2 stream does
    /// not ask for more otherwise. It is offered little at once, so that slow progress can be seen.
    pub(in crate::gateway) fn portion<E>(
        &mut self,
        poll: impl FnOnce() -> Poll<Option<Result<Frame<Bytes>, E>>>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        let Some(flow) = &self.flow else { return poll() };
        let most = flow.taken();
        if self.rest.is_empty() {
            match poll() {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return other,
            }
        }
        let part = self.rest.split_to(self.rest.len().min(most));
        flow.offered(part.len());
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    /// The response broke off.
    pub(in crate::gateway) fn broke(&self) {
        if self.unframed {
            self.activity.reset.store(true, Ordering::Relaxed);
        }
    }

    /// The bytes that were read and not offered yet.
    pub(in crate::gateway) fn rest(&self) -> usize {
        self.rest.len()
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.activity.quiet.store(self.activity.now(), Ordering::Relaxed);
        self.activity.pending.fetch_sub(1, Ordering::Relaxed);
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
        let send = Pace { idle: s(30), rate: 100 };
        let timeouts = ConnectionTimeouts { head: s(10), idle: s(60), send, ping: None, pong: s(20) };
        let none = ActivityTimes::default();
        let quiet = ActivityTimes { quiet: Some(s(100)), ..none };
        let rows = [
            ("nothing came yet", none, s(9), Liveness::Lives(s(1))),
            ("nothing came", none, s(10), Liveness::Dead(CloseReason::NoRequest)),
            (
                "a first head comes slowly",
                ActivityTimes { head: Some(s(9)), ..none },
                s(10),
                Liveness::Dead(CloseReason::NoRequest),
            ),
            ("a request is under way", ActivityTimes { pending: 1, ..none }, s(1000), Liveness::Lives(s(5))),
            ("kept alive", quiet, s(158), Liveness::Lives(s(2))),
            ("kept alive for too long", quiet, s(160), Liveness::Idle),
            ("the next head comes", ActivityTimes { head: Some(s(150)), ..quiet }, s(155), Liveness::Lives(s(5))),
            (
                "the next head comes slowly",
                ActivityTimes { head: Some(s(150)), ..quiet },
                s(160),
                Liveness::Dead(CloseReason::SlowHead),
            ),
            (
                "pings of HTTP/2 are no head",
                ActivityTimes { head: Some(s(101)), http2: true, ..quiet },
                s(150),
                Liveness::Lives(s(5)),
            ),
            (
                "nothing is taken",
                ActivityTimes { pending: 1, blocked: Some(s(70)), ..quiet },
                s(99),
                Liveness::Lives(s(1)),
            ),
            (
                "nothing is taken for too long",
                ActivityTimes { pending: 1, blocked: Some(s(70)), ..quiet },
                s(100),
                Liveness::Dead(CloseReason::TakesNothing),
            ),
            (
                "little was taken before",
                ActivityTimes { pending: 1, blocked: Some(s(70)), spent: s(25), ..quiet },
                s(75),
                Liveness::Dead(CloseReason::TakesNothing),
            ),
            (
                "a stream waits for the upstream",
                ActivityTimes { pending: 1, http2: true, ..quiet },
                s(1000),
                Liveness::Lives(s(5)),
            ),
            ("asked to end", ActivityTimes { told: Some(s(160)), ..quiet }, s(160), Liveness::Lives(s(1))),
            ("asked to end, and it does not", ActivityTimes { told: Some(s(160)), ..quiet }, s(161), Liveness::Idle),
            (
                "asked to end, and a request came nevertheless",
                ActivityTimes { told: Some(s(160)), pending: 1, ..quiet },
                s(170),
                Liveness::Lives(s(5)),
            ),
            (
                "that request has ended",
                ActivityTimes { told: Some(s(160)), quiet: Some(s(170)), ..none },
                s(171),
                Liveness::Idle,
            ),
            ("asked to end before its first request", ActivityTimes { told: Some(s(3)), ..none }, s(4), Liveness::Idle),
        ];
        for (what, times, now, expected) in rows {
            assert_eq!(verdict(times, now, timeouts), expected, "{what}");
        }
    }
}
