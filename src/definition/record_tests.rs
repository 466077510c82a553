//! Tests of mistakes in definition files, and of the messages about them.

use super::{FormationRules, Rates, Targets};
use crate::error::Error;
use crate::lang::Lang;
use crate::predicate::Predicate;
use crate::predicate::testing::{numbers, roster};
use crate::schema::Type;

const GOOD: &str = r#"
    [[rate]]
    id = "a"
    label = "甲"
    population = "true"
    success = "operating"
    counts = "organisations"
    source = "本地文件"
"#;

fn both(error: &Error) -> (String, String) {
    assert!(matches!(error, Error::Definition(_)), "{error}");
    (error.message(Lang::Zh), error.message(Lang::En))
}

#[test]
fn errors_name_file_record_and_field() {
    assert!(Rates::from_toml(GOOD, "mine.toml").is_ok());
    for (from, to, parts) in [
        ("[[rate]]", "[[rates]]", &["[[rate]]"][..]),
        ("[[rate]]", "title = 'x'\n[[rate]]", &["'title'"]),
        ("[[rate]]", "[[rate]", &["line 2"]),
        ("id = \"a\"", "", &["#1", "field id", "missing", "缺少"]),
        ("id = \"a\"", "id = 3", &["field id", "text in quotes", "a number 3"]),
        ("label = \"甲\"", "label = \" \"", &["\"a\"", "field label"]),
        ("success", "sucess", &["field success", "missing"]),
        ("source", "succes = \"true\"\nsource", &["field succes", "did you mean 'success'", "population"]),
        ("\"operating\"", "\"operating and\"", &["field success", "ends too early"]),
        ("\"organisations\"", "\"members\"", &["field counts", "party_organisations", "'members'"]),
        ("source = \"本地文件\"", "", &["field source", "missing"]),
    ] {
        let text = GOOD.replacen(from, to, 1);
        let (zh, en) = both(&Rates::from_toml(&text, "mine.toml").unwrap_err());
        for part in parts {
            assert!(zh.contains(part) || en.contains(part), "{to}: '{part}' is not in\n{zh}\n{en}");
        }
        assert!(zh.starts_with("mine.toml") && en.starts_with("mine.toml"), "{zh}\n{en}");
    }
    let twice = both(&Rates::from_toml(&format!("{GOOD}{GOOD}"), "mine.toml").unwrap_err()).1;
    assert!(twice.contains("'a' is defined twice"), "{twice}");
}

#[test]
fn versions_conditions_and_breaks_are_checked() {
    let version = |years: &str| format!("{GOOD}{years}\n");
    let two = |a: &str, b: &str| Rates::from_toml(&format!("{}{}", version(a), version(b)), "mine.toml");
    let rates = two("to = 2012", "from = 2013").unwrap();
    assert_eq!(rates.iter().filter(|rate| rate.id == "a" && rate.validity.holds(2013)).count(), 1);
    for (a, b) in [("to = 2012", "from = 2012"), ("", "from = 2012"), ("from = 2010", ""), ("to = 2012", "to = 2009")] {
        let (zh, en) = both(&two(a, b).unwrap_err());
        assert!(en.starts_with("mine.toml: [[rate]] \"a\": field ") && en.contains("overlap"), "{en}");
        assert!(zh.contains("重叠"), "{zh}");
    }
    let (_, en) = both(&two("from = 2014\nto = 2012", "from = 2015").unwrap_err());
    assert!(en.contains("field to: 2012 is before 2014"), "{en}");

    let condition = |id: &str, when: &str| format!("[[condition]]\nid = \"{id}\"\nwhen = \"{when}\"\nsource = \"s\"\n");
    let with = |records: &[String]| Rates::from_toml(&format!("{GOOD}{}", records.concat()), "mine.toml");
    let circle = [condition("x", "operating and y"), condition("y", "not z"), condition("z", "x or above_scale")];
    let (zh, en) = both(&with(&circle).unwrap_err());
    assert!(en.starts_with("mine.toml: [[condition]] \"z\": field when: ") && en.contains("x → y → z → x"), "{en}");
    assert!(zh.contains("x → y → z → x"), "{zh}");
    for (record, parts) in [
        (condition("x", "x"), &["\"x\": field when", "x → x"][..]),
        (condition("mode", "operating"), &["field id", "a column of the ledger"]),
        (condition("x", "operating") + &condition("x", "true"), &["field id", "'x' is defined twice"]),
        (condition("x", "operating and"), &["field when", "ends too early"]),
        ("[[break]]\ncolumn = \"mode\"\nnote = \"n\"\nsource = \"s\"".to_owned(), &["field year", "missing"]),
        ("[[break]]\ncolumn = \"mode\"\nyear = 2012\nsource = \"s\"".to_owned(), &["field note", "missing"]),
        ("[[break]]\nyear = 2012\nnote = \"n\"\nsource = \"s\"".to_owned(), &["field column", "missing"]),
    ] {
        let (_, en) = both(&with(std::slice::from_ref(&record)).unwrap_err());
        assert!(parts.iter().all(|part| en.contains(part)), "{record}: {en}");
    }
}

/// A condition is replaced by its definition, also inside other conditions, and a user's replaces a shipped one.
#[test]
fn conditions_are_used_as_flags_are() {
    let text = r#"
        [[condition]]
        id = "three_haves"
        when = "large and operating"
        source = "本地文件"
        [[condition]]
        id = "large"
        when = "employees >= 20 or above_scale"
        source = "本地文件"
    "#;
    let mine = Rates::from_toml(text, "mine.toml").unwrap();
    let shipped = Rates::shipped().unwrap();
    let columns = |rates: &Rates| rates.get("three_haves_established").unwrap().population.columns().join(" ");
    assert_eq!(columns(&shipped), "operating employees");
    let both = shipped.overridden_by(mine).unwrap();
    assert_eq!(columns(&both), "employees above_scale operating");
    let rate = both.get("three_haves_established").unwrap();
    assert_eq!(rate.population.to_string(), "three_haves");
    let written = Predicate::parse("(employees >= 20 or above_scale) and operating").unwrap();
    assert!(rate.population.same(&written));
}

/// A wrong column is reported for the record that contains it, not for the rate that uses the record.
#[test]
fn a_condition_that_does_not_fit_is_named_itself() {
    let text = r#"
        [[condition]]
        id = "three_haves"
        when = "larg"
        source = "本地文件"
        [[condition]]
        id = "larg"
        when = "employes >= 20"
        source = "本地文件"
    "#;
    let mine = Rates::from_toml(text, "mine.toml").unwrap();
    let rates = Rates::shipped().unwrap().overridden_by(mine).unwrap();
    let roster = roster(vec![("employees", Type::Count, Some(numbers(&[Some(3)])))], 1);
    let (_, en) = both(&rates.get("three_haves_established").unwrap().check(&roster).unwrap_err());
    assert!(en.starts_with("mine.toml: [[condition]] \"larg\": field when: "), "{en}");
    assert!(en.contains("did you mean 'employees'"), "{en}");
    rates.get("organised").unwrap().check(&roster).unwrap();
}

#[test]
fn targets_and_needs_are_checked_too() {
    let target = GOOD.replace("[[rate]]", "[[target]]");
    let with = |field: &str| Targets::from_toml(&format!("{target}\n{field}"), "t.toml");
    let plain = with("").unwrap();
    let plain = plain.get("a").unwrap();
    assert_eq!((plain.target, plain.inferred, plain.deadline), (1.0, false, None));
    assert_eq!(with("deadline = 2013").unwrap().get("a").unwrap().deadline, Some(2013));
    for (field, name) in [
        ("target = 100", "target"),
        ("target = 0.0", "target"),
        ("target = nan", "target"),
        ("target = '1'", "target"),
        ("inferred = 'yes'", "inferred"),
        ("deadline = 2013-12-31", "deadline"),
        ("mode = 'solo'", "mode"),
    ] {
        let (_, en) = both(&with(field).unwrap_err());
        assert!(en.starts_with(&format!("t.toml: [[target]] \"a\": field {name}: ")), "{field}: {en}");
    }
    let need = "[[need]]\nmode = 'sole'\nwhen = 'true'\nsource = 's'";
    let (_, en) = both(&FormationRules::from_toml(need, "f.toml").unwrap_err());
    assert!(en.contains("f.toml: [[need]] \"sole\": field mode") && en.contains("affiliated"), "{en}");
}

#[test]
fn rules_of_formation_are_checked_record_by_record() {
    let level = "[[level]]\nlevel = 'branch'\nmembers = 'members_full'\nat_least = 3\nsource = 's'\n";
    let joint = "[[joint]]\nmost_units = 5\nsource = 's'\n";
    let term = "[[term]]\nlevel = 'branch'\nyears = 3\nsource = 's'\n";
    let need =
        "[[need]]\nmode = 'solo'\nmembers = ['members_full', 'members_probationary']\nat_least = 3\nsource = 's'\n";
    let finding = "[[finding]]\nid = 'a'\nlabel = 'l'\nseverity = 'error'\nwhen = 'true'\nwhy = 'w'\nsource = 's'\n";
    let all = [level, joint, term, need, finding].concat();
    let rules = FormationRules::from_toml(&all, "f.toml").unwrap();
    assert_eq!(rules.needs()[0].when.columns(), ["members_full", "members_probationary"]);
    let years = |from: &str, to: &str| format!("{from}to = 2017\n{to}from = 2018\n");
    for good in [years(level, level), years(joint, joint), years(term, term), years(finding, finding)] {
        assert!(FormationRules::from_toml(&good, "f.toml").is_ok(), "{good}");
    }
    for (text, parts) in [
        (format!("{level}{level}"), &["[[level]] \"branch\": field from", "overlap", "重叠", "Hint"][..]),
        (format!("{joint}{joint}from = 2018"), &["[[joint]] #2: field from", "2018–…"]),
        (format!("{term}to = 2018\n{term}from = 2018"), &["[[term]] \"branch\": field from", "…–2018"]),
        (format!("{finding}{finding}to = 2018"), &["[[finding]] \"a\": field to", "…–2018"]),
        (level.replace("branch", "cell"), &["field level", "'cell'", "general_branch"]),
        (level.replace("'members_full'", "3"), &["field members", "text in quotes"]),
        (level.replace("at_least = 3", "at_least = 0"), &["field at_least", "above 0"]),
        (level.replace("at_least = 3", ""), &["field at_least", "missing"]),
        (joint.replace('5', "-1"), &["field most_units", "a whole number"]),
        (joint.replace("most_units", "most"), &["field most_units", "missing"]),
        (term.replace("years = 3", "years = '3'"), &["field years", "text"]),
        (need.replace("at_least = 3", ""), &["[[need]] \"solo\": field at_least", "missing"]),
        ("[[need]]\nmode = 'solo'\nsource = 's'".to_owned(), &["field when", "members", "at_least"]),
        (format!("{need}when = 'true'"), &["field at_least", "no such field"]),
        (finding.replace("error", "grave"), &["field severity", "'grave'", "warning"]),
        (finding.replace("'w'", "'{a'"), &["field why", "not closed"]),
        (finding.replace("true", "units >"), &["field when", "ends too early"]),
        (level.replace("level]]", "levels]]"), &["[[level]]", "[[finding]]"]),
    ] {
        let (zh, en) = both(&FormationRules::from_toml(&text, "f.toml").unwrap_err());
        assert!(zh.starts_with("f.toml") && en.starts_with("f.toml"), "{zh}\n{en}");
        for part in parts {
            assert!(zh.contains(part) || en.contains(part), "{text}: '{part}' is not in\n{zh}\n{en}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let missing = Rates::from_file("no/such/rates.toml".as_ref()).unwrap_err();
    assert!(matches!(&missing, Error::File(detail) if detail.text().en.contains("no such file")), "{missing}");
}
