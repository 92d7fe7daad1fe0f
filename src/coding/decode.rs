//! Takes content codings off, as the bytes pass.

mod stage;

use super::{Coding, CodingError};
use stage::DecodeStage;

/// Takes codings off content that comes in chunks. Sans I/O, as the [`Rewriter`](crate::json::Rewriter) is: whatever the
/// other side has flushed comes out as soon as it is in, and no step makes much more than 64 KiB.
#[derive(Debug)]
pub struct Decoder {
    /// The coding that was applied last comes first.
    stages: Vec<DecodeStage>,
    max_ratio: u64,
    /// How much was put in, and how much came out of all stages together.
    taken: u64,
    made: u64,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeStep {
    /// Something came out, and there may be more.
    Made,
    /// All that is in has come out.
    Hungry,
    /// That was all.
    Ended,
}

/// Up to this size, any ratio is fine.
const SMALL: u64 = 1024 * 1024;
/// Takes the codings off content that is there as a whole, the last one first, up to `limit` bytes.
pub(crate) fn decode(codings: &[Coding], content: &[u8], limit: usize, ratio: u32) -> Result<Vec<u8>, CodingError> {
    let mut decoder = Decoder::new(codings).with_max_ratio(ratio);
    decoder.push(content);
    decoder.end();
    let mut decoded = Vec::new();
    while decoder.step(&mut decoded)? != DecodeStep::Ended {
        if decoded.len() > limit {
            return Err(CodingError::Limit);
        }
    }
    if decoded.len() > limit { Err(CodingError::Limit) } else { Ok(decoded) }
}

// === impl Decoder ===

impl Decoder {
    /// For content to which `codings` were applied in this order. More than a hundred times its size is refused, beyond
    /// 1 MiB.
    #[must_use]
    pub fn new(codings: &[Coding]) -> Self {
        let stages = codings.iter().rev().map(|coding| DecodeStage::new(*coding));
        Self { stages: stages.collect(), max_ratio: super::MAX_RATIO.into(), taken: 0, made: 0 }
    }

    /// Another ratio of what comes out to what was put in.
    #[must_use]
    pub fn with_max_ratio(mut self, ratio: u32) -> Self {
        self.max_ratio = ratio.into();
        self
    }

    /// Puts the next chunk in.
    pub fn push(&mut self, chunk: &[u8]) {
        self.taken += chunk.len() as u64;
        if let Some(first) = self.stages.first_mut() {
            first.input().push(chunk);
        }
    }

    /// There is no more to put in.
    pub fn end(&mut self) {
        if let Some(first) = self.stages.first_mut() {
            first.input().ended = true;
        }
    }

    /// Whether nothing was put in.
    #[must_use]
    pub const fn is_unused(&self) -> bool {
        self.taken == 0
    }

    /// Appends to `out` some of what can be made of what is in.
    ///
    /// # Errors
    /// The content is not what its codings say, or becomes too large.
    pub fn step(&mut self, out: &mut Vec<u8>) -> Result<DecodeStep, CodingError> {
        let Some(last) = self.stages.len().checked_sub(1) else { return Ok(DecodeStep::Ended) };
        let (mut at, mut made) = (last, Vec::new());
        loop {
            let target = if at == last { &mut *out } else { &mut made };
            match self.stages[at].step(target)? {
                DecodeStep::Made if at == last => return self.check().map(|()| DecodeStep::Made),
                DecodeStep::Made => {
                    self.check()?;
                    at += 1;
                    self.stages[at].input().push(&made);
                    made.clear();
                }
                DecodeStep::Ended if at == last => return Ok(DecodeStep::Ended),
                DecodeStep::Ended => {
                    at += 1;
                    self.stages[at].input().ended = true;
                }
                DecodeStep::Hungry if at == 0 => return Ok(DecodeStep::Hungry),
                DecodeStep::Hungry => at -= 1,
            }
        }
    }

    fn check(&mut self) -> Result<(), CodingError> {
        self.made = self.stages.iter().map(|stage| stage.made).max().unwrap_or(0);
        let bomb = self.made > SMALL && self.made > self.taken.saturating_mul(self.max_ratio);
        if bomb { Err(CodingError::Ratio) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
