//! Proposals for unknown headers that nearly match known ones. A proposal is shown and never applied.

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::heading::Heading;
use super::naming::is_personal;
use super::overrides::Overrides;
use super::unit::strip_unit;
use super::{Header, Meaning};
use crate::ingest::ReadOptions;
use crate::ingest::{ColumnStatus, Proposal};
use crate::lang::Text;
use crate::schema::spelling::{folded, undecorated};
use crate::schema::words::Words;
use crate::schema::{COLUMNS, IGNORED_HEADERS, PERSONAL_HEADERS, SchemaColumn};
use crate::standards;
use crate::standards::person::masked;
use crate::support::similarity::{distance, signs, similarity, similarity_at_most};

/// Minimum similarity for proposing a header. One character of five changed (0.8) is usually a typo; one of four, or
/// two of seven, is as often another word: 企业代码 and 行业代码, 党组织换届时间 and 党组织组建时间.
const HEADERS: f64 = 0.8;
/// Minimum similarity for proposing a word within a group of columns: there are few candidates, and most have four
/// characters (联合组健).
const WORDS: f64 = 0.75;
/// Minimum lead over the best candidate of another meaning: a typo between 专职 and 兼职 decides nothing.
const MARGIN: f64 = 0.1;
/// Minimum length of a header; shorter ones say too little: 工会 and 公司 share half their characters.
const SHORTEST: usize = 4;
/// Maximum length of a header; longer texts are sentences.
const LONGEST: usize = 40;
/// Maximum number of columns inspected per sheet; wider sheets are not ledgers.
const MOST: usize = 256;

/// Characters that negate or narrow a meaning (未建, 专职, 预备, 申报, 上年, 女职工, 季度, 新增, 人均, 35岁以下). Two headers of which only
/// one has such a character differ in meaning, however similar they look.
const TURNING: &str = "未非不无没专兼正副预备申拟初自复终上下前后内外新旧老男女入退离曾原去今往应已首末历季月周均增减累欠余支收借一二三四五六七八九十百千万0123456789";

/// A known header.
struct KnownHeader {
    key: String,
    signs: Vec<char>,
    written: &'static str,
    /// `None` for a header that is not read.
    column: Option<&'static SchemaColumn>,
}

static KNOWN: LazyLock<Vec<KnownHeader>> = LazyLock::new(|| {
    let of = |written: &'static str, column| {
        let key = key(written);
        KnownHeader { signs: signs(&key), key, written, column }
    };
    let columns = COLUMNS
        .iter()
        .flat_map(|c| [c.name, c.zh].into_iter().chain(c.aliases.iter().copied()).map(move |w| of(w, Some(c))));
    columns.chain(IGNORED_HEADERS.iter().chain(PERSONAL_HEADERS).map(|w| of(w, None))).collect()
});

/// Returns a header as it is compared here: without unit, list number and brackets.
fn key(header: &str) -> String {
    let header = folded(header);
    undecorated(strip_unit(undecorated(&header))).chars().filter(|c| !matches!(c, '(' | ')' | '/' | '、')).collect()
}

fn is_of_length(key: &str) -> bool {
    (SHORTEST..=LONGEST).contains(&key.chars().count())
}

/// Checks whether exactly one of two texts has a character that changes the meaning.
fn is_turned(a: &str, b: &str) -> bool {
    let count = |text: &str, sign: char| text.chars().filter(|c| *c == sign).count();
    TURNING.chars().any(|sign| count(a, sign) != count(b, sign))
}

/// Returns the best of `known` (meaning, key, spelling) with its similarity, if it is good enough.
fn best<'a, M: PartialEq>(
    key: &str,
    known: impl Iterator<Item = (M, &'a str, &'a str)>,
    least: f64,
) -> Option<(M, &'a str, f64)> {
    let mut all: Vec<_> =
        known.map(|(meaning, other, written)| (meaning, other, written, similarity(key, other))).collect();
    all.sort_by(|a, b| b.3.total_cmp(&a.3));
    let mut all = all.into_iter();
    let (meaning, other, written, likeness) = all.next()?;
    // A rival such as 原统一社会信用代码 counts only if it is no further away: nobody drops 原 and makes a typo as well.
    let is_rival = |rival: &str| !is_turned(key, rival) || distance(key, rival) <= distance(key, other);
    let next = all.find(|(m, rival, ..)| *m != meaning && is_rival(rival)).map_or(0.0, |(.., next)| next);
    let is_clear = likeness >= least && likeness - next >= MARGIN && !is_turned(key, other);
    is_clear.then_some((meaning, written, likeness))
}

/// Returns the column that `header` resembles.
fn column_like(header: &str) -> Option<(&'static SchemaColumn, &'static str, f64)> {
    let key = key(header);
    if !is_of_length(&key) {
        return None;
    }
    // Anything less similar is neither proposed nor a rival.
    let (signs, least) = (signs(&key), HEADERS - MARGIN);
    let near = KNOWN.iter().filter(|k| similarity_at_most(&signs, &k.signs) >= least);
    let known = near.map(|k| (k.column.map(|c| c.name), k.key.as_str(), k.written));
    let (name, written, likeness) = best(&key, known, HEADERS)?;
    let column = COLUMNS.iter().find(|c| Some(c.name) == name)?;
    Some((column, written, likeness))
}

/// Returns the word that `header` resembles.
fn word_like(header: &str, words: &Words) -> Option<(usize, String, f64)> {
    let key = key(header);
    if !is_of_length(&key) {
        return None;
    }
    let known = words.spellings().map(|(spelling, at)| (at, spelling, spelling));
    best(&key, known, WORDS).map(|(at, written, likeness)| (at, written.to_owned(), likeness))
}

fn of_word(column: &'static SchemaColumn, words: &Words, header: &str) -> Option<Proposal> {
    let (at, like, similarity) = word_like(header, words)?;
    let value = words.ids().nth(at)?.to_owned();
    Some(Proposal { column: column.name, value: Some(value), like, similarity })
}

/// Proposes a word of a group whose header is misspelt: 组健方式/单独建立.
fn under_a_misspelt_group(heading: &Heading, header: &Header) -> Option<Proposal> {
    let above = heading.parts.len().checked_sub(2).and_then(|at| heading.parts.get(at))?;
    let (column, like, similarity) = column_like(above)?;
    let words = header.words.of(column.name)?;
    let value = words.ids().nth(words.find(heading.leaf())?)?.to_owned();
    Some(Proposal { column: column.name, value: Some(value), like: like.to_owned(), similarity })
}

/// Headers that say in another way what a column says that the sheet lacks, with that column.
const INSTEAD: [(&str, &str); 5] = [
    ("党组织名称", "party_org_id"),
    ("党组织全称", "party_org_id"),
    ("党支部名称", "party_org_id"),
    ("是否建立党组织", "mode"),
    ("是否成立党组织", "mode"),
];

/// Proposes columns that are not needed beside the one that they could stand for, where the sheet lacks that one.
fn fill_instead(header: &mut Header, taken: &[&str]) {
    let mut given: Vec<&str> = Vec::new();
    for heading in header.columns.iter_mut().filter(|heading| !heading.requested) {
        let key = key(heading.leaf());
        let Some((like, name)) = INSTEAD.iter().find(|(like, name)| *like == key && !taken.contains(name)) else {
            continue;
        };
        if matches!(heading.meaning, Meaning::Not(_)) {
            heading.meaning = Meaning::Not(ColumnStatus::Unknown);
            // Whether there is a party organisation says nothing about its form.
            let column = COLUMNS.iter().find(|column| column.name == *name && *name != "mode" && !given.contains(name));
            heading.proposal = column.map(|column| Proposal {
                column: column.name,
                value: None,
                like: (*like).to_owned(),
                similarity: 1.0,
            });
            given.extend(column.map(|column| column.name));
        }
    }
}

/// Adds proposals to the unknown columns of `header` that neither caller nor profile decided about. A column that the
/// sheet already has is not proposed again.
pub(crate) fn fill(header: &mut Header) {
    let read = |m: &Meaning| match m {
        Meaning::Column { column, .. } | Meaning::Mark { column, word: Some(_), .. } => Some(column.name),
        _ => None,
    };
    let taken: Vec<&str> = header.columns.iter().filter_map(|c| read(&c.meaning)).collect();
    fill_instead(header, &taken);
    let open = |c: &Heading| {
        !c.requested
            && c.proposal.is_none()
            && matches!(
                c.meaning,
                Meaning::Mark { word: None, .. } | Meaning::Not(ColumnStatus::Unknown) | Meaning::Own(_)
            )
    };
    let open: Vec<usize> = (0..header.columns.len()).filter(|at| open(&header.columns[*at])).take(MOST).collect();
    for at in open {
        let Some(heading) = header.columns.get(at) else { continue };
        let proposal = if let Meaning::Mark { column, words, .. } = &heading.meaning {
            of_word(column, words, heading.leaf())
        } else {
            let plain = |(column, like, similarity): (&SchemaColumn, &str, f64)| {
                let column = COLUMNS.iter().find(|c| c.name == column.name)?.name;
                Some(Proposal { column, value: None, like: like.to_owned(), similarity })
            };
            let here = column_like(heading.leaf()).and_then(plain);
            let here = here.or_else(|| under_a_misspelt_group(heading, header));
            here.filter(|p| !taken.contains(&p.column))
        };
        if let Some(heading) = header.columns.get_mut(at) {
            heading.proposal = proposal;
        }
    }
}

/// Maximum number of headers in a message.
const SHOWN: usize = 20;

/// Explains why a sheet with these first rows is not a ledger: it has no column of organisation codes. If some rows
/// look like a header, the message lists their texts and near misses.
pub(crate) fn no_code_column(top: &[Vec<String>], options: &ReadOptions) -> Text {
    let why = Text::new("没有单位代码列", "no column of organisation codes");
    let Some(header) = likeliest(top, options) else { return why };
    let mut headers: Vec<String> = header.columns.iter().map(|c| one_line(&masked(&c.header()))).collect();
    let more = headers.len().saturating_sub(SHOWN);
    headers.truncate(SHOWN);
    let (zh_more, en_more) = if more > 0 {
        (format!("等（另有 {more} 个）"), format!(" and {more} more"))
    } else {
        Default::default()
    };
    let near = near(&header);
    Text::new(
        format!("{}。看到的表头：{}{zh_more}{}", why.zh, headers.join("、"), near.zh),
        format!("{}. Headers found: {}{en_more}{}", why.en, headers.join(", "), near.en),
    )
}

/// Describes the near misses among these first rows and how to map them; empty if there are none.
pub(crate) fn near_misses(top: &[Vec<String>], options: &ReadOptions) -> Text {
    likeliest(top, options).map_or_else(|| Text::new("", ""), |header| near(&header))
}

/// Returns the rows that look most like a header: those with most known columns, else the first row with three texts
/// that has a proposal.
///
/// Rows of data are left out, for they may be about persons: those with a number or a day, and those below a row that
/// has as many texts and names a column about persons.
fn likeliest(top: &[Vec<String>], options: &ReadOptions) -> Option<Header> {
    const ROWS: usize = 10;
    let filled = |row: &Vec<String>| row.iter().filter(|text| !text.trim().is_empty()).count() > 2;
    let is_data = |row: &[String]| row.iter().any(|text| is_value(text));
    let of_persons = top.iter().position(|row| row.iter().any(|text| is_personal(text)) && !is_data(row));
    let last = of_persons.filter(|at| top.get(*at).is_some_and(filled)).map_or(top.len(), |at| at + 1);
    let blanked: Vec<Vec<String>> = (top.iter().take(last))
        .map(|row| if is_data(row) { vec![String::new(); row.len()] } else { row.clone() })
        .collect();
    let top = blanked.as_slice();
    let one = |row: &Vec<String>| Header::of_names(row.iter().map(String::as_str), options);
    let known = Header::best(top, Overrides::new(options), |_, _| true, |header| header.columns.len() > 2);
    let known = known.map(|mut header| {
        fill(&mut header);
        header
    });
    let proposes = |header: &Header| header.columns.iter().any(|c| c.proposal.is_some());
    known.or_else(|| top.iter().filter(|row| filled(row)).take(ROWS).map(one).find(proposes))
}

/// Checks whether a text is a value rather than a header: a number, a code, a day, the number of a person.
fn is_value(text: &str) -> bool {
    let text = standards::trim(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let signs = text.chars().filter(|c| !c.is_whitespace()).count();
    *masked(text) != *text || (digits > 0 && digits * 2 > signs)
}

fn near(header: &Header) -> Text {
    let (mut zh, mut en) = (String::new(), String::new());
    for (heading, proposal) in header.columns.iter().filter_map(|c| Some((c, c.proposal.as_ref()?))).take(SHOWN) {
        let (written, like) = (one_line(&heading.header()), &proposal.like);
        let to =
            proposal.value.as_ref().map_or_else(|| proposal.column.to_owned(), |v| format!("{}={v}", proposal.column));
        let _ = write!(zh, "。“{written}”是不是“{like}”？如是，请用 columns={{\"{written}\": \"{to}\"}} 指定");
        let _ = write!(en, ". Did you mean '{like}' by '{written}'? If so, say columns={{\"{written}\": \"{to}\"}}");
    }
    Text::new(zh, en)
}

fn one_line(header: &str) -> String {
    header.replace(['\n', '\r'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::header::naming::{group, named};

    fn proposed(header: &str) -> Option<(String, Option<String>)> {
        let header = Header::of_names([header].into_iter(), &ReadOptions::default());
        header.columns.into_iter().next()?.proposal.map(|p| (p.column.to_owned(), p.value))
    }

    /// Typical typos: a homophone, a character too many or too few, words in another order.
    #[test]
    fn slips_are_proposed() {
        for (header, column) in [
            ("党组织组健形式", "mode"),
            ("组建党组织形式", "mode"),
            ("党组织的组建形式", "mode"),
            ("正式党员(人)数额", "members_full"),
            ("统一社会信用代玛", "org_id"),
            ("活动场所使用面织（平方米）", "premises_m2"),
            ("本年度党组织活动经废（万元）", "funds"),
            ("党组织编号", "party_org_id"),
            ("employes", "employees"),
            ("member_full", "members_full"),
            ("orgid", "org_id"),
        ] {
            assert!(named(header).is_none(), "{header} is known");
            assert_eq!(proposed(header), Some((column.to_owned(), None)), "{header}");
        }
    }

    /// Headers that look alike and mean something else; the last ones are close to two known headers.
    #[test]
    fn false_friends_are_not_proposed() {
        for header in [
            "申请星级",
            "拟定星级",
            "自评星级",
            "上年评定星级",
            "申报的星级",
            "预备党员转正",
            "非正式党员",
            "女正式党员",
            "新增正式党员",
            "专兼职党务工作者",
            "谦职党务工作者",
            "党组织换届时间",
            "党组织撤销时间",
            "党组织副书记来源",
            "未从业人员",
            "企业代码",
            "35岁以下从业人员",
            "本季度党组织活动经费",
            "法人代表电活",
            "备注说明",
            "党组织全程",
            "楼栋",
            "联系电话",
            "申报星级",
            "评定星级",
        ] {
            assert_eq!(proposed(header), None, "{header}");
        }
    }

    /// Every known header with each character changed in turn: the proposal is always the original column.
    #[test]
    fn one_slip_never_leads_to_another_column() {
        let mut right = 0;
        for column in COLUMNS {
            for written in [column.zh].into_iter().chain(column.aliases.iter().copied()) {
                let signs: Vec<char> = written.chars().collect();
                for at in 0..signs.len() {
                    let slip: String = signs.iter().enumerate().map(|(i, c)| if i == at { '某' } else { *c }).collect();
                    if let Some((found, _)) = proposed(&slip).filter(|_| named(&slip).is_none()) {
                        assert_eq!(found, column.name, "{slip}");
                        right += 1;
                    }
                }
            }
        }
        assert!(right > 300, "{right}");
    }

    #[test]
    fn words_of_a_group_and_misspelt_groups() {
        let rows =
            |rows: &[&[&str]]| rows.iter().map(|r| r.iter().map(|&s| s.to_owned()).collect()).collect::<Vec<Vec<_>>>();
        let top = rows(&[
            &["信用代码", "单位名称", "组建方式", "", "", "", "未建党组织原困", ""],
            &["", "", "单独组建", "挂靠组建", "联合组健", "功能型", "没有党员", "其他"],
        ]);
        let mut header = Header::find(&top, &[], &ReadOptions::default()).unwrap();
        fill(&mut header);
        let proposals: Vec<_> =
            header.columns.iter().map(|c| c.proposal.as_ref().map(|p| (p.column, p.value.clone()))).collect();
        let word = |column, value: &str| Some((column, Some(value.to_owned())));
        let expected = [
            None,
            None,
            None,
            None,
            word("mode", "joint"),
            None,
            word("no_org_reason", "no_members"),
            word("no_org_reason", "other"),
        ];
        assert_eq!(proposals, expected);
        assert!(group("未建党组织原困", &header.words).is_none());
    }

    #[test]
    fn a_column_that_the_sheet_has_is_not_proposed_again() {
        let header = Header::of_names(["org_id", "正式党员", "正式党员总人数"].into_iter(), &ReadOptions::default());
        assert!(header.columns[2].proposal.is_none());
    }

    #[test]
    fn a_sheet_without_codes_tells_its_headers_and_what_they_may_mean() {
        let row = |texts: &[&str]| texts.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        let top = [row(&["某县台账"]), row(&["单位名称", "统一社会信用代玛", "从业人员"]), row(&["甲厂", "9", "3"])];
        let why = no_code_column(&top, &ReadOptions::default());
        for said in [
            "没有单位代码列",
            "从业人员",
            "“统一社会信用代玛”是不是“统一社会信用代码”",
            "{\"统一社会信用代玛\": \"org_id\"}",
        ] {
            assert!(why.zh.contains(said), "{}", why.zh);
        }
        assert!(why.en.contains("Did you mean '统一社会信用代码'"), "{}", why.en);
        let prose = [row(&["填表说明"]), row(&["一、本表由乡镇填报"])];
        assert_eq!(no_code_column(&prose, &ReadOptions::default()).zh, "没有单位代码列");
    }
}
