//! Where the header of a sheet is, and what its columns mean.
//!
//! A header has one to three rows somewhere below titles. A cell of an upper row that is empty continues the group to
//! its left where the rows below show that it does, which is how merged cells look and how offices write that do not
//! merge. The texts from top to bottom are a column's header, joined with `/`.

use std::collections::{HashMap, HashSet};

use super::naming::{factor, group, is_of_another, named, not_read};
use super::{Mapped, Options, Status};
use crate::schema::words::{Words, plain};
use crate::schema::{self, Column, PERSONAL_HEADERS, Type};

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
}

/// One column of a header.
#[derive(Debug)]
pub(super) struct Heading {
    pub index: usize,
    /// Its texts from top to bottom, as written.
    pub parts: Vec<String>,
    pub meaning: Meaning,
}

/// What a column holds.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// A column of the schema; money in units of `factor` yuan. The smaller the rank, the more it is meant.
    Column { column: &'static Column, factor: f64, rank: usize },
    /// A column of a one-hot group: a mark here is this word of the column, or none of its words.
    Mark { column: &'static Column, words: &'static Words, word: Option<usize> },
    /// A column of the user's own.
    Own(String),
    /// Known not to be read, about a person, or not known.
    Not(Status),
}

impl Heading {
    /// The header as written, its parts joined.
    pub(super) fn header(&self) -> String {
        self.parts.join("/")
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
            Meaning::Own(name) => (Some(name.clone()), None, self.plain_status()),
            Meaning::Not(status) => (None, None, *status),
        };
        Mapped {
            index: self.index,
            header: self.header(),
            column,
            value,
            status,
            kept: matches!(self.meaning, Meaning::Own(_)),
        }
    }

    /// What the header means without anyone's wishes: personal, to be ignored or not known.
    fn plain_status(&self) -> Status {
        not_read(&self.parts)
    }
}

impl Header {
    /// The header among the first rows of a sheet: the rows in which most columns are known, an organisation's code
    /// and one more at least.
    pub(super) fn find(top: &[Vec<String>], options: &Options) -> Option<Self> {
        // Of equals the lower one: a title above the header must not look like a group over all of it.
        let better = |known: usize, height: usize, best: Option<&(usize, Self)>| {
            best.is_none_or(|(most, best)| known > *most || (known == *most && height < best.height))
        };
        let mut best: Option<(usize, Self)> = None;
        for first in 0..top.len() {
            for height in 1..=TALLEST.min(top.len() - first) {
                let columns = meanings(parts(top.get(first..first + height)?), options);
                let known = columns.iter().filter(|c| is_known(&c.meaning)).count();
                let found = Self { first, height, columns };
                if found.is_ledger() && better(known, height, best.as_ref()) {
                    best = Some((known, found));
                }
            }
        }
        best.map(|(_, header)| header)
    }

    /// The header of a table whose columns have one name each.
    pub(super) fn of_names<'a>(names: impl Iterator<Item = &'a str>, options: &Options) -> Self {
        let columns = names.enumerate().map(|(index, name)| (index, vec![name.to_owned()]));
        Self { first: 0, height: 1, columns: meanings(columns.collect(), options) }
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
        let about = |m: &Meaning| is_known(m) && !is_id(m) && !is_year(m);
        self.columns.iter().any(|c| is_id(&c.meaning)) && self.columns.iter().any(|c| about(&c.meaning))
    }
}

fn is_known(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Column { .. } | Meaning::Own(_) => true,
        Meaning::Mark { word, .. } => word.is_some(),
        Meaning::Not(_) => false,
    }
}

/// The texts of each column, from top to bottom.
fn parts(rows: &[Vec<String>]) -> Vec<(usize, Vec<String>)> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let text = |row: usize, column: usize| {
        let text = rows.get(row).and_then(|r| r.get(column)).map_or("", String::as_str);
        (!text.trim().is_empty()).then_some(text)
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

/// What each column means. A column of the schema that two headers could mean belongs to the one that says it better,
/// else to the first.
fn meanings(columns: Vec<(usize, Vec<String>)>, options: &Options) -> Vec<Heading> {
    let mut headings: Vec<Heading> =
        columns.into_iter().map(|(index, parts)| Heading { index, meaning: meaning(&parts, options), parts }).collect();
    number_as_code(&mut headings);
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
    let mut own: Vec<String> = Vec::new();
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
                if own.contains(name) || schema::column(name).is_some() {
                    *name = heading.parts.join("/");
                }
                own.push(name.clone());
            }
            _ => {}
        }
    }
    headings
}

/// Ledgers of the years before the code have registration numbers and nothing else: there the number is the code.
fn number_as_code(headings: &mut [Heading]) {
    let is = |meaning: &Meaning, name: &str| matches!(meaning, Meaning::Column { column, .. } if column.name == name);
    if headings.iter().any(|h| is(&h.meaning, "org_id")) {
        return;
    }
    // A number called the former one (原…) stands beside another that is not there, or not known.
    let number = |h: &&mut Heading| is(&h.meaning, "former_org_id") && plain(h.leaf()).ends_with("注册号");
    let own = headings.iter_mut().filter(number).find(|h| !plain(h.leaf()).starts_with('原'));
    if let (Some(heading), Some(column)) = (own, schema::column("org_id")) {
        heading.meaning = Meaning::Column { column, factor: 1.0, rank: 1 };
    }
}

fn meaning(parts: &[String], options: &Options) -> Meaning {
    let Some(leaf) = parts.last() else {
        return Meaning::Not(Status::Unknown);
    };
    let is_wished = |wish: &str| is_header(parts, wish);
    if let Some((_, name)) = options.columns.iter().find(|(header, _)| is_wished(header)) {
        return match schema::column(name) {
            Some(column) => Meaning::Column { column, factor: factor(leaf), rank: 0 },
            None => Meaning::Own(name.clone()),
        };
    }
    if options.keep.iter().any(|header| is_wished(header)) {
        return Meaning::Own(plain(leaf).into_owned());
    }
    let group = parts.len().checked_sub(2).and_then(|at| group(parts.get(at)?));
    let mark = group.and_then(|(column, words)| Some((column, words, words.find(leaf)?)));
    if let Some((column, words, word)) = mark {
        return Meaning::Mark { column, words, word: Some(word) };
    }
    let status = not_read(parts);
    if status == Status::Personal && PERSONAL_HEADERS.contains(&&*plain(leaf)) {
        return Meaning::Not(status);
    }
    if let Some((column, rank)) = named(leaf) {
        if column.name == "former_name" && is_of_another(parts) {
            return Meaning::Not(Status::Personal);
        }
        return Meaning::Column { column, factor: factor(leaf), rank: rank + 1 };
    }
    if status == Status::Unknown
        && let Some((column, words)) = group
    {
        return Meaning::Mark { column, words, word: None };
    }
    if status != Status::Personal && options.keep.iter().any(|header| header == "*") {
        return Meaning::Own(plain(leaf).into_owned());
    }
    Meaning::Not(status)
}

/// Whether the user means this column by `wish`: all of its header or the lowest part.
pub(super) fn is_header(parts: &[String], wish: &str) -> bool {
    let wish = plain(wish);
    parts.last().is_some_and(|leaf| plain(leaf) == wish) || plain(&parts.join("/")) == wish
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
    fn former_names_are_those_of_organisations() {
        let top = rows(&[
            &["单位名称", "曾用名", "社会信用代码", "党组织书记", "", "党组织", ""],
            &["", "", "", "来源", "曾用名", "类别", "曾用名"],
        ]);
        let header = Header::find(&top, &Options::default()).unwrap();
        let former: Vec<_> = header.columns.iter().filter(|c| c.leaf() == "曾用名").map(Heading::mapped).collect();
        assert_eq!(former[0].column.as_deref(), Some("former_name"));
        assert!(former[1..].iter().all(|c| c.column.is_none() && c.status == Status::Personal));
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
    fn the_better_of_two_headers_for_a_column_is_taken() {
        let header =
            Header::of_names(["单位", "单位名称", "统一社会信用代码", "信用代码"].into_iter(), &Options::default());
        let found: Vec<_> = header.columns.iter().map(|c| c.mapped().column).collect();
        assert_eq!(found, [None, Some("name".to_owned()), Some("org_id".to_owned()), None]);
        let numbers = |names: &[&'static str]| {
            let header = Header::of_names(names.iter().copied(), &Options::default());
            header.columns.iter().map(|c| c.mapped().column.unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&["单位名称", "工商注册号"]), ["name", "org_id"]);
        assert_eq!(numbers(&["单位名称", "工商注册号", "组织机构代码"]), ["name", "former_org_id", "org_id"]);
        assert_eq!(numbers(&["单位名称", "原注册号"]), ["name", "former_org_id"]);
        let table = Header::of_names(["worker_id", "role", "org_id", "from", "to"].into_iter(), &Options::default());
        assert!(!table.is_ledger());
    }
}
