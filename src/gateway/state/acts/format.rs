//! The file of acts: its content, and what is wrong with it.

use serde_json::{Map, Value, json};

use super::{Drain, Drains};
use crate::catalog::Act;
use crate::clock::Timestamp;

/// What was found in a file.
#[derive(Debug, Default)]
pub(super) struct ActsRead {
    pub(super) acts: Vec<Act>,
    pub(super) drains: Drains,
    /// All replicas know them: they are a copy of what is in the database.
    pub(super) shared: bool,
    /// What could not be read, each with its place.
    pub(super) wrong: Vec<String>,
}

pub(super) const DRAIN: &str = "drain";
/// The member of a file that is a copy.
const SHARED: &str = "shared";
/// The word of operators, and that of the `Control`.
const PAUSE: (&str, &str) = ("pause", "pause-brownouts");
const HOLD: (&str, &str) = ("hold", "hold-sunset");
const EXTEND: (&str, &str) = ("extend", "extend");

/// An act of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ActEntry {
    Act(Act),
    Drain((String, String), Drain),
}

/// The members of an act.
struct ObjectReader<'a> {
    of: &'a Map<String, Value>,
}

/// Reads a file. One act that cannot be read takes no other with it; those whose end has passed are left out.
pub(super) fn read(text: &[u8], now: Timestamp) -> ActsRead {
    let mut found = ActsRead::default();
    let list = serde_json::from_slice::<Value>(text).map_err(|error| error.to_string());
    let list = list.and_then(|file| match file.get("acts").and_then(Value::as_array) {
        Some(list) => {
            found.shared = file.get(SHARED) == Some(&Value::Bool(true));
            Ok(list.clone())
        }
        None => Err("it has no array `acts`".to_owned()),
    });
    let list = list.unwrap_or_else(|problem| {
        found.wrong.push(problem);
        Vec::new()
    });
    for (at, value) in list.iter().enumerate() {
        match entry(value) {
            Ok(ActEntry::Act(act)) if has_ended(&act, now) => {}
            Ok(ActEntry::Act(act)) => found.acts.push(act),
            Ok(ActEntry::Drain(key, drain)) => drop(found.drains.insert(key, drain)),
            Err(problem) => found.wrong.push(format!("acts[{at}]: {problem}")),
        }
    }
    found
}

/// The text of a file with these, but for those whose end has passed.
pub(super) fn write(acts: &[Act], drains: &Drains, shared: bool, now: Timestamp) -> String {
    let acts = acts.iter().filter(|act| !has_ended(act, now)).map(act_json);
    let drains = drains.iter().map(|(key, drain)| drain_json(key, drain));
    let mut file = json!({ "acts": acts.chain(drains).collect::<Vec<_>>() });
    if shared {
        file[SHARED] = true.into();
    }
    format!("{file:#}\n")
}

/// How many of each kind have not ended.
pub(super) fn counts(acts: &[Act], drains: usize, now: Timestamp) -> [(&'static str, usize); 4] {
    let count = |what: &str| acts.iter().filter(|act| act.what == what && !has_ended(act, now)).count();
    let [pauses, holds, extensions] = [PAUSE, HOLD, EXTEND].map(|(word, what)| (word, count(what)));
    [pauses, holds, extensions, (DRAIN, drains)]
}

/// An act, in words for people.
pub(super) fn told(act: &Act) -> String {
    let parts = [Some(word(act.what)), Some(&act.api), act.version.as_deref()];
    let mut told = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if let (Some(consumer), Some(until)) = (&act.consumer, act.until) {
        told += &format!(" for {consumer} until {until}");
    }
    told
}

pub(super) fn has_ended(act: &Act, now: Timestamp) -> bool {
    act.until.is_some_and(|until| until <= now)
}

/// The act that takes it back.
#[cfg(feature = "postgres")]
pub(super) fn ending(act: &Act) -> Option<Act> {
    let what = match act.what {
        what if what == PAUSE.1 => "resume-brownouts",
        what if what == HOLD.1 => "release-sunset",
        what if what == EXTEND.1 => "withdraw-extension",
        _ => return None,
    };
    Some(Act { what, ..act.clone() })
}

pub(super) fn word(what: &str) -> &str {
    [PAUSE, HOLD, EXTEND].into_iter().find(|(_, known)| *known == what).map_or(what, |(word, _)| word)
}

pub(super) fn drain_json((upstream, instance): &(String, String), drain: &Drain) -> Value {
    let Drain { at, by, reason } = drain;
    json!({
        "what": DRAIN, "upstream": upstream, "instance": instance, "time": at.to_string(), "by": by, "reason": reason,
    })
}

pub(super) fn act_json(act: &Act) -> Value {
    let mut members = Map::new();
    let mut say = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            members.insert(name.to_owned(), text.into());
        }
    };
    say("what", Some(word(act.what).to_owned()));
    say("api", Some(act.api.clone()));
    say("version", act.version.clone());
    say("consumer", act.consumer.clone());
    say("until", act.until.map(|until| until.to_string()));
    say("time", Some(act.at.to_string()));
    say("by", Some(act.by.clone()));
    say("reason", Some(act.reason.clone()));
    Value::Object(members)
}

/// An act by its JSON.
pub(super) fn entry(value: &Value) -> Result<ActEntry, String> {
    let members = ObjectReader { of: value.as_object().ok_or("it is not an object")? };
    let what = members.text("what")?;
    let (at, by, reason) = (members.time("time")?, members.text("by")?, members.text("reason")?);
    if what == DRAIN {
        let key = (members.text("upstream")?, members.text("instance")?);
        return Ok(ActEntry::Drain(key, Drain { at, by, reason }));
    }
    let version = || members.text("version").map(Some);
    let (what, version, consumer, until) = match &*what {
        word if word == PAUSE.0 => (PAUSE.1, None, None, None),
        word if word == HOLD.0 => (HOLD.1, version()?, None, None),
        word if word == EXTEND.0 => {
            (EXTEND.1, version()?, Some(members.text("consumer")?), Some(members.time("until")?))
        }
        word => return Err(format!("unknown act {word:?}")),
    };
    Ok(ActEntry::Act(Act { at, by, reason, what, api: members.text("api")?, version, consumer, until }))
}

// === impl ObjectReader ===

impl ObjectReader<'_> {
    fn text(&self, name: &str) -> Result<String, String> {
        let text = self.of.get(name).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("`{name}` is not a string"))
    }

    fn time(&self, name: &str) -> Result<Timestamp, String> {
        self.text(name)?.parse().map_err(|error| format!("`{name}` is not a date: {error}"))
    }
}
