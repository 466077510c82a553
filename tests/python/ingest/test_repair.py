"""Corrupted codes are repaired on request, only if the repair is certain: compared with ledgers of known
truth.
"""

from __future__ import annotations

import json

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

import dangjian
from dangjian.cli import app
from helpers import shared

A, B = "911101066976941872", "91110000600037341L"
"""Codes that exist (docs/field-notes.md#unified-codes); the first is all digits."""

SPOILT = "911101066976941000"
COUNTY, OTHER_COUNTY = "150425000000", "150404000000"


def neighbour(code: str) -> str:
    """Returns another code with the same first 15 digits, its check character by the definition."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for n in range(100):
        first = f"{code[:15]}{n:02}"
        check = alphabet[-sum(int(c) * 3**i for i, c in enumerate(first)) % 31]
        if check.isdigit() and first + check != code:
            return first + check
    raise AssertionError(code)


def read(rows: list[tuple[int, str, str | None, str | None]], *, repair: bool = True) -> dangjian.Roster:
    frame = pl.DataFrame(rows, schema=["year", "org_id", "name", "region"], orient="row")
    return dangjian.read_roster(frame, repair=repair)


def ids(roster: dangjian.Roster, year: int) -> list[str]:
    return roster.to_polars().filter(year=year)["org_id"].to_list()


def balanced(roster: dangjian.Roster) -> bool:
    fates = pl.sum_horizontal("kept", "rejected", "merged", "conflicts")
    sources = roster.sources
    return sources.select((pl.col("data") == fates).all()).item() and len(roster) == sources["kept"].sum()


@pytest.mark.parametrize(
    "left",
    [
        SPOILT,
        "9.11101066976941E+17",
        "911101066976941952.0",  # as represented by a float
        "911101066976941O72",
        "91110106697694187?",
        "9111010669769418７□",
    ],
)
@pytest.mark.parametrize("name", ["某某(集团)公司", "某某（集团） 公司"])
def test_what_is_certain_is_repaired(left, name):
    rows = [(2012, A, "某某（集团）公司", COUNTY), (2013, left, name, COUNTY), (2013, B, "某厂", COUNTY)]
    roster = read(rows)
    assert ids(roster, 2013) == sorted([A, B])
    assert balanced(roster)
    assert roster.sources.select("data", "kept", "rejected").row(0) == (3, 3, 0)
    (problem,) = roster.problems.iter_rows(named=True)
    assert (problem["code"], problem["severity"], problem["row"]) == ("id_repaired", "warning", 2)
    assert (problem["column"], problem["header"], problem["year"]) == ("org_id", "org_id", 2013)
    assert problem["value"].endswith(f" → {A}")
    unasked = read(rows, repair=False)
    assert ids(unasked, 2013) != ids(roster, 2013)
    assert "id_repaired" not in unasked.problems["code"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(2012, A, "乙厂", COUNTY)], id="another name"),
        pytest.param([(2012, A, None, COUNTY)], id="no name"),
        pytest.param([(2012, A, "甲厂", OTHER_COUNTY)], id="another county"),
        pytest.param([(2012, B, "甲厂", COUNTY)], id="a code that does not fit"),
        pytest.param([(2012, A[:-1] + "3", "甲厂", COUNTY)], id="a wrong check character"),
        pytest.param([(2012, A, "甲厂", COUNTY), (2013, A, "乙厂", COUNTY)], id="listed in the year"),
        pytest.param([(2012, A, "甲厂", COUNTY), (2013, SPOILT, "甲厂", COUNTY)], id="two in one year"),
        pytest.param([(2012, A, "甲厂", COUNTY), (2011, neighbour(A), "甲厂", COUNTY)], id="two that fit"),
        pytest.param([], id="nobody"),
    ],
)
@pytest.mark.parametrize("left", [SPOILT, "9.11101066976941E+17"])
def test_what_is_not_certain_stays_rejected(rows, left):
    rows = [*rows, (2013, left, "甲厂", COUNTY), (2013, B, "某厂", COUNTY)]
    roster, unasked = read(rows), read(rows, repair=False)
    assert roster.to_polars().equals(unasked.to_polars())
    assert roster.problems.equals(unasked.problems)
    assert roster.sources.equals(unasked.sources)
    assert roster.sources["rejected"].item() > 0
    assert balanced(roster)


def test_two_that_fit_are_told_apart_by_name():
    rows = [
        (2012, A, "甲厂", COUNTY),
        (2012, neighbour(A), "乙厂", None),
        (2013, SPOILT, "乙厂", COUNTY),
        (2013, SPOILT, "甲厂", COUNTY),
    ]
    roster = read(rows)
    repaired = roster.to_polars().filter(year=2013).select("org_id", "name").rows()
    assert sorted(repaired) == sorted([(A, "甲厂"), (neighbour(A), "乙厂")])


def test_an_illegible_code_that_is_nobodys_stays_as_written():
    rows = [(2012, A, "乙厂", COUNTY), (2013, "911101066976941O72", "甲厂", COUNTY)]
    roster, unasked = read(rows), read(rows, repair=False)
    assert ids(roster, 2013) == ["911101066976941O72"] == ids(unasked, 2013)
    assert roster.problems.equals(unasked.problems)


def test_too_little_is_left_to_be_certain():
    roster = read([(2012, A, "甲厂", COUNTY), (2013, "9.11101E+17", "甲厂", COUNTY)])
    assert roster.problems["code"].to_list() == ["id_mangled"]
    assert roster.years == [2012]


def test_of_a_row_that_stays_out_only_that_is_told(tmp_path):
    head = "统一社会信用代码,单位名称,从业人员,组建形式\n"
    (tmp_path / "台账2012.csv").write_text(f"{head}{A},甲厂,12,单建\n", encoding="utf-8")
    rows = f"{SPOILT},甲厂,几人,单建\n{B[:15]}000,乙厂,几人,单建\n911504250846069000,丙厂,几人,单建\n"
    (tmp_path / "台账2013.csv").write_text(head + rows, encoding="utf-8")
    roster = dangjian.read_roster(tmp_path, repair=True)
    problems = roster.problems.filter(year=2013).select("row", "line", "code", "value").rows()
    assert problems == [
        (2, 2, "id_repaired", f"{SPOILT} → {A}"),
        (2, 2, "unreadable_number", "几人"),
        (3, 3, "id_mangled", B[:15] + "000"),
        (4, 4, "id_mangled", "911504250846069000"),
    ]
    assert balanced(roster)
    assert roster.sources["kept"].to_list() == [1, 1]
    assert roster.count(years=2013)["organisations"].item() == 1
    # The file returned to the sender reports the repair too.
    roster.return_to(tmp_path / "returned")
    assert f"{SPOILT} → {A}" in (tmp_path / "returned" / "台账2013.csv").read_text(encoding="utf-8-sig")


def test_numbers_of_a_workbook(tmp_path):
    path = tmp_path / "台账.xlsx"
    book = openpyxl.Workbook()
    for year, code in ((2012, A), (2013, int(SPOILT))):
        sheet = book.create_sheet(f"{year}年")
        sheet.append(["统一社会信用代码", "单位名称", "从业人员"])
        sheet.append([code, "甲厂", 12])
    del book["Sheet"]
    book.save(path)
    roster = dangjian.read_roster(path, repair=True)
    assert ids(roster, 2013) == [A]
    assert roster.sources["years"].to_list() == ["2012", "2013"]
    again = CliRunner().invoke(app, ["check", str(path), "--repair", "--lang", "en"])
    assert again.exit_code == 0, again.output
    assert "organisation code repaired" in again.output


@pytest.mark.parametrize(
    ("folder", "named_otherwise"),
    [
        ("hexigten", 0),
        ("ledger62", 0),
        ("flat_gb18030", 0),
        ("xls_old", 1),  # 曲阜五洲酒店管理有限公司 has ",经棚分公司" appended in the row whose code is lost
        ("one_book", 0),
    ],
)
def test_the_spoilt_codes_of_made_ledgers(folder, named_otherwise):
    """Every repaired code is the original one, and every code with enough digits left is repaired."""
    place = shared.data(f"ledgers/{folder}")
    files = sorted(path for path in place.iterdir() if path.suffix in {".xlsx", ".xls", ".csv"})
    files = [path for path in files if path.name != "workers.csv"]
    roster, unasked = dangjian.read_roster(files, repair=True), dangjian.read_roster(files)
    dirt = [json.loads(line) for line in (place / "dirt.jsonl").read_text(encoding="utf-8").splitlines()]
    spoilt = {
        (row["file"], row.get("sheet"), row["row"]): row for row in dirt if row["category"] == "id_mangled"
    }
    repaired = roster.problems.filter(code="id_repaired")
    for problem in repaired.iter_rows(named=True):
        sheet = problem["sheet"] if any(key[1] for key in spoilt) else None
        row = spoilt[problem["file"], sheet, problem["row"]]
        assert problem["value"].split(" → ")[1] == row["org_id"]
        assert problem["year"] == row["year"]
    # Codes with 15 digits left whose organisation other years list under the same name.
    clean = unasked.to_polars().select("year", "org_id", "name")
    expected = 0
    for row in spoilt.values():
        shown = row["value"].removesuffix(".0")
        expected += len(shown) == 18 and not clean.filter(org_id=row["org_id"]).is_empty()
    assert repaired.height == expected - named_otherwise > 0
    assert len(roster) == len(unasked) + repaired.height
    assert balanced(roster)
    # All other rows are unchanged.
    rows = roster.to_polars().join(
        repaired.select("year", org_id=pl.col("value").str.split(" → ").list[1]),
        on=["year", "org_id"],
        how="anti",
    )
    assert rows.equals(unasked.to_polars())


def test_a_clean_panel_is_not_touched():
    ledgers = dangjian.datasets.hexigten().ledgers
    plain = dangjian.read_roster(ledgers).to_polars()
    asked = dangjian.read_roster(plain, repair=True)
    assert asked.to_polars().equals(plain)
    assert asked.problems.filter(code="id_repaired").is_empty()
