//! Responses that are migrated as they pass.

use std::io;

use sunward::layer::{BodyError, MigrateBody};
use tokio::sync::mpsc;

use super::*;

/// A body whose frames a test sends when it likes.
pub(super) struct Live(pub(super) mpsc::UnboundedReceiver<io::Result<Bytes>>);

impl Body for Live {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(|frame| frame.map(Frame::data)))
    }
}

type Sender = mpsc::UnboundedSender<io::Result<Bytes>>;

/// The response of a service that sends `head`, then `first`, then what comes from the channel, to a client of
/// version 1.
pub(super) async fn answered(
    head: &str,
    accept: &str,
    first: &[Bytes],
) -> (Sender, Response<impl Body<Data = Bytes, Error = BodyError<io::Error>> + Unpin + use<>>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    first.iter().for_each(|chunk| sender.send(Ok(chunk.clone())).expect("it is there"));
    let head = Message::parse(head);
    let live = Arc::new(Mutex::new(Some(Live(receiver))));
    let service = service_fn(move |_: Request<_>| {
        let mut response = Response::new(live.lock().expect("unlocked").take().expect("called once"));
        response.headers_mut().extend(head.headers.clone());
        async move { Ok::<_, Infallible>(response) }
    });
    let bench = Bench::new(users().with_version_path("/v{version}"));
    let request = Request::get("/v1/users").header("accept-encoding", accept);
    let request = request.body(http_body_util::Empty::<Bytes>::new()).expect("a request");
    let response = bench.layer().layer(service).oneshot(request).await.expect("no error");
    (sender, response.map(Box::pin))
}

async fn next<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Option<Result<String, B::Error>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| String::from_utf8(frame.into_data().expect("data").to_vec()).expect("text")))
}

#[test]
fn an_event_arrives_before_the_next_is_sent() {
    run(async {
        let (sender, mut response) = answered("200\ncontent-type: text/event-stream\n\n", "identity", &[]).await;
        assert_eq!(response.status(), 200, "the head does not wait for an event");
        let send = |text: &'static str| sender.send(Ok(text.into())).expect("it is read");
        send("id: 1\ndata: {\"items\":[{\"tit");
        send("le\":\"a\"}]}\n\n");
        assert_eq!(
            next(response.body_mut()).await.expect("a frame").expect("no error"),
            "id: 1\ndata: {\"items\":[{\"name\":\"a\"}]}\n\n"
        );
        send("data: [DONE]\n\n");
        assert_eq!(next(response.body_mut()).await.expect("a frame").expect("no error"), "data: [DONE]\n\n");
        drop(sender);
        assert!(next(response.body_mut()).await.is_none());
    });
}

/// What is wrong with what is there already is found before the head is sent.
#[test]
fn many_documents_that_are_broken_from_the_start_are_a_502() {
    let heads = ["application/x-ndjson", "application/json-seq", "text/event-stream"];
    let bad = ["{\"items\":[}\n", "\u{1e}{\"items\":[}\n", "data: {\"items\":[}\n\n"];
    let good = ["{\"items\":[]}\n", "\u{1e}{\"items\":[]}\n", "data: {\"items\":[]}\n\n"];
    let rows: [(&str, [bool; 2], u16); 3] =
        [("the first", [false, true], 502), ("the last", [true, false], 502), ("none", [true, true], 200)];
    let mut wrong = Vec::new();
    for (kind, (bad, good)) in heads.into_iter().zip(bad.into_iter().zip(good)) {
        for (name, valid, status) in rows {
            for open in [true, false] {
                let parts = valid.map(|valid| Bytes::from_static(if valid { good } else { bad }.as_bytes()));
                let head = format!("200\ncontent-type: {kind}\n\n");
                let got = run(async {
                    let (sender, response) = answered(&head, "identity", &parts).await;
                    let sender = open.then_some(sender);
                    let status = response.status();
                    drop(sender);
                    status
                });
                if got != status {
                    wrong.push(format!("{kind}, broken: {name}, open: {open}: {got}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The beginning of a list that is more than is waited for.
fn beginning() -> (Vec<Bytes>, usize) {
    let element = br#"{"title":"9007199254740993 and 1.10","n":1E400},"#;
    let count = (80 << 10) / element.len();
    let mut text = br#"{"items":["#.to_vec();
    text.extend(element.repeat(count));
    (text.chunks(16 << 10).map(Bytes::copy_from_slice).collect(), count)
}

const JSON_HEAD: &str = "200\ncontent-type: application/json\netag: \"a\"\ncontent-digest: sha-256=:AA==:\n\n";

#[test]
fn a_document_does_not_wait_for_the_next() {
    run(async {
        let (sender, mut response) = answered(
            "200\ncontent-type: application/json\n\n",
            "identity",
            &["{\"items\":[{\"tit".into(), "le\":\"a\"}]}\n".into()],
        )
        .await;
        assert_eq!(response.status(), 200);
        let body = response.body_mut();
        assert_eq!(next(body).await.expect("a frame").expect("no error"), "{\"items\":[{\"name\":\"a\"}]}\n");
        sender.send(Ok("{\"items\":[]}{".into())).expect("it is read");
        assert_eq!(next(body).await.expect("a frame").expect("no error"), "{\"items\":[]}{");
        sender.send(Ok("\"items\":[{\"title\":1}]}".into())).expect("it is read");
        assert_eq!(next(body).await.expect("a frame").expect("no error"), "\"items\":[{\"name\":1}]}");
        sender.send(Ok("{".into())).expect("it is read");
        assert_eq!(next(body).await.expect("a frame").expect("no error"), "{");
        drop(sender);
        let error = next(body).await.expect("a frame").expect_err("the last is cut off");
        assert!(error.is_migration() && error.as_migrate_error().is_some_and(|error| error.is_syntax()), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    });
}

#[test]
fn a_large_document_passes_as_it_is_migrated() {
    run(async {
        let (first, count) = beginning();
        let (sender, mut response) = answered(JSON_HEAD, "identity", &first).await;
        for gone in ["content-length", "content-digest"] {
            assert!(!response.headers().contains_key(gone), "{gone}");
        }
        assert!(response.headers()["etag"].to_str().is_ok_and(|tag| tag.starts_with("\"a;v1-")));
        let mut text = next(response.body_mut()).await.expect("a frame").expect("no error");
        assert!(text.starts_with(r#"{"items":[{"name":"#), "before its end is known");
        sender.send(Ok(r#"{"title":"last"}]}"#.into())).expect("it is read");
        drop(sender);
        while let Some(more) = next(response.body_mut()).await {
            text.push_str(&more.expect("no error"));
        }
        assert_eq!(text.matches(r#"{"name":"9007199254740993 and 1.10","n":1E400},"#).count(), count);
        assert!(text.ends_with(r#"{"name":"last"}]}"#) && !text.contains("title"), "all of it");
    });
}

#[test]
fn what_goes_wrong_on_the_way_is_no_end() {
    let faults: [(&str, io::Result<Bytes>); 3] = [
        ("no JSON", Ok("}".into())),
        ("the service ended early", Err(io::ErrorKind::ConnectionReset.into())),
        ("cut off", Ok(Bytes::new())),
    ];
    for (name, fault) in faults {
        run(async {
            let (first, _) = beginning();
            let (sender, mut response) = answered(JSON_HEAD, "identity", &first).await;
            let is_migration = fault.is_ok();
            sender.send(fault).expect("it is read");
            drop(sender);
            let error = loop {
                match next(response.body_mut()).await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error,
                    None => panic!("{name}: a clean end"),
                }
            };
            assert_eq!(error.is_migration(), is_migration, "{name}: {error}");
            assert!(next(response.body_mut()).await.is_none(), "{name}: nothing behind the fault");
        });
    }
}

#[test]
fn a_fault_at_the_beginning_is_a_clean_answer() {
    run(async {
        let (first, _) = beginning();
        let wrong: Vec<Bytes> = std::iter::once(Bytes::from("<html>")).chain(first).collect();
        let (_sender, response) = answered(JSON_HEAD, "identity", &wrong).await;
        assert_eq!(response.status(), 502);
    });
}

/// A request of version 1 that begins with `first`, to a service that reads all of it and then says 201, or breaks.
pub(super) async fn sent(
    coding: &str,
    first: Vec<Bytes>,
    last: io::Result<Bytes>,
) -> (Result<Response<Bytes>, String>, Arc<Mutex<Vec<u8>>>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    first.into_iter().for_each(|chunk| sender.send(Ok(chunk)).expect("it is there"));
    sender.send(last).expect("it is there");
    drop(sender);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let service = service_fn(move |request: Request<MigrateBody<Live>>| {
        let seen = Arc::clone(&kept);
        async move {
            let mut body = Box::pin(request.into_body());
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error: BodyError<io::Error>| format!("the request ended early: {error}"))?;
                seen.lock().expect("unlocked").extend_from_slice(&frame.into_data().expect("data"));
            }
            Ok::<_, String>(
                Response::builder().status(201).body(http_body_util::Empty::<Bytes>::new()).expect("a response"),
            )
        }
    });
    let bench = Bench::new(users().with_version_path("/v{version}"));
    let request = Request::post("/v1/users").header("content-type", "application/json");
    let request = request.header("content-encoding", coding).body(Live(receiver));
    let result = bench.layer().layer(service).oneshot(request.expect("a request")).await;
    let whole = match result {
        Ok(response) => {
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.map_err(|error| error.to_string());
            bytes.map(|bytes| Response::from_parts(head, bytes.to_bytes()))
        }
        Err(error) => Err(error),
    };
    (whole, seen)
}

/// The beginning of a user that is more than is waited for.
fn large_user() -> Vec<Bytes> {
    vec!["{\"name\":\"a\",\"n\":1.10,\"bio\":\"".into(), "x".repeat(100 << 10).into()]
}

#[test]
fn a_large_request_passes_as_it_is_migrated() {
    run(async {
        let (response, seen) = sent("identity", large_user(), Ok("\"}".into())).await;
        assert_eq!(response.expect("no error").status(), 201);
        let seen = seen.lock().expect("unlocked");
        assert!(seen.starts_with(b"{\"title\":\"a\",\"n\":1.10,") && seen.ends_with(b"x\",\"plan\":\"free\"}"));
    });
}

#[test]
fn a_request_that_breaks_on_the_way_is_its_sender_s_fault() {
    run(async {
        let (response, seen) = sent("identity", large_user(), Ok("\" oops".into())).await;
        let response = response.expect("an answer, though the service failed");
        assert_eq!(response.status(), 400);
        assert!(response.body().windows(13).any(|part| part == b"/body-invalid"), "{response:?}");
        assert!(!seen.lock().expect("unlocked").ends_with(b"}"), "never a whole one");
        let (result, _) = sent("identity", large_user(), Err(io::ErrorKind::ConnectionReset.into())).await;
        assert!(result.is_err(), "a client that went away gets the service's error, as without the layers");
    });
}

#[test]
fn a_body_of_which_nothing_is_sure_leaves_the_thread_to_others() {
    struct Woken(std::sync::atomic::AtomicUsize);
    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    // One event, there as a whole, of 3 MiB.
    let event: Bytes = format!("data: {{\"items\":[{{\"title\":\"{}\"}}]}}\n\n", "x".repeat(3 << 20)).into();
    let (_sender, response) = run(answered("200\ncontent-type: text/event-stream\n\n", "identity", &[event]));
    let woken = Arc::new(Woken(Default::default()));
    let waker = std::task::Waker::from(Arc::clone(&woken));
    let (mut body, mut cx) = (response.into_body(), Context::from_waker(&waker));
    let mut pauses = 0;
    while Pin::new(&mut body).poll_frame(&mut cx).is_pending() {
        pauses += 1;
        assert_eq!(woken.0.load(std::sync::atomic::Ordering::SeqCst), pauses, "it asks to be polled again");
    }
    assert!((2..9).contains(&pauses), "{pauses}");
}
