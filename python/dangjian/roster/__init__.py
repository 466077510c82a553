"""The roster: read from ledgers, accounted for, linked and counted."""

from dangjian.roster.panel import Roster
from dangjian.roster.read import open_roster, read_roster

__all__ = ["Roster", "open_roster", "read_roster"]
