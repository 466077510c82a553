"""Columns a ledger may have, problems that reading reports, and the names of kinds and outcomes of rows."""

from __future__ import annotations

import polars as pl

from dangjian import _native

FATES = ("kept", "rejected", "merged", "conflicts")
"""Outcomes of a row of data; the four add up to all rows of data."""

OTHER_ROWS = ("title", "header", "repeated_header", "blank", "total", "subtotal", "note", "footer")
"""Kinds of rows of a sheet that are not data, as columns of ``Roster.sources``."""

SEVERITIES = _native.SEVERITIES
"""Severities of a problem, the gravest first."""


def schema() -> pl.DataFrame:
    """Returns the columns a ledger may have: name, labels, type, unit, the headers that are recognised, the meaning.

    Example:
        >>> schema().filter(pl.col("name") == "mode")["label_zh"].item()
        '党组织组建形式'
    """
    return pl.DataFrame(_native.schema())


def problem_codes() -> pl.DataFrame:
    """Returns the catalogue of problems that reading can report: code, action taken, severity, advice.

    Example:
        >>> "id_missing" in problem_codes()["code"]
        True
    """
    return pl.DataFrame(_native.problem_codes())
