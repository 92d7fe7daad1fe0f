//! The config as it is served, another one in its place, and the way back.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::answer::{ACT, AdminError, CONFIG, body, json, typed};
use super::request::{ActRequest, FORCE};
use super::{Admin, AdminResult, via};
use crate::config::to_json;
use crate::gateway::config::reload::{IfMatch, ReloadCommand, ReloadError, Reloaded};
use crate::gateway::state::Revision;

/// The text of the main file, with its variables as they are written.
pub(super) async fn show(State(admin): State<Arc<Admin>>) -> Response {
    let snapshot = admin.current.load();
    let text = snapshot.sources.files().first().map_or("", |file| file.text()).to_owned();
    tagged(typed(StatusCode::OK, "application/toml", text), &snapshot.tag)
}

pub(super) async fn put(State(admin): State<Arc<Admin>>, request: Request) -> AdminResult {
    let input = ActRequest::read(request.uri().query(), "", &[FORCE], via(&request))?;
    let tags = if_match(request.headers())?;
    let text = body(request, &CONFIG).await?;
    admin.reload(ReloadCommand::Put { text, tags }, input).await
}

pub(super) async fn reload(State(admin): State<Arc<Admin>>, request: Request) -> AdminResult {
    let input = read(request, &[FORCE]).await?;
    admin.reload(ReloadCommand::Reload, input).await
}

pub(super) async fn rollback(State(admin): State<Arc<Admin>>, request: Request) -> AdminResult {
    let input = read(request, &["to", FORCE]).await?;
    let to = input.number("to")?;
    admin.reload(ReloadCommand::Rollback { to }, input).await
}

pub(super) async fn revisions(State(admin): State<Arc<Admin>>) -> AdminResult {
    let served = admin.current.load().tag.clone();
    let list: Vec<Value> = admin.revisions().await?.iter().map(Revision::json).collect();
    Ok(json(StatusCode::OK, &json!({ "served": served, "revisions": list })))
}

/// Reads the arguments of an act whose body, if any, is JSON.
pub(super) async fn read(request: Request, members: &[&str]) -> Result<ActRequest, AdminError> {
    let (query, via) = (request.uri().query().map(str::to_owned), via(&request));
    ActRequest::read(query.as_deref(), &body(request, &ACT).await?, members, via)
}

// === impl Admin ===

impl Admin {
    /// The configs that were served, the newest first.
    pub(super) async fn revisions(&self) -> Result<Vec<Revision>, AdminError> {
        let revisions = self.store.revisions.clone().ok_or_else(|| refusal(ReloadError::NoState))?;
        Ok(tokio::task::spawn_blocking(move || revisions.list()).await.unwrap_or_default())
    }

    /// Changes the config that is served.
    pub(super) async fn command(&self, command: ReloadCommand, input: ActRequest) -> Result<Reloaded, AdminError> {
        self.reloads.ask(command, input.actor, input.force).await.map_err(refusal)
    }

    async fn reload(&self, command: ReloadCommand, input: ActRequest) -> AdminResult {
        let Reloaded { tag, changes, already, files, restores } = self.command(command, input).await?;
        let mut told = json!({ "etag": tag, "changes": changes, "already_served": already, "files": files });
        if let Some(number) = restores {
            told["restores"] = number.into();
        }
        Ok(tagged(json(StatusCode::OK, &told), &tag))
    }
}

fn tagged(mut response: Response, tag: &str) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// The tags of which the config must still have one (RFC 9110 §13.1.1). A weak one never matches, nor what is no tag.
fn if_match(headers: &HeaderMap) -> Result<IfMatch, AdminError> {
    let values: Vec<&str> = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
    let tags = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    let bare = |tag: &str| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    match &*values {
        [] => {
            let detail = "send `If-Match` with the `ETag` of `GET /config`, so that you do not overwrite another \
                 change";
            Err(AdminError::new(StatusCode::PRECONDITION_REQUIRED, detail))
        }
        [only] if only.trim() == "*" => Ok(IfMatch::Any),
        _ => Ok(IfMatch::These(tags.filter_map(bare).collect())),
    }
}

/// Why the running config stays, for the operator who sent another one.
fn refusal(refused: ReloadError) -> AdminError {
    let detail = refused.to_string();
    match refused {
        ReloadError::Changed { tag } => {
            let fault = AdminError::new(
                StatusCode::PRECONDITION_FAILED,
                "the config has changed since: repeat `GET /config`, and edit that",
            );
            fault.with_field(header::ETAG, &format!("\"{tag}\""))
        }
        ReloadError::Findings(error) => {
            AdminError::new(StatusCode::UNPROCESSABLE_ENTITY, "the config has errors and was rejected: see `findings`")
                .with("findings", to_json(&error.found, &error.sources))
        }
        ReloadError::InUse { list, .. } => {
            let versions: Vec<Value> = list
                .iter()
                .map(|used| json!({ "api": used.api, "version": used.version, "last_used": used.last.to_string() }))
                .collect();
            AdminError::conflict(detail).with("versions", versions.into())
        }
        ReloadError::NoRevision { known, .. } => {
            AdminError::new(StatusCode::NOT_FOUND, detail).with("known", known.into())
        }
        ReloadError::Oldest { known } => AdminError::conflict(detail).with("known", known.into()),
        ReloadError::NoState | ReloadError::NoText => AdminError::new(StatusCode::NOT_FOUND, detail),
        ReloadError::Io(..) => AdminError::new(StatusCode::INTERNAL_SERVER_ERROR, detail),
        ReloadError::Stopping => AdminError::new(StatusCode::SERVICE_UNAVAILABLE, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_as_strong_ones() {
        let rows: [(&[&str], bool); 8] = [
            (&["\"a\""], true),
            (&["\"b\", \"a\""], true),
            (&["\"b\"", "\"a\""], true),
            (&["*"], true),
            (&["W/\"a\""], false),
            (&["a"], false),
            (&["\"b\""], false),
            (&[""], false),
        ];
        for (values, expected) in rows {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, value.parse().expect("a value"));
            }
            let tags = if_match(&headers).expect("there is one");
            assert_eq!(tags.has("a"), expected, "{values:?}");
        }
        assert!(if_match(&HeaderMap::new()).is_err());
    }
}
