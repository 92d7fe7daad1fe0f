//! The acts that all replicas know: each is an entry of the database, with the JSON that the file has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::change::{ActChange, ActRefused};
use super::format::{self, ActEntry};
use super::{Acts, Drains, lock};
use crate::catalog::{Act, Control};
use crate::clock::Timestamp;
use crate::gateway::state::audit::Actor;
use crate::usage::{SharedEntries, SharedUpdate};

/// What this replica knows of the database.
#[derive(Debug, Default)]
pub(super) struct SharedActs {
    /// The database is asked.
    on: bool,
    /// The acts in effect are those of the database: now, or when the file was written.
    copy: bool,
    /// The entries that are in effect here.
    known: SharedEntries,
    /// Drains of addresses that are gone.
    left: BTreeSet<(String, String)>,
}

/// Acts as a value: those of some entries.
#[derive(Default)]
struct ActSet {
    control: Control,
    drains: Drains,
    /// The entries that they are of. Others are of a newer version, and are left as they are.
    keys: BTreeSet<(String, String)>,
}

const KIND: &str = "act";

// === impl Acts ===

impl Acts {
    /// From now on the database is asked. Acts of a file that is no copy of it are brought there.
    pub(in crate::gateway::state) fn share(&self, now: Timestamp) {
        let own = self.own(now);
        let mut shared = lock(&self.inner.shared);
        shared.on = true;
        if shared.copy {
            shared.known = own;
        }
    }

    /// What the database lacks: acts that this replica had before, and the end of drains whose address is gone.
    pub(in crate::gateway::state) fn news(&self, entries: &SharedEntries, now: Timestamp) -> SharedUpdate {
        let own = self.own(now);
        let shared = lock(&self.inner.shared);
        let new = own.into_iter().filter(|(key, _)| !shared.copy && !entries.contains_key(key));
        let new = new.map(|(key, value)| (key, Some(value)));
        let left = shared.left.iter().map(drain_key).filter(|key| entries.contains_key(key));
        SharedUpdate { entries: new.chain(left.map(|key| (key, None))).collect(), act: None }
    }

    /// What becomes of the entries by what an operator asks for, and whether that changes anything.
    pub(in crate::gateway::state) fn plan(
        change: &ActChange,
        actor: &Actor,
        now: Timestamp,
        entries: &SharedEntries,
    ) -> Result<(SharedUpdate, bool), ActRefused> {
        let mut set = ActSet::new(entries);
        if !change.apply(&set.control, &mut set.drains, actor, now)? {
            return Ok((SharedUpdate::default(), false));
        }
        let after = entries_of(&set.control.standing(), &set.drains, now);
        let ended = set.keys.iter().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), None));
        let begun = after.iter().filter(|(key, value)| entries.get(*key) != Some(*value));
        let begun = begun.map(|(key, value)| (key.clone(), Some(value.clone())));
        Ok((SharedUpdate { entries: ended.chain(begun).collect(), act: None }, true))
    }

    /// Takes over the acts of the database. Those that were begun here in another way remain. Returns whether anything changed.
    pub(in crate::gateway::state) fn install(&self, entries: &SharedEntries) -> bool {
        let mut shared = lock(&self.inner.shared);
        let new: SharedEntries =
            entries.iter().filter(|((kind, _), _)| kind == KIND).map(|(k, v)| (k.clone(), v.clone())).collect();
        let is_first = !std::mem::replace(&mut shared.copy, true);
        shared.left.retain(|left| new.contains_key(&drain_key(left)));
        if new == shared.known {
            return is_first;
        }
        let before = std::mem::replace(&mut shared.known, new.clone());
        let ended = before.iter().filter(|(key, value)| new.get(*key) != Some(*value));
        let begun = new.iter().filter(|(key, value)| before.get(*key) != Some(*value));
        tracing::info!(
            begun = begun.clone().count(),
            ended = ended.clone().count(),
            "acts taken over from the database"
        );
        let (mut acts, mut drains) = (Vec::new(), lock(&self.inner.drains));
        for entry in ended.filter_map(|(_, value)| parse(value).ok()) {
            match entry {
                ActEntry::Act(act) => acts.extend(format::ending(&act)),
                ActEntry::Drain(key, _) => drop(drains.remove(&key)),
            }
        }
        for ((_, key), value) in begun {
            match parse(value) {
                Ok(ActEntry::Act(act)) => acts.push(act),
                Ok(ActEntry::Drain(key, drain)) => drop(drains.insert(key, drain)),
                Err(problem) => tracing::warn!(key, problem, "act of another version of the gateway is ignored"),
            }
        }
        // All at once: an act that is replaced is in effect all the time.
        self.inner.control.restore(acts);
        true
    }

    fn own(&self, now: Timestamp) -> SharedEntries {
        entries_of(&self.inner.control.standing(), &lock(&self.inner.drains), now)
    }
}

// === impl SharedActs ===

impl SharedActs {
    pub(super) fn of_file(copy: bool) -> Self {
        Self { copy, ..Self::default() }
    }

    /// Whether the file is a copy of the database.
    pub(super) fn is_copy(&self) -> bool {
        self.on && self.copy
    }

    /// Has the database forget these drains, too.
    pub(super) fn forget(&mut self, drains: Vec<(String, String)>) {
        if self.on {
            self.left.extend(drains);
        }
    }
}

// === impl ActSet ===

impl ActSet {
    fn new(entries: &SharedEntries) -> Self {
        let mut set = Self::default();
        for (key, value) in entries.iter().filter(|((kind, _), _)| kind == KIND) {
            match parse(value) {
                Ok(ActEntry::Act(act)) => set.control.restore([act]),
                Ok(ActEntry::Drain(key, drain)) => drop(set.drains.insert(key, drain)),
                Err(_) => continue,
            }
            set.keys.insert(key.clone());
        }
        set
    }
}

fn entries_of(acts: &[Act], drains: &Drains, now: Timestamp) -> SharedEntries {
    let acts = acts.iter().filter(|act| !format::has_ended(act, now)).map(|act| {
        let name = [Some(format::word(act.what)), Some(&*act.api), act.version.as_deref(), act.consumer.as_deref()];
        (key(&name.into_iter().flatten().collect::<Vec<_>>()), format::act_json(act).to_string())
    });
    let drains = drains.iter().map(|(at, drain)| (drain_key(at), format::drain_json(at, drain).to_string()));
    acts.chain(drains).collect::<BTreeMap<_, _>>()
}

fn drain_key((upstream, instance): &(String, String)) -> (String, String) {
    key(&[format::DRAIN, upstream, instance])
}

/// Names may have spaces in them.
fn key(words: &[&str]) -> (String, String) {
    (KIND.to_owned(), json!(words).to_string())
}

fn parse(value: &str) -> Result<ActEntry, String> {
    let value: Value = serde_json::from_str(value).map_err(|error| error.to_string())?;
    format::entry(&value)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::catalog::ActOrigin;

    fn now() -> Timestamp {
        "2026-06-01".parse().expect("a date")
    }

    fn ann() -> Actor {
        Actor { by: "ann".to_owned(), reason: "r".to_owned(), via: "127.0.0.1".to_owned() }
    }

    fn change(text: &str) -> ActChange {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let word = |at: usize| words.get(at).cloned().unwrap_or_default();
        match &*words[0] {
            "pause" => ActChange::Pause { api: word(1) },
            "resume" => ActChange::Resume { api: word(1) },
            "hold" => ActChange::Hold { api: word(1), version: word(2) },
            "extend" => ActChange::Extend {
                api: word(1),
                version: word(2),
                consumer: word(3),
                until: word(4).parse().expect("a date"),
            },
            "withdraw" => ActChange::Withdraw { api: word(1), version: word(2), consumer: word(3) },
            "drain" => ActChange::Drain { upstream: word(1), instance: word(2) },
            "undrain" => ActChange::Undrain { upstream: word(1), instance: word(2) },
            other => panic!("{other}"),
        }
    }

    /// Entries after these changes, beside some that this version does not know.
    fn entries(changes: &[&str]) -> SharedEntries {
        let own = |kind: &str, key: &str| ((kind.to_owned(), key.to_owned()), r#"{"what":"later"}"#.to_owned());
        let mut entries: SharedEntries = [own("act", "[\"later\"]"), own("later", "a")].into_iter().collect();
        for text in changes {
            let (update, _) = Acts::plan(&change(text), &ann(), now(), &entries).expect(text);
            for (key, value) in update.entries {
                match value {
                    Some(value) => drop(entries.insert(key, value)),
                    None => drop(entries.remove(&key).expect("it was there")),
                }
            }
        }
        entries
    }

    #[test]
    fn acts_that_are_taken_back_leave_no_entry() {
        let rows: [(&[&str], usize); 7] = [
            (&["pause a", "hold a 1", "extend a 1 acme 2027-01-01", "drain u http://b:1"], 4),
            (&["pause a", "pause a", "pause b"], 2),
            (&["pause a", "resume a", "resume b"], 0),
            (&["extend a 1 acme 2027-01-01", "extend a 1 acme 2028-01-01"], 1),
            (&["extend a 1 acme 2027-01-01", "withdraw a 1 acme"], 0),
            (&["drain u http://b:1#1.2.3.4", "drain u http://b:1", "undrain u http://b:1"], 0),
            (&["drain u http://b:1", "undrain v http://b:1"], 1),
        ];
        for (changes, expected) in rows {
            assert_eq!(entries(changes).len(), expected + 2, "{changes:?}");
        }
        let whole = entries(&["drain u http://b:1"]);
        let part = Acts::plan(&change("undrain u http://b:1#1.2.3.4"), &ann(), now(), &whole);
        assert_eq!(part.map(|_| ()), Err(ActRefused::Whole("http://b:1".to_owned())));
        let repeated = Acts::plan(&change("drain u http://b:1"), &ann(), now(), &whole).expect("it is one");
        assert!(!repeated.1 && repeated.0.entries.is_empty());
    }

    #[test]
    fn a_replica_takes_over_what_the_others_did() {
        let control = Control::new();
        let acts = Acts::open(None, &control, now());
        acts.share(now());
        // The process that embeds it did this, and it is nothing that replicas share.
        control.hold_sunset("a", "own", ActOrigin::new("bob", "r", now()));
        acts.install(&SharedEntries::new());
        let rows: [(&[&str], &[&str]); 4] = [
            (&["pause a", "extend a 1 acme 2027-01-01", "drain u http://b:1"], &["pause a", "extend a 1 2027"]),
            (&["extend a 1 acme 2028-01-01", "hold a 2"], &["hold a 2", "extend a 1 2028"]),
            (&["hold a 2", "drain u http://b:2"], &["hold a 2"]),
            (&[], &[]),
        ];
        for (changes, expected) in rows {
            let entries = entries(changes);
            assert!(acts.install(&entries) && !acts.install(&entries), "{changes:?}");
            let standing = control.standing().into_iter().filter(|act| act.version.as_deref() != Some("own"));
            let told = standing.map(|act| {
                let until = act.until.map(|until| until.to_string()[..4].to_owned());
                let parts = [Some(format::word(act.what).to_owned()), Some(act.api), act.version, until];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
            });
            assert_eq!(told.collect::<Vec<_>>(), expected);
            let drains = changes.iter().filter(|change| change.starts_with("drain")).count();
            assert_eq!(lock(&acts.inner.drains).len(), drains, "{changes:?}");
            assert!(control.sunset_held("a", "own"));
        }
    }

    #[test]
    fn a_file_is_brought_to_the_database_unless_it_is_a_copy() {
        let folder = tempfile::tempdir().expect("a folder");
        let acts = Acts::open(Some(folder.path()), &Control::new(), now());
        acts.perform(&change("hold a 1"), &ann(), now()).expect("it is one");
        acts.write(now());
        for (shared, news) in [(true, 1), (false, 0)] {
            let control = Control::new();
            let acts = Acts::open(Some(folder.path()), &control, now());
            acts.share(now());
            assert_eq!(acts.news(&SharedEntries::new(), now()).entries.len(), news);
            assert!(control.sunset_held("a", "1"), "until the database says otherwise");
            acts.install(&if shared { entries(&["hold a 1"]) } else { SharedEntries::new() });
            assert_eq!(control.sunset_held("a", "1"), shared);
            acts.write(now());
            let text = fs::read_to_string(folder.path().join("acts.json")).expect("a text");
            assert!(text.contains("\"shared\": true"), "{text}");
        }
    }
}
