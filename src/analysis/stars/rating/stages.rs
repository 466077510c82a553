//! The stars after each stage of the rules.

use std::ops::Index;
use std::sync::Arc;

use super::{STAGES, Span};

/// Stars of each organisation by stage. A stage without changes shares the memory of the previous stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stages(Vec<Arc<Vec<Span>>>);

impl Stages {
    /// Appends the stages of a year.
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

    /// Checks whether a stage shares the memory of the previous stage.
    pub(super) fn unchanged(&self, at: usize) -> bool {
        at > 0 && Arc::ptr_eq(&self.0[at], &self.0[at - 1])
    }

    /// Returns the stars after all rules.
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
