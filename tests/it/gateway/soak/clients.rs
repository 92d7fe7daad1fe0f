//! Clients of all versions, and how their requests ended.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};

use super::instances::{Deeds, item, unchunked};
use crate::gateway::rig::{self, Client, get, post};

/// How requests ended, and what was wrong with those that ended in no right way.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) kinds: BTreeMap<String, usize>,
    pub(super) wrong: Vec<String>,
}

// === impl Outcomes ===

impl Outcomes {
    fn count(&mut self, kind: impl Into<String>) {
        *self.kinds.entry(kind.into()).or_default() += 1;
    }

    /// `got` is the status, the media type and the body, if all of it came.
    fn judge(
        &mut self,
        id: &str,
        version: u8,
        posted: bool,
        got: Option<(u16, &str, &str)>,
        begun: bool,
        deeds: &Deeds,
    ) {
        let well = if posted { 201 } else { 200 };
        match got {
            Some((status, _, body)) if status == well && body == item(version, id) => self.count("right"),
            Some((status @ (502..=504), "application/problem+json", _)) => {
                self.count(format!("the gateway's {status}"))
            }
            Some((503, _, "busy")) => self.count("the instance's 503"),
            None if begun && deeds.broken.lock().expect("no test failed").contains(id) => self.count("broken"),
            got => self.wrong.push(format!("{id} v{version} post {posted} begun {begun}: {got:.300?}")),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.wrong.extend(other.wrong);
    }
}

/// Over HTTP/1.1; now and then it has no patience.
pub(super) async fn h1_client(
    address: SocketAddr,
    name: String,
    version: u8,
    posts: bool,
    until: Instant,
    deeds: Arc<Deeds>,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut client = Client::connect(address).await;
    for turn in 0.. {
        if Instant::now() >= until {
            break;
        }
        let id = format!("{name}-{turn}");
        let path = format!("/api/v{version}/items/{id}");
        let request = if posts {
            post(&path, &item(version, &id)).replace("Host: a.test|", "Host: a.test|Content-Type: application/json|")
        } else {
            get(&path)
        };
        client.write(&request).await;
        // A client that has no patience.
        if turn % 97 == 96 {
            outcomes.count("the client left");
            client = Client::connect(address).await;
            continue;
        }
        let answer = client.answer().await;
        let begun = answer.is_some() || client.has_begun();
        let media = answer.as_ref().and_then(|answer| {
            answer.head.lines().find_map(|line| line.strip_prefix("content-type: ")).map(str::to_owned)
        });
        let body = answer.as_ref().map(|answer| unchunked(&answer.head, &answer.body)).unwrap_or_default();
        let got = answer.as_ref().map(|answer| (answer.status, media.as_deref().unwrap_or(""), body.as_str()));
        outcomes.judge(&id, version, posts, got, begun, &deeds);
        if answer.is_none_or(|answer| answer.head.contains("connection: close")) {
            client = Client::connect(address).await;
        }
    }
    outcomes
}

/// Over HTTP/2.
pub(super) async fn h2_client(
    address: SocketAddr,
    name: String,
    version: u8,
    until: Instant,
    deeds: Arc<Deeds>,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut client = rig::h2(address).await;
    for turn in 0.. {
        if Instant::now() >= until {
            break;
        }
        if client.ready().await.is_err() {
            client = rig::h2(address).await;
            outcomes.count("a new connection of HTTP/2");
            continue;
        }
        let id = format!("{name}-{turn}");
        let request = Request::get(format!("http://a.test/api/v{version}/items/{id}"));
        match client.send_request(request.body(Full::<Bytes>::default()).expect("a request")).await {
            // A stream that is reset says so of itself, with or without a head before.
            Err(_) => outcomes.judge(&id, version, false, None, true, &deeds),
            Ok(response) => {
                let status = response.status().as_u16();
                let media =
                    response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
                let body = response.into_body().collect().await.ok();
                let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
                let got = body.as_ref().map(|body| (status, media.as_str(), body.as_str()));
                outcomes.judge(&id, version, false, got, true, &deeds);
            }
        }
    }
    outcomes
}
