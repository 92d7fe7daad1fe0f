//! Who sent a request, over sockets: each source, the register, and what the gateway writes about it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sunward::consumer::ConsumerSecret;

use super::rig::{self, Client, OK, Service};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// A client with one of these has the rights of its consumer: none may be written anywhere.
const KEYS: [&str; 4] = ["sk_live_header", "sk_live_bearer", "sk_live_query", "sk_live_user"];

const TOKEN: &str = include_str!("../../cases/consumers/token.txt");

fn key(key: &str) -> String {
    ConsumerSecret::new(SECRET).expect("long enough").consumer(key).to_string()
}

fn scratch(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sunward-consumers-{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("written");
    path
}

/// A config whose api reads consumers from `sources`.
fn config(name: &str, service: &Service, gateway: &str, sources: &str) -> String {
    format!(
        "[gateway]\nlisten = \"127.0.0.1:0\"\n{gateway}\n[[api]]\nname = \"{name}\"\nbase_path = \"/api\"\nupstream = \"one\"\n\
         version_from = {{ path = \"/v{{version}}\" }}\nconsumer = {sources}\nversion = [{{ name = \"1\" }}]\n\
         [[consumer]]\nname = \"acme\"\nmatches = [\"{}\"]\n\
         [[upstream]]\nname = \"one\"\ninstances = [{{ url = \"http://{}\" }}]\n",
        key(KEYS[1]),
        service.address
    )
}

/// The last line, once there are so many.
fn line(file: &std::path::Path, count: usize) -> Value {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<Value> = text.lines().map_while(|line| serde_json::from_str(line).ok()).collect();
        if lines.len() >= count {
            return lines[count - 1].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{text}");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn every_source_is_read_and_no_key_is_written() {
    let service = Service::saying(OK).await;
    let secret = scratch("secret", &format!("{SECRET}\n"));
    let log = scratch("log", "");
    let own = format!(
        "consumer_secret_file = \"{}\"\naccess_log = {{ to = \"{}\" }}\nproxy = {{ trusted = [\"127.0.0.1\"] }}",
        secret.display(),
        log.display()
    );
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/consumers/keys.json");
    let verified =
        format!("{{ claim = \"azp\", jwks = \"{keys}\", issuer = \"https://id.example\", audience = \"shop\" }}");
    let sources = "[{ header = \"X-Client\", trusted = true }, VERIFIED, { key = { header = \"X-Api-Key\" } }, \
                   { key = { query = \"api_key\" } }, { key = \"basic\" }, { claim = \"azp\", verify = false }, \
                   { key = { header = \"Authorization\", scheme = \"Bearer\" } }, \"network\"]";
    let sources = &sources.replace("VERIFIED", &verified);
    let gateway = rig::gateway(config("identified", &service, &own, sources)).await;
    // {"azp":"acme-app"}
    let token = "e30.eyJhenAiOiJhY21lLWFwcCJ9.c2ln";
    let rows = [
        ("", "X-Client: umbrella|".to_owned(), "umbrella".to_owned()),
        ("", format!("X-Api-Key: {}|", KEYS[0]), key(KEYS[0])),
        ("?api_key=sk_live_query", String::new(), key(KEYS[2])),
        // sk_live_user:sk_live_header
        ("", "Authorization: Basic c2tfbGl2ZV91c2VyOnNrX2xpdmVfaGVhZGVy|".to_owned(), key(KEYS[3])),
        ("", format!("Authorization: Bearer {token}|"), "claimed:acme-app".to_owned()),
        ("", format!("Authorization: Bearer {}|", TOKEN.trim()), "acme-app".to_owned()),
        ("", format!("Authorization: Bearer {}|", KEYS[1]), "acme".to_owned()),
        ("", "X-Forwarded-For: 192.0.2.7|".to_owned(), "net:192.0.2.0/24".to_owned()),
    ];
    let mut client = Client::connect(gateway.listen).await;
    for (at, (query, fields, expected)) in rows.iter().enumerate() {
        let answer = client.ask(&format!("GET /api/v1/things{query} HTTP/1.1|Host: a|{fields}|")).await;
        assert_eq!(answer.status, 200, "{expected} {}", answer.body);
        assert_eq!(line(&log, at + 1)["consumer"], json!(expected), "{fields}");
    }
    drop(client);
    let mut shown = std::fs::read_to_string(&log).expect("a log");
    for path in ["/metrics", "/apis", "/config"] {
        shown += &gateway.admin(path).await.body;
    }
    let refused = "sunward_token_errors_total{api=\"identified\",reason=\"malformed\"} 2";
    assert!(shown.contains(refused), "{shown}");
    for secret in KEYS.iter().chain([&SECRET, &token, &TOKEN.trim()]) {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(gateway.stop().await);
    [secret, log].iter().for_each(|path| drop(std::fs::remove_file(path)));
}

#[tokio::test]
async fn a_header_of_trusted_proxies_is_ignored_from_others() {
    let service = Service::saying(OK).await;
    for (trusted, expected) in [("127.0.0.1", json!("acme")), ("192.0.2.1", Value::Null)] {
        let log = scratch(&format!("trust-{trusted}"), "");
        let own = format!("access_log = {{ to = \"{}\" }}\nproxy = {{ trusted = [\"{trusted}\"] }}", log.display());
        let sources = "{ header = \"X-Client\", trusted = true }";
        let gateway = rig::gateway(config("trusting", &service, &own, sources)).await;
        let mut client = Client::connect(gateway.listen).await;
        client.ask("GET /api/v1/things HTTP/1.1|Host: a|X-Client: acme||").await;
        assert_eq!(line(&log, 1)["consumer"], expected, "{trusted}");
        drop(client);
        assert!(gateway.stop().await);
        drop(std::fs::remove_file(log));
    }
}

#[test]
fn a_secret_that_cannot_be_used_is_refused() {
    let short = scratch("short", "too short");
    let file = |path: &std::path::Path| format!("consumer_secret_file = \"{}\"", path.display());
    let key = "consumer = { key = { header = \"X-Api-Key\" } }";
    let rows = [
        (file(&short), key, "bad-consumer-secret"),
        (file(std::path::Path::new("/not/there")), key, "bad-consumer-secret"),
        (String::new(), key, "no-consumer-secret"),
        ("consumer_secret = \"${SUNWARD_TEST_NOT_SET}\"".to_owned(), key, "unset-variable"),
    ];
    for (own, key, expected) in rows {
        let text = format!(
            "[gateway]\n{own}\n[[api]]\nname = \"a\"\nversion_from = {{ header = \"V\" }}\nversion = [{{ name = \"1\" }}]\n{key}\n"
        );
        let sources = sunward::config::SourceMap::new("a.toml", text);
        let error = sunward::gateway::load_at(&sources, &|_| None, "2026-01-01".parse().expect("a time"))
            .expect_err("a finding");
        let codes: Vec<&str> = error.found.iter().map(|found| found.code()).collect();
        assert!(codes.contains(&expected), "{expected}: {error}");
    }
    drop(std::fs::remove_file(short));
}

/// The keys of `token.txt`, and a set without them.
const KEY_SETS: [&str; 2] = [
    include_str!("../../cases/consumers/keys.json"),
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"other","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
];

/// Whom the token names.
async fn named(client: &mut Client, log: &std::path::Path, count: usize) -> Value {
    let answer =
        client.ask(&format!("GET /api/v1/things HTTP/1.1|Host: a|Authorization: Bearer {}||", TOKEN.trim())).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    line(log, count)["consumer"].clone()
}

#[tokio::test]
async fn keys_come_from_a_url_and_outlive_a_reload() {
    let service = Service::saying(OK).await;
    let fetched = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&fetched);
    let issuer = Service::start(move |mut served| {
        let count = std::sync::Arc::clone(&count);
        async move {
            while served.request().await.is_some() {
                let status =
                    if count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 { "200 OK" } else { "500 X" };
                served.write(&format!("HTTP/1.1 {status}|Content-Length: {}||", KEY_SETS[0].len())).await;
                let _ = tokio::io::AsyncWriteExt::write_all(&mut served.stream, KEY_SETS[0].as_bytes()).await;
            }
        }
    })
    .await;
    let log = scratch("url-log", "");
    let own = format!("access_log = {{ to = \"{}\" }}", log.display());
    let sources = format!("{{ claim = \"azp\", jwks = \"http://{}/keys\" }}", issuer.address);
    let file = scratch("url.toml", &config("keys-of-url", &service, &own, &sources));
    let gateway = super::Gateway::start(&file, sunward::gateway::Options::new()).await;
    let mut client = Client::connect(gateway.listen).await;
    assert_eq!(named(&mut client, &log, 1).await, json!("acme-app"), "the first request waits for nothing");
    // Another config has the keys at once, and does not need the issuer for it.
    let text = std::fs::read_to_string(&file).expect("a text");
    std::fs::write(&file, format!("{text}\n# Another one.\n")).expect("written");
    let reload = "POST /config/reload?by=a&reason=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let reply = super::exchange(gateway.admin, reload).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(named(&mut client, &log, 2).await, json!("acme-app"));
    assert_eq!(fetched.load(std::sync::atomic::Ordering::SeqCst), 1);
    drop(client);
    assert!(gateway.stop().await);
    [file, log].iter().for_each(|path| drop(std::fs::remove_file(path)));
}

#[tokio::test]
async fn keys_in_a_file_are_read_again_when_it_changes() {
    let service = Service::saying(OK).await;
    let (log, keys) = (scratch("file-log", ""), scratch("keys.json", KEY_SETS[1]));
    let own = format!("access_log = {{ to = \"{}\" }}", log.display());
    let sources = format!("{{ claim = \"azp\", jwks = \"{}\" }}", keys.display());
    let gateway = rig::gateway(config("keys-of-file", &service, &own, &sources)).await;
    let mut client = Client::connect(gateway.listen).await;
    assert_eq!(named(&mut client, &log, 1).await, Value::Null);
    let mut asked = 1;
    for (text, expected) in [("no JSON", Value::Null), (KEY_SETS[0], json!("acme-app")), ("{}", json!("acme-app"))] {
        std::fs::write(&keys, text).expect("written");
        let read = async || {
            asked += 1;
            named(&mut client, &log, asked).await == expected
        };
        assert!(rig::becomes(read).await, "{text}");
    }
    // What cannot be read is counted, and the keys before stay.
    let metric = "sunward_token_key_reads_total{result=\"error\"}";
    assert!(rig::becomes(async || gateway.admin("/metrics").await.body.contains(metric)).await);
    assert_eq!(named(&mut client, &log, asked + 1).await, json!("acme-app"));
    drop(client);
    assert!(gateway.stop().await);
    [log, keys].iter().for_each(|path| drop(std::fs::remove_file(path)));
}
