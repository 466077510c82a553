//! Property tests: random predicates over random rows, columnar evaluation against the row-wise one of `slow`.

use proptest::prelude::*;

use super::Predicate;
use super::slow::{Cond, DAYS, NAMES, Num, OracleRow, REGIONS, STARS, WORDS, answer, sql};
use super::testing::{codes, dates, flags, numbers, reals, roster, texts};
use crate::roster::Roster;
use crate::schema::Type;

fn rows() -> impl Strategy<Value = Vec<OracleRow>> {
    use proptest::option::of;
    let one = (
        (of(0..6u64), of(0..70_000u64), of((-4..4i32).prop_map(|h| f64::from(h) / 2.0)), of(0..5usize)),
        (of(0..3usize), of(any::<bool>()), of(any::<bool>())),
        (of(0..5usize), of(0..5usize), of(0..5usize), of(0..4usize)),
    );
    let row = one.prop_map(|((members, funds, score, star), (day, operating, union), (mode, name, grid, region))| {
        OracleRow { members, funds, score, star, day, operating, union, mode, name, grid, region }
    });
    prop::collection::vec(row, 0..140)
}

fn build(rows: &[OracleRow]) -> Roster {
    fn each<'a, T>(rows: &'a [OracleRow], value: impl Fn(&'a OracleRow) -> Option<T>) -> Vec<Option<T>> {
        rows.iter().map(value).collect()
    }
    let columns = vec![
        ("members_full", Type::Count, Some(numbers(&each(rows, |r| r.members)))),
        ("funds", Type::Money, Some(numbers(&each(rows, |r| r.funds)))),
        ("score", Type::Real, Some(reals(&each(rows, |r| r.score)))),
        ("star", Type::Star, Some(codes(&each(rows, |r| r.star.map(|s| STARS[s]))))),
        ("established_on", Type::Date, Some(dates(&each(rows, |r| r.day.map(|d| DAYS[d].0))))),
        ("operating", Type::Flag, Some(flags(&each(rows, |r| r.operating)))),
        ("union", Type::Flag, Some(flags(&each(rows, |r| r.union)))),
        ("mode", Type::Word, Some(codes(&each(rows, |r| r.mode.map(|m| WORDS[m]))))),
        ("name", Type::Text, Some(texts(&each(rows, |r| r.name.map(|n| NAMES[n]))))),
        ("grid", Type::Code, Some(codes(&each(rows, |r| r.grid.map(|n| NAMES[n]))))),
        ("region", Type::Region, Some(codes(&each(rows, |r| r.region.map(|n| REGIONS[n]))))),
        ("premises_m2", Type::Count, None),
        ("plaque", Type::Flag, None),
    ];
    roster(columns, rows.len())
}

fn nums() -> impl Strategy<Value = Num> {
    let column =
        prop::sample::select(vec!["members_full", "funds", "score", "star", "year", "premises_m2", "employees"]);
    let leaf = prop_oneof![
        6 => column.prop_map(Num::Column),
        4 => (-4..12i32).prop_map(Num::Halves),
        1 => Just(Num::Null),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*"]);
        prop_oneof![
            1 => inner.clone().prop_map(|n| Num::Negative(n.into())),
            2 => (inner.clone(), op, inner).prop_map(|(a, op, b)| Num::Op(a.into(), op, b.into())),
        ]
    })
}

fn conds() -> impl Strategy<Value = Cond> {
    let op = || prop::sample::select(vec!["=", "<>", "!=", "<", "<=", ">", ">="]);
    let equality = || prop::sample::select(vec!["=", "<>"]);
    let flag = || prop::sample::select(vec!["operating", "union", "plaque"]);
    // Columns whose texts are ordered. Columns of words are not.
    let ordered = || prop::sample::select(vec!["name", "grid", "region", "county", "township", "org_id", "zone"]);
    let text = || {
        let all =
            vec!["mode", "name", "grid", "region", "province", "prefecture", "county", "township", "org_id", "zone"];
        prop::sample::select(all)
    };
    let pattern = prop::sample::select(vec!["%", "", "_", "%公司", "克%", "__", "%o%", "a%_", "1504%"]);
    let leaf = prop_oneof![
        1 => flag().prop_map(Cond::Flag),
        1 => any::<Option<bool>>().prop_map(Cond::Constant),
        // The most common comparisons, which are evaluated on the column's own integers.
        4 => (prop::sample::select(vec!["members_full", "score", "star"]), op(), (-4..12i32))
            .prop_map(|(c, op, h)| Cond::Number(Num::Column(c), op, Num::Halves(h))),
        1 => (nums(), op(), nums()).prop_map(|(a, op, b)| Cond::Number(a, op, b)),
        1 => (any::<bool>(), nums(), nums(), nums()).prop_map(|(n, v, a, b)| Cond::NumberBetween(n, v, a, b)),
        1 => (any::<bool>(), nums(), prop::collection::vec(nums(), 1..6)).prop_map(|(n, v, l)| Cond::NumberIn(n, v, l)),
        1 => (op(), 0..3usize, any::<bool>()).prop_map(|(op, day, flipped)| Cond::Day(op, day, flipped)),
        1 => (ordered(), op(), 0..5usize).prop_map(|(c, op, l)| Cond::Text(c, op, l)),
        1 => (text(), equality(), 0..5usize).prop_map(|(c, op, l)| Cond::Text(c, op, l)),
        1 => (
            any::<bool>(),
            text(),
            prop::collection::vec(prop::option::weighted(0.9, 0..5usize), 1..5)
        )
            .prop_map(|(n, c, l)| Cond::TextIn(n, c, l)),
        1 => (text(), op(), text()).prop_map(|(a, op, b)| Cond::Texts(a, op, b)),
        1 => (any::<bool>(), text(), pattern).prop_map(|(n, c, p)| Cond::Like(n, c, p)),
        1 => (any::<bool>(), nums()).prop_map(|(n, v)| Cond::NumberIsNull(n, v)),
        1 => (any::<bool>(), prop_oneof![flag(), text()]).prop_map(|(n, c)| Cond::ColumnIsNull(n, c)),
    ];
    leaf.prop_recursive(4, 20, 2, move |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|c| Cond::Not(c.into())),
            (any::<bool>(), any::<bool>(), inner).prop_map(|(n, t, c)| Cond::Is(n, t, c.into())),
            two.clone().prop_map(|(a, b)| Cond::And(a.into(), b.into())),
            two.clone().prop_map(|(a, b)| Cond::Or(a.into(), b.into())),
            (two, equality()).prop_map(|((a, b), op)| Cond::Same(a.into(), op, b.into())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn columns_at_a_time_agree_with_rows_at_a_time(rows in rows(), cond in conds()) {
        let roster = build(&rows);
        let text = sql(&cond);
        let predicate = Predicate::parse(&text).unwrap();
        let truth = predicate.evaluate(&roster, &roster.frames()[0]).unwrap();
        for (at, row) in rows.iter().enumerate() {
            let found = truth.value(at);
            prop_assert_eq!(found, answer(&cond, at, row), "{} at row {}", text, at);
        }
        prop_assert_eq!(predicate.to_string(), text);
    }
}
