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
fn a_file_that_cannot_be_read_says_so() {
    let missing = Rates::from_file("no/such/rates.toml".as_ref()).unwrap_err();
    assert!(matches!(&missing, Error::File(t) if t.en.contains("no such file")), "{missing}");
}
