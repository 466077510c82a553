"""Entry points that read ledgers of any kind, or open a written panel, as a roster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dangjian import _native
from dangjian.progress import Bar
from dangjian.roster import arguments
from dangjian.roster.panel import Roster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dangjian.roster.arguments import Progress, Source


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
    repair: bool = False,
    codes_from: Source | Sequence[Source] | object | None = None,
    progress: Progress | bool = True,
) -> Roster:
    """Reads ledgers of any years into one roster.

    Args:
        source: Files, folders or glob patterns, one or several: xlsx, xls, xlsb, ods; web pages with tables, by
            whatever name; text between commas, tabs, semicolons or bars (csv, tsv, txt) in UTF-8, GB18030 or
            UTF-16; parquet, arrow. Or any object with
            ``__arrow_c_stream__`` or ``__arrow_c_array__``: a polars, pandas or pyarrow table, the cursor of a
            database (ADBC: ``cursor.fetch_record_batch()``), which is read batch by batch and never held as a whole.
        year: The survey year, where no column, file name or sheet name gives it.
        columns: Headers of the source and the columns they mean, which override automatic mapping: a column of the
            schema, a name of your own, or ``"mode=joint"`` where a tick in the column means a word. A header is named
            by all its parts joined with ``/`` or by the lowest, and is one column of a sheet; the second of two equal
            ones is named ``"备注 (2)"``.
        keep: Headers of further columns to keep as columns of your own; ``"*"`` keeps all that are not personal. A
            personal one is kept only if it is named, and then it alone: ``keep=["联系电话"]``. Tables in memory keep
            all further columns anyway, except personal ones.
        words: Spellings that ledgers use, by column: ``{"mode": {"商会带建": "joint"}}``. They override the shipped
            ones.
        profile: A TOML file written by ``Roster.save_profile``: the meaning of headers and words. ``columns``,
            ``keep`` and ``words`` override it, and it overrides automatic mapping.
        zones: A TOML file of the zones (园区, 开发区) that the column ``zone`` names: records ``[[zone]]`` with
            ``id``, ``name``, ``written`` (other spellings), ``region``, ``from`` and ``to`` (years). The column then
            has their names; a zone that is not in the file stays as written and is a problem ``zone_unknown``.
        on_conflict: Treatment of contradictory rows of one organisation in one year: ``"first"`` keeps the first and
            reports the others, ``"reject"`` uses none and reports all.
        repair: Whether to restore codes spoilt by a spreadsheet or a typing error where the code is certain: 15
            digits of 18 or all characters but one are left, exactly one organisation with this name and county has
            such a code in the rows read, and that code is not listed in that year. Each such row is a problem
            ``id_repaired``; the others are rejected or kept as without repair.
        codes_from: For ledgers with names only, or rows without a code: a register (names and codes), a ledger of
            another year, a roster or a table in memory. A row takes the code of the one organisation with its name,
            and its county where both have one; the problem ``id_by_name`` says so once for a table. Names that fit
            nobody (``id_not_in_register``) or several (``id_several_in_register``) are rejected with the name.
        progress: ``True`` shows a bar if reading takes long, ``False`` none; or a function ``(what, done, total)``.

    Returns:
        The roster. ``roster.problems`` lists every cell and row that could not be used as written.

    Raises:
        FileError: A file is missing, encrypted, damaged, or has no ledger in it.
        ArgumentError: A mapping names a header or a word that does not exist.
        DefinitionError: The profile or a zone is wrong; the message names file, record and field.

    Example:
        >>> import dangjian as dj
        >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers[-1])
        >>> roster.years
        [2013]
    """
    options: _native.Options = {
        "year": None if year is None else arguments.year(year),
        "columns": list((columns or {}).items()),
        "keep": [keep] if isinstance(keep, str) else list(keep),
        "words": [(column, *pair) for column, pairs in (words or {}).items() for pair in pairs.items()],
        "profile": arguments.path(profile),
        "on_conflict": on_conflict,
        "zones": arguments.path(zones),
        "repair": repair,
        "codes_from": _register(codes_from),
    }
    with Bar(progress) as bar:
        if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
            name = type(source).__name__
            return Roster(_native.read_arrow(name, arguments.arrow(source), options, progress=bar.callback))
        paths = [path for one in arguments.several(source) for path in arguments.expand(one)]
        return Roster(_native.read(paths, options, progress=bar.callback))


def _register(source: object) -> object | None:
    """Returns the files of a register, or its table."""
    if source is None:
        return None
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        return arguments.arrow(source)
    return [path for one in arguments.several(source) for path in arguments.expand(one)]


def open_roster(
    path: Source, columns: Sequence[str] | None = None, *, progress: Progress | bool = True
) -> Roster:
    """Opens a panel written by ``Roster.to_parquet`` unchanged: no value is looked up, repaired or checked again.

    Opening takes a small part of the time of reading ledgers, and columns that are not requested cost neither time
    nor memory. ``read_roster`` opens such a file too, with all its columns, if it is the only source and without
    options.

    Args:
        path: The file.
        columns: The columns to read, by their names in ``Roster.columns``; years and organisations are always read.
            By default all, except columns of your own about a person. A column that is not read is treated as one
            that no ledger has: answers that depend on it are not known.
        progress: As in ``read_roster``.

    Returns:
        The roster. Its ``problems`` are empty: the problems of the ledgers were reported when they were read.

    Raises:
        ArgumentError: The panel has no column of a name.
        FileError: The file is missing, damaged, or not written by ``to_parquet`` of this version.

    Example:
        >>> import tempfile, dangjian as dj
        >>> from pathlib import Path
        >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     roster.to_parquet(Path(folder) / "panel.parquet")
        ...     panel = dj.open_roster(Path(folder) / "panel.parquet", columns=["mode", "region"])
        >>> panel.columns
        {'region': 'region', 'mode': 'word'}
    """
    with Bar(progress) as bar:
        names = None if columns is None else arguments.names(columns)
        return Roster(_native.open_panel(Path(path), names, progress=bar.callback))
