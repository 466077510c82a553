"""Workbooks written back: a column of problems at the right, coloured cells with notes, and a summary in front.

Formats, widths, merged cells, formulas and hidden sheets stay as they are. Other content that the library does not
know is lost, and the loss is reported.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from copy import copy
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from dangjian.returned import formulas, summary
from dangjian.returned.plan import HEADERS, harmless, worst
from dangjian.returned.style import AUTHOR, COLOURS, clerk_font, width_of

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from dangjian.report.format import Formats
    from dangjian.returned.plan import Ledger, Mark, Sheet

_WIDTH = 60
"""Width of the column of problems, in narrow characters."""
_LINE = 15.0
"""Height of a line of text, in points."""
_EPOCH = dt.date(1970, 1, 1)
_SIDE = Side(style="thin", color="BFBFBF")


def write(ledger: Ledger, source: Path, target: Path, fmt: Formats) -> str | None:
    """Writes the workbook of ``ledger`` with its problems marked; returns what could not be kept of it."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if _is_openxml(source):
            with source.open("rb") as file:
                book = load_workbook(file, keep_vba=source.suffix.lower() == ".xlsm", rich_text=True)
        else:
            book = _from_cells(source)
            notes.append(
                fmt.t(
                    f"原文件是 {source.suffix} 格式：写回的是读到的单元格内容，格式和公式没有保留",
                    f"the file was {source.suffix}: its cells are written as they were read, without formats and formulas",
                )
            )
        # The library warns of what it cannot keep, and the warning goes to the office.
        notes += [str(w.message) for w in said if issubclass(w.category, UserWarning)]
        note = "; ".join(dict.fromkeys(notes)) or None
        back = summary.remove(book)
        for sheet in ledger.sheets:
            if sheet.name in book.sheetnames:
                _mark(book[sheet.name], sheet, fmt, again=back)
        summary.add(book, ledger, fmt, note)
        _save(book, source, target)
    return note


def write_list(ledger: Ledger, target: Path, fmt: Formats) -> str | None:
    """Writes a workbook that lists the problems of a source without a layout: a table in memory, a Parquet file."""
    book = Workbook()
    book.remove(book.worksheets[0])
    summary.add(book, ledger, fmt, None)
    book.save(target)
    return fmt.t("只写了问题清单", "a list of problems only")


def _is_openxml(path: Path) -> bool:
    """Checks whether the file is a workbook in the open format, whatever its name."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as parts:
        return "xl/workbook.xml" in parts.namelist()


def _save(book: Any, source: Path, target: Path) -> None:
    """Saves the workbook; a formula keeps the value that it had, for readers that do not calculate."""
    values = formulas.values(book, source)
    if values:
        book.calculation.fullCalcOnLoad = True
    book.save(target)
    if values:
        formulas.put_back(target, values)


def _from_cells(source: Path) -> Any:
    """Builds a workbook from the cells of a file whose own format cannot be written."""
    import polars as pl

    from dangjian import _native

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, hidden, cells, merged in _native.grids(source):
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if hidden else "visible"
        widths: dict[int, int] = {}
        titles = {(area[0], area[1]) for area in merged if area[3] > area[1]}
        for row, column, kind, text, number in pl.DataFrame(cells).rows():
            cell = sheet.cell(row + 1, column + 1)
            _put(cell, kind, text, number)
            cell.font = clerk_font()
            lines = text.splitlines() or [""]
            if len(lines) > 1:
                cell.alignment = Alignment(wrap_text=True, vertical="center")
            if (row, column) not in titles:  # a title over several columns makes none of them wide
                widths[column] = max(widths.get(column, 0), min(22, max(map(width_of, lines))))
                cell.border = Border(_SIDE, _SIDE, _SIDE, _SIDE)
        for first_row, first_column, last_row, last_column in merged:
            sheet.merge_cells(None, first_row + 1, first_column + 1, last_row + 1, last_column + 1)
            sheet.cell(first_row + 1, first_column + 1).alignment = Alignment(
                horizontal="center", vertical="center", wrap_text=True
            )
        for column, width in widths.items():
            sheet.column_dimensions[get_column_letter(column + 1)].width = max(6, width + 2)
    return book


def _put(cell: Any, kind: str, text: str, number: float) -> None:
    """Writes one cell as the engine read it."""
    if kind == "text":
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
        cell.data_type = "s"  # also where the text begins like a formula
    elif kind == "error":
        cell.value, cell.data_type = text, "e"
    elif kind == "day":
        cell.value, cell.number_format = _EPOCH + dt.timedelta(days=int(number)), "yyyy-mm-dd"
    elif kind == "flag":
        cell.value = bool(number)
    else:
        cell.value = int(number) if float(number).is_integer() else number


def _mark(sheet: Worksheet, plan: Sheet, fmt: Formats, *, again: bool) -> None:
    """Marks the problems of one sheet."""
    rows = sheet.max_row

    def text(row: int, column: int) -> str:
        value = sheet.cell(row + 1, column + 1).value if row < rows else None
        return "" if value is None else "".join(str(value).split())

    first = plan.first_header_row(text)[0] + 1
    last = first + max(1, plan.header_rows) - 1
    column = _free_column(sheet, first, clean=again)
    _head(sheet, first, last, column, fmt)
    for row, marks in plan.rows().items():
        ordered = sorted(marks, key=lambda m: m.columns)
        words = [f"{n}. {m.words}" if len(marks) > 1 else m.words for n, m in enumerate(ordered, 1)]
        _problems(sheet, row, column, words, worst(marks))
        cells: dict[int, list[Mark]] = {}
        for mark in ordered:
            for at in _ticked(sheet, row, mark.columns):
                cells.setdefault(at, []).append(mark)
        for at, here in cells.items():
            _colour(sheet, row, at + 1, here)


def _free_column(sheet: Worksheet, header: int, *, clean: bool) -> int:
    """Returns the first free column at the right, from 1; in a sheet returned before, the column it had then,
    emptied.
    """
    filled = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    old = [int(cell.column) for cell in filled if clean and cell.row == header and cell.value in HEADERS]
    if old:
        _clean(sheet, old[-1])
        return old[-1]
    last = [int(cell.column) for cell in filled] + [int(area.max_col) for area in sheet.merged_cells.ranges]
    return max(last, default=0) + 1


def _clean(sheet: Worksheet, column: int) -> None:
    """Removes the marks of last time: the problems in ``column``, notes signed by this package, and their colours."""
    for area in list(sheet.merged_cells.ranges):
        if area.min_col == column:
            sheet.unmerge_cells(area.coord)
    for cell in (cell for row in sheet.iter_rows() for cell in row if not isinstance(cell, MergedCell)):
        if cell.column == column:
            cell.value, cell.fill = None, PatternFill()
        elif cell.comment is not None and cell.comment.author == AUTHOR:
            cell.comment, cell.fill = None, PatternFill()


def _head(sheet: Worksheet, first: int, last: int, column: int, fmt: Formats) -> None:
    """Writes the header of the column of problems, as high and as framed as its neighbour."""
    for row in range(first, last + 1):
        _like(sheet.cell(row, column), _anchor(sheet, row, column - 1) if column > 1 else None)
    head = sheet.cell(first, column)
    head.value = fmt.t(*HEADERS)
    font = copy(head.font)
    head.font = Font(name=font.name, size=font.size, bold=True, color="C00000")
    head.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    if last > first:
        sheet.merge_cells(None, first, column, last, column)
    sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
    sheet.column_dimensions[get_column_letter(column)].hidden = False
    start, _, end = (sheet.auto_filter.ref or "").partition(":")
    if end:  # a filter over the ledger includes its problems
        sheet.auto_filter.ref = (
            f"{start}:{get_column_letter(column)}{end.lstrip('$ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"
        )


def _problems(sheet: Worksheet, row: int, column: int, words: list[str], severity: str) -> None:
    """Writes the problems of one row, in words."""
    cell = sheet.cell(row, column)
    _like(cell, _anchor(sheet, row, column - 1) if column > 1 else None)
    cell.value = harmless(ILLEGAL_CHARACTERS_RE.sub("", "\n".join(words)))
    cell.data_type = "s"
    cell.number_format = "@"
    cell.fill = PatternFill("solid", fgColor=COLOURS[severity])
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    lines = sum(-(-width_of(line) // (_WIDTH - 2)) for line in words)
    height = sheet.row_dimensions[row].height
    if lines > 1 and (height is None or height < lines * _LINE):
        sheet.row_dimensions[row].height = lines * _LINE


def _ticked(sheet: Worksheet, row: int, columns: tuple[int, ...]) -> tuple[int, ...]:
    """Returns those of several adjacent columns that have a value in the row; all where none has."""
    if len(columns) < 2:  # noqa: PLR2004 - one column alone has no neighbours
        return columns
    ticked = tuple(at for at in columns if sheet.cell(row, at + 1).value not in (None, ""))
    return ticked or columns


def _colour(sheet: Worksheet, row: int, column: int, marks: list[Mark]) -> None:
    """Colours a cell, and explains why in a note."""
    cell = _anchor(sheet, row, column)
    cell.fill = PatternFill("solid", fgColor=COLOURS[worst(marks)])
    text = "\n".join(mark.words for mark in marks)
    author = AUTHOR
    if cell.comment is not None:
        text, author = f"{cell.comment.text}\n\n{text}", cell.comment.author or "?"
    lines = sum(1 + width_of(line) // 36 for line in text.splitlines())
    cell.comment = Comment(ILLEGAL_CHARACTERS_RE.sub("", text), author, height=24 + 18 * lines, width=280)


def _anchor(sheet: Worksheet, row: int, column: int) -> Any:
    """Returns the cell that shows the content of a place: of merged cells the first."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, MergedCell):
        return cell
    area = next(a for a in sheet.merged_cells.ranges if cell.coordinate in a)
    return sheet.cell(area.min_row, area.min_col)


def _like(cell: Any, other: Any) -> None:
    """Gives ``cell`` the frame and font of ``other``; without one, a thin frame."""
    if isinstance(cell, MergedCell):
        return
    if other is None or not other.has_style:
        cell.border = Border(_SIDE, _SIDE, _SIDE, _SIDE)
        return
    cell.font, cell.border, cell.fill = copy(other.font), copy(other.border), copy(other.fill)
