"""Survival statistics of arrays: curves, and the comparison of groups."""

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
    """Estimates survival curves: Kaplan–Meier, and Aalen–Johansen where causes compete. Ties are exact.

    Args:
        time: End of observation of each subject.
        cause: Reason for the end: 0 where observation itself ended (censored), 1 the event, 2 and more competing
            events.
        entry: Start of observation, where later than 0 (late entry, left truncation): ``entry < time``.
        cluster: Cluster of each subject; variances are then computed between clusters (infinitesimal jackknife).
            Without clusters all subjects are independent (Greenwood).
        interval: Scale on which intervals are symmetric: ``log-log`` is the default of lifelines and SAS, ``log``
            that of R.
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
    """Summarises the curves of ``survival_curve`` in one row.

    Args:
        time: As in ``survival_curve``, and the options below likewise.
        cause: Reason for the end of each observation.
        entry: Start of each observation.
        cluster: Cluster of each subject.
        horizon: Time to which the mean is restricted; by default the last with anyone at risk.
        interval: The scale of intervals.
        level: The level of intervals.

    Returns:
        ``n``, ``events``, ``competing``, ``censored``, then as in ``Roster.star_survival_summary`` from ``median``
        on.

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
    """Compares the survival of any number of groups (log-rank test).

    Args:
        time: End of observation of each subject.
        event: True where observation ended with the event.
        group: The group of each subject.
        entry: As in ``survival_curve``.
        cluster: As in ``survival_curve``; without it each subject is a cluster of its own.

    Returns:
        A row for each group, in the order of first occurrence: ``group``, ``n``, ``observed``, ``expected``; in every
        row ``chi2``, ``df``, ``p``, and ``chi2_robust``, ``df_robust``, ``p_robust`` (the score test of Lin and Wei,
        with the variance between clusters).

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
    """Numbers distinct values in the order of first occurrence; returns the number of each value, and the distinct
    values.
    """
    seen: dict[T, int] = {}
    numbers = [seen.setdefault(value, len(seen)) for value in values]
    if None in seen:
        raise ArgumentError(
            "a group or cluster is None: everything stands in one", "组不能为 None：每个对象都应有一个组"
        )
    return numbers, list(seen)
