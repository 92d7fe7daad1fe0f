//! Verdicts, as rows.

use std::time::Duration;

use super::*;
use crate::catalog::{Api, Catalog, ConsumerRole, ExpectedUse, RegisteredConsumer, Version};
use crate::usage::{UsagePast, UsageSource, UsageSum, UsedRoute};

const NOW: &str = "2026-12-01";

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn key(name: &str) -> ConsumerKey {
    match name {
        "anonymous" => ConsumerKey::Anonymous,
        "_other" => ConsumerKey::Other,
        _ => ConsumerKey::Named(name.into()),
    }
}

fn sum(consumer: &str, requests: u64, last_seen: &str) -> UsageSum {
    UsageSum {
        environment: "default".to_owned(),
        route: UsedRoute::new("shop", "1", "GET", "/users/{id}"),
        consumer: key(consumer),
        source: UsageSource::Seen,
        classes: [0, requests, 0, 0, 0],
        refusals: [0; 4],
        bytes: 10,
        first_seen: at(last_seen),
        last_seen: at(last_seen),
        last_request: Some(format!("r-{consumer}")),
        consumers: 1,
    }
}

fn past(consumer: &str, last_seen: &str, pause_days: u64) -> UsagePast {
    UsagePast {
        consumer: key(consumer),
        requests: 9,
        first_seen: at("2025-01-01"),
        last_seen: at(last_seen),
        longest_pause: pause_days * 86_400,
        last_request: None,
    }
}

fn catalog() -> Catalog {
    let entry = RegisteredConsumer::new;
    let register = [
        entry("acme").with_owner("Acme"),
        entry("billing").with_expected_use(ExpectedUse::Monthly),
        entry("probe").with_role(ConsumerRole::Ignored("a probe".to_owned())),
        entry("back-office").with_role(ConsumerRole::Internal),
    ];
    let shop = Api::new("shop").with_version_header("Api-Version").with_version(Version::new("1"));
    Catalog::registered([shop], register).expect("a catalog")
}

/// A row: what was seen within 30 days, what was seen ever, when somebody was counting, and the kinds and names of what is in the way.
struct Row {
    name: &'static str,
    sums: Vec<UsageSum>,
    past: Vec<UsagePast>,
    covered: &'static [(&'static str, &'static str)],
    allowed: &'static [&'static str],
    most: u64,
    blockers: &'static [&'static str],
    spared: &'static [&'static str],
}

const WHOLE: &[(&str, &str)] = &[("2026-01-01", NOW)];

fn row(name: &'static str) -> Row {
    Row { name, sums: vec![], past: vec![], covered: WHOLE, allowed: &[], most: 0, blockers: &[], spared: &[] }
}

fn rows() -> Vec<Row> {
    vec![
        row("no consumer uses it"),
        Row {
            sums: vec![sum("acme", 5, "2026-11-20")],
            blockers: &["in-use acme: acme uses it"],
            ..row("one uses it")
        },
        Row {
            sums: vec![sum("acme", 5, "2026-11-20")],
            allowed: &["acme"],
            spared: &["acme: allowed"],
            ..row("it is allowed")
        },
        Row {
            sums: vec![sum("probe", 5, "2026-11-20"), sum("back-office", 1, "2026-11-20")],
            spared: &["back-office: internal", "probe: ignored: a probe"],
            ..row("roles do not count")
        },
        Row {
            sums: vec![sum("anonymous", 2, "2026-11-20"), sum("_other", 7, "2026-11-20")],
            blockers: &["in-use _other: _other uses it", "in-use anonymous: anonymous uses it"],
            ..row("those without a name count")
        },
        Row {
            sums: vec![sum("acme", 2, "2026-11-20"), sum("_other", 3, "2026-11-20")],
            most: 5,
            spared: &["acme: at most 5 requests are accepted", "_other: at most 5 requests are accepted"],
            ..row("few requests of all together")
        },
        Row {
            sums: vec![sum("acme", 2, "2026-11-20"), sum("_other", 4, "2026-11-20")],
            most: 5,
            blockers: &["in-use _other: _other uses it", "in-use acme: acme uses it"],
            ..row("one more than that")
        },
        Row {
            past: vec![past("job", "2026-10-30", 40)],
            blockers: &["may-return job: job has been quiet for 40 days before, and is now for 32 days"],
            ..row("it was quiet for longer before")
        },
        Row { past: vec![past("job", "2026-10-30", 31)], ..row("it was never quiet for so long") },
        Row {
            past: vec![past("billing", "2026-10-31", 1)],
            blockers: &[
                "may-return billing: billing is expected at least every 31 days, and was last seen 31 days ago",
            ],
            ..row("it is expected every month")
        },
        Row { past: vec![past("billing", "2026-10-01", 1)], ..row("it did not come when it was expected") },
        Row {
            covered: &[("2026-11-20", NOW)],
            blockers: &["not-known -: the ledger counts only since 2026-11-20T00:00:00Z"],
            ..row("the ledger is young")
        },
        Row {
            covered: &[("2026-01-01", "2026-11-10"), ("2026-11-12", NOW)],
            blockers: &["not-known -: from 2026-11-10T00:00:00Z to 2026-11-12T00:00:00Z, nothing was counted"],
            ..row("the ledger has a gap")
        },
        Row {
            covered: &[("2026-01-01", "2026-11-10T00:00:00Z"), ("2026-11-10T00:09:00Z", NOW)],
            ..row("a restart is no gap")
        },
        Row {
            covered: &[("2026-01-01", "2026-11-10")],
            blockers: &[
                "not-known -: nothing has been counted since 2026-11-10T00:00:00Z; now it is 2026-12-01T00:00:00Z",
            ],
            ..row("the gateway is away")
        },
        Row {
            covered: &[("2026-01-01", "2027-12-01")],
            blockers: &[
                "not-known -: the clock of a gateway was ahead: it counted until 2027-12-01T00:00:00Z, and now it is 2026-12-01T00:00:00Z",
            ],
            ..row("a clock was ahead")
        },
        Row { covered: &[], blockers: &["not-known -: nothing has been counted yet"], ..row("the ledger is empty") },
    ]
}

#[test]
fn verdicts_have_reasons() {
    let catalog = catalog();
    for row in rows() {
        let covered: Vec<_> = row.covered.iter().map(|(since, until)| (at(since), at(until))).collect();
        let mut rule = ReadinessRule::new(Duration::from_secs(30 * 86_400));
        rule.allowed = row.allowed.iter().map(ToString::to_string).collect();
        rule.max_requests = row.most;
        let evidence = ReadinessEvidence::new(&row.sums, &row.past, &covered, catalog.register());
        let answer = rule.apply(evidence, at(NOW));
        let blockers: Vec<_> = answer
            .blockers
            .iter()
            .map(|b| format!("{} {}: {}", b.kind.as_str(), b.consumer.as_deref().unwrap_or("-"), b.reason))
            .collect();
        let spared: Vec<_> = answer.spared.iter().map(|s| format!("{}: {}", s.consumer, s.reason)).collect();
        assert_eq!(
            (blockers, spared),
            (
                row.blockers.iter().map(ToString::to_string).collect(),
                row.spared.iter().map(ToString::to_string).collect()
            ),
            "{}",
            row.name
        );
        assert_eq!(answer.is_ready(), row.blockers.is_empty(), "{}", row.name);
    }
}

#[test]
fn lines_add_up_by_what_they_are_about() {
    let mut imported = sum("acme", 4, "2026-11-21");
    imported.source = UsageSource::Imported;
    let sums = [sum("acme", 5, "2026-11-20"), imported, sum("b", 1, "2026-11-22")];
    let lines = usage(&sums, Grouping::Version);
    assert_eq!((lines.len(), lines[0].requests, lines[0].consumers, lines[0].bytes), (1, 10, 2, 30));
    assert_eq!((lines[0].last_request.as_deref(), lines[0].evidence()), (Some("r-b"), "seen, imported"));
    let lines = usage(&sums, Grouping::Consumer);
    let told: Vec<_> = lines.iter().map(|line| (line.consumer.as_deref(), line.requests, line.evidence())).collect();
    assert_eq!(told, [(Some("acme"), 9, "seen, imported"), (Some("b"), 1, "seen")]);
    let lines = usage(&sums, Grouping::Route);
    assert_eq!(lines[0].to_json()["route"], "GET /users/{id}");
}

#[test]
fn blockers_say_who_got_notices_and_who_may_stay() {
    use crate::usage::{NoticeKey, NoticeState, StoredNotice};

    let notice = |recipient: &str, sent: Option<&str>, error: Option<&str>| {
        let key = NoticeKey::new(["end", "shop", "1"], "sunset 2027-01-04T00:00:00Z", -86_400, recipient);
        let mut notice = StoredNotice::new(key, "a@example.com", "m", "{}");
        (notice.sent, notice.error) = (sent.map(at), error.map(str::to_owned));
        notice.state = if sent.is_some() { NoticeState::Sent } else { NoticeState::Claimed };
        notice
    };
    let notices = [
        notice("consumer acme", Some("2026-10-01"), None),
        notice("consumer acme", Some("2026-11-01"), None),
        notice("consumer acme", None, Some("refused")),
        notice("consumer billing", None, Some("refused")),
        notice("chat", Some("2026-11-02"), None),
    ];
    let extensions = [("acme".to_owned(), at("2027-02-01")), ("acme".to_owned(), at("2027-03-01"))];
    let sums = [sum("acme", 3, "2026-11-20"), sum("billing", 2, "2026-11-20"), sum("new", 1, "2026-11-20")];
    let (covered, catalog) = ([(at("2026-01-01"), at(NOW))], catalog());
    let evidence = ReadinessEvidence::new(&sums, &[], &covered, catalog.register());
    let evidence = evidence.with_notices(&notices).with_extensions(&extensions);
    let answer = ReadinessRule::new(Duration::from_secs(30 * 86_400)).apply(evidence, at(NOW));
    let told: Vec<_> = answer.blockers.iter().map(|it| (it.told, it.reached, it.extension)).collect();
    let acme = (Some(at("2026-11-01")), Some(true), Some(at("2027-03-01")));
    assert_eq!(told, [acme, (None, Some(false), None), (None, None, None)]);
}
