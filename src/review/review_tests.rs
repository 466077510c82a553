//! Tests of reviews by definitions of the user.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, AsArray, Int16Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int16Type, Int64Type};

use super::{Definitions, Review};
use crate::ReadOptions;
use crate::analysis::stars::Scheme;
use crate::definition::{Conditions, FormationRules, Rates, Targets};
use crate::error::{Error, Result};
use crate::job::{Job, Quiet};
use crate::lang::Lang;
use crate::roster::Roster;

/// Returns the shipped definitions with `rates` over them, and `scheme` in place of the shipped one.
fn with(rates: &str, scheme: &str) -> Result<Definitions> {
    let rates = match rates {
        "" => Rates::shipped()?,
        text => Rates::shipped()?.overridden_by(Rates::from_toml(text, "rates.toml")?)?,
    };
    let (targets, rules) = (Targets::shipped()?, FormationRules::shipped()?);
    Definitions::new(rates, targets, rules, Scheme::from_toml(scheme, "scheme.toml")?, &Conditions::default())
}

fn wuhao() -> &'static str {
    Scheme::shipped_toml(Scheme::DEFAULT).unwrap()
}

/// Reviews the last year.
fn reviewed(roster: &Roster, definitions: &Definitions) -> Review {
    let last = roster.frames().last().unwrap().year;
    roster.review(definitions, last, None, &Quiet).unwrap()
}

fn numbers(table: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    table[name].as_primitive::<Int64Type>().iter().collect()
}

/// Returns the tables that differ between two reviews.
fn changed(one: &Review, other: &Review) -> Vec<&'static str> {
    assert_eq!(one.tables.len(), other.tables.len());
    let both = one.tables.iter().zip(&other.tables);
    both.filter(|((_, a), (_, b))| a != b).map(|((id, _), _)| *id).collect()
}

fn condition(id: &str, when: &str) -> String {
    format!("[[condition]]\nid = '{id}'\nwhen = \"{when}\"\nsource = '本地文件'\n")
}

#[test]
fn a_condition_of_the_user_decides_the_headline() {
    let roster = Roster::sample(2000, 3).unwrap();
    let shipped = reviewed(&roster, &Definitions::shipped().unwrap());
    let mine = reviewed(&roster, &with(&condition("eligible", "members_full >= 1"), wuhao()).unwrap());
    let [before, after] = [&shipped, &mine].map(|review| review.table("overview").unwrap());
    for (name, column) in before.schema().fields().iter().map(|field| field.name()).zip(before.columns()) {
        let same = column == &after[name.as_str()];
        assert_eq!(same, !["eligible", "eligible_established"].contains(&name.as_str()), "{name}");
    }
    let due = |review: &Review, table: &str, id: &str, name: &str, of: &str| {
        let table = review.table(table).unwrap();
        let ids = table[id].as_string_view().iter().map(|id| id == Some("eligible_established"));
        let rows = ids.zip(numbers(table, of)).filter(|(is, _)| *is).map(|(_, n)| n);
        let headline = numbers(review.table("overview").unwrap(), name);
        assert_eq!(rows.collect::<Vec<_>>(), headline[headline.len() - table_years(table)..], "{name}");
    };
    for review in [&shipped, &mine] {
        due(review, "coverage", "rate_id", "eligible", "population");
        due(review, "coverage", "rate_id", "eligible_established", "success");
        due(review, "targets", "target", "eligible", "population");
        due(review, "targets", "target", "eligible_established", "success");
    }
    let others = ["formation", "formation_audit", "joint_branches", "stars", "starred", "workforce", "readiness"];
    assert!(changed(&shipped, &mine).iter().all(|id| !others.contains(id)), "{:?}", changed(&shipped, &mine));
}

/// Counts the years of a table with one row for each of some ids.
fn table_years(table: &RecordBatch) -> usize {
    table["year"].as_primitive::<Int16Type>().values().iter().collect::<BTreeSet<_>>().len()
}

/// The rate itself may be redefined too; in a year without it there is no headline.
#[test]
fn a_rate_of_the_user_decides_the_headline_in_its_years() {
    let roster = Roster::sample(2000, 3).unwrap();
    let rate = |population: &str, years: &str| {
        format!(
            "[[rate]]\nid = 'eligible_established'\nlabel = '甲'\npopulation = \"{population}\"\nsuccess = 'organised'\n\
             counts = 'organisations'\nsource = '本地文件'\n{years}\n"
        )
    };
    let rates = rate("true", "to = 2010") + &rate("members_full >= 3", "from = 2012");
    let mine = reviewed(&roster, &with(&rates, wuhao()).unwrap());
    let shipped = reviewed(&roster, &Definitions::shipped().unwrap());
    let [mine, shipped] = [&mine, &shipped].map(|review| review.table("overview").unwrap());
    let (all, eligible) = (numbers(shipped, "organisations"), numbers(shipped, "eligible"));
    assert_eq!(numbers(mine, "eligible"), [all[0], None, eligible[2]]);
    let (organised, established) = (numbers(shipped, "organised"), numbers(shipped, "eligible_established"));
    assert_eq!(numbers(mine, "eligible_established"), [organised[0], None, established[2]]);
}

/// The audit, the stars and the headline agree on what is organised.
#[test]
fn a_condition_of_one_file_holds_in_all() {
    let roster = Roster::sample(2000, 3).unwrap();
    let shipped = reviewed(&roster, &Definitions::shipped().unwrap());
    let wider = condition("organised", "mode in ('solo', 'joint', 'affiliated', 'area')");
    let by_rates = reviewed(&roster, &with(&wider, wuhao()).unwrap());
    let rules = FormationRules::from_toml(&wider, "rules.toml").unwrap();
    let (rates, targets) = (Rates::shipped().unwrap(), Targets::shipped().unwrap());
    let scheme = Scheme::shipped(Scheme::DEFAULT).unwrap();
    let none = Conditions::default();
    let by_rules = Definitions::new(rates, targets, rules, scheme.clone(), &none).unwrap();
    assert_eq!(changed(&by_rates, &reviewed(&roster, &by_rules)), [""; 0]);
    let differ = changed(&shipped, &by_rates);
    for id in ["overview", "targets", "coverage", "formation_audit", "stars", "star_moves", "workforce"] {
        assert!(differ.contains(&id), "{id}: {differ:?}");
    }
    for id in ["formation", "formation_need", "formation_moves"] {
        assert!(!differ.contains(&id), "{id}: {differ:?}");
    }
    // Two meanings of one name are refused.
    let narrower = condition("organised", "mode = 'solo'");
    let rates = Rates::shipped().unwrap().overridden_by(Rates::from_toml(&narrower, "rates.toml").unwrap()).unwrap();
    let rules = FormationRules::from_toml(&wider, "rules.toml").unwrap();
    let error = Definitions::new(rates, Targets::shipped().unwrap(), rules, scheme, &none).unwrap_err();
    assert!(matches!(error, Error::Definition(_)), "{error}");
    let said = error.message(Lang::En);
    assert!(said.starts_with("rules.toml: [[condition]] \"organised\": field when: "), "{said}");
    assert!(said.contains("rates.toml: [[condition]] \"organised\""), "{said}");
}

/// Builds a roster of five party organisations with one star to five.
fn starred() -> Roster {
    let texts =
        |value: fn(u8) -> String| Arc::new((1..=5).map(|n| Some(value(n))).collect::<StringArray>()) as ArrayRef;
    let columns = [
        ("year", Arc::new(Int16Array::from_iter_values([2012; 5])) as ArrayRef),
        ("org_id", texts(|n| format!("单位{n:03}"))),
        ("party_org_id", texts(|n| format!("D{n:03}"))),
        ("mode", texts(|_| "solo".to_owned())),
        ("star", texts(|n| n.to_string())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    Roster::read_arrow("made", &[batch], &ReadOptions::default(), &Quiet).unwrap()
}

#[test]
fn the_scheme_says_from_which_star_party_organisations_are_listed() {
    let roster = starred();
    let stars = |scheme: &str| -> Vec<f64> {
        let review = reviewed(&roster, &with("", scheme).unwrap());
        review.table("starred").unwrap()["star"].as_primitive::<Float64Type>().values().to_vec()
    };
    assert_eq!(stars(wuhao()), [5.0, 4.0, 3.0]);
    let four = wuhao().replace("stars          = 3", "stars          = 4");
    assert_eq!(stars(&four), [5.0, 4.0]);
    // A scheme without plaques lists all of its stars, one without stars nobody.
    let without = wuhao().split("[[plaque]]").next().unwrap();
    assert_eq!(stars(without), [5.0, 4.0, 3.0, 2.0, 1.0]);
    assert!(stars(Scheme::shipped_toml("tianshi").unwrap()).is_empty());
    let name = |scheme: &str| Scheme::from_toml(scheme, "scheme.toml").unwrap().listed_from();
    assert_eq!(name(wuhao()).map(|(stars, name)| (stars, name.zh)), Some((3.0, "三星".to_owned())));
}

/// A job that remembers what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<(u64, u64)>>);

impl Job for Told {
    fn progress(&self, what: &str, done: u64, total: u64) {
        if what == "review" {
            self.0.lock().unwrap().push((done, total));
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn progress_ends_with_the_last_table() {
    let roster = Roster::sample(100, 3).unwrap();
    let later = "[[target]]\nid = 'later'\nlabel = '甲'\npopulation = 'true'\nsuccess = 'organised'\n\
                 counts = 'organisations'\nsource = '本地文件'\nfrom = 2020\n";
    let (rates, rules) = (Rates::shipped().unwrap(), FormationRules::shipped().unwrap());
    let (targets, scheme) = (Targets::from_toml(later, "t.toml").unwrap(), Scheme::shipped("wuhao").unwrap());
    let none = Definitions::new(rates, targets, rules, scheme, &Conditions::default()).unwrap();
    for (definitions, has_gaps) in [(Definitions::shipped().unwrap(), true), (none, false)] {
        let job = Told::default();
        let review = roster.review(&definitions, 2012, None, &job).unwrap();
        assert_eq!(review.table("gaps").is_some(), has_gaps);
        let total = review.tables.len() as u64;
        let told: Vec<_> = (0..=total).map(|done| (done, total)).collect();
        assert_eq!(*job.0.lock().unwrap(), told);
    }
}
