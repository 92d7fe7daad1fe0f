//! One request at an instance: how it counts there, once, with what became of it.

use std::sync::Arc;
use std::time::Instant;

use http::Version;

use super::Pool;
use super::connect_error::ConnectError;
use super::endpoint::Endpoint;
use super::exchange::H1;
use super::health::{Admission, HealthToken};
use super::queue::{Queue, QueueError, QueuePermit};
use super::streams::StreamPermit;
use super::switch::{GroupAttempt, GroupChoice};
use crate::names::UpstreamResult;
use crate::rollout::RolloutGroup;

/// A request at an instance. It counts itself once, with its outcome, when it ends or is dropped.
#[derive(Debug)]
pub(in crate::gateway) struct RequestTracker {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) pool: Arc<Pool>,
    /// The state of the instance when the request began.
    token: HealthToken,
    /// Its place among the requests that the instance has at once, where those are limited.
    place: Option<QueuePermit>,
    stream: Option<StreamPermit>,
    /// What is to be counted.
    result: Option<UpstreamResult>,
    /// The result has been reported to the instance's health.
    judged: bool,
    over: bool,
    /// For the judgement of its group, where there are two. In a box, since few requests have it.
    group: Option<Box<GroupAttempt>>,
    /// The status of the response is an error of the instance.
    error: bool,
}

/// Why there is no lease.
#[derive(Debug)]
pub(super) enum BeginError {
    Connect(ConnectError),
    QueueError(QueueError),
    /// The instance was taken out while the request waited for a place.
    Away,
}

// === impl RequestTracker ===

impl RequestTracker {
    /// `None` if it was to try an instance that another request has begun to try.
    pub(super) fn new(pool: Arc<Pool>, endpoint: Arc<Endpoint>, admission: Admission) -> Option<Self> {
        let trial = admission == Admission::Trial;
        let token = if trial { endpoint.health().begin_trial(Instant::now())? } else { endpoint.token() };
        endpoint.begin();
        let (place, stream, result) = (None, None, None);
        Some(Self {
            endpoint,
            pool,
            token,
            place,
            stream,
            result,
            judged: false,
            over: false,
            group: None,
            error: false,
        })
    }

    /// It also counts for a group of instances, where there are two.
    pub(super) fn with_group(mut self, choice: Option<GroupChoice>, group: RolloutGroup) -> Self {
        self.group = choice.map(|choice| Box::new(GroupAttempt::new(choice, group)));
        self
    }

    /// Waits for a place, where the instance takes only so many requests at once.
    pub(super) async fn enter(&mut self) -> Result<(), BeginError> {
        let Some(queue) = &self.endpoint.queue else { return Ok(()) };
        self.place = match queue.try_enter() {
            Some(place) => Some(place),
            None => Some(self.wait(queue).await?),
        };
        Ok(())
    }

    async fn wait(&self, queue: &Queue) -> Result<QueuePermit, BeginError> {
        let metrics = &self.endpoint.metrics;
        let took_requests = self.endpoint.takes();
        match Box::pin(queue.wait(&metrics.queued)).await {
            Ok(_) if took_requests && !self.endpoint.takes() => Err(BeginError::Away),
            Ok(place) => Ok(place),
            Err(full) => {
                metrics.rejected(full);
                Err(BeginError::QueueError(full))
            }
        }
    }

    /// A head came; the turn keeps the stream of its body.
    pub(super) fn came(&mut self, version: Version, stream: Option<StreamPermit>) {
        self.endpoint.connections.learn(version);
        self.stream = stream;
    }

    /// The head came, and is one.
    pub(super) fn answered(&mut self, status: http::StatusCode) {
        self.error = status.is_server_error();
        if let Some(group) = &mut self.group {
            group.answered();
        }
        if matches!(status.as_u16(), 502..=504) {
            self.fail(UpstreamResult::Error);
        } else {
            self.count(UpstreamResult::Ok);
            self.judged = true;
            self.endpoint.succeeded(self.token);
        }
    }

    /// The upstream's name, and the instance.
    pub(super) fn place(&self) -> (Box<str>, Arc<str>) {
        (self.pool.name.clone(), self.endpoint.label())
    }

    /// It counts as `result`, which does not affect the instance's health.
    pub(super) fn count(&mut self, result: UpstreamResult) {
        self.result = Some(result);
    }

    /// It counts as `result`, and against the instance: once, whatever else comes of it.
    pub(super) fn fail(&mut self, result: UpstreamResult) {
        let failed = self.result.is_some_and(|result| result != UpstreamResult::Ok);
        self.count(result);
        self.judged = true;
        if !failed {
            self.endpoint.failed(self.token, Instant::now(), self.pool.policy, self.pool.may_eject());
        }
    }

    /// The body broke off: whatever the head said, that is no answer.
    pub(super) fn broke(&mut self) {
        if !self.over {
            self.fail(UpstreamResult::Reset);
            self.over();
        }
    }

    /// The response has ended; the connection may be used again.
    pub(super) fn end(&mut self, open: Option<Box<H1>>) {
        if let Some(open) = open {
            self.endpoint.park(open);
        }
        self.over();
    }

    fn over(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if let Some(result) = self.result {
            self.endpoint.metrics.count(result);
            if let (Some(group), Some(groups)) = (&self.group, &self.pool.groups) {
                group.count(&groups.switch, self.error || result != UpstreamResult::Ok);
            }
        }
        if self.token.trial && !self.judged {
            self.endpoint.health().end_trial();
        }
        // The connection is idle or closed by now, so the next request does not open one too many.
        (self.place, self.stream) = (None, None);
        self.endpoint.end();
    }
}

impl Drop for RequestTracker {
    fn drop(&mut self) {
        self.over();
    }
}
