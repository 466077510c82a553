"""Made-up organisations as rows of a small table."""

from __future__ import annotations

from typing import Any

import dangjian

# The characters of unified codes in order of value (GB 32100-2015).
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
HEADER = ["序号", "单位名称", "统一社会信用代码", "正式党员", "组建形式", "评定星级"]


def code(number: int, kind: str = "91") -> str:
    """Returns a valid code that no real organisation has."""
    first = f"{kind}150425MA{number:07d}"
    total = sum(ALPHABET.index(sign) * pow(3, at, 31) for at, sign in enumerate(first))
    return first + ALPHABET[-total % 31]


def organisation(number: int) -> str:
    """Returns the name of organisation ``number``."""
    return f"示例{number}号商贸有限公司"


def row(number: int, star: str = "三星") -> list[Any]:
    """Returns a row under ``HEADER``."""
    return [number + 1, organisation(number), code(number), number + 1, "单建", star]


def values(roster: dangjian.Roster) -> list[tuple[Any, ...]]:
    """Returns code, name, full members and stars of all records, in order of the codes."""
    return sorted(roster.to_polars().select("org_id", "name", "members_full", "star").rows())


def values_of(rows: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Returns what ``values`` gives for ``rows`` under ``HEADER`` if they are read right."""
    return sorted((r[2], r[1], r[3], 3.0) for r in rows)
