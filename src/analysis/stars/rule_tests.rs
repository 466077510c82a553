//! Tests of single rules on made-up schemes.

use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch};
use arrow::datatypes::Float64Type;

use super::rating::RatingOptions;
use super::scheme::Scheme;
use super::testing::{batch, column, rate, roster, scores, states, texts, years};

/// Returns a scheme by ranking whose quota has places within `dimensions`.
fn ranking(dimensions: &str) -> Scheme {
    let text = format!(
        r#"
        [[scheme]]
        id     = "ranking"
        label  = "排名"
        source = "试"
        method = "top"
        stars  = [3, 4, 5]

        [[dimension]]
        id = "work"

        [[item]]
        id        = "meetings"
        dimension = "work"
        points    = 100

        [[quota]]
        stars  = 5
        places = 1
        ties   = "in"
        within = {dimensions}
        "#
    );
    Scheme::from_toml(&text, "ours.toml").unwrap()
}

#[test]
fn a_quota_within_an_unknown_dimension_is_refused_by_file_record_and_field() {
    let roster = roster(2, &[2013]);
    let scores =
        scores("party_org_id", &[("D001", 2013, "meetings", Some(90.0)), ("D002", 2013, "meetings", Some(80.0))]);
    // Columns that a ledger may have are known even if this one lacks them.
    for known in ["\"committee\"", "[\"county\", \"kind\", \"employees_size\"]"] {
        let rating = rate(&roster, &ranking(known), &scores, &RatingOptions::default()).unwrap();
        assert_eq!(column(&rating.table().unwrap(), "star_state"), ["5", "4"].map(|s| Some(s.to_owned())), "{known}");
    }
    for (wrong, name) in [("[\"kind\", \"countty\"]", "countty"), ("[\"kind\", \"kind\"]", "kind")] {
        let error = rate(&roster, &ranking(wrong), &scores, &RatingOptions::default()).unwrap_err().to_string();
        for part in ["ours.toml", "[[quota]]", "within", name] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

/// Reads five stars from 20 points a year, for at least 30 points of meetings and less than 3 points of penalty.
fn quarterly() -> Scheme {
    let text = r#"
        [[scheme]]
        id       = "quarterly"
        label    = "季度"
        source   = "试"
        method   = "bands"
        cycle    = "quarter"
        quarters = "sum"
        below    = "unrated"

        [[dimension]]
        id = "work"

        [[item]]
        id        = "meetings"
        dimension = "work"
        points    = 10

        [[item]]
        id        = "late"
        dimension = "work"
        points    = 5
        gives     = "penalty"

        [[band]]
        stars = 3
        from  = 0

        [[band]]
        stars = 5
        from  = 20

        [[gate]]
        stars    = 5
        item     = "meetings"
        at_least = 30

        [[gate]]
        stars = 5
        item  = "late"
        below = 3
    "#;
    Scheme::from_toml(text, "ours.toml").unwrap()
}

/// Builds the scores of D001 in 2013: for each item the points of the four quarters.
fn quarters(items: [(&'static str, [f64; 4]); 2]) -> RecordBatch {
    let of_item =
        |(item, points): (&'static str, [f64; 4])| (1..).zip(points).map(move |(at, points)| (item, at, points));
    let rows: Vec<(&'static str, i16, f64)> = items.into_iter().flat_map(of_item).collect();
    batch(vec![
        ("party_org_id", texts(rows.iter().map(|_| "D001"))),
        ("year", years(rows.iter().map(|_| 2013))),
        ("quarter", years(rows.iter().map(|row| row.1))),
        ("item", texts(rows.iter().map(|row| row.0))),
        ("points", Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Float64Array>())),
    ])
}

/// Checks by hand: 25 points of meetings are 5 short; of 4 points of penalty the form takes 3 or more.
#[test]
fn what_a_gate_needs_is_counted_as_the_gate_counts_it() {
    let (roster, scheme, options) = (roster(1, &[2013]), quarterly(), RatingOptions::default());
    // The first quarter alone would pass the gate of the meetings, and the sum of all passes the band.
    let scores = quarters([("meetings", [10.0, 2.0, 8.0, 5.0]), ("late", [1.0, 2.0, 0.0, 1.0])]);
    let rating = rate(&roster, &scheme, &scores, &options).unwrap();
    assert_eq!(states(&rating), ["3"]);
    let needed = rating.needed().unwrap();
    let texts = |name: &str| column(&needed, name).into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>();
    let numbers = |name: &str| needed[name].as_primitive::<Float64Type>().iter().collect::<Vec<_>>();
    assert_eq!(texts("need_kind"), ["item", "gate", "item", "gate"]);
    assert_eq!(texts("what"), ["meetings", "", "late", ""]);
    assert_eq!(numbers("have"), [Some(25.0), None, Some(-4.0), None]);
    assert_eq!(numbers("full"), [Some(40.0), None, Some(0.0), None]);
    assert_eq!(numbers("asked"), [Some(30.0), None, Some(-2.9999), None]);
    assert_eq!(needed["enough"].as_boolean().iter().collect::<Vec<_>>(), [Some(true), None, Some(true), None]);
    // What is asked is enough, and no less is.
    for (meetings, late, star) in [(7.0, 1.9999, "5"), (6.5, 1.9999, "3"), (7.0, 2.0, "3")] {
        let scores = quarters([("meetings", [10.0, meetings, 8.0, 5.0]), ("late", [1.0, late, 0.0, 0.0])]);
        let rating = rate(&roster, &scheme, &scores, &options).unwrap();
        assert_eq!(states(&rating), [star], "{meetings} {late}");
        assert_eq!(rating.needed().unwrap().num_rows() == 0, star == "5");
    }
}
