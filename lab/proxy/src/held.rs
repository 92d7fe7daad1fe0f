//! Many connections that stay open, to see what they cost in memory.

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
