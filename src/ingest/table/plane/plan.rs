//! Finds the tables of a sheet: where each begins and ends, its header and its year.

use std::ops::Range;

use super::bands::{masked, split};
use super::boundary::{heading_year, is_header_like};
use super::rows::PlaneRows;
use crate::error::Result;
use crate::ingest::ReadOptions;
use crate::ingest::cell::block::{Block, BlockRow};
use crate::ingest::cell::year::in_name;
use crate::ingest::format::workbook::MergedRegion;
use crate::ingest::header::above::joined;
use crate::ingest::header::heading::Heading;
use crate::ingest::header::{Header, TALLEST, propose};
use crate::ingest::table::ledger_year::{LedgerYear, year_of};
use crate::ingest::table::row_kind::{Classifier, RowKind};
use crate::ingest::table::start::TableLocation;
use crate::ingest::table::window::Window;
use crate::lang::Text;
use crate::schema::Type;

/// A table to be read.
pub(crate) struct PlannedTable {
    pub header: Header,
    pub year: LedgerYear,
    /// Rows of title and header, without the cells of other tables.
    pub texts: Vec<Vec<String>>,
    /// Number of title rows among them.
    pub titles: usize,
    /// Rows of the sheet with titles and header, and below.
    pub top: Range<usize>,
    pub body: Range<usize>,
    /// Positions of the rows below the header in the sheet, from 0.
    pub body_rows: Range<u32>,
    pub columns: Range<usize>,
}

/// A table that is not read.
pub(crate) struct UnreadPlan {
    pub rows: Range<usize>,
    pub why: Text,
}

/// A header found among the rows, with its rows and those of its titles.
struct Found {
    titles: usize,
    header: Range<usize>,
    /// Rows with the texts of the header, which are further up where a heading only changes the year.
    lines: Range<usize>,
    /// Columns of the tables that stand side by side, with their headers; none if it has no column of codes.
    bands: Vec<(Range<usize>, Header)>,
    /// Year of a heading below which the header above goes on.
    year: Option<i16>,
}

/// Returns the tables below and beside each other in `rows`, and those that are not read.
pub(crate) fn plan<B: Block>(
    location: &TableLocation<'_>,
    rows: &PlaneRows<'_, B>,
    regions: &[MergedRegion],
    options: &ReadOptions,
) -> Result<(Vec<PlannedTable>, Vec<UnreadPlan>)> {
    let found = boundaries(rows, regions, options);
    let (mut tables, mut unread) = (Vec::new(), Vec::new());
    let mut titles_above: Vec<Vec<String>> = Vec::new();
    for (at, boundary) in found.iter().enumerate() {
        let end = found.get(at + 1).map_or(rows.len(), |next| next.titles);
        let titles: Vec<Vec<String>> = (boundary.titles..boundary.header.start).map(|row| rows.texts(row)).collect();
        let header: Vec<Vec<String>> = boundary.lines.clone().map(|row| rows.texts(row)).collect();
        if boundary.bands.is_empty() {
            let why = propose::no_code_column(&header, options);
            unread.push(UnreadPlan { rows: boundary.header.start..end, why });
            continue;
        }
        // Titles without a year are below one that has it.
        if has_year(&titles) {
            titles_above.clone_from(&titles);
        }
        for (columns, header_of_band) in &boundary.bands {
            let own = masked(&titles, columns);
            let near = if has_year(&own) { &own } else { &titles_above };
            let year = match boundary.year {
                Some(heading) => LedgerYear::under(heading, header_of_band, options),
                None => year_of(location, header_of_band, near, options)?,
            };
            let at = |row: usize| rows.position(row).row.saturating_sub(1);
            let body = boundary.header.end..end;
            let body_rows = if body.is_empty() { 0..0 } else { at(body.start)..at(body.end - 1) + 1 };
            let texts = masked(&[&titles[..], &header[..]].concat(), columns);
            tables.push(PlannedTable {
                header: header_of_band.clone(),
                year,
                texts,
                titles: titles.len(),
                top: boundary.titles..boundary.header.end,
                body,
                body_rows,
                columns: columns.clone(),
            });
        }
    }
    Ok((tables, unread))
}

fn has_year(titles: &[Vec<String>]) -> bool {
    titles.iter().flatten().any(|text| in_name(text).is_some())
}

/// Finds the rows at which tables begin.
fn boundaries<B: Block>(rows: &PlaneRows<'_, B>, regions: &[MergedRegion], options: &ReadOptions) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut row = 0;
    while row < rows.len() {
        let Some((block, within)) = rows.place(row) else { break };
        let cells = BlockRow(block, within);
        let last = found.last();
        let after = last.map_or(0, |found| found.header.end);
        if is_header_like(&cells) {
            let next = at_header(rows, row, after, regions, options);
            row = next.header.end.max(row + 1);
            let next = with_titles(rows, next, last);
            if last.is_some_and(|last| is_repeated(rows, last, &next)) {
                continue;
            }
            match found.last_mut() {
                // Two headers without a row between them are one table's, such as one in each language.
                Some(last) if last.header.end == next.titles && !last.bands.is_empty() => {
                    if known(&next) > known(last) {
                        *last = Found { titles: last.titles, ..next };
                    }
                }
                _ => found.push(next),
            }
            continue;
        }
        if let (Some(year), Some(last)) = (heading_year(&cells), last)
            && last.bands.iter().any(|(_, header)| header.column(Type::Year).is_none())
            && !heads_a_header(rows, row)
        {
            // Directly below a header it is the year of all that follows.
            if last.header.end == row {
                if let Some(last) = found.last_mut() {
                    last.year = Some(year);
                }
                row += 1;
                continue;
            }
            let bands =
                last.bands.iter().map(|(columns, header)| (columns.clone(), Header { height: 0, ..header.clone() }));
            let (bands, lines) = (bands.collect(), last.lines.clone());
            found.push(Found { titles: row, header: row + 1..row + 1, lines, bands, year: Some(year) });
        }
        row += 1;
    }
    found
}

/// Counts the known columns of all tables side by side.
fn known(found: &Found) -> usize {
    found.bands.iter().map(|(_, header)| header.known()).sum()
}

/// Checks whether a header follows within the next rows, so that this row is one of its titles.
fn heads_a_header<B: Block>(rows: &PlaneRows<'_, B>, row: usize) -> bool {
    const TITLES: usize = 6;
    (row + 1..rows.len())
        .take(TITLES)
        .filter_map(|row| rows.place(row))
        .take_while(|(block, row)| {
            (0..block.width(*row)).filter(|column| block.cell(*row, *column).is_written()).count() < 3
                || is_header_like(&BlockRow(*block, *row))
        })
        .any(|(block, row)| is_header_like(&BlockRow(block, row)))
}

/// Returns the header at `row`, which looks like one, or has other rows of a header around it.
fn at_header<B: Block>(
    rows: &PlaneRows<'_, B>,
    row: usize,
    after: usize,
    regions: &[MergedRegion],
    options: &ReadOptions,
) -> Found {
    let from = row.saturating_sub(TALLEST - 1).max(after);
    let to = (row + TALLEST).min(rows.len());
    let top: Vec<Vec<String>> = (from..to).map(|row| rows.texts(row)).collect();
    let numbers: Vec<u32> = (from..to).map(|row| rows.position(row).row.saturating_sub(1)).collect();
    let above = joined(&top, &numbers, regions);
    let Some(header) = Header::find(&top, &above, options) else {
        return Found { titles: row, header: row..row + 1, lines: row..row + 1, bands: Vec::new(), year: None };
    };
    let lines = top.get(header.first..header.first + header.height).unwrap_or_default();
    let band = |columns: Range<usize>| {
        let mut header = Header::of_rows(&masked(lines, &columns), options);
        propose::fill(&mut header);
        header.is_ledger().then_some((columns, header))
    };
    let bands = split(lines).into_iter().filter_map(band).collect();
    let first = from + header.first;
    let rows = first..first + header.height;
    Found { titles: first, header: rows.clone(), lines: rows, bands, year: None }
}

/// Adds the rows above a header that belong to it: titles and headings, up to what the table above still has.
fn with_titles<B: Block>(rows: &PlaneRows<'_, B>, found: Found, last: Option<&Found>) -> Found {
    let end = last.map_or(0, |last| last.header.end);
    let classifiers: Vec<(Range<usize>, Classifier)> = last
        .iter()
        .flat_map(|last| &last.bands)
        .map(|(columns, header)| (columns.clone(), Classifier::new(header, &[])))
        .collect();
    let is_title = |row: usize| {
        let Some((block, row)) = rows.place(row) else { return false };
        if last.is_some_and(|last| last.bands.is_empty()) {
            return (0..block.width(row)).filter(|column| block.cell(row, *column).is_written()).count() < 3;
        }
        classifiers.iter().all(|(columns, classifier)| {
            let window = Window { block, rows: row..row + 1, columns: columns.clone() };
            matches!(classifier.kind(&BlockRow(&window, 0)), RowKind::Note | RowKind::Blank)
        })
    };
    let above = (end..found.header.start).rev().take_while(|row| last.is_none() || is_title(*row)).count();
    Found { titles: found.header.start - above, ..found }
}

/// Checks whether a header is the one above once more, as on every printed page, under no other year.
fn is_repeated<B: Block>(rows: &PlaneRows<'_, B>, last: &Found, next: &Found) -> bool {
    let keys = |found: &Found| -> Vec<Vec<(usize, String)>> {
        let key = |heading: &Heading| (heading.index, heading.header());
        found.bands.iter().map(|(_, header)| header.columns.iter().map(key).collect()).collect()
    };
    if last.bands.is_empty() || keys(last) != keys(next) {
        return false;
    }
    let year = |found: &Found| {
        let mut titles = (found.titles..found.header.start).flat_map(|row| rows.texts(row));
        titles.find_map(|text| in_name(&text))
    };
    match (year(next), last.year.or_else(|| year(last))) {
        (Some(next), Some(last)) => next == last,
        (Some(_), None) => false,
        (None, _) => true,
    }
}
