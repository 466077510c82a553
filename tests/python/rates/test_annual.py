"""Tables 27 and 30 of the national annual report: each cell against SQL, and the sums."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from helpers.definitions import made, trees
from helpers.panels import read

DUCKDB = duckdb.connect()

# Lines and columns as in the official template.
LINES = {
    "units": "true",
    "units_instructed": "instructor_id IS NOT NULL",
    "solo": "mode = 'solo'",
    "solo_committee": "mode = 'solo' AND party_org_level = 'committee'",
    "solo_branch": "mode = 'solo' AND party_org_level = 'branch'",
    "solo_unknown": "mode = 'solo' AND party_org_level IS NULL",
    "joint": "mode IN ('joint', 'affiliated')",
    "joint_three": "mode IN ('joint', 'affiliated') AND members_full >= 3",
    "none": "mode IN ('area', 'none')",
    "none_due": "mode IN ('area', 'none') AND members_full >= 3",
    "none_some": "mode IN ('area', 'none') AND members_full < 3 AND (members_full > 0 OR coalesce(members_probationary, 0) > 0)",
    "none_without": "mode IN ('area', 'none') AND members_full = 0 AND coalesce(members_probationary, 0) = 0",
    "none_unknown": "mode IN ('area', 'none') AND members_full IS NULL",
    "mode_unknown": "mode IS NULL",
}
SUMS = {
    "employees": ("employees", "true"),
    "organised_employees": ("employees", "mode IN ('solo', 'joint', 'affiliated')"),
    "instructed_employees": ("employees", "mode IN ('area', 'none') AND instructor_id IS NOT NULL"),
}
COLUMNS = {
    "27": {
        "all": "true",
        "employees_50": "employees >= 50",
        "employees_100": "employees >= 100",
        "owner_secretary": "owner_is_secretary",
        "control_private": "control = 'private'",
        "control_hmt": "control = 'hmt'",
    },
    "30": {"all": "true", "social_group": "kind = 'social_group'", "law_firm": "kind = 'law_firm'"},
}
POPULATION = {
    "27": "kind = 'enterprise' AND control IN ('private', 'hmt', 'foreign')",
    "30": "kind IN ('social_group', 'foundation', 'social_service', 'law_firm', 'accounting_firm', 'tax_firm')",
}


@given(panel=trees(), table=st.sampled_from(["27", "30"]))
def test_cells_are_those_of_sql(panel, table):
    roster = read(panel)
    DUCKDB.register("panel", panel.cast({pl.UInt32: pl.Int64}).to_arrow())
    for year in roster.years:
        got = {row["line"]: row for row in roster.annual_table(table, year).iter_rows(named=True)}
        rows = f"FROM panel WHERE year = {year} AND ({POPULATION[table]})"
        for column, of in COLUMNS[table].items():
            for line in LINES.keys() & got.keys():
                query = f"SELECT count(*) {rows} AND ({LINES[line]}) AND ({of})"
                assert got[line][column] == DUCKDB.sql(query).fetchall()[0][0], (line, column)
            for line in SUMS.keys() & got.keys():
                what, when = SUMS[line]
                query = f"SELECT coalesce(sum({what}), 0) {rows} AND ({when}) AND ({of})"
                assert got[line][column] == DUCKDB.sql(query).fetchall()[0][0], (line, column)
            query = f"SELECT count(DISTINCT party_org_id) {rows} AND mode = 'joint' AND ({of})"
            assert got["joint_branches"][column] == DUCKDB.sql(query).fetchall()[0][0]
        query = f"SELECT count(*) FROM panel WHERE year = {year} AND ({POPULATION[table]}) IS NULL"  # noqa: S608
        assert got["undecided"]["all"] == DUCKDB.sql(query).fetchall()[0][0]
        checks = roster.annual_checks(table, year)
        told = checks.filter(pl.col("agrees").is_not_null())
        assert set(told["check"]) >= {"units", "solo", "none"}
        # A joint branch is not counted if its organisations have no code.
        assert told["agrees"].all()


def test_a_table_made_by_hand():
    roster = made(
        [
            (2013, "social_group", "solo", "branch", 5, 2, 10),
            (2013, "law_firm", "joint", None, 3, None, 20),
            (2013, "law_firm", "none", None, 0, 1, None),
            (2013, "foundation", "none", None, 0, 0, 5),
            (2013, "enterprise", "solo", "branch", 9, 9, 99),
            (2013, None, "solo", "branch", 9, 9, 99),
        ],
        kind=pl.String,
        mode=pl.String,
        party_org_level=pl.String,
        members_full=pl.UInt32,
        members_probationary=pl.UInt32,
        employees=pl.UInt32,
    )
    table = roster.annual_table("30", 2013)
    assert table.columns[:5] == ["year", "table", "line", "label_zh", "label_en"]
    lines = {row["line"]: row for row in table.iter_rows(named=True)}
    want = {
        "units": (4, 1, 1, 2),
        "solo": (1, 1, 0, 0),
        "joint": (1, 0, 0, 1),
        "joint_three": (1, 0, 0, 1),
        "none": (2, 0, 1, 1),
        "none_some": (1, 0, 0, 1),
        "none_without": (1, 0, 1, 0),
        "undecided": (1, 0, 0, 0),
        "employees": (35, 10, 5, 20),
        "members": (11, 7, 0, 4),
        # No source has these columns, so the cells are null.
        "instructors": (None,) * 4,
        "members_elsewhere": (None,) * 4,
        "none_due_group": (None,) * 4,
        "absorbed_branch": (None,) * 4,
    }
    columns = ("all", "social_group", "foundation", "law_firm")
    assert {line: tuple(lines[line][column] for column in columns) for line in want} == want


def test_sums_that_do_not_hold_are_shown(tmp_path):
    tables = tmp_path / "annual.toml"
    tables.write_text(
        """
[[table]]
id = "1"
label = "甲"
population = "true"
source = "test"
[[column]]
tables = ["1"]
id = "all"
when = "true"
[[line]]
tables = ["1"]
id = "units"
label = "单位数"
count = "*"
[[line]]
tables = ["1"]
id = "solo"
label = "单建"
when = "mode = 'solo'"
[[check]]
tables = ["1"]
id = "sum"
line = "units"
sum = ["solo"]
[[check]]
tables = ["1"]
id = "most"
line = "solo"
least = "units"
""",
        encoding="utf-8",
    )
    roster = made([(2013, "solo"), (2013, "none")], mode=pl.String)
    checks = roster.annual_checks("1", 2013, tables_file=tables)
    assert checks.select("check", "whole", "parts", "relation", "agrees").rows() == [
        ("sum", 2, 1, "=", False),
        ("most", 1, 2, ">=", False),
    ]
    for change, said in [
        (('sum = ["solo"]', 'sum = ["sole"]'), "field sum: there is no line 'sole'"),
        (
            ('tables = ["1"]\nid = "sum"', 'tables = ["2"]\nid = "sum"'),
            "field tables: there is no annual table '2'",
        ),
        (('count = "*"', 'count = "max(x)"'), "field count"),
        (("mode = 'solo'", "mode = 'sole'"), "field when"),
        (('id = "solo"', 'id = "units"'), "'units' is defined twice"),
    ]:
        tables.write_text(tables.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
        with pytest.raises(dangjian.DefinitionError) as error:
            roster.annual_checks("1", 2013, tables_file=tables)
        assert said in str(error.value), error.value
        tables.write_text(tables.read_text(encoding="utf-8").replace(*change[::-1]), encoding="utf-8")
    with pytest.raises(dangjian.ArgumentError, match="there is no annual table '28'"):
        roster.annual_table("28", 2013)
