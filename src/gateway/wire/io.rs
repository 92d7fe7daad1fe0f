//! A connection's bytes, whatever they go over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::TlsStream;

/// Bytes in both directions.
#[derive(Debug)]
pub(in crate::gateway) enum IoStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// Boxed: its buffers would make every stream large.
    Tls(Box<TlsStream<TcpStream>>),
}

// === impl IoStream ===

/// Calls the same method of whatever it is.
macro_rules! delegate {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream {
            IoStream::Tcp($inner) => $call,
            #[cfg(unix)]
            IoStream::Unix($inner) => $call,
            IoStream::Tls($inner) => $call,
        }
    };
}

impl IoStream {
    /// What was written and not taken yet is given up when this is closed, and the other side gets a reset.
    pub(in crate::gateway) fn give_up(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.set_zero_linger(),
            // A Unix socket cannot be reset. Closing it discards what the other side has not read.
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
            Self::Tls(stream) => stream.get_ref().0.set_zero_linger(),
        };
    }
}

impl AsyncRead for IoStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), inner => Pin::new(inner).poll_read(cx, buf))
    }
}

impl AsyncWrite for IoStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self.get_mut(), inner => Pin::new(inner).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self.get_mut(), inner => Pin::new(inner).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        delegate!(self, inner => inner.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), inner => Pin::new(inner).poll_shutdown(cx))
    }
}
