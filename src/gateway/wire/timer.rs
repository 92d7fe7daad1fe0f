//! A timer that is set anew for each wait without being touched.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

/// Most waits end long before their time. The timer behind it stays set for the earliest of them, and looks, when it goes
/// off, whether that is still the one that counts; so only one wait in many costs a timer.
#[derive(Debug, Default)]
pub(in crate::gateway) struct LazyTimer {
    sleep: Option<Pin<Box<Sleep>>>,
}

/// What was waited for did not come in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct TimedOut;

// === impl LazyTimer ===

impl LazyTimer {
    /// What `poll` has, or [`TimedOut`] from `until` on.
    pub(in crate::gateway) fn within<T>(
        &mut self,
        until: Option<Instant>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Result<T, TimedOut>> {
        match (poll(cx), until) {
            (Poll::Ready(ready), _) => Poll::Ready(Ok(ready)),
            (Poll::Pending, Some(until)) => self.poll(until, cx).map(|()| Err(TimedOut)),
            (Poll::Pending, None) => Poll::Pending,
        }
    }

    /// Ready from `until` on.
    pub(in crate::gateway) fn poll(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let until = tokio::time::Instant::from_std(until);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if until < sleep.deadline() {
            sleep.as_mut().reset(until);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    /// Waits in milliseconds, one after the other; each may be cancelled after the given time.
    #[tokio::test(start_paused = true)]
    async fn each_wait_ends_in_its_time() {
        let mut timer = LazyTimer::default();
        let rows = [(50, Some(10)), (100, None), (1000, Some(1)), (20, None), (20, Some(19)), (5000, None), (0, None)];
        for (wait, given_up) in rows {
            let began = tokio::time::Instant::now();
            let at = |after: u64| (began + Duration::from_millis(after)).into_std();
            let given_up_at = given_up.map(at);
            let waited = poll_fn(|cx| {
                timer.within(Some(at(wait)), cx, |_| match given_up_at {
                    Some(at) if at <= tokio::time::Instant::now().into_std() => Poll::Ready(()),
                    _ => Poll::Pending,
                })
            });
            let other = tokio::time::sleep(Duration::from_millis(given_up.unwrap_or(1_000_000)));
            let waited = tokio::select! {
                biased;
                () = other => Ok(()),
                waited = waited => waited,
            };
            assert_eq!(waited.is_ok(), given_up.is_some(), "{wait}");
            let took = began.elapsed().as_millis();
            let expected = u128::from(given_up.unwrap_or(wait));
            assert!((expected..=expected + 1).contains(&took), "{wait}: {took}");
        }
    }
}
