"""How one campaign's spend came about, period by period: the lines of the pace chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from schemas import CampaignKey
from workers.report.decisions import Decision, Foresight, within
from workers.report.delivered import HOUR, Floats, Hours
from workers.report.over_delivery import worst_case
from workers.report.periods import Period, Terms, local_date, local_seconds
from workers.report.totals import Stretch

_DAY = 24 * HOUR


class Line(NamedTuple):
    """Points of a line; NaN between pieces that do not belong together."""

    times: Floats
    """Shape (N,), what the account's clocks show, milliseconds since 1970."""
    amounts: Floats
    """Shape (N,), money in the campaign's currency."""


class Marker(NamedTuple):
    """A decision, at the place of the spend line where it was made."""

    time: float
    amount: float
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One campaign's pace chart."""

    key: CampaignKey
    terms: Terms
    actual: Line
    """Spend since the beginning of the period, at the end of each hour."""
    plan: Line
    """What the first decision of each local day laid out for it, on top of what was spent."""
    target: Line
    """What was expected to be spent by then: the budget by the learned pattern."""
    budget: Line
    worst: Line
    """What the platform could spend of that budget as a daily budget, at worst."""
    low: Line
    """10th percentile of what the period was expected to end at, when it was foreseen."""
    middle: Line
    high: Line
    markers: tuple[Marker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is known of a campaign."""

    key: CampaignKey
    terms: Terms
    hours: Hours
    foreseen: Sequence[Foresight]
    """In order, once for each hour."""
    decisions: Mapping[int, Decision]
    """By the first second of the hour that is decided."""


def pace_of(story: Story, stretch: Stretch) -> Pace:
    """Return the pace chart of a campaign for the periods that touch ``stretch``."""
    key, terms = story.key, story.terms
    running = _Running(story.hours, terms)
    periods = list(terms.periods(stretch.start, stretch.end))
    insight = [within(story.foreseen, period.start, period.end) for period in periods]
    made = [one for at, one in sorted(story.decisions.items()) if at in stretch]
    budgets = [_allowance(seen, terms) for seen in insight]
    worst = [_worst(key, budget, period) for budget, period in zip(budgets, periods, strict=True)]
    return Pace(
        key=key,
        terms=terms,
        actual=running.lines(periods, stretch),
        plan=_joined(running.plan(decision) for decision in _first_of_days(made, terms)),
        target=_joined(
            running.local(_target(seen, period, budget if period.end <= stretch.end else None))
            for seen, period, budget in zip(insight, periods, budgets, strict=True)
        ),
        budget=_levels(running, periods, budgets),
        worst=_levels(running, periods, worst),
        low=running.foreseen(insight, "p10"),
        middle=running.foreseen(insight, "p50"),
        high=running.foreseen(insight, "p90"),
        markers=tuple(running.marker(decision) for decision in made),
    )


Points = list[tuple[int, float]]
"""Seconds and amounts."""


class _Running:
    """A campaign's spend since the beginning of its periods."""

    def __init__(self, hours: Hours, terms: Terms) -> None:
        self._hours = hours
        self._terms = terms
        self._sums = np.concatenate(([0.0], np.cumsum(hours.spend)))

    def at(self, second: int, *, since: int) -> float:
        """Return what the hours from ``since`` on that began before ``second`` spent."""
        before, after = np.searchsorted(self._hours.starts, (since, second))
        return float(self._sums[after] - self._sums[before])

    def local(self, points: Points) -> Line:
        zone = self._terms.timezone
        times = [1_000.0 * local_seconds(at, zone) for at, _ in points]
        return Line(np.array(times), np.array([amount for _, amount in points]))

    def lines(self, periods: Iterable[Period], stretch: Stretch) -> Line:
        return _joined(self.local(self._spend(period, stretch)) for period in periods)

    def plan(self, decision: Decision) -> Line:
        begun = self._since(decision.at)
        sums = self.at(decision.at, since=begun) + np.cumsum([0.0, *decision.plan])
        return self.local([(decision.at + n * HOUR, float(y)) for n, y in enumerate(sums)])

    def foreseen(self, insight: Iterable[Sequence[Foresight]], name: str) -> Line:
        return _joined(
            self.local([(one.at, getattr(one, name)) for one in seen if _foresees(one)])
            for seen in insight
        )

    def marker(self, decision: Decision) -> Marker:
        time = 1_000.0 * local_seconds(decision.at, self._terms.timezone)
        amount = self.at(decision.at, since=self._since(decision.at))
        return Marker(time, amount, decision)

    def _spend(self, period: Period, stretch: Stretch) -> Points:
        inside = self._hours.between(period.start, min(period.end, stretch.end))
        ends = (inside.starts + HOUR).tolist()
        sums = np.cumsum(inside.spend).tolist()
        return [(period.start, 0.0), *zip(ends, sums, strict=True)] if ends else []

    def _since(self, second: int) -> int:
        period = self._terms.period_at(second)
        return period.start if period else second


def _foresees(one: Foresight) -> bool:
    """Return whether it tells where the period ends: before its first hour nothing does."""
    return one.p50 is not None and one.pace is not None


def _allowance(seen: Sequence[Foresight], terms: Terms) -> float | None:
    return seen[-1].allowance if seen else terms.budget


def _worst(key: CampaignKey, budget: float | None, period: Period) -> float | None:
    if budget is None:
        return None
    days = max(round((period.end - period.start) / _DAY), 1)
    return worst_case(key.platform, budget / days, days)


def _target(seen: Sequence[Foresight], period: Period, budget: float | None) -> Points:
    """Return what was expected by each hour: the spend then, divided by its pace index."""
    if not seen:
        return []
    inner = [
        (one.at, one.spent / one.pace)
        for one in seen
        if one.spent is not None and one.pace and one.at > period.start
    ]
    begins = [(period.start, 0.0)] if seen[0].at <= period.start + HOUR else []
    return [*begins, *inner, *([(period.end, budget)] if budget is not None else [])]


def _levels(running: _Running, periods: Sequence[Period], amounts: Sequence[float | None]) -> Line:
    return _joined(
        running.local([(period.start, amount), (period.end, amount)])
        for period, amount in zip(periods, amounts, strict=True)
        if amount is not None
    )


def _first_of_days(decisions: Iterable[Decision], terms: Terms) -> list[Decision]:
    """Return the first decision of each local day, if its plan reaches over more than an hour."""
    firsts: dict[object, Decision] = {}
    for decision in decisions:
        firsts.setdefault(local_date(decision.at, terms.timezone), decision)
    return [decision for decision in firsts.values() if decision.plan]


def _joined(lines: Iterable[Line]) -> Line:
    """Return the pieces as one line, with gaps between them."""
    gap = np.array([np.nan])
    pieces = [line for line in lines if len(line.times)]
    parts = [part for line in pieces for part in (line, Line(line.times[-1:], gap))][:-1]
    if not parts:
        return Line(np.zeros(0), np.zeros(0))
    return Line(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def pieces_of(line: Line) -> list[Line]:
    """Return the pieces of a line that belong together."""
    gaps = np.flatnonzero(np.isnan(line.amounts))
    times, amounts = np.split(line.times, gaps), np.split(line.amounts, gaps)
    whole = (Line(*pair) for pair in zip(times, amounts, strict=True))
    cut = (Line(*(each[np.isnan(one.amounts[:1]).sum() :] for each in one)) for one in whole)
    return [one for one in cut if len(one.times)]
