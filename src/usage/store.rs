//! Where batches go.

use std::error::Error;
use std::future::Future;

use super::batch::Batch;
use super::coverage::LedgerCoverage;

/// Stores batches elsewhere.
pub trait LedgerStore: Send + Sync {
    /// Why a batch could not be stored.
    type Error: Error + Send + Sync + 'static;

    /// Adds a batch, all of it or nothing, and at most once: see [`Batch`]. It may be dropped before it is ready; the batch comes
    /// again.
    fn store(&self, batch: &Batch) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Notes how long a run has counted. It comes after each flush, also after one with nothing to store. Without it, a
    /// report cannot tell a time without requests from one in which nothing was counted. Default: it is not noted.
    fn cover(&self, coverage: &LedgerCoverage) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = coverage;
        std::future::ready(Ok(()))
    }
}
