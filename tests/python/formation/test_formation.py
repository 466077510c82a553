"""The audit of formation, joint branches, readiness and transitions over breaks, against SQL and slow,
direct loops.

``HYPOTHESIS_PROFILE=slow`` tries more panels.
"""

from __future__ import annotations

import datetime as dt
import itertools
import tomllib
from collections import Counter

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from helpers import ROOT, panels
from helpers.panels import ORGANISED, read

SHIPPED = tomllib.loads((ROOT / "definitions" / "formation.toml").read_text(encoding="utf-8"))
# Thresholds within the reach of small panels, in force in every year.
RULES = """
[[level]]
level = "branch"
members = "members_full"
at_least = 3
source = "test"
[[level]]
level = "general_branch"
members = "members_full"
at_least = 6
source = "test"
[[level]]
level = "committee"
members = "members_full"
at_least = 11
source = "test"
[[joint]]
most_units = 2
source = "test"
[[term]]
level = "branch"
years = 3
source = "test"
[[term]]
level = "committee"
years = 5
source = "test"
"""
DAYS = [None, dt.date(2008, 5, 1), dt.date(2009, 12, 31), dt.date(2010, 1, 1), dt.date(2012, 7, 1)]


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "formation.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


@st.composite
def ledgers(draw):
    """Draws a random panel with the further columns that the audit uses."""
    panel = draw(panels.panels())
    more = {
        "party_org_level": st.sampled_from([None, "branch", "general_branch", "committee"]),
        "no_org_reason": st.sampled_from([None, "no_members", "other"]),
        "established_on": st.sampled_from(DAYS),
        "elected_on": st.sampled_from(DAYS),
    }
    types = {name: pl.Date if name.endswith("_on") else pl.String for name in more}
    rows = [draw(st.fixed_dictionaries(more)) for _ in range(panel.height)]
    # Few codes, so that several organisations share one.
    few = draw(st.sampled_from([["D1"], ["D1", "D2", None]]))
    codes = pl.Series("party_org_id", [draw(st.sampled_from(few)) for _ in rows], pl.String)
    return panel.with_columns(codes).hstack(pl.DataFrame(rows, schema=types))


# Every fact that the audit computes for an organisation, in SQL.
FACTS = """
WITH own AS (
    SELECT *,
        coalesce(mode IN ('solo', 'joint', 'affiliated') AND party_org_id IS NOT NULL, false) AS own,
        CASE WHEN substr(region, 7) <> '000000' THEN region END AS township_code,
        CASE WHEN members_full >= 3 THEN 'solo' WHEN members_full >= 1 THEN 'joint'
             WHEN members_full = 0 THEN 'area' END AS need
    FROM panel
), body AS (
    SELECT year, party_org_id,
        count(*) FILTER (own) AS n, count(*) FILTER (mode IS NULL) AS maybe,
        count(*) FILTER (own AND mode = 'solo') AS solos, count(*) FILTER (own AND mode IN ('solo', 'joint')) AS hosts,
        count(*) FILTER (own AND need = 'solo') AS due,
        sum(members_full) FILTER (own) AS members, count(*) FILTER (own AND members_full IS NULL) AS silent,
        count(DISTINCT township_code) FILTER (own) AS places, count(*) FILTER (own AND township_code IS NULL) AS nowhere
    FROM own WHERE party_org_id IS NOT NULL GROUP BY ALL
), facts AS (
    SELECT own.*,
        CASE WHEN own AND maybe = 0 THEN n END AS units,
        CASE WHEN own THEN n END AS units_recorded,
        CASE WHEN own THEN maybe END AS units_unknown,
        CASE WHEN own THEN due END AS units_due_solo,
        2 AS units_most,
        CASE WHEN NOT own THEN NULL WHEN n > 2 THEN true WHEN n + maybe > 2 THEN NULL ELSE false END AS over_limit,
        CASE WHEN own AND maybe = 0 THEN solos END AS solo_units,
        CASE WHEN own AND maybe = 0 THEN hosts > 0 END AS host_listed,
        CASE WHEN own AND maybe = 0 AND nowhere = 0 THEN places END AS townships,
        CASE WHEN own AND maybe = 0 AND silent = 0 THEN members END AS party_members,
        CASE WHEN own THEN coalesce(members, 0) END AS members_recorded,
        3 AS members_least,
        CASE WHEN party_members >= 11 THEN 'committee' WHEN party_members >= 6 THEN 'general_branch'
             WHEN party_members >= 0 THEN 'branch' END AS level_need,
        CASE party_org_level WHEN 'branch' THEN 3 WHEN 'committee' THEN 5 END AS term,
        CASE WHEN elected_on IS NOT NULL THEN year(elected_on) + term <= year
             WHEN year(established_on) + term > year THEN false END AS term_over
    FROM own LEFT JOIN body USING (year, party_org_id)
)
"""
# The named conditions that findings use, as definitions/rates.toml has them.
NAMED = """, named AS (
    SELECT *, mode IN ('solo', 'joint', 'affiliated') AS organised, NOT organised AS unorganised,
        members_full >= 3 AS eligible
    FROM facts
)
"""
DUCKDB = duckdb.connect()


def sql(panel, query):
    """Runs a query over the facts of a panel and the named conditions."""
    DUCKDB.register("panel", panel.cast({pl.UInt32: pl.Int64}).to_arrow())
    return DUCKDB.sql(f"{FACTS} {NAMED} {query}").fetchall()


@given(panel=ledgers(), by=st.sampled_from(["kind", "above_scale", "committee"]))
def test_findings_are_those_of_sql(rules, panel, by):
    roster = read(panel)
    audit = roster.formation_audit(by=by, rules=rules)
    want = {}
    for finding in SHIPPED["finding"]:
        found = f"({finding['when']})"
        query = f"""SELECT year, {by}, count(*) FILTER {found},
            count(DISTINCT party_org_id) FILTER ({found} AND own), count(*) FILTER ({found} IS NULL) FROM named GROUP BY ALL"""  # noqa: S608
        want |= {(*row[:2], finding["id"]): row[2:] for row in sql(panel, query)}
    got = audit.select("year", by, "finding", "organisations", "unknown").rows()
    assert {row[:3]: (row[3], row[4]) for row in got} == {key: (n[0], n[2]) for key, n in want.items()}
    # A party organisation is counted in one group, that of one of its organisations, so that groups add
    # up.
    whole = roster.formation_audit(rules=rules)
    of = {row[:2]: row[2] for row in whole.select("year", "finding", "party_organisations").rows()}
    parts = Counter()
    for year, finding, n in audit.select("year", "finding", "party_organisations").rows():
        parts[year, finding] += n
    assert dict(parts) == of
    for finding in SHIPPED["finding"]:
        query = f"SELECT year, count(DISTINCT party_org_id) FILTER (({finding['when']}) AND own) FROM named GROUP BY ALL"  # noqa: S608
        assert {year: of[year, finding["id"]] for year in roster.years} == dict(sql(panel, query))


@given(panel=ledgers(), where=st.sampled_from([None, "operating", "kind = 'enterprise'"]))
def test_lists_are_as_long_as_the_counts_and_say_why(rules, panel, where):
    roster = read(panel)
    audit = roster.formation_audit(rules=rules, where=where)
    for year in roster.years:
        listed = roster.formation_audit_list(year, rules=rules, where=where)
        n = Counter(listed.select("finding", "status").rows())
        for row in audit.filter(pl.col("year") == year).iter_rows(named=True):
            assert n[row["finding"], "found"] == row["organisations"]
            assert n[row["finding"], "unknown"] == row["unknown"]
        assert listed["why_zh"].str.len_chars().min() or listed.is_empty()
        found = listed.filter(status="found")
        assert not found["why_en"].str.contains("[{}]").any()
        # Every value named in a sentence is known for the organisations with the finding.
        assert not found.filter(finding="solo_due_none")["why_zh"].str.contains("—").any()
        one = roster.formation_audit_list(year, "solo_due_none", rules=rules, where=where)
        assert one.equals(listed.filter(finding="solo_due_none"))


@given(panel=ledgers())
def test_joint_branches_are_those_of_sql(rules, panel):
    roster = read(panel)
    columns = (
        *("units_recorded", "units_unknown", "units_due_solo", "party_members", "townships", "units_most"),
        "over_limit",
    )
    query = f"""SELECT year, party_org_id, min(org_id), {", ".join(f"any_value({c})" for c in columns)}
        FROM facts WHERE mode = 'joint' AND own GROUP BY ALL"""  # noqa: S608
    want = {row[:3]: row[3:] for row in sql(panel, query)}
    table = roster.joint_branches(rules=rules)
    assert {
        row[:3]: row[3:] for row in table.select("year", "party_org_id", "org_id", *columns).rows()
    } == want
    summary = roster.joint_summary(by="kind", rules=rules)
    kinds = {(year, org): kind for year, org, kind in panel.select("year", "org_id", "kind").rows()}
    groups = {}
    for (year, _, home), row in want.items():
        groups.setdefault((year, kinds[year, home]), []).append(dict(zip(columns, row, strict=True)))
    got = {(row["year"], row["kind"]): row for row in summary.iter_rows(named=True)}
    assert got.keys() == groups.keys()
    for key, branches in groups.items():
        row = got[key]
        assert row["party_organisations"] == len(branches)
        assert row["organisations"] == sum(b["units_recorded"] for b in branches)
        assert row["units_mean"] == row["organisations"] / len(branches)
        assert row["units_due_solo"] == sum(b["units_due_solo"] for b in branches)
        assert row["party_members"] == sum(b["party_members"] or 0 for b in branches)
        assert row["members_unknown"] == sum(b["party_members"] is None for b in branches)
        assert row["over_limit"] == sum(b["over_limit"] is True for b in branches)
        assert row["limit_unknown"] == sum(b["over_limit"] is None for b in branches)
        assert row["alone"] == sum(b["units_recorded"] == 1 and not b["units_unknown"] for b in branches)
        assert row["apart"] == sum((b["townships"] or 0) > 1 for b in branches)
        assert row["too_small"] == sum(
            b["party_members"] is not None and b["party_members"] < 3 for b in branches
        )


def near(members, at_least, short):
    """Checks whether a number of members is below ``at_least`` by up to ``short``."""
    return members is not None and 0 < at_least - members <= short


STEPS = {
    "joint_1": ("joint", 1),
    "solo_3": ("solo", 3),
    "general_branch_6": (("general_branch", "committee"), 6),
    "committee_11": (("committee",), 11),
}


def things(panel, step):
    """Returns the candidates for a step by year: id -> (members, formed, kind)."""
    to, _ = STEPS[step]
    of = {year: {} for year in sorted(panel["year"].unique())}
    if isinstance(to, str):
        for row in panel.iter_rows(named=True):
            of[row["year"]][row["org_id"]] = (row["members_full"], row["mode"] == to, row["kind"])
        return of
    strength = {mode: at for at, mode in enumerate(ORGANISED)}
    for (year, code), rows in panel.filter(pl.col("party_org_id").is_not_null()).group_by(
        "year", "party_org_id"
    ):
        own = rows.filter(pl.col("mode").is_in(ORGANISED))
        if own.is_empty():
            continue
        home = min(own.iter_rows(named=True), key=lambda row: (strength[row["mode"]], row["org_id"]))
        unsure = rows["mode"].null_count() or own["members_full"].null_count()
        members = None if unsure else own["members_full"].sum()
        of[year][code] = (members, home["party_org_level"] in to, home["kind"])
    return of


def counted(now, after, at_least, short):
    """Counts by kind those short of a step, with their outcome in the next year, if there is one."""
    found = {}
    for thing, (members, _, kind) in now.items():
        n = found.setdefault(kind, Counter())
        n["unknown"] += members is None
        if not near(members, at_least, short):
            continue
        n["ready"] += 1
        if after is not None:
            later = after.get(thing)
            if later is None:
                n["gone"] += 1
            elif later[0] is None:
                n["next_unknown"] += 1
            else:
                n["stayed" if later[0] < at_least else "reached"] += 1
                n["formed"] += later[0] >= at_least and later[1]
    return found


@given(panel=ledgers(), short=st.integers(1, 3))
def test_readiness_is_what_a_slow_loop_finds(rules, panel, short):
    roster = read(panel)
    table = roster.readiness(by="kind", short=short, rules=rules)
    here, next_year = ("ready", "unknown"), ("gone", "next_unknown", "stayed", "reached", "formed")
    past, ready = Counter(), Counter()
    got = {(row["year"], row["kind"], row["step"]): row for row in table.iter_rows(named=True)}
    groups = set(panel.select("year", "kind").rows())
    assert set(got) == {(*group, step) for group in groups for step in STEPS}
    for (year, kind, step), row in sorted(got.items(), key=lambda item: item[0][0]):
        of, (_, at_least) = things(panel, step), STEPS[step]
        after = of.get(year + 1)
        n = counted(of[year], after, at_least, short).get(kind, Counter())
        assert {name: row[name] for name in here} == {name: n[name] for name in here}
        told = {name: None if after is None else n[name] for name in next_year}
        assert {name: row[name] for name in next_year} == told
        known, reached = past[step, kind, "known"], past[step, kind, "reached"]
        assert (row["past_known"], row["past_reached"]) == (known, reached)
        assert row["past_rate"] == (reached / known if known else None)
        past[step, kind, "known"] += n["stayed"] + n["reached"]
        past[step, kind, "reached"] += n["reached"]
        ready[year, step] += n["ready"]
    for year in roster.years:
        listed = roster.readiness_list(year, short=short, rules=rules)
        assert Counter((year, step) for step in listed["step"]) == +Counter(
            {key: n for key, n in ready.items() if key[0] == year}
        )


@given(panel=panels.panels())
def test_moves_over_gaps_and_from_year_to_year_are_all_moves(panel):
    """Two consecutive listings of an organisation are a transition of one year, or one over a break."""
    roster = read(panel)
    want = {"years": Counter(), "gaps": Counter()}
    for _, rows in panel.sort("year").group_by("org_id"):
        listed = rows.select("year", pl.col("mode").fill_null("unknown")).rows()
        for (year, mode), (after, then) in itertools.pairwise(listed):
            want["years" if after == year + 1 else "gaps"][year, after, mode, then] += 1
    returns = {row[:4]: row[4] for row in roster.formation_returns().rows()}
    assert returns == want["gaps"]
    moved = roster.formation_moves()
    there = moved.filter(pl.col("mode") != "absent", pl.col("next_mode") != "absent")
    assert {row[:4]: row[4] for row in there.rows()} == want["years"]
    # An organisation listed in a year stays or leaves; one listed in the next year stayed or arrived.
    sizes = dict(panel.group_by("year").len().rows())
    for year in {year for year in sizes if year + 1 in sizes}:
        step = moved.filter(pl.col("year") == year)
        assert step.filter(pl.col("mode") != "absent")["organisations"].sum() == sizes[year]
        assert step.filter(pl.col("next_mode") != "absent")["organisations"].sum() == sizes[year + 1]


def test_what_a_year_cannot_tell_is_null_and_nobody_is_listed():
    frame = pl.DataFrame(
        {
            "year": [2013] * 2,
            "org_id": ["单位1", "单位2"],
            "mode": ["none", "joint"],
            "members_full": [5, None],
        },
        schema={"year": pl.Int16, "org_id": pl.String, "mode": pl.String, "members_full": pl.UInt32},
    )
    roster = read(frame)
    audit = {row["finding"]: row for row in roster.formation_audit().iter_rows(named=True)}
    assert (audit["solo_due_none"]["organisations"], audit["solo_due_none"]["unknown"]) == (1, 0)
    assert audit["solo_due_none"]["party_organisations"] is None
    assert audit["joint_alone"]["organisations"] is None
    assert audit["term_over"]["unknown"] is None
    # In 2013 there was no limit for joint branches.
    assert "joint_too_many" not in audit
    listed = roster.formation_audit_list(2013)
    assert listed.select("finding", "status", "org_id").rows() == [
        ("solo_due_none", "found", "单位1"),
        ("solo_due_joint", "unknown", "单位2"),
    ]
    assert listed["why_zh"].to_list() == [
        "有正式党员 5 名，应单独组建；台账记为“未建”。",
        "未填正式党员，无法判断。",
    ]
    assert roster.joint_branches().is_empty()


def test_names_that_are_not_there_are_said(tmp_path):
    roster = read(pl.DataFrame({"year": [2013], "org_id": ["单位1"], "mode": ["none"]}))
    with pytest.raises(dangjian.ArgumentError, match="did you mean 'solo_due_none'"):
        roster.formation_audit_list(2013, "solo_due_non")
    with pytest.raises(dangjian.ArgumentError, match=r"no step 'solo_4'.*solo_3"):
        roster.readiness_list(2013, "solo_4")
    with pytest.raises(dangjian.ArgumentError, match="whole number from 1"):
        roster.readiness(short=0)
    wrong = tmp_path / "wrong.toml"
    good = "[[finding]]\nid='a'\nlabel='甲'\nseverity='info'\nwhen='units > 3'\nwhy='{units}'\nsource='s'\n"
    for text, said in (
        (
            good.replace("units >", "unit >"),
            r"wrong\.toml: \[\[finding\]\] \"a\": field when: .*'unit'.*units",
        ),
        (good.replace("{units}", "{unit}"), r"\[\[finding\]\] \"a\": field why: .*'unit'"),
        (good.replace("{units}", "{units"), "field why: the { in '{units' is not closed"),
        (good.replace("units > 3", "need > 3"), "field when: .*need"),
    ):
        wrong.write_text(text, encoding="utf-8")
        with pytest.raises(dangjian.DefinitionError, match=said):
            roster.formation_audit(rules=wrong)
    wrong.write_text(good, encoding="utf-8")
    assert "a" in roster.formation_audit(rules=wrong)["finding"].to_list()
