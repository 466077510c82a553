"""Targets over years, by place, and their pace, against slow direct versions that enumerate the unknowns."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from helpers import panels
from helpers.panels import read

DUCKDB = duckdb.connect()
POPULATION, SUCCESS = "members_full >= 2", "mode in ('solo', 'joint')"


def target(**fields):
    """Returns a record of a target set."""
    record = {
        "id": "a",
        "label": "甲",
        "population": POPULATION,
        "success": SUCCESS,
        "counts": "organisations",
        "source": "test",
    } | fields
    return "[[target]]\n" + "\n".join(
        f"{name} = {value if isinstance(value, (int, float)) else repr(value)}"
        if "'" not in str(value)
        else f'{name} = "{value}"'
        for name, value in record.items()
    )


@pytest.fixture
def file(tmp_path):
    def write(*records):
        path = tmp_path / "targets.toml"
        path.write_text("\n".join(records), encoding="utf-8")
        return path

    return write


def answers(panel, by):
    """Returns SQL's answers for population and success by group and year, row by row."""
    DUCKDB.register("panel", panel.cast({pl.UInt32: pl.Int64}).to_arrow())
    found = {}
    query = f"SELECT year, {by}, ({POPULATION}), ({SUCCESS}) FROM panel"  # noqa: S608 - our own conditions
    for year, group, population, success in DUCKDB.sql(query).fetchall():
        found.setdefault((group, year), []).append((population, success))
    return found


def short(success, whole, goal):
    """Returns the smallest increase of the successes that reaches the goal."""
    return next(n for n in range(whole + 1) if not whole or (success + n) / whole >= goal)


def missing(rows, goal):
    """Returns the shortfall among the known, and its minimum and maximum over all outcomes of the
    unknowns.
    """
    known = [success for population, success in rows if population and success is not None]
    reach = {(0, 0)}
    for population, success in rows:
        ways = {
            (int(p), int(p and s))
            for p in ([True, False] if population is None else [population])
            for s in ([True, False] if success is None else [success])
        }
        reach = {(p + dp, s + ds) for p, s in reach for dp, ds in ways}
    every = [short(s, p, goal) for p, s in reach]
    return (short(sum(known), len(known), goal) if known else None), min(every), max(every)


@given(
    panel=panels.panels(),
    by=st.sampled_from(["kind", "operating"]),
    goal=st.sampled_from([1.0, 0.6, 0.25]),
    left=st.integers(-1, 4),
)
def test_the_pace_is_that_of_a_slow_loop(tmp_path_factory, panel, by, goal, left):
    path = tmp_path_factory.getbasetemp() / "pace.toml"
    path.write_text(target(target=goal), encoding="utf-8")
    roster, rows = read(panel), answers(panel, by)
    year = roster.years[-1]
    table = roster.targets_pace(year, by=by, deadline=year + left, targets_file=path)
    assert set(table[by]) == {group for group, of in rows if of == year}
    for row in table.iter_rows(named=True):
        now = missing(rows[row[by], year], goal)
        assert (row["missing"], row["missing_low"], row["missing_high"]) == now
        earlier = sorted(
            of
            for group, of in rows
            if group == row[by] and of < year and missing(rows[group, of], goal)[0] is not None
        )
        assert row["years_left"] == left
        first = missing(rows[row[by], earlier[0]], goal) if earlier else None
        assert (row["first_year"], row["first_missing"]) == (
            (earlier[0], first[0]) if first else (None, None)
        )
        pace = (first[0] - now[0]) / (year - earlier[0]) if first and now[0] is not None else None
        assert row["pace"] == pace
        assert row["needed"] == (now[0] / left if left > 0 and now[0] is not None else None)
        # Every combination of a possible earlier shortfall and a possible current one.
        if now[2] == 0:
            ways = {True}
        elif left <= 0:
            ways = {m == 0 for m in now[1:]}
        elif first:
            span = year - earlier[0]
            ways = {(a - b) * left >= b * span for a in first[1:] for b in now[1:]}
        else:
            ways = {True, False}
        assert row["suffices"] == (ways.pop() if len(ways) == 1 else None)


@given(panel=panels.panels())
def test_gap_counts_are_as_long_as_the_lists(panel):
    roster = read(panel)
    counts = roster.gap_counts(by="kind")
    for year in roster.years:
        for name in counts["target"].unique():
            gaps = roster.gaps(name, year)
            of = counts.filter(pl.col("year") == year, pl.col("target") == name)
            for status in ("missing", "unknown"):
                listed = gaps.filter(status=status).group_by("kind").len().rows()
                assert {kind: n for kind, n in of.select("kind", status).rows() if n} == dict(listed)
            if of["missing"].sum():
                assert of["share"].sum() == pytest.approx(1)
            else:
                assert of["share"].null_count() == of.height


@given(panel=panels.panels(), by=st.sampled_from(["kind", "township"]))
def test_the_series_are_the_targets_of_each_year(panel, by):
    roster = read(panel)
    series, table = roster.targets_series(by=by), roster.targets(by=by)
    names = table["target"].unique(maintain_order=True).to_list()
    assert series["target"].unique(maintain_order=True).to_list() == names
    assert series["series"].to_list() == [1] * series.height
    key = [c for c in table.columns if c not in ("note_zh", "note_en")]
    assert sorted(map(str, series.select(key).rows())) == sorted(map(str, table.select(key).rows()))
    for group in series.partition_by("target", maintain_order=True):
        assert group["year"].is_sorted()


def test_a_target_binds_its_scope_in_its_years(file):
    frame = pl.DataFrame(
        {
            "year": [year for year in (2010, 2011, 2012) for _ in range(3)],
            "org_id": ["单位1", "单位2", "单位3"] * 3,
            "kind": ["enterprise", "enterprise", "foundation"] * 3,
            "mode": ["solo", "none", "none"] * 3,
            "members_full": [5, 5, 5] * 3,
        },
        schema_overrides={"year": pl.Int16, "members_full": pl.UInt32},
    )
    roster = read(frame)
    path = file(
        target(scope="kind = 'enterprise'", target=0.5, to=2010),
        target(scope="kind = 'enterprise'", target=1.0, **{"from": 2011, "deadline": 2013, "to": 2011}),
        target(target=1.0, **{"from": 2012}),
    )
    series = roster.targets_series(targets_file=path)
    columns = ("year", "population", "success", "goal", "met", "deadline", "series")
    assert series.select(columns).rows() == [
        (2010, 2, 1, 0.5, True, None, 1),
        (2011, 2, 1, 1.0, False, 2013, 1),
        (2012, 3, 1, 1.0, False, None, 2),
    ]
    assert roster.gaps("a", 2011, targets_file=path)["org_id"].to_list() == ["单位2"]
    assert roster.gaps("a", 2012, targets_file=path)["org_id"].to_list() == ["单位2", "单位3"]
    assert roster.gap_counts(by=(), targets_file=path)["missing"].to_list() == [1, 1, 2]
    review = roster.review(2012, targets=path)
    assert review.tables["targets"]["population"].to_list() == [3]
    assert review.tables["gaps"].height == 2
    assert review.tables["targets_series"].height == 3


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([target(), target()], "field id: 'a' is defined twice"),
        ([target(to=2011), target(**{"from": 2011})], "field from: the years 2011–… overlap .* Hint: give"),
        ([target(**{"from": 2012, "to": 2011})], "field to: 2011 is before 2012"),
        ([target(scope="kind = 'firm'")], "field scope: .*'firm'"),
        ([target(scope="kinds = 'enterprise'")], "field scope: .*did you mean 'kind'"),
        ([target(scope="kind = ")], "field scope"),
        ([target(scop="true")], "field scop: .*did you mean 'scope'"),
    ],
)
def test_wrong_targets_are_refused(file, records, said):
    roster = read(pl.DataFrame({"year": [2013], "org_id": ["单位1"], "kind": ["enterprise"]}))
    with pytest.raises(dangjian.DefinitionError, match=r'targets\.toml: \[\[target\]\] "a": ' + said):
        roster.targets_series(targets_file=file(*records))


def test_targets_that_are_not_there_are_said():
    roster = read(pl.DataFrame({"year": [2013], "org_id": ["单位1"], "kind": ["enterprise"]}))
    for ask in (roster.targets_series, roster.gap_counts):
        with pytest.raises(dangjian.ArgumentError, match=r"no target 'guide'.*did you mean 'guided'"):
            ask(targets="guide")
    with pytest.raises(dangjian.ArgumentError, match="no data for the year 2012"):
        roster.targets_pace(2012)
