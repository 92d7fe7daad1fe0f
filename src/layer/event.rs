//! What the log of a service should have, with the feature `tracing`.

use crate::plan::{Plan, Unmigratable};

/// A message that cannot be migrated, and is answered with a problem document. The client of a response that cannot be
/// migrated learns no reason, so the log is the only place for it.
pub(super) fn unmigratable(plan: &Plan, failure: &Unmigratable) {
    let (api, response) = (plan.api(), failure.is_response());
    let (client, service) = (if response { plan.version() } else { plan.request_version() }, plan.spoken());
    let Some(client) = client else { return };
    let (from, to) = if response { (service, client.id()) } else { (client.id(), service) };
    let route = plan.route();
    let changes = route.map(|route| api.changes_of(route, response, (from, to)).collect::<Vec<_>>().join("; "));
    tracing::warn!(
        target: "sunward::layer",
        api = api.name(),
        route = route.map(|route| route.history.name.to_string()),
        message_of = if response { "response" } else { "request" },
        from = api.version(from).name(),
        to = api.version(to).name(),
        changes,
        pointer = failure.pointer(),
        status = failure.status().as_u16(),
        error = %failure,
        "message cannot be migrated"
    );
}
