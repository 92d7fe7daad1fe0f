//! What is counted, and when.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use sunward::catalog::{Api, Brownout, OnUndeclared, Version};
use sunward::change::{Change, OpSpec};
use tower::{Layer, ServiceExt, service_fn};

use super::{Bench, Message, run, users};

/// Runs `test` with a recorder of its own.
fn recorded<T>(test: impl FnOnce(&Recorded) -> T) -> T {
    let recorder = DebuggingRecorder::new();
    let recorded = Recorded(recorder.snapshotter());
    metrics::with_local_recorder(&recorder, || test(&recorded))
}

struct Recorded(Snapshotter);

impl Recorded {
    /// All values since the last time, `name{labels}` each, counters of zero left out. A histogram is how often.
    fn take(&self) -> Vec<(String, f64)> {
        let mut list: Vec<(String, f64)> = Vec::new();
        for (key, _, _, value) in self.0.snapshot().into_vec() {
            let labels: Vec<String> = key.key().labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
            let value = match value {
                #[allow(clippy::cast_precision_loss, reason = "small counts")]
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(gauge) => gauge.into_inner(),
                #[allow(clippy::cast_precision_loss, reason = "small counts")]
                DebugValue::Histogram(values) => values.len() as f64,
            };
            if value != 0.0 {
                list.push((format!("{}{{{}}}", key.key().name(), labels.join(",")), value));
            }
        }
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list
    }

    /// The labels of `sunward_requests_total`, each request once.
    fn requests(&self) -> Vec<String> {
        let all = self.take().into_iter().filter_map(|(key, count)| {
            let labels = key.strip_prefix("sunward_requests_total{")?.strip_suffix('}')?.to_owned();
            Some((labels, count))
        });
        all.flat_map(|(labels, count)| (0..count as usize).map(move |_| labels.clone()).collect::<Vec<_>>()).collect()
    }
}

fn value(list: &[(String, f64)], key: &str) -> f64 {
    list.iter().find(|(known, _)| known == key).map_or(0.0, |(_, value)| *value)
}

fn api() -> Api {
    users().with_version_path("/v{version}").with_version_header("Api-Version")
}

fn labels(version: &str, route: &str, method: &str, class: &str, outcome: &str) -> String {
    format!("api=shop,version={version},route={route},method={method},status_class={class},outcome={outcome}")
}

#[test]
fn a_request_is_counted_with_its_outcome() {
    let window = Brownout::new("2026-06-01T12:00:00Z", std::time::Duration::from_secs(600));
    let with = |window: Brownout| {
        let first = sunward::catalog::Version::new("1").with_deprecated("2025-01-01").with_sunset("2027-01-01");
        Api::new("shop")
            .with_version_path("/v{version}")
            .with_version(first.with_brownout(window))
            .with_version(sunward::catalog::Version::new("2"))
            .with_route(sunward::catalog::Route::new("GET /users/{id}"))
    };
    let (dark, gone) = ("2026-06-01T12:05:00Z", "2027-01-01T00:00:00Z");
    let user = "/users/{id}";
    let closed = sunward::catalog::Version::new("1").with_closed("2026-01-01");
    let closed = Api::new("shop").with_version_path("/v{version}").with_version(closed);
    let rows: Vec<(&str, Api, &str, &str, &str, String)> = vec![
        ("served", api(), dark, "GET /v1/users/7", "200", labels("1", user, "GET", "2xx", "served")),
        ("by HEAD", api(), dark, "HEAD /v1/users/7", "200", labels("1", user, "HEAD", "2xx", "served")),
        ("an error", api(), dark, "GET /v1/users/7", "503", labels("1", user, "GET", "5xx", "served")),
        ("an unknown path", api(), dark, "GET /v1/nowhere", "404", labels("1", "_unmatched", "GET", "4xx", "served")),
        (
            "an unknown method",
            api(),
            dark,
            "BREW /v1/nowhere",
            "200",
            labels("1", "_unmatched", "_other", "2xx", "served"),
        ),
        (
            "an unknown version",
            api(),
            dark,
            "GET /v9/users/7",
            "",
            labels("_other", "_unmatched", "GET", "4xx", "refused"),
        ),
        ("no version", api(), dark, "GET /users/7", "", labels("_other", "_unmatched", "GET", "4xx", "refused")),
        (
            "a preflight",
            api(),
            dark,
            "OPTIONS /v1/users/7\nOrigin: a\nAccess-Control-Request-Method: GET",
            "204",
            labels("1", user, "OPTIONS", "2xx", "served"),
        ),
        ("a brownout", with(window.clone()), dark, "GET /v1/users/7", "", labels("1", user, "GET", "4xx", "brownout")),
        (
            "a dry run",
            with(window.with_dry_run(true)),
            dark,
            "GET /v1/users/7",
            "",
            labels("1", user, "GET", "2xx", "spared"),
        ),
        ("closed", closed, dark, "GET /v1/x", "", labels("1", "_unmatched", "GET", "4xx", "closed")),
        ("gone", api(), gone, "GET /v1/users/7", "", labels("1", user, "GET", "4xx", "gone")),
        ("gone by HEAD", api(), gone, "HEAD /v1/users/7", "", labels("1", user, "HEAD", "4xx", "gone")),
        (
            "not to be migrated",
            api(),
            dark,
            "GET /v1/users/7",
            "200\ncontent-type: application/json\n\n<",
            labels("1", user, "GET", "5xx", "failed"),
        ),
        (
            "not to be migrated by us",
            api(),
            dark,
            "POST /v1/users\ncontent-type: application/json\n\n{",
            "",
            labels("1", "/users", "POST", "4xx", "failed"),
        ),
    ];
    for (name, api, now, request, upstream, expected) in rows {
        recorded(|recorded| {
            let bench = Bench::new(api).at(now);
            bench.exchange(request, upstream);
            assert_eq!(recorded.requests(), [expected], "{name}");
        });
    }
    recorded(|recorded| {
        Bench::with([api().with_base_path("/shop")], |catalog| catalog).exchange("GET /else", "");
        assert!(recorded.requests().is_empty(), "what is no api's is not counted");
    });
}

/// A route has the name that it has in the newest version, so that its figures are those of one route in all versions.
#[test]
fn routes_that_become_one_have_one_label() {
    let change = Change::new("2", "channels and groups are conversations")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /channels", "GET /conversations").with_query("types", "public"))
        .with_op(OpSpec::move_route("GET /groups", "GET /conversations").with_query("types", "private"));
    let api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_change(change)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"));
    recorded(|recorded| {
        let bench = Bench::new(api);
        for request in ["GET /v1/channels", "GET /v1/groups", "GET /v2/conversations"] {
            bench.exchange(request, "");
        }
        let expected = ["1", "1", "2"].map(|version| labels(version, "/conversations", "GET", "2xx", "served"));
        assert_eq!(recorded.requests(), expected);
    });
}

#[test]
fn deprecation_is_counted_apart() {
    recorded(|recorded| {
        let bench = Bench::new(api());
        let list = recorded.take();
        assert_eq!(
            list,
            [("sunward_version_sunset_timestamp_seconds{api=shop,version=1}".to_owned(), 1_798_761_600.0)]
        );
        let all = "api=shop,version=1,route=/users/{id},method=GET";
        bench.exchange("GET /v1/users/7", "200\ncontent-type: application/json\n\n{\"title\":1}");
        let list = recorded.take();
        assert_eq!(value(&list, &format!("sunward_deprecated_requests_total{{{all}}}")), 1.0, "{list:?}");
        assert_eq!(value(&list, "sunward_requested_deprecated{api=shop,version=1,route=/users/{id}}"), 1.0);
        assert_eq!(
            value(
                &list,
                "http_server_request_duration_seconds{api=shop,version=1,http_route=/users/{id},http_request_method=GET}"
            ),
            1.0
        );
        assert_eq!(value(&list, &format!("sunward_response_body_bytes_total{{{all}}}")), 10.0);
        let migrated = "{api=shop,route=/users/{id},direction=response}";
        assert_eq!(value(&list, &format!("sunward_migration_duration_seconds{migrated}")), 1.0);
        bench.exchange("GET /v1/users/7", "200\ncontent-type: application/json\n\n{");
        assert_eq!(value(&recorded.take(), &format!("sunward_migration_errors_total{migrated}")), 1.0);
        bench.exchange("GET /v1/users/7", "200\ncontent-type: application/json\ncontent-encoding: gzip\n\n{");
        assert_eq!(value(&recorded.take(), &format!("sunward_migration_errors_total{migrated}")), 1.0);
        let coded = "POST /v1/users\ncontent-type: application/json\ncontent-encoding: gzip\n\n{";
        bench.exchange(coded, "");
        let migrated = "{api=shop,route=/users,direction=request}";
        assert_eq!(value(&recorded.take(), &format!("sunward_migration_errors_total{migrated}")), 1.0);
        let bench = bench.at("2027-01-01");
        bench.exchange("GET /v1/users/7", "");
        let list = recorded.take();
        assert_eq!(value(&list, &format!("sunward_gone_total{{{all}}}")), 1.0, "{list:?}");
        assert_eq!(value(&list, &format!("sunward_deprecated_requests_total{{{all}}}")), 1.0);
        bench.exchange("GET /v2/users/7", "");
        assert!(!recorded.take().iter().any(|(key, _)| key.contains("deprecated_requests_total{api=shop,version=2")));
    });
}

#[test]
fn content_of_a_deprecated_version_is_use_of_it() {
    recorded(|recorded| {
        let bench = Bench::new(users().with_version_accept("application/vnd.shop.v{version}+json"));
        let request = "POST /users\ncontent-type: application/vnd.shop.v1+json\naccept: application/vnd.shop.v3+json\n\n{\"name\":1}";
        bench.exchange(request, "201\ncontent-type: application/json\n\n{}");
        let list = recorded.take();
        let of = |version: &str| {
            format!("sunward_deprecated_requests_total{{api=shop,version={version},route=/users,method=POST}}")
        };
        assert_eq!((value(&list, &of("1")), value(&list, &of("3"))), (1.0, 0.0), "{list:?}");
    });
}

#[test]
fn brownouts_are_counted_also_in_a_dry_run() {
    for dry in [false, true] {
        recorded(|recorded| {
            let window = Brownout::new("2026-06-01T12:00:00Z", std::time::Duration::from_secs(600)).with_dry_run(dry);
            let first = sunward::catalog::Version::new("1").with_deprecated("2025-01-01").with_brownout(window);
            let bench = Bench::new(Api::new("shop").with_version_path("/v{version}").with_version(first))
                .at("2026-06-01T12:05:00Z");
            bench.exchange("GET /v1/x", "");
            let key = "sunward_brownout_total{api=shop,version=1,route=_unmatched,method=GET}";
            assert_eq!(value(&recorded.take(), key), 1.0, "dry run: {dry}");
        });
    }
}

#[test]
fn what_is_not_declared_is_counted_where_it_passes() {
    let conflict = "409\ncontent-type: application/json\n\n{}";
    let key = |route: &str, method: &str, what: &str| {
        format!("sunward_undeclared_total{{api=shop,version=1,route={route},method={method},what={what}}}")
    };
    let rows = [
        ("GET /v1/nowhere", "", Some(key("_unmatched", "GET", "path"))),
        ("BREW /v1/users/7", "", Some(key("/users/{id}", "_other", "method"))),
        ("GET /v1/users/7", conflict, Some(key("/users/{id}", "GET", "status"))),
        ("GET /v3/users/7", conflict, None),
        ("GET /v1/users/7", "", None),
    ];
    for refuses in [false, true] {
        for (request, answer, expected) in &rows {
            let undeclared = if refuses { OnUndeclared::Refuse } else { OnUndeclared::Pass };
            recorded(|recorded| {
                Bench::new(api().with_undeclared(undeclared)).exchange(request, answer);
                let list = recorded.take();
                let counted = list.iter().find(|(known, _)| known.starts_with("sunward_undeclared_total"));
                let expected = expected.clone().filter(|_| !refuses).map(|key| (key, 1.0));
                assert_eq!(counted.cloned(), expected, "{request}");
            });
        }
    }
}

#[test]
fn a_request_is_counted_when_its_body_ends() {
    let two = || Frames([Bytes::from("abc"), Bytes::from("de")].into());
    let user = "/users/{id}";
    recorded(|recorded| {
        let service = Bench::new(api())
            .layer()
            .layer(service_fn(move |_: Request<_>| async move { Ok::<_, Infallible>(Response::new(two())) }));
        let ask = || run(service.clone().oneshot(Message::parse("GET /v2/users/7").request())).expect("an answer");
        let response = ask();
        assert!(recorded.requests().is_empty(), "a head is no answer");
        run(response.into_body().collect()).expect("a body");
        let list = recorded.take();
        let served = format!("sunward_requests_total{{{}}}", labels("2", user, "GET", "2xx", "served"));
        assert_eq!(value(&list, &served), 1.0, "{list:?}");
        assert_eq!(
            value(&list, "sunward_response_body_bytes_total{api=shop,version=2,route=/users/{id},method=GET}"),
            5.0
        );

        let mut body = ask().into_body();
        run(body.frame()).expect("a frame").expect("a frame");
        assert!(recorded.requests().is_empty());
        drop(body);
        let list = recorded.take();
        let aborted = format!("sunward_requests_total{{{}}}", labels("2", user, "GET", "2xx", "aborted"));
        assert_eq!(value(&list, &aborted), 1.0, "{list:?}");
        assert_eq!(
            value(&list, "sunward_response_body_bytes_total{api=shop,version=2,route=/users/{id},method=GET}"),
            3.0
        );

        drop(ask());
        assert_eq!(recorded.requests(), [labels("2", user, "GET", "2xx", "aborted")], "also before its first byte");
    });
}

/// A server that knows the end of a response does not ask its body for it.
#[test]
fn an_end_that_is_known_is_no_abort() {
    let user = "/users/{id}";
    // The method, the status, `Content-Length`, the frames that are taken, and what it counts as.
    let rows = [
        ("GET", 200, None, 0, "aborted"),
        ("GET", 200, None, 2, "aborted"),
        ("GET", 200, Some("5"), 1, "aborted"),
        ("GET", 200, Some("5"), 2, "served"),
        ("HEAD", 200, None, 0, "served"),
        ("HEAD", 200, Some("5"), 0, "served"),
        ("GET", 204, None, 0, "served"),
        ("GET", 304, None, 0, "served"),
    ];
    recorded(|recorded| {
        for (method, status, length, taken, outcome) in rows {
            let service = Bench::new(api()).layer().layer(service_fn(move |_: Request<_>| async move {
                let mut response = Response::new(Frames([Bytes::from("abc"), Bytes::from("de")].into()));
                *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
                length.map(|length: &str| response.headers_mut().insert("content-length", length.parse().expect("it")));
                Ok::<_, Infallible>(response)
            }));
            let asked = Message::parse(&format!("{method} /v2/users/7")).request();
            let mut body = run(service.oneshot(asked)).expect("an answer").into_body();
            for _ in 0..taken {
                run(body.frame()).expect("a frame").expect("a frame");
            }
            drop(body);
            let class = format!("{}xx", status / 100);
            // Without a route for HEAD, it is that of GET.
            let expected = labels("2", user, method, &class, outcome);
            assert_eq!(recorded.requests(), [expected], "{method} {status} {length:?} {taken}");
        }
    });
}

/// Breaks off, and then ends.
#[derive(Default)]
struct Breaks(bool);

impl http_body::Body for Breaks {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, &'static str>>> {
        let broke = std::mem::replace(&mut self.0, true);
        std::task::Poll::Ready((!broke).then_some(Err("cut")))
    }
}

#[test]
fn a_body_that_broke_off_was_not_served() {
    recorded(|recorded| {
        let breaks = service_fn(|_: Request<_>| async { Ok::<_, Infallible>(Response::new(Breaks::default())) });
        let service = Bench::new(api()).layer().layer(breaks);
        let response = run(service.oneshot(Message::parse("GET /v2/users/7").request())).expect("an answer");
        let mut body = response.into_body();
        assert!(run(body.frame()).expect("a frame").is_err());
        assert!(run(body.frame()).is_none());
        drop(body);
        assert_eq!(recorded.requests(), [labels("2", "/users/{id}", "GET", "2xx", "error")]);
    });
}

/// A body of several frames.
struct Frames(std::collections::VecDeque<Bytes>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(self.0.pop_front().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

#[test]
fn failures_and_aborts_are_counted_apart() {
    let user = "/users/{id}";
    recorded(|recorded| {
        let bench = Bench::new(api());
        let failing =
            bench.layer().layer(service_fn(|_: Request<_>| async { Err::<Response<Full<Bytes>>, _>("down") }));
        assert!(run(failing.oneshot(Message::parse("GET /v2/users/7").request())).is_err());
        assert_eq!(recorded.requests(), [labels("2", user, "GET", "5xx", "error")]);

        let pending = bench
            .layer()
            .layer(service_fn(|_: Request<_>| std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()));
        drop(pending.oneshot(Message::parse("GET /v2/users/7").request()));
        assert!(recorded.requests().is_empty(), "it was not polled");
        let pending = bench
            .layer()
            .layer(service_fn(|_: Request<_>| std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()));
        let waits = async {
            tokio::select! {
                biased;
                _ = pending.oneshot(Message::parse("GET /v2/users/7").request()) => panic!("it never answers"),
                () = std::future::ready(()) => {}
            }
        };
        run(waits);
        assert_eq!(recorded.requests(), [labels("2", user, "GET", "5xx", "aborted")]);
    });
}

#[test]
fn a_body_that_does_not_say_that_it_is_json_is_counted() {
    let rows = [
        ("GET /v1/users/7", "200\ncontent-type: text/plain\n\n{}", "response", 1.0),
        ("GET /v1/users/7", "200\n\n{}", "response", 1.0),
        ("GET /v1/users/7", "200\ncontent-type: application/json; utf-8\n\n{}", "response", 0.0),
        ("GET /v1/users/7", "200\ncontent-type: text/plain\ncontent-length: 0", "response", 0.0),
        ("HEAD /v1/users/7", "200\ncontent-type: text/plain", "response", 0.0),
        ("GET /v1/users/7", "404\ncontent-type: text/plain\n\nno", "response", 0.0),
        ("GET /v3/users/7", "200\ncontent-type: text/plain\n\n{}", "response", 0.0),
    ];
    for (request, upstream, direction, expected) in rows {
        let list = recorded(|recorded| {
            Bench::new(api()).exchange(request, upstream);
            recorded.take()
        });
        let key = format!("sunward_migration_untyped_total{{api=shop,route=/users/{{id}},direction={direction}}}");
        assert_eq!(value(&list, &key), expected, "{request} {upstream}: {list:?}");
    }
    let list = recorded(|recorded| {
        Bench::new(api()).exchange("POST /v1/users\n\n{}", "200");
        recorded.take()
    });
    assert_eq!(
        value(&list, "sunward_migration_untyped_total{api=shop,route=/users,direction=request}"),
        1.0,
        "{list:?}"
    );
}
