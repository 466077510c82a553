"""Ledgers of any kind into one roster."""

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
        repair: Whether rows whose code a spreadsheet or a pen spoilt get the code back where it is certain: 15 digits
            of 18 or all characters but one are left, one organisation only with this name, in this county, has such a
            code in the rows read, and it is not listed in that year. Each such row is a problem ``id_repaired``; the
            others are rejected or kept as they are otherwise.
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
        "year": None if year is None else arguments.year(year),
        "columns": list((columns or {}).items()),
        "keep": [keep] if isinstance(keep, str) else list(keep),
        "words": [(column, *pair) for column, pairs in (words or {}).items() for pair in pairs.items()],
        "profile": arguments.path(profile),
        "on_conflict": on_conflict,
        "zones": arguments.path(zones),
        "repair": repair,
    }
    with Bar(progress) as bar:
        if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
            name = type(source).__name__
            return Roster(_native.read_arrow(name, arguments.arrow(source), options, progress=bar.callback))
        paths = [path for one in arguments.several(source) for path in arguments.expand(one)]
        return Roster(_native.read(paths, options, progress=bar.callback))


def open_roster(
    path: Source, columns: Sequence[str] | None = None, *, progress: Progress | bool = True
) -> Roster:
    """Open a panel that ``Roster.to_parquet`` wrote, as it is: nothing is looked up, repaired or checked again.

    That takes a small part of the time of reading ledgers, and columns that are not asked for take neither time nor memory.
    ``read_roster`` opens such a file too, with all its columns, where it is read by itself and without options.

    Args:
        path: The file.
        columns: The columns that are wanted, by their names in ``Roster.columns``; years and organisations are always
            there. Without names all are read, except columns of your own about a person. A column that is not read is as one
            that no ledger has: what rests on it is not known.
        progress: As in ``read_roster``.

    Returns:
        The roster. Its ``problems`` are empty: what could not be read of the ledgers was told when they were read.

    Raises:
        ArgumentError: The panel has no column of a name.
        FileError: The file is missing, damaged, or none that ``to_parquet`` of this version wrote.

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
