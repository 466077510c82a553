"""Statistics of ratings whose changes are dated to the day: transition rates, and probabilities that may change over
time.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from dangjian import _native
from dangjian.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH = dt.date(1970, 1, 1)


def dated_rates(
    changes: object,
    *,
    until: dt.date,
    states: Sequence[str] | None = None,
    ahead: float = 1,
    level: float = 0.95,
) -> pl.DataFrame:
    """Estimates transition rates in continuous time (the duration or generator estimator), and probabilities
    ``ahead`` years on.

    A transition that never occurred in one step still has a probability if it can be made in several.

    Args:
        changes: A table with ``org_id``, ``date`` and ``state``: from that day the organisation is in that state;
            null where it is lost from sight. In any order; any object that exports Arrow.
        until: The first day that was no longer observed.
        states: The states in order; where ``None``, those that occur, grades by size.
        ahead: Number of years.
        level: The level of the intervals of the rates.

    Returns:
        ``state``, ``next_state``, ``moves``, ``years`` (spent in ``state`` by all), ``rate`` (transitions a year),
        ``low``, ``high`` (exact), ``probability`` (after ``ahead`` years, if rates stay the same; null where no time
        was spent in a state that can be reached), ``ahead``, ``level``, ``organisations``.

    Example:
        >>> import datetime as dt
        >>> changes = pl.DataFrame(
        ...     {
        ...         "org_id": ["a", "a", "b"],
        ...         "date": [dt.date(2010, 1, 1), dt.date(2012, 1, 1), dt.date(2010, 1, 1)],
        ...         "state": ["3", "4", "3"],
        ...     }
        ... )
        >>> rates = dated_rates(changes, until=dt.date(2014, 1, 1))
        >>> rates.filter(state="3", next_state="4").select("moves", pl.col("years").round(2)).row(0)
        (1, 6.0)
    """
    return pl.DataFrame(
        _native.dated_rates(changes, _listed(states), _days(until, "until"), float(ahead), level)
    )


def dated_chances(
    changes: object,
    *,
    since: dt.date,
    until: dt.date,
    states: Sequence[str] | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """Estimates the probability of each state on each day, by the state on the day ``since`` (Aalen and Johansen
    1978).

    Nothing is assumed about rates. Several transitions on one day are one exact step; organisations may enter late
    and be lost.

    Args:
        changes: As in :func:`dated_rates`.
        since: The day from which the probabilities run.
        until: The first day that was no longer observed.
        states: The states in order.
        level: The level of the intervals.

    Returns:
        ``date`` (the day ``since``, then each day with a transition), ``state``, ``next_state``, ``at_risk`` (in
        ``next_state`` just before), ``events`` (number that left it), ``probability``, ``variance``, ``low``,
        ``high``, ``level``.

    Example:
        >>> import datetime as dt
        >>> changes = pl.DataFrame(
        ...     {
        ...         "org_id": ["a", "a", "b"],
        ...         "date": [dt.date(2010, 1, 1), dt.date(2012, 1, 1), dt.date(2010, 1, 1)],
        ...         "state": ["3", "4", "3"],
        ...     }
        ... )
        >>> chances = dated_chances(changes, since=dt.date(2010, 6, 1), until=dt.date(2014, 1, 1))
        >>> chances.filter(state="3", next_state="4")["probability"].to_list()
        [0.0, 0.5]
    """
    return pl.DataFrame(
        _native.dated_chances(changes, _listed(states), _days(since, "since"), _days(until, "until"), level)
    )


def _listed(states: Sequence[str] | None) -> list[str] | None:
    return None if states is None else list(states)


def _days(day: object, name: str) -> int:
    """Converts a day to days since 1970-01-01."""
    if isinstance(day, dt.datetime) or not isinstance(day, dt.date):
        raise ArgumentError(
            f"{name} is {day!r}: expected a date, as in datetime.date(2013, 7, 1)",
            f"{name} 是 {day!r}：应为日期，如 datetime.date(2013, 7, 1)",
        )
    return (day - _EPOCH).days
