"""Makes survival_rows.csv: panels of things under watch, small and full of ties, for the peers and for the tests.

python survival_rows.py > survival_rows.csv
"""

from __future__ import annotations

import random


def panel(name, seed, n, *, last, causes, clusters, groups, late):
    """Rows of a panel: entry, exit, cause, cluster, group; times are whole years."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    for _ in range(n):
        entry = draw.randrange(last - 1) if late and draw.random() < 0.4 else 0
        exit_ = draw.randint(entry + 1, last)
        cause = draw.choice(causes)
        cluster = draw.randrange(clusters)
        print(name, entry, exit_, cause, cluster, draw.randrange(groups), sep=",")


def main() -> None:
    print("panel,entry,exit,cause,cluster,group")
    mixed = (0, 0, 1, 1, 2, 3)
    panel("ties", 1, 40, last=6, causes=mixed, clusters=18, groups=3, late=False)
    panel("late", 2, 120, last=9, causes=mixed, clusters=50, groups=2, late=True)
    panel("large", 3, 400, last=12, causes=mixed, clusters=90, groups=4, late=False)
    panel("no_events", 4, 15, last=5, causes=(0,), clusters=9, groups=2, late=False)
    panel("all_events", 5, 25, last=5, causes=(1,), clusters=25, groups=2, late=False)
    panel("one_year", 6, 30, last=1, causes=(0, 1, 2), clusters=12, groups=2, late=False)
    panel("few", 7, 6, last=4, causes=(0, 1), clusters=4, groups=2, late=False)


if __name__ == "__main__":
    main()
