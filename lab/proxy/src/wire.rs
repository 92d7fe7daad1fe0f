//! A connection that reads only what it must of HTTP/1.1, so that the load takes little of the core it shares with
//! the upstream.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use crate::target::{Error, Target};

const HEAD_END: &[u8] = b"\r\n\r\n";

/// One request at a time, on a socket that never blocks.
pub struct Wire {
    pub stream: TcpStream,
    head: Vec<u8>,
    /// Bytes of the body that are still to come; unknown until the head is whole.
    left: Option<usize>,
}

impl Wire {
    /// # Errors
    ///
    /// If there is no connection to be had.
    pub fn connect(target: &Target) -> Result<Self, Error> {
        let stream = TcpStream::connect(target.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, head: Vec::new(), left: None })
    }

    /// # Errors
    ///
    /// If the request cannot be written at once: it is short, and nothing else is under way.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Error> {
        self.head.clear();
        self.left = None;
        Ok(self.stream.write_all(request)?)
    }

    /// Reads what is there, through a buffer of the caller's, and says whether the answer is whole.
    ///
    /// # Errors
    ///
    /// If the connection ends before that, the status is not 200, or there is no `Content-Length`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<bool, Error> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Err("the connection ended".into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.take(&buffer[..read])?;
            if self.left == Some(0) {
                return Ok(true);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(bytes.len()).ok_or("more came than Content-Length says")?;
            return Ok(());
        }
        self.head.extend_from_slice(bytes);
        if let Some(end) = self.head.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
            let body = self.head.len() - end - HEAD_END.len();
            let left = length(&self.head[..end])?.checked_sub(body);
            self.left = Some(left.ok_or("more came than Content-Length says")?);
        }
        Ok(())
    }
}

/// The length of the body that comes after a head.
fn length(head: &[u8]) -> Result<usize, Error> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n");
    if lines.next().and_then(|line| line.split(' ').nth(1)) != Some("200") {
        return Err(format!("not 200: {}", head.lines().next().unwrap_or_default()).into());
    }
    let length =
        lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(length.ok_or("there is no Content-Length")?.1.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn heads() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nContent-Length: 12", Some(12)),
            ("HTTP/1.1 200 OK\r\ncontent-length:0", Some(0)),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", None),
            ("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0", None),
        ] {
            assert_eq!(length(head.as_bytes()).ok(), expected, "{head}");
        }
    }
}
