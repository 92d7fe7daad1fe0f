//! What operators do to versions and instances.

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{ACT_BYTES, Fault, Said, body, json};
use super::routes::Route;
use super::{Admin, Answer};
use crate::catalog::{ApiEntry, Catalog, VersionEntry};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::gateway::state::{Deed, Kept, Who};

/// What every act says.
const ACT: [&str; 2] = ["by", "reason"];
const DRAIN: [&str; 3] = ["by", "reason", "instance"];
const EXTEND: [&str; 4] = ["by", "reason", "consumer", "until"];

// === impl Admin ===

impl Admin {
    /// Does what `route` says, and writes it down.
    pub(super) async fn act(&self, route: Route, names: &[String], request: Request<Incoming>, via: String) -> Answer {
        let known: &[&str] = match route {
            Route::Drain | Route::Undrain => &DRAIN,
            Route::Extend => &EXTEND,
            _ => &ACT,
        };
        let said = Said::read(&body(request, ACT_BYTES).await?, known)?;
        let who = said.who(via)?;
        let name = |at: usize| names.get(at).map_or("", String::as_str);
        let deed = match route {
            Route::Drain | Route::Undrain => self.drain(route == Route::Drain, name(0), &said, &who)?,
            Route::Pause | Route::Resume => self.pause(route == Route::Pause, name(0), &who)?,
            Route::Extend => self.extend(name(0), name(1), &said, &who)?,
            _ => self.hold(route == Route::Hold, name(0), name(1), &who)?,
        };
        self.shared.state.audit.record(&who, &deed, SystemClock.now());
        Ok(json(StatusCode::OK, &done(&deed, self.shared.state.acts.keep().await)))
    }

    fn pause(&self, pause: bool, api: &str, who: &Who) -> Result<Deed, Fault> {
        let catalog = self.shared.current.catalog();
        let api = find_api(&catalog, api)?;
        let (control, now) = (&self.shared.control, SystemClock.now());
        let target = api.name.to_string();
        Ok(if pause {
            control.pause_brownouts(&api.name, &who.by, &who.reason, now);
            Deed { what: "pause", target }
        } else {
            control.resume_brownouts(&api.name, &who.by, &who.reason, now);
            Deed { what: "resume", target }
        })
    }

    fn hold(&self, hold: bool, api: &str, version: &str, who: &Who) -> Result<Deed, Fault> {
        let catalog = self.shared.current.catalog();
        let (api, version) = find_version(&catalog, api, version)?;
        let (control, now) = (&self.shared.control, SystemClock.now());
        let target = format!("{} {}", api.name, version.text);
        Ok(if hold {
            control.hold_sunset(&api.name, &version.text, &who.by, &who.reason, now);
            Deed { what: "hold", target }
        } else {
            control.release_sunset(&api.name, &version.text, &who.by, &who.reason, now);
            Deed { what: "release", target }
        })
    }

    fn extend(&self, api: &str, version: &str, said: &Said, who: &Who) -> Result<Deed, Fault> {
        let catalog = self.shared.current.catalog();
        let (api, version) = find_version(&catalog, api, version)?;
        let consumer = said.text("consumer")?;
        let until = said.text("until")?.parse::<Timestamp>();
        let until = until.map_err(|error| Fault::bad(format!("\"until\" is no date: {error}")))?;
        match version.life.sunset {
            None => return Err(Fault::bad(format!("version {} has no sunset to extend", version.text))),
            Some(sunset) if until <= sunset => {
                return Err(Fault::bad(format!("{until} does not go past the sunset {sunset}")));
            }
            Some(_) => {}
        }
        if api.consumer.is_empty() {
            return Err(Fault::bad(format!("{} does not know who asks: it has no `consumer`", api.name)));
        }
        let now = SystemClock.now();
        self.shared.control.extend(&api.name, &version.text, consumer, until, &who.by, &who.reason, now);
        Ok(Deed { what: "extend", target: format!("{} {} for {consumer} until {until}", api.name, version.text) })
    }

    fn drain(&self, drain: bool, upstream: &str, said: &Said, who: &Who) -> Result<Deed, Fault> {
        let instance = said.text("instance")?;
        let snapshot = self.shared.current.load();
        let unknown = || Fault::unknown("upstream", upstream, snapshot.pools.keys().cloned());
        let pool = snapshot.pools.get(upstream).ok_or_else(unknown)?;
        let called = pool.called(instance);
        let called = called.ok_or_else(|| Fault::unknown("instance", instance, pool.labels().into_iter()))?;
        let acts = &self.shared.state.acts;
        if let Err(whole) = acts.drain(drain, upstream, &called, who, SystemClock.now()) {
            let detail = format!("{whole} is drained as a whole, with all its addresses: only that can be taken back");
            return Err(Fault::new(StatusCode::CONFLICT, detail));
        }
        acts.settle(&self.shared.current.load().pools);
        let what = if drain { "drain" } else { "undrain" };
        Ok(Deed { what, target: format!("{upstream} {called}") })
    }
}

/// What was done, and whether it outlives the process.
fn done(deed: &Deed, kept: Kept) -> Value {
    let begins = matches!(deed.what, "pause" | "hold" | "extend" | "drain");
    let note = match kept {
        Kept::No if begins => Some("it ends with the process: there is no folder `state` to keep it in"),
        Kept::Failed if begins => Some("it ends with the process: the folder `state` cannot be written"),
        Kept::Failed => Some("the next process will not know of it: the folder `state` cannot be written"),
        Kept::Yes | Kept::No => None,
    };
    let mut done = json!({ "done": deed.what, "target": deed.target, "kept": kept == Kept::Yes });
    if let Some(note) = note {
        done["note"] = note.into();
    }
    done
}

fn find_api<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c ApiEntry, Fault> {
    let known = || catalog.apis().iter().map(|api| api.name.to_string());
    catalog.api(name).ok_or_else(|| Fault::unknown("api", name, known()))
}

fn find_version<'c>(catalog: &'c Catalog, api: &str, version: &str) -> Result<(&'c ApiEntry, &'c VersionEntry), Fault> {
    let api = find_api(catalog, api)?;
    let known = || api.versions.iter().map(|version| version.text.to_string());
    let id = api.lookup(version).ok_or_else(|| Fault::unknown("version", version, known()))?;
    Ok((api, api.version(id)))
}
