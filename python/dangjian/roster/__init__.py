"""The roster: read from ledgers, accounted for, linked, counted; and what it may hold."""

from __future__ import annotations

import polars as pl

from dangjian import _native
from dangjian.roster.panel import Roster
from dangjian.roster.read import open_roster, read_roster

__all__ = ["Roster", "open_roster", "problem_codes", "read_roster", "schema"]


def schema() -> pl.DataFrame:
    """The columns a ledger may have: name, labels, type, unit, the headers they are found under, what they mean.

    Example:
        >>> schema().filter(pl.col("name") == "mode")["label_zh"].item()
        '党组织组建形式'
    """
    return pl.DataFrame(_native.schema())


def problem_codes() -> pl.DataFrame:
    """The catalogue of problems that reading can report: code, what is done, how grave it is, what to do.

    Example:
        >>> "id_missing" in problem_codes()["code"]
        True
    """
    return pl.DataFrame(_native.problem_codes())
