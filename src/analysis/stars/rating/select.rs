//! The table of stars, whole or by column.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use rayon::prelude::*;

use super::listed::{Wants, texts_at};
use super::{Prev, Rating, STAGES, Span};
use crate::analysis::stars::scheme::units::real;
use crate::error::{Error, Result};

/// Changes of stars since the previous round.
const TRANSITIONS: [&str; 5] = ["up", "down", "same", "new", "unknown"];

/// Returns the change since the previous round as an index into [`TRANSITIONS`].
fn transition_at(before: Prev, now: Span) -> usize {
    match (before.listed, before.span.known(), now.known()) {
        (true, Some(before), Some(now)) => match now.cmp(&before) {
            Ordering::Greater => 0,
            Ordering::Less => 1,
            Ordering::Equal => 2,
        },
        (false, _, Some(_)) => 3,
        _ => 4,
    }
}

/// Returns three numeric columns: the certain value, the minimum, the maximum. If everything is certain, all three
/// share one array.
fn ends<T: Copy + Sync, E: PartialEq + Copy>(
    all: &[T],
    ends_of: impl Fn(T) -> (E, E) + Sync,
    number: impl Fn(E) -> Option<f64> + Sync,
) -> [ArrayRef; 3] {
    let column = |value: &(dyn Fn(T) -> Option<f64> + Sync)| -> ArrayRef {
        Arc::new(all.iter().map(|own| value(*own)).collect::<Float64Array>())
    };
    let low = column(&|own| number(ends_of(own).0));
    let certain = |own: &T| ends_of(*own).0 == ends_of(*own).1;
    if all.iter().all(certain) {
        return [Arc::clone(&low), Arc::clone(&low), low];
    }
    [column(&|own| number(ends_of(own).0).filter(|_| certain(&own))), low, column(&|own| number(ends_of(own).1))]
}

impl Rating {
    /// Returns the organisations with their scores and stars, by year and id.
    ///
    /// Columns: `year`, the id (`party_org_id` or `org_id`), `org_id`, `name`, `township`, `township_name`, `kind`,
    /// `committee` (from the home row of the party organisation), `score` (null if items are open), `score_low`,
    /// `score_high`, `open_items`, `open_points`, the star states `by_score`, `after_events`, `after_gates`,
    /// `after_caps`, `after_vetoes`, `after_first_year`, `after_step`, `after_direct`, `after_quotas`; `previous`
    /// (state in the previous round, `absent` if not listed there), `star_state` (the last stage: a grade,
    /// `unrated`, or `unknown` if open items decide), `stars`, `stars_low`, `stars_high` (null is unrated), `moved`
    /// (`up`, `down`, `same`, `new` or `unknown`).
    pub fn table(&self) -> Result<RecordBatch> {
        self.select(&self.columns())
    }

    /// Returns the column names of [`Rating::table`].
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let id = self.scheme.id_column();
        let mut all = vec!["year", id];
        all.extend((id != "org_id").then_some("org_id"));
        all.extend(["name", "township", "township_name", "kind", "committee"]);
        all.extend(["score", "score_low", "score_high", "open_items", "open_points"]);
        all.extend(STAGES);
        all.extend(["previous", "star_state", "stars", "stars_low", "stars_high", "moved"]);
        all
    }

    /// Returns some columns of [`Rating::table`], in the order given. The others are not computed.
    ///
    /// Returns [`Error::Argument`] if the table has no such column.
    pub fn select(&self, names: &[&str]) -> Result<RecordBatch> {
        let all = self.columns();
        if let Some(name) = names.iter().find(|name| !all.contains(name)) {
            return Err(Error::argument(
                format!("评星表没有名为“{name}”的列。可用：{}", all.join("、")),
                format!("the table of stars has no column '{name}'. Available: {}", all.join(", ")),
            )
            .in_column(name.to_string()));
        }
        let wants: Wants<'_> = &|name| names.contains(&name);
        let (totals, stars) = (&self.scores.totals, self.stars());
        let any_of = |wanted: [&str; 3]| wanted.into_iter().any(wants);
        let scores = || ends(totals, |(low, high)| (low, high), |end| Some(real(end)));
        let rungs = || ends(stars, |span| (span.low, span.high), |end| self.scheme.ladder.stars(end));
        let numbers = || {
            rayon::join(
                || any_of(["score", "score_low", "score_high"]).then(scores),
                || any_of(["stars", "stars_low", "stars_high"]).then(rungs),
            )
        };
        let words = || {
            let (stages, (previous, moved)) = rayon::join(
                || self.stages_of(|at| wants(STAGES[at]) || (at + 1 == STAGES.len() && wants("star_state"))),
                || {
                    rayon::join(
                        || wants("previous").then(|| self.previous_states()).transpose(),
                        || wants("moved").then(|| self.moved()).transpose(),
                    )
                },
            );
            Ok::<_, Error>((stages?, previous?, moved?))
        };
        let (listed, ((scores, rungs), words)) =
            rayon::join(|| self.listed_of(&self.everybody(), wants), || rayon::join(numbers, words));
        let (stages, previous, moved) = words?;
        let mut columns = listed?;
        for (names, arrays) in
            [(["score", "score_low", "score_high"], scores), (["stars", "stars_low", "stars_high"], rungs)]
        {
            for (name, array) in names.into_iter().zip(arrays.into_iter().flatten()) {
                columns = columns.array(name, array);
            }
        }
        if wants("open_items") {
            columns = columns.counts("open_items", self.scores.open.iter().map(|open| u64::from(*open)));
        }
        if wants("open_points") {
            let points = Float64Array::from_iter_values(totals.iter().map(|(low, high)| real(high - low)));
            columns = columns.array("open_points", Arc::new(points));
        }
        let last = stages.last().cloned().flatten();
        let words =
            STAGES.into_iter().zip(stages).chain([("star_state", last), ("previous", previous), ("moved", moved)]);
        for (name, array) in words.filter_map(|(name, array)| Some((name, array?))) {
            columns = columns.array(name, array);
        }
        let made = columns.finish()?;
        let places =
            names.iter().map(|name| made.schema().index_of(name)).collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(made.project(&places)?)
    }

    fn previous_states(&self) -> Result<ArrayRef> {
        let mut values = self.states();
        values.push(crate::query::star_state::ABSENT.to_owned());
        let absent = values.len() as u32 - 1;
        let at = |prev: &Prev| if prev.listed { self.state_at(prev.span) } else { absent };
        texts_at(values, self.before.par_iter().map(at).collect())
    }

    fn moved(&self) -> Result<ArrayRef> {
        let transitions =
            self.before.par_iter().zip(self.stars()).map(|(before, now)| transition_at(*before, *now) as u32);
        texts_at(TRANSITIONS, transitions.collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::stars::scheme::Scheme;
    use crate::analysis::stars::testing::scores;
    use crate::analysis::stars::{Previous, RatingOptions};
    use crate::ingest::ReadOptions;
    use crate::job::Quiet;
    use crate::roster::Roster;
    use crate::synth;

    /// Checks that single columns, and all columns in reverse, equal those of the table, with open scores and stars
    /// as well.
    #[test]
    fn columns_alone_are_those_of_the_table() {
        let panel = synth::panel(200, 2, 2012, 7).unwrap();
        let roster = Roster::read_arrow("made", &panel, &ReadOptions::default(), &Quiet).unwrap();
        let scheme = Scheme::shipped("shizhi").unwrap();
        let ids: Vec<String> = (0..40).map(|at| format!("D{at:03}")).collect();
        let items: Vec<String> = scheme.parts.items.iter().map(|item| item.id.clone()).collect();
        let all = ids.iter().enumerate().flat_map(|(at, id)| {
            let open = items.len() * (at % 3) / 3;
            items[open..].iter().map(move |item| (id.as_str(), 2013, item.as_str(), Some(f64::from(at as u8 % 7))))
        });
        let scores = scores(scheme.id_column(), &all.collect::<Vec<_>>());
        let options = RatingOptions::default().with_previous(Previous::FirstRound);
        let rating = roster.rate_stars(&[scores], scheme, &options, &Quiet).unwrap();
        let table = rating.table().unwrap();
        assert_eq!(table.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), rating.columns());
        for name in rating.columns() {
            let one = rating.select(&[name]).unwrap();
            assert_eq!((one.num_columns(), &one[name]), (1, &table[name]), "{name}");
        }
        let backwards: Vec<&str> = rating.columns().into_iter().rev().collect();
        let selected = rating.select(&backwards).unwrap();
        assert!(backwards.iter().enumerate().all(|(at, name)| selected.column(at) == &table[*name]));
        assert!(rating.select(&["score", "points"]).unwrap_err().to_string().contains("points"));
    }
}
