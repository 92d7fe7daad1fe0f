//! An instance that counts its requests, and can be made to fail or to wait.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::Gateway;
use super::rig::{Client, OK, Served, Service, get};

pub(super) struct Instance {
    pub(super) service: Service,
    pub(super) state: Arc<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// Those that are no checks.
    pub(super) requests: AtomicUsize,
    /// It answers 503.
    pub(super) ill: AtomicBool,
    /// Its answers wait for `go`.
    pub(super) slow: AtomicBool,
    /// Its answers to checks wait for `go`.
    pub(super) mute: AtomicBool,
    pub(super) go: Notify,
    /// The last check.
    pub(super) check: Mutex<String>,
}

// === impl Instance ===

impl Instance {
    pub(super) async fn start() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).await.expect("a free port")
    }

    /// At `address`, if it is free.
    pub(super) async fn at(address: SocketAddr) -> Option<Self> {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let serve = move |mut served: Served| {
            let state = Arc::clone(&shared);
            async move {
                while let Some(request) = served.request().await {
                    served.write(state.answer(request).await).await;
                }
            }
        };
        Some(Self { service: Service::start_at(address, serve).await.ok()?, state })
    }

    pub(super) fn ill(&self, ill: bool) {
        self.state.ill.store(ill, Ordering::SeqCst);
    }

    /// How many requests there were since this was asked last.
    pub(super) fn take(&self) -> usize {
        self.state.requests.swap(0, Ordering::SeqCst)
    }
}

// === impl State ===

impl State {
    async fn answer(&self, request: String) -> &'static str {
        let waits = if request.starts_with("GET /healthz") {
            *self.check.lock().expect("whole") = request;
            &self.mute
        } else {
            self.requests.fetch_add(1, Ordering::SeqCst);
            &self.slow
        };
        if waits.load(Ordering::SeqCst) {
            self.go.notified().await;
        }
        if self.ill.load(Ordering::SeqCst) { "HTTP/1.1 503 No|content-length: 0||" } else { OK }
    }
}

/// Asks `count` times over one connection, and says how often the answer was 200.
pub(super) async fn asked(gateway: &Gateway, count: usize) -> usize {
    let mut client = Client::connect(gateway.listen).await;
    let mut well = 0;
    for _ in 0..count {
        well += usize::from(client.ask(&get("/api/v1/x")).await.status == 200);
    }
    well
}
