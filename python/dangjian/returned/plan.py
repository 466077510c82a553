"""The marks in a returned ledger: their cells, severities and words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from dangjian.catalogue.ledgers import SEVERITIES
from dangjian.report.check import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from dangjian.report.account import Account
    from dangjian.report.format import Formats

HEADERS = ("问题", "Problems")
"""Header of the column of problems in a returned ledger, in Chinese and in English; reading skips it."""

# Number of rows in which a header is searched for; the same as in reading.
_TOP = 40
# Characters at which a spreadsheet takes a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Mark:
    """One problem: its row from 1, the columns of its cells from 0 (none if it is one of the whole row), its words."""

    row: int
    line: int | None
    columns: tuple[int, ...]
    severity: str
    words: str


@dataclass
class Sheet:
    """One sheet or text file, and the problems in it."""

    name: str | None
    header_rows: int
    headers: dict[int, list[str]]
    encoding: str | None
    marks: list[Mark] = field(default_factory=list)

    def rows(self) -> dict[int, list[Mark]]:
        """Groups the marks by row."""
        rows: dict[int, list[Mark]] = {}
        for mark in self.marks:
            rows.setdefault(mark.row, []).append(mark)
        return rows

    def first_header_row(self, text: Callable[[int, int], str]) -> tuple[int, int]:
        """Returns the first row of the header, from 0, and the number of its columns found there.

        ``text`` returns the cell of a row and column, without white space.
        """
        best = (0, 0)
        for first in range(_TOP):
            rows = range(first, first + max(1, self.header_rows))
            found = sum(
                any(text(row, column) == parts[-1] for row in rows) for column, parts in self.headers.items()
            )
            if found > best[1]:
                best = (first, found)
        return best


@dataclass
class Ledger:
    """One file: its sheets, and its part of the roster's account."""

    name: str
    path: Path | None
    sheets: list[Sheet]
    sources: pl.DataFrame
    problems: pl.DataFrame
    near: pl.DataFrame
    skipped: pl.DataFrame


def ledgers(account: Account, paths: Mapping[str, Path | None], fmt: Formats) -> list[Ledger]:
    """Plans the marks of each file of ``account``, in order."""
    columns, problems = account.columns_read, account.problems
    made = []
    for name, path in paths.items():
        here = pl.col("file") == name
        ledger = Ledger(
            name=name,
            path=path,
            sheets=[],
            sources=account.sources.filter(here),
            problems=problems.filter(here),
            near=columns.filter(here, pl.col("proposal").is_not_null()),
            skipped=account.skipped.filter(here),
        )
        # A sheet may have several tables: its problems are marked once.
        for source in ledger.sources.unique("sheet", keep="first", maintain_order=True).iter_rows(named=True):
            of_sheet = here & pl.col("sheet").eq_missing(source["sheet"])
            tables = ledger.sources.filter(pl.col("sheet").eq_missing(source["sheet"]))
            ledger.sheets.append(_sheet(tables, columns.filter(of_sheet), problems.filter(of_sheet), fmt))
        made.append(ledger)
    return made


def _sheet(tables: pl.DataFrame, columns: pl.DataFrame, problems: pl.DataFrame, fmt: Formats) -> Sheet:
    source = tables.row(0, named=True)
    headers = {
        int(index): ["".join(part.split()) for part in str(header).split("/")]
        for index, header in columns.select("index", "header").rows()
    }
    places: dict[tuple[int, str], list[int]] = {}
    for table, index, column in columns.select("table", "index", "column").drop_nulls().rows():
        places.setdefault((table, column), []).append(index)
    sheet = Sheet(source["sheet"], source["header_rows"], headers, source["encoding"])
    for problem in problems.iter_rows(named=True):
        if problem["row"] is None:
            continue
        here = _tables_at(tables, problem["row"])
        at = tuple(index for table in here for index in places.get((table, problem["column"] or ""), ()))
        mark = Mark(problem["row"], problem["line"], at, problem["severity"], words(problem, len(at), fmt))
        sheet.marks.append(mark)
    return sheet


def _tables_at(tables: pl.DataFrame, row: int) -> list[int]:
    """Returns the numbers of the tables that have ``row``: all, where none says which rows it has."""
    found = []
    for table, area in tables.select("table", "range").rows():
        rows = [int(number) for number in re.findall(r"\d+", area or "")]
        if not rows or rows[0] <= row <= rows[-1]:
            found.append(table)
    return found or tables["table"].to_list()


def words(problem: Mapping[str, Any], columns: int, fmt: Formats) -> str:
    """Describes one problem: the column, the value, the fault, the advice.

    Example:
        >>> from dangjian.report.format import Formats
        >>> problem = {"header": "基本情况/从业人员", "value": "若干", "message_zh": "不是数字，按未知处理。"}
        >>> words(problem, 1, Formats("zh"))
        '从业人员“若干”：不是数字，按未知处理。'
    """
    header = one_line(problem["header"] or "").split("/")
    # Adjacent columns of words share a header, which names their topic.
    what = header[-2] if columns > 1 and len(header) > 1 else header[-1]
    value = " ".join((problem["value"] or "").split())
    shown = fmt.t(f"“{value}”", f" “{value}”" if what else f"“{value}”") if value else ""
    colon = fmt.t("：", ": ") if what or shown else ""
    return f"{what}{shown}{colon}{problem[f'message_{fmt.lang}']}"


def worst(marks: Iterable[Mark]) -> str:
    """Returns the gravest severity among ``marks``."""
    return min((mark.severity for mark in marks), key=SEVERITIES.index)


def harmless(text: str) -> str:
    """Returns ``text`` in a form that no spreadsheet takes for a formula.

    Example:
        >>> harmless("=1+1"), harmless("若干")
        ("'=1+1", '若干')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
