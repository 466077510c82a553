"""Charts of the annual review, as functions from a review's tables to ``altair.Chart``.

The report and the notebooks use the same charts. In a notebook Altair needs scripts from the network; without a
network, ``altair.renderers.enable("svg")`` embeds pictures. The colours are middle tones that read on light and on
dark, and the background is transparent; the report replaces the tones with those of its page (see
:mod:`dangjian.report.svg`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import altair as alt
import polars as pl

from dangjian import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

FONTS = "'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
"""Font families with Chinese glyphs, one for each operating system, in the order in which they are tried."""

MODES = ("solo", "joint", "affiliated", "area", "none", "unknown")
"""Formation modes in the order of tables and stacks."""

GRADES = ("5", "4.5", "4", "3.5", "3", "2.5", "2", "1.5", "1", "0.5", "0")
"""Grades from the highest, halves included."""

STAR_STATES = (*GRADES, "unrated", "no_party_org", "unknown", "absent")
"""Star states of an organisation-year in the order of tables; they are never merged."""

INK = "#7a7d82"
"""Colour of text and axes."""

PALETTE = {
    "ink-soft": INK,
    "accent": "#b8463c",
    "mode-solo": "#b5483e",
    "mode-joint": "#cf9440",
    "mode-affiliated": "#5f9483",
    "mode-area": "#6886b0",
    "mode-none": "#a2a4a6",
    "mode-unknown": "#8a7f9c",
    "star-5": "#8a5a0c",
    "star-4-5": "#9b6912",
    "star-4": "#ac7818",
    "star-3-5": "#ba8728",
    "star-3": "#c89638",
    "star-2-5": "#d2a651",
    "star-2": "#dcb66a",
    "star-1-5": "#e3c487",
    "star-1": "#ead2a4",
    "star-0-5": "#ecdabb",
    "star-0": "#eee2cf",
    "star-unrated": "#a3a5a7",
    "star-unknown": "#8b809d",
    "success": "#3f8f74",
    "failure": "#b6493f",
    "unknown": "#c3a05a",
    "line-1": "#b7473d",
    "line-2": "#5d7fae",
    "line-3": "#c98f3b",
    "line-4": "#5c9280",
    "line-5": "#8b6fa3",
    "line-6": "#8c8f94",
    "line-7": "#4d9aa5",
    "line-8": "#a5794e",
}
"""Every colour by its role. No tone occurs twice, so that a page can replace each with its own."""


def coverage_by(frame: pl.DataFrame, by: str, *, rate: str = "organised", lang: labels.Lang = "zh") -> Chart:
    """Draws one rate as bars over the values of one dimension, the lowest first; a thin line spans the bounds left by
    unknowns.

    Args:
        frame: A table such as ``coverage_by_township``: a row for each value of ``by`` and rate.
        by: The column whose values name the bars.
        rate: The ``rate_id`` shown.
        lang: The language of titles and words.

    Example:
        >>> coverage_by(review.tables["coverage_by_kind"], "kind")  # doctest: +SKIP
    """
    data = (
        frame.filter(pl.col("rate_id") == rate, pl.col("rate").is_not_null())
        .sort("rate", by, nulls_last=True)
        .select(
            place=_named(by, lang).fill_null(labels.value(by, "not_given", lang)),
            rate=pl.col("rate"),
            low=pl.col("rate_low"),
            high=pl.col("rate_high"),
            edge=pl.max_horizontal("rate", "rate_high"),
            text=pl.format("{}/{}", pl.col("success"), pl.col("success") + pl.col("failure")),
        )
    )
    y = alt.Y("place:N", sort=None, title=None, axis=alt.Axis(labelLimit=260, ticks=False, domain=False))
    x = alt.X("rate:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    open_ = alt.Chart(data.filter(pl.col("high") > pl.col("low"))).mark_rule(color=INK, strokeWidth=1.5)
    bars = alt.Chart(data).mark_bar(height=11, color=PALETTE["accent"]).encode(x=x, y=y)
    text = alt.Chart(data).mark_text(align="left", dx=6, color=INK, fontSize=11)
    return _dress(
        alt.layer(
            bars,
            open_.encode(x="low:Q", x2="high:Q", y=y),
            text.encode(x="edge:Q", y=y, text="text:N"),
        ).properties(width=430, height=alt.Step(19))
    )


def coverage_over_years(frame: pl.DataFrame, *, lang: labels.Lang = "zh") -> Chart:
    """Draws every rate as a line over the years, with a point for each year measured. No line crosses a break (see
    ``breaks``).

    Args:
        frame: The table ``coverage``: a row for each year and rate.
        lang: The language of titles and words.

    Example:
        >>> coverage_over_years(review.tables["coverage"])  # doctest: +SKIP
    """
    label = pl.col(f"label_{lang}").fill_null(pl.col("rate_id"))
    series = pl.col("series") if "series" in frame.columns else pl.lit(1)
    data = frame.filter(pl.col("rate").is_not_null()).select("year", "rate", label=label, series=series)
    names = data["label"].unique(maintain_order=True).to_list()
    tones = [tone for role, tone in PALETTE.items() if role.startswith("line-")]
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(domain=names, range=[tones[i % len(tones)] for i in range(len(names))]),
        legend=alt.Legend(orient="top", columns=2, labelLimit=300, symbolStrokeWidth=0),
    )
    y = alt.Y("rate:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    # Two rates may coincide: the dashes of one show the other under it.
    dash = alt.StrokeDash(
        "label:N",
        title=None,
        legend=None,
        scale=alt.Scale(domain=names, range=[[5, 4] if i % 2 else [1, 0] for i in range(len(names))]),
    )
    base = alt.Chart(data).encode(x=_years(lang), y=y, color=colour)
    lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash, detail="series:N")
    return _dress(
        alt.layer(lines, base.mark_point(filled=True, size=36, opacity=1)).properties(width=430, height=230)
    )


def formation_over_years(frame: pl.DataFrame, *, lang: labels.Lang = "zh") -> Chart:
    """Draws stacked bars of organisations by formation mode over the years, with the total above each.

    Args:
        frame: The table ``formation``: a row for each year and mode.
        lang: The language of titles and words.

    Example:
        >>> formation_over_years(review.tables["formation"])  # doctest: +SKIP
    """
    return _stack(frame, "mode", "organisations", MODES, "mode-", lang)


def star_distribution(frame: pl.DataFrame, *, lang: labels.Lang = "zh") -> Chart:
    """Draws stacked bars of party organisations by star state over the years, with the total above each.

    Args:
        frame: The table ``stars``: a row for each year and star state.
        lang: The language of titles and words.

    Example:
        >>> star_distribution(review.tables["stars"])  # doctest: +SKIP
    """
    data = frame.filter(pl.col("star_state").is_in([*GRADES, "unrated", "unknown"]))
    return _stack(data, "star_state", "party_organisations", STAR_STATES, "star-", lang)


def targets_bar(frame: pl.DataFrame, *, lang: labels.Lang = "zh") -> Chart:
    """Draws one bar for each target, its population divided into met, not met and unknown; the bar's title has the
    counts.

    Args:
        frame: The table ``targets``: a row for each target.
        lang: The language of titles and words.

    Example:
        >>> targets_bar(review.tables["targets"])  # doctest: +SKIP
    """
    parts = ("success", "unknown", "failure")
    data = (
        frame.with_columns(
            name=pl.format(
                "{} {}/{}", f"label_{lang}", pl.col("success"), pl.col("success") + pl.col("failure")
            )
        )
        .unpivot(parts, index=["target", "name"], variable_name="part", value_name="n")
        .with_columns(
            rank=pl.col("part").replace_strict(parts, range(3)),
            label=pl.col("part").replace_strict(parts, [labels.column(p, lang) for p in parts]),
        )
    )
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(domain=[labels.column(p, lang) for p in parts], range=[PALETTE[p] for p in parts]),
        legend=alt.Legend(orient="top"),
    )
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=360, ticks=False, domain=False))
    x = alt.X("n:Q", stack="normalize", title=None, axis=alt.Axis(format=".0%", tickCount=5))
    bar = alt.Chart(data).mark_bar(height=16)
    return _dress(
        bar.encode(x=x, y=y, color=colour, order="rank:Q").properties(width=430, height=alt.Step(30))
    )


def star_moves_heatmap(frame: pl.DataFrame, *, year: int | None = None, lang: labels.Lang = "zh") -> Chart:
    """Draws a matrix of party organisations by star state in one year (rows) and in the next (columns).

    Args:
        frame: The table ``star_moves``: a row for each pair of years and of states.
        year: The earlier of the two years; the last pair of years by default.
        lang: The language of titles and words.

    Example:
        >>> star_moves_heatmap(review.tables["star_moves"], year=2012)  # doctest: +SKIP
    """
    pairs = frame.filter(pl.col("year") == (frame["year"].max() if year is None else year))
    states = [s for s in STAR_STATES if s not in ("no_party_org", "unknown")]
    data = pairs.filter(pl.col("party_organisations") > 0).with_columns(
        before=_named("star_state", lang),
        after=_named("next_star_state", lang),
    )
    order = [labels.value("star_state", s, lang) for s in states]
    before, after = (", ".join(data[c].cast(pl.String).unique()) or None for c in ("year", "next_year"))
    base = alt.Chart(data).encode(
        x=alt.X("after:N", sort=order, title=after, axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("before:N", sort=order, title=before),
    )
    tone = alt.Color(
        "party_organisations:Q",
        legend=None,
        scale=alt.Scale(type="sqrt", range=["#d8b4ae", PALETTE["accent"]]),
    )
    cells = base.mark_rect(cornerRadius=2).encode(color=tone)
    text = base.mark_text(color="#1b1b1b", fontSize=12).encode(text="party_organisations:Q")
    return _dress(alt.layer(cells, text).properties(width=alt.Step(76), height=alt.Step(30)))


def _stack(
    frame: pl.DataFrame, column: str, count: str, order: Sequence[str], tone: str, lang: labels.Lang
) -> Chart:
    """Stacks bars of ``count`` over the years by the words of ``column``, the first word of ``order`` at the bottom."""
    present = [w for w in order if w in set(frame.filter(pl.col(count) > 0)[column])]
    data = frame.filter(pl.col(column).is_in(present)).select(
        "year",
        n=pl.col(count),
        rank=pl.col(column).replace_strict(present, range(len(present)), return_dtype=pl.Int64),
        label=_named(column, lang),
    )
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(
            domain=[labels.value(column, w, lang) for w in present],
            range=[PALETTE[tone + w.replace(".", "-")] for w in present],
        ),
        legend=alt.Legend(orient="top", columns=6, symbolType="square"),
    )
    y = alt.Y("n:Q", title=labels.column(count, lang), axis=alt.Axis(tickCount=5))
    bars = alt.Chart(data).mark_bar(width=alt.RelativeBandSize(0.62))
    sums = alt.Chart(data.group_by("year").agg(pl.col("n").sum())).mark_text(dy=-7, color=INK)
    return _dress(
        alt.layer(
            bars.encode(x=_years(lang), y=y, color=colour, order="rank:Q"),
            sums.encode(x=_years(lang), y="n:Q", text="n:Q"),
        ).properties(width=430, height=230)
    )


def _years(lang: labels.Lang) -> alt.X:
    unit = "'年'" if lang == "zh" else "''"
    return alt.X(
        "year:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelExpr=f"datum.label + {unit}")
    )


def _named(column: str, lang: labels.Lang) -> pl.Expr:
    """Returns an expression for the labels of the words in ``column``."""
    return pl.col(column).map_elements(lambda word: labels.value(column, word, lang), return_dtype=pl.String)


def _dress(chart: Chart) -> Chart:
    """Sets fonts, tones and a transparent background; nothing else is set on a chart."""
    dressed: Chart = (
        chart.configure(font=FONTS, background="transparent", aria=False, padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            titleFontWeight="normal",
            labelFontSize=11.5,
            titleFontSize=11.5,
            domainColor=INK,
            tickColor=INK,
            gridColor="#808080",
            gridOpacity=0.22,
        )
        .configure_legend(labelColor=INK, titleColor=INK, labelFontSize=11.5, symbolSize=90)
    )
    return dressed
