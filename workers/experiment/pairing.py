"""From a campaign's hours to pairs: what its days of the treatment came to beside the others.

A pair is two blocks of a switchback, or a day of two halves. Hours of a pair are matched by
their place in the block, and one that was reported on one side only is left out of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import DAY, HOUR, Calendar, day_start, local_day
from engine.delay import LEAST_MATURE, Maturity
from engine.experiments import Side, treated
from engine.zones import zone_days
from schemas import Arm, CampaignKey, Design, Experiment, ExperimentMetric
from schemas.zones import zone
from workers.experiment.reading import ExperimentLog
from workers.instants import day_number
from workers.optimizer.experiments import Running

RIPE: Final = 0.9
"""Share of its conversions that a pair's last hour has when the pair counts."""

SIDES: Final = (Arm.CONTROL, Arm.TREATMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The pairs of one campaign, or of two that are halves: N of them."""

    name: str
    sums: Floats
    """Shape (3, 2, N): conversions, value and cost of control and treatment; conversions and value
    as they are expected to be when all is reported."""
    hours: Ints
    """Shape (N,): hours that were counted on each side."""

    def side(self, arm: Arm, *, metric: ExperimentMetric) -> Side:
        """Return one side, (1, N), as the engine compares it by a metric."""
        conversions, value, cost = self.sums[:, SIDES.index(arm)][:, None, :]
        amount = conversions if metric == ExperimentMetric.CONVERSIONS else value
        priced = cost if metric == ExperimentMetric.VALUE_PER_COST else None
        return Side(amount=amount, conversions=conversions, cost=priced)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """Local days of one zone."""

    calendar: Calendar
    first: int
    """The first one of the experiment."""

    def of(self, starts: Ints) -> Ints:
        """Return days since the first."""
        return local_day(self.calendar, np.zeros(len(starts), np.int64), starts) - self.first

    def begin(self, days: Ints) -> Ints:
        """Return the first second of days since the first."""
        return day_start(self.calendar, np.zeros(len(days), np.int64), self.first + days)


def days_of_pair(experiment: Experiment) -> int:
    """Return how many local days one pair takes."""
    return 1 if experiment.design == Design.HALVES else 2 * experiment.block_days


def units(log: ExperimentLog, running: Running) -> list[tuple[CampaignKey, ...]]:
    """Return the campaigns of an experiment that are known, halves beside each other."""
    told = running.experiment
    known = {bytes(key).decode(): key for key in (*log.plans, *log.delivered.campaigns())}
    if told.design == Design.HALVES:
        both = [(pair.control, pair.treatment) for pair in told.pairs]
        return [(known[a], known[b]) for a, b in both if a in known and b in known]
    return [(known[name],) for name in sorted(known) if running.has(name.encode())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One experiment in the light of what was reported."""

    log: ExperimentLog
    running: Running
    as_of: int
    """The end of the newest hour that was reported of any campaign, in seconds."""
    maturity: Mapping[CampaignKey, Maturity]
    """Of the experiment's campaigns, by one row each."""

    @classmethod
    def of(cls, log: ExperimentLog, running: Running) -> Comparison:
        """Return an experiment with how late its campaigns' conversions are reported."""
        keys = [key for unit in units(log, running) for key in unit]
        logs = log.lateness.maturity(keys).logs
        maturity = {key: Maturity(logs=logs[i : i + 1]) for i, key in enumerate(keys)}
        return cls(log=log, running=running, as_of=log.as_of, maturity=maturity)

    def pairs(self) -> list[Paired]:
        """Return the pairs of each unit that are over and ripe with all of them."""
        count = min((self._over(key) for key in self.maturity), default=0)
        return [self._paired(unit, count) for unit in units(self.log, self.running)]

    def _paired(self, keys: Sequence[CampaignKey], count: int) -> Paired:
        told = self.running.experiment
        length = 25 * (1 if told.design == Design.HALVES else told.block_days)
        sums = np.zeros((3, 2, count, length))
        there = np.zeros((2, count, length), dtype=np.bool_)
        for number, key in enumerate(keys):
            hours = self.log.delivered.hours(key)
            share = self._share(key, hours.starts + HOUR)
            pair, side, place = _places(self.running, _days(self.log, told, key), key, hours.starts)
            if told.design == Design.HALVES:
                side = np.full(len(side), number)
            kept = (pair >= 0) & (pair < count) & (place < length) & (share >= LEAST_MATURE)
            at, final = (side[kept], pair[kept], place[kept]), np.where(kept, share, 1.0)
            there[at] = True
            told_so_far = (hours.conversions / final, hours.revenue / final, hours.spend)
            for row, values in enumerate(told_so_far):
                sums[(row, *at)] = np.maximum(values[kept], 0.0)
        counted = _counted(told, there)
        return Paired(
            name=" / ".join(bytes(key).decode() for key in keys),
            sums=np.where(counted, sums, 0.0).sum(axis=-1),
            hours=counted.sum(axis=-1),
        )

    def _share(self, key: CampaignKey, ends: Ints) -> Floats:
        """Return the share of their conversions that is reported of hours that end so."""
        ages = np.maximum((self.as_of - ends) / HOUR, 0.0)
        return np.asarray(self.maturity[key].at(ages)[0])

    def _over(self, key: CampaignKey) -> int:
        """Return how many pairs of a campaign are over and ripe; one that waits stops the rest."""
        told, days = self.running.experiment, _days(self.log, self.running.experiment, key)
        length = days_of_pair(told)
        most = max((self.as_of // DAY + 2 - days.first) // length, 0)
        if told.end is not None:
            most = min(most, (day_number(told.end) + 1 - days.first) // length)
        ends = days.begin(np.arange(1, most + 1) * length)
        until = self.as_of
        if told.stopped_at is not None:
            until = min(until, int(told.stopped_at.timestamp()))
        ripe = (ends <= until) & (self._share(key, ends) >= RIPE)
        return int(ripe.cumprod().sum())


def _counted(told: Experiment, there: Bools) -> Bools:
    """Return which hours (N, L) of a pair count: reported on both sides, and after the burn-in."""
    late = 0 if told.design == Design.HALVES else told.burn_in_hours
    return np.asarray(there.all(axis=0) & (np.arange(there.shape[-1]) >= late))


def _days(log: ExperimentLog, told: Experiment, key: CampaignKey) -> _Days:
    calendar = Calendar.of([zone_days(zone(log.zone_of(key)))])
    return _Days(calendar=calendar, first=day_number(told.start))


def _places(
    running: Running, days: _Days, key: CampaignKey, starts: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return the pair, the side and the place in its block of each hour; -1 where in none."""
    told, since = running.experiment, days.of(starts)
    within = np.maximum(since, 0)
    block = 1 if told.design == Design.HALVES else told.block_days
    begun = days.begin(within // block * block)
    turns = treated(told.experiment_id, [bytes(key)] * len(starts), within, block)
    pair = np.where(since >= 0, within // days_of_pair(told), -1)
    return pair, turns.astype(np.int64), (starts - begun) // HOUR
