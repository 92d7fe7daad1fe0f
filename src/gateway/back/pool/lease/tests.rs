//! Requests over connections that end.

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::SourceMap;
use crate::gateway::back::pool::{BodyTimeouts, Pool, Registry};
use crate::gateway::config::load::load;
use crate::gateway::wire::lookup::system;
use crate::gateway::wire::upload::Upload;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn pool(listener: &TcpListener) -> Arc<Pool> {
    let address = listener.local_addr().expect("bound");
    let text = format!(
        "[[api]]\nname = \"a\"\nupstream = \"a\"\n[[api.version]]\nname = \"1\"\n\
         [[upstream]]\nname = \"a\"\nretries = 0\ninstances = [{{ url = \"http://{address}\" }}]\n"
    );
    let loaded = load(&SourceMap::new("a.toml", &text), &|_: &str| None).unwrap_or_else(|error| panic!("{error}"));
    Registry::new(system()).pools(&loaded.services, &loaded.gateway.timeouts).remove("a").expect("it is there")
}

fn post() -> Request<Outgoing> {
    let mut request = Request::new(Outgoing::default());
    *request.method_mut() = http::Method::POST;
    request.headers_mut().insert(http::header::HOST, "a".parse().expect("a value"));
    request
}

fn wait() -> ResponseDeadline {
    ResponseDeadline::new(Instant::now(), Duration::from_secs(10), Upload::default(), None)
}

/// Takes a request, and answers it.
async fn answer(stream: &mut TcpStream) {
    let mut buffer = vec![0; 4096];
    assert!(stream.read(&mut buffer).await.expect("it reads") > 0, "a request");
    stream.write_all(ANSWER).await.expect("it writes");
}

async fn lease(pool: &Arc<Pool>) -> Lease {
    pool.lease(&mut Vec::new(), None).await.expect("an instance").0
}

/// It was open when it was taken, and is closed when the request comes to it. Nothing was sent, so that a POST goes over a
/// new connection as well, without a retry.
#[tokio::test]
async fn a_connection_that_ends_before_it_takes_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let pool = pool(&listener);
    let first = lease(&pool).await;
    let (mut server, _) = listener.accept().await.expect("a connection");
    let (answered, ()) = tokio::join!(first.send(post(), false, wait()), answer(&mut server));
    let response = answered.expect("an answer").response(BodyTimeouts::default(), true);
    response.into_body().collect().await.expect("a body");

    let mut second = lease(&pool).await;
    drop(server);
    loop {
        let Connection::H1(open) = &mut second.connection else { panic!("it speaks HTTP/1.1") };
        assert!(open.used, "the one that lay idle");
        if !open.is_usable() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let serving = async {
        let (mut server, _) = listener.accept().await.expect("a new connection");
        answer(&mut server).await;
    };
    let (answered, ()) = tokio::join!(second.send(post(), false, wait()), serving);
    assert_eq!(answered.expect("an answer").response(BodyTimeouts::default(), true).status(), 200);
    assert!(pool.members[0].endpoint.is_clean(), "nothing is held against the instance");
}
