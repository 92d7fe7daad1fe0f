//! The two groups of an upstream that has instances for rollouts.

use std::sync::Arc;
use std::time::Instant;

use super::health::Admission;
use super::switch::RolloutSwitch;
use super::{GroupChoice, Pool, PoolMember};
use crate::config::Instance;
use crate::consumer::{ClientOrigin, Consumer};
use crate::rollout::{GroupHealth, RolloutGroup, RolloutPlan};

/// What an upstream with two groups has.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct PoolGroups {
    /// It outlives the config.
    pub(in crate::gateway) switch: Arc<RolloutSwitch>,
    /// How the next rollout goes.
    pub(in crate::gateway) plan: RolloutPlan,
}

// === impl Pool ===

impl Pool {
    /// The group for a request; `None` if there is only one.
    pub(in crate::gateway) fn choose(
        &self,
        consumer: Option<&Consumer>,
        origin: Option<ClientOrigin>,
    ) -> Option<GroupChoice> {
        Some(self.groups.as_ref()?.switch.choose(consumer, origin))
    }

    /// Which groups have an instance that takes requests.
    pub(in crate::gateway) fn group_health(&self) -> GroupHealth {
        let now = Instant::now();
        let takes = |member: &&PoolMember| member.weight > 0 && member.endpoint.takes();
        let is_well = |member: &PoolMember| matches!(member.stands(None, now).0, Admission::Open | Admission::Trial);
        let has = |group| self.members.iter().filter(takes).any(|member| member.group == group && is_well(member));
        GroupHealth { stable: has(RolloutGroup::Stable), canary: has(RolloutGroup::Canary) }
    }

    /// The URLs of the canary group.
    pub(in crate::gateway) fn canary_urls(&self) -> Vec<String> {
        self.urls(RolloutGroup::Canary).collect()
    }

    /// Whether the canary group still has one of these instances, and the stable group has none of them.
    pub(in crate::gateway) fn has_canary_of(&self, instances: &[String]) -> bool {
        let has = |group| self.urls(group).any(|url| instances.contains(&url));
        has(RolloutGroup::Canary) && !has(RolloutGroup::Stable)
    }

    fn urls(&self, group: RolloutGroup) -> impl Iterator<Item = String> {
        let instances = self.spec.instances().iter().filter(move |instance| instance.group == group);
        instances.map(Instance::name)
    }
}
