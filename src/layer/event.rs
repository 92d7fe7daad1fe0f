//! What the log of a service should have, with the feature `tracing`.

use super::notice::{FailedMessage, Notice, Notices};

/// Messages that cannot be migrated, and are answered with a problem document. The client of a response that cannot be
/// migrated learns no reason, so the log is the only place for it.
pub(super) fn unmigratable(notices: &Notices) {
    let (api, route) = (notices.plan().api(), notices.plan().route());
    for notice in notices.iter() {
        let Notice::Failed(FailedMessage { response, detail, status, versions, change, pointer }) = notice else {
            continue;
        };
        let (from, to) = versions.map(|(from, to)| (api.version(from).name(), api.version(to).name())).unzip();
        tracing::warn!(
            target: "sunward::layer",
            api = api.name(),
            route = route.map(|route| route.history.name.to_string()),
            message_of = if *response { "response" } else { "request" },
            from,
            to,
            change = change.as_deref(),
            pointer = pointer.as_deref(),
            status = status.as_u16(),
            error = %detail,
            "message cannot be migrated"
        );
    }
}
