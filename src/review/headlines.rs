//! The headline counts of a review, year by year, by the definitions in force.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int16Type, Int64Type};

use super::Definitions;
use crate::analysis::count::Measure;
use crate::definition::Rate;
use crate::error::Result;
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Id of the rate (应建已建率) whose population and success are the headlines `eligible` and `eligible_established`.
const DUE: &str = "eligible_established";

/// Headlines that the rate [`DUE`] defines.
const OF_DUE: [&str; 2] = ["eligible", "eligible_established"];

/// Count that decides whether party organisations can be counted; it is not a headline itself.
const NAMED: &str = "named";

/// Returns the versions of the rate [`DUE`], of which one at most is in force in a year.
fn due(rates: &[Rate]) -> Vec<&Rate> {
    rates.iter().filter(|rate| rate.id == DUE).collect()
}

/// Returns the name under which a headline is counted by a version of its rate.
fn versioned(headline: &str, version: usize) -> String {
    format!("{headline} {version}")
}

/// Returns the counts from which [`table`] takes the headlines. Fails with
/// [`Error::Definition`](crate::error::Error::Definition) if a definition does not fit `roster`.
pub(super) fn measures(roster: &Roster, definitions: &Definitions) -> Result<Vec<(String, Measure)>> {
    let organised = definitions.scope().organised()?.when;
    let mut measures = vec![
        ("organisations".to_owned(), Measure::Rows),
        ("organised".to_owned(), Measure::Where(organised)),
        ("members_full".to_owned(), Measure::Sum("members_full".to_owned())),
        ("employees".to_owned(), Measure::Sum("employees".to_owned())),
        (NAMED.to_owned(), Measure::Where(Predicate::parse("party_org_id IS NOT NULL")?)),
    ];
    for (version, rate) in due(&definitions.rates).into_iter().enumerate() {
        rate.check(roster)?;
        let both = [rate.population.clone(), rate.population.and(&rate.success)];
        let both = OF_DUE.into_iter().zip(both);
        measures.extend(both.map(|(headline, counted)| (versioned(headline, version), Measure::Where(counted))));
    }
    Ok(measures)
}

/// Builds the headline counts of every year from the counts in `table`, party organisations in `stars` and staff in
/// `work`. A headline of a rate is null in a year in which the rate is not in force.
pub(super) fn table(
    definitions: &Definitions,
    table: &RecordBatch,
    stars: &RecordBatch,
    work: &RecordBatch,
) -> Result<RecordBatch> {
    let items = work["item"].as_string::<i32>();
    let years: Vec<i16> = table["year"].as_primitive::<Int16Type>().values().to_vec();
    let per_year = |table: &RecordBatch, n: &str, of: &dyn Fn(usize) -> bool| -> Vec<Option<u64>> {
        let (of_row, n) = (table["year"].as_primitive::<Int16Type>(), table[n].as_primitive::<Int64Type>());
        let rows = |year| (0..table.num_rows()).filter(move |r| of_row.value(*r) == year && of(*r));
        let total = |year: &i16| rows(*year).map(|r| n.is_valid(r).then(|| n.value(r) as u64)).sum();
        years.iter().map(total).collect()
    };
    let counted = |columns: Columns, name: &str| columns.array(name, ArrayRef::clone(&table[name]));
    let mut columns = ["year", "organisations", "organised"].into_iter().fold(Columns::default(), counted);
    let due = due(&definitions.rates);
    for headline in OF_DUE {
        let versions: Vec<Vec<Option<u64>>> =
            (0..due.len()).map(|version| per_year(table, &versioned(headline, version), &|_| true)).collect();
        let of_year = |(at, year): (usize, &i16)| {
            let version = due.iter().position(|rate| rate.validity.holds(*year))?;
            versions[version][at]
        };
        columns = columns.some_counts(headline, years.iter().enumerate().map(of_year));
    }
    columns = ["members_full", "employees"].into_iter().fold(columns, counted);
    // The number of party organisations is unknown if organisations have some but no row names one.
    let [organised, named] = ["organised", NAMED].map(|n| per_year(table, n, &|_| true));
    let told =
        organised.iter().zip(named).map(|(organised, named)| *organised == Some(0) || organised.and(named) > Some(0));
    let there = per_year(stars, "party_organisations", &|_| true);
    columns = columns.some_counts("party_organisations", told.zip(there).map(|(told, n)| n.filter(|_| told)));
    for item in ["instructors", "seconded_officers", "owner_secretaries"] {
        columns = columns.some_counts(item, per_year(work, "value", &|row| items.value(row) == item));
    }
    columns.finish()
}
