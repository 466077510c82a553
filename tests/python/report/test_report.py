"""The files of a review (page, workbook, JSON), read back with libraries other than those that wrote them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import openpyxl
import polars as pl
import pytest

from dangjian import charts, labels
from dangjian.report.format import Formats
from dangjian.report.svg import inline
from helpers import made

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Checks that tags nest, and collects text, tags, attributes and ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Records an element."""
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Records a self-closing element."""
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        """Checks that the tag closes the last one opened."""
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Records text."""
        self.text.append(data)


@pytest.fixture(scope="module")
def review():
    return made.review()


@pytest.fixture(scope="module", params=["zh", "en"])
def html(request, review, tmp_path_factory):
    path = review.to_html(tmp_path_factory.mktemp("html") / "review.html", lang=request.param)
    return path.read_text(encoding="utf-8")


def test_page_nests_and_needs_nothing_from_outside(html):
    page = Page(html)
    assert page.open == []
    assert page.tags.count("svg") == 4
    assert page.tags.count("table") > 15
    assert len(page.ids) == len(set(page.ids)) > 6
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(page.tags)
    assert not [a for a in page.attributes if a[0].startswith("on")]
    loads = [v for k, v in page.attributes if k in ("href", "src", "xlink:href")]
    assert loads
    assert all((v or "").startswith("#") for v in loads)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_page_escapes_what_ledgers_hold(html):
    assert made.HOSTILE not in html
    assert "<script" not in html.lower()
    assert made.HOSTILE in "".join(Page(html).text)


def test_page_says_no_nan_none_or_null(html):
    text = " ".join(Page(html).text)
    assert not re.search(r"\b(NaN|nan|None|null|inf)\b", text.replace("is not null", ""))


def test_page_says_what_was_cut(review, tmp_path, monkeypatch):
    monkeypatch.setattr("dangjian.report.html.SHOWN", 2)
    monkeypatch.setattr("dangjian.report.html.FOLDED", 3)
    gaps = review.tables["gaps"]["target"].value_counts().rows()
    text = "".join(Page(review.to_html(tmp_path / "r.html").read_text(encoding="utf-8")).text)
    long = [n for _, n in gaps if n > 5]
    assert long
    for n in long:
        assert f"另有 {n - 5} 条未列于本页" in text


def test_page_shows_every_rate_with_its_parts(review, html):
    text = re.sub(r"\s+", " ", " ".join(Page(html).text))
    fmt = Formats("zh")
    for target in review.tables["targets"].iter_rows(named=True):
        assert fmt.percent(target["rate"]) in text
        assert f"{target['success']}/{target['success'] + target['failure']}" in text
    marks = text.count("待确认") + text.count("to be confirmed")
    assert marks >= 2 * sum(t["inferred"] for t in review.targets) > 0


def test_page_lists_everybody_behind_a_finding(review, html):
    text = " ".join(Page(html).text)
    listed = review.tables["formation_audit_list"]
    assert listed.height > 3
    for name in listed.filter(pl.col("name") != made.HOSTILE, pl.col("name") != made.FORMULA)["name"]:
        assert name in text
    counted = review.tables["formation_audit"].filter(pl.col("year") == 2013)
    for finding, n in counted.select("finding", "organisations").rows():
        assert n == listed.filter(pl.col("finding") == finding).height


def test_page_of_a_first_year_without_stars_or_gaps(tmp_path):
    panel = made.panel(30).filter(pl.col("year") == 2011)
    review = made.review(2011, panel.with_columns(activities=pl.lit(3), instructor_id=pl.lit("ZD1")))
    review.tables["gaps"] = review.tables["gaps"].clear()
    text = "".join(Page(review.to_html(tmp_path / "r.html").read_text(encoding="utf-8")).text)
    assert "没有上一年台账" in text
    assert "没有缺口" in text
    review.to_excel(tmp_path / "r.xlsx")


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        *((1.0, "100.0%"), (0.99999, "99.9%"), (0.9994, "99.9%"), (0.0, "0.0%"), (0.00001, "0.1%")),
        *((2 / 3, "66.7%"), (None, "—"), (float("nan"), "—")),
    ],
)
def test_percent_is_never_rounded_to_all_or_none(rate, text):
    assert Formats("zh").percent(rate) == text


def test_workbook_holds_numbers_and_chinese_headers(review, tmp_path):
    book = openpyxl.load_workbook(review.to_excel(tmp_path / "review.xlsx"))
    assert book.sheetnames[0] == "概要"
    assert all(len(name) <= 31 for name in book.sheetnames)
    assert len(book.sheetnames) == 1 + len(review.tables) - 1 + len(review.targets)
    sheet = book["覆盖率（按乡镇街道）"]
    frame = review.tables["coverage_by_township"].drop("label_en")
    heads = [c.value for c in sheet[1]]
    assert heads == [labels.column(c) for c in frame.columns]
    assert "乡镇街道" in heads
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref is not None
    for column in ("success", "rate", "year"):
        at = frame.columns.index(column) + 1
        cells = [sheet.cell(row, at) for row in range(2, frame.height + 2)]
        assert [c.value for c in cells] == pytest.approx(frame[column].to_list())
        assert all(c.data_type == "n" for c in cells)
    percent = sheet.cell(2, frame.columns.index("rate") + 1)
    assert percent.number_format.endswith("%")
    assert sheet.cell(2, frame.columns.index("township") + 1).data_type == "s"


def test_workbook_has_no_formula(review, tmp_path):
    book = openpyxl.load_workbook(review.to_excel(tmp_path / "review.xlsx"))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert len(cells) > 1000
    assert not [c for c in cells if c.data_type == "f"]
    assert not [c for c in cells if c.hyperlink]
    assert review.tables["gaps"]["name"].is_in([made.FORMULA]).any()
    assert [c for c in cells if c.value == made.FORMULA and c.data_type == "s"]


def test_long_tables_go_on_in_a_next_sheet(review, tmp_path, monkeypatch):
    monkeypatch.setattr("dangjian.report.excel.LINES", 4)
    book = openpyxl.load_workbook(review.to_excel(tmp_path / "review.xlsx"))
    parts = [s for s in book if s.title.startswith("缺口1")]
    expected = review.tables["gaps"].filter(pl.col("target") == made.TARGETS[0]["id"]).height
    assert sum(s.max_row - 1 for s in parts) == expected > 4
    assert len({s.title.casefold() for s in book}) == len(book.sheetnames)


def test_json_has_no_nan(review, tmp_path):
    review.headline["coverage"]["rate"] = float("nan")
    text = review.to_json(tmp_path / "review.json").read_text(encoding="utf-8")
    head = json.loads(text, parse_constant=pytest.fail)
    assert head["coverage"]["rate"] is None
    assert head["targets"][0]["label"] == made.TARGETS[0]["label_zh"]


def test_write_puts_everything_in_the_folder(tmp_path):
    review = made.review()
    written = review.write(tmp_path / "out")
    assert {p.name for p in written if p.parent == tmp_path / "out"} == {
        "review.html",
        "review.xlsx",
        "review.json",
    }
    for name, frame in review.tables.items():
        assert pl.read_parquet(tmp_path / "out" / "tables" / f"{name}.parquet").equals(frame)


def test_repr_is_small_and_escaped(review):
    target = review.headline["targets"][0]
    label, target["label"] = target["label"], made.HOSTILE
    html = review._repr_html_()
    target["label"] = label
    assert "<script" not in html
    assert len(html) < 3000
    assert "2013" in repr(review)


def test_lang_is_checked(review, tmp_path):
    with pytest.raises(ValueError, match=r"'zh' .*'en'"):
        review.to_html(tmp_path / "r.html", lang="fr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_charts_draw_the_numbers(review, lang):
    tables = review.tables
    drawn = {
        "coverage_by": charts.coverage_by(tables["coverage_by_township"], "township_name", lang=lang),
        "coverage_over_years": charts.coverage_over_years(tables["coverage"], lang=lang),
        "formation_over_years": charts.formation_over_years(tables["formation"], lang=lang),
        "star_distribution": charts.star_distribution(tables["stars"], lang=lang),
        "star_moves_heatmap": charts.star_moves_heatmap(tables["star_moves"], year=2012, lang=lang),
        "targets_bar": charts.targets_bar(tables["targets"], lang=lang),
    }
    svg = {name: str(inline(chart, "图", name=name)) for name, chart in drawn.items()}
    total = tables["formation"].filter(pl.col("year") == 2013)["organisations"].sum()
    assert f">{total}<" in svg["formation_over_years"]
    assert "经棚镇" in svg["coverage_by"]
    moves = tables["star_moves"].filter(pl.col("year") == 2012)["party_organisations"]
    assert all(f">{n}<" in svg["star_moves_heatmap"] for n in moves if n)
    for text in svg.values():
        assert "http" not in text
        assert 'fill="white"' not in text
        assert "var(--ink-soft)" in text


def test_palette_tones_are_distinct_so_that_a_page_can_swap_them():
    tones = list(charts.PALETTE.values())
    assert len(set(tones)) == len(tones) > 20


def test_text_of_a_ledger_in_a_chart_is_escaped_and_kept(review):
    text = f'<script>&"{charts.INK}" class="x"'
    frame = review.tables["coverage_by_kind"].with_columns(kind=pl.lit(text))
    svg = str(
        inline(charts.coverage_by(frame.head(1), "kind", rate=frame["rate_id"][0]), made.HOSTILE, name="a")
    )
    page = Page(svg)
    assert page.open == []
    assert "script" not in page.tags
    assert text in page.text


def test_labels_in_both_languages():
    assert labels.column("members_full") == "正式党员"
    assert labels.column("members_full", "en") == "full members"
    assert (
        labels.value("next_mode", "solo")
        == labels.value("need", "solo")
        == labels.value("mode", "solo")
        == "单建"
    )
    assert labels.value("star_state", "4.5", "en") == "4½ stars"
    assert labels.value("committee", "unknown") == "不明"
    assert labels.table("no such table") == "no such table"
    review = made.review()
    for name, frame in review.tables.items():
        assert labels.table(name) != name
        for column in frame.columns:
            assert re.search("[一-鿿]", labels.column(column)), column
            assert labels.column(column, "en"), column
