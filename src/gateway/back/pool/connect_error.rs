//! Why an instance cannot be reached.

use std::io;

use tokio_rustls::rustls;

use crate::gateway::telemetry::explain::Cause;

/// Why there is no connection.
#[derive(Debug)]
pub(in crate::gateway) enum ConnectError {
    Io(io::Error),
    Http(hyper::Error),
    TimedOut,
    /// It did not say what it speaks.
    Mute,
    /// It said so with too long an answer.
    Endless,
}

/// The body of the answer that says what an instance speaks is read, so that its connection can be used, but no further.
pub(super) const MAX_SAID: usize = 64 * 1024;

// === impl ConnectError ===

impl ConnectError {
    /// What kind of failure it is, for those who explain it.
    pub(in crate::gateway) fn cause(&self) -> Cause {
        let Self::Io(error) = self else {
            return if matches!(self, Self::TimedOut) { Cause::ConnectTimeout } else { Cause::Unreachable };
        };
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (inner, error.kind()) {
            (Some(rustls::Error::InvalidCertificate(_)), _) => Cause::Certificate,
            (Some(_), _) => Cause::Tls,
            (None, io::ErrorKind::ConnectionRefused) => Cause::Refused,
            (None, io::ErrorKind::TimedOut) => Cause::ConnectTimeout,
            _ => Cause::Unreachable,
        }
    }

    /// Whether this process or its machine lacks something: file descriptors, ports, memory.
    pub(super) fn is_own(&self) -> bool {
        const EMFILE: i32 = 24;
        const ENFILE: i32 = 23;
        let Self::Io(error) = self else { return false };
        matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::OutOfMemory)
            || (cfg!(unix) && matches!(error.raw_os_error(), Some(EMFILE | ENFILE)))
    }
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::TimedOut => f.write_str("connect timeout"),
            Self::Mute => f.write_str("it did not name its version"),
            Self::Endless => write!(f, "it named its version in more than {MAX_SAID} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_this_process_lacks_is_not_the_instances_fault() {
        let rows = [
            ("EMFILE", 24, true),
            ("ENFILE", 23, true),
            ("ENOMEM", 12, true),
            ("EADDRNOTAVAIL", 99, true),
            ("ECONNREFUSED", 111, false),
            ("ETIMEDOUT", 110, false),
            ("EHOSTUNREACH", 113, false),
            ("ENETUNREACH", 101, false),
        ];
        let wrong =
            rows.iter().filter(|(_, code, own)| ConnectError::Io(io::Error::from_raw_os_error(*code)).is_own() != *own);
        assert_eq!(wrong.map(|(name, ..)| *name).collect::<Vec<_>>(), [""; 0]);
        assert!(!ConnectError::TimedOut.is_own());
    }
}
