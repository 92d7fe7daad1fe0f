//! The tasks that listen and read.

use std::sync::Arc;
use std::time::Duration;

use super::{PATIENCE, SharedInner, SharedState, told};
use crate::usage::{SharedListener, SharedNews, SharedStore};

/// How often everything is read while changes are heard of, and while they are not.
const POLL_BEHIND: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(500);
/// How often it is tried to listen again.
const RETRY: Duration = Duration::from_millis(500);
/// The same where notifications do not come through at all.
const RETRY_DEAF: Duration = Duration::from_secs(60);
/// After this silence the connection is tested.
const SILENCE: Duration = Duration::from_secs(15);
/// How long the answer to a test may take.
const ECHO: Duration = Duration::from_secs(2);

/// How listening ended.
enum ListenEnd {
    /// It heard something, and then no more.
    Lost,
    /// It never heard anything.
    Deaf,
    /// There is no connection.
    None,
}

// === impl SharedState ===

impl SharedState {
    /// Has the copy follow the database, until it is dropped. `changed` is called after each reading.
    pub(in crate::gateway) async fn keep(self, changed: impl Fn() + Send + Sync) {
        if let Some(inner) = self.inner {
            tokio::join!(inner.follow(changed), inner.listen());
        }
    }
}

// === impl SharedInner ===

impl SharedInner {
    async fn follow(&self, changed: impl Fn() + Send + Sync) {
        loop {
            let wait = if self.status().is_listening() { POLL_BEHIND } else { POLL };
            let _ = tokio::time::timeout(wait, self.wake.notified()).await;
            self.sync(PATIENCE).await;
            changed();
        }
    }

    async fn listen(&self) {
        let mut warned = false;
        loop {
            let store = self.turn.lock().await.store.clone();
            let end = match store {
                Some(store) => self.listen_once(&store).await,
                None => ListenEnd::None,
            };
            self.status().listens(false);
            if matches!(end, ListenEnd::Deaf) && !warned {
                tracing::warn!(
                    server = %self.listen,
                    "notifications do not come through, as behind a pooler; set `listen_url`; the shared state is polled"
                );
                warned = true;
            }
            tokio::time::sleep(if matches!(end, ListenEnd::Deaf) { RETRY_DEAF } else { RETRY }).await;
        }
    }

    /// Listens for as long as the connection works.
    async fn listen_once(&self, store: &Arc<SharedStore>) -> ListenEnd {
        let connecting = tokio::time::timeout(PATIENCE, store.listen(&self.listen, &self.channel));
        match connecting.await {
            Ok(Ok(listener)) => self.hear(store, listener).await,
            Ok(Err(error)) => {
                tracing::debug!(error = told(&error), "cannot listen for changes of the shared state");
                ListenEnd::None
            }
            Err(_) => ListenEnd::None,
        }
    }

    async fn hear(&self, store: &SharedStore, mut listener: SharedListener) -> ListenEnd {
        let mut end = ListenEnd::None;
        // A connection of which nothing is heard may be dead.
        let mut tested = true;
        if store.echo(&listener).await.is_err() {
            return end;
        }
        loop {
            let wait = if tested { ECHO } else { SILENCE };
            match tokio::time::timeout(wait, listener.next(&self.environment)).await {
                Ok(SharedNews::Changed) => self.wake.notify_one(),
                Ok(SharedNews::Echo) => {
                    tested = false;
                    if !self.status().is_listening() {
                        self.status().listens(true);
                        // What happened before it listened was not heard.
                        self.wake.notify_one();
                    }
                    end = ListenEnd::Lost;
                }
                Ok(SharedNews::Lost) => return end,
                Err(_) if tested => return if matches!(end, ListenEnd::None) { ListenEnd::Deaf } else { end },
                Err(_) if store.echo(&listener).await.is_err() => return end,
                Err(_) => tested = true,
            }
        }
    }
}
