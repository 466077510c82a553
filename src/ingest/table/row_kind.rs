//! Classifies the rows below a header: organisations, and the totals, notes and footers that offices add.

use super::plane::is_header_like;
use crate::ingest::cell::block::CellRow;
use crate::ingest::cell::content::Cell;
use crate::ingest::header::{Header, Meaning};
use crate::ingest::{ColumnStatus, Rows};
use crate::schema::Type;
use crate::schema::spelling::plain;
use crate::standards;

/// Kind of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowKind {
    Data,
    Blank,
    RepeatedHeader,
    /// The header of another table.
    OtherHeader,
    Total,
    Subtotal,
    Note,
    Footer,
}

impl Rows {
    /// Counts one row of `kind`.
    pub(crate) fn count(&mut self, kind: RowKind) {
        let count = match kind {
            RowKind::Data => &mut self.data,
            RowKind::Blank => &mut self.blank,
            RowKind::RepeatedHeader | RowKind::OtherHeader => &mut self.repeated_header,
            RowKind::Total => &mut self.total,
            RowKind::Subtotal => &mut self.subtotal,
            RowKind::Note => &mut self.note,
            RowKind::Footer => &mut self.footer,
        };
        *count += 1;
    }

    /// Adds the counts of another part.
    pub(crate) fn add(&mut self, other: Self) {
        self.title += other.title;
        self.header += other.header;
        self.repeated_header += other.repeated_header;
        self.data += other.data;
        self.blank += other.blank;
        self.total += other.total;
        self.subtotal += other.subtotal;
        self.note += other.note;
        self.footer += other.footer;
    }
}

/// Classifier for the rows of one sheet.
#[derive(Debug)]
pub(crate) struct Classifier {
    id: Option<usize>,
    other_ids: Vec<usize>,
    name: Option<usize>,
    serial: Option<usize>,
    /// Columns with information about an organisation.
    about: Vec<usize>,
    /// Rows of title and header, normalised for comparison.
    header: Vec<Vec<String>>,
}

/// Header of the running number of rows.
const SERIAL: &str = "序号";

impl Classifier {
    pub(crate) fn new(header: &Header, texts: &[Vec<String>]) -> Self {
        let column_of = |ty: Type, name: Option<&str>| {
            header.columns.iter().find_map(|c| match &c.meaning {
                Meaning::Column { column, .. } if column.ty == ty && name.is_none_or(|n| n == column.name) => {
                    Some(c.index)
                }
                _ => None,
            })
        };
        let read = |m: &Meaning| {
            !matches!(m, Meaning::Not(ColumnStatus::Ignored | ColumnStatus::Personal | ColumnStatus::Unknown))
        };
        Self {
            id: column_of(Type::Id, None),
            other_ids: header.other_ids(),
            name: column_of(Type::Text, Some("name")),
            serial: header.columns.iter().find(|c| plain(c.leaf()) == SERIAL).map(|c| c.index),
            about: header.columns.iter().filter(|c| read(&c.meaning)).map(|c| c.index).collect(),
            header: texts.iter().map(|row| row.iter().map(|text| plain(text).into_owned()).collect()).collect(),
        }
    }

    /// Returns the kind of `row`.
    pub(crate) fn kind<R: CellRow>(&self, row: &R) -> RowKind {
        let id = self.id.map_or(Cell::Empty, |id| row.cell(id));
        let label = (0..row.width()).find_map(|at| match row.cell(at) {
            Cell::Text(text) if !standards::trim(text).is_empty() => Some(text),
            _ => None,
        });
        if let Some(kind) = label.and_then(sum)
            && !has_code(&id)
        {
            return kind;
        }
        if label.is_some_and(|label| is_example(&plain(label))) {
            return RowKind::Note;
        }
        if has_code(&id) || self.other_ids.iter().any(|column| has_code(&row.cell(*column))) {
            return RowKind::Data;
        }
        if (0..row.width()).all(|at| row.cell(at).is_blank()) {
            return RowKind::Blank;
        }
        if self.is_header(row) || is_numbering(row) {
            return RowKind::RepeatedHeader;
        }
        if is_header_like(row) {
            return RowKind::OtherHeader;
        }
        let has = |column: Option<usize>| column.is_some_and(|c| row.cell(c).is_written());
        let numbered = has(self.name)
            && self.serial.is_some_and(|c| matches!(crate::ingest::cell::number(&row.cell(c)), Ok(Some(_))));
        if self.is_hint(row) {
            return RowKind::Note;
        }
        if numbered {
            return RowKind::Data;
        }
        if let Some(kind) = label.and_then(remark) {
            return kind;
        }
        // The name of an organisation alone is an organisation that lacks its code.
        if self.name.is_some_and(|at| is_organisation(&row.cell(at))) {
            return RowKind::Data;
        }
        // Without running numbers, a name with any other cell is an organisation that lacks its code.
        let named = || {
            let written = (0..row.width()).filter(|&c| row.cell(c).is_written()).take(2).count();
            self.serial.is_none() && has(self.name) && written == 2
        };
        // An organisation that lacks both code and running number still fills several columns.
        let says = || self.about.iter().filter(|&&c| has(Some(c))).take(4).count() == 4;
        if has(self.id) || named() || says() { RowKind::Data } else { RowKind::Note }
    }

    /// Checks whether the running number of a row with a code says that it is an example.
    pub(crate) fn is_marked_example<R: CellRow>(&self, row: &R) -> bool {
        let Some(Cell::Text(text)) = self.serial.map(|at| row.cell(at)) else { return false };
        !text.starts_with(|c: char| c.is_ascii_digit()) && is_example(&plain(text))
    }

    /// Checks whether a row says how to fill in the columns: the column of codes has a text that is none and speaks of
    /// filling in.
    fn is_hint<R: CellRow>(&self, row: &R) -> bool {
        const HINTS: [&str; 9] = ["必填", "选填", "请填", "填写", "下拉", "18位", "十八位", "一致", "格式"];
        let says =
            |cell: &Cell<'_>| matches!(cell, Cell::Text(text) if HINTS.iter().any(|hint| plain(text).contains(hint)));
        let hints = (0..row.width()).filter(|at| says(&row.cell(*at))).take(2).count();
        self.id.is_some_and(|at| says(&row.cell(at))) || hints == 2
    }

    fn is_header<R: CellRow>(&self, row: &R) -> bool {
        self.header.iter().any(|header| {
            let mut same = 0;
            for at in 0..row.width().max(header.len()) {
                let cell = row.cell(at);
                let text = match &cell {
                    Cell::Text(text) => plain(text),
                    Cell::Empty => continue,
                    _ => return false,
                };
                match header.get(at) {
                    Some(head) if *head == text => same += usize::from(!text.is_empty()),
                    None if text.is_empty() => {}
                    _ => return false,
                }
            }
            same > 0
        })
    }
}

/// Checks whether a row numbers the columns (栏次): 甲, 乙, 1, 2, 3, …
fn is_numbering<R: CellRow>(row: &R) -> bool {
    let mut last = 0.0;
    for cell in (0..row.width()).map(|at| row.cell(at)).filter(|cell| !cell.is_blank()) {
        match (&cell, crate::ingest::cell::number(&cell)) {
            (Cell::Text(text), Err(_)) if matches!(&*plain(text), "栏次" | "甲" | "乙" | "丙" | "丁" | "戊") => {
            }
            (_, Ok(Some(number))) if (number - last - 1.0).abs() < 0.5 => last = number,
            _ => return false,
        }
    }
    last > 2.0
}

/// Checks whether the code cell looks like a code: a number or ASCII word of some length.
fn has_code(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Text(text) => {
            let code = standards::code(text);
            code.len() >= 5 && code.is_ascii() && code.bytes().any(|b| b.is_ascii_digit())
        }
        Cell::Number(number) => *number >= 1e7,
        _ => false,
    }
}

/// Checks whether a row is marked as an example by its first text, normalised by [`plain`].
fn is_example(label: &str) -> bool {
    let label = label.trim_matches(|c: char| "()（）【】[]:：".contains(c));
    matches!(
        label,
        "示例"
            | "样例"
            | "例"
            | "例如"
            | "如"
            | "范例"
            | "举例"
            | "例子"
            | "示范"
            | "填写示例"
            | "填报示例"
            | "填写样例"
    ) || (label.starts_with("示例") || label.starts_with("样例")) && label.chars().count() < 5
}

/// Checks whether a cell is the name of an organisation, by its end.
fn is_organisation(cell: &Cell<'_>) -> bool {
    const ENDS: [&str; 32] = [
        "公司",
        "集团",
        "厂",
        "商店",
        "酒店",
        "饭店",
        "宾馆",
        "超市",
        "药店",
        "商行",
        "经营部",
        "门市部",
        "服务部",
        "加工厂",
        "协会",
        "学会",
        "商会",
        "研究会",
        "促进会",
        "联合会",
        "基金会",
        "学校",
        "幼儿园",
        "中心",
        "研究所",
        "研究院",
        "事务所",
        "合作社",
        "医院",
        "诊所",
        "养殖场",
        "敬老院",
    ];
    let Cell::Text(text) = cell else { return false };
    let name = plain(text);
    let name = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')).map_or(&*name, |(name, _)| name);
    name.chars().count() >= 4
        && !name.contains([':', '：', '。', '，', ','])
        && ENDS.iter().any(|end| name.ends_with(end))
}

fn sum(label: &str) -> Option<RowKind> {
    if !label.contains('计') {
        return None;
    }
    let label = plain(label);
    let label = label.trim_end_matches(':');
    match label {
        "合计" | "总计" | "共计" | "总合计" | "累计" | "合计数" => Some(RowKind::Total),
        _ if label.ends_with("小计") || label.ends_with("合计") => Some(RowKind::Subtotal),
        _ => None,
    }
}

fn remark(label: &str) -> Option<RowKind> {
    const NOTES: [&str; 6] = ["注", "备注:", "说明", "填表说明", "填报说明", "附注"];
    const FOOTERS: [&str; 12] =
        ["填表", "填报", "制表", "审核", "审批", "负责人", "单位负责人", "主管", "分管", "联系电话", "报送", "签字"];
    let label = plain(label);
    let starts = |list: &[&str]| list.iter().any(|word| label.starts_with(word));
    if starts(&NOTES) {
        Some(RowKind::Note)
    } else if starts(&FOOTERS) {
        Some(RowKind::Footer)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ReadOptions;

    struct CellSlice<'a>(&'a [Cell<'a>]);

    impl CellRow for CellSlice<'_> {
        fn cell(&self, column: usize) -> Cell<'_> {
            self.0.get(column).copied().unwrap_or(Cell::Empty)
        }
        fn width(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn rows_are_told_apart() {
        use Cell::{Empty, Number, Text};
        let texts = vec![["序号", "单位名称", "信用代码", "从业人员", "正式党员", "备注"].map(str::to_owned).to_vec()];
        let header = Header::find(&texts, &[], &ReadOptions::default()).unwrap();
        let rows = Classifier::new(&header, &texts);
        for (cells, kind) in [
            (&[Number(1.0), Text("某厂"), Text("91110000600037341L")][..], RowKind::Data),
            (&[Number(2.0), Text("某厂"), Empty, Number(5.0)], RowKind::Data),
            (&[Number(2.0), Text("某厂"), Text("－"), Number(5.0)], RowKind::Data),
            (&[Empty, Text("某厂"), Text("无"), Number(5.0)], RowKind::Data),
            (&[Empty, Text("天成会计师事务所"), Number(150_425_006_372_899.0)], RowKind::Data),
            (&[Empty, Text("合 计"), Number(517.0), Number(10778.0)], RowKind::Total),
            (&[Empty, Text("经棚镇 小计"), Empty, Number(10778.0)], RowKind::Subtotal),
            (
                &[Text("序  号"), Text("单位名称"), Text("信用代码"), Text("从业\n人员"), Text("正式党员")],
                RowKind::RepeatedHeader,
            ),
            (&[Text("甲"), Text("乙"), Number(1.0), Text("2"), Number(3.0)], RowKind::RepeatedHeader),
            (&[Text(" "), Empty, Text("\u{3000}")], RowKind::Blank),
            (&[Text("注：1.本表由各乡镇填报")], RowKind::Note),
            (&[Text("经棚镇")], RowKind::Note),
            (&[Text("填表人：某某"), Empty, Text("审核人：")], RowKind::Footer),
            (&[Empty, Text("合计："), Number(517.0)], RowKind::Total),
            (&[Empty, Text("某厂"), Text("N/A"), Number(5.0)], RowKind::Data),
            (&[Empty, Text("某厂"), Text("－"), Number(5.0)], RowKind::Note),
        ] {
            assert_eq!(rows.kind(&CellSlice(cells)), kind, "{cells:?}");
        }
    }

    #[test]
    fn without_running_numbers_a_name_and_one_thing_more_is_an_organisation() {
        use Cell::{Empty, Number, Text};
        let texts = vec![["单位名称", "信用代码", "从业人员"].map(str::to_owned).to_vec()];
        let header = Header::find(&texts, &[], &ReadOptions::default()).unwrap();
        let rows = Classifier::new(&header, &texts);
        for (cells, kind) in [
            (&[Text("某厂"), Text("－"), Number(5.0)][..], RowKind::Data),
            (&[Text("某厂"), Empty, Number(5.0)], RowKind::Data),
            (&[Text("某镇"), Empty, Empty], RowKind::Note),
            (&[Text("填表人：某某"), Text(""), Text("审核人：")], RowKind::Footer),
            (&[Text("小计"), Empty, Number(5.0)], RowKind::Subtotal),
        ] {
            assert_eq!(rows.kind(&CellSlice(cells)), kind, "{cells:?}");
        }
    }
}
