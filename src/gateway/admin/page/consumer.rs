//! One consumer of an API: what it uses, what breaks it, and its notices.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;

use super::query::PageQuery;
use super::render::{PageResult, page};
use super::session::Visitor;
use super::unknown;
use super::usage::ConsumerReport;
use super::version::{ExtensionRow, days};
use crate::catalog::{ConsumerEntry, ConsumerRole, Contact};
use crate::gateway::admin::Admin;
use crate::gateway::admin::route::Names;

#[derive(Debug, Serialize)]
struct ConsumerView {
    api: String,
    consumer: String,
    registered: Option<Registered>,
    extensions: Vec<ExtensionRow>,
    days: u64,
    report: Option<ConsumerReport>,
    unknown: Option<String>,
}

/// What the register knows.
#[derive(Debug, Serialize)]
struct Registered {
    owner: Option<String>,
    contact: Option<String>,
    tags: Vec<String>,
    /// Why it does not keep a version from going.
    role: Option<String>,
}

pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Names((api, consumer)): Names<(String, String)>,
    visitor: Visitor,
    query: PageQuery,
) -> PageResult {
    let catalog = admin.current.catalog();
    let entry = catalog.api(&api).ok_or_else(|| unknown("API", &api))?;
    let days = days(&query);
    let (report, unknown) = match admin.consumer_report(&api, &consumer, days).await {
        Ok(report) => (Some(report), None),
        Err(why) => (None, Some(why)),
    };
    let extensions = entry.versions.iter().flat_map(|version| admin.extensions(entry, version));
    let view = ConsumerView {
        api: entry.name.to_string(),
        registered: catalog.register().get(&consumer).map(registered),
        extensions: extensions.filter(|extension| extension.consumer == consumer).collect(),
        consumer,
        days,
        report,
        unknown,
    };
    let frame = admin.frame(format!("{} · {}", view.consumer, view.api), "apis", visitor);
    Ok(page(StatusCode::OK, "consumer.html", &frame, view))
}

fn registered(entry: &ConsumerEntry) -> Registered {
    Registered {
        owner: entry.owner.as_deref().map(str::to_owned),
        contact: entry.contact.as_ref().map(|contact| match contact {
            Contact::Mail(address) => address.to_string(),
            // The path and the query of a webhook may be secret.
            Contact::Webhook(url) => format!("webhook at {}", url.host().unwrap_or_default()),
        }),
        tags: entry.tags.iter().map(ToString::to_string).collect(),
        role: match &entry.role {
            ConsumerRole::Client => None,
            ConsumerRole::Internal => Some("internal".to_owned()),
            ConsumerRole::Ignored(reason) => Some(format!("ignored: {reason}")),
        },
    }
}
