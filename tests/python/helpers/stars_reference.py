"""A slow, direct reference for star rating: exact fractions, literal rules, every case enumerated."""

# ruff: noqa: D102, C901, FBT001, FBT003 - one branch per rule, and each rule yields booleans

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any


def share_of(points: float) -> Fraction:
    return Fraction(str(points))


def cell(item: dict[str, Any], points: float | str | None) -> list[Fraction]:
    """Returns the contributions an item may have: one value if known, all possible ones (or both ends) if
    not.
    """
    gives = item.get("gives", "award")
    most = share_of(item["points"])

    def brings(p: Fraction) -> Fraction:
        return {"award": p, "bonus": p, "deduct": most - p, "penalty": -p}[gives]

    allowed = [share_of(v) for v in item["values"]] if "values" in item else None
    if points == "absent" and "unlisted" in item:
        return [brings(share_of(item["unlisted"]))]
    if points is not None and points != "absent":
        p = share_of(points)
        if (p in allowed) if allowed else 0 <= p <= most:
            return [brings(p)]
    return sorted(brings(p) for p in (allowed or [Fraction(0), most]))


class Reference:
    """One year by one scheme, given as its TOML read into a dictionary."""

    def __init__(self, scheme: dict[str, Any]) -> None:
        self.scheme = scheme
        self.head = scheme["scheme"][0]
        stars = {b["stars"] for b in scheme.get("band", [])} | set(self.head.get("stars", []))
        if self.head["method"] in ("dimensions", "both"):
            stars |= set(range(1, 1 + sum(not d.get("no_star") for d in scheme["dimension"])))
        if isinstance(self.head.get("below"), int) and self.head["below"]:
            stars.add(self.head["below"])
        self.ladder = [0, *sorted(stars)]  # 0 is unrated

    # Scores.

    def sums(self, form: dict[str, Fraction]) -> dict[str, Fraction]:
        """Returns the dimensions of one complete form."""
        out = {}
        for d in self.scheme["dimension"]:
            s = sum((form[i["id"]] for i in self.scheme["item"] if i["dimension"] == d["id"]), Fraction(0))
            s = max(s, share_of(d["least"])) if "least" in d else s
            out[d["id"]] = min(s, share_of(d["most"])) if "most" in d else s
        return out

    def full(self, dimension: str) -> Fraction:
        return sum(
            (
                share_of(i["points"])
                for i in self.scheme["item"]
                if i["dimension"] == dimension and i.get("gives", "award") in ("award", "deduct")
            ),
            Fraction(0),
        )

    def total(self, form: dict[str, Fraction], added: Fraction) -> Fraction:
        sums = self.sums(form)
        t = sum((sums[d["id"]] * share_of(d.get("weight", 1)) for d in self.scheme["dimension"]), added)
        t = max(t, share_of(self.head["least"])) if "least" in self.head else t
        return min(t, share_of(self.head["most"])) if "most" in self.head else t

    def band(self, total: Fraction) -> list[int]:
        """Returns the stars of a total; two if it lies in a gap left open."""
        gap = self.head.get("band_gap")
        if gap == "round":
            total = Fraction(math.floor(total + Fraction(1, 2)))
        bands = sorted(self.scheme["band"], key=lambda b: b["stars"])
        sure = possible = self.below()
        for at, b in enumerate(bands):
            low = share_of(b.get("from", b.get("above")))
            reached = total > low if "above" in b else total >= low
            to = bands[at - 1].get("to") if at else None
            over = to is not None and to < low and total > share_of(to)
            if gap == "upper" and to is not None and to < low:
                reached = over
            if reached:
                sure = possible = b["stars"]
            elif gap == "open" and over:
                possible = b["stars"]
        return [sure, possible]

    def below(self) -> float:
        return 0 if self.head["below"] == "unrated" else self.head["below"]

    def goods(self, form: dict[str, Fraction]) -> int:
        sums = self.sums(form)
        n = 0
        for d in self.scheme["dimension"]:
            if not d.get("no_star"):
                share = share_of(d.get("share", self.head["share"]))
                n += sums[d["id"]] >= share * self.full(d["id"])
        return n

    def earned(self, form: dict[str, Fraction], added: Fraction) -> list[float]:
        method = self.head["method"]
        if method == "top":
            return [self.ladder[-1]] * 2
        bands = self.band(self.total(form, added)) if method in ("bands", "both") else None
        goods = self.goods(form) if method in ("dimensions", "both") else None
        if bands is None:
            return [goods, goods]
        if goods is None:
            return bands
        pick = min if self.head["combine"] == "lower" else max
        return [pick(b, goods) for b in bands]

    # Rules, on sets of possible outcomes.

    def down(self, star: float, steps: int = 1) -> float:
        return self.ladder[max(0, self.ladder.index(star) - steps)]

    def up(self, star: float, steps: int) -> float:
        return self.ladder[min(len(self.ladder) - 1, max(0, self.ladder.index(star) + steps))]

    def part(self, rule: dict[str, Any], form: dict[str, Fraction], added: Fraction) -> bool:
        """Checks whether a part of a complete form satisfies a rule."""
        if "item" in rule:
            item = next(i for i in self.scheme["item"] if i["id"] == rule["item"])
            have, full = form[rule["item"]], share_of(item["points"])
            have = -have if item.get("gives") == "penalty" else have
        elif "dimension" in rule:
            have, full = self.sums(form)[rule["dimension"]], self.full(rule["dimension"])
        else:
            have = self.total(form, added)
            full = sum(
                (self.full(d["id"]) * share_of(d.get("weight", 1)) for d in self.scheme["dimension"]),
                Fraction(0),
            )
        if "below" in rule:
            return have < share_of(rule["below"])
        if "at_least" in rule:
            return have >= share_of(rule["at_least"])
        if "below_share" in rule:
            return have < share_of(rule["below_share"]) * full
        return have >= share_of(rule["at_least_share"]) * full

    def holds(
        self, rule: dict[str, Any], org: dict[str, Any], form: dict[str, Fraction], added: Fraction
    ) -> list[bool]:
        """Returns the possible answers to a rule's condition."""
        if "event" in rule:
            kinds = [rule["event"]] if isinstance(rule["event"], str) else rule["event"]
            return [any(org["events"].get(k) for k in kinds)]
        if "when" in rule:
            fact = org["flag"]  # the only ledger condition in these tests
            return [True, False] if fact is None else [fact]
        return [self.part(rule, form, added)]

    def after_rules(self, org: dict[str, Any], form: dict[str, Fraction]) -> set[tuple[float, bool]]:
        """Returns the possible stars before quotas of one complete form, each with whether it is rated."""
        added, s = Fraction(0), self.scheme
        for event in s.get("event", []):
            n, most = org["events"].get(event["id"], 0), event.get("most")
            points = n * share_of(event.get("points", 0))
            added += points if most is None else max(min(points, share_of(most)), -share_of(most))
        possible = {(star, True) for star in self.earned(form, added)}

        def each(change: Any) -> None:
            nonlocal possible
            possible = {change(star, rated) for star, rated in possible}

        for event in s.get("event", []):
            if event.get("stars"):
                steps = org["events"].get(event["id"], 0) * event["stars"]
                most = event.get("most", 10**6)
                steps = max(min(steps, most), -most)
                each(lambda star, rated, steps=steps: (self.up(star, steps), rated))

        def apply(rules: list[dict[str, Any]], wanted: bool, change: Any) -> None:
            nonlocal possible
            for rule in rules:
                after = set()
                for answer in self.holds(rule, org, form, added):
                    after |= {change(rule, *p) if answer is wanted else p for p in possible}
                possible = after

        def gate(rule: dict[str, Any], star: float, rated: bool) -> tuple[float, bool]:
            if star < rule["stars"]:
                return star, rated
            return rule.get("otherwise", self.down(rule["stars"])), rated

        apply(s.get("gate", []), False, gate)
        apply(s.get("cap", []), True, lambda rule, star, rated: (min(star, rule["stars"]), rated))

        def veto(rule: dict[str, Any], star: float, rated: bool) -> tuple[float, bool]:
            what = rule["consequence"]
            if what == "cancel":
                return 0, False
            if what == "cap":
                return min(star, rule["stars"]), rated
            if what == "hold":
                return min(star, org["previous"] or 0), rated
            if what == "downgrade" and rule.get("of") == "previous":
                return min(star, self.down(org["previous"] or 0, rule.get("steps", 1))), rated
            if what == "downgrade":
                return self.down(star, rule.get("steps", 1)), rated
            return star, rated

        apply(s.get("veto", []), True, veto)
        if self.head.get("first_year") == "unrated" and org["new"]:
            possible = {(0, False)}
        for step in s.get("step", []):
            up = step["up"]
            for exception in s.get("exception", []):
                if True in self.holds(exception, org, form, added):
                    up = max(up, exception.get("up", 99))
            top = self.ladder[-1]
            if not org["previous"]:
                entry = top if step["entry"] == "any" else step["entry"]
                most = self.up(entry, up - step["up"])
            else:
                most = self.up(org["previous"], up)
            each(lambda star, rated, most=most: (min(star, most), rated))
        for direct in s.get("direct", []):
            if True in self.holds(direct, org, form, added):
                each(lambda star, rated, d=direct: (max(star, d["stars"]) if rated else star, rated))
        return possible

    def directly(self, org: dict[str, Any]) -> dict[str, Any] | None:
        """Returns the highest direct grading of an organisation."""
        has = [d for d in self.scheme.get("direct", []) if org["events"].get(d["event"])]
        return max(has, key=lambda d: d["stars"], default=None)

    # Quotas, for one complete outcome of all organisations.

    def quotas(
        self,
        orgs: list[dict[str, Any]],
        outcome: list[tuple[float, bool, Fraction, dict[str, Fraction]]],
        all_: int,
    ) -> list[float]:
        stars = [star for star, *_ in outcome]
        for quota in sorted(self.scheme.get("quota", []), key=lambda q: -q["stars"]):
            groups: dict[Any, list[int]] = {}
            for at, org in enumerate(orgs):
                groups.setdefault(org["group"] if "within" in quota else None, []).append(at)
            for group, members in groups.items():
                if "places" in quota:
                    places = quota["places"]
                else:
                    n = sum(outcome[at][1] for at in members)
                    if quota["of"] == "all":
                        n = all_ if group is None or "within" not in quota else quota_all(orgs, group)
                    exact = n * share_of(quota["share"])
                    places = {
                        "floor": math.floor(exact),
                        "nearest": math.floor(exact + Fraction(1, 2)),
                        "ceil": math.ceil(exact),
                    }[quota["rounding"]]
                have = [at for at in members if stars[at] == quota["stars"]]
                graded = [self.directly(orgs[at]) if outcome[at][1] else None for at in have]
                direct = [
                    at for at, d in zip(have, graded, strict=True) if d and d["stars"] >= quota["stars"]
                ]
                inside = [
                    at
                    for at, d in zip(have, graded, strict=True)
                    if d and d["stars"] >= quota["stars"] and d["quota"] == "inside"
                ]
                places = max(0, places - len(inside))
                rest = [at for at in have if at not in direct]

                def key(at: int, quota: dict[str, Any] = quota) -> tuple[Fraction, ...]:
                    _, _, total, form = outcome[at]
                    sums = self.sums(form)
                    return (total, *(form.get(p, sums.get(p)) for p in quota.get("tie_by", [])))

                stay = quota.get("still_tied", quota["ties"])
                for at in rest:
                    better = sum(key(other) > key(at) for other in rest)
                    level = sum(key(other) == key(at) for other in rest)
                    if not (better < places if stay == "in" else better + level <= places):
                        stars[at] = self.down(quota["stars"])
        return stars

    # Certain outcomes.

    def forms(self, org: dict[str, Any]) -> list[dict[str, Fraction]]:
        """Returns all complete forms that the scores allow; an open item takes both ends, or all its
        values.
        """
        items = self.scheme["item"]
        choices = [cell(i, org["scores"].get(i["id"], "absent")) for i in items]
        return [dict(zip((i["id"] for i in items), form, strict=True)) for form in product(*choices)]

    def added(self, org: dict[str, Any]) -> Fraction:
        added = Fraction(0)
        for event in self.scheme.get("event", []):
            n, most = org["events"].get(event["id"], 0), event.get("most")
            points = n * share_of(event.get("points", 0))
            added += points if most is None else max(min(points, share_of(most)), -share_of(most))
        return added

    def totals(self, org: dict[str, Any]) -> tuple[Fraction, Fraction]:
        totals = [self.total(form, self.added(org)) for form in self.forms(org)]
        return min(totals), max(totals)

    def before_quotas(self, org: dict[str, Any]) -> set[float]:
        return {star for form in self.forms(org) for star, _ in self.after_rules(org, form)}

    def outcomes(self, orgs: list[dict[str, Any]], all_: int) -> list[set[float]]:
        """Returns, for each organisation, all stars that some completion of the open items gives it."""
        ways = [
            [
                (star, rated, self.total(form, self.added(org)), form)
                for form in self.forms(org)
                for star, rated in self.after_rules(org, form)
            ]
            for org in orgs
        ]
        out: list[set[float]] = [set() for _ in orgs]
        for outcome in product(*ways):
            for at, star in enumerate(self.quotas(orgs, list(outcome), all_)):
                out[at].add(star)
        return out


def quota_all(orgs: list[dict[str, Any]], group: Any) -> int:
    """Counts the organisations of the ledger in a group; in these tests all of them are rated."""
    return sum(org["group"] == group for org in orgs)
