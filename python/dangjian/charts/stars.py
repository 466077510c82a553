"""Charts of star trends, as functions from the tables of a roster to ``altair.Chart``.

Fonts, tones and background are those of :mod:`dangjian.charts`: middle tones on a transparent background, which read
on light and on dark. Rows of a table that a chart leaves out are not counted as anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import altair as alt
import polars as pl

from dangjian import labels
from dangjian.charts import GRADES, INK, PALETTE, STAR_STATES, Chart, _dress, _named
from dangjian.charts.alluvial import TONES, star_flow

if TYPE_CHECKING:
    pass

__all__ = [
    "forecast_fan",
    "star_flow",
    "star_small_multiples",
    "survival_curve",
    "transition_heatmap",
]

_TEXTS = {
    "zh": {
        "rated": "占已评级的比例",
        "listed": "占在册的比例",
        "survival": "保持的比例",
        "time": "评定后年数",
        "past": "历年",
        "at_least": "{}星及以上",
    },
    "en": {
        "rated": "share of those rated",
        "listed": "share of those listed",
        "survival": "share that keeps it",
        "time": "years since",
        "past": "past years",
        "at_least": "{} stars and more",
    },
}


def transition_heatmap(frame: pl.DataFrame, *, lang: labels.Lang = "zh") -> Chart:
    """Draws a matrix of probabilities by state (rows) and next state (columns), with the number of transitions under
    each.

    A state in which nothing was at risk has a row of dashes: its probabilities are not known. Rows fixed by
    definition (absorbing states, by the choice of view) are not shown.

    Args:
        frame: ``Roster.transition_probabilities()``, of one group and span of years.
        lang: The language of titles and words.

    Example:
        >>> transition_heatmap(roster.transition_probabilities(view="removed"))  # doctest: +SKIP
    """
    next_state = next(c for c in frame.columns if c.startswith("next_") and c != "next_year")
    state = next_state.removeprefix("next_")
    frame = frame.filter(~pl.col("by_definition"))
    seen = frame.filter(pl.col("moves") > 0)
    used = set(seen[state]) | set(seen[next_state])
    if state == "star_state":
        order = [s for s in STAR_STATES if s in used]
    else:
        order = [s for s in frame[next_state].unique(maintain_order=True) if s in used]
    data = frame.filter(pl.col(state).is_in(order), pl.col(next_state).is_in(order)).select(
        "moves",
        "probability",
        before=pl.format("{} ({})", _named(state, lang), pl.col("at_risk")),
        after=_named(next_state, lang),
        percent=pl.when(pl.col("probability").is_null())
        .then(pl.lit("—"))
        .otherwise(pl.format("{}%", (100 * pl.col("probability")).round(1))),
        count=pl.when(pl.col("moves") > 0).then(pl.col("moves").cast(pl.String)).otherwise(pl.lit("")),
    )
    rows = data["before"].unique(maintain_order=True).to_list()
    place = {labels.value(state, s, lang): at for at, s in enumerate(order)}
    rows.sort(key=lambda text: place[text.rsplit(" (", 1)[0]])
    base = alt.Chart(data).encode(
        x=alt.X(
            "after:N",
            sort=[labels.value(state, s, lang) for s in order],
            title=labels.column(next_state, lang),
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False),
        ),
        y=alt.Y(
            "before:N",
            sort=rows,
            title=labels.column(state, lang),
            axis=alt.Axis(ticks=False, domain=False),
        ),
    )
    tone = alt.Color(
        "probability:Q",
        legend=None,
        scale=alt.Scale(type="sqrt", domain=[0, 1], range=["#e9d6d2", PALETTE["accent"]]),
    )
    known = alt.datum.moves > 0
    cells = base.transform_filter(known).mark_rect(cornerRadius=2).encode(color=tone)
    percent = (
        base.transform_filter(known).mark_text(color="#1b1b1b", fontSize=11.5, dy=-6).encode(text="percent:N")
    )
    dash = base.transform_filter("datum.probability === null").mark_text(color=INK).encode(text="percent:N")
    count = base.transform_filter(known).mark_text(color="#1b1b1b", fontSize=10, dy=8).encode(text="count:N")
    return _dress(alt.layer(cells, percent, count, dash).properties(width=alt.Step(64), height=alt.Step(36)))


def survival_curve(frame: pl.DataFrame, *, by: str | None = None, lang: labels.Lang = "zh") -> Chart:
    """Draws survival curves as steps with a band for the interval, and the numbers at risk below.

    Args:
        frame: A table of a survival curve: ``time``, ``at_risk``, ``events``, ``survival``, ``low``, ``high``.
        by: A column whose values have a curve each.
        lang: The language of titles and words.

    Example:
        >>> survival_curve(roster.star_survival(at_least=3))  # doctest: +SKIP
    """
    text = _TEXTS[lang]
    group = pl.lit("") if by is None else _named(by, lang).fill_null(labels.value(by, "not_given", lang))
    data = frame.select("time", "at_risk", "events", "survival", "low", "high", group=group)
    start = data.group_by("group", maintain_order=True).agg(
        pl.col("at_risk").first(), first=pl.col("time").min()
    )
    start = start.filter(pl.col("first") > 0).select(
        time=pl.lit(0).cast(data["time"].dtype),
        at_risk="at_risk",
        events=pl.lit(0).cast(data["events"].dtype),
        survival=pl.lit(1.0),
        low=pl.lit(1.0),
        high=pl.lit(1.0),
        group="group",
    )
    data = pl.concat([start, data.select(start.columns)]).sort("group", "time")
    names = data["group"].unique(maintain_order=True).to_list()
    tones = [tone for role, tone in PALETTE.items() if role.startswith("line-")]
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=names, range=[tones[i % len(tones)] for i in range(len(names))]),
        legend=None if by is None else alt.Legend(orient="top", columns=4, symbolStrokeWidth=3),
    )
    x = alt.X("time:Q", title=text["time"], axis=alt.Axis(tickMinStep=1, grid=False))
    scale = alt.Scale(domain=[0, 1])
    y = alt.Y("survival:Q", title=text["survival"], scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    base = alt.Chart(data)
    band = base.mark_area(opacity=0.18, interpolate="step-after").encode(
        x=x, y=alt.Y("low:Q", title=text["survival"], scale=scale), y2="high:Q", color=colour
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2).encode(x=x, y=y, color=colour)
    chart = alt.layer(band, line)
    if by is None:
        risk = base.mark_text(color=INK, fontSize=10.5, baseline="bottom", align="left", dx=3).encode(
            x=x, y=alt.value(236), text="at_risk:Q"
        )
        chart = alt.layer(band, line, risk)
    return _dress(chart.properties(width=430, height=240))


def star_small_multiples(
    frame: pl.DataFrame,
    by: str,
    *,
    counts: Literal["organisations", "party_organisations"] = "party_organisations",
    most: int = 12,
    columns: int = 4,
    lang: labels.Lang = "zh",
) -> Chart:
    """Draws a small chart for each county (or value of another dimension): the rated by grade over the years, as
    proportions.

    Args:
        frame: ``Roster.star_distribution(by=…)``.
        by: The dimension. A region is named by its ``<by>_name``.
        counts: Stars of organisations or of party organisations.
        most: Maximum number of values shown, those with the most rated first.
        columns: Number of charts in a row.
        lang: The language of titles and words.

    Example:
        >>> star_small_multiples(roster.star_distribution(by="county"), "county")  # doctest: +SKIP
    """
    name = f"{by}_name" if f"{by}_name" in frame.columns else by
    rated = frame.filter(pl.col("star_state").is_in(GRADES), pl.col(counts) > 0).with_columns(
        place=_named(name, lang).fill_null(labels.value(by, "not_given", lang))
    )
    largest = rated.group_by(by, "place").agg(n=pl.col(counts).sum()).sort("n", by, descending=[True, False])
    largest = largest.head(most)
    # Two places may share a name.
    doubled = largest["place"].is_duplicated()
    largest = largest.with_columns(
        title=pl.when(doubled).then(pl.format("{} {}", "place", by)).otherwise(pl.col("place"))
    )
    data = (
        rated.join(largest.select(by, "title"), on=by, nulls_equal=True)
        .with_columns(all=pl.col(counts).sum().over("year", by))
        .select(
            "year",
            "title",
            share=pl.col(counts) / pl.col("all"),
            n=pl.col(counts),
            rank=pl.col("star_state").replace_strict(GRADES, range(len(GRADES)), return_dtype=pl.Int64),
            label=_named("star_state", lang),
            state="star_state",
        )
    )
    present = [s for s in GRADES if s in set(data["state"])]
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(
            domain=[labels.value("star_state", s, lang) for s in present], range=[TONES[s] for s in present]
        ),
        legend=alt.Legend(orient="top", columns=9, symbolType="square"),
    )
    chart = (
        alt.Chart(data)
        .mark_bar(width=alt.RelativeBandSize(0.8))
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelOverlap=True)),
            y=alt.Y(
                "share:Q",
                title=None,
                stack="zero",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=2),
            ),
            color=colour,
            order="rank:Q",
            tooltip=["title:N", "year:O", "label:N", "n:Q", alt.Tooltip("share:Q", format=".1%")],
            facet=alt.Facet(
                "title:N",
                title=_TEXTS[lang]["rated"],
                columns=columns,
                sort=largest["title"].to_list(),
                header=alt.Header(
                    labelColor=INK,
                    labelFontSize=11.5,
                    titleColor=INK,
                    titleFontSize=11.5,
                    titleFontWeight="normal",
                ),
            ),
        )
        .properties(width=130, height=80)
    )
    return _dress(chart)


def forecast_fan(
    past: pl.DataFrame,
    forecast: pl.DataFrame,
    *,
    state: str | None = None,
    lang: labels.Lang = "zh",
) -> Chart:
    """Draws the proportion of a state in past years, its forecast with the interval, and the simple forecasts it
    should beat.

    Args:
        past: ``Roster.star_distribution()`` with the same counts, without dimensions.
        forecast: ``Roster.star_forecast()``, without dimensions.
        state: The state, or a line such as ``at_least_3``; the last line of the forecast where ``None``.
        lang: The language of titles and words.

    Example:
        >>> forecast_fan(
        ...     roster.star_distribution(), roster.star_forecast(at_least=3), state="at_least_3"
        ... )  # doctest: +SKIP
    """
    text = _TEXTS[lang]
    line = forecast["star_state"][-1] if state is None else state
    count = "party_organisations" if "party_organisations" in forecast.columns else "organisations"
    of = forecast["share_of"][0]
    base = past.filter(pl.col("star_state").is_in(GRADES)) if of == "rated" else past
    least = line.removeprefix("at_least_")
    chosen = [s for s in GRADES if float(s) >= float(least)] if line.startswith("at_least_") else [line]
    shares = (
        base.group_by("year", maintain_order=True)
        .agg(
            all=pl.col(count).sum(),
            n=pl.col(count).filter(pl.col("star_state").is_in(chosen)).sum(),
        )
        .filter(pl.col("all") > 0)
        .select("year", share=pl.col("n") / pl.col("all"), low=None, high=None, method=pl.lit("past"))
        .sort("year")
    )
    ahead = forecast.filter(pl.col("star_state") == line, pl.col("share").is_not_null())
    ahead = ahead.select("year", "share", low="share_low", high="share_high", method="method")
    # Every forecast starts from the last known year.
    last = shares.tail(1)
    starts = [
        last.with_columns(method=pl.lit(m), low=pl.col("share"), high=pl.col("share"))
        for m in ahead["method"].unique(maintain_order=True)
    ]
    shares = shares.with_columns(pl.col("low", "high").cast(pl.Float64))
    data = pl.concat([shares, *starts, ahead.with_columns(pl.col("year").cast(shares["year"].dtype))])
    methods = ["past", *(m for m in ("mix", "holt", "drift", "naive") if m in set(data["method"]))]
    words = {m: text["past"] if m == "past" else labels.value("method", m, lang) for m in methods}
    tones = {"past": INK, "mix": "line-1", "holt": "line-2", "drift": "line-3", "naive": "line-6"}
    data = data.with_columns(label=pl.col("method").replace_strict(words))
    scale = alt.Scale(
        domain=[words[m] for m in methods], range=[PALETTE.get(tones[m], tones[m]) for m in methods]
    )
    colour = alt.Color(
        "label:N", title=None, scale=scale, legend=alt.Legend(orient="top", symbolStrokeWidth=3)
    )
    name = text["at_least"].format(least) if line != least else labels.value("star_state", line, lang)
    x = alt.X("year:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1, grid=False))
    title = f"{name}，{text[of]}" if lang == "zh" else f"{name}, {text[of]}"
    y = alt.Y("share:Q", title=title, axis=alt.Axis(format=".0%", tickCount=5), scale=alt.Scale(zero=False))
    dash = alt.StrokeDash(
        "label:N",
        title=None,
        legend=None,
        scale=alt.Scale(
            domain=[words[m] for m in methods],
            range=[[1, 0] if m in ("past", "mix") else [5, 4] for m in methods],
        ),
    )
    band = (
        alt.Chart(data.filter(pl.col("method") == "mix", pl.col("low").is_not_null()))
        .mark_area(opacity=0.2, color=PALETTE["line-1"])
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q")
    )
    lines = alt.Chart(data).mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    points = (
        alt.Chart(data.filter(pl.col("method").is_in(["past", "mix"])))
        .mark_point(filled=True, size=30, opacity=1)
        .encode(x=x, y=y, color=colour)
    )
    return _dress(alt.layer(band, lines, points).properties(width=430, height=240))
