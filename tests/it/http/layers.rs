//! The layers one by one, and what a service around or inside may rely on.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
#[cfg(all(feature = "tracing", feature = "cli"))]
use sunward::catalog::{Api, Catalog, Version};
#[cfg(all(feature = "tracing", feature = "cli"))]
use sunward::change::{Change, OpSpec};
#[cfg(all(feature = "tracing", feature = "cli"))]
use sunward::layer::VersioningLayer;
use sunward::layer::{AnnotateLayer, ApiVersion, CountLayer, GateLayer, MigrateLayer, ResolveLayer, Spoken};
use sunward::version::VersionId;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{Bench, Message, run, users};

type Echo<B> = tower::util::ServiceFn<fn(Request<B>) -> std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>>>;

/// Answers 200, without a body.
pub(super) fn echo<B>() -> Echo<B> {
    service_fn(|_| std::future::ready(Ok(Response::new(Empty::new()))))
}

#[derive(Debug, PartialEq)]
struct Down(u8);

#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

/// A body that breaks off after its first frame.
#[derive(Default)]
struct Cutting(Option<Bytes>);

impl Body for Cutting {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(Cut)))
    }
}

/// Is ready at the second time, and only the instance that was is to be called.
struct Slow {
    polls: Arc<AtomicUsize>,
    ready: bool,
    called: Arc<AtomicBool>,
}

impl Clone for Slow {
    fn clone(&self) -> Self {
        Self { polls: Arc::clone(&self.polls), ready: false, called: Arc::clone(&self.called) }
    }
}

impl<B> Service<Request<B>> for Slow {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.polls.fetch_add(1, Ordering::SeqCst) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        assert!(self.ready, "the instance that is called was ready");
        self.called.store(true, Ordering::SeqCst);
        std::future::ready(Ok(Response::new(Empty::new())))
    }
}

/// An old version that must be migrated, as its path says.
fn bench() -> Bench {
    Bench::new(users().with_version_path("/v{version}").with_version_header("Api-Version"))
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).expect("a request")
}

fn post(path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(Full::from(body)).expect("a request")
}

#[test]
fn readiness_is_the_inner_services() {
    let service = |polls: &Arc<AtomicUsize>, called: &Arc<AtomicBool>| Slow {
        polls: Arc::clone(polls),
        ready: false,
        called: Arc::clone(called),
    };
    for request in [get("/v1/users/7"), get("/else"), post("/v1/users", "{\"name\":1}")] {
        let (polls, called) = (Arc::default(), Arc::default());
        let stack = bench().layer().layer(service(&polls, &called));
        let response = run(stack.oneshot(request)).expect("an answer");
        assert_eq!(response.status() == 400, !called.load(Ordering::SeqCst));
        assert_eq!(polls.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn the_error_type_is_the_inner_services() {
    let failing = || service_fn(|_: Request<_>| async { Err::<Response<Full<Bytes>>, _>(Down(7)) });
    let bench = bench();
    let failed = |path| run(bench.layer().layer(failing()).oneshot(get(path))).map(|_| ());
    assert_eq!(failed("/v1/users/7"), Err(Down(7)));
    assert_eq!(failed("/v3/users/7"), Err(Down(7)));
    let gone = bench.at("2028-01-01");
    let response = run(gone.layer().layer(failing()).oneshot(get("/v1/users/7"))).expect("an answer");
    assert_eq!(response.status(), 410);
}

#[test]
fn a_body_that_breaks_off_is_answered() {
    let request = Request::post("/v1/users").header("content-type", "application/json");
    let request = request.body(Cutting(Some("{\"name\":".into()))).expect("a request");
    let stack = bench().layer().layer(echo::<_>());
    let response = run(stack.oneshot(request)).expect("an answer");
    assert_eq!(response.status(), 400);

    let cut = service_fn(|_: Request<_>| async {
        let mut response = Response::new(Cutting(Some("{\"title\":1}".into())));
        response.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
        Ok::<_, Infallible>(response)
    });
    let response = run(bench().layer().layer(cut).oneshot(get("/v1/users/7"))).expect("an answer");
    assert_eq!(response.status(), 502);
    let untouched = run(bench().layer().layer(cut).oneshot(get("/v3/users/7"))).expect("an answer");
    assert_eq!(untouched.status(), 200);
    assert!(run(untouched.into_body().collect()).is_err(), "what passes breaks off as it does");
}

/// A stack of one layer inside [`ResolveLayer`].
fn planned<L, S>(bench: &Bench, layer: L, inner: S) -> sunward::layer::Resolve<L::Service>
where
    L: Layer<S>,
{
    ResolveLayer::new(Arc::clone(&bench.catalog)).with_clock(bench.clock.clone()).layer(layer.layer(inner))
}

/// Status and fields of what `service` answers to an old version's request.
fn asked<S, B>(service: S) -> (u16, HeaderMap)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
{
    let (parts, _) = run(service.oneshot(get("/v1/users/7"))).expect("an answer").into_parts();
    (parts.status.as_u16(), parts.headers)
}

#[test]
fn each_layer_is_of_use_alone() {
    let gone = bench().at("2028-01-01");
    let sees = service_fn(|request: Request<Full<Bytes>>| async move {
        let version = ApiVersion::of(request.extensions()).expect("it is resolved");
        assert_eq!((version.api(), version.as_str()), ("shop", "1"));
        assert_eq!(request.uri().path(), "/v1/users/7");
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let resolve = ResolveLayer::new(Arc::clone(&gone.catalog)).with_clock(gone.clock.clone()).layer(sees);
    assert_eq!(asked(resolve), (200, HeaderMap::new()), "the service finds the plan, and that is all");

    let (status, headers) = asked(planned(&gone, GateLayer::new(), echo()));
    assert!(status == 410 && !headers.contains_key("deprecation"), "it answers, and does not annotate");

    let (status, headers) = asked(planned(&gone, AnnotateLayer::new(), echo()));
    assert!(status == 200 && headers["deprecation"] == "@1735689600", "it annotates, and does not answer");

    assert_eq!(asked(planned(&gone, CountLayer::new(), echo())), (200, HeaderMap::new()));

    let answers = service_fn(|request: Request<_>| async move {
        assert_eq!(request.uri().path(), "/users/7");
        let mut response = Response::new(Full::<Bytes>::from("{\"title\":1}"));
        response.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
        Ok::<_, Infallible>(response)
    });
    let migrate = planned(&gone, MigrateLayer::new(), answers);
    let response = run(migrate.oneshot(get("/v1/users/7"))).expect("an answer");
    assert_eq!(run(response.into_body().collect()).expect("a body").to_bytes(), "{\"name\":1}");
}

#[test]
fn without_a_plan_each_layer_passes() {
    let passed = (200, HeaderMap::new());
    assert_eq!(asked(GateLayer::new().layer(echo())), passed);
    assert_eq!(asked(AnnotateLayer::new().layer(echo())), passed);
    assert_eq!(asked(CountLayer::new().layer(echo())), passed);
    assert_eq!(asked(MigrateLayer::new().layer(echo())), passed);
}

#[test]
fn a_balancer_sets_what_its_instance_speaks() {
    let migrate = MigrateLayer::new().layer(service_fn(|request: Request<_>| async move {
        let body: Bytes = BodyExt::collect(request.into_body()).await.expect("a body").to_bytes();
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
        Ok::<_, Infallible>(response)
    }));
    let bench = bench();
    for (spoken, path, sent) in
        [(0, "/v2/users", "{\"title\":1}"), (1, "/v1/users", "{\"name\":1}"), (0, "/v1/users", "{\"name\":1}")]
    {
        let migrate = migrate.clone();
        let picks = service_fn(move |mut request: Request<Full<Bytes>>| {
            request.extensions_mut().insert(Spoken(VersionId::new(spoken)));
            migrate.clone().oneshot(request)
        });
        let resolve = ResolveLayer::new(Arc::clone(&bench.catalog)).with_clock(bench.clock.clone()).layer(picks);
        let response = run(resolve.oneshot(post(path, sent))).expect("an answer");
        let body = run(response.into_body().collect()).expect("a body").to_bytes();
        assert_eq!(body, sent, "there and back: {path} by {spoken}");
    }
}

#[test]
fn extensions_and_protocol_versions_pass() {
    #[derive(Clone, PartialEq, Debug)]
    struct Mark(u8);
    let inner = service_fn(|request: Request<_>| async move {
        assert_eq!(request.extensions().get::<Mark>(), Some(&Mark(1)));
        assert_eq!(request.version(), http::Version::HTTP_2);
        let mut response = Response::new(Full::<Bytes>::from("{}"));
        response.extensions_mut().insert(Mark(2));
        response.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
        *response.version_mut() = http::Version::HTTP_10;
        Ok::<_, Infallible>(response)
    });
    for mut request in [get("/v1/users/7"), get("/v3/users/7"), post("/v1/users", "{}")] {
        request.extensions_mut().insert(Mark(1));
        *request.version_mut() = http::Version::HTTP_2;
        let response = run(bench().layer().layer(inner).oneshot(request)).expect("an answer");
        assert_eq!(response.extensions().get::<Mark>(), Some(&Mark(2)));
        assert_eq!(response.version(), http::Version::HTTP_10);
    }
}

#[test]
fn what_connection_named_is_gone_before() {
    // A server or gateway takes the fields off that `Connection` names; what is left speaks by default.
    let bench = Bench::new(users().with_version_header("Api-Version").with_unspecified("2"));
    let exchange = bench.exchange("GET /users/7", "");
    assert_eq!(exchange.field("api-version").as_deref(), Some("2"));
    assert!(exchange.seen.expect("it is passed on").headers.get("api-version").is_none());
}

#[test]
fn a_catalog_may_be_exchanged() {
    struct Both(Arc<AtomicBool>, [Arc<sunward::catalog::Catalog>; 2]);
    impl sunward::catalog::CurrentCatalog for Both {
        fn current(&self) -> Arc<sunward::catalog::Catalog> {
            Arc::clone(&self.1[usize::from(self.0.load(Ordering::SeqCst))])
        }
    }
    let second = Bench::new(users().with_version_path("/v{version}").with_version_header("X-Version"));
    let switch = Arc::new(AtomicBool::new(false));
    let both = Both(Arc::clone(&switch), [bench().catalog, second.catalog]);
    let layer = sunward::layer::VersioningLayer::following(both).with_clock(second.clock.clone());
    let service = layer.layer(echo());
    let field = |name: &str| {
        let response = run(service.clone().oneshot(Message::parse("GET /v3/x").request())).expect("an answer");
        response.headers().contains_key(name)
    };
    assert!(field("api-version"));
    switch.store(true, Ordering::SeqCst);
    assert!(!field("api-version") && field("x-version"));
}

/// A log in memory.
#[cfg(all(feature = "tracing", feature = "cli"))]
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(all(feature = "tracing", feature = "cli"))]
impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the lines").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The client learns no more than that the response could not be migrated; who runs the service learns why.
#[cfg(all(feature = "tracing", feature = "cli"))]
#[test]
fn a_response_that_cannot_be_migrated_is_an_event() {
    let map = OpSpec::map("/state", [("paid", "settled")]);
    let change = Change::new("2", "States have other names").with_at("GET /orders -> 200").with_op(map);
    let api = Api::new("shop").with_version_path("/v{version}").with_change(change.with_breaking(true));
    let api = api.with_version(Version::new("1")).with_version(Version::new("2"));
    let layer = VersioningLayer::new(Catalog::new([api]).expect("a catalog"));
    let service = layer.layer(service_fn(|_: Request<_>| async {
        let mut response = Response::new(Full::new(Bytes::from_static(b"{\"state\":\"lost\"}")));
        response.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
        Ok::<_, Infallible>(response)
    }));

    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let request = Request::get("/v1/orders").body(Empty::<Bytes>::new()).expect("a request");
    let response = tracing::subscriber::with_default(log, || run(service.oneshot(request))).expect("an answer");
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);

    let lines = lines.0.lock().expect("the lines");
    let event: serde_json::Value = serde_json::from_slice(&lines).expect("one event");
    assert_eq!((&event["level"], &event["target"]), (&"WARN".into(), &"sunward::layer".into()));
    for (field, value) in [
        ("api", "shop"),
        ("route", "GET /orders"),
        ("from", "2"),
        ("to", "1"),
        ("change", "2: States have other names"),
        ("pointer", "/state"),
    ] {
        assert_eq!(event["fields"][field], value, "{event}");
    }
}
