//! Breaks of columns (口径变更): years from which a column has another meaning.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::lang::Text;
use crate::schema;
use crate::support::record::{Record, RecordPlace};
use crate::support::similarity::nearest;

/// A column whose meaning changes from a year on, so that figures of earlier years are not comparable.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    /// Column of the ledger.
    pub column: String,
    /// First year of the new meaning.
    pub year: i16,
    /// Description of the change.
    pub note: Text,
    /// Document that states the change.
    pub source: String,
    place: RecordPlace,
}

impl Break {
    pub(super) fn take(mut record: Record) -> Result<Self> {
        let column = record.text("column")?;
        let Some(year) = record.year("year")? else {
            return record.error("year", "缺少此项；应为年份，如 2013", "is missing; expected a year, such as 2013");
        };
        let Some(note) = record.label("note", "note_en")? else {
            return record.error("note", "缺少此项；请写明有何变化", "is missing; say what changed");
        };
        let place = record.place().clone();
        let found = Self { column, year, note, source: record.text("source")?, place };
        record.finish()?;
        Ok(found)
    }

    /// Fails if the column is neither in the schema nor in `used`, since no rate could use it.
    pub(super) fn check<'a>(&self, used: impl Iterator<Item = &'a str>) -> Result<()> {
        let known: BTreeSet<&str> = schema::COLUMNS.iter().map(|c| c.name).chain(used).collect();
        if known.contains(self.column.as_str()) {
            return Ok(());
        }
        let column = &self.column;
        let (zh, en) = nearest(column, known.into_iter()).map_or_else(
            || (String::new(), String::new()),
            |near| (format!("是不是“{near}”？"), format!(" Hint: did you mean '{near}'?")),
        );
        let what = Text::new(
            format!("没有名为“{column}”的列，也没有比率用到它。{zh}"),
            format!("there is no column '{column}', and no rate uses one of that name.{en}"),
        );
        Err(self.place.error("column", &what).with_value(column))
    }
}
