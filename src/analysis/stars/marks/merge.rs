//! Merge of the score forms that the threads have read into one matrix.
//!
//! The result has one row per organisation and year, sorted by year and id, and depends neither on the number of
//! threads nor on the order of rows. Every thread hands over a part: keys (year, id) in order of arrival, and a row
//! of cells for each key.
//!
//! ```text
//!      part 0             part 1             part 2
//!   keys │ cells       keys │ cells       keys │ cells
//!         └──────────────────┼──────────────────┘
//!         do the keys ascend within and across parts?
//!             │ yes                      │ no
//!             ▼                          ▼
//!   joined                     mixed
//!   keep the parts and the     sort all keys by (year, id, part, row):
//!   first organisation         A₀ │ B₀ B₂ │ C₁ │ D₀ D₁ D₂ │ …
//!   of each                    in one part (A, C): cells stay there
//!             │                in several (B, D): cells merge into a new part
//!             │                          │
//!             └────────────┬─────────────┘
//!                          ▼
//!   settled: conflicting cells become OPEN and are reported;
//!   the range of each year is found
//!
//!   cell rule:  NONE + x = x     x + x = x, repeated     x + y = OPEN, conflict
//! ```
//!
//! Tables are mostly sorted, and then no cell is copied. In the other case only organisations found in several
//! parts are copied, at the cost of a part and row index per organisation. If these are more than half, all are
//! copied and the parts are dropped.

use std::ops::Range;

use arrow::array::{Array, AsArray, StringViewArray};
use arrow::compute::concat;
use rayon::prelude::*;

use super::cells::Cells;
use super::packed::Packed;
use super::problems::{Fault, Problem, Problems};
use super::read::PartScores;
use super::{Marks, NONE, OPEN, items, width};
use crate::analysis::stars::scheme::Scheme;
use crate::error::Result;

/// Organisations per task.
const SUBJECTS_PER_TASK: usize = 1 << 14;

/// A key of one part, ordered by year and id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    year: i16,
    /// The first 16 bytes of the id, big-endian; most comparisons end here.
    first: u128,
    id: &'a str,
    part: u32,
    at: u32,
}

impl<'a> Key<'a> {
    fn new((year, id): (i16, &'a str), part: u32, at: u32) -> Self {
        let mut bytes = [0; 16];
        let n = id.len().min(16);
        bytes[..n].copy_from_slice(&id.as_bytes()[..n]);
        Self { year, first: u128::from_be_bytes(bytes), id, part, at }
    }

    fn same(&self, other: &Self) -> bool {
        self.year == other.year && self.first == other.first && self.id == other.id
    }
}

/// The organisations of all parts, sorted by year and id.
struct Subjects<'k, 'a> {
    /// Years and ids, in consecutive slices.
    keys: Vec<&'k [(i16, &'a str)]>,
    ids: StringViewArray,
}

/// Merges the parts of all threads.
pub(super) fn merged(mut locals: Vec<PartScores<'_>>, scheme: &Scheme) -> Result<Marks> {
    let problems = locals.iter_mut().map(|local| std::mem::take(&mut local.problems)).collect();
    let keys: Vec<_> = locals.iter().map(|local| &local.keys).filter(|keys| !keys.all.is_empty()).collect();
    let apart = keys.windows(2).all(|pair| pair[0].all.last() < pair[1].all.first());
    if apart && keys.iter().all(|keys| keys.ascend()) {
        joined(locals, scheme, problems)
    } else {
        mixed(locals, scheme, problems)
    }
}

/// Joins parts whose keys ascend from one to the next.
fn joined(mut locals: Vec<PartScores<'_>>, scheme: &Scheme, problems: Vec<Problems>) -> Result<Marks> {
    let mut conflicts = Vec::new();
    let mut from = 0;
    for local in &locals {
        conflicts.extend(local.conflicts.iter().map(|(at, column)| (from + *at as usize, *column as usize)));
        from += local.keys.all.len();
    }
    let parts = locals.iter_mut().map(|local| std::mem::take(&mut local.cells)).collect();
    let filled = locals.iter().map(|local| local.filled).sum();
    let ids: Vec<StringViewArray> = locals.iter_mut().map(|local| local.keys.ids.finish()).collect();
    let keys = locals.iter().map(|local| &local.keys.all[..]).collect();
    let subjects = Subjects { keys, ids: concatenated(&ids)? };
    Ok(settled(&locals, scheme, subjects, Cells::joined(width(scheme), parts), conflicts, filled, problems))
}

/// Merges parts with any keys in any order. Organisations of one part stay in place; the others are merged cell by
/// cell.
fn mixed(mut locals: Vec<PartScores<'_>>, scheme: &Scheme, problems: Vec<Problems>) -> Result<Marks> {
    let width = width(scheme);
    let keys = keys(&locals);
    // First key of each organisation.
    let new = |at: &usize| *at == 0 || !keys[at - 1].same(&keys[*at]);
    let mut starts: Vec<usize> = (0..keys.len()).filter(new).collect();
    let subjects = starts.len();
    starts.push(keys.len());
    let several = |subject: usize| starts[subject + 1] - starts[subject] > 1;
    let all = 2 * (0..subjects).filter(|subject| several(*subject)).count() > subjects;
    let copied: Vec<usize> = (0..subjects).filter(|subject| all || several(*subject)).collect();
    let merged = copied.par_chunks(SUBJECTS_PER_TASK).map(|subjects| {
        let mut part = Merged { cells: vec![NONE; subjects.len() * width], conflicts: Vec::new(), repeated: 0 };
        for (at, subject) in subjects.iter().enumerate() {
            for key in &keys[starts[*subject]..starts[subject + 1]] {
                let from = key.at as usize * width;
                part.put(at, *subject, &locals[key.part as usize].cells.row(from..from + width).cells());
            }
        }
        part
    });
    let merged: Vec<Merged> = merged.collect();
    let mut conflicts = Vec::new();
    for local in &locals {
        let own = local.conflicts.iter();
        conflicts.extend(own.map(|(at, column)| {
            let key = Key::new(local.keys.all[*at as usize], 0, 0);
            let before = |start: &usize| keys.get(*start).is_some_and(|own| *own < key && !own.same(&key));
            (starts.partition_point(before), *column as usize)
        }));
    }
    let repeated: u64 = merged.iter().map(|part| part.repeated).sum();
    let filled = locals.iter().map(|local| local.filled).sum::<u64>() - repeated;
    let mut parts: Vec<Packed> = Vec::new();
    if !all {
        parts.extend(locals.iter_mut().map(|local| std::mem::take(&mut local.cells)));
    }
    let mut places: Vec<(u32, u32)> = starts[..subjects].iter().map(|at| (keys[*at].part, keys[*at].at)).collect();
    for (nth, subject) in copied.iter().enumerate() {
        places[*subject] = ((parts.len() + nth / SUBJECTS_PER_TASK) as u32, (nth % SUBJECTS_PER_TASK) as u32);
    }
    for part in merged {
        parts.push(part.cells.into());
        conflicts.extend(part.conflicts);
    }
    let of_subjects: Vec<(i16, &str)> = starts[..subjects].iter().map(|at| (keys[*at].year, keys[*at].id)).collect();
    let subjects = Subjects { keys: vec![&of_subjects], ids: ids(&of_subjects)? };
    Ok(settled(&locals, scheme, subjects, Cells::placed(width, parts, places), conflicts, filled, problems))
}

/// Collects the keys of all parts, sorted by year and id.
fn keys<'a>(locals: &[PartScores<'a>]) -> Vec<Key<'a>> {
    let mut keys: Vec<Key<'_>> = Vec::with_capacity(locals.iter().map(|l| l.keys.all.len()).sum());
    for (part, local) in locals.iter().enumerate() {
        keys.par_extend(local.keys.all.par_iter().enumerate().map(|(at, key)| Key::new(*key, part as u32, at as u32)));
    }
    if locals.iter().all(|local| local.keys.in_runs()) {
        // The stable sort merges the existing runs.
        keys.sort();
    } else {
        keys.par_sort_unstable();
    }
    keys
}

/// Cells merged from several parts.
struct Merged {
    cells: Vec<i32>,
    conflicts: Vec<(usize, usize)>,
    /// Cells that an earlier part filled as well.
    repeated: u64,
}

impl Merged {
    fn put(&mut self, at: usize, subject: usize, own: &[i32]) {
        let cells = &mut self.cells[at * own.len()..(at + 1) * own.len()];
        for (column, (cell, value)) in cells.iter_mut().zip(own).enumerate() {
            match (*cell, *value) {
                (_, NONE) => {}
                (NONE, value) => *cell = value,
                (cell, value) if cell == value => self.repeated += 1,
                _ => {
                    *cell = OPEN;
                    self.repeated += 1;
                    self.conflicts.push((subject, column));
                }
            }
        }
    }
}

/// Builds the marks: opens and reports conflicting cells, and finds the range of each year.
fn settled(
    locals: &[PartScores<'_>],
    scheme: &Scheme,
    Subjects { keys, ids }: Subjects<'_, '_>,
    mut cells: Cells,
    mut conflicts: Vec<(usize, usize)>,
    filled: u64,
    mut problems: Vec<Problems>,
) -> Marks {
    conflicts.sort_unstable();
    conflicts.dedup();
    let key = |mut at: usize| {
        keys.iter().find_map(|keys| {
            let own = keys.get(at);
            at = at.wrapping_sub(keys.len());
            own
        })
    };
    let mut contradicting = Problems::default();
    for (subject, column) in conflicts {
        cells.set(subject, column, OPEN);
        if let Some((year, id)) = key(subject) {
            let item = &scheme.parts.items[column % items(scheme)].id;
            contradicting.push(Problem::new(Fault::Contradicts, *year, id, item, ""));
        }
    }
    problems.push(contradicting);
    let problems = Problems::merged(problems.into_iter());
    let mut years: Vec<(i16, Range<usize>)> = Vec::new();
    let mut from = 0;
    for keys in keys {
        let mut rest = keys;
        while let Some((year, _)) = rest.first() {
            let n = rest.partition_point(|(own, _)| own == year);
            match years.last_mut().filter(|(last, _)| last == year) {
                Some((_, range)) => range.end = from + n,
                None => years.push((*year, from..from + n)),
            }
            (from, rest) = (from + n, &rest[n..]);
        }
    }
    let scores_read: u64 = locals.iter().map(|local| local.scores_read).sum();
    Marks {
        ids,
        years,
        cells,
        problems,
        repeated: scores_read - filled,
        rows: locals.iter().map(|local| local.rows).sum(),
    }
}

/// Collects the ids of organisations.
fn ids(keys: &[(i16, &str)]) -> Result<StringViewArray> {
    let texts = |part: &[(i16, &str)]| part.iter().map(|(_, id)| Some(*id)).collect();
    concatenated(&keys.par_chunks(SUBJECTS_PER_TASK).map(texts).collect::<Vec<_>>())
}

/// Concatenates arrays of ids.
fn concatenated(parts: &[StringViewArray]) -> Result<StringViewArray> {
    if parts.is_empty() {
        return Ok(StringViewArray::new_null(0));
    }
    let parts: Vec<&dyn Array> = parts.iter().map(|part| part as &dyn Array).collect();
    Ok(concat(&parts)?.as_string_view().clone())
}
