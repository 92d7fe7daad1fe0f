//! Which lines of a log were counted by an earlier import.
//!
//! A block that is stored has been imported. What is around such blocks is compared line by line with what was around them then: a
//! log that has grown has more lines after its last block, and one that was cut begins within a block.

use std::collections::{HashMap, VecDeque};

use super::blocks::{BlockCutter, KnownBlock, LineMark};
use super::part::LineHasher;
use crate::usage::imported::{ImportedBatch, ImportedBlock};
use crate::usage::{LedgerError, SqlLedger};

/// The lines of one log, in their order, from the first one that is not stored.
pub(super) struct Alignment<'s> {
    store: &'s SqlLedger,
    /// Whether something was imported before.
    compares: bool,
    start: i64,
    cutter: BlockCutter,
    /// The last block that ended.
    previous: i64,
    lines: VecDeque<AlignedLine>,
    /// The number of the first of `lines`.
    base: u64,
    /// The number of the first line whose block does not end yet.
    open: u64,
    /// The blocks of `lines`.
    blocks: VecDeque<FoundBlock>,
    /// How often each block was found, and how often it was stored before.
    found: HashMap<i64, (i64, i64)>,
    /// Where, in what is stored, the next line may be.
    next: Expected,
    /// The number of the first line since the last one that was found in what is stored.
    loose: u64,
    /// The number of the first line that is not being counted yet.
    waiting: u64,
    hasher: LineHasher,
}

#[derive(Clone, Copy, Debug)]
struct AlignedLine {
    mark: LineMark,
    /// Whether it is to be counted.
    fresh: bool,
}

/// A block of the log.
struct FoundBlock {
    digest: i64,
    previous: i64,
    lines: usize,
    /// That it is there for so many times, and how often that was before.
    times: (i64, i64),
    /// As it is stored; `None` if it is new.
    known: Option<Vec<LineMark>>,
}

/// What is expected to follow.
enum Expected {
    Nothing,
    /// A block whose predecessor is this one.
    After(i64),
    /// Lines of a block.
    Within(KnownBlock, usize),
}

// === impl Alignment ===

impl<'s> Alignment<'s> {
    pub(super) async fn new(store: &'s SqlLedger, hasher: LineHasher) -> Result<Self, LedgerError> {
        let start = BlockCutter::start(hasher);
        Ok(Self {
            store,
            compares: !store.has_no_imports().await?,
            start,
            cutter: BlockCutter::new(hasher),
            previous: start,
            lines: VecDeque::new(),
            base: 0,
            open: 0,
            blocks: VecDeque::new(),
            found: HashMap::new(),
            next: Expected::After(start),
            loose: 0,
            waiting: 0,
            hasher,
        })
    }

    /// Adds lines by their hashes. Whether they are fresh is known for those before [`decided`](Self::decided).
    pub(super) async fn push(&mut self, hashes: &[u64]) -> Result<(), LedgerError> {
        let mut new = Vec::new();
        for hash in hashes {
            self.lines.push_back(AlignedLine { mark: LineMark::new(*hash, false), fresh: true });
            if let Some(digest) = self.cutter.push(*hash) {
                new.push(self.found(digest));
            }
        }
        self.settle(new).await
    }

    /// The log has ended.
    pub(super) async fn end(&mut self) -> Result<(), LedgerError> {
        match self.cutter.end() {
            Some(digest) => {
                let last = self.found(digest);
                self.settle(vec![last]).await
            }
            None => Ok(()),
        }
    }

    /// How many lines are in memory.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The number of the first line that is in no block yet.
    pub(super) const fn decided(&self) -> u64 {
        self.open
    }

    /// For lines from number `from` on, whether they are fresh. From now on, that is so.
    pub(super) fn fresh(&mut self, from: u64, lines: usize) -> Vec<bool> {
        self.waiting = from + lines as u64;
        self.lines.range(self.index(from)..self.index(from) + lines).map(|line| line.fresh).collect()
    }

    /// Notes which lines from number `from` on were counted, now or before.
    pub(super) fn counted(&mut self, from: u64, counted: &[bool]) {
        let at = self.index(from);
        for (line, counted) in self.lines.range_mut(at..at + counted.len()).zip(counted) {
            line.mark = line.mark.with_counted(*counted || !line.fresh);
        }
    }

    /// Takes the lines before number `until`, which were counted or not, to be stored. Of a block that ends later, its beginning is
    /// stored; the lines stay.
    pub(super) fn take(&mut self, until: u64, at: i64) -> ImportedBatch {
        let mut blocks: HashMap<i64, (ImportedBlock, Option<i64>)> = HashMap::new();
        while let Some(block) = self.whole_block(until) {
            let lines: Vec<LineMark> = self.lines.drain(..block.lines).map(|line| line.mark).collect();
            self.base += block.lines as u64;
            let any = lines.iter().any(|line| line.is_counted());
            if any && block.known.as_ref() != Some(&lines) {
                let FoundBlock { digest, previous, times: (times, before), .. } = block;
                let before = blocks.get(&digest).map_or(Some(before), |(_, before)| *before);
                let lines = KnownBlock::bytes(&lines);
                blocks.insert(digest, (ImportedBlock { digest, previous, times, at, lines }, before));
            }
        }
        if let Some(block) = self.blocks.front().filter(|block| self.base < until && block.known.is_none()) {
            let lines = self.lines.range(..self.index(until)).map(|line| line.mark).collect::<Vec<_>>();
            let (previous, lines) = (block.previous, KnownBlock::bytes(&lines));
            let digest = BlockCutter::part(self.hasher, previous, &lines);
            blocks.insert(digest, (ImportedBlock { digest, previous, times: 1, at, lines }, None));
        }
        ImportedBatch { rows: Vec::new(), blocks: blocks.into_values().collect() }
    }

    /// Takes the first block, if it ends before line number `until`.
    fn whole_block(&mut self, until: u64) -> Option<FoundBlock> {
        let is_whole = self.base + self.blocks.front()?.lines as u64 <= until;
        if is_whole { self.blocks.pop_front() } else { None }
    }

    fn index(&self, number: u64) -> usize {
        usize::try_from(number - self.base).unwrap_or(usize::MAX)
    }

    /// A block ends with the last line.
    fn found(&mut self, digest: i64) -> FoundBlock {
        let until = self.base + self.lines.len() as u64;
        let lines = usize::try_from(until - self.open).unwrap_or(0);
        self.open = until;
        let previous = std::mem::replace(&mut self.previous, digest);
        FoundBlock { digest, previous, lines, times: (1, 0), known: None }
    }

    /// Says which lines of new blocks are fresh.
    async fn settle(&mut self, new: Vec<FoundBlock>) -> Result<(), LedgerError> {
        let known = self.known(&new).await?;
        let mut from = self.open - new.iter().map(|block| block.lines as u64).sum::<u64>();
        for mut block in new {
            let stored = known.get(&block.digest);
            let before = stored.map_or(0, |stored| stored.times);
            let (times, before) = self.found.entry(block.digest).or_insert((0, before));
            *times += 1;
            // Another one of the same log is another one.
            let stored = stored.filter(|_| *times <= *before);
            block.times = if stored.is_some() { (*before, *before) } else { (*times, *times - 1) };
            let until = from + block.lines as u64;
            match stored {
                Some(stored) => {
                    self.look_back(from, stored.previous).await?;
                    self.match_lines(from, &stored.lines);
                    self.next = Expected::After(block.digest);
                    self.loose = until;
                    block.known = Some(stored.lines.clone());
                }
                None if self.compares => self.look_ahead(from, until).await?,
                None => {}
            }
            self.blocks.push_back(block);
            from = until;
        }
        Ok(())
    }

    async fn known(&self, new: &[FoundBlock]) -> Result<HashMap<i64, KnownBlock>, LedgerError> {
        if !self.compares {
            return Ok(HashMap::new());
        }
        let digests: Vec<i64> = new.iter().map(|block| block.digest).collect();
        let known = self.store.imported(&digests).await?;
        Ok(known.into_iter().map(|block| (block.digest, read(block))).collect())
    }

    fn match_lines(&mut self, from: u64, lines: &[LineMark]) {
        let at = self.index(from);
        for (line, known) in self.lines.range_mut(at..).zip(lines) {
            line.fresh = !known.is_counted();
        }
    }

    /// Lines of a new block that follow what is stored, as they did then.
    async fn look_ahead(&mut self, from: u64, until: u64) -> Result<(), LedgerError> {
        let mut at = from;
        while at < until {
            match &mut self.next {
                Expected::Nothing => return Ok(()),
                Expected::After(previous) => {
                    let previous = *previous;
                    self.next = self.follower(previous, at).await?;
                }
                Expected::Within(block, line) => {
                    let Some(known) = block.lines.get(*line).copied() else {
                        self.next = Expected::After(block.digest);
                        continue;
                    };
                    *line += 1;
                    let index = usize::try_from(at - self.base).unwrap_or(usize::MAX);
                    let found = &mut self.lines[index];
                    if !known.is(found.mark) {
                        self.next = Expected::Nothing;
                        return Ok(());
                    }
                    found.fresh = !known.is_counted();
                    at += 1;
                    self.loose = at;
                }
            }
        }
        Ok(())
    }

    /// Of the blocks that follow `previous`, the one that has most lines in common with those from number `at` on.
    async fn follower(&self, previous: i64, at: u64) -> Result<Expected, LedgerError> {
        let at = self.index(at);
        let common = |block: &KnownBlock| {
            let pairs = self.lines.range(at..).zip(&block.lines);
            pairs.take_while(|(line, known)| known.is(line.mark)).count()
        };
        let blocks = self.store.imported_after(previous).await?.into_iter().map(read);
        let blocks = blocks.map(|block| (common(&block), block)).filter(|(common, block)| {
            // Many logs begin: what follows their beginning must be all of a block, or all of the log.
            let all = *common == block.lines.len() || *common == self.lines.len() - at;
            *common > 0 && (all || previous != self.start)
        });
        let best = blocks.max_by_key(|(common, block)| (*common, block.lines.len()));
        Ok(best.map_or(Expected::Nothing, |(_, block)| Expected::Within(block, 0)))
    }

    /// Lines before a stored block that were there then: the log may begin within the block before, or blocks were cut otherwise.
    async fn look_back(&mut self, from: u64, previous: i64) -> Result<(), LedgerError> {
        let (mut at, mut previous, first) = (from, previous, self.loose.max(self.waiting));
        while at > first {
            let Some(block) = self.store.imported(&[previous]).await?.into_iter().next().map(read) else { break };
            for known in block.lines.iter().rev() {
                if at == first {
                    return Ok(());
                }
                let index = self.index(at - 1);
                let line = &mut self.lines[index];
                if !known.is(line.mark) {
                    return Ok(());
                }
                line.fresh = !known.is_counted();
                at -= 1;
            }
            previous = block.previous;
        }
        Ok(())
    }
}

fn read(block: ImportedBlock) -> KnownBlock {
    let ImportedBlock { digest, previous, times, lines, .. } = block;
    KnownBlock { digest, previous, times, lines: KnownBlock::marks(&lines) }
}
