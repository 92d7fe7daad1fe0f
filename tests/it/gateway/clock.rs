//! A gateway goes by the clock that it is given.

use sunward::clock::ManualClock;
use sunward::gateway::Options;

use super::rig::{OK, Service, config};
use super::{Gateway, demo_file};

#[tokio::test]
async fn a_sunset_comes_when_the_clock_says_so() {
    let service = Service::saying(OK).await;
    let dates = "name = \"1\"\n        deprecated = 2050-01-01\n        sunset = 2050-07-01";
    let text = config("clock", &[service.address], "", "").replacen("name = \"1\"", dates, 1);
    let clock = ManualClock::new("2049-12-31".parse().expect("a date"));
    let options = Options::new().with_clock(clock.clone()).with_rewrite(move |_| text.clone());
    let gateway = Gateway::start(&demo_file(), options).await;

    let mut seen = Vec::new();
    // The last one: a clock that was set back. What was seen stays.
    for day in ["2049-12-31", "2050-01-01", "2050-07-01", "2050-06-30"] {
        clock.set(day.parse().expect("a date"));
        let reply = gateway.get("/api/v1/users").await;
        let versions: serde_json::Value = serde_json::from_str(&gateway.admin("/versions").await.body).expect("JSON");
        let version = &versions["apis"][0]["versions"][0];
        seen.push(format!("{} {} {}", reply.status, version["phase"], version["last_used"]));
    }
    let expected = [
        r#"200 "announced" "2049-12-31T00:00:00Z""#,
        r#"200 "deprecated" "2050-01-01T00:00:00Z""#,
        r#"410 "gone" "2050-07-01T00:00:00Z""#,
        r#"200 "deprecated" "2050-07-01T00:00:00Z""#,
    ];
    assert_eq!(seen, expected);
    assert!(gateway.stop().await);
}
