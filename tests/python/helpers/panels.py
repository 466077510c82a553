"""Random panels in canonical columns, small and full of nulls, and tables of a roster in comparable form."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import strategies as st

import dangjian

ORGANISED = ("solo", "joint", "affiliated")
SCHEMA = {
    "year": pl.Int16,
    "org_id": pl.String,
    "kind": pl.String,
    "control": pl.String,
    "region": pl.String,
    "committee": pl.String,
    "industry": pl.String,
    "above_scale": pl.Boolean,
    "operating": pl.Boolean,
    "members_full": pl.UInt32,
    "party_org_id": pl.String,
    "mode": pl.String,
    "owner_is_secretary": pl.Boolean,
    "instructor_id": pl.String,
    "seconded_officers": pl.UInt32,
    "activities": pl.UInt32,
    "star": pl.Float32,
    "楼栋": pl.String,
}
_FLAG = st.sampled_from([None, True, False])
_VALUES = {
    "kind": st.sampled_from([None, "enterprise", "social_group", "cooperative"]),
    "control": st.sampled_from([None, "private", "hmt"]),
    "region": st.sampled_from([None, "150425100000", "150425101000", "150404000000", "370883102000"]),
    "committee": st.sampled_from([None, "工业园区党工委", "住建局党委"]),
    "industry": st.sampled_from([None, "C13", "C14", "A01"]),
    "above_scale": _FLAG,
    "operating": _FLAG,
    "members_full": st.sampled_from([None, 0, 1, 2, 3, 9]),
    "party_org_id": st.sampled_from([None, "D1", "D2", "D3"]),
    "mode": st.sampled_from([None, "solo", "joint", "affiliated", "area", "none"]),
    "owner_is_secretary": _FLAG,
    "instructor_id": st.sampled_from([None, "Z1", "Z2"]),
    "seconded_officers": st.sampled_from([None, 0, 1, 2]),
    "activities": st.sampled_from([None, 0, 4]),
    "star": st.sampled_from([None, None, 1.0, 2.5, 3.0, 5.0]),
    "楼栋": st.sampled_from([None, "甲", "乙"]),
}

DIMENSIONS = (
    *("kind", "committee", "above_scale", "operating", "instructor_id", "楼栋"),
    *("region", "province", "prefecture", "county", "township", "section"),
)


@st.composite
def panels(draw: st.DrawFn) -> pl.DataFrame:
    """Draws up to 20 rows of 8 organisations in 4 of 5 years; a year may be missing."""
    years = draw(
        st.sampled_from([(2011, 2012, 2013), (2011, 2012, 2014), (2010, 2011, 2012, 2013), (2011, 2013)])
    )
    keys = st.tuples(st.sampled_from(years), st.integers(1, 8))
    rows = draw(
        st.lists(
            st.tuples(keys, st.fixed_dictionaries(_VALUES)),
            min_size=draw(st.sampled_from([1, 12])),
            max_size=20,
            unique_by=lambda r: r[0],
        )
    )
    data = [{"year": year, "org_id": f"单位{at}", **values} for (year, at), values in rows]
    return pl.DataFrame(data, schema=SCHEMA)


def groupings(most: int = 2) -> st.SearchStrategy[list[str]]:
    """Draws some dimensions."""
    return st.lists(st.sampled_from(DIMENSIONS), unique=True, min_size=1, max_size=most)


def read(source: Any) -> dangjian.Roster:
    """Reads a roster and checks that no row was rejected."""
    roster = dangjian.read_roster(source, progress=False)
    assert roster.sources["data"].sum() == roster.sources["kept"].sum()
    return roster


# Every counting table, as a function of the roster and their common options.
TABLES = {
    "coverage": lambda r, **o: r.coverage(**o),
    "targets": lambda r, **o: r.targets(**o),
    "formation": lambda r, **o: r.formation(**o),
    "formation_need": lambda r, **o: r.formation_need(**o),
    "star_distribution": lambda r, **o: r.star_distribution(**o),
    "workforce": lambda r, **o: r.workforce(**o),
    "count": lambda r, **o: r.count(
        measures={
            "n": "*",
            "due": "members_full >= 3",
            "members": "sum(members_full)",
            "of": "distinct(party_org_id)",
        },
        **o,
    ),
    "targets_series": lambda r, **o: r.targets_series(**o),
    "gap_counts": lambda r, **o: r.gap_counts(**{"by": (), **o}),
    "formation_audit": lambda r, **o: r.formation_audit(**o),
    "joint_summary": lambda r, **o: r.joint_summary(**o),
    "readiness": lambda r, **o: r.readiness(**o),
    "formation_returns": lambda r, **o: r.formation_returns(**o),
    "formation_moves": lambda r, **o: r.formation_moves(**o),
    "moves": lambda r, **o: r.moves(["owner_is_secretary", "control"], **o),
    "star_moves": lambda r, **o: r.star_transitions(**o),
    "star_moves_of_parties": lambda r, **o: r.star_transitions(counts="party_organisations", **o),
}

# Every other statistic, as a function of the roster, a year, and ``where``.
LISTS = {
    "gaps": lambda r, y, **o: r.gaps("eligible_established", y, **o),
    "targets_pace": lambda r, y, **o: r.targets_pace(y, by="kind", **o),
    "formation_audit_list": lambda r, y, **o: r.formation_audit_list(y, **o),
    "joint_branches": lambda r, y, **o: r.joint_branches(y, **o),
    "readiness_list": lambda r, y, **o: r.readiness_list(y, **o),
    "reconcile": lambda r, y, **o: r.reconcile(y, **o),
    "reconcile_totals": lambda r, y, **o: r.reconcile_totals(y, **o),
    "annual_table": lambda r, y, **o: r.annual_table("27", y, **o),
    "annual_checks": lambda r, y, **o: r.annual_checks("30", y, **o),
    "explain_change": lambda r, y, **o: r.explain_change("organised_all", r.years[0], y, **o),
}

# Tables that treat each year separately.
WITHIN_A_YEAR = (
    *("coverage", "targets", "formation", "formation_need", "star_distribution", "workforce", "count"),
    *("targets_series", "gap_counts"),
)

COUNTS = (
    *("organisations", "party_organisations", "population", "success", "failure", "unknown"),
    *("population_unknown", "unidentified", "value", "n", "due", "members", "of"),
    *(
        "missing",
        "units_due_solo",
        "party_members",
        "members_unknown",
        "over_limit",
        "limit_unknown",
        "alone",
    ),
    *("apart", "too_small", "ready", "gone", "next_unknown", "stayed", "reached", "formed"),
)
_NO_KEYS = (
    *("series", "rate", "rate_low", "rate_high", "goal", "met", "inferred", "note_zh", "note_en"),
    *("label_zh", "label_en", "counts", "share", "deadline", "severity", "units_mean"),
    *("past_known", "past_reached", "past_rate"),
)


def counts(
    table: pl.DataFrame, without: tuple[str, ...] | list[str] = ()
) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Sums the counts of each group over the dimensions ``without``; groups of zeros are left out."""
    numbers = [name for name in COUNTS if name in table.columns]
    left_out = {*numbers, *_NO_KEYS, *without, *(f"{name}_name" for name in without)}
    keys = [name for name in table.columns if name not in left_out]
    added = table.group_by(keys).agg(pl.col(numbers).sum())
    rows = ((row[: len(keys)], row[len(keys) :]) for row in added.rows())
    return {key: n for key, n in rows if any(n)}
