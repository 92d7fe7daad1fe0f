//! WebSocket: the upgrade is passed on, and then bytes in both directions until one side ends or nothing moves.
//!
//! When the gateway stops, the client gets a Close frame with the code 1001 (going away), between two frames of the instance, so
//! that it comes back to another process at once. Its answer ends the tunnel at the instance as well.

mod frames;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{self, HeaderMap, HeaderValue};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::pool::RequestTracker;
use super::reply::ProxyBody;
use crate::gateway::wire::peer::ConnectionPermit;
use crate::gateway::wire::shutdown::Shutdown;
use frames::{Frames, GOING_AWAY};

/// What a client wants that asked for WebSocket. Each try has it, and the one that is agreed to uses it.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Upgrade {
    /// The client's connection, once it is its side's turn.
    pub(in crate::gateway) client: OnUpgrade,
    pub(in crate::gateway) idle: Duration,
    /// It is given back when the tunnel ends.
    pub(in crate::gateway) place: Option<ConnectionPermit>,
}

/// The gateway has closed a tunnel, and the instance has ended its side.
#[derive(Debug)]
struct Closed;

const BUFFER: usize = 16 * 1024;
/// When the gateway stops, the two sides have so long to close.
const FAREWELL: Duration = Duration::from_secs(5);

/// Says in a request that a tunnel is asked for.
pub(in crate::gateway) fn ask(headers: &mut HeaderMap) {
    name_websocket(headers);
    // It has no trailers.
    headers.remove(header::TE);
}

/// The instance has agreed: both sides are joined once the client has its answer. The request's turn at the instance lasts
/// as long as the tunnel.
pub(in crate::gateway) fn open(
    mut response: Response<Incoming>,
    tracker: RequestTracker,
    upgrade: Upgrade,
) -> Response<ProxyBody> {
    let instance = hyper::upgrade::on(&mut response);
    tokio::spawn(async move {
        match tokio::try_join!(upgrade.client, instance) {
            Ok((client, instance)) => {
                join(client, instance, upgrade.idle, upgrade.place.as_ref().map(ConnectionPermit::stop)).await
            }
            Err(error) => tracing::debug!(%error, "upgrade failed"),
        }
        drop((upgrade.place, tracker));
    });
    name_websocket(response.headers_mut());
    response.map(|_| Either::Right(Full::new(Bytes::new())))
}

/// These are of one hop: each hop says them itself.
fn name_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

async fn join(client: Upgraded, instance: Upgraded, idle: Duration, stop: Option<Shutdown>) {
    let moved = Arc::new(AtomicU64::new(0));
    let (client_in, client_out) = tokio::io::split(TokioIo::new(client));
    let (instance_in, instance_out) = tokio::io::split(TokioIo::new(instance));
    tokio::select! {
        // Once it was closed by the gateway, nothing more has to come from the client.
        _ = async {
            let asking = async {
                copy(client_in, instance_out, &moved).await;
                Ok(())
            };
            tokio::try_join!(asking, deliver(instance_in, client_out, &moved, stop.clone()))
        } => {}
        () = stillness(&moved, idle) => tracing::debug!("tunnel idle timeout"),
        () = farewell(stop.clone()) => tracing::debug!("tunnel closed by shutdown"),
    }
}

/// Ends when the gateway stops and the tunnel has had its time to close.
async fn farewell(stop: Option<Shutdown>) {
    requested(stop).await;
    tokio::time::sleep(FAREWELL).await;
}

async fn requested(stop: Option<Shutdown>) {
    match stop {
        Some(mut stop) => stop.requested().await,
        None => std::future::pending().await,
    }
}

/// Copies what the instance sends, until its end. Once the gateway stops, what follows the frame that has begun is a Close
/// frame, and the rest is read and forgotten: nothing may be sent after it (RFC 6455 §5.5.1).
async fn deliver(
    mut instance: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    moved: &AtomicU64,
    stop: Option<Shutdown>,
) -> Result<(), Closed> {
    let (mut buffer, mut frames) = (vec![0; BUFFER], Frames::default());
    let mut stopping = std::pin::pin!(requested(stop));
    let mut stopped = false;
    while !(stopped && frames.is_between()) {
        let read = tokio::select! {
            read = instance.read(&mut buffer) => read,
            () = &mut stopping, if !stopped => {
                stopped = true;
                continue;
            }
        };
        let Ok(count @ 1..) = read else {
            let _ = client.shutdown().await;
            return Ok(());
        };
        moved.fetch_add(1, Ordering::Relaxed);
        let passed = if stopped { frames.finish(&buffer[..count]) } else { count };
        if !stopped {
            frames.pass(&buffer[..count]);
        }
        if client.write_all(&buffer[..passed]).await.is_err() {
            return Ok(());
        }
    }
    if client.write_all(&GOING_AWAY).await.is_ok() {
        while let Ok(1..) = instance.read(&mut buffer).await {}
    }
    let _ = client.shutdown().await;
    Err(Closed)
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
