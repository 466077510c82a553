"""The engine, compiled. Use it through ``dangjian``; everything here gives Arrow tables and takes plain arguments."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypedDict, final, type_check_only

import polars as pl

__all__ = [
    "Comparison",
    "Expression",
    "Judges",
    "Rating",
    "Roster",
    "__version__",
    "adjust_p",
    "annual_checks",
    "annual_table",
    "breaks_of",
    "check_published",
    "cochran_armitage",
    "compare",
    "compare_groups",
    "dated_chances",
    "dated_rates",
    "definitions",
    "explain_change",
    "first_passage",
    "flows",
    "formation_audit",
    "formation_audit_list",
    "formation_returns",
    "gap_counts",
    "gaps",
    "grids",
    "joint_branches",
    "joint_summary",
    "labels",
    "link",
    "linked",
    "links",
    "log_rank",
    "mann_kendall",
    "mcnemar",
    "mobility",
    "open_panel",
    "paired_change",
    "pooled_kendall",
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
    "reratings",
    "resolve_regions",
    "schema",
    "star_forecast",
    "star_form",
    "star_judges",
    "star_logrank",
    "star_path_counts",
    "star_paths",
    "star_scheme_toml",
    "star_schemes",
    "star_spells",
    "star_survival",
    "star_survival_summary",
    "star_trends",
    "steady_state",
    "survival_curve",
    "synth_panel",
    "targets",
    "targets_pace",
    "targets_series",
    "transition_gaps",
    "transition_probabilities",
    "transition_tests",
    "trend_pooled",
    "trend_test",
    "uscc_completions",
    "with_tree",
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

@type_check_only
class Scope(TypedDict):
    """Which rows are looked at: a condition in SQL, flags for the rows of the panel; by what they are divided."""

    by: Sequence[str]
    filter: str | None
    only: pl.Series | None
    bands: Path | None
    years: Sequence[int] | None

@type_check_only
class TargetSet(TypedDict):
    """Which targets are meant: those of a file or the shipped ones, of these the ones named."""

    targets: Sequence[str] | None
    targets_file: Path | None

@type_check_only
class Study(TypedDict):
    """What a study of spells looks at."""

    at_least: float
    counts: str
    entry: str
    recurrent: bool
    interval: str
    level: float
    variance: str
    horizon: float | None

@type_check_only
class Figure(TypedDict):
    """A figure that every year has: a rate by its id, a rate in one's own words, or a measure."""

    rate: str | None
    rates_file: Path | None
    success: str | None
    population: str | None
    measure: str | None

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
        scope: Scope,
        *,
        rates: Sequence[str] | None = None,
        rates_file: Path | None = None,
        rollup: bool = False,
        interval: float | None = None,
    ) -> _Stream:
        """Rates by dimensions."""
    def formation(self, scope: Scope) -> _Stream:
        """Counts by mode."""
    def formation_need(self, scope: Scope, *, rules: Path | None = None) -> _Stream:
        """The mode needed against the mode recorded."""
    def formation_moves(self, scope: Scope) -> _Stream:
        """Moves between modes."""
    def moves(self, of: Sequence[str], scope: Scope) -> _Stream:
        """Moves between the values of any dimensions."""
    def star_distribution(self, scope: Scope) -> _Stream:
        """Counts by star state."""
    def star_transitions(self, scope: Scope, *, counts: str) -> _Stream:
        """Moves between star states."""
    def workforce(self, scope: Scope) -> _Stream:
        """Workforce figures."""
    def count(
        self, sets: Sequence[Sequence[str]], measures: Sequence[tuple[str, str]], scope: Scope
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
    def select(self, columns: Sequence[str]) -> _Stream:
        """Some columns of them."""
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

def with_tree(roster: Roster, column: str, source: Path | tuple[str, object]) -> Roster:
    """The roster with the levels of a tree as columns, from a file or from a table under a name for messages."""

def formation_audit(roster: Roster, scope: Scope, *, rules: Path | None = None) -> _Stream:
    """What the audit finds, by dimensions."""

def formation_audit_list(
    roster: Roster, year: int, scope: Scope, *, finding: str | None = None, rules: Path | None = None
) -> _Stream:
    """The organisations behind the findings of a year."""

def joint_branches(roster: Roster, scope: Scope, *, rules: Path | None = None) -> _Stream:
    """The joint branches of each year."""

def joint_summary(roster: Roster, scope: Scope, *, rules: Path | None = None) -> _Stream:
    """Joint branches by dimensions."""

def readiness(roster: Roster, scope: Scope, *, short: int = 1, rules: Path | None = None) -> _Stream:
    """Those short of a step, by dimensions, and what became of them."""

def readiness_list(
    roster: Roster,
    year: int,
    scope: Scope,
    *,
    step: str | None = None,
    short: int = 1,
    rules: Path | None = None,
) -> _Stream:
    """Those of a year that are short of a step."""

def formation_returns(roster: Roster, scope: Scope) -> _Stream:
    """Moves between modes over a gap."""

def breaks_of(
    roster: Roster, *, rates: Sequence[str] | None = None, rates_file: Path | None = None
) -> _Stream:
    """Where the figures of rates are not comparable with those of the survey before."""

def reconcile_trees(roster: Roster, year: int, scope: Scope) -> _Stream:
    """The organisations of a year that do not stand in all trees."""

def reconcile_totals(
    roster: Roster,
    year: int,
    scope: Scope,
    *,
    rates: Sequence[str] | None = None,
    rates_file: Path | None = None,
) -> _Stream:
    """The totals of rates as each tree gives them."""

def explain_change(
    roster: Roster, rate: str, earlier: int, later: int, scope: Scope, *, rates_file: Path | None = None
) -> _Stream:
    """Why a rate changed between two years."""

def annual_table(
    roster: Roster, table: str, year: int, scope: Scope, *, tables_file: Path | None = None
) -> _Stream:
    """A table of the national annual report."""

def annual_checks(
    roster: Roster, table: str, year: int, scope: Scope, *, tables_file: Path | None = None
) -> _Stream:
    """Whether the sums of such a table hold."""

def check_published(
    figures: Sequence[tuple[int | str | None, int | str | None, int | str | None, int | str | None]],
) -> _Stream:
    """Tests printed figures: year, numerator, denominator, per cent."""

def targets(roster: Roster, set: TargetSet, scope: Scope) -> _Stream:
    """The target set by dimensions."""

def gaps(
    roster: Roster, target: str, year: int, scope: Scope, *, targets_file: Path | None = None
) -> _Stream:
    """Who is missing from a target."""

def targets_series(roster: Roster, set: TargetSet, scope: Scope) -> _Stream:
    """Every target in every year."""

def gap_counts(roster: Roster, set: TargetSet, scope: Scope) -> _Stream:
    """How many are missing from each target, by dimensions."""

def targets_pace(
    roster: Roster, year: int, set: TargetSet, scope: Scope, *, deadline: int | None = None
) -> _Stream:
    """Where each target stands, and whether the pace so far is enough."""

def star_survival(roster: Roster, options: Study, rows: Scope) -> _Stream:
    """Curves of spells."""

def star_survival_summary(roster: Roster, options: Study, rows: Scope) -> _Stream:
    """What the curves come to."""

def star_logrank(roster: Roster, of: str, options: Study, rows: Scope) -> _Stream:
    """Groups of spells compared."""

def star_spells(roster: Roster, options: Study, rows: Scope) -> _Stream:
    """The spells one by one."""

def survival_curve(
    entry: Sequence[float],
    exit: Sequence[float],
    cause: Sequence[int],
    cluster: Sequence[int] | None,
    causes: int,
    interval: str,
    level: float,
    horizon: float | None,
) -> tuple[_Stream, _Stream]:
    """Curves of things under watch, and what they come to."""

def log_rank(
    group: Sequence[int],
    groups: int,
    entry: Sequence[float],
    exit: Sequence[float],
    event: Sequence[bool],
    cluster: Sequence[int] | None,
) -> _Stream:
    """Groups of things under watch compared."""

def mann_kendall(times: Sequence[float], values: object, method: str, alpha: float) -> _Stream:
    """Tests series that stand one behind the other."""

def pooled_kendall(times: Sequence[float], values: object, alpha: float) -> _Stream:
    """Tests such series together."""

def adjust_p(p: Sequence[float | None]) -> list[float | None]:
    """P-values adjusted for their number."""

def cochran_armitage(
    years: Sequence[float], success: Sequence[int], known: Sequence[int], level: float
) -> _Stream:
    """Tests shares by year."""

def mcnemar(kept: int, lost: int, gained: int, never: int, level: float) -> _Stream:
    """Tests pairs."""

def trend_test(roster: Roster, figure: Figure, method: str, alpha: float, rows: Scope) -> _Stream:
    """Trends of a figure, group by group."""

def trend_pooled(roster: Roster, figure: Figure, alpha: float, rows: Scope) -> _Stream:
    """Trends of a figure, all groups together."""

def paired_change(
    roster: Roster, figure: Figure, earlier: int, later: int, level: float, rows: Scope
) -> _Stream:
    """The same organisations in two years."""

def star_paths(roster: Roster, at_least: float, counts: str, rows: Scope) -> _Stream:
    """The path of each organisation."""

def star_path_counts(roster: Roster, counts: str, rows: Scope) -> _Stream:
    """How many take which course."""

def read(
    paths: Sequence[Path],
    options: Options,
    *,
    progress: _Progress | None = None,
) -> Roster:
    """Reads files and folders."""

def open_panel(path: Path, columns: Sequence[str] | None, *, progress: _Progress | None = None) -> Roster:
    """Opens a panel as it was written."""

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

@type_check_only
class Asked(TypedDict):
    """What every question about steps from year to year has in common."""

    scope: Scope
    of: str
    scale: Sequence[str] | None
    counts: str
    into: Sequence[int] | None
    rating: str | None

_Drawing: TypeAlias = tuple[int, int, float]
"""How often is drawn, from which seed, the level of the intervals."""

def transition_probabilities(
    roster: Roster,
    asked: Asked,
    *,
    view: str,
    pooling: str,
    interval: str,
    drawing: _Drawing,
    ahead: float,
    generator: str | None = None,
    stay: bool = False,
) -> _Stream:
    """Probabilities of moving from each state to each."""

def transition_gaps(roster: Roster, asked: Asked) -> _Stream:
    """Moves over a gap."""

def reratings(roster: Roster, asked: Asked) -> _Stream:
    """How alike the ratings of neighbouring years are."""

def flows(roster: Roster, asked: Asked, each: bool) -> _Stream:
    """The flows between states, the largest first."""

def mobility(roster: Roster, asked: Asked, each: bool, drawing: _Drawing | None = None) -> _Stream:
    """Indices of mobility."""

def steady_state(roster: Roster, asked: Asked, view: str, each: bool) -> _Stream:
    """The steady state, and how long states are kept."""

def first_passage(roster: Roster, asked: Asked, view: str, each: bool) -> _Stream:
    """Mean first passage times."""

def transition_tests(roster: Roster, asked: Asked) -> _Stream:
    """Tests of time, memory and direction."""

def compare_groups(
    roster: Roster, asked: Asked, a: str, b: str | None = None, drawing: _Drawing | None = None
) -> _Stream:
    """Two groups side by side."""

def star_trends(roster: Roster, asked: Asked, at_least: float, level: float) -> _Stream:
    """One line for each group: where its ratings stand and which way they go."""

def star_forecast(
    roster: Roster,
    asked: Asked,
    horizon: int,
    *,
    share_of: str,
    futures: str,
    recent: int | None = None,
    at_least: float | None = None,
    hold_out: int | None = None,
    drawing: _Drawing | None = None,
) -> _Stream:
    """The mix of states in the years ahead."""

def dated_rates(
    changes: object, states: Sequence[str] | None, until: int, ahead: float, level: float
) -> _Stream:
    """Rates of moving, from dated changes."""

def dated_chances(
    changes: object, states: Sequence[str] | None, since: int, until: int, level: float
) -> _Stream:
    """Chances over time, from dated changes."""
