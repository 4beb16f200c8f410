"""Advice to pause campaigns on their platforms, and to resume them, where plans ask for it.

A campaign is to deliver while its plan is active and its flight runs. What the trail says of it is
held against that at each tick. Of the plan's wish and a person's word the newer one stands: who
pauses a campaign that is to deliver, or resumes one that is not, is not asked again. What a person
had paused before is only resumed by a person, who is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from struct import Struct
from typing import Final, NamedTuple

import numpy as np

from engine.calendar import HOUR
from schemas import Plan
from schemas.fields import Autonomy, Status
from schemas.levers import STATUS
from schemas.topics import ACTIONS, CONDITIONS, RECOMMENDATIONS
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.local_days import day_of, end_of_day
from workers.optimizer.pausing_advice import Wish, advice
from workers.optimizer.statuses import Told, status_of
from workers.optimizer.tables import PLANS, asked_key

_ROW: Final = Struct("<?qq")
_ACTOR: Final = "pacekeeper:autonomy:auto"


class Asked(NamedTuple):
    """What a campaign was to do at the last tick."""

    delivers: bool
    since: int
    """Since when it is to, in seconds."""
    until: int
    """Until when what was advised last may be followed; 0 where nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A campaign whose plan asks for its delivery to be followed, at a tick."""

    plan: Plan
    told: Told | None
    asked: Asked
    now: int
    frozen: bool

    @property
    def is_due(self) -> bool:
        """Whether advice is to be given: it is not as it is to be, and nobody wants it so.

        What is frozen is advised on when it no longer is: nobody could follow before.
        """
        delivers = self.told is None or self.told.delivers
        if delivers == self.asked.delivers or self.now < self.asked.until or self.frozen:
            return False
        told = self.told
        return told is None or told.by_advice or told.at < self.asked.since

    @property
    def goes_alone(self) -> bool:
        """Whether policy may do it: to resume only what advice of ours has paused."""
        plan, told = self.plan, self.told
        ours = not self.asked.delivers or (told is not None and told.by_advice)
        return ours and plan.autonomy_for(STATUS) is Autonomy.AUTO and not plan.protected


def follow_plans(draft: Draft, books: Books, now: int) -> None:
    """Advise to pause or to resume what does not do at ``now``, in seconds, what it is to do."""
    for case in list(_cases(draft, books, now)):
        if case.is_due:
            _advise(draft, case)


def _cases(draft: Draft, books: Books, now: int) -> Iterator[_Case]:
    """Yield the campaigns whose plans ask for it, and note since when each is to do what."""
    asking = books.asking.plans(draft.view.table(PLANS))
    plans = [plan for plan in asking if plan.pauses_on_platform]
    keys = [plan.key for plan in plans]
    latest = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    held, _ = books.conditions.conditions(latest, keys, np.full(len(keys), now))
    for i, (key, plan) in enumerate(zip(keys, plans, strict=True)):
        value, wanted = draft.read(asked_key(key)), _is_to_deliver(plan, now)
        asked = Asked(*_ROW.unpack(value)) if value else None
        if asked is None or asked.delivers != wanted:
            asked = Asked(wanted, now, 0)
            draft.writes[asked_key(key)] = _ROW.pack(*asked)
        yield _Case(
            plan=plan,
            told=status_of(draft, key),
            asked=asked,
            now=now,
            frozen=bool(held.frozen[i]),
        )


def _advise(draft: Draft, case: _Case) -> None:
    plan, now, alone = case.plan, case.now, case.goes_alone
    # Who is asked is asked once a day; what goes by itself and fails is tried again in an hour.
    until = min(now + HOUR, end_of_day(plan, now)) if alone else end_of_day(plan, now)
    wish = Wish(
        plan=plan,
        delivers=case.asked.delivers,
        why=_why(plan, day_of(plan, now)),
        paused_by_others=case.told is not None and not case.told.by_advice,
        now=now,
        until=until,
        alone=alone,
    )
    told = advice(wish, draft.policy)
    draft.publish(RECOMMENDATIONS, plan.key, written(told, ADVICE_ID), now)
    draft.count("decisions", told.kind.value)
    if alone:
        draft.publish(ACTIONS, plan.key, written(released(told, _ACTOR), ACTION_ID), now)
        draft.count("actions", "policy")
    draft.writes[asked_key(plan.key)] = _ROW.pack(*case.asked._replace(until=until))


def _is_to_deliver(plan: Plan, now: int) -> bool:
    return _why(plan, day_of(plan, now)) == "flight_runs"


def _why(plan: Plan, day: date) -> str:
    """Return the code of why a campaign is to deliver on a local day, or is not."""
    if plan.status is not Status.ACTIVE:
        return f"plan_{plan.status}"
    if plan.flight_start is not None and day < plan.flight_start:
        return "flight_not_started"
    if plan.flight_end is not None and day > plan.flight_end:
        return "flight_over"
    in_gap = any(gap.first <= day <= gap.last for gap in plan.flight_gaps)
    return "flight_gap" if in_gap else "flight_runs"
