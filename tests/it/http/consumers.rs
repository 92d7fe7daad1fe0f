//! Who sent a request, by each source of consumers.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use sunward::catalog::{Api, Catalog, ConsumerSource, KeySource, RegisteredConsumer, VerifiedClaim, Version};
use sunward::consumer::{ClientOrigin, Consumer, ConsumerSecret, Pins};
use sunward::diagnostic::Diagnostics;
use sunward::layer::VersioningLayer;
use tower::{Layer, ServiceExt, service_fn};

use super::{Message, run};

/// Notes the consumers that it is asked about.
#[derive(Clone, Default)]
struct SeenConsumers(Arc<Mutex<Vec<String>>>);

impl Pins for SeenConsumers {
    fn pinned(&self, _: &str, consumer: &Consumer) -> Option<String> {
        self.0.lock().expect("no panic").push(consumer.to_string());
        None
    }
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn secret() -> ConsumerSecret {
    ConsumerSecret::new(SECRET).expect("long enough")
}

fn key(key: impl AsRef<[u8]>) -> String {
    secret().consumer(key).to_string()
}

fn api(sources: impl IntoIterator<Item = ConsumerSource>) -> Api {
    let api = Api::new("shop").with_version_header("Api-Version").with_unspecified("1").with_version(Version::new("1"));
    sources.into_iter().fold(api.with_consumer_secret(secret()), Api::with_consumer_source)
}

/// The consumer of a request, as the catalog's pins are asked about it.
fn consumer(api: Api, register: &[RegisteredConsumer], request: &str, origin: Option<ClientOrigin>) -> String {
    let seen = SeenConsumers::default();
    let catalog = Catalog::registered([api], register.to_vec()).unwrap_or_else(|found| panic!("{found}"));
    let layer = VersioningLayer::new(Arc::new(catalog.with_pins(seen.clone())));
    let service = layer.layer(service_fn(|request: Request<_>| async move {
        drop(request);
        Ok::<_, std::convert::Infallible>(Message::parse("200").response())
    }));
    let mut request = Message::parse(request).request();
    if let Some(origin) = origin {
        request.extensions_mut().insert(origin);
    }
    run(service.oneshot(request)).expect("an answer");
    let seen = seen.0.lock().expect("no panic");
    assert!(seen.iter().all(|name| *name == seen[0]), "{seen:?}");
    seen.first().cloned().unwrap_or_default()
}

fn check(source: &ConsumerSource, rows: &[(&str, String)]) {
    for (request, expected) in rows {
        let found = consumer(api([source.clone()]), &[], request, None);
        assert_eq!(found, *expected, "{source:?} {request:.200}");
    }
}

fn none() -> String {
    String::new()
}

#[test]
fn a_key_in_a_header_is_hashed() {
    let long = "k".repeat(4096);
    check(
        &ConsumerSource::Key(KeySource::Header("X-Api-Key".into())),
        &[
            ("GET /a", none()),
            ("GET /a\nX-Api-Key: sk_live_123", key("sk_live_123")),
            ("GET /a\nx-api-key:  sk_live_123 ", key("sk_live_123")),
            ("GET /a\nX-Api-Key: k\u{e4}se", key("k\u{e4}se")),
            ("GET /a\nX-Api-Key: ", none()),
            ("GET /a\nX-Api-Key: a\nX-Api-Key: a", none()),
            (&format!("GET /a\nX-Api-Key: {long}"), key(&long)),
            (&format!("GET /a\nX-Api-Key: {long}k"), none()),
        ],
    );
}

#[test]
fn an_opaque_token_is_hashed_without_its_scheme() {
    check(
        &ConsumerSource::Key(KeySource::scheme("Authorization", "Bearer")),
        &[
            ("GET /a\nAuthorization: Bearer abc", key("abc")),
            ("GET /a\nAuthorization: bearer  abc", key("abc")),
            ("GET /a\nAuthorization: Basic abc", none()),
            ("GET /a\nAuthorization: Bearer", none()),
            ("GET /a\nAuthorization: Bearer abc\nAuthorization: Bearer abc", none()),
        ],
    );
}

#[test]
fn a_key_in_the_query_is_decoded_and_hashed() {
    check(
        &ConsumerSource::Key(KeySource::Query("api_key".into())),
        &[
            ("GET /a", none()),
            ("GET /a?api_key=abc", key("abc")),
            ("GET /a?x=1&api%5Fkey=a%62c&y", key("abc")),
            ("GET /a?api_key=a%2Bb", key("a+b")),
            ("GET /a?api_key=%C3%A4", key("\u{e4}")),
            ("GET /a?api_key=%FF", none()),
            ("GET /a?api_key", none()),
            ("GET /a?api_key=", none()),
            ("GET /a?api_key=abc&api_key=abc", none()),
            ("GET /a?API_KEY=abc", none()),
        ],
    );
}

#[test]
fn the_user_of_basic_authentication_is_hashed() {
    check(
        &ConsumerSource::Key(KeySource::Basic),
        &[
            // user:pass, user:pa:ss, :pass, and user
            ("GET /a\nAuthorization: Basic dXNlcjpwYXNz", key("user")),
            ("GET /a\nAuthorization: Basic dXNlcjpwYTpzcw==", key("user")),
            ("GET /a\nAuthorization: Basic OnBhc3M=", none()),
            ("GET /a\nAuthorization: Basic dXNlcg==", none()),
            ("GET /a\nAuthorization: Basic ?", none()),
            ("GET /a", none()),
        ],
    );
}

#[test]
fn an_unverified_claim_says_so() {
    let token = |payload: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
    let bearer = |token: &str| format!("GET /a\nAuthorization: Bearer {token}");
    let good = token(r#"{"azp":"acme"}"#);
    check(
        &ConsumerSource::Claimed("azp".into()),
        &[
            ("GET /a", none()),
            (&bearer(&good), "claimed:acme".into()),
            (&bearer(&good.replace(".c2ln", ".")), "claimed:acme".into()),
            (&bearer("opaque"), none()),
            (&bearer(&token(r#"{"azp":"a\nb"}"#)), none()),
            (&bearer(&token(r#"{"sub":"acme"}"#)), none()),
            (&format!("{}\nAuthorization: Bearer x", bearer(&good)), none()),
        ],
    );
}

const JWKS: &str = include_str!("../../cases/consumers/keys.json");
const TOKEN: &str = include_str!("../../cases/consumers/token.txt");

#[test]
fn a_verified_claim_is_a_name() {
    let claim = |issuer: &str| ConsumerSource::Claim(VerifiedClaim::new("azp", JWKS).with_issuer(issuer));
    let token = TOKEN.trim();
    let (message, _) = token.rsplit_once('.').expect("three parts");
    let bearer = |token: &str| format!("GET /a\nAuthorization: Bearer {token}");
    check(
        &claim("https://id.example"),
        &[
            ("GET /a", none()),
            (&bearer(token), "acme-app".into()),
            (&bearer(&format!("{message}.AAAA")), none()),
            (&bearer(&format!("{message}.")), none()),
            (&bearer("opaque"), none()),
            (&format!("{}\nAuthorization: Bearer {token}", bearer(token)), none()),
        ],
    );
    check(&claim("https://other.example"), &[(&bearer(token), none())]);
    // The next source counts.
    let sources = [claim("https://other.example"), ConsumerSource::Claimed("azp".into())];
    assert_eq!(consumer(api(sources), &[], &bearer(token), None), "claimed:acme-app");
    let acme = RegisteredConsumer::new("acme").with_match("acme-app");
    assert_eq!(consumer(api([claim("https://id.example")]), &[acme], &bearer(token), None), "acme");
    let broken = Api::new("shop").with_version_header("V").with_version(Version::new("1"));
    let broken = broken.with_consumer_source(ConsumerSource::Claim(VerifiedClaim::new("azp", "{}")));
    assert_eq!(codes(&Catalog::new([broken]).expect_err("a finding")), ["bad-jwks"]);
}

#[test]
fn origins_decide_about_networks_and_trusted_headers() {
    let at = |ip: &str| ClientOrigin::new(Some(ip.parse::<IpAddr>().expect("an address")));
    let network = || api([ConsumerSource::Network]);
    let header = || api([ConsumerSource::TrustedHeader("X-Consumer".into())]);
    let rows = [
        (network(), "GET /a", None, ""),
        (network(), "GET /a", Some(ClientOrigin::new(None)), ""),
        (network(), "GET /a", Some(at("192.0.2.9")), "net:192.0.2.0/24"),
        (network(), "GET /a", Some(at("2001:db8:1:2::3")), "net:2001:db8:1::/48"),
        (header(), "GET /a\nX-Consumer: acme", None, ""),
        (header(), "GET /a\nX-Consumer: acme", Some(at("192.0.2.9")), ""),
        (header(), "GET /a\nX-Consumer: acme", Some(at("192.0.2.9").with_trusted_proxy(true)), "acme"),
        (header(), "GET /a\nX-Consumer: a\nX-Consumer: b", Some(at("192.0.2.9").with_trusted_proxy(true)), ""),
    ];
    for (api, request, origin, expected) in rows {
        assert_eq!(consumer(api, &[], request, origin), expected, "{request} {origin:?}");
    }
}

#[test]
fn a_source_of_names_cannot_give_the_identity_of_another() {
    let sources = [
        ConsumerSource::Key(KeySource::Header("X-Api-Key".into())),
        ConsumerSource::Header("X-Consumer".into()),
        ConsumerSource::UserAgent,
    ];
    let key = key("sk_live_123");
    let rows = [
        (format!("GET /a\nX-Consumer: {key}\nUser-Agent: curl/8"), "curl".to_owned()),
        (format!("GET /a\nUser-Agent: {key}"), String::new()),
        ("GET /a\nUser-Agent: claimed:acme".to_owned(), String::new()),
        ("GET /a\nX-Api-Key: sk_live_123\nX-Consumer: other".to_owned(), key),
    ];
    for (request, expected) in rows {
        assert_eq!(consumer(api(sources.clone()), &[], &request, None), expected, "{request}");
    }
}

#[test]
fn the_register_names_identities() {
    let sources = [ConsumerSource::Key(KeySource::Header("X-Api-Key".into())), ConsumerSource::UserAgent];
    let acme = RegisteredConsumer::new("acme").with_match(key("one")).with_match(key("two")).with_match("acme-app");
    let rows = [
        ("GET /a\nX-Api-Key: one", "acme".to_owned()),
        ("GET /a\nX-Api-Key: two", "acme".to_owned()),
        ("GET /a\nX-Api-Key: three", key("three")),
        ("GET /a\nUser-Agent: acme-app/2.1", "acme".to_owned()),
        ("GET /a\nUser-Agent: curl/8", "curl".to_owned()),
    ];
    for (request, expected) in rows {
        assert_eq!(consumer(api(sources.clone()), std::slice::from_ref(&acme), request, None), expected, "{request}");
    }
}

fn codes(found: &Diagnostics) -> Vec<&str> {
    found.iter().map(|found| found.code()).collect()
}

#[test]
fn an_identity_belongs_to_one_consumer() {
    let new = RegisteredConsumer::new;
    let rows: [(Vec<RegisteredConsumer>, &[&str]); 15] = [
        (vec![new("acme"), new("acme")], &["duplicate-consumer"]),
        (vec![new("acme").with_match("a"), new("umbrella").with_match("a")], &["duplicate-match"]),
        (vec![new("acme").with_match("a").with_match("a")], &["duplicate-match"]),
        (vec![new("acme"), new("umbrella").with_match("acme")], &["duplicate-match"]),
        (vec![new("acme").with_match("acme")], &[]),
        (vec![new("acme").with_match("key-sk_live_123456")], &["bad-match"]),
        (vec![new("acme").with_match("net:192.0.2.7/32")], &["bad-match"]),
        (vec![new("acme").with_match(" a")], &["bad-match"]),
        (vec![new("claimed:acme")], &["bad-consumer-name"]),
        (vec![new(" acme")], &["bad-consumer-name"]),
        (vec![new("")], &["bad-consumer-name"]),
        (vec![new("acme").with_contact("acme")], &["bad-contact"]),
        (vec![new("acme").with_contact("https://acme.example/hook")], &[]),
        (
            vec![new("acme").with_role(sunward::catalog::ConsumerRole::Ignored(String::new()))],
            &["ignored-without-reason"],
        ),
        (vec![new("umbrella"), new("umbrela")], &["similar-consumers"]),
    ];
    for (register, expected) in rows {
        let names: Vec<String> = register.iter().map(|consumer| format!("{consumer:?}")).collect();
        match Catalog::registered([api([ConsumerSource::UserAgent])], register) {
            Ok(catalog) => assert_eq!(codes(catalog.warnings()), expected, "{names:?}"),
            Err(found) => {
                assert_eq!(codes(&found), expected, "{names:?}");
                assert!(!found.to_string().contains("sk_live"), "{found}");
            }
        }
    }
}

#[test]
fn names_beside_the_register_are_doubted() {
    let acme = RegisteredConsumer::new("umbrella").with_match("umbrella-app");
    let rows: [(&str, &[&str]); 4] = [
        ("umbrella", &[]),
        ("umbrela", &["similar-consumers"]),
        ("umbrella-app", &["registered-identity"]),
        ("another", &[]),
    ];
    for (pin, expected) in rows {
        let api = api([ConsumerSource::UserAgent]).with_pin(pin, "1");
        let catalog = Catalog::registered([api], [acme.clone()]).unwrap_or_else(|found| panic!("{found}"));
        assert_eq!(codes(catalog.warnings()), expected, "{pin}");
    }
}

#[test]
fn a_key_needs_a_secret_and_a_place() {
    let bare = Api::new("shop").with_version_header("Api-Version").with_version(Version::new("1"));
    let with = |source: KeySource| bare.clone().with_consumer_source(ConsumerSource::Key(source));
    let rows = [
        (with(KeySource::Basic), "no-consumer-secret"),
        (with(KeySource::Header("Cookie".into())).with_consumer_secret(secret()), "secret-consumer"),
        (with(KeySource::Header("a b".into())).with_consumer_secret(secret()), "bad-header"),
        (with(KeySource::Query(String::new())).with_consumer_secret(secret()), "bad-key-source"),
        (with(KeySource::scheme("Authorization", "a b")).with_consumer_secret(secret()), "bad-key-source"),
        (bare.clone().with_consumer_source(ConsumerSource::TrustedHeader("Authorization".into())), "secret-consumer"),
    ];
    for (api, expected) in rows {
        let found = Catalog::new([api]).expect_err("a finding");
        assert!(codes(&found).contains(&expected), "{expected}: {found}");
    }
}

/// Nothing that can be printed has the key or the secret.
#[test]
fn neither_key_nor_secret_is_shown() {
    let api = api([ConsumerSource::Key(KeySource::Header("X-Api-Key".into()))]);
    let shown = format!("{api:?} {:?}", Catalog::new([api.clone()]).expect("a catalog"));
    assert!(!shown.contains(SECRET), "{shown}");
    let plan = Arc::new(Mutex::new(String::new()));
    let note = Arc::clone(&plan);
    let service =
        VersioningLayer::new(Catalog::new([api]).expect("a catalog")).layer(service_fn(move |request: Request<_>| {
            *note.lock().expect("no panic") = format!("{:?}", request.extensions());
            drop(request);
            async { Ok::<_, std::convert::Infallible>(Message::parse("200").response()) }
        }));
    let request = Message::parse("GET /a?x=1\nX-Api-Key: sk_live_123").request();
    let response = run(service.oneshot(request)).expect("an answer");
    let shown = format!("{} {:?}", plan.lock().expect("no panic"), response.headers());
    assert!(!shown.contains("sk_live_123"), "{shown}");
}
