//! Ledger columns of rated organisations.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, UInt32Array, new_null_array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::DataType;

use rayon::prelude::*;

use super::{Rating, STAGES, Span};
use crate::definition::Counts;
use crate::error::Result;
use crate::roster::Column;
use crate::standards::region;
use crate::standards::region::RegionLevel;
use crate::support::columns::Columns;

/// Builds a text column from a few values and the index of each row; the index after the last value is null.
pub(crate) fn texts_at<T: AsRef<str>>(values: impl IntoIterator<Item = T>, rows: Vec<u32>) -> Result<ArrayRef> {
    let values: StringViewArray = values.into_iter().map(Some).chain([None]).collect();
    let null = values.len() as u32 - 1;
    // Taking without nulls is faster, and most columns have none.
    let values =
        if rows.iter().fold(0, |most, row| most.max(*row)) < null { values.slice(0, null as usize) } else { values };
    Ok(take(&values, &UInt32Array::from(rows), None)?)
}

/// Predicate on column names: true for requested columns.
pub(super) type Wants<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// Constructor of an all-null column.
type Nothing<'a> = &'a (dyn Fn() -> ArrayRef + Sync);

/// Returns an all-null text column.
fn unknown(n: usize) -> ArrayRef {
    new_null_array(&DataType::Utf8View, n)
}

impl Rating {
    /// Returns the star states of the ladder, from rung 0, then "unknown".
    pub(crate) fn states(&self) -> Vec<String> {
        let ladder = &self.scheme.ladder;
        (0..=ladder.top())
            .map(|rung| ladder.state(rung))
            .chain([crate::query::star_state::UNKNOWN.to_owned()])
            .collect()
    }

    /// Returns the index of a span's state in [`Rating::states`].
    pub(crate) fn state_at(&self, span: Span) -> u32 {
        span.known().map_or(u32::from(self.scheme.ladder.top()) + 1, u32::from)
    }

    /// Returns the star states of a stage.
    pub(crate) fn stage(&self, index: usize) -> Result<ArrayRef> {
        texts_at(self.states(), self.stages[index].par_iter().map(|span| self.state_at(*span)).collect())
    }

    /// Returns the star states of the requested stages. Stages without changes share one array.
    pub(super) fn stages_of(&self, wants: impl Fn(usize) -> bool) -> Result<Vec<Option<ArrayRef>>> {
        let first = |at: usize| (0..=at).rev().find(|at| !self.stages.unchanged(*at)).unwrap_or(0);
        let mut needed: Vec<usize> = (0..STAGES.len()).filter(|at| wants(*at)).map(first).collect();
        needed.dedup();
        let made = needed.par_iter().map(|at| self.stage(*at)).collect::<Result<Vec<_>>>()?;
        let array = |at: usize| needed.iter().position(|own| *own == first(at)).map(|own| Arc::clone(&made[own]));
        Ok((0..STAGES.len()).map(|at| if wants(at) { array(at) } else { None }).collect())
    }

    /// Returns the star state after all rules.
    pub(crate) fn state_of(&self, subject: usize) -> String {
        let states = self.states();
        states[self.state_at(self.stars()[subject]) as usize].clone()
    }

    /// Returns `year`, the id and the ledger columns of these organisations: `org_id` (of the home row of a party
    /// organisation), `name`, `township`, `township_name`, `kind`, `committee`.
    pub(crate) fn listed(&self, subjects: &[u32]) -> Result<Columns> {
        self.listed_of(subjects, &|_| true)
    }

    /// Returns the requested columns of [`Rating::listed`].
    pub(super) fn listed_of(&self, subjects: &[u32], wants: Wants<'_>) -> Result<Columns> {
        let id = self.scheme.id_column();
        let everybody = subjects.len() == self.marks.len() && (0..).zip(subjects).all(|(at, own)| at == *own);
        let ids = || -> Result<ArrayRef> {
            if everybody {
                return Ok(Arc::new(self.marks.ids.clone()));
            }
            Ok(take(&self.marks.ids, &UInt32Array::from(subjects.to_vec()), None)?)
        };
        let years = || self.parts(subjects).flat_map(|(year, part)| std::iter::repeat_n(year, part.len()));
        // Columns missing from the ledger share one array.
        let nothing = OnceLock::new();
        let nothing: Nothing<'_> = &|| Arc::clone(nothing.get_or_init(|| unknown(subjects.len())));
        let party = self.scheme.counts == Counts::PartyOrganisations;
        let ((organisations, names), (townships, words)) = rayon::join(
            || {
                rayon::join(
                    || (party && wants("org_id")).then(|| self.organisations(subjects)).transpose(),
                    || wants("name").then(|| self.names(subjects, nothing)).transpose(),
                )
            },
            || {
                rayon::join(
                    || {
                        let wanted = wants("township") || wants("township_name");
                        wanted.then(|| self.townships(subjects, nothing)).transpose()
                    },
                    || {
                        ["kind", "committee"]
                            .map(|name| (name, wants(name).then(|| self.words(name, subjects, nothing)).transpose()))
                    },
                )
            },
        );
        let mut columns = Columns::default();
        if wants("year") {
            columns = columns.years("year", years());
        }
        if wants(id) {
            columns = columns.array(id, ids()?);
        }
        let (codes, of_codes) = townships?.unzip();
        let mut rest = vec![("org_id", organisations?), ("name", names?)];
        rest.extend([("township", codes), ("township_name", of_codes)]);
        for (name, words) in words {
            rest.push((name, words?));
        }
        for (name, array) in rest.into_iter().filter_map(|(name, array)| Some((name, array?))) {
            columns = columns.array(name, array);
        }
        Ok(columns)
    }

    /// Splits organisations into runs of one year.
    fn parts<'s>(&self, subjects: &'s [u32]) -> impl Iterator<Item = (i16, &'s [u32])> {
        let mut rest = subjects;
        std::iter::from_fn(move || {
            let first = *rest.first()? as usize;
            let (year, range) = self.marks.years.iter().find(|(_, range)| range.contains(&first))?;
            let n = rest.iter().position(|at| !range.contains(&(*at as usize))).unwrap_or(rest.len());
            let (part, behind) = rest.split_at(n);
            rest = behind;
            Some((*year, part))
        })
    }

    /// Calls `of` with each run of organisations of one year and the frame of that year.
    fn by_year(
        &self,
        subjects: &[u32],
        mut visit: impl FnMut(&crate::roster::Frame, &[u32]) -> Result<()>,
    ) -> Result<()> {
        self.parts(subjects).try_for_each(|(year, part)| visit(self.roster.frame(year)?, part))
    }

    fn organisations(&self, subjects: &[u32]) -> Result<ArrayRef> {
        let mut slots: Vec<Option<u32>> = Vec::with_capacity(subjects.len());
        self.by_year(subjects, |frame, part| {
            slots.extend(part.iter().map(|at| Some(frame.slots[self.rows[*at as usize]? as usize])));
            Ok(())
        })?;
        let organisations = cast(self.roster.organisations(), &DataType::Utf8View)?;
        if slots.len() == organisations.len() && (0..).zip(&slots).all(|(at, slot)| *slot == Some(at)) {
            return Ok(organisations);
        }
        Ok(take(&organisations, &UInt32Array::from(slots), None)?)
    }

    fn names(&self, subjects: &[u32], nothing: Nothing<'_>) -> Result<ArrayRef> {
        let Some(field) = self.roster.field("name").ok() else { return Ok(nothing()) };
        let mut parts: Vec<ArrayRef> = vec![unknown(0)];
        self.by_year(subjects, |frame, part| {
            let rows = || -> UInt32Array { part.iter().map(|at| self.rows[*at as usize]).collect() };
            parts.push(match self.roster.values(frame, field) {
                Some(Column::Text(texts)) => take(&cast(texts, &DataType::Utf8View)?, &rows(), None)?,
                Some(Column::Coded { codes, dictionary }) => {
                    let name = |row: Option<u32>| dictionary.get(codes.get(row? as usize) as u32);
                    Arc::new(rows().iter().map(name).collect::<StringViewArray>())
                }
                _ => unknown(part.len()),
            });
            Ok(())
        })?;
        Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
    }

    /// Returns the codes of a coded column, 0 for unknown.
    fn codes(&self, name: &str, subjects: &[u32]) -> Result<Vec<u32>> {
        let field = self.roster.field(name).ok();
        let mut all = Vec::with_capacity(subjects.len());
        self.by_year(subjects, |frame, part| {
            let column = field.and_then(|at| self.roster.values(frame, at));
            let code = |at: &u32| match (column, self.rows[*at as usize]) {
                (Some(Column::Coded { codes, .. }), Some(row)) => codes.get(row as usize) as u32,
                _ => 0,
            };
            all.extend(part.iter().map(code));
            Ok(())
        })?;
        Ok(all)
    }

    fn words(&self, name: &str, subjects: &[u32], nothing: Nothing<'_>) -> Result<ArrayRef> {
        let Some(dictionary) = self.roster.field(name).ok().and_then(|at| self.roster.dictionary(at)) else {
            return Ok(nothing());
        };
        let values = dictionary.values();
        let null = values.len() as u32;
        let codes = self.codes(name, subjects)?;
        texts_at(values, codes.into_iter().map(|code| code.checked_sub(1).unwrap_or(null)).collect())
    }

    fn townships(&self, subjects: &[u32], nothing: Nothing<'_>) -> Result<(ArrayRef, ArrayRef)> {
        let dictionary = self.roster.field("region").ok().and_then(|at| self.roster.dictionary(at));
        let Some(townships) = dictionary.map(|d| d.at_level(RegionLevel::Township)) else {
            return Ok((nothing(), nothing()));
        };
        let codes = self.codes("region", subjects)?;
        let at: Vec<u32> = codes.iter().map(|code| townships.of_code[*code as usize]).collect();
        let names = townships.values.iter().map(|code| region::name(code).unwrap_or(code));
        Ok((texts_at(townships.values.iter(), at.clone())?, texts_at(names, at)?))
    }

    /// Returns the positions of all organisations.
    pub(crate) fn everybody(&self) -> Vec<u32> {
        (0..self.marks.len() as u32).collect()
    }
}

/// Returns a text column as strings; empty if there is no such text column.
pub(crate) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    match batch.column_by_name(name) {
        Some(column) if *column.data_type() == DataType::Utf8View => column.as_string_view().iter().collect(),
        Some(column) if *column.data_type() == DataType::Utf8 => column.as_string::<i32>().iter().collect(),
        _ => Vec::new(),
    }
}
