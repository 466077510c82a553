"""National lists that need no ledger: the regions of a year, successors of regions, unified codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from dangjian import _native

if TYPE_CHECKING:
    from collections.abc import Sequence

Level: TypeAlias = Literal["province", "prefecture", "county", "township"]
"""A level of regions."""


def regions(year: int = 2023, level: Level = "county") -> pl.DataFrame:
    """Returns the regions (行政区划) of a level in force at the end of ``year``.

    Before 1984 the record is noisy. Of townships only the state of 2023 is known, and returned for every year.

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
    """Resolves regions, by code or name, to those of ``year``, which may be before or after the year of the codes or
    names.

    Args:
        written: Codes of 6, 9 or 12 digits, or names: full, shortened where that is unambiguous, or whole paths.
        year: The year whose regions are meant.
        of_year: The year of ``written``; without it a code is that of the last region that had it.

    Returns:
        A row for each region in an answer: ``written``; ``status`` (as ``dj.region_status``); ``role``: ``unit`` the
        region of ``year``, ``with`` a region merged with it, ``part`` one of several in its place, ``last`` and
        ``first`` the region that was abolished or set up in ``year``, ``holder`` the region that had the code from
        ``year`` on, ``candidate`` one of those that have the name; ``code``; ``name``; ``level``; ``year``. An
        unknown region has one row without a region.

    Raises:
        ArgumentError: A year is before 1980 or after 2026.

    Example:
        >>> resolve_regions("310108", year=2023, of_year=2014).select("status", "role", "code", "name").rows()
        [('merged', 'unit', '310106000000', '静安区'), ('merged', 'with', '310106000000', '静安区')]
    """
    several = [written] if isinstance(written, str) else list(written)
    return pl.DataFrame(_native.resolve_regions(several, of_year, year))


def uscc_completions(known: str) -> list[str]:
    """Returns the unified codes of 18 digits that begin with ``known``, 15 digits or more, and pass both of their
    checks.

    A spreadsheet that reads a code as a number keeps 15 digits of it. The code is certain only if one completion is
    left.

    Example:
        >>> uscc_completions("9111010669769418")
        ['911101066976941872']
    """
    return _native.uscc_completions(known)
