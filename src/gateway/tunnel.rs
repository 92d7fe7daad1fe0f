//! WebSocket: the upgrade is passed on, and then bytes in both directions until one side ends or nothing moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::edge::{self, CleanTrailers};
use super::pool::{Failure, Lease, Outgoing};
use super::send::{ProxyBody, problem};
use super::server::Place;
use crate::problem::Kind;

/// What a client wants that asked for WebSocket.
#[derive(Debug)]
pub(super) struct Upgrade {
    /// The client's connection, once it is its side's turn.
    pub(super) client: OnUpgrade,
    pub(super) idle: Duration,
    /// It is given back when the tunnel ends.
    pub(super) place: Option<Place>,
}

const BUFFER: usize = 16 * 1024;

/// Asks the instance; if it agrees, both sides are joined once the client has its answer.
pub(super) async fn open(
    lease: Lease,
    mut request: Request<Outgoing>,
    upgrade: Upgrade,
    timeout: Duration,
) -> Result<Response<ProxyBody>, Failure> {
    name_websocket(request.headers_mut());
    // A tunnel has no trailers.
    request.headers_mut().remove(header::TE);
    let mut response = tokio::time::timeout(timeout, lease.upgrade(request)).await.map_err(|_| Failure::TimedOut)??;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(match edge::admit_response(&mut response) {
            Ok(_) => CleanTrailers::response(response).map(Either::Left),
            Err(detail) => problem(None, Kind::UpstreamFailed, detail),
        });
    }
    let instance = hyper::upgrade::on(&mut response);
    tokio::spawn(async move {
        match tokio::try_join!(upgrade.client, instance) {
            Ok((client, instance)) => join(client, instance, upgrade.idle).await,
            Err(error) => tracing::debug!(%error, "an upgrade did not come about"),
        }
        drop(upgrade.place);
    });
    name_websocket(response.headers_mut());
    Ok(response.map(|_| Either::Right(Full::new(Bytes::new()))))
}

/// These are of one hop: each hop says them itself.
fn name_websocket(headers: &mut http::HeaderMap) {
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
