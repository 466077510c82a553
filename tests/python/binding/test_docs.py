"""The pages in docs/ agree with the engine. `make docs` writes docs/problems.md, and the tables of rates,
conditions and size bands in docs/definitions.md.
"""

from __future__ import annotations

import os
import re
import tomllib

import dangjian as dj
from dangjian import _native, labels
from helpers import ROOT

DOCS = ROOT / "docs"

HEAD = """\
# Problems 数据问题

What reading can report, by code: the rows and cells of `roster.problems`, and of `dangjian check`. Written by
`make docs` from `dangjian.problem_codes()`; do not edit.

- `reject`: the row is not read. `null`: the cell counts as not known. `merge`: a repeated row, merged with the first.
  `report`: a row that contradicts an earlier one of the same organisation and year; the first is used, this one is not.
  `warn`: taken as written, at a coarser level, or repaired as asked, and to be looked at.
- Rows of data = kept + rejected + merged + conflicts, in every sheet: `reject`, `merge` and `report` are the last three.

"""


def problems() -> str:
    lines = [
        "| code | 问题 | what is done | how grave | 怎么办 | what it means, what to do |",
        "|---|---|---|---|---|---|",
    ]
    for code, action, severity, zh, en in dj.problem_codes().rows():
        cells = (f"`{code}`", labels.value("code", code), f"`{action}`", severity, zh, en)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return HEAD + "\n".join(lines) + "\n"


def test_the_page_of_problems_is_the_catalogue():
    page = problems()
    assert page.count("\n| `") == dj.problem_codes().height > 20
    path = DOCS / "problems.md"
    if "UPDATE_DOCS" in os.environ:
        path.write_text(page, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == page, "run make docs"


def test_every_problem_has_a_label_in_both_languages():
    for code in dj.problem_codes()["code"]:
        assert code not in (labels.value("code", code, "zh"), labels.value("code", code, "en"))


def shipped(name):
    """Returns the records of a definition file."""
    text = (DOCS.parent / "definitions" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def page_table(header, rows):
    """Formats a table of the page."""
    lines = [header, *(("---",) * len(header),), *rows]
    return "".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def tables_of_definitions():
    """Returns the tables of the page of definitions, by the heading before each."""
    rates, bands = shipped("rates"), shipped("bands")["bands"]

    def years(rate):
        return f"{rate.get('from', '…')}–{rate.get('to', '…')}" if {"from", "to"} & set(rate) else ""

    measured = [
        (f"`{r['id']}`", r["label"], f"`{r['population']}`", f"`{r['success']}`", years(r), r["source"])
        for r in rates["rate"]
    ]
    named = [(f"`{c['id']}`", c["label"], f"`{c['when']}`", c["source"]) for c in rates["condition"]]
    sizes = [(f"`{b['id']}`", b["label"], f"`{b['column']}`", b["from"], b["source"]) for b in bands]
    return {
        "## The rates that come with the engine\n\n": page_table(
            ("id", "名称", "population", "success", "years", "source"), measured
        )
        + "\n"
        + page_table(("condition", "名称", "when", "source"), named),
        "## Size bands\n": page_table(("id", "名称", "column", "from", "source"), sizes),
    }


def test_the_page_of_definitions_has_the_rates_and_bands_as_shipped():
    path = DOCS / "definitions.md"
    page = path.read_text(encoding="utf-8")
    tables = tables_of_definitions()
    assert len(shipped("rates")["rate"]) == len(_native.definitions()["rates"]) >= 10
    if "UPDATE_DOCS" in os.environ:
        for heading, table in tables.items():
            before, _, after = page.partition(heading)
            old = re.search(r"(?:^\|.*\n)+(?:\n(?:^\|.*\n)+)*", after, re.MULTILINE)
            page = before + heading + after[: old.start()] + table + after[old.end() :]
        path.write_text(page, encoding="utf-8", newline="\n")
    for heading, table in tables.items():
        assert table in page.partition(heading)[2], "run make docs"


def test_the_page_of_definitions_has_every_target_as_shipped():
    page = (DOCS / "definitions.md").read_text(encoding="utf-8").split("## The four targets")[1]
    targets = shipped("targets")["target"]
    assert len(targets) == len(_native.definitions()["targets"]) == 4
    for record in targets:
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{record['id']}` |"))
        assert f"| {record['label']} | `{record['population']}` | `{record['success']}` |" in row


def test_definitions_in_print_have_their_conditions_written_out():
    named = {condition["id"] for condition in shipped("rates")["condition"]}
    definitions = _native.definitions()
    for record in (*definitions["rates"], *definitions["targets"]):
        for field in ("population", "success"):
            assert not named & set(re.findall(r"\w+", re.sub(r"'[^']*'", "", record[field]))), record
    record = next(record for record in definitions["rates"] if record["id"] == "eligible_established")
    assert record["population"] == "members_full >= 3"
    assert record["success"] == "mode in ('solo', 'joint', 'affiliated')"


def test_the_page_of_definitions_has_every_finding_as_shipped():
    page = (DOCS / "definitions.md").read_text(encoding="utf-8").partition("| id | 名称 | severity |")[2]
    shipped = tomllib.loads((DOCS.parent / "definitions" / "formation.toml").read_text(encoding="utf-8"))
    assert len(shipped["finding"]) > 15
    for record in shipped["finding"]:
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{record['id']}` |"))
        assert row == f"| `{record['id']}` | {record['label']} | {record['severity']} | `{record['when']}` |"
