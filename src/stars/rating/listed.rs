//! What the ledger says of the organisations of a rating, column by column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringViewArray, UInt32Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::DataType;

use super::{Rating, STAGES, Span};
use crate::dimension::region_name;
use crate::error::Result;
use crate::measure::Counts;
use crate::roster::Column;
use crate::standards::region::Level;
use crate::table::Columns;

/// Texts, each row one of a few: the values, and for each row which; behind the last is null.
pub(crate) fn texts_at<T: AsRef<str>>(values: impl IntoIterator<Item = T>, rows: Vec<u32>) -> Result<ArrayRef> {
    let values: StringViewArray = values.into_iter().map(Some).chain([None]).collect();
    Ok(take(&values, &UInt32Array::from(rows), None)?)
}

impl Rating {
    /// The star states of the ladder, 0 first, then "unknown".
    pub(crate) fn states(&self) -> Vec<String> {
        let ladder = &self.scheme.ladder;
        (0..=ladder.top()).map(|rung| ladder.state(rung)).chain([crate::classes::UNKNOWN.to_owned()]).collect()
    }

    /// The position of a span's state among [`Rating::states`].
    pub(crate) fn state_at(&self, span: Span) -> u32 {
        span.known().map_or(u32::from(self.scheme.ladder.top()) + 1, u32::from)
    }

    /// The star states of a stage.
    pub(crate) fn stage(&self, at: usize) -> Result<ArrayRef> {
        texts_at(self.states(), self.stages[at].iter().map(|span| self.state_at(*span)).collect())
    }

    /// The state of the stars after all rules, by name.
    pub(crate) fn state_of(&self, subject: usize) -> String {
        let states = self.states();
        states[self.state_at(self.stages[STAGES.len() - 1][subject]) as usize].clone()
    }

    /// `year`, the id, and what the ledger says of these organisations: `org_id` (of the organisation at which a party
    /// organisation stands), `name`, `township`, `township_name`, `kind`, `committee`.
    pub(crate) fn listed(&self, subjects: &[u32]) -> Result<Columns> {
        let id = self.scheme.id_column();
        let ids = take(&self.marks.ids, &UInt32Array::from(subjects.to_vec()), None)?;
        let mut columns =
            Columns::default().years("year", subjects.iter().map(|at| self.marks.year(*at as usize))).array(id, ids);
        if self.scheme.counts == Counts::PartyOrganisations {
            columns = columns.array("org_id", self.organisations(subjects)?);
        }
        columns = columns.array("name", self.names(subjects)?);
        let (codes, names) = self.townships(subjects)?;
        columns = columns.array("township", codes).array("township_name", names);
        for name in ["kind", "committee"] {
            columns = columns.array(name, self.words(name, subjects)?);
        }
        Ok(columns)
    }

    /// Calls `of` for each stretch of organisations of one year, with the year's frame.
    fn by_year(&self, subjects: &[u32], mut of: impl FnMut(&crate::roster::Frame, &[u32]) -> Result<()>) -> Result<()> {
        for part in subjects.chunk_by(|a, b| self.marks.year(*a as usize) == self.marks.year(*b as usize)) {
            of(self.roster.frame(self.marks.year(part[0] as usize))?, part)?;
        }
        Ok(())
    }

    fn organisations(&self, subjects: &[u32]) -> Result<ArrayRef> {
        let mut slots: Vec<Option<u32>> = Vec::with_capacity(subjects.len());
        self.by_year(subjects, |frame, part| {
            slots.extend(part.iter().map(|at| Some(frame.slots[self.rows[*at as usize]? as usize])));
            Ok(())
        })?;
        Ok(take(self.roster.organisations(), &UInt32Array::from(slots), None)?)
    }

    fn names(&self, subjects: &[u32]) -> Result<ArrayRef> {
        let nothing = StringArray::new_null(1);
        let field = self.roster.field("name").ok();
        let mut parts: Vec<ArrayRef> = vec![Arc::new(StringArray::new_null(0))];
        self.by_year(subjects, |frame, part| {
            let rows = |there: bool| -> UInt32Array {
                part.iter().map(|at| self.rows[*at as usize].filter(|_| there)).collect()
            };
            let names: ArrayRef = match field.and_then(|at| self.roster.values(frame, at)) {
                Some(Column::Text(texts)) => take(texts, &rows(true), None)?,
                Some(Column::Coded { codes, dictionary }) => {
                    let name = |row: Option<u32>| dictionary.get(codes.get(row? as usize) as u32);
                    Arc::new(rows(true).iter().map(name).collect::<StringArray>())
                }
                _ => take(&nothing, &rows(false), None)?,
            };
            parts.push(cast(&names, &DataType::Utf8)?);
            Ok(())
        })?;
        Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
    }

    /// The codes of a coded column, 0 where it is not known.
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

    fn words(&self, name: &str, subjects: &[u32]) -> Result<ArrayRef> {
        let dictionary = self.roster.field(name).ok().and_then(|at| self.roster.dictionary(at));
        let values = dictionary.map_or(&[][..], |d| d.values());
        let null = values.len() as u32;
        let codes = self.codes(name, subjects)?;
        texts_at(values, codes.into_iter().map(|code| code.checked_sub(1).unwrap_or(null)).collect())
    }

    fn townships(&self, subjects: &[u32]) -> Result<(ArrayRef, ArrayRef)> {
        let dictionary = self.roster.field("region").ok().and_then(|at| self.roster.dictionary(at));
        let Some(townships) = dictionary.map(|d| d.at_level(Level::Township)) else {
            let nothing = || texts_at::<&str>([], vec![0; subjects.len()]);
            return Ok((nothing()?, nothing()?));
        };
        let codes = self.codes("region", subjects)?;
        let at: Vec<u32> = codes.iter().map(|code| townships.of_code[*code as usize]).collect();
        let names = townships.values.iter().map(|code| region_name(code).unwrap_or(code));
        Ok((texts_at(townships.values.iter(), at.clone())?, texts_at(names, at)?))
    }

    /// All organisations, in their order.
    pub(crate) fn everybody(&self) -> Vec<u32> {
        (0..self.marks.len() as u32).collect()
    }
}

/// The texts of a column that is one.
pub(crate) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    match batch.column_by_name(name) {
        Some(column) if *column.data_type() == DataType::Utf8View => column.as_string_view().iter().collect(),
        Some(column) if *column.data_type() == DataType::Utf8 => column.as_string::<i32>().iter().collect(),
        _ => Vec::new(),
    }
}
