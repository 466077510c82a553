"""Star rating against a slow obvious reference on random schemes and scores, and as its users see it.

``HYPOTHESIS_PROFILE=slow`` tries more.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import tomllib
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian as dj
from dangjian import labels
from stars_reference import Reference

YEAR = 2013
DEFINITIONS = Path(__file__).parents[2] / "definitions" / "stars"


def toml(scheme: dict[str, list[dict[str, Any]]]) -> str:
    """The records as TOML."""

    def value(v: Any) -> str:
        return json.dumps(v, ensure_ascii=False)

    records = ((kind, record) for kind, all_ in scheme.items() for record in all_)
    return "\n".join(
        f"[[{kind}]]\n" + "".join(f"{k} = {value(v)}\n" for k, v in record.items()) for kind, record in records
    )


@st.composite
def schemes(draw: st.DrawFn, *, quotas: bool, plain: bool = False) -> dict[str, list[dict[str, Any]]]:
    """A scheme of one to three dimensions with any of the rules; ``plain`` has none that a better score can harm."""

    def some(*options: Any) -> Any:
        return draw(st.sampled_from(options))

    def maybe(record: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in record.items() if v is not None}

    method = some("bands", "dimensions", "both", "top") if quotas else some("bands", "dimensions", "both")
    head: dict[str, Any] = {"id": "random", "label": "随机", "source": "test", "method": method}
    dimensions, items = [], []
    for d in range(some(1, 2, 3)):
        dimension = f"d{d}"
        dimensions.append(
            maybe({"id": dimension, "weight": some(None, 0.7, 0.3, 1), "most": some(None, None, 12), "least": some(None, 0)})
        )
        items.append({"id": f"i{d}", "dimension": dimension, "points": some(5, 10)})
        for n in range(some(0, 1, 2) if d == 0 else some(0, 1)):
            gives = some("award", "deduct", "bonus", "penalty")
            item = {"id": f"i{d}{n}", "dimension": dimension, "points": some(2, 4, 10), "gives": gives}
            if gives in ("award", "deduct") and draw(st.booleans()):
                item["values"] = [item["points"], 1, 0]
            if gives in ("bonus", "penalty") and draw(st.booleans()):
                item["unlisted"] = 0
            items.append(item)
    scheme: dict[str, list[dict[str, Any]]] = {"scheme": [head], "dimension": dimensions, "item": items}
    if method in ("dimensions", "both"):
        head["share"] = some(0.6, 0.85, 1.0)
    if method == "both":
        head["combine"] = some("lower", "higher")
    if method == "top":
        head["stars"] = some([3, 4, 5], [1, 2])
    if method in ("bands", "both"):
        top = some(3, 5)
        starts = sorted(draw(st.lists(st.integers(2, 24), min_size=top, max_size=top, unique=True)))
        head["below"] = some("unrated", 1)
        first = 2 if head["below"] == 1 else 1
        gap = some(None, "lower", "upper", "round", "open")
        above = gap in (None, "upper") and draw(st.booleans())
        bands = [{"stars": first + at, ("above" if above and at else "from"): start} for at, start in enumerate(starts)]
        gaps = False
        if gap is not None:
            for band, after in pairwise(bands):
                last = after.get("from", after.get("above")) - 1
                if last >= band.get("from", band.get("above")):
                    band["to"] = last
                    gaps = True
        if gaps:
            head["band_gap"] = gap
        scheme["band"] = bands
    if not draw(st.booleans()):
        head |= {"most": some(15, 20)}
    if draw(st.booleans()):
        head["first_year"] = "unrated"
    ladder = Reference(scheme).ladder[1:]
    scheme["event"] = [
        {"id": "praise", "label": "表彰", "points": some(1, 2.5), "most": some(2, 5)},
        {"id": "step_up", "label": "增星", "stars": some(1, -1)},
        {"id": "project", "label": "项目"},
        {"id": "offence", "label": "违法"},
    ]
    part = {"dimension": "d0", "at_least_share": some(0.5, 0.8)}
    condition = some({"event": "project"}, {"when": "operating"}, part, {"total": True, "at_least": some(6, 12.5)})
    if draw(st.booleans()):
        gate = {"stars": some(*ladder), **condition}
        if not plain and gate["stars"] != ladder[0] and draw(st.booleans()):
            gate["otherwise"] = ladder[0] if gate["stars"] > ladder[0] else "unrated"
        scheme["gate"] = [gate]
    if draw(st.booleans()):
        low = some({"item": "i0", "below_share": 0.6}, {"item": "i0", "below": 3}, {"event": "offence"})
        scheme["cap"] = [{"stars": some(*ladder), **low}]
    if draw(st.booleans()):
        veto = some(
            {"consequence": "cancel"},
            {"consequence": "cap", "stars": some(*ladder)},
            {"consequence": "hold"},
            {"consequence": "downgrade", "steps": some(1, 2), "of": some("earned", "previous")},
        )
        scheme["veto"] = [{**some({"event": "offence"}, {"when": "not operating"}), **veto}]
        if "when" in scheme["veto"][0]:
            scheme["veto"][0] = {**scheme["veto"][0], "when": "operating"}
    if draw(st.booleans()):
        scheme["step"] = [{"up": some(1, 2), "entry": some("any", *ladder)}]
        if draw(st.booleans()):
            scheme["exception"] = [maybe({"event": "praise", "up": some(None, 2, 3)})]
    if draw(st.booleans()):
        scheme["direct"] = [{"event": "project", "stars": some(*ladder), "quota": some("inside", "outside")}]
    if quotas:
        stars = draw(st.lists(st.sampled_from(ladder), unique=True, min_size=1))
        scheme["quota"] = []
        for star in stars:
            ties = some("in", "out", "items")
            amount = some(
                {"places": some(0, 1, 2)},
                {"share": some(0.3, 0.5, 0.25), "of": some("all", "rated"), "rounding": some("floor", "nearest", "ceil")},
            )
            more = {"tie_by": some(["i0"], ["d0", "i0"]), "still_tied": some("in", "out")} if ties == "items" else {}
            scheme["quota"].append({"stars": star, **amount, "ties": ties, **more, **some({}, {"within": ["kind"]})})
    return scheme


@st.composite
def organisations(draw: st.DrawFn, scheme: dict[str, Any], most: int, *, unknown: int) -> list[dict[str, Any]]:
    """Up to ``most`` organisations, of whom ``unknown`` scores in all may be open."""
    ladder = Reference(scheme).ladder
    orgs = []
    for _ in range(draw(st.integers(1, most))):
        scores: dict[str, Any] = {}
        for item in scheme["item"]:
            # Few different numbers, so that totals tie; halves, so that they fall into gaps.
            allowed = item.get("values", [0, item["points"], item["points"] / 2, 1, 1.5])
            scores[item["id"]] = draw(st.sampled_from(allowed))
            if "unlisted" in item and draw(st.booleans()):
                scores[item["id"]] = "absent"
        orgs.append(
            {
                "scores": scores,
                "flag": draw(st.booleans()),
                "group": draw(st.sampled_from(["enterprise", "social_group"])),
                "new": draw(st.sampled_from([False, False, True])),
                "previous": draw(st.sampled_from([None, *ladder])),
                "events": draw(
                    st.dictionaries(st.sampled_from(["praise", "step_up", "project", "offence"]), st.integers(1, 3), max_size=2)
                ),
            }
        )
    for _ in range(unknown):
        org = orgs[draw(st.integers(0, len(orgs) - 1))]
        item = draw(st.sampled_from(scheme["item"]))
        org["scores"][item["id"]] = draw(st.sampled_from([None, 99.0] if "unlisted" in item else [None, "absent", 99.0]))
    if unknown and draw(st.booleans()):
        orgs[draw(st.integers(0, len(orgs) - 1))]["flag"] = None
    return orgs


def rate(scheme: dict[str, Any], orgs: list[dict[str, Any]], folder: Path, shuffle: random.Random | None = None) -> Any:
    """The engine's rating of the same."""
    path = folder / "scheme.toml"
    path.write_text(toml(scheme), encoding="utf-8")
    ids = [f"D{at}" for at in range(len(orgs))]
    days = [dt.date(YEAR, 5, 1) if org["new"] else dt.date(2005, 1, 1) for org in orgs]
    roster = dj.read_roster(
        pl.DataFrame(
            {
                "year": [YEAR] * len(orgs),
                "org_id": [f"单位{at}" for at in range(len(orgs))],
                "party_org_id": ids,
                "mode": ["solo"] * len(orgs),
                "kind": [org["group"] for org in orgs],
                "operating": pl.Series([org["flag"] for org in orgs], dtype=pl.Boolean),
                "established_on": days,
            }
        ),
        progress=False,
    )
    rows = [
        (of, YEAR, item, points)
        for of, org in zip(ids, orgs, strict=True)
        for item, points in org["scores"].items()
        if points != "absent"
    ]
    if shuffle:
        rows += rows[: len(rows) // 2]  # what is said twice is said once
        shuffle.shuffle(rows)
    schema = {"party_org_id": pl.String, "year": pl.Int32, "item": pl.String, "points": pl.Float64}
    scores = pl.DataFrame(rows, schema=schema, orient="row")
    happened = [(of, kind, YEAR) for of, org in zip(ids, orgs, strict=True) for kind, n in org["events"].items() for _ in range(n)]
    events = pl.DataFrame(happened, schema={"party_org_id": pl.String, "kind": pl.String, "year": pl.Int16}, orient="row")
    before = [(of, org["previous"] or None) for of, org in zip(ids, orgs, strict=True) if org["previous"] is not None]
    previous = pl.DataFrame(before, schema={"party_org_id": pl.String, "stars": pl.Float64}, orient="row")
    return roster.rate_stars(scores, path, year=YEAR, events=events, previous=previous)


def rated(rating: Any, n: int) -> list[dict[str, Any] | None]:
    """The rows of the result by organisation."""
    rows = {row["party_org_id"]: row for row in rating.stars.iter_rows(named=True)}
    return [rows.get(f"D{at}") for at in range(n)]


@given(data=st.data())
def test_stars_are_those_of_the_reference_where_all_is_known(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=True))
    orgs = data.draw(organisations(scheme, 7, unknown=0))
    orgs = [org for org in orgs if any(p != "absent" for p in org["scores"].values())]
    reference = Reference(scheme)
    want = reference.outcomes(orgs, len(orgs))
    folder = tmp_path_factory.mktemp("scheme", numbered=True)
    rating = rate(scheme, orgs, folder)
    for org, row, stars in zip(orgs, rated(rating, len(orgs)), want, strict=True):
        low, high = reference.totals(org)
        assert (Fraction(str(row["score_low"])), Fraction(str(row["score_high"]))) == (low, high)
        open_gap = len(stars) > 1  # a gap between bands that is left open
        if not open_gap:
            assert row["stars_low"] == row["stars_high"] == (next(iter(stars)) or None), rating.reasons
    # Neither the order of rows nor a row that is said twice changes anything.
    again = rate(scheme, orgs, folder, random.Random(7))  # noqa: S311 - to shuffle
    for name in ("stars", "reasons", "trail", "summary", "quotas", "needed"):
        assert getattr(again, name).equals(getattr(rating, name)), name
    assert replayed(rating) == stars_of(rating)


@given(data=st.data())
def test_a_star_is_given_exactly_where_what_is_open_cannot_change_it(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=False, plain=True))
    orgs = data.draw(organisations(scheme, 2, unknown=3))
    orgs = [org for org in orgs if any(p != "absent" for p in org["scores"].values())]
    if not orgs:
        return
    reference = Reference(scheme)
    rating = rate(scheme, orgs, tmp_path_factory.mktemp("scheme", numbered=True))
    for org, row in zip(orgs, rated(rating, len(orgs)), strict=True):
        assert (Fraction(str(row["score_low"])), Fraction(str(row["score_high"]))) == reference.totals(org)
        possible = reference.before_quotas(org)
        ends = (row["stars_low"] or 0, row["stars_high"] or 0)
        assert ends == (min(possible), max(possible)), rating.reasons.rows()
        assert (row["star_state"] == "unknown") == (len(possible) > 1)


@given(data=st.data())
def test_at_the_quota_a_star_is_given_only_if_no_open_score_can_change_it(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=True))
    orgs = data.draw(organisations(scheme, 4, unknown=2))
    orgs = [org for org in orgs if any(p != "absent" for p in org["scores"].values())]
    if not orgs:
        return
    want = Reference(scheme).outcomes(orgs, len(orgs))
    rating = rate(scheme, orgs, tmp_path_factory.mktemp("scheme", numbered=True))
    for row, possible in zip(rated(rating, len(orgs)), want, strict=True):
        assert (row["stars_low"] or 0) <= min(possible) and max(possible) <= (row["stars_high"] or 0), rating.reasons.rows()


def stars_of(rating: Any) -> dict[tuple[int, str], str]:
    id_ = "party_org_id" if "party_org_id" in rating.stars.columns else "org_id"
    return {(y, i): s for y, i, s in rating.stars.select("year", id_, "star_state").rows()}


def replayed(rating: Any) -> dict[tuple[int, str], str]:
    """The stars to which the trail leads, in any order of its rows."""
    trail = rating.trail.sample(fraction=1, shuffle=True, seed=3)
    replay = dj.replay_stars(trail)
    return {(y, i): s for y, i, s, *_ in replay.rows() if s != "absent"}


# The eighteenth scheme.

EIGHTEENTH = """
[[scheme]]
id = "eighteenth"
label = "第十八种办法"
source = "为测试而拟"
method = "both"
combine = "lower"
share = 0.6
below = 1
band_gap = "open"
stars = [1, 2, 3, 4, 5]
full = 100
most = 105
first_year = "unrated"

[[dimension]]
id = "base"
label = "基础"
weight = 0.7
full = 100
least = 0
[[item]]
id = "meetings"
label = "三会一课"
dimension = "base"
points = 40
evidence = ["documents"]
[[item]]
id = "chart"
label = "组织网络图"
dimension = "base"
points = 10
gives = "deduct"
values = [0, 2, 8]
value_labels = ["完整", "不完整", "未建"]
[[item]]
id = "work"
label = "工作"
dimension = "base"
points = 50
effort = 2
[[item]]
id = "minus"
label = "减分"
dimension = "base"
points = 20
gives = "penalty"
unlisted = 0

[[dimension]]
id = "judged"
label = "评议"
weight = 0.3
[[item]]
id = "satisfied"
label = "满意率"
dimension = "judged"
points = 100
evidence = ["survey"]

[[dimension]]
id = "added"
label = "加分"
no_star = true
most = 5
[[item]]
id = "bonus"
label = "加分项"
dimension = "added"
points = 10
gives = "bonus"
unlisted = 0

[[dimension]]
id = "third"
label = "第三类"
weight = 0
[[item]]
id = "third_item"
label = "第三类得分"
dimension = "third"
points = 10
[[dimension]]
id = "fourth"
label = "第四类"
weight = 0
[[item]]
id = "fourth_item"
label = "第四类得分"
dimension = "fourth"
points = 10
[[dimension]]
id = "fifth"
label = "第五类"
weight = 0
[[item]]
id = "fifth_item"
label = "第五类得分"
dimension = "fifth"
points = 10

[[band]]
stars = 5
above = 90
[[band]]
stars = 4
from = 80
to = 90
[[band]]
stars = 3
from = 70
to = 79
[[band]]
stars = 2
from = 60
to = 70

[[event]]
id = "project"
label = "创新项目"
[[event]]
id = "praise"
label = "表彰"
points = 1
most = 2
[[event]]
id = "complaint"
label = "投诉"
stars = -1
[[event]]
id = "offence"
label = "违法"
[[event]]
id = "accident"
label = "事故"
[[event]]
id = "outstanding"
label = "特别突出"
[[event]]
id = "honour"
label = "省级先进"

[[gate]]
label = "五星须有创新项目"
stars = 5
event = "project"
within_years = 2
[[cap]]
label = "满意率低于 60%，最多二星"
stars = 2
item = "satisfied"
below_share = 0.6
[[veto]]
label = "违法，取消"
event = "offence"
consequence = "cancel"
revokes_plaque = true
[[veto]]
label = "事故，比上年降一级"
event = "accident"
consequence = "downgrade"
of = "previous"
[[veto]]
label = "不在经营，不晋级"
when = "not operating"
consequence = "hold"
[[step]]
up = 1
entry = 3
[[exception]]
event = "outstanding"
[[direct]]
event = "honour"
stars = 5
quota = "inside"
[[quota]]
stars = 5
share = 0.2
of = "all"
rounding = "nearest"
ties = "items"
tie_by = ["satisfied"]
still_tied = "out"
[[goal]]
stars = 3
share = 0.5
of = "rated"
[[plaque]]
stars = 3
years = 2
withdraw_after = 2
"""

GOOD = {"third_item": 10, "fourth_item": 10, "fifth_item": 10, "chart": 0}

# id, what is scored, last year's stars, what happened, operating, new; the stars worked out by hand.
# 40 + 10 + 50 = 100 × 0.7 + satisfied × 0.3.
CASES: list[tuple[str, dict[str, Any], int | None, list[str], bool, bool, str]] = [
    # 70 + 30 = 100; five goods; project: five stars. Six organisations compete for round(0.2 × 14) = 3 places, of which
    # A8 takes one by direct grading.
    ("A0", {"meetings": 40, "work": 50, "satisfied": 100}, 4, ["project"], True, False, "5"),
    ("A1", {"meetings": 40, "work": 50, "satisfied": 90}, 5, ["project"], True, False, "5"),  # 97
    # 35 + 10 + 50 = 95 × 0.7 = 66.5 + 27 + 5 (bonus 10, at most 5) = 98.5 - but no project: four.
    ("A2", {"meetings": 35, "work": 50, "satisfied": 90, "bonus": 10}, 4, [], True, False, "4"),
    # (40 + 2 + 50) × 0.7 = 64.4, satisfied 50: 15 → 79.4; a gap, three or four; satisfied below 60 %: two at most.
    ("A3", {"meetings": 40, "chart": 8, "work": 50, "satisfied": 50}, 4, [], True, False, "2"),
    # 100 × 0.7 + 21 = 91 and no more than 105; last year two: three.
    ("A4", {"meetings": 40, "work": 50, "satisfied": 70}, 2, ["project"], True, False, "3"),
    # The same, outstanding: five, which are over the places: 91 with 70 satisfied.
    ("A5", {"meetings": 40, "work": 50, "satisfied": 70}, 2, ["project", "outstanding"], True, False, "4"),
    ("A6", {"meetings": 40, "work": 50, "satisfied": 100}, 4, ["project", "offence"], True, False, "unrated"),
    ("A7", {"meetings": 40, "work": 50, "satisfied": 100}, 4, ["project", "accident"], True, False, "3"),
    # 20 × 0.7 + 24 = 38: one star; direct grading: five.
    ("A8", {"meetings": 10, "chart": 0, "work": 10, "minus": 10, "satisfied": 80}, 3, ["honour"], True, False, "5"),
    ("A9", {"meetings": 40, "work": 50, "satisfied": 100}, 3, ["project"], False, False, "3"),  # no promotion
    ("B0", {"meetings": 40, "work": 50, "satisfied": 100}, None, ["project"], True, True, "unrated"),  # its first year
    # Two commendations of three count: 0.7 × 82 + 0.3 × 70 = 78.4 + 2 = 80.4: four; a complaint takes one: three.
    ("B1", {"meetings": 32, "work": 40, "satisfied": 70}, 3, ["praise", "praise", "praise", "complaint"], True, False, "3"),
    # 0.7 × 80 + 0.3 × 78 = 79.4: between 79 and 80, which is left open.
    ("B2", {"meetings": 30, "work": 40, "satisfied": 78}, 4, [], True, False, "unknown"),
    # Work is open: 35 to 70, satisfied 20 → 55 and 90: from one star to four.
    ("B3", {"meetings": 40, "satisfied": 200 / 3}, 4, [], True, False, "unknown"),
]


@pytest.fixture(scope="module")
def eighteenth(tmp_path_factory):
    path = tmp_path_factory.mktemp("eighteenth") / "eighteenth.toml"
    path.write_text(EIGHTEENTH, encoding="utf-8")
    ids = [case[0] for case in CASES]
    day = [dt.date(2013, 1, 1) if case[5] else dt.date(2001, 1, 1) for case in CASES]
    roster = dj.read_roster(
        pl.DataFrame(
            {
                "year": [YEAR] * len(ids),
                "org_id": [f"单位{i}" for i in ids],
                "party_org_id": ids,
                "mode": ["solo"] * len(ids),
                "operating": [case[4] for case in CASES],
                "established_on": day,
            }
        ),
        progress=False,
    )
    scores = [{"party_org_id": of, "item": item, "points": float(p)} for of, given, *_ in CASES for item, p in {**GOOD, **given}.items()]
    events = [{"party_org_id": case[0], "kind": kind, "date": "2013年6月1日"} for case in CASES for kind in case[3]]
    previous = [{"party_org_id": case[0], "stars": case[2]} for case in CASES if case[2]]
    return roster.rate_stars(
        pl.DataFrame(scores), path, year=YEAR, events=pl.DataFrame(events), previous=pl.DataFrame(previous)
    )


def test_the_eighteenth_scheme_mixes_everything_in_toml_alone(eighteenth):
    got = dict(eighteenth.stars.select("party_org_id", "star_state").rows())
    assert got == {case[0]: case[6] for case in CASES}
    why = dict(eighteenth.reasons.select("party_org_id", "reason_zh").rows())
    assert "五星须有创新项目，未满足：五星→四星" in why["A2"]
    assert "满意率低于 60%，最多二星" in why["A3"]
    assert "每轮最多升1级，上轮二星：五星→三星" in why["A4"]
    assert "特别突出，破格：上轮二星，可评五星" in why["A5"]
    assert "五星名额3个（14×20%），排第3" in why["A5"]
    assert "违法，取消（取消本次资格）：五星→未评星" in why["A6"]
    assert "省级先进：" in why["A8"] and why["A8"].endswith("→五星")
    assert "新成立当年不定星：五星→未评星" in why["B0"]
    assert "其中事件加减+2分" in why["B1"]
    assert "1项未评" in why["B3"]
    (quota,) = eighteenth.quotas.iter_rows(named=True)
    assert (quota["places_low"], quota["given_low"], quota["direct"], quota["tied"]) == (3, 3, 1, 0)
    (goal,) = eighteenth.goals.iter_rows(named=True)
    assert (goal["have_low"], goal["population"]) == (9, 14) and goal["met"] is True
    assert replayed(eighteenth) == stars_of(eighteenth)


def test_what_is_needed_says_the_cheapest_first_and_what_stands_in_the_way(eighteenth):
    needed = eighteenth.needed
    by = {of: rows for (of,), rows in needed.group_by("party_org_id", maintain_order=True)}
    assert not {"A0", "A1", "A8"} & set(by), "who has five stars needs nothing"
    assert by["A2"].select("need_kind", "text_zh").rows() == [("gate", "须满足：五星须有创新项目")]
    assert by["A4"]["need_kind"].to_list() == ["step"]
    assert by["A5"]["need_kind"].to_list() == ["quota"]
    assert by["B2"]["need_kind"].to_list() == ["open"]
    assert by["B3"]["what"].to_list() == ["work"]
    # A3 has two stars for its satisfaction: 10 points more are asked.
    (row,) = by["A3"].iter_rows(named=True)
    assert row["need_kind"] == "cap" and "“满意率”由50提高到60" in row["text_zh"]


@given(data=st.data())
def test_doing_what_is_needed_earns_the_star(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=False, plain=True).filter(lambda s: s["scheme"][0]["method"] != "both"))
    for kind in ("gate", "cap", "veto", "step", "exception", "direct"):
        scheme.pop(kind, None)
    scheme["scheme"][0].pop("first_year", None)
    orgs = data.draw(organisations(scheme, 3, unknown=0))
    orgs = [{**org, "events": {}} for org in orgs if any(p != "absent" for p in org["scores"].values())]
    if not orgs:
        return
    folder = tmp_path_factory.mktemp("scheme", numbered=True)
    rating = rate(scheme, orgs, folder)
    items = {item["id"]: item for item in scheme["item"]}
    improved = [{**org, "scores": dict(org["scores"])} for org in orgs]
    wanted = {}
    for row in rating.needed.filter(need_kind="item").iter_rows(named=True):
        at = int(row["party_org_id"][1:])
        if row["what"] is None:
            wanted.pop(at, None)  # not enough, whatever is done
            continue
        wanted[at] = row["next_star"]
        item = items[row["what"]]
        top = max(item.get("values", [item["points"]]))
        full = {"award": top, "bonus": top, "deduct": 0, "penalty": 0}[item.get("gives", "award")]
        improved[at]["scores"][row["what"]] = float(full)
    after = rated(rate(scheme, improved, folder), len(orgs))
    for at, star in wanted.items():
        assert after[at]["stars_low"] is not None
        assert after[at]["stars_low"] >= float(star), (rating.needed.rows(named=True), after[at])


# As users see it.


def test_shipped_schemes_are_listed_and_their_text_loads_again(tmp_path):
    table = dj.star_schemes()
    assert table.height >= 18
    assert {path.stem for path in DEFINITIONS.glob("*.toml")} == set(table["scheme"])
    for scheme in table["scheme"]:
        text = dj.star_scheme_toml(scheme)
        assert tomllib.loads(text)["scheme"][0]["id"] == scheme
        path = tmp_path / f"{scheme}.toml"
        path.write_text(text, encoding="utf-8")
        assert dj.star_schemes(path).equals(table.filter(scheme=scheme))
        form = dj.star_form(scheme)
        assert form.height == table.filter(scheme=scheme)["items"].item()
    assert table["open_zh"].str.len_chars().min() > 0
    page = (Path(__file__).parents[2] / "docs" / "stars.md").read_text(encoding="utf-8")
    for scheme, label in table.select("scheme", "label_zh").rows():
        assert f"| `{scheme}` | {label} |" in page


HEAD = '[[scheme]]\nid = "x"\nlabel = "x"\nsource = "x"\n'
PART = '[[dimension]]\nid = "d"\n[[item]]\nid = "i"\ndimension = "d"\npoints = 100\n'
BANDS = HEAD + 'method = "bands"\nbelow = "unrated"\n'
WRONG = [
    (HEAD, "[[scheme]] \"x\": field method: is missing"),
    (BANDS + PART, "but there is no [[band]]"),
    (BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[band]]\nstars = 1\nfrom = 80\nto = 89\n", "between 89 and 90 there is no band"),
    (BANDS + PART + "[[band]]\nstars = 2\nfrom = 85\n[[band]]\nstars = 1\nfrom = 80\nto = 89\n", "overlaps the band below"),
    (BANDS + 'band_gap = "lower"\n' + PART + "[[band]]\nstars = 2\nfrom = 90\n", "there is no gap between the bands"),
    (BANDS.replace("bands", "dimension") + PART, "Hint: did you mean 'dimensions'?"),
    (BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[gate]]\nstars = 3\nevent = \"e\"\n", "there is no event 'e'"),
    (BANDS + PART + '[[band]]\nstars = 2\nfrom = 90\n[[gate]]\nstars = 3\nwhen = "operating"\n', "the scheme has no 3 stars. Available: 2"),
    (BANDS + PART + '[[band]]\nstars = 2\nfrom = 90\n[[quota]]\nstars = 2\nshare = 0.3\nof = "all"\nrounding = "floor"\n', "field ties: is missing"),
    (BANDS + PART + '[[band]]\nstars = 2\nfrom = 90\n[[step]]\nup = 1\n', "field entry: is missing"),
    (BANDS + "full = 90\n" + PART + "[[band]]\nstars = 2\nfrom = 90\n", "says 90, the dimensions come to 100"),
    (BANDS + PART + "unlisted = 0\n[[band]]\nstars = 2\nfrom = 90\n", "never 0"),
    (BANDS + PART + "pints = 3\n[[band]]\nstars = 2\nfrom = 90\n", "there is no such field"),
    (BANDS + PART + "[[exception]]\nwhen = 'operating'\n[[band]]\nstars = 2\nfrom = 90\n", "no [[step]] to be an exception from"),
    (BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[cap]]\nstars = 2\n", "write exactly one of event, when, item, dimension, total"),
    (HEAD + 'method = "score"\n' + PART + '[[plaque]]\nstars = 3\nwithdraw_after = 1\n', "there are points and no stars" if False else "there are no stars"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_with_a_scheme_is_told_by_file_record_and_field(tmp_path, text, said):
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(dj.DefinitionError) as caught:
        dj.star_form(path)
    assert said in str(caught.value)
    assert "ours.toml" in str(caught.value)
    assert caught.value.message("zh") != str(caught.value)


def test_a_rule_that_does_not_fit_the_roster_names_its_record(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[gate]]\nstars = 2\nwhen = \"no_such_column\"\n", encoding="utf-8")
    roster = dj.read_roster(pl.DataFrame({"year": [2013], "org_id": ["a"], "party_org_id": ["D"], "mode": ["solo"]}), progress=False)
    scores = pl.DataFrame({"party_org_id": ["D"], "year": [2013], "i": [95]})
    with pytest.raises(dj.DefinitionError, match=r"ours.toml: \[\[gate\]\] #1: field when"):
        roster.rate_stars(scores, path)
    with pytest.raises(dj.ArgumentError, match="Hint: did you mean 'wuhao'"):
        roster.rate_stars(scores, "wuhoa")
    with pytest.raises(dj.DataError, match="lacks the column 'party_org_id'"):
        roster.rate_stars(scores.drop("party_org_id"), "badong")
    with pytest.raises(dj.ArgumentError, match="no data for the year 2012"):
        roster.rate_stars(scores.with_columns(year=2012), "badong")


@pytest.fixture(scope="module")
def small():
    """Three organisations in two townships, over four years."""
    rows = [
        {"year": year, "org_id": f"单位{at}", "party_org_id": f"D{at}", "mode": "solo", "kind": "enterprise", "region": region}
        for year in (2009, 2010, 2011, 2012, 2013)
        for at, region in ((1, "150425100000"), (2, "150425100000"), (3, "150425101000"))
    ]
    return dj.read_roster(pl.DataFrame(rows), progress=False)


def scores_of(points, item="total"):
    return pl.DataFrame(
        [{"party_org_id": of, "year": year, "item": item, "points": p} for (of, year), p in points.items()],
        schema={"party_org_id": pl.String, "year": pl.Int16, "item": pl.String, "points": pl.Float64},
    )


def test_wide_tables_text_and_names_in_chinese_say_the_same(small, tmp_path):
    long = scores_of({("D1", 2013): 96.0, ("D2", 2013): None, ("D3", 2013): 80.5})
    wide = pl.DataFrame({"party_org_id": ["D1", "D2", "D3"], "year": [2013] * 3, "total": [96.0, None, 80.5]})
    named = wide.rename({"total": "考评总分"})
    path = tmp_path / "scores.csv"
    long.write_csv(path)
    want = small.rate_stars(long, "badong").stars
    assert want["star_state"].to_list() == ["5", "unknown", "2"]
    for other in (wide, named, path, long.cast({"item": pl.Categorical}), long.lazy()):
        assert small.rate_stars(other, "badong").stars.equals(want)
    # A file with what is no number: it is told, and not known.
    path.write_text("party_org_id,year,item,points\nD1,2013,total,优\nD2,2013,total, \nD3,2013,total,90\n", encoding="utf-8")
    rating = small.rate_stars(path, "badong")
    assert rating.stars["star_state"].to_list() == ["unknown", "unknown", "4"]
    assert rating.problems.select("party_org_id", "what", "value", "problem").rows() == [("D1", "total", "优", "not_a_number")]


def test_problems_are_told_and_nothing_counts_as_zero(small):
    rows = [
        ("D1", 2013, "total", 90.0),
        ("D1", 2013, "total", 91.0),
        ("D2", 2013, "total", 101.0),
        ("D3", 2013, "nothing", 1.0),
        ("D9", 2013, "total", 99.0),
        (None, 2013, "total", 99.0),
    ]
    schema = {"party_org_id": pl.String, "year": pl.Int16, "item": pl.String, "points": pl.Float64}
    rating = small.rate_stars(pl.DataFrame(rows, schema=schema, orient="row"), "badong")
    assert dict(rating.problems.select("party_org_id", "problem").rows()) == {
        "D1": "contradicts",
        "D2": "out_of_range",
        "D3": "unknown_item",
        "D9": "not_in_roster",
        None: "no_organisation",
    }
    assert rating.stars["star_state"].to_list() == ["unknown", "unknown", "unknown", "5"]
    assert rating.stars["open_points"].to_list() == [100.0, 100.0, 100.0, 0.0]
    assert set(rating.problems["problem"]) <= set(labels._all()["value"]["problem"])  # noqa: SLF001 - the catalogue


def test_plaques_are_awarded_kept_warned_and_withdrawn_and_the_trail_replays(small):
    points = {
        ("D1", 2010): 96, ("D1", 2011): 91, ("D1", 2012): 91, ("D1", 2013): 92,
        ("D2", 2010): 86, ("D2", 2011): 81, ("D2", 2012): 79, ("D2", 2013): 85,
        ("D3", 2010): 50, ("D3", 2011): 99, ("D3", 2013): None,
    }  # fmt: skip
    rating = small.rate_stars(scores_of(points), "badong")
    rows = rating.plaques.select("year", "party_org_id", "plaque_action").rows()
    assert rows == [
        (2010, "D1", "award"),
        (2010, "D2", "award"),
        (2011, "D3", "award"),
        (2011, "D1", "change"),
        (2011, "D2", "warn"),
        (2012, "D1", "keep"),
        (2012, "D2", "withdraw"),
        (2012, "D3", "not_rated"),
        (2013, "D2", "award"),
        (2013, "D1", "keep"),
        (2013, "D3", "open"),
    ]
    assert rating.plaques["reason_zh"].str.len_chars().min() > 0
    assert replayed(rating) == stars_of(rating)
    gone = rating.trail.filter(year=2012, party_org_id="D3")
    assert gone.select("rule_kind", "before", "after").rows() == [("not_rated", "5", "absent")]
    # Without a step the trail does not hang together; no star moves without a reason.
    moved = rating.stars.filter(pl.col("previous") != pl.col("star_state"))
    assert moved.height > 3
    broken = rating.trail.filter(~((pl.col("year") == 2011) & (pl.col("party_org_id") == "D2")))
    with pytest.raises(dj.DataError, match="a star moved without a reason"):
        dj.replay_stars(broken)
    with pytest.raises(dj.ArgumentError, match="has no plaques"):
        _ = small.rate_stars(scores_of({("D1", 2010): 50.0}, "leadership_score"), "zhengxing").plaques


def test_a_plaque_of_some_years_is_renewed_or_ends(tmp_path, small):
    path = tmp_path / "ours.toml"
    text = dj.star_scheme_toml("badong").replace("withdraw_after = 2", "withdraw_after = 3\nyears = 2")
    path.write_text(text, encoding="utf-8")
    points = {(of, year): p for of, ps in {"D1": (96, 96, 96, 96), "D2": (96, 96, 50, 96), "D3": (96, 50, 50, 50)}.items()
              for year, p in zip((2010, 2011, 2012, 2013), ps, strict=True)}  # fmt: skip
    plaques = small.rate_stars(scores_of(points), path).plaques
    actions = {(year, of): (action, until) for year, of, action, until in plaques.select("year", "party_org_id", "plaque_action", "until").rows()}
    assert [actions[y, "D1"] for y in (2010, 2011, 2012, 2013)] == [("award", 2011), ("keep", 2011), ("renew", 2013), ("keep", 2013)]
    assert [actions[y, "D2"][0] for y in (2010, 2011, 2012, 2013)] == ["award", "keep", "withdraw", "award"]
    assert actions[2011, "D3"][0] == "warn" and actions[2012, "D3"][0] == "withdraw"


def test_years_follow_each_other_step_by_step(small, tmp_path):
    points = {(of, year): 95.0 for of in ("D1", "D2") for year in (2010, 2011, 2012, 2013)}
    rating = small.rate_stars(scores_of(points), "shengzhou", previous="none")
    states = rating.stars.filter(party_org_id="D1")["star_state"].to_list()
    assert states == ["5", "5", "5", "5"], "a first round holds nobody to a step"
    previous = pl.DataFrame({"party_org_id": ["D1", "D2"], "stars": [1.0, None]})
    rating = small.rate_stars(scores_of(points), "shengzhou", previous=previous)
    assert rating.stars.filter(party_org_id="D1")["star_state"].to_list() == ["2", "3", "4", "5"]
    assert rating.stars.filter(party_org_id="D2")["star_state"].to_list() == ["1", "2", "3", "4"]
    assert rating.stars["moved"].to_list()[:1] == ["up"]
    assert replayed(rating) == stars_of(rating)
    # The years one by one, each on the table of the one before, lead to the same.
    before = previous
    for year in (2010, 2011, 2012, 2013):
        one = small.rate_stars(scores_of(points), "shengzhou", year=year, previous=before)
        assert one.stars.equals(rating.stars.filter(year=year))
        before = one.stars.select("party_org_id", "stars")


def test_what_if_counts_who_rises_and_falls(small, tmp_path):
    path = tmp_path / "stricter.toml"
    path.write_text(dj.star_scheme_toml("badong").replace("from = 95", "from = 97").replace("from = 80", "from = 75"), encoding="utf-8")
    scores = scores_of({("D1", 2013): 96.0, ("D2", 2013): 77.0, ("D3", 2013): None})
    counts = small.compare_schemes(scores, "badong", path, by=["township"])
    assert counts.select("year", "township_name", "rises", "falls", "same", "undecided").rows() == [
        (2013, "经棚镇", 1, 1, 0, 0),
        (2013, "宇宙地镇", 0, 0, 0, 1),
    ]
    listed = small.compare_schemes_list(scores, "badong", path)
    assert listed.select("party_org_id", "star_a", "star_b", "change").rows() == [
        ("D1", "5", "4", "falls"),
        ("D2", "unrated", "2", "rises"),
        ("D3", "unknown", "unknown", "undecided"),
    ]
    rating = small.rate_stars(scores, "badong")
    moved = rating.sensitivity([94, 97], stars=5).filter(star_state="5")
    assert moved.select("threshold", "rated", "before", "rises", "falls").rows() == [(94.0, 1, 1, 0, 0), (97.0, 0, 1, 0, 1)]
    with pytest.raises(dj.ArgumentError, match="passes the threshold of another star"):
        rating.sensitivity([89], stars=5)
    counts = rating.counts("township")
    assert counts["rated"].sum() == 3 and counts.columns == ["year", "township", "township_name", "star_state", "rated"]


def test_judges_are_compared(small):
    items = dj.star_form("wuhao").select("item", "points").rows()
    rng = random.Random(1)  # noqa: S311 - made-up scores
    rows = []
    for of in ("D1", "D2", "D3"):
        for item, points in items:
            final = round(points * rng.uniform(0.5, 0.9), 1)
            rows += [(of, 2013, item, final, "final"), (of, 2013, item, min(points, final + 0.5), "self")]
    # D3 gives itself full marks; the township gives everybody in its place the same.
    rows = [(of, y, i, dict(items)[i] if (of, j) == ("D3", "self") else p, j) for of, y, i, p, j in rows]
    rows += [(of, 2013, item, points / 2, "township") for of in ("D1", "D2") for item, points in items]
    scores = pl.DataFrame(rows, schema=["party_org_id", "year", "item", "points", "judge"], orient="row")
    judges = small.star_judges(scores, "wuhao")
    total = judges.agreement.filter(item="total", judge="self", other="final").row(0, named=True)
    sums = scores.group_by("party_org_id", "judge").agg(pl.col("points").sum()).pivot("judge", index="party_org_id", values="points")
    difference = sums["self"] - sums["final"]
    assert total["forms"] == 3
    assert total["mean_difference"] == pytest.approx(difference.mean())
    assert total["correlation"] == pytest.approx(sums.select(pl.corr("self", "final")).item())
    offices = judges.offices.filter(judge="self", other="final")
    assert offices["forms"].to_list() == [2, 1] and offices["higher"].sum() == 3
    flags = {(j, of): f for j, of, f in judges.forms.select("judge", "party_org_id", "flag").rows()}
    assert flags["self", "D3"] == "all_full"
    assert {f for (j, _), f in flags.items() if j == "township"} <= {"straight_line", "copied"}
    assert ("final", "D1") not in flags
    assert small.rate_stars(scores, "wuhao").stars["score"].to_list() == pytest.approx(sums.sort("party_org_id")["final"].to_list())


def test_outliers_are_those_of_the_robust_z_score():
    n = 30
    ids = [f"D{at:02}" for at in range(n)]
    roster = dj.read_roster(
        pl.DataFrame({"year": [2013] * n, "org_id": ids, "party_org_id": ids, "mode": ["solo"] * n}), progress=False
    )
    gap = [at % 5 for at in range(n)]
    gap[7] = 40
    scores = pl.concat(
        pl.DataFrame({"party_org_id": ids, "year": [2013] * n, "total": [50.0 + (g if judge == "self" else 0) for g in gap], "judge": [judge] * n})
        for judge in ("self", "final")
    )
    outliers = roster.star_judges(scores, "badong").outliers
    assert outliers["party_org_id"].to_list() == ["D07"]
    median = sorted(gap)[n // 2 - 1 : n // 2 + 1]
    middle = sum(median) / 2
    away = sorted(abs(g - middle) for g in gap)
    mad = (away[n // 2 - 1] + away[n // 2]) / 2
    assert outliers["z"].item() == pytest.approx(0.6745 * (40 - middle) / mad)


def test_every_column_and_table_has_a_label(eighteenth, small):
    named = labels._all()  # noqa: SLF001 - the catalogue
    tables = eighteenth.tables()
    assert len(tables) > 6 and set(tables) <= set(named["table"])
    frames = [*tables.values(), small.compare_schemes_list(scores_of({("D1", 2013): 96.0}), "badong", "badong"), dj.star_form("wuhao")]
    for frame in frames:
        assert set(frame.columns) <= set(named["column"]), set(frame.columns) - set(named["column"])


def test_the_workbook_has_the_plaque_list_first(eighteenth, tmp_path):
    import openpyxl

    book = openpyxl.load_workbook(eighteenth.to_excel(tmp_path / "stars.xlsx"))
    assert book.sheetnames[:3] == ["命名挂牌名单", "评定结果", "评定理由"]
    sheet = book["命名挂牌名单"]
    head = [cell.value for cell in sheet[1]]
    assert {"挂牌处理", "牌上星级", "理由", "有效至"} <= set(head) and "英文理由" not in head
    assert sheet.cell(2, head.index("挂牌处理") + 1).value == "新授牌"
    assert "第十八种办法" in eighteenth._repr_html_()
    assert repr(eighteenth).startswith("dangjian.Rating by eighteenth: 14 rated")
