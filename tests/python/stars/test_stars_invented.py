"""An invented scheme that mixes every feature: defined in TOML alone, with ratings worked out
by hand.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import openpyxl
import polars as pl
import pytest

import dangjian as dj
from dangjian import _native
from helpers.stars_made import YEAR, replayed, stars_of

INVENTED = """
[[scheme]]
id = "invented"
label = "自拟的办法"
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

# id, scores, last year's stars, events, operating, new; the stars worked out by hand.
# 40 + 10 + 50 = 100 × 0.7 + satisfied × 0.3.
CASES: list[tuple[str, dict[str, Any], int | None, list[str], bool, bool, str]] = [
    # 70 + 30 = 100; five goods; project: five stars. There are round(0.2 × 14) = 3 places. A8 takes one
    # by direct grading; A0, A1 and A5 compete for two.
    ("A0", {"meetings": 40, "work": 50, "satisfied": 100}, 4, ["project"], True, False, "5"),
    ("A1", {"meetings": 40, "work": 50, "satisfied": 90}, 5, ["project"], True, False, "5"),  # 97
    # 35 + 10 + 50 = 95 × 0.7 = 66.5 + 27 + 5 (bonus 10, at most 5) = 98.5 - but no project: four.
    ("A2", {"meetings": 35, "work": 50, "satisfied": 90, "bonus": 10}, 4, [], True, False, "4"),
    # (40 + 2 + 50) × 0.7 = 64.4, satisfied 50: 15 → 79.4; in a gap, three or four; satisfied below 60
    # %: two at most.
    ("A3", {"meetings": 40, "chart": 8, "work": 50, "satisfied": 50}, 4, [], True, False, "2"),
    # 100 × 0.7 + 21 = 91, below the maximum of 105; two last year: three.
    ("A4", {"meetings": 40, "work": 50, "satisfied": 70}, 2, ["project"], True, False, "3"),
    # A4 with outstanding: five, but beyond the places, with 91 and 70 satisfied.
    ("A5", {"meetings": 40, "work": 50, "satisfied": 70}, 2, ["project", "outstanding"], True, False, "4"),
    ("A6", {"meetings": 40, "work": 50, "satisfied": 100}, 4, ["project", "offence"], True, False, "unrated"),
    ("A7", {"meetings": 40, "work": 50, "satisfied": 100}, 4, ["project", "accident"], True, False, "3"),
    # 20 × 0.7 + 24 = 38: one star; direct grading: five.
    (
        "A8",
        {"meetings": 10, "chart": 0, "work": 10, "minus": 10, "satisfied": 80},
        3,
        ["honour"],
        True,
        False,
        "5",
    ),
    ("A9", {"meetings": 40, "work": 50, "satisfied": 100}, 3, ["project"], False, False, "3"),  # no promotion
    (
        "B0",
        {"meetings": 40, "work": 50, "satisfied": 100},
        None,
        ["project"],
        True,
        True,
        "unrated",
    ),  # its first year
    # Two of three commendations count: 0.7 × 82 + 0.3 × 70 = 78.4 + 2 = 80.4: four; a complaint takes
    # one: three.
    (
        "B1",
        {"meetings": 32, "work": 40, "satisfied": 70},
        3,
        ["praise", "praise", "praise", "complaint"],
        True,
        False,
        "3",
    ),
    # 0.7 × 80 + 0.3 × 78 = 79.4: in the open gap between 79 and 80.
    ("B2", {"meetings": 30, "work": 40, "satisfied": 78}, 4, [], True, False, "unknown"),
    # Work is open: 35 to 70, satisfied 20 → 55 and 90: from one star to four.
    ("B3", {"meetings": 40, "satisfied": 200 / 3}, 4, [], True, False, "unknown"),
]


@pytest.fixture(scope="module")
def invented(tmp_path_factory):
    path = tmp_path_factory.mktemp("invented") / "invented.toml"
    path.write_text(INVENTED, encoding="utf-8")
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
    scores = [
        {"party_org_id": of, "item": item, "points": float(p)}
        for of, given, *_ in CASES
        for item, p in {**GOOD, **given}.items()
    ]
    events = [
        {"party_org_id": case[0], "kind": kind, "date": "2013年6月1日"} for case in CASES for kind in case[3]
    ]
    previous = [{"party_org_id": case[0], "stars": case[2]} for case in CASES if case[2]]
    return roster.rate_stars(
        pl.DataFrame(scores), path, year=YEAR, events=pl.DataFrame(events), previous=pl.DataFrame(previous)
    )


def test_the_invented_scheme_mixes_everything_in_toml_alone(invented):
    got = dict(invented.stars.select("party_org_id", "star_state").rows())
    assert got == {case[0]: case[6] for case in CASES}
    why = dict(invented.reasons.select("party_org_id", "reason_zh").rows())
    assert "五星须有创新项目，未满足：五星→四星" in why["A2"]
    assert "满意率低于 60%，最多二星" in why["A3"]
    assert "每轮最多升1级，上轮二星：五星→三星" in why["A4"]
    assert "特别突出，破格：上轮二星，可评五星" in why["A5"]
    assert "五星名额3个（14×20%），排第3" in why["A5"]
    assert "违法，取消（取消本次资格）：五星→未评星" in why["A6"]
    assert "省级先进：" in why["A8"]
    assert why["A8"].endswith("→五星")
    assert "新成立当年不定星：五星→未评星" in why["B0"]
    assert "其中事件加减+2分" in why["B1"]
    assert "1项未评" in why["B3"]
    (quota,) = invented.quotas.iter_rows(named=True)
    assert (quota["places_low"], quota["given_low"], quota["direct"], quota["tied"]) == (3, 3, 1, 0)
    (goal,) = invented.goals.iter_rows(named=True)
    # Nine have three stars or more, B2 has at least three, and B3 may have four.
    assert (goal["have_low"], goal["have_high"], goal["population"]) == (10, 11, 14)
    assert goal["met"] is True
    assert replayed(invented) == stars_of(invented)


def test_what_is_needed_says_the_cheapest_first_and_what_stands_in_the_way(invented):
    needed = invented.needed
    by = {of: rows for (of,), rows in needed.group_by("party_org_id", maintain_order=True)}
    assert not {"A0", "A1", "A8"} & set(by), "who has five stars needs nothing"
    assert by["A2"].select("need_kind", "text_zh").rows() == [("gate", "须满足：五星须有创新项目")]
    assert by["A4"]["need_kind"].to_list() == ["step"]
    assert by["A5"]["need_kind"].to_list() == ["quota"]
    assert by["B2"]["need_kind"].to_list() == ["open"]
    assert by["B3"]["what"].to_list() == ["work"]
    # A3 has two stars because of its satisfaction: 10 more points are needed.
    (row,) = by["A3"].iter_rows(named=True)
    assert row["need_kind"] == "cap"
    assert "“满意率”由50提高到60" in row["text_zh"]


def test_every_column_and_table_has_a_label(invented):
    named = _native.labels()
    tables = invented.tables()
    assert len(tables) > 6
    assert set(tables) <= set(named["table"])
    for frame in (
        *tables.values(),
        dj.star_form("wuhao"),
        dj.star_schemes(),
    ):
        assert set(frame.columns) <= set(named["column"]), set(frame.columns) - set(named["column"])


def test_the_workbook_has_the_plaque_list_first(invented, tmp_path):
    book = openpyxl.load_workbook(invented.to_excel(tmp_path / "stars.xlsx"))
    assert book.sheetnames[:3] == ["命名挂牌名单", "评定结果", "评定理由"]
    sheet = book["命名挂牌名单"]
    head = [cell.value for cell in sheet[1]]
    assert {"挂牌处理", "牌上星级", "理由", "有效至"} <= set(head)
    assert "英文理由" not in head
    assert sheet.cell(2, head.index("挂牌处理") + 1).value == "新授牌"
    assert "自拟的办法" in invented._repr_html_()
    assert repr(invented).startswith("dangjian.Rating by invented: 14 rated")
