//! The config as it is served, another one in its place, and the way back.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::answer::{ACT_BYTES, CONFIG_BYTES, Fault, Said, body, json, typed};
use super::{Admin, Answer};
use crate::config::to_json;
use crate::gateway::reload::{Ask, Done, Refused, Tags};
use crate::gateway::state::{Revision, Who};

// === impl Admin ===

impl Admin {
    /// The text of the main file, with its variables as they are written.
    pub(super) fn config(&self) -> Response<Full<Bytes>> {
        let snapshot = self.shared.current.load();
        let text = snapshot.sources.files().first().map_or("", |file| file.text()).to_owned();
        tagged(typed(StatusCode::OK, "application/toml", text), &snapshot.tag)
    }

    pub(super) async fn put_config(&self, request: Request<Incoming>, via: String) -> Answer {
        let asked = Asked::of(&request, via)?;
        let tags = if_match(request.headers())?;
        let text = body(request, CONFIG_BYTES).await?;
        self.ask(Ask::Put { text, tags }, asked.who, asked.force).await
    }

    pub(super) async fn reload(&self, request: &Request<Incoming>, via: String) -> Answer {
        let asked = Asked::of(request, via)?;
        self.ask(Ask::Reload, asked.who, asked.force).await
    }

    pub(super) async fn rollback(&self, request: Request<Incoming>, via: String) -> Answer {
        // Who and why are in the body.
        let force = says_force(&request);
        let said = Said::read(&body(request, ACT_BYTES).await?, &["to", "by", "reason"])?;
        let (to, who) = (said.number("to")?, said.who(via)?);
        self.ask(Ask::Rollback { to }, who, force).await
    }

    pub(super) fn revisions(&self) -> Answer {
        let revisions = self.shared.state.revisions.as_ref().ok_or_else(|| refusal(Refused::NoState))?;
        let served = self.shared.current.load().tag.clone();
        let list = revisions.list();
        let list: Vec<Value> = list.iter().map(Revision::json).collect();
        Ok(json(StatusCode::OK, &json!({ "served": served, "revisions": list })))
    }

    async fn ask(&self, ask: Ask, who: Who, force: bool) -> Answer {
        let Done { tag, changes, files } = self.keeper.ask(ask, who, force).await.map_err(refusal)?;
        let told = json!({ "etag": tag, "changes": changes, "files": files });
        Ok(tagged(json(StatusCode::OK, &told), &tag))
    }
}

/// What the query says of an act whose body is something else.
struct Asked {
    who: Who,
    force: bool,
}

// === impl Asked ===

impl Asked {
    /// Who forces something says who they are, and why.
    fn of<B>(request: &Request<B>, via: String) -> Result<Self, Fault> {
        let text = |name: &str| parameter(request, name).unwrap_or_default();
        let (by, reason, force) = (text("by"), text("reason"), says_force(request));
        if force && (by.is_empty() || reason.is_empty()) {
            return Err(Fault::bad("who forces it says `by` and `reason` in the query"));
        }
        Ok(Self { who: Who { by, via, reason }, force })
    }
}

fn says_force<B>(request: &Request<B>) -> bool {
    parameter(request, "force").is_some_and(|force| force == "true")
}

fn parameter<B>(request: &Request<B>, name: &str) -> Option<String> {
    let pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.replace('+', " ")).next()?;
    Some(percent_decode_str(&value).decode_utf8_lossy().trim().to_owned())
}

fn tagged(mut response: Response<Full<Bytes>>, tag: &str) -> Response<Full<Bytes>> {
    if let Ok(value) = HeaderValue::try_from(format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// The tags of which the config must still have one (RFC 9110 §13.1.1). A weak one never matches, nor what is no tag.
fn if_match(headers: &HeaderMap) -> Result<Tags, Fault> {
    let values: Vec<&str> = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
    let tags = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    let bare = |tag: &str| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    match &*values {
        [] => {
            let detail = "say `If-Match` with the `ETag` of `GET /config`";
            Err(Fault::new(StatusCode::PRECONDITION_REQUIRED, detail))
        }
        [only] if only.trim() == "*" => Ok(Tags::Any),
        _ => Ok(Tags::These(tags.filter_map(bare).collect())),
    }
}

/// Why the config that is served stays, for whoever wanted another.
fn refusal(refused: Refused) -> Fault {
    let detail = refused.to_string();
    match refused {
        Refused::Changed { tag } => {
            let fault = Fault::new(StatusCode::PRECONDITION_FAILED, "the config was changed meanwhile");
            fault.with_field(header::ETAG, &format!("\"{tag}\""))
        }
        Refused::Findings(error) => Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "the config may not be served")
            .with("findings", to_json(&error.found, &error.sources)),
        Refused::InUse(list) => {
            let versions: Vec<Value> = list
                .iter()
                .map(|used| json!({ "api": used.api, "version": used.version, "last_used": used.last.to_string() }))
                .collect();
            Fault::new(StatusCode::CONFLICT, detail).with("versions", versions.into())
        }
        Refused::NoRevision { known } => Fault::new(StatusCode::NOT_FOUND, detail).with("known", known.into()),
        Refused::NoState => Fault::new(StatusCode::NOT_FOUND, detail),
        Refused::Io(..) => Fault::new(StatusCode::INTERNAL_SERVER_ERROR, detail),
        Refused::Stopping => Fault::new(StatusCode::SERVICE_UNAVAILABLE, detail),
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

    #[test]
    fn the_query_says_who_and_why() {
        let rows = [
            ("/", Some(("", "", false))),
            ("/?force=true", None),
            ("/?force=true&by=ann", None),
            ("/?force=true&by=ann&reason=+", None),
            ("/?force=true&by=ann&reason=they+know%21", Some(("ann", "they know!", true))),
            ("/?force=false&reason=r", Some(("", "r", false))),
        ];
        for (uri, expected) in rows {
            let request = Request::builder().uri(uri).body(()).expect("a request");
            let asked = Asked::of(&request, String::new()).ok();
            let asked = asked.as_ref().map(|asked| (asked.who.by.as_str(), asked.who.reason.as_str(), asked.force));
            assert_eq!(asked, expected, "{uri}");
        }
    }
}
