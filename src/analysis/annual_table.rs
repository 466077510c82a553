//! Tables of the national annual report (党内统计年报), filled in from a year's ledgers, with checks of their sums.

use arrow::array::RecordBatch;

use super::count::Measure;
use super::rates::breaks::has_column;
use crate::cube;
use crate::cube::Lane;
use crate::definition::{Annual, AnnualTable, Cell, Check, CheckSubject, Line, Part};
use crate::error::Result;
use crate::job::Job;
use crate::lang::Lang;
use crate::predicate::ledger_column;
use crate::query::Scope;
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;

/// The cells of a table, line by line and column by column.
type Cells = Vec<Vec<Option<u64>>>;

impl Cell {
    fn measure(&self) -> Measure {
        match self {
            Self::Organisations => Measure::Rows,
            Self::Sum(column) => Measure::Sum(column.clone()),
            Self::Distinct(column) => Measure::Distinct(column.clone()),
        }
    }
}

/// Counts all cells in one shared scan.
fn cells(roster: &Roster, frame: &Frame, table: &AnnualTable, scope: &Scope, job: &dyn Job) -> Result<Cells> {
    table.check(roster)?;
    let lanes = |_, frame| {
        let rows = scope.rows(roster, frame)?;
        let population = table.population.evaluate(roster, frame)?;
        let (members, undecided) = (&population.yes & &rows, &population.unknown() & &rows);
        let mut lanes = vec![Lane::Bits(rows)];
        let parts = table.columns.iter().map(|column| Ok(column.when.evaluate(roster, frame)?.yes));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        for line in &table.lines {
            let of = if line.undecided { &undecided } else { &members };
            let rows = match &line.when {
                None => of.clone(),
                Some(when) => of & &when.evaluate(roster, frame)?.yes,
            };
            for part in &parts {
                let rows = &rows & part;
                for cell in &line.count {
                    let lane = cell.measure().lane(roster, frame, &rows);
                    lanes.push(lane.map_err(|e| line.place.defined(e, "count"))?);
                }
            }
        }
        Ok(lanes)
    };
    let counted = cube::count_one(&[frame], Vec::new(), lanes, job)?;
    let mut lane = 1;
    let mut cell = |line: &Line, column: &Part| {
        let mut sum = 0;
        for _ in &line.count {
            sum += counted.lane(lane).first().copied().unwrap_or(0);
            lane += 1;
        }
        let told = !line.count.is_empty() && (sum > 0 || told(roster, frame, table, line, column));
        told.then_some(sum)
    };
    Ok(table.lines.iter().map(|line| table.columns.iter().map(|column| cell(line, column)).collect()).collect())
}

/// Checks whether the year's sources have all columns that a cell rests on.
fn told(roster: &Roster, frame: &Frame, table: &AnnualTable, line: &Line, column: &Part) -> bool {
    let counted = line.count.iter().filter_map(|cell| match cell {
        Cell::Organisations => None,
        Cell::Sum(name) | Cell::Distinct(name) => Some(name.as_str()),
    });
    let conditions = [Some(&table.population), Some(&column.when), line.when.as_ref()].into_iter().flatten();
    let mut names = conditions.flat_map(|when| when.columns()).chain(counted);
    names.all(|name| has_column(roster, frame, ledger_column(name)))
}

impl Roster {
    /// Fills in the table called `id` for `year`. Only the filter of `scope` applies; its dimensions and years are
    /// ignored.
    ///
    /// Columns: `year`, `table`, `line`, `label_zh`, `label_en`, then a count for each column of the table, by its id.
    /// Null if nothing was found and the year's sources lack a column that the cell rests on, or if no ledger has the
    /// data. The lines `…_unknown` hold values missing from the ledger, so that the parts of a line add up to it; the
    /// line `undecided` holds possible members of the table, which no other line counts.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, definition::Annual};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.annual_table(&Annual::shipped()?, "27", 2012, &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("control_private").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn annual_table(
        &self,
        tables: &Annual,
        id: &str,
        year: i16,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let (table, frame) = (tables.get(id)?, self.frame(year)?);
        let cells = cells(self, frame, table, scope, job)?;
        let lines = || table.lines.iter();
        let columns = Columns::default()
            .years("year", lines().map(|_| year))
            .texts("table", lines().map(|_| &table.id))
            .texts("line", lines().map(|line| &line.id))
            .texts("label_zh", lines().map(|line| line.label.get(Lang::Zh)))
            .texts("label_en", lines().map(|line| line.label.get(Lang::En)));
        let named = table.columns.iter().enumerate();
        named.fold(columns, |columns, (at, c)| columns.some_counts(&c.id, cells.iter().map(|line| line[at]))).finish()
    }

    /// Checks the sums of the table called `id` for `year` and the rows of `scope`, cell by cell: sums of lines in
    /// every column, and sums of columns in every line that counts organisations.
    ///
    /// Columns: `year`, `table`, `check`, `line`, `column` (the position of the whole), `relation` (`=`: the parts add
    /// up to the whole; `>=`: they do not exceed it), `whole`, `parts` (their sum), `agrees`. Null if the whole or a
    /// part is null.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, definition::Annual};
    /// let roster = Roster::sample(300, 3)?;
    /// let checks = roster.annual_checks(&Annual::shipped()?, "27", 2012, &Scope::default(), &Quiet)?;
    /// assert!(arrow::array::AsArray::as_boolean(&checks["agrees"]).iter().all(|agrees| agrees != Some(false)));
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn annual_checks(
        &self,
        tables: &Annual,
        id: &str,
        year: i16,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let (table, frame) = (tables.get(id)?, self.frame(year)?);
        let cells = cells(self, frame, table, scope, job)?;
        let mut found = Vec::new();
        for check in &table.checks {
            for (line, column, whole, parts) in compared(table, &cells, check) {
                let sum = parts.into_iter().sum::<Option<u64>>();
                found.push((check, line, column, whole, sum));
            }
        }
        let each = || found.iter();
        let agrees = |check: &Check, whole: Option<u64>, sum: Option<u64>| {
            let (whole, sum) = (whole?, sum?);
            Some(if check.equal { whole == sum } else { whole >= sum })
        };
        Columns::default()
            .years("year", each().map(|_| year))
            .texts("table", each().map(|_| &table.id))
            .texts("check", each().map(|(check, ..)| &check.id))
            .texts("line", each().map(|(_, line, ..)| *line))
            .texts("column", each().map(|(_, _, column, ..)| *column))
            .texts("relation", each().map(|(check, ..)| if check.equal { "=" } else { ">=" }))
            .some_counts("whole", each().map(|(.., whole, _)| *whole))
            .some_counts("parts", each().map(|(.., sum)| *sum))
            .flags("agrees", each().map(|(check, _, _, whole, sum)| agrees(check, *whole, *sum)))
            .finish()
    }
}

/// The comparisons of a check: the line and column of a whole, the whole, its parts.
type Compared<'a> = (&'a str, &'a str, Option<u64>, Vec<Option<u64>>);

fn compared<'a>(table: &'a AnnualTable, cells: &Cells, check: &Check) -> Vec<Compared<'a>> {
    let line_at = |id: &String| table.lines.iter().position(|line| line.id == *id).unwrap_or_default();
    let column_at = |id: &String| table.columns.iter().position(|column| column.id == *id).unwrap_or_default();
    match &check.of {
        CheckSubject::Line(line) => {
            let whole = line_at(line);
            let parts: Vec<usize> = check.parts.iter().map(line_at).collect();
            let of = |at: usize| {
                let sum = parts.iter().map(|part| cells[*part][at]).collect();
                (table.lines[whole].id.as_str(), table.columns[at].id.as_str(), cells[whole][at], sum)
            };
            (0..table.columns.len()).map(of).collect()
        }
        CheckSubject::Column(column) => {
            let whole = column_at(column);
            let parts: Vec<usize> = check.parts.iter().map(column_at).collect();
            let counted = table.lines.iter().enumerate().filter(|(_, line)| line.of_organisations() && !line.undecided);
            let of = |(at, line): (usize, &'a Line)| {
                let sum = parts.iter().map(|part| cells[at][*part]).collect();
                (line.id.as_str(), table.columns[whole].id.as_str(), cells[at][whole], sum)
            };
            counted.map(of).collect()
        }
    }
}
