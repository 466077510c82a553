"""Hostile files: an error or a problem, never a panic, a hang or exhausted memory.

Each is read by its own process with a time limit; the growth of its memory is measured.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import partial

import pytest

from helpers import TESTS, hostile, shared
from helpers.hostile import HEAD, ID, OTHER, ROW

SECONDS = 90
MEGABYTES = 400


def read(path, keep=""):
    """Returns the outcome of reading ``path``: rows or an error, within limits of time and memory."""
    done = subprocess.run(
        [sys.executable, "-m", "helpers.reading_alone", path, keep],
        cwd=TESTS,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert "panick" not in done.stderr
    assert answer["megabytes"] < MEGABYTES, answer["megabytes"]
    # A defect of the engine is an `InternalError`; these are defects of files.
    assert answer.get("kind", "FileError") == "FileError", answer
    for source in answer.get("sources", []):
        assert source["data"] == sum(source[fate] for fate in ("kept", "rejected", "merged", "conflicts"))
    return answer


def case(name, make):
    return pytest.param(make, id=name)


# Files that give an error, with words of the message.
ERRORS = [
    *(case(f"a workbook cut at {share}", partial(hostile.cut, share=share)) for share in (0.1, 0.5, 0.9, 0.99)),
    case("another zip", hostile.another_zip),
    case("a sheet that is not UTF-8", hostile.bad_utf8),
    case("no bytes", lambda f: hostile.text(f, b"")),
    case("no bytes of a workbook", lambda f: hostile.text(f, b"", "台账.xlsx")),
    case("only a byte order mark", lambda f: hostile.text(f, b"\xef\xbb\xbf")),
    case("only line ends", lambda f: hostile.text(f, b"\r\n\n\n\r")),
    case("only NUL", lambda f: hostile.text(f, bytes(1000))),
    case("no encoding", lambda f: hostile.text(f, (HEAD + ROW).encode("gb18030") + b"\xff\xff\xff\x80")),
    case("a password", lambda f: hostile.text(f, bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "台账2013.xlsx")),  # noqa: E501
    case("a quotation mark left open before 40 MB", hostile.open_quote),
    case("a link to itself", lambda f: hostile.link_to(f, "台账2013.csv")),
    case("a pipe", hostile.pipe),
    case("a link to an endless device", lambda f: hostile.link_to(f, "/dev/zero")),
    case("a million columns", hostile.a_million_columns),
    case("parquet cut off", lambda f: hostile.text(f, b"PAR1" + bytes(100) + b"\xff\xff\xff\x7fPAR1", "台账2013.parquet")),
]  # fmt: skip


@pytest.mark.parametrize("make", ERRORS)
def test_what_is_no_ledger_is_an_error(tmp_path, make):
    path = make(tmp_path)
    answer = read(path)
    assert "error" in answer, answer
    assert path.name in answer["error"]
    assert len(answer["error"]) < 2000


# Files with one valid row of the organisation `ID` for 2013 with 5 employees, whatever else they
# contain.
READ = [
    case("blank formatted rows to the end of the sheet", hostile.blank_rows),
    case("blank formatted columns to the end of the sheet", hostile.blank_columns),
    case("a cell in the far corner", hostile.far_corner),
    case("merged cells that overlap", lambda f: hostile.merges(f, "A1:B2", "B1:C2", "A2:D2")),
    case("merged cells backwards", lambda f: hostile.merges(f, "D2:A1", "B2:B2", "A2:A1")),
    case("merged cells over everything", lambda f: hostile.merges(f, "A1:XFD1048576")),
    case(
        "merged cells nowhere", lambda f: hostile.merges(f, "", "A", "1:1", "ZZZZZZZ1:A9", "A0:B0", "党:建")
    ),
    case("a hundred thousand merged ranges", hostile.many_merges),
    case("NUL in the name", lambda f: hostile.text(f, f"{HEAD}{ID},甲\0厂,2013,5\n")),
    case("lone quotes", lambda f: hostile.text(f, f'{HEAD}{ID},甲"厂",2013,5\n')),
    case("old line ends", lambda f: hostile.text(f, (HEAD + ROW).replace("\n", "\r"))),
    case(
        "old line ends and lines in a cell",
        lambda f: hostile.text(f, f'{HEAD}{ID},"甲@厂",2013,5\n'.replace("\n", "\r").replace("@", "\n")),
    ),
    *(
        case(
            f"{encoding} without a mark",
            lambda f, encoding=encoding: hostile.text(f, (HEAD + ROW).encode(encoding)),
        )
        for encoding in ("utf-16-le", "utf-16-be")
    ),
    case("a name of 10 MB", hostile.long_cell),
    case("a name of 10 MB in a sheet", hostile.long_cell_of_a_sheet),
    case("folder with loops, pipes and links", hostile.loops),
    case("a folder called like a workbook", hostile.folder_like_a_book),
    case("names in Chinese with emoji", hostile.emoji),
]


@pytest.mark.parametrize("make", READ)
def test_what_holds_a_ledger_is_read(tmp_path, make):
    answer = read(make(tmp_path))
    assert "error" not in answer, answer
    found = [
        row for row in answer["panel"] if (row["org_id"], row["year"], row["employees"]) == (ID, "2013", "5")
    ]
    assert len(found) == 1, answer


# Files that may be read or rejected, within limits of time and memory.
EITHER = [
    case("a bomb of white space", hostile.bomb_of_white_space),
    case("a bomb in a cell", hostile.bomb_in_a_cell),
    case("a bomb in an attribute", hostile.bomb_in_an_attribute),
    case("a bomb of shared strings", hostile.bomb_of_shared_strings),
    case("a bomb of cells", hostile.bomb_of_cells),
    case("a bomb of rows", hostile.bomb_of_rows),
    case("elements ten million deep", hostile.deep),
    case("strings ten million deep", hostile.deep_strings),
    case("entities of entities", hostile.entities),
    case("cells in ten thousand far corners", hostile.far_corners),
    *(
        case(f"a cell at {at}", partial(hostile.impossible_places, reference=at))
        for at in ("A4294967296", "ZZZZZZZZ3", "A0", "3A", "党", "", "XFE3", "A99999999999999999999")
    ),
    case("a million columns of a sheet", hostile.a_million_columns_of_a_sheet),
    case("rows in disorder", hostile.disorder),
    case("a table repeated to the last row", lambda f: hostile.ods(f, 1_048_576, 1)),
    case("a table repeated to the last cell", lambda f: hostile.ods(f, 1_048_576, 16_384)),
    case("a table repeated beyond all cells", lambda f: hostile.ods(f, 4_294_967_295, 4_294_967_295)),
    case("50 MB in one line", hostile.one_long_line),
    case("a name of a million lines", hostile.lines_in_a_cell),
    case("UTF-16 of half a character", lambda f: hostile.text(f, b"\xff\xfe" + (HEAD + ROW).encode("utf-16-le")[:-1])),
    case("GB18030 cut in a character", lambda f: hostile.text(f, (HEAD + ROW).encode("gb18030") + "甲".encode("gb18030")[:1])),
    case("only a header", lambda f: hostile.text(f, HEAD)),
    case("only a header in a sheet", lambda f: hostile.workbook(f, f"<worksheet><sheetData>{hostile.HEADER}</sheetData></worksheet>")),  # noqa: E501
    case("a sheet without an end", lambda f: hostile.workbook(f, f"<worksheet><sheetData>{hostile.HEADER}")),
    case("numbers beyond numbers", lambda f: hostile.text(f, f"{HEAD}{ID},甲,2013,{'9' * 400}\n{OTHER},乙,2013,1e999\n")),
]  # fmt: skip


@pytest.mark.parametrize("make", EITHER)
def test_bombs_and_absurdities_end_soon_and_small(tmp_path, make):
    answer = read(make(tmp_path))
    assert ("error" in answer) != ("sources" in answer)
    read_rows = sum(source["data"] for source in answer.get("sources", []))
    assert read_rows < 2_000_000


def test_everything_of_a_million_columns_can_be_kept_or_refused(tmp_path):
    path = tmp_path / "台账.csv"
    names = ",".join(f"列{at}" for at in range(20_000))
    path.write_text(f"{HEAD.strip()},{names}\n{ROW.strip()}{',1' * 20_000}\n", encoding="utf-8")
    answer = read(path, keep="*")
    assert "error" in answer or len(answer["panel"][0]) == 20_004


@pytest.mark.parametrize("make", [hostile.formulas, hostile.external_links])
def test_the_value_of_a_formula_is_read_never_the_formula(tmp_path, make):
    answer = read(make(tmp_path))
    (row,) = answer["panel"]
    assert (row["name"], row["employees"], row["members_full"], row["zone"]) == ("甲厂", "5", "None", "None")
    assert row["party_org_id"] == "D1"
    assert answer["problems"] == [
        ["excel_error", "members_full", "#DIV/0!"],
        ["formula_no_result", "zone", "1"],  # its cell has a formula alone
    ]


def test_workbooks_are_known_by_what_they_are(tmp_path):
    source = next(shared.data("ledgers/xls_old").glob("*.xls"))
    right = read(source)
    for name in ("台账2009.xlsx", "台账2009.xlsb"):
        wrong = tmp_path / name
        shutil.copy(source, wrong)
        answer = read(wrong)
        assert answer["sources"][0]["data"] == right["sources"][0]["data"] > 0
    path = hostile.sound(tmp_path / "台账2013.xlsx")
    assert read(path.rename(tmp_path / "台账2013.xls"))["panel"][0]["org_id"] == ID


def test_a_missing_number_of_a_row_or_cell_follows_the_last(tmp_path):
    answer = read(hostile.disorder(tmp_path))
    if "error" not in answer:
        ids = [row["org_id"] for row in answer["panel"]]
        assert ids == sorted({ID, OTHER})
