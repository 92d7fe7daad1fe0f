//! A month of use before the demo began, as an import of access logs would have left it.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use sunward::clock::{Clock, SystemClock};
use sunward::usage::{Caller, Ledger, LedgerStore, SqlLedger, UsageSource, UsedRoute};

const DAYS: u64 = 30;
/// Consumer, version, method and route, and how many requests on the first and on the last day.
const USE: [(&str, &str, &str, &str, u64, u64); 6] = [
    ("acme", "2", "GET", "/users/{id}", 220, 60),
    ("acme", "3", "GET", "/users/{id}", 0, 190),
    ("umbrella", "2", "GET", "/orders", 90, 80),
    ("initech", "2", "POST", "/users", 40, 0),
    ("initech", "3", "POST", "/users", 10, 55),
    ("hooli", "3", "GET", "/orders/{id}", 120, 160),
];

/// Writes it to the ledger in the folder `state`. Its rows say that they were imported.
pub(crate) async fn write(state: &Path) -> Result<(), Box<dyn Error>> {
    let store = SqlLedger::open(&state.join("ledger.sqlite"), "default").await?;
    let (ledger, now) = (Ledger::new(), SystemClock.now());
    for day in 1..=DAYS {
        let at = now.saturating_sub(Duration::from_secs((DAYS + 1 - day) * 86_400));
        for (consumer, version, method, route, first, last) in USE {
            let (route, caller) = (UsedRoute::new("shop", version, method, route), consumer);
            let tally = ledger.tally(at, &Caller::new(&route).with_consumer(caller).with_user_agent(caller));
            let level = (first * (DAYS - day) + last * day) / DAYS;
            // A weekday has more than a day of the weekend.
            let count = if at.as_secs() / 86_400 % 7 < 2 { level / 3 } else { level };
            (0..count).for_each(|_| tally.add(200, None, 300));
        }
    }
    while let Some(batch) = ledger.next_batch(now) {
        let mut imported = (*batch).clone();
        imported.rows.iter_mut().for_each(|row| row.key.source = UsageSource::Imported);
        store.store(&imported).await?;
        ledger.acknowledge(batch.number);
    }
    store.close().await;
    Ok(())
}
