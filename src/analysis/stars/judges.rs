//! Agreement of judges (评分一致性): self-scores against township and final scores, lenient offices, careless forms.

mod agreement;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;

use self::agreement::{Pairs, median};
use super::marks::{Marks, NONE, OPEN, Reading, texts};
use super::rating::Rating;
use super::scheme::Scheme;
use super::scheme::units::{FINE, POINT, real};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Judges in the order in which they receive a form; other judges follow by name.
const ORDER: [&str; 3] = ["self", "township", "final"];

/// Minimum number of items for a straight-lined form; fewer equal items may be coincidence.
const LINES: usize = 5;

/// Robust z-score beyond which a difference is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
/// 1993).
const OUTLIER: f64 = 3.5;

/// The name of an office and the totals of both judges on its forms.
type Office<'a> = (Option<&'a str>, Vec<(f64, f64)>);

/// The scores of several judges.
#[derive(Debug)]
pub struct Judges {
    scheme: Arc<Scheme>,
    judges: Vec<(String, Rating)>,
}

impl Roster {
    /// Reads the scores of every judge in a table with the column `judge` (`self`, `township`, `final` or others)
    /// in addition to the columns of [`Roster::rate_stars`].
    ///
    /// ```
    /// # use dangjian::{Roster, job::Quiet};
    /// # use std::sync::Arc;
    /// use arrow::array::{ArrayRef, RecordBatch, StringArray};
    /// use dangjian::analysis::stars::Scheme;
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let texts = |texts: &[&str]| Arc::new(StringArray::from_iter_values(texts)) as ArrayRef;
    /// let forms = [("org_id", texts(&["a", "a"])), ("judge", texts(&["self", "final"]))];
    /// let scores = RecordBatch::try_from_iter(forms.into_iter().chain([("assessed", texts(&["960", "940"]))]))?;
    /// let judges = roster.star_judges(&[scores], Scheme::shipped("anqing")?, Some(2012), &Quiet)?;
    /// assert!(judges.agreement()?.num_rows() > 0);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_judges(
        &self,
        scores: &[RecordBatch],
        scheme: impl Into<Arc<Scheme>>,
        year: Option<i16>,
        job: &dyn Job,
    ) -> Result<Judges> {
        let scheme = scheme.into();
        let mut names: Vec<String> = Vec::new();
        for batch in scores {
            let Some(column) = texts(batch, "judge")? else { return Err(super::marks::lacks(batch, "judge")) };
            let mut own: Vec<&str> = column.iter().flatten().collect();
            own.sort_unstable();
            own.dedup();
            names.extend(own.into_iter().map(str::to_owned));
        }
        let place = |name: &String| (ORDER.iter().position(|own| own == name).unwrap_or(ORDER.len()), name.clone());
        names.sort_by_key(place);
        names.dedup();
        if names.len() < 2 {
            let have = names.join(", ");
            return Err(Error::data(
                format!("比较评分需要至少两种评分人（judge），表里只有：{have}"),
                format!("agreement needs at least two judges; the table has: {have}"),
            )
            .in_column("judge"));
        }
        // Only points are needed. Without rules no previous round is required.
        let only_points = Arc::new(scheme.without_rules());
        let read = |name: String| {
            let reading = Reading { year, judge: Some(name.clone()) };
            let marks = Marks::read(scores, &scheme, &reading, job)?;
            Ok((name, Rating::from_points(self, Arc::clone(&only_points), marks, job)?))
        };
        let judges = names.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(Judges { scheme, judges })
    }
}

impl Judges {
    /// Returns all pairs of judges, in their order.
    fn pairs(&self) -> impl Iterator<Item = (&(String, Rating), &(String, Rating))> {
        let all = self.judges.iter().enumerate();
        all.flat_map(|(at, first)| self.judges[at + 1..].iter().map(move |second| (first, second)))
    }

    /// Compares two judges on each item and on the total, over the forms on which both scored it.
    ///
    /// Columns: `year`, `judge`, `other`, `item` (`total` for the total), `label_zh`, `label_en`, `full` (maximum
    /// points), `forms`, `equal` (proportion of equal scores), `mean_difference` (judge minus other, in points),
    /// `mean_absolute`, `correlation` (Pearson; null if a judge gave everybody the same score), `concordance`
    /// (Lin's coefficient, 1989: 1 if both agree exactly, less if one judge scores higher or spreads wider).
    pub fn agreement(&self) -> Result<RecordBatch> {
        let mut rows = Vec::new();
        for ((judge, a), (other, b)) in self.pairs() {
            for (year, range) in &a.marks.years {
                let both: Vec<(usize, usize)> =
                    range.clone().filter_map(|at| Some((at, b.marks.find(*year, a.marks.ids.value(at))?))).collect();
                for item in (0..self.scheme.parts.items.len()).map(Some).chain([None]) {
                    let points = |rating: &Rating, at: usize| points(&self.scheme, rating, item, at);
                    let pairs = both.iter().filter_map(|(x, y)| Some((points(a, *x)?, points(b, *y)?)));
                    rows.push((*year, judge, other, item, Pairs::new(pairs)));
                }
            }
        }
        rows.sort_by_key(|row| row.0);
        let items = &self.scheme.parts.items;
        let label = |item: Option<usize>, lang| {
            item.map_or_else(|| crate::lang::Text::new("总分", "total"), |at| items[at].label.clone())
                .get(lang)
                .to_owned()
        };
        let full = |item: Option<usize>| {
            item.map_or_else(|| real(self.scheme.parts.full()), |at| real(items[at].points * POINT))
        };
        Columns::default()
            .years("year", rows.iter().map(|row| row.0))
            .texts("judge", rows.iter().map(|row| row.1))
            .texts("other", rows.iter().map(|row| row.2))
            .texts("item", rows.iter().map(|row| row.3.map_or("total", |at| items[at].id.as_str())))
            .texts("label_zh", rows.iter().map(|row| label(row.3, crate::lang::Lang::Zh)))
            .texts("label_en", rows.iter().map(|row| label(row.3, crate::lang::Lang::En)))
            .reals("full", rows.iter().map(|row| Some(full(row.3))))
            .counts("forms", rows.iter().map(|row| row.4.n()))
            .reals("equal", rows.iter().map(|row| row.4.equal()))
            .reals("mean_difference", rows.iter().map(|row| row.4.mean_difference()))
            .reals("mean_absolute", rows.iter().map(|row| row.4.mean_absolute()))
            .reals("correlation", rows.iter().map(|row| row.4.correlation()))
            .reals("concordance", rows.iter().map(|row| row.4.concordance()))
            .finish()
    }

    /// Returns the organisations that both judges scored in a year, with the totals of both.
    fn totals(&self, a: &Rating, b: &Rating, range: std::ops::Range<usize>, year: i16) -> Vec<(usize, f64, f64)> {
        let both = range.filter_map(|at| Some((at, b.marks.find(year, a.marks.ids.value(at))?)));
        let total = |rating: &Rating, at: usize| points(&self.scheme, rating, None, at);
        both.filter_map(|(x, y)| Some((x, total(a, x)?, total(b, y)?))).collect()
    }

    /// Compares the totals of two judges office by office (自评虚高). The office is the township of the organisation.
    ///
    /// Columns: `year`, `judge`, `other`, `township`, `township_name`, `forms`, `higher`, `lower` (forms on which
    /// the judge gave more, and less), `mean_difference` (of totals, judge minus other), `share_of_full` (of full
    /// marks), `beyond` (distance of the office's mean from the overall mean in standard errors; null if
    /// undefined).
    pub fn offices(&self) -> Result<RecordBatch> {
        let mut rows = Vec::new();
        for ((judge, a), (other, b)) in self.pairs() {
            for (year, range) in &a.marks.years {
                let totals = self.totals(a, b, range.clone(), *year);
                let all = Pairs::new(totals.iter().map(|(_, x, y)| (*x, *y)));
                let subjects: Vec<u32> = totals.iter().map(|(at, ..)| *at as u32).collect();
                let listed = a.listed(&subjects)?.finish()?;
                let codes = super::rating::text_column(&listed, "township");
                let names = super::rating::text_column(&listed, "township_name");
                let mut offices: BTreeMap<Option<&str>, Office<'_>> = BTreeMap::new();
                for (at, (_, x, y)) in totals.iter().enumerate() {
                    offices.entry(codes[at]).or_insert_with(|| (names[at], Vec::new())).1.push((*x, *y));
                }
                for (code, (name, forms)) in offices {
                    let own = Pairs::new(forms.iter().copied());
                    let higher = forms.iter().filter(|(x, y)| x > y).count() as u64;
                    let lower = forms.iter().filter(|(x, y)| x < y).count() as u64;
                    let error = all.deviation().map(|sd| sd / (own.n() as f64).sqrt()).filter(|error| *error > 0.0);
                    let beyond =
                        own.mean_difference().zip(all.mean_difference()).zip(error).map(|((m, all), e)| (m - all) / e);
                    let place = (code.map(str::to_owned), name.map(str::to_owned));
                    rows.push((*year, judge, other, place, (own, higher, lower, beyond)));
                }
            }
        }
        rows.sort_by_key(|row| row.0);
        let full = real(self.scheme.parts.full());
        Columns::default()
            .years("year", rows.iter().map(|row| row.0))
            .texts("judge", rows.iter().map(|row| row.1))
            .texts("other", rows.iter().map(|row| row.2))
            .some_texts("township", rows.iter().map(|row| row.3.0.as_ref()))
            .some_texts("township_name", rows.iter().map(|row| row.3.1.as_ref()))
            .counts("forms", rows.iter().map(|row| row.4.0.n()))
            .counts("higher", rows.iter().map(|row| row.4.1))
            .counts("lower", rows.iter().map(|row| row.4.2))
            .reals("mean_difference", rows.iter().map(|row| row.4.0.mean_difference()))
            .reals("share_of_full", rows.iter().map(|row| row.4.0.mean_difference().map(|mean| mean / full)))
            .reals("beyond", rows.iter().map(|row| row.4.3))
            .finish()
    }

    /// Lists the organisations on whose total two judges differ unusually.
    ///
    /// The difference of totals is judged by its robust z-score: 0.6745 × (difference − median) ÷ median absolute
    /// deviation. If that deviation is 0, 1.2533 × the mean absolute deviation is the scale. A score beyond 3.5 is
    /// an outlier (Iglewicz and Hoaglin 1993).
    ///
    /// Columns: `year`, the id and the ledger columns, `judge`, `other`, `points`, `other_points`, `difference`,
    /// `median` (of all differences), `z`.
    pub fn outliers(&self) -> Result<RecordBatch> {
        let mut parts = Vec::new();
        for ((judge, a), (other, b)) in self.pairs() {
            for (year, range) in &a.marks.years {
                let totals = self.totals(a, b, range.clone(), *year);
                let mut differences: Vec<f64> = totals.iter().map(|(_, x, y)| x - y).collect();
                let Some(middle) = median(&mut differences.clone()) else { continue };
                let mut away: Vec<f64> = differences.iter().map(|d| (d - middle).abs()).collect();
                let mean = away.iter().sum::<f64>() / away.len() as f64;
                let mad = median(&mut away).unwrap_or(0.0);
                let scale = if mad > 0.0 { mad / 0.6745 } else { mean * 1.253_314 };
                for difference in &mut differences {
                    *difference -= middle;
                }
                let far =
                    totals.into_iter().zip(differences).filter(|(_, d)| scale > 0.0 && (d / scale).abs() > OUTLIER);
                let far: Vec<_> = far.collect();
                let subjects: Vec<u32> = far.iter().map(|((at, ..), _)| *at as u32).collect();
                let table = a
                    .listed(&subjects)?
                    .texts("judge", far.iter().map(|_| judge))
                    .texts("other", far.iter().map(|_| other))
                    .reals("points", far.iter().map(|((_, x, _), _)| Some(*x)))
                    .reals("other_points", far.iter().map(|((.., y), _)| Some(*y)))
                    .reals("difference", far.iter().map(|((_, x, y), _)| Some(x - y)))
                    .reals("median", far.iter().map(|_| Some(middle)))
                    .reals("z", far.iter().map(|(_, d)| Some(d / scale)))
                    .finish()?;
                parts.push((*year, table));
            }
        }
        stacked(parts)
    }

    /// Lists forms that look carelessly filled in.
    ///
    /// Flags: `straight_line`, the same proportion of full marks (but not all) on at least five items; `all_full`,
    /// full marks on all of at least five items; `copied`, a form identical to others of the same office and judge,
    /// with at least five scores that are not all full.
    ///
    /// Columns: `year`, the id and the ledger columns, `judge`, `flag`, `share` (of full marks; null for `copied`),
    /// `alike` (number of identical forms of the office, this one included; null for the other flags).
    pub fn forms(&self) -> Result<RecordBatch> {
        let mut parts = Vec::new();
        for (judge, rating) in &self.judges {
            let listed = rating.listed(&rating.everybody())?.finish()?;
            let office = super::rating::text_column(&listed, "township");
            let mut alike: BTreeMap<Same<'_>, u64> = BTreeMap::new();
            let key = |at: usize| (rating.marks.year(at), office[at], rating.marks.row(at));
            (0..rating.len()).for_each(|at| *alike.entry(key(at)).or_default() += 1);
            for (year, range) in &rating.marks.years {
                let mut flagged: Vec<(u32, &str, Option<f64>, Option<u64>)> = Vec::new();
                for at in range.clone() {
                    let own = key(at);
                    let proportion = self.proportion_of_all(&own.2);
                    match proportion {
                        Some(proportion) if proportion >= 1.0 => flagged.push((at as u32, "all_full", Some(1.0), None)),
                        Some(proportion) => flagged.push((at as u32, "straight_line", Some(proportion), None)),
                        None => {}
                    }
                    let n = alike.get(&own).copied().unwrap_or(0);
                    if n > 1 && proportion.is_none_or(|proportion| proportion < 1.0) && filled(&own.2) >= LINES {
                        flagged.push((at as u32, "copied", None, Some(n)));
                    }
                }
                let subjects: Vec<u32> = flagged.iter().map(|f| f.0).collect();
                let table = rating
                    .listed(&subjects)?
                    .texts("judge", flagged.iter().map(|_| judge))
                    .texts("flag", flagged.iter().map(|f| f.1))
                    .reals("share", flagged.iter().map(|f| f.2))
                    .some_counts("alike", flagged.iter().map(|f| f.3))
                    .finish()?;
                parts.push((*year, table));
            }
        }
        stacked(parts)
    }

    /// Returns the proportion of full marks if it is the same on all, and at least [`LINES`], items that count to
    /// full marks.
    fn proportion_of_all(&self, row: &[i32]) -> Option<f64> {
        let items = self.scheme.parts.items.iter().cycle().zip(row).filter(|(item, _)| item.gives.in_full());
        let mut proportion: Option<(i64, i64)> = None;
        let mut n = 0;
        for (item, cell) in items {
            if matches!(*cell, NONE | OPEN) {
                return None;
            }
            let got = (item.brings(i64::from(*cell)), item.points);
            // Cross-multiply to compare proportions without division.
            if proportion.is_some_and(|(points, full)| points * got.1 != got.0 * full) {
                return None;
            }
            proportion = Some(got);
            n += 1;
        }
        proportion.filter(|_| n >= LINES).map(|(points, full)| points as f64 / full as f64)
    }
}

/// Key of identical forms: year, office, all cells.
type Same<'a> = (i16, Option<&'a str>, Cow<'a, [i32]>);

/// Counts the cells that hold a number.
fn filled(row: &[i32]) -> usize {
    row.iter().filter(|cell| !matches!(**cell, NONE | OPEN)).count()
}

/// Returns the points of an item, or the total; `None` if open.
fn points(scheme: &Scheme, rating: &Rating, item: Option<usize>, at: usize) -> Option<f64> {
    let (low, high) = match item {
        None => rating.scores.totals[at],
        Some(item) => {
            let (low, high) = super::rating::part_of(rating, scheme, super::scheme::Part::Item(item), at);
            (low * POINT, high * POINT)
        }
    };
    (low == high).then(|| low as f64 / FINE as f64)
}

/// Concatenates tables in the order of years.
fn stacked(mut parts: Vec<(i16, RecordBatch)>) -> Result<RecordBatch> {
    parts.sort_by_key(|(year, _)| *year);
    let tables: Vec<RecordBatch> = parts.into_iter().map(|(_, table)| table).collect();
    match tables.first() {
        Some(first) => Ok(arrow::compute::concat_batches(first.schema_ref(), &tables)?),
        None => Columns::default().finish(),
    }
}
