//! Audit trail (变动台账): every change of every star with its rule, in an order that can be replayed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Int16Type, Int64Type};

use super::rating::{Change, Prev, Rating, Span, text_column};
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::query::star_state::ABSENT;
use crate::support::columns::Columns;

/// Subject of a row of the trail.
enum Entry<'a> {
    /// The score; the stars of the previous round come before it.
    Score,
    /// A rule that changed the stars.
    Rule(&'a Change),
    /// An organisation with stars in the previous round and no scores in this one.
    NotRated(Prev),
}

impl Rating {
    /// Lists the steps that led to the stars, one per row, by id, year and step.
    ///
    /// Columns: `year`, the id, `name`, `nth` (0 is the score), `rule_kind` (`score`, `event`, `gate`, `cap`,
    /// `veto`, `first_year`, `exception` (changes no star, but lifts the limit), `step`, `direct`, `quota`;
    /// `not_rated` for an organisation with stars in the previous round of the same call and no scores in this
    /// one), `before` and `after` (star states; for the score, `before` is the state in the previous round,
    /// `absent` if not listed there), the ends `before_low`, `before_high`, `after_low`, `after_high` (star
    /// states), `reason_zh`, `reason_en`.
    pub fn trail(&self) -> Result<RecordBatch> {
        let mut rows: Vec<(u32, i16, i64, Entry<'_>)> = Vec::new();
        for subject in 0..self.len() as u32 {
            let year = self.marks.year(subject as usize);
            rows.push((subject, year, 0, Entry::Score));
            let changes = self.changes_of(subject as usize).iter().enumerate();
            rows.extend(changes.map(|(nth, change)| (subject, year, nth as i64 + 1, Entry::Rule(change))));
        }
        for (year, range) in &self.marks.years {
            let next = year + self.scheme.cycle.years();
            if !self.marks.years.iter().any(|(own, _)| *own == next) {
                continue;
            }
            for subject in range.clone() {
                if self.marks.find(next, self.marks.ids.value(subject)).is_none() {
                    let prev = Prev { span: self.stars()[subject], listed: true };
                    rows.push((subject as u32, next, 0, Entry::NotRated(prev)));
                }
            }
        }
        let id = |subject: u32| self.marks.ids.value(subject as usize);
        rows.sort_by(|a, b| (id(a.0), a.1, a.2).cmp(&(id(b.0), b.1, b.2)));
        let listed = self.listed(&self.everybody())?.finish()?;
        let at: UInt32Array = rows.iter().map(|row| Some(row.0)).collect();
        let listed = take_record_batch(&listed, &at)?;
        let ladder = &self.scheme.ladder;
        let state = |span: Option<Span>| match span.map(Span::known) {
            None => ABSENT.to_owned(),
            Some(Some(rung)) => ladder.state(rung),
            Some(None) => crate::query::star_state::UNKNOWN.to_owned(),
        };
        let end = |span: Option<Span>, pick: fn(Span) -> u8| span.map_or(ABSENT.to_owned(), |s| ladder.state(pick(s)));
        let listed_span = |prev: Prev| prev.listed.then_some(prev.span);
        let spans = |(subject, _, _, entry): &(u32, i16, i64, Entry<'_>)| match entry {
            Entry::Score => {
                let subject = *subject as usize;
                (listed_span(self.before[subject]), Some(self.stages[0][subject]))
            }
            Entry::Rule(change) => (Some(change.before), Some(change.after)),
            Entry::NotRated(prev) => (listed_span(*prev), None),
        };
        let reason = |(subject, _, _, entry): &(u32, i16, i64, Entry<'_>)| match entry {
            Entry::Score => self.score_reason(*subject as usize),
            Entry::Rule(change) => self.reason(change),
            Entry::NotRated(_) => Text::new("本轮没有评分", "no scores this round"),
        };
        let rule = |entry: &Entry<'_>| match entry {
            Entry::Score => "score",
            Entry::Rule(change) => Self::rule_kind(change.rule),
            Entry::NotRated(_) => "not_rated",
        };
        Columns::default()
            .years("year", rows.iter().map(|row| row.1))
            .array(self.scheme.id_column(), Arc::clone(&listed[self.scheme.id_column()]))
            .array("name", Arc::clone(&listed["name"]))
            .counts("nth", rows.iter().map(|row| row.2 as u64))
            .texts("rule_kind", rows.iter().map(|row| rule(&row.3)))
            .texts("before", rows.iter().map(|row| state(spans(row).0)))
            .texts("after", rows.iter().map(|row| state(spans(row).1)))
            .texts("before_low", rows.iter().map(|row| end(spans(row).0, |s| s.low)))
            .texts("before_high", rows.iter().map(|row| end(spans(row).0, |s| s.high)))
            .texts("after_low", rows.iter().map(|row| end(spans(row).1, |s| s.low)))
            .texts("after_high", rows.iter().map(|row| end(spans(row).1, |s| s.high)))
            .texts("reason_zh", rows.iter().map(|row| reason(row).zh))
            .texts("reason_en", rows.iter().map(|row| reason(row).en))
            .finish()
    }
}

/// Replays a trail from its first year and returns the resulting stars. The result equals that of [`Rating::table`]
/// but uses the trail alone, with rows in any order.
///
/// Columns: `year`, the id, `star_state` (`absent` if not rated), `star_low`, `star_high`.
///
/// Returns [`Error::Data`] if a step does not begin at the end of the previous one, because then a star changed
/// without a reason.
pub fn replay_stars(trail: &[RecordBatch]) -> Result<RecordBatch> {
    let mut id_column = "party_org_id";
    let mut rows: Vec<(String, i16, i64, [String; 4])> = Vec::new();
    for batch in trail {
        if batch.column_by_name("party_org_id").is_none() {
            id_column = "org_id";
        }
        let wanted = ["year", "nth", id_column, "before_low", "before_high", "after_low", "after_high"];
        if let Some(missing) = wanted.iter().find(|name| batch.column_by_name(name).is_none()) {
            return Err(Error::data(
                format!("变动台账缺少“{missing}”列"),
                format!("the trail lacks the column '{missing}'"),
            )
            .in_column(*missing));
        }
        let (years, nth) =
            (batch["year"].as_primitive_opt::<Int16Type>(), batch["nth"].as_primitive_opt::<Int64Type>());
        let (Some(years), Some(nth)) = (years, nth) else {
            return Err(Error::data(
                "变动台账的 year、nth 列类型不对；请原样使用 trail 给出的表",
                "the columns year and nth of the trail have the wrong types; use the table as `trail` returns it",
            ));
        };
        let texts = [id_column, "before_low", "before_high", "after_low", "after_high"].map(|n| text_column(batch, n));
        for row in 0..batch.num_rows() {
            let [id, ends @ ..] =
                texts.each_ref().map(|t| t.get(row).copied().flatten().unwrap_or_default().to_owned());
            rows.push((id, years.value(row), nth.value(row), ends));
        }
    }
    rows.sort();
    let mut ended: BTreeMap<(i16, String), (String, String)> = BTreeMap::new();
    let mut last: Option<(String, i16, i64, String, String)> = None;
    for (id, year, nth, [before_low, before_high, after_low, after_high]) in rows {
        let follows = match &last {
            Some((own, own_year, at, low, high)) if *own == id => {
                let begins = (low, high) == (&before_low, &before_high);
                if *own_year == year { *at + 1 == nth && begins } else { nth == 0 && (begins || low == ABSENT) }
            }
            _ => nth == 0,
        };
        if !follows {
            return Err(Error::data(
                format!("“{id}”{year}年第{nth}步接不上前一步：星级变动没有理由，或缺了一步"),
                format!(
                    "step {nth} of '{id}' in {year} does not begin where the previous one ended: a star moved without a reason, or a step is missing"
                ),
            ));
        }
        last = Some((id.clone(), year, nth, after_low.clone(), after_high.clone()));
        ended.insert((year, id), (after_low, after_high));
    }
    let state = |(low, high): &(String, String)| {
        if low == high { low.clone() } else { crate::query::star_state::UNKNOWN.to_owned() }
    };
    Columns::default()
        .years("year", ended.keys().map(|(year, _)| *year))
        .texts(id_column, ended.keys().map(|(_, id)| id))
        .texts("star_state", ended.values().map(state))
        .texts("star_low", ended.values().map(|(low, _)| low))
        .texts("star_high", ended.values().map(|(_, high)| high))
        .finish()
}
