"""The findings that offices ask for first, each on a constructed case, by the shipped rules."""

from __future__ import annotations

from datetime import date

import polars as pl

import dangjian
from helpers.definitions import made

COLUMNS = {
    "mode": pl.String,
    "party_org_id": pl.String,
    "party_org_level": pl.String,
    "members_full": pl.UInt32,
    "elected_on": pl.Date,
    "region": pl.String,
}
PLACE = "150425100000"


def test_each_finding_names_the_organisations_behind_it():
    new, old = date(2019, 5, 1), date(2014, 5, 1)
    rows = [
        # 0: correct; 1, 2: a branch of 60 and a committee of 60.
        (2019, "solo", "D0", "branch", 7, new, PLACE),
        (2019, "solo", "D1", "branch", 60, new, PLACE),
        (2019, "solo", "D2", "committee", 60, new, PLACE),
        # 3, 4: a joint branch, of which one organisation has three members and should be solo.
        (2019, "joint", "L1", "branch", 3, new, PLACE),
        (2019, "joint", "L1", "branch", 1, new, PLACE),
        # 5 to 10: a joint branch of six organisations; the limit has been five since 2018.
        *[(2019, "joint", "L2", "branch", 1, new, PLACE)] * 6,
        # 11: a party organisation without members; 12: a term that is over; 13: three members and no
        # party organisation.
        (2019, "solo", "D3", "branch", 0, new, PLACE),
        (2019, "solo", "D4", "branch", 5, old, PLACE),
        (2019, "none", None, None, 3, None, PLACE),
        # The joint branch of six in 2017, when no limit was in force.
        *[(2017, "joint", "L2", "branch", 1, new, PLACE)] * 6,
    ]
    roster = made(rows, **COLUMNS)
    want = {
        "level_too_low": [1],
        "level_too_high": [2],
        "solo_due_joint": [3],
        "joint_too_many": [5, 6, 7, 8, 9, 10],
        "party_without_members": [11],
        "term_over": [12],
        "solo_due_none": [13],
    }
    found = roster.formation_audit_list(2019).filter(status="found")
    assert {
        finding: found.filter(finding=finding)["org_id"].to_list() for finding in found["finding"].unique()
    } == {finding: sorted(f"单位{at}" for at in orgs) for finding, orgs in want.items()}
    audit = roster.formation_audit(years=2019)
    for finding, orgs in want.items():
        row = audit.filter(finding=finding).row(0, named=True)
        parties = {rows[at][2] for at in orgs} - {None}
        assert (row["organisations"], row["party_organisations"]) == (len(orgs), len(parties)), finding
    # The sentence names the requirement, the recorded value, and the approval that would allow it.
    (high,) = found.filter(finding="level_too_high")["why_zh"]
    assert "60 名" in high
    assert "经县以上党委批准" in high
    (low,) = found.filter(finding="level_too_low")["why_en"]
    assert "as many as a general branch has" in low
    assert "joint_too_many" not in roster.formation_audit(years=2017)["finding"]


def test_readiness_follows_those_like_them():
    """Three organisations have two members in 2012; one grows to three by 2013 and is established."""
    rows = [
        (2012, "none", 2),
        (2012, "none", 2),
        (2012, "none", 2),
        (2013, "solo", 3),
        (2013, "none", 2),
        (2013, "none", 1),
    ]
    ids = ["单位0", "单位1", "单位2"] * 2
    frame = pl.DataFrame(
        [
            {"year": y, "org_id": i, "mode": m, "members_full": n}
            for (y, m, n), i in zip(rows, ids, strict=True)
        ],
        schema={"year": pl.Int16, "org_id": pl.String, "mode": pl.String, "members_full": pl.UInt32},
    )
    roster = dangjian.read_roster(frame, progress=False)
    table = roster.readiness().filter(step="solo_3")
    columns = ("year", "ready", "stayed", "reached", "formed", "past_known", "past_reached")
    assert table.select(columns).rows() == [
        (2012, 3, 2, 1, 1, 0, 0),
        (2013, 1, None, None, None, 3, 1),
    ]
    assert table["past_rate"].to_list() == [None, 1 / 3]
    assert roster.readiness_list(2013, "solo_3")["org_id"].to_list() == ["单位1"]
