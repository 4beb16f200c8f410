"""What campaigns teach each other about the delay of conversions: sums of closed days.

A campaign's closed day carries what its hours' counts grew by since the day before it, by step of
age. A scope keeps the sums of two spells of four weeks, the newest and the one before: what belongs
to sales changes slowly. All sums are integers, and which spells are kept follows from the newest
day alone, so that they are the same in whatever order the days come.

Each day counts by how much it can tell, not by how big its campaign is.

Source: Robbins, "An Empirical Bayes Approach to Statistics" (1956).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from engine import delay
from engine.arrays import Ints, Rows
from engine.delay import STEPS, Delays, Taught
from engine.formats import Formats

SPELL: Final = 28
"""Days of a spell."""

THOUSAND: Final = 1_000
"""Sums are in thousandths of conversions."""

TELLING: Final = 50 * THOUSAND
"""Conversions seen through the step that saw most, on a day, that tell half of what a busy day
would."""

NEWS: Final = 25.0
"""Conversions that a campaign counts for among those that teach a new one: one alone as much as
what is assumed where nobody has taught anything. More of them say nothing new of others."""

BESIDE: Final = 50.0
"""Conversions that the campaigns outside of a scope count for within it: as much as two of its
own."""

OWN: Final = 10.0
"""Own conversions seen through a step that all this counts for: few, as the campaigns of an
account may differ; where they do not, to lean on them more gains next to nothing."""

POOL: Final = np.dtype(
    [
        ("format", "u1"),
        ("spell", "<i8"),
        ("days", "<i8", (2,)),
        ("told", "<i8", (2,)),
        ("growth", "<i8", (2, STEPS)),
        ("level", "<i8", (2, STEPS)),
    ]
)
"""Format 1: the number of the newest spell, and sums over its days and over those of the spell
before: a bit for each day that was told, campaign-days, and growth and level by step of age."""

_ONE: Final = 2**20
_SUMS: Final = ("days", "told", "growth", "level")
_LARGEST: Final = 10**12
_FORMATS: Final = Formats(what="sums of delays", layouts=(POOL,))


@dataclass(frozen=True, slots=True, kw_only=True)
class DelaySums:
    """What the closed days of a scope's campaigns say."""

    campaigns: float
    """How many campaigns told of a day, in the mean."""
    delays: Delays
    """One row, in conversions."""


def unpack(value: bytes) -> Rows:
    """Return stored sums as a new array of shape (1,); empty bytes are no day at all.

    Raises
    ------
    UnknownFormat
        When the value was written by another version.
    """
    return _FORMATS.read_or_begin([value])


def add_day(pool: Rows, day: int, growth: Ints, level: Ints) -> Rows:
    """Return sums (1,) with one campaign-day more; one before the spells kept changes nothing.

    Parameters
    ----------
    day
        Local day, in days since 1970-01-01.
    growth, level
        Shape (16,), thousandths: as those of `engine.delay.Delays`, since the day told before.
    """
    after = _begun(pool.copy(), day // SPELL)
    slot = int(after["spell"][0]) - day // SPELL
    if slot > 1:
        return after
    seen = np.clip(level, 0, _LARGEST)
    # One weight for all steps: else slow campaigns would count for more in young hours.
    weight = TELLING * _ONE // (TELLING + int(seen.max()))
    after["days"][0, slot] |= 1 << day % SPELL
    after["told"][0, slot] += 1
    after["growth"][0, slot] += np.clip(growth, -_LARGEST, _LARGEST) * weight // _ONE
    after["level"][0, slot] += seen * weight // _ONE
    return after


def pooled(pool: Rows) -> DelaySums:
    """Return what the sums (1,) say."""
    days = sum(each.bit_count() for each in pool["days"][0].tolist())
    growth, level = (pool[name].sum(axis=1) / float(THOUSAND) for name in ("growth", "level"))
    return DelaySums(
        campaigns=int(pool["told"].sum()) / max(days, 1),
        delays=Delays(growth=growth, level=level),
    )


def no_sums() -> DelaySums:
    """Return what no day at all says."""
    return DelaySums(campaigns=0.0, delays=delay.no_delays(1))


def lessons(scopes: Sequence[DelaySums]) -> Taught:
    """Return what scopes teach a campaign within all of them, one row; the widest comes first.

    A scope counts by its campaigns, what the next wider one has beside it for `BESIDE` at most; so
    no campaign is heard twice.
    """
    heard = _news(scopes[-1])
    for wider, scope in pairwise(scopes):
        heard = _sum(heard, _at_most(BESIDE, _news(_without(wider, scope))))
    return Taught(steps=delay.taught_by(heard).steps, strength=np.full((1, 1), OWN))


def _sum(some: Delays, others: Delays) -> Delays:
    return Delays(growth=some.growth + others.growth, level=some.level + others.level)


def _without(wider: DelaySums, part: DelaySums) -> DelaySums:
    """Return a scope's sums but for a part of it, which may be ahead of them by some days."""
    level = np.maximum(wider.delays.level - part.delays.level, 0.0)
    growth = np.where(level > 0.0, wider.delays.growth - part.delays.growth, 0.0)
    return DelaySums(
        campaigns=max(wider.campaigns - part.campaigns, 0.0),
        delays=Delays(growth=growth, level=level),
    )


def _news(sums: DelaySums) -> Delays:
    return _at_most(NEWS * sums.campaigns, sums.delays)


def _at_most(conversions: float, delays: Delays) -> Delays:
    """Return sums that say the same of no more conversions seen through any step."""
    part = min(conversions / max(float(delays.level.max()), 1e-9), 1.0)
    return Delays(growth=part * delays.growth, level=part * delays.level)


def _begun(pool: Rows, spell: int) -> Rows:
    """Return sums whose newest spell is ``spell`` where that is newer."""
    ahead = spell - int(pool["spell"][0])
    if ahead > 0:
        for name in _SUMS:
            pool[name][0, 1] = pool[name][0, 0] if ahead == 1 else 0
            pool[name][0, 0] = 0
        pool["spell"] = spell
    return pool
