"""Transitions, mobility, steady states and tests against NumPy, SciPy and statsmodels, and counts by hand."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import scipy.linalg
import scipy.stats
from statsmodels.stats.proportion import multinomial_proportions_confint, proportion_confint

import dangjian as dj
from helpers import TESTS, moving

WHOLE = moving.GRADES[::2]
SEEDS = [1, 2, 3]


@pytest.fixture(params=SEEDS, scope="module")
def frame(request):
    return moving.panel(request.param, halves=request.param == 3)


@pytest.fixture(scope="module")
def roster(frame):
    return moving.roster(frame)


@pytest.fixture(scope="module")
def grades(frame):
    return [g for g in moving.GRADES if g in set(frame["state"])]


def of_view(view, grades):
    """Returns rows, columns, and the rows that are absorbing by definition."""
    off = [*moving.OFF, "absent"]
    return {
        "all": ([*grades, *off], [*grades, *off], ["absent"]),
        "kept": ([*grades, *off[:-1]], [*grades, *off[:-1]], []),
        "removed": (grades, grades, []),
        "absorbing": ([*grades, *off], [*grades, *off], off),
    }[view]


@pytest.mark.parametrize("view", ["all", "kept", "removed", "absorbing"])
@pytest.mark.parametrize("pooling", ["pooled", "equal_years", "each_year"])
def test_probabilities_are_views_of_the_counts(frame, roster, grades, view, pooling):
    by = {"by": "committee"} if pooling == "pooled" else {}
    table = roster.transition_probabilities(view=view, pooling=pooling, **by)
    counts = moving.steps(frame, (lambda row: (row["committee"],)) if by else (lambda _: ()))
    rows, columns, ends = of_view(view, grades)
    years = sorted({key[1] for key in counts})
    spans = [[y] for y in years] if pooling == "each_year" else [years]
    groups = sorted({key[0] for key in counts})
    assert table.select("year", *by.values()).n_unique() == len(spans) * len(groups)
    for group in groups:
        for span in spans:
            part = moving.of_group(table, year=span[0], **({"committee": group[0]} if by else {}))
            assert set(part["next_year"]) == {span[-1] + 1}
            part = part.filter(pl.col("star_state").is_in(rows), pl.col("next_star_state").is_in(columns))
            n = moving.square(counts, rows, columns, span, group)
            everything = moving.square(counts, rows, [*grades, *moving.OFF, "absent"], span, group)
            assert np.array_equal(moving.matrix_of(part, "moves", rows, columns), n)
            assert np.array_equal(moving.matrix_of(part, "at_risk", rows, columns)[:, 0], n.sum(axis=1))
            assert np.array_equal(
                moving.matrix_of(part, "left_out", rows, columns)[:, 0],
                everything.sum(axis=1) - n.sum(axis=1),
            )
            with np.errstate(invalid="ignore"):
                if pooling == "equal_years":
                    each = [moving.chances(moving.square(counts, rows, columns, [y], group)) for y in span]
                    right = np.nanmean(each, axis=0)
                else:
                    right = moving.chances(n)
            for state in ends:
                right[rows.index(state)] = [float(c == state) for c in columns]
            got = moving.matrix_of(part, "probability", rows, columns)
            np.testing.assert_allclose(got, right, rtol=0, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("interval", ["wilson", "goodman", "sison_glaz"])
def test_intervals_are_those_of_statsmodels(roster, interval):
    table = roster.transition_probabilities(interval=interval, level=0.9)
    rows = 0
    for (_,), row in table.group_by("star_state", maintain_order=True):
        if not row["at_risk"][0]:
            assert row["low"].null_count() == row.height
            continue
        counts = row["moves"].to_numpy()
        if interval == "wilson":
            right = np.array([proportion_confint(k, counts.sum(), 0.1, "wilson") for k in counts])
        else:
            method = "goodman" if interval == "goodman" else "sison-glaz"
            right = multinomial_proportions_confint(counts, 0.1, method)
        np.testing.assert_allclose(row.select("low", "high").to_numpy(), right, rtol=0, atol=1e-9)
        rows += 1
    assert rows >= 5


def test_years_ahead_are_powers(frame, roster, grades):
    p = moving.chances(moving.square(moving.steps(frame), grades))
    for ahead in (2, 5):
        table = roster.transition_probabilities(view="removed", ahead=ahead).filter(pl.col("at_risk") > 0)
        table = table.filter(pl.col("next_star_state").is_in(grades))
        got = moving.matrix_of(table, "probability", grades)
        np.testing.assert_allclose(got, np.linalg.matrix_power(p, ahead), rtol=0, atol=1e-12)
        assert table["low"].null_count() == table.height, "no interval that is not one"


@pytest.mark.parametrize("how", ["diagonal", "weighted"])
def test_parts_of_a_year_come_from_a_regular_generator(frame, roster, grades, how):
    p = moving.chances(moving.square(moving.steps(frame), grades))
    log = scipy.linalg.logm(p)
    table = roster.transition_probabilities(view="removed", ahead=0.5, generator=how)
    if np.abs(np.imag(log)).max() > 1e-9:
        assert table.filter(pl.col("at_risk") > 0)["probability"].null_count() > 0
        return
    q = np.real(log)
    for i in range(len(q)):
        off = [j for j in range(len(q)) if j != i]
        negative = sum(max(-q[i, j], 0) for j in off)
        good = abs(q[i, i]) + sum(max(q[i, j], 0) for j in off)
        for j in off:
            q[i, j] = max(q[i, j], 0) * (1 if how == "diagonal" else 1 - negative / good)
        q[i, i] = -sum(q[i, j] for j in off)
    table = table.filter(pl.col("star_state").is_in(grades), pl.col("next_star_state").is_in(grades))
    np.testing.assert_allclose(
        moving.matrix_of(table, "probability", grades), scipy.linalg.expm(q / 2), rtol=0, atol=1e-9
    )


def test_gaps_are_counted_apart(frame, roster):
    last, right = {}, {}
    for row in frame.sort("org_id", "year").to_dicts():
        before = last.get(row["org_id"])
        if before and before["year"] + 1 < row["year"]:
            key = (before["year"], row["year"], before["state"], row["state"])
            right[key] = right.get(key, 0) + 1
        last[row["org_id"]] = row
    got = {row[:4]: row[4] for row in roster.transition_gaps().rows()}
    assert got == right
    assert len(right) > 5


def test_carried_over_ratings_are_no_steps():
    frame = moving.panel(5)
    # Ratings are made in even years; an odd year's ledger carries over the rating of the year before,
    # if known.
    frame = frame.with_columns(rated=pl.col("year") - pl.col("year") % 2)
    roster = moving.roster(frame)
    right = moving.square(moving.steps(frame), WHOLE)
    table = roster.transition_probabilities(view="removed", rating="rated")
    assert np.array_equal(moving.matrix_of(table, "moves", WHOLE), right)
    everything = moving.square(moving.steps(frame.with_columns(rated=None)), WHOLE)
    assert everything.sum() > right.sum() > 0
    named = roster.transition_probabilities(view="removed", into=[2012, 2014])
    assert np.array_equal(moving.matrix_of(named, "moves", WHOLE), right), "the same years by name"
    hints = roster.reratings(rating="rated")
    assert hints["carried_over"].sum() + right.sum() == hints["rated"].sum() == everything.sum()
    assert hints["same"].sum() == np.trace(everything)
    assert roster.reratings()["carried_over"].null_count() == 5
    with pytest.raises(dj.ArgumentError, match="2010"):
        roster.reratings(into=2010)


def test_a_scale_of_ones_own():
    frame = moving.panel(6)
    scale = ["丙", "乙", "甲"]
    roster = moving.roster(frame)
    counts = moving.steps(frame.with_columns(state="committee"))
    table = roster.transition_probabilities(of="committee", scale=scale, view="removed")
    got = moving.matrix_of(table, "moves", scale, state="committee")
    assert np.array_equal(got, moving.square(counts, scale))
    up = np.triu(got, 1).sum() / got.sum()
    assert roster.mobility(of="committee", scale=scale).filter(index="up")["value"].item() == up
    nominal = roster.mobility(of="committee")
    assert not set(nominal["index"]) & {"up", "down", "net", "bartholomew_2"}
    flows = roster.flows(of="committee").filter(
        pl.col("committee") != "absent", pl.col("next_committee") != "absent"
    )
    pairs = {
        (a, b): (n, m) for a, b, n, m in flows.select("committee", "next_committee", "moves", "back").rows()
    }
    for (a, b), (n, m) in pairs.items():
        i, j = scale.index(a), scale.index(b)
        assert (n, m) == (got[i, j], got[j, i])
    with pytest.raises(dj.ArgumentError, match="丁"):
        roster.mobility(of="committee", scale=["丁"])


def test_undefined_is_null_beside_its_count():
    one = pl.DataFrame(
        {
            "year": [2010, 2011, 2010, 2011],
            "org_id": ["组织1", "组织1", "组织2", "组织2"],
            "star": [3.0, 3.0, 3.0, 4.0],
        }
    )
    roster = dj.read_roster(one)
    row = roster.transition_probabilities(view="removed").filter(star_state="4", next_star_state="4")
    assert row.select("moves", "at_risk", "probability", "low").row(0) == (0, 0, None, None)
    mobility = dict(roster.mobility().select("index", "value").rows())
    assert mobility["shorrocks"] is None
    assert mobility["net"] == 0.5
    assert set(roster.mobility()["never_left"]) == {"4"}
    assert roster.steady_state()["steady"].to_list() == [None, None]
    assert roster.steady_state()["mean_stay"].to_list() == [2.0, None]
    ahead = roster.transition_probabilities(view="removed", ahead=2).filter(star_state="3")
    assert ahead["probability"].null_count() == ahead.height
    kept = roster.transition_probabilities(view="removed", ahead=2, stay=True).filter(star_state="3")
    assert kept.filter(next_star_state="4")["probability"].item() == 0.75
    # All in one state for ever: no transitions, and no division of zero by zero.
    alike = dj.read_roster(one.with_columns(star=3.0))
    assert alike.mobility().filter(index="shorrocks")["value"].item() is None
    assert alike.steady_state().select("steady", "mean_stay").row(0) == (1.0, None)
    assert alike.first_passage()["years"].to_list() == [1.0]
    assert alike.transition_tests()["statistic"].null_count() == 9
    half = alike.transition_probabilities(view="removed", ahead=0.5, generator="diagonal")
    assert half.filter(star_state="3", next_star_state="3")["probability"].item() == 1.0
    single = dj.read_roster(one.filter(pl.col("year") == 2010))
    for table in (
        single.mobility(),
        single.transition_probabilities(),
        single.transition_tests(),
        single.flows(),
    ):
        assert table.height == 0
    trend = single.star_trends()
    assert trend.select("steps", "net", "verdict").row(0) == (0, None, "no_steps")


def test_the_readable_table(frame, roster, grades):
    table = roster.star_trends(by="committee", at_least=3)
    counts = moving.steps(frame, lambda row: (row["committee"],))
    for row in table.to_dicts():
        n = moving.square(counts, grades, group=(row["committee"],))
        up, down = int(np.triu(n, 1).sum()), int(np.tril(n, -1).sum())
        assert (row["steps"], row["up"], row["down"]) == (n.sum(), up, down)
        assert row["p"] == pytest.approx(scipy.stats.binomtest(up, up + down).pvalue, rel=1e-9)
        last = frame.filter(year=2015, committee=row["committee"])["state"].to_list()
        rated = [float(s) for s in last if s in grades]
        assert (row["listed"], row["rated"]) == (len(last), len(rated))
        assert row["high_last"] == pytest.approx(sum(s >= 3 for s in rated) / len(rated))
        assert row["share_4"] == pytest.approx(rated.count(4) / len(rated))
        wanted = "rising" if row["p"] < 0.05 else None
        assert (row["verdict"] == "rising") == (wanted == "rising" and up > down)
        assert f"升 {up}、降 {down}" in row["verdict_zh"]
        assert f"{up} rose, {down} fell" in row["verdict_en"]
    ranks = table.sort(pl.col("net").abs(), descending=True)["most_changed"].to_list()
    assert ranks == [1, 2, 3][: table.height]


def test_bootstrap_is_that_of_organisations(frame, roster, grades):
    """Compares with a bootstrap of organisations in NumPy: means over many replicates agree within their
    error.
    """
    counts: dict[str, np.ndarray] = {}
    of = {(row["org_id"], row["year"]): row["state"] for row in frame.to_dicts()}
    listed = sorted({row["org_id"] for row in frame.to_dicts()})
    in_a_pair = [o for o in listed if any((o, y) in of for y in range(2010, 2016))]
    for org in in_a_pair:
        counts[org] = np.zeros((len(grades), len(grades)))
        for year in range(2010, 2015):
            a, b = of.get((org, year)), of.get((org, year + 1))
            if a in grades and b in grades:
                counts[org][grades.index(a), grades.index(b)] += 1
    every = np.array(list(counts.values()))
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(4000):
        n = every[rng.integers(len(every), size=len(every))].sum(axis=0)
        draws.append(np.trace(n) / n.sum())
    right = np.quantile(draws, [0.025, 0.975])
    table = roster.mobility(draws=4000).filter(index="stay")
    low, value, high = table.select("low", "value", "high").row(0)
    assert low < value < high
    assert table["draws"].item() == 4000
    # The error of a percentile of 4,000 replicates is about 0.04 standard deviations, of two less than
    # 0.1 of the width.
    assert abs(low - right[0]) < 0.06 * (right[1] - right[0])
    assert abs(high - right[1]) < 0.06 * (right[1] - right[0])
    # A probability whose row is one multinomial draw has the standard deviation of its proportion.
    one = roster.transition_probabilities(view="removed", interval="bootstrap", draws=500)
    assert one.filter(pl.col("at_risk") > 0)["draws"].max() == 500


SCRIPT = """
from helpers import moving
roster = moving.roster(moving.panel(4).sample(fraction=1, shuffle=True, seed={shuffle}))
print(roster.mobility(draws=200, by="committee", seed=9).write_json())
print(roster.star_forecast(2, draws=100, by="committee", seed=9).write_json())
print(roster.transition_probabilities(interval="bootstrap", draws=100).write_json())
"""


def test_draws_do_not_depend_on_threads_or_rows():
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT.format(shuffle=shuffle)],
            cwd=TESTS,
            env={**os.environ, "RAYON_NUM_THREADS": threads},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for threads, shuffle in (("1", 1), ("3", 2))
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 1000


def test_doubling_the_panel_doubles_the_counts(frame, roster):
    twice = pl.concat([frame, frame.with_columns(org_id="X" + pl.col("org_id"))])
    one, two = (r.transition_probabilities(view="all") for r in (roster, moving.roster(twice)))
    assert (2 * one["moves"]).equals(two["moves"])
    assert one["probability"].equals(two["probability"])


def test_party_organisations_move_by_their_code():
    roster = dj.read_roster(dj.datasets.hexigten().ledgers)
    moves = roster.star_transitions(counts="party_organisations")
    table = roster.transition_probabilities(counts="party_organisations", view="all")
    want = moves.group_by("star_state", "next_star_state").agg(n=pl.col("party_organisations").sum())
    got = table.filter(pl.col("moves") > 0).join(want, on=["star_state", "next_star_state"])
    assert got.height > 5
    assert got["moves"].equals(got["n"])
    with pytest.raises(dj.ArgumentError, match="mode"):
        roster.mobility(of="mode", counts="party_organisations")


def test_attrition_leaves_no_row_short(roster):
    """The library transitionMatrix 0.5.1 keeps those who left in the denominator but has no column for them: rows sum
    to 2/3.
    """
    for view in ("all", "kept", "removed", "absorbing"):
        table = roster.transition_probabilities(view=view).filter(pl.col("probability").is_not_null())
        for total in table.group_by("star_state").agg(pl.col("probability").sum())["probability"]:
            assert total == pytest.approx(1, abs=1e-12)


def test_a_gap_is_no_step_and_nothing_is_counted_twice(frame, roster):
    """The library transitionMatrix 0.5.1 counts a missing year as a transition and reports one transition too many."""
    steps = sum(n for (_, _, a, b), n in moving.steps(frame).items() if "absent" not in (a, b))
    assert roster.transition_probabilities(view="kept")["moves"].sum() == steps
    assert roster.transition_gaps()["organisations"].sum() > 0
