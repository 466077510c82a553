//! Meaning of a single header text: a column of the schema, a unit, something about a person, or a known header that
//! is not read.

use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::family;
use super::unit::strip_unit;
use crate::ingest::ColumnStatus;
use crate::schema::spelling::{folded, undecorated};
use crate::schema::words::Words;
use crate::schema::{COLUMNS, Dictionaries, IGNORED_HEADERS, PERSONAL_HEADERS, SchemaColumn, Type};

/// Fragments that occur in headers of columns about natural persons.
const PERSONAL_FRAGMENTS: [&str; 18] = [
    "姓名",
    "电话",
    "手机",
    "身份证",
    "身份号码",
    "联系方式",
    "联系人",
    "出生",
    "住址",
    "邮箱",
    "电子邮件",
    "微信",
    "phone",
    "mobile",
    "mail",
    "id_card",
    "birth_date",
    "date_of_birth",
];

static IGNORED: LazyLock<FxHashSet<String>> = LazyLock::new(|| keys(IGNORED_HEADERS));
static PERSONAL: LazyLock<FxHashSet<String>> = LazyLock::new(|| keys(PERSONAL_HEADERS));

fn keys(headers: &[&str]) -> FxHashSet<String> {
    let plain = headers.iter().map(|header| folded(header).into_owned());
    plain.flat_map(|header| [strip_unit(&header).to_owned(), header]).collect()
}

/// Returns the forms in which a header is looked up, from the full text to the text without list number, footnote
/// mark and unit.
fn forms(folded: &str) -> [&str; 4] {
    let bare = undecorated(folded);
    [folded, strip_unit(folded), bare, undecorated(strip_unit(bare))]
}

/// Returns why a column that is not in the schema is not read.
pub(crate) fn not_read(parts: &[String]) -> ColumnStatus {
    let leaf = parts.last().map_or_else(Default::default, |leaf| folded(leaf));
    if is_listed(&leaf, &IGNORED) {
        return ColumnStatus::Ignored;
    }
    let is_personal = |folded: &str| {
        is_listed(folded, &PERSONAL) || PERSONAL_FRAGMENTS.iter().any(|fragment| folded.contains(fragment))
    };
    let group = parts.split_last().map_or(&[][..], |(_, group)| group);
    if is_personal(&leaf) || group.iter().any(|part| is_personal(&folded(part))) {
        return ColumnStatus::Personal;
    }
    ColumnStatus::Unknown
}

fn is_listed(folded: &str, list: &FxHashSet<String>) -> bool {
    forms(folded).iter().any(|form| list.contains(*form))
}

/// Checks whether a column with this header is about a person.
pub(crate) fn is_personal(header: &str) -> bool {
    not_read(&[header.to_owned()]) == ColumnStatus::Personal
}

/// Checks whether the schema lists exactly this header as personal.
pub(crate) fn is_listed_as_personal(header: &str) -> bool {
    is_listed(&folded(header), &PERSONAL)
}

/// Checks whether a column is under a heading of a person or of the party organisation, so that a name in it is not
/// the organisation's.
pub(crate) fn is_of_another(parts: &[String]) -> bool {
    let above = parts.split_last().map_or(&[][..], |(_, above)| above);
    above.iter().any(|part| ["书记", "党组织", "党员", "人"].iter().any(|word| folded(part).contains(word)))
}

/// Checks whether a header is that of registration numbers (注册号). A former number (原…) accompanies a current one,
/// which may be missing or unknown.
pub(crate) fn is_registration_number(header: &str) -> bool {
    let header = folded(header);
    let bare = undecorated(&header);
    bare.ends_with("注册号") && !bare.starts_with('原')
}

/// Checks whether a header is that of organisation codes.
pub(crate) fn is_code(header: &str) -> bool {
    named(header).is_some_and(|(column, _)| column.ty == Type::Id)
}

/// Columns of the schema by the names used in ledgers, with the rank of the name among the aliases.
static NAMES: LazyLock<FxHashMap<String, (&'static SchemaColumn, usize)>> = LazyLock::new(|| {
    let mut names = FxHashMap::default();
    let spellings = |c: &'static SchemaColumn| [c.name, c.zh].into_iter().chain(c.aliases.iter().copied()).enumerate();
    // Full names first: without units, two names could become equal.
    for strip in [false, true] {
        for column in COLUMNS {
            for (rank, spelling) in spellings(column) {
                let spelling = folded(spelling);
                let key = if strip { strip_unit(&spelling) } else { &spelling };
                names.entry(key.to_owned()).or_insert((column, rank));
            }
        }
    }
    names
});

/// Rank of a name that is not listed and belongs to a family.
const FAMILY: usize = 100;

/// Returns the column of the schema that a header names, with the rank of the name among its names.
pub(crate) fn named(header: &str) -> Option<(&'static SchemaColumn, usize)> {
    let folded = folded(header);
    let listed = forms(&folded).iter().find_map(|form| NAMES.get(*form)).copied();
    listed.or_else(|| {
        if is_listed(&folded, &IGNORED) || is_listed(&folded, &PERSONAL) {
            return None;
        }
        let bare = family::bare(&folded);
        let without_remark = || NAMES.get(bare).map(|(column, _)| *column);
        family::column(bare).or_else(without_remark).map(|column| (column, FAMILY))
    })
}

/// Returns the column whose words are side by side under the group header `header`.
pub(crate) fn group(header: &str, words: &Dictionaries) -> Option<(&'static SchemaColumn, Arc<Words>)> {
    let (column, _) = named(header)?;
    Some((column, words.of(column.name)?))
}

#[cfg(test)]
mod tests {
    use super::super::unit::factor;
    use super::*;

    #[test]
    fn headers_in_the_spellings_of_offices() {
        for (header, column) in [
            ("单位名称（全称）", "name"),
            ("信用\n代码", "org_id"),
            ("从业人员（人）", "employees"),
            ("ORG_ID", "org_id"),
            ("党组织活动经费（万元）", "funds"),
            ("党建工作经费(单位：千元)", "funds"),
            ("公会", "union"),
            ("1.单位名称", "name"),
            ("2、统一社会信用代码*", "org_id"),
            ("（3）从业人员（人）①", "employees"),
            ("党组织活动经费【万元】", "funds"),
            ("单位名称〔全称〕：", "name"),
            ("正式党员注1", "members_full"),
        ] {
            assert_eq!(named(header).map(|(c, _)| c.name), Some(column), "{header}");
        }
        assert!(named("从业人员（万人）").is_none());
        assert_eq!(
            ["(元)", "（万元）", "(单位：千元)", "", "【万元】*"].map(|u| factor(&format!("经费{u}")) as u32),
            [1, 10_000, 1000, 1, 10_000]
        );
        let status = |header: &str| not_read(&[header.to_owned()]);
        assert_eq!(status("指导员联系电话"), ColumnStatus::Personal);
        assert_eq!(status("党组织书记手机号"), ColumnStatus::Personal);
        assert_eq!(status("年营业收入（万元）"), ColumnStatus::Ignored);
        assert_eq!(status("3.备注"), ColumnStatus::Ignored);
        assert_eq!(status("4、联系电话*"), ColumnStatus::Personal);
        assert_eq!(status("问题"), ColumnStatus::Ignored, "what a ledger is returned with");
        for header in [
            "法人代表",
            "法定代表人",
            "法人代表：",
            "负责人姓名",
            "单位负责人*",
            "出资人",
            "党组织书记",
            "身份证",
            "法人身份证号",
            "出生日期",
            "书记出生年月",
            "手 机",
            "联系电话",
            "电子邮箱",
            "E-mail",
            "Legal_Representative",
        ] {
            assert_eq!(status(header), ColumnStatus::Personal, "{header}");
        }
        for header in ["楼栋", "法人单位", "负责人是否是党员", "经营范围", "contract_id", "党组织书记选举方式"]
        {
            assert_eq!(status(header), ColumnStatus::Unknown, "{header}");
        }
    }
}
