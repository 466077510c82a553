//! The Party-affairs workforce (专兼职党务工作力量): instructors, seconded officers, owners who are secretary.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use arrow::array::RecordBatch;

use super::count::{Measure, count_items};
use crate::error::{Error, Result};
use crate::ingest::all_records;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;

/// Counts of the ledgers: name and measure, which may name conditions.
const ITEMS: [(&str, &str); 7] = [
    ("instructors", "distinct(instructor_id)"),
    ("organisations_with_instructor", "instructor_id IS NOT NULL"),
    ("without_party_org_with_instructor", "unorganised AND instructor_id IS NOT NULL"),
    ("seconded_officers", "sum(seconded_officers)"),
    ("owner_secretaries", "owner_is_secretary"),
    ("staff_full_time", "sum(staff_full_time)"),
    ("staff_part_time", "sum(staff_part_time)"),
];

/// Returns the counts of the ledgers, by the conditions of `scope`.
pub(crate) fn items(scope: &Scope) -> Result<Vec<(String, Measure)>> {
    let conditions = scope.conditions_in_force()?;
    let item = |(name, text): (&str, &str)| {
        let mut measure = Measure::parse(text)?;
        if let Measure::Where(predicate) = &mut measure {
            conditions.apply([predicate])?;
        }
        Ok((name.to_owned(), measure))
    };
    ITEMS.into_iter().map(item).collect()
}

impl Roster {
    /// Counts the workforce of the ledgers by the dimensions of `scope`.
    ///
    /// Columns: `year`, the dimensions, `item` (`instructors`, `organisations_with_instructor`,
    /// `without_party_org_with_instructor`, `seconded_officers`, `owner_secretaries`, `staff_full_time`,
    /// `staff_part_time`), `value`. An instructor counts once, whatever the number of organisations assigned.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.workforce(&Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3 * 7); // three years, seven items each
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn workforce(&self, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        count_items(self, &items(scope)?, scope, job)
    }
}

/// The table of assignments (`workers`): a person's role with first and last year. Holds no personal names.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    rows: Vec<Assignment>,
}

#[derive(Clone, Debug)]
struct Assignment {
    worker: String,
    role: String,
    from: i16,
    to: Option<i16>,
}

/// Columns required in a table of workers; others are ignored.
const COLUMNS: [&str; 4] = ["worker_id", "role", "from", "to"];

impl Workers {
    /// Reads a CSV file, in any encoding and delimiter that ledgers may have, with the columns `worker_id`, `role`
    /// (`instructor`, `seconded_officer`, …), `from` and `to` (dates, years first; an empty `to` means still
    /// serving).
    pub fn read(path: &Path) -> Result<Self> {
        let mut records = all_records(path)?.into_iter();
        let header = records.next().map(|(_, texts)| texts).unwrap_or_default();
        let place = |name: &str| {
            header.iter().position(|h| h.trim() == name).ok_or_else(|| {
                let have = header.join(", ");
                Error::of_file(
                    path,
                    format!("人员表缺少“{name}”列。现有列：{have}"),
                    format!("the table of workers lacks the column '{name}'. Available: {have}"),
                )
                .in_column(name)
            })
        };
        let at: Vec<usize> = COLUMNS.iter().map(|name| place(name)).collect::<Result<_>>()?;
        let mut rows = Vec::new();
        for (line, record) in records {
            if record.len() != header.len() {
                let (got, wanted) = (record.len(), header.len());
                return Err(Error::of_file(
                    path,
                    format!("人员表第{line}行有{got}个字段，表头有{wanted}个。请检查该行的逗号和引号"),
                    format!(
                        "line {line} of the table of workers has {got} fields, its header has {wanted}. Check the commas and quotation marks"
                    ),
                )
                .at_row(u64::from(line)));
            }
            let cell = |k: usize| record.get(at[k]).map_or("", |text| text.trim());
            let year = |k: usize| {
                let text = cell(k);
                text.get(..4).and_then(|y| y.parse::<i16>().ok()).ok_or_else(|| {
                    let column = COLUMNS[k];
                    Error::of_file(
                        path,
                        format!("第{line}行“{column}”列的“{text}”不是日期，应如 2013-01-01"),
                        format!("line {line}, column '{column}': '{text}' is not a date, expected one like 2013-01-01"),
                    )
                    .at_row(u64::from(line))
                    .in_column(column)
                    .with_value(text)
                })
            };
            let to = if cell(3).is_empty() { None } else { Some(year(3)?) };
            rows.push(Assignment { worker: cell(0).to_owned(), role: cell(1).to_owned(), from: year(2)?, to });
        }
        Ok(Self { rows })
    }

    /// Counts the distinct people who served in each role at any time of `year`, roles ascending.
    #[must_use]
    pub fn serving(&self, year: i16) -> BTreeMap<&str, u64> {
        let mut people: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for a in self.rows.iter().filter(|a| a.from <= year && a.to.is_none_or(|to| to >= year)) {
            people.entry(&a.role).or_default().insert(&a.worker);
        }
        people.into_iter().map(|(role, people)| (role, people.len() as u64)).collect()
    }
}
