"""Alluvial chart of stars over the years: a bar for each state, ribbons between the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from dangjian import labels
from dangjian.charts import GRADES, INK, PALETTE, STAR_STATES, Chart, _dress, _named

if TYPE_CHECKING:
    from collections.abc import Sequence

TONES = {
    "no_party_org": "#bcbec0",
    "absent": "#d3d4d5",
} | {
    s: PALETTE["star-" + s.replace(".", "-")] for s in STAR_STATES if "star-" + s.replace(".", "-") in PALETTE
}
"""Colour of every star state."""


def star_flow(
    frame: pl.DataFrame,
    *,
    states: Sequence[str] = (*GRADES, "unrated"),
    lang: labels.Lang = "zh",
    width: int = 640,
    height: int = 360,
) -> Chart:
    """Draws the transitions between star states over the years: a bar for each year and state, with ribbons between
    them (alluvial).

    The length of a bar is the number in the state. Whatever part of a bar no ribbon leaves went to a state that is
    not shown (or left the panel); whatever part no ribbon reaches came from one.

    Args:
        frame: ``Roster.star_transitions()``, without dimensions: a row for each pair of years and of states.
        states: The states shown, from the top.
        lang: The language of titles and words.
        width: Width in pixels.
        height: Height in pixels.

    Example:
        >>> star_flow(roster.star_transitions(counts="party_organisations"))  # doctest: +SKIP
    """
    count = "party_organisations" if "party_organisations" in frame.columns else "organisations"
    found = set(frame["star_state"]) | set(frame["next_star_state"])
    order = [s for s in states if s in found]
    moves = {
        (y, a, b): n for y, a, b, n in frame.select("year", "star_state", "next_star_state", count).rows()
    }
    years = sorted({y for y, _, _ in moves} | {y + 1 for y, _, _ in moves})
    bars = _bars(moves, years, order)
    gap = max((sum(n for n in of.values()) for of in bars.values()), default=1) * 0.03
    tops = {year: _tops(of, order, gap) for year, of in bars.items()}
    names = [labels.value("star_state", s, lang) for s in order]
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(domain=names, range=[TONES[s] for s in order]),
        legend=alt.Legend(orient="top", columns=7, symbolType="square", symbolOpacity=1),
    )
    x = alt.X(
        "x:Q",
        title=None,
        scale=alt.Scale(domain=[years[0] - 0.25, years[-1] + 0.25], nice=False),
        axis=alt.Axis(values=years, format="d", grid=False, ticks=False, domain=False),
    )
    y = alt.Y("y:Q", title=None, axis=None, scale=alt.Scale(reverse=True, nice=False))
    ribbons = pl.DataFrame(_ribbons(moves, tops, order), schema=_RIBBON, orient="row")
    ribbons = ribbons.with_columns(label=_named("star_state", lang))
    areas = (
        alt.Chart(ribbons)
        .mark_area(opacity=0.42, interpolate="monotone")
        .encode(x=x, y=y, y2="y2:Q", color=colour, detail="ribbon:N", tooltip=["label:N", "moves:Q"])
    )
    nodes = pl.DataFrame(
        [
            (
                year - 0.07,
                year + 0.07,
                tops[year][s],
                tops[year][s] + n,
                labels.value("star_state", s, lang),
                n,
            )
            for year, of in bars.items()
            for s, n in of.items()
            if n
        ],
        schema={
            "x": pl.Float64,
            "x2": pl.Float64,
            "y": pl.Float64,
            "y2": pl.Float64,
            "label": pl.String,
            "n": pl.Int64,
        },
        orient="row",
    )
    rects = (
        alt.Chart(nodes)
        .mark_rect()
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour, tooltip=["label:N", "n:Q"])
    )
    # A number only where the bar has room for one.
    room = gap * 1.1
    text = (
        alt.Chart(
            nodes.filter(pl.col("n") >= room).with_columns(x=pl.col("x2"), y=(pl.col("y") + pl.col("y2")) / 2)
        )
        .mark_text(align="left", dx=4, color=INK, fontSize=10.5)
        .encode(x=x, y=y, text="n:Q")
    )
    return _dress(alt.layer(areas, rects, text).properties(width=width, height=height))


_RIBBON = {
    "star_state": pl.String,
    "ribbon": pl.String,
    "x": pl.Float64,
    "y": pl.Float64,
    "y2": pl.Float64,
    "moves": pl.Int64,
}

_BENDS = ((0.07, 0), (0.38, 0), (0.62, 1), (0.93, 1))
"""Points along a ribbon: position between the years, and whether its height there is that of its start (0) or its end
(1).
"""


def _bars(
    moves: dict[tuple[int, str, str], int], years: Sequence[int], order: Sequence[str]
) -> dict[int, dict[str, int]]:
    """Counts each state in each year: those who leave it for the next year; in a year without a following step, those
    who arrived.
    """
    starts = {y for y, _, _ in moves}
    bars: dict[int, dict[str, int]] = {year: dict.fromkeys(order, 0) for year in years}
    for (year, a, b), n in moves.items():
        if a in bars[year]:
            bars[year][a] += n
        if year + 1 not in starts and b in bars[year + 1]:
            bars[year + 1][b] += n
    return bars


def _tops(of: dict[str, int], order: Sequence[str], gap: float) -> dict[str, float]:
    """Returns the position at which the bar of each state starts."""
    tops, at = {}, 0.0
    for state in order:
        tops[state] = at
        at += of[state] + (gap if of[state] else 0)
    return tops


def _ribbons(
    moves: dict[tuple[int, str, str], int], tops: dict[int, dict[str, float]], order: Sequence[str]
) -> list[tuple[str, str, float, float, float, int]]:
    """Returns the corners of every ribbon."""
    rows: list[tuple[str, str, float, float, float, int]] = []
    for year in sorted({y for y, _, _ in moves}):
        left, right = dict(tops[year]), dict(tops[year + 1])
        for a in order:
            for b in order:
                n = moves.get((year, a, b), 0)
                if not n:
                    continue
                heights = (left[a], right[b])
                rows.extend(
                    (a, f"{year} {a} {b}", year + x, heights[end], heights[end] + n, n) for x, end in _BENDS
                )
                left[a] += n
                right[b] += n
    return rows
