"""From a member's row to its recommendation: a new budget, or a hold that says why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from engine.calendar import DAY, HOUR
from schemas import (
    Explanation,
    HoldReason,
    Kind,
    Priority,
    Recommendation,
    Risk,
    parse_campaign_key,
)
from schemas.levers import CURRENCY_UNIT, DAILY_BUDGET
from schemas.money import from_minor
from schemas.topics import GROUPS, PORTFOLIO
from workers.allocator.advice_rows import TOLD, as_text
from workers.allocator.explaining import Explaining, currency_of
from workers.allocator.facts import Facts
from workers.allocator.impact import DIGITS, impact_of
from workers.allocator.learning_notes import LearningNotes
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.rails import Rails
from workers.allocator.releasing import NOT_YET, identified
from workers.instants import from_seconds

_LONGEST: Final = 7 * DAY
"""What the executor accepts at most."""

_MUCH, _SOME = 0.1, 0.03
"""Shares of the group's total from which a change is of high or of medium priority."""

_LIKELY, _EVEN = 0.8, 0.5


class Advice:
    """Says what each member of one allocation is to have."""

    def __init__(self, policy: AllocatorPolicy, facts: Facts) -> None:
        """Prepare to advise."""
        self._policy, self._facts = policy, facts
        self._explain, self._rails = Explaining(facts), Rails(facts)
        self._learning = LearningNotes(facts, self._explain)

    def of(self, campaign: bytes, row: np.void) -> Recommendation:
        """Return the recommendation of a member, or the hold of one that is left alone."""
        blank, fault = self._blank(campaign, row), self._facts.fault
        if fault is not None:
            return self._hold(blank, fault.reason, self._explain.refusal(fault))
        hold = TOLD[row["hold"]]
        if hold is not None:
            why = [*self._explain.hold(row, hold), *self._learning.of(row)]
            return self._hold(blank, hold, why)
        why = [*self._explain.change(row), *self._learning.of(row)]
        advice = replace(
            blank,
            kind=Kind.BUDGET,
            hold_reason=None,
            reasons=(*why, *self._facts.notes),
            guardrails=self._rails.of(row),
            auto_execute=bool(row["goes"]),
            approvers=self._facts.inside[int(row["of"])].approvers,
            without_jitter=_without_jitter(row),
            expected_impact=impact_of(self._facts, row),
            **_change(row),
        )
        return identified(advice)

    def _hold(
        self, blank: Recommendation, reason: HoldReason, why: Sequence[Explanation]
    ) -> Recommendation:
        reasons = (*why, *self._facts.notes)
        return identified(replace(blank, hold_reason=reason, reasons=reasons))

    def _blank(self, campaign: bytes, row: np.void) -> Recommendation:
        """Return what all advice on a member has in common, as a hold without its reason."""
        facts = self._facts
        platform, account, name = parse_campaign_key(campaign)
        now, currency = from_seconds(facts.now), currency_of(row)
        return Recommendation(
            platform=platform,
            account_id=account,
            campaign_id=name,
            recommendation_id=NOT_YET,
            kind=Kind.HOLD,
            # Any reason: a hold without one cannot be built.
            hold_reason=HoldReason.TOO_LITTLE_DATA,
            hour=from_seconds(facts.now // HOUR * HOUR),
            entity_id=name,
            field=DAILY_BUDGET,
            current_value=from_minor(int(row["present"]), currency),
            currency=currency,
            decided_at=now,
            valid_from=now,
            expires_at=from_seconds(min(facts.ends, facts.now + _LONGEST)),
            supersedes=as_text(row["supersedes"]),
            model_version=self._policy.model_version,
            plan_version=int(row["plan_version"]),
            inputs={
                self._policy.topic(GROUPS): facts.groups_offset,
                self._policy.topic(PORTFOLIO): facts.closed_offset,
            },
        )


def _without_jitter(row: np.void) -> Decimal | None:
    """Return a budget without what the day's coins moved; None where they did not."""
    if row["without_jitter"] == row["budget"]:
        return None
    return from_minor(int(row["without_jitter"]), currency_of(row))


def _change(row: np.void) -> dict[str, Any]:
    """Return what is new of a member, and how much that is."""
    currency, present, budget = currency_of(row), int(row["present"]), int(row["budget"])
    sure, moved = float(row["sure"]), float(row["moved"])
    priorities = ((_MUCH, Priority.HIGH), (_SOME, Priority.MEDIUM), (0.0, Priority.LOW))
    risks = ((_LIKELY, Risk.LOW), (_EVEN, Risk.MEDIUM), (-1.0, Risk.HIGH))
    return {
        "recommended_value": from_minor(budget, currency),
        "change": from_minor(budget - present, currency),
        "change_pct": round(100.0 * (budget - present) / present, 2) if present else None,
        "unit": CURRENCY_UNIT,
        "confidence": round(sure, DIGITS),
        "priority": next(name for least, name in priorities if moved >= least),
        "risk": next(name for least, name in risks if sure >= least),
    }
