//! Cells into which the rows of a year are counted: one per combination of values that some table distinguishes.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::kernel::{Accumulators, Factor, digits_of};
use super::runs::{RunCache, Runs};
use super::table::{GroupIndex, GroupTable};
use super::{Axis, Base, DENSE, Lane};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::{Frame, Integers};

/// Minimum number of rows per parallel task; fewer do not pay for a separate set of accumulators.
const MIN_TASK_ROWS: usize = 1 << 16;
/// Rows counted into every grouping before moving on, so that they stay in cache; a multiple of 64.
const STRETCH: usize = 1 << 14;
/// Maximum number of digit pairs looked up in an array; more go into a hash map.
const MAX_PAIR_ARRAY: usize = 1 << 20;

/// A base as one digit of a cell number: its codes, merged where no axis distinguishes them.
pub(super) struct BaseDigit<'a> {
    pub base: &'a Base,
    /// Digit of each code.
    pub of_code: Arc<[u32]>,
    /// Cardinality: number of distinct digits.
    pub cardinality: u64,
}

impl<'a> BaseDigit<'a> {
    /// Returns one digit per distinct base of all axes.
    pub(super) fn for_sets(sets: &'a [Vec<Axis>]) -> Vec<Self> {
        let mut bases: Vec<(&Base, Vec<&Arc<[u32]>>)> = Vec::new();
        for axis in sets.iter().flatten() {
            let at = bases.iter().position(|(base, _)| base.same(&axis.base)).unwrap_or_else(|| {
                bases.push((&axis.base, Vec::new()));
                bases.len() - 1
            });
            let maps = &mut bases[at].1;
            if !maps.iter().any(|map| Arc::ptr_eq(map, &axis.map) || **map == axis.map) {
                maps.push(&axis.map);
            }
        }
        bases.into_iter().map(|(base, maps)| Self::new(base, &maps)).collect()
    }

    /// Builds the digit that distinguishes whatever any of `maps` distinguishes.
    fn new(base: &'a Base, maps: &[&Arc<[u32]>]) -> Self {
        if let [map] = maps {
            let cardinality = map.iter().max().map_or(0, |last| u64::from(*last) + 1);
            // If several codes share a value, use values as digits. Otherwise use the codes, which need no lookup
            // table.
            if cardinality < map.len() as u64 {
                return Self { base, of_code: Arc::clone(map), cardinality };
            }
        }
        let mut of_code = vec![0; maps.first().map_or(0, |map| map.len())];
        let cardinality = maps.iter().fold(1, |cardinality, map| divide(&mut of_code, cardinality, map));
        Self { base, of_code: of_code.into(), cardinality }
    }

    /// Returns the digit of code 0, used for every row of a year that lacks the column.
    fn digit_of_none(&self) -> u32 {
        self.of_code.first().copied().unwrap_or_default()
    }

    /// Checks whether each code is its own digit.
    fn is_code(&self) -> bool {
        self.cardinality == self.of_code.len() as u64
    }
}

/// Refines `digits`, of which there are `cardinality`, so that they also distinguish what `map` distinguishes. Returns
/// the new cardinality.
fn divide(digits: &mut [u32], cardinality: u64, map: &[u32]) -> u64 {
    let values = map.iter().max().map_or(0, |last| *last as usize + 1);
    let pair = |digit: u32, at: u32| digit as usize * values + at as usize;
    let pairs = (cardinality as usize).saturating_mul(values);
    let (mut near, mut far) = (vec![None; if pairs > MAX_PAIR_ARRAY { 0 } else { pairs }], FxHashMap::default());
    let mut next = 0;
    for (digit, at) in digits.iter_mut().zip(map) {
        let pair = pair(*digit, *at);
        let known = if pairs > MAX_PAIR_ARRAY { far.entry(pair).or_insert(None) } else { &mut near[pair] };
        *digit = *known.get_or_insert_with(|| {
            next += 1;
            next - 1
        });
    }
    u64::from(next)
}

/// Cell numbering for the rows of one frame.
pub(super) struct Leaf<'a> {
    rows: usize,
    /// Codes of each base; `None` where all are 0.
    codes: Vec<Option<Cow<'a, Integers>>>,
    digits: &'a [BaseDigit<'a>],
    strides: Vec<u64>,
    /// Sparse layout: the group of each row and the cell of each group, ascending.
    sparse: Option<(Integers, Vec<u64>)>,
    groups: usize,
    /// Runs of rows in one cell, where the rows are known to form long runs.
    runs: Option<Arc<Runs>>,
}

impl<'a> Leaf<'a> {
    pub(super) fn new(digits: &'a [BaseDigit<'a>], frame: &'a Frame, nth: usize) -> Result<Self> {
        let rows = frame.rows();
        let codes = digits.iter().map(|digit| digit.base.codes(frame, nth)).collect::<Result<Vec<_>>>()?;
        let mut strides = vec![1_u64; digits.len()];
        for at in (1..digits.len()).rev() {
            strides[at - 1] = strides[at] * digits[at].cardinality;
        }
        let cells: u64 = digits.iter().map(|digit| digit.cardinality).product();
        let mut leaf = Self { rows, codes, digits, strides, sparse: None, groups: cells as usize, runs: None };
        if cells > DENSE.max(4 * rows as u64) {
            let of_row: Vec<u64> = (0..rows).into_par_iter().map(|row| leaf.cell(row)).collect();
            let mut cells = of_row.clone();
            cells.par_sort_unstable();
            cells.dedup();
            let group: Vec<u64> = of_row.par_iter().map(|cell| cells.binary_search(cell).unwrap_or(0) as u64).collect();
            leaf.groups = cells.len();
            leaf.sparse = Some((Integers::smallest(&group), cells));
        }
        // Cache runs for stored columns only. Computed codes change with every call.
        if let ([BaseDigit { base: Base::Field(at), of_code, .. }], [Some(codes)]) = (digits, &leaf.codes[..]) {
            leaf.runs = frame.cache.get::<RunCache>().runs(*at, of_code, codes);
        }
        Ok(leaf)
    }

    fn cell(&self, row: usize) -> u64 {
        let digit = |(codes, digit): (&Option<Cow<'_, Integers>>, &BaseDigit<'_>)| {
            u64::from(codes.as_ref().map_or(digit.digit_of_none(), |codes| digit.of_code[codes.get(row) as usize]))
        };
        self.codes.iter().zip(self.digits).map(digit).zip(&self.strides).map(|(digit, stride)| digit * stride).sum()
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        if let Some((group, _)) = &self.sparse {
            return vec![Factor::Codes(group, 1)];
        }
        let mut factors = Vec::with_capacity(self.codes.len());
        for ((codes, digit), stride) in self.codes.iter().zip(self.digits).zip(&self.strides) {
            let stride = *stride as u32;
            let Some(codes) = codes else {
                factors.push(Factor::All(digit.digit_of_none() * stride));
                continue;
            };
            factors.push(if digit.is_code() {
                Factor::Codes(codes, stride)
            } else {
                Factor::Table(codes, digit.of_code.iter().map(|digit| digit * stride).collect::<Vec<_>>().into())
            });
        }
        factors
    }

    /// Counts by runs and returns the cells as a table, or `None` if the rows do not form long runs.
    pub(super) fn of_runs(&self, lanes: &[Lane], job: &dyn Job) -> Result<Option<GroupTable>> {
        let Some(runs) = &self.runs else { return Ok(None) };
        let counters = runs.count(lanes, self.groups, job)?;
        Ok(Some(GroupTable::of_lanes(
            GroupIndex::dense(Vec::new(), self.groups),
            counters,
            lanes.len(),
            &[self.groups],
        )))
    }

    /// Returns the cells that have rows, ascending, and each base's digit for each of these cells.
    fn occupied(&self, accumulators: &Accumulators) -> (Vec<u32>, Vec<Vec<u32>>) {
        let mut carried = vec![false; if accumulators.carried().is_empty() { 0 } else { self.groups }];
        accumulators.carried().iter().for_each(|cell| carried[*cell as usize] = true);
        let mut cells = Vec::new();
        accumulators.occupied(0..self.groups, &carried, &mut cells);
        let digits = if self.sparse.is_some() {
            let digit = |nth| cells.iter().map(|cell| self.digit(*cell, nth)).collect();
            (0..self.digits.len()).map(digit).collect()
        } else {
            let cardinalities: Vec<usize> = self.digits.iter().map(|digit| digit.cardinality as usize).collect();
            digits_of(cells.clone(), &cardinalities)
        };
        (cells, digits)
    }

    /// Returns the digit of the `nth` base in the number of `cell`.
    fn digit(&self, cell: u32, nth: usize) -> u32 {
        let cell = self.sparse.as_ref().map_or(u64::from(cell), |(_, cells)| cells[cell as usize]);
        (cell / self.strides[nth] % self.digits[nth].cardinality) as u32
    }
}

/// A request to count lanes in the cells of a leaf; `spare` holds accumulators to recycle.
pub(super) struct CellRequest<'a> {
    pub(super) leaf: Leaf<'a>,
    pub(super) lanes: Vec<Lane<'a>>,
    pub(super) spare: &'a Mutex<Vec<Accumulators>>,
}

impl CellRequest<'_> {
    fn fresh(&self) -> Accumulators {
        let before = self.spare.lock().ok().and_then(|mut spare| spare.pop());
        let fits = before.filter(|accumulators: &Accumulators| accumulators.fits(&self.lanes, self.leaf.groups));
        fits.unwrap_or_else(|| Accumulators::new(&self.lanes, self.leaf.groups))
    }
}

/// Counts the rows of a frame for all requests, cut into at most `threads` pieces.
pub(super) fn count<'a>(
    requests: Vec<CellRequest<'a>>,
    threads: usize,
    job: &dyn Job,
) -> Result<Vec<CountedCells<'a>>> {
    let rows = requests.first().map_or(0, |request| request.leaf.rows);
    let factors: Vec<_> = requests.iter().map(|request| request.leaf.factors()).collect();
    // Each piece has its own accumulators. The pieces are added up at the end.
    let pieces = rows.div_ceil(MIN_TASK_ROWS).clamp(1, threads);
    let step = rows.div_ceil(pieces).next_multiple_of(64).max(64);
    let stretch = if requests.len() == 1 { step } else { STRETCH };
    let of_piece = |piece: usize| {
        let mut all: Vec<Accumulators> = requests.iter().map(CellRequest::fresh).collect();
        let (from, to) = ((piece * step).min(rows), ((piece + 1) * step).min(rows));
        for start in (from..to).step_by(stretch) {
            for ((accumulators, request), factors) in all.iter_mut().zip(&requests).zip(&factors) {
                accumulators.count(start..to.min(start + stretch), factors, &request.lanes, || job.cancelled());
            }
        }
        all
    };
    let all = (0..pieces).into_par_iter().map(of_piece).reduce_with(|mut all, others| {
        all.iter_mut().zip(&others).for_each(|(accumulators, other)| accumulators.add(other));
        all
    });
    job::check(job)?;
    drop(factors);
    let all = all.unwrap_or_default();
    let counted = |(request, accumulators): (CellRequest<'a>, Accumulators)| {
        let (cells, digits) = request.leaf.occupied(&accumulators);
        CountedCells { accumulators, cells, digits, leaf: request.leaf, spare: request.spare }
    };
    Ok(requests.into_iter().zip(all).map(counted).collect())
}

/// Counted cells of one year.
pub(super) struct CountedCells<'a> {
    leaf: Leaf<'a>,
    accumulators: Accumulators,
    /// Cells that have rows, ascending.
    pub(super) cells: Vec<u32>,
    /// Digit of each base for each of these cells.
    pub(super) digits: Vec<Vec<u32>>,
    spare: &'a Mutex<Vec<Accumulators>>,
}

impl CountedCells<'_> {
    /// Returns the number of counters per cell; the first counts its rows.
    pub(super) fn width(&self) -> usize {
        self.accumulators.lanes().len()
    }

    /// Returns the counter of each lane, or `None` for a lane that was not counted.
    pub(super) fn counters_of(&self, lanes: &[Option<usize>]) -> Vec<Option<usize>> {
        let counters = self.accumulators.lanes();
        lanes.iter().map(|lane| counters.iter().position(|counted| Some(*counted) == *lane)).collect()
    }

    /// Adds each cell's counts to the counters of its group: `group_of` gives the group index parallel to `cells`,
    /// `of_digits` computes the index for carried cells.
    pub(super) fn add_to(&self, group_of: &[u32], of_digits: impl Fn(&[u32]) -> u32, counters: &mut [u64]) {
        self.accumulators.add_narrow(&self.cells, group_of, counters);
        let width = self.width();
        let mut digits = vec![0; self.digits.len()];
        for cell in self.accumulators.carried() {
            digits.iter_mut().enumerate().for_each(|(nth, digit)| *digit = self.leaf.digit(*cell, nth));
            self.accumulators.add_carried(*cell, &mut counters[of_digits(&digits) as usize * width..][..width]);
        }
    }
}

impl Drop for CountedCells<'_> {
    /// Recycles the accumulators for another year.
    fn drop(&mut self) {
        let mut accumulators = std::mem::take(&mut self.accumulators);
        accumulators.clear();
        if let Ok(mut spare) = self.spare.lock() {
            spare.push(accumulators);
        }
    }
}
