//! What operators do to versions and instances. Each act has another that takes it back, and one that is repeated changes
//! nothing.

use std::time::Duration;

use axum::extract::Request;
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{AdminError, json};
use super::config::read;
use super::request::ActRequest;
use super::{Admin, AdminResult};
use crate::catalog::{ApiEntry, Catalog, VersionEntry};
use crate::clock::Timestamp;
use crate::gateway::state::{ActChange, ActRefused, AuditAction, Persisted};

/// What an operator can do, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OperatorAct {
    Pause { api: String },
    Resume { api: String },
    Hold { api: String, version: String },
    Release { api: String, version: String },
    Extend { api: String, version: String },
    Withdraw { api: String, version: String },
    Drain { upstream: String },
    Undrain { upstream: String },
}

/// What is to be done.
struct ActPlan {
    change: ActChange,
    action: AuditAction,
    /// Why it has no effect, or not all that one may expect.
    note: Option<String>,
}

/// What it is done to.
pub(super) struct VersionRef<'c> {
    pub(super) api: &'c ApiEntry,
    pub(super) version: &'c VersionEntry,
}

/// A later date than that is a typing error.
const LONGEST_EXTENSION: Duration = Duration::from_secs(100 * 365 * 86_400);

// === impl OperatorAct ===

impl OperatorAct {
    /// What a request has to say, beside who does it and why.
    pub(super) const fn members(&self) -> &'static [&'static str] {
        match self {
            Self::Drain { .. } | Self::Undrain { .. } => &["instance"],
            Self::Extend { .. } => &["consumer", "until"],
            Self::Withdraw { .. } => &["consumer"],
            _ => &[],
        }
    }
}

// === impl Admin ===

impl Admin {
    /// Does what a request asks for.
    pub(super) async fn act(&self, act: OperatorAct, request: Request) -> AdminResult {
        let input = read(request, act.members()).await?;
        Ok(json(StatusCode::OK, &self.perform(&act, input).await?))
    }

    /// Does it, and writes it down.
    pub(super) async fn perform(&self, act: &OperatorAct, input: ActRequest) -> Result<Value, AdminError> {
        let now = self.store.now();
        let plan = self.plan(act, &input, now)?;
        let done = self.store.perform(&plan.change, input.actor, plan.action.clone(), now).await;
        let (changed, kept) = done.map_err(refused)?;
        self.store.acts.settle(&self.current.load().pools);
        Ok(plan.json(changed, kept))
    }

    fn plan(&self, act: &OperatorAct, input: &ActRequest, now: Timestamp) -> Result<ActPlan, AdminError> {
        match act {
            OperatorAct::Pause { api } => self.pause(true, api),
            OperatorAct::Resume { api } => self.pause(false, api),
            OperatorAct::Hold { api, version } => self.hold(true, api, version),
            OperatorAct::Release { api, version } => self.hold(false, api, version),
            OperatorAct::Extend { api, version } => self.extend(api, version, input, now),
            OperatorAct::Withdraw { api, version } => self.withdraw(api, version, input),
            OperatorAct::Drain { upstream } => self.drain(true, upstream, input),
            OperatorAct::Undrain { upstream } => self.drain(false, upstream, input),
        }
    }

    fn pause(&self, pause: bool, api: &str) -> Result<ActPlan, AdminError> {
        let catalog = self.current.catalog();
        let api = find_api(&catalog, api)?;
        let note = match pause {
            true if !has_brownouts(api) => Some("the api has no brownout now".to_owned()),
            false if api.pause => Some("brownouts stay paused: the config has `pause = true`".to_owned()),
            _ => None,
        };
        let (what, name) = (if pause { "pause" } else { "resume" }, api.name.to_string());
        let change =
            if pause { ActChange::Pause { api: name.clone() } } else { ActChange::Resume { api: name.clone() } };
        Ok(ActPlan { change, action: AuditAction { what, target: name }, note })
    }

    fn hold(&self, hold: bool, api: &str, version: &str) -> Result<ActPlan, AdminError> {
        let catalog = self.current.catalog();
        let target = find_version(&catalog, api, version)?;
        let note = match hold {
            true if target.sunset().is_none() => Some("the version has no sunset".to_owned()),
            false if target.version.life.held => {
                Some("the sunset stays held: the config has `hold_sunset = true`".to_owned())
            }
            _ => None,
        };
        let (api, version) = target.names();
        let what = if hold { "hold" } else { "release" };
        let change = if hold { ActChange::Hold { api, version } } else { ActChange::Release { api, version } };
        Ok(ActPlan { change, action: AuditAction { what, target: target.to_string() }, note })
    }

    fn extend(&self, api: &str, version: &str, input: &ActRequest, now: Timestamp) -> Result<ActPlan, AdminError> {
        let catalog = self.current.catalog();
        let target = find_version(&catalog, api, version)?;
        let VersionRef { api, version } = target;
        let consumer = input.text("consumer")?;
        let until = until(input.text("until")?, now)?;
        match target.sunset() {
            None => return Err(AdminError::conflict(format!("version {} has no sunset to extend", version.text))),
            Some(sunset) if until <= sunset => {
                let detail = format!("{until} is not after the sunset {sunset}; to end an extension, withdraw it");
                return Err(AdminError::conflict(detail));
            }
            Some(_) => {}
        }
        if api.consumer.is_empty() {
            let detail = format!("the api {} has no `consumer` source: add one to the config", api.name);
            return Err(AdminError::conflict(detail));
        }
        if let Some(later) = target.configured(consumer).filter(|later| *later >= until) {
            let detail =
                format!("the config has an extension for {consumer} until {later}: change its `[[api.extension]]`");
            return Err(AdminError::conflict(detail));
        }
        let action = AuditAction { what: "extend", target: format!("{target} for {consumer} until {until}") };
        let (api, version) = target.names();
        Ok(ActPlan {
            change: ActChange::Extend { api, version, consumer: consumer.to_owned(), until },
            action,
            note: None,
        })
    }

    fn withdraw(&self, api: &str, version: &str, input: &ActRequest) -> Result<ActPlan, AdminError> {
        let catalog = self.current.catalog();
        let target = find_version(&catalog, api, version)?;
        let consumer = input.text("consumer")?.to_owned();
        let note = target.configured(&consumer).map(|until| {
            format!("the extension for {consumer} until {until} remains: the config has it as `[[api.extension]]`")
        });
        let action = AuditAction { what: "withdraw", target: format!("{target} from {consumer}") };
        let (api, version) = target.names();
        Ok(ActPlan { change: ActChange::Withdraw { api, version, consumer }, action, note })
    }

    fn drain(&self, drain: bool, upstream: &str, input: &ActRequest) -> Result<ActPlan, AdminError> {
        let instance = input.text("instance")?;
        let snapshot = self.current.load();
        let unknown = || AdminError::unknown("upstream", upstream, snapshot.pools.keys().cloned());
        let pool = snapshot.pools.get(upstream).ok_or_else(unknown)?;
        let called = pool.called(instance);
        let called = called.ok_or_else(|| AdminError::unknown("instance", instance, pool.labels().into_iter()))?;
        let what = if drain { "drain" } else { "undrain" };
        let action = AuditAction { what, target: format!("{upstream} {called}") };
        let (upstream, instance) = (upstream.to_owned(), called.to_string());
        let change =
            if drain { ActChange::Drain { upstream, instance } } else { ActChange::Undrain { upstream, instance } };
        Ok(ActPlan { change, action, note: None })
    }
}

fn refused(refused: ActRefused) -> AdminError {
    match refused {
        ActRefused::Whole(whole) => {
            AdminError::conflict(format!("{whole} is drained with all its addresses: undrain {whole} instead"))
        }
        ActRefused::Unavailable(why) => {
            let detail =
                format!("nothing was changed, since it cannot be stored for all replicas: {why}; send it again later");
            AdminError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }
}

/// Reads the date of an extension.
fn until(text: &str, now: Timestamp) -> Result<Timestamp, AdminError> {
    let until = text.parse::<Timestamp>().map_err(|error| {
        AdminError::bad(format!(
            "\"until\" is not a date: \
         {error}"
        ))
    })?;
    if until <= now {
        let detail = format!("\"until\" is {until}, which is in the past; to end an extension, withdraw it");
        return Err(AdminError::bad(detail));
    }
    if until > now.saturating_add(LONGEST_EXTENSION) {
        return Err(AdminError::bad(format!("\"until\" is {until}, more than 100 years in the future")));
    }
    Ok(until)
}

fn has_brownouts(api: &ApiEntry) -> bool {
    let of_routes = api.routes.iter().flat_map(|route| &route.lives).map(|(_, life)| life);
    api.versions.iter().map(|version| &version.life).chain(of_routes).any(|life| !life.windows.is_empty())
}

pub(super) fn find_api<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c ApiEntry, AdminError> {
    let known = || catalog.apis().iter().map(|api| api.name.to_string());
    catalog.api(name).ok_or_else(|| AdminError::unknown("api", name, known()))
}

pub(super) fn find_version<'c>(catalog: &'c Catalog, api: &str, version: &str) -> Result<VersionRef<'c>, AdminError> {
    let api = find_api(catalog, api)?;
    let known = || api.versions.iter().map(|version| version.text.to_string());
    let id = api.lookup(version).ok_or_else(|| AdminError::unknown("version", version, known()))?;
    Ok(VersionRef { api, version: api.version(id) })
}

// === impl VersionRef ===

impl VersionRef<'_> {
    /// The first of its sunsets: a route may have one of its own.
    fn sunset(&self) -> Option<Timestamp> {
        let of_routes = self.api.routes.iter().flat_map(|route| &route.lives);
        let of_routes = of_routes.filter(|(of, _)| *of == self.version.id).filter_map(|(_, life)| life.sunset);
        self.version.life.sunset.into_iter().chain(of_routes).min()
    }

    fn names(&self) -> (String, String) {
        (self.api.name.to_string(), self.version.text.to_string())
    }

    /// Until when the config lets `consumer` keep it.
    fn configured(&self, consumer: &str) -> Option<Timestamp> {
        self.api.extension(self.version.id, Some(consumer)).map(|extension| extension.until)
    }
}

impl std::fmt::Display for VersionRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.api.name, self.version.text)
    }
}

// === impl ActPlan ===

impl ActPlan {
    /// What was done, whether it changed anything, and whether it outlives the process.
    fn json(self, changed: bool, kept: Persisted) -> Value {
        let begins = matches!(self.action.what, "pause" | "hold" | "extend" | "drain");
        let lost = match kept {
            Persisted::No if begins => Some("it ends with the process: `state` is not configured"),
            Persisted::Failed if begins => Some("it ends with the process: the `state` directory cannot be written"),
            Persisted::Failed => Some("a restart will undo it: the `state` directory cannot be written"),
            Persisted::Yes | Persisted::No => None,
        };
        let notes: Vec<String> = self.note.into_iter().chain(lost.map(str::to_owned)).collect();
        let mut done = json!({
            "done": self.action.what, "target": self.action.target, "changed": changed, "kept": kept == Persisted::Yes,
        });
        if !notes.is_empty() {
            done["note"] = notes.join("; ").into();
        }
        done
    }
}
