//! Catalogue of problems with cells and rows, and the record of one problem.

use crate::lang::Lang;
use crate::standards::person::masked;
use crate::support::named::named_enum;

/// Action taken on a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The whole row is not used.
    Reject,
    /// The value is used, as the message says.
    Warn,
    /// The cell counts as not known.
    Null,
    /// The row repeats an earlier one and adds nothing.
    Merge,
    /// The row contradicts an earlier one and is not used.
    Report,
}

named_enum! {
    pub Action, "处理", "action";
    Reject = "reject", Warn = "warn", Null = "null", Merge = "merge", Report = "report",
}

impl Action {
    /// Returns the severity: rejected and contradicting rows are errors, cells that are not known and doubtful values
    /// are warnings, and the rest is information.
    #[must_use]
    pub fn severity(self) -> ProblemSeverity {
        match self {
            Self::Reject | Self::Report => ProblemSeverity::Error,
            Self::Null | Self::Warn => ProblemSeverity::Warning,
            Self::Merge => ProblemSeverity::Info,
        }
    }
}

/// Severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemSeverity {
    /// Nothing is lost.
    Info,
    /// A value is lost or doubtful.
    Warning,
    /// An organisation is lost.
    Error,
}

named_enum! { pub ProblemSeverity, "级别", "severity"; Info = "info", Warning = "warning", Error = "error" }

macro_rules! catalogue {
    ($($code:ident $id:literal $action:ident $zh:literal $en:literal;)+) => {
        /// Catalogue of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $en] $code,)+
        }

        impl Code {
            /// The catalogue, in order.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Returns the id by which the problem is counted and selected.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$code => $id),+ }
            }

            /// Returns the action taken on the problem.
            #[must_use]
            pub fn action(self) -> Action {
                match self { $(Self::$code => Action::$action),+ }
            }

            /// Returns the meaning of the problem and the remedy.
            #[must_use]
            pub fn message(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$code, Lang::Zh) => $zh, (Self::$code, Lang::En) => $en,)+
                }
            }
        }
    };
}

catalogue! {
    IdMissing "id_missing" Reject
        "没有单位代码，整行未读入。请补填统一社会信用代码。"
        "The organisation has no code; the row is not read. Fill in the organisation code.";
    IdMangled "id_mangled" Reject
        "单位代码被电子表格当作数字，末几位已丢失，整行未读入。请把该列设为文本后重新填写代码。"
        "A spreadsheet took the organisation code for a number and lost its last digits; the row is not read. Format the column as text and enter the code again.";
    IdUnreadable "id_unreadable" Reject
        "单位代码处不是代码，整行未读入。请填写统一社会信用代码。"
        "What stands in the place of the organisation code is no code; the row is not read. Fill in the organisation code.";
    IdPlaceholder "id_placeholder" Reject
        "单位代码处是占位的字样（如 0、12345、****）或遮住了几位的代码，整行未读入。请填写统一社会信用代码；没有代码的请留空。"
        "The organisation code is a placeholder (0, 12345, ****) or a code of which some characters are hidden; the row is not read. Fill in the organisation code, or leave the cell empty where there is none.";
    IdOfPerson "id_of_person" Reject
        "这是身份证号或手机号，不是单位代码，整行未读入，号码不保存也不显示。请填写统一社会信用代码或注册号。"
        "This is the identity or telephone number of a person, not an organisation code; the row is not read, and the number is neither kept nor shown. Fill in the organisation code or the registration number.";
    IdSeveral "id_several" Reject
        "单位代码处有几个不同的代码，整行未读入。请只留这个单位现在的一个。"
        "The cell holds several different organisation codes; the row is not read. Leave only the present code of this organisation.";
    IdWithMore "id_with_more" Warn
        "单位代码之外还有别的字，只取其中的代码。请核对，并只留代码。"
        "The cell holds more than the organisation code; only the code is used. Compare it, and leave only the code.";
    IdOwnNumber "id_own_number" Warn
        "这里用的是本部门自编的单位编号，不是统一社会信用代码；只说这一次。这样的单位只能凭相同的编号与其他年度、其他表对应。"
        "The organisations here have numbers of the office's own, not organisation codes; this is said once for the table. Such an organisation is joined with other years and other ledgers by the same number only.";
    IdOtherColumn "id_other_column" Warn
        "没有统一社会信用代码，改用同一行的注册号或组织机构代码作为单位代码。请补填统一社会信用代码。"
        "There is no organisation code; the registration number or organisation code of old in the same row stands for it. Fill in the unified code.";
    IdByName "id_by_name" Warn
        "没有单位代码，按名称（和所在旗县）从所给的对照表取得；每张表只说这一次。请抽查。"
        "There is no organisation code; it was taken by name (and county) from the register given. Said once for a table; check some of them.";
    IdNotInRegister "id_not_in_register" Reject
        "没有单位代码，所给的对照表里也没有这个名称（或不在同一旗县），整行未读入。请补填代码，或把它加到对照表。"
        "There is no organisation code, and the register given has no such name (or has it in another county); the row is not read. Fill in the code, or add it to the register.";
    IdSeveralInRegister "id_several_in_register" Reject
        "没有单位代码，所给的对照表里有几个单位叫这个名称，整行未读入。请补填代码。"
        "There is no organisation code, and several organisations of the register given have this name; the row is not read. Fill in the code.";
    FieldCount "field_count" Reject
        "该行的字段数与表头不同，整行未读入。多为名称中的逗号未加引号，请检查该行。"
        "The row has another number of fields than the header and is not read. Most often a comma in a name is not quoted; look at the row.";
    YearMissing "year_missing" Reject
        "年度为空或无法识别，整行未读入。请填写四位年份。"
        "The year is empty or unreadable; the row is not read. Fill in a year of four digits.";
    YearDisagrees "year_disagrees" Warn
        "标题、表名、文件名或年度列说的不是同一年，按值中在前的一年读入。请核对；如不对，请用 year 指定，或改正文件。"
        "Title, sheet, file name or column of years do not name the same year; the first one in the value counts. Check it; if it is wrong, give the year, or mend the file.";
    ColumnsAmbiguous "columns_ambiguous" Null
        "有几列都像同一项内容，看不出该取哪一列，各行该项都按未知处理。请用 columns 或列映射文件（命令行 --profile）指定其中一列。"
        "Several columns could be this one and nothing tells which to take; it counts as not known in all rows. Name one of them with columns or in a profile (--profile on the command line).";
    DuplicateExact "duplicate_exact" Merge
        "同一单位同一年度的重复行，内容完全相同，已合并。"
        "The same organisation in the same year once more, with the same values: merged.";
    DuplicateConflict "duplicate_conflict" Report
        "同一单位同一年度出现多行且内容不同，保留在前的一行，本行未使用。请核对后删去一行。"
        "The same organisation in the same year once more, with other values: the earlier row is kept, this one is not used. Compare the rows and delete one.";
    DuplicateRejected "duplicate_rejected" Report
        "同一单位同一年度出现多行且内容不同，按要求各行都未使用。请核对后只留一行。"
        "The same organisation in the same year in several rows with different values: as asked, none of them is used. Compare the rows and keep one.";
    UsccCheckDigit "uscc_check_digit" Warn
        "统一社会信用代码的校验位不符，按原样保留。请核对是否抄错。"
        "The check character of the organisation code is wrong; the code is kept as written. Check it for a typing error.";
    IdRepaired "id_repaired" Warn
        "单位代码损坏，已按要求补全：台账各年中同名（县区不矛盾）的单位，只有一家的代码校验位正确且与残存的各位相符。请核对并改正原表。"
        "The organisation code was spoilt and is repaired, as asked: of the organisations with this name (in this county, where it is known) only one has a code, right by its check character, that fits what is left. Compare it and mend the sheet.";
    OldRegistrationNumber "old_registration_number" Warn
        "这是15位工商注册号，按原样作为单位代码，不会与18位代码对应。请换成统一社会信用代码。"
        "This is a registration number of 15 digits; it is kept as the code and is never joined to an 18-character code. Replace it by the organisation code.";
    IdLength "id_length" Warn
        "单位代码的位数不对（应为18位），按原样保留。请核对是否多抄或漏抄。"
        "The organisation code has the wrong length (18 characters are expected); it is kept as written. Check it for missing or additional characters.";
    NameEmpty "name_empty" Null
        "单位名称为空。请补填。"
        "The organisation has no name. Fill it in.";
    OldRegionCode "old_region_code" Warn
        "区划代码已变更，按现行代码归入县级。请改填现行区划代码。"
        "The region code was replaced; it is read as the county that replaced it. Enter the present code.";
    TownshipUnknown "township_unknown" Warn
        "所属县级区划存在，但没有这个乡级代码，归入县级。请核对乡镇街道代码。"
        "The county exists, a township of this code does not; it is read as the county. Check the code of the township.";
    RegionUnknown "region_unknown" Null
        "从来没有这个区划代码或名称，按未知处理。请核对。"
        "No region ever had this code or name; it counts as not known. Check it.";
    RegionAmbiguous "region_ambiguous" Null
        "有几个行政区划叫这个名称，按未知处理。请填写区划代码，或从省级写起的全称。"
        "Several regions have this name; it counts as not known. Enter the code, or the full name from the province down.";
    RegionMangled "region_mangled" Null
        "区划代码变成了科学计数法，末几位已丢失，按未知处理。请把该列设为文本后重新填写。"
        "The region code is in scientific notation and its last digits are lost; it counts as not known. Format the column as text and enter it again.";
    ZoneUnknown "zone_unknown" Warn
        "园区文件里没有这个园区，按原样保留。请改写，或把这种写法加到园区文件。"
        "The file of zones has no such zone in this year; it is kept as written. Mend it, or add the spelling to the file.";
    IndustryUnknown "industry_unknown" Null
        "不是国民经济行业分类（GB/T 4754）的代码，按未知处理。请填写大类代码，如 C13。"
        "This is no code of GB/T 4754; it counts as not known. Enter the division, such as C13.";
    ModeUnknownWord "mode_unknown_word" Null
        "不认识的组建形式，按未知处理。请填写单建、联建、挂靠、区域覆盖或未建。"
        "This is no known formation mode; it counts as not known. Enter solo, joint, affiliated, area or none.";
    ModeMarksConflict "mode_marks_conflict" Null
        "组建形式勾选了不止一项，按未知处理。请只保留一项。"
        "More than one formation mode is marked; it counts as not known. Keep one mark.";
    WordUnknown "word_unknown" Null
        "不认识的取值，按未知处理。请改用该列规定的词。"
        "This is none of the column's words; it counts as not known. Use one of them.";
    MarksConflict "marks_conflict" Null
        "同一项目勾选了不止一栏，按未知处理。请只保留一项。"
        "More than one column of this item is marked; it counts as not known. Keep one mark.";
    ImpossibleValue "impossible_value" Null
        "数值不可能（负数、超出范围，或正式党员超过从业人员的5倍），按未知处理。请核对。"
        "The value is impossible (negative, out of range, or more full members than five times the employees); it counts as not known. Check it.";
    UnreadableNumber "unreadable_number" Null
        "不是数字，按未知处理。请填写数字，未知则留空。"
        "This is no number; it counts as not known. Enter a number, or leave the cell empty.";
    UnreadableDate "unreadable_date" Null
        "日期不存在或无法识别，按未知处理。请按 2013-05-01 的形式填写。"
        "The date does not exist or is unreadable; it counts as not known. Write it like 2013-05-01.";
    UnreadableFlag "unreadable_flag" Null
        "不是“是”或“否”，按未知处理。请填写是或否。"
        "This is neither yes nor no; it counts as not known. Enter 是 or 否.";
    UnreadableStar "unreadable_star" Null
        "无法识别的星级，按未知处理。请填写如三星、3 或 ★★★。"
        "This is no star grade; it counts as not known. Write it like 三星, 3 or ★★★.";
    ExcelError "excel_error" Null
        "单元格是电子表格的错误值，按未知处理。请修正公式。"
        "The cell holds an error value of the spreadsheet; it counts as not known. Mend the formula.";
    FormulaNoResult "formula_no_result" Null
        "公式没有保存计算结果，这一列中这样的单元格（个数见值）都按未知处理。请用 Excel 或 WPS 打开文件，保存一次后再读。"
        "Formulas without a stored result; these cells of the column (their number is the value) count as not known. Open the file in Excel or WPS, save it, and read it again.";
    MergedNumber "merged_number" Null
        "一个数字合并在几行上，是几个单位共有的，不能各算一次，各行都按未知处理。请在每个单位的行里填写自己的数。"
        "One number in a cell merged over several rows belongs to several organisations together and cannot be counted for each; it counts as not known in all of them. Enter each organisation's own number in its row.";
}

impl Code {
    /// Returns the catalogue, in order.
    #[must_use]
    pub fn all() -> &'static [Self] {
        Self::ALL
    }

    /// Returns the severity of the problem.
    #[must_use]
    pub fn severity(self) -> ProblemSeverity {
        self.action().severity()
    }
}

/// A problem with one cell or row: position, value, and action taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the file, as in [`Source::file`](super::reading::Source::file).
    pub file: String,
    /// Name of the sheet, in workbooks.
    pub sheet: Option<String>,
    /// Row of the sheet, or number of the CSV record, from 1.
    pub row: u32,
    /// Line of the text file on which the record begins, from 1.
    pub line: Option<u32>,
    /// Name of the column, for a problem of a cell.
    pub column: Option<String>,
    /// Header of the column in the file.
    pub header: Option<String>,
    /// The value found, shortened if long.
    pub value: String,
    /// Kind of problem.
    pub code: Code,
    /// Survey year, where known.
    pub year: Option<i16>,
}

/// Shortens a value for display, since a cell may hold pages of text, and hides the numbers of persons in it.
pub(crate) fn shown(value: &str) -> String {
    const LONGEST: usize = 120;
    let value = &*masked(value);
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or(value)),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_its_own_id_and_speaks_both_languages() {
        let ids: HashSet<_> = Code::all().iter().map(|c| c.id()).collect();
        assert_eq!(ids.len(), Code::all().len());
        for code in Code::all() {
            assert!(code.message(Lang::Zh).ends_with('。'), "{}", code.id());
            assert!(code.message(Lang::En).ends_with('.'), "{}", code.id());
        }
    }

    #[test]
    fn long_values_are_shortened_between_characters() {
        assert_eq!(shown("若干"), "若干");
        assert_eq!(shown(&"党".repeat(500)).chars().count(), 121);
    }
}
