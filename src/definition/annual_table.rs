//! The tables of the national annual report (党内统计年报) as data: whom they count, their lines, columns and sums.

use std::path::Path;

use super::rate::no_such;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::support::record;
use crate::support::record::{Record, defined, records_of};

/// A table.
#[derive(Clone, Debug)]
pub struct AnnualTable {
    /// Its number.
    pub id: String,
    /// Its title.
    pub label: Text,
    /// The organisations that it is about.
    pub population: Predicate,
    /// Its columns: a name, and which of the organisations count there.
    pub columns: Vec<Part>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What must hold of its cells.
    pub checks: Vec<Check>,
    place: String,
}

/// Some of the organisations of a table.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub id: String,
    /// Which organisations.
    pub when: Predicate,
    place: String,
}

/// What a cell counts of its organisations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The organisations.
    Organisations,
    /// The sum of a column.
    Sum(String),
    /// The different values of a column.
    Distinct(String),
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub id: String,
    /// Its words in the template.
    pub label: Text,
    /// Which organisations it is about; all of the table where `None`.
    pub when: Option<Predicate>,
    /// What is counted of them, added up; nothing where no ledger has it.
    pub count: Vec<Cell>,
    /// Whether it is about the organisations of which it is not known whether they belong in the table.
    pub undecided: bool,
    pub(crate) place: String,
}

/// What a check is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// A line, in every column.
    Line(String),
    /// A column, in every line.
    Column(String),
}

/// What must hold between lines, or between columns.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub id: String,
    /// The whole.
    pub of: Of,
    /// The lines or columns that make it up, or the one that it is at least.
    pub parts: Vec<String>,
    /// Whether the parts add up to the whole; otherwise they do not exceed it.
    pub equal: bool,
}

/// The tables of a file.
#[derive(Clone, Debug)]
pub struct Annual(Vec<AnnualTable>);

impl Annual {
    /// Tables 27 and 30: `definitions/annual.toml`.
    pub fn shipped() -> Result<Self> {
        Self::from_toml(include_str!("../../definitions/annual.toml"), "definitions/annual.toml")
    }

    /// The tables of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// The records `[[table]]`, `[[column]]`, `[[line]]` and `[[check]]` of `text`; see `definitions/annual.toml`. `origin` is
    /// the file's name in errors, which are [`Error::Definition`].
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut kinds = records_of(text, origin, &["table", "column", "line", "check"])?.into_iter();
        let mut next = || kinds.next().unwrap_or_default();
        let mut all = Self(Vec::new());
        for mut record in next() {
            let table = AnnualTable::take(&mut record)?;
            once(&record, &table.id, all.0.iter().map(|t| &t.id))?;
            record.finish()?;
            all.0.push(table);
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
        Ok(all)
    }

    /// The tables that `record` belongs to.
    fn named(&mut self, record: &Record, ids: &[String]) -> Result<Vec<&mut AnnualTable>> {
        for id in ids {
            if let Err(Error::Argument(what)) = self.get(id) {
                return Err(record::at(record.place(), "tables", &what));
            }
        }
        Ok(self.0.iter_mut().filter(|table| ids.contains(&table.id)).collect())
    }

    /// The table called `id`.
    pub fn get(&self, id: &str) -> Result<&AnnualTable> {
        let ids = || self.0.iter().map(|table| table.id.as_str());
        self.0.iter().find(|table| table.id == id).ok_or_else(|| no_such(("年报表", "annual table"), id, ids()))
    }
}

/// Fails where `id` is one of `seen`.
fn once<'a>(record: &Record, id: &str, mut seen: impl Iterator<Item = &'a String>) -> Result<()> {
    if seen.any(|other| other == id) {
        return record.error("id", &format!("“{id}”出现了两次"), &format!("'{id}' stands twice"));
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
            place: record.place().to_owned(),
        })
    }

    /// Fails with [`Error::Definition`] where a condition does not fit `roster`.
    pub fn check(&self, roster: &Roster) -> Result<()> {
        let check = |predicate: &Predicate, place: &str, field: &str| {
            predicate.check(roster).map_err(|e| defined(e, place, field))
        };
        check(&self.population, &self.place, "population")?;
        self.columns.iter().try_for_each(|column| check(&column.when, &column.place, "when"))?;
        self.lines.iter().try_for_each(|line| line.when.iter().try_for_each(|w| check(w, &line.place, "when")))
    }
}

impl Part {
    fn take(record: &mut Record) -> Result<Self> {
        Ok(Self { id: record.text("id")?, when: record.predicate("when")?, place: record.place().to_owned() })
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
        Ok(Self { id, label, when, count, undecided: record.flag("undecided")?, place: record.place().to_owned() })
    }

    /// Whether it counts organisations and nothing else.
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
        let of = if record.has("column") { Of::Column(record.text("column")?) } else { Of::Line(record.text("line")?) };
        let equal = !record.has("least");
        let parts = if equal { record.texts("sum")? } else { vec![record.text("least")?] };
        Ok(Self { id, of, parts, equal })
    }

    /// Fails where it names a line or column that `table` does not have.
    fn fits(&self, record: &Record, table: &AnnualTable) -> Result<()> {
        let (field, whole) = match &self.of {
            Of::Line(line) => ("line", line),
            Of::Column(column) => ("column", column),
        };
        let have: Vec<&str> = match self.of {
            Of::Line(_) => table.lines.iter().map(|line| line.id.as_str()).collect(),
            Of::Column(_) => table.columns.iter().map(|column| column.id.as_str()).collect(),
        };
        let parts = if self.equal { "sum" } else { "least" };
        let named = std::iter::once((field, whole)).chain(self.parts.iter().map(|part| (parts, part)));
        for (field, id) in named {
            if !have.contains(&id.as_str()) {
                let kind = if matches!(self.of, Of::Line(_)) { ("行", "line") } else { ("栏", "column") };
                if let Error::Argument(what) = no_such(kind, id, have.iter().copied()) {
                    return Err(record::at(record.place(), field, &what));
                }
            }
        }
        Ok(())
    }
}
