"""Selection of rows: a condition in SQL, or an expression of Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypedDict

import polars as pl

from dangjian.errors import ArgumentError

if TYPE_CHECKING:
    from dangjian import _native

Where: TypeAlias = str | pl.Expr | None
"""A condition in SQL, or an expression over the columns of ``Roster.to_polars()`` that is true or false for each row."""


class Rows(TypedDict):
    """The engine's two forms of a selection, of which at most one is set."""

    filter: str | None
    only: pl.Series | None


def rows(native: _native.Roster, where: Where) -> Rows:
    """Converts ``where`` to the form of the engine.

    An expression is evaluated once over the whole panel, all years together and in the order of ``to_polars()``, so
    that each result belongs to its row; ``.over("year")`` keeps to one year.
    """
    if where is None or isinstance(where, str):
        return {"filter": where, "only": None}
    expression: object = where
    if not isinstance(expression, pl.Expr):
        got = type(expression).__name__
        raise ArgumentError(
            f"where is a {got}. Expected: a condition in SQL, or a polars expression",
            f"where 是 {got}；应为 SQL 条件，或 polars 表达式",
        )
    panel = pl.DataFrame(native.to_arrow())
    names = dict.fromkeys(where.meta.root_names())
    if missing := [name for name in names if name not in panel.columns]:
        have, lacking = ", ".join(panel.columns), ", ".join(missing)
        raise ArgumentError(
            f"where names {lacking}, which the roster does not have. Available: {have}",
            f"where 用到名册没有的列 {lacking}。可用：{have}",
        )
    try:
        flags = panel.with_columns(where.alias("where"))["where"]
    except pl.exceptions.PolarsError as error:
        raise ArgumentError(
            f"where cannot be evaluated over the roster: {error}", f"where 无法在名册上计算：{error}"
        ) from error
    if flags.dtype != pl.Boolean:
        raise ArgumentError(
            f"where gives {flags.dtype}. Expected: true or false for each row, as in pl.col('employees') > 50",
            f"where 给出的是 {flags.dtype}；应对每行给出是非，如 pl.col('employees') > 50",
        )
    return {"filter": None, "only": flags}
