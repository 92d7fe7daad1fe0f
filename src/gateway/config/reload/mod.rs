//! Owns the config: whatever would change it, a file, a signal or an operator, is taken here, one after the other.
//!
//! | file | what |
//! |---|---|
//! | `fingerprint` | what the files were when they were last looked at |
//! | `watch` | when to look again: changes of the files, and SIGHUP |
//! | `command` | what operators may ask |
//! | `commands` | how it is done |
//! | `compare` | what a new config changes, and whether that is in use |
//! | `retired` | what was replaced and is still used |

mod command;
mod commands;
mod compare;
mod fingerprint;
mod retired;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::load::{LoadError, Loaded, serve_at};
use super::options::{Rewrite, Variables};
use super::snapshot::{LiveSnapshot, Snapshot};
use super::source::ConfigSource;
use crate::catalog;
use crate::catalog::Control;
use crate::config::{GatewaySpec, SourceMap};
use crate::gateway::back::pool::Registry;
use crate::gateway::state::{Actor, AuditAction, Store};
use crate::gateway::telemetry::access::Log;
use crate::gateway::telemetry::recorder;
use crate::gateway::wire::shutdown::Shutdown;
use crate::gateway::wire::tls::ServerTls;
use crate::names;
use watch::{Folders, Hangup};

use command::RELOAD;
pub(in crate::gateway) use command::{Envelope, IfMatch, ReloadCommand, ReloadError, ReloadHandle, Reloaded};
pub(in crate::gateway) use compare::{InUse, in_use};
pub(in crate::gateway) use fingerprint::Fingerprint;
pub(in crate::gateway) use retired::Retired;

/// Editors write in several steps; the text is read when they are done.
const SETTLE: Duration = Duration::from_millis(200);
/// Some file systems report no events.
const POLL: Duration = Duration::from_secs(30);

/// What a reload needs.
pub(in crate::gateway) struct Reloader {
    pub(in crate::gateway) source: ConfigSource,
    /// The path of the main file, or what messages call the config.
    pub(in crate::gateway) path: PathBuf,
    pub(in crate::gateway) rewrite: Option<Rewrite>,
    pub(in crate::gateway) variables: Variables,
    pub(in crate::gateway) current: LiveSnapshot,
    pub(in crate::gateway) control: Control,
    pub(in crate::gateway) registry: Registry,
    pub(in crate::gateway) store: Store,
    /// Whether requests have spans.
    pub(in crate::gateway) traced: bool,
    /// The server's side of TLS, if there was one at the start.
    pub(in crate::gateway) tls: Option<ServerTls>,
    /// What is served now.
    pub(in crate::gateway) served: GatewaySpec,
    /// The files that are being served, or were refused last.
    pub(in crate::gateway) seen: Fingerprint,
    /// Why the main file cannot be read, since it cannot.
    pub(in crate::gateway) unreadable: Option<String>,
    pub(in crate::gateway) retired: Retired,
}

/// How a new config comes.
struct Trigger<'a> {
    what: &'static str,
    actor: &'a Actor,
    /// Versions that are in use may be dropped.
    force: bool,
    /// Logs are opened anew.
    reopen: bool,
    /// The request that would force it.
    again: &'static str,
}

// === impl Reloader ===

impl Reloader {
    /// Runs it on a thread of its own. To read, check and compile a config takes as long as it is large, and no request waits
    /// for that, not even where a single thread serves.
    pub(in crate::gateway) fn spawn(self, commands: mpsc::Receiver<Envelope>, mut ended: Shutdown) -> JoinHandle<()> {
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = self.run(commands) => {}
                    () = ended.requested() => {}
                }
            });
        })
    }

    /// Runs until it is dropped. Signals, file changes and commands of operators are all handled in the same way: read,
    /// build, then swap. So are new addresses of a host, because only the owner of the config knows what is served.
    async fn run(mut self, mut commands: mpsc::Receiver<Envelope>) {
        let (changed, mut changes) = mpsc::channel(1);
        let mut folders = Folders::new(changed.clone());
        let mut hangup = if self.is_file() { Hangup::new() } else { Hangup::never() };
        let registry = self.registry.clone();
        // Whatever else happens: hosts may have other addresses all the time.
        let mut poll = tokio::time::interval_at(Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // They may have changed after they were read, and before they were watched.
            if folders.watch(&self.seen) {
                self.look(false).await;
            }
            let signal = tokio::select! {
                Some(envelope) = commands.recv() => {
                    self.answer(envelope).await;
                    continue;
                }
                () = registry.changed() => {
                    let acts = &self.store.acts;
                    if let Some(old) = self.current.renew(&registry, acts) {
                        self.retired.keep(old, &self.current.load());
                    }
                    // Drains of addresses that are gone are not to come back with the next process.
                    acts.keep(self.store.now()).await;
                    continue;
                }
                () = self.retired.due() => {
                    self.retired.release();
                    continue;
                }
                _ = changes.recv() => { tokio::time::sleep(SETTLE).await; false }
                () = hangup.recv() => true,
                _ = poll.tick() => false,
            };
            while changes.try_recv().is_ok() {}
            self.look(signal).await;
        }
    }

    fn is_file(&self) -> bool {
        matches!(self.source, ConfigSource::File(_))
    }

    /// The texts as they are now: of the files, or those that are served.
    fn texts(&self) -> Result<SourceMap, LoadError> {
        if self.is_file() { self.source.read(self.rewrite.as_ref()) } else { Ok(self.current.load().sources.clone()) }
    }

    /// Takes the files if they differ from those that were looked at last, or if a signal says so. What was refused is not
    /// checked or reported again until it changes.
    pub(in crate::gateway) async fn look(&mut self, signal: bool) {
        let actor = Actor::system(if signal { "signal" } else { "file" });
        let trigger = Trigger { what: "reload", actor: &actor, force: false, reopen: signal, again: RELOAD };
        let taken = match self.texts() {
            Ok(sources) => {
                self.unreadable = None;
                let seen = self.seen.with(sources.clone(), &*self.variables);
                if seen == self.seen && !signal {
                    return;
                }
                self.seen = seen;
                self.take(sources, &trigger, None, || Ok(Vec::new())).await
            }
            Err(error) => {
                let why = Some(error.to_string());
                if why == self.unreadable && !signal {
                    return;
                }
                self.unreadable = why;
                Err(ReloadError::Findings(error))
            }
        };
        if let Err(refused) = taken {
            self.reject(&refused, &trigger);
        }
    }

    /// Checks texts, has them written, and serves them. `restores` is the revision that they are of, if they are of one.
    async fn take(
        &mut self,
        sources: SourceMap,
        trigger: &Trigger<'_>,
        restores: Option<u64>,
        write: impl FnOnce() -> std::io::Result<Vec<String>>,
    ) -> Result<Reloaded, ReloadError> {
        let loaded = serve_at(&sources, &*self.variables, self.store.now()).map_err(ReloadError::Findings)?;
        let (old, before) = (self.current.catalog(), self.current.load().tag.clone());
        let now = self.store.now();
        // As what is served says: a file cannot take its own protection away.
        let in_use = in_use(&old, &loaded.catalog, &self.store.traffic, self.served.protect, now);
        if !in_use.is_empty() && !trigger.force {
            return Err(ReloadError::InUse { list: in_use, again: trigger.again });
        }
        let log = self.log(&loaded.gateway, trigger.reopen);
        let log = log.map_err(|error| ReloadError::Io("cannot open the new access log", error))?;
        let files = write().map_err(|error| ReloadError::Io("cannot write the file", error))?;
        let differences = catalog::diff(&old, &loaded.catalog, now);
        let changes = differences.iter().map(|found| format!("{}: {}", found.class.as_str(), found.message)).collect();
        // Before the swap: an upstream whose hosts are not known yet has no instances.
        self.registry.learn(&loaded.services).await;
        self.accept(loaded, sources, log);
        let tag = self.current.load().tag.clone();
        let already = tag == before;
        let (path, differences) = (self.path.display(), differences.len());
        tracing::info!(config = %path, via = trigger.actor.via, tag, differences, "config reloaded");
        let forced = in_use.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let forced = if forced.is_empty() { String::new() } else { format!(", forced, dropping {forced}") };
        let again = if already { ", already served" } else { "" };
        self.record(trigger.what, format!("{} as {tag}{again}{forced}", self.path.display()), trigger.actor);
        self.store.keep_revision(
            &self.current.load().sources,
            trigger.actor,
            restores,
            self.served.revisions,
            self.store.now(),
        );
        Ok(Reloaded { tag, changes, already, files, restores })
    }

    fn accept(&mut self, loaded: Loaded, sources: SourceMap, log: Option<Log>) {
        if needs_restart(&self.served, &loaded.gateway) {
            tracing::warn!(
                "some changes need a restart: listeners, workers, client timeouts, connection limits, `state`, `ledger`"
            );
        }
        if let (Some(tls), Some(config)) = (&self.tls, &loaded.tls) {
            tls.swap(Arc::clone(config));
        }
        for (api, version) in compare::endless(&self.current.catalog(), &loaded.catalog) {
            names::sunset_timestamp(api, version).set(f64::NAN);
        }
        self.served = loaded.gateway.clone();
        let Self { current, control, registry, store, traced, retired, .. } = self;
        let old = current.swap(Snapshot::new(loaded, sources, control, registry, store, log, *traced));
        retired.keep(old, &current.load());
        // Who drained an instance a moment ago may have known the old config only.
        store.acts.settle(&current.load().pools);
        names::reloads("accepted").increment(1);
        names::config_accepted().set(recorder::now());
    }

    /// The log that is open, if it is the one that is asked for. A signal also means that it was moved away.
    fn log(&self, spec: &GatewaySpec, reopen: bool) -> std::io::Result<Option<Log>> {
        let Some(spec) = &spec.access_log else { return Ok(None) };
        let open = self.current.load().settings.log.clone().filter(|log| log.is(spec));
        match open {
            Some(log) => {
                if reopen {
                    log.reopen();
                }
                Ok(Some(log))
            }
            None => Log::open(spec).map(Some),
        }
    }

    fn edit(&self) -> impl Fn(String) -> String + use<> {
        let rewrite = self.rewrite.clone();
        move |text| match &rewrite {
            Some(rewrite) => rewrite(text),
            None => text,
        }
    }

    /// What is served stays.
    fn reject(&self, refused: &ReloadError, trigger: &Trigger<'_>) {
        let told = refused.to_string();
        let what = match trigger.what {
            "put" => "put-refused",
            "rollback" => "rollback-refused",
            _ => "reload-refused",
        };
        let target = format!("{}: {}", self.path.display(), told.trim_end());
        if !matches!(refused, ReloadError::Findings(_) | ReloadError::InUse { .. } | ReloadError::Io(..)) {
            return self.record(what, target, trigger.actor);
        }
        names::reloads("rejected").increment(1);
        let Actor { by, via, reason } = trigger.actor;
        tracing::error!(by, via, what, reason, findings = %refused, "config refused; the old one is still served");
        self.store.audit.keep(trigger.actor, &AuditAction { what, target }, self.store.now());
    }

    fn record(&self, what: &'static str, target: String, actor: &Actor) {
        self.store.audit.record(actor, &AuditAction { what, target }, self.store.now());
    }
}

/// Whether something changed that is only read at the start.
fn needs_restart(old: &GatewaySpec, new: &GatewaySpec) -> bool {
    let places = |spec: &GatewaySpec| {
        let tls = spec.tls.iter().flat_map(|tls| &tls.listen);
        let all = spec.listen.iter().chain(tls).chain([&spec.admin]).map(|listen| listen.value.clone());
        all.collect::<Vec<_>>()
    };
    let clients = |spec: &GatewaySpec| {
        let times = &spec.timeouts;
        let limits = &spec.limits;
        let pings = (times.client_ping, times.client_ping_timeout);
        let times = (times.client_headers, times.client_idle, times.client_send, pings);
        (times, limits.response_rate, limits.connections, limits.streams, limits.memory_bytes, spec.workers)
    };
    places(old) != places(new)
        || clients(old) != clients(new)
        || old.ledger != new.ledger
        || old.tls.is_some() != new.tls.is_some()
        || old.state.as_ref().map(|state| &state.value) != new.state.as_ref().map(|state| &state.value)
}
