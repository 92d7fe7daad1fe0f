//! What was imported, so that it counts once.

/// A block of lines of a log that were imported. What identifies it is the importer's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportedBlock {
    /// What identifies its content.
    pub(crate) digest: i64,
    /// The block before it in its log.
    pub(crate) previous: i64,
    /// How often one log had it.
    pub(crate) times: i64,
    /// The time of a line of it, in seconds since 1970: it is kept as long as days are.
    pub(crate) at: i64,
    /// Its lines.
    pub(crate) lines: Vec<u8>,
}

/// What an import writes at once.
#[derive(Debug, Default)]
pub(crate) struct ImportedBatch {
    /// What was counted.
    pub(crate) rows: Vec<super::batch::UsageRow>,
    /// Blocks, and how often each was stored before, if that matters.
    pub(crate) blocks: Vec<(ImportedBlock, Option<i64>)>,
}
