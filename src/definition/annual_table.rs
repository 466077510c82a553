//! Tables of the national annual report (党内统计年报) as data: their populations, lines, columns and checks.

use std::path::Path;

use super::condition::{Condition, Conditions, Layers};
use crate::error::Result;
use crate::lang::Text;
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::support::named::no_such;
use crate::support::record;
use crate::support::record::{Record, RecordPlace, records_of};

/// A table of the annual report.
#[derive(Clone, Debug)]
pub struct AnnualTable {
    /// Number of the table.
    pub id: String,
    /// Title of the table.
    pub label: Text,
    /// Organisations that the table covers.
    pub population: Predicate,
    /// Columns: a name, and a condition on the organisations counted there.
    pub columns: Vec<Part>,
    /// Lines of the table.
    pub lines: Vec<Line>,
    /// Constraints between the cells.
    pub checks: Vec<Check>,
    /// Named conditions that the table uses.
    conditions: Vec<Condition>,
    place: RecordPlace,
}

/// A column of a table: a subset of its organisations.
#[derive(Clone, Debug)]
pub struct Part {
    /// Identifier of the column.
    pub id: String,
    /// Condition for an organisation to be counted in the column.
    pub when: Predicate,
    place: RecordPlace,
}

/// Aggregate over the organisations of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Number of organisations.
    Organisations,
    /// Sum of a column.
    Sum(String),
    /// Number of distinct values of a column.
    Distinct(String),
}

/// A line of a table.
#[derive(Clone, Debug)]
pub struct Line {
    /// Identifier of the line.
    pub id: String,
    /// Wording in the official template.
    pub label: Text,
    /// Condition on the organisations of the line; all of the table's if `None`.
    pub when: Option<Predicate>,
    /// Aggregates that are added up; empty if no ledger records the item.
    pub count: Vec<Cell>,
    /// True if the line covers the organisations whose membership in the table is unknown.
    pub undecided: bool,
    pub(crate) place: RecordPlace,
}

/// Subject of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckSubject {
    /// A line, in every column.
    Line(String),
    /// A column, in every line.
    Column(String),
}

/// A constraint between lines or between columns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// Identifier of the check.
    pub id: String,
    /// The whole.
    pub of: CheckSubject,
    /// Lines or columns that add up to the whole, or the single one that the whole must not fall below.
    pub parts: Vec<String>,
    /// True if the parts must add up to the whole; otherwise they must not exceed it.
    pub equal: bool,
}

/// Annual report tables of one file.
#[derive(Clone, Debug)]
pub struct Annual {
    tables: Vec<AnnualTable>,
    layers: Layers,
}

impl Annual {
    /// Returns tables 27 and 30: `definitions/annual.toml`.
    pub fn shipped() -> Result<Self> {
        Self::from_toml(include_str!("../../definitions/annual.toml"), "definitions/annual.toml")
    }

    /// Reads the tables of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses the records `[[table]]`, `[[column]]`, `[[line]]`, `[[check]]` and `[[condition]]` (see [`Conditions`])
    /// of `text`; see `definitions/annual.toml`. `origin` is the file's name in errors, which are
    /// [`Error::Definition`](crate::error::Error::Definition).
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut kinds = records_of(text, origin, &["table", "column", "line", "check", "condition"])?.into_iter();
        let mut next = || kinds.next().unwrap_or_default();
        let mut all = Self { tables: Vec::new(), layers: Layers::default() };
        for mut record in next() {
            let table = AnnualTable::take(&mut record)?;
            once(&record, &table.id, all.tables.iter().map(|t| &t.id))?;
            record.finish()?;
            all.tables.push(table);
        }
        for mut record in next() {
            let (ids, part) = (record.texts("tables")?, Part::take(&mut record)?);
            for table in all.named(&record, &ids)? {
                once(&record, &part.id, table.columns.iter().map(|c| &c.id))?;
                table.columns.push(part.clone());
            }
            record.finish()?;
        }
        for mut record in next() {
            let (ids, line) = (record.texts("tables")?, Line::take(&mut record)?);
            for table in all.named(&record, &ids)? {
                once(&record, &line.id, table.lines.iter().map(|l| &l.id))?;
                table.lines.push(line.clone());
            }
            record.finish()?;
        }
        for mut record in next() {
            let (ids, check) = (record.texts("tables")?, Check::take(&mut record)?);
            for table in all.named(&record, &ids)? {
                once(&record, &check.id, table.checks.iter().map(|c| &c.id))?;
                check.fits(&record, table)?;
                table.checks.push(check.clone());
            }
            record.finish()?;
        }
        all.layers = Layers::take(next())?;
        all.resolved()
    }

    /// Puts `conditions` over the shipped ones; those of the tables' own file stay over both.
    pub fn with_conditions(mut self, conditions: &Conditions) -> Result<Self> {
        self.layers.give(conditions);
        self.resolved()
    }

    /// Reduces named conditions to columns in every table.
    fn resolved(mut self) -> Result<Self> {
        let conditions = self.layers.in_force()?;
        for AnnualTable { population, columns, lines, conditions: used, .. } in &mut self.tables {
            let lines = lines.iter_mut().filter_map(|line| line.when.as_mut());
            let columns = columns.iter_mut().map(|column| &mut column.when);
            *used = conditions.apply(std::iter::once(population).chain(columns).chain(lines))?;
        }
        Ok(self)
    }

    /// Returns the conditions of the tables' own file.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        self.layers.own()
    }

    /// Returns the tables that `record` belongs to.
    fn named(&mut self, record: &Record, ids: &[String]) -> Result<Vec<&mut AnnualTable>> {
        for id in ids {
            self.get(id).map_err(|e| record.place().defined(e, "tables"))?;
        }
        Ok(self.tables.iter_mut().filter(|table| ids.contains(&table.id)).collect())
    }

    /// Returns the table `id`.
    pub fn get(&self, id: &str) -> Result<&AnnualTable> {
        let ids = || self.tables.iter().map(|table| table.id.as_str());
        self.tables.iter().find(|table| table.id == id).ok_or_else(|| no_such(("年报表", "annual table"), id, ids()))
    }
}

/// Fails if `id` is among `seen`.
fn once<'a>(record: &Record, id: &str, mut seen: impl Iterator<Item = &'a String>) -> Result<()> {
    if seen.any(|other| other == id) {
        return record.error("id", &format!("“{id}”出现了两次"), &format!("'{id}' is defined twice"));
    }
    Ok(())
}

fn labelled(record: &mut Record) -> Result<Text> {
    match record.label("label", "label_en")? {
        Some(label) => Ok(label),
        None => record.error("label", "缺少此项；应为引号里的名称", "is missing; expected a name in quotes"),
    }
}

impl AnnualTable {
    fn take(record: &mut Record) -> Result<Self> {
        let id = record.text("id")?;
        record.text("source")?;
        Ok(Self {
            id,
            label: labelled(record)?,
            population: record.predicate("population")?,
            columns: Vec::new(),
            lines: Vec::new(),
            checks: Vec::new(),
            conditions: Vec::new(),
            place: record.place().clone(),
        })
    }

    /// Fails with [`Error::Definition`](crate::error::Error::Definition) if a condition does not fit `roster`.
    pub fn check(&self, roster: &Roster) -> Result<()> {
        let check = |predicate: &Predicate, place: &RecordPlace, field: &str| {
            predicate.check(roster).map_err(|e| place.defined(e, field))
        };
        self.conditions.iter().try_for_each(|condition| condition.check(roster))?;
        check(&self.population, &self.place, "population")?;
        self.columns.iter().try_for_each(|column| check(&column.when, &column.place, "when"))?;
        self.lines.iter().try_for_each(|line| line.when.iter().try_for_each(|w| check(w, &line.place, "when")))
    }
}

impl Part {
    fn take(record: &mut Record) -> Result<Self> {
        Ok(Self { id: record.text("id")?, when: record.predicate("when")?, place: record.place().clone() })
    }
}

impl Line {
    fn take(record: &mut Record) -> Result<Self> {
        let (id, label) = (record.text("id")?, labelled(record)?);
        let when = record.optional_predicate("when")?;
        let written = if record.has("count") { record.one_or_more("count")? } else { Vec::new() };
        let mut count = written.iter().map(|text| Cell::read(record, text)).collect::<Result<Vec<_>>>()?;
        if count.is_empty() && when.is_some() {
            count.push(Cell::Organisations);
        }
        Ok(Self { id, label, when, count, undecided: record.flag("undecided")?, place: record.place().clone() })
    }

    /// Checks whether the line counts organisations and nothing else.
    #[must_use]
    pub fn of_organisations(&self) -> bool {
        self.count == [Cell::Organisations]
    }
}

impl Cell {
    fn read(record: &Record, text: &str) -> Result<Self> {
        let inside = |function: &str| Some(text.trim().strip_prefix(function)?.strip_suffix(')')?.trim().to_owned());
        match (text.trim(), inside("sum("), inside("distinct(")) {
            ("*", ..) => Ok(Self::Organisations),
            (_, Some(column), _) => Ok(Self::Sum(column)),
            (_, _, Some(column)) => Ok(Self::Distinct(column)),
            (other, ..) => record.error(
                "count",
                &format!("应为 \"*\"、\"sum(列)\" 或 \"distinct(列)\"，写的是“{other}”"),
                &format!("expected \"*\", \"sum(column)\" or \"distinct(column)\", got '{other}'"),
            ),
        }
    }
}

impl Check {
    fn take(record: &mut Record) -> Result<Self> {
        let id = record.text("id")?;
        let of = if record.has("column") {
            CheckSubject::Column(record.text("column")?)
        } else {
            CheckSubject::Line(record.text("line")?)
        };
        let equal = !record.has("least");
        let parts = if equal { record.texts("sum")? } else { vec![record.text("least")?] };
        Ok(Self { id, of, parts, equal })
    }

    /// Fails if the check names a line or column that `table` does not have.
    fn fits(&self, record: &Record, table: &AnnualTable) -> Result<()> {
        let (field, whole) = match &self.of {
            CheckSubject::Line(line) => ("line", line),
            CheckSubject::Column(column) => ("column", column),
        };
        let have: Vec<&str> = match self.of {
            CheckSubject::Line(_) => table.lines.iter().map(|line| line.id.as_str()).collect(),
            CheckSubject::Column(_) => table.columns.iter().map(|column| column.id.as_str()).collect(),
        };
        let parts = if self.equal { "sum" } else { "least" };
        let named = std::iter::once((field, whole)).chain(self.parts.iter().map(|part| (parts, part)));
        for (field, id) in named {
            if !have.contains(&id.as_str()) {
                let kind = if matches!(self.of, CheckSubject::Line(_)) { ("行", "line") } else { ("栏", "column") };
                return Err(record.place().defined(no_such(kind, id, have.iter().copied()), field));
            }
        }
        Ok(())
    }
}
