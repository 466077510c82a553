"""Invented sample ledgers that ship with the package, on real place names, for trials and tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["Ledgers", "hexigten"]


class Ledgers(NamedTuple):
    """The files of one set of sample ledgers."""

    ledgers: list[Path]
    """The ledgers, one file a survey year, the oldest first."""
    workers: Path
    """The table of party workers: who instructs or is seconded to which organisation, and when."""
    scores: Path
    """The scores of party organisations by the scheme ``wuhao``, 2012 and 2013, by three judges."""
    events: Path
    """Events that the scheme considers: commendations, complaints, vetoes."""


def hexigten() -> Ledgers:
    """Returns the ledgers of Hexigten Banner (克什克腾旗, 150425), survey years 2009 to 2013.

    Organisations, codes and people are invented; places are real names of today. The workbooks are as offices keep
    them: two sheets (enterprises, social organisations), three header rows, one column for each possible answer,
    totals, notes, a hidden sheet and cells spoilt in the usual ways. In 2013 they hold 246 instructors, 48 seconded
    officers, 85 owners who are secretary, and 3 four-star and 8 three-star party organisations.

    Example:
        >>> from dangjian import datasets
        >>> sample = datasets.hexigten()
        >>> [path.name for path in sample.ledgers][-1]
        '克什克腾旗两新组织党建台账2013年.xlsx'
        >>> sample.workers.name
        'workers.csv'
    """
    folder = Path(__file__).parent / "hexigten"
    return Ledgers(
        ledgers=sorted(folder.glob("*.xlsx")),
        workers=folder / "workers.csv",
        scores=folder / "scores.csv",
        events=folder / "events.csv",
    )
