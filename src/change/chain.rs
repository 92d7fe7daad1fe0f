//! What the changes do to one message, version after version.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::Hasher;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use siphasher::sip::SipHasher13;

use crate::json::{self, Mode, Op, Pattern, Step};
use crate::version::VersionId;

/// What one change does in both directions.
#[derive(Clone, Debug)]
pub(crate) struct Link<S> {
    /// The version that introduced it.
    pub version: VersionId,
    /// Which change, by its place in the list of all.
    pub change: u32,
    /// From old to new, in the order they run.
    pub up: Box<[S]>,
    /// From new to old, in the order they run.
    pub down: Box<[S]>,
    /// Which op of the change each step is of, by its place in the change's list: of `up`, and of `down`.
    pub ops: [Box<[u32]>; 2],
}

/// The links of one message, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Chain<S> {
    links: Box<[Link<S>]>,
}

/// The part of a [`Chain`] that leads from one version to another.
#[derive(Debug)]
pub(crate) struct ChainSlice<'c, S> {
    links: &'c [Link<S>],
    upwards: bool,
    /// Before all others.
    head: &'c [S],
    /// Behind all others, one after the other.
    tails: [&'c [S]; 2],
}

/// The body of a message: its chain, what new clients get beside while old versions live, and its links.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyChain {
    chain: Chain<Step>,
    /// By the version from which on it applies; ascending.
    expand: Box<[VersionSteps]>,
    /// The steps that translate links, by the version from which on they are where these say; ascending.
    links: Box<[VersionSteps]>,
    /// A template of one of its steps contains a parameter of the request's path.
    needs_path: bool,
    programs: Programs,
    /// Made when first asked for: most chains never are.
    prints: OnceLock<Fingerprints>,
}

/// By the version that a program starts from, the one it leads to, and whether it translates links within one.
type ProgramsByVersions = BTreeMap<(VersionId, VersionId, bool), json::Program>;

/// The programs that were composed so far, by where they lead. Between all pairs of versions there would be far too
/// many to compose at load, and almost all would never be run; each is composed at its first use, and then is there.
#[derive(Clone, Debug, Default)]
struct Programs {
    list: Arc<RwLock<ProgramsByVersions>>,
}

/// Fingerprints of all steps of a chain, so that those of a program are put together without looking at its steps.
#[derive(Clone, Debug)]
struct Fingerprints {
    /// Upwards and downwards, by link.
    links: Box<[[u64; 2]]>,
    expand: Box<[u64]>,
    references: Box<[u64]>,
}

/// Hashes what is written to it.
struct FingerprintHasher(SipHasher13);

/// The steps of one version.
pub(super) type VersionSteps = (VersionId, Box<[Step]>);

// === impl Link ===

impl<S> Link<S> {
    /// Of steps that know which op they are of.
    pub(super) fn new(version: VersionId, change: u32, up: Vec<(u32, S)>, down: Vec<(u32, S)>) -> Self {
        let (up_ops, up): (Vec<u32>, Vec<S>) = up.into_iter().unzip();
        let (down_ops, down): (Vec<u32>, Vec<S>) = down.into_iter().unzip();
        Self { version, change, up: up.into(), down: down.into(), ops: [up_ops.into(), down_ops.into()] }
    }
}

// === impl Chain ===

impl<S> Default for Chain<S> {
    fn default() -> Self {
        Self { links: Box::default() }
    }
}

impl<S> Chain<S> {
    /// Links in the order of their changes, oldest first.
    pub(super) fn new(links: Vec<Link<S>>) -> Self {
        debug_assert!(links.is_sorted_by_key(|link| (link.version, link.change)));
        Self { links: links.into() }
    }

    /// What leads from one version to the other; empty if they are the same.
    #[must_use]
    pub(crate) fn between(&self, from: VersionId, to: VersionId) -> ChainSlice<'_, S> {
        let (a, b) = (self.position(from), self.position(to));
        ChainSlice { links: &self.links[a.min(b)..a.max(b)], upwards: a < b, head: &[], tails: [&[], &[]] }
    }

    fn position(&self, version: VersionId) -> usize {
        self.links.partition_point(|link| link.version <= version)
    }

    /// All links, oldest first.
    #[must_use]
    pub(crate) fn links(&self) -> &[Link<S>] {
        &self.links
    }
}

// === impl ChainSlice ===

impl<S> Clone for ChainSlice<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for ChainSlice<'_, S> {}

impl<'c, S> ChainSlice<'c, S> {
    /// Whether there is nothing to do.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.steps().next().is_none()
    }

    /// The steps in the order they run.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &'c S> + use<'c, S> {
        let (up, down) = if self.upwards { (self.links, &[][..]) } else { (&[][..], self.links) };
        let up = up.iter().flat_map(|link| link.up.iter());
        let down = down.iter().rev().flat_map(|link| link.down.iter());
        self.head.iter().chain(up).chain(down).chain(self.tails.into_iter().flatten())
    }

    /// The steps that are of no change: before all changes, and behind them.
    pub(crate) fn around(&self) -> [&'c [S]; 2] {
        [self.head, self.tails[0]]
    }

    /// The steps in the order they run, each with the op that it is of: the change, by its place in the list of all, and
    /// the op, by its place in the change. Without the names that an expanded rename adds.
    pub(crate) fn ops(&self) -> impl Iterator<Item = ((u32, u32), &'c S)> + use<'c, S> {
        let (up, down) = if self.upwards { (self.links, &[][..]) } else { (&[][..], self.links) };
        let up =
            up.iter().flat_map(|link| link.ops[0].iter().zip(&link.up).map(|(op, step)| ((link.change, *op), step)));
        let down = down.iter().rev();
        let down =
            down.flat_map(|link| link.ops[1].iter().zip(&link.down).map(|(op, step)| ((link.change, *op), step)));
        up.chain(down)
    }
}

// === impl BodyChain ===

impl BodyChain {
    pub(super) fn new(chain: Chain<Step>, expand: Vec<VersionSteps>, links: Vec<VersionSteps>) -> Self {
        let (programs, prints) = (Programs::default(), OnceLock::new());
        let mut steps = chain.links.iter().flat_map(|link| link.up.iter().chain(&link.down));
        let needs_path = steps.any(|step| step.op.path_parameters().next().is_some());
        Self { chain, expand: expand.into(), links: links.into(), needs_path, programs, prints }
    }

    /// What is beside the chain: names that new clients get as well, and links.
    pub(super) fn beside(&self) -> [&[VersionSteps]; 2] {
        [&self.expand, &self.links]
    }

    /// Makes known to the steps that translate links what these depend on, as a fingerprint.
    pub(super) fn set_link_rules(&mut self, print: u64) {
        for step in self.links.iter_mut().flat_map(|(_, steps)| steps) {
            if let Op::Link { rules, .. } = &mut step.op {
                *rules = print;
            }
        }
    }

    /// Links are translated where the newer of two versions has them: what an op makes of a link, it makes of the older one.
    fn links_in(&self, version: VersionId) -> &[Step] {
        let at = self.links.partition_point(|(from, _)| *from <= version);
        at.checked_sub(1).map_or(&[][..], |last| &self.links[last].1)
    }

    /// What leads from one version to the other, and what a client of the other gets beside.
    #[must_use]
    pub(crate) fn between(&self, from: VersionId, to: VersionId) -> ChainSlice<'_, Step> {
        let at = self.expand.partition_point(|(version, _)| *version <= to);
        let tail = at.checked_sub(1).map_or(&[][..], |last| &self.expand[last].1);
        let links = if from == to { &[][..] } else { self.links_in(from.max(to)) };
        let (head, last) = if from < to { (&[][..], links) } else { (links, &[][..]) };
        ChainSlice { head, tails: [last, tail], ..self.chain.between(from, to) }
    }

    /// What a client that speaks the service's version gets where it has the API under another prefix.
    #[must_use]
    pub(crate) fn relinked(&self, version: VersionId) -> ChainSlice<'_, Step> {
        ChainSlice { head: self.links_in(version), ..self.between(version, version) }
    }

    /// Where `version` has links.
    pub(crate) fn link_places(&self, version: VersionId) -> impl Iterator<Item = Pattern> {
        self.links_in(version).iter().filter_map(|step| match &step.op {
            Op::Link { at, .. } => Some(step.each.join(&at.clone().into())),
            _ => None,
        })
    }

    /// Whether what its steps write depends on the path of the request.
    #[must_use]
    pub(crate) const fn needs_path(&self) -> bool {
        self.needs_path
    }

    /// Whether it has links.
    #[must_use]
    pub(crate) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// All that leads from one version to the other, composed into one program.
    #[must_use]
    pub(crate) fn program(&self, from: VersionId, to: VersionId) -> json::Program {
        self.composed((from, to, false), || self.between(from, to))
    }

    /// The program of [`relinked`](Self::relinked).
    #[must_use]
    pub(crate) fn relinking_program(&self, version: VersionId) -> json::Program {
        self.composed((version, version, true), || self.relinked(version))
    }

    fn composed<'c>(
        &'c self,
        key: (VersionId, VersionId, bool),
        steps: impl FnOnce() -> ChainSlice<'c, Step>,
    ) -> json::Program {
        let known = self.programs.list.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            // Where the body is partial, the steps say so themselves.
            let program = json::Program::new(steps().steps(), Mode::Whole);
            let mut list = self.programs.list.write().unwrap_or_else(PoisonError::into_inner);
            list.entry(key).or_insert(program).clone()
        })
    }

    /// A fingerprint of what [`between`](Self::between) gives: another one where the bytes that come of it could be
    /// others, the same in every process. Of a closure it only knows that there is one.
    #[must_use]
    pub(crate) fn fingerprint(&self, from: VersionId, to: VersionId) -> u32 {
        let prints = self.prints.get_or_init(|| Fingerprints::of(self));
        let (a, b) = (self.chain.position(from), self.chain.position(to));
        let links = &prints.links[a.min(b)..a.max(b)];
        let mut hasher = SipHasher13::new();
        match a < b {
            true => links.iter().for_each(|[up, _]| hasher.write_u64(*up)),
            false => links.iter().rev().for_each(|[_, down]| hasher.write_u64(*down)),
        }
        let tail = self.expand.partition_point(|(version, _)| *version <= to).checked_sub(1);
        hasher.write_u64(tail.map_or(0, |last| prints.expand[last]));
        if !self.links.is_empty() {
            let at = self.links.partition_point(|(version, _)| *version <= from.max(to)).checked_sub(1);
            hasher.write_u64(at.map_or(0, |last| prints.references[last]));
        }
        let hash = hasher.finish();
        (hash ^ (hash >> 32)) as u32
    }

    /// The chain.
    #[must_use]
    pub(crate) const fn chain(&self) -> &Chain<Step> {
        &self.chain
    }
}

// === impl Fingerprints ===

impl Fingerprints {
    fn of(body: &BodyChain) -> Self {
        let links = body.chain.links.iter();
        Self {
            links: links.map(|link| [FingerprintHasher::of(&link.up), FingerprintHasher::of(&link.down)]).collect(),
            expand: body.expand.iter().map(|(_, steps)| FingerprintHasher::of(steps)).collect(),
            references: body.links.iter().map(|(_, steps)| FingerprintHasher::of(steps)).collect(),
        }
    }
}

/// The fingerprint of what is written.
pub(super) fn fingerprint(text: impl FnOnce(&mut dyn Write) -> std::fmt::Result) -> u64 {
    let mut hasher = FingerprintHasher(SipHasher13::new());
    // Writing to a hasher cannot fail.
    let _ = text(&mut hasher);
    hasher.0.finish()
}

// === impl FingerprintHasher ===

impl FingerprintHasher {
    /// SipHash-1-3 with a fixed key is specified, so all replicas have the same. What is hashed is the steps as `Debug`
    /// writes them, which is all that there is to them; 0 where there are none.
    fn of(steps: &[Step]) -> u64 {
        let mut print = Self(SipHasher13::new());
        match steps {
            [] => 0,
            // Writing to a hasher cannot fail.
            steps => write!(print, "{steps:?}").map_or(0, |()| print.0.finish()),
        }
    }
}

impl Write for FingerprintHasher {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
