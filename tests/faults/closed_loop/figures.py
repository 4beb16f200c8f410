"""How well the budgets of a closed loop were used: what is measured here is told, not demanded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from tests.faults.closed_loop.laws import Played, zone_of
from tests.faults.closed_loop.script import FLIGHT, MONTH, kinds_of
from workers.simulator.market import UNITS


class Stretch(NamedTuple):
    """A whole day of a campaign, or all of them where its period makes up for days; in currency."""

    row: int
    kind: str
    budget: float
    """Even days of it; of a day with less demand, as much as there was."""
    spent: float


def stretches(played: Played) -> Iterator[Stretch]:
    """Yield what lies within the live hours; of single days those that no person's edit held up."""
    for row, kind in enumerate(kinds_of(played.loop.sandbox.portfolio)):
        days = [(_budget(played, row, day), _spent(played, row, day)) for day in _days(played, row)]
        if kind in {FLIGHT, MONTH} and days:
            days = [(sum(budget for budget, _ in days), sum(spent for _, spent in days))]
        yield from (Stretch(row, kind, budget, spent) for budget, spent in days)


def _days(played: Played, row: int) -> Iterator[date]:
    loop, place = played.loop, zone_of(played.loop.sandbox.portfolio[row])
    begins, hours = loop.script.live_from, timedelta(hours=loop.script.live_hours)
    first = (begins - timedelta(seconds=1)).astimezone(place).date()
    held, kind = set(), kinds_of(loop.sandbox.portfolio)[row]
    if row in loop.edited and kind not in {FLIGHT, MONTH}:
        edited = loop.edited[row].astimezone(place).date()
        held = {edited, edited + timedelta(days=1)}
    for number in range(1, ((begins + hours).astimezone(place).date() - first).days):
        if (day := first + timedelta(days=number)) not in held:
            yield day


def _budget(played: Played, row: int, day: date) -> float:
    placed, market = played.loop.sandbox.portfolio[row], played.loop.market
    return min(float(placed.daily_budget), market.offered[row, day] / UNITS)


def _spent(played: Played, row: int, day: date) -> float:
    return played.loop.market.spent[row, day] / UNITS


def shares(played: Played) -> dict[str, float]:
    """Return which share of budgets was spent, by kind and platform; each stretch counts alike."""
    found: dict[str, list[float]] = defaultdict(list)
    for each in stretches(played):
        platform = played.loop.sandbox.portfolio[each.row].key.platform
        used = each.spent / each.budget
        for name in (each.kind, platform, "all"):
            found[name].append(min(used, 1.0))
        found["all with over-delivery"].append(used)
    return {name: sum(many) / len(many) for name, many in found.items()}


def told(played: Played) -> str:
    """Return what came of a loop, for reading."""
    loop, story = played.loop, played.loop.story
    ends = Counter(
        entry.status.value if entry.reason in {None, entry.status} else f"{entry.reason}"
        for entry in story.trail
        if entry.action_id and not entry.is_of_part
    )
    sets = {name: len(each.effects) for name, each in loop.sandbox.platforms.items()}
    used = ", ".join(f"{name} {share:.1%}" for name, share in sorted(shares(played).items()))
    lines = [
        f"{loop.script.live_hours} hours, {len(loop.sandbox.portfolio)} campaigns",
        f"values set: {sets}; rounds of the collector with a failure: {loop.failures}",
        f"entries of {len(story.actions)} actions: {dict(ends.most_common())}",
        f"spent of budgets, or of demand where that is less: {used}",
    ]
    return "\n".join(lines)
