//! Picks an instance for each planned request, and says what it speaks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Request, Uri};
use tower::Service;

use super::load::Instance;
use crate::layer::Spoken;
use crate::plan::Plan;

/// The instance that was picked.
#[derive(Clone, Debug)]
pub(super) struct Target(pub(super) Uri);

/// The instances of one upstream.
#[derive(Debug)]
pub(super) struct Pool {
    /// An instance stands here as often as its weight says.
    turns: Vec<Instance>,
    next: AtomicUsize,
}

/// Puts [`Target`] and [`Spoken`] into the extensions. Where nothing fits, there is no target, and whoever forwards
/// says so.
#[derive(Clone, Debug)]
pub(super) struct Select<S> {
    inner: S,
    pools: Arc<BTreeMap<String, Pool>>,
}

/// More turns than this would only cost memory.
const MAX_TURNS: u32 = 100;

// === impl Pool ===

impl Pool {
    pub(super) fn new(instances: Vec<Instance>) -> Self {
        let divisor = instances.iter().map(|instance| instance.weight).fold(0, gcd).max(1);
        let turns = instances.into_iter().flat_map(|instance| {
            let weight = (instance.weight / divisor).min(MAX_TURNS) as usize;
            std::iter::repeat_n(instance, weight)
        });
        Self { turns: turns.collect(), next: AtomicUsize::new(0) }
    }

    fn pick(&self) -> Option<&Instance> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.turns.get(turn.checked_rem(self.turns.len())?)
    }
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

// === impl Select ===

impl<S> Select<S> {
    pub(super) const fn new(inner: S, pools: Arc<BTreeMap<String, Pool>>) -> Self {
        Self { inner, pools }
    }

    fn pick(&self, plan: &Plan) -> Option<(Target, Spoken)> {
        let instance = self.pools.get(plan.upstream()?)?.pick()?;
        let declared = instance.speaks.get(&*plan.api().name).copied();
        Some((Target(instance.url.clone()), Spoken(declared.unwrap_or(plan.spoken()))))
    }
}

impl<S, B> Service<Request<B>> for Select<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some((target, spoken)) = request.extensions().get::<Plan>().and_then(|plan| self.pick(plan)) {
            request.extensions_mut().insert(target);
            request.extensions_mut().insert(spoken);
        }
        self.inner.call(request)
    }
}
