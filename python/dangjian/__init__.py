"""Embedded data engine for the books of Party building in private enterprises and social organisations
(两新组织党建).

Read yearly ledgers into a `Roster`, query its coverage, formation, stars and targets, and write the annual review:

    >>> import dangjian as dj
    >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
    >>> roster.years
    [2009, 2010, 2011, 2012, 2013]
    >>> roster.coverage(rates=["eligible_established"], years=2013)["success"].item()
    163
"""

from dangjian import datasets, labels
from dangjian import expressions as namespace
from dangjian._native import __version__
from dangjian.catalogue.ledgers import problem_codes, schema
from dangjian.catalogue.schemes import replay_stars, star_form, star_scheme_toml, star_schemes
from dangjian.catalogue.standards import regions, resolve_regions, uscc_completions
from dangjian.datasets import synth
from dangjian.errors import ArgumentError, DataError, DefinitionError, Error, FileError, InternalError
from dangjian.results.comparison import Comparison
from dangjian.results.rating import Judges, Rating
from dangjian.results.review import Review
from dangjian.roster import Roster, open_roster, read_roster
from dangjian.stats.dated import dated_chances, dated_rates
from dangjian.stats.published import check_published
from dangjian.stats.survival import log_rank, survival_curve, survival_summary
from dangjian.stats.trend import (
    adjust_p,
    cochran_armitage,
    mann_kendall,
    mcnemar,
    pooled_kendall,
    seasonal_kendall,
)

__all__ = [
    "ArgumentError",
    "Comparison",
    "DataError",
    "DefinitionError",
    "Error",
    "FileError",
    "InternalError",
    "Judges",
    "Rating",
    "Review",
    "Roster",
    "__version__",
    "adjust_p",
    "check_published",
    "cochran_armitage",
    "datasets",
    "dated_chances",
    "dated_rates",
    "labels",
    "log_rank",
    "mann_kendall",
    "mcnemar",
    "namespace",
    "open_roster",
    "pooled_kendall",
    "problem_codes",
    "read_roster",
    "regions",
    "replay_stars",
    "resolve_regions",
    "schema",
    "seasonal_kendall",
    "star_form",
    "star_scheme_toml",
    "star_schemes",
    "survival_curve",
    "survival_summary",
    "synth",
    "uscc_completions",
]
