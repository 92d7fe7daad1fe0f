//! The process's limit of open files (`RLIMIT_NOFILE`). Each connection needs a file descriptor, and a process that has none left can
//! neither accept connections nor connect to instances.

use crate::config::Limits;

/// Listeners, files, logs, the runtime, operators.
const OWN: u64 = 200;

/// What is done about the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LimitChange {
    /// The limit that is asked of the system.
    raise: Option<u64>,
    /// The limit that is left, if it is too low.
    short: Option<u64>,
}

/// Raises the limit to what the config may need, as far as the system allows. Warns if that is not enough.
pub(in crate::gateway) fn provide(limits: &Limits) {
    // Elsewhere there is none.
    let Ok((soft, hard)) = rlimit::Resource::NOFILE.get() else { return };
    let needed = needed(limits);
    let LimitChange { raise, mut short } = plan(needed, soft, hard);
    if let Some(raise) = raise {
        match rlimit::Resource::NOFILE.set(raise, hard) {
            Ok(()) => tracing::debug!(from = soft, to = raise, "raised the limit of open files"),
            Err(error) => {
                tracing::warn!(%error, "cannot raise the limit of open files");
                short = Some(soft);
            }
        }
    }
    if let Some(limit) = short {
        tracing::warn!(
            limit,
            needed,
            "limit of open files too low for `limits.connections` and `limits.requests`: raise it (`ulimit -Hn`, \
             `LimitNOFILE=` of systemd), or lower them"
        );
    }
}

/// A descriptor for each connection of a client, and one for each request's connection to an instance.
fn needed(limits: &Limits) -> u64 {
    (limits.connections as u64).saturating_add(limits.requests as u64).saturating_add(OWN)
}

fn plan(needed: u64, soft: u64, hard: u64) -> LimitChange {
    let most = needed.min(hard);
    LimitChange { raise: (soft < most).then_some(most), short: (hard < needed && soft < needed).then_some(hard) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let infinite = u64::MAX;
        let rows = [
            ("enough", 15_000, 20_000, 20_000, None, None),
            ("just enough", 15_000, 15_000, 15_000, None, None),
            ("it can be raised", 15_000, 1024, 524_288, Some(15_000), None),
            ("it can be raised, but not to what is needed", 15_000, 1024, 4096, Some(4096), Some(4096)),
            ("it cannot be raised", 15_000, 4096, 4096, None, Some(4096)),
            ("there is no limit", 15_000, infinite, infinite, None, None),
            ("more is needed than there are numbers", infinite, 1024, infinite, Some(infinite), None),
        ];
        let mut failed = Vec::new();
        for (what, needed, soft, hard, raise, short) in rows {
            let planned = plan(needed, soft, hard);
            if planned != (LimitChange { raise, short }) {
                failed.push(format!("{what}: {planned:?}"));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        let limits = Limits { connections: usize::MAX, ..Limits::default() };
        assert_eq!((needed(&Limits::default()), needed(&limits)), (15_200, infinite));
    }
}
