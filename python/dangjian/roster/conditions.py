"""Named conditions of the user, such as ``organised``, under which all statistics of a roster are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from typing import Self

    from dangjian.roster.arguments import Source


class Conditions(RosterPart):
    """Named conditions (口径用语), such as ``organised`` and ``eligible``, which definitions use like flags."""

    def with_conditions(self, conditions: Source) -> Self:
        r"""Returns a new roster whose statistics use other named conditions; this one is unchanged.

        Rates, targets, rules of formation, annual tables and star schemes use conditions by name. Statistics without a
        file of their own use ``organised``: the states of ``star_distribution`` and of all transitions and spells, the
        trees of ``reconcile``, the staff of ``workforce``. The conditions of a file given to a call (``rates_file``,
        ``targets_file``, ``rules``, ``tables_file``, ``scheme``) come before those of the roster.

        Args:
            conditions: A TOML file of records ``[[condition]]`` with ``id``, ``when`` (a condition in SQL), ``source``;
                each replaces the one with the same id. It may be a file of rates, of which only these records are used.

        Returns:
            A roster with the same organisations. Its conditions are not part of what ``to_parquet`` writes.

        Raises:
            DefinitionError: A record is wrong; the message names file, record and field. A column that the ledgers
                cannot have is reported by the statistic that uses the condition.

        Example:
            >>> import tempfile, dangjian as dj
            >>> from pathlib import Path
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> when = "mode in ('solo', 'joint', 'affiliated', 'area')"
            >>> text = f'[[condition]]\nid = "organised"\nwhen = "{when}"\nsource = "our document"'
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     mine = Path(folder) / "mine.toml"
            ...     _ = mine.write_text(text, encoding="utf-8")
            ...     wider = roster.with_conditions(mine)
            >>> shares = [r.coverage(rates="organised", years=2013)["rate"].item() for r in (roster, wider)]
            >>> shares[0] < shares[1]
            True
        """
        return type(self)(self._native.with_conditions(Path(conditions)))
