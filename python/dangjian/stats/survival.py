"""Survival of anything under watch, of arrays: curves, and groups compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import polars as pl

from dangjian import _native
from dangjian.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

T = TypeVar("T")


def survival_curve(
    time: Sequence[float],
    cause: Sequence[int],
    *,
    entry: Sequence[float] | None = None,
    cluster: Sequence[Hashable] | None = None,
    interval: Literal["log-log", "log", "plain"] = "log-log",
    level: float = 0.95,
) -> pl.DataFrame:
    """Survival of things under watch: Kaplan–Meier, and Aalen–Johansen where causes compete. Ties are exact.

    Args:
        time: When the watch of each ended.
        cause: Why: 0 where the watch itself ended (censored), 1 the event, 2 and more what competes with it.
        entry: When the watch began, where that is later than 0 (late entry, left truncation): ``entry < time``.
        cluster: What each belongs to; variances are then those of what clusters add (infinitesimal jackknife). Without it
            all are independent (Greenwood).
        interval: On which scale intervals are symmetric: ``log-log`` is the default of lifelines and SAS, ``log`` that of R.
        level: The level of intervals.

    Returns:
        A row for each time from 0, as in ``Roster.star_survival``, whose causes 2 and more are called ``cause_2``, ….

    Example:
        >>> survival_curve([1, 2, 2, 3], [1, 1, 0, 1]).select("time", "at_risk", "survival").rows()
        [(0.0, 4, 1.0), (1.0, 4, 0.75), (2.0, 3, 0.5), (3.0, 1, 0.0)]
    """
    return _watched(time, cause, entry, cluster, interval, level, None)[0]


def survival_summary(
    time: Sequence[float],
    cause: Sequence[int],
    *,
    entry: Sequence[float] | None = None,
    cluster: Sequence[Hashable] | None = None,
    horizon: float | None = None,
    interval: Literal["log-log", "log", "plain"] = "log-log",
    level: float = 0.95,
) -> pl.DataFrame:
    """What the curves of ``survival_curve`` come to, in one row.

    Args:
        time: As in ``survival_curve``, and the options below likewise.
        cause: Why each watch ended.
        entry: When it began.
        cluster: What each belongs to.
        horizon: Up to which time the mean is restricted; the last at which anyone is under watch where none is given.
        interval: The scale of intervals.
        level: The level of intervals.

    Returns:
        ``n``, ``events``, ``competing``, ``censored``, then as in ``Roster.star_survival_summary`` from ``median`` on.

    Example:
        >>> survival_summary([1, 2, 2, 3], [1, 1, 0, 0]).select("events", "median", "mean").row(0)
        (2, 2.0, 2.25)
        >>> survival_summary([1, 2, 2, 3], [0, 0, 0, 0])["median"].item() is None
        True
    """
    return _watched(time, cause, entry, cluster, interval, level, horizon)[1]


def _watched(
    time: Sequence[float],
    cause: Sequence[int],
    entry: Sequence[float] | None,
    cluster: Sequence[Hashable] | None,
    interval: str,
    level: float,
    horizon: float | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    start = [0.0] * len(time) if entry is None else list(entry)
    causes = max(1, *cause) if len(cause) else 1
    clusters = None if cluster is None else _numbers(cluster)[0]
    curve, summary = _native.survival_curve(
        start, list(time), list(cause), clusters, causes, interval, level, horizon
    )
    return pl.DataFrame(curve), pl.DataFrame(summary)


def log_rank(
    time: Sequence[float],
    event: Sequence[bool],
    group: Sequence[Hashable],
    *,
    entry: Sequence[float] | None = None,
    cluster: Sequence[Hashable] | None = None,
) -> pl.DataFrame:
    """Compare the survival of groups (log-rank test), of any number of them.

    Args:
        time: When the watch of each ended.
        event: Whether by the event.
        group: The group of each.
        entry: As in ``survival_curve``.
        cluster: As in ``survival_curve``; without it each is a cluster of its own.

    Returns:
        A row for each group, in the order in which they first occur: ``group``, ``n``, ``observed``, ``expected``; in every row
        ``chi2``, ``df``, ``p``, and ``chi2_robust``, ``df_robust``, ``p_robust`` (the score test of Lin and Wei, whose
        variance is that of what clusters add).

    Example:
        >>> test = log_rank([1, 2, 3, 4, 5, 6], [True] * 6, ["a", "a", "b", "a", "b", "b"])
        >>> test.select("group", "observed", "df").rows()
        [('a', 3, 1), ('b', 3, 1)]
    """
    start = [0.0] * len(time) if entry is None else list(entry)
    numbers, names = _numbers(group)
    clusters = None if cluster is None else _numbers(cluster)[0]
    table = pl.DataFrame(
        _native.log_rank(numbers, len(names), start, list(time), [bool(one) for one in event], clusters)
    )
    return table.insert_column(0, pl.Series("group", names))


def _numbers(values: Iterable[T]) -> tuple[list[int], list[T]]:
    """Each value as the number of its first occurrence among distinct ones, and those."""
    seen: dict[T, int] = {}
    numbers = [seen.setdefault(value, len(seen)) for value in values]
    if None in seen:
        raise ArgumentError(
            "a group or cluster is None: everything stands in one", "组不能为 None：每个对象都应有一个组"
        )
    return numbers, list(seen)
