"""What the country's lists say without any ledger: the regions of a year, and what regions became of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from dangjian import _native

if TYPE_CHECKING:
    from collections.abc import Sequence

Level: TypeAlias = Literal["province", "prefecture", "county", "township"]
"""A level of regions."""


def regions(year: int = 2023, level: Level = "county") -> pl.DataFrame:
    """The regions (行政区划) of a level in force at the end of ``year``.

    Before 1984 the record is noisy. Of townships only the state of 2023 is known, and given for every year.

    Returns:
        ``code`` (12 digits), ``name``, ``parent`` (the code of the region it belongs to), by code.

    Raises:
        ArgumentError: The year is before 1980 or after 2026, or there is no such level.

    Example:
        >>> regions(1982, "prefecture").filter(name="昭乌达盟")["code"].item()
        '152400000000'
    """
    return pl.DataFrame(_native.regions(year, level))


def resolve_regions(
    written: str | Sequence[str], *, year: int = 2023, of_year: int | None = None
) -> pl.DataFrame:
    """What regions, by code or name, are in ``year``: later or earlier than the year the codes or names are of.

    Args:
        written: Codes of 6, 9 or 12 digits, or names: full, shortened where that is unambiguous, or whole paths.
        year: The year whose regions are meant.
        of_year: The year of ``written``; without it a code is that of the last region that had it.

    Returns:
        A row for each region an answer names: ``written``; ``status`` (as ``dj.region_status``); ``role``: ``unit`` the
        region of ``year``, ``with`` what was merged with it, ``part`` one of several in its place, ``last`` and ``first``
        the region that was abolished or set up in ``year``, ``holder`` the region that had the code from ``year`` on,
        ``candidate`` one of those that have the name; ``code``; ``name``; ``level``; ``year``. What is unknown has one
        row without a region.

    Raises:
        ArgumentError: A year is before 1980 or after 2026.

    Example:
        >>> resolve_regions("310108", year=2023, of_year=2014).select("status", "role", "code", "name").rows()
        [('merged', 'unit', '310106000000', '静安区'), ('merged', 'with', '310106000000', '静安区')]
    """
    several = [written] if isinstance(written, str) else list(written)
    return pl.DataFrame(_native.resolve_regions(several, of_year, year))


def uscc_completions(known: str) -> list[str]:
    """The unified codes of 18 digits that begin with ``known``, 15 digits or more, and pass both of their checks.

    A spreadsheet that takes a code for a number keeps 15 digits of it. Only where one completion is left is it the code.

    Example:
        >>> uscc_completions("9111010669769418")
        ['911101066976941872']
    """
    return _native.uscc_completions(known)
