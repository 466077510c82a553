"""Ledgers as offices write them: a panel in text files or workbooks, laid out by hypothesis.

A layout holds the decisions of an office (which files, which columns where, under which headers). The
spelling of each cell is chosen separately, by a random generator seeded with the layout.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from hypothesis import strategies as st

import dangjian
from helpers import ROOT

# Options that the text reader supports; the strategy draws from these.
DELIMITERS = [",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
SUFFIXES = [".csv", ".txt", ".tsv"]
LINE_ENDS = ["\n", "\r\n", "\r"]

WORDS_FILE = ROOT / "definitions" / "words.toml"
WORDS = {
    record["column"]: {word["id"]: [word["id"], word["zh"], *word["written"]] for word in record["values"]}
    for record in tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))["word"]
}
ALIASES = {
    name: [name, label, *(h for h in headers.split("、") if h)]
    for name, label, headers in dangjian.schema().select("name", "label_zh", "headers").rows()
}
TYPES = dict(dangjian.schema().select("name", "type").rows())
MEASURES = dict(dangjian.schema().select("name", "unit").rows())
EPOCH = dt.date(1899, 12, 30)

ADDED = {
    "name": pl.String,
    "control": pl.String,
    "committee": pl.String,
    "party_org_level": pl.String,
    "established_on": pl.Date,
    "union": pl.Boolean,
    "premises_m2": pl.UInt32,
    "funds": pl.UInt64,
    "score": pl.Float64,
}


def panel(organisations: int, years: int, seed: int) -> pl.DataFrame:
    """Returns a `synth` panel with columns of the missing types added, and some cells emptied."""
    made = dangjian.synth.panel(organisations, years, first_year=2009, seed=seed)
    made = made.with_columns(pl.col(pl.Categorical).cast(pl.String))
    rng = random.Random(seed)  # noqa: S311

    def some(values: list[Any], share: float = 0.8) -> list[Any]:
        return [rng.choice(values) if rng.random() < share else None for _ in range(len(made))]

    days = [
        dt.date(2012, 5, 1),
        dt.date(1998, 12, 31),
        dt.date(2008, 2, 29),
        dt.date(2012, 10, 1),
        dt.date(2010, 1, 1),
    ]
    columns: dict[str, list[Any]] = {
        "name": [
            f"{rng.choice(['某旗', '甲,乙', '“大”', '无为', 'A&B ', '—— '])}第{at}厂"
            for at in range(len(made))
        ],
        "control": some(list(WORDS["control"])),
        "committee": some(["个体私营经济党工委", "住建局党委", "工业园区党（工）委"]),
        "party_org_level": some(list(WORDS["party_org_level"])),
        "established_on": some(days),
        "union": some([True, False]),
        "premises_m2": some([0, 20, 120, 1500]),
        "funds": some([0, 1, 35_000, 12_345, 1_000_000]),
        "score": some([0.0, 85.0, 92.5, 99.25, 110.0]),
    }
    added = pl.DataFrame(columns, schema=ADDED)
    whole = pl.concat([made, added], how="horizontal")
    # Values that the ledgers of two counties leave out.
    emptied = [
        pl.when(pl.Series(some([True], 0.9), dtype=pl.Boolean)).then(name)
        for name in ("employees", "operating", "industry")
    ]
    return whole.with_columns(emptied).sort("year", "org_id")


def full_width(text: str) -> str:
    """Returns ASCII text in full-width characters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@dataclass
class Speller:
    """Chooses the spelling of each cell; cells of workbooks may be numbers, dates and flags."""

    rng: random.Random
    typed: bool
    wan: bool = False
    """True if money is in 万元."""

    def cell(self, column: str, value: Any) -> Any:
        """Returns one way to write ``value`` in ``column``."""
        kind = TYPES[column]
        if value is None:
            nothing = ["", "", "-", "—", "／", " ", "N/A"] + (["无", "未评"] if kind == "star" else [])
            return self.rng.choice(nothing + (["无"] if kind in ("count", "money", "date", "code") else []))
        write: Callable[[str, Any], list[Any]] = getattr(self, f"_{kind}")
        written = self.rng.choice(write(column, value))
        if isinstance(written, str) and self.rng.random() < 0.1:
            written = self.rng.choice([f" {written}", f"{written}\u3000", f"\u00a0{written} "])
        return written

    def _year(self, _: str, value: int) -> list[Any]:
        return [str(value), f"{value}年", full_width(str(value)), *([value] if self.typed else [])]

    def _id(self, _: str, value: str) -> list[Any]:
        return [value, value, value.lower(), full_width(value), f"'{value}", f"\t{value}"]

    def _text(self, _: str, value: str) -> list[Any]:
        return [value, f"{value[:2]}\n{value[2:]}"]

    def _code(self, _: str, value: str) -> list[Any]:
        return [value]

    def _word(self, column: str, value: str) -> list[Any]:
        ways = WORDS[column][value]
        # `mode` keeps the original word in `mode_detail`.
        return [*ways, f"{list(WORDS[column]).index(value) + 1}-{ways[1]}", f"{ways[1][:1]} {ways[1][1:]}"]

    def _region(self, _: str, value: str) -> list[Any]:
        ways: list[Any] = [value, full_width(value), f"'{value}", *([float(value)] if self.typed else [])]
        return ways + [value[: -3 * n] for n in (1, 2) if value.endswith("000" * n)]

    def _industry(self, _: str, value: str) -> list[Any]:
        return [value, value.lower(), value[1:], f"{value} 某业", *([int(value[1:])] if self.typed else [])]

    def _flag(self, _: str, value: bool) -> list[Any]:  # noqa: FBT001
        yes, no = ["是", "有", "√", "✓", "✔", "●", "☑", "Y", "1", "１"], ["否", "无", "×", "N", "0", "✗", "☐"]
        return (yes if value else no) + ([value, int(value)] if self.typed else [])

    def _count(self, column: str, value: int) -> list[Any]:
        unit = "㎡" if column == "premises_m2" else {"人": "人", "次": "次"}.get(MEASURES[column], "个")
        ways: list[Any] = [str(value), f"{value:,}", full_width(str(value)), f"{value}.0", f"{value}{unit}"]
        return ways + ([value, float(value)] if self.typed else [])

    def _money(self, _: str, value: int) -> list[Any]:
        ways: list[Any] = [f"{value}元", f"{value / 10_000:.4f}万元", f"{value / 10_000:.4f}（万元）"]
        here = value / 10_000 if self.wan else value
        text = f"{here:.4f}" if self.wan else str(value)
        return [
            *ways,
            text,
            f"{value / 10_000:,.4f}" if self.wan else f"{value:,}",
            *([here] if self.typed else []),
        ]

    def _real(self, _: str, value: float) -> list[Any]:
        return [
            str(value),
            f"{value}分",
            f"{value}%",
            full_width(str(value)),
            *([value] if self.typed else []),
        ]

    def _star(self, _: str, value: float) -> list[Any]:
        grade = int(value)
        word = "一二三四五"[grade - 1]
        ways: list[Any] = [
            str(grade),
            f"{word}星",
            f"{word}星级",
            f"{grade}星",
            "★" * grade,
            f"{'★' * grade:☆<5}",
        ]
        return ways + ([grade, float(grade)] if self.typed else [])

    def _date(self, _: str, value: dt.date) -> list[Any]:
        y, m, d = value.year, value.month, value.day
        spoken = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(y))
        ways: list[Any] = [
            f"{y}-{m:02}-{d:02}", f"{y}/{m}/{d}", f"{y}.{m}.{d}", f"{y}年{m}月{d}日", f"{y}{m:02}{d:02}",
            f"{spoken}年{_spoken(m)}月{_spoken(d)}日", str((value - EPOCH).days), f"{y}-{m:02}-{d:02} 00:00:00",
        ]  # fmt: skip
        if d == 1:
            ways += [f"{y}.{m}", f"{y}年{m}月", f"{y}-{m:02}", f"{y}{m:02}", f"{spoken}年{_spoken(m)}月"]
        return ways + ([value, (value - EPOCH).days] if self.typed else [])


def _spoken(number: int) -> str:
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十") + (digits[ones] if ones else "")


@dataclass
class Layout:
    """The decisions of an office about its ledgers."""

    seed: int
    book: bool
    """True for workbooks, false for text."""
    years: str
    """Distinction of years: by ``column``, by ``file`` or by ``sheet``."""
    columns: list[str] = field(default_factory=list)
    one_hot: list[str] = field(default_factory=list)
    header_rows: int = 1
    titles: int = 0
    blanks: int = 0
    serial: bool = False
    totals: str = "none"
    subtotals: bool = False
    repeated_header: bool = False
    footer: bool = False
    blank_between: bool = False
    wan: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    suffix: str = ".csv"
    line_end: str = "\n"


@st.composite
def layouts(draw: st.DrawFn, columns: list[str]) -> Layout:
    """Draws a layout of these columns, always including those that every ledger has."""
    book = draw(st.booleans())
    years = draw(st.sampled_from(["column", "file", "sheet"] if book else ["column", "file"]))
    always = ["org_id", "name", *(["year"] if years == "column" else [])]
    more = [c for c in columns if c not in ("org_id", "name", "year")]
    order = draw(st.permutations(always + draw(st.lists(st.sampled_from(more), unique=True, min_size=1))))
    words = [c for c in order if c in ("mode", "kind", "control", "party_org_level")]
    one_hot = draw(st.lists(st.sampled_from(words), unique=True)) if words else []
    least = 2 if one_hot else 1
    return Layout(
        seed=draw(st.integers(0, 2**32)),
        book=book,
        years=years,
        columns=order,
        one_hot=one_hot,
        header_rows=draw(st.integers(least, 3)),
        titles=draw(st.integers(0, 2)),
        blanks=draw(st.integers(0, 2)),
        serial=draw(st.booleans()),
        totals=draw(st.sampled_from(["none", "first", "last"])),
        subtotals=draw(st.booleans()),
        repeated_header=draw(st.booleans()),
        footer=draw(st.booleans()),
        blank_between=draw(st.booleans()),
        wan=draw(st.booleans()),
        delimiter=draw(st.sampled_from(DELIMITERS)),
        encoding=draw(st.sampled_from(ENCODINGS)),
        suffix=draw(st.sampled_from(SUFFIXES)),
        line_end=draw(st.sampled_from(LINE_ENDS)),
    )


class Sheet:
    """The rows of one sheet, and its merged cells."""

    def __init__(self, layout: Layout, rng: random.Random) -> None:
        """Chooses the headers; each sheet of a layout gets its own."""
        self.layout, self.rng = layout, rng
        self.speller = Speller(rng, typed=layout.book, wan=layout.wan)
        self.merged: list[tuple[int, int, int, int]] = []
        # Each column of the sheet: the column of the panel, and its word in a one-hot group.
        self.slots: list[tuple[str | None, str | None]] = [(None, None)] if layout.serial else []
        for column in layout.columns:
            if column in layout.one_hot:
                self.slots += [(column, word) for word in WORDS[column]]
            else:
                self.slots.append((column, None))

    def alias(self, column: str) -> str:
        """Returns a header of ``column`` as some office writes it."""
        text = self.rng.choice(ALIASES[column])
        if column == "funds":
            text = text.removesuffix("(元)") + (
                "(万元)" if self.layout.wan else self.rng.choice(["", "(元)", "(单位:元)"])
            )
        if self.rng.random() < 0.3:
            text = text.replace("(", "（").replace(")", "）")
        if self.rng.random() < 0.3 and not text.isascii():
            text = text[:2] + self.rng.choice([" ", "\n", "\u3000"]) + text[2:]
        return text

    def header(self, first: int) -> list[list[Any]]:
        """Returns the rows of the header, of which the first is row ``first`` of the sheet."""
        height = self.layout.header_rows
        rows: list[list[Any]] = [[""] * len(self.slots) for _ in range(height)]
        at = 0
        while at < len(self.slots):
            column, word = self.slots[at]
            if word is not None and column is not None:
                width = len(WORDS[column])
                # The item's name is above its words. A third row has a group over both.
                rows[height - 2][at] = self.alias(column)
                self.merge(first + height - 2, at, first + height - 2, at + width - 1)
                for offset, one in enumerate(WORDS[column]):
                    rows[height - 1][at + offset] = self.rng.choice(WORDS[column][one][1:])
                if height == 3:
                    rows[0][at] = "基本情况"
                    self.merge(first, at, first, at + width - 1)
                at += width
                continue
            text = "序号" if column is None else self.alias(column)
            # A column next to a group has its header in the first row, merged down. A column under a
            # group has it in the last.
            if height > 1 and self.rng.random() < 0.3:
                rows[height - 1][at] = text
                rows[0][at] = "党建情况"
                self.merge(first, at, first + height - 2, at)
            else:
                rows[0][at] = text
                self.merge(first, at, first + height - 1, at)
            at += 1
        return rows

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """Records a merged range of more than one cell."""
        if (top, left) != (bottom, right):
            self.merged.append((top, left, bottom, right))

    def label(self, text: str, *others: str) -> list[Any]:
        """Returns a row that begins with a label."""
        return [text, *others, *[""] * (len(self.slots) - 1 - len(others))][: len(self.slots)]

    def data(self, row: dict[str, Any], number: int) -> list[Any]:
        """Returns a row of the panel."""
        cells: list[Any] = []
        for column, word in self.slots:
            if column is None:
                cells.append(number if self.layout.book else str(number))
            elif word is not None:
                mark = (
                    self.rng.choice(["√", "1", "✓", "●"])
                    if row[column] == word
                    else self.rng.choice(["", "", "×", "—"])
                )
                cells.append(mark)
            else:
                cells.append(self.speller.cell(column, row[column]))
        return cells

    def sum(self, text: str) -> list[Any]:
        """Returns a row of sums: a label first, numbers in some numeric columns."""
        cells = self.label(text)
        for at, (column, _) in enumerate(self.slots):
            if at and column is not None and TYPES[column] in ("count", "money") and self.rng.random() < 0.7:
                cells[at] = 123 if self.layout.book else "123"
        return cells

    def rows(self, rows: list[dict[str, Any]], year: int | None) -> Iterator[list[Any]]:
        """Yields all rows of the sheet."""
        layout = self.layout
        at = 0
        for title in ["某县两新组织党建工作台账" + (f"（{year}年度）" if year else ""), "单位：人"][
            : layout.titles
        ]:
            yield self.label(title)
            at += 1
        for _ in range(layout.blanks):
            yield [""] * len(self.slots)
            at += 1
        header = self.header(at)
        yield from header
        if layout.totals == "first":
            yield self.sum("合 计")
        for number, row in enumerate(rows, 1):
            if layout.subtotals and number % 7 == 0:
                yield self.sum("经棚镇小计")
            if layout.blank_between and number % 11 == 0:
                yield [""] * len(self.slots)
            if layout.repeated_header and number % 13 == 0:
                yield header[-1] if layout.header_rows == 1 else header[0]
            yield self.data(row, number)
        if layout.totals == "last":
            yield self.sum("总计")
        if layout.footer:
            yield self.label("填表人：某某", "", "审核人：某某")
            yield self.label("注：本表由各苏木乡镇填报")


def write(panel: pl.DataFrame, layout: Layout, folder: Path) -> list[Path]:
    """Writes ``panel`` by ``layout`` into ``folder``; returns the files in any order."""
    rng = random.Random(layout.seed)  # noqa: S311
    rows = panel.to_dicts()
    rng.shuffle(rows)
    by_year: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows:
        by_year.setdefault(None if layout.years == "column" else row["year"], []).append(row)
    if layout.years == "sheet":
        files = [(folder / "台账.xlsx", list(by_year.items()))]
    else:
        suffix = ".xlsx" if layout.book else layout.suffix
        files = [(folder / f"台账{year or ''}{suffix}", [(year, rows)]) for year, rows in by_year.items()]
    for path, sheets in files:
        if layout.book:
            _workbook(path, sheets, layout, rng)
        else:
            ((year, rows),) = sheets
            _text(path, Sheet(layout, rng).rows(rows, year), layout)
    paths = [path for path, _ in files]
    rng.shuffle(paths)
    return paths


def _text(path: Path, rows: Iterator[list[Any]], layout: Layout) -> None:
    text = io.StringIO(newline="")
    # If a carriage return ends lines, the csv writer would leave a line feed in a cell unquoted.
    quoting = csv.QUOTE_ALL if layout.line_end == "\r" else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=layout.delimiter, lineterminator=layout.line_end, quoting=quoting)
    for row in rows:
        # An empty row becomes an empty line, or a line of delimiters only.
        writer.writerow(row)
    path.write_bytes(text.getvalue().encode(layout.encoding))


def _workbook(
    path: Path, sheets: list[tuple[int | None, list[dict[str, Any]]]], layout: Layout, rng: random.Random
) -> None:
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format({"num_format": "yyyy/m/d"})
        note = book.add_worksheet("填表说明")
        note.write(0, 0, "一、本表由各苏木乡镇填报。")
        for year, rows in sheets:
            made = Sheet(layout, rng)
            page = book.add_worksheet(f"{year}年" if layout.years == "sheet" else "台账")
            lines = list(made.rows(rows, year))
            for merged in made.merged:
                page.merge_range(*merged, "")
            for at, row in enumerate(lines):
                for column, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        page.write_datetime(at, column, dt.datetime(cell.year, cell.month, cell.day), date)  # noqa: DTZ001
                    elif not isinstance(cell, str):
                        page.write(at, column, cell)
                    elif cell:
                        page.write_string(at, column, cell)
