"""Named conditions of the user: in every statistic, in every kind of file, over each other; and what the review takes
from definitions: its headlines and its list by stars.
"""

from __future__ import annotations

import polars as pl
import pytest

import dangjian
from dangjian import datasets
from helpers.definitions import made, rate

WIDER = "mode in ('solo', 'joint', 'affiliated', 'area')"
COLUMNS = {
    "mode": pl.String,
    "party_org_id": pl.String,
    "party_superior": pl.String,
    "star": pl.Float32,
    "members_full": pl.UInt32,
    "instructor_id": pl.String,
    "kind": pl.String,
    "control": pl.String,
}
# One that is organised, three of area coverage, one without a party organisation, one that does not say.
ROWS = [
    ("solo", "D1", "旗委", 3.0, 3, None),
    ("area", "Q1", None, None, 3, "Z1"),
    ("area", None, None, None, 0, None),
    ("area", None, "旗委", None, 0, None),
    ("none", None, None, None, 0, None),
    (None, None, None, None, 0, None),
]


def condition(name, when):
    return f'[[condition]]\nid = "{name}"\nwhen = "{when}"\nsource = "test"\n'


@pytest.fixture(scope="module")
def sample():
    return dangjian.read_roster(datasets.hexigten().ledgers, progress=False)


@pytest.fixture(scope="module")
def roster():
    return made([(2013, *row, "enterprise", "private") for row in ROWS], **COLUMNS)


@pytest.fixture
def wider(tmp_path):
    path = tmp_path / "wider.toml"
    path.write_text(condition("organised", WIDER), encoding="utf-8")
    return path


def states(table, counts="organisations"):
    return {state: n for state, n in table.select("star_state", counts).rows() if n}


def findings(table):
    return dict(table.select("finding", "organisations").rows())


# Statistics that ask for what is organised, and their answers as shipped and with area coverage.
ASKED = {
    "stars": (
        lambda r: states(r.star_distribution()),
        {"3": 1, "no_party_org": 4, "unknown": 1},
        {"3": 1, "unrated": 3, "no_party_org": 1, "unknown": 1},
    ),
    "party organisations": (
        lambda r: states(r.star_distribution(), "party_organisations"),
        {"3": 1},
        {"3": 1, "unrated": 1},
    ),
    "by state": (
        lambda r: states(r.count(by="star_state")),
        {"3": 1, "no_party_org": 4, "unknown": 1},
        {"3": 1, "unrated": 3, "no_party_org": 1, "unknown": 1},
    ),
    "trees": (
        lambda r: set(r.reconcile(2013).select("finding", "org_id").rows()),
        {("no_superior", "单位1"), ("superior_without_party_org", "单位3")},
        {("no_superior", "单位1"), ("no_superior", "单位2")},
    ),
    "totals of trees": (
        lambda r: r.reconcile_totals(2013, rates="organised_all").filter(tree="party_superior").row(0)[6:11],
        (6, 4, 1, 1, 1),
        (6, 2, 2, 2, 4),
    ),
    "not coded": (lambda r: findings(r.formation_audit())["party_unnamed"], 0, 2),
    "due": (lambda r: findings(r.formation_audit())["solo_due_none"], 1, 0),
    "rate": (lambda r: r.coverage(rates="organised_all")["success"].item(), 1, 4),
    "target": (lambda r: r.targets(targets="guided")["population"].item(), 4, 1),
    "gaps": (lambda r: r.gaps("guided", 2013).filter(status="missing").height, 3, 1),
    "workforce": (
        lambda r: r.workforce().filter(item="without_party_org_with_instructor")["value"].item(),
        1,
        0,
    ),
    "annual table": (
        lambda r: [
            r.annual_table("27", 2013).filter(line=line)["all"].item()
            for line in ("solo", "joint", "none", "mode_unknown")
        ],
        [1, 0, 4, 1],
        [1, 3, 1, 1],
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_every_statistic_is_under_the_conditions_of_the_roster(roster, wider, name):
    ask, shipped, mine = ASKED[name]
    assert ask(roster) == shipped
    assert ask(roster.with_conditions(wider)) == mine
    assert ask(roster) == shipped


def test_the_lines_of_the_annual_table_close_under_other_conditions(roster, wider):
    for panel in (roster, roster.with_conditions(wider)):
        checks = panel.annual_checks("27", 2013).filter(check="units")
        assert checks["agrees"].all()


def test_a_file_of_a_call_comes_before_the_roster(roster, wider, tmp_path):
    under = roster.with_conditions(wider)
    narrow = tmp_path / "narrow.toml"
    organised = condition("organised", "mode = 'joint'")
    uses = {
        "rates": rate("true", "organised", name="own"),
        "targets": rate("unorganised", "true", name="own").replace("[[rate]]", "[[target]]"),
        "tables": '[[table]]\nid = "1"\nlabel = "l"\npopulation = "true"\nsource = "s"\n'
        '[[column]]\ntables = ["1"]\nid = "all"\nwhen = "true"\n'
        '[[line]]\ntables = ["1"]\nid = "n"\nlabel = "l"\nwhen = "organised"\n',
        "rules": "",
    }
    asked = {
        "rates": lambda r, path: r.coverage(rates="own", rates_file=path)["success"].item(),
        "targets": lambda r, path: r.targets(targets_file=path)["population"].item(),
        "tables": lambda r, path: r.annual_table("1", 2013, tables_file=path)["all"].item(),
        "rules": lambda r, path: findings(r.formation_audit(rules=path))["party_unnamed"],
    }
    for kind, answers in {
        "rates": (1, 4, 0),
        "targets": (4, 1, 5),
        "tables": (1, 4, 0),
        "rules": (0, 2, 0),
    }.items():
        narrow.write_text(uses[kind] or condition("other", "true"), encoding="utf-8")
        of_engine, of_roster = (asked[kind](panel, narrow) for panel in (roster, under))
        narrow.write_text(uses[kind] + organised, encoding="utf-8")
        assert (of_engine, of_roster, asked[kind](under, narrow)) == answers, kind
    # The condition of the file of rates holds for the trees and the states of the same call.
    narrow.write_text(organised, encoding="utf-8")
    totals = roster.reconcile_totals(2013, rates="organised_all", rates_file=narrow)
    assert totals.filter(tree="party_superior")["not_due"].item() == 4
    shown = roster.coverage(by="star_state", rates="organised_all", rates_file=narrow)
    assert set(shown["star_state"]) == {"3", "no_party_org", "unknown"}


def test_a_star_scheme_takes_conditions_too(roster, wider, tmp_path):
    path = tmp_path / "scheme.toml"
    text = dangjian.star_scheme_toml("anqing")
    scores = pl.DataFrame({"org_id": ["单位0", "单位1"], "year": 2013, "item": "assessed", "points": 960.0})

    def rated(panel, scheme):
        stars = panel.rate_stars(scores, scheme, previous="none").stars.sort("org_id")
        return stars["star_state"].to_list()

    assert rated(roster, "anqing") == ["5", "4"]
    assert rated(roster.with_conditions(wider), "anqing") == ["5", "5"]
    path.write_text(text + condition("organised", "mode = 'area'"), encoding="utf-8")
    assert rated(roster.with_conditions(wider), path) == ["4", "5"]


def test_mistakes_are_those_of_the_condition(roster, tmp_path):
    path = tmp_path / "口径.toml"
    for text, said in (
        ("[[condition]]\nid = 'organised'\n", "field when: is missing"),
        (condition("organised", "mode in ("), "field when"),
        (condition("organised", "organised or mode = 'area'"), "organised → organised"),
        (condition("mode", "true"), "field id: 'mode' is a column of the ledger"),
        (rate("true", "true"), "there is no [[condition]] record"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(dangjian.DefinitionError) as caught:
            roster.with_conditions(path)
        assert caught.value.message("en").startswith(str(path)), said
        assert said in caught.value.message("en")
    path.write_text(condition("organised", "modus = 'solo'"), encoding="utf-8")
    under = roster.with_conditions(path)
    for ask in (
        under.star_distribution,
        lambda: under.reconcile(2013),
        under.formation_audit,
        lambda: under.coverage(rates="organised"),
        under.targets,
        lambda: under.annual_table("27", 2013),
        lambda: under.review(2013),
    ):
        with pytest.raises(dangjian.DefinitionError) as caught:
            ask()
        assert caught.value.message("en").startswith(f'{path}: [[condition]] "organised": field when: ')
        assert caught.value.message("zh").startswith(f'{path}: [[condition]] "organised"：字段 when：')


def differing(one, other):
    """Returns the tables of two reviews that differ."""
    assert list(one.tables) == list(other.tables)
    return {name for name, table in one.tables.items() if not table.equals(other.tables[name])}


def test_eligible_of_the_user_is_the_headline_and_nothing_else_that_it_is_not(sample, file):
    shipped = sample.review(2013)
    mine = sample.review(2013, rates=file(condition("eligible", "members_full >= 1")))
    frame = sample.to_polars()
    due = pl.col("members_full") >= 1
    expected = frame.group_by("year").agg(
        eligible=due.sum().cast(pl.Int64),
        eligible_established=(due & pl.col("mode").is_in(["solo", "joint", "affiliated"]))
        .sum()
        .cast(pl.Int64),
    )
    overview = mine.tables["overview"]
    assert overview.select(expected.columns).equals(expected.sort("year"))
    rest = overview.drop("eligible", "eligible_established")
    assert rest.equals(shipped.tables["overview"].drop("eligible", "eligible_established"))
    of_rates = {f"coverage{by}" for by in ("", "_by_township", "_by_kind", "_by_committee")}
    of_targets = {"targets", "gaps", "gaps_by_township", "targets_series"}
    assert differing(shipped, mine) == {"overview", *of_rates, *of_targets}
    for tables, ids in ((of_rates, "rate_id"), (of_targets, "target")):
        for name in tables:
            of_others = pl.col(ids) != "eligible_established"
            others = [review.tables[name].filter(of_others) for review in (shipped, mine)]
            others = [table.drop("share", strict=False) for table in others]
            assert others[0].equals(others[1]), name
    for review in (shipped, mine):
        last = review.tables["overview"].row(-1, named=True)
        target = review.tables["targets"].row(
            by_predicate=pl.col("target") == "eligible_established", named=True
        )
        assert (target["population"], target["success"]) == (last["eligible"], last["eligible_established"])
    record = next(record for record in mine.rates if record["id"] == "eligible_established")
    assert record["population"] == "members_full >= 1"
    assert record["success"] == "mode in ('solo', 'joint', 'affiliated')"
    assert [r for r in mine.rates if r["id"] == "organised"] == [
        r for r in shipped.rates if r["id"] == "organised"
    ]


def test_the_rate_of_the_user_is_the_headline_too(sample, file):
    own = rate("operating", "mode = 'solo'", name="eligible_established")
    last = sample.review(2013, rates=file(own)).tables["overview"].row(-1, named=True)
    now = sample.to_polars().filter(pl.col("year") == 2013, "operating")
    assert last["eligible"] == now.height
    assert last["eligible_established"] == now.filter(pl.col("mode") == "solo").height


def test_one_name_has_one_meaning_in_a_review(sample, wider, tmp_path):
    by_rules, by_rates = sample.review(2013, rules=wider), sample.review(2013, rates=wider)
    assert differing(by_rules, by_rates) == set()
    assert differing(by_rules, sample.with_conditions(wider).review(2013)) == set()
    changed = differing(by_rules, sample.review(2013))
    assert {"overview", "coverage", "targets", "formation_audit", "stars", "star_moves"} <= changed
    assert not {"formation", "formation_need", "formation_moves"} & changed
    other = tmp_path / "other.toml"
    other.write_text(condition("organised", "mode = 'solo'"), encoding="utf-8")
    with pytest.raises(dangjian.DefinitionError, match="'organised' means something else in"):
        sample.review(2013, rates=wider, rules=other)


def test_a_scheme_says_who_is_listed_by_stars(sample, tmp_path):
    path = tmp_path / "scheme.toml"
    text = dangjian.star_scheme_toml("wuhao")
    assert text.count("stars          = 3\n") == 1
    path.write_text(text.replace("stars          = 3\n", "stars          = 4\n"), encoding="utf-8")
    shipped, mine = sample.review(2013), sample.review(2013, scheme=path)
    assert differing(shipped, mine) == {"starred"}
    assert differing(shipped, sample.review(2013, scheme="wuhao")) == set()
    listed = shipped.tables["starred"]
    assert listed["star"].to_list() == [4.0] * 3 + [3.0] * 8
    assert mine.tables["starred"].equals(listed.filter(pl.col("star") >= 4))
    assert shipped.headline == mine.headline
    assert (shipped.scheme["listed_from"], mine.scheme["listed_from"]) == (3.0, 4.0)
    for review, zh, en in (
        (shipped, "三星及以上党组织", "Three stars and more"),
        (mine, "四星及以上党组织", "Four stars and more"),
    ):
        for lang, title in (("zh", zh), ("en", en)):
            page = review.to_html(tmp_path / "review.html", lang=lang).read_text(encoding="utf-8")
            assert f">{title}<" in page
    nobody = sample.review(2009, scheme=path)
    page = nobody.to_html(tmp_path / "review.html").read_text(encoding="utf-8")
    assert ("四星及以上的党组织。" in page) == (nobody.tables["starred"].height == 0)


def test_a_scheme_that_is_not_there_is_refused(sample):
    with pytest.raises(dangjian.ArgumentError, match="there is no star scheme 'wuhoa'"):
        sample.review(2013, scheme="wuhoa")
