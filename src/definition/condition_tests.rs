//! Tests of named conditions: in every kind of file, over each other, and in messages.

use super::{Annual, Conditions, FormationRules, Rates, Targets};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::predicate::Predicate;
use crate::predicate::testing::{codes, numbers, roster};
use crate::roster::Roster;
use crate::schema::Type;

/// A condition `organised` that counts area coverage as well.
const WIDER: &str = "
    [[condition]]
    id = 'organised'
    when = \"mode in ('solo', 'joint', 'affiliated', 'area')\"
    source = '本地文件'
";

/// One that counts branches of one organisation alone.
const NARROWER: &str = "
    [[condition]]
    id = 'organised'
    when = \"mode = 'solo'\"
    source = '本地文件'
";

/// Uses of a condition in a file of each kind.
const RATE: &str = "
    [[rate]]
    id = 'own'
    label = '甲'
    population = 'operating'
    success = 'organised'
    counts = 'organisations'
    source = '本地文件'
";
const FINDING: &str = "
    [[finding]]
    id = 'own'
    label = '甲'
    severity = 'info'
    when = 'organised and units > 1'
    why = '{units}'
    source = '本地文件'
";
const TABLE: &str = "
    [[table]]
    id = '1'
    label = '表'
    population = 'operating'
    source = '本地文件'
    [[line]]
    tables = ['1']
    id = 'own'
    label = '行'
    when = 'organised'
";

fn target() -> String {
    RATE.replace("[[rate]]", "[[target]]")
}

/// Returns what the use of `organised` means in a file of each kind, under `given`, with `own` records in the file.
fn meanings(own: &str, given: &Conditions) -> Result<[Predicate; 4]> {
    let rates = Rates::from_toml(&format!("{RATE}{own}"), "r.toml")?.with_conditions(given)?;
    let targets = Targets::from_toml(&format!("{}{own}", target()), "t.toml")?.with_conditions(given)?;
    let rules = FormationRules::from_toml(&format!("{FINDING}{own}"), "f.toml")?.with_conditions(given)?;
    let tables = Annual::from_toml(&format!("{TABLE}{own}"), "a.toml")?.with_conditions(given)?;
    Ok([
        rates.get("own")?.success.clone(),
        targets.get("own")?.rate.success.clone(),
        rules.organised().when.clone(),
        tables.get("1")?.lines[0].when.clone().unwrap(),
    ])
}

/// The first of these has it: the file, the caller, the engine.
#[test]
fn a_name_means_the_same_in_files_of_every_kind() {
    let none = Conditions::default();
    let wider = Conditions::from_toml(WIDER, "mine.toml").unwrap();
    for (own, given, meaning) in [
        ("", &none, "mode in ('solo', 'joint', 'affiliated')"),
        ("", &wider, "mode in ('solo', 'joint', 'affiliated', 'area')"),
        (WIDER, &none, "mode in ('solo', 'joint', 'affiliated', 'area')"),
        (NARROWER, &wider, "mode = 'solo'"),
    ] {
        for predicate in meanings(own, given).unwrap() {
            assert!(predicate.same(&Predicate::parse(meaning).unwrap()), "{predicate}: {meaning}");
        }
    }
    // Rules and targets that the user did not write follow as well, and so does what is defined by the name.
    let rules = FormationRules::from_toml(WIDER, "f.toml").unwrap();
    assert!(rules.findings().iter().any(|f| f.when.spelled_out().starts_with("(mode in ('solo', 'joint', 'aff")));
    let targets = Targets::shipped().unwrap().with_conditions(&wider).unwrap();
    let guided = &targets.get("guided").unwrap().rate;
    assert_eq!(guided.population.to_string(), "unorganised");
    assert_eq!(guided.population.spelled_out(), "not (mode in ('solo', 'joint', 'affiliated', 'area'))");
    assert_eq!(guided.conditions.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["organised", "unorganised"]);
}

#[test]
fn texts_are_spelled_out_as_they_are_meant() {
    let conditions = Conditions::from_toml(
        "
        [[condition]]
        id = 'large'
        when = \"employees >= 100 or name = 'it''s'\"
        source = 's'
        ",
        "mine.toml",
    );
    let conditions = Conditions::shipped().unwrap().overridden_by(&conditions.unwrap()).unwrap();
    for (written, spelled) in [
        ("employees >= 3", "employees >= 3"),
        (" organised ", " mode in ('solo', 'joint', 'affiliated') "),
        ("( organised )", "( mode in ('solo', 'joint', 'affiliated') )"),
        ("large and name <> 'large'", "(employees >= 100 or name = 'it''s') and name <> 'large'"),
        ("\"large\" is true", "(employees >= 100 or name = 'it''s') is true"),
        ("three_haves", "operating and employees >= 10"),
    ] {
        let mut predicate = Predicate::parse(written).unwrap();
        conditions.apply([&mut predicate]).unwrap();
        assert_eq!((predicate.to_string().as_str(), predicate.spelled_out()), (written, spelled));
        let plain = Predicate::parse(predicate.spelled_out()).unwrap();
        assert!(plain.same(&predicate), "{written}");
    }
}

fn one(mode: &str) -> Roster {
    let columns =
        vec![("mode", Type::Word, Some(codes(&[Some(mode)]))), ("employees", Type::Count, Some(numbers(&[None])))];
    roster(columns, 1)
}

fn said(error: &Error) -> String {
    assert!(matches!(error, Error::Definition(_)), "{error}");
    assert!(error.message(Lang::Zh).contains("字段"), "{error}");
    error.message(Lang::En)
}

/// The record that has the mistake is named, in the file it is in, whoever uses it.
#[test]
fn mistakes_are_those_of_the_condition() {
    let (roster, none) = (one("area"), Conditions::default());
    let wrong = WIDER.replace("mode in", "modus in");
    let given = Conditions::from_toml(&wrong, "mine.toml").unwrap();
    let place = |file: &str| format!("{file}: [[condition]] \"organised\": field when: ");
    for (own, given, files) in
        [("", &given, ["mine.toml"; 4]), (wrong.as_str(), &none, ["r.toml", "t.toml", "f.toml", "a.toml"])]
    {
        let rates = Rates::from_toml(&format!("{RATE}{own}"), "r.toml").unwrap().with_conditions(given).unwrap();
        let targets =
            Targets::from_toml(&format!("{}{own}", target()), "t.toml").unwrap().with_conditions(given).unwrap();
        let rules = FormationRules::from_toml(&format!("{FINDING}{own}"), "f.toml").unwrap();
        let rules = rules.with_conditions(given).unwrap();
        let tables = Annual::from_toml(&format!("{TABLE}{own}"), "a.toml").unwrap().with_conditions(given).unwrap();
        let errors = [
            rates.get("own").unwrap().check(&roster),
            targets.get("own").unwrap().check(&roster),
            rules.check(&roster),
            tables.get("1").unwrap().check(&roster),
        ];
        for (error, file) in errors.into_iter().zip(files) {
            let said = said(&error.unwrap_err());
            assert!(said.starts_with(&place(file)) && said.contains("'modus'"), "{file}: {said}");
        }
    }
    for (text, parts) in [
        (RATE.to_owned(), &["there is no [[condition]] record"][..]),
        (WIDER.replace("organised", "mode"), &["\"mode\": field id", "a column of the ledger"]),
        (format!("{WIDER}{NARROWER}"), &["field id", "'organised' is defined twice"]),
        (WIDER.replace("mode in", "organised or mode in"), &["field when", "organised → organised"]),
        (WIDER.replace("condition", "conditions"), &["mine.toml: there is no [[condition]]"]),
    ] {
        let error = Conditions::from_toml(&text, "mine.toml").unwrap_err().message(Lang::En);
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
    let unknown = Conditions::shipped().unwrap().get("organized").unwrap_err().message(Lang::En);
    assert!(unknown.contains("there is no condition 'organized'") && unknown.contains("mean 'organised'"), "{unknown}");
}

#[test]
fn a_file_of_targets_needs_targets() {
    let error = Targets::from_toml(WIDER, "t.toml").unwrap_err().message(Lang::En);
    assert!(error.starts_with("t.toml: there is no [[target]] record"), "{error}");
}
