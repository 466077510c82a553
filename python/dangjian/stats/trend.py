"""Trend tests on arrays: Mann–Kendall on one series or on many together, proportions by year, pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from dangjian import _native
from dangjian.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence


def mann_kendall(
    values: Any,
    years: Sequence[float] | None = None,
    *,
    method: Literal["auto", "exact", "normal"] = "auto",
    alpha: float = 0.05,
) -> pl.DataFrame:
    """Tests series for a trend (Mann 1945, Kendall 1975), with Sen's slope (1968).

    Args:
        values: A series: a list, a polars Series, a one-dimensional array. Or many of equal length, one a row: a list
            of lists, a polars Series of lists or arrays, a two-dimensional array. Missing values are None or NaN.
        years: The years of the values, ascending; 0, 1, 2, … by default.
        method: Source of p-values: ``exact`` counts all orders of the values, with ties (up to 33 values), ``normal``
            approximates with a continuity correction, ``auto`` is exact up to ten values.
        alpha: Significance level: a p-value up to this is called a trend, and the interval of the slope has the level
            1 - ``alpha``.

    Returns:
        A row for each series: ``n`` (known values), ``s``, ``var_s`` (with ties), ``tau_a``, ``tau_b``, ``z``, ``p``,
        ``p_method``, ``slope`` (a year), ``slope_low``, ``slope_high``, ``intercept`` (of the line, at the first
        year), ``verdict``: ``rising``, ``falling``, ``no_trend``, ``constant``, ``too_few_years`` (below five: even
        four years that rise each time have an exact p of 1/12). Undefined is null: ``z``, ``p`` and ``tau_b`` of a
        constant series, the interval where no two slopes bound it at that level, everything below two values.

    Example:
        >>> mann_kendall([0.71, 0.74, 0.73, 0.80, 0.82]).select("s", "p", "verdict").row(0)
        (8, 0.08333333333333333, 'no_trend')
        >>> mann_kendall([[1, 2, 3], [3, 3, 3]])["verdict"].to_list()
        ['too_few_years', 'too_few_years']
    """
    flat, width = _series(values)
    times = list(range(width)) if years is None else list(years)
    if not flat.len():
        return pl.DataFrame(_native.mann_kendall([0.0], pl.Series([None], dtype=pl.Float64), method, alpha))
    return pl.DataFrame(_native.mann_kendall(times, flat, method, alpha))


def pooled_kendall(values: Any, years: Sequence[float] | None = None, *, alpha: float = 0.05) -> pl.DataFrame:
    """Tests many series for a common trend (regional Kendall): do the counties rise as a whole?

    Args:
        values: Series of equal length, one a row, as in ``mann_kendall``.
        years: As in ``mann_kendall``.
        alpha: As in ``mann_kendall``.

    Returns:
        Two rows. ``between`` is ``independent`` (S and its variance are added up: Hirsch and Slack 1984, Helsel and
        Frans 2006), or ``correlated`` (with the covariances of Dietz and Killeen 1981, those of Hirsch and Slack
        where values are missing), since a year may affect several counties alike. Then ``years`` (with a value in any
        series), ``units`` (series with two values or more), ``units_left_out``, ``n`` (values), ``s``, ``var_s``,
        ``tau``, ``z`` (with a continuity correction if independent), ``p``, ``slope`` (the median over all pairs of
        years of all series), ``verdict``.

    Example:
        >>> counties = [[0.1, 0.2, 0.3, 0.4, 0.6], [0.5, 0.4, 0.6, 0.7, 0.8], [0.7, 0.8, 0.9, 0.9, 0.9]]
        >>> pooled_kendall(counties).select("between", "units", "s", "verdict").rows()
        [('independent', 3, 25, 'rising'), ('correlated', 3, 25, 'rising')]
    """
    flat, width = _series(values)
    times = list(range(width)) if years is None else list(years)
    return pl.DataFrame(_native.pooled_kendall(times, flat, alpha))


def seasonal_kendall(values: Any, period: int, *, alpha: float = 0.05) -> pl.DataFrame:
    """Tests a series with seasons, comparing each season with itself in other years (seasonal Kendall).

    Args:
        values: A series, as in ``mann_kendall``, the seasons of each year after those of the year before.
        period: Number of seasons in a year: 4, 12.
        alpha: As in ``mann_kendall``.

    Returns:
        As ``pooled_kendall``; the units are the seasons, slopes are a year.

    Example:
        >>> quarters = [10, 21, 30, 11, 12, 22, 33, 13, 13, 25, 34, 15, 15, 24, 36]
        >>> seasonal_kendall(quarters, 4).select("units", "n", "s").row(0)
        (4, 15, 19)
    """
    flat, width = _series([values] if not isinstance(values, pl.Series) else values)
    if flat.len() != width or period < 1:
        raise ArgumentError(
            f"expected one series and a period from 1, got {flat.len()} values and a period of {period}",
            f"应为一个序列和正的周期，给的是 {flat.len()} 个值、周期 {period}",
        )
    years = -(-width // period)
    padded = pl.concat([flat, pl.Series([None] * (years * period - width), dtype=pl.Float64)])
    seasons = pl.concat([padded.gather_every(period, season) for season in range(period)])
    return pl.DataFrame(_native.pooled_kendall(list(range(years)), seasons, alpha))


def adjust_p(p: Sequence[float | None]) -> list[float | None]:
    """Adjusts p-values for multiple testing (Benjamini and Hochberg 1995), which controls the false discovery rate.

    A missing p-value (None) is not a test: it stays None and does not count.

    Example:
        >>> adjust_p([0.01, None, 0.04])
        [0.02, None, 0.04]
    """
    return _native.adjust_p(list(p))


def cochran_armitage(
    success: Sequence[int], known: Sequence[int], years: Sequence[float] | None = None, *, level: float = 0.95
) -> pl.DataFrame:
    """Tests proportions by year for a linear trend (Cochran 1954, Armitage 1955): ``prop.trend.test`` of R.

    Args:
        success: Number of successes, year by year.
        known: Number of known answers, year by year.
        years: The years, or other scores; 0, 1, 2, … by default.
        level: The level of the interval of the slope.

    Returns:
        One row: ``years`` (with any known), ``success``, ``known`` (of all years), ``slope`` (growth of the
        proportion a year), ``slope_low``, ``slope_high`` (each year with its own binomial variance), ``z`` (its
        square is chi-square with one degree of freedom), ``p``; ``z`` and ``p`` are null where all or none succeed.
        With thousands of organisations everything is significant: judge by the slope.

    Example:
        >>> cochran_armitage([30, 40, 50], [100, 100, 100])["slope"].item()
        0.1
    """
    times = list(range(len(success))) if years is None else list(years)
    return pl.DataFrame(_native.cochran_armitage(times, list(success), list(known), level))


def mcnemar(kept: int, lost: int, gained: int, never: int, *, level: float = 0.95) -> pl.DataFrame:
    """Tests whether as many gained as lost a property between two dates (McNemar 1947).

    Args:
        kept: Number with the property both times.
        lost: Number with it only the first time.
        gained: Number with it only the second time.
        never: Number without it both times.
        level: The level of the interval of the difference.

    Returns:
        One row: the four, ``difference`` (later proportion less earlier), ``low``, ``high``, ``p`` (exact,
        two-sided), ``chi2`` (with a continuity correction), ``chi2_p``; the last three are null where nobody changed.

    Example:
        >>> mcnemar(20, 2, 9, 10).select("difference", "p").row(0)
        (0.17073170731707318, 0.0654296875)
    """
    return pl.DataFrame(_native.mcnemar(kept, lost, gained, never, level))


def _series(values: Any) -> tuple[pl.Series, int]:
    """Flattens series of equal length, one after the other; returns the values and the length of each series."""
    shape = getattr(values, "shape", None)
    if not isinstance(values, pl.Series):
        if shape is not None and len(shape) == 2:  # noqa: PLR2004 - rows and columns
            flat = pl.Series(values.reshape(-1)).cast(pl.Float64)
            return flat, shape[1]
        values = pl.Series(values, dtype=None, strict=False)
    if isinstance(values.dtype, pl.List | pl.Array):
        lengths = values.list.len() if isinstance(values.dtype, pl.List) else values.arr.len()
        if lengths.n_unique() > 1 or lengths.null_count():
            found = sorted(lengths.drop_nulls().unique())
            raise ArgumentError(
                f"series are equally long; these have {found} values: put None where a year is missing",
                f"各序列应一样长；这些有 {found} 个值：缺的年份请写 None",
            )
        width = int(lengths[0]) if values.len() else 0
        return values.explode().cast(pl.Float64), width
    return values.cast(pl.Float64), values.len()
