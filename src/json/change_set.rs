//! Which changes altered something.

use std::fmt;
use std::ops::BitOrAssign;

use smallvec::SmallVec;

/// Numbers of changes, as the steps have them ([`Step::change`](super::Step::change)): those that altered something.
///
/// A change is in it if one of its steps acted: it renamed, took out, wrote or exchanged a value. A step that met nothing,
/// one whose condition did not hold, and one that left a value as it was are no reason. What a later change takes out
/// again may be left out.
///
/// ```
/// use sunward::json::{Collision, MigrateOptions, Op, Pointer, Step, migrate};
///
/// let rename = |from: &str, change| {
///     let (object, collision) = (Pointer::ROOT, Collision::Replace);
///     Step { change, ..Step::new(Op::Rename { object, from: from.into(), to: "x".into(), collision }) }
/// };
/// let migrated = migrate(br#"{"b": 1}"#, &[rename("a", 0), rename("b", 1)], &MigrateOptions::default())?;
/// assert_eq!(migrated.changes.iter().collect::<Vec<_>>(), [1]);
/// # Ok::<(), sunward::json::MigrateError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// A bit for each, without zeros at the end.
    words: SmallVec<[u64; 2]>,
}

/// From here on, numbers are of no change.
const LIMIT: u32 = 1 << 16;

// === impl ChangeSet ===

impl ChangeSet {
    /// Adds a number. Numbers from 65 536 on are those of steps that are of no change, and left out.
    pub fn insert(&mut self, number: u32) {
        if number >= LIMIT {
            return;
        }
        let (word, bit) = (number as usize / 64, number % 64);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << bit;
    }

    /// Whether no change altered anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether this number is in it.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The numbers, from the lowest on.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        self.words.iter().zip(0..).flat_map(move |(word, nth)| bits(*word).map(move |bit| nth * 64 + bit))
    }
}

impl BitOrAssign<&Self> for ChangeSet {
    fn bitor_assign(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }
}

impl fmt::Debug for ChangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
