//! Reads a body while its connection is driven.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::Bytes;
use http_body::{Body, Frame};
use hyper::body::Incoming;

use super::exchange::H1;

pub(super) type NextFrame = Option<Result<Frame<Bytes>, hyper::Error>>;

/// The next frame of a body, while its connection is driven.
pub(super) async fn drive_frame(incoming: &mut Incoming, open: &mut H1) -> NextFrame {
    let frame = poll_fn(|cx| open.drive(cx, None, |cx| Pin::new(&mut *incoming).poll_frame(cx)).0).await;
    frame.unwrap_or_default()
}
