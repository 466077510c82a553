//! Tests of expressions over columns of every kind.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Float64Array, Int64Array, LargeStringArray, StringArray,
    StringViewArray,
};
use arrow::datatypes::{Int32Type, UInt8Type, UInt32Type};

use super::expression::{Expression, RegionLookup, RegistrationPart};
use crate::error::Error;
use crate::job::Quiet;
use crate::standards::region::{RegionLevel, Resolution};

fn one(expression: &Expression, array: ArrayRef) -> ArrayRef {
    let answers = expression.evaluate(&[array], &Quiet).unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(*answers[0].data_type(), expression.data_type());
    answers[0].clone()
}

fn texts(array: &ArrayRef) -> Vec<Option<&str>> {
    array.as_string_view().iter().collect()
}

#[test]
fn every_kind_of_text_is_read_alike() {
    let written = [Some("单独建立"), None, Some("待定"), Some("挂靠"), Some("单独建立")];
    let forms: [ArrayRef; 4] = [
        Arc::new(StringArray::from(written.to_vec())),
        Arc::new(LargeStringArray::from(written.to_vec())),
        Arc::new(StringViewArray::from(written.to_vec())),
        Arc::new(written.into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    let mode = Expression::word("mode").unwrap();
    let problem = Expression::problem("mode", 1.0).unwrap();
    let words = problem.words().unwrap();
    for form in forms {
        let answers = one(&mode, form.clone());
        assert_eq!(
            answers.as_primitive::<UInt8Type>().iter().collect::<Vec<Option<u8>>>(),
            [Some(0), None, None, Some(2), Some(0)]
        );
        let said = one(&problem, form);
        let said: Vec<_> = said.as_primitive::<UInt8Type>().iter().collect();
        let said: Vec<_> = said.into_iter().map(|at| at.map(|at| words[usize::from(at)])).collect();
        assert_eq!(said, [None, None, Some("mode_unknown_word"), None, None]);
    }
}

#[test]
fn numbers_are_read_as_their_text() {
    let county = Expression::Region(RegionLookup { level: Some(RegionLevel::County), ..RegionLookup::default() });
    let codes: ArrayRef = Arc::new(Int64Array::from(vec![Some(150_425_100_000), Some(152_425), None, Some(7)]));
    assert_eq!(texts(&one(&county, codes)), [Some("150425000000"), Some("150425000000"), None, None]);
    let codes: ArrayRef = Arc::new(Float64Array::from(vec![150_425.0, f64::NAN]));
    assert_eq!(texts(&one(&county, codes)), [Some("150425000000"), None]);
    let count = Expression::value("employees", 1.0).unwrap();
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![3.0, 2.5, -1.0]));
    assert_eq!(
        one(&count, numbers.clone()).as_primitive::<UInt32Type>().iter().collect::<Vec<Option<u32>>>(),
        [Some(3), None, None]
    );
    let said = one(&Expression::problem("employees", 1.0).unwrap(), numbers);
    assert_eq!(said.null_count(), 1);
}

#[test]
fn regions_of_years() {
    let ask = |region: RegionLookup, written: &str| {
        let array: ArrayRef = Arc::new(StringArray::from(vec![written]));
        let code = one(&Expression::Region(region), array.clone());
        let name = one(&Expression::RegionName(region), array.clone());
        let status = one(&Expression::RegionStatus(region), array);
        let status = Resolution::NAMES[usize::from(status.as_primitive::<UInt8Type>().value(0))];
        (texts(&code)[0].map(str::to_owned), texts(&name)[0].map(str::to_owned), status)
    };
    let some = |code: &str, name: &str| (Some(code.to_owned()), Some(name.to_owned()));
    let (code, name, status) = ask(RegionLookup { year: Some(1982), of_year: Some(2013), level: None }, "150425");
    assert_eq!(((code, name), status), (some("152425000000", "克什克腾旗"), "recoded"));
    let prefecture = RegionLookup { year: Some(1982), of_year: Some(2013), level: Some(RegionLevel::Prefecture) };
    let (code, name, _) = ask(prefecture, "150425");
    assert_eq!((code, name), some("152400000000", "昭乌达盟"));
    let (code, name, status) = ask(RegionLookup { year: Some(2023), of_year: Some(2020), level: None }, "330110");
    assert_eq!((code, name, status), (None, None, "split"));
    let (code, name, _) =
        ask(RegionLookup { level: Some(RegionLevel::Province), ..RegionLookup::default() }, "克什克腾旗");
    assert_eq!((code, name), some("150000000000", "内蒙古自治区"));
}

#[test]
fn long_columns_in_slices_are_the_same_as_short_ones() {
    let written: Vec<_> = (0..600_000).map(|n| ["私营独资", "140", "173", ""][n % 4]).collect();
    let expression = Expression::RegistrationType(None, RegistrationPart::Number);
    let answers = expression.evaluate(&[Arc::new(StringArray::from(written))], &Quiet).unwrap();
    assert!(answers.len() > 1);
    let answers: Vec<_> = answers.iter().flat_map(texts).collect();
    assert_eq!(answers.len(), 600_000);
    assert!(answers.chunks(4).all(|four| four == [Some("171"), None, Some("173"), None]));
}

#[test]
fn wrong_calls_say_what_there_is() {
    for error in [
        Expression::word("employees").unwrap_err(),
        Expression::value("nonsense", 1.0).unwrap_err(),
        Expression::value("funds", 0.0).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Argument(_)), "{error}");
    }
    let days: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    let wrong = Expression::value("employees", 1.0).unwrap().evaluate(&[days], &Quiet).unwrap_err();
    assert!(matches!(wrong, Error::Data(_)), "{wrong}");
}
