//! Families of headers: the same column under a name put together in another way. A count is written with any ending
//! (数, 人数, 总数), a name and a code with any word for the organisation before it, a year with what happened in it.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::unit::strip_unit;
use crate::schema;
use crate::schema::spelling::{folded, undecorated};
use crate::schema::{COLUMNS, IGNORED_HEADERS, SchemaColumn, Type};

/// Endings of a count, the longest first.
const COUNT_ENDINGS: [&str; 16] = [
    "总人数",
    "人员总数",
    "人员人数",
    "人员数量",
    "合计人数",
    "人数合计",
    "人数",
    "总数",
    "数量",
    "名数",
    "数目",
    "人员数",
    "合计",
    "数",
    "人",
    "名",
];
/// Words before a count that do not change what is counted.
const COUNT_BEGINNINGS: [&str; 8] = ["本单位", "本企业", "企业", "单位", "公司", "现有", "实有", "全部"];
/// Shortest name of what is counted.
const SHORTEST_STEM: usize = 2;

/// Words for an organisation that may precede 名称, 代码 and 注册号, several in a row.
const ORGANISATIONS: [&str; 36] = [
    "企业",
    "单位",
    "公司",
    "法人",
    "机构",
    "组织",
    "社会组织",
    "社会团体",
    "社团",
    "协会",
    "申报",
    "业户",
    "主体",
    "市场",
    "经营",
    "商户",
    "学校",
    "非公",
    "两新",
    "民营",
    "民办",
    "个体",
    "工商户",
    "登记",
    "注册",
    "会员",
    "纳税人",
    "行政相对人",
    "非企业",
    "及",
    "或",
    "(",
    ")",
    "/",
    "、",
    "实体",
];
/// Lists what happens in the year of a list.
const OF_YEAR: [&str; 20] = [
    "统计", "投保", "支持", "认定", "评定", "申报", "所属", "报告", "数据", "台账", "填报", "入选", "考核", "评级",
    "年检", "公示", "获评", "报表", "参保", "普查",
];
/// Names of the awarded stars.
const STARS: [&str; 8] =
    ["星级等级", "星级评定", "星级评定结果", "评定星级结果", "党组织星级", "现有星级", "星级情况", "最终星级"];

/// Counts by the name of what is counted, without an ending.
static COUNTS: LazyLock<FxHashMap<String, &'static SchemaColumn>> = LazyLock::new(|| {
    let mut counts = FxHashMap::default();
    let others = COLUMNS.iter().filter(|column| column.ty != Type::Count);
    let taken: Vec<String> = (others.flat_map(spellings).chain(IGNORED_HEADERS.iter().copied()))
        .map(|name| stem(strip_unit(&folded(name))).to_owned())
        .collect();
    for column in COLUMNS.iter().filter(|column| column.ty == Type::Count && column.unit == Some("人")) {
        for name in spellings(column) {
            let name = folded(name);
            let stem = stem(strip_unit(&name));
            if stem.chars().count() >= SHORTEST_STEM && !taken.iter().any(|other| other == stem) {
                counts.entry(stem.to_owned()).or_insert(column);
            }
        }
    }
    counts
});

fn spellings(column: &'static SchemaColumn) -> impl Iterator<Item = &'static str> {
    [column.zh].into_iter().chain(column.aliases.iter().copied())
}

/// Returns the name of what is counted: the header without the endings of a count.
fn stem(header: &str) -> &str {
    let mut stem = header;
    while let Some(shorter) = COUNT_ENDINGS.iter().find_map(|ending| stem.strip_suffix(ending)) {
        if shorter.chars().count() < SHORTEST_STEM {
            break;
        }
        stem = shorter;
    }
    stem
}

/// Returns a folded header without list number, unit, and a remark in brackets that says how to fill in the column.
pub(crate) fn bare(folded: &str) -> &str {
    without_remark(undecorated(strip_unit(undecorated(folded))))
}

/// Returns the column that a [`bare`] header names by its family. Headers that the schema lists are looked up before.
pub(crate) fn column(bare: &str) -> Option<&'static SchemaColumn> {
    let name = if is_code(bare) {
        "org_id"
    } else if is_registration_number(bare) {
        "former_org_id"
    } else if is_name(bare) {
        "name"
    } else if is_year(bare) {
        "year"
    } else if STARS.contains(&bare) {
        "star"
    } else {
        return count(bare);
    };
    schema::column(name)
}

fn count(bare: &str) -> Option<&'static SchemaColumn> {
    let has_ending = COUNT_ENDINGS.iter().any(|ending| bare.ends_with(ending));
    let find = |name: &str| COUNTS.get(stem(name)).copied();
    let without_beginning = || COUNT_BEGINNINGS.iter().find_map(|word| find(bare.strip_prefix(word)?));
    (find(bare).or_else(without_beginning)).filter(|_| has_ending || bare.chars().count() > 3)
}

/// Takes off a remark in brackets that says how to fill in the column, or between what to choose.
fn without_remark(header: &str) -> &str {
    const REMARKS: [&str; 18] = [
        "是", "有", "√", "必填", "选填", "全称", "规范", "下拉", "文本", "18位", "15位", "一致", "公章", "截至",
        "年末", "年底", "期末", "请",
    ];
    let inside = || header.strip_suffix(')')?.rsplit_once('(');
    match inside() {
        Some((name, remark))
            if !name.is_empty() && REMARKS.iter().any(|word| remark.starts_with(word) || remark.ends_with(word)) =>
        {
            name
        }
        _ => header,
    }
}

fn is_code(header: &str) -> bool {
    const TURNED: [&str; 8] = ["原", "曾", "党组织", "上级", "主管", "身份", "总公司", "母公司"];
    // A sentence about codes is no header.
    let is_sentence =
        header.chars().count() > 24 || header.contains(['，', ',', '。', '；', ';', '：', ':', '！', '？']);
    if is_sentence || TURNED.iter().any(|word| header.contains(word)) {
        return false;
    }
    let has = |words: &[&str]| words.iter().all(|word| header.contains(word));
    let of_code = ["代码", "代码证号", "代码号", "代码证", "信用码", "编码"].iter().any(|end| header.ends_with(end));
    (of_code && (has(&["信用"]) || has(&["统一", "社会"])))
        || (header.starts_with("统一社会信用代码") && header.chars().count() < 20)
        || ["代码", "编码"]
            .iter()
            .any(|end| header.strip_suffix(end).is_some_and(|rest| rest != "登记注册" && is_of_organisation(rest)))
}

fn is_registration_number(header: &str) -> bool {
    let of = header.strip_suffix("注册号").or_else(|| header.strip_suffix("注册登记号"));
    of.is_some_and(|rest| {
        let rest = ["工商", "营业", "执照", "证照"].iter().fold(rest.to_owned(), |rest, word| rest.replace(word, ""));
        rest.is_empty() || is_of_organisation(&rest)
    })
}

fn is_name(header: &str) -> bool {
    ["名称", "全称", "名称全称"].iter().any(|end| header.strip_suffix(end).is_some_and(is_of_organisation))
}

fn is_year(header: &str) -> bool {
    ["年度", "年份"].iter().any(|end| header.strip_suffix(end).is_some_and(|rest| OF_YEAR.contains(&rest)))
}

/// Checks whether a text is one or more words for an organisation and nothing else.
fn is_of_organisation(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let Some(shorter) =
            ORGANISATIONS.iter().filter_map(|word| rest.strip_prefix(word)).min_by_key(|rest| rest.len())
        else {
            return false;
        };
        rest = shorter;
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_put_together_in_another_way() {
        for (column, headers) in [
            (
                "org_id",
                &[
                    "社会统一信用代码",
                    "企业统一社会信用代码",
                    "单位统一社会信用代码",
                    "统一社会代码",
                    "统一信用代码",
                    "统一社会信用代码证号",
                    "统一社会信用代码/注册号",
                    "法人代码",
                    "企业代码",
                    "机构信用代码",
                    "统一社会信用代码（18位）",
                    "统一社会信用码",
                ][..],
            ),
            (
                "name",
                &[
                    "法人单位名称",
                    "公司名称",
                    "机构名称",
                    "业户名称",
                    "企业全称",
                    "市场主体名称",
                    "申报单位名称",
                    "社会团体名称",
                    "企业(单位)名称",
                    "单位名称（与公章一致）",
                    "行政相对人名称",
                    "非公企业名称",
                ],
            ),
            ("year", &["统计年份", "投保年度", "支持年份", "认定年度", "评定年份", "所属年度"]),
            ("star", &["星级等级", "星级评定结果"]),
            (
                "employees",
                &[
                    "从业人员人数",
                    "从业人员总数",
                    "员工数",
                    "职工数",
                    "职工总人数",
                    "企业员工总数",
                    "从业人员数量（名）",
                    "本企业从业人员数",
                    "企业职工人数",
                ],
            ),
            ("seconded_officers", &["挂职干部人数", "选派挂职干部人数", "挂职干部总数"]),
            ("staff_full_time", &["专职党务工作者数", "专职党务工作者总数", "专职党务工作者（名）"]),
            ("members_full", &["正式党员总数", "正式党员人数（人）", "正式党员名数"]),
            ("former_org_id", &["企业工商注册号", "营业执照工商注册号"]),
            ("above_scale", &["是否规模以上企业（是、否）", "是否规上（是/否）"]),
        ] {
            for header in headers {
                let found = super::super::naming::named(header).map(|(column, _)| column.name);
                assert_eq!(found, Some(column), "{header}");
            }
        }
    }

    #[test]
    fn another_thing_is_not_taken() {
        for header in [
            "党组织名称",
            "项目名称",
            "上级单位名称",
            "主管部门名称",
            "园区名称汇总",
            "原统一社会信用码",
            "法人身份证号",
            "女职工数",
            "退休职工数",
            "党员总数",
            "党员人数",
            "流动党员数",
            "申请星级",
            "上年星级等级",
            "成立年份",
            "出生年份",
            "产品代码",
            "行政区划编码",
            "从业人员（万人）",
            "人数",
            "职工代表人数",
            "女性从业人员数",
            "预备党员转正人数",
            "联系人数",
        ] {
            let found = column(bare(&folded(header))).map(|column| column.name);
            assert!(found.is_none(), "{header}: {found:?}");
        }
    }
}
