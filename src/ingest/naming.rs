//! What one header text means by itself: a column of the schema, a unit, something about a person, something known.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Status;
use crate::schema::words::{self, Words, plain};
use crate::schema::{COLUMNS, Column, IGNORED_HEADERS, PERSONAL_HEADERS};

/// Fragments of headers of columns about natural persons.
const PERSONAL_FRAGMENTS: [&str; 14] = [
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
    "phone",
    "mobile",
    "email",
    "id_card",
];

/// Why a column that is none of the schema is not read.
pub(super) fn not_read(parts: &[String]) -> Status {
    let plain_parts = || parts.iter().map(|p| plain(p));
    let leaf = parts.last().map_or_else(Default::default, |leaf| plain(leaf));
    if IGNORED_HEADERS.contains(&&*leaf) || IGNORED_HEADERS.contains(&strip_unit(&leaf)) {
        return Status::Ignored;
    }
    let fragment = |p: &str| PERSONAL_FRAGMENTS.iter().any(|f| p.to_ascii_lowercase().contains(f));
    if plain_parts().any(|p| PERSONAL_HEADERS.contains(&&*p) || fragment(&p)) {
        return Status::Personal;
    }
    Status::Unknown
}

/// Whether a column stands under a heading of a person or of the party organisation, so that a name in it is not the
/// organisation's.
pub(super) fn is_of_another(parts: &[String]) -> bool {
    let above = parts.split_last().map_or(&[][..], |(_, above)| above);
    above.iter().any(|part| ["书记", "党组织", "党员", "人"].iter().any(|word| plain(part).contains(word)))
}

/// The columns of the schema by the names under which ledgers carry them, and how far down the list of aliases.
static NAMES: LazyLock<HashMap<String, (&'static Column, usize)>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    let spellings = |c: &'static Column| [c.name, c.zh].into_iter().chain(c.aliases.iter().copied()).enumerate();
    // Names in full first: without their units two could become the same.
    for strip in [false, true] {
        for column in COLUMNS {
            for (rank, spelling) in spellings(column) {
                let spelling = plain(spelling);
                let key = if strip { strip_unit(&spelling) } else { &spelling };
                names.entry(key.to_ascii_lowercase()).or_insert((column, rank));
            }
        }
    }
    names
});

pub(super) fn named(header: &str) -> Option<(&'static Column, usize)> {
    let header = plain(header).to_ascii_lowercase();
    NAMES.get(&header).or_else(|| NAMES.get(strip_unit(&header))).copied()
}

/// The column whose words stand side by side under the group header `header`.
pub(super) fn group(header: &str) -> Option<(&'static Column, &'static Words)> {
    let (column, _) = named(header)?;
    Some((column, words::of(column.name)?))
}

/// The unit in brackets at the end of a header, with how many of the smaller unit it is.
fn unit(header: &str) -> Option<(&str, f64)> {
    let (name, unit) = header.strip_suffix(')')?.rsplit_once('(')?;
    let factor = match unit.strip_prefix("单位:").unwrap_or(unit) {
        "元" | "人" | "名" | "个" | "家" | "户" | "次" | "件" | "分" | "平方米" | "㎡" | "m2" | "m²" => {
            1.0
        }
        "千元" => 1e3,
        "万元" => 1e4,
        "亿元" => 1e8,
        _ => return None,
    };
    Some((name, factor))
}

fn strip_unit(header: &str) -> &str {
    unit(header).map_or(header, |(name, _)| name)
}

pub(super) fn factor(header: &str) -> f64 {
    unit(&plain(header)).map_or(1.0, |(_, factor)| factor)
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(named(header).map(|(c, _)| c.name), Some(column), "{header}");
        }
        assert!(named("从业人员（万人）").is_none());
        assert_eq!(
            ["(元)", "（万元）", "(单位：千元)", ""].map(|u| factor(&format!("经费{u}")) as u32),
            [1, 10_000, 1000, 1]
        );
        let status = |header: &str| not_read(&[header.to_owned()]);
        assert_eq!(status("指导员联系电话"), Status::Personal);
        assert_eq!(status("党组织书记手机号"), Status::Personal);
        assert_eq!(status("年营业收入（万元）"), Status::Ignored);
        assert_eq!(status("楼栋"), Status::Unknown);
    }
}
