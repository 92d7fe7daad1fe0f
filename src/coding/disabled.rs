//! Without the feature `coding` no coding is known, so there is none to take off or to put on.

use super::{Coding, CodingError};

/// As with the feature, of an empty list.
#[derive(Debug)]
pub(crate) struct Decoder;

/// As with the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeStep {
    Hungry,
    Ended,
}

/// As with the feature, of an empty list.
#[derive(Debug)]
pub(crate) struct Encoder;

pub(crate) fn decode(_: &[Coding], content: &[u8], _: usize, _: u32) -> Result<Vec<u8>, CodingError> {
    Ok(content.to_vec())
}

pub(crate) fn encode(_: &[Coding], content: &[u8]) -> Vec<u8> {
    content.to_vec()
}

// === impl Decoder ===

impl Decoder {
    pub(crate) fn new(_: &[Coding]) -> Self {
        Self
    }

    pub(crate) fn with_max_ratio(self, _: u32) -> Self {
        self
    }

    pub(crate) fn push(&mut self, _: &[u8]) {}

    pub(crate) fn end(&mut self) {}

    pub(crate) fn is_unused(&self) -> bool {
        true
    }

    pub(crate) fn step(&mut self, _: &mut Vec<u8>) -> Result<DecodeStep, CodingError> {
        Ok(DecodeStep::Ended)
    }
}

// === impl Encoder ===

impl Encoder {
    pub(crate) fn new(_: &[Coding]) -> Self {
        Self
    }

    pub(crate) fn feed(&mut self, content: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(content);
    }

    pub(crate) fn flush(&mut self, _: &mut Vec<u8>) {}

    pub(crate) fn finish(&mut self, _: &mut Vec<u8>) {}
}
