//! Tests of predicates: accepted and rejected forms, the words of the errors, and answers on a few rows.

use super::Predicate;
use super::testing::{ask, codes, dates, flags, numbers, reals, roster, texts};
use crate::error::Error;
use crate::lang::Lang;
use crate::roster::Roster;
use crate::schema::Type;

/// Builds four organisations. The year has no `plaque`; the ledgers have no `activities` at all.
fn four() -> Roster {
    let columns = vec![
        ("name", Type::Text, Some(texts(&[Some("甲公司"), Some("乙厂"), None, Some("it's")]))),
        ("mode", Type::Word, Some(codes(&[Some("solo"), Some("area"), None, Some("none")]))),
        (
            "region",
            Type::Region,
            Some(codes(&[Some("150425100000"), Some("150425000000"), None, Some("150400000000")])),
        ),
        ("industry", Type::Industry, Some(codes(&[Some("C13"), Some("A01"), None, Some("C13")]))),
        ("operating", Type::Flag, Some(flags(&[Some(true), Some(false), None, Some(true)]))),
        ("union", Type::Flag, Some(flags(&[Some(true), Some(true), Some(false), None]))),
        ("members_full", Type::Count, Some(numbers(&[Some(3), Some(0), None, Some(2)]))),
        ("established_on", Type::Date, Some(dates(&[Some(15706), None, None, Some(0)]))),
        ("score", Type::Real, Some(reals(&[Some(89.5), Some(-1.0), None, Some(f64::NAN)]))),
        ("star", Type::Star, Some(codes(&[Some("2.5"), Some("5"), None, Some("1")]))),
        ("plaque", Type::Flag, None),
        ("活动(次)", Type::Count, Some(numbers(&[Some(70_000), Some(1), None, None]))),
        ("MixedCase", Type::Code, Some(codes(&[Some("b"), None, None, None]))),
    ];
    roster(columns, 4)
}

#[test]
fn answers_on_known_rows() {
    let roster = four();
    let cases: &[(&str, &[usize], &[usize])] = &[
        ("operating", &[0, 3], &[1]),
        ("not operating", &[1], &[0, 3]),
        ("union and operating", &[0], &[1, 2]),
        ("mode in ('solo', 'joint')", &[0], &[1, 3]),
        ("name = 'it''s'", &[3], &[0, 1]),
        ("name like '%公司'", &[0], &[1, 3]),
        ("members_full = 0 or operating and members_full >= 3", &[0, 1], &[3]),
        ("members_full > 2.5", &[0], &[1, 3]),
        ("members_full < 2.5", &[1, 3], &[0]),
        ("members_full < 2", &[1], &[0, 3]),
        ("members_full <= 2.5", &[1, 3], &[0]),
        ("members_full = 2.5", &[], &[0, 1, 3]),
        ("members_full <= -1", &[], &[0, 1, 3]),
        ("3 in (members_full, 7)", &[0], &[1, 3]),
        ("'b' not in (name, \"MixedCase\")", &[], &[0]),
        ("established_on >= '2013-01-01'", &[0], &[3]),
        ("star > 2", &[0, 1], &[3]),
        ("star = 2.50", &[0], &[1, 3]),
        ("section = 'C'", &[0, 3], &[1]),
        ("county = '150425000000'", &[0, 1], &[]),
        ("county is null", &[2, 3], &[0, 1]),
        ("township is not null", &[0], &[1, 2, 3]),
        ("year = 2013", &[0, 1, 2, 3], &[]),
        ("org_id in ('0001', '0003')", &[1, 3], &[0, 2]),
        ("\"活动(次)\" > 65535", &[0], &[1]),
        ("\"MixedCase\" = 'b'", &[0], &[]),
        // NaN is greater than every number, as in other engines.
        ("score < 100", &[0, 1], &[3]),
        ("score > 100", &[3], &[0, 1]),
        // The year lacks the column, or all years do. Nothing is known, not even whether it is null.
        ("plaque", &[], &[]),
        ("plaque is null", &[], &[]),
        ("activities > 0", &[], &[]),
        ("activities is not null", &[], &[]),
        ("plaque is true", &[], &[0, 1, 2, 3]),
        ("plaque is not false", &[0, 1, 2, 3], &[]),
        ("not plaque or members_full = 0", &[1], &[]),
    ];
    for (text, yes, no) in cases {
        assert_eq!(ask(&roster, text), (yes.to_vec(), no.to_vec()), "{text}");
    }
}

/// Returns both texts of the error raised when `text` is parsed or checked.
fn refusal(text: &str) -> (String, String) {
    let roster = four();
    let error = Predicate::parse(text).and_then(|p| p.check(&roster)).unwrap_err();
    assert!(matches!(error, Error::Argument(_)), "{text}");
    (error.message(Lang::Zh), error.message(Lang::En))
}

#[test]
fn refusals_name_the_part_and_what_to_do() {
    for (text, parts) in [
        ("members_full >= ", &["没有写完", "ends too early"][..]),
        ("", &["没有写完", "ends too early"]),
        ("members_full ≥ 3", &["≥", "full-width"]),
        ("mode in （'solo'）", &["（", "full-width"]),
        ("name = ‘甲’", &["‘", "full-width"]),
        ("operating operating", &["'operating'", "character 11"]),
        ("operating; drop", &["';'", "character 10"]),
        ("name = 'x", &["Unterminated"]),
        ("lower(name) = 'x'", &["'lower(name)'", "BETWEEN"]),
        ("members_full / 2 = 1", &["'/'"]),
        ("name ilike 'x'", &["ILIKE"]),
        ("name like 'x' escape '!'", &["ESCAPE"]),
        ("members_full in (select 1)", &["SELECT"]),
        ("case when operating then 1 end = 1", &["CASE"]),
        ("membres_full > 1", &["membres_full", "'members_full'", "township"]),
        ("组建形式 = 'solo'", &["did you mean 'mode'"]),
        ("mode = 'sole'", &["'affiliated'", "did you mean 'solo'"]),
        ("mode in ('solo', '联建')", &["'联建'", "did you mean 'joint'"]),
        ("kind = 'firm'", &["'enterprise'"]),
        ("mode > 'solo'", &["no order"]),
        ("county = '150425'", &["12", "'150425'"]),
        ("section = 'C13'", &["one capital letter"]),
        ("members_full >= '3'", &["without quotes", "数字不加引号"]),
        ("region = 150425000000", &["in quotes"]),
        ("operating = 1", &["= TRUE"]),
        ("operating < union", &["cannot compare"]),
        ("established_on > '2013-02-30'", &["'2013-02-30' is not a date"]),
        ("established_on > '20130101'", &["'2013-12-31'"]),
        ("members_full", &["where a condition is needed"]),
        ("operating and members_full", &["where a condition is needed"]),
        ("members_full + name > 1", &["cannot compute with name"]),
        ("-operating > 1", &["cannot compute with operating"]),
        ("(members_full > 1) is null", &["IS TRUE"]),
        ("operating in (true)", &["IS TRUE"]),
        ("members_full like '3'", &["LIKE needs a column of text"]),
        ("1 < members_full < 3", &["cannot compare"]),
    ] {
        let (zh, en) = refusal(text);
        for part in parts {
            assert!(zh.contains(part) || en.contains(part), "{text}: '{part}' is not in\n{zh}\n{en}");
        }
        assert!(zh.chars().any(|c| ('一'..='龥').contains(&c)) && zh.contains(text), "{text}: {zh}");
        assert!(en.contains(text), "{text}: {en}");
    }
}

#[test]
fn hostile_texts_are_refused_or_answered_in_time() {
    let roster = four();
    for text in [
        "(".repeat(10_000),
        "not ".repeat(10_000),
        format!("operating{}", " and operating".repeat(10_000)),
        format!("members_full{} > 1", " + members_full".repeat(10_000)),
        "\0".to_owned(),
    ] {
        let error = Predicate::parse(&text).unwrap_err();
        assert!(error.to_string().len() < 2000);
    }
    // The longest and deepest allowed predicates, and slightly larger ones.
    for (start, part, fits) in [
        ("operating", " and operating", 499),
        ("true or operating", " or operating", 490),
        ("operating", " = operating", 48),
        ("operating", " is true", 48),
        ("1 < members_full", " + members_full", 47),
    ] {
        let text = |times| format!("{start}{}", part.repeat(times));
        let answer = Predicate::parse(&text(fits)).and_then(|p| p.evaluate(&roster, &roster.frames()[0]));
        assert!(answer.is_ok(), "{part}: {}", answer.unwrap_err());
        assert!(Predicate::parse(&text(fits + 20)).is_err(), "{part}");
    }
    assert!(Predicate::parse(&format!("lower(members_full{}) = 1", " + members_full".repeat(490))).is_err());
    let chain = format!("members_full{}", " between 1 and 2".repeat(30));
    assert!(Predicate::parse(&chain).unwrap().check(&roster).is_err());
    let list = format!("org_id in ({})", vec!["'0001'"; 20_000].join(", "));
    assert_eq!(ask(&roster, &list), (vec![1], vec![0, 2, 3]));
}

#[test]
fn columns_stand_once_in_the_order_of_the_text() {
    let predicate = Predicate::parse("b > 1 and a in (c, b) or not d is null and e like 'x' and f is true").unwrap();
    assert_eq!(predicate.columns(), ["b", "a", "c", "d", "e", "f"]);
}
