//! Where the header of a sheet is, and what its columns mean.
//!
//! A header has one to three rows somewhere below titles. A cell of an upper row that is empty continues the group to
//! its left where the rows below show that it does, which is how merged cells look and how offices write that do not
//! merge. The texts from top to bottom are a column's header, joined with `/`.

use std::collections::{HashMap, HashSet};

pub(super) use super::meaning::Meaning;
use super::meaning::meaning;
use super::naming::{MONEY, not_read};
use super::propose;
use super::wish::{Key, Wishes};
use super::{Mapped, Options, Proposal, Status};
use crate::schema::spelling::folded;
use crate::schema::words::is_space;
use crate::schema::{self, Dictionaries, Type};

/// How far down a header is looked for.
pub(super) const TOP: usize = 40;
/// How many rows a header may have.
const TALLEST: usize = 3;

/// A sheet's header.
#[derive(Debug)]
pub(super) struct Header {
    /// The position of its first row among the rows looked at.
    pub first: usize,
    /// How many rows it has.
    pub height: usize,
    /// Its columns, from left to right; a column without any text is not among them.
    pub columns: Vec<Heading>,
    /// The words in force in this sheet.
    pub words: Dictionaries,
}

/// One column of a header.
#[derive(Debug)]
pub(super) struct Heading {
    pub index: usize,
    /// Its texts from top to bottom, as written.
    pub parts: Vec<String>,
    pub meaning: Meaning,
    /// Its number among the columns with this header, from 1.
    repeat: usize,
    /// Whether the caller or the profile decided about it.
    pub asked: bool,
    pub proposal: Option<Proposal>,
}

impl Heading {
    /// The header as written, its parts joined.
    pub(super) fn written(&self) -> String {
        self.parts.join("/")
    }

    /// The header by which the column is told apart in its sheet: as written, and numbered where it is not the first.
    pub(super) fn header(&self) -> String {
        numbered(self.written(), self.repeat)
    }

    /// The lowest part.
    pub(super) fn leaf(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The parts above the lowest.
    fn group(&self) -> &[String] {
        self.parts.split_last().map_or(&[], |(_, group)| group)
    }

    /// The group, where this is one of its known words.
    fn marked_group(&self) -> Option<Vec<String>> {
        matches!(self.meaning, Meaning::Mark { word: Some(_), .. }).then(|| self.group().to_vec())
    }

    /// What the reading reports of it.
    pub(super) fn mapped(&self) -> Mapped {
        let (column, value, status) = match &self.meaning {
            Meaning::Column { column, .. } => (Some(column.name.to_owned()), None, Status::Mapped),
            Meaning::Mark { column, words, word } => {
                let value = word.and_then(|at| words.ids().nth(at)).map(str::to_owned);
                let status = if value.is_some() { Status::Mapped } else { Status::Unknown };
                (Some(column.name.to_owned()), value, status)
            }
            Meaning::Own(name) => (Some(name.clone()), None, not_read(&self.parts)),
            Meaning::Not(status) => (None, None, *status),
        };
        let unit = match &self.meaning {
            Meaning::Column { column, factor, .. } if column.ty == Type::Money => {
                MONEY.iter().find(|(_, yuan)| (yuan - factor).abs() < 0.5).map(|(unit, _)| *unit)
            }
            _ => None,
        };
        Mapped {
            index: self.index,
            header: self.header(),
            column,
            value,
            unit,
            proposal: self.proposal.clone(),
            status,
            kept: matches!(self.meaning, Meaning::Own(_)),
        }
    }
}

fn numbered(name: String, repeat: usize) -> String {
    if repeat > 1 { format!("{name} ({repeat})") } else { name }
}

impl Header {
    /// The header among the first rows of a sheet: the rows in which most columns are known, an organisation's code
    /// and one more at least.
    pub(super) fn find(top: &[Vec<String>], options: &Options) -> Option<Self> {
        let mut found = Self::best(top, options, Self::is_ledger)?;
        propose::fill(&mut found);
        Some(found)
    }

    /// The rows that look most like a header of those that are `fit` to be one, with something that is known in them.
    pub(super) fn best(top: &[Vec<String>], options: &Options, fit: impl Fn(&Self) -> bool) -> Option<Self> {
        let wishes = Wishes::new(options);
        // Of equals the lower one: a title above the header must not look like a group over all of it.
        let better = |known: usize, height: usize, best: Option<&(usize, Self)>| {
            best.is_none_or(|(most, best)| known > *most || (known == *most && height < best.height))
        };
        let mut best: Option<(usize, Self)> = None;
        for first in 0..top.len() {
            for height in 1..=TALLEST.min(top.len() - first) {
                let columns = meanings(parts(top.get(first..first + height)?), &wishes);
                // What is kept only because all is kept says nothing about where the header is.
                let says = |c: &&Heading| c.meaning.is_known() && (c.asked || !matches!(c.meaning, Meaning::Own(_)));
                let known = columns.iter().filter(says).count();
                let found = Self { first, height, columns, words: Dictionaries::default() };
                if known > 0 && fit(&found) && better(known, height, best.as_ref()) {
                    best = Some((known, found));
                }
            }
        }
        best.map(|(_, header)| Self { words: wishes.words, ..header })
    }

    /// How many of its columns are known.
    pub(super) fn known(&self) -> usize {
        self.columns.iter().filter(|c| c.meaning.is_known()).count()
    }

    /// The header of a table whose columns have one name each.
    pub(super) fn of_names<'a>(names: impl Iterator<Item = &'a str>, options: &Options) -> Self {
        let wishes = Wishes::new(options);
        let columns = names.enumerate().map(|(index, name)| (index, vec![name.to_owned()]));
        let mut header =
            Self { first: 0, height: 1, columns: meanings(columns.collect(), &wishes), words: wishes.words };
        propose::fill(&mut header);
        header
    }

    /// The position of the column of type `ty`.
    pub(super) fn column(&self, ty: Type) -> Option<usize> {
        let is = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == ty);
        self.columns.iter().find(|c| is(&c.meaning)).map(|c| c.index)
    }

    /// Whether there is an organisation's code and, besides a year, something about it.
    pub(super) fn is_ledger(&self) -> bool {
        let is_id = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == Type::Id);
        let is_year = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == Type::Year);
        let about = |m: &Meaning| m.is_known() && !is_id(m) && !is_year(m);
        self.columns.iter().any(|c| is_id(&c.meaning)) && self.columns.iter().any(|c| about(&c.meaning))
    }
}

/// The texts of each column, from top to bottom.
fn parts(rows: &[Vec<String>]) -> Vec<(usize, Vec<String>)> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let text = |row: usize, column: usize| {
        let text = rows.get(row).and_then(|r| r.get(column)).map_or("", String::as_str);
        (!text.chars().all(is_space)).then_some(text)
    };
    let has_below = |row: usize, column: usize| (row + 1..rows.len()).any(|below| text(below, column).is_some());
    // For each cell the column in which its text stands.
    let mut from: Vec<Vec<Option<usize>>> = Vec::new();
    for row in 0..rows.len() {
        let mut origins: Vec<Option<usize>> = Vec::with_capacity(width);
        for column in 0..width {
            let left = column.checked_sub(1).and_then(|left| *origins.get(left)?);
            let same_group = |above: &Vec<Option<usize>>| {
                column.checked_sub(1).is_some_and(|left| above.get(left) == above.get(column))
            };
            origins.push(if text(row, column).is_some() {
                Some(column)
            } else {
                left.filter(|origin| has_below(row, *origin) && has_below(row, column) && from.iter().all(same_group))
            });
        }
        from.push(origins);
    }
    let column = |column: usize| {
        let parts = from.iter().enumerate().filter_map(|(row, origins)| text(row, (*origins.get(column)?)?));
        (column, parts.map(str::to_owned).collect::<Vec<_>>())
    };
    (0..width).map(column).filter(|(_, parts)| !parts.is_empty()).collect()
}

/// The number of each column among those with its header, from 1. One that would make it the header of another column
/// is passed over: beside 楼 and 楼 (2), a second 楼 is 楼 (3).
fn repeats(columns: &[(usize, Vec<String>)]) -> Vec<usize> {
    let keys: Vec<String> = columns.iter().map(|(_, parts)| folded(&parts.join("/")).into_owned()).collect();
    let written: HashSet<&str> = keys.iter().map(String::as_str).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let number = |key| {
        let n = seen.entry(key).or_default();
        *n += 1;
        while *n > 1 && written.contains(format!("{key}({n})").as_str()) {
            *n += 1;
        }
        *n
    };
    keys.iter().map(String::as_str).map(number).collect()
}

/// What each column means. A column of the schema that two headers could mean belongs to the one that says it better,
/// else to the first.
fn meanings(columns: Vec<(usize, Vec<String>)>, wishes: &Wishes<'_>) -> Vec<Heading> {
    let repeats = repeats(&columns);
    let said = if wishes.are_none() {
        vec![None; columns.len()]
    } else {
        let keys = columns.iter().zip(&repeats).map(|((_, parts), repeat)| Key::new(parts, *repeat));
        wishes.assign(&keys.collect::<Vec<_>>())
    };
    let mut headings: Vec<Heading> = (columns.into_iter().zip(repeats).zip(said))
        .map(|(((index, parts), repeat), wish)| Heading {
            index,
            meaning: meaning(&parts, wish, wishes),
            parts,
            repeat,
            asked: wish.is_some(),
            proposal: None,
        })
        .collect();
    let mut taken: HashMap<&str, (usize, usize)> = HashMap::new();
    for (at, heading) in headings.iter().enumerate() {
        let (name, rank) = match &heading.meaning {
            Meaning::Column { column, rank, .. } => (column.name, *rank),
            // One-hot columns share their column; they give way to a header that says all of it.
            Meaning::Mark { .. } | Meaning::Own(_) | Meaning::Not(_) => continue,
        };
        let best = taken.entry(name).or_insert((rank, at));
        if rank < best.0 {
            *best = (rank, at);
        }
    }
    let groups: HashSet<Vec<String>> = headings.iter().filter_map(Heading::marked_group).collect();
    let mut own: HashSet<String> = HashSet::new();
    for (at, heading) in headings.iter_mut().enumerate() {
        let beside = groups.contains(heading.group());
        match &mut heading.meaning {
            Meaning::Column { column, .. } if taken.get(column.name).is_some_and(|best| best.1 != at) => {
                heading.meaning = Meaning::Not(Status::Ignored);
            }
            Meaning::Mark { column, .. } if taken.contains_key(column.name) => {
                heading.meaning = Meaning::Not(Status::Ignored);
            }
            // A column beside known words is one more word; one under a group without any is something else.
            Meaning::Mark { word: None, .. } if !beside => {
                heading.meaning = Meaning::Not(Status::Unknown);
            }
            Meaning::Own(name) => {
                let is_free = |name: &String| !name.is_empty() && schema::column(name).is_none() && !own.contains(name);
                let leaf = if heading.asked { name.clone() } else { numbered(name.clone(), heading.repeat) };
                let whole = numbered(heading.parts.join("/"), heading.repeat);
                let further = (2..).map(|n| numbered(whole.clone(), n));
                *name = [leaf, whole.clone()].into_iter().chain(further).find(is_free).unwrap_or_default();
                own.insert(name.clone());
            }
            _ => {}
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let header = Header::find(&top, &Options::default()).unwrap();
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
        assert_eq!(statuses[6..], [Status::Personal, Status::Ignored]);
        assert!(matches!(header.columns[5].meaning, Meaning::Column { factor, .. } if factor > 9999.0));
    }

    #[test]
    fn wishes_of_the_user() {
        let names = ["contract_id", "star_year", "stars", "手机", "地段", "note"];
        let options = Options {
            columns: [("contract_id", "org_id"), ("star_year", "year"), ("stars", "star"), ("note", "reason")]
                .map(|(h, c)| (h.to_owned(), c.to_owned()))
                .to_vec(),
            keep: vec!["*".to_owned()],
            ..Options::default()
        };
        let header = Header::of_names(names.into_iter(), &options);
        let found: Vec<_> = header.columns.iter().map(|c| c.mapped().column).collect();
        let expected = [Some("org_id"), Some("year"), Some("star"), None, Some("地段"), Some("reason")];
        assert_eq!(found, expected.map(|c| c.map(str::to_owned)));
        assert!(header.is_ledger());
        let phone = Options { keep: vec!["手机".to_owned()], ..Options::default() };
        assert!(Header::of_names(["手机"].into_iter(), &phone).columns[0].mapped().kept);
    }

    #[test]
    fn every_column_has_a_header_and_a_name_of_its_own() {
        let options = Options { keep: vec!["*".to_owned()], ..Options::default() };
        let top = rows(&[
            &["信用代码", "楼", "楼", "楼 (2)", "\u{200b}", "甲/楼", "甲", ""],
            &["", "", "", "", "", "", "楼", "楼"],
        ]);
        let header = Header::best(&top, &options, |header| header.height == 2).unwrap();
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
            Header::of_names(["单位", "单位名称", "统一社会信用代码", "信用代码"].into_iter(), &Options::default());
        let found: Vec<_> = header.columns.iter().map(|c| c.mapped().column).collect();
        assert_eq!(found, [None, Some("name".to_owned()), Some("org_id".to_owned()), None]);
        let table = Header::of_names(["worker_id", "role", "org_id", "from", "to"].into_iter(), &Options::default());
        assert!(!table.is_ledger());
    }

    #[test]
    fn headers_that_stand_twice_are_told_apart() {
        let names = ["org_id", "单位名称", "备注", "备 注", "联系人/电话", "指导员/电话", "备注"];
        let columns = |options: &Options| {
            let header = Header::of_names(names.into_iter(), options);
            header.columns.iter().map(|c| (c.header(), c.mapped().column)).collect::<Vec<_>>()
        };
        let all = columns(&Options { keep: vec!["*".to_owned()], ..Options::default() });
        let column = |at: usize| (all[at].0.as_str(), all[at].1.as_deref());
        assert_eq!(column(2), ("备注", Some("备注")));
        assert_eq!(column(3), ("备 注 (2)", Some("备注 (2)")));
        assert_eq!(column(6), ("备注 (3)", Some("备注 (3)")));
        assert_eq!((column(4).1, column(5).1), (None, None), "personal columns are kept only by name");
        let one = columns(&Options {
            columns: vec![("备注 (2)".to_owned(), "remark".to_owned())],
            keep: vec!["备注（3）".to_owned()],
            ..Options::default()
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
            let options = Options { keep: keep.iter().map(own).collect(), columns, ..Options::default() };
            let header = Header::find(&top, &options).unwrap();
            header.columns.iter().map(Heading::mapped).collect::<Vec<_>>()
        };
        let kept = |columns: Vec<Mapped>| columns.into_iter().filter(|c| c.kept).map(|c| c.index).collect::<Vec<_>>();
        assert_eq!(kept(find(&["联系电话"], &[])), [3]);
        assert_eq!(kept(find(&["指导员/联系电话"], &[])), [5]);
        assert_eq!(kept(find(&["*"], &[])), [0; 0]);
        let marked = find(&[], &[("抱团建", "mode=联建")]);
        assert_eq!((marked[7].column.as_deref(), marked[7].value.as_deref()), (Some("mode"), Some("joint")));
    }
}
