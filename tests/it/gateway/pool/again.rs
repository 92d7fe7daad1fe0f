//! What is sent again, and what becomes of answers that are none.

use super::*;

#[tokio::test]
async fn checks_take_an_instance_out_and_bring_it_back() {
    let [one, two] = instances().await;
    let check = "retries = 0\neject = { after = 0 }\n\
                 check = { path = \"/healthz\", every = \"20ms\", timeout = \"1s\", rise = 2, fall = 2 }\n";
    let gateway = gateway("checks", &[&one, &two], check).await;
    let ready = async || gateway.admin("/readyz").await.status == 200;
    assert!(rig::becomes(ready).await);
    for ill in [true, false, true] {
        one.ill(ill);
        let turned = async || {
            one.take();
            asked(&gateway, 20).await;
            (one.take() == 0) == ill
        };
        assert!(rig::becomes(turned).await, "ill: {ill}");
    }
    assert_eq!(asked(&gateway, 20).await, 20);
    assert!(gateway.stop().await);
}

/// The gateway is not ready before it is known which instances are healthy.
#[tokio::test]
async fn readiness_waits_for_the_first_checks() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let service = Service::start(move |mut served: Served| {
        let wait = Arc::clone(&wait);
        async move {
            while served.request().await.is_some() {
                wait.notified().await;
                served.write(OK).await;
            }
        }
    })
    .await;
    let check = "check = { path = \"/healthz\", every = \"1h\", timeout = \"1h\" }\n";
    let gateway = rig::gateway(config("first-checks", &[service.address], "", check)).await;
    assert!(rig::becomes(async || service.accepted() == 1).await);
    assert_eq!(gateway.admin("/readyz").await.status, 503);
    go.notify_one();
    assert!(rig::becomes(async || gateway.admin("/readyz").await.status == 200).await);
    assert!(gateway.stop().await);
}

/// When few instances are healthy, the checks are likelier wrong than the instances, unless `panic` is 0.
#[tokio::test]
async fn panic_gives_all_of_them_requests() {
    for (panic, all) in [(50, true), (0, false)] {
        let [one, two, three] = instances().await;
        let check = format!(
            "retries = 0\npanic = {panic}\neject = {{ after = 0 }}\n\
             check = {{ path = \"/healthz\", every = \"10ms\", timeout = \"1s\", fall = 1 }}\n"
        );
        // Checks fail, and so do requests: which get them can be told.
        one.ill(true);
        two.ill(true);
        let gateway = gateway("panic", &[&one, &two, &three], &check).await;
        assert!(rig::becomes(async || gateway.admin("/readyz").await.status == 200).await);
        for instance in [&one, &two, &three] {
            instance.take();
        }
        asked(&gateway, 60).await;
        assert_eq!(one.take() + two.take() > 10, all, "panic = {panic}");
        assert!(three.take() > 5);
        assert!(gateway.stop().await);
    }
}

#[tokio::test]
async fn an_instance_that_comes_back_starts_slowly() {
    let [back, other] = instances().await;
    back.ill(true);
    let upstream = "retries = 0\neject = { after = 1, for = \"50ms\" }\nslow_start = \"1h\"\n";
    let gateway = gateway("slow-start", &[&back, &other], upstream).await;
    while asked(&gateway, 1).await == 1 {}
    back.ill(false);
    back.take();
    assert!(rig::becomes(async || asked(&gateway, 1).await == 1 && back.take() == 1).await);
    // A tenth of its share: both have nothing under way, so that the other is always the one with less to do.
    asked(&gateway, 100).await;
    let share = back.take();
    assert!(share < 30, "{share}");
    assert!(gateway.stop().await);
}

/// Takes one request, and ends the connection before it answers.
async fn closing() -> Service {
    Service::start(|mut served: Served| async move {
        served.request().await;
    })
    .await
}

/// What is sent again, and what is not: the first instance fails in one way, the second is well.
#[tokio::test]
async fn what_is_sent_again() {
    let closed_port = rig::ClosedPort::bind();
    let small = "x".repeat(60_000);
    let large = "x".repeat(600_000);
    let rows = [
        ("refused", get("/api/v1/x"), 20),
        ("refused", post("/api/v1/x", &small), 20),
        ("closed", get("/api/v1/x"), 20),
        ("closed", format!("PUT /api/v1/x HTTP/1.1|Host: a|Content-Length: {}||{small}", small.len()), 20),
        ("closed", format!("PUT /api/v1/x HTTP/1.1|Host: a|Content-Length: {}||{large}", large.len()), 0),
        ("closed", post("/api/v1/x", &small), 0),
    ];
    let mut wrong = Vec::new();
    for (how, request, expected) in rows {
        let lengths = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = Arc::clone(&lengths);
        let good = Service::start(move |mut served: Served| {
            let seen = Arc::clone(&seen);
            async move {
                while let Some(request) = served.request().await {
                    let body = request.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
                    seen.lock().expect("no test failed").push(body);
                    served.write(OK).await;
                }
            }
        })
        .await;
        let closing = closing().await;
        let bad = if how == "refused" { closed_port.address } else { closing.address };
        // So that the bad one is always tried first.
        let urls = format!("{{ url = \"http://{bad}\", weight = 60000 }}, {{ url = \"http://{}\" }}", good.address);
        let gateway = rig::gateway(config_of("again", &urls, "", "eject = { after = 0 }\nretry_budget = 100\n")).await;
        let mut well = 0;
        for _ in 0..20 {
            let answer = Client::connect(gateway.listen).await.ask(&request).await;
            if !matches!(answer.status, 200 | 502) {
                wrong.push(format!("{how}: {}", answer.status));
            }
            well += usize::from(answer.status == 200);
        }
        let first = &request[..20];
        let few = if expected == 0 { well <= 2 } else { well >= 20 };
        if !few {
            wrong.push(format!("{how} {first}: {well} of 20"));
        }
        let length = request.split_once("||").map_or(0, |(_, body)| body.len());
        if lengths.lock().expect("no test failed").iter().any(|got| *got != length) {
            wrong.push(format!("{how} {first}: not whole"));
        }
        assert!(gateway.stop().await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// An answer that comes before the request was read ends the connection, and says so: no client sends another behind it.
#[tokio::test]
async fn an_answer_in_the_midst_of_a_request_is_the_last() {
    let service = Service::start(|served: Served| async move {
        let _ = served.stream.readable().await;
        served.reset();
    })
    .await;
    let gateway = rig::gateway(config("midst", &[service.address], "", "")).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write("POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 1000000||").await;
    let answer = client.answer().await.expect("an answer");
    assert_eq!(answer.status, 502);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert!(gateway.stop().await);
}

/// A connection that the instance closed while it lay idle took nothing of the request: it is sent over another one,
/// whatever its method, also if there is no other instance.
#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_nothing() {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    // Each connection is closed right behind its first answer, without a word before.
    let service = Service::start(move |mut served: Served| {
        let count = Arc::clone(&count);
        async move {
            if served.request().await.is_some() {
                count.fetch_add(1, Ordering::SeqCst);
                served.write(OK).await;
            }
        }
    })
    .await;
    let gateway = rig::gateway(config("stale", &[service.address], "", "")).await;
    let mut client = Client::connect(gateway.listen).await;
    for turn in 0..200 {
        let request = if turn % 2 == 0 { get("/api/v1/x") } else { post("/api/v1/x", "body") };
        let answer = client.ask(&request).await;
        assert_eq!(answer.status, 200, "{turn} {request}");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 200, "each was done once");
    assert!(gateway.stop().await);
}

/// A connection may be closed while a request is on its way over it. It is unknown whether the instance saw it: what is
/// idempotent is sent again over a new one, what is not gets a 502.
#[tokio::test]
async fn a_connection_that_is_closed_by_the_next_request() {
    let service = Service::start(|mut served: Served| async move {
        served.request().await;
        served.write(OK).await;
        served.request().await;
    })
    .await;
    for (http2, name) in [(false, "crossed"), (true, "crossed-2")] {
        let gateway = rig::gateway(config(name, &[service.address], "", "eject = { after = 1 }\n")).await;
        let mut client = Client::connect(gateway.listen).await;
        let mut streams = rig::h2(gateway.listen).await;
        for turn in 0..8 {
            let status = match http2 {
                false => client.ask(&get("/api/v1/x")).await.status,
                true => rig::h2_get(&mut streams, "/api/v1/x").await.expect("an answer").0,
            };
            assert_eq!(status, 200, "{turn}");
        }
        // An odd number of requests went over the last one: this crosses its end.
        assert_eq!(client.ask(&post("/api/v1/x", "body")).await.status, 502);
        assert_eq!(client.ask(&post("/api/v1/x", "body")).await.status, 200);
        drop(client);
        drop(streams);
        assert!(gateway.stop().await);
    }
}

/// However many requests fail, few are sent again.
#[tokio::test]
async fn retries_are_no_storm() {
    let (one, two) = (closing().await, closing().await);
    let upstream = "eject = { after = 0 }\nretries = 5\nretry_budget = 10\n";
    let gateway = rig::gateway(config("storm", &[one.address, two.address], "", upstream)).await;
    for _ in 0..200 {
        assert_eq!(gateway.get("/api/v1/x").await.status, 502);
    }
    let tries = one.accepted() + two.accepted();
    assert!((205..=240).contains(&tries), "{tries} tries of 200 requests: ten, and a tenth");
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_client_that_goes_takes_its_request_along() {
    let (asked, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (say_asked, say_gone) = (Arc::clone(&asked), Arc::clone(&gone));
    let service = Service::start(move |mut served: Served| {
        let (asked, gone) = (Arc::clone(&say_asked), Arc::clone(&say_gone));
        async move {
            served.request().await;
            asked.notify_one();
            served.ended().await;
            gone.notify_one();
        }
    })
    .await;
    let gateway = rig::gateway(config("gone", &[service.address], "", "")).await;
    for http2 in [false, true] {
        if http2 {
            let mut client = rig::h2(gateway.listen).await;
            let task = tokio::spawn(async move { rig::h2_get(&mut client, "/api/v1/x").await });
            asked.notified().await;
            task.abort();
        } else {
            let mut client = Client::connect(gateway.listen).await;
            client.write(&get("/api/v1/x")).await;
            asked.notified().await;
        }
        tokio::time::timeout(rig::PATIENCE, gone.notified()).await.expect("the instance hears of it");
    }
    assert!(gateway.stop().await);
}

/// What an instance writes, whether the client sees it break, and what it gets otherwise.
#[tokio::test]
async fn what_breaks_off_or_is_no_answer() {
    let rows = [
        ("HTTP/1.1 200 OK|content-length: 10||half", None),
        ("HTTP/1.1 200 OK|transfer-encoding: chunked||5|hello|", None),
        ("HTTP/1.1 200 OK|transfer-encoding: chunked||5|hello|zz|", None),
        ("garbage", Some(502)),
        ("|||", Some(502)),
        ("HTTP/1.1 200 OK|content-length: x||", Some(502)),
        ("HTTP/1.1 200 OK|content-length: 2|content-length: 3||ok", Some(502)),
        ("HTTP/1.1 200 OK|no colon||", Some(502)),
        ("HTTP/1.1 999999 OK||", Some(502)),
        ("", Some(502)),
    ];
    let mut wrong = Vec::new();
    for (answer, status) in rows {
        for reset in [false, true] {
            let service = Service::start(move |mut served: Served| async move {
                if served.request().await.is_none() {
                    return;
                }
                served.write(answer).await;
                // Of what is not whole, nothing more comes.
                if reset {
                    served.reset();
                }
            })
            .await;
            let gateway = rig::gateway(config("garbage", &[service.address], "", NO_RETRIES)).await;
            for turn in 1..=2 {
                let mut client = Client::connect(gateway.listen).await;
                client.write(&post("/api/v1/x", "body")).await;
                let (got, whole) = match client.answer().await {
                    Some(answer) => (Some(answer.status), true),
                    None => (None, false),
                };
                // What came before it broke is the client's.
                if !(whole || reset || client.has_begun()) {
                    wrong.push(format!("{answer:?}: it sees nothing"));
                }
                // A reset may overtake what was written before it.
                let as_well = reset && got == Some(502);
                if got != status && !as_well {
                    wrong.push(format!("{answer:?} {got:?} {whole}"));
                }
                if service.accepted() != turn {
                    wrong.push(format!("{answer:?}: the connection is used again"));
                }
            }
            assert!(gateway.stop().await);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A head that is too large, or that has too many fields, is the answer all the same: the request is not sent twice, no
/// instance is taken out, and the answer counts once.
#[tokio::test]
async fn an_answer_that_cannot_be_taken_is_one() {
    const HEAD: &str = "HTTP/1.1 200 OK|content-length: 0|";
    let rows = [
        ("bytes", format!("{HEAD}a: {}||", "x".repeat(40_000)), "", 502),
        ("bytes-more", format!("{HEAD}a: {}||", "x".repeat(40_000)), "response_header_bytes = 65536\n", 200),
        ("bytes-less", format!("{HEAD}a: {}||", "x".repeat(5_000)), "response_header_bytes = 4096\n", 502),
        ("fields", format!("{HEAD}{}|", "a: b|".repeat(100)), "", 502),
        ("fields-more", format!("{HEAD}{}|", "a: b|".repeat(100)), "response_headers = 200\n", 200),
        ("doubt", format!("{HEAD}transfer-encoding: chunked||0||"), "", 502),
        ("garbage", "garbage||".to_owned(), "", 502),
    ];
    for (what, answer, keys, status) in rows {
        let name = format!("unacceptable-{what}");
        let answer: &'static str = Box::leak(answer.into_boxed_str());
        let [one, two] = [Service::saying(answer).await, Service::saying(answer).await];
        let upstream = format!("eject = {{ after = 1 }}\n{keys}");
        let gateway = rig::gateway(config(&name, &[one.address, two.address], "", &upstream)).await;
        assert_eq!(gateway.get("/api/v1/x").await.status, status, "{what}");
        assert_eq!(one.accepted() + two.accepted(), 1, "{what}: it is not sent twice");
        let counted = async |result: &str| {
            let labels = [&*format!("upstream=\"{name}\""), result];
            limit::metric(&gateway, "sunward_upstream_requests_total", &labels).await
        };
        let expected = if status == 200 { [1.0, 0.0] } else { [0.0, 1.0] };
        assert_eq!([counted("\"ok\"").await, counted("\"invalid\"").await], expected, "{what}");
        assert_eq!(counted("").await, 1.0, "{what}: once");
        let ejections = limit::metric(&gateway, "sunward_upstream_ejections_total", &[&name]).await;
        assert_eq!(ejections, f64::from(matches!(what, "doubt" | "garbage")), "{what}: a large one is no fault");
        assert!(gateway.stop().await);
    }
}

/// What says which version an instance speaks is not read without end.
#[tokio::test]
async fn what_an_instance_says_of_itself_has_an_end() {
    let service = Service::start(|mut served: Served| async move {
        served.request().await;
        served.write("HTTP/1.1 200 OK|api-version: 1|transfer-encoding: chunked||").await;
        let chunk = format!("1000|{}|", "x".repeat(4096));
        while tokio::io::AsyncWriteExt::write_all(&mut served.stream, &rig::raw_bytes(&chunk)).await.is_ok() {}
    })
    .await;
    let own = "[gateway]\ntimeouts = { connect = \"1h\" }\n";
    let upstream = "speaks_from = { path = \"/version\", header = \"Api-Version\" }\n";
    let gateway = rig::gateway(config("endless", &[service.address], own, upstream)).await;
    assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    assert!(gateway.stop().await);
}

/// What comes behind an answer that was whole belongs to no request.
#[tokio::test]
async fn an_unrequested_response_is_not_an_answer() {
    let service = Service::start(|mut served: Served| async move {
        while served.request().await.is_some() {
            served.write("HTTP/1.1 200 OK|content-length: 2||okHTTP/1.1 200 OK|content-length: 4||evil").await;
        }
    })
    .await;
    let gateway = rig::gateway(config("unasked", &[service.address], "", "")).await;
    let mut client = Client::connect(gateway.listen).await;
    for _ in 0..10 {
        let answer = client.ask(&get("/api/v1/x")).await;
        assert_ne!(answer.body, "evil");
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }
    assert!(gateway.stop().await);
}
