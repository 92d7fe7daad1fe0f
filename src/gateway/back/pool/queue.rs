//! How many requests an instance gets at once, and the queue of those that wait for a free place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of an instance. Waiting requests get them in the order in which they came.
#[derive(Debug)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    limits: QueueLimits,
}

/// The limits of one instance, as the config has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueueLimits {
    /// Requests at once.
    pub(super) connections: usize,
    /// Requests that may wait.
    pub(super) queue: usize,
    /// How long each may wait.
    pub(super) timeout: Duration,
}

/// A request's place. Another request gets it when this is dropped.
#[derive(Debug)]
pub(super) struct QueuePermit {
    _permit: OwnedSemaphorePermit,
}

/// Why a request got no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum QueueError {
    /// As many as may wait are waiting.
    Queue,
    /// It waited as long as it may.
    TimedOut,
}

/// A request that waits; dropped with its client, it leaves the queue.
struct QueueWait<'a> {
    count: &'a AtomicUsize,
    gauge: &'a Gauge,
}

// === impl Queue ===

impl Queue {
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self { places: Arc::new(Semaphore::new(limits.connections)), waiting: AtomicUsize::new(0), limits }
    }

    /// A place, if one is free and no request waits for it.
    pub(super) fn try_enter(&self) -> Option<QueuePermit> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(QueuePermit { _permit: permit })
    }

    /// Whether the next request would have to wait.
    pub(super) fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// The next place that becomes free. `queued` counts the requests that wait.
    pub(super) async fn wait(&self, queued: &Gauge) -> Result<QueuePermit, QueueError> {
        let waiting = QueueWait::begin(&self.waiting, self.limits.queue, queued).ok_or(QueueError::Queue)?;
        let entering = Arc::clone(&self.places).acquire_owned();
        let entered = tokio::time::timeout(self.limits.timeout, entering).await;
        drop(waiting);
        match entered {
            // The semaphore is never closed.
            Ok(Ok(permit)) => Ok(QueuePermit { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(QueueError::TimedOut),
        }
    }
}

// === impl QueueWait ===

impl<'a> QueueWait<'a> {
    fn begin(count: &'a AtomicUsize, most: usize, gauge: &'a Gauge) -> Option<Self> {
        let more = |waiting| (waiting < most).then_some(waiting + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        gauge.increment(1.0);
        Some(Self { count, gauge })
    }
}

impl Drop for QueueWait<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.gauge.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn queue(connections: usize, queue: usize) -> Queue {
        Queue::new(QueueLimits { connections, queue, timeout: Duration::from_secs(5) })
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_given_in_order() {
        let (queue, gauge) = (queue(1, 2), Gauge::noop());
        let first = queue.try_enter().expect("it is empty");
        let (mut second, mut third) = (pin!(queue.wait(&gauge)), pin!(queue.wait(&gauge)));
        assert!(poll(second.as_mut()).is_pending() && poll(third.as_mut()).is_pending());
        assert_eq!(queue.wait(&gauge).await.err(), Some(QueueError::Queue), "two may wait");
        drop(first);
        assert!(queue.try_enter().is_none(), "a newcomer does not overtake");
        assert!(poll(third.as_mut()).is_pending());
        let Poll::Ready(Ok(place)) = poll(second.as_mut()) else { panic!("its turn") };
        drop(place);
        assert!(matches!(poll(third.as_mut()), Poll::Ready(Ok(_))));
        assert_eq!(queue.waiting.load(Ordering::Relaxed), 0);
        assert!(!queue.is_full());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_frees_its_place() {
        let (queue, gauge) = (queue(1, 2), Gauge::noop());
        let first = queue.try_enter().expect("it is empty");
        let mut leaving = [(); 2].map(|()| Some(Box::pin(queue.wait(&gauge))));
        assert!(leaving.iter_mut().flatten().all(|waiting| poll(waiting.as_mut()).is_pending()));
        leaving[0] = None;
        let mut next = pin!(queue.wait(&gauge));
        assert!(poll(next.as_mut()).is_pending(), "the queue has room again");
        drop(first);
        assert!(queue.try_enter().is_none(), "the place is the second one's");
        leaving[1] = None;
        assert!(matches!(poll(next.as_mut()), Poll::Ready(Ok(_))), "and it left without having taken it");
        assert!(queue.try_enter().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_has_an_end() {
        let (queue, gauge) = (queue(1, 1), Gauge::noop());
        let _first = queue.try_enter().expect("it is empty");
        let began = tokio::time::Instant::now();
        assert_eq!(queue.wait(&gauge).await.err(), Some(QueueError::TimedOut));
        assert_eq!(began.elapsed().as_secs(), 5);
        assert_eq!(queue.waiting.load(Ordering::Relaxed), 0);
    }
}
