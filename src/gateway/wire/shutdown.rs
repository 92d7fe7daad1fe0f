//! The signal that the gateway stops.

use tokio::sync::watch;

/// Resolves once the gateway stops. All clones see it.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Shutdown {
    signal: watch::Receiver<bool>,
}

// === impl Shutdown ===

impl Shutdown {
    pub(in crate::gateway) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, signal) = watch::channel(false);
        (sender, Self { signal })
    }

    /// Ends once the stop was requested.
    pub(in crate::gateway) async fn requested(&mut self) {
        // A sender that was dropped requests it as well.
        let _ = self.signal.wait_for(|signal| *signal).await;
    }
}
