//! Rows: what is due, to whom, and what it says.

use std::collections::BTreeSet;

use super::*;
use crate::catalog::{ActOrigin, Api, Brownout, Catalog, ConsumerRole, ConsumerSource, RegisteredConsumer, Version};
use crate::clock::Timestamp;
use crate::config::{self, NoticeSpec, SourceMap};
use crate::usage::{Caller, Ledger, SqlLedger, UsageFilter, UsageSum, UsedRoute};

/// Version 1 is deprecated in June, tried without in October, and ends with the year; acme has a contact and an extension.
fn catalog() -> Catalog {
    let version = Version::new("1").with_deprecated("2026-06-01").with_closed("2026-07-01").with_sunset("2027-01-01");
    let version = version
        .with_brownout(Brownout::new("2026-10-01", DAY).with_exempt("exempt"))
        .with_brownout(Brownout::new("2026-11-01", DAY).with_dry_run(true));
    let api = Api::new("shop").with_version_header("v").with_consumer_source(ConsumerSource::Header("x-client".into()));
    let api = api.with_version(version).with_version(Version::new("2"));
    let api = api.with_extension(crate::catalog::Extension::new("late", "1", "2027-03-01").with_approved_by("a"));
    let consumers = [
        RegisteredConsumer::new("acme").with_contact("api@acme.example"),
        RegisteredConsumer::new("late").with_contact("https://late.example/hook"),
        RegisteredConsumer::new("probe").with_role(ConsumerRole::Internal).with_contact("probe@shop.example"),
    ];
    Catalog::registered([api], consumers).expect("a catalog")
}

fn notices(text: &str) -> Vec<NoticeSpec> {
    let (config, found) = config::read_all(&SourceMap::new("", text), &|_| None);
    assert!(!found.has_errors(), "{found:?}");
    config.expect("a config").notices
}

/// A request of each consumer to version 1.
async fn sums(consumers: &[&str], now: Timestamp) -> Vec<UsageSum> {
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, store) = (Ledger::new(), SqlLedger::open(&folder.path().join("l"), "test").await.expect("a file"));
    let route = UsedRoute::new("shop", "1", "GET", "/users");
    for consumer in consumers {
        ledger.tally(now, &Caller::new(&route).with_consumer(consumer)).add(200, None, 0);
    }
    ledger.flush(&store, now).await.expect("stored");
    store.sums(&UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX)).await.expect("sums")
}

/// The time, the notice, who uses version 1, and what is due: recipient, date and distance in days.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
const SUNSET: &str = "about = \"sunset\"\nat = [\"-90d\", \"-30d\", \"0d\", \"7d\"]";

const ROWS: [Row; 19] = [
    ("2026-09-01", SUNSET, &["acme"], &[]),
    ("2026-10-03", SUNSET, &["acme", "probe"], &["consumer acme sunset 2027-01-01T00:00:00Z -90"]),
    // Each week from Monday nine o'clock on; the 5th of October 2026 is one.
    ("2026-10-05T08:59:00Z", "about = \"week\"\nat = \"9h\"", &["acme"], &[]),
    (
        "2026-10-05T09:00:00Z",
        "about = \"week\"\nat = \"9h\"",
        &["acme"],
        &["consumer acme week 2026-10-05T00:00:00Z 0"],
    ),
    ("2026-05-11T09:00:00Z", "about = \"week\"\nat = \"9h\"", &["acme"], &[]),
    ("2027-01-04T09:00:00Z", "about = \"week\"\nat = \"9h\"", &["acme"], &[]),
    (
        "2026-10-02",
        "about = \"brownout-end\"\nat = \"0d\"",
        &["acme", "exempt"],
        &["consumer acme brownout-end 2026-10-02T00:00:00Z 0"],
    ),
    // It starts late: one notice, and not two.
    ("2026-12-20", SUNSET, &["acme"], &["consumer acme sunset 2027-01-01T00:00:00Z -30"]),
    ("2027-01-01", SUNSET, &["acme"], &["consumer acme sunset 2027-01-01T00:00:00Z 0"]),
    ("2027-01-08", SUNSET, &["acme"], &["consumer acme sunset 2027-01-01T00:00:00Z 7"]),
    ("2027-01-16", SUNSET, &["acme"], &[]),
    // Its extension is its sunset.
    ("2026-12-20", SUNSET, &["late"], &["consumer late sunset 2027-03-01T00:00:00Z -90"]),
    // Quiet since.
    ("2026-12-20", SUNSET, &[], &[]),
    (
        "2026-12-31T23:00:00Z",
        "about = \"sunset\"\nat = \"-30d\"",
        &["acme"],
        &["consumer acme sunset 2027-01-01T00:00:00Z -30"],
    ),
    ("2027-01-01", "about = \"sunset\"\nat = \"-30d\"", &["acme"], &[]),
    (
        "2026-09-25",
        "about = \"brownout\"\nat = \"-7d\"",
        &["acme", "exempt"],
        &["consumer acme brownout 2026-10-01T00:00:00Z -7"],
    ),
    // A dry run is no news.
    ("2026-10-28", "about = \"brownout\"\nat = \"-7d\"", &["acme"], &[]),
    (
        "2026-05-30",
        "about = \"deprecated\"\nat = \"-7d\"\nto = [\"api@shop.example\", \"chat\"]",
        &["acme"],
        &["contact api@shop.example deprecated 2026-06-01T00:00:00Z -7", "chat deprecated 2026-06-01T00:00:00Z -7"],
    ),
    // Who is known is not closed out.
    ("2026-06-30", "about = \"closed\"\nat = \"-7d\"", &["acme"], &[]),
];

fn shown(due: &[DueNotice]) -> Vec<String> {
    due.iter()
        .map(|notice| format!("{} {} {}", notice.key.recipient, notice.key.date, notice.key.distance / 86_400))
        .collect()
}

#[tokio::test]
async fn what_is_due() {
    let catalog = catalog();
    for (now, notice, consumers, expected) in ROWS {
        let now = now.parse().expect("a time");
        let (specs, sums) = (notices(&format!("[[notice]]\nname = \"n\"\n{notice}\n")), sums(consumers, now).await);
        let question = NoticeQuestion::new(&catalog, &specs, &sums, now);
        let due = question.due();
        assert_eq!(shown(&due), expected, "{now} {notice} {consumers:?}");
        let known: BTreeSet<_> = due.into_iter().map(|notice| notice.key).collect();
        assert_eq!(question.with_known(&known).due(), [], "{now} {notice}: once");
    }
}

#[tokio::test]
async fn what_operators_did_counts() {
    let (catalog, now) = (catalog(), "2026-12-20".parse().expect("a time"));
    let (specs, sums) = (notices(&format!("[[notice]]\nname = \"n\"\n{SUNSET}\n")), sums(&["acme"], now).await);
    let due = || shown(&NoticeQuestion::new(&catalog, &specs, &sums, now).due());
    let origin = ActOrigin::new("ops@shop.example", "asked for", now);
    catalog.control().extend("shop", "1", "acme", "2027-06-01".parse().expect("a time"), origin);
    assert_eq!(due(), [""; 0], "with an extension, the end is far away");
    catalog.control().withdraw_extension("shop", "1", "acme", origin);
    assert_eq!(due().len(), 1);
    catalog.control().hold_sunset("shop", "1", origin);
    assert_eq!(due(), [""; 0], "with a hold, there is no end");
}

#[tokio::test]
async fn ten_thousand_consumers_are_due_on_one_day() {
    let names: Vec<String> = (0..10_000).map(|n| format!("c{n}")).collect();
    let consumers = names.iter().map(|name| RegisteredConsumer::new(name).with_contact("all@one.example"));
    let api = Api::new("shop").with_version_header("v");
    let api = api.with_version(Version::new("1").with_sunset("2027-01-01")).with_version(Version::new("2"));
    let catalog = Catalog::registered([api], consumers).expect("a catalog");
    let now: Timestamp = "2026-12-20".parse().expect("a time");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (specs, sums) = (notices(&format!("[[notice]]\nname = \"n\"\n{SUNSET}\n")), sums(&names, now).await);
    let due = NoticeQuestion::new(&catalog, &specs, &sums, now).with_week(&sums, &[]).due();
    assert_eq!(due.len(), 10_000);
    // One address gets one message.
    let mut ids = 0..;
    let groups = NoticeMessage::fold(due, || ids.next().map_or_else(String::new, |id| format!("msg_{id}")));
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [10_000]);
    let messages = NoticeMessage::of(&groups[0]);
    assert_eq!((messages.len(), messages[0].facts.len()), (1, 10_000));
    let chat = NoticeTemplates::load(None).expect("templates").chat(&messages[0].facts).expect("a text");
    assert_eq!(chat["text"].as_str().expect("a text").chars().count(), 3000);
}

#[test]
fn attempts_have_the_times_of_the_standard() {
    let now: Timestamp = "2026-12-20".parse().expect("a time");
    let after = |attempts, asked: Option<u64>| {
        let again = next_attempt(attempts, now, asked.map(std::time::Duration::from_secs));
        again.map(|at| at.as_secs() - now.as_secs())
    };
    let rows = [
        (1, None, Some(5)),
        (2, None, Some(300)),
        (9, None, Some(86_400)),
        (10, None, None),
        (1, Some(60), Some(60)),
        (2, Some(1), Some(300)),
    ];
    for (attempts, asked, expected) in rows {
        assert_eq!(after(attempts, asked), expected, "{attempts} {asked:?}");
    }
}

#[test]
fn a_template_that_cannot_be_used_is_refused_at_load() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, why) in [
        ("{% for", "mail.txt"),
        ("{{ notices[0].missing.member }}", "undefined"),
        ("{{ notices | nothing }}", "nothing"),
    ] {
        std::fs::write(folder.path().join("mail.txt"), text).expect("written");
        let (name, error) = NoticeTemplates::load(Some(folder.path())).expect_err(text);
        assert!(name == "mail.txt" && format!("{name} {error}").contains(why), "{text}: {error}");
    }
    std::fs::write(folder.path().join("mail.txt"), "{{ notices[0].api }}!").expect("written");
    let own = NoticeTemplates::load(Some(folder.path())).expect("a template");
    let notice = serde_json::json!({ "api": "<shop>", "version": "1\n2", "what": "ends" });
    let mail = own.mail(&[notice]).expect("texts");
    assert_eq!((&*mail.text, &*mail.subject), ("<shop>!", "<shop> 1 2 ends"));
    assert!(mail.html.contains("&lt;shop&gt;"), "{}", mail.html);
}
