"""The engine, compiled. Use it through ``dangjian``; everything here gives Arrow tables and takes plain arguments."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypedDict, final, type_check_only

__all__ = [
    "Comparison",
    "Expression",
    "Judges",
    "Rating",
    "Roster",
    "__version__",
    "annual_checks",
    "annual_table",
    "breaks_of",
    "check_published",
    "compare",
    "definitions",
    "explain_change",
    "formation_audit",
    "formation_audit_list",
    "formation_returns",
    "gap_counts",
    "grids",
    "joint_branches",
    "joint_summary",
    "labels",
    "link",
    "linked",
    "links",
    "problem_codes",
    "rate_stars",
    "read",
    "read_arrow",
    "readiness",
    "readiness_list",
    "reconcile_totals",
    "reconcile_trees",
    "regions",
    "replay_stars",
    "resolve_regions",
    "schema",
    "star_form",
    "star_judges",
    "star_scheme_toml",
    "star_schemes",
    "synth_panel",
    "targets_pace",
    "targets_series",
    "uscc_completions",
]

__version__: str

class _Stream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table as an Arrow stream capsule."""

_Progress: TypeAlias = Callable[[str, int, int], None]

@type_check_only
class Options(TypedDict):
    """What may be said about files; ``words`` are column, spelling and word."""

    year: int | None
    columns: Sequence[tuple[str, str]]
    keep: Sequence[str]
    words: Sequence[tuple[str, str, str]]
    profile: Path | None
    on_conflict: str
    zones: Path | None
    repair: bool

@final
class Roster:
    """The panel, inside the engine."""

    @property
    def years(self) -> list[int]:
        """The survey years, ascending."""
    @property
    def rows(self) -> list[int]:
        """How many organisations are listed in each year."""
    @property
    def organisations(self) -> int:
        """How many organisations are listed in any year."""
    @property
    def fields(self) -> list[tuple[str, str]]:
        """The columns, each with what it holds."""
    @property
    def dimensions(self) -> list[str]:
        """What can be grouped by."""
    def to_arrow(self) -> _Stream:
        """The panel, one batch a year."""
    def write_parquet(self, path: Path) -> None:
        """Writes the panel to a Parquet file."""
    def sources(self) -> _Stream:
        """Every sheet and file, its rows by kind and what became of them."""
    def skipped(self) -> _Stream:
        """The sheets and files that are no ledgers, and why."""
    def columns_read(self) -> _Stream:
        """Every column of every source and what it was taken for."""
    def words(self) -> _Stream:
        """The words that were added to the shipped ones."""
    def save_profile(self, path: Path) -> None:
        """Writes what headers and words mean here to a TOML file."""
    def problems(self) -> _Stream:
        """Every rejected, emptied or doubtful row and cell."""
    def coverage(
        self,
        by: Sequence[str],
        *,
        rates: Sequence[str] | None = None,
        rates_file: Path | None = None,
        bands: Path | None = None,
        filter: str | None = None,
        only: _Stream | None = None,
        years: Sequence[int] | None = None,
        rollup: bool = False,
        interval: float | None = None,
    ) -> _Stream:
        """Rates by dimensions, of the rows for which the flags ``only`` are set."""
    def targets(
        self,
        by: Sequence[str],
        *,
        targets_file: Path | None = None,
        filter: str | None = None,
        years: Sequence[int] | None = None,
    ) -> _Stream:
        """The target set by dimensions."""
    def gaps(self, target: str, year: int, *, targets_file: Path | None = None) -> _Stream:
        """Who is missing from a target."""
    def formation(
        self, by: Sequence[str], *, filter: str | None = None, years: Sequence[int] | None = None
    ) -> _Stream:
        """Counts by mode."""
    def formation_need(
        self,
        by: Sequence[str],
        *,
        rules: Path | None = None,
        filter: str | None = None,
        years: Sequence[int] | None = None,
    ) -> _Stream:
        """The mode needed against the mode recorded."""
    def formation_moves(
        self, by: Sequence[str], *, filter: str | None = None, years: Sequence[int] | None = None
    ) -> _Stream:
        """Moves between modes."""
    def moves(
        self,
        of: Sequence[str],
        by: Sequence[str],
        *,
        filter: str | None = None,
        years: Sequence[int] | None = None,
    ) -> _Stream:
        """Moves between the values of any dimensions."""
    def star_distribution(
        self, by: Sequence[str], *, filter: str | None = None, years: Sequence[int] | None = None
    ) -> _Stream:
        """Counts by star state."""
    def star_transitions(
        self,
        by: Sequence[str],
        *,
        counts: str,
        filter: str | None = None,
        years: Sequence[int] | None = None,
    ) -> _Stream:
        """Moves between star states."""
    def workforce(
        self, by: Sequence[str], *, filter: str | None = None, years: Sequence[int] | None = None
    ) -> _Stream:
        """Workforce figures."""
    def count(
        self,
        sets: Sequence[Sequence[str]],
        measures: Sequence[tuple[str, str]],
        *,
        bands: Path | None = None,
        filter: str | None = None,
        only: _Stream | None = None,
        years: Sequence[int] | None = None,
    ) -> list[_Stream]:
        """Named measures in several groupings, in one pass."""
    def review(
        self,
        year: int,
        *,
        targets: Path | None = None,
        rates: Path | None = None,
        rules: Path | None = None,
        workers: Path | None = None,
        progress: _Progress | None = None,
    ) -> dict[str, _Stream]:
        """The tables of a year's review, by id."""

@final
class Expression:
    """What is asked of every value of a column."""

    def __new__(
        cls,
        name: str,
        *,
        column: str | None = None,
        factor: float = 1.0,
        year: int | None = None,
        of_year: int | None = None,
        level: str | None = None,
        system: str | None = None,
        part: str | None = None,
    ) -> Expression:
        """Checks the options that ``name`` has."""
    @property
    def words(self) -> list[str] | None:
        """The words among which every answer is, if they are a fixed set: answers are then positions."""
    def evaluate(self, data: object) -> _Stream:
        """The answers for an array or a stream of them."""

@final
class Comparison:
    """Two surveys, compared, inside the engine."""

    @property
    def year(self) -> int:
        """The later survey's year."""
    @property
    def earlier_year(self) -> int:
        """The earlier survey's year."""
    def organisations(self) -> _Stream:
        """The organisations that differ."""
    def changes(self) -> _Stream:
        """The cells that differ."""
    def counts(self, by: Sequence[str]) -> _Stream:
        """Organisations by status."""
    def column_counts(self) -> _Stream:
        """Cells that differ, by column."""
    def not_compared(self) -> _Stream:
        """The columns left out, and why."""

@type_check_only
class RatingOptions(TypedDict):
    """What may be said about a rating; ``previous`` is a table of stars, or ``"none"`` for a first round."""

    year: int | None
    judge: str | None
    events: object | None
    previous: object | None

@final
class Rating:
    """A rating, inside the engine."""

    @property
    def scheme(self) -> str:
        """The id of the scheme."""
    @property
    def has_plaques(self) -> bool:
        """Whether the scheme gives plaques."""
    @property
    def label(self) -> tuple[str, str]:
        """The name of the scheme, in Chinese and in English."""
    @property
    def years(self) -> list[int]:
        """The years that are rated."""
    def __len__(self) -> int:
        """How many organisations, each counted in every year."""
    def stars(self) -> _Stream:
        """Scores and stars."""
    def reasons(self) -> _Stream:
        """Why, a line each."""
    def trail(self) -> _Stream:
        """Every step that made the stars."""
    def summary(self) -> _Stream:
        """How many have which stars."""
    def quotas(self) -> _Stream:
        """What became of the places."""
    def goals(self) -> _Stream:
        """The goals and how far they are reached."""
    def needed(self) -> _Stream:
        """What each would need for one more star."""
    def plaques(self) -> _Stream:
        """The plaque list."""
    def problems(self) -> _Stream:
        """What could not be used."""
    def notes(self) -> _Stream:
        """What to know about the rating."""
    def counts(self, by: Sequence[str]) -> _Stream:
        """The stars by dimensions."""
    def sensitivity(self, thresholds: Sequence[float], *, stars: float | None = None) -> _Stream:
        """What becomes of the stars where a threshold lies elsewhere."""
    def compare(self, other: Rating, by: Sequence[str]) -> _Stream:
        """How many rise and fall under another scheme."""
    def compare_list(self, other: Rating) -> _Stream:
        """Who rises and falls under another scheme."""

@final
class Judges:
    """The scores of several judges, inside the engine."""

    def agreement(self) -> _Stream:
        """How two judges agree."""
    def offices(self) -> _Stream:
        """How much higher one judge scores, township by township."""
    def outliers(self) -> _Stream:
        """On whom two judges differ far more than on others."""
    def forms(self) -> _Stream:
        """Forms that look as if nobody had looked."""

def rate_stars(roster: Roster, scheme: str, scores: object, said: RatingOptions) -> Rating:
    """Rates a table of scores by a scheme."""

def star_judges(roster: Roster, scheme: str, scores: object, *, year: int | None = None) -> Judges:
    """Reads the scores of all judges."""

def star_schemes(named: Sequence[str] | None = None) -> _Stream:
    """The schemes that are named, or those that come with the engine."""

def star_form(scheme: str) -> _Stream:
    """The form of a scheme."""

def star_scheme_toml(id: str) -> str:
    """The text of a scheme that comes with the engine."""

def replay_stars(trail: object) -> _Stream:
    """The stars to which a trail leads."""

def compare(
    later: Roster,
    earlier: Roster | None = None,
    *,
    year: int | None = None,
    earlier_year: int | None = None,
    columns: Sequence[str] | None = None,
) -> Comparison:
    """Compares two surveys, of one roster where only one is given."""

def links(roster: Roster, register: Roster | None = None) -> _Stream:
    """Links between ids, with what a register says besides."""

def link(roster: Roster, links: object | None = None, *, reasons: Sequence[str] | None = None) -> Roster:
    """The roster with the links applied, its own proposals where none are given."""

def linked(roster: Roster) -> _Stream:
    """The ids that links replaced."""

def formation_audit(
    roster: Roster,
    by: Sequence[str],
    *,
    rules: Path | None = None,
    filter: str | None = None,
    years: Sequence[int] | None = None,
) -> _Stream:
    """What the audit finds, by dimensions."""

def formation_audit_list(
    roster: Roster,
    year: int,
    *,
    finding: str | None = None,
    rules: Path | None = None,
    filter: str | None = None,
) -> _Stream:
    """The organisations behind the findings of a year."""

def joint_branches(
    roster: Roster,
    *,
    rules: Path | None = None,
    filter: str | None = None,
    years: Sequence[int] | None = None,
) -> _Stream:
    """The joint branches of each year."""

def joint_summary(
    roster: Roster,
    by: Sequence[str],
    *,
    rules: Path | None = None,
    filter: str | None = None,
    years: Sequence[int] | None = None,
) -> _Stream:
    """Joint branches by dimensions."""

def readiness(
    roster: Roster,
    by: Sequence[str],
    *,
    short: int = 1,
    rules: Path | None = None,
    filter: str | None = None,
    years: Sequence[int] | None = None,
) -> _Stream:
    """Those short of a step, by dimensions, and what became of them."""

def readiness_list(
    roster: Roster,
    year: int,
    *,
    step: str | None = None,
    short: int = 1,
    rules: Path | None = None,
    filter: str | None = None,
) -> _Stream:
    """Those of a year that are short of a step."""

def formation_returns(
    roster: Roster, by: Sequence[str], *, filter: str | None = None, years: Sequence[int] | None = None
) -> _Stream:
    """Moves between modes over a gap."""

def breaks_of(
    roster: Roster, *, rates: Sequence[str] | None = None, rates_file: Path | None = None
) -> _Stream:
    """Where the figures of rates are not comparable with those of the survey before."""

def reconcile_trees(roster: Roster, year: int) -> _Stream:
    """The organisations of a year that do not stand in all trees."""

def reconcile_totals(
    roster: Roster, year: int, *, rates: Sequence[str] | None = None, rates_file: Path | None = None
) -> _Stream:
    """The totals of rates as each tree gives them."""

def explain_change(
    roster: Roster,
    rate: str,
    earlier: int,
    later: int,
    by: Sequence[str],
    *,
    rates_file: Path | None = None,
    bands: Path | None = None,
    filter: str | None = None,
    only: _Stream | None = None,
) -> _Stream:
    """Why a rate changed between two years."""

def annual_table(roster: Roster, table: str, year: int, *, tables_file: Path | None = None) -> _Stream:
    """A table of the national annual report."""

def annual_checks(roster: Roster, table: str, year: int, *, tables_file: Path | None = None) -> _Stream:
    """Whether the sums of such a table hold."""

def check_published(
    figures: Sequence[tuple[int | str | None, int | str | None, int | str | None, int | str | None]],
) -> _Stream:
    """Tests printed figures: year, numerator, denominator, per cent."""

def targets_series(
    roster: Roster,
    by: Sequence[str],
    *,
    targets: Sequence[str] | None = None,
    targets_file: Path | None = None,
    filter: str | None = None,
    years: Sequence[int] | None = None,
) -> _Stream:
    """Every target in every year."""

def gap_counts(
    roster: Roster,
    by: Sequence[str],
    *,
    targets: Sequence[str] | None = None,
    targets_file: Path | None = None,
    filter: str | None = None,
    years: Sequence[int] | None = None,
) -> _Stream:
    """How many are missing from each target, by dimensions."""

def targets_pace(
    roster: Roster,
    year: int,
    by: Sequence[str],
    *,
    deadline: int | None = None,
    targets: Sequence[str] | None = None,
    targets_file: Path | None = None,
    filter: str | None = None,
) -> _Stream:
    """Where each target stands, and whether the pace so far is enough."""

def read(
    paths: Sequence[Path],
    options: Options,
    *,
    progress: _Progress | None = None,
) -> Roster:
    """Reads files and folders."""

def read_arrow(
    name: str,
    data: object,
    options: Options,
    *,
    progress: _Progress | None = None,
) -> Roster:
    """Reads a table as its batches come, under a name for messages."""

def regions(year: int, level: str) -> _Stream:
    """The regions of a level in force in a year."""

def resolve_regions(written: Sequence[str], of_year: int | None, year: int) -> _Stream:
    """What regions of one year are in another."""

def uscc_completions(known: str) -> list[str]:
    """The codes that a rounded code can have been."""

def schema() -> _Stream:
    """The columns a ledger may have."""

def labels() -> dict[str, dict[str, Any]]:
    """What tables, columns and values are called: ``table``, ``column``, ``value``."""

def problem_codes() -> _Stream:
    """The catalogue of problems."""

def definitions(rates: Path | None = None, targets: Path | None = None) -> dict[str, list[dict[str, Any]]]:
    """The rates and targets in force with the files given."""

def synth_panel(organisations: int, years: int, first_year: int = 2004, seed: int = 7) -> _Stream:
    """A made panel."""

def grids(path: Path) -> list[tuple[str, bool, _Stream, list[list[int]]]]:
    """The cells of a workbook: for each sheet its name, whether it is hidden, its cells, what is merged."""
