//! What operators ask for.

use super::{Drain, Drains, whole};
use crate::catalog::{ActOrigin, Control};
use crate::clock::Timestamp;
use crate::gateway::state::audit::Actor;

/// What an operator asks for. Each has another that takes it back, and one that is repeated changes nothing.
#[derive(Clone, Debug)]
pub(in crate::gateway) enum ActChange {
    /// Of the brownouts of an api.
    Pause {
        api: String,
    },
    Resume {
        api: String,
    },
    /// Of the sunset of a version.
    Hold {
        api: String,
        version: String,
    },
    Release {
        api: String,
        version: String,
    },
    /// For one consumer.
    Extend {
        api: String,
        version: String,
        consumer: String,
        until: Timestamp,
    },
    Withdraw {
        api: String,
        version: String,
        consumer: String,
    },
    /// A URL stands for all its addresses, including future ones; `URL#ADDRESS` is a single one.
    Drain {
        upstream: String,
        instance: String,
    },
    Undrain {
        upstream: String,
        instance: String,
    },
}

/// Why nothing was changed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::gateway) enum ActRefused {
    /// It is one address of this URL, which is drained as a whole.
    Whole(String),
    /// What all replicas are to know cannot be stored; this is why.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    Unavailable(String),
}

// === impl ActChange ===

impl ActChange {
    /// Returns whether it changed anything.
    pub(super) fn apply(
        &self,
        control: &Control,
        drains: &mut Drains,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, ActRefused> {
        let origin = ActOrigin::new(&actor.by, &actor.reason, now);
        Ok(match self {
            Self::Pause { api } => control.pause_brownouts(api, origin),
            Self::Resume { api } => control.resume_brownouts(api, origin),
            Self::Hold { api, version } => control.hold_sunset(api, version, origin),
            Self::Release { api, version } => control.release_sunset(api, version, origin),
            Self::Extend { api, version, consumer, until } => control.extend(api, version, consumer, *until, origin),
            Self::Withdraw { api, version, consumer } => control.withdraw_extension(api, version, consumer, origin),
            Self::Drain { upstream, instance } => drain(drains, upstream, instance, actor, now),
            Self::Undrain { upstream, instance } => undrain(drains, upstream, instance)?,
        })
    }
}

fn drain(drains: &mut Drains, upstream: &str, instance: &str, actor: &Actor, now: Timestamp) -> bool {
    let key = (upstream.to_owned(), instance.to_owned());
    if drains.contains_key(&key) {
        return false;
    }
    drains.insert(key, Drain { at: now, by: actor.by.clone(), reason: actor.reason.clone() });
    true
}

fn undrain(drains: &mut Drains, upstream: &str, instance: &str) -> Result<bool, ActRefused> {
    let key = |instance: &str| (upstream.to_owned(), instance.to_owned());
    if let Some(whole) = whole(instance).filter(|whole| drains.contains_key(&key(whole))) {
        return Err(ActRefused::Whole(whole.to_owned()));
    }
    let before = drains.len();
    drains.retain(|(of, drained), _| of != upstream || (drained != instance && whole(drained) != Some(instance)));
    Ok(drains.len() < before)
}
