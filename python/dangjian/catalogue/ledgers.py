"""Columns a ledger may have, problems that reading reports, and the words for what becomes of a row."""

from __future__ import annotations

import polars as pl

from dangjian import _native

FATES = ("kept", "rejected", "merged", "conflicts")
"""Outcomes of a row of data; the four add up to all rows of data."""

OTHER_ROWS = ("title", "header", "repeated_header", "blank", "total", "subtotal", "note", "footer")
"""Kinds of rows of a sheet that are not data, as columns of ``Roster.sources``."""

SEVERITIES = ("error", "warning", "info")
"""Severities of a problem, the gravest first."""


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
