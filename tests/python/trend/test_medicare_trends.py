"""Trends of a real panel with half stars, each against an independent computation in pandas and NumPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import dangjian
from helpers import moving, shared

COLUMNS = {"star_year": "year", "contract_id": "org_id", "stars": "star"}


@pytest.fixture(scope="module")
def path():
    return shared.data("real/medicare_advantage_us_2009-2022_stars.csv")


@pytest.fixture(scope="module")
def roster(path):
    frame = pl.read_csv(path, infer_schema_length=None).filter(pl.col("summary_type") == "Overall")
    return dangjian.read_roster(frame, columns=COLUMNS)


@pytest.fixture(scope="module")
def wide(path):
    """Returns a row for each contract and a column for each year; NaN if not listed, 0 if without stars."""
    frame = pd.read_csv(path)
    frame = frame[frame["summary_type"] == "Overall"]
    frame = frame.assign(stars=frame["stars"].fillna(0.0))
    return frame.pivot(index="contract_id", columns="star_year", values="stars")  # noqa: PD010


@pytest.fixture(scope="module")
def grades(wide):
    return sorted({float(v) for v in np.unique(wide.to_numpy()[~np.isnan(wide.to_numpy())]) if v > 0})


def rated(wide, grades, years=None):
    """Counts transitions between ratings."""
    n = np.zeros((len(grades), len(grades)))
    for year in years or list(wide.columns)[:-1]:
        table = pd.crosstab(wide[year], wide[year + 1]).reindex(index=grades, columns=grades, fill_value=0)
        n += table.to_numpy()
    return n


def names(grades):
    return [f"{g:g}" for g in grades]


def test_transitions(roster, wide, grades):
    n = rated(wide, grades)
    table = roster.transition_probabilities(view="removed")
    kept = names(grades)
    part = table.filter(pl.col("star_state").is_in(kept), pl.col("next_star_state").is_in(kept))
    assert np.array_equal(moving.matrix_of(part, "moves", kept), n)
    got = moving.matrix_of(part, "probability", kept)
    np.testing.assert_allclose(got, n / n.sum(axis=1, keepdims=True), rtol=0, atol=1e-12)
    assert n.sum() > 3000
    # The view also counts those who lost the rating and those who left, in separate columns.
    absorbing = roster.transition_probabilities(view="absorbing").filter(star_state="3")
    came = [(wide[y] == 3.0) for y in list(wide.columns)[:-1]]
    left = sum(
        int((was & wide[y + 1].isna()).sum()) for y, was in zip(list(wide.columns)[:-1], came, strict=True)
    )
    assert absorbing.filter(next_star_state="absent")["moves"].item() == left > 0
    assert absorbing["at_risk"][0] == sum(int(was.sum()) for was in came)


def test_mobility(roster, wide, grades):
    n = rated(wide, grades)
    p, k = n / n.sum(axis=1, keepdims=True), len(grades)
    got = {(i, w): v for i, w, v in roster.mobility().select("index", "weights", "value").rows()}
    moduli = np.sort(np.abs(np.linalg.eigvals(p)))
    assert got["shorrocks", None] == pytest.approx((k - np.trace(p)) / (k - 1), abs=1e-10)
    assert got["determinant", None] == pytest.approx(1 - abs(np.linalg.det(p)), abs=1e-10)
    assert got["second_eigenvalue", None] == pytest.approx(1 - moduli[-2], abs=1e-10)
    svd = np.linalg.svd(p - np.eye(k), compute_uv=False).mean()
    assert got["svd", None] == pytest.approx(svd, abs=1e-10)
    step = np.subtract.outer(grades, grades).T
    assert got["mean_stars", None] == pytest.approx((n * step).sum() / n.sum(), abs=1e-12)
    up, down = n[step > 0].sum(), n[step < 0].sum()
    trend = roster.star_trends(at_least=4).row(0, named=True)
    assert (trend["up"], trend["down"], trend["steps"]) == (up, down, n.sum())
    last = wide[2022 if 2022 in wide.columns else max(wide.columns)]
    assert trend["high_last"] == pytest.approx((last >= 4).sum() / (last > 0).sum())


def test_forecast(roster, wide, grades):
    years = list(wide.columns)
    states = [*grades, 0.0]
    n, births = np.zeros((len(states), len(states) + 1)), np.zeros(len(states))
    for year in years[:-1]:
        a, b = wide[year], wide[year + 1]
        table = pd.crosstab(a.dropna(), b.fillna(-1.0)).reindex(
            index=states, columns=[*states, -1.0], fill_value=0
        )
        n += table.to_numpy()
        births += [int((a.isna() & (b == s)).sum()) for s in states]
    p = n / n.sum(axis=1, keepdims=True)
    x = np.array([(wide[years[-1]] == s).sum() for s in states], float)
    table = roster.star_forecast(3, draws=None, at_least=4).filter(method="mix")
    for ahead in (1, 2, 3):
        x = x @ p[:, :-1] + births / (len(years) - 1)
        one = table.filter(ahead=ahead)
        least = x[[i for i, g in enumerate(grades) if g >= 4]].sum() / x[: len(grades)].sum()
        assert one.filter(star_state="at_least_4")["share"].item() == pytest.approx(least, abs=1e-12)
        four = one.filter(star_state="4")["organisations"].item()
        assert four == pytest.approx(x[grades.index(4.0)], abs=1e-9)


def test_tests_say_how_large_an_effect_is(roster, wide, grades):
    tests = {row["test"]: row for row in roster.transition_tests().to_dicts()}
    years = list(wide.columns)[:-1]
    each = [rated(wide, grades, [y]) for y in years]
    pool = sum(each)
    lr, df = 0.0, 0
    for i in range(len(grades)):
        columns = (pool[i] > 0).sum()
        periods = [t[i] for t in each if t[i].sum() > 0]
        df += (columns - 1) * (len(periods) - 1)
        for row in periods:
            expected = row.sum() * pool[i] / pool[i].sum()
            some = row > 0
            lr += 2 * (row[some] * np.log(row[some] / expected[some])).sum()
    assert tests["time_lr"]["statistic"] == pytest.approx(lr, rel=1e-9)
    assert tests["time_lr"]["df"] == df
    assert tests["time_lr"]["effect"] == pytest.approx(np.sqrt(lr / pool.sum()), rel=1e-9)
