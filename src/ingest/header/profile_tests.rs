//! Tests of profiles: precedence, saving, and every possible mistake in a file.

use std::sync::Arc;

use super::Header;
use super::profile::Profile;
use crate::error::Error;
use crate::ingest::ReadOptions;
use crate::ingest::{ColumnStatus, Mapped, Source};
use crate::lang::Lang;

fn profile(text: &str) -> Profile {
    Profile::from_toml(text, "p.toml").unwrap()
}

fn mapped(names: &[&str], options: &ReadOptions) -> Vec<Mapped> {
    Header::of_names(names.iter().copied(), options).columns.iter().map(super::heading::Heading::mapped).collect()
}

fn source(columns: &[Mapped]) -> Source {
    Source {
        file: String::new(),
        path: std::path::PathBuf::new(),
        sheet: None,
        table: 1,
        first_row: 1,
        last_row: 1,
        years: Vec::new(),
        year_from: crate::ingest::YearFrom::Column,
        encoding: None,
        header_rows: 1,
        columns: columns.to_vec(),
        rows: crate::ingest::Rows::default(),
        rejected: 0,
    }
}

/// Returns the readings of the columns of a header of two rows.
fn grouped<const N: usize>(rows: [[&str; N]; 2], options: &ReadOptions) -> Vec<Mapped> {
    let rows = rows.map(|row| row.map(str::to_owned).to_vec());
    let header = Header::find(&rows, &[], options).unwrap();
    assert_eq!((header.first, header.height), (0, 2));
    header.columns.iter().map(super::heading::Heading::mapped).collect()
}

fn names(columns: &[Mapped]) -> Vec<&str> {
    columns.iter().map(|c| c.column.as_deref().unwrap_or("")).collect()
}

const MINE: &str = r#"
    [[header]]
    header = "职工规模"
    column = "employees"
    [[header]]
    header = "正式党员"
    ignore = true
    [[header]]
    header = "活动花费"
    column = "funds"
    unit = "万元"
    [[header]]
    header = "备注 (2)"
    own = "remark"
    [[header]]
    header = "组建/抱团"
    column = "mode"
    value = "联建"
    [[header]]
    header = "挂靠组建"
    column = "mode"
    value = "joint"
    [[words]]
    column = "mode"
    value = "joint"
    written = ["挂靠", "商会带建"]
"#;

#[test]
fn the_profile_is_over_the_aliases_and_the_call_over_the_profile() {
    let names = ["org_id", "职工 规模", "正式党员", "活动花费", "备注", "备注", "从业人员"];
    let options = ReadOptions { profile: Some(Arc::new(profile(MINE))), ..ReadOptions::default() };
    let read = |options: &ReadOptions| -> Vec<Option<String>> {
        mapped(&names, options).into_iter().map(|c| c.column).collect()
    };
    let of = |names: [&str; 7]| names.map(|n| (!n.is_empty()).then(|| n.to_owned())).to_vec();
    assert_eq!(read(&options), of(["org_id", "employees", "", "funds", "", "remark", ""]));
    assert_eq!(mapped(&names, &options)[3].unit, Some("万元"));
    assert_eq!(mapped(&names, &options)[2].status, ColumnStatus::Ignored);
    let called = ReadOptions { columns: vec![("正式党员".to_owned(), "members_full".to_owned())], ..options };
    assert_eq!(read(&called)[2].as_deref(), Some("members_full"));
    assert_eq!(called.dictionaries().of("mode").unwrap().find("1-挂靠"), Some(1));
    assert_eq!(called.dictionaries().added()[0].instead_of.as_deref(), Some("affiliated"));
}

#[test]
fn what_was_read_is_written_and_reads_the_same() {
    let names = [
        "统一社会信用代码",
        "单位",
        "单位名称",
        "活动经费（万元）",
        "党组织活动经费（万元）",
        "楼栋",
        "正式党员\n人数",
        "备注",
        "备注",
        "党组织组健形式",
        "联系电话",
    ];
    let mut options = ReadOptions {
        keep: vec!["楼栋".to_owned(), "备注 (2)".to_owned(), "联系电话".to_owned()],
        ..ReadOptions::default()
    };
    options.words.add("mode", "他说\"抱团\"\\", "joint").unwrap();
    let first = mapped(&names, &options);
    let saved = Profile::of([&source(&first)], &options);
    let text = saved.to_toml();
    assert!(
        text.contains("# header = \"党组织组健形式\"\n# column = \"mode\"  # 与“党组织组建形式”相似 86%，请核对"),
        "{text}"
    );
    assert!(!text.contains("联系电话") || first[10].kept, "{text}");
    let again = ReadOptions { profile: Some(Arc::new(profile(&text))), ..ReadOptions::default() };
    assert_eq!(
        mapped(&names, &again).iter().map(|c| (&c.column, c.unit, c.kept)).collect::<Vec<_>>(),
        first.iter().map(|c| (&c.column, c.unit, c.kept)).collect::<Vec<_>>()
    );
    assert_eq!(again.dictionaries(), options.dictionaries());
    assert_eq!(Profile::of([&source(&mapped(&names, &again))], &again).to_toml(), text, "saved again it is the same");
    // Profile entries of other ledgers are kept.
    let more = ReadOptions {
        profile: Some(Arc::new(profile(&format!("{text}\n[[header]]\nheader = \"职工规模\"\ncolumn = \"employees\"")))),
        ..ReadOptions::default()
    };
    assert!(Profile::of([&source(&first)], &more).to_toml().contains("职工规模"));
}

#[test]
fn a_lowest_part_alone_takes_no_word_out_of_its_group() {
    let rows = [["org_id", "未建党组织原因", "", "组建", ""], ["", "没有党员", "其他", "抱团", "挂靠组建"]];
    let text = format!("{MINE}\n[[header]]\nheader = \"其他\"\nown = \"other\"");
    let options = ReadOptions { profile: Some(Arc::new(profile(&text))), ..ReadOptions::default() };
    let found: Vec<_> = grouped(rows, &options).into_iter().map(|c| c.value.unwrap_or_default()).collect();
    assert_eq!(found, ["", "no_members", "other", "joint", "joint"]);
}

const LEDGER: [[&str; 10]; 2] = [
    ["登记", "", "编号", "曾用名", "党组织", "", "联系人", "", "人数", "单位名称"],
    ["人数", "信用代码", "", "", "曾用名", "编号", "姓名", "编号", "", ""],
];

#[test]
fn a_header_named_in_full_is_no_other_with_the_same_lowest_part() {
    let own = |text: &str| text.to_owned();
    for (keep, columns, expected) in [
        ("*", None, ["人数", "org_id", "编号", "former_name", "", "党组织/编号", "", "", "人数 (2)", "name"]),
        (
            "编号",
            Some(("人数", "employees")),
            ["", "org_id", "编号", "former_name", "", "", "", "", "employees", "name"],
        ),
        ("联系人/编号", Some(("编号", "code")), ["", "org_id", "code", "former_name", "", "", "", "编号", "", "name"]),
    ] {
        let columns = columns.iter().map(|(header, column)| (own(header), own(column))).collect();
        let options = ReadOptions { keep: vec![own(keep)], columns, ..ReadOptions::default() };
        let first = grouped(LEDGER, &options);
        assert_eq!(names(&first), expected);
        let saved = Profile::of([&source(&first)], &options);
        let again = ReadOptions { profile: Some(Arc::new(profile(&saved.to_toml()))), ..ReadOptions::default() };
        assert_eq!(names(&grouped(LEDGER, &again)), expected, "{}", saved.to_toml());
    }
}

#[test]
fn a_lowest_part_alone_has_no_column_about_a_person_read() {
    let text =
        ["编号", "曾用名", "联系电话"].map(|header| format!("[[header]]\nheader = \"{header}\"\nown = \"{header}\"\n"));
    let options = ReadOptions { profile: Some(Arc::new(profile(&text.concat()))), ..ReadOptions::default() };
    let rows = [
        ["信用代码", "单位名称", "登记", "", "联系人", "", "党组织", ""],
        ["", "", "编号", "曾用名", "编号", "联系电话", "曾用名", "编号"],
    ];
    let found = grouped(rows, &options);
    assert_eq!(names(&found), ["org_id", "name", "编号", "曾用名", "", "", "", "党组织/编号"]);
    assert!(found[4..7].iter().all(|c| c.status == ColumnStatus::Personal));
    let whole = profile(
        "[[header]]\nheader = \"联系人/编号\"\nown = \"工号\"\n[[header]]\nheader = \"联系电话\"\nignore = true",
    );
    let found = grouped(rows, &ReadOptions { profile: Some(Arc::new(whole)), ..ReadOptions::default() });
    assert_eq!((found[4].column.as_deref(), found[5].status), (Some("工号"), ColumnStatus::Ignored));
}

#[test]
fn mistakes_name_file_record_field_and_what_to_do() {
    let header = |fields: &str| format!("[[header]]\nheader = \"甲\"\n{fields}");
    let words = |fields: &str| format!("[[words]]\n{fields}");
    for (text, said) in [
        (
            header("column = \"employes\""),
            &["[[header]] \"甲\"", "field column", "did you mean 'employees'", "own"][..],
        ),
        (header("column = \"从业人员\""), &["did you mean 'employees'"]),
        (header(""), &["field column", "exactly one of column, own and ignore"]),
        (header("column = \"mode\"\nignore = true"), &["exactly one"]),
        (header("column = \"mode\"\nvalue = \"jiont\""), &["field value", "did you mean 'joint'"]),
        (header("column = \"name\"\nvalue = \"joint\""), &["field value", "not a column of fixed words"]),
        (header("column = \"name\"\nunit = \"万元\""), &["field unit", "not a column of money"]),
        (header("column = \"funds\"\nunit = \"美元\""), &["field unit", "万元"]),
        (header("own = \"mode\""), &["field own", "column = \"mode\""]),
        (header("own = \"x\"\nvalue = \"joint\""), &["field value", "together with column"]),
        (header("colum = \"mode\"\nown = \"x\""), &["field colum", "did you mean 'column'"]),
        (format!("{0}\n{0}", header("own = \"x\"")), &["field header", "defined above"]),
        ("[[header]]\ncolumn = \"mode\"".to_owned(), &["[[header]] \"mode\"", "field header", "missing"]),
        ("[header]\na = 1".to_owned(), &["[[header]]"]),
        ("title = \"x\"".to_owned(), &["'title'", "[[words]]"]),
        ("[[header]".to_owned(), &["line 1"]),
        (words("column = \"mode\"\nvalue = \"joint\""), &["[[words]] \"mode\"", "field written", "missing"]),
        (words("column = \"mode\"\nvalue = \"joint\"\nwritten = \"商会\""), &["field written", "a list"]),
        (words("column = \"mode\"\nvalue = \"joint\"\nwritten = [1]"), &["field written", "a number 1"]),
        (words("column = \"mod\"\nvalue = \"joint\"\nwritten = [\"商会\"]"), &["field column", "did you mean 'mode'"]),
        (words("column = \"mode\"\nvalue = \"x\"\nwritten = [\"商会\"]"), &["field value", "affiliated"]),
    ] {
        let error = Profile::from_toml(&text, "p.toml").unwrap_err();
        assert!(matches!(error, Error::Definition(_)), "{error}");
        let (en, zh) = (error.message(Lang::En), error.message(Lang::Zh));
        assert!(en.starts_with("p.toml") && zh.starts_with("p.toml"), "{en}");
        for part in said {
            assert!(en.contains(part), "'{part}' is not in {en}");
        }
    }
    let missing = Profile::from_file("no/such.toml".as_ref()).unwrap_err();
    assert!(matches!(missing, Error::File(_)), "{missing}");
}
