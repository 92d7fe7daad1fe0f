//! Who uses what, and whether a version may go, for programs: what `sunward usage`, `ready` and `guide` print.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::{VersionRef, find_api, find_version};
use super::answer::{AdminError, json};
use super::request::ActRequest;
use super::route::{AdminRoute, Names};
use super::{Admin, AdminResult, via};
use crate::clock::Timestamp;
use crate::config::duration;
use crate::diagnostic::{SUGGESTED, suggestion};
use crate::gateway::state::forgetting;
use crate::report::{
    ChangeLine, Grouping, GuideQuestion, ReadinessEvidence, ReadinessRule, UsageLine, changes, extensions, usage,
    usage_by_version,
};
use crate::usage::{LedgerError, SqlLedger, StoredNotice, UsageFilter};

/// A program does not wait for longer.
const LIMIT: Duration = Duration::from_secs(10);
const MONTH: Duration = Duration::from_secs(30 * 86_400);

type Parameters<T> = Result<Query<T>, QueryRejection>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UsageParameters {
    by: UsageGrouping,
    since: Option<String>,
    version: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum UsageGrouping {
    #[default]
    Version,
    Route,
    Consumer,
    Change,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReadyParameters {
    quiet_for: Option<String>,
    max_requests: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConsumerParameters {
    since: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::get("/apis/{api}/usage", api_usage),
        AdminRoute::get("/apis/{api}/versions/{version}/ready", version_ready),
        AdminRoute::get("/apis/{api}/consumers/{consumer}", consumer),
        AdminRoute::new(Method::DELETE, "/apis/{api}/consumers/{consumer}", forget),
    ]
}

async fn api_usage(
    State(admin): State<Arc<Admin>>,
    Names(api): Names<String>,
    parameters: Parameters<UsageParameters>,
) -> AdminResult {
    let parameters = read(parameters)?;
    let (catalog, now) = (admin.current.catalog(), admin.store.now());
    let since = since(parameters.since.as_deref(), now)?;
    let mut filter = admin.used_since(since, now).with_api(&*find_api(&catalog, &api)?.name);
    if let Some(version) = &parameters.version {
        filter = filter.with_version(find_version(&catalog, &api, version)?.version.name());
    }
    let lines = |lines: &[UsageLine]| ("usage", lines.iter().map(UsageLine::to_json).collect::<Vec<_>>());
    let (name, list) = admin
        .ask_ledger(async |ledger| {
            Ok(match parameters.by {
                UsageGrouping::Version => lines(&usage_by_version(&ledger.totals(&filter).await?)),
                UsageGrouping::Route => lines(&usage(&ledger.sums(&filter).await?, Grouping::Route)),
                UsageGrouping::Consumer => lines(&usage(&ledger.sums(&filter).await?, Grouping::Consumer)),
                UsageGrouping::Change => {
                    let all = changes(&ledger.change_sums(&filter).await?);
                    ("changes", all.iter().map(ChangeLine::to_json).collect())
                }
            })
        })
        .await?;
    Ok(json(StatusCode::OK, &json!({ "since": since.to_string(), "until": now.to_string(), name: list })))
}

async fn version_ready(
    State(admin): State<Arc<Admin>>,
    Names((api, version)): Names<(String, String)>,
    parameters: Parameters<ReadyParameters>,
) -> AdminResult {
    let parameters = read(parameters)?;
    let (catalog, now) = (admin.current.catalog(), admin.store.now());
    let VersionRef { api, version } = find_version(&catalog, &api, &version)?;
    let quiet_for = match &parameters.quiet_for {
        None => MONTH,
        Some(text) => {
            duration(text).ok_or_else(|| AdminError::bad("`quiet_for` is no duration: write `30d` or `12h`"))?
        }
    };
    let mut rule = ReadinessRule::new(quiet_for);
    rule.max_requests = parameters.max_requests;
    let filter = admin.used_since(rule.since(now), now).with_api(&*api.name).with_version(version.name());
    let environment = admin.store.ledger.environment().unwrap_or_default();
    let answer = admin
        .ask_ledger(async |ledger| {
            let (sums, past) = (ledger.sums(&filter).await?, ledger.past(&filter).await?);
            let (covered, changes) = (ledger.covered(&filter).await?, ledger.change_sums(&filter).await?);
            let mut notices = ledger.notices(environment, None).await?;
            notices.retain(|notice| notice.key.api == *api.name && notice.key.version == version.name());
            let extensions = extensions(api, version, &admin.control);
            let evidence = ReadinessEvidence::new(&sums, &past, &covered, catalog.register()).with_changes(&changes);
            Ok(rule.apply(evidence.with_notices(&notices).with_extensions(&extensions), now))
        })
        .await?;
    let mut object = json!({ "api": &*api.name, "version": version.name(), "environment": environment });
    if let (Some(all), Value::Object(more)) = (object.as_object_mut(), answer.to_json()) {
        all.extend(more);
    }
    Ok(json(StatusCode::OK, &object))
}

async fn consumer(
    State(admin): State<Arc<Admin>>,
    Names((api, consumer)): Names<(String, String)>,
    parameters: Parameters<ConsumerParameters>,
) -> AdminResult {
    let parameters = read(parameters)?;
    let (catalog, now) = (admin.current.catalog(), admin.store.now());
    let (api, since) = (find_api(&catalog, &api)?, since(parameters.since.as_deref(), now)?);
    let between = match (&parameters.from, &parameters.to) {
        (None, None) => None,
        (Some(from), to) => {
            let newest = api.version(api.newest()).name().to_owned();
            let to = to.clone().unwrap_or(newest);
            let [from, to] = [from, &to].map(|name| find_version(&catalog, &api.name, name));
            Some((from?.version.name(), to?.version.name()))
        }
        (None, Some(_)) => return Err(AdminError::bad("`to` has no `from`: send both for a guide")),
    };
    let filter = admin.used_since(since, now).with_api(&*api.name);
    let environment = admin.store.ledger.environment().unwrap_or_default();
    let (mut sums, mut hit, notices, past) = admin
        .ask_ledger(async |ledger| {
            let (sums, hit) = (ledger.sums(&filter).await?, ledger.change_sums(&filter).await?);
            Ok((sums, hit, ledger.notices(environment, Some(&consumer)).await?, ledger.past(&filter).await?))
        })
        .await?;
    let known: Vec<&str> = past.iter().map(|past| past.consumer.as_str()).collect();
    if !known.contains(&&*consumer) && catalog.register().get(&consumer).is_none() {
        return Err(unknown(&consumer, &known));
    }
    sums.retain(|sum| sum.consumer.as_str() == consumer);
    hit.retain(|sum| sum.consumer.as_str() == consumer);
    let lines = |by| usage(&sums, by).iter().map(UsageLine::to_json).collect::<Vec<_>>();
    let mut answer = json!({
        "consumer": consumer,
        "api": &*api.name,
        "since": since.to_string(),
        "until": now.to_string(),
        "usage": lines(Grouping::Consumer),
        "routes": lines(Grouping::Route),
        "changes": changes(&hit).iter().map(ChangeLine::to_json).collect::<Vec<_>>(),
        "notices": notices.iter().map(notice).collect::<Vec<_>>(),
    });
    if let Some((from, to)) = between {
        let question = GuideQuestion::new(api, &consumer, now).with_use(&sums, &hit).with_control(&admin.control);
        let guide = question.between(from, to);
        let guide = guide.ok_or_else(|| AdminError::bad(format!("`to`: {to} is not newer than {from}")))?;
        answer["guide"] = guide.to_json();
    }
    Ok(json(StatusCode::OK, &answer))
}

async fn forget(
    State(admin): State<Arc<Admin>>,
    Names((api, consumer)): Names<(String, String)>,
    request: Request,
) -> AdminResult {
    let input = ActRequest::read(request.uri().query(), "", &[], via(&request))?;
    find_api(&admin.current.catalog(), &api)?;
    // What was counted so far is written first.
    admin.store.ledger.write_now().await;
    let forgotten = admin.ask_ledger(async |ledger| ledger.forget(&consumer).await).await?;
    let Some(forgotten) = forgotten else { return Err(unknown(&consumer, &[])) };
    admin.store.audit_forgotten(input.actor, forgetting(&forgotten)).await;
    Ok(done(&forgotten))
}

fn done(forgotten: &crate::usage::ForgottenConsumer) -> Response {
    let crate::usage::ForgottenConsumer { requests, notices, mentions } = forgotten;
    let body = json!({ "done": "forget", "requests": requests, "notices": notices, "mentions": mentions });
    json(StatusCode::OK, &body)
}

fn notice(notice: &StoredNotice) -> Value {
    json!({
        "notice": notice.key.notice,
        "version": notice.key.version,
        "date": notice.key.date,
        "state": notice.state.as_str(),
        "sent": notice.sent.map(|at| at.to_string()),
    })
}

fn read<T>(parameters: Parameters<T>) -> Result<T, AdminError> {
    parameters.map(|Query(parameters)| parameters).map_err(|error| AdminError::bad(error.body_text()))
}

/// A time, or how long before `now`.
fn since(text: Option<&str>, now: Timestamp) -> Result<Timestamp, AdminError> {
    let Some(text) = text else { return Ok(now.saturating_sub(MONTH)) };
    match duration(text) {
        Some(ago) => Ok(now.saturating_sub(ago)),
        None => text
            .parse()
            .map_err(|_| AdminError::bad("`since` is neither a time nor a duration: write `2026-11-01` or `30d`")),
    }
}

fn unknown(consumer: &str, known: &[&str]) -> AdminError {
    let help = if known.is_empty() { String::new() } else { format!("; {}", suggestion(consumer, known, SUGGESTED)) };
    AdminError::new(StatusCode::NOT_FOUND, format!("unknown consumer `{consumer}`{help}"))
}

// === impl Admin ===

impl Admin {
    fn used_since(&self, since: Timestamp, now: Timestamp) -> UsageFilter {
        let filter = UsageFilter::new(since, now.saturating_add(Duration::from_secs(1)));
        filter.with_environment(self.store.ledger.environment().unwrap_or_default())
    }

    /// Asks what was written so far, for a limited time.
    async fn ask_ledger<T>(
        &self,
        question: impl AsyncFnOnce(&SqlLedger) -> Result<T, LedgerError>,
    ) -> Result<T, AdminError> {
        let unavailable = |detail: String| AdminError::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        if self.store.ledger.environment().is_none() {
            return Err(unavailable(
                "usage is not counted: give the gateway a `state` directory, or `[gateway.ledger] url`".to_owned(),
            ));
        }
        let asked = async {
            let ledger = self.store.ledger.stored().await;
            let ledger =
                ledger.ok_or_else(|| unavailable("the ledger cannot be opened: the log has why".to_owned()))?;
            question(&ledger).await.map_err(|error| unavailable(error.to_string()))
        };
        let late = |_| Err(unavailable("the ledger takes too long to answer".to_owned()));
        tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(late)
    }
}
