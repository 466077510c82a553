//! One digit of a cell number: the groups of a key column.

use std::sync::Arc;

use super::{Axis, Base};

/// Adjacent axes over one base, combined into one digit of a group number.
pub(crate) struct Digit {
    /// Position of the value on each axis, for each digit; digits ascend in the order of these values.
    pub(crate) positions: Vec<Vec<u32>>,
    /// Digit of each code of the base.
    pub(crate) of_code: Arc<[u32]>,
}

impl Digit {
    /// Creates a digit from positions alone, axis by axis, without base codes.
    pub(crate) fn from_positions(positions: Vec<Vec<u32>>) -> Self {
        Self { positions, of_code: Arc::default() }
    }

    /// Returns the cardinality.
    pub(crate) fn cardinality(&self) -> usize {
        self.positions.first().map_or(0, Vec::len)
    }

    /// Returns one digit for each run of adjacent axes over one base.
    pub(crate) fn for_axes(axes: &[Axis]) -> Vec<(&Base, Self)> {
        axes.chunk_by(|a, b| a.base.same(&b.base)).map(|axes| (&axes[0].base, Self::new(axes))).collect()
    }

    pub(crate) fn new(axes: &[Axis]) -> Self {
        if let [Axis { map, values, .. }] = axes {
            let positions = vec![(0..=values.len() as u32).collect()];
            return Self { positions, of_code: Arc::clone(map) };
        }
        // Radix sort of the codes by their values: stable counting sorts from the last axis to the first.
        let codes = axes[0].map.len();
        let mut order: Vec<u32> = (0..codes as u32).collect();
        for Axis { map, values, .. } in axes.iter().rev() {
            let mut starts = vec![0; values.len() + 2];
            for at in map.iter() {
                starts[*at as usize + 1] += 1;
            }
            (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
            let mut sorted = vec![0; codes];
            for code in order {
                let start = &mut starts[map[code as usize] as usize];
                sorted[*start] = code;
                *start += 1;
            }
            order = sorted;
        }
        let (mut positions, mut of_code) = (vec![Vec::new(); axes.len()], vec![0; codes]);
        for same in order.chunk_by(|a, b| axes.iter().all(|axis| axis.map[*a as usize] == axis.map[*b as usize])) {
            for code in same {
                of_code[*code as usize] = positions[0].len() as u32;
            }
            positions.iter_mut().zip(axes).for_each(|(all, axis)| all.push(axis.map[same[0] as usize]));
        }
        Self { positions, of_code: of_code.into() }
    }

    /// Maps each of the `cardinality` digits of another list to a digit here; `others` gives that list's digit for each
    /// code. Returns `None` if the other digits do not determine the ones here.
    pub(crate) fn digits_of_other(&self, others: &Arc<[u32]>, cardinality: usize) -> Option<Vec<u32>> {
        const NONE: u32 = u32::MAX;
        if Arc::ptr_eq(others, &self.of_code) {
            return Some((0..cardinality as u32).collect());
        }
        let mut of_other = vec![NONE; cardinality];
        for (other, digit) in others.iter().zip(&*self.of_code) {
            let known = &mut of_other[*other as usize];
            if *known != NONE && *known != *digit {
                return None;
            }
            *known = *digit;
        }
        // Digits that no row can have map to 0.
        Some(of_other.into_iter().map(|digit| if digit == NONE { 0 } else { digit }).collect())
    }
}
