"""Names, telephones and identity numbers of persons, planted all over ledgers, are in nothing that is written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

import dangjian
from dangjian.cli import app
from helpers.tables import code, organisation

HEADER = [
    "序号",
    "单位名称",
    "统一社会信用代码",
    "工商注册号",
    "原注册号",
    "所在乡镇",
    "行政区划代码",
    "所属行业",
    "从业人员",
    "正式党员",
    "预备党员",
    "组建形式",
    "党组织名称",
    "党组织代码",
    "党组织成立时间",
    "评定星级",
    "是否建立工会",
    "党组织活动经费（万元）",
    "党建工作得分",
    "法定代表人",
    "党组织书记",
    "联系人",
    "联系电话",
    "身份证号",
    "姓名",
    "备注",
    "经办",
    "手机",
]
PERSONAL = {"法定代表人", "党组织书记", "联系人", "联系电话", "身份证号", "姓名", "手机", "经办", "备注"}


class Planted:
    """Makes persons of nobody, and remembers every value given out."""

    def __init__(self) -> None:
        self.values: list[str] = []

    def identity(self) -> str:
        """Returns an identity number of 18 characters, right by its check."""
        first = f"15042519{60 + len(self.values) % 40:02d}0307{len(self.values):03d}"
        weights = [pow(2, 17 - at, 11) for at in range(17)]
        check = sum(int(sign) * weight for sign, weight in zip(first, weights, strict=True)) % 11
        return self.keep(first + "10X98765432"[check])

    def old_identity(self) -> str:
        """Returns a number of 15 digits; one in ten is a registration number by its check, which none of these is."""
        first = f"150425{60 + len(self.values) % 40:02d}0307{len(self.values) % 100:02d}"
        rest = 10
        for digit in first:
            rest = (((rest + int(digit)) % 10) or 10) * 2 % 11
        return self.keep(first + str((11 - rest + 1) % 10))

    def mobile(self) -> str:
        """Returns the number of a mobile telephone."""
        return self.keep(f"1390476{len(self.values):04d}")

    def name(self) -> str:
        """Returns a name that nobody has."""
        return self.keep("赵钱孙李周吴郑王"[len(self.values) % 8] + chr(0x9F00 + len(self.values)) + "鑫")

    def keep(self, value: str) -> str:
        """Remembers a value."""
        self.values.append(value)
        return value


def number(planted: Planted, at: int) -> str:
    return (planted.identity, planted.mobile, planted.old_identity)[at % 3]()


def whole(at: int) -> dict[str, object]:
    """Returns a row without persons."""
    return {
        "序号": at + 1,
        "单位名称": organisation(at),
        "统一社会信用代码": code(at),
        "行政区划代码": "150425000000",
        "从业人员": 9,
        "正式党员": 3,
        "组建形式": "单建",
        "党组织名称": f"示例{at}号支部",
        "评定星级": "三星",
    }


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def ledgers(tmp_path: Path, planted: Planted) -> list[str]:
    """Two years of a workbook with a number of a person in every column, in turn, and names where they belong."""
    paths = []
    for year in (2012, 2013):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "非公企业"
        sheet.append([f"两新组织台账（填表人{planted.name()} {planted.mobile()}）"])
        sheet.append([f"制表：{planted.name()}", None, planted.identity()])
        sheet.append(HEADER)
        for at, header in enumerate(HEADER):
            row = whole(at)
            row.update({column: planted.name() for column in PERSONAL & set(HEADER)})
            value = number(planted, at)
            row[header] = value if at % 2 else f"见{value}"
            sheet.append([row.get(column) for column in HEADER])
        sheet.append([f"注：请与{planted.name()}联系，{planted.mobile()}"])
        sheet.append([None, planted.name(), planted.identity()])
        people = book.create_sheet("花名册")
        people.append(["序号", "姓名", "身份证号", "联系电话", "所在单位", "职务"])
        for at in range(3):
            people.append([at + 1, planted.name(), planted.identity(), planted.mobile(), "工会", "主席"])
        bare = book.create_sheet("名单")
        for _ in range(3):
            bare.append([planted.name(), planted.identity(), planted.mobile(), "工会", "企业"])
        path = tmp_path / f"台账{year}.xlsx"
        book.save(path)
        paths.append(str(path))
    return paths


def shown(folder: Path) -> str:
    """Returns all that was written to a folder, workbooks unpacked."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
                texts += [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
        elif path.suffix == ".parquet":
            texts.append(pl.read_parquet(path).write_ndjson())
        elif path.is_file():
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(texts)


def leaks(text: str, planted: Planted) -> list[str]:
    return [value for value in planted.values if value in text or value.lower() in text]


def command(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code in (0, 2), done.output
    return done.output + (done.stderr or "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_commands_show_no_person(ledgers, planted, tmp_path, lang):
    out = tmp_path / "out"
    assert len(planted.values) > 80
    texts = [
        command("check", *ledgers, "--lang", lang, "--save-profile", tmp_path / "profile.toml"),
        command("check", *ledgers, "--repair", "--lang", lang),
        command("review", *ledgers, "--out", out / "review", "--lang", lang),
        command("compare", *ledgers, "--out", out / "compare.xlsx", "--lang", lang),
        command("compare", *ledgers, "--link", "--lang", lang),
        (tmp_path / "profile.toml").read_text(encoding="utf-8"),
        shown(out),
    ]
    assert "示例9号" in texts[-1], "the test reads what was written"
    assert [leaks(text, planted) for text in texts] == [[] for _ in texts]


def test_tables_of_the_roster_show_no_person(ledgers, planted, tmp_path):
    roster = dangjian.read_roster(ledgers, progress=False)
    names = ["sources", "tables", "skipped", "columns_read", "dropped_columns", "words", "problems"]
    tables = {name: getattr(roster, name).write_ndjson() for name in names}
    tables["panel"] = roster.to_polars().write_ndjson()
    tables["shown"] = repr(roster) + roster._repr_html_()
    (tmp_path / "panel").mkdir()
    roster.to_parquet(tmp_path / "panel" / "panel.parquet")
    tables["parquet"] = shown(tmp_path / "panel")
    assert {name: leaks(text, planted) for name, text in tables.items() if leaks(text, planted)} == {}


def test_what_is_returned_marks_no_person(ledgers, planted, tmp_path):
    """The ledgers go back to their sender as they came; the notes and the list of problems name nobody."""
    roster = dangjian.read_roster(ledgers, progress=False)
    done = roster.return_to(tmp_path / "back", lang="zh")
    assert leaks(done.write_ndjson(), planted) == []
    for path in (tmp_path / "back").rglob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            notes = [name for name in book.namelist() if "comment" in name.lower()]
            assert notes
            assert [leaks(book.read(name).decode(), planted) for name in notes] == [[] for _ in notes]


@pytest.mark.parametrize("name", ["名册2013.csv", "名册2013.txt"])
@pytest.mark.parametrize("header", [True, False])
def test_rosters_of_persons_are_refused_without_a_value(tmp_path, planted, name, header):
    rows = [["序号", "姓名", "身份证号", "电话", "单位", "职务"]] if header else []
    rows += [
        [str(at), planted.name(), planted.identity(), planted.mobile(), "工会", "主席"] for at in range(4)
    ]
    path = tmp_path / name
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    text = command("check", path)
    with pytest.raises(dangjian.Error) as refused:
        dangjian.read_roster(path, progress=False)
    assert leaks(text + str(refused.value) + refused.value.message("zh"), planted) == []
