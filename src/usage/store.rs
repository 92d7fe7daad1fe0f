//! Where batches go.

use std::error::Error;
use std::future::Future;

use super::batch::Batch;

/// Stores batches elsewhere.
pub trait LedgerStore: Send + Sync {
    /// Why a batch could not be stored.
    type Error: Error + Send + Sync + 'static;

    /// Adds a batch, all of it or nothing, and at most once: see [`Batch`]. It may be dropped before it is ready; the batch comes
    /// again.
    fn store(&self, batch: &Batch) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
