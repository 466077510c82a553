"""Reviews of ledgers that lack columns, rows or years: unknown results are left out, and reported."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest

import dangjian
from dangjian import labels

YEAR = 2013
# The ledgers below do not give the code system of their registration types.
NOT_OPTIONAL = ("year", "org_id", "registration_code_system")
OPTIONAL = [c for c in dangjian.schema()["name"].to_list() if c not in NOT_OPTIONAL]

# The figures of the page that need each column.
FIGURES = {
    "party_org_id": ("party_organisations", "stars"),
    "mode": ("party_organisations", "organised", "stars"),
    "star": ("stars",),
    "instructor_id": ("instructors",),
    "seconded_officers": ("seconded_officers",),
    "owner_is_secretary": ("owner_secretaries",),
}


@pytest.fixture(scope="module")
def panel():
    """Returns a hundred organisations in two years, with every column of the schema."""
    ledgers = dangjian.datasets.hexigten().ledgers[-2:]
    frame = dangjian.read_roster(ledgers, progress=False).to_polars()
    some = frame.filter(pl.col("year") == YEAR)["org_id"].gather_every(5)
    frame = frame.filter(pl.col("org_id").is_in(some.implode()))
    # No organisation has a former name or code, and no superior is given.
    empty = ("former_name", "former_org_id", "party_superior")
    former = [pl.lit(None, pl.String).alias(name) for name in empty]
    frame = frame.with_columns(*former, pl.col("established_on").alias("elected_on"))
    assert set(OPTIONAL) < set(frame.columns)
    return frame


def written(frame, folder, lang):
    """Writes the review of ``frame`` with its page and its workbook."""
    review = dangjian.read_roster(frame, progress=False).review(YEAR)
    page = review.to_html(folder / "review.html", lang=lang).read_text(encoding="utf-8")
    return review, page, openpyxl.load_workbook(review.to_excel(folder / "review.xlsx", lang=lang))


def untold(review):
    """Returns the headline figures that are unknown."""
    figures = {name for name, value in review.headline.items() if value is None}
    if None in review.headline["stars"].values():
        assert set(review.headline["stars"].values()) == {None}
        figures.add("stars")
    return figures


def test_of_a_whole_ledger_nothing_is_missing(panel, tmp_path):
    review, page, book = written(panel, tmp_path, "zh")
    assert review.tables["columns_missing"].is_empty()
    assert untold(review) == set()
    assert "没有这些栏目" not in page
    assert "台账没有的栏目" not in book.sheetnames


@pytest.mark.parametrize("column", OPTIONAL)
def test_a_ledger_that_lacks_a_column(panel, tmp_path, column):
    lang = "zh" if OPTIONAL.index(column) % 2 else "en"
    review, page, book = written(panel.drop(column), tmp_path, lang)
    assert review.tables["starred"].columns == [
        "year", "star", "party_org_id", "name", "mode", "plaque", "township_name",
    ]  # fmt: skip
    assert untold(review) == set(FIGURES.get(column, ()))
    said = review.tables["columns_missing"]["column"].to_list()
    assert said in ([], [column])
    assert (said == [column]) or column not in FIGURES
    label = labels.column(column, lang)
    sentence = "没有这些栏目" if lang == "zh" else "have no such columns"
    assert (sentence in page) == bool(said)
    if said:
        assert f"{label}{'。' if lang == 'zh' else '.'}" in page
        rows = book["台账没有的栏目" if lang == "zh" else "What the ledger does not have"].values
        assert (str(YEAR), column, label) in {tuple(map(str, row)) for row in rows}


@pytest.mark.parametrize("columns", [[], ["name"], ["name", "mode"], ["star"], ["party_org_id"]])
def test_a_ledger_of_hardly_any_column(panel, tmp_path, columns):
    # A code alone is not a ledger; at least one more column about the organisation is needed.
    frame = panel.select("year", "org_id", *(columns or ["zone"]))
    review, page, _ = written(frame, tmp_path, "zh")
    drawn_on = {*FIGURES, "name", "kind", "region", "committee", "members_full", "activities"}
    assert drawn_on - set(columns) <= set(review.tables["columns_missing"]["column"])
    assert review.headline["organisations"] == panel.filter(pl.col("year") == YEAR).height
    assert "没有这些栏目" in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_year_and_one_row(panel, tmp_path, lang):
    only = panel.filter(pl.col("year") == YEAR)
    for frame in (only, only.head(1), only.filter(pl.col("mode") == "none").head(1)):
        review, page, _ = written(frame, tmp_path, lang)
        assert review.headline["organisations"] == frame.height > 0
        parties = frame.filter(pl.col("mode").is_in(["solo", "joint", "affiliated"]))["party_org_id"]
        assert review.headline["party_organisations"] == parties.drop_nulls().n_unique()
        assert ("没有上一年台账" if lang == "zh" else "no ledger of the year before") in page
