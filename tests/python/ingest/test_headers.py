"""Headers, words and profiles through Python: proposals, names, saving, reuse, and messages."""

from __future__ import annotations

import re

import polars as pl
import pytest

import dangjian as dj
from dangjian.report.check import check_text
from dangjian.report.format import Formats
from dangjian.roster.provenance import account
from helpers import ROOT, shared
from helpers.messages import check, run

SAMPLE = dj.datasets.hexigten()
IDS = ("91110000101623741K", "91110000600037341L", "911101066976941872")  # in the order of a roster


def read(source, **options):
    return dj.read_roster(source, progress=False, **options)


def ledger(path, header, *rows):
    lines = [",".join(header), *(",".join([code, *row]) for code, row in zip(IDS, rows, strict=False))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def odd(tmp_path):
    """Writes a ledger of an office with its own vocabulary."""
    header = (
        "统一社会信用代码",
        "单位名称",
        "党组织组健形式",
        "组建方式",
        "备注",
        "备注",
        "联系电话",
        "楼栋",
    )
    return ledger(
        tmp_path / "台账2013.csv",
        header,
        ("甲", "x", "商会带建", "一", "二", "139", "3"),
        ("乙", "y", "挂靠组建", "三", "四", "138", "4"),
    )


def test_a_near_miss_is_proposed_and_not_read(tmp_path):
    path = ledger(
        tmp_path / "台账2013.csv", ("统一社会信用代码", "单位名称", "党组织组健形式"), ("甲", "单建")
    )
    roster = read(path)
    (near,) = roster.columns_read.filter(pl.col("proposal").is_not_null()).to_dicts()
    assert (near["index"], near["header"], near["column"], near["status"]) == (
        2,
        "党组织组健形式",
        None,
        "unknown",
    )
    assert (near["proposal"], near["proposal_like"]) == ("mode", "党组织组建形式")
    assert near["similarity"] == pytest.approx(6 / 7)
    assert "mode" not in roster.columns
    for lang, said in (("zh", "是不是党组织组建形式"), ("en", "is it formation mode")):
        (line,) = (line for line in check_text(account(roster), Formats(lang)) if said in line)
        assert "columns={'党组织组健形式': 'mode'}" in line
    asked = read(path, columns={"党组织组健形式": "mode"})
    assert asked.to_polars()["mode"].to_list() == ["solo"]
    assert asked.columns_read["proposal"].null_count() == 3


def test_no_ledger_tells_headers_and_near_misses(tmp_path):
    path = ledger(tmp_path / "台账2013.csv", ("统一社会信用代玛", "单位名称", "从业人员"), ("甲", "3"))
    for said_en, said_zh in (
        (
            "Headers found: 统一社会信用代玛, 单位名称, 从业人员",
            "看到的表头：统一社会信用代玛、单位名称、从业人员",
        ),
        ("Did you mean '统一社会信用代码'", "是不是“统一社会信用代码”"),
        ('columns={"统一社会信用代玛": "org_id"}', 'columns={"统一社会信用代玛": "org_id"}'),
    ):
        check(dj.FileError, said_en, said_zh, lambda: read(path))
    assert read(path, columns={"统一社会信用代玛": "org_id"}).years == [2013]
    frame = pl.DataFrame({"org_idd": [IDS[0]], "name": ["甲"], "year": [2013]})
    check(dj.DataError, "Did you mean 'org_id'", "是不是“org_id”", lambda: read(frame))
    wrong = {"columns": {"统一社会信用代玛": "org_id"}, "keep": ["从业人数"]}
    check(dj.ArgumentError, "did you mean '从业人员'", "是不是“从业人员”", lambda: read(path, **wrong))


def test_equal_headers_are_told_apart(odd):
    headers = read(odd).columns_read["header"].to_list()
    assert headers[4:6] == ["备注", "备注 (2)"]
    second = read(odd, columns={"备注 (2)": "remark"})
    assert second.to_polars()["remark"].to_list() == ["二", "四"]
    all_kept = read(odd, keep="*").to_polars()
    assert (all_kept["备注"].to_list(), all_kept["备注 (2)"].to_list()) == (["一", "三"], ["二", "四"])
    assert "联系电话" not in all_kept.columns


def test_personal_columns_are_dropped_with_the_reason_and_kept_one_by_one():
    dropped = read(SAMPLE.ledgers[-1]).dropped_columns
    personal = dropped.filter(reason="personal")
    assert personal.height == 10
    assert set(dropped["reason"]) == {"personal", "ignored"}
    kept = read(SAMPLE.ledgers[-1], keep=["指导员联系电话"])
    assert kept.columns["指导员联系电话"] == "code"
    left = kept.dropped_columns.filter(reason="personal")
    assert left.height == personal.height - 2, "one column in each of two sheets"
    assert set(personal["header"]) - set(left["header"]) == {"党务工作力量/指导员联系电话"}


def test_words_are_the_users_to_add(odd):
    plain = read(odd)
    assert plain.problems.filter(code="mode_unknown_word")["value"].to_list() == ["商会带建"]
    text = "\n".join(check_text(account(plain), Formats("zh")))
    assert 'written = ["商会带建"]' in text
    assert "affiliated、area、joint、none、solo" in text
    words = {"mode": {"商会带建": "joint", "挂靠组建": "联建"}}
    roster = read(odd, words=words)
    assert roster.to_polars()["mode"].to_list() == ["joint", "joint"]
    assert roster.to_polars()["mode_detail"].to_list() == ["商会带建", "挂靠组建"]
    assert roster.words.rows() == [
        ("mode", "商会带建", "joint", None),
        ("mode", "挂靠组建", "joint", "affiliated"),
    ]
    text = "\n".join(check_text(account(roster), Formats("zh")))
    assert "“挂靠组建” → 联建（原表为挂靠，以增加的为准）" in text
    frame = pl.DataFrame({"org_id": IDS[:2], "year": [2013] * 2, "mode": ["商会带建", "solo"]})
    assert read(frame, words=words).to_polars()["mode"].to_list() == ["joint", "solo"]
    for wrong, en, zh in (
        ({"mod": {"x": "joint"}}, "did you mean 'mode'", "是不是“mode”"),
        ({"mode": {"x": "jiont"}}, "did you mean 'joint'", "是不是“joint”"),
    ):
        check(dj.ArgumentError, en, zh, lambda wrong=wrong: read(odd, words=wrong))


def test_a_profile_is_saved_edited_and_used_again(odd, tmp_path):
    first = read(
        odd, columns={"党组织组健形式": "mode"}, keep=["楼栋", "备注 (2)"], words={"mode": {"x": "solo"}}
    )
    path = tmp_path / "县.toml"
    first.save_profile(path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# 表头对照表")
    assert "139" not in text
    again = read(odd, profile=path)
    assert again.to_polars().equals(first.to_polars())
    assert again.columns_read.equals(first.columns_read)
    again.save_profile(tmp_path / "again.toml")
    assert (tmp_path / "again.toml").read_text(encoding="utf-8") == text
    over = read(odd, profile=path, columns={"党组织组健形式": "own"}, words={"mode": {"x": "area"}})
    assert over.to_polars()["own"].to_list() == ["x", "y"]
    assert over.words["value"].to_list() == ["area"]
    path.write_text(text.replace('column = "mode"', 'column = "mood"', 1), encoding="utf-8")
    check(
        dj.DefinitionError,
        "field column: there is no column 'mood'",
        "没有名为“mood”的列",
        lambda: read(odd, profile=path),
    )
    check(dj.FileError, "no such file", "没有这个文件", lambda: read(odd, profile=tmp_path / "x.toml"))


@pytest.mark.parametrize("folder", ["ledger62", "one_book", "xls_old", "flat_gb18030", "hexigten"])
def test_the_profile_of_a_set_reads_it_the_same(folder, tmp_path):
    files = [
        f for f in sorted(shared.data(f"ledgers/{folder}").iterdir()) if f.suffix in (".xlsx", ".xls", ".csv")
    ]
    files = [f for f in files if f.name != "workers.csv"]
    first = read(files)
    first.save_profile(tmp_path / "p.toml")
    again = read(files, profile=tmp_path / "p.toml")
    assert again.to_polars().equals(first.to_polars())
    assert again.problems.equals(first.problems)
    assert again.columns_read.equals(first.columns_read)


def test_the_command_saves_and_uses_a_profile(odd, tmp_path):
    path = tmp_path / "县.toml"
    saved = run("check", odd, "--save-profile", path)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert f"已写入对照表：{path}" in saved.stdout
    assert run("check", odd, "--save-profile", path).returncode == 2
    text = path.read_text(encoding="utf-8")
    path.write_text(
        f'{text}\n[[words]]\ncolumn = "mode"\nvalue = "联建"\nwritten = ["商会带建"]\n', encoding="utf-8"
    )
    used = run("check", odd, "--profile", path, "--lang", "en")
    assert "“商会带建” → joint" in used.stdout
    review = run("review", SAMPLE.ledgers[-1], "--profile", path, "--out", tmp_path / "out")
    assert review.returncode == 0, review.stderr


def test_the_profile_on_the_page_is_one(odd, tmp_path):
    page = (ROOT / "docs" / "headers.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "p.toml").write_text(example, encoding="utf-8")
    roster = read(odd, profile=tmp_path / "p.toml")
    assert roster.to_polars()["mode"].to_list() == ["joint", "affiliated"]
    assert roster.to_polars()["楼栋"].to_list() == [3, 4]
