"""The selection of rows: conditions in SQL and expressions of Polars, in every statistic."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from helpers import panels
from helpers.definitions import made, trees
from helpers.panels import LISTS, TABLES, read


@given(
    panel=trees(),
    by=panels.groupings(1),
    pair=st.sampled_from(
        [
            ("operating", pl.col("operating")),
            ("members_full >= 3", pl.col("members_full") >= 3),
            (
                "mode in ('solo', 'joint') and not above_scale",
                pl.col("mode").is_in(["solo", "joint"]) & ~pl.col("above_scale"),
            ),
            ("kind is null", pl.col("kind").is_null()),
            ("true", pl.lit(value=True)),
            ("false", pl.lit(value=False)),
            ("year = 2011", pl.col("year") == 2011),
        ]
    ),
)
def test_where_may_be_an_expression(panel, by, pair):
    """An expression selects the same rows as the equivalent condition, in every statistic."""
    roster = read(panel)
    text, expression = pair
    for name, table in TABLES.items():
        assert table(roster, by=by, where=expression).equals(table(roster, by=by, where=text)), name
    year = roster.years[-1]
    for name, listed in LISTS.items():
        if name != "explain_change" or len(roster.years) > 1:
            assert listed(roster, year, where=expression).equals(listed(roster, year, where=text)), name


@given(panel=trees())
def test_lists_are_of_the_rows_asked_for(panel):
    """Rows excluded by ``where`` are on no list, and the lists of complementary conditions make up the
    whole.
    """
    roster = read(panel)
    year = roster.years[-1]
    kept = pl.col("kind") == "enterprise"
    rest = kept.is_null() | ~kept
    kinds = dict(panel.filter(year=year).select("org_id", "kind").rows())
    for name in ("formation_audit_list", "reconcile", "readiness_list"):
        whole, inside, outside = (LISTS[name](roster, year, where=where) for where in (None, kept, rest))
        # Both halves together are the whole, in another order.
        assert sorted(map(repr, inside.rows() + outside.rows())) == sorted(map(repr, whole.rows())), name
        assert {kinds[org] for org in inside["org_id"]} <= {"enterprise"}, name


@given(panel=panels.panels())
def test_an_expression_sees_the_whole_panel(panel):
    """The answers of an expression apply to the rows they were computed for, even if a row is compared
    with others.
    """
    most = pl.col("members_full") == pl.col("members_full").max().over("year")
    got = {row[0]: row[1] for row in read(panel).count(where=most).rows()}
    kept = panel.filter(most).group_by("year").len()
    assert got == dict(kept.rows())


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (pl.col("emploees") > 3, "names emploees"),
        (pl.col("members_full"), "gives UInt32"),
        (pl.col("mode") > 3, "cannot be evaluated"),
        (3, "where is a int"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(where, said):
    roster = made([(2011, 3, "solo")], members_full=pl.UInt32, mode=pl.String)
    for statistic in (roster.coverage, roster.targets, roster.formation_moves, roster.joint_branches):
        with pytest.raises(dangjian.ArgumentError, match=said):
            statistic(where=where)
