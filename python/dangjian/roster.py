"""The panel, as an analyst types it: plain methods over one object, polars frames as answers."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from os import PathLike, fspath
from pathlib import Path
from typing import Literal, TypeAlias

import polars as pl

from dangjian import _native, headline
from dangjian.errors import ArgumentError, FileError
from dangjian.progress import Bar
from dangjian.review import Review

Source: TypeAlias = str | PathLike[str]
Progress: TypeAlias = Callable[[str, int, int], None]
By: TypeAlias = str | Sequence[str]
Years: TypeAlias = int | Sequence[int] | None


def read_roster(
    source: Source | Sequence[Source] | object,
    *,
    year: int | None = None,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] | Literal["*"] = (),
    on_conflict: Literal["first", "reject"] = "first",
    words: Mapping[str, Mapping[str, str]] | None = None,
    profile: Source | None = None,
    zones: Source | None = None,
    progress: Progress | bool = True,
) -> Roster:
    """Read ledgers of any years into one roster.

    Args:
        source: Files, folders or glob patterns, one or several: xlsx, xls, xlsb, ods; text between commas, tabs,
            semicolons or bars (csv, tsv, txt) in UTF-8, GB18030 or UTF-16; parquet, arrow. Or any object with
            ``__arrow_c_stream__`` or ``__arrow_c_array__``: a polars, pandas or pyarrow table, the cursor of a database
            (ADBC: ``cursor.fetch_record_batch()``), which is read as it comes and never held as a whole.
        year: The survey year, where neither a column nor the file's or sheet's name says it.
        columns: Headers of the source and the columns they mean, over what is found by itself: one of the schema, a
            name of your own, or ``"mode=joint"`` where a tick in the column says a word. A header is named by all its
            parts joined with ``/`` or by the lowest, and is one column of a sheet; the second of two equal ones is named
            ``"备注 (2)"``.
        keep: Headers of further columns to keep as columns of your own; ``"*"`` keeps all that are not personal. A
            personal one is kept only if it is named, and then it alone: ``keep=["联系电话"]``. Tables in memory keep
            theirs anyway, except those.
        words: Spellings that ledgers use, by column: ``{"mode": {"商会带建": "joint"}}``. They count over the shipped ones.
        profile: A TOML file that ``Roster.save_profile`` wrote: what headers and words mean. ``columns``, ``keep`` and
            ``words`` count over it, it counts over what is found by itself.
        zones: A TOML file of the zones (园区, 开发区) that the column ``zone`` names: records ``[[zone]]`` with ``id``,
            ``name``, ``written`` (other spellings), ``region``, ``from`` and ``to`` (years). The column then has their
            names; a zone that is not in the file stays as written and is a problem ``zone_unknown``.
        on_conflict: What becomes of rows of one organisation in one year that contradict each other: ``"first"`` keeps
            the first and reports the others, ``"reject"`` uses none and reports all.
        progress: ``True`` shows a bar if reading takes long, ``False`` none; or a function ``(what, done, total)``.

    Returns:
        The roster. ``roster.problems`` lists every cell and row that could not be taken as it was written.

    Raises:
        FileError: A file is missing, encrypted, damaged, or no ledger is in it.
        ArgumentError: A mapping names a header or a word that does not exist.
        DefinitionError: The profile or a zone is wrong; the message names file, record and field.

    Example:
        >>> import dangjian as dj
        >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers[-1])
        >>> roster.years
        [2013]
    """
    options: _native.Options = {
        "year": None if year is None else _year(year),
        "columns": list((columns or {}).items()),
        "keep": [keep] if isinstance(keep, str) else list(keep),
        "words": [(column, *pair) for column, pairs in (words or {}).items() for pair in pairs.items()],
        "profile": _path(profile),
        "on_conflict": on_conflict,
        "zones": _path(zones),
    }
    with Bar(progress) as bar:
        if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
            name = type(source).__name__
            return Roster(_native.read_arrow(name, source, options, progress=bar.callback))
        paths = [path for one in _several(source) for path in _expand(one)]
        return Roster(_native.read(paths, options, progress=bar.callback))


def schema() -> pl.DataFrame:
    """The columns a ledger may have: name, labels, type, unit, the headers they are found under, what they mean.

    Example:
        >>> schema().filter(pl.col("name") == "mode")["label_zh"].item()
        '党组织组建形式'
    """
    return pl.DataFrame(_native.schema())


def problem_codes() -> pl.DataFrame:
    """The catalogue of problems that reading can report: code, what is done, how grave it is, what to do.

    Example:
        >>> "id_missing" in problem_codes()["code"]
        True
    """
    return pl.DataFrame(_native.problem_codes())


class Roster:
    """The panel: one row is one organisation in one survey year. Never changed after it is made.

    Every statistic is a method. ``by`` names dimensions (see ``dimensions``), ``where`` is a condition in SQL over the
    columns, ``years`` picks years. A result always has ``year`` first: years are never added up.
    """

    def __init__(self, native: _native.Roster) -> None:
        self._native = native

    @property
    def years(self) -> list[int]:
        """The survey years, ascending."""
        return self._native.years

    @property
    def columns(self) -> dict[str, str]:
        """The columns the roster has, each with what it holds; ``year`` and ``org_id`` aside."""
        return dict(self._native.fields)

    @property
    def dimensions(self) -> list[str]:
        """What ``by`` may name."""
        return self._native.dimensions

    @property
    def sources(self) -> pl.DataFrame:
        """Every sheet and file: what rows it has, and what became of those of data.

        ``file`` is its name, with folders before it where files share it; ``path`` is as given.
        ``data = kept + rejected + merged + conflicts``, always.
        """
        return pl.DataFrame(self._native.sources())

    @property
    def skipped(self) -> pl.DataFrame:
        """The sheets and files that are no ledgers: ``file``, ``sheet``, ``why_zh``, ``why_en``."""
        return pl.DataFrame(self._native.skipped())

    @property
    def columns_read(self) -> pl.DataFrame:
        """Every column of every source, and what it was taken for.

        Returns:
            ``file``, ``sheet``, ``index`` (the column's position, from 0), ``header`` (the second of two equal ones ends in
            ``(2)``), ``column``, ``value`` (the word that a tick means), ``unit`` (of money), ``status`` (mapped, ignored,
            personal, unknown). Of a header that is not known and resembles one that is: ``proposal`` (the column),
            ``proposal_value``, ``proposal_like``, ``similarity`` from 0 to 1. Nothing proposed is read until ``columns`` or
            a profile says so.
        """
        return pl.DataFrame(self._native.columns_read())

    @property
    def dropped_columns(self) -> pl.DataFrame:
        """The columns that were not read: ``file``, ``sheet``, ``header``, ``reason``.

        ``personal`` ones are about natural persons: never read unless ``keep`` or ``columns`` names them. ``ignored`` ones
        are known and not needed, ``unknown`` ones are not known.

        Example:
            >>> import dangjian as dj
            >>> ledger = dj.datasets.hexigten().ledgers[-1]
            >>> dropped = dj.read_roster(ledger).dropped_columns
            >>> "党务工作力量/指导员联系电话" in dropped.filter(reason="personal")["header"]
            True
            >>> "指导员联系电话" in dj.read_roster(ledger, keep=["指导员联系电话"]).columns
            True
        """
        return self.columns_read.filter(pl.col("column").is_null()).select(
            "file", "sheet", "header", reason=pl.col("status")
        )

    @property
    def words(self) -> pl.DataFrame:
        """The spellings that were added: ``column``, ``written``, ``value``, and ``instead_of``: what the shipped words say."""
        return pl.DataFrame(self._native.words())

    def save_profile(self, path: Source) -> None:
        """Write what every header and word means here to a TOML file, to be edited and given to ``read_roster`` again.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.save_profile("hexigten.toml")  # doctest: +SKIP
            >>> dj.read_roster("2014.xlsx", profile="hexigten.toml")  # doctest: +SKIP
        """
        self._native.save_profile(Path(path))

    def return_to(
        self, folder: Source, *, overwrite: bool = False, lang: Literal["zh", "en"] = "zh"
    ) -> pl.DataFrame:
        """Write every ledger back into ``folder`` with its problems marked, for the office that sent it to mend.

        A workbook keeps its layout and gets a column 问题 at the right that says all problems of a row, coloured cells with
        notes, and a summary in front; a CSV file gets the column and is otherwise unchanged to the byte. xls, xlsb and ods
        are written as xlsx, their cells without formats; of tables in memory and Parquet files a list of problems is
        written. What comes back mended reads as before: column and summary are not data.

        Args:
            folder: Where to write; it is made if it is not there. Not the folder that a file came from.
            overwrite: Whether files that are there already may be written over.
            lang: The language of what is written.

        Returns:
            ``file``, ``written`` (the path), ``problems`` (how many), ``note`` (what could not be kept of the file, or null).

        Raises:
            ArgumentError: ``folder`` is the one the files came from, or two files share a name.
            FileError: A file is there already, or it cannot be written.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers[-1])
            >>> roster.return_to("returned").columns  # doctest: +SKIP
            ['file', 'written', 'problems', 'note']
        """
        from dangjian import returned

        return returned.write(self, Path(folder), overwrite=overwrite, lang=lang)

    @property
    def problems(self) -> pl.DataFrame:
        """Every rejected, emptied or doubtful row and cell: where, what was written, what was done, what to do."""
        return pl.DataFrame(self._native.problems())

    def to_polars(self) -> pl.DataFrame:
        """The panel as a frame, by year and organisation id, in canonical types."""
        return pl.DataFrame(self._native.to_arrow())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The panel as an Arrow stream, one batch a year."""
        return self._native.to_arrow().__arrow_c_stream__(requested_schema)

    def to_parquet(self, path: Source) -> None:
        """Write the panel to a Parquet file, which ``read_roster`` reads again."""
        self._native.write_parquet(Path(path))

    def coverage(
        self,
        *,
        by: By = (),
        rates: Sequence[str] | str | None = None,
        rates_file: Source | None = None,
        where: str | None = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Rates: one row a group and rate.

        Args:
            by: Dimensions.
            rates: Ids of rates; all where ``None``.
            rates_file: A TOML file of further rates; one with the id of a shipped rate replaces it.
            where: Count only organisations for which this condition holds.
            years: Only these years.

        Returns:
            ``year``, the dimensions, ``rate_id``, ``label_zh``, ``label_en``, ``counts``, ``population``, ``success``,
            ``failure``, ``unknown`` (in the population, answer not known), ``population_unknown`` (not known whether in
            the population), ``unidentified``, ``rate`` = success / (success + failure) (null where that is 0),
            ``rate_low`` and ``rate_high`` (what the unknowns allow).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> rates = roster.coverage(by="kind", rates="organised", where="above_scale")
            >>> rates.select("year", "kind", "success", "failure", "unknown").rows()[-2:]
            [(2012, 'enterprise', 40, 8, 2), (2013, 'enterprise', 49, 8, 0)]
        """
        ids = [rates] if isinstance(rates, str) else rates
        return pl.DataFrame(
            self._native.coverage(
                _names(by), rates=ids, rates_file=_path(rates_file), filter=where, years=_years(years)
            )
        )

    def targets(
        self,
        years: Years = None,
        *,
        by: By = (),
        targets_file: Source | None = None,
        where: str | None = None,
    ) -> pl.DataFrame:
        """The target set (the "four 100 %"): the columns of ``coverage`` with ``target`` for ``rate_id``, then ``goal``,
        ``met`` (null where what is not known decides), ``inferred``, ``note_zh``, ``note_en``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.targets(2013)["target"].to_list()[0]
            'eligible_established'
        """
        return pl.DataFrame(
            self._native.targets(
                _names(by), targets_file=_path(targets_file), filter=where, years=_years(years)
            )
        )

    def gaps(self, target: str, year: int, *, targets_file: Source | None = None) -> pl.DataFrame:
        """Exactly who is missing from a target: ``status`` is ``missing``, or ``unknown`` where the ledger does not say.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> gaps = roster.gaps("eligible_established", 2013)
            >>> gaps.filter(pl.col("status") == "missing").height
            14
        """
        return pl.DataFrame(self._native.gaps(target, _year(year), targets_file=_path(targets_file)))

    def formation(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """How party organisations were formed: ``mode``, ``organisations``, ``party_organisations``."""
        return pl.DataFrame(self._native.formation(_names(by), filter=where, years=_years(years)))

    def formation_need(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """The mode the rules ask for (``need``) against the mode recorded (``mode``): ``organisations`` in each."""
        return pl.DataFrame(self._native.formation_need(_names(by), filter=where, years=_years(years)))

    def formation_moves(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """Moves between modes from each year to the next: ``mode``, ``next_mode`` (with ``absent``), ``organisations``."""
        return pl.DataFrame(self._native.formation_moves(_names(by), filter=where, years=_years(years)))

    def moves(self, of: By, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """Moves between the values of any dimensions from each year to the next; each has its name and ``next_<name>``."""
        return pl.DataFrame(self._native.moves(_names(of), _names(by), filter=where, years=_years(years)))

    def star_distribution(
        self, *, by: By = (), where: str | None = None, years: Years = None
    ) -> pl.DataFrame:
        """How many have which star state: ``star_state``, ``organisations``, ``party_organisations``.

        The states are the grades, ``unrated`` (a party organisation without a star), ``no_party_org`` (listed, has
        none), ``unknown`` (the ledger does not say). They are never merged.
        """
        return pl.DataFrame(self._native.star_distribution(_names(by), filter=where, years=_years(years)))

    def star_transitions(
        self,
        *,
        by: By = (),
        counts: Literal["organisations", "party_organisations"] = "organisations",
        where: str | None = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Moves between star states from each year to the next, with ``absent`` for who is not in one of the years.

        A gap of two years is not a move of one. Organisations are linked by their id, party organisations by theirs.
        """
        return pl.DataFrame(
            self._native.star_transitions(_names(by), counts=counts, filter=where, years=_years(years))
        )

    def workforce(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """Instructors, seconded officers, owners who are secretary, full- and part-time workers: ``item``, ``value``."""
        return pl.DataFrame(self._native.workforce(_names(by), filter=where, years=_years(years)))

    def count(
        self,
        *,
        by: By = (),
        measures: Mapping[str, str] | None = None,
        where: str | None = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Count in your own words: each measure is ``"*"``, a condition, or ``"sum(column)"``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.count(by="kind", measures={"n": "*", "members": "sum(members_full)"}, years=2013).columns
            ['year', 'kind', 'n', 'members']
        """
        return self.count_sets([_names(by)], measures, where=where, years=years)[0]

    def count_sets(
        self,
        sets: Iterable[By],
        measures: Mapping[str, str] | None = None,
        *,
        where: str | None = None,
        years: Years = None,
    ) -> list[pl.DataFrame]:
        """``count`` in several groupings at once: the rows are gone through once."""
        tables = self._native.count(
            [_names(by) for by in sets],
            list((measures or {"organisations": "*"}).items()),
            filter=where,
            years=_years(years),
        )
        return [pl.DataFrame(table) for table in tables]

    def review(
        self,
        year: int,
        *,
        targets: Source | None = None,
        rates: Source | None = None,
        workers: Source | None = None,
        progress: Progress | bool = False,
    ) -> Review:
        """The annual review of a year: every statistic as a table, the headline figures, the report to write.

        Args:
            year: The year reviewed; earlier years of the roster are shown beside it.
            targets: A TOML file that replaces the target set.
            rates: A TOML file of further rates.
            workers: A CSV file of assignments: ``worker_id``, ``role``, ``from``, ``to``.
            progress: As in ``read_roster``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.review(2013).headline["instructors"]
            246
        """
        with Bar(progress) as bar:
            made = self._native.review(
                _year(year),
                targets=_path(targets),
                rates=_path(rates),
                workers=_path(workers),
                progress=bar.callback,
            )
        tables = {"sources": _balance(self.sources, year), "problems_summary": _summary(self.problems, year)}
        tables |= {name: pl.DataFrame(table) for name, table in made.items()}
        used = _native.definitions(_path(rates), _path(targets))
        return Review(year, tables, headline.of(year, tables), used["targets"], used["rates"])

    def __len__(self) -> int:
        return sum(self._native.rows)

    def __repr__(self) -> str:
        return "\n".join(f"{label}: {value}" for label, value in self._facts())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(k)}</th><td style='text-align:left'>{escape(v)}</td></tr>"
            for k, v in self._facts()
        )
        return f"<table><caption>dangjian.Roster</caption>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        rows = zip(self._native.years, self._native.rows, strict=True)
        total = {name: int(self.sources[name].sum()) for name in ("data", *_FATES)}
        fates = " + ".join(f"{total[name]} {name}" for name in _FATES)
        return [
            ("years", ", ".join(f"{year} ({n} organisations)" for year, n in rows)),
            ("organisations", str(self._native.organisations)),
            ("columns", ", ".join(self.columns)),
            ("rows", f"{total['data']} = {fates}"),
            ("problems", f"{self.problems.height} (see .problems)"),
        ]


_FATES = ("kept", "rejected", "merged", "conflicts")


def _balance(sources: pl.DataFrame, year: int) -> pl.DataFrame:
    """The row balance of the sources, for the report."""
    return sources.select(
        pl.lit(year, pl.Int16).alias("year"),
        "file",
        "sheet",
        "years",
        rows_in="data",
        **{f: f for f in _FATES},
    )


def _summary(problems: pl.DataFrame, year: int) -> pl.DataFrame:
    """Problems of the year by code."""
    return (
        problems.filter(pl.col("year").is_null() | (pl.col("year") == year))
        .group_by("code", "action", maintain_order=True)
        .agg(n=pl.len().cast(pl.Int64))
        .sort("n", "code", descending=[True, False])
        .select(pl.lit(year, pl.Int16).alias("year"), pl.all())
    )


def _several(source: object) -> list[Source]:
    if isinstance(source, str | PathLike):
        return [source]
    several = list(source) if isinstance(source, Iterable) else [source]
    paths: list[Source] = [one for one in several if isinstance(one, str | PathLike)]
    if len(paths) == len(several):
        return paths
    got = type(next(one for one in several if not isinstance(one, str | PathLike))).__name__
    raise ArgumentError(
        f"cannot read {got}: expected paths, or one object with __arrow_c_stream__ (join several tables first)",
        f"不能读取 {got}：应为路径，或一个带 __arrow_c_stream__ 的对象（多张表请先合并）",
    )


def _expand(source: Source) -> list[Path]:
    """A path, or the files a pattern stands for."""
    text = fspath(source)
    if Path(text).exists() or not glob.has_magic(text):
        return [Path(text)]
    found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - it may be absolute
    if not found:
        raise FileError(f"{text}: no file matches this pattern", f"{text}：没有文件符合这个通配符")
    return [Path(path) for path in found]


def _names(by: By) -> list[str]:
    return [by] if isinstance(by, str) else list(by)


def _years(years: Years) -> list[int] | None:
    if years is None:
        return None
    return sorted({_year(year) for year in ([years] if isinstance(years, int) else years)})


def _year(year: int) -> int:
    if 1000 <= year <= 9999:  # noqa: PLR2004 - four digits
        return year
    raise ArgumentError(
        f"{year} is no year: expected four digits, as in 2013", f"{year} 不是年份：应为四位数字，如 2013"
    )


def _path(path: Source | None) -> Path | None:
    return None if path is None else Path(path)
