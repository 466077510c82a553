"""Star rating from the user's side: schemes, errors, problems, plaques, sensitivity, judges."""

from __future__ import annotations

import random
import tomllib

import polars as pl
import pytest
from typer.testing import CliRunner

import dangjian as dj
from dangjian import _native
from dangjian.cli import app
from helpers import ROOT
from helpers.stars_made import replayed, stars_of

DEFINITIONS = ROOT / "definitions" / "stars"


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
    page = (ROOT / "docs" / "stars.md").read_text(encoding="utf-8")
    for scheme, label in table.select("scheme", "label_zh").rows():
        assert f"| `{scheme}` | {label} |" in page


HEAD = '[[scheme]]\nid = "x"\nlabel = "x"\nsource = "x"\n'
PART = '[[dimension]]\nid = "d"\n[[item]]\nid = "i"\ndimension = "d"\npoints = 100\n'
BANDS = HEAD + 'method = "bands"\nbelow = "unrated"\n'
WRONG = [
    (HEAD, '[[scheme]] "x": field method: is missing'),
    (BANDS + PART, "but there is no [[band]]"),
    (
        BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[band]]\nstars = 1\nfrom = 80\nto = 89\n",
        "between 89 and 90 there is no band",
    ),
    (
        BANDS + PART + "[[band]]\nstars = 2\nfrom = 85\n[[band]]\nstars = 1\nfrom = 80\nto = 89\n",
        "overlaps the band below",
    ),
    (
        BANDS + 'band_gap = "lower"\n' + PART + "[[band]]\nstars = 2\nfrom = 90\n",
        "there is no gap between the bands",
    ),
    (BANDS.replace("bands", "dimension") + PART, "Hint: did you mean 'dimensions'?"),
    (
        BANDS + PART + '[[band]]\nstars = 2\nfrom = 90\n[[gate]]\nstars = 3\nevent = "e"\n',
        "there is no event 'e'",
    ),
    (
        BANDS + PART + '[[band]]\nstars = 2\nfrom = 90\n[[gate]]\nstars = 3\nwhen = "operating"\n',
        "the scheme has no 3 stars. Available: 2",
    ),
    (
        BANDS
        + PART
        + '[[band]]\nstars = 2\nfrom = 90\n[[quota]]\nstars = 2\nshare = 0.3\nof = "all"\nrounding = "floor"\n',
        "field ties: is missing",
    ),
    (BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[step]]\nup = 1\n", "field entry: is missing"),
    (
        BANDS + "full = 90\n" + PART + "[[band]]\nstars = 2\nfrom = 90\n",
        "says 90, the dimensions come to 100",
    ),
    (BANDS + PART + "unlisted = 0\n[[band]]\nstars = 2\nfrom = 90\n", "never 0"),
    (BANDS + PART + "pints = 3\n[[band]]\nstars = 2\nfrom = 90\n", "there is no such field"),
    (
        BANDS + PART + "[[exception]]\nwhen = 'operating'\n[[band]]\nstars = 2\nfrom = 90\n",
        "no [[step]] to be an exception from",
    ),
    (
        BANDS + PART + "[[band]]\nstars = 2\nfrom = 90\n[[cap]]\nstars = 2\n",
        "write exactly one of event, when, item, dimension, total",
    ),
    (
        HEAD + 'method = "score"\n' + PART + "[[plaque]]\nstars = 3\nwithdraw_after = 1\n",
        "there are no stars",
    ),
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


def test_a_rule_that_does_not_fit_the_roster_names_its_record(tmp_path, small):
    path = tmp_path / "ours.toml"
    path.write_text(
        BANDS + PART + '[[band]]\nstars = 2\nfrom = 90\n[[gate]]\nstars = 2\nwhen = "no_such_column"\n',
        encoding="utf-8",
    )
    scores = pl.DataFrame({"party_org_id": ["D1"], "year": [2013], "i": [95]})
    with pytest.raises(dj.DefinitionError, match=r"ours.toml: \[\[gate\]\] #1: field when"):
        small.rate_stars(scores, path)
    with pytest.raises(dj.ArgumentError, match="Hint: did you mean 'wuhao'"):
        small.rate_stars(scores, "wuhoa")
    with pytest.raises(dj.DataError, match="lacks the column 'party_org_id'"):
        small.rate_stars(scores.drop("party_org_id"), "badong")
    with pytest.raises(dj.ArgumentError, match="no data for the year 2000"):
        small.rate_stars(scores.with_columns(year=2000).rename({"i": "total"}), "badong")


@pytest.fixture(scope="module")
def small():
    """Returns a roster of three organisations in two townships, over four years."""
    rows = [
        {
            "year": year,
            "org_id": f"单位{at}",
            "party_org_id": f"D{at}",
            "mode": "solo",
            "kind": "enterprise",
            "region": region,
        }
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
    # A text that is not a number is reported, and read as unknown.
    path.write_text(
        "party_org_id,year,item,points\nD1,2013,total,优\nD2,2013,total, \nD3,2013,total,90\n",
        encoding="utf-8",
    )
    rating = small.rate_stars(path, "badong")
    assert rating.stars["star_state"].to_list() == ["unknown", "unknown", "4"]
    assert rating.problems.select("party_org_id", "what", "value", "problem").rows() == [
        ("D1", "total", "优", "not_a_number")
    ]


def test_columns_that_are_asked_for_are_those_of_the_table():
    made = dj.datasets.hexigten()
    rating = dj.read_roster(made.ledgers, progress=False).rate_stars(made.scores, "wuhao", events=made.events)
    for names in [("score",), ("stars", "year", "party_org_id"), rating.stars.columns[::-1]]:
        assert rating.select(*names).equals(rating.stars.select(names))
    with pytest.raises(dj.ArgumentError, match="no column 'points'"):
        rating.select("year", "points")


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
    assert set(rating.problems["problem"]) <= set(_native.labels()["value"]["problem"])


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
    # Without one of its steps the trail is broken; no star changes without a reason.
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
    actions = {
        (year, of): (action, until)
        for year, of, action, until in plaques.select("year", "party_org_id", "plaque_action", "until").rows()
    }
    assert [actions[y, "D1"] for y in (2010, 2011, 2012, 2013)] == [
        ("award", 2011),
        ("keep", 2011),
        ("renew", 2013),
        ("keep", 2013),
    ]
    assert [actions[y, "D2"][0] for y in (2010, 2011, 2012, 2013)] == ["award", "keep", "withdraw", "award"]
    assert actions[2011, "D3"][0] == "warn"
    assert actions[2012, "D3"][0] == "withdraw"


def test_years_follow_each_other_step_by_step(small):
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
    # Rating one year at a time, each from the table of the year before, gives the same result.
    before = previous
    for year in (2010, 2011, 2012, 2013):
        one = small.rate_stars(scores_of(points), "shengzhou", year=year, previous=before)
        assert one.stars.equals(rating.stars.filter(year=year))
        before = one.stars.select("party_org_id", "stars")


def test_what_if_counts_who_rises_and_falls(small, tmp_path):
    path = tmp_path / "stricter.toml"
    path.write_text(
        dj.star_scheme_toml("badong").replace("from = 95", "from = 97").replace("from = 80", "from = 75"),
        encoding="utf-8",
    )
    scores = scores_of({("D1", 2013): 96.0, ("D2", 2013): 77.0, ("D3", 2013): None})
    counts = small.compare_schemes(scores, "badong", path, by=["township"])
    assert counts.select("year", "township_name", "rises", "falls", "same", "undecided").rows() == [
        (2013, "经棚镇", 1, 1, 0, 0),
        (2013, "宇宙地镇", 0, 0, 0, 1),
    ]
    listed = small.compare_schemes_list(scores, "badong", path)
    assert set(listed.columns) <= set(_native.labels()["column"])
    assert listed.select("party_org_id", "star_a", "star_b", "change").rows() == [
        ("D1", "5", "4", "falls"),
        ("D2", "unrated", "2", "rises"),
        ("D3", "unknown", "unknown", "undecided"),
    ]
    rating = small.rate_stars(scores, "badong")
    moved = rating.sensitivity([94, 97], stars=5).filter(star_state="5")
    assert moved.select("threshold", "rated", "before", "rises", "falls").rows() == [
        (94.0, 1, 1, 0, 0),
        (97.0, 0, 1, 0, 1),
    ]
    with pytest.raises(dj.ArgumentError, match="passes the threshold of another star"):
        rating.sensitivity([89], stars=5)
    counts = rating.counts("township")
    assert counts["rated"].sum() == 3
    assert counts.columns == [
        "year",
        "township",
        "township_name",
        "star_state",
        "rated",
    ]


def test_judges_are_compared(small):
    items = dj.star_form("wuhao").select("item", "points").rows()
    rng = random.Random(1)  # noqa: S311 - made-up scores
    rows = []
    for of in ("D1", "D2", "D3"):
        for item, points in items:
            final = round(points * rng.uniform(0.5, 0.9), 1)
            rows += [(of, 2013, item, final, "final"), (of, 2013, item, min(points, final + 0.5), "self")]
    # D3 gives itself full marks; the township gives everyone the same.
    rows = [(of, y, i, dict(items)[i] if (of, j) == ("D3", "self") else p, j) for of, y, i, p, j in rows]
    rows += [(of, 2013, item, points / 2, "township") for of in ("D1", "D2") for item, points in items]
    scores = pl.DataFrame(rows, schema=["party_org_id", "year", "item", "points", "judge"], orient="row")
    judges = small.star_judges(scores, "wuhao")
    total = judges.agreement.filter(item="total", judge="self", other="final").row(0, named=True)
    sums = (
        scores.group_by("party_org_id", "judge")
        .agg(pl.col("points").sum())
        .pivot("judge", index="party_org_id", values="points")
    )
    difference = sums["self"] - sums["final"]
    assert total["forms"] == 3
    assert total["mean_difference"] == pytest.approx(difference.mean())
    assert total["correlation"] == pytest.approx(sums.select(pl.corr("self", "final")).item())
    offices = judges.offices.filter(judge="self", other="final")
    assert offices["forms"].to_list() == [2, 1]
    assert offices["higher"].sum() == 3
    flags = {(j, of): f for j, of, f in judges.forms.select("judge", "party_org_id", "flag").rows()}
    assert flags["self", "D3"] == "all_full"
    assert {f for (j, _), f in flags.items() if j == "township"} <= {"straight_line", "copied"}
    assert ("final", "D1") not in flags
    assert small.rate_stars(scores, "wuhao").stars["score"].to_list() == pytest.approx(
        sums.sort("party_org_id")["final"].to_list()
    )


def test_outliers_are_those_of_the_robust_z_score():
    n = 30
    ids = [f"D{at:02}" for at in range(n)]
    roster = dj.read_roster(
        pl.DataFrame({"year": [2013] * n, "org_id": ids, "party_org_id": ids, "mode": ["solo"] * n}),
        progress=False,
    )
    gap = [at % 5 for at in range(n)]
    gap[7] = 40
    scores = pl.concat(
        pl.DataFrame(
            {
                "party_org_id": ids,
                "year": [2013] * n,
                "total": [50.0 + (g if judge == "self" else 0) for g in gap],
                "judge": [judge] * n,
            }
        )
        for judge in ("self", "final")
    )
    outliers = roster.star_judges(scores, "badong").outliers
    assert outliers["party_org_id"].to_list() == ["D07"]
    median = sorted(gap)[n // 2 - 1 : n // 2 + 1]
    middle = sum(median) / 2
    away = sorted(abs(g - middle) for g in gap)
    mad = (away[n // 2 - 1] + away[n // 2]) / 2
    assert outliers["z"].item() == pytest.approx(0.6745 * (40 - middle) / mad)


def test_the_command_prints_the_stars_and_writes_the_workbook(tmp_path):
    sample = dj.datasets.hexigten()
    out = tmp_path / "星级评定.xlsx"
    files = [str(path) for path in sample.ledgers[-2:]]
    options = [
        "--scores",
        str(sample.scores),
        "--scheme",
        "wuhao",
        "--events",
        str(sample.events),
        "--year",
        "2013",
    ]
    done = CliRunner().invoke(app, ["stars", *files, *options, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "“五好”星级管理" in done.output
    assert "2013：五星 0，四星 3，三星 8" in done.output
    assert out.stat().st_size > 10_000
    wrong = CliRunner().invoke(app, ["stars", *files, "--scores", str(sample.scores), "--scheme", "wuhoa"])
    assert wrong.exit_code == 2
    assert "是不是“wuhao”？" in wrong.output


def test_the_sample_has_the_stars_of_its_ledgers():
    """The article of 2013: three four-star and eight three-star party organisations."""
    sample = dj.datasets.hexigten()
    roster = dj.read_roster(sample.ledgers)
    rating = roster.rate_stars(sample.scores, "wuhao", events=sample.events)
    assert rating.problems.is_empty()
    given = dict(rating.summary.filter(year=2013).select("star_state", "after_quotas").rows())
    ledger = roster.star_distribution(years=2013).select("star_state", "party_organisations").rows()
    assert {k: n for k, n in ledger if k in "12345"} == {k: given[k] for k in "12345"}
    assert (given["4"], given["3"]) == (3, 8)
    assert rating.plaques.filter(pl.col("year") == 2013, pl.col("plaque_action") != "withdraw").height == 11
    assert replayed(rating) == stars_of(rating)
    # A withdrawn plaque has a reason, and every reason is a sentence in both languages.
    assert rating.plaques.select(pl.col("reason_zh", "reason_en").str.len_chars().min()).row(0) > (3, 3)
    assert rating.counts("township")["rated"].sum() == len(rating)
