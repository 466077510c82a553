//! Reads a sheet as a ledger: its rows are taken from the file a piece at a time, and the pieces are read in
//! parallel.
//!
//! In the file, merged cells come after the rows, so it is unknown beforehand whether there are any below the header.
//! Most long sheets have none: they are read on that assumption, and a second time if it was wrong. No rows are
//! passed on before it is certain. A sheet of a single piece, as nearly all are, has its merged cells known with the
//! piece.

use std::collections::HashSet;
use std::sync::Mutex;

use rayon::prelude::*;

use super::grid::{SheetGrid, gap};
use super::merged::MergedCells;
use super::pieces::{SheetPiece, SheetPieces};
use super::region::MergedRegion;
use crate::error::{Error, Result};
use crate::ingest::Skipped;
use crate::ingest::cell::block::Block;
use crate::ingest::format::pump::pump;
use crate::ingest::header::above::joined;
use crate::ingest::header::{Header, Meaning, TOP};
use crate::ingest::table::plane::{PlannedTable, read_tables};
use crate::ingest::table::start::{FileOutcome, ReadContext, TableLocation, TableStart, find_start};
use crate::ingest::table::{ReadSummary, TableReader, piece};
use crate::job;
use crate::lang::Text;
use crate::schema::Type;

/// Days from 1899-12-30 to 1904-01-01, by which serial numbers that count from 1904 are smaller.
const YEARS_TO_1904: f64 = 1462.0;
/// Serial numbers, counted from 1904, of dates of 1927–2119 in cells that are plain numbers.
const SERIALS: std::ops::Range<f64> = 10_000.0 - YEARS_TO_1904..80_000.0 - YEARS_TO_1904;

/// Result of reading a grid.
struct GridResult {
    /// Positions of the first and last row, and number of rows between them without cells.
    first: u32,
    last: u32,
    gaps: usize,
    piece: Option<piece::Piece>,
    summary: ReadSummary,
}

/// Rows for one thread: some grids, each with the number of rows to skip, and a piece.
struct LedgerTask {
    /// Number of the task, which gives the order.
    number: usize,
    grids: Vec<(SheetGrid, usize)>,
    piece: Option<SheetPiece>,
}

/// A ledger being read.
struct LedgerReader<'a> {
    location: &'a TableLocation<'a>,
    context: &'a ReadContext<'a>,
    table: &'a TableReader,
    /// Date columns in which plain numbers count from 1904.
    from_1904: Vec<usize>,
    /// Results by task number.
    parts: Mutex<Vec<(usize, Vec<GridResult>)>>,
}

impl LedgerReader<'_> {
    fn read(&self, task: LedgerTask) -> Result<()> {
        let mut parts = Vec::with_capacity(task.grids.len());
        for (grid, skip) in task.grids {
            parts.push(self.part(grid, skip)?);
        }
        if let Some(mut piece) = task.piece {
            while let Some(grid) = piece.next(self.location, self.context.job)? {
                parts.push(self.part(grid, 0)?);
            }
        }
        self.parts.lock().map_err(|_| Error::broken())?.push((task.number, parts));
        Ok(())
    }

    fn part(&self, mut grid: SheetGrid, skip: usize) -> Result<GridResult> {
        job::check(self.context.job)?;
        let (first, last) = (grid.first().unwrap_or_default(), grid.last().unwrap_or_default());
        let gaps = grid.gaps();
        grid.skip(skip);
        grid.change(&self.from_1904, since_1900);
        let (piece, summary) = self.table.read(&grid, None)?;
        Ok(GridResult { first, last, gaps, piece, summary })
    }

    /// Checks whether there may be another table among the rows.
    fn is_several(&self) -> bool {
        let several = |part: &GridResult| part.summary.several;
        self.parts.lock().is_ok_and(|parts| parts.iter().any(|(_, parts)| parts.iter().any(several)))
    }

    /// Numbers the parts in order and passes them on, in parallel.
    fn pass_on(self) -> Result<Vec<(u32, ReadSummary)>> {
        let mut parts = self.parts.into_inner().map_err(|_| Error::broken())?;
        parts.sort_by_key(|(number, _)| *number);
        let parts: Vec<GridResult> = parts.into_iter().flat_map(|(_, parts)| parts).collect();
        let mut blank = ReadSummary::default();
        let between = parts.iter().zip(parts.iter().skip(1)).map(|(one, next)| gap(one.last, next.first));
        blank.rows.blank = between.sum::<usize>() + parts.iter().map(|part| part.gaps).sum::<usize>();
        let give = |(number, part): (usize, GridResult)| {
            let (number, mut summary) = (number as u32, part.summary);
            if let Some(piece) = part.piece {
                self.context.pass_on(self.table.source(), number, piece, &mut summary)?;
            }
            Ok((number, summary))
        };
        let mut summaries = parts.into_par_iter().enumerate().map(give).collect::<Result<Vec<_>>>()?;
        summaries.push((summaries.len() as u32, blank));
        Ok(summaries)
    }
}

/// Reason to read a sheet again, and what is known of it.
pub(super) enum Again {
    /// Merged cells turned up after rows that were read without them.
    Merged(Vec<MergedRegion>),
    /// There may be several tables.
    Several,
}

/// Reads a sheet as a ledger, if it is one. Where it turns out on the way to be another sheet than it was taken for,
/// the rows are discarded and the reason returned: the sheet must then be read once more, with the reason as `again`.
pub(super) fn read(
    location: &TableLocation<'_>,
    pieces: &mut dyn SheetPieces,
    again: Option<Again>,
    context: &ReadContext<'_>,
    outcome: &mut FileOutcome,
) -> Result<Option<Again>> {
    let seen = match again {
        Some(Again::Several) => return tables(location, pieces, context, outcome).map(|()| None),
        Some(Again::Merged(regions)) => Some(regions),
        None => None,
    };
    let mut head = Vec::new();
    let mut piece = None;
    while head.iter().map(SheetGrid::rows).sum::<usize>() < TOP {
        let Some(next) = current_piece(&mut piece, pieces)? else { break };
        match next.next(location, context.job)? {
            Some(grid) => head.push(grid),
            None => piece = None,
        }
    }
    if head.is_empty() {
        outcome.skipped.push(Skipped {
            file: location.file(),
            sheet: location.sheet.map(str::to_owned),
            why: Text::new("空表", "this sheet is empty"),
        });
        return Ok(None);
    }
    let rows = || head.iter().flat_map(|grid| (0..grid.rows()).map(move |row| (grid, row)));
    let top: Vec<Vec<String>> = rows().take(TOP).map(|(grid, row)| grid.texts(row)).collect();
    let numbers: Vec<u32> = rows().take(TOP).map(|(grid, row)| grid.position(row).row.saturating_sub(1)).collect();
    let known = seen.as_deref().or(pieces.merged());
    let above = joined(&top, &numbers, known.unwrap_or_default());
    let place = |row: usize| numbers.get(row).map_or(0, |number| number + 1);
    let (table, header) = match find_start(location, &top, &above, context.options, place)? {
        TableStart::Ledger(table, header) => (table, header),
        TableStart::Several => return Ok(Some(Again::Several)),
        // A header may stand further down.
        TableStart::Not(_) if top.len() == TOP && head.iter().map(SheetGrid::rows).sum::<usize>() > TOP => {
            return Ok(Some(Again::Several));
        }
        TableStart::Not(skipped) => {
            outcome.skipped.push(skipped);
            return Ok(None);
        }
    };
    let below = header.first + header.height;
    let texts = top.get(header.first..below).unwrap_or_default();
    let first = below.checked_sub(1).and_then(|last| rows().nth(last)).map_or(0, |(grid, row)| grid.position(row).row);
    let merged_below = |regions: &[MergedRegion]| MergedCells::new(regions, first, texts, counted(&header));
    let mut merged = known.map(merged_below);
    let known = merged.is_some();
    let mut skip = below;
    let mut grids: Vec<(SheetGrid, usize)> = Vec::with_capacity(head.len());
    for grid in head {
        let here = skip.min(grid.rows());
        skip -= here;
        grids.push((grid, here));
    }
    let what = format!("{} {}", location.file(), location.sheet.unwrap_or_default());
    let from_1904 = if pieces.is_1904() { dates(&header) } else { Vec::new() };
    let ledger = LedgerReader { location, context, table: &table, from_1904, parts: Mutex::default() };
    let mut number = 0;
    let next = || {
        job::check(context.job)?;
        let mut task = LedgerTask { number, grids: std::mem::take(&mut grids), piece: None };
        if let Some(merged) = merged.as_mut().filter(|merged| !merged.is_done()) {
            // Values carry over from one grid to the next, so these grids are filled in sequence.
            while task.grids.is_empty() {
                let Some(next) = current_piece(&mut piece, pieces)? else { return Ok(None) };
                match next.next(location, context.job)? {
                    Some(grid) => task.grids.push((grid, 0)),
                    None => piece = None,
                }
            }
            task.grids = task.grids.into_iter().map(|(grid, skip)| (merged.fill(grid), skip)).collect();
        } else {
            task.piece = match piece.take() {
                Some(piece) => Some(piece),
                None => pieces.next()?,
            };
            if task.grids.is_empty() && task.piece.is_none() {
                return Ok(None);
            }
        }
        number += 1;
        let (done, rows) = pieces.progress();
        context.job.progress(&what, u64::from(done), u64::from(rows.max(done)));
        Ok(Some(task))
    };
    pump(next, |task| ledger.read(task))?;
    if ledger.is_several() {
        return Ok(Some(Again::Several));
    }
    let matter =
        |regions: &&[MergedRegion]| joined(&top, &numbers, regions) != above || !merged_below(regions).is_done();
    if let Some(regions) = pieces.merged().filter(|regions| !known && matter(regions)) {
        return Ok(Some(Again::Merged(regions.to_vec())));
    }
    let summaries = ledger.pass_on()?;
    outcome.sheets.push((context.table, table.finish(summaries, location.encoding)));
    Ok(None)
}

/// Reads a sheet that may have several tables, with all its rows in memory.
fn tables(
    location: &TableLocation<'_>,
    pieces: &mut dyn SheetPieces,
    context: &ReadContext<'_>,
    outcome: &mut FileOutcome,
) -> Result<()> {
    let mut grids = Vec::new();
    while let Some(mut piece) = pieces.next()? {
        job::check(context.job)?;
        while let Some(grid) = piece.next(location, context.job)? {
            grids.push(grid);
        }
    }
    let regions = pieces.merged().unwrap_or_default().to_vec();
    let is_1904 = pieces.is_1904();
    let prepare = |tables: &[PlannedTable], grids: &mut [SheetGrid]| {
        let mut merged = merged_among(&regions, tables);
        for grid in grids.iter_mut() {
            *grid = merged.fill(std::mem::take(grid));
        }
        let mut columns: Vec<usize> = tables.iter().flat_map(|table| dates(&table.header)).collect();
        columns.sort_unstable();
        columns.dedup();
        for grid in grids.iter_mut().filter(|_| is_1904) {
            grid.change(&columns, since_1900);
        }
    };
    let before = outcome.sheets.len();
    read_tables(location, grids, &regions, false, context, prepare, outcome)?;
    if outcome.sheets.len() == before && outcome.skipped.last().is_none_or(|s| s.sheet.as_deref() != location.sheet) {
        outcome.skipped.push(Skipped {
            file: location.file(),
            sheet: location.sheet.map(str::to_owned),
            why: Text::new("没有单位代码列", "no column of organisation codes"),
        });
    }
    Ok(())
}

/// Selects the merged cells below the headers of `tables`.
fn merged_among(regions: &[MergedRegion], tables: &[PlannedTable]) -> MergedCells {
    let below = |region: &&MergedRegion| tables.iter().any(|table| table.body_rows.contains(&region.top));
    let regions: Vec<MergedRegion> = regions.iter().filter(below).copied().collect();
    let texts: Vec<Vec<String>> = tables.iter().flat_map(|table| table.texts.clone()).collect();
    let counted = tables.iter().flat_map(|table| counted(&table.header)).collect();
    MergedCells::new(&regions, 0, &texts, counted)
}

/// Converts a serial number of a day counted from 1904.
fn since_1900(number: f64) -> f64 {
    if SERIALS.contains(&number) { number + YEARS_TO_1904 } else { number }
}

/// Returns the current piece, or fetches the next.
fn current_piece<'a>(
    piece: &'a mut Option<SheetPiece>,
    pieces: &mut dyn SheetPieces,
) -> Result<Option<&'a mut SheetPiece>> {
    if piece.is_none() {
        *piece = pieces.next()?;
    }
    Ok(piece.as_mut())
}

/// Returns the columns of counts and of money.
fn counted(header: &Header) -> HashSet<u32> {
    let is_counted = |meaning: &Meaning| matches!(meaning, Meaning::Column { column, .. } if matches!(column.ty, Type::Count | Type::Money));
    header.columns.iter().filter(|heading| is_counted(&heading.meaning)).map(|heading| heading.index as u32).collect()
}

/// Returns the columns of dates.
fn dates(header: &Header) -> Vec<usize> {
    let is_date = |meaning: &Meaning| matches!(meaning, Meaning::Column { column, .. } if column.ty == Type::Date);
    header.columns.iter().filter(|heading| is_date(&heading.meaning)).map(|heading| heading.index).collect()
}
