"""Calendar events as the pacer wants them: lifts of days to come, and what follows an event.

What comes after an event, an audience that has bought already, is an after-effect that is watched
for: none unless days after events have shown one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.events import Events, hour_lifts

MOST_AFTER: Final = float(np.log(2.0))
"""Largest after-effect that is believed, either way, natural log."""

AFTER_SD: Final = 0.2
"""Standard deviation of after-effects around none, natural log."""

DAY_SD: Final = 0.25
"""Standard deviation of one day's demand around what was expected, natural log."""

_NEVER = 2**62


def day_lifts(events: Events, starts: Ints, usual: Floats) -> Floats:
    """Return the lift (B, D) of whole days, natural log, as `engine.coming.Coming.day_lift`.

    Parameters
    ----------
    starts
        Shape (B, D), first second of each day.
    usual
        Shape (B, D, H), > 0: what each of its hours usually brings, in any unit; H is 23 to 25.
    """
    count, days, hours = usual.shape
    each = starts[:, :, None] + HOUR * np.arange(hours)
    lift = hour_lifts(events, each.reshape(count, days * hours)).reshape(usual.shape)
    return np.asarray(np.log((usual * np.exp(lift)).sum(axis=2) / usual.sum(axis=2)))


def with_aftermath(events: Events, log_after: Floats, seconds: int) -> Events:
    """Return events that are followed by an after-effect of ``log_after`` (B,), natural log.

    It lasts for ``seconds``, or until the next event begins.
    """
    order = np.lexsort((events.starts, events.owners))
    owners, starts, ends, lift = (
        each[order] for each in (events.owners, events.starts, events.ends, events.lift)
    )
    following = np.full(len(starts), _NEVER)
    same = owners[1:] == owners[:-1]
    following[:-1] = np.where(same, starts[1:], _NEVER)
    return Events(
        owners=np.concatenate([owners, owners]),
        starts=np.concatenate([starts, ends]),
        ends=np.concatenate([ends, np.minimum(ends + seconds, following)]),
        lift=np.concatenate([lift, np.clip(log_after, -MOST_AFTER, MOST_AFTER)[owners]]),
    )


def after_effect(observed: Floats, expected: Floats) -> Floats:
    """Return the after-effect, (B,), that days after events have shown, natural log.

    Parameters
    ----------
    observed, expected
        Shape (B, N), what the days brought and what was expected of them without an
        effect; a day with a 0 in either says nothing.

    Returns
    -------
    The posterior mean of a normal effect around none, within `MOST_AFTER`: 0 without days.
    """
    said = (observed > 0.0) & (expected > 0.0)
    ratios = np.divide(observed, expected, out=np.ones(observed.shape), where=said)
    weight = said.sum(axis=1) / DAY_SD**2
    total = np.log(ratios).sum(axis=1) / DAY_SD**2
    effect = total / (weight + 1.0 / AFTER_SD**2)
    return np.asarray(np.clip(effect, -MOST_AFTER, MOST_AFTER))
