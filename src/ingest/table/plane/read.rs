//! Reads the planned tables of a sheet.

use rayon::prelude::*;

use super::forms::Forms;
use super::plan::{PlannedTable, UnreadPlan, plan};
use super::rows::PlaneRows;
use crate::error::Result;
use crate::ingest::cell::block::Block;
use crate::ingest::format::workbook::MergedRegion;
use crate::ingest::header::Header;
use crate::ingest::reading::UnreadTable;
use crate::ingest::table::ledger_year::year_of;
use crate::ingest::table::start::{FileOutcome, ReadContext, TableLocation, ledger_at};
use crate::ingest::table::window::Window;
use crate::ingest::table::{ReadSummary, TableReader};
use crate::ingest::{Rows, Skipped, Source};
use crate::job;
use crate::lang::Text;

/// Reads all tables in `blocks`; rows of a text file must have as many fields as their header. `prepare` may change
/// the blocks once the headers are known. The tables are numbered from that of `context` on.
pub(crate) fn read_tables<B: Block>(
    location: &TableLocation<'_>,
    mut blocks: Vec<B>,
    regions: &[MergedRegion],
    is_text: bool,
    context: &ReadContext<'_>,
    prepare: impl FnOnce(&[PlannedTable], &mut [B]),
    outcome: &mut FileOutcome,
) -> Result<()> {
    let all = PlaneRows::new(&blocks);
    if let Some(forms) = Forms::find(&all) {
        return read_forms(location, &forms, &all, context, outcome);
    }
    let (tables, unread) = plan(location, &all, regions, context.options)?;
    prepare(&tables, &mut blocks);
    let rows = PlaneRows::new(&blocks);
    for (number, table) in tables.into_iter().enumerate() {
        job::check(context.job)?;
        let context = ReadContext { table: outcome.sheets.len() as u32, ..*context };
        let fields = is_text.then(|| table.texts.last().map(Vec::len)).flatten();
        let fields = fields.map(|fields| fields.min(table.columns.end));
        let (from, body, columns) = (table.top.start, table.body.clone(), table.columns.clone());
        let reader = reader(location, table, &rows, number, &context);
        let read = |(at, block, rows): (usize, &B, std::ops::Range<usize>)| {
            job::check(context.job)?;
            let window = Window { block, rows, columns: columns.clone() };
            let (piece, mut summary) = reader.read(&window, fields)?;
            if let Some(piece) = piece {
                context.pass_on(reader.source(), at as u32, piece, &mut summary)?;
            }
            Ok((at as u32, summary))
        };
        let parts = rows.parts(body.start, body.end);
        let mut summaries = parts.into_par_iter().map(read).collect::<Result<Vec<_>>>()?;
        let mut gaps = ReadSummary::default();
        gaps.rows.blank = gaps_between(&rows, from, body.end);
        summaries.push((u32::MAX, gaps));
        outcome.sheets.push((context.table, reader.finish(summaries, location.encoding)));
    }
    for table in unread {
        let (unread, skipped) = told(location, &table, &rows);
        outcome.unread.push(unread);
        outcome.skipped.push(skipped);
    }
    Ok(())
}

/// Reads the forms of a sheet as one table.
fn read_forms<B: Block>(
    location: &TableLocation<'_>,
    forms: &Forms<'_, B>,
    rows: &PlaneRows<'_, B>,
    context: &ReadContext<'_>,
    outcome: &mut FileOutcome,
) -> Result<()> {
    let context = ReadContext { table: outcome.sheets.len() as u32, ..*context };
    let header = Header { height: 0, ..forms.header(context.options) };
    let first = forms.position(0).row;
    // What stands above the first form, and the headings of all forms.
    let titles: Vec<Vec<String>> =
        (0..rows.len()).take_while(|row| rows.position(*row).row < first).map(|row| rows.texts(row)).collect();
    let year = year_of(location, &header, &titles, context.options)?;
    let labels = Rows { header: rows.len().saturating_sub(forms.rows()), ..Rows::default() };
    let source = Source { first_row: first, ..ledger_at(location, year.from, labels) };
    let reader = TableReader::new(source, &header, &[], year, context.options);
    let (piece, mut summary) = reader.read(forms, None)?;
    if let Some(piece) = piece {
        context.pass_on(reader.source(), 0, piece, &mut summary)?;
    }
    outcome.sheets.push((context.table, reader.finish(vec![(0, summary)], location.encoding)));
    Ok(())
}

fn reader<B: Block>(
    location: &TableLocation<'_>,
    table: PlannedTable,
    rows: &PlaneRows<'_, B>,
    number: usize,
    context: &ReadContext<'_>,
) -> TableReader {
    let titles = table.texts.get(..table.titles).unwrap_or_default();
    let blank = titles.iter().filter(|row| row.iter().all(|text| text.trim().is_empty())).count();
    let counted = Rows { title: titles.len() - blank, blank, ..Rows::default() };
    let first = rows.position(table.top.start + table.titles).row;
    let mut source = ledger_at(location, table.year.from, counted);
    source.table = number + 1;
    source.first_row = first;
    TableReader::new(source, &table.header, &table.texts, table.year, context.options)
}

/// Counts the rows without cells between `from` and `to`, which no block has.
fn gaps_between<B: Block>(rows: &PlaneRows<'_, B>, from: usize, to: usize) -> usize {
    let position = |row: usize| rows.position(row).row as usize;
    let gap = |row: usize| position(row).saturating_sub(position(row - 1)).saturating_sub(1);
    (from.max(1)..to).map(gap).sum()
}

/// Describes a table that is not read.
fn told<B: Block>(location: &TableLocation<'_>, table: &UnreadPlan, rows: &PlaneRows<'_, B>) -> (UnreadTable, Skipped) {
    let (first, last) = (rows.position(table.rows.start).row, rows.position(table.rows.end.saturating_sub(1)).row);
    let below = table.rows.len().saturating_sub(1);
    let why = Text::new(
        format!("第 {first}–{last} 行是另一张表（表头以下 {below} 行），未读入：{}", table.why.zh),
        format!("rows {first}–{last} are another table ({below} rows below its header), not read: {}", table.why.en),
    );
    let file = location.file();
    let sheet = location.sheet.map(str::to_owned);
    let skipped = Skipped { file: file.clone(), sheet: sheet.clone(), why: why.clone() };
    (UnreadTable { file, sheet, first_row: first, last_row: last, rows: below, why }, skipped)
}
