//! The waker of a connection that is driven by whoever waits for it.
//!
//! Both halves of such a connection are polled by one task, and wake each other. A task that was woken by itself would be
//! polled once more from the top, through all that serves the client's connection; so what rings during a poll is
//! answered within it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use atomic_waker::AtomicWaker;

/// A bell for one connection; who waits for it may change.
#[derive(Debug)]
pub(super) struct Bell {
    state: Arc<State>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct State {
    task: AtomicWaker,
    rung: AtomicBool,
    /// Somebody is answering it.
    polled: AtomicBool,
}

/// More often in a row, it lets other tasks go first: what rings without end is one that is to pause.
const ANSWERS: usize = 2;

// === impl Bell ===

impl Bell {
    pub(super) fn new() -> Self {
        let state = Arc::<State>::default();
        let waker = Waker::from(Arc::clone(&state));
        Self { state, waker }
    }

    /// Nobody waits any more.
    pub(super) fn forget(&self) {
        self.state.task.take();
    }

    /// Polls, and polls again if it rang meanwhile. The task of `cx` is woken for what rings later.
    pub(super) fn poll<T>(&self, cx: &mut Context<'_>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let state = &*self.state;
        state.task.register(cx.waker());
        state.polled.store(true, Ordering::SeqCst);
        let mut inner = Context::from_waker(&self.waker);
        for _ in 0..ANSWERS {
            state.rung.store(false, Ordering::SeqCst);
            let polled = poll(&mut inner);
            if polled.is_ready() {
                state.polled.store(false, Ordering::SeqCst);
                return polled;
            }
            if !state.rung.load(Ordering::SeqCst) {
                break;
            }
        }
        state.polled.store(false, Ordering::SeqCst);
        // Also what rang after the last look, and found somebody at work.
        if state.rung.load(Ordering::SeqCst) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
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
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often the task was woken and the poll made, if each of the first `rings` polls rings.
    fn run(rings: usize, ready_at: usize) -> (usize, usize, bool) {
        let (task, bell) = (Arc::<Task>::default(), Bell::new());
        let waker = Waker::from(Arc::clone(&task));
        let mut polls = 0;
        let polled = bell.poll(&mut Context::from_waker(&waker), |cx| {
            polls += 1;
            if polls <= rings {
                cx.waker().wake_by_ref();
            }
            if polls == ready_at { Poll::Ready(()) } else { Poll::Pending }
        });
        (task.0.load(Ordering::SeqCst), polls, polled.is_ready())
    }

    #[test]
    fn what_rings_during_a_poll_is_answered_in_it() {
        let rows = [
            ("silence", (0, 0), (0, 1, false)),
            ("once", (1, 0), (0, 2, false)),
            ("without end", (9, 0), (1, 2, false)),
            ("ready at once", (1, 1), (0, 1, true)),
            ("ready by the ring", (1, 2), (0, 2, true)),
        ];
        for (what, (rings, ready_at), expected) in rows {
            assert_eq!(run(rings, ready_at), expected, "{what}");
        }
    }

    #[test]
    fn what_rings_later_wakes_whoever_polled_last() {
        let bell = Bell::new();
        let tasks = [Arc::<Task>::default(), Arc::default()];
        let mut kept = None;
        for task in &tasks {
            let waker = Waker::from(Arc::clone(task));
            let polled = bell.poll(&mut Context::from_waker(&waker), |cx| {
                kept = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            assert!(polled.is_pending());
        }
        kept.expect("a waker").wake();
        assert_eq!(tasks.map(|task| task.0.load(Ordering::SeqCst)), [0, 1]);
    }
}
