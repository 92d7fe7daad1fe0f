//! The same changes as a plain function on bytes, for what is not an HTTP response: webhooks, queues, files.
//!
//! ```sh
//! cargo run --example webhook
//! ```
//!
//! Each subscriber registered for one version. The event is written once, in the newest, and sent to each as it was
//! when they registered.

use sunward::catalog::{Api, Catalog, Content, Version};
use sunward::change::{Change, OpSpec};

/// A webhook has no route of its own; one is named for it, so that changes can say where they apply.
const EVENT: &str = "POST /hooks/order-paid <-";

fn hooks() -> Api {
    Api::new("hooks")
        .with_version_header("Webhook-Version")
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
        .with_version(Version::new("3"))
        .with_change(
            Change::new("2", "the weight is a text")
                .with_at(EVENT)
                .with_op(OpSpec::convert("/order/weight", "number", "string"))
                .with_breaking(true),
        )
        .with_change(
            Change::new("3", "the customer is an object")
                .with_at(EVENT)
                .with_op(OpSpec::relocate("/order/email", "/order/customer/email"))
                .with_breaking(true),
        )
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let catalog = Catalog::new([hooks()])?;
    let api = catalog.api("hooks").ok_or("the catalog has no such api")?;
    let event = br#"{"id": 9007199254740993, "order": {"weight": "1.10", "customer": {"email": "ada@example.com"}}}"#;

    println!("3 (as written)\n  {}", String::from_utf8_lossy(event));
    let older: [(&str, &[u8]); 2] = [
        ("2", br#"{"id": 9007199254740993, "order": {"weight": "1.10","email":"ada@example.com"}}"#),
        ("1", br#"{"id": 9007199254740993, "order": {"weight": 1.10,"email":"ada@example.com"}}"#),
    ];
    for (version, expected) in older {
        let migration = api.migration(EVENT, "3", version)?;
        let sent = migration.run(Content::Json, event)?;
        println!("{version}\n  {}", String::from_utf8_lossy(&sent.body));
        assert_eq!(sent.body, expected);
    }

    // What a subscriber sends back in its old version goes up by the same changes.
    let migration = api.migration(EVENT, "1", "3")?;
    let read = migration.run(Content::Json, br#"{"id": 1, "order": {"email": "eve@example.com", "weight": 2.50}}"#)?;
    println!("1 -> 3\n  {}", String::from_utf8_lossy(&read.body));

    // What cannot be said in the other version is an error with its position, and nothing is half done.
    let refused = migration.run(Content::Json, br#"{"order": {"weight": "heavy"}}"#);
    println!("1 -> 3, wrong\n  {}", refused.map_or_else(|e| e.to_string(), |_| "no error".to_owned()));
    Ok(())
}
