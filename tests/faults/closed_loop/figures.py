"""How well the budgets of a closed loop were used: what is measured here is told, not demanded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from tests.faults.closed_loop.laws import Played, zone_of
from tests.faults.closed_loop.script import kinds_of
from workers.simulator.market import UNITS


class Day(NamedTuple):
    """A whole day of a campaign, in its currency."""

    row: int
    kind: str
    day: date
    budget: float
    """An even day of the budget, and of a day of demand that is less, as much as there was."""
    spent: float


def whole_days(played: Played) -> Iterator[Day]:
    """Yield days that lie within the live hours, without those that a person's edit held up."""
    loop = played.loop
    ends = loop.script.live_from + timedelta(hours=loop.script.live_hours)
    kinds = kinds_of(loop.sandbox.portfolio)
    for row, placed in enumerate(loop.sandbox.portfolio):
        place = zone_of(placed)
        first = (loop.script.live_from - timedelta(seconds=1)).astimezone(place).date()
        last = ends.astimezone(place).date()
        held = set()
        if row in loop.edited:
            begins = loop.edited[row].astimezone(place).date()
            held = {begins, begins + timedelta(days=1)}
        for number in range(1, (last - first).days):
            day = first + timedelta(days=number)
            if day not in held:
                offered = loop.market.offered[row, day] / UNITS
                budget = min(float(placed.daily_budget), offered)
                yield Day(row, kinds[row], day, budget, loop.market.spent[row, day] / UNITS)


def shares(played: Played) -> dict[str, float]:
    """Return which share of budgets was spent, by kind and platform; each day counts alike."""
    found: dict[str, list[float]] = defaultdict(list)
    for day in whole_days(played):
        platform = played.loop.sandbox.portfolio[day.row].key.platform
        used = min(day.spent / day.budget, 1.0)
        for name in (day.kind, platform, "all"):
            found[name].append(used)
        found["all, over-delivery counted"].append(day.spent / day.budget)
    return {name: sum(many) / len(many) for name, many in found.items()}


def told(played: Played) -> str:
    """Return what came of a loop, for reading."""
    loop, story = played.loop, played.loop.story
    ends = Counter(
        f"{entry.status}" + (f" ({entry.reason})" if entry.reason != entry.status else "")
        for entry in story.trail
        if entry.action_id and not entry.is_of_part
    )
    sets = {name: len(each.effects) for name, each in loop.sandbox.platforms.items()}
    lines = [
        f"{loop.script.live_hours} hours, {len(loop.sandbox.portfolio)} campaigns",
        f"values set: {sets}; rounds of the collector with a failure: {loop.failures}",
        f"entries of {len(story.actions)} actions: {dict(ends.most_common())}",
        f"{len(list(whole_days(played)))} whole days; spent of a day's budget, or of the demand",
        ", ".join(f"{name} {share:.1%}" for name, share in sorted(shares(played).items())),
    ]
    return "\n".join(lines)
