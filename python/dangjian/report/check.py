"""The account of a reading as lines of text: the output of `dangjian check`."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import polars as pl

from dangjian import labels
from dangjian.catalogue.ledgers import FATES, OTHER_ROWS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dangjian.report.account import Account
    from dangjian.report.format import Formats

_PLACE = ["file", "sheet"]
# White space next to a Chinese character comes from a line break in the cell and has no meaning.
_BROKEN = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


def check_text(account: Account, fmt: Formats) -> Iterator[str]:
    """Yields the lines: every sheet that was read, the sheets left out, the row balance, and every problem.

    Example:
        >>> import dangjian as dj
        >>> from dangjian.report.format import Formats
        >>> from dangjian.roster.provenance import account
        >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
        >>> next(check_text(account(roster), Formats("zh")))
        '克什克腾旗两新组织党建台账2009年.xlsx · 非公企业'
    """
    sources = account.sources
    yield from _sheets(sources, account.columns_read, fmt)
    if account.skipped.height:
        yield fmt.t("不是台账，未读入的表：", "Not ledgers, and not read:")
        for file, sheet, why in account.skipped.select(*_PLACE, f"why_{fmt.lang}").rows():
            yield f"  {_place(file, sheet)}{fmt.t('：', ': ')}{why}"
        yield ""
    sums = sources.select(rows_in=pl.col("data").sum(), **{f: pl.col(f).sum() for f in FATES}).row(
        0, named=True
    )
    yield balance({"in": sums["rows_in"], **sums}, fmt)
    yield from _added_words(account.words, fmt)
    yield from _problems(account.problems, fmt)
    yield from _unknown_words(account.problems, fmt)


def balance(rows: Mapping[str, int], fmt: Formats) -> str:
    """Formats the row balance; the sign shows whether it holds.

    Example:
        >>> from dangjian.report.format import Formats
        >>> balance({"in": 9, "kept": 6, "rejected": 1, "merged": 1, "conflicts": 1}, Formats("en"))
        '9 rows read = 6 kept + 1 rejected + 1 merged + 1 conflicts'
    """
    parts = [
        fmt.t(f"{fmt.column(f)} {fmt.number(rows[f])}", f"{fmt.number(rows[f])} {fmt.column(f)}")
        for f in FATES
    ]
    sign = "=" if rows["in"] == sum(rows[f] for f in FATES) else "≠"
    read = fmt.number(rows["in"])
    return f"{fmt.t(f'读入 {read} 行', f'{read} rows read')} {sign} {' + '.join(parts)}"


def _sheets(sources: pl.DataFrame, columns: pl.DataFrame, fmt: Formats) -> Iterator[str]:
    """Yields for each sheet the source of its year, its rows by kind, its columns read and left out."""
    before: list[str] = []
    for source in sources.iter_rows(named=True):
        several = _tables(sources, source) > 1
        place = _place(source["file"], source["sheet"])
        yield f"{place} · {source['range']}" if several else place
        yield "  " + " · ".join(_origin(source, fmt))
        rows = {"in": source["data"], **{f: source[f] for f in FATES}}
        others = [f"{fmt.column(k)} {fmt.number(source[k])}" for k in OTHER_ROWS if source[k]]
        also = fmt.t("；另有", "; also ") + fmt.t("、", ", ").join(others) if others else ""
        yield f"  {balance(rows, fmt)}{also}"
        here = columns.filter(_here(source), pl.col("table") == source["table"])
        now = list(_columns(here, fmt))
        yield from (
            now if now != before else ["  " + fmt.t("列：同上一张表", "columns: as in the sheet above")]
        )
        before = now
        yield ""


def _here(source: Mapping[str, Any]) -> pl.Expr:
    """Selects the sheet of ``source``."""
    here: pl.Expr = pl.col("file").eq(source["file"]) & pl.col("sheet").eq_missing(source["sheet"])
    return here


def _tables(sources: pl.DataFrame, source: Mapping[str, Any]) -> int:
    """Counts the tables of the sheet of ``source``."""
    return sources.filter(_here(source)).height


def _origin(source: Mapping[str, Any], fmt: Formats) -> Iterator[str]:
    """Yields the years of a sheet and their source, and the encoding of its text."""
    origin = fmt.value("year_from", source["year_from"])
    yield fmt.t(f"年度：{source['years']}（{origin}）", f"year: {source['years']} ({origin})")
    if source["encoding"]:
        yield fmt.t("编码：", "encoding: ") + fmt.value("encoding", source["encoding"])


def _columns(columns: pl.DataFrame, fmt: Formats) -> Iterator[str]:
    """Yields the columns of one sheet that were read, with their meaning, and those that were not, with the reason."""
    mapped = columns.filter(pl.col("column").is_not_null())
    named = []
    for (column,), group in mapped.group_by("column", maintain_order=True):
        label = fmt.column(str(column))
        headers = [_leaf(header) for header in group["header"]]
        if group["value"].null_count() < group.height:  # an item of several columns, one of them ticked
            words = [_word(str(column), word, fmt) for word in group["value"]]
            marks = [h if _same(h, w) else f"{h}={w}" for h, w in zip(headers, words, strict=True)]
            named.append(f"{label}{fmt.t('：', ': ')}{' | '.join(marks)}")
        else:
            named += [label if _same(h, label) else f"{h} → {label}" for h in headers]
    yield from _list(fmt.t("读入的列", "columns read"), mapped.height, named, fmt)
    read = {_leaf(header) for header in mapped["header"]}
    for (status,), group in columns.filter(pl.col("column").is_null()).group_by(
        "status", maintain_order=True
    ):
        reason = fmt.value("reason", status)
        title = fmt.t(f"未读入（{reason}）", f"left out ({reason})")
        # Where a column of the same name is read, the group tells them apart.
        headers = [one_line(header) if _leaf(header) in read else _leaf(header) for header in group["header"]]
        yield from _list(title, group.height, headers, fmt)
    yield from _near_misses(columns, fmt)


def _near_misses(columns: pl.DataFrame, fmt: Formats) -> Iterator[str]:
    """Yields the headers that resemble a known one, and the way to map them to it."""
    near = columns.filter(pl.col("proposal").is_not_null())
    for header, column, value, like, similarity in near.select(
        "header", "proposal", "proposal_value", "proposal_like", "similarity"
    ).rows():
        name, to = one_line(header), column if value is None else f"{column}={value}"
        known = f"{fmt.column(column)}{'' if value is None else '=' + fmt.value(column, value)}"
        alike = f"{similarity:.0%}"
        yield "  " + fmt.t(
            f"“{name}”与“{one_line(like)}”相似 {alike}，是不是{known}？如是，请用 columns={{{name!r}: {to!r}}} 或对照表指定",
            f"“{name}” resembles “{one_line(like)}” ({alike}): is it {known}? If so, say columns={{{name!r}: {to!r}}}, or so "
            "in a profile",
        )


def _added_words(words: pl.DataFrame, fmt: Formats) -> Iterator[str]:
    """Yields the spellings that override the shipped ones, with the meaning of both."""
    if not words.height:
        return
    yield fmt.t(f"增加的用词 {words.height} 个：", f"{words.height} spellings added:")
    for column, written, value, instead_of in words.rows():
        was = "" if instead_of is None else fmt.value(column, instead_of)
        over = (
            fmt.t(f"（原表为{was}，以增加的为准）", f" (shipped as {was}; the added one counts)")
            if was
            else ""
        )
        yield f"  {fmt.column(column)}{fmt.t('：', ': ')}“{written}” → {fmt.value(column, value)}{over}"


def _unknown_words(problems: pl.DataFrame, fmt: Formats) -> Iterator[str]:
    """Yields the unknown words in the form of a profile."""
    unknown = problems.filter(
        pl.col("code").is_in(["mode_unknown_word", "word_unknown"]),
        pl.col("column").is_not_null(),
        pl.col("value") != "",
    )
    if not unknown.height:
        return
    yield ""
    yield fmt.t(
        "不认识的用词，确认含义后可写入对照表（--save-profile 写出，--profile 使用）：",
        "Words that are not known. Once it is clear what they mean, put them in a profile (written by --save-profile, used "
        "by --profile):",
    )
    all_words = labels.words()
    for (column,), group in unknown.group_by("column", maintain_order=True):
        counts = (
            group.group_by("value", maintain_order=True)
            .len()
            .sort("len", descending=True, maintain_order=True)
        )
        written = ", ".join(json.dumps(value, ensure_ascii=False) for value in counts["value"])
        one_of = fmt.t("、", ", ").join(all_words.get(str(column), ()))
        yield "  [[words]]"
        yield f'  column = "{column}"'
        yield f'  value = ""  # {fmt.t("填写其中之一：", "one of ")}{one_of}'
        yield f"  written = [{written}]"


def _list(title: str, number: int, names: list[str], fmt: Formats) -> Iterator[str]:
    if names:
        yield f"  {title} {number}{fmt.t('：', ': ')}{fmt.t('；', '; ').join(names)}"


def _problems(problems: pl.DataFrame, fmt: Formats) -> Iterator[str]:
    """Yields the kinds of problems with the action taken and the advice, then every problem in its place."""
    if not problems.height:
        yield fmt.t("没有发现问题。", "No problems were found.")
        return
    yield fmt.t(f"问题 {fmt.number(problems.height)} 条：", f"{fmt.number(problems.height)} problems:")
    kinds = (
        problems.group_by("severity", "code", "action", f"message_{fmt.lang}")
        .len()
        .sort(
            pl.col("severity").replace_strict(list(SEVERITIES), range(3), default=3),
            -pl.col("len").cast(pl.Int64),
            "code",
        )
    )
    for severity, code, action, message, number in kinds.rows():
        kind = f"{fmt.value('code', code)} {fmt.number(number)}"
        yield f"  {kind} [{fmt.value('severity', severity)}{fmt.t('，', ', ')}{fmt.value('action', action)}]"
        yield f"    {message}"
    for (file, sheet), group in problems.group_by(_PLACE, maintain_order=True):
        yield ""
        yield _place(file, sheet)
        for problem in group.iter_rows(named=True):
            yield "  " + _problem(problem, fmt)


def _problem(problem: Mapping[str, Any], fmt: Formats) -> str:
    """Formats one problem in one line: the row, the column, the value, the fault, the action taken."""
    row, line = problem["row"], problem["line"]
    also = fmt.t(f"（文本第 {line} 行）", f" (line {line})") if line not in (None, row) else ""
    where = [] if row is None else [fmt.t(f"第 {row} 行", f"row {row}") + also]
    header = one_line(problem["header"] or "").split("/")
    column = "/".join(header[-2:]) or (problem["column"] and fmt.column(problem["column"]))
    value = " ".join((problem["value"] or "").split())
    what = f"{fmt.value('code', problem['code'])} [{fmt.value('action', problem['action'])}]"
    parts = [*where, *([column] if column else []), *([f"“{value}”"] if value else [])]
    return " ".join(parts) + fmt.t("：", ": ") + what


def _place(file: str, sheet: str | None) -> str:
    return file if sheet is None else f"{file} · {sheet}"


def _word(column: str, word: str, fmt: Formats) -> str:
    """Formats the word that a tick means: a grade of ``star`` by its number."""
    return fmt.value(column, float(word) if column == "star" else word)


def _leaf(header: str) -> str:
    """Returns the lowest row of a header."""
    return one_line(header).rsplit("/", 1)[-1]


def one_line(header: str) -> str:
    """Joins a header into one line; a line break next to a Chinese character has no meaning.

    Example:
        >>> one_line("党组织  组建形式 (mode  of it)")
        '党组织组建形式(mode of it)'
    """
    return " ".join(_BROKEN.sub("", header).split())


def _same(header: str, label: str) -> bool:
    """Checks whether two names differ in width only."""
    return unicodedata.normalize("NFKC", header) == unicodedata.normalize("NFKC", label)
