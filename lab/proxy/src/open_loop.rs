//! Requests at a constant rate, whether or not the answers keep up.
//!
//! A latency counts from the moment at which the request was due, not from when it could be sent: a proxy that
//! stalls is charged for every request that had to wait (coordinated omission is corrected).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinSet, spawn_local};

use crate::target::{Connection, Target};

/// Requests that are due within the first part are sent, but not counted.
const WARM_UP: Duration = Duration::from_millis(300);
/// How long answers are waited for after the last request was due.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Shared {
    due: RefCell<VecDeque<Instant>>,
    wake: Notify,
    latencies: RefCell<Vec<Duration>>,
    errors: RefCell<u64>,
}

/// What a run saw.
pub struct Seen {
    /// Sorted.
    pub latencies: Vec<Duration>,
    pub errors: u64,
    /// Requests that were due and still without an answer at the end.
    pub unanswered: u64,
    /// By how much the pacer itself was late, at the worst.
    pub pacer_late: Duration,
}

impl Seen {
    /// The latency that so many in a thousand do not exceed, in microseconds.
    #[must_use]
    pub fn quantile(&self, per_mille: usize) -> f64 {
        let at = (self.latencies.len() * per_mille).div_ceil(1000).saturating_sub(1);
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e6)
    }
}

/// Sends `rate` requests a second for so long. It needs a `LocalSet`.
pub async fn run(target: &Target, rate: f64, length: Duration, connections: usize) -> Seen {
    let shared = Rc::new(Shared::default());
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        tasks.spawn_local(connection(shared.clone(), Connection::new(target.clone()), start + WARM_UP));
    }
    let (issued, pacer_late) = queue(&shared, start, pace(start, rate, WARM_UP + length)).await;
    drain(&shared, issued).await;
    tasks.shutdown().await;
    let mut latencies = shared.latencies.take();
    latencies.sort_unstable();
    let errors = shared.errors.take();
    let unanswered = issued.saturating_sub(latencies.len() as u64 + errors);
    Seen { latencies, errors, unanswered, pacer_late }
}

async fn connection(shared: Rc<Shared>, mut connection: Connection, counted_from: Instant) {
    loop {
        let next = shared.due.borrow_mut().pop_front();
        let Some(due) = next else {
            shared.wake.notified().await;
            continue;
        };
        let done = connection.get().await;
        match done {
            _ if due < counted_from => {}
            Ok(()) => shared.latencies.borrow_mut().push(due.elapsed()),
            Err(_) => *shared.errors.borrow_mut() += 1,
        }
    }
}

/// Puts every request into the queue when it is due, and says how many count and how late it was at the worst.
async fn queue(shared: &Rc<Shared>, start: Instant, mut due: UnboundedReceiver<Instant>) -> (u64, Duration) {
    let (mut counted, mut late) = (0, Duration::ZERO);
    while let Some(due) = due.recv().await {
        if due >= start + WARM_UP {
            counted += 1;
            late = late.max(due.elapsed());
        }
        shared.due.borrow_mut().push_back(due);
        shared.wake.notify_one();
    }
    (counted, late)
}

/// Sends the time of every request when it has come. A thread of its own, since the runtime's timer has steps of a
/// millisecond, as long as many latencies.
fn pace(start: Instant, rate: f64, length: Duration) -> UnboundedReceiver<Instant> {
    let (send, receive) = unbounded_channel();
    // The kernel may let a sleeper sleep 50 microseconds longer, unless told; the new thread takes this over.
    let _ = std::fs::write("/proc/self/timerslack_ns", "1");
    std::thread::spawn(move || {
        let times = (0_u64..).map(|i| Duration::from_secs_f64(i as f64 / rate)).take_while(|after| *after < length);
        for after in times {
            let due = start + after;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if send.send(due).is_err() {
                return;
            }
        }
    });
    receive
}

async fn drain(shared: &Rc<Shared>, issued: u64) {
    let end = Instant::now() + LAST_ANSWERS;
    let answered = || shared.latencies.borrow().len() as u64 + *shared.errors.borrow();
    while answered() < issued && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Keeps a task of its own per connection busy until it is told to stop, and says how many answers came and failed.
pub async fn closed(target: &Target, length: Duration, connections: usize) -> (u64, u64) {
    let counts = Rc::new(RefCell::new((0, 0)));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (counts, mut connection) = (counts.clone(), Connection::new(target.clone()));
            spawn_local(async move {
                loop {
                    match connection.get().await {
                        Ok(()) => counts.borrow_mut().0 += 1,
                        Err(_) => counts.borrow_mut().1 += 1,
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(length).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let counts = counts.borrow();
    *counts
}
