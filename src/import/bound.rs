//! The bound of consumers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::counter::{ImportedRows, add};
use crate::usage::{ConsumerKey, Period, UsageCounts, UsageKey};

/// What is longer is no name of a consumer.
const NAME: usize = 256;

/// Puts consumers together as `_other` where an api has more than `most` on a day: those with the fewest requests.
pub(super) fn bound(rows: ImportedRows, most: usize) -> ImportedRows {
    let over = beyond(&rows, most);
    let mut bounded = ImportedRows::new();
    for (mut key, mut counts) in rows {
        if let ConsumerKey::Named(name) = &key.consumer
            && (name.len() > NAME || over.get(&place(&key)).is_some_and(|over| over.contains(name)))
        {
            counts.distinct.get_or_insert_default().add(name);
            key.consumer = ConsumerKey::Other;
        }
        add(&mut bounded, key, &counts);
    }
    bounded
}

/// An api on a day.
type ApiDay = (Box<str>, Period);

fn place(key: &UsageKey) -> ApiDay {
    (key.route.api().into(), key.period.to_day())
}

/// The consumers that are too many.
fn beyond(rows: &ImportedRows, most: usize) -> HashMap<ApiDay, HashSet<Arc<str>>> {
    let mut requests: BTreeMap<ApiDay, HashMap<Arc<str>, u64>> = BTreeMap::new();
    for (key, counts) in rows {
        if let ConsumerKey::Named(name) = &key.consumer {
            *requests.entry(place(key)).or_default().entry(Arc::clone(name)).or_default() +=
                UsageCounts::requests(counts);
        }
    }
    let over = requests.into_iter().filter(|(_, consumers)| consumers.len() > most);
    over.map(|(place, consumers)| {
        let mut consumers: Vec<_> = consumers.into_iter().collect();
        consumers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        (place, consumers.into_iter().skip(most).map(|(name, _)| name).collect())
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::UsedRoute;

    #[test]
    fn the_consumers_with_most_requests_keep_their_rows() {
        let (route, at) = (UsedRoute::new("shop", "1", "GET", "/"), "2026-11-11".parse().expect("a time"));
        let long: Arc<str> = "x".repeat(NAME + 1).into();
        let mut rows = ImportedRows::new();
        for (name, requests) in [("a", 1), ("b", 3), ("c", 2), (&*long, 9)] {
            let key = UsageKey::new(Period::hour_of(at), route.clone(), ConsumerKey::Named(name.into()));
            let mut counts = UsageCounts::seen(at);
            counts.classes[1] = requests;
            add(&mut rows, key, &counts);
        }
        let shown = |most| {
            let rows = bound(rows.clone(), most);
            let distinct = |counts: &UsageCounts| counts.distinct.as_ref().map_or(0, crate::usage::Distinct::count);
            let shown = rows
                .iter()
                .map(|(key, counts)| format!("{} {} {}", key.consumer.as_str(), counts.requests(), distinct(counts)));
            shown.collect::<Vec<_>>()
        };
        assert_eq!(shown(9), ["a 1 0", "b 3 0", "c 2 0", "_other 9 1"]);
        assert_eq!(shown(2), ["b 3 0", "_other 12 3"]);
    }
}
