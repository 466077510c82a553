//! Tests of the shipped schemes against their published examples and rules (docs/field-notes.md, star-rating
//! schemes).

use super::rating::{Previous, RatingOptions};
use super::scheme::{Method, Rounding, Scheme, places};
use super::testing::{column, events, numbers, rate, roster, roster_with, scores, states};

fn scheme(id: &str) -> Scheme {
    Scheme::shipped(id).unwrap()
}

fn first_round() -> RatingOptions {
    RatingOptions::default().with_previous(Previous::FirstRound)
}

#[test]
fn every_shipped_scheme_loads_and_says_what_its_source_leaves_open() {
    let ids = Scheme::shipped_ids();
    assert!(ids.len() >= 18, "{ids:?}");
    for id in ids {
        let scheme = scheme(id);
        assert_eq!(scheme.id(), id);
        assert!(!scheme.source().is_empty());
        assert!(!scheme.open().is_empty() && scheme.open().len() == scheme.open_en().len(), "{id}");
        assert!(scheme.is_inferred(), "{id}");
        // Full marks earn the highest star, or the highest score of a scheme without stars.
        let full: i64 = scheme.parts.full();
        assert!(full > 0, "{id}");
        if scheme.method == Method::Bands {
            assert_eq!(scheme.bands.rungs(full).0, scheme.ladder.top(), "{id}");
        }
    }
}

/// Checks 安庆: 5A above 950, 4A 901–950, 3A 851–900, 2A 801–850, 1A 701–800.
#[test]
fn anqing_5a_is_above_950_and_asks_a_party_organisation() {
    let points = [951.0, 950.0, 901.0, 900.0, 850.5, 801.0, 701.0, 700.0, 960.0, 955.0];
    let modes = ["solo"; 8].into_iter().chain(["none", ""]).map(|mode| Some(mode).filter(|m| !m.is_empty()));
    let roster = roster_with(10, &[2021], &[("mode", modes.collect())]);
    let ids: Vec<String> = (1..=10).map(|at| format!("单位{at:03}")).collect();
    let rows: Vec<_> = ids.iter().zip(points).map(|(id, p)| (id.as_str(), 2021, "assessed", Some(p))).collect();
    let rating = rate(&roster, &scheme("anqing"), &scores("org_id", &rows), &RatingOptions::default()).unwrap();
    let wanted = ["5", "4", "4", "3", "2", "2", "1", "unrated", "4", "unknown"];
    assert_eq!(states(&rating), wanted);
    let table = rating.table().unwrap();
    assert_eq!(column(&table, "by_score")[8].as_deref(), Some("5"));
    assert_eq!(column(&table, "after_gates")[8].as_deref(), Some("4"), "no party organisation, no 5A");
    let why = column(&rating.reasons().unwrap(), "reason_zh");
    assert_eq!(why[8].as_deref(), Some("总分960分：5A；未建立党组织的不得评为 5A，未满足：5A→4A"));
    assert_eq!(why[9].as_deref(), Some("总分955分：5A；未建立党组织的不得评为 5A，是否适用不明：5A→4A至5A"));
    // A bonus of 100 comes on top of 1,000, so the total may exceed full marks.
    let rows = [("单位001", 2021, "assessed", Some(900.0)), ("单位001", 2021, "bonus", Some(60.0))];
    let rating = rate(&roster, &scheme("anqing"), &scores("org_id", &rows), &RatingOptions::default()).unwrap();
    assert_eq!(states(&rating), ["5"]);
}

/// Checks that a failed inspection excludes for two years.
#[test]
fn anqing_what_failed_two_years_ago_excludes_and_three_years_ago_does_not() {
    let roster = roster(3, &[2021]);
    let rows = ["单位001", "单位002", "单位003"].map(|id| (id, 2021, "assessed", Some(960.0)));
    let failed = events("org_id", &[("单位001", 2020, "inspection_failed"), ("单位002", 2019, "inspection_failed")]);
    let options = RatingOptions::default().with_events(vec![failed]);
    let rating = rate(&roster, &scheme("anqing"), &scores("org_id", &rows), &options).unwrap();
    assert_eq!(states(&rating), ["unrated", "5", "5"]);
}

/// Checks 邹城: 90+ 五, 80–89 四, …; satisfaction is 30 % of the total, and below 60 % caps at two stars.
#[test]
fn zoucheng_satisfaction_below_60_caps_at_two_stars() {
    let forms = [(70.0, 100.0), (70.0, 60.0), (70.0, 59.9), (62.0, 92.0), (40.0, 65.0), (30.0, 50.0), (61.6, 93.0)];
    let ids: Vec<String> = (1..=7).map(|at| format!("D{at:03}")).collect();
    let mut rows = Vec::new();
    for (id, (work, satisfied)) in ids.iter().zip(forms) {
        rows.push((id.as_str(), 2023, "work_all", Some(work)));
        rows.push((id.as_str(), 2023, "satisfied", Some(satisfied)));
    }
    let rating =
        rate(&roster(7, &[2023]), &scheme("zoucheng"), &scores("party_org_id", &rows), &RatingOptions::default())
            .unwrap();
    // 100; 88; 87.97 with low satisfaction; 89.6, in a gap and so in the lower band; 59.5; 45; 89.5.
    assert_eq!(states(&rating), ["5", "4", "2", "4", "1", "1", "4"]);
    assert_eq!(rating.scores.totals[2].0, 8_797_000_000);
    let why = column(&rating.reasons().unwrap(), "reason_zh");
    assert_eq!(why[2].as_deref(), Some("总分87.97分：四星；群众满意度低于 60%，最多二星：四星→二星"));
    assert_eq!(states(&rating).iter().filter(|s| *s == "2").count(), 1);
}

/// Checks that 30 % of 2,220 is 666; the published 682 are 30.72 %.
#[test]
fn thirty_per_cent_of_2220_is_666_where_682_were_published() {
    assert_eq!(places(2220, 3000, Rounding::Floor), 666);
    assert_eq!([Rounding::Floor, Rounding::Nearest, Rounding::Ceil].map(|r| places(2221, 3000, r)), [666, 666, 667]);
    assert_eq!([Rounding::Floor, Rounding::Nearest, Rounding::Ceil].map(|r| places(5, 3000, r)), [1, 2, 2]);
    let ids: Vec<String> = (1..=2220).map(|at| format!("D{at:03}")).collect();
    // 682 organisations with 90 or more, all different.
    let points = |at: usize| if at < 682 { 100.0 - at as f64 / 100.0 } else { 85.0 };
    let rows: Vec<_> = ids
        .iter()
        .enumerate()
        .flat_map(|(at, id)| {
            [(id.as_str(), 2023, "basic_points", Some(points(at))), (id, 2023, "judged_points", Some(points(at)))]
        })
        .collect();
    let city = scheme("city_2023");
    let roster = roster(2220, &[2023]);
    let rating = rate(&roster, &city, &scores("party_org_id", &rows), &RatingOptions::default()).unwrap();
    let quotas = rating.quotas().unwrap();
    assert_eq!(numbers(&quotas, "population_low"), [Some(2220)]);
    assert_eq!(numbers(&quotas, "places_low"), [Some(666)]);
    assert_eq!(numbers(&quotas, "candidates_low"), [Some(682)]);
    assert_eq!(numbers(&quotas, "given_low"), [Some(666)]);
    let stars = states(&rating);
    assert_eq!(stars.iter().filter(|s| *s == "5").count(), 666);
    let found = |at: usize| rating.marks.find(2023, &ids[at]).unwrap();
    assert_eq!([665, 666, 681, 682].map(|at| stars[found(at)].as_str()), ["5", "4", "4", "4"]);
    let why = column(&rating.reasons().unwrap(), "reason_zh");
    assert_eq!(
        why[found(666)].as_deref(),
        Some("总分93.34分：五星；五星名额666个（2220×30%），排第667（末位同分不入选）：五星→四星")
    );
    // The scheme of 邹城 has no limit: the same scores give 682, 30.72 % of 2,220.
    let rows: Vec<_> = ids
        .iter()
        .enumerate()
        .flat_map(|(at, id)| {
            [(id.as_str(), 2023, "work_all", Some(points(at) * 0.7)), (id, 2023, "satisfied", Some(points(at)))]
        })
        .collect();
    let rating = rate(&roster, &scheme("zoucheng"), &scores("party_org_id", &rows), &RatingOptions::default()).unwrap();
    let summary = rating.summary().unwrap();
    assert_eq!(column(&summary, "star_state")[0].as_deref(), Some("5"));
    assert_eq!(numbers(&summary, "after_quotas")[0], Some(682));
    let share = arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&summary["share_all"]).value(0);
    assert_eq!(format!("{:.2}", share * 100.0), "30.72");
}

/// Checks (基础项 − 减分项) × 70 % + 评议项 × 30 %.
#[test]
fn the_blend_of_70_and_30() {
    let rows = [
        ("D001", 2023, "basic_points", Some(95.0)),
        ("D001", 2023, "minus", Some(5.0)),
        ("D001", 2023, "judged_points", Some(90.0)),
        ("D002", 2023, "basic_points", Some(88.0)),
        ("D002", 2023, "judged_points", Some(80.0)),
        ("D003", 2023, "basic_points", Some(20.0)),
        ("D003", 2023, "minus", Some(50.0)),
        ("D003", 2023, "judged_points", Some(100.0)),
    ];
    let rating =
        rate(&roster(10, &[2023]), &scheme("city_2023"), &scores("party_org_id", &rows), &RatingOptions::default());
    let rating = rating.unwrap();
    let totals: Vec<i64> = rating.scores.totals.iter().map(|(low, _)| low / 1_000_000).collect();
    assert_eq!(totals, [9000, 8560, 3000], "90, 85.6, and penalties do not lead below nothing");
    assert_eq!(states(&rating), ["5", "4", "1"]);
}

/// Checks 市直: a bonus of up to 10 makes 110 the maximum; five stars require an innovation project.
#[test]
fn bonus_leads_to_110_and_five_stars_ask_an_innovation() {
    let basic = ["leadership", "backbone", "premises", "rules", "guarantees", "results", "judgement"];
    let full = [15.0, 15.0, 15.0, 15.0, 10.0, 15.0, 15.0];
    let mut rows = Vec::new();
    for (id, less) in [("D001", 0.0), ("D002", 0.0), ("D003", 2.0)] {
        rows.extend(basic.iter().zip(full).map(|(item, full)| (id, 2023, *item, Some(full - less))));
    }
    rows.push(("D001", 2023, "bonus_points", Some(30.0)));
    rows.push(("D003", 2023, "bonus_points", Some(8.0)));
    let done = events("party_org_id", &[("D001", 2023, "innovation")]);
    let options = RatingOptions::default().with_events(vec![done]);
    let rating = rate(&roster(3, &[2023]), &scheme("shizhi"), &scores("party_org_id", &rows), &options).unwrap();
    let totals: Vec<i64> = rating.scores.totals.iter().map(|(low, _)| low / 100_000_000).collect();
    assert_eq!(totals, [110, 100, 94]);
    assert_eq!(states(&rating), ["5", "4", "4"], "94 and 100 without an innovation project");
}

/// Checks 争星达标创五好: a dimension at 85 % or more is a star.
#[test]
fn each_dimension_of_85_per_cent_is_a_star() {
    let items = ["leadership_score", "members_score", "rules_score", "results_score", "approval_score"];
    let forms = [
        ("D001", [85.0, 85.0, 85.0, 85.0, 85.0]),
        ("D002", [100.0, 84.9, 100.0, 100.0, 100.0]),
        ("D003", [84.0; 5]),
        ("D004", [90.0, 0.0, 0.0, 0.0, 90.0]),
    ];
    let rows: Vec<_> = forms
        .iter()
        .flat_map(|(id, points)| items.iter().zip(points).map(|(i, p)| (*id, 2010, *i, Some(*p))))
        .collect();
    let rating =
        rate(&roster(4, &[2010]), &scheme("zhengxing"), &scores("party_org_id", &rows), &RatingOptions::default())
            .unwrap();
    assert_eq!(
        states(&rating),
        ["5", "4", "unrated", "2"],
        "420 points of 500 are no star, 424 with four goods are four"
    );
}

/// Checks 嵊州: one star a year, more for outstanding ones; vetoes hold or take a star; unrated in the first year.
#[test]
fn one_step_a_year_with_the_outstanding_exception_and_vetoes() {
    let before = ["2", "2", "3", "3", "4", "1"];
    let rows: Vec<_> = ["D001", "D002", "D003", "D004", "D005", "D006", "D007"]
        .iter()
        .map(|id| (*id, 2016, "total", Some(if *id == "D006" { 40.0 } else { 95.0 })))
        .collect();
    let ledger = [("star", before.iter().map(|s| Some(*s)).chain([None]).collect::<Vec<_>>())];
    let roster = roster_with(7, &[2015, 2016], &ledger);
    let happened = [
        ("D002", 2016, "outstanding"),
        ("D003", 2016, "veto"),
        ("D004", 2016, "below_standard"),
        ("D005", 2015, "outstanding"),
    ];
    let options = RatingOptions::default().with_events(vec![events("party_org_id", &happened)]);
    let rating = rate(&roster, &scheme("shengzhou"), &scores("party_org_id", &rows), &options).unwrap();
    assert_eq!(states(&rating), ["3", "5", "2", "3", "5", "unrated", "1"]);
    let why = column(&rating.reasons().unwrap(), "reason_zh");
    assert_eq!(why[0].as_deref(), Some("总分95分：五星；每轮最多升1级，上轮二星：五星→三星"));
    assert_eq!(why[1].as_deref(), Some("总分95分：五星；特别突出，或获市级以上综合荣誉，破格：上轮二星，可评五星"));
    assert_eq!(why[2].as_deref(), Some("总分95分：五星；触发否决，比上年降一级（比上轮降1级）：五星→二星"));
    assert_eq!(why[3].as_deref(), Some("总分95分：五星；不达标，不晋级（不晋级）：五星→三星"));
    assert_eq!(why[5].as_deref(), Some("总分40分：未评星"));
}

#[test]
fn who_was_set_up_this_year_is_unrated_and_where_that_is_not_known_nothing_is_said() {
    let days = ["2016-03-01", "2015-12-31", ""].map(|day| Some(day).filter(|d| !d.is_empty()));
    let rows: Vec<_> = ["D001", "D002", "D003"].iter().map(|id| (*id, 2016, "total", Some(55.0))).collect();
    let scores = scores("party_org_id", &rows);
    let one_year = roster_with(3, &[2016], &[("established_on", days.to_vec())]);
    let rating = rate(&one_year, &scheme("shengzhou"), &scores, &first_round()).unwrap();
    assert_eq!(states(&rating), ["unrated", "1", "unknown"]);
    // With the ledger of the year before, an organisation listed there is not new.
    let two_years = roster_with(3, &[2015, 2016], &[("established_on", days.to_vec())]);
    let rating = rate(&two_years, &scheme("shengzhou"), &scores, &first_round()).unwrap();
    assert_eq!(states(&rating), ["unrated", "1", "1"]);
    // The promotion step needs the year before, or the caller has to declare a first round.
    let error = rate(&one_year, &scheme("shengzhou"), &scores, &RatingOptions::default()).unwrap_err();
    assert!(error.to_string().contains("pass previous=\"none\""), "{error}");
}

/// Checks 通江: five stars for 2 %, four for 3 %, three for 5 % of all; a veto cancels.
#[test]
fn tongjiang_stars_are_shares_of_all() {
    let ids: Vec<String> = (1..=200).map(|at| format!("D{at:03}")).collect();
    let items = ["politics", "leadership", "members", "culture", "role", "sixth", "seventh"];
    let rows: Vec<_> = ids
        .iter()
        .enumerate()
        .flat_map(|(at, id)| {
            let points = move |item: &str| if item == "politics" { 20.0 - at as f64 / 10.0 } else { 10.0 };
            items.iter().map(move |item| (id.as_str(), 2022, *item, Some(points(item))))
        })
        .collect();
    let vetoed = events("party_org_id", &[("D002", 2022, "veto")]);
    let options = RatingOptions::default().with_events(vec![vetoed]);
    let rating = rate(&roster(200, &[2022]), &scheme("tongjiang"), &scores("party_org_id", &rows), &options).unwrap();
    let stars = states(&rating);
    let count = |state: &str| stars.iter().filter(|s| *s == state).count();
    assert_eq!([count("5"), count("4"), count("3"), count("unrated")], [4, 6, 10, 180]);
    assert_eq!(&stars[..6], ["5", "unrated", "5", "5", "5", "4"], "who is vetoed takes no place");
}

/// Checks 某区: direct grading takes no places, and all that tie at the last place are in.
#[test]
fn direct_grading_stands_outside_of_the_places() {
    let rows: Vec<_> = ["D001", "D002", "D003", "D004", "D005", "D006", "D007", "D008", "D009", "D010"]
        .iter()
        .enumerate()
        .flat_map(|(at, id)| [(*id, 2020, "check", 40 - at), (*id, 2020, "see", 20), (*id, 2020, "judge", 20)])
        .map(|(id, year, item, points)| (id, year, item, Some(points as f64)))
        .collect();
    let honoured = events("party_org_id", &[("D010", 2020, "honour")]);
    let options = RatingOptions::default().with_events(vec![honoured]);
    let rating = rate(&roster(10, &[2020]), &scheme("district"), &scores("party_org_id", &rows), &options).unwrap();
    assert_eq!(states(&rating), ["5", "4", "4", "4", "4", "3", "3", "3", "unrated", "5"]);
}

/// Checks 亳州: a form of 100 per quarter, summed; a missing quarter is open, not zero.
#[test]
fn quarters_are_added_up_and_an_absent_one_is_open() {
    let quarter = |id: &'static str, q: i16, points: f64| (id, q, points);
    let rows = [
        quarter("D001", 1, 80.0),
        quarter("D001", 2, 85.5),
        quarter("D001", 3, 90.0),
        quarter("D001", 4, 95.0),
        quarter("D002", 1, 80.0),
        quarter("D002", 2, 80.0),
        quarter("D002", 4, 80.0),
    ];
    let batch = super::testing::batch(vec![
        ("party_org_id", super::testing::texts(rows.iter().map(|r| r.0))),
        ("year", super::testing::years(rows.iter().map(|_| 2012))),
        ("quarter", super::testing::years(rows.iter().map(|r| r.1))),
        ("item", super::testing::texts(rows.iter().map(|_| "form"))),
        ("points", std::sync::Arc::new(arrow::array::Float64Array::from_iter_values(rows.iter().map(|r| r.2)))),
    ]);
    let praised = events("party_org_id", &[("D001", 2012, "commended_by_city"), ("D001", 2012, "commended_by_city")]);
    let options = RatingOptions::default().with_events(vec![praised]);
    let rating = rate(&roster(2, &[2012]), &scheme("bozhou"), &batch, &options).unwrap();
    let points = |(low, high): (i64, i64)| (low / 1_000_000, high / 1_000_000);
    assert_eq!(
        rating.scores.totals.iter().map(|t| points(*t)).collect::<Vec<_>>(),
        [(36_050, 36_050), (24_000, 34_000)]
    );
    assert_eq!(rating.scores.open, [0, 1]);
}

/// Checks 湖北: a missing chart of the network costs 8, an incomplete one 2; 江苏: the total is capped at 100.
#[test]
fn points_are_taken_and_totals_are_capped() {
    let rows = [
        ("D001", 2010, "network", Some(8.0)),
        ("D001", 2010, "election", Some(0.0)),
        ("D001", 2010, "groups", Some(1.0)),
        ("D001", 2010, "secretary", Some(0.0)),
        ("D001", 2010, "team_rest", Some(0.0)),
        ("D001", 2010, "rest_points", Some(0.0)),
        ("D002", 2010, "network", Some(3.0)),
    ];
    let rating =
        rate(&roster(2, &[2010]), &scheme("hubei"), &scores("party_org_id", &rows), &RatingOptions::default()).unwrap();
    assert_eq!(rating.scores.totals[0], (9_100_000_000, 9_100_000_000));
    assert_eq!(rating.scores.totals[1], (0, 10_000_000_000), "three points taken is nothing that the form has");
    assert_eq!(column(&rating.problems().unwrap(), "problem")[0].as_deref(), Some("out_of_range"));
    let items = [("charter", 1.0), ("covered", 1.5), ("worked", 6.0), ("party_rest", 1.0), ("other_points", 90.0)];
    let mut rows: Vec<_> = items.iter().map(|(item, p)| ("单位001", 2012, *item, Some(*p))).collect();
    rows.push(("单位001", 2012, "added_points", Some(3.0)));
    let rating =
        rate(&roster(1, &[2012]), &scheme("jiangsu"), &scores("org_id", &rows), &RatingOptions::default()).unwrap();
    assert_eq!(rating.scores.totals[0].0, 10_000_000_000);
}

/// Checks 云南: four 有 earn three stars, five 好 on top earn four, five 强 on top earn five; only 先进 may apply.
#[test]
fn yunnan_stars_are_asked_one_after_the_other() {
    let form = |id: &'static str, haves: f64, goods: f64, strengths: f64| {
        let mut rows: Vec<_> = ["have_1", "have_2", "have_3"].iter().map(|item| (id, 2015, *item, Some(1.0))).collect();
        rows.extend(
            [("have_4", haves), ("goods_met", goods), ("strengths_met", strengths)]
                .map(|(i, p)| (id, 2015, i, Some(p))),
        );
        rows
    };
    let rows = [form("D001", 1.0, 5.0, 5.0), form("D002", 1.0, 5.0, 4.0), form("D003", 1.0, 4.0, 5.0)].concat();
    let rows = [rows, form("D004", 0.0, 5.0, 5.0), form("D005", 1.0, 5.0, 5.0)].concat();
    let advanced = ["D001", "D002", "D003", "D004"].map(|id| (id, 2015, "advanced"));
    let options = RatingOptions::default().with_events(vec![events("party_org_id", &advanced)]);
    let rating = rate(&roster(5, &[2015]), &scheme("yunnan"), &scores("party_org_id", &rows), &options).unwrap();
    assert_eq!(states(&rating), ["5", "4", "3", "unrated", "unrated"]);
}

#[test]
fn a_veto_cancels_and_an_event_adds_a_star_in_wuhao() {
    let wuhao = scheme("wuhao");
    let form = |id: &'static str, share: f64, without: &'static str| {
        let items = wuhao.parts.items.iter().filter(move |item| item.id != without);
        items.map(move |i| (id, 2013, i.id.as_str(), Some(i.points as f64 / 10_000.0 * share))).collect::<Vec<_>>()
    };
    // Without premises the second 好 lacks 8 of 20 points.
    let rows =
        [form("D001", 1.0, ""), form("D002", 0.85, ""), form("D003", 1.0, "premises"), form("D004", 1.0, "")].concat();
    let happened = [
        ("D004", 2013, "violation"),
        ("D002", 2013, "complaint"),
        ("D002", 2013, "complaint"),
        ("D002", 2013, "complaint"),
    ];
    let options = RatingOptions::default().with_events(vec![events("party_org_id", &happened)]);
    let rating = rate(&roster(4, &[2013]), &wuhao, &scores("party_org_id", &rows), &options).unwrap();
    assert_eq!(states(&rating), ["5", "3", "unknown", "unrated"]);
    let table = rating.table().unwrap();
    let ends = |name: &str| arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&table[name]).value(2);
    assert_eq!((ends("stars_low"), ends("stars_high")), (4.0, 5.0), "an open item is not nothing");
    let why = column(&rating.reasons().unwrap(), "reason_zh");
    assert!(why[2].as_deref().unwrap().contains("1项未评，共8分未定：四星至五星"), "{:?}", why[2]);
    assert!(why[1].as_deref().unwrap().ends_with("群众投诉属实3次：五星→三星"), "{:?}", why[1]);
}
