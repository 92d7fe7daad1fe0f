//! What an act will do, in words.

use super::Admin;
use super::query::PageQuery;
use super::render::PageError;
use crate::catalog::{ApiEntry, VersionEntry};
use crate::clock::Timestamp;
use crate::gateway::admin::acts::{OperatorAct, find_api, find_version};
use crate::gateway::admin::answer::AdminError;

/// What is done, to what.
pub(super) fn title(act: &OperatorAct) -> String {
    match act {
        OperatorAct::Pause { api } => format!("Pause the brownouts of {api}"),
        OperatorAct::Resume { api } => format!("Resume the brownouts of {api}"),
        OperatorAct::Hold { api, version } => format!("Hold the sunset of {api} {version}"),
        OperatorAct::Release { api, version } => format!("Release the sunset of {api} {version}"),
        OperatorAct::Extend { api, version } => format!("Extend {api} {version} for a consumer"),
        OperatorAct::Withdraw { api, version } => format!("Withdraw an extension of {api} {version}"),
        OperatorAct::Drain { upstream } => format!("Drain an instance of {upstream}"),
        OperatorAct::Undrain { upstream } => format!("Undrain an instance of {upstream}"),
    }
}

/// A note as a sentence of its own.
pub(super) fn sentence(note: &str) -> String {
    let mut letters = note.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn minute(at: Timestamp) -> String {
    at.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect::<String>() + " UTC"
}

/// The brownouts to come.
fn brownouts(api: &ApiEntry, now: Timestamp) -> String {
    let windows =
        api.versions.iter().flat_map(|version| version.life.windows.iter().map(move |window| (version, window)));
    let mut coming: Vec<_> = windows.filter(|(_, window)| window.until > now).collect();
    coming.sort_by_key(|(_, window)| window.from);
    match coming.as_slice() {
        [] => "No brownout is announced.".to_owned(),
        [(version, window), ..] => {
            let count = match coming.len() {
                1 => "One brownout is announced:".to_owned(),
                count => format!("{count} brownouts are announced, first"),
            };
            format!("{count} that of version {} at {}.", version.text, minute(window.from))
        }
    }
}

fn hold(hold: bool, version: &VersionEntry, now: Timestamp) -> String {
    let name = &version.text;
    match (hold, version.life.sunset) {
        (_, None) => format!("Version {name} has no sunset."),
        (true, Some(sunset)) if sunset <= now => {
            format!(
                "Version {name} is past its sunset of {}. It is served again until the hold is released.",
                minute(sunset)
            )
        }
        (true, Some(sunset)) => {
            format!("Version {name} is served beyond its sunset at {}, until the hold is released.", minute(sunset))
        }
        (false, Some(sunset)) if sunset <= now => {
            format!("Version {name} is past its sunset of {}: it is answered with 410 at once.", minute(sunset))
        }
        (false, Some(sunset)) => format!("Version {name} ends at its sunset, {}.", minute(sunset)),
    }
}

fn withdraw(version: &VersionEntry, consumer: &str, now: Timestamp) -> String {
    let name = &version.text;
    match version.life.sunset {
        Some(sunset) if sunset > now => {
            format!("Version {name} ends for {consumer} as for the others, at {}.", minute(sunset))
        }
        Some(_) => format!("Version {name} is past its sunset: {consumer} is answered with 410 at once."),
        None => format!("Version {name} has no sunset."),
    }
}

// === impl Admin ===

impl Admin {
    /// What an act will do, a sentence each.
    pub(super) fn effects(&self, act: &OperatorAct, query: &PageQuery) -> Result<Vec<String>, PageError> {
        let (catalog, now) = (self.current.catalog(), self.store.now());
        let effects = match act {
            OperatorAct::Pause { api } => {
                let api = find_api(&catalog, api)?;
                vec!["No brownout begins or goes on until they are resumed.".to_owned(), brownouts(api, now)]
            }
            OperatorAct::Resume { api } => {
                let api = find_api(&catalog, api)?;
                vec!["Brownouts happen again as they are announced.".to_owned(), brownouts(api, now)]
            }
            OperatorAct::Hold { api, version } => vec![hold(true, find_version(&catalog, api, version)?.version, now)],
            OperatorAct::Release { api, version } => {
                vec![hold(false, find_version(&catalog, api, version)?.version, now)]
            }
            OperatorAct::Extend { api, version } => {
                let version = find_version(&catalog, api, version)?.version;
                let sunset = version.life.sunset.map_or("It has no sunset yet.".to_owned(), |sunset| {
                    format!("For the others it ends at {}.", minute(sunset))
                });
                vec![format!("The consumer keeps version {} until the date that you give. {sunset}", version.text)]
            }
            OperatorAct::Withdraw { api, version } => {
                let version = find_version(&catalog, api, version)?.version;
                vec![withdraw(version, query.get("consumer").unwrap_or("the consumer"), now)]
            }
            OperatorAct::Drain { upstream } | OperatorAct::Undrain { upstream } => {
                vec![self.drained(matches!(act, OperatorAct::Drain { .. }), upstream, query.get("instance"))?]
            }
        };
        Ok(effects)
    }

    fn drained(&self, drain: bool, upstream: &str, instance: Option<&str>) -> Result<String, PageError> {
        let snapshot = self.current.load();
        let unknown = || AdminError::unknown("upstream", upstream, snapshot.pools.keys().cloned());
        let pool = snapshot.pools.get(upstream).ok_or_else(unknown)?;
        let name = instance.unwrap_or("the instance");
        if !drain {
            return Ok(format!("New requests go to {name} again."));
        }
        let of =
            |name: &str| pool.members.iter().filter(move |member| member.endpoint.name() == name).collect::<Vec<_>>();
        let pending: usize = of(name).iter().map(|member| member.endpoint.pending()).sum();
        let others =
            pool.members.iter().filter(|member| member.endpoint.name() != name && member.state() == "up").count();
        let left = match others {
            0 => "No other instance of this upstream is up: its requests will be answered with 503.".to_owned(),
            1 => "One other instance is up.".to_owned(),
            others => format!("{others} other instances are up."),
        };
        Ok(format!("No new requests go to {name}; {pending} are under way, and end by themselves. {left}"))
    }
}
