//! Hypothetical forms: the score if some items brought more.

use crate::analysis::stars::marks::Marks;
use crate::analysis::stars::rating::{Rating, bounded, total};
use crate::analysis::stars::scheme::Part;
use crate::analysis::stars::scheme::units::POINT;

/// A form on which some items are raised.
pub(super) struct Form<'a> {
    rating: &'a Rating,
    subject: usize,
    /// The part of the score in question.
    part: Part,
    /// Current points of each item, summed over the quarters.
    have: Vec<i64>,
}

impl<'a> Form<'a> {
    pub(super) fn new(rating: &'a Rating, subject: usize, part: Part) -> Self {
        let items = &rating.scheme.parts.items;
        let row = rating.marks.row(subject);
        let sum = |at: usize| row.iter().skip(at).step_by(items.len()).map(|c| Marks::brings(&items[at], *c).0).sum();
        Self { rating, subject, part, have: (0..items.len()).map(sum).collect() }
    }

    pub(super) fn have(&self, at: usize) -> i64 {
        self.have[at]
    }

    /// Returns the maximum points of an item.
    pub(super) fn full(&self, at: usize) -> i64 {
        self.rating.scheme.parts.items[at].range().1 * self.rating.scheme.parts.quarters
    }

    /// Returns the points that an item can still gain, weighted.
    pub(super) fn room(&self, at: usize) -> i64 {
        let parts = &self.rating.scheme.parts;
        (self.full(at) - self.have[at]) * parts.dimensions[parts.items[at].dimension].weight.max(1)
    }

    /// Returns the part of the score if the items in `with` bring the given points and the others stay as they are.
    pub(super) fn worth(&self, with: &[(usize, i64)]) -> i64 {
        let parts = &self.rating.scheme.parts;
        let brings = |at: usize| with.iter().find(|(own, _)| *own == at).map_or(self.have[at], |(_, brings)| *brings);
        if let Part::Item(at) = self.part {
            return brings(at) * POINT;
        }
        let mut sums = vec![0i64; parts.dimensions.len()];
        for (at, item) in parts.items.iter().enumerate() {
            sums[item.dimension] += brings(at);
        }
        let ends: Vec<(i64, i64)> =
            sums.iter().zip(&parts.dimensions).map(|(sum, d)| bounded(*sum, d.least, d.most)).map(|v| (v, v)).collect();
        match self.part {
            Part::Dimension(at) => ends[at].0 * POINT,
            _ => total(&self.rating.scheme, &ends, self.rating.scores.added(self.subject)).0,
        }
    }

    /// Returns the minimum points at which an item, with those in `done`, reaches `goal`. A listed value is
    /// preferred if the form lists values.
    pub(super) fn least(&self, done: &[(usize, i64)], at: usize, goal: i64) -> i64 {
        let enough = |brings: i64| {
            let with: Vec<(usize, i64)> = done.iter().copied().chain([(at, brings)]).collect();
            self.worth(&with) >= goal
        };
        let item = &self.rating.scheme.parts.items[at];
        let values = item.values.iter().map(|value| item.brings(*value));
        if let (Some(least), 1) = (values.filter(|brings| enough(*brings)).min(), self.rating.scheme.parts.quarters) {
            return least;
        }
        // The score grows with the points of the item, so bisect for the minimum.
        let (mut low, mut high) = (self.have[at], self.full(at));
        while low < high {
            let middle = low + (high - low) / 2;
            if enough(middle) { high = middle } else { low = middle + 1 }
        }
        high
    }
}
