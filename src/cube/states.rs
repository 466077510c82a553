//! States between which entities change: combinations of values of some axes, or absence.

use super::{Axis, AxisValues, combinations};
use crate::error::Result;

/// Maximum number of states.
const MAX_STATES: u64 = 1 << 15;

/// The combinations of values of some axes, plus absence.
pub(super) struct States {
    /// Values of each axis, including absence.
    pub(super) values: Vec<AxisValues>,
    /// Digit of a state for each axis and base code, with the cardinality.
    pub(super) digits: Vec<(Vec<u32>, u32)>,
    /// Number of states other than absence, and thereby the number of the state absent.
    pub(super) present: u32,
    /// Rank of each state in the order of the axes' values; absence comes last in this list.
    ranks: Vec<u32>,
    /// Position of the value on each axis, for each rank.
    positions: Vec<Vec<u32>>,
}

impl States {
    pub(super) fn new(axes: &[Axis], absent: &str) -> Result<Self> {
        let mut values = Vec::with_capacity(axes.len());
        let mut digits = Vec::with_capacity(axes.len());
        let mut digit_positions: Vec<Vec<u32>> = Vec::with_capacity(axes.len());
        let mut gone = Vec::with_capacity(axes.len());
        for axis in axes {
            let mut all = axis.values.clone();
            let before = all.len() as u32;
            if let AxisValues::Text(texts) = &mut all {
                texts.push(absent.to_owned());
            }
            let null = all.len() as u32;
            // An axis without a value for absence uses null.
            gone.push(if null > before { before } else { null });
            let position = |at: &u32| if *at == before { null } else { *at };
            let mut reached: Vec<u32> = axis.map.iter().map(position).collect();
            reached.sort_unstable();
            reached.dedup();
            let digit = |at: &u32| reached.binary_search(&position(at)).unwrap_or(0) as u32;
            digits.push((axis.map.iter().map(digit).collect(), reached.len() as u32));
            digit_positions.push(reached);
            values.push(all);
        }
        let present = combinations(digits.iter().map(|(_, cardinality)| u64::from(*cardinality)), MAX_STATES)? as u32;
        let mut of_state: Vec<Vec<u32>> = vec![Vec::new()];
        for reached in &digit_positions {
            let longer = |state: &Vec<u32>| reached.iter().map(|at| [&state[..], &[*at]].concat()).collect::<Vec<_>>();
            of_state = of_state.iter().flat_map(longer).collect();
        }
        of_state.push(gone);
        let mut sorted = of_state.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let ranks = of_state.iter().map(|state| sorted.binary_search(state).unwrap_or(0) as u32).collect();
        Ok(Self { values, digits, present, ranks, positions: sorted })
    }
    /// Returns the value positions of the states that were `seen`, axis by axis in rank order, and the index of
    /// each state among them.
    pub(super) fn seen(&self, seen: &[bool]) -> (Vec<Vec<u32>>, Vec<u32>) {
        let mut ranks: Vec<u32> =
            self.ranks.iter().zip(seen).filter(|(_, seen)| **seen).map(|(rank, _)| *rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let axes = 0..self.values.len();
        let positions =
            axes.map(|axis| ranks.iter().map(|rank| self.positions[*rank as usize][axis]).collect()).collect();
        let index_of = self.ranks.iter().map(|rank| ranks.binary_search(rank).unwrap_or_default() as u32).collect();
        (positions, index_of)
    }
}
