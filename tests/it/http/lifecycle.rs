//! What becomes of a request as its version grows old.

use std::time::Duration;

use sunward::catalog::{
    ActOrigin, Api, Brownout, Catalog, ConsumerSource, Control, Extension, Route, ShareOf, Version,
};
use sunward::consumer::{Consumer, KnownConsumers};

use super::{Bench, at, users};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn old(version: Version) -> Version {
    version.with_deprecated("2025-01-01").with_sunset("2027-01-01")
}

/// Version 1 is as said, version 2 is current.
fn with_first(first: Version) -> Api {
    Api::new("shop")
        .with_version_path("/v{version}")
        .with_version_header("Api-Version")
        .with_unspecified("1")
        .with_consumer_source(ConsumerSource::Header("X-Consumer".into()))
        .with_route(Route::new("GET /users/{id}"))
        .with_route(Route::new("POST /users"))
        .with_version(first)
        .with_version(Version::new("2"))
}

fn window() -> Brownout {
    Brownout::new("2026-06-01T12:00:00Z", Duration::from_secs(600))
}

fn with_window(brownout: Brownout) -> Api {
    with_first(old(Version::new("1")).with_brownout(brownout))
}

#[test]
fn dates_are_announced_and_kept() {
    let docs = "https://docs.test/v2";
    let first = old(Version::new("1")).with_docs(docs).with_policy("https://docs.test/policy");
    let bench = Bench::new(with_first(first));
    let current: &[&str] = &["200", "-deprecation", "-sunset", "-link", "api-version: 2", "vary: api-version"];
    bench.check(&[("current", "GET /v2/users/7", "", current)]);
    let announced: &[&str] = &[
        "200",
        "deprecation: @1735689600",
        "sunset: Fri, 01 Jan 2027 00:00:00 GMT",
        "link ~ <https://docs.test/v2>; rel=\"deprecation\"",
        "link ~ <https://docs.test/policy>; rel=\"sunset\"",
        "link ~ </v2/users/7?a=b>; rel=\"successor-version\"",
        "vary: api-version",
        "api-version: 1",
        "> GET /users/7?a=b",
    ];
    for now in ["2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z", "2026-12-31T23:59:59Z"] {
        bench.clock.set(at(now));
        bench.check(&[(now, "GET /v1/users/7?a=b", "", announced)]);
    }
    bench.clock.set(at("2027-01-01T00:00:00Z"));
    bench.check(&[
        (
            "the end",
            "GET /v1/users/7?a=b",
            "",
            &[
                "410",
                "content-type: application/problem+json",
                "cache-control: no-store",
                "vary: api-version",
                "date: Fri, 01 Jan 2027 00:00:00 GMT",
                "deprecation: @1735689600",
                "-sunset",
                "-retry-after",
                "link ~ rel=\"deprecation\"; anchor=\"/v1/users/7\"",
                "~ problems/version-sunset",
                "~ \"status\":410",
                "~ \"api_version\":\"1\"",
                "~ \"supported_versions\":[\"2\"]",
                "~ \"docs\":\"https://docs.test/v2\"",
                "~ \"sunset\":\"2027-01-01T00:00:00Z\"",
                "~ \"successor\":\"/v2/users/7?a=b\"",
                "> nothing",
            ],
        ),
        ("with a body", "POST /v1/users\nContent-Type: application/json\n\n{}", "", &["410", "> nothing"]),
        ("an unknown path", "GET /v1/nowhere", "", &["410", "~ \"successor\":\"/v2/nowhere\"", "> nothing"]),
        ("by header there is no other URL", "GET /users/7\nApi-Version: 1", "", &["410", "-location", "> nothing"]),
        ("by default", "GET /users/7", "", &["410", "vary: api-version"]),
        ("the next version", "GET /v2/users/7", "", &["200"]),
    ]);
    assert!(bench.exchange("GET /users/7", "").json().get("successor").is_none());
}

#[test]
fn head_is_answered_like_get() {
    let gone = Bench::new(with_first(old(Version::new("1")))).at("2028-01-01");
    let dark = Bench::new(with_window(window())).at("2026-06-01T12:04:00Z");
    for bench in [&gone, &dark] {
        let (get, head) = (bench.exchange("GET /v1/users/7", ""), bench.exchange("HEAD /v1/users/7", ""));
        assert_eq!((get.status, head.status), (410, 410));
        assert!(head.body.is_empty() && !get.body.is_empty());
        assert_eq!(get.field("content-length"), Some(get.body.len().to_string()));
        let names = |exchange: &super::Exchange| exchange.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&get), names(&head));
        for name in names(&get).iter().filter(|name| *name != "retry-after" && *name != "content-length") {
            assert_eq!(get.field(name), head.field(name), "{name}");
        }
    }
}

#[test]
fn a_brownout_rehearses_the_end() {
    let bench = Bench::new(with_window(window()));
    let serves: &[&str] = &["200", "-retry-after", "> GET /users/7"];
    for now in ["2026-06-01T11:59:59.999Z", "2026-06-01T12:10:00Z"] {
        bench.clock.set(at(now));
        bench.check(&[(now, "GET /v1/users/7", "", serves)]);
    }
    bench.clock.set(at("2026-06-01T12:04:00.2Z"));
    bench.check(&[
        (
            "dark",
            "POST /v1/users\n\n{}",
            "",
            &[
                "410",
                "cache-control: no-store",
                "vary: api-version",
                "+retry-after",
                "sunset: Fri, 01 Jan 2027 00:00:00 GMT",
                "~ problems/version-brownout",
                "~ \"status\":410",
                "~ \"supported_versions\":[\"2\"]",
                "~ \"successor\":\"/v2/users\"",
                "> nothing",
            ],
        ),
        ("the other version", "GET /v2/users/7", "", &["200"]),
    ]);
    for _ in 0..20 {
        let exchange = bench.exchange("GET /v1/users/7", "");
        let seconds: u64 = exchange.field("retry-after").expect("a number").parse().expect("a number");
        assert!((360..=390).contains(&seconds), "{seconds}");
        assert_eq!(exchange.json()["retry_after"], seconds);
    }
    let other = Bench::new(with_window(window().with_status(503))).at("2026-06-01T12:05:00Z");
    other.check(&[(
        "503",
        "GET /v1/users/7",
        "",
        &["503", "~ \"status\":503", "cache-control: no-store", "+retry-after"],
    )]);
}

#[test]
fn a_brownout_reaches_whom_it_should() {
    let dark = "2026-06-01T12:05:00Z";
    let get = "GET /v1/users/7\nX-Consumer: bob";
    let rows: [(&str, Brownout, &str, u16); 9] = [
        ("all", window(), get, 410),
        ("another route", window().with_route("POST /users"), get, 200),
        ("the route", window().with_route("GET /users/{id}"), get, 410),
        ("the route by HEAD", window().with_route("GET /users/{id}"), "HEAD /v1/users/7", 410),
        ("another consumer", window().with_consumer("carol"), get, 200),
        ("the consumer", window().with_consumer("bob"), get, 410),
        ("an exempt one", window().with_exempt("bob"), get, 200),
        ("a dry run", window().with_dry_run(true), get, 200),
        ("no extension", window().with_consumer("bob"), "GET /v1/users/7", 200),
    ];
    for (name, brownout, request, status) in rows {
        assert_eq!(Bench::new(with_window(brownout)).at(dark).exchange(request, "").status, status, "{name}");
    }
    let paused = Bench::new(with_window(window()).with_pause(true)).at(dark);
    assert_eq!(paused.exchange(get, "").status, 200, "paused by config");
    let dry = Bench::new(with_window(window()).with_dry_run(true)).at(dark);
    assert_eq!(dry.exchange(get, "").status, 200, "a dry run of the api");
}

#[test]
fn a_share_only_grows() {
    let ramp = Brownout::new("2026-06-01", DAY / 24).with_ramp(DAY, [10.0, 50.0, 100.0]);
    let bench = Bench::new(with_window(ramp));
    let hit = |day: &str| -> Vec<bool> {
        bench.clock.set(at(&format!("{day}T00:30:00Z")));
        let ask = |n| bench.exchange(&format!("GET /v1/users/7\nX-Consumer: c{n}"), "").status == 410;
        (0..200).map(ask).collect()
    };
    let days = ["2026-06-01", "2026-06-02", "2026-06-03"].map(hit);
    let counts = days.each_ref().map(|day| day.iter().filter(|hit| **hit).count());
    assert!((5..45).contains(&counts[0]) && (70..130).contains(&counts[1]) && counts[2] == 200, "{counts:?}");
    assert!(days[0].iter().zip(&days[1]).all(|(first, second)| !first || *second), "who was hit stays hit");
    assert_eq!(days[0], hit("2026-06-01"), "and it is no lottery");

    let share = Brownout::new("2026-06-01", DAY).with_ramp(DAY, [50.0]).with_share_of(ShareOf::Requests);
    let bench = Bench::new(with_window(share));
    let service = tower::Layer::layer(&bench.layer(), super::layers::echo());
    let hits = super::run(async {
        let mut hits = 0;
        for _ in 0..200 {
            let request = super::Message::parse("GET /v1/users/7\nX-Consumer: c").request();
            let response = tower::ServiceExt::oneshot(service.clone(), request).await.expect("an answer");
            hits += usize::from(response.status() == 410);
        }
        hits
    });
    assert!((60..140).contains(&hits), "{hits} of 200");
}

#[test]
fn a_running_service_can_be_held_back() {
    let control = Control::new();
    let api = with_window(window());
    let bench = Bench::with([api], |catalog| catalog.with_control(control.clone()));
    let status = |now: &str| {
        bench.clock.set(at(now));
        bench.exchange("GET /v1/users/7", "").status
    };
    let (dark, gone) = ("2026-06-01T12:05:00Z", "2027-01-01T00:00:00Z");
    assert_eq!((status(dark), status(gone)), (410, 410));
    control.pause_brownouts("shop", ActOrigin::new("ops", "an incident", at(dark)));
    assert_eq!((status(dark), status(gone)), (200, 410));
    control.hold_sunset("shop", "1", ActOrigin::new("ops", "an incident", at(gone)));
    assert_eq!((status(dark), status(gone)), (200, 200));
    bench.check(&[(
        "past its end, nothing is announced for the past",
        "GET /v1/users/7",
        "",
        &["200", "+deprecation", "-sunset", "-cache-control"],
    )]);
    control.resume_brownouts("shop", ActOrigin::new("ops", "over", at(dark)));
    control.release_sunset("shop", "1", ActOrigin::new("ops", "over", at(gone)));
    assert_eq!((status(dark), status(gone)), (410, 410));
    assert_eq!(control.acts().len(), 4);
}

#[test]
fn what_is_held_back_is_supported() {
    let control = Control::new();
    let bench = Bench::with([with_first(old(Version::new("1")))], |catalog| catalog.with_control(control.clone()));
    let bench = bench.at("2028-01-01");
    let unknown = "GET /v9/x";
    bench.check(&[("gone", unknown, "", &["404", "~ \"supported_versions\":[\"2\"]"])]);
    control.hold_sunset("shop", "1", ActOrigin::new("ops", "an incident", at("2028-01-01")));
    bench.check(&[("held", unknown, "", &["404", "~ \"supported_versions\":[\"1\",\"2\"]"])]);
}

#[test]
fn one_consumer_can_be_let_stay() {
    let control = Control::new();
    let bench = Bench::with([with_first(old(Version::new("1")))], |catalog| catalog.with_control(control.clone()));
    let bob = "GET /v1/users/7\nX-Consumer: bob";
    let theirs: &[&str] = &["200", "sunset: Tue, 01 Jun 2027 00:00:00 GMT", "vary: api-version, x-consumer"];
    let common = "sunset: Fri, 01 Jan 2027 00:00:00 GMT";
    let bench = bench.at("2026-12-01");
    bench.check(&[("before", bob, "", &["200", common, "vary: api-version"])]);
    control.extend("shop", "1", "bob", at("2027-06-01"), ActOrigin::new("ops", "a contract", at("2026-12-01")));
    bench.check(&[("their own date", bob, "", theirs), ("the others'", "GET /v1/users/7", "", &["200", common])]);
    let bench = bench.at("2027-03-01");
    bench.check(&[("past the others' end", bob, "", theirs), ("the others", "GET /v1/users/7", "", &["410"])]);
    control.extend("shop", "1", "bob", at("2027-02-01"), ActOrigin::new("ops", "taken back", at("2027-03-01")));
    bench.check(&[("taken back", bob, "", &["410"])]);
    let last = control.acts().pop().expect("an act");
    assert_eq!((last.what, last.consumer.as_deref(), last.until), ("extend", Some("bob"), Some(at("2027-02-01"))));
}

#[test]
fn an_end_can_be_another() {
    let held = Bench::new(with_first(old(Version::new("1")).with_hold_sunset(true))).at("2028-01-01");
    held.check(&[("held by config", "GET /v1/users/7", "", &["200", "+deprecation", "-sunset"])]);

    let extended = with_first(old(Version::new("1")))
        .with_extension(Extension::new("bob", "1", "2027-06-01").with_approved_by("cto").with_reason("a contract"));
    let extended = Bench::new(extended);
    let theirs: &[&str] = &["200", "sunset: Tue, 01 Jun 2027 00:00:00 GMT", "vary: api-version, x-consumer"];
    let bob = "GET /v1/users/7\nX-Consumer: bob";
    extended.check(&[
        ("their own date", bob, "", theirs),
        ("the others'", "GET /v1/users/7", "", &["sunset: Fri, 01 Jan 2027 00:00:00 GMT"]),
    ]);
    let extended = extended.at("2027-03-01");
    extended.check(&[("past the others' end", bob, "", theirs), ("the others", "GET /v1/users/7", "", &["410"])]);
    let extended = extended.at("2027-06-01");
    extended.check(&[("their end", bob, "", &["410", "~ retired on 2027-06-01"])]);

    let route = Route::new("GET /carts/{id}").with_sunset("1", "2026-07-01").with_deprecated("1", "2025-06-01");
    let route = Bench::new(with_first(old(Version::new("1"))).with_route(route));
    route.check(&[(
        "a route's own dates",
        "GET /v1/carts/7",
        "",
        &["200", "deprecation: @1748736000", "sunset: Wed, 01 Jul 2026 00:00:00 GMT"],
    )]);
    route.at("2026-07-01").check(&[
        ("a route's own end", "GET /v1/carts/7", "", &["410", "~ retired on 2026-07-01"]),
        ("the others live", "GET /v1/users/7", "", &["200"]),
    ]);

    let dry = Bench::new(with_first(old(Version::new("1"))).with_dry_run(true)).at("2028-01-01");
    dry.check(&[("a dry run", "GET /v1/users/7", "", &["200"])]);
}

/// Dave was here before.
struct Dave;

impl KnownConsumers for Dave {
    fn knew(&self, api: &str, version: &str, consumer: &Consumer) -> bool {
        api == "shop" && version == "1" && consumer.as_str() == "dave"
    }
}

#[test]
fn closed_is_for_the_new() {
    let first = old(Version::new("1")).with_closed("2026-05-01").with_known("carol");
    let api = with_first(first).with_extension(Extension::new("erin", "1", "2027-06-01"));
    let bench = Bench::with([api], |catalog: Catalog| catalog.with_known(Dave));
    let refused: &[&str] = &[
        "403",
        "~ problems/version-closed",
        "~ \"supported_versions\":[\"2\"]",
        "cache-control: no-store",
        "> nothing",
    ];
    bench.check(&[
        ("new", "GET /v1/users/7\nX-Consumer: bob", "", refused),
        ("anonymous", "GET /v1/users/7", "", refused),
        ("in the table", "GET /v1/users/7\nX-Consumer: carol", "", &["200"]),
        ("of the service", "GET /v1/users/7\nX-Consumer: dave", "", &["200"]),
        ("extended", "GET /v1/users/7\nX-Consumer: erin", "", &["200"]),
        ("another version", "GET /v2/users/7", "", &["200"]),
    ]);
    bench.at("2026-04-30").check(&[("before", "GET /v1/users/7", "", &["200"])]);
}

/// A problem names no version that would refuse the same request.
#[test]
fn only_versions_that_serve_are_named() {
    let two = |brownout| {
        with_window(window()).with_version(Version::new("3").with_sunset("2028-01-01").with_brownout(brownout))
    };
    let rows = [
        ("all requests", window(), "[\"2\"]"),
        ("a share of them", window().with_ramp(DAY, [50.0]).with_share_of(ShareOf::Requests), "[\"2\",\"3\"]"),
        ("it only counts", window().with_dry_run(true), "[\"2\",\"3\"]"),
        ("of another consumer", window().with_consumer("carol"), "[\"2\",\"3\"]"),
        ("of this consumer", window().with_consumer("bob"), "[\"2\"]"),
    ];
    for (name, brownout, expected) in rows {
        let bench = Bench::new(two(brownout)).at("2026-06-01T12:05:00Z");
        let named = format!("~ \"supported_versions\":{expected}");
        bench.check(&[(name, "GET /v1/users/7\nX-Consumer: bob", "", &["410", "~ use one of", &named])]);
    }
    let alone =
        Api::new("shop").with_version_path("/v{version}").with_version(old(Version::new("1")).with_brownout(window()));
    let nothing: &[&str] = &["410", "~ \"supported_versions\":[]", "~ its retirement: no other version is available"];
    Bench::new(alone).at("2026-06-01T12:05:00Z").check(&[("alone", "GET /v1/users/7", "", nothing)]);
}

#[test]
fn a_catalog_that_cannot_be_kept_is_refused() {
    let rows = [
        (Version::new("1").with_deprecated("2026-06-01").with_sunset("2026-05-31"), "RFC 9745 §4"),
        (Version::new("1").with_sunset("1969-12-31"), "outside the years 1970 to 9999"),
        (Version::new("1").with_sunset("10000-01-01"), "outside the years 1970 to 9999"),
        (Version::new("1").with_sunset("Sat, 31 Dec 2018 23:59:59 GMT"), "that day is a Monday"),
        (old(Version::new("1")).with_brownout(Brownout::new("2026-12-31", DAY * 2)), "after the sunset"),
    ];
    for (version, message) in rows {
        let found = Catalog::at([with_first(version)], at(super::NOW)).expect_err(message).to_string();
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn cache_lifetimes_end_with_the_version() {
    let upstream = "200\ncache-control: max-age=31536000, stale-if-error=600, immutable";
    let clamped = users().with_version_path("/v{version}").with_clamp_freshness(true);
    let bench = Bench::new(clamped).at("2026-12-31T23:59:00Z");
    bench.check(&[
        ("deprecated", "GET /v1/users/7", upstream, &["cache-control: max-age=60"]),
        ("current", "GET /v2/users/7", upstream, &["cache-control: max-age=31536000, stale-if-error=600, immutable"]),
    ]);
    let plain = Bench::new(users().with_version_path("/v{version}"));
    plain.check(&[("by default", "GET /v1/users/7", upstream, &["cache-control ~ max-age=31536000"])]);
}
