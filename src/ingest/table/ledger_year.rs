//! The year of a table: what its title, its sheet and its file say, and which of them counts.
//!
//! What speaks most directly of the ledger's year comes first: a year in the title (`2013年度…台账`), the name of the
//! sheet, the name of the file, a date in the title (`截至2013年12月31日`), and last a date in the name of a file, which
//! may be that of its publication.

use super::YearSource;
use super::location::{TableLocation, file_name};
use crate::error::{Error, Result};
use crate::ingest::cell::year;
use crate::ingest::header::Header;
use crate::ingest::problem::{Code, Problem};
use crate::ingest::{ReadOptions, Source, YearFrom};
use crate::schema::Type;

/// The year of a table, its origin, and what else names a year.
#[derive(Clone, Debug)]
pub(crate) struct LedgerYear {
    pub source: YearSource,
    pub from: YearFrom,
    /// Years named elsewhere, to be compared with those of the rows.
    pub others: Vec<(i16, YearFrom)>,
}

impl LedgerYear {
    /// Returns the year of rows under a heading of `year`, unless the caller gave one or each row has its own.
    pub(crate) fn under(year: i16, header: &Header, options: &ReadOptions) -> Self {
        if let Some(given) = options.year {
            let others = if given == year { Vec::new() } else { vec![(year, YearFrom::Title)] };
            return Self { source: YearSource::Fixed(given), from: YearFrom::Argument, others };
        }
        let column = header.column(Type::Year).map(|column| (YearSource::Column(column), YearFrom::Column));
        let (source, from) = column.unwrap_or((YearSource::Fixed(year), YearFrom::Title));
        Self { source, from, others: Vec::new() }
    }
}

/// A year that a name or a title gives.
#[derive(Clone, Copy)]
struct Claim {
    year: i16,
    from: YearFrom,
    /// True for a date, which need not lie in the year of the ledger.
    is_date: bool,
}

/// Returns what names and title say about the year, the most direct first.
fn claims(location: &TableLocation<'_>, titles: &[Vec<String>]) -> Vec<Claim> {
    let strong = |text: &str, from| year::of_ledger(text).map(|year| Claim { year, from, is_date: false });
    let date = |text: &str, from| year::in_name(text).map(|year| Claim { year, from, is_date: true });
    let mut stated = titles.iter().flatten().filter_map(|text| strong(text, YearFrom::Title));
    // Several years in the titles say nothing.
    let title = stated.next().filter(|first| stated.all(|other| other.year == first.year));
    let (sheet, file) = (location.sheet.unwrap_or_default(), file_name(location.path));
    [
        title,
        strong(sheet, YearFrom::SheetName),
        strong(&file, YearFrom::FileName),
        date(&titles.concat().join(" "), YearFrom::Title),
        date(sheet, YearFrom::SheetName),
        date(&file, YearFrom::FileName),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the year of a table under these titles.
pub(crate) fn year_of(
    location: &TableLocation<'_>,
    header: &Header,
    titles: &[Vec<String>],
    options: &ReadOptions,
) -> Result<LedgerYear> {
    let claims = claims(location, titles);
    // Ledgers are dated and sent in until well into the next year.
    let others = |year: Option<i16>| {
        let differs = |claim: &&Claim| match year {
            Some(year) if claim.is_date => claim.year != year && claim.year != year + 1,
            Some(year) => claim.year != year,
            None => !claim.is_date,
        };
        claims.iter().filter(differs).map(|claim| (claim.year, claim.from)).collect::<Vec<_>>()
    };
    let fixed = |year, from| LedgerYear { source: YearSource::Fixed(year), from, others: others(Some(year)) };
    if let Some(year) = options.year {
        return Ok(fixed(year, YearFrom::Argument));
    }
    if let Some(column) = header.column(Type::Year) {
        return Ok(LedgerYear { source: YearSource::Column(column), from: YearFrom::Column, others: others(None) });
    }
    claims.first().map(|claim| fixed(claim.year, claim.from)).ok_or_else(|| unknown(location))
}

/// Returns the problem of a table whose rows are of one year while a name or title gives another.
pub(crate) fn disagreement(source: &Source, others: &[(i16, YearFrom)]) -> Option<Problem> {
    let [year] = *source.years.as_slice() else { return None };
    let (other, from) = others.iter().find(|(other, _)| *other != year)?;
    Some(Problem {
        file: source.file.clone(),
        sheet: source.sheet.clone(),
        row: source.first_row,
        line: None,
        column: Some("year".to_owned()),
        header: None,
        value: format!("{year} ({}) ≠ {other} ({})", source.year_from.name(), from.name()),
        code: Code::YearDisagrees,
        year: Some(year),
    })
}

fn unknown(location: &TableLocation<'_>) -> Error {
    location.add_to(Error::of_file(
        location.path,
        "看不出是哪一年的台账：没有年度列，文件名、表名和标题中也没有唯一的年份。请用 year 指定，或在文件名中写上年份",
        "the year is not known: there is no column of years, and the names of file and sheet and the title do not contain exactly one year. Give it as year, or put it in the file name",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn year(file: &str, sheet: Option<&str>, title: &str) -> Option<(i16, YearFrom, Vec<i16>)> {
        let location = TableLocation { path: Path::new(file), name: file, sheet, encoding: None };
        let options = ReadOptions::default();
        let header = Header::of_names(["单位名称", "统一社会信用代码"].into_iter(), &options);
        let found = year_of(&location, &header, &[vec![title.to_owned()]], &options).ok()?;
        match found.source {
            YearSource::Fixed(year) => Some((year, found.from, found.others.iter().map(|other| other.0).collect())),
            YearSource::Column(_) => None,
        }
    }

    #[test]
    fn what_speaks_most_directly_counts() {
        use YearFrom::{FileName, SheetName, Title};
        for (file, sheet, title, expected) in [
            ("两新台账20140115.xlsx", None, "示例县两新组织党建台账（2013年度）", (2013, Title, vec![])),
            ("台账2013.xlsx", Some("企业"), "统计截止日期：2014年1月15日", (2013, FileName, vec![])),
            ("台账2013.xlsx", Some("企业"), "统计截止日期：2011年1月15日", (2013, FileName, vec![2011])),
            ("台账2013.xlsx", Some("2012年"), "某旗台账", (2012, SheetName, vec![2013])),
            ("台账2014.xlsx", None, "2013年度台账", (2013, Title, vec![2014])),
            ("台账2013.xlsx", None, "2012—2013年对照", (2013, FileName, vec![])),
            ("名单20140115.xlsx", None, "名单", (2014, FileName, vec![])),
            ("名单.xlsx", None, "截至2013年12月31日", (2013, Title, vec![])),
        ] {
            assert_eq!(year(file, sheet, title), Some(expected), "{file} {title}");
        }
        assert_eq!(year("名单.xlsx", None, "名单"), None);
    }
}
