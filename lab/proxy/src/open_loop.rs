//! Requests at a constant rate, whether or not the answers keep up.
//!
//! A latency counts from the moment at which the request was due, not from when it could be sent: a proxy that
//! stalls is charged for every request that had to wait (coordinated omission is corrected).

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use crate::target::{Error, Target};
use crate::wire::Wire;

/// Requests that are due within the first part are sent, but not counted.
const WARM_UP: Duration = Duration::from_millis(300);
/// How long answers are waited for after the last request was due.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// The longest wait for an answer at the end, before it is looked whether it is time to go.
const LONGEST_WAIT: Duration = Duration::from_millis(10);

/// What a run saw.
#[derive(Default)]
pub struct Seen {
    pub latencies: Vec<Duration>,
    pub errors: u64,
    /// Requests that were due and still without an answer at the end.
    pub unanswered: u64,
    /// By how much the generator itself was late to see that a request was due.
    pub late: Vec<Duration>,
}

/// The value that so many in a thousand of a sorted list do not exceed, in microseconds.
#[must_use]
pub fn quantile(sorted: &[Duration], per_mille: usize) -> f64 {
    let at = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |value| value.as_secs_f64() * 1e6)
}

/// Sends `rate` requests a second for so long.
///
/// # Errors
///
/// If there are no connections to be had.
pub fn run(target: &Target, rate: f64, length: Duration, connections: usize) -> Result<Seen, Error> {
    // The kernel may let a sleeper sleep 50 microseconds longer by default.
    let _ = std::fs::write("/proc/self/timerslack_ns", "1");
    let mut load = Load::new(target, connections)?;
    let (start, length) = (Instant::now(), WARM_UP + length);
    let counted_from = start + WARM_UP;
    let mut times = (0_u64..).map(|i| Duration::from_secs_f64(i as f64 / rate)).take_while(|after| *after < length);
    let mut next = times.next();
    let end = start + length + LAST_ANSWERS;
    loop {
        let now = Instant::now();
        while let Some(due) = next.map(|after| start + after).filter(|due| *due <= now) {
            load.due(due, due >= counted_from);
            next = times.next();
        }
        load.send_all()?;
        if next.is_none() && (load.is_done() || now >= end) {
            return Ok(load.end());
        }
        let wait = next.map_or(LONGEST_WAIT, |after| (start + after).saturating_duration_since(Instant::now()));
        load.read_all(wait, counted_from)?;
    }
}

struct Load {
    target: Target,
    request: Vec<u8>,
    epoll: OwnedFd,
    wires: Vec<Wire>,
    /// When the request that a wire has under way was due.
    under_way: Vec<Option<Instant>>,
    idle: Vec<usize>,
    queue: VecDeque<Instant>,
    counted: u64,
    seen: Seen,
    buffer: Vec<u8>,
}

impl Load {
    fn new(target: &Target, connections: usize) -> Result<Self, Error> {
        let wires = (0..connections).map(|_| Wire::connect(target)).collect::<Result<Vec<_>, _>>()?;
        let load = Self {
            request: format!("GET {} HTTP/1.1\r\nhost: {}\r\n\r\n", target.path, target.address).into_bytes(),
            target: target.clone(),
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            under_way: vec![None; connections],
            idle: (0..connections).collect(),
            wires,
            queue: VecDeque::new(),
            counted: 0,
            seen: Seen::default(),
            buffer: vec![0; 1 << 17],
        };
        (0..connections).try_for_each(|i| load.register(i))?;
        Ok(load)
    }

    fn register(&self, i: usize) -> Result<(), Error> {
        Ok(epoll::add(&self.epoll, &self.wires[i].stream, EventData::new_u64(i as u64), EventFlags::IN)?)
    }

    fn due(&mut self, due: Instant, counts: bool) {
        if counts {
            self.counted += 1;
            self.seen.late.push(due.elapsed());
        }
        self.queue.push_back(due);
    }

    fn send_all(&mut self) -> Result<(), Error> {
        while !self.queue.is_empty() {
            let Some(i) = self.idle.pop() else { break };
            self.under_way[i] = self.queue.pop_front();
            if self.wires[i].send(&self.request).is_err() {
                self.failed(i)?;
            }
        }
        Ok(())
    }

    fn read_all(&mut self, wait: Duration, counted_from: Instant) -> Result<(), Error> {
        let mut events: Vec<Event> = Vec::with_capacity(self.wires.len());
        match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&Timespec::try_from(wait)?)) {
            Err(rustix::io::Errno::INTR) => return Ok(()),
            found => found?,
        };
        for event in events {
            let data = event.data;
            let i = usize::try_from(data.u64())?;
            match self.wires[i].read(&mut self.buffer) {
                Ok(false) => {}
                Ok(true) => self.answered(i, counted_from),
                Err(_) => self.failed(i)?,
            }
        }
        Ok(())
    }

    fn answered(&mut self, i: usize, counted_from: Instant) {
        if let Some(due) = self.under_way[i].take().filter(|due| *due >= counted_from) {
            self.seen.latencies.push(due.elapsed());
        }
        self.idle.push(i);
    }

    /// A new connection takes the place of one that failed. An error of the warm-up counts too.
    fn failed(&mut self, i: usize) -> Result<(), Error> {
        if self.under_way[i].take().is_some() {
            self.seen.errors += 1;
            self.idle.push(i);
        }
        self.wires[i] = Wire::connect(&self.target)?;
        self.register(i)
    }

    fn is_done(&self) -> bool {
        self.queue.is_empty() && self.under_way.iter().all(Option::is_none)
    }

    fn end(mut self) -> Seen {
        let told = self.seen.latencies.len() as u64 + self.seen.errors;
        self.seen.unanswered = self.counted.saturating_sub(told);
        self.seen.latencies.sort_unstable();
        self.seen.late.sort_unstable();
        self.seen
    }
}
