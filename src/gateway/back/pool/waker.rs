//! The waker of a connection that has no task of its own.
//!
//! Both halves of such a connection are polled by one task, and wake each other. A task that wakes itself is polled once more
//! from the top, through everything that serves the client's connection. So a wake that comes during a poll is answered within
//! that poll.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use atomic_waker::AtomicWaker;

/// The waker of one connection. The task that polls the connection may change.
#[derive(Debug)]
pub(super) struct ConnectionWaker {
    state: Arc<WakerState>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct WakerState {
    task: AtomicWaker,
    woken: AtomicBool,
    /// A poll is under way.
    polled: AtomicBool,
}

/// Polls in a row. After these the task yields, so that a connection that wakes itself without end does not starve others.
const POLLS: usize = 2;

// === impl ConnectionWaker ===

impl ConnectionWaker {
    pub(super) fn new() -> Self {
        let state = Arc::<WakerState>::default();
        let waker = Waker::from(Arc::clone(&state));
        Self { state, waker }
    }

    /// Forgets the task that polled last.
    pub(super) fn forget(&self) {
        self.state.task.take();
    }

    /// Polls, and polls again if it was woken meanwhile. A later wake wakes the task of `cx`.
    pub(super) fn poll<T>(&self, cx: &mut Context<'_>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let state = &*self.state;
        state.task.register(cx.waker());
        state.polled.store(true, Ordering::SeqCst);
        let mut inner = Context::from_waker(&self.waker);
        for _ in 0..POLLS {
            state.woken.store(false, Ordering::SeqCst);
            let polled = poll(&mut inner);
            if polled.is_ready() {
                state.polled.store(false, Ordering::SeqCst);
                return polled;
            }
            if !state.woken.load(Ordering::SeqCst) {
                break;
            }
        }
        state.polled.store(false, Ordering::SeqCst);
        // Also a wake that came after the last look, while the poll was still under way.
        if state.woken.load(Ordering::SeqCst) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Wake for WakerState {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        if !self.polled.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct TestTask(AtomicUsize);

    impl Wake for TestTask {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often the task was woken and the poll made, if each of the first `wakes` polls wakes it.
    fn run(wakes: usize, ready_at: usize) -> (usize, usize, bool) {
        let (task, shared) = (Arc::<TestTask>::default(), ConnectionWaker::new());
        let waker = Waker::from(Arc::clone(&task));
        let mut polls = 0;
        let polled = shared.poll(&mut Context::from_waker(&waker), |cx| {
            polls += 1;
            if polls <= wakes {
                cx.waker().wake_by_ref();
            }
            if polls == ready_at { Poll::Ready(()) } else { Poll::Pending }
        });
        (task.0.load(Ordering::SeqCst), polls, polled.is_ready())
    }

    #[test]
    fn a_wake_during_a_poll_is_answered_in_it() {
        let rows = [
            ("silence", (0, 0), (0, 1, false)),
            ("once", (1, 0), (0, 2, false)),
            ("without end", (9, 0), (1, 2, false)),
            ("ready at once", (1, 1), (0, 1, true)),
            ("ready by the wake", (1, 2), (0, 2, true)),
        ];
        for (what, (wakes, ready_at), expected) in rows {
            assert_eq!(run(wakes, ready_at), expected, "{what}");
        }
    }

    #[test]
    fn a_later_wake_wakes_the_task_that_polled_last() {
        let shared = ConnectionWaker::new();
        let tasks = [Arc::<TestTask>::default(), Arc::default()];
        let mut kept = None;
        for task in &tasks {
            let waker = Waker::from(Arc::clone(task));
            let polled = shared.poll(&mut Context::from_waker(&waker), |cx| {
                kept = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            assert!(polled.is_pending());
        }
        kept.expect("a waker").wake();
        assert_eq!(tasks.map(|task| task.0.load(Ordering::SeqCst)), [0, 1]);
    }
}
