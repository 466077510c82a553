//! Tests of finding and reading headers as offices write them.

use std::sync::Arc;

use super::heading::Heading;
use super::overrides::Overrides;
use super::{Header, Meaning};
use crate::ingest::{ColumnStatus, Mapped};
use crate::ingest::{Profile, ReadOptions};
use crate::schema::Type;

fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|r| r.iter().map(|&s| s.to_owned()).collect()).collect()
}

fn columns(header: &Header) -> Vec<(String, Option<String>, Option<String>)> {
    header.columns.iter().map(|c| (c.header(), c.mapped().column, c.mapped().value)).collect()
}

#[test]
fn a_blank_continues_a_group_only_where_rows_below_show_it() {
    let top = rows(&[
        &["某旗台账（2013年）", "", "", "", "", "", "", ""],
        &["序 号", "单位名称", "社会信用代码", "基本情况", "", "", "", "备注"],
        &["", "", "", "企业类型", "", "党组织活动经费（万元）", "", ""],
        &["", "", "", "私营企业", "外商投资 企业", "", "联系电话", ""],
        &["1", "某厂", "91110000600037341L", "√", "", "3.5", "0", "新增"],
    ]);
    let header = Header::find(&top, &[], &ReadOptions::default()).unwrap();
    assert_eq!((header.first, header.height), (1, 3));
    let found = columns(&header);
    let expected = [
        ("序 号", None, None),
        ("单位名称", Some("name"), None),
        ("社会信用代码", Some("org_id"), None),
        ("基本情况/企业类型/私营企业", Some("control"), Some("private")),
        ("基本情况/企业类型/外商投资 企业", Some("control"), Some("foreign")),
        ("基本情况/党组织活动经费（万元）", Some("funds"), None),
        ("基本情况/联系电话", None, None),
        ("备注", None, None),
    ];
    let expected = expected.map(|(h, c, v)| (h.to_owned(), c.map(str::to_owned), v.map(str::to_owned)));
    assert_eq!(found, expected);
    let statuses: Vec<_> = header.columns.iter().map(|c| c.mapped().status).collect();
    assert_eq!(statuses[6..], [ColumnStatus::Personal, ColumnStatus::Ignored]);
    assert!(matches!(header.columns[5].meaning, Meaning::Column { factor, .. } if factor > 9999.0));
}

#[test]
fn a_row_with_nothing_but_the_running_number_is_one_of_the_header() {
    let title: &[&str] = &["某县台账", "", ""];
    let data: &[&str] = &["1", "某厂", "91110000600037341L"];
    for (rows_of, expected) in [
        ([title, &["序号", "", ""], &["", "单位名称", "信用代码"], data], (1, 2)),
        ([title, &["党建情况", "单位名称", "信用代码"], &["序号", "", ""], data], (1, 2)),
        ([title, &["某县", "", ""], &["", "单位名称", "信用代码"], data], (2, 1)),
    ] {
        for keep in [vec![], vec!["*".to_owned()]] {
            let header = Header::find(&rows(&rows_of), &[], &ReadOptions { keep, ..ReadOptions::default() }).unwrap();
            assert_eq!((header.first, header.height), expected, "{rows_of:?}");
        }
    }
}

#[test]
fn wishes_of_the_user() {
    let names = ["contract_id", "star_year", "stars", "手机", "地段", "note"];
    let options = ReadOptions {
        columns: [("contract_id", "org_id"), ("star_year", "year"), ("stars", "star"), ("note", "reason")]
            .map(|(h, c)| (h.to_owned(), c.to_owned()))
            .to_vec(),
        keep: vec!["*".to_owned()],
        ..ReadOptions::default()
    };
    let header = Header::of_names(names.into_iter(), &options);
    let found: Vec<_> = header.columns.iter().map(|c| c.mapped().column).collect();
    let expected = [Some("org_id"), Some("year"), Some("star"), None, Some("地段"), Some("reason")];
    assert_eq!(found, expected.map(|c| c.map(str::to_owned)));
    assert!(header.is_ledger());
    let phone = ReadOptions { keep: vec!["手机".to_owned()], ..ReadOptions::default() };
    assert!(Header::of_names(["手机"].into_iter(), &phone).columns[0].mapped().kept);
}

#[test]
fn a_header_is_found_by_a_column_of_codes_that_only_the_caller_knows() {
    let top =
        rows(&[&["台账"], &["基本情况", "", "备注"], &["编 号", "从业人员", ""], &["91110000600037341L", "1", ""]]);
    assert!(Header::find(&top, &[], &ReadOptions::default()).is_none());
    for wish in ["编号", "基本情况/编号"] {
        let columns = vec![(wish.to_owned(), "org_id".to_owned())];
        let said = ReadOptions { columns, ..ReadOptions::default() };
        let text = format!("[[header]]\nheader = \"{wish}\"\ncolumn = \"org_id\"\n");
        let profile = Some(Arc::new(Profile::from_toml(&text, "p.toml").unwrap()));
        for options in [said, ReadOptions { profile, ..ReadOptions::default() }] {
            let header = Header::find(&top, &[], &options).unwrap();
            assert_eq!((header.column(Type::Id), header.first + header.height), (Some(0), 3), "{wish}");
        }
    }
}

#[test]
fn every_column_has_a_header_and_a_name_of_its_own() {
    let options = ReadOptions { keep: vec!["*".to_owned()], ..ReadOptions::default() };
    let top = rows(&[
        &["信用代码", "楼", "楼", "楼 (2)", "\u{200b}", "甲/楼", "甲", ""],
        &["", "", "", "", "", "", "楼", "楼"],
    ]);
    let header = Header::best(&top, Overrides::new(&options), |_, height| height == 2, |_| true).unwrap();
    let found: Vec<_> = header.columns.iter().map(|c| (c.header(), c.mapped().column.unwrap())).collect();
    let expected = [
        ("信用代码", "org_id"),
        ("楼", "楼"),
        ("楼 (3)", "楼 (3)"),
        ("楼 (2)", "楼(2)"),
        ("甲/楼", "甲/楼"),
        ("甲/楼 (2)", "楼 (2)"),
        ("甲/楼 (3)", "甲/楼 (3)"),
    ];
    assert_eq!(found, expected.map(|(header, name)| (header.to_owned(), name.to_owned())));
}

#[test]
fn the_better_of_two_headers_for_a_column_is_taken() {
    let header =
        Header::of_names(["单位", "单位名称", "统一社会信用代码", "信用代码"].into_iter(), &ReadOptions::default());
    let found: Vec<_> = header.columns.iter().map(|c| c.mapped().column).collect();
    assert_eq!(found, [None, Some("name".to_owned()), Some("org_id".to_owned()), None]);
    let table = Header::of_names(["worker_id", "role", "org_id", "from", "to"].into_iter(), &ReadOptions::default());
    assert!(!table.is_ledger());
}

#[test]
fn headers_that_stand_twice_are_told_apart() {
    let names = ["org_id", "单位名称", "备注", "备 注", "联系人/电话", "指导员/电话", "备注"];
    let columns = |options: &ReadOptions| {
        let header = Header::of_names(names.into_iter(), options);
        header.columns.iter().map(|c| (c.header(), c.mapped().column)).collect::<Vec<_>>()
    };
    let all = columns(&ReadOptions { keep: vec!["*".to_owned()], ..ReadOptions::default() });
    let column = |at: usize| (all[at].0.as_str(), all[at].1.as_deref());
    assert_eq!(column(2), ("备注", Some("备注")));
    assert_eq!(column(3), ("备 注 (2)", Some("备注 (2)")));
    assert_eq!(column(6), ("备注 (3)", Some("备注 (3)")));
    assert_eq!((column(4).1, column(5).1), (None, None), "personal columns are kept only by name");
    let one = columns(&ReadOptions {
        columns: vec![("备注 (2)".to_owned(), "remark".to_owned())],
        keep: vec!["备注（3）".to_owned()],
        ..ReadOptions::default()
    });
    assert_eq!(one.iter().filter_map(|c| c.1.clone()).skip(2).collect::<Vec<_>>(), ["remark", "备注"]);
    assert_eq!((one[2].1.clone(), one[6].1.as_deref()), (None, Some("备注")));
}

#[test]
fn a_wish_names_one_column() {
    let top = rows(&[
        &["单位名称", "信用代码", "联系人", "", "指导员", "", "组建方式", "", ""],
        &["", "", "姓名", "联系电话", "姓名", "联系电话", "单独建立", "抱团建", "挂靠"],
    ]);
    let find = |keep: &[&str], columns: &[(&str, &str)]| {
        let own = |s: &&str| (*s).to_owned();
        let columns = columns.iter().map(|(h, c)| (own(h), own(c))).collect();
        let options = ReadOptions { keep: keep.iter().map(own).collect(), columns, ..ReadOptions::default() };
        let header = Header::find(&top, &[], &options).unwrap();
        header.columns.iter().map(Heading::mapped).collect::<Vec<_>>()
    };
    let kept = |columns: Vec<Mapped>| columns.into_iter().filter(|c| c.kept).map(|c| c.index).collect::<Vec<_>>();
    assert_eq!(kept(find(&["联系电话"], &[])), [3]);
    assert_eq!(kept(find(&["指导员/联系电话"], &[])), [5]);
    assert_eq!(kept(find(&["*"], &[])), [0; 0]);
    let marked = find(&[], &[("抱团建", "mode=联建")]);
    assert_eq!((marked[7].column.as_deref(), marked[7].value.as_deref()), (Some("mode"), Some("joint")));
}
