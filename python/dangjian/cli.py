"""The command `dangjian`: review a year, check ledgers, compare surveys, rate stars."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import dangjian
from dangjian.errors import of_system
from dangjian.labels import check_lang
from dangjian.report.check import balance, check_text
from dangjian.report.format import NOTHING, Formats, rate_label
from dangjian.report.grid import parts
from dangjian.results.comparison import STATUSES
from dangjian.roster.provenance import account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dangjian.results.rating import Rating
    from dangjian.results.review import Review

MISSED = 1
"""Exit code: with ``--strict``, a target is missed or undecided."""

UNUSABLE = 2
"""Exit code: the input or the call is unusable; the message on stderr gives the reason."""

INTERRUPTED = 130
"""Exit code: stopped by Ctrl-C."""

_CODES = (
    "Exit codes: 0 done; 1 with --strict, a target is missed or undecided; 2 unusable input or call, with the "
    "reason on stderr; 130 stopped by Ctrl-C."
)

_FIGURES = (*STATUSES, "year", "earlier_year", "earlier", "later")

app = typer.Typer(
    help=f"The yearly ledgers of Party building (两新组织党建台账): review them, check them.\n\n{_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Language(StrEnum):
    """Languages of messages and reports."""

    zh = "zh"
    en = "en"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES…",
        help="Ledgers: files (xlsx, xls, csv, parquet), folders, or patterns like 'ledgers/*.xlsx'.",
    ),
]
Lang = Annotated[Language, typer.Option(help="Language of the report and of messages.")]
Profile = Annotated[
    Path | None,
    typer.Option(
        help="A TOML file with the meaning of headers and words, as written by --save-profile of check."
    ),
]
Repair = Annotated[
    bool,
    typer.Option(
        "--repair",
        help="Restore spoilt codes where the code is certain; each is reported as a problem.",
    ),
]

CodesFrom = Annotated[
    list[str] | None,
    typer.Option(
        "--codes-from",
        metavar="FILE",
        help="A register or a ledger of another year with names and codes (repeatable): rows without a code take that "
        "of their name; names that fit nobody or several are listed.",
    ),
]


@app.command(epilog=_CODES)
def review(
    files: Files,
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for review.html, review.xlsx, review.json and tables/*.parquet.")
    ],
    year: Annotated[int | None, typer.Option(help="The year to review; the last one if left out.")] = None,
    targets: Annotated[
        Path | None, typer.Option(help="A TOML file with the targets, in place of the shipped ones.")
    ] = None,
    rates: Annotated[
        Path | None, typer.Option(help="A TOML file with rates, added to the shipped ones by id.")
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="A star scheme: the id of one that ships with the package, or a TOML file. Party organisations with "
            "the stars from which it gives plaques are listed by name."
        ),
    ] = None,
    workers: Annotated[Path | None, typer.Option(help="A table of party workers (CSV).")] = None,
    profile: Profile = None,
    repair: Repair = False,
    codes_from: CodesFrom = None,
    lang: Lang = Language.zh,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 unless every target is met.")] = False,
) -> None:
    """Write the annual review of one year from ledgers of one year or many."""
    fmt = Formats(check_lang(lang.value))
    with _failing(fmt):
        roster = _read(files, profile, repair=repair, codes_from=codes_from)
        done = roster.review(
            roster.years[-1] if year is None else year,
            targets=targets,
            rates=rates,
            scheme=scheme,
            workers=workers,
        )
        written = done.write(out, lang=fmt.lang)
        _summary(done, fmt)
        say(fmt.t("已写入：", "written: ") + " ".join(str(p) for p in written if p.parent == out))
    if strict and not all(t["met"] for t in done.headline["targets"]):
        raise typer.Exit(MISSED)


@app.command(epilog=_CODES)
def check(
    files: Files,
    *,
    profile: Profile = None,
    repair: Repair = False,
    codes_from: CodesFrom = None,
    save_profile: Annotated[
        Path | None,
        typer.Option(help="Write the meaning of headers and words to this TOML file, to be edited."),
    ] = None,
    return_to: Annotated[
        Path | None,
        typer.Option(
            help="Write every ledger back into this folder with its problems marked, for its sender to correct."
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="With --return-to and --save-profile: overwrite existing files."),
    ] = False,
    lang: Lang = Language.zh,
) -> None:
    """Print what was read, sheet by sheet, what was left out, the row balance, and every problem found."""
    fmt = Formats(check_lang(lang.value))
    with _failing(fmt):
        if save_profile is not None and save_profile.exists() and not overwrite:
            raise dangjian.FileError(
                f"{save_profile}: already there. Name another file, or say --overwrite",
                f"{save_profile}：已经存在。请另写一个文件名，或加 --overwrite",
                file=str(save_profile),
            )
        roster = _read(files, profile, repair=repair, codes_from=codes_from)
        for line in check_text(account(roster), fmt):
            say(line)
        if save_profile is not None:
            roster.save_profile(save_profile)
            say(fmt.t(f"已写入对照表：{save_profile}", f"profile written: {save_profile}"))
        if return_to is not None:
            for row in roster.return_to(return_to, overwrite=overwrite, lang=fmt.lang).iter_rows(named=True):
                note = f" ({row['note']})" if row["note"] else ""
                number = fmt.number(row["problems"])
                what = fmt.t(f"标出问题 {number} 处", f"{number} problems marked")
                say(f"{fmt.t('已写回', 'returned')} {row['written']}{fmt.t('：', ': ')}{what}{note}")


@app.command(epilog=_CODES)
def compare(
    later: Files,
    *,
    earlier: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="Ledgers of the earlier survey (repeatable); LATER's own if left out.",
        ),
    ] = None,
    year: Annotated[int | None, typer.Option(help="The later survey; the last year if left out.")] = None,
    earlier_year: Annotated[
        int | None, typer.Option(help="The earlier survey; the last year before.")
    ] = None,
    by: Annotated[list[str] | None, typer.Option(help="Count by this dimension too (repeatable).")] = None,
    out: Annotated[Path | None, typer.Option(help="A workbook (xlsx) for the counts and the lists.")] = None,
    link: Annotated[
        bool,
        typer.Option(
            "--link",
            help="First join ids that changed, as `roster.link()` does; all ledgers are read as one.",
        ),
    ] = False,
    profile: Profile = None,
    repair: Repair = False,
    codes_from: CodesFrom = None,
    lang: Lang = Language.zh,
) -> None:
    """Compare two surveys: how many organisations are new, gone, back again, changed; which ones, with --out."""
    fmt = Formats(check_lang(lang.value))
    with _failing(fmt):
        if link:
            roster, before = (
                _read([*later, *(earlier or [])], profile, repair=repair, codes_from=codes_from).link(),
                None,
            )
            say(fmt.t(f"已关联代码 {roster.linked.height} 个", f"{roster.linked.height} ids joined"))
        else:
            roster = _read(later, profile, repair=repair, codes_from=codes_from)
            before = _read(earlier, profile, repair=repair, codes_from=codes_from) if earlier else None
        done = roster.compare(before, year=year, earlier_year=earlier_year)
        say(done.summary(fmt.lang))
        for row in done.counts(by).iter_rows(named=True) if by else ():
            place = [fmt.value(k, v) for k, v in row.items() if k not in _FIGURES and v is not None]
            figures = fmt.t("，", ", ").join(f"{fmt.column(k)} {fmt.number(row[k])}" for k in STATUSES)
            say(f"  {' '.join(place) or NOTHING}{fmt.t('：', ': ')}{figures}")
        if out:
            say(fmt.t("已写入：", "written: ") + str(done.to_excel(out, lang=fmt.lang)))


@app.command(epilog=_CODES)
def stars(
    files: Files,
    *,
    scores: Annotated[
        Path, typer.Option(help="The scores: a CSV or Parquet file with party_org_id, year, item, points.")
    ],
    scheme: Annotated[
        str, typer.Option(help="A scheme: the id of one that ships with the package, or a TOML file.")
    ],
    events: Annotated[
        Path | None, typer.Option(help="Events: a CSV or Parquet file with party_org_id, kind, date.")
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="Only this year; all years of the scores if left out.")
    ] = None,
    first_round: Annotated[
        bool,
        typer.Option("--first-round", help="There was no round before: the limit on steps does not apply."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="A workbook (xlsx): plaque list, stars, reasons, needs for the next star."),
    ] = None,
    profile: Profile = None,
    repair: Repair = False,
    codes_from: CodesFrom = None,
    lang: Lang = Language.zh,
) -> None:
    """Rate party organisations by their scores: stars, and with --out the plaque list and every reason."""
    fmt = Formats(check_lang(lang.value))
    with _failing(fmt):
        roster = _read(files, profile, repair=repair, codes_from=codes_from)
        previous = "none" if first_round else None
        rating = roster.rate_stars(scores, scheme, year=year, events=events, previous=previous)
        for line in _stars(rating, fmt):
            say(line)
        if out:
            say(fmt.t("已写入：", "written: ") + str(rating.to_excel(out, lang=fmt.lang)))


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        say(dangjian.__version__)
        raise typer.Exit


def main() -> None:
    """Runs the command; the entry point of the installed script."""
    app()


def say(text: str) -> None:
    """Prints one line to stdout, unchanged: text of ledgers is never read as markup."""
    typer.echo(text)


@contextmanager
def _failing(fmt: Formats) -> Iterator[None]:
    """Turns an error that a user can fix into one message and an exit code, without a traceback."""

    def fail(message: str, code: int) -> NoReturn:
        typer.echo(f"dangjian: {message}", err=True)
        raise typer.Exit(code) from None

    try:
        yield
    except KeyboardInterrupt:
        fail(fmt.t("已中断", "stopped"), INTERRUPTED)
    except dangjian.Error as error:
        fail(error.message(fmt.lang), UNUSABLE)
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(of_system(error).message(fmt.lang), UNUSABLE)


def _read(
    files: list[str], profile: Path | None, *, repair: bool, codes_from: list[str] | None = None
) -> Any:
    """Reads the ledgers; a terminal shows the progress."""
    console = Console(stderr=True)
    read = partial(dangjian.read_roster, files, profile=profile, repair=repair, codes_from=codes_from or None)
    if not console.is_terminal:
        return read(progress=lambda _what, _done, _total: None)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bars.update(task, description=what, completed=done, total=total)

        return read(progress=progress)


def _stars(rating: Rating, fmt: Formats) -> Iterator[str]:
    """Yields the result of a rating, line by line."""
    comma, colon = fmt.t("，", ", "), fmt.t("：", ": ")
    yield rating.label if fmt.lang == "zh" else rating.label_en
    for year in rating.years:
        counts = rating.summary.filter(year=year).select("star_state", "after_quotas").rows()
        told = comma.join(f"{fmt.value('star_state', state)} {fmt.number(n)}" for state, n in counts)
        yield f"  {year}{colon}{told}"
    if rating.has_plaques:
        last = rating.plaques.filter(year=rating.years[-1])
        counts = last.group_by("plaque_action", maintain_order=True).len().rows()
        told = comma.join(f"{fmt.value('plaque_action', action)} {fmt.number(n)}" for action, n in counts)
        yield f"  {fmt.table('star_plaques')}{colon}{told or NOTHING}"
    if rating.problems.height:
        yield f"  {fmt.table('star_problems')}{colon}{fmt.number(rating.problems.height)}"


def _summary(review: Review, fmt: Formats) -> None:
    """Prints the figures that decide whether one opens the report at once."""
    head = review.headline
    say(fmt.t(f"{review.year} 年度两新组织党建年报", f"{review.year}: annual review of Party building"))
    say(fmt.t("全部台账：", "all ledgers: ") + balance(head["rows"], fmt))
    for label, value in (
        (fmt.t("单位", "organisations"), fmt.number(head["organisations"])),
        (fmt.t("党组织", "party organisations"), fmt.number(head["party_organisations"])),
        *(
            (rate_label(review, rate["id"], fmt), f"{fmt.percent(rate['rate'])} ({parts(rate, fmt)})")
            for rate in [head["coverage"]]
            if rate
        ),
        (fmt.t("党建工作指导员", "instructors"), fmt.number(head["instructors"])),
        (fmt.t("选派挂职干部", "seconded officers"), fmt.number(head["seconded_officers"])),
        (fmt.t("出资人兼任书记", "owners as secretary"), fmt.number(head["owner_secretaries"])),
        *((fmt.value("star_state", star), fmt.number(n)) for star, n in head["stars"].items()),
    ):
        say(f"  {label}{fmt.t('：', ': ')}{value}")
    for target in review.tables["targets"].iter_rows(named=True):
        mark = {True: "✓", False: "✗", None: "?"}[target["met"]]
        confirm = fmt.t("（待确认）", " (to be confirmed)") if target["inferred"] else ""
        label = target[f"label_{fmt.lang}"] or target["target"]
        say(
            f"  {mark} {label}{fmt.t('：', ': ')}{fmt.percent(target['rate'])} ({parts(target, fmt)}){confirm}"
        )
