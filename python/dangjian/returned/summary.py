"""The first sheet of a returned ledger: findings, colours, advice, and every problem with a link to its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.utils import get_column_letter

from dangjian.catalogue.ledgers import FATES, SEVERITIES
from dangjian.report.check import one_line
from dangjian.returned.plan import harmless
from dangjian.returned.style import COLOURS, clerk_font, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dangjian.report.format import Formats
    from dangjian.returned.plan import Ledger

NAMES = ("问题汇总", "Problem summary")
"""The sheet's name, in Chinese and in English."""

_WIDTHS = (16, 16, 26, 30, 11, 70)
_LINE = 15.0
_SIDE = Side(style="thin", color="D9D9D9")
_FRAME = Border(_SIDE, _SIDE, _SIDE, _SIDE)


def remove(book: Any) -> bool:
    """Removes the summary from a workbook that was returned before; returns whether there was one."""
    old = [name for name in NAMES if name in book.sheetnames]
    for name in old:
        del book[name]
    return bool(old)


def add(book: Any, ledger: Ledger, fmt: Formats, note: str | None) -> None:
    """Adds the summary as the first sheet."""
    sheet = book.create_sheet(fmt.t(*NAMES), 0)
    for at, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.sheet_view.showGridLines = False
    page = _Page(sheet)
    total = ledger.problems.height
    page.title(fmt.t(f"{ledger.name}：问题汇总", f"{ledger.name}: problem summary"))
    page.text(
        fmt.t(f"共发现 {total} 处问题。", f"{total} problems were found.")
        if total
        else fmt.t("没有发现问题。", "No problems were found.")
    )
    _what_to_do(page, ledger, fmt, note)
    _legend(page, fmt)
    _kinds(page, ledger.problems, fmt)
    _sheets(page, ledger, fmt)
    _near(page, ledger.near, fmt)
    _list(page, ledger, fmt, set(book.sheetnames))
    # Sheets that are selected together are edited together.
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    book.active = 0
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


class _Page:
    """Writer of a sheet from top to bottom."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.row = 0

    def title(self, text: str) -> None:
        self.row += 1
        self._put(1, text).font = clerk_font(size=16, bold=True, color="8F1D16")
        self.sheet.row_dimensions[self.row].height = 28

    def head(self, text: str) -> None:
        self.row += 2
        self._put(1, text).font = clerk_font(size=12, bold=True, color="8F1D16")

    def text(self, text: str) -> None:
        self.row += 1
        self._put(1, text).alignment = Alignment(wrap_text=True, vertical="top")
        self.sheet.merge_cells(None, self.row, 1, self.row, len(_WIDTHS))
        lines = -(-width_of(text) // (sum(_WIDTHS) - 4))
        self.sheet.row_dimensions[self.row].height = _LINE * max(1, lines) + 3

    def line(
        self, values: Iterable[Any], *, bold: bool = False, fill: str | None = None, link: str = ""
    ) -> None:
        """Writes one row of a table; ``fill`` colours its first cell, ``link`` is the cell to which that links."""
        self.row += 1
        lines = 1
        for column, value in enumerate(values, 1):
            cell = self._put(column, value)
            cell.border = _FRAME
            cell.alignment = Alignment(
                wrap_text=True, vertical="center", horizontal="center" if isinstance(value, int) else "left"
            )
            if bold:
                cell.font = clerk_font(bold=True)
                cell.fill = PatternFill("solid", fgColor="F2F2F2")
            if column == 1 and fill:
                cell.fill = PatternFill("solid", fgColor=fill)
            if column == 1 and link:
                cell.hyperlink = link
                cell.font = clerk_font(color="0563C1")
            lines = max(lines, -(-width_of(str(value)) // max(1, _WIDTHS[column - 1] - 2)))
        self.sheet.row_dimensions[self.row].height = _LINE * lines + 3

    def _put(self, column: int, value: Any) -> Any:
        cell = self.sheet.cell(self.row, column)
        cell.font = clerk_font()
        if isinstance(value, str):
            cell.value = harmless(ILLEGAL_CHARACTERS_RE.sub("", value))
            cell.data_type = "s"
        else:
            cell.value = value
        return cell


def _what_to_do(page: _Page, ledger: Ledger, fmt: Formats, note: str | None) -> None:
    in_place = ledger.path is not None and any(sheet.headers for sheet in ledger.sheets)
    if not ledger.problems.height or not in_place:
        steps = []
    else:
        steps = [
            fmt.t(
                "1. 有问题的单元格已标色，鼠标停在上面可看到说明；每行最右边的“问题”列写明该行的全部问题。",
                "1. Cells with problems are coloured, and say why when the mouse rests on them; the column Problems at the "
                "right says all of a row.",
            ),
            fmt.t(
                "2. 请在原来的单元格里改正或补填。表格的样式、行和列都不要变动。",
                "2. Correct or complete the cells where they stand. Leave layout, rows and columns as they are.",
            ),
            fmt.t(
                "3. 改好后把整个文件发回即可，“问题”列和本表不必删除，不会被当作数据。",
                "3. Then send the whole file back. The column Problems and this sheet may stay; they are not read as data.",
            ),
        ]
    if steps:
        page.head(fmt.t("怎么改", "What to do"))
    for step in steps:
        page.text(step)
    if note:
        page.head(fmt.t("说明", "Note"))
        page.text(note)


def _legend(page: _Page, fmt: Formats) -> None:
    meaning = {
        "error": fmt.t("该行没有读入，或未被采用，必须改正", "The row is not used; it must be corrected"),
        "warning": fmt.t("该值按未知处理，或需要核对", "The value counts as not known, or is to be checked"),
        "info": fmt.t("不影响统计，供知悉", "Changes no figure; for information"),
    }
    page.head(fmt.t("颜色", "Colours"))
    for severity in SEVERITIES:
        page.line([fmt.value("severity", severity), meaning[severity]], fill=COLOURS[severity])
        page.sheet.merge_cells(None, page.row, 2, page.row, 4)
        page.sheet.row_dimensions[page.row].height = _LINE + 3


def _kinds(page: _Page, problems: pl.DataFrame, fmt: Formats) -> None:
    """Counts the problems by kind, the gravest and most frequent first."""
    if not problems.height:
        return
    page.head(fmt.t("问题种类", "Kinds of problems"))
    columns = [
        fmt.t("轻重", "How grave"),
        fmt.t("条数", "Number"),
        fmt.t("问题", "Problem"),
        fmt.t("已作的处理", "What was done"),
        "",
        fmt.t("含义和改法", "What it means, what to do"),
    ]
    page.line(columns, bold=True)
    page.sheet.merge_cells(None, page.row, 4, page.row, 5)
    kinds = problems.group_by("severity", "code", "action", f"message_{fmt.lang}", maintain_order=True).len()
    order = pl.col("severity").replace_strict(list(SEVERITIES), range(len(SEVERITIES)), default=9)
    for severity, code, action, message, number in kinds.sort(
        order, -pl.col("len").cast(pl.Int64), "code"
    ).rows():
        values = [fmt.value("severity", severity), int(number), fmt.value("code", code)]
        page.line([*values, fmt.value("action", action), "", message], fill=COLOURS[severity])
        page.sheet.merge_cells(None, page.row, 4, page.row, 5)


def _sheets(page: _Page, ledger: Ledger, fmt: Formats) -> None:
    """Lists the outcomes of the rows of each sheet, and the sheets that were not read."""
    page.head(fmt.t("各表读入情况", "What was read"))
    for source in ledger.sources.iter_rows(named=True):
        name = source["sheet"] or source["file"]
        parts = [f"{fmt.column(fate)} {fmt.number(source[fate])}" for fate in FATES]
        read = fmt.number(source["data"])
        page.text(fmt.t(f"{name}：数据行 {read} = ", f"{name}: rows of data {read} = ") + " + ".join(parts))
    for sheet, why in ledger.skipped.select("sheet", f"why_{fmt.lang}").rows():
        page.text(fmt.t(f"{sheet}：未读入（{why}）", f"{sheet}: not read ({why})"))


def _near(page: _Page, near: pl.DataFrame, fmt: Formats) -> None:
    """Lists the unknown headers that resemble a known one."""
    if not near.height:
        return
    page.head(fmt.t("疑似写错的表头", "Headers that may be misspelt"))
    for header, like in near.select("header", "proposal_like").unique(maintain_order=True).rows():
        name, known = one_line(header), one_line(like)
        page.text(
            fmt.t(f"“{name}”没有读入，是不是“{known}”？", f"“{name}” was not read. Did you mean “{known}”?")
        )


def _list(page: _Page, ledger: Ledger, fmt: Formats, sheets: set[str]) -> None:
    """Lists every problem, with a link to its cell where there is one."""
    if not ledger.problems.height:
        return
    page.head(fmt.t("逐条清单（点“行”可转到该处）", "Every problem (the row leads to its place)"))
    columns = ["行", "表", "列", "原值", "轻重", "问题和改法"]
    if fmt.lang == "en":
        columns = ["Row", "Sheet", "Column", "Value", "How grave", "What is wrong, what to do"]
    page.line(columns, bold=True)
    for sheet in ledger.sheets:
        here = ledger.problems.filter(pl.col("sheet").eq_missing(sheet.name), pl.col("row").is_not_null())
        for mark, problem in zip(sheet.marks, here.iter_rows(named=True), strict=True):
            column = get_column_letter(mark.columns[0] + 1 if mark.columns else 1)
            quoted = (sheet.name or "").replace("'", "''")
            link = f"#'{quoted}'!{column}{mark.row}" if sheet.name in sheets else ""
            header = one_line(problem["header"] or "").rsplit("/", 1)[-1]
            value = " ".join((problem["value"] or "").split())
            severity, message = mark.severity, problem[f"message_{fmt.lang}"]
            values = [mark.row, sheet.name or "", header, value, fmt.value("severity", severity), message]
            page.line(values, fill=COLOURS[severity], link=link)
