//! The mistakes of a definition file, and what is said of each.

use crate::error::Error;
use crate::lang::Lang;
use crate::measure::{FormationRules, Rates, Targets};

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
    assert!(twice.contains("'a' stands twice"), "{twice}");
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
    assert!(matches!(&missing, Error::File(t) if t.en.contains("no such file")), "{missing}");
}
