//! Buffer for scores whose organisations arrive in random order.
//!
//! Once enough scores wait, they are written partition by partition of the ids, so that lookups and writes stay
//! local.

use super::keys::{PARTITIONS, partition};

/// A score whose organisation is looked up later.
#[derive(Clone, Copy)]
pub(super) struct Score {
    /// Packed year and id.
    pub(super) key: [u64; 2],
    pub(super) row: usize,
    pub(super) column: u32,
    pub(super) cell: i32,
}

/// Waiting scores of one table, by partition of the ids.
#[derive(Default)]
pub(super) struct Later {
    parts: Vec<Vec<Score>>,
    waiting: usize,
}

impl Later {
    /// Number of waiting scores that triggers a flush.
    const FLUSH_AT: usize = 1 << 19;

    pub(super) fn push(&mut self, score: Score) {
        if self.parts.is_empty() {
            self.parts.resize_with(PARTITIONS, Vec::new);
        }
        self.parts[partition(score.key)].push(score);
        self.waiting += 1;
    }

    /// Checks whether enough scores wait to be written.
    pub(super) fn are_many(&self) -> bool {
        self.waiting >= Self::FLUSH_AT
    }

    /// Takes all waiting scores, by partition. The caller returns the buffers with [`Later::give_back`].
    pub(super) fn take_all(&mut self) -> Vec<Vec<Score>> {
        self.waiting = 0;
        std::mem::take(&mut self.parts)
    }

    /// Takes the buffers back for reuse.
    pub(super) fn give_back(&mut self, mut parts: Vec<Vec<Score>>) {
        parts.iter_mut().for_each(Vec::clear);
        self.parts = parts;
    }
}
