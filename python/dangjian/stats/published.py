"""Checks of published figures against the intervals that their rounding allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from dangjian import _native
from dangjian.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Printed: TypeAlias = str | int | None
"""A number: text as it was printed, an exact integer, or nothing."""


def check_published(
    figures: Iterable[Mapping[str, Printed]] | None = None,
    *,
    year: int | None = None,
    numerator: Printed = None,
    denominator: Printed = None,
    percent: Printed = None,
) -> pl.DataFrame:
    """Tests whether published figures can be right: whether a part, a whole and a share exist that round to the
    printed ones.

    Args:
        figures: Several figures, each a mapping of ``numerator``, ``denominator``, ``percent`` and ``year``; instead
            of one.
        year: The year of the figure.
        numerator: The part, as printed: ``"59.5"``, ``"147.5万"``. Its last digit shows to what it was rounded, so
            that it represents any number that is rounded to it; an integer represents itself.
        denominator: The whole, as printed.
        percent: The share in per cent, as printed: ``"99.6"``.

    Returns:
        ``year``; ``numerator``, ``denominator``, ``percent`` as printed; ``divided`` (the printed part over the
        printed whole) and ``divides`` (whether that rounds to the printed share); the intervals that the other two of
        the three allow: ``percent_low``, ``percent_high``, ``numerator_low``, …, ``denominator_high``; ``agrees``. A
        figure that agrees and does not divide is right: it was computed before its parts were rounded. One of the
        three may be missing: its interval is then the answer, and ``agrees`` is null.

    Example:
        >>> of_2008 = check_published(year=2008, numerator="59.5万", denominator="59.8万", percent="99.6")
        >>> of_2008.select("divides", "agrees").row(0)
        (False, True)
        >>> of_2014 = check_published(year=2014, numerator="157.9", percent="53.1")
        >>> [round(end, 1) for end in of_2014.select("denominator_low", "denominator_high").row(0)]
        [297.0, 297.7]
    """
    one: dict[str, Printed] = {
        "year": year,
        "numerator": numerator,
        "denominator": denominator,
        "percent": percent,
    }
    rows = [{**dict.fromkeys(one), **figure} for figure in figures] if figures is not None else [one]
    for row in rows:
        for name, value in row.items():
            if name not in one:
                raise ArgumentError(
                    f"a figure has no '{name}'. Available: {', '.join(one)}",
                    f"数字没有“{name}”一项。可用：{'、'.join(one)}",
                )
            if isinstance(value, float):
                raise ArgumentError(
                    f"{name} is {value!r}: write it as text, as printed, since 59.50 and 59.5 are rounded differently",
                    f"{name} 写的是 {value!r}：请照原文写成文字，59.50 与 59.5 的舍入不同",
                )
    checked = [(row["year"], row["numerator"], row["denominator"], row["percent"]) for row in rows]
    return pl.DataFrame(_native.check_published(checked))
