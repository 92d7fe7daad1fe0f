//! Rollouts: how far they are, on what evidence, and what operators do to them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{AdminError, json};
use super::config::read;
use super::route::{AdminRoute, Names};
use super::{Admin, AdminResult};
use crate::clock::Timestamp;
use crate::gateway::back::pool::{Pool, PoolGroups};
use crate::gateway::state::{AuditAction, RolloutError};
use crate::rollout::{GroupTally, Judgement, Rollout, RolloutAct};

/// All of them.
pub(super) async fn show(State(admin): State<Arc<Admin>>) -> Response {
    let snapshot = admin.current.load();
    let rollouts: Vec<Value> = snapshot.pools.values().filter_map(|pool| status(pool)).collect();
    json(StatusCode::OK, &json!({ "rollouts": rollouts }))
}

/// Begins one.
pub(super) async fn start(
    State(admin): State<Arc<Admin>>,
    Names(upstream): Names<String>,
    request: Request,
) -> AdminResult {
    admin.roll_out(&upstream, None, request).await
}

/// A route by which an operator acts.
pub(super) fn act(path: &'static str, act: RolloutAct) -> AdminRoute {
    AdminRoute::post(
        path,
        move |State(admin): State<Arc<Admin>>, Names(upstream): Names<String>, request: Request| async move {
            admin.roll_out(&upstream, Some(act), request).await
        },
    )
}

// === impl Admin ===

impl Admin {
    /// Starts a rollout, or does something to the one that there is.
    async fn roll_out(&self, upstream: &str, act: Option<RolloutAct>, request: Request) -> AdminResult {
        let input = read(request, &[]).await?;
        let snapshot = self.current.load();
        let unknown = || AdminError::unknown("upstream", upstream, snapshot.pools.keys().cloned());
        let pool = snapshot.pools.get(upstream).ok_or_else(unknown)?;
        let rollouts = &self.store.rollouts;
        let changed = match act {
            None => rollouts.start(&snapshot.pools, pool, &input.actor).await.map(|()| true),
            Some(act) => rollouts.act(&snapshot.pools, pool, act, &input.actor).await,
        };
        let changed = changed.map_err(refused)?;
        let what = act.map_or("start", RolloutAct::as_str);
        if changed {
            let action = AuditAction { what, target: format!("rollout of {upstream}") };
            self.store.audit.record_apart(input.actor, action, self.store.now()).await;
        }
        let done = json!({ "done": what, "target": upstream, "changed": changed, "rollout": status(pool) });
        Ok(json(StatusCode::OK, &done))
    }
}

fn refused(error: RolloutError) -> AdminError {
    match error {
        RolloutError::Conflict(detail) => AdminError::conflict(detail),
        RolloutError::Unwritten => {
            let detail =
                "nothing was changed, since it cannot be written to the `state` directory; send it again later";
            AdminError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }
}

/// The rollout of an upstream; `None` if it has no canary group.
fn status(pool: &Pool) -> Option<Value> {
    let PoolGroups { switch, .. } = pool.groups.as_ref()?;
    switch.collect();
    let Some(rollout) = switch.rollout() else {
        return Some(json!({ "upstream": &*pool.name, "phase": "none", "weight": 0.0 }));
    };
    let Rollout { judgement, plan, .. } = &rollout;
    let time = |secs| Timestamp::from_secs(secs).map(|at| at.to_string());
    let tally = |tally: GroupTally| json!({ "requests": tally.requests, "errors": tally.errors });
    let decisions = rollout.decisions.iter().map(|decision| {
        json!({
            "at": time(decision.at),
            "phase": decision.phase.as_str(),
            "weight": percent(decision.weight),
            "reason": decision.reason,
        })
    });
    Some(json!({
        "upstream": &*pool.name,
        "id": rollout.id,
        "phase": rollout.phase.as_str(),
        "weight": percent(rollout.weight()),
        "step": rollout.step + 1,
        "steps": plan.steps.iter().copied().map(percent).collect::<Vec<_>>(),
        "step_began": time(rollout.step_began),
        "stable": tally(judgement.stable),
        "canary": tally(judgement.canary),
        "worst_difference": judgement.worst_difference().map(|worst| worst * 100.0),
        "tolerance": plan.tolerance * 100.0,
        "evidence": { "error": judgement.errors.value(), "slow": judgement.slow.value() },
        "threshold": Judgement::threshold(plan),
        "slow_from_ms": switch.slow_from().map(|slow| slow.as_secs_f64() * 1000.0),
        "decisions": decisions.collect::<Vec<_>>(),
    }))
}

fn percent(weight: u16) -> f64 {
    f64::from(weight) / 100.0
}
