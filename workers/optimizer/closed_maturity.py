"""Which share of a closed day's conversions has been told by now: what a budget group goes by.

Asked when a day is closed, and of members of groups alone. Where nobody has taught how late
conversions are told, neither the campaign nor others, all of them are taken to be there.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import delay
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import HOUR
from engine.delay import Delays, Taught
from engine.hours import FINAL, SUSPECT
from schemas.topics import PRIORS
from workers.optimizer.delay_priors import DelayBook
from workers.optimizer.delays import delays_of
from workers.optimizer.draft import Draft
from workers.optimizer.plan_rows import GROUPED
from workers.optimizer.today import TAUGHT
from workers.optimizer.wave import Wave

_MOST_HOURS: Final = 25
_DIGITS: Final = 4
_ATTO: Final = 1e-18
_BOOK: Final = DelayBook()
"""A memo of records that were read; nothing depends on what is in it."""


def matured(
    draft: Draft, wave: Wave, at: Ints, firsts: Ints, hours: tuple[Rows, Ints, Ints]
) -> Floats:
    """Return the share of the conversions of closed days that is told, (N,) in (0, 1].

    Hours count by what they spent.

    Parameters
    ----------
    at, firsts
        Shape (N,): positions in the wave, and the first second of each day.
    hours
        The hours told of these days, whose each is by position in ``at``, and where it begins.
    """
    rows, owners, starts = hours
    share = np.ones(len(at))
    some = np.flatnonzero(wave.plans["detailed"][at] & GROUPED)
    if not some.size:
        return share
    known, taught, own = _lessons(draft, wave, at[some])
    now = np.array([wave.facts[i].now for i in at[some].tolist()], dtype=np.int64)
    begins = firsts[some, None] + np.arange(_MOST_HOURS) * HOUR
    told = delay.mature(own, taught).at((now[:, None] - begins - HOUR) / HOUR)
    spend, final = np.zeros((2, len(at), _MOST_HOURS))
    place = owners, (starts - firsts[owners]) // HOUR
    fair = rows["flags"] & SUSPECT == 0
    spend[place] = np.where(
        fair, np.maximum(rows["spend"][:, 0] + rows["spend"][:, 1] * _ATTO, 0), 0
    )
    final[place] = rows["flags"] & FINAL > 0
    told = np.where(final[some] > 0.0, 1.0, np.minimum(told, 1.0))
    total = spend[some].sum(axis=1)
    mean = np.divide(
        (spend[some] * told).sum(axis=1), total, out=np.ones(len(some)), where=total > 0
    )
    share[some] = np.where(known, mean, 1.0)
    return np.asarray(np.round(share, _DIGITS))


def _lessons(draft: Draft, wave: Wave, at: Ints) -> tuple[Bools, Taught, Delays]:
    """Return for whom delays are known, what campaigns begin with, and what they have learned."""
    events = [wave.facts[i].event for i in at.tolist()]
    accounts = [(event.platform, event.account_id) for event in events]
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    own = delays_of(draft, [wave.keys[i] for i in at.tolist()])
    # Within a day hours are up to that old.
    day = slice(delay.AGES.index(0), delay.AGES.index(24))
    known = (own.level[:, day].min(axis=1) >= TAUGHT) | _BOOK.known(latest, accounts)
    return np.asarray(known), _BOOK.taught(latest, accounts), own
