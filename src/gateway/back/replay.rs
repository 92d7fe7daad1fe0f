//! A request's body that can be sent again: what was read of it is kept, up to a limit.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::gateway::wire::request_body::{RequestBody, RequestBodyError};

/// A client's body for one try. Only one try reads at a time.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Replay {
    kind: ReplayKind,
    /// So many of the kept frames were given out by this try.
    at: usize,
}

#[derive(Debug, Default)]
enum ReplayKind {
    #[default]
    Empty,
    /// It is sent once.
    Once(Box<RequestBody>),
    /// It is there, and sent once.
    Whole(Bytes),
    Kept(Arc<Mutex<Kept>>),
}

/// What all tries of a request share.
#[derive(Debug)]
struct Kept {
    body: RequestBody,
    frames: Vec<Bytes>,
    bytes: usize,
    /// More came than is kept, or something that cannot be.
    lost: bool,
    ended: bool,
}

/// Gives out the body, once for each try.
#[derive(Debug)]
pub(in crate::gateway) struct ReplayBuffer {
    kept: Option<Arc<Mutex<Kept>>>,
}

/// More of a body is not kept.
const KEPT_BYTES: usize = 64 * 1024;
/// What a frame costs beside its bytes, which are few if a client wants that.
const FRAME_BYTES: usize = 64;

// === impl ReplayBuffer ===

impl ReplayBuffer {
    pub(in crate::gateway) fn new(body: RequestBody) -> Self {
        if body.is_end_stream() {
            return Self { kept: None };
        }
        let kept = Kept { body, frames: Vec::new(), bytes: 0, lost: false, ended: false };
        Self { kept: Some(Arc::new(Mutex::new(kept))) }
    }

    /// The body from its beginning; `None` if that is not known any more.
    pub(in crate::gateway) fn next(&self) -> Option<Replay> {
        let Some(kept) = &self.kept else { return Some(Replay::default()) };
        let lost = kept.lock().unwrap_or_else(PoisonError::into_inner).lost;
        (!lost).then(|| Replay { kind: ReplayKind::Kept(Arc::clone(kept)), at: 0 })
    }
}

// === impl Replay ===

impl Replay {
    /// A body that is sent once.
    pub(in crate::gateway) fn once(body: RequestBody) -> Self {
        let kind = if body.is_end_stream() { ReplayKind::Empty } else { ReplayKind::Once(Box::new(body)) };
        Self { kind, at: 0 }
    }

    /// A body that is there.
    pub(in crate::gateway) const fn whole(bytes: Bytes) -> Self {
        Self { kind: ReplayKind::Whole(bytes), at: 0 }
    }
}

// === impl Kept ===

impl Kept {
    fn poll(&mut self, at: &mut usize, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        if let Some(bytes) = self.frames.get(*at) {
            *at += 1;
            return Poll::Ready(Some(Ok(Frame::data(bytes.clone()))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            None => self.ended = true,
            Some(Ok(frame)) => self.keep(frame, at),
            // A client's body that failed fails for every try.
            Some(Err(_)) => self.lost = true,
        }
        Poll::Ready(frame)
    }

    fn keep(&mut self, frame: &Frame<Bytes>, at: &mut usize) {
        match frame.data_ref() {
            Some(data) if !self.lost && self.bytes + data.len() + FRAME_BYTES <= KEPT_BYTES => {
                self.bytes += data.len() + FRAME_BYTES;
                self.frames.push(data.clone());
                *at += 1;
            }
            _ => {
                self.lost = true;
                self.frames = Vec::new();
                *at = 0;
            }
        }
        self.ended = self.body.is_end_stream();
    }
}

impl Body for Replay {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        let Self { kind, at } = &mut *self;
        match kind {
            ReplayKind::Empty => Poll::Ready(None),
            ReplayKind::Once(body) => Pin::new(body).poll_frame(cx),
            ReplayKind::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            ReplayKind::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            ReplayKind::Kept(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).poll(at, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            ReplayKind::Empty => true,
            ReplayKind::Once(body) => body.is_end_stream(),
            ReplayKind::Whole(bytes) => bytes.is_empty(),
            ReplayKind::Kept(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                self.at >= kept.frames.len() && (kept.ended || kept.body.is_end_stream())
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            ReplayKind::Empty => SizeHint::with_exact(0),
            ReplayKind::Once(body) => body.size_hint(),
            ReplayKind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            ReplayKind::Kept(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let waiting: usize = kept.frames.iter().skip(self.at).map(Bytes::len).sum();
                match kept.body.size_hint().exact() {
                    Some(rest) => SizeHint::with_exact(rest + waiting as u64),
                    None => SizeHint::default(),
                }
            }
        }
    }
}
