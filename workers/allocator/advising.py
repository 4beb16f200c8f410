"""From a group's split to recommendations: one for each member, or a hold that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from engine.arrays import Bools, Floats, Ints
from engine.calendar import DAY, HOUR
from engine.group_budgets import HOLDS, Shared
from engine.group_exploring import Explored
from engine.group_impact import confidence
from engine.group_split import GO
from schemas import (
    Explanation,
    HoldReason,
    Impact,
    Kind,
    Priority,
    Recommendation,
    Risk,
    parse_campaign_key,
)
from schemas.levers import CURRENCY_UNIT, DAILY_BUDGET
from schemas.money import from_minor
from schemas.topics import GROUPS, PORTFOLIO
from workers.allocator.crews import Crew
from workers.allocator.explaining import Explaining
from workers.allocator.faults import Fault
from workers.allocator.gathering import Gathered
from workers.allocator.impact import DIGITS, impacts
from workers.allocator.learning_notes import LearningNotes
from workers.allocator.money import Money
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.rails import Rails
from workers.allocator.releasing import NOT_YET, identified, may_go
from workers.allocator.shape import Shape
from workers.allocator.totals import DayBudget
from workers.instants import from_seconds

_LONGEST: Final = 7 * DAY
"""What the executor accepts at most."""

_MUCH, _SOME = 0.1, 0.03
"""Shares of the group's total from which a change is of high or of medium priority."""

_LIKELY, _EVEN = 0.8, 0.5


Said = Mapping[bytes, bytes]
"""By campaign the id of what was recommended for it last."""


class Advice:
    """Says what each member is to have."""

    def __init__(
        self,
        policy: AllocatorPolicy,
        shape: Shape,
        crew: Crew,
        found: Gathered,
        budget: DayBudget,
    ) -> None:
        """Prepare to advise the members that were ``found``."""
        self._policy, self._shape, self._found, self._budget = policy, shape, found, budget
        self._offset = crew.offset
        groups = [known.group for known in shape.tree.groups]
        self._groups = [groups[at] for at in found.of.tolist()]
        self._currencies = found.currencies

    def of(
        self, explored: Explored | None, fault: Fault | None, said: Said, money: Money
    ) -> list[Recommendation]:
        """Return the recommendations of a split, or the same hold for all of a group left alone."""
        settled = None if explored is None else explored.settled
        explain = Explaining(self._shape, self._found, self._budget, settled)
        if fault is not None:
            why = [*explain.refusal(fault), *money.reasons]
            return [self._hold(i, fault.reason, why, said) for i in self._rows]
        if explored is None:
            raise AssertionError("a group without a fault has a split")
        return self._split(explored, explain, said, money)

    def _split(
        self, explored: Explored, explain: Explaining, said: Said, money: Money
    ) -> list[Recommendation]:
        shared, learning = explored.shared, LearningNotes(self._shape, self._found, explored)
        sure, needed = self._sure(explored)
        expected = impacts(self._shape.group, self._found, shared, self._shape.days)
        checks = Rails(self._shape.tree, self._found, shared, self._budget, money)
        present, after = (money.common(each.budget) for each in (self._found.members, shared))
        go, made = self._released(shared, needed, (present, after)), []
        moved = np.abs(after - present) / max(self._budget.total, 1)
        for i in self._rows:
            hold = HoldReason.PAUSED if self._found.paused[i] else HOLDS[shared.hold[i]]
            why = explain.change(i) if hold is None else explain.hold(i, hold)
            why += [*learning.of(i, explain), *money.reasons]
            if hold is not None:
                made.append(self._hold(i, hold, why, said))
                continue
            advice = replace(
                self._blank(i, said),
                reasons=tuple(why),
                guardrails=checks.of(i, float(needed[i])),
                auto_execute=bool(go[i]),
                without_jitter=self._without_jitter(i, explored),
                **self._change(i, shared, (float(sure[i]), float(moved[i])), expected[i]),
            )
            made.append(identified(advice))
        return made

    def _sure(self, explored: Explored) -> tuple[Floats, Floats]:
        """Return how sure it is that moves gain, and the same where that is asked for, else 1.

        What is moved by chance alone is no gain that one could be sure of.
        """
        settled, base = explored.settled, self._found.members.settled
        sure = confidence(settled, base.astype(np.float64))
        return sure, np.where(settled.hold == GO, sure, 1.0)

    def _without_jitter(self, i: int, explored: Explored) -> Decimal | None:
        """Return a budget without what the day's coins moved; None where they did not."""
        plain = int(explored.without_jitter[i])
        moved = plain != explored.shared.budget[i]
        return from_minor(plain, self._currencies[i]) if moved else None

    @property
    def _rows(self) -> range:
        return range(len(self._found.campaigns))

    def _released(self, shared: Shared, sure: Floats, budgets: tuple[Ints, Ints]) -> Bools:
        tree, found = self._shape.tree, self._found
        auto = np.array([tree.released(at) for at in range(len(tree.groups))])[found.of]
        enough = np.array([group.min_confidence for group in self._groups])
        wanted = auto & (sure >= enough) & (found.heads["releasable"] > 0) & (shared.hold == 0)
        return may_go(wanted, *budgets, self._budget.total, self._budget.nested)

    def _change(
        self, i: int, shared: Shared, found: tuple[float, float], expected: Impact
    ) -> dict[str, Any]:
        """Return what is new of member ``i``; ``found`` is how sure it is, and its share moved."""
        currency, present = self._currencies[i], int(self._found.members.budget[i])
        budget, (sure, moved) = int(shared.budget[i]), found
        priorities = ((_MUCH, Priority.HIGH), (_SOME, Priority.MEDIUM), (0.0, Priority.LOW))
        risks = ((_LIKELY, Risk.LOW), (_EVEN, Risk.MEDIUM), (-1.0, Risk.HIGH))
        return {
            "kind": Kind.BUDGET,
            "hold_reason": None,
            "recommended_value": from_minor(budget, currency),
            "change": from_minor(budget - present, currency),
            "change_pct": round(100.0 * (budget - present) / present, 2) if present else None,
            "unit": CURRENCY_UNIT,
            "expected_impact": expected,
            "confidence": round(sure, DIGITS),
            "priority": next(name for least, name in priorities if moved >= least),
            "risk": next(name for least, name in risks if sure >= least),
        }

    def _hold(
        self, i: int, reason: HoldReason, why: Sequence[Explanation], said: Said
    ) -> Recommendation:
        return identified(replace(self._blank(i, said), hold_reason=reason, reasons=tuple(why)))

    def _blank(self, i: int, said: Said) -> Recommendation:
        """Return what all advice on a member has in common, as a hold without its reason."""
        shape, campaign = self._shape, self._found.campaigns[i]
        platform, account, name = parse_campaign_key(campaign)
        previous = said.get(campaign)
        now, head = from_seconds(shape.now), self._found.heads[i]
        ends = min(shape.ends, shape.now + _LONGEST)
        return Recommendation(
            platform=platform,
            account_id=account,
            campaign_id=name,
            recommendation_id=NOT_YET,
            kind=Kind.HOLD,
            # Any reason: a hold without one cannot be built.
            hold_reason=HoldReason.TOO_LITTLE_DATA,
            hour=from_seconds(shape.now // HOUR * HOUR),
            entity_id=name,
            field=DAILY_BUDGET,
            current_value=from_minor(int(head["budget"]), self._currencies[i]),
            currency=self._currencies[i],
            decided_at=now,
            valid_from=now,
            expires_at=from_seconds(ends),
            supersedes=previous.hex() if previous else None,
            model_version=self._policy.model_version,
            plan_version=int(head["plan_version"]),
            inputs={
                self._policy.topic(GROUPS): shape.tree.offset,
                self._policy.topic(PORTFOLIO): self._offset,
            },
        )
