"""User errors: the right exception, a message in each language that names the cause, and the exit code."""

from __future__ import annotations

import copy
import pickle
import zipfile
from pathlib import Path

import polars as pl
import pytest

import dangjian
from helpers.messages import check, has_chinese, run

SAMPLE = dangjian.datasets.hexigten()
IDS = ("91110000600037341L", "91110000101623741K", "911101066976941872")


@pytest.fixture(scope="module")
def roster():
    return dangjian.read_roster(SAMPLE.ledgers[-2:])


def place(error):
    return error.file, error.sheet, error.row, error.column, error.value


def raised(kind, call):
    """Returns the place in the error of ``call``."""
    with pytest.raises(kind) as caught:
        call()
    return place(caught.value)


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (dangjian.ArgumentError, ValueError),
        (dangjian.FileError, OSError),
        (dangjian.DefinitionError, Exception),
        (dangjian.DataError, Exception),
        (dangjian.InternalError, Exception),
    ],
)
def test_an_error_is_one_of_python_s_own_too(kind, base):
    for error in (
        kind("the column is unknown", "没有这一列"),
        kind(en="the column is unknown", zh="没有这一列"),
    ):
        for copied in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
            assert type(copied) is kind
            assert isinstance(copied, base)
            assert copied.args == ("the column is unknown", "没有这一列")
            assert str(copied) == copied.message("en") == "the column is unknown"
            assert copied.message() == "没有这一列"
            assert repr(copied) == f"{kind.__name__}('the column is unknown', '没有这一列')"
    assert kind("alone").message("zh") == "alone"


def test_an_error_keeps_its_place():
    for kind in (dangjian.ArgumentError, dangjian.FileError):
        error = kind("wrong", "错了", file="台账.xlsx", sheet="企业", row=3, column="mode", value="单独")
        for copied in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
            assert place(copied) == ("台账.xlsx", "企业", 3, "mode", "单独")
        assert place(kind("wrong")) == (None,) * 5


def test_a_file_error_takes_no_text_for_a_number():
    error = dangjian.FileError("2", "two")
    assert (error.errno, error.strerror, error.filename) == (None, None, None)


def test_errors_are_caught_by_python_s_own_names(roster, tmp_path):
    with pytest.raises(OSError, match="no such file"):
        dangjian.read_roster(tmp_path / "没有.xlsx")
    with pytest.raises(ValueError, match="2099"):
        roster.targets(2099)
    check(
        dangjian.ArgumentError, "'zh' (中文) or 'en'", "应为 'zh'", lambda: dangjian.labels.check_lang("fr")
    )


# Files: what is written under which name, and what the message says in English and in Chinese.

OLE2 = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
LEDGER = f"org_id,name\n{IDS[0]},甲\n"
FILES = {
    "locked": ("台账2013.xlsx", OLE2 + "EncryptedPackage".encode("utf-16-le"), "password", "密码"),
    "no bytes": ("台账2013.xlsx", b"", "0 bytes", "0 字节"),
    "cut off": ("台账2013.xlsx", SAMPLE.ledgers[-1].read_bytes()[:20_000], "damaged", "损坏"),
    "no workbook": ("台账2013.xlsx", b"org_id,name", "not a workbook", "不是"),
    "a web page": ("台账2013.xls", b"<html><table></table></html>", "web page", "网页"),
    "no text": ("台账2013.csv", b"\xff\xff\x80", "GB18030", "GB18030"),
    "other columns": ("台账2013.csv", "甲,乙\n1,2\n".encode(), "no ledger found", "没有找到台账"),
    "no year": ("台账.csv", LEDGER.encode(), "year is not known", "看不出是哪一年"),
    "cut off parquet": ("台账2013.parquet", b"PAR1", "damaged", "损坏"),
    "another kind": ("台账2013.doc", b"x", "'doc'", "doc"),
}


@pytest.fixture(params=FILES)
def unusable(request, tmp_path):
    name, content, *said = FILES[request.param]
    (tmp_path / name).write_bytes(content)
    return tmp_path / name, *said


def test_a_file_that_cannot_be_read(unusable):
    path, en, zh = unusable
    check(dangjian.FileError, en, zh, lambda: dangjian.read_roster(path))
    file, sheet, _, column, value = raised(dangjian.FileError, lambda: dangjian.read_roster(path))
    assert (file, sheet, column, value) == (str(path), None, None, None)
    with pytest.raises(dangjian.FileError, match=path.name):
        dangjian.read_roster([SAMPLE.ledgers[0], path])


def test_a_sheet_that_is_damaged_is_named_with_its_row(tmp_path):
    sound, path = tmp_path / "sound.xlsx", tmp_path / "台账2013.xlsx"
    pl.DataFrame({"org_id": IDS, "employees": [12, 34, 56]}).write_excel(sound, worksheet="企业")
    with zipfile.ZipFile(sound) as parts, zipfile.ZipFile(path, "w") as spoilt:
        for name in parts.namelist():
            part = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                # The last text is the code in row 4.
                before, last = part.rsplit(b't="s"><v>', 1)
                part = before + b't="s"><v>999' + last
            spoilt.writestr(name, part)
    assert dangjian.read_roster(sound, year=2013).years == [2013]
    check(
        dangjian.FileError,
        "is not a valid shared string index",
        "第 4 行",
        lambda: dangjian.read_roster(path),
    )
    file, sheet, row, column, value = raised(dangjian.FileError, lambda: dangjian.read_roster(path))
    assert (file, sheet, row, column) == (str(path), "企业", 4, None)
    assert value.startswith("999")


def test_the_words_of_a_library_are_quoted_in_chinese(tmp_path):
    cut = {"台账2013.parquet": b"PAR1", "台账2013.arrow": b"ARROW1", "台账2013.xlsx": b"PK\x03\x04no zip"}
    for name, content in cut.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(dangjian.FileError) as caught:
            dangjian.read_roster(tmp_path / name)
        said, words = caught.value.message("zh").split("库的原话：")
        assert has_chinese(said.removeprefix(str(tmp_path / name)))
        # English follows in the brackets.
        assert words[0].isascii()


def test_nothing_to_read(tmp_path):
    missing, empty = tmp_path / "没有.xlsx", tmp_path / "空"
    empty.mkdir()
    check(dangjian.FileError, "no such file", "找不到", lambda: dangjian.read_roster(missing))
    check(dangjian.FileError, "no ledger", "没有台账", lambda: dangjian.read_roster(empty))
    pattern = str(tmp_path / "*.xlsx")
    check(dangjian.FileError, pattern, "没有文件符合", lambda: dangjian.read_roster(pattern))
    check(dangjian.ArgumentError, "no file", "没有给出", lambda: dangjian.read_roster([]))


def test_what_is_no_source():
    for source in (5, [5], [pl.DataFrame()], None):
        check(
            dangjian.ArgumentError,
            "expected paths",
            "应为路径",
            lambda source=source: dangjian.read_roster(source),
        )


# Calls: a request to the roster, and words of the message.
CALLS = {
    "year of a review": (lambda r: r.review(1999), "1999. Available: 2012, 2013", "1999"),
    "year of a table": (lambda r: r.coverage(years=[2013, 1999]), "1999. Available: 2012, 2013", "1999"),
    "year of gaps": (lambda r: r.gaps("guided", 1999), "1999. Available: 2012, 2013", "1999"),
    "no year at all": (lambda r: r.coverage(years=99999), "99999 is not a year", "99999 不是年份"),
    "dimension": (lambda r: r.coverage(by="country"), "'country'. Available: year, kind", "“country”"),
    "dimension of counts": (lambda r: r.formation(by="employees"), "'employees'", "“employees”"),
    "dimension twice": (lambda r: r.coverage(by=["kind", "kind"]), "'kind' is named twice", "“kind”"),
    "moves twice": (lambda r: r.moves(["kind", "kind"]), "'kind'", "“kind”"),
    "rate": (lambda r: r.coverage(rates="organized"), "'organized'. Available: organised", "“organized”"),
    "target": (lambda r: r.gaps("nothing", 2013), "'nothing'. Available: eligible_established", "“nothing”"),
    "counts": (
        lambda r: r.star_transitions(counts="people"),
        "'people'. Available: organisations",
        "“people”",
    ),
    "column of a predicate": (
        lambda r: r.formation(where="member_full > 2"),
        "no column 'member_full'",
        "member_full",
    ),
    "word of a predicate": (lambda r: r.count(where="mode = 'sole'"), "did you mean 'solo'", "是不是 'solo'"),
    "half a predicate": (lambda r: r.workforce(where="mode ="), "ends too early", "没有写完"),
    "no predicate": (lambda r: r.targets(where="employees"), "members_full >= 3", "members_full >= 3"),
    "Chinese signs": (lambda r: r.targets(where="employees ＞ 3"), "full-width", "半角"),
    "sum of names": (lambda r: r.count(measures={"n": "sum(name)"}), "'name'", "“name”"),
    "sum of nothing": (lambda r: r.count(measures={"n": "sum(nam)"}), "'nam'. Available: name", "“nam”"),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_does_not_exist(roster, what):
    call, en, zh = CALLS[what]
    check(dangjian.ArgumentError, en, zh, lambda: call(roster))


def test_a_mapping_of_headers_that_are_not_there():
    for option in ({"columns": {"楼层": "name"}}, {"keep": ["楼层"]}):
        check(
            dangjian.ArgumentError,
            "'楼层'. Available:",
            "“楼层”",
            lambda option=option: dangjian.read_roster(SAMPLE.ledgers[-1], **option),
        )


def test_a_table_with_a_column_of_the_wrong_type():
    frame = pl.DataFrame({"year": [2013], "org_id": [IDS[0]], "mode": [["solo"]]})
    check(dangjian.DataError, "'mode'", "“mode”", lambda: dangjian.read_roster(frame))
    assert raised(dangjian.DataError, lambda: dangjian.read_roster(frame))[3] == "mode"


def test_a_table_of_scores_with_a_column_of_the_wrong_type(roster):
    scores = pl.read_csv(SAMPLE.scores, infer_schema=False).with_columns(书记履职=pl.lit(value=True))

    def rate():
        roster.rate_stars(scores, "wuhao", year=2013)

    check(dangjian.DataError, "'书记履职' must be a number", "“书记履职”列应为数字", rate)
    assert raised(dangjian.DataError, rate) == (None, None, None, "书记履职", None)


# Definitions: a valid record, a change to it, and words of the message.
RECORD = """[[{kind}]]
id = "mine"
label = "我的"
population = "operating"
success = "mode = 'solo'"
counts = "organisations"
source = "本地文件"
"""
SPOILT = {
    "column": (("operating", "operatin"), "field population", "no column 'operatin'", "字段 population"),
    "predicate": (("mode = 'solo'", "mode ="), "field success", "ends too early", "没有写完"),
    "field": (("source", "origin = 'x'\nsource"), "field origin", "no such field", "没有这个字段"),
    "missing field": (('label = "我的"\n', ""), "field label", "is missing", "缺少此项"),
    "counts": (('"organisations"', '"firms"'), "field counts", "'firms'", "“firms”"),
    "no id": (('id = "mine"\n', ""), "id", "missing", "id"),
}


# The field and its value, as the error names them.
FIELDS = {
    "column": ("population", "operatin"),
    "predicate": ("success", "mode ="),
    "field": ("origin", "x"),
    "missing field": ("label", None),
    "counts": ("counts", "firms"),
    "no id": ("id", None),
}


def definition(path, kind, change):
    text = RECORD.format(kind=kind)
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["rate", "target"])
@pytest.mark.parametrize("what", SPOILT)
def test_a_definition_that_is_wrong(roster, tmp_path, kind, what):
    change, where, en, zh = SPOILT[what]
    path = definition(tmp_path / "口径.toml", kind, change)
    option = {"rates": path} if kind == "rate" else {"targets": path}
    with pytest.raises(dangjian.DefinitionError) as caught:
        roster.review(2013, **option)
    text = caught.value.message("en")
    assert text.startswith(str(path))
    assert f"[[{kind}]]" in text
    assert where in text
    assert en in text
    assert zh in caught.value.message("zh")
    assert caught.value.file == str(path)
    column, value = FIELDS[what]
    assert (caught.value.column, caught.value.value) == (column, value)


def test_a_definition_that_is_no_toml(roster, tmp_path):
    path = tmp_path / "口径.toml"
    path.write_text("[[rate]\n", encoding="utf-8")
    check(dangjian.DefinitionError, "line 1", "第 1 行", lambda: roster.coverage(rates_file=path))
    at = raised(dangjian.DefinitionError, lambda: roster.coverage(rates_file=path))
    assert at == (str(path), None, 1, None, None)
    check(
        dangjian.FileError,
        "no such file",
        "没有这个文件",
        lambda: roster.coverage(rates_file=tmp_path / "x.toml"),
    )


def test_a_table_of_workers_that_is_none(roster, tmp_path):
    path = tmp_path / "workers.csv"
    check(dangjian.FileError, "no such file", "找不到该文件", lambda: roster.review(2013, workers=path))
    path.write_text("name\n甲\n", encoding="utf-8")
    check(dangjian.FileError, "'worker_id'", "“worker_id”", lambda: roster.review(2013, workers=path))
    at = raised(dangjian.FileError, lambda: roster.review(2013, workers=path))
    assert at == (str(path), None, None, "worker_id", None)
    path.write_text("worker_id,role,from,to\n1,instructor,明天,\n", encoding="utf-8")
    check(dangjian.FileError, "'明天' is not a date", "“明天”", lambda: roster.review(2013, workers=path))
    at = raised(dangjian.FileError, lambda: roster.review(2013, workers=path))
    assert at == (str(path), None, 2, "from", "明天")


def test_a_place_that_cannot_be_written(roster, tmp_path):
    path = tmp_path / "no" / "roster.parquet"
    check(dangjian.FileError, str(path), "不能写入", lambda: roster.to_parquet(path))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_what_the_system_says_is_said_in_chinese(roster, tmp_path):
    full = Path("/dev/full")
    check(dangjian.FileError, "the disk is full", "不能写入：磁盘空间已满", lambda: roster.to_parquet(full))
    check(dangjian.FileError, "the disk is full", "不能写入：磁盘空间已满", lambda: roster.save_profile(full))
    check(
        dangjian.FileError,
        "this is a folder, not a file",
        "打不开：这是文件夹，不是文件",
        lambda: roster.coverage(rates_file=tmp_path),
    )
    with pytest.raises(FileNotFoundError):
        roster.review(2013).to_excel(tmp_path / "no" / "review.xlsx")


# The command, called from a script.


def is_one_message(result, *said):
    """Checks for exit code 2, an empty stdout, and one line on stderr that states the error."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("dangjian: ")
    for word in said:
        assert str(word) in line


def test_the_command_on_a_file_that_cannot_be_read(unusable, tmp_path):
    path, en, zh = unusable
    is_one_message(run("review", path, "--out", tmp_path / "out", "--lang", "en"), path, en)
    is_one_message(run("check", path), path, zh)
    assert not (tmp_path / "out").exists()


def test_the_command_on_nothing(tmp_path):
    is_one_message(run("check", tmp_path / "没有.xlsx", "--lang", "en"), "没有.xlsx", "no such file")
    (tmp_path / "空").mkdir()
    is_one_message(run("review", tmp_path / "空", "--out", tmp_path / "out"), "空", "没有台账")


def test_the_command_on_a_year_or_definition_that_is_wrong(tmp_path):
    review = ("review", SAMPLE.ledgers[-1], "--out", tmp_path / "out", "--lang", "en")
    is_one_message(run(*review, "--year", 1999), "1999", "Available: 2013")
    is_one_message(run(*review, "--year", 99999), "99999 is not a year")
    path = definition(tmp_path / "口径.toml", "rate", SPOILT["column"][0])
    is_one_message(run(*review, "--rates", path), path, "operatin")
    path = definition(tmp_path / "目标.toml", "target", SPOILT["field"][0])
    is_one_message(run(*review, "--targets", path), path, "origin")
    is_one_message(run(*review, "--workers", tmp_path / "x.csv"), "x.csv")


def test_the_command_where_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("")
    review = ("review", SAMPLE.ledgers[-1], "--out", tmp_path / "file" / "out")
    is_one_message(run(*review), tmp_path / "file", "路径中有一段不是文件夹")
    is_one_message(run(*review, "--lang", "en"), tmp_path / "file", "part of the path is not a folder")


def test_the_command_that_succeeds(tmp_path):
    files = SAMPLE.ledgers[-2:]
    assert run("check", *files).returncode == 0
    review = ("review", *files, "--out", tmp_path / "out", "--year", 2013)
    done, strict = run(*review), run(*review, "--strict")
    assert (done.returncode, done.stderr) == (0, "")
    # Fourteen eligible organisations have no party organisation, so the first target is missed.
    assert (strict.returncode, strict.stderr) == (1, "")
    assert strict.stdout == done.stdout
    easy = tmp_path / "易.toml"
    easy.write_text(
        RECORD.format(kind="target").replace("mode = 'solo'", "true") + "target = 1.0\n", encoding="utf-8"
    )
    assert run(*review, "--strict", "--targets", easy).returncode == 0
