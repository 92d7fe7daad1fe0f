//! One keep-alive connection to what is measured.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Where requests go, and for what.
#[derive(Clone, Debug)]
pub struct Target {
    pub address: SocketAddr,
    pub path: Uri,
}

impl Target {
    /// An address and a path with its query.
    ///
    /// # Errors
    ///
    /// If either is none.
    pub fn parse(address: &str, path: &str) -> Result<Self, Error> {
        Ok(Self { address: address.parse()?, path: path.parse()? })
    }

    fn request(&self) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.path.clone();
        let host = self.address.to_string().parse().expect("an address is a field value");
        request.headers_mut().insert(HOST, host);
        request
    }
}

/// A connection that is made when it is needed, and again after a failure.
pub struct Connection {
    target: Target,
    request: Request<Empty<Bytes>>,
    sender: Option<SendRequest<Empty<Bytes>>>,
}

impl Connection {
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { request: target.request(), target, sender: None }
    }

    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// If the connection fails or breaks off, or the status is not 200.
    pub async fn get(&mut self) -> Result<(), Error> {
        let mut sender = match self.sender.take() {
            Some(sender) => sender,
            None => connect(self.target.address).await?,
        };
        sender.ready().await?;
        let response = sender.send_request(self.request.clone()).await?;
        let status = response.status();
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        if status.as_u16() != 200 {
            return Err(format!("status {status}").into());
        }
        self.sender = Some(sender);
        Ok(())
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Empty<Bytes>>, Error> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}
