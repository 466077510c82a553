"""The compiled engine. Use it through ``dangjian``; its functions take plain arguments and return Arrow tables."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypedDict, final, type_check_only

import polars as pl

__all__ = [
    "COMPARE_STATUSES",
    "SEVERITIES",
    "Comparison",
    "Expression",
    "Judges",
    "Rating",
    "Roster",
    "__version__",
    "_fail_internally",
    "adjust_p",
    "check_published",
    "cochran_armitage",
    "dated_chances",
    "dated_rates",
    "definitions",
    "grids",
    "labels",
    "log_rank",
    "mann_kendall",
    "mcnemar",
    "open_panel",
    "pooled_kendall",
    "problem_codes",
    "read",
    "read_arrow",
    "regions",
    "replay_stars",
    "resolve_regions",
    "schema",
    "star_form",
    "star_scheme_toml",
    "star_schemes",
    "survival_curve",
    "synth_panel",
    "uscc_completions",
]

COMPARE_STATUSES: tuple[str, ...]
SEVERITIES: tuple[str, ...]
__version__: str

class _Stream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Exports the table as an Arrow stream capsule."""

_Progress: TypeAlias = Callable[[str, int, int], None]

@type_check_only
class Options(TypedDict):
    """Options for reading files; ``words`` are column, spelling and word."""

    year: int | None
    columns: Sequence[tuple[str, str]]
    keep: Sequence[str]
    words: Sequence[tuple[str, str, str]]
    profile: Path | None
    on_conflict: str
    zones: Path | None
    repair: bool
    codes_from: Sequence[Path] | object | None

@type_check_only
class Scope(TypedDict):
    """Scope of a statistic: dimensions, and rows selected by a condition in SQL or by flags for the rows of the
    panel.
    """

    by: Sequence[str]
    filter: str | None
    only: pl.Series | None
    bands: Path | None
    years: Sequence[int] | None

@type_check_only
class TargetSet(TypedDict):
    """Selection of targets: the set of a file or the shipped one, and ids of it."""

    targets: Sequence[str] | None
    targets_file: Path | None

@type_check_only
class SpellOptions(TypedDict):
    """Options for a study of spells."""

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
    """A figure with a value in every year: a rate by its id, a rate by conditions, or a measure."""

    rate: str | None
    rates_file: Path | None
    success: str | None
    population: str | None
    measure: str | None

@type_check_only
class TransitionQuery(TypedDict):
    """Selection of transitions: the states, the years and the scope."""

    scope: Scope
    of: str
    scale: Sequence[str] | None
    counts: str
    into: Sequence[int] | None
    rating: str | None

_Drawing: TypeAlias = tuple[int, int, float]
"""Bootstrap: number of replicates, seed, level of the intervals."""

@type_check_only
class RatingOptions(TypedDict):
    """Options for a rating; ``previous`` is a table of stars, or ``"none"`` for a first round."""

    year: int | None
    judge: str | None
    events: object | None
    previous: object | None

@final
class Roster:
    """The panel."""

    @property
    def years(self) -> list[int]:
        """The survey years, ascending."""
    @property
    def rows(self) -> list[int]:
        """Number of organisations listed in each year."""
    @property
    def organisations(self) -> int:
        """Number of organisations listed in any year."""
    @property
    def fields(self) -> list[tuple[str, str]]:
        """The columns, each with its type."""
    @property
    def dimensions(self) -> list[str]:
        """The names of the dimensions."""
    def to_arrow(self) -> _Stream:
        """Returns the panel, one batch a year."""
    def write_parquet(self, path: Path) -> None:
        """Writes the panel to a Parquet file."""
    def sources(self) -> _Stream:
        """Returns every sheet and file, its rows by kind and the outcomes of its data."""
    def tables(self) -> _Stream:
        """Lists every table found, read or not."""
    def skipped(self) -> _Stream:
        """Returns the sheets and files that are not ledgers, with the reason."""
    def columns_read(self) -> _Stream:
        """Returns every column of every source and the column it was mapped to."""
    def words(self) -> _Stream:
        """Returns the words that were added to the shipped ones."""
    def save_profile(self, path: Path) -> None:
        """Writes the meaning of headers and words to a TOML file."""
    def problems(self) -> _Stream:
        """Returns every rejected, emptied or doubtful row and cell."""
    def coverage(
        self,
        scope: Scope,
        *,
        rates: Sequence[str] | None = None,
        rates_file: Path | None = None,
        rollup: bool = False,
        interval: float | None = None,
    ) -> _Stream:
        """Computes rates by dimensions."""
    def formation(self, scope: Scope) -> _Stream:
        """Counts by mode."""
    def formation_need(self, scope: Scope, *, rules: Path | None = None) -> _Stream:
        """Counts the mode needed against the mode recorded."""
    def formation_moves(self, scope: Scope) -> _Stream:
        """Counts transitions between modes."""
    def moves(self, dimensions: Sequence[str], scope: Scope) -> _Stream:
        """Counts transitions between the values of any dimensions."""
    def star_distribution(self, scope: Scope) -> _Stream:
        """Counts by star state."""
    def star_transitions(self, scope: Scope, *, counts: str) -> _Stream:
        """Counts transitions between star states."""
    def workforce(self, scope: Scope) -> _Stream:
        """Counts the workforce."""
    def count(
        self, sets: Sequence[Sequence[str]], measures: Sequence[tuple[str, str]], scope: Scope
    ) -> list[_Stream]:
        """Counts named measures in several groupings, in one scan."""
    def links(self, register: Roster | None = None) -> _Stream:
        """Returns links between ids, extended by a register."""
    def link(self, links: object | None = None, *, reasons: Sequence[str] | None = None) -> Roster:
        """Returns the roster with the links applied, by default its own proposals."""
    def linked(self) -> _Stream:
        """Returns the ids that links replaced."""
    def compare(
        self,
        earlier: Roster | None = None,
        *,
        year: int | None = None,
        earlier_year: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> Comparison:
        """Compares two surveys, of one roster if only one is given."""
    def with_tree(self, column: str, source: Path | tuple[str, object]) -> Roster:
        """Returns the roster with the levels of a tree as columns, from a file or from a table under a name for messages."""
    def with_conditions(self, path: Path) -> Roster:
        """Returns the roster under the named conditions of a file, over those that it is under."""
    def breaks(self, *, rates: Sequence[str] | None = None, rates_file: Path | None = None) -> _Stream:
        """Returns the surveys at which rates are not comparable with the survey before."""
    def explain_change(
        self, rate: str, earlier: int, later: int, scope: Scope, *, rates_file: Path | None = None
    ) -> _Stream:
        """Explains the change of a rate between two years."""
    def reconcile(self, year: int, scope: Scope) -> _Stream:
        """Returns the organisations of a year that are missing from a tree or at odds with it."""
    def reconcile_totals(
        self,
        year: int,
        scope: Scope,
        *,
        rates: Sequence[str] | None = None,
        rates_file: Path | None = None,
    ) -> _Stream:
        """Returns the totals of rates over each tree."""
    def annual_table(
        self, table: str, year: int, scope: Scope, *, tables_file: Path | None = None
    ) -> _Stream:
        """Returns a table of the national annual report."""
    def annual_checks(
        self, table: str, year: int, scope: Scope, *, tables_file: Path | None = None
    ) -> _Stream:
        """Checks the sums of such a table."""
    def targets(self, set: TargetSet, scope: Scope) -> _Stream:
        """Computes the target set by dimensions."""
    def targets_series(self, set: TargetSet, scope: Scope) -> _Stream:
        """Computes every target in every year."""
    def gaps(self, target: str, year: int, scope: Scope, *, targets_file: Path | None = None) -> _Stream:
        """Returns the organisations missing from a target."""
    def gap_counts(self, set: TargetSet, scope: Scope) -> _Stream:
        """Counts those missing from each target, by dimensions."""
    def targets_pace(
        self, year: int, set: TargetSet, scope: Scope, *, deadline: int | None = None
    ) -> _Stream:
        """Computes the state of each target, and whether the pace so far is enough."""
    def formation_audit(self, scope: Scope, *, rules: Path | None = None) -> _Stream:
        """Counts the findings of the audit by dimensions."""
    def formation_audit_list(
        self, year: int, scope: Scope, *, finding: str | None = None, rules: Path | None = None
    ) -> _Stream:
        """Returns the organisations with the findings of a year."""
    def joint_branches(self, scope: Scope, *, rules: Path | None = None) -> _Stream:
        """Returns the joint branches of each year."""
    def joint_summary(self, scope: Scope, *, rules: Path | None = None) -> _Stream:
        """Counts joint branches by dimensions."""
    def readiness(self, scope: Scope, *, short: int = 1, rules: Path | None = None) -> _Stream:
        """Counts those short of a step, by dimensions, and their outcomes."""
    def readiness_list(
        self,
        year: int,
        scope: Scope,
        *,
        step: str | None = None,
        short: int = 1,
        rules: Path | None = None,
    ) -> _Stream:
        """Returns those of a year that are short of a step."""
    def formation_returns(self, scope: Scope) -> _Stream:
        """Counts transitions between modes over missing years."""
    def review(
        self,
        year: int,
        *,
        targets: Path | None = None,
        rates: Path | None = None,
        rules: Path | None = None,
        scheme: str | None = None,
        workers: Path | None = None,
        progress: _Progress | None = None,
    ) -> tuple[dict[str, _Stream], dict[str, Any]]:
        """Returns the tables of a year's review by id, and the definitions in force."""
    def star_survival(self, options: SpellOptions, scope: Scope) -> _Stream:
        """Estimates curves of spells."""
    def star_survival_summary(self, options: SpellOptions, scope: Scope) -> _Stream:
        """Summarises curves of spells."""
    def star_logrank(self, events: str, options: SpellOptions, scope: Scope) -> _Stream:
        """Compares groups of spells."""
    def star_spells(self, options: SpellOptions, scope: Scope) -> _Stream:
        """Returns the spells."""
    def trend_test(self, figure: Figure, method: str, alpha: float, scope: Scope) -> _Stream:
        """Tests a figure for trends, group by group."""
    def trend_pooled(self, figure: Figure, alpha: float, scope: Scope) -> _Stream:
        """Tests a figure for a trend, all groups together."""
    def paired_change(self, figure: Figure, earlier: int, later: int, level: float, scope: Scope) -> _Stream:
        """Compares the same organisations in two years."""
    def star_paths(self, at_least: float, counts: str, scope: Scope) -> _Stream:
        """Returns the path of each organisation."""
    def star_path_counts(self, counts: str, scope: Scope) -> _Stream:
        """Counts organisations by course."""
    def transition_probabilities(
        self,
        query: TransitionQuery,
        *,
        view: str,
        pooling: str,
        interval: str,
        drawing: _Drawing,
        ahead: float,
        generator: str | None = None,
        stay: bool = False,
    ) -> _Stream:
        """Estimates transition probabilities from each state to each."""
    def transition_gaps(self, query: TransitionQuery) -> _Stream:
        """Counts transitions over missing years."""
    def reratings(self, query: TransitionQuery) -> _Stream:
        """Compares the ratings of neighbouring years."""
    def flows(self, query: TransitionQuery, each_year: bool) -> _Stream:
        """Returns the transitions between states, the largest first."""
    def mobility(self, query: TransitionQuery, each_year: bool, drawing: _Drawing | None = None) -> _Stream:
        """Computes indices of mobility."""
    def steady_state(self, query: TransitionQuery, view: str, each_year: bool) -> _Stream:
        """Computes the steady state and the mean stay in each state."""
    def first_passage(self, query: TransitionQuery, view: str, each_year: bool) -> _Stream:
        """Computes mean first passage times."""
    def transition_tests(self, query: TransitionQuery) -> _Stream:
        """Tests for effects of time, memory and direction."""
    def compare_groups(
        self, query: TransitionQuery, a: str, b: str | None = None, drawing: _Drawing | None = None
    ) -> _Stream:
        """Compares two groups."""
    def star_trends(self, query: TransitionQuery, at_least: float, level: float) -> _Stream:
        """Summarises the state and the direction of each group's ratings in one line."""
    def star_forecast(
        self,
        query: TransitionQuery,
        horizon: int,
        *,
        share_of: str,
        futures: str,
        recent: int | None = None,
        at_least: float | None = None,
        hold_out: int | None = None,
        drawing: _Drawing | None = None,
    ) -> _Stream:
        """Forecasts the mix of states in the years ahead."""
    def rate_stars(self, scheme: str, scores: object, options: RatingOptions) -> Rating:
        """Rates a table of scores by a scheme."""
    def star_judges(self, scheme: str, scores: object, *, year: int | None = None) -> Judges:
        """Reads the scores of all judges."""

@final
class Expression:
    """A reading of every value of a column."""

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
        """Checks the options of ``name``."""
    @property
    def words(self) -> list[str] | None:
        """The possible answers, if they are a fixed set: answers are then positions in it."""
    def evaluate(self, data: object) -> _Stream:
        """Returns the answers for an array or a stream of them."""

@final
class Comparison:
    """Two surveys, compared."""

    @property
    def year(self) -> int:
        """The later survey's year."""
    @property
    def earlier_year(self) -> int:
        """The earlier survey's year."""
    def organisations(self) -> _Stream:
        """Returns the organisations that differ."""
    def changes(self) -> _Stream:
        """Returns the cells that differ."""
    def counts(self, by: Sequence[str]) -> _Stream:
        """Counts organisations by status."""
    def column_counts(self) -> _Stream:
        """Counts the cells that differ, by column."""
    def not_compared(self) -> _Stream:
        """Returns the columns left out, with the reason."""

@final
class Rating:
    """A rating."""

    @property
    def scheme(self) -> str:
        """The id of the scheme."""
    @property
    def has_plaques(self) -> bool:
        """True if the scheme gives plaques."""
    @property
    def label(self) -> tuple[str, str]:
        """The name of the scheme, in Chinese and in English."""
    @property
    def years(self) -> list[int]:
        """The years that are rated."""
    def __len__(self) -> int:
        """Returns the number of organisations, each counted in every year."""
    def stars(self) -> _Stream:
        """Returns scores and stars."""
    def select(self, columns: Sequence[str]) -> _Stream:
        """Returns some columns of the stars."""
    def reasons(self) -> _Stream:
        """Returns the reasons, one line each."""
    def trail(self) -> _Stream:
        """Returns every step that led to the stars."""
    def summary(self) -> _Stream:
        """Counts the stars after each rule."""
    def quotas(self) -> _Stream:
        """Returns the places under the quotas and their use."""
    def goals(self) -> _Stream:
        """Returns the goals and how far they are reached."""
    def needed(self) -> _Stream:
        """Returns the needs of each for one more star."""
    def plaques(self) -> _Stream:
        """Returns the plaque list."""
    def problems(self) -> _Stream:
        """Returns the values that could not be used."""
    def notes(self) -> _Stream:
        """Returns notes on the rating."""
    def counts(self, by: Sequence[str]) -> _Stream:
        """Counts the stars by dimensions."""
    def sensitivity(self, thresholds: Sequence[float], *, stars: float | None = None) -> _Stream:
        """Counts the stars under other thresholds."""
    def compare(self, other: Rating, by: Sequence[str]) -> _Stream:
        """Counts the rises and falls under another scheme."""
    def compare_list(self, other: Rating) -> _Stream:
        """Lists the rises and falls under another scheme."""

@final
class Judges:
    """The scores of several judges."""

    def agreement(self) -> _Stream:
        """Measures the agreement of two judges."""
    def offices(self) -> _Stream:
        """Measures differences between the scores of judges, by township."""
    def outliers(self) -> _Stream:
        """Returns the organisations on which two judges differ far more than on others."""
    def forms(self) -> _Stream:
        """Returns the forms that seem to have been filled in blindly."""

def star_schemes(named: Sequence[str] | None = None) -> _Stream:
    """Returns the schemes with these ids or paths, or the shipped ones."""

def star_form(scheme: str) -> _Stream:
    """Returns the form of a scheme."""

def star_scheme_toml(id: str) -> str:
    """Returns the text of a shipped scheme."""

def replay_stars(trail: object) -> _Stream:
    """Returns the stars to which a trail leads."""

def check_published(
    figures: Sequence[tuple[int | str | None, int | str | None, int | str | None, int | str | None]],
) -> _Stream:
    """Tests printed figures: year, numerator, denominator, per cent."""

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
    """Estimates survival curves of arrays, and summarises them."""

def log_rank(
    group: Sequence[int],
    groups: int,
    entry: Sequence[float],
    exit: Sequence[float],
    event: Sequence[bool],
    cluster: Sequence[int] | None,
) -> _Stream:
    """Compares the survival of groups."""

def mann_kendall(times: Sequence[float], values: object, method: str, alpha: float) -> _Stream:
    """Tests series stored one after the other."""

def pooled_kendall(times: Sequence[float], values: object, alpha: float) -> _Stream:
    """Tests such series together."""

def adjust_p(p: Sequence[float | None]) -> list[float | None]:
    """Adjusts p-values for multiple testing."""

def cochran_armitage(
    years: Sequence[float], success: Sequence[int], known: Sequence[int], level: float
) -> _Stream:
    """Tests proportions by year."""

def mcnemar(kept: int, lost: int, gained: int, never: int, level: float) -> _Stream:
    """Tests pairs."""

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
    """Reads a table batch by batch, under a name for messages."""

def _fail_internally() -> None:
    """Fails as a case that cannot happen does. Is in development builds only."""

def regions(year: int, level: str) -> _Stream:
    """Returns the regions of a level in force in a year."""

def resolve_regions(written: Sequence[str], of_year: int | None, year: int) -> _Stream:
    """Resolves regions of one year to those of another."""

def uscc_completions(known: str) -> list[str]:
    """Returns the codes that a rounded code can have been."""

def schema() -> _Stream:
    """Returns the columns a ledger may have."""

def labels() -> dict[str, dict[str, Any]]:
    """Returns the labels of tables, columns and values: ``table``, ``column``, ``value``."""

def problem_codes() -> _Stream:
    """Returns the catalogue of problems."""

def definitions(rates: Path | None = None, targets: Path | None = None) -> dict[str, Any]:
    """Returns the rates, the targets and the star scheme in force with the files given."""

def synth_panel(organisations: int, years: int, first_year: int = 2004, seed: int = 7) -> _Stream:
    """Generates a synthetic panel."""

def grids(path: Path) -> list[tuple[str, bool, _Stream, list[list[int]]]]:
    """Returns the cells of a workbook: for each sheet its name, whether it is hidden, its cells, its merged areas."""

def dated_rates(
    changes: object, states: Sequence[str] | None, until: int, ahead: float, level: float
) -> _Stream:
    """Estimates transition rates from dated changes."""

def dated_chances(
    changes: object, states: Sequence[str] | None, since: int, until: int, level: float
) -> _Stream:
    """Estimates state probabilities over time from dated changes."""
