//! Scores whose organisations come in no order: they wait until there are many, and are then put in their cells part by part of
//! the ids, so that what is looked for and written lies near what was before.

use super::keys::{PARTS, part};

/// A score whose organisation is looked for later.
#[derive(Clone, Copy)]
pub(super) struct Score {
    /// Year and id.
    pub(super) key: [u64; 2],
    pub(super) row: usize,
    pub(super) column: u32,
    pub(super) cell: i32,
}

/// Scores of one table that wait, by parts of the ids.
#[derive(Default)]
pub(super) struct Later {
    parts: Vec<Vec<Score>>,
    waiting: usize,
}

impl Later {
    /// How many wait at most, or a few more.
    const MANY: usize = 1 << 19;

    pub(super) fn push(&mut self, score: Score) {
        if self.parts.is_empty() {
            self.parts.resize_with(PARTS, Vec::new);
        }
        self.parts[part(score.key)].push(score);
        self.waiting += 1;
    }

    /// Whether so many wait that it is time to put them in their cells.
    pub(super) fn are_many(&self) -> bool {
        self.waiting >= Self::MANY
    }

    /// All that wait, part by part; what held them is given back for those that come next.
    pub(super) fn take(&mut self) -> Vec<Vec<Score>> {
        self.waiting = 0;
        std::mem::take(&mut self.parts)
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, mut parts: Vec<Vec<Score>>) {
        parts.iter_mut().for_each(Vec::clear);
        self.parts = parts;
    }
}
