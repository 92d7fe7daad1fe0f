//! WebSocket: the upgrade is passed on, and then bytes in both directions until one side ends or nothing moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{self, HeaderMap, HeaderValue};
use http_body_util::{Either, Full};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::pool::UpstreamBody;
use super::send::ProxyBody;
use super::server::Place;

/// What a client wants that asked for WebSocket. Each try has it, and the one that is agreed to uses it.
#[derive(Clone, Debug)]
pub(super) struct Upgrade {
    /// The client's connection, once it is its side's turn.
    pub(super) client: OnUpgrade,
    pub(super) idle: Duration,
    /// It is given back when the tunnel ends.
    pub(super) place: Option<Place>,
}

const BUFFER: usize = 16 * 1024;

/// Says in a request that a tunnel is asked for.
pub(super) fn ask(headers: &mut HeaderMap) {
    name_websocket(headers);
    // It has no trailers.
    headers.remove(header::TE);
}

/// The instance has agreed: both sides are joined once the client has its answer.
pub(super) fn open(mut response: Response<UpstreamBody>, upgrade: Upgrade) -> Response<ProxyBody> {
    let instance = hyper::upgrade::on(&mut response);
    tokio::spawn(async move {
        match tokio::try_join!(upgrade.client, instance) {
            Ok((client, instance)) => join(client, instance, upgrade.idle).await,
            Err(error) => tracing::debug!(%error, "an upgrade did not come about"),
        }
        drop(upgrade.place);
    });
    name_websocket(response.headers_mut());
    response.map(|_| Either::Right(Full::new(Bytes::new())))
}

/// These are of one hop: each hop says them itself.
fn name_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

async fn join(client: Upgraded, instance: Upgraded, idle: Duration) {
    let moved = Arc::new(AtomicU64::new(0));
    let (client_in, client_out) = tokio::io::split(TokioIo::new(client));
    let (instance_in, instance_out) = tokio::io::split(TokioIo::new(instance));
    tokio::select! {
        _ = async {
            tokio::join!(copy(client_in, instance_out, &moved), copy(instance_in, client_out, &moved))
        } => {}
        () = stillness(&moved, idle) => tracing::debug!("nothing moved on a tunnel"),
    }
}

/// Copies until the end, and hands the end on.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, moved: &AtomicU64) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        moved.fetch_add(1, Ordering::Relaxed);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Ends once nothing has moved for `idle`.
async fn stillness(moved: &AtomicU64, idle: Duration) {
    let mut seen = moved.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(idle).await;
        let now = moved.load(Ordering::Relaxed);
        if now == seen {
            return;
        }
        seen = now;
    }
}
