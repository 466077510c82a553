"""Rates at every level, their intervals and size bands: against SQL, the roots of Wilson's equation, and
constructed cases.
"""

from __future__ import annotations

from statistics import NormalDist

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from helpers import panels
from helpers.definitions import FIGURES, LEVELS, condition, made, rate, sql, trees
from helpers.panels import read


@given(
    panel=trees(),
    by=st.lists(st.sampled_from(list(LEVELS)), unique=True, max_size=3),
    population=condition,
    success=condition,
    where=st.none() | condition,
)
def test_subtotals_are_those_of_sql(file, panel, by, population, success, where):
    mine = file(rate(population, success))
    table = read(panel).coverage(by=by, rates="drawn", rates_file=mine, where=where, rollup=True)
    got = {
        tuple(row[: len(by) + 2]): row[len(by) + 2 :]
        for row in table.select("year", *by, "grouping", *FIGURES).rows()
    }
    assert len(got) == table.height
    dims = ", ".join(f"{LEVELS[name]} AS d{at}" for at, name in enumerate(by))
    names = ", ".join(f"d{at}" for at in range(len(by)))
    rolled = f", ROLLUP ({names})" if by else ""
    grouping = f"GROUPING({names})" if by else "0"
    want = sql(
        panel,
        f"""SELECT year, {names + "," if by else ""} {grouping},
            count(*) FILTER (WHERE p), count(*) FILTER (WHERE p AND s), count(*) FILTER (WHERE p AND NOT s),
            count(*) FILTER (WHERE p AND s IS NULL), count(*) FILTER (WHERE p IS NULL)
        FROM (SELECT year, {dims + "," if by else ""} ({population}) AS p, ({success}) AS s FROM panel
              WHERE {where or "true"})
        GROUP BY year{rolled}""",  # noqa: S608 - our own conditions
    )
    assert got == {row[: len(by) + 2]: row[len(by) + 2 :] for row in want}


@given(
    panel=trees(),
    by=st.lists(st.sampled_from(list(LEVELS)), unique=True, min_size=1, max_size=3),
    seed=st.integers(0, 9),
)
def test_parts_add_up_at_every_level_and_in_every_tree(panel, by, seed):
    """Holds for party organisations too; the order of rows is irrelevant."""
    table = read(panel).coverage(by=by, rollup=True)
    assert table.equals(read(panel.sample(fraction=1, shuffle=True, seed=seed)).coverage(by=by, rollup=True))
    keys = ["year", "rate_id"]
    figures = [*FIGURES, "unidentified"]
    levels = table["grouping"].unique().sort().to_list()
    assert levels == [2**at - 1 for at in range(len(by) + 1)]
    whole = read(panel).coverage().select(*keys, *figures).sort(keys)
    for level in levels:
        part = table.filter(grouping=level).group_by(keys).agg(pl.col(figures).sum()).sort(keys)
        assert part.equals(whole), level


@given(panel=panels.panels(), level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_intervals_are_wilson_s(panel, level):
    table = read(panel).coverage(by="kind", rates=["organised", "eligible_established"], interval=level)
    z = NormalDist().inv_cdf((1 + level) / 2)
    for yes, no, low, high in table.select("success", "failure", "wilson_low", "wilson_high").rows():
        n = yes + no
        if not n:
            assert low is None
            assert high is None
            continue
        # The two proportions p that differ from the observed one by z standard errors: roots of n(s −
        # p)² = z²p(1 − p).
        for p in (low, high):
            assert n * (yes / n - p) ** 2 == pytest.approx(z * z * p * (1 - p), abs=1e-9)
        assert 0 <= low <= yes / n <= high <= 1


def test_an_interval_needs_a_level():
    with pytest.raises(dangjian.ArgumentError, match="above 0 and below 1"):
        made([(2011, True)], operating=pl.Boolean).coverage(interval=95)


def test_bands_of_one_s_own(file):
    bands = file(
        """
[[bands]]
id = "staff"
label = "职工规模"
column = "employees"
from = [0, 8, 60]
names = ["小", "中", "大"]
source = "test"
"""
    )
    roster = made([(2011, n) for n in (0, 7, 8, 59, 60, 9999, None)], employees=pl.UInt32)
    table = roster.coverage(by=["staff", "employees_size"], rates="organised_all", bands=bands)
    assert table.select("staff", "employees_size", "population").rows() == [
        ("小", "0-9", 2),
        ("中", "0-9", 1),
        ("中", "50-99", 1),
        ("大", "50-99", 1),
        ("大", "1000+", 1),
        (None, None, 1),
    ]
    assert "employees_size" in roster.dimensions


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('column = "employees"', 'column = "employes"'), ["field column", "did you mean 'employees'"]),
        (('column = "employees"', 'column = "mode"'), ["field column", "counts or money"]),
        (("[0, 8]", "[1, 8]"), ["field from", "ascend from 0"]),
        (("[0, 8]", "[0, 8, 8]"), ["field from", "ascend from 0"]),
        (("[0, 8]", '["0"]'), ["field from", "whole numbers"]),
        (('source = "x"', 'source = "x"\nnames = ["a"]'), ["field names", "2 different names"]),
        (('id = "b"', 'id = "kind"'), ["field id", "a column of the ledger"]),
        (('source = "x"', ""), ["field source", "missing"]),
    ],
)
def test_wrong_bands_are_refused(file, change, said):
    bands = file(
        '[[bands]]\nid = "b"\nlabel = "l"\ncolumn = "employees"\nfrom = [0, 8]\nsource = "x"\n'.replace(
            *change
        )
    )
    with pytest.raises(dangjian.DefinitionError) as error:
        made([(2011, 3)], employees=pl.UInt32).coverage(bands=bands)
    assert all(part in str(error.value) for part in ["mine.toml: [[bands]]", *said]), error.value
