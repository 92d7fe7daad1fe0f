//! Rollouts, kept in the `state` folder: what would send more requests to a canary group is on the disk before it is done, so that
//! no restart brings back what was rolled back.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::{Actor, files};
use crate::clock::{Clock, SharedClock};
use crate::gateway::back::pool::{Pool, PoolGroups, Registry, RolloutSwitch};
use crate::names;
use crate::rollout::{Judgement, Rollout, RolloutAct, RolloutPhase, RolloutRefused, Turn};

/// The rollouts of all upstreams, and who decides about them.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Rollouts {
    file: Option<PathBuf>,
    clock: SharedClock,
    /// What the file has; one writes at a time.
    written: Arc<Mutex<String>>,
}

/// Why nothing was done.
#[derive(Debug)]
pub(in crate::gateway) enum RolloutError {
    /// It is not possible now.
    Conflict(String),
    /// It cannot be written down.
    Unwritten,
}

type ServedPools = BTreeMap<String, Arc<Pool>>;

const FILE: &str = "rollouts.json";
/// How often is decided, besides when something is proven.
const TICK: Duration = Duration::from_secs(1);

// === impl Rollouts ===

impl Rollouts {
    pub(super) fn new(folder: Option<&Path>, clock: SharedClock) -> Self {
        Self { file: folder.map(|folder| folder.join(FILE)), clock, written: Arc::default() }
    }

    /// Takes up what an earlier process left. If that cannot be read, no canary group gets requests.
    pub(in crate::gateway) fn restore(&self, registry: &Registry) {
        let Some(file) = &self.file else { return };
        let read = fs::read(file).and_then(|text| Ok(serde_json::from_slice::<BTreeMap<String, Rollout>>(&text)?));
        match read {
            Ok(rollouts) => {
                for (upstream, rollout) in rollouts {
                    let (phase, weight) = (rollout.phase.as_str(), percent(rollout.weight()));
                    tracing::info!(%upstream, id = rollout.id, phase, weight, "rollout restored");
                    registry.rollout_switch(&upstream).put(rollout);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let aside = file.with_extension("json.broken");
                let kept = fs::rename(file, &aside).is_ok();
                let (file, aside) = (file.display(), aside.display());
                tracing::error!(%file, %error, %aside, kept, "cannot read the rollouts; canary groups get no requests");
            }
        }
    }

    /// Ends rollouts whose canary group is another one in these pools: what was proven was not proven of it.
    pub(in crate::gateway) fn settle(&self, pools: &ServedPools) {
        for (pool, switch) in with_groups(pools) {
            let Some(rollout) = switch.rollout() else { continue };
            if rollout.phase != RolloutPhase::RolledBack && !pool.has_canary_of(&rollout.instances) {
                let reason = "the canary group has other instances than at the start".to_owned();
                let turn = Turn { phase: RolloutPhase::RolledBack, step: rollout.step, reason };
                self.apply(pool, switch, turn);
            }
        }
    }

    /// Decides about all rollouts, until it is dropped.
    pub(in crate::gateway) async fn run(self, pools: impl Fn() -> ServedPools + Send) {
        loop {
            let current = pools();
            let switches: Vec<_> = with_groups(&current).collect();
            for (pool, switch) in &switches {
                self.decide(&current, pool, switch).await;
            }
            if !switches.is_empty() {
                self.write(&current, None).await;
            }
            let woken = switches.iter().map(|(_, switch)| Box::pin(switch.woken()));
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = any(woken.collect()) => {}
            }
        }
    }

    async fn decide(&self, pools: &ServedPools, pool: &Pool, switch: &RolloutSwitch) {
        switch.collect();
        let now = self.clock.now();
        let Some(rollout) = switch.rollout() else { return };
        if let Some(turn) = rollout.due(now, pool.group_health())
            && let Err(RolloutError::Unwritten) = self.turn(pools, pool, switch, turn).await
            && rollout.phase != RolloutPhase::Paused
        {
            let reason = "the decision to go on cannot be written to the `state` directory".to_owned();
            self.apply(pool, switch, Turn { phase: RolloutPhase::Paused, step: rollout.step, reason });
        }
        if let Some(rollout) = switch.rollout() {
            record(&pool.name, &rollout);
        }
    }

    /// Does what was decided. What sends more requests to the canary group is written down before.
    async fn turn(
        &self,
        pools: &ServedPools,
        pool: &Pool,
        switch: &RolloutSwitch,
        turn: Turn,
    ) -> Result<(), RolloutError> {
        let Some(before) = switch.rollout() else { return Ok(()) };
        let mut after = before.clone();
        after.take(turn.clone(), self.clock.now());
        if after.weight() > before.weight() && !self.write(pools, Some((&*pool.name, after))).await {
            return Err(RolloutError::Unwritten);
        }
        self.apply(pool, switch, turn);
        self.write(pools, None).await;
        Ok(())
    }

    fn apply(&self, pool: &Pool, switch: &RolloutSwitch, turn: Turn) {
        let (now, upstream) = (self.clock.now(), &*pool.name);
        switch.change(|rollout| {
            let (phase, reason) = (turn.phase, turn.reason.clone());
            rollout.take(turn, now);
            let (id, weight, phase_now) = (&rollout.id, percent(rollout.weight()), rollout.phase.as_str());
            if phase == RolloutPhase::RolledBack {
                tracing::error!(upstream, id, reason, "rollout rolled back");
            } else {
                tracing::info!(upstream, id, phase = phase_now, weight, reason, "rollout changed");
            }
        });
    }

    /// Begins a rollout of the canary group of an upstream.
    ///
    /// # Errors
    /// One is running, a group is down, or it cannot be written down.
    pub(in crate::gateway) async fn start(
        &self,
        pools: &ServedPools,
        pool: &Pool,
        actor: &Actor,
    ) -> Result<(), RolloutError> {
        let PoolGroups { switch, plan } = groups(pool)?;
        if let Some(running) = switch.rollout().filter(Rollout::is_running) {
            let detail = format!("the rollout {} is {}: abort it first", running.id, running.phase.as_str());
            return Err(RolloutError::Conflict(detail));
        }
        if let Some(promoted) = switch.rollout().filter(|rollout| rollout.phase == RolloutPhase::Promoted) {
            let detail = format!(
                "the rollout {} is promoted, so the canary group serves all requests: move its instances to the \
                 stable group, or abort it",
                promoted.id
            );
            return Err(RolloutError::Conflict(detail));
        }
        let health = pool.group_health();
        if !health.stable || !health.canary {
            let group = if health.stable { "canary" } else { "stable" };
            return Err(RolloutError::Conflict(format!("no instance of the {group} group takes requests")));
        }
        let (now, id) = (self.clock.now(), format!("{:016x}", fastrand::u64(..)));
        let reason = format!("started by {}: {}", actor.by, actor.reason);
        let rollout = Rollout::start(id, plan.clone(), pool.canary_urls(), now, reason);
        if !self.write(pools, Some((&*pool.name, rollout.clone()))).await {
            return Err(RolloutError::Unwritten);
        }
        tracing::info!(upstream = &*pool.name, id = rollout.id, by = actor.by, "rollout started");
        switch.put(rollout);
        Ok(())
    }

    /// Does what an operator asks for. Returns whether that changed anything.
    ///
    /// # Errors
    /// It is not possible now, or cannot be written down.
    pub(in crate::gateway) async fn act(
        &self,
        pools: &ServedPools,
        pool: &Pool,
        act: RolloutAct,
        actor: &Actor,
    ) -> Result<bool, RolloutError> {
        let switch = &groups(pool)?.switch;
        switch.collect();
        let rollout = switch.rollout().ok_or_else(|| RolloutError::Conflict("no rollout was started".to_owned()))?;
        let reason = format!("{} by {}: {}", act.as_str(), actor.by, actor.reason);
        match rollout.asked(act, reason) {
            Ok(None) => Ok(false),
            Ok(Some(turn)) => self.turn(pools, pool, switch, turn).await.map(|()| true),
            Err(RolloutRefused(phase)) => {
                let detail = format!("the rollout {} is {}: start another one", rollout.id, phase.as_str());
                Err(RolloutError::Conflict(detail))
            }
        }
    }

    /// Writes down all rollouts, one of them as it is going to be. Says whether they are on the disk.
    async fn write(&self, pools: &ServedPools, soon: Option<(&str, Rollout)>) -> bool {
        let Some(file) = self.file.clone() else { return false };
        let mut written = self.written.lock().await;
        let rollouts = with_groups(pools).filter_map(|(pool, switch)| Some((&*pool.name, switch.rollout()?)));
        let mut rollouts: BTreeMap<&str, Rollout> = rollouts.collect();
        rollouts.extend(soon);
        let Ok(text) = serde_json::to_string(&rollouts) else { return false };
        if text == *written {
            return true;
        }
        let bytes = text.clone();
        let done = tokio::task::spawn_blocking(move || files::keep(&file, bytes.as_bytes())).await;
        match done.map_err(Into::into).and_then(|done| done) {
            Ok(()) => {
                *written = text;
                true
            }
            Err(error) => {
                tracing::error!(%error, "cannot write the rollouts");
                false
            }
        }
    }
}

/// The upstreams that have a canary group.
fn with_groups(pools: &ServedPools) -> impl Iterator<Item = (&Pool, &RolloutSwitch)> {
    pools.values().filter_map(|pool| Some((&**pool, &*pool.groups.as_ref()?.switch)))
}

fn groups(pool: &Pool) -> Result<&PoolGroups, RolloutError> {
    let none =
        || RolloutError::Conflict(format!("the upstream {} has no instance with `group = \"canary\"`", pool.name));
    pool.groups.as_ref().ok_or_else(none)
}

/// Ends with the first of them; never, if there are none.
async fn any(mut all: Vec<std::pin::Pin<Box<impl Future<Output = ()>>>>) {
    std::future::poll_fn(|cx| {
        let one = all.iter_mut().any(|one| one.as_mut().poll(cx).is_ready());
        if one { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

fn record(upstream: &str, rollout: &Rollout) {
    names::rollout_weight(upstream).set(f64::from(rollout.weight()) / 10_000.0);
    let judgement = &rollout.judgement;
    for (symptom, evidence) in [("error", &judgement.errors), ("slow", &judgement.slow)] {
        names::rollout_evidence(upstream, symptom).set(evidence.value());
    }
    names::rollout_threshold(upstream).set(Judgement::threshold(&rollout.plan));
}

/// A weight for people.
fn percent(weight: u16) -> String {
    format!("{} %", f64::from(weight) / 100.0)
}
