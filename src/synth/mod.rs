//! Synthetic panels of any size, for trials and benchmarks. Organisations, codes and people are invented; places
//! are the real townships.

mod organisation;

use std::sync::Arc;

use arrow::array::types::{ArrowDictionaryKeyType, UInt8Type, UInt16Type, UInt32Type};
use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float32Array, Int16Array, PrimitiveArray, RecordBatch, StringArray,
    UInt32Array,
};
use arrow::datatypes::{Field, Schema};
use rayon::prelude::*;

use self::organisation::{DIVISIONS, KINDS, MODES, PanelRow, TOWNSHIPS, founded};
use crate::error::{Error, Result};
use crate::ingest::ReadOptions;
use crate::job::Quiet;
use crate::roster::Roster;

/// Sections of GB/T 4754 with their last divisions; each starts after the previous one ends.
const SECTIONS: [(char, u8); 20] = [
    ('A', 5),
    ('B', 12),
    ('C', 43),
    ('D', 46),
    ('E', 50),
    ('F', 52),
    ('G', 60),
    ('H', 62),
    ('I', 65),
    ('J', 69),
    ('K', 70),
    ('L', 72),
    ('M', 75),
    ('N', 79),
    ('O', 82),
    ('P', 83),
    ('Q', 85),
    ('R', 90),
    ('S', 96),
    ('T', 97),
];
const MAX_YEARS: u16 = 100;

/// Generates a panel of `organisations` over `years` survey years starting with `first_year`: one batch per year,
/// rows ascending by code.
///
/// Organisations come and go, so about two thirds are listed in any year. Staff is log-normal; members are Poisson
/// with a mean of about a sixteenth of staff. Formation follows membership with a delay. Only solo branches have
/// stars, which change by at most one per year. The same arguments give the same panel.
///
/// Fails if there are more organisations than a roster can hold (2^32 − 1), more than 100 years, or a year outside
/// 1..=9999.
/// ```
/// let years = dangjian::synth::panel(1000, 3, 2011, 7)?;
/// assert_eq!(years.len(), 3);
/// assert!(years[2].num_rows() > 300);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn panel(organisations: usize, years: u16, first_year: i16, seed: u64) -> Result<Vec<RecordBatch>> {
    check(organisations, years, first_year)?;
    let words = Words::new(organisations)?;
    let mut all = founded(organisations, years, seed);
    (0..years)
        .map(|at| {
            let rows: Vec<PanelRow> = all.par_iter_mut().filter_map(|o| o.live(at, words.instructors())).collect();
            words.batch(first_year + at as i16, &rows)
        })
        .collect()
}

impl Roster {
    /// Returns the roster of a synthetic [`panel`] from 2010 on, for examples and trials. It is the same at every call.
    ///
    /// ```
    /// let roster = dangjian::Roster::sample(300, 3)?;
    /// assert_eq!(roster.frames().len(), 3);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn sample(organisations: usize, years: u16) -> Result<Self> {
        Self::read_arrow("sample", &panel(organisations, years, 2010, 7)?, &ReadOptions::default(), &Quiet)
    }
}

fn check(organisations: usize, years: u16, first_year: i16) -> Result<()> {
    if organisations > u32::MAX as usize {
        return Err(Error::argument(
            format!("单位数 {organisations} 过大，最多 {}", u32::MAX),
            format!("{organisations} organisations are too many; at most {}", u32::MAX),
        ));
    }
    let last = i32::from(first_year) + i32::from(years) - 1;
    if years > MAX_YEARS || first_year < 1 || last > 9999 {
        return Err(Error::argument(
            format!("年度 {first_year} 至 {last}（{years} 年）不可用：应在 1 至 9999 之间，且不超过 {MAX_YEARS} 年"),
            format!(
                "the years {first_year} to {last} ({years} of them) cannot be generated: expected years from 1 to 9999, \
                 at most {MAX_YEARS} of them"
            ),
        ));
    }
    Ok(())
}

/// Values of the coded columns, shared by all years.
struct Words {
    townships: ArrayRef,
    kinds: ArrayRef,
    industries: ArrayRef,
    modes: ArrayRef,
    instructors: ArrayRef,
}

impl Words {
    fn new(organisations: usize) -> Result<Self> {
        let mut industries = Vec::new();
        for division in 1..=DIVISIONS as u8 {
            let section = SECTIONS.iter().find(|(_, last)| division <= *last);
            let (section, _) = section
                .ok_or_else(|| Error::data("行业门类表不完整", "the table of industry sections is incomplete"))?;
            industries.push(format!("{section}{division:02}"));
        }
        Ok(Self {
            townships: Arc::new(StringArray::from_iter_values(TOWNSHIPS.iter())),
            kinds: Arc::new(StringArray::from_iter_values(KINDS.iter().map(|k| k.0))),
            industries: Arc::new(StringArray::from(industries)),
            modes: Arc::new(StringArray::from_iter_values(MODES)),
            // One instructor for forty organisations.
            instructors: Arc::new(StringArray::from_iter_values(
                (0..(organisations / 40).max(1)).map(|i| format!("I{i}")),
            )),
        })
    }

    fn instructors(&self) -> u64 {
        self.instructors.len() as u64
    }

    fn batch(&self, year: i16, rows: &[PanelRow]) -> Result<RecordBatch> {
        let ids = StringArray::from_iter_values(rows.iter().map(|r| std::str::from_utf8(&r.code).unwrap_or_default()));
        let columns: [(&str, ArrayRef); 12] = [
            ("year", Arc::new(Int16Array::from_value(year, rows.len()))),
            ("org_id", Arc::new(ids)),
            ("kind", coded::<UInt8Type>(rows.iter().map(|r| Some(r.kind)), &self.kinds)?),
            ("region", coded::<UInt16Type>(rows.iter().map(|r| Some(r.township)), &self.townships)?),
            ("industry", coded::<UInt8Type>(rows.iter().map(|r| Some(r.industry)), &self.industries)?),
            ("employees", Arc::new(rows.iter().map(|r| Some(r.employees)).collect::<UInt32Array>())),
            ("operating", Arc::new(rows.iter().map(|r| Some(r.operating)).collect::<BooleanArray>())),
            ("members_full", Arc::new(rows.iter().map(|r| Some(r.members)).collect::<UInt32Array>())),
            ("mode", coded::<UInt8Type>(rows.iter().map(|r| Some(r.mode)), &self.modes)?),
            ("instructor_id", coded::<UInt32Type>(rows.iter().map(|r| r.instructor), &self.instructors)?),
            ("activities", Arc::new(rows.iter().map(|r| Some(r.activities)).collect::<UInt32Array>())),
            ("star", Arc::new(rows.iter().map(|r| r.star).collect::<Float32Array>())),
        ];
        let optional = ["instructor_id", "star"];
        let fields = columns.iter().map(|(name, c)| Field::new(*name, c.data_type().clone(), optional.contains(name)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(RecordBatch::try_new(schema, columns.into_iter().map(|(_, c)| c).collect())?)
    }
}

fn coded<K: ArrowDictionaryKeyType>(
    keys: impl Iterator<Item = Option<K::Native>>,
    values: &ArrayRef,
) -> Result<ArrayRef> {
    let keys: PrimitiveArray<K> = keys.collect();
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(values))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::compute::{cast, concat_batches};
    use arrow::datatypes::DataType;
    use std::collections::HashSet;

    fn text(batch: &RecordBatch, column: &str) -> StringArray {
        let column = batch.column_by_name(column).unwrap();
        cast(column, &DataType::Utf8).unwrap().as_string().clone()
    }

    #[test]
    fn the_same_arguments_make_the_same_panel() {
        let made = panel(2000, 4, 2010, 11).unwrap();
        assert_eq!(made, panel(2000, 4, 2010, 11).unwrap());
        assert_ne!(made, panel(2000, 4, 2010, 12).unwrap());
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(made, one_thread.install(|| panel(2000, 4, 2010, 11)).unwrap());
    }

    #[test]
    fn an_organisation_stands_once_a_year_and_keeps_its_place() {
        let years = panel(3000, 5, 2009, 3).unwrap();
        let mut places = HashSet::new();
        let mut organisations = HashSet::new();
        for (at, batch) in years.iter().enumerate() {
            let ids = text(batch, "org_id");
            assert!(ids.iter().flatten().is_sorted_by(|a, b| a < b));
            let year = batch.column_by_name("year").unwrap();
            let year = year.as_primitive::<arrow::datatypes::Int16Type>();
            assert!(year.iter().all(|y| y == Some(2009 + at as i16)));
            for (id, region) in ids.iter().zip(&text(batch, "region")) {
                let (id, region) = (id.unwrap().to_owned(), region.unwrap().to_owned());
                assert_eq!(id[2..8], region[..6]);
                organisations.insert(id.clone());
                places.insert((id, region));
            }
        }
        assert!(organisations.len() > 2900, "{} of 3000", organisations.len());
        assert_eq!(places.len(), organisations.len());
    }

    #[test]
    fn stars_are_for_solo_branches_only() {
        let years = panel(20_000, 6, 2008, 5).unwrap();
        let last = &years[5];
        let star = last.column_by_name("star").unwrap().as_primitive::<arrow::datatypes::Float32Type>();
        let mut grades = HashSet::new();
        for (mode, star) in text(last, "mode").iter().zip(star) {
            assert!(star.is_none() || mode == Some("solo"));
            grades.extend(star.map(|s| s as u8));
        }
        assert_eq!(grades, HashSet::from([1, 2, 3, 4, 5]));
    }

    #[test]
    fn a_panel_looks_like_the_reference_one() {
        // Proportions and means of the panel built by shared/bench/make_panel.py with 200000 organisations and 10
        // years.
        let years = panel(50_000, 10, 2004, 1).unwrap();
        let all = concat_batches(&years[0].schema(), &years).unwrap();
        let n = all.num_rows() as f64;
        let near = |what: &str, got: f64, expected: f64| {
            assert!((got / expected - 1.0).abs() < 0.05, "{what}: {got}, expected {expected}");
        };
        near("rows", n / 500_000.0, 0.671);
        near("rows of the last year", years[9].num_rows() as f64 / 50_000.0, 0.877);
        let share =
            |column: &str, word: &str| text(&all, column).iter().filter(|v| *v == Some(word)).count() as f64 / n;
        for (mode, expected) in
            [("none", 0.145), ("solo", 0.169), ("joint", 0.131), ("affiliated", 0.057), ("area", 0.497)]
        {
            near(mode, share("mode", mode), expected);
        }
        for (kind, expected) in [("enterprise", 0.512), ("self_employed", 0.255), ("foundation", 0.050)] {
            near(kind, share("kind", kind), expected);
        }
        let mean = |column: &str| {
            let column = cast(all.column_by_name(column).unwrap(), &DataType::Float64).unwrap();
            let column = column.as_primitive::<arrow::datatypes::Float64Type>();
            column.iter().flatten().sum::<f64>() / (column.len() - column.null_count()) as f64
        };
        for (column, expected) in [("employees", 24.5), ("members_full", 1.696), ("activities", 1.50), ("star", 1.73)] {
            near(column, mean(column), expected);
        }
        let known = |column: &str| 1.0 - all.column_by_name(column).unwrap().null_count() as f64 / n;
        near("with an instructor", known("instructor_id"), 0.400);
        near("with a star", known("star"), 0.159);
    }

    #[test]
    fn impossible_panels_are_refused() {
        for (years, first, named) in [(101, 2000, "101"), (2, 9999, "10000"), (3, 0, "0 to 2")] {
            let error = panel(10, years, first, 0).unwrap_err();
            assert!(matches!(error, Error::Argument(_)));
            assert!(error.to_string().contains(named), "{error}");
        }
        assert!(panel(5_000_000_000, 1, 2013, 0).is_err());
        assert!(panel(10, 0, 2013, 0).unwrap().is_empty());
        assert_eq!(panel(0, 1, 2013, 0).unwrap()[0].num_rows(), 0);
    }
}
