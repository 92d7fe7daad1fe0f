//! Instances that speak HTTP/2: what they refuse, and how many streams a connection has. They are written by hand, since no
//! server library sends such frames on demand.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// What an instance does with the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// 200, without a body.
    Answer,
    /// 200, once the test allows it.
    Hold,
    /// RST_STREAM with REFUSED_STREAM.
    Refuse,
    /// GOAWAY, by which it did not process this one.
    Leave,
    /// A head of so many KiB.
    Large(usize),
}

struct State {
    acts: std::sync::Mutex<Vec<Act>>,
    answered: AtomicUsize,
    held: AtomicUsize,
    go: tokio::sync::Semaphore,
}

const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200`, from the static table (RFC 7541 Appendix A).
const STATUS_200: u8 = 0x88;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// An instance that allows so many streams on a connection; the acts are taken from the end, and then it answers.
async fn serving(most: Option<u32>, acts: &[Act]) -> (Service, Arc<State>) {
    let state = Arc::new(State {
        acts: acts.to_vec().into(),
        answered: AtomicUsize::new(0),
        held: AtomicUsize::new(0),
        go: tokio::sync::Semaphore::new(0),
    });
    let shared = Arc::clone(&state);
    let service = Service::start(move |mut served: Served| {
        let state = Arc::clone(&shared);
        async move {
            let settings = most.map(|most| [&[0, 3][..], &most.to_be_bytes()].concat()).unwrap_or_default();
            let _ = served.stream.write_all(&frame(SETTINGS, 0, 0, &settings)).await;
            let _ = requests(&mut served.stream, &state).await;
        }
    })
    .await;
    (service, state)
}

async fn requests(stream: &mut TcpStream, state: &State) -> std::io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await?;
        if head[3] != HEADERS {
            continue;
        }
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let act = state.acts.lock().expect("no test failed").pop().unwrap_or(Act::Answer);
        let answer = match act {
            Act::Refuse => frame(RST_STREAM, 0, id, &7u32.to_be_bytes()),
            Act::Leave => frame(GOAWAY, 0, 0, &[0; 8]),
            Act::Answer | Act::Hold | Act::Large(_) => {
                if act == Act::Hold {
                    state.held.fetch_add(1, Ordering::SeqCst);
                    state.go.acquire().await.expect("open").forget();
                }
                state.answered.fetch_add(1, Ordering::SeqCst);
                let fields = match act {
                    Act::Large(kib) => [0].repeat(kib),
                    _ => Vec::new(),
                };
                // `a: xxx…`, a KiB each, not to be indexed: a length of 1000 is 127 and the rest in sevens.
                let field = [&[0, 1, b'a', 0x7f, 0xe9, 0x06][..], &[b'x'; 1000]].concat();
                let block = [&[STATUS_200][..], &field.repeat(fields.len())].concat();
                let mut blocks = block.chunks(16_000).peekable();
                let first = blocks.next().unwrap_or_default();
                let last = |is_last: bool| if is_last { END_HEADERS } else { 0 };
                let mut frames = frame(HEADERS, END_STREAM | last(blocks.peek().is_none()), id, first);
                while let Some(block) = blocks.next() {
                    frames.extend(frame(9, last(blocks.peek().is_none()), id, block));
                }
                frames
            }
        };
        stream.write_all(&answer).await?;
    }
}

/// What an instance says that it did not process is sent again, whatever its method, also if there is no other instance;
/// and no instance is taken out because it closes its connections in order.
#[tokio::test]
async fn what_was_not_processed_is_sent_again() {
    let large = "x".repeat(600_000);
    let rows = [
        (&[Act::Leave][..], get("/api/v1/x"), 200),
        (&[Act::Leave], post("/api/v1/x", "body"), 200),
        (&[Act::Refuse], post("/api/v1/x", "body"), 200),
        (&[Act::Leave, Act::Refuse], post("/api/v1/x", "body"), 200),
        // As often as it may be.
        (&[Act::Leave, Act::Leave, Act::Leave], post("/api/v1/x", "body"), 502),
        // Its body is not kept.
        (&[Act::Leave], post("/api/v1/x", &large), 502),
    ];
    for (acts, request, status) in rows {
        let (service, state) = serving(None, acts).await;
        let upstream = "http2 = true\neject = { after = 1, for = \"1h\" }\n";
        let gateway = rig::gateway(config("goaway", &[service.address], "", upstream)).await;
        let answer = Client::connect(gateway.listen).await.ask(&request).await;
        let what = (acts, &request[..20]);
        assert_eq!(answer.status, status, "{what:?}");
        assert_eq!(state.answered.load(Ordering::SeqCst), usize::from(status == 200), "{what:?}");
        assert_eq!(gateway.get("/api/v1/x").await.status, 200, "{what:?}");
        assert!(gateway.stop().await);
    }
}

/// Beyond the streams that an instance allows on one connection, requests go over others.
#[tokio::test]
async fn more_streams_are_more_connections() {
    // From the end: the limit of a connection is known once something was answered on it.
    let acts = [Act::Answer, Act::Hold, Act::Answer, Act::Hold, Act::Answer];
    let (service, state) = serving(Some(2), &acts).await;
    let gateway = rig::gateway(config("streams", &[service.address], "", "http2 = true\n")).await;
    let mut clients = Vec::new();
    let mut send = async |count: usize| {
        for _ in 0..count {
            let mut client = Client::connect(gateway.listen).await;
            client.write(&get("/api/v1/x")).await;
            clients.push(client);
        }
    };
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    send(1).await;
    assert!(rig::becomes(async || count(&state.answered) == 1).await);
    // This instance reads no further while it holds a request: one of the next two is held up with it.
    for turn in 1..=2 {
        send(1).await;
        assert!(rig::becomes(async || count(&state.held) == turn).await, "{turn}");
        send(2).await;
        assert!(rig::becomes(async || count(&state.answered) == turn + 1).await, "{turn}");
        assert_eq!(service.accepted(), turn + 1, "two on each");
    }
    state.go.add_permits(2);
    for mut client in clients {
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    assert_eq!(gateway.get("/api/v1/x").await.status, 200);
    assert_eq!(service.accepted(), 3);
    assert!(gateway.stop().await);
}

/// A head that is too large is the answer all the same: the request is not sent twice, and no instance is taken out.
#[tokio::test]
async fn a_head_that_is_too_large() {
    for (kib, key, status) in [(20, "", 200), (40, "", 502), (40, "response_header_bytes = 65536\n", 200)] {
        let (service, state) = serving(None, &[Act::Large(kib); 4]).await;
        let upstream = format!("http2 = true\neject = {{ after = 1 }}\n{key}");
        let gateway = rig::gateway(config("head-h2", &[service.address], "", &upstream)).await;
        for turn in 1..=4 {
            assert_eq!(gateway.get("/api/v1/x").await.status, status, "{kib} {key}");
            assert_eq!(state.answered.load(Ordering::SeqCst), turn, "{kib} {key}");
        }
        assert_eq!(service.accepted(), 1, "the connection goes on");
        assert!(gateway.stop().await);
    }
}
