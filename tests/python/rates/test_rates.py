"""Every shipped rate, in all its versions, against SQL on panels full of nulls."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import ROOT
from helpers.definitions import FIGURES, LEVELS, sql, trees
from helpers.panels import read

SHIPPED = tomllib.loads((ROOT / "definitions" / "rates.toml").read_text(encoding="utf-8"))
RATES = SHIPPED["rate"]
TARGETS = tomllib.loads((ROOT / "definitions" / "targets.toml").read_text(encoding="utf-8"))["target"]

# Each row, with the rate's conditions. For a party organisation, the rows most surely in the population
# decide; of these the strongest mode, then the smallest id, is its home.
OF_ROWS = """
    WITH asked AS (
        SELECT year, org_id, party_org_id, {by} AS by_, ({population}) AS p, ({success}) AS s,
            coalesce(list_position(['solo', 'joint', 'affiliated', 'area', 'none'], mode), 9) AS weak
        FROM panel WHERE year BETWEEN {first} AND {last}
    )"""
FIGURES_OF = """
    SELECT year, by_, count(*) FILTER (WHERE p), count(*) FILTER (WHERE p AND s), count(*) FILTER (WHERE p AND NOT s),
        count(*) FILTER (WHERE p AND s IS NULL), count(*) FILTER (WHERE p IS NULL), {unidentified}
    FROM {table} GROUP BY year, by_"""
PARTIES = """, ranked AS (
        SELECT *, bool_or(p IS TRUE) OVER w AS in_, bool_or(p IS NULL) OVER w AS maybe,
            CASE WHEN bool_or(p AND s) OVER w THEN true
                 WHEN bool_or(p IS TRUE AND s IS NULL) OVER w THEN NULL ELSE false END AS met,
            row_number() OVER (PARTITION BY year, party_org_id
                ORDER BY (p IS TRUE) DESC, (p IS NULL) DESC, weak, org_id) AS nth
        FROM asked WHERE party_org_id IS NOT NULL
        WINDOW w AS (PARTITION BY year, party_org_id)
    ), things AS (
        SELECT year, by_, CASE WHEN in_ THEN true WHEN maybe THEN NULL ELSE false END AS p, met AS s, false AS nameless
        FROM ranked WHERE nth = 1
        UNION ALL
        SELECT year, by_, CASE WHEN p IS NULL THEN NULL ELSE false END, s, p IS TRUE FROM asked
        WHERE party_org_id IS NULL
        UNION ALL
        -- A group exists where there are organisations, whether or not a party organisation is at home in it.
        SELECT year, by_, false, false, false FROM asked
    )"""


def plain(condition):
    """Expands the named conditions within a condition."""
    for named in SHIPPED["condition"]:
        name = re.compile(rf"\b{named['id']}\b")
        condition = name.sub(lambda _, when=named["when"]: f"({plain(when)})", condition)
    return condition


def in_sql(panel, record, by):
    """Returns the figures of a rate, computed in SQL."""
    asked = OF_ROWS.format(
        by=LEVELS.get(by, "'all'"),
        population=plain(record["population"]),
        success=plain(record["success"]),
        first=record.get("from", 0),
        last=record.get("to", 9999),
    )
    if record["counts"] == "organisations":
        return sql(panel, asked + FIGURES_OF.format(table="asked", unidentified="0"))
    of_parties = FIGURES_OF.format(table="things", unidentified="count(*) FILTER (WHERE nameless)")
    return sql(panel, asked + PARTIES + of_parties)


def same(table, want, by):
    """Checks that a table has these figures, and the rates derived from them."""
    key = [by] if by else []
    rows = table.select("year", *key, *FIGURES, "unidentified", "rate").rows()
    got = {(row[0], row[1] if by else "all"): row[1 + len(key) : -1] for row in rows}
    assert got == {row[:2]: row[2:] for row in want}
    for row in rows:
        success, failure, rate = row[2 + len(key)], row[3 + len(key)], row[-1]
        assert rate == (success / (success + failure) if success + failure else None)


@pytest.mark.parametrize("number", range(len(RATES)), ids=lambda at: f"{at}-{RATES[at]['id']}")
@given(
    panel=trees(),
    by=st.sampled_from([None, "kind", "county", "committee", "above_scale"]),
    later=st.sampled_from([0, 3, 7]),
)
def test_a_shipped_rate_is_that_of_sql(number, panel, by, later):
    record = RATES[number]
    panel = panel.with_columns(panel["year"] + later)
    table = read(panel).coverage(by=by or (), rates=record["id"])
    inside = [record.get("from", 0) <= year <= record.get("to", 9999) for year in table["year"]]
    same(table.filter(inside), in_sql(panel, record, by), by)


@pytest.mark.parametrize("number", range(len(TARGETS)), ids=lambda at: TARGETS[at]["id"])
@given(panel=trees(), by=st.sampled_from([None, "kind", "township"]))
def test_a_shipped_target_is_that_of_sql(number, panel, by):
    record = TARGETS[number]
    table = read(panel).targets(by=by or (), targets=record["id"])
    same(table, in_sql(panel, record, by), by)


def test_the_rates_tried_are_all_that_there_are():
    assert {record["counts"] for record in RATES} == {"organisations", "party_organisations"}
    versions = [record["id"] for record in RATES]
    assert versions.count("bulletin") == 3
    assert len(versions) > 10
