"""Star charts: they show the numbers of their tables, with labels in both languages, and can be rendered."""

from __future__ import annotations

import polars as pl
import pytest
import vl_convert

import dangjian as dj
from dangjian import charts, labels
from dangjian.charts import stars
from helpers import moving


@pytest.fixture(scope="module")
def roster():
    return moving.roster(moving.panel(2, halves=True))


def svg(chart):
    return vl_convert.vegalite_to_svg(chart.to_dict())


def data(chart):
    """Returns every dataset of the chart."""
    return [pl.DataFrame(rows, infer_schema_length=None) for rows in chart.to_dict()["datasets"].values()]


def test_ribbons_fill_no_more_than_their_bars(roster):
    moves = roster.star_transitions()
    chart = stars.star_flow(moves)
    ribbons, bars = (next(t for t in data(chart) if column in t.columns) for column in ("ribbon", "x2"))
    shown = [*charts.GRADES, "unrated"]
    inside = moves.filter(pl.col("star_state").is_in(shown), pl.col("next_star_state").is_in(shown))
    assert ribbons.unique("ribbon")["moves"].sum() == inside["organisations"].sum() > 0
    listed = roster.star_distribution().filter(pl.col("star_state").is_in(shown), pl.col("organisations") > 0)
    assert bars["n"].sum() == listed["organisations"].sum()
    assert bars.height == listed.height
    # No two bars of a year overlap.
    ordered = bars.sort("x", "y").with_columns(end=pl.col("y2").shift().over("x"))
    assert (ordered["y"] >= ordered["end"]).drop_nulls().all()
    assert "五星" in svg(chart)


def test_a_heat_map_has_a_count_for_each_chance(roster):
    table = roster.transition_probabilities(view="absorbing")
    chart = stars.transition_heatmap(table)
    (cells,) = data(chart)
    assert (
        cells["count"].filter(cells["count"] != "").cast(pl.Int64).sum()
        == table.filter(~pl.col("by_definition"))["moves"].sum()
    )
    assert not any(text.startswith(labels.value("star_state", "absent")) for text in cells["before"])
    assert labels.column("next_star_state") in svg(chart)
    modes = stars.transition_heatmap(roster.transition_probabilities(of="mode"), lang="en")
    assert "solo" in svg(modes)


def test_a_row_without_anybody_is_dashes():
    frame = pl.DataFrame(
        {"year": [2010, 2011], "org_id": ["组织1", "组织1"], "star": [3.0, 4.0], "mode": ["solo", "solo"]}
    )
    table = dj.read_roster(frame).transition_probabilities(view="removed")
    (cells,) = data(stars.transition_heatmap(table))
    assert set(cells.filter(pl.col("before").str.starts_with("四星"))["percent"]) == {"—"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_others_can_be_drawn(roster, lang):
    curve = pl.DataFrame(
        {
            "time": [1, 2],
            "at_risk": [10, 8],
            "events": [1, 2],
            "survival": [0.9, 0.675],
            "low": [0.7, 0.4],
            "high": [1.0, 0.9],
        }
    )
    one = stars.survival_curve(curve, lang=lang)
    assert max(t.height for t in data(one)) == 3, "it starts at one"
    two = pl.concat([curve.with_columns(committee=pl.lit(c)) for c in ("甲", "乙")])
    assert "乙" in svg(stars.survival_curve(two, by="committee", lang=lang))
    small = stars.star_small_multiples(
        roster.star_distribution(by="committee"), "committee", counts="organisations", lang=lang
    )
    shares = next(t for t in data(small) if "share" in t.columns)
    for total in shares.group_by("year", "title").agg(pl.col("share").sum())["share"]:
        assert total == pytest.approx(1)
    forecast = roster.star_forecast(2, draws=50, at_least=3)
    fan = stars.forecast_fan(roster.star_distribution(), forecast, lang=lang)
    text = svg(fan)
    assert labels.value("method", "mix", lang) in text
    assert ("3星及以上" if lang == "zh" else "3 stars and more") in text
