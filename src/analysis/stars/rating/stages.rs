//! The stars after each kind of rule.

use std::ops::Index;
use std::sync::Arc;

use super::{STAGES, Span};

/// For each stage the stars of each organisation. A stage at which nothing changed is the one before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stages(Vec<Arc<Vec<Span>>>);

impl Stages {
    /// Puts the stages of a year behind those of the years before.
    pub(super) fn extend(&mut self, year: Vec<Arc<Vec<Span>>>) {
        if self.0.is_empty() {
            self.0 = year;
            return;
        }
        let mut all: Vec<Arc<Vec<Span>>> = Vec::with_capacity(STAGES.len());
        for (at, (before, own)) in self.0.iter().zip(&year).enumerate() {
            let same = all.last().filter(|_| self.unchanged(at) && Arc::ptr_eq(own, &year[at - 1]));
            let stage = same.map_or_else(|| Arc::new([&before[..], &own[..]].concat()), Arc::clone);
            all.push(stage);
        }
        self.0 = all;
    }

    /// Whether a stage is known to be the one before it.
    pub(super) fn unchanged(&self, at: usize) -> bool {
        at > 0 && Arc::ptr_eq(&self.0[at], &self.0[at - 1])
    }

    /// The stars after all rules.
    pub(super) fn last(&self) -> &[Span] {
        self.0.last().map_or(&[], |stage| &stage[..])
    }
}

impl Index<usize> for Stages {
    type Output = [Span];

    fn index(&self, at: usize) -> &[Span] {
        &self.0[at]
    }
}
