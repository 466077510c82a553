//! States between which things move: combinations of values of some axes, and to be absent.

use super::{Axis, Values, combinations};
use crate::error::Result;

/// So many states are told apart.
const MOST_STATES: u64 = 1 << 15;

/// The combinations of values of the axes `of`, and to be absent.
pub(super) struct States {
    /// The values of each axis, to be absent among them.
    pub(super) values: Vec<Values>,
    /// For each axis and base code the digit of a state, and how many digits there are.
    pub(super) digits: Vec<(Vec<u32>, u32)>,
    /// How many states there are besides absence, whose number this is.
    pub(super) present: u32,
    /// For each state, absence the last, its rank in the order of the axes' values.
    ranks: Vec<u32>,
    /// For each rank the position of the value on each axis.
    positions: Vec<Vec<u32>>,
}

impl States {
    pub(super) fn new(of: &[Axis], absent: &str) -> Result<Self> {
        let mut values = Vec::with_capacity(of.len());
        let mut digits = Vec::with_capacity(of.len());
        let mut digit_positions: Vec<Vec<u32>> = Vec::with_capacity(of.len());
        let mut gone = Vec::with_capacity(of.len());
        for axis in of {
            let mut all = axis.values.clone();
            let before = all.len() as u32;
            if let Values::Text(texts) = &mut all {
                texts.push(absent.to_owned());
            }
            let null = all.len() as u32;
            // A value that cannot be absent has no row then.
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
        let present = combinations(digits.iter().map(|(_, card)| u64::from(*card)), MOST_STATES)? as u32;
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
    /// Of the states that were `seen`, in the order of their ranks, the positions of their values, axis by axis; and for each
    /// state its place among them.
    pub(super) fn seen(&self, seen: &[bool]) -> (Vec<Vec<u32>>, Vec<u32>) {
        let mut ranks: Vec<u32> =
            self.ranks.iter().zip(seen).filter(|(_, seen)| **seen).map(|(rank, _)| *rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let axes = 0..self.values.len();
        let positions =
            axes.map(|axis| ranks.iter().map(|rank| self.positions[*rank as usize][axis]).collect()).collect();
        let places = self.ranks.iter().map(|rank| ranks.binary_search(rank).unwrap_or_default() as u32).collect();
        (positions, places)
    }
}
