"""The report as a workbook: a sheet of headline figures, then one sheet a table, with real numbers.

Every text of a ledger is written as text, so that none becomes a formula.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from dangjian.catalogue.ledgers import FATES
from dangjian.report.format import RATES, YEARS, Formats, rate_label, starred_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dangjian import labels
    from dangjian.results.review_data import ReviewData

LINES = 1_048_575
"""Maximum number of rows under the header of a sheet; longer tables continue on a further sheet."""

WIDEST = 48
"""Width of the widest column, in narrow characters."""

# Sheet names have at most 31 characters, none of these, and no apostrophe at either end.
_NAME_LENGTH = 31
_ILLEGAL = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


def write(review: ReviewData, path: Path, lang: labels.Lang) -> None:
    """Writes the workbook of ``review`` to ``path``.

    Example:
        >>> write(review, Path("review.xlsx"), "zh")  # doctest: +SKIP
    """
    with _book(path) as book:
        writer = _Writer(book, Formats(lang))
        writer.summary(review)
        for name, frame in _sheets(review, lang):
            writer.table(name, frame)


def write_tables(tables: Mapping[str, pl.DataFrame], path: Path, lang: labels.Lang) -> None:
    """Writes tables by id to the workbook ``path``, one sheet each under their labels.

    Example:
        >>> write_tables({"links": roster.links}, Path("links.xlsx"), "zh")  # doctest: +SKIP
    """
    fmt = Formats(lang)
    with _book(path) as book:
        writer = _Writer(book, fmt)
        for name, frame in tables.items():
            writer.table(fmt.table(name), frame)


@contextmanager
def _book(path: Path) -> Iterator[xlsxwriter.Workbook]:
    try:
        with xlsxwriter.Workbook(path, _OPTIONS) as book:
            yield book
    except FileCreateError as error:
        # The library hides the system's error, which every other file of the review would raise.
        (cause,) = error.args
        raise (cause if isinstance(cause, OSError) else error) from None


def _sheets(review: ReviewData, lang: labels.Lang) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yields the tables under their labels; each gap list separately, under the label of its target."""
    fmt = Formats(lang)
    for name, frame in review.tables.items():
        if name == "columns_missing":
            if frame.height:
                named = pl.Series(f"label_{lang}", [fmt.column(column) for column in frame["column"]])
                yield fmt.table(name), frame.with_columns(named)
        elif name == "starred":
            yield starred_label(review, fmt), frame
        elif name != "gaps":
            yield fmt.table(name), frame
        else:
            yield from _gaps(review, frame, fmt)


def _gaps(review: ReviewData, frame: pl.DataFrame, fmt: Formats) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yields the gap list of each target, under its label."""
    for at, target in enumerate(review.tables["targets"].iter_rows(named=True), 1):
        title = f"{fmt.t('缺口', 'Gaps ')}{at} {target[f'label_{fmt.lang}'] or target['target']}"
        if len(title) > _NAME_LENGTH:
            title = f"{fmt.t('缺口', 'Gaps ')}{at} {target['target']}"
        yield title, frame.filter(pl.col("target") == target["target"])


class _Writer:
    """Writer of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook, fmt: Formats) -> None:
        self.book = book
        self.fmt = fmt
        self.taken: set[str] = set()
        font: dict[str, object] = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
        made: dict[str, dict[str, object]] = {
            "text": {"indent": 1},
            "number": {"num_format": "#,##0"},
            "real": {"num_format": "0.##"},
            "year": {"num_format": "0"},
            "percent": {"num_format": "0.0%"},
            "fine": {"num_format": "0.000000%"},
            "date": {"num_format": "yyyy-mm-dd"},
            "head": {"bold": True, "bottom": 1, "bg_color": "#F4F1EC", "text_wrap": True, "indent": 1},
            "headn": {"bold": True, "bottom": 1, "bg_color": "#F4F1EC", "text_wrap": True, "align": "right"},
            "title": {"bold": True, "font_size": 14, "font_color": "#8F1D16"},
            "group": {"bold": True, "font_color": "#8F1D16", "bottom": 1},
            "groupn": {"bold": True, "font_color": "#8F1D16", "bottom": 1, "align": "right"},
        }
        self.formats = {name: book.add_format(font | own) for name, own in made.items()}

    def sheet(self, name: str) -> Any:
        """Adds a sheet under a legal and unique name."""
        plain = " ".join(name.translate(_ILLEGAL).split()) or "-"
        legal, n = plain[:_NAME_LENGTH].rstrip(), 1
        while legal.casefold() in self.taken:
            n += 1
            end = f" ({n})"
            legal = plain[: _NAME_LENGTH - len(end)].rstrip() + end
        self.taken.add(legal.casefold())
        sheet = self.book.add_worksheet(legal)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        return sheet

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """Writes a table under its header; rows beyond the limit of a sheet continue on the next."""
        other = self.fmt.t("en", "zh")
        frame = frame.drop(f"label_{other}", f"note_{other}", f"why_{other}", strict=False)
        for part in frame.iter_slices(LINES) if frame.height else [frame]:
            sheet = self.sheet(name)
            for at, column in enumerate(part.columns):
                label = self.fmt.column(column)
                number = part.schema[column].is_numeric() and column != "star"
                self.put(sheet, 0, at, label, "headn" if number else "head")
                width = _width(label) + 3  # room for the filter's arrow
                for row, value in enumerate(part[column].to_list(), 1):
                    width = max(width, _width(self.value(sheet, row, at, column, value)) + 2)
                sheet.set_column(at, at, min(WIDEST, width))
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            sheet.autofilter(0, 0, max(1, part.height), max(0, part.width - 1))

    def value(self, sheet: Any, row: int, at: int, column: str, value: Any) -> str:
        """Writes one value of ``column`` with its type, and returns the text a reader sees."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return ""
        shown = self.fmt.value(column, value)
        if column in YEARS:
            self.put(sheet, row, at, value, "year")
        elif column in RATES:
            self.put(sheet, row, at, value, "percent")
        elif isinstance(value, bool) or not isinstance(value, (int, float, dt.date)):
            self.put(sheet, row, at, shown, "text")
        else:
            self.put(sheet, row, at, value, "date" if isinstance(value, dt.date) else "number")
        return shown

    def put(self, sheet: Any, row: int, at: int, value: Any, form: str) -> None:
        """Writes text as text, a date as a date, any other value as a number."""
        if (
            form == "percent" and value < 1 and f"{value:.1%}" == "100.0%"
        ):  # a rate below 1 must not read as 100 %
            form = "fine"
        if form == "number" and not float(value).is_integer():
            form = "real"
        style = self.formats[form]
        if isinstance(value, str):
            sheet.write_string(row, at, value, style)
        elif isinstance(value, dt.date):
            sheet.write_datetime(row, at, value, style)
        else:
            sheet.write_number(row, at, value, style)

    def summary(self, review: ReviewData) -> None:
        """Writes the first sheet: the headline figures, the targets, the row balance."""
        fmt, head = self.fmt, review.headline
        sheet = self.sheet(fmt.t("概要", "Summary"))
        sheet.set_column(0, 0, 46)
        sheet.set_column(1, 7, 13)
        figures = [
            (fmt.t("单位（家）", "organisations"), head["organisations"]),
            (fmt.t("党组织（个）", "party organisations"), head["party_organisations"]),
            (fmt.t("已建党组织单位（家）", "organised"), head["organised"]),
            *((rate_label(review, r["id"], fmt), r["rate"]) for r in [head["coverage"]] if r),
            (fmt.t("党建工作指导员（名）", "instructors"), head["instructors"]),
            (fmt.t("选派挂职干部（名）", "seconded officers"), head["seconded_officers"]),
            (fmt.t("出资人兼任书记（名）", "owners as secretary"), head["owner_secretaries"]),
            *(
                (fmt.value("star_state", s) + fmt.t("党组织（个）", ", party organisations"), n)
                for s, n in head["stars"].items()
            ),
        ]
        rows = head["rows"]
        balance = [(fmt.t("读入行数", "rows in"), rows["in"])]
        balance += [(fmt.column(c), rows[c]) for c in FATES]

        title = fmt.t(
            f"{review.year} 年度两新组织党建年报", f"{review.year}: annual review of Party building"
        )
        self.put(sheet, 0, 0, title, "title")
        at = self.pairs(sheet, 2, fmt.t("主要数字", "Headline figures"), figures)
        at = self.targets(sheet, at + 1, review.tables["targets"])
        self.pairs(
            sheet,
            at + 1,
            fmt.t("行数核对（读入 = 保留 + 剔除 + 合并 + 冲突）", "Row balance (in = the sum)"),
            balance,
        )

    def pairs(self, sheet: Any, at: int, title: str, pairs: Sequence[tuple[str, Any]]) -> int:
        """Writes names and their numbers under ``title`` from row ``at``, and returns the row after them."""
        self.put(sheet, at, 0, title, "group")
        for label, number in pairs:
            at += 1
            self.put(sheet, at, 0, label, "text")
            if number is not None:
                self.put(sheet, at, 1, number, "percent" if isinstance(number, float) else "number")
        return at + 1

    def targets(self, sheet: Any, at: int, frame: pl.DataFrame) -> int:
        """Writes a line for each target from row ``at``, and returns the row after them."""
        columns = ("rate", "success", "failure", "unknown", "population", "met", "inferred")
        self.put(sheet, at, 0, self.fmt.table("targets"), "group")
        for i, column in enumerate(columns, 1):
            words = column in ("met", "inferred")
            self.put(sheet, at, i, self.fmt.column(column), "group" if words else "groupn")
        for target in frame.iter_rows(named=True):
            at += 1
            self.put(sheet, at, 0, target[f"label_{self.fmt.lang}"] or target["target"], "text")
            for i, column in enumerate(columns, 1):
                if column == "met":
                    self.put(sheet, at, i, self.fmt.verdict(target["met"]), "text")
                else:
                    self.value(sheet, at, i, column, target[column])
        return at + 1


def _width(text: str) -> int:
    """Returns the width of ``text`` in narrow characters; Chinese characters count twice."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
