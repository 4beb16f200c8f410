"""What the closed days of all campaigns of an account say together.

Each may be only somewhat odd; where more than half are, and enough together, the account is. The
sums of a day are added up in any order; whether what was told goes on is asked of a day when a
later one begins, for then all of its campaigns have been heard.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from engine import change_tests
from engine.anomalies import CHANGES
from engine.arrays import Bools, Floats, Ints
from engine.calendar import HOUR
from engine.change_tests import MOST_EVIDENCE
from engine.funnel import SIGNALS
from engine.funnel_alarms import CONTINUES
from engine.tracking import DOUBTED, SUSPECTED
from schemas import Condition, Scope, Shape
from schemas.anomaly import Anomaly, Change, Signal
from workers.allocator.anomaly_conditions import DOWNWARD, DayFindings, effect_of
from workers.allocator.anomaly_finding import DOWN, Verdict, going_on, said_of
from workers.draft import Draft
from workers.instants import day_number, from_seconds

_WHOLE: Final = b"\0closed days"
_TESTS: Final = len(SIGNALS) * len(CHANGES)
_THOUSAND: Final = 1_000
_KEPT_DAYS: Final = 2
_DIGITS: Final = 2


class Sums(msgspec.Struct, frozen=True, array_like=True):
    """Over the campaigns of an account that closed a day; whole, so that no order matters."""

    members: int = 0
    moved: tuple[int, ...] = (0,) * _TESTS
    """How many have some evidence of each change, at the end of the day."""
    evidence: tuple[int, ...] = (0,) * _TESTS
    """In thousandths."""
    began: tuple[int, ...] = (0,) * _TESTS
    """Hours since 1970 at which it began, over those that have some."""

    def beside(self, verdict: Verdict) -> Sums:
        """Return the sums with one campaign more."""
        now = verdict.judged.now.ravel()
        some = now >= DOUBTED
        evidence = (np.minimum(now, MOST_EVIDENCE) * _THOUSAND).astype(np.int64)
        began = np.where(some, verdict.judged.began.ravel() // HOUR, 0)
        each = zip(("moved", "evidence", "began"), (some.astype(int), evidence, began), strict=True)
        more = {name: tuple((np.array(getattr(self, name)) + on).tolist()) for name, on in each}
        return Sums(members=self.members + 1, **more)

    def pooled(self, members: int) -> Floats:
        """Return the evidence of all together, (5, 5), of so many members at least."""
        total, moved = np.array(self.evidence) / _THOUSAND, np.array(self.moved)
        count = np.full(_TESTS, max(self.members, members))
        return change_tests.pooled(total, moved, count).reshape(len(SIGNALS), len(CHANGES))


def account_told(
    draft: Draft, shape: Shape, verdict: Verdict, last: Condition | None
) -> DayFindings | None:
    """Return what a campaign's day adds to what is told of its account; None where nothing."""
    day, key = day_number(shape.day), shape.key + _WHOLE
    value = draft.read(key)
    days = msgspec.msgpack.decode(value, type=dict[int, Sums]) if value else {}
    newest = max(days, default=day)
    if day <= newest - _KEPT_DAYS:
        return None
    before = days.get(newest if day > newest else day - 1, Sums())
    opens = day > newest
    days[day] = days.get(day, Sums()).beside(verdict)
    kept = {each: days[each] for each in sorted(days) if each > max(days) - _KEPT_DAYS}
    draft.writes[key] = msgspec.msgpack.encode(kept)
    whole, going = days[day], going_on(last)
    now = whole.pooled(before.members)
    # More than one: what one campaign says is told of that campaign.
    alarms = (now >= SUSPECTED) & (whole.members > 1)
    ended = before.pooled(0) < CONTINUES if opens else np.zeros_like(alarms)
    found, open_ = [], set()
    for at, name in enumerate(SIGNALS):
        old = going.pop(Signal(name), None)
        if alarms[at].any():
            found.append(_anomaly(whole, now, at, alarms[at]))
        elif old is not None and not _all(ended[at], old.change):
            open_.add(old.signal)
    if not found and last is None:
        return None
    return said_of(shape, Scope.ACCOUNT, found, frozenset(open_))


def _all(ended: Bools, change: Change) -> bool:
    """Return whether all changes in the direction of ``change`` have ended."""
    return bool(ended[(change in DOWNWARD) == DOWN].all())


def _anomaly(whole: Sums, now: Floats, at: int, alarms: Bools) -> Anomaly:
    """Return the change that most of the campaigns have evidence of."""
    first = at * len(CHANGES)
    moved: Ints = np.array(whole.moved[first : first + len(CHANGES)])
    best = int(np.argmax(np.where(alarms, moved * MOST_EVIDENCE * _THOUSAND + now[at], -1.0)))
    count = max(whole.moved[first + best], 1)
    signal, change = Signal(SIGNALS[at]), Change(CHANGES[best])
    return Anomaly(
        signal=signal,
        change=change,
        effect=effect_of(signal, change),
        since=from_seconds(whole.began[first + best] // count * HOUR),
        evidence=round(float(now[at, best]), _DIGITS),
        expected=float(whole.members),
        counted=float(count),
    )
