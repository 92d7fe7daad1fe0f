//! The response: its head becomes one of the client's version, and its body is migrated.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header;
use http::{HeaderMap, Response, StatusCode, response};
use http_body::Body;

use super::body::MigrateBody;
use super::deciding::Deciding;
use super::digest::Digests;
use super::message::{HeldMessage, migrate_whole};
use super::notice::{Notice, Notices};
use super::role::Role;
use super::work::{MigrationLimits, RequestContext, Work};
use crate::change::StatusPath;
use crate::names::UndeclaredLabel;
use crate::plan::{Answer, BodyPlan, Handling, OwnAddress, Plan, Unmigratable, empties, forget_bytes};
use crate::version::VersionId;

/// A response extension: the response was made in this process in place of the service's, so it has no version and is not
/// migrated. Set it in a service inside [`Migrate`](super::Migrate) that responds with a document of its own, as the gateway does if no
/// instance can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalReply;

/// What of a response's body is there.
pub(super) enum ReceivedBody<R> {
    /// It comes.
    Coming(R),
    /// All of it, and the body that has ended.
    Whole(Bytes, Pin<Box<R>>),
}

/// What becomes of a response.
pub(super) enum RespondedMessage<R> {
    Ready(Response<MigrateBody<R>>),
    /// Its body is read.
    Held(Box<HeldMessage<R, response::Parts>>),
    /// Its body is read for its status.
    Deciding(Box<Deciding<R>>),
}

/// What a request leaves for its response.
#[derive(Debug)]
pub(super) struct ResponseSettings {
    /// What the service speaks.
    pub(super) spoken: VersionId,
    pub(super) own: Option<Arc<OwnAddress>>,
    pub(super) limits: MigrationLimits,
    pub(super) client: RequestContext,
    pub(super) role: Role,
}

/// What is known when the response is there.
pub(super) struct ResponseContext<'f> {
    pub(super) plan: &'f Plan,
    pub(super) settings: &'f ResponseSettings,
    pub(super) notices: &'f mut Option<Box<Notices>>,
}

/// What is to be done to a body, whose type may not say that it is JSON; `None`: it passes.
pub(super) fn settle(
    plan: &Plan,
    handling: Handling,
    is_empty: bool,
    notices: &mut Option<Box<Notices>>,
) -> Result<Option<BodyPlan>, Unmigratable> {
    match handling {
        Handling::Pass | Handling::Describe(_) => Ok(None),
        Handling::Migrate(body) => Ok(Some(body)),
        Handling::Untyped(_) if is_empty => Ok(None),
        Handling::Untyped(body) => {
            let first = plan.migration_handles(body.is_response()).untyped();
            if plan.refuses_untyped() {
                return Err(Unmigratable::untyped(&body));
            }
            Notices::push(notices, plan, Notice::Untyped { body, first });
            Ok(None)
        }
    }
}

/// The answer to what cannot be migrated, which is counted, whatever the reason.
pub(super) fn failed(plan: &Plan, failure: &Unmigratable, notices: &mut Option<Box<Notices>>) -> Box<Answer> {
    plan.migration_handles(failure.is_response()).errors.increment(1);
    Notices::push(notices, plan, Notice::failed(plan, failure));
    Box::new(plan.failure(failure))
}

// === impl ReceivedBody ===

impl<R: Body<Data = Bytes>> ReceivedBody<R> {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Coming(body) => body.is_end_stream(),
            Self::Whole(bytes, _) => bytes.is_empty(),
        }
    }

    /// What was read has a length, and its trailers are gone.
    fn describe(&self, headers: &mut HeaderMap) {
        if let Self::Whole(bytes, _) = self {
            headers.remove(header::TRAILER);
            headers.remove(header::TRANSFER_ENCODING);
            headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        }
    }

    fn pass(self) -> MigrateBody<R> {
        match self {
            Self::Coming(body) => MigrateBody::untouched(body),
            Self::Whole(bytes, _) => MigrateBody::whole(bytes),
        }
    }
}

// === impl ResponseContext ===

impl ResponseContext<'_> {
    /// The answer to a response that cannot be migrated.
    pub(super) fn fail(&mut self, failure: &Unmigratable) -> Box<Answer> {
        failed(self.plan, failure, self.notices)
    }

    /// The answer to a request that broke off while the service read it.
    pub(super) fn broken_request(&mut self, failure: &Unmigratable) -> Box<Answer> {
        Notices::push(self.notices, self.plan, Notice::failed(self.plan, failure));
        Box::new(self.plan.failure(failure))
    }

    /// Takes the service's response; `changed`: the body of the request was migrated.
    pub(super) fn receive<R: Body<Data = Bytes>>(
        &mut self,
        response: Response<R>,
        changed: bool,
    ) -> Result<RespondedMessage<R>, Box<Answer>> {
        let (plan, settings) = (self.plan, self.settings);
        let (mut head, body) = response.into_parts();
        if head.extensions.get::<LocalReply>().is_some() {
            return Ok(RespondedMessage::Ready(Response::from_parts(head, MigrateBody::untouched(body))));
        }
        if changed {
            plan.drop_stored_validators(head.status, &mut head.headers);
        }
        if let Some(own) = &settings.own {
            plan.publish_urls(own, &mut head.headers);
        }
        match plan.status_question(settings.spoken, head.status, &head.headers) {
            Ok(Some(question)) => Ok(RespondedMessage::Deciding(Deciding::new(question, settings.limits, head, body))),
            Ok(None) => self.respond(head, ReceivedBody::Coming(body), None),
            Err(failure) => Err(self.fail(&failure)),
        }
    }

    /// Makes the head one of the client's version, and sees to the body.
    pub(super) fn respond<R: Body<Data = Bytes>>(
        &mut self,
        mut head: response::Parts,
        body: ReceivedBody<R>,
        path: Option<&StatusPath>,
    ) -> Result<RespondedMessage<R>, Box<Answer>> {
        let (plan, received) = (self.plan, head.status);
        if plan.is_undeclared(self.settings.spoken, received, &head.headers) && plan.passes_undeclared() {
            plan.handles().undeclared(UndeclaredLabel::Status);
        }
        let (digests, keep) = (Digests::of(&head.headers), self.settings.role.must_keep(&head.headers));
        let handling = plan.response_head(self.settings.spoken, &mut head.status, &mut head.headers, path);
        if handling.is_ok() && empties(received, head.status) {
            head.headers.remove(header::CONTENT_TYPE);
            forget_bytes(&mut head.headers);
            return Ok(RespondedMessage::Ready(Response::from_parts(head, MigrateBody::whole(Bytes::new()))));
        }
        if let Ok(Handling::Describe(body)) = &handling {
            self.settings.client.keeps(body.codings(), &mut head.headers);
        }
        let settled = handling.and_then(|handling| settle(plan, handling, body.is_end_stream(), self.notices));
        let body_plan = match settled {
            Ok(None) => {
                if received == StatusCode::NOT_MODIFIED {
                    self.settings.client.recall(&mut head.headers);
                }
                body.describe(&mut head.headers);
                return Ok(RespondedMessage::Ready(Response::from_parts(head, body.pass())));
            }
            Ok(Some(body)) if keep => return Err(self.fail(&body.untransformable())),
            Ok(Some(body)) => body.with_own_address(self.settings.own.clone()),
            Err(failure) => return Err(self.fail(&failure)),
        };
        let work = Work::new(body_plan, digests, self.settings.limits, self.settings.client);
        match body {
            ReceivedBody::Coming(body) => Ok(RespondedMessage::Held(HeldMessage::new(head, body, work))),
            ReceivedBody::Whole(bytes, rest) => match migrate_whole(&work, head, bytes, rest) {
                Ok((head, body, _)) => Ok(RespondedMessage::Ready(Response::from_parts(head, body))),
                Err(failure) => Err(self.fail(&failure)),
            },
        }
    }
}
