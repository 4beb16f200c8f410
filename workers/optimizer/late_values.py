"""What hours had brought when they were forgotten, so that a later word on them still teaches.

Platforms count conversions up to 90 days after the click, and hours are kept for less. What comes
so late changes no ledger and no decision's budget, but it says how revenue grows: of campaigns that
judge it at a horizon, what each hour had brought, and at which age, is kept a while longer.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Ints, Rows
from engine.calendar import DAY, HOUR
from workers.optimizer.delays import ages_of
from workers.optimizer.draft import Draft
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.reading import Fact
from workers.optimizer.tables import late_key
from workers.optimizer.value_growth import Again, in_units, note_value
from workers.optimizer.wave import Wave

KEPT_DAYS: Final = 95
"""Days up to a campaign's newest hour: the longest window of attribution, and some to be told."""

_LATE: Final = np.dtype([("hour", "<i4"), ("age", "<u2"), ("revenue", "<f8")])
"""An hour, in hours since 1970-01-01; how old it was when it was told last, in hours; what it had
brought by then, in units of its currency. 14 bytes, some 20,000 of a campaign at most."""


def keep_values(draft: Draft, wave: Wave, touched: Ints, told: tuple[Rows, Ints, Ints]) -> None:
    """Keep what hours had brought that are about to be deleted; nothing without a horizon.

    Parameters
    ----------
    touched
        Positions in the wave.
    told
        Hours, whose each is by position in ``touched``, and where it begins.
    """
    rows, owners, starts = told
    for at in np.unique(owners).tolist():
        key, mine = wave.keys[touched[at]], owners == at
        if not wave.by_horizon[touched[at]]:
            if draft.read(late_key(key)):
                draft.writes[late_key(key)] = None
            continue
        late = np.zeros(int(mine.sum()), dtype=_LATE)
        late["hour"], late["revenue"] = starts[mine] // HOUR, in_units(rows[mine])
        ages = ages_of(draft, key, starts[mine])
        late["age"] = np.maximum(ages, 0)
        oldest = (int(wave.starts[touched[at]]) - KEPT_DAYS * DAY) // HOUR
        both = np.concatenate([_read(draft, key), late[ages >= 0]])
        both = both[both["hour"] >= oldest]
        draft.writes[late_key(key)] = both[np.argsort(both["hour"], kind="stable")].tobytes()


def learn_late(draft: Draft, wave: Wave, old: Bools) -> Bools:
    """Learn how revenue has grown from facts that are too ``old`` (B,); return which taught it."""
    taught = old & wave.by_horizon & ~excluded(wave.windows, np.arange(len(old)), wave.starts)
    for i in np.flatnonzero(taught).tolist():
        taught[i] = _learn(draft, wave, i)
    return taught


def _learn(draft: Draft, wave: Wave, i: int) -> bool:
    key, fact = wave.keys[i], wave.facts[i]
    late, age = _read(draft, key), max((fact.now - fact.start - HOUR) // HOUR, 0)
    (at,) = np.nonzero(late["hour"] == fact.start // HOUR)
    if fact.event.is_delta or not at.size or age <= int(late["age"][at[0]]):
        return False
    late = late.copy()
    before = late[at].copy()
    late["age"][at], late["revenue"][at] = min(age, np.iinfo("<u2").max), _revenue(fact)
    note_value(
        draft,
        Again(
            keys=[key],
            before=before["revenue"],
            after=late["revenue"][at],
            earlier=before["age"].astype(np.float64),
            later=np.array([float(age)]),
            now=np.array([fact.now], dtype=np.int64),
            exponent=wave.plans["exponent"][[i]].astype(np.int64),
        ),
    )
    draft.writes[late_key(key)] = late.tobytes()
    return True


def _revenue(fact: Fact) -> float:
    return max(float(fact.event.revenue), 0.0)


def _read(draft: Draft, key: bytes) -> Rows:
    return np.frombuffer(draft.read(late_key(key)) or b"", dtype=_LATE)
