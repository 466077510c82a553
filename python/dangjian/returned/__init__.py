"""Ledgers written back to the offices that sent them, in their own layout, with every problem marked in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dangjian.errors import ArgumentError, FileError, of_system
from dangjian.report.format import Formats
from dangjian.returned import plan, text, workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dangjian import labels
    from dangjian.report.account import Account
    from dangjian.returned.plan import Ledger

_TEXTS = (".csv", ".txt", ".tsv", ".tab")
_OWN_FORMAT = (".xlsx", ".xlsm")
# Read cell by cell and returned as a new xlsx.
_CELLS_ONLY = (".xls", ".xlsb", ".ods", ".et", ".htm", ".html")


def write(account: Account, folder: Path, *, overwrite: bool, lang: labels.Lang) -> pl.DataFrame:
    """Writes every ledger of ``account`` back into ``folder``.

    Returns:
        ``file``, ``written`` (the path), ``problems`` (their number), ``note`` (content that could not be kept, or
        null).

    Raises:
        ArgumentError: Two files share a name, or ``folder`` is the one the files came from.
        FileError: A file exists already and ``overwrite`` is false, or it cannot be written.
    """
    fmt = Formats(lang)
    ledgers = plan.ledgers(account, _located(account.sources), fmt)
    targets = _targets(ledgers, folder)
    if not overwrite:
        _check_free(targets)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        notes = [_one(ledger, target, fmt) for ledger, target in zip(ledgers, targets, strict=True)]
    except FileError:
        raise
    except OSError as error:
        why = of_system(error)
        raise FileError(
            f"{folder}: cannot be written: {why}",
            f"{folder}：不能写入：{why.message('zh')}",
            file=why.file or str(folder),
        ) from error
    return pl.DataFrame(
        {
            "file": [ledger.name for ledger in ledgers],
            "written": [str(target) for target in targets],
            "problems": [ledger.problems.height for ledger in ledgers],
            "note": notes,
        },
        schema={"file": pl.String, "written": pl.String, "problems": pl.Int64, "note": pl.String},
    )


def _one(ledger: Ledger, target: Path, fmt: Formats) -> str | None:
    """Writes one ledger; a half-written file never has the final name."""
    half = target.with_name(f".{target.name}.part")
    try:
        if ledger.path is None or (target.stem != ledger.path.stem and _is_list(ledger.path)):
            note = workbook.write_list(ledger, half, fmt)
        elif ledger.path.suffix.lower() in _TEXTS:
            note = text.write(ledger, ledger.path, half, fmt)
        else:
            note = workbook.write(ledger, ledger.path, half, fmt)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    return note


def _is_list(path: Path) -> bool:
    """Checks whether a file has no layout in which problems could be marked: Parquet and the like."""
    return path.suffix.lower() not in (*_TEXTS, *_OWN_FORMAT, *_CELLS_ONLY)


def _targets(ledgers: Sequence[Ledger], folder: Path) -> list[Path]:
    """Returns the target of each ledger: its own name, or xlsx where its format cannot be written."""
    names = {Path(ledger.name).name.casefold() for ledger in ledgers}
    targets = []
    for ledger in ledgers:
        path = ledger.path
        if path is not None and path.parent.resolve() == folder.resolve():
            raise ArgumentError(
                f"{folder} is the folder that {ledger.name} came from. Name another, so that nothing sent in is lost",
                f"{folder} 就是 {ledger.name} 所在的文件夹。请另写一个文件夹，以免覆盖报送的原件",
            )
        if path is None or _is_list(path):
            name = f"{Path(ledger.name).stem}-问题.xlsx"
        elif path.suffix.lower() in (*_TEXTS, *_OWN_FORMAT):
            name = path.name
        else:
            name = f"{path.stem}.xlsx"
            name = f"{path.name}.xlsx" if name.casefold() in names else name
        targets.append(folder / name)
    return targets


def _check_free(targets: Iterable[Path]) -> None:
    taken = [target.name for target in targets if target.exists()]
    if taken:
        some = ", ".join(taken[:5])
        raise FileError(
            f"{some}: already there. Name another folder, or say that files may be overwritten",
            f"{some}：已经存在。请另写一个文件夹，或指明可以覆盖（--overwrite，overwrite=True）",
        )


def _located(sources: pl.DataFrame) -> dict[str, Path | None]:
    """Returns the path of each file; none for a table in memory, or for a file that no longer exists."""
    found: dict[str, Path | None] = {}
    twins: dict[str, Path] = {}
    for file, written in sources.select("file", "path").unique(maintain_order=True).rows():
        path = Path(written)
        twin = twins.setdefault(path.name, path)
        if twin.resolve() != path.resolve():
            places = f"{twin.parent}, {path.parent}"
            raise ArgumentError(
                f"two files are called {path.name} (in {places}): return them one folder after the other",
                f"有几个文件都叫 {path.name}（在 {places}）：请分文件夹逐次返还",
            )
        if twin is path:
            found[file] = path if path.is_file() else None
    return found
