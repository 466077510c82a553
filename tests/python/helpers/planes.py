"""A panel written over a sheet as offices do: blocks below each other and side by side, each with its title,
header and columns, with totals, remarks and empty rows between.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.layouts import ALIASES, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

# Headers that no other column shares, and how the values are written.
COLUMNS = ("name", "members_full", "employees", "mode", "star")
_STARS = {1.0: "一星", 2.0: "二星", 3.0: "三星", 4.0: "四星", 5.0: "五星"}
_TITLES = ("{}年度两新组织党建台账", "{}年星级党组织名单", "某旗两新组织名册（{}年度）")


@dataclass
class Block:
    """One table: its year, its columns after the code, and its rows."""

    year: int
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]


def _written(column: str, value: Any) -> Any:
    if value is None:
        return ""
    if column == "mode":
        return WORDS["mode"][value][1]
    if column == "star":
        return _STARS.get(value, str(value))
    return value


def blocks(panel: pl.DataFrame, rng: random.Random) -> list[Block]:
    """Divides a panel among tables of one year each, with at least three rows' columns in any order."""
    divided: list[Block] = []
    for (year,), part in panel.group_by("year", maintain_order=True):
        rows = part.to_dicts()
        while rows:
            here = rows[: rng.randint(1, 12)]
            rows = rows[len(here) :]
            columns = list(COLUMNS)
            rng.shuffle(columns)
            divided.append(Block(int(year), tuple(columns), here))
    return divided


def _lines(block: Block, rng: random.Random, *, titled: bool) -> list[list[Any]]:
    """Writes one table, with a title if it has one of its own."""
    names = [rng.choice([h for h in ALIASES[c] if len(h) > 1 and "/" not in h]) for c in block.columns]
    code = rng.choice(["统一社会信用代码", "信用代码", "社会信用代码"])
    serial = rng.random() < 0.7
    head = [*(["序号"] if serial else []), names[0], code, *names[1:]]
    lines = [[rng.choice(_TITLES).format(block.year)]] if titled else []
    lines.append(head)
    for at, row in enumerate(block.rows, 1):
        values = [_written(column, row[column]) for column in block.columns]
        lines.append([*([at] if serial else []), values[0], row["org_id"], *values[1:]])
    if serial and rng.random() < 0.3:
        lines.append(["合计", *[""] * (len(head) - 1)])
    return lines


def sheet(divided: Sequence[Block], rng: random.Random) -> list[list[Any]]:
    """Writes tables onto a sheet; tables side by side share their rows, and stand apart."""
    lines: list[list[Any]] = []
    at = 0
    while at < len(divided):
        beside = [divided[at]]
        while at + len(beside) < len(divided) and len(beside) < 3 and rng.random() < 0.3:
            beside.append(divided[at + len(beside)])
        parts = [_lines(block, rng, titled=True) for block in beside]
        height, widths = max(map(len, parts)), [max(map(len, part)) for part in parts]
        for row in range(height):
            line: list[Any] = []
            for part, width in zip(parts, widths, strict=True):
                cells = part[row] if row < len(part) else []
                line += [*cells, *[""] * (width - len(cells) + 1)]
            lines.append(line[:-1])
        lines += [[] for _ in range(rng.randint(0, 2))]
        at += len(beside)
    return lines
