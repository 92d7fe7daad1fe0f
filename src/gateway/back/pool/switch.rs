//! Which group of an upstream gets a request, and what is counted of it. It lives as long as the process: a reload neither moves a
//! client nor forgets evidence.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::latency::LatencyHistogram;
use crate::consumer::{ClientOrigin, Consumer};
use crate::rollout::{CanaryShare, GroupTally, Rollout, RolloutGroup, Symptom, WHOLE};

/// The rollout of one upstream, for all who route by it.
#[derive(Debug, Default)]
pub(in crate::gateway) struct RolloutSwitch {
    /// The share of the canary group, packed.
    share: AtomicU64,
    /// From so many microseconds on a response is slow; 0 if that is not known yet.
    slow_from: AtomicU64,
    stable: GroupCounters,
    canary: GroupCounters,
    latency: LatencyHistogram,
    rollout: Mutex<Option<Rollout>>,
    /// Something was proven.
    woken: Notify,
}

/// What was counted since the last look.
#[derive(Debug, Default)]
struct GroupCounters {
    requests: AtomicU64,
    errors: AtomicU64,
}

/// The group that a request was assigned to.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct GroupChoice {
    pub(in crate::gateway) group: RolloutGroup,
    /// Of the client, if it is known.
    mark: Option<u64>,
    weight: u16,
}

/// A request at an instance, as far as the judgement of its group needs it.
#[derive(Debug)]
pub(super) struct GroupAttempt {
    choice: GroupChoice,
    /// The group of the instance.
    group: RolloutGroup,
    began: Instant,
    latency: Option<Duration>,
}

/// Requests of the stable group in a step, before it is known what is slow.
const LATENCY_REQUESTS: u64 = 200;
/// Requests to the canary group in a step whose latency does not count: its caches are cold.
const COLD: u64 = 50;

// === impl RolloutSwitch ===

impl RolloutSwitch {
    /// The group for a request of a consumer, or else of a network.
    pub(in crate::gateway) fn choose(&self, consumer: Option<&Consumer>, origin: Option<ClientOrigin>) -> GroupChoice {
        let share = CanaryShare::unpacked(self.share.load(Ordering::Relaxed));
        let weight = share.weight();
        if weight == 0 {
            return GroupChoice { group: RolloutGroup::Stable, mark: None, weight };
        }
        let address = origin.and_then(|origin| origin.address());
        let mark = match consumer {
            Some(consumer) => Some(share.mark(consumer.as_str().as_bytes())),
            None => address.map(network).map(|(bytes, length)| share.mark(&bytes[..length])),
        };
        let group = share.group(mark.unwrap_or_else(|| fastrand::u64(..)));
        GroupChoice { group, mark, weight }
    }

    /// Ends once there may be something to decide.
    pub(in crate::gateway) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// The rollout as it is; `None` if none was ever started.
    pub(in crate::gateway) fn rollout(&self) -> Option<Rollout> {
        self.lock().clone()
    }

    /// Puts a rollout in the place of another.
    pub(in crate::gateway) fn put(&self, rollout: Rollout) {
        let mut current = self.lock();
        self.begin_step();
        self.share.store(rollout.share().packed(), Ordering::Relaxed);
        *current = Some(rollout);
    }

    /// Changes the rollout, and routes by what it is then.
    pub(in crate::gateway) fn change(&self, change: impl FnOnce(&mut Rollout)) {
        let mut current = self.lock();
        let Some(rollout) = &mut *current else { return };
        let step = rollout.step;
        change(rollout);
        if rollout.step != step {
            self.begin_step();
        }
        self.share.store(rollout.share().packed(), Ordering::Relaxed);
    }

    /// Adds what was counted since the last look to the rollout.
    pub(in crate::gateway) fn collect(&self) {
        if let Some(rollout) = &mut *self.lock() {
            rollout.judgement.stable.add(self.stable.take());
            rollout.judgement.canary.add(self.canary.take());
            if self.slow_from.load(Ordering::Relaxed) == 0 && rollout.judgement.stable.requests >= LATENCY_REQUESTS {
                self.slow_from.store(self.latency.quantile(0.95), Ordering::Relaxed);
            }
        }
    }

    /// What is slow in this step.
    pub(in crate::gateway) fn slow_from(&self) -> Option<Duration> {
        Some(self.slow_from.load(Ordering::Relaxed)).filter(|micros| *micros > 0).map(Duration::from_micros)
    }

    /// What was counted before belongs to another step.
    fn begin_step(&self) {
        self.stable.take();
        self.canary.take();
        self.latency.clear();
        self.slow_from.store(0, Ordering::Relaxed);
    }

    fn observe(&self, symptom: Symptom, choice: GroupChoice) {
        let mut current = self.lock();
        let Some(rollout) = current.as_mut().filter(|rollout| rollout.is_running()) else { return };
        if symptom == Symptom::Slow && rollout.judgement.canary.requests < COLD {
            return;
        }
        rollout.judgement.observe(symptom, choice.group, choice.mark, choice.weight);
        if rollout.judgement.proven(&rollout.plan).is_some() {
            self.woken.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Rollout>> {
        self.rollout.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's network: the next address of the same client is likely there as well.
fn network(address: IpAddr) -> ([u8; 16], usize) {
    let mut bytes = [0; 16];
    let octets: &[u8] = match address.to_canonical() {
        IpAddr::V4(address) => &address.octets()[..3],
        IpAddr::V6(address) => &address.octets()[..6],
    };
    bytes[..octets.len()].copy_from_slice(octets);
    (bytes, octets.len())
}

// === impl GroupChoice ===

impl GroupChoice {
    /// The groups in which an instance is looked for, in this order. What the canary group failed at goes to the stable one, and
    /// never the other way round.
    pub(super) const fn order(&self, first: bool) -> &'static [RolloutGroup] {
        match self.group {
            RolloutGroup::Stable => &[RolloutGroup::Stable],
            RolloutGroup::Canary if first || self.weight == WHOLE => &[RolloutGroup::Canary, RolloutGroup::Stable],
            RolloutGroup::Canary => &[RolloutGroup::Stable],
        }
    }
}

// === impl GroupCounters ===

impl GroupCounters {
    fn count(&self, error: bool) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if error {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(&self) -> GroupTally {
        let [requests, errors] = [&self.requests, &self.errors].map(|count| count.swap(0, Ordering::Relaxed));
        GroupTally { requests, errors }
    }
}

// === impl GroupAttempt ===

impl GroupAttempt {
    pub(super) fn new(choice: GroupChoice, group: RolloutGroup) -> Self {
        Self { choice, group, began: Instant::now(), latency: None }
    }

    /// The head of the response came.
    pub(super) fn answered(&mut self) {
        self.latency = Some(self.began.elapsed());
    }

    /// Counts it for the group that got it. Evidence is only what came to where it was assigned: a retry goes elsewhere for a
    /// reason.
    pub(super) fn count(&self, switch: &RolloutSwitch, error: bool) {
        let counters = if self.group == RolloutGroup::Canary { &switch.canary } else { &switch.stable };
        counters.count(error);
        if self.choice.weight == 0 || self.group != self.choice.group {
            return;
        }
        if error {
            switch.observe(Symptom::Error, self.choice);
            return;
        }
        let micros = self.latency.map_or(0, |latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        match switch.slow_from.load(Ordering::Relaxed) {
            0 if self.group == RolloutGroup::Stable => switch.latency.add(micros),
            0 => {}
            slow if micros > slow => switch.observe(Symptom::Slow, self.choice),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::rollout::RolloutPlan;

    fn switch() -> RolloutSwitch {
        let switch = RolloutSwitch::default();
        let now = Timestamp::from_secs(0).expect("a time");
        let plan = RolloutPlan { steps: vec![5_000], ..RolloutPlan::default() };
        switch.put(Rollout::start("r".into(), plan, Vec::new(), now, "started".into()));
        switch
    }

    #[test]
    fn a_client_stays_where_it_is() {
        let switch = switch();
        let network = |text: &str| Some(ClientOrigin::new(Some(text.parse().expect("an address"))));
        let consumers: Vec<Consumer> = (0..100).map(|number| Consumer::new(&format!("c{number}"))).collect();
        let groups =
            || -> Vec<RolloutGroup> { consumers.iter().map(|who| switch.choose(Some(who), None).group).collect() };
        assert_eq!(groups(), groups());
        let in_canary = groups().iter().filter(|group| **group == RolloutGroup::Canary).count();
        assert!((30..70).contains(&in_canary), "{in_canary}");
        let marks = ["10.1.2.3", "10.1.2.99", "10.1.3.3", "2001:db8:1::1", "2001:db8:1:2::9", "2001:db8:2::1"];
        let marks = marks.map(|text| switch.choose(None, network(text)).mark);
        assert!(marks[0] == marks[1] && marks[0] != marks[2] && marks[3] == marks[4] && marks[3] != marks[5]);
    }

    #[test]
    fn what_is_slow_is_learned_from_the_stable_group() {
        let switch = switch();
        let choice = |group| GroupChoice { group, mark: None, weight: 5_000 };
        let attempt = |group, millis| GroupAttempt {
            latency: Some(Duration::from_millis(millis)),
            ..GroupAttempt::new(choice(group), group)
        };
        (0..400).for_each(|number| {
            attempt(RolloutGroup::Stable, if number % 50 == 0 { 500 } else { 10 }).count(&switch, false)
        });
        assert_eq!(switch.slow_from(), None);
        switch.collect();
        let slow = switch.slow_from().expect("it is known").as_millis();
        assert!((10..=13).contains(&slow), "{slow}");
        (0..50).for_each(|_| attempt(RolloutGroup::Canary, 90).count(&switch, false));
        let counted = || switch.rollout().expect("a rollout").judgement.slow.counted;
        assert_eq!(counted(), 0, "its caches are cold");
        switch.collect();
        attempt(RolloutGroup::Canary, 90).count(&switch, false);
        attempt(RolloutGroup::Canary, 5).count(&switch, false);
        assert_eq!(counted(), 1);
    }

    #[test]
    fn a_retry_in_the_other_group_is_counted_and_proves_nothing() {
        let switch = switch();
        let choice = GroupChoice { group: RolloutGroup::Canary, mark: None, weight: 5_000 };
        GroupAttempt::new(choice, RolloutGroup::Canary).count(&switch, true);
        GroupAttempt::new(choice, RolloutGroup::Stable).count(&switch, true);
        switch.collect();
        let judgement = switch.rollout().expect("a rollout").judgement;
        let errors = [judgement.stable, judgement.canary].map(|tally| (tally.requests, tally.errors));
        assert_eq!((errors, judgement.errors.counted), ([(1, 1), (1, 1)], 1));
    }
}
