"""Synthetic panels of any size, for trials and benchmarks."""

from __future__ import annotations

import polars as pl

from dangjian import _native


def panel(organisations: int, years: int, *, first_year: int = 2004, seed: int = 7) -> pl.DataFrame:
    """Generates a canonical panel of invented organisations on the real township codes, the same for the same seed.

    Returns:
        One row an organisation and year, in the canonical columns and types.

    Example:
        >>> panel(100, 3)["year"].unique().sort().to_list()
        [2004, 2005, 2006]
    """
    return pl.DataFrame(_native.synth_panel(organisations, years, first_year, seed))
