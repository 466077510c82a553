//! Selects the rows of a block that are organisations, with their codes and years, and counts and rejects the others.

use std::borrow::Cow;

use super::row_kind::RowKind;
use super::{ReadSummary, TableReader, YearSource, plane};
use crate::ingest::cell;
use crate::ingest::cell::block::{Block, BlockRow, CellRow, RowPosition, VisitedCell};
use crate::ingest::cell::content::Cell;
use crate::ingest::cell::row_checks;
use crate::ingest::problem::Code;
use crate::standards::uscc;

/// Rows of a block that are read.
pub(super) struct LedgerRows {
    /// Positions in the block.
    pub rows: Vec<u32>,
    pub years: Vec<i16>,
    /// Concatenated ids, and the end of each.
    pub ids: Vec<u8>,
    pub ends: Vec<i32>,
}

impl TableReader {
    /// Selects the rows that are organisations with a code and a year.
    pub(super) fn choose<B: Block>(&self, block: &B, fields: Option<usize>, summary: &mut ReadSummary) -> LedgerRows {
        let rows = block.rows();
        let mut chosen = LedgerRows {
            rows: Vec::with_capacity(rows),
            years: Vec::with_capacity(rows),
            ids: Vec::with_capacity(rows * 18),
            ends: Vec::with_capacity(rows + 1),
        };
        chosen.ends.push(0);
        // Year of the heading since the last organisation.
        let mut heading = None;
        let mut last: Option<(VisitedCell<'_>, i16)> = None;
        // A caller who names the column of codes knows whose numbers they are.
        let (mut own, mut by_name) = (self.id_requested, false);
        let all: Vec<u32> = (0..rows as u32).collect();
        block.each(&all, self.id, |rows, ids| {
            for (row, seen) in rows.iter().map(|row| *row as usize).zip(ids) {
                let fits = fields.is_none_or(|fields| block.width(row) == fields);
                let valid = match seen {
                    VisitedCell::Text(code) if fits && uscc::is_issued(code.text) => Some(code.text),
                    _ => None,
                };
                let position = || block.position(row);
                if valid.is_none() {
                    let kind = self.rows.kind(&BlockRow(block, row));
                    let kind = if !fits && matches!(kind, RowKind::RepeatedHeader) { RowKind::Data } else { kind };
                    summary.rows.count(kind);
                    if kind != RowKind::Data {
                        summary.several |= self.is_boundary(kind, &BlockRow(block, row), &mut heading);
                        continue;
                    }
                    heading = None;
                    if let Some(fields) = fields.filter(|_| !fits) {
                        // The fields are shifted and may hold names of people, so only their number is reported.
                        let value = format!("{} ≠ {fields}", block.width(row));
                        self.reject(summary, Code::FieldCount, position(), None, &value);
                        continue;
                    }
                } else if self.rows.is_marked_example(&BlockRow(block, row)) {
                    summary.rows.count(RowKind::Note);
                    continue;
                } else {
                    summary.rows.count(RowKind::Data);
                    heading = None;
                }
                let year = match self.year {
                    YearSource::Fixed(year) => year,
                    YearSource::Column(column) => match (block.seen(row, column), last) {
                        (year, Some((same, read))) if year.equals(&same) => read,
                        (written, _) => {
                            let cell = written.cell();
                            let Ok(Some(year)) = cell::year(&cell) else {
                                self.reject(summary, Code::YearMissing, position(), Some("year"), &cell.shown());
                                continue;
                            };
                            last = Some((written, year));
                            year
                        }
                    },
                };
                let (id, warning) = match valid {
                    Some(code) => (Some(Cow::Borrowed(code)), None),
                    None => match self.identify(seen.cell(), block, row) {
                        Ok((id, warning)) => (Some(id), warning),
                        Err(code) => (None, Some(code)),
                    },
                };
                // An office's own numbers, and codes found by name, are said once for the table.
                let warning = warning.filter(|code| match code {
                    Code::IdOwnNumber => !std::mem::replace(&mut own, true),
                    Code::IdByName => !std::mem::replace(&mut by_name, true),
                    _ => true,
                });
                if let Some(code) = warning {
                    let header = self.id_header.clone();
                    let known_by = self.known_by(code, seen.cell(), block, row).shown();
                    summary.problems.push(self.problem(
                        code,
                        position(),
                        Some(year),
                        Some("org_id"),
                        header,
                        &known_by,
                    ));
                }
                let Some(id) = id else {
                    summary.rejected += 1;
                    continue;
                };
                if chosen.years.last() != Some(&year) && !summary.years.contains(&year) {
                    summary.years.push(year);
                }
                chosen.rows.push(row as u32);
                chosen.years.push(year);
                match id.as_bytes().first_chunk::<18>() {
                    // Almost all ids have this length, and a copy of constant length is faster.
                    Some(whole) if id.len() == whole.len() => chosen.ids.extend_from_slice(whole),
                    _ => chosen.ids.extend_from_slice(id.as_bytes()),
                }
                chosen.ends.push(chosen.ids.len() as i32);
            }
        });
        chosen
    }

    /// Returns the organisation of a row: the number in the column of codes; where that has none, the first number in
    /// another column of numbers, or else the code of its name in the register.
    fn identify<'a, B: Block>(&self, code: Cell<'a>, block: &'a B, row: usize) -> row_checks::IdentityResult<'a> {
        let found = (self.identity)(&code);
        if !matches!(found, Err(Code::IdMissing | Code::IdPlaceholder)) {
            return found;
        }
        let mut others =
            self.other_ids.iter().filter_map(|column| (self.identity)(&block.seen(row, *column).cell()).ok());
        let other = others.find(|(_, warning)| *warning != Some(Code::IdMangled));
        if let Some((id, _)) = other {
            return Ok((id, Some(Code::IdOtherColumn)));
        }
        let (Some(register), Some(name)) = (&self.register, self.name) else { return found };
        let Ok(Some(name)) = cell::term(&block.seen(row, name).cell()) else { return found };
        let region = self.region.and_then(|column| cell::region(&block.seen(row, column).cell()).ok().flatten());
        let id = register.find(&name, region.as_ref().map(|(region, _)| &**region))?;
        Ok((Cow::Owned(id.to_owned()), Some(Code::IdByName)))
    }

    /// Returns what a problem with the organisation of a row shows: what is `written` for its code, or its name where
    /// there is no code.
    fn known_by<'a, B: Block>(&self, problem: Code, written: Cell<'a>, block: &'a B, row: usize) -> Cell<'a> {
        let by_name = match problem {
            Code::IdMissing | Code::IdOtherColumn => written.is_blank(),
            Code::IdByName | Code::IdNotInRegister | Code::IdSeveralInRegister => true,
            _ => false,
        };
        self.name.filter(|_| by_name).map_or(written, |name| block.seen(row, name).cell())
    }

    /// Checks whether another table may begin at a row of `kind`, which is no organisation; `heading` is the year that
    /// the rows above name since the last organisation.
    fn is_boundary<R: CellRow>(&self, kind: RowKind, row: &R, heading: &mut Option<i16>) -> bool {
        let YearSource::Fixed(year) = self.year else { return kind == RowKind::OtherHeader };
        match kind {
            RowKind::OtherHeader => true,
            RowKind::RepeatedHeader => heading.is_some_and(|heading| heading != year),
            RowKind::Note => {
                let said = (0..row.width()).find_map(|column| match row.cell(column) {
                    Cell::Text(text) => cell::year::in_name(text),
                    _ => None,
                });
                *heading = said.or(*heading);
                plane::heading_year(row).is_some_and(|heading| heading != year)
            }
            _ => false,
        }
    }

    fn reject(&self, summary: &mut ReadSummary, code: Code, position: RowPosition, column: Option<&str>, value: &str) {
        summary.rejected += 1;
        let year = match self.year {
            YearSource::Fixed(year) => Some(year),
            YearSource::Column(_) => None,
        };
        summary.problems.push(self.problem(code, position, year, column, None, value));
    }
}
