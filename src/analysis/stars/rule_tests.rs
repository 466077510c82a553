//! Tests of single rules on made-up schemes.

use super::rating::RatingOptions;
use super::scheme::Scheme;
use super::testing::{column, rate, roster, scores};

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
