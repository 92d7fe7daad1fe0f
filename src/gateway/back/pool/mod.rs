//! The instances of an upstream: which one gets a request, over which connection, and how they are.
//!
//! | file | what |
//! |---|---|
//! | `spec`, `registry` | pools made of a config and of what names stand for; instances that outlive them |
//! | `hosts` | what host names stand for |
//! | `balance`, `budget` | which instance; whether to retry |
//! | `endpoint`, `health`, `instance_metrics` | an instance: its state and its metrics |
//! | `watch` | background work: health checks, DNS lookups, idle connections |
//! | `connections`, `transport` | the connections of an instance, open and new |
//! | `queue`, `streams` | how many requests an instance, and an HTTP/2 connection, have at once |
//! | `lease`, `exchange`, `head`, `body` | one request: its connection, what is sent, what comes back |
//! | `waker` | the waker of a connection |
//! | `groups`, `switch`, `latency` | which group gets a request during a rollout, and what is counted of it |

mod balance;
mod body;
mod budget;
mod build;
mod connect_error;
mod connections;
mod drive;
mod endpoint;
mod exchange;
mod groups;
mod h2_connections;
mod head;
mod health;
mod hosts;
mod instance_metrics;
mod latency;
mod lease;
mod queue;
mod registry;
mod resend;
mod spec;
mod streams;
mod switch;
mod tracker;
mod transport;
mod upstream;
mod waker;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::Counter;
use smallvec::SmallVec;

use balance::Weighted;
use budget::Budget;
use health::{Admission, Policy};
use spec::PoolSpec;
use tracker::BeginError;

pub(in crate::gateway) use body::{BodyTimeouts, UpstreamBody};
pub(in crate::gateway) use connect_error::ConnectError;
pub(in crate::gateway) use endpoint::Endpoint;
pub(in crate::gateway) use exchange::{HyperResult, Outgoing};
pub(in crate::gateway) use groups::PoolGroups;
pub(in crate::gateway) use head::{Exchange, ExchangeError, ResponseDeadline, UpstreamResponse};
pub(in crate::gateway) use lease::Lease;
pub(in crate::gateway) use queue::QueueError;
pub(in crate::gateway) use registry::Registry;
pub(in crate::gateway) use switch::{GroupChoice, RolloutSwitch};
pub(in crate::gateway) use tracker::RequestTracker;
pub(in crate::gateway) use upstream::LoadedUpstream;
pub(in crate::gateway) use watch::Watch;

use crate::config::Check;
use crate::layer::Role;
use crate::rollout::RolloutGroup;
use crate::version::VersionId;

/// The instances of one upstream, as one config has them.
#[derive(Debug)]
pub(in crate::gateway) struct Pool {
    pub(in crate::gateway) name: Box<str>,
    pub(in crate::gateway) members: Vec<PoolMember>,
    /// Those that the config names, and whose hosts have no address yet.
    pub(in crate::gateway) unresolved: Vec<Unresolved>,
    pub(in crate::gateway) retries: u32,
    pub(in crate::gateway) websocket: bool,
    /// On whose behalf its responses are migrated.
    pub(in crate::gateway) role: Role,
    http2: bool,
    /// Whether its instances get only so many requests at once.
    limited: bool,
    /// Whether `Alt-Svc` of its responses is passed on.
    pub(in crate::gateway) alt_svc: bool,
    /// Whether URLs with an instance's own address become the client's.
    pub(in crate::gateway) public_urls: bool,
    /// An upstream's start of an answer, for each try.
    pub(in crate::gateway) response_timeout: Duration,
    connect_timeout: Duration,
    policy: Policy,
    check: Option<Check>,
    slow_start: Option<Duration>,
    panic: f64,
    budget: Budget,
    pub(in crate::gateway) retried: Counter,
    /// Its two groups, if it has instances of both.
    pub(in crate::gateway) groups: Option<PoolGroups>,
    /// What it is made of, to be made anew when hosts have other addresses.
    spec: Arc<PoolSpec>,
}

/// An instance's place in a pool.
#[derive(Debug)]
pub(in crate::gateway) struct PoolMember {
    pub(in crate::gateway) endpoint: Arc<Endpoint>,
    pub(in crate::gateway) weight: u32,
    /// The version that it is configured to speak, by api.
    pub(in crate::gateway) speaks: BTreeMap<String, VersionId>,
    pub(in crate::gateway) group: RolloutGroup,
}

/// An instance that cannot get requests, because it has no known address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Unresolved {
    /// Its URL.
    pub(in crate::gateway) name: Arc<str>,
    pub(in crate::gateway) weight: u32,
    pub(in crate::gateway) speaks: BTreeMap<String, VersionId>,
}

/// Why a request gets no connection to any instance.
#[derive(Debug)]
pub(in crate::gateway) enum LeaseError {
    /// None is left that takes requests.
    None,
    /// None is left that can be reached; the last failed by this.
    Unreachable(ConnectError),
    /// Those that take requests have as many as they may have.
    QueueError(QueueError),
}

/// What is read at once from an instance, at most; so much may lie in each connection.
const BUFFER: usize = 32 * 1024;
/// The choice among so many instances needs no memory of its own.
const FEW: usize = 16;
/// A dead HTTP/2 connection is found out by this.
const H2_PING: Duration = Duration::from_secs(30);

// === impl Pool ===

impl Pool {
    /// The place of the instance for the next request, not one of those that were `tried`; `None` if there is none.
    fn pick(&self, tried: &[usize], choice: Option<GroupChoice>) -> Option<(usize, Admission)> {
        match choice {
            None => self.pick_in(tried, |_| true),
            Some(choice) => {
                let groups = choice.order(tried.is_empty()).iter();
                groups.copied().find_map(|group| self.pick_in(tried, |member| member.group == group))
            }
        }
    }

    fn pick_in(&self, tried: &[usize], is_in: impl Fn(&PoolMember) -> bool) -> Option<(usize, Admission)> {
        // Those that are gone are for requests that began before, and have no others.
        let gone = |endpoint: &Endpoint| endpoint.is_gone() && !endpoint.is_draining();
        let takes = self.pick_of(tried, |member| is_in(member) && member.endpoint.takes());
        takes.or_else(|| self.pick_of(tried, |member| is_in(member) && gone(&member.endpoint)))
    }

    fn pick_of(&self, tried: &[usize], takes: impl Fn(&PoolMember) -> bool) -> Option<(usize, Admission)> {
        if let ([member], []) = (&*self.members, tried) {
            return (member.weight > 0 && takes(member)).then_some((0, Admission::Open));
        }
        let now = Instant::now();
        let mut admissions = SmallVec::<[Admission; FEW]>::new();
        let mut views = SmallVec::<[Weighted; FEW]>::new();
        for (place, member) in self.members.iter().enumerate() {
            let usable = member.weight > 0 && takes(member) && !tried.contains(&place);
            let weight = if usable { f64::from(member.weight) } else { 0.0 };
            let (admission, share) = member.stands(self.slow_start, now);
            views.push(Weighted { weight: weight * share, pending: member.endpoint.pending() });
            admissions.push(admission);
        }
        if !self.panics(&admissions, takes) {
            for (view, admission) in views.iter_mut().zip(&admissions) {
                if matches!(admission, Admission::Closed | Admission::Joining) {
                    view.weight = 0.0;
                }
            }
        }
        if self.limited {
            self.pass_over_full(&mut views);
        }
        let place = balance::pick(&views, fastrand::f64)?;
        Some((place, admissions[place]))
    }

    /// No request waits at one instance while another has a free place.
    fn pass_over_full(&self, views: &mut [Weighted]) {
        // Asked once: the answers change meanwhile.
        let full: SmallVec<[bool; FEW]> = self.members.iter().map(|member| member.endpoint.is_full()).collect();
        if views.iter().zip(&full).any(|(view, full)| view.weight > 0.0 && !full) {
            for (view, _) in views.iter_mut().zip(&full).filter(|(_, full)| **full) {
                view.weight = 0.0;
            }
        }
    }

    /// Whether so few instances are well that the checks are likelier wrong than the instances. Those that are new do not
    /// count, unless there are no others.
    fn panics(&self, admissions: &[Admission], takes: impl Fn(&PoolMember) -> bool) -> bool {
        let takes = |member: &PoolMember| member.weight > 0 && takes(member);
        let (mut all, mut open) = (0u32, 0u32);
        for (_, admission) in self.members.iter().zip(admissions).filter(|(member, _)| takes(member)) {
            all += u32::from(*admission != Admission::Joining);
            open += u32::from(matches!(admission, Admission::Open | Admission::Trial));
        }
        all == 0 || f64::from(open) * 100.0 < f64::from(all) * self.panic
    }

    /// Whether one more instance may be ejected: never more than half of them are.
    fn may_eject(&self) -> bool {
        let now = Instant::now();
        // Those that get no requests anyway are not there to take over.
        let serving = || self.members.iter().filter(|member| member.weight > 0 && member.endpoint.takes());
        let closed = serving().filter(|member| member.stands(None, now).0 != Admission::Open).count();
        (closed + 1) * 2 <= serving().count()
    }

    /// A connection to an instance that was not tried yet, for one request. Instances that cannot be reached are passed
    /// over: nothing was sent to them; `tried` says how many there were. So are those whose queue is full, which is no
    /// retry.
    ///
    /// # Errors
    /// No instance is left, or the request has waited long enough.
    pub(in crate::gateway) async fn lease(
        self: &Arc<Self>,
        tried: &mut Vec<usize>,
        choice: Option<GroupChoice>,
    ) -> Result<(Lease, &PoolMember), LeaseError> {
        if tried.is_empty() {
            self.budget.request();
        }
        let mut passed = 0;
        let mut why = LeaseError::None;
        loop {
            let Some((place, admission)) = self.pick(tried, choice) else { return Err(why) };
            let member = &self.members[place];
            let Some(tracker) = RequestTracker::new(Arc::clone(self), Arc::clone(&member.endpoint), admission) else {
                continue;
            };
            tried.push(place);
            let tracker = tracker.with_group(choice, member.group);
            match Lease::begin(tracker).await {
                Ok(lease) => return Ok((lease, member)),
                Err(BeginError::QueueError(QueueError::TimedOut)) => {
                    return Err(LeaseError::QueueError(QueueError::TimedOut));
                }
                Err(BeginError::QueueError(QueueError::Queue)) => {
                    why = LeaseError::QueueError(QueueError::Queue);
                    passed += 1;
                }
                Err(BeginError::Away) => passed += 1,
                Err(BeginError::Connect(error)) => {
                    why = LeaseError::Unreachable(error);
                    if tried.len() - passed > self.retries as usize {
                        return Err(why);
                    }
                    self.retried.increment(1);
                }
            }
        }
    }

    /// Whether a request that fails can only be sent again to the same instance.
    pub(in crate::gateway) const fn is_alone(&self) -> bool {
        self.members.len() == 1
    }

    /// Whether a request may be sent again now.
    pub(in crate::gateway) fn may_retry(&self, tries: usize) -> bool {
        tries <= self.retries as usize && self.budget.take(Instant::now())
    }

    /// Whether a request could be retried, so that its body has to be kept. With a single instance, that is possible if
    /// the instance reports that it did not process the request (only HTTP/2 can), if a reused connection ended and the
    /// method is `idempotent`, or if another process that speaks another version answers at its address.
    pub(in crate::gateway) fn retries(&self, empty: bool, idempotent: bool) -> bool {
        let asked = || self.members.iter().any(|member| member.endpoint.asks());
        self.retries > 0 && (empty || idempotent || self.http2 || !self.is_alone() || asked())
    }

    /// Whether something is known of every instance that is to be checked.
    pub(in crate::gateway) fn is_known(&self) -> bool {
        self.check.is_none() || self.members.iter().all(|member| member.endpoint.health().was_checked())
    }

    /// How the instance is called that an operator means by a URL, which is all its addresses, by a URL with an address,
    /// or by an address; `None` if there is none.
    pub(in crate::gateway) fn called(&self, instance: &str) -> Option<String> {
        let wanted = instance.trim_end_matches('/');
        if self.labels().iter().any(|label| label == wanted) {
            return Some(wanted.to_owned());
        }
        let is_at = |endpoint: &Endpoint| {
            endpoint.address().is_some_and(|at| at.to_string() == wanted || at.ip().to_string() == wanted)
        };
        let mut endpoints = self.members.iter().map(|member| &member.endpoint);
        endpoints.find(|endpoint| is_at(endpoint)).map(|endpoint| endpoint.label().to_string())
    }

    /// How its instances are called: by the URLs of the config, and each of several addresses by itself.
    pub(in crate::gateway) fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = self.unresolved.iter().map(|instance| instance.name.to_string()).collect();
        for endpoint in self.members.iter().map(|member| &member.endpoint) {
            labels.extend([endpoint.name().to_owned(), endpoint.label().to_string()]);
        }
        labels.sort_unstable();
        labels.dedup();
        labels
    }
}

// === impl PoolMember ===

impl PoolMember {
    /// Whether it may get requests, and what part of its share.
    fn stands(&self, slow_start: Option<Duration>, now: Instant) -> (Admission, f64) {
        if self.endpoint.is_clean() {
            return (Admission::Open, 1.0);
        }
        let health = self.endpoint.health();
        (health.admission(now), health.share(now, slow_start))
    }

    /// Its state, in a word.
    pub(in crate::gateway) fn state(&self) -> &'static str {
        match self.stands(None, Instant::now()).0 {
            _ if self.endpoint.is_draining() => "draining",
            Admission::Open => "up",
            Admission::Trial => "on trial",
            Admission::Closed => "down",
            Admission::Joining => "joining",
        }
    }
}
