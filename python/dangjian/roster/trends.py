"""Trends of star states, and of states of any other kind: transition probabilities, mobility, tests, forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack, cast

import polars as pl

from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dangjian import _native
    from dangjian.roster.arguments import By, Years
    from dangjian.roster.where import Where

View: TypeAlias = Literal["all", "kept", "removed", "absorbing"]
"""Choice of the denominator: everyone listed (``all``), everyone listed in both years (``kept``), everyone rated in
both (``removed``), everyone rated, with the loss of the rating as an absorbing state (``absorbing``).
"""

Counts: TypeAlias = Literal["organisations", "party_organisations"]


class Looked(TypedDict, total=False):
    """Selection of transitions from one year to the next."""

    of: str
    """States: ``star_state`` (the default), or any dimension, whose values have no order: ``mode``, ``kind``,
    ``committee``.
    """
    scale: Sequence[str] | None
    """Values of that dimension that are grades, the lowest first: a scale of one's own."""
    counts: Counts
    """Unit with the star states: ``organisations`` (the default, linked by id), or ``party_organisations`` (linked by
    code).
    """
    into: Years
    """Only transitions into these years: the years of new ratings."""
    rating: str | None
    """Column with the time of a rating (a year, a date); where it is equal in both years, the rating was carried over
    and is not a transition.
    """
    where: Where
    """Only organisations for which this holds in the earlier year."""
    years: Years
    """Only these years; a transition needs two neighbouring calendar years."""


class Steps(Looked, total=False):
    """Selection of transitions and their groups; every method of :class:`Trends` takes these keywords."""

    by: By
    """Dimensions; the group of a transition is that of the earlier year, of arrivals that of the later."""


class Trends(RosterPart):
    """Transitions between states. A proportion names its denominator; an undefined figure is null next to the count
    that explains it.

    All methods take the keywords of :class:`Steps`. Where a method pools the years, ``year`` and ``next_year`` are
    the first and the last of them.
    """

    def transition_probabilities(
        self,
        *,
        view: View = "kept",
        pooling: Literal["each_year", "pooled", "equal_years"] = "pooled",
        interval: Literal["wilson", "goodman", "sison_glaz", "bootstrap"] = "wilson",
        level: float = 0.95,
        draws: int = 1000,
        seed: int = 1,
        ahead: float = 1,
        generator: Literal["diagonal", "weighted"] | None = None,
        stay: bool = False,
        **steps: Unpack[Steps],
    ) -> pl.DataFrame:
        """Estimates transition probabilities from each state to each, from the counts of ``star_transitions``.

        Args:
            view: Choice of the denominator. ``removed`` divides by those rated in both years alone, which flatters
                where the weak lose their rating.
            pooling: Each pair of years separately, their counts added up, or the mean of their probabilities.
            interval: Cell by cell (``wilson``), for a whole row at once (``goodman``, ``sison_glaz``), or by
                resampling organisations with all their years (``bootstrap``), the only one for several years ahead or
                equal years.
            level: The level of the intervals.
            draws: Number of bootstrap replicates.
            seed: The same seed gives the same replicates, whatever the number of threads.
            ahead: Number of years ahead; parts of a year with a ``generator``.
            generator: Use the generator of the matrix, with its negative rates moved to the diagonal or spread over
                the row (Israel, Rosenthal and Wei 2001).
            stay: Treat a state that was never left as kept, where probabilities several years ahead need it.
            steps: See :class:`Steps`.

        Returns:
            ``year``, ``next_year``, the dimensions, ``star_state`` and ``next_star_state`` (or the dimension ``of``),
            ``moves`` (number of transitions), ``at_risk`` (the denominator), ``left_out`` (transitions from the state
            that the view excludes), ``probability`` (null where nothing was at risk), ``low``, ``high``, ``draws``,
            ``by_definition``, and the choices ``counts``, ``view``, ``pooling``, ``interval``, ``level``, ``ahead``,
            ``generator``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> table = roster.transition_probabilities(view="removed", counts="party_organisations")
            >>> row = table.filter(star_state="2", next_star_state="3")
            >>> row.select("moves", "at_risk").row(0)
            (7, 46)
        """
        return pl.DataFrame(
            self._native.transition_probabilities(
                self._query(steps),
                view=view,
                pooling=pooling,
                interval=interval,
                drawing=(arguments.whole(draws, "draws"), seed, level),
                ahead=float(ahead),
                generator=generator,
                stay=stay,
            )
        )

    def transition_gaps(self, **steps: Unpack[Steps]) -> pl.DataFrame:
        """Counts transitions over missing years: from the last year in which one was listed to the year in which it
        is listed again.

        They are not yearly transitions; the other methods count them only as departures and arrivals.

        Returns:
            ``year``, ``next_year``, the dimensions, the state, ``next_<state>``, ``organisations`` or
            ``party_organisations``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.transition_gaps().columns
            ['year', 'next_year', 'star_state', 'next_star_state', 'organisations']
        """
        return pl.DataFrame(self._native.transition_gaps(self._query(steps)))

    def reratings(self, **steps: Unpack[Steps]) -> pl.DataFrame:
        """Compares the ratings of neighbouring years: where nearly all stay, they may have been carried over.

        Returns:
            ``year``, ``next_year``, the dimensions, ``in_both`` (listed in both years), ``rated`` (in both), ``same``
            (of those, with the same rating), ``same_share``, and with a column ``rating``: ``carried_over``,
            ``rerated``, ``not_said``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.reratings(counts="party_organisations").select("next_year", "rated", "same").rows()[-1]
            (2013, 71, 49)
        """
        return pl.DataFrame(self._native.reratings(self._query(steps)))

    def flows(self, *, each_year: bool = False, **steps: Unpack[Steps]) -> pl.DataFrame:
        """Lists the transitions between states, the largest first, each with the reverse one; arrivals and departures
        included.

        Returns:
            ``year``, ``next_year``, the dimensions, the state, ``next_<state>`` (another), ``moves``, ``back``,
            ``net``, ``of_state`` (number of transitions from the state), ``share``, ``rank``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> flows = roster.flows(of="mode").filter(pl.col("mode") != "absent", pl.col("next_mode") != "absent")
            >>> flows.select("mode", "next_mode", "moves", "back").row(0)
            ('none', 'area', 81, 3)
        """
        return pl.DataFrame(self._native.flows(self._query(steps), each_year))

    def mobility(
        self,
        *,
        each_year: bool = False,
        level: float = 0.95,
        draws: int | None = None,
        seed: int = 1,
        **steps: Unpack[Steps],
    ) -> pl.DataFrame:
        """Computes indices of mobility between ratings, and of its direction, as in the literature.

        Args:
            each_year: Each pair of years separately; else their counts are added up.
            level: The level of the intervals.
            draws: Number of bootstrap replicates for the intervals; none where ``None``.
            seed: The same seed gives the same replicates.
            steps: See :class:`Steps`.

        Returns:
            ``year``, ``next_year``, the dimensions, ``index`` (``shorrocks``, ``determinant``, ``second_eigenvalue``,
            ``half_life``, ``bartholomew_1``, ``bartholomew_2``, ``svd``, ``stay``, ``exit``, ``up``, ``down``,
            ``net``, ``up_down_ratio``, ``mean_steps``, ``mean_stars``; those about order only where there is one),
            ``weights``, ``label_zh``, ``label_en``, ``value``, ``low``, ``high``, ``draws``, ``steps``, ``states``,
            ``never_left`` (states without a transition from them: then no index of the matrix is defined). Do not
            compare matrices with other numbers of states.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> table = roster.mobility(counts="party_organisations")
            >>> table.filter(index="net")["value"].round(3).item()
            0.14
        """
        drawing = None if draws is None else (arguments.whole(draws, "draws"), seed, level)
        return pl.DataFrame(self._native.mobility(self._query(steps), each_year, drawing))

    def steady_state(
        self,
        *,
        view: Literal["removed", "kept"] = "removed",
        each_year: bool = False,
        **steps: Unpack[Steps],
    ) -> pl.DataFrame:
        """Computes the long-run distribution if every year were like those counted, and the mean stay in each state.

        Returns:
            ``year``, ``next_year``, the dimensions, the state, ``at_risk``, ``observed`` (its proportion of the
            starting states), ``steady`` (null where it depends on the start), ``exit``, ``mean_stay`` in years,
            ``closed_classes``, ``never_left``, ``view``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.steady_state(counts="party_organisations")["star_state"].to_list()
            ['1', '2', '3', '4']
        """
        return pl.DataFrame(self._native.steady_state(self._query(steps), view, each_year))

    def first_passage(
        self,
        *,
        view: Literal["removed", "kept"] = "removed",
        each_year: bool = False,
        **steps: Unpack[Steps],
    ) -> pl.DataFrame:
        """Computes the mean number of years until a state is first reached (or returned to).

        Returns:
            ``year``, ``next_year``, the dimensions, the state, ``next_<state>``, ``at_risk``, ``years`` (null where
            it may never be reached), ``view``.
        """
        return pl.DataFrame(self._native.first_passage(self._query(steps), view, each_year))

    def transition_tests(self, **steps: Unpack[Steps]) -> pl.DataFrame:
        """Tests the assumptions of a pooled matrix: the same probabilities in every year, no memory, no direction.

        With thousands of transitions nearly every test rejects: judge by ``effect`` (Cohen's w: 0.1 small, 0.3
        medium, 0.5 large).

        Returns:
            ``year``, ``next_year``, the dimensions, ``test`` (``time_lr``, ``time_chi2``, ``order_0_lr``,
            ``order_0_chi2``, ``order_1_lr``, ``order_1_chi2``, ``bowker``, ``stuart_maxwell``, ``bhapkar``),
            ``label_zh``, ``label_en`` (the hypothesis), ``statistic``, ``df``, ``p`` (null where there is nothing to
            test), ``effect``, ``steps``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> tests = roster.transition_tests(of="mode", years=[2012, 2013])
            >>> tests.filter(test="bowker").select("df", pl.col("statistic").round(2)).row(0)
            (8, 40.02)
        """
        return pl.DataFrame(self._native.transition_tests(self._query(steps)))

    def compare_groups(
        self,
        by: str,
        a: str,
        b: str | None = None,
        *,
        level: float = 0.95,
        draws: int | None = None,
        seed: int = 1,
        **steps: Unpack[Looked],
    ) -> pl.DataFrame:
        """Compares two groups: tests whether their transitions are alike, and gives the difference of every index.

        Args:
            by: The dimension.
            a: One of its values.
            b: Another; all others where ``None``.
            level: The level of the intervals.
            draws: Number of bootstrap replicates, of the organisations of each group, for the intervals of the
                differences.
            seed: The same seed gives the same replicates.
            steps: See :class:`Looked`.

        Returns:
            ``year``, ``next_year``, ``a``, ``b``, ``measure`` (``homogeneity_lr``, ``homogeneity_chi2``, and the
            indices of ``mobility``), ``weights``, ``label_zh``, ``label_en``, ``value_a``, ``value_b``,
            ``difference``, ``low``, ``high``, ``draws``, ``statistic``, ``df``, ``p``, ``effect``, ``steps_a``,
            ``steps_b``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> table = roster.compare_groups("kind", "enterprise", of="mode")
            >>> table.select("a", "b", "measure").row(0)
            ('enterprise', 'others', 'homogeneity_lr')
        """
        drawing = None if draws is None else (arguments.whole(draws, "draws"), seed, level)
        query = self._query(cast("Steps", {**steps, "by": by}))
        return pl.DataFrame(self._native.compare_groups(query, a, b, drawing))

    def star_trends(
        self, *, at_least: float = 3, level: float = 0.95, **steps: Unpack[Steps]
    ) -> pl.DataFrame:
        """Summarises each group in one line: the state of its ratings, their direction, and a verdict on whether it
        is significant.

        Args:
            at_least: Number of stars from which a rating is high.
            level: The level of the intervals and of the test for the verdict.
            steps: See :class:`Steps`.

        Returns:
            ``year``, ``next_year`` (the first and the last year), the dimensions; of the last year ``listed``,
            ``rated`` and ``share_<grade>`` of those rated; ``high_since`` (the first year in which any were),
            ``high_first``, ``high_last``, ``high_change``; of the transitions between ratings ``steps``, ``up``,
            ``down``, ``stay``, ``net``, ``net_low``, ``net_high``, ``p`` (exact sign test), ``verdict``,
            ``verdict_zh``, ``verdict_en``, ``most_changed`` (1 to 3, the groups with the largest net).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> print(roster.star_trends(counts="party_organisations")["verdict_en"].item())
            Rising: of 129 steps 29 rose, 11 fell, 89 stayed; 3 stars and more from 4.4 % in 2011 to 10.6 %
        """
        return pl.DataFrame(self._native.star_trends(self._query(steps), at_least, level))

    def star_forecast(
        self,
        horizon: int = 3,
        *,
        share_of: Literal["rated", "listed"] = "rated",
        at_least: float | None = None,
        recent: int | None = None,
        hold_out: int | None = None,
        interval: Literal["years", "organisations"] = "years",
        level: float = 0.95,
        draws: int | None = 500,
        seed: int = 1,
        **steps: Unpack[Steps],
    ) -> pl.DataFrame:
        """Forecasts the mix of states from transitions, arrivals and departures; with the simple forecasts it should
        beat.

        Args:
            horizon: Number of years ahead.
            share_of: Denominator of the proportions: those rated, or all listed.
            at_least: One more line for this grade and more.
            recent: Number of latest transitions whose probabilities and arrivals are used; all where ``None``.
            hold_out: Number of last years that are forecast from those before, to measure the error.
            interval: Variation between replicates, besides the random transitions of each organisation: each year
                ahead is like one of the past (``years``), or organisations are resampled and all years are alike
                (``organisations``, narrower).
            level: The level of the intervals.
            draws: Number of replicates for the intervals; none where ``None``.
            seed: The same seed gives the same replicates.
            steps: See :class:`Steps`.

        Returns:
            ``year`` (forecast), the dimensions, the state, ``method`` (``mix``; ``naive``: no change; ``drift``;
            ``holt``: damped trend, from five years on), ``ahead``, ``share_of``, ``share``, ``share_low``,
            ``share_high``, ``organisations`` and its ends (of ``mix``), ``interval``, and of the hold-out
            ``hold_out``, ``error`` (mean absolute, of the proportions), ``error_naive``, ``skill`` = 1 - ``error`` /
            ``error_naive`` (below 0: no change was better), ``covered`` (number of true values within the intervals
            of ``mix``), ``steps``, ``never_left``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> table = roster.star_forecast(1, counts="party_organisations", draws=None)
            >>> table.filter(method="mix")["share"].sum()
            1.0
        """
        drawing = None if draws is None else (arguments.whole(draws, "draws"), seed, level)
        return pl.DataFrame(
            self._native.star_forecast(
                self._query(steps),
                arguments.whole(horizon, "horizon"),
                share_of=share_of,
                futures=interval,
                at_least=at_least,
                recent=recent,
                hold_out=hold_out,
                drawing=drawing,
            )
        )

    def _query(self, steps: Steps) -> _native.TransitionQuery:
        """Builds the selection of transitions in the form of the engine."""
        scale = steps.get("scale")
        return {
            "scope": self._scope(by=steps.get("by", ()), where=steps.get("where"), years=steps.get("years")),
            "of": steps.get("of", "star_state"),
            "scale": None if scale is None else list(scale),
            "counts": steps.get("counts", "organisations"),
            "into": arguments.years(steps.get("into")),
            "rating": steps.get("rating"),
        }
