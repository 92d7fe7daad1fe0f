//! What operators do to versions and instances. Each act has another that takes it back, and one that is repeated changes
//! nothing.

use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{Fault, json};
use super::asked::Asked;
use super::config::read;
use super::routes::Route;
use super::{Admin, Answer};
use crate::catalog::{ApiEntry, Catalog, Control, VersionEntry};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::gateway::state::{Deed, Kept, Who};

/// What became of an act.
struct Done {
    deed: Deed,
    changed: bool,
    /// Why it has no effect, or not all that one may expect.
    note: Option<String>,
}

/// What it is done to.
struct Target<'c> {
    api: &'c ApiEntry,
    version: &'c VersionEntry,
}

/// Nobody means a later date than that: it is a slip of the pen.
const LONGEST_EXTENSION: Duration = Duration::from_secs(100 * 365 * 86_400);

// === impl Admin ===

impl Admin {
    /// Does what `route` says, and writes it down.
    pub(super) async fn act(&self, route: Route, names: &[String], request: Request<Incoming>, via: String) -> Answer {
        let members: &[&str] = match route {
            Route::Drain | Route::Undrain => &["instance"],
            Route::Extend => &["consumer", "until"],
            Route::Withdraw => &["consumer"],
            _ => &[],
        };
        let asked = read(request, members, via).await?;
        let name = |at: usize| names.get(at).map_or("", String::as_str);
        let now = SystemClock.now();
        let done = match route {
            Route::Drain | Route::Undrain => self.drain(route == Route::Drain, name(0), &asked, now)?,
            Route::Pause | Route::Resume => self.pause(route == Route::Pause, name(0), &asked.who, now)?,
            Route::Extend => self.extend(name(0), name(1), &asked, now)?,
            Route::Withdraw => self.withdraw(name(0), name(1), &asked, now)?,
            _ => self.hold(route == Route::Hold, name(0), name(1), &asked.who, now)?,
        };
        if done.changed {
            self.shared.state.audit.record_apart(asked.who, done.deed.clone(), now).await;
        }
        Ok(json(StatusCode::OK, &done.json(self.shared.state.acts.keep().await)))
    }

    fn pause(&self, pause: bool, api: &str, who: &Who, now: Timestamp) -> Result<Done, Fault> {
        let catalog = self.shared.current.catalog();
        let api = find_api(&catalog, api)?;
        let control = &self.shared.control;
        let act = if pause { Control::pause_brownouts } else { Control::resume_brownouts };
        let changed = act(control, &api.name, &who.by, &who.reason, now);
        let note = match pause {
            true if !has_brownouts(api) => Some("no version of the api has a brownout now".to_owned()),
            false if api.pause => Some("brownouts stay paused: the config has `pause = true`".to_owned()),
            _ => None,
        };
        let what = if pause { "pause" } else { "resume" };
        Ok(Done { deed: Deed { what, target: api.name.to_string() }, changed, note })
    }

    fn hold(&self, hold: bool, api: &str, version: &str, who: &Who, now: Timestamp) -> Result<Done, Fault> {
        let catalog = self.shared.current.catalog();
        let target = find_version(&catalog, api, version)?;
        let Target { api, version } = target;
        let control = &self.shared.control;
        let act = if hold { Control::hold_sunset } else { Control::release_sunset };
        let changed = act(control, &api.name, &version.text, &who.by, &who.reason, now);
        let note = match hold {
            true if target.sunset().is_none() => Some("the version has no sunset now".to_owned()),
            false if version.life.held => Some("the sunset stays held: the config has `hold_sunset = true`".to_owned()),
            _ => None,
        };
        let what = if hold { "hold" } else { "release" };
        Ok(Done { deed: Deed { what, target: target.to_string() }, changed, note })
    }

    fn extend(&self, api: &str, version: &str, asked: &Asked, now: Timestamp) -> Result<Done, Fault> {
        let catalog = self.shared.current.catalog();
        let target = find_version(&catalog, api, version)?;
        let Target { api, version } = target;
        let consumer = asked.text("consumer")?;
        let until = until(asked.text("until")?, now)?;
        match target.sunset() {
            None => return Err(Fault::conflict(format!("version {} has no sunset to extend", version.text))),
            Some(sunset) if until <= sunset => {
                let detail = format!("{until} does not go past the sunset {sunset}; to end an extension, withdraw it");
                return Err(Fault::conflict(detail));
            }
            Some(_) => {}
        }
        if api.consumer.is_empty() {
            let detail =
                format!("requests to {} have no consumer: give the api its `consumer` in the config", api.name);
            return Err(Fault::conflict(detail));
        }
        if let Some(later) = target.configured(consumer).filter(|later| *later >= until) {
            let detail =
                format!("the config lets {consumer} keep it until {later}: change the `[[api.extension]]` there");
            return Err(Fault::conflict(detail));
        }
        let Who { by, reason, .. } = &asked.who;
        let changed = self.shared.control.extend(&api.name, &version.text, consumer, until, by, reason, now);
        let deed = Deed { what: "extend", target: format!("{target} for {consumer} until {until}") };
        Ok(Done { deed, changed, note: None })
    }

    fn withdraw(&self, api: &str, version: &str, asked: &Asked, now: Timestamp) -> Result<Done, Fault> {
        let catalog = self.shared.current.catalog();
        let target = find_version(&catalog, api, version)?;
        let Target { api, version } = target;
        let consumer = asked.text("consumer")?;
        let Who { by, reason, .. } = &asked.who;
        let changed = self.shared.control.withdraw_extension(&api.name, &version.text, consumer, by, reason, now);
        let note = target.configured(consumer).map(|until| {
            format!(
                "{consumer} keeps it until {until}: the config has an `[[api.extension]]`, which must be removed there"
            )
        });
        Ok(Done { deed: Deed { what: "withdraw", target: format!("{target} from {consumer}") }, changed, note })
    }

    fn drain(&self, drain: bool, upstream: &str, asked: &Asked, now: Timestamp) -> Result<Done, Fault> {
        let instance = asked.text("instance")?;
        let snapshot = self.shared.current.load();
        let unknown = || Fault::unknown("upstream", upstream, snapshot.pools.keys().cloned());
        let pool = snapshot.pools.get(upstream).ok_or_else(unknown)?;
        let called = pool.called(instance);
        let called = called.ok_or_else(|| Fault::unknown("instance", instance, pool.labels().into_iter()))?;
        let acts = &self.shared.state.acts;
        let changed = acts.drain(drain, upstream, &called, &asked.who, now).map_err(|whole| {
            Fault::conflict(format!(
                "{whole} is drained as a whole, with all its addresses: only that can be taken back"
            ))
        })?;
        acts.settle(&self.shared.current.load().pools);
        let what = if drain { "drain" } else { "undrain" };
        Ok(Done { deed: Deed { what, target: format!("{upstream} {called}") }, changed, note: None })
    }
}

/// Reads the date of an extension.
fn until(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let until = text.parse::<Timestamp>().map_err(|error| Fault::bad(format!("\"until\" is no date: {error}")))?;
    if until <= now {
        let detail = format!("\"until\" is {until}, which is past; to end an extension, withdraw it");
        return Err(Fault::bad(detail));
    }
    if until > now.saturating_add(LONGEST_EXTENSION) {
        return Err(Fault::bad(format!("\"until\" is {until}, more than 100 years ahead")));
    }
    Ok(until)
}

fn has_brownouts(api: &ApiEntry) -> bool {
    let of_routes = api.routes.iter().flat_map(|route| &route.lives).map(|(_, life)| life);
    api.versions.iter().map(|version| &version.life).chain(of_routes).any(|life| !life.windows.is_empty())
}

fn find_api<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c ApiEntry, Fault> {
    let known = || catalog.apis().iter().map(|api| api.name.to_string());
    catalog.api(name).ok_or_else(|| Fault::unknown("api", name, known()))
}

fn find_version<'c>(catalog: &'c Catalog, api: &str, version: &str) -> Result<Target<'c>, Fault> {
    let api = find_api(catalog, api)?;
    let known = || api.versions.iter().map(|version| version.text.to_string());
    let id = api.lookup(version).ok_or_else(|| Fault::unknown("version", version, known()))?;
    Ok(Target { api, version: api.version(id) })
}

// === impl Target ===

impl Target<'_> {
    /// The first of its sunsets: a route may have one of its own.
    fn sunset(&self) -> Option<Timestamp> {
        let of_routes = self.api.routes.iter().flat_map(|route| &route.lives);
        let of_routes = of_routes.filter(|(of, _)| *of == self.version.id).filter_map(|(_, life)| life.sunset);
        self.version.life.sunset.into_iter().chain(of_routes).min()
    }

    /// Until when the config lets `consumer` keep it.
    fn configured(&self, consumer: &str) -> Option<Timestamp> {
        self.api.extension(self.version.id, Some(consumer)).map(|extension| extension.until)
    }
}

impl std::fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.api.name, self.version.text)
    }
}

// === impl Done ===

impl Done {
    /// What was done, whether it changed anything, and whether it outlives the process.
    fn json(self, kept: Kept) -> Value {
        let begins = matches!(self.deed.what, "pause" | "hold" | "extend" | "drain");
        let lost = match kept {
            Kept::No if begins => Some("it ends with the process: there is no folder `state` to keep it in"),
            Kept::Failed if begins => Some("it ends with the process: the folder `state` cannot be written"),
            Kept::Failed => Some("the next process will not know of it: the folder `state` cannot be written"),
            Kept::Yes | Kept::No => None,
        };
        let notes: Vec<String> = self.note.into_iter().chain(lost.map(str::to_owned)).collect();
        let mut done = json!({
            "done": self.deed.what, "target": self.deed.target, "changed": self.changed, "kept": kept == Kept::Yes,
        });
        if !notes.is_empty() {
            done["note"] = notes.join("; ").into();
        }
        done
    }
}
