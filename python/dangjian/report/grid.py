"""Tables for the templates: headers and cells formatted for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dangjian.report.format import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from dangjian.report.format import Formats


@dataclass(frozen=True)
class Cell:
    """One cell: its text, a smaller line under it, its alignment, and the strength of its tint (0 to 1)."""

    text: str
    sub: str = ""
    css: str = ""
    heat: float = 0.0


@dataclass(frozen=True)
class Grid:
    """A table whose first ``names`` columns are names; the other columns follow the cells."""

    heads: list[Cell]
    rows: list[list[Cell]]
    foot: list[Cell] | None = None
    names: int = 1

    def __bool__(self) -> bool:
        return bool(self.rows)


def plain(frame: pl.DataFrame, columns: Sequence[str], fmt: Formats, *, names: int = 1) -> Grid:
    """Returns ``columns`` of ``frame`` unchanged; columns that are null in every row are left out, except names.

    Example:
        >>> plain(review.tables["starred"], ["name", "star"], Formats("zh"))  # doctest: +SKIP
    """
    shown = [c for i, c in enumerate(columns) if i < names or frame[c].null_count() < frame.height]
    css = {c: "n" if frame.schema[c].is_numeric() and c != "star" else "" for c in shown}
    return Grid(
        [Cell(fmt.column(c), css=css[c]) for c in shown],
        [
            [Cell(fmt.value(c, v), css=css[c]) for c, v in zip(shown, row, strict=True)]
            for row in frame[shown].rows()
        ],
        names=names,
    )


def matrix(
    frame: pl.DataFrame,
    row: str,
    column: str,
    count: str,
    fmt: Formats,
    *,
    rows: Sequence[Any],
    columns: Sequence[Any],
    moves: str = "",
    sums: Literal["both", "down", "none"] = "both",
) -> Grid:
    """Returns counts with the words of ``row`` down, those of ``column`` across, and sums at the edges.

    Only words that occur are shown, in the order of ``rows`` and ``columns``. ``moves`` names the corner of a matrix
    of transitions, whose cells off the diagonal are tinted by their size. ``sums`` are given only where the parts add
    up: years do not, and a party organisation of several modes is counted in each.

    Example:
        >>> matrix(moved, "mode", "next_mode", "organisations", fmt, rows=MODES, columns=MODES)  # doctest: +SKIP
    """
    counts: dict[tuple[Any, Any], int] = {}
    for r, c, n in frame.select(row, column, count).rows():
        counts[r, c] = counts.get((r, c), 0) + (n or 0)
    rows = [r for r in rows if any(counts.get((r, c)) for c in columns)]
    columns = [c for c in columns if any(counts.get((r, c)) for r in rows)]
    peak = max((counts.get((r, c), 0) for r in rows for c in columns if r != c), default=0) or 1

    def cell(r: object, c: object) -> Cell:
        n = counts.get((r, c), 0)
        off = bool(moves) and r != c
        return Cell(
            fmt.number(n) if n else "·",
            css="n" if off or not moves else "n same",
            heat=(n / peak) ** 0.5 if off else 0.0,
        )

    def total(numbers: Sequence[int]) -> Cell:
        return Cell(fmt.number(sum(numbers)), css="n sum")

    word = Cell(fmt.t("合计", "total"), css="n sum")
    head = [Cell(moves or fmt.column(row)), *(Cell(fmt.value(column, c), css="n") for c in columns)]
    body = [[Cell(_name(row, r, fmt)), *(cell(r, c) for c in columns)] for r in rows]
    if sums == "none":
        return Grid(head, body)
    foot = [Cell(word.text), *(total([counts.get((r, c), 0) for r in rows]) for c in columns)]
    if sums == "both":
        head.append(word)
        for r, line in zip(rows, body, strict=True):
            line.append(total([counts.get((r, c), 0) for c in columns]))
        foot.append(total([counts.get((r, c), 0) for r in rows for c in columns]))
    return Grid(head, body, foot)


def rates(frame: pl.DataFrame, by: str, fmt: Formats) -> Grid:
    """Returns one row for each value of ``by`` and one column a rate: per cent, and under it met/known and unknowns.

    Example:
        >>> rates(review.tables["coverage_by_kind"], "kind", Formats("zh"))  # doctest: +SKIP
    """
    label = f"label_{fmt.lang}"
    heads = dict(frame.select("rate_id", label).unique("rate_id", maintain_order=True).rows())
    cells: dict[str | None, dict[str, Cell]] = {}
    for record in frame.iter_rows(named=True):
        cells.setdefault(record[by], {})[record["rate_id"]] = rate_cell(record, fmt)
    empty = Cell(NOTHING, css="n")
    return Grid(
        [Cell(fmt.column(by)), *(Cell(text or id, css="n") for id, text in heads.items())],
        [
            [Cell(_name(by, value, fmt)), *(row.get(id, empty) for id in heads)]
            for value, row in cells.items()
        ],
    )


def rate_cell(record: dict[str, Any], fmt: Formats) -> Cell:
    """Returns a rate with its counts: met/known, then the unknowns, which are in neither.

    Example:
        >>> from dangjian.report.format import Formats
        >>> rate_cell({"rate": 0.75, "success": 3, "failure": 1, "unknown": 2}, Formats("zh"))
        Cell(text='75.0%', sub='3/4 · 不明 2', css='n', heat=0.0)
    """
    there = record["rate"] is not None or any(record.get(part) for part in ("unknown", "population_unknown"))
    return Cell(fmt.percent(record["rate"]), parts(record, fmt) if there else "", css="n")


def parts(record: dict[str, Any], fmt: Formats) -> str:
    """Formats the counts of a rate.

    Example:
        >>> from dangjian.report.format import Formats
        >>> parts({"success": 3, "failure": 1, "unknown": 0}, Formats("en"))
        '3/4'
    """
    success, failure = record["success"] or 0, record["failure"] or 0
    text = f"{fmt.number(success)}/{fmt.number(success + failure)}"
    unknown = (record["unknown"] or 0) + (record.get("population_unknown") or 0)
    return text + (
        fmt.t(f" · 不明 {fmt.number(unknown)}", f" · {fmt.number(unknown)} unknown") if unknown else ""
    )


def _name(by: str, value: str | None, fmt: Formats) -> str:
    return fmt.value(by, "not_given" if value is None else value)
