//! The sockets that are listened on.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::config::{GatewaySpec, Listen};
use crate::gateway::wire::io::IoStream;
use crate::gateway::wire::tls::ServerTls;

/// A place where clients are taken in.
#[derive(Debug)]
pub(in crate::gateway) struct Listener {
    socket: Socket,
    /// They speak TLS here.
    pub(in crate::gateway) tls: Option<ServerTls>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Connections that wait to be taken; the system takes its own limit if that is lower (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;
/// When a client's connection is asked whether it is still there, after nothing has come over it for so long.
const KEEPALIVE: Duration = Duration::from_secs(60);

// === impl Listener ===

impl Listener {
    /// The next connection, and where it comes from.
    pub(in crate::gateway) async fn accept(&self) -> io::Result<(IoStream, Option<IpAddr>)> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                // Responses are written whole: waiting for more only costs time.
                let _ = stream.set_nodelay(true);
                Ok((IoStream::Tcp(stream), Some(from.ip().to_canonical())))
            }
            #[cfg(unix)]
            Socket::Unix(listener) => Ok((IoStream::Unix(listener.accept().await?.0), None)),
        }
    }

    /// Its address, where it has one.
    pub(in crate::gateway) fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }
}

/// For people to read.
impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.socket {
            Socket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => error.fmt(f),
            },
            #[cfg(unix)]
            Socket::Unix(listener) => {
                let address = listener.local_addr().ok();
                match address.as_ref().and_then(|address| address.as_pathname()) {
                    Some(path) => write!(f, "unix:{}", path.display()),
                    None => f.write_str("unix"),
                }
            }
        }
    }
}

/// Whether a failed accept is about one connection that was about to be taken, such as one that its client has reset. Then the
/// next can be taken at once. Anything else, such as a process that is out of file descriptors, would fail again.
pub(in crate::gateway) fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkDown,
        NetworkUnreachable, PermissionDenied, TimedOut,
    };
    // A breach of the protocol has no kind (accept(2)).
    const EPROTO: i32 = 71;
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
            | TimedOut
    ) || (cfg!(target_os = "linux") && error.raw_os_error() == Some(EPROTO))
}

/// Listens for clients: where the config says, or `instead` of its places without TLS.
///
/// # Errors
/// The place that cannot be listened on, and why.
pub(in crate::gateway) fn bind_clients(
    spec: &GatewaySpec,
    instead: Option<SocketAddr>,
    tls: Option<&ServerTls>,
) -> Result<Vec<Listener>, (Listen, io::Error)> {
    let plain: Vec<Listen> = match instead {
        Some(address) => vec![Listen::Tcp(address)],
        None => spec.listen.iter().map(|listen| listen.value.clone()).collect(),
    };
    let secure = spec.tls.iter().flat_map(|tls| &tls.listen).map(|listen| listen.value.clone());
    let all = plain.into_iter().map(|place| (place, None)).chain(secure.map(|place| (place, tls)));
    let mut listeners = Vec::new();
    for (place, tls) in all {
        match bind(&place, spec.reuse_port, tls) {
            Ok(bound) => listeners.extend(bound),
            Err(error) => return Err((place, error)),
        }
    }
    Ok(listeners)
}

/// Listens for operators and scrapers: where the config says, or `instead`.
///
/// # Errors
/// The place that cannot be listened on, and why.
pub(in crate::gateway) fn bind_admin(
    spec: &GatewaySpec,
    instead: Option<SocketAddr>,
) -> Result<Listener, (Listen, io::Error)> {
    let place = instead.map_or(spec.admin.value.clone(), Listen::Tcp);
    let bound = bind(&place, false, None).map(|listeners| listeners.into_iter().next());
    match bound {
        Ok(Some(listener)) => Ok(listener),
        Ok(None) => Err((place, io::ErrorKind::Other.into())),
        Err(error) => Err((place, error)),
    }
}

/// Listens at the configured address; a service manager may pass several sockets.
fn bind(listen: &Listen, reuse_port: bool, tls: Option<&ServerTls>) -> io::Result<Vec<Listener>> {
    let sockets = match listen {
        Listen::Tcp(address) => vec![Socket::Tcp(tcp(*address, reuse_port)?)],
        Listen::Unix(path) => vec![unix(path)?],
        Listen::Systemd => passed_on()?,
    };
    Ok(sockets.into_iter().map(|socket| Listener { socket, tls: tls.cloned() }).collect())
}

fn tcp(address: SocketAddr, reuse_port: bool) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    if reuse_port {
        socket.set_reuse_port(true)?;
    }
    // Its connections inherit it. Without it, one whose client vanished in a stream would stay for ever.
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 4))?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(unix)]
fn unix(path: &std::path::Path) -> io::Result<Socket> {
    use std::os::unix::fs::FileTypeExt as _;
    // A socket without a listener was left behind by a process that has ended.
    let left = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if left && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path).map(Socket::Unix)
}

#[cfg(not(unix))]
fn unix(_: &std::path::Path) -> io::Result<Socket> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

/// The sockets of socket activation (`LISTEN_FDS`).
fn passed_on() -> io::Result<Vec<Socket>> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..passed.len() {
        if let Some(listener) = passed.take_tcp_listener(index)? {
            listener.set_nonblocking(true)?;
            sockets.push(Socket::Tcp(TcpListener::from_std(listener)?));
        }
    }
    if sockets.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the service manager passed no TCP socket"));
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What accept says on Linux, and whether the next connection can be taken at once.
    #[cfg(target_os = "linux")]
    #[test]
    fn failed_accepts() {
        let rows = [
            ("ECONNABORTED", 103, true),
            ("ECONNRESET", 104, true),
            ("EPROTO", 71, true),
            ("EINTR", 4, true),
            ("EPERM, by a firewall", 1, true),
            ("EHOSTUNREACH", 113, true),
            ("ENETDOWN", 100, true),
            ("EMFILE", 24, false),
            ("ENFILE", 23, false),
            ("ENOBUFS", 105, false),
            ("ENOMEM", 12, false),
            ("EBADF", 9, false),
            ("EINVAL", 22, false),
        ];
        let wrong = rows
            .iter()
            .filter(|(_, code, expected)| is_of_one_connection(&io::Error::from_raw_os_error(*code)) != *expected);
        assert_eq!(wrong.map(|(name, ..)| *name).collect::<Vec<_>>(), [""; 0]);
    }
}
