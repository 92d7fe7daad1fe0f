//! Notices in both databases: each is claimed once, and tried again if its sender is gone.

use std::time::Duration;

use sunward::clock::Timestamp;
use sunward::usage::{NoticeKey, NoticeState, PostgresOptions, SqlLedger, StoredNotice};

use super::at;
use super::server::Server;

const NOW: &str = "2026-12-01T00:00:00Z";

fn notice(consumer: &str, message: &str) -> StoredNotice {
    let key = NoticeKey::new(
        ["end", "shop", "1"],
        "sunset 2027-01-01T00:00:00Z",
        -30 * 86_400,
        format!("consumer {consumer}"),
    );
    StoredNotice::new(key, "api@acme.example", message, "{}")
}

fn after(secs: u64) -> Timestamp {
    at(NOW).saturating_add(Duration::from_secs(secs))
}

fn messages(notices: &[StoredNotice]) -> Vec<&str> {
    notices.iter().map(|notice| &*notice.message).collect()
}

/// One replica dies between its claim and its message; the other one has to send it, under the same id.
async fn story(one: &SqlLedger, other: &SqlLedger) {
    let claim =
        async |ledger: &SqlLedger, list| ledger.claim_notices(list, at(NOW), after(120)).await.expect("claimed");
    let first = claim(one, vec![notice("acme", "m1"), notice("beta", "m1")]).await;
    assert_eq!(messages(&first), ["m1", "m1"]);
    assert_eq!(messages(&claim(other, vec![notice("acme", "m2"), notice("gamma", "m2")]).await), ["m2"]);

    let again = async |ledger: &SqlLedger, now| ledger.reclaim_notices(8, now, after(300)).await.expect("claimed");
    assert_eq!(messages(&again(other, after(119)).await), [""; 0]);
    other.notice_sent("m2", after(1)).await.expect("noted");
    assert_eq!(messages(&again(other, after(120)).await), ["m1", "m1"]);
    assert_eq!(messages(&again(one, after(121)).await), [""; 0]);

    other.notice_failed("m1", "refused", Some(after(400))).await.expect("noted");
    assert_eq!(messages(&again(one, after(399)).await), [""; 0]);
    let last = again(one, after(400)).await;
    assert_eq!((messages(&last), last[0].attempts, last[0].error.as_deref()), (vec!["m1", "m1"], 1, Some("refused")));
    one.notice_failed("m1", "gone", None).await.expect("noted");
    assert_eq!(messages(&again(one, after(9_000)).await), [""; 0]);

    let all = one.notices("test", None).await.expect("notices");
    let shown: Vec<_> = all.iter().map(|notice| (&*notice.key.recipient, notice.state, notice.attempts)).collect();
    let failed = NoticeState::Failed;
    let expected =
        [("consumer acme", failed, 2), ("consumer beta", failed, 2), ("consumer gamma", NoticeState::Sent, 1)];
    assert_eq!(shown, expected);
    let gamma = one.notices("test", Some("gamma")).await.expect("notices");
    assert_eq!((gamma.len(), gamma[0].sent), (1, Some(after(1))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_claimed_once_and_again_if_its_sender_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqlLedger::open(&folder.path().join("ledger.sqlite"), "test").await.expect("a file");
    story(&file, &file).await;
    let Some(server) = Server::start() else { return };
    let options = PostgresOptions::new(server.database());
    let one = SqlLedger::connect(&options, "test").await.expect("a database");
    let other = SqlLedger::connect(&options, "test").await.expect("a database");
    story(&one, &other).await;

    // Each has one sender.
    let mut claims = tokio::task::JoinSet::new();
    for replica in 0..3 {
        let options = options.clone();
        claims.spawn(async move {
            let ledger = SqlLedger::connect(&options, "three").await.expect("a database");
            let all = (0..40).map(|consumer| notice(&consumer.to_string(), &format!("{replica}-{consumer}"))).collect();
            ledger.claim_notices(all, at(NOW), after(120)).await.expect("claimed").len()
        });
    }
    assert_eq!(claims.join_all().await.into_iter().sum::<usize>(), 40);
}
