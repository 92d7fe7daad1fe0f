//! What the example has in place of the world outside: the service, a mail server and a receiver of webhooks.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedSender;

/// A service that speaks version 2, and knows nothing of version 1.
pub(crate) async fn shop() -> std::io::Result<SocketAddr> {
    serve(|request| async move {
        match request.uri().path().rsplit_once('/') {
            Some((path, _)) if path.ends_with("/users") => (StatusCode::OK, r#"{"id":7,"title":"Ada"}"#),
            Some((path, _)) if path.ends_with("/orders") => (StatusCode::OK, r#"{"id":1,"items":[{"sku":"a-1"}]}"#),
            _ => (StatusCode::NOT_FOUND, r#"{"error":"not found"}"#),
        }
    })
    .await
}

/// Takes webhooks, and passes on what they say.
pub(crate) async fn hook(received: UnboundedSender<String>) -> std::io::Result<SocketAddr> {
    serve(move |request| {
        let received = received.clone();
        async move {
            let id = request.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or("none").to_owned();
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let event: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            let notices = event["data"]["notices"].as_array().cloned().unwrap_or_default();
            let lines = notices.iter().map(|notice| {
                let text = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
                let (api, version, what) = (text("api"), text("version"), text("what"));
                format!("    webhook to {}: {api} {version} {what}; {} requests", text("consumer"), notice["requests"])
            });
            let _ = received.send(format!("{}  ({id})", lines.collect::<Vec<_>>().join("\n")));
            (StatusCode::OK, "{}")
        }
    })
    .await
}

async fn serve<F, A>(answer: F) -> std::io::Result<SocketAddr>
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = (StatusCode, &'static str)> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let answer = answer(request);
                async move {
                    let (status, body) = answer.await;
                    let response = Response::builder().status(status).header("content-type", "application/json");
                    Ok::<_, Infallible>(response.body(Full::new(Bytes::from(body))).expect("a response"))
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}

/// Takes mail (RFC 5321), and passes on to whom it is and what its subject is.
pub(crate) async fn mail(received: UnboundedSender<String>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let received = received.clone();
            tokio::spawn(async move { dialog(stream, &received).await.map_err(|error| error.to_string()) });
        }
    });
    Ok(address)
}

async fn dialog(stream: TcpStream, received: &UnboundedSender<String>) -> Result<(), Box<dyn Error>> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await?;
    let mut line = String::new();
    while {
        line.clear();
        stream.read_line(&mut line).await?
    } > 0
    {
        let answer: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let _ = received.send(message(&mut stream).await?);
                b"250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
    Ok(())
}

/// Reads a message to its end, and says what is in its head.
async fn message(stream: &mut BufReader<TcpStream>) -> Result<String, Box<dyn Error>> {
    let (mut to, mut subject) = (String::new(), String::new());
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 && line != ".\r\n" {
        if let Some(value) = line.strip_prefix("To: ") {
            value.trim().clone_into(&mut to);
        } else if let Some(value) = line.strip_prefix("Subject: ") {
            value.trim().clone_into(&mut subject);
        }
        line.clear();
    }
    Ok(format!("    mail to {to}: {subject}"))
}
