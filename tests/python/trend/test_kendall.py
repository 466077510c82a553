"""Trend tests of arrays against pymannkendall, SciPy and statsmodels, and against slow direct versions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import polars as pl
import pymannkendall
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats import contingency_tables, multitest

import dangjian as dj
from helpers.peers import near

# Whole and half numbers tie often, others hardly ever.
TIED = st.integers(0, 8).map(lambda n: n / 2)
NUMBER = st.one_of(TIED, st.floats(-100, 100).map(lambda x: round(x, 3)))


def series(least=2, most=14, *, missing=True):
    value = NUMBER | st.none() if missing else NUMBER
    return st.lists(value, min_size=least, max_size=most)


def row(table: pl.DataFrame) -> dict:
    assert table.height == 1
    return table.row(0, named=True)


def as_array(values):
    return np.array([math.nan if v is None else v for v in values], dtype=float)


@given(values=series(), alpha=st.sampled_from([0.01, 0.05, 0.3]))
def test_a_series_is_that_of_pymannkendall_and_scipy(values, alpha):
    known = [v for v in values if v is not None]
    assume(len(set(known)) > 1)
    got = row(dj.mann_kendall(values, method="normal", alpha=alpha))
    peer = pymannkendall.original_test(as_array(values), alpha=alpha)
    for name, want in (
        *(("s", peer.s), ("var_s", peer.var_s), ("z", peer.z), ("p", peer.p)),
        *(("tau_a", peer.Tau), ("slope", peer.slope), ("intercept", peer.intercept)),
    ):
        assert near(got[name], want), name
    assert (got["n"], got["p_method"]) == (len(known), "normal")
    if len(known) >= 5:
        named = {"increasing": "rising", "decreasing": "falling", "no trend": "no_trend"}
        assert got["verdict"] == named[peer.trend]
    times = [at for at, v in enumerate(values) if v is not None]
    assert near(got["tau_b"], scipy.stats.kendalltau(times, known).statistic)
    sen = scipy.stats.theilslopes(known, times, alpha=alpha)
    assert near(got["slope"], sen.slope)
    if got["slope_low"] is not None:
        assert near(got["slope_low"], sen.low_slope)
        assert near(got["slope_high"], sen.high_slope)
    else:
        # SciPy takes the extreme slopes if no two slopes bound an interval of that level.
        slopes = [
            (y - x) / (u - t) for (t, x), (u, y) in itertools.combinations(zip(times, known, strict=True), 2)
        ]
        reach = scipy.stats.norm.ppf(1 - alpha / 2) * math.sqrt(peer.var_s)
        assert np.round((len(slopes) - reach) / 2) < 1 or np.round((len(slopes) + reach) / 2) >= len(slopes)


@given(values=series(least=2, most=33, missing=False))
def test_exact_p_is_that_of_scipy_without_ties(values):
    assume(len(set(values)) == len(values))
    want = scipy.stats.kendalltau(range(len(values)), values, method="exact").pvalue
    assert near(row(dj.mann_kendall(values, method="exact"))["p"], want)


@given(values=st.lists(TIED, min_size=2, max_size=7))
def test_exact_p_with_ties_is_that_of_all_orders(values):
    def s(order):
        return sum((b > a) - (b < a) for a, b in itertools.combinations(order, 2))

    got = row(dj.mann_kendall(values))
    if len(set(values)) == 1:
        assert got["p"] is None
        return
    orders = [abs(s(order)) for order in itertools.permutations(values)]
    assert near(got["p"], sum(far >= abs(s(values)) for far in orders) / len(orders))
    assert got["p_method"] == "exact"


def test_undefined_is_null_where_pymannkendall_says_one_or_fails():
    # Issue #26 of pymannkendall: ZeroDivisionError for no value and for one.
    for values in ([], [3.0], [None, 3.0, None]):
        got = row(dj.mann_kendall(values))
        assert got["verdict"] == "too_few_years"
        assert [got[name] for name in ("s", "z", "p", "slope", "tau_a")] == [None] * 5
    assert pymannkendall.original_test([0.4] * 6).p == 1
    constant = row(dj.mann_kendall([0.4] * 6))
    assert (constant["p"], constant["z"], constant["tau_b"], constant["verdict"]) == (
        None,
        None,
        None,
        "constant",
    )
    assert (constant["s"], constant["slope"], constant["slope_low"]) == (0, 0.0, None)


def test_slope_zero_with_a_significant_s_shows_both():
    values = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    got = row(dj.mann_kendall(values))
    assert (got["slope"], got["verdict"]) == (0.0, "rising")
    assert got["p"] < 0.05


def test_years_may_be_missing():
    years, values = [2009, 2010, 2013, 2014, 2018], [0.2, 0.3, 0.35, 0.35, 0.6]
    got = row(dj.mann_kendall(values, years))
    filled = [dict(zip(years, values, strict=True)).get(year) for year in range(2009, 2019)]
    assert got == row(dj.mann_kendall(filled))
    assert near(got["slope"], scipy.stats.theilslopes(values, years).slope)
    for bad in ([2009, 2010], [2009, 2010, 2010, 2011, 2012], [2013, 2012, 2011, 2010, 2009]):
        with pytest.raises(dj.ArgumentError):
            dj.mann_kendall(values, bad)


def test_many_series_in_every_form():
    data = [[0.1, 0.2, None, 0.4, 0.5, 0.7], [3.0] * 6, [9, 8, 8, 7, 5, 6]]
    want = pl.concat([dj.mann_kendall(one) for one in data])
    array = np.array([as_array(one) for one in data])
    for form in (data, pl.Series(data, strict=False), pl.Series(array), array):
        assert dj.mann_kendall(form).equals(want)
    assert dj.mann_kendall(array[0]).equals(want[:1])
    with pytest.raises(dj.ArgumentError, match="equally long"):
        dj.mann_kendall([[1, 2], [1, 2, 3]])
    with pytest.raises(dj.ArgumentError):
        dj.mann_kendall([1.0, math.inf])
    with pytest.raises(dj.ArgumentError, match="Available"):
        dj.mann_kendall([1.0, 2.0], method="best")  # type: ignore[arg-type]


UNITS = st.integers(2, 6).flatmap(
    lambda years: st.lists(st.lists(NUMBER, min_size=years, max_size=years), min_size=2, max_size=5)
)


@given(units=UNITS)
def test_units_together_are_those_of_pymannkendall(units):
    columns = np.array(units).T
    independent, correlated = dj.pooled_kendall(units).rows(named=True)
    peer = pymannkendall.regional_test(columns) if any(len(set(u)) > 1 for u in units) else None
    if peer is None:
        assert (independent["z"], independent["p"], independent["verdict"]) == (None, None, "constant")
        return
    for name, want in (("s", peer.s), ("var_s", peer.var_s), ("z", peer.z), ("p", peer.p), ("tau", peer.Tau)):
        assert near(independent[name], want), name
    assert near(independent["slope"], peer.slope)
    with np.errstate(divide="ignore", invalid="ignore"):
        peer = pymannkendall.correlated_multivariate_test(columns)
    assert near(correlated["var_s"], peer.var_s, 1e-8)
    if peer.var_s > 1e-6:
        assert near(correlated["z"], peer.z)
        assert near(correlated["p"], peer.p)
    else:
        # The peer divides by the root of a rounding residue of zero.
        assert (correlated["z"], correlated["p"]) == (None, None)


@given(values=st.lists(NUMBER, min_size=9, max_size=26), period=st.integers(2, 4))
def test_seasons_are_those_of_pymannkendall(values, period):
    assume(len(set(values)) > 1)
    peer = pymannkendall.seasonal_test(np.array(values), period=period)
    got = dj.seasonal_kendall(values, period).row(0, named=True)
    assert near(got["s"], peer.s)
    assert near(got["var_s"], peer.var_s)
    assert near(got["slope"], peer.slope)
    if peer.var_s > 0:
        assert near(got["p"], peer.p)


def test_a_missing_value_costs_its_series_and_not_the_year():
    """The peer drops every year in which any unit lacks a value, so one missing value per county leaves
    nothing.
    """
    units = [[None, 2, 3, 4, 5, 6], [1, None, 3, 4, 5, 6], [1, 2, None, 4, 5, 6]]
    correlated = dj.pooled_kendall(units).row(1, named=True)
    assert (correlated["n"], correlated["s"], correlated["years"]) == (15, 30, 6)
    assert pymannkendall.correlated_multivariate_test(np.array([as_array(u) for u in units]).T).s == 9


@given(p=st.lists(st.none() | st.floats(0, 1), max_size=30))
def test_adjusted_p_are_those_of_statsmodels(p):
    got = dj.adjust_p(p)
    known = [one for one in p if one is not None]
    want = iter(multitest.multipletests(known, method="fdr_bh")[1] if known else [])
    assert all(near(one, None if was is None else next(want)) for one, was in zip(got, p, strict=True))
    with pytest.raises(dj.ArgumentError):
        dj.adjust_p([1.5])


@given(kept=st.integers(0, 50), lost=st.integers(0, 40), gained=st.integers(0, 40), never=st.integers(0, 50))
def test_pairs_are_those_of_statsmodels(kept, lost, gained, never):
    got = row(dj.mcnemar(kept, lost, gained, never))
    table = [[kept, lost], [gained, never]]
    if not lost + gained:
        assert (got["p"], got["chi2"], got["chi2_p"], got["low"]) == (None, None, None, None)
        return
    assert near(got["p"], contingency_tables.mcnemar(table, exact=True).pvalue)
    peer = contingency_tables.mcnemar(table, exact=False, correction=lost != gained)
    assert near(got["chi2"], peer.statistic)
    assert near(got["chi2_p"], peer.pvalue)
    assert near(got["difference"], (gained - lost) / (kept + lost + gained + never))


@given(
    shares=st.lists(
        st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=8
    )
)
def test_shares_are_a_weighted_line(shares):
    """Compares with ``prop.trend.test`` of R: the regression of the proportions on the years, weighted by
    known counts.
    """
    success, known = ([pair[at] for pair in shares] for at in (0, 1))
    got = row(dj.cochran_armitage(success, known))
    used = [(year, s, n) for year, (s, n) in enumerate(shares) if n]
    assert (got["years"], got["success"], got["known"]) == (len(used), sum(success), sum(known))
    if len(used) < 2:
        assert (got["slope"], got["z"], got["p"]) == (None, None, None)
        return
    years, s, n = (np.array(column, dtype=float) for column in zip(*used, strict=True))
    weight = np.sqrt(n)
    design = np.stack([np.ones_like(years), years], axis=1)
    line = np.linalg.lstsq(design * weight[:, None], s / n * weight, rcond=None)[0]
    assert near(got["slope"], line[1], 1e-8)
    share = s.sum() / n.sum()
    if share in (0, 1):
        assert (got["z"], got["p"]) == (None, None)
        return
    mean = (n * years).sum() / n.sum()
    chi2 = line[1] ** 2 * (n * (years - mean) ** 2).sum() / (share * (1 - share))
    assert near(got["z"] ** 2, chi2, 1e-8)
    assert near(got["p"], scipy.stats.chi2.sf(chi2, 1), 1e-7)
