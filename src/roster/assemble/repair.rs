//! Repair of damaged organisation codes where the original is certain; other rows with a lost code are removed.
//!
//! A repair is certain if exactly one organisation's code fits the remains and has a valid check character. That
//! organisation must have rows with the same name and, where both are known, the same county. It must not be listed
//! yet in the row's year, and no second damaged row of that year may match it.

use arrow::array::{Array, AsArray, BooleanArray, StringArray, UInt32Array};
use arrow::compute::{cast, filter, take};
use arrow::datatypes::DataType;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ids::{IdKeys, rank};
use super::{Builder, Chunk, PartKey};
use crate::error::{Error, Result};
use crate::ingest::{RowPosition, RowPositions};
use crate::schema::spelling;
use crate::standards::region;
use crate::standards::region::RegionLevel;
use crate::standards::spoilt::{Spoilt, became};
use crate::standards::uscc;

/// The outcome for a row whose code was lost or repaired.
pub(in crate::roster) struct Repair {
    pub key: PartKey,
    /// Position of the row in its source.
    pub position: RowPosition,
    pub year: i16,
    /// Id before the repair.
    pub former_id: String,
    /// Repaired code; `None` where the row was removed.
    pub id: Option<String>,
}

/// An id that is a damaged code.
struct SpoiltId {
    number: u32,
    id: String,
    code: Spoilt,
}

/// A row, with the columns that identify its organisation.
struct IdentifiedRow {
    chunk: usize,
    row: usize,
    year: i16,
    name: Option<String>,
    county: Option<String>,
}

impl IdentifiedRow {
    /// Checks whether both rows can belong to one organisation, judging by everything but their codes.
    fn agrees(&self, other: &Self) -> bool {
        let same_county = self.county.is_none() || other.county.is_none() || self.county == other.county;
        self.name.is_some() && self.name == other.name && same_county
    }
}

impl Builder {
    /// Repairs codes where the original is certain and removes rows whose code stays lost. Returns both.
    pub(in crate::roster) fn repair(&mut self) -> Result<Vec<Repair>> {
        let chunks = self.chunks.get_mut().map_err(|_| Error::broken())?;
        chunks.sort_by_key(|chunk| chunk.key);
        let keys: Vec<IdKeys> = chunks.iter_mut().map(|chunk| std::mem::take(&mut chunk.ids)).collect();
        let (ids, slots) = rank(&keys, &self.unpacked)?;
        let mut rest = slots.as_slice();
        let mut slots = Vec::with_capacity(chunks.len());
        for (chunk, keys) in chunks.iter_mut().zip(keys) {
            let (here, others) = rest.split_at(keys.len());
            chunk.ids = keys;
            slots.push(here.to_vec());
            rest = others;
        }
        let left = |(number, id): (u32, &str)| Some(SpoiltId { number, id: id.to_owned(), code: Spoilt::detect(id)? });
        let spoilt: Vec<SpoiltId> = (0..).zip(ids.iter().flatten()).filter_map(left).collect();
        if spoilt.is_empty() {
            return Ok(Vec::new());
        }
        let candidates = candidates(&ids, &spoilt);
        let wanted: FxHashSet<u32> =
            spoilt.iter().map(|left| left.number).chain(candidates.values().flatten().map(|c| c.0)).collect();
        let rows = rows(chunks, &slots, &wanted)?;
        let certain = certain(&spoilt, &candidates, &rows);
        let mut repairs = Vec::new();
        let mut lost: Vec<FxHashSet<usize>> = chunks.iter().map(|_| FxHashSet::default()).collect();
        let mut changed: FxHashSet<usize> = FxHashSet::default();
        for SpoiltId { number, id, code: left } in &spoilt {
            for row in rows.get(number).into_iter().flatten() {
                let (code, chunk) = (certain.get(&(row.chunk, row.row)), &mut chunks[row.chunk]);
                match (code, left) {
                    (Some((to, _)), _) => slots[row.chunk][row.row] = *to,
                    (None, Spoilt::Rounded(_)) => drop(lost[row.chunk].insert(row.row)),
                    (None, Spoilt::Illegible(_)) => continue,
                }
                changed.insert(row.chunk);
                repairs.push(Repair {
                    key: chunk.key,
                    position: chunk.positions.get(row.row),
                    year: row.year,
                    former_id: id.clone(),
                    id: code.map(|(_, id)| id.clone()),
                });
            }
        }
        for at in changed {
            let (chunk, lost) = (&mut chunks[at], &lost[at]);
            let keep: BooleanArray = (0..chunk.years.len()).map(|at| Some(!lost.contains(&at))).collect();
            chunk.retain(&keep)?;
            let slots = filter(&UInt32Array::from(std::mem::take(&mut slots[at])), &keep)?;
            let ids = take(&ids, &slots, None)?;
            chunk.ids = IdKeys::new(ids.as_string(), &self.unpacked)?;
        }
        Ok(repairs)
    }
}

impl Chunk {
    /// Keeps the rows where `keep` is set.
    fn retain(&mut self, keep: &BooleanArray) -> Result<()> {
        fn retained<T: Copy>(all: &[T], keep: &BooleanArray) -> Vec<T> {
            all.iter().zip(keep.values()).filter(|(_, keep)| *keep).map(|(value, _)| *value).collect()
        }
        self.positions = RowPositions::Each(retained(&self.positions.iter().collect::<Vec<_>>(), keep));
        self.years = retained(&self.years, keep);
        for (_, values) in &mut self.columns {
            *values = values.filter(keep)?;
        }
        Ok(())
    }

    /// Returns the texts of a column at these rows, if the chunk has the column.
    fn texts(&self, name: &str, rows: &UInt32Array) -> Result<Option<StringArray>> {
        let Some((_, values)) = self.columns.iter().find(|(n, _)| n == name) else { return Ok(None) };
        Ok(Some(cast(&values.gather(rows)?.array(), &DataType::Utf8)?.as_string::<i32>().clone()))
    }
}

/// Lists, for each damaged id, the ids whose code it may have been, with their numbers.
fn candidates(ids: &StringArray, spoilt: &[SpoiltId]) -> FxHashMap<u32, Vec<(u32, String)>> {
    let mut rounded: FxHashMap<u64, Vec<(u32, f64)>> = FxHashMap::default();
    let mut illegible: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
    for SpoiltId { number, code, .. } in spoilt {
        match code {
            Spoilt::Rounded(value) => rounded.entry(*value as u64 / 1000).or_default().push((*number, *value)),
            Spoilt::Illegible(code) => illegible.entry(code).or_default().push(*number),
        }
    }
    let mut candidates: FxHashMap<u32, Vec<(u32, String)>> = FxHashMap::default();
    for (number, id) in (0..).zip(ids.iter().flatten()).filter(|(_, id)| uscc::is_valid(id)) {
        let mut add = |left: u32| candidates.entry(left).or_default().push((number, id.to_owned()));
        illegible.get(id).into_iter().flatten().for_each(|left| add(*left));
        if let Ok(code) = id.parse::<u64>() {
            // Rounding moves a code at most to the next thousand.
            for thousand in code / 1000 - 1..=code / 1000 + 1 {
                let near = rounded.get(&thousand).into_iter().flatten();
                near.filter(|(_, value)| became(code, *value)).for_each(|(left, _)| add(*left));
            }
        }
    }
    candidates
}

/// Collects the rows of the ids in `wanted`, keyed by the number of their id.
fn rows(chunks: &[Chunk], slots: &[Vec<u32>], wanted: &FxHashSet<u32>) -> Result<FxHashMap<u32, Vec<IdentifiedRow>>> {
    let mut rows: FxHashMap<u32, Vec<IdentifiedRow>> = FxHashMap::default();
    for (at, (chunk, slots)) in chunks.iter().zip(slots).enumerate() {
        let here: Vec<u32> = (0..).zip(slots).filter(|(_, slot)| wanted.contains(slot)).map(|(row, _)| row).collect();
        if here.is_empty() {
            continue;
        }
        let here = UInt32Array::from(here);
        let (names, regions) = (chunk.texts("name", &here)?, chunk.texts("region", &here)?);
        let text = |texts: &Option<StringArray>, at: usize| {
            texts.as_ref().filter(|texts| texts.is_valid(at)).map(|texts| texts.value(at).to_owned())
        };
        for (nth, row) in here.values().iter().map(|row| *row as usize).enumerate() {
            rows.entry(slots[row]).or_default().push(IdentifiedRow {
                chunk: at,
                row,
                year: chunk.years[row],
                name: text(&names, nth).map(|name| spelling::name(&name).into_owned()).filter(|name| !name.is_empty()),
                county: text(&regions, nth).and_then(|region| region::at_level(&region, RegionLevel::County)),
            });
        }
    }
    Ok(rows)
}

/// Returns the number and code of the certain organisation of each damaged row, keyed by chunk and row.
fn certain<'a>(
    spoilt: &[SpoiltId],
    candidates: &'a FxHashMap<u32, Vec<(u32, String)>>,
    rows: &FxHashMap<u32, Vec<IdentifiedRow>>,
) -> FxHashMap<(usize, usize), &'a (u32, String)> {
    let rows_of = |number: &u32| rows.get(number).map_or(&[][..], Vec::as_slice);
    let mut certain: FxHashMap<(usize, usize), &(u32, String)> = FxHashMap::default();
    let mut years: FxHashMap<(u32, i16), usize> = FxHashMap::default();
    let all = spoilt.iter().flat_map(|left| rows_of(&left.number).iter().map(|row| (&left.number, row)));
    for (number, row) in all.clone() {
        let mut fit = (candidates.get(number).into_iter().flatten())
            .filter(|(candidate, _)| rows_of(candidate).iter().any(|other| row.agrees(other)));
        if let (Some(code), None) = (fit.next(), fit.next())
            && rows_of(&code.0).iter().all(|other| other.year != row.year)
        {
            certain.insert((row.chunk, row.row), code);
            *years.entry((code.0, row.year)).or_default() += 1;
        }
    }
    for (_, row) in all {
        let twice = |code: &&(u32, String)| years.get(&(code.0, row.year)).is_some_and(|n| *n > 1);
        if certain.get(&(row.chunk, row.row)).is_some_and(twice) {
            certain.remove(&(row.chunk, row.row));
        }
    }
    certain
}
