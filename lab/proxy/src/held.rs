//! Many connections that stay open, to see what they cost in memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_local};

use crate::target::{Connection, Error, Target};

/// Connections that were used once and are idle since.
pub struct Held {
    _connections: Vec<Connection>,
}

impl Held {
    /// Opens so many, one after another, and gets one answer on each.
    ///
    /// # Errors
    ///
    /// If one of them fails.
    pub async fn open(target: &Target, count: usize) -> Result<Self, Error> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let mut connection = Connection::new(target.clone());
            connection.get().await?;
            connections.push(connection);
        }
        Ok(Self { _connections: connections })
    }
}

/// Keeps so many connections busy for so long, and says how many answers came and failed.
pub async fn busy(target: &Target, length: Duration, connections: usize) -> (u64, u64) {
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
    tasks.iter().for_each(JoinHandle::abort);
    *counts.borrow()
}
